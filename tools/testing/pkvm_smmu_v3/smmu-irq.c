// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts of a simulated SMMU, by wire and as MSIs. IHI0070G.b 3.18, 6.3.19 */
#include "smmu.h"

#define IDR0_MSI	BIT(13)
#define IDR0_PRI	BIT(16)

#define MEMATTR_DEVICE	1

static const struct {
	u32 cfg0;
	u32 enable;	/* in IRQ_CTRL */
	u32 aborted;	/* in GERROR */
} irqs[NR_IRQS] = {
	[IRQ_GERROR]	= { 0x68, BIT(0), BIT(7) },
	[IRQ_EVTQ]	= { 0xb0, BIT(2), BIT(5) },
	[IRQ_PRIQ]	= { 0xd0, BIT(1), BIT(6) },
};

static bool is_there(const struct smmu *s, unsigned int n)
{
	return (s->idr[0] & IDR0_MSI) && (n != IRQ_PRIQ || (s->idr[0] & IDR0_PRI));
}

void smmu_set_irqs(struct smmu *s, u64 (*value)(void))
{
	unsigned int n;

	for (n = 0; n < NR_IRQS; n++) {
		if (is_there(s, n))
			s->irq[n].cfg0 = value();
	}
}

static void write_cfg(struct smmu *s, unsigned int n, u32 reg, u64 val)
{
	if (!is_there(s, n))
		violation("an MSI of an interrupt that has none");
	if ((s->irq_ctrl | s->irq_ctrlack) & irqs[n].enable)
		violation("an MSI is configured while its interrupt is on");
	switch (reg) {
	case 0:
		if (val && val != ITS_DOORBELL(0) && val != ITS_DOORBELL(1))
			violation("an MSI to %llx", (unsigned long long)val);
		s->irq[n].cfg0 = val;
		break;
	case 8:
		s->irq[n].cfg1 = val;
		break;
	default:
		if (val != MEMATTR_DEVICE)
			violation("an MSI with attributes %llx", (unsigned long long)val);
		s->irq[n].cfg2 = val;
	}
}

/* Returns whether it is a register of an interrupt. */
bool smmu_write_irq(struct smmu *s, u32 off, u8 size, u64 val)
{
	unsigned int n;
	u32 reg;

	for (n = 0; n < NR_IRQS; n++) {
		reg = off - irqs[n].cfg0;
		if (reg > 12 || reg % 4 || size != (reg ? 4 : 8))
			continue;
		write_cfg(s, n, reg, val);
		return true;
	}

	return false;
}

static void abort_irq(struct smmu *s, unsigned int n)
{
	s->abort_irq = false;
	if (!((s->gerror ^ s->gerrorn) & irqs[n].aborted))
		s->gerror ^= irqs[n].aborted;
	if (n != IRQ_GERROR)
		smmu_raise(s, IRQ_GERROR);
}

void smmu_raise(struct smmu *s, unsigned int n)
{
	struct smmu_irq *irq = &s->irq[n];

	if (!(s->irq_ctrl & s->irq_ctrlack & irqs[n].enable))
		return;
	if (n == IRQ_GERROR)
		s->gerror_irqs++;
	if (!is_there(s, n) || !irq->cfg0)
		return;
	if (s->abort_irq) {
		abort_irq(s, n);
		return;
	}
	oracle_access(SMMU_IDX(s), irq->cfg0, true, ACC_IRQ);
	irq->data = irq->cfg1;
	irq->msis++;
}
