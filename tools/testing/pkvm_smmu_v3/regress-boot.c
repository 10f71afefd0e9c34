// SPDX-License-Identifier: GPL-2.0-only
/* Tests: takeover while the host is trusted, and giving everything back. */
#include "arm-smmu-v3-pkvm.h"
#include "hyp-smmu-v3.h"
#include "regress.h"

static void every_variant_boots(void)
{
	unsigned int variant;

	for (variant = 0; variant < 256; variant++) {
		boot(variant);
		EXPECT_EQ(smmus[0].cr0 & 0x9, 0x9);
		EXPECT_EQ(smmus[0].irq_ctrl, 0);
		oracle_full();
		EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_ABORTED);
		EXPECT_EQ(machine_release(), 0);
	}
}

/* Firmware left it running, with every cache full and every register set. */
static void firmware_state_is_forgotten(void)
{
	u32 sid;

	boot(64);
	for (sid = 0; sid < 64; sid++) {
		EXPECT_EQ(dev_dma(0, sid, page_phys(sid)), DMA_ABORTED);
		EXPECT_EQ(dev_dma(1, sid, page_phys(sid)), DMA_ABORTED);
	}
	EXPECT_EQ(smmus[0].gerror, smmus[0].gerrorn);
	drv_init(0);
	EXPECT(drv_bypass(0, 3));
	EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_DONE);
	EXPECT_EQ(dev_dma(0, 3, page_phys(4)), DMA_ABORTED);
	oracle_full();
}

/* No part of the set-up that the native driver could not use is left behind. */
static void released_as_found(void)
{
	boot(0);
	drv_init(0);
	drv_init(1);
	drv_disable(0);
	drv_disable(1);
	EXPECT_EQ(machine_release(), 0);
	EXPECT_EQ(smmus[0].cr0, 0);
	EXPECT_EQ(smmus[0].gbpa & ~(1U << 31), 0x1000);
}

/* What smmu_emu_check() refuses is not enabled. */
static void unfit_hardware_is_refused(void)
{
	static const struct {
		u8 reg;
		u32 flip;
	} flips[] = {
		{ 0, 1 << 0 }, { 0, 1 << 1 }, { 0, 2 << 2 }, { 0, 1 << 4 }, { 0, 2 << 24 },
		{ 0, 1 << 20 }, { 1, 1 << 30 }, { 1, 1 << 29 }, { 1, 1U << 31 },
		{ 0, 1 << 27 }, { 5, 1 << 4 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flips); i++) {
		struct machine_cfg cfg = machine_default();

		cfg.idr[flips[i].reg] ^= flips[i].flip;
		EXPECT_EQ(machine_boot(&cfg), -ENODEV);
	}
}

/* Too few output address bits for memory; a queue larger than the hardware's. */
static void unfit_sizes_are_refused(void)
{
	struct machine_cfg cfg = machine_default();

	cfg.idr[1] = (cfg.idr[1] & ~(31 << 21)) | 4 << 21;
	EXPECT_EQ(machine_boot(&cfg), -ENODEV);
	cfg = machine_default();
	cfg.hwq_shift = 4;
	EXPECT_EQ(machine_boot(&cfg), -EINVAL);
	cfg.hwq_shift = 17;
	EXPECT_EQ(machine_boot(&cfg), -EINVAL);
	cfg = machine_default();
	cfg.pool_pages = 0;
	EXPECT_EQ(machine_boot(&cfg), -EINVAL);
	/* A stream table that does not hold all streams. */
	cfg = machine_default();
	cfg.idr[1] = (cfg.idr[1] & ~0x3f) | 16;
	EXPECT_EQ(machine_boot(&cfg), -EINVAL);
}

/* The host is trusted, its bugs are not. */
static void calls_out_of_order(void)
{
	boot(0);
	EXPECT_EQ(__pkvm_smmu_v3_register(0), -EINVAL);
	EXPECT_EQ(__pkvm_smmu_v3_register(PKVM_SMMU_V3_MAX), -EINVAL);
	EXPECT_EQ(__pkvm_smmu_v3_enable(0), -EINVAL);
	EXPECT_EQ(__pkvm_smmu_v3_enable(PKVM_SMMU_V3_MAX), -EINVAL);
	EXPECT_EQ(__pkvm_smmu_v3_enable(2), -EINVAL);
	EXPECT_EQ(__pkvm_smmu_v3_release(PKVM_SMMU_V3_MAX), -EINVAL);
	EXPECT_EQ(__pkvm_smmu_v3_release(2), -EINVAL);
	EXPECT_EQ(hyp_iommu_prepare(1, IA_BITS, 0), -EBUSY);
	EXPECT_EQ(hyp_iommu_release(), -EBUSY);
	EXPECT_EQ(machine_release(), 0);
	EXPECT_EQ(hyp_iommu_release(), -ENOENT);
	EXPECT_EQ(__pkvm_smmu_v3_enable(0), -EINVAL);
	/* Registered, but there is no device stage 2. */
	EXPECT_EQ(__pkvm_smmu_v3_register(0), 0);
	EXPECT_EQ(__pkvm_smmu_v3_enable(0), -EINVAL);
	EXPECT_EQ(__pkvm_smmu_v3_release(0), 0);
	EXPECT_EQ(machine_release(), 0);
}

static void roots_that_cannot_be_used(void)
{
	u64 pfn = hyp_phys_to_pfn(page_phys(4));

	boot(0);
	EXPECT_EQ(machine_release(), 0);
	EXPECT_EQ(hyp_iommu_prepare(pfn, 31, 0), -EINVAL);
	EXPECT_EQ(hyp_iommu_prepare(pfn, 49, 0), -EINVAL);
	EXPECT_EQ(hyp_iommu_prepare(pfn, 41, 0), -EINVAL);
	EXPECT_EQ(hyp_iommu_prepare(pfn + 1, IA_BITS, 0), -EINVAL);
	EXPECT_EQ(hyp_iommu_prepare(0, IA_BITS, 0), -EINVAL);
	EXPECT_EQ(hyp_iommu_prepare(hyp_phys_to_pfn(RAM0_BASE), IA_BITS, 0), -EPERM);
}

/* Hardware that does not answer at takeover: nothing is half done. */
static void takeover_of_dead_hardware(void)
{
	struct machine_cfg cfg = machine_default();

	for (cfg.hang = 1; cfg.hang < 4; cfg.hang++)
		EXPECT_EQ(machine_boot(&cfg), -EIO);
	cfg.stale_boot = true;
	for (cfg.hang = 1; cfg.hang < 4; cfg.hang++)
		EXPECT_EQ(machine_boot(&cfg), -EIO);
	cfg.hang = 0;
	EXPECT_EQ(machine_boot(&cfg), 0);
}

/* Counters whose MSIs would go past stage 2: stopped, hidden, out of devices' reach. */
static void counters_are_hidden(void)
{
	u64 val, off;

	boot_and_init(0);
	EXPECT_EQ(pmcg.cr | pmcg.irq_ctrl | pmcg.irq_ctrlack, 0);
	for (off = 0; off < PMCG_SIZE; off += 8) {
		val = ~0ULL;
		EXPECT_EQ(host_mmio(0, PMCG_MMIO - SMMU_MMIO(0) + off, 8, true, &val),
			  MMIO_DONE);
		EXPECT_EQ(host_mmio(0, PMCG_MMIO - SMMU_MMIO(0) + off, 4, false, &val),
			  MMIO_DONE);
		EXPECT_EQ(val, 0);
	}
	val = 0;
	EXPECT_EQ(host_mmio(0, PMCG_MMIO - SMMU_MMIO(0) + PMCG_SIZE, 4, false, &val),
		  MMIO_ABORT);
	EXPECT_EQ(pmcg.cr | pmcg.irq_ctrl, 0);
	EXPECT(drv_bypass(0, 3));
	EXPECT_EQ(dev_dma(0, 3, PMCG_MMIO), DMA_ABORTED);
	EXPECT_EQ(dev_dma(0, 3, PMCG_MMIO + PMCG_SIZE), DMA_DONE);
	EXPECT_EQ(__pkvm_smmu_v3_unhide_pmcgs(), -EBUSY);
	pmcg_step();
}

static void counters_that_do_not_stop(void)
{
	struct machine_cfg cfg = machine_default();

	cfg.pmcg_dead = true;
	EXPECT_EQ(machine_boot(&cfg), -ETIMEDOUT);
	cfg.pmcg = false;
	EXPECT_EQ(machine_boot(&cfg), 0);
	EXPECT_EQ(machine_release(), 0);
	cfg = machine_default();
	EXPECT_EQ(machine_boot(&cfg), 0);
	EXPECT_EQ(__pkvm_smmu_v3_hide_pmcg(P2P_MMIO, PMCG_SIZE), -EBUSY);
	EXPECT_EQ(machine_release(), 0);
	EXPECT_EQ(__pkvm_smmu_v3_hide_pmcg(PMCG_MMIO, 0xe50), -EINVAL);
	EXPECT_EQ(__pkvm_smmu_v3_hide_pmcg(P2P_MMIO, PMCG_SIZE), -EPERM);
}

const struct test tests_boot[] = {
	TEST(every_variant_boots),
	TEST(firmware_state_is_forgotten),
	TEST(released_as_found),
	TEST(unfit_hardware_is_refused),
	TEST(unfit_sizes_are_refused),
	TEST(calls_out_of_order),
	TEST(roots_that_cannot_be_used),
	TEST(takeover_of_dead_hardware),
	TEST(counters_are_hidden),
	TEST(counters_that_do_not_stop),
	{}
};
