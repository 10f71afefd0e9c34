/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Geometry of the device stage 2: what the host allocates for it and what EL2
 * builds from it follow from the same functions.
 */
#ifndef __ARM64_KVM_IOMMU_PGTABLE_H__
#define __ARM64_KVM_IOMMU_PGTABLE_H__

#include <linux/align.h>
#include <linux/memblock.h>
#include <linux/minmax.h>
#include <linux/sizes.h>

#include <asm/kvm_pgtable.h>
#include <asm/kvm_pkvm.h>

/*
 * VMSAv8-64 without 52-bit extensions (DDI0487 D8.2): at most 48 bits in and
 * out. The lower bound keeps the start level inside what every granule encodes.
 */
#define HYP_IOMMU_MIN_IA_BITS	32
#define HYP_IOMMU_MAX_IA_BITS	48

/**
 * hyp_iommu_start_level - The level of the root of the device stage 2
 * @ia_bits: input address size, HYP_IOMMU_MIN_IA_BITS to @pa_bits
 * @pa_bits: output address size that every IOMMU has at least
 *
 * The fewest levels with a single table at the root. Where the architecture has no such
 * level, for 48 bits of 16K pages or a small output size (DDI0487 AArch64.S2InvalidSL()),
 * the root is up to 16 concatenated tables. Level 3 of 4K, which needs small translation
 * tables (FEAT_TTST), resolves fewer than HYP_IOMMU_MIN_IA_BITS.
 *
 * Return: the level, 0 to 3.
 */
static inline s8 hyp_iommu_start_level(u8 ia_bits, u8 pa_bits)
{
	s8 top = PAGE_SHIFT == 12 ? 0 : 1, level = KVM_PGTABLE_LAST_LEVEL;

	if (pa_bits < (PAGE_SHIFT == 14 ? 42 : 44))
		top++;

	/* A table resolves PAGE_SHIFT - 3 bits. */
	while (level > top && ia_bits > kvm_granule_shift(level) + PAGE_SHIFT - 3)
		level--;

	return level;
}

/**
 * hyp_iommu_pgd_size - Size and alignment of the root
 * @ia_bits: input address size
 * @pa_bits: output address size that every IOMMU has at least
 *
 * Return: bytes, a multiple of PAGE_SIZE.
 */
static inline size_t hyp_iommu_pgd_size(u8 ia_bits, u8 pa_bits)
{
	s8 level = hyp_iommu_start_level(ia_bits, pa_bits);

	return max_t(size_t, PAGE_SIZE,
		     sizeof(u64) << (ia_bits - kvm_granule_shift(level)));
}

/*
 * The tables of @level needed for memory: one per part of the address space,
 * as large as the entry that points to the table, that holds any memory. The
 * regions are sorted, so that a part shared by two counts once.
 */
static inline unsigned long hyp_iommu_memory_tables(s8 level)
{
	u64 size = kvm_granule_size(level - 1), start, end = 0;
	unsigned long i, nr = 0;

	for (i = 0; i < kvm_nvhe_sym(hyp_memblock_nr); i++) {
		struct memblock_region *reg = &kvm_nvhe_sym(hyp_memory)[i];

		start = max(end, ALIGN_DOWN(reg->base, size));
		end = max(end, ALIGN(reg->base + reg->size, size));
		nr += (end - start) / size;
	}

	return nr;
}

/**
 * hyp_iommu_pgtable_pages - Upper bound of the table pages below the root
 * @ia_bits: input address size
 * @pa_bits: output address size that every IOMMU has at least
 * @nr_mmio: parts of the address space, as large as a block at the last level but one,
 *	     that hold MMIO donated by __pkvm_host_donate_hyp_mmio()
 *
 * A table exists where one leaf cannot stand for its whole part of the address
 * space. Above the level of the largest block that is everywhere, which gives
 * the first sum exactly. From there on it takes a page of memory, which has
 * tables down to the last level, or the border of a donated range. The second sum
 * counts every part that holds memory, and one for each part that holds such MMIO.
 *
 * Return: number of pages.
 */
static inline unsigned long hyp_iommu_pgtable_pages(u8 ia_bits, u8 pa_bits,
						    unsigned int nr_mmio)
{
	unsigned long total = 0;
	s8 level;

	for (level = hyp_iommu_start_level(ia_bits, pa_bits) + 1;
	     level <= KVM_PGTABLE_LAST_LEVEL; level++) {
		if (!kvm_level_supports_block_mapping(level - 1))
			total += BIT(ia_bits) >> kvm_granule_shift(level - 1);
		else
			total += hyp_iommu_memory_tables(level) + nr_mmio;
	}

	return total;
}

#endif /* __ARM64_KVM_IOMMU_PGTABLE_H__ */
