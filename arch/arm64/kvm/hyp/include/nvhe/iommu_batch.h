/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that a hypercall takes from the host leaves the devices in one go.
 *
 * A batch lists the ranges that the transitions of a hypercall are going to move.
 * Before the first of them it takes the ranges from all devices with a single
 * invalidation. The transitions stay as they are, each checks its pages and takes
 * them from the devices; where they are gone already there is nothing to flush.
 *
 * So a batch is a hint: isolation depends on nothing in it. The host may choose
 * its ranges, change its mind afterwards, or let other CPUs move the same pages.
 * What is still the host's at the end is given back to the devices; until then
 * their accesses to it fault, whether the hypercall succeeds or not.
 */
#ifndef __KVM_NVHE_IOMMU_BATCH_H__
#define __KVM_NVHE_IOMMU_BATCH_H__

#include <linux/kvm_host.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include <nvhe/iommu.h>

/* The pages of a memcache that a hypercall takes, and one range more. */
#define HYP_IOMMU_BATCH_CACHE	8
#define HYP_IOMMU_BATCH_MAX	(HYP_IOMMU_BATCH_CACHE + 1)
/* The largest range: a larger one costs an invalidation of its own. */
#define HYP_IOMMU_BATCH_SIZE	SZ_4M

/**
 * struct hyp_iommu_batch - What a hypercall is about to take from the host
 * @nr:      number of @ranges
 * @revoked: whether devices do without the ranges until hyp_iommu_batch_end()
 * @ranges:  of memory, untrusted before hyp_iommu_batch_revoke()
 *
 * Of one CPU, on its stack, where nobody reads what is beyond @nr: a hypercall that
 * happens often need not have it cleared (__uninitialized).
 */
struct hyp_iommu_batch {
	unsigned int nr;
	bool revoked;
	struct hyp_iommu_range ranges[HYP_IOMMU_BATCH_MAX];
};

static inline void hyp_iommu_batch_init(struct hyp_iommu_batch *batch)
{
	batch->nr = 0;
	batch->revoked = false;
}

/**
 * hyp_iommu_batch_add - Add a range
 * @batch: not revoked yet
 * @phys:  start, untrusted
 * @size:  bytes, untrusted
 *
 * What does not fit costs an invalidation of its own later.
 */
static inline void hyp_iommu_batch_add(struct hyp_iommu_batch *batch,
				       phys_addr_t phys, u64 size)
{
	if (batch->nr < HYP_IOMMU_BATCH_MAX)
		batch->ranges[batch->nr++] = (struct hyp_iommu_range) { phys, size };
}

#ifdef CONFIG_ARM_SMMU_V3_PKVM
/**
 * hyp_iommu_batch_add_memcache - Add the first pages of a memcache of the host's
 * @batch:    not revoked yet
 * @head:     of the memcache, untrusted
 * @nr_pages: how many are going to be taken
 *
 * Follows the links in the host's pages; each is read once.
 *
 * Context: no lock is held. Uses this CPU's fixmap slot.
 */
void hyp_iommu_batch_add_memcache(struct hyp_iommu_batch *batch, phys_addr_t head,
				  unsigned long nr_pages);

/**
 * hyp_iommu_batch_revoke - Take the ranges from all devices
 * @batch: filled
 *
 * Those that are not exclusively the host's memory are left out. Nothing is done
 * where that would save no invalidation, or where an IOMMU does not answer.
 *
 * Context: host_mmu.lock is not held, nor any that is taken inside it.
 */
void hyp_iommu_batch_revoke(struct hyp_iommu_batch *batch);

/* The part of hyp_iommu_batch_end() that is rarely needed. */
void hyp_iommu_batch_restore(struct hyp_iommu_batch *batch);

/**
 * hyp_iommu_batch_end - Let devices have what is still the host's
 * @batch: whatever has become of it
 *
 * After the last transition of the hypercall.
 *
 * Context: as for hyp_iommu_batch_revoke().
 */
static inline void hyp_iommu_batch_end(struct hyp_iommu_batch *batch)
{
	if (batch->revoked)
		hyp_iommu_batch_restore(batch);
}
#else
static inline void hyp_iommu_batch_add_memcache(struct hyp_iommu_batch *batch,
						phys_addr_t head,
						unsigned long nr_pages) { }
static inline void hyp_iommu_batch_revoke(struct hyp_iommu_batch *batch) { }
static inline void hyp_iommu_batch_end(struct hyp_iommu_batch *batch) { }
#endif /* CONFIG_ARM_SMMU_V3_PKVM */

#endif /* __KVM_NVHE_IOMMU_BATCH_H__ */
