// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests: orders of register accesses that drivers have, or will have.
 *
 * Runtime power management: GBPA.ABORT, SMMUEN cleared with the queues still on, the last
 * commands, all queues off; later all registers anew, with the indexes of before.
 *
 * A crash kernel that adopts the stream table: SMMUEN stays set, so that DMA which nobody has
 * stopped goes on, while both queues are taken off, moved to memory of its own, and enabled.
 */
#include "hyp/smmu.h"
#include "regress-msi.h"

#define SID	3
#define PAGE	HOST_DATA(0)
#define EL2_PAGE page_phys(4)

#define GBPA_SET_ABORT	(BIT(31) | BIT(20))

static const u8 variants[] = { 0, 1, NO_MSI, 4, 8, 0xc0 };

static void setup(u8 variant)
{
	boot_and_init(variant);
	EXPECT(drv_bypass(0, SID));
	EXPECT(drv_stage1(0, SID + 1));
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_DONE);
	EXPECT_EQ(dev_dma(0, SID + 1, PAGE), DMA_DONE);
}

static void expect_dma(unsigned int i, enum dma_result result)
{
	EXPECT_EQ(dev_dma(i, SID, PAGE), result);
	EXPECT_EQ(dev_dma(i, SID + 1, PAGE), result);
	EXPECT_EQ(dev_dma(i, SID, EL2_PAGE), DMA_ABORTED);
	EXPECT_EQ(dev_dma(i, SID + 5, PAGE), DMA_ABORTED);
}

static void set_gbpa(u32 val)
{
	write32(0, 0x44, val);
	EXPECT_EQ(read32(0, 0x44), val & ~(1U << 31));
}

/* No device is active: it was, and may be again at any time. */
static void pm_suspend(void)
{
	u32 prod;
	u64 at;

	set_gbpa(GBPA_SET_ABORT);
	EXPECT(drv_cr0(0, 0xc));
	expect_dma(0, DMA_ABORTED);
	/* An unmap that was on its way. */
	at = put_unmap(1);
	drv_ring(0);
	EXPECT(drv_sync(0));
	EXPECT(msi_is(at, 1) || !(read32(0, 0x0) & 1 << 13));
	prod = drv_prod(0);
	EXPECT(drv_cr0(0, 0));
	write32(0, 0x50, 0);
	hw_settle();
	EXPECT_EQ(read32(0, 0x54), 0);
	EXPECT_EQ(read32(0, 0x9c), prod);
	expect_dma(0, DMA_ABORTED);
	oracle_full();
}

/* As at probe, but that nobody expects the SMMU to be enabled. */
static void pm_resume(void)
{
	u32 evt = read32(0, 0x100a8), prod = drv_prod(0);
	u64 strtab = host_read(0, 0x80, 8);
	u32 cfg = read32(0, 0x88);

	EXPECT_EQ(read32(0, 0x20), 0);
	write32(0, 0x28, 0xd75);
	write32(0, 0x2c, 0x6);
	write64(0, 0x80, strtab);
	write32(0, 0x88, cfg);
	write64(0, 0x90, HOST_CMDQ(0) | DRV_CMDQ_SHIFT);
	write32(0, 0x98, prod);
	write32(0, 0x9c, prod);
	EXPECT(drv_cr0(0, 0x8));
	EXPECT_EQ(read32(0, 0x9c), prod);
	EXPECT(drv_cmd(0, 0x04, 31));
	EXPECT(drv_cmd(0, 0x30, 0));
	EXPECT(drv_sync(0));
	expect_dma(0, DMA_ABORTED);
	write64(0, 0xa0, HOST_EVTQ(0) | DRV_EVTQ_SHIFT);
	write32(0, 0x100a8, evt);
	write32(0, 0x100ac, evt);
	EXPECT(drv_cr0(0, 0xc));
	write32(0, 0x50, 5);
	expect_dma(0, DMA_ABORTED);
	set_gbpa(1U << 31);
	expect_dma(0, DMA_ABORTED);
	EXPECT(drv_cr0(0, 0xd));
}

static void runtime_pm_of(u8 variant)
{
	unsigned int n;

	setup(variant);
	for (n = 0; n < 20; n++) {
		pm_suspend();
		/* Nothing of it is pinned, and a transition does not wait for the host. */
		EXPECT_EQ(donate(PAGE), 0);
		EXPECT_EQ(donate(HOST_CMDQ(0)), 0);
		EXPECT_EQ(donate(HOST_EVTQ(0)), 0);
		EXPECT_EQ(give_back(HOST_EVTQ(0)), 0);
		EXPECT_EQ(give_back(HOST_CMDQ(0)), 0);
		/* What the driver does to an STE meanwhile needs no command. */
		drv_write_ste(0, SID + 2, n & 1 ? 0x9 : 0x1, 1ULL << 44);
		/* The other SMMU goes on. */
		EXPECT(drv_sync(1));
		pm_resume();
		EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
		EXPECT_EQ(give_back(PAGE), 0);
		expect_dma(0, DMA_DONE);
		EXPECT_EQ(dev_dma(0, SID + 2, PAGE), n & 1 ? DMA_DONE : DMA_ABORTED);
		oracle_full();
	}
}

static void order_of_runtime_pm(void)
{
	unsigned int v;

	for (v = 0; v < ARRAY_SIZE(variants); v++)
		runtime_pm_of(variants[v]);
}

/* The system suspends while the SMMU is suspended, and it loses its registers. */
static void order_of_runtime_pm_in_system_suspend(void)
{
	setup(0);
	pm_suspend();
	hyp_iommu_suspend();
	EXPECT_EQ(host_wake(BIT(0), true), 0);
	expect_dma(0, DMA_ABORTED);
	pm_resume();
	expect_dma(0, DMA_DONE);
}

/* The crash kernel's queues: two pages that the kernel before it did not use. */
#define NEW_CMDQ	HOST_DATA(4)
#define NEW_EVTQ	HOST_DATA(6)
#define NEW_SHIFT	4

static u32 new_prod;

static void new_cmd(u64 dw0, u64 dw1)
{
	u64 at = NEW_CMDQ + (new_prod & ((1 << NEW_SHIFT) - 1)) * 16;

	dma_store64(0, at, dw0);
	dma_store64(0, at + 8, dw1);
	new_prod = (new_prod + 1) & ((2 << NEW_SHIFT) - 1);
	write32(0, 0x98, new_prod);
}

static void new_sync(void)
{
	unsigned int n;

	new_cmd(0x46, 0);
	for (n = 0; n < 1000 && read32(0, 0x9c) != new_prod; n++)
		hw_settle();
	EXPECT_EQ(read32(0, 0x9c), new_prod);
}

/* Whatever the crash kernel does, whichever step the hardware is in, and with no cache. */
static void dma_goes_on(void)
{
	unsigned int i;

	for (i = 0; i < NR_STE_CACHE; i++)
		smmus[0].ste[i].valid = false;
	for (i = 0; i < NR_TLB; i++)
		smmus[0].tlb[i].valid = false;
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_DONE);
	EXPECT_EQ(dev_dma(0, SID + 1, PAGE), DMA_DONE);
	EXPECT(dev_dma(0, SID, EL2_PAGE) != DMA_DONE);
	EXPECT(dev_dma(0, SID + 5, PAGE) != DMA_DONE);
}

static void adopt(void)
{
	u64 strtab = host_read(0, 0x80, 8);

	new_prod = 0;
	write32(0, 0x50, 0);
	EXPECT(drv_cr0(0, 0x1));
	write32(0, 0x64, read32(0, 0x60));
	/* It cannot be moved: SMMUEN is set. */
	write64(0, 0x80, NEW_CMDQ);
	EXPECT_EQ(host_read(0, 0x80, 8), strtab);
	write64(0, 0x90, NEW_CMDQ | NEW_SHIFT);
	write32(0, 0x98, 0);
	write32(0, 0x9c, 0);
	EXPECT(drv_cr0(0, 0x9));
	new_cmd(0x04, 31);
	new_cmd(0x30, 0);
	new_sync();
	write64(0, 0xa0, NEW_EVTQ | NEW_SHIFT);
	write32(0, 0x100a8, 0);
	write32(0, 0x100ac, 0);
	EXPECT(drv_cr0(0, 0xd));
	write32(0, 0x50, 5);
}

static void expect_adopted(void)
{
	u64 dw = 0;
	u32 n;

	/* The old queues are the host's alone, the new ones are pinned. */
	EXPECT_EQ(donate(HOST_CMDQ(0)), 0);
	EXPECT_EQ(donate(HOST_EVTQ(0)), 0);
	EXPECT_EQ(donate(NEW_CMDQ), -EPERM);
	EXPECT_EQ(donate(NEW_EVTQ), -EPERM);
	/* Events since then are in the new one. */
	n = read32(0, 0x100a8);
	hw_settle();
	EXPECT_EQ(dev_dma(0, SID, EL2_PAGE), DMA_ABORTED);
	hw_settle();
	EXPECT(read32(0, 0x100a8) != n);
	EXPECT(host_load64(NEW_EVTQ, &dw) && dw);
	/* It takes a device over: its stream goes through an abort. */
	drv_write_ste(0, SID, 0x1, 0);
	new_cmd(0x03 | (u64)SID << 32, 1);
	new_sync();
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
	EXPECT_EQ(dev_dma(0, SID + 1, PAGE), DMA_DONE);
	drv_write_ste(0, SID, 0x9, 1ULL << 44);
	new_cmd(0x03 | (u64)SID << 32, 1);
	new_sync();
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_DONE);
	EXPECT_EQ(donate(PAGE), 0);
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
	oracle_full();
}

static void order_of_kdump(void)
{
	unsigned int v;

	for (v = 0; v < ARRAY_SIZE(variants); v++) {
		setup(variants[v]);
		model.at_point = dma_goes_on;
		adopt();
		model.at_point = NULL;
		expect_adopted();
	}
}

/* The kernel crashed with commands in the queue, and the hardware behind. */
static void order_of_kdump_with_commands(void)
{
	unsigned int n;

	setup(0);
	for (n = 0; n < 20; n++)
		put_unmap(n);
	ring_once();
	model.at_point = dma_goes_on;
	adopt();
	model.at_point = NULL;
	expect_adopted();
}

/* Or over an error that nobody has acknowledged. */
static void order_of_kdump_with_error(void)
{
	setup(0);
	drv_put(0, 0xfe, 0);
	drv_ring(0);
	hw_settle();
	EXPECT_EQ(drv_cmdq_err(0), ILL);
	model.at_point = dma_goes_on;
	adopt();
	model.at_point = NULL;
	expect_adopted();
	EXPECT_EQ(active_errors(), 0);
}

const struct test tests_order[] = {
	TEST(order_of_runtime_pm),
	TEST(order_of_runtime_pm_in_system_suspend),
	TEST(order_of_kdump),
	TEST(order_of_kdump_with_commands),
	TEST(order_of_kdump_with_error),
	{}
};
