// SPDX-License-Identifier: GPL-2.0-only
/* Tests: the host's event queue, which the hardware writes to. */
#include "hyp/smmu.h"
#include "regress.h"

static u32 fault_event(unsigned int i)
{
	u32 prod = read32(i, 0x100a8);

	dev_dma(i, 9, 0);
	hw_settle();

	return (read32(i, 0x100a8) - prod) & 0xff;
}

static void events_are_delivered(void)
{
	u64 dw;

	boot_and_init(0);
	EXPECT_EQ(fault_event(0), 1);
	EXPECT(host_load64(HOST_EVTQ(0), &dw));
	EXPECT_EQ(dw, 0x02 | 9ULL << 32);
	write32(0, 0x100ac, read32(0, 0x100a8));
	EXPECT_EQ(smmus[0].evtq_cons, smmus[0].evtq_prod);
	/* An STE that aborts does so silently. */
	EXPECT(drv_bypass(0, 9));
	EXPECT(drv_detach(0, 9));
	EXPECT_EQ(fault_event(0), 0);
}

static void evtq_is_pinned_while_enabled(void)
{
	boot_and_init(0);
	EXPECT_EQ(donate(HOST_EVTQ(0)), -EPERM);
	EXPECT_EQ(host_donate_guest(HOST_EVTQ(0), 1), -EPERM);
	EXPECT_EQ(host_unshare_hyp(HOST_EVTQ(0)), -EBUSY);
	EXPECT(drv_cr0(0, 0x9));
	EXPECT_EQ(donate(HOST_EVTQ(0)), 0);
	EXPECT_EQ(fault_event(0), 0);
	/* Not the host's any more: the hardware's stays off. */
	EXPECT(drv_cr0(0, 0xd));
	EXPECT_EQ(smmus[0].cr0 & 0x4, 0);
	EXPECT_EQ(fault_event(0), 0);
	oracle_full();
}

/* Committed events come before the acknowledgment, and the pin after it. */
static void evtqen_cleared_with_events_pending(void)
{
	u64 val = 0x9;

	boot_and_init(0);
	dev_dma(0, 9, 0);
	dev_dma(0, 9, 0);
	EXPECT_EQ(smmus[0].nr_events, 2);
	host_mmio(0, 0x20, 4, true, &val);
	EXPECT_EQ(donate(HOST_EVTQ(0)), -EPERM);
	oracle_full();
	hw_settle();
	EXPECT_EQ(read32(0, 0x24), 0x9);
	EXPECT_EQ(read32(0, 0x100a8), 2);
	EXPECT_EQ(donate(HOST_EVTQ(0)), 0);
	/* On again, somewhere else, with indexes of its own. */
	write64(0, 0xa0, HOST_DATA(0) | 4);
	write32(0, 0x100a8, 3);
	write32(0, 0x100ac, 3);
	EXPECT(drv_cr0(0, 0xd));
	EXPECT_EQ(fault_event(0), 1);
	EXPECT_EQ(read32(0, 0x100a8), 4);
}

static void evtq_in_foreign_memory(void)
{
	static const u64 bases[] = {
		RAM0_BASE, RAM0_BASE + 4 * PAGE_SIZE, SMMU_MMIO(0), P2P_MMIO, 0,
		0xfffffffffffe0ULL, RAM_END, RAM1_BASE - PAGE_SIZE,
	};
	unsigned int i;

	boot_and_init(0);
	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		EXPECT(drv_cr0(0, 0x9));
		write64(0, 0xa0, bases[i] | 7);
		EXPECT(drv_cr0(0, 0xd));
		EXPECT_EQ(smmus[0].cr0 & 0x4, 0);
		EXPECT_EQ(fault_event(0), 0);
	}
}

/* What is pinned is what the hardware makes of the register. IHI0070G.b 6.3.29 */
static void evtq_effective_range(void)
{
	u64 base = ALIGN_DOWN(HOST_DATA(8), 0x2000);

	boot_and_init(0);
	EXPECT(drv_cr0(0, 0x9));
	/* 256 entries are offered: two pages, wherever in them the base points. */
	write64(0, 0xa0, base | 0x1fe0 | 31);
	EXPECT(drv_cr0(0, 0xd));
	EXPECT_EQ(smmus[0].cr0 & 0x4, 0x4);
	EXPECT_EQ(donate(base), -EPERM);
	EXPECT_EQ(donate(base + PAGE_SIZE), -EPERM);
	EXPECT_EQ(donate(base + 2 * PAGE_SIZE), 0);
	EXPECT_EQ(fault_event(0), 1);
	/* One page of the two is not the host's. */
	EXPECT(drv_cr0(0, 0x9));
	EXPECT_EQ(donate(base + PAGE_SIZE), 0);
	EXPECT(drv_cr0(0, 0xd));
	EXPECT_EQ(smmus[0].cr0 & 0x4, 0);
	EXPECT_EQ(donate(base), 0);
}

static void evtq_registers_while_enabled(void)
{
	boot_and_init(0);
	write64(0, 0xa0, HOST_DATA(0) | 4);
	EXPECT_EQ(host_read(0, 0xa0, 8), HOST_EVTQ(0) | DRV_EVTQ_SHIFT);
	write32(0, 0x100a8, 0x55);
	EXPECT_EQ(read32(0, 0x100a8), 0);
	/* The optional aliases in page 0 are not there. */
	write32(0, 0xac, 0x33);
	EXPECT_EQ(read32(0, 0x100ac), 0);
	EXPECT_EQ(read32(0, 0xa8), 0);
}

/* The same page for both queues, and a page shared for something else. */
static void page_is_pinned_once(void)
{
	boot_and_init(0);
	drv_disable(0);
	write64(0, 0xa0, HOST_CMDQ(0) | 4);
	EXPECT(drv_cr0(0, 0x8));
	EXPECT(drv_cr0(0, 0xc));
	EXPECT_EQ(smmus[0].cr0 & 0x4, 0);
	EXPECT(drv_cr0(0, 0x4));
	EXPECT(drv_cr0(0, 0));
	EXPECT_EQ(host_share_hyp(HOST_CMDQ(0)), 0);
	EXPECT(drv_cr0(0, 0x4));
	EXPECT_EQ(smmus[0].cr0 & 0x4, 0);
	EXPECT(drv_cr0(0, 0));
	EXPECT_EQ(host_unshare_hyp(HOST_CMDQ(0)), 0);
}

/* A page that the host has pinned a second time stays shared until that ends. */
static void second_pin_outlives_first(void)
{
	u64 phys = HOST_EVTQ(0);
	void *va = hyp_phys_to_virt(phys);

	boot_and_init(0);
	EXPECT_EQ(hyp_pin_shared_mem(va, va + PAGE_SIZE), 0);
	EXPECT(drv_cr0(0, 0x9));
	EXPECT_EQ(donate(phys), -EPERM);
	oracle_full();
	hyp_unpin_shared_mem(va, va + PAGE_SIZE);
	EXPECT_EQ(host_unshare_hyp(phys), 0);
	EXPECT_EQ(donate(phys), 0);
}

static void evtq_overflow_and_abort(void)
{
	unsigned int i;

	boot_and_init(0);
	for (i = 0; i < 200; i++)
		fault_event(0);
	EXPECT_EQ(read32(0, 0x100a8), 0x80000000 | 1 << DRV_EVTQ_SHIFT);
	write32(0, 0x100ac, read32(0, 0x100a8));
	EXPECT_EQ(fault_event(0), 1);
	smmus[0].gerror ^= 0x4;
	EXPECT_EQ(fault_event(0), 0);
	write32(0, 0x64, read32(0, 0x60));
	hw_settle();
	EXPECT_EQ(read32(0, 0x100a8) & 0xff, 0x82);
}

/* Off and on at once, many times: no pin is left. */
static void enable_toggles(void)
{
	unsigned int i;
	u32 refs;

	boot_and_init(0);
	drv_disable(1);
	drv_disable(0);
	refs = model.refs;
	for (i = 0; i < 64; i++) {
		EXPECT(drv_cr0(0, (i * 7) & 0xd));
		oracle_full();
	}
	drv_disable(0);
	EXPECT_EQ(model.refs, refs);
	EXPECT_EQ(refs, 0);
}

const struct test tests_evtq[] = {
	TEST(events_are_delivered),
	TEST(evtq_is_pinned_while_enabled),
	TEST(evtqen_cleared_with_events_pending),
	TEST(evtq_in_foreign_memory),
	TEST(evtq_effective_range),
	TEST(evtq_registers_while_enabled),
	TEST(page_is_pinned_once),
	TEST(second_pin_outlives_first),
	TEST(evtq_overflow_and_abort),
	TEST(enable_toggles),
	{}
};
