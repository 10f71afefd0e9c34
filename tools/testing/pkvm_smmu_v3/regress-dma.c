// SPDX-License-Identifier: GPL-2.0-only
/* Tests: what DMA reaches, and no longer reaches. */
#include <nvhe/iommu_pgtable.h>
#include <nvhe/mm.h>

#include "regress.h"

#define BYPASS	3
#define STAGE1	5
#define S12_VMALL	0x28
#define SYNC		0x46

static struct dma stage1_dma(u64 phys)
{
	/* The stage 1 of the host maps any address to any other. */
	return (struct dma){
		.sid = STAGE1, .write = true, .asid = 1, .va = 0x7000000, .ipa = phys,
	};
}

static enum dma_result dma_stage1(unsigned int i, u64 phys)
{
	struct dma dma = stage1_dma(phys);

	return smmu_dma(&smmus[i], &dma, false);
}

static void attach(unsigned int i)
{
	EXPECT(drv_bypass(i, BYPASS));
	EXPECT(drv_stage1(i, STAGE1));
}

/* Bring translations of a page into every kind of cache. */
static void warm(unsigned int i, u64 phys)
{
	EXPECT_EQ(dev_dma(i, BYPASS, phys), DMA_DONE);
	EXPECT_EQ(dma_stage1(i, phys), DMA_DONE);
}

static void expect_gone(unsigned int i, u64 phys)
{
	EXPECT_EQ(dev_dma(i, BYPASS, phys), DMA_ABORTED);
	EXPECT_EQ(dma_stage1(i, phys), DMA_ABORTED);
}

static void dma_follows_ownership(void)
{
	u64 phys = HOST_DATA(1);

	boot_and_init(0);
	attach(0);
	warm(0, phys);
	EXPECT_EQ(donate(phys), 0);
	expect_gone(0, phys);
	EXPECT_EQ(give_back(phys), 0);
	warm(0, phys);
	EXPECT_EQ(host_donate_guest(phys, 1), 0);
	expect_gone(0, phys);
	EXPECT_EQ(guest_share_host(phys, 1), 0);
	warm(0, phys);
	EXPECT_EQ(guest_unshare_host(phys, 1), 0);
	expect_gone(0, phys);
	EXPECT_EQ(host_reclaim_guest(phys), 0);
	warm(0, phys);
}

/* Caches outlive SMMUEN: the page is taken while the host's is clear. */
static void warm_tlb_across_smmuen(void)
{
	u64 phys = HOST_DATA(2);

	boot_and_init(0);
	attach(0);
	warm(0, phys);
	EXPECT(drv_cr0(0, 0xc));
	EXPECT_EQ(donate(phys), 0);
	EXPECT(drv_cr0(0, 0xd));
	expect_gone(0, phys);
}

static void donation_with_cmdqen_clear(void)
{
	u64 phys = HOST_DATA(3);

	boot_and_init(0);
	attach(0);
	warm(0, phys);
	EXPECT(drv_cr0(0, 0x5));
	EXPECT_EQ(donate(phys), 0);
	expect_gone(0, phys);
	EXPECT(drv_cr0(0, 0x0));
	EXPECT_EQ(donate(HOST_DATA(4)), 0);
}

/* The host has not touched its SMMUs yet. */
static void donation_before_setup(void)
{
	boot(0);
	EXPECT_EQ(dev_dma(0, BYPASS, HOST_DATA(0)), DMA_ABORTED);
	EXPECT_EQ(donate(HOST_DATA(0)), 0);
	EXPECT_EQ(give_back(HOST_DATA(0)), 0);
}

/* Only the second SMMU has the translation. */
static void every_smmu_is_flushed(void)
{
	u64 phys = HOST_DATA(5);

	boot_and_init(0);
	attach(0);
	attach(1);
	warm(1, phys);
	EXPECT_EQ(donate(phys), 0);
	warm(0, HOST_DATA(6));
	EXPECT_EQ(host_donate_guest(HOST_DATA(6), 1), 0);
}

/* Translated, not yet done: donation waits for it. */
static void in_flight_is_waited_for(void)
{
	u64 phys = HOST_DATA(7), done;
	struct dma dma = { .sid = BYPASS, .write = true, .va = phys, .ipa = phys };

	boot_and_init(0);
	attach(0);
	done = model.dma_accesses;
	EXPECT_EQ(smmu_dma(&smmus[0], &dma, true), DMA_FLYING);
	dma = stage1_dma(phys);
	EXPECT_EQ(smmu_dma(&smmus[0], &dma, true), DMA_FLYING);
	EXPECT_EQ(donate(phys), 0);
	EXPECT_EQ(model.dma_accesses, done + 2);
}

static void stage1_cannot_leave_stage2(void)
{
	unsigned int i;

	boot_and_init(0);
	attach(0);
	/* No page of EL2's, wherever the host's stage 1 points. */
	for (i = 0; i < RAM_PAGES; i++) {
		bool host = host_has(page_phys(i));

		EXPECT_EQ(dev_dma(0, BYPASS, page_phys(i)), host ? DMA_DONE : DMA_ABORTED);
	}
	EXPECT_EQ(dma_stage1(0, page_phys(0)), DMA_ABORTED);
	EXPECT_EQ(dma_stage1(0, SMMU_MMIO(0)), DMA_ABORTED);
	EXPECT_EQ(dev_dma(0, BYPASS, SMMU_MMIO(1) + 0x10000), DMA_ABORTED);
	/* Other MMIO is reached, between and around memory. */
	EXPECT_EQ(dev_dma(0, BYPASS, P2P_MMIO), DMA_DONE);
	EXPECT_EQ(dev_dma(0, BYPASS, RAM0_BASE + RAM0_PAGES * PAGE_SIZE), DMA_DONE);
	EXPECT_EQ(dev_dma(0, BYPASS, 1ULL << IA_BITS), DMA_ABORTED);
}

/* Context descriptors are an IPA, too. */
static void context_descriptor_in_foreign_page(void)
{
	boot_and_init(0);
	EXPECT(drv_ste(0, STAGE1, 0xb | page_phys(4), 0xd4));
	EXPECT_EQ(dma_stage1(0, HOST_DATA(1)), DMA_ABORTED);
	EXPECT(drv_ste(0, STAGE1, 0xb | HOST_DATA(9), 0xd4));
	EXPECT_EQ(dma_stage1(0, HOST_DATA(1)), DMA_DONE);
	EXPECT_EQ(donate(HOST_DATA(9)), 0);
}

/* A Translated transaction is looked up, and refused. */
static void ats_translated_is_refused(void)
{
	struct dma dma = {
		.sid = BYPASS, .translated = true, .va = HOST_DATA(0), .ipa = page_phys(4),
	};

	boot_and_init(0);
	EXPECT_EQ(smmu_dma(&smmus[0], &dma, false), DMA_ABORTED);
	attach(0);
	EXPECT_EQ(smmu_dma(&smmus[0], &dma, false), DMA_ABORTED);
	EXPECT(drv_ste(0, BYPASS, 0x9, 1ULL << 28 | 1ULL << 44));
	EXPECT_EQ(smmu_dma(&smmus[0], &dma, false), DMA_ABORTED);
	EXPECT(drv_cr0(0, 0xc));
	EXPECT_EQ(smmu_dma(&smmus[0], &dma, false), DMA_ABORTED);
}

/* Several pages at once, across the border of two tables. */
static void donation_across_tables(void)
{
	u64 first = BLOCK_BASE - 2 * PAGE_SIZE;
	unsigned int i;

	boot_and_init(0);
	attach(0);
	for (i = 0; i < 4; i++)
		warm(0, first + i * PAGE_SIZE);
	EXPECT_EQ(__pkvm_host_donate_hyp(hyp_phys_to_pfn(first), 4), 0);
	for (i = 0; i < 4; i++)
		expect_gone(0, first + i * PAGE_SIZE);
	warm(0, first - PAGE_SIZE);
	warm(0, first + 4 * PAGE_SIZE);
	EXPECT_EQ(__pkvm_hyp_donate_host(hyp_phys_to_pfn(first), 4), 0);
	for (i = 0; i < 4; i++)
		warm(0, first + i * PAGE_SIZE);
}

static struct smmu before[NR_SMMUS];

static void count_from_here(void)
{
	hw_settle();
	memcpy(before, smmus, sizeof(before));
}

/* Nothing but @n invalidations of everything since then, at each SMMU. */
static void expect_flushes(unsigned int n)
{
	const struct smmu *s, *b = before;

	hw_settle();
	for (s = smmus; s < smmus + nr_smmus; s++, b++) {
		EXPECT_EQ(s->ops[S12_VMALL] - b->ops[S12_VMALL], n);
		EXPECT_EQ(s->ops[SYNC] - b->ops[SYNC], n);
		EXPECT_EQ(s->consumed - b->consumed, 2 * n);
		EXPECT_EQ(s->doorbells - b->doorbells, n);
	}
}

/* A range takes one invalidation; what devices get, or keep, takes none. */
static void one_flush_for_a_range(void)
{
	u64 first = HOST_DATA(3), phys = HOST_DATA(1);

	boot_and_init(0);
	count_from_here();
	EXPECT_EQ(__pkvm_host_donate_hyp(hyp_phys_to_pfn(first), 8), 0);
	expect_flushes(1);
	EXPECT_EQ(__pkvm_hyp_donate_host(hyp_phys_to_pfn(first), 8), 0);
	expect_flushes(1);
	EXPECT_EQ(host_donate_guest(phys, 1), 0);
	expect_flushes(2);
	EXPECT_EQ(guest_share_host(phys, 1), 0);
	EXPECT_EQ(host_reclaim_guest(phys), 0);
	EXPECT_EQ(host_share_hyp(phys), 0);
	EXPECT_EQ(host_unshare_hyp(phys), 0);
	EXPECT_EQ(__pkvm_host_share_pin_hyp(phys, PAGE_SIZE), 0);
	__pkvm_host_unshare_unpin_hyp(phys, PAGE_SIZE);
	expect_flushes(2);
}

static void expect_leaf(u64 phys, s8 level, bool valid)
{
	u64 *leaf;
	s8 l;

	leaf = iommu_s2_leaf(&hyp_iommu_s2, phys, &l);
	EXPECT_EQ(l, level);
	EXPECT_EQ(*leaf & 1, valid);
}

/* A block loses a page: nothing else changes, and in no cache is the block left. */
static void block_is_split(void)
{
	u64 phys = BLOCK_BASE + 5 * PAGE_SIZE;

	boot_and_init(0);
	attach(0);
	expect_leaf(phys, 2, true);
	expect_leaf(BLOCK_BASE - PAGE_SIZE, 3, true);
	warm(0, BLOCK_BASE);
	warm(0, phys);
	EXPECT_EQ(donate(phys), 0);
	expect_leaf(phys, 3, false);
	expect_gone(0, phys);
	warm(0, BLOCK_BASE);
	warm(0, phys - PAGE_SIZE);
	warm(0, phys + PAGE_SIZE);
	warm(0, BLOCK_BASE + BLOCK_SIZE - PAGE_SIZE);
	EXPECT_EQ(give_back(phys), 0);
	expect_leaf(phys, 3, true);
	warm(0, phys);
	oracle_full();
}

/* All of a block, and a range that ends in one: no table where none is needed. */
static void block_is_donated(void)
{
	u64 first = BLOCK_BASE - PAGE_SIZE;
	unsigned long n = BLOCK_SIZE / PAGE_SIZE;

	boot_and_init(0);
	attach(0);
	warm(0, BLOCK_BASE);
	EXPECT_EQ(__pkvm_host_donate_hyp(hyp_phys_to_pfn(first), n + 2), 0);
	expect_leaf(BLOCK_BASE, 2, false);
	expect_gone(0, BLOCK_BASE);
	expect_gone(0, BLOCK_BASE + BLOCK_SIZE);
	warm(0, BLOCK_BASE + BLOCK_SIZE + PAGE_SIZE);
	EXPECT_EQ(give_back(BLOCK_BASE + PAGE_SIZE), 0);
	expect_leaf(BLOCK_BASE, 3, false);
	EXPECT_EQ(dev_dma(0, BYPASS, BLOCK_BASE + PAGE_SIZE), DMA_DONE);
	EXPECT_EQ(dev_dma(0, BYPASS, BLOCK_BASE), DMA_ABORTED);
	EXPECT_EQ(donate(BLOCK_BASE + PAGE_SIZE), 0);
	EXPECT_EQ(__pkvm_hyp_donate_host(hyp_phys_to_pfn(first), n + 2), 0);
	warm(0, BLOCK_BASE);
	oracle_full();
}

/* As large as a block, but it begins within one and ends in what follows. */
static void range_is_no_block(void)
{
	u64 first = BLOCK_BASE + PAGE_SIZE;
	unsigned long n = BLOCK_SIZE / PAGE_SIZE;

	boot_and_init(0);
	attach(0);
	warm(0, BLOCK_BASE);
	EXPECT_EQ(__pkvm_host_donate_hyp(hyp_phys_to_pfn(first), n), 0);
	expect_gone(0, first);
	expect_gone(0, BLOCK_BASE + BLOCK_SIZE);
	warm(0, BLOCK_BASE);
	warm(0, BLOCK_BASE + BLOCK_SIZE + PAGE_SIZE);
	EXPECT_EQ(__pkvm_hyp_donate_host(hyp_phys_to_pfn(first), n), 0);
	warm(0, first);
	oracle_full();
}

/* Refused while a block is being split, or as a whole: it is all there again. */
static void block_survives_dead_smmu(void)
{
	unsigned long n = BLOCK_SIZE / PAGE_SIZE;

	boot_and_init(0);
	attach(0);
	smmus[1].hang = true;
	EXPECT_EQ(__pkvm_host_donate_hyp(hyp_phys_to_pfn(BLOCK_BASE), n), -EIO);
	expect_leaf(BLOCK_BASE, 2, true);
	EXPECT_EQ(donate(BLOCK_BASE + PAGE_SIZE), -EIO);
	warm(0, BLOCK_BASE + PAGE_SIZE);
	warm(0, BLOCK_BASE);
	oracle_full();
}

/* One SMMU that breaks before it makes: memory is mapped by pages from the start. */
static void no_block_without_bbml2(void)
{
	unsigned int bbml;

	for (bbml = 0; bbml < 4; bbml++) {
		struct machine_cfg cfg = machine_default();

		cfg.idr[3] = 0x400 | bbml << 11;
		EXPECT_EQ(machine_boot(&cfg), 0);
		drv_init(0);
		EXPECT(drv_bypass(0, BYPASS));
		expect_leaf(BLOCK_BASE, bbml == 2 ? 2 : 3, true);
		expect_leaf(P2P_MMIO, PAGE_SHIFT == 12 ? 1 : 2, true);
		EXPECT_EQ(dev_dma(0, BYPASS, BLOCK_BASE), DMA_DONE);
		EXPECT_EQ(donate(BLOCK_BASE), 0);
		EXPECT_EQ(dev_dma(0, BYPASS, BLOCK_BASE + PAGE_SIZE), DMA_DONE);
		EXPECT_EQ(give_back(BLOCK_BASE), 0);
		EXPECT_EQ(dev_dma(0, BYPASS, BLOCK_BASE), DMA_DONE);
		oracle_full();
	}
}

/* Every page of memory leaves, in an order of its own: there is a table for each. */
static void tables_for_every_page(void)
{
	unsigned int i;

	boot_and_init(0);
	for (i = 60; i < RAM_PAGES; i++)
		donate(page_phys(60 + i * 101 % (RAM_PAGES - 60)));
	for (i = 60; i < RAM_PAGES; i++)
		give_back(page_phys(i));
	oracle_full();
}

/* Fail closed: the page stays the host's, for its devices as well. */
static void donation_refused_by_dead_smmu(void)
{
	u64 phys = HOST_DATA(10);

	boot_and_init(0);
	attach(0);
	attach(1);
	warm(0, phys);
	smmus[1].hang = true;
	EXPECT_EQ(donate(phys), -EIO);
	oracle_full();
	EXPECT(host_has(phys));
	warm(0, phys);
	/* At once, and for ever: it has lost a command. */
	smmus[1].hang = false;
	smmus[1].refuse_op = 0x28;
	EXPECT_EQ(host_donate_guest(phys, 1), -EIO);
	smmus[1].refuse_op = 0;
	model.time = 0;
	EXPECT_EQ(host_donate_guest(phys, 1), -EIO);
	EXPECT(model.time < 100);
	/* What the host does to the other one still works, and to this one ends. */
	EXPECT(drv_bypass(0, 9));
	write32(1, 0x98, 9);
	read32(1, 0x9c);
}

static void failed_transition_on_grown_range(void)
{
	u64 first = HOST_DATA(12);

	boot_and_init(0);
	attach(0);
	EXPECT_EQ(donate(first + PAGE_SIZE), 0);
	/* One page of the range is not the host's: nothing happens to the others. */
	EXPECT_EQ(__pkvm_host_donate_hyp(hyp_phys_to_pfn(first), 3), -EPERM);
	warm(0, first);
	warm(0, first + 2 * PAGE_SIZE);
	smmus[0].hang = true;
	EXPECT_EQ(__pkvm_host_donate_hyp(hyp_phys_to_pfn(first + 2 * PAGE_SIZE), 2), -EIO);
	oracle_full();
}

/* The hardware reports an error nobody can repair. */
static void cmdq_abort_is_fatal_to_transitions(void)
{
	boot_and_init(0);
	attach(0);
	smmus[0].abort_next = true;
	EXPECT_EQ(donate(HOST_DATA(1)), -EIO);
	oracle_full();
	EXPECT_EQ(donate(HOST_DATA(1)), -EIO);
	warm(0, HOST_DATA(1));

	/* At a command of the host's it is no better. */
	boot_and_init(0);
	smmus[0].abort_next = true;
	drv_put(0, 0x10, 0);
	drv_ring(0);
	hw_settle();
	EXPECT_EQ(donate(HOST_DATA(1)), -EIO);
}

static void service_failure_mode(void)
{
	boot_and_init(0);
	attach(0);
	smmus[0].gerror ^= 0x100;
	EXPECT_EQ(donate(HOST_DATA(1)), -EIO);
	EXPECT_EQ(dev_dma(0, BYPASS, HOST_DATA(1)), DMA_ABORTED);
	EXPECT_EQ(read32(0, 0x60) & 0x100, 0x100);
	oracle_full();
}

/* Shared with EL2 or a guest, the host keeps its access: devices keep theirs. */
static void sharing_keeps_dma(void)
{
	u64 phys = HOST_DATA(14);

	boot_and_init(0);
	attach(0);
	EXPECT_EQ(host_share_hyp(phys), 0);
	warm(0, phys);
	EXPECT_EQ(donate(phys), -EPERM);
	EXPECT_EQ(host_unshare_hyp(phys), 0);
	EXPECT_EQ(donate(phys), 0);
	expect_gone(0, phys);
}

/* More invalidations than the queue has entries, with host commands in it. */
static void many_donations(void)
{
	unsigned int i;

	boot_and_init(0);
	attach(0);
	for (i = 0; i < 200; i++) {
		u64 phys = HOST_DATA(i % NR_HOST_DATA);

		warm(0, phys);
		drv_put(0, 0x10, 0);
		drv_ring(0);
		EXPECT_EQ(donate(phys), 0);
		EXPECT_EQ(give_back(phys), 0);
	}
	EXPECT(drv_sync(0));
}

const struct test tests_dma[] = {
	TEST(dma_follows_ownership),
	TEST(warm_tlb_across_smmuen),
	TEST(donation_with_cmdqen_clear),
	TEST(donation_before_setup),
	TEST(every_smmu_is_flushed),
	TEST(in_flight_is_waited_for),
	TEST(stage1_cannot_leave_stage2),
	TEST(context_descriptor_in_foreign_page),
	TEST(ats_translated_is_refused),
	TEST(donation_across_tables),
	TEST(one_flush_for_a_range),
	TEST(block_is_split),
	TEST(block_is_donated),
	TEST(range_is_no_block),
	TEST(block_survives_dead_smmu),
	TEST(no_block_without_bbml2),
	TEST(tables_for_every_page),
	TEST(donation_refused_by_dead_smmu),
	TEST(failed_transition_on_grown_range),
	TEST(cmdq_abort_is_fatal_to_transitions),
	TEST(service_failure_mode),
	TEST(sharing_keeps_dma),
	TEST(many_donations),
	{}
};
