// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: the registers that the host sees.
 *
 * The table in emu/regs.c says which registers exist, how wide they are, which bits the host may
 * set and when. The functions here give these writes their effect.
 *
 * The hardware stays enabled when the host clears bits of CR0. While the host's SMMUEN is 0 every
 * stream aborts, while CMDQEN is 0 EL2 reads no host command, while EVENTQEN is 0 the hardware
 * writes no event. CR0ACK, which the host polls, shows a change once it has taken effect. A CR0
 * write before that is ignored, as from SMMUv3.2 on (IHI0070G.b 6.3.9).
 */

#include <asm/kvm_hyp.h>

#include "irq.h"
#include "smmu.h"

/* The page that has the event queue's indexes. IHI0070G.b 6.2 */
#define HW_EVTQ_PROD		(SMMU_EMU_PAGE1 + ARM_SMMU_EVTQ_PROD)
#define HW_EVTQ_CONS		(SMMU_EMU_PAGE1 + ARM_SMMU_EVTQ_CONS)

static void evtq_unpin(struct hyp_smmu *smmu)
{
	hyp_smmu_unpin_queue(&smmu->evtq);
	smmu->evtq_pinned = false;
}

static void hw_set_evtqen(struct hyp_smmu *smmu, bool on)
{
	u32 cr0 = readl_relaxed(smmu->mmio + ARM_SMMU_CR0);

	/* Dead hardware may not have acknowledged the last update. IHI0070G.b 6.3.9 */
	if (READ_ONCE(smmu->hwq.dead))
		return;
	cr0 = on ? cr0 | CR0_EVTQEN : cr0 & ~CR0_EVTQEN;
	writel_relaxed(cr0, smmu->mmio + ARM_SMMU_CR0);
}

/* Write the registers of the event queue, which is pinned and disabled. */
void hyp_smmu_evtq_program(struct hyp_smmu *smmu)
{
	const struct pkvm_smmu_queue *q = &smmu->evtq;

	/*
	 * The hardware gets the range that was pinned. BASE comes first, as its size decides
	 * which bits of the indexes can be written. IHI0070G.b 6.3.29
	 */
	writeq_relaxed(Q_BASE_RWA | q->base | q->shift, smmu->mmio + ARM_SMMU_EVTQ_BASE);
	writel_relaxed(smmu->regs.val[SMMU_REG_EVTQ_PROD], smmu->mmio + HW_EVTQ_PROD);
	writel_relaxed(smmu->regs.val[SMMU_REG_EVTQ_CONS], smmu->mmio + HW_EVTQ_CONS);
}

/* Read EVTQ_PROD from the hardware, for the host and for hyp_smmu_evtq_program(). */
void hyp_smmu_evtq_save(struct hyp_smmu *smmu)
{
	/*
	 * readl() orders PROD before reads of events. It also orders settle_cr0()'s read of CR0ACK
	 * before the queue is unpinned.
	 */
	if (smmu->evtq_pinned)
		smmu->regs.val[SMMU_REG_EVTQ_PROD] = readl(smmu->mmio + HW_EVTQ_PROD);
}

/*
 * The hardware writes to the host's event queue: pin it first. If it cannot be pinned, the
 * hardware's stays disabled, and events are lost.
 */
static void evtq_enable(struct hyp_smmu *smmu)
{
	struct pkvm_smmu_queue q;

	q = pkvm_smmu_queue_decode(smmu->regs.val[SMMU_REG_EVTQ_BASE],
				   smmu->caps.evtq_bits, EVTQ_ENT_SZ_SHIFT);
	if (hyp_smmu_pin_queue(&q))
		return;

	smmu->evtq = q;
	smmu->evtq_pinned = true;
	hyp_smmu_evtq_program(smmu);
	hw_set_evtqen(smmu, true);
}

/* Add a CFGI_ALL that CR0ACK waits for. If there is no room, settle_cr0() tries again. */
static void issue_cfgi_all(struct hyp_smmu *smmu)
{
	u64 seq;

	smmu->cr0_owed = hyp_smmu_hwq_add_el2(smmu, arm_smmu_make_cmd_cfgi_all(), &seq);
	if (!smmu->cr0_owed)
		smmu->cr0_seq = seq;
}

/* Bring CR0ACK up to date: if all that it waits for is complete, unpin queues and set it. */
static void settle_cr0(struct hyp_smmu *smmu)
{
	u64 *ack = &smmu->regs.val[SMMU_REG_CR0ACK];
	u64 cr0 = smmu->regs.val[SMMU_REG_CR0];
	u32 hw_ack;

	/* Dead hardware may still access its queues: they stay pinned. */
	if (*ack == cr0 || READ_ONCE(smmu->hwq.dead))
		return;

	/* Its CMD_SYNC is also the one that hyp_smmu_cmdq_disable() found no room for. */
	if (smmu->cr0_owed)
		issue_cfgi_all(smmu);
	if (smmu->cr0_owed)
		return;

	hw_ack = readl_relaxed(smmu->mmio + ARM_SMMU_CR0ACK) & CR0_EVTQEN;
	if (hw_ack != hyp_smmu_evtqen(smmu) || !hyp_smmu_hwq_done(smmu, smmu->cr0_seq))
		return;

	if (!(cr0 & CR0_CMDQEN))
		hyp_smmu_cmdq_release(smmu);
	/* The hardware has acknowledged that it writes no more events. IHI0070G.b 6.3.9.4 */
	if (!(cr0 & CR0_EVTQEN) && smmu->evtq_pinned) {
		hyp_smmu_evtq_save(smmu);
		evtq_unpin(smmu);
	}
	*ack = cr0;
}

/* The host gives up setting SMMUEN: streams whose STEs were read so far abort again. */
static void cancel_enable(struct hyp_smmu *smmu)
{
	if (!smmu->enable_scan.active)
		return;
	smmu->enable_scan.active = false;
	hyp_smmu_strtab_clear(smmu);
	issue_cfgi_all(smmu);
}

/* Return true = done, false = replay the write. */
static bool write_cr0(struct hyp_smmu *smmu, u64 val)
{
	u64 *cr0 = &smmu->regs.val[SMMU_REG_CR0];
	u64 set = val & ~*cr0, clear = *cr0 & ~val;

	settle_cr0(smmu);
	/* Ignore the write, unless it is a replay of the one that CR0ACK waits for. */
	if (*cr0 != smmu->regs.val[SMMU_REG_CR0ACK])
		return val != *cr0 || hyp_smmu_cmdq_run(smmu);

	smmu->cr0_seq = 0;
	if (!(val & CR0_SMMUEN))
		cancel_enable(smmu);
	if ((set & CR0_SMMUEN) &&
	    !hyp_smmu_strtab_update(smmu, &smmu->enable_scan, 0, BIT_ULL(smmu->caps.sid_bits))) {
		if (!hyp_smmu_in_step(smmu) || hyp_smmu_hwq_answers(smmu))
			return false;
		/* Dead or late hardware: SMMUEN stays 0, and no stream passes. */
		cancel_enable(smmu);
		return true;
	}

	*cr0 = val;

	if (clear & CR0_SMMUEN)
		hyp_smmu_strtab_clear(smmu);
	if ((set | clear) & CR0_SMMUEN)
		issue_cfgi_all(smmu);
	if (clear & CR0_CMDQEN)
		hyp_smmu_cmdq_disable(smmu);
	if (set & CR0_CMDQEN)
		hyp_smmu_cmdq_enable(smmu);
	if (clear & CR0_EVTQEN)
		hw_set_evtqen(smmu, false);
	if (set & CR0_EVTQEN)
		evtq_enable(smmu);

	settle_cr0(smmu);

	return hyp_smmu_cmdq_run(smmu);
}

/* The hardware never bypasses, so GBPA has no effect: only its handshake is emulated. */
static void write_gbpa(struct hyp_smmu *smmu, u64 val)
{
	if (val & GBPA_UPDATE)
		smmu->regs.val[SMMU_REG_GBPA] = val & ~(u64)GBPA_UPDATE;
}

static bool write_gerrorn(struct hyp_smmu *smmu, u64 val)
{
	u64 *gerrorn = &smmu->regs.val[SMMU_REG_GERRORN];
	u64 active = (*gerrorn ^ smmu->regs.val[SMMU_REG_GERROR]) & GERROR_EMULATED;
	u64 ack = (*gerrorn ^ val) & active;

	hyp_smmu_hwq_ack_gerror(smmu, val);
	*gerrorn ^= ack;
	if (ack & GERROR_CMDQ_ERR)
		hyp_smmu_cmdq_restart(smmu);

	return hyp_smmu_cmdq_run(smmu);
}

static bool write_reg(struct hyp_smmu *smmu, struct pkvm_smmu_access acc, u64 val)
{
	u8 id = acc.reg->id;
	u64 new;

	/* The guards look at CR0ACK and IRQ_CTRLACK. */
	settle_cr0(smmu);
	if (id >= SMMU_REG_IRQ_CTRL && id <= SMMU_REG_EVTQ_IRQ_CFG2)
		hyp_smmu_irq_settle(smmu);
	if (!pkvm_smmu_reg_merge(&smmu->regs, acc, val, &new))
		return true;

	switch (id) {
	case SMMU_REG_CR0:
		return write_cr0(smmu, new);
	case SMMU_REG_GBPA:
		write_gbpa(smmu, new);
		return true;
	case SMMU_REG_IRQ_CTRL:
		hyp_smmu_irq_write_ctrl(smmu, new);
		return true;
	case SMMU_REG_GERRORN:
		return write_gerrorn(smmu, new);
	case SMMU_REG_EVTQ_CONS:
		hyp_smmu_count_faults(smmu, new);
		break;
	}

	smmu->regs.val[id] = new;

	switch (id) {
	case SMMU_REG_STRTAB_BASE:
	case SMMU_REG_STRTAB_BASE_CFG:
		cancel_enable(smmu);
		break;
	case SMMU_REG_EVTQ_CONS:
		/* If it is not pinned yet, hyp_smmu_evtq_program() writes the value later. */
		if (smmu->evtq_pinned)
			writel_relaxed(new, smmu->mmio + HW_EVTQ_CONS);
		break;
	case SMMU_REG_CMDQ_CONS:
		smmu->cmdq.fetch = new & SMMU_EMU_Q_IDX;
		break;
	case SMMU_REG_CMDQ_PROD:
		return hyp_smmu_cmdq_run(smmu);
	}

	return true;
}

/*
 * A dead SMMU looks to the host like one in service failure mode. GERROR.SFM_ERR is
 * toggled once, which the host may acknowledge. IHI0070G.b 7.5, 12.3
 */
static void report_dead(struct hyp_smmu *smmu)
{
	if (!READ_ONCE(smmu->hwq.dead) || smmu->sfm_shown)
		return;
	smmu->regs.val[SMMU_REG_GERROR] ^= GERROR_SFM_ERR;
	smmu->sfm_shown = true;
}

/* Combine the hardware's bits of GERROR or GERRORN with the emulated ones. */
static u64 read_gerror(struct hyp_smmu *smmu, u32 hw_offset, u8 id)
{
	u32 hw = readl_relaxed(smmu->mmio + hw_offset);

	return (hw & GERROR_ERR_MASK & ~GERROR_EMULATED) |
	       (smmu->regs.val[id] & GERROR_EMULATED);
}

/* Bring a register up to date, before pkvm_smmu_reg_read() reads it. */
static void refresh_reg(struct hyp_smmu *smmu, u8 id)
{
	u64 *val = &smmu->regs.val[id];

	switch (id) {
	case SMMU_REG_CR0ACK:
		settle_cr0(smmu);
		break;
	case SMMU_REG_IRQ_CTRLACK:
		hyp_smmu_irq_settle(smmu);
		break;
	case SMMU_REG_GERROR:
		/* The error that interrupted the host may not have been looked at yet. */
		hyp_smmu_hwq_look(smmu);
		/* Host commands may have waited for the repair of an error. */
		hyp_smmu_begin_attempt(smmu);
		hyp_smmu_cmdq_run(smmu);
		hyp_smmu_cmdq_settle(smmu);
		report_dead(smmu);
		hyp_smmu_set_gerror(smmu, hyp_smmu_hwq_take_msi_errors(smmu));
		*val = read_gerror(smmu, ARM_SMMU_GERROR, id);
		break;
	case SMMU_REG_GERRORN:
		*val = read_gerror(smmu, ARM_SMMU_GERRORN, id);
		break;
	case SMMU_REG_CMDQ_CONS:
		hyp_smmu_begin_attempt(smmu);
		hyp_smmu_cmdq_run(smmu);
		hyp_smmu_cmdq_settle(smmu);
		break;
	case SMMU_REG_EVTQ_PROD:
		hyp_smmu_evtq_save(smmu);
		break;
	}
}

/**
 * hyp_smmu_read - Emulate a load
 * @smmu:   the SMMU
 * @offset: from the base of page 0, aligned to @size
 * @size:   4 or 8 bytes
 *
 * Context: emu_lock is held.
 * Return: the value for the host.
 */
u64 hyp_smmu_read(struct hyp_smmu *smmu, u32 offset, u8 size)
{
	struct pkvm_smmu_access acc = pkvm_smmu_resolve(&smmu->caps, offset, size);

	hyp_assert_lock_held(&smmu->emu_lock);
	if (!acc.reg)
		return 0;
	refresh_reg(smmu, acc.reg->id);

	return pkvm_smmu_reg_read(&smmu->caps, &smmu->regs, acc);
}

/**
 * hyp_smmu_write - Emulate a store
 * @smmu:   the SMMU
 * @offset: from the base of page 0, aligned to @size
 * @size:   4 or 8 bytes
 * @val:    the value written
 *
 * Context: emu_lock is held.
 * Return: true = done; false = replay the store, at once if hyp_smmu::wait_seq is 0, else when
 * the hardware has consumed that command.
 */
bool hyp_smmu_write(struct hyp_smmu *smmu, u32 offset, u8 size, u64 val)
{
	struct pkvm_smmu_access acc = pkvm_smmu_resolve(&smmu->caps, offset, size);

	hyp_assert_lock_held(&smmu->emu_lock);
	if (!acc.reg)
		return true;
	hyp_smmu_begin_attempt(smmu);

	return write_reg(smmu, acc, val);
}
