/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small page table: START_LEVEL, a root of 2^ROOT_BITS entries, tables of
 * 2^MODEL_TABLE_BITS entries. The size of a page is the real one.
 */
#ifndef _PROVE_UNIVERSE_H
#define _PROVE_UNIVERSE_H

#include "prove.h"

#define SHIFT(level)	(PAGE_SHIFT + MODEL_TABLE_BITS * (3 - (level)))
#define SIZE(level)	(1ULL << SHIFT(level))
#define ENTRIES		((unsigned int)BIT(MODEL_TABLE_BITS))
#define ROOT_ENTRIES	((unsigned int)BIT(ROOT_BITS))
/* At least as many as a table or the root has: each can be led to as either. */
#define MAX_ENTRIES	(BIT(MODEL_TABLE_BITS) | BIT(ROOT_BITS))
#define IA_BITS		(SHIFT(START_LEVEL) + ROOT_BITS)
#define IA_PAGES	(1U << (IA_BITS - PAGE_SHIFT))

/* DDI0487 D8.3.2: AF, inner shareable, read and write, Normal write-back. */
#define VALID		1ULL
#define PAGE_OR_TABLE	3ULL
#define S2AP_W		(2ULL << 6)
#define ATTRS		(4ULL << 8 | 3ULL << 8 | S2AP_W | 1ULL << 6 | 0xfULL << 2)

static inline u64 leaf(s8 level, u64 ia)
{
	return ia | ATTRS | (level == 3 ? PAGE_OR_TABLE : VALID);
}

static inline bool is_leaf(u64 desc, s8 level, u64 ia)
{
	return may_be_leaf(level) && desc == leaf(level, ia);
}

#endif /* _PROVE_UNIVERSE_H */
