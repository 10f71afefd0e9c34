// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which SMMUs the hypervisor can own, from what firmware and hardware say.
 *
 * The hypervisor has no clock, reset or power framework, so it does not own an SMMU that the
 * host can reset or switch off. pkvm_smmu_check_ids() refuses SMMUs that the emulation does
 * not support.
 */
#include <linux/acpi.h>
#include <linux/acpi_iort.h>
#include <linux/cpufeature.h>
#include <linux/dma-direct.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/of.h>
#include <linux/of_address.h>

#include <asm/kvm_pgtable.h>

#include "host.h"

static const char reason_page1[] = "its register page 1 is missing";
static const char reason_hi161x[] = "HiSilicon Hi161x is not supported";

/*
 * Find the registers of NVIDIA's CMDQ-V; @res is empty if the SMMU has none. Returns false if
 * it may have one whose registers firmware does not tell, or that the host can switch off.
 */
static bool of_find_cmdqv(struct device_node *smmu, struct resource *res)
{
	struct device_node *np = of_parse_phandle(smmu, "nvidia,cmdqv", 0);
	bool found;

	*res = DEFINE_RES_MEM(0, 0);
	if (!np)
		return !of_property_present(smmu, "nvidia,cmdqv") && !pkvm_smmu_repeats(smmu);
	found = of_device_is_available(np) && !pkvm_smmu_host_has_controls(np) &&
		!of_address_to_resource(np, 0, res) && resource_size(res);
	of_node_put(np);

	return found;
}

static const char *of_fw_check(struct device_node *np, struct resource *cmdqv)
{
	if (pkvm_smmu_host_has_controls(np))
		return "the host controls its power domain, clock or reset";
	if (!of_find_cmdqv(np, cmdqv))
		return pkvm_smmu_refusal_str(SMMU_REFUSE_CMDQV);
	if (of_property_present(np, "cavium,cn9900-broken-page1-regspace"))
		return reason_page1;
	if (of_property_present(np, "hisilicon,broken-prefetch-cmd"))
		return reason_hi161x;

	return NULL;
}

#ifdef CONFIG_ACPI
/* See of_find_cmdqv(). The UID of the CMDQ-V's device is the ID of the SMMU's IORT node. */
static bool acpi_find_cmdqv(struct acpi_iort_node *node, struct resource *res)
{
	struct resource_entry *entry;
	struct acpi_device *adev;
	LIST_HEAD(list);
	char uid[11];

	*res = DEFINE_RES_MEM(0, 0);
	scnprintf(uid, sizeof(uid), "%u", node->identifier);
	adev = acpi_dev_get_first_match_dev("NVDA200C", uid, -1);
	if (!adev)
		return true;
	acpi_dev_get_memory_resources(adev, &list);
	entry = list_first_entry_or_null(&list, struct resource_entry, node);
	if (entry)
		*res = *entry->res;
	acpi_dev_free_resource_list(&list);
	acpi_dev_put(adev);

	return resource_size(res);
}

static const char *acpi_fw_check(struct device *dev, struct resource *cmdqv)
{
	struct acpi_iort_node *node = *(struct acpi_iort_node **)dev_get_platdata(dev);
	struct acpi_iort_smmu_v3 *smmu = (struct acpi_iort_smmu_v3 *)node->node_data;

	if (!acpi_find_cmdqv(node, cmdqv))
		return pkvm_smmu_refusal_str(SMMU_REFUSE_CMDQV);
	if (smmu->model == ACPI_IORT_SMMU_V3_HISILICON_HI161X)
		return reason_hi161x;

	return NULL;
}
#else
static const char *acpi_fw_check(struct device *dev, struct resource *cmdqv)
{
	return "no firmware node";
}
#endif

/*
 * Whether an SMMU has the erratum that takes a repetition of each invalidation. arm-smmu-v3,
 * too, knows it from the devicetree alone: an IORT does not tell.
 */
bool pkvm_smmu_repeats(struct device_node *np)
{
	return np && of_device_is_compatible(np, "nvidia,tegra264-smmu");
}

/* Bits of the physical addresses that the host's stage 2 covers: devices reach no more. */
u8 pkvm_smmu_cpu_pa_bits(void)
{
	u64 mmfr0 = read_sanitised_ftr_reg(SYS_ID_AA64MMFR0_EL1);

	return id_aa64mmfr0_parange_to_phys_shift(kvm_get_parange(mmfr0));
}

/* Whether the SMMU reaches all memory by its physical addresses, which EL2 gives to it. */
static bool reaches_memory(struct device *dev)
{
	const struct bus_dma_region *map = dev->dma_range_map;
	phys_addr_t start = memblock_start_of_DRAM(), end = memblock_end_of_DRAM();

	if (!map)
		return true;

	for (; map->size; map++) {
		if (map->cpu_start == map->dma_start && map->cpu_start <= start &&
		    map->size >= end - map->cpu_start)
			return true;
	}

	return false;
}

/**
 * pkvm_smmu_check_fw - Whether firmware describes an SMMU that can be owned
 * @pdev:  the SMMU
 * @cmdqv: set to the registers of its CMDQ-V, empty if it has none; valid if NULL is returned
 *
 * Return: NULL = it can be owned, or the reason why not, without a full stop.
 */
const char *pkvm_smmu_check_fw(struct platform_device *pdev, struct resource *cmdqv)
{
	struct resource *res = platform_get_resource(pdev, IORESOURCE_MEM, 0);

	if (!res || resource_size(res) < SMMU_EMU_SIZE || !IS_ALIGNED(res->start, SZ_64K))
		return "its registers are not 128 KiB aligned to 64 KiB";
	if (res->end >> pkvm_smmu_cpu_pa_bits())
		return "its registers are beyond the CPUs' physical addresses";
	if (!reaches_memory(&pdev->dev))
		return "dma-ranges of its bus: not one to one, or not all of memory";

	return pdev->dev.of_node ? of_fw_check(pdev->dev.of_node, cmdqv) :
				   acpi_fw_check(&pdev->dev, cmdqv);
}

/**
 * pkvm_smmu_check_hw - Whether the hardware is an SMMU that can be owned
 * @pdev: the SMMU
 * @ids:  set to its identification registers; valid if NULL is returned
 *
 * Return: NULL = it can be owned, or the reason why not, without a full stop.
 */
const char *pkvm_smmu_check_hw(struct platform_device *pdev, struct pkvm_smmu_ids *ids)
{
	struct resource *res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	enum pkvm_smmu_refusal refusal;
	void __iomem *base;

	/* Do not request the region: the auxiliary device's driver will. */
	base = ioremap(res->start, ARM_SMMU_REG_SZ);
	if (!base)
		return "its registers cannot be mapped";
	pkvm_smmu_v3_read_ids(base, ids);
	iounmap(base);

	refusal = pkvm_smmu_check_ids(ids, fls64(memblock_end_of_DRAM() - 1));
	return refusal == SMMU_REFUSE_NONE ? NULL : pkvm_smmu_refusal_str(refusal);
}
