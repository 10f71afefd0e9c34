// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transactions, translations and events of a simulated SMMU. IHI0070G.b 3.3, 5.4
 */
#include "smmu.h"

#define CR0_SMMUEN	0x1
#define CR0_EVTQEN	0x4
#define CR0_ATSCHK	0x10

#define DESC_ADDR	GENMASK_ULL(47, 12)
#define DESC_PAGE	0x3
#define DESC_AF		BIT(10)
#define DESC_READ	BIT(6)
#define DESC_WRITE	BIT(7)

#define F_TRANSLATION	0x10
/* The stages 1 are none of the model's: each fault of a translation is one of stage 2. */
#define EVENT_S2	BIT_ULL(39)
#define C_BAD_STREAMID	0x02
#define C_BAD_STE	0x04
#define F_BAD_ATS_TREQ	0x05
#define F_STREAM_DISABLED	0x06
#define F_TRANSL_FORBIDDEN	0x07
#define C_BAD_SUBSTREAMID	0x08
#define C_BAD_CD	0x0a

#define STE1_S1STALLD	BIT_ULL(27)
#define IDR0_STALL_MODEL	GENMASK(25, 24)

#define EVT1_STALL	BIT_ULL(31)
#define EVT1_STAG	GENMASK_ULL(15, 0)

static u64 entry_size(const struct tlb_entry *e)
{
	return e->shift ? BIT_ULL(e->shift) : PAGE_SIZE;
}

bool tlb_reaches(const struct tlb_entry *e, u64 phys)
{
	return phys - e->pa < entry_size(e);
}

/* Two entries for one address. IHI0070G.b 3.21.1 */
static void check_conflict(struct smmu *s, const struct tlb_entry *new)
{
	struct tlb_entry *e;

	if ((s->idr[3] >> 11 & 3) == 2)
		return;
	for (e = s->tlb; e < s->tlb + NR_TLB; e++) {
		if (e->valid && !e->combined && e->vmid == new->vmid && e->shift != new->shift &&
		    e->in < new->in + entry_size(new) && new->in < e->in + entry_size(e))
			violation("SMMU %u: a block and a page of it are cached for %llx",
				  SMMU_IDX(s), (unsigned long long)new->in);
	}
}

static void tlb_insert(struct smmu *s, const struct tlb_entry *entry)
{
	struct tlb_entry e = *entry;
	u64 phys;

	if (e.combined)
		e.shift = 0;
	e.in = ALIGN_DOWN(e.in, entry_size(&e));
	e.pa = ALIGN_DOWN(e.pa, entry_size(&e));
	for (phys = e.pa; model.enforce && tlb_reaches(&e, phys); phys += PAGE_SIZE) {
		if (!host_has(phys))
			violation("translation to %llx is cached, which the host does not have",
				  (unsigned long long)phys);
	}
	if (!e.combined)
		check_conflict(s, &e);
	s->tlb[model_rand(NR_TLB)] = e;
}

static struct tlb_entry *tlb_find(struct smmu *s, bool combined, u16 vmid, u16 asid, u64 in)
{
	struct tlb_entry *e;

	for (e = s->tlb; e < s->tlb + NR_TLB; e++) {
		if (e->valid && e->combined == combined && e->vmid == vmid &&
		    in - e->in < entry_size(e) && (!combined || e->asid == asid))
			return e;
	}

	return NULL;
}

static bool matches(const struct tlb_entry *e, const struct smmu_cmd *cmd)
{
	u16 vmid = cmd->dw[0] >> 32, asid = cmd->dw[0] >> 48;
	u64 addr = cmd->dw[1] & GENMASK_ULL(63, 12);

	switch ((u8)cmd->dw[0]) {
	case 0x10:
		return e->combined && e->vmid == vmid;
	case 0x11:
		return e->combined && e->vmid == vmid && e->asid == asid;
	case 0x12:
		return e->combined && e->vmid == vmid && e->asid == asid && e->in == addr;
	case 0x13:
		return e->combined && e->vmid == vmid && e->in == addr;
	case 0x28:
		return e->vmid == vmid;
	case 0x2a:
		return !e->combined && e->vmid == vmid && addr - e->in < entry_size(e);
	case 0x30:
		return true;
	default:
		return false;
	}
}

void smmu_inv_tlb(struct smmu *s, const struct smmu_cmd *cmd)
{
	struct tlb_entry *e;
	struct flight *f;

	for (e = s->tlb; e < s->tlb + NR_TLB; e++) {
		if (e->valid && matches(e, cmd))
			e->valid = false;
	}
	for (f = s->flight; f < s->flight + NR_FLIGHTS; f++) {
		if (f->active && matches(&f->tlb, cmd))
			f->doomed = true;
	}
}

static u64 walk_load(struct smmu *s, u64 phys, enum hw_view view)
{
	oracle_access(SMMU_IDX(s), phys, false, ACC_S2WALK);

	return phys_is_ram(phys) ? hw_load64_view(s, phys, view) : 0;
}

/* A walk as an STE describes it, concatenated tables at the root. IHI0070G.b 5.2 */
struct s2_walk {
	u64 table;
	u8 page_shift;	/* of S2TG */
	u8 ia_bits;	/* of S2T0SZ */
	s8 level;	/* of S2SL0, then that of the leaf */
	u64 leaf;
};

static struct s2_walk s2_walk_start(const u64 *ste)
{
	static const u8 shifts[] = { 12, 16, 14, 12 };
	u8 tg = ste[2] >> 46 & 3;

	return (struct s2_walk){
		.table		= ste[3] & GENMASK_ULL(51, 4),
		.page_shift	= shifts[tg],
		.ia_bits	= 64 - (ste[2] >> 32 & 0x3f),
		.level		= (tg ? 3 : 2) - (ste[2] >> 38 & 3),
	};
}

static u8 s2_shift(const struct s2_walk *w)
{
	return w->page_shift + (3 - w->level) * (w->page_shift - 3);
}

/* Returns whether there is a leaf. @view is for each level. */
static bool s2_walk(struct smmu *s, struct s2_walk *w, u64 ipa, const enum hw_view *view)
{
	u64 idx = ipa >> s2_shift(w);

	if (ipa >> w->ia_bits)
		return false;
	for (;;) {
		w->leaf = walk_load(s, w->table + idx * 8, view[w->level]);
		if (!(w->leaf & 1))
			return false;
		if (w->level == 3)
			return (w->leaf & DESC_PAGE) == DESC_PAGE;
		if ((w->leaf & DESC_PAGE) != DESC_PAGE)
			return w->level == 2 || (w->level == 1 && w->page_shift == 12);
		w->table = w->leaf & DESC_ADDR & ~(BIT_ULL(w->page_shift) - 1);
		w->level++;
		idx = ipa >> s2_shift(w) & (BIT_ULL(w->page_shift - 3) - 1);
	}
}

static u64 s2_pa(const struct s2_walk *w, u64 ipa)
{
	u64 mask = BIT_ULL(s2_shift(w)) - 1;

	return (w->leaf & DESC_ADDR & ~mask) | (ipa & mask);
}

bool smmu_walk(struct smmu *s, const u64 *ste, u64 ipa, u8 late, u64 *pa)
{
	struct s2_walk w = s2_walk_start(ste);
	enum hw_view view[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(view); i++)
		view[i] = late & BIT(i) ? HW_NONE : HW_ALL;
	if (!s2_walk(s, &w, ipa, view))
		return false;
	*pa = s2_pa(&w, ipa);

	return true;
}

/* Stage 2 alone, for a stream without stage 1 or for what stage 1 reads. */
static bool stage2(struct smmu *s, const u64 *ste, u64 ipa, bool write, struct tlb_entry *e)
{
	u16 vmid = ste[2];
	struct tlb_entry *hit = tlb_find(s, false, vmid, 0, ipa & PAGE_MASK);
	static const enum hw_view any[4] = { HW_ANY, HW_ANY, HW_ANY, HW_ANY };
	struct s2_walk w = s2_walk_start(ste);

	if (hit) {
		*e = *hit;
		e->in = ipa & PAGE_MASK;
		e->pa += e->in - hit->in;
		return true;
	}
	*e = (struct tlb_entry){ .valid = true, .vmid = vmid, .in = ipa & PAGE_MASK };
	if (!s2_walk(s, &w, ipa & PAGE_MASK, any) || !(w.leaf & DESC_AF) ||
	    !(w.leaf & (write ? DESC_WRITE : DESC_READ)))
		return false;
	e->pa = s2_pa(&w, ipa & PAGE_MASK);
	e->shift = s2_shift(&w);

	return true;
}

/* The SMMU reads the host's structures for stage 1, which are IPAs. */
static bool read_stage1(struct smmu *s, const u64 *ste, u64 ipa)
{
	struct tlb_entry e;

	if ((ste[0] >> 1 & 7) != 7)
		e.pa = ipa & PAGE_MASK;
	else if (!stage2(s, ste, ipa, false, &e))
		return false;
	oracle_access(SMMU_IDX(s), e.pa, false, ACC_CD);
	if ((ste[0] >> 1 & 7) == 7 && (!model.random || model_rand(2)))
		tlb_insert(s, &e);

	return true;
}

enum nested { NESTED_OK, NESTED_BAD_CD, NESTED_FAULT, NESTED_STALL };

static enum nested nested(struct smmu *s, const u64 *ste, const struct dma *dma,
			  struct tlb_entry *e)
{
	u16 vmid = ste[2];
	struct tlb_entry *hit = tlb_find(s, true, vmid, dma->asid, dma->va & PAGE_MASK);
	struct tlb_entry s2;

	if (hit) {
		*e = *hit;
		return NESTED_OK;
	}

	if (!read_stage1(s, ste, ste[0] & GENMASK_ULL(51, 6)))
		return NESTED_FAULT;
	/* IHI0070G.b 5.5 */
	if (dma->stall && ((ste[1] & STE1_S1STALLD) || (s->idr[0] & IDR0_STALL_MODEL)))
		return NESTED_BAD_CD;
	if (dma->fault)
		return dma->stall ? NESTED_STALL : NESTED_FAULT;
	if ((ste[0] >> 1 & 7) == 7) {
		if (!stage2(s, ste, dma->ipa, dma->write, &s2))
			return NESTED_FAULT;
	} else {
		s2.pa = dma->ipa & PAGE_MASK;
	}
	*e = (struct tlb_entry){
		.valid = true, .combined = true, .vmid = vmid, .asid = dma->asid,
		.in = dma->va & PAGE_MASK, .pa = s2.pa,
	};

	return NESTED_OK;
}

static void access_page(struct smmu *s, u64 pa, bool write)
{
	oracle_access(SMMU_IDX(s), pa, write, ACC_CLIENT);
	model.dma_accesses++;
}

static struct flight *free_flight(struct smmu *s)
{
	struct flight *f;

	for (f = s->flight; f < s->flight + NR_FLIGHTS; f++) {
		if (!f->active)
			return f;
	}

	return NULL;
}

/* The result of a translation: used now, or at some later time. */
static enum dma_result launch(struct smmu *s, const struct dma *dma,
			      const struct tlb_entry *e, bool fly)
{
	struct flight *f = fly ? free_flight(s) : NULL;

	if (f) {
		*f = (struct flight){
			.active = true, .write = dma->write, .sid = dma->sid,
			.pa = e->pa, .tlb = *e,
		};
		return DMA_FLYING;
	}
	if (!model.random || model_rand(4))
		tlb_insert(s, e);
	access_page(s, e->pa, dma->write);

	return DMA_DONE;
}

static void land(struct smmu *s, struct flight *f)
{
	f->active = false;
	access_page(s, f->pa, f->write);
	if (!f->doomed && f->tlb.valid)
		tlb_insert(s, &f->tlb);
}

bool smmu_step_flight(struct smmu *s)
{
	unsigned int i, first = model.random ? model_rand(NR_FLIGHTS) : 0;

	for (i = 0; i < NR_FLIGHTS; i++) {
		struct flight *f = &s->flight[(first + i) % NR_FLIGHTS];

		if (f->active) {
			land(s, f);
			return true;
		}
	}

	return false;
}

void smmu_finish_flights(struct smmu *s)
{
	while (smmu_step_flight(s))
		;
}

static enum dma_result refuse(struct smmu *s, u8 event, const struct dma *dma)
{
	if (event)
		smmu_event(s, event, dma->sid, dma->va);

	return DMA_ABORTED;
}

/* Without a number that is free the fault is as good as not stalled. */
static enum dma_result stall(struct smmu *s, const struct dma *dma)
{
	struct stalled *t;

	for (t = s->stalled; t < s->stalled + NR_STALLS; t++) {
		if (!t->active) {
			*t = (struct stalled){ .active = true, .dma = *dma };
			return DMA_STALLED;
		}
	}

	return refuse(s, F_TRANSLATION, dma);
}

/* A Translated transaction has an IPA or a physical address. IHI0070G.b 3.9 */
static enum dma_result dma_translated(struct smmu *s, const struct dma *dma, bool fly)
{
	struct tlb_entry e = { .pa = dma->ipa & PAGE_MASK };
	u64 ste[8];

	if (s->cr0ack & CR0_ATSCHK) {
		if (smmu_get_ste(s, dma->sid, ste) != STE_OK)
			return DMA_ABORTED;
		switch (ste[1] >> 28 & 3) {
		case 1:
			break;
		case 2:
			if (!stage2(s, ste, dma->ipa, dma->write, &e))
				return refuse(s, F_TRANSLATION, dma);
			return launch(s, dma, &e, fly);
		default:
			return refuse(s, F_TRANSL_FORBIDDEN, dma);
		}
	}
	access_page(s, e.pa, dma->write);

	return DMA_DONE;
}

bool smmu_ats_request(struct smmu *s, const struct dma *dma)
{
	u64 ste[8], eats, addr = dma->ipa & PAGE_MASK;
	struct tlb_entry e;

	if (!(s->idr[0] & (1 << 10)) || s->lost || ((s->gerror ^ s->gerrorn) & 0x100) ||
	    !(s->cr0ack & CR0_SMMUEN) || smmu_get_ste(s, dma->sid, ste) != STE_OK)
		return false;
	eats = ste[1] >> 28 & 3;
	if (!eats || (eats == 2 && !(s->cr0ack & CR0_ATSCHK))) {
		smmu_event(s, F_BAD_ATS_TREQ, dma->sid, dma->va);
		return false;
	}
	if (nested(s, ste, dma, &e) != NESTED_OK)
		return false;
	s->atc[model_rand(NR_ATC)] = (struct atc_entry){
		.valid = true, .sid = dma->sid, .va = dma->va & PAGE_MASK,
		.addr = eats == 2 ? addr : e.pa,
	};

	return true;
}

enum dma_result smmu_ats_use(struct smmu *s, unsigned int n, bool write, bool fly)
{
	const struct atc_entry *e = &s->atc[n];
	struct dma dma = {
		.sid = e->sid, .write = write, .translated = true, .va = e->va, .ipa = e->addr,
	};

	return e->valid ? smmu_dma(s, &dma, fly) : DMA_ABORTED;
}

/* The device has answered. Size is log2 of the pages of 4 KiB, 52 for all. IHI0070G.b 4.5 */
void smmu_inv_atc(struct smmu *s, const struct smmu_cmd *cmd)
{
	u8 size = cmd->dw[1] & 0x3f;
	struct atc_entry *e;

	for (e = s->atc; e < s->atc + NR_ATC; e++) {
		if (e->sid == cmd->dw[0] >> 32 &&
		    (size == 52 || e->va >> 12 >> size == cmd->dw[1] >> 12 >> size))
			e->valid = false;
	}
}

static enum dma_result dma_stage1(struct smmu *s, const u64 *ste, const struct dma *dma,
				  bool fly)
{
	u32 dss = ste[1] & 3, cdmax = ste[0] >> 59;
	struct tlb_entry e;

	if (dma->ssv && !cdmax)
		return refuse(s, C_BAD_SUBSTREAMID, dma);
	if (!dma->ssv && cdmax && dss != 1 && dss != 2)
		return refuse(s, F_STREAM_DISABLED, dma);
	if (!dma->ssv && cdmax && dss == 1) {
		if (!stage2(s, ste, dma->va, dma->write, &e))
			return refuse(s, F_TRANSLATION, dma);
		return launch(s, dma, &e, fly);
	}

	switch (nested(s, ste, dma, &e)) {
	case NESTED_BAD_CD:
		return refuse(s, C_BAD_CD, dma);
	case NESTED_FAULT:
		return refuse(s, F_TRANSLATION, dma);
	case NESTED_STALL:
		return stall(s, dma);
	case NESTED_OK:
		break;
	}

	return launch(s, dma, &e, fly);
}

enum dma_result smmu_dma(struct smmu *s, const struct dma *dma, bool fly)
{
	struct tlb_entry e = { .pa = dma->va & PAGE_MASK };
	u64 ste[8];

	if (s->lost || ((s->gerror ^ s->gerrorn) & 0x100))
		return DMA_ABORTED;
	if (!(s->cr0ack & CR0_SMMUEN)) {
		if (s->gbpa_now & (1 << 20))
			return DMA_ABORTED;
		access_page(s, e.pa, dma->write);
		return DMA_DONE;
	}
	if (dma->translated)
		return s->idr[0] & (1 << 10) ? dma_translated(s, dma, fly) : DMA_ABORTED;

	switch (smmu_get_ste(s, dma->sid, ste)) {
	case STE_BAD_SID:
		return refuse(s, C_BAD_STREAMID, dma);
	case STE_BAD:
		return refuse(s, C_BAD_STE, dma);
	case STE_ABORT:
		return DMA_ABORTED;
	case STE_OK:
		break;
	}

	switch (ste[0] >> 1 & 7) {
	case 4:
		access_page(s, e.pa, dma->write);
		return DMA_DONE;
	case 6:
		if (dma->ssv)
			return refuse(s, C_BAD_SUBSTREAMID, dma);
		if (!stage2(s, ste, dma->va, dma->write, &e))
			return refuse(s, F_TRANSLATION, dma);
		return launch(s, dma, &e, fly);
	default:
		return dma_stage1(s, ste, dma, fly);
	}
}

/*
 * Stalls.
 */

/* From the start, as if it had just arrived: with the configuration as it is now. */
static void retry(struct smmu *s, struct stalled *t)
{
	t->active = false;
	s->unstalled = smmu_dma(s, &t->dma, model.random && model_rand(2));
}

/* Both have to match. IHI0070G.b 4.7.1 */
void smmu_resume(struct smmu *s, u32 sid, u16 stag, bool again)
{
	struct stalled *t = stag < NR_STALLS ? &s->stalled[stag] : NULL;

	if (!t || !t->active || t->dma.sid != sid || !t->recorded)
		return;
	if (again)
		retry(s, t);
	else
		t->doomed = true;
}

void smmu_stall_term(struct smmu *s, u32 sid)
{
	struct stalled *t;

	for (t = s->stalled; t < s->stalled + NR_STALLS; t++)
		t->doomed |= t->active && t->dma.sid == sid;
}

/* What is marked is aborted at some time, what stalls may be retried at any. */
bool smmu_step_stall(struct smmu *s)
{
	struct stalled *t;

	for (t = s->stalled; t < s->stalled + NR_STALLS; t++) {
		if (!t->active)
			continue;
		if (t->doomed) {
			t->active = false;
			s->unstalled = DMA_ABORTED;
			return true;
		}
		if (model.random && !model_rand(16)) {
			retry(s, t);
			return true;
		}
	}

	return false;
}

/*
 * Events.
 */

void smmu_event(struct smmu *s, u8 id, u32 sid, u64 addr)
{
	if (!(s->cr0ack & CR0_EVTQEN) || s->nr_events == NR_EVENTS)
		return;
	s->event[s->nr_events++] = (struct smmu_event){
		.dw = { id | (u64)sid << 32, id == F_TRANSLATION ? EVENT_S2 : 0, addr, 0 },
	};
}

/* A stall waits until it can be recorded, others are lost. IHI0070G.b 7.2 */
static void record_stalls(struct smmu *s)
{
	struct stalled *t;
	u8 stag;

	for (stag = 0; stag < NR_STALLS; stag++) {
		t = &s->stalled[stag];
		if (!t->active || t->recorded || s->nr_events == NR_EVENTS)
			continue;
		smmu_event(s, F_TRANSLATION, t->dma.sid, t->dma.va);
		s->event[s->nr_events - 1].dw[1] = EVT1_STALL | stag;
		t->recorded = true;
	}
}

static void lose_events(struct smmu *s)
{
	while (s->nr_events) {
		u64 dw1 = s->event[--s->nr_events].dw[1];

		if (dw1 & EVT1_STALL)
			s->stalled[dw1 & EVT1_STAG].recorded = false;
	}
}

/* Returns whether a record was written. */
bool smmu_step_event(struct smmu *s)
{
	u32 shift = min((u32)(s->evtq_base & 0x1f), s->idr[1] >> 16 & 0x1f);
	u32 mask = (2U << shift) - 1;
	u64 base = s->evtq_base & GENMASK_ULL(51, 5) & ~((32ULL << shift) - 1);
	unsigned int i;

	if (!(s->cr0ack & CR0_EVTQEN) || ((s->gerror ^ s->gerrorn) & 4))
		return false;
	record_stalls(s);
	if (!s->nr_events)
		return false;
	if (((s->evtq_prod ^ s->evtq_cons) & mask) == 1U << shift) {
		if (!((s->evtq_prod ^ s->evtq_cons) >> 31))
			s->evtq_prod ^= 1U << 31;
		lose_events(s);
		return false;
	}

	base += (s->evtq_prod & (mask >> 1)) * 32ULL;
	oracle_access(SMMU_IDX(s), base, true, ACC_EVTQ);
	for (i = 0; i < 4; i++)
		hw_store64(s, base + i * 8, s->event[0].dw[i]);
	s->nr_events--;
	memmove(s->event, s->event + 1, s->nr_events * sizeof(s->event[0]));
	s->evtq_prod = (s->evtq_prod & (1U << 31)) | ((s->evtq_prod + 1) & mask);
	smmu_raise(s, IRQ_EVTQ);

	return true;
}
