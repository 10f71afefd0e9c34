/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A harness as a program that goes through all inputs, one after the other, with the
 * sanitizers of the compiler. ANY_OF() is a choice; a run makes some of them, and the
 * next run makes the last one that has another value differently.
 */
#ifndef _PROVE_EXHAUST_H
#define _PROVE_EXHAUST_H

#include <setjmp.h>

struct exhaust_point {
	const char *function, *words, *file;
	int line;
	bool seen, failed;
};

extern struct exhaust_point __start_exhaust_points[], __stop_exhaust_points[];

extern struct exhaust_choice {
	u8 value, of;
} exhaust_choices[64];

extern unsigned int exhaust_choice, exhaust_steps;
extern jmp_buf exhaust_next;

/* In a section of its own, see prove.py: all points are known, with their line. */
#define EXHAUST_POINT(what, cond)						\
do {										\
	static struct exhaust_point __point EXHAUST_POINTS = {		\
		__func__, what, __FILE__, __LINE__ };				\
										\
	__point.seen = true;							\
	if (!(cond))								\
		__point.failed = true;						\
} while (0)

#define PROVE(words, cond)	EXHAUST_POINT(words, cond)
#define REACH(words, cond)	EXHAUST_POINT("reached: " words, !(cond))
#define ASSUME(cond)		do { if (!(cond)) longjmp(exhaust_next, 1); } while (0)

/* No loop is endless: each of them comes by here. */
#define STEP()								\
do {									\
	bool __ends = ++exhaust_steps < 1000;				\
									\
	PROVE("loops end", __ends);					\
	ASSUME(__ends);							\
} while (0)

static inline unsigned int exhaust_any_of(unsigned int n)
{
	unsigned int i;

	ASSUME(n);
	/* Within a page: the first byte and the last. */
	if (n > 255)
		return exhaust_any_of(2) * (n - 1);
	i = exhaust_choice++;
	if (!exhaust_choices[i].of)
		exhaust_choices[i].of = n;
	return exhaust_choices[i].value;
}

#define ANY_OF(n)		exhaust_any_of(n)
/* Looks like a descriptor that maps. */
#define ANY_CONTENT		(~0ULL)

static inline bool inside(const u64 *ptr, const u64 *array, unsigned int n)
{
	return ptr >= array && ptr < array + n;
}

static inline unsigned int index_in(const u64 *ptr, const u64 *array)
{
	return ptr - array;
}

#endif /* _PROVE_EXHAUST_H */
