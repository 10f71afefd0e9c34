/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_LINUX_MEMBLOCK_H
#define _MODEL_LINUX_MEMBLOCK_H

#include <linux/types.h>

struct memblock_region {
	phys_addr_t base;
	phys_addr_t size;
	unsigned long flags;
};

#endif /* _MODEL_LINUX_MEMBLOCK_H */
