// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dwords 2 and 3 of the shadow STEs: all input sizes and roots, all SMMUs that EL2 can
 * own. DDI0487 D8.2, IHI0070G.b 5.2
 */
#include "any.h"

static int start_level_of(u64 tg, u64 sl0)
{
	/* S2SL0 for 4 KiB: 0 = level 2, 1 = 1, 2 = 0; else 0 = 3, 1 = 2, 2 = 1. */
	return (tg ? 3 : 2) - (int)sl0;
}

void prove_stage2(void)
{
	static const u8 s2ps_bits[8] = { 32, 36, 40, 42, 44, 48 };
	u8 pa_bits = ANY(u8), ia_bits = ANY(u8);
	struct pkvm_smmu_ids hw = any_hw(pa_bits);
	struct pkvm_smmu_caps caps = any_caps(&hw);
	u64 pgd = ANY(u64), ste1 = caps.ste1, d2, vtcr, tg;
	s8 level = ANY(s8);

	ASSUME(level >= 0 && level <= 3);
	ASSUME(ia_bits >= 32 && ia_bits <= 48);
	pkvm_smmu_s2_ste(&caps, pgd, ia_bits, level, &hw);
	d2 = caps.ste2;
	vtcr = bits(d2, 50, 32);
	tg = bits(vtcr, 15, 14);

	PROVE("S2VMID is EL2's", bits(d2, 15, 0) == 0);
	PROVE("S2T0SZ is the input size", 64 - bits(vtcr, 5, 0) == ia_bits);
	PROVE("S2TG is PAGE_SIZE", tg == (PAGE_SHIFT == 12 ? 0 : PAGE_SHIFT == 14 ? 2 : 1));
	/* No level 3 of 4 KiB without small translation tables, no level 0 of 64 KiB. */
	PROVE("S2SL0 is the start level",
	      implies(tg ? level > 0 : level < 3,
		      bits(vtcr, 7, 6) < 3 && start_level_of(tg, bits(vtcr, 7, 6)) == level));
	PROVE("walks are write-back inner shareable, or else non-cacheable",
	      bit_of(hw.idr[0], 4) ?
	      bits(vtcr, 9, 8) == 1 && bits(vtcr, 11, 10) == 1 && bits(vtcr, 13, 12) == 3 :
	      !bits(vtcr, 11, 8) && bits(vtcr, 13, 12) == 2);
	PROVE("S2PS is no more than the hardware has, and no more than 48 bits",
	      bits(vtcr, 18, 16) <= bits(hw.idr[5], 2, 0) && bits(vtcr, 18, 16) <= 5);
	PROVE("S2PS covers what devices have to reach",
	      pa_bits <= s2ps_bits[bits(vtcr, 18, 16)]);
	PROVE("AArch64, little endian, no stall, Access flag not from hardware",
	      bit_of(d2, 51) && !bit_of(d2, 52) && bit_of(d2, 53) && !bits(d2, 57, 55));
	/* S2PTW has no effect, as nothing in stage 2 is of a Device type. */
	PROVE("S2PTW is clear, and faults are recorded", !bit_of(d2, 54) && bit_of(d2, 58));
	PROVE("nothing else of dword 2 is set", !(d2 & (GENMASK(31, 16) | GENMASK(63, 59))));
	PROVE("S2TTB is the root", implies(!(pgd & ~GENMASK(51, 4)), caps.ste3 == pgd));
	PROVE("nothing else of dword 3 is set", !(caps.ste3 & ~GENMASK(51, 4)));
	PROVE("dword 1 stays", caps.ste1 == ste1);

	REACH("48 bits in", ia_bits == 48);
	REACH("start level 1", level == 1);
	REACH("an SMMU that is not coherent", !bit_of(hw.idr[0], 4));
}
