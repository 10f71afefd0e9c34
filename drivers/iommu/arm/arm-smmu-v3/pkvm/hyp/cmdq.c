// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: the host's command queue.
 *
 * The hardware never sees the host's queue. EL2 reads each command from it, the filter checks
 * and rewrites the command, and the result goes into the hardware's queue. The host's CMDQ_CONS
 * advances over a command when the hardware has consumed the result. A mark links a position
 * in the host's queue with one in the hardware's.
 *
 * The queue is pinned from CR0.CMDQEN being set until CR0ACK says that it is
 * cleared: EL2 reads it through its linear mapping, and no page of it can change
 * owner.
 *
 * A CMD_SYNC may ask for an MSI, so that the host polls memory instead of CMDQ_CONS, and an
 * invalidation takes one trap, that of CMDQ_PROD. The MSI may go only into the queue itself,
 * where the host's driver wants it. If the hardware has MSIs, it writes the MSI of a CMD_SYNC
 * to the slot of that CMD_SYNC, and the trap does not look at CMDQ_CONS. EL2 writes all other
 * MSIs, before the trap returns.
 *
 * The hardware writes the MSI past stage 2, with 32 bits, or 64 on some hardware: a slot has
 * room for both. A consumed CMD_SYNC may have its MSI still to write, unless a later CMD_SYNC
 * is consumed, too (IHI0070G.b 4.7.3). So EL2 adds a CMD_SYNC when CMDQEN is cleared, and the
 * queue stays pinned until it is consumed.
 *
 * Where the SMMU does not snoop, the host writes its queue past the caches, and EL2 reads
 * it through them: EL2 flushes each command from the caches before it reads it. The flush
 * also cleans, see pkvm_read_host_mem_poc(). A host that writes through the caches as well
 * decides in another way which command EL2 reads. EL2 reads it once, checks its copy and
 * uses its copy. No MSI is offered there, so the host reads CMDQ_CONS.
 *
 * An ATC_INV waits for a device, which may not answer. After a time-out the hardware reports
 * that at the next CMD_SYNC. EL2 copies ATC_INVs with a CMD_SYNC of its own behind them, and
 * copies no more host commands until it is complete. So an error belongs to these ATC_INVs, a
 * transition waits for no others, and when EL2 reads the host's own CMD_SYNC it knows whether
 * that has to fail.
 */

#include <asm/kvm_hyp.h>
#include <asm/kvm_hypevents.h>

#include "smmu.h"

/* A trap that has copied so many commands does not begin to copy more. */
#define CMDQ_TRAP_MAX		256

static struct hyp_smmu_mark *mark_at(struct hyp_smmu_host_cmdq *cmdq, u8 i)
{
	return &cmdq->marks[(cmdq->first_mark + i) % HYP_SMMU_MARKS];
}

/* Check that commands are read: CMDQEN is set, the queue is pinned, and there is no error. */
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

/* CMDQEN is set: pin the queue that CMDQ_BASE describes. */
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
	/* All earlier commands are complete. A new driver must not see their errors. */
	cmdq->atc_seq = 0;
	cmdq->atc_failed = false;
	hyp_smmu_hwq_take_atc_failed(smmu);
	cmdq_set_open(smmu);
}

/* CMDQEN is cleared: read no more commands. */
void hyp_smmu_cmdq_disable(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u64 seq;

	hyp_assert_lock_held(&smmu->emu_lock);
	cmdq_set_open(smmu);
	/* Commands in progress are complete before CR0ACK. IHI0070G.b 6.3.9 */
	if (cmdq->nr_marks)
		smmu->cr0_seq = max(smmu->cr0_seq, mark_at(cmdq, cmdq->nr_marks - 1)->seq);
	/* The last MSI is written before CR0ACK. */
	if (cmdq->hw_msi) {
		if (hyp_smmu_hwq_add_sync(smmu, &seq))
			smmu->cr0_owed = true;
		else
			smmu->cr0_seq = max(smmu->cr0_seq, seq);
	}
	smmu->cfgi_scan.active = false;
}

/*
 * All commands read so far have completed: unpin the queue. An error is neither cleared nor
 * acknowledged. IHI0070G.b 7.1
 */
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

/* Report MSIs to addresses that the SMMU may not write, as bits of GERROR. Raise an interrupt. */
noinline void hyp_smmu_abort_msi(struct hyp_smmu *smmu, u32 errs)
{
	/* GERROR_MSI_GERROR_ABT_ERR raises no interrupt. IHI0070G.b 7.5 */
	if (hyp_smmu_set_gerror(smmu, errs) & ~GERROR_MSI_GERROR_ABT_ERR)
		cmdq_raise_gerror(smmu);
}

/* Write an MSI, if it goes into the queue, which is pinned. Else report that it aborts. */
static void cmdq_write_msi(struct hyp_smmu *smmu, u64 addr, u32 data)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	if (likely(cmdq->pinned && pkvm_smmu_queue_has(&cmdq->q, addr))) {
		u64 offset = array_index_nospec(addr - cmdq->q.base, cmdq->q.bytes);
		__le32 *word = (void *)cmdq->slots + offset;

		/*
		 * Orders the read of CMDQ_CONS before the store: the host polls the word,
		 * then uses buffers of earlier DMA anew.
		 */
		smp_store_release(word, cpu_to_le32(data));
	} else {
		hyp_smmu_abort_msi(smmu, GERROR_MSI_CMDQ_ABT_ERR);
	}
}

/* The host's commands up to @idx are complete. The host knows of no error. */
static void cmdq_set_cons(struct hyp_smmu *smmu, u32 idx)
{
	smmu->regs.val[SMMU_REG_CMDQ_CONS] = idx;
}

/*
 * Remember @mark until it is complete, in the host's order. Extend the last mark instead if that
 * has no MSI, and @mark's commands map 1:1 and come next in the hardware's queue: CMDQ_CONS is as
 * exact.
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

/* Advance CMDQ_CONS within the oldest mark, where its commands map 1:1. */
static void cmdq_follow(struct hyp_smmu *smmu)
{
	const struct hyp_smmu_mark *mark = mark_at(&smmu->cmdq, 0);
	u64 consumed = hyp_smmu_hwq_consumed(smmu);

	if (consumed < mark->first || consumed >= mark->seq)
		return;
	cmdq_set_cons(smmu, (mark->cons - (mark->seq - consumed)) & smmu->cmdq.idx_mask);
}

/* Bring CMDQ_CONS, GERROR.CMDQ_ERR and MSIs up to date with what the hardware has completed. */
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

	/* Set CMDQ_CONS to the command and the reason before GERROR reports the error. */
	if (!cmdq->err || cmdq->err_shown || cmdq->nr_marks)
		return;
	*cons = cmdq->fetch | FIELD_PREP(CMDQ_CONS_ERR, cmdq->err);
	smmu->regs.val[SMMU_REG_GERROR] ^= GERROR_CMDQ_ERR;
	cmdq->err_shown = true;
}

/* The host has acknowledged GERROR.CMDQ_ERR: forget the error. */
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
	CMDQ_STOP_AGAIN	= -2,	/* cmdq_go_first() returned false */
	CMDQ_STOP_FULL	= -1,	/* there is no room */
};

/* Check whether the command is illegal, or one that cmdq_go_first() handles. */
static __always_inline bool cmdq_goes_first(const struct hyp_smmu *smmu,
					    const struct pkvm_smmu_cmd *cmd, const bool open)
{
	if (cmd->action == SMMU_CMD_ILL || cmd->action >= SMMU_CMD_CFGI_STE)
		return true;

	return !open && smmu->cmdq.atc_failed &&
	       (cmd->action == SMMU_CMD_SYNC || cmd->action == SMMU_CMD_SYNC_MSI);
}

/* Make sure that a mark is free. Return false if all stay in use. */
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

/* Read the command at @idx once, as the host can change it at any time, and check it. */
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
 * Check whether the hardware may write the MSI of the CMD_SYNC at @idx. It may if the MSI goes
 * to the beginning of that slot, and no earlier MSI is still EL2's to write: when a CMD_SYNC is
 * complete, earlier MSIs are written or reported. IHI0070G.b 4.7.3
 */
static bool cmdq_is_hw_msi(const struct hyp_smmu_host_cmdq *cmdq, u32 idx, u64 addr)
{
	return cmdq->hw_msi && !cmdq->nr_msis &&
	       addr == cmdq->q.base + ((u64)(idx & cmdq->slot_mask) << CMDQ_ENT_SZ_SHIFT);
}

/*
 * Commands that are copied under one acquisition of the hardware queue's lock. The commands
 * from @mark_fetch to @fetch have no mark yet.
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
	/* The commands map 1:1 unless one was dropped. */
	bool all = c->seq - c->mark_seq == c->fetch - c->mark_fetch;

	return (struct hyp_smmu_mark) {
		.first		= all ? c->mark_seq : c->seq,
		.seq		= c->seq,
		.cons		= c->fetch & cmdq->idx_mask,
		.msi_addr	= c->msi_addr,
		.msi_data	= c->msi_data,
	};
}

/* Add a checked command to the hardware's queue, which has room for it. */
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
 * An MSI that EL2 writes ends a mark. Add that mark if another one can follow. Return false if
 * the chunk has to end here.
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

/* Ring once, look at CMDQ_CONS once if EL2 has MSIs to write, and drop the lock. */
static __always_inline void cmdq_finish(struct hyp_smmu *smmu, const struct cmdq_chunk *c,
					const bool open)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	/* Dropped commands are complete if the hardware has nothing of this chunk to do. */
	bool done = c->seq == smmu->hwq.submitted;
	u32 fetch = c->fetch & cmdq->idx_mask;

	cmdq->fetch = fetch;
	if (likely(!done)) {
		if (!open && !smmu->coherent)
			hyp_smmu_hwq_clean(smmu, c->seq);
		hyp_smmu_hwq_ring(smmu, c->seq);
	}
	/* Most often the hardware has completed all commands by now. */
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
 * Copy the host's ATC_INVs up to the first other command, and add a CMD_SYNC of EL2's, which
 * takes a slot of the reserve. The first ATC_INV is read again here, and only this copy counts.
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
 * Check whether the ATC_INVs are complete. If one of them has failed, commands are copied up to
 * the host's next CMD_SYNC, which reports it.
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
 * Do what precedes the copy of a command. Return false if the command must not be copied next:
 * STEs are left to read, EL2 has to wait for the hardware, the ATC_INVs are already copied, or
 * the command is a CMD_SYNC that has to fail.
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
 * Copy some of the host's next @n commands. Only the first one may be a command that reads
 * STEs: that takes host_mmu.lock, which comes before the lock of the hardware's queue. Return
 * the number of commands left, or one of enum cmdq_stop.
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

/* Commands are left to copy. Return as hyp_smmu_cmdq_run(). */
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
		/* After ATC_INVs alone the host does not wait: it sent no CMD_SYNC yet. */
		if (cmdq->err ||
		    cmdq->fetch == (smmu->regs.val[SMMU_REG_CMDQ_PROD] & cmdq->idx_mask))
			return true;
		fallthrough;
	default:
		/* Replay, after the host's interrupts, as long as the hardware answers. */
		return !hyp_smmu_hwq_answers(smmu);
	}
}

/* Copy the commands that the host has put into its queue. Return as hyp_smmu_cmdq_run(). */
static __always_inline bool cmdq_copy(struct hyp_smmu *smmu, const bool open)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u32 used = pkvm_smmu_queue_used(cmdq->idx_mask, smmu->regs.val[SMMU_REG_CMDQ_PROD],
					cmdq->fetch);
	int left = used;

	/* The queue is empty, or its indexes are nonsense: hardware may stop there, too. */
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
 * Return the position of the newest CMD_SYNC before CMDQ_PROD whose MSI EL2 has still to write,
 * or 0. If CMDQ_CONS has passed CMDQ_PROD, other traps were served since the host wrote it: 0.
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

/* Write the MSIs that are due. Return as hyp_smmu_cmdq_run(). */
static noinline bool cmdq_run_msis(struct hyp_smmu *smmu, bool copied)
{
	/* A CPU that polls for one of these MSIs does not trap. */
	hyp_smmu_cmdq_settle(smmu);
	if (!copied)
		return false;
	smmu->wait_seq = cmdq_last_msi(smmu);

	return !smmu->wait_seq || !hyp_smmu_hwq_answers(smmu);
}

/*
 * hyp_smmu_cmdq_run() of a queue whose commands are read. It is compiled twice. With @open, for
 * the hot path, it tests neither whether the SMMU snoops nor for ATC_INVs.
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
	/* A queue that could not be pinned acts like memory that aborts. */
	if (!cmdq->pinned && !cmdq->err &&
	    pkvm_smmu_queue_used(cmdq->idx_mask, smmu->regs.val[SMMU_REG_CMDQ_PROD], cmdq->fetch))
		cmdq_error(smmu, CMDQ_ERR_CERROR_ABT_IDX);

	return !cmdq->nr_msis || cmdq_run_msis(smmu, true);
}
