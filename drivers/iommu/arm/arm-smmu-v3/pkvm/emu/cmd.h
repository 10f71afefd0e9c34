/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules for commands: what the host may put into its command queue, and what the
 * hardware gets. The rows of the table, by which a command is checked, are in cmd.c.
 */
#ifndef __ARM_SMMU_V3_PKVM_EMU_CMD_H
#define __ARM_SMMU_V3_PKVM_EMU_CMD_H

#include "emu.h"

/* Every value of the opcode field has an entry: no index is out of bounds, nor speculatively. */
#define SMMU_EMU_NR_OPS			(CMDQ_0_OP + 1)

/* enum pkvm_smmu_cmd_row, by opcode. */
extern const u8 pkvm_smmu_cmd_rows[SMMU_EMU_NR_OPS];

/* How the filter treats the commands of a row. */
enum pkvm_smmu_cmd_kind {
	SMMU_KIND_NONE,
	SMMU_KIND_HINT,
	SMMU_KIND_CFGI_STE,
	SMMU_KIND_CFGI_RANGE,
	SMMU_KIND_CFGI_CD,
	SMMU_KIND_TLBI,
	SMMU_KIND_TLBI_VA,
	SMMU_KIND_TLBI_NSNH,
	SMMU_KIND_ATC_INV,
	SMMU_KIND_STALL,
	SMMU_KIND_SYNC,
};

void pkvm_smmu_init_cmds(struct pkvm_smmu_caps *caps);

enum pkvm_smmu_cmd_action {
	SMMU_CMD_ILL,		/* CERROR_ILL; @out is empty */
	SMMU_CMD_DROP,		/* legal, without effect */
	SMMU_CMD_FORWARD,	/* issue @out */
	SMMU_CMD_SYNC,		/* issue @out, which is a CMD_SYNC */
	SMMU_CMD_SYNC_MSI,	/* issue @out, a CMD_SYNC; write @msi_data when it is complete */
	SMMU_CMD_CFGI_STE,	/* read the STE of @sid again, then issue @out */
	SMMU_CMD_CFGI_L1,	/* read all STEs of @sid's level 1 descriptor, then issue @out */
	SMMU_CMD_CFGI_RANGE,	/* read 2^@range_shift STEs from @sid on, then issue @out */
	SMMU_CMD_CFGI_ALL,	/* read all STEs again, then issue @out */
	SMMU_CMD_ATC_INV,	/* issue @out and a CMD_SYNC of EL2's, and wait for that */
};

/**
 * struct pkvm_smmu_cmd - What becomes of a host command
 * @action:      what to do
 * @out:         the command for the hardware, CPU endian; every field was either
 *               checked or made by EL2; without an MSI
 * @msi_addr:    where to write @msi_data; the host's choice, and not checked
 * @msi_data:    of SMMU_CMD_SYNC_MSI, CPU endian
 * @sid:         first stream ID of a CFGI_STE or CFGI_STE_RANGE, in range
 * @range_shift: log2 of the number of stream IDs of a CFGI_STE_RANGE, capped at
 *               the number of stream ID bits
 */
struct pkvm_smmu_cmd {
	enum pkvm_smmu_cmd_action action;
	struct arm_smmu_cmd out;
	u64 msi_addr;
	u32 msi_data;
	u32 sid;
	u8 range_shift;
};

/*
 * Let the hardware write the MSI of a CMD_SYNC, with the attributes by which CPUs access
 * memory. @addr is a physical address, which the caller has checked.
 */
static inline void pkvm_smmu_add_msi(struct arm_smmu_cmd *sync, u64 addr, u32 data)
{
	sync->data[0] |= FIELD_PREP(CMDQ_SYNC_0_MSH, ARM_SMMU_SH_ISH) |
			 FIELD_PREP(CMDQ_SYNC_0_MSIATTR, ARM_SMMU_MEMATTR_OIWB) |
			 FIELD_PREP(CMDQ_SYNC_0_MSIDATA, data);
	sync->data[1] = addr;
}

/* Slow path of pkvm_smmu_filter_cmd(), for rare commands */
struct pkvm_smmu_cmd pkvm_smmu_filter_rare(const struct pkvm_smmu_caps *caps, u8 kind,
					   struct arm_smmu_cmd in);

/**
 * pkvm_smmu_filter_cmd - Check a host command and make the hardware's from it
 * @caps: what the host is offered
 * @in:   EL2's copy of the host's command, CPU endian
 *
 * An opcode without a row, a set bit outside the row's masks, and a command of a feature that
 * is not offered give SMMU_CMD_ILL. A stream ID out of range and PREFETCH_* give SMMU_CMD_DROP.
 * The VMID becomes EL2's, TLBI_NSNH_ALL becomes TLBI_NH_ALL, and the caller has to write the
 * MSI of a CMD_SYNC (IHI0070G.b 4).
 *
 * Return: what to do, and the command for the hardware.
 */
static __always_inline struct pkvm_smmu_cmd
pkvm_smmu_filter_cmd(const struct pkvm_smmu_caps *caps, struct arm_smmu_cmd in)
{
	unsigned long row = pkvm_smmu_cmd_rows[FIELD_GET(CMDQ_0_OP, in.data[0])];
	const struct pkvm_smmu_cmd_rule *rule = &caps->cmd[row];
	struct pkvm_smmu_cmd cmd = { .action = SMMU_CMD_ILL };

	if ((in.data[0] & rule->refuse[0]) | (in.data[1] & rule->refuse[1]))
		return cmd;

	switch (rule->kind) {
	case SMMU_KIND_TLBI_VA:
		if (!arm_smmu_guest_range_valid(in.data, caps->features))
			return cmd;
		fallthrough;
	case SMMU_KIND_TLBI:
		cmd.action = SMMU_CMD_FORWARD;
		cmd.out.data[0] = (in.data[0] & ~CMDQ_TLBI_0_VMID) |
				  FIELD_PREP(CMDQ_TLBI_0_VMID, SMMU_EMU_VMID);
		cmd.out.data[1] = in.data[1];
		return cmd;
	case SMMU_KIND_SYNC:
		/*
		 * @out has no MSI: the hardware would write it past stage 2. An interrupt by
		 * wire is the hardware's (IHI0070G.b 4.7.3). SEV is not offered.
		 */
		cmd.action = SMMU_CMD_SYNC;
		cmd.out.data[0] = FIELD_PREP(CMDQ_0_OP, CMDQ_OP_CMD_SYNC);
		switch (FIELD_GET(CMDQ_SYNC_0_CS, in.data[0])) {
		case CMDQ_SYNC_0_CS_IRQ:
			cmd.out.data[0] |= FIELD_PREP(CMDQ_SYNC_0_CS, CMDQ_SYNC_0_CS_IRQ);
			if (!in.data[1])
				break;
			cmd.action = SMMU_CMD_SYNC_MSI;
			cmd.msi_addr = in.data[1];
			cmd.msi_data = FIELD_GET(CMDQ_SYNC_0_MSIDATA, in.data[0]);
			break;
		case CMDQ_SYNC_0_CS_NONE:
		case CMDQ_SYNC_0_CS_SEV:
			break;
		default:
			cmd.action = SMMU_CMD_ILL;
		}
		return cmd;
	default:
		return pkvm_smmu_filter_rare(caps, rule->kind, in);
	}
}

#endif /* __ARM_SMMU_V3_PKVM_EMU_CMD_H */
