// SPDX-License-Identifier: GPL-2.0-only
/* Tests: takeover while the host is trusted, and giving everything back. */
#include <asm/kvm_iommu_pgtable.h>

#include <nvhe/host_mmio.h>
#include <nvhe/iommu_pgtable.h>
#include <nvhe/memory.h>
#include <nvhe/mm.h>

#include "pkvm-smmu-v3.h"
#include "hyp/smmu.h"
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
	u64 val = 0;

	boot(0);
	drv_init(0);
	drv_init(1);
	drv_disable(0);
	drv_disable(1);
	EXPECT_EQ(machine_release(), 0);
	/* Nothing is emulated any more. */
	EXPECT_EQ(host_mmio(0, 0x0, 4, false, &val), MMIO_ABORT);
	EXPECT_EQ(smmus[0].cr0, 0);
	EXPECT_EQ(smmus[0].gbpa & ~(1U << 31), 0x1000);
}

/* What pkvm_smmu_check_ids() refuses is not enabled. */
static void unfit_hardware_is_refused(void)
{
	static const struct {
		u8 reg;
		u32 flip;
	} flips[] = {
		{ 0, 1 << 0 }, { 0, 1 << 1 }, { 0, 2 << 2 }, { 0, 2 << 24 },
		{ 1, 1 << 30 }, { 1, 1 << 29 },
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
	EXPECT_EQ(__pkvm_iommu_register(0), -EINVAL);
	EXPECT_EQ(__pkvm_iommu_register(PKVM_SMMU_V3_MAX), -EINVAL);
	EXPECT_EQ(__pkvm_iommu_enable(0), -EINVAL);
	EXPECT_EQ(__pkvm_iommu_enable(PKVM_SMMU_V3_MAX), -EINVAL);
	EXPECT_EQ(__pkvm_iommu_enable(2), -EINVAL);
	EXPECT_EQ(__pkvm_iommu_unregister(PKVM_SMMU_V3_MAX), -EINVAL);
	EXPECT_EQ(__pkvm_iommu_unregister(2), -EINVAL);
	EXPECT_EQ(hyp_iommu_prepare(1, IA_BITS, IA_BITS), -EBUSY);
	EXPECT_EQ(hyp_iommu_release(), -EBUSY);
	EXPECT_EQ(machine_release(), 0);
	EXPECT_EQ(hyp_iommu_release(), -ENOENT);
	EXPECT_EQ(__pkvm_iommu_enable(0), -EINVAL);
	/* Registered, but there is no device stage 2. */
	EXPECT_EQ(__pkvm_iommu_register(0), 0);
	EXPECT_EQ(__pkvm_iommu_enable(0), -EINVAL);
	EXPECT_EQ(__pkvm_iommu_unregister(0), 0);
	/* A stream table of no pages. */
	pkvm_smmu_v3_infos[0].strtab_size -= 64;
	EXPECT_EQ(__pkvm_iommu_register(0), -ENOMEM);
	EXPECT_EQ(machine_release(), 0);
}

static void roots_that_cannot_be_used(void)
{
	u64 pfn = hyp_phys_to_pfn(page_phys(4));

	boot(0);
	EXPECT_EQ(machine_release(), 0);
	EXPECT_EQ(hyp_iommu_prepare(pfn, 31, 40), -EINVAL);
	EXPECT_EQ(hyp_iommu_prepare(pfn, 48, 49), -EINVAL);
	EXPECT_EQ(hyp_iommu_prepare(pfn, 41, 48), -EINVAL);
	EXPECT_EQ(hyp_iommu_prepare(pfn, 33, 32), -EINVAL);
	/* Two tables, at an odd page. */
	EXPECT_EQ(hyp_iommu_prepare(pfn + 1, 40, 40), -EINVAL);
	EXPECT_EQ(hyp_iommu_prepare(0, IA_BITS, IA_BITS), -EINVAL);
	EXPECT_EQ(hyp_iommu_prepare(hyp_phys_to_pfn(RAM0_BASE), IA_BITS, IA_BITS), -EPERM);
}

/*
 * The root is one table wherever the output size has a level for that. DDI0487
 * VTCR_EL2.SL0: the first level is there from 44 bits on, with 16K from 42.
 */
static void levels_of_the_root(void)
{
	static const struct {
		u8 page_shift, ia_bits, pa_bits;
		s8 level;
		u64 pages;
	} roots[] = {
		{ 12, 32, 32, 1, 1 }, { 12, 39, 48, 1, 1 }, { 12, 40, 40, 1, 2 },
		{ 12, 40, 42, 1, 2 }, { 12, 42, 42, 1, 8 }, { 12, 40, 44, 0, 1 },
		{ 12, 44, 44, 0, 1 }, { 12, 48, 48, 0, 1 },
		{ 14, 32, 32, 2, 1 }, { 14, 36, 36, 2, 1 }, { 14, 40, 40, 2, 16 },
		{ 14, 40, 42, 1, 1 }, { 14, 42, 42, 1, 1 }, { 14, 47, 48, 1, 1 },
		{ 14, 48, 48, 1, 2 },
		{ 16, 32, 32, 2, 1 }, { 16, 42, 42, 2, 1 }, { 16, 40, 44, 2, 1 },
		{ 16, 44, 44, 1, 1 }, { 16, 48, 48, 1, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(roots); i++) {
		if (roots[i].page_shift != PAGE_SHIFT)
			continue;
		EXPECT_EQ(hyp_iommu_start_level(roots[i].ia_bits, roots[i].pa_bits),
			  roots[i].level);
		/* A table of each level below it. */
		EXPECT(hyp_iommu_pgtable_pages(roots[i].ia_bits, roots[i].pa_bits, 0) >=
		       3 - roots[i].level);
		EXPECT_EQ(hyp_iommu_pgd_size(roots[i].ia_bits, roots[i].pa_bits),
			  roots[i].pages * PAGE_SIZE);
	}
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

/* From one update of a register on the SMMU acknowledges none: each update in turn. */
static void takeover_of_deaf_hardware(void)
{
	struct machine_cfg cfg = machine_default();
	unsigned int boots;
	u8 stale;

	for (stale = 0; stale < 2; stale++) {
		cfg.stale_boot = stale;
		for (cfg.deaf = 1, boots = 0; machine_boot(&cfg) == -ETIMEDOUT; cfg.deaf++)
			boots++;
		/* GBPA, CR0 three times; what firmware has left in GBPA and IRQ_CTRL before. */
		EXPECT_EQ(boots, stale ? 6 : 4);
		/* An SMMU that does not say that it has stopped stays EL2's, with its memory. */
		for (boots = 0; machine_release() == -EBUSY; boots++) {
			cfg.deaf++;
			EXPECT_EQ(machine_boot(&cfg), 0);
		}
		EXPECT_EQ(boots, 2);
	}
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
	expect_not_emulated(PMCG_MMIO - SMMU_MMIO(0));
	/* A load to the zero register changes none, nor the stack pointer. */
	cpu_ctxt()->regs.sp = 0x5151;
	val = 0x55;
	EXPECT_EQ(host_trap(0, PMCG_MMIO - SMMU_MMIO(0),
			    ESR_READ | 31 << ESR_ELx_SRT_SHIFT, &val), MMIO_DONE);
	EXPECT_EQ(val, 0x55);
	EXPECT_EQ(cpu_ctxt()->regs.sp, 0x5151);
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
	/* An SMMU with a page beyond the two that cannot be taken keeps none of them. */
	EXPECT_EQ(__pkvm_hyp_donate_host_mmio(SMMU_MMIO(0)), 0);
	EXPECT_EQ(__pkvm_host_hide_mmio(SMMU_MMIO(0) + 0x20000, PAGE_SIZE), 0);
	EXPECT_EQ(__pkvm_iommu_register(0), -EPERM);
	EXPECT_EQ(__pkvm_host_hide_mmio(SMMU_MMIO(0), 0x20000), 0);
	for (i = 0; !__pkvm_host_hide_mmio(P2P_MMIO + i * PAGE_SIZE, PAGE_SIZE); i++)
		;
	/* With the PMCG and two of the SMMU. */
	EXPECT_EQ(i, 253);
	EXPECT_EQ(__pkvm_host_hide_mmio(P2P_MMIO + i * PAGE_SIZE, PAGE_SIZE), -ENOSPC);
}

/* An SMMU with all that it may have outside its two pages, and queues that run there. */
static struct machine_cfg machine_with_queues(void)
{
	struct machine_cfg cfg = machine_variant(16);

	cfg.picky = 0;
	cfg.stale_boot = true;

	return cfg;
}

static void expect_range_hidden(u64 phys, u64 size)
{
	u64 end = phys + size;

	for (; phys < end; phys += PAGE_SIZE) {
		expect_hidden(phys);
		expect_hidden(phys + PAGE_SIZE - 8);
	}
}

/* Queues that EL2 does not emulate are stopped, and their registers are the host's no more. */
static void withheld(const struct machine_cfg *cfg)
{
	unsigned int i;

	EXPECT_EQ(machine_boot(cfg), 0);
	EXPECT_EQ(machine_release(), 0);
	EXPECT_EQ(machine_boot(cfg), 0);
	drv_init(0);
	EXPECT(drv_bypass(0, 3));
	for (i = 0; i < nr_smmus; i++) {
		EXPECT(!smmu_has_queues(&smmus[i]));
		if (smmu_ecmdq_size(&smmus[i]))
			expect_range_hidden(SMMU_MMIO(i) + cfg->ecmdq, smmu_ecmdq_size(&smmus[i]));
		if (smmu_vatos_page(&smmus[i]))
			expect_range_hidden(smmu_vatos_page(&smmus[i]), 0x10000);
		if (cfg->cmdqv)
			expect_range_hidden(CMDQV_MMIO(i), CMDQV_SIZE);
	}
	oracle_full();
}

static void registers_elsewhere_are_withheld(void)
{
	struct machine_cfg cfg = machine_with_queues();
	static const u64 places[] = { 0x20000, 0x30000, 0x200000, 0x210000 };
	unsigned int i;

	withheld(&cfg);
	/* Each alone. */
	cfg.cmdqv = false;
	withheld(&cfg);
	cfg.idr[0] &= ~(1U << 20);
	withheld(&cfg);
	/* One page of one queue, and of as many as there can be. */
	cfg.idr6 = 0;
	withheld(&cfg);
	cfg.idr6 = 8 << 16;
	withheld(&cfg);
	/* One SMMU has the pages in what firmware describes, in part, or the last one not. */
	cfg.nr_smmus = 1;
	cfg.idr6 = 1 << 24;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		cfg.ecmdq = places[i];
		withheld(&cfg);
	}
	cfg = machine_default();
	cfg.nr_smmus = 1;
	cfg.idr[0] |= 1 << 20;
	withheld(&cfg);
	cfg.idr[2] = 0x80;
	withheld(&cfg);
	cfg.two_pages = true;
	cfg.idr[2] = 0;
	withheld(&cfg);
}

static void expect_refused(const struct machine_cfg *cfg, int refusal)
{
	EXPECT_EQ(machine_boot(cfg), refusal);
}

/* Hardware or firmware that says what cannot be: the SMMU stays the host's. */
static void registers_that_cannot_be_withheld(void)
{
	/* In its two pages, across them, in memory, beyond all addresses, another SMMU. */
	static const u64 places[] = {
		0, 0x10000, RAM0_BASE - SMMU_MMIO(0), BIT_ULL(55), 0x40000,
		PMCG_MMIO - SMMU_MMIO(1) - 0x10000,
	};
	const struct machine_cfg good = machine_with_queues();
	struct machine_cfg cfg = good;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		cfg.ecmdq = places[i];
		/* The second SMMU, or the counters, are taken later. */
		expect_refused(&cfg, i < 4 ? SMMU_REFUSE_ECMDQ : -EPERM);
	}
	/* More pages or queues than there can be, pages that are not one behind the other. */
	cfg = good;
	cfg.idr6 = 9 << 24;
	expect_refused(&cfg, SMMU_REFUSE_ECMDQ);
	cfg.idr6 = 1 << 24 | 9 << 16;
	expect_refused(&cfg, SMMU_REFUSE_ECMDQ);
	cfg = good;
	cfg.scattered = true;
	expect_refused(&cfg, SMMU_REFUSE_ECMDQ);
	/* What does not stop, is not enabled, or does not answer. */
	cfg = good;
	for (cfg.stuck = 1; cfg.stuck <= 16; cfg.stuck *= 2)
		expect_refused(&cfg, cfg.stuck == 2 ? SMMU_REFUSE_CMDQV : SMMU_REFUSE_ECMDQ);
	/* The VATOS page is another SMMU's, or in the pages of queues. */
	cfg = good;
	cfg.idr[2] = (good.ecmdq - 0x20000) / 0x10000;
	expect_refused(&cfg, SMMU_REFUSE_VATOS);
	/* CMDQ-V is the second SMMU's, or in what firmware describes of this one. */
	cfg = good;
	EXPECT_EQ(machine_boot(&cfg), 0);
	EXPECT_EQ(machine_release(), 0);
	pkvm_smmu_v3_infos[0].pool = pkvm_smmu_v3_infos[1].pool;
	pkvm_smmu_v3_infos[0].cmdqv_base = SMMU_MMIO(0) + 0x10000;
	EXPECT_EQ(__pkvm_iommu_register(0), SMMU_REFUSE_CMDQV);
	pkvm_smmu_v3_infos[0].cmdqv_base = RAM0_BASE;
	EXPECT_EQ(__pkvm_iommu_register(0), SMMU_REFUSE_CMDQV);
	EXPECT_EQ(__pkvm_iommu_enable(0), -EINVAL);
	EXPECT_EQ(machine_release(), 0);
}

/* An invalidation that is not repeated has no effect: EL2's are. */
static void erratum_of_invalidations(void)
{
	struct machine_cfg cfg = machine_default();
	u64 phys = HOST_DATA(0);

	cfg.repeat = true;
	cfg.stale_boot = true;
	EXPECT_EQ(machine_boot(&cfg), 0);
	oracle_full();
	drv_init(0);
	EXPECT(drv_bypass(0, 3));
	/* The driver repeats its own. */
	EXPECT(drv_bypass(0, 3));
	EXPECT_EQ(dev_dma(0, 3, phys), DMA_DONE);
	EXPECT_EQ(donate(phys), 0);
	EXPECT_EQ(dev_dma(0, 3, phys), DMA_ABORTED);
	oracle_full();
	/* The host leaves room for as many commands of EL2's as there are then. */
	EXPECT_EQ(el2_smmu(0)->hwq.limit, 32 - 2 * HYP_SMMU_HWQ_RESERVE);
	drv_disable(0);
	EXPECT_EQ(dev_dma(0, 3, HOST_DATA(1)), DMA_ABORTED);
}

/*
 * Regions of firmware's whose borders are within pages, everywhere in a block: they
 * end and begin in the same page, leave a hole below a page, have no whole page, are
 * empty, or end where EL2's memory begins.
 */
static void boot_regions_mapped(const struct memblock_region *regions, unsigned int nr,
				bool by_pages)
{
	struct machine_cfg cfg = machine_default();

	/* Without IDR3.BBML no block may be split later. */
	if (by_pages)
		cfg.idr[3] &= ~(3 << 11);
	memcpy(cfg.regions, regions, nr * sizeof(*regions));
	cfg.nr_regions = nr;
	EXPECT_EQ(machine_boot(&cfg), 0);
	drv_init(0);
	EXPECT(drv_bypass(0, 3));
	EXPECT_EQ(dev_dma(0, 3, RAM0_BASE + 2 * PAGE_SIZE), DMA_DONE);
	EXPECT_EQ(dev_dma(0, 3, page_phys(4)), DMA_ABORTED);
	EXPECT_EQ(dev_dma(0, 3, BLOCK_BASE), DMA_DONE);
	EXPECT_EQ(donate(BLOCK_BASE + PAGE_SIZE), 0);
	oracle_full();
}

static void boot_regions(const struct memblock_region *regions, unsigned int nr)
{
	boot_regions_mapped(regions, nr, false);
	boot_regions_mapped(regions, nr, true);
}

/* A window of memory is cut in two; what is between is a region as well, or none. */
static void boot_cut(u64 base, u64 size, u64 hole, u64 end)
{
	struct memblock_region r[4] = {
		{ base, hole - base }, { hole, end - hole }, { end, base + size - end },
		{ RAM1_BASE, RAM1_PAGES * PAGE_SIZE },
	}, r0 = { RAM0_BASE, RAM0_PAGES * PAGE_SIZE };

	if (base == RAM1_BASE) {
		memmove(r + 1, r, 3 * sizeof(*r));
		r[0] = r0;
		boot_regions(r, 4);
		r[2] = r[3];
	} else {
		boot_regions(r, 4);
		r[1] = r[2];
		r[2] = r[3];
	}
	boot_regions(r, 3);
}

static void regions_of_odd_sizes(void)
{
	static const u64 cuts0[] = { 1, 3, RAM0_PAGES - 2 };
	static const u64 cuts1[] = { 0, 31, 32, 33, 96, RAM1_PAGES - 2 };
	static const u64 offs[][2] = {
		{ 0x800, 0x800 }, { 0x800, 0x801 }, { 0, 1 }, { 1, 0x1000 }, { 0xfff, 0x1000 },
		{ 0x400, 0xc00 }, { 0x800, 0x1800 }, { 0xfff, 0x1001 },
	};
	unsigned int c, o;

	for (o = 0; o < ARRAY_SIZE(offs); o++) {
		for (c = 0; c < ARRAY_SIZE(cuts0); c++)
			boot_cut(RAM0_BASE, RAM0_PAGES * PAGE_SIZE,
				 RAM0_BASE + cuts0[c] * PAGE_SIZE + offs[o][0],
				 RAM0_BASE + cuts0[c] * PAGE_SIZE + offs[o][1]);
		for (c = 0; c < ARRAY_SIZE(cuts1); c++)
			boot_cut(RAM1_BASE, RAM1_PAGES * PAGE_SIZE,
				 RAM1_BASE + cuts1[c] * PAGE_SIZE + offs[o][0],
				 RAM1_BASE + cuts1[c] * PAGE_SIZE + offs[o][1]);
	}
}

/* A page of memory at each level that is a part of a region, at both of its ends. */
static void regions_begin_and_end_in_pages(void)
{
	static const struct memblock_region r[] = {
		{ RAM0_BASE + 0x800, RAM0_PAGES * PAGE_SIZE - 0x1000 },
		{ RAM1_BASE + 0x123, 0x10 }, { RAM1_BASE + 0x234, 0x20 },
		{ RAM1_BASE + 0xfff, RAM1_PAGES * PAGE_SIZE - 0x1ffe },
	};

	boot_regions(r, ARRAY_SIZE(r));
}

/* No function of the page table does anything to a range that is not of its pages. */
static void ranges_of_no_pages(void)
{
	struct hyp_iommu_s2 *s2 = &hyp_iommu_s2;
	static const u64 ranges[][2] = {
		{ 0x800, 0x1000 }, { 0x1000, 0x1800 }, { 0x800, 0x800 }, { 0x2000, 0x1000 },
		{ 0, (1ULL << IA_BITS) + PAGE_SIZE }, { 1ULL << IA_BITS, 1ULL << 33 },
		{ -PAGE_SIZE, 0 }, { 0, -PAGE_SIZE },
	};
	struct kvm_hyp_memcache none = {};
	unsigned int i;
	u64 start, end;
	s8 level;

	boot(0);
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		start = ranges[i][0];
		end = ranges[i][1];
		EXPECT_EQ(iommu_s2_map(s2, start, end, &hyp_iommu_spare), -EINVAL);
		EXPECT_EQ(iommu_s2_unmap(s2, start, end, &hyp_iommu_spare), -EINVAL);
		EXPECT_EQ(iommu_s2_add_tables(s2, start, end, &hyp_iommu_spare), -EINVAL);
	}
	EXPECT_EQ(iommu_s2_unmap(s2, PAGE_SIZE, PAGE_SIZE, &hyp_iommu_spare), 0);
	/* Nothing is mapped where EL2's own memory is, and nothing changes. */
	EXPECT_EQ(iommu_s2_unmap(s2, page_phys(4), page_phys(5), &hyp_iommu_spare), 0);
	hyp_spin_lock(&host_mmu.lock);
	EXPECT_EQ(hyp_iommu_revoke_locked(page_phys(4), PAGE_SIZE), 0);
	EXPECT_EQ(hyp_iommu_revoke_locked(1ULL << IA_BITS, PAGE_SIZE), -EINVAL);
	hyp_spin_unlock(&host_mmu.lock);
	/* Nor without a page to split a block with. */
	EXPECT_EQ(iommu_s2_unmap(s2, BLOCK_BASE, BLOCK_BASE + PAGE_SIZE, &none), -ENOMEM);
	EXPECT_EQ(iommu_s2_add_tables(s2, BLOCK_BASE, BLOCK_BASE + PAGE_SIZE, &none), -ENOMEM);
	EXPECT(!iommu_s2_leaf(s2, 1ULL << IA_BITS, &level));
	EXPECT(!iommu_s2_leaf(s2, -1ULL, &level));
	oracle_full();
}

static int accept_range(u64 start, u64 end)
{
	return 0;
}

static void expect_bad(u64 *desc, u64 val)
{
	u64 old = *desc;
	int ret;

	hyp_spin_lock(&pkvm_pgd_lock);
	EXPECT_EQ(iommu_s2_check(&hyp_iommu_s2, accept_range), 0);
	*desc = val;
	ret = iommu_s2_check(&hyp_iommu_s2, accept_range);
	*desc = old;
	hyp_spin_unlock(&pkvm_pgd_lock);
	EXPECT_EQ(ret, -EUCLEAN);
}

/* Whatever descriptor of the table is wrong, the check sees it. */
static void wrong_descriptors_are_found(void)
{
	static const u64 flips[] = {
		0, 1, 2, 6, 7, 8, 9, 10, 11, 12, 20, 21, 30, 40, 47, 50, 53, 54, 55, 58, 63,
	};
	u64 *block, *page, *hole, *table;
	unsigned int i;
	s8 level;

	boot(0);
	model.enforce = false;
	block = iommu_s2_leaf(&hyp_iommu_s2, BLOCK_BASE, &level);
	EXPECT_EQ(level, 2);
	page = iommu_s2_leaf(&hyp_iommu_s2, RAM0_BASE + 70 * PAGE_SIZE, &level);
	EXPECT_EQ(level, 3);
	hole = iommu_s2_leaf(&hyp_iommu_s2, page_phys(4), &level);
	EXPECT_EQ(*hole, 0);
	table = block - 1;
	EXPECT_EQ(*table & 3, 3);
	for (i = 0; i < ARRAY_SIZE(flips); i++) {
		expect_bad(block, *block ^ 1ULL << flips[i]);
		expect_bad(page, *page ^ 1ULL << flips[i]);
	}
	/* The leaf of another page, and what is invalid but not empty. */
	expect_bad(hole, *page);
	expect_bad(hole, 1ULL << 1);
	/* Tables that are not EL2's, or are no memory. */
	expect_bad(table, HOST_DATA(0) | 3);
	expect_bad(table, P2P_MMIO | 3);
	expect_bad(table, *table | 1ULL << 63);
	expect_bad(block, HOST_DATA(0) | 3);
	model.enforce = true;
}

/* A page that EL2 uses, but the host stage 2 does not know of, so that it is mapped. */
static void build_is_checked(void)
{
	u64 pfn = hyp_phys_to_pfn(page_phys(4)), phys = HOST_DATA(0);

	boot(0);
	EXPECT_EQ(machine_release(), 0);
	EXPECT_EQ(donate(phys), 0);
	host_s2_forget(phys);
	EXPECT_EQ(hyp_iommu_prepare(pfn, IA_BITS, IA_BITS), -EUCLEAN);
	EXPECT(!hyp_iommu_s2.pgd);
	EXPECT_EQ(__pkvm_iommu_register(0), 0);
	EXPECT_EQ(__pkvm_iommu_enable(0), -EINVAL);
}

const struct test tests_boot[] = {
	TEST(every_variant_boots),
	TEST(firmware_state_is_forgotten),
	TEST(released_as_found),
	TEST(unfit_hardware_is_refused),
	TEST(unfit_sizes_are_refused),
	TEST(calls_out_of_order),
	TEST(roots_that_cannot_be_used),
	TEST(levels_of_the_root),
	TEST(takeover_of_dead_hardware),
	TEST(takeover_of_deaf_hardware),
	TEST(unused_mmio_is_hidden),
	TEST(unfit_mmio_is_not_taken),
	TEST(registers_elsewhere_are_withheld),
	TEST(registers_that_cannot_be_withheld),
	TEST(erratum_of_invalidations),
	TEST(regions_of_odd_sizes),
	TEST(regions_begin_and_end_in_pages),
	TEST(ranges_of_no_pages),
	TEST(wrong_descriptors_are_found),
	TEST(build_is_checked),
	{}
};
