/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_NVHE_MM_H
#define _MODEL_NVHE_MM_H

#include <linux/memblock.h>

#include <asm/kvm_pgtable.h>

#include <nvhe/memory.h>
#include <nvhe/spinlock.h>

extern struct memblock_region hyp_memory[];
extern unsigned int hyp_memblock_nr;
extern struct kvm_pgtable pkvm_pgtable;
extern hyp_spinlock_t pkvm_pgd_lock;

int pkvm_map_private_locked(phys_addr_t phys, u64 size, enum kvm_pgtable_prot prot,
			    unsigned long *haddr);
u64 model_hyp_unmap(unsigned long haddr, u64 size);
#define kvm_pgtable_hyp_unmap(pgt, haddr, size)	((void)(pgt), model_hyp_unmap(haddr, size))

void pkvm_ownership_selftest_again(void);

#endif /* _MODEL_NVHE_MM_H */
