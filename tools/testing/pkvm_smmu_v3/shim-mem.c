// SPDX-License-Identifier: GPL-2.0-only
/*
 * Physical memory: EL2 sees it at a constant distance, and may touch only what it
 * has mapped; the host and the SMMUs have accesses of their own.
 */
#include <stdlib.h>
#include <sys/mman.h>
#ifdef MODEL_ASAN
#include <sanitizer/asan_interface.h>
#endif

#include <asm/kvm_iommu_pgtable.h>

#include <nvhe/mm.h>

#include "shim-mem.h"

#define HOST_DONATION	((kvm_pte_t)KVM_HOST_INVALID_PTE_TYPE_DONATION << 60)

#define OWNER_HYP	(PKVM_ID_HYP << 1)
#define OWNER_GUEST	(PKVM_ID_GUEST << 1)

s64 hyp_physvirt_offset;
u64 __hyp_vmemmap;
struct host_mmu host_mmu;
hyp_spinlock_t pkvm_pgd_lock;
hyp_spinlock_t guest_lock;

struct kvm_pgtable pkvm_pgtable;

struct memblock_region hyp_memory[MAX_REGIONS];
unsigned int hyp_memblock_nr;

/* By window; the last one is looked at where a machine has memory in it. */
static struct page_info pages[RAM0_PAGES + RAM1_PAGES + RAM2_PAGES];
static struct hyp_page vmemmap[(RAM2_END - RAM0_BASE) >> PAGE_SHIFT];
/* The first page of the last window that may have been used. */
static u64 used_ram2 = RAM2_END;
static struct mmio_range {
	u64 owner;
	u64 base;
	u64 size;
	bool mapped;
} lost_mmio[16];
static char *ram;

/*
 * The host stage 2: a root, perhaps of concatenated tables, and what memory and MMIO
 * need below it. The tables are beyond memory, and nobody's but EL2's.
 */
#define HOST_S2_BASE	ALIGN(RAM2_END, BLOCK_SIZE)
#define HOST_S2_IA_BITS	40
#define HOST_S2_ROOT	(hyp_iommu_pgd_size(HOST_S2_IA_BITS, HOST_S2_IA_BITS) >> PAGE_SHIFT)
/* EL2's own table, of its linear map: a root, and two tables at each level at most. */
#define HYP_S1_IA_BITS	47
#define NR_TABLES	(HOST_S2_ROOT + 3 + 10 + 1 + 2 + 2 + 12)
#define TABLES_END	(HOST_S2_BASE + NR_TABLES * PAGE_SIZE)

static unsigned int tables_used;

#ifdef MODEL_ASAN
/* What EL2 has not mapped it must not touch, by plain loads and stores either. */
static void set_poison(const void *va, bool on)
{
	if (on)
		__asan_poison_memory_region(va, PAGE_SIZE);
	else
		__asan_unpoison_memory_region(va, PAGE_SIZE);
}
#else
static void set_poison(const void *va, bool on)
{
}
#endif

static void hyp_s1_update(u64 phys, bool on);

void mem_set_el2(u64 phys, bool on)
{
	struct page_info *info = phys_to_info(phys);

	if (info->el2 == on)
		return;
	info->el2 = on;
	hyp_s1_update(phys, on);
	set_poison(phys_ptr(phys), !on);
	info->dirty = true;
}

/* The host's and the SMMU's accesses are not EL2's. */
__no_asan void mem_store(u64 *p, u64 val)
{
	*p = val;
}

__no_asan u64 mem_load(const u64 *p)
{
	return *p;
}

void mem_clear(u64 phys)
{
	u64 *p = phys_ptr(phys);
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / sizeof(*p); i++)
		mem_store(p + i, 0);
}

u64 page_phys(unsigned int i)
{
	if (i < RAM0_PAGES)
		return RAM0_BASE + i * PAGE_SIZE;
	if (i < RAM0_PAGES + RAM1_PAGES)
		return RAM1_BASE + (i - RAM0_PAGES) * PAGE_SIZE;

	return RAM2_END - (RAM_PAGES - i) * PAGE_SIZE;
}

/* Returns NULL outside the windows. */
static struct page_info *find_info(u64 phys)
{
	if (phys - RAM0_BASE < RAM0_PAGES * PAGE_SIZE)
		return &pages[(phys - RAM0_BASE) >> PAGE_SHIFT];
	if (phys - RAM1_BASE < RAM1_PAGES * PAGE_SIZE)
		return &pages[RAM0_PAGES + ((phys - RAM1_BASE) >> PAGE_SHIFT)];
	if (phys - RAM2_BASE < RAM2_SIZE)
		return &pages[RAM0_PAGES + RAM1_PAGES + ((phys - RAM2_BASE) >> PAGE_SHIFT)];

	return NULL;
}

bool phys_is_ram(u64 phys)
{
	const struct page_info *info = find_info(phys);

	return info && info->ram;
}

struct page_info *phys_to_info(u64 phys)
{
	return find_info(phys);
}

void *phys_ptr(u64 phys)
{
	return ram + (phys - RAM0_BASE);
}

static void *table_ptr(unsigned int i)
{
	return phys_ptr(HOST_S2_BASE + i * PAGE_SIZE);
}

/* The descriptor of @addr at the last level. */
static kvm_pte_t *table_descend(const struct kvm_pgtable *pgt, u64 addr)
{
	kvm_pte_t *ptep = (kvm_pte_t *)pgt->pgd + (addr >> kvm_granule_shift(pgt->start_level));
	s8 level;

	for (level = pgt->start_level + 1; level <= KVM_PGTABLE_LAST_LEVEL; level++) {
		if (!*ptep) {
			/* More tables than this file has room for. */
			WARN_ON(tables_used == NR_TABLES);
			*ptep = (HOST_S2_BASE + tables_used++ * PAGE_SIZE) | KVM_PTE_VALID |
				KVM_PTE_TYPE;
		}
		ptep = phys_ptr(kvm_pte_to_phys(*ptep));
		ptep += (addr >> kvm_granule_shift(level)) % PTRS_PER_PTE;
	}

	return ptep;
}

void host_s2_update(u64 phys)
{
	kvm_pgtable_get_leaf(NULL, phys, table_descend(&host_mmu.pgt, phys), NULL);
}

void host_s2_forget(u64 phys)
{
	*table_descend(&host_mmu.pgt, phys) = 0;
}

static void hyp_s1_update(u64 phys, bool on)
{
	kvm_pte_t pte = 0;

	if (on)
		pte = phys | KVM_PTE_VALID | KVM_PTE_TYPE |
		      pkvm_mkstate(0, get_hyp_state(hyp_phys_to_page(phys)));
	*table_descend(&pkvm_pgtable, (u64)phys_ptr(phys)) = pte;
}

static void tables_init(void)
{
	memset(table_ptr(0), 0, NR_TABLES * PAGE_SIZE);
	host_mmu.pgt.ia_bits = HOST_S2_IA_BITS;
	host_mmu.pgt.start_level = hyp_iommu_start_level(HOST_S2_IA_BITS, HOST_S2_IA_BITS);
	host_mmu.pgt.pgd = table_ptr(0);
	pkvm_pgtable.ia_bits = HYP_S1_IA_BITS;
	pkvm_pgtable.start_level = PAGE_SHIFT == 16 ? 1 : 0;
	pkvm_pgtable.pgd = table_ptr(HOST_S2_ROOT);
	tables_used = HOST_S2_ROOT + 1;
}

static void init_page(u64 phys)
{
	struct page_info *info = phys_to_info(phys);

	mem_set_el2(phys, false);
	if (info->dirty)
		mem_clear(phys);
	*info = (struct page_info){ .host = true };
	memset(hyp_phys_to_page(phys), 0, sizeof(struct hyp_page));
}

/* Pages that are memory in part are memory. */
static void add_region(const struct memblock_region *reg)
{
	u64 phys;

	hyp_memory[hyp_memblock_nr++] = *reg;
	for (phys = ALIGN_DOWN(reg->base, PAGE_SIZE); phys < reg->base + reg->size;
	     phys += PAGE_SIZE) {
		if (!phys_is_ram(phys))
			init_page(phys);
		phys_to_info(phys)->ram = true;
	}
	if (reg->base >= RAM2_BASE)
		used_ram2 = min(used_ram2, ALIGN_DOWN(reg->base, PAGE_SIZE));
}

static void init_regions(const struct machine_cfg *cfg)
{
	static const struct memblock_region all[] = {
		{ .base = RAM0_BASE, .size = RAM0_PAGES * PAGE_SIZE },
		{ .base = RAM1_BASE, .size = RAM1_PAGES * PAGE_SIZE },
	};
	unsigned int i;

	hyp_memblock_nr = 0;
	for (i = 0; i < cfg->nr_regions; i++)
		add_region(&cfg->regions[i]);
	for (i = 0; i < ARRAY_SIZE(all) && !cfg->nr_regions; i++)
		add_region(&all[i]);
}

/* Every page is the host's, and full of zeroes. */
void mem_init(const struct machine_cfg *cfg)
{
	unsigned int i;
	u64 phys;

	if (!ram) {
		ram = mmap(NULL, TABLES_END - RAM0_BASE + PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (ram == MAP_FAILED)
			abort();
		ram = (char *)PAGE_ALIGN((u64)ram);
		hyp_physvirt_offset = RAM0_BASE - (u64)ram;
		for (i = 0; i < RAM_PAGES; i++)
			set_poison(phys_ptr(page_phys(i)), true);
		__hyp_vmemmap = (u64)vmemmap - (RAM0_BASE >> PAGE_SHIFT) * sizeof(*vmemmap);
	}

	tables_init();
	memset(lost_mmio, 0, sizeof(lost_mmio));
	for (i = 0; i < RAM_PAGES; i++)
		init_page(page_phys(i));
	for (phys = used_ram2; phys < RAM2_END; phys += PAGE_SIZE)
		init_page(phys);
	used_ram2 = RAM2_END;
	init_regions(cfg);

	host_mmu.lock = (hyp_spinlock_t){ .rank = RANK_HOST };
	pkvm_pgd_lock = (hyp_spinlock_t){ .rank = RANK_HYP };
	guest_lock = (hyp_spinlock_t){ .rank = RANK_GUEST };
	model.refs = 0;

	/* The first page is the hypervisor's text, which nothing here uses. */
	phys_to_info(RAM0_BASE)->text = true;
	phys_to_info(RAM0_BASE)->host = false;
	set_host_state(hyp_phys_to_page(RAM0_BASE), PKVM_NOPAGE);
	host_s2_update(RAM0_BASE);
}

bool model_finalised(void)
{
	return model.enforce;
}

void mmio_lose(u64 owner, u64 base, u64 size, bool mapped)
{
	struct mmio_range *r;

	for (r = lost_mmio; r < lost_mmio + ARRAY_SIZE(lost_mmio); r++) {
		if (!r->size) {
			*r = (struct mmio_range){ owner, base, size, mapped };
			return;
		}
	}
	violation("EL2 takes %llx, and too many others", (unsigned long long)base);
}

void mmio_return(u64 owner)
{
	struct mmio_range *r;

	for (r = lost_mmio; r < lost_mmio + ARRAY_SIZE(lost_mmio); r++) {
		if (r->owner == owner)
			r->size = 0;
	}
}

bool mmio_is_mapped(u64 phys)
{
	struct mmio_range *r;

	for (r = lost_mmio; r < lost_mmio + ARRAY_SIZE(lost_mmio); r++) {
		if (r->mapped && phys - r->base < r->size)
			return true;
	}

	return false;
}

bool mmio_is_el2(u64 phys)
{
	struct mmio_range *r;

	for (r = lost_mmio; r < lost_mmio + ARRAY_SIZE(lost_mmio); r++) {
		if (phys - r->base < r->size)
			return true;
	}

	return false;
}

bool host_has(u64 phys)
{
	if (!phys_is_ram(phys))
		return !mmio_is_el2(phys);

	return phys_to_info(phys)->host;
}

bool host_store64(u64 phys, u64 val)
{
	if (!phys_is_ram(phys) || !host_has(phys))
		return false;
	cache_store64(phys, val);
	phys_to_info(phys)->dirty = true;

	return true;
}

bool host_load64(u64 phys, u64 *val)
{
	if (!phys_is_ram(phys) || !host_has(phys))
		return false;
	*val = mem_load(phys_ptr(phys));

	return true;
}

/*
 * What EL2's sources ask about memory.
 */

void model_cache_store(phys_addr_t *page, phys_addr_t val)
{
	model_shared_write(page, sizeof(*page));
	*page = val;
}

phys_addr_t model_cache_load(phys_addr_t *page)
{
	model_shared_read(page, sizeof(*page));
	return *page;
}

bool addr_is_memory(phys_addr_t phys)
{
	return phys_is_ram(phys);
}

bool addr_is_hyp_text(phys_addr_t phys)
{
	return phys_is_ram(phys) && phys_to_info(phys)->text;
}

bool host_stage2_pte_is_hyp_owned(kvm_pte_t pte)
{
	return pte == (HOST_DONATION | OWNER_HYP);
}

/* The host may read the hypervisor's text, the only mapping that is shown. */
enum kvm_pgtable_prot kvm_pgtable_stage2_pte_prot(kvm_pte_t pte)
{
	return KVM_PGTABLE_PROT_R;
}

enum kvm_pgtable_prot kvm_pgtable_hyp_pte_prot(kvm_pte_t pte)
{
	return pte & PKVM_PAGE_STATE_PROT_MASK;
}

int kvm_pgtable_get_leaf(struct kvm_pgtable *pgt, u64 addr, kvm_pte_t *ptep, s8 *level)
{
	if (host_has(addr))
		*ptep = 0;
	else if (addr_is_hyp_text(addr))
		*ptep = KVM_PTE_VALID;
	else if (phys_is_ram(addr) && phys_to_info(addr)->guest)
		*ptep = HOST_DONATION | OWNER_GUEST;
	else
		*ptep = HOST_DONATION | OWNER_HYP;
	if (level)
		*level = KVM_PGTABLE_LAST_LEVEL;

	return 0;
}

static int walk_range(struct kvm_pgtable_walker *walker, u64 addr, u64 end)
{
	int ret = 0;

	for (; addr < end && !ret; addr += PAGE_SIZE) {
		struct kvm_pgtable_visit_ctx ctx = {
			.addr	= addr,
			.arg	= walker->arg,
			.level	= KVM_PGTABLE_LAST_LEVEL,
		};

		kvm_pgtable_get_leaf(NULL, addr, &ctx.old, NULL);
		if (ctx.old)
			ret = walker->cb(&ctx, KVM_PGTABLE_WALK_LEAF);
	}

	return ret;
}

/* Only where an annotation can be: no mapping of the host's but that of text. */
int kvm_pgtable_walk(struct kvm_pgtable *pgt, u64 addr, u64 size,
		     struct kvm_pgtable_walker *walker)
{
	u64 end = addr + size;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < RAM_PAGES && !ret; i++)
		ret = walk_range(walker, max(addr, page_phys(i)),
				 min(end, page_phys(i) + PAGE_SIZE));

	return ret;
}

void pkvm_ownership_selftest_again(void)
{
}
