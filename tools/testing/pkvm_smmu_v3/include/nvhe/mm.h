/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_NVHE_MM_H
#define _MODEL_NVHE_MM_H

#include <linux/memblock.h>

#include <nvhe/memory.h>
#include <nvhe/spinlock.h>

extern struct memblock_region hyp_memory[];
extern unsigned int hyp_memblock_nr;
extern struct kvm_pgtable pkvm_pgtable;
extern hyp_spinlock_t pkvm_pgd_lock;

void pkvm_ownership_selftest_again(void);

#endif /* _MODEL_NVHE_MM_H */
