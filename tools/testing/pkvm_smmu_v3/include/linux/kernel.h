/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sources take from the kernel at large. */
#ifndef _MODEL_LINUX_KERNEL_H
#define _MODEL_LINUX_KERNEL_H

#include <errno.h>
#include <string.h>
#include <linux/types.h>
#include <linux/err.h>

#include_next <linux/kernel.h>
#include <linux/align.h>
#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/kconfig.h>
#include <linux/minmax.h>
#include <linux/sizes.h>

#include <asm/page.h>

/* An assertion of EL2's that fails is a finding. */
void model_bug(const char *what, const char *file, int line);

#ifdef MODEL_EL2
/* The compiler does not tell of the stores that these make. */
void *model_memset(void *to, int c, size_t size);
void *model_memcpy(void *to, const void *from, size_t size);

#define memset	model_memset
#define memcpy	model_memcpy
#endif

#undef WARN_ON
#define WARN_ON(cond)							\
({									\
	int __warn = !!(cond);						\
									\
	if (__warn)							\
		model_bug("WARN_ON(" #cond ")", __FILE__, __LINE__);	\
	__warn;								\
})
#undef BUG_ON
#define BUG_ON	WARN_ON

#ifndef FIELD_PREP_CONST
#define FIELD_PREP_CONST(mask, val)	((u64)(val) << __builtin_ctzll(mask) & (mask))
#endif

#define BITS_PER_BYTE		8
#define USEC_PER_SEC		1000000L
#define lower_32_bits(n)	((u32)(n))

#undef BUILD_BUG_ON
#define BUILD_BUG_ON(cond)	((void)sizeof(char[1 - 2 * !!(cond)]))

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return n <= 1 ? 1 : 1UL << (64 - __builtin_clzl(n - 1));
}

#endif /* _MODEL_LINUX_KERNEL_H */
