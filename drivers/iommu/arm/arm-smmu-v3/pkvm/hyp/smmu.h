/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EL2's SMMUv3 driver: private definitions.
 *
 * To follow a store of the host's to CMDQ_PROD, with a CFGI_STE and a CMD_SYNC in the
 * queue:
 *
 *   nvhe/hyp-main.c	handle_trap(): of the host's, before anything else
 *   hyp/trap.c		hyp_iommu_handle_trap(): which SMMU, which register
 *   hyp/cmdq.c		hyp_smmu_cmdq_run_open(), cmdq_copy_some(): reads each command
 *   emu/cmd.h, cmd.c	pkvm_smmu_filter_cmd(): checks it, and makes the hardware's
 *   hyp/strtab.c	hyp_smmu_strtab_cfgi(): of a CFGI command, which STEs
 *   hyp/strtab.c	hyp_smmu_strtab_update(): reads those of the host ...
 *   emu/ste.c		... pkvm_smmu_make_ste(): checks one, and makes the hardware's
 *   hyp/hwq.c		hyp_smmu_hwq_begin(), _write(), _ring(): the hardware's queue
 *   hyp/cmdq.c		cmdq_write_msi(): the host sees that the CMD_SYNC is complete
 *
 * Every other register: hyp/mmio.c, by the table in emu/regs.c.
 *
 * To follow a page that the host donates to EL2 or a VM:
 *
 *   nvhe/mem_protect.c	__pkvm_host_donate_hyp(), __pkvm_host_donate_guest(),
 *			__pkvm_guest_unshare_host()
 *   nvhe/iommu.c	hyp_iommu_revoke_locked(): takes it from devices, or restores
 *   nvhe/iommu_pgtable.c iommu_s2_unmap(): the leaf in the one stage 2
 *   hyp/smmu.c		hyp_iommu_flush_all(): TLBI on every SMMU
 *   hyp/hwq.c		hyp_smmu_hwq_add_el2(), _wait(): ... and waits for all
 *
 * Locks, outermost first; the ones in brackets are pKVM's:
 *
 *   hyp_smmu::emu_lock -> [host_mmu.lock -> pkvm_pgd_lock] -> hyp_smmu_hwq::lock
 *
 * Traps by the host take emu_lock. Ownership transitions run under host_mmu.lock
 * and take only hyp_smmu_hwq::lock: no transition waits for a trap. A trap that reads
 * the host's stream table or pins a queue takes host_mmu.lock, and waits by that for a
 * transition, which waits for the hardware. Nothing waits for the hardware while it
 * holds hyp_smmu_hwq::lock. A trap itself waits for no command to complete, but at most
 * for a slot of the reserve below, which is there unless the hardware has stopped.
 */
#ifndef __ARM_SMMU_V3_PKVM_HYP_H
#define __ARM_SMMU_V3_PKVM_HYP_H

#include <asm/kvm_hyp.h>

#include <nvhe/iommu.h>
#include <nvhe/mem_protect.h>
#include <nvhe/spinlock.h>

#include "../pkvm-smmu-v3.h"
#include "../emu/cmd.h"

/*
 * Slots of the hardware queue that host commands leave free: EL2's own commands for a
 * transition, a change of CR0, an error report and behind ATC_INVs fit at any time.
 */
#define HYP_SMMU_HWQ_RESERVE	8

/*
 * What an SMMU takes from the host: its two pages; the rest of the registers that firmware
 * describes, control pages of enhanced command queues, the VATOS page, CMDQ-V.
 */
#define HYP_SMMU_MAX_TAKEN	5

/*
 * The most host commands in the hardware's queue at a time: what a transition has
 * to wait for before its own.
 */
#define HYP_SMMU_HWQ_BACKLOG	256

/* Errors of MSIs of the SMMU's own interrupts. */
#define GERROR_MSI_IRQ		(GERROR_MSI_GERROR_ABT_ERR | GERROR_MSI_EVTQ_ABT_ERR)

/*
 * Errors of the host's command queue, of MSIs, and a dead SMMU: those of the hardware's are
 * EL2's.
 */
#define GERROR_EMULATED		(GERROR_CMDQ_ERR | GERROR_MSI_CMDQ_ABT_ERR | GERROR_MSI_IRQ | \
				 GERROR_SFM_ERR)

/* Groups of STEs read in one attempt at an access: 256 KiB of the host's table. */
#define HYP_SMMU_TRAP_GROUPS	64

/*
 * A deadline for waits in EL2. It has passed when the time is up and the caller has looked
 * @late_polls times since: the CPU may have been stopped, and the machine with it.
 */
struct hyp_smmu_deadline {
	u64 end;
	u32 late_polls;
};

/* Whether the hardware still consumes commands, see hwq_gave_up(). */
struct hyp_smmu_watch {
	struct hyp_smmu_deadline deadline;
	u64 consumed;
	bool active;
	bool late;
};

/* The hardware's command queue, which is EL2's. */
struct hyp_smmu_hwq {
	/* Guards the fields below, CMDQ_PROD and GERRORN.CMDQ_ERR. */
	hyp_spinlock_t lock;
	/*
	 * Number of commands written since takeover, and of those the hardware was
	 * last seen to have consumed. Their low bits are the indexes, as both began
	 * at 0.
	 */
	u64 submitted;
	u64 consumed;
	/* While commands find no room or are waited for. */
	struct hyp_smmu_watch watch;
	/* How many of them are EL2's own. */
	u64 own;
	/* The hardware has failed, see hwq_die(). Every transition is refused. */
	bool dead;
	/* There have been ATC_INVs, and whether a device has not answered one of them. */
	bool atc_used;
	bool atc_failed;

	/* Constant. */
	struct arm_smmu_cmd *base;
	/* Number of entries, less one; and of an index, with its wrap bit. */
	u32 slot_mask;
	u32 idx_mask;
	/* The most commands in the queue to which host commands may be added. */
	u32 limit;
	u8 shift;
};

/*
 * Up to @cons, the host's commands are complete once @seq is consumed. If the last of
 * them is a CMD_SYNC with an MSI that the hardware does not write, EL2 writes @msi_data
 * to @msi_addr then. The last of them are one for one those of the hardware's from
 * @first to @seq, of which there may be none.
 */
struct hyp_smmu_mark {
	u64 first;
	u64 seq;
	u32 cons;
	u32 msi_data;
	u64 msi_addr;
};

#define HYP_SMMU_MARKS		16

/* The host's command queue. Guarded by hyp_smmu::emu_lock. */
struct hyp_smmu_host_cmdq {
	/*
	 * Pinned from CR0.CMDQEN being set until CR0ACK shows that it is cleared.
	 * Without memory where pinning was refused.
	 */
	struct pkvm_smmu_queue q;
	/* Its entries at EL2 while it is pinned; masks as of the hardware's. */
	const struct arm_smmu_cmd *slots;
	u32 slot_mask;
	u32 idx_mask;
	bool pinned;
	/*
	 * Commands are read, of an SMMU that snoops, and no ATC_INV matters: see
	 * cmdq_set_open(). The others take the way of hyp_smmu_cmdq_run_closed(), which the
	 * hot path does not test for.
	 */
	bool open;
	/* The hardware writes MSIs. */
	bool hw_msi;
	/* Next command to copy; CMDQ_CONS follows as the hardware completes. */
	u32 fetch;
	/* CERROR_* at @fetch, 0 for none, and whether the host has been told. */
	u8 err;
	bool err_shown;
	/* Copied commands not yet known to be complete, oldest first. */
	u8 first_mark;
	u8 nr_marks;
	/* How many of them have an MSI for EL2 to write. */
	u8 nr_msis;
	struct hyp_smmu_mark marks[HYP_SMMU_MARKS];
	/*
	 * What the ATC_INVs before @fetch wait for, 0 if they do not wait; and whether one of
	 * them has failed, which the host is told at its next CMD_SYNC.
	 */
	u64 atc_seq;
	bool atc_failed;
};

/* A walk over the host's stream table, from @first to @end, that may take several traps. */
struct hyp_smmu_scan {
	u64 first;
	u64 end;
	u64 next;
	bool active;
};

/* See enum pkvm_smmu_stat. Guarded by hyp_smmu::emu_lock, but for one. */
struct hyp_smmu_stats {
	u64 traps;
	u64 refused_commands;
	u64 refused_stes;
	u64 s2_faults;
	/* Guarded by host_mmu.lock. */
	u64 invalidations;
};

struct hyp_smmu {
	/* Guards everything without a note of its own. */
	hyp_spinlock_t emu_lock;
	struct pkvm_smmu_regs regs;
	/* Groups of STEs that this attempt has read; a trap makes a few. */
	u64 groups_read;
	/* What is to be waited for before the next attempt, 0 for nothing. */
	u64 wait_seq;
	struct hyp_smmu_stats stats;
	struct hyp_smmu_host_cmdq cmdq;

	/* What CR0ACK waits for, and whether it found no room yet. */
	u64 cr0_seq;
	bool cr0_owed;
	/* The host has been told that the SMMU is dead. */
	bool sfm_shown;

	/* Pinned while the hardware may write to it. */
	struct pkvm_smmu_queue evtq;
	bool evtq_pinned;

	/* The shadow stream table, at EL2: its level 1, or all of it. */
	union {
		__le64 *l1;
		struct arm_smmu_ste *linear;
	};
	struct kvm_hyp_memcache pool;
	/* The last part of the host's table that was read. */
	struct arm_smmu_ste *bounce;
	struct hyp_smmu_scan enable_scan;
	struct hyp_smmu_scan cfgi_scan;
	/*
	 * The first of two steps of an STE has been made, see pkvm_smmu_step_ste(), and the
	 * hardware does not know of it yet; what the second step waits for, 0 for nothing.
	 */
	bool step_made;
	u64 step_seq;

	struct hyp_smmu_hwq hwq;
	/* What a transition waits for. Guarded by host_mmu.lock. */
	u64 flush_seq;

	/* Constant after takeover. */
	void __iomem *mmio;
	/* What is emulated: nothing before it is enabled. */
	phys_addr_t mmio_phys;
	u64 emu_size;
	struct pkvm_smmu_ids hw;
	struct pkvm_smmu_caps caps;
	phys_addr_t taken[HYP_SMMU_MAX_TAKEN];
	u32 timer_freq;
	u32 gbpa_reset;
	u8 nr_taken;
	/*
	 * It snoops the caches of the CPUs: firmware and the hardware say so. If not, what EL2
	 * writes for it is cleaned, and what it reads of the host's is flushed before.
	 */
	bool coherent;
	/* An invalidation takes effect only if it is repeated after its CMD_SYNC. */
	bool repeat;
	bool registered;
	bool enabled;
};

/* Report errors of the host's. Returns those that were not active. Context: emu_lock is held. */
static inline u32 hyp_smmu_set_gerror(struct hyp_smmu *smmu, u32 errs)
{
	u64 *gerror = &smmu->regs.val[SMMU_REG_GERROR];

	errs &= ~(*gerror ^ smmu->regs.val[SMMU_REG_GERRORN]);
	*gerror ^= errs;

	return errs;
}

/* What one attempt at an access may do. Context: emu_lock is held. */
static inline void hyp_smmu_begin_attempt(struct hyp_smmu *smmu)
{
	smmu->groups_read = 0;
	smmu->wait_seq = 0;
}

/* Let an SMMU that does not snoop see what EL2 has written. It is there on return. */
static inline void hyp_smmu_clean(const struct hyp_smmu *smmu, const void *from, size_t size)
{
	if (unlikely(!smmu->coherent))
		kvm_flush_dcache_to_poc(from, size);
}

/* The stream table that the host's registers describe. */
static inline struct pkvm_smmu_strtab hyp_smmu_host_strtab(const struct hyp_smmu *smmu)
{
	return pkvm_smmu_strtab_decode(&smmu->caps, smmu->regs.val[SMMU_REG_STRTAB_BASE],
				       smmu->regs.val[SMMU_REG_STRTAB_BASE_CFG]);
}

/* A queue of the host's, which need not fill its pages. Context: emu_lock is held. */
static inline int hyp_smmu_pin_queue(const struct pkvm_smmu_queue *q)
{
	return __pkvm_host_share_pin_hyp(ALIGN_DOWN(q->base, PAGE_SIZE), PAGE_ALIGN(q->bytes));
}

static inline void hyp_smmu_unpin_queue(const struct pkvm_smmu_queue *q)
{
	__pkvm_host_unshare_unpin_hyp(ALIGN_DOWN(q->base, PAGE_SIZE), PAGE_ALIGN(q->bytes));
}

/* hyp/smmu.c */

/* Written while the host is trusted, constant afterwards but for what they hold. */
extern struct hyp_smmu hyp_smmus[PKVM_SMMU_V3_MAX];
/* Behind the last that has ever been registered, NULL before the first. */
extern struct hyp_smmu *hyp_smmus_end;

/* Wait until the bits @mask of a register are @val. Returns 0 or -ETIMEDOUT. */
int hyp_smmu_poll(const void __iomem *reg, u32 mask, u32 val,
		  struct hyp_smmu_deadline *deadline);

/* hyp/withhold.c */

int hyp_smmu_take_mmio(struct hyp_smmu *smmu, const struct pkvm_smmu_v3_info *info);
int hyp_smmu_give_mmio_back(struct hyp_smmu *smmu);

/* hyp/stats.c */

/*
 * The host is about to write @cons to EVTQ_CONS: count the faults of stage 2 among the records
 * that the hardware may overwrite then. emu_lock is held.
 */
void hyp_smmu_count_faults(struct hyp_smmu *smmu, u32 cons);

/* hyp/hwq.c: the hardware's queue. Its lock is not held by the caller. */

/* A second from now. */
struct hyp_smmu_deadline hyp_smmu_deadline(const struct hyp_smmu *smmu);
/* To be asked once between two looks at what is waited for. */
bool hyp_smmu_deadline_passed(struct hyp_smmu_deadline *deadline);

/* The slots that host commands leave free. */
static inline u32 hyp_smmu_hwq_reserve(const struct hyp_smmu *smmu)
{
	return smmu->repeat ? 2 * HYP_SMMU_HWQ_RESERVE : HYP_SMMU_HWQ_RESERVE;
}

static inline u32 hyp_smmu_hwq_used(const struct hyp_smmu_hwq *q)
{
	return q->submitted - q->consumed;
}

/*
 * Write the registers of the queue, which is disabled: all commands so far are consumed.
 * Active errors are acknowledged.
 */
void hyp_smmu_hwq_program(struct hyp_smmu *smmu);

/* The hardware has failed, for ever. */
void hyp_smmu_hwq_fail(struct hyp_smmu *smmu);

/* Slow path of hyp_smmu_hwq_begin(). The queue's lock is held, and dropped if 0 is returned. */
u32 hyp_smmu_hwq_make_room(struct hyp_smmu *smmu);

/**
 * hyp_smmu_hwq_begin - Begin to add host commands
 * @smmu: the SMMU
 *
 * Context: emu_lock is held. With room, so is the queue's lock when it returns, which the
 * caller drops after hyp_smmu_hwq_ring(): nothing may be waited for until then.
 * Return: for how many there is room in the hardware's queue, 0 for none now.
 */
static inline u32 hyp_smmu_hwq_begin(struct hyp_smmu *smmu)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u32 used;

	hyp_spin_lock(&q->lock);
	used = hyp_smmu_hwq_used(q);
	if (unlikely(q->dead || used > q->limit / 2))
		return hyp_smmu_hwq_make_room(smmu);

	return q->limit - used;
}

/* Put a command into a slot. The hardware reads little endian. */
static inline void hyp_smmu_hwq_fill(struct arm_smmu_cmd *slot, const struct arm_smmu_cmd *cmd)
{
	WRITE_ONCE(slot->data[0], (__force u64)cpu_to_le64(cmd->data[0]));
	WRITE_ONCE(slot->data[1], (__force u64)cpu_to_le64(cmd->data[1]));
}

/**
 * hyp_smmu_hwq_write - Write a command into the queue
 * @q:   the queue
 * @seq: its position: hyp_smmu_hwq::submitted for the first since the lock was taken
 * @cmd: CPU endian; every field checked or made by EL2
 *
 * Context: the queue's lock is held, and there is room.
 */
static inline void hyp_smmu_hwq_write(struct hyp_smmu_hwq *q, u64 seq,
				      const struct arm_smmu_cmd *cmd)
{
	hyp_smmu_hwq_fill(&q->base[seq & q->slot_mask], cmd);
}

/* Clean the commands before position @end that have been written and not been rung for. */
void hyp_smmu_hwq_clean(struct hyp_smmu *smmu, u64 end);

/*
 * Let the hardware have the commands before position @end, which have been written, and
 * cleaned where it does not snoop. Stores that precede the call are visible to the SMMU
 * before the commands are. The queue's lock is held.
 */
static inline void hyp_smmu_hwq_ring(struct hyp_smmu *smmu, u64 end)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	q->submitted = end;
	/*
	 * Commands, and the page tables and stream table entries they are about,
	 * before the doorbell. Pairs with the SMMU reading the queue only after it
	 * has seen CMDQ_PROD. IHI0070G.b 3.21.2
	 */
	dma_wmb();
	writel_relaxed(end & q->idx_mask, smmu->mmio + ARM_SMMU_CMDQ_PROD);
}

/**
 * hyp_smmu_hwq_caught_up - Look once at what the hardware has consumed
 * @smmu: the SMMU
 * @end:  hyp_smmu_hwq::submitted
 *
 * Context: the queue's lock is held.
 * Return: true if that is all that was ever submitted.
 */
static inline bool hyp_smmu_hwq_caught_up(struct hyp_smmu *smmu, u64 end)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u32 cons = readl_relaxed(smmu->mmio + ARM_SMMU_CMDQ_CONS);

	/*
	 * What follows is not older than CMDQ_CONS: pairs with the SMMU updating it
	 * after the effects of a CMD_SYNC are visible.
	 */
	dma_rmb();
	if (unlikely((cons ^ (u32)end) & q->idx_mask))
		return false;
	q->consumed = end;

	return true;
}

/**
 * hyp_smmu_hwq_add_el2 - Add an invalidation of EL2's own, and a CMD_SYNC
 * @smmu: the SMMU
 * @cmd:  the command, which is added twice where hyp_smmu::repeat says so
 * @seq:  what to give to hyp_smmu_hwq_wait()
 *
 * Return: 0, or -EIO if the hardware is dead, or late and has no room.
 */
int hyp_smmu_hwq_add_el2(struct hyp_smmu *smmu, struct arm_smmu_cmd cmd, u64 *seq);

/* Whether an ATC_INV has failed since the last call. Those before it are complete. */
bool hyp_smmu_hwq_take_atc_failed(struct hyp_smmu *smmu);

/**
 * hyp_smmu_hwq_add_sync - Add a CMD_SYNC of EL2's own
 * @smmu: the SMMU
 * @seq:  what to give to hyp_smmu_hwq_done()
 *
 * Return: 0, or -EIO if the hardware is dead, or late and has no room.
 */
int hyp_smmu_hwq_add_sync(struct hyp_smmu *smmu, u64 *seq);

/**
 * hyp_smmu_hwq_look - Look how far the hardware is, and whether it has stopped
 * @smmu: the SMMU
 *
 * An error at which it has stopped before the call is repaired.
 */
void hyp_smmu_hwq_look(struct hyp_smmu *smmu);

/**
 * hyp_smmu_hwq_consumed - How many commands the hardware has consumed
 * @smmu: the SMMU
 *
 * Return: that number when it was last looked at, since takeover.
 */
u64 hyp_smmu_hwq_consumed(struct hyp_smmu *smmu);

/**
 * hyp_smmu_hwq_done - Whether commands have been consumed
 * @smmu: the SMMU
 * @seq:  from one of the functions above
 *
 * For a command that a CMD_SYNC follows, @seq being the CMD_SYNC's, consumed is
 * complete (IHI0070G.b 4.7.3).
 *
 * Return: true once they have been.
 */
bool hyp_smmu_hwq_done(struct hyp_smmu *smmu, u64 seq);

/**
 * hyp_smmu_hwq_wait - Wait until commands have been consumed
 * @smmu: the SMMU
 * @seq:  likewise
 *
 * Return: 0, or -EIO if the hardware is dead or late. What is late may still be done
 * later: a command that is repeated is waited for by its own @seq.
 */
int hyp_smmu_hwq_wait(struct hyp_smmu *smmu, u64 seq);

/**
 * hyp_smmu_hwq_poll - Wait until commands have been consumed, for the time of a trap
 * @smmu: the SMMU
 * @seq:  likewise
 *
 * Return: true once they have been, or if the hardware is dead or late, false if the host
 * is to come back.
 */
bool hyp_smmu_hwq_poll(struct hyp_smmu *smmu, u64 seq);

/**
 * hyp_smmu_hwq_answers - Whether the host's accesses wait for the hardware
 * @smmu: the SMMU
 *
 * Return: false if the hardware is dead, or late until it consumes a command.
 */
bool hyp_smmu_hwq_answers(struct hyp_smmu *smmu);

/**
 * hyp_smmu_hwq_raise_gerror - Have the hardware raise its global error interrupt
 * @smmu: the SMMU
 *
 * EL2 cannot raise an interrupt line. The hardware meets a reserved opcode,
 * reports CERROR_ILL, which raises the line if the host enabled it, and EL2
 * replaces the command and acknowledges the error.
 */
void hyp_smmu_hwq_raise_gerror(struct hyp_smmu *smmu);

/**
 * hyp_smmu_hwq_ack_gerror - Acknowledge global errors on behalf of the host
 * @smmu: the SMMU
 * @val:  GERRORN as the host wrote it; GERROR_EMULATED is ignored
 */
void hyp_smmu_hwq_ack_gerror(struct hyp_smmu *smmu, u32 val);

/* Acknowledge errors of MSIs of interrupts, GERROR_MSI_IRQ. Returns which were active. */
u32 hyp_smmu_hwq_take_msi_errors(struct hyp_smmu *smmu);

/* hyp/cmdq.c: the host's queue. Context: emu_lock is held. */

/* CMDQEN is set: pin the queue that CMDQ_BASE describes. */
void hyp_smmu_cmdq_enable(struct hyp_smmu *smmu);
/* CMDQEN is cleared: no command is read from here on. */
void hyp_smmu_cmdq_disable(struct hyp_smmu *smmu);
/* And those that were are complete: unpin the queue. */
void hyp_smmu_cmdq_release(struct hyp_smmu *smmu);

/* The parts of hyp_smmu_cmdq_run() for hyp_smmu_host_cmdq::open, and for any other. */
bool hyp_smmu_cmdq_run_open(struct hyp_smmu *smmu);
bool hyp_smmu_cmdq_run_closed(struct hyp_smmu *smmu);

/**
 * hyp_smmu_cmdq_run - Copy host commands between CMDQ_CONS and CMDQ_PROD
 * @smmu: the SMMU
 *
 * Return: true if the host's access is finished, false if it is to be replayed,
 * because commands are left that a single trap has no time or room for or because
 * a CMD_SYNC with an MSI that EL2 writes is not complete; if not at once, then after
 * hyp_smmu::wait_seq.
 */
static inline bool hyp_smmu_cmdq_run(struct hyp_smmu *smmu)
{
	return likely(smmu->cmdq.open) ? hyp_smmu_cmdq_run_open(smmu) :
					 hyp_smmu_cmdq_run_closed(smmu);
}

/* The host writes @val to CMDQ_PROD. Returns as hyp_smmu_cmdq_run(). */
static inline bool hyp_smmu_cmdq_write_prod(struct hyp_smmu *smmu, u32 val)
{
	smmu->regs.val[SMMU_REG_CMDQ_PROD] = val & SMMU_EMU_Q_IDX;
	hyp_smmu_begin_attempt(smmu);

	return hyp_smmu_cmdq_run(smmu);
}

/* Let CMDQ_CONS, GERROR.CMDQ_ERR and MSIs say what the hardware has completed. */
void hyp_smmu_cmdq_settle(struct hyp_smmu *smmu);

/* MSIs to where the SMMU may not write, as bits of GERROR: report them, with an interrupt. */
void hyp_smmu_abort_msi(struct hyp_smmu *smmu, u32 errs);

/* The host acknowledged GERROR.CMDQ_ERR: forget the error. */
void hyp_smmu_cmdq_restart(struct hyp_smmu *smmu);

/* hyp/strtab.c: the shadow stream table. Context: emu_lock is held. */

/* Take the donated memory as a table in which every stream aborts. */
int hyp_smmu_strtab_init(struct hyp_smmu *smmu, void *table, u64 size);

/* STRTAB_BASE and STRTAB_BASE_CFG of the hardware. */
u64 hyp_smmu_strtab_base(const struct hyp_smmu *smmu);
u32 hyp_smmu_strtab_cfg(const struct hyp_smmu *smmu);

/**
 * hyp_smmu_strtab_update - Read STEs of the host again
 * @smmu:  the SMMU
 * @scan:  where an earlier call stopped, or inactive
 * @first: first stream ID
 * @n:     number of stream IDs
 *
 * The caller issues the CFGI command afterwards.
 *
 * Return: true once all were read, false to be called again with the same
 * arguments in a later trap, for hyp_smmu_in_step() if the hardware answers.
 */
bool hyp_smmu_strtab_update(struct hyp_smmu *smmu, struct hyp_smmu_scan *scan,
			    u64 first, u64 n);

/*
 * Read the STEs that a CFGI command is about, before the lock of the hardware's queue is
 * taken: that takes host_mmu.lock. Returns as hyp_smmu_strtab_update().
 */
bool hyp_smmu_strtab_cfgi(struct hyp_smmu *smmu, enum pkvm_smmu_cmd_action action, u32 sid,
			  u8 range_shift);

/* Whether an STE waits for the hardware, and for its second step. */
static inline bool hyp_smmu_in_step(const struct hyp_smmu *smmu)
{
	return smmu->step_made || smmu->step_seq;
}

/* Let every stream abort. The caller issues CFGI_ALL. */
void hyp_smmu_strtab_clear(struct hyp_smmu *smmu);

/* hyp/mmio.c. Context: emu_lock is held. */

/* Whether the hardware's event queue is on, as CR0.EVTQEN or 0. */
static inline u32 hyp_smmu_evtqen(const struct hyp_smmu *smmu)
{
	return smmu->evtq_pinned ? smmu->regs.val[SMMU_REG_CR0] & CR0_EVTQEN : 0;
}

/* Write the registers of the event queue, which is pinned and disabled. */
void hyp_smmu_evtq_program(struct hyp_smmu *smmu);

/* Read how far the hardware is: EVTQ_PROD for the host, and for hyp_smmu_evtq_program(). */
void hyp_smmu_evtq_save(struct hyp_smmu *smmu);

/**
 * hyp_smmu_read - Emulate a load
 * @smmu:   the SMMU
 * @offset: from the base of page 0, aligned to @size
 * @size:   4 or 8 bytes
 *
 * Return: what was read.
 */
u64 hyp_smmu_read(struct hyp_smmu *smmu, u32 offset, u8 size);

/**
 * hyp_smmu_write - Emulate a store
 * @smmu:   the SMMU
 * @offset: from the base of page 0, aligned to @size
 * @size:   4 or 8 bytes
 * @val:    what is written
 *
 * Return: true, or false if the store is to be replayed, where hyp_smmu::wait_seq is
 * not 0 once that has been consumed.
 */
bool hyp_smmu_write(struct hyp_smmu *smmu, u32 offset, u8 size, u64 val);

#endif /* __ARM_SMMU_V3_PKVM_HYP_H */
