// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the emulated SMMUv3: identification and registers.
 */
#include <kunit/test.h>

#include "test.h"

/*
 * Identification: IHI0070G.b 6.3.1 to 6.3.8
 */

struct emu_test_offer {
	const char *name;
	struct pkvm_smmu_ids hw;
	struct pkvm_smmu_ids offered;
	u8 sid_bits, ssid_bits, cmdq_bits, evtq_bits;
};

static const struct emu_test_offer emu_test_offers[] = {
	{
		.name = "every bit set",
		.hw = {
			{ ~0U, ~0U, ~0U, ~0U, ~0U, ~0U }, ~0U, ~0U,
		},
		.offered = {
			{ 0x1d6830da, 0x020f0519, 0, 0x3e04, 0, 0xcf7 }, ~0U, ~0U,
		},
		.sid_bits = 25, .ssid_bits = 20, .cmdq_bits = 16, .evtq_bits = 15,
	},
	{
		.name = "no bit set",
		.offered = { .idr = { 0 } },
	},
	{
		.name = "QEMU",
		.hw = {
			{ 0x0d44101b, 0x02730010, 0, 0x1414, 0, 0x74 }, 0, 1,
		},
		.offered = {
			{ 0x0d40301a, 0x020f0010, 0, 0x1404, 0, 0x74 }, 0, 1,
		},
		.sid_bits = 16, .ssid_bits = 0, .cmdq_bits = 16, .evtq_bits = 15,
	},
	{
		.name = "QEMU, not coherent: no MSIs",
		.hw = {
			{ 0x0d44100b, 0x02730010, 0, 0x1414, 0, 0x74 }, 0, 1,
		},
		.offered = {
			{ 0x0d40100a, 0x020f0010, 0, 0x1404, 0, 0x74 }, 0, 1,
		},
		.sid_bits = 16, .ssid_bits = 0, .cmdq_bits = 16, .evtq_bits = 15,
	},
	{
		.name = "split-stage ATS",
		.hw = {
			{ 0x0d44141b, 0x02730010, 0, 0x1414, 0, 0x74 }, 0, 1,
		},
		.offered = {
			{ 0x0d40341a, 0x020f0010, 0, 0x1404, 0, 0x74 }, 0, 1,
		},
		.sid_bits = 16, .ssid_bits = 0, .cmdq_bits = 16, .evtq_bits = 15,
	},
	{
		.name = "full ATS only",
		.hw = {
			{ 0x0d441c1b, 0x02730010, 0, 0x1414, 0, 0x74 }, 0, 1,
		},
		.offered = {
			{ 0x0d40301a, 0x020f0010, 0, 0x1404, 0, 0x74 }, 0, 1,
		},
		.sid_bits = 16, .ssid_bits = 0, .cmdq_bits = 16, .evtq_bits = 15,
	},
	{
		.name = "small queues, stalls possible, 32 stream ID bits",
		.hw = {
			{ 0x0844101b, 0x00a303e0, 0x3ff, 0x102, 0xffff, 0xffff0175 }, 0x12345678, 2,
		},
		.offered = {
			{ 0x0840301a, 0x00a303d9, 0, 0, 0, 0xffff0075 }, 0x12345678, 2,
		},
		.sid_bits = 25, .ssid_bits = 15, .cmdq_bits = 5, .evtq_bits = 3,
	},
};

KUNIT_ARRAY_PARAM_DESC(emu_test_offer, emu_test_offers, name);

static void emu_test_init_caps(struct kunit *test)
{
	const struct emu_test_offer *t = test->param_value;
	struct pkvm_smmu_caps caps = { .ste2 = 2, .ste3 = 3 };
	bool stalls = !(t->hw.idr[0] & 0x03000000);
	int i;

	pkvm_smmu_init_caps(&caps, &t->hw);

	for (i = 0; i < ARRAY_SIZE(caps.ids.idr); i++)
		KUNIT_EXPECT_EQ_MSG(test, caps.ids.idr[i], t->offered.idr[i], "IDR%d", i);
	KUNIT_EXPECT_EQ(test, caps.ids.iidr, t->offered.iidr);
	KUNIT_EXPECT_EQ(test, caps.ids.aidr, t->offered.aidr);
	KUNIT_EXPECT_EQ(test, caps.sid_bits, t->sid_bits);
	KUNIT_EXPECT_EQ(test, caps.ssid_bits, t->ssid_bits);
	KUNIT_EXPECT_EQ(test, caps.cmdq_bits, t->cmdq_bits);
	KUNIT_EXPECT_EQ(test, caps.evtq_bits, t->evtq_bits);

	/* MEV, SHCFG=incoming; of the host's S1DSS, S1CIR, S1COR, S1CSH, and S1STALLD for stalls */
	KUNIT_EXPECT_EQ(test, caps.ste1, 0x0000100000080000);
	KUNIT_EXPECT_EQ(test, caps.ste1_host, 0xff | (stalls ? BIT_ULL(27) : 0));
	KUNIT_EXPECT_EQ(test, pkvm_smmu_can_stall(&caps), stalls);
	KUNIT_EXPECT_EQ(test, caps.ste2, 2);
	KUNIT_EXPECT_EQ(test, caps.ste3, 3);
}

struct emu_test_check {
	const char *name;
	u8 reg;			/* IDRn, or 6 for IIDR */
	u32 clear;
	u32 set;
	u8 pa_bits;		/* 0 stands for 44, QEMU's OAS */
	enum pkvm_smmu_refusal refusal;
};

static const struct emu_test_check emu_test_checks[] = {
	{ "as it is" },
	{ "no S1P", 0, 0x2, 0, 0, SMMU_REFUSE_NO_STAGE1 },
	{ "no S2P", 0, 0x1, 0, 0, SMMU_REFUSE_NO_STAGE2 },
	{ "TTF reserved", 0, 0xc, 0, 0, SMMU_REFUSE_NO_AARCH64 },
	{ "TTF AArch32", 0, 0xc, 0x4, 0, SMMU_REFUSE_NO_AARCH64 },
	{ "TTF both", 0, 0, 0xc, 0, SMMU_REFUSE_NONE },
	{ "TTENDIAN mixed", 0, 0x600000, 0, 0, SMMU_REFUSE_NONE },
	{ "TTENDIAN reserved", 0, 0x600000, 0x200000, 0, SMMU_REFUSE_BIG_ENDIAN },
	{ "TTENDIAN big", 0, 0, 0x600000, 0, SMMU_REFUSE_BIG_ENDIAN },
	{ "no COHACC", 0, 0x10, 0, 0, SMMU_REFUSE_NONE },
	{ "STALL_MODEL both", 0, 0x3000000, 0, 0, SMMU_REFUSE_NONE },
	{ "STALL_MODEL forced", 0, 0x3000000, 0x2000000, 0, SMMU_REFUSE_STALL_FORCED },
	{ "STALL_MODEL reserved", 0, 0, 0x3000000, 0, SMMU_REFUSE_STALL_FORCED },
	{ "TABLES_PRESET", 1, 0, 0x40000000, 0, SMMU_REFUSE_PRESET },
	{ "QUEUES_PRESET", 1, 0, 0x20000000, 0, SMMU_REFUSE_PRESET },
	{ "REL", 1, 0, 0x10000000, 0, SMMU_REFUSE_PRESET },
	{ "ECMDQ", 1, 0, 0x80000000, 0, SMMU_REFUSE_NONE },
	{ "VATOS", 0, 0, 0x100000, 0, SMMU_REFUSE_NONE },
	{ "no two levels", 0, 0x18000000, 0, 0, SMMU_REFUSE_NO_2LVL },
	{ "SIDSIZE 6", 1, 0x3f, 6, 0, SMMU_REFUSE_NONE },
	{ "no granule", 5, 0x70, 0, 0, SMMU_REFUSE_NO_GRANULE },
	{ "OAS 32 bits", 5, 0x7, 0, 0, SMMU_REFUSE_OAS },
	{ "OAS 32 bits suffice", 5, 0x7, 0, 32, SMMU_REFUSE_NONE },
	{ "OAS 32 bits, 33 needed", 5, 0x7, 0, 33, SMMU_REFUSE_OAS },
	{ "OAS 42 bits", 5, 0x7, 0x3, 0, SMMU_REFUSE_OAS },
	{ "OAS 44 bits, 45 needed", 5, 0, 0, 45, SMMU_REFUSE_OAS },
	{ "OAS 48 bits", 5, 0x7, 0x5, 48, SMMU_REFUSE_NONE },
	{ "OAS 52 bits", 5, 0x7, 0x6, 48, SMMU_REFUSE_NONE },
	{ "OAS 52 bits, 49 needed", 5, 0x7, 0x6, 49, SMMU_REFUSE_OAS },
	{ "OAS 56 bits", 5, 0, 0x7, 48, SMMU_REFUSE_NONE },
	{ "CMDQS 4", 1, 0x3e00000, 4 << 21, 0, SMMU_REFUSE_CMDQ_SIZE },
	{ "CMDQS 5", 1, 0x3e00000, 5 << 21, 0, SMMU_REFUSE_NONE },
	{ "MMU-600 r1p0", 6, 0, 0x4831043b, 0, SMMU_REFUSE_ERRATUM },
	{ "MMU-600 r2p0", 6, 0, 0x4832043b, 0, SMMU_REFUSE_NONE },
	{ "MMU-700 r0p1", 6, 0, 0x4870143b, 0, SMMU_REFUSE_ERRATUM },
	{ "MMU-700 r1p0", 6, 0, 0x4871043b, 0, SMMU_REFUSE_ERRATUM },
	{ "MMU-700 r1p1", 6, 0, 0x4871143b, 0, SMMU_REFUSE_NONE },
	{ "MMU S3 r0p0", 6, 0, 0x4980043b, 0, SMMU_REFUSE_NONE },
	{ "another implementer", 6, 0, 0x4830043c, 0, SMMU_REFUSE_NONE },
};

KUNIT_ARRAY_PARAM_DESC(emu_test_check, emu_test_checks, name);

static void emu_test_check(struct kunit *test)
{
	const struct emu_test_check *t = test->param_value;
	struct pkvm_smmu_ids hw = emu_test_hw();
	u32 *reg = t->reg < ARRAY_SIZE(hw.idr) ? &hw.idr[t->reg] : &hw.iidr;

	*reg = (*reg & ~t->clear) | t->set;
	KUNIT_EXPECT_EQ(test, pkvm_smmu_check_ids(&hw, t->pa_bits ?: 44), t->refusal);
}

/* IHI0070G.b 6.1, 6.3.8 */
static void emu_test_elsewhere(struct kunit *test)
{
	struct pkvm_smmu_ids hw = emu_test_hw();
	int pages, queues;
	bool fits;

	hw.idr[2] = 0xffffffff;
	hw.idr6 = 0x03020000;
	KUNIT_EXPECT_EQ(test, pkvm_smmu_vatos_offset(&hw), 0);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_ecmdq_size(&hw), 0);

	hw.idr[0] |= 0x100000;
	KUNIT_EXPECT_EQ(test, pkvm_smmu_vatos_offset(&hw), 0x4010000);
	hw.idr[2] = 0xfffffc00;
	KUNIT_EXPECT_EQ(test, pkvm_smmu_vatos_offset(&hw), 0x20000);

	hw.idr[1] |= 0x80000000;
	for (pages = 0; pages < 16; pages++) {
		for (queues = 0; queues < 16; queues++) {
			fits = pages <= 8 && queues <= 8;
			hw.idr6 = 0xf0f0ffff | pages << 24 | queues << 16;
			KUNIT_EXPECT_EQ(test, pkvm_smmu_ecmdq_size(&hw),
					fits ? 0x10000 << pages : 0);
			KUNIT_EXPECT_EQ(test, pkvm_smmu_check_ids(&hw, 44),
					fits ? SMMU_REFUSE_NONE : SMMU_REFUSE_ECMDQ);
		}
	}
}

/* With any other granule alone, the page size cannot be translated. */
static void emu_test_check_granule(struct kunit *test)
{
	u32 own = PAGE_SHIFT == 12 ? 0x10 : PAGE_SHIFT == 14 ? 0x20 : 0x40;
	struct pkvm_smmu_ids hw = emu_test_hw();

	hw.idr[5] ^= own;
	KUNIT_EXPECT_EQ(test, pkvm_smmu_check_ids(&hw, 44), SMMU_REFUSE_NO_GRANULE);
	hw.idr[5] ^= 0x70;
	KUNIT_EXPECT_EQ(test, pkvm_smmu_check_ids(&hw, 44), SMMU_REFUSE_NONE);
}

static void emu_test_refusal_str(struct kunit *test)
{
	const char *str, *unknown = pkvm_smmu_refusal_str(SMMU_NR_REFUSALS);
	int i, j;

	KUNIT_ASSERT_NOT_NULL(test, unknown);
	KUNIT_EXPECT_STREQ(test, pkvm_smmu_refusal_str(-1), unknown);

	for (i = 0; i < SMMU_NR_REFUSALS; i++) {
		str = pkvm_smmu_refusal_str(i);
		KUNIT_ASSERT_NOT_NULL(test, str);
		KUNIT_ASSERT_GT(test, strlen(str), 0);
		KUNIT_EXPECT_NE(test, str[strlen(str) - 1], '.');
		KUNIT_EXPECT_STRNEQ(test, str, unknown);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, str, pkvm_smmu_refusal_str(j));
	}
}

/* IHI0070G.b 5.2, SL0 as DDI0487 has it in VTCR_EL2 */
static void emu_test_s2_ste(struct kunit *test)
{
	static const u8 sl0_4k[] = { 2, 1, 0, 3 };
	static const u8 sl0_16k_64k[] = { 3, 2, 1, 0 };
	u64 tg = PAGE_SHIFT == 12 ? 0 : PAGE_SHIFT == 14 ? 2 : 1;
	struct pkvm_smmu_ids hw = emu_test_hw();
	struct pkvm_smmu_caps caps = {};
	int level, oas;

	for (level = 0; level < 4; level++) {
		u64 sl0 = PAGE_SHIFT == 12 ? sl0_4k[level] : sl0_16k_64k[level];

		for (oas = 0; oas < 8; oas++) {
			hw.idr[5] = 0x70 | oas;
			pkvm_smmu_s2_ste(&caps, 0xfff0000f12345000, 40, level, &hw);
			/*
			 * S2R, S2AFFD, S2AA64; S2SH0=3, S2OR0=1, S2IR0=1;
			 * S2T0SZ=24; S2VMID=0
			 */
			KUNIT_EXPECT_EQ(test, caps.ste2,
					0x0428351800000000 | sl0 << 38 | tg << 46 |
					(u64)min(oas, 5) << 48);
			KUNIT_EXPECT_EQ(test, caps.ste3, 0x0000000f12345000);
		}
	}

	pkvm_smmu_s2_ste(&caps, 0x1000, 48, 1, &hw);
	KUNIT_EXPECT_EQ(test, (caps.ste2 >> 32) & 0x3f, 16);
	pkvm_smmu_s2_ste(&caps, 0x1000, 32, 1, &hw);
	KUNIT_EXPECT_EQ(test, (caps.ste2 >> 32) & 0x3f, 32);

	/* S2SH0=3, S2OR0=1, S2IR0=1; without COHACC 2, 0, 0 */
	KUNIT_EXPECT_EQ(test, (caps.ste2 >> 40) & 0x3f, 0x35);
	hw.idr[0] &= ~BIT(4);
	pkvm_smmu_s2_ste(&caps, 0x1000, 32, 1, &hw);
	KUNIT_EXPECT_EQ(test, (caps.ste2 >> 40) & 0x3f, 0x20);
}

static struct kunit_case emu_test_ids_cases[] = {
	KUNIT_CASE_PARAM(emu_test_init_caps, emu_test_offer_gen_params),
	KUNIT_CASE_PARAM(emu_test_check, emu_test_check_gen_params),
	KUNIT_CASE(emu_test_check_granule),
	KUNIT_CASE(emu_test_elsewhere),
	KUNIT_CASE(emu_test_refusal_str),
	KUNIT_CASE(emu_test_s2_ste),
	{}
};

static struct kunit_suite emu_test_ids_suite = {
	.name = "arm-smmu-v3-pkvm-ids",
	.test_cases = emu_test_ids_cases,
};

/*
 * Registers: every one that has a value, IHI0070G.b 6.2
 */

#define SMMUEN	BIT(0)
#define PRIQEN	BIT(1)
#define EVTQEN	BIT(2)
#define CMDQEN	BIT(3)
#define QUEUES	(PRIQEN | EVTQEN | CMDQEN)

enum emu_test_kind { ID, RO, RW };

struct emu_test_reg {
	const char *name;
	u32 offset;
	u8 width;
	enum emu_test_kind kind;
	/* The bits that can be set, and the enables of CR0 that must be clear for it */
	u64 mask[2];
	u32 guard[2];
	/* For a register of an MSI: the enables of IRQ_CTRL that must be clear */
	u32 irq_guard;
};

static const struct emu_test_reg emu_test_regs[] = {
	{ "IDR0",		0x000, 4, ID },
	{ "IDR1",		0x004, 4, ID },
	{ "IDR2",		0x008, 4, ID },
	{ "IDR3",		0x00c, 4, ID },
	{ "IDR4",		0x010, 4, ID },
	{ "IDR5",		0x014, 4, ID },
	{ "IIDR",		0x018, 4, ID },
	{ "AIDR",		0x01c, 4, ID },
	{ "CR0",		0x020, 4, RW, { 0x1d } },
	{ "CR0ACK",		0x024, 4, RO },
	{ "CR1",		0x028, 4, RW, { 0xfc0, 0x3f }, { SMMUEN, QUEUES } },
	{ "CR2",		0x02c, 4, RW, { 0x6 }, { SMMUEN } },
	{ "GBPA",		0x044, 4, RW, { 0x801f3f1f } },
	{ "IRQ_CTRL",		0x050, 4, RW, { 0x5 } },
	{ "IRQ_CTRLACK",	0x054, 4, RO },
	{ "GERROR",		0x060, 4, RO },
	{ "GERRORN",		0x064, 4, RW, { 0x1b5 } },
	{ "GERROR_IRQ_CFG0",	0x068, 8, RW, { 0xffffffffffffc }, .irq_guard = 0x1 },
	{ "GERROR_IRQ_CFG1",	0x070, 4, RW, { 0xffffffff }, .irq_guard = 0x1 },
	{ "GERROR_IRQ_CFG2",	0x074, 4, RW, { 0x3f }, .irq_guard = 0x1 },
	{ "STRTAB_BASE",	0x080, 8, RW, { 0x400fffffffffffc0 }, { SMMUEN } },
	{ "STRTAB_BASE_CFG",	0x088, 4, RW, { 0x307ff }, { SMMUEN } },
	{ "CMDQ_BASE",		0x090, 8, RW, { 0x400fffffffffffff }, { CMDQEN } },
	{ "CMDQ_PROD",		0x098, 4, RW, { 0xfffff } },
	{ "CMDQ_CONS",		0x09c, 4, RW, { 0xfffff }, { CMDQEN } },
	{ "EVENTQ_BASE",	0x0a0, 8, RW, { 0x400fffffffffffff }, { EVTQEN } },
	{ "EVENTQ_IRQ_CFG0",	0x0b0, 8, RW, { 0xffffffffffffc }, .irq_guard = 0x4 },
	{ "EVENTQ_IRQ_CFG1",	0x0b8, 4, RW, { 0xffffffff }, .irq_guard = 0x4 },
	{ "EVENTQ_IRQ_CFG2",	0x0bc, 4, RW, { 0x3f }, .irq_guard = 0x4 },
	{ "EVENTQ_PROD",	0x100a8, 4, RW, { 0x800fffff }, { EVTQEN } },
	{ "EVENTQ_CONS",	0x100ac, 4, RW, { 0x800fffff } },
};

KUNIT_ARRAY_PARAM_DESC(emu_test_reg, emu_test_regs, name);

static void emu_test_regs_table(struct kunit *test)
{
	const struct pkvm_smmu_reg *row = pkvm_smmu_regs_table;
	u32 used = 0, end = 0;
	int i;

	KUNIT_ASSERT_EQ(test, pkvm_smmu_regs_table_len, ARRAY_SIZE(emu_test_regs));

	for (i = 0; i < ARRAY_SIZE(emu_test_regs); i++, row++) {
		const struct emu_test_reg *t = &emu_test_regs[i];

		KUNIT_EXPECT_EQ_MSG(test, row->offset, t->offset, "%s", t->name);
		KUNIT_EXPECT_EQ_MSG(test, row->width, t->width, "%s", t->name);
		KUNIT_EXPECT_STREQ(test, row->name, t->name);

		/* Sorted, apart from each other, aligned */
		KUNIT_EXPECT_GE_MSG(test, row->offset, end, "%s", t->name);
		KUNIT_EXPECT_EQ_MSG(test, row->offset % row->width, 0, "%s", t->name);
		end = row->offset + row->width;
		KUNIT_EXPECT_LE(test, end, SMMU_EMU_SIZE);

		/* Each register but an ID has a value of its own. */
		KUNIT_ASSERT_LT(test, row->id, SMMU_REG_NR);
		if (row->id > SMMU_REG_ID) {
			KUNIT_EXPECT_FALSE_MSG(test, used & BIT(row->id), "%s", t->name);
			used |= BIT(row->id);
		}
	}

	KUNIT_EXPECT_EQ(test, used, GENMASK(SMMU_REG_NR - 1, SMMU_REG_ID + 1));
}

/* Give registers different values with bits everywhere. CR0 and IRQ_CTRL enable nothing. */
static void emu_test_fill(struct pkvm_smmu_regs *regs)
{
	int i;

	for (i = 0; i < SMMU_REG_NR; i++)
		regs->val[i] = 0x8123456789abcdefULL * (2 * i + 1);
	regs->val[SMMU_REG_CR0] = 0;
	regs->val[SMMU_REG_CR0ACK] = 0;
	regs->val[SMMU_REG_IRQ_CTRL] &= ~0xffULL;
	regs->val[SMMU_REG_IRQ_CTRLACK] &= ~0xffULL;
}

static u64 emu_test_reg_width_mask(const struct emu_test_reg *t)
{
	return t->width == 8 ? ~0ULL : U32_MAX;
}

static void emu_test_reg_read(struct kunit *test)
{
	const struct emu_test_reg *t = test->param_value;
	struct pkvm_smmu_caps caps = {
		.ids = {
			{ 0xff10, 0xff11, 0xff12, 0xff13, 0xff14, 0xff15 }, 0xff16, 0xff17,
		},
	};
	struct pkvm_smmu_access acc, low, high;
	struct pkvm_smmu_regs regs;
	u64 expect = 0;

	emu_test_fill(&regs);
	pkvm_smmu_index_regs(&caps);
	acc = pkvm_smmu_resolve(&caps, t->offset, t->width);
	low = pkvm_smmu_resolve(&caps, t->offset, 4);
	high = pkvm_smmu_resolve(&caps, t->offset + 4, 4);
	KUNIT_ASSERT_TRUE(test, acc.reg);

	if (t->kind == ID)
		expect = 0xff10 + t->offset / 4;
	else
		expect = regs.val[acc.reg->id] & emu_test_reg_width_mask(t);

	KUNIT_EXPECT_EQ(test, pkvm_smmu_reg_read(&caps, &regs, acc), expect);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_reg_read(&caps, &regs, low), (u32)expect);
	if (t->width == 8) {
		KUNIT_EXPECT_PTR_EQ(test, high.reg, acc.reg);
		KUNIT_EXPECT_EQ(test, pkvm_smmu_reg_read(&caps, &regs, high), expect >> 32);
	} else if (acc.reg) {
		KUNIT_EXPECT_PTR_NE(test, high.reg, acc.reg);
	}
}

/* Write each bit as 0 and as 1, and compare with the bits that may change. */
static void emu_test_reg_write(struct kunit *test, const struct pkvm_smmu_regs *regs,
			       u32 offset, u8 size, u64 mask)
{
	static const u64 vals[] = { 0, ~0ULL, 0x5a5a5a5aa5a5a5a5, 0xa5a5a5a55a5a5a5a };
	struct pkvm_smmu_caps caps = { .ids.idr = { ~0U } };
	struct pkvm_smmu_access acc;
	u64 old;
	int i;

	pkvm_smmu_index_regs(&caps);
	acc = pkvm_smmu_resolve(&caps, offset, size);
	old = acc.reg ? regs->val[acc.reg->id] : 0;

	for (i = 0; i < ARRAY_SIZE(vals); i++) {
		u64 val = acc.size == 8 ? vals[i] : vals[i] << acc.shift;
		u64 out = 0xdead;

		KUNIT_EXPECT_EQ(test, pkvm_smmu_reg_merge(regs, acc, vals[i], &out), !!mask);
		if (mask)
			KUNIT_EXPECT_EQ(test, out, (old & ~mask) | (val & mask));
	}
}

/* Whole, low half, high half. */
static void emu_test_reg_writes(struct kunit *test, const struct emu_test_reg *t,
				const struct pkvm_smmu_regs *regs, u64 mask)
{
	emu_test_reg_write(test, regs, t->offset, t->width, mask);
	if (t->width == 8) {
		emu_test_reg_write(test, regs, t->offset, 4, mask & U32_MAX);
		emu_test_reg_write(test, regs, t->offset + 4, 4, mask & ~(u64)U32_MAX);
	}
}

static void emu_test_reg_merge(struct kunit *test)
{
	static const u8 irq_ids[] = { SMMU_REG_IRQ_CTRL, SMMU_REG_IRQ_CTRLACK };
	static const u8 ids[] = { SMMU_REG_CR0, SMMU_REG_CR0ACK };
	const struct emu_test_reg *t = test->param_value;
	struct pkvm_smmu_regs regs;
	int i, bit;

	emu_test_fill(&regs);
	emu_test_reg_writes(test, t, &regs, t->mask[0] | t->mask[1]);

	/* A guard counts in CR0, before it is acknowledged, and in CR0ACK, after. */
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		for (bit = 0; bit < 32; bit++) {
			u64 mask = 0;

			emu_test_fill(&regs);
			regs.val[ids[i]] = BIT(bit);
			if (!(t->guard[0] & BIT(bit)))
				mask |= t->mask[0];
			if (!(t->guard[1] & BIT(bit)))
				mask |= t->mask[1];
			emu_test_reg_writes(test, t, &regs, mask);
		}
	}

	/* A guard counts in IRQ_CTRL and IRQ_CTRLACK alike. */
	for (i = 0; i < ARRAY_SIZE(irq_ids); i++) {
		for (bit = 0; bit < 3; bit++) {
			emu_test_fill(&regs);
			regs.val[irq_ids[i]] |= BIT(bit);
			emu_test_reg_writes(test, t, &regs, t->irq_guard & BIT(bit) ?
					    0 : t->mask[0] | t->mask[1]);
		}
	}
}

/* Without MSIs the host has no register of an MSI. */
static void emu_test_reg_no_msi(struct kunit *test)
{
	struct pkvm_smmu_caps caps = { .ids.idr = { ~0U ^ (1U << 13) } };
	int i;

	pkvm_smmu_index_regs(&caps);
	for (i = 0; i < ARRAY_SIZE(emu_test_regs); i++) {
		const struct emu_test_reg *t = &emu_test_regs[i];

		KUNIT_EXPECT_EQ_MSG(test, !pkvm_smmu_resolve(&caps, t->offset, t->width).reg,
				    !!t->irq_guard, "%s", t->name);
	}
}

/* An MSI may go to one of the addresses, compared as a whole. */
static void emu_test_doorbell(struct kunit *test)
{
	static const u64 doorbells[] = { 0x8090040, 0, 0xfffff00090040 };
	int bit;

	KUNIT_EXPECT_TRUE(test, pkvm_smmu_is_doorbell(doorbells, 3, 0x8090040));
	KUNIT_EXPECT_TRUE(test, pkvm_smmu_is_doorbell(doorbells, 3, 0xfffff00090040));
	KUNIT_EXPECT_FALSE(test, pkvm_smmu_is_doorbell(doorbells, 2, 0xfffff00090040));
	KUNIT_EXPECT_FALSE(test, pkvm_smmu_is_doorbell(doorbells, 3, 0));
	for (bit = 0; bit < 64; bit++)
		KUNIT_EXPECT_FALSE(test, pkvm_smmu_is_doorbell(doorbells, 3,
							       0x8090040 ^ BIT_ULL(bit)));
}

/* CMDQ_CONS.ERR is not the host's to write, and stays when RD is written. */
static void emu_test_cmdq_err(struct kunit *test)
{
	struct pkvm_smmu_regs regs = { .val[SMMU_REG_CMDQ_CONS] = 0x01000123 };
	struct pkvm_smmu_caps caps = {};
	struct pkvm_smmu_access acc;
	u64 out;

	pkvm_smmu_index_regs(&caps);
	acc = pkvm_smmu_resolve(&caps, 0x9c, 4);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_reg_read(&caps, &regs, acc), 0x01000123);
	KUNIT_EXPECT_TRUE(test, pkvm_smmu_reg_merge(&regs, acc, 0x7f000004, &out));
	KUNIT_EXPECT_EQ(test, out, 0x01000004);
}

/* Check whether an access lies within one register of the table above. */
static bool emu_test_reg_exists(u32 offset, u8 size)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(emu_test_regs); i++) {
		const struct emu_test_reg *t = &emu_test_regs[i];

		if (offset >= t->offset && offset + size <= t->offset + t->width)
			return true;
	}
	return false;
}

static void emu_test_resolve(struct kunit *test)
{
	static const u8 sizes[] = { 4, 8 };
	struct pkvm_smmu_caps caps;
	struct pkvm_smmu_regs regs;
	u32 offset, size;
	int i;

	memset(&caps, 0xff, sizeof(caps));
	pkvm_smmu_index_regs(&caps);
	memset(&regs, 0xff, sizeof(regs));
	regs.val[SMMU_REG_IRQ_CTRL] = 0;
	regs.val[SMMU_REG_IRQ_CTRLACK] = 0;
	regs.val[SMMU_REG_CR0] = 0;
	regs.val[SMMU_REG_CR0ACK] = 0;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size = sizes[i];
		for (offset = 0; offset < SMMU_EMU_SIZE; offset += size) {
			struct pkvm_smmu_access acc = pkvm_smmu_resolve(&caps, offset, size);
			u64 out;

			KUNIT_ASSERT_EQ_MSG(test, !!acc.reg, emu_test_reg_exists(offset, size),
					    "offset 0x%x, %u bytes", offset, size);
			KUNIT_ASSERT_EQ(test, acc.size, size);
			if (acc.reg) {
				KUNIT_ASSERT_EQ(test, acc.reg->offset + acc.shift / 8, offset);
				continue;
			}
			KUNIT_ASSERT_EQ(test, pkvm_smmu_reg_read(&caps, &regs, acc), 0);
			KUNIT_ASSERT_FALSE(test, pkvm_smmu_reg_merge(&regs, acc, ~0ULL, &out));
		}
	}

	/* No other size, and nothing unaligned */
	for (size = 0; size < 20; size++)
		for (offset = 0; offset < 0x200; offset++)
			if ((size != 4 && size != 8) || offset % size)
				KUNIT_ASSERT_NULL(test, pkvm_smmu_resolve(&caps, offset, size).reg);
}

static struct kunit_case emu_test_regs_cases[] = {
	KUNIT_CASE(emu_test_regs_table),
	KUNIT_CASE_PARAM(emu_test_reg_read, emu_test_reg_gen_params),
	KUNIT_CASE_PARAM(emu_test_reg_merge, emu_test_reg_gen_params),
	KUNIT_CASE(emu_test_reg_no_msi),
	KUNIT_CASE(emu_test_doorbell),
	KUNIT_CASE(emu_test_cmdq_err),
	KUNIT_CASE(emu_test_resolve),
	{}
};

static struct kunit_suite emu_test_regs_suite = {
	.name = "arm-smmu-v3-pkvm-regs",
	.test_cases = emu_test_regs_cases,
};

kunit_test_suites(&emu_test_ids_suite, &emu_test_regs_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of the emulated SMMUv3 of protected KVM");
MODULE_LICENSE("GPL");
