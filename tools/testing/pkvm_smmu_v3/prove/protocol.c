// SPDX-License-Identifier: GPL-2.0-only
/*
 * The protocol of the command queues: hyp/cmdq.c, hyp/hwq.c, and the registers of a command
 * queue in hyp/mmio.c. STEPS events happen in any order. An event is an access by the host,
 * a change of the hardware's state, or a transition; another CPU's transition comes between.
 * The host follows the architecture.
 *
 * The hardware consumes any number of commands before EL2 looks at CMDQ_CONS, and all of them
 * when EL2 looks again; it may stop for good, fail, refuse a command or report nonsense. It
 * writes an MSI at once, or as late as the next CMD_SYNC allows.
 *
 * An invalidation of the host's has a number for an ASID, so that the hardware can tell what it
 * is given. A CMD_SYNC has none: what counts is how many invalidations precede it.
 *
 * A device may not answer ATC_INVs: the hardware reports that once, at the CMD_SYNC behind them.
 */
#include "prove.h"

#include <asm/kvm_hyp.h>

#include "emu/cmd.h"
#include "hyp/irq.h"
#include "hyp/smmu.h"

#define STEPS		3
/* The number of moments, less one, at which the other CPU may begin. */
#define OTHER_CPU	6

#define HOST_SHIFT	5
#define HOST_SLOTS	((u32)BIT(HOST_SHIFT))
#define HW_SHIFT	2
#define HW_SLOTS	((u32)BIT(HW_SHIFT))
/* For host commands; the rest is for transitions. */
#define HW_LIMIT	2

#define HOST_BASE	0x40000000ULL
/* For an MSI that the host's SMMU may not write. */
#define NO_MEMORY	0x123000ULL

static struct arm_smmu_cmd host_queue[HOST_SLOTS] __aligned(4096);
static struct arm_smmu_cmd hw_queue[HW_SLOTS], given[HW_SLOTS];
static u8 registers[0x100];
s64 hyp_physvirt_offset;
static struct hyp_smmu smmu;

/* Invalidations that the host has written, and that the hardware has consumed. */
static unsigned int asids, consumed_asids;
/* How many of them the hardware had consumed at its last CMD_SYNC. */
static unsigned int synced;
/* ATC_INVs that the host has written; it has been told that one of them failed. */
static unsigned int atcs;
static bool told;

static struct {
	u64 cons, prod;		/* since takeover */
	u32 gerror, gerrorn;
	bool stuck, nonsense;
	bool looked;		/* by EL2, in this step */
	bool refused;		/* a command of the host's */
	unsigned int atcs;	/* consumed */
	unsigned int atcs_done;	/* complete, without a failure */
	bool atc_waits;		/* for a CMD_SYNC */
	bool atc_failed;
	u8 err;			/* CMDQ_CONS.ERR */
	u64 msi_addr;		/* to be written, 0 for none */
	u32 msi_data;
} hw;

/* What a slot of the host's queue holds. */
static struct {
	unsigned int before;	/* invalidations */
	unsigned int atcs;
	bool sync;
	u64 msi_addr;
	u32 msi_data;
} slot[HOST_SLOTS];

/* Indexes of the host's queue, which is too large to wrap. */
static u32 host_prod, host_cons;
static bool was_dead, was_other_cpu, illegal;
/* After how many unlocks another CPU has a transition, 0 for never. */
static unsigned int other_cpu;
static u64 now;

/*
 * A second passes whenever EL2 looks at the clock while the hardware is stuck. Of the looks
 * after that one is as good as a thousand, as nothing comes of them.
 */
u64 model_counter(void)
{
	u32 *looks = &smmu.hwq.watch.deadline.late_polls;

	if (hw.stuck) {
		now += 2;
		*looks = min(*looks, 1U);
	}

	return now;
}

void model_barrier(void)
{
}

void model_flush(const void *from, size_t size)
{
}

void model_shared_read(const void *addr, size_t size)
{
}

void model_shared_write(void *addr, size_t size)
{
}

void model_relax(void)
{
	STEP();
}

u64 *model_sysreg(enum model_sysreg reg)
{
	return &now;
}

static bool has_msi(const struct arm_smmu_cmd *cmd)
{
	return FIELD_GET(CMDQ_0_OP, cmd->data[0]) == CMDQ_OP_CMD_SYNC &&
	       FIELD_GET(CMDQ_SYNC_0_CS, cmd->data[0]) == CMDQ_SYNC_0_CS_IRQ &&
	       (cmd->data[1] & CMDQ_SYNC_1_MSIADDR_MASK);
}

int __pkvm_host_share_pin_hyp(u64 phys, u64 size)
{
	return 0;
}

void __pkvm_host_unshare_unpin_hyp(u64 phys, u64 size)
{
	bool msi = hw.msi_addr;
	u64 i;

	for (i = hw.cons; i != hw.prod; i++)
		msi |= has_msi(&given[i % HW_SLOTS]);
	PROVE("the host's queue stays pinned until the last MSI is written", !msi);
	PROVE("the host's queue stays pinned while its commands are in progress",
	      !smmu.cmdq.nr_marks);
}

void hyp_smmu_strtab_clear(struct hyp_smmu *s)
{
}

void hyp_smmu_count_faults(struct hyp_smmu *s, u32 cons)
{
}

bool hyp_smmu_strtab_update(struct hyp_smmu *s, struct hyp_smmu_scan *scan, u64 first, u64 n)
{
	return true;
}

bool hyp_smmu_strtab_cfgi(struct hyp_smmu *s, enum pkvm_smmu_cmd_action action, u32 sid,
			  u8 range_shift)
{
	PROVE("STEs are read without the lock of the hardware's queue", !s->hwq.lock.owner);

	return true;
}

/* Interrupts stay on. */
void hyp_smmu_irq_settle(struct hyp_smmu *s)
{
}

void hyp_smmu_irq_write_ctrl(struct hyp_smmu *s, u32 val)
{
}

static bool hw_active(u32 error)
{
	return (hw.gerror ^ hw.gerrorn) & error;
}

static bool hw_is_sound(void)
{
	return !hw.nonsense && !hw_active(GERROR_SFM_ERR);
}

static int revoke(void)
{
	struct arm_smmu_cmd cmd = arm_smmu_make_cmd_op(CMDQ_OP_TLBI_NSNH_ALL);
	int ret;
	u64 seq;

	ret = hyp_smmu_hwq_add_el2(&smmu, cmd, &seq);
	if (ret)
		return ret;
	ret = hyp_smmu_hwq_wait(&smmu, seq);
	PROVE("a transition goes on when its invalidation is complete",
	      implies(!ret, hw.cons >= seq));
	PROVE("a transition does not fail while the hardware works",
	      implies(hw_is_sound() && !hw.stuck, !ret));

	return ret;
}

void hyp_spin_lock(hyp_spinlock_t *lock)
{
	PROVE("no lock is taken twice", !lock->owner);
	lock->owner = 1;
}

/* The other CPU gets the lock when it becomes free, for the time that was drawn. */
void hyp_spin_unlock(hyp_spinlock_t *lock)
{
	PROVE("no lock is dropped twice", lock->owner);
	lock->owner = 0;
	if (lock == &smmu.hwq.lock && other_cpu && !--other_cpu) {
		revoke();
		was_other_cpu = true;
	}
}

void hyp_assert_lock_held(hyp_spinlock_t *lock)
{
	PROVE("a lock that has to be held is held", lock->owner || lock == &smmu.emu_lock);
}

/* What the host finds where it waits for an MSI. */
static void hw_write_msi(void)
{
	if (hw.msi_addr)
		memcpy((u8 *)host_queue + (hw.msi_addr - HOST_BASE), &hw.msi_data, 4);
	hw.msi_addr = 0;
}

static void hw_error(u8 err)
{
	hw.err = err;
	hw.gerror ^= GERROR_CMDQ_ERR;
}

/* A CMD_SYNC that waits for ATC_INVs. Returns false if a device does not answer. */
static bool hw_finish_atcs(const struct arm_smmu_cmd *cmd)
{
	PROVE("a CMD_SYNC behind ATC_INVs is EL2's, without an interrupt",
	      cmd->data[0] == CMDQ_OP_CMD_SYNC && !cmd->data[1]);
	if (!hw.atc_failed && ANY_OF(2)) {
		hw.atc_failed = true;
		hw_error(CMDQ_ERR_CERROR_ATC_INV_IDX);
		return false;
	}
	if (!hw.atc_failed || told)
		hw.atcs_done = hw.atcs;
	hw.atc_waits = false;

	return true;
}

/* Returns false if it stops at the command. */
static bool hw_consume(void)
{
	const struct arm_smmu_cmd *cmd = &hw_queue[hw.cons % HW_SLOTS];
	u64 addr = cmd->data[1] & CMDQ_SYNC_1_MSIADDR_MASK;

	PROVE("a command that the hardware was given stays as it is, unless it is refused",
	      !memcmp(cmd, &given[hw.cons % HW_SLOTS], sizeof(*cmd)));
	PROVE("nothing but ATC_INVs comes between ATC_INVs and their CMD_SYNC",
	      implies(hw.atc_waits, FIELD_GET(CMDQ_0_OP, cmd->data[0]) == CMDQ_OP_ATC_INV ||
		      FIELD_GET(CMDQ_0_OP, cmd->data[0]) == CMDQ_OP_CMD_SYNC));
	switch (FIELD_GET(CMDQ_0_OP, cmd->data[0])) {
	case CMDQ_OP_TLBI_NH_ASID:
		PROVE("the hardware gets the host's commands in their order, each once",
		      FIELD_GET(CMDQ_TLBI_0_ASID, cmd->data[0]) == consumed_asids);
		consumed_asids++;
		if (!hw.refused && ANY_OF(2)) {
			hw.refused = true;
			hw_error(CMDQ_ERR_CERROR_ILL_IDX);
			return false;
		}
		break;
	case CMDQ_OP_ATC_INV:
		hw.atcs++;
		hw.atc_waits = true;
		break;
	case CMDQ_OP_CMD_SYNC:
		if (hw.atc_waits && !hw_finish_atcs(cmd))
			return false;
		hw_write_msi();
		synced = consumed_asids;
		if (!has_msi(cmd))
			break;
		PROVE("the hardware writes an MSI into a slot of the host's queue",
		      addr >= HOST_BASE && addr < HOST_BASE + sizeof(host_queue) && !(addr % 16));
		hw.msi_addr = addr;
		hw.msi_data = FIELD_GET(CMDQ_SYNC_0_MSIDATA, cmd->data[0]);
		if (ANY_OF(2))
			hw_write_msi();
		break;
	case 0xff:
		hw_error(CMDQ_ERR_CERROR_ILL_IDX);
		return false;
	default:
		break;
	}
	hw.cons++;

	return true;
}

static void hw_run(void)
{
	unsigned int n = hw.prod - hw.cons;

	if (hw.stuck || hw_active(GERROR_CMDQ_ERR | GERROR_SFM_ERR))
		return;
	if (!hw.looked)
		n = ANY_OF(n + 1);
	hw.looked = true;
	while (n-- && hw_consume())
		;
}

u64 model_mmio_read(const void *addr, unsigned int size)
{
	switch ((const u8 *)addr - registers) {
	case ARM_SMMU_CMDQ_CONS:
		hw_run();
		if (hw.nonsense)
			return (hw.prod + 1) % (2 * HW_SLOTS);
		return hw.cons % (2 * HW_SLOTS) |
		       (hw_active(GERROR_CMDQ_ERR) ? FIELD_PREP(CMDQ_CONS_ERR, hw.err) : 0);
	case ARM_SMMU_GERROR:
		return hw.gerror;
	case ARM_SMMU_GERRORN:
		return hw.gerrorn;
	default:
		return 0;
	}
}

void model_mmio_write(u64 val, void *addr, unsigned int size)
{
	unsigned int i, n;

	switch ((u8 *)addr - registers) {
	case ARM_SMMU_CMDQ_PROD:
		n = (val - hw.prod) % (2 * HW_SLOTS);
		PROVE("a dead SMMU gets no commands", !was_dead);
		PROVE("the queue never holds more commands than it has slots",
		      n && hw.prod + n - hw.cons <= HW_SLOTS);
		for (i = 0; i < n; i++, hw.prod++)
			given[hw.prod % HW_SLOTS] = hw_queue[hw.prod % HW_SLOTS];
		break;
	case ARM_SMMU_GERRORN:
		if (val == hw.gerrorn)
			break;
		PROVE("EL2 acknowledges the error of the queue alone",
		      (val ^ hw.gerrorn) == GERROR_CMDQ_ERR && hw_active(GERROR_CMDQ_ERR));
		given[hw.cons % HW_SLOTS] = hw_queue[hw.cons % HW_SLOTS];
		hw.gerrorn = val;
	}
}

static bool host_sees_error(void)
{
	return (smmu.regs.val[SMMU_REG_GERROR] ^ smmu.regs.val[SMMU_REG_GERRORN]) &
	       GERROR_CMDQ_ERR;
}

static bool host_sees(u8 err)
{
	return host_sees_error() &&
	       FIELD_GET(CMDQ_CONS_ERR, smmu.regs.val[SMMU_REG_CMDQ_CONS]) == err;
}

/* Whether the host may take a CMD_SYNC for complete, as far as devices are concerned. */
static bool atcs_answered(unsigned int i)
{
	return !hw.atc_failed || told || slot[i].atcs <= hw.atcs_done;
}

/* What the host sees is true: its CMDQ_CONS, its MSIs, its errors. */
static void check(void)
{
	u64 cons = smmu.regs.val[SMMU_REG_CMDQ_CONS];
	u32 idx = cons % (2 * HOST_SLOTS), i, word;
	bool complete = true, msis = true, nowhere = false;

	was_dead |= smmu.hwq.dead;
	PROVE("a dead SMMU stays dead", smmu.hwq.dead == was_dead);
	PROVE("the marks are as many as there is room for, their MSIs no more",
	      smmu.cmdq.nr_marks <= HYP_SMMU_MARKS && smmu.cmdq.nr_msis <= smmu.cmdq.nr_marks);
	PROVE("CMDQ_CONS goes neither back nor beyond CMDQ_PROD",
	      idx >= host_cons && idx <= host_prod);
	host_cons = idx;

	for (i = 0; i != host_prod; i++) {
		if (i < idx)
			complete &= slot[i].before <= (slot[i].sync ? synced : consumed_asids) &&
				    (!slot[i].sync || atcs_answered(i));
		if (!slot[i].msi_addr)
			continue;
		if (slot[i].msi_addr == NO_MEMORY) {
			/* The error tells of the first one. */
			if (smmu.regs.val[SMMU_REG_GERROR] & GERROR_MSI_CMDQ_ABT_ERR)
				msis &= nowhere || slot[i].before <= synced;
			nowhere = true;
			continue;
		}
		memcpy(&word, (u8 *)host_queue + (slot[i].msi_addr - HOST_BASE), 4);
		if (word == slot[i].msi_data)
			msis &= slot[i].before <= synced && atcs_answered(i);
	}
	PROVE("what is before CMDQ_CONS is complete, a CMD_SYNC with all that precede it",
	      complete);
	PROVE("an MSI is written, or reported as aborted, when its CMD_SYNC is complete", msis);
	PROVE("an illegal command is shown where it is, when all before it are complete",
	      implies(host_sees_error() && !host_sees(CMDQ_ERR_CERROR_ATC_INV_IDX),
		      illegal && idx == host_prod - 1 && host_sees(CMDQ_ERR_CERROR_ILL_IDX)));
	PROVE("a device that does not answer is shown at a CMD_SYNC behind its ATC_INV",
	      implies(host_sees(CMDQ_ERR_CERROR_ATC_INV_IDX),
		      hw.atc_failed && slot[idx].sync && idx < host_prod && slot[idx].atcs));
	told |= host_sees(CMDQ_ERR_CERROR_ATC_INV_IDX);
}

enum kind {
	TLBI, SYNC, SYNC_MSI_OWN, SYNC_MSI_OTHER, SYNC_MSI_NOWHERE, HINT, CFGI, ATC_INV, ILLEGAL,
	NR_KINDS
};

static void host_push(enum kind kind)
{
	struct arm_smmu_cmd *cmd = &host_queue[host_prod];

	slot[host_prod].before = asids;
	slot[host_prod].sync = kind >= SYNC && kind <= SYNC_MSI_NOWHERE;
	slot[host_prod].msi_addr = 0;
	switch (kind) {
	case TLBI:
		*cmd = arm_smmu_make_cmd_op(CMDQ_OP_TLBI_NH_ASID);
		cmd->data[0] |= FIELD_PREP(CMDQ_TLBI_0_ASID, asids++);
		slot[host_prod].before = asids;
		break;
	case HINT:
		*cmd = arm_smmu_make_cmd_op(CMDQ_OP_PREFETCH_CFG);
		break;
	case CFGI:
		*cmd = arm_smmu_make_cmd_op(CMDQ_OP_CFGI_STE);
		cmd->data[1] = CMDQ_CFGI_1_LEAF;
		break;
	case ATC_INV:
		*cmd = arm_smmu_make_cmd_atc_inv(0, IOMMU_NO_PASID, 0, ATC_INV_SIZE_ALL);
		atcs++;
		break;
	case ILLEGAL:
		illegal = true;
		*cmd = arm_smmu_make_cmd_op(0xff);
		break;
	default:
		*cmd = arm_smmu_make_cmd_op(CMDQ_OP_CMD_SYNC);
		if (kind == SYNC)
			break;
		slot[host_prod].msi_data = 0x80000000 | host_prod;
		slot[host_prod].msi_addr = kind == SYNC_MSI_OWN ? HOST_BASE + host_prod * 16 :
			kind == SYNC_MSI_OTHER ? HOST_BASE + sizeof(host_queue) - 16 : NO_MEMORY;
		cmd->data[0] |= FIELD_PREP(CMDQ_SYNC_0_CS, CMDQ_SYNC_0_CS_IRQ) |
				FIELD_PREP(CMDQ_SYNC_0_MSIDATA, slot[host_prod].msi_data);
		cmd->data[1] = slot[host_prod].msi_addr;
	}
	slot[host_prod].atcs = atcs;
	host_prod++;
}

/* As the traps in hyp/trap.c: a store that is not done is tried again, here once. */
static void host_write(u32 offset, u64 val)
{
	if (hyp_smmu_write(&smmu, offset, 4, val))
		return;
	if (smmu.wait_seq && hyp_smmu_hwq_poll(&smmu, smmu.wait_seq))
		hyp_smmu_write(&smmu, offset, 4, val);
}

static u32 host_read(u32 offset)
{
	return hyp_smmu_read(&smmu, offset, 4);
}

static bool host_enabled(void)
{
	return smmu.regs.val[SMMU_REG_CR0] & CR0_CMDQEN;
}

/* Clear CMDQEN, or set it once the SMMU has acknowledged that. */
static void host_toggle(void)
{
	u32 cr0 = host_read(ARM_SMMU_CR0);

	if (host_read(ARM_SMMU_CR0ACK) != cr0)
		return;
	/* A host that starts anew does not hear of a device from before. */
	if (!(cr0 & CR0_CMDQEN))
		hw.atcs_done = hw.atcs;
	host_write(ARM_SMMU_CR0, cr0 ^ CR0_CMDQEN);
}

/* Replace an illegal command, repeat a CMD_SYNC, and go on, as the host's driver does. */
static void host_handle_error(void)
{
	u32 gerror = host_read(ARM_SMMU_GERROR), gerrorn = host_read(ARM_SMMU_GERRORN);
	u32 idx = host_read(ARM_SMMU_CMDQ_CONS) % HOST_SLOTS;

	if (!((gerror ^ gerrorn) & GERROR_CMDQ_ERR))
		return;
	told |= host_sees(CMDQ_ERR_CERROR_ATC_INV_IDX);
	if (host_sees(CMDQ_ERR_CERROR_ILL_IDX)) {
		host_queue[idx] = arm_smmu_make_cmd_op(CMDQ_OP_CMD_SYNC);
		slot[idx].sync = true;
		illegal = false;
	}
	host_write(ARM_SMMU_GERRORN, gerror);
}

static void start(u64 position, bool hw_msi)
{
	memset(&smmu, 0, sizeof(smmu));
	memset(&hw, 0, sizeof(hw));
	memset(slot, 0, sizeof(slot));
	memset(host_queue, 0, sizeof(host_queue));
	asids = 0;
	consumed_asids = 0;
	synced = 0;
	atcs = 0;
	told = false;
	host_prod = 0;
	host_cons = 0;
	was_dead = false;
	was_other_cpu = false;
	other_cpu = 0;
	illegal = false;
	now = 1;

	smmu.hw.idr[0] = IDR0_S1P | IDR0_S2P | IDR0_COHACC | IDR0_ATS | (hw_msi ? IDR0_MSI : 0) |
			 FIELD_PREP(IDR0_TTF, IDR0_TTF_AARCH64);
	smmu.hw.idr[1] = FIELD_PREP(IDR1_CMDQS, HOST_SHIFT) | FIELD_PREP(IDR1_SIDSIZE, 8);
	pkvm_smmu_init_caps(&smmu.caps, &smmu.hw);
	pkvm_smmu_init_cmds(&smmu.caps);
	pkvm_smmu_index_regs(&smmu.caps);
	smmu.coherent = true;
	smmu.mmio = registers;
	hyp_physvirt_offset = HOST_BASE - (u64)host_queue;
	smmu.timer_freq = 1;
	smmu.hwq.base = hw_queue;
	smmu.hwq.slot_mask = HW_SLOTS - 1;
	smmu.hwq.idx_mask = 2 * HW_SLOTS - 1;
	smmu.hwq.shift = HW_SHIFT;
	smmu.hwq.limit = HW_LIMIT;
	hw.prod = position;
	hw.cons = position;
	smmu.hwq.submitted = position;
	smmu.hwq.consumed = position;
	smmu.emu_lock.owner = 1;
	smmu.regs.val[SMMU_REG_CMDQ_BASE] = HOST_BASE | HOST_SHIFT;
	smmu.regs.val[SMMU_REG_CR0] = CR0_CMDQEN | CR0_SMMUEN;
	smmu.regs.val[SMMU_REG_IRQ_CTRL] = IRQ_CTRL_GERROR_IRQEN;
	smmu.regs.val[SMMU_REG_CR0ACK] = smmu.regs.val[SMMU_REG_CR0];
	hyp_smmu_cmdq_enable(&smmu);
}

static void step(unsigned int what)
{
	hw.looked = false;
	switch (what) {
	default:
		/* One or two commands, the second a CMD_SYNC. */
		ASSUME(!illegal && host_enabled());
		host_push(what);
		if (!illegal && ANY_OF(2))
			host_push(SYNC_MSI_OWN);
		host_write(ARM_SMMU_CMDQ_PROD, host_prod);
		break;
	case NR_KINDS:
		host_read(ARM_SMMU_CMDQ_CONS);
		break;
	case NR_KINDS + 1:
		host_handle_error();
		break;
	case NR_KINDS + 2:
		host_toggle();
		break;
	case NR_KINDS + 3:
		revoke();
		break;
	case NR_KINDS + 4:
		hw.stuck = !hw.stuck;
		break;
	case NR_KINDS + 5:
		hw.nonsense = true;
		break;
	case NR_KINDS + 6:
		ASSUME(!hw_active(GERROR_SFM_ERR));
		hw.gerror ^= GERROR_SFM_ERR;
		break;
	}
	check();
}

/* Hardware that works again, and a host that comes back. */
static void drain(void)
{
	unsigned int i;

	hw.stuck = false;
	for (i = 0; i < 8; i++) {
		if (!host_enabled())
			host_toggle();
		host_write(ARM_SMMU_CMDQ_PROD, host_prod);
		host_read(ARM_SMMU_CMDQ_CONS);
		check();
		if (host_sees(CMDQ_ERR_CERROR_ATC_INV_IDX))
			host_handle_error();
	}
}

/*
 * With @hints, as many marks wait for the hardware to begin with. The first step is @first,
 * and ATC_INVs are among the others then; NR_KINDS: it is any, and there is no ATC_INV.
 */
static void run(unsigned int hints, enum kind first, unsigned int steps)
{
	unsigned int i;
	bool sound;

	/* The beginning, and before the wrap of 32 bits, and of the index. */
	start(ANY_OF(2) ? (1ULL << 32) - 2 : 0, ANY_OF(2));
	other_cpu = ANY_OF(OTHER_CPU);
	if (hints) {
		hw.stuck = true;
		for (host_push(TLBI); hints--; host_push(HINT))
			host_write(ARM_SMMU_CMDQ_PROD, host_prod);
		check();
		REACH("all marks in use", smmu.cmdq.nr_marks == HYP_SMMU_MARKS);
	}
	for (i = 0; i < steps; i++) {
		unsigned int what = i || first == NR_KINDS ? ANY_OF(NR_KINDS + 7) : first;

		ASSUME(what != ATC_INV || first == ATC_INV);
		step(what);
	}
	sound = hw_is_sound();
	drain();

	PROVE("sound hardware is not given up, late or not", implies(sound, !smmu.hwq.dead));
	PROVE("all of the host's commands are complete in the end",
	      implies(sound, consumed_asids == asids && !smmu.cmdq.nr_marks &&
		      smmu.regs.val[SMMU_REG_CMDQ_CONS] % (2 * HOST_SLOTS) ==
		      host_prod - illegal));
	PROVE("an illegal command is shown in the end",
	      implies(sound, host_sees_error() == illegal));
	PROVE("a transition fails with hardware that does", !revoke() == sound);
	PROVE("hardware that fails or reports nonsense is dead once it is waited for",
	      smmu.hwq.dead == !sound);

	REACH("a refused command", hw.refused && sound);
	REACH("an illegal command", illegal && sound);
	REACH("a dead SMMU", smmu.hwq.dead);
	REACH("late hardware", smmu.hwq.watch.late);
	REACH("a transition meanwhile", was_other_cpu && consumed_asids);
}

void prove_queues(void)
{
	run(0, NR_KINDS, STEPS);
}

void prove_atc_invs(void)
{
	run(0, ATC_INV, STEPS);
	REACH("a device that does not answer", told && hw_is_sound());
	REACH("one that the host does not ask for", hw.atc_failed && !told && hw_is_sound());
}

void prove_marks(void)
{
	run(HYP_SMMU_MARKS - 2 + ANY_OF(3), NR_KINDS, STEPS - 1);
}
