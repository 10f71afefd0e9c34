/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Emulated SMMUv3: the pure logic.
 *
 * Everything here is a function of its arguments: no hardware access, no lock,
 * no allocation, no hypervisor service. The same source is compiled into the
 * hypervisor (EL2), where it decides what the host may do to an SMMU that EL2
 * owns, and into the KUnit tests.
 *
 * The rule throughout is allow-list: a register, command, field or bit that no
 * table below names is refused. Section numbers are those of IHI 0070 G.b.
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
 * The largest queues that the host is offered: 1 MiB each. EL2 pins every page
 * of them, and the time of that is spent in one trap.
 */
#define SMMU_EMU_MAX_CMDQ_SHIFT		16
#define SMMU_EMU_MAX_EVTQ_SHIFT		15

/* The smallest command queue that EL2 can work with. */
#define SMMU_EMU_MIN_CMDQ_SHIFT		5

/* The most stream ID bits that EL2 shadows: a level 1 table of at most 4 MiB. */
#define SMMU_EMU_MAX_SID_BITS		25

/*
 * The shadow stream table: two levels where the hardware has more stream IDs
 * than one level 2 table holds, every level 2 table exactly one page.
 */
#define SMMU_EMU_SPLIT			(PAGE_SHIFT - 6)
#define SMMU_EMU_L2_STES		BIT(SMMU_EMU_SPLIT)

/* The words at the start of each of the two pages: no register beyond has a value. */
#define SMMU_EMU_PAGE_WORDS		64
#define SMMU_EMU_NR_WORDS		(2 * SMMU_EMU_PAGE_WORDS)

/* The VMID of the one stage 2 that all streams of all owned SMMUs have. */
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

/* Why EL2 cannot own an SMMU. SMMU_REFUSE_NONE is 0. */
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

/**
 * pkvm_smmu_check_ids - Whether EL2 can own an SMMU
 * @ids:     what the hardware says of itself
 * @pa_bits: bits of the highest physical address that a device may have to reach
 *
 * The granule needed is the kernel's PAGE_SIZE.
 *
 * Return: SMMU_REFUSE_NONE, or the first reason against it.
 */
enum pkvm_smmu_refusal pkvm_smmu_check_ids(const struct pkvm_smmu_ids *ids, u8 pa_bits);

/**
 * pkvm_smmu_refusal_str - A refusal in words, for a message or sysfs
 * @refusal: any
 *
 * Return: a static string without a full stop; never NULL.
 */
const char *pkvm_smmu_refusal_str(enum pkvm_smmu_refusal refusal);

/* Where the VATOS page begins, in bytes from page 0; 0 if there is none. */
u64 pkvm_smmu_vatos_offset(const struct pkvm_smmu_ids *hw);

/* Bytes of the control pages of enhanced command queues; 0 without, or if IDR6 is invalid. */
u64 pkvm_smmu_ecmdq_size(const struct pkvm_smmu_ids *hw);

/* Stream ID bits that the host is offered of an SMMU, and EL2 has a table for. */
u8 pkvm_smmu_sid_bits(const struct pkvm_smmu_ids *hw);

/**
 * pkvm_smmu_oas_bits - Bits of the output addresses of a stage 2 of EL2's
 * @idr5: IDR5
 *
 * Return: IDR5.OAS in bits, at most 48: more takes S2DS, which EL2 does not use.
 */
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
 * @ste1:      the bits of dword 1 that EL2 sets in every shadow STE, CPU endian
 * @ste1_host: the bits of dword 1 that a shadow STE has from the host's, CPU endian
 * @ste2:      dword 2 of every shadow STE: EL2's stage 2, CPU endian
 * @ste3:      dword 3 of every shadow STE: EL2's stage 2, CPU endian
 * @sid_bits:  IDR1.SIDSIZE as the host reads it
 * @ssid_bits: IDR1.SSIDSIZE as the host reads it
 * @cmdq_bits: IDR1.CMDQS as the host reads it
 * @evtq_bits: IDR1.EVENTQS as the host reads it
 * @features:  ARM_SMMU_FEAT_* on which the fields of commands depend
 * @cmd:       the command table, by enum pkvm_smmu_cmd_row
 * @row:       for each word of the registers that have a value, one more than the
 *             number of its row in pkvm_smmu_regs_table; else 0
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

/**
 * pkvm_smmu_init_caps - Derive what the host is offered from the hardware
 * @caps: filled but for @ste2, @ste3, @features, @cmd and @row
 * @hw:   the hardware's identification registers, accepted by pkvm_smmu_check_ids();
 *        IDR0.COHACC is what firmware says
 *
 * Only features that a table here names are offered; stage 2, Hyp, PRI, SEV, VMID16, ATOS
 * and BTM are not. Stalls are as in the hardware, ATS is where the hardware can do it in
 * split stages. MSI is where the SMMU is coherent, whether the hardware has it or not: EL2
 * completes a CMD_SYNC as an MSI does.
 */
void pkvm_smmu_init_caps(struct pkvm_smmu_caps *caps, const struct pkvm_smmu_ids *hw);

/* Whether the host may let stage 1 faults stall. Those of stage 2 never do. */
static inline bool pkvm_smmu_can_stall(const struct pkvm_smmu_caps *caps)
{
	return FIELD_GET(IDR0_STALL_MODEL, caps->ids.idr[0]) == IDR0_STALL_MODEL_STALL;
}

/*
 * Registers.
 */

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

/* What has to be disabled, in CR0 or IRQ_CTRL and its ACK, for a write to have an effect. */
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
 * @id:     where its value is
 * @needs:  bits of IDR0 without which it reads as zero and ignores writes
 * @field:  the bits that the host may set, each group with its guard; bits of
 *          no group are ignored on write and read as zero
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
 * @reg:   the row, or NULL where the access reads as zero and ignores writes
 * @shift: bit of the register that bit 0 of the access is: 0 or 32
 * @size:  4 or 8 bytes
 */
struct pkvm_smmu_access {
	const struct pkvm_smmu_reg *reg;
	u8 shift;
	u8 size;
};

/**
 * pkvm_smmu_index_regs - Note where each register's row is
 * @caps: @ids is filled; @row is
 */
void pkvm_smmu_index_regs(struct pkvm_smmu_caps *caps);

/**
 * pkvm_smmu_resolve - Find the register that an access is at
 * @caps:   from pkvm_smmu_index_regs()
 * @offset: from the base of page 0, below SMMU_EMU_SIZE, aligned to @size
 * @size:   4 or 8 bytes
 *
 * 32-bit accesses reach 32-bit registers and either half of 64-bit registers,
 * 64-bit accesses reach 64-bit registers (IHI0070G.b 6.2). Everything else, and
 * every offset that is in no row, is RAZ/WI.
 *
 * Return: the access, with @reg NULL for RAZ/WI.
 */
struct pkvm_smmu_access pkvm_smmu_resolve(const struct pkvm_smmu_caps *caps, u32 offset, u8 size);

/**
 * pkvm_smmu_reg_read - The value that the host reads
 * @caps: for the identification registers
 * @regs: for all others whose value is not the hardware's
 * @acc:  from pkvm_smmu_resolve()
 *
 * Return: the value, in the low 8 * @acc.size bits.
 */
u64 pkvm_smmu_reg_read(const struct pkvm_smmu_caps *caps,
		       const struct pkvm_smmu_regs *regs,
		       struct pkvm_smmu_access acc);

/**
 * pkvm_smmu_reg_merge - The register's whole value after a write by the host
 * @regs: current values, CR0 and CR0ACK among them for the guards
 * @acc:  from pkvm_smmu_resolve()
 * @val:  what was written, in the low 8 * @acc.size bits
 * @out:  the new value of the whole register
 *
 * Nothing is stored. Writes that a guard forbids are ignored, as from SMMUv3.2
 * on (IHI0070G.b 6.3.24).
 *
 * Return: whether any bit of the register may change, false for RAZ/WI and
 * read-only registers and where every group of bits is guarded.
 */
bool pkvm_smmu_reg_merge(const struct pkvm_smmu_regs *regs,
			 struct pkvm_smmu_access acc, u64 val, u64 *out);

/**
 * pkvm_smmu_is_doorbell - Whether the SMMU may write MSIs of its interrupts to an address
 * @doorbells: physical addresses, 0 for none
 * @nr:        how many
 * @addr:      a value of IRQ_CFG0
 *
 * Return: true if it is one of them.
 */
bool pkvm_smmu_is_doorbell(const u64 *doorbells, unsigned int nr, u64 addr);

/*
 * Queues. Indexes have their wrap bit at the queue's log2 of the number of
 * entries. IHI0070G.b 3.5.1
 */

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

/**
 * pkvm_smmu_queue_decode - The effective range that a queue's BASE describes
 * @base_reg:  CMDQ_BASE or EVENTQ_BASE
 * @max_shift: IDR1's limit as the host reads it
 * @ent_shift: log2 of the bytes of an entry
 *
 * LOG2SIZE is capped, the address is aligned down to the size of the queue or
 * 32 bytes, whichever is more (IHI0070G.b 6.3.25, 6.3.26).
 *
 * Return: the range.
 */
struct pkvm_smmu_queue pkvm_smmu_queue_decode(u64 base_reg, u8 max_shift, u8 ent_shift);

/**
 * pkvm_smmu_queue_used - How many entries wait between CONS and PROD
 * @idx_mask: the bits of an index, its wrap bit among them
 * @prod:     the producer's index; other bits are not looked at
 * @cons:     the consumer's
 *
 * Return: the number of entries, or 0 where no queue of that size has as many
 * (IHI0070G.b 3.5.1: CONSTRAINED UNPREDICTABLE; the emulation stops consuming).
 */
static inline u32 pkvm_smmu_queue_used(u32 idx_mask, u32 prod, u32 cons)
{
	u32 used = (prod - cons) & idx_mask;

	return used - 1 > idx_mask / 2 ? 0 : used;
}

/**
 * pkvm_smmu_queue_has - Whether a word is part of a queue
 * @q:    the queue
 * @addr: physical address of a 32-bit word, aligned
 *
 * Return: true if all of the word is.
 */
static inline bool pkvm_smmu_queue_has(const struct pkvm_smmu_queue *q, u64 addr)
{
	return addr - q->base < q->bytes;
}

/*
 * Stream table.
 */

/**
 * pkvm_smmu_make_ste - Make the hardware's STE from the host's
 * @caps: what the host is offered, and EL2's stage 2
 * @host: EL2's copy of the host's STE, or NULL for none
 * @out:  the shadow STE
 *
 * Bypass becomes stage 2 only, stage 1 becomes nested, abort stays abort; all
 * else, every bit outside the allow-list among them, becomes V=0. Dwords 2 and 3
 * of @out are EL2's stage 2 in every case, 4 to 7 are zero. EATS is 0b10, split-stage ATS,
 * where stage 1 is nested and the host asks for ATS, else 0. Dword 0 of an accepted
 * @out depends on dword 0 of @host alone, dword 1 of any @out, EATS apart, on dword 1 alone:
 * a host update that changes one dword changes one dword here, and is as hitless
 * (IHI0070G.b 3.21.3.1). EATS takes pkvm_smmu_step_ste().
 *
 * Return: whether the host's STE was accepted (an abort is).
 */
bool pkvm_smmu_make_ste(const struct pkvm_smmu_caps *caps,
			const struct arm_smmu_ste *host, struct arm_smmu_ste *out);

/**
 * pkvm_smmu_step_ste - The next step from one shadow STE to another
 * @cur: the STE that the hardware has, from pkvm_smmu_make_ste() or from here
 * @new: the STE that it is to have; changed to the one that it gets next
 *
 * The SMMU may take dword 0 of one STE and dword 1 of the other (IHI0070G.b 3.21.3). EATS
 * beside stage 2 alone is ILLEGAL (5.2.2): between the two goes a nested STE without EATS.
 *
 * Return: whether @new is unchanged. If not, the hardware has to forget @cur first.
 */
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

/**
 * pkvm_smmu_strtab_decode - Decode STRTAB_BASE and STRTAB_BASE_CFG
 * @caps: what the host is offered
 * @base: STRTAB_BASE
 * @cfg:  STRTAB_BASE_CFG
 *
 * Reserved encodings of FMT are linear, of SPLIT are 6; alignment uses LOG2SIZE as
 * written, the range min(LOG2SIZE, SIDSIZE) (IHI0070G.b 6.3.24, 6.3.25).
 *
 * Return: the table.
 */
struct pkvm_smmu_strtab pkvm_smmu_strtab_decode(const struct pkvm_smmu_caps *caps,
						u64 base, u32 cfg);

/**
 * pkvm_smmu_l1std_addr - Where the level 1 descriptor of a stream is
 * @st:  a two-level table
 * @sid: a stream ID below 2^@st->log2size
 *
 * Return: physical address of the 8-byte descriptor.
 */
u64 pkvm_smmu_l1std_addr(const struct pkvm_smmu_strtab *st, u32 sid);

/**
 * pkvm_smmu_ste_addr - Where the STE of a stream is
 * @st:    the host's table
 * @l1std: the level 1 descriptor of @sid, CPU endian; ignored for a linear table
 * @sid:   any stream ID
 * @addr:  physical address of the STE
 *
 * A Span of 0, above 11 or above SPLIT + 1 is invalid (IHI0070G.b 5.1).
 *
 * Return: how many STEs there are from @sid on in the same table, @sid's
 * included; 0 where @sid has none.
 */
u32 pkvm_smmu_ste_addr(const struct pkvm_smmu_strtab *st, u64 l1std, u32 sid, u64 *addr);

/**
 * pkvm_smmu_s2_ste - Dwords 2 and 3 of the shadow STEs
 * @caps:     ste2 and ste3 are filled
 * @pgd:      physical address of the root of EL2's stage 2
 * @ia_bits:  its input size
 * @start_level: the level of its root, 0 to 3
 * @hw:       the hardware's identification registers, IDR0.COHACC as above
 *
 * Walks are write-back inner shareable where the SMMU is coherent, else non-cacheable. The
 * granule is PAGE_SIZE, faults are recorded and never stall.
 */
void pkvm_smmu_s2_ste(struct pkvm_smmu_caps *caps, u64 pgd, u8 ia_bits, s8 start_level,
		      const struct pkvm_smmu_ids *hw);

#endif /* __ARM_SMMU_V3_PKVM_EMU_H */
