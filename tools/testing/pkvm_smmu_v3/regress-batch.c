// SPDX-License-Identifier: GPL-2.0-only
/* Tests: what a hypercall that moves pages costs, and leaves to devices. */
#include <nvhe/iommu_batch.h>

#include "explore.h"
#include "regress.h"

#define BYPASS		3
#define S12_VMALL	0x28
#define SYNC		0x46

/* What the host offers for page tables, and what a VM is given. */
#define CACHE(n)	HOST_DATA(2 + 2 * (n))
#define NR_CACHE	4
#define DATA		HOST_DATA(1)

static struct kvm_hyp_memcache host_mc, hyp_mc;

static void fill_host_mc(unsigned int nr)
{
	unsigned int i;

	hyp_mc = (struct kvm_hyp_memcache){};
	host_mc = (struct kvm_hyp_memcache){ .head = CACHE(0), .nr_pages = nr };
	for (i = 0; i < nr; i++)
		host_store64(CACHE(i), i + 1 < nr ? CACHE(i + 1) : 0);
}

static void drain_hyp_mc(void)
{
	void *page;

	while ((page = pop_hyp_memcache(&hyp_mc, hyp_phys_to_virt)))
		EXPECT_EQ(give_back(hyp_virt_to_phys(page)), 0);
}

static void setup(void)
{
	unsigned int i;

	boot_and_init(0);
	for (i = 0; i < nr_smmus; i++)
		EXPECT(drv_bypass(i, BYPASS));
	fill_host_mc(NR_CACHE);
}

static void expect_dma(u64 phys, enum dma_result result)
{
	unsigned int i;

	for (i = 0; i < nr_smmus; i++)
		EXPECT_EQ(dev_dma(i, BYPASS, phys), result);
}

static void warm_all(void)
{
	unsigned int i;

	expect_dma(DATA, DMA_DONE);
	for (i = 0; i < NR_CACHE; i++)
		expect_dma(CACHE(i), DMA_DONE);
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

static int donate_and_refill(void)
{
	return host_donate_guest_refill(DATA, 1, &hyp_mc, &host_mc);
}

static void one_flush_for_page_and_tables(void)
{
	unsigned int i;

	setup();
	warm_all();
	count_from_here();
	EXPECT_EQ(donate_and_refill(), 0);
	expect_flushes(1);
	EXPECT_EQ(hyp_mc.nr_pages, NR_CACHE);
	EXPECT_EQ(host_mc.nr_pages, 0);
	expect_dma(DATA, DMA_ABORTED);
	for (i = 0; i < NR_CACHE; i++)
		expect_dma(CACHE(i), DMA_ABORTED);
	oracle_full();
}

static void one_flush_for_one_page(void)
{
	setup();
	host_mc.nr_pages = 0;
	warm_all();
	count_from_here();
	EXPECT_EQ(donate_and_refill(), 0);
	expect_flushes(1);
	EXPECT_EQ(hyp_mc.nr_pages, 0);
}

static void one_flush_for_a_range(void)
{
	u64 first = HOST_DATA(3);

	setup();
	count_from_here();
	EXPECT_EQ(__pkvm_host_donate_hyp(hyp_phys_to_pfn(first), 8), 0);
	expect_flushes(1);
}

static void giving_costs_nothing(void)
{
	setup();
	EXPECT_EQ(donate_and_refill(), 0);
	count_from_here();
	drain_hyp_mc();
	EXPECT_EQ(guest_share_host(DATA, 1), 0);
	EXPECT_EQ(host_reclaim_guest(DATA), 0);
	expect_flushes(0);
	warm_all();
	EXPECT_EQ(host_donate_guest(DATA, 1), 0);
	count_from_here();
	EXPECT_EQ(host_reclaim_guest(DATA), 0);
	expect_flushes(0);
	warm_all();
}

static void sharing_costs_nothing(void)
{
	setup();
	count_from_here();
	EXPECT_EQ(host_share_hyp(DATA), 0);
	EXPECT_EQ(host_unshare_hyp(DATA), 0);
	EXPECT_EQ(__pkvm_host_share_pin_hyp(DATA, PAGE_SIZE), 0);
	__pkvm_host_unshare_unpin_hyp(DATA, PAGE_SIZE);
	expect_flushes(0);
}

/* The list leads out of the host's memory: the rest stays the host's. */
static void refill_fails_halfway(void)
{
	setup();
	warm_all();
	host_store64(CACHE(1), page_phys(4));
	count_from_here();
	EXPECT_EQ(donate_and_refill(), -ENOMEM);
	expect_flushes(1);
	EXPECT_EQ(hyp_mc.nr_pages, 2);
	expect_dma(DATA, DMA_DONE);
	expect_dma(CACHE(0), DMA_ABORTED);
	expect_dma(CACHE(2), DMA_DONE);
	oracle_full();
}

static void donation_fails_after_refill(void)
{
	setup();
	EXPECT_EQ(host_share_hyp(DATA), 0);
	warm_all();
	count_from_here();
	EXPECT_EQ(donate_and_refill(), -EPERM);
	expect_flushes(1);
	expect_dma(DATA, DMA_DONE);
	EXPECT_EQ(hyp_mc.nr_pages, NR_CACHE);
	oracle_full();
}

/* Whatever the host links to is a hint: it costs, or is refused. */
static void lists_of_nonsense(void)
{
	static const u64 links[] = {
		0, 8, ~0ULL, SMMU_MMIO(0), P2P_MMIO, RAM_END, 1ULL << 47, RAM0_BASE - 8,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(links) + 2; i++) {
		setup();
		warm_all();
		/* ... or in a circle, or to itself. */
		host_store64(CACHE(0), i < ARRAY_SIZE(links) ? links[i] :
				       i == ARRAY_SIZE(links) ? CACHE(0) : DATA);
		donate_and_refill();
		oracle_full();
		host_mc.head = i < ARRAY_SIZE(links) ? links[i] : page_phys(4);
		host_mc.nr_pages = ~0UL;
		donate_and_refill();
		oracle_full();
	}
}

static void ranges_of_nonsense(void)
{
	static const struct hyp_iommu_range ranges[] = {
		{ SMMU_MMIO(0), PAGE_SIZE }, { P2P_MMIO, 2 * PAGE_SIZE }, { 0, ~0ULL },
		{ ~0ULL << 12, PAGE_SIZE }, { ~0ULL << 12, 2 * PAGE_SIZE },
		{ RAM_END - PAGE_SIZE, 1ULL << 40 }, { 1ULL << 51, PAGE_SIZE },
	};
	struct hyp_iommu_batch batch;
	unsigned int i;

	setup();
	warm_all();
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		hyp_iommu_batch_init(&batch);
		hyp_iommu_batch_add(&batch, ranges[i].phys, ranges[i].size);
		hyp_iommu_batch_add(&batch, DATA + 8, PAGE_SIZE);
		hyp_iommu_batch_add(&batch, CACHE(0), 8);
		hyp_iommu_batch_add(&batch, CACHE(1), 0);
		count_from_here();
		hyp_iommu_batch_revoke(&batch);
		hyp_iommu_batch_end(&batch);
		expect_flushes(0);
		oracle_full();
	}
	expect_dma(P2P_MMIO, DMA_DONE);
}

/* One more than fits, from a list without an end. */
static void list_without_end(void)
{
	struct hyp_iommu_batch batch;

	setup();
	host_store64(CACHE(0), CACHE(0));
	hyp_iommu_batch_init(&batch);
	hyp_iommu_batch_add_memcache(&batch, CACHE(0), ~0UL);
	EXPECT_EQ(batch.nr, HYP_IOMMU_BATCH_CACHE);
	hyp_iommu_batch_add(&batch, CACHE(1), PAGE_SIZE);
	hyp_iommu_batch_add(&batch, CACHE(2), PAGE_SIZE);
	EXPECT_EQ(batch.nr, HYP_IOMMU_BATCH_MAX);
	hyp_iommu_batch_revoke(&batch);
	expect_dma(CACHE(2), DMA_DONE);
	hyp_iommu_batch_end(&batch);
	oracle_full();
}

static void revoke_three(struct hyp_iommu_batch *batch)
{
	unsigned int i;

	warm_all();
	hyp_iommu_batch_init(batch);
	for (i = 0; i < 3; i++)
		hyp_iommu_batch_add(batch, CACHE(i), PAGE_SIZE);
	count_from_here();
	hyp_iommu_batch_revoke(batch);
}

static void shared_and_pinned_pages_stay(void)
{
	struct hyp_iommu_batch batch;

	setup();
	EXPECT_EQ(host_share_hyp(CACHE(0)), 0);
	revoke_three(&batch);
	expect_flushes(1);
	expect_dma(CACHE(0), DMA_DONE);
	expect_dma(CACHE(1), DMA_ABORTED);
	expect_dma(CACHE(2), DMA_ABORTED);
	expect_dma(CACHE(3), DMA_DONE);
	hyp_iommu_batch_end(&batch);
	warm_all();
}

/* Between the two calls other CPUs may do anything with the pages. */
static void pages_move_meanwhile(void)
{
	struct hyp_iommu_batch batch;

	setup();
	revoke_three(&batch);
	EXPECT_EQ(donate(CACHE(0)), 0);
	EXPECT_EQ(host_donate_guest(CACHE(1), 1), 0);
	expect_flushes(1);
	EXPECT_EQ(give_back(CACHE(0)), 0);
	expect_dma(CACHE(0), DMA_DONE);
	EXPECT_EQ(donate(CACHE(0)), 0);
	expect_flushes(2);
	EXPECT_EQ(__pkvm_host_share_pin_hyp(CACHE(2), PAGE_SIZE), 0);
	hyp_iommu_batch_end(&batch);
	expect_flushes(2);
	expect_dma(CACHE(0), DMA_ABORTED);
	expect_dma(CACHE(1), DMA_ABORTED);
	expect_dma(CACHE(2), DMA_DONE);
	__pkvm_host_unshare_unpin_hyp(CACHE(2), PAGE_SIZE);
	oracle_full();
}

static void two_batches_of_the_same_pages(void)
{
	struct hyp_iommu_batch one, two;

	setup();
	revoke_three(&one);
	two = one;
	two.revoked = false;
	hyp_iommu_batch_revoke(&two);
	expect_flushes(1);
	hyp_iommu_batch_end(&one);
	/* What the first has put back costs the second an invalidation. */
	EXPECT_EQ(donate(CACHE(0)), 0);
	expect_flushes(2);
	hyp_iommu_batch_end(&two);
	expect_dma(CACHE(0), DMA_ABORTED);
	expect_dma(CACHE(1), DMA_DONE);
	oracle_full();
}

static void dead_smmu_refuses_batch(void)
{
	setup();
	warm_all();
	smmus[1].hang = true;
	EXPECT_EQ(donate_and_refill(), -ENOMEM);
	EXPECT_EQ(hyp_mc.nr_pages, 0);
	oracle_full();
	EXPECT_EQ(dev_dma(0, BYPASS, DATA), DMA_DONE);
	EXPECT_EQ(dev_dma(0, BYPASS, CACHE(0)), DMA_DONE);
}

static void hypercall(void *unused)
{
	donate_and_refill();
	drain_hyp_mc();
}

static void move_page(void *unused)
{
	if (!donate(CACHE(1)))
		give_back(CACHE(1));
	if (!host_share_hyp(CACHE(0)))
		host_unshare_hyp(CACHE(0));
}

static void change_list(void *unused)
{
	model_point();
	host_store64(CACHE(0), CACHE(2));
	model_point();
	host_store64(CACHE(0), page_phys(4));
}

static void device(void *unused)
{
	struct dma data = { .sid = BYPASS, .write = true, .va = DATA, .ipa = DATA };
	struct dma table = { .sid = BYPASS, .write = true, .va = CACHE(1), .ipa = CACHE(1) };
	unsigned int n;

	for (n = 0; n < 3; n++) {
		smmu_dma(&smmus[0], &data, true);
		model_point();
		smmu_dma(&smmus[1], &table, true);
		model_point();
		smmu_finish_flights(&smmus[0]);
		smmu_finish_flights(&smmus[1]);
	}
}

#define MAX_RUNS	(effort > 1 ? 100000 : effort ? 1000 : 100)

#define RACE(_name, ...)							\
static void _name(void)							\
{									\
	static const struct scenario sc = {				\
		.name = #_name, .setup = setup, .thread = { __VA_ARGS__ },	\
	};								\
									\
	explore(&sc, 2, MAX_RUNS);					\
}

RACE(race_batch_dma, hypercall, device)
RACE(race_batch_other_cpu, hypercall, move_page, device)
RACE(race_batch_list_changes, hypercall, change_list)

const struct test tests_batch[] = {
	TEST(one_flush_for_page_and_tables),
	TEST(one_flush_for_one_page),
	TEST(one_flush_for_a_range),
	TEST(giving_costs_nothing),
	TEST(sharing_costs_nothing),
	TEST(refill_fails_halfway),
	TEST(donation_fails_after_refill),
	TEST(lists_of_nonsense),
	TEST(ranges_of_nonsense),
	TEST(list_without_end),
	TEST(shared_and_pinned_pages_stay),
	TEST(pages_move_meanwhile),
	TEST(two_batches_of_the_same_pages),
	TEST(dead_smmu_refuses_batch),
	TEST(race_batch_dma),
	TEST(race_batch_other_cpu),
	TEST(race_batch_list_changes),
	{}
};
