// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's part in the device stage 2: its size, and memory for its tables.
 *
 * The hypervisor maps everything in advance, as DMA cannot fault its mappings in, and splits
 * blocks later. The tables that both need at worst are known at boot: with 4 KiB pages, one
 * for each 2 MiB of memory. Their pages come from the page allocator.
 */
#define pr_fmt(fmt) "arm-smmu-v3-kvm: " fmt

#include <linux/acpi.h>
#include <linux/gfp.h>
#include <linux/ioport.h>
#include <linux/memblock.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/sizes.h>

#include <asm/kvm_iommu_pgtable.h>
#include <asm/kvm_mmu.h>

#include "host.h"

/*
 * At least so many bits for I/O, as the windows of a host bridge may not be known before its
 * driver is loaded. I/O above 40 bits is rare, and a larger root is cheap.
 */
#define MIN_IO_BITS	40

/* The root of the device stage 2, until it is released. */
static void *s2_pgd;
static size_t s2_pgd_size;

static int __init resource_end(struct resource *res, void *arg)
{
	u64 *end = arg;

	*end = max(*end, res->end);
	return 0;
}

/*
 * Include what has no resource: windows of host bridges before their driver is loaded, and
 * MSI doorbells.
 */
static u64 __init of_io_end(u64 end)
{
	struct of_pci_range_parser parser;
	struct of_pci_range range;
	struct device_node *np;
	struct resource res;

	for_each_node_by_type(np, "pci") {
		if (of_pci_range_parser_init(&parser, np))
			continue;
		for_each_of_pci_range(&parser, &range)
			if (range.cpu_addr != OF_BAD_ADDR)
				end = max(end, range.cpu_addr + range.size - 1);
	}

	for_each_compatible_node(np, NULL, "arm,gic-v3-its")
		if (!of_address_to_resource(np, 0, &res))
			end = max(end, res.end);

	return end;
}

#ifdef CONFIG_ACPI
static u64 its_end __initdata;

static int __init madt_its_end(union acpi_subtable_headers *header, const unsigned long end)
{
	struct acpi_madt_generic_translator *its = (void *)header;

	its_end = max(its_end, its->base_address + SZ_128K - 1);
	return 0;
}

static u64 __init acpi_io_end(u64 end)
{
	acpi_table_parse_madt(ACPI_MADT_TYPE_GENERIC_TRANSLATOR, madt_its_end, 0);

	return max(end, its_end);
}
#else
static inline u64 acpi_io_end(u64 end)
{
	return end;
}
#endif

/**
 * pkvm_smmu_ia_bits - Input address size of the device stage 2
 * @max_bits: output address size that every SMMU has at least
 *
 * Return: bits that reach the end of memory and of every I/O window known, but not more than
 * @max_bits and the CPUs' physical addresses have.
 */
u8 __init pkvm_smmu_ia_bits(u8 max_bits)
{
	u64 end = memblock_end_of_DRAM() - 1;

	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_MEM, 0, U64_MAX, &end, resource_end);
	end = acpi_disabled ? of_io_end(end) : acpi_io_end(end);

	return min3(max(fls64(end), MIN_IO_BITS), max_bits, pkvm_smmu_cpu_pa_bits());
}

/**
 * pkvm_smmu_mmio_blocks - Bound @nr_mmio of hyp_iommu_pgtable_pages() for an MMIO range
 * @size: its bytes, may be 0
 *
 * Return: an upper bound of the parts of the address space that the range touches.
 */
unsigned int __init pkvm_smmu_mmio_blocks(u64 size)
{
	/* One more, as the range can begin anywhere in the first one. */
	return !size ? 0 : DIV_ROUND_UP_ULL(size, kvm_granule_size(KVM_PGTABLE_LAST_LEVEL - 1)) + 1;
}

static void __init s2_free(void)
{
	free_hyp_memcache(&hyp_iommu_pool);
	if (s2_pgd)
		free_pages_exact(s2_pgd, s2_pgd_size);
	s2_pgd = NULL;
}

static int __init s2_alloc(unsigned long nr_pages)
{
	s2_pgd = alloc_pages_exact(s2_pgd_size, GFP_KERNEL);
	if (!s2_pgd)
		return -ENOMEM;

	return pkvm_smmu_memcache_alloc(&hyp_iommu_pool, nr_pages);
}

/**
 * pkvm_smmu_s2_prepare - Have the hypervisor build the device stage 2
 * @ia_bits:	    its input address size
 * @pa_bits:	    output address size that every SMMU has at least
 * @nr_mmio_blocks: sum of pkvm_smmu_mmio_blocks() over the MMIO ranges that EL2 has taken
 *
 * Return: 0, or an error. After an error all memory is freed, but for the memory that EL2
 * keeps with -EUCLEAN.
 */
int __init pkvm_smmu_s2_prepare(u8 ia_bits, u8 pa_bits, unsigned int nr_mmio_blocks)
{
	unsigned long nr_pages = hyp_iommu_pgtable_pages(ia_bits, pa_bits, nr_mmio_blocks);
	int ret;

	s2_pgd_size = hyp_iommu_pgd_size(ia_bits, pa_bits);
	ret = s2_alloc(nr_pages);
	if (ret)
		goto err_free;

	pr_debug("pkvm: device stage 2 of %u bits, %lu pages for tables\n", ia_bits, nr_pages);
	pkvm_smmu_debug_range(NULL, "pgd", virt_to_phys(s2_pgd), s2_pgd_size);
	pkvm_smmu_debug_memcache(NULL, "pgt_pool", &hyp_iommu_pool);

	ret = kvm_call_hyp_nvhe(__pkvm_iommu_prepare, virt_to_pfn(s2_pgd), ia_bits, pa_bits);
	if (!ret)
		return 0;

	if (ret == -EUCLEAN) {
		pr_err("the hypervisor's check of the device stage 2 failed: a bug; its memory is lost\n");
		s2_pgd = NULL;
	}
err_free:
	s2_free();
	return ret;
}

/* Undo pkvm_smmu_s2_prepare(), while no SMMU is enabled. */
void __init pkvm_smmu_s2_release(void)
{
	int ret = kvm_call_hyp_nvhe(__pkvm_iommu_release);

	if (ret)
		pr_err("the hypervisor keeps the device stage 2 (%d)\n", ret);
	else
		s2_free();
}
