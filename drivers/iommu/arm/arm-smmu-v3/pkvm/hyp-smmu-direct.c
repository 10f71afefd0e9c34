// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: the host's command queue, in a straight line.
 *
 * What the host's driver writes at once and waits for: the commands of an unmap, or one
 * other, and at the end a CMD_SYNC with an MSI. They are checked by the same filter, and
 * copied, rung and looked at once. Whatever else there is to copy, or to wait for, is
 * left to hyp_smmu_cmdq_run().
 */

#include <asm/kvm_hyp.h>
#include <asm/kvm_hypevents.h>

#include "hyp-smmu-cmdq.h"

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
		if (!hyp_smmu_cmdq_prepare(smmu, in, &cmd))
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

/*
 * Returns false if there is something else to do, or to wait for. Where the hardware
 * writes the MSI, @hw, nothing is waited for, or even looked at before the hardware's
 * queue is half full or all marks are in use.
 */
static __always_inline bool cmdq_run_direct(struct hyp_smmu *smmu, u32 nr,
					    struct arm_smmu_cmd first, bool hw)
{
	struct hyp_smmu_host_cmdq *cmdq = &smmu->cmdq;
	u32 cons = (cmdq->fetch + nr) & cmdq->idx_mask, data;
	struct arm_smmu_cmd sync, *slot;
	u64 addr, seq;

	if (!cmdq_begin_direct(smmu, nr, first, &sync, &slot))
		return false;
	addr = sync.data[1];
	data = FIELD_GET(CMDQ_SYNC_0_MSIDATA, sync.data[0]);
	if (hw && !cmdq_is_hw_msi(cmdq, addr)) {
		hyp_spin_unlock(&smmu->hwq.lock);
		return false;
	}
	smmu_emu_make_irq_sync(&sync);
	if (hw)
		smmu_emu_add_msi(&sync, addr, data);
	hyp_smmu_hwq_fill(slot, &sync);
	cmdq_trace_direct(smmu, nr);
	cmdq->fetch = cons;
	if (hw) {
		seq = hyp_smmu_hwq_end(smmu, nr);
	} else if (likely(hyp_smmu_hwq_end_look(smmu, nr, &seq))) {
		/* Mostly it is complete when it can be looked at. */
		cmdq_set_cons(smmu, cons);
		cmdq_write_msi(smmu, addr, data);
		return true;
	}
	hyp_smmu_cmdq_add_mark(cmdq, (struct hyp_smmu_mark) {
		.first		= seq - nr,
		.seq		= seq,
		.cons		= cons,
		.msi_addr	= hw ? 0 : addr,
		.msi_data	= hw ? 0 : data,
	});

	return hw;
}

/* The same with a command that is no TLBI_NH_VA first. */
static noinline bool cmdq_run_direct_other(struct hyp_smmu *smmu, u32 nr,
					   struct arm_smmu_cmd first)
{
	return cmdq_take_other(smmu, &first) && cmdq_run_direct(smmu, nr, first, false);
}

static noinline bool cmdq_run_direct_hw(struct hyp_smmu *smmu, u32 nr,
					struct arm_smmu_cmd first)
{
	if (smmu_emu_is_plain_tlbi(&smmu->caps, &first))
		smmu_emu_set_vmid(&first);
	else if (!cmdq_take_other(smmu, &first))
		return false;

	return cmdq_run_direct(smmu, nr, first, true);
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

	return cmdq_run_direct(smmu, nr, first, false);
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
