/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_ASM_PAGE_H
#define _MODEL_ASM_PAGE_H

#include <linux/align.h>
#include <linux/bits.h>
#include <asm/sysreg.h>

/* The Makefile builds for each granule; the proofs of prove/ take others. */
#ifndef PAGE_SHIFT
#define PAGE_SHIFT		12
#endif
#define PAGE_SIZE		BIT(PAGE_SHIFT)
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#if PAGE_SHIFT == 12
#define CONFIG_ARM64_4K_PAGES	1
#elif PAGE_SHIFT == 14
#define CONFIG_ARM64_16K_PAGES	1
#else
#define CONFIG_ARM64_64K_PAGES	1
#endif

/* Bits of the input address that a table resolves. */
#ifndef MODEL_TABLE_BITS
#define MODEL_TABLE_BITS	(PAGE_SHIFT - 3)
#endif
#define PTRS_PER_PTE		BIT(MODEL_TABLE_BITS)

#define ARM64_HW_PGTABLE_LEVEL_SHIFT(n)	(PAGE_SHIFT + MODEL_TABLE_BITS * (3 - (n)))

#define offset_in_page(p)	((unsigned long)(p) & ~PAGE_MASK)
#define PAGE_ALIGN(addr)	ALIGN(addr, PAGE_SIZE)
#define PAGE_ALIGNED(addr)	IS_ALIGNED((unsigned long)(addr), PAGE_SIZE)
#define __phys_to_pfn(p)	((p) >> PAGE_SHIFT)

#endif /* _MODEL_ASM_PAGE_H */
