// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page table of the device stage 2.
 *
 * Neither kvm_pgtable nor io-pgtable: the descriptors follow the IOMMU's
 * features and not the CPU's (no S2FWB, no 52-bit addresses), a leaf changes
 * without break-before-make as it only ever goes between valid and invalid, and
 * the tables of memory exist for good, so that giving a page back cannot fail.
 */

#include <linux/bitfield.h>
#include <linux/string.h>

#include <asm/kvm_iommu_pgtable.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/memory.h>

#include <nvhe/iommu_pgtable.h>
#include <nvhe/memory.h>

/*
 * DDI0487 D8.3.2. Access flag set: hardware must not fault on it and has nothing
 * to update. Shareability is what memory shared with the CPUs needs; for device
 * memory it is not used.
 */
#define LEAF_ATTRS	(KVM_PTE_LEAF_ATTR_LO_S2_AF |			\
			 KVM_PTE_LEAF_ATTR_LO_S2_S2AP_R |		\
			 KVM_PTE_LEAF_ATTR_LO_S2_S2AP_W |		\
			 FIELD_PREP_CONST(KVM_PTE_LEAF_ATTR_LO_S2_SH,	\
					  KVM_PTE_LEAF_ATTR_LO_S2_SH_IS))

/* Normal write-back inside and out, and Device-nGnRE. DDI0487 D8.6.5 */
#define MEMATTR_WB	0xf
#define MEMATTR_DEVICE	0x1

/*
 * With S2FWB=0 the stronger of two attributes wins: that of stage 2 and that of
 * stage 1 or, without a stage 1, of the transaction (IHI0070G.b 13.1.5).
 *
 * - Memory is write-back, the weakest of all: what the host chose in stage 1 and
 *   what the device came with stays as it is, as in the host's own stage 2.
 * - MMIO is Device-nGnRE: neither stage 1 nor a device can weaken that into
 *   something that gathers, merges or is speculated; Device-nGnRnE stays. It is
 *   never executable, and S2PTW=1 in the STE keeps the walks of stage 1 out.
 */
#define MEMORY_ATTRS	(LEAF_ATTRS |					\
			 FIELD_PREP_CONST(KVM_PTE_LEAF_ATTR_LO_S2_MEMATTR, \
					  MEMATTR_WB))
#define MMIO_ATTRS	(LEAF_ATTRS |					\
			 FIELD_PREP_CONST(KVM_PTE_LEAF_ATTR_LO_S2_MEMATTR, \
					  MEMATTR_DEVICE) |		\
			 FIELD_PREP_CONST(KVM_PTE_LEAF_ATTR_HI_S2_XN, 2))

static u64 leaf_desc(phys_addr_t phys, s8 level, u64 attrs)
{
	u64 type = level == KVM_PGTABLE_LAST_LEVEL ? KVM_PTE_TYPE_PAGE :
						     KVM_PTE_TYPE_BLOCK;

	return (phys & KVM_PTE_ADDR_MASK) | attrs | KVM_PTE_VALID |
	       FIELD_PREP(KVM_PTE_TYPE, type);
}

u64 iommu_s2_memory_desc(phys_addr_t phys, s8 level)
{
	return leaf_desc(phys, level, MEMORY_ATTRS);
}

u64 iommu_s2_mmio_desc(phys_addr_t phys, s8 level)
{
	return leaf_desc(phys, level, MMIO_ATTRS);
}

static bool is_table(u64 desc, s8 level)
{
	return level < KVM_PGTABLE_LAST_LEVEL && (desc & KVM_PTE_VALID) &&
	       FIELD_GET(KVM_PTE_TYPE, desc) == KVM_PTE_TYPE_TABLE;
}

/* Concatenated tables are one array: the index has no mask. */
static u64 *root_desc(const struct hyp_iommu_s2 *s2, u64 addr)
{
	return (u64 *)hyp_phys_to_virt(s2->pgd) +
	       (addr >> kvm_granule_shift(s2->start_level));
}

static u64 *table_of(u64 desc)
{
	return hyp_phys_to_virt(desc & KVM_PTE_ADDR_MASK);
}

static u64 *child_desc(u64 desc, u64 addr, s8 level)
{
	return table_of(desc) +
	       ((addr >> kvm_granule_shift(level)) & (PTRS_PER_PTE - 1));
}

u64 *iommu_s2_leaf(const struct hyp_iommu_s2 *s2, u64 addr, s8 *level)
{
	u64 *desc = root_desc(s2, addr);

	for (*level = s2->start_level; is_table(*desc, *level); (*level)++)
		desc = child_desc(*desc, addr, *level + 1);

	return desc;
}

u64 *iommu_s2_page(const struct hyp_iommu_s2 *s2, u64 addr)
{
	u64 *desc;
	s8 level;

	if (addr >> s2->ia_bits)
		return NULL;

	desc = iommu_s2_leaf(s2, addr, &level);

	return level == KVM_PGTABLE_LAST_LEVEL ? desc : NULL;
}

u64 *iommu_s2_next_page(const struct hyp_iommu_s2 *s2, u64 *desc, u64 addr)
{
	if (!desc || IS_ALIGNED(addr, kvm_granule_size(KVM_PGTABLE_LAST_LEVEL - 1)))
		return iommu_s2_page(s2, addr);

	return desc + 1;
}

static int add_table(u64 *desc, struct kvm_hyp_memcache *mc)
{
	void *table = pop_hyp_memcache(mc, hyp_phys_to_virt);

	if (!table)
		return -ENOMEM;

	memset(table, 0, PAGE_SIZE);
	WRITE_ONCE(*desc, hyp_virt_to_phys(table) | KVM_PTE_VALID |
			  FIELD_PREP(KVM_PTE_TYPE, KVM_PTE_TYPE_TABLE));

	return 0;
}

/* Find the descriptor of @addr at level @last, with the tables on the way there. */
static int add_tables_to(struct hyp_iommu_s2 *s2, u64 addr, s8 last,
			 struct kvm_hyp_memcache *mc, u64 **descp)
{
	u64 *desc = root_desc(s2, addr);
	s8 level;
	int ret;

	for (level = s2->start_level; level < last; level++) {
		if (!(*desc & KVM_PTE_VALID)) {
			ret = add_table(desc, mc);
			if (ret)
				return ret;
		} else if (!is_table(*desc, level)) {
			return -EEXIST;
		}

		desc = child_desc(*desc, addr, level + 1);
	}

	*descp = desc;
	return 0;
}

int iommu_s2_add_tables(struct hyp_iommu_s2 *s2, u64 start, u64 end,
			struct kvm_hyp_memcache *mc)
{
	u64 size = kvm_granule_size(KVM_PGTABLE_LAST_LEVEL - 1);
	u64 addr, *desc;
	int ret;

	for (addr = ALIGN_DOWN(start, size); addr < end; addr += size) {
		ret = add_tables_to(s2, addr, KVM_PGTABLE_LAST_LEVEL, mc, &desc);
		if (ret)
			return ret;
	}

	return 0;
}

/* The level of the largest leaf that starts at @addr and does not pass @end. */
static s8 largest_leaf(const struct hyp_iommu_s2 *s2, u64 addr, u64 end)
{
	s8 level = max_t(s8, s2->start_level, KVM_PGTABLE_MIN_BLOCK_LEVEL);

	for (; level < KVM_PGTABLE_LAST_LEVEL; level++) {
		u64 size = kvm_granule_size(level);

		if (IS_ALIGNED(addr, size) && end - addr >= size)
			break;
	}

	return level;
}

int iommu_s2_map_mmio(struct hyp_iommu_s2 *s2, u64 start, u64 end,
		      struct kvm_hyp_memcache *mc)
{
	u64 addr, *desc;
	s8 level;
	int ret;

	for (addr = start; addr < end; addr += kvm_granule_size(level)) {
		level = largest_leaf(s2, addr, end);
		ret = add_tables_to(s2, addr, level, mc, &desc);
		if (ret)
			return ret;

		WRITE_ONCE(*desc, iommu_s2_mmio_desc(addr, level));
	}

	return 0;
}

/* Recursive: three levels at most. */
static void free_tables(u64 *table, unsigned long nr, s8 level,
			struct kvm_hyp_memcache *mc)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		u64 *child;

		if (!is_table(table[i], level))
			continue;

		child = table_of(table[i]);
		if (level + 1 < KVM_PGTABLE_LAST_LEVEL)
			free_tables(child, PTRS_PER_PTE, level + 1, mc);

		table[i] = 0;
		push_hyp_memcache(mc, child, hyp_virt_to_phys);
	}
}

void iommu_s2_free_tables(struct hyp_iommu_s2 *s2, struct kvm_hyp_memcache *mc)
{
	u64 size = hyp_iommu_pgd_size(s2->ia_bits);

	free_tables(hyp_phys_to_virt(s2->pgd), size / sizeof(u64), s2->start_level, mc);
}
