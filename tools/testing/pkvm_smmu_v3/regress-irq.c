// SPDX-License-Identifier: GPL-2.0-only
/* Tests: MSIs of the SMMU's own interrupts, which the hardware writes past stage 2. */
#include "pkvm-smmu-v3.h"
#include "hyp/smmu.h"
#include "regress.h"

#define GERROR_CFG	0x68
#define EVTQ_CFG	0xb0

#define MSI_EVTQ_ABT	BIT(5)
#define MSI_GERROR_ABT	BIT(7)

/* Global errors that the host sees as active. */
static u32 active(void)
{
	return read32(0, 0x60) ^ read32(0, 0x64);
}

static void acknowledge(void)
{
	write32(0, 0x64, read32(0, 0x60));
}

/* Turn both off, give them MSIs, and turn both on. */
static void set_msis(u64 gerror, u64 evtq)
{
	EXPECT(drv_irq_ctrl(0, 0));
	drv_msi(0, GERROR_CFG, gerror, 0x11);
	drv_msi(0, EVTQ_CFG, evtq, 0x22);
	EXPECT(drv_irq_ctrl(0, 5));
}

/* An event, and an error of the host's queue: how many MSIs they are. */
static void expect_msis(u32 gerror, u32 evtq)
{
	struct smmu_irq *irq = smmus[0].irq;
	u32 gerrors, events, irqs;

	hw_settle();
	gerrors = irq[IRQ_GERROR].msis;
	events = irq[IRQ_EVTQ].msis;
	irqs = smmus[0].gerror_irqs;
	dev_dma(0, 9, 0);
	hw_settle();
	EXPECT_EQ(irq[IRQ_EVTQ].msis - events, evtq);
	drv_put(0, 0xfe, 0);
	drv_ring(0);
	hw_settle();
	EXPECT_EQ(drv_cmdq_err(0), ILL);
	EXPECT_EQ(smmus[0].gerror_irqs, irqs + 1);
	EXPECT_EQ(irq[IRQ_GERROR].msis - gerrors, gerror);
	drv_skip_err(0);
	EXPECT(drv_sync(0));
}

static void irqs_as_msis(void)
{
	boot_and_init(0);
	expect_msis(0, 0);
	set_msis(ITS_DOORBELL(0), ITS_DOORBELL(1));
	EXPECT_EQ(active(), 0);
	expect_msis(1, 1);
	EXPECT_EQ(smmus[0].irq[IRQ_GERROR].data, 0x11);
	EXPECT_EQ(smmus[0].irq[IRQ_EVTQ].data, 0x22);
	/* One alone, and none. */
	set_msis(0, ITS_DOORBELL(0));
	EXPECT_EQ(active(), 0);
	expect_msis(0, 1);
	EXPECT_EQ(smmus[0].irq[IRQ_GERROR].cfg0, 0);
	set_msis(ITS_DOORBELL(1), 0);
	expect_msis(1, 0);
	EXPECT_EQ(smmus[0].irq[IRQ_EVTQ].cfg0, 0);
}

/* Each address but a doorbell is kept, has no effect, and is reported. */
static void msis_to_elsewhere(void)
{
	const u64 addrs[] = {
		HOST_DATA(0), page_phys(4), SMMU_MMIO(0) + 0x10040, SMMU_MMIO(0), P2P_MMIO,
		PMCG_MMIO + 0x40, RAM1_BASE + PAGE_SIZE + 0x40, FAR_DOORBELL, 4, ITS_DOORBELL(2),
		ITS_DOORBELL(0) + 4, ITS_DOORBELL(0) - 4, ITS_DOORBELL(0) | BIT_ULL(32),
		ITS_DOORBELL(0) | BIT_ULL(51), GENMASK_ULL(51, 2),
	};
	unsigned int i;
	u32 irqs;

	boot_and_init(0);
	for (i = 0; i < ARRAY_SIZE(addrs); i++) {
		hw_settle();
		irqs = smmus[0].gerror_irqs;
		set_msis(ITS_DOORBELL(0), addrs[i]);
		hw_settle();
		EXPECT_EQ(host_read(0, EVTQ_CFG, 8), addrs[i]);
		EXPECT_EQ(smmus[0].irq[IRQ_EVTQ].cfg0, 0);
		EXPECT_EQ(active(), MSI_EVTQ_ABT);
		EXPECT_EQ(smmus[0].gerror_irqs, irqs + 1);
		/* What is active already is not reported again. */
		set_msis(addrs[i], addrs[i]);
		EXPECT_EQ(active(), MSI_EVTQ_ABT | MSI_GERROR_ABT);
		hw_settle();
		EXPECT_EQ(smmus[0].gerror_irqs, irqs + 1);
		acknowledge();
		EXPECT_EQ(active(), 0);
		/* The error of its own interrupt has none. */
		set_msis(addrs[i], ITS_DOORBELL(0));
		hw_settle();
		EXPECT_EQ(active(), MSI_GERROR_ABT);
		EXPECT_EQ(smmus[0].gerror_irqs, irqs + 1);
		acknowledge();
		EXPECT_EQ(active(), 0);
		expect_msis(0, 1);
	}
	/* Bits that are no address. */
	EXPECT(drv_irq_ctrl(0, 0));
	write64(0, GERROR_CFG, 0);
	write64(0, EVTQ_CFG, 0xfff0000000000003 | ITS_DOORBELL(0));
	EXPECT_EQ(host_read(0, EVTQ_CFG, 8), ITS_DOORBELL(0));
	EXPECT(drv_irq_ctrl(0, 5));
	EXPECT_EQ(active(), 0);
}

/* An interrupt of which nobody hears: the host turned it off. */
static void bad_msi_without_interrupt(void)
{
	u32 irqs;

	boot_and_init(0);
	EXPECT(drv_irq_ctrl(0, 0));
	drv_msi(0, EVTQ_CFG, HOST_DATA(0), 0);
	hw_settle();
	irqs = smmus[0].gerror_irqs;
	EXPECT(drv_irq_ctrl(0, 4));
	hw_settle();
	EXPECT_EQ(active(), MSI_EVTQ_ABT);
	EXPECT_EQ(smmus[0].gerror_irqs, irqs);
}

/* Written while it is on, or about to be: ignored. By halves: as a whole. */
static void msi_registers_are_guarded(void)
{
	u64 val;

	boot_and_init(0);
	drv_msi(0, EVTQ_CFG, HOST_DATA(0), 0x33);
	EXPECT_EQ(host_read(0, EVTQ_CFG, 8), 0);
	EXPECT_EQ(read32(0, EVTQ_CFG + 8), 0);
	EXPECT_EQ(read32(0, EVTQ_CFG + 12), 0);
	/* The other one is off. */
	EXPECT(drv_irq_ctrl(0, 1));
	drv_msi(0, GERROR_CFG, HOST_DATA(0), 0x33);
	EXPECT_EQ(host_read(0, GERROR_CFG, 8), 0);
	write32(0, EVTQ_CFG + 4, 0xffffffff);
	write32(0, EVTQ_CFG, ITS_DOORBELL(0));
	EXPECT_EQ(host_read(0, EVTQ_CFG, 8), 0x000fffff00000000 | ITS_DOORBELL(0));
	write32(0, EVTQ_CFG + 4, 0);
	write32(0, EVTQ_CFG + 12, 0xffffffff);
	EXPECT_EQ(read32(0, EVTQ_CFG + 12), 0x3f);

	/* An update that the hardware has not acknowledged. */
	val = 5;
	host_mmio(0, 0x50, 4, true, &val);
	val = HOST_DATA(0);
	host_mmio(0, EVTQ_CFG, 8, true, &val);
	val = 0;
	host_mmio(0, 0x50, 4, true, &val);
	hw_settle();
	EXPECT_EQ(read32(0, 0x50), 5);
	EXPECT_EQ(read32(0, 0x54), 5);
	EXPECT_EQ(smmus[0].irq[IRQ_EVTQ].cfg0, ITS_DOORBELL(0));
	val = 1;
	host_mmio(0, 0x50, 4, true, &val);
	val = HOST_DATA(0);
	host_mmio(0, EVTQ_CFG, 8, true, &val);
	EXPECT_EQ(host_read(0, EVTQ_CFG, 8), ITS_DOORBELL(0));
	hw_settle();
	EXPECT_EQ(read32(0, 0x54), 1);
	/* The hardware has acknowledged it, whether the host has looked or not. */
	val = 0;
	host_mmio(0, 0x50, 4, true, &val);
	hw_settle();
	drv_msi(0, GERROR_CFG, ITS_DOORBELL(1), 0x44);
	EXPECT_EQ(read32(0, GERROR_CFG + 8), 0x44);
	oracle_full();
}

/* Without MSIs in the hardware IDR0.MSI is for CMD_SYNC, and no MSI is ever written. */
static void hardware_without_msis(void)
{
	struct machine_cfg cfg = machine_default();

	boot_and_init(2);
	EXPECT(read32(0, 0) & BIT(13));
	set_msis(ITS_DOORBELL(0), ITS_DOORBELL(1));
	EXPECT_EQ(active(), MSI_EVTQ_ABT | MSI_GERROR_ABT);
	acknowledge();
	expect_msis(0, 0);

	/* Not coherent: no MSI is offered. */
	cfg.incoherent = true;
	EXPECT_EQ(machine_boot(&cfg), 0);
	drv_init(0);
	set_msis(ITS_DOORBELL(0), HOST_DATA(0));
	EXPECT_EQ(host_read(0, GERROR_CFG, 8), 0);
	EXPECT_EQ(read32(0, EVTQ_CFG + 8), 0);
	EXPECT_EQ(active(), 0);
	expect_msis(0, 0);
}

/* The ITS does not take it: as the hardware says. */
static void msi_aborts(void)
{
	u32 irqs;

	boot_and_init(0);
	set_msis(ITS_DOORBELL(0), ITS_DOORBELL(0));
	hw_settle();
	irqs = smmus[0].gerror_irqs;
	smmus[0].abort_irq = true;
	dev_dma(0, 9, 0);
	hw_settle();
	EXPECT_EQ(smmus[0].gerror_irqs, irqs + 1);
	EXPECT_EQ(active(), MSI_EVTQ_ABT);
	EXPECT_EQ(active(), MSI_EVTQ_ABT);
	acknowledge();
	EXPECT_EQ(active(), 0);
	/* And again. */
	smmus[0].abort_irq = true;
	dev_dma(0, 9, 0);
	hw_settle();
	EXPECT_EQ(active(), MSI_EVTQ_ABT);
	hw_settle();
	EXPECT_EQ(smmus[0].gerror_irqs, irqs + 2);
}

static void msis_survive_suspend(void)
{
	u32 lost;

	for (lost = 0; lost < 2; lost++) {
		boot_and_init(0);
		set_msis(ITS_DOORBELL(0), ITS_DOORBELL(1));
		hyp_iommu_suspend();
		EXPECT_EQ(host_wake(lost, true), 0);
		EXPECT_EQ(read32(0, 0x54), 5);
		expect_msis(1, 1);
		EXPECT_EQ(smmus[0].irq[IRQ_EVTQ].data, 0x22);

		/* One that was refused stays out, one that is off too. */
		set_msis(ITS_DOORBELL(0), HOST_DATA(0));
		acknowledge();
		EXPECT(drv_irq_ctrl(0, 4));
		hyp_iommu_suspend();
		EXPECT_EQ(host_wake(lost, true), 0);
		EXPECT_EQ(smmus[0].irq[IRQ_GERROR].cfg0, 0);
		EXPECT_EQ(smmus[0].irq[IRQ_EVTQ].cfg0, 0);
		EXPECT(drv_irq_ctrl(0, 5));
		expect_msis(1, 0);
	}
}

/* Nothing is written to an SMMU that may hold anything in these registers. */
static void dead_smmu_keeps_its_msis(void)
{
	boot_and_init(0);
	EXPECT(drv_irq_ctrl(0, 0));
	smmus[0].gerror ^= 0x100;
	read32(0, 0x60);
	EXPECT(el2_smmu(0)->hwq.dead);
	drv_msi(0, EVTQ_CFG, ITS_DOORBELL(0), 0x22);
	write32(0, 0x50, 5);
	hw_settle();
	EXPECT_EQ(smmus[0].irq_ctrl, 0);
	EXPECT_EQ(smmus[0].irq[IRQ_EVTQ].cfg0, 0);
}

/* What firmware calls a doorbell may be memory, or MMIO that EL2 has taken. */
static void doorbells_are_checked(void)
{
	unsigned int i, n = 0;

	boot(0);
	for (i = 0; i < PKVM_SMMU_V3_DOORBELLS; i++) {
		u64 addr = pkvm_smmu_v3_doorbells[i];

		if (!addr)
			continue;
		EXPECT(!phys_is_ram(addr) && !mmio_is_el2(addr));
		n++;
	}
	EXPECT_EQ(n, 4);
}

const struct test tests_irq[] = {
	TEST(irqs_as_msis),
	TEST(msis_to_elsewhere),
	TEST(bad_msi_without_interrupt),
	TEST(msi_registers_are_guarded),
	TEST(hardware_without_msis),
	TEST(msi_aborts),
	TEST(msis_survive_suspend),
	TEST(dead_smmu_keeps_its_msis),
	TEST(doorbells_are_checked),
	{}
};
