// SPDX-License-Identifier: GPL-2.0-only
/* Tests: races of two or more CPUs, the devices and the hardware. */
#include "explore.h"
#include "hyp/smmu.h"
#include "regress.h"

#define SID	7
#define SID1	8
#define PAGE	HOST_DATA(1)

#define L1STD_ADDR	HOST_STRTAB(0)
#define STE_ADDR	(HOST_L2(0, 0) + SID * 64)

static void setup(void)
{
	boot_and_init(0);
	EXPECT(drv_bypass(0, SID));
	EXPECT(drv_stage1(0, SID1));
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_DONE);
}

static void setup_two(void)
{
	setup();
	EXPECT(drv_bypass(1, SID));
	EXPECT_EQ(dev_dma(1, SID, PAGE), DMA_DONE);
}

static void setup_guest_page(void)
{
	setup();
	EXPECT_EQ(host_donate_guest(PAGE, 1), 0);
}

/* A device that never stops: a transaction is in flight at any time. */
static void dma_loop(unsigned int i, unsigned int n)
{
	struct dma bypass = { .sid = SID, .write = true, .va = PAGE, .ipa = PAGE };
	struct dma nested = {
		.sid = SID1, .write = true, .asid = 1, .va = 0x7000000, .ipa = PAGE,
	};

	while (n--) {
		smmu_dma(&smmus[i], &bypass, true);
		model_point();
		smmu_dma(&smmus[i], &nested, true);
		model_point();
		smmu_step_flight(&smmus[i]);
		model_point();
		smmu_prefetch_ste(&smmus[i], SID);
		smmu_step_fetch(&smmus[i]);
		smmu_finish_flights(&smmus[i]);
		model_point();
	}
}

static void device(void *unused)
{
	dma_loop(0, 4);
}

static void device_of_second(void *unused)
{
	dma_loop(1, 3);
}

static void donate_page(void *unused)
{
	if (!donate(PAGE))
		give_back(PAGE);
}

static void donate_page_to_guest(void *unused)
{
	host_donate_guest(PAGE, 1);
	guest_share_host(PAGE, 1);
	guest_unshare_host(PAGE, 1);
}

static void reclaim(void *unused)
{
	host_reclaim_guest(PAGE);
	if (!donate(PAGE))
		give_back(PAGE);
}

static void host_store(u64 phys, u64 val)
{
	model_point();
	host_store64(phys, val);
}

/* The STE goes from legal to illegal and back, dword by dword. */
static void flip_ste(void *unused)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		host_store(STE_ADDR, i & 1 ? 0x9 : 0xb | page_phys(4));
		host_store(STE_ADDR + 8, i & 1 ? 0 : 3ULL << 28);
		host_store(STE_ADDR + 16, i & 1 ? 0 : ~0ULL);
		host_store(STE_ADDR + 24, i & 1 ? 0 : page_phys(4));
	}
}

static void flip_l1std(void *unused)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		host_store(L1STD_ADDR, page_phys(4) | 7);
		host_store(L1STD_ADDR, HOST_L2(0, 0) | 11);
		host_store(L1STD_ADDR, HOST_L2(0, 0) | 7);
	}
}

static void cfgi(void *unused)
{
	drv_put(0, 0x03 | (u64)SID << 32, 0);
	drv_put(0, 0x04 | (u64)SID << 32, 1);
	drv_sync(0);
}

static void ring(void *unused)
{
	u32 prod = read32(0, 0x98);
	unsigned int i;

	for (i = 0; i < 3; i++)
		write32(0, 0x98, (prod + i) & 0x1ff);
	read32(0, 0x9c);
}

static void move_queue(void *unused)
{
	write32(0, 0x20, 0x5);
	write64(0, 0x90, HOST_DATA(2) | 4);
	write32(0, 0x9c, 0);
	write32(0, 0x20, 0xd);
	read32(0, 0x24);
}

static void toggle_smmuen(void *unused)
{
	drv_cr0(0, 0xc);
	drv_cr0(0, 0xd);
}

static void unmap_with_msi(void *unused)
{
	u64 at;

	drv_put(0, 0x12, 0x1000);
	at = drv_next(0);
	drv_put(0, 0x46 | 1 << 12, at);
	drv_ring(0);
}

static void toggle_queues(void *unused)
{
	drv_cr0(0, 0x1);
	drv_cr0(0, 0xd);
}

static void donate_queues(void *unused)
{
	if (!donate(HOST_CMDQ(0)))
		give_back(HOST_CMDQ(0));
	if (!donate(HOST_EVTQ(0)))
		give_back(HOST_EVTQ(0));
}

static void donate_table(void *unused)
{
	if (!donate(HOST_L2(0, 0)))
		give_back(HOST_L2(0, 0));
}

static void share_table(void *unused)
{
	host_share_hyp(HOST_L2(0, 0));
	host_unshare_hyp(HOST_L2(0, 0));
	donate_table(NULL);
}

static void faults(void *unused)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		dev_dma(0, 9, 0);
		model_point();
		smmu_step_event(&smmus[0]);
		model_point();
	}
}

static void attach_detach(void *unused)
{
	drv_detach(0, SID);
	drv_bypass(0, SID);
}

static void illegal_commands(void *unused)
{
	drv_put(0, 0x9b, 0);
	drv_ring(0);
	if (drv_cmdq_err(0))
		drv_skip_err(0);
}

static void other_smmu(void *unused)
{
	drv_detach(1, SID);
	drv_bypass(1, SID);
}

/* The page leaves the block that it is in; what the others do must not show it. */
static void setup_block(void)
{
	setup();
	EXPECT_EQ(dev_dma(0, SID, BLOCK_BASE), DMA_DONE);
}

static void donate_of_block(void *unused)
{
	if (!donate(BLOCK_BASE + PAGE_SIZE))
		give_back(BLOCK_BASE + PAGE_SIZE);
}

static void device_in_block(void *unused)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		dev_dma(0, SID, BLOCK_BASE + PAGE_SIZE);
		model_point();
		smmu_finish_flights(&smmus[0]);
		EXPECT(dev_dma(0, SID, BLOCK_BASE + i * 170 * PAGE_SIZE) != DMA_ABORTED);
		model_point();
		smmu_finish_flights(&smmus[0]);
	}
}

#define MAX_RUNS	(effort > 1 ? 200000 : effort ? 1500 : 200)
#define MAX_BOUND	(effort > 1 ? 3 : 2)

#define RACE(_name, _setup, ...)						\
static void _name(void)							\
{									\
	static const struct scenario sc = {				\
		.name = #_name, .setup = _setup, .thread = { __VA_ARGS__ },	\
	};								\
									\
	explore(&sc, MAX_BOUND, MAX_RUNS);				\
}

RACE(race_dma_donation, setup, donate_page, device)
RACE(race_dma_guest, setup, donate_page_to_guest, device)
RACE(race_teardown_under_dma, setup_guest_page, reclaim, device)
RACE(race_ste_changes_while_read, setup, cfgi, flip_ste, device)
RACE(race_l1std_flips, setup, cfgi, flip_l1std)
RACE(race_queue_moves_while_rung, setup, ring, move_queue)
RACE(race_queue_donated_while_toggled, setup, toggle_queues, donate_queues, faults)
RACE(race_msi_into_donated_queue, setup, unmap_with_msi, toggle_queues, donate_queues)
RACE(race_table_donated_while_read, setup, cfgi, donate_table)
RACE(race_table_shared_while_read, setup, cfgi, share_table)
RACE(race_smmuen_donation, setup, toggle_smmuen, donate_page, device)
RACE(race_attach_donation, setup, attach_detach, donate_page, device)
RACE(race_illegal_command_donation, setup, illegal_commands, donate_page)
RACE(race_two_smmus, setup_two, attach_detach, other_smmu, donate_page, device_of_second)
RACE(race_two_donations, setup_two, donate_page, donate_table, device_of_second)
RACE(race_split_under_dma, setup_block, donate_of_block, device_in_block)

const struct test tests_race[] = {
	TEST(race_split_under_dma),
	TEST(race_dma_donation),
	TEST(race_dma_guest),
	TEST(race_teardown_under_dma),
	TEST(race_ste_changes_while_read),
	TEST(race_l1std_flips),
	TEST(race_queue_moves_while_rung),
	TEST(race_queue_donated_while_toggled),
	TEST(race_msi_into_donated_queue),
	TEST(race_table_donated_while_read),
	TEST(race_table_shared_while_read),
	TEST(race_smmuen_donation),
	TEST(race_attach_donation),
	TEST(race_illegal_command_donation),
	TEST(race_two_smmus),
	TEST(race_two_donations),
	{}
};
