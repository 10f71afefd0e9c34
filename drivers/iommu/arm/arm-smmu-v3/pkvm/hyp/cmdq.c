// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: the host's command queue.
 *
 * The hardware never sees the host's queue. Each command is read from it, checked
 * and rewritten by the filter, and what comes of that goes into the hardware's queue.
 * CMDQ_CONS advances over a command when the hardware has consumed what became of
 * it; marks remember which position of one queue is which of the other.
 *
 * The queue is pinned from CR0.CMDQEN being set until CR0ACK says that it is
 * cleared: EL2 reads it through its linear mapping, and no page of it can change
 * owner.
 *
 * A CMD_SYNC may ask for an MSI instead of being polled for in CMDQ_CONS. It is only
 * written into the queue itself, which is where the host's driver looks for it: one
 * trap, that of CMDQ_PROD, is all that an invalidation takes. Hardware that has MSIs
 * writes one to the slot that its CMD_SYNC is in, and the trap does not look at
 * CMDQ_CONS; all others EL2 writes, before the trap returns.
 *
 * The hardware's MSI goes past stage 2, and is of 32 bits, or 64 on some hardware: the
 * slot has both. That its CMD_SYNC is consumed does not mean
 * that it is written; that a later one is does (IHI0070G.b 4.7.3). So EL2 adds one when
 * CMDQEN is cleared, and the queue stays pinned until that is consumed.
 *
 * Where the SMMU does not snoop, the host writes its queue past the caches, and EL2 reads
 * it through them: EL2 flushes each command from the caches before it reads it. The flush
 * also cleans, see pkvm_read_host_mem_poc(). A host that writes through the caches as well
 * decides in another way which command EL2 reads. EL2 reads it once, checks its copy and
 * uses its copy. No MSI is offered there, so the host reads CMDQ_CONS.
 *
 * An ATC_INV waits for a device, which need not answer: the hardware reports that at the
 * next CMD_SYNC, after a time-out. EL2 copies ATC_INVs together with a CMD_SYNC of its own,
 * and nothing of the host's before that is complete. So an error belongs to these ATC_INVs,
 * a transition has at most one time-out to wait for, and the host's own CMD_SYNC is read
 * when it is known whether it has to fail.
 */

#include <asm/kvm_hyp.h>
#include <asm/kvm_hypevents.h>

#include "smmu.h"

/* A trap does not begin to copy more commands once it has copied so many. */
#define CMDQ_TRAP_MAX		256

static struct hyp_smmu_mark *mark_at(struct hyp_smmu_host_cmdq *cmdq, u8 i)
{
	return &cmdq->marks[(cmdq->first_mark + i) % HYP_SMMU_MARKS];
}

/* Commands are read: CMDQEN is set, the queue is pinned, and there is no error. */
static bool cmdq_is_open(const struct hyp_smmu *smmu)
{
	const struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	return (smmu->regs.val[SMMU_REG_CR0] & CR0_CMDQEN) && cmdq->pinned && !cmdq->err;
}

static void cmdq_set_open(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	cmdq->open = smmu->coherent && !cmdq->atc_seq && !cmdq->atc_failed && cmdq_is_open(smmu);
}

void hyp_smmu_cmdq_enable(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	hyp_assert_lock_held(&smmu->emu_lock);
	cmdq->q = pkvm_smmu_queue_decode(smmu->regs.val[SMMU_REG_CMDQ_BASE],
					 smmu->caps.cmdq_bits, CMDQ_ENT_SZ_SHIFT);
	cmdq->pinned = !hyp_smmu_pin_queue(&cmdq->q);
	cmdq->slots = hyp_phys_to_virt(cmdq->q.base);
	cmdq->slot_mask = BIT(cmdq->q.shift) - 1;
	cmdq->idx_mask = 2 * cmdq->slot_mask + 1;
	cmdq->fetch = smmu->regs.val[SMMU_REG_CMDQ_CONS] & cmdq->idx_mask;
	/* No CMD_SYNC with an MSI passes the filter of an SMMU that is not coherent. */
	cmdq->hw_msi = cmdq->pinned && (smmu->hw.idr[0] & IDR0_MSI);
	/* All commands of before are complete. A driver that starts anew is not told of them. */
	cmdq->atc_seq = 0;
	cmdq->atc_failed = false;
	hyp_smmu_hwq_take_atc_failed(smmu);
	cmdq_set_open(smmu);
}

void hyp_smmu_cmdq_disable(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u64 seq;

	hyp_assert_lock_held(&smmu->emu_lock);
	cmdq_set_open(smmu);
	/* Commands in progress are complete before CR0ACK. IHI0070G.b 6.3.9 */
	if (cmdq->nr_marks)
		smmu->cr0_seq = max(smmu->cr0_seq, mark_at(cmdq, cmdq->nr_marks - 1)->seq);
	/* And the last MSI is written. */
	if (cmdq->hw_msi) {
		if (hyp_smmu_hwq_add_sync(smmu, &seq))
			smmu->cr0_owed = true;
		else
			smmu->cr0_seq = max(smmu->cr0_seq, seq);
	}
	smmu->cfgi_scan.active = false;
}

/* An error is neither cleared nor acknowledged. IHI0070G.b 7.1 */
void hyp_smmu_cmdq_release(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	hyp_smmu_cmdq_settle(smmu);
	if (cmdq->pinned)
		hyp_smmu_unpin_queue(&cmdq->q);
	cmdq->pinned = false;
}

static void cmdq_raise_gerror(struct hyp_smmu *smmu)
{
	if (smmu->regs.val[SMMU_REG_IRQ_CTRL] & IRQ_CTRL_GERROR_IRQEN)
		hyp_smmu_hwq_raise_gerror(smmu);
}

noinline void hyp_smmu_abort_msi(struct hyp_smmu *smmu, u32 errs)
{
	/* The error of the interrupt itself has none. IHI0070G.b 7.5 */
	if (hyp_smmu_set_gerror(smmu, errs) & ~GERROR_MSI_GERROR_ABT_ERR)
		cmdq_raise_gerror(smmu);
}

/* Write an MSI: no memory but the queue's, pinned, is the SMMU's to write. */
static void cmdq_write_msi(struct hyp_smmu *smmu, u64 addr, u32 data)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	if (likely(cmdq->pinned && pkvm_smmu_queue_has(&cmdq->q, addr))) {
		u64 offset = array_index_nospec(addr - cmdq->q.base, cmdq->q.bytes);
		__le32 *word = (void *)cmdq->slots + offset;

		/*
		 * Not before EL2 has read in CMDQ_CONS that the CMD_SYNC is complete:
		 * the host, which polls the word, then uses buffers of earlier DMA anew.
		 */
		smp_store_release(word, cpu_to_le32(data));
	} else {
		hyp_smmu_abort_msi(smmu, GERROR_MSI_CMDQ_ABT_ERR);
	}
}

/* The host's commands up to @idx are complete. There is no error that the host knows of. */
static void cmdq_set_cons(struct hyp_smmu *smmu, u32 idx)
{
	smmu->regs.val[SMMU_REG_CMDQ_CONS] = idx;
}

/*
 * Remember @mark until it is complete, in the host's order. It prolongs the last one
 * if the hardware has nothing in between: CMDQ_CONS is as exact with one of them.
 */
static void cmdq_add_mark(struct hyp_smmu_host_cmdq *cmdq, struct hyp_smmu_mark mark)
{
	struct hyp_smmu_mark *last = mark_at(cmdq, cmdq->nr_marks - 1);

	if (mark.msi_addr)
		cmdq->nr_msis++;
	if (cmdq->nr_marks && !last->msi_addr && mark.first == last->seq &&
	    mark.first != mark.seq)
		mark.first = last->first;
	else
		last = mark_at(cmdq, cmdq->nr_marks++);
	*last = mark;
}

/* Where the hardware is within the oldest mark, as far as that can be told. */
static void cmdq_follow(struct hyp_smmu *smmu)
{
	const struct hyp_smmu_mark *mark = mark_at(&smmu->cmdq, 0);
	u64 consumed = hyp_smmu_hwq_consumed(smmu);

	if (consumed < mark->first || consumed >= mark->seq)
		return;
	cmdq_set_cons(smmu, (mark->cons - (mark->seq - consumed)) & smmu->cmdq.idx_mask);
}

void hyp_smmu_cmdq_settle(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u64 *cons = &smmu->regs.val[SMMU_REG_CMDQ_CONS];

	hyp_assert_lock_held(&smmu->emu_lock);
	while (cmdq->nr_marks && hyp_smmu_hwq_done(smmu, mark_at(cmdq, 0)->seq)) {
		const struct hyp_smmu_mark *mark = mark_at(cmdq, 0);

		cmdq_set_cons(smmu, mark->cons);
		if (mark->msi_addr) {
			cmdq_write_msi(smmu, mark->msi_addr, mark->msi_data);
			cmdq->nr_msis--;
		}
		cmdq->first_mark = (cmdq->first_mark + 1) % HYP_SMMU_MARKS;
		cmdq->nr_marks--;
	}
	if (cmdq->nr_marks)
		cmdq_follow(smmu);

	/* CMDQ_CONS points at the command, with the reason, before GERROR says so. */
	if (!cmdq->err || cmdq->err_shown || cmdq->nr_marks)
		return;
	*cons = cmdq->fetch | FIELD_PREP(CMDQ_CONS_ERR, cmdq->err);
	smmu->regs.val[SMMU_REG_GERROR] ^= GERROR_CMDQ_ERR;
	cmdq->err_shown = true;
}

void hyp_smmu_cmdq_restart(struct hyp_smmu *smmu)
{
	hyp_assert_lock_held(&smmu->emu_lock);
	smmu->cmdq.err = 0;
	cmdq_set_open(smmu);
	smmu->cmdq.err_shown = false;
	smmu->regs.val[SMMU_REG_CMDQ_CONS] &= ~(u64)CMDQ_CONS_ERR;
}

static void cmdq_error(struct hyp_smmu *smmu, u8 err)
{
	smmu->cmdq.err = err;
	smmu->stats.refused_commands++;
	cmdq_set_open(smmu);
	cmdq_raise_gerror(smmu);
}

/* Why cmdq_copy_some() stopped before it had copied all. */
enum cmdq_stop {
	CMDQ_STOP_ILL	= -3,	/* the next command is illegal */
	CMDQ_STOP_AGAIN	= -2,	/* of cmdq_go_first() */
	CMDQ_STOP_FULL	= -1,	/* there is no room */
};

/* Whether the command is illegal, or one for cmdq_go_first() or cmdq_copy_atc(). */
static __always_inline bool cmdq_goes_first(const struct hyp_smmu *smmu,
					    const struct pkvm_smmu_cmd *cmd, const bool open)
{
	if (cmd->action == SMMU_CMD_ILL || cmd->action >= SMMU_CMD_CFGI_STE)
		return true;

	return !open && smmu->cmdq.atc_failed &&
	       (cmd->action == SMMU_CMD_SYNC || cmd->action == SMMU_CMD_SYNC_MSI);
}

/* Returns false if all marks are in use, and stay so. */
static bool cmdq_mark_free(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	if (likely(cmdq->nr_marks < HYP_SMMU_MARKS))
		return true;
	hyp_smmu_cmdq_settle(smmu);
	if (cmdq->nr_marks < HYP_SMMU_MARKS)
		return true;

	smmu->wait_seq = mark_at(cmdq, 0)->seq;
	return false;
}

/* Read and check the command at @idx. The host can change it at any time: once. */
static __always_inline struct pkvm_smmu_cmd cmdq_read(struct hyp_smmu *smmu, u32 idx,
						      const bool open)
{
	const struct arm_smmu_cmd *slot = &smmu->cmdq.slots[idx & smmu->cmdq.slot_mask];
	struct pkvm_smmu_cmd cmd;
	struct arm_smmu_cmd in;

	if (!open)
		hyp_smmu_clean(smmu, slot, sizeof(*slot));
	in.data[0] = le64_to_cpu((__force __le64)READ_ONCE(slot->data[0]));
	in.data[1] = le64_to_cpu((__force __le64)READ_ONCE(slot->data[1]));
	cmd = pkvm_smmu_filter_cmd(&smmu->caps, in);

	trace_smmu_v3_cmd(smmu->mmio_phys, in.data[0], in.data[1],
			  cmd.action != SMMU_CMD_ILL);

	return cmd;
}

/*
 * Whether the hardware writes the MSI of the CMD_SYNC at @idx: only to the beginning of
 * that slot, and not behind an MSI that EL2 has to write: at a CMD_SYNC, those before it
 * are written or reported. IHI0070G.b 4.7.3
 */
static bool cmdq_is_hw_msi(const struct hyp_smmu_host_cmdq *cmdq, u32 idx, u64 addr)
{
	return cmdq->hw_msi && !cmdq->nr_msis &&
	       addr == cmdq->q.base + ((u64)(idx & cmdq->slot_mask) << CMDQ_ENT_SZ_SHIFT);
}

/*
 * Commands that are copied at once, under one acquisition of the hardware queue's lock.
 * The last of them are for a mark that is still to be made.
 */
struct cmdq_chunk {
	u32 fetch;	/* the host's next command */
	u64 seq;	/* the hardware's next command */
	/* Where the commands of the mark begin, in both queues. */
	u32 mark_fetch;
	u64 mark_seq;
	/* The MSI that EL2 is to write at the end of the mark, 0 for none. */
	u64 msi_addr;
	u32 msi_data;
};

static struct hyp_smmu_mark cmdq_make_mark(const struct hyp_smmu_host_cmdq *cmdq,
					   const struct cmdq_chunk *c)
{
	/* One for one, unless there was one to drop. */
	bool all = c->seq - c->mark_seq == c->fetch - c->mark_fetch;

	return (struct hyp_smmu_mark) {
		.first		= all ? c->mark_seq : c->seq,
		.seq		= c->seq,
		.cons		= c->fetch & cmdq->idx_mask,
		.msi_addr	= c->msi_addr,
		.msi_data	= c->msi_data,
	};
}

/* Add what becomes of a command: there is room for it. */
static __always_inline void cmdq_append(struct hyp_smmu *smmu, struct cmdq_chunk *c,
					struct pkvm_smmu_cmd *cmd)
{
	switch (cmd->action) {
	case SMMU_CMD_DROP:
		break;
	case SMMU_CMD_SYNC_MSI:
		if (cmdq_is_hw_msi(&smmu->cmdq, c->fetch, cmd->msi_addr)) {
			pkvm_smmu_add_msi(&cmd->out, cmd->msi_addr, cmd->msi_data);
		} else {
			c->msi_addr = cmd->msi_addr;
			c->msi_data = cmd->msi_data;
		}
		fallthrough;
	default:
		hyp_smmu_hwq_write(&smmu->hwq, c->seq++, &cmd->out);
	}
	c->fetch++;
}

/*
 * Each MSI that EL2 writes ends a mark: make it, if another one can follow. Returns false
 * if the chunk is to end here.
 */
static __always_inline bool cmdq_next_mark(struct hyp_smmu_host_cmdq *cmdq, struct cmdq_chunk *c)
{
	if (cmdq->nr_marks == HYP_SMMU_MARKS - 1)
		return false;
	cmdq_add_mark(cmdq, cmdq_make_mark(cmdq, c));
	c->mark_fetch = c->fetch;
	c->mark_seq = c->seq;
	c->msi_addr = 0;

	return true;
}

/* Ring once, look once if there are MSIs for EL2 to write, and drop the lock. */
static __always_inline void cmdq_finish(struct hyp_smmu *smmu, const struct cmdq_chunk *c,
					const bool open)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	/* What has no effect is complete where nothing is before it. */
	bool done = c->seq == smmu->hwq.submitted;
	u32 fetch = c->fetch & cmdq->idx_mask;

	cmdq->fetch = fetch;
	if (likely(!done)) {
		if (!open && !smmu->coherent)
			hyp_smmu_hwq_clean(smmu, c->seq);
		hyp_smmu_hwq_ring(smmu, c->seq);
	}
	/* Mostly all is complete when it can be looked at. */
	if (c->msi_addr || cmdq->nr_msis)
		done = hyp_smmu_hwq_caught_up(smmu, c->seq);
	hyp_spin_unlock(&smmu->hwq.lock);

	if (likely(done && !cmdq->nr_marks)) {
		cmdq_set_cons(smmu, fetch);
		if (c->msi_addr)
			cmdq_write_msi(smmu, c->msi_addr, c->msi_data);
	} else if (c->fetch != c->mark_fetch) {
		cmdq_add_mark(cmdq, cmdq_make_mark(cmdq, c));
	}
}

/*
 * Copy ATC_INVs up to the host's first command that is none, and a CMD_SYNC of EL2's, for
 * which there is a slot of the reserve. The first is read again here: what it was when the
 * caller read it does not count.
 */
static void cmdq_copy_atc(struct hyp_smmu *smmu)
{
	struct arm_smmu_cmd sync = arm_smmu_make_cmd_op(CMDQ_OP_CMD_SYNC);
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u32 first = cmdq->fetch, room, end;
	struct cmdq_chunk c = { .fetch = first, .mark_fetch = first };
	struct pkvm_smmu_cmd cmd = cmdq_read(smmu, first, false);

	room = cmd.action == SMMU_CMD_ATC_INV ? hyp_smmu_hwq_begin(smmu) : 0;
	if (!room)
		return;
	end = first + min(room, pkvm_smmu_queue_used(cmdq->idx_mask,
						     smmu->regs.val[SMMU_REG_CMDQ_PROD], first));
	c.seq = smmu->hwq.submitted;
	c.mark_seq = c.seq;

	while (cmd.action == SMMU_CMD_ATC_INV) {
		cmdq_append(smmu, &c, &cmd);
		if (c.fetch == end)
			break;
		cmd = cmdq_read(smmu, c.fetch, false);
	}
	hyp_smmu_hwq_write(&smmu->hwq, c.seq++, &sync);
	smmu->hwq.atc_used = true;
	smmu->hwq.own++;
	cmdq_finish(smmu, &c, false);

	cmdq->atc_seq = c.seq;
	smmu->wait_seq = c.seq;
	cmdq_set_open(smmu);
}

/*
 * Whether the ATC_INVs are complete. If one of them has failed, commands are copied as
 * before up to the host's next CMD_SYNC.
 */
static bool cmdq_settle_atc(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	if (!cmdq->atc_seq)
		return true;
	smmu->wait_seq = cmdq->atc_seq;
	if (!hyp_smmu_hwq_done(smmu, cmdq->atc_seq))
		return false;
	cmdq->atc_seq = 0;
	if (hyp_smmu_hwq_take_atc_failed(smmu))
		cmdq->atc_failed = true;
	cmdq_set_open(smmu);

	return true;
}

/*
 * What is done before a command is copied. Returns false if it is not copied next: STEs are
 * left, the hardware has to be waited for, or the command is a CMD_SYNC that has to fail.
 */
static noinline bool cmdq_go_first(struct hyp_smmu *smmu, enum pkvm_smmu_cmd_action action,
				   u32 sid, u8 range_shift)
{
	switch (action) {
	case SMMU_CMD_SYNC:
	case SMMU_CMD_SYNC_MSI:
		smmu->cmdq.atc_failed = false;
		cmdq_error(smmu, CMDQ_ERR_CERROR_ATC_INV_IDX);
		return false;
	case SMMU_CMD_ATC_INV:
		cmdq_copy_atc(smmu);
		return false;
	default:
		return hyp_smmu_strtab_cfgi(smmu, action, sid, range_shift);
	}
}

/*
 * Copy some of the host's next @n commands. A command that reads STEs can only be the first
 * one: under the lock of the hardware's queue no other lock can be taken. Returns how many of
 * them are left, or one of enum cmdq_stop.
 */
static __always_inline int cmdq_copy_some(struct hyp_smmu *smmu, u32 n, const bool open)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u32 first = cmdq->fetch;
	struct cmdq_chunk c = { .fetch = first, .mark_fetch = first };
	struct pkvm_smmu_cmd cmd = cmdq_read(smmu, first, open);
	u32 room, end;

	if (unlikely(cmdq_goes_first(smmu, &cmd, open))) {
		if (cmd.action == SMMU_CMD_ILL)
			return CMDQ_STOP_ILL;
		if (!cmdq_go_first(smmu, cmd.action, cmd.sid, cmd.range_shift))
			return CMDQ_STOP_AGAIN;
	}
	/* If transitions have taken the room meanwhile, the STEs are read once more. */
	room = hyp_smmu_hwq_begin(smmu);
	if (!room)
		return CMDQ_STOP_FULL;
	end = first + min(n, room);
	c.seq = smmu->hwq.submitted;
	c.mark_seq = c.seq;

	cmdq_append(smmu, &c, &cmd);
	while (c.fetch != end) {
		cmd = cmdq_read(smmu, c.fetch, open);
		/* A command that goes first is read again, as the first of the next chunk. */
		if (cmdq_goes_first(smmu, &cmd, open) ||
		    (c.msi_addr && !cmdq_next_mark(cmdq, &c)))
			break;
		cmdq_append(smmu, &c, &cmd);
	}
	cmdq_finish(smmu, &c, open);

	return first + n - c.fetch;
}

/* Nothing was copied, or not all in one trap. Returns as hyp_smmu_cmdq_run(). */
static noinline bool cmdq_stopped(struct hyp_smmu *smmu, enum cmdq_stop stop)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	switch (stop) {
	case CMDQ_STOP_ILL:
		cmdq_error(smmu, CMDQ_ERR_CERROR_ILL_IDX);
		return true;
	case CMDQ_STOP_AGAIN:
		if (smmu->cfgi_scan.active && !hyp_smmu_in_step(smmu))
			return false;
		/* Or the last commands were ATC_INVs: none of the host's waits for them. */
		if (cmdq->err ||
		    cmdq->fetch == (smmu->regs.val[SMMU_REG_CMDQ_PROD] & cmdq->idx_mask))
			return true;
		fallthrough;
	default:
		/* The host takes its interrupts and comes back, unless in vain. */
		return !hyp_smmu_hwq_answers(smmu);
	}
}

/* Copy what the host has put into its queue. Returns as hyp_smmu_cmdq_run(). */
static __always_inline bool cmdq_copy(struct hyp_smmu *smmu, const bool open)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u32 used = pkvm_smmu_queue_used(cmdq->idx_mask, smmu->regs.val[SMMU_REG_CMDQ_PROD],
					cmdq->fetch);
	int left = used;

	/* Nothing to do, or nonsense: the hardware may stop there too. */
	if (!used)
		return true;
	if (!open && !cmdq_settle_atc(smmu))
		return cmdq_stopped(smmu, CMDQ_STOP_FULL);

	do {
		if (unlikely(!cmdq_mark_free(smmu)))
			break;
		left = cmdq_copy_some(smmu, left, open);
		if (likely(!left))
			return true;
		if (left < 0)
			return cmdq_stopped(smmu, left);
	} while (used - left < CMDQ_TRAP_MAX);

	return cmdq_stopped(smmu, CMDQ_STOP_FULL);
}

/*
 * The last CMD_SYNC before CMDQ_PROD of those whose MSI is not written, 0 for none.
 * Where that is not ahead of CMDQ_CONS, others have been here since the host wrote
 * it: none is waited for.
 */
static u64 cmdq_last_msi(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u32 prod = smmu->regs.val[SMMU_REG_CMDQ_PROD];
	u32 cons = smmu->regs.val[SMMU_REG_CMDQ_CONS];
	u32 used = pkvm_smmu_queue_used(cmdq->idx_mask, prod, cons);
	u8 i;

	for (i = cmdq->nr_marks; i > 0; i--) {
		const struct hyp_smmu_mark *mark = mark_at(cmdq, i - 1);

		if (mark->msi_addr &&
		    pkvm_smmu_queue_used(cmdq->idx_mask, mark->cons, cons) <= used)
			return mark->seq;
	}

	return 0;
}

/* Write the MSIs that are due. Returns as hyp_smmu_cmdq_run(). */
static noinline bool cmdq_run_msis(struct hyp_smmu *smmu, bool copied)
{
	/* Whoever waits for one of these does not trap. */
	hyp_smmu_cmdq_settle(smmu);
	if (!copied)
		return false;
	smmu->wait_seq = cmdq_last_msi(smmu);

	return !smmu->wait_seq || !hyp_smmu_hwq_answers(smmu);
}

/*
 * Of a queue whose commands are read. Compiled twice, for hyp_smmu_host_cmdq::open and for
 * others: the path of the first tests neither whether the SMMU snoops nor for ATC_INVs.
 */
static __always_inline bool cmdq_run(struct hyp_smmu *smmu, const bool open)
{
	bool copied;

	hyp_assert_lock_held(&smmu->emu_lock);
	copied = cmdq_copy(smmu, open);

	return likely(!smmu->cmdq.nr_msis) ? copied : cmdq_run_msis(smmu, copied);
}

bool hyp_smmu_cmdq_run_open(struct hyp_smmu *smmu)
{
	return cmdq_run(smmu, true);
}

static noinline bool cmdq_run_rare(struct hyp_smmu *smmu)
{
	return cmdq_run(smmu, false);
}

bool hyp_smmu_cmdq_run_closed(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	hyp_assert_lock_held(&smmu->emu_lock);
	if (!(smmu->regs.val[SMMU_REG_CR0] & CR0_CMDQEN))
		return true;
	if (cmdq_is_open(smmu))
		return cmdq_run_rare(smmu);
	/* A queue that could not be pinned is memory that aborts. */
	if (!cmdq->pinned && !cmdq->err &&
	    pkvm_smmu_queue_used(cmdq->idx_mask, smmu->regs.val[SMMU_REG_CMDQ_PROD], cmdq->fetch))
		cmdq_error(smmu, CMDQ_ERR_CERROR_ABT_IDX);

	return !cmdq->nr_msis || cmdq_run_msis(smmu, true);
}
