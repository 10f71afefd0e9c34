// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's part in the device stage 2: how large it has to be, and memory for it.
 *
 * The hypervisor maps everything in advance, as DMA cannot fault its mappings
 * in. What that takes at worst, now or when it splits blocks later, is known when
 * it is asked to, and comes from the page allocator: what it takes at boot then, and
 * the rest before the first page is given away that a block has to be split for.
 */
#define pr_fmt(fmt) "arm-smmu-v3-kvm: " fmt

#include <linux/acpi.h>
#include <linux/cleanup.h>
#include <linux/cpufeature.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/ioport.h>
#include <linux/log2.h>
#include <linux/memblock.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include <asm/kvm_iommu_pgtable.h>
#include <asm/kvm_mmu.h>

#include "arm-smmu-v3-kvm.h"

/*
 * Where the end of all I/O is not known, as a host bridge's windows may not be
 * until its driver is loaded: rarely is it beyond, and so much costs next to
 * nothing.
 */
#define MIN_IO_BITS	40

/* The root of the device stage 2, until it is released. */
static void *s2_pgd;
static size_t s2_pgd_size;

/* Pages for tables that the hypervisor is still to get: even, as every chunk is. */
static DEFINE_MUTEX(s2_later_lock);
static unsigned long s2_later;

/*
 * Pages kept for that, the rest of a block that the hypervisor has the beginning of:
 * whatever else the host did in such a block it would have to fault in page by page.
 */
static struct page *s2_kept;
static unsigned long s2_nr_kept;

static int __init resource_end(struct resource *res, void *arg)
{
	u64 *end = arg;

	*end = max(*end, res->end);
	return 0;
}

/* Windows of host bridges without a driver yet; MSI doorbells have no resource. */
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

/* What the host stage 2 covers: devices reach no more. */
static u8 __init cpu_pa_bits(void)
{
	u64 mmfr0 = read_sanitised_ftr_reg(SYS_ID_AA64MMFR0_EL1);

	return id_aa64mmfr0_parange_to_phys_shift(kvm_get_parange(mmfr0));
}

u8 __init pkvm_iommu_ia_bits(u8 max_bits)
{
	u64 end = memblock_end_of_DRAM() - 1;

	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_MEM, 0, U64_MAX, &end, resource_end);
	end = acpi_disabled ? of_io_end(end) : acpi_io_end(end);

	return min3(max(fls64(end), MIN_IO_BITS), max_bits, cpu_pa_bits());
}

unsigned int __init pkvm_iommu_mmio_blocks(u64 size)
{
	return DIV_ROUND_UP_ULL(size, kvm_granule_size(KVM_PGTABLE_LAST_LEVEL - 1));
}

static void s2_free_kept(void)
{
	while (s2_nr_kept)
		__free_page(s2_kept + --s2_nr_kept);
}

static void __init s2_free(void)
{
	s2_free_kept();
	free_hyp_memcache(&hyp_iommu_pool);
	if (s2_pgd)
		free_pages_exact(s2_pgd, s2_pgd_size);
	s2_pgd = NULL;
}

/*
 * How many of the tables that memory takes at worst need not be there at boot. Those
 * at the last level, but for the memory that devices do not reach: the hypervisor's,
 * which is one range and some that are small, a few for each CPU and each SMMU. Too
 * low an estimate costs an attempt more.
 */
#define S2_BOOT_TABLES	16

static unsigned long __init s2_may_be_later(unsigned int nr_mmio_blocks)
{
	unsigned long all = hyp_iommu_memory_tables(KVM_PGTABLE_LAST_LEVEL);
	unsigned long now = S2_BOOT_TABLES + 2 * num_possible_cpus() + 4 * nr_mmio_blocks;

	now += hyp_mem_size >> kvm_granule_shift(KVM_PGTABLE_LAST_LEVEL - 1);

	return all > now ? ALIGN_DOWN(all - now, BIT(HYP_IOMMU_TOPUP_MIN_ORDER)) : 0;
}

/* The root and @nr_pages for tables from one block, whose rest is kept. */
static bool __init s2_alloc_block(unsigned long nr_pages, unsigned long nr_later)
{
	unsigned long nr_pgd = s2_pgd_size >> PAGE_SHIFT;
	unsigned int order = PAGE_SHIFT - 3;
	struct page *page;

	if (nr_pgd + nr_pages > BIT(order) || nr_pages + nr_later < BIT(order))
		return false;

	page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, order);
	if (!page)
		return false;

	split_page(page, order);
	s2_pgd = page_address(page);
	hyp_pool_add(&hyp_iommu_pool, page + nr_pgd, nr_pages);
	s2_kept = page + nr_pgd + nr_pages;
	s2_nr_kept = BIT(order) - nr_pgd - nr_pages;

	return true;
}

static int __init s2_alloc(unsigned long nr_pages)
{
	s2_pgd = alloc_pages_exact(s2_pgd_size, GFP_KERNEL);
	if (!s2_pgd)
		return -ENOMEM;

	return hyp_pool_alloc(&hyp_iommu_pool, nr_pages);
}

static int __init s2_build(u8 ia_bits, unsigned long nr_later)
{
	hyp_pool_debug(NULL, "pgt_pool", &hyp_iommu_pool);

	return kvm_call_hyp_nvhe(__pkvm_iommu_prepare, virt_to_pfn(s2_pgd), ia_bits, nr_later);
}

int __init pkvm_iommu_s2_prepare(u8 ia_bits, unsigned int nr_mmio_blocks)
{
	unsigned long nr_pages = hyp_iommu_pgtable_pages(ia_bits, nr_mmio_blocks);
	unsigned long nr_later = s2_may_be_later(nr_mmio_blocks);
	int ret = 0;

	nr_pages -= nr_later;
	s2_pgd_size = hyp_iommu_pgd_size(ia_bits);
	if (!s2_alloc_block(nr_pages, nr_later))
		ret = s2_alloc(nr_pages);
	if (ret)
		goto out;

	pr_debug("pkvm: device stage 2 of %u bits, %lu pages for tables, %lu later\n",
		 ia_bits, nr_pages, nr_later);
	hyp_range_debug(NULL, "pgd", virt_to_phys(s2_pgd), s2_pgd_size);

	ret = s2_build(ia_bits, nr_later);
	if (ret == -ENOMEM && nr_later) {
		s2_free_kept();
		ret = hyp_pool_alloc(&hyp_iommu_pool, nr_later);
		nr_later = 0;
		if (!ret)
			ret = s2_build(ia_bits, 0);
	}
out:
	if (ret == -EUCLEAN) {
		pr_err("the hypervisor's check of the device stage 2 failed: a bug; its memory is lost\n");
		s2_pgd = NULL;
	}
	if (ret) {
		s2_free();
		return ret;
	}

	s2_later = nr_later;
	pr_debug("pkvm: device stage 2: %lu pages are for tables to come\n",
		 hyp_iommu_tables.nr_pages);
	return 0;
}

void __init pkvm_iommu_s2_release(void)
{
	int ret = kvm_call_hyp_nvhe(__pkvm_iommu_release);

	if (ret) {
		pr_err("the hypervisor keeps the device stage 2 (%d)\n", ret);
		return;
	}
	s2_free();
	s2_later = 0;
}

static int s2_give(struct page *page, unsigned int order)
{
	int ret = kvm_call_hyp_nvhe(__pkvm_iommu_topup, page_to_pfn(page), order);

	if (ret)
		return ret;

	hyp_range_debug(NULL, "pgt_later", page_to_phys(page), PAGE_SIZE << order);
	return BIT(order);
}

/* From the end of what is kept, in chunks that are aligned. 0 where there is none. */
static int s2_give_kept(unsigned int order)
{
	int nr;

	if (!s2_nr_kept)
		return 0;

	order = min3(order, ilog2(s2_nr_kept), __ffs(page_to_pfn(s2_kept + s2_nr_kept)));
	if (order < HYP_IOMMU_TOPUP_MIN_ORDER) {
		s2_free_kept();
		return 0;
	}

	nr = s2_give(s2_kept + s2_nr_kept - BIT(order), order);
	if (nr > 0)
		s2_nr_kept -= nr;

	return nr;
}

/* The largest chunk that there is. Returns its pages, or an error. */
static int s2_give_chunk(unsigned int order)
{
	struct page *page;
	int nr = s2_give_kept(order);

	if (nr)
		return nr;

	/* Smaller ones if there is none, or it is of two regions of memory. */
	nr = -ENOMEM;
	for (; order >= HYP_IOMMU_TOPUP_MIN_ORDER && nr < 0; order--) {
		page = alloc_pages(GFP_KERNEL | __GFP_NOWARN |
				   (order > HYP_IOMMU_TOPUP_MIN_ORDER ? __GFP_NORETRY : 0), order);
		if (!page)
			continue;
		nr = s2_give(page, order);
		if (nr < 0)
			__free_pages(page, order);
	}

	return nr;
}

/**
 * pkvm_iommu_give_tables - Give the hypervisor what splitting blocks takes at worst
 *
 * Before the host gives away the first of its memory. What has been done stays done:
 * another call goes on from there.
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOMEM, -EINTR for a fatal signal, or another error of the hypervisor's;
 * then transitions may fail for lack of tables.
 */
int pkvm_iommu_give_tables(void)
{
	int ret;

	/* Pairs with the store below: never again, once all is there. */
	if (!smp_load_acquire(&s2_later))
		return 0;

	guard(mutex)(&s2_later_lock);
	while (s2_later) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		ret = s2_give_chunk(min(ilog2(s2_later), HYP_IOMMU_TOPUP_MAX_ORDER));
		if (ret < 0) {
			pr_warn_ratelimited("pkvm: no tables for the device stage 2 (%d)\n", ret);
			return ret;
		}
		/* Pairs with the load above. */
		smp_store_release(&s2_later, s2_later - ret);
	}
	s2_free_kept();

	return 0;
}
