// SPDX-License-Identifier: GPL-2.0-only
/* Tests: CMD_SYNC, and the MSI that EL2 writes for it. */
#include "hyp-smmu-v3.h"
#include "regress.h"

#define SYNC_MSI(data)	(0x46 | 1 << 12 | (u64)(data) << 32 | 3 << 22 | 0xf << 24)
#define MSI_ABT		BIT(4)

static u32 active_errors(void)
{
	return (read32(0, 0x60) ^ read32(0, 0x64)) & 0x1ff;
}

/* The simulated SMMU would report an MSI that it is asked for. */
static void msi_elsewhere(void)
{
	const u64 places[] = {
		page_phys(4) | 4, HOST_DATA(0), HOST_CMDQ(0) - 4,
		HOST_CMDQ(0) + (16 << DRV_CMDQ_SHIFT), GENMASK_ULL(51, 2),
	};
	u64 before, after;
	unsigned int i;
	u32 irqs;

	boot_and_init(0);
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

/* A CMD_SYNC that writes to its own slot, as the host's driver has it. */
static u64 put_sync_msi(u32 data)
{
	u64 at = drv_next(0);

	drv_put(0, SYNC_MSI(data), at);

	return at;
}

static bool msi_is(u64 at, u32 data)
{
	u64 val = 0;

	host_load64(at, &val);

	return (u32)val == data;
}

/* One write of CMDQ_PROD, and what was asked for is done: no other trap. */
static void msi_means_done(void)
{
	unsigned int i;
	u64 at;

	boot_and_init(0);
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

	boot_and_init(0);
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		drv_put(0, 0x11 | (u64)i << 48, 0);
		at[i] = put_sync_msi(i + 1);
	}
	drv_ring(0);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		EXPECT(msi_is(at[i], i + 1));
}

/* Nor does it wait for what another CPU has put behind it: all STEs are read again. */
static void msi_before_long_scan(void)
{
	u64 at, val;

	boot_and_init(0xc0);
	drv_fill_strtab(0);
	at = put_sync_msi(1);
	drv_put(0, 0x04, 31);
	drv_put(0, 0x04, 31);
	val = drv_prod(0);
	EXPECT_EQ(host_mmio(0, 0x98, 4, true, &val), MMIO_AGAIN);
	hw_settle();
	/* Twice 2^13 STEs take more than two traps. */
	EXPECT_EQ(host_mmio(0, 0x98, 4, true, &val), MMIO_AGAIN);
	EXPECT(msi_is(at, 1));
	drv_ring(0);
	EXPECT(drv_sync(0));
}

/* It is written in spite of an error behind it, and after one before it. */
static void msi_and_error(void)
{
	u64 first, second;

	boot_and_init(0);
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
	u64 at, val;

	boot_and_init(0);
	smmus[0].hang = true;
	at = put_sync_msi(7);
	val = drv_prod(0);
	EXPECT_EQ(host_mmio(0, 0x98, 4, true, &val), MMIO_AGAIN);
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
	u64 first, second, prod1, prod2, val;
	struct hyp_smmu *smmu;
	u64 seq;

	boot_and_init(0);
	smmu = el2_smmu(0);
	smmus[0].hang = true;
	first = put_sync_msi(1);
	prod1 = drv_prod(0);
	val = prod1;
	EXPECT_EQ(host_mmio(0, 0x98, 4, true, &val), MMIO_AGAIN);
	seq = smmu->hwq.submitted;
	second = put_sync_msi(2);
	prod2 = drv_prod(0);
	val = prod2;
	EXPECT_EQ(host_mmio(0, 0x98, 4, true, &val), MMIO_AGAIN);

	/* The hardware comes as far as the first. */
	smmus[0].hang = false;
	while (!hyp_smmu_hwq_done(smmu, seq))
		smmu_step(&smmus[0]);
	smmus[0].hang = true;
	if (!hyp_smmu_hwq_done(smmu, seq + 1)) {
		val = prod1;
		EXPECT_EQ(host_mmio(0, 0x98, 4, true, &val), MMIO_DONE);
		EXPECT(msi_is(first, 1));
		EXPECT(!msi_is(second, 2));
		val = prod2;
		EXPECT_EQ(host_mmio(0, 0x98, 4, true, &val), MMIO_AGAIN);
	}
	smmus[0].hang = false;
	write32(0, 0x98, prod2);
	EXPECT(msi_is(second, 2));
}

/* What the hardware has completed meanwhile comes first. */
static void msi_before_unmap(void)
{
	u64 first, second, val;

	boot_and_init(0);
	smmus[0].hang = true;
	first = put_sync_msi(1);
	val = drv_prod(0);
	EXPECT_EQ(host_mmio(0, 0x98, 4, true, &val), MMIO_AGAIN);
	smmus[0].hang = false;
	hw_settle();
	drv_put(0, 0x12, 0x1000);
	second = put_sync_msi(2);
	val = drv_prod(0);
	EXPECT_EQ(host_mmio(0, 0x98, 4, true, &val), MMIO_DONE);
	EXPECT(msi_is(first, 1));
	EXPECT(msi_is(second, 2));
}

/* A queue that has stopped goes on when the error is acknowledged, not before. */
static void unmap_after_error(void)
{
	u64 at, msi, val;

	boot_and_init(0);
	at = drv_next(0);
	drv_put(0, 0x9b, 0);
	drv_ring(0);
	EXPECT_EQ(drv_cmdq_err(0), ILL);
	host_store64(at, 0x12);
	host_store64(at + 8, 0x1000);
	msi = put_sync_msi(2);
	val = drv_prod(0);
	EXPECT_EQ(host_mmio(0, 0x98, 4, true, &val), MMIO_DONE);
	EXPECT(!msi_is(msi, 2));
	EXPECT_EQ(drv_cmdq_err(0), ILL);
	write32(0, 0x64, read32(0, 0x60));
	EXPECT(msi_is(msi, 2));
}

/* As many commands as are taken at once, and EL2's own that are not consumed yet. */
static void unmap_leaves_reserve(void)
{
	struct hyp_smmu *smmu;
	u64 msi, seq, val;
	unsigned int i;

	boot_and_init(0);
	smmu = el2_smmu(0);
	smmus[0].hang = true;
	for (i = 0; i < HYP_SMMU_HWQ_RESERVE / 2; i++)
		EXPECT_EQ(hyp_smmu_hwq_add_el2(smmu, arm_smmu_make_cmd_cfgi_all(), &seq), 0);
	for (i = 0; i < 24; i++)
		drv_put(0, 0x12, 0x1000);
	msi = put_sync_msi(1);
	val = drv_prod(0);
	EXPECT_EQ(host_mmio(0, 0x98, 4, true, &val), MMIO_AGAIN);
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
	TEST(msi_before_long_scan),
	TEST(msi_and_error),
	TEST(msi_before_cr0ack),
	TEST(msi_is_waited_for_by_its_own),
	TEST(msi_before_unmap),
	TEST(unmap_after_error),
	TEST(unmap_leaves_reserve),
	{}
};
