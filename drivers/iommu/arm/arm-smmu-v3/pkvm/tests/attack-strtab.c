// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host as an attacker: stream tables, their entries, and the tables that these point to.
 */
#include <linux/kthread.h>
#include <linux/kvm_host.h>
#include <linux/sizes.h>

#include <asm/kvm_pkvm.h>

#include "attack.h"

/* STEs, as numbers, that must stop DMA. IHI0070G.b 5.2 */
struct attack_ste {
	const char *name;
	u64 words[STRTAB_STE_DWORDS];
	u8 event;
};

#define BAD_STE(_name, ...)						\
	{								\
		.name = _name, .words = { __VA_ARGS__ },		\
		.event = EVT_ID_BAD_STE_CONFIG,				\
	}

#define V_BYPASS	0x9
#define V_STAGE1	0xb

static const struct attack_ste attack_stes[] = {
	{ .name = "abort", .words = { 0x1 } },
	{ .name = "reserved Config 1", .words = { 0x3 } },
	{ .name = "reserved Config 3 with junk", .words = { ~0ULL << 9 | 0x7, ~0ULL, ~0ULL } },
	BAD_STE("bypass without V", V_BYPASS & ~1),
	BAD_STE("stage 2 of the host's", 0xd, 0, 0x0fd834180001, 0x40000000),
	BAD_STE("both stages of the host's", 0xf, 0, 0x0fd834180001, 0x40000000),
	BAD_STE("reserved bit of dword 0", V_BYPASS | BIT_ULL(52)),
	BAD_STE("DRE: destructive reads", V_BYPASS, BIT_ULL(12)),
	BAD_STE("CONT: another stream's STE", V_BYPASS, 0xfULL << 13),
	BAD_STE("DCP", V_BYPASS, BIT_ULL(17)),
	BAD_STE("PPAR", V_BYPASS, BIT_ULL(18)),
	BAD_STE("S1PIE", V_BYPASS, BIT_ULL(24)),
	BAD_STE("S2FWB", V_BYPASS, BIT_ULL(25)),
	BAD_STE("S1MPAM", V_BYPASS, BIT_ULL(26)),
	BAD_STE("EATS=2: split-stage ATS", V_BYPASS, 2ULL << 28),
	BAD_STE("EATS=3: ATS with DPT", V_BYPASS, 3ULL << 28),
	BAD_STE("STRW=EL2", V_STAGE1, 2ULL << 30),
	BAD_STE("MTCFG and MemAttr", V_BYPASS, 0x1fULL << 32),
	BAD_STE("NSCFG", V_BYPASS, 3ULL << 46),
	BAD_STE("PRIVCFG", V_BYPASS, 3ULL << 48),
	BAD_STE("IMPLEMENTATION DEFINED bits of dword 1", V_BYPASS, BIT_ULL(63)),
	BAD_STE("S2VMID", V_BYPASS, 0, 1),
	BAD_STE("S2AA64", V_BYPASS, 0, BIT_ULL(51)),
	BAD_STE("S2HA and S2HD", V_BYPASS, 0, 3ULL << 55),
	BAD_STE("S2S: stalls in stage 2", V_BYPASS, 0, BIT_ULL(57)),
	BAD_STE("S2TTB", V_BYPASS, 0, 0, 0x40000000),
	BAD_STE("dword 3 bit 63", V_BYPASS, 0, 0, BIT_ULL(63)),
	BAD_STE("PARTID", V_BYPASS, 0, 0, 0, 1),
	BAD_STE("VMSPtr", V_BYPASS, 0, 0, 0, 0, 0x40000000),
	BAD_STE("Secure stage 2 table", V_BYPASS, 0, 0, 0, 0, 0, 0x40000000),
	BAD_STE("S2POI", V_BYPASS, 0, 0, 0, 0, 0, 0, 1),
};

KUNIT_ARRAY_PARAM_DESC(attack_ste, attack_stes, name);

static void attack_ste_refused(struct kunit *test)
{
	const struct attack_ste *t = test->param_value;
	struct attack *a = test->priv;
	struct attack_dma dma;

	/* Replace an STE that lets DMA pass. */
	attack_enable(a);
	attack_set_bypass(a);
	attack_set_ste(a, t->words);
	dma = attack_dma_page(a);
	KUNIT_EXPECT_FALSE(test, dma.reached);
	KUNIT_EXPECT_EQ(test, t->event, dma.event);
}

/*
 * Where ATS is offered it is split-stage ATS beside stage 1, and none beside bypass. Full ATS
 * would let the device say which physical address it has got.
 */
static void attack_ste_full_ats(struct kunit *test)
{
	const u64 words[STRTAB_STE_DWORDS] = { V_BYPASS, 1ULL << 28 };
	struct attack *a = test->priv;
	struct attack_dma dma;

	attack_enable(a);
	attack_set_bypass(a);
	attack_set_ste(a, words);
	if (attack_read(a, ARM_SMMU_IDR0) & IDR0_ATS)
		attack_expect_passes(a);
	else
		attack_expect_stopped(a);
	dma = attack_dma(a, attack_place(a, ATTACK_AT_EL2));
	KUNIT_EXPECT_FALSE(test, dma.reached);
}

/* The attacker's stream table works, so that a refusal by another test means something. */
static void attack_ste_bypass(struct kunit *test)
{
	struct attack *a = test->priv;

	attack_enable(a);
	attack_set_bypass(a);
	attack_expect_passes(a);
}

/* With bypass, EL2's stage 2 applies: addresses are physical, but these stay out of reach. */
static const struct attack_at attack_dma_places[] = {
	{ "EL2's memory", ATTACK_AT_EL2 },
	{ "EL2's code", ATTACK_AT_TEXT },
	{ "the SMMU's registers", ATTACK_AT_SMMU },
};

KUNIT_ARRAY_PARAM_DESC(attack_dma_place, attack_dma_places, name);

static void attack_ste_bypass_to(struct kunit *test)
{
	const struct attack_at *t = test->param_value;
	struct attack *a = test->priv;
	struct attack_dma dma;

	attack_enable(a);
	attack_set_bypass(a);
	dma = attack_dma(a, attack_place(a, t->place));
	KUNIT_EXPECT_EQ(test, EVT_ID_TRANSLATION_FAULT, dma.event);
	KUNIT_EXPECT_TRUE(test, dma.s2);
}

/* Without a command, a change of the host's STE does not change EL2's. */
static void attack_ste_without_cfgi(struct kunit *test)
{
	struct attack *a = test->priv;
	struct arm_smmu_ste *ste = &a->strtab[a->sid];

	attack_enable(a);
	attack_set_bypass(a);
	ste->data[1] = cpu_to_le64(FIELD_PREP(STRTAB_STE_1_EATS, STRTAB_STE_1_EATS_S1CHK));
	attack_expect_passes(a);

	attack_issue(a, arm_smmu_make_cmd_cfgi_all());
	attack_expect_stopped(a);

	ste->data[1] = 0;
	attack_expect_stopped(a);
}

static struct arm_smmu_cmd attack_cfgi_cd(struct attack *a)
{
	return (struct arm_smmu_cmd){
		{ CMDQ_OP_CFGI_CD_ALL | FIELD_PREP(CMDQ_CFGI_0_SID, a->sid) },
	};
}

/* Use stage 1 with the context descriptor at @cd. */
static void attack_set_stage1(struct attack *a, phys_addr_t cd)
{
	u64 words[STRTAB_STE_DWORDS] = {
		ATTACK_STE_STAGE1 | (cd & STRTAB_STE_0_S1CTXPTR_MASK),
		FIELD_PREP(STRTAB_STE_1_S1CIR, STRTAB_STE_1_S1C_CACHE_WBRA) |
		FIELD_PREP(STRTAB_STE_1_S1COR, STRTAB_STE_1_S1C_CACHE_WBRA) |
		FIELD_PREP(STRTAB_STE_1_S1CSH, ARM_SMMU_SH_ISH),
	};

	attack_set_ste(a, words);
	attack_issue(a, attack_cfgi_cd(a));
	attack_issue(a, arm_smmu_make_cmd_op(CMDQ_OP_TLBI_NSNH_ALL));
}

static const struct attack_at attack_table_places[] = {
	{ "EL2's memory", ATTACK_AT_EL2 },
	{ "EL2's code", ATTACK_AT_TEXT },
	{ "the SMMU's registers", ATTACK_AT_SMMU },
	{ "no memory", ATTACK_AT_NOTHING },
	{ "the end of the address space", ATTACK_AT_TOP },
};

KUNIT_ARRAY_PARAM_DESC(attack_table_place, attack_table_places, name);

/* The SMMU reads context descriptors through stage 2. IHI0070G.b 5.4.1 */
static void attack_cd_at(struct kunit *test)
{
	const struct attack_at *t = test->param_value;
	struct attack *a = test->priv;

	struct attack_dma dma;

	attack_enable(a);
	attack_set_stage1(a, attack_place(a, t->place));
	dma = attack_dma_page(a);
	KUNIT_EXPECT_FALSE(test, dma.reached);
	/* QEMU reports nothing for an address beyond the input size of stage 2. */
	if (t->place != ATTACK_AT_TOP)
		KUNIT_EXPECT_NE(test, 0, dma.event);
}

/*
 * Make a context descriptor in the second half of the table page: 4 KiB pages, 25 bits of
 * input, and so a single table, of level 2, at @ttb.
 */
static void attack_set_cd(struct attack *a, phys_addr_t ttb)
{
	__le64 *cd = a->table + SZ_2K / sizeof(*cd);

	if (!(attack_read(a, ARM_SMMU_IDR5) & IDR5_GRAN4K))
		kunit_skip(a->test, "needs 4 KiB pages in the SMMU");

	cd[1] = cpu_to_le64(ttb & CTXDESC_CD_1_TTB0_MASK);
	cd[3] = cpu_to_le64(0xff);	/* MAIR: Normal write-back */
	cd[0] = cpu_to_le64(FIELD_PREP(CTXDESC_CD_0_TCR_T0SZ, 64 - 25) |
			    FIELD_PREP(CTXDESC_CD_0_TCR_IRGN0, 1) |
			    FIELD_PREP(CTXDESC_CD_0_TCR_ORGN0, 1) |
			    FIELD_PREP(CTXDESC_CD_0_TCR_SH0, ARM_SMMU_SH_ISH) |
			    CTXDESC_CD_0_TCR_EPD1 |
			    FIELD_PREP(CTXDESC_CD_0_TCR_IPS, IDR5_OAS_44_BIT) |
			    CTXDESC_CD_0_V | CTXDESC_CD_0_AA64 | CTXDESC_CD_0_R |
			    CTXDESC_CD_0_A | CTXDESC_CD_0_ASET |
			    FIELD_PREP(CTXDESC_CD_0_ASID, 0xfff));
	attack_set_stage1(a, virt_to_phys(cd));
}

static void attack_stage1_table_at(struct kunit *test)
{
	const struct attack_at *t = test->param_value;
	struct attack *a = test->priv;

	attack_enable(a);
	attack_set_cd(a, attack_place(a, t->place));
	attack_expect_stopped(a);
}

/* Map 2 MiB around @addr at IOVA 0: AF, inner shareable, read and write. */
static dma_addr_t attack_set_block(struct attack *a, phys_addr_t addr)
{
	a->table[0] = cpu_to_le64(ALIGN_DOWN(addr, SZ_2M) | 0x741);
	attack_set_cd(a, virt_to_phys(a->table));

	return addr & (SZ_2M - 1);
}

static void attack_stage1_maps(struct kunit *test)
{
	const struct attack_at *t = test->param_value;
	struct attack *a = test->priv;
	struct attack_dma dma;
	dma_addr_t iova;

	attack_enable(a);
	iova = attack_set_block(a, virt_to_phys(a->page));
	dma = attack_dma(a, iova);
	KUNIT_EXPECT_TRUE(test, dma.reached);

	iova = attack_set_block(a, attack_place(a, t->place));
	dma = attack_dma(a, iova);
	KUNIT_EXPECT_EQ(test, EVT_ID_TRANSLATION_FAULT, dma.event);
	KUNIT_EXPECT_TRUE(test, dma.s2);
}

/* Linear tables. */
static void attack_strtab_at(struct kunit *test)
{
	const struct attack_at *t = test->param_value;
	struct attack *a = test->priv;

	attack_set_strtab(a, attack_place(a, t->place));
	attack_enable(a);
	attack_expect_stopped(a);
	attack_issue(a, arm_smmu_make_cmd_cfgi_ste(a->sid, false));
	attack_issue(a, arm_smmu_make_cmd_cfgi_all());
	attack_expect_stopped(a);
}

static void attack_strtab_size(struct kunit *test)
{
	struct attack *a = test->priv;

	/* A table that ends before the stream's STE. */
	a->strtab[a->sid].data[0] = cpu_to_le64(ATTACK_STE_BYPASS);
	attack_write(a, ARM_SMMU_STRTAB_BASE_CFG, fls(a->sid) - 1);
	attack_enable(a);
	attack_expect_stopped(a);

	/* With the largest size the base is aligned down to 0. IHI0070G.b 6.3.24 */
	attack_cr0(a, 0);
	attack_write(a, ARM_SMMU_STRTAB_BASE_CFG, STRTAB_BASE_CFG_LOG2SIZE);
	attack_enable(a);
	attack_expect_stopped(a);
}

/* Level 1 descriptors; the test fills in the address. IHI0070G.b 5.1 */
struct attack_l1std {
	const char *name;
	u8 span;
	bool elsewhere;
	enum attack_place place;
};

static const struct attack_l1std attack_l1stds[] = {
	{ "Span 0", 0 },
	{ "Span that does not have the stream", 1 },
	{ "Span above SPLIT + 1", 8 },
	{ "reserved Span", 31 },
	{ "level 2 table in EL2's memory", 7, true, ATTACK_AT_EL2 },
	{ "level 2 table in EL2's code", 7, true, ATTACK_AT_TEXT },
	{ "level 2 table in the SMMU's registers", 7, true, ATTACK_AT_SMMU },
	{ "level 2 table in a device's registers", 7, true, ATTACK_AT_DEVICE },
	{ "level 2 table in no memory", 7, true, ATTACK_AT_NOTHING },
	{ "level 2 table at the end of the address space", 7, true, ATTACK_AT_TOP },
};

KUNIT_ARRAY_PARAM_DESC(attack_l1std, attack_l1stds, name);

/* Use level 2 tables of 64 STEs. The device's is a part of the linear table. */
static void attack_set_two_level(struct attack *a)
{
	attack_write64(a, ARM_SMMU_STRTAB_BASE, virt_to_phys(a->table));
	attack_write(a, ARM_SMMU_STRTAB_BASE_CFG,
		     FIELD_PREP(STRTAB_BASE_CFG_FMT, STRTAB_BASE_CFG_FMT_2LVL) |
		     FIELD_PREP(STRTAB_BASE_CFG_SPLIT, 6) |
		     FIELD_PREP(STRTAB_BASE_CFG_LOG2SIZE, a->strtab_bits));
	a->strtab[a->sid].data[0] = cpu_to_le64(ATTACK_STE_BYPASS);
}

static void attack_set_l1std(struct attack *a, u8 span, phys_addr_t l2)
{
	WRITE_ONCE(a->table[a->sid >> 6],
		   cpu_to_le64((l2 & STRTAB_L1_DESC_L2PTR_MASK) |
			       FIELD_PREP(STRTAB_L1_DESC_SPAN, span)));
}

static phys_addr_t attack_l2(struct attack *a)
{
	return virt_to_phys(a->strtab + ALIGN_DOWN(a->sid, 64));
}

static void attack_l1std_refused(struct kunit *test)
{
	const struct attack_l1std *t = test->param_value;
	struct attack *a = test->priv;

	if (t->span == 1 && !(a->sid % 64))
		kunit_skip(test, "the stream is the first of its table");

	attack_set_two_level(a);
	attack_set_l1std(a, 7, attack_l2(a));
	attack_enable(a);
	attack_expect_passes(a);

	attack_set_l1std(a, t->span, t->elsewhere ? attack_place(a, t->place) : attack_l2(a));
	attack_issue(a, arm_smmu_make_cmd_cfgi_ste(a->sid, false));
	attack_expect_stopped(a);
}

static int attack_l1std_flip(void *data)
{
	struct attack *a = data;

	while (!kthread_should_stop()) {
		attack_set_l1std(a, 7, hyp_mem_base);
		attack_set_l1std(a, 7, attack_l2(a));
		attack_set_l1std(a, 31, GENMASK_ULL(51, 12));
		cond_resched();
	}

	return 0;
}

/* Another CPU keeps changing the descriptor while EL2 reads it. */
static void attack_l1std_changed_meanwhile(struct kunit *test)
{
	struct attack *a = test->priv;
	struct task_struct *thread;
	int i;

	attack_set_two_level(a);
	attack_enable(a);
	thread = kthread_run(attack_l1std_flip, a, "attack-l1std");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	for (i = 0; i < 1000; i++)
		attack_issue(a, arm_smmu_make_cmd_cfgi_ste(a->sid, false));
	kthread_stop(thread);

	attack_set_l1std(a, 0, 0);
	attack_issue(a, arm_smmu_make_cmd_cfgi_ste(a->sid, false));
	attack_expect_stopped(a);
}

static int attack_ste_flip(void *data)
{
	struct arm_smmu_ste *ste = data;

	while (!kthread_should_stop()) {
		WRITE_ONCE(ste->data[0], cpu_to_le64(ATTACK_STE_BYPASS));
		WRITE_ONCE(ste->data[1], cpu_to_le64(STRTAB_STE_1_EATS));
		WRITE_ONCE(ste->data[0], cpu_to_le64(ATTACK_STE_STAGE1));
		WRITE_ONCE(ste->data[1], 0);
		WRITE_ONCE(ste->data[3], cpu_to_le64(hyp_mem_base));
		WRITE_ONCE(ste->data[3], 0);
		cond_resched();
	}

	return 0;
}

static void attack_ste_changed_meanwhile(struct kunit *test)
{
	struct attack *a = test->priv;
	struct task_struct *thread;
	struct attack_dma dma;
	int i;

	attack_enable(a);
	thread = kthread_run(attack_ste_flip, &a->strtab[a->sid], "attack-ste");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	for (i = 0; i < 1000; i++)
		attack_issue(a, arm_smmu_make_cmd_cfgi_ste(a->sid, true));
	dma = attack_dma(a, hyp_mem_base);
	KUNIT_EXPECT_NE(test, 0, dma.event);
	kthread_stop(thread);

	attack_set_bypass(a);
	attack_expect_passes(a);
}

static struct kunit_case attack_strtab_cases[] = {
	KUNIT_CASE(attack_ste_bypass),
	KUNIT_CASE_PARAM(attack_ste_refused, attack_ste_gen_params),
	KUNIT_CASE(attack_ste_full_ats),
	KUNIT_CASE_PARAM(attack_ste_bypass_to, attack_dma_place_gen_params),
	KUNIT_CASE(attack_ste_without_cfgi),
	KUNIT_CASE(attack_ste_changed_meanwhile),
	KUNIT_CASE_PARAM(attack_cd_at, attack_table_place_gen_params),
	KUNIT_CASE_PARAM(attack_stage1_table_at, attack_table_place_gen_params),
	KUNIT_CASE_PARAM(attack_stage1_maps, attack_dma_place_gen_params),
	KUNIT_CASE_PARAM(attack_strtab_at, attack_table_place_gen_params),
	KUNIT_CASE(attack_strtab_size),
	KUNIT_CASE_PARAM(attack_l1std_refused, attack_l1std_gen_params),
	KUNIT_CASE(attack_l1std_changed_meanwhile),
	{}
};

static struct kunit_suite attack_strtab_suite = {
	.name = "arm-smmu-v3-pkvm-attack-strtab",
	.attr.speed = KUNIT_SPEED_SLOW,
	.init = attack_init,
	.exit = attack_exit,
	.test_cases = attack_strtab_cases,
};

kunit_test_suites(&attack_strtab_suite);
