// SPDX-License-Identifier: GPL-2.0-only
/*
 * Performance monitor counter groups whose MSIs would reach past the hypervisor.
 */
#define pr_fmt(fmt) "arm-smmu-v3-kvm: " fmt

#include <linux/io.h>
#include <linux/kvm_host.h>
#include <linux/of.h>
#include <linux/sizes.h>

#include "arm-smmu-v3-kvm.h"

/* IHI0070G.b 10.5.2 */
#define PMCG_CFGR		0xe00
#define PMCG_CFGR_MSI		BIT(21)

static bool __init is_pmcg(struct device *dev)
{
	return dev->of_node ? of_device_is_compatible(dev->of_node, "arm,smmu-v3-pmcg") :
	       !strcmp(to_platform_device(dev)->name, "arm-smmu-v3-pmcg");
}

static int __init pmcg_has_msi(struct resource *res)
{
	void __iomem *base = ioremap(res->start, resource_size(res));
	u32 cfgr;

	if (!base)
		return -ENOMEM;
	cfgr = readl_relaxed(base + PMCG_CFGR);
	iounmap(base);

	return cfgr & PMCG_CFGR_MSI ? 1 : 0;
}

/* Page 1 has no interrupt controls: page 0 is what matters. */
static int __init pmcg_hide(struct device *dev, void *nr_hidden)
{
	struct resource *mmio;
	u64 base, size;
	int ret;

	if (!is_pmcg(dev))
		return 0;
	mmio = platform_get_resource(to_platform_device(dev), IORESOURCE_MEM, 0);
	/* In the SMMU's own pages it is the hypervisor's already. */
	if (!mmio || resource_size(mmio) < SZ_4K || smmu_has_mmio(mmio))
		return 0;

	ret = pmcg_has_msi(mmio);
	if (ret <= 0)
		return ret;

	base = mmio->start;
	size = resource_size(mmio);
	if (!PAGE_ALIGNED(base) || !PAGE_ALIGNED(size))
		ret = -EINVAL;
	else
		ret = kvm_call_hyp_nvhe(__pkvm_smmu_v3_hide_pmcg, base, size);
	if (ret) {
		dev_err(dev, "pKVM: its MSIs cannot be taken from the host (%d)\n", ret);
		return ret;
	}

	dev_info(dev, "pKVM: hidden, as its MSIs would be written past the hypervisor\n");
	*(unsigned int *)nr_hidden += pkvm_iommu_mmio_blocks(size);
	return 0;
}

int __init pkvm_pmcgs_hide(unsigned int *nr_mmio_blocks)
{
	return bus_for_each_dev(&platform_bus_type, NULL, nr_mmio_blocks, pmcg_hide);
}

void __init pkvm_pmcgs_unhide(void)
{
	int ret = kvm_call_hyp_nvhe(__pkvm_smmu_v3_unhide_pmcgs);

	if (ret)
		pr_err("the hypervisor keeps performance monitors (%d)\n", ret);
}
