// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host as an attacker: the command queue.
 */
#include <linux/iopoll.h>
#include <linux/kthread.h>
#include <linux/kvm_host.h>
#include <linux/sizes.h>

#include "attack.h"

/* Commands, as numbers, that must be refused with CERROR_ILL. IHI0070G.b 4.1.3 */
struct attack_cmd {
	const char *name;
	struct arm_smmu_cmd cmd;
};

static const struct attack_cmd attack_cmds[] = {
	{ "opcode 0", { { 0x00 } } },
	{ "CFGI_VMS_PIDM", { { 0x07 } } },
	{ "TLBI_EL3_ALL", { { 0x18 } } },
	{ "TLBI_EL3_VA", { { 0x1a } } },
	{ "TLBI_EL2_ALL", { { 0x20 } } },
	{ "TLBI_EL2_ASID", { { 0x21 } } },
	{ "TLBI_EL2_VA", { { 0x22 } } },
	{ "TLBI_EL2_VAA", { { 0x23 } } },
	{ "TLBI_S12_VMALL", { { 0x28 } } },
	{ "TLBI_S2_IPA", { { 0x2a, 0x40000000 } } },
	{ "ATC_INV of more than all", { { 0x40 | 5ULL << 32, 53 } } },
	{ "PRI_RESP for any stream", { { 0x41 | 5ULL << 32 } } },
	{ "RESUME of the Secure state", { { 0x44 | 1ULL << 10 | 1ULL << 12 } } },
	{ "RESUME with a reserved bit", { { 0x44, 1ULL << 16 } } },
	{ "STALL_TERM of the Secure state", { { 0x45 | 1ULL << 10 } } },
	{ "STALL_TERM with a STAG", { { 0x45, 1 } } },
	{ "TLBI_S_EL2_ALL", { { 0x50 } } },
	{ "TLBI_S_S12_VMALL", { { 0x58 } } },
	{ "TLBI_SNH_ALL", { { 0x60 } } },
	{ "DPTI_ALL", { { 0x70 } } },
	{ "DPTI_PA", { { 0x73 } } },
	{ "IMPLEMENTATION DEFINED opcode", { { 0x80 } } },
	{ "reserved opcode", { { 0xff } } },
	{ "CFGI_STE of the Secure state", { { 0x03 | 1ULL << 10 } } },
	{ "SYNC of the Secure state", { { 0x46 | 1ULL << 10 } } },
	{ "CFGI_STE with a reserved bit", { { 0x03 | 1ULL << 31 } } },
	{ "CFGI_ALL with a reserved bit", { { 0x04, 1ULL << 5 | 31 } } },
	{ "CFGI_CD_ALL with a SubstreamID", { { 0x06 | 1ULL << 12 } } },
	{ "TLBI_NH_ALL with an ASID", { { 0x10 | 1ULL << 48 } } },
	{ "TLBI_NSNH_ALL with a VMID", { { 0x30 | 1ULL << 32 } } },
	{ "TLBI_NH_VA with a reserved bit", { { 0x12 | 1ULL << 31 } } },
	{ "TLBI_NH_VA with NUM but no TG", { { 0x12 | 3ULL << 12, 0x1000 } } },
	{ "TLBI_NH_VA with TG but no range", { { 0x12, 0x1000 | 1ULL << 10 } } },
	{ "TLBI_NH_VAA with SCALE of 32", { { 0x13 | 32ULL << 20 | 1ULL << 12, 1ULL << 10 } } },
	{ "SYNC with reserved CS", { { 0x46 | 3ULL << 12 } } },
	{ "SYNC with a reserved bit", { { 0x46, 1ULL << 63 } } },
};

KUNIT_ARRAY_PARAM_DESC(attack_cmd, attack_cmds, name);

static struct arm_smmu_cmd attack_sync(void)
{
	return arm_smmu_make_cmd_op(CMDQ_OP_CMD_SYNC);
}

static void attack_expect_error(struct attack *a, u32 cons, u32 err, u32 idx)
{
	u32 cons_err = FIELD_GET(CMDQ_CONS_ERR, cons);
	u32 cons_idx = FIELD_GET(GENMASK(19, 0), cons);

	KUNIT_EXPECT_EQ(a->test, err, cons_err);
	KUNIT_EXPECT_EQ(a->test, idx, cons_idx);
	KUNIT_EXPECT_EQ(a->test, GERROR_CMDQ_ERR, attack_gerror(a));
}

static void attack_cmd_illegal(struct kunit *test)
{
	const struct attack_cmd *t = test->param_value;
	struct attack *a = test->priv;
	u32 cons;

	attack_cr0(a, CR0_CMDQEN);
	attack_push(a, attack_sync());
	attack_push(a, t->cmd);
	attack_push(a, attack_sync());
	cons = attack_ring(a);
	attack_expect_error(a, cons, CMDQ_ERR_CERROR_ILL_IDX, 1);

	/* The queue stays stopped: more commands and an unrelated GERRORN change nothing. */
	attack_push(a, attack_sync());
	cons = attack_ring(a);
	attack_write(a, ARM_SMMU_GERRORN,
		     attack_read(a, ARM_SMMU_GERRORN) ^ GERROR_EVTQ_ABT_ERR);
	attack_expect_error(a, cons, CMDQ_ERR_CERROR_ILL_IDX, 1);

	attack_recover(a);
}

/* Places where EL2 must not read commands. */
KUNIT_ARRAY_PARAM_DESC(attack_cmdq_place, attack_places, name);

static void attack_cmdq_abort(struct attack *a, phys_addr_t base, u8 shift)
{
	u32 cons;

	attack_write64(a, ARM_SMMU_CMDQ_BASE, base | shift);
	attack_cr0(a, CR0_CMDQEN);
	attack_write(a, ARM_SMMU_CMDQ_PROD, 1);
	cons = attack_read(a, ARM_SMMU_CMDQ_CONS);
	attack_expect_error(a, cons, CMDQ_ERR_CERROR_ABT_IDX, 0);

	/* Acknowledging the error retries the read, with the same result. */
	attack_write(a, ARM_SMMU_GERRORN, attack_read(a, ARM_SMMU_GERROR));
	cons = attack_read(a, ARM_SMMU_CMDQ_CONS);
	attack_expect_error(a, cons, CMDQ_ERR_CERROR_ABT_IDX, 0);
}

static void attack_cmdq_at(struct kunit *test)
{
	const struct attack_at *t = test->param_value;
	struct attack *a = test->priv;

	attack_cmdq_abort(a, attack_place(a, t->place), ATTACK_CMDQ_SHIFT);
}

/* If one page of a queue cannot be pinned, no page is. */
static void attack_cmdq_partly_unusable(struct kunit *test)
{
	struct attack *a = test->priv;
	void *queue = attack_alloc(a, 2 * PAGE_SIZE);
	u64 pfn = virt_to_pfn(queue + PAGE_SIZE);

	KUNIT_ASSERT_EQ(test, 0, kvm_call_hyp_nvhe(__pkvm_host_share_hyp, pfn));
	attack_cmdq_abort(a, virt_to_phys(queue), PAGE_SHIFT + 1 - CMDQ_ENT_SZ_SHIFT);
	KUNIT_EXPECT_FALSE(test, attack_is_pinned(queue));
	attack_cr0(a, 0);

	/* EL2 has not unshared the page that the host shared. */
	KUNIT_EXPECT_EQ(test, 0, kvm_call_hyp_nvhe(__pkvm_host_unshare_hyp, pfn));
}

static void attack_cmdq_page_reused(struct kunit *test)
{
	struct attack *a = test->priv;

	KUNIT_EXPECT_FALSE(test, attack_is_pinned(a->cmdq));
	attack_cr0(a, CR0_CMDQEN);
	KUNIT_EXPECT_TRUE(test, attack_is_pinned(a->cmdq));
	attack_issue(a, attack_sync());
	attack_cr0(a, 0);
	KUNIT_EXPECT_FALSE(test, attack_is_pinned(a->cmdq));

	/* A disabled queue is not read when PROD moves. */
	attack_push(a, (struct arm_smmu_cmd){ { 0xff } });
	attack_write(a, ARM_SMMU_CMDQ_PROD, a->prod);
	KUNIT_EXPECT_EQ(test, 0, attack_gerror(a));
}

/* EL2 aligns the base down to the queue's size, as hardware does. IHI0070G.b 6.3.26 */
static void attack_cmdq_unaligned(struct kunit *test)
{
	struct attack *a = test->priv;

	attack_write64(a, ARM_SMMU_CMDQ_BASE,
		       (virt_to_phys(a->cmdq) + SZ_2K) | ATTACK_CMDQ_SHIFT);
	attack_cr0(a, CR0_CMDQEN);
	attack_issue(a, attack_sync());
	attack_issue(a, arm_smmu_make_cmd_cfgi_all());
}

/* LOG2SIZE is capped at IDR1.CMDQS: PROD wraps there. */
static void attack_cmdq_too_large(struct kunit *test)
{
	struct attack *a = test->priv;
	u8 shift = FIELD_GET(IDR1_CMDQS, attack_read(a, ARM_SMMU_IDR1));
	struct arm_smmu_cmd *queue = attack_alloc(a, sizeof(*queue) << shift);
	u32 i;

	for (i = 0; i < BIT(shift); i++)
		queue[i].data[0] = (__force u64)cpu_to_le64(CMDQ_OP_CMD_SYNC);
	attack_write64(a, ARM_SMMU_CMDQ_BASE, virt_to_phys(queue) | 31);
	attack_cr0(a, CR0_CMDQEN);
	KUNIT_EXPECT_TRUE(test, attack_is_pinned(queue + BIT(shift) - 1));

	/* All are consumed, even if the hardware's queue is smaller. */
	a->prod = BIT(shift);
	KUNIT_EXPECT_EQ(test, BIT(shift), attack_ring(a));
	KUNIT_EXPECT_EQ(test, 0, attack_gerror(a));

	attack_cr0(a, 0);
	KUNIT_EXPECT_FALSE(test, attack_is_pinned(queue));
	KUNIT_EXPECT_FALSE(test, attack_is_pinned(queue + BIT(shift) - 1));
}

/* A PROD that says more commands than entries: CONSTRAINED UNPREDICTABLE. IHI0070G.b 3.5.1 */
static void attack_cmdq_prod_nonsense(struct kunit *test)
{
	struct attack *a = test->priv;
	u32 prod;

	attack_cr0(a, CR0_CMDQEN);
	for (prod = BIT(ATTACK_CMDQ_SHIFT) + 1; prod < 2 << ATTACK_CMDQ_SHIFT; prod += 50)
		attack_write(a, ARM_SMMU_CMDQ_PROD, prod);
	attack_write(a, ARM_SMMU_CMDQ_PROD, GENMASK(31, 20) | ((2 << ATTACK_CMDQ_SHIFT) - 1));
	KUNIT_EXPECT_EQ(test, 0, attack_read(a, ARM_SMMU_CMDQ_CONS));
	KUNIT_EXPECT_EQ(test, 0, attack_gerror(a));

	attack_issue(a, attack_sync());
}

/* Of a CONS beyond the queue only the index and the wrap bit count. */
static void attack_cmdq_cons_nonsense(struct kunit *test)
{
	struct attack *a = test->priv;

	attack_write(a, ARM_SMMU_CMDQ_CONS, ~0U);
	KUNIT_EXPECT_EQ(test, 0, attack_read(a, ARM_SMMU_CMDQ_CONS) & CMDQ_CONS_ERR);
	a->prod = (2 << ATTACK_CMDQ_SHIFT) - 1;
	attack_write(a, ARM_SMMU_CMDQ_PROD, a->prod);
	attack_cr0(a, CR0_CMDQEN);
	attack_issue(a, attack_sync());
	KUNIT_EXPECT_EQ(test, 1, a->prod);
}

/* Disabling the queue neither loses nor acknowledges an error. IHI0070G.b 7.1 */
static void attack_cmdq_disabled_with_error(struct kunit *test)
{
	struct attack *a = test->priv;
	u32 cons;

	attack_cr0(a, CR0_CMDQEN);
	attack_push(a, (struct arm_smmu_cmd){ { 0xff } });
	cons = attack_ring(a);
	attack_expect_error(a, cons, CMDQ_ERR_CERROR_ILL_IDX, 0);

	attack_cr0(a, 0);
	attack_cr0(a, CR0_CMDQEN);
	cons = attack_read(a, ARM_SMMU_CMDQ_CONS);
	attack_expect_error(a, cons, CMDQ_ERR_CERROR_ILL_IDX, 0);
	attack_recover(a);
}

static struct arm_smmu_cmd attack_sync_msi(phys_addr_t addr, u32 data)
{
	struct arm_smmu_cmd cmd = arm_smmu_make_cmd_sync(CMDQ_SYNC_0_CS_IRQ, addr);

	cmd.data[0] |= FIELD_PREP(CMDQ_SYNC_0_MSIDATA, data);
	return cmd;
}

/* An MSI goes past stage 2, so only the queue is a place for one. IHI0070G.b 4.7.3, 7.5 */
static void attack_cmdq_sync_msi(struct kunit *test)
{
	struct attack *a = test->priv;
	const phys_addr_t places[] = {
		virt_to_phys(a->page),
		virt_to_phys(a->cmdq) - sizeof(u32),
		virt_to_phys(a->cmdq) + PAGE_SIZE,
		attack_place(a, ATTACK_AT_EL2),
		attack_place(a, ATTACK_AT_SMMU),
		CMDQ_SYNC_1_MSIADDR_MASK,
	};
	unsigned int i;

	attack_cr0(a, CR0_CMDQEN);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		*a->page = 0x5a5a5a5a;
		attack_push(a, attack_sync_msi(places[i], 0x12345678));
		KUNIT_EXPECT_EQ(test, a->prod, attack_ring(a));
		KUNIT_EXPECT_EQ(test, 0x5a5a5a5a, READ_ONCE(*a->page));
		KUNIT_EXPECT_EQ(test, GERROR_MSI_CMDQ_ABT_ERR, attack_gerror(a));
		attack_write(a, ARM_SMMU_GERRORN, attack_read(a, ARM_SMMU_GERROR));
		KUNIT_EXPECT_EQ(test, 0, attack_gerror(a));
	}
}

/* An MSI into the queue is written without further traps: the driver polls memory for it. */
static void attack_cmdq_sync_msi_in_queue(struct kunit *test)
{
	struct attack *a = test->priv;
	u32 *slot = (u32 *)&a->cmdq[a->prod], val;

	attack_cr0(a, CR0_CMDQEN);
	attack_push(a, attack_sync_msi(virt_to_phys(slot), 0x12345678));
	attack_write(a, ARM_SMMU_CMDQ_PROD, a->prod);
	/* If the hardware writes it, that may be after the trap. */
	KUNIT_EXPECT_EQ(test, 0, read_poll_timeout(READ_ONCE, val, val == 0x12345678, 1,
						   USEC_PER_SEC, false, *slot));
	KUNIT_EXPECT_EQ(test, 0, attack_gerror(a));
}

/* Commands for streams that do not exist have no effect. IHI0070G.b 4.1.2 */
static void attack_cmdq_sid_out_of_range(struct kunit *test)
{
	struct attack *a = test->priv;
	u64 sid = BIT_ULL(FIELD_GET(IDR1_SIDSIZE, attack_read(a, ARM_SMMU_IDR1)));
	struct arm_smmu_cmd cmd;
	u8 range;

	attack_enable(a);
	for (; sid < BIT_ULL(32); sid <<= 1) {
		attack_issue(a, arm_smmu_make_cmd_cfgi_ste(sid, true));
		attack_issue(a, arm_smmu_make_cmd_cfgi_ste(sid, false));
		cmd.data[0] = CMDQ_OP_CFGI_CD | FIELD_PREP(CMDQ_CFGI_0_SID, sid);
		cmd.data[1] = 0;
		attack_issue(a, cmd);
	}

	for (range = 0; range < 32; range++) {
		cmd.data[0] = CMDQ_OP_CFGI_ALL | FIELD_PREP(CMDQ_CFGI_0_SID, U32_MAX);
		cmd.data[1] = range;
		attack_issue(a, cmd);
	}
}

static void attack_cmdq_stall_cmd(struct attack *a, struct arm_smmu_cmd cmd)
{
	u32 model = FIELD_GET(IDR0_STALL_MODEL, attack_read(a, ARM_SMMU_IDR0));
	u32 prod = a->prod, cons;

	if (model == IDR0_STALL_MODEL_STALL) {
		attack_issue(a, cmd);
		return;
	}
	attack_push(a, cmd);
	cons = attack_ring(a);
	attack_expect_error(a, cons, CMDQ_ERR_CERROR_ILL_IDX, prod);
	attack_recover(a);
}

/* What ends a stall, of streams that have none, and of streams that there are not. */
static void attack_cmdq_stalls(struct kunit *test)
{
	struct attack *a = test->priv;
	struct arm_smmu_cmd cmd;
	u64 sid;
	u8 resp;

	attack_enable(a);
	for (sid = 1; sid < BIT_ULL(32); sid <<= 1) {
		for (resp = 0; resp < 4; resp++) {
			cmd = arm_smmu_make_cmd_op(CMDQ_OP_RESUME);
			cmd.data[0] |= FIELD_PREP(CMDQ_RESUME_0_SID, sid) |
				       FIELD_PREP(CMDQ_RESUME_0_RESP, resp);
			cmd.data[1] = sid & CMDQ_RESUME_1_STAG;
			attack_cmdq_stall_cmd(a, cmd);
		}
		cmd = arm_smmu_make_cmd_op(CMDQ_OP_STALL_TERM);
		cmd.data[0] |= FIELD_PREP(CMDQ_RESUME_0_SID, sid);
		attack_cmdq_stall_cmd(a, cmd);
	}
}

/* Any VMID is accepted: EL2 replaces it. */
static void attack_cmdq_tlbi_any_vmid(struct kunit *test)
{
	struct attack *a = test->priv;
	u32 vmid;

	attack_cr0(a, CR0_CMDQEN);
	for (vmid = 0; vmid < SZ_64K; vmid += 4999)
		attack_issue(a, arm_smmu_make_cmd_tlbi(CMDQ_OP_TLBI_NH_ALL, 0, vmid));
}

/* Acknowledge any error and go back to the first slot. */
static void attack_cmdq_rewind(struct attack *a)
{
	attack_cr0(a, 0);
	attack_write(a, ARM_SMMU_GERRORN, attack_read(a, ARM_SMMU_GERROR));
	attack_write(a, ARM_SMMU_CMDQ_PROD, 0);
	attack_write(a, ARM_SMMU_CMDQ_CONS, 0);
	attack_cr0(a, CR0_CMDQEN);
}

static int attack_cmdq_flip(void *data)
{
	struct arm_smmu_cmd *slot = data;

	while (!kthread_should_stop()) {
		WRITE_ONCE(slot->data[0], (__force u64)cpu_to_le64(CMDQ_OP_CMD_SYNC));
		WRITE_ONCE(slot->data[1], (__force u64)cpu_to_le64(1ULL << 63));
		WRITE_ONCE(slot->data[0], (__force u64)cpu_to_le64(CMDQ_OP_PRI_RESP));
		WRITE_ONCE(slot->data[1], 0);
		cond_resched();
	}

	return 0;
}

/*
 * Another CPU keeps changing a command while EL2 reads it. EL2 may find it legal or illegal,
 * but must copy what it has checked: after an illegal command in the hardware's queue EL2
 * would give the SMMU up.
 */
static void attack_cmdq_changed_meanwhile(struct kunit *test)
{
	struct attack *a = test->priv;
	struct task_struct *thread;
	int i, illegal = 0;

	attack_cr0(a, CR0_CMDQEN);
	thread = kthread_run(attack_cmdq_flip, a->cmdq, "attack-cmdq");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));

	for (i = 0; i < 2000; i++) {
		attack_write(a, ARM_SMMU_CMDQ_PROD, 1);
		illegal += !!attack_gerror(a);
		attack_cmdq_rewind(a);
	}
	kthread_stop(thread);
	kunit_info(test, "%d of %d were illegal", illegal, i);

	KUNIT_EXPECT_FALSE(test, attack_gerror(a));
	attack_issue(a, attack_sync());
}

static struct kunit_case attack_cmdq_cases[] = {
	KUNIT_CASE_PARAM(attack_cmd_illegal, attack_cmd_gen_params),
	KUNIT_CASE_PARAM(attack_cmdq_at, attack_cmdq_place_gen_params),
	KUNIT_CASE(attack_cmdq_partly_unusable),
	KUNIT_CASE(attack_cmdq_page_reused),
	KUNIT_CASE(attack_cmdq_unaligned),
	KUNIT_CASE(attack_cmdq_too_large),
	KUNIT_CASE(attack_cmdq_prod_nonsense),
	KUNIT_CASE(attack_cmdq_cons_nonsense),
	KUNIT_CASE(attack_cmdq_disabled_with_error),
	KUNIT_CASE(attack_cmdq_sync_msi),
	KUNIT_CASE(attack_cmdq_sync_msi_in_queue),
	KUNIT_CASE(attack_cmdq_sid_out_of_range),
	KUNIT_CASE(attack_cmdq_stalls),
	KUNIT_CASE(attack_cmdq_tlbi_any_vmid),
	KUNIT_CASE(attack_cmdq_changed_meanwhile),
	{}
};

static struct kunit_suite attack_cmdq_suite = {
	.name = "arm-smmu-v3-pkvm-attack-cmdq",
	.attr.speed = KUNIT_SPEED_SLOW,
	.init = attack_init,
	.exit = attack_exit,
	.test_cases = attack_cmdq_cases,
};

kunit_test_suites(&attack_cmdq_suite);
