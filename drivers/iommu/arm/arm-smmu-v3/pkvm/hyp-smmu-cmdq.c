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
 * writes it, and the trap does not look at CMDQ_CONS; else EL2 does, before the trap
 * returns.
 *
 * The hardware's MSI goes past stage 2. That its CMD_SYNC is consumed does not mean
 * that it is written; that a later one is does (IHI0070G.b 4.7.3). So EL2 adds one when
 * CMDQEN is cleared, and the queue stays pinned until that is consumed.
 */

#include <asm/kvm_hyp.h>
#include <asm/kvm_hypevents.h>
#include <nvhe/mem_protect.h>

#include "hyp-smmu-v3.h"

/* Commands copied under one acquisition of the hardware queue's lock, and per trap. */
#define CMDQ_BATCH		32
#define CMDQ_TRAP_MAX		512

static struct hyp_smmu_mark *mark_at(struct hyp_smmu_host_cmdq *cmdq, u8 i)
{
	return &cmdq->marks[(cmdq->first_mark + i) % HYP_SMMU_MARKS];
}

void hyp_smmu_cmdq_enable(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	hyp_assert_lock_held(&smmu->emu_lock);
	cmdq->q = smmu_emu_queue_decode(smmu->regs.val[SMMU_REG_CMDQ_BASE],
					smmu->caps.cmdq_bits, CMDQ_ENT_SZ_SHIFT);
	cmdq->fetch = smmu->regs.val[SMMU_REG_CMDQ_CONS] & ((2U << cmdq->q.shift) - 1);
	cmdq->pinned = !__pkvm_host_share_pin_hyp(ALIGN_DOWN(cmdq->q.base, PAGE_SIZE),
						  PAGE_ALIGN(cmdq->q.bytes));
	cmdq->slots = hyp_phys_to_virt(cmdq->q.base);
	cmdq->slot_mask = BIT(cmdq->q.shift) - 1;
	cmdq->idx_mask = 2 * cmdq->slot_mask + 1;
	cmdq->direct = cmdq->pinned ? min(BIT(cmdq->q.shift), CMDQ_BATCH) - 1 : 0;
	/* It is coherent, as every SMMU that is owned. */
	cmdq->hw_msi = cmdq->pinned && (smmu->hw.idr[0] & IDR0_MSI);
}

void hyp_smmu_cmdq_disable(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u64 seq;

	hyp_assert_lock_held(&smmu->emu_lock);
	/* Commands in progress are complete before CR0ACK. IHI0070G.b 6.3.9 */
	if (cmdq->nr_marks)
		smmu->cr0_seq = max(smmu->cr0_seq, mark_at(cmdq, cmdq->nr_marks - 1)->seq);
	/*
	 * And the last MSI is written. Of hardware that does not answer nobody knows:
	 * CR0ACK never follows.
	 */
	if (cmdq->hw_msi) {
		if (hyp_smmu_hwq_add_sync(smmu, &seq))
			seq = U64_MAX;
		smmu->cr0_seq = max(smmu->cr0_seq, seq);
	}
	cmdq->direct = 0;
	smmu->cfgi_scan.active = false;
}

/* An error is neither cleared nor acknowledged. IHI0070G.b 7.1 */
void hyp_smmu_cmdq_release(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	hyp_smmu_cmdq_settle(smmu);
	if (cmdq->pinned)
		__pkvm_host_unshare_unpin_hyp(ALIGN_DOWN(cmdq->q.base, PAGE_SIZE),
					      PAGE_ALIGN(cmdq->q.bytes));
	cmdq->pinned = false;
}

static void cmdq_raise_gerror(struct hyp_smmu *smmu)
{
	if (smmu->regs.val[SMMU_REG_IRQ_CTRL] & IRQ_CTRL_GERROR_IRQEN)
		hyp_smmu_hwq_raise_gerror(smmu);
}

/* An MSI to where the SMMU may not write. IHI0070G.b 7.5 */
static void cmdq_abort_msi(struct hyp_smmu *smmu)
{
	u64 *gerror = &smmu->regs.val[SMMU_REG_GERROR];
	u64 active = *gerror ^ smmu->regs.val[SMMU_REG_GERRORN];

	/* An error that is active already is not reported again. */
	if (active & GERROR_MSI_CMDQ_ABT_ERR)
		return;
	*gerror ^= GERROR_MSI_CMDQ_ABT_ERR;
	cmdq_raise_gerror(smmu);
}

/*
 * Whether an MSI is the hardware's to write. Not behind one that EL2 has to: at a
 * CMD_SYNC, those before it are written or reported. IHI0070G.b 4.7.3
 */
static bool cmdq_is_hw_msi(const struct hyp_smmu_host_cmdq *cmdq, u64 addr)
{
	return cmdq->hw_msi && !cmdq->nr_msis && smmu_emu_queue_has(&cmdq->q, addr);
}

/* Write an MSI: no memory but the queue's, pinned, is the SMMU's to write. */
static __always_inline void cmdq_write_msi(struct hyp_smmu *smmu, u64 addr, u32 data)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	if (likely(cmdq->pinned && smmu_emu_queue_has(&cmdq->q, addr))) {
		__le32 *word = (void *)cmdq->slots + (addr - cmdq->q.base);

		/*
		 * After all that CMDQ_CONS says is complete. The host polls the
		 * word; what it reads then has a control dependency on that.
		 */
		smp_store_release(word, cpu_to_le32(data));
	} else {
		cmdq_abort_msi(smmu);
	}
}

/* The host's commands up to @idx are complete. */
static void cmdq_set_cons(struct hyp_smmu *smmu, u32 idx)
{
	u64 *cons = &smmu->regs.val[SMMU_REG_CMDQ_CONS];

	*cons = idx | (*cons & CMDQ_CONS_ERR);
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
	smmu->cmdq.err_shown = false;
	smmu->regs.val[SMMU_REG_CMDQ_CONS] &= ~(u64)CMDQ_CONS_ERR;
}

static void cmdq_error(struct hyp_smmu *smmu, u8 err)
{
	smmu->cmdq.err = err;
	cmdq_raise_gerror(smmu);
}

/* The host can change a command at any time: each word is read once. */
static void cmdq_read(const struct arm_smmu_cmd *slot, struct arm_smmu_cmd *cmd)
{
	cmd->data[0] = le64_to_cpu((__force __le64)READ_ONCE(slot->data[0]));
	cmd->data[1] = le64_to_cpu((__force __le64)READ_ONCE(slot->data[1]));
}

/* Read the STEs that a CFGI command is about. Returns false if it is not finished. */
static bool cmdq_prepare(struct hyp_smmu *smmu, const struct arm_smmu_cmd *in,
			 struct smmu_emu_cmd *cmd)
{
	u64 first = cmd->sid, n;

	switch (cmd->action) {
	case SMMU_CMD_CFGI_STE:
		n = 1;
		/*
		 * With Leaf=0, a level 1 descriptor that has become valid brings
		 * all of its STEs with it (IHI0070G.b 5.1), and the hardware may
		 * have cached each of them from EL2's table, where it was invalid.
		 */
		if (!(in->data[1] & CMDQ_CFGI_1_LEAF)) {
			struct smmu_emu_strtab st;

			st = smmu_emu_strtab_decode(&smmu->caps,
						    smmu->regs.val[SMMU_REG_STRTAB_BASE],
						    smmu->regs.val[SMMU_REG_STRTAB_BASE_CFG]);
			if (st.two_level) {
				n = BIT_ULL(st.split);
				first = ALIGN_DOWN(first, n);
				cmd->out = arm_smmu_make_cmd_cfgi_all();
			}
		}
		break;
	case SMMU_CMD_CFGI_RANGE:
		n = BIT_ULL(cmd->range_shift);
		break;
	default:
		first = 0;
		n = BIT_ULL(smmu->caps.sid_bits);
		break;
	}

	/*
	 * While the host's SMMUEN is 0 every stream aborts, whatever its STE says.
	 * If the host is about to set it, all STEs are read once more.
	 */
	if (!(smmu->regs.val[SMMU_REG_CR0] & CR0_SMMUEN)) {
		smmu->cfgi_scan.active = false;
		smmu->enable_scan.next = 0;
		return true;
	}

	return hyp_smmu_strtab_update(smmu, &smmu->cfgi_scan, first, n);
}

/* Why the copying stopped. */
enum cmdq_stop {
	CMDQ_STOP_NOT,
	CMDQ_STOP_ILL,		/* the next command is illegal */
	CMDQ_STOP_AGAIN,	/* the next command needs another trap */
	CMDQ_STOP_FULL,		/* there is no room */
};

/* Whether something precedes the command that cannot be done under the queue's lock. */
static bool cmdq_reads_stes(const struct smmu_emu_cmd *cmd)
{
	return cmd->action == SMMU_CMD_CFGI_STE || cmd->action == SMMU_CMD_CFGI_RANGE ||
	       cmd->action == SMMU_CMD_CFGI_ALL;
}

/* Returns false if all marks are in use, and stay so. */
static bool cmdq_mark_free(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;

	if (cmdq->nr_marks == HYP_SMMU_MARKS)
		hyp_smmu_cmdq_settle(smmu);
	if (cmdq->nr_marks < HYP_SMMU_MARKS)
		return true;

	smmu->wait_seq = mark_at(cmdq, 0)->seq;
	return false;
}

/*
 * Copy a command that reads STEs first, alone. What is before it has been copied.
 * Returns why there is nothing to come.
 */
static enum cmdq_stop cmdq_copy_cfgi(struct hyp_smmu *smmu, const struct arm_smmu_cmd *in,
				     struct smmu_emu_cmd *cmd)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	struct hyp_smmu_mark mark = {};

	if (!cmdq_mark_free(smmu))
		return CMDQ_STOP_FULL;
	if (!cmdq_prepare(smmu, in, cmd))
		return CMDQ_STOP_AGAIN;
	/* If transitions have taken the room meanwhile, the STEs are read once more. */
	if (!hyp_smmu_hwq_begin(smmu))
		return CMDQ_STOP_FULL;
	hyp_smmu_hwq_write(&smmu->hwq, 0, &cmd->out);
	mark.seq = hyp_smmu_hwq_end(smmu, 1);
	mark.first = mark.seq - 1;
	mark.cons = smmu_emu_queue_add(cmdq->q.shift, cmdq->fetch, 1);
	cmdq->fetch = mark.cons;
	cmdq_add_mark(cmdq, mark);

	return CMDQ_STOP_NOT;
}

/*
 * Copy up to @max commands, none behind one that reads STEs or has an MSI. Returns why
 * there is nothing to come.
 */
static enum cmdq_stop cmdq_batch(struct hyp_smmu *smmu, u32 max)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u32 room = hyp_smmu_hwq_begin(smmu), fetch = cmdq->fetch, n = 0;
	struct hyp_smmu_mark mark = {};
	struct smmu_emu_cmd cmd;
	struct arm_smmu_cmd in;
	bool stop = false, msi = false;

	if (!room)
		return CMDQ_STOP_FULL;

	for (max = min(max, room); max && !msi; max--) {
		cmdq_read(cmdq->slots + (fetch & cmdq->slot_mask), &in);
		smmu_emu_filter_cmd(&smmu->caps, &in, &cmd);
		trace_smmu_v3_cmd(smmu->mmio_phys, in.data[0], in.data[1],
				  cmd.action != SMMU_CMD_ILL);
		stop = cmd.action == SMMU_CMD_ILL || cmdq_reads_stes(&cmd);
		if (stop)
			break;

		msi = cmd.msi_addr;
		if (msi && cmdq_is_hw_msi(cmdq, cmd.msi_addr)) {
			smmu_emu_add_msi(&cmd.out, cmd.msi_addr, cmd.msi_data);
		} else if (msi) {
			mark.msi_addr = cmd.msi_addr;
			mark.msi_data = cmd.msi_data;
		}
		if (cmd.action != SMMU_CMD_DROP)
			hyp_smmu_hwq_write(&smmu->hwq, n++, &cmd.out);
		fetch = smmu_emu_queue_add(cmdq->q.shift, fetch, 1);
	}
	mark.seq = hyp_smmu_hwq_end(smmu, n);
	mark.cons = fetch;
	/* One for one, unless there was one to drop. */
	mark.first = mark.seq;
	if (n == smmu_emu_queue_used(cmdq->q.shift, fetch, cmdq->fetch))
		mark.first -= n;
	/* What has no effect is complete where nothing is before it. */
	if (!n && !cmdq->nr_marks)
		cmdq_set_cons(smmu, fetch);
	else if (fetch != cmdq->fetch)
		cmdq_add_mark(cmdq, mark);
	cmdq->fetch = fetch;
	if (!stop)
		return CMDQ_STOP_NOT;
	if (cmd.action == SMMU_CMD_ILL)
		return CMDQ_STOP_ILL;

	return cmdq_copy_cfgi(smmu, &in, &cmd);
}

/* Copy what the host has put into its queue. */
static bool cmdq_copy(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u32 prod = smmu->regs.val[SMMU_REG_CMDQ_PROD], first = cmdq->fetch;
	int used;

	if (cmdq->err)
		return true;

	for (;;) {
		/* Nothing to do, or nonsense: the hardware may stop there too. */
		used = smmu_emu_queue_used(cmdq->q.shift, prod, cmdq->fetch);
		if (used <= 0)
			return true;
		if (!cmdq->pinned) {
			cmdq_error(smmu, CMDQ_ERR_CERROR_ABT_IDX);
			return true;
		}

		if (smmu_emu_queue_used(cmdq->q.shift, cmdq->fetch, first) >= CMDQ_TRAP_MAX ||
		    !cmdq_mark_free(smmu))
			return READ_ONCE(smmu->hwq.dead);

		switch (cmdq_batch(smmu, min_t(u32, used, CMDQ_BATCH))) {
		case CMDQ_STOP_NOT:
			break;
		case CMDQ_STOP_ILL:
			cmdq_error(smmu, CMDQ_ERR_CERROR_ILL_IDX);
			return true;
		case CMDQ_STOP_AGAIN:
			return false;
		case CMDQ_STOP_FULL:
			/* The host takes its interrupts and comes back, unless in vain. */
			return READ_ONCE(smmu->hwq.dead);
		}
	}
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
	int used = smmu_emu_queue_used(cmdq->q.shift, prod, cons);
	u8 i;

	for (i = cmdq->nr_marks; i > 0; i--) {
		const struct hyp_smmu_mark *mark = mark_at(cmdq, i - 1);

		if (mark->msi_addr &&
		    smmu_emu_queue_used(cmdq->q.shift, mark->cons, cons) <= used)
			return mark->seq;
	}

	return 0;
}

bool hyp_smmu_cmdq_run(struct hyp_smmu *smmu)
{
	bool copied;

	hyp_assert_lock_held(&smmu->emu_lock);
	if (!(smmu->regs.val[SMMU_REG_CR0] & CR0_CMDQEN))
		return true;

	copied = cmdq_copy(smmu);
	/* Whoever waits for one of these does not trap. */
	if (smmu->cmdq.nr_msis)
		hyp_smmu_cmdq_settle(smmu);
	if (!copied)
		return false;
	if (smmu->cmdq.nr_msis)
		smmu->wait_seq = cmdq_last_msi(smmu);

	return !smmu->wait_seq || READ_ONCE(smmu->hwq.dead);
}

/*
 * The straight line: what the host's driver writes at once and waits for. That is
 * commands of an unmap, or one other, and at the end a CMD_SYNC with an MSI.
 */

/*
 * Check and rewrite a first command that is no TLBI_NH_VA: whatever is only to be
 * issued, and the STE of a single stream. Returns false where it is anything else.
 */
static noinline bool cmdq_take_other(struct hyp_smmu *smmu, struct arm_smmu_cmd *in)
{
	struct smmu_emu_cmd cmd;

	smmu_emu_filter_by_row(&smmu->caps, in, &cmd);
	if (cmd.action == SMMU_CMD_CFGI_STE && (in->data[1] & CMDQ_CFGI_1_LEAF)) {
		hyp_smmu_begin_attempt(smmu);
		if (!cmdq_prepare(smmu, in, &cmd))
			return false;
	} else if (cmd.action != SMMU_CMD_FORWARD) {
		return false;
	}
	*in = cmd.out;

	return true;
}

/*
 * Copy @nr commands, of which @first has been taken, but for the CMD_SYNC, for which
 * there is a slot left in @to. Returns false where that, or what is in between, is
 * something else: what was written behind the last command submitted is not the
 * hardware's.
 */
static __always_inline bool cmdq_copy_direct(struct hyp_smmu *smmu, u32 nr,
					     struct arm_smmu_cmd first,
					     struct arm_smmu_cmd *sync, struct arm_smmu_cmd **to)
{
	const struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	const struct arm_smmu_cmd *from = cmdq->slots;
	u32 from_mask = cmdq->slot_mask, fetch = cmdq->fetch, end = fetch + nr - 1;
	u32 to_mask = smmu->hwq.slot_mask, prod = smmu->hwq.submitted;
	struct arm_smmu_cmd *base = smmu->hwq.base;

	for (;;) {
		hyp_smmu_hwq_fill(&base[prod++ & to_mask], &first);
		if (++fetch == end)
			break;
		cmdq_read(&from[fetch & from_mask], &first);
		if (!smmu_emu_is_plain_tlbi(&smmu->caps, &first))
			return false;
		smmu_emu_set_vmid(&first);
	}

	*to = &base[prod & to_mask];
	cmdq_read(&from[fetch & from_mask], sync);

	return smmu_emu_is_msi_sync(sync);
}

/* The same, and the lock of the hardware's queue is held then. */
static __always_inline bool cmdq_begin_direct(struct hyp_smmu *smmu, u32 nr,
					      struct arm_smmu_cmd first,
					      struct arm_smmu_cmd *sync, struct arm_smmu_cmd **to)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	hyp_spin_lock(&q->lock);
	if (!q->dead && hyp_smmu_hwq_used(q) + nr <= q->limit / 2 &&
	    cmdq_copy_direct(smmu, nr, first, sync, to))
		return true;
	hyp_spin_unlock(&q->lock);

	return false;
}

/* Trace what the hardware gets, not what the host gave. */
static void cmdq_trace_direct(struct hyp_smmu *smmu, u32 nr)
{
	const struct hyp_smmu_hwq *q = &smmu->hwq;
	u32 i;

	for (i = 0; i < nr; i++) {
		const struct arm_smmu_cmd *cmd = &q->base[(q->submitted + i) & q->slot_mask];

		trace_smmu_v3_cmd(smmu->mmio_phys, le64_to_cpu((__force __le64)cmd->data[0]),
				  le64_to_cpu((__force __le64)cmd->data[1]), true);
	}
}

/* Returns false if there is something else to do, or to wait for. */
static __always_inline bool cmdq_run_direct(struct hyp_smmu *smmu, u32 nr,
					    struct arm_smmu_cmd first)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u32 cons = (cmdq->fetch + nr) & cmdq->idx_mask, data;
	struct arm_smmu_cmd sync, *slot;
	u64 addr, seq;

	if (!cmdq_begin_direct(smmu, nr, first, &sync, &slot))
		return false;
	addr = sync.data[1];
	data = FIELD_GET(CMDQ_SYNC_0_MSIDATA, sync.data[0]);
	smmu_emu_make_irq_sync(&sync);
	hyp_smmu_hwq_fill(slot, &sync);
	cmdq_trace_direct(smmu, nr);
	cmdq->fetch = cons;
	/* Mostly it is complete when it can be looked at. */
	if (likely(hyp_smmu_hwq_end_look(smmu, nr, &seq))) {
		cmdq_set_cons(smmu, cons);
		cmdq_write_msi(smmu, addr, data);
		return true;
	}
	cmdq_add_mark(cmdq, (struct hyp_smmu_mark) {
		.first		= seq - nr,
		.seq		= seq,
		.cons		= cons,
		.msi_addr	= addr,
		.msi_data	= data,
	});

	return false;
}

/* The same with a command that is no TLBI_NH_VA first. */
static noinline bool cmdq_run_direct_other(struct hyp_smmu *smmu, u32 nr,
					   struct arm_smmu_cmd first)
{
	return cmdq_take_other(smmu, &first) && cmdq_run_direct(smmu, nr, first);
}

/*
 * The same where the hardware writes the MSI: nothing is waited for, or even looked at
 * before the hardware's queue is half full or all marks are in use.
 */
static noinline bool cmdq_run_direct_hw(struct hyp_smmu *smmu, u32 nr,
					struct arm_smmu_cmd first)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u32 cons = (cmdq->fetch + nr) & cmdq->idx_mask, data;
	struct arm_smmu_cmd sync, *slot;
	u64 addr, seq;

	if (smmu_emu_is_plain_tlbi(&smmu->caps, &first))
		smmu_emu_set_vmid(&first);
	else if (!cmdq_take_other(smmu, &first))
		return false;

	if (!cmdq_begin_direct(smmu, nr, first, &sync, &slot))
		return false;
	addr = sync.data[1];
	if (!cmdq_is_hw_msi(cmdq, addr)) {
		hyp_spin_unlock(&smmu->hwq.lock);
		return false;
	}
	data = FIELD_GET(CMDQ_SYNC_0_MSIDATA, sync.data[0]);
	smmu_emu_make_irq_sync(&sync);
	smmu_emu_add_msi(&sync, addr, data);
	hyp_smmu_hwq_fill(slot, &sync);
	cmdq_trace_direct(smmu, nr);

	seq = hyp_smmu_hwq_end(smmu, nr);
	cmdq->fetch = cons;
	cmdq_add_mark(cmdq, (struct hyp_smmu_mark) {
		.first	= seq - nr,
		.seq	= seq,
		.cons	= cons,
	});

	return true;
}

/* Returns false if all is left to hyp_smmu_cmdq_run(). */
static __always_inline bool cmdq_try_direct(struct hyp_smmu *smmu, u32 nr)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	struct arm_smmu_cmd first;

	if (nr - 2 >= cmdq->direct || cmdq->err)
		return false;
	cmdq_read(&cmdq->slots[cmdq->fetch & cmdq->slot_mask], &first);
	if (cmdq->hw_msi)
		return cmdq->nr_marks < HYP_SMMU_MARKS && cmdq_run_direct_hw(smmu, nr, first);
	if (cmdq->nr_marks)
		return false;
	if (!smmu_emu_is_plain_tlbi(&smmu->caps, &first))
		return cmdq_run_direct_other(smmu, nr, first);
	smmu_emu_set_vmid(&first);

	return cmdq_run_direct(smmu, nr, first);
}

bool hyp_smmu_cmdq_write_prod(struct hyp_smmu *smmu, u32 val)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u32 nr = (val - cmdq->fetch) & cmdq->idx_mask;

	hyp_assert_lock_held(&smmu->emu_lock);
	smmu->regs.val[SMMU_REG_CMDQ_PROD] = val & SMMU_EMU_Q_IDX;
	if (likely(cmdq_try_direct(smmu, nr)))
		return true;
	hyp_smmu_begin_attempt(smmu);

	return hyp_smmu_cmdq_run(smmu);
}
