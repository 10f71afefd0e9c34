// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registers of a simulated SMMU. IHI0070G.b 6.3
 *
 * EL2 is the only one that accesses them: what it must never do to an SMMU that
 * it has taken over is a finding here.
 */
#include <asm/kvm_hyp.h>

#include "shim-mem.h"
#include "smmu.h"

#define CR0_SMMUEN	0x1
#define CR0_EVTQEN	0x4
#define CR0_CMDQEN	0x8
#define CR0_ATSCHK	0x10

#define GBPA_ABORT	BIT(20)
#define ECMDQ_EN	BIT(31)
#define ECMDQ_RD	GENMASK(19, 0)

#define IDR0_COHACC	BIT(4)
#define IDR0_ATS	BIT(10)

struct smmu smmus[NR_SMMUS];
unsigned int nr_smmus;

u32 smmu_sid_bits(const struct smmu *s)
{
	return s->idr[1] & 0x3f;
}

static bool has_ecmdq(const struct smmu *s)
{
	return s->idr[1] >> 31;
}

u64 smmu_ecmdq_size(const struct smmu *s)
{
	return has_ecmdq(s) ? 0x10000ULL << (s->idr6 >> 24 & 15) : 0;
}

u64 smmu_vatos_page(const struct smmu *s)
{
	return s->idr[0] >> 20 & 1 ?
	       SMMU_MMIO(SMMU_IDX(s)) + 0x20000 + (s->idr[2] & 0x3ff) * 0x10000ULL : 0;
}

static unsigned int nr_ecmdqs(const struct smmu *s)
{
	return has_ecmdq(s) ? min(1U << ((s->idr6 >> 24 & 15) + (s->idr6 >> 16 & 15)),
				  (unsigned int)NR_ECMDQS) : 0;
}

bool smmu_has_queues(const struct smmu *s)
{
	unsigned int i;

	for (i = 0; i < nr_ecmdqs(s); i++) {
		if ((s->ecmdq_prod[i] | s->ecmdq_cons[i]) & ECMDQ_EN)
			return true;
	}

	return (s->cmdqv_config | s->cmdqv_status) & 1;
}

/* A stream that bypasses, translations to anywhere. */
static void leave_caches(struct smmu *s)
{
	unsigned int i;

	for (i = 0; i < NR_STE_CACHE; i++)
		s->ste[i] = (struct ste_cache){ .valid = true, .sid = i, .dw = { 0x9 } };
	for (i = 0; i < NR_TLB; i++)
		s->tlb[i] = (struct tlb_entry){
			.valid	  = true,
			.combined = i & 1,
			.in	  = RAM0_BASE + i * PAGE_SIZE,
			.pa	  = RAM0_BASE + (i / 2) * PAGE_SIZE,
		};
}

static u64 some_address(void)
{
	return 0x40003000;
}

/* Firmware and earlier owners leave what they like behind. */
static void leave_garbage(struct smmu *s)
{
	unsigned int i;

	s->cr0 = CR0_SMMUEN | CR0_EVTQEN | CR0_CMDQEN;
	s->cr0ack = s->cr0;
	s->gerror = 0x9d;
	s->gerrorn = 0x10;
	s->irq_ctrl = 7;
	s->irq_ctrlack = 7;
	smmu_set_irqs(s, some_address);
	s->gbpa |= 1U << 31;
	/* Some are on, one is about to be, and another to be off. */
	for (i = 0; i < nr_ecmdqs(s); i++) {
		s->ecmdq_prod[i] = i % 4 < 2 ? ECMDQ_EN | 0x800005 : 0x800005;
		s->ecmdq_cons[i] = i % 4 == 0 || i % 4 == 3 ? ECMDQ_EN | 0x800003 : 0x800003;
	}
	s->cmdqv_config = s->cmdqv ? 0x30001 : 0;
	s->cmdqv_status = s->cmdqv;
	s->cmdq_prod = 5;
	s->cmdq_cons = 5;
	leave_caches(s);
}

void smmu_reset(struct smmu *s, const struct machine_cfg *cfg)
{
	*s = (struct smmu){
		.aidr		= cfg->aidr,
		.page1_alias	= cfg->page1_alias,
		.snoops		= !cfg->incoherent && (cfg->idr[0] & IDR0_COHACC),
		.coherent	= !cfg->incoherent,
		.picky		= cfg->picky,
		.deaf		= cfg->deaf,
		.cmdqv		= cfg->cmdqv,
		.scattered	= cfg->scattered,
		.repeat		= cfg->repeat,
		.stuck		= cfg->stuck,
		.idr6		= cfg->idr6,
		.ecmdq		= cfg->ecmdq,
		/* Reset values that the architecture leaves open. */
		.gbpa		= 0x1000,
		.strtab_base	= 0x40001000,
		.cmdq_base	= 0x40001005,
		.evtq_base	= 0x40001004,
	};
	s->gbpa_now = s->gbpa;
	memcpy(s->idr, cfg->idr, sizeof(s->idr));
	if (cfg->stale_boot)
		leave_garbage(s);
}

static u64 any_value(void)
{
	return (u64)model_rand(0xffffffff) << 32 | model_rand(0xffffffff);
}

/* Whatever was under way is gone, written or not. IHI0070G.b 6.3 has the reset values. */
void smmu_lose_power(struct smmu *s)
{
	s->cr0 = 0;
	s->cr0ack = 0;
	s->irq_ctrl = 0;
	s->irq_ctrlack = 0;
	s->gerror = 0;
	s->gerrorn = 0;
	s->gbpa = any_value() & GBPA_ABORT;
	s->gbpa_now = s->gbpa;
	s->lost = !s->gbpa;
	s->cr1 = any_value();
	s->cr2 = any_value();
	smmu_set_irqs(s, any_value);
	s->strtab_base = any_value();
	s->strtab_cfg = any_value();
	s->cmdq_base = any_value();
	s->cmdq_prod = any_value();
	s->cmdq_cons = any_value();
	s->evtq_base = any_value();
	s->evtq_prod = any_value();
	s->evtq_cons = any_value();
	memset(s->l1, 0, sizeof(s->l1));
	memset(s->fetch, 0, sizeof(s->fetch));
	memset(s->flight, 0, sizeof(s->flight));
	memset(s->stalled, 0, sizeof(s->stalled));
	s->msi.active = false;
	s->nr_atc_inv = 0;
	s->atc_reports = 0;
	s->nr_pending = 0;
	s->nr_ahead = 0;
	s->nr_events = 0;
	leave_caches(s);
}

/* Whether STEs decide what devices may do. */
bool smmu_is_on(const struct smmu *s)
{
	return (s->cr0 | s->cr0ack) & CR0_SMMUEN;
}

bool smmu_dead(const struct smmu *s)
{
	return s->hang || ((s->gerror ^ s->gerrorn) & 0x100);
}

static void step_queues(struct smmu *s)
{
	unsigned int i;

	for (i = s->stuck & 1; i < nr_ecmdqs(s); i++) {
		if (i == 1 && s->stuck & 16)
			continue;
		s->ecmdq_cons[i] = (s->ecmdq_cons[i] & ~ECMDQ_EN) | (s->ecmdq_prod[i] & ECMDQ_EN);
	}
	if (!(s->stuck & 2))
		s->cmdqv_status = s->cmdqv_config & 1;
}

/* Acknowledge: the old value is in effect until then. IHI0070G.b 6.3.9 */
void smmu_step_regs(struct smmu *s)
{
	u32 clear = s->cr0ack & ~s->cr0;

	step_queues(s);
	if (!(s->gbpa >> 31) && s->irq_ctrlack == (s->irq_ctrl & 7) && s->cr0ack == s->cr0)
		return;
	if (s->deaf == 1)
		return;
	if (s->deaf)
		s->deaf--;

	s->gbpa &= ~(1U << 31);
	s->gbpa_now = s->gbpa;
	s->lost &= !(s->gbpa & GBPA_ABORT);
	s->irq_ctrlack = s->irq_ctrl & 7;
	if (s->cr0ack == s->cr0)
		return;

	/* Events that were committed are written before EVENTQEN is acknowledged. */
	if (clear & CR0_EVTQEN) {
		while (smmu_step_event(s))
			;
		s->nr_events = 0;
	}
	if (clear & CR0_CMDQEN)
		smmu_drop_ahead(s);
	if (clear & CR0_SMMUEN) {
		smmu_finish_flights(s);
		/* They are marked to abort, and their numbers are free. IHI0070G.b 6.3.9.6 */
		memset(s->stalled, 0, sizeof(s->stalled));
	}
	s->cr0ack = s->cr0;
}

static u32 reg_read32(struct smmu *s, u32 off)
{
	switch (off) {
	case 0x00 ... 0x14:
		return s->idr[off / 4];
	case 0x18:
		return 0x1234;
	case 0x1c:
		return s->aidr;
	case 0x20:
		return s->cr0;
	case 0x24:
		return s->cr0ack;
	case 0x28:
		return s->cr1;
	case 0x2c:
		return s->cr2;
	case 0x44:
		return s->gbpa;
	case 0x50:
		return s->irq_ctrl;
	case 0x54:
		return s->irq_ctrlack;
	case 0x60:
		return s->gerror;
	case 0x64:
		return s->gerrorn;
	case 0x190:
		if (has_ecmdq(s))
			return s->idr6;
		break;
	case 0x98:
		return s->cmdq_prod;
	case 0x9c:
		s->looks++;
		return s->cmdq_cons;
	case 0x100a8:
		return s->evtq_prod;
	case 0x100ac:
		return s->evtq_cons;
	case 0xa8:
	case 0xac:
		/* The alias is optional. IHI0070G.b 6.2 */
		return s->page1_alias ? reg_read32(s, 0x10000 + off) : 0;
	}
	violation("EL2 reads register %x", off);
}

/* Enables are cleared after a suspend only, and all streams abort then. */
static void judge_off(const struct smmu *s, u32 val)
{
	if (!s->owned)
		return;
	if (!(val & CR0_SMMUEN) && !(s->gbpa_now & GBPA_ABORT))
		violation("SMMUEN is clear, and GBPA %x is in effect", s->gbpa_now);
	if (smmu_is_on(s) && !(val & CR0_SMMUEN) && !model.asleep)
		violation("SMMUEN is cleared");
	if ((val & CR0_SMMUEN) && !(val & CR0_CMDQEN))
		violation("CMDQEN is cleared");
	/* Bits of CR0 change in any order. */
	if ((smmu_is_on(s) || (val & CR0_SMMUEN)) && (s->idr[0] & IDR0_ATS) &&
	    !(val & s->cr0ack & CR0_ATSCHK))
		violation("ATSCHK is clear");
}

/* A stream of one SMMU may reach a device behind another one. */
static void judge_on(const struct smmu *s, u32 val)
{
	const struct smmu *other;

	for (other = smmus; other < smmus + nr_smmus; other++) {
		if (s->owned && (val & CR0_SMMUEN) && other->lost)
			violation("SMMU %u is enabled before SMMU %u aborts", SMMU_IDX(s),
				  SMMU_IDX(other));
	}
}

static void write_cr0(struct smmu *s, u32 val)
{
	u32 changing = s->cr0 ^ s->cr0ack;

	if (changing & (val ^ s->cr0))
		violation("CR0 %x is written while %x becomes %x", val, s->cr0ack, s->cr0);
	judge_off(s, val);
	judge_on(s, val);
	if (val & ~0x1dU)
		violation("CR0 %x", val);
	s->cr0 = val;
}

static void write_gerrorn(struct smmu *s, u32 val)
{
	u32 active = s->gerror ^ s->gerrorn;

	if ((val ^ s->gerrorn) & ~active)
		violation("GERRORN %x: not active are %x", val, (val ^ s->gerrorn) & ~active);
	s->gerrorn = val;
}

/* What has to be off for a write to have its effect. IHI0070G.b 6.3.24 */
static void guarded(struct smmu *s, u32 off, u32 enables)
{
	if ((s->cr0 | s->cr0ack) & enables)
		violation("register %x is written while %x", off, s->cr0 | s->cr0ack);
}

/* Base and configuration are EL2's: written again only after a suspend. */
static void constant(struct smmu *s, u32 off)
{
	guarded(s, off, CR0_SMMUEN | CR0_CMDQEN);
	if (s->owned && !model.asleep)
		violation("register %x of an SMMU in use is written", off);
}

static void write_prod(struct smmu *s, u32 val)
{
	u32 shift = s->cmdq_base & 0x1f, mask = (2U << shift) - 1;

	if (val & ~mask)
		violation("CMDQ_PROD %x", val);
	if (!((s->cr0 | s->cr0ack) & CR0_CMDQEN)) {
		constant(s, 0x98);
		s->cmdq_prod = val;
		return;
	}
	if (s->owned && ((val - s->cmdq_cons) & mask) > 1U << shift)
		violation("CMDQ_PROD %x overtakes CMDQ_CONS %x", val, s->cmdq_cons);
	if (s->owned && ((val - s->cmdq_prod) & mask) > 1U << shift)
		violation("CMDQ_PROD goes from %x back to %x", s->cmdq_prod, val);
	s->cmdq_prod = val;
	s->doorbells++;
	while (s->prompt && smmu_step_cmdq(s))
		;
}

static void reg_write32(struct smmu *s, u32 off, u32 val)
{
	switch (off) {
	case 0x20:
		write_cr0(s, val);
		return;
	case 0x28:
		constant(s, off);
		if (smmu_has_queues(s))
			violation("CR1 is written while there are enhanced queues");
		/* Write-back, inner shareable, or non-cacheable: as the host maps its queues. */
		if (val != (s->coherent ? 0xd75 : 0))
			violation("CR1 %x", val);
		s->cr1 = val;
		return;
	case 0x2c:
		constant(s, off);
		if (val != 0x6)
			violation("CR2 %x", val);
		s->cr2 = val;
		return;
	case 0x44:
		if (s->gbpa & (1U << 31))
			violation("GBPA is written while it is updated");
		if (s->owned && !(val & (1 << 20)))
			violation("GBPA %x lets transactions bypass", val);
		s->gbpa = val;
		return;
	case 0x50:
		if (val & ~5U)
			violation("IRQ_CTRL %x", val);
		if ((s->irq_ctrl ^ s->irq_ctrlack) & (val ^ s->irq_ctrl))
			violation("IRQ_CTRL %x is written while %x becomes %x", val,
				  s->irq_ctrlack, s->irq_ctrl);
		s->irq_ctrl = val;
		return;
	case 0x64:
		write_gerrorn(s, val);
		return;
	case 0x88:
		constant(s, off);
		if ((val & 0x3f) > smmu_sid_bits(s))
			violation("STRTAB_BASE_CFG %x", val);
		s->strtab_cfg = val;
		return;
	case 0x98:
		write_prod(s, val);
		return;
	case 0x9c:
		constant(s, off);
		s->cmdq_cons = val;
		return;
	case 0x100a8:
		guarded(s, off, CR0_EVTQEN);
		s->evtq_prod = val & (0x80000000 | ((2U << (s->evtq_base & 0x1f)) - 1));
		return;
	case 0x100ac:
		s->evtq_cons = val & (0x80000000 | ((2U << (s->evtq_base & 0x1f)) - 1));
		return;
	}
	violation("EL2 writes register %x", off);
}

static void reg_write64(struct smmu *s, u32 off, u64 val)
{
	switch (off) {
	case 0x80:
		constant(s, off);
		s->strtab_base = val;
		return;
	case 0x90:
		constant(s, off);
		s->cmdq_base = val;
		return;
	case 0xa0:
		guarded(s, off, CR0_EVTQEN);
		/* What EL2 has pinned has to be what it says, without capping. */
		if ((val & 0x1f) > (s->idr[1] >> 16 & 0x1f) ||
		    (val & GENMASK_ULL(51, 5) & ((32ULL << (val & 0x1f)) - 1)))
			violation("EVENTQ_BASE %llx", (unsigned long long)val);
		s->evtq_base = val;
		return;
	}
	violation("EL2 writes register %x", off);
}

/* IHI0070G.b 6.3.107: where control page @n is, that it is enabled, and that it says so. */
static u64 control_page_read(const struct smmu *s, unsigned int n, u32 off)
{
	if (n >= smmu_ecmdq_size(s) >> 16)
		violation("EL2 reads control page %u", n);
	switch (off) {
	case 0:
		return s->ecmdq + n * (s->scattered ? 0x20000 : 0x10000) + 0x7;
	case 8:
		return !(s->stuck & 4);
	case 12:
		return !(s->stuck & 8);
	}
	violation("EL2 reads register %x of control page %u", off, n);
}

/* Registers of enhanced queues and CMDQ-V: which word it is, or NULL. */
static u32 *queue_reg(struct smmu *s, u64 phys, bool write)
{
	u64 off = phys - SMMU_MMIO(SMMU_IDX(s)) - s->ecmdq, n;
	u32 stride = 0x10000 >> (s->idr6 >> 16 & 15);

	if (off < smmu_ecmdq_size(s)) {
		n = off / stride;
		if (n >= NR_ECMDQS)
			n = NR_ECMDQS - 1;
		if (off % stride == 8)
			return &s->ecmdq_prod[n];
		return off % stride == 12 && !write ? &s->ecmdq_cons[n] : NULL;
	}
	off = phys - CMDQV_MMIO(SMMU_IDX(s));
	if (!s->cmdqv || off >= CMDQV_SIZE)
		return NULL;

	return off == 0 ? &s->cmdqv_config : off == 8 && !write ? &s->cmdqv_status : NULL;
}

static void queue_reg_write(struct smmu *s, u32 *reg, u32 val)
{
	unsigned int n = reg - s->ecmdq_prod;

	if (n < NR_ECMDQS && (*reg ^ s->ecmdq_cons[n]) & ECMDQ_EN)
		violation("PROD of enhanced queue %u is read-only", n);
	if (n < NR_ECMDQS ? (val ^ *reg) & ~ECMDQ_EN || val & ECMDQ_EN :
			    (val ^ *reg) & ~1U || val & 1)
		violation("EL2 writes %x to a queue that has %x", val, *reg);
	*reg = val;
}

/* Which SMMU has a register at an address, and which of those outside its two pages. */
static struct smmu *find(const void *addr, bool write, u32 *off, u32 **reg)
{
	u64 phys = (u64)addr - MMIO_VA;
	unsigned int i;

	*reg = NULL;
	if (!mmio_is_mapped(phys))
		violation("EL2 accesses MMIO that is not mapped");
	for (i = 0; i < nr_smmus; i++) {
		*off = phys - SMMU_MMIO(i);
		if (phys - SMMU_MMIO(i) < 0x20000)
			return &smmus[i];
		*reg = queue_reg(&smmus[i], phys, write);
		if (*reg)
			return &smmus[i];
	}
	violation("EL2 accesses %llx as MMIO", (unsigned long long)phys);
}

u64 model_mmio_read(const void *addr, unsigned int size)
{
	u32 off, *reg;
	struct smmu *s = find(addr, false, &off, &reg);

	model_point();
	model.time++;
	if (reg && size == 4)
		return *reg;
	if (off - 0x4000 < 0x2000 && size == (off & 8 ? 4 : 8))
		return control_page_read(s, (off - 0x4000) / 32, off % 32);
	if (size != 4)
		violation("%u-byte read of register %x", size, off);

	return reg_read32(s, off);
}

/* Registers are device memory: a store to one does not wait for stores to memory. */
void model_mmio_write(u64 val, void *addr, unsigned int size)
{
	u32 off, *reg;
	struct smmu *s = find(addr, true, &off, &reg);

	model_point();
	if (reg && size == 4)
		queue_reg_write(s, reg, val);
	else if (smmu_write_irq(s, off, size, val))
		;
	else if (size == 8)
		reg_write64(s, off, val);
	else
		reg_write32(s, off, val);
	oracle_step();
}

/* One step of the hardware's own. Returns whether there was anything to do. */
bool smmu_step(struct smmu *s)
{
	bool did;

	if (!model.random) {
		smmu_step_regs(s);
		did = smmu_step_cmdq(s);
		did |= smmu_step_flight(s);
		did |= smmu_step_stall(s);
		did |= smmu_step_fetch(s);
		return did | smmu_step_event(s);
	}

	switch (model_rand(8)) {
	case 0:
		smmu_step_regs(s);
		return true;
	case 1:
		return smmu_step_flight(s) || smmu_step_stall(s);
	case 2:
		return smmu_step_fetch(s);
	case 3:
		return smmu_step_event(s);
	case 4:
		if (s->owned && !model_rand(4)) {
			smmu_prefetch_ste(s, model_rand(1U << smmu_sid_bits(s)));
			return true;
		}
		return smmu_step_cmdq(s);
	default:
		return smmu_step_cmdq(s);
	}
}
