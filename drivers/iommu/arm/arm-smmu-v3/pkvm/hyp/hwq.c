// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: the hardware's command queue.
 *
 * The queue is EL2's memory, and only EL2 writes to it: commands of ownership transitions, and
 * host commands that the filter has checked. A position counts commands since takeover, so a
 * waiter is not confused when the queue wraps around any number of times.
 *
 * A queue error stops the hardware until EL2 has replaced the command. Every path
 * that looks at CMDQ_CONS repairs it, so commands behind it always make progress.
 */

#include <asm/kvm_hyp.h>
#include <asm/kvm_hypevents.h>

#include "smmu.h"

/* The longest that EL2 waits for an SMMU, as long as the host's driver does */
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

/* Return a deadline HYP_SMMU_TIMEOUT_US from now. */
struct hyp_smmu_deadline hyp_smmu_deadline(const struct hyp_smmu *smmu)
{
	u64 ticks = (u64)smmu->timer_freq * HYP_SMMU_TIMEOUT_US / USEC_PER_SEC;

	return (struct hyp_smmu_deadline) {
		.end		= hyp_smmu_now() + ticks,
		.late_polls	= HYP_SMMU_LATE_POLLS,
	};
}

/* Check a deadline. The caller looks once between two calls at the event that it waits for. */
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
 * Give the hardware up for ever: it refused a command that may not be dropped, failed, or
 * reports nonsense.
 */
static void hwq_die(struct hyp_smmu *smmu, u32 cons)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hyp_assert_lock_held(&q->lock);
	q->dead = true;
	trace_smmu_v3_dead(smmu->mmio_phys, cons, readl_relaxed(smmu->mmio + ARM_SMMU_GERROR));
}

/*
 * Check whether EL2 may drop a command that the hardware refused. Without a command of this
 * list at most the host's own stage 1 or a device's ATC is stale, or a transaction stays stalled.
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
 * The hardware stopped at the command after the last consumed one. Let it go on. A CMD_SYNC that
 * reports an ATC_INV without answer runs again: it still waits for other earlier commands.
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

/* Account for the commands that the hardware has consumed. Return false if there are none. */
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

/* Read how far the hardware is, and repair an error unless CMDQ_CONS has moved. */
static void hwq_refresh(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u32 cons, stopped;

	hyp_assert_lock_held(&q->lock);
	if (q->dead || !hyp_smmu_hwq_used(q))
		return;

	/*
	 * readl() orders CMDQ_CONS before the caller's reads. Pairs with the SMMU updating
	 * CONS after the effects of a CMD_SYNC are visible.
	 */
	cons = readl(smmu->mmio + ARM_SMMU_CMDQ_CONS);
	/* GERROR is read only where the hardware did not move. IHI0070G.b 7.1 */
	if (hwq_advance(smmu, cons) || q->dead)
		return;
	stopped = hwq_stopped(smmu);
	if (!stopped)
		return;

	/* The hardware may have moved until it stopped: read CMDQ_CONS at the error. */
	cons = readl(smmu->mmio + ARM_SMMU_CMDQ_CONS);
	hwq_advance(smmu, cons);
	if (q->dead)
		return;
	/* An error without a command is nonsense. Service failure mode has no way out. */
	if ((stopped & GERROR_SFM_ERR) || !hyp_smmu_hwq_used(q))
		hwq_die(smmu, cons);
	else
		hwq_repair(smmu, cons);
}

/*
 * Check whether EL2 gives up waiting, because the hardware is dead or late. The hardware is late
 * if it has consumed nothing for a second, and EL2 has looked many times after that. So it is
 * not late just because a CPU, or the whole machine but its clock, was stopped for some time. It
 * stays late until it consumes a command.
 *
 * The first waiter begins the watch, and its time runs for all waiters: a command is outstanding
 * as long as hyp_smmu_hwq::consumed does not change.
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
		/* The next waiter looks a few times before it gives up, too. */
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

/* Slow path of hyp_smmu_hwq_begin(). The queue's lock is held, and dropped if 0 is returned. */
u32 hyp_smmu_hwq_make_room(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hwq_refresh(smmu);
	if (!q->dead && hyp_smmu_hwq_used(q) < q->limit)
		return q->limit - hyp_smmu_hwq_used(q);
	hyp_spin_unlock(&q->lock);

	return 0;
}

/*
 * Write the registers of the queue while it is disabled. CMDQ_CONS then says that all commands
 * so far are consumed. Active errors are acknowledged.
 */
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

	/* SFM_ERR stays active: service failure mode has no way out. IHI0070G.b 12.3 */
	gerrorn = readl_relaxed(smmu->mmio + ARM_SMMU_GERRORN) & GERROR_SFM_ERR;
	gerrorn |= readl_relaxed(smmu->mmio + ARM_SMMU_GERROR) & ~GERROR_SFM_ERR;
	writel_relaxed(gerrorn, smmu->mmio + ARM_SMMU_GERRORN);
	hyp_spin_unlock(&q->lock);
}

/* Mark the hardware as dead, for ever. */
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

/* Slow path of hwq_lock_with_room(). The lock is held, and dropped if there is an error. */
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

/* Take the lock with room for @n commands, for which the reserve is. Return 0 or -EIO. */
static int hwq_lock_with_room(struct hyp_smmu *smmu, u32 n)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hyp_spin_lock(&q->lock);

	return q->dead || !hwq_has_room(q, n) ? hwq_wait_for_room(smmu, n) : 0;
}

/* Clean the commands from hyp_smmu_hwq::submitted up to @end to the PoC. */
void hyp_smmu_hwq_clean(struct hyp_smmu *smmu, u64 end)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u64 seq;

	for (seq = q->submitted; seq != end; seq++)
		kvm_flush_dcache_to_poc(&q->base[seq & q->slot_mask], sizeof(*q->base));
}

/* Tell the hardware of EL2's next @n commands, which have been written. */
static __always_inline void hwq_add(struct hyp_smmu *smmu, u32 n)
{
	u64 end = smmu->hwq.submitted + n;

	if (unlikely(!smmu->coherent))
		hyp_smmu_hwq_clean(smmu, end);
	smmu->hwq.own += n;
	hyp_smmu_hwq_ring(smmu, end);
}

/* Add @n commands that have been written, and drop the lock. Return the position to wait for. */
static u64 hwq_end(struct hyp_smmu *smmu, u32 n)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u64 end;

	hwq_add(smmu, n);
	end = q->submitted;
	hyp_spin_unlock(&q->lock);

	return end;
}

/**
 * hyp_smmu_hwq_add_el2 - Add an invalidation of EL2's own, and a CMD_SYNC
 * @smmu: the SMMU
 * @cmd:  the command; both are added twice if hyp_smmu::repeat is set
 * @seq:  what to give to hyp_smmu_hwq_wait()
 *
 * Context: the queue's lock is not held.
 * Return: 0, or -EIO if the hardware is dead, or late and has no room.
 */
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
	/* The repetition does not start before the CMD_SYNC is complete. IHI0070G.b 4.7.3 */
	if (unlikely(n == 4)) {
		hyp_smmu_hwq_write(q, q->submitted + 2, &cmd);
		hyp_smmu_hwq_write(q, q->submitted + 3, &sync);
	}
	*seq = hwq_end(smmu, n);

	return 0;
}

/* Return whether an ATC_INV has failed since the last call. All before it are complete. */
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

/**
 * hyp_smmu_hwq_add_sync - Add a CMD_SYNC of EL2's own
 * @smmu: the SMMU
 * @seq:  what to give to hyp_smmu_hwq_done()
 *
 * Context: the queue's lock is not held.
 * Return: 0, or -EIO if the hardware is dead, or late and has no room.
 */
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

/* The first call skips the error check if CMDQ_CONS has moved. The second call does it. */
static void hwq_refresh_twice(struct hyp_smmu *smmu)
{
	hwq_refresh(smmu);
	hwq_refresh(smmu);
}

/* Look how far the hardware is. Repair an error that had stopped it before the call. */
void hyp_smmu_hwq_look(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hyp_spin_lock(&q->lock);
	hwq_refresh_twice(smmu);
	/* Hardware can fail without a command, which hwq_refresh() does not see. */
	if (!q->dead && (hwq_stopped(smmu) & GERROR_SFM_ERR))
		hwq_die(smmu, 0);
	hyp_spin_unlock(&q->lock);
}

/* Return the number of commands consumed since takeover, as last looked at. */
u64 hyp_smmu_hwq_consumed(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u64 consumed;

	hyp_spin_lock(&q->lock);
	consumed = q->consumed;
	hyp_spin_unlock(&q->lock);

	return consumed;
}

/**
 * hyp_smmu_hwq_done - Check whether the hardware has consumed commands
 * @smmu: the SMMU
 * @seq:  number of the last of them, counted since takeover
 *
 * If the last command is a CMD_SYNC, the commands before it are complete (IHI0070G.b 4.7.3).
 *
 * Return: true if they have been consumed.
 */
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

/* Look once. Return 0 = consumed, -EAGAIN = look again, -EIO = the hardware is dead or late. */
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

/**
 * hyp_smmu_hwq_wait - Wait until the hardware has consumed commands
 * @smmu: the SMMU
 * @seq:  as for hyp_smmu_hwq_done()
 *
 * Devices can make each ATC_INV before @seq slow, and none of them late. So the wait as a whole
 * is bounded, too.
 *
 * Return: 0, or -EIO if the hardware is dead or late. A late command may still take effect: a
 * caller that repeats it waits for the new command's number.
 */
int hyp_smmu_hwq_wait(struct hyp_smmu *smmu, u64 seq)
{
	struct hyp_smmu_deadline deadline = {};
	bool passed = false;
	int ret;

	/* The clock is read before the last look at the hardware. */
	while ((ret = hwq_check(smmu, seq)) == -EAGAIN) {
		if (passed)
			return -EIO;
		if (deadline.end)
			passed = hyp_smmu_deadline_passed(&deadline);
		else
			deadline = hyp_smmu_deadline(smmu);
		cpu_relax();
	}

	return ret;
}

/**
 * hyp_smmu_hwq_poll - Wait for commands as long as a trap may take
 * @smmu: the SMMU
 * @seq:  as for hyp_smmu_hwq_done()
 *
 * Return: true if the commands have been consumed, or the hardware is dead or late; false if
 * the host has to come back.
 */
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

/* Check that it makes sense to wait: hardware that is dead, or late so far, does not answer. */
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

/**
 * hyp_smmu_hwq_raise_gerror - Have the hardware raise its global error interrupt
 * @smmu: the SMMU
 *
 * EL2 cannot raise an interrupt line, so it adds a command with a reserved opcode. The hardware
 * reports CERROR_ILL, which raises the line if the host enabled it. EL2 then replaces the
 * command and acknowledges the error.
 */
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
	/* Most often this repairs the error at once. If not, the next look does. */
	hwq_refresh_twice(smmu);
	hyp_spin_unlock(&q->lock);
}

/**
 * hyp_smmu_hwq_ack_gerror - Acknowledge global errors on behalf of the host
 * @smmu: the SMMU
 * @val:  GERRORN as the host wrote it; GERROR_EMULATED is ignored
 */
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

/* Acknowledge the errors GERROR_MSI_IRQ of the hardware. Return the active ones. */
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
