// SPDX-License-Identifier: GPL-2.0-only
/* Tests: the MSI that the hardware writes for a CMD_SYNC. */
#include "regress-msi.h"

/* Until the hardware has an MSI on its way. */
static void step_to_msi(void)
{
	unsigned int i;

	for (i = 0; i < 100 && !smmus[0].msi.active; i++)
		smmu_step(&smmus[0]);
	EXPECT(smmus[0].msi.active);
}

/* EL2 neither writes nor waits nor looks. */
static void hw_msi_is_not_looked_for(void)
{
	unsigned int i;
	u32 looks;
	u64 at;

	boot_and_init(0);
	hw_settle();
	looks = smmus[0].looks;
	smmus[0].hang = true;
	for (i = 1; i < 5; i++) {
		drv_put(0, i & 1 ? 0x10 : 0x12, 0);
		at = put_sync_msi(i);
		EXPECT_EQ(ring_once(), MMIO_DONE);
		EXPECT(!msi_is(at, i));
	}
	EXPECT_EQ(smmus[0].looks, looks);
	smmus[0].hang = false;
	hw_settle();
	EXPECT(msi_is(at, i - 1));
	EXPECT_EQ(smmus[0].msis, 4);
	EXPECT_EQ(smmus[0].looks, looks);
	EXPECT_EQ(behind(drv_prod(0)), 0);
}

/* Stage 1 of a device is gone when the MSI is there. */
static void hw_msi_means_done(void)
{
	unsigned int i, n;
	u64 at;

	boot_and_init(0);
	for (i = 1; i < 300; i++) {
		EXPECT(drv_bypass(0, 3));
		EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_DONE);
		drv_write_ste(0, 3, 1, 0);
		drv_put(0, 0x03 | 3ULL << 32, 1);
		at = put_sync_msi(i);
		EXPECT_EQ(ring_once(), MMIO_DONE);
		for (n = 0; n < 1000 && !msi_is(at, i); n++)
			smmu_step(&smmus[0]);
		EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_ABORTED);
	}
}

/*
 * CMDQ_CONS is where the hardware is, and never behind an MSI that is there, however
 * long nobody has looked: with EL2's commands in between, and with some that the
 * hardware does not get.
 */
static void hw_msi_and_cons(void)
{
	u32 pos[8] = {}, data = 1, i, n;
	struct hyp_smmu *smmu;
	u64 at[8] = {}, seq;

	boot_and_init(8);
	smmu = el2_smmu(0);
	for (n = 0; n < 4000; n++) {
		i = data % ARRAY_SIZE(at);
		if (model_rand(4)) {
			if (!model_rand(3))
				drv_put(0, 0x01, 0);
			at[i] = put_unmap(data++);
			pos[i] = drv_prod(0);
			drv_ring(0);
		}
		if (!model_rand(16))
			EXPECT_EQ(hyp_smmu_hwq_add_el2(smmu, arm_smmu_make_cmd_cfgi_all(), &seq),
				  0);
		/* The driver does not reuse the slot of an MSI that is not there. */
		for (i = model_rand(64); i; i--)
			smmu_step(&smmus[0]);
		i = data % ARRAY_SIZE(at);
		while (at[i] && !msi_is(at[i], data - ARRAY_SIZE(at)))
			smmu_step(&smmus[0]);
		if (model_rand(n < 2000 ? 4 : 400))
			continue;
		for (i = 1; i < ARRAY_SIZE(at) && i < data; i++) {
			u32 which = (data - i) % ARRAY_SIZE(at);

			if (msi_is(at[which], data - i))
				EXPECT(behind(drv_prod(0)) <=
				       ((drv_prod(0) - pos[which]) & ((2 << DRV_CMDQ_SHIFT) - 1)));
		}
	}
	EXPECT(drv_sync(0));
}

/* One by one, as the hardware consumes them. */
static void hw_msi_cons_is_exact(void)
{
	u64 consumed;
	u32 left;

	boot_and_init(8);
	hw_settle();
	consumed = smmus[0].consumed;
	smmus[0].hang = true;
	for (left = 0; left < 60; left += 2) {
		put_unmap(left);
		EXPECT_EQ(ring_once(), MMIO_DONE);
	}
	EXPECT_EQ(el2_smmu(0)->cmdq.nr_marks, 1);
	smmus[0].hang = false;
	while (left) {
		smmu_step(&smmus[0]);
		left = consumed + 60 - smmus[0].consumed;
		EXPECT_EQ(behind(drv_prod(0)), left);
	}
}

/* Commands that the hardware does not get: never ahead of those that it gets. */
static void hw_msi_cons_and_dropped(void)
{
	/* Of TLBI, SYNC, dropped, TLBI, dropped, SYNC, by what the hardware has consumed. */
	static const u8 most[] = { 0, 1, 3, 5, 6 }, least[] = { 0, 1, 2, 2, 6 };
	u64 consumed;
	u32 n, done;

	boot_and_init(8);
	hw_settle();
	consumed = smmus[0].consumed;
	smmus[0].hang = true;
	put_unmap(1);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	drv_put(0, 0x01, 0);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	drv_put(0, 0x12, 0x1000);
	drv_put(0, 0x01, 0);
	put_sync_msi(2);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	smmus[0].hang = false;
	do {
		n = smmus[0].consumed - consumed;
		done = 6 - behind(drv_prod(0));
		EXPECT(done >= least[n] && done <= most[n]);
		smmu_step(&smmus[0]);
	} while (n < 4);
}

/* As many as there is room for, then it waits, and nothing is lost. */
static void hw_msi_leaves_reserve(void)
{
	u64 at[64], seq;
	struct hyp_smmu *smmu;
	unsigned int i, n;

	boot_and_init(0);
	smmu = el2_smmu(0);
	smmus[0].hang = true;
	for (i = 0; i < HYP_SMMU_HWQ_RESERVE / 2; i++)
		EXPECT_EQ(hyp_smmu_hwq_add_el2(smmu, arm_smmu_make_cmd_cfgi_all(), &seq), 0);
	for (n = 0; n < ARRAY_SIZE(at); n++) {
		at[n] = put_unmap(n + 1);
		if (ring_once() != MMIO_DONE)
			break;
		EXPECT(hyp_smmu_hwq_used(&smmu->hwq) <= smmu->hwq.limit);
	}
	EXPECT(n < ARRAY_SIZE(at));
	EXPECT(hyp_smmu_hwq_used(&smmu->hwq) <= smmu->hwq.limit);
	smmus[0].hang = false;
	drv_ring(0);
	hw_settle();
	for (i = 0; i <= n; i++)
		EXPECT(msi_is(at[i], i + 1));
}

/* A mark for each, as EL2 has commands of its own in between. */
static void hw_msi_out_of_marks(void)
{
	u64 at[HYP_SMMU_MARKS + 1], seq;
	struct hyp_smmu *smmu;
	unsigned int i;

	boot_and_init(8);
	smmu = el2_smmu(0);
	hw_settle();
	read32(0, 0x9c);
	smmus[0].hang = true;
	for (i = 0; i < HYP_SMMU_MARKS; i++) {
		at[i] = put_unmap(i + 1);
		EXPECT_EQ(ring_once(), MMIO_DONE);
		EXPECT_EQ(hyp_smmu_hwq_add_el2(smmu, arm_smmu_make_cmd_cfgi_all(), &seq), 0);
	}
	EXPECT_EQ(smmu->cmdq.nr_marks, HYP_SMMU_MARKS);
	at[i] = put_unmap(i + 1);
	EXPECT_EQ(ring_once(), MMIO_AGAIN);
	smmus[0].hang = false;
	drv_ring(0);
	hw_settle();
	for (i = 0; i < ARRAY_SIZE(at); i++)
		EXPECT(msi_is(at[i], i + 1));
	EXPECT_EQ(behind(drv_prod(0)), 0);
}

/* Consumed is not written: only a later CMD_SYNC tells. */
static void hw_msi_before_cr0ack(void)
{
	u64 at;

	boot_and_init(0);
	smmus[0].hold_msi = true;
	at = put_unmap(7);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	step_to_msi();
	EXPECT_EQ(behind(drv_prod(0)), 0);
	smmus[0].hang = true;
	write32(0, 0x20, 0x5);
	EXPECT_EQ(read32(0, 0x24) & 0x8, 0x8);
	EXPECT_EQ(donate(HOST_CMDQ(0)), -EPERM);
	EXPECT(!msi_is(at, 7));
	smmus[0].hang = false;
	hw_settle();
	EXPECT_EQ(read32(0, 0x24) & 0x8, 0);
	EXPECT(msi_is(at, 7));
	EXPECT_EQ(donate(HOST_CMDQ(0)), 0);
	EXPECT_EQ(give_back(HOST_CMDQ(0)), 0);
}

/* Not even if there is no room for it at first. */
static void hw_msi_and_full_queue(void)
{
	struct hyp_smmu *smmu;
	u64 at, seq;

	boot_and_init(0);
	smmu = el2_smmu(0);
	hw_settle();
	smmus[0].hold_msi = true;
	at = put_unmap(7);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	step_to_msi();
	EXPECT_EQ(behind(drv_prod(0)), 0);
	while (hyp_smmu_hwq_used(&smmu->hwq) < BIT(smmu->hwq.shift))
		EXPECT_EQ(hyp_smmu_hwq_add_el2(smmu, arm_smmu_make_cmd_cfgi_all(), &seq), 0);
	write32(0, 0x20, 0x5);
	hw_settle();
	EXPECT_EQ(read32(0, 0x24) & 0x8, 0);
	EXPECT(msi_is(at, 7));
}

/* Nobody knows what hardware that has stopped still writes. */
static void hw_msi_of_dead_hw(void)
{
	boot_and_init(0);
	smmus[0].hold_msi = true;
	put_unmap(7);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	step_to_msi();
	EXPECT_EQ(behind(drv_prod(0)), 0);
	smmus[0].abort_next = true;
	EXPECT_EQ(donate(HOST_DATA(0)), -EIO);
	EXPECT(el2_smmu(0)->hwq.dead);
	write32(0, 0x20, 0x5);
	hw_settle();
	EXPECT_EQ(read32(0, 0x24) & 0x8, 0x8);
	EXPECT(donate(HOST_CMDQ(0)));
	EXPECT(host_has(HOST_CMDQ(0)));
	/* It goes on in spite of it. */
	smmus[0].msi.active = false;
}

/* An MSI that EL2 has to report is not overtaken; then it is the hardware's turn again. */
static void hw_msi_behind_el2s(void)
{
	u64 first, third, fourth;

	boot_and_init(0);
	smmus[0].hang = true;
	first = put_unmap(1);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	drv_put(0, SYNC_MSI(2), HOST_DATA(0));
	EXPECT_EQ(ring_once(), MMIO_AGAIN);
	third = put_unmap(3);
	EXPECT_EQ(ring_once(), MMIO_AGAIN);
	smmus[0].hang = false;
	hw_settle();
	EXPECT(msi_is(first, 1));
	EXPECT(!msi_is(third, 3));
	EXPECT_EQ(smmus[0].msis, 1);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	EXPECT(msi_is(third, 3));
	hw_settle();
	EXPECT_EQ(active_errors(), MSI_ABT);
	fourth = put_unmap(4);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	EXPECT(!msi_is(fourth, 4));
	hw_settle();
	EXPECT(msi_is(fourth, 4));
	EXPECT_EQ(smmus[0].msis, 2);
}

/* Of 32 bits or 64: only to the beginning of its own slot. Elsewhere EL2 writes it. */
static void hw_msi_into_own_slot(void)
{
	u64 at, last = HOST_CMDQ(0) + (16 << DRV_CMDQ_SHIFT) - 4;
	const int places[] = { 4, 8, 12, 16, -16, -4 };
	unsigned int i;
	u32 msis;

	boot_and_init(0);
	msis = smmus[0].msis;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		drv_put(0, 0x10, 0);
		at = drv_next(0) + places[i];
		drv_put(0, SYNC_MSI(i + 1), at);
		drv_ring(0);
		EXPECT_EQ(read32(0, 0x60), read32(0, 0x64));
		EXPECT_EQ(host_word(at), i + 1);
	}
	drv_put(0, SYNC_MSI(77), last);
	drv_ring(0);
	EXPECT_EQ(host_word(last), 77);
	EXPECT_EQ(smmus[0].msis, msis);
	at = put_sync_msi(78);
	drv_ring(0);
	hw_settle();
	EXPECT(msi_is(at, 78));
	EXPECT_EQ(smmus[0].msis, msis + 1);
}

/* Nobody looks whether the hardware goes on, until it interrupts the host. */
static void hw_msi_and_refused_command(void)
{
	u64 at;

	boot_and_init(0);
	smmus[0].refuse_op = 0x12;
	at = put_unmap(5);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	hw_settle();
	EXPECT_EQ(smmus[0].gerror_irqs, 1);
	EXPECT(!msi_is(at, 5));
	/* The host's queue has no error: EL2 has replaced the command. */
	EXPECT_EQ(active_errors(), 0);
	hw_settle();
	EXPECT(msi_is(at, 5));
}

/* Likewise where the error is EL2's way to interrupt. */
static void hw_msi_and_error(void)
{
	u64 first, second;
	u32 gerror;

	boot_and_init(0);
	hw_settle();
	smmus[0].hang = true;
	first = put_unmap(1);
	drv_put(0, 0x9b, 0);
	second = put_unmap(2);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	smmus[0].hang = false;
	hw_settle();
	EXPECT(msi_is(first, 1));
	EXPECT_EQ(smmus[0].gerror_irqs, 1);
	/* As an interrupt handler, which reads it once. */
	gerror = read32(0, 0x60);
	EXPECT_EQ(gerror ^ read32(0, 0x64), 1);
	host_store64(drv_next(0) - 48, 0x46);
	write32(0, 0x64, gerror);
	EXPECT(!msi_is(second, 2));
	hw_settle();
	EXPECT(msi_is(second, 2));
	EXPECT_EQ(active_errors(), 0);
}

/* It cannot be, unless the hardware is broken: then it is not EL2 that suffers. */
static void hw_msi_aborts(void)
{
	u64 at;

	boot_and_init(0);
	smmus[0].abort_msi = true;
	put_unmap(1);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	hw_settle();
	EXPECT_EQ((smmus[0].gerror ^ smmus[0].gerrorn) & MSI_ABT, MSI_ABT);
	EXPECT_EQ(active_errors(), 0);
	write32(0, 0x64, ~read32(0, 0x60));
	EXPECT_EQ(active_errors(), 0);
	at = put_unmap(2);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	hw_settle();
	EXPECT(msi_is(at, 2));
	EXPECT(drv_sync(0));
	EXPECT_EQ(donate(HOST_DATA(0)), 0);
	EXPECT_EQ(give_back(HOST_DATA(0)), 0);
	drv_disable(0);
	EXPECT_EQ(donate(HOST_CMDQ(0)), 0);
}

const struct test tests_hw_msi[] = {
	TEST(hw_msi_is_not_looked_for),
	TEST(hw_msi_means_done),
	TEST(hw_msi_and_cons),
	TEST(hw_msi_cons_is_exact),
	TEST(hw_msi_cons_and_dropped),
	TEST(hw_msi_leaves_reserve),
	TEST(hw_msi_out_of_marks),
	TEST(hw_msi_before_cr0ack),
	TEST(hw_msi_and_full_queue),
	TEST(hw_msi_of_dead_hw),
	TEST(hw_msi_behind_el2s),
	TEST(hw_msi_into_own_slot),
	TEST(hw_msi_and_refused_command),
	TEST(hw_msi_and_error),
	TEST(hw_msi_aborts),
	{}
};
