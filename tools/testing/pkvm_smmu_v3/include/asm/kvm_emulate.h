/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_ASM_KVM_EMULATE_H
#define _MODEL_ASM_KVM_EMULATE_H

#include <linux/kvm_host.h>

#include <asm/esr.h>

/* As in asm/kvm_arm.h. */
#define FAR_TO_FIPA_OFFSET(far)	((far) & GENMASK_ULL(11, 0))

#endif /* _MODEL_ASM_KVM_EMULATE_H */
