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
#include <asm/kvm_hypevents.h>

#include "smmu.h"

/* The longest that EL2 waits for an SMMU: the bound of the host's driver, too. */
#define HYP_SMMU_TIMEOUT_US	ARM_SMMU_POLL_TIMEOUT_US
/* How often EL2 looks after the time is up before it gives up. */
#define HYP_SMMU_LATE_POLLS	1000

/* How often a trap looks at CMDQ_CONS before it is replayed: a few microseconds. */
#define HWQ_TRAP_POLLS		32

/* A reserved opcode: CERROR_ILL on every implementation. IHI0070G.b 4.1.3 */
#define CMDQ_OP_POISON		0xff

/* The physical counter: the host sets the offset of the virtual one. */
static u64 hyp_smmu_now(void)
{
	isb();
	return read_sysreg(cntpct_el0);
}

struct hyp_smmu_deadline hyp_smmu_deadline(const struct hyp_smmu *smmu)
{
	u64 ticks = (u64)smmu->timer_freq * HYP_SMMU_TIMEOUT_US / USEC_PER_SEC;

	return (struct hyp_smmu_deadline) {
		.end		= hyp_smmu_now() + ticks,
		.late_polls	= HYP_SMMU_LATE_POLLS,
	};
}

bool hyp_smmu_deadline_passed(struct hyp_smmu_deadline *deadline)
{
	if (hyp_smmu_now() < deadline->end)
		return false;
	if (!deadline->late_polls)
		return true;
	deadline->late_polls--;

	return false;
}

/*
 * The hardware cannot be relied on any more, for ever: it refused a command that may not
 * be dropped, failed, or reports nonsense.
 */
static void hwq_die(struct hyp_smmu *smmu, u32 cons)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hyp_assert_lock_held(&q->lock);
	q->dead = true;
	trace_smmu_v3_dead(smmu->mmio_phys, cons, readl_relaxed(smmu->mmio + ARM_SMMU_GERROR));
}

/*
 * Whether a command that the hardware refused was the host's or a poison: without
 * it, nothing but the host's own stage 1 is stale, or a transaction stays stalled.
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
	case CMDQ_OP_RESUME:
	case CMDQ_OP_STALL_TERM:
	case CMDQ_OP_ATC_INV:
		return true;
	default:
		return false;
	}
}

/*
 * The hardware stopped at the command after the last consumed. A CMD_SYNC that reports a
 * device which does not answer is repeated: it still waits for the other commands before it.
 * IHI0070G.b 4.7.3, 7.1
 */
static void hwq_repair(struct hyp_smmu *smmu, u32 cons)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	struct arm_smmu_cmd sync = arm_smmu_make_cmd_op(CMDQ_OP_CMD_SYNC);
	struct arm_smmu_cmd *cmd = &q->base[q->consumed & q->slot_mask];
	u8 op = FIELD_GET(CMDQ_0_OP, le64_to_cpu((__force __le64)READ_ONCE(cmd->data[0])));
	u8 err = FIELD_GET(CMDQ_CONS_ERR, cons);

	hyp_assert_lock_held(&q->lock);
	if (err == CMDQ_ERR_CERROR_ATC_INV_IDX && op == CMDQ_OP_CMD_SYNC && q->atc_used) {
		q->atc_failed = true;
	} else if (err == CMDQ_ERR_CERROR_ILL_IDX && hwq_may_skip(op)) {
		hyp_smmu_hwq_fill(cmd, &sync);
		hyp_smmu_clean(smmu, cmd, sizeof(*cmd));
	} else {
		hwq_die(smmu, cons);
		return;
	}

	/* writel() orders the command before the hardware is restarted. */
	writel(readl_relaxed(smmu->mmio + ARM_SMMU_GERRORN) ^ GERROR_CMDQ_ERR,
	       smmu->mmio + ARM_SMMU_GERRORN);
}

/* The errors that stop the hardware. IHI0070G.b 7.1, 12.3 */
static u32 hwq_stopped(struct hyp_smmu *smmu)
{
	u32 active = readl_relaxed(smmu->mmio + ARM_SMMU_GERROR) ^
		     readl_relaxed(smmu->mmio + ARM_SMMU_GERRORN);

	return active & (GERROR_CMDQ_ERR | GERROR_SFM_ERR);
}

/* Account for what the hardware has consumed. Returns whether that is anything. */
static bool hwq_advance(struct hyp_smmu *smmu, u32 cons)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u32 delta = (cons - q->consumed) & q->idx_mask;

	if (delta > hyp_smmu_hwq_used(q)) {
		hwq_die(smmu, cons);
		return false;
	}
	q->consumed += delta;

	return delta;
}

/* Learn how far the hardware is. */
static void hwq_refresh(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u32 cons, stopped;

	hyp_assert_lock_held(&q->lock);
	if (q->dead || !hyp_smmu_hwq_used(q))
		return;

	/*
	 * readl(): what the caller reads next is not older than CMDQ_CONS, pairs
	 * with the SMMU updating CONS after the effects of a CMD_SYNC are visible.
	 */
	cons = readl(smmu->mmio + ARM_SMMU_CMDQ_CONS);
	/* GERROR is read only where the hardware did not move. IHI0070G.b 7.1 */
	if (hwq_advance(smmu, cons) || q->dead)
		return;
	stopped = hwq_stopped(smmu);
	if (!stopped)
		return;

	/* It may have moved until it stopped: CMDQ_CONS is at the error only now. */
	cons = readl(smmu->mmio + ARM_SMMU_CMDQ_CONS);
	hwq_advance(smmu, cons);
	if (q->dead)
		return;
	/* There is no error without a command, and no way out of service failure mode. */
	if ((stopped & GERROR_SFM_ERR) || !hyp_smmu_hwq_used(q))
		hwq_die(smmu, cons);
	else
		hwq_repair(smmu, cons);
}

/*
 * Whether EL2 waits no longer: the hardware is dead, or late. Late is hardware that has
 * consumed nothing for a second, and was looked at many times after that: a CPU that is
 * stopped at any point for any time, and a machine whose clock goes on while all of it
 * is stopped, do not make it late. It is late until it consumes a command.
 *
 * The watch is begun by whoever waits first. A command is outstanding as long as
 * hyp_smmu_hwq::consumed stays what it was then, so the second is the hardware's,
 * whoever waits.
 *
 * Context: the lock is held, and hwq_refresh() was called since it was taken.
 */
static bool hwq_gave_up(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	struct hyp_smmu_watch *watch = &q->watch;

	hyp_assert_lock_held(&q->lock);
	if (q->dead)
		return true;
	if (watch->active && watch->consumed == q->consumed) {
		if (!hyp_smmu_deadline_passed(&watch->deadline))
			return false;
		/* Who waits for it next looks a few times before giving up as well. */
		watch->deadline.late_polls = HWQ_TRAP_POLLS;
		watch->late = true;
		return true;
	}

	*watch = (struct hyp_smmu_watch) {
		.deadline	= hyp_smmu_deadline(smmu),
		.consumed	= q->consumed,
		.active		= true,
	};

	return false;
}

u32 hyp_smmu_hwq_make_room(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hwq_refresh(smmu);
	if (!q->dead && hyp_smmu_hwq_used(q) < q->limit)
		return q->limit - hyp_smmu_hwq_used(q);
	hyp_spin_unlock(&q->lock);

	return 0;
}

void hyp_smmu_hwq_program(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u64 base = hyp_virt_to_phys(q->base);
	u32 idx, gerrorn;

	hyp_spin_lock(&q->lock);
	idx = q->submitted & q->idx_mask;
	writeq_relaxed(Q_BASE_RWA | base | q->shift, smmu->mmio + ARM_SMMU_CMDQ_BASE);
	writel_relaxed(idx, smmu->mmio + ARM_SMMU_CMDQ_PROD);
	writel_relaxed(idx, smmu->mmio + ARM_SMMU_CMDQ_CONS);

	/* No way out of service failure mode: that stays active. IHI0070G.b 12.3 */
	gerrorn = readl_relaxed(smmu->mmio + ARM_SMMU_GERRORN) & GERROR_SFM_ERR;
	gerrorn |= readl_relaxed(smmu->mmio + ARM_SMMU_GERROR) & ~GERROR_SFM_ERR;
	writel_relaxed(gerrorn, smmu->mmio + ARM_SMMU_GERRORN);
	hyp_spin_unlock(&q->lock);
}

void hyp_smmu_hwq_fail(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hyp_spin_lock(&q->lock);
	if (!q->dead)
		hwq_die(smmu, readl_relaxed(smmu->mmio + ARM_SMMU_CMDQ_CONS));
	hyp_spin_unlock(&q->lock);
}

static bool hwq_has_room(const struct hyp_smmu_hwq *q, u32 n)
{
	return hyp_smmu_hwq_used(q) + n <= q->slot_mask + 1;
}

/* No room, or dead. The lock is held, and afterwards if there is room. */
static noinline int hwq_wait_for_room(struct hyp_smmu *smmu, u32 n)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	for (;;) {
		hwq_refresh(smmu);
		if (!q->dead && hwq_has_room(q, n))
			return 0;
		if (hwq_gave_up(smmu))
			break;
		hyp_spin_unlock(&q->lock);
		cpu_relax();
		hyp_spin_lock(&q->lock);
	}
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

void hyp_smmu_hwq_clean(struct hyp_smmu *smmu, u64 end)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u64 seq;

	for (seq = q->submitted; seq != end; seq++)
		kvm_flush_dcache_to_poc(&q->base[seq & q->slot_mask], sizeof(*q->base));
}

/* Let the hardware have the next @n commands, which have been written: EL2's own. */
static __always_inline void hwq_add(struct hyp_smmu *smmu, u32 n)
{
	u64 end = smmu->hwq.submitted + n;

	if (unlikely(!smmu->coherent))
		hyp_smmu_hwq_clean(smmu, end);
	smmu->hwq.own += n;
	hyp_smmu_hwq_ring(smmu, end);
}

/* Add @n commands that have been written, and drop the lock. Returns what to wait for. */
static u64 hwq_end(struct hyp_smmu *smmu, u32 n)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u64 end;

	hwq_add(smmu, n);
	end = q->submitted;
	hyp_spin_unlock(&q->lock);

	return end;
}

int hyp_smmu_hwq_add_el2(struct hyp_smmu *smmu, struct arm_smmu_cmd cmd, u64 *seq)
{
	struct arm_smmu_cmd sync = arm_smmu_make_cmd_op(CMDQ_OP_CMD_SYNC);
	u32 n = smmu->repeat ? 4 : 2;
	struct hyp_smmu_hwq *q = &smmu->hwq;
	int ret = hwq_lock_with_room(smmu, n);

	if (ret)
		return ret;

	hyp_smmu_hwq_write(q, q->submitted, &cmd);
	hyp_smmu_hwq_write(q, q->submitted + 1, &sync);
	/* What follows a CMD_SYNC does not start before that is complete. IHI0070G.b 4.7.3 */
	if (unlikely(n == 4)) {
		hyp_smmu_hwq_write(q, q->submitted + 2, &cmd);
		hyp_smmu_hwq_write(q, q->submitted + 3, &sync);
	}
	*seq = hwq_end(smmu, n);

	return 0;
}

bool hyp_smmu_hwq_take_atc_failed(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	bool failed;

	hyp_spin_lock(&q->lock);
	failed = q->atc_failed;
	q->atc_failed = false;
	hyp_spin_unlock(&q->lock);

	return failed;
}

int hyp_smmu_hwq_add_sync(struct hyp_smmu *smmu, u64 *seq)
{
	struct arm_smmu_cmd sync = arm_smmu_make_cmd_op(CMDQ_OP_CMD_SYNC);
	struct hyp_smmu_hwq *q = &smmu->hwq;
	int ret = hwq_lock_with_room(smmu, 1);

	if (ret)
		return ret;

	hyp_smmu_hwq_write(q, q->submitted, &sync);
	*seq = hwq_end(smmu, 1);

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
	/* Hardware without commands can fail, too. */
	if (!q->dead && (hwq_stopped(smmu) & GERROR_SFM_ERR))
		hwq_die(smmu, 0);
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

/* Look once. Returns 0 if commands have been consumed, -EIO if that is not waited for. */
static int hwq_check(struct hyp_smmu *smmu, u64 seq)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	int ret = 0;

	hyp_spin_lock(&q->lock);
	if (q->consumed < seq)
		hwq_refresh(smmu);
	if (q->consumed < seq)
		ret = hwq_gave_up(smmu) ? -EIO : -EAGAIN;
	hyp_spin_unlock(&q->lock);

	return ret;
}

int hyp_smmu_hwq_wait(struct hyp_smmu *smmu, u64 seq)
{
	int ret;

	while ((ret = hwq_check(smmu, seq)) == -EAGAIN)
		cpu_relax();

	return ret;
}

bool hyp_smmu_hwq_poll(struct hyp_smmu *smmu, u64 seq)
{
	unsigned int i;

	for (i = 0; i < HWQ_TRAP_POLLS; i++) {
		if (hwq_check(smmu, seq) != -EAGAIN)
			return true;
		cpu_relax();
	}

	return false;
}

bool hyp_smmu_hwq_answers(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	bool answers;

	hyp_spin_lock(&q->lock);
	hwq_refresh(smmu);
	/* Hardware can fail without a command, and does not take any then. */
	answers = !q->dead && (!hyp_smmu_hwq_used(q) ||
			       (!hwq_gave_up(smmu) && !q->watch.late));
	hyp_spin_unlock(&q->lock);

	return answers;
}

void hyp_smmu_hwq_raise_gerror(struct hyp_smmu *smmu)
{
	struct arm_smmu_cmd poison = {
		.data = { FIELD_PREP(CMDQ_0_OP, CMDQ_OP_POISON) },
	};
	struct hyp_smmu_hwq *q = &smmu->hwq;

	if (hwq_lock_with_room(smmu, 1))
		return;

	hyp_smmu_hwq_write(q, q->submitted, &poison);
	hwq_add(smmu, 1);
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

u32 hyp_smmu_hwq_take_msi_errors(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u32 gerrorn, active;

	hyp_spin_lock(&q->lock);
	gerrorn = readl_relaxed(smmu->mmio + ARM_SMMU_GERRORN);
	active = (gerrorn ^ readl_relaxed(smmu->mmio + ARM_SMMU_GERROR)) & GERROR_MSI_IRQ;
	if (active)
		writel_relaxed(gerrorn ^ active, smmu->mmio + ARM_SMMU_GERRORN);
	hyp_spin_unlock(&q->lock);

	return active;
}
