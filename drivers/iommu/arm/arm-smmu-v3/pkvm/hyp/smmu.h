/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EL2's SMMUv3 driver: private definitions.
 *
 * The way of a host store to CMDQ_PROD, with a CFGI_STE and a CMD_SYNC in the queue:
 *
 *   nvhe/hyp-main.c	handle_trap(): calls this before it looks at any other cause
 *   hyp/trap.c		hyp_iommu_handle_trap(): which SMMU, which register
 *   hyp/cmdq.c		hyp_smmu_cmdq_run_open(), cmdq_copy_some(): reads each command
 *   emu/cmd.h, cmd.c	pkvm_smmu_filter_cmd(): checks it, makes the hardware's command
 *   hyp/strtab.c	hyp_smmu_strtab_cfgi(): finds which STEs a CFGI command names
 *   hyp/strtab.c	hyp_smmu_strtab_update(): reads these STEs from host memory
 *   emu/ste.c		pkvm_smmu_make_ste(): checks each, makes the hardware's STE
 *   hyp/hwq.c		hyp_smmu_hwq_begin(), _write(), _ring(): the hardware's queue
 *   hyp/cmdq.c		cmdq_write_msi(): tells the host that the CMD_SYNC is complete
 *
 * Every other register goes through hyp/mmio.c, by the table in emu/regs.c.
 *
 * The way of a page that the host donates to EL2 or a VM:
 *
 *   nvhe/mem_protect.c	__pkvm_host_donate_hyp(), __pkvm_host_donate_guest(),
 *			__pkvm_guest_unshare_host()
 *   nvhe/iommu.c	hyp_iommu_revoke_locked(): takes it from devices, or restores
 *   nvhe/iommu_pgtable.c iommu_s2_unmap(): clears its leaf in the one stage 2
 *   hyp/smmu.c		hyp_iommu_flush_all(): invalidates in every SMMU
 *   hyp/hwq.c		hyp_smmu_hwq_add_el2(), _wait(): adds the TLBI, waits for it
 *
 * Locks, outermost first; pKVM's are in brackets:
 *
 *   hyp_smmu::emu_lock -> [host_mmu.lock -> pkvm_pgd_lock] -> hyp_smmu_hwq::lock
 *
 * A trap by the host takes emu_lock. An ownership transition runs under host_mmu.lock and
 * takes only hyp_smmu_hwq::lock, so it waits for no trap. A trap that reads the host's stream
 * table or pins a queue takes host_mmu.lock, and may wait for a transition, which waits for the
 * hardware. Nobody waits for the hardware under hyp_smmu_hwq::lock. A trap waits for no command
 * to complete, only for a slot of the reserve below, which is free unless the hardware stopped.
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
 * Slots of the hardware queue that host commands leave free for EL2's own: those of a
 * transition, of a change of CR0, of an error report, and the CMD_SYNC after ATC_INVs. If all
 * come at once some find no room: they are tried again, or the transition fails.
 */
#define HYP_SMMU_HWQ_RESERVE	8

/*
 * Ranges of MMIO that the host loses: the SMMU's two pages, the rest of what firmware describes,
 * control pages of enhanced command queues, the VATOS page, CMDQ-V.
 */
#define HYP_SMMU_MAX_TAKEN	5

/* The most host commands in the hardware's queue: a transition's command waits for them. */
#define HYP_SMMU_HWQ_BACKLOG	256

/* Errors of MSIs of the SMMU's own interrupts */
#define GERROR_MSI_IRQ		(GERROR_MSI_GERROR_ABT_ERR | GERROR_MSI_EVTQ_ABT_ERR)

/* The host sees emulated values of these bits of GERROR, and never the hardware's. */
#define GERROR_EMULATED		(GERROR_CMDQ_ERR | GERROR_MSI_CMDQ_ABT_ERR | GERROR_MSI_IRQ | \
				 GERROR_SFM_ERR)

/* Groups of STEs read in one attempt at an access: 256 KiB of the host's table */
#define HYP_SMMU_TRAP_GROUPS	64

/*
 * A deadline for waits in EL2. It has passed when the time is up and the caller has looked
 * @late_polls times after that: the CPU, or the whole machine, may have been stopped.
 */
struct hyp_smmu_deadline {
	u64 end;
	u32 late_polls;
};

/* Finds hardware that no longer consumes commands, see hwq_gave_up(). */
struct hyp_smmu_watch {
	struct hyp_smmu_deadline deadline;
	u64 consumed;
	bool active;
	bool late;
};

/* The hardware's command queue, which is EL2's */
struct hyp_smmu_hwq {
	/* Guards the fields below, CMDQ_PROD and GERRORN.CMDQ_ERR */
	hyp_spinlock_t lock;
	/* Commands written since takeover, and seen to be consumed; the low bits are indexes */
	u64 submitted;
	u64 consumed;
	/* Active while a command finds no room or is waited for */
	struct hyp_smmu_watch watch;
	/* Commands of EL2's own among @submitted */
	u64 own;
	/* The hardware has failed, see hwq_die(): every transition is refused */
	bool dead;
	/* An ATC_INV was written; a device has not answered one */
	bool atc_used;
	bool atc_failed;

	/* Constant from here on */
	struct arm_smmu_cmd *base;
	/* Masks of a slot's number, and of an index with its wrap bit */
	u32 slot_mask;
	u32 idx_mask;
	/* Host commands are added up to this number of commands in the queue */
	u32 limit;
	u8 shift;
};

/*
 * The host's commands up to @cons are complete once the hardware has consumed @seq. Then EL2
 * writes @msi_data to @msi_addr if the last command is a CMD_SYNC with an MSI that the hardware
 * does not write. The last @seq - @first host commands map 1:1 to hardware commands (0 if one
 * was dropped).
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
	/* Pinned, unless that was refused, from CR0.CMDQEN until CR0ACK shows it cleared */
	struct pkvm_smmu_queue q;
	/* EL2's mapping of it while it is pinned; masks as in struct hyp_smmu_hwq */
	const struct arm_smmu_cmd *slots;
	u32 slot_mask;
	u32 idx_mask;
	bool pinned;
	/* Fast path: hyp_smmu_cmdq_run_open(), see cmdq_set_open() */
	bool open;
	/* The hardware has MSIs, and writes those of CMD_SYNCs into the queue */
	bool hw_msi;
	/* Index of the next command to copy; CMDQ_CONS follows when commands complete */
	u32 fetch;
	/* CERROR_* at @fetch or 0; the host has been told of it */
	u8 err;
	bool err_shown;
	/* Marks of copied commands not yet known to be complete, oldest first */
	u8 first_mark;
	u8 nr_marks;
	/* Marks with an MSI that EL2 has to write */
	u8 nr_msis;
	struct hyp_smmu_mark marks[HYP_SMMU_MARKS];
	/* Position of the CMD_SYNC after the last ATC_INVs, 0 if it is complete */
	u64 atc_seq;
	/* An ATC_INV has failed, which the host's next CMD_SYNC reports */
	bool atc_failed;
};

/* A walk over the host's stream table, from @first to @end, that may take several traps */
struct hyp_smmu_scan {
	u64 first;
	u64 end;
	u64 next;
	bool active;
};

/* Counters of enum pkvm_smmu_stat. Guarded by hyp_smmu::emu_lock unless noted. */
struct hyp_smmu_stats {
	u64 traps;
	u64 refused_commands;
	u64 refused_stes;
	u64 s2_faults;
	/* Guarded by host_mmu.lock */
	u64 invalidations;
};

struct hyp_smmu {
	/* Guards all fields without a note of their own */
	hyp_spinlock_t emu_lock;
	struct pkvm_smmu_regs regs;
	/* Groups of STEs that this attempt at an access has read; a trap makes a few attempts */
	u64 groups_read;
	/* Command to wait for before the next attempt, 0 for none */
	u64 wait_seq;
	struct hyp_smmu_stats stats;
	struct hyp_smmu_host_cmdq cmdq;

	/* Command that CR0ACK waits for; a CFGI_ALL that found no room yet */
	u64 cr0_seq;
	bool cr0_owed;
	/* The host has been told that the SMMU is dead */
	bool sfm_shown;

	/* The host's, pinned while the hardware may write to it */
	struct pkvm_smmu_queue evtq;
	bool evtq_pinned;

	/* The shadow stream table: level 1 of two, or a linear table */
	union {
		__le64 *l1;
		struct arm_smmu_ste *linear;
	};
	struct kvm_hyp_memcache pool;
	/* EL2's copy of the part of the host's table that was read last */
	struct arm_smmu_ste *bounce;
	struct hyp_smmu_scan enable_scan;
	struct hyp_smmu_scan cfgi_scan;
	/*
	 * An STE has made the first of two steps, see pkvm_smmu_step_ste(), and no CFGI was
	 * added for it yet; then the CFGI that the second step waits for, 0 for none.
	 */
	bool step_made;
	u64 step_seq;

	struct hyp_smmu_hwq hwq;
	/* Command that a transition waits for. Guarded by host_mmu.lock */
	u64 flush_seq;

	/* Constant after takeover from here on */
	void __iomem *mmio;
	/* Emulated range: empty before the SMMU is enabled */
	phys_addr_t mmio_phys;
	u64 emu_size;
	struct pkvm_smmu_ids hw;
	struct pkvm_smmu_caps caps;
	phys_addr_t taken[HYP_SMMU_MAX_TAKEN];
	u32 timer_freq;
	u32 gbpa_reset;
	u8 nr_taken;
	/* Firmware and the hardware say that it snoops the CPUs' caches, see hyp_smmu_clean() */
	bool coherent;
	/* An invalidation takes effect only if it is repeated after its CMD_SYNC */
	bool repeat;
	bool registered;
	bool enabled;
};

/* Set errors in the host's GERROR. Return those that were not active. emu_lock is held. */
static inline u32 hyp_smmu_set_gerror(struct hyp_smmu *smmu, u32 errs)
{
	u64 *gerror = &smmu->regs.val[SMMU_REG_GERROR];

	errs &= ~(*gerror ^ smmu->regs.val[SMMU_REG_GERRORN]);
	*gerror ^= errs;

	return errs;
}

/* Begin an attempt at an access: a new limit of groups, nothing to wait for. emu_lock is held. */
static inline void hyp_smmu_begin_attempt(struct hyp_smmu *smmu)
{
	smmu->groups_read = 0;
	smmu->wait_seq = 0;
}

/* Clean to the PoC what EL2 has written, for an SMMU that does not snoop. Done on return. */
static inline void hyp_smmu_clean(const struct hyp_smmu *smmu, const void *from, size_t size)
{
	if (unlikely(!smmu->coherent))
		kvm_flush_dcache_to_poc(from, size);
}

/* Decode the host's registers of the stream table. */
static inline struct pkvm_smmu_strtab hyp_smmu_host_strtab(const struct hyp_smmu *smmu)
{
	return pkvm_smmu_strtab_decode(&smmu->caps, smmu->regs.val[SMMU_REG_STRTAB_BASE],
				       smmu->regs.val[SMMU_REG_STRTAB_BASE_CFG]);
}

/* Pin all pages that have a part of a queue of the host's. emu_lock is held. */
static inline int hyp_smmu_pin_queue(const struct pkvm_smmu_queue *q)
{
	return __pkvm_host_share_pin_hyp(ALIGN_DOWN(q->base, PAGE_SIZE), PAGE_ALIGN(q->bytes));
}

static inline void hyp_smmu_unpin_queue(const struct pkvm_smmu_queue *q)
{
	__pkvm_host_unshare_unpin_hyp(ALIGN_DOWN(q->base, PAGE_SIZE), PAGE_ALIGN(q->bytes));
}

/* hyp/smmu.c */

/* Which entries are used is fixed before the host is no longer trusted. */
extern struct hyp_smmu hyp_smmus[PKVM_SMMU_V3_MAX];
/* The entry behind the last that was ever registered, NULL before the first. */
extern struct hyp_smmu *hyp_smmus_end;

int hyp_smmu_poll(const void __iomem *reg, u32 mask, u32 val,
		  struct hyp_smmu_deadline *deadline);

/* hyp/withhold.c */

int hyp_smmu_take_mmio(struct hyp_smmu *smmu, const struct pkvm_smmu_v3_info *info);
int hyp_smmu_give_mmio_back(struct hyp_smmu *smmu);

/* hyp/stats.c */

void hyp_smmu_count_faults(struct hyp_smmu *smmu, u32 cons);

/* hyp/hwq.c: the hardware's queue. Unless noted the caller does not hold its lock. */

struct hyp_smmu_deadline hyp_smmu_deadline(const struct hyp_smmu *smmu);
bool hyp_smmu_deadline_passed(struct hyp_smmu_deadline *deadline);

static inline u32 hyp_smmu_hwq_reserve(const struct hyp_smmu *smmu)
{
	return smmu->repeat ? 2 * HYP_SMMU_HWQ_RESERVE : HYP_SMMU_HWQ_RESERVE;
}

static inline u32 hyp_smmu_hwq_used(const struct hyp_smmu_hwq *q)
{
	return q->submitted - q->consumed;
}

void hyp_smmu_hwq_program(struct hyp_smmu *smmu);
void hyp_smmu_hwq_fail(struct hyp_smmu *smmu);
u32 hyp_smmu_hwq_make_room(struct hyp_smmu *smmu);

/*
 * Begin to add host commands. emu_lock is held. Return the number of commands that fit, or 0.
 * If it is not 0 the queue's lock is held, until the caller drops it after hyp_smmu_hwq_ring().
 * The caller must not wait for anything meanwhile.
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

/* Put a command into a slot: the hardware reads little endian. */
static inline void hyp_smmu_hwq_fill(struct arm_smmu_cmd *slot, const struct arm_smmu_cmd *cmd)
{
	WRITE_ONCE(slot->data[0], (__force u64)cpu_to_le64(cmd->data[0]));
	WRITE_ONCE(slot->data[1], (__force u64)cpu_to_le64(cmd->data[1]));
}

/*
 * Write a command into the queue at position @seq; the first is at hyp_smmu_hwq::submitted.
 * EL2 has checked or made every field of @cmd, CPU endian. The queue's lock is held.
 */
static inline void hyp_smmu_hwq_write(struct hyp_smmu_hwq *q, u64 seq,
				      const struct arm_smmu_cmd *cmd)
{
	hyp_smmu_hwq_fill(&q->base[seq & q->slot_mask], cmd);
}

void hyp_smmu_hwq_clean(struct hyp_smmu *smmu, u64 end);

/*
 * Tell the hardware of the commands before position @end. They have been written, and cleaned
 * if the SMMU does not snoop. It sees all earlier stores first. The queue's lock is held.
 */
static inline void hyp_smmu_hwq_ring(struct hyp_smmu *smmu, u64 end)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;

	q->submitted = end;
	/*
	 * Orders commands, page tables and STEs before the doorbell. Pairs with the SMMU
	 * reading the queue only after it has seen CMDQ_PROD. IHI0070G.b 3.21.2
	 */
	dma_wmb();
	writel_relaxed(end & q->idx_mask, smmu->mmio + ARM_SMMU_CMDQ_PROD);
}

/*
 * Look once whether the hardware has consumed all commands. @end is hyp_smmu_hwq::submitted.
 * The queue's lock is held.
 */
static inline bool hyp_smmu_hwq_caught_up(struct hyp_smmu *smmu, u64 end)
{
	struct hyp_smmu_hwq *q = &smmu->hwq;
	u32 cons = readl_relaxed(smmu->mmio + ARM_SMMU_CMDQ_CONS);

	/*
	 * Orders CMDQ_CONS before later accesses. Pairs with the SMMU updating it after the
	 * effects of a CMD_SYNC are visible.
	 */
	dma_rmb();
	if (unlikely((cons ^ (u32)end) & q->idx_mask))
		return false;
	q->consumed = end;

	return true;
}

int hyp_smmu_hwq_add_el2(struct hyp_smmu *smmu, struct arm_smmu_cmd cmd, u64 *seq);
bool hyp_smmu_hwq_take_atc_failed(struct hyp_smmu *smmu);
int hyp_smmu_hwq_add_sync(struct hyp_smmu *smmu, u64 *seq);
void hyp_smmu_hwq_look(struct hyp_smmu *smmu);
u64 hyp_smmu_hwq_consumed(struct hyp_smmu *smmu);
bool hyp_smmu_hwq_done(struct hyp_smmu *smmu, u64 seq);
int hyp_smmu_hwq_wait(struct hyp_smmu *smmu, u64 seq);
bool hyp_smmu_hwq_poll(struct hyp_smmu *smmu, u64 seq);
bool hyp_smmu_hwq_answers(struct hyp_smmu *smmu);
void hyp_smmu_hwq_raise_gerror(struct hyp_smmu *smmu);
void hyp_smmu_hwq_ack_gerror(struct hyp_smmu *smmu, u32 val);
u32 hyp_smmu_hwq_take_msi_errors(struct hyp_smmu *smmu);

/* hyp/cmdq.c: the host's queue. Context: emu_lock is held. */

void hyp_smmu_cmdq_enable(struct hyp_smmu *smmu);
void hyp_smmu_cmdq_disable(struct hyp_smmu *smmu);
void hyp_smmu_cmdq_release(struct hyp_smmu *smmu);

/* The parts of hyp_smmu_cmdq_run() for hyp_smmu_host_cmdq::open, and for the rest */
bool hyp_smmu_cmdq_run_open(struct hyp_smmu *smmu);
bool hyp_smmu_cmdq_run_closed(struct hyp_smmu *smmu);

/*
 * Copy host commands from CMDQ_CONS on to CMDQ_PROD. Commands may be left, for which a trap has
 * no time or room, or a CMD_SYNC may be incomplete whose MSI EL2 has to write.
 * Return: true = done; false = replay the access, at once if hyp_smmu::wait_seq is 0, else when
 * the hardware has consumed that command.
 */
static inline bool hyp_smmu_cmdq_run(struct hyp_smmu *smmu)
{
	return likely(smmu->cmdq.open) ? hyp_smmu_cmdq_run_open(smmu) :
					 hyp_smmu_cmdq_run_closed(smmu);
}

/* The host writes @val to CMDQ_PROD. Return as hyp_smmu_cmdq_run(). */
static inline bool hyp_smmu_cmdq_write_prod(struct hyp_smmu *smmu, u32 val)
{
	smmu->regs.val[SMMU_REG_CMDQ_PROD] = val & SMMU_EMU_Q_IDX;
	hyp_smmu_begin_attempt(smmu);

	return hyp_smmu_cmdq_run(smmu);
}

void hyp_smmu_cmdq_settle(struct hyp_smmu *smmu);
void hyp_smmu_abort_msi(struct hyp_smmu *smmu, u32 errs);
void hyp_smmu_cmdq_restart(struct hyp_smmu *smmu);

/* hyp/strtab.c: the shadow stream table. Context: emu_lock is held. */

int hyp_smmu_strtab_init(struct hyp_smmu *smmu, void *table, u64 size);
u64 hyp_smmu_strtab_base(const struct hyp_smmu *smmu);
u32 hyp_smmu_strtab_cfg(const struct hyp_smmu *smmu);
bool hyp_smmu_strtab_update(struct hyp_smmu *smmu, struct hyp_smmu_scan *scan,
			    u64 first, u64 n);
bool hyp_smmu_strtab_cfgi(struct hyp_smmu *smmu, enum pkvm_smmu_cmd_action action, u32 sid,
			  u8 range_shift);

/* Check whether an STE has its second step still to make. */
static inline bool hyp_smmu_in_step(const struct hyp_smmu *smmu)
{
	return smmu->step_made || smmu->step_seq;
}

void hyp_smmu_strtab_clear(struct hyp_smmu *smmu);

/* hyp/mmio.c. Context: emu_lock is held. */

/* Return CR0.EVTQEN for the hardware. */
static inline u32 hyp_smmu_evtqen(const struct hyp_smmu *smmu)
{
	return smmu->evtq_pinned ? smmu->regs.val[SMMU_REG_CR0] & CR0_EVTQEN : 0;
}

void hyp_smmu_evtq_program(struct hyp_smmu *smmu);
void hyp_smmu_evtq_save(struct hyp_smmu *smmu);
u64 hyp_smmu_read(struct hyp_smmu *smmu, u32 offset, u8 size);
bool hyp_smmu_write(struct hyp_smmu *smmu, u32 offset, u8 size, u64 val);

#endif /* __ARM_SMMU_V3_PKVM_HYP_H */
