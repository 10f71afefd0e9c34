// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: MSIs of the SMMU's own interrupts.
 *
 * The SMMU writes these MSIs past stage 2 (IHI0070G.b 3.18). The hardware gets an address only if
 * it is the doorbell of an ITS, which firmware described to the trusted host. The doorbell is a
 * register in the host's MMIO, as no MMIO changes hands any more, and the ITS takes a write there
 * for an interrupt of the SMMU. Any other address stays in the emulated register, the hardware
 * gets none, and GERROR reports to the host that the MSI has aborted.
 *
 * EL2 writes the registers of an interrupt only while it is off in the hardware, in IRQ_CTRL and
 * in IRQ_CTRLACK: before SMMUv3.2 they may take any value otherwise. IHI0070G.b 6.3.19
 */

#include <asm/kvm_hyp.h>

#include <nvhe/host_mmio.h>
#include <nvhe/mem_protect.h>

#include "irq.h"

#define IRQ_CTRL_ALL	(IRQ_CTRL_GERROR_IRQEN | IRQ_CTRL_EVTQ_IRQEN)

/* Offsets from an interrupt's IRQ_CFG0. IHI0070G.b 6.2 */
#define IRQ_CFG1	(ARM_SMMU_GERROR_IRQ_CFG1 - ARM_SMMU_GERROR_IRQ_CFG0)
#define IRQ_CFG2	(ARM_SMMU_GERROR_IRQ_CFG2 - ARM_SMMU_GERROR_IRQ_CFG0)

/* MSI_CFG2_MEMATTR: Device-nGnRE */
#define IRQ_CFG2_DEVICE	1

u64 pkvm_smmu_v3_doorbells[PKVM_SMMU_V3_DOORBELLS];

static const struct smmu_irq {
	u32 cfg0;	/* offset of IRQ_CFG0 */
	u8 addr;	/* the host's IRQ_CFG0 and IRQ_CFG1, in struct pkvm_smmu_regs */
	u8 data;
	u32 enable;	/* in IRQ_CTRL */
	u32 aborted;	/* in GERROR */
	u32 needs;	/* in the hardware's IDR0, for it to have an MSI */
} smmu_irqs[] = {
	{ ARM_SMMU_GERROR_IRQ_CFG0, SMMU_REG_GERROR_IRQ_CFG0, SMMU_REG_GERROR_IRQ_CFG1,
	  IRQ_CTRL_GERROR_IRQEN, GERROR_MSI_GERROR_ABT_ERR, IDR0_MSI },
	{ ARM_SMMU_EVTQ_IRQ_CFG0, SMMU_REG_EVTQ_IRQ_CFG0, SMMU_REG_EVTQ_IRQ_CFG1,
	  IRQ_CTRL_EVTQ_IRQEN, GERROR_MSI_EVTQ_ABT_ERR, IDR0_MSI },
};

/* Drop doorbells that are memory, or MMIO that the host has lost. The host is trusted still. */
void hyp_smmu_check_doorbells(void)
{
	unsigned int i;

	hyp_spin_lock(&host_mmu.lock);
	for (i = 0; i < PKVM_SMMU_V3_DOORBELLS; i++) {
		u64 *addr = &pkvm_smmu_v3_doorbells[i], start = 0, end = ~0ULL;

		if (addr_is_memory(*addr) || host_mmio_is_taken(*addr, &start, &end))
			*addr = 0;
	}
	hyp_spin_unlock(&host_mmu.lock);
}

static bool irq_has_msi(const struct hyp_smmu *smmu, const struct smmu_irq *irq)
{
	return !(irq->needs & ~smmu->hw.idr[0]);
}

/* Return the address that the hardware gets, or 0. */
static u64 irq_doorbell(const struct hyp_smmu *smmu, const struct smmu_irq *irq)
{
	u64 addr = smmu->regs.val[irq->addr];

	/* An address that is too large is truncated. IHI0070G.b 3.4.3 */
	if (!irq_has_msi(smmu, irq) || addr >> pkvm_smmu_oas_bits(smmu->hw.idr[5]) ||
	    !pkvm_smmu_is_doorbell(pkvm_smmu_v3_doorbells, PKVM_SMMU_V3_DOORBELLS, addr))
		return 0;

	return addr;
}

/**
 * hyp_smmu_irq_program - Write the MSI registers of the SMMU's interrupts
 * @smmu: the SMMU
 * @on:   interrupts that are on in the hardware, as in IRQ_CTRL: their registers stay as is
 *
 * An interrupt that the host has enabled gets its doorbell, any other gets no address.
 *
 * Context: emu_lock is held.
 */
void hyp_smmu_irq_program(struct hyp_smmu *smmu, u32 on)
{
	const struct smmu_irq *irq;

	for (irq = smmu_irqs; irq < smmu_irqs + ARRAY_SIZE(smmu_irqs); irq++) {
		void __iomem *cfg = smmu->mmio + irq->cfg0;
		bool wanted = smmu->regs.val[SMMU_REG_IRQ_CTRL] & irq->enable;

		if ((on & irq->enable) || !irq_has_msi(smmu, irq))
			continue;
		writeq_relaxed(wanted ? irq_doorbell(smmu, irq) : 0, cfg);
		writel_relaxed(smmu->regs.val[irq->data], cfg + IRQ_CFG1);
		writel_relaxed(IRQ_CFG2_DEVICE, cfg + IRQ_CFG2);
	}
}

/* Bring IRQ_CTRLACK up to date. An interrupt that is now on and has a bad MSI reports it. */
void hyp_smmu_irq_settle(struct hyp_smmu *smmu)
{
	u32 ack = readl_relaxed(smmu->mmio + ARM_SMMU_IRQ_CTRLACK) & IRQ_CTRL_ALL;
	u32 on = ack & ~smmu->regs.val[SMMU_REG_IRQ_CTRLACK];
	const struct smmu_irq *irq;
	u32 aborted = 0;

	smmu->regs.val[SMMU_REG_IRQ_CTRLACK] = ack;
	for (irq = smmu_irqs; irq < smmu_irqs + ARRAY_SIZE(smmu_irqs); irq++) {
		if ((on & irq->enable) && smmu->regs.val[irq->addr] && !irq_doorbell(smmu, irq))
			aborted |= irq->aborted;
	}
	hyp_smmu_abort_msi(smmu, aborted);
}

/* The host writes @val to IRQ_CTRL. hyp_smmu_irq_settle() has been called before. */
void hyp_smmu_irq_write_ctrl(struct hyp_smmu *smmu, u32 val)
{
	u64 *ctrl = &smmu->regs.val[SMMU_REG_IRQ_CTRL];
	u32 on = *ctrl;

	/* Ignore a write before the last is acknowledged, as SMMUv3.2 does. IHI0070G.b 6.3.17 */
	if (on != smmu->regs.val[SMMU_REG_IRQ_CTRLACK])
		return;
	*ctrl = val;
	/* After a suspend the MSI registers of dead hardware may hold anything. */
	if (READ_ONCE(smmu->hwq.dead))
		return;
	hyp_smmu_irq_program(smmu, on);
	writel_relaxed(val, smmu->mmio + ARM_SMMU_IRQ_CTRL);
}
