/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_LINUX_MINMAX_H
#define _MODEL_LINUX_MINMAX_H

#include_next <linux/kernel.h>

/* Types may differ, as the kernel allows where both are unsigned. */
#undef min
#undef max
#undef min_t
#undef max_t
#define min(a, b)	({ typeof(a) __a = (a); typeof(b) __b = (b); __a < __b ? __a : __b; })
#define max(a, b)	({ typeof(a) __c = (a); typeof(b) __d = (b); __c > __d ? __c : __d; })
#define min3(a, b, c)	min(min(a, b), c)
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))

#endif /* _MODEL_LINUX_MINMAX_H */
