// SPDX-License-Identifier: GPL-2.0-only
/* Tests: system suspend, from which SMMUs come back with their registers or without. */
#include "regress-msi.h"

#define SID	3
#define PAGE	HOST_DATA(0)
#define EL2_PAGE	page_phys(4)

/* Which SMMUs lose power: a bit for each. */
#define NONE	0
#define FIRST	BIT(0)
#define ALL	(BIT(NR_SMMUS) - 1)

static const u8 variants[] = { 0, 1, 2, 4, 8, 0xc0 };

static void setup(u8 variant)
{
	unsigned int i;

	boot_and_init(variant);
	for (i = 0; i < nr_smmus; i++) {
		EXPECT(drv_bypass(i, SID));
		EXPECT(drv_stage1(i, SID + 1));
		EXPECT_EQ(dev_dma(i, SID, PAGE), DMA_DONE);
	}
}

static void suspend(u32 lost)
{
	hyp_iommu_suspend();
	EXPECT_EQ(host_wake(lost, true), 0);
	oracle_full();
}

static bool event_is_recorded(unsigned int i)
{
	u32 prod = read32(i, 0x100a8);
	u64 dw = 0;

	host_store64(HOST_EVTQ(i) + (prod & 0x7f) * 32, 0);
	EXPECT_EQ(dev_dma(i, SID + 2, PAGE), DMA_ABORTED);
	dev_dma(i, SID, EL2_PAGE);
	hw_settle();
	host_load64(HOST_EVTQ(i) + (prod & 0x7f) * 32, &dw);

	return read32(i, 0x100a8) != prod && dw;
}

/* All that a driver and its devices do goes on. */
static void expect_works(unsigned int i)
{
	u32 irqs = smmus[i].gerror_irqs;

	EXPECT_EQ(dev_dma(i, SID, PAGE), DMA_DONE);
	EXPECT_EQ(dev_dma(i, SID + 1, PAGE), DMA_DONE);
	EXPECT_EQ(dev_dma(i, SID, EL2_PAGE), DMA_ABORTED);
	EXPECT(event_is_recorded(i));
	EXPECT(drv_bypass(i, SID + 5));
	EXPECT_EQ(dev_dma(i, SID + 5, PAGE), DMA_DONE);
	EXPECT(drv_detach(i, SID + 5));
	EXPECT_EQ(dev_dma(i, SID + 5, PAGE), DMA_ABORTED);
	EXPECT_EQ(read32(i, 0x54), 5);
	drv_put(i, 0xfe, 0);
	drv_ring(i);
	hw_settle();
	EXPECT_EQ(smmus[i].gerror_irqs, irqs + 1);
	EXPECT_EQ(drv_cmdq_err(i), ILL);
	drv_skip_err(i);
	EXPECT(drv_sync(i));
	EXPECT(drv_cr0(i, 0x8));
	EXPECT_EQ(dev_dma(i, SID, PAGE), DMA_ABORTED);
	EXPECT(drv_cr0(i, 0xd));
	EXPECT_EQ(dev_dma(i, SID, PAGE), DMA_DONE);
}

static void expect_all_work(void)
{
	unsigned int i;

	for (i = 0; i < nr_smmus; i++)
		expect_works(i);
	EXPECT_EQ(donate(PAGE), 0);
	for (i = 0; i < nr_smmus; i++)
		EXPECT_EQ(dev_dma(i, SID, PAGE), DMA_ABORTED);
	EXPECT_EQ(give_back(PAGE), 0);
}

static void suspend_goes_unnoticed(void)
{
	static const u32 offs[] = {
		0x20, 0x24, 0x28, 0x2c, 0x44, 0x50, 0x54, 0x80, 0x84, 0x88, 0x90, 0x94, 0x98,
		0x9c, 0xa0, 0xa4, 0x100a8, 0x100ac,
	};
	u32 before[NR_SMMUS][ARRAY_SIZE(offs)];
	unsigned int i, n, v;
	u32 lost;

	for (v = 0; v < ARRAY_SIZE(variants); v++) {
		setup(variants[v]);
		for (lost = NONE; lost <= ALL; lost++) {
			hw_settle();
			for (i = 0; i < nr_smmus; i++) {
				for (n = 0; n < ARRAY_SIZE(offs); n++)
					before[i][n] = read32(i, offs[n]);
			}
			suspend(lost);
			for (i = 0; i < nr_smmus; i++) {
				for (n = 0; n < ARRAY_SIZE(offs); n++)
					EXPECT_EQ(read32(i, offs[n]), before[i][n]);
				EXPECT_EQ(smmus[i].gerror, smmus[i].gerrorn);
			}
			expect_all_work();
		}
	}
}

/* Caches have anything in them, and no stream gets anything by that. */
static void suspend_drops_caches(void)
{
	u32 sid;

	setup(0);
	suspend(ALL);
	for (sid = 0; sid < NR_STE_CACHE; sid++) {
		EXPECT(!smmus[0].ste[sid].valid || smmus[0].ste[sid].dw[0] != 0x9);
		dev_dma(0, sid, EL2_PAGE);
		dev_dma(1, sid, EL2_PAGE);
	}
	oracle_full();
}

/* Before the driver is there, and while it has the SMMU off: no stream comes to life. */
static void suspend_of_disabled_smmus(void)
{
	unsigned int i;

	boot(0);
	suspend(ALL);
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
	EXPECT_EQ(smmus[0].irq_ctrl, 0);
	EXPECT_EQ(smmus[0].cr0 & 0x4, 0);
	for (i = 0; i < nr_smmus; i++)
		drv_init(i);
	EXPECT(drv_bypass(0, SID));
	EXPECT(drv_cr0(0, 0));
	EXPECT_EQ(donate(HOST_EVTQ(0)), 0);
	suspend(ALL);
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
	EXPECT_EQ(smmus[0].cr0 & 0x4, 0);
	EXPECT_EQ(give_back(HOST_EVTQ(0)), 0);
	EXPECT(drv_cr0(0, 0xd));
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_DONE);
}

/* Firmware refuses: nothing was given up for it. */
static void suspend_that_fails(void)
{
	struct smmu before;

	setup(0);
	hw_settle();
	before = smmus[0];
	hyp_iommu_suspend();
	EXPECT_EQ(smmus[0].cr0ack, before.cr0ack);
	EXPECT_EQ(smmus[0].gbpa, before.gbpa);
	EXPECT_EQ(smmus[0].irq_ctrl, before.irq_ctrl);
	EXPECT_EQ(smmus[0].strtab_base, before.strtab_base);
	EXPECT_EQ(smmus[0].evtq_prod, before.evtq_prod);
	EXPECT_EQ(smmus[0].cmdq_base, before.cmdq_base);
	expect_all_work();
}

/* What the host has asked for before is done, and it hears of it. */
static void commands_before_suspend(u8 variant)
{
	u32 irqs, n;
	u64 at;

	/* The queue wraps around several times. */
	for (n = 0, setup(variant); n < 100; n++) {
		at = put_unmap(n);
		ring_once();
		suspend(n & 1 ? ALL : NONE);
		read32(0, 0x9c);
		EXPECT(msi_is(at, n));
		EXPECT_EQ(behind(drv_prod(0)), 0);
	}
	irqs = smmus[0].gerror_irqs;
	drv_put(0, 0xfe, 0);
	drv_ring(0);
	suspend(ALL);
	EXPECT_EQ(smmus[0].gerror_irqs, irqs + 1);
	EXPECT_EQ(drv_cmdq_err(0), ILL);
	drv_skip_err(0);
	expect_all_work();
}

static void suspend_completes_commands(void)
{
	commands_before_suspend(0);
	commands_before_suspend(NO_MSI);
}

/* A host that goes on while it suspends: commands that are lost count as done. */
static void suspend_with_commands_in_flight(void)
{
	unsigned int n, cmds;

	setup(0);
	for (cmds = 1; cmds < 24; cmds++) {
		hyp_iommu_suspend();
		for (n = 0; n < cmds; n++)
			drv_put(0, 0x11, 0);
		drv_put(0, 0x46, 0);
		ring_once();
		EXPECT(smmus[0].cmdq_prod != smmus[0].cmdq_cons);
		EXPECT_EQ(host_wake(FIRST, true), 0);
		EXPECT_EQ(behind(drv_prod(0)), 0);
		EXPECT(drv_sync(0));
	}
	expect_all_work();
}

/* A change of CR0 that is not acknowledged yet comes to its end. */
static void suspend_during_change_of_cr0(void)
{
	static const u8 from[] = { 0xd, 0xd, 0xd, 0x0, 0x8 };
	static const u8 to[] = { 0x9, 0x5, 0x0, 0xd, 0xd };
	unsigned int i, late;
	u32 lost, prod;
	u64 val;

	for (i = 0; i < 4 * ARRAY_SIZE(to); i++) {
		late = i & 1;
		lost = i & 2 ? ALL : NONE;
		setup(0);
		EXPECT(drv_cr0(0, from[i / 4]));
		prod = read32(0, 0x100a8);
		if (late)
			hyp_iommu_suspend();
		val = to[i / 4];
		EXPECT_EQ(host_mmio(0, 0x20, 4, true, &val), MMIO_DONE);
		if (!late)
			hyp_iommu_suspend();
		EXPECT_EQ(host_wake(lost, true), 0);
		oracle_full();
		EXPECT(drv_cr0(0, to[i / 4]));
		EXPECT_EQ(read32(0, 0x100a8), prod);
		EXPECT_EQ(donate(HOST_EVTQ(0)), to[i / 4] & 0x4 ? -EPERM : 0);
		oracle_full();
	}
}

/* Records that the host has not read, and that there were too many. */
static void suspend_keeps_events(void)
{
	u32 prod, i;

	setup(0);
	for (i = 0; i < 5; i++)
		EXPECT(event_is_recorded(0));
	write32(0, 0x100ac, 3);
	prod = smmus[0].evtq_prod;
	suspend(FIRST);
	EXPECT_EQ(smmus[0].evtq_prod, prod);
	EXPECT_EQ(smmus[0].evtq_cons, 3);
	EXPECT_EQ(read32(0, 0x100a8), prod);
	for (i = 0; i < 130; i++) {
		dev_dma(0, SID, EL2_PAGE);
		hw_settle();
	}
	EXPECT_EQ(smmus[0].evtq_prod >> 31, 1);
	prod = smmus[0].evtq_prod;
	suspend(FIRST);
	EXPECT_EQ(smmus[0].evtq_prod, prod);
	EXPECT_EQ(donate(HOST_EVTQ(0)), -EPERM);
	write32(0, 0x100ac, prod);
	expect_all_work();
}

/* Devices do not stop for it where their SMMU has kept its registers. */
static void dma_at_point(void)
{
	unsigned int i;

	for (i = 0; i < nr_smmus; i++) {
		EXPECT(dev_dma(i, SID, EL2_PAGE) != DMA_DONE);
		EXPECT(dev_dma(i, SID + 5, PAGE) != DMA_DONE);
		dev_dma(i, SID, PAGE);
	}
}

static void suspend_under_dma(void)
{
	u32 lost;

	setup(0);
	model.at_point = dma_at_point;
	for (lost = NONE; lost <= ALL; lost++)
		suspend(lost);
	model.at_point = NULL;
	expect_all_work();
}

static void expect_dead(unsigned int i)
{
	EXPECT(el2_smmu(i)->hwq.dead);
	EXPECT_EQ(donate(PAGE), -EIO);
	EXPECT_EQ(dev_dma(i, SID, EL2_PAGE), DMA_ABORTED);
	EXPECT_EQ(dev_dma(i, SID + 5, PAGE), DMA_ABORTED);
	EXPECT_EQ((read32(i, 0x60) ^ read32(i, 0x64)) & 0x100, 0x100);
	/* Whatever the host does with it, no MSI register has garbage in it and is used. */
	write32(i, 0x50, 0);
	write32(i, 0x50, 5);
	drv_cr0(i, 0x9);
	drv_cr0(i, 0);
	drv_cr0(i, 0xd);
	hw_settle();
	EXPECT_EQ(dev_dma(i, SID, PAGE), DMA_ABORTED);
	oracle_full();
}

/* It consumes no command any more, with its registers or without: others go on. */
static void resume_of_hanging_hardware(void)
{
	u32 lost;

	for (lost = NONE; lost <= ALL; lost++) {
		setup(0);
		hyp_iommu_suspend();
		smmus[0].hang = true;
		EXPECT_EQ(host_wake(lost, true), 0);
		EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
		expect_dead(0);
		EXPECT(drv_sync(1));
		EXPECT_EQ(dev_dma(1, SID, PAGE), DMA_DONE);
		/* For ever, and isolated for ever. */
		smmus[0].hang = false;
		suspend(lost);
		suspend(ALL);
		expect_dead(0);
		EXPECT(drv_sync(1));
	}
}

/* From the n-th update of a register on the first SMMU acknowledges none. */
static int wake_deaf(u8 n, u32 lost)
{
	setup(0);
	hyp_iommu_suspend();
	smmus[0].deaf = n;

	return host_wake(lost, true);
}

/* Reset values let streams bypass, or not: then there is one update less. */
static void resume_of_deaf_hardware(void)
{
	unsigned int i, n, stuck, dead;
	int ret;

	for (n = 1; n <= 6; n++) {
		for (i = 0, stuck = 0, dead = 0; i < 16; i++) {
			ret = wake_deaf(n, ALL);
			if (ret) {
				/* Whether it aborts is not known: the host must not run. */
				EXPECT_EQ(ret, -ETIMEDOUT);
				EXPECT(smmus[0].lost);
				EXPECT_EQ(hyp_iommu_resume(true), -ETIMEDOUT);
				stuck++;
			} else if (el2_smmu(0)->hwq.dead) {
				expect_dead(0);
				EXPECT(drv_sync(1));
				/* EVENTQEN may be acknowledged later: the queue is still pinned. */
				smmus[0].deaf = 0;
				hw_settle();
				oracle_full();
				dead++;
			}
		}
		EXPECT_EQ(!!stuck, n == 1);
		EXPECT_EQ(!!dead, n <= 5);
	}
}

/* With its registers it aborts, or translates as before. */
static void resume_of_deaf_hardware_with_power(void)
{
	unsigned int n;

	for (n = 1; n <= 6; n++) {
		EXPECT_EQ(wake_deaf(n, NONE), 0);
		EXPECT_EQ(el2_smmu(0)->hwq.dead, n <= 5);
		EXPECT_EQ(dev_dma(0, SID, EL2_PAGE), DMA_ABORTED);
		EXPECT_EQ(donate(PAGE), n <= 5 ? -EIO : 0);
		oracle_full();
	}
}

/* Nothing but a reset ends it, and no acknowledgment. */
static void resume_in_service_failure_mode(void)
{
	setup(0);
	hyp_iommu_suspend();
	smmus[0].gerror ^= 0x100;
	model.time = 0;
	EXPECT_EQ(host_wake(NONE, true), 0);
	EXPECT(model.time < 1000);
	expect_dead(0);
	EXPECT_EQ((smmus[0].gerror ^ smmus[0].gerrorn) & 0x100, 0x100);
	EXPECT(drv_sync(1));
}

/* What was dead before translates as long as it keeps its registers, and aborts without. */
static void suspend_of_dead_hardware(void)
{
	setup(0);
	smmus[0].refuse_op = 0x28;
	EXPECT_EQ(donate(PAGE), -EIO);
	suspend(NONE);
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_DONE);
	EXPECT_EQ(dev_dma(0, SID, EL2_PAGE), DMA_ABORTED);
	suspend(ALL);
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
	expect_dead(0);
	EXPECT(drv_sync(1));
}

/* Late hardware holds nothing up for longer than a second, and may come back. */
static void suspend_of_late_hardware(void)
{
	setup(0);
	smmus[0].hang = true;
	put_unmap(1);
	ring_once();
	hyp_iommu_suspend();
	smmus[0].hang = false;
	EXPECT_EQ(host_wake(ALL, true), 0);
	EXPECT(!el2_smmu(0)->hwq.dead);
	EXPECT_EQ(behind(drv_prod(0)), 0);
	expect_all_work();
}

static int debug_call(void)
{
	int ret;

	model.asleep = true;
	ret = __pkvm_iommu_test_suspend();
	model.asleep = false;
	oracle_full();

	return ret;
}

/* The call by which a machine is tested whose firmware does not suspend. */
static void suspend_by_debug_call(void)
{
	unsigned int i;

	for (i = 0, setup(0); i < 10; i++) {
		EXPECT_EQ(debug_call(), 0);
		EXPECT(drv_sync(0));
	}
	expect_all_work();
	smmus[0].deaf = 1;
	EXPECT_EQ(debug_call(), -ETIMEDOUT);
	EXPECT(drv_sync(1));
	smmus[0].deaf = 0;
	EXPECT_EQ(debug_call(), -EIO);
	EXPECT_EQ(dev_dma(1, SID, PAGE), DMA_DONE);
}

/* Firmware should not do that. What is not lost is not touched. */
static void smmu_lost_in_suspend_of_cpu(void)
{
	u64 submitted[NR_SMMUS];
	unsigned int i;
	u32 lost;

	for (lost = NONE; lost <= ALL; lost++) {
		setup(0);
		hw_settle();
		for (i = 0; i < nr_smmus; i++)
			submitted[i] = el2_smmu(i)->hwq.submitted;
		EXPECT_EQ(host_wake(lost, false), 0);
		oracle_full();
		for (i = 0; i < nr_smmus; i++)
			EXPECT_EQ(el2_smmu(i)->hwq.submitted != submitted[i], !!(lost & BIT(i)));
		expect_all_work();
	}
}

/* Nothing is owned: firmware suspends what it likes. */
static void suspend_without_smmus(void)
{
	boot(0);
	EXPECT_EQ(machine_release(), 0);
	hyp_iommu_suspend();
	EXPECT_EQ(hyp_iommu_resume(true), 0);
	EXPECT_EQ(__pkvm_iommu_test_suspend(), -ENODEV);
	EXPECT_EQ(smmus[0].cr0, 0);
}

const struct test tests_suspend[] = {
	TEST(suspend_goes_unnoticed),
	TEST(suspend_drops_caches),
	TEST(suspend_of_disabled_smmus),
	TEST(suspend_that_fails),
	TEST(suspend_completes_commands),
	TEST(suspend_with_commands_in_flight),
	TEST(suspend_during_change_of_cr0),
	TEST(suspend_keeps_events),
	TEST(suspend_under_dma),
	TEST(resume_of_hanging_hardware),
	TEST(resume_of_deaf_hardware),
	TEST(resume_of_deaf_hardware_with_power),
	TEST(resume_in_service_failure_mode),
	TEST(suspend_of_dead_hardware),
	TEST(suspend_of_late_hardware),
	TEST(suspend_by_debug_call),
	TEST(smmu_lost_in_suspend_of_cpu),
	TEST(suspend_without_smmus),
	{}
};
