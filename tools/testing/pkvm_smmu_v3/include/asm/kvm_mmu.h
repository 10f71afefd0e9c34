/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_ASM_KVM_MMU_H
#define _MODEL_ASM_KVM_MMU_H

#include <linux/kvm_host.h>

#include <asm/kvm_pgtable.h>

extern s64 hyp_physvirt_offset;

/* To the point of coherency, see cache.c. */
void model_flush(const void *from, size_t size);
#define kvm_flush_dcache_to_poc(from, size)	model_flush(from, size)

#define __hyp_pa(virt)	((phys_addr_t)(virt) + hyp_physvirt_offset)

/* Whether protected mode is initialised, the only static branch there is. */
bool model_finalised(void);
#define static_branch_likely(...)	model_finalised()
#define static_branch_unlikely(...)	model_finalised()

static inline void __load_stage2(struct kvm_s2_mmu *mmu)
{
}

#endif /* _MODEL_ASM_KVM_MMU_H */
