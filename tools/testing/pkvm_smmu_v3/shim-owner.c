// SPDX-License-Identifier: GPL-2.0-only
/*
 * The owners of memory.
 *
 * The ownership transitions are those of arch/arm64/kvm/hyp/nvhe/mem_protect.c,
 * reduced to the states, in the same order: check, revoke from devices, change the
 * CPUs' stage 2; or change that, then grant to devices.
 */
#include "shim-mem.h"

static void host_lock_component(void)
{
	hyp_spin_lock(&host_mmu.lock);
}

static void host_unlock_component(void)
{
	hyp_spin_unlock(&host_mmu.lock);
}

/* A transition between the host and EL2. */
static void transition_lock(void)
{
	host_lock_component();
	hyp_spin_lock(&pkvm_pgd_lock);
}

static void transition_unlock(void)
{
	hyp_spin_unlock(&pkvm_pgd_lock);
	host_unlock_component();
}

/* A transition between the host and a protected VM. */
static void guest_transition_lock(void)
{
	host_lock_component();
	hyp_spin_lock(&guest_lock);
}

static void guest_transition_unlock(void)
{
	hyp_spin_unlock(&guest_lock);
	host_unlock_component();
}

static bool range_valid(u64 phys, u64 size)
{
	return size && PAGE_ALIGNED(phys) && PAGE_ALIGNED(size) && phys + size > phys &&
	       !((phys + size - 1) >> 48);
}

int __host_check_page_state_range(u64 phys, u64 size, enum pkvm_page_state state)
{
	u64 end = phys + size;

	hyp_assert_lock_held(&host_mmu.lock);
	for (; phys < end; phys += PAGE_SIZE) {
		if (!phys_is_ram(phys))
			return -EINVAL;
		if (get_host_state(hyp_phys_to_page(phys)) != state)
			return -EPERM;
	}

	return 0;
}

static int hyp_check(u64 phys, u64 size, enum pkvm_page_state state)
{
	u64 end = phys + size;

	for (; phys < end; phys += PAGE_SIZE) {
		if (get_hyp_state(hyp_phys_to_page(phys)) != state)
			return -EPERM;
	}

	return 0;
}

/* What each transition between the two starts from. */
static int check(u64 phys, u64 size, enum pkvm_page_state host, enum pkvm_page_state hyp)
{
	return __host_check_page_state_range(phys, size, host) ?: hyp_check(phys, size, hyp);
}

static int hyp_check_count(u64 phys, u64 size)
{
	u64 end = phys + size;

	for (; phys < end; phys += PAGE_SIZE) {
		if (hyp_phys_to_page(phys)->refcount)
			return -EBUSY;
	}

	return 0;
}

static void host_set_state(u64 phys, u64 size, enum pkvm_page_state state)
{
	u64 end = phys + size;

	for (; phys < end; phys += PAGE_SIZE)
		set_host_state(hyp_phys_to_page(phys), state);
}

/* EL2's view: its state of the pages and its linear map. */
static void hyp_set(u64 phys, u64 size, enum pkvm_page_state state, bool mapped)
{
	u64 end = phys + size;

	for (; phys < end; phys += PAGE_SIZE) {
		set_hyp_state(hyp_phys_to_page(phys), state);
		mem_set_el2(phys, mapped);
	}
}

/* The host's CPUs lose a range: after this, nothing of the host's may reach it. */
static void host_annotate(u64 phys, u64 size)
{
	u64 end = phys + size;

	hyp_iommu_assert_locked(phys, size, false);
	for (; phys < end; phys += PAGE_SIZE) {
		model_point();
		set_host_state(hyp_phys_to_page(phys), PKVM_NOPAGE);
		phys_to_info(phys)->host = false;
		host_s2_update(phys);
		cache_settle(phys);
		oracle_page_lost(phys);
	}
	model.transitions++;
}

/* The host's CPUs get a range, then devices do. */
static void host_map(u64 phys, u64 size, enum pkvm_page_state state)
{
	u64 start = phys, end = phys + size;

	for (; phys < end; phys += PAGE_SIZE) {
		phys_to_info(phys)->host = true;
		host_s2_update(phys);
		set_host_state(hyp_phys_to_page(phys), state);
		model_point();
	}
	hyp_iommu_grant_locked(start, size);
	model.transitions++;
}

int __pkvm_host_donate_hyp(u64 pfn, u64 nr_pages)
{
	u64 phys = hyp_pfn_to_phys(pfn), size = nr_pages * PAGE_SIZE;
	int ret;

	if (!range_valid(phys, size))
		return -EINVAL;

	transition_lock();
	ret = check(phys, size, PKVM_PAGE_OWNED, PKVM_NOPAGE);
	if (!ret)
		ret = hyp_iommu_revoke_locked(phys, size);
	if (!ret) {
		hyp_set(phys, size, PKVM_PAGE_OWNED, true);
		host_annotate(phys, size);
	}
	transition_unlock();

	return ret;
}

int __pkvm_hyp_donate_host(u64 pfn, u64 nr_pages)
{
	u64 phys = hyp_pfn_to_phys(pfn), size = nr_pages * PAGE_SIZE;
	int ret;

	if (!range_valid(phys, size))
		return -EINVAL;

	transition_lock();
	ret = check(phys, size, PKVM_NOPAGE, PKVM_PAGE_OWNED);
	if (!ret)
		ret = hyp_check_count(phys, size);
	if (!ret) {
		hyp_set(phys, size, PKVM_NOPAGE, false);
		host_map(phys, size, PKVM_PAGE_OWNED);
	}
	transition_unlock();

	return ret;
}

int __pkvm_host_share_pin_hyp(phys_addr_t phys, u64 size)
{
	u64 end = phys + size;
	int ret;

	if (!range_valid(phys, size))
		return -EINVAL;

	transition_lock();
	ret = check(phys, size, PKVM_PAGE_OWNED, PKVM_NOPAGE);
	if (!ret) {
		hyp_set(phys, size, PKVM_PAGE_SHARED_BORROWED, true);
		host_set_state(phys, size, PKVM_PAGE_SHARED_OWNED);
		for (; phys < end; phys += PAGE_SIZE) {
			hyp_page_ref_inc(hyp_phys_to_page(phys));
			model.refs++;
		}
	}
	transition_unlock();

	return ret;
}

void __pkvm_host_unshare_unpin_hyp(phys_addr_t phys, u64 size)
{
	u64 end = phys + size;

	transition_lock();
	for (; phys < end; phys += PAGE_SIZE) {
		model.refs--;
		if (!hyp_page_ref_dec_and_test(hyp_phys_to_page(phys)))
			continue;
		/* Pinned, but not mapped at EL2: a bug of this file. */
		WARN_ON(!phys_to_info(phys)->el2);
		hyp_set(phys, PAGE_SIZE, PKVM_NOPAGE, false);
		host_set_state(phys, PAGE_SIZE, PKVM_PAGE_OWNED);
		oracle_page_unpinned(phys);
	}
	transition_unlock();
}

static int read_host_mem(void *dst, phys_addr_t phys, size_t size, bool poc)
{
	u64 *to = dst;
	size_t i;

	if (!IS_ALIGNED((u64)dst | phys | size, sizeof(u64)) || !size ||
	    size > PAGE_SIZE - offset_in_page(phys))
		return -EINVAL;

	host_lock_component();
	if (!phys_is_ram(phys) ||
	    get_host_state(hyp_phys_to_page(phys)) == PKVM_NOPAGE) {
		host_unlock_component();
		return -EFAULT;
	}
	if (poc) {
		model.flushes++;
		cache_flush(phys, size);
	}
	for (i = 0; i < size / sizeof(u64); i++) {
		model_point();
		to[i] = mem_load((u64 *)phys_ptr(phys) + i);
	}
	host_unlock_component();

	return 0;
}

int pkvm_read_host_mem(void *dst, phys_addr_t phys, size_t size)
{
	return read_host_mem(dst, phys, size, false);
}

int pkvm_read_host_mem_poc(void *dst, phys_addr_t phys, size_t size)
{
	return read_host_mem(dst, phys, size, true);
}

static void *admit_host_page(struct kvm_hyp_memcache *host_mc)
{
	if (!host_mc->nr_pages ||
	    __pkvm_host_donate_hyp(hyp_phys_to_pfn(host_mc->head), 1))
		return NULL;

	return pop_hyp_memcache(host_mc, hyp_phys_to_virt);
}

int refill_memcache(struct kvm_hyp_memcache *mc, unsigned long min_pages,
		    struct kvm_hyp_memcache *host_mc)
{
	struct kvm_hyp_memcache tmp = *host_mc;
	int ret = 0;

	while (mc->nr_pages < min_pages) {
		phys_addr_t *p = admit_host_page(&tmp);

		if (!p) {
			ret = -ENOMEM;
			break;
		}
		push_hyp_memcache(mc, p, hyp_virt_to_phys);
	}
	*host_mc = tmp;

	return ret;
}

/* EL2's mapping of the MMIO that it uses. */
int pkvm_map_private_locked(phys_addr_t phys, u64 size, enum kvm_pgtable_prot prot,
			    unsigned long *haddr)
{
	hyp_assert_lock_held(&pkvm_pgd_lock);
	mmio_lose(phys, phys, size, true);
	*haddr = MMIO_VA + phys;

	return 0;
}

u64 model_hyp_unmap(unsigned long haddr, u64 size)
{
	hyp_assert_lock_held(&pkvm_pgd_lock);
	mmio_return(haddr - MMIO_VA);

	return size;
}

/*
 * Transitions that only the host or a guest ask for.
 */

int host_share_hyp(u64 phys)
{
	int ret;

	transition_lock();
	ret = check(phys, PAGE_SIZE, PKVM_PAGE_OWNED, PKVM_NOPAGE);
	if (!ret) {
		set_hyp_state(hyp_phys_to_page(phys), PKVM_PAGE_SHARED_BORROWED);
		host_set_state(phys, PAGE_SIZE, PKVM_PAGE_SHARED_OWNED);
	}
	transition_unlock();

	return ret;
}

int host_unshare_hyp(u64 phys)
{
	int ret;

	transition_lock();
	ret = check(phys, PAGE_SIZE, PKVM_PAGE_SHARED_OWNED, PKVM_PAGE_SHARED_BORROWED);
	if (!ret)
		ret = hyp_check_count(phys, PAGE_SIZE);
	if (!ret) {
		set_hyp_state(hyp_phys_to_page(phys), PKVM_NOPAGE);
		host_set_state(phys, PAGE_SIZE, PKVM_PAGE_OWNED);
	}
	transition_unlock();

	return ret;
}

int hyp_pin_shared_mem(void *from, void *to)
{
	u64 phys = hyp_virt_to_phys(from);
	int ret;

	transition_lock();
	ret = check(phys, PAGE_SIZE, PKVM_PAGE_SHARED_OWNED, PKVM_PAGE_SHARED_BORROWED);
	if (!ret) {
		hyp_page_ref_inc(hyp_phys_to_page(phys));
		mem_set_el2(phys, true);
		phys_to_info(phys)->pins++;
		model.refs++;
	}
	transition_unlock();

	return ret;
}

void hyp_unpin_shared_mem(void *from, void *to)
{
	u64 phys = hyp_virt_to_phys(from);

	transition_lock();
	hyp_page_ref_dec(hyp_phys_to_page(phys));
	if (!hyp_phys_to_page(phys)->refcount)
		mem_set_el2(phys, false);
	phys_to_info(phys)->pins--;
	model.refs--;
	transition_unlock();
}

int host_donate_guest(u64 phys, u8 vm)
{
	int ret;

	guest_transition_lock();
	ret = __host_check_page_state_range(phys, PAGE_SIZE, PKVM_PAGE_OWNED);
	if (!ret)
		ret = hyp_iommu_revoke_locked(phys, PAGE_SIZE);
	if (!ret) {
		host_annotate(phys, PAGE_SIZE);
		phys_to_info(phys)->guest = vm;
		host_s2_update(phys);
	}
	guest_transition_unlock();

	return ret;
}

int guest_share_host(u64 phys, u8 vm)
{
	int ret = -EPERM;

	guest_transition_lock();
	if (phys_to_info(phys)->guest == vm &&
	    !__host_check_page_state_range(phys, PAGE_SIZE, PKVM_NOPAGE)) {
		host_map(phys, PAGE_SIZE, PKVM_PAGE_SHARED_BORROWED);
		ret = 0;
	}
	guest_transition_unlock();

	return ret;
}

int guest_unshare_host(u64 phys, u8 vm)
{
	int ret = -EPERM;

	guest_transition_lock();
	if (phys_to_info(phys)->guest == vm &&
	    !__host_check_page_state_range(phys, PAGE_SIZE, PKVM_PAGE_SHARED_BORROWED)) {
		ret = hyp_iommu_revoke_locked(phys, PAGE_SIZE);
		if (!ret)
			host_annotate(phys, PAGE_SIZE);
	}
	guest_transition_unlock();

	return ret;
}

/* Teardown of a protected VM: what it wrote is gone before the host has the page. */
int host_reclaim_guest(u64 phys)
{
	int ret = -EPERM;

	guest_transition_lock();
	if (phys_to_info(phys)->guest) {
		if (!__host_check_page_state_range(phys, PAGE_SIZE, PKVM_NOPAGE)) {
			mem_clear(phys);
			cache_flush(phys, PAGE_SIZE);
		}
		phys_to_info(phys)->guest = 0;
		host_map(phys, PAGE_SIZE, PKVM_PAGE_OWNED);
		ret = 0;
	}
	guest_transition_unlock();

	return ret;
}
