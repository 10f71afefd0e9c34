// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: the host's command queue.
 *
 * The hardware never sees the host's queue. Each command is read from it exactly
 * once, checked and rewritten by the filter, and copied into the hardware's queue.
 * CMDQ_CONS advances over a command when the hardware has consumed what became of
 * it; marks remember which position of one queue is which of the other.
 *
 * The queue is pinned from CR0.CMDQEN being set until it is cleared: EL2 reads it
 * through its linear mapping, and no page of it can change owner.
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
}

void hyp_smmu_cmdq_disable(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u64 cons = smmu->regs.val[SMMU_REG_CMDQ_CONS];

	hyp_assert_lock_held(&smmu->emu_lock);
	if (cmdq->pinned)
		__pkvm_host_unshare_unpin_hyp(ALIGN_DOWN(cmdq->q.base, PAGE_SIZE),
					      PAGE_ALIGN(cmdq->q.bytes));
	cmdq->pinned = false;

	/* Commands in progress are complete before CR0ACK. IHI0070G.b 6.3.9 */
	if (cmdq->nr_marks)
		smmu->cr0_seq = max(smmu->cr0_seq, mark_at(cmdq, cmdq->nr_marks - 1)->seq);
	cmdq->nr_marks = 0;
	smmu->cfgi_scan.active = false;

	/* An error is neither cleared nor acknowledged. IHI0070G.b 7.1 */
	smmu->regs.val[SMMU_REG_CMDQ_CONS] = cmdq->fetch | (cons & CMDQ_CONS_ERR);
}

/* Where all marks are in use the newest is moved: CMDQ_CONS gets coarser, not wrong. */
static void cmdq_mark(struct hyp_smmu_host_cmdq *cmdq, u64 seq)
{
	if (cmdq->nr_marks < HYP_SMMU_MARKS)
		cmdq->nr_marks++;
	*mark_at(cmdq, cmdq->nr_marks - 1) = (struct hyp_smmu_mark) {
		.seq	= seq,
		.cons	= cmdq->fetch,
	};
}

void hyp_smmu_cmdq_settle(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u64 *cons = &smmu->regs.val[SMMU_REG_CMDQ_CONS];

	hyp_assert_lock_held(&smmu->emu_lock);
	while (cmdq->nr_marks && hyp_smmu_hwq_done(smmu, mark_at(cmdq, 0)->seq)) {
		*cons = mark_at(cmdq, 0)->cons | (*cons & CMDQ_CONS_ERR);
		cmdq->first_mark = (cmdq->first_mark + 1) % HYP_SMMU_MARKS;
		cmdq->nr_marks--;
	}

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
	if (smmu->regs.val[SMMU_REG_IRQ_CTRL] & IRQ_CTRL_GERROR_IRQEN)
		hyp_smmu_hwq_raise_gerror(smmu);
}

static struct arm_smmu_cmd cmdq_read(struct hyp_smmu_host_cmdq *cmdq)
{
	struct arm_smmu_cmd *slot = hyp_phys_to_virt(cmdq->q.base);
	struct arm_smmu_cmd cmd;

	slot += smmu_emu_queue_slot(cmdq->q.shift, cmdq->fetch);
	/* The host can change the slot at any time: read each word once. */
	cmd.data[0] = le64_to_cpu((__force __le64)READ_ONCE(slot->data[0]));
	cmd.data[1] = le64_to_cpu((__force __le64)READ_ONCE(slot->data[1]));

	return cmd;
}

/* Do what has to precede the command. Returns false if it is not finished. */
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
	case SMMU_CMD_CFGI_ALL:
		first = 0;
		n = BIT_ULL(smmu->caps.sid_bits);
		break;
	default:
		return true;
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
};

/* Copy up to @max commands. Returns why there are fewer. */
static enum cmdq_stop cmdq_batch(struct hyp_smmu *smmu, u32 max)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	enum cmdq_stop stop = CMDQ_STOP_NOT;
	struct arm_smmu_cmd out[CMDQ_BATCH];
	u32 taken, n = 0;

	for (taken = 0; taken < max; taken++) {
		struct arm_smmu_cmd in = cmdq_read(cmdq);
		struct smmu_emu_cmd cmd = smmu_emu_filter_cmd(&smmu->caps, &in);

		trace_smmu_v3_cmd(smmu->mmio_phys, in.data[0], in.data[1],
				  cmd.action != SMMU_CMD_ILL);
		if (cmd.action == SMMU_CMD_ILL)
			stop = CMDQ_STOP_ILL;
		else if (!cmdq_prepare(smmu, &in, &cmd))
			stop = CMDQ_STOP_AGAIN;
		if (stop)
			break;

		if (cmd.action != SMMU_CMD_DROP)
			out[n++] = cmd.out;
		cmdq->fetch = smmu_emu_queue_add(cmdq->q.shift, cmdq->fetch, 1);
	}

	if (taken)
		cmdq_mark(cmdq, hyp_smmu_hwq_add(smmu, out, n));

	return stop;
}

bool hyp_smmu_cmdq_run(struct hyp_smmu *smmu)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u32 prod = smmu->regs.val[SMMU_REG_CMDQ_PROD];
	int used, left = CMDQ_TRAP_MAX;
	u32 room;

	hyp_assert_lock_held(&smmu->emu_lock);
	if (!(smmu->regs.val[SMMU_REG_CR0] & CR0_CMDQEN) || cmdq->err)
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

		/* The host takes its interrupts and comes back, unless in vain. */
		room = hyp_smmu_hwq_room(smmu);
		if (left <= 0 || !room)
			return READ_ONCE(smmu->hwq.dead);

		switch (cmdq_batch(smmu, min3((u32)used, room, (u32)CMDQ_BATCH))) {
		case CMDQ_STOP_ILL:
			cmdq_error(smmu, CMDQ_ERR_CERROR_ILL_IDX);
			return true;
		case CMDQ_STOP_AGAIN:
			return false;
		case CMDQ_STOP_NOT:
			left -= CMDQ_BATCH;
		}
	}
}
