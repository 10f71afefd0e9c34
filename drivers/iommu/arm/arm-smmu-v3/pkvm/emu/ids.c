// SPDX-License-Identifier: GPL-2.0-only
/*
 * Emulated SMMUv3: which SMMUs EL2 can own, and which features the host is offered.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/sizes.h>

#include <kunit/visibility.h>

#include "emu.h"

/* The most that the architecture allows. IHI0070G.b 6.3.2, 6.3.8 */
#define SMMU_EMU_MAX_SSID_BITS		20
#define SMMU_EMU_MAX_LOG2NUM		8

/*
 * Features that the host is offered if the hardware has them. Stage 2 is EL2's. PRI and ATOS
 * would let the SMMU use addresses of the host's choice outside stage 2. For ATS see
 * pkvm_smmu_has_split_ats(), for stalls and MSI pkvm_smmu_init_caps(). IHI0070G.b 6.3.1 to 6.3.6
 */
static const u32 pkvm_smmu_offered[] = {
	[0] = IDR0_S1P | FIELD_PREP_CONST(IDR0_TTF, IDR0_TTF_AARCH64) |
	      IDR0_COHACC | IDR0_HTTU | IDR0_ASID16 | IDR0_CD2L |
	      IDR0_TTENDIAN | IDR0_TERM_MODEL | IDR0_ST_LVL,
	[1] = IDR1_SIDSIZE | IDR1_SSIDSIZE | IDR1_EVTQS | IDR1_CMDQS,
	[2] = 0,
	[3] = IDR3_HAD | IDR3_STT | IDR3_RIL | IDR3_BBM | IDR3_E0PD,
	[4] = 0,
	[5] = IDR5_OAS | IDR5_GRAN4K | IDR5_GRAN16K | IDR5_GRAN64K |
	      IDR5_DS | IDR5_VAX | IDR5_STALL_MAX,
};

static u32 pkvm_smmu_page_granule(void)
{
	switch (PAGE_SIZE) {
	case SZ_4K:
		return IDR5_GRAN4K;
	case SZ_16K:
		return IDR5_GRAN16K;
	default:
		return IDR5_GRAN64K;
	}
}

/* The value of a register's field, at most @max */
#define pkvm_smmu_field(field, reg, max)	min_t(u8, FIELD_GET(field, reg), max)

/* Return the stream ID bits that the host is offered: EL2's stream table covers them. */
u8 pkvm_smmu_sid_bits(const struct pkvm_smmu_ids *hw)
{
	return pkvm_smmu_field(IDR1_SIDSIZE, hw->idr[1], SMMU_EMU_MAX_SID_BITS);
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_smmu_sid_bits);

static u8 pkvm_smmu_cmdq_bits(const struct pkvm_smmu_ids *hw)
{
	return pkvm_smmu_field(IDR1_CMDQS, hw->idr[1], SMMU_EMU_MAX_CMDQ_SHIFT);
}

/**
 * pkvm_smmu_oas_bits - Return the output address bits of EL2's stage 2
 * @idr5: IDR5
 *
 * Return: IDR5.OAS in bits, at most 48: more need S2DS, which EL2 does not use.
 */
u8 pkvm_smmu_oas_bits(u32 idr5)
{
	static const u8 bits[] = { 32, 36, 40, 42, 44, 48, 48, 48 };

	return bits[FIELD_GET(IDR5_OAS, idr5)];
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_smmu_oas_bits);

static bool pkvm_smmu_little_endian(u32 idr0)
{
	u32 ttendian = FIELD_GET(IDR0_TTENDIAN, idr0);

	return ttendian == IDR0_TTENDIAN_LE || ttendian == IDR0_TTENDIAN_MIXED;
}

/* Errata by which nested translation fails: see arm_smmu_device_iidr_probe(). */
static bool pkvm_smmu_nesting_erratum(u32 iidr)
{
	u32 variant = FIELD_GET(IIDR_VARIANT, iidr);
	u32 revision = FIELD_GET(IIDR_REVISION, iidr);

	if (FIELD_GET(IIDR_IMPLEMENTER, iidr) != IIDR_IMPLEMENTER_ARM)
		return false;

	switch (FIELD_GET(IIDR_PRODUCTID, iidr)) {
	case IIDR_PRODUCTID_ARM_MMU_600:
		/* Arm erratum 1209401 */
		return variant < 2;
	case IIDR_PRODUCTID_ARM_MMU_700:
		/* Arm errata 2268618, 2812531 */
		return variant < 1 || revision < 1;
	default:
		return false;
	}
}

static enum pkvm_smmu_refusal pkvm_smmu_check_stages(const struct pkvm_smmu_ids *ids)
{
	u32 idr0 = ids->idr[0];

	if (!(idr0 & IDR0_S1P))
		return SMMU_REFUSE_NO_STAGE1;
	if (!(idr0 & IDR0_S2P))
		return SMMU_REFUSE_NO_STAGE2;
	if (!(FIELD_GET(IDR0_TTF, idr0) & IDR0_TTF_AARCH64))
		return SMMU_REFUSE_NO_AARCH64;
	if (!pkvm_smmu_little_endian(idr0))
		return SMMU_REFUSE_BIG_ENDIAN;
	if (FIELD_GET(IDR0_STALL_MODEL, idr0) >= IDR0_STALL_MODEL_FORCE)
		return SMMU_REFUSE_STALL_FORCED;
	return SMMU_REFUSE_NONE;
}

/* Return the offset of the VATOS page from page 0 in bytes, or 0 if there is none. */
u64 pkvm_smmu_vatos_offset(const struct pkvm_smmu_ids *hw)
{
	if (!(hw->idr[0] & IDR0_VATOS))
		return 0;
	return SMMU_EMU_SIZE + (u64)FIELD_GET(IDR2_BA_VATOS, hw->idr[2]) * SZ_64K;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_smmu_vatos_offset);

/*
 * Return the bytes of the control pages of enhanced command queues, or 0 if there are none or
 * IDR6 is invalid.
 */
u64 pkvm_smmu_ecmdq_size(const struct pkvm_smmu_ids *hw)
{
	u32 pages = FIELD_GET(IDR6_LOG2NUMP, hw->idr6);

	if (!(hw->idr[1] & IDR1_ECMDQ) || pages > SMMU_EMU_MAX_LOG2NUM ||
	    FIELD_GET(IDR6_LOG2NUMQ, hw->idr6) > SMMU_EMU_MAX_LOG2NUM)
		return 0;
	return (u64)SZ_64K << pages;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_smmu_ecmdq_size);

/* EL2 needs tables and queues in memory, and has to withhold enhanced command queues. */
static enum pkvm_smmu_refusal pkvm_smmu_check_layout(const struct pkvm_smmu_ids *ids)
{
	if (ids->idr[1] & (IDR1_TABLES_PRESET | IDR1_QUEUES_PRESET | IDR1_REL))
		return SMMU_REFUSE_PRESET;
	if ((ids->idr[1] & IDR1_ECMDQ) && !pkvm_smmu_ecmdq_size(ids))
		return SMMU_REFUSE_ECMDQ;
	return SMMU_REFUSE_NONE;
}

/*
 * Hardware without two-level stream tables ignores STRTAB_BASE_CFG.FMT. It would take EL2's
 * level 1 descriptors for STEs.
 */
static bool pkvm_smmu_strtab_fits(const struct pkvm_smmu_ids *ids)
{
	return pkvm_smmu_sid_bits(ids) <= SMMU_EMU_SPLIT ||
	       FIELD_GET(IDR0_ST_LVL, ids->idr[0]) == IDR0_ST_LVL_2LVL;
}

static enum pkvm_smmu_refusal pkvm_smmu_check_sizes(const struct pkvm_smmu_ids *ids,
						    u8 pa_bits)
{
	if (!pkvm_smmu_strtab_fits(ids))
		return SMMU_REFUSE_NO_2LVL;
	if (!(ids->idr[5] & pkvm_smmu_page_granule()))
		return SMMU_REFUSE_NO_GRANULE;
	if (pkvm_smmu_oas_bits(ids->idr[5]) < pa_bits)
		return SMMU_REFUSE_OAS;
	if (pkvm_smmu_cmdq_bits(ids) < SMMU_EMU_MIN_CMDQ_SHIFT)
		return SMMU_REFUSE_CMDQ_SIZE;
	return SMMU_REFUSE_NONE;
}

/**
 * pkvm_smmu_check_ids - Check whether EL2 can own an SMMU
 * @ids:     the hardware's identification registers
 * @pa_bits: bits of the highest physical address that a device may have to reach
 *
 * The SMMU needs a translation granule of the kernel's PAGE_SIZE.
 *
 * Return: SMMU_REFUSE_NONE, or the first reason why EL2 cannot own it.
 */
enum pkvm_smmu_refusal pkvm_smmu_check_ids(const struct pkvm_smmu_ids *ids, u8 pa_bits)
{
	enum pkvm_smmu_refusal refusal;

	refusal = pkvm_smmu_check_stages(ids);
	if (refusal == SMMU_REFUSE_NONE)
		refusal = pkvm_smmu_check_layout(ids);
	if (refusal == SMMU_REFUSE_NONE)
		refusal = pkvm_smmu_check_sizes(ids, pa_bits);
	if (refusal == SMMU_REFUSE_NONE && pkvm_smmu_nesting_erratum(ids->iidr))
		refusal = SMMU_REFUSE_ERRATUM;
	return refusal;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_smmu_check_ids);

/**
 * pkvm_smmu_refusal_str - Describe a refusal, for a message or sysfs
 * @refusal: any value
 *
 * Return: a static string without a full stop, never NULL.
 */
const char *pkvm_smmu_refusal_str(enum pkvm_smmu_refusal refusal)
{
	static const char * const str[SMMU_NR_REFUSALS] = {
		[SMMU_REFUSE_NONE] = "can be owned",
		[SMMU_REFUSE_NO_STAGE1] = "no stage 1 translation",
		[SMMU_REFUSE_NO_STAGE2] = "no stage 2 translation",
		[SMMU_REFUSE_NO_AARCH64] = "no AArch64 translation tables",
		[SMMU_REFUSE_BIG_ENDIAN] = "no little-endian translation tables",
		[SMMU_REFUSE_STALL_FORCED] = "faults always stall",
		[SMMU_REFUSE_PRESET] = "stream table or queues are preset",
		[SMMU_REFUSE_ECMDQ] = "its enhanced command queues cannot be withheld",
		[SMMU_REFUSE_VATOS] = "its page of virtual ATOS registers cannot be withheld",
		[SMMU_REFUSE_CMDQV] = "its CMDQ-V queues cannot be withheld",
		[SMMU_REFUSE_NO_2LVL] = "no two-level stream table for its stream IDs",
		[SMMU_REFUSE_NO_GRANULE] = "no translation granule of the page size",
		[SMMU_REFUSE_OAS] = "output addresses do not cover physical memory",
		[SMMU_REFUSE_CMDQ_SIZE] = "command queue too small",
		[SMMU_REFUSE_ERRATUM] = "erratum in nested translation",
	};

	if ((unsigned int)refusal >= SMMU_NR_REFUSALS || !str[refusal])
		return "unknown reason";
	return str[refusal];
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_smmu_refusal_str);

/*
 * With split-stage ATS a device caches IPAs, and each of its translated transactions goes
 * through stage 2. Full ATS would skip stage 2. IHI0070G.b 3.9.1, 6.3.1
 */
static bool pkvm_smmu_has_split_ats(const struct pkvm_smmu_ids *hw)
{
	return (hw->idr[0] & (IDR0_ATS | IDR0_NS1ATS)) == IDR0_ATS;
}

/**
 * pkvm_smmu_init_caps - Derive what the host is offered from the hardware
 * @caps: result, apart from @ste2, @ste3, @features, @cmd and @row
 * @hw:   the hardware's identification registers, accepted by pkvm_smmu_check_ids();
 *        IDR0.COHACC is what firmware says
 *
 * The host is offered the features in pkvm_smmu_offered[] that the hardware has. Stage 2, Hyp,
 * PRI, SEV, VMID16, ATOS and BTM are not among them. Three more depend on the SMMU: stalls are
 * offered if the hardware has them, ATS if the hardware can do it in split stages, and MSIs if
 * the SMMU is coherent. MSIs do not need the hardware's: EL2 writes the MSI of a CMD_SYNC.
 */
void pkvm_smmu_init_caps(struct pkvm_smmu_caps *caps, const struct pkvm_smmu_ids *hw)
{
	struct pkvm_smmu_ids *ids = &caps->ids;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pkvm_smmu_offered); i++)
		ids->idr[i] = hw->idr[i] & pkvm_smmu_offered[i];
	ids->iidr = hw->iidr;
	ids->aidr = hw->aidr;

	if (FIELD_GET(IDR0_STALL_MODEL, hw->idr[0]) != IDR0_STALL_MODEL_STALL) {
		ids->idr[0] |= FIELD_PREP(IDR0_STALL_MODEL, IDR0_STALL_MODEL_TERMINATE);
		ids->idr[5] &= ~IDR5_STALL_MAX;
	}

	if (pkvm_smmu_has_split_ats(hw))
		ids->idr[0] |= IDR0_ATS;

	/*
	 * If the hardware has no MSIs, EL2 writes the CMD_SYNC's, so that the host's driver
	 * polls memory and not CMDQ_CONS, which traps. It does so only if the SMMU snoops.
	 */
	if (hw->idr[0] & IDR0_COHACC)
		ids->idr[0] |= IDR0_MSI;

	caps->sid_bits = pkvm_smmu_sid_bits(hw);
	caps->ssid_bits = pkvm_smmu_field(IDR1_SSIDSIZE, hw->idr[1], SMMU_EMU_MAX_SSID_BITS);
	caps->cmdq_bits = pkvm_smmu_cmdq_bits(hw);
	caps->evtq_bits = pkvm_smmu_field(IDR1_EVTQS, hw->idr[1], SMMU_EMU_MAX_EVTQ_SHIFT);
	ids->idr[1] = FIELD_PREP(IDR1_SIDSIZE, caps->sid_bits) |
		      FIELD_PREP(IDR1_SSIDSIZE, caps->ssid_bits) |
		      FIELD_PREP(IDR1_CMDQS, caps->cmdq_bits) |
		      FIELD_PREP(IDR1_EVTQS, caps->evtq_bits);

	caps->ste1 = STRTAB_STE_1_MEV |
		     FIELD_PREP(STRTAB_STE_1_SHCFG, STRTAB_STE_1_SHCFG_INCOMING);
	caps->ste1_host = STRTAB_STE_1_S1_ATTRS;
	/* S1STALLD is ILLEGAL where the hardware cannot stall. IHI0070G.b 5.2.2 */
	if (pkvm_smmu_can_stall(caps))
		caps->ste1_host |= STRTAB_STE_1_S1STALLD;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_smmu_init_caps);

static u64 pkvm_smmu_s2tg(void)
{
	switch (PAGE_SIZE) {
	case SZ_4K:
		return 0;
	case SZ_16K:
		return 2;
	default:
		return 1;
	}
}

/* The start level's encoding is one off for the 4 KiB granule. DDI0487 VTCR_EL2.SL0 */
static u64 pkvm_smmu_s2sl0(s8 start_level)
{
	return ~(start_level + (PAGE_SIZE == SZ_4K)) & 3;
}

/**
 * pkvm_smmu_s2_ste - Make dwords 2 and 3 of the shadow STEs
 * @caps:        @ste2 and @ste3 are filled
 * @pgd:         physical address of the root of EL2's stage 2
 * @ia_bits:     its input size in bits
 * @start_level: the level of its root, 0 to 3
 * @hw:          the hardware's identification registers; IDR0.COHACC is what firmware says
 *
 * Table walks are write-back inner shareable if the SMMU is coherent, else non-cacheable. The
 * granule is PAGE_SIZE. Faults are recorded and never stall.
 */
void pkvm_smmu_s2_ste(struct pkvm_smmu_caps *caps, u64 pgd, u8 ia_bits, s8 start_level,
		      const struct pkvm_smmu_ids *hw)
{
	/* See pkvm_smmu_oas_bits(). */
	u8 ps = pkvm_smmu_field(IDR5_OAS, hw->idr[5], IDR5_OAS_48_BIT);
	bool coherent = hw->idr[0] & IDR0_COHACC;
	u8 sh = coherent ? ARM_SMMU_SH_ISH : ARM_SMMU_SH_OSH;
	u64 vtcr = FIELD_PREP(STRTAB_STE_2_VTCR_S2T0SZ, 64 - ia_bits) |
		   FIELD_PREP(STRTAB_STE_2_VTCR_S2SL0, pkvm_smmu_s2sl0(start_level)) |
		   FIELD_PREP(STRTAB_STE_2_VTCR_S2IR0, coherent) |
		   FIELD_PREP(STRTAB_STE_2_VTCR_S2OR0, coherent) |
		   FIELD_PREP(STRTAB_STE_2_VTCR_S2SH0, sh) |
		   FIELD_PREP(STRTAB_STE_2_VTCR_S2TG, pkvm_smmu_s2tg()) |
		   FIELD_PREP(STRTAB_STE_2_VTCR_S2PS, ps);

	/* S2PTW would have no effect: stage 2 maps nothing as Device. */
	caps->ste2 = FIELD_PREP(STRTAB_STE_2_S2VMID, SMMU_EMU_VMID) |
		     FIELD_PREP(STRTAB_STE_2_VTCR, vtcr) |
		     STRTAB_STE_2_S2AA64 | STRTAB_STE_2_S2AFFD |
		     STRTAB_STE_2_S2R;
	caps->ste3 = pgd & STRTAB_STE_3_S2TTB_MASK;
}
EXPORT_SYMBOL_IF_KUNIT(pkvm_smmu_s2_ste);
