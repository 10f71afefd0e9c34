// SPDX-License-Identifier: GPL-2.0-only
/*
 * Performance monitor counter groups whose MSIs the hypervisor cannot confine.
 *
 * A PMCG writes its MSIs past stage 2, to an address in its registers, whenever a counter
 * overflows (IHI0070G.b 3.4.3, 10.5.2). The host could set address and counter at will. So a
 * PMCG with MSIs is stopped while the host is trusted, and its registers read as zero and
 * ignore writes from then on.
 *
 * A PMCG that firmware does not hand out may be without power or clock, so its registers are
 * not read: it counts as one with MSIs. It need not be stopped either, as it is in reset or as
 * firmware left it, which is trusted not to leave a counter running.
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

/* Stop a PMCG that has MSIs. Returns 1 = stopped; 0 = it has no MSIs; or an error. */
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
		/* Once IRQ_CTRLACK.IRQEN is 0, no MSI is in flight. */
		ret = readl_relaxed_poll_timeout(base + PMCG_IRQ_CTRLACK, reg,
						 !(reg & PMCG_IRQ_CTRL_IRQEN), 1,
						 PMCG_TIMEOUT_US) ?: 1;
	}
	iounmap(base);

	return ret;
}

/**
 * pkvm_smmu_hide_pmcg - Take a PMCG from the host if it has MSIs, or may have
 * @regs: its registers; page 0 is enough, as page 1 has no interrupt controls
 *
 * Context: the hypervisor trusts the host.
 * Return: 1 = taken; 0 = it has no MSIs and stays the host's; or an error.
 */
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
