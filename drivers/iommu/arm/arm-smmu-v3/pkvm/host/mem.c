// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the host allocates for the hypervisor while it is trusted, and debug messages
 * that tell tests where the memory is.
 */
#define pr_fmt(fmt) "arm-smmu-v3-kvm: " fmt

#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <asm/kvm_mmu.h>

#include "host.h"

/* Enough: the hypervisor copies the host's commands in chunks, however large its queue is. */
#define HYP_CMDQ_MAX_SHIFT	10

/* STEs in level 2 tables: as many as a PCI segment has stream IDs. */
#define HYP_L2_MAX_STES		SZ_64K

static phys_addr_t pool_pa(void *addr)
{
	return virt_to_phys(addr);
}

/* Add a chunk as hyp_iommu_take_pool() expects it. Its pages come back one by one. */
static void pool_push_chunk(struct kvm_hyp_memcache *pool, struct page *page, unsigned int order)
{
	unsigned long i;

	for (i = BIT(order); i > 0; i--)
		push_hyp_memcache(pool, page_address(page + i - 1), pool_pa);
	pool->head |= order;
}

static void pool_add_pages(struct kvm_hyp_memcache *pool, struct page *page,
			   unsigned long nr_pages)
{
	unsigned int order;

	while (nr_pages) {
		order = ilog2(nr_pages);
		nr_pages -= BIT(order);
		pool_push_chunk(pool, page + nr_pages, order);
	}
}

/* Allocate and add up to 2^@order pages. Returns their order, or -ENOMEM. */
static int pool_add_chunk(struct kvm_hyp_memcache *pool, unsigned int order)
{
	struct page *page;

	while (!(page = alloc_pages(GFP_KERNEL | (order ? __GFP_NOWARN | __GFP_NORETRY : 0),
				    order))) {
		if (!order--)
			return -ENOMEM;
	}

	split_page(page, order);
	pool_push_chunk(pool, page, order);

	return order;
}

/**
 * pkvm_smmu_memcache_alloc - Allocate a pool of pages for hyp_iommu_take_pool()
 * @pool:     empty
 * @nr_pages: how many
 *
 * Return: 0, or -ENOMEM and @pool is empty.
 */
int pkvm_smmu_memcache_alloc(struct kvm_hyp_memcache *pool, unsigned long nr_pages)
{
	int order;

	while (nr_pages) {
		order = pool_add_chunk(pool, min(ilog2(nr_pages), MAX_PAGE_ORDER));
		if (order < 0) {
			free_hyp_memcache(pool);
			return order;
		}
		nr_pages -= BIT(order);
	}

	return 0;
}

/**
 * pkvm_smmu_debug_range - Print where memory of the hypervisor is, for tests
 * @dev:  the SMMU, or NULL
 * @what: name of the memory
 * @base: physical address
 * @size: in bytes
 */
void pkvm_smmu_debug_range(struct device *dev, const char *what, phys_addr_t base, size_t size)
{
	if (dev)
		dev_dbg(dev, "pkvm: %s at %pa size 0x%zx\n", what, &base, size);
	else
		pr_debug("pkvm: %s at %pa size 0x%zx\n", what, &base, size);
}

/**
 * pkvm_smmu_debug_memcache - Print where the pages of a pool are, for tests
 * @dev:  the SMMU, or NULL
 * @what: name of the pool
 * @pool: still the host's
 */
void pkvm_smmu_debug_memcache(struct device *dev, const char *what,
			      const struct kvm_hyp_memcache *pool)
{
	phys_addr_t page = pool->head, base = 0;
	size_t size = 0;
	unsigned long i;

	for (i = 0; i < pool->nr_pages; i++, page = *(phys_addr_t *)phys_to_virt(page)) {
		page &= PAGE_MASK;
		if (size && page == base + size) {
			size += PAGE_SIZE;
		} else if (size && page + PAGE_SIZE == base) {
			base = page;
			size += PAGE_SIZE;
		} else {
			if (size)
				pkvm_smmu_debug_range(dev, what, base, size);
			base = page;
			size = PAGE_SIZE;
		}
	}

	if (size)
		pkvm_smmu_debug_range(dev, what, base, size);
}

static void free_pages_phys(phys_addr_t phys, size_t size)
{
	if (phys)
		free_pages_exact(phys_to_virt(phys), size);
}

static phys_addr_t alloc_pages_phys(size_t size)
{
	void *va = alloc_pages_exact(size, GFP_KERNEL);

	return va ? virt_to_phys(va) : 0;
}

/* Free the memory of pkvm_smmu_mem_alloc(), all of it the host's again, and clear @info. */
void pkvm_smmu_mem_free(struct pkvm_smmu_v3_info *info)
{
	free_pages_phys(info->cmdq_base, pkvm_smmu_v3_cmdq_size(info));
	free_pages_phys(info->strtab_base, info->strtab_size);
	free_hyp_memcache(&info->pool);
	memset(info, 0, sizeof(*info));
}

/*
 * Allocate stream table, queue and pool in one chunk, so that few blocks of the host stage 2
 * belong to the hypervisor in part: the host faults in the rest of such a block page by page.
 * The larger of stream table and queue comes first, so that both are aligned to their size.
 * If even the largest chunk is too small, the pool gets the pages that are left in it, as long
 * as they are half of the tables.
 */
static bool smmu_mem_alloc_chunk(struct pkvm_smmu_v3_info *info, unsigned long nr_l2)
{
	unsigned long used = (info->strtab_size + pkvm_smmu_v3_cmdq_size(info)) >> PAGE_SHIFT;
	unsigned long i, nr = nr_l2 + 1;
	unsigned int order = order_base_2(used + nr);
	struct page *page;

	if (order > MAX_PAGE_ORDER) {
		order = MAX_PAGE_ORDER;
		if (used + nr_l2 / 2 > BIT(order))
			return false;
		nr = BIT(order) - used;
	}

	page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, order);
	if (!page)
		return false;

	split_page(page, order);
	pool_add_pages(&info->pool, page + used, nr);
	for (i = used + nr; i < BIT(order); i++)
		__free_page(page + i);

	info->strtab_base = page_to_phys(page);
	info->cmdq_base = page_to_phys(page);
	if (info->strtab_size < pkvm_smmu_v3_cmdq_size(info))
		info->strtab_base += pkvm_smmu_v3_cmdq_size(info);
	else
		info->cmdq_base += info->strtab_size;

	return true;
}

static bool smmu_mem_alloc_parts(struct pkvm_smmu_v3_info *info, unsigned long nr_l2)
{
	info->strtab_base = alloc_pages_phys(info->strtab_size);
	info->cmdq_base = alloc_pages_phys(pkvm_smmu_v3_cmdq_size(info));

	return info->strtab_base && info->cmdq_base &&
	       !pkvm_smmu_memcache_alloc(&info->pool, nr_l2 + 1);
}

/**
 * pkvm_smmu_mem_alloc - Allocate all memory that the hypervisor will ever need for an SMMU
 * @info: filled in; fields that are not about memory are zero
 * @ids:  identification registers of the SMMU
 *
 * The memory is the page allocator's: the host needs no reservation and no parameter.
 *
 * Return: 0, or -ENOMEM and @info is zero.
 */
int pkvm_smmu_mem_alloc(struct pkvm_smmu_v3_info *info, const struct pkvm_smmu_ids *ids)
{
	u8 sid_bits = pkvm_smmu_sid_bits(ids);
	unsigned long nr_l2 = 0;

	if (sid_bits > SMMU_EMU_SPLIT)
		nr_l2 = min(BIT(sid_bits), HYP_L2_MAX_STES) >> SMMU_EMU_SPLIT;

	info->strtab_size = max(pkvm_smmu_v3_strtab_size(sid_bits), PAGE_SIZE);
	info->cmdq_shift = min_t(u32, FIELD_GET(IDR1_CMDQS, ids->idr[1]),
				 max(HYP_CMDQ_MAX_SHIFT, PAGE_SHIFT - CMDQ_ENT_SZ_SHIFT));

	/* Both add a page to the tables: the buffer for reads of the host's stream table. */
	if (!smmu_mem_alloc_chunk(info, nr_l2) && !smmu_mem_alloc_parts(info, nr_l2)) {
		pkvm_smmu_mem_free(info);
		return -ENOMEM;
	}

	return 0;
}
