// SPDX-License-Identifier: GPL-2.0-only
/* Register accesses: all offsets and sizes, all values of all registers. */
#include "any.h"

#define PAGE1	0x10000

/* CR0 */
#define SMMUEN	BIT(0)
#define PRIQEN	BIT(1)
#define EVTQEN	BIT(2)
#define CMDQEN	BIT(3)
#define QUEUES	(PRIQEN | EVTQEN | CMDQEN)

/* IRQ_CTRL */
#define GERROR_IRQEN	BIT(0)
#define EVTQ_IRQEN	BIT(2)

/*
 * The bits of the word at @offset that the host may set, given what is enabled. By
 * words: the upper halves of 64-bit registers have an offset of their own.
 * IHI0070G.b 6.3
 */
static u32 settable(u32 offset, u64 enabled, u64 irqs)
{
	switch (offset) {
	case 0x20: /* CR0: SMMUEN, EVENTQEN, CMDQEN, ATSCHK */
		return BIT(0) | BIT(2) | BIT(3) | BIT(4);
	case 0x28: /* CR1: TABLE_*, QUEUE_* */
		return (enabled & SMMUEN ? 0 : GENMASK(11, 6)) |
		       (enabled & QUEUES ? 0 : GENMASK(5, 0));
	case 0x2c: /* CR2: RECINVSID, PTM */
		return enabled & SMMUEN ? 0 : BIT(1) | BIT(2);
	case 0x44: /* GBPA: all that is defined */
		return GENMASK(3, 0) | BIT(4) | GENMASK(13, 8) | GENMASK(20, 16) | BIT(31);
	case 0x50: /* IRQ_CTRL: GERROR_IRQEN, EVENTQ_IRQEN */
		return BIT(0) | BIT(2);
	case 0x64: /* GERRORN: all but PRIQ's */
		return BIT(0) | BIT(2) | BIT(4) | BIT(5) | BIT(7) | BIT(8);
	case 0x68: /* GERROR_IRQ_CFG0 */
		return irqs & GERROR_IRQEN ? 0 : GENMASK(31, 2);
	case 0x6c:
		return irqs & GERROR_IRQEN ? 0 : GENMASK(19, 0);
	case 0x70: /* GERROR_IRQ_CFG1 */
		return irqs & GERROR_IRQEN ? 0 : GENMASK(31, 0);
	case 0x74: /* GERROR_IRQ_CFG2 */
		return irqs & GERROR_IRQEN ? 0 : GENMASK(5, 0);
	case 0xb0: /* EVENTQ_IRQ_CFG0 */
		return irqs & EVTQ_IRQEN ? 0 : GENMASK(31, 2);
	case 0xb4:
		return irqs & EVTQ_IRQEN ? 0 : GENMASK(19, 0);
	case 0xb8: /* EVENTQ_IRQ_CFG1 */
		return irqs & EVTQ_IRQEN ? 0 : GENMASK(31, 0);
	case 0xbc: /* EVENTQ_IRQ_CFG2 */
		return irqs & EVTQ_IRQEN ? 0 : GENMASK(5, 0);
	case 0x80: /* STRTAB_BASE */
		return enabled & SMMUEN ? 0 : GENMASK(31, 6);
	case 0x84:
		return enabled & SMMUEN ? 0 : GENMASK(19, 0) | BIT(30);
	case 0x88: /* STRTAB_BASE_CFG */
		return enabled & SMMUEN ? 0 : GENMASK(10, 0) | GENMASK(17, 16);
	case 0x90: /* CMDQ_BASE */
		return enabled & CMDQEN ? 0 : GENMASK(31, 0);
	case 0x94:
		return enabled & CMDQEN ? 0 : GENMASK(19, 0) | BIT(30);
	case 0x98: /* CMDQ_PROD */
		return GENMASK(19, 0);
	case 0x9c: /* CMDQ_CONS */
		return enabled & CMDQEN ? 0 : GENMASK(19, 0);
	case 0xa0: /* EVENTQ_BASE */
		return enabled & EVTQEN ? 0 : GENMASK(31, 0);
	case 0xa4:
		return enabled & EVTQEN ? 0 : GENMASK(19, 0) | BIT(30);
	case PAGE1 + 0xa8: /* EVENTQ_PROD */
		return enabled & EVTQEN ? 0 : GENMASK(19, 0) | BIT(31);
	case PAGE1 + 0xac: /* EVENTQ_CONS */
		return GENMASK(19, 0) | BIT(31);
	default:
		return 0;
	}
}

/* Whether the word has a value at all; those of MSIs where @msi is offered. */
static bool readable(u32 offset, bool msi)
{
	switch (offset) {
	case 0x68 ... 0x74:
	case 0xb0 ... 0xbc:
		return msi;
	case 0x0 ... 0x24: /* IDR0 to IDR5, IIDR, AIDR, CR0, CR0ACK */
	case 0x54: /* IRQ_CTRLACK */
	case 0x60: /* GERROR */
		return true;
	default:
		return settable(offset, 0, 0);
	}
}

/* What the host reads of a register's value: @word of its two halves. */
static u32 half(u64 value, unsigned int word)
{
	return value >> (word * 32);
}

void prove_regs(void)
{
	struct pkvm_smmu_caps caps = ANY(struct pkvm_smmu_caps);
	struct pkvm_smmu_regs regs = ANY(struct pkvm_smmu_regs), read_regs;
	u32 offset = ANY(u32), written;
	u64 val = ANY(u64), out = ANY(u64), was, is, read, enabled, irqs;
	bool msi = bit_of(caps.ids.idr[0], 13);
	bool wide = ANY(bool), writes;
	u8 size = wide ? 8 : 4, word;
	struct pkvm_smmu_access acc;

	/* The callers take the offset from the page that faulted and refuse any other size. */
	ASSUME(offset < SMMU_EMU_SIZE && !(offset & (size - 1)));
	pkvm_smmu_index_regs(&caps);
	acc = pkvm_smmu_resolve(&caps, offset, size);
	writes = pkvm_smmu_reg_merge(&regs, acc, val, &out);
	enabled = regs.val[SMMU_REG_CR0] | regs.val[SMMU_REG_CR0ACK];
	irqs = regs.val[SMMU_REG_IRQ_CTRL] | regs.val[SMMU_REG_IRQ_CTRLACK];

	PROVE("an access is inside its register",
	      implies(acc.reg, acc.reg->offset <= offset &&
		      offset + size <= acc.reg->offset + acc.reg->width &&
		      acc.shift == (offset - acc.reg->offset) * 8 && acc.size == size));
	PROVE("a register that is found has a value",
	      implies(acc.reg, acc.reg->id < SMMU_REG_NR));
	PROVE("an access finds no register where the architecture or the emulation has none",
	      implies(acc.reg, readable(offset, msi) &&
		      (size == 4 || readable(offset + 4, msi))));
	PROVE("each word that has a value is found",
	      implies(size == 4 && readable(offset, msi), acc.reg));
	PROVE("64 bits are found where a register has them",
	      implies(size == 8 && (offset == 0x80 || offset == 0x90 || offset == 0xa0), acc.reg) &&
	      implies(size == 8 && msi && (offset == 0x68 || offset == 0xb0), acc.reg));

	was = acc.reg ? regs.val[acc.reg->id] : 0;
	is = writes ? out : was;
	for (word = 0; word < 2; word++) {
		written = acc.shift == word * 32 || size == 8 ? half(val << acc.shift, word) : 0;
		if (!acc.reg || word * 4U >= acc.reg->width)
			continue;
		/* The half that the access does not reach stays. */
		if (size == 4 && acc.shift != word * 32) {
			PROVE("the other half of a register stays",
			      half(is, word) == half(was, word));
			continue;
		}
		PROVE("no bit outside the mask changes, and none that a guard protects",
		      !((half(is, word) ^ half(was, word)) &
			~settable(acc.reg->offset + word * 4, enabled, irqs)));
		PROVE("each bit of the mask is as written, if no guard protects it",
		      !((half(is, word) ^ written) &
			settable(acc.reg->offset + word * 4, enabled, irqs)));
	}
	PROVE("an access that finds no register changes none", implies(!acc.reg, !writes));
	PROVE("identification registers, GERROR, CR0ACK and IRQ_CTRLACK are not written",
	      implies(writes, acc.reg->id != SMMU_REG_ID && acc.reg->id != SMMU_REG_GERROR &&
		      acc.reg->id != SMMU_REG_CR0ACK && acc.reg->id != SMMU_REG_IRQ_CTRLACK));

	read_regs = regs;
	read = pkvm_smmu_reg_read(&caps, &read_regs, acc);
	PROVE("where there is no register zero is read", implies(!acc.reg, !read));
	PROVE("a read of 32 bits has no more", implies(size == 4, !(read >> 32)));
	PROVE("a register reads as its value",
	      implies(acc.reg && acc.reg->id != SMMU_REG_ID,
		      read == (size == 8 ? was : half(was, acc.shift / 32))));
	PROVE("an identification register reads as what is offered",
	      implies(acc.reg && acc.reg->id == SMMU_REG_ID,
		      read == (offset < 0x18 ? caps.ids.idr[offset / 4] :
			       offset == 0x18 ? caps.ids.iidr : caps.ids.aidr)));

	REACH("a write of 32 bits", writes && size == 4);
	REACH("a write of 64 bits", writes && size == 8);
	REACH("a write to the upper half", writes && acc.shift == 32);
	REACH("a write that a guard forbids", acc.reg && !writes && acc.reg->offset == 0x80);
	REACH("a write of which a guard forbids a part",
	      writes && acc.reg->offset == 0x28 && (enabled & SMMUEN));
	REACH("a write of an MSI's address", writes && size == 8 && acc.reg->offset == 0xb0);
	REACH("a write of an MSI's data that IRQ_CTRL forbids",
	      acc.reg && !writes && acc.reg->offset == 0x70);
	REACH("an identification register", acc.reg && acc.reg->id == SMMU_REG_ID);
	REACH("a register of page 1", acc.reg && offset >= PAGE1);
	REACH("no register", !acc.reg);
}

/* Where the hardware may write MSIs of interrupts. */
void prove_regs_doorbell(void)
{
	u64 doorbells[3], addr = ANY(u64);
	unsigned int nr = ANY(u8), i;
	bool is, one = false;

	for (i = 0; i < 3; i++)
		doorbells[i] = ANY(u64);
	ASSUME(nr <= 3);
	is = pkvm_smmu_is_doorbell(doorbells, nr, addr);
	for (i = 0; i < nr; i++)
		one |= doorbells[i] == addr;

	PROVE("an address is taken if and only if it is a doorbell of the list, and not 0",
	      is == (one && addr));
	REACH("a doorbell", is && nr == 3 && addr == doorbells[2]);
	REACH("none, in a list with an empty entry", !is && nr && !addr && !doorbells[0]);
}
