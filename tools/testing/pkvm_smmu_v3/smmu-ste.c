// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream table as a simulated SMMU reads it. IHI0070G.b 3.3, 5
 *
 * Whatever is fetched is judged, valid or not, whichever dwords of it are old:
 * fetched is as good as used.
 */
#include "smmu.h"

#define STRTAB_ADDR	GENMASK_ULL(51, 6)

/* Dword 1: S1DSS, S1CIR, S1COR, S1CSH; MEV; SHCFG. The rest is not the host's. */
#define DW1_ALLOWED	(0xffULL | 1ULL << 19 | 3ULL << 44)
#define DW1_S1STALLD	BIT_ULL(27)
#define DW1_EATS	GENMASK_ULL(29, 28)
#define SPLIT_ATS	2
/* Dword 0: V, Config, S1Fmt, S1ContextPtr, S1CDMax. */
#define DW0_ALLOWED	(0x3fULL | GENMASK_ULL(51, 6) | GENMASK_ULL(63, 59))

#define S2SL0		GENMASK_ULL(39, 38)

/* Stage 2 as it has to be, but for its first level. IHI0070G.b 5.2, 5.3 */
static u64 stage2_dw2(const struct smmu *s)
{
	u64 ps = min(s->idr[5] & 7, 5U);
	u64 tg = PAGE_SHIFT == 12 ? 0 : PAGE_SHIFT == 14 ? 2 : 1;

	return (64ULL - s->el2_ia_bits) << 32 |	/* S2T0SZ */
	       (u64)s->coherent << 40 |	/* S2IR0: write-back or non-cacheable */
	       (u64)s->coherent << 42 |	/* S2OR0 */
	       (s->coherent ? 3ULL : 2ULL) << 44 |	/* S2SH0: inner, outer shareable */
	       tg << 46 |	/* S2TG */
	       ps << 48 |
	       1ULL << 51 |	/* S2AA64 */
	       1ULL << 53 |	/* S2AFFD */
	       1ULL << 58;	/* S2R */
}

/* No table at the root is left out, and no more than 16 are concatenated. */
static bool level_is_valid(const struct smmu *s, u8 sl0)
{
	s8 level = (PAGE_SHIFT == 12 ? 2 : 3) - sl0;
	u8 table_bits = PAGE_SHIFT - 3, shift = PAGE_SHIFT + (3 - level) * table_bits;

	return sl0 < 3 && s->el2_ia_bits > shift && s->el2_ia_bits <= shift + table_bits + 4;
}

static void bad(u32 sid, const char *what, u64 val)
{
	violation("STE %x: %s %llx", sid, what, (unsigned long long)val);
}

static void judge_stage1(const struct smmu *s, u32 sid, u64 dw0)
{
	u32 ssid_bits = s->idr[1] >> 6 & 0x1f, cdmax = dw0 >> 59, fmt = dw0 >> 4 & 3;

	if (cdmax > ssid_bits)
		bad(sid, "S1CDMax", cdmax);
	if (cdmax && (fmt == 1 || fmt == 2) && !(s->idr[0] & (1 << 19)))
		bad(sid, "S1Fmt", fmt);
}

/* Split-stage ATS or none; whatever is mixed of two STEs is legal. IHI0070G.b 3.9.1, 5.2.2 */
static void judge_eats(const struct smmu *s, u32 sid, const u64 *dw)
{
	u32 eats = FIELD_GET(DW1_EATS, dw[1]), cfg = dw[0] >> 1 & 7;

	if (!eats)
		return;
	if (eats != SPLIT_ATS)
		bad(sid, "full ATS", eats);
	if ((s->idr[0] & 0xc00) != 0x400 || !(s->cr0 & s->cr0ack & 0x10))
		bad(sid, "no split-stage ATS", s->cr0);
	if (cfg != 7)
		bad(sid, "ATS without stage 1, Config", cfg);
}

void judge_ste(struct smmu *s, u32 sid, const u64 *dw)
{
	u64 stalld = s->idr[0] & (3 << 24) ? DW1_S1STALLD : 0;
	u32 cfg = dw[0] >> 1 & 7;
	unsigned int i;

	if (!model.enforce || !(dw[0] & 1) || cfg < 4)
		return;
	if (cfg < 6)
		bad(sid, "no stage 2, Config", cfg);
	if (dw[0] & ~DW0_ALLOWED)
		bad(sid, "dword 0", dw[0]);
	if (dw[1] & ~(DW1_ALLOWED | DW1_S1STALLD | DW1_EATS))
		bad(sid, "dword 1", dw[1]);
	judge_eats(s, sid, dw);
	/* ILLEGAL where nothing can stall. */
	if (dw[1] & stalld)
		bad(sid, "S1STALLD", dw[1]);
	if ((dw[2] & ~S2SL0) != stage2_dw2(s) || !level_is_valid(s, dw[2] >> 38 & 3))
		bad(sid, "dword 2", dw[2]);
	if (dw[3] != s->el2_pgd)
		bad(sid, "dword 3", dw[3]);
	for (i = 4; i < 8; i++) {
		if (dw[i])
			bad(sid, "dword 4 to 7", dw[i]);
	}
	if (cfg == 7)
		judge_stage1(s, sid, dw[0]);
}

static u64 load(struct smmu *s, u64 phys)
{
	oracle_access(SMMU_IDX(s), phys, false, ACC_STRTAB);

	return phys_is_ram(phys) ? hw_load64(s, phys) : 0;
}

/* The level 1 descriptor of a stream, cached even if it is invalid. */
static u64 get_l1(struct smmu *s, u32 idx, bool use_cache)
{
	struct l1_cache *l1 = &s->l1[idx % NR_L1_CACHE];
	u64 desc;

	if (use_cache && l1->valid && l1->idx == idx)
		return l1->desc;

	desc = load(s, (s->strtab_base & STRTAB_ADDR) + idx * 8);
	if (use_cache)
		*l1 = (struct l1_cache){ .valid = true, .idx = idx, .desc = desc };

	return desc;
}

bool smmu_ste_phys(struct smmu *s, u32 sid, bool use_cache, u64 *phys)
{
	u32 split = s->strtab_cfg >> 6 & 0x1f, log2size = s->strtab_cfg & 0x3f;
	u64 desc, span;

	if (sid >> min(log2size, smmu_sid_bits(s)))
		return false;

	if (!(s->strtab_cfg >> 16 & 3)) {
		*phys = (s->strtab_base & STRTAB_ADDR) + sid * 64ULL;
		return true;
	}

	desc = get_l1(s, sid >> split, use_cache);
	span = desc & 0x1f;
	if (!span || span > split + 1 || (sid & ((1U << split) - 1)) >> (span - 1))
		return false;
	*phys = (desc & STRTAB_ADDR) + (sid & ((1U << split) - 1)) * 64ULL;

	return true;
}

static void insert(struct smmu *s, u32 sid, const u64 *dw)
{
	struct ste_cache *c = &s->ste[sid % NR_STE_CACHE];

	judge_ste(s, sid, dw);
	*c = (struct ste_cache){ .valid = true, .sid = sid };
	memcpy(c->dw, dw, sizeof(c->dw));
}

enum ste_result smmu_get_ste(struct smmu *s, u32 sid, u64 *dw)
{
	struct ste_cache *c = &s->ste[sid % NR_STE_CACHE];
	unsigned int i, first = model.random ? model_rand(8) : 0;
	u64 phys;

	if (c->valid && c->sid == sid) {
		memcpy(dw, c->dw, sizeof(c->dw));
	} else {
		if (!smmu_ste_phys(s, sid, true, &phys))
			return STE_BAD_SID;
		for (i = 0; i < 8; i++)
			dw[(i + first) % 8] = load(s, phys + (i + first) % 8 * 8);
		insert(s, sid, dw);
	}

	if (!(dw[0] & 1))
		return STE_BAD;

	return (dw[0] >> 1 & 7) < 4 ? STE_ABORT : STE_OK;
}

void smmu_prefetch_ste(struct smmu *s, u32 sid)
{
	struct ste_fetch *f = &s->fetch[sid % NR_FETCHES];
	u64 phys;

	if (f->active || !((s->cr0 & s->cr0ack) & 1) || smmu_dead(s))
		return;
	if (!smmu_ste_phys(s, sid, true, &phys))
		return;
	*f = (struct ste_fetch){ .active = true, .sid = sid, .phys = phys, .missing = 0xff };
}

/* One dword more. Without randomness from the last to the first. */
bool smmu_step_fetch(struct smmu *s)
{
	unsigned int i, n;

	for (i = 0; i < NR_FETCHES && !s->hold_fetch; i++) {
		struct ste_fetch *f = &s->fetch[i];

		if (!f->active)
			continue;
		n = model.random ? model_rand(8) : 7;
		while (!(f->missing & (1 << n)))
			n = (n + 7) % 8;
		f->dw[n] = load(s, f->phys + n * 8);
		f->missing &= ~(1 << n);
		if (!f->missing) {
			f->active = false;
			insert(s, f->sid, f->dw);
		}
		return true;
	}

	return false;
}

/* A fetch that is under way must not end up in the cache, either. */
void smmu_inv_ste(struct smmu *s, u32 sid, u32 n)
{
	unsigned int i;

	for (i = 0; i < NR_STE_CACHE; i++) {
		if (s->ste[i].sid - sid < n)
			s->ste[i].valid = false;
	}
	for (i = 0; i < NR_FETCHES; i++) {
		if (s->fetch[i].sid - sid < n)
			s->fetch[i].active = false;
	}
}
