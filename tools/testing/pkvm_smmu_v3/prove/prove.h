/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proofs for all inputs, up to a bound, by CBMC: see README and prove.py.
 *
 * A function prove_*() states properties of the sources of the series. What it
 * takes from ANY() has every value there is, less those that an ASSUME() excludes.
 * The specification is written in numbers of the architecture (IHI 0070 G.b), not
 * in the macros of the sources.
 */
#ifndef _PROVE_H
#define _PROVE_H

#include <linux/kernel.h>

#ifdef EXHAUST
#include "exhaust.h"
#else
/* Holds for all inputs. @words say it for the reader of the test's output. */
#define PROVE(words, cond)	__CPROVER_assert(cond, words)
/* Holds for at least one input: without it a proof may be one of nothing. */
#define REACH(words, cond)	__CPROVER_assert(!(cond), "reached: " words)
#define ASSUME(cond)		__CPROVER_assume(cond)

/* Any value of @type. */
#define ANY(type)		({ type __any; __any; })
/* 0 to @n - 1. */
#define ANY_OF(n)		({ unsigned int __any; ASSUME(__any < (n)); __any; })
/* What an u64 can hold that nobody may rely on. */
#define ANY_CONTENT		ANY(u64)
/* An endless loop fails to be unrolled. */
#define STEP()			do { } while (0)

/* Whether a pointer is into an array of @n, and the index. */
static inline bool inside(const u64 *ptr, const u64 *array, unsigned int n)
{
	return __CPROVER_same_object(ptr, array);
}

static inline unsigned int index_in(const u64 *ptr, const u64 *array)
{
	return __CPROVER_POINTER_OFFSET(ptr) / sizeof(*array);
}
#endif /* EXHAUST */

/* Bits @h to @l of @v. */
static inline u64 bits(u64 v, int h, int l)
{
	return v >> l & ~0ULL >> (63 - (h - l));
}

static inline u64 bit_of(u64 v, int n)
{
	return bits(v, n, n);
}

#define implies(a, b)		(!(a) || (b))

/* DDI0487 D8.3.1: pages, and blocks without 52-bit addresses. */
static inline bool may_be_leaf(int level)
{
	return level >= (PAGE_SHIFT == 12 ? 1 : 2);
}

#endif /* _PROVE_H */
