// SPDX-License-Identifier: GPL-2.0-only
/* The command filter: all 2^128 commands of the host's, all SMMUs that EL2 can own. */
#include "any.h"

/* IHI0070G.b 4.1.3 */
#define PREFETCH_CONFIG	0x01
#define PREFETCH_ADDR	0x02
#define CFGI_STE	0x03
#define CFGI_STE_RANGE	0x04
#define CFGI_CD		0x05
#define CFGI_CD_ALL	0x06
#define TLBI_NH_ALL	0x10
#define TLBI_NH_ASID	0x11
#define TLBI_NH_VA	0x12
#define TLBI_NH_VAA	0x13
#define TLBI_NSNH_ALL	0x30
#define ATC_INV		0x40
#define RESUME	0x44
#define STALL_TERM	0x45
#define CMD_SYNC	0x46

#define OP		GENMASK(7, 0)
#define SID		GENMASK(63, 32)
#define SSID		GENMASK(31, 12)
#define VMID		GENMASK(47, 32)
#define ASID		GENMASK(63, 48)
#define RANGE_0		(GENMASK(16, 12) | GENMASK(25, 20))
#define RANGE_1		GENMASK(11, 8)
#define VA		(GENMASK(63, 12) | BIT_ULL(0))
#define SSV		BIT_ULL(11)
#define GLOBAL		BIT_ULL(9)

/* The bits that a command of the host's may have. Return: false where none is legal. */
static bool allowed_in(const struct pkvm_smmu_ids *hw, u64 op, u64 mask[2])
{
	u64 ril_0 = bit_of(hw->idr[3], 10) ? RANGE_0 : 0;
	u64 ril_1 = bit_of(hw->idr[3], 10) ? RANGE_1 : 0;
	u64 asid = bit_of(hw->idr[0], 12) ? ASID : GENMASK(55, 48);

	mask[0] = OP;
	mask[1] = 0;
	switch (op) {
	case PREFETCH_CONFIG:
		mask[0] |= SID | SSID | BIT_ULL(11);
		return true;
	case PREFETCH_ADDR:
		mask[0] |= SID | SSID | BIT_ULL(11);
		mask[1] = GENMASK(63, 12) | GENMASK(9, 0);
		return true;
	case CFGI_STE:
		mask[0] |= SID;
		mask[1] = BIT_ULL(0);
		return true;
	case CFGI_STE_RANGE:
		mask[0] |= SID;
		mask[1] = GENMASK(4, 0);
		return true;
	case CFGI_CD:
		/* Without substreams the field is reserved. */
		mask[0] |= SID | (bits(hw->idr[1], 10, 6) ? SSID : 0);
		mask[1] = BIT_ULL(0);
		return true;
	case CFGI_CD_ALL:
		mask[0] |= SID;
		return true;
	case TLBI_NH_ALL:
		mask[0] |= VMID;
		return true;
	case TLBI_NH_ASID:
		mask[0] |= VMID | asid;
		return true;
	case TLBI_NH_VA:
		mask[0] |= VMID | asid | ril_0;
		mask[1] = VA | ril_1;
		return true;
	case TLBI_NH_VAA:
		mask[0] |= VMID | ril_0;
		mask[1] = VA | ril_1;
		return true;
	case TLBI_NSNH_ALL:
		return true;
	case ATC_INV:
		mask[0] |= SID | (bits(hw->idr[1], 10, 6) ? SSID | SSV | GLOBAL : 0);
		mask[1] = GENMASK(63, 12) | GENMASK(5, 0);
		return split_ats(hw);
	case RESUME:
		mask[0] |= SID | GENMASK(13, 12);
		mask[1] = GENMASK(15, 0);
		return !bits(hw->idr[0], 25, 24);
	case STALL_TERM:
		mask[0] |= SID;
		return !bits(hw->idr[0], 25, 24);
	case CMD_SYNC:
		mask[0] |= GENMASK(13, 12) | GENMASK(27, 22);
		/* MSIs are offered where the SMMU is coherent. */
		if (bit_of(hw->idr[0], 4)) {
			mask[0] |= GENMASK(63, 32);
			mask[1] = GENMASK(51, 2);
		}
		return true;
	default:
		return false;
	}
}

/* The bits that a command for the hardware may have. Return: whether it may be one. */
static bool allowed_out(const struct pkvm_smmu_ids *hw, u64 op, u64 mask[2])
{
	bool legal = allowed_in(hw, op, mask);

	switch (op) {
	case PREFETCH_CONFIG:
	case PREFETCH_ADDR:
	case TLBI_NSNH_ALL:
		return false;
	case CMD_SYNC:
		/* The interrupt; no SEV, no MSI. */
		mask[0] = OP | BIT_ULL(12);
		mask[1] = 0;
		return true;
	default:
		return legal;
	}
}

/* The range fields are in a combination that is not reserved. IHI0070G.b 4.4.1.1 */
static bool range_legal(const struct pkvm_smmu_ids *hw, const struct arm_smmu_cmd *cmd)
{
	u64 num = bits(cmd->data[0], 16, 12), scale = bits(cmd->data[0], 25, 20);
	u64 ttl = bits(cmd->data[1], 9, 8), tg = bits(cmd->data[1], 11, 10);
	bool ds = bit_of(hw->idr[5], 7);

	if (scale > 31 && !ds)
		return false;
	if (!tg)
		return !num && !scale && !ttl;
	if (tg == 2 && ttl == 1 && !ds)
		return false;

	return num || scale || ttl;
}

static bool is_cfgi(enum pkvm_smmu_cmd_action action)
{
	return action == SMMU_CMD_CFGI_STE || action == SMMU_CMD_CFGI_L1 ||
	       action == SMMU_CMD_CFGI_RANGE || action == SMMU_CMD_CFGI_ALL;
}

static bool is_sync(enum pkvm_smmu_cmd_action action)
{
	return action == SMMU_CMD_SYNC || action == SMMU_CMD_SYNC_MSI;
}

void prove_cmd(void)
{
	struct pkvm_smmu_ids hw = any_hw(ANY(u8));
	struct pkvm_smmu_caps caps = any_caps(&hw);
	struct arm_smmu_cmd in = ANY(struct arm_smmu_cmd), out;
	struct pkvm_smmu_cmd cmd = ANY(struct pkvm_smmu_cmd);
	u64 in_op = bits(in.data[0], 7, 0), op, mask[2];
	bool legal, issued, in_range;
	u64 sids = 1ULL << caps.sid_bits, sid = bits(in.data[0], 63, 32);
	u64 ssids = 1ULL << caps.ssid_bits, ssid = bits(in.data[0], 31, 12);

	cmd = pkvm_smmu_filter_cmd(&caps, in);
	out = cmd.out;
	op = bits(out.data[0], 7, 0);
	issued = cmd.action != SMMU_CMD_ILL && cmd.action != SMMU_CMD_DROP;
	in_range = sid < sids && ssid < ssids;
	/* A substream counts where the command has one. */
	if (in_op == ATC_INV && !(in.data[0] & SSV))
		in_range = sid < sids;

	legal = allowed_in(&hw, in_op, mask);
	PROVE("a command that is in no list is illegal",
	      implies(!legal, cmd.action == SMMU_CMD_ILL));
	PROVE("a command with a bit outside its mask is illegal",
	      implies(legal && ((in.data[0] & ~mask[0]) || (in.data[1] & ~mask[1])),
		      cmd.action == SMMU_CMD_ILL));
	PROVE("SSec and SEV are illegal",
	      implies(bit_of(in.data[0], 10) ||
		      (in_op == CMD_SYNC && bits(in.data[0], 13, 12) == 3),
		      cmd.action == SMMU_CMD_ILL));
	PROVE("only SMMU_CMD_SYNC_MSI has an MSI",
	      implies(cmd.action != SMMU_CMD_SYNC_MSI, !cmd.msi_addr));

	legal = allowed_out(&hw, op, mask);
	PROVE("each command for the hardware is one of the list", implies(issued, legal));
	PROVE("each command for the hardware has no bit outside its mask",
	      implies(issued && legal, !(out.data[0] & ~mask[0]) && !(out.data[1] & ~mask[1])));
	PROVE("each TLBI has EL2's VMID",
	      implies(issued && op >= TLBI_NH_ALL && op <= TLBI_NH_VAA, !(out.data[0] & VMID)));
	PROVE("the range fields of a TLBI are in no reserved combination",
	      implies(issued && (op == TLBI_NH_VA || op == TLBI_NH_VAA), range_legal(&hw, &out)));
	PROVE("a TLBI is the host's, apart from VMID",
	      implies(issued && in_op >= TLBI_NH_ALL && in_op <= TLBI_NH_VAA,
		      cmd.action == SMMU_CMD_FORWARD &&
		      (out.data[0] & ~VMID) == (in.data[0] & ~VMID) &&
		      out.data[1] == in.data[1]));
	PROVE("TLBI_NSNH_ALL becomes TLBI_NH_ALL",
	      implies(issued && in_op == TLBI_NSNH_ALL,
		      cmd.action == SMMU_CMD_FORWARD && out.data[0] == TLBI_NH_ALL &&
		      !out.data[1]));
	PROVE("a prefetch is dropped",
	      implies(in_op == PREFETCH_CONFIG || in_op == PREFETCH_ADDR, !issued));
	PROVE("STEs are read again if and only if the command is a CFGI of STEs",
	      implies(issued, is_cfgi(cmd.action) ==
		      (in_op == CFGI_STE || in_op == CFGI_STE_RANGE)));
	PROVE("CFGI_STE is of one stream, in range, and of level 1 descriptors too",
	      implies(cmd.action == SMMU_CMD_CFGI_STE,
		      in_op == CFGI_STE && bit_of(in.data[1], 0) && cmd.sid == sid &&
		      sid < sids && out.data[0] == (CFGI_STE | sid << 32) && !out.data[1]));
	PROVE("CFGI_STE without Leaf is of a stream in range, and becomes CFGI_ALL",
	      implies(cmd.action == SMMU_CMD_CFGI_L1,
		      in_op == CFGI_STE && !bit_of(in.data[1], 0) && cmd.sid == sid &&
		      sid < sids && out.data[0] == CFGI_STE_RANGE && out.data[1] == 31));
	PROVE("CFGI_STE_RANGE is of streams in range, as many as the hardware takes",
	      implies(cmd.action == SMMU_CMD_CFGI_RANGE,
		      in_op == CFGI_STE_RANGE && cmd.range_shift <= 31 &&
		      cmd.sid + (1ULL << cmd.range_shift) <= sids &&
		      !(cmd.sid & ((1ULL << cmd.range_shift) - 1)) &&
		      cmd.sid <= sid && sid < cmd.sid + (1ULL << cmd.range_shift) &&
		      out.data[0] == (CFGI_STE_RANGE | (u64)cmd.sid << 32) &&
		      out.data[1] + 1 == cmd.range_shift &&
		      out.data[1] == bits(in.data[1], 4, 0)));
	PROVE("CFGI_ALL is the hardware's CFGI_ALL, for a range that no smaller one is for",
	      implies(cmd.action == SMMU_CMD_CFGI_ALL,
		      in_op == CFGI_STE_RANGE && bits(in.data[1], 4, 0) + 1 >= caps.sid_bits &&
		      out.data[0] == CFGI_STE_RANGE && out.data[1] == 31));
	PROVE("CFGI_CD and CFGI_CD_ALL are the host's, of streams and substreams in range",
	      implies(issued && (in_op == CFGI_CD || in_op == CFGI_CD_ALL),
		      cmd.action == SMMU_CMD_FORWARD && in_range &&
		      out.data[0] == in.data[0] && out.data[1] == in.data[1]));
	PROVE("ATC_INV is the host's, of a stream in range and a substream in range or none",
	      implies(issued && in_op == ATC_INV,
		      cmd.action == SMMU_CMD_ATC_INV && in_range && out.data[1] == in.data[1] &&
		      out.data[0] == (in.data[0] & SSV ? in.data[0] :
				      in.data[0] & ~(SSID | GLOBAL))));
	PROVE("ATC_INV of more than all is illegal",
	      implies(in_op == ATC_INV && bits(in.data[1], 5, 0) > 52,
		      cmd.action == SMMU_CMD_ILL));
	PROVE("a device is waited for if and only if the command is an ATC_INV",
	      (cmd.action == SMMU_CMD_ATC_INV) == (issued && in_op == ATC_INV));
	PROVE("a command is dropped only if it is a prefetch or out of range",
	      implies(cmd.action == SMMU_CMD_DROP,
		      in_op == PREFETCH_CONFIG || in_op == PREFETCH_ADDR ||
		      (((in_op >= CFGI_STE && in_op <= CFGI_CD_ALL) || in_op == ATC_INV) &&
		       !in_range) ||
		      ((in_op == RESUME || in_op == STALL_TERM) && sid >= sids)));
	PROVE("RESUME and STALL_TERM are the host's, of streams in range",
	      implies(issued && (in_op == RESUME || in_op == STALL_TERM),
		      cmd.action == SMMU_CMD_FORWARD && sid < sids &&
		      out.data[0] == in.data[0] && out.data[1] == in.data[1]));
	PROVE("a CMD_SYNC is one, with the host's interrupt and without an MSI",
	      implies(issued, is_sync(cmd.action) == (in_op == CMD_SYNC)) &&
	      implies(is_sync(cmd.action),
		      out.data[0] == (CMD_SYNC | (bits(in.data[0], 13, 12) == 1) << 12) &&
		      !out.data[1]));
	PROVE("only a CMD_SYNC that asks for an interrupt has an MSI, at the host's address",
	      implies(cmd.action == SMMU_CMD_SYNC_MSI,
		      in_op == CMD_SYNC && bits(in.data[0], 13, 12) == 1 &&
		      cmd.msi_addr && cmd.msi_addr == (in.data[1] & GENMASK(51, 2)) &&
		      cmd.msi_data == in.data[0] >> 32));
	PROVE("an MSI that is asked for is not lost",
	      implies(issued && in_op == CMD_SYNC && bits(in.data[0], 13, 12) == 1,
		      (cmd.action == SMMU_CMD_SYNC_MSI) == !!(in.data[1] & GENMASK(51, 2))));

	/* What the driver needs. */
	allowed_in(&hw, in_op, mask);
	PROVE("each command that the offered features allow is accepted",
	      implies(allowed_in(&hw, in_op, mask) &&
		      !(in.data[0] & ~mask[0]) && !(in.data[1] & ~mask[1]) &&
		      (in_op != TLBI_NH_VA && in_op != TLBI_NH_VAA || range_legal(&hw, &in)) &&
		      (in_op != ATC_INV || bits(in.data[1], 5, 0) <= 52) &&
		      (in_op != CMD_SYNC || bits(in.data[0], 13, 12) != 3),
		      cmd.action != SMMU_CMD_ILL));

	REACH("CFGI_STE", cmd.action == SMMU_CMD_CFGI_STE);
	REACH("CFGI_STE without Leaf", cmd.action == SMMU_CMD_CFGI_L1);
	REACH("CFGI_STE_RANGE", cmd.action == SMMU_CMD_CFGI_RANGE);
	REACH("CFGI_ALL", cmd.action == SMMU_CMD_CFGI_ALL);
	REACH("CFGI_CD", issued && in_op == CFGI_CD);
	REACH("CFGI_CD_ALL", issued && in_op == CFGI_CD_ALL);
	REACH("TLBI_NH_ALL", issued && in_op == TLBI_NH_ALL);
	REACH("TLBI_NH_ASID", issued && in_op == TLBI_NH_ASID);
	REACH("TLBI_NH_VA of one page", issued && in_op == TLBI_NH_VA && !out.data[1]);
	REACH("TLBI_NH_VA of a range", issued && in_op == TLBI_NH_VA && (out.data[0] & RANGE_0));
	REACH("TLBI_NH_VAA of a range", issued && in_op == TLBI_NH_VAA && (out.data[0] & RANGE_0));
	REACH("TLBI_NSNH_ALL", issued && in_op == TLBI_NSNH_ALL);
	REACH("RESUME", issued && in_op == RESUME && out.data[1] == 0xffff);
	REACH("STALL_TERM", issued && in_op == STALL_TERM);
	REACH("ATC_INV of a substream", cmd.action == SMMU_CMD_ATC_INV && (out.data[0] & SSV));
	REACH("CMD_SYNC", cmd.action == SMMU_CMD_SYNC);
	REACH("CMD_SYNC with an MSI", cmd.action == SMMU_CMD_SYNC_MSI);
	REACH("a dropped prefetch", cmd.action == SMMU_CMD_DROP && in_op == PREFETCH_ADDR);
	REACH("a dropped CFGI", cmd.action == SMMU_CMD_DROP && in_op == CFGI_CD);
	REACH("an illegal command of a legal opcode",
	      cmd.action == SMMU_CMD_ILL && in_op == TLBI_NH_VA);
}

/* What pkvm_smmu_filter_cmd() leaves to the hardware of a CMD_SYNC's MSI. */
void prove_cmd_msi(void)
{
	struct arm_smmu_cmd sync = { .data = { CMD_SYNC | 1 << 12 } };
	u64 addr = ANY(u64);
	u32 data = ANY(u32);

	ASSUME(!(addr & ~GENMASK(51, 2)));
	pkvm_smmu_add_msi(&sync, addr, data);
	PROVE("an MSI is write-back inner shareable, at the address and with the data given",
	      sync.data[0] == (CMD_SYNC | 1 << 12 | 3 << 22 | 0xf << 24 | (u64)data << 32) &&
	      sync.data[1] == addr);
	REACH("an MSI", addr && data);
}
