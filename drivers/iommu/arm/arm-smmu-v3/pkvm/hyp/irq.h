/* SPDX-License-Identifier: GPL-2.0-only */
/* EL2's SMMUv3 driver: the SMMU's own interrupts */
#ifndef __ARM_SMMU_V3_PKVM_HYP_IRQ_H
#define __ARM_SMMU_V3_PKVM_HYP_IRQ_H

#include "smmu.h"

void hyp_smmu_check_doorbells(void);
void hyp_smmu_irq_program(struct hyp_smmu *smmu, u32 on);
void hyp_smmu_irq_settle(struct hyp_smmu *smmu);
void hyp_smmu_irq_write_ctrl(struct hyp_smmu *smmu, u32 val);

#endif /* __ARM_SMMU_V3_PKVM_HYP_IRQ_H */
