// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operations of the fuzzer: mostly what a host would do, with something in it
 * that no host should.
 */
#include <asm/esr.h>
#include <asm/sysreg.h>

#include "fuzz.h"
#include "hyp/smmu.h"

static unsigned int pick_smmu(void)
{
	return fuzz_below(nr_smmus);
}

/* Any page, data of the host's most of the time. */
static u64 pick_page(void)
{
	switch (fuzz_below(8)) {
	case 0:
		return host_page(fuzz_below(20));
	case 1:
		return page_phys(fuzz_below(RAM_PAGES));
	default:
		return HOST_DATA(fuzz_below(NR_HOST_DATA));
	}
}

static u64 pick_phys(void)
{
	switch (fuzz_below(16)) {
	case 0:
		return fuzz_u64() & ~0x3fULL;
	case 1:
		return SMMU_MMIO(fuzz_below(NR_SMMUS)) + fuzz_below(0x20) * PAGE_SIZE;
	case 2:
		return RAM0_BASE + (u64)fuzz_below(0x300) * PAGE_SIZE;
	case 3:
		return fuzz_u32();
	default:
		return pick_page();
	}
}

/* Few streams, so that things happen to the same one. */
static u32 pick_sid(unsigned int i)
{
	static const u8 sids[] = { 0, 1, 2, 3, 63, 64, 65, 129 };

	if (fuzz_chance(8))
		return fuzz_u32() & ((2U << smmu_sid_bits(&smmus[i])) - 1);

	return sids[fuzz_below(ARRAY_SIZE(sids))];
}

static u64 flip_some(u64 val)
{
	while (fuzz_chance(3))
		val ^= 1ULL << fuzz_below(64);

	return val;
}

/*
 * Registers.
 */

static const u32 offsets[] = {
	0x20, 0x24, 0x50, 0x60, 0x64, 0x80, 0x88, 0x90, 0x98, 0x9c, 0xa0,
	0x100a8, 0x100ac, 0x28, 0x2c, 0x44, 0x54, 0x84, 0x94, 0xa4, 0x00, 0x04, 0x08, 0x0c,
	0x10, 0x14, 0x18, 0x1c, 0x68, 0xb0, 0xc0, 0xd0, 0x100, 0x100c8, 0x180, 0x10020,
	0x70, 0x74, 0xb8, 0xbc,
};

static u32 pick_offset(void)
{
	switch (fuzz_below(8)) {
	case 0:
		return offsets[fuzz_below(ARRAY_SIZE(offsets))];
	case 1:
		return fuzz_u32() % 0x21000;
	default:
		return offsets[fuzz_below(13)];
	}
}

/* Where an MSI may go, or would go if EL2 let it. */
static u64 pick_doorbell(void)
{
	switch (fuzz_below(4)) {
	case 0:
		return pick_phys();
	case 1:
		return flip_some(ITS_DOORBELL(0));
	default:
		return fuzz_chance(8) ? FAR_DOORBELL : ITS_DOORBELL(fuzz_below(3));
	}
}

static u64 pick_value(unsigned int i, u32 off)
{
	u32 sid_bits = smmu_sid_bits(&smmus[i]);

	if (fuzz_chance(8))
		return fuzz_u64();

	switch (off) {
	case 0x20:
		return fuzz_chance(8) ? fuzz_byte() & 0xd : 0xd;
	case 0x50:
		return fuzz_byte() & 5;
	case 0x68:
	case 0xb0:
	case 0xd0:
		return pick_doorbell();
	case 0x64:
		return smmus[i].gerror | fuzz_below(2);
	case 0x80:
		return fuzz_chance(8) ? pick_phys() : HOST_STRTAB(i);
	case 0x88:
		return fuzz_below(4) ? sid_bits | 1 << 16 | 6 << 6 : fuzz_u32();
	case 0x90:
		return (fuzz_chance(4) ? pick_phys() : HOST_CMDQ(i)) | fuzz_below(10);
	case 0xa0:
		return (fuzz_chance(4) ? pick_phys() : HOST_EVTQ(i)) | fuzz_below(10);
	default:
		return fuzz_below(16);
	}
}

static void do_mmio(const struct fuzz_job *job)
{
	u64 val = job->val;
	unsigned int n = 0;

	while (host_mmio(job->smmu, job->off, job->size, job->write, &val) == MMIO_AGAIN) {
		/* The host has better things to do, now and then. */
		if (++n > 3 && job->kind)
			return;
		val = job->val;
		model_relax();
	}
	model.polls = 0;
}

static void job_write(struct fuzz_job *job)
{
	job->fn = do_mmio;
	job->smmu = pick_smmu();
	job->off = pick_offset();
	job->size = job->off % 8 || !fuzz_chance(2) ? 4 : 8;
	if (job->off == 0x80 || job->off == 0x90 || job->off == 0xa0 ||
	    job->off == 0x68 || job->off == 0xb0)
		job->size = fuzz_chance(8) ? 4 : 8;
	job->off &= ~(job->size - 1);
	job->val = pick_value(job->smmu, job->off);
	job->write = true;
	job->kind = fuzz_below(2);
}

static void job_read(struct fuzz_job *job)
{
	job_write(job);
	job->write = false;
}

static void do_irq(const struct fuzz_job *job)
{
	u32 on = job->kind & 1 ? 0x1 : 0x4;

	if (drv_irq_ctrl(job->smmu, job->kind & 2 ? 0 : on))
		drv_msi(job->smmu, job->off, job->val, job->phys);
	drv_irq_ctrl(job->smmu, 0x5);
	model.polls = 0;
}

/* A driver sets the MSI of an interrupt. */
static void job_irq(struct fuzz_job *job)
{
	job->fn = do_irq;
	job->smmu = pick_smmu();
	job->off = fuzz_below(2) ? 0x68 : 0xb0;
	job->val = pick_doorbell();
	job->phys = fuzz_byte();
	job->kind = fuzz_below(4);
}

static void do_trap(const struct fuzz_job *job)
{
	u64 val = job->val;

	*model_sysreg(SYS_SPSR) = job->phys;
	model_late_traps = job->write;
	host_trap(job->smmu, job->off, job->esr, &val);
	model_late_traps = false;
	*model_sysreg(SYS_SPSR) = 0;
}

/* Syndromes as hardware may give them. */
static void job_trap(struct fuzz_job *job)
{
	job->fn = do_trap;
	job->smmu = pick_smmu();
	job->off = pick_offset();
	job->val = fuzz_u64();
	job->esr = fuzz_u32() & ~(31ULL << ESR_ELx_SRT_SHIFT);
	if (!fuzz_chance(4))
		job->esr = (job->esr & 0x3ffffff & ~0x3fULL) | 0x07 | ESR_ELx_ISV |
			   (u64)ESR_ELx_EC_DABT_LOW << ESR_ELx_EC_SHIFT;
	job->phys = fuzz_chance(4) ? fuzz_u32() : 0;
	job->write = fuzz_chance(4);
}

/*
 * Commands.
 */

static const u8 opcodes[] = {
	0x03, 0x03, 0x03, 0x04, 0x05, 0x06, 0x10, 0x11, 0x12, 0x13, 0x30, 0x46, 0x46, 0x01,
	0x40, 0x40, 0x44, 0x44, 0x45,
};

static void put_command(unsigned int i)
{
	u8 op = fuzz_chance(16) ? fuzz_byte() : opcodes[fuzz_below(ARRAY_SIZE(opcodes))];
	u64 dw0 = op, dw1 = 0;

	switch (op) {
	case 0x03 ... 0x06:
		dw0 |= (u64)pick_sid(i) << 32;
		dw1 = op == 0x04 ? (fuzz_chance(2) ? 31 : fuzz_below(8)) : fuzz_below(2);
		if (op == 0x05)
			dw0 |= fuzz_below(4) << 12;
		if (op == 0x06)
			dw1 = 0;
		break;
	case 0x10 ... 0x13:
		dw0 |= (u64)fuzz_below(4) << 48 | (u64)fuzz_byte() << 32;
		if (op == 0x10 || op == 0x13)
			dw0 &= GENMASK_ULL(47, 0);
		if (op >= 0x12)
			dw1 = pick_page() | fuzz_below(2);
		break;
	case 0x40:
		dw0 |= (u64)pick_sid(i) << 32 | fuzz_below(4) << 12;
		dw1 = fuzz_chance(2) ? 52 : pick_page() | fuzz_below(16);
		break;
	case 0x44:
		dw0 |= fuzz_below(4) << 12;
		dw1 = fuzz_below(NR_STALLS);
		fallthrough;
	case 0x45:
		dw0 |= (u64)pick_sid(i) << 32;
		break;
	case 0x46:
		dw0 |= fuzz_below(4) << 12;
		dw1 = fuzz_chance(2) ? drv_next(i) : pick_phys() & GENMASK_ULL(51, 2);
		break;
	}
	if (fuzz_chance(8))
		dw0 = flip_some(dw0);
	if (fuzz_chance(8))
		dw1 = flip_some(dw1);
	drv_put(i, dw0, dw1);
}

static void now_commands(void)
{
	unsigned int i = pick_smmu(), n = fuzz_below(8);

	if (fuzz_chance(16))
		n = fuzz_byte();
	while (n--)
		put_command(i);
}

static void do_ring(const struct fuzz_job *job)
{
	drv_ring(job->smmu);
	if (job->kind)
		read32(job->smmu, 0x9c);
}

static void job_ring(struct fuzz_job *job)
{
	job->fn = do_ring;
	job->smmu = pick_smmu();
	job->kind = fuzz_below(2);
	put_command(job->smmu);
}

static void do_attach(const struct fuzz_job *job)
{
	u32 sid = job->off;

	if (drv_cmdq_err(job->smmu))
		drv_skip_err(job->smmu);
	drv_write_ste(job->smmu, sid, job->val, (u64)job->size << 28);
	drv_put(job->smmu, 0x03 | (u64)sid << 32, job->kind);
	drv_put(job->smmu, 0x46, 0);
	drv_ring(job->smmu);
}

/* What a host mostly does: it gives a device a domain, and takes it away. */
static void job_attach(struct fuzz_job *job)
{
	static const u8 cfgs[] = { 4, 5, 4, 5, 4, 5, 0, 4 };

	job->fn = do_attach;
	job->smmu = pick_smmu();
	job->off = fuzz_below(4);
	job->val = 1 | cfgs[fuzz_below(8)] << 1;
	if (job->val == 0xb)
		job->val |= HOST_CD(job->smmu);
	job->kind = fuzz_below(2);
	/* EATS: mostly what a driver asks for. */
	job->size = fuzz_chance(8) ? fuzz_below(4) : fuzz_below(2);
}

static void do_recover(const struct fuzz_job *job)
{
	if (drv_cmdq_err(job->smmu))
		drv_skip_err(job->smmu);
}

static void job_recover(struct fuzz_job *job)
{
	job->fn = do_recover;
	job->smmu = pick_smmu();
}

static void do_init(const struct fuzz_job *job)
{
	if (job->kind)
		drv_disable(job->smmu);
	else
		drv_init(job->smmu);
}

/* A host that starts anew, or that suspends. */
static void job_init(struct fuzz_job *job)
{
	job->fn = do_init;
	job->smmu = pick_smmu();
	job->kind = fuzz_below(2);
}

/*
 * The host's memory.
 */

static void now_ste(void)
{
	static const u8 cfgs[] = { 4, 5, 4, 5, 0, 6, 7, 1 };
	unsigned int i = pick_smmu(), n;
	u64 dw0 = (fuzz_chance(8) ? 0 : 1) | cfgs[fuzz_below(8)] << 1;
	u64 addr = HOST_L2(i, fuzz_below(3)) + fuzz_below(64) * 64;

	if (fuzz_below(4))
		addr = (fuzz_below(2) ? HOST_L2(i, 0) : HOST_STRTAB(i)) + fuzz_below(4) * 64;
	if ((dw0 >> 1 & 7) == 5)
		dw0 |= (fuzz_chance(4) ? pick_phys() & GENMASK_ULL(51, 6) : HOST_CD(i)) |
		       (fuzz_chance(4) ? (u64)fuzz_byte() << 59 : 0);
	if (fuzz_chance(8))
		dw0 = flip_some(dw0);
	dma_store64(i, addr + 8, (fuzz_chance(4) ? flip_some(fuzz_byte()) : fuzz_byte()) |
			   (u64)fuzz_chance(4) << 28);
	for (n = 2; n < 8; n++)
		dma_store64(i, addr + n * 8, fuzz_chance(64) ? fuzz_u64() : 0);
	dma_store64(i, addr, dw0);
}

static void now_l1std(void)
{
	unsigned int i = pick_smmu(), n = fuzz_below(4);
	u64 desc = HOST_L2(i, n % 3) | 7;

	if (fuzz_chance(2))
		desc = fuzz_chance(4) ? fuzz_u64() : pick_phys() | fuzz_below(32);
	dma_store64(i, HOST_STRTAB(i) + n * 8, desc);
}

static void now_store(void)
{
	u64 phys = pick_page() + fuzz_below(512) * 8;

	host_store64(phys, fuzz_chance(2) ? pick_phys() : fuzz_u64());
}

/*
 * Ownership.
 */

/* EL2 takes pages from a list of the host's, in the host's memory. */
static void refill(u64 phys)
{
	struct kvm_hyp_memcache mc = {}, host_mc = {};
	void *page;

	while (host_mc.nr_pages < 3 && host_store64(phys, host_mc.head)) {
		host_mc.head = phys;
		host_mc.nr_pages++;
		phys = HOST_DATA((phys >> PAGE_SHIFT) * 7 % NR_HOST_DATA);
	}
	refill_memcache(&mc, host_mc.nr_pages, &host_mc);
	while ((page = pop_hyp_memcache(&mc, hyp_phys_to_virt)))
		__pkvm_hyp_donate_host(hyp_virt_to_pfn(page), 1);
}

static void do_transition(const struct fuzz_job *job)
{
	u64 pfn = hyp_phys_to_pfn(job->phys);
	void *va = hyp_phys_to_virt(job->phys);

	if (!phys_is_ram(job->phys))
		return;

	switch (job->kind) {
	case 0:
		host_share_hyp(job->phys);
		break;
	case 1:
		host_unshare_hyp(job->phys);
		break;
	case 2:
		if (phys_to_info(job->phys)->pins < 2)
			hyp_pin_shared_mem(va, va + PAGE_SIZE);
		break;
	case 3:
		if (phys_to_info(job->phys)->pins)
			hyp_unpin_shared_mem(va, va + PAGE_SIZE);
		break;
	case 4:
	case 5:
		host_donate_guest(job->phys, job->size);
		break;
	case 6:
	case 7:
		host_reclaim_guest(job->phys);
		break;
	case 8:
		guest_share_host(job->phys, job->size);
		break;
	case 9:
		guest_unshare_host(job->phys, job->size);
		break;
	default:
		if (!job->off) {
			refill(job->phys);
			break;
		}
		/* EL2 would take it for itself, and give it back when it is done. */
		if (!__pkvm_host_donate_hyp(pfn, job->off))
			__pkvm_hyp_donate_host(pfn, job->off);
	}
	model.polls = 0;
}

static void job_transition(struct fuzz_job *job)
{
	u8 size;

	job->fn = do_transition;
	job->phys = pick_page();
	job->kind = fuzz_below(12);
	size = fuzz_byte();
	job->size = 1 + size % 2;
	/* Pages of a range: one or two, none for a refill, or up to a block and more. */
	job->off = size & 4 ? job->size : size & 2 ? 0 : size * 5 / 2 + 1;
}

/*
 * Devices and the hardware.
 */

static void now_dma(void)
{
	unsigned int i = pick_smmu();
	struct dma dma = {
		.sid = pick_sid(i),
		.ssv = fuzz_chance(8),
		.write = fuzz_below(2),
		.translated = fuzz_chance(8),
		.asid = fuzz_below(4),
		.va = fuzz_chance(4) ? 0x7000000 : pick_phys(),
		.ipa = pick_phys(),
	};

	smmu_dma(&smmus[i], &dma, fuzz_below(2));
}

/* What stage 1 of the host's makes of a translated stream: a stall, most of the time. */
static void now_stall(void)
{
	unsigned int i = pick_smmu();
	u64 phys = pick_page();
	struct dma dma = {
		.sid = pick_sid(i),
		.write = true,
		.fault = true,
		.stall = !fuzz_chance(8),
		.asid = fuzz_below(4),
		.va = phys,
		.ipa = phys,
	};

	/* The host maps the page before it retries. */
	if (smmu_dma(&smmus[i], &dma, false) == DMA_STALLED && fuzz_below(2))
		smmus[i].stalled[fuzz_below(NR_STALLS)].dma.fault = false;
}

/* Every stream that may, to one page: what is lost must be in no cache. */
static void now_dma_burst(void)
{
	unsigned int i = pick_smmu(), n;
	u64 phys = pick_page();

	for (n = 0; n < 4; n++) {
		struct dma dma = { .sid = n, .write = true, .asid = n, .va = phys, .ipa = phys };

		smmu_dma(&smmus[i], &dma, n & 1);
	}
}

/* Devices cache translations, and use them at any time. */
static void now_ats(void)
{
	unsigned int i = pick_smmu(), n;
	u64 phys = pick_page();
	struct dma dma = {
		.sid = fuzz_below(4), .write = fuzz_below(2), .asid = fuzz_below(4),
		.va = fuzz_below(2) ? phys : 0x7000000, .ipa = phys,
	};

	if (fuzz_below(2))
		smmu_ats_request(&smmus[i], &dma);
	for (n = 0; n < NR_ATC; n++)
		smmu_ats_use(&smmus[i], n, fuzz_below(2), n & 1);
}

static void now_hw(void)
{
	unsigned int n = fuzz_below(32);

	while (n--)
		smmu_step(&smmus[model_rand(nr_smmus)]);
}

static void now_prefetch(void)
{
	unsigned int i = pick_smmu();

	smmu_prefetch_ste(&smmus[i], pick_sid(i));
}

/* Caches may lose an entry at any time. */
static void now_evict(void)
{
	struct smmu *s = &smmus[pick_smmu()];

	s->ste[model_rand(NR_STE_CACHE)].valid = false;
	s->tlb[model_rand(NR_TLB)].valid = false;
	s->l1[model_rand(NR_L1_CACHE)].valid = false;
}

static void now_fault(void)
{
	struct smmu *s = &smmus[pick_smmu()];

	switch (fuzz_below(8)) {
	case 0:
		if (fuzz_may_kill)
			s->hang = !s->hang;
		break;
	case 1:
		if (fuzz_may_kill)
			s->abort_next = true;
		break;
	case 2:
		if (fuzz_may_kill && fuzz_chance(8) && !((s->gerror ^ s->gerrorn) & 0x100))
			s->gerror ^= 0x100;
		break;
	case 3:
		s->abort_msi = true;
		break;
	case 4:
		s->abort_irq = true;
		break;
	case 5:
		s->atc_silent = fuzz_below(4);
		break;
	case 6:
		s->atc_slow = fuzz_may_kill && !s->atc_slow;
		break;
	default:
		/* A write of an event aborts. */
		if (!((s->gerror ^ s->gerrorn) & 0x4))
			s->gerror ^= 0x4;
	}
}

/* A system suspend, which firmware may refuse. */
static void do_suspend(const struct fuzz_job *job)
{
	unsigned int i;

	if (hyp_iommu_suspend())
		return;
	if (!fuzz_others_off())
		return;
	if (job->kind && host_wake(job->kind, true))
		violation("an SMMU cannot be stopped");
	fuzz_others_on();
	model.polls = 0;
	for (i = 0; i < nr_smmus; i++) {
		if (job->kind && el2_smmu(i)->hwq.dead && !fuzz_may_kill)
			violation("SMMU %u does not come back", i);
	}
}

static void job_suspend(struct fuzz_job *job)
{
	job->fn = do_suspend;
	job->kind = fuzz_below(8);
}

/* Any SMMU and any counter, of which there are few. */
static void do_stat(const struct fuzz_job *job)
{
	__pkvm_iommu_stat(job->off, job->kind);
}

static void job_stat(struct fuzz_job *job)
{
	job->fn = do_stat;
	job->off = fuzz_below(4) ? fuzz_below(4) : fuzz_u32();
	job->kind = fuzz_below(9);
}

const struct fuzz_op fuzz_ops[] = {
	{ "write",	30, .job = job_write },
	{ "read",	16, .job = job_read },
	{ "trap",	 4, .job = job_trap },
	{ "commands",	16, .now = now_commands },
	{ "ring",	30, .job = job_ring },
	{ "attach",	24, .job = job_attach },
	{ "recover",	 8, .job = job_recover },
	{ "init",	 4, .job = job_init },
	{ "ste",	24, .now = now_ste },
	{ "l1std",	 4, .now = now_l1std },
	{ "store",	 4, .now = now_store },
	{ "transition",	40, .job = job_transition },
	{ "dma",	30, .now = now_dma },
	{ "burst",	16, .now = now_dma_burst },
	{ "stall",	12, .now = now_stall },
	{ "ats",	16, .now = now_ats },
	{ "hw",		16, .now = now_hw },
	{ "prefetch",	 6, .now = now_prefetch },
	{ "evict",	 4, .now = now_evict },
	{ "fault",	 3, .now = now_fault },
	{ "stat",	 1, .job = job_stat },
	{ "suspend",	 2, .job = job_suspend },
	{ "irq",	 6, .job = job_irq },
	{}
};
