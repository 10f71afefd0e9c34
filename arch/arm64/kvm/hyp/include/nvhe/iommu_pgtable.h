/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page table of the device stage 2: identity-mapped VMSAv8-64 in the format of the
 * IOMMU, PAGE_SIZE granule. No function here invalidates TLBs: the callers do.
 */
#ifndef __KVM_NVHE_IOMMU_PGTABLE_H__
#define __KVM_NVHE_IOMMU_PGTABLE_H__

#include <linux/kvm_host.h>
#include <linux/types.h>

#include <asm/kvm_mmu.h>

/*
 * One table for all IOMMUs. The fields are constant once an IOMMU is enabled; the descriptors
 * are guarded by host_mmu.lock.
 */
struct hyp_iommu_s2 {
	phys_addr_t pgd;	/* of the root, 0 before hyp_iommu_prepare() */
	u64 pgd_size;		/* in bytes */
	u8 ia_bits;		/* input address size */
	u8 pa_bits;		/* output address size that every IOMMU has at least */
	s8 start_level;		/* of the root */
	bool coherent;		/* every IOMMU snoops the caches of the CPUs */
};

/*
 * Clean descriptors that have been written, for an IOMMU that does not snoop. They are in
 * memory on return, before any later store of the caller.
 */
static inline void iommu_s2_clean(const struct hyp_iommu_s2 *s2, const void *from, size_t size)
{
	if (unlikely(!s2->coherent))
		kvm_flush_dcache_to_poc(from, size);
}

u64 iommu_s2_leaf_desc(phys_addr_t phys, s8 level);
u64 *iommu_s2_leaf(const struct hyp_iommu_s2 *s2, u64 addr, s8 *level);
int iommu_s2_map(struct hyp_iommu_s2 *s2, u64 start, u64 end, struct kvm_hyp_memcache *mc);
int iommu_s2_unmap(struct hyp_iommu_s2 *s2, u64 start, u64 end,
		   struct kvm_hyp_memcache *mc);
int iommu_s2_add_tables(struct hyp_iommu_s2 *s2, u64 start, u64 end,
			struct kvm_hyp_memcache *mc);
int iommu_s2_check(const struct hyp_iommu_s2 *s2, int (*check_range)(u64 start, u64 end));
void iommu_s2_free_tables(struct hyp_iommu_s2 *s2, struct kvm_hyp_memcache *mc);

#endif /* __KVM_NVHE_IOMMU_PGTABLE_H__ */
