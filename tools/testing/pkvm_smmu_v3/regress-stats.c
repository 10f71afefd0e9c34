// SPDX-License-Identifier: GPL-2.0-only
/* Tests: what EL2 counts, and the call that reads it. */
#include "explore.h"
#include "hyp/smmu.h"
#include "regress.h"

#define SID	3
#define PAGE	HOST_DATA(0)
#define EL2_PAGE page_phys(4)

/* Machines that snoop and have MSIs, without, and one that repeats invalidations. */
static const u8 variants[] = { 0, 1, 2, 0x28 };

#define NR_STATS	(SMMU_STAT_S2_FAULTS + 1)

static long before[NR_SMMUS][NR_STATS];

static long stat(unsigned int i, unsigned int what)
{
	long val = __pkvm_iommu_stat(i, what);

	EXPECT(val >= 0);

	return val;
}

static void note_stats(void)
{
	unsigned int i, what;

	for (i = 0; i < nr_smmus; i++) {
		for (what = 0; what < NR_STATS; what++)
			before[i][what] = stat(i, what);
	}
}

static long counted(unsigned int i, unsigned int what)
{
	return stat(i, what) - before[i][what];
}

/* Nothing was counted but what these are. */
static void expect_only(unsigned int i, u32 allowed)
{
	unsigned int what;

	for (what = 0; what < NR_STATS; what++) {
		if (!(allowed & BIT(what)))
			EXPECT_EQ(counted(i, what), 0);
	}
}

static void stats_of_what_is_not_there(void)
{
	static const unsigned int bad[] = {
		NR_SMMUS, PKVM_SMMU_V3_MAX - 1, PKVM_SMMU_V3_MAX, PKVM_SMMU_V3_MAX + 1,
		0x80000000, ~0U,
	};
	unsigned int i;

	boot(0);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(__pkvm_iommu_stat(bad[i], SMMU_STAT_TRAPS), -EINVAL);
	EXPECT_EQ(__pkvm_iommu_stat(0, NR_STATS), -EINVAL);
	EXPECT_EQ(__pkvm_iommu_stat(0, 0x80000000), -EINVAL);
	EXPECT_EQ(__pkvm_iommu_stat(0, ~0U), -EINVAL);
	/* The driver has not been here. */
	for (i = 0; i < NR_STATS; i++)
		EXPECT_EQ(__pkvm_iommu_stat(0, i), 0);
	/* Given back: nobody's. */
	EXPECT_EQ(machine_release(), 0);
	EXPECT_EQ(__pkvm_iommu_stat(0, SMMU_STAT_TRAPS), -EINVAL);
}

/* Each access that is emulated, and no other. */
static void stats_of_traps(void)
{
	u64 val = 0, prod;
	unsigned int n;

	boot_and_init(0);
	hw_settle();
	note_stats();
	prod = drv_prod(0);
	for (n = 0; n < 100; n++) {
		EXPECT_EQ(host_mmio(0, 0x0, 4, false, &val), MMIO_DONE);
		EXPECT_EQ(host_mmio(0, 0x80, 8, false, &val), MMIO_DONE);
		EXPECT_EQ(host_mmio(0, 0x7ff0, 4, false, &val), MMIO_DONE);
		EXPECT_EQ(host_mmio(0, 0x98, 4, true, &prod), MMIO_DONE);
		EXPECT_EQ(host_mmio(0, 0x0, 4, true, &val), MMIO_DONE);
		EXPECT_EQ(counted(0, SMMU_STAT_TRAPS), 5 * (n + 1));
	}
	/* Aborted: neither unaligned, nor of 16 bits. */
	EXPECT_EQ(host_mmio(0, 0x2, 4, false, &val), MMIO_ABORT);
	EXPECT_EQ(host_trap(0, 0x0, ESR_READ | ESR_SIZE(1), &val), MMIO_ABORT);
	EXPECT_EQ(counted(0, SMMU_STAT_TRAPS), 500);
	expect_only(0, BIT(SMMU_STAT_TRAPS));
	expect_only(1, 0);
}

/* A store that the host has to execute again is a trap each time. */
static void stats_of_replays(void)
{
	unsigned int n, again = 0;
	u64 prod;

	boot_and_init(0);
	hw_settle();
	smmus[0].hang = true;
	for (n = 0; n < 200; n++)
		drv_put(0, 0x11, 0);
	prod = drv_prod(0);
	note_stats();
	while (again < 10 && host_mmio(0, 0x98, 4, true, &prod) == MMIO_AGAIN)
		again++;
	EXPECT_EQ(again, 10);
	EXPECT_EQ(counted(0, SMMU_STAT_TRAPS), 10);
	smmus[0].hang = false;
	EXPECT(drv_sync(0));
	EXPECT_EQ(counted(0, SMMU_STAT_COMMANDS), 201);
}

/* The host's that the hardware gets: not one that is dropped, illegal, or EL2's. */
static void commands_of(u8 variant)
{
	unsigned int n;

	boot_and_init(variant);
	hw_settle();
	note_stats();
	for (n = 0; n < 300; n++) {
		drv_put(0, 0x11, 0);
		if (n % 7 == 0)
			drv_put(0, 0x01, 0);
		if (n % 5 == 0)
			EXPECT(drv_sync(0));
	}
	EXPECT(drv_sync(0));
	EXPECT_EQ(counted(0, SMMU_STAT_COMMANDS), 300 + 60 + 1);
	EXPECT_EQ(donate(PAGE), 0);
	EXPECT_EQ(give_back(PAGE), 0);
	hyp_iommu_suspend();
	EXPECT_EQ(host_wake(BIT(0), true), 0);
	EXPECT_EQ(counted(0, SMMU_STAT_COMMANDS), 361);
	EXPECT_EQ(counted(0, SMMU_STAT_REFUSED_COMMANDS), 0);
	/* CERROR_ILL, for which EL2 adds a command of its own, and the CMD_SYNC of try_cmd(). */
	EXPECT_EQ(try_cmd(0xfe, 0), ILL);
	EXPECT_EQ(counted(0, SMMU_STAT_REFUSED_COMMANDS), 1);
	EXPECT_EQ(counted(0, SMMU_STAT_COMMANDS), 361 + 2);
	expect_only(1, BIT(SMMU_STAT_INVALIDATIONS) | BIT(SMMU_STAT_REVOKED_PAGES));
}

static void stats_of_commands(void)
{
	unsigned int v;

	for (v = 0; v < ARRAY_SIZE(variants); v++)
		commands_of(variants[v]);
}

/* Behind ATC_INVs EL2 has a CMD_SYNC of its own. */
static void stats_of_atc_invs(void)
{
	boot_and_init(0);
	hw_settle();
	note_stats();
	drv_put(0, 0x40 | (u64)SID << 32, 52);
	drv_put(0, 0x40 | (u64)SID << 32, 52);
	EXPECT(drv_sync(0));
	EXPECT_EQ(counted(0, SMMU_STAT_COMMANDS), 3);
}

/* A queue that is not the host's. */
static void stats_of_aborted_queue(void)
{
	boot_and_init(0);
	drv_disable(0);
	note_stats();
	write64(0, 0x90, EL2_PAGE | DRV_CMDQ_SHIFT);
	EXPECT(drv_cr0(0, 0x8));
	EXPECT_EQ(counted(0, SMMU_STAT_REFUSED_COMMANDS), 0);
	drv_put(0, 0x46, 0);
	drv_ring(0);
	EXPECT_EQ(drv_cmdq_err(0), ABT);
	EXPECT_EQ(counted(0, SMMU_STAT_REFUSED_COMMANDS), 1);
	EXPECT_EQ(counted(0, SMMU_STAT_COMMANDS), 0);
}

static void stats_of_stes(void)
{
	unsigned int n;

	boot_and_init(0);
	note_stats();
	/* Legal: bypass, stage 1, abort, and none. */
	EXPECT(drv_bypass(0, SID));
	EXPECT(drv_stage1(0, SID));
	EXPECT(drv_detach(0, SID));
	EXPECT(drv_ste(0, SID, 0, 0));
	EXPECT(drv_ste(0, SID, 0xa, 1ULL << 44));
	EXPECT_EQ(counted(0, SMMU_STAT_REFUSED_STES), 0);
	/* Reserved and stage 2, each time that it is read. */
	for (n = 0; n < 5; n++)
		EXPECT(drv_ste(0, SID, 0xd, 0));
	EXPECT_EQ(counted(0, SMMU_STAT_REFUSED_STES), 5);
	/* Another CFGI_ALL, and SMMUEN. */
	EXPECT(drv_cmd(0, 0x04, 31));
	EXPECT_EQ(counted(0, SMMU_STAT_REFUSED_STES), 6);
	EXPECT(drv_cr0(0, 0xc));
	EXPECT(drv_cr0(0, 0xd));
	EXPECT_EQ(counted(0, SMMU_STAT_REFUSED_STES), 7);
	expect_only(1, 0);
}

/* No page is left for its table. */
static void stats_of_stes_without_table(void)
{
	struct machine_cfg cfg = machine_default();

	/* One is the bounce page, the other the table of the first 64 streams. */
	cfg.pool_pages = 2;
	EXPECT_EQ(machine_boot(&cfg), 0);
	drv_init(0);
	note_stats();
	EXPECT(drv_bypass(0, 0));
	EXPECT(drv_bypass(0, 64));
	EXPECT(drv_bypass(0, 128));
	EXPECT_EQ(counted(0, SMMU_STAT_REFUSED_STES), 2);
	expect_only(0, BIT(SMMU_STAT_REFUSED_STES) | BIT(SMMU_STAT_TRAPS) |
		       BIT(SMMU_STAT_COMMANDS));
}

/* One for each transition, whatever SMMUs the host has on; pages of all that succeeded. */
static void stats_of_transitions(void)
{
	unsigned int i;

	boot_and_init(0);
	drv_disable(1);
	note_stats();
	EXPECT_EQ(donate(PAGE), 0);
	EXPECT_EQ(__pkvm_host_donate_hyp(hyp_phys_to_pfn(HOST_DATA(2)), 3), 0);
	EXPECT_EQ(host_donate_guest(HOST_DATA(8), 1), 0);
	for (i = 0; i < nr_smmus; i++) {
		EXPECT_EQ(counted(i, SMMU_STAT_INVALIDATIONS), 3);
		EXPECT_EQ(counted(i, SMMU_STAT_REVOKED_PAGES), 5);
		expect_only(i, BIT(SMMU_STAT_INVALIDATIONS) | BIT(SMMU_STAT_REVOKED_PAGES));
	}
	/* What is refused takes no page, and what is given back needs no invalidation. */
	EXPECT_EQ(donate(PAGE), -EPERM);
	EXPECT_EQ(give_back(PAGE), 0);
	EXPECT_EQ(counted(0, SMMU_STAT_INVALIDATIONS), 3);
	EXPECT_EQ(counted(0, SMMU_STAT_REVOKED_PAGES), 5);
	/* It was issued, and nobody waited for its end. */
	smmus[1].hang = true;
	EXPECT_EQ(donate(PAGE), -EIO);
	for (i = 0; i < nr_smmus; i++) {
		EXPECT_EQ(counted(i, SMMU_STAT_INVALIDATIONS), 4);
		EXPECT_EQ(counted(i, SMMU_STAT_REVOKED_PAGES), 5);
	}
	smmus[1].hang = false;
	/* A dead one gets none. */
	smmus[0].refuse_op = 0x28;
	EXPECT_EQ(donate(PAGE), -EIO);
	EXPECT_EQ(donate(PAGE), -EIO);
	EXPECT_EQ(counted(0, SMMU_STAT_INVALIDATIONS), 5);
	EXPECT_EQ(counted(1, SMMU_STAT_INVALIDATIONS), 5);
}

static void put_event(u32 slot, u64 dw0, u64 dw1)
{
	dma_store64(0, HOST_EVTQ(0) + slot * 32, dw0);
	dma_store64(0, HOST_EVTQ(0) + slot * 32 + 8, dw1);
}

static void consume(u32 cons)
{
	write32(0, 0x100ac, cons);
}

/* Faults that the hardware has recorded, however many the host consumes at a time. */
static void faults_of(struct machine_cfg *cfg)
{
	static const u8 at_once[] = { 1, 2, 5, 64, 1, 60, 17 };
	unsigned int i, n;
	long faults = 0;

	EXPECT_EQ(machine_boot(cfg), 0);
	drv_init(0);
	EXPECT(drv_bypass(0, SID));
	note_stats();
	for (i = 0; i < ARRAY_SIZE(at_once); i++) {
		for (n = 0; n < at_once[i]; n++) {
			EXPECT_EQ(dev_dma(0, SID, EL2_PAGE), DMA_ABORTED);
			hw_settle();
		}
		EXPECT_EQ(counted(0, SMMU_STAT_S2_FAULTS), faults);
		consume(read32(0, 0x100a8));
		faults += at_once[i];
		EXPECT_EQ(counted(0, SMMU_STAT_S2_FAULTS), faults);
	}
	/* A stream that has no STE is no fault of stage 2, nor is it one to consume nothing. */
	EXPECT_EQ(dev_dma(0, SID + 1, PAGE), DMA_ABORTED);
	hw_settle();
	consume(read32(0, 0x100a8));
	consume(read32(0, 0x100a8));
	EXPECT_EQ(counted(0, SMMU_STAT_S2_FAULTS), faults);
}

static void stats_of_faults(void)
{
	struct machine_cfg cfg = machine_default();

	faults_of(&cfg);
	cfg.incoherent = true;
	faults_of(&cfg);
}

#define S2	BIT_ULL(39)

/* Records are the host's to write: what counts, which bits, and how many. */
static void stats_of_forged_records(void)
{
	static const struct {
		u64 dw0, dw1;
		bool counts;
	} records[] = {
		{ 0x10, S2, true }, { 0x11, S2, true }, { 0x12, S2, true }, { 0x13, S2, true },
		{ 0x10, 0 }, { 0x13, ~S2 }, { 0x0f, S2 }, { 0x14, S2 }, { 0x02, S2 },
		{ 0x110, S2, true }, { ~0ULL, ~0ULL }, { 0xffffffffffffff13, ~0ULL, true },
	};
	u32 i, cons = 0, size = 1 << DRV_EVTQ_SHIFT, mask = 2 * size - 1;
	long faults = 0;

	boot_and_init(0);
	note_stats();
	for (i = 0; i < 40 * ARRAY_SIZE(records); i++) {
		u32 n = i % ARRAY_SIZE(records);

		put_event(cons & (size - 1), records[n].dw0, records[n].dw1);
		cons = (cons + 1) & mask;
		/* OVACKFLG is no part of the index. */
		consume(cons | (i & 1) << 31);
		faults += records[n].counts;
		EXPECT_EQ(counted(0, SMMU_STAT_S2_FAULTS), faults);
	}

	/* All of the queue counts as 64 records; more than it holds, as none. */
	for (i = 0; i < size; i++)
		put_event(i, 0x10, S2);
	cons = (cons + size) & mask;
	consume(cons);
	EXPECT_EQ(counted(0, SMMU_STAT_S2_FAULTS), faults + 64);
	cons = (cons + size + 1) & mask;
	consume(cons);
	EXPECT_EQ(counted(0, SMMU_STAT_S2_FAULTS), faults + 64);
	/* A queue that is not pinned is not looked at. */
	EXPECT(drv_cr0(0, 0x9));
	consume((cons + 3) & mask);
	EXPECT_EQ(donate(HOST_EVTQ(0)), 0);
	consume((cons + 6) & mask);
	EXPECT_EQ(counted(0, SMMU_STAT_S2_FAULTS), faults + 64);
}

static void count_cpu(void *unused)
{
	unsigned int what;

	for (what = 0; what < NR_STATS; what++)
		stat(0, what);
}

static void transition_cpu(void *unused)
{
	EXPECT_EQ(donate(PAGE), 0);
	EXPECT_EQ(give_back(PAGE), 0);
}

static void trap_cpu(void *unused)
{
	drv_put(0, 0x11, 0);
	EXPECT(drv_sync(0));
	EXPECT(drv_bypass(0, SID));
}

static void setup_race(void)
{
	boot_and_init(0);
	note_stats();
}

static void check_race(void)
{
	EXPECT_EQ(counted(0, SMMU_STAT_INVALIDATIONS), 1);
	EXPECT_EQ(counted(0, SMMU_STAT_REVOKED_PAGES), 1);
	EXPECT_EQ(counted(0, SMMU_STAT_COMMANDS), 4);
}

/* Nothing is lost where others count at the same time, and no lock is taken the wrong way. */
static void race_stats(void)
{
	static const struct scenario scenario = {
		"counters are read", setup_race, check_race,
		{ count_cpu, transition_cpu, trap_cpu },
	};

	explore(&scenario, 2, effort > 1 ? 200000 : effort ? 1500 : 200);
}

const struct test tests_stats[] = {
	TEST(stats_of_what_is_not_there),
	TEST(stats_of_traps),
	TEST(stats_of_replays),
	TEST(stats_of_commands),
	TEST(stats_of_atc_invs),
	TEST(stats_of_aborted_queue),
	TEST(stats_of_stes),
	TEST(stats_of_stes_without_table),
	TEST(stats_of_transitions),
	TEST(stats_of_faults),
	TEST(stats_of_forged_records),
	TEST(race_stats),
	{}
};
