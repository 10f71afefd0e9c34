// SPDX-License-Identifier: GPL-2.0-only
/* Tests: SMMUs that do not snoop the caches of the CPUs. */
#include "hyp/smmu.h"
#include "regress.h"

#define SID	3
#define COHACC	BIT(4)

/* By what firmware and the ID register say. */
static void boot_incoherent(u8 variant, bool cohacc)
{
	struct machine_cfg cfg = machine_variant(variant);
	unsigned int i;

	cfg.incoherent = true;
	if (!cohacc)
		cfg.idr[0] &= ~COHACC;
	EXPECT_EQ(machine_boot(&cfg), 0);
	oracle_full();
	for (i = 0; i < nr_smmus; i++)
		drv_init(i);
}

/* What EL2 has made of a page is in memory. */
static void expect_clean(u64 page)
{
	u64 phys;

	for (phys = page; phys < page + PAGE_SIZE; phys += 8) {
		if (!cache_is_clean(phys))
			violation("%llx is in a cache only", (unsigned long long)phys);
	}
}

static void expect_stream_works(unsigned int i)
{
	EXPECT(drv_bypass(i, SID));
	EXPECT_EQ(dev_dma(i, SID, HOST_DATA(0)), DMA_DONE);
	EXPECT(drv_stage1(i, SID));
	EXPECT_EQ(dev_dma(i, SID, HOST_DATA(0)), DMA_DONE);
	EXPECT_EQ(dev_dma(i, SID + 1, HOST_DATA(0)), DMA_ABORTED);
	EXPECT(drv_detach(i, SID));
	EXPECT_EQ(dev_dma(i, SID, HOST_DATA(0)), DMA_ABORTED);
	oracle_full();
}

/* Stream tables and commands, in both directions, until the queues have wrapped. */
static void incoherent_streams(void)
{
	static const u8 variants[] = { 0, 1, 3, 8, 0xc0 };
	unsigned int n;

	for (n = 0; n < 2 * ARRAY_SIZE(variants); n++) {
		boot_incoherent(variants[n / 2], n & 1);
		expect_clean(smmus[0].strtab_base & GENMASK_ULL(51, 12));
		expect_clean(smmus[0].el2_pgd);
		expect_stream_works(0);
		expect_stream_works(1);
	}
	for (n = 0; n < 200; n++)
		expect_stream_works(0);
}

/* Streams of a level 2 table that nobody has asked for abort, whatever was in its page. */
static void incoherent_shadow_table(void)
{
	u32 sid;

	boot_incoherent(0, true);
	EXPECT(drv_bypass(0, SID));
	for (sid = 0; sid < 64; sid++)
		EXPECT_EQ(dev_dma(0, sid, HOST_DATA(0)), sid == SID ? DMA_DONE : DMA_ABORTED);
	oracle_full();
}

/* The host disables its SMMU: every stream aborts. */
static void incoherent_disable(void)
{
	boot_incoherent(0, true);
	EXPECT(drv_bypass(0, SID));
	drv_cr0(0, 0xc);
	EXPECT_EQ(dev_dma(0, SID, HOST_DATA(0)), DMA_ABORTED);
	drv_cr0(0, 0xd);
	EXPECT_EQ(dev_dma(0, SID, HOST_DATA(0)), DMA_DONE);
}

/* A page leaves and comes back; the others of its block stay. */
static void incoherent_transitions(void)
{
	u64 page = BLOCK_BASE + 5 * PAGE_SIZE;

	boot_incoherent(0, true);
	EXPECT(drv_bypass(0, SID));
	EXPECT(drv_bypass(1, SID));
	EXPECT_EQ(dev_dma(0, SID, page), DMA_DONE);
	EXPECT_EQ(donate(page), 0);
	EXPECT_EQ(dev_dma(0, SID, page), DMA_ABORTED);
	EXPECT_EQ(dev_dma(0, SID, page + PAGE_SIZE), DMA_DONE);
	EXPECT_EQ(dev_dma(1, SID, page - PAGE_SIZE), DMA_DONE);
	EXPECT_EQ(give_back(page), 0);
	EXPECT_EQ(dev_dma(0, SID, page), DMA_DONE);
	EXPECT_EQ(dev_dma(1, SID, page), DMA_DONE);
	/* A block, whose table then comes back for one page. */
	EXPECT_EQ(__pkvm_host_donate_hyp(hyp_phys_to_pfn(BLOCK_BASE), PTRS_PER_PTE), 0);
	EXPECT_EQ(give_back(page), 0);
	EXPECT_EQ(dev_dma(0, SID, page), DMA_DONE);
	EXPECT_EQ(dev_dma(0, SID, page + PAGE_SIZE), DMA_ABORTED);
	oracle_full();
}

/* As above, where a table of EL2's is taken for a whole block that nobody has. */
static void incoherent_new_table(void)
{
	u64 page = BLOCK_BASE + 9 * PAGE_SIZE;

	boot_incoherent(4, true);
	EXPECT(drv_bypass(0, SID));
	EXPECT_EQ(__pkvm_host_donate_hyp(hyp_phys_to_pfn(BLOCK_BASE), PTRS_PER_PTE), 0);
	oracle_full();
	EXPECT_EQ(give_back(page), 0);
	EXPECT_EQ(dev_dma(0, SID, page), DMA_DONE);
	EXPECT_EQ(dev_dma(0, SID, page + PAGE_SIZE), DMA_ABORTED);
	oracle_full();
}

/* The hardware refuses a command of the host's, and sees what EL2 puts in its place. */
static void incoherent_repair(void)
{
	boot_incoherent(0, true);
	smmus[0].refuse_op = 0x11;
	EXPECT(drv_cmd(0, 0x11, 0));
	EXPECT(drv_sync(0));
	EXPECT_EQ(donate(HOST_DATA(0)), 0);
}

/* An error of the host's is raised by a command of EL2's own. */
static void incoherent_gerror(void)
{
	u32 irqs;

	boot_incoherent(0, true);
	irqs = smmus[0].gerror_irqs;
	EXPECT_EQ(try_cmd(0xfe, 0), ILL);
	EXPECT(smmus[0].gerror_irqs > irqs);
}

static void incoherent_events(void)
{
	u64 dw;

	boot_incoherent(0, true);
	EXPECT_EQ(dev_dma(0, SID, HOST_DATA(0)), DMA_ABORTED);
	hw_settle();
	EXPECT_EQ(read32(0, 0x100a8), 1);
	EXPECT(dma_load64(0, HOST_EVTQ(0), &dw));
	EXPECT_EQ(dw >> 32, SID);
}

/* No MSI is offered, and none is taken. */
static void incoherent_msi(void)
{
	boot_incoherent(0, true);
	EXPECT_EQ(read32(0, 0) & (1 << 13 | COHACC), 0);
	EXPECT_EQ(try_cmd(0x46 | 1 << 12, HOST_CMDQ(0)), ILL);
	EXPECT_EQ(try_cmd(0x46 | 1ULL << 32, 0), ILL);
	/* What the driver has in each CMD_SYNC: CS, MSH, MSIATTR. */
	EXPECT_EQ(try_cmd(0x46 | 2 << 12 | 3 << 22 | 0xf << 24, 0), 0);
	EXPECT_EQ(smmus[0].msis, 0);
}

/*
 * The host writes through the caches as well: EL2 reads either, and the host's own data
 * is not dropped.
 */
static void incoherent_host_alias(void)
{
	u64 at, dw;

	boot_incoherent(0, true);
	at = drv_next(0);
	drv_put(0, 0x30, 0);
	host_store64(at, 0xfe);
	drv_ring(0);
	hw_settle();
	EXPECT_EQ(drv_cmdq_err(0), ILL);
	EXPECT(dma_load64(0, at, &dw));
	EXPECT_EQ(dw, 0xfe);
	drv_skip_err(0);
	EXPECT(drv_sync(0));
	expect_stream_works(0);
}

/* One of two: the table is shared, everything else is its own. */
static void one_is_incoherent(void)
{
	struct machine_cfg cfg = machine_default(), others = machine_default();
	unsigned int i;

	for (i = 0; i < 2; i++) {
		cfg.incoherent = i;
		others.incoherent = !i;
		cfg.others = &others;
		EXPECT_EQ(machine_boot(&cfg), 0);
		drv_init(0);
		drv_init(1);
		EXPECT_EQ(!!(read32(0, 0) & COHACC), !i);
		EXPECT_EQ(!!(read32(1, 0) & COHACC), i);
		expect_stream_works(0);
		expect_stream_works(1);
		EXPECT(drv_bypass(0, SID));
		EXPECT(drv_bypass(1, SID));
		EXPECT_EQ(donate(HOST_DATA(0)), 0);
		EXPECT_EQ(dev_dma(0, SID, HOST_DATA(0)), DMA_ABORTED);
		EXPECT_EQ(dev_dma(1, SID, HOST_DATA(0)), DMA_ABORTED);
		EXPECT_EQ(give_back(HOST_DATA(0)), 0);
		EXPECT_EQ(dev_dma(0, SID, HOST_DATA(0)), DMA_DONE);
		EXPECT_EQ(dev_dma(1, SID, HOST_DATA(0)), DMA_DONE);
	}
}

/* Firmware overrides IDR0.COHACC, but EL2 cleans all the same. */
static void firmware_says_coherent(void)
{
	struct machine_cfg cfg = machine_default();
	unsigned int i;

	cfg.idr[0] &= ~COHACC;
	EXPECT_EQ(machine_boot(&cfg), 0);
	EXPECT(!smmus[0].snoops);
	for (i = 0; i < nr_smmus; i++)
		drv_init(i);
	EXPECT(read32(0, 0) & COHACC);
	expect_stream_works(0);
	EXPECT(drv_bypass(0, SID));
	EXPECT_EQ(donate(HOST_DATA(0)), 0);
	EXPECT_EQ(dev_dma(0, SID, HOST_DATA(0)), DMA_ABORTED);
	EXPECT_EQ(try_cmd(0x46 | 1 << 12 | 5ULL << 32, HOST_CMDQ(0) + 4), 0);
}

/* Where all SMMUs snoop, EL2 flushes nothing. */
static void coherent_is_not_flushed(void)
{
	boot_and_init(0);
	expect_stream_works(0);
	EXPECT_EQ(donate(HOST_DATA(0)), 0);
	EXPECT_EQ(give_back(HOST_DATA(0)), 0);
	EXPECT_EQ(try_cmd(0xfe, 0), ILL);
	EXPECT_EQ(model.flushes, 0);
}

const struct test tests_cache[] = {
	TEST(incoherent_streams),
	TEST(incoherent_shadow_table),
	TEST(incoherent_disable),
	TEST(incoherent_transitions),
	TEST(incoherent_new_table),
	TEST(incoherent_repair),
	TEST(incoherent_gerror),
	TEST(incoherent_events),
	TEST(incoherent_msi),
	TEST(incoherent_host_alias),
	TEST(one_is_incoherent),
	TEST(firmware_says_coherent),
	TEST(coherent_is_not_flushed),
	{}
};
