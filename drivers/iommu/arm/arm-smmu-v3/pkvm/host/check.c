// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which SMMUs the hypervisor can own, from what firmware and hardware say.
 *
 * The hypervisor has no clock, reset or power framework: an SMMU that the host
 * can reset or switch off behind its back is not owned. Whatever the emulation
 * itself cannot do is pkvm_smmu_check_ids()'s.
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

static const char reason_cmdqv[] = "CMDQ-V queues would reach it past the hypervisor";
static const char reason_page1[] = "its register page 1 is missing";
static const char reason_hi161x[] = "HiSilicon Hi161x is not supported";

static const char *of_fw_check(struct device_node *np)
{
	if (pkvm_smmu_host_has_controls(np))
		return "the host controls its power domain, clock or reset";
	if (of_property_present(np, "nvidia,cmdqv") ||
	    of_device_is_compatible(np, "nvidia,tegra264-smmu"))
		return reason_cmdqv;
	if (of_property_present(np, "cavium,cn9900-broken-page1-regspace"))
		return reason_page1;
	if (of_property_present(np, "hisilicon,broken-prefetch-cmd"))
		return reason_hi161x;
	if (!of_dma_is_coherent(np))
		return pkvm_smmu_refusal_str(SMMU_EMU_NOT_COHERENT);

	return NULL;
}

#ifdef CONFIG_ACPI
static const char *acpi_fw_check(struct device *dev)
{
	struct acpi_iort_node *node = *(struct acpi_iort_node **)dev_get_platdata(dev);
	struct acpi_iort_smmu_v3 *smmu = (struct acpi_iort_smmu_v3 *)node->node_data;
	char uid[11];

	scnprintf(uid, sizeof(uid), "%u", node->identifier);
	if (acpi_dev_present("NVDA200C", uid, -1))
		return reason_cmdqv;
	if (smmu->model == ACPI_IORT_SMMU_V3_CAVIUM_CN99XX)
		return reason_page1;
	if (smmu->model == ACPI_IORT_SMMU_V3_HISILICON_HI161X)
		return reason_hi161x;
	if (!(smmu->flags & ACPI_IORT_SMMU_V3_COHACC_OVERRIDE))
		return pkvm_smmu_refusal_str(SMMU_EMU_NOT_COHERENT);

	return NULL;
}
#else
static const char *acpi_fw_check(struct device *dev)
{
	return "no firmware node";
}
#endif

u8 pkvm_smmu_cpu_pa_bits(void)
{
	u64 mmfr0 = read_sanitised_ftr_reg(SYS_ID_AA64MMFR0_EL1);

	return id_aa64mmfr0_parange_to_phys_shift(kvm_get_parange(mmfr0));
}

/* EL2 gives the SMMU physical addresses, anywhere in memory. */
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

const char *pkvm_smmu_check_fw(struct platform_device *pdev)
{
	struct resource *res = platform_get_resource(pdev, IORESOURCE_MEM, 0);

	if (!res || resource_size(res) < SMMU_EMU_SIZE || !IS_ALIGNED(res->start, SZ_64K))
		return "its registers are not 128 KiB aligned to 64 KiB";
	if (res->end >> pkvm_smmu_cpu_pa_bits())
		return "its registers are beyond the CPUs' physical addresses";
	if (!reaches_memory(&pdev->dev))
		return "dma-ranges of its bus: not one to one, or not all of memory";

	return pdev->dev.of_node ? of_fw_check(pdev->dev.of_node) : acpi_fw_check(&pdev->dev);
}

const char *pkvm_smmu_check_hw(struct platform_device *pdev, struct pkvm_smmu_ids *ids)
{
	struct resource *res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	enum pkvm_smmu_refusal refusal;
	void __iomem *base;

	/* Not requested: the region is to be the driver's of the auxiliary device. */
	base = ioremap(res->start, ARM_SMMU_REG_SZ);
	if (!base)
		return "its registers cannot be mapped";
	pkvm_smmu_v3_read_ids(base, ids);
	iounmap(base);

	refusal = pkvm_smmu_check_ids(ids, fls64(memblock_end_of_DRAM() - 1));
	if (refusal != SMMU_EMU_OK)
		return pkvm_smmu_refusal_str(refusal);

	/* The queue must not share a page with anything. */
	if (FIELD_GET(IDR1_CMDQS, ids->idr[1]) + CMDQ_ENT_SZ_SHIFT < PAGE_SHIFT)
		return pkvm_smmu_refusal_str(SMMU_EMU_CMDQ_SIZE);

	return NULL;
}
