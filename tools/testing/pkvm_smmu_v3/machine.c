// SPDX-License-Identifier: GPL-2.0-only
/*
 * A machine with SMMUs, booted as the host driver boots it while it is trusted:
 * register each, build the device stage 2, enable each.
 */
#include <asm/kvm_iommu_pgtable.h>

#include <nvhe/host_mmio.h>
#include <nvhe/iommu_pgtable.h>
#include <nvhe/mm.h>

#include "pkvm-smmu-v3.h"
#include "shim-mem.h"
#include "host.h"
#include "smmu.h"

/* Pages that EL2 is given, by number in RAM0. */
#define PGD_PAGE	4
#define SMMU_PAGES	10
#define SMMU_PAGE(i)	(18 + (i) * SMMU_PAGES)
#define POOL_PAGE	SMMU_PAGE(NR_SMMUS)
#define POOL_PAGES	20
/* Or, for more memory than that is enough for, the block and what follows. */
#define LARGE_POOL_PAGE	(RAM0_PAGES + 32)
#define LARGE_POOL_PAGES	(RAM1_PAGES - 32)
#define FIRST_HOST_PAGE	(POOL_PAGE + POOL_PAGES)
/* The last ones are a part of the block: few, so that things happen to the same one. */
#define LAST_HOST_PAGE	(RAM0_PAGES + 63)

struct model model;

unsigned int host_nr_pages(void)
{
	return LAST_HOST_PAGE + 1 - FIRST_HOST_PAGE;
}

u64 host_page(unsigned int i)
{
	return page_phys(FIRST_HOST_PAGE + i % host_nr_pages());
}

/* S1P, S2P, AArch64, COHACC, Hyp, ATS, ASID16, MSI, PRI, CD2L, LE, two levels. */
#define IDR0	0x0849361b
/* 8 stream ID bits, 4 substream ID bits, queues of at most 256 and 512 entries. */
#define IDR1	(9 << 21 | 8 << 16 | 4 << 6 | 8)

/* GRAN4K, GRAN16K, GRAN64K. */
#define IDR5_GRANULE	(PAGE_SHIFT == 12 ? 1 << 4 : PAGE_SHIFT == 14 ? 1 << 5 : 1 << 6)

struct machine_cfg machine_default(void)
{
	return (struct machine_cfg){
		.idr		= { IDR0, IDR1, 0, 0x1400, 0, IDR5_GRANULE | 2 },
		.ia_bits	= IA_BITS,
		.aidr		= 1,
		.hwq_shift	= 5,
		.pool_pages	= 5,
		.nr_smmus	= NR_SMMUS,
	};
}

/* Others that differ where EL2 has something to decide. */
struct machine_cfg machine_variant(u8 n)
{
	struct machine_cfg cfg = machine_default();

	if (n & 1) {
		/* A linear stream table, no substreams, terminate only. */
		cfg.idr[0] = (IDR0 & ~(3 << 27) & ~(1 << 19)) | 1 << 24;
		cfg.idr[1] = 9 << 21 | 8 << 16 | 6;
	}
	if (n & 2)
		cfg.idr[0] &= ~(1 << 10 | 1 << 12 | 1 << 13 | 1 << 16 | 1 << 9);
	if (n & 4)
		cfg.idr[3] = 0x1804;
	if (n & 8) {
		cfg.aidr = 2;
		cfg.page1_alias = true;
		cfg.hwq_shift = 8;
	}
	if (n & 16)
		cfg.picky = 8;
	if (n & 32)
		cfg.pool_pages = 2;
	if ((n & 0xc1) == 0xc0)
		cfg.idr[1] = (IDR1 & ~0x3f) | 13;
	cfg.stale_boot = n & 64;
	if ((n & 0x12) == 0x10) {
		cfg.idr[0] |= 1 << 20;
		cfg.idr[1] |= 1U << 31;
		cfg.idr[2] = 1;
		cfg.idr6 = 1 << 24 | 2 << 16;
		cfg.ecmdq = 0x200000;
		cfg.cmdqv = true;
	}
	cfg.repeat = (n & 0x28) == 0x28;
	/* ATS, but not in split stages. */
	if ((n & 0x0e) == 0x0c)
		cfg.idr[0] |= 1 << 11;

	return cfg;
}

/* What the host has left in a page looks like leaves that lead to EL2's memory. */
static void leave_junk(u64 page)
{
	u64 phys;

	for (phys = page; phys < page + PAGE_SIZE; phys += 8)
		host_store64(phys, page_phys(PGD_PAGE) | 0x7ff);
}

/* The first two pages are a chunk, where there are as many. */
static struct kvm_hyp_memcache make_pool(unsigned int first, unsigned int n)
{
	struct kvm_hyp_memcache mc = {};
	u64 phys, order = n > 1;

	while (n--) {
		phys = page_phys(first + n);
		leave_junk(phys);
		host_store64(phys, mc.head);
		mc.head = phys;
		mc.nr_pages++;
	}
	mc.head |= order;

	return mc;
}

static bool snoops_not(const struct machine_cfg *cfg)
{
	return cfg->incoherent || !(cfg->idr[0] & 1 << 4);
}

/* What the host is to lose of an SMMU that is not mapped at EL2. */
static void lose_hidden(unsigned int i)
{
	const struct smmu *s = &smmus[i];
	u64 base = SMMU_MMIO(i), rest = pkvm_smmu_v3_infos[i].mmio_size - 0x20000;

	if (rest)
		mmio_lose(base, base + 0x20000, rest, false);
	if (smmu_ecmdq_size(s))
		mmio_lose(base, base + s->ecmdq, smmu_ecmdq_size(s), false);
	if (smmu_vatos_page(s))
		mmio_lose(base, smmu_vatos_page(s), 0x10000, false);
	if (s->cmdqv)
		mmio_lose(base, CMDQV_MMIO(i), CMDQV_SIZE, false);
}

static int boot_smmu(unsigned int i, const struct machine_cfg *cfg)
{
	struct pkvm_smmu_v3_info *info = &pkvm_smmu_v3_infos[i];
	int ret;

	smmu_reset(&smmus[i], cfg);
	leave_junk(page_phys(SMMU_PAGE(i) + 1));
	*info = (struct pkvm_smmu_v3_info){
		.mmio_base	= SMMU_MMIO(i),
		.mmio_size	= 0x20000 + (cfg->two_pages ? 0 : PAGE_SIZE),
		.cmdq_base	= page_phys(SMMU_PAGE(i)),
		.cmdq_shift	= cfg->hwq_shift,
		.strtab_base	= page_phys(SMMU_PAGE(i) + 1),
		.strtab_size	= PAGE_SIZE,
		.pool		= make_pool(SMMU_PAGE(i) + 2, cfg->pool_pages),
		.timer_freq	= 16000,
		.coherent	= !cfg->incoherent,
		.cmdqv_base	= CMDQV_MMIO(i),
		.cmdqv_size	= cfg->cmdqv ? CMDQV_SIZE : 0,
		.repeat		= cfg->repeat,
	};

	ret = __pkvm_iommu_register(i);
	if (!ret)
		lose_hidden(i);

	return ret;
}

static int hide_pmcg(void)
{
	int ret = __pkvm_host_hide_mmio(PMCG_MMIO, PMCG_SIZE);

	if (!ret)
		mmio_lose(PMCG_MMIO, PMCG_MMIO, PMCG_SIZE, false);

	return ret;
}

/* Parts of the address space with MMIO that EL2 takes: its ranges are small. */
static unsigned int nr_mmio_blocks(void)
{
	const struct smmu *s;
	unsigned int n = 1;

	for (s = smmus; s < smmus + nr_smmus; s++)
		n += 1 + !!smmu_ecmdq_size(s) + !!smmu_vatos_page(s) + s->cmdqv;

	return n;
}

static int build_stage2(const struct machine_cfg *cfg)
{
	unsigned int n = hyp_iommu_pgtable_pages(cfg->ia_bits, cfg->ia_bits, nr_mmio_blocks());

	if (n > LARGE_POOL_PAGES)
		violation("tables take %u pages", n);

	hyp_iommu_pool = make_pool(n > POOL_PAGES ? LARGE_POOL_PAGE : POOL_PAGE,
				   n - cfg->pool_short);

	return hyp_iommu_prepare(hyp_phys_to_pfn(page_phys(PGD_PAGE)), cfg->ia_bits, cfg->ia_bits);
}

/* What firmware says of ITSs: two are right, one is too far away for the SMMUs. */
static void list_doorbells(void)
{
	static const u64 wrong[] = {
		PMCG_MMIO + 0x40, SMMU_MMIO(0) + 0x10040, RAM1_BASE + PAGE_SIZE + 0x40, 0,
		FAR_DOORBELL, ITS_DOORBELL(2) + 2,
	};

	memset(pkvm_smmu_v3_doorbells, 0, sizeof(pkvm_smmu_v3_doorbells));
	pkvm_smmu_v3_doorbells[0] = ITS_DOORBELL(0);
	memcpy(pkvm_smmu_v3_doorbells + 1, wrong, sizeof(wrong));
	pkvm_smmu_v3_doorbells[PKVM_SMMU_V3_DOORBELLS - 1] = ITS_DOORBELL(1);
}

int machine_boot(const struct machine_cfg *cfg)
{
	unsigned int i;
	int ret = 0;

	model.enforce = false;
	model.asleep = false;
	model.exploring = false;
	model.time = 0;
	drv_reset();
	stores_reset();
	sched_reset();
	el2_reset();
	mem_init(cfg);

	nr_smmus = cfg->nr_smmus;
	cache_init(snoops_not(cfg) ||
		   (cfg->nr_smmus > 1 && cfg->others && snoops_not(cfg->others)));
	leave_junk(page_phys(PGD_PAGE));
	list_doorbells();
	for (i = 0; i < nr_smmus && !ret; i++) {
		ret = boot_smmu(i, i && cfg->others ? cfg->others : cfg);
		smmus[i].hang = cfg->hang >> i & 1;
	}
	if (!ret)
		ret = hide_pmcg();
	if (!ret)
		ret = build_stage2(cfg);
	for (i = 0; i < nr_smmus && !ret; i++)
		ret = __pkvm_iommu_enable(i);
	if (ret) {
		machine_release();
		return ret;
	}

	for (i = 0; i < nr_smmus; i++) {
		smmus[i].owned = true;
		smmus[i].el2_pgd = page_phys(PGD_PAGE);
		smmus[i].el2_ia_bits = cfg->ia_bits;
	}
	model.enforce = true;
	model.polls = 0;
	oracle_full();

	return 0;
}

/* Every page is the host's again, and only the host's. */
static void check_returned(void)
{
	unsigned int i;

	for (i = 1; i < RAM_PAGES; i++) {
		struct hyp_page *page = hyp_phys_to_page(page_phys(i));

		if (!phys_is_ram(page_phys(i)))
			continue;
		if (get_host_state(page) != PKVM_PAGE_OWNED || page->refcount ||
		    get_hyp_state(page) != PKVM_NOPAGE || !host_has(page_phys(i)))
			violation("page %u is not given back", i);
	}
	/* What was hidden on its own stays. */
	if (mmio_is_el2(SMMU_MMIO(0)) || mmio_is_el2(SMMU_MMIO(1)) ||
	    el2_mmio_ranges() != mmio_is_el2(PMCG_MMIO))
		violation("MMIO is not given back");
}

int machine_release(void)
{
	unsigned int i;
	int ret, err = 0;

	model.enforce = false;
	for (i = 0; i < nr_smmus; i++) {
		smmus[i].owned = false;
		ret = __pkvm_iommu_unregister(i);
		/* Not registered. */
		if (ret && ret != -EINVAL)
			err = ret;
	}
	ret = hyp_iommu_release();
	if (ret && ret != -ENOENT)
		err = ret;
	if (!err)
		check_returned();

	return err;
}

void machine_shutdown(void)
{
	model.enforce = false;
	sched_reset();
}
