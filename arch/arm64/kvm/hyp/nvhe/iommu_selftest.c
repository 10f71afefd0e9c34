// SPDX-License-Identifier: GPL-2.0-only
/*
 * What CONFIG_NVHE_EL2_DEBUG asserts of the device stage 2: after it has been built, every
 * leaf against the ownership of its page, and from then on each transition. Leaf and owner
 * change under one hold of host_mmu.lock, so the host cannot make them differ.
 */

#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>

#include <nvhe/host_mmio.h>
#include <nvhe/iommu.h>
#include <nvhe/iommu_pgtable.h>
#include <nvhe/memory.h>
#include <nvhe/mem_protect.h>
#include <nvhe/mm.h>
#include <nvhe/spinlock.h>

/* Whether devices have access to a page of memory, by a leaf of whatever size. */
static bool memory_is_mapped(phys_addr_t phys)
{
	u64 *desc;
	s8 level;

	desc = iommu_s2_leaf(&hyp_iommu_s2, phys, &level);
	if (!*desc)
		return false;

	/* A leaf that is wrong, or larger than it may be. */
	WARN_ON(*desc != iommu_s2_memory_desc(ALIGN_DOWN(phys, kvm_granule_size(level)), level));
	WARN_ON(level < hyp_iommu_s2.block_level);

	return true;
}

void hyp_iommu_assert_locked(phys_addr_t phys, u64 size, bool granted)
{
	phys_addr_t end = phys + size;

	if (!hyp_iommu_prepared())
		return;

	/* Each of these is a transition that was not mirrored. */
	for (; phys < end; phys += PAGE_SIZE)
		WARN_ON(memory_is_mapped(phys) != granted);
}

static void selftest_memory(struct memblock_region *reg)
{
	u64 phys = reg->base, end = reg->base + reg->size;

	for (; phys < end; phys += PAGE_SIZE) {
		bool host = get_host_state(hyp_phys_to_page(phys)) != PKVM_NOPAGE;

		/* The annotations and the vmemmap disagree. */
		WARN_ON(memory_is_mapped(phys) != host);
		/* Text that is the host's by the vmemmap. */
		WARN_ON(host && addr_is_hyp_text(phys));
	}
}

/* Invalid exactly where EL2 has taken the MMIO. */
static void selftest_mmio(u64 phys, u64 end)
{
	u64 *desc, run_start, run_end;
	s8 level;

	for (; phys < end; phys += kvm_granule_size(level)) {
		desc = iommu_s2_leaf(&hyp_iommu_s2, phys, &level);
		run_start = phys;
		run_end = phys + kvm_granule_size(level);
		/* MMIO that the host may access and that map_but_holes() left out, or one that it mapped. */
		WARN_ON(host_mmio_is_taken(phys, &run_start, &run_end) != !*desc);
		WARN_ON(run_end - phys < kvm_granule_size(level));
		if (!*desc)
			continue;

		/* A leaf of memory's, or one larger than its alignment. */
		WARN_ON(*desc != iommu_s2_mmio_desc(phys, level));
		WARN_ON(!IS_ALIGNED(phys, kvm_granule_size(level)));
	}

	/* No leaf reaches beyond, into memory. */
	WARN_ON(phys > end);
}

static int selftest_annotation(const struct kvm_pgtable_visit_ctx *ctx,
			       enum kvm_pgtable_walk_flags visit)
{
	u64 *desc;
	s8 level;

	if (!host_stage2_pte_is_hyp_owned(ctx->old) || ctx->addr >> hyp_iommu_s2.ia_bits)
		return 0;

	/* What EL2 owns, and devices reach. */
	desc = iommu_s2_leaf(&hyp_iommu_s2, ctx->addr, &level);
	WARN_ON(*desc);

	return 0;
}

/* Check every leaf of the device stage 2 against ownership, then the transitions. */
void hyp_iommu_selftest(void)
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
