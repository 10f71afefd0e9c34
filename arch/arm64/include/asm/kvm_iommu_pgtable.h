/* SPDX-License-Identifier: GPL-2.0-only */
/* Geometry of the device stage 2, for the host that allocates it and EL2 that builds it. */
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
 * Return: the level, 0 to 3, where a single table as the root leaves the fewest levels. If
 * the architecture has none, for 48 bits of 16K pages or a small output size (DDI0487
 * AArch64.S2InvalidSL()), the root is up to 16 concatenated tables. Never level 3 of 4K
 * pages, which needs FEAT_TTST: it resolves fewer than HYP_IOMMU_MIN_IA_BITS.
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

/* Size and alignment of the root in bytes, a multiple of PAGE_SIZE. */
static inline size_t hyp_iommu_pgd_size(u8 ia_bits, u8 pa_bits)
{
	s8 level = hyp_iommu_start_level(ia_bits, pa_bits);

	return max_t(size_t, PAGE_SIZE,
		     sizeof(u64) << (ia_bits - kvm_granule_shift(level)));
}

/*
 * The number of tables of @level for memory: one for each part of the address space, as
 * large as one table maps, that has any. A part that two (sorted) regions share counts once.
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
 * @nr_mmio: parts of the address space that one last-level table maps, with MMIO taken by EL2
 *
 * A table exists where one leaf cannot map its whole part of the address space: above the
 * level of the largest block everywhere (first sum, exact); below, where there is memory,
 * which may need tables for pages, or a border of taken MMIO (second sum, a bound).
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
