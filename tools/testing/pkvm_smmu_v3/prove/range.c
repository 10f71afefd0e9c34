// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the page table of the device stage 2 makes of ranges and addresses that are not
 * its own: all values there are, all input sizes and start levels, pages and tables of
 * the real size. Leaf descriptors. The page table itself does not exist here, so that
 * nothing of it can be read or written; see pgtable.c for what happens to it.
 */
#include "prove.h"
#include "pgtable-shim.h"

#include <nvhe/iommu_pgtable.h>

void *prove_phys_to_virt(u64 phys)
{
	PROVE("the page table is not used", false);
	ASSUME(false);
	return NULL;
}

u64 prove_virt_to_phys(void *virt)
{
	PROVE("the page table is not used", false);
	return 0;
}

void prove_store(u64 *desc, u64 val)
{
	PROVE("the page table is not used", false);
}

void prove_fill_page(void *virt, int c, size_t size)
{
	PROVE("the page table is not used", false);
}

u64 model_cache_load(u64 *virt)
{
	PROVE("the page table is not used", false);
	return 0;
}

static struct hyp_iommu_s2 any_s2(void)
{
	struct hyp_iommu_s2 s2 = ANY(struct hyp_iommu_s2);

	ASSUME(s2.ia_bits >= 32 && s2.ia_bits <= 48);
	ASSUME(s2.start_level >= 0 && s2.start_level <= 3);

	return s2;
}

void prove_refused(void)
{
	struct kvm_hyp_memcache pool = ANY(struct kvm_hyp_memcache);
	u64 start = ANY(u64), end = ANY(u64), size;
	struct hyp_iommu_s2 s2 = any_s2();

	size = 1ULL << s2.ia_bits;
	ASSUME(bits(start, PAGE_SHIFT - 1, 0) || bits(end, PAGE_SHIFT - 1, 0) || start > end ||
	       start > size || end > size);
	PROVE("no range but one of whole pages below 2^ia_bits is mapped",
	      iommu_s2_map(&s2, start, end, &pool) == -EINVAL);
	PROVE("no range but one of whole pages below 2^ia_bits is unmapped",
	      iommu_s2_unmap(&s2, start, end, &pool) == -EINVAL);
	PROVE("no range but one of whole pages below 2^ia_bits gets tables",
	      iommu_s2_add_tables(&s2, start, end, &pool) == -EINVAL);
	REACH("the first page too many", start == size - PAGE_SIZE && end == size + PAGE_SIZE);
	REACH("a byte too many", !start && end == PAGE_SIZE + 1);
	REACH("an end before the start", end == 0 && start == PAGE_SIZE);
}

void prove_beyond(void)
{
	struct hyp_iommu_s2 s2 = any_s2();
	u64 addr = ANY(u64);
	s8 level;

	ASSUME(addr >= 1ULL << s2.ia_bits);
	PROVE("an address beyond 2^ia_bits has no descriptor", !iommu_s2_leaf(&s2, addr, &level));
	REACH("the first one", addr == 1ULL << s2.ia_bits);
}

void prove_leaf_desc(void)
{
	u64 phys = ANY(u64), desc;
	s8 level = ANY(s8);

	ASSUME(may_be_leaf(level) && level <= 3);
	ASSUME(!bits(phys, 63, 48));
	ASSUME(!bits(phys, PAGE_SHIFT + (PAGE_SHIFT - 3) * (3 - level) - 1, 0));
	desc = iommu_s2_leaf_desc(phys, level);
	PROVE("a leaf is a page at level 3 and else a block",
	      bits(desc, 1, 0) == (level == 3 ? 3 : 1));
	PROVE("a leaf has the address it is asked for", bits(desc, 47, 12) << 12 == phys);
	/* DDI0487 D8.3.2, D8.6.5 */
	PROVE("a leaf is Normal write-back inner shareable, read and write, with the Access flag",
	      bits(desc, 11, 2) == (1 << 8 | 3 << 6 | 3 << 4 | 0xf));
	PROVE("no other bit of a leaf is set", !bits(desc, 63, 48));
	REACH("the last block", level == 2 && desc >> 30 == (1ULL << 18) - 1);
	REACH("a page", level == 3 && phys);
}
