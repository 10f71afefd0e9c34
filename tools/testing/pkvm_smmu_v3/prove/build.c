// SPDX-License-Identifier: GPL-2.0-only
/*
 * What iommu.c makes of the page table: it is built from any host stage 2, any memory and
 * any MMIO that EL2 has taken, checked against EL2's own page table, given back, and then
 * follows pages that change hands.
 *
 * The universe is that of pgtable.c, which has the operations of iommu_pgtable.c. Here
 * they are called; a pool is taken as it comes, and only the result of the stores counts.
 *
 * What this relies on, and where it comes from:
 * - Only pages that are all memory have an owner in the host stage 2 or are read-only there
 *   (check_range_allowed_memory(); the hypervisor's text is memory).
 * - MMIO that EL2 has taken contains no memory (host_mmio.c).
 * - The pages of one transition are in one state (__host_check_page_state_range()).
 * - The linear map of EL2 maps memory in order.
 */
#include "build-shim.h"
#include "universe.h"

#include <asm/kvm_pgtable.h>
#include <nvhe/host_mmio.h>
#include <nvhe/iommu.h>
#include <nvhe/mem_protect.h>
#include <nvhe/mm.h>

#define ALL_PAGES	((1U << IA_PAGES) - 1)

/* All kinds of everything take too long with three levels, or with a root of 64 KiB. */
#define SMALL		(START_LEVEL >= 2 && PAGE_SHIFT < 16)

/* Pages of EL2's: the device stage 2, then its tables; then the other page tables. */
#define POOL		0x123450000000ULL
#define NR_TABLES	(ROOT_ENTRIES * (ENTRIES + 1))
#define NR_OTHER	(2 * ROOT_ENTRIES * (ENTRIES + 1) + 1)
#define PHYS(k)		(POOL + ((u64)(k) << PAGE_SHIFT))
#define NR_PAGES	(1 + NR_TABLES)

static u64 pages[NR_PAGES + 2 * NR_OTHER][PAGE_SIZE / sizeof(u64)] __aligned(PAGE_SIZE);

/* Who has a page of the first ones, and whether devices can be led to it. */
static bool is_hyps[NR_PAGES];

struct host_mmu host_mmu;
struct kvm_pgtable pkvm_pgtable;
hyp_spinlock_t pkvm_pgd_lock;
struct memblock_region hyp_memory[1];
unsigned int hyp_memblock_nr;

static struct {
	u64 start, end;
} taken;

static bool can_split, enabled, frozen, unordered, flushed, corrupts;
static unsigned long pages_needed;
static int flush_result;

/* A bit that software has: what EL2 has mapped, but shares. */
#define SHARED		BIT_ULL(55)

static u32 page_bits(u64 start, u64 end)
{
	return (u32)(BIT(end >> PAGE_SHIFT) - BIT(start >> PAGE_SHIFT));
}

void *prove_phys_to_virt(u64 phys)
{
	u64 k = (phys - POOL) >> PAGE_SHIFT;

	STEP();
	/* The linear map begins with another page: its blocks are not those of memory. */
	if (phys < BIT(IA_BITS))
		return (void *)(phys + PAGE_SIZE);
	PROVE("only page tables and pages that the host has given are used",
	      k < ARRAY_SIZE(pages) && (k >= NR_PAGES || is_hyps[k]));
	ASSUME(k < ARRAY_SIZE(pages));

	return (u8 *)pages[k] + offset_in_page(phys);
}

u64 prove_virt_to_phys(void *virt)
{
	return POOL + ((u8 *)virt - (u8 *)pages);
}

u64 model_cache_load(u64 *virt)
{
	return *virt;
}

void model_cache_store(u64 *virt, u64 val)
{
	*virt = val;
}

void prove_fill_page(void *virt, int c, size_t size)
{
	unsigned int i;

	for (i = 0; i < MAX_ENTRIES; i++)
		((u64 *)virt)[i] = 0;
}

void prove_store(u64 *desc, u64 new)
{
	*desc = new;
	unordered = true;
}

void model_barrier(void)
{
	unordered = false;
}

void model_bug(const char *what, const char *file, int line)
{
	PROVE("no WARN_ON() has a reason", false);
}

/* A build that went wrong at one place. */
static void corrupt(void)
{
	unsigned int i = ANY_OF(IA_PAGES);
	s8 level;
	u64 *desc;

	desc = iommu_s2_leaf(&(struct hyp_iommu_s2) {
		.pgd = POOL, .ia_bits = IA_BITS, .start_level = START_LEVEL
	}, (u64)i << PAGE_SHIFT, &level);
	ASSUME(may_be_leaf(level));
	*desc = *desc ? 0 : leaf(level, ((u64)i << PAGE_SHIFT) & ~(SIZE(level) - 1));
}

void hyp_spin_lock(hyp_spinlock_t *lock)
{
	PROVE("no lock is taken twice", !lock->owner);
	lock->owner = 1;
	/* The check of the build begins. */
	if (lock == &pkvm_pgd_lock && corrupts && ANY_OF(2))
		corrupt();
}

void hyp_spin_unlock(hyp_spinlock_t *lock)
{
	lock->owner = 0;
}

void hyp_assert_lock_held(hyp_spinlock_t *lock)
{
	PROVE("a lock that has to be held is held", lock->owner);
}

enum pkvm_page_state prove_state(u64 phys)
{
	return PKVM_PAGE_OWNED;
}

/* Memory, of the universe and of EL2. */
static u64 memory_end(void)
{
	return hyp_memory[0].base + hyp_memory[0].size;
}

bool addr_is_memory(phys_addr_t phys)
{
	return phys >= POOL || (phys >= hyp_memory[0].base && phys < memory_end());
}

/* A bit for each page that is memory, all of it or at least a part. */
static u32 memory(bool all)
{
	u64 start = hyp_memory[0].base, end = memory_end();

	if (start < end && all) {
		start = PAGE_ALIGN(start);
		end = ALIGN_DOWN(end, PAGE_SIZE);
	}
	return start < end ? page_bits(ALIGN_DOWN(start, PAGE_SIZE), PAGE_ALIGN(end)) : 0;
}

bool host_mmio_is_taken(phys_addr_t addr, u64 *start, u64 *end)
{
	if (addr < taken.start) {
		*end = min(*end, taken.start);
		return false;
	}
	if (addr >= taken.end) {
		*start = max(*start, taken.end);
		return false;
	}
	*start = max(*start, taken.start);
	*end = min(*end, taken.end);
	return true;
}

void host_mmio_freeze(bool freeze)
{
	PROVE("the list of MMIO changes under the lock only", host_mmu.lock.owner);
	frozen = freeze;
}

enum kvm_pgtable_prot kvm_pgtable_stage2_pte_prot(kvm_pte_t pte)
{
	return KVM_PGTABLE_PROT_R | (pte & S2AP_W ? KVM_PGTABLE_PROT_W : 0);
}

enum kvm_pgtable_prot kvm_pgtable_hyp_pte_prot(kvm_pte_t pte)
{
	return pkvm_mkstate(KVM_PGTABLE_PROT_R | KVM_PGTABLE_PROT_W,
			    pte & SHARED ? PKVM_PAGE_SHARED_OWNED : PKVM_PAGE_OWNED);
}

/* What a walk of the page table at page @k finds below: a bit for each page by its kind. */
struct view {
	u32 valid, writable, shared, annotated, own;
};

static void walk(struct view *v, const u64 *table, unsigned int nr, s8 level, u64 ia)
{
	unsigned int i;
	u32 found;

	for (i = 0; i < nr; i++, ia += SIZE(level)) {
		if (level < 3 && (table[i] & PAGE_OR_TABLE) == PAGE_OR_TABLE) {
			walk(v, pages[(table[i] - POOL) >> PAGE_SHIFT], ENTRIES, level + 1, ia);
			continue;
		}
		found = page_bits(ia, ia + SIZE(level));
		v->own |= level == 3 ? found : 0;
		v->annotated |= table[i] && !(table[i] & VALID) ? found : 0;
		if (!(table[i] & VALID))
			continue;
		v->valid |= found;
		v->shared |= table[i] & SHARED ? found : 0;
		v->writable |= table[i] == leaf(level, ia) ? found : 0;
	}
}

static struct view view(unsigned int k, unsigned int nr)
{
	struct view v = { 0 };

	walk(&v, pages[k], nr, START_LEVEL, 0);

	return v;
}

static struct view devices_view(void)
{
	struct view v = view(0, ROOT_ENTRIES);

	PROVE("each leaf is identity, with EL2's attributes", v.valid == v.writable);

	return v;
}

/* What a descriptor can be, if it is not 0 and no table: a leaf with bits changed, or invalid. */
struct kind {
	bool valid;
	u64 bits;
};

static const struct kind host_kinds[] = { { false, 5ULL << 8 }, { true, 0 }, { true, S2AP_W } };
static const struct kind hyp_kinds[] = { { true, 0 }, { true, SHARED } };

/* Any table of @level in page @k; tables below it are from page *@next on. */
static void any_table(unsigned int k, unsigned int nr, s8 level, u64 ia, unsigned int *next,
		      const struct kind *kinds, unsigned int nr_kinds)
{
	unsigned int i, what;

	for (i = 0; i < nr; i++, ia += SIZE(level)) {
		what = ANY_OF(nr_kinds + 1 + (level < 3));
		if (what < nr_kinds) {
			ASSUME(may_be_leaf(level));
			pages[k][i] = kinds[what].bits ^
				      (kinds[what].valid ? leaf(level, ia) : 0);
		} else if (what == nr_kinds) {
			pages[k][i] = 0;
		} else {
			pages[k][i] = PHYS(*next) | PAGE_OR_TABLE;
			any_table((*next)++, ENTRIES, level + 1, ia, next, kinds, nr_kinds);
		}
	}
}

/* What the host may access by its stage 2, by it alone. */
static u32 any_host(unsigned int nr_kinds)
{
	unsigned int next = NR_PAGES + 1;
	struct view v;

	any_table(NR_PAGES, ROOT_ENTRIES, START_LEVEL, 0, &next, host_kinds, nr_kinds);
	host_mmu.pgt.pgd = (void *)pages[NR_PAGES];
	host_mmu.pgt.ia_bits = IA_BITS;
	host_mmu.pgt.start_level = START_LEVEL;
	v = view(NR_PAGES, ROOT_ENTRIES);
	ASSUME(!((v.annotated | (v.valid & ~v.writable)) & ~memory(true)));

	return ALL_PAGES & ~v.annotated & ~(v.valid & ~v.writable);
}

/* What EL2 has mapped as its own. */
static u32 any_hyp(unsigned int nr_kinds)
{
	unsigned int next = NR_PAGES + NR_OTHER + 1;
	struct view v;

	memset(pages[NR_PAGES + NR_OTHER], 0, PAGE_SIZE);
	if (nr_kinds)
		any_table(NR_PAGES + NR_OTHER, ROOT_ENTRIES + 1, START_LEVEL, 0, &next,
			  hyp_kinds, nr_kinds);
	pkvm_pgtable.pgd = (void *)pages[NR_PAGES + NR_OTHER];
	pkvm_pgtable.ia_bits = IA_BITS + 1;
	pkvm_pgtable.start_level = START_LEVEL;
	v = view(NR_PAGES + NR_OTHER, ROOT_ENTRIES + 1);

	return (v.valid & ~v.shared) >> 1 & ALL_PAGES;
}

/* Memory: nothing or everything, or where there is time for it any number of half pages. */
static void any_memory(bool any)
{
	unsigned int start = any ? ANY_OF(2 * IA_PAGES + 1) : 0;
	unsigned int nr = any ? ANY_OF(2 * IA_PAGES + 1 - start) : ANY_OF(2) * 2 * IA_PAGES;

	ASSUME(nr || !start);
	hyp_memory[0].base = (u64)start * (PAGE_SIZE / 2);
	hyp_memory[0].size = (u64)nr * (PAGE_SIZE / 2);
	hyp_memblock_nr = 1;
}

static void any_taken(void)
{
	unsigned int start = ANY_OF(IA_PAGES), nr = ANY_OF(IA_PAGES + 1 - start);

	ASSUME(nr || !start);
	taken.start = (u64)start << PAGE_SHIFT;
	taken.end = (u64)(start + nr) << PAGE_SHIFT;
	ASSUME(!(page_bits(taken.start, taken.end) & memory(false)));
}

int __pkvm_host_donate_hyp(u64 pfn, u64 nr)
{
	u64 k = pfn - (POOL >> PAGE_SHIFT);

	for (; nr; nr--, k++) {
		PROVE("pages are taken from the host once", k < NR_PAGES && !is_hyps[k]);
		ASSUME(k < NR_PAGES);
		is_hyps[k] = true;
	}

	return 0;
}

int __pkvm_hyp_donate_host(u64 pfn, u64 nr)
{
	u64 k = pfn - (POOL >> PAGE_SHIFT);

	PROVE("what goes back to the host was EL2's, and devices are led to nothing any more",
	      nr == 1 && k < NR_PAGES && is_hyps[k] && !hyp_iommu_s2.pgd && !frozen);
	ASSUME(k < NR_PAGES);
	is_hyps[k] = false;

	return 0;
}

/* What is flushed, and when, is pgtable.c's. */
void prove_flush(const void *from, size_t size)
{
}

bool hyp_iommu_coherent(void)
{
	return false;
}

bool hyp_iommu_can_split(void)
{
	return can_split;
}

bool hyp_iommu_enabled(void)
{
	return enabled;
}

s8 prove_start_level(u8 ia_bits, u8 pa_bits)
{
	return START_LEVEL;
}

/* Whole pages, aligned as such. */
size_t prove_pgd_size(u8 ia_bits, u8 pa_bits)
{
	return PAGE_SIZE;
}

/* The parts of the universe, as large as a table at the last level maps, with holes. */
unsigned long prove_pgtable_pages(u8 ia_bits, u8 pa_bits, unsigned int nr_mmio)
{
	unsigned int i, nr = 0;
	u32 part = (u32)(BIT(SIZE(2) >> PAGE_SHIFT) - 1), holes = page_bits(taken.start, taken.end);

	for (i = 0; i < IA_PAGES; i += SIZE(2) >> PAGE_SHIFT)
		nr += (holes >> i & part) != 0;
	PROVE("each part with MMIO that EL2 has taken is counted once", nr_mmio == nr);

	return pages_needed;
}

/* The host's side: a root, and chunks of pages for tables, all its own. */
static int prepare(unsigned int nr_pool)
{
	unsigned int k, chunk;

	for (k = 0; k < NR_PAGES; k++)
		is_hyps[k] = false;
	hyp_iommu_s2 = (struct hyp_iommu_s2) { 0 };
	hyp_iommu_spare = (struct kvm_hyp_memcache) { 0 };
	hyp_iommu_pool = (struct kvm_hyp_memcache) { .nr_pages = nr_pool };
	host_mmu.lock.owner = 0;
	pkvm_pgd_lock.owner = 0;
	frozen = false;
	for (k = 1; k <= nr_pool; k += chunk) {
		chunk = k + 1 < nr_pool ? 2 : 1;
		pages[k + chunk - 1][0] = hyp_iommu_pool.head;
		hyp_iommu_pool.head = PHYS(k) | (chunk - 1);
	}

	return hyp_iommu_prepare(POOL >> PAGE_SHIFT, IA_BITS, IA_BITS);
}

/* Nothing is left of a build that failed, and the host has all pages again. */
static bool nothing_left(unsigned int nr_pool)
{
	unsigned int k, left = 0;

	for (k = 0; k < NR_PAGES; k++)
		left += is_hyps[k];

	return !left && !hyp_iommu_s2.pgd && !frozen && hyp_iommu_pool.nr_pages == nr_pool &&
	       !hyp_iommu_spare.nr_pages;
}

void prove_build(void)
{
	unsigned int nr_pool = ANY_OF(2) ? NR_TABLES : ANY_OF(NR_TABLES);
	u32 host, hyps;
	struct view v;
	int ret;

	corrupts = false;
	any_memory(SMALL);
	any_taken();
	host = any_host(SMALL ? 3 : 1) & ~page_bits(taken.start, taken.end);
	hyps = any_hyp(0);
	can_split = ANY_OF(2);
	pages_needed = ANY_OF(2) ? NR_TABLES : 0;
	enabled = false;
	ret = prepare(nr_pool);

	PROVE("0 or -ENOMEM is returned", ret == 0 || ret == -ENOMEM);
	if (ret) {
		PROVE("-ENOMEM: nothing is left of it", nothing_left(nr_pool));
		PROVE("enough pages are enough", nr_pool < NR_TABLES);
		REACH("too small a pool", true);
		return;
	}
	v = devices_view();
	PROVE("devices reach what the host may access, and nothing else", v.valid == host);
	PROVE("without blocks each page of memory has a descriptor of its own",
	      can_split || !(memory(false) & ~v.own));
	PROVE("from then on transitions are mirrored", hyp_iommu_s2.pgd == POOL && frozen);
	PROVE("the pool has what transitions need", nr_pool >= pages_needed);
	REACH("MMIO and memory that devices do not reach",
	      !SMALL || (host != ALL_PAGES && taken.end && memory(true)));
	REACH("a block", START_LEVEL == 3 || v.valid & ~v.own);

	enabled = ANY_OF(2);
	ret = hyp_iommu_release();
	PROVE("an owned IOMMU keeps it", !enabled || (ret == -EBUSY && hyp_iommu_s2.pgd));
	PROVE("without one all goes back to the host", enabled || (!ret && nothing_left(nr_pool)));
}

/* A build that is wrong at one place is found, whatever of it devices would reach. */
void prove_build_check(void)
{
	bool from_host = ANY_OF(2);
	u32 host, hyps;
	struct view v;
	int ret;

	any_memory(SMALL && !from_host);
	ASSUME(!from_host || memory(true));
	taken.start = 0;
	taken.end = 0;
	host = any_host(from_host ? (SMALL ? 3 : 1) : 0);
	hyps = any_hyp(from_host ? 0 : SMALL ? 2 : 1) & memory(false);
	can_split = true;
	pages_needed = 0;
	enabled = false;
	corrupts = true;
	ret = prepare(NR_TABLES);
	corrupts = false;

	v = devices_view();
	PROVE("what devices must not reach is found, and nothing else",
	      ret == (v.valid & (~host | hyps) ? -EUCLEAN : 0));
	PROVE("-EUCLEAN: the page table is not used, its pages are kept",
	      !ret || (!hyp_iommu_s2.pgd && is_hyps[0] && is_hyps[1]));
	REACH("a page that the host may not access", ret && from_host);
	REACH("a page of EL2's", ret && hyps);
	REACH("less than the host's", !ret && v.valid != host);
}

int hyp_iommu_flush_all(void)
{
	PROVE("the invalidation comes after a barrier after the leaves", !unordered);
	flushed = true;

	return flush_result;
}

static u64 any_pages(u64 *size)
{
	unsigned int start = ANY_OF(IA_PAGES), nr = ANY_OF(IA_PAGES - start) + 1;

	*size = (u64)nr << PAGE_SHIFT;

	return (u64)start << PAGE_SHIFT;
}

/* Two transitions, of any pages. */
void prove_transitions(void)
{
	struct view was, now;
	unsigned int i;
	bool grants;
	u64 phys, size;
	int ret;
	u32 range;

	any_memory(false);
	ASSUME(memory(true));
	taken.start = 0;
	taken.end = 0;
	any_host(1);
	any_hyp(0);
	can_split = true;
	pages_needed = 0;
	enabled = true;
	corrupts = false;
	ret = prepare(NR_TABLES);
	hyp_spin_lock(&host_mmu.lock);
	for (i = 0; i < 2; i++) {
		was = devices_view();
		phys = any_pages(&size);
		range = page_bits(phys, phys + size);
		flushed = false;
		grants = ANY_OF(2);
		if (grants) {
			hyp_iommu_grant_locked(phys, size);
			now = devices_view();
			PROVE("a grant adds the range", now.valid == (was.valid | range));
			PROVE("a grant is visible to what the host does next", !unordered);
			REACH("a grant of what was revoked", i && now.valid != was.valid);
			continue;
		}
		flush_result = ANY_OF(2) ? -EIO : 0;
		ASSUME(!(was.valid & range) || !(range & ~was.valid));
		ret = hyp_iommu_revoke_locked(phys, size);
		now = devices_view();
		PROVE("a revoke that succeeds takes the range",
		      ret || now.valid == (was.valid & ~range));
		PROVE("what devices have reached is invalidated",
		      ret || flushed == !!(was.valid & range));
		PROVE("it fails where the invalidation does, and only there",
		      ret == (flushed ? flush_result : 0));
		PROVE("a revoke that fails takes nothing",
		      !ret || now.valid == was.valid);
		REACH("a revoke that fails", ret);
		REACH("a revoke of what is not mapped", !ret && !flushed);
		REACH("a block that is split", START_LEVEL == 3 || (!ret && now.own != was.own));
	}
	hyp_spin_unlock(&host_mmu.lock);
}
