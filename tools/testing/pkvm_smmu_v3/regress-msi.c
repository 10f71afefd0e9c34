// SPDX-License-Identifier: GPL-2.0-only
/* Tests: CMD_SYNC, and the MSI that EL2 writes for it. */
#include "regress-msi.h"

/* The oracle would report an MSI that the hardware is asked for. */
static void msis_elsewhere(u8 variant)
{
	const u64 places[] = {
		page_phys(4) | 4, HOST_DATA(0), HOST_CMDQ(0) - 4,
		HOST_CMDQ(0) + (16 << DRV_CMDQ_SHIFT), GENMASK_ULL(51, 2),
	};
	u64 before, after;
	unsigned int i;
	u32 irqs;

	boot_and_init(variant);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		irqs = smmus[0].gerror_irqs;
		host_load64(HOST_DATA(0), &before);
		EXPECT_EQ(try_cmd(SYNC_MSI(0xdead), places[i]), 0);
		host_load64(HOST_DATA(0), &after);
		EXPECT_EQ(after, before);
		EXPECT_EQ(active_errors(), MSI_ABT);
		hw_settle();
		EXPECT_EQ(smmus[0].gerror_irqs, irqs + 1);
		/* Not reported again while it is active, and the queue goes on. */
		EXPECT_EQ(try_cmd(SYNC_MSI(0xdead), places[i]), 0);
		EXPECT_EQ(active_errors(), MSI_ABT);
		write32(0, 0x64, read32(0, 0x60));
		EXPECT_EQ(active_errors(), 0);
	}
	EXPECT_EQ(smmus[0].msis, 0);
}

static void msi_elsewhere(void)
{
	msis_elsewhere(0);
	msis_elsewhere(NO_MSI);
}

static void sync_without_msi(void)
{
	boot_and_init(0);
	EXPECT_EQ(try_cmd(0x46 | 1 << 12, 0), 0);
	EXPECT_EQ(try_cmd(0x46 | 2 << 12, HOST_DATA(0)), 0);
	EXPECT_EQ(try_cmd(0x46 | 0 << 12 | 0xdeadULL << 32, HOST_DATA(0)), 0);
	EXPECT_EQ(try_cmd(0x46 | 3 << 12, 0), ILL);
	EXPECT_EQ(try_cmd(0x46, 1ULL << 62), ILL);
	EXPECT_EQ(active_errors(), 0);
	hw_settle();
}

/* One write of CMDQ_PROD, and what was asked for is done: no other trap. */
static void msi_means_done(void)
{
	unsigned int i;
	u64 at;

	boot_and_init(NO_MSI);
	for (i = 0; i < 300; i++) {
		EXPECT(drv_bypass(0, 3));
		EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_DONE);
		drv_write_ste(0, 3, 1, 0);
		drv_put(0, 0x03 | 3ULL << 32, 1);
		at = put_sync_msi(i);
		drv_ring(0);
		EXPECT(msi_is(at, i));
		EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_ABORTED);
	}
}

/* More of them than EL2 keeps in mind, in one batch. */
static void msi_of_each_sync(void)
{
	u64 at[3 * HYP_SMMU_MARKS];
	unsigned int i;

	boot_and_init(NO_MSI);
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		drv_put(0, 0x11 | (u64)i << 48, 0);
		at[i] = put_sync_msi(i + 1);
	}
	drv_ring(0);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		EXPECT(msi_is(at[i], i + 1));
}

/* With one store the host asks for more MSIs than EL2 keeps in mind: all are written. */
static void more_msis_than_marks(void)
{
	u64 at[2 * HYP_SMMU_MARKS];
	unsigned int i;

	boot_and_init(NO_MSI);
	smmus[0].hang = true;
	for (i = 0; i < ARRAY_SIZE(at); i++)
		at[i] = put_sync_msi(i + 1);
	ring_once();
	for (i = 0; i < ARRAY_SIZE(at); i++)
		EXPECT(!msi_is(at[i], i + 1));
	smmus[0].hang = false;
	hw_settle();
	EXPECT_EQ(ring_once(), MMIO_DONE);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		EXPECT(msi_is(at[i], i + 1));
	EXPECT_EQ(behind(drv_prod(0)), 0);
}

/* Nor does it wait for what another CPU has put behind it: all STEs are read again. */
static void msi_before_long_scan(void)
{
	u64 at;

	boot_and_init(0xc0 | NO_MSI);
	drv_fill_strtab(0);
	at = put_sync_msi(1);
	drv_put(0, 0x04, 31);
	drv_put(0, 0x04, 31);
	EXPECT_EQ(ring_once(), MMIO_AGAIN);
	hw_settle();
	/* Twice 2^13 STEs take more than two traps. */
	EXPECT_EQ(ring_once(), MMIO_AGAIN);
	EXPECT(msi_is(at, 1));
	drv_ring(0);
	EXPECT(drv_sync(0));
}

/* It is written in spite of an error behind it, and after one before it. */
static void msi_and_error(void)
{
	u64 first, second;

	boot_and_init(NO_MSI);
	first = put_sync_msi(1);
	drv_put(0, 0x9b, 0);
	second = put_sync_msi(2);
	drv_ring(0);
	EXPECT(msi_is(first, 1));
	EXPECT(!msi_is(second, 2));
	EXPECT_EQ(drv_cmdq_err(0), ILL);
	drv_skip_err(0);
	EXPECT(msi_is(second, 2));
}

/* CMDQEN is not acknowledged before the MSI is there; then the page is the host's. */
static void msi_before_cr0ack(void)
{
	u64 at;

	boot_and_init(NO_MSI);
	smmus[0].hang = true;
	at = put_sync_msi(7);
	EXPECT_EQ(ring_once(), MMIO_AGAIN);
	EXPECT(!msi_is(at, 7));
	write32(0, 0x20, 0x5);
	EXPECT_EQ(read32(0, 0x24) & 0x8, 0x8);
	EXPECT_EQ(donate(HOST_CMDQ(0)), -EPERM);
	smmus[0].hang = false;
	hw_settle();
	EXPECT_EQ(read32(0, 0x24) & 0x8, 0);
	EXPECT(msi_is(at, 7));
	EXPECT_EQ(donate(HOST_CMDQ(0)), 0);
}

/* A CPU waits for its own commands, whatever others add. */
static void msi_is_waited_for_by_its_own(void)
{
	u64 first, second, prod1, prod2;
	struct hyp_smmu *smmu;
	u64 seq;

	boot_and_init(NO_MSI);
	smmu = el2_smmu(0);
	smmus[0].hang = true;
	first = put_sync_msi(1);
	prod1 = drv_prod(0);
	EXPECT_EQ(ring_at(prod1), MMIO_AGAIN);
	seq = smmu->hwq.submitted;
	second = put_sync_msi(2);
	prod2 = drv_prod(0);
	EXPECT_EQ(ring_at(prod2), MMIO_AGAIN);

	/* The hardware comes as far as the first. */
	smmus[0].hang = false;
	while (!hyp_smmu_hwq_done(smmu, seq))
		smmu_step(&smmus[0]);
	smmus[0].hang = true;
	if (!hyp_smmu_hwq_done(smmu, seq + 1)) {
		EXPECT_EQ(ring_at(prod1), MMIO_DONE);
		EXPECT(msi_is(first, 1));
		EXPECT(!msi_is(second, 2));
		EXPECT_EQ(ring_at(prod2), MMIO_AGAIN);
	}
	smmus[0].hang = false;
	write32(0, 0x98, prod2);
	EXPECT(msi_is(second, 2));
}

/* What the hardware has completed meanwhile comes first. */
static void msi_before_unmap(void)
{
	u64 first, second;

	boot_and_init(NO_MSI);
	smmus[0].hang = true;
	first = put_sync_msi(1);
	EXPECT_EQ(ring_once(), MMIO_AGAIN);
	smmus[0].hang = false;
	hw_settle();
	drv_put(0, 0x12, 0x1000);
	second = put_sync_msi(2);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	EXPECT(msi_is(first, 1));
	EXPECT(msi_is(second, 2));

	/* So it does where the hardware comes to both in the same trap. */
	smmus[0].hang = true;
	first = put_sync_msi(3);
	EXPECT_EQ(ring_once(), MMIO_AGAIN);
	smmus[0].hang = false;
	smmus[0].prompt = true;
	second = put_unmap(4);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	EXPECT(msi_is(first, 3));
	EXPECT(msi_is(second, 4));
	EXPECT_EQ(behind(drv_prod(0)), 0);
}

/* Other commands and the CMD_SYNC for them in one go: what the filter makes of each. */
static void others_in_one_go(u8 variant)
{
	const u64 cmds[][2] = {
		{ 0x05 | 3ULL << 32, 1 },
		{ 0x06 | 3ULL << 32, 0 },
		{ 0x10 | 7ULL << 32, 0 },
		{ 0x11 | 7ULL << 32 | 5ULL << 48, 0 },
		{ 0x12 | 7ULL << 32 | 5ULL << 48, 0x1000 },
		{ 0x13 | 7ULL << 32, 0x1000 },
		{ 0x30, 0 },
	};
	unsigned int i;
	u64 at;

	boot_and_init(variant);
	smmus[0].prompt = true;
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		drv_put(0, cmds[i][0], cmds[i][1]);
		at = put_sync_msi(i + 1);
		EXPECT_EQ(ring_once(), MMIO_DONE);
		EXPECT(msi_is(at, i + 1));
	}

	/* Refused as ever. */
	drv_put(0, 0x28, 0);
	put_sync_msi(i + 1);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	EXPECT_EQ(drv_cmdq_err(0), ILL);
	EXPECT_EQ(smmus[0].ops[0x28], 0);
}

static void commands_in_one_go(void)
{
	others_in_one_go(0);
	others_in_one_go(NO_MSI);
}

/* An STE in a part of the table that the hardware knows to be absent. */
static void stes_in_one_go(u8 variant)
{
	u64 at;

	boot_and_init(variant);
	smmus[0].prompt = true;
	EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_ABORTED);
	drv_write_ste(0, 3, 1 | 4 << 1, 1ULL << 44);
	drv_put(0, 0x03 | 3ULL << 32, 1);
	at = put_sync_msi(1);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	EXPECT(msi_is(at, 1));
	EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_DONE);
	drv_write_ste(0, 3, 1, 0);
	drv_put(0, 0x03 | 3ULL << 32, 1);
	at = put_sync_msi(2);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	EXPECT(msi_is(at, 2));
	EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_ABORTED);
}

static void ste_in_one_go(void)
{
	stes_in_one_go(0);
	stes_in_one_go(NO_MSI);
}

/* What has no effect is not complete before what precedes it is. */
static void hint_behind_others(void)
{
	boot_and_init(NO_MSI);
	drv_put(0, 0x01 | 3ULL << 32, 0);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	EXPECT_EQ(behind(drv_prod(0)), 0);
	smmus[0].hang = true;
	drv_put(0, 0x10, 0);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	drv_put(0, 0x01 | 3ULL << 32, 0);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	EXPECT_EQ(behind(drv_prod(0)), 2);
	smmus[0].hang = false;
	hw_settle();
	EXPECT_EQ(behind(drv_prod(0)), 0);
}

/* Hardware that has been given up is asked nothing more, and the host does not wait. */
static void unmaps_at_dead_hw(u8 variant)
{
	u32 doorbells;
	u64 seq, msi;

	boot_and_init(variant);
	smmus[0].abort_next = true;
	EXPECT_EQ(hyp_smmu_hwq_add_el2(el2_smmu(0), arm_smmu_make_cmd_cfgi_all(), &seq), 0);
	EXPECT_EQ(hyp_smmu_hwq_wait(el2_smmu(0), seq), -EIO);
	doorbells = smmus[0].doorbells;
	msi = put_unmap(1);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	drv_put(0, 0x05 | 3ULL << 32, 1);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	EXPECT_EQ(smmus[0].doorbells, doorbells);
	EXPECT(!msi_is(msi, 1));
	EXPECT(behind(drv_prod(0)));
}

static void unmap_at_dead_hw(void)
{
	unmaps_at_dead_hw(0);
	unmaps_at_dead_hw(NO_MSI);
}

/* A queue that has stopped goes on when the error is acknowledged, not before. */
static void unmaps_after_error(u8 variant)
{
	u64 at, msi;

	boot_and_init(variant);
	at = drv_next(0);
	drv_put(0, 0x9b, 0);
	drv_ring(0);
	hw_settle();
	EXPECT_EQ(drv_cmdq_err(0), ILL);
	host_store64(at, 0x12);
	host_store64(at + 8, 0x1000);
	msi = put_sync_msi(2);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	hw_settle();
	EXPECT(!msi_is(msi, 2));
	EXPECT_EQ(drv_cmdq_err(0), ILL);
	write32(0, 0x64, read32(0, 0x60));
	hw_settle();
	EXPECT(msi_is(msi, 2));
}

static void unmap_after_error(void)
{
	unmaps_after_error(0);
	unmaps_after_error(NO_MSI);
}

/* As many commands as are taken at once, and EL2's own that are not consumed yet. */
static void unmap_leaves_reserve(void)
{
	struct hyp_smmu *smmu;
	u64 msi, seq;
	unsigned int i;

	boot_and_init(NO_MSI);
	smmu = el2_smmu(0);
	smmus[0].hang = true;
	for (i = 0; i < HYP_SMMU_HWQ_RESERVE / 2; i++)
		EXPECT_EQ(hyp_smmu_hwq_add_el2(smmu, arm_smmu_make_cmd_cfgi_all(), &seq), 0);
	for (i = 0; i < 24; i++)
		drv_put(0, 0x12, 0x1000);
	msi = put_sync_msi(1);
	EXPECT_EQ(ring_once(), MMIO_AGAIN);
	EXPECT(hyp_smmu_hwq_used(&smmu->hwq) <= smmu->hwq.limit);
	smmus[0].hang = false;
	drv_ring(0);
	EXPECT(msi_is(msi, 1));
}

const struct test tests_msi[] = {
	TEST(msi_elsewhere),
	TEST(sync_without_msi),
	TEST(msi_means_done),
	TEST(msi_of_each_sync),
	TEST(more_msis_than_marks),
	TEST(msi_before_long_scan),
	TEST(msi_and_error),
	TEST(msi_before_cr0ack),
	TEST(msi_is_waited_for_by_its_own),
	TEST(msi_before_unmap),
	TEST(commands_in_one_go),
	TEST(ste_in_one_go),
	TEST(hint_behind_others),
	TEST(unmap_after_error),
	TEST(unmap_at_dead_hw),
	TEST(unmap_leaves_reserve),
	{}
};
