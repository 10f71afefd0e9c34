// SPDX-License-Identifier: GPL-2.0-only
/*
 * Emulated SMMUv3: STEs and the geometry of the host's stream table.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/minmax.h>

#include "emu.h"

#define STE_SHIFT			6
#define L1STD_SHIFT			3

/* A reserved value that means linear. IHI0070G.b 5.2 */
#define STRTAB_STE_0_S1FMT_RESERVED	3

/* IHI0070G.b 5.2: ignored by the SMMU, kept by software. */
#define STRTAB_STE_1_SW_RESERVED	GENMASK_ULL(23, 20)

/*
 * Bits that the host may set. In dword 0 they are those of user space for a nested domain. In
 * dword 1 they are @ste1_host, whose effects stage 2 confines; MEV and SHCFG, which EL2 sets in
 * the shadow STE in any case; and EATS if ATS is offered.
 */
#define STE_1_IGNORED	(STRTAB_STE_1_MEV | STRTAB_STE_1_SHCFG | STRTAB_STE_1_SW_RESERVED)
#define STE_1_ATS	cpu_to_le64(FIELD_PREP(STRTAB_STE_1_EATS, STRTAB_STE_1_EATS_TRANS))
#define STE_1_SPLIT_ATS	cpu_to_le64(FIELD_PREP(STRTAB_STE_1_EATS, STRTAB_STE_1_EATS_S1CHK))

static u64 pkvm_smmu_ste_cfg(const struct arm_smmu_ste *ste)
{
	u64 ste0 = le64_to_cpu(ste->data[0]);

	return ste0 & STRTAB_STE_0_V ? FIELD_GET(STRTAB_STE_0_CFG, ste0) : STRTAB_STE_0_CFG_ABORT;
}

/* Check the host's stage 1 against the offered ID registers. IHI0070G.b 5.2.2 */
static bool pkvm_smmu_ste_stage1_ok(const struct pkvm_smmu_caps *caps, u64 ste0)
{
	u64 fmt = FIELD_GET(STRTAB_STE_0_S1FMT, ste0);
	u64 cdmax = FIELD_GET(STRTAB_STE_0_S1CDMAX, ste0);

	/* S1CDMax and S1Fmt are ignored without substreams. */
	if (!caps->ssid_bits || !cdmax)
		return true;
	if (cdmax > caps->ssid_bits)
		return false;

	return fmt == STRTAB_STE_0_S1FMT_LINEAR ||
	       fmt == STRTAB_STE_0_S1FMT_RESERVED ||
	       (caps->ids.idr[0] & IDR0_CD2L);
}

static bool pkvm_smmu_ste_ok(const struct pkvm_smmu_caps *caps,
			     const struct arm_smmu_ste *host)
{
	u64 ste0 = le64_to_cpu(host->data[0]);
	__le64 ste1 = cpu_to_le64(caps->ste1_host | STE_1_IGNORED);
	unsigned int i;

	if (caps->ids.idr[0] & IDR0_ATS)
		ste1 |= STE_1_ATS;
	if ((host->data[0] & ~STRTAB_STE_0_NESTING_ALLOWED) || (host->data[1] & ~ste1))
		return false;

	/* No stage 2, MPAM or Secure state is offered. */
	for (i = 2; i < STRTAB_STE_DWORDS; i++)
		if (host->data[i])
			return false;

	if (FIELD_GET(STRTAB_STE_0_CFG, ste0) == STRTAB_STE_0_CFG_S1_TRANS)
		return pkvm_smmu_ste_stage1_ok(caps, ste0);
	return true;
}

/* Return the stage 1 fields of dword 0, without those that the SMMU has to ignore. */
static u64 pkvm_smmu_ste0_stage1(const struct pkvm_smmu_caps *caps, u64 ste0)
{
	u64 fmt = FIELD_GET(STRTAB_STE_0_S1FMT, ste0);
	u64 mask = STRTAB_STE_0_S1FMT | STRTAB_STE_0_S1CTXPTR_MASK | STRTAB_STE_0_S1CDMAX;

	if (!caps->ssid_bits)
		mask &= ~STRTAB_STE_0_S1CDMAX;
	if (!FIELD_GET(STRTAB_STE_0_S1CDMAX, ste0 & mask) ||
	    fmt == STRTAB_STE_0_S1FMT_RESERVED)
		mask &= ~STRTAB_STE_0_S1FMT;
	return ste0 & mask;
}

/*
 * Return dword 0 of the shadow STE for a valid host STE, or 0 if the host may not have that STE.
 * Every result that lets a transaction pass has stage 2.
 */
static u64 pkvm_smmu_make_ste0(const struct pkvm_smmu_caps *caps,
			       const struct arm_smmu_ste *host)
{
	u64 ste0 = le64_to_cpu(host->data[0]);
	u64 cfg = FIELD_GET(STRTAB_STE_0_CFG, ste0);

	/* Config 0b0xx aborts, and the SMMU looks at nothing else. */
	if (cfg < STRTAB_STE_0_CFG_BYPASS)
		return STRTAB_STE_0_V |
		       FIELD_PREP(STRTAB_STE_0_CFG, STRTAB_STE_0_CFG_ABORT);

	if (!pkvm_smmu_ste_ok(caps, host))
		return 0;

	switch (cfg) {
	case STRTAB_STE_0_CFG_BYPASS:
		return STRTAB_STE_0_V |
		       FIELD_PREP(STRTAB_STE_0_CFG, STRTAB_STE_0_CFG_S2_TRANS);
	case STRTAB_STE_0_CFG_S1_TRANS:
		return STRTAB_STE_0_V |
		       FIELD_PREP(STRTAB_STE_0_CFG, STRTAB_STE_0_CFG_NESTED) |
		       pkvm_smmu_ste0_stage1(caps, ste0);
	default:
		return 0;
	}
}

/**
 * pkvm_smmu_make_ste - Make the hardware's STE from the host's
 * @caps: what the host is offered, and EL2's stage 2
 * @host: EL2's copy of the host's STE, or NULL if the host has none
 * @out:  the shadow STE
 *
 * Bypass becomes stage 2 only, stage 1 becomes nested, abort stays abort. Any other STE, and
 * one with a bit outside the allow-list, becomes V=0. Dwords 2 and 3 of @out are always EL2's
 * stage 2, dwords 4 to 7 are zero. EATS is 0b10, split-stage ATS, if @out is nested and the
 * host asks for ATS, else 0.
 *
 * Dword 0 of an accepted @out depends on dword 0 of @host alone. Dword 1 of any @out, apart
 * from EATS, depends on dword 1 of @host alone. So a host update of one dword changes one
 * dword here, and is as hitless (IHI0070G.b 3.21.3.1). A change of EATS takes
 * pkvm_smmu_step_ste().
 *
 * Return: true if the host's STE was accepted; an abort is accepted.
 */
bool pkvm_smmu_make_ste(const struct pkvm_smmu_caps *caps,
			const struct arm_smmu_ste *host, struct arm_smmu_ste *out)
{
	u64 ste0 = 0, ste1 = caps->ste1;

	if (host) {
		if (host->data[0] & cpu_to_le64(STRTAB_STE_0_V))
			ste0 = pkvm_smmu_make_ste0(caps, host);
		ste1 |= le64_to_cpu(host->data[1]) & caps->ste1_host;
	}

	*out = (struct arm_smmu_ste){
		.data = {
			cpu_to_le64(ste0), cpu_to_le64(ste1),
			cpu_to_le64(caps->ste2), cpu_to_le64(caps->ste3),
		},
	};
	if (pkvm_smmu_ste_cfg(out) == STRTAB_STE_0_CFG_NESTED && (host->data[1] & STE_1_ATS))
		out->data[1] |= STE_1_SPLIT_ATS;
	return ste0;
}

/**
 * pkvm_smmu_step_ste - Find the next step from one shadow STE to another
 * @cur: the STE that the hardware has, from pkvm_smmu_make_ste() or this function
 * @new: the STE that it is to have; changed to the STE to install next
 *
 * The SMMU may take dword 0 of one STE and dword 1 of the other (IHI0070G.b 3.21.3). EATS
 * beside stage 2 alone is ILLEGAL (5.2.2): a nested STE without EATS goes between the two.
 *
 * Return: true = @new is unchanged; false = @new is the STE in between, and the hardware has
 * to forget @cur before the next step.
 */
bool pkvm_smmu_step_ste(const struct arm_smmu_ste *cur, struct arm_smmu_ste *new)
{
	if (pkvm_smmu_ste_cfg(cur) == STRTAB_STE_0_CFG_S2_TRANS &&
	    (new->data[1] & STE_1_SPLIT_ATS)) {
		new->data[1] &= ~STE_1_SPLIT_ATS;
		return false;
	}
	if (pkvm_smmu_ste_cfg(new) == STRTAB_STE_0_CFG_S2_TRANS &&
	    (cur->data[1] & STE_1_SPLIT_ATS)) {
		new->data[0] = cur->data[0];
		return false;
	}
	return true;
}

static u64 pkvm_smmu_align_down(u64 addr, u8 bits)
{
	return bits < 64 ? addr >> bits << bits : 0;
}

static u8 pkvm_smmu_strtab_split(u32 cfg)
{
	u8 split = FIELD_GET(STRTAB_BASE_CFG_SPLIT, cfg);

	return split == 8 || split == 10 ? split : 6;
}

/**
 * pkvm_smmu_strtab_decode - Decode STRTAB_BASE and STRTAB_BASE_CFG
 * @caps: what the host is offered
 * @base: STRTAB_BASE
 * @cfg:  STRTAB_BASE_CFG
 *
 * A reserved FMT means linear, a reserved SPLIT means 6. The alignment comes from LOG2SIZE as
 * written, the range from min(LOG2SIZE, SIDSIZE) (IHI0070G.b 6.3.24, 6.3.25).
 *
 * Return: the table.
 */
struct pkvm_smmu_strtab pkvm_smmu_strtab_decode(const struct pkvm_smmu_caps *caps,
						u64 base, u32 cfg)
{
	u8 log2size = FIELD_GET(STRTAB_BASE_CFG_LOG2SIZE, cfg);
	struct pkvm_smmu_strtab st = {
		.log2size = min(log2size, caps->sid_bits),
	};
	u8 bits = log2size + STE_SHIFT;

	/* FMT and SPLIT are RES0 without two levels. */
	if (FIELD_GET(IDR0_ST_LVL, caps->ids.idr[0]) == IDR0_ST_LVL_2LVL &&
	    FIELD_GET(STRTAB_BASE_CFG_FMT, cfg) == STRTAB_BASE_CFG_FMT_2LVL) {
		st.two_level = true;
		st.split = pkvm_smmu_strtab_split(cfg);
		bits = log2size > st.split ? log2size - st.split : 0;
		bits += L1STD_SHIFT;
	}

	st.base = pkvm_smmu_align_down(base & STRTAB_BASE_ADDR_MASK, bits);
	return st;
}

/**
 * pkvm_smmu_l1std_addr - Find the level 1 descriptor of a stream
 * @st:  a two-level table
 * @sid: a stream ID below 2^@st->log2size
 *
 * Return: physical address of the 8-byte descriptor.
 */
u64 pkvm_smmu_l1std_addr(const struct pkvm_smmu_strtab *st, u32 sid)
{
	return st->base + ((u64)(sid >> st->split) << L1STD_SHIFT);
}

/*
 * Return log2 of the STEs that a level 1 descriptor covers, or -1 if it is invalid. The reserved
 * values of Span, above 11, are above every SPLIT + 1.
 */
static int pkvm_smmu_l1std_shift(const struct pkvm_smmu_strtab *st, u64 l1std)
{
	u64 span = FIELD_GET(STRTAB_L1_DESC_SPAN, l1std);

	if (!span || span > st->split + 1)
		return -1;
	return span - 1;
}

/**
 * pkvm_smmu_ste_addr - Find the STE of a stream
 * @st:    the host's table
 * @l1std: the level 1 descriptor of @sid, CPU endian; ignored for a linear table
 * @sid:   any stream ID
 * @addr:  physical address of the STE
 *
 * A Span of 0, above 11 or above SPLIT + 1 is invalid (IHI0070G.b 5.1).
 *
 * Return: the number of STEs from @sid to the end of its table, or 0 if @sid has no STE.
 */
u32 pkvm_smmu_ste_addr(const struct pkvm_smmu_strtab *st, u64 l1std, u32 sid, u64 *addr)
{
	u64 left = 1ULL << st->log2size;
	int shift;
	u32 idx;

	if (sid >= left)
		return 0;
	left -= sid;

	if (!st->two_level) {
		*addr = st->base + ((u64)sid << STE_SHIFT);
		return left;
	}

	shift = pkvm_smmu_l1std_shift(st, l1std);
	idx = sid & ((1U << st->split) - 1);
	if (shift < 0 || idx >= 1U << shift)
		return 0;

	*addr = pkvm_smmu_align_down(l1std & STRTAB_L1_DESC_L2PTR_MASK, shift + STE_SHIFT) +
		((u64)idx << STE_SHIFT);
	return min(left, (1U << shift) - idx);
}
