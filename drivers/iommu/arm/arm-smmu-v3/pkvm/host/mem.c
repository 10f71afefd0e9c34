// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the host allocates for the hypervisor while it is trusted, and where
 * tests find out which it was.
 */
#define pr_fmt(fmt) "arm-smmu-v3-kvm: " fmt

#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <asm/kvm_mmu.h>

#include "host.h"

/* The hypervisor batches what it copies from the host: no need for a larger queue. */
#define HYP_CMDQ_MAX_SHIFT	10

/* Level 2 stream tables: about a PCI segment's worth of stream IDs, wherever they are. */
#define HYP_L2_MAX_STES		SZ_64K

static phys_addr_t pool_pa(void *addr)
{
	return virt_to_phys(addr);
}

/* See hyp_iommu_take_pool(). The pages come back one by one. */
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

/* Add up to 2^@order pages. Returns their order, or an error. */
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

void pkvm_smmu_debug_range(struct device *dev, const char *what, phys_addr_t base, size_t size)
{
	if (dev)
		dev_dbg(dev, "pkvm: %s at %pa size 0x%zx\n", what, &base, size);
	else
		pr_debug("pkvm: %s at %pa size 0x%zx\n", what, &base, size);
}

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

void pkvm_smmu_mem_free(struct pkvm_smmu_v3_info *info)
{
	free_pages_phys(info->cmdq_base, pkvm_smmu_v3_cmdq_size(info));
	free_pages_phys(info->strtab_base, info->strtab_size);
	free_hyp_memcache(&info->pool);
	memset(info, 0, sizeof(*info));
}

/*
 * All of it from one chunk: the host has to fault in page by page whatever is left to it
 * of a block that the hypervisor has a part of. The larger part first, so that each is
 * aligned to its size, and as many of the @nr_l2 tables as are left in the largest chunk.
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

int pkvm_smmu_mem_alloc(struct pkvm_smmu_v3_info *info, const struct pkvm_smmu_ids *ids)
{
	u8 sid_bits = pkvm_smmu_sid_bits(ids);
	unsigned long nr_l2 = 0;

	if (sid_bits > SMMU_EMU_SPLIT)
		nr_l2 = min(BIT(sid_bits), HYP_L2_MAX_STES) >> SMMU_EMU_SPLIT;

	info->strtab_size = max(pkvm_smmu_v3_strtab_size(sid_bits), PAGE_SIZE);
	info->cmdq_shift = min_t(u32, FIELD_GET(IDR1_CMDQS, ids->idr[1]),
				 max(HYP_CMDQ_MAX_SHIFT, PAGE_SHIFT - CMDQ_ENT_SZ_SHIFT));

	/* One page more than tables is the buffer for reads of the host's stream table. */
	if (!smmu_mem_alloc_chunk(info, nr_l2) && !smmu_mem_alloc_parts(info, nr_l2)) {
		pkvm_smmu_mem_free(info);
		return -ENOMEM;
	}

	return 0;
}
