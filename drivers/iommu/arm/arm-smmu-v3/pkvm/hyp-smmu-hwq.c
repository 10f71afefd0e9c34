// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: the hardware's command queue.
 *
 * The queue is EL2's memory and EL2 alone writes to it: commands of ownership
 * transitions, and host commands that the filter let pass. Positions in it are
 * counted in commands since takeover, so that a waiter is not confused by the
 * queue wrapping around any number of times.
 *
 * A queue error stops the hardware until EL2 has replaced the command. Every path
 * that looks at CMDQ_CONS repairs it, so commands behind it always make progress.
 */

#include <asm/kvm_hyp.h>

#include "hyp-smmu-v3.h"

/* A reserved opcode: CERROR_ILL on every implementation. IHI0070G.b 4.1.3 */
#define CMDQ_OP_POISON		0xff

/* How often a trap looks at CMDQ_CONS before it is replayed: a few microseconds. */
#define HWQ_TRAP_POLLS		32

/*
 * Whether a command that the hardware refused was the host's or a poison: without
 * it, nothing but the host's own stage 1 is stale.
 */
static bool hwq_may_skip(u8 op)
{
	switch (op) {
	case CMDQ_OP_POISON:
	case CMDQ_OP_CFGI_CD:
	case CMDQ_OP_CFGI_CD_ALL:
	case CMDQ_OP_TLBI_NH_ALL:
	case CMDQ_OP_TLBI_NH_ASID:
	case CMDQ_OP_TLBI_NH_VA:
	case CMDQ_OP_TLBI_NH_VAA:
		return true;
	default:
		return false;
	}
}

/* The hardware stopped at the command after the last consumed. IHI0070G.b 7.1 */
static void hwq_repair(struct hyp_smmu *smmu, u32 cons)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	struct arm_smmu_cmd sync = arm_smmu_make_cmd_op(CMDQ_OP_CMD_SYNC);
	struct arm_smmu_cmd *cmd = &q->base[q->consumed & q->slot_mask];
	u8 op = FIELD_GET(CMDQ_0_OP, le64_to_cpu((__force __le64)READ_ONCE(cmd->data[0])));

	hyp_assert_lock_held(&q->lock);
	if (FIELD_GET(CMDQ_CONS_ERR, cons) != CMDQ_ERR_CERROR_ILL_IDX || !hwq_may_skip(op)) {
		q->dead = true;
		return;
	}

	hyp_smmu_hwq_fill(cmd, &sync);

	/* writel() orders the command before the hardware is restarted. */
	writel(readl_relaxed(smmu->mmio + ARM_SMMU_GERRORN) ^ GERROR_CMDQ_ERR,
	       smmu->mmio + ARM_SMMU_GERRORN);
}

static bool hwq_stopped(struct hyp_smmu *smmu)
{
	u32 active = readl_relaxed(smmu->mmio + ARM_SMMU_GERROR) ^
		     readl_relaxed(smmu->mmio + ARM_SMMU_GERRORN);

	return active & GERROR_CMDQ_ERR;
}

/* Account for what the hardware has consumed. Returns whether that is anything. */
static bool hwq_advance(struct hyp_smmu_hwq *q, u32 cons)
{
	u32 delta = (cons - q->consumed) & q->idx_mask;

	if (delta > hyp_smmu_hwq_used(q)) {
		q->dead = true;
		return false;
	}
	q->consumed += delta;

	return delta;
}

/* Learn how far the hardware is. */
static void hwq_refresh(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u32 cons;

	hyp_assert_lock_held(&q->lock);
	if (q->dead || !hyp_smmu_hwq_used(q))
		return;

	/*
	 * readl(): what the caller reads next is not older than CMDQ_CONS, pairs
	 * with the SMMU updating CONS after the effects of a CMD_SYNC are visible.
	 */
	cons = readl(smmu->mmio + ARM_SMMU_CMDQ_CONS);
	/* GERROR is read only where the hardware did not move. IHI0070G.b 7.1 */
	if (hwq_advance(q, cons) || q->dead || !hwq_stopped(smmu))
		return;

	/* It may have moved until it stopped: CMDQ_CONS is at the error only now. */
	cons = readl(smmu->mmio + ARM_SMMU_CMDQ_CONS);
	hwq_advance(q, cons);
	/* There is no error without a command. */
	if (!hyp_smmu_hwq_used(q))
		q->dead = true;
	if (!q->dead)
		hwq_repair(smmu, cons);
}

/* Give the hardware up if it has consumed nothing for too long. */
static void hwq_watch(struct hyp_smmu *smmu, struct hyp_smmu_watch *watch)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hyp_assert_lock_held(&q->lock);
	if (!watch->active || watch->consumed != q->consumed)
		*watch = (struct hyp_smmu_watch) {
			.deadline	= hyp_smmu_deadline(smmu),
			.consumed	= q->consumed,
			.active		= true,
		};
	else if (hyp_smmu_deadline_passed(&watch->deadline))
		q->dead = true;
}

u32 hyp_smmu_hwq_make_room(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hwq_refresh(smmu);
	if (!q->dead && hyp_smmu_hwq_used(q) < q->limit) {
		q->stall.active = false;
		return q->limit - hyp_smmu_hwq_used(q);
	}
	hwq_watch(smmu, &q->stall);
	hyp_spin_unlock(&q->lock);

	return 0;
}

u64 hyp_smmu_hwq_end(struct hyp_smmu *smmu, u32 n)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u64 seq;

	if (n)
		hyp_smmu_hwq_ring(smmu, n);
	seq = q->submitted;
	hyp_spin_unlock(&q->lock);

	return seq;
}

static bool hwq_has_room(const struct hyp_smmu_hwq *q, u32 n)
{
	return hyp_smmu_hwq_used(q) + n <= q->slot_mask + 1;
}

/* The hardware lags behind, or is dead. The lock is held, and afterwards if there is room. */
static noinline int hwq_wait_for_room(struct hyp_smmu *smmu, u32 n)
{
	struct hyp_smmu_watch watch = { .active = false };
	struct hyp_smmu_hwq *q = &smmu->hwq;

	while (!q->dead && !hwq_has_room(q, n)) {
		hyp_spin_unlock(&q->lock);
		cpu_relax();
		hyp_spin_lock(&q->lock);
		hwq_refresh(smmu);
		hwq_watch(smmu, &watch);
	}
	if (!q->dead)
		return 0;
	hyp_spin_unlock(&q->lock);

	return -EIO;
}

/* The reserve is there for this. */
static int hwq_lock_with_room(struct hyp_smmu *smmu, u32 n)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hyp_spin_lock(&q->lock);

	return q->dead || !hwq_has_room(q, n) ? hwq_wait_for_room(smmu, n) : 0;
}

/* There is room, and the lock is held until now. Returns what to wait for. */
static __always_inline u64 hwq_put_el2(struct hyp_smmu *smmu, struct arm_smmu_cmd cmd)
{
	struct arm_smmu_cmd sync = arm_smmu_make_cmd_op(CMDQ_OP_CMD_SYNC);
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hyp_smmu_hwq_write(q, 0, &cmd);
	hyp_smmu_hwq_write(q, 1, &sync);

	return hyp_smmu_hwq_end(smmu, 2);
}

static noinline int hwq_add_el2_later(struct hyp_smmu *smmu, struct arm_smmu_cmd cmd, u64 *seq)
{
	int ret = hwq_wait_for_room(smmu, 2);

	if (!ret)
		*seq = hwq_put_el2(smmu, cmd);

	return ret;
}

int hyp_smmu_hwq_add_el2(struct hyp_smmu *smmu, struct arm_smmu_cmd cmd, u64 *seq)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hyp_spin_lock(&q->lock);
	if (unlikely(q->dead || !hwq_has_room(q, 2)))
		return hwq_add_el2_later(smmu, cmd, seq);
	*seq = hwq_put_el2(smmu, cmd);

	return 0;
}

int hyp_smmu_hwq_add_sync(struct hyp_smmu *smmu, u64 *seq)
{
	struct arm_smmu_cmd sync = arm_smmu_make_cmd_op(CMDQ_OP_CMD_SYNC);
	int ret = hwq_lock_with_room(smmu, 1);

	if (ret)
		return ret;

	hyp_smmu_hwq_write(&smmu->hwq, 0, &sync);
	*seq = hyp_smmu_hwq_end(smmu, 1);

	return 0;
}

/* What is found to have moved is not looked at for an error: hence twice. */
static void hwq_refresh_twice(struct hyp_smmu *smmu)
{
	hwq_refresh(smmu);
	hwq_refresh(smmu);
}

void hyp_smmu_hwq_look(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hyp_spin_lock(&q->lock);
	hwq_refresh_twice(smmu);
	hyp_spin_unlock(&q->lock);
}

u64 hyp_smmu_hwq_consumed(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u64 consumed;

	hyp_spin_lock(&q->lock);
	consumed = q->consumed;
	hyp_spin_unlock(&q->lock);

	return consumed;
}

bool hyp_smmu_hwq_done(struct hyp_smmu *smmu, u64 seq)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	bool done;

	hyp_spin_lock(&q->lock);
	if (q->consumed < seq)
		hwq_refresh(smmu);
	done = q->consumed >= seq;
	hyp_spin_unlock(&q->lock);

	return done;
}

static noinline int hwq_keep_waiting(struct hyp_smmu *smmu, u64 seq)
{
	struct hyp_smmu_watch watch = { .active = false };
	struct hyp_smmu_hwq *q = &smmu->hwq;
	bool dead;

	do {
		hyp_spin_lock(&q->lock);
		hwq_watch(smmu, &watch);
		dead = q->dead;
		hyp_spin_unlock(&q->lock);
		if (dead)
			return -EIO;
		cpu_relax();
	} while (!hyp_smmu_hwq_done(smmu, seq));

	return 0;
}

int hyp_smmu_hwq_wait(struct hyp_smmu *smmu, u64 seq)
{
	return likely(hyp_smmu_hwq_done(smmu, seq)) ? 0 : hwq_keep_waiting(smmu, seq);
}

bool hyp_smmu_hwq_poll(struct hyp_smmu *smmu, u64 seq)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	unsigned int i;
	bool dead;

	for (i = 0; i < HWQ_TRAP_POLLS; i++) {
		if (hyp_smmu_hwq_done(smmu, seq))
			return true;
		cpu_relax();
	}

	hyp_spin_lock(&q->lock);
	hwq_watch(smmu, &q->stall);
	dead = q->dead;
	hyp_spin_unlock(&q->lock);

	return dead;
}

void hyp_smmu_hwq_raise_gerror(struct hyp_smmu *smmu)
{
	struct arm_smmu_cmd poison = {
		.data = { FIELD_PREP(CMDQ_0_OP, CMDQ_OP_POISON) },
	};
	struct hyp_smmu_hwq *q = &smmu->hwq;

	if (hwq_lock_with_room(smmu, 1))
		return;

	hyp_smmu_hwq_write(q, 0, &poison);
	hyp_smmu_hwq_ring(smmu, 1);
	/* Mostly this repairs it at once; if not, whoever looks next does. */
	hwq_refresh_twice(smmu);
	hyp_spin_unlock(&q->lock);
}

void hyp_smmu_hwq_ack_gerror(struct hyp_smmu *smmu, u32 val)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u32 gerrorn, ack;

	hyp_spin_lock(&q->lock);
	gerrorn = readl_relaxed(smmu->mmio + ARM_SMMU_GERRORN);
	ack = (gerrorn ^ val) & (gerrorn ^ readl_relaxed(smmu->mmio + ARM_SMMU_GERROR));
	ack &= GERROR_ERR_MASK & ~GERROR_EMULATED;
	writel_relaxed(gerrorn ^ ack, smmu->mmio + ARM_SMMU_GERRORN);
	hyp_spin_unlock(&q->lock);
}
