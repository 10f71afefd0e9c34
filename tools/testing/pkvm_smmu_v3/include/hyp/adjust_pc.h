/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_HYP_ADJUST_PC_H
#define _MODEL_HYP_ADJUST_PC_H

#include <asm/sysreg.h>

static inline void kvm_skip_host_instr(void)
{
	write_sysreg_el2(read_sysreg_el2(SYS_ELR) + 4, SYS_ELR);
}

#endif /* _MODEL_HYP_ADJUST_PC_H */
