/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_ASM_PAGE_H
#define _MODEL_ASM_PAGE_H

#include <linux/align.h>
#include <linux/bits.h>
#include <asm/sysreg.h>

#define PAGE_SHIFT		12
#define PAGE_SIZE		BIT(PAGE_SHIFT)
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#define PTRS_PER_PTE		512
#define CONFIG_ARM64_4K_PAGES	1

#define ARM64_HW_PGTABLE_LEVEL_SHIFT(n)	((PAGE_SHIFT - 3) * (4 - (n)) + 3)

#define offset_in_page(p)	((unsigned long)(p) & ~PAGE_MASK)
#define PAGE_ALIGN(addr)	ALIGN(addr, PAGE_SIZE)
#define PAGE_ALIGNED(addr)	IS_ALIGNED((unsigned long)(addr), PAGE_SIZE)
#define __phys_to_pfn(p)	((p) >> PAGE_SHIFT)

#endif /* _MODEL_ASM_PAGE_H */
