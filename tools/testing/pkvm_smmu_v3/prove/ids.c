// SPDX-License-Identifier: GPL-2.0-only
/* Which SMMUs EL2 takes, and what it offers of them: all 2^288 identifications. */
#include "any.h"

/* The fields that may be offered if the hardware has them. IHI0070G.b 6.3.1 to 6.3.6 */
static const u32 offered[6] = {
	/* S1P, TTF AArch64, COHACC, HTTU, ASID16, CD2L, TTENDIAN, TERM_MODEL, ST_LEVEL */
	BIT(1) | BIT(3) | BIT(4) | GENMASK(7, 6) | BIT(12) | BIT(19) | GENMASK(22, 21) | BIT(26) |
	GENMASK(28, 27),
	/* IDR1 has sizes alone, see below. */
	0,
	0,
	/* HAD, STT, RIL, BBML, E0PD */
	BIT(2) | BIT(9) | BIT(10) | GENMASK(12, 11) | BIT(13),
	0,
	/* OAS, GRAN4K, GRAN16K, GRAN64K, DS, VAX */
	GENMASK(2, 0) | GENMASK(6, 4) | BIT(7) | GENMASK(11, 10),
};

static u64 least(u64 a, u64 b)
{
	return a < b ? a : b;
}

void prove_ids_offered(void)
{
	struct pkvm_smmu_ids hw = any_hw(ANY(u8));
	struct pkvm_smmu_caps caps = any_caps(&hw);
	bool stalls = !bits(hw.idr[0], 25, 24);
	const u32 *idr = caps.ids.idr;

	PROVE("IDR0 offers nothing that the hardware lacks or that the emulation does not do",
	      idr[0] == ((hw.idr[0] & offered[0]) | bit_of(hw.idr[0], 4) << 13 |
			 split_ats(&hw) << 10 | (stalls ? 0 : BIT(24))));
	PROVE("no stage 2, Hyp, PRI, VMID16, ATOS, SEV or BTM is offered",
	      !(idr[0] & (BIT(0) | BIT(5) | BIT(9) | BIT(11) | BIT(14) | BIT(15) | BIT(16) |
			  BIT(17) | BIT(18) | BIT(20))));
	PROVE("ATS is offered where the hardware has it in split stages",
	      implies(bit_of(idr[0], 10), bit_of(hw.idr[0], 10) && !bit_of(hw.idr[0], 11)));
	PROVE("stalls are offered if and only if the hardware has a choice",
	      bits(idr[0], 25, 24) == !stalls && pkvm_smmu_can_stall(&caps) == stalls &&
	      bits(idr[5], 31, 16) == (stalls ? bits(hw.idr[5], 31, 16) : 0));
	PROVE("IDR1 has four sizes, none larger than the hardware's or what the emulation does",
	      bits(idr[1], 5, 0) == least(bits(hw.idr[1], 5, 0), 25) &&
	      bits(idr[1], 10, 6) == least(bits(hw.idr[1], 10, 6), 20) &&
	      bits(idr[1], 20, 16) == least(bits(hw.idr[1], 20, 16), 15) &&
	      bits(idr[1], 25, 21) == least(bits(hw.idr[1], 25, 21), 16) &&
	      !(idr[1] & (GENMASK(15, 11) | GENMASK(31, 26))));
	PROVE("the sizes are those that the rules go by",
	      caps.sid_bits == bits(idr[1], 5, 0) && caps.ssid_bits == bits(idr[1], 10, 6) &&
	      caps.evtq_bits == bits(idr[1], 20, 16) && caps.cmdq_bits == bits(idr[1], 25, 21));
	PROVE("IDR2 and IDR4 are zero", !idr[2] && !idr[4]);
	PROVE("IDR3 and IDR5 offer nothing that the hardware lacks",
	      idr[3] == (hw.idr[3] & offered[3]) &&
	      (idr[5] & GENMASK(15, 0)) == (hw.idr[5] & offered[5]));
	PROVE("IIDR and AIDR are the hardware's",
	      caps.ids.iidr == hw.iidr && caps.ids.aidr == hw.aidr);

	REACH("all that can be offered",
	      (idr[0] | GENMASK(22, 21) | GENMASK(28, 27)) ==
	      (offered[0] | BIT(10) | BIT(13)) &&
	      idr[3] == offered[3] && idr[5] == (offered[5] | GENMASK(31, 16)));
	REACH("no ATS of hardware that has it", bit_of(hw.idr[0], 10) && !bit_of(idr[0], 10));
	REACH("the least", !(idr[0] & BIT(19)) && !idr[3] && !bits(idr[1], 10, 6));
}

void prove_ids_check(void)
{
	struct pkvm_smmu_ids hw = ANY(struct pkvm_smmu_ids);
	static const u8 oas[8] = { 32, 36, 40, 42, 44, 48, 52, 56 };
	u8 pa_bits = ANY(u8);
	enum pkvm_smmu_refusal refusal = pkvm_smmu_check_ids(&hw, pa_bits);
	bool ok = refusal == SMMU_REFUSE_NONE;
	u64 size = pkvm_smmu_ecmdq_size(&hw), vatos = pkvm_smmu_vatos_offset(&hw);
	u32 variant = bits(hw.iidr, 19, 16), revision = bits(hw.iidr, 15, 12);

	PROVE("an SMMU that is taken has both stages and AArch64 tables",
	      implies(ok, bit_of(hw.idr[0], 0) && bit_of(hw.idr[0], 1) && bit_of(hw.idr[0], 3)));
	PROVE("... little-endian walks",
	      implies(ok, bits(hw.idr[0], 22, 21) != 1 && bits(hw.idr[0], 22, 21) != 3));
	PROVE("... faults that can be terminated", implies(ok, bits(hw.idr[0], 25, 24) < 2));
	PROVE("... no preset or relocated tables or queues",
	      implies(ok, !bits(hw.idr[1], 30, 28)));
	PROVE("... no enhanced command queues, or at most 256 in each of 256 pages of 64 KiB",
	      implies(ok && bit_of(hw.idr[1], 31),
		      bits(hw.idr6, 27, 24) <= 8 && bits(hw.idr6, 19, 16) <= 8 && size &&
		      size == 0x10000ULL << bits(hw.idr6, 27, 24)));
	PROVE("without enhanced command queues there are no pages of them",
	      implies(!bit_of(hw.idr[1], 31), !size));
	PROVE("a VATOS page begins behind the two pages, where IDR2 says",
	      vatos == (bit_of(hw.idr[0], 20) ? 0x20000 + bits(hw.idr[2], 9, 0) * 0x10000 : 0));
	PROVE("... two-level stream tables, or few streams",
	      implies(ok, bits(hw.idr[0], 28, 27) == 1 ||
		      bits(hw.idr[1], 5, 0) <= PAGE_SHIFT - 6));
	PROVE("... the granule of PAGE_SIZE",
	      implies(ok, bit_of(hw.idr[5], PAGE_SHIFT / 2 - 2)));
	PROVE("... output addresses that cover what devices have to reach, of at most 48 bits",
	      implies(ok, pa_bits <= 48 && pa_bits <= oas[bits(hw.idr[5], 2, 0)]));
	PROVE("... a command queue of 32 entries or more",
	      implies(ok, bits(hw.idr[1], 25, 21) >= 5));
	PROVE("... and is no MMU-600 before r2, and no MMU-700 with errata of nesting",
	      implies(ok && bits(hw.iidr, 11, 0) == 0x43b,
		      !(bits(hw.iidr, 31, 20) == 0x483 && variant < 2) &&
		      !(bits(hw.iidr, 31, 20) == 0x487 && (!variant || !revision))));
	PROVE("each refusal has its words",
	      refusal >= 0 && refusal < SMMU_NR_REFUSALS && pkvm_smmu_refusal_str(refusal));

	REACH("an SMMU that is taken", ok);
	REACH("one that is not coherent", ok && !bit_of(hw.idr[0], 4));
	REACH("one with all that may be elsewhere",
	      ok && size == 256 * 0x10000 && vatos == 0x4010000);
	REACH("an MMU-600 that is taken",
	      ok && bits(hw.iidr, 11, 0) == 0x43b && bits(hw.iidr, 31, 20) == 0x483);
	REACH("one that is refused for the last reason", refusal == SMMU_REFUSE_ERRATUM);
}
