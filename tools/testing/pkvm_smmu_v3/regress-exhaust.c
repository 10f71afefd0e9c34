// SPDX-License-Identifier: GPL-2.0-only
/* Tests: nothing left to allocate from, again and again. */
#include <asm/kvm_iommu_pgtable.h>

#include "pkvm-smmu-v3.h"
#include "hyp/smmu.h"
#include "regress.h"

#define TIMES	(effort > 1 ? 10000 : 300)

/* No page for a shadow table: that stream aborts, the others go on. */
static void no_page_for_shadow_table(void)
{
	unsigned int i;

	/* Two pages: the bounce buffer and one level 2 table. */
	boot_and_init(32);
	EXPECT(drv_bypass(0, 1));
	EXPECT_EQ(dev_dma(0, 1, HOST_DATA(0)), DMA_DONE);
	for (i = 0; i < TIMES; i++) {
		u32 sid = 64 + i % 128;

		EXPECT(drv_bypass(0, sid));
		EXPECT_EQ(dev_dma(0, sid, HOST_DATA(0)), DMA_ABORTED);
		EXPECT_EQ(dev_dma(0, 1, HOST_DATA(0)), DMA_DONE);
		EXPECT_EQ(el2_smmu(0)->pool.nr_pages, 0);
	}
	drv_disable(0);
	drv_disable(1);
	EXPECT_EQ(model.refs, 0);
}

/* A page of the queue is not the host's: nothing stays pinned. */
static void pin_is_refused(void)
{
	unsigned int i;
	u32 refs;

	boot_and_init(0);
	drv_disable(0);
	refs = model.refs;
	EXPECT_EQ(donate(HOST_CMDQ(0) + PAGE_SIZE), 0);
	EXPECT_EQ(donate(HOST_EVTQ(0) + PAGE_SIZE), 0);
	/* Two pages each, the second one missing. */
	write64(0, 0x90, ALIGN_DOWN(HOST_CMDQ(0), 0x2000) | 9);
	write64(0, 0xa0, ALIGN_DOWN(HOST_EVTQ(0), 0x2000) | 8);
	write32(0, 0x9c, 0);
	for (i = 0; i < TIMES; i++) {
		EXPECT(drv_cr0(0, 0xc));
		write32(0, 0x98, 1);
		EXPECT_EQ(model.refs, refs);
		EXPECT_EQ(drv_cmdq_err(0), 2);
		EXPECT(drv_cr0(0, 0));
		write32(0, 0x98, 0);
		write32(0, 0x64, read32(0, 0x60));
		EXPECT_EQ(model.refs, refs);
	}
	EXPECT_EQ(give_back(HOST_CMDQ(0) + PAGE_SIZE), 0);
	EXPECT_EQ(give_back(HOST_EVTQ(0) + PAGE_SIZE), 0);
	drv_init(0);
	EXPECT(drv_sync(0));
}

/* Registration with a pool of which one page after the other is not the host's. */
static void registration_fails_cleanly(void)
{
	struct pkvm_smmu_v3_info info;
	unsigned int i;
	u64 phys;

	boot(0);
	info = pkvm_smmu_v3_infos[1];
	EXPECT_EQ(machine_release(), 0);
	for (i = 0; i < TIMES / 4; i++) {
		phys = i % 2 ? info.cmdq_base : info.strtab_base;
		EXPECT_EQ(host_share_hyp(phys), 0);
		EXPECT(__pkvm_iommu_register(1));
		EXPECT_EQ(host_unshare_hyp(phys), 0);
		/* The pool is returned through the same list. */
		info.pool = pkvm_smmu_v3_infos[1].pool;
		EXPECT_EQ(info.pool.nr_pages, 5);
		phys = info.pool.head & PAGE_MASK;
		EXPECT_EQ(host_share_hyp(phys), 0);
		EXPECT(__pkvm_iommu_register(1));
		EXPECT_EQ(host_unshare_hyp(phys), 0);
		EXPECT_EQ(pkvm_smmu_v3_infos[1].pool.nr_pages, 5);
	}
	/* Registers that cannot be had. */
	pkvm_smmu_v3_infos[1].mmio_base = RAM0_BASE;
	EXPECT_EQ(__pkvm_iommu_register(1), -EPERM);
	EXPECT_EQ(pkvm_smmu_v3_infos[1].pool.nr_pages, 5);
	EXPECT_EQ(machine_release(), 0);
	pkvm_smmu_v3_infos[1].mmio_base = info.mmio_base;
	EXPECT_EQ(__pkvm_iommu_register(1), 0);
	EXPECT_EQ(__pkvm_iommu_unregister(1), 0);
	EXPECT_EQ(machine_release(), 0);
}

/* The device stage 2, with a pool that is one page short. */
static void stage2_pool_too_small(void)
{
	struct machine_cfg cfg = machine_variant(0);
	unsigned int i, n;

	boot(0);
	EXPECT_EQ(machine_release(), 0);
	n = hyp_iommu_pool.nr_pages;

	/* What memory takes at worst, but MMIO's are missing. */
	cfg.pool_short = n - hyp_iommu_pgtable_pages(IA_BITS, IA_BITS, 0);
	EXPECT_EQ(machine_boot(&cfg), -ENOMEM);
	/*
	 * One page is missing, which the build itself does not need: all MMIO that EL2
	 * takes is in one block.
	 */
	cfg.pool_short = n - hyp_iommu_pgtable_pages(IA_BITS, IA_BITS, 1) + 1;
	EXPECT_EQ(machine_boot(&cfg), -ENOMEM);

	boot(0);
	EXPECT_EQ(machine_release(), 0);
	for (i = 0; i < TIMES / 4; i++) {
		phys_addr_t head = hyp_iommu_pool.head;
		u64 next;

		/* One page is all there is. */
		EXPECT(host_load64(head & PAGE_MASK, &next));
		hyp_iommu_pool.nr_pages = 1;
		EXPECT_EQ(hyp_iommu_prepare(hyp_phys_to_pfn(page_phys(4)), IA_BITS, IA_BITS),
			  -ENOMEM);
		EXPECT_EQ(hyp_iommu_pool.nr_pages, 1);
		EXPECT_EQ(machine_release(), 0);
		EXPECT(host_store64(head & PAGE_MASK, next));
		hyp_iommu_pool.nr_pages = n;
		/* A page in it that is not the host's alone. */
		EXPECT_EQ(host_share_hyp(next & PAGE_MASK), 0);
		EXPECT_EQ(hyp_iommu_prepare(hyp_phys_to_pfn(page_phys(4)), IA_BITS, IA_BITS),
			  -ENOMEM);
		EXPECT_EQ(host_unshare_hyp(next & PAGE_MASK), 0);
		EXPECT_EQ(hyp_iommu_pool.nr_pages, n);
	}
	EXPECT_EQ(machine_release(), 0);
}

/* Takeover and release: no page is lost. */
static void boot_and_release(void)
{
	unsigned int i;

	for (i = 0; i < TIMES; i++) {
		boot(i);
		EXPECT_EQ(machine_release(), 0);
	}
}

/* Transitions and invalidations against hardware that stops in between. */
static void refused_transitions(void)
{
	unsigned int i;
	u64 phys;

	for (i = 0; i < TIMES / 10; i++) {
		phys = HOST_DATA(i % NR_HOST_DATA);
		boot_and_init(0);
		EXPECT(drv_bypass(0, 3));
		EXPECT_EQ(dev_dma(0, 3, phys), DMA_DONE);
		smmus[i % 2].hang = true;
		EXPECT_EQ(donate(phys), -EIO);
		EXPECT_EQ(host_donate_guest(phys, 1), -EIO);
		EXPECT(host_has(phys));
		EXPECT_EQ(dev_dma(0, 3, phys), DMA_DONE);
		oracle_full();
	}
}

/* One page of the host's among EL2's, wherever it is. */
static void one_page_between_others(void)
{
	u64 first = ALIGN(HOST_DATA(0), 8 * PAGE_SIZE);
	unsigned int i, k;

	for (k = 0; k < 8; k++) {
		boot(0);
		EXPECT_EQ(machine_release(), 0);
		for (i = 0; i < 8; i++)
			if (i != k)
				EXPECT_EQ(donate(first + i * PAGE_SIZE), 0);
		/* Compares the result with who owns what. */
		EXPECT_EQ(hyp_iommu_prepare(hyp_phys_to_pfn(page_phys(4)), IA_BITS, IA_BITS), 0);
	}
}

const struct test tests_exhaust[] = {
	TEST(no_page_for_shadow_table),
	TEST(pin_is_refused),
	TEST(registration_fails_cleanly),
	TEST(stage2_pool_too_small),
	TEST(boot_and_release),
	TEST(refused_transitions),
	TEST(one_page_between_others),
	{}
};
