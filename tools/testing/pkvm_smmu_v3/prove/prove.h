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

/* Holds for all inputs. @words say it for the reader of the test's output. */
#define PROVE(words, cond)	__CPROVER_assert(cond, words)
/* Holds for at least one input: without it a proof may be one of nothing. */
#define REACH(words, cond)	__CPROVER_assert(!(cond), "reached: " words)
#define ASSUME(cond)		__CPROVER_assume(cond)

/* Any value of @type. */
#define ANY(type)		({ type __any; __any; })

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

#endif /* _PROVE_H */
