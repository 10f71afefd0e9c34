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
	WARN_ON(*desc != iommu_s2_leaf_desc(ALIGN_DOWN(phys, kvm_granule_size(level)), level));
	WARN_ON(level < KVM_PGTABLE_LAST_LEVEL && !hyp_iommu_can_split());

	return true;
}

/**
 * hyp_iommu_assert_locked - Assert that the device stage 2 agrees with ownership
 * @phys:    start, aligned to PAGE_SIZE
 * @size:    multiple of PAGE_SIZE
 * @granted: whether devices may access the range
 *
 * Nothing to assert before hyp_iommu_prepare().
 *
 * Context: host_mmu.lock is held.
 */
void hyp_iommu_assert_locked(phys_addr_t phys, u64 size, bool granted)
{
	phys_addr_t end = phys + size;

	if (!hyp_iommu_prepared())
		return;

	/* Each of these is a transition that was not mirrored. */
	for (; phys < end; phys += PAGE_SIZE)
		WARN_ON(memory_is_mapped(phys) != granted);
}

/* The vmemmap has no entry for a page that is partly memory. */
static void selftest_memory(struct memblock_region *reg)
{
	u64 phys = PAGE_ALIGN(reg->base), end = ALIGN_DOWN(reg->base + reg->size, PAGE_SIZE);

	for (; phys < end; phys += PAGE_SIZE) {
		bool host = get_host_state(hyp_phys_to_page(phys)) != PKVM_NOPAGE;

		/* The annotations and the vmemmap disagree. */
		WARN_ON(memory_is_mapped(phys) != host);
		/* Text that is the host's by the vmemmap. */
		WARN_ON(host && addr_is_hyp_text(phys));
	}
}

/* Devices have what the host stage 2 has not given away: no more, and no less. */
static int selftest_host_leaf(const struct kvm_pgtable_visit_ctx *ctx,
			      enum kvm_pgtable_walk_flags visit)
{
	u64 addr = ctx->addr, end = addr + kvm_granule_size(ctx->level);
	bool text = kvm_pte_valid(ctx->old) &&
		    !(kvm_pgtable_stage2_pte_prot(ctx->old) & KVM_PGTABLE_PROT_W);
	bool hosts = !text && !host_stage2_pte_is_hyp_owned(ctx->old);
	u64 *desc, start, next;
	bool taken;
	s8 level;

	for (; addr < end; addr += kvm_granule_size(level)) {
		desc = iommu_s2_leaf(&hyp_iommu_s2, addr, &level);
		if (!desc)
			break;
		start = addr;
		next = addr + kvm_granule_size(level);
		taken = host_mmio_is_taken(addr, &start, &next);
		/* A leaf that build() has left out, or should have, or one of two owners. */
		WARN_ON((*desc & KVM_PTE_VALID) != (hosts && !taken));
		WARN_ON(next - addr < kvm_granule_size(level));
	}

	return 0;
}

/* Check every leaf of the device stage 2 against ownership, then the transitions. */
void hyp_iommu_selftest(void)
{
	struct kvm_pgtable_walker walker = {
		.cb	= selftest_host_leaf,
		.flags	= KVM_PGTABLE_WALK_LEAF,
	};
	int i;

	hyp_spin_lock(&host_mmu.lock);
	for (i = 0; i < hyp_memblock_nr; i++)
		selftest_memory(&hyp_memory[i]);
	/* The walker does not fail, and the range is the table's. */
	WARN_ON(kvm_pgtable_walk(&host_mmu.pgt, 0, BIT(host_mmu.pgt.ia_bits), &walker));
	hyp_spin_unlock(&host_mmu.lock);

	pkvm_ownership_selftest_again();
}
