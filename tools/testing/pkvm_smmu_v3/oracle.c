// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must hold, whatever the host and its devices do.
 *
 * Accesses are checked when they happen, and what could become an access later -
 * a cached translation, a transaction in flight, a descriptor - when the page is
 * lost or unpinned. What is left is checked after every step.
 */
#include <nvhe/iommu_pgtable.h>
#include <nvhe/mm.h>

#include "hyp/smmu.h"
#include "smmu.h"

static const char * const kinds[] = {
	[ACC_CLIENT]	= "a device",
	[ACC_CD]	= "stage 1",
	[ACC_STRTAB]	= "the stream table walk",
	[ACC_S2WALK]	= "the stage 2 walk",
	[ACC_CMDQ]	= "the command queue",
	[ACC_EVTQ]	= "the event queue",
	[ACC_MSI]	= "an MSI",
	[ACC_IRQ]	= "an MSI of an interrupt",
};

static bool el2_owns(u64 phys)
{
	struct hyp_page *page;

	if (!phys_is_ram(phys) || phys_to_info(phys)->text)
		return false;
	page = hyp_phys_to_page(phys);

	return get_hyp_state(page) == PKVM_PAGE_OWNED && get_host_state(page) == PKVM_NOPAGE;
}

static bool pinned(u64 phys)
{
	return phys_is_ram(phys) && host_has(phys) && hyp_phys_to_page(phys)->refcount;
}

/*
 * A word of the host's queue, while that is in use: what the registers that the host sees
 * say of it, by the architecture and not by what EL2 made of it. IHI0070G.b 6.3.26
 */
static bool in_cmdq(unsigned int smmu, u64 phys)
{
	const u64 *regs = el2_smmu(smmu)->regs.val;
	u64 base = regs[SMMU_REG_CMDQ_BASE] & GENMASK_ULL(51, 5);
	u64 shift = min(regs[SMMU_REG_CMDQ_BASE] & 0x1f, smmus[smmu].idr[1] >> 21 & 0x1fULL);
	u64 size = 16ULL << shift;

	if (!((regs[SMMU_REG_CR0] | regs[SMMU_REG_CR0ACK]) & CR0_CMDQEN))
		return false;

	return phys - (base & ~(size - 1)) < size && pinned(phys);
}

static bool allowed(unsigned int smmu, u64 phys, enum access_kind kind)
{
	switch (kind) {
	case ACC_MSI:
		return in_cmdq(smmu, phys);
	case ACC_IRQ:
		return phys == ITS_DOORBELL(0) || phys == ITS_DOORBELL(1);
	case ACC_CLIENT:
	case ACC_CD:
		return host_has(phys);
	case ACC_EVTQ:
		return pinned(phys);
	default:
		return el2_owns(phys);
	}
}

void oracle_access(unsigned int smmu, u64 phys, bool write, enum access_kind kind)
{
	if (!model.enforce || allowed(smmu, phys, kind))
		return;

	violation("SMMU %u: %s %s %llx", smmu, kinds[kind], write ? "writes" : "reads",
		  (unsigned long long)phys);
}

/* The leaf of a device's address, of whatever size. */
static u64 *s2_leaf(u64 phys, u64 *pa)
{
	u64 *leaf;
	s8 level;

	leaf = iommu_s2_leaf(&hyp_iommu_s2, phys, &level);
	*pa = (*leaf & GENMASK_ULL(47, PAGE_SHIFT)) + (phys & (kvm_granule_size(level) - 1));

	return leaf;
}

static void range_lost(struct smmu *s, u64 phys, const char *how)
{
	u64 base = s->evtq_base & GENMASK_ULL(51, 5);
	u64 size = 32ULL << min((u32)(s->evtq_base & 0x1f), s->idr[1] >> 16 & 0x1f);

	base &= ~(size - 1);
	if (((s->cr0 | s->cr0ack) & CR0_EVTQEN) && phys >= ALIGN_DOWN(base, PAGE_SIZE) &&
	    phys < base + size)
		violation("%llx of an event queue in use is %s", (unsigned long long)phys, how);
	if (s->msi.active && s->msi.addr - phys < PAGE_SIZE)
		violation("%llx, that an MSI is on its way to, is %s", (unsigned long long)phys,
			  how);
}

void oracle_page_unpinned(u64 phys)
{
	struct smmu *s;

	if (!model.enforce)
		return;
	for (s = smmus; s < smmus + nr_smmus; s++)
		range_lost(s, phys, "not pinned");
}

static void check_tlb(struct smmu *s, u64 phys)
{
	unsigned int i;

	for (i = 0; i < NR_TLB; i++) {
		if (s->tlb[i].valid && tlb_reaches(&s->tlb[i], phys))
			violation("SMMU %u: %llx is lost, a translation to it cached",
				  SMMU_IDX(s), (unsigned long long)phys);
	}
	for (i = 0; i < NR_FLIGHTS; i++) {
		if (s->flight[i].active && s->flight[i].pa == phys)
			violation("SMMU %u: %llx is lost, an access to it in flight",
				  SMMU_IDX(s), (unsigned long long)phys);
	}
}

void oracle_page_lost(u64 phys)
{
	struct smmu *s;
	u64 *leaf, pa;

	if (!model.enforce)
		return;
	if (hyp_phys_to_page(phys)->refcount)
		violation("%llx is lost while pinned", (unsigned long long)phys);
	leaf = s2_leaf(phys, &pa);
	for (s = smmus; s < smmus + nr_smmus; s++) {
		if (hw_load64(s, hyp_virt_to_phys(leaf)) & 1)
			violation("%llx is lost, its leaf valid", (unsigned long long)phys);
		range_lost(s, phys, "lost");
		check_tlb(s, phys);
	}
}

/* EL2 stores to memory: a command that was submitted must not change. */
void oracle_store(u64 phys)
{
	struct smmu *s;

	if (!model.enforce)
		return;
	for (s = smmus; s < smmus + nr_smmus; s++) {
		u32 n = 1U << (s->cmdq_base & 0x1f), slot, pos;
		u64 base = s->cmdq_base & GENMASK_ULL(51, 5);

		if (!((s->cr0 | s->cr0ack) & CR0_CMDQEN) || phys - base >= n * 16ULL)
			continue;
		slot = (phys - base) / 16;
		pos = (slot - s->cmdq_cons) & (n - 1);
		if (pos >= ((s->cmdq_prod - s->cmdq_cons) & (2 * n - 1)))
			continue;
		if (pos || !((s->gerror ^ s->gerrorn) & 1))
			violation("SMMU %u: submitted command %x is changed", SMMU_IDX(s), slot);
	}
}

static void check_regs(const struct smmu *s)
{
	u64 base = s->evtq_base & GENMASK_ULL(51, 5), phys;
	u64 size = 32ULL << min((u32)(s->evtq_base & 0x1f), s->idr[1] >> 16 & 0x1f);

	bool off = !(s->cr0 & s->cr0ack & 1);
	unsigned int n;

	if (off && !model.asleep && !el2_smmu(SMMU_IDX(s))->hwq.dead)
		violation("SMMU %u is disabled", SMMU_IDX(s));
	if (s->lost && !model.asleep)
		violation("SMMU %u: the host runs, and streams bypass", SMMU_IDX(s));
	if (!s->lost && !(s->gbpa_now & (1 << 20)))
		violation("SMMU %u: GBPA %x", SMMU_IDX(s), s->gbpa_now);
	for (n = 0; n < NR_IRQS; n++) {
		if ((!off || s->irq_ctrl || s->irq_ctrlack) && s->irq[n].cfg0)
			oracle_access(SMMU_IDX(s), s->irq[n].cfg0, true, ACC_IRQ);
	}
	if (!((s->cr0 | s->cr0ack) & CR0_EVTQEN))
		return;
	base &= ~(size - 1);
	for (phys = ALIGN_DOWN(base, PAGE_SIZE); phys < base + size; phys += PAGE_SIZE) {
		if (!pinned(phys))
			violation("SMMU %u: event queue at %llx, not pinned", SMMU_IDX(s),
				  (unsigned long long)base);
	}
}

void oracle_step(void)
{
	struct smmu *s;

	if (!model.enforce)
		return;
	for (s = smmus; s < smmus + nr_smmus; s++)
		check_regs(s);
}

static void check_pins(void)
{
	struct hyp_smmu *smmu;
	u32 refs = 0;
	unsigned int i;

	for (i = 0; i < RAM_PAGES; i++)
		refs += phys_to_info(page_phys(i))->pins;
	for (i = 0; i < nr_smmus; i++) {
		smmu = el2_smmu(i);
		if (smmu->cmdq.pinned)
			refs += PAGE_ALIGN(smmu->cmdq.q.bytes) / PAGE_SIZE;
		if (smmu->evtq_pinned)
			refs += PAGE_ALIGN(smmu->evtq.bytes) / PAGE_SIZE;
	}
	if (refs != model.refs)
		violation("%u references to pages, %u are accounted for", model.refs, refs);
}

static void check_leaf(u64 phys)
{
	u64 pa, *leaf = s2_leaf(phys, &pa);
	bool valid = *leaf & 1;

	if (!cache_is_clean(hyp_virt_to_phys(leaf)))
		violation("the leaf of %llx is in a cache only", (unsigned long long)phys);
	if (valid && pa != phys)
		violation("%llx is mapped to %llx", (unsigned long long)phys,
			  (unsigned long long)pa);
	if (valid && phys_is_ram(phys) && (*leaf & 0x3fd) != 0x3fd)
		violation("%llx: attributes %llx", (unsigned long long)phys,
			  (unsigned long long)*leaf);
	if (valid != host_has(phys))
		violation("%llx is %s for devices, %s for the host", (unsigned long long)phys,
			  valid ? "there" : "missing", host_has(phys) ? "there" : "missing");
}

/* No CPU is in EL2: nothing is half done. */
void oracle_quiet(void)
{
	unsigned int i;

	if (!model.enforce)
		return;
	oracle_step();
	check_pins();
	for (i = 0; i < RAM_PAGES; i++)
		check_leaf(page_phys(i));
}

static void check_stream_table(struct smmu *s)
{
	u32 sid, n = 1U << smmu_sid_bits(s), step = 1;
	u64 phys, *ste;

	for (sid = 0; sid < n; sid += step) {
		step = 1;
		if (!smmu_ste_phys(s, sid, false, &phys)) {
			step = 64;
			continue;
		}
		if (!el2_owns(phys))
			violation("SMMU %u: STE %x at %llx", SMMU_IDX(s), sid,
				  (unsigned long long)phys);
		ste = phys_ptr(phys);
		if (ste[0])
			judge_ste(s, sid, ste);
	}
}

static void check_not_mapped(u64 phys, u64 size)
{
	u64 *leaf, end = phys + size;
	s8 level;

	for (; phys < end; phys += PAGE_SIZE) {
		leaf = iommu_s2_leaf(&hyp_iommu_s2, phys, &level);
		if (*leaf & 1)
			violation("registers at %llx are mapped for devices",
				  (unsigned long long)phys);
	}
}

static void check_mmio(const struct smmu *s)
{
	u64 base = SMMU_MMIO(SMMU_IDX(s)), *leaf;
	s8 level;

	if (smmu_has_queues(s))
		violation("SMMU %u: runs commands that are not EL2's", SMMU_IDX(s));

	/* What is not EL2's has the attributes of memory: stage 1 decides. */
	leaf = iommu_s2_leaf(&hyp_iommu_s2, P2P_MMIO, &level);
	if ((*leaf & 0x3fd) != 0x3fd || *leaf >> 48)
		violation("MMIO with attributes %llx", (unsigned long long)*leaf);
	check_not_mapped(base, 0x20000);
	check_not_mapped(base + s->ecmdq, smmu_ecmdq_size(s));
	if (smmu_vatos_page(s))
		check_not_mapped(smmu_vatos_page(s), 0x10000);
	if (s->cmdqv)
		check_not_mapped(CMDQV_MMIO(SMMU_IDX(s)), CMDQV_SIZE);
}

static void check_entry(struct smmu *s, const struct tlb_entry *e)
{
	u64 phys;

	for (phys = e->pa; tlb_reaches(e, phys); phys += PAGE_SIZE) {
		if (!host_has(phys))
			violation("SMMU %u: stale translation to %llx", SMMU_IDX(s),
				  (unsigned long long)phys);
	}
}

void oracle_full(void)
{
	struct smmu *s;
	unsigned int i;

	if (!model.enforce)
		return;
	oracle_quiet();
	for (s = smmus; s < smmus + nr_smmus; s++) {
		check_mmio(s);
		/* A dead one may be disabled: it uses neither registers nor caches. */
		if (!smmu_is_on(s))
			continue;
		check_stream_table(s);
		for (i = 0; i < NR_TLB; i++) {
			if (s->tlb[i].valid)
				check_entry(s, &s->tlb[i]);
		}
		for (i = 0; i < NR_STE_CACHE; i++) {
			if (s->ste[i].valid)
				judge_ste(s, s->ste[i].sid, s->ste[i].dw);
		}
	}
}
