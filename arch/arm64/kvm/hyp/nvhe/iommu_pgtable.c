// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page table of the device stage 2.
 *
 * kvm_pgtable and io-pgtable do not fit. The descriptors follow the features of the IOMMUs
 * and not the CPU's: no S2FWB, no 52-bit addresses. Devices use the table while it changes,
 * so nothing here breaks before it makes: a leaf only goes between valid and invalid, and one
 * store replaces a block by a table, see split(). A table stays for good where it is.
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
 * One set of attributes for all that devices reach: access flag set, so that hardware neither
 * faults on it nor updates it (DDI0487 D8.3.2), read and write, Normal memory, write-back
 * inside and out, inner shareable (D8.6.5).
 *
 * With S2FWB=0 the stronger of two attributes wins: that of stage 2 and that of stage 1
 * or, without a stage 1, of the transaction (IHI0070G.b 13.1.5). Write-back is the
 * weakest, so stage 1 and the transaction decide alone, as they do without the
 * hypervisor:
 *
 * - DMA to memory snoops, even to memory that memblock does not know: hot-added and
 *   persistent memory, CXL, what "mem=" leaves out. A stronger attribute would make DMA
 *   miss what is in the CPUs' caches.
 * - MMIO is as strongly ordered as the host makes it, by IOMMU_MMIO in stage 1. Nobody else
 *   depends on the order: EL2's MMIO is not mapped, and the host's CPUs access MMIO with any
 *   attribute they like, too (PKVM_HOST_MMIO_PROT is Normal memory).
 * - The SMMU may speculatively read where stage 1 tables point. That can be the host's
 *   MMIO if the host has pointed its tables there; its CPUs do the same with their tables.
 *   S2PTW would have no effect, as no leaf is of a Device type.
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

/* Concatenated tables are one array, so the index has no mask. */
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
 * Return: a block, a page or an invalid descriptor; NULL = @addr is beyond the table.
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
	 * The IOMMU observes the entries of the table before it can observe the
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
 * Replace a block by a table under live DMA. The leaves of the table map what the block maps,
 * with its attributes, and one single-copy atomic store replaces the block: no translation
 * changes, only the size of the leaf. From then on the IOMMU may have cached the block, parts
 * of it, or both. With IDR3.BBML=2 it uses one of them and raises no F_TLB_CONFLICT
 * (IHI0070G.b 3.21.1), and all of them say the same.
 *
 * The invalidation that ends the caller's transition drops the cached block. No leaf of the
 * table is trusted to be invalid before that.
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

	/* The block is aligned: adding an offset never carries into the attributes. */
	for (i = 0; i < PTRS_PER_PTE; i++)
		WRITE_ONCE(table[i], leaf + i * size);
	set_table(s2, desc, table);

	return 0;
}

/* Add the tables that are missing between the descriptor of @addr at @level and @last. */
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

/* Return the level of the largest leaf at @addr that ends by @end: @level at the least. */
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
 * @mc:    EL2's pages for tables
 *
 * Leaves that are valid and tables stay as they are.
 *
 * Return: 0; -ENOMEM = a part of the range is mapped; -EINVAL = the range is not of pages of
 * the table.
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
		 * Fill the table with leaves of this size, up to the end of the range or
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
 * @mc:    EL2's pages for tables
 *
 * A block that reaches beyond the range is split. Cached translations stay until the caller
 * invalidates: before that, the range is not out of reach.
 *
 * Return: 0 = nothing was valid; 1 = all is invalid now; -ENOMEM = a part may be
 * invalid; -EINVAL = the range is not of pages of the table.
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

/* The part of the address space that one table at the last level maps. */
#define PART_SIZE	kvm_granule_size(KVM_PGTABLE_LAST_LEVEL - 1)

/**
 * iommu_s2_add_tables - Have a descriptor for each page of a range
 * @s2:    the device stage 2
 * @start: first input address, aligned to PAGE_SIZE
 * @end:   input address behind the last, aligned to PAGE_SIZE
 * @mc:    EL2's pages for tables
 *
 * From then on the range is mapped by pages. No translation changes.
 *
 * Return: 0; -ENOMEM; -EINVAL = the range is not of pages of the table.
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

/* Whether EL2 owns a page. Reading a table elsewhere could fault, or be the host's forgery. */
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
			/* Identity mapping: entries equal to @desc continue the leaf. */
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
 * @check_range: called for each mapped range; returns 0 to go on
 *
 * A descriptor must be invalid, lead to a table that EL2 owns, or be a leaf that maps its
 * address to itself with the attributes of iommu_s2_leaf_desc().
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
 * iommu_s2_free_tables - Remove all tables below the root
 * @s2: the device stage 2, which no hardware uses
 * @mc: receives every table below the root
 *
 * Leaves in the root itself stay.
 */
void iommu_s2_free_tables(struct hyp_iommu_s2 *s2, struct kvm_hyp_memcache *mc)
{
	free_tables(hyp_phys_to_virt(s2->pgd), s2->pgd_size / sizeof(u64), s2->start_level, mc);
}
