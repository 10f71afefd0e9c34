// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host as an attacker: the event queue, which the SMMU writes past stage 2.
 */
#include "attack.h"

/* Places where the hardware must not write events. */
KUNIT_ARRAY_PARAM_DESC(attack_evtq_place, attack_places, name);

/* Cause an event by DMA of a stream without a valid STE. */
static void attack_cause_event(struct attack *a)
{
	struct attack_dma dma = attack_dma_page(a);

	KUNIT_EXPECT_FALSE(a->test, dma.reached);
}

static void attack_evtq_at(struct kunit *test)
{
	const struct attack_at *t = test->param_value;
	struct attack *a = test->priv;

	attack_write64(a, ARM_SMMU_EVTQ_BASE,
		       attack_place(a, t->place) | ATTACK_EVTQ_SHIFT);
	attack_enable(a);
	/* The event is lost: nothing is written, no index moves. */
	attack_cause_event(a);
	KUNIT_EXPECT_EQ(test, 0, attack_read(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_PROD)));
	KUNIT_EXPECT_EQ(test, 0, attack_gerror(a));
	attack_issue(a, arm_smmu_make_cmd_cfgi_all());
}

static void attack_evtq_page_reused(struct kunit *test)
{
	struct attack *a = test->priv;

	KUNIT_EXPECT_FALSE(test, attack_is_pinned(a->evtq));
	attack_enable(a);
	KUNIT_EXPECT_TRUE(test, attack_is_pinned(a->evtq));
	attack_cause_event(a);
	KUNIT_EXPECT_EQ(test, 1, attack_read(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_PROD)));
	KUNIT_EXPECT_NE(test, 0, le64_to_cpu(a->evtq[0]));

	attack_cr0(a, CR0_CMDQEN | CR0_SMMUEN);
	KUNIT_EXPECT_FALSE(test, attack_is_pinned(a->evtq));
	memset(a->evtq, 0, PAGE_SIZE);
	attack_cause_event(a);
	KUNIT_EXPECT_EQ(test, 1, attack_read(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_PROD)));
	KUNIT_EXPECT_NULL(test, memchr_inv(a->evtq, 0, PAGE_SIZE));
}

/* One write to CR0 clears EVENTQEN and all other bits. */
static void attack_evtq_page_reused_at_once(struct kunit *test)
{
	struct attack *a = test->priv;
	int i;

	for (i = 0; i < 50; i++) {
		attack_enable(a);
		KUNIT_ASSERT_TRUE(test, attack_is_pinned(a->evtq));
		attack_cr0(a, 0);
		KUNIT_ASSERT_FALSE(test, attack_is_pinned(a->evtq));
	}
}

/* The host moves the base while the hardware uses the old one. */
static void attack_evtq_base_moved(struct kunit *test)
{
	struct attack *a = test->priv;

	attack_enable(a);
	attack_write64(a, ARM_SMMU_EVTQ_BASE, virt_to_phys(a->table) | ATTACK_EVTQ_SHIFT);
	attack_cause_event(a);
	KUNIT_EXPECT_NE(test, 0, le64_to_cpu(a->evtq[0]));
	KUNIT_EXPECT_NULL(test, memchr_inv(a->table, 0, PAGE_SIZE));
}

/* Event and command queue are the same page, which cannot be pinned twice. */
static void attack_evtq_is_cmdq(struct kunit *test)
{
	struct attack *a = test->priv;

	attack_write64(a, ARM_SMMU_EVTQ_BASE, virt_to_phys(a->cmdq) | ATTACK_EVTQ_SHIFT);
	attack_enable(a);
	attack_cause_event(a);
	KUNIT_EXPECT_NULL(test, memchr_inv(a->cmdq, 0, PAGE_SIZE));
	attack_issue(a, arm_smmu_make_cmd_cfgi_all());

	attack_cr0(a, 0);
	KUNIT_EXPECT_FALSE(test, attack_is_pinned(a->cmdq));
}

/* The event queue is the host's stream table as well: events become STEs. */
static void attack_evtq_is_strtab(struct kunit *test)
{
	struct attack *a = test->priv;

	attack_set_strtab(a, virt_to_phys(a->evtq));
	attack_enable(a);
	attack_cause_event(a);
	attack_issue(a, arm_smmu_make_cmd_cfgi_all());
	attack_cause_event(a);
}

/* The hardware reports a full queue and goes on once there is room. */
static void attack_evtq_full(struct kunit *test)
{
	struct attack *a = test->priv;
	u32 prod, gerror;

	attack_write64(a, ARM_SMMU_EVTQ_BASE, virt_to_phys(a->evtq));
	attack_enable(a);
	attack_write(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_CONS), 1);
	attack_cause_event(a);
	prod = attack_read(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_PROD));
	gerror = attack_gerror(a);
	/* QEMU reports an aborted write where the architecture has an overflow. */
	KUNIT_EXPECT_TRUE(test, (prod & Q_OVERFLOW_FLAG) || (gerror & GERROR_EVTQ_ABT_ERR));
	KUNIT_EXPECT_NULL(test, memchr_inv(a->evtq, 0, PAGE_SIZE));

	attack_write(a, ARM_SMMU_GERRORN, attack_read(a, ARM_SMMU_GERROR));
	KUNIT_EXPECT_EQ(test, 0, attack_gerror(a));
	attack_issue(a, arm_smmu_make_cmd_cfgi_all());
}

/* Indexes beyond the queue must not take events out of it. */
static void attack_evtq_index_nonsense(struct kunit *test)
{
	struct attack *a = test->priv;

	attack_write(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_PROD), GENMASK(19, 0));
	attack_write(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_CONS), GENMASK(19, 0));
	attack_enable(a);
	KUNIT_EXPECT_TRUE(test, attack_is_pinned(a->evtq));
	attack_dma_page(a);
	attack_write(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_CONS), ~0U);
	attack_dma_page(a);

	attack_cr0(a, 0);
	KUNIT_EXPECT_FALSE(test, attack_is_pinned(a->evtq));
}

static struct kunit_case attack_evtq_cases[] = {
	KUNIT_CASE_PARAM(attack_evtq_at, attack_evtq_place_gen_params),
	KUNIT_CASE(attack_evtq_page_reused),
	KUNIT_CASE(attack_evtq_page_reused_at_once),
	KUNIT_CASE(attack_evtq_base_moved),
	KUNIT_CASE(attack_evtq_is_cmdq),
	KUNIT_CASE(attack_evtq_is_strtab),
	KUNIT_CASE(attack_evtq_full),
	KUNIT_CASE(attack_evtq_index_nonsense),
	{}
};

static struct kunit_suite attack_evtq_suite = {
	.name = "arm-smmu-v3-pkvm-attack-evtq",
	.attr.speed = KUNIT_SPEED_SLOW,
	.init = attack_init,
	.exit = attack_exit,
	.test_cases = attack_evtq_cases,
};

kunit_test_suites(&attack_evtq_suite);
