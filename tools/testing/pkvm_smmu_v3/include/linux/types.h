/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_LINUX_TYPES_H
#define _MODEL_LINUX_TYPES_H

#define CONFIG_PHYS_ADDR_T_64BIT	1

#include <limits.h>
#include <linux/compiler.h>
#include_next <linux/types.h>

typedef u64 dma_addr_t;
typedef u64 kvm_pfn_t;
typedef s64 ktime_t;

#ifndef U32_MAX
#define U32_MAX		((u32)~0U)
#endif
#ifndef U64_MAX
#define U64_MAX		((u64)~0ULL)
#endif

#endif /* _MODEL_LINUX_TYPES_H */
