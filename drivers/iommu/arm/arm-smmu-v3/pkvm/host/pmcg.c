// SPDX-License-Identifier: GPL-2.0-only
/*
 * Performance monitor counter groups whose MSIs would reach past the hypervisor.
 *
 * A PMCG with MSIs writes them past stage 2, to an address that whoever has its
 * registers chooses, as often as a counter overflows that can be set at will.
 * IHI0070G.b 3.4.3, 10.5.2. Such a PMCG is stopped while the host is trusted, and its
 * registers read as zero and ignore writes from then on.
 *
 * A PMCG that firmware does not hand out may be without power or clock: nobody reads
 * whether it has MSIs. It has been in reset or was left by firmware, which is trusted
 * not to leave a counter running, so taking its registers is all that it takes.
 */
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/kvm_host.h>
#include <linux/sizes.h>

#include "host.h"

/* IHI0070G.b 10.5.2 */
#define PMCG_CFGR		0xe00
#define PMCG_CFGR_MSI		BIT(21)
#define PMCG_CR			0xe04
#define PMCG_IRQ_CTRL		0xe50
#define PMCG_IRQ_CTRLACK	0xe54
#define PMCG_IRQ_CTRL_IRQEN	BIT(0)
#define PMCG_TIMEOUT_US		100000

/* Returns 1 if it has MSIs and is stopped, 0 if it has none, or an error. */
static int __init pmcg_stop(const struct resource *mmio)
{
	void __iomem *base;
	int ret = 0;
	u32 reg;

	if (resource_size(mmio) < SZ_4K)
		return -EINVAL;
	base = ioremap(mmio->start, SZ_4K);
	if (!base)
		return -ENOMEM;

	if (readl_relaxed(base + PMCG_CFGR) & PMCG_CFGR_MSI) {
		writel_relaxed(0, base + PMCG_CR);
		writel_relaxed(0, base + PMCG_IRQ_CTRL);
		/* Once IRQ_CTRLACK says so, no MSI is in flight. */
		ret = readl_relaxed_poll_timeout(base + PMCG_IRQ_CTRLACK, reg,
						 !(reg & PMCG_IRQ_CTRL_IRQEN), 1,
						 PMCG_TIMEOUT_US) ?: 1;
	}
	iounmap(base);

	return ret;
}

/* Page 1 has no interrupt controls: page 0 is what matters. */
int __init pkvm_smmu_hide_pmcg(const struct pkvm_smmu_fw_regs *regs)
{
	const struct resource *mmio = &regs->mmio;
	int ret = 1;

	if (regs->available && regs->powered)
		ret = pmcg_stop(mmio);
	if (ret <= 0)
		return ret;

	return kvm_call_hyp_nvhe(__pkvm_host_hide_mmio, mmio->start, resource_size(mmio)) ?: 1;
}
