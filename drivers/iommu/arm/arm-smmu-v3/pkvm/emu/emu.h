/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Emulated SMMUv3: the pure logic.
 *
 * Every function here depends on its arguments alone: no hardware access, no lock, no
 * allocation, no hypervisor service. One source is compiled into the hypervisor (EL2), where it
 * decides what the host may do to an SMMU that EL2 owns, and into the KUnit tests.
 *
 * All tables are allow-lists: a register, command, field or bit that no table names is refused.
 */
#ifndef __ARM_SMMU_V3_PKVM_EMU_H
#define __ARM_SMMU_V3_PKVM_EMU_H

#include <linux/nospec.h>
#include <linux/types.h>

#include "../../arm-smmu-v3.h"

/* Both 64 KiB pages of the Non-secure programming interface. IHI0070G.b 6.1 */
#define SMMU_EMU_PAGE1			SZ_64K
#define SMMU_EMU_SIZE			SZ_128K

/*
 * The largest queues that the host is offered: 1 MiB each. EL2 pins all pages of a queue in
 * one trap, which takes time.
 */
#define SMMU_EMU_MAX_CMDQ_SHIFT		16
#define SMMU_EMU_MAX_EVTQ_SHIFT		15

/* The smallest command queue that EL2 can work with. */
#define SMMU_EMU_MIN_CMDQ_SHIFT		5

/* The most stream ID bits that EL2 shadows: a level 1 table of at most 4 MiB. */
#define SMMU_EMU_MAX_SID_BITS		25

/*
 * The shadow stream table has two levels if the hardware has more stream IDs than one level 2
 * table holds. A level 2 table is one page.
 */
#define SMMU_EMU_SPLIT			(PAGE_SHIFT - 6)
#define SMMU_EMU_L2_STES		BIT(SMMU_EMU_SPLIT)

/* Registers with a value are in the first words of each of the two pages. */
#define SMMU_EMU_PAGE_WORDS		64
#define SMMU_EMU_NR_WORDS		(2 * SMMU_EMU_PAGE_WORDS)

/* All streams of all owned SMMUs have one stage 2, and one VMID. */
#define SMMU_EMU_VMID			0

/**
 * struct pkvm_smmu_ids - The identification registers of an SMMU
 * @idr:  IDR0 to IDR5
 * @iidr: IIDR
 * @aidr: AIDR
 * @idr6: IDR6, 0 without enhanced command queues
 */
struct pkvm_smmu_ids {
	u32 idr[6];
	u32 iidr;
	u32 aidr;
	u32 idr6;
};

/* Why EL2 cannot own an SMMU */
enum pkvm_smmu_refusal {
	SMMU_REFUSE_NONE,
	SMMU_REFUSE_NO_STAGE1,
	SMMU_REFUSE_NO_STAGE2,
	SMMU_REFUSE_NO_AARCH64,
	SMMU_REFUSE_BIG_ENDIAN,
	SMMU_REFUSE_STALL_FORCED,
	SMMU_REFUSE_PRESET,
	SMMU_REFUSE_ECMDQ,
	SMMU_REFUSE_VATOS,
	SMMU_REFUSE_CMDQV,
	SMMU_REFUSE_NO_2LVL,
	SMMU_REFUSE_NO_GRANULE,
	SMMU_REFUSE_OAS,
	SMMU_REFUSE_CMDQ_SIZE,
	SMMU_REFUSE_ERRATUM,
	SMMU_NR_REFUSALS
};

enum pkvm_smmu_refusal pkvm_smmu_check_ids(const struct pkvm_smmu_ids *ids, u8 pa_bits);
const char *pkvm_smmu_refusal_str(enum pkvm_smmu_refusal refusal);
u64 pkvm_smmu_vatos_offset(const struct pkvm_smmu_ids *hw);
u64 pkvm_smmu_ecmdq_size(const struct pkvm_smmu_ids *hw);
u8 pkvm_smmu_sid_bits(const struct pkvm_smmu_ids *hw);
u8 pkvm_smmu_oas_bits(u32 idr5);

/* Rows of the command table: one for each command that a host may issue. */
enum pkvm_smmu_cmd_row {
	SMMU_ROW_NONE,
	SMMU_ROW_PREFETCH_CFG,
	SMMU_ROW_PREFETCH_ADDR,
	SMMU_ROW_CFGI_STE,
	SMMU_ROW_CFGI_ALL,	/* and CFGI_STE_RANGE */
	SMMU_ROW_CFGI_CD,
	SMMU_ROW_CFGI_CD_ALL,
	SMMU_ROW_TLBI_NH_ALL,
	SMMU_ROW_TLBI_NH_ASID,
	SMMU_ROW_TLBI_NH_VA,
	SMMU_ROW_TLBI_NH_VAA,
	SMMU_ROW_TLBI_NSNH_ALL,
	SMMU_ROW_ATC_INV,
	SMMU_ROW_RESUME,
	SMMU_ROW_STALL_TERM,
	SMMU_ROW_CMD_SYNC,
	SMMU_NR_ROWS
};

/**
 * struct pkvm_smmu_cmd_rule - A row of the command table, for one SMMU
 * @refuse: the bits that make the command illegal
 * @kind:   enum pkvm_smmu_cmd_kind
 */
struct pkvm_smmu_cmd_rule {
	u64 refuse[CMDQ_ENT_DWORDS];
	u8 kind;
} __aligned(32);

/**
 * struct pkvm_smmu_caps - What the host is offered, fixed at takeover
 * @ids:       the identification registers as the host reads them
 * @ste1:      bits of dword 1 that EL2 sets in every shadow STE, CPU endian
 * @ste1_host: bits of dword 1 that a shadow STE takes from the host's, CPU endian
 * @ste2:      dword 2 of every shadow STE: EL2's stage 2, CPU endian
 * @ste3:      dword 3 of every shadow STE: EL2's stage 2, CPU endian
 * @sid_bits:  IDR1.SIDSIZE as the host reads it
 * @ssid_bits: IDR1.SSIDSIZE as the host reads it
 * @cmdq_bits: IDR1.CMDQS as the host reads it
 * @evtq_bits: IDR1.EVENTQS as the host reads it
 * @features:  ARM_SMMU_FEAT_* on which the fields of commands depend
 * @cmd:       the command table, by enum pkvm_smmu_cmd_row
 * @row:       by register word: 1 + its row in pkvm_smmu_regs_table, or 0 for no row
 */
struct pkvm_smmu_caps {
	struct pkvm_smmu_ids ids;
	u64 ste1;
	u64 ste1_host;
	u64 ste2;
	u64 ste3;
	u8 sid_bits;
	u8 ssid_bits;
	u8 cmdq_bits;
	u8 evtq_bits;
	u32 features;
	struct pkvm_smmu_cmd_rule cmd[SMMU_NR_ROWS];
	u8 row[SMMU_EMU_NR_WORDS];
};

void pkvm_smmu_init_caps(struct pkvm_smmu_caps *caps, const struct pkvm_smmu_ids *hw);

/* Whether the host may let stage 1 faults stall. Stage 2 faults never stall. */
static inline bool pkvm_smmu_can_stall(const struct pkvm_smmu_caps *caps)
{
	return FIELD_GET(IDR0_STALL_MODEL, caps->ids.idr[0]) == IDR0_STALL_MODEL_STALL;
}

/* Registers */

/* Index of a register's value in struct pkvm_smmu_regs. */
enum pkvm_smmu_reg_id {
	SMMU_REG_ID,		/* constant of struct pkvm_smmu_caps */
	SMMU_REG_CR0,
	SMMU_REG_CR0ACK,
	SMMU_REG_CR1,
	SMMU_REG_CR2,
	SMMU_REG_GBPA,
	SMMU_REG_IRQ_CTRL,	/* from here on to IRQ_CFG2, of interrupts */
	SMMU_REG_IRQ_CTRLACK,
	SMMU_REG_GERROR_IRQ_CFG0,	/* of each interrupt in this order */
	SMMU_REG_GERROR_IRQ_CFG1,
	SMMU_REG_GERROR_IRQ_CFG2,
	SMMU_REG_EVTQ_IRQ_CFG0,
	SMMU_REG_EVTQ_IRQ_CFG1,
	SMMU_REG_EVTQ_IRQ_CFG2,
	SMMU_REG_GERROR,
	SMMU_REG_GERRORN,
	SMMU_REG_STRTAB_BASE,
	SMMU_REG_STRTAB_BASE_CFG,
	SMMU_REG_CMDQ_BASE,
	SMMU_REG_CMDQ_PROD,
	SMMU_REG_CMDQ_CONS,
	SMMU_REG_EVTQ_BASE,
	SMMU_REG_EVTQ_PROD,	/* the value is the hardware's while EVENTQEN */
	SMMU_REG_EVTQ_CONS,
	SMMU_REG_NR
};

/* The enable bit that makes a field read-only while CR0 or IRQ_CTRL, or its ACK, has it set. */
enum pkvm_smmu_guard {
	SMMU_GUARD_RO,		/* never writable */
	SMMU_GUARD_NONE,	/* always writable */
	SMMU_GUARD_SMMUEN,
	SMMU_GUARD_CMDQEN,
	SMMU_GUARD_EVTQEN,
	SMMU_GUARD_QUEUES,	/* every queue */
	SMMU_GUARD_GERROR_IRQEN,
	SMMU_GUARD_EVTQ_IRQEN,
};

/**
 * struct pkvm_smmu_reg - A row of the register table
 * @name:   the architecture's name
 * @offset: from the base of page 0; registers of page 1 have 64 KiB added
 * @width:  4 or 8 bytes
 * @id:     enum pkvm_smmu_reg_id
 * @needs:  IDR0 bits that the host must be offered; else the register is RAZ/WI
 * @field:  groups of bits that the host may set, each with its guard; writes ignore all others
 */
struct pkvm_smmu_reg {
	const char *name;
	u32 offset;
	u8 width;
	u8 id;
	u32 needs;
	struct {
		u64 mask;
		u8 guard;
	} field[2];
};

extern const struct pkvm_smmu_reg pkvm_smmu_regs_table[];
extern const unsigned int pkvm_smmu_regs_table_len;

/**
 * struct pkvm_smmu_regs - Values of the registers that the host has written
 * @val: by enum pkvm_smmu_reg_id; 64-bit registers whole
 */
struct pkvm_smmu_regs {
	u64 val[SMMU_REG_NR];
};

/**
 * struct pkvm_smmu_access - One access by the host, resolved
 * @reg:   the row, or NULL if the access reads as zero and ignores writes
 * @shift: the register's bit at bit 0 of the access: 0 or 32
 * @size:  4 or 8 bytes
 */
struct pkvm_smmu_access {
	const struct pkvm_smmu_reg *reg;
	u8 shift;
	u8 size;
};

void pkvm_smmu_index_regs(struct pkvm_smmu_caps *caps);
struct pkvm_smmu_access pkvm_smmu_resolve(const struct pkvm_smmu_caps *caps, u32 offset, u8 size);
u64 pkvm_smmu_reg_read(const struct pkvm_smmu_caps *caps,
		       const struct pkvm_smmu_regs *regs,
		       struct pkvm_smmu_access acc);
bool pkvm_smmu_reg_merge(const struct pkvm_smmu_regs *regs,
			 struct pkvm_smmu_access acc, u64 val, u64 *out);
bool pkvm_smmu_is_doorbell(const u64 *doorbells, unsigned int nr, u64 addr);

/* Queues. The wrap bit of an index is at log2 of the number of entries. IHI0070G.b 3.5.1 */

/* The bits of CMDQ_PROD and CMDQ_CONS that can be an index. IHI0070G.b 6.3.27 */
#define SMMU_EMU_Q_IDX			GENMASK(19, 0)

/**
 * struct pkvm_smmu_queue - The effective range of a queue
 * @base:  physical address, aligned as the hardware aligns it
 * @bytes: its size
 * @shift: log2 of the number of entries, capped as the hardware caps it
 */
struct pkvm_smmu_queue {
	u64 base;
	u64 bytes;
	u8 shift;
};

struct pkvm_smmu_queue pkvm_smmu_queue_decode(u64 base_reg, u8 max_shift, u8 ent_shift);

/*
 * Return the number of entries between @cons and @prod. @idx_mask has the bits of an index,
 * with its wrap bit. More entries than the queue has are CONSTRAINED UNPREDICTABLE
 * (IHI0070G.b 3.5.1): return 0, so that the emulation stops consuming.
 */
static inline u32 pkvm_smmu_queue_used(u32 idx_mask, u32 prod, u32 cons)
{
	u32 used = (prod - cons) & idx_mask;

	return used - 1 > idx_mask / 2 ? 0 : used;
}

/* Check whether the 32-bit word at @addr, a physical address aligned to it, is in a queue. */
static inline bool pkvm_smmu_queue_has(const struct pkvm_smmu_queue *q, u64 addr)
{
	return addr - q->base < q->bytes;
}

/* Stream table */

bool pkvm_smmu_make_ste(const struct pkvm_smmu_caps *caps,
			const struct arm_smmu_ste *host, struct arm_smmu_ste *out);
bool pkvm_smmu_step_ste(const struct arm_smmu_ste *cur, struct arm_smmu_ste *new);

/**
 * struct pkvm_smmu_strtab - The host's stream table as STRTAB_BASE(_CFG) describe it
 * @base:      physical address, aligned as the hardware aligns it
 * @log2size:  effective number of stream ID bits
 * @split:     stream ID bits of a level 2 table; only for two levels
 * @two_level: the format
 */
struct pkvm_smmu_strtab {
	u64 base;
	u8 log2size;
	u8 split;
	bool two_level;
};

struct pkvm_smmu_strtab pkvm_smmu_strtab_decode(const struct pkvm_smmu_caps *caps,
						u64 base, u32 cfg);
u64 pkvm_smmu_l1std_addr(const struct pkvm_smmu_strtab *st, u32 sid);
u32 pkvm_smmu_ste_addr(const struct pkvm_smmu_strtab *st, u64 l1std, u32 sid, u64 *addr);
void pkvm_smmu_s2_ste(struct pkvm_smmu_caps *caps, u64 pgd, u8 ia_bits, s8 start_level,
		      const struct pkvm_smmu_ids *hw);

#endif /* __ARM_SMMU_V3_PKVM_EMU_H */
