/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EL2's SMMUv3 driver: what the two ways to copy host commands have in common, that of
 * any commands in hyp-smmu-cmdq.c and the straight line in hyp-smmu-direct.c.
 *
 * Context: hyp_smmu::emu_lock is held.
 */
#ifndef __ARM_SMMU_V3_PKVM_HYP_CMDQ_H
#define __ARM_SMMU_V3_PKVM_HYP_CMDQ_H

#include "hyp-smmu-v3.h"

/* Read the STEs that a CFGI command is about. Returns false if it is not finished. */
bool hyp_smmu_cmdq_prepare(struct hyp_smmu *smmu, const struct arm_smmu_cmd *in,
			   struct smmu_emu_cmd *cmd);

/*
 * Remember @mark until it is complete, in the host's order. It prolongs the last one
 * if the hardware has nothing in between: CMDQ_CONS is as exact with one of them.
 */
void hyp_smmu_cmdq_add_mark(struct hyp_smmu_host_cmdq *cmdq, struct hyp_smmu_mark mark);

/* An MSI to where the SMMU may not write. IHI0070G.b 7.5 */
void hyp_smmu_cmdq_abort_msi(struct hyp_smmu *smmu);

/* The host can change a command at any time: each word is read once. */
static inline void cmdq_read(const struct arm_smmu_cmd *slot, struct arm_smmu_cmd *cmd)
{
	cmd->data[0] = le64_to_cpu((__force __le64)READ_ONCE(slot->data[0]));
	cmd->data[1] = le64_to_cpu((__force __le64)READ_ONCE(slot->data[1]));
}

/*
 * Whether an MSI is the hardware's to write. Not behind one that EL2 has to: at a
 * CMD_SYNC, those before it are written or reported. IHI0070G.b 4.7.3
 */
static inline bool cmdq_is_hw_msi(const struct hyp_smmu_host_cmdq *cmdq, u64 addr)
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
		hyp_smmu_cmdq_abort_msi(smmu);
	}
}

/* The host's commands up to @idx are complete. */
static inline void cmdq_set_cons(struct hyp_smmu *smmu, u32 idx)
{
	u64 *cons = &smmu->regs.val[SMMU_REG_CMDQ_CONS];

	*cons = idx | (*cons & CMDQ_CONS_ERR);
}

#endif /* __ARM_SMMU_V3_PKVM_HYP_CMDQ_H */
