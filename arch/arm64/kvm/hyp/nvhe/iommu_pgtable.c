// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page table of the device stage 2.
 *
 * Neither kvm_pgtable nor io-pgtable: the descriptors follow the IOMMU's
 * features and not the CPU's (no S2FWB, no 52-bit addresses), and nothing here
 * breaks before it makes. A leaf only ever goes between valid and invalid, and
 * a block is replaced by a table in one step, see split(). A table stays for
 * good where it is.
 */

#include <linux/bitfield.h>
#include <linux/string.h>

#include <asm/kvm_hyp.h>
#include <asm/kvm_iommu_pgtable.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/memory.h>

#include <nvhe/iommu_pgtable.h>
#include <nvhe/memory.h>
#include <nvhe/mem_protect.h>

/*
 * All that devices reach has one set of attributes: access flag set, so that hardware
 * neither faults on it nor updates it (DDI0487 D8.3.2), read and write, Normal memory,
 * write-back inside and out, inner shareable (D8.6.5).
 *
 * With S2FWB=0 the stronger of two attributes wins: that of stage 2 and that of stage 1
 * or, without a stage 1, of the transaction (IHI0070G.b 13.1.5). Write-back is the
 * weakest, so stage 1 and the transaction decide alone, as they do without the
 * hypervisor:
 *
 * - DMA to memory snoops, whether memblock knows of that memory or not: hot-added and
 *   persistent memory, CXL, what "mem=" leaves out. A stronger attribute would make DMA
 *   miss what is in the CPUs' caches.
 * - MMIO is as strongly ordered as the host makes it, by IOMMU_MMIO in stage 1. Neither
 *   an owner nor EL2 depends on it: MMIO that is EL2's is not mapped, and the host's
 *   CPUs, too, access MMIO with any attribute they like (PKVM_HOST_MMIO_PROT is Normal
 *   memory).
 * - The SMMU may read what stage 1 tables point to speculatively. That can be MMIO of
 *   the host's if the host has pointed its tables there; its CPUs do the same with
 *   theirs. S2PTW has no effect, as nothing is of a Device type.
 */
#define LEAF_ATTRS	(KVM_PTE_LEAF_ATTR_LO_S2_AF |			\
			 KVM_PTE_LEAF_ATTR_LO_S2_S2AP_R |		\
			 KVM_PTE_LEAF_ATTR_LO_S2_S2AP_W |		\
			 FIELD_PREP_CONST(KVM_PTE_LEAF_ATTR_LO_S2_SH,	\
					  KVM_PTE_LEAF_ATTR_LO_S2_SH_IS) | \
			 FIELD_PREP_CONST(KVM_PTE_LEAF_ATTR_LO_S2_MEMATTR, \
					  MEMATTR_WB))

#define MEMATTR_WB	0xf

/**
 * iommu_s2_leaf_desc - The descriptor that lets devices access a page or block
 * @phys:  start, aligned to the size of a leaf at @level
 * @level: level of the leaf
 *
 * Return: a block or page descriptor, CPU endian.
 */
u64 iommu_s2_leaf_desc(phys_addr_t phys, s8 level)
{
	u64 type = level == KVM_PGTABLE_LAST_LEVEL ? KVM_PTE_TYPE_PAGE :
						     KVM_PTE_TYPE_BLOCK;

	return (phys & KVM_PTE_ADDR_MASK) | LEAF_ATTRS | KVM_PTE_VALID |
	       FIELD_PREP(KVM_PTE_TYPE, type);
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

static u64 *find_leaf(const struct hyp_iommu_s2 *s2, u64 addr, s8 *level)
{
	u64 *desc = root_desc(s2, addr);
	s8 l;

	for (l = s2->start_level; is_table(*desc, l); l++)
		desc = child_desc(*desc, addr, l + 1);
	*level = l;

	return desc;
}

/**
 * iommu_s2_leaf - Find the descriptor that decides about an address
 * @s2:    the device stage 2
 * @addr:  input address
 * @level: set to the level of the descriptor
 *
 * Return: a block, a page or an invalid descriptor, or NULL for an address beyond the
 * table.
 */
u64 *iommu_s2_leaf(const struct hyp_iommu_s2 *s2, u64 addr, s8 *level)
{
	return addr < BIT(s2->ia_bits) ? find_leaf(s2, addr, level) : NULL;
}

static bool range_is_valid(const struct hyp_iommu_s2 *s2, u64 start, u64 end)
{
	return IS_ALIGNED(start | end, PAGE_SIZE) && start <= end && end <= BIT(s2->ia_bits);
}

static void set_table(const struct hyp_iommu_s2 *s2, u64 *desc, u64 *table)
{
	iommu_s2_clean(s2, table, PAGE_SIZE);
	/*
	 * The IOMMU observes what is in the table before it can observe the
	 * table: pairs with the address dependency of its walk.
	 */
	dma_wmb();
	WRITE_ONCE(*desc, hyp_virt_to_phys(table) | KVM_PTE_VALID |
			  FIELD_PREP(KVM_PTE_TYPE, KVM_PTE_TYPE_TABLE));
	iommu_s2_clean(s2, desc, sizeof(*desc));
}

static int add_table(const struct hyp_iommu_s2 *s2, u64 *desc, struct kvm_hyp_memcache *mc)
{
	void *table = pop_hyp_memcache(mc, hyp_phys_to_virt);

	if (!table)
		return -ENOMEM;

	memset(table, 0, PAGE_SIZE);
	set_table(s2, desc, table);

	return 0;
}

/*
 * Replace a block by a table of what it is made of, under live DMA. Every address
 * keeps its translation and its attributes; the only change is the size of the
 * leaf, in one single-copy atomic store. From there on the IOMMU may have cached
 * the block, parts of it, or both. With IDR3.BBML=2 it uses one of them and
 * raises no F_TLB_CONFLICT (IHI0070G.b 3.21.1), and all of them say the same.
 *
 * What makes the block go is the invalidation that ends the caller's transition.
 * No leaf of the table is trusted to be invalid before that.
 */
static int split(const struct hyp_iommu_s2 *s2, u64 *desc, s8 level,
		 struct kvm_hyp_memcache *mc)
{
	u64 *table = pop_hyp_memcache(mc, hyp_phys_to_virt);
	u64 size = kvm_granule_size(level + 1);
	u64 leaf = *desc;
	unsigned int i;

	if (!table)
		return -ENOMEM;

	if (level + 1 == KVM_PGTABLE_LAST_LEVEL)
		leaf |= FIELD_PREP(KVM_PTE_TYPE, KVM_PTE_TYPE_PAGE);

	/* The block is aligned: the address is no sum with a carry into it. */
	for (i = 0; i < PTRS_PER_PTE; i++)
		WRITE_ONCE(table[i], leaf + i * size);
	set_table(s2, desc, table);

	return 0;
}

/* Have tables from the descriptor of @addr at @level down to the one at @last. */
static __always_inline int add_tables_to(const struct hyp_iommu_s2 *s2, u64 **desc, u64 addr,
					 s8 level, s8 last, struct kvm_hyp_memcache *mc)
{
	int ret;

	for (; level < last; level++) {
		ret = **desc & KVM_PTE_VALID ? split(s2, *desc, level, mc) :
					       add_table(s2, *desc, mc);
		if (ret)
			return ret;

		*desc = child_desc(**desc, addr, level + 1);
	}

	return 0;
}

/* The level of the largest leaf, from @level on, that is @addr to @end or begins it. */
static s8 largest_leaf(s8 level, u64 addr, u64 end)
{
	level = max(level, KVM_PGTABLE_MIN_BLOCK_LEVEL);
	for (; level < KVM_PGTABLE_LAST_LEVEL; level++) {
		u64 size = kvm_granule_size(level);

		if (IS_ALIGNED(addr, size) && end - addr >= size)
			break;
	}

	return level;
}

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
int iommu_s2_map(struct hyp_iommu_s2 *s2, u64 start, u64 end, struct kvm_hyp_memcache *mc)
{
	u64 addr, size, leaf, stop, *desc, *first;
	s8 level, last;
	int ret;

	if (!range_is_valid(s2, start, end))
		return -EINVAL;

	for (addr = start; addr < end; ) {
		desc = find_leaf(s2, addr, &level);
		if (*desc & KVM_PTE_VALID) {
			size = kvm_granule_size(level);
			addr = ALIGN_DOWN(addr, size) + size;
			continue;
		}

		last = largest_leaf(level, addr, end);
		ret = add_tables_to(s2, &desc, addr, level, last, mc);
		if (ret)
			return ret;

		/*
		 * The leaf fits, and so do those that follow in the same table, up to
		 * a remainder that takes smaller ones. The address does not carry into
		 * the attributes.
		 */
		size = kvm_granule_size(last);
		stop = min(ALIGN_DOWN(end, size), ALIGN(addr + 1, kvm_granule_size(last - 1)));
		first = desc;
		for (leaf = iommu_s2_leaf_desc(addr, last);
		     addr < stop && !(*desc & KVM_PTE_VALID); addr += size, leaf += size)
			WRITE_ONCE(*desc++, leaf);
		iommu_s2_clean(s2, first, (desc - first) * sizeof(*desc));
	}

	return 0;
}

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
		   struct kvm_hyp_memcache *mc)
{
	u64 addr, size, *desc;
	s8 level, last;
	int ret, unmapped = 0;

	if (!range_is_valid(s2, start, end))
		return -EINVAL;

	for (addr = start; addr < end; addr = ALIGN_DOWN(addr, size) + size) {
		desc = find_leaf(s2, addr, &level);
		size = kvm_granule_size(level);
		if (!(*desc & KVM_PTE_VALID))
			continue;

		last = largest_leaf(level, addr, end);
		ret = add_tables_to(s2, &desc, addr, level, last, mc);
		if (ret)
			return ret;

		size = kvm_granule_size(last);
		WRITE_ONCE(*desc, 0);
		unmapped = 1;
		iommu_s2_clean(s2, desc, sizeof(*desc));
	}

	return unmapped;
}

/* The parts of the address space with a table at the last level of their own. */
#define PART_SIZE	kvm_granule_size(KVM_PGTABLE_LAST_LEVEL - 1)

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
			struct kvm_hyp_memcache *mc)
{
	u64 addr, *desc;
	s8 level;
	int ret;

	if (!range_is_valid(s2, start, end))
		return -EINVAL;

	for (addr = ALIGN_DOWN(start, PART_SIZE); addr < end; addr += PART_SIZE) {
		desc = find_leaf(s2, addr, &level);
		ret = add_tables_to(s2, &desc, addr, level, KVM_PGTABLE_LAST_LEVEL, mc);
		if (ret)
			return ret;
	}

	return 0;
}

/*
 * A table is a page of EL2's own. What is not could be anybody's, and reading it could
 * fault.
 */
static bool is_hyp_page(u64 phys)
{
	return addr_is_memory(phys) && addr_is_memory(phys + PAGE_SIZE - 1) &&
	       get_hyp_state(hyp_phys_to_page(phys)) == PKVM_PAGE_OWNED;
}

/* Recursive: three levels at most. */
static int check_table(const u64 *table, unsigned long nr, s8 level, u64 addr,
		       int (*check_range)(u64 start, u64 end))
{
	u64 desc, start, size = kvm_granule_size(level);
	unsigned long i = 0;
	int ret = 0;

	while (i < nr && !ret) {
		desc = table[i];
		start = addr;
		if (!desc) {
			i++;
			addr += size;
		} else if (is_table(desc, level)) {
			if ((desc & ~KVM_PTE_ADDR_MASK) != (KVM_PTE_VALID | KVM_PTE_TYPE) ||
			    !is_hyp_page(desc & KVM_PTE_ADDR_MASK))
				return -EUCLEAN;
			ret = check_table(table_of(desc), PTRS_PER_PTE, level + 1, addr,
					  check_range);
			i++;
			addr += size;
		} else {
			if (!kvm_level_supports_block_mapping(level) ||
			    desc != iommu_s2_leaf_desc(addr, level))
				return -EUCLEAN;
			/* Identity: so are the leaves that continue it. */
			for (; i < nr && table[i] == desc; i++, desc += size)
				addr += size;
			ret = check_range(start, addr);
		}
	}

	return ret;
}

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
int iommu_s2_check(const struct hyp_iommu_s2 *s2, int (*check_range)(u64 start, u64 end))
{
	unsigned long nr = BIT(s2->ia_bits) >> kvm_granule_shift(s2->start_level);

	return check_table(hyp_phys_to_virt(s2->pgd), nr, s2->start_level, 0, check_range);
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

/**
 * iommu_s2_free_tables - Take all tables out of the root
 * @s2: the device stage 2, not in use by hardware
 * @mc: gets every table below the root
 *
 * Leaves in the root itself stay.
 */
void iommu_s2_free_tables(struct hyp_iommu_s2 *s2, struct kvm_hyp_memcache *mc)
{
	free_tables(hyp_phys_to_virt(s2->pgd), s2->pgd_size / sizeof(u64), s2->start_level, mc);
}
