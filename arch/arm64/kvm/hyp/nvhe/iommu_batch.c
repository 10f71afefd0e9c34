// SPDX-License-Identifier: GPL-2.0-only
/*
 * One invalidation for all the pages that a hypercall moves, see nvhe/iommu_batch.h.
 *
 * Between hyp_iommu_batch_revoke() and hyp_iommu_batch_end() devices may reach less
 * than the host. host_mmu.lock is dropped meanwhile, for the transitions take it,
 * and those of other CPUs may move the same pages. Either order is sound:
 *
 *	another CPU takes a page	its leaf is invalid, and every IOMMU has
 *					dropped it
 *	and gives it back		the leaf is valid: the transition of this
 *					hypercall has an invalidation of its own
 *	shares or pins it		the host keeps it, and at the end devices
 *					have it again
 *
 * The end goes by who owns a page then, under the lock, not by who did before.
 */

#include <asm/kvm_hyp.h>

#include <nvhe/iommu_batch.h>
#include <nvhe/memory.h>
#include <nvhe/mem_protect.h>
#include <nvhe/spinlock.h>

/*
 * Only what the host neither shares nor has pinned: that is not taken, and DMA to
 * it goes on. The host need not donate what it lists, so the size is limited.
 */
static bool range_is_hosts(const struct hyp_iommu_range *range)
{
	phys_addr_t phys = range->phys, end = phys + range->size;

	if (!PAGE_ALIGNED(phys) || !PAGE_ALIGNED(end) || end <= phys ||
	    range->size > HYP_IOMMU_BATCH_SIZE)
		return false;

	return !__host_check_page_state_range(phys, range->size, PKVM_PAGE_OWNED);
}

static void drop_foreign_ranges(struct hyp_iommu_batch *batch)
{
	unsigned int i, nr = batch->nr;

	batch->nr = 0;
	for (i = 0; i < nr; i++) {
		if (range_is_hosts(&batch->ranges[i]))
			batch->ranges[batch->nr++] = batch->ranges[i];
	}
}

void hyp_iommu_batch_add_memcache(struct hyp_iommu_batch *batch, phys_addr_t head,
				  unsigned long nr_pages)
{
	u64 next;

	/* Constant since the host was trusted, so this needs no lock. */
	if (!hyp_iommu_s2.pgd)
		return;

	nr_pages = min(nr_pages, HYP_IOMMU_BATCH_CACHE);
	while (nr_pages--) {
		/* The low bits of a link are no part of the address. */
		hyp_iommu_batch_add(batch, head & PAGE_MASK, PAGE_SIZE);
		if (!nr_pages || pkvm_read_host_mem(&next, head & PAGE_MASK, sizeof(next)))
			return;
		head = next;
	}
}

void hyp_iommu_batch_revoke(struct hyp_iommu_batch *batch)
{
	/* A single range is left to its transition. */
	if (batch->nr < 2)
		return;

	hyp_spin_lock(&host_mmu.lock);
	drop_foreign_ranges(batch);
	/* Where it fails devices keep the ranges, and the transitions fail as well. */
	if (batch->nr > 1)
		batch->revoked = !hyp_iommu_revoke_ranges_locked(batch->ranges, batch->nr);
	hyp_spin_unlock(&host_mmu.lock);
}

/* In runs: what was taken as a block is one again, unless that has been split. */
static void restore_range(const struct hyp_iommu_range *range)
{
	phys_addr_t phys = range->phys, end = phys + range->size, next;

	for (; phys < end; phys = next) {
		next = phys;
		while (next < end && get_host_state(hyp_phys_to_page(next)) != PKVM_NOPAGE)
			next += PAGE_SIZE;
		if (next > phys)
			hyp_iommu_grant_locked(phys, next - phys);
		else
			next += PAGE_SIZE;
	}
}

void hyp_iommu_batch_restore(struct hyp_iommu_batch *batch)
{
	unsigned int i;

	hyp_spin_lock(&host_mmu.lock);
	for (i = 0; i < batch->nr; i++)
		restore_range(&batch->ranges[i]);
	hyp_spin_unlock(&host_mmu.lock);
}
