/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page table of the device stage 2: identity-mapped VMSAv8-64 in the format
 * of the IOMMU, PAGE_SIZE granule. No function here issues TLB maintenance.
 */
#ifndef __KVM_NVHE_IOMMU_PGTABLE_H__
#define __KVM_NVHE_IOMMU_PGTABLE_H__

#include <linux/kvm_host.h>
#include <linux/types.h>

/**
 * struct hyp_iommu_s2 - The device stage 2: identity-mapped, one for all IOMMUs
 * @pgd:         physical address of the root, 0 before hyp_iommu_prepare()
 * @pgd_size:    bytes of the root
 * @ia_bits:     input address size
 * @pa_bits:     output address size that every IOMMU has at least
 * @start_level: level of the root
 *
 * Constant once the first IOMMU is enabled. The descriptors are guarded by
 * host_mmu.lock.
 */
struct hyp_iommu_s2 {
	phys_addr_t pgd;
	u64 pgd_size;
	u8 ia_bits;
	u8 pa_bits;
	s8 start_level;
};

/**
 * iommu_s2_leaf_desc - The descriptor that lets devices access a page or block
 * @phys:  start, aligned to the size of a leaf at @level
 * @level: level of the leaf
 *
 * Return: a block or page descriptor, CPU endian.
 */
u64 iommu_s2_leaf_desc(phys_addr_t phys, s8 level);

/**
 * iommu_s2_leaf - Find the descriptor that decides about an address
 * @s2:    the device stage 2
 * @addr:  input address
 * @level: set to the level of the descriptor
 *
 * Return: a block, a page or an invalid descriptor, or NULL for an address beyond the
 * table.
 */
u64 *iommu_s2_leaf(const struct hyp_iommu_s2 *s2, u64 addr, s8 *level);

/**
 * iommu_s2_map - Map a range with the largest leaves that fit
 * @s2:    the device stage 2
 * @start: first input address, aligned to PAGE_SIZE
 * @end:   input address behind the last, aligned to PAGE_SIZE
 * @mc:    pages of EL2's for tables
 *
 * What is mapped already stays as it is, and so does every table.
 *
 * Return: 0, -ENOMEM with a part of the range mapped, or -EINVAL for a range that is not
 * of pages of the table.
 */
int iommu_s2_map(struct hyp_iommu_s2 *s2, u64 start, u64 end, struct kvm_hyp_memcache *mc);

/**
 * iommu_s2_unmap - Make every leaf of a range invalid
 * @s2:    the device stage 2
 * @start: first input address, aligned to PAGE_SIZE
 * @end:   input address behind the last, aligned to PAGE_SIZE
 * @mc:    pages of EL2's for tables
 *
 * A block that reaches beyond the range is split. The caller invalidates, whatever
 * the result, before it trusts the range to be out of reach.
 *
 * Return: 0 where nothing was valid, 1, -ENOMEM: a part of the range may be invalid,
 * or -EINVAL for a range that is not of pages of the table.
 */
int iommu_s2_unmap(struct hyp_iommu_s2 *s2, u64 start, u64 end,
		   struct kvm_hyp_memcache *mc);

/**
 * iommu_s2_add_tables - Have a descriptor for each page of a range
 * @s2:    the device stage 2
 * @start: first input address, aligned to PAGE_SIZE
 * @end:   input address behind the last, aligned to PAGE_SIZE
 * @mc:    pages of EL2's for tables
 *
 * From then on it is mapped by pages. What it translates to stays as it is.
 *
 * Return: 0, -ENOMEM, or -EINVAL for a range that is not of pages of the table.
 */
int iommu_s2_add_tables(struct hyp_iommu_s2 *s2, u64 start, u64 end,
			struct kvm_hyp_memcache *mc);

/**
 * iommu_s2_check - Walk the whole table and check every descriptor
 * @s2:		 the device stage 2
 * @check_range: called for each range that is mapped; returns 0 to go on
 *
 * A descriptor is invalid, a table that EL2 owns, or a leaf that maps its address to
 * itself with the attributes that it has to have.
 *
 * Context: pkvm_pgd_lock is held.
 * Return: 0, -EUCLEAN, or an error of @check_range.
 */
int iommu_s2_check(const struct hyp_iommu_s2 *s2, int (*check_range)(u64 start, u64 end));

/**
 * iommu_s2_free_tables - Take all tables out of the root
 * @s2: the device stage 2, not in use by hardware
 * @mc: gets every table below the root
 *
 * Leaves in the root itself stay.
 */
void iommu_s2_free_tables(struct hyp_iommu_s2 *s2, struct kvm_hyp_memcache *mc);

#endif /* __KVM_NVHE_IOMMU_PGTABLE_H__ */
