/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ARM_SMMU_V3_PKVM_EMU_DEFS_H
#define __ARM_SMMU_V3_PKVM_EMU_DEFS_H

#include "../arm-smmu-v3.h"

/*
 * Registers and fields that the driver in this directory's parent has no use
 * for, in the form of arm-smmu-v3.h. IHI0070G.b 6.3.
 */
#define ARM_SMMU_IDR2			0x8
#define ARM_SMMU_IDR4			0x10
#define ARM_SMMU_S2PII			0x30
#define ARM_SMMU_STATUSR		0x40
#define ARM_SMMU_AGBPA			0x48
#define ARM_SMMU_GATOS_CTRL		0x100
#define ARM_SMMU_GATOS_SID		0x108
#define ARM_SMMU_GATOS_ADDR		0x110
#define ARM_SMMU_GATOS_PAR		0x118
#define ARM_SMMU_MPAMIDR		0x130
#define ARM_SMMU_GMPAM			0x138
#define ARM_SMMU_GBPMPAM		0x13c
#define ARM_SMMU_VATOS_SEL		0x180
#define ARM_SMMU_IDR6			0x190
#define ARM_SMMU_DPT_BASE		0x200
#define ARM_SMMU_DPT_BASE_CFG		0x208
#define ARM_SMMU_DPT_CFG_FAR		0x210

#define IDR0_TERM_MODEL			BIT(26)
#define IDR0_VATOS			BIT(20)
#define IDR0_STALL_MODEL_TERMINATE	1
#define IDR1_ECMDQ			BIT(31)
#define IDR3_HAD			BIT(2)
#define IDR3_STT			BIT(9)
#define IDR3_E0PD			BIT(13)

#define GBPA_INSTCFG			GENMASK(19, 18)
#define GBPA_PRIVCFG			GENMASK(17, 16)
#define GBPA_SHCFG			GENMASK(13, 12)
#define GBPA_ALLOCCFG			GENMASK(11, 8)
#define GBPA_MTCFG			BIT(4)
#define GBPA_MEMATTR			GENMASK(3, 0)

#define STRTAB_STE_2_S2AFFD		BIT(53)

#define CMDQ_TLBI_TG_16K		2

/* SCALE has a sixth bit only for the larger addresses of DS. */
#define CMDQ_TLBI_SCALE_MAX		31

#define CMDQ_OP_PREFETCH_ADDR		0x2
#define CMDQ_PREFETCH_0_SSID		GENMASK_ULL(31, 12)
#define CMDQ_PREFETCH_1_STRIDE		GENMASK_ULL(9, 5)

/* As in arm-smmu-v3.c. */
#define IIDR_IMPLEMENTER_ARM		0x43b
#define IIDR_PRODUCTID_ARM_MMU_600	0x483
#define IIDR_PRODUCTID_ARM_MMU_700	0x487

#endif /* __ARM_SMMU_V3_PKVM_EMU_DEFS_H */
