// SPDX-License-Identifier: GPL-2.0-only
/*
 * Assertions of CONFIG_NVHE_EL2_DEBUG about the device stage 2. After the build
 * hyp_iommu_selftest() compares every leaf with the owner of its page, then each ownership
 * transition compares its own. Leaf and owner change under one hold of host_mmu.lock, so the
 * host cannot make them differ.
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

/* Whether devices may access a page of memory, by a leaf of any size. */
static bool memory_is_mapped(phys_addr_t phys)
{
	u64 *desc;
	s8 level;

	desc = iommu_s2_leaf(&hyp_iommu_s2, phys, &level);
	if (!*desc)
		return false;

	/* Catch a leaf that maps another address, or a block where none is allowed. */
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
 * Asserts nothing before hyp_iommu_prepare().
 *
 * Context: host_mmu.lock is held.
 */
void hyp_iommu_assert_locked(phys_addr_t phys, u64 size, bool granted)
{
	phys_addr_t end = phys + size;

	if (!hyp_iommu_prepared())
		return;

	/* Catches a transition that did not update the device stage 2. */
	for (; phys < end; phys += PAGE_SIZE)
		WARN_ON(memory_is_mapped(phys) != granted);
}

/* Skip a page that is partly memory: the vmemmap has no entry for it. */
static void selftest_memory(struct memblock_region *reg)
{
	u64 phys = PAGE_ALIGN(reg->base), end = ALIGN_DOWN(reg->base + reg->size, PAGE_SIZE);

	for (; phys < end; phys += PAGE_SIZE) {
		bool host = get_host_state(hyp_phys_to_page(phys)) != PKVM_NOPAGE;

		/* Catches annotations and vmemmap that disagree. */
		WARN_ON(memory_is_mapped(phys) != host);
		/* Catches hypervisor text that the vmemmap gives to the host. */
		WARN_ON(host && addr_is_hyp_text(phys));
	}
}

/* Devices have exactly what the host stage 2 has not given away and EL2 has not taken. */
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
		/* Catch a leaf that is missing, one too many, and one of two owners. */
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
	/* Cannot fail: the callback returns 0, and the range is the table's. */
	WARN_ON(kvm_pgtable_walk(&host_mmu.pgt, 0, BIT(host_mmu.pgt.ia_bits), &walker));
	hyp_spin_unlock(&host_mmu.lock);

	pkvm_ownership_selftest_again();
}
