// SPDX-License-Identifier: GPL-2.0-only
/* Shadow STEs: all 2^512 STEs of the host's, all SMMUs that EL2 can own. */
#include "any.h"

/* STE.Config. IHI0070G.b 5.2 */
#define V(d0)		bit_of(d0, 0)
#define CONFIG(d0)	bits(d0, 3, 1)
#define ABORTS(c)	((c) < 4)
#define BYPASS		4
#define STAGE1		5
#define STAGE2		6
#define NESTED		7

#define EATS(d1)	bits(d1, 29, 28)
#define FULL		1
#define SPLIT		2

/*
 * Whether the SMMU takes dwords 0 and 1 for an STE of EL2's stage 2, or aborts; false
 * for whatever it would call ILLEGAL or what lets more than stage 2 pass. The rest of
 * the STE is EL2's. IHI0070G.b 5.2.2
 */
static bool safe(const struct pkvm_smmu_ids *hw, u64 d0, u64 d1)
{
	u64 cdmax = bits(d0, 63, 59), fmt = bits(d0, 5, 4);

	if (!V(d0) || ABORTS(CONFIG(d0)))
		return true;
	if (CONFIG(d0) != STAGE2 && CONFIG(d0) != NESTED)
		return false;
	/* STRW, S2HWU59 to 62, DRE, CONT, DCP, PPAR, MTCFG, ALLOCCFG and the like. */
	if (d1 & ~(GENMASK(7, 0) | BIT_ULL(19) | BIT_ULL(27) | GENMASK(29, 28) | GENMASK(45, 44)))
		return false;
	/* Split-stage ATS alone, and beside both stages alone. EL2's stage 2 has S2S=0. */
	if (EATS(d1) && (EATS(d1) != SPLIT || CONFIG(d0) != NESTED || !split_ats(hw)))
		return false;
	/* S1STALLD without a choice between stalls and terminations is ILLEGAL. */
	if (bit_of(d1, 27) && bits(hw->idr[0], 25, 24) != 0)
		return false;
	if (CONFIG(d0) == STAGE2 || !bits(hw->idr[1], 10, 6) || !cdmax)
		return !bits(d0, 58, 52);

	return cdmax <= bits(hw->idr[1], 10, 6) && !bits(d0, 58, 52) &&
	       (fmt == 0 || ((fmt == 1 || fmt == 2) && bit_of(hw->idr[0], 19)));
}

void prove_ste(void)
{
	struct pkvm_smmu_ids hw = any_hw(ANY(u8));
	struct pkvm_smmu_caps caps = any_caps(&hw);
	struct arm_smmu_ste host = ANY(struct arm_smmu_ste), ste = ANY(struct arm_smmu_ste);
	bool none = ANY(bool), ok;
	u64 of_host = GENMASK(7, 0) | (bits(hw.idr[0], 25, 24) ? 0 : BIT_ULL(27));
	u64 d0, d1, cfg = CONFIG(host.data[0]);
	int i;

	ok = pkvm_smmu_make_ste(&caps, none ? NULL : &host, &ste);
	d0 = ste.data[0];
	d1 = ste.data[1];

	PROVE("an STE is an abort, stage 2, or both stages",
	      !V(d0) || CONFIG(d0) == 0 || CONFIG(d0) == STAGE2 || CONFIG(d0) == NESTED);
	PROVE("an STE is legal for the hardware and passes nothing that is not stage 2's",
	      safe(&hw, d0, d1));
	PROVE("dwords 2 and 3 are EL2's",
	      ste.data[2] == caps.ste2 && ste.data[3] == caps.ste3);
	for (i = 4; i < STRTAB_STE_DWORDS; i++)
		PROVE("dwords 4 to 7 are zero", !ste.data[i]);
	PROVE("EATS is never full ATS, with or without DPT", EATS(d1) == 0 || EATS(d1) == SPLIT);
	PROVE("EATS is split-stage ATS if and only if the host asks for full ATS of stage 1",
	      (EATS(d1) == SPLIT) == (ok && cfg == STAGE1 && EATS(host.data[1]) == FULL));
	PROVE("ATS is accepted where it is offered alone",
	      implies(ok && !ABORTS(cfg), EATS(host.data[1]) == 0 ||
		      (EATS(host.data[1]) == FULL && split_ats(&hw))));
	PROVE("of dword 1 the host has S1DSS to S1CSH, S1STALLD if there is a choice, and EATS",
	      (d1 & ~GENMASK(29, 28)) == (caps.ste1 | (none ? 0 : host.data[1] & of_host)));
	PROVE("EL2's bits of dword 1 are MEV and SHCFG=incoming",
	      caps.ste1 == (BIT_ULL(19) | 1ULL << 44));
	PROVE("an STE is valid if and only if the host's was accepted", ok == V(d0));
	PROVE("an STE that is refused is zero in dword 0", ok || !d0);
	PROVE("no valid STE comes of an invalid one or none",
	      implies(none || !V(host.data[0]), !ok));
	PROVE("an abort of the host's is an abort",
	      implies(ok && ABORTS(cfg), CONFIG(d0) == 0));
	PROVE("bypass becomes stage 2 alone",
	      implies(ok && cfg == BYPASS, d0 == (1 | STAGE2 << 1)));
	PROVE("stage 1 becomes both stages, its table at the host's address",
	      implies(ok && cfg == STAGE1, CONFIG(d0) == NESTED &&
		      (d0 & GENMASK(51, 6)) == (host.data[0] & GENMASK(51, 6))));
	PROVE("no Config of stage 2 is accepted", implies(ok, cfg <= STAGE1));
	PROVE("of dword 0 no bit but V, Config, S1Fmt, S1ContextPtr and S1CDMax is accepted",
	      implies(ok && !ABORTS(cfg), !(host.data[0] & GENMASK(58, 52))));
	PROVE("of dword 1 no bit but these, MEV, SHCFG and software's is accepted",
	      implies(ok && !ABORTS(cfg),
		      !(host.data[1] & ~(of_host | GENMASK(23, 19) | GENMASK(29, 28) |
					 GENMASK(45, 44)))));
	for (i = 2; i < STRTAB_STE_DWORDS; i++)
		PROVE("no bit of dwords 2 to 7 is accepted",
		      implies(ok && !ABORTS(cfg), !host.data[i]));
	PROVE("an abort and bypass with nothing else set are accepted",
	      implies(!none && V(host.data[0]) &&
		      (ABORTS(cfg) || (host.data[0] == (1 | BYPASS << 1) &&
				       !(host.data[1] & ~GENMASK(45, 44)) && !host.data[2] &&
				       !host.data[3] && !host.data[4] && !host.data[5] &&
				       !host.data[6] && !host.data[7])), ok));

	REACH("an abort", ok && CONFIG(d0) == 0);
	REACH("stage 2 alone", ok && CONFIG(d0) == STAGE2);
	REACH("both stages, one CD", ok && CONFIG(d0) == NESTED && !bits(d0, 63, 59));
	REACH("both stages, a linear table of CDs",
	      ok && CONFIG(d0) == NESTED && bits(d0, 63, 59) && !bits(d0, 5, 4));
	REACH("both stages, two levels of CDs",
	      ok && CONFIG(d0) == NESTED && bits(d0, 63, 59) && bits(d0, 5, 4) == 2);
	REACH("both stages, no stalls", ok && CONFIG(d0) == NESTED && bit_of(d1, 27));
	REACH("both stages and ATS", ok && CONFIG(d0) == NESTED && EATS(d1) == SPLIT);
	REACH("a valid STE that is refused", !ok && !none && V(host.data[0]));
	REACH("no STE", none);
}

/* Whether dwords 0 and 1 of two STEs are safe, whichever of them is the older one. */
static bool safe_mixed(const struct pkvm_smmu_ids *hw, const struct arm_smmu_ste *a,
		       const struct arm_smmu_ste *b)
{
	return safe(hw, a->data[0], b->data[1]) && safe(hw, b->data[0], a->data[1]);
}

/*
 * The SMMU may see each dword of the shadow STE before or after an update of it: what
 * it makes of any mixture is as safe as what it makes of both. That is so for each step
 * of an update; between two steps the SMMU forgets what it had before.
 */
void prove_ste_hitless(void)
{
	struct pkvm_smmu_ids hw = any_hw(ANY(u8));
	struct pkvm_smmu_caps caps = any_caps(&hw);
	struct arm_smmu_ste host = ANY(struct arm_smmu_ste), was = ANY(struct arm_smmu_ste);
	struct arm_smmu_ste ste, old, mixed, mixed_host = host, mid, last;
	bool ok, old_ok, mixed_ok, at_once, then;

	ok = pkvm_smmu_make_ste(&caps, &host, &ste);
	old_ok = pkvm_smmu_make_ste(&caps, &was, &old);
	mixed_host.data[1] = was.data[1];
	mixed_ok = pkvm_smmu_make_ste(&caps, &mixed_host, &mixed);

	mid = ste;
	at_once = pkvm_smmu_step_ste(&old, &mid);
	last = ste;
	then = pkvm_smmu_step_ste(&mid, &last);

	PROVE("each mixture of dwords 0 and 1 in a step is legal and passes only stage 2's",
	      safe_mixed(&hw, &old, &mid) && safe_mixed(&hw, &mid, &last));
	PROVE("two steps are enough, and one if none of the STEs has ATS",
	      then && (at_once || EATS(old.data[1]) || EATS(ste.data[1])));
	PROVE("the last step is to the STE that was to be made",
	      last.data[0] == ste.data[0] && last.data[1] == ste.data[1] &&
	      implies(at_once, mid.data[0] == ste.data[0] && mid.data[1] == ste.data[1]));
	PROVE("a stream that passes in both STEs passes in between, and one that does not, not",
	      implies(!at_once, V(mid.data[0]) && CONFIG(mid.data[0]) == NESTED &&
		      !EATS(mid.data[1]) && V(old.data[0]) && !ABORTS(CONFIG(old.data[0])) &&
		      V(ste.data[0]) && !ABORTS(CONFIG(ste.data[0]))));
	PROVE("dwords 2 to 7 of any two STEs are the same",
	      ste.data[2] == old.data[2] && ste.data[3] == old.data[3] &&
	      ste.data[4] == old.data[4] && ste.data[5] == old.data[5] &&
	      ste.data[6] == old.data[6] && ste.data[7] == old.data[7]);
	PROVE("a mixture of two STEs that are accepted is the STE of the host's mixture",
	      implies(ok && old_ok && mixed_ok,
		      mixed.data[0] == ste.data[0] &&
		      !((mixed.data[1] ^ old.data[1]) & ~GENMASK(29, 28))));
	PROVE("dword 1, EATS apart, depends on the host's dword 1 alone",
	      implies(host.data[1] == was.data[1],
		      !((ste.data[1] ^ old.data[1]) & ~GENMASK(29, 28))));
	PROVE("EATS depends on the host's EATS alone where Config stays",
	      implies(ok && old_ok && CONFIG(host.data[0]) == CONFIG(was.data[0]) &&
		      EATS(host.data[1]) == EATS(was.data[1]),
		      EATS(ste.data[1]) == EATS(old.data[1])));
	PROVE("dword 0 of STEs that are accepted depends on the host's dword 0 alone",
	      implies(ok && old_ok && host.data[0] == was.data[0],
		      ste.data[0] == old.data[0]));

	REACH("two steps to ATS", !at_once && EATS(ste.data[1]));
	REACH("two steps from ATS", !at_once && EATS(old.data[1]));
	REACH("two that differ in dword 0 alone",
	      ok && old_ok && ste.data[0] != old.data[0] && ste.data[1] == old.data[1]);
	REACH("two that differ in both dwords",
	      ok && old_ok && ste.data[0] != old.data[0] && ste.data[1] != old.data[1]);
}
