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

#define IDR0_MSI	BIT(13)
#define IDR0_ATS	BIT(10)
#define IDR0_PRI	BIT(16)

struct smmu smmus[NR_SMMUS];
unsigned int nr_smmus;

u32 smmu_sid_bits(const struct smmu *s)
{
	return s->idr[1] & 0x3f;
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
	if (s->idr[0] & IDR0_MSI) {
		s->gerror_irq_cfg0 = 0x40003000;
		s->evtq_irq_cfg0 = 0x40004000;
		if (s->idr[0] & IDR0_PRI)
			s->priq_irq_cfg0 = 0x40005000;
	}
	s->cmdq_prod = 5;
	s->cmdq_cons = 5;

	/* A stream that bypasses, translations to anywhere. */
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

void smmu_reset(struct smmu *s, const struct machine_cfg *cfg)
{
	*s = (struct smmu){
		.aidr		= cfg->aidr,
		.page1_alias	= cfg->page1_alias,
		.picky		= cfg->picky,
		/* Reset values that the architecture leaves open. */
		.gbpa		= 0x1000,
		.strtab_base	= 0x40001000,
		.cmdq_base	= 0x40001005,
		.evtq_base	= 0x40001004,
	};
	memcpy(s->idr, cfg->idr, sizeof(s->idr));
	if (cfg->stale_boot)
		leave_garbage(s);
}

bool smmu_dead(const struct smmu *s)
{
	return s->hang || ((s->gerror ^ s->gerrorn) & 0x100);
}

/* Acknowledge: the old value is in effect until then. IHI0070G.b 6.3.9 */
void smmu_step_regs(struct smmu *s)
{
	u32 clear = s->cr0ack & ~s->cr0;

	s->gbpa &= ~(1U << 31);
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
	if (clear & CR0_SMMUEN)
		smmu_finish_flights(s);
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

static void write_cr0(struct smmu *s, u32 val)
{
	u32 changing = s->cr0 ^ s->cr0ack;

	if (changing & (val ^ s->cr0))
		violation("CR0 %x is written while %x becomes %x", val, s->cr0ack, s->cr0);
	if (s->owned && !(val & CR0_SMMUEN))
		violation("SMMUEN is cleared");
	if (s->owned && !(val & CR0_CMDQEN))
		violation("CMDQEN is cleared");
	if (s->owned && (s->idr[0] & IDR0_ATS) && !(val & CR0_ATSCHK))
		violation("ATSCHK is clear");
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

/* Base and configuration are EL2's, once and for all. */
static void constant(struct smmu *s, u32 off)
{
	if (s->owned)
		violation("register %x of an SMMU in use is written", off);
}

static void write_prod(struct smmu *s, u32 val)
{
	u32 shift = s->cmdq_base & 0x1f, mask = (2U << shift) - 1;

	if (val & ~mask)
		violation("CMDQ_PROD %x", val);
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
		/* Write-back, inner shareable: what EL2 writes is what is read. */
		if (val != 0xd75)
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
		s->irq_ctrl = val;
		return;
	case 0x64:
		write_gerrorn(s, val);
		return;
	case 0x88:
		constant(s, off);
		guarded(s, off, CR0_SMMUEN);
		if ((val & 0x3f) > smmu_sid_bits(s))
			violation("STRTAB_BASE_CFG %x", val);
		s->strtab_cfg = val;
		return;
	case 0x98:
		write_prod(s, val);
		return;
	case 0x9c:
		constant(s, off);
		guarded(s, off, CR0_CMDQEN);
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
	case 0x68:
		s->gerror_irq_cfg0 = val;
		break;
	case 0xb0:
		s->evtq_irq_cfg0 = val;
		break;
	case 0xd0:
		s->priq_irq_cfg0 = val;
		break;
	case 0x80:
		constant(s, off);
		guarded(s, off, CR0_SMMUEN);
		s->strtab_base = val;
		return;
	case 0x90:
		constant(s, off);
		guarded(s, off, CR0_CMDQEN);
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
	default:
		violation("EL2 writes register %x", off);
	}

	/* The interrupt configurations. IHI0070G.b 6.3.19 */
	if (s->irq_ctrl | s->irq_ctrlack)
		violation("an MSI is configured while interrupts are on");
	if (val)
		violation("an MSI to %llx", (unsigned long long)val);
}

static struct smmu *find(const void *addr, u32 *off)
{
	u64 phys = (u64)addr - MMIO_VA;
	unsigned int i;

	for (i = 0; i < nr_smmus; i++) {
		if (phys - SMMU_MMIO(i) < 0x20000) {
			*off = phys - SMMU_MMIO(i);
			if (!mmio_is_el2(phys))
				violation("EL2 accesses MMIO that is not mapped");
			return &smmus[i];
		}
	}
	violation("EL2 accesses %llx as MMIO", (unsigned long long)phys);
}

u64 model_mmio_read(const void *addr, unsigned int size)
{
	u32 off;
	struct smmu *s = find(addr, &off);

	model_point();
	model.time++;
	if (size != 4)
		violation("%u-byte read of register %x", size, off);

	return reg_read32(s, off);
}

/* Registers are device memory: a store to one does not wait for stores to memory. */
void model_mmio_write(u64 val, void *addr, unsigned int size)
{
	u32 off;
	struct smmu *s = find(addr, &off);

	model_point();
	if (size == 8)
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
		did |= smmu_step_fetch(s);
		return did | smmu_step_event(s);
	}

	switch (model_rand(8)) {
	case 0:
		smmu_step_regs(s);
		return true;
	case 1:
		return smmu_step_flight(s);
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
