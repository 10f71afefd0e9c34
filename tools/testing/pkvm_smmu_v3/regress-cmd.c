// SPDX-License-Identifier: GPL-2.0-only
/* Tests: the host's command queue. */
#include "hyp/smmu.h"
#include "regress.h"

/* What a host may issue, by the architecture and the identification registers. */
static const u8 legal[] = {
	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10, 0x11, 0x12, 0x13, 0x30, 0x40, 0x44, 0x45, 0x46,
};

static bool is_legal(u32 op)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(legal); i++) {
		if (legal[i] == op)
			return true;
	}

	return false;
}

static void unknown_opcodes(void)
{
	u32 op;

	boot_and_init(0);
	for (op = 0; op < 256; op++)
		EXPECT_EQ(try_cmd(op, 0), is_legal(op) ? 0 : ILL);
}

/* Each bit of each command: what gets through is for the simulated SMMU to judge. */
static void every_command_bit(void)
{
	unsigned int i, bit;

	boot_and_init(0);
	for (i = 0; i < ARRAY_SIZE(legal); i++) {
		for (bit = 8; bit < 128; bit++)
			try_cmd(legal[i] | (bit < 64 ? 1ULL << bit : 0),
				bit < 64 ? 0 : 1ULL << (bit - 64));
	}
	hw_settle();
}

/* Without range invalidation its fields are reserved. */
static void every_command_bit_without_features(void)
{
	unsigned int i, bit;

	boot_and_init(1 | 2 | 4);
	for (i = 0; i < ARRAY_SIZE(legal); i++) {
		for (bit = 8; bit < 128; bit++)
			try_cmd(legal[i] | (bit < 64 ? 1ULL << bit : 0),
				bit < 64 ? 0 : 1ULL << (bit - 64));
	}
	EXPECT_EQ(try_cmd(0x12 | 1ULL << 12, 1ULL << 10 | 0x1000), ILL);
	/* ASIDs of 8 bits. */
	EXPECT_EQ(try_cmd(0x11 | 0xffULL << 48, 0), 0);
	EXPECT_EQ(try_cmd(0x11 | 0x100ULL << 48, 0), ILL);
	EXPECT_EQ(try_cmd(0x12 | 0x8000ULL << 48, 0x1000), ILL);
	hw_settle();
}

static void secure_commands(void)
{
	boot_and_init(0);
	EXPECT_EQ(try_cmd(0x03 | 1 << 10, 0), ILL);
	EXPECT_EQ(try_cmd(0x04 | 1 << 10, 31), ILL);
	EXPECT_EQ(try_cmd(0x05 | 1 << 10, 0), ILL);
	EXPECT_EQ(try_cmd(0x06 | 1 << 10, 0), ILL);
	EXPECT_EQ(try_cmd(0x01 | 1 << 10, 0), ILL);
}

static void range_tlbi(void)
{
	boot_and_init(0);
	/* TG without anything else, a range without TG. IHI0070G.b 4.4.1.1 */
	EXPECT_EQ(try_cmd(0x12, 1 << 10), ILL);
	EXPECT_EQ(try_cmd(0x12 | 1 << 12, 0x1000), ILL);
	EXPECT_EQ(try_cmd(0x13, 1 << 8), ILL);
	EXPECT_EQ(try_cmd(0x12 | 1 << 25, 1 << 10), ILL);
	/* 16K at level 1 is no level without DS. */
	EXPECT_EQ(try_cmd(0x12, 2 << 10 | 1 << 8), ILL);
	EXPECT_EQ(try_cmd(0x12 | 3 << 12, 2 << 10 | 1 << 8 | 0x4000), ILL);
	EXPECT_EQ(try_cmd(0x12 | 3 << 12, 2 << 10 | 2 << 8 | 0x4000), 0);
	EXPECT_EQ(try_cmd(0x12 | 3 << 12 | 2 << 20 | 5ULL << 48, 1 << 10 | 3 << 8 | 1), 0);
	EXPECT_EQ(try_cmd(0x13 | 3 << 12 | 7ULL << 32, 1 << 10 | 3 << 8), 0);
	hw_settle();
}

/* With IDR5.DS tables of 16K pages have a level 1. */
static void range_tlbi_with_ds(void)
{
	struct machine_cfg cfg = machine_default();

	cfg.idr[5] |= 1 << 7;
	EXPECT_EQ(machine_boot(&cfg), 0);
	drv_init(0);
	EXPECT_EQ(try_cmd(0x12, 2 << 10 | 1 << 8), 0);
	EXPECT_EQ(try_cmd(0x12 | 3 << 12, 2 << 10 | 1 << 8 | 0x4000), 0);
	EXPECT_EQ(try_cmd(0x12, 2 << 10), ILL);
	hw_settle();
}

static void stage2_invalidation_from_host(void)
{
	u64 phys = HOST_DATA(0);

	boot_and_init(0);
	EXPECT(drv_bypass(0, 3));
	EXPECT_EQ(dev_dma(0, 3, phys), DMA_DONE);
	EXPECT_EQ(try_cmd(0x2a, phys), ILL);
	EXPECT_EQ(try_cmd(0x28, 0), ILL);
	EXPECT_EQ(try_cmd(0x20, 0), ILL);
	EXPECT_EQ(try_cmd(0x22, 0), ILL);
	EXPECT_EQ(try_cmd(0x41, 0), ILL);
	EXPECT_EQ(try_cmd(0x07, 0), ILL);
	EXPECT_EQ(try_cmd(0x70, 0), ILL);
	EXPECT_EQ(try_cmd(0xff, 0), ILL);
	/* Any VMID is EL2's one; all of them is no more than that. */
	EXPECT_EQ(try_cmd(0x10 | 0x1234ULL << 32, 0), 0);
	EXPECT_EQ(try_cmd(0x11 | 0x1234ULL << 32, 0), 0);
	EXPECT_EQ(try_cmd(0x30, 0), 0);
	hw_settle();
}

/* The host's VMID of its own entries is EL2's: they are gone afterwards. */
static void tlbi_has_its_effect(void)
{
	static const u64 cmds[][2] = {
		{ 0x10 | 0x77ULL << 32, 0 },
		{ 0x11 | 1ULL << 48, 0 },
		{ 0x12 | 1ULL << 48, 0x7000000 },
		{ 0x13, 0x7000000 },
		{ 0x30, 0 },
	};
	struct dma dma = { .sid = 5, .asid = 1, .va = 0x7000000 };
	unsigned int i;

	boot_and_init(0);
	EXPECT(drv_stage1(0, 5));
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		/* The host's stage 1 changes to a page that the device may not have. */
		dma.ipa = HOST_DATA(1);
		EXPECT_EQ(smmu_dma(&smmus[0], &dma, false), DMA_DONE);
		dma.ipa = page_phys(4);
		EXPECT_EQ(smmu_dma(&smmus[0], &dma, false), DMA_DONE);
		EXPECT_EQ(try_cmd(cmds[i][0], cmds[i][1]), 0);
		EXPECT(drv_sync(0));
		EXPECT_EQ(smmu_dma(&smmus[0], &dma, false), DMA_ABORTED);
	}
}

static void stream_id_out_of_range(void)
{
	boot_and_init(0);
	EXPECT_EQ(try_cmd(0x03 | 0x100ULL << 32, 0), 0);
	EXPECT_EQ(try_cmd(0x03 | 0xffffffffULL << 32, 1), 0);
	EXPECT_EQ(try_cmd(0x04 | 0x80000000ULL << 32, 3), 0);
	EXPECT_EQ(try_cmd(0x05 | 0x100ULL << 32, 0), 0);
	EXPECT_EQ(try_cmd(0x05 | 1ULL << 32 | 1 << 16, 0), 0);
	EXPECT_EQ(try_cmd(0x06 | 0x100ULL << 32, 0), 0);
	/* A range that goes over the end, and one of everything. */
	EXPECT_EQ(try_cmd(0x04 | 0xf0ULL << 32, 9), 0);
	EXPECT_EQ(try_cmd(0x04 | 0xffULL << 32, 30), 0);
	EXPECT_EQ(try_cmd(0x04 | 0xffffffffULL << 32, 31), 0);
	EXPECT_EQ(try_cmd(0x04 | 0x13ULL << 32, 2), 0);
	hw_settle();
}

/* The queue stops at the command, and says so in this order. IHI0070G.b 7.1 */
static void illegal_command_is_reported(void)
{
	u32 irqs;

	boot_and_init(0);
	irqs = smmus[0].gerror_irqs;
	drv_put(0, 0x10, 0);
	drv_put(0, 0x9b, 0);
	drv_put(0, 0x46, 0);
	drv_ring(0);
	hw_settle();
	EXPECT_EQ((read32(0, 0x60) ^ read32(0, 0x64)) & 0x1ff, 1);
	EXPECT_EQ(read32(0, 0x9c) >> 24, ILL);
	/* After the sync of drv_init() at 3: the second of these. */
	EXPECT_EQ(read32(0, 0x9c) & 0xfffff, 4);
	EXPECT_EQ(smmus[0].gerror_irqs, irqs + 1);
	/* Nothing moves before it is acknowledged, a doorbell or not. */
	drv_put(0, 0x46, 0);
	drv_ring(0);
	EXPECT_EQ(read32(0, 0x9c) & 0xfffff, 4);
	drv_skip_err(0);
	EXPECT(drv_sync(0));
	EXPECT_EQ(read32(0, 0x9c) >> 24, 0);
	EXPECT_EQ(smmus[0].gerror_irqs, irqs + 1);
	EXPECT_EQ(donate(HOST_DATA(0)), 0);
}

static void illegal_command_without_interrupt(void)
{
	u32 irqs;

	boot_and_init(0);
	write32(0, 0x50, 0);
	hw_settle();
	irqs = smmus[0].cmdq_errors;
	EXPECT_EQ(try_cmd(0x9b, 0), ILL);
	EXPECT_EQ(smmus[0].cmdq_errors, irqs);
}

/* An error of the host's own does not stop what EL2 has to do. */
static void donation_during_host_error(void)
{
	boot_and_init(0);
	EXPECT(drv_bypass(0, 3));
	EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_DONE);
	drv_put(0, 0x9b, 0);
	drv_ring(0);
	EXPECT_EQ(donate(HOST_DATA(0)), 0);
	EXPECT_EQ(drv_cmdq_err(0), ILL);
	EXPECT_EQ(donate(HOST_DATA(1)), 0);
	drv_skip_err(0);
	EXPECT(drv_sync(0));
}

/* Hardware that refuses a command of the host's: EL2's come through. */
static void hardware_refuses_commands(void)
{
	unsigned int i;

	boot_and_init(0);
	EXPECT(drv_bypass(0, 3));
	smmus[0].picky = 1;
	for (i = 0; i < 40; i++) {
		drv_put(0, 0x10 + i % 4, 0);
		if (i % 3)
			continue;
		drv_ring(0);
		EXPECT_EQ(donate(HOST_DATA(i)), 0);
	}
	EXPECT(drv_sync(0));
	EXPECT_EQ(drv_cmdq_err(0), 0);
}

/* An error of EL2's queue is EL2's to see and to acknowledge. */
static void hardware_error_is_not_the_hosts(void)
{
	u32 irqs;

	boot_and_init(0);
	irqs = smmus[0].gerror_irqs;
	drv_put(0, 0x9b, 0);
	drv_ring(0);
	/* The hardware meets what EL2 put there to raise the interrupt. */
	hw_settle();
	EXPECT_EQ(drv_cmdq_err(0), ILL);
	drv_skip_err(0);
	EXPECT(drv_sync(0));
	EXPECT_EQ(smmus[0].gerror_irqs, irqs + 1);
	/* One more, that the host does not have. */
	smmus[0].refuse_op = 0x10;
	drv_put(0, 0x10, 0);
	drv_ring(0);
	hw_settle();
	EXPECT_EQ((smmus[0].gerror ^ smmus[0].gerrorn) & 1, 1);
	write32(0, 0x64, read32(0, 0x64) ^ 1);
	/* It would be met again if it was acknowledged as it is. */
	hw_settle();
	smmus[0].refuse_op = 0;
	EXPECT_EQ((read32(0, 0x60) ^ read32(0, 0x64)) & 1, 0);
	EXPECT(drv_sync(0));
	EXPECT_EQ(smmus[0].gerror_irqs, irqs + 2);
}

/* The hardware moves on while EL2 looks at where it stopped. */
static void repair_of_moving_hardware(void)
{
	unsigned int i;

	boot_and_init(8);
	model.random = true;
	smmus[0].picky = 4;
	for (i = 0; i < 2000; i++) {
		drv_put(0, 0x03 | 3ULL << 32, 1);
		drv_put(0, 0x10, 0);
		drv_ring(0);
		while (model_rand(4))
			read32(0, 0x9c);
		if (!(i % 5))
			EXPECT_EQ(donate(HOST_DATA(i % NR_HOST_DATA)), 0);
		if (!(i % 5))
			EXPECT_EQ(give_back(HOST_DATA(i % NR_HOST_DATA)), 0);
	}
	EXPECT(drv_sync(0));
	model.random = false;
}

/* If it does not do what EL2 needs, nothing may depend on it any more. */
static void hardware_refuses_own_command(void)
{
	boot_and_init(0);
	smmus[0].refuse_op = 0x28;
	EXPECT_EQ(donate(HOST_DATA(0)), -EIO);
	smmus[0].refuse_op = 0;
	EXPECT_EQ(donate(HOST_DATA(0)), -EIO);
	oracle_full();
}

/* It says that it has consumed what it was not given. */
static void hardware_reports_nonsense(void)
{
	boot_and_init(0);
	smmus[0].hang = true;
	smmus[0].cmdq_cons = (smmus[0].cmdq_cons + 9) & 0x3f;
	/* What EL2 makes of that is not to be held against it. */
	smmus[0].owned = false;
	model.enforce = false;
	EXPECT_EQ(donate(HOST_DATA(0)), -EIO);
	model.enforce = true;
	EXPECT(host_has(HOST_DATA(0)));
	oracle_full();
}

/* EL2's own commands fit in at any time. */
static void reserve_of_hardware_queue(void)
{
	struct hyp_smmu *smmu;
	unsigned int i;
	u64 val;

	boot_and_init(0);
	smmu = el2_smmu(0);
	smmus[0].hang = true;
	for (i = 0; i < 100; i++)
		drv_put(0, 0x10, 0);
	val = 103;
	for (i = 0; i < 4; i++)
		host_mmio(0, 0x98, 4, true, &val);
	EXPECT(smmu->hwq.submitted - smmu->hwq.consumed > 16);
	EXPECT(smmu->hwq.submitted - smmu->hwq.consumed <= 32 - HYP_SMMU_HWQ_RESERVE);
	smmus[0].hang = false;
	EXPECT_EQ(donate(HOST_DATA(0)), 0);
	EXPECT(drv_sync(0));
}

static void queue_in_foreign_memory(void)
{
	u64 phys;

	boot_and_init(0);
	drv_disable(0);
	for (phys = page_phys(4); phys <= page_phys(18); phys += 14 * PAGE_SIZE) {
		write64(0, 0x90, phys | 5);
		write32(0, 0x98, 1);
		write32(0, 0x9c, 0);
		EXPECT(drv_cr0(0, 0x8));
		EXPECT_EQ(drv_cmdq_err(0), ABT);
		EXPECT(drv_cr0(0, 0));
		write32(0, 0x64, read32(0, 0x60));
	}
	/* MMIO, the end of memory, addresses nobody has. */
	write64(0, 0x90, SMMU_MMIO(0) | 5);
	EXPECT(drv_cr0(0, 0x8));
	EXPECT(drv_cr0(0, 0));
	write32(0, 0x64, read32(0, 0x60));
	write64(0, 0x90, 0xfffffffff0000ULL | 5);
	EXPECT(drv_cr0(0, 0x8));
	EXPECT_EQ(drv_cmdq_err(0), ABT);
	/* Acknowledged, it tries again. */
	write32(0, 0x64, read32(0, 0x60));
	EXPECT_EQ(drv_cmdq_err(0), ABT);
	EXPECT(drv_cr0(0, 0));
	write32(0, 0x64, read32(0, 0x60));
	drv_init(0);
	EXPECT(drv_sync(0));
}

static void queue_is_pinned_while_enabled(void)
{
	u32 refs;

	boot_and_init(0);
	refs = model.refs;
	EXPECT_EQ(donate(HOST_CMDQ(0)), -EPERM);
	EXPECT_EQ(host_donate_guest(HOST_CMDQ(0), 1), -EPERM);
	EXPECT_EQ(host_unshare_hyp(HOST_CMDQ(0)), -EBUSY);
	EXPECT(drv_cr0(0, 0));
	EXPECT_EQ(model.refs, refs / 2);
	EXPECT_EQ(donate(HOST_CMDQ(0)), 0);
	/* Not the host's any more when CMDQEN is set. */
	write32(0, 0x98, 1);
	write32(0, 0x9c, 0);
	EXPECT(drv_cr0(0, 0x8));
	EXPECT_EQ(drv_cmdq_err(0), ABT);
	EXPECT_EQ(model.refs, refs / 2);
}

/* The base is aligned and its size capped as the hardware does. IHI0070G.b 6.3.26 */
static void queue_effective_range(void)
{
	u64 base = HOST_CMDQ(0);

	boot_and_init(0);
	drv_disable(0);
	/* 2^31 entries: 2^9 are offered, which is two pages. */
	write64(0, 0x90, base | 0x1fe0 | 31);
	write32(0, 0x98, 0);
	write32(0, 0x9c, 0);
	EXPECT(drv_cr0(0, 0x8));
	EXPECT_EQ(el2_smmu(0)->cmdq.q.base, ALIGN_DOWN(base, 0x2000));
	EXPECT_EQ(donate(ALIGN_DOWN(base, 0x2000)), -EPERM);
	EXPECT_EQ(donate(ALIGN_DOWN(base, 0x2000) + PAGE_SIZE), -EPERM);
	EXPECT_EQ(donate(ALIGN_DOWN(base, 0x2000) + 2 * PAGE_SIZE), 0);
	oracle_full();
}

static void registers_of_an_enabled_queue(void)
{
	u64 base;

	boot_and_init(0);
	base = host_read(0, 0x90, 8);
	write64(0, 0x90, HOST_DATA(0) | 4);
	EXPECT_EQ(host_read(0, 0x90, 8), base);
	write32(0, 0x94, 0x1234);
	EXPECT_EQ(host_read(0, 0x90, 8), base);
	write32(0, 0x9c, 0x55);
	EXPECT((read32(0, 0x9c) & 0xfffff) != 0x55);
	write32(0, 0x28, 0);
	EXPECT(drv_sync(0));
}

/* Nonsense in PROD: the queue stops, nothing else. */
static void nonsense_in_prod(void)
{
	u32 cons;

	boot_and_init(0);
	cons = read32(0, 0x9c);
	write32(0, 0x98, cons + (1 << DRV_CMDQ_SHIFT) + 5);
	hw_settle();
	EXPECT_EQ(read32(0, 0x9c), cons);
	write32(0, 0x98, 0xffffffff);
	write32(0, 0x98, 0xfff00000 | cons);
	EXPECT_EQ(read32(0, 0x9c), cons);
	drv_ring(0);
	EXPECT(drv_sync(0));
}

/* A full queue, more than the hardware's holds: all of it, in order. */
static void backlog_larger_than_hardware_queue(void)
{
	unsigned int i, round;

	boot_and_init(0);
	for (round = 0; round < 4; round++) {
		for (i = 0; i < (1 << DRV_CMDQ_SHIFT) - 1; i++)
			drv_put(0, 0x11 | (u64)i << 48, 0);
		drv_ring(0);
		EXPECT(drv_sync(0));
		EXPECT_EQ(donate(HOST_DATA(round)), 0);
	}
}

/* CMDQ_CONS is a promise: not ahead of the hardware. */
static void cons_waits_for_hardware(void)
{
	u32 cons;

	boot_and_init(0);
	cons = read32(0, 0x9c);
	smmus[0].hang = true;
	drv_put(0, 0x10, 0);
	drv_put(0, 0x46, 0);
	drv_ring(0);
	EXPECT_EQ(read32(0, 0x9c), cons);
	/* Nor is CMDQEN acknowledged. */
	write32(0, 0x20, 0x5);
	EXPECT_EQ(read32(0, 0x24) & 0x8, 0x8);
	smmus[0].hang = false;
	hw_settle();
	EXPECT_EQ(read32(0, 0x24) & 0x8, 0);
	EXPECT_EQ(read32(0, 0x9c), cons + 2);
}

/* Nor is an error shown before what precedes it is done. */
static void error_waits_for_hardware(void)
{
	boot_and_init(0);
	write32(0, 0x50, 0);
	hw_settle();
	smmus[0].hang = true;
	drv_put(0, 0x10, 0);
	drv_put(0, 0x9b, 0);
	drv_ring(0);
	EXPECT_EQ(drv_cmdq_err(0), 0);
	smmus[0].hang = false;
	hw_settle();
	EXPECT_EQ(drv_cmdq_err(0), ILL);
}

/* The stale configuration is gone when the host's CMD_SYNC is. */
static void sync_means_done(void)
{
	boot_and_init(0);
	EXPECT(drv_bypass(0, 3));
	EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_DONE);
	drv_write_ste(0, 3, 1, 0);
	drv_put(0, 0x03 | 3ULL << 32, 1);
	EXPECT(drv_sync(0));
	EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_ABORTED);
}

/* A hardware that has stopped: the host's accesses come to an end. */
static void host_survives_dead_hardware(void)
{
	unsigned int i;

	boot_and_init(0);
	smmus[0].hang = true;
	for (i = 0; i < 255; i++)
		drv_put(0, 0x10, 0);
	drv_ring(0);
	read32(0, 0x9c);
	for (i = 0; i < 20; i++) {
		write32(0, 0x98, i);
		read32(0, 0x60);
		write32(0, 0x20, i & 0xf);
		read32(0, 0x24);
	}
	oracle_full();
	EXPECT_EQ(donate(HOST_DATA(0)), -EIO);
}

const struct test tests_cmd[] = {
	TEST(unknown_opcodes),
	TEST(every_command_bit),
	TEST(every_command_bit_without_features),
	TEST(secure_commands),
	TEST(range_tlbi),
	TEST(range_tlbi_with_ds),
	TEST(stage2_invalidation_from_host),
	TEST(tlbi_has_its_effect),
	TEST(stream_id_out_of_range),
	TEST(illegal_command_is_reported),
	TEST(illegal_command_without_interrupt),
	TEST(donation_during_host_error),
	TEST(hardware_refuses_commands),
	TEST(hardware_error_is_not_the_hosts),
	TEST(repair_of_moving_hardware),
	TEST(hardware_refuses_own_command),
	TEST(hardware_reports_nonsense),
	TEST(reserve_of_hardware_queue),
	TEST(queue_in_foreign_memory),
	TEST(queue_is_pinned_while_enabled),
	TEST(queue_effective_range),
	TEST(registers_of_an_enabled_queue),
	TEST(nonsense_in_prod),
	TEST(backlog_larger_than_hardware_queue),
	TEST(cons_waits_for_hardware),
	TEST(error_waits_for_hardware),
	TEST(sync_means_done),
	TEST(host_survives_dead_hardware),
	{}
};
