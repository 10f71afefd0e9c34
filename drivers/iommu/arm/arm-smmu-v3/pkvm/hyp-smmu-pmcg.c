// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: performance monitor counter groups.
 *
 * A group has pages of its own. One with MSIs writes them past stage 2, to an
 * address that whoever has those pages chooses, as often as a counter overflows
 * that can be set at will. IHI0070G.b 3.4.3, 10.5.2. Such a group is stopped
 * while the host is trusted and then hidden: its registers are RAZ/WI.
 */

#include <asm/kvm_hyp.h>
#include <nvhe/mem_protect.h>

#include "hyp-smmu-v3.h"

#define PMCG_CR			0xe04
#define PMCG_IRQ_CTRL		0xe50
#define PMCG_IRQ_CTRLACK	0xe54
#define PMCG_IRQ_CTRL_IRQEN	BIT(0)
#define PMCG_MIN_POLLS		100000

/* Written while the host is trusted, constant afterwards. */
static struct {
	phys_addr_t base;
	u64 size;
} hidden_pmcgs[PKVM_SMMU_V3_MAX_PMCG];
static unsigned int nr_hidden_pmcgs;

/* Once IRQ_CTRLACK says so, no MSI is in flight. IHI0070G.b 10.5.2 */
static int stop_pmcg(void __iomem *mmio)
{
	unsigned int polls = PMCG_MIN_POLLS;

	writel_relaxed(0, mmio + PMCG_CR);
	writel_relaxed(0, mmio + PMCG_IRQ_CTRL);
	while (readl_relaxed(mmio + PMCG_IRQ_CTRLACK) & PMCG_IRQ_CTRL_IRQEN) {
		if (!polls--)
			return -ETIMEDOUT;
		cpu_relax();
	}

	return 0;
}

int __pkvm_smmu_v3_hide_pmcg(phys_addr_t base, u64 size)
{
	unsigned long mmio;
	int ret;

	if (nr_hidden_pmcgs == PKVM_SMMU_V3_MAX_PMCG || size <= PMCG_IRQ_CTRLACK)
		return -EINVAL;

	ret = __pkvm_host_donate_hyp_mmio(base, size, &mmio);
	if (ret)
		return ret;

	ret = stop_pmcg((void __iomem *)mmio);
	if (ret)
		return __pkvm_hyp_donate_host_mmio(base, size) ?: ret;

	hidden_pmcgs[nr_hidden_pmcgs].base = base;
	hidden_pmcgs[nr_hidden_pmcgs].size = size;
	nr_hidden_pmcgs++;

	return 0;
}

int __pkvm_smmu_v3_unhide_pmcgs(void)
{
	int ret;

	if (hyp_iommu_enabled())
		return -EBUSY;

	for (; nr_hidden_pmcgs; nr_hidden_pmcgs--) {
		ret = __pkvm_hyp_donate_host_mmio(hidden_pmcgs[nr_hidden_pmcgs - 1].base,
						  hidden_pmcgs[nr_hidden_pmcgs - 1].size);
		if (ret)
			return ret;
	}

	return 0;
}

bool hyp_smmu_pmcg_is_hidden(phys_addr_t addr)
{
	unsigned int i;

	for (i = 0; i < nr_hidden_pmcgs; i++) {
		if (addr - hidden_pmcgs[i].base < hidden_pmcgs[i].size)
			return true;
	}

	return false;
}
