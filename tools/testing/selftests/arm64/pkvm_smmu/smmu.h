/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers of the emulated SMMU, which user space reaches through /dev/mem, and a reset
 * that puts the driver's settings back: after any change of the registers the driver goes on
 * as if nothing had happened. Devices behind the SMMU must be idle meanwhile.
 */
#ifndef PKVM_SMMU_SMMU_H
#define PKVM_SMMU_SMMU_H

#include <stdint.h>

#define ARM_SMMU_IDR0			0x0
#define  IDR0_S2P			0x1
#define  IDR0_S1P			0x2
#define  IDR0_HYP			0x200
#define  IDR0_ATS			0x400
#define  IDR0_ATOS			0x8000
#define  IDR0_PRI			0x10000
#define  IDR0_VMW			0x20000
#define  IDR0_VATOS			0x100000
#define ARM_SMMU_IDR1			0x4
#define  IDR1_ECMDQ			0x80000000
#define  IDR1_TABLES_PRESET		0x40000000
#define  IDR1_QUEUES_PRESET		0x20000000
#define ARM_SMMU_AIDR			0x1c
#define ARM_SMMU_CR0			0x20
#define  CR0_SMMUEN			0x1
#define  CR0_EVTQEN			0x4
#define  CR0_CMDQEN			0x8
#define ARM_SMMU_CR0ACK			0x24
#define ARM_SMMU_CR1			0x28
#define ARM_SMMU_CR2			0x2c
#define ARM_SMMU_GBPA			0x44
#define  GBPA_UPDATE			0x80000000
#define ARM_SMMU_IRQ_CTRL		0x50
#define ARM_SMMU_GERROR			0x60
#define ARM_SMMU_GERRORN		0x64
#define ARM_SMMU_STRTAB_BASE		0x80
#define ARM_SMMU_STRTAB_BASE_CFG	0x88
#define ARM_SMMU_CMDQ_BASE		0x90
#define ARM_SMMU_CMDQ_PROD		0x98
#define ARM_SMMU_CMDQ_CONS		0x9c
#define ARM_SMMU_EVTQ_BASE		0xa0
#define ARM_SMMU_EVTQ_PROD		0x100a8
#define ARM_SMMU_EVTQ_CONS		0x100ac

#define CMDQ_OP_CFGI_STE		0x3
#define CMDQ_OP_CFGI_ALL		0x4
#define  CMDQ_CFGI_RANGE_ALL		31
#define CMDQ_OP_TLBI_NH_ALL		0x10
#define CMDQ_OP_TLBI_NSNH_ALL		0x30
#define CMDQ_OP_SYNC			0x46

struct smmu {
	char *mmio;
	uint64_t *cmdq;			/* a page */

	/* What the driver has set */
	uint64_t strtab_base, cmdq_base, evtq_base;
	uint32_t strtab_cfg, cr0, cr1, cr2, gbpa, irq_ctrl;
	uint32_t cmdq_idx, evtq_prod, evtq_cons;
};

/* Map the first SMMU, and save the settings of its driver. */
void smmu_open(struct smmu *smmu);
void smmu_close(struct smmu *smmu);

/* Reset the SMMU, and put the driver's settings back. */
void smmu_restore(struct smmu *smmu);

uint32_t smmu_read(struct smmu *smmu, uint32_t reg);
void smmu_write(struct smmu *smmu, uint32_t reg, uint32_t value);

#endif
