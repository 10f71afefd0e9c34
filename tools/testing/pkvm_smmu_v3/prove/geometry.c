// SPDX-License-Identifier: GPL-2.0-only
/*
 * The geometry of the device stage 2: start level and root for all input and output sizes,
 * and the number of pages for its tables.
 *
 * Where a table is needed is what pgtable.c proves: an operation on a range adds one only
 * where no block can be, or for a part of the address space that the range covers in part.
 * The build maps what lies between ranges of MMIO that EL2 has taken, and transitions are
 * about memory.
 */
#include <linux/memblock.h>

#include "prove.h"

#define MAX_REGIONS	3
/* Parts of the address space that a region is in, in prove_memory_tables(). */
#define MAX_PARTS	3

/* Defined first: for CBMC an array has the size that is known where it is used. */
struct memblock_region hyp_memory[MAX_REGIONS];
unsigned int hyp_memblock_nr;

#include <asm/kvm_iommu_pgtable.h>

/* DDI0487 D8.2: an entry of @level maps 2^shift bytes. */
static unsigned int shift_of(s8 level)
{
	return PAGE_SHIFT + (3 - level) * (PAGE_SHIFT - 3);
}

/* IDR5.OAS; 52 bits are taken for 48. */
static const u8 oas_bits[] = { 32, 36, 40, 42, 44, 48 };

/* Sorted and apart, as memblock keeps them, and below 2^48. */
static void any_regions(void)
{
	struct memblock_region *reg;
	unsigned int i;
	u64 end = 0;

	hyp_memblock_nr = ANY(unsigned int);
	ASSUME(hyp_memblock_nr <= MAX_REGIONS);
	for (i = 0; i < MAX_REGIONS; i++) {
		reg = &hyp_memory[i];
		*reg = ANY(struct memblock_region);
		if (i >= hyp_memblock_nr)
			continue;
		ASSUME(reg->base >= end && reg->base < 1ULL << 48);
		ASSUME(reg->size && reg->size <= (1ULL << 48) - reg->base);
		end = reg->base + reg->size;
	}
}

void prove_root(void)
{
	u8 pa_bits = oas_bits[ANY_OF(ARRAY_SIZE(oas_bits))], ia_bits = ANY(u8);
	unsigned int least;
	size_t size;
	s8 level;

	ASSUME(ia_bits >= 32 && ia_bits <= pa_bits);
	level = hyp_iommu_start_level(ia_bits, pa_bits);
	size = hyp_iommu_pgd_size(ia_bits, pa_bits);
	least = shift_of(level) + 1;

	/* AArch64.S2InvalidSL() */
	PROVE("the start level exists",
	      level <= (PAGE_SHIFT == 12 ? 2 : 3) && level >= (PAGE_SHIFT == 12 ? 0 : 1));
	PROVE("the first level is used with the output size that it takes only",
	      implies(PAGE_SHIFT == 12 && level == 0, pa_bits >= 44) &&
	      implies(PAGE_SHIFT == 14 && level == 1, pa_bits >= 42) &&
	      implies(PAGE_SHIFT == 16 && level == 1, pa_bits >= 44));
	/* AArch64.S2InconsistentSL() */
	PROVE("the root has 2 entries or more, so needs its level, and at most 16 tables",
	      ia_bits >= least && ia_bits <= least + (PAGE_SHIFT - 3) - 1 + 4);
	PROVE("tables are concatenated only where there is no level above",
	      implies(ia_bits > shift_of(level) + PAGE_SHIFT - 3,
		      level == (PAGE_SHIFT == 12 ? 0 : 1) ||
		      pa_bits < (PAGE_SHIFT == 14 ? 42 : 44)));
	PROVE("the root holds an entry for each part of the address space",
	      size >= 8ULL << (ia_bits - shift_of(level)));
	PROVE("the root is of whole pages, a power of two of them",
	      size >= PAGE_SIZE && !(size & (size - 1)));
	PROVE("a root of more than a page has no entry too many",
	      size == PAGE_SIZE || size == 8ULL << (ia_bits - shift_of(level)));

	REACH("concatenated tables", PAGE_SHIFT == 16 || size > PAGE_SIZE);
	REACH("48 bits", ia_bits == 48);
	REACH("32 bits", ia_bits == 32);
}

static u64 first_part(const struct memblock_region *reg, unsigned int shift)
{
	return reg->base >> shift;
}

static u64 last_part(const struct memblock_region *reg, unsigned int shift)
{
	return (reg->base + reg->size - 1) >> shift;
}

/* Whether one of the first @n regions is in @part. */
static bool is_in(unsigned int n, u64 part, unsigned int shift)
{
	unsigned int i;

	for (i = 0; i < MAX_REGIONS; i++)
		if (i < n && part >= first_part(&hyp_memory[i], shift) &&
		    part <= last_part(&hyp_memory[i], shift))
			return true;

	return false;
}

/* The level decides the size of a part, and is a constant: CBMC divides slowly. */
void prove_memory_tables(void)
{
	const s8 level = 3;
	unsigned int shift = shift_of(level - 1), i, k;
	unsigned long nr = 0;
	u64 part;

	any_regions();
	for (i = 0; i < MAX_REGIONS; i++) {
		if (i >= hyp_memblock_nr)
			continue;
		part = first_part(&hyp_memory[i], shift);
		ASSUME(last_part(&hyp_memory[i], shift) - part < MAX_PARTS);
		for (k = 0; k < MAX_PARTS; k++)
			nr += part + k <= last_part(&hyp_memory[i], shift) &&
			      !is_in(i, part + k, shift);
	}

	PROVE("there is one table for each part of the address space that holds memory",
	      hyp_iommu_memory_tables(level) == nr);
	REACH("regions that share a part",
	      hyp_memblock_nr == 3 && nr == 4 &&
	      last_part(&hyp_memory[0], shift) == first_part(&hyp_memory[1], shift) &&
	      last_part(&hyp_memory[1], shift) == first_part(&hyp_memory[2], shift));
	REACH("a region that is smaller than a page", nr && hyp_memory[0].size < PAGE_SIZE);
	REACH("no memory", !nr);
}

/* MMIO that EL2 has taken, pages @start up to @end. */
struct range {
	u64 start, end;
};

/* As map_all_but_holes() and pkvm_smmu_mmio_blocks() count, by the last level but one. */
static unsigned int blocks_of(const struct range *r)
{
	return ((r->end - 1) >> shift_of(2)) - (r->start >> shift_of(2)) + 1;
}

/* The parts that @r covers, but not all of them: at its start, at its end or both. */
static unsigned int borders_of(const struct range *r, unsigned int shift)
{
	u64 mask = (1ULL << shift) - 1;
	bool start = r->start & mask, end = r->end & mask;

	return start && end && r->start >> shift == r->end >> shift ? 1 : start + end;
}

/*
 * The sizes are constants for CBMC, see prove_memory_tables(). One byte of memory takes a table of
 * each level, so that these are seen to be in the sum.
 */
static void pages(u8 ia_bits, u8 pa_bits)
{
	s8 level = hyp_iommu_start_level(ia_bits, pa_bits) + 1;
	struct range r = ANY(struct range);
	unsigned long needed = 0, pages;

	ASSUME(r.start < r.end && r.end <= 1ULL << ia_bits);
	ASSUME(!((r.start | r.end) & (PAGE_SIZE - 1)));
	hyp_memory[0] = (struct memblock_region) { .base = 0, .size = 1 };
	hyp_memblock_nr = 1;

	for (; level <= 3; level++) {
		if (may_be_leaf(level - 1))
			needed += 1 + borders_of(&r, shift_of(level - 1));
		else
			needed += 1ULL << (ia_bits - shift_of(level - 1));
	}
	pages = hyp_iommu_pgtable_pages(ia_bits, pa_bits, blocks_of(&r));

	PROVE("there is a page for each table that can be needed", pages >= needed);
	REACH("just as many", pages == needed);
	REACH("a range with both its borders in one part", r.end - r.start == PAGE_SIZE);
}

void prove_pages(void)
{
	unsigned int i;
	u8 ia_bits;

	for (i = 0; i < ARRAY_SIZE(oas_bits); i++)
		for (ia_bits = 32; ia_bits <= oas_bits[i]; ia_bits++)
			pages(ia_bits, oas_bits[i]);
}
