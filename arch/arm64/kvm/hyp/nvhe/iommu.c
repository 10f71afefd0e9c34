// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device stage 2: what DMA can reach, kept a subset of what the host can.
 *
 * One identity-mapped table serves every IOMMU that EL2 owns. It maps all memory that the
 * host may access, owned or shared, and all MMIO that EL2 has not taken: peer-to-peer
 * windows and the doorbells of interrupt controllers. It leaves out the hypervisor's text,
 * which the host may read.
 *
 * hyp_iommu_prepare() builds the table while the host is trusted, from the owners' annotations
 * in the host stage 2 and the list of taken MMIO. It ignores which pages the host stage 2 maps
 * so far: the host's CPUs fault the others in, and DMA cannot. Afterwards the ownership
 * transitions of mem_protect.c update the table under host_mmu.lock, as they do the host
 * stage 2:
 *
 *	host loses a page	revoke, as the last step that may fail: leaf
 *				invalid, translations dropped from every IOMMU,
 *				then the CPUs lose the page
 *	host gets a page	the CPUs get it, then grant: leaf valid
 *
 * Leaves are as large as they can be. A transition that takes a part of a block splits the
 * block under live DMA; if an IOMMU does not allow that, memory is mapped by pages. A table is
 * never removed. The pool holds a page for every table that there can ever be, see
 * hyp_iommu_pgtable_pages(), so neither revoke nor grant runs out. Addresses beyond ia_bits
 * are MMIO that devices do not reach.
 */

#include <linux/sizes.h>

#include <asm/kvm_hyp.h>
#include <asm/kvm_iommu_pgtable.h>
#include <asm/kvm_mmu.h>

#include <nvhe/host_mmio.h>
#include <nvhe/iommu.h>
#include <nvhe/iommu_pgtable.h>
#include <nvhe/memory.h>
#include <nvhe/mem_protect.h>
#include <nvhe/mm.h>
#include <nvhe/spinlock.h>

struct hyp_iommu_s2 hyp_iommu_s2;
struct kvm_hyp_memcache hyp_iommu_pool;
struct kvm_hyp_memcache hyp_iommu_spare;
u64 hyp_iommu_revoked_pages;

/**
 * hyp_iommu_prepared - Whether the device stage 2 exists
 *
 * Context: host_mmu.lock is held.
 * Return: true between hyp_iommu_prepare() and hyp_iommu_release().
 */
bool hyp_iommu_prepared(void)
{
	hyp_assert_lock_held(&host_mmu.lock);

	return hyp_iommu_s2.pgd;
}

/*
 * An empty entry has not been faulted in by the host yet. A read-only mapping is the
 * hypervisor's text, which devices must not reach.
 */
static bool host_may_access(kvm_pte_t pte)
{
	if (kvm_pte_valid(pte))
		return kvm_pgtable_stage2_pte_prot(pte) & KVM_PGTABLE_PROT_W;

	return !pte;
}

/*
 * Return the end of the run of leaves that begins with the one of @addr: equal invalid
 * entries, such as EL2's annotations in the host stage 2, or valid leaves that continue each
 * other. A run ends at the latest with its table. The same code reads the CPUs' page tables,
 * which are in memory below 2^48, too.
 */
static u64 leaf_run(const struct hyp_iommu_s2 *table, u64 addr, u64 *first)
{
	u64 size, step, desc, nr, left, *ptr;
	s8 level;

	ptr = iommu_s2_leaf(table, addr, &level);
	desc = *ptr;
	*first = desc;
	size = kvm_granule_size(level);
	step = desc & KVM_PTE_VALID ? size : 0;
	addr = ALIGN_DOWN(addr, size);
	nr = (ALIGN(addr + 1, kvm_granule_size(level - 1)) - addr) / size;
	for (left = nr - 1; left; left--) {
		desc += step;
		if (*++ptr != desc)
			break;
	}

	return addr + (nr - left) * size;
}

static u64 host_run(u64 addr, kvm_pte_t *first)
{
	const struct hyp_iommu_s2 host = {
		.pgd		= hyp_virt_to_phys(host_mmu.pgt.pgd),
		.ia_bits	= host_mmu.pgt.ia_bits,
		.start_level	= host_mmu.pgt.start_level,
	};

	hyp_assert_lock_held(&host_mmu.lock);

	return leaf_run(&host, addr, first);
}

/*
 * Whether the host may access @addr. @next is set to the end of the range that the answer is
 * true for. The host stage 2 has the owners of memory, the list of taken MMIO all others.
 */
static bool host_may_access_run(u64 addr, u64 *next)
{
	u64 start = 0;
	kvm_pte_t pte;

	*next = host_run(addr, &pte);

	return !host_mmio_is_taken(addr, &start, next) && host_may_access(pte);
}

static u64 hyp_run(u64 addr, kvm_pte_t *first)
{
	const struct hyp_iommu_s2 hyp = {
		.pgd		= hyp_virt_to_phys(pkvm_pgtable.pgd),
		.ia_bits	= pkvm_pgtable.ia_bits,
		.start_level	= pkvm_pgtable.start_level,
	};

	hyp_assert_lock_held(&pkvm_pgd_lock);

	return leaf_run(&hyp, addr, first);
}

/*
 * Widen a memory region to whole pages. Regions are sorted and end below 2^ia_bits, see
 * check_root(), but they may begin or end inside a page, and two may share one. Such a page
 * stays the host's: check_range_allowed_memory() refuses it to every ownership transition.
 */
static void region_pages(const struct memblock_region *reg, u64 *start, u64 *end)
{
	*start = ALIGN_DOWN(reg->base, PAGE_SIZE);
	*end = PAGE_ALIGN(reg->base + reg->size);
}

/* Allocate tables down to the pages of memory, so that no block has to be split later. */
static int avoid_blocks(struct hyp_iommu_s2 *s2)
{
	u64 start, end;
	int i, ret = 0;

	for (i = 0; i < hyp_memblock_nr && !ret; i++) {
		region_pages(&hyp_memory[i], &start, &end);
		ret = iommu_s2_add_tables(s2, start, end, &hyp_iommu_spare);
	}

	return ret;
}

/*
 * Map all that the host may access. That includes addresses that memblock does not know at
 * boot, which can be MMIO or memory. Counts the parts of the address space, each as large as
 * a table at the last level maps, that have MMIO taken by EL2.
 */
static int map_all_but_holes(struct hyp_iommu_s2 *s2, unsigned int *nr_mmio)
{
	u64 shift = kvm_granule_shift(KVM_PGTABLE_LAST_LEVEL - 1), counted = 0;
	u64 addr, next, done = 0, end = BIT(s2->ia_bits);
	bool may_access;
	int ret;

	for (addr = 0; addr < end; addr = next) {
		may_access = host_may_access_run(addr, &next);
		next = min(next, end);
		if (may_access)
			continue;

		if (!addr_is_memory(addr)) {
			counted = max(counted, addr >> shift);
			*nr_mmio += ((next - 1) >> shift) + 1 - counted;
			counted = ((next - 1) >> shift) + 1;
		}
		ret = iommu_s2_map(s2, done, addr, &hyp_iommu_spare);
		if (ret)
			return ret;
		done = next;
	}

	return iommu_s2_map(s2, done, end, &hyp_iommu_spare);
}

/* A part that map_all_but_holes() counts needs at most one table of each level. */
static int map_everything(struct hyp_iommu_s2 *s2)
{
	unsigned long nr_pages = hyp_iommu_spare.nr_pages;
	unsigned int nr_mmio = 0;
	int ret = 0;

	hyp_assert_lock_held(&host_mmu.lock);
	if (!hyp_iommu_can_split())
		ret = avoid_blocks(s2);
	if (!ret)
		ret = map_all_but_holes(s2, &nr_mmio);
	if (ret)
		return ret;

	/* The pool covers the worst case: what is left is enough for all transitions. */
	return nr_pages < hyp_iommu_pgtable_pages(s2->ia_bits, s2->pa_bits, nr_mmio) ? -ENOMEM : 0;
}

/* Check that the host may access a range that devices reach. */
static int check_host_may_access(u64 addr, u64 end)
{
	u64 next;

	for (; addr < end; addr = next) {
		if (!host_may_access_run(addr, &next))
			return -EUCLEAN;
	}

	return 0;
}

/* Check that devices reach no page of a range. */
static int check_unmapped(const struct hyp_iommu_s2 *s2, u64 addr, u64 end)
{
	u64 desc;

	while (addr < end) {
		addr = leaf_run(s2, addr, &desc);
		if (desc & KVM_PTE_VALID)
			return -EUCLEAN;
	}

	return 0;
}

/* Check that devices reach no page that EL2's linear map has as owned by EL2. */
static int check_hyp_memory(const struct hyp_iommu_s2 *s2, u64 phys, u64 end)
{
	u64 va, next, next_va;
	kvm_pte_t pte;
	int ret;

	for (; phys < end; phys = next) {
		va = (u64)hyp_phys_to_virt(phys);
		next_va = hyp_run(va, &pte);
		next = min(end, phys + next_va - va);
		if (!kvm_pte_valid(pte) ||
		    pkvm_getstate(kvm_pgtable_hyp_pte_prot(pte)) != PKVM_PAGE_OWNED)
			continue;

		ret = check_unmapped(s2, phys, next);
		if (ret)
			return ret;
	}

	return 0;
}

/*
 * Check the finished table and not the steps that led to it: nothing finds an error in it
 * later. Compare it with the host stage 2, which the build has read, and with EL2's own page
 * table, which the build has not read.
 */
static int check_everything(const struct hyp_iommu_s2 *s2)
{
	u64 start, end;
	int i, ret;

	hyp_spin_lock(&pkvm_pgd_lock);
	ret = iommu_s2_check(s2, check_host_may_access);
	for (i = 0; i < hyp_memblock_nr && !ret; i++) {
		region_pages(&hyp_memory[i], &start, &end);
		ret = check_hyp_memory(s2, start, end);
	}
	hyp_spin_unlock(&pkvm_pgd_lock);

	return ret;
}

static int check_root(u64 pgd_pfn, u8 ia_bits, u8 pa_bits)
{
	struct memblock_region *last;

	if (ia_bits < HYP_IOMMU_MIN_IA_BITS || ia_bits > pa_bits ||
	    pa_bits > HYP_IOMMU_MAX_IA_BITS || ia_bits > host_mmu.pgt.ia_bits)
		return -EINVAL;

	/* Regions are sorted. There is at least one, as EL2 itself is in memory. */
	last = &hyp_memory[hyp_memblock_nr - 1];
	if (last->base + last->size > BIT(ia_bits))
		return -EINVAL;

	/* hyp_iommu_s2.pgd is 0 if there is no table. */
	if (!pgd_pfn ||
	    !IS_ALIGNED(pgd_pfn, hyp_iommu_pgd_size(ia_bits, pa_bits) >> PAGE_SHIFT))
		return -EINVAL;

	return 0;
}

/**
 * hyp_iommu_take_pool - Take all pages of a list from the host
 * @mc:      receives the pages
 * @host_mc: the host's list, of chunks of pages. The low bits of a link hold the order of the
 *           chunk it points to; the last page of a chunk holds the link to the next one.
 *
 * Context: the host is trusted.
 * Return: 0, or -ENOMEM if a page is not the host's: then each list has some of the pages.
 */
int hyp_iommu_take_pool(struct kvm_hyp_memcache *mc, struct kvm_hyp_memcache *host_mc)
{
	phys_addr_t phys;
	void *page;
	u64 nr;

	while (host_mc->nr_pages) {
		phys = host_mc->head & PAGE_MASK;
		nr = BIT_ULL(min(host_mc->head & ~PAGE_MASK, BITS_PER_LONG - 1));
		if (nr > host_mc->nr_pages || __pkvm_host_donate_hyp(hyp_phys_to_pfn(phys), nr))
			return -ENOMEM;

		/* Only EL2 can write to the chunk now: read the link in its last page. */
		page = hyp_phys_to_virt(phys);
		host_mc->head = *(phys_addr_t *)(page + (nr - 1) * PAGE_SIZE);
		host_mc->nr_pages -= nr;
		for (; nr; nr--, page += PAGE_SIZE)
			push_hyp_memcache(mc, page, hyp_virt_to_phys);
	}

	return 0;
}

/* Give EL2's unused pages back to the host, in hyp_iommu_pool. */
static void return_pages(void)
{
	void *page;

	while ((page = pop_hyp_memcache(&hyp_iommu_spare, hyp_phys_to_virt))) {
		push_hyp_memcache(&hyp_iommu_pool, page, hyp_virt_to_phys);
		/* Catches a page in use twice: EL2 owns it since hyp_iommu_take_pool(). */
		WARN_ON(__pkvm_hyp_donate_host(hyp_virt_to_pfn(page), 1));
	}
}

static int build(struct hyp_iommu_s2 *s2)
{
	int ret;

	memset(hyp_phys_to_virt(s2->pgd), 0, s2->pgd_size);
	iommu_s2_clean(s2, hyp_phys_to_virt(s2->pgd), s2->pgd_size);

	hyp_spin_lock(&host_mmu.lock);
	host_mmio_freeze(true);
	ret = map_everything(s2);
	if (ret)
		iommu_s2_free_tables(s2, &hyp_iommu_spare);
	else
		ret = check_everything(s2);
	if (ret)
		host_mmio_freeze(false);
	else
		hyp_iommu_s2 = *s2; /* From here on transitions are mirrored. */
	hyp_spin_unlock(&host_mmu.lock);

	return ret;
}

/**
 * hyp_iommu_prepare - Build the device stage 2 from the ownership of every page
 * @pgd_pfn: first page of the root, host-owned, aligned to hyp_iommu_pgd_size()
 * @ia_bits: input address size; hyp_iommu_start_level() gives the level of the root
 * @pa_bits: output address size that every IOMMU has at least
 *
 * All tables, now and later, come from hyp_iommu_pool, which the host has filled with
 * hyp_iommu_pgtable_pages() pages.
 *
 * Context: the host is trusted. Every IOMMU is registered and its MMIO taken.
 * Return: 0; -ENOMEM = the pool is too small, or a page in it is not the host's; -EINVAL =
 * unusable root or sizes; -EPERM = the root is not the host's; -EBUSY = already prepared. After
 * these errors every page is the host's again. -EUCLEAN = the table is wrong, a bug of EL2's:
 * EL2 keeps its pages.
 */
int hyp_iommu_prepare(u64 pgd_pfn, u8 ia_bits, u8 pa_bits)
{
	struct hyp_iommu_s2 s2 = {
		.pgd	 = hyp_pfn_to_phys(pgd_pfn),
		.ia_bits = ia_bits,
		.pa_bits = pa_bits,
	};
	u64 nr_pages;
	int ret;

	/* The host is trusted to make one call at a time. */
	if (hyp_iommu_s2.pgd)
		return -EBUSY;

	ret = check_root(pgd_pfn, ia_bits, pa_bits);
	if (ret)
		return ret;

	s2.coherent = hyp_iommu_coherent();
	s2.start_level = hyp_iommu_start_level(ia_bits, pa_bits);
	s2.pgd_size = hyp_iommu_pgd_size(ia_bits, pa_bits);
	nr_pages = s2.pgd_size >> PAGE_SHIFT;
	ret = __pkvm_host_donate_hyp(pgd_pfn, nr_pages);
	if (ret)
		return ret;

	/* EL2 owns all tables before it reads who owns what: none becomes reachable by DMA. */
	ret = hyp_iommu_take_pool(&hyp_iommu_spare, &hyp_iommu_pool);
	if (!ret)
		ret = build(&s2);
	if (!ret) {
		hyp_iommu_selftest();
		return 0;
	}

	/* Do not trust a wrong table to tell which pages it consists of. */
	if (ret == -EUCLEAN)
		return ret;

	return_pages();
	/* Catches a root that was shared or pinned: EL2 owns it since the donation. */
	WARN_ON(__pkvm_hyp_donate_host(pgd_pfn, nr_pages));

	return ret;
}

/**
 * hyp_iommu_release - Undo hyp_iommu_prepare()
 *
 * Return: 0; -EBUSY = an IOMMU is enabled; -ENOENT = nothing is prepared.
 */
int hyp_iommu_release(void)
{
	struct hyp_iommu_s2 s2;

	if (hyp_iommu_enabled())
		return -EBUSY;

	hyp_spin_lock(&host_mmu.lock);
	s2 = hyp_iommu_s2;
	hyp_iommu_s2 = (struct hyp_iommu_s2) {};
	host_mmio_freeze(false);
	hyp_spin_unlock(&host_mmu.lock);
	if (!s2.pgd)
		return -ENOENT;

	iommu_s2_free_tables(&s2, &hyp_iommu_spare);
	return_pages();
	/* Catches a root that was shared or pinned: EL2 owns it since the donation. */
	WARN_ON(__pkvm_hyp_donate_host(hyp_phys_to_pfn(s2.pgd), s2.pgd_size >> PAGE_SHIFT));

	return 0;
}

/**
 * hyp_iommu_revoke_locked - Take a range away from all devices
 * @phys: start, aligned to PAGE_SIZE
 * @size: multiple of PAGE_SIZE
 *
 * The last step of a transition that may fail, before the CPU's stage 2 changes. On success
 * no device reaches the range, not by a cached translation either.
 *
 * Context: host_mmu.lock is held. The host may access all of the range, which the caller has
 * checked.
 * Return: 0; -EIO = an IOMMU did not complete the invalidation; -ENOMEM = no page to split a
 * block with; -EINVAL = the range is not of pages in the device stage 2. After an error the
 * device stage 2 is as it was, and the caller refuses the transition.
 */
int hyp_iommu_revoke_locked(phys_addr_t phys, u64 size)
{
	int ret;

	if (!hyp_iommu_prepared())
		return 0;

	ret = iommu_s2_unmap(&hyp_iommu_s2, phys, phys + size, &hyp_iommu_spare);
	/* 0: no leaf was valid. Leaves that once were have been dropped from every IOMMU. */
	if (!ret || ret == -EINVAL)
		return ret;

	/*
	 * Every IOMMU observes the invalid leaves before it can observe the command
	 * that drops the old ones, so no walk after the invalidation reads an old leaf.
	 * Pairs with the producer index written by hyp_iommu_flush_all().
	 */
	wmb();

	if (ret > 0)
		ret = hyp_iommu_flush_all() ? -EIO : 0;
	if (ret)
		hyp_iommu_grant_locked(phys, size);
	else
		hyp_iommu_revoked_pages += size >> PAGE_SHIFT;

	return ret;
}

/**
 * hyp_iommu_grant_locked - Give a range of memory to all devices
 * @phys: start, aligned to PAGE_SIZE
 * @size: multiple of PAGE_SIZE
 *
 * Cannot fail. The host's CPUs have been given access before.
 *
 * Context: host_mmu.lock is held.
 */
void hyp_iommu_grant_locked(phys_addr_t phys, u64 size)
{
	if (!hyp_iommu_prepared())
		return;

	/*
	 * Catches a caller whose range is not of whole pages of memory, and a result of
	 * hyp_iommu_pgtable_pages() that is too low. The host causes neither: each
	 * transition checks that its pages are memory, check_root() has found all
	 * memory to be in the device stage 2, and no table in it is ever removed.
	 */
	WARN_ON(iommu_s2_map(&hyp_iommu_s2, phys, phys + size, &hyp_iommu_spare));

	/*
	 * No invalidation: no TLB holds an invalid leaf (IHI0070G.b 16.2). A walk of DMA
	 * that the host starts from here on reads the new leaf, even if the host starts
	 * it by a store without a barrier.
	 */
	wmb();
}
