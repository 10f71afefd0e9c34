/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_ASM_KVM_PKVM_H
#define _MODEL_ASM_KVM_PKVM_H

#include <linux/kvm_host.h>
#include <linux/memblock.h>

extern struct memblock_region hyp_memory[];
extern unsigned int hyp_memblock_nr;

#endif /* _MODEL_ASM_KVM_PKVM_H */
