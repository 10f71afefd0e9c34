// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page table of the device stage 2: any operation on any page table of a small
 * universe, see universe.h.
 *
 * By induction, which covers operations in any number: the page table before is any
 * that is well formed, with a pool of any size; the operation is any, on any range of
 * pages; the page table after is well formed, too, and maps the pages that it mapped
 * before, with the range or without it. The empty root, with which EL2 begins, is one
 * of these page tables.
 *
 * The IOMMU does not snoop: what has been stored counts once it has been flushed.
 *
 * What this relies on:
 * - Larger tables and more of them behave like these. The code has no constant that
 *   depends on their number but PTRS_PER_PTE and the shift of a level.
 * - Nobody else writes to the page table (EL2 holds a lock).
 * - It does not matter which page a table is in, because the code only uses its address
 *   to get at it. Each place for a table has a page here: page[k], of a level and a part
 *   of the address space. Before the operation each table is in the page of its place.
 *   The pool gives any page that is no table. A run ends where it links a page elsewhere
 *   than at the page's place: there is a run with the right page as well.
 */
#include "pgtable-shim.h"
#include "universe.h"

#include <asm/kvm_pgtable.h>
#include <nvhe/iommu_pgtable.h>

/* The places for tables of @level. */
static unsigned int places(s8 level)
{
	return level > START_LEVEL ? 1U << (IA_BITS - SHIFT(level - 1)) : 0;
}

/* The first of them: those of the levels between it and the root come before. */
static unsigned int first(s8 level)
{
	return (level > 1 ? places(1) : 0) + (level > 2 ? places(2) : 0);
}

/* The root is a table of pages: no blocks, no tables below. */
#define FLAT		(START_LEVEL == 3)
#define NR_TABLES	(places(1) + places(2) + places(3))

/* Any physical address that is not 0, the root behind the tables. */
#define POOL		0x123450000000ULL
#define PHYS(k)		(POOL + ((u64)(k) << PAGE_SHIFT))
#define ROOT		PHYS(NR_TABLES)

/* A walk can be led to the root as to any table of EL2's. */
static u64 root[MAX_ENTRIES];
static u64 page0[ENTRIES], page1[ENTRIES], page2[ENTRIES], page3[ENTRIES];
static u64 page4[ENTRIES], page5[ENTRIES], page6[ENTRIES];
static u64 *const page[] = { page0, page1, page2, page3, page4, page5, page6 };

/* What a page is: in the pool or nobody's, out of the pool, or the table of its place. */
static enum { FREE, TAKEN, TABLE } is[ARRAY_SIZE(page)];

/* A bit for each entry that is in a cache only, by page; of the root last. */
static u32 dirty[ARRAY_SIZE(page) + 1];

static struct hyp_iommu_s2 s2;
static struct kvm_hyp_memcache pool;

static s8 level_of(unsigned int k)
{
	return k >= first(3) ? 3 : k >= first(2) ? 2 : 1;
}

static u64 ia_of(unsigned int k)
{
	return (u64)(k - first(level_of(k))) << SHIFT(level_of(k) - 1);
}

/* The place for a table of @level that begins at @ia. */
static unsigned int place_of(s8 level, u64 ia)
{
	return first(level) + (unsigned int)(ia >> SHIFT(level - 1));
}

static bool is_table(u64 desc, s8 level, u64 ia)
{
	return level < 3 && desc == (PHYS(place_of(level + 1, ia)) | PAGE_OR_TABLE);
}

static bool well_formed(u64 desc, s8 level, u64 ia)
{
	return desc == 0 || is_leaf(desc, level, ia) ||
	       (is_table(desc, level, ia) && is[place_of(level + 1, ia)] == TABLE);
}

static bool all_well_formed(void)
{
	unsigned int i, k;
	bool good = true;

	for (i = 0; i < ROOT_ENTRIES; i++)
		good &= well_formed(root[i], START_LEVEL, (u64)i << SHIFT(START_LEVEL));
	for (k = 0; k < NR_TABLES; k++)
		for (i = 0; i < ENTRIES; i++)
			good &= is[k] != TABLE ||
				well_formed(page[k][i], level_of(k),
					    ia_of(k) + ((u64)i << SHIFT(level_of(k))));
	return good;
}

/*
 * What a device's walk finds, a bit for each page: it is mapped, it has a descriptor of its own.
 * And a bit for each place that has a table.
 */
struct view {
	u32 mapped, own, tables;
};

static struct view walk_all(void)
{
	struct view v = { 0 };
	unsigned int i;
	u64 addr, desc;
	s8 l;

	for (i = 0; i < IA_PAGES; i++) {
		addr = (u64)i << PAGE_SHIFT;
		desc = root[addr >> SHIFT(START_LEVEL)];
		for (l = START_LEVEL; is_table(desc, l, addr & ~(SIZE(l) - 1)); l++)
			desc = page[place_of(l + 1, addr)][addr >> SHIFT(l + 1) & (ENTRIES - 1)];
		v.mapped |= (u32)is_leaf(desc, l, addr & ~(SIZE(l) - 1)) << i;
		v.own |= (u32)(l == 3) << i;
	}
	for (i = 0; i < NR_TABLES; i++)
		v.tables |= (u32)(is[i] == TABLE) << i;

	return v;
}

void *prove_phys_to_virt(u64 phys)
{
	unsigned int k;

	STEP();
	for (k = 0; k < NR_TABLES; k++) {
		if (phys == PHYS(k)) {
			PROVE("no page that is in the pool is used", is[k] != FREE);
			return page[k];
		}
	}
	PROVE("no page but the root and the pool's is used", phys == ROOT);

	return root;
}

u64 prove_virt_to_phys(void *virt)
{
	unsigned int k;

	for (k = 0; k < NR_TABLES; k++)
		if (virt == page[k])
			return PHYS(k);
	PROVE("the address of a table is that of a page", false);

	return 0;
}

/* The pool's links lead to any page that is no table. */
static u64 any_free_page(bool exists)
{
	unsigned int k;

	if (!exists)
		return 0;
	k = ANY_OF(NR_TABLES);
	ASSUME(is[k] == FREE);
	is[k] = TAKEN;

	return PHYS(k);
}

u64 model_cache_load(u64 *virt)
{
	return any_free_page(pool.nr_pages > 1);
}

/* The page that @virt is into, or NR_TABLES. */
static unsigned int page_of(const u64 *virt)
{
	unsigned int k;

	for (k = 0; k < NR_TABLES; k++)
		if (inside(virt, page[k], ENTRIES))
			break;
	return k;
}

/* A page goes to the pool. */
void model_cache_store(u64 *virt, u64 val)
{
	unsigned int k = page_of(virt);

	PROVE("a page that is freed is a table, and freed once",
	      k < NR_TABLES && virt == page[k] && is[k] == TABLE);
	ASSUME(k < NR_TABLES);
	is[k] = FREE;
	*virt = val;
}

void prove_fill_page(void *virt, int c, size_t size)
{
	unsigned int i, k = page_of(virt);

	PROVE("what is cleared is a page, and no table in use",
	      !c && size == PAGE_SIZE && k < NR_TABLES && virt == page[k] && is[k] == TAKEN);
	ASSUME(k < NR_TABLES);
	for (i = 0; i < ENTRIES; i++)
		page[k][i] = 0;
	dirty[k] = (1U << ENTRIES) - 1;
}

void prove_flush(const void *from, size_t size)
{
	unsigned int i, k = page_of(from), at;

	PROVE("what is flushed is of the root or a table",
	      k < NR_TABLES || inside(from, root, ROOT_ENTRIES));
	at = index_in(from, k < NR_TABLES ? page[k] : root);
	for (i = 0; i < ENTRIES || i < ROOT_ENTRIES; i++)
		if (i >= at && i < at + size / sizeof(u64))
			dirty[k] &= ~(1U << i);
}

static bool all_clean(void)
{
	unsigned int k;
	u32 any = 0;

	for (k = 0; k <= NR_TABLES; k++)
		any |= dirty[k];
	return !any;
}

void prove_store(u64 *desc, u64 new)
{
	unsigned int k = page_of(desc), to, i;
	u64 ia, old = *desc;
	s8 level = START_LEVEL;
	bool good = true;

	STEP();
	PROVE("a store is to the root, a table or a page that leaves the pool",
	      k == NR_TABLES ? inside(desc, root, ROOT_ENTRIES) : is[k] != FREE);
	if (k == NR_TABLES) {
		ia = (u64)index_in(desc, root) << SHIFT(START_LEVEL);
	} else {
		level = level_of(k);
		ia = ia_of(k) + ((u64)index_in(desc, page[k]) << SHIFT(level));
	}

	*desc = new;
	dirty[k] |= 1U << index_in(desc, k < NR_TABLES ? page[k] : root);
	if ((k < NR_TABLES && is[k] == TAKEN) ||
	    (!old && is_leaf(new, level, ia)) || (is_leaf(old, level, ia) && !new))
		return;

	/* A table becomes reachable: all of it says what the descriptor has said until now. */
	to = (new - POOL) >> PAGE_SHIFT;
	PROVE("a store makes a leaf, makes one invalid, or puts a table in the place of either",
	      level < 3 && new >= POOL && new < ROOT && new == (PHYS(to) | PAGE_OR_TABLE) &&
	      (!old || is_leaf(old, level, ia)));
	ASSUME(level < 3 && to < NR_TABLES);
	PROVE("a table is linked at one place only", is[to] == TAKEN);
	ASSUME(to == place_of(level + 1, ia));
	for (i = 0; i < ENTRIES; i++)
		good &= page[to][i] ==
			(old ? leaf(level + 1, ia + ((u64)i << SHIFT(level + 1))) : 0);
	PROVE("a table in the place of a block maps the same, one in that of nothing maps nothing",
	      good);
	PROVE("a table is in memory before its descriptor is stored", !dirty[to]);
	is[to] = TABLE;
}

/* Any descriptor; a table has the page of its place. */
static u64 any_desc(s8 level, u64 ia)
{
	switch (ANY_OF(3)) {
	case 0:
		return 0;
	case 1:
		ASSUME(may_be_leaf(level));
		return leaf(level, ia);
	default:
		ASSUME(level < 3);
		is[place_of(level + 1, ia)] = TABLE;
		return PHYS(place_of(level + 1, ia)) | PAGE_OR_TABLE;
	}
}

static void any_page_table(unsigned int max_pool)
{
	unsigned int i, k, nr_free = 0;

	for (k = 0; k <= NR_TABLES; k++)
		dirty[k] = 0;
	for (k = 0; k < NR_TABLES; k++)
		is[k] = FREE;
	for (i = 0; i < ROOT_ENTRIES; i++)
		root[i] = any_desc(START_LEVEL, (u64)i << SHIFT(START_LEVEL));
	for (k = 0; k < NR_TABLES; k++) {
		for (i = 0; i < ENTRIES; i++)
			page[k][i] = is[k] != TABLE ? ANY_CONTENT :
				any_desc(level_of(k), ia_of(k) + ((u64)i << SHIFT(level_of(k))));
		nr_free += is[k] == FREE;
	}
	s2 = (struct hyp_iommu_s2) {
		.pgd = ROOT, .pgd_size = ROOT_ENTRIES * sizeof(u64), .ia_bits = IA_BITS,
		.start_level = START_LEVEL,
	};
	pool.nr_pages = ANY_OF(min(nr_free, max_pool) + 1);
	pool.head = any_free_page(pool.nr_pages);
}

/* A range that the functions take, and a bit for each of its pages. */
struct range {
	u64 start, end;
	u32 pages;
};

static struct range any_range(void)
{
	unsigned int start = ANY_OF(IA_PAGES + 1), nr = ANY_OF(IA_PAGES + 1 - start);

	return (struct range) {
		(u64)start << PAGE_SHIFT, (u64)(start + nr) << PAGE_SHIFT,
		((1U << nr) - 1) << start
	};
}

/* The tables without which @r cannot be told from the rest: see geometry.c for their number. */
static u32 needed(const struct range *r)
{
	u32 tables = 0;
	unsigned int k;
	u64 start, end;

	for (k = 0; k < NR_TABLES; k++) {
		start = ia_of(k);
		end = start + SIZE(level_of(k) - 1);
		if (r->start < end && start < r->end &&
		    (!may_be_leaf(level_of(k) - 1) || r->start > start || r->end < end))
			tables |= 1U << k;
	}

	return tables;
}

/* Every bit of @a is in @b. */
static bool within(u32 a, u32 b)
{
	return !(a & ~b);
}

void prove_map(void)
{
	struct range r = any_range();
	struct view was, now;
	int ret;

	any_page_table(NR_TABLES);
	was = walk_all();
	ret = iommu_s2_map(&s2, r.start, r.end, &pool);
	now = walk_all();

	PROVE("the page table stays well formed: each leaf is identity, with EL2's attributes",
	      all_well_formed());
	PROVE("all of it is in memory", all_clean());
	PROVE("0 or -ENOMEM is returned", ret == 0 || ret == -ENOMEM);
	PROVE("0: what is mapped is what was, and the range",
	      implies(!ret, now.mapped == (was.mapped | r.pages)));
	PROVE("-ENOMEM: nothing is unmapped, and nothing outside the range is mapped",
	      within(was.mapped, now.mapped) && within(now.mapped, was.mapped | r.pages));
	PROVE("a table is added only where no block can be, or that the range covers in part",
	      within(now.tables, was.tables | needed(&r)));
	PROVE("no table is replaced by a block", within(was.own, now.own));

	REACH("a new block", FLAT || (!ret && now.mapped & ~was.mapped & ~now.own));
	REACH("a new page", !ret && now.mapped & ~was.mapped & now.own);
	REACH("too small a pool", FLAT || (ret == -ENOMEM && now.mapped != was.mapped));
	REACH("all of it at once",
	      !ret && !was.mapped && now.mapped == (1U << IA_PAGES) - 1 && now.mapped == r.pages);
	REACH("a range that is mapped in part",
	      !ret && was.mapped & r.pages && r.pages & ~was.mapped);
}

void prove_unmap(void)
{
	struct range r = any_range();
	struct view was, now;
	int ret;

	any_page_table(NR_TABLES);
	was = walk_all();
	ret = iommu_s2_unmap(&s2, r.start, r.end, &pool);
	now = walk_all();

	PROVE("the page table stays well formed: each leaf is identity, with EL2's attributes",
	      all_well_formed());
	PROVE("all of it is in memory", all_clean());
	PROVE("0, 1 or -ENOMEM is returned", ret == 0 || ret == 1 || ret == -ENOMEM);
	PROVE("1: what is mapped is what was, without the range",
	      implies(ret == 1, now.mapped == (was.mapped & ~r.pages)));
	PROVE("0: nothing of the range was mapped",
	      implies(!ret, !(was.mapped & r.pages) && now.mapped == was.mapped));
	PROVE("-ENOMEM: nothing is mapped, and nothing outside the range is unmapped",
	      within(now.mapped, was.mapped) && within(was.mapped & ~r.pages, now.mapped));
	PROVE("a table is added only where no block can be, or that the range covers in part",
	      within(now.tables, was.tables | needed(&r)));
	PROVE("no table is replaced by a block", within(was.own, now.own));

	REACH("a block that is split for a part of it",
	      FLAT || (ret == 1 && now.mapped & now.own & ~was.own));
	REACH("a block that is unmapped whole",
	      FLAT || (ret == 1 && was.mapped & r.pages & ~now.own));
	REACH("too small a pool", FLAT || (ret == -ENOMEM && now.mapped != was.mapped));
	REACH("nothing to unmap", !ret && r.pages);
}

void prove_add_tables(void)
{
	struct range r = any_range();
	struct view was, now;
	int ret;

	any_page_table(NR_TABLES);
	was = walk_all();
	ret = iommu_s2_add_tables(&s2, r.start, r.end, &pool);
	now = walk_all();

	PROVE("the page table stays well formed: each leaf is identity, with EL2's attributes",
	      all_well_formed());
	PROVE("all of it is in memory", all_clean());
	PROVE("0 or -ENOMEM is returned", ret == 0 || ret == -ENOMEM);
	PROVE("no page is mapped or unmapped, with an error or without",
	      now.mapped == was.mapped);
	PROVE("0: each page of the range has a descriptor of its own",
	      implies(!ret, within(r.pages, now.own)));
	PROVE("no table is replaced by a block", within(was.own, now.own));

	REACH("a block that is split", FLAT || (!ret && was.mapped & ~was.own & now.own));
	REACH("tables for nothing", FLAT || (!ret && now.own & ~was.own & ~was.mapped));
	REACH("too small a pool", FLAT || (ret == -ENOMEM));
}

/* What add_tables() is for. */
void prove_reserved(void)
{
	struct range r = any_range();
	bool map = ANY_OF(2);
	int ret;

	any_page_table(0);
	ASSUME(within(r.pages, walk_all().own));
	ret = map ? iommu_s2_map(&s2, r.start, r.end, &pool) :
		    iommu_s2_unmap(&s2, r.start, r.end, &pool);
	PROVE("with a descriptor for each page, mapping and unmapping take no table",
	      ret >= 0);
	REACH("a page is unmapped", !map && ret == 1);
	REACH("pages are mapped", map && r.end - r.start > PAGE_SIZE);
}

/* Where iommu_s2_leaf() leads. */
void prove_leaf(void)
{
	unsigned int i = ANY_OF(IA_PAGES);
	struct view v;
	u64 *desc;
	s8 level;

	any_page_table(0);
	v = walk_all();
	desc = iommu_s2_leaf(&s2, ((u64)i << PAGE_SHIFT) + ANY_OF(PAGE_SIZE), &level);
	PROVE("the descriptor is the one that a device's walk ends at",
	      (*desc & VALID) == (v.mapped >> i & 1) && (level == 3) == (v.own >> i & 1));
	REACH("a block", FLAT || (level < 3 && *desc));
	REACH("a page", level == 3 && *desc);
	REACH("nothing", !*desc);
}

/* Behind the root: a page of the host's, and one of which the second half is no memory. */
#define HOSTS		(ROOT + PAGE_SIZE)
#define PARTIAL		(HOSTS + PAGE_SIZE)

bool addr_is_memory(phys_addr_t phys)
{
	return phys >= POOL && phys < PARTIAL + PAGE_SIZE / 2;
}

enum pkvm_page_state prove_state(u64 phys)
{
	PROVE("only memory is looked up", addr_is_memory(phys));

	return (phys & PAGE_MASK) == HOSTS ? PKVM_NOPAGE : PKVM_PAGE_OWNED;
}

static u32 checked;

static int check_range(u64 start, u64 end)
{
	u64 addr;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		PROVE("no page is reported twice", !(checked >> (addr >> PAGE_SHIFT) & 1));
		checked |= 1U << (addr >> PAGE_SHIFT);
	}

	return 0;
}

void prove_check(void)
{
	int ret;

	any_page_table(0);
	checked = 0;
	ret = iommu_s2_check(&s2, check_range);
	PROVE("a well-formed page table is found to be", !ret);
	PROVE("what it maps is reported", checked == walk_all().mapped);
	REACH("pages in tables and blocks",
	      FLAT || (walk_all().mapped & walk_all().own && walk_all().mapped & ~walk_all().own));
}

/* What a descriptor of a corrupt page table can hold. */
static u64 any_corrupt(u64 desc)
{
#ifdef EXHAUST
	switch (ANY_OF(3)) {
	case 0:
		return desc ^ BIT(ANY_OF(64));
	case 1:
		return (POOL + ((u64)ANY_OF(NR_TABLES + 4) << PAGE_SHIFT)) | PAGE_OR_TABLE;
	default:
		return leaf(START_LEVEL + ANY_OF(4 - START_LEVEL),
			    (u64)ANY_OF(IA_PAGES) << PAGE_SHIFT);
	}
#else
	return ANY(u64);
#endif
}

/*
 * All that walks for the part of the address space at @ia find below a descriptor of @level.
 * What they map, a bit for each page, is added to @mapped.
 */
static bool walks_good(u64 desc, s8 level, u64 ia, u32 *mapped)
{
	u64 phys = desc & ~(u64)PAGE_OR_TABLE;
	unsigned int i, k = (phys - POOL) >> PAGE_SHIFT;
	bool good = true;

	if (is_leaf(desc, level, ia)) {
		*mapped |= ((1U << (SIZE(level) >> PAGE_SHIFT)) - 1) << (ia >> PAGE_SHIFT);
		return true;
	}
	if (!desc || level == 3)
		return !desc;
	if ((desc & PAGE_OR_TABLE) != PAGE_OR_TABLE || phys != PHYS(k) || k > NR_TABLES)
		return false;
	for (i = 0; i < ENTRIES; i++)
		good &= walks_good((k < NR_TABLES ? page[k] : root)[i], level + 1,
				   ia + ((u64)i << SHIFT(level + 1)), mapped);
	return good;
}

/* Any one descriptor of a page table, the root or a page of EL2's, is any. */
void prove_check_corrupt(void)
{
	unsigned int i, k = ANY_OF(NR_TABLES + 1);
	bool good = true;
	u32 mapped = 0;
	u64 *desc;
	int ret;

	any_page_table(0);
	desc = k < NR_TABLES ? &page[k][ANY_OF(ENTRIES)] : &root[ANY_OF(ROOT_ENTRIES)];
	*desc = any_corrupt(*desc);
	/* Which of EL2's pages are tables is not known. */
	for (k = 0; k < NR_TABLES; k++)
		is[k] = TABLE;
	for (i = 0; i < ROOT_ENTRIES; i++)
		good &= walks_good(root[i], START_LEVEL, (u64)i << SHIFT(START_LEVEL), &mapped);

	checked = 0;
	ret = iommu_s2_check(&s2, check_range);
	PROVE("0: a walk finds identity, nothing, or tables of EL2's, otherwise -EUCLEAN",
	      ret == (good ? 0 : -EUCLEAN));
	PROVE("what is found good is reported, all of it", ret || checked == mapped);
	REACH("a good page table", !ret && mapped);
	REACH("a bad one", ret == -EUCLEAN);
	REACH("a bad one behind what is good", ret && checked);
}

void prove_free_tables(void)
{
	unsigned int i, k, nr_tables = 0, left = 0;
	unsigned long nr_pages;

	any_page_table(NR_TABLES);
	nr_pages = pool.nr_pages;
	for (k = 0; k < NR_TABLES; k++)
		nr_tables += is[k] == TABLE;
	iommu_s2_free_tables(&s2, &pool);
	for (k = 0; k < NR_TABLES; k++)
		left += is[k] == TABLE;
	for (i = 0; i < ROOT_ENTRIES; i++)
		left += is_table(root[i], START_LEVEL, (u64)i << SHIFT(START_LEVEL));
	PROVE("every table is freed, and the root has none", !left);
	PROVE("what is freed is counted", pool.nr_pages == nr_pages + nr_tables);
	REACH("all tables there can be", FLAT || nr_tables == NR_TABLES);
}
