// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the emulated SMMUv3: STEs and stream tables.
 */
#include <kunit/test.h>

#include "test.h"

/*
 * STEs: IHI0070G.b 5.2
 */

#define STE_BITS	512

/* MEV, SHCFG=incoming */
#define EMU_TEST_STE1	0x0000100000080000ULL

/*
 * The bits that a host STE of Config bypass or stage 1 may have set.
 * 0: V, Config, S1Fmt, S1ContextPtr, S1CDMax
 * 1: S1DSS, S1CIR, S1COR, S1CSH, and without effect MEV, SW_RESERVED, SHCFG
 */
static const u64 emu_test_ste_allow[STRTAB_STE_DWORDS] = {
	0xf80fffffffffffff, 0x0000300000f800ff,
};

/* The bits of these that the hardware gets for stage 1 */
static const u64 emu_test_ste_pass[] = { 0xf80ffffffffffff0, 0xff };

static bool emu_test_make_ste(struct kunit *test, const struct pkvm_smmu_caps *caps,
			      const u64 *host, u64 *out)
{
	struct arm_smmu_ste in, ste;
	bool accepted;
	u64 cfg;
	int i;

	for (i = 0; i < STRTAB_STE_DWORDS; i++)
		in.data[i] = cpu_to_le64(host[i]);
	memset(&ste, 0x5a, sizeof(ste));
	accepted = pkvm_smmu_make_ste(caps, &in, &ste);
	for (i = 0; i < STRTAB_STE_DWORDS; i++)
		out[i] = le64_to_cpu(ste.data[i]);

	/* Nothing passes without stage 2, which is EL2's. */
	cfg = (out[0] >> 1) & 7;
	if (out[0] & 1)
		KUNIT_EXPECT_TRUE_MSG(test, cfg == 0 || cfg == 6 || cfg == 7,
				      "Config %llu", cfg);
	else
		KUNIT_EXPECT_EQ(test, out[0], 0);
	KUNIT_EXPECT_EQ(test, accepted, out[0] & 1);
	KUNIT_EXPECT_EQ(test, out[0] & ~emu_test_ste_allow[0], 0);
	/* EATS is 0, or 0b10 where the host asks for 0b01 beside stage 1. */
	KUNIT_EXPECT_EQ(test, out[1] & ~BIT_ULL(27),
			caps->ste1 | (host[1] & emu_test_ste_pass[1]) |
			(out[0] & 1 && cfg == 7 ? (host[1] & BIT_ULL(28)) << 1 : 0));
	KUNIT_EXPECT_EQ(test, out[2], caps->ste2);
	KUNIT_EXPECT_EQ(test, out[3], caps->ste3);
	for (i = 4; i < STRTAB_STE_DWORDS; i++)
		KUNIT_EXPECT_EQ(test, out[i], 0);
	return accepted;
}

/* Return the shadow STE's dword 0 if the rest of the STE is legal, or 0 if dword 0 is illegal. */
static u64 emu_test_expect_ste0(u64 ste0)
{
	if (!(ste0 & 1))
		return 0;

	switch ((ste0 >> 1) & 7) {
	case 0:
	case 1:
	case 2:
	case 3:
		return 0x1;
	case 4:
		return 0xd;
	case 5:
		return 0xf | (ste0 & emu_test_ste_pass[0]);
	default:
		return 0;
	}
}

static bool emu_test_ste_aborts(u64 ste0)
{
	return (ste0 & 1) && !(ste0 & 0x8);
}

struct emu_test_config {
	const char *name;
	u64 ste0;
};

static const struct emu_test_config emu_test_configs[] = {
	{ "V=0", 0x0 },
	{ "V=0 Config=bypass", 0x8 },
	{ "V=0 Config=stage 1", 0xa },
	{ "V=0 Config=nested", 0xe },
	{ "Config=0", 0x1 },
	{ "Config=1", 0x3 },
	{ "Config=2", 0x5 },
	{ "Config=3", 0x7 },
	{ "Config=bypass", 0x9 },
	{ "Config=stage 1", 0xb },
	{ "Config=stage 2", 0xd },
	{ "Config=nested", 0xf },
};

KUNIT_ARRAY_PARAM_DESC(emu_test_config, emu_test_configs, name);

static void emu_test_ste_config(struct kunit *test)
{
	const struct emu_test_config *t = test->param_value;
	u64 host[STRTAB_STE_DWORDS] = { t->ste0 };
	struct pkvm_smmu_caps caps = emu_test_caps();
	u64 out[STRTAB_STE_DWORDS];

	KUNIT_EXPECT_EQ(test, caps.ste1, EMU_TEST_STE1);
	emu_test_make_ste(test, &caps, host, out);
	KUNIT_EXPECT_EQ(test, out[0], emu_test_expect_ste0(t->ste0));

	/* A Config that aborts does so with all other bits set. */
	memset(host, 0xff, sizeof(host));
	host[0] = ~0xfULL | t->ste0;
	emu_test_make_ste(test, &caps, host, out);
	KUNIT_EXPECT_EQ(test, out[0], emu_test_ste_aborts(t->ste0) ? 0x1 : 0);
}

/* Each of the 512 bits inverted, alone. */
static void emu_test_ste_bits(struct kunit *test)
{
	const struct emu_test_config *t = test->param_value;
	struct pkvm_smmu_caps caps = emu_test_caps();
	u64 out[STRTAB_STE_DWORDS];
	int bit;

	for (bit = 0; bit < STE_BITS; bit++) {
		u64 host[STRTAB_STE_DWORDS] = { t->ste0 };
		u64 flip = BIT_ULL(bit % 64), expect;

		host[bit / 64] ^= flip;
		expect = emu_test_expect_ste0(host[0]);
		if (!emu_test_ste_aborts(host[0]) && !(emu_test_ste_allow[bit / 64] & flip))
			expect = 0;
		/* Without substreams there is no format: S1CDMax=0 */
		if (bit == 4 || bit == 5)
			expect &= ~0x30ULL;

		emu_test_make_ste(test, &caps, host, out);
		KUNIT_EXPECT_EQ_MSG(test, out[0], expect, "dword %d bit %d", bit / 64, bit % 64);
	}
}

/* S1Fmt and S1CDMax, against what is offered. IHI0070G.b 5.2.2 */
static void emu_test_substreams(struct kunit *test, const struct pkvm_smmu_caps *caps,
				u64 fmt, u64 cdmax)
{
	bool cd2l = caps->ids.idr[0] & BIT(19);
	u64 host[STRTAB_STE_DWORDS] = { 0x12345678908b | fmt << 4 | cdmax << 59 };
	u64 out[STRTAB_STE_DWORDS], expect = 0x12345678908f;

	if (caps->ssid_bits && cdmax) {
		expect |= cdmax << 59;
		if (fmt < 3)
			expect |= fmt << 4;
		if (cdmax > caps->ssid_bits || (!cd2l && fmt && fmt < 3))
			expect = 0;
	}

	emu_test_make_ste(test, caps, host, out);
	KUNIT_EXPECT_EQ_MSG(test, out[0], expect, "%u bits, CD2L %d, S1Fmt %llu, S1CDMax %llu",
			    caps->ssid_bits, cd2l, fmt, cdmax);

	/* With bypass S1Fmt and S1CDMax have no effect. */
	host[0] &= ~0x2ULL;
	emu_test_make_ste(test, caps, host, out);
	KUNIT_EXPECT_EQ(test, out[0], 0xd);
}

static void emu_test_ste_substreams(struct kunit *test)
{
	static const u8 offers[] = { 0, 1, 5, 19, 20 };
	struct pkvm_smmu_caps caps = emu_test_caps();
	int i, n;

	for (i = 0; i < ARRAY_SIZE(offers); i++) {
		caps.ssid_bits = offers[i];
		for (n = 0; n < 4 * 32; n++) {
			caps.ids.idr[0] |= BIT(19);
			emu_test_substreams(test, &caps, n / 32, n % 32);
			caps.ids.idr[0] &= ~BIT(19);
			emu_test_substreams(test, &caps, n / 32, n % 32);
		}
	}
}

static void emu_test_ste_null(struct kunit *test)
{
	struct pkvm_smmu_caps caps = emu_test_caps();
	struct arm_smmu_ste ste;
	int i;

	memset(&ste, 0x5a, sizeof(ste));
	KUNIT_EXPECT_FALSE(test, pkvm_smmu_make_ste(&caps, NULL, &ste));
	KUNIT_EXPECT_EQ(test, le64_to_cpu(ste.data[0]), 0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(ste.data[1]), EMU_TEST_STE1);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(ste.data[2]), EMU_TEST_STE2);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(ste.data[3]), EMU_TEST_STE3);
	for (i = 4; i < STRTAB_STE_DWORDS; i++)
		KUNIT_EXPECT_EQ(test, le64_to_cpu(ste.data[i]), 0);
}

static void emu_test_ste_stalls(struct kunit *test)
{
	struct pkvm_smmu_ids hw = emu_test_hw();
	u64 host[STRTAB_STE_DWORDS] = { 0xb };
	u64 out[STRTAB_STE_DWORDS];
	struct pkvm_smmu_caps caps = {};

	/* S1STALLD is ILLEGAL if nothing can stall. */
	pkvm_smmu_init_caps(&caps, &hw);
	KUNIT_EXPECT_TRUE(test, emu_test_make_ste(test, &caps, host, out));
	KUNIT_EXPECT_EQ(test, out[1], EMU_TEST_STE1);
	host[1] = BIT_ULL(27);
	KUNIT_EXPECT_FALSE(test, emu_test_make_ste(test, &caps, host, out));
	KUNIT_EXPECT_EQ(test, out[1], EMU_TEST_STE1);

	/* If faults can stall, the host's S1STALLD is used. */
	hw.idr[0] &= ~0x3000000;
	pkvm_smmu_init_caps(&caps, &hw);
	KUNIT_EXPECT_TRUE(test, emu_test_make_ste(test, &caps, host, out));
	KUNIT_EXPECT_EQ(test, out[1], EMU_TEST_STE1 | BIT_ULL(27));
	host[1] = 0;
	KUNIT_EXPECT_TRUE(test, emu_test_make_ste(test, &caps, host, out));
	KUNIT_EXPECT_EQ(test, out[1], EMU_TEST_STE1);
}

/* Each EATS beside each Config, offered or not. IHI0070G.b 3.9.1, 5.2.2 */
static void emu_test_ste_ats(struct kunit *test)
{
	struct pkvm_smmu_caps caps = emu_test_caps();
	u64 out[STRTAB_STE_DWORDS];
	int n, i;

	for (n = 0; n < 8; n++) {
		bool offered = n & 4, legal = !(n & 3) || (offered && (n & 3) == 1);

		caps.ids.idr[0] = (caps.ids.idr[0] & ~BIT(10)) | offered << 10;
		for (i = 0; i < ARRAY_SIZE(emu_test_configs); i++) {
			u64 ste0 = emu_test_configs[i].ste0;
			u64 host[STRTAB_STE_DWORDS] = { ste0, (n & 3ULL) << 28 };

			emu_test_make_ste(test, &caps, host, out);
			KUNIT_EXPECT_EQ_MSG(test, out[0], legal || emu_test_ste_aborts(ste0) ?
					    emu_test_expect_ste0(ste0) : 0,
					    "%s, EATS %d", emu_test_configs[i].name, n & 3);
		}
	}
}

/* EATS beside stage 2 alone is ILLEGAL, whichever dword is the older one. */
static bool emu_test_ste_legal(u64 ste0, u64 ste1)
{
	return (ste0 & 0xf) != 0xd || !(ste1 & 0x30000000);
}

/* Any two STEs: one or two steps, and each mixture of their dwords is legal. */
static void emu_test_ste_step(struct kunit *test)
{
	static const u64 stes[][2] = {
		{ 0x0 }, { 0x1 }, { 0xd }, { 0x12345678904f }, { 0x12345678904f, 0x20000000 },
	};
	int i, steps;

	for (i = 0; i < ARRAY_SIZE(stes) * ARRAY_SIZE(stes); i++) {
		const u64 *from = stes[i / ARRAY_SIZE(stes)], *to = stes[i % ARRAY_SIZE(stes)];
		struct arm_smmu_ste cur = { { cpu_to_le64(from[0]), cpu_to_le64(from[1]) } };
		bool last = false;

		for (steps = 0; !last && steps < 3; steps++) {
			struct arm_smmu_ste new = { { cpu_to_le64(to[0]), cpu_to_le64(to[1]) } };

			last = pkvm_smmu_step_ste(&cur, &new);
			KUNIT_EXPECT_TRUE(test, emu_test_ste_legal(le64_to_cpu(cur.data[0]),
								   le64_to_cpu(new.data[1])));
			KUNIT_EXPECT_TRUE(test, emu_test_ste_legal(le64_to_cpu(new.data[0]),
								   le64_to_cpu(cur.data[1])));
			cur = new;
		}
		KUNIT_EXPECT_EQ(test, steps, (from[0] == 0xd && to[1]) ||
				(to[0] == 0xd && from[1]) ? 2 : 1);
		KUNIT_EXPECT_EQ(test, le64_to_cpu(cur.data[0]), to[0]);
		KUNIT_EXPECT_EQ(test, le64_to_cpu(cur.data[1]), to[1]);
	}
}

/*
 * STEs through which a driver passes from one configuration to another: fields that are not in
 * use may be left over, or be set already.
 */
static const u64 emu_test_ste0s[] = {
	0x1, 0x9, 0xb, 0x123456789041, 0x123456789049, 0x12345678904b,
	0x280012345678904b, 0x280012345678906b, 0x2800123456789069,
};

static const u64 emu_test_ste1s[] = {
	0x0, 0xd6, 0xd5, 0x100000000000, 0x1000000000d6, 0x800d5,
};

/*
 * Dword 0 of an accepted STE is made from dword 0 alone, dword 1 from dword 1 alone, so one step
 * of the host's is one step here.
 */
static void emu_test_ste_hitless(struct kunit *test)
{
	struct pkvm_smmu_caps caps = emu_test_caps();
	u64 first[STRTAB_STE_DWORDS], out[STRTAB_STE_DWORDS];
	int i, j;

	for (i = 0; i < ARRAY_SIZE(emu_test_ste0s); i++) {
		for (j = 0; j < ARRAY_SIZE(emu_test_ste1s); j++) {
			u64 host[STRTAB_STE_DWORDS] = {
				emu_test_ste0s[i], emu_test_ste1s[j],
			};

			KUNIT_EXPECT_TRUE(test, emu_test_make_ste(test, &caps, host,
								  j ? out : first));
			if (j)
				KUNIT_EXPECT_EQ(test, out[0], first[0]);
		}
	}
}

static struct kunit_case emu_test_ste_cases[] = {
	KUNIT_CASE_PARAM(emu_test_ste_config, emu_test_config_gen_params),
	KUNIT_CASE_PARAM(emu_test_ste_bits, emu_test_config_gen_params),
	KUNIT_CASE(emu_test_ste_substreams),
	KUNIT_CASE(emu_test_ste_null),
	KUNIT_CASE(emu_test_ste_stalls),
	KUNIT_CASE(emu_test_ste_ats),
	KUNIT_CASE(emu_test_ste_step),
	KUNIT_CASE(emu_test_ste_hitless),
	{}
};

static struct kunit_suite emu_test_ste_suite = {
	.name = "arm-smmu-v3-pkvm-ste",
	.test_cases = emu_test_ste_cases,
};

/*
 * Stream tables: IHI0070G.b 3.3.1, 5.1, 6.3.24, 6.3.25
 */

struct emu_test_strtab {
	const char *name;
	u64 base;
	u32 cfg;
	bool one_level;		/* IDR0.ST_LEVEL=0 */
	struct pkvm_smmu_strtab expect;
};

#define LIN(log2size)		(log2size)
#define TWO(log2size, split)	(0x10000 | (split) << 6 | (log2size))

static const struct emu_test_strtab emu_test_strtabs[] = {
	{ "linear, one stream", 0x80001fc0, LIN(0), .expect = { 0x80001fc0, 0 } },
	{ "linear, 64 streams", 0x80001fc0, LIN(6), .expect = { 0x80001000, 6 } },
	{ "linear, 2^16 streams", 0x807fffc0, LIN(16), .expect = { 0x80400000, 16 } },
	{ "linear, more than SIDSIZE", 0x80ffffc0, LIN(17), .expect = { 0x80800000, 16 } },
	{ "linear, base has no bits left", 0x000fffffffffffc0, LIN(46), .expect = { 0, 16 } },
	{ "linear, 2^63 streams", 0x000fffffffffffc0, LIN(63), .expect = { 0, 16 } },
	{ "linear, RA and reserved bits", 0xfff0000080001fff, LIN(6),
	  .expect = { 0x80001000, 6 } },
	{ "linear, SPLIT ignored", 0x80001fc0, LIN(6) | 8 << 6, .expect = { 0x80001000, 6 } },
	{ "FMT 2", 0x80001fc0, 0x20000 | LIN(6), .expect = { 0x80001000, 6 } },
	{ "FMT 3", 0x80001fc0, 0x30000 | LIN(6), .expect = { 0x80001000, 6 } },
	{ "two levels not offered", 0x80001fc0, TWO(6, 6), true, { 0x80001000, 6 } },
	{ "two levels, split 6", 0x80001fc0, TWO(16, 6), .expect = { 0x80000000, 16, 6, true } },
	{ "two levels, split 8", 0x80001fc0, TWO(16, 8), .expect = { 0x80001800, 16, 8, true } },
	{ "two levels, split 10", 0x80001fc0, TWO(16, 10), .expect = { 0x80001e00, 16, 10, true } },
	{ "two levels, split 7", 0x80001fc0, TWO(16, 7), .expect = { 0x80000000, 16, 6, true } },
	{ "two levels, split 0", 0x80001fc0, TWO(16, 0), .expect = { 0x80000000, 16, 6, true } },
	{ "two levels, split 31", 0x80001fc0, TWO(16, 31), .expect = { 0x80000000, 16, 6, true } },
	{ "two levels, 32 bytes", 0x80001fc0, TWO(10, 8), .expect = { 0x80001fc0, 10, 8, true } },
	{ "two levels, 64 bytes", 0x80001fc0, TWO(11, 8), .expect = { 0x80001fc0, 11, 8, true } },
	{ "two levels, 128 bytes", 0x80001fc0, TWO(12, 8), .expect = { 0x80001f80, 12, 8, true } },
	{ "two levels, SPLIT = LOG2SIZE", 0x80001fc0, TWO(8, 8),
	  .expect = { 0x80001fc0, 8, 8, true } },
	{ "two levels, SPLIT > LOG2SIZE", 0x80001fc0, TWO(3, 10),
	  .expect = { 0x80001fc0, 3, 10, true } },
	{ "two levels, more than SIDSIZE", 0x80ffffc0, TWO(24, 8),
	  .expect = { 0x80f80000, 16, 8, true } },
	{ "two levels, 2^63 streams", 0x000fffffffffffc0, TWO(63, 10),
	  .expect = { 0, 16, 10, true } },
	{ "every bit set", ~0ULL, ~0U, .expect = { 0, 16 } },
};

KUNIT_ARRAY_PARAM_DESC(emu_test_strtab, emu_test_strtabs, name);

static void emu_test_strtab_decode(struct kunit *test)
{
	const struct emu_test_strtab *t = test->param_value;
	struct pkvm_smmu_caps caps = emu_test_caps();
	struct pkvm_smmu_strtab st;

	if (t->one_level)
		caps.ids.idr[0] &= ~0x18000000;
	st = pkvm_smmu_strtab_decode(&caps, t->base, t->cfg);

	KUNIT_EXPECT_EQ(test, st.base, t->expect.base);
	KUNIT_EXPECT_EQ(test, st.log2size, t->expect.log2size);
	KUNIT_EXPECT_EQ(test, st.two_level, t->expect.two_level);
	if (t->expect.two_level)
		KUNIT_EXPECT_EQ(test, st.split, t->expect.split);
}

static void emu_test_linear(struct kunit *test)
{
	struct pkvm_smmu_strtab st = { .base = 0x80000000 };
	u64 addr;
	u32 sid;

	for (st.log2size = 0; st.log2size <= SMMU_EMU_MAX_SID_BITS; st.log2size++) {
		u32 n = 1U << st.log2size;
		u32 sids[] = { 0, n / 2, n - 1 };
		int i;

		for (i = 0; i < ARRAY_SIZE(sids); i++) {
			sid = sids[i];
			KUNIT_EXPECT_EQ(test, pkvm_smmu_ste_addr(&st, ~0ULL, sid, &addr), n - sid);
			KUNIT_EXPECT_EQ(test, addr, 0x80000000 + 64ULL * sid);
		}
		KUNIT_EXPECT_EQ(test, pkvm_smmu_ste_addr(&st, 0, n, &addr), 0);
		KUNIT_EXPECT_EQ(test, pkvm_smmu_ste_addr(&st, 0, U32_MAX, &addr), 0);
	}
}

/* Each Span of each split: which streams of a level 2 table exist, and where. */
static void emu_test_span(struct kunit *test, const struct pkvm_smmu_strtab *st, u32 span)
{
	/* L2Ptr has all its bits set, and so have the reserved ones. */
	u64 l1std = (~0ULL & ~0x1fULL) | span;
	u32 first = 3U << st->split, idx;
	bool valid = span && span <= 11 && span <= st->split + 1;
	u32 n = valid ? 1U << (span - 1) : 0;

	for (idx = 0; idx < 1U << st->split; idx++) {
		u64 addr = 0xdead;
		u32 left = pkvm_smmu_ste_addr(st, l1std, first + idx, &addr);

		KUNIT_ASSERT_EQ_MSG(test, left, idx < n ? n - idx : 0,
				    "split %u span %u index %u", st->split, span, idx);
		if (left)
			KUNIT_ASSERT_EQ(test, addr,
					(0x0010000000000000 - 64ULL * n) + 64ULL * idx);
	}
}

static void emu_test_spans(struct kunit *test)
{
	static const u8 splits[] = { 6, 8, 10 };
	struct pkvm_smmu_strtab st = { .base = 0x80000000, .log2size = 16, .two_level = true };
	u32 span;
	int i;

	for (i = 0; i < ARRAY_SIZE(splits); i++) {
		st.split = splits[i];
		for (span = 0; span < 32; span++)
			emu_test_span(test, &st, span);
	}
}

static void emu_test_two_level(struct kunit *test)
{
	struct pkvm_smmu_strtab st = {
		.base = 0x80000000, .log2size = 16, .split = 8, .two_level = true,
	};
	u64 addr;

	KUNIT_EXPECT_EQ(test, pkvm_smmu_l1std_addr(&st, 0), 0x80000000);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_l1std_addr(&st, 0xff), 0x80000000);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_l1std_addr(&st, 0x100), 0x80000008);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_l1std_addr(&st, 0xffff), 0x800007f8);

	KUNIT_EXPECT_EQ(test, pkvm_smmu_ste_addr(&st, 0x90000009, 0xffff, &addr), 1);
	KUNIT_EXPECT_EQ(test, addr, 0x90003fc0);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_ste_addr(&st, 0x90000009, 0x10000, &addr), 0);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_ste_addr(&st, 0x90000009, U32_MAX, &addr), 0);

	/* One descriptor, and LOG2SIZE is the limit whatever its span */
	st.log2size = 3;
	KUNIT_EXPECT_EQ(test, pkvm_smmu_l1std_addr(&st, 7), 0x80000000);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_ste_addr(&st, 0x90000009, 0, &addr), 8);
	KUNIT_EXPECT_EQ(test, addr, 0x90000000);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_ste_addr(&st, 0x90000009, 7, &addr), 1);
	KUNIT_EXPECT_EQ(test, addr, 0x900001c0);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_ste_addr(&st, 0x90000009, 8, &addr), 0);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_ste_addr(&st, 0x90000003, 0, &addr), 4);
	KUNIT_EXPECT_EQ(test, pkvm_smmu_ste_addr(&st, 0x90000003, 4, &addr), 0);
}

static struct kunit_case emu_test_strtab_cases[] = {
	KUNIT_CASE_PARAM(emu_test_strtab_decode, emu_test_strtab_gen_params),
	KUNIT_CASE(emu_test_linear),
	KUNIT_CASE(emu_test_spans),
	KUNIT_CASE(emu_test_two_level),
	{}
};

static struct kunit_suite emu_test_strtab_suite = {
	.name = "arm-smmu-v3-pkvm-strtab",
	.test_cases = emu_test_strtab_cases,
};

kunit_test_suites(&emu_test_ste_suite, &emu_test_strtab_suite);
