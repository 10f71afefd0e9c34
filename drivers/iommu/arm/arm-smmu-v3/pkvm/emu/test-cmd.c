// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the emulated SMMUv3: commands and queues.
 */
#include <kunit/test.h>

#include "test.h"

/*
 * Commands: IHI0070G.b 4.1 to 4.7
 */

#define RIL_DW0		0x0000000003f1f000ULL	/* SCALE, NUM */
#define RIL_DW1		0x0000000000000f00ULL	/* TG, TTL */

/* Every opcode that the host may use, with the bits that it may set. */
struct emu_test_opcode {
	u8 op;
	enum pkvm_smmu_cmd_action action;
	u64 allow[2];
	u64 ril[2];
};

static const struct emu_test_opcode emu_test_opcodes[] = {
	/* PREFETCH_CONFIG, PREFETCH_ADDR */
	{ 0x01, SMMU_CMD_DROP, { 0xfffffffffffff800 } },
	{ 0x02, SMMU_CMD_DROP, { 0xfffffffffffff800, 0xfffffffffffff3ff } },
	/* CFGI_STE, CFGI_STE_RANGE, CFGI_CD, CFGI_CD_ALL */
	{ 0x03, SMMU_CMD_CFGI_L1, { 0xffffffff00000000, 0x1 } },
	{ 0x04, SMMU_CMD_CFGI_RANGE, { 0xffffffff00000000, 0x1f } },
	{ 0x05, SMMU_CMD_FORWARD, { 0xfffffffffffff000, 0x1 } },
	{ 0x06, SMMU_CMD_FORWARD, { 0xffffffff00000000 } },
	/* TLBI_NH_ALL, TLBI_NH_ASID, TLBI_NH_VA, TLBI_NH_VAA, TLBI_NSNH_ALL */
	{ 0x10, SMMU_CMD_FORWARD, { 0x0000ffff00000000 } },
	{ 0x11, SMMU_CMD_FORWARD, { 0xffffffff00000000 } },
	{ 0x12, SMMU_CMD_FORWARD, { 0xffffffff00000000, 0xfffffffffffff001 },
	  { RIL_DW0, RIL_DW1 } },
	{ 0x13, SMMU_CMD_FORWARD, { 0x0000ffff00000000, 0xfffffffffffff001 },
	  { RIL_DW0, RIL_DW1 } },
	{ 0x30, SMMU_CMD_FORWARD },
	/* RESUME, STALL_TERM */
	{ 0x44, SMMU_CMD_FORWARD, { 0xffffffff00003000, 0xffff } },
	{ 0x45, SMMU_CMD_FORWARD, { 0xffffffff00000000 } },
	/* ATC_INV */
	{ 0x40, SMMU_CMD_ATC_INV, { 0xfffffffffffffa00, 0xfffffffffffff03f } },
	/* SYNC */
	{ 0x46, SMMU_CMD_SYNC, { 0xffffffff0fc03000, 0x000ffffffffffffc } },
};

static const struct emu_test_opcode *emu_test_find_opcode(u8 op)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(emu_test_opcodes); i++)
		if (emu_test_opcodes[i].op == op)
			return &emu_test_opcodes[i];
	return NULL;
}

static struct pkvm_smmu_caps emu_test_cmd_caps(bool ril)
{
	struct pkvm_smmu_caps caps = emu_test_caps();

	/* All of SCALE counts only with DS. Faults may stall. */
	caps.ids.idr[5] |= BIT(7);
	caps.ids.idr[0] &= ~GENMASK(25, 24);
	/* ATS */
	caps.ids.idr[0] |= BIT(10);
	if (!ril)
		caps.ids.idr[3] &= ~BIT(10);
	pkvm_smmu_init_cmds(&caps);
	return caps;
}

/* Check the properties that every command for the hardware has. */
static void emu_test_cmd_invariants(struct kunit *test, const struct pkvm_smmu_caps *caps,
				    const struct arm_smmu_cmd *in,
				    const struct pkvm_smmu_cmd *cmd)
{
	const u64 *out = cmd->out.data;
	u8 op = out[0];

	switch (cmd->action) {
	case SMMU_CMD_ILL:
	case SMMU_CMD_DROP:
		return;
	case SMMU_CMD_SYNC:
	case SMMU_CMD_SYNC_MSI:
		/* No MSI, and no CS that the hardware refuses or does not have */
		KUNIT_EXPECT_TRUE(test, out[0] == 0x46 || out[0] == 0x1046);
		KUNIT_EXPECT_EQ(test, out[1], 0);
		return;
	case SMMU_CMD_CFGI_STE:
		KUNIT_EXPECT_EQ(test, out[0], (u64)cmd->sid << 32 | 0x03);
		KUNIT_EXPECT_EQ(test, out[1], 0);
		KUNIT_EXPECT_LT(test, cmd->sid, BIT(caps->sid_bits));
		return;
	case SMMU_CMD_CFGI_RANGE:
		KUNIT_EXPECT_EQ(test, out[0], (u64)cmd->sid << 32 | 0x04);
		KUNIT_EXPECT_EQ(test, out[1], cmd->range_shift - 1);
		KUNIT_EXPECT_LE(test, cmd->range_shift, caps->sid_bits);
		KUNIT_EXPECT_EQ(test, cmd->sid % BIT(cmd->range_shift), 0);
		KUNIT_EXPECT_LE(test, cmd->sid + BIT(cmd->range_shift), BIT(caps->sid_bits));
		return;
	case SMMU_CMD_CFGI_L1:
		KUNIT_EXPECT_LT(test, cmd->sid, BIT(caps->sid_bits));
		fallthrough;
	case SMMU_CMD_CFGI_ALL:
		KUNIT_EXPECT_EQ(test, out[0], 0x04);
		KUNIT_EXPECT_EQ(test, out[1], 0x1f);
		return;
	case SMMU_CMD_ATC_INV:
		KUNIT_EXPECT_EQ(test, out[0] & 0x5ff, 0x40);
		KUNIT_EXPECT_EQ(test, out[0] >> 32 >> caps->sid_bits, 0);
		KUNIT_EXPECT_TRUE(test, out[0] & 0x800 || !(out[0] & 0xfffffa00));
		KUNIT_EXPECT_EQ(test, (out[0] & 0xfffff000) >> 12 >> caps->ssid_bits, 0);
		KUNIT_EXPECT_EQ(test, out[1], in->data[1]);
		KUNIT_EXPECT_LE(test, out[1] & 0xfff, 52);
		return;
	case SMMU_CMD_FORWARD:
		break;
	}

	KUNIT_EXPECT_EQ(test, cmd->action, SMMU_CMD_FORWARD);
	KUNIT_EXPECT_EQ(test, out[0] & 0x700, 0);
	switch (op) {
	case 0x05:
	case 0x06:
	case 0x44:
	case 0x45:
		KUNIT_EXPECT_EQ(test, out[0], in->data[0]);
		KUNIT_EXPECT_EQ(test, out[1], in->data[1]);
		KUNIT_EXPECT_EQ(test, out[0] >> 32 >> caps->sid_bits, 0);
		return;
	case 0x10:
	case 0x11:
	case 0x12:
	case 0x13:
		KUNIT_EXPECT_EQ(test, (out[0] >> 32) & 0xffff, SMMU_EMU_VMID);
		return;
	default:
		KUNIT_FAIL(test, "opcode 0x%x reaches the hardware", op);
	}
}

static struct pkvm_smmu_cmd emu_test_filter(struct kunit *test,
					    const struct pkvm_smmu_caps *caps,
					    u64 dw0, u64 dw1)
{
	struct arm_smmu_cmd in = { .data = { dw0, dw1 } };
	struct pkvm_smmu_cmd cmd;

	memset(&cmd, 0xff, sizeof(cmd));
	cmd = pkvm_smmu_filter_cmd(caps, in);
	emu_test_cmd_invariants(test, caps, &in, &cmd);

	return cmd;
}

/* Opcode @op alone, with the range fields such that any more of them are legal. */
static struct arm_smmu_cmd emu_test_cmd_base(u8 op, bool ril)
{
	struct arm_smmu_cmd cmd = { .data = { op } };

	if (ril && (op == 0x12 || op == 0x13))
		cmd.data[1] = 0x700;	/* TG=4K, TTL=3 */
	return cmd;
}

static void emu_test_cmd_bits(struct kunit *test, u8 op, bool ril)
{
	const struct emu_test_opcode *t = emu_test_find_opcode(op);
	struct arm_smmu_cmd base = emu_test_cmd_base(op, ril);
	struct pkvm_smmu_caps caps = emu_test_cmd_caps(ril);
	struct pkvm_smmu_cmd cmd;
	int bit;

	cmd = emu_test_filter(test, &caps, base.data[0], base.data[1]);
	KUNIT_EXPECT_EQ_MSG(test, cmd.action, t ? t->action : SMMU_CMD_ILL, "op 0x%x", op);

	for (bit = 8; bit < 128; bit++) {
		struct arm_smmu_cmd in = base;
		u64 allow = 0;

		if (t)
			allow = t->allow[bit / 64] | (ril ? t->ril[bit / 64] : 0);
		in.data[bit / 64] |= BIT_ULL(bit % 64);

		cmd = emu_test_filter(test, &caps, in.data[0], in.data[1]);
		KUNIT_EXPECT_EQ_MSG(test, cmd.action != SMMU_CMD_ILL,
				    !!(allow & BIT_ULL(bit % 64)),
				    "op 0x%x, bit %d, RIL %d", op, bit, ril);
	}
}

static void emu_test_cmd_allowed(struct kunit *test)
{
	int op;

	for (op = 0; op <= 0xff; op++) {
		emu_test_cmd_bits(test, op, true);
		emu_test_cmd_bits(test, op, false);
	}
}

/* All allowed bits set at once reach no further than one alone. */
static void emu_test_cmd_all_bits(struct kunit *test)
{
	struct pkvm_smmu_caps caps = emu_test_cmd_caps(true);
	int i;

	for (i = 0; i < ARRAY_SIZE(emu_test_opcodes); i++) {
		const struct emu_test_opcode *t = &emu_test_opcodes[i];

		emu_test_filter(test, &caps, t->op | t->allow[0], t->allow[1]);
		emu_test_filter(test, &caps, t->op | t->allow[0] | t->ril[0],
				t->allow[1] | t->ril[1]);
		emu_test_filter(test, &caps, ~0xffULL | t->op, ~0ULL);
	}
}

/* Where the hardware can only terminate, nothing stalls. */
static void emu_test_cmd_no_stalls(struct kunit *test)
{
	struct pkvm_smmu_caps caps = emu_test_caps();
	u8 op;

	pkvm_smmu_init_cmds(&caps);
	for (op = 0x44; op <= 0x45; op++)
		KUNIT_EXPECT_EQ(test, emu_test_filter(test, &caps, op, 0).action, SMMU_CMD_ILL);
}

struct emu_test_cmd {
	const char *name;
	u64 in[2];
	enum pkvm_smmu_cmd_action action;
	u64 out[2];
	u32 sid;
	u8 range_shift;
	u64 msi_addr;
	u32 msi_data;
};

static const struct emu_test_cmd emu_test_cmds[] = {
	{ "CFGI_STE, Leaf becomes 0", { 0xabcd00000003, 0x1 },
	  SMMU_CMD_CFGI_STE, { 0xabcd00000003, 0x0 }, 0xabcd },
	{ "CFGI_STE, last stream", { 0xffff00000003, 0x1 },
	  SMMU_CMD_CFGI_STE, { 0xffff00000003 }, 0xffff },
	{ "CFGI_STE without Leaf becomes CFGI_ALL", { 0xabcd00000003 },
	  SMMU_CMD_CFGI_L1, { 0x4, 0x1f }, 0xabcd },
	{ "CFGI_STE, out of range", { 0x1000000000003 }, SMMU_CMD_DROP },
	{ "CFGI_STE, far out of range", { 0xffffffff00000003 }, SMMU_CMD_DROP },
	{ "CFGI_STE_RANGE, 2 streams", { 0x123500000004, 0 },
	  SMMU_CMD_CFGI_RANGE, { 0x123400000004, 0 }, 0x1234, 1 },
	{ "CFGI_STE_RANGE, 256 streams", { 0x12ff00000004, 7 },
	  SMMU_CMD_CFGI_RANGE, { 0x120000000004, 7 }, 0x1200, 8 },
	{ "CFGI_STE_RANGE, half of them", { 0xffff00000004, 14 },
	  SMMU_CMD_CFGI_RANGE, { 0x800000000004, 14 }, 0x8000, 15 },
	{ "CFGI_STE_RANGE, all of them", { 0x100000004, 15 },
	  SMMU_CMD_CFGI_ALL, { 0x4, 31 } },
	{ "CFGI_STE_RANGE, more than all", { 0x100000004, 30 },
	  SMMU_CMD_CFGI_ALL, { 0x4, 31 } },
	{ "CFGI_STE_RANGE, out of range", { 0x1000000000004, 0 }, SMMU_CMD_DROP },
	{ "CFGI_ALL", { 0x4, 31 }, SMMU_CMD_CFGI_ALL, { 0x4, 31 } },
	{ "CFGI_ALL, stream ignored", { 0xffffffff00000004, 31 },
	  SMMU_CMD_CFGI_ALL, { 0x4, 31 } },
	{ "CFGI_CD", { 0x1234fffff005, 0x1 },
	  SMMU_CMD_FORWARD, { 0x1234fffff005, 0x1 } },
	{ "CFGI_CD, out of range", { 0x1000000001005, 0x1 }, SMMU_CMD_DROP },
	{ "CFGI_CD_ALL", { 0x123400000006 }, SMMU_CMD_FORWARD, { 0x123400000006 } },
	{ "CFGI_CD_ALL, out of range", { 0x1000000000006 }, SMMU_CMD_DROP },
	{ "TLBI_NH_ALL, VMID forced", { 0xffff00000010 }, SMMU_CMD_FORWARD, { 0x10 } },
	{ "TLBI_NH_ASID, VMID forced", { 0xabcd123400000011 },
	  SMMU_CMD_FORWARD, { 0xabcd000000000011 } },
	{ "TLBI_NH_VA, VMID forced", { 0xabcd123400000012, 0xffff800012345001 },
	  SMMU_CMD_FORWARD, { 0xabcd000000000012, 0xffff800012345001 } },
	{ "TLBI_NH_VA, range", { 0xabcd12340151f012, 0x12345701 },
	  SMMU_CMD_FORWARD, { 0xabcd00000151f012, 0x12345701 } },
	{ "TLBI_NH_VAA, VMID forced", { 0x123400000013, 0x12345000 },
	  SMMU_CMD_FORWARD, { 0x13, 0x12345000 } },
	{ "TLBI_NH_VAA, ASID", { 0x1000000000013, 0x12345000 }, SMMU_CMD_ILL },
	{ "TLBI_NSNH_ALL becomes TLBI_NH_ALL", { 0x30 }, SMMU_CMD_FORWARD, { 0x10 } },
	{ "RESUME, retry", { 0xffff00001044, 0xffff },
	  SMMU_CMD_FORWARD, { 0xffff00001044, 0xffff } },
	{ "RESUME, abort", { 0x2044, 0x1 }, SMMU_CMD_FORWARD, { 0x2044, 0x1 } },
	{ "RESUME, out of range", { 0x1000000001044, 0x1 }, SMMU_CMD_DROP },
	{ "Secure RESUME", { 0x1444, 0x1 }, SMMU_CMD_ILL },
	{ "RESUME, STAG of 17 bits", { 0x1044, 0x10000 }, SMMU_CMD_ILL },
	{ "STALL_TERM", { 0x123400000045 }, SMMU_CMD_FORWARD, { 0x123400000045 } },
	{ "STALL_TERM, out of range", { 0x8000000000000045 }, SMMU_CMD_DROP },
	{ "STALL_TERM, STAG", { 0x123400000045, 0x1 }, SMMU_CMD_ILL },
	{ "ATC_INV, all", { 0x40, 52 }, SMMU_CMD_ATC_INV, { 0x40, 52 } },
	{ "ATC_INV, 16 pages of a substream", { 0x123400005840, 0x12340004 },
	  SMMU_CMD_ATC_INV, { 0x123400005840, 0x12340004 } },
	{ "ATC_INV, all substreams", { 0x123400000a40, 0x12340000 },
	  SMMU_CMD_ATC_INV, { 0x123400000a40, 0x12340000 } },
	{ "ATC_INV, no SSV: no substream and no Global", { 0x1234fffff240, 52 },
	  SMMU_CMD_ATC_INV, { 0x123400000040, 52 } },
	{ "ATC_INV, more than all", { 0x123400000040, 53 }, SMMU_CMD_ILL },
	{ "ATC_INV, out of range", { 0x1000000000040, 52 }, SMMU_CMD_DROP },
	{ "SYNC", { 0x46 }, SMMU_CMD_SYNC, { 0x46 } },
	{ "SYNC, interrupt", { 0x1046 }, SMMU_CMD_SYNC, { 0x1046 } },
	{ "SYNC, MSI", { 0x123456780fc01046, 0x8090040 }, SMMU_CMD_SYNC_MSI, { 0x1046 },
	  .msi_addr = 0x8090040, .msi_data = 0x12345678 },
	{ "SYNC, MSI of zeroes", { 0xfc01046, 0xffffffffffffc }, SMMU_CMD_SYNC_MSI, { 0x1046 },
	  .msi_addr = 0xffffffffffffc },
	{ "SYNC, event", { 0xfc02046 }, SMMU_CMD_SYNC, { 0x46 } },
	{ "SYNC, event with an address", { 0xfc02046, 0x8090040 }, SMMU_CMD_SYNC, { 0x46 } },
	{ "SYNC with an address", { 0x1234567800000046, 0x8090040 }, SMMU_CMD_SYNC, { 0x46 } },
	{ "SYNC, CS reserved", { 0x3046 }, SMMU_CMD_ILL },
	{ "Secure SYNC", { 0x446 }, SMMU_CMD_ILL },
	{ "zero", { 0, 0 }, SMMU_CMD_ILL },
	{ "ones", { ~0ULL, ~0ULL }, SMMU_CMD_ILL },
};

KUNIT_ARRAY_PARAM_DESC(emu_test_cmd, emu_test_cmds, name);

static void emu_test_cmd(struct kunit *test)
{
	const struct emu_test_cmd *t = test->param_value;
	struct pkvm_smmu_caps caps = emu_test_cmd_caps(true);
	struct pkvm_smmu_cmd cmd = emu_test_filter(test, &caps, t->in[0], t->in[1]);

	KUNIT_EXPECT_EQ(test, cmd.action, t->action);
	if (t->action != SMMU_CMD_ILL && t->action != SMMU_CMD_DROP) {
		KUNIT_EXPECT_EQ(test, cmd.out.data[0], t->out[0]);
		KUNIT_EXPECT_EQ(test, cmd.out.data[1], t->out[1]);
	}
	if (t->action == SMMU_CMD_CFGI_STE || t->action == SMMU_CMD_CFGI_L1 ||
	    t->action == SMMU_CMD_CFGI_RANGE)
		KUNIT_EXPECT_EQ(test, cmd.sid, t->sid);
	if (t->action == SMMU_CMD_CFGI_RANGE)
		KUNIT_EXPECT_EQ(test, cmd.range_shift, t->range_shift);
	KUNIT_EXPECT_EQ(test, cmd.msi_addr, t->msi_addr);
	if (t->msi_addr)
		KUNIT_EXPECT_EQ(test, cmd.msi_data, t->msi_data);
}

/* The attributes are EL2's: write-back, inner shareable. */
static void emu_test_cmd_add_msi(struct kunit *test)
{
	struct arm_smmu_cmd sync = { { 0x1046, 0 } };

	pkvm_smmu_add_msi(&sync, 0x8090040, 0x12345678);
	KUNIT_EXPECT_EQ(test, sync.data[0], 0x123456780fc01046);
	KUNIT_EXPECT_EQ(test, sync.data[1], 0x8090040);
}

/* SMMUs of 0 to 25 stream ID bits, and of 0 to 20 substream ID bits */
static void emu_test_cmd_ids(struct kunit *test)
{
	struct pkvm_smmu_caps caps = emu_test_cmd_caps(true);
	struct pkvm_smmu_cmd cmd;
	int bits, range;

	for (bits = 0; bits <= SMMU_EMU_MAX_SID_BITS; bits++) {
		u64 last = BIT_ULL(bits) - 1;

		caps.sid_bits = bits;
		cmd = emu_test_filter(test, &caps, 0x03 | last << 32, 1);
		KUNIT_EXPECT_EQ(test, cmd.action, SMMU_CMD_CFGI_STE);
		KUNIT_EXPECT_EQ(test, cmd.sid, last);
		cmd = emu_test_filter(test, &caps, 0x03 | (last + 1) << 32, 0);
		KUNIT_EXPECT_EQ(test, cmd.action, SMMU_CMD_DROP);

		for (range = 0; range < 32; range++) {
			cmd = emu_test_filter(test, &caps, 0x04 | last << 32, range);
			KUNIT_EXPECT_EQ(test, cmd.action, range + 1 < bits ?
					SMMU_CMD_CFGI_RANGE : SMMU_CMD_CFGI_ALL);
		}
	}

	for (bits = 0; bits <= 20; bits++) {
		u64 last = BIT_ULL(bits) - 1;

		caps.ssid_bits = bits;
		pkvm_smmu_init_cmds(&caps);
		cmd = emu_test_filter(test, &caps, 0x05 | last << 12, 0);
		KUNIT_EXPECT_EQ(test, cmd.action, SMMU_CMD_FORWARD);
		if (bits == 20)
			break;
		cmd = emu_test_filter(test, &caps, 0x05 | (last + 1) << 12, 0);
		/* Without substreams the field is reserved. */
		KUNIT_EXPECT_EQ(test, cmd.action, bits ? SMMU_CMD_DROP : SMMU_CMD_ILL);
	}
}

/* Without ATS ATC_INV is illegal, without substreams an ATC_INV of one is. IHI0070G.b 4.5.1 */
static void emu_test_cmd_ats(struct kunit *test)
{
	struct pkvm_smmu_caps caps = emu_test_cmd_caps(true);
	struct pkvm_smmu_cmd cmd;

	caps.ssid_bits = 4;
	pkvm_smmu_init_cmds(&caps);
	cmd = emu_test_filter(test, &caps, 0x40 | BIT_ULL(11) | 15 << 12, 52);
	KUNIT_EXPECT_EQ(test, cmd.action, SMMU_CMD_ATC_INV);
	cmd = emu_test_filter(test, &caps, 0x40 | BIT_ULL(11) | 16 << 12, 52);
	KUNIT_EXPECT_EQ(test, cmd.action, SMMU_CMD_DROP);

	caps.ssid_bits = 0;
	pkvm_smmu_init_cmds(&caps);
	cmd = emu_test_filter(test, &caps, 0x40, 52);
	KUNIT_EXPECT_EQ(test, cmd.action, SMMU_CMD_ATC_INV);
	cmd = emu_test_filter(test, &caps, 0x40 | BIT_ULL(11), 52);
	KUNIT_EXPECT_EQ(test, cmd.action, SMMU_CMD_ILL);

	caps.ids.idr[0] &= ~BIT(10);
	pkvm_smmu_init_cmds(&caps);
	cmd = emu_test_filter(test, &caps, 0x40, 52);
	KUNIT_EXPECT_EQ(test, cmd.action, SMMU_CMD_ILL);
}

/* With 8-bit ASIDs the upper bits are reserved. */
static void emu_test_cmd_asids(struct kunit *test)
{
	struct pkvm_smmu_caps caps = emu_test_cmd_caps(true);
	struct pkvm_smmu_cmd cmd;
	int wide, bit;
	u8 op;

	for (wide = 0; wide < 2; wide++) {
		caps.ids.idr[0] &= ~BIT(12);
		caps.ids.idr[0] |= wide << 12;
		pkvm_smmu_init_cmds(&caps);
		for (op = 0x11; op <= 0x12; op++) {
			for (bit = 48; bit < 64; bit++) {
				cmd = emu_test_filter(test, &caps, op | BIT_ULL(bit), 0);
				KUNIT_EXPECT_EQ(test, cmd.action, wide || bit < 56 ?
						SMMU_CMD_FORWARD : SMMU_CMD_ILL);
			}
		}
	}
}

/* IHI0070G.b 4.4.1.1: which combinations of the range fields are legal */
static void emu_test_range(struct kunit *test, const struct pkvm_smmu_caps *caps,
			   u64 num, u64 scale, u64 ttl, u64 tg)
{
	bool ds = caps->ids.idr[5] & BIT(7);
	u64 dw0 = 0x12 | num << 12 | scale << 20;
	u64 dw1 = 0x40000000 | ttl << 8 | tg << 10;
	bool none = !num && !scale && !ttl;
	struct pkvm_smmu_cmd cmd = emu_test_filter(test, caps, dw0, dw1);

	if (!!tg == none || (scale > 31 && !ds) || (tg == 2 && ttl == 1 && !ds)) {
		KUNIT_EXPECT_EQ_MSG(test, cmd.action, SMMU_CMD_ILL,
				    "NUM %llu SCALE %llu TTL %llu TG %llu DS %d",
				    num, scale, ttl, tg, ds);
		return;
	}
	KUNIT_EXPECT_EQ_MSG(test, cmd.action, SMMU_CMD_FORWARD,
			    "NUM %llu SCALE %llu TTL %llu TG %llu DS %d",
			    num, scale, ttl, tg, ds);
	KUNIT_EXPECT_EQ(test, cmd.out.data[0], dw0);
	KUNIT_EXPECT_EQ(test, cmd.out.data[1], dw1);
}

static void emu_test_cmd_ranges(struct kunit *test)
{
	static const u8 nums[] = { 0, 1, 16, 31 };
	static const u8 scales[] = { 0, 1, 31, 32, 63 };
	struct pkvm_smmu_caps caps = emu_test_cmd_caps(true);
	int ds, n, s, ttl_tg;

	for (ds = 0; ds < 2; ds++) {
		caps.ids.idr[5] = ds ? 0xf4 : 0x74;
		pkvm_smmu_init_cmds(&caps);
		for (n = 0; n < ARRAY_SIZE(nums); n++)
			for (s = 0; s < ARRAY_SIZE(scales); s++)
				for (ttl_tg = 0; ttl_tg < 16; ttl_tg++)
					emu_test_range(test, &caps, nums[n], scales[s],
						       ttl_tg & 3, ttl_tg >> 2);
	}
}

/* Without RIL the same fields are reserved, whatever their combination. */
static void emu_test_cmd_no_ril(struct kunit *test)
{
	struct pkvm_smmu_caps ril = emu_test_cmd_caps(true), none = emu_test_cmd_caps(false);
	u64 op, ttl_tg;

	for (op = 0x12; op <= 0x13; op++) {
		for (ttl_tg = 1; ttl_tg < 16; ttl_tg++) {
			u64 dw0 = op | 0x301000, dw1 = 0x40000000 | ttl_tg << 8;
			struct pkvm_smmu_cmd cmd = emu_test_filter(test, &ril, dw0, dw1);

			KUNIT_EXPECT_EQ(test, cmd.action, ttl_tg >> 2 ?
					SMMU_CMD_FORWARD : SMMU_CMD_ILL);
			cmd = emu_test_filter(test, &none, dw0, dw1);
			KUNIT_EXPECT_EQ(test, cmd.action, SMMU_CMD_ILL);
			cmd = emu_test_filter(test, &none, op, dw1);
			KUNIT_EXPECT_EQ(test, cmd.action, SMMU_CMD_ILL);
		}
	}
}

/* Without MSIs a CMD_SYNC has neither their address nor their data. */
static void emu_test_cmd_no_msi(struct kunit *test)
{
	struct pkvm_smmu_caps caps = emu_test_caps();
	int bit;

	caps.ids.idr[0] &= ~BIT(13);
	pkvm_smmu_init_cmds(&caps);
	for (bit = 0; bit < 64; bit++) {
		struct pkvm_smmu_cmd cmd = emu_test_filter(test, &caps, 0x1046, BIT_ULL(bit));

		KUNIT_EXPECT_EQ(test, cmd.action, SMMU_CMD_ILL);
	}
	for (bit = 32; bit < 64; bit++)
		KUNIT_EXPECT_EQ(test, emu_test_filter(test, &caps, 0x1046 | BIT_ULL(bit),
						      0).action, SMMU_CMD_ILL);
	/* CS=SEV, MSH, MSIAttr: the driver sets them in each CMD_SYNC without an MSI */
	KUNIT_EXPECT_EQ(test, emu_test_filter(test, &caps, 0xfc02046, 0).action, SMMU_CMD_SYNC);
}

static struct kunit_case emu_test_cmd_cases[] = {
	KUNIT_CASE(emu_test_cmd_allowed),
	KUNIT_CASE(emu_test_cmd_all_bits),
	KUNIT_CASE_PARAM(emu_test_cmd, emu_test_cmd_gen_params),
	KUNIT_CASE(emu_test_cmd_add_msi),
	KUNIT_CASE(emu_test_cmd_no_msi),
	KUNIT_CASE(emu_test_cmd_ids),
	KUNIT_CASE(emu_test_cmd_ats),
	KUNIT_CASE(emu_test_cmd_asids),
	KUNIT_CASE(emu_test_cmd_ranges),
	KUNIT_CASE(emu_test_cmd_no_ril),
	KUNIT_CASE(emu_test_cmd_no_stalls),
	{}
};

static struct kunit_suite emu_test_cmd_suite = {
	.name = "arm-smmu-v3-pkvm-cmd",
	.test_cases = emu_test_cmd_cases,
};

/*
 * Queues: IHI0070G.b 3.5.1
 */

/* The bits of an index. Above the wrap bit are OVFLG, ERR, and any bits that the host sets. */
#define MASK(shift)	((2U << (shift)) - 1)
#define ABOVE(shift)	(~MASK(shift))

/* A queue that holds @n entries from @cons on. */
static void emu_test_queue_fill(struct kunit *test, u8 shift, u32 cons, u32 n)
{
	u32 prod = (cons + n) % (2U << shift);
	u32 above = ABOVE(shift);

	KUNIT_EXPECT_EQ(test, pkvm_smmu_queue_used(MASK(shift), prod, cons), n);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_queue_used(MASK(shift), prod | above, cons), n);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_queue_used(MASK(shift), prod, cons | above), n);
}

static void emu_test_queue_walk(struct kunit *test)
{
	u32 cons, n;
	u8 shift;

	for (shift = 0; shift <= 5; shift++)
		for (cons = 0; cons < 2U << shift; cons++)
			for (n = 0; n <= 1U << shift; n++)
				emu_test_queue_fill(test, shift, cons, n);
}

/*
 * Decide whether the indexes are consistent as the architecture words it: by their order, and
 * whether the wrap bits are equal.
 */
static u32 emu_test_queue_expect(u8 shift, u32 prod, u32 cons)
{
	u32 size = 1U << shift;
	bool wrapped = (prod ^ cons) & size;
	u32 p = prod % size, c = cons % size;

	if (!wrapped)
		return p >= c ? p - c : 0;
	return p <= c ? size - c + p : 0;
}

static void emu_test_queue_used(struct kunit *test)
{
	u8 shift;
	int i, j;

	for (shift = 0; shift <= 19; shift++) {
		u32 n = 1U << shift;
		u32 idx[] = { 0, 1, n / 2, n - 1, n, n + 1, n + n / 2, 2 * n - 1 };

		for (i = 0; i < ARRAY_SIZE(idx); i++) {
			for (j = 0; j < ARRAY_SIZE(idx); j++) {
				u32 prod = idx[i] % (2 * n), cons = idx[j] % (2 * n);

				KUNIT_EXPECT_EQ_MSG(test,
						    pkvm_smmu_queue_used(MASK(shift), prod, cons),
						    emu_test_queue_expect(shift, prod, cons),
						    "shift %u prod 0x%x cons 0x%x",
						    shift, prod, cons);
			}
		}
	}
}

struct emu_test_queue {
	const char *name;
	u64 base_reg;
	u8 max_shift;
	u8 ent_shift;
	struct pkvm_smmu_queue expect;
};

static const struct emu_test_queue emu_test_queues[] = {
	{ "one command", 0x0000000080001000, 16, 4, { 0x80001000, 16, 0 } },
	{ "one command, 32 bytes aligned", 0x00000000800011e0, 16, 4, { 0x800011e0, 16, 0 } },
	{ "two commands", 0x0000000080001021, 16, 4, { 0x80001020, 32, 1 } },
	{ "four commands, aligned down", 0x00000000800013e2, 16, 4, { 0x800013c0, 64, 2 } },
	{ "a page of commands", 0x0000000080001fe8, 16, 4, { 0x80001000, 4096, 8 } },
	{ "as many as offered", 0x4000000080100010, 16, 4, { 0x80100000, 0x100000, 16 } },
	{ "capped", 0x4000000080100011, 16, 4, { 0x80100000, 0x100000, 16 } },
	{ "capped, aligned to the cap", 0x40000000801fffff, 16, 4, { 0x80100000, 0x100000, 16 } },
	{ "capped at 0", 0x000000008010103f, 0, 4, { 0x80101020, 16, 0 } },
	{ "events", 0x400000008017000f, 15, 5, { 0x80100000, 0x100000, 15 } },
	{ "one event", 0x40000000801234e0, 15, 5, { 0x801234e0, 32, 0 } },
	{ "19 bits", 0x000000008fffffff, 19, 4, { 0x8f800000, 0x800000, 19 } },
	{ "every bit set", ~0ULL, 16, 4, { 0x000ffffffff00000, 0x100000, 16 } },
};

KUNIT_ARRAY_PARAM_DESC(emu_test_queue, emu_test_queues, name);

static void emu_test_queue_decode(struct kunit *test)
{
	const struct emu_test_queue *t = test->param_value;
	struct pkvm_smmu_queue q;

	q = pkvm_smmu_queue_decode(t->base_reg, t->max_shift, t->ent_shift);
	KUNIT_EXPECT_EQ(test, q.base, t->expect.base);
	KUNIT_EXPECT_EQ(test, q.bytes, t->expect.bytes);
	KUNIT_EXPECT_EQ(test, q.shift, t->expect.shift);
}

static struct kunit_case emu_test_queue_cases[] = {
	KUNIT_CASE(emu_test_queue_walk),
	KUNIT_CASE(emu_test_queue_used),
	KUNIT_CASE_PARAM(emu_test_queue_decode, emu_test_queue_gen_params),
	{}
};

static struct kunit_suite emu_test_queue_suite = {
	.name = "arm-smmu-v3-pkvm-queue",
	.test_cases = emu_test_queue_cases,
};

kunit_test_suites(&emu_test_cmd_suite, &emu_test_queue_suite);
