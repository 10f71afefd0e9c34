// SPDX-License-Identifier: GPL-2.0-only
/*
 * Emulated SMMUv3: queues and commands.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/sizes.h>

#include <kunit/visibility.h>

#include "cmd.h"

/* A CFGI_STE_RANGE with this Range is CFGI_ALL. IHI0070G.b 4.3.2 */
#define CMDQ_CFGI_RANGE_ALL		31

/**
 * pkvm_smmu_queue_decode - Find the range of memory that a queue's BASE describes
 * @base_reg:  CMDQ_BASE or EVENTQ_BASE
 * @max_shift: IDR1's limit as the host reads it
 * @ent_shift: log2 of the bytes of an entry
 *
 * LOG2SIZE is capped. The address is aligned down to the size of the queue or 32 bytes,
 * whichever is more (IHI0070G.b 6.3.25, 6.3.26).
 *
 * Return: the range.
 */
struct pkvm_smmu_queue pkvm_smmu_queue_decode(u64 base_reg, u8 max_shift, u8 ent_shift)
{
	u8 log2size = FIELD_GET(Q_BASE_LOG2SIZE, base_reg);
	struct pkvm_smmu_queue q = { .shift = min(log2size, max_shift) };

	q.bytes = 1ULL << (q.shift + ent_shift);
	q.base = base_reg & Q_BASE_ADDR_MASK & ~(max(q.bytes, SZ_32) - 1);
	return q;
}

const u8 pkvm_smmu_cmd_rows[SMMU_EMU_NR_OPS] = {
	[CMDQ_OP_PREFETCH_CFG]	= SMMU_ROW_PREFETCH_CFG,
	[CMDQ_OP_PREFETCH_ADDR]	= SMMU_ROW_PREFETCH_ADDR,
	[CMDQ_OP_CFGI_STE]	= SMMU_ROW_CFGI_STE,
	[CMDQ_OP_CFGI_ALL]	= SMMU_ROW_CFGI_ALL,
	[CMDQ_OP_CFGI_CD]	= SMMU_ROW_CFGI_CD,
	[CMDQ_OP_CFGI_CD_ALL]	= SMMU_ROW_CFGI_CD_ALL,
	[CMDQ_OP_TLBI_NH_ALL]	= SMMU_ROW_TLBI_NH_ALL,
	[CMDQ_OP_TLBI_NH_ASID]	= SMMU_ROW_TLBI_NH_ASID,
	[CMDQ_OP_TLBI_NH_VA]	= SMMU_ROW_TLBI_NH_VA,
	[CMDQ_OP_TLBI_NH_VAA]	= SMMU_ROW_TLBI_NH_VAA,
	[CMDQ_OP_TLBI_NSNH_ALL]	= SMMU_ROW_TLBI_NSNH_ALL,
	[CMDQ_OP_ATC_INV]	= SMMU_ROW_ATC_INV,
	[CMDQ_OP_RESUME]	= SMMU_ROW_RESUME,
	[CMDQ_OP_STALL_TERM]	= SMMU_ROW_STALL_TERM,
	[CMDQ_OP_CMD_SYNC]	= SMMU_ROW_CMD_SYNC,
};
EXPORT_SYMBOL_IF_KUNIT(pkvm_smmu_cmd_rows);

/**
 * struct pkvm_smmu_cmd_fields - What the host may put into a command
 * @op:    its opcode
 * @kind:  how the filter treats it
 * @allow: bits that may be set besides the opcode; 0 if arm_smmu_guest_cmd_fields() has them
 *
 * No row allows SSec (bit 10), which selects the Secure state.
 */
struct pkvm_smmu_cmd_fields {
	u8 op;
	u8 kind;
	u64 allow[CMDQ_ENT_DWORDS];
};

/* IHI0070G.b 4.1.3 */
static const struct pkvm_smmu_cmd_fields pkvm_smmu_cmd_fields[SMMU_NR_ROWS] = {
	[SMMU_ROW_PREFETCH_CFG] = {
		.op = CMDQ_OP_PREFETCH_CFG,
		.kind = SMMU_KIND_HINT,
		.allow = { CMDQ_0_SSV | CMDQ_PREFETCH_0_SSID | CMDQ_PREFETCH_0_SID },
	},
	[SMMU_ROW_PREFETCH_ADDR] = {
		.op = CMDQ_OP_PREFETCH_ADDR,
		.kind = SMMU_KIND_HINT,
		.allow = { CMDQ_0_SSV | CMDQ_PREFETCH_0_SSID | CMDQ_PREFETCH_0_SID,
			   CMDQ_PREFETCH_1_SIZE | CMDQ_PREFETCH_1_STRIDE |
			   CMDQ_PREFETCH_1_ADDR_MASK },
	},
	[SMMU_ROW_CFGI_STE] = {
		.op = CMDQ_OP_CFGI_STE,
		.kind = SMMU_KIND_CFGI_STE,
		.allow = { CMDQ_CFGI_0_SID, CMDQ_CFGI_1_LEAF },
	},
	[SMMU_ROW_CFGI_ALL] = {
		.op = CMDQ_OP_CFGI_ALL,
		.kind = SMMU_KIND_CFGI_RANGE,
		.allow = { CMDQ_CFGI_0_SID, CMDQ_CFGI_1_RANGE },
	},
	[SMMU_ROW_CFGI_CD] = {
		.op = CMDQ_OP_CFGI_CD,
		.kind = SMMU_KIND_CFGI_CD,
	},
	[SMMU_ROW_CFGI_CD_ALL] = {
		.op = CMDQ_OP_CFGI_CD_ALL,
		.kind = SMMU_KIND_CFGI_CD,
	},
	[SMMU_ROW_TLBI_NH_ALL] = {
		.op = CMDQ_OP_TLBI_NH_ALL,
		.kind = SMMU_KIND_TLBI,
	},
	[SMMU_ROW_TLBI_NH_ASID] = {
		.op = CMDQ_OP_TLBI_NH_ASID,
		.kind = SMMU_KIND_TLBI,
	},
	[SMMU_ROW_TLBI_NH_VA] = {
		.op = CMDQ_OP_TLBI_NH_VA,
		.kind = SMMU_KIND_TLBI_VA,
	},
	[SMMU_ROW_TLBI_NH_VAA] = {
		.op = CMDQ_OP_TLBI_NH_VAA,
		.kind = SMMU_KIND_TLBI_VA,
	},
	[SMMU_ROW_TLBI_NSNH_ALL] = {
		.op = CMDQ_OP_TLBI_NSNH_ALL,
		.kind = SMMU_KIND_TLBI_NSNH,
	},
	[SMMU_ROW_ATC_INV] = {
		.op = CMDQ_OP_ATC_INV,
		.kind = SMMU_KIND_ATC_INV,
	},
	[SMMU_ROW_RESUME] = {
		.op = CMDQ_OP_RESUME,
		.kind = SMMU_KIND_STALL,
		.allow = { CMDQ_RESUME_0_SID | CMDQ_RESUME_0_RESP, CMDQ_RESUME_1_STAG },
	},
	[SMMU_ROW_STALL_TERM] = {
		.op = CMDQ_OP_STALL_TERM,
		.kind = SMMU_KIND_STALL,
		.allow = { CMDQ_RESUME_0_SID },
	},
	[SMMU_ROW_CMD_SYNC] = {
		.op = CMDQ_OP_CMD_SYNC,
		.kind = SMMU_KIND_SYNC,
		.allow = { CMDQ_SYNC_0_CS | CMDQ_SYNC_0_MSH | CMDQ_SYNC_0_MSIATTR |
			   CMDQ_SYNC_0_MSIDATA,
			   CMDQ_SYNC_1_MSIADDR_MASK },
	},
};

/**
 * pkvm_smmu_init_cmds - Fill the command table
 * @caps: @ids and @ssid_bits are read; @features and @cmd are filled
 */
void pkvm_smmu_init_cmds(struct pkvm_smmu_caps *caps)
{
	u8 asid_bits = caps->ids.idr[0] & IDR0_ASID16 ? 16 : 8;
	unsigned int row;

	caps->features = 0;
	if (caps->ids.idr[3] & IDR3_RIL)
		caps->features |= ARM_SMMU_FEAT_RANGE_INV;
	if (caps->ids.idr[5] & IDR5_DS)
		caps->features |= ARM_SMMU_FEAT_DS;
	if (caps->ids.idr[0] & IDR0_ATS)
		caps->features |= ARM_SMMU_FEAT_ATS;

	caps->cmd[SMMU_ROW_NONE] = (struct pkvm_smmu_cmd_rule) {
		.refuse = { ~0ULL, ~0ULL },
		.kind = SMMU_KIND_NONE,
	};
	for (row = SMMU_ROW_NONE + 1; row < SMMU_NR_ROWS; row++) {
		const struct pkvm_smmu_cmd_fields *fields = &pkvm_smmu_cmd_fields[row];
		u64 allow[] = { fields->allow[0] | CMDQ_0_OP, fields->allow[1] };

		/* MSIAddress and MSIData need MSIs. IHI0070G.b 4.7.3 */
		if (fields->kind == SMMU_KIND_SYNC && !(caps->ids.idr[0] & IDR0_MSI)) {
			allow[0] &= ~CMDQ_SYNC_0_MSIDATA;
			allow[1] = 0;
		}
		/* These commands are CERROR_ILL without stalls. IHI0070G.b 4.7.1, 4.7.2 */
		if (fields->kind == SMMU_KIND_STALL && !pkvm_smmu_can_stall(caps))
			allow[0] &= ~CMDQ_0_OP;
		if (!fields->allow[0] &&
		    !arm_smmu_guest_cmd_fields(fields->op, caps->features, asid_bits,
					       caps->ssid_bits, allow))
			allow[0] = 0;
		caps->cmd[row] = (struct pkvm_smmu_cmd_rule) {
			.refuse = { ~allow[0], ~allow[1] },
			.kind = fields->kind,
		};
	}
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_smmu_init_cmds);

/*
 * The hardware may take a stream or substream out of range for any other (IHI0070G.b 4.1.2), so
 * it never gets such a command.
 */
static bool pkvm_smmu_sid_in_range(const struct pkvm_smmu_caps *caps, struct arm_smmu_cmd in)
{
	return !(FIELD_GET(CMDQ_CFGI_0_SID, in.data[0]) >> caps->sid_bits);
}

static bool pkvm_smmu_cfgi_in_range(const struct pkvm_smmu_caps *caps,
				    struct arm_smmu_cmd in)
{
	u64 ssid = FIELD_GET(CMDQ_CFGI_0_SSID, in.data[0]);

	return pkvm_smmu_sid_in_range(caps, in) && !(ssid >> caps->ssid_bits);
}

/* Return the StreamID of a command, in range: it is an index into EL2's tables. */
static u32 pkvm_smmu_cfgi_sid(const struct pkvm_smmu_caps *caps, struct arm_smmu_cmd in)
{
	return array_index_nospec(FIELD_GET(CMDQ_CFGI_0_SID, in.data[0]),
				  1UL << caps->sid_bits);
}

/*
 * Leaf is 0, as EL2's level 1 descriptor may have changed with the STE. If a level 1 descriptor
 * of the host's may have changed, so may all of its STEs: all are invalidated.
 */
static void pkvm_smmu_make_cfgi_ste(const struct pkvm_smmu_caps *caps,
				    struct arm_smmu_cmd in,
				    struct pkvm_smmu_cmd *cmd)
{
	if (!pkvm_smmu_cfgi_in_range(caps, in)) {
		cmd->action = SMMU_CMD_DROP;
		return;
	}

	cmd->sid = pkvm_smmu_cfgi_sid(caps, in);
	if (in.data[1] & CMDQ_CFGI_1_LEAF) {
		cmd->action = SMMU_CMD_CFGI_STE;
		cmd->out = arm_smmu_make_cmd_cfgi_ste(cmd->sid, false);
	} else {
		cmd->action = SMMU_CMD_CFGI_L1;
		cmd->out = arm_smmu_make_cmd_cfgi_all();
	}
}

static void pkvm_smmu_make_cfgi_range(const struct pkvm_smmu_caps *caps,
				      struct arm_smmu_cmd in,
				      struct pkvm_smmu_cmd *cmd)
{
	u8 range = FIELD_GET(CMDQ_CFGI_1_RANGE, in.data[1]);
	u32 sid;

	if (range != CMDQ_CFGI_RANGE_ALL && !pkvm_smmu_cfgi_in_range(caps, in)) {
		cmd->action = SMMU_CMD_DROP;
		return;
	}
	if (range + 1 >= caps->sid_bits) {
		cmd->action = SMMU_CMD_CFGI_ALL;
		cmd->out = arm_smmu_make_cmd_cfgi_all();
		return;
	}

	/* 2^(Range + 1) stream IDs, the first one aligned. IHI0070G.b 4.3.2 */
	sid = pkvm_smmu_cfgi_sid(caps, in);
	cmd->action = SMMU_CMD_CFGI_RANGE;
	cmd->sid = sid >> (range + 1) << (range + 1);
	cmd->range_shift = range + 1;
	cmd->out.data[0] = FIELD_PREP(CMDQ_0_OP, CMDQ_OP_CFGI_ALL) |
			   FIELD_PREP(CMDQ_CFGI_0_SID, cmd->sid);
	cmd->out.data[1] = FIELD_PREP(CMDQ_CFGI_1_RANGE, range);
}

/* The host may choose any device, as all devices are the host's. */
static void pkvm_smmu_make_atc_inv(const struct pkvm_smmu_caps *caps,
				   struct arm_smmu_cmd in,
				   struct pkvm_smmu_cmd *cmd)
{
	/* More than all. IHI0070G.b 4.5.1 */
	if (FIELD_GET(CMDQ_ATC_1_SIZE, in.data[1]) > ATC_INV_SIZE_ALL)
		return;

	/* Global and the SubstreamID have no meaning without SSV. */
	if (!(in.data[0] & CMDQ_0_SSV))
		in.data[0] &= ~(CMDQ_ATC_0_SSID | CMDQ_ATC_0_GLOBAL);
	cmd->action = pkvm_smmu_cfgi_in_range(caps, in) ? SMMU_CMD_ATC_INV : SMMU_CMD_DROP;
	cmd->out = in;
}

struct pkvm_smmu_cmd pkvm_smmu_filter_rare(const struct pkvm_smmu_caps *caps, u8 kind,
					   struct arm_smmu_cmd in)
{
	struct pkvm_smmu_cmd cmd = { .action = SMMU_CMD_ILL };

	switch (kind) {
	case SMMU_KIND_HINT:
		/* The hardware fetches on demand without the hint. IHI0070G.b 4.2 */
		cmd.action = SMMU_CMD_DROP;
		break;
	case SMMU_KIND_CFGI_STE:
		pkvm_smmu_make_cfgi_ste(caps, in, &cmd);
		break;
	case SMMU_KIND_CFGI_RANGE:
		pkvm_smmu_make_cfgi_range(caps, in, &cmd);
		break;
	case SMMU_KIND_CFGI_CD:
		/* The hardware reads CDs from the host's memory, through stage 2. */
		cmd.action = pkvm_smmu_cfgi_in_range(caps, in) ? SMMU_CMD_FORWARD :
								 SMMU_CMD_DROP;
		cmd.out = in;
		break;
	case SMMU_KIND_STALL:
		/* It ends a stalled transaction of a stream. All streams are the host's. */
		cmd.action = pkvm_smmu_sid_in_range(caps, in) ? SMMU_CMD_FORWARD : SMMU_CMD_DROP;
		cmd.out = in;
		break;
	case SMMU_KIND_TLBI_NSNH:
		/* EL2 has one VMID for all VMIDs of the host. */
		cmd.action = SMMU_CMD_FORWARD;
		cmd.out = arm_smmu_make_cmd_tlbi(CMDQ_OP_TLBI_NH_ALL, 0, SMMU_EMU_VMID);
		break;
	case SMMU_KIND_ATC_INV:
		pkvm_smmu_make_atc_inv(caps, in, &cmd);
		break;
	default:
		break;
	}

	return cmd;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_smmu_filter_rare);
