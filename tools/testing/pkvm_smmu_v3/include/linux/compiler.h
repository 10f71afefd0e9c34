/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_LINUX_COMPILER_H
#define _MODEL_LINUX_COMPILER_H

#include <stddef.h>
#include <asm/types.h>
#include_next <linux/compiler.h>

/*
 * Every access that the sources mark as shared is where another CPU can come in. Those
 * that they do not mark are found by the compiler, see plain.c.
 */
void model_shared_read(const void *addr, size_t size);
void model_shared_write(void *addr, size_t size);

#undef READ_ONCE
#define READ_ONCE(x)						\
({								\
	__auto_type __ptr = &(x);				\
	typeof(*__ptr) __read;					\
								\
	model_shared_read(__ptr, sizeof(*__ptr));		\
	__read_once_size(__ptr, (void *)&__read, sizeof(__read)); \
	__read;							\
})

#undef WRITE_ONCE
#define WRITE_ONCE(x, val)					\
do {								\
	__auto_type __ptr = &(x);				\
	typeof(*__ptr) __val = (val);				\
								\
	model_shared_write(__ptr, sizeof(*__ptr));		\
	__write_once_size(__ptr, (void *)&__val, sizeof(__val)); \
} while (0)

#undef __force
#define __force
#undef __iomem
#define __iomem
#undef __rcu
#define __rcu
#define __init
#undef __counted_by
#define __counted_by(m)
#undef ____cacheline_aligned_in_smp
#define ____cacheline_aligned_in_smp

#endif /* _MODEL_LINUX_COMPILER_H */
