/* SPDX-License-Identifier: GPL-2.0-only */
/* The system registers that the sources use, of the CPU that runs in the model. */
#ifndef _MODEL_ASM_SYSREG_H
#define _MODEL_ASM_SYSREG_H

#include <linux/const.h>
#include <linux/types.h>

enum model_sysreg {
	SYS_SPSR,
	SYS_ELR,
	SYS_ESR,
	SYS_FAR,
	SYS_HPFAR,
	MODEL_NR_SYSREGS
};

u64 *model_sysreg(enum model_sysreg reg);
u64 model_counter(void);

#define read_sysreg_el2(r)	(*model_sysreg(r))
#define write_sysreg_el2(v, r)	(*model_sysreg(r) = (v))

/* Those that are read by name. */
#define read_sysreg(r)		model_sysreg_##r()
#define write_sysreg(v, ...)	((void)(v))
#define model_sysreg_cntpct_el0()	model_counter()
#define model_sysreg_hpfar_el2()	(*model_sysreg(SYS_HPFAR))

/* Immediates of BRK, of no use here. */
#define CFI_BRK_IMM_MASK	0
#define CFI_BRK_IMM_BASE	0
#define UBSAN_BRK_MASK		0
#define UBSAN_BRK_IMM		0

#define HPFAR_EL2_FIPA		GENMASK_ULL(47, 4)

#define PSR_MODE32_BIT		0x00000010
#define PSR_BTYPE_MASK		0x00000c00
#define DBG_SPSR_SS		BIT(21)

#define ID_AA64MMFR0_EL1_PARANGE_48	5
#define ID_AA64MMFR0_EL1_PARANGE_52	6
#define ID_AA64MMFR0_EL1_PARANGE_SHIFT	0
#define cpuid_feature_extract_unsigned_field(v, s)	(((v) >> (s)) & 15)
#define system_supports_lpa2()		0
/* Only the erratum with which a trap is recognised late is asked for. */
#define ARM64_WORKAROUND_834220	0

extern bool model_late_traps;

static inline bool cpus_have_final_cap(unsigned int cap)
{
	return model_late_traps;
}

#endif /* _MODEL_ASM_SYSREG_H */
