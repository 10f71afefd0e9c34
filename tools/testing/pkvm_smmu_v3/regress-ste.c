// SPDX-License-Identifier: GPL-2.0-only
/* Tests: the host's stream table. */
#include "hyp/smmu.h"
#include "regress.h"

#define SID	7
#define STE(i)	(HOST_L2(i, 0) + SID * 64)

static bool passes(unsigned int i, u32 sid)
{
	struct dma dma = {
		.sid = sid, .write = true, .asid = sid, .va = HOST_DATA(0),
		.ipa = HOST_DATA(0),
	};

	return smmu_dma(&smmus[i], &dma, false) == DMA_DONE;
}

static bool cfgi(unsigned int i, u32 sid)
{
	return drv_cmd(i, 0x03 | (u64)sid << 32, 1) && drv_sync(i);
}

/* Each bit of the STE on its own, on top of a bypass and a stage 1. */
static void every_ste_bit(void)
{
	static const u8 cfgs[] = { 4, 5 };
	unsigned int i, bit;

	boot_and_init(0);
	for (i = 0; i < ARRAY_SIZE(cfgs); i++) {
		for (bit = 4; bit < 512; bit++) {
			u64 dw0 = 1 | cfgs[i] << 1 | (cfgs[i] == 5 ? HOST_CD(0) : 0);

			drv_write_ste(0, SID, dw0, 1ULL << 44);
			host_store64(STE(0) + bit / 64 * 8,
				     (bit < 64 ? dw0 : bit < 128 ? 1ULL << 44 : 0) ^
				     1ULL << bit % 64);
			EXPECT(cfgi(0, SID));
			passes(0, SID);
			/* Nothing of dwords 2 to 7 is the host's. */
			if (bit >= 128)
				EXPECT(!passes(0, SID));
			host_store64(STE(0) + bit / 64 * 8, 0);
		}
	}
	oracle_full();
}

static void eats_and_junk(void)
{
	unsigned int dw;

	boot_and_init(0);
	/* EATS=1 is for regress-ats.c. */
	for (dw = 2; dw < 4; dw++) {
		EXPECT(drv_ste(0, SID, 0xb | HOST_CD(0), (u64)dw << 28));
		EXPECT(!passes(0, SID));
	}
	/* STRW, CONT, DRE, S1MPAM, MemAttr. */
	for (dw = 0; dw < 5; dw++) {
		static const u64 bits[] = {
			1ULL << 31, 1ULL << 13, 1ULL << 12, 1ULL << 26, 1ULL << 32,
		};

		EXPECT(drv_ste(0, SID, 0x9, bits[dw]));
		EXPECT(!passes(0, SID));
	}
	for (dw = 2; dw < 8; dw++) {
		drv_write_ste(0, SID, 0xb | HOST_CD(0), 0);
		host_store64(STE(0) + dw * 8, page_phys(4));
		EXPECT(cfgi(0, SID));
		EXPECT(!passes(0, SID));
		host_store64(STE(0) + dw * 8, 0);
	}
	EXPECT(cfgi(0, SID));
	EXPECT(passes(0, SID));
}

static void every_config(void)
{
	unsigned int cfg, variant;

	for (variant = 0; variant < 8; variant++) {
		boot_and_init(variant);
		for (cfg = 0; cfg < 16; cfg++) {
			EXPECT(drv_ste(0, SID, cfg | HOST_CD(0), 0));
			EXPECT_EQ(passes(0, SID), cfg == 9 || cfg == 0xb);
		}
		/* S1CDMax and S1Fmt, whatever is offered. */
		for (cfg = 0; cfg < 128; cfg++)
			EXPECT(drv_ste(0, SID, 0xb | HOST_CD(0) | (u64)(cfg & 31) << 59 |
					       (cfg >> 5) << 4, 2));
		oracle_full();
	}
}

/* CMD_CFGI_* for one, some and all; and for nothing else. */
static void announced_by_which_command(void)
{
	static const u64 cmds[][2] = {
		{ 0x03 | (u64)SID << 32, 1 }, { 0x03 | (u64)SID << 32, 0 },
		{ 0x04 | (u64)SID << 32, 0 },
		{ 0x04 | (u64)(SID - 2) << 32, 2 }, { 0x04, 31 }, { 0x04, 30 },
	};
	unsigned int i, variant;

	for (variant = 0; variant < 2; variant++) {
		boot_and_init(variant);
		for (i = 0; i < ARRAY_SIZE(cmds); i++) {
			drv_write_ste(0, SID, 0x9, 0);
			EXPECT(!passes(0, SID));
			EXPECT(drv_cmd(0, cmds[i][0], cmds[i][1]));
			EXPECT(drv_sync(0));
			EXPECT(passes(0, SID));
			EXPECT(drv_detach(0, SID));
			EXPECT(!passes(0, SID));
		}
		/* Another stream's command does not look at this one. */
		drv_write_ste(0, SID, 0x9, 0);
		EXPECT(drv_cmd(0, 0x03 | (u64)(SID + 1) << 32, 1));
		EXPECT(drv_sync(0));
		EXPECT(!passes(0, SID));
	}
}

/* Edges of SMMUEN read everything again; without it every stream aborts. */
static void smmuen_edges_of(u8 variant)
{
	boot_and_init(variant);
	EXPECT(drv_bypass(0, SID));
	EXPECT(passes(0, SID));
	EXPECT(drv_cr0(0, 0xc));
	EXPECT(!passes(0, SID));
	/* What is announced meanwhile has no effect yet. */
	EXPECT(drv_bypass(0, SID + 1));
	EXPECT(!passes(0, SID + 1));
	drv_write_ste(0, SID, 1, 0);
	EXPECT(drv_cr0(0, 0xd));
	EXPECT(!passes(0, SID));
	EXPECT(passes(0, SID + 1));
}

static void smmuen_edges(void)
{
	smmuen_edges_of(0);
	smmuen_edges_of(1);
}

/* Another table at the same time as SMMUEN. */
static void table_is_replaced(void)
{
	boot_and_init(0);
	EXPECT(drv_bypass(0, SID));
	EXPECT(passes(0, SID));
	/* Ignored while it is in use. */
	write64(0, 0x80, HOST_DATA(3));
	write32(0, 0x88, 0);
	EXPECT_EQ(host_read(0, 0x80, 8), HOST_STRTAB(0));
	EXPECT(drv_cr0(0, 0xc));
	write64(0, 0x80, HOST_DATA(3));
	EXPECT(drv_cr0(0, 0xd));
	EXPECT(!passes(0, SID));
	EXPECT(drv_cr0(0, 0xc));
	write64(0, 0x80, HOST_STRTAB(0));
	EXPECT(drv_cr0(0, 0xd));
	EXPECT(passes(0, SID));
}

static void level1_descriptors(void)
{
	static const u8 spans[] = { 0, 1, 2, 3, 4, 6, 7, 8, 11, 12, 31 };
	unsigned int i;

	boot_and_init(0);
	drv_write_ste(0, SID, 0x9, 0);
	for (i = 0; i < ARRAY_SIZE(spans); i++) {
		bool valid = spans[i] && spans[i] <= 7 && SID < 1 << (spans[i] - 1);

		host_store64(HOST_STRTAB(0), HOST_L2(0, 0) | spans[i]);
		EXPECT(drv_cmd(0, 0x03 | (u64)SID << 32, 0));
		EXPECT(drv_sync(0));
		EXPECT_EQ(passes(0, SID), valid);
		oracle_full();
	}
	/* A table that is not the host's, and none at all. */
	host_store64(HOST_STRTAB(0), page_phys(4) | 7);
	EXPECT(drv_cmd(0, 0x04, 31));
	EXPECT(!passes(0, SID));
	host_store64(HOST_STRTAB(0), SMMU_MMIO(0) | 7);
	EXPECT(drv_cmd(0, 0x04, 31));
	EXPECT(!passes(0, SID));
}

/* The same where EL2 has no table for it yet. */
static void level1_descriptor_is_new(void)
{
	boot_and_init(0);
	host_store64(HOST_STRTAB(0) + 8, 0);
	drv_write_ste(0, 64 + SID, 0x9, 0);
	drv_write_ste(0, 64 + SID + 1, 0x9, 0);
	EXPECT(drv_cmd(0, 0x04, 31));
	EXPECT(drv_sync(0));
	EXPECT(!passes(0, 64 + SID));
	host_store64(HOST_STRTAB(0) + 8, HOST_L2(0, 1) | 7);
	EXPECT(drv_cmd(0, 0x03 | (u64)(64 + SID + 1) << 32, 0));
	EXPECT(drv_sync(0));
	EXPECT(passes(0, 64 + SID));
	EXPECT(passes(0, 64 + SID + 1));
}

/*
 * A level 1 descriptor that becomes valid brings all of its STEs with it: one
 * CMD_CFGI_STE with Leaf=0 for any of them is enough. IHI0070G.b 5.1
 */
static void level1_descriptor_becomes_valid(void)
{
	unsigned int i;

	boot_and_init(0);
	drv_write_ste(0, SID, 0x9, 0);
	drv_write_ste(0, SID + 1, 0x9, 0);
	for (i = 0; i < 3; i++) {
		host_store64(HOST_STRTAB(0), 0);
		EXPECT(drv_cmd(0, 0x04, 31));
		EXPECT(drv_sync(0));
		EXPECT(!passes(0, SID));
		EXPECT(!passes(0, SID + 1));
		host_store64(HOST_STRTAB(0), HOST_L2(0, 0) | 7);
		EXPECT(drv_cmd(0, 0x03 | (u64)(SID + i) << 32, 0));
		EXPECT(drv_sync(0));
		EXPECT(passes(0, SID));
		EXPECT(passes(0, SID + 1));
	}
}

/* The table itself is nobody's, or lost while in use. */
static void table_in_foreign_memory(void)
{
	boot_and_init(0);
	EXPECT(drv_bypass(0, SID));
	EXPECT_EQ(donate(HOST_L2(0, 0)), 0);
	/* What was read stays in effect until the next look. */
	EXPECT(passes(0, SID));
	EXPECT(cfgi(0, SID));
	EXPECT(!passes(0, SID));
	EXPECT_EQ(donate(HOST_STRTAB(0)), 0);
	EXPECT(drv_cmd(0, 0x04, 31));
	EXPECT(drv_sync(0));
	EXPECT(drv_cr0(0, 0xc));
	write64(0, 0x80, page_phys(4));
	EXPECT(drv_cr0(0, 0xd));
	oracle_full();
}

/* A valid STE, its prefetch, and its invalidation, dword by dword. */
static void prefetch_of_changing_ste(void)
{
	unsigned int i;

	boot_and_init(0);
	for (i = 0; i < 40; i++) {
		smmu_prefetch_ste(&smmus[0], SID);
		while (model_rand(4))
			smmu_step_fetch(&smmus[0]);
		switch (i % 4) {
		case 0:
			EXPECT(drv_bypass(0, SID));
			EXPECT(passes(0, SID));
			break;
		case 1:
			EXPECT(drv_stage1(0, SID));
			EXPECT(passes(0, SID));
			break;
		case 2:
			EXPECT(drv_ste(0, SID, 0, 0x0f));
			EXPECT(!passes(0, SID));
			break;
		case 3:
			EXPECT(drv_detach(0, SID));
			EXPECT(!passes(0, SID));
		}
	}
}

/* The last stream ID, and those the table has no room for. */
static void geometry(void)
{
	u32 last = 255, sid;

	boot_and_init(0);
	host_store64(HOST_STRTAB(0) + 24, HOST_L2(0, 0) | 7);
	drv_write_ste(0, 63, 0x9, 0);
	EXPECT(drv_cmd(0, 0x03 | (u64)last << 32, 0));
	EXPECT(drv_sync(0));
	EXPECT(passes(0, last));
	EXPECT(!passes(0, 256));
	/* LOG2SIZE smaller and larger than what there is; a linear table. */
	for (sid = 0; sid < 12; sid++) {
		EXPECT(drv_cr0(0, 0xc));
		write32(0, 0x88, 1 << 16 | 6 << 6 | sid);
		EXPECT(drv_cr0(0, 0xd));
		EXPECT_EQ(passes(0, 63), sid >= 6);
		EXPECT_EQ(passes(0, last), sid >= 8);
		EXPECT(drv_cr0(0, 0xc));
		write32(0, 0x88, sid);
		EXPECT(drv_cr0(0, 0xd));
	}
	oracle_full();
}

/* 2^13 streams take several traps: the host changes its mind in between. */
static void long_scans(void)
{
	u64 val = 0xd;

	boot_and_init(0xc0);
	EXPECT_EQ(smmu_sid_bits(&smmus[0]), 13);
	drv_fill_strtab(0);
	EXPECT(drv_bypass(0, SID));
	EXPECT(passes(0, SID));
	EXPECT(drv_cr0(0, 0xc));

	EXPECT_EQ(host_mmio(0, 0x20, 4, true, &val), MMIO_AGAIN);
	EXPECT_EQ(read32(0, 0x20), 0xc);
	/* It gives up: what was read already must not stay. */
	write32(0, 0x20, 0xc);
	EXPECT(drv_cr0(0, 0xc));
	EXPECT(!passes(0, SID));

	/* Another table in between. */
	val = 0xd;
	EXPECT_EQ(host_mmio(0, 0x20, 4, true, &val), MMIO_AGAIN);
	write64(0, 0x80, HOST_DATA(3));
	EXPECT(drv_cr0(0, 0xd));
	EXPECT(!passes(0, SID));

	EXPECT(drv_cr0(0, 0xc));
	write64(0, 0x80, HOST_STRTAB(0));
	/* A change that is announced in between. */
	val = 0xd;
	EXPECT_EQ(host_mmio(0, 0x20, 4, true, &val), MMIO_AGAIN);
	EXPECT(drv_detach(0, SID));
	EXPECT(drv_cr0(0, 0xd));
	EXPECT(!passes(0, SID));

	/* CFGI_ALL takes several as well, and ends. */
	drv_write_ste(0, SID, 0x9, 0);
	EXPECT(drv_cmd(0, 0x04, 31));
	EXPECT(drv_sync(0));
	EXPECT(passes(0, SID));
	oracle_full();
}

/* Stopped, with a table in which no stream is. */
static void boot_with_empty_table(u32 split)
{
	unsigned int n;

	boot_and_init(0xc0);
	EXPECT(drv_cr0(0, 0xc));
	for (n = 0; n < 3; n++)
		host_store64(HOST_STRTAB(0) + n * 8, 0);
	write32(0, 0x88, 1 << 16 | split << 6 | 13);
}

/* A level 1 descriptor among many that are invalid, of the host's size of a table. */
static void sparse_table_of(u32 split, u32 n)
{
	u32 sid = (n << split) + SID;

	boot_with_empty_table(split);
	drv_write_ste(0, SID, 0x9, 0);
	host_store64(HOST_STRTAB(0) + n * 8, HOST_L2(0, 0) | 7);
	EXPECT(drv_cr0(0, 0xd));
	EXPECT(passes(0, sid));
	EXPECT(!passes(0, sid + 1));

	/* It goes, and it comes. */
	host_store64(HOST_STRTAB(0) + n * 8, 0);
	EXPECT(drv_cmd(0, 0x04, 31));
	EXPECT(drv_sync(0));
	EXPECT(!passes(0, sid));
	host_store64(HOST_STRTAB(0) + n * 8, HOST_L2(0, 0) | 7);
	EXPECT(drv_cmd(0, 0x04, 31));
	EXPECT(drv_sync(0));
	EXPECT(passes(0, sid));
	oracle_full();
}

static void sparse_tables(void)
{
	static const u8 splits[] = { 6, 8, 10 };
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(splits); i++)
		for (n = 0; n < 1U << (13 - splits[i]); n++)
			sparse_table_of(splits[i], n);
}

/* An empty table is skipped over in one trap, in however many a full one takes. */
static void empty_table_is_skipped(void)
{
	u64 val = 0xd;

	boot_with_empty_table(6);
	EXPECT_EQ(host_mmio(0, 0x20, 4, true, &val), MMIO_DONE);
	/* All that is read counts: 8 times 16 descriptors. */
	EXPECT_EQ(el2_smmu(0)->groups_read, 8);
}

/* Where a table of the host's is several of EL2's: one that is not the first. */
static void host_table_is_larger(void)
{
	u64 l2 = ALIGN(HOST_L2(0, 0), 2 * PAGE_SIZE);
	u32 sid = (5 << 8) + SID;

	boot_with_empty_table(8);
	host_store64(l2 + PAGE_SIZE + SID * 64, 0x9);
	host_store64(HOST_STRTAB(0) + 5 * 8, l2 | 8);
	EXPECT(drv_cr0(0, 0xd));
	EXPECT(passes(0, sid + 64));
	host_store64(HOST_STRTAB(0) + 5 * 8, 0);
	EXPECT(drv_cmd(0, 0x04, 31));
	EXPECT(drv_sync(0));
	EXPECT(!passes(0, sid + 64));

	/* Two that are valid, only the first part of each. */
	host_store64(l2 + SID * 64, 0x9);
	host_store64(HOST_STRTAB(0) + 4 * 8, l2 | 7);
	host_store64(HOST_STRTAB(0) + 5 * 8, l2 | 7);
	EXPECT(drv_cmd(0, 0x04, 31));
	EXPECT(drv_sync(0));
	EXPECT(passes(0, sid));
	EXPECT(!passes(0, sid + 64));
}

const struct test tests_ste[] = {
	TEST(every_ste_bit),
	TEST(eats_and_junk),
	TEST(every_config),
	TEST(announced_by_which_command),
	TEST(smmuen_edges),
	TEST(table_is_replaced),
	TEST(level1_descriptors),
	TEST(level1_descriptor_is_new),
	TEST(level1_descriptor_becomes_valid),
	TEST(table_in_foreign_memory),
	TEST(prefetch_of_changing_ste),
	TEST(geometry),
	TEST(long_scans),
	TEST(sparse_tables),
	TEST(empty_table_is_skipped),
	TEST(host_table_is_larger),
	{}
};
