// SPDX-License-Identifier: GPL-2.0-only
/*
 * Emulated SMMUv3: the registers.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "emu.h"

#define CR0_SETTABLE		(CR0_ATSCHK | CR0_CMDQEN | CR0_EVTQEN | CR0_SMMUEN)
#define CR0_QUEUES		(CR0_CMDQEN | CR0_EVTQEN | CR0_PRIQEN)
#define CR1_TABLE		(CR1_TABLE_SH | CR1_TABLE_OC | CR1_TABLE_IC)
#define CR1_QUEUE		(CR1_QUEUE_SH | CR1_QUEUE_OC | CR1_QUEUE_IC)
#define GBPA_SETTABLE		((u32)GBPA_UPDATE | GBPA_ABORT | GBPA_INSTCFG | GBPA_PRIVCFG | \
				 GBPA_SHCFG | GBPA_ALLOCCFG | GBPA_MTCFG | GBPA_MEMATTR)
#define IRQ_CTRL_SETTABLE	(IRQ_CTRL_EVTQ_IRQEN | IRQ_CTRL_GERROR_IRQEN)
#define GERROR_PRIQ		(GERROR_PRIQ_ABT_ERR | GERROR_MSI_PRIQ_ABT_ERR)
#define STRTAB_BASE_SETTABLE	(STRTAB_BASE_RA | STRTAB_BASE_ADDR_MASK)
#define STRTAB_CFG_SETTABLE	(STRTAB_BASE_CFG_FMT | STRTAB_BASE_CFG_SPLIT | \
				 STRTAB_BASE_CFG_LOG2SIZE)
#define Q_BASE_SETTABLE		(Q_BASE_RWA | Q_BASE_ADDR_MASK | Q_BASE_LOG2SIZE)
#define MSI_CFG2_SETTABLE	(MSI_CFG2_SH | MSI_CFG2_MEMATTR)
#define EVTQ_IDX_SETTABLE	(Q_OVERFLOW_FLAG | SMMU_EMU_Q_IDX)

#define ID(_name, _offset)							\
	{ .name = _name, .offset = _offset, .width = 4, .id = SMMU_REG_ID }

#define RO(_name, _offset, _id)							\
	{ .name = _name, .offset = _offset, .width = 4, .id = SMMU_REG_##_id }

#define RW(_name, _offset, _width, _id, _mask, _guard)				\
	{									\
		.name = _name, .offset = _offset, .width = _width,		\
		.id = SMMU_REG_##_id,						\
		.field = { { (_mask), SMMU_GUARD_##_guard } },			\
	}

#define RW2(_name, _offset, _width, _id, _mask0, _guard0, _mask1, _guard1)	\
	{									\
		.name = _name, .offset = _offset, .width = _width,		\
		.id = SMMU_REG_##_id,						\
		.field = { { (_mask0), SMMU_GUARD_##_guard0 },			\
			   { (_mask1), SMMU_GUARD_##_guard1 } },		\
	}

/* A register with an MSI's address, data or attributes. IHI0070G.b 6.3.19 */
#define MSI(_name, _offset, _width, _id, _mask, _guard)				\
	{									\
		.name = _name, .offset = _offset, .width = _width,		\
		.id = SMMU_REG_##_id, .needs = IDR0_MSI,			\
		.field = { { (_mask), SMMU_GUARD_##_guard } },			\
	}

/*
 * The rows are sorted by offset. A register without a row reads as zero and ignores writes.
 * These registers have no row: those of ATOS, MPAM, DPT, PRI and S2PII, which the host is not
 * offered; the copies in page 0 of page 1's indexes and the component's identification, which
 * are optional; Secure ones (0x8000 to 0xffff); IMPLEMENTATION DEFINED ones. IHI0070G.b 6.2
 */
const struct pkvm_smmu_reg pkvm_smmu_regs_table[] = {
	ID("IDR0",		ARM_SMMU_IDR0),
	ID("IDR1",		ARM_SMMU_IDR1),
	ID("IDR2",		ARM_SMMU_IDR2),
	ID("IDR3",		ARM_SMMU_IDR3),
	ID("IDR4",		ARM_SMMU_IDR4),
	ID("IDR5",		ARM_SMMU_IDR5),
	ID("IIDR",		ARM_SMMU_IIDR),
	ID("AIDR",		ARM_SMMU_AIDR),
	RW("CR0",		ARM_SMMU_CR0, 4, CR0, CR0_SETTABLE, NONE),
	RO("CR0ACK",		ARM_SMMU_CR0ACK, CR0ACK),
	RW2("CR1",		ARM_SMMU_CR1, 4, CR1, CR1_TABLE, SMMUEN, CR1_QUEUE, QUEUES),
	RW("CR2",		ARM_SMMU_CR2, 4, CR2, CR2_PTM | CR2_RECINVSID, SMMUEN),
	RW("GBPA",		ARM_SMMU_GBPA, 4, GBPA, GBPA_SETTABLE, NONE),
	RW("IRQ_CTRL",		ARM_SMMU_IRQ_CTRL, 4, IRQ_CTRL, IRQ_CTRL_SETTABLE, NONE),
	RO("IRQ_CTRLACK",	ARM_SMMU_IRQ_CTRLACK, IRQ_CTRLACK),
	RO("GERROR",		ARM_SMMU_GERROR, GERROR),
	RW("GERRORN",		ARM_SMMU_GERRORN, 4, GERRORN, GERROR_ERR_MASK & ~GERROR_PRIQ, NONE),
	MSI("GERROR_IRQ_CFG0",	ARM_SMMU_GERROR_IRQ_CFG0, 8, GERROR_IRQ_CFG0,
	    MSI_CFG0_ADDR_MASK, GERROR_IRQEN),
	MSI("GERROR_IRQ_CFG1",	ARM_SMMU_GERROR_IRQ_CFG1, 4, GERROR_IRQ_CFG1,
	    U32_MAX, GERROR_IRQEN),
	MSI("GERROR_IRQ_CFG2",	ARM_SMMU_GERROR_IRQ_CFG2, 4, GERROR_IRQ_CFG2,
	    MSI_CFG2_SETTABLE, GERROR_IRQEN),
	RW("STRTAB_BASE",	ARM_SMMU_STRTAB_BASE, 8, STRTAB_BASE, STRTAB_BASE_SETTABLE, SMMUEN),
	RW("STRTAB_BASE_CFG",	ARM_SMMU_STRTAB_BASE_CFG, 4, STRTAB_BASE_CFG,
	   STRTAB_CFG_SETTABLE, SMMUEN),
	RW("CMDQ_BASE",		ARM_SMMU_CMDQ_BASE, 8, CMDQ_BASE, Q_BASE_SETTABLE, CMDQEN),
	RW("CMDQ_PROD",		ARM_SMMU_CMDQ_PROD, 4, CMDQ_PROD, SMMU_EMU_Q_IDX, NONE),
	/* The value has ERR, which EL2 sets. No mask has it. */
	RW("CMDQ_CONS",		ARM_SMMU_CMDQ_CONS, 4, CMDQ_CONS, SMMU_EMU_Q_IDX, CMDQEN),
	RW("EVENTQ_BASE",	ARM_SMMU_EVTQ_BASE, 8, EVTQ_BASE, Q_BASE_SETTABLE, EVTQEN),
	MSI("EVENTQ_IRQ_CFG0",	ARM_SMMU_EVTQ_IRQ_CFG0, 8, EVTQ_IRQ_CFG0,
	    MSI_CFG0_ADDR_MASK, EVTQ_IRQEN),
	MSI("EVENTQ_IRQ_CFG1",	ARM_SMMU_EVTQ_IRQ_CFG1, 4, EVTQ_IRQ_CFG1,
	    U32_MAX, EVTQ_IRQEN),
	MSI("EVENTQ_IRQ_CFG2",	ARM_SMMU_EVTQ_IRQ_CFG2, 4, EVTQ_IRQ_CFG2,
	    MSI_CFG2_SETTABLE, EVTQ_IRQEN),
	/* Page 1 */
	RW("EVENTQ_PROD",	SMMU_EMU_PAGE1 + ARM_SMMU_EVTQ_PROD, 4, EVTQ_PROD,
	   EVTQ_IDX_SETTABLE, EVTQEN),
	RW("EVENTQ_CONS",	SMMU_EMU_PAGE1 + ARM_SMMU_EVTQ_CONS, 4, EVTQ_CONS,
	   EVTQ_IDX_SETTABLE, NONE),
};

const unsigned int pkvm_smmu_regs_table_len = ARRAY_SIZE(pkvm_smmu_regs_table);

/* Return the index of the word at @offset. No register is there from SMMU_EMU_NR_WORDS on. */
static unsigned int pkvm_smmu_word(u32 offset)
{
	unsigned int word = offset % SMMU_EMU_PAGE1 / 4;

	if (word >= SMMU_EMU_PAGE_WORDS)
		return SMMU_EMU_NR_WORDS;

	return word + offset / SMMU_EMU_PAGE1 * SMMU_EMU_PAGE_WORDS;
}

/**
 * pkvm_smmu_index_regs - Find the row of the register table for each word
 * @caps: @ids is read, @row is filled
 */
void pkvm_smmu_index_regs(struct pkvm_smmu_caps *caps)
{
	const struct pkvm_smmu_reg *reg = pkvm_smmu_regs_table;
	unsigned int i, word;
	u8 byte;

	memset(caps->row, 0, sizeof(caps->row));
	for (i = 0; i < ARRAY_SIZE(pkvm_smmu_regs_table); i++, reg++) {
		if (reg->needs & ~caps->ids.idr[0])
			continue;
		for (byte = 0; byte < reg->width; byte += 4) {
			word = pkvm_smmu_word(reg->offset + byte);
			if (word < SMMU_EMU_NR_WORDS)
				caps->row[word] = i + 1;
		}
	}
}

/**
 * pkvm_smmu_resolve - Find the register that an access is to
 * @caps:   from pkvm_smmu_index_regs()
 * @offset: from the base of page 0, below SMMU_EMU_SIZE, aligned to @size
 * @size:   4 or 8 bytes
 *
 * A 32-bit access reaches a 32-bit register or either half of a 64-bit one, a 64-bit access
 * reaches a 64-bit register (IHI0070G.b 6.2). Any other access, and any offset without a row,
 * reads as zero and ignores writes.
 *
 * Return: the access. Its @reg is NULL if it reads as zero and ignores writes.
 */
struct pkvm_smmu_access pkvm_smmu_resolve(const struct pkvm_smmu_caps *caps, u32 offset, u8 size)
{
	unsigned int word = pkvm_smmu_word(offset);
	struct pkvm_smmu_access acc = { .size = size };
	const struct pkvm_smmu_reg *reg;

	if (word >= SMMU_EMU_NR_WORDS)
		return acc;
	if ((size != 4 && size != 8) || offset % size)
		return acc;
	word = array_index_nospec(word, SMMU_EMU_NR_WORDS);
	if (!caps->row[word])
		return acc;

	reg = &pkvm_smmu_regs_table[caps->row[word] - 1];
	if (size > reg->width)
		return acc;

	acc.reg = reg;
	acc.shift = (offset - reg->offset) * BITS_PER_BYTE;
	return acc;
}

static u32 pkvm_smmu_id(const struct pkvm_smmu_ids *ids, u32 offset)
{
	switch (offset) {
	case ARM_SMMU_IIDR:
		return ids->iidr;
	case ARM_SMMU_AIDR:
		return ids->aidr;
	default:
		return ids->idr[offset / 4];
	}
}

/**
 * pkvm_smmu_reg_read - Compute the value that the host reads
 * @caps: has the identification registers
 * @regs: has all other registers, brought up to date by the caller
 * @acc:  from pkvm_smmu_resolve()
 *
 * Return: the value, in the low 8 * @acc.size bits.
 */
u64 pkvm_smmu_reg_read(const struct pkvm_smmu_caps *caps,
		       const struct pkvm_smmu_regs *regs,
		       struct pkvm_smmu_access acc)
{
	u64 val;

	if (!acc.reg)
		return 0;

	if (acc.reg->id == SMMU_REG_ID)
		val = pkvm_smmu_id(&caps->ids, acc.reg->offset);
	else
		val = regs->val[acc.reg->id];

	val >>= acc.shift;
	return acc.size == 8 ? val : (u32)val;
}

/*
 * A change of CR0 may or may not have taken effect until CR0ACK shows it, so a bit counts that
 * is set in either. IRQ_CTRL and IRQ_CTRLACK work alike. IHI0070G.b 6.3.9, 6.3.17
 */
static bool pkvm_smmu_guard_open(const struct pkvm_smmu_regs *regs, u8 guard)
{
	u64 enabled = regs->val[SMMU_REG_CR0] | regs->val[SMMU_REG_CR0ACK];
	u64 irqs = regs->val[SMMU_REG_IRQ_CTRL] | regs->val[SMMU_REG_IRQ_CTRLACK];

	switch (guard) {
	case SMMU_GUARD_NONE:
		return true;
	case SMMU_GUARD_SMMUEN:
		return !(enabled & CR0_SMMUEN);
	case SMMU_GUARD_CMDQEN:
		return !(enabled & CR0_CMDQEN);
	case SMMU_GUARD_EVTQEN:
		return !(enabled & CR0_EVTQEN);
	case SMMU_GUARD_QUEUES:
		return !(enabled & CR0_QUEUES);
	case SMMU_GUARD_GERROR_IRQEN:
		return !(irqs & IRQ_CTRL_GERROR_IRQEN);
	case SMMU_GUARD_EVTQ_IRQEN:
		return !(irqs & IRQ_CTRL_EVTQ_IRQEN);
	default:
		return false;
	}
}

/**
 * pkvm_smmu_reg_merge - Compute a register's value after a write by the host
 * @regs: current values; the guards look at CR0, IRQ_CTRL, CR0ACK and IRQ_CTRLACK
 * @acc:  from pkvm_smmu_resolve()
 * @val:  the value written, in the low 8 * @acc.size bits
 * @out:  the new value of the whole register
 *
 * The caller stores @out. A write to bits whose guard forbids it is ignored, as from SMMUv3.2
 * on (IHI0070G.b 6.3.24).
 *
 * Return: true = @out is valid; false = the write changes no bit, because the access is
 * RAZ/WI, the register is read-only, or a guard forbids each group of bits.
 */
bool pkvm_smmu_reg_merge(const struct pkvm_smmu_regs *regs,
			 struct pkvm_smmu_access acc, u64 val, u64 *out)
{
	u64 written = acc.size == 8 ? ~0ULL : (u64)U32_MAX << acc.shift;
	u64 mask = 0;
	unsigned int i;

	if (!acc.reg)
		return false;

	for (i = 0; i < ARRAY_SIZE(acc.reg->field); i++)
		if (pkvm_smmu_guard_open(regs, acc.reg->field[i].guard))
			mask |= acc.reg->field[i].mask;

	mask &= written;
	if (!mask)
		return false;

	*out = (regs->val[acc.reg->id] & ~mask) | ((val << acc.shift) & mask);
	return true;
}

/**
 * pkvm_smmu_is_doorbell - Check whether the SMMU may write its own MSIs to an address
 * @doorbells: physical addresses, 0 for an unused entry
 * @nr:        number of entries
 * @addr:      a value of IRQ_CFG0
 *
 * Return: true if @addr is the address of an entry.
 */
bool pkvm_smmu_is_doorbell(const u64 *doorbells, unsigned int nr, u64 addr)
{
	unsigned int i;

	for (i = 0; addr && i < nr; i++)
		if (doorbells[i] == addr)
			return true;

	return false;
}
