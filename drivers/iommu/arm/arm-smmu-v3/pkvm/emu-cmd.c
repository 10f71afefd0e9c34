// SPDX-License-Identifier: GPL-2.0-only
/*
 * Emulated SMMUv3: queues and commands.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/sizes.h>

#include "emu.h"

/* Range of a CFGI_STE_RANGE that makes it CFGI_ALL. IHI0070G.b 4.3.2 */
#define CMDQ_CFGI_RANGE_ALL		31

struct smmu_emu_queue smmu_emu_queue_decode(u64 base_reg, u8 max_shift, u8 ent_shift)
{
	u8 log2size = FIELD_GET(Q_BASE_LOG2SIZE, base_reg);
	struct smmu_emu_queue q = { .shift = min(log2size, max_shift) };

	q.bytes = 1ULL << (q.shift + ent_shift);
	q.base = base_reg & Q_BASE_ADDR_MASK & ~(max(q.bytes, SZ_32) - 1);
	return q;
}

/* Fills what smmu_emu_filter_by_row() has cleared; leaves SMMU_CMD_ILL as it is. */
typedef void (*smmu_emu_make_cmd_t)(const struct smmu_emu_caps *caps,
				    const struct arm_smmu_cmd *in,
				    struct smmu_emu_cmd *cmd);

/* A hint; what it fetches is fetched on demand all the same. IHI0070G.b 4.2 */
static void smmu_emu_make_prefetch(const struct smmu_emu_caps *caps,
				   const struct arm_smmu_cmd *in,
				   struct smmu_emu_cmd *cmd)
{
	cmd->action = SMMU_CMD_DROP;
}

/*
 * The hardware may take any stream or substream for one out of range
 * (IHI0070G.b 4.1.2): such a command never gets there.
 */
static bool smmu_emu_cfgi_in_range(const struct smmu_emu_caps *caps,
				   const struct arm_smmu_cmd *in)
{
	u64 sid = FIELD_GET(CMDQ_CFGI_0_SID, in->data[0]);
	u64 ssid = FIELD_GET(CMDQ_CFGI_0_SSID, in->data[0]);

	return !(sid >> caps->sid_bits) && !(ssid >> caps->ssid_bits);
}

/* Leaf=0, since a level 1 descriptor of EL2's may have changed with the STE. */
static void smmu_emu_make_cfgi_ste(const struct smmu_emu_caps *caps,
				   const struct arm_smmu_cmd *in,
				   struct smmu_emu_cmd *cmd)
{
	u32 sid = FIELD_GET(CMDQ_CFGI_0_SID, in->data[0]);

	if (!smmu_emu_cfgi_in_range(caps, in)) {
		cmd->action = SMMU_CMD_DROP;
		return;
	}

	cmd->action = SMMU_CMD_CFGI_STE;
	cmd->out = arm_smmu_make_cmd_cfgi_ste(sid, false);
	cmd->sid = sid;
}

static void smmu_emu_make_cfgi_range(const struct smmu_emu_caps *caps,
				     const struct arm_smmu_cmd *in,
				     struct smmu_emu_cmd *cmd)
{
	u8 range = FIELD_GET(CMDQ_CFGI_1_RANGE, in->data[1]);
	u32 sid = FIELD_GET(CMDQ_CFGI_0_SID, in->data[0]);

	if (range != CMDQ_CFGI_RANGE_ALL && !smmu_emu_cfgi_in_range(caps, in)) {
		cmd->action = SMMU_CMD_DROP;
		return;
	}
	if (range + 1 >= caps->sid_bits) {
		cmd->action = SMMU_CMD_CFGI_ALL;
		cmd->out = arm_smmu_make_cmd_cfgi_all();
		return;
	}

	/* 2^(Range + 1) stream IDs, the first one aligned. IHI0070G.b 4.3.2 */
	cmd->action = SMMU_CMD_CFGI_RANGE;
	cmd->sid = sid >> (range + 1) << (range + 1);
	cmd->range_shift = range + 1;
	cmd->out.data[0] = FIELD_PREP(CMDQ_0_OP, CMDQ_OP_CFGI_ALL) |
			   FIELD_PREP(CMDQ_CFGI_0_SID, cmd->sid);
	cmd->out.data[1] = FIELD_PREP(CMDQ_CFGI_1_RANGE, range);
}

/* The hardware reads CDs from the host's memory, through stage 2. */
static void smmu_emu_make_cfgi_cd(const struct smmu_emu_caps *caps,
				  const struct arm_smmu_cmd *in,
				  struct smmu_emu_cmd *cmd)
{
	if (!smmu_emu_cfgi_in_range(caps, in)) {
		cmd->action = SMMU_CMD_DROP;
		return;
	}

	cmd->action = SMMU_CMD_FORWARD;
	cmd->out = *in;
}

static void smmu_emu_make_tlbi(const struct smmu_emu_caps *caps,
			       const struct arm_smmu_cmd *in,
			       struct smmu_emu_cmd *cmd)
{
	cmd->action = SMMU_CMD_FORWARD;
	cmd->out = *in;
	smmu_emu_set_vmid(&cmd->out);
}

/*
 * The combinations of the range fields that the hardware may answer with CERROR_ILL
 * get that here (IHI0070G.b 4.4.1.1). The addresses that make the range
 * UNPREDICTABLE pass: more than asked for may always be invalidated, and if it is
 * less, then what stays are translations of the host's own stage 1. EL2's
 * invalidation for stage 2 is by VMID and does not rely on the host's.
 */
static void smmu_emu_make_tlbi_va(const struct smmu_emu_caps *caps,
				  const struct arm_smmu_cmd *in,
				  struct smmu_emu_cmd *cmd)
{
	u64 range = in->data[0] & (CMDQ_TLBI_0_NUM | CMDQ_TLBI_0_SCALE);
	u64 scale = FIELD_GET(CMDQ_TLBI_0_SCALE, in->data[0]);
	bool ds = caps->ids.idr[5] & IDR5_DS;
	u64 ttl = in->data[1] & CMDQ_TLBI_1_TTL;
	u64 tg = FIELD_GET(CMDQ_TLBI_1_TG, in->data[1]);

	/* Level 1 has no blocks of 16 KiB pages without DS: treated as any level. */
	if (tg == CMDQ_TLBI_TG_16K && ttl == FIELD_PREP(CMDQ_TLBI_1_TTL, 1) && !ds)
		ttl = 0;
	if (scale > CMDQ_TLBI_SCALE_MAX && !ds)
		return;
	/* A granule for a range or a level, and nothing else. */
	if (!tg != !(range | ttl))
		return;

	smmu_emu_make_tlbi(caps, in, cmd);
	cmd->out.data[1] &= ~CMDQ_TLBI_1_TTL;
	cmd->out.data[1] |= ttl;
}

/* All VMIDs that the host knows of are the one that EL2 uses. */
static void smmu_emu_make_tlbi_nsnh(const struct smmu_emu_caps *caps,
				    const struct arm_smmu_cmd *in,
				    struct smmu_emu_cmd *cmd)
{
	cmd->action = SMMU_CMD_FORWARD;
	cmd->out = arm_smmu_make_cmd_tlbi(CMDQ_OP_TLBI_NH_ALL, 0, SMMU_EMU_VMID);
}

/*
 * No MSI: the hardware would write it past stage 2. Whoever knows where the host may
 * have it sees to it. The interrupt by wire is the hardware's (IHI0070G.b 4.7.3). SEV
 * is not offered.
 */
static void smmu_emu_make_sync(const struct smmu_emu_caps *caps,
			       const struct arm_smmu_cmd *in,
			       struct smmu_emu_cmd *cmd)
{
	u64 cs = FIELD_GET(CMDQ_SYNC_0_CS, in->data[0]);

	if (cs > CMDQ_SYNC_0_CS_SEV)
		return;

	cmd->action = SMMU_CMD_SYNC;
	cmd->out = arm_smmu_make_cmd_op(CMDQ_OP_CMD_SYNC);
	if (cs != CMDQ_SYNC_0_CS_IRQ)
		return;

	cmd->out.data[0] |= FIELD_PREP(CMDQ_SYNC_0_CS, CMDQ_SYNC_0_CS_IRQ);
	cmd->msi_addr = in->data[1] & CMDQ_SYNC_1_MSIADDR_MASK;
	if (cmd->msi_addr)
		cmd->msi_data = FIELD_GET(CMDQ_SYNC_0_MSIDATA, in->data[0]);
}

/**
 * struct smmu_emu_cmd_row - What the host may put into a command
 * @make:  makes the hardware's command; NULL for an opcode that is refused
 * @allow: the bits that may be set, the opcode apart
 * @ril:   more of them where IDR3.RIL is offered
 *
 * No row allows SSec (bit 10), which selects the Secure state.
 */
struct smmu_emu_cmd_row {
	smmu_emu_make_cmd_t make;
	u64 allow[CMDQ_ENT_DWORDS];
	u64 ril[CMDQ_ENT_DWORDS];
};

#define CMDQ_TLBI_RIL							\
	{								\
		CMDQ_TLBI_0_NUM | CMDQ_TLBI_0_SCALE,			\
		CMDQ_TLBI_1_TTL | CMDQ_TLBI_1_TG,			\
	}

/* By opcode. IHI0070G.b 4.1.3 */
static const struct smmu_emu_cmd_row smmu_emu_cmd_rows[] = {
	[CMDQ_OP_PREFETCH_CFG] = {
		.make = smmu_emu_make_prefetch,
		.allow = { CMDQ_0_SSV | CMDQ_PREFETCH_0_SSID | CMDQ_PREFETCH_0_SID },
	},
	[CMDQ_OP_PREFETCH_ADDR] = {
		.make = smmu_emu_make_prefetch,
		.allow = { CMDQ_0_SSV | CMDQ_PREFETCH_0_SSID | CMDQ_PREFETCH_0_SID,
			   CMDQ_PREFETCH_1_SIZE | CMDQ_PREFETCH_1_STRIDE |
			   CMDQ_PREFETCH_1_ADDR_MASK },
	},
	[CMDQ_OP_CFGI_STE] = {
		.make = smmu_emu_make_cfgi_ste,
		.allow = { CMDQ_CFGI_0_SID, CMDQ_CFGI_1_LEAF },
	},
	[CMDQ_OP_CFGI_ALL] = {	/* and CFGI_STE_RANGE */
		.make = smmu_emu_make_cfgi_range,
		.allow = { CMDQ_CFGI_0_SID, CMDQ_CFGI_1_RANGE },
	},
	[CMDQ_OP_CFGI_CD] = {
		.make = smmu_emu_make_cfgi_cd,
		.allow = { CMDQ_CFGI_0_SID | CMDQ_CFGI_0_SSID, CMDQ_CFGI_1_LEAF },
	},
	[CMDQ_OP_CFGI_CD_ALL] = {
		.make = smmu_emu_make_cfgi_cd,
		.allow = { CMDQ_CFGI_0_SID },
	},
	[CMDQ_OP_TLBI_NH_ALL] = {
		.make = smmu_emu_make_tlbi,
		.allow = { CMDQ_TLBI_0_VMID },
	},
	[CMDQ_OP_TLBI_NH_ASID] = {
		.make = smmu_emu_make_tlbi,
		.allow = { CMDQ_TLBI_0_VMID | CMDQ_TLBI_0_ASID },
	},
	[CMDQ_OP_TLBI_NH_VA] = {
		.make = smmu_emu_make_tlbi_va,
		.allow = { CMDQ_TLBI_0_VMID | CMDQ_TLBI_0_ASID,
			   CMDQ_TLBI_1_LEAF | CMDQ_TLBI_1_VA_MASK },
		.ril = CMDQ_TLBI_RIL,
	},
	[CMDQ_OP_TLBI_NH_VAA] = {
		.make = smmu_emu_make_tlbi_va,
		.allow = { CMDQ_TLBI_0_VMID,
			   CMDQ_TLBI_1_LEAF | CMDQ_TLBI_1_VA_MASK },
		.ril = CMDQ_TLBI_RIL,
	},
	[CMDQ_OP_TLBI_NSNH_ALL] = {
		.make = smmu_emu_make_tlbi_nsnh,
	},
	[CMDQ_OP_CMD_SYNC] = {
		.make = smmu_emu_make_sync,
		.allow = { CMDQ_SYNC_0_CS | CMDQ_SYNC_0_MSH | CMDQ_SYNC_0_MSIATTR |
			   CMDQ_SYNC_0_MSIDATA,
			   CMDQ_SYNC_1_MSIADDR_MASK },
	},
};

void smmu_emu_filter_by_row(const struct smmu_emu_caps *caps, const struct arm_smmu_cmd *in,
			    struct smmu_emu_cmd *cmd)
{
	u64 ril = caps->ids.idr[3] & IDR3_RIL ? ~0ULL : 0;
	u8 op = FIELD_GET(CMDQ_0_OP, in->data[0]);
	const struct smmu_emu_cmd_row *row;

	cmd->action = SMMU_CMD_ILL;
	cmd->out.data[0] = 0;
	cmd->out.data[1] = 0;
	cmd->msi_addr = 0;
	cmd->msi_data = 0;
	cmd->sid = 0;
	cmd->range_shift = 0;

	if (op >= ARRAY_SIZE(smmu_emu_cmd_rows) || !smmu_emu_cmd_rows[op].make)
		return;

	row = &smmu_emu_cmd_rows[op];
	if ((in->data[0] & ~(row->allow[0] | (row->ril[0] & ril) | CMDQ_0_OP)) ||
	    (in->data[1] & ~(row->allow[1] | (row->ril[1] & ril))))
		return;

	row->make(caps, in, cmd);
}
