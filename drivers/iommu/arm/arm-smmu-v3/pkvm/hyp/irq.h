/* SPDX-License-Identifier: GPL-2.0-only */
/* EL2's SMMUv3 driver: the SMMU's own interrupts. Context: emu_lock is held. */
#ifndef __ARM_SMMU_V3_PKVM_HYP_IRQ_H
#define __ARM_SMMU_V3_PKVM_HYP_IRQ_H

#include "smmu.h"

/* Drop the doorbells that are not MMIO of the host's. Context: the host is trusted. */
void hyp_smmu_check_doorbells(void);

/*
 * Write the registers of MSIs: the doorbell of each interrupt that the host has enabled, none
 * for all others. Interrupts in @on, as in IRQ_CTRL, are on in the hardware: they stay as is.
 */
void hyp_smmu_irq_program(struct hyp_smmu *smmu, u32 on);

/* Bring IRQ_CTRLACK up to date. Interrupts that are on now and have a bad MSI report it. */
void hyp_smmu_irq_settle(struct hyp_smmu *smmu);

/* The host writes @val to IRQ_CTRL, after hyp_smmu_irq_settle(). */
void hyp_smmu_irq_write_ctrl(struct hyp_smmu *smmu, u32 val);

#endif /* __ARM_SMMU_V3_PKVM_HYP_IRQ_H */
