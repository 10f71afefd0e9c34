// SPDX-License-Identifier: GPL-2.0-only
/* Tests: takeover while the host is trusted, and giving everything back. */
#include <nvhe/host_mmio.h>

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

/* All that the host may do to MMIO which nobody is to use: nothing comes of it. */
static void expect_hidden(u64 phys)
{
	u64 val, off = phys - SMMU_MMIO(0);
	u8 size;

	for (size = 1; size <= 8; size *= 2) {
		val = ~0ULL;
		EXPECT_EQ(host_mmio(0, off, size, true, &val), MMIO_DONE);
		EXPECT_EQ(host_mmio(0, off, size, false, &val), MMIO_DONE);
		EXPECT_EQ(val, 0);
	}
	EXPECT_EQ(dev_dma(0, 3, phys & PAGE_MASK), DMA_ABORTED);
}

/* Counters whose MSIs would go past stage 2, and pages of an SMMU beyond the two. */
static void unused_mmio_is_hidden(void)
{
	u64 val = 0, off;

	boot_and_init(0);
	EXPECT(drv_bypass(0, 3));
	for (off = 0; off < PMCG_SIZE; off += 8) {
		expect_hidden(PMCG_MMIO + off);
		expect_hidden(SMMU_MMIO(0) + 0x20000 + off);
	}
	EXPECT_EQ(host_mmio(0, PMCG_MMIO - SMMU_MMIO(0) + PMCG_SIZE, 4, false, &val),
		  MMIO_ABORT);
	EXPECT_EQ(host_mmio(0, 0x20000 + PAGE_SIZE, 4, false, &val), MMIO_ABORT);
	EXPECT_EQ(dev_dma(0, 3, PMCG_MMIO + PMCG_SIZE), DMA_DONE);
	EXPECT_EQ(dev_dma(0, 3, SMMU_MMIO(0) + 0x20000 + PAGE_SIZE), DMA_DONE);
}

/* Ranges of firmware's that cannot be taken, or too late. */
static void unfit_mmio_is_not_taken(void)
{
	static const struct {
		u64 base, size;
		int ret;
	} ranges[] = {
		{ P2P_MMIO, 0, -EINVAL },
		{ P2P_MMIO + 8, PAGE_SIZE, -EINVAL },
		{ P2P_MMIO, PAGE_SIZE + 8, -EINVAL },
		{ BIT_ULL(60), PAGE_SIZE, -EINVAL },
		{ P2P_MMIO, BIT_ULL(60), -EINVAL },
		{ P2P_MMIO, -PAGE_SIZE, -EINVAL },
		{ RAM0_BASE - PAGE_SIZE, 2 * PAGE_SIZE, -EPERM },
		{ RAM0_BASE + 5 * PAGE_SIZE, PAGE_SIZE, -EPERM },
		{ SMMU_MMIO(0) + 0x10000, PAGE_SIZE, -EPERM },
		{ SMMU_MMIO(0) - PAGE_SIZE, 2 * PAGE_SIZE, -EPERM },
		{ SMMU_MMIO(0) + 0x20000 - PAGE_SIZE, 2 * PAGE_SIZE, -EPERM },
		{ PMCG_MMIO, PMCG_SIZE, -EPERM },
	};
	struct machine_cfg cfg = machine_default();
	unsigned long haddr;
	unsigned int i;

	EXPECT_EQ(machine_boot(&cfg), 0);
	EXPECT_EQ(__pkvm_host_hide_mmio(P2P_MMIO, PAGE_SIZE), -EBUSY);
	/* The device stage 2 exists, although the host is trusted. */
	model.enforce = false;
	EXPECT_EQ(__pkvm_host_hide_mmio(P2P_MMIO, PAGE_SIZE), -EBUSY);
	EXPECT_EQ(machine_release(), 0);
	EXPECT_EQ(__pkvm_hyp_donate_host_mmio(SMMU_MMIO(0)), -EPERM);
	EXPECT_EQ(__pkvm_host_donate_hyp_mmio(SMMU_MMIO(0), 0x20000, &haddr), 0);
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		EXPECT_EQ(__pkvm_host_hide_mmio(ranges[i].base, ranges[i].size), ranges[i].ret);
	for (i = 0; !__pkvm_host_hide_mmio(P2P_MMIO + i * PAGE_SIZE, PAGE_SIZE); i++)
		;
	/* With the SMMU and the PMCG. */
	EXPECT_EQ(i, 254);
	EXPECT_EQ(__pkvm_host_hide_mmio(P2P_MMIO + i * PAGE_SIZE, PAGE_SIZE), -ENOSPC);
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
	TEST(unused_mmio_is_hidden),
	TEST(unfit_mmio_is_not_taken),
	{}
};
