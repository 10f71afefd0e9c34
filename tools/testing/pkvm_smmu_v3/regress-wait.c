// SPDX-License-Identifier: GPL-2.0-only
/* Tests: waits. Hardware that is late, hardware that is dead, clocks that jump. */
#include "regress-msi.h"

#define SID	3
#define PAGE	HOST_DATA(0)

/* Errors that are active for the host. */
#define SFM_ERR	BIT(8)

/* Write CMDQ_PROD until that is done, as the host does. Returns the number of attempts. */
static unsigned int ring(void)
{
	unsigned int n = 1;

	while (ring_once() == MMIO_AGAIN) {
		model_relax();
		n++;
	}
	model.polls = 0;

	return n;
}

static int try_donate(u64 phys)
{
	int ret = donate(phys);

	model.polls = 0;
	oracle_full();

	return ret;
}

static void setup(u8 variant)
{
	unsigned int i;

	boot_and_init(variant);
	for (i = 0; i < nr_smmus; i++) {
		EXPECT(drv_bypass(i, SID));
		EXPECT_EQ(dev_dma(i, SID, PAGE), DMA_DONE);
	}
	hw_settle();
	read32(0, 0x9c);
}

static void expect_isolated(void)
{
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
	EXPECT_EQ(dev_dma(1, SID, PAGE), DMA_ABORTED);
}

/* The transition fails, nothing else: it works when the hardware goes on. */
static void late_transition(void)
{
	u64 time;

	setup(0);
	smmus[1].hang = true;
	EXPECT_EQ(try_donate(PAGE), -EIO);
	EXPECT(host_has(PAGE));
	EXPECT(!el2_smmu(1)->hwq.dead);
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_DONE);
	EXPECT_EQ(dev_dma(1, SID, PAGE), DMA_DONE);
	/* The others do not wait for a second each. */
	time = model.time;
	EXPECT_EQ(try_donate(PAGE), -EIO);
	EXPECT(model.time - time < 500);
	smmus[1].hang = false;
	EXPECT_EQ(try_donate(PAGE), 0);
	expect_isolated();
	EXPECT(drv_sync(1));
}

/* What is left of an earlier one does not stand for a later one. */
static void late_command_of_another_transition(void)
{
	struct hyp_smmu *smmu;
	u64 seq;

	setup(0);
	smmu = el2_smmu(0);
	smmus[0].hang = true;
	EXPECT_EQ(try_donate(PAGE), -EIO);
	seq = smmu->hwq.submitted;
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_DONE);

	smmus[0].hang = false;
	while (!hyp_smmu_hwq_done(smmu, seq))
		smmu_step(&smmus[0]);
	smmus[0].hang = true;
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_DONE);
	EXPECT_EQ(try_donate(PAGE), -EIO);
	EXPECT(host_has(PAGE));
	smmus[0].hang = false;
	EXPECT_EQ(try_donate(PAGE), 0);
	expect_isolated();
}

/* Each leaves its commands behind, until there is no room for more. */
static void late_transitions_fill_queue(void)
{
	unsigned int i;

	setup(0);
	smmus[0].hang = true;
	for (i = 0; i < 40; i++) {
		EXPECT_EQ(try_donate(PAGE), -EIO);
		EXPECT(hyp_smmu_hwq_used(&el2_smmu(0)->hwq) <= BIT(el2_smmu(0)->hwq.shift));
	}
	smmus[0].hang = false;
	EXPECT_EQ(try_donate(PAGE), 0);
	expect_isolated();
}

/* A full queue when CR0 changes: CR0ACK says so as long, and no longer. */
static void late_cr0(u8 variant, u32 cr0)
{
	unsigned int i;
	u64 at;

	setup(variant);
	smmus[0].hang = true;
	at = put_unmap(5);
	ring();
	for (i = 0; i < 20; i++)
		EXPECT_EQ(try_donate(PAGE), -EIO);
	write32(0, 0x20, cr0);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(read32(0, 0x24), 0xd);
	EXPECT_EQ(donate(HOST_CMDQ(0)), -EPERM);
	smmus[0].hang = false;
	for (i = 0; i < 1000 && read32(0, 0x24) != cr0; i++)
		hw_settle();
	EXPECT_EQ(read32(0, 0x24), cr0);
	read32(0, 0x9c);
	EXPECT(msi_is(at, 5));
	if (!(cr0 & 1))
		EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
	if (!(cr0 & 8))
		EXPECT_EQ(try_donate(HOST_CMDQ(0)), 0);
	EXPECT_EQ(try_donate(HOST_DATA(1)), 0);
}

static void late_change_of_cr0(void)
{
	late_cr0(0, 0x5);
	late_cr0(0, 0xc);
	late_cr0(0, 0x4);
	late_cr0(NO_MSI, 0x5);
	late_cr0(NO_MSI, 0xc);
}

/* The host's stores come to an end, and its commands to theirs, in order. */
static void late_host_commands(void)
{
	unsigned int i;
	u64 at, more;

	setup(NO_MSI);
	smmus[0].hang = true;
	at = put_unmap(1);
	EXPECT(ring() > 10);
	EXPECT(!msi_is(at, 1));
	EXPECT_EQ(behind(drv_prod(0)), 2);
	/* Not waited for again. */
	for (i = 0; i < 100; i++)
		drv_put(0, 0x11, 0);
	more = put_unmap(2);
	EXPECT(ring() < 10);
	smmus[0].hang = false;
	EXPECT(drv_sync(0));
	EXPECT(msi_is(at, 1));
	EXPECT(msi_is(more, 2));
	/* The next one has its second again. */
	smmus[0].hang = true;
	at = put_unmap(3);
	EXPECT(ring() > 10);
	EXPECT(!el2_smmu(0)->hwq.dead);
	EXPECT_EQ(try_donate(PAGE), -EIO);
	smmus[0].hang = false;
	EXPECT_EQ(try_donate(PAGE), 0);
	hw_settle();
	read32(0, 0x9c);
	EXPECT(msi_is(at, 3));
}

/* A takeover of hardware that does not answer gives all back. */
static void late_takeover(void)
{
	struct machine_cfg cfg = machine_default();

	cfg.hang = 2;
	EXPECT_EQ(machine_boot(&cfg), -EIO);
	boot_and_init(0);
}

static void expect_dead(void)
{
	u32 gerror;

	EXPECT_EQ(try_donate(PAGE), -EIO);
	EXPECT(el2_smmu(0)->hwq.dead);
	EXPECT(host_has(PAGE));
	/* As the driver's interrupt handler does: it disables the SMMU. */
	gerror = read32(0, 0x60);
	EXPECT_EQ((gerror ^ read32(0, 0x64)) & SFM_ERR, SFM_ERR);
	EXPECT(!drv_cr0(0, 0));
	EXPECT_EQ(dev_dma(0, SID + 1, PAGE), DMA_ABORTED);
	write32(0, 0x64, gerror);
	EXPECT_EQ(active_errors(), 0);
	/* It says so once; that it has said it stays. */
	EXPECT_EQ(try_donate(PAGE), -EIO);
	EXPECT_EQ(active_errors(), 0);
	EXPECT_EQ(read32(0, 0x60) & SFM_ERR, SFM_ERR);
	/* Another SMMU goes on. */
	EXPECT_EQ(read32(1, 0x60) & SFM_ERR, 0);
	EXPECT(drv_sync(1));
	oracle_full();
}

/* The host sees a dead SMMU as one in service failure mode. */
static void dead_is_shown(void)
{
	u32 irqs;

	setup(0);
	irqs = smmus[0].gerror_irqs;
	smmus[0].refuse_op = 0x28;
	EXPECT_EQ(try_donate(PAGE), -EIO);
	smmus[0].refuse_op = 0;
	/* The hardware's own error has interrupted the host. */
	EXPECT_EQ(smmus[0].gerror_irqs, irqs + 1);
	expect_dead();

	setup(NO_MSI);
	smmus[0].abort_next = true;
	expect_dead();
}

/* Hardware that says itself that it has failed, with commands and without. */
static void service_failure_mode(void)
{
	setup(0);
	smmus[0].gerror ^= SFM_ERR;
	model.time = 0;
	EXPECT_EQ(try_donate(PAGE), -EIO);
	EXPECT(model.time < 100);
	expect_dead();
	/* The hardware's error is not the host's to acknowledge. */
	EXPECT_EQ((smmus[0].gerror ^ smmus[0].gerrorn) & SFM_ERR, SFM_ERR);

	setup(0);
	smmus[0].gerror ^= SFM_ERR;
	EXPECT_EQ(active_errors(), SFM_ERR);
	/* It takes no command any more, and the host's store is not replayed for that. */
	drv_put(0, 0x10, 0);
	drv_ring(0);
	expect_dead();
	EXPECT_EQ((smmus[0].gerror ^ smmus[0].gerrorn) & SFM_ERR, SFM_ERR);

	/* CMDQ_CONS.ERR is that of an earlier error: this one is not repaired for that. */
	setup(0);
	drv_put(0, 0x9b, 0);
	drv_ring(0);
	hw_settle();
	drv_skip_err(0);
	EXPECT(drv_sync(0));
	EXPECT_EQ(smmus[0].cmdq_cons >> 24, 1);
	smmus[0].hang = true;
	drv_put(0, 0x10, 0);
	drv_ring(0);
	smmus[0].gerror ^= SFM_ERR;
	EXPECT_EQ(active_errors(), SFM_ERR);
	expect_dead();
}

/*
 * The clock jumps by more than a second at one point, a different one in each run: the CPU
 * was stopped there, and the hardware too, or not.
 */
static void jump_at(u64 point, bool hw_goes_on)
{
	model.jump_at = point;
	model.jump_hw = hw_goes_on;
}

/* All that waits: takeover, release, transitions, commands, changes of CR0. */
static void whole_life(u8 variant)
{
	struct machine_cfg cfg = machine_variant(variant);
	unsigned int i;
	u64 at;

	EXPECT_EQ(machine_boot(&cfg), 0);
	EXPECT_EQ(machine_release(), 0);
	EXPECT_EQ(machine_boot(&cfg), 0);
	for (i = 0; i < nr_smmus; i++) {
		drv_init(i);
		EXPECT(drv_bypass(i, SID));
		EXPECT_EQ(dev_dma(i, SID, PAGE), DMA_DONE);
	}
	EXPECT_EQ(donate(PAGE), 0);
	expect_isolated();
	at = put_unmap(1);
	ring();
	hw_settle();
	EXPECT(msi_is(at, 1));
	EXPECT_EQ(behind(drv_prod(0)), 0);
	EXPECT_EQ(give_back(PAGE), 0);
	EXPECT(drv_cr0(0, 0xc));
	EXPECT(drv_cr0(0, 0));
	EXPECT_EQ(active_errors(), 0);
	EXPECT(drv_cr0(1, 0));
}

static void clock_jumps(void)
{
	static const u8 variants[] = { 0, NO_MSI };
	/*
	 * One point in so many: in all, all of a loop's come up. Building the tables takes
	 * more of them the larger a table is.
	 */
	unsigned int step = effort > 1 ? 1 : PAGE_SHIFT == 12 ? 31 : 1009;
	u64 point, last;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		jump_at(0, false);
		model.points = 0;
		whole_life(variants[i]);
		last = model.points;
		for (point = 1; point <= last; point += step) {
			jump_at(point, false);
			whole_life(variants[i]);
			jump_at(point, true);
			whole_life(variants[i]);
		}
	}
	jump_at(0, false);
}

/*
 * Hardware that has stopped goes on, and completes all, while the CPU that waits for it is
 * stopped: wherever that is, what it waited for is done.
 */
static u64 jump_in_wait(u64 point)
{
	int ret;

	smmus[0].hang = true;
	model.points = 0;
	jump_at(point, true);
	model.jump_wakes = true;
	ret = try_donate(PAGE);
	jump_at(0, false);
	model.jump_wakes = false;
	if (point)
		EXPECT_EQ(ret, 0);
	else
		EXPECT_EQ(ret, -EIO);
	smmus[0].hang = false;
	hw_settle();
	if (point)
		EXPECT_EQ(give_back(PAGE), 0);

	return model.points;
}

static void clock_jumps_in_wait(void)
{
	u64 point, points, last;

	setup(0);
	points = jump_in_wait(0);
	/* Behind the last look nobody looks again: a few points before the end. */
	last = points - 40;
	EXPECT(points > 4000);
	for (point = 1; point <= last; point++) {
		jump_in_wait(point);
		if (effort <= 1 && point >= 200 && last - point >= 400)
			point += 96;
	}
}

const struct test tests_wait[] = {
	TEST(late_transition),
	TEST(late_command_of_another_transition),
	TEST(late_transitions_fill_queue),
	TEST(late_change_of_cr0),
	TEST(late_host_commands),
	TEST(late_takeover),
	TEST(dead_is_shown),
	TEST(service_failure_mode),
	TEST(clock_jumps),
	TEST(clock_jumps_in_wait),
	{}
};
