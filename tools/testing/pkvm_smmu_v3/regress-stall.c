// SPDX-License-Identifier: GPL-2.0-only
/* Tests: faults of the host's stage 1 that stall, and the commands that end a stall. */
#include "hyp/smmu.h"
#include "regress.h"

#define SID	3
#define PAGE	HOST_DATA(0)

#define S1STALLD	BIT_ULL(27)

#define RESUME(sid)	(0x44 | (u64)(sid) << 32)
#define RETRY		BIT_ULL(12)
#define ABORT		BIT_ULL(13)
#define STALL_TERM(sid)	(0x45 | (u64)(sid) << 32)

static void boot_stage1(u8 variant)
{
	boot_and_init(variant);
	EXPECT(drv_stage1(0, SID));
	EXPECT(drv_stage1(0, SID + 1));
}

/* A fault of the host's stage 1, with CD.S. */
static enum dma_result fault(u32 sid)
{
	struct dma dma = {
		.sid = sid, .write = true, .fault = true, .stall = true, .asid = 1,
		.va = PAGE, .ipa = PAGE,
	};

	return smmu_dma(&smmus[0], &dma, false);
}

static unsigned int nr_stalled(void)
{
	unsigned int n = 0;

	hw_settle();
	for (u8 i = 0; i < NR_STALLS; i++)
		n += smmus[0].stalled[i].active;

	return n;
}

/* Stall, and read the event as the host's driver does. Returns the STAG. */
static u16 stall(u32 sid)
{
	u64 dw0, dw1;
	u32 prod;

	hw_settle();
	prod = read32(0, 0x100a8) & 0x7f;
	EXPECT_EQ(fault(sid), DMA_STALLED);
	hw_settle();
	EXPECT(host_load64(HOST_EVTQ(0) + prod * 32, &dw0));
	EXPECT(host_load64(HOST_EVTQ(0) + prod * 32 + 8, &dw1));
	EXPECT_EQ(dw0, 0x10 | (u64)sid << 32);
	EXPECT_EQ(dw1 & ~0xffffULL, BIT_ULL(31));

	return dw1;
}

/* The host maps the page in its stage 1. */
static void handle(u16 stag)
{
	smmus[0].stalled[stag].dma.fault = false;
}

static void stall_is_retried(void)
{
	u16 stag;

	boot_stage1(0);
	stag = stall(SID);
	/* Nothing that EL2 waits for waits for the host. */
	EXPECT(drv_sync(0));
	EXPECT_EQ(nr_stalled(), 1);
	/* The fault is still there: it stalls again. */
	EXPECT(drv_cmd(0, RESUME(SID) | RETRY, stag));
	EXPECT_EQ(nr_stalled(), 1);
	handle(stag);
	hw_settle();
	EXPECT(drv_cmd(0, RESUME(SID) | RETRY, stag));
	EXPECT_EQ(nr_stalled(), 0);
	EXPECT_EQ(smmus[0].unstalled, DMA_DONE);
}

/* The other ways to end it, and commands that are about another one. */
static void stall_is_aborted(void)
{
	u16 stag;

	boot_stage1(0);
	stag = stall(SID);
	handle(stag);
	EXPECT(drv_cmd(0, RESUME(SID + 1) | RETRY, stag));
	EXPECT(drv_cmd(0, RESUME(SID) | RETRY, stag + 1));
	EXPECT(drv_cmd(0, STALL_TERM(SID + 1), 0));
	EXPECT_EQ(nr_stalled(), 1);
	EXPECT(drv_cmd(0, RESUME(SID) | ABORT, stag));
	EXPECT_EQ(nr_stalled(), 0);
	EXPECT_EQ(smmus[0].unstalled, DMA_ABORTED);

	stall(SID);
	stall(SID + 1);
	EXPECT(drv_cmd(0, STALL_TERM(SID), 0));
	EXPECT_EQ(nr_stalled(), 1);
	EXPECT(drv_cmd(0, RESUME(SID + 1), 1));
	EXPECT_EQ(nr_stalled(), 0);
}

static void stall_commands_checked(void)
{
	boot_stage1(0);
	EXPECT_EQ(try_cmd(RESUME(SID) | ABORT | RETRY, 0xffff), 0);
	EXPECT_EQ(try_cmd(RESUME(SID), 0x10000), ILL);
	EXPECT_EQ(try_cmd(RESUME(SID) | BIT_ULL(14), 0), ILL);
	EXPECT_EQ(try_cmd(RESUME(SID) | BIT_ULL(10), 0), ILL);
	EXPECT_EQ(try_cmd(STALL_TERM(SID), 1), ILL);
	EXPECT_EQ(try_cmd(STALL_TERM(SID) | RETRY, 0), ILL);
	/* Any stream ID that there is; others do not get to the hardware. */
	EXPECT_EQ(try_cmd(RESUME(0xff) | RETRY, 0), 0);
	EXPECT_EQ(try_cmd(STALL_TERM(0xff), 0), 0);
	hw_settle();
	EXPECT_EQ(smmus[0].ops[0x44], 2);
	EXPECT_EQ(smmus[0].ops[0x45], 1);
	EXPECT_EQ(try_cmd(RESUME(0x100) | RETRY, 0), 0);
	EXPECT_EQ(try_cmd(STALL_TERM(0xffffffff), 0), 0);
	hw_settle();
	EXPECT_EQ(smmus[0].ops[0x44], 2);
	EXPECT_EQ(smmus[0].ops[0x45], 1);
}

/* The host's S1STALLD, and hardware that cannot stall. */
static void stalls_forbidden(void)
{
	boot_stage1(0);
	EXPECT(drv_ste(0, SID, 0xb | HOST_CD(0), S1STALLD));
	EXPECT_EQ(fault(SID), DMA_ABORTED);
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_DONE);
	EXPECT(drv_stage1(0, SID));
	EXPECT(drv_cmd(0, 0x30, 0));
	EXPECT(drv_sync(0));
	EXPECT_EQ(fault(SID), DMA_STALLED);

	boot_stage1(1);
	EXPECT_EQ(fault(SID), DMA_ABORTED);
	EXPECT_EQ(try_cmd(RESUME(SID) | RETRY, 0), ILL);
	EXPECT_EQ(try_cmd(STALL_TERM(SID), 0), ILL);
	EXPECT(drv_ste(0, SID, 0xb | HOST_CD(0), S1STALLD));
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
	EXPECT(drv_ste(0, SID, 0x9, S1STALLD));
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
}

/* A page changes hands while an access to it is stalled: that does not wait. */
static void stalled_page_is_donated(void)
{
	u16 stag;

	boot_stage1(0);
	stag = stall(SID);
	EXPECT_EQ(donate(PAGE), 0);
	EXPECT_EQ(nr_stalled(), 1);
	handle(stag);
	EXPECT(drv_cmd(0, RESUME(SID) | RETRY, stag));
	EXPECT_EQ(nr_stalled(), 0);
	EXPECT_EQ(smmus[0].unstalled, DMA_ABORTED);

	/* A fault of EL2's stage 2 never stalls. */
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
	EXPECT_EQ(give_back(PAGE), 0);
	stag = stall(SID);
	handle(stag);
	EXPECT_EQ(donate(HOST_CD(0)), 0);
	EXPECT(drv_cmd(0, RESUME(SID) | RETRY, stag));
	EXPECT_EQ(smmus[0].unstalled, DMA_ABORTED);
	EXPECT_EQ(give_back(HOST_CD(0)), 0);
}

/* The stream is what it is when the transaction is retried. */
static void stalled_stream_is_detached(void)
{
	u16 stag;

	boot_stage1(0);
	stag = stall(SID);
	handle(stag);
	EXPECT(drv_detach(0, SID));
	EXPECT_EQ(nr_stalled(), 1);
	EXPECT(drv_cmd(0, RESUME(SID) | RETRY, stag));
	EXPECT_EQ(nr_stalled(), 0);
	EXPECT_EQ(smmus[0].unstalled, DMA_ABORTED);

	/* The emulated SMMUEN does not end a stall, but nothing gets through. */
	EXPECT(drv_stage1(0, SID));
	stag = stall(SID);
	handle(stag);
	EXPECT(drv_cr0(0, 0xc));
	EXPECT_EQ(nr_stalled(), 1);
	EXPECT(drv_cmd(0, RESUME(SID) | RETRY, stag));
	EXPECT_EQ(nr_stalled(), 0);
	EXPECT_EQ(smmus[0].unstalled, DMA_ABORTED);
}

/* A stall outlives an event queue that is full or off. */
static void stall_waits_for_event_queue(void)
{
	boot_stage1(0);
	EXPECT(drv_cr0(0, 0x9));
	EXPECT_EQ(fault(SID), DMA_STALLED);
	EXPECT_EQ(nr_stalled(), 1);
	EXPECT(!smmus[0].stalled[0].recorded);
	EXPECT(drv_cr0(0, 0xd));
	hw_settle();
	EXPECT(smmus[0].stalled[0].recorded);
	EXPECT_EQ(read32(0, 0x100a8), 1);
}

static void stalls_end_with_suspend(void)
{
	u32 lost;

	for (lost = 0; lost < 2; lost++) {
		boot_stage1(0);
		handle(stall(SID));
		hyp_iommu_suspend();
		EXPECT_EQ(host_wake(lost, true), 0);
		EXPECT_EQ(nr_stalled(), 0);
		EXPECT_EQ(try_cmd(RESUME(SID) | RETRY, 0), 0);
		EXPECT_EQ(fault(SID), DMA_STALLED);
	}
}

/* Hardware that refuses such a command: the host's loss. */
static void stall_command_refused(void)
{
	u8 op;

	for (op = 0x44; op <= 0x45; op++) {
		boot_stage1(0);
		smmus[0].refuse_op = op;
		EXPECT(drv_cmd(0, op | (u64)SID << 32, 0));
		hw_settle();
		EXPECT(drv_sync(0));
		EXPECT(!el2_smmu(0)->hwq.dead);
		EXPECT_EQ(donate(PAGE), 0);
	}
}

const struct test tests_stall[] = {
	TEST(stall_is_retried),
	TEST(stall_is_aborted),
	TEST(stall_commands_checked),
	TEST(stalls_forbidden),
	TEST(stalled_page_is_donated),
	TEST(stalled_stream_is_detached),
	TEST(stall_waits_for_event_queue),
	TEST(stalls_end_with_suspend),
	TEST(stall_command_refused),
	{}
};
