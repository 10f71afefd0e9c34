// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device stage 2: what DMA can reach, kept a subset of what the host can.
 *
 * One identity-mapped table serves every IOMMU that EL2 owns. It holds all memory
 * that the host may access, owned or shared, and all MMIO outside memory that has
 * not been donated to EL2: peer-to-peer windows and the doorbells of interrupt
 * controllers. It leaves out the hypervisor's text, which the host may read.
 *
 * It is built while the host is trusted, from the ownership in the vmemmap and
 * the annotations of the host stage 2 and not from the mappings there, which are
 * lazy: DMA cannot fault a page in. Afterwards the ownership transitions of
 * mem_protect.c keep it up to date, under the same lock as the host stage 2:
 *
 *	host loses a page	revoke, as the last step that may fail: leaf
 *				invalid, translations dropped from every IOMMU,
 *				then the CPUs lose the page
 *	host gets a page	the CPUs get it, then grant: leaf valid
 *
 * Memory is mapped by pages in tables that always exist, so grant cannot fail,
 * and neither allocates. Input addresses beyond ia_bits are MMIO that devices do
 * not reach.
 */

#include <linux/sizes.h>

#include <asm/kvm_hyp.h>
#include <asm/kvm_iommu_pgtable.h>
#include <asm/kvm_mmu.h>

#include <nvhe/iommu.h>
#include <nvhe/iommu_pgtable.h>
#include <nvhe/memory.h>
#include <nvhe/mem_protect.h>
#include <nvhe/mm.h>
#include <nvhe/spinlock.h>

struct hyp_iommu_s2 hyp_iommu_s2;
struct kvm_hyp_memcache hyp_iommu_pool;

bool hyp_iommu_prepared(void)
{
	hyp_assert_lock_held(&host_mmu.lock);

	return hyp_iommu_s2.pgd;
}

/* The descriptor that a page of memory has, going by its owner. */
static u64 memory_desc(phys_addr_t phys)
{
	if (get_host_state(hyp_phys_to_page(phys)) == PKVM_NOPAGE)
		return 0;

	return iommu_s2_memory_desc(phys, KVM_PGTABLE_LAST_LEVEL);
}

static int map_memory(struct hyp_iommu_s2 *s2, struct memblock_region *reg,
		      struct kvm_hyp_memcache *mc)
{
	u64 phys = reg->base, end = reg->base + reg->size;
	u64 *desc = NULL;
	int ret;

	/*
	 * Pages without access have tables too. A region of firmware's is the
	 * host's to access (MEMBLOCK_NOMAP), so it is mapped like the others.
	 */
	ret = iommu_s2_add_tables(s2, phys, end, mc);
	if (ret)
		return ret;

	for (; phys < end; phys += PAGE_SIZE) {
		desc = iommu_s2_next_page(s2, desc, phys);
		WRITE_ONCE(*desc, memory_desc(phys));
	}

	return 0;
}

struct mmio_walk {
	struct hyp_iommu_s2	*s2;
	struct kvm_hyp_memcache	*mc;
	u64			next;	/* all MMIO below is done */
};

/* Map the MMIO before an annotation; under the annotation only the table exists. */
static int mmio_walker(const struct kvm_pgtable_visit_ctx *ctx,
		       enum kvm_pgtable_walk_flags visit)
{
	u64 end = ctx->addr + kvm_granule_size(ctx->level);
	struct mmio_walk *walk = ctx->arg;
	int ret;

	if (!ctx->old || kvm_pte_valid(ctx->old))
		return 0;

	ret = iommu_s2_map_mmio(walk->s2, walk->next, ctx->addr, walk->mc);
	if (ret)
		return ret;

	walk->next = end;

	return iommu_s2_add_tables(walk->s2, ctx->addr, end, walk->mc);
}

static int map_mmio(struct hyp_iommu_s2 *s2, u64 start, u64 end,
		    struct kvm_hyp_memcache *mc)
{
	struct mmio_walk walk = {
		.s2	= s2,
		.mc	= mc,
		.next	= start,
	};
	struct kvm_pgtable_walker walker = {
		.cb	= mmio_walker,
		.arg	= &walk,
		.flags	= KVM_PGTABLE_WALK_LEAF,
	};
	int ret;

	/* Regions can touch. */
	if (start >= end)
		return 0;

	ret = kvm_pgtable_walk(&host_mmu.pgt, start, end - start, &walker);
	if (ret)
		return ret;

	return iommu_s2_map_mmio(s2, walk.next, end, mc);
}

/* Memory regions are sorted, page-aligned and lie below 2^ia_bits, see check_root(). */
static int map_everything(struct hyp_iommu_s2 *s2, struct kvm_hyp_memcache *mc)
{
	struct memblock_region *reg;
	u64 end = 0;
	int i, ret;

	hyp_assert_lock_held(&host_mmu.lock);

	for (i = 0; i < hyp_memblock_nr; i++) {
		reg = &hyp_memory[i];

		ret = map_mmio(s2, end, reg->base, mc);
		if (ret)
			return ret;

		ret = map_memory(s2, reg, mc);
		if (ret)
			return ret;

		end = reg->base + reg->size;
	}

	return map_mmio(s2, end, BIT(s2->ia_bits), mc);
}

static int check_root(u64 pgd_pfn, u8 ia_bits)
{
	struct memblock_region *last;

	if (ia_bits < HYP_IOMMU_MIN_IA_BITS || ia_bits > HYP_IOMMU_MAX_IA_BITS ||
	    ia_bits > host_mmu.pgt.ia_bits)
		return -EINVAL;

	/* Sorted. There is memory, as EL2 itself is in it. */
	last = &hyp_memory[hyp_memblock_nr - 1];
	if (last->base + last->size > BIT(ia_bits))
		return -EINVAL;

	/* No root is at 0: that is how hyp_iommu_s2 says that there is none. */
	if (!pgd_pfn || !IS_ALIGNED(pgd_pfn, hyp_iommu_pgd_size(ia_bits) >> PAGE_SHIFT))
		return -EINVAL;

	return 0;
}

/* Give EL2's pages in @mc back to the host, in hyp_iommu_pool. */
static void return_pages(struct kvm_hyp_memcache *mc)
{
	void *page;

	while ((page = pop_hyp_memcache(mc, hyp_phys_to_virt))) {
		push_hyp_memcache(&hyp_iommu_pool, page, hyp_virt_to_phys);
		/* Catches a page in use twice: it is EL2's since refill_memcache(). */
		WARN_ON(__pkvm_hyp_donate_host(hyp_virt_to_pfn(page), 1));
	}
}

static int build(struct hyp_iommu_s2 *s2, struct kvm_hyp_memcache *mc)
{
	int ret;

	memset(hyp_phys_to_virt(s2->pgd), 0, hyp_iommu_pgd_size(s2->ia_bits));

	hyp_spin_lock(&host_mmu.lock);
	ret = map_everything(s2, mc);
	if (ret)
		iommu_s2_free_tables(s2, mc);
	else
		hyp_iommu_s2 = *s2; /* From here on transitions are mirrored. */
	hyp_spin_unlock(&host_mmu.lock);

	return ret;
}

static void hyp_iommu_selftest(void);

int hyp_iommu_prepare(u64 pgd_pfn, u8 ia_bits)
{
	struct kvm_hyp_memcache mc = {};
	struct hyp_iommu_s2 s2 = {
		.pgd	 = hyp_pfn_to_phys(pgd_pfn),
		.ia_bits = ia_bits,
	};
	u64 nr_pages;
	int ret;

	/* The host is trusted to make one call at a time. */
	if (hyp_iommu_s2.pgd)
		return -EBUSY;

	ret = check_root(pgd_pfn, ia_bits);
	if (ret)
		return ret;

	s2.start_level = hyp_iommu_start_level(ia_bits);
	nr_pages = hyp_iommu_pgd_size(ia_bits) >> PAGE_SHIFT;
	ret = __pkvm_host_donate_hyp(pgd_pfn, nr_pages);
	if (ret)
		return ret;

	/* All are EL2's before ownership is read: no table is reachable by DMA. */
	ret = refill_memcache(&mc, hyp_iommu_pool.nr_pages, &hyp_iommu_pool);
	if (!ret)
		ret = build(&s2, &mc);

	return_pages(&mc);
	/* Catches a root that was shared or pinned: it is EL2's since the donation. */
	if (ret)
		WARN_ON(__pkvm_hyp_donate_host(pgd_pfn, nr_pages));
	else
		hyp_iommu_selftest();

	return ret;
}

int hyp_iommu_release(void)
{
	struct kvm_hyp_memcache mc = {};
	struct hyp_iommu_s2 s2;

	if (hyp_iommu_enabled())
		return -EBUSY;

	hyp_spin_lock(&host_mmu.lock);
	s2 = hyp_iommu_s2;
	hyp_iommu_s2 = (struct hyp_iommu_s2) {};
	hyp_spin_unlock(&host_mmu.lock);
	if (!s2.pgd)
		return -ENOENT;

	iommu_s2_free_tables(&s2, &mc);
	return_pages(&mc);
	/* Likewise. */
	WARN_ON(__pkvm_hyp_donate_host(hyp_phys_to_pfn(s2.pgd),
				       hyp_iommu_pgd_size(s2.ia_bits) >> PAGE_SHIFT));

	return 0;
}

/*
 * A revoked leaf keeps all but its valid bit until every IOMMU has dropped it,
 * which is what the restoring of exactly the leaves that were there needs. To
 * the hardware it is invalid.
 */
static bool invalidate_leaves(phys_addr_t phys, u64 size)
{
	phys_addr_t end = phys + size;
	bool invalidated = false;
	u64 *desc = NULL;

	for (; phys < end; phys += PAGE_SIZE) {
		desc = iommu_s2_next_page(&hyp_iommu_s2, desc, phys);
		if (!desc || !(*desc & KVM_PTE_VALID))
			continue;

		WRITE_ONCE(*desc, *desc & ~KVM_PTE_VALID);
		invalidated = true;
	}

	return invalidated;
}

/* End what invalidate_leaves() began: make the leaves valid again, or forget them. */
static void settle_leaves(phys_addr_t phys, u64 size, bool restore)
{
	phys_addr_t end = phys + size;
	u64 *desc = NULL;

	for (; phys < end; phys += PAGE_SIZE) {
		desc = iommu_s2_next_page(&hyp_iommu_s2, desc, phys);
		if (desc && *desc)
			WRITE_ONCE(*desc, restore ? *desc | KVM_PTE_VALID : 0);
	}
}

int hyp_iommu_revoke_ranges_locked(const struct hyp_iommu_range *ranges, unsigned int nr)
{
	bool invalidated = false;
	unsigned int i;
	int ret;

	if (!hyp_iommu_prepared())
		return 0;

	for (i = 0; i < nr; i++)
		invalidated |= invalidate_leaves(ranges[i].phys, ranges[i].size);
	if (!invalidated)
		return 0;

	/*
	 * Every IOMMU observes the invalid leaves before it can observe that
	 * there is a command to drop the old ones: pairs with the producer index
	 * written by hyp_smmu_v3_flush_all(). A walk that follows the
	 * invalidation then cannot bring an old leaf back.
	 */
	wmb();

	ret = hyp_smmu_v3_flush_all();
	for (i = 0; i < nr; i++)
		settle_leaves(ranges[i].phys, ranges[i].size, ret);

	return ret ? -EIO : 0;
}

int hyp_iommu_revoke_locked(phys_addr_t phys, u64 size)
{
	const struct hyp_iommu_range range = { phys, size };

	return hyp_iommu_revoke_ranges_locked(&range, 1);
}

void hyp_iommu_grant_locked(phys_addr_t phys, u64 size)
{
	phys_addr_t end = phys + size;
	u64 *desc = NULL;

	if (!hyp_iommu_prepared())
		return;

	for (; phys < end; phys += PAGE_SIZE) {
		desc = iommu_s2_next_page(&hyp_iommu_s2, desc, phys);
		if (!desc)
			continue;

		WRITE_ONCE(*desc, addr_is_memory(phys) ?
				  iommu_s2_memory_desc(phys, KVM_PGTABLE_LAST_LEVEL) :
				  iommu_s2_mmio_desc(phys, KVM_PGTABLE_LAST_LEVEL));
	}

	/*
	 * No invalidation: an invalid leaf is in no TLB (IHI0070G.b 16.2). The
	 * walks of DMA that the host starts after this see the leaf: pairs with
	 * the host's own barrier before the write that starts the device.
	 */
	dsb(ishst);
}

#ifdef CONFIG_NVHE_EL2_DEBUG
void hyp_iommu_assert_locked(phys_addr_t phys, u64 size, bool granted)
{
	phys_addr_t end = phys + size;
	u64 *desc = NULL;

	if (!hyp_iommu_prepared())
		return;

	/* Each of these is a transition that was not mirrored. */
	for (; phys < end; phys += PAGE_SIZE) {
		desc = iommu_s2_next_page(&hyp_iommu_s2, desc, phys);
		WARN_ON(!desc);
		WARN_ON(*desc != (granted ?
				  iommu_s2_memory_desc(phys, KVM_PGTABLE_LAST_LEVEL) : 0));
	}
}

static void selftest_memory(struct memblock_region *reg)
{
	u64 phys = reg->base, end = reg->base + reg->size;
	u64 *desc = NULL;

	for (; phys < end; phys += PAGE_SIZE) {
		desc = iommu_s2_next_page(&hyp_iommu_s2, desc, phys);
		/* A page that map_memory() missed, or took for another's. */
		WARN_ON(!desc || *desc != memory_desc(phys));
		/* Text that is the host's by the vmemmap. */
		WARN_ON(*desc && addr_is_hyp_text(phys));
	}
}

/* Invalid exactly where the host stage 2 has an annotation. */
static void selftest_mmio(u64 phys, u64 end)
{
	kvm_pte_t pte;
	u64 *desc;
	s8 level;

	for (; phys < end; phys += kvm_granule_size(level)) {
		desc = iommu_s2_leaf(&hyp_iommu_s2, phys, &level);
		if (*desc) {
			/* A leaf of memory's, or one larger than its alignment. */
			WARN_ON(*desc != iommu_s2_mmio_desc(phys, level));
			WARN_ON(!IS_ALIGNED(phys, kvm_granule_size(level)));
			continue;
		}

		/* MMIO that the host may access and that map_mmio() left out. */
		WARN_ON(level != KVM_PGTABLE_LAST_LEVEL);
		WARN_ON(kvm_pgtable_get_leaf(&host_mmu.pgt, phys, &pte, NULL));
		WARN_ON(!host_stage2_pte_is_hyp_owned(pte));
	}

	/* No leaf reaches beyond, into memory. */
	WARN_ON(phys > end);
}

static int selftest_annotation(const struct kvm_pgtable_visit_ctx *ctx,
			       enum kvm_pgtable_walk_flags visit)
{
	u64 *desc;

	if (!host_stage2_pte_is_hyp_owned(ctx->old) || ctx->addr >> hyp_iommu_s2.ia_bits)
		return 0;

	/* What EL2 owns, and devices reach. */
	desc = iommu_s2_page(&hyp_iommu_s2, ctx->addr);
	WARN_ON(!desc || *desc);

	return 0;
}

/* Check every leaf of the device stage 2 against ownership, then the transitions. */
static void hyp_iommu_selftest(void)
{
	struct kvm_pgtable_walker walker = {
		.cb	= selftest_annotation,
		.flags	= KVM_PGTABLE_WALK_LEAF,
	};
	u64 end = 0;
	int i;

	hyp_spin_lock(&host_mmu.lock);
	for (i = 0; i < hyp_memblock_nr; i++) {
		selftest_mmio(end, hyp_memory[i].base);
		selftest_memory(&hyp_memory[i]);
		end = hyp_memory[i].base + hyp_memory[i].size;
	}
	selftest_mmio(end, BIT(hyp_iommu_s2.ia_bits));
	/* The walker does not fail, and the range is the table's. */
	WARN_ON(kvm_pgtable_walk(&host_mmu.pgt, 0, BIT(host_mmu.pgt.ia_bits), &walker));
	hyp_spin_unlock(&host_mmu.lock);

	pkvm_ownership_selftest_again();
}
#else
static void hyp_iommu_selftest(void) { }
#endif /* CONFIG_NVHE_EL2_DEBUG */
