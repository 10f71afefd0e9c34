// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests: what the hardware sees between any two stores of EL2's.
 *
 * Before each of them and after the last one the tables are walked, once for every
 * choice of the levels at which the stores since the last barrier are seen.
 */
#include <nvhe/mm.h>

#include "regress.h"

#define SID		3
#define NR_WATCHED	4

static u64 ste[8], watched[NR_WATCHED];
static bool mapped;
static unsigned int nr_looks;

/* What is watched is mapped all the time, or never. */
static void look_at_pages(void)
{
	unsigned int i, late;
	u64 pa;

	for (i = 0; i < NR_WATCHED; i++) {
		for (late = 0; late < 16; late++) {
			bool leaf = smmu_walk(&smmus[0], ste, watched[i], late, &pa);

			if (leaf != mapped)
				violation("%llx has %s leaf, levels %x seen late",
					  (unsigned long long)watched[i], leaf ? "a" : "no", late);
			if (leaf && pa != watched[i])
				violation("%llx is mapped to %llx, levels %x seen late",
					  (unsigned long long)watched[i], (unsigned long long)pa,
					  late);
		}
	}
	nr_looks++;
}

/* The STE of a stream that bypasses, as the hardware has it. */
static void read_ste(void)
{
	unsigned int i;
	u64 phys;

	EXPECT(drv_bypass(0, SID));
	EXPECT(smmu_ste_phys(&smmus[0], SID, false, &phys));
	for (i = 0; i < 8; i++)
		ste[i] = hw_load64(&smmus[0], phys + i * 8);
}

static void watch(u64 first, u64 last, u64 victim)
{
	watched[0] = first;
	watched[1] = victim > first ? victim - PAGE_SIZE : last;
	watched[2] = victim < last ? victim + PAGE_SIZE : first;
	watched[3] = last;
	mapped = true;
	nr_looks = 0;
	model.at_point = look_at_pages;
}

static void stop_watching(unsigned int least)
{
	model.at_point = NULL;
	look_at_pages();
	EXPECT(nr_looks > least);
}

/* A table that replaces a block is full before it is there. */
static void table_is_filled_before_it_is_seen(void)
{
	u64 victims[] = { BLOCK_BASE, BLOCK_BASE + 5 * PAGE_SIZE, BLOCK_BASE + BLOCK_SIZE -
			  PAGE_SIZE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(victims); i++) {
		boot_and_init(0);
		read_ste();
		watch(BLOCK_BASE + (i ? 0 : PAGE_SIZE),
		      BLOCK_BASE + BLOCK_SIZE - (i == 2 ? 2 : 1) * PAGE_SIZE, victims[i]);
		EXPECT_EQ(donate(victims[i]), 0);
		stop_watching(PTRS_PER_PTE);
		EXPECT_EQ(give_back(victims[i]), 0);
	}
}

/* A table for a page that comes back to a block that is gone holds nothing else. */
static void table_is_empty_before_it_is_seen(void)
{
	u64 page = BLOCK_BASE + 9 * PAGE_SIZE;

	boot_and_init(0);
	read_ste();
	EXPECT_EQ(__pkvm_host_donate_hyp(hyp_phys_to_pfn(BLOCK_BASE), PTRS_PER_PTE), 0);
	watch(BLOCK_BASE, BLOCK_BASE + BLOCK_SIZE - PAGE_SIZE, page);
	mapped = false;
	EXPECT_EQ(give_back(page), 0);
	stop_watching(PTRS_PER_PTE);
	EXPECT_EQ(donate(page), 0);
	EXPECT_EQ(__pkvm_hyp_donate_host(hyp_phys_to_pfn(BLOCK_BASE), PTRS_PER_PTE), 0);
}

static u32 new_sid;

/* The level 1 descriptor is seen, of what it points to every dword, late or not. */
static void look_at_ste(void)
{
	u32 split = smmus[0].strtab_cfg >> 6 & 0x1f;
	u64 l1, dw[8], phys;
	unsigned int i, late;

	l1 = (smmus[0].strtab_base & GENMASK_ULL(51, 6)) + (new_sid >> split) * 8;
	phys = hw_load64_view(&smmus[0], l1, HW_ALL) & GENMASK_ULL(51, 6);
	if (!phys)
		return;
	for (late = 0; late < 256; late++) {
		for (i = 0; i < 8; i++)
			dw[i] = hw_load64_view(&smmus[0],
					       phys + (new_sid & (BIT(split) - 1)) * 64 + i * 8,
					       late & BIT(i) ? HW_NONE : HW_ALL);
		judge_ste(&smmus[0], new_sid, dw);
	}
	nr_looks++;
}

/* The same of a stream table: whatever was in that page was no STE. */
static void stes_are_made_before_they_are_seen(void)
{
	/* More streams than one page has STEs for. */
	boot_and_init(0xc0);
	EXPECT(smmus[0].strtab_cfg >> 16);
	new_sid = 65;
	nr_looks = 0;
	model.at_point = look_at_ste;
	EXPECT(drv_bypass(0, 64));
	EXPECT(drv_bypass(0, new_sid));
	EXPECT(drv_stage1(0, new_sid));
	EXPECT(drv_detach(0, new_sid));
	model.at_point = NULL;
	EXPECT(nr_looks);
}

static struct machine_cfg with_memory(u64 base, u64 size)
{
	struct machine_cfg cfg = machine_default();

	cfg.regions[0] = (struct memblock_region){ RAM0_BASE, RAM0_PAGES * PAGE_SIZE };
	cfg.regions[1] = (struct memblock_region){ RAM1_BASE, RAM1_PAGES * PAGE_SIZE };
	cfg.regions[2] = (struct memblock_region){ base, size };
	cfg.nr_regions = 3;

	return cfg;
}

/* A block of a GiB: two tables are filled, the inner one first. */
static void largest_block_is_split(void)
{
	static const u64 victims[] = { RAM2_BASE, RAM2_BASE + 0x12345000, RAM2_END - 0x1000 };
	struct machine_cfg cfg = with_memory(RAM2_BASE, RAM2_SIZE);
	unsigned int i;

	if (PAGE_SHIFT != 12)
		return;
	cfg.ia_bits = 40;
	for (i = 0; i < ARRAY_SIZE(victims); i++) {
		u64 victim = victims[i];

		EXPECT_EQ(machine_boot(&cfg), 0);
		drv_init(0);
		read_ste();
		EXPECT_EQ(dev_dma(0, SID, victim), DMA_DONE);
		EXPECT_EQ(dev_dma(0, SID, victim ^ 0x1000), DMA_DONE);
		watch(RAM2_BASE + (i ? 0 : 0x1000), RAM2_END - (i == 2 ? 2 : 1) * 0x1000, victim);
		EXPECT_EQ(donate(victim), 0);
		stop_watching(2 * PTRS_PER_PTE);
		EXPECT_EQ(dev_dma(0, SID, victim), DMA_ABORTED);
		EXPECT_EQ(dev_dma(0, SID, victim ^ 0x1000), DMA_DONE);
		EXPECT_EQ(give_back(victim), 0);
		EXPECT_EQ(dev_dma(0, SID, victim), DMA_DONE);
		oracle_full();
	}
}

const struct test tests_walk[] = {
	TEST(table_is_filled_before_it_is_seen),
	TEST(table_is_empty_before_it_is_seen),
	TEST(stes_are_made_before_they_are_seen),
	TEST(largest_block_is_split),
	{}
};
