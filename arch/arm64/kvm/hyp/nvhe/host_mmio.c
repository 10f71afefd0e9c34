// SPDX-License-Identifier: GPL-2.0-only
/*
 * MMIO that EL2 has taken from the host.
 *
 * The vmemmap has the owner of each page of memory, but not of MMIO. The host stage 2 cannot
 * hold it either: its MMIO mappings are thrown away whenever it runs out of tables. So each
 * range that EL2 takes is in a list. host_stage2_idmap() asks the list before it maps MMIO,
 * and the device stage 2 is built from it.
 *
 * The list changes only while the host is trusted. Its CPUs have no stage 2 then, so there is
 * no mapping to remove, and the device stage 2 is not built yet.
 */

#include <asm/kvm_emulate.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>

#include <hyp/adjust_pc.h>

#include <nvhe/host_mmio.h>
#include <nvhe/memory.h>
#include <nvhe/mem_protect.h>
#include <nvhe/mm.h>
#include <nvhe/spinlock.h>
#include <nvhe/trap_handler.h>

#define HOST_MMIO_MAX_RANGES	256

/* Written under host_mmu.lock while the host is trusted, constant afterwards. */
static struct host_mmio_range {
	phys_addr_t	base;
	u64		size;
	unsigned long	haddr;	/* at EL2, 0 if hidden */
} host_mmio_ranges[HOST_MMIO_MAX_RANGES];
static unsigned int nr_host_mmio_ranges;
/* Guarded by host_mmu.lock. */
static bool host_mmio_frozen;

static struct host_mmio_range *host_mmio_end(void)
{
	return &host_mmio_ranges[nr_host_mmio_ranges];
}

static bool overlaps(phys_addr_t phys, u64 size, phys_addr_t base, u64 base_size)
{
	return phys < base + base_size && base < phys + size;
}

static bool overlaps_memory(phys_addr_t phys, u64 size)
{
	int i;

	for (i = 0; i < hyp_memblock_nr; i++) {
		phys_addr_t start = ALIGN_DOWN(hyp_memory[i].base, PAGE_SIZE);
		phys_addr_t end = PAGE_ALIGN(hyp_memory[i].base + hyp_memory[i].size);

		if (overlaps(phys, size, start, end - start))
			return true;
	}

	return false;
}

static int check_take(phys_addr_t phys, u64 size)
{
	u64 limit = BIT_ULL(host_mmu.pgt.ia_bits);
	struct host_mmio_range *r;

	hyp_assert_lock_held(&host_mmu.lock);
	if (!size || !PAGE_ALIGNED(phys) || !PAGE_ALIGNED(size) || phys >= limit ||
	    size > limit - phys)
		return -EINVAL;
	if (overlaps_memory(phys, size))
		return -EPERM;
	if (host_mmio_frozen || static_branch_unlikely(&kvm_protected_mode_initialized))
		return -EBUSY;
	for (r = host_mmio_ranges; r < host_mmio_end(); r++) {
		if (overlaps(phys, size, r->base, r->size))
			return -EPERM;
	}

	return nr_host_mmio_ranges == HOST_MMIO_MAX_RANGES ? -ENOSPC : 0;
}

static void add_taken(phys_addr_t phys, u64 size, unsigned long haddr)
{
	host_mmio_ranges[nr_host_mmio_ranges++] = (struct host_mmio_range) {
		.base	= phys,
		.size	= size,
		.haddr	= haddr,
	};
}

/**
 * __pkvm_host_donate_hyp_mmio - Take MMIO from the host and map it at EL2
 * @phys:  start, aligned to PAGE_SIZE
 * @size:  bytes, multiple of PAGE_SIZE
 * @haddr: set to the EL2 virtual address of the range, mapped as device memory
 *
 * Accesses of the host abort once it is deprivileged, unless EL2 emulates them. DMA aborts:
 * the device stage 2 is built without the range. That build begins with host_mmio_freeze(),
 * and nothing can be taken afterwards.
 *
 * Context: the host is trusted.
 * Return: 0; -EINVAL = the range is unaligned, empty, or beyond the physical address space;
 * -EPERM = part of it is memory or taken already; -EBUSY = too late; -ENOSPC = too many
 * ranges; -ENOMEM = EL2 lacks tables or addresses.
 */
int __pkvm_host_donate_hyp_mmio(phys_addr_t phys, u64 size, unsigned long *haddr)
{
	int ret;

	hyp_spin_lock(&host_mmu.lock);
	hyp_spin_lock(&pkvm_pgd_lock);
	ret = check_take(phys, size);
	if (!ret)
		ret = pkvm_map_private_locked(phys, size, PAGE_HYP_DEVICE, haddr);
	if (!ret)
		add_taken(phys, size, *haddr);
	hyp_spin_unlock(&pkvm_pgd_lock);
	hyp_spin_unlock(&host_mmu.lock);

	return ret;
}

/**
 * __pkvm_host_hide_mmio - Take MMIO from the host that nobody is to use
 * @phys: start, aligned to PAGE_SIZE
 * @size: bytes, multiple of PAGE_SIZE
 *
 * EL2 does not map the range. The host's accesses do not abort: reads return zero and writes
 * are ignored. DMA aborts.
 *
 * Context: the host is trusted.
 * Return: see __pkvm_host_donate_hyp_mmio().
 */
int __pkvm_host_hide_mmio(phys_addr_t phys, u64 size)
{
	int ret;

	hyp_spin_lock(&host_mmu.lock);
	ret = check_take(phys, size);
	if (!ret)
		add_taken(phys, size, 0);
	hyp_spin_unlock(&host_mmu.lock);

	return ret;
}

static int give_back_locked(phys_addr_t phys)
{
	struct host_mmio_range *r;

	for (r = host_mmio_ranges; r < host_mmio_end(); r++) {
		if (r->base != phys)
			continue;
		/* Cannot fail: pkvm_map_private_locked() has mapped it in one piece. */
		WARN_ON(r->haddr &&
			kvm_pgtable_hyp_unmap(&pkvm_pgtable, r->haddr, r->size) != r->size);
		*r = *(host_mmio_end() - 1);
		nr_host_mmio_ranges--;
		return 0;
	}

	return -EPERM;
}

/**
 * __pkvm_hyp_donate_host_mmio - Give donated or hidden MMIO back
 * @phys: start of a range as it was taken
 *
 * A device stage 2 that has been built does not get the range back.
 *
 * Context: the host is trusted.
 * Return: 0; -EPERM = no taken range starts at @phys.
 */
int __pkvm_hyp_donate_host_mmio(phys_addr_t phys)
{
	int ret;

	hyp_spin_lock(&host_mmu.lock);
	hyp_spin_lock(&pkvm_pgd_lock);
	ret = give_back_locked(phys);
	hyp_spin_unlock(&pkvm_pgd_lock);
	hyp_spin_unlock(&host_mmu.lock);

	return ret;
}

/**
 * host_mmio_is_taken - Find out who owns an address outside memory
 * @addr:  physical address
 * @start: in: start of the range asked about; out: where the range of @addr's owner starts,
 *	   if that is higher
 * @end:   in: end of the range asked about; out: where the range of @addr's owner ends, if
 *	   that is lower
 *
 * Context: host_mmu.lock is held.
 * Return: true if EL2 has taken [@start, @end), false if all of it is the host's.
 */
bool host_mmio_is_taken(phys_addr_t addr, u64 *start, u64 *end)
{
	struct host_mmio_range *r;

	hyp_assert_lock_held(&host_mmu.lock);
	for (r = host_mmio_ranges; r < host_mmio_end(); r++) {
		if (addr < r->base) {
			*end = min(*end, r->base);
		} else if (addr >= r->base + r->size) {
			*start = max(*start, r->base + r->size);
		} else {
			*start = max(*start, r->base);
			*end = min(*end, r->base + r->size);
			return true;
		}
	}

	return false;
}

void host_mmio_freeze(bool frozen)
{
	hyp_assert_lock_held(&host_mmu.lock);
	host_mmio_frozen = frozen;
}

static bool is_hidden(phys_addr_t addr)
{
	struct host_mmio_range *r;

	for (r = host_mmio_ranges; r < host_mmio_end(); r++) {
		if (!r->haddr && addr - r->base < r->size)
			return true;
	}

	return false;
}

/**
 * host_mmio_handle_abort - Emulate a host access to hidden MMIO
 * @host_ctxt: the host's registers
 * @esr:       ESR_EL2 of the host's stage-2 fault
 * @addr:      the page that faulted
 *
 * Handles loads and stores of AArch64 code from and to one general register (ESR_EL2.ISV).
 *
 * Return: true if it was emulated; false if the page is not hidden or @esr does not describe
 * the access: the caller injects an abort.
 */
bool host_mmio_handle_abort(struct kvm_cpu_context *host_ctxt, u64 esr, phys_addr_t addr)
{
	unsigned int rt = FIELD_GET(ESR_ELx_SRT_MASK, esr);
	u64 spsr = read_sysreg_el2(SYS_SPSR);

	if (!is_hidden(addr) || ESR_ELx_EC(esr) != ESR_ELx_EC_DABT_LOW ||
	    !(esr & ESR_ELx_ISV) || (esr & (ESR_ELx_CM | ESR_ELx_S1PTW)) ||
	    !esr_fsc_is_translation_fault(esr) || (spsr & PSR_MODE32_BIT))
		return false;

	/* Register 31 is the zero register. */
	if (!(esr & ESR_ELx_WNR) && rt != 31)
		cpu_reg(host_ctxt, rt) = 0;
	write_sysreg_el2(spsr & ~(PSR_BTYPE_MASK | DBG_SPSR_SS), SYS_SPSR);
	kvm_skip_host_instr();

	return true;
}
