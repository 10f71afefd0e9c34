// SPDX-License-Identifier: GPL-2.0-only
/* Tests: devices that cache translations. IHI0070G.b 3.9, 4.5 */
#include "hyp/smmu.h"
#include "regress.h"

#define SID		3
#define PAGE		HOST_DATA(0)
#define VA		0x7000000ULL

#define EATS(n)		((u64)(n) << 28)
#define STAGE1		(0xb | HOST_CD(0))
#define BYPASS		0x9

#define ATC_INV		(0x40 | (u64)SID << 32)
#define ALL		52
#define SYNC		0x46

/* Of a machine without split-stage ATS, and without any. */
#define NS1ATS		0x0c
#define NO_ATS		0x02

static const struct dma dma = { .sid = SID, .write = true, .asid = 1, .va = VA, };

static bool request(u64 ipa)
{
	struct dma d = dma;

	d.ipa = ipa;

	return smmu_ats_request(&smmus[0], &d);
}

/* The device has cached a translation to a page, and uses that. */
static enum dma_result use(u64 addr)
{
	unsigned int n;

	for (n = 0; n < NR_ATC; n++) {
		if (smmus[0].atc[n].valid && smmus[0].atc[n].addr == addr)
			return smmu_ats_use(&smmus[0], n, true, false);
	}

	return DMA_ABORTED;
}

/* It says that an address of its choice has been translated. */
static enum dma_result forge(u64 addr, bool fly)
{
	struct dma d = dma;

	d.translated = true;
	d.ipa = addr;

	return smmu_dma(&smmus[0], &d, fly);
}

static u32 hw_eats(void)
{
	u64 dw[8] = {};

	smmu_get_ste(&smmus[0], SID, dw);

	return dw[1] >> 28 & 3;
}

static void setup(u8 variant)
{
	boot_and_init(variant);
	EXPECT(drv_ste(0, SID, STAGE1, 0xd4 | EATS(1)));
}

static void full_ats_becomes_split(void)
{
	setup(0);
	EXPECT_EQ(hw_eats(), 2);
	EXPECT_EQ(smmus[0].cr0ack & 0x10, 0x10);
	EXPECT(request(PAGE));
	EXPECT_EQ(use(PAGE), DMA_DONE);
	/* Of what is not the host's the device gets none, and makes none up. */
	EXPECT(!request(page_phys(4)));
	EXPECT_EQ(forge(page_phys(4), false), DMA_ABORTED);
	EXPECT_EQ(forge(SMMU_MMIO(0), false), DMA_ABORTED);
	EXPECT_EQ(forge(PAGE, false), DMA_DONE);
	/* Only ATSCHK of the hardware's counts, and that stays. */
	EXPECT(drv_cr0(0, 0x1d));
	EXPECT(drv_cr0(0, 0xd));
	EXPECT_EQ(smmus[0].cr0ack & 0x10, 0x10);
	EXPECT_EQ(forge(page_phys(4), false), DMA_ABORTED);
	/* It is not there any more for an STE that does not ask for it. */
	EXPECT(drv_ste(0, SID, STAGE1, 0xd4));
	EXPECT_EQ(hw_eats(), 0);
	EXPECT(!request(PAGE));
	EXPECT_EQ(use(PAGE), DMA_ABORTED);
}

static void ats_takes_stage1(void)
{
	static const u64 dw0[] = { BYPASS, 0x1, 0x0 };
	unsigned int i, eats;

	setup(0);
	for (i = 0; i < ARRAY_SIZE(dw0); i++) {
		EXPECT(drv_ste(0, SID, dw0[i], EATS(1)));
		EXPECT_EQ(hw_eats(), 0);
		EXPECT(!request(PAGE));
		EXPECT_EQ(forge(PAGE, false), DMA_ABORTED);
		EXPECT_EQ(dev_dma(0, SID, PAGE), i ? DMA_ABORTED : DMA_DONE);
	}
	/* Split-stage takes a stage 2, and the host has none. */
	for (eats = 2; eats < 4; eats++) {
		EXPECT(drv_ste(0, SID, STAGE1, EATS(eats)));
		EXPECT_EQ(hw_eats(), 0);
		EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
	}
}

static void hardware_without_split_stage(void)
{
	static const u8 variants[] = { NS1ATS, NO_ATS };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		setup(variants[i]);
		EXPECT_EQ(read32(0, 0x00) & (1 << 10), 0);
		EXPECT_EQ(hw_eats(), 0);
		EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
		EXPECT_EQ(forge(PAGE, false), DMA_ABORTED);
		EXPECT_EQ(try_cmd(ATC_INV, ALL), ILL);
	}
	setup(0);
	EXPECT_EQ(read32(0, 0x00) & (3 << 10), 1 << 10);
}

/* Nobody tells the device that a page has left. */
static void page_leaves_and_returns(void)
{
	setup(0);
	EXPECT(request(PAGE));
	EXPECT_EQ(use(PAGE), DMA_DONE);
	EXPECT_EQ(donate(PAGE), 0);
	EXPECT_EQ(use(PAGE), DMA_ABORTED);
	EXPECT(!request(PAGE));
	EXPECT_EQ(smmus[0].ops[0x40], 0);
	EXPECT_EQ(give_back(PAGE), 0);
	EXPECT_EQ(use(PAGE), DMA_DONE);
	/* A transaction that is on its way is over before the page is gone. */
	EXPECT_EQ(forge(PAGE, true), DMA_FLYING);
	EXPECT_EQ(donate(PAGE), 0);
	EXPECT_EQ(forge(PAGE, true), DMA_ABORTED);
	oracle_full();
}

static void atc_inv_fields(void)
{
	static const struct {
		u64 dw0, dw1;
		u32 err;
	} cmds[] = {
		{ ATC_INV, ALL, 0 },
		{ ATC_INV, VA | 0, 0 },
		{ ATC_INV, ALL + 1, ILL },
		{ ATC_INV, 0x3f, ILL },
		{ ATC_INV, ALL | 0x40, ILL },
		{ ATC_INV, ALL | 0x800, ILL },
		{ ATC_INV | 1 << 8, ALL, ILL },
		{ ATC_INV | 1 << 10, ALL, ILL },
		{ ATC_INV | 1 << 11 | 3 << 12, ALL, 0 },
		{ ATC_INV | 1 << 11 | 1 << 9, ALL, 0 },
		/* Ignored without SSV. */
		{ ATC_INV | 1 << 9 | 0xfffff000ULL, ALL, 0 },
	};
	unsigned int i, before;

	setup(0);
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		before = smmus[0].ops[0x40];
		EXPECT_EQ(try_cmd(cmds[i].dw0, cmds[i].dw1), cmds[i].err);
		EXPECT_EQ(smmus[0].ops[0x40] - before, !cmds[i].err);
	}
	/* No stream, no substream. */
	before = smmus[0].ops[0x40];
	EXPECT_EQ(try_cmd(0x40 | 1ULL << 60, ALL), 0);
	EXPECT_EQ(try_cmd(ATC_INV | 1 << 11 | 0xfffff000, ALL), 0);
	EXPECT_EQ(smmus[0].ops[0x40], before);
}

static void atc_inv_drops_translations(void)
{
	setup(0);
	EXPECT(request(PAGE));
	EXPECT_EQ(use(PAGE), DMA_DONE);
	EXPECT(drv_cmd(0, ATC_INV, (VA + 0x1000)));
	EXPECT(drv_sync(0));
	EXPECT_EQ(use(PAGE), DMA_DONE);
	drv_put(0, ATC_INV, VA);
	EXPECT(drv_cmd(0, SYNC, 0));
	EXPECT_EQ(use(PAGE), DMA_ABORTED);
}

/* Devices do not answer: the error is at the host's CMD_SYNC, and that can be repeated. */
static void silent_device_of(u8 variant, u8 reports)
{
	u32 at, irqs;

	setup(variant);
	smmus[0].atc_silent = reports;
	irqs = smmus[0].gerror_irqs;
	drv_put(0, ATC_INV, ALL);
	drv_put(0, ATC_INV | 1ULL << 32, VA);
	drv_put(0, 0x10, 0);
	at = drv_prod(0);
	drv_put(0, SYNC, 0);
	drv_put(0, 0x10, 0);
	EXPECT(!drv_cmd(0, SYNC, 0));
	EXPECT_EQ(drv_cmdq_err(0), 3);
	EXPECT_EQ(read32(0, 0x9c) & 0xfffff, at);
	EXPECT(smmus[0].gerror_irqs > irqs);
	EXPECT(!el2_smmu(0)->hwq.dead);
	/* EL2's own commands are not held up, and find no error. */
	EXPECT_EQ(donate(PAGE), 0);
	EXPECT_EQ(give_back(PAGE), 0);
	EXPECT_EQ(read32(0, 0x9c) & 0xfffff, at);
	/* As the driver does: it acknowledges, and the CMD_SYNC is there still. */
	write32(0, 0x64, read32(0, 0x60));
	EXPECT_EQ(drv_cmdq_err(0), 0);
	EXPECT(drv_sync(0));
	smmus[0].atc_silent = 0;
	EXPECT_EQ(try_cmd(ATC_INV, ALL), 0);
	EXPECT(drv_sync(0));
}

static void silent_device(void)
{
	silent_device_of(0, 1);
	silent_device_of(0, 4);
	silent_device_of(8, 1);
	/* Refused, without MSIs, not coherent. */
	silent_device_of(0x20, 2);
}

/* What comes between the ATC_INV and the CMD_SYNC of the host's does not get the error. */
static void error_waits_for_cmd_sync(void)
{
	u64 msi, word;

	setup(0);
	smmus[0].atc_silent = 1;
	EXPECT(drv_cmd(0, ATC_INV, ALL));
	EXPECT(drv_cmd(0, 0x10, 0));
	EXPECT(!drv_sync(0));
	EXPECT_EQ(drv_cmdq_err(0), 3);
	write32(0, 0x64, read32(0, 0x60));
	EXPECT(drv_sync(0));

	EXPECT(drv_cmd(0, ATC_INV, ALL));
	EXPECT_EQ(donate(PAGE), 0);
	EXPECT_EQ(give_back(PAGE), 0);
	EXPECT(drv_cmd(0, 0x10, 0));
	drv_write_ste(0, SID + 1, BYPASS, 0);
	EXPECT(drv_cmd(0, 0x03 | (u64)(SID + 1) << 32, 1));
	EXPECT_EQ(dev_dma(0, SID + 1, PAGE), DMA_DONE);
	smmus[0].atc_silent = 0;
	EXPECT(drv_cmd(0, ATC_INV, ALL));
	EXPECT_EQ(drv_cmdq_err(0), 0);
	/* Its MSI is not written before it succeeds. */
	msi = drv_next(0);
	EXPECT(!drv_cmd(0, SYNC | 1 << 12 | 0xfcULL << 20 | 0x5a5a5a5aULL << 32, msi));
	EXPECT_EQ(drv_cmdq_err(0), 3);
	EXPECT(host_load64(msi, &word));
	EXPECT((u32)word != 0x5a5a5a5a);
	EXPECT_EQ(read32(0, 0x9c) & 0xfffff, drv_prod(0) - 1);
	write32(0, 0x64, read32(0, 0x60));
	EXPECT(drv_sync(0));
	EXPECT(host_load64(msi, &word));
	EXPECT_EQ((u32)word, 0x5a5a5a5a);
}

/* A host that starts anew does not hear of it. */
static void error_ends_with_queue(void)
{
	setup(0);
	smmus[0].atc_silent = 1;
	EXPECT(drv_cmd(0, ATC_INV, ALL));
	EXPECT(drv_cmd(0, 0x10, 0));
	drv_init(0);
	EXPECT_EQ(drv_cmdq_err(0), 0);
	EXPECT(drv_sync(0));
	/* The same before EL2 has looked. */
	drv_put(0, ATC_INV, ALL);
	drv_ring(0);
	drv_init(0);
	EXPECT_EQ(drv_cmdq_err(0), 0);
	EXPECT(drv_sync(0));
	smmus[0].atc_silent = 0;
	EXPECT(drv_cmd(0, ATC_INV, ALL));
	EXPECT(drv_sync(0));
}

static enum mmio_result ring_once(void)
{
	u64 prod = drv_prod(0);

	return host_mmio(0, 0x98, 4, true, &prod);
}

/* A device that takes long: nothing fails that need not, and nothing is lost. */
static void slow_device(void)
{
	struct hyp_smmu *smmu;
	unsigned int n;

	setup(0);
	smmu = el2_smmu(0);
	smmus[0].atc_slow = true;
	drv_put(0, ATC_INV, ALL);
	drv_put(0, SYNC, 0);
	EXPECT_EQ(ring_once(), MMIO_AGAIN);
	EXPECT_EQ(ring_once(), MMIO_AGAIN);
	/* It and EL2's CMD_SYNC: a transition has no more before it. */
	EXPECT(smmu->hwq.submitted - smmu->hwq.consumed <= 2);
	EXPECT_EQ(donate(PAGE), -EIO);
	EXPECT(host_has(PAGE));
	EXPECT(!smmu->hwq.dead);
	/* The host's CPU is not held for longer than a second. */
	for (n = 0; n < 2000 && ring_once() == MMIO_AGAIN; n++)
		;
	EXPECT(n < 2000);
	EXPECT_EQ(drv_cmdq_err(0), 0);
	smmus[0].atc_slow = false;
	hw_settle();
	EXPECT_EQ(donate(PAGE), 0);
	/* A look at GERROR is enough for it to go on. */
	EXPECT_EQ(drv_cmdq_err(0), 0);
	hw_settle();
	EXPECT_EQ(smmu->regs.val[SMMU_REG_CMDQ_PROD], smmu->cmdq.fetch);
	EXPECT_EQ(read32(0, 0x9c), drv_prod(0));
}

/* An error of that kind where no ATC_INV is waited for is none that there can be. */
static void error_without_atc_inv(void)
{
	setup(0);
	smmus[0].hang = true;
	drv_put(0, SYNC, 0);
	drv_ring(0);
	smmus[0].hang = false;
	smmus[0].cmdq_cons |= 3 << 24;
	smmus[0].gerror ^= 1;
	read32(0, 0x60);
	EXPECT(el2_smmu(0)->hwq.dead);
	EXPECT_EQ(donate(PAGE), -EIO);
	EXPECT(host_has(PAGE));
}

/* As many as the host likes, more than there are slots for. */
static void many_atc_invs(void)
{
	unsigned int i;

	setup(0);
	for (i = 0; i < 200; i++)
		drv_put(0, ATC_INV, i & 1 ? ALL : VA);
	drv_put(0, SYNC, 0);
	drv_ring(0);
	EXPECT(drv_sync(0));
	EXPECT_EQ(smmus[0].ops[0x40], 200);
	for (i = 0; i < 40; i++) {
		drv_put(0, ATC_INV, VA);
		drv_put(0, SYNC, 0);
	}
	drv_ring(0);
	EXPECT(drv_sync(0));
	EXPECT_EQ(smmus[0].ops[0x40], 240);
}

/* There is no room for one. */
static void atc_inv_behind_full_queue(void)
{
	struct hyp_smmu_hwq *q;
	unsigned int i;

	setup(0);
	q = &el2_smmu(0)->hwq;
	smmus[0].hang = true;
	for (i = q->limit; i; i--)
		drv_put(0, 0x10, 0);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	drv_put(0, ATC_INV, ALL);
	EXPECT_EQ(ring_once(), MMIO_AGAIN);
	EXPECT_EQ(hyp_smmu_hwq_used(q), q->limit);
	smmus[0].hang = false;
	EXPECT(drv_sync(0));
	EXPECT_EQ(smmus[0].ops[0x40], 1);
}

/* Hardware that takes one for illegal loses it, and nothing else. */
static void atc_inv_is_refused(void)
{
	setup(0);
	smmus[0].refuse_op = 0x40;
	EXPECT_EQ(try_cmd(ATC_INV, ALL), 0);
	EXPECT(drv_sync(0));
	EXPECT(!el2_smmu(0)->hwq.dead);
	smmus[0].refuse_op = 0;
	EXPECT_EQ(donate(PAGE), 0);
}

static void ats_after_suspend(void)
{
	setup(0);
	EXPECT(request(PAGE));
	smmus[0].atc_slow = true;
	drv_put(0, ATC_INV, ALL);
	drv_ring(0);
	hyp_iommu_suspend();
	smmus[0].atc_slow = false;
	EXPECT_EQ(host_wake(3, true), 0);
	EXPECT_EQ(smmus[0].cr0ack & 0x10, 0x10);
	EXPECT_EQ(hw_eats(), 2);
	EXPECT_EQ(forge(page_phys(4), false), DMA_ABORTED);
	EXPECT_EQ(use(PAGE), DMA_DONE);
	EXPECT(!drv_sync(0));
	EXPECT_EQ(drv_cmdq_err(0), 3);
	write32(0, 0x64, read32(0, 0x60));
	EXPECT(drv_sync(0));
}

/* It has kept what it was about, and a CMD_SYNC of EL2's hears that a device is silent. */
static void silent_device_during_suspend(void)
{
	setup(0);
	smmus[0].atc_slow = true;
	drv_put(0, ATC_INV, ALL);
	drv_ring(0);
	hyp_iommu_suspend();
	smmus[0].atc_slow = false;
	smmus[0].atc_silent = 2;
	EXPECT_EQ(host_wake(0, true), 0);
	EXPECT(!el2_smmu(0)->hwq.dead);
	EXPECT(!drv_sync(0));
	EXPECT_EQ(drv_cmdq_err(0), 3);
	write32(0, 0x64, read32(0, 0x60));
	EXPECT(drv_sync(0));
	EXPECT_EQ(donate(PAGE), 0);
}

/*
 * EATS beside stage 2 alone is ILLEGAL: between the two no transaction aborts, whichever
 * dwords the SMMU has read before the other ones.
 */
static void updates_with_ats_are_hitless(void)
{
	static const u64 eats[] = { EATS(1), 0, EATS(1) };
	unsigned int i;

	setup(0);
	model.random = true;
	for (i = 0; i < 300; i++) {
		u64 dw0 = i & 1 ? STAGE1 : BYPASS;

		smmu_prefetch_ste(&smmus[0], SID);
		smmu_step_fetch(&smmus[0]);
		EXPECT(drv_ste(0, SID, dw0, 0xd6 | eats[i % 3]));
		EXPECT(dev_dma(0, SID, PAGE) != DMA_ABORTED);
		EXPECT_EQ(hw_eats(), dw0 == BYPASS || !eats[i % 3] ? 0 : 2);
		oracle_full();
	}
}

/* What was read before the first step does not meet what the second one has written. */
static void update_from_ats_is_hitless(void)
{
	struct hyp_smmu *smmu;
	unsigned int i;

	setup(0);
	smmu = el2_smmu(0);
	/* All dwords but the first. */
	smmu_prefetch_ste(&smmus[0], SID);
	for (i = 0; i < 7; i++)
		smmu_step_fetch(&smmus[0]);
	smmus[0].hold_fetch = true;
	smmus[0].hang = true;
	drv_write_ste(0, SID, BYPASS, 0xd4 | EATS(1));
	drv_put(0, 0x03 | (u64)SID << 32, 1);
	EXPECT_EQ(ring_once(), MMIO_AGAIN);
	smmus[0].hang = false;
	while (!hyp_smmu_hwq_done(smmu, smmu->step_seq))
		smmu_step(&smmus[0]);
	smmus[0].hang = true;
	EXPECT_EQ(ring_once(), MMIO_DONE);
	smmus[0].hold_fetch = false;
	smmu_step_fetch(&smmus[0]);
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_DONE);
	smmus[0].hang = false;
	EXPECT(drv_sync(0));
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_DONE);
}

/* The two steps of an update, where the hardware stops in between. */
static void update_with_ats_waits(void)
{
	unsigned int n;

	setup(0);
	EXPECT(drv_ste(0, SID, BYPASS, EATS(1)));
	smmus[0].hang = true;
	drv_write_ste(0, SID, STAGE1, EATS(1));
	drv_put(0, 0x03 | (u64)SID << 32, 1);
	drv_put(0, SYNC, 0);
	for (n = 0; n < 2000 && ring_once() == MMIO_AGAIN; n++)
		;
	EXPECT(n < 2000);
	EXPECT_EQ(hw_eats(), 0);
	smmus[0].hang = false;
	EXPECT(drv_sync(0));
	EXPECT_EQ(hw_eats(), 2);

	/* SMMUEN is set, and the table changes meanwhile. */
	EXPECT(drv_cr0(0, 0xc));
	EXPECT(drv_cr0(0, 0xd));
	EXPECT_EQ(hw_eats(), 2);
}

/* Of a dead SMMU no access waits for a second step. */
static void update_with_ats_of_dead_smmu(void)
{
	u64 val = 0xd;

	setup(0);
	EXPECT(drv_ste(0, SID, BYPASS, EATS(1)));
	smmus[0].gerror ^= 0x100;
	drv_write_ste(0, SID, STAGE1, EATS(1));
	drv_put(0, 0x03 | (u64)SID << 32, 1);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	EXPECT_EQ(read32(0, 0x60) & 0x100, 0x100);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	EXPECT_EQ(host_mmio(0, 0x20, 4, true, &val), MMIO_DONE);
}

/* A device does not answer: the system does not suspend, and the SMMU does not die of it. */
static void slow_device_over_suspend(void)
{
	setup(0);
	smmus[0].atc_slow = true;
	drv_put(0, ATC_INV, ALL);
	drv_ring(0);
	EXPECT_EQ(hyp_iommu_suspend(), -EBUSY);
	EXPECT_EQ(__pkvm_iommu_test_suspend(), -EBUSY);
	EXPECT(!el2_smmu(0)->hwq.dead);
	smmus[0].atc_slow = false;
	EXPECT_EQ(hyp_iommu_suspend(), 0);
	EXPECT_EQ(host_wake(0, true), 0);
	EXPECT_EQ(donate(PAGE), 0);
}

/* The reset drops an ATC_INV, by a CPU that comes back: it is not reported as done. */
static void lost_atc_inv(void)
{
	setup(0);
	EXPECT(request(PAGE));
	EXPECT_EQ(use(PAGE), DMA_DONE);
	smmus[0].atc_slow = true;
	drv_put(0, ATC_INV, ALL);
	drv_ring(0);
	hyp_iommu_suspend();
	smmus[0].atc_slow = false;
	EXPECT_EQ(host_wake(3, true), 0);
	EXPECT(!drv_sync(0) || use(PAGE) == DMA_ABORTED);
}

static u64 hw_cfg(void)
{
	u64 dw[8] = {};

	smmu_get_ste(&smmus[0], SID, dw);

	return dw[0] >> 1 & 7;
}

static void setup_wide(void)
{
	setup(0xc0);
	drv_fill_strtab(0);
	EXPECT(drv_ste(0, SID, STAGE1, 0xd4 | EATS(1)));
	EXPECT_EQ(hw_cfg(), 7);
	EXPECT_EQ(hw_eats(), 2);
}

/* The scan takes several traps, and each STE makes its second step. */
static void steps_of_long_scan(void)
{
	setup_wide();
	drv_write_ste(0, SID, BYPASS, 0);
	EXPECT(drv_cmd(0, 0x04, 31));
	EXPECT(drv_sync(0));
	EXPECT_EQ(hw_cfg(), 6);
	drv_write_ste(0, SID, STAGE1, 0xd4 | EATS(1));
	EXPECT(drv_cmd(0, 0x04, 31));
	EXPECT(drv_sync(0));
	EXPECT_EQ(hw_cfg(), 7);
	EXPECT_EQ(hw_eats(), 2);
}

/* SMMUEN is not set in the end: no stream passes. */
static void enable_with_step(bool gives_up)
{
	u64 val = 0xd;
	unsigned int n;

	setup_wide();
	EXPECT(drv_cr0(0, 0xc));
	drv_write_ste(0, SID, BYPASS, 0);
	EXPECT_EQ(host_mmio(0, 0x20, 4, true, &val), MMIO_AGAIN);
	EXPECT_EQ(el2_smmu(0)->enable_scan.active, 1);
	EXPECT_EQ(hw_cfg(), 6);
	/* Another CPU: most of the table goes, and the STE changes. */
	for (n = 3; n < 128; n++)
		host_store64(HOST_STRTAB(0) + n * 8, 0);
	drv_write_ste(0, SID, STAGE1, 0xd4 | EATS(1));
	drv_put(0, 0x03 | (u64)SID << 32, 1);
	EXPECT_EQ(ring_once(), MMIO_DONE);
	smmus[0].hang = true;
	EXPECT_EQ(host_mmio(0, 0x20, 4, true, &val), MMIO_AGAIN);
	for (n = 0; !gives_up && n < 2000; n++) {
		if (host_mmio(0, 0x20, 4, true, &val) == MMIO_DONE)
			break;
	}
	EXPECT(n < 2000);
	if (gives_up) {
		val = 0xc;
		EXPECT_EQ(host_mmio(0, 0x20, 4, true, &val), MMIO_DONE);
	}
	smmus[0].hang = false;
	hw_settle();
	EXPECT_EQ(read32(0, 0x20) & 1, 0);
	EXPECT_EQ(read32(0, 0x24) & 1, 0);
	hw_settle();
	EXPECT_EQ(dev_dma(0, SID, PAGE), DMA_ABORTED);
}

static void enable_with_step_is_abandoned(void)
{
	enable_with_step(true);
}

static void enable_with_step_is_late(void)
{
	enable_with_step(false);
}

static u64 slow_since;

/* A command in 0.9 seconds: as a device answers, by whose tags the hardware waits. */
static void slow_step(void)
{
	if (smmus[0].hang && model.time - slow_since > 14400) {
		slow_since = model.time;
		model.polls = 0;
		smmus[0].hang = false;
		smmu_step_cmdq(&smmus[0]);
		smmu_step_cmdq(&smmus[0]);
		smmus[0].hang = true;
	}
}

static void slow_devices_one_by_one(void)
{
	unsigned int i;
	u64 time;
	int ret;

	setup(8);
	hw_settle();
	smmus[0].hang = true;
	for (i = 0; i < 200; i++)
		drv_put(0, ATC_INV, VA);
	ring_once();
	time = model.time;
	slow_since = time;
	model.at_point = slow_step;
	ret = donate(PAGE);
	model.at_point = NULL;
	smmus[0].hang = false;
	EXPECT_EQ(ret, -EIO);
	EXPECT((model.time - time) / 16000 <= 2);
}

const struct test tests_ats[] = {
	TEST(slow_devices_one_by_one),
	TEST(slow_device_over_suspend),
	TEST(lost_atc_inv),
	TEST(steps_of_long_scan),
	TEST(enable_with_step_is_abandoned),
	TEST(enable_with_step_is_late),
	TEST(full_ats_becomes_split),
	TEST(ats_takes_stage1),
	TEST(hardware_without_split_stage),
	TEST(page_leaves_and_returns),
	TEST(atc_inv_fields),
	TEST(atc_inv_drops_translations),
	TEST(silent_device),
	TEST(error_waits_for_cmd_sync),
	TEST(error_ends_with_queue),
	TEST(slow_device),
	TEST(error_without_atc_inv),
	TEST(many_atc_invs),
	TEST(atc_inv_behind_full_queue),
	TEST(atc_inv_is_refused),
	TEST(ats_after_suspend),
	TEST(silent_device_during_suspend),
	TEST(updates_with_ats_are_hitless),
	TEST(update_from_ats_is_hitless),
	TEST(update_with_ats_waits),
	TEST(update_with_ats_of_dead_smmu),
	{}
};
