/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA isolation: the device stage 2, and what the ownership transitions and the
 * hypervisor's IOMMU drivers need of each other.
 */
#ifndef __KVM_NVHE_IOMMU_H__
#define __KVM_NVHE_IOMMU_H__

#include <linux/kvm_host.h>
#include <linux/types.h>

#include <nvhe/iommu_pgtable.h>

#ifdef CONFIG_PKVM_IOMMU
extern struct hyp_iommu_s2 hyp_iommu_s2;

/*
 * Pages for the tables below the root, the host's while they are here. The
 * trusted host fills it before hyp_iommu_prepare(), which takes all, and finds
 * every page in it after hyp_iommu_release().
 */
extern struct kvm_hyp_memcache hyp_iommu_pool;

/* EL2's spare pages for tables. Guarded by host_mmu.lock. */
extern struct kvm_hyp_memcache hyp_iommu_tables;

/**
 * hyp_iommu_take_pool - Make a pool of the host's EL2's
 * @mc:      gets the pages
 * @host_mc: the host's; in the low bits of a link is the order of the chunk that begins
 *           with the page it points to, and whose last page has the link to the next one
 *
 * A chunk is donated in one go. Only while the host is trusted.
 *
 * Return: 0, or -ENOMEM where a page is not the host's; then both have pages.
 */
int hyp_iommu_take_pool(struct kvm_hyp_memcache *mc, struct kvm_hyp_memcache *host_mc);

/**
 * hyp_iommu_prepare - Build the device stage 2 from the ownership of every page
 * @pgd_pfn: first page of the root, host-owned, aligned to hyp_iommu_pgd_size()
 * @ia_bits: input address size; hyp_iommu_start_level() gives the level of the root
 * @pa_bits: output address size that every IOMMU has at least
 *
 * Only while the host is trusted, after every IOMMU has been registered and its
 * MMIO donated. All tables, now and later, come from hyp_iommu_pool, which has
 * hyp_iommu_pgtable_pages() pages.
 *
 * Return: 0, -ENOMEM where the pool is too small or holds a page that is not
 * the host's, -EINVAL for a root or sizes that cannot be used, -EPERM where the root is
 * not the host's, -EBUSY where it is prepared already; then every page is the host's
 * again. -EUCLEAN where the table is not as it has to be, a bug of EL2's: then its pages
 * stay EL2's.
 */
int hyp_iommu_prepare(u64 pgd_pfn, u8 ia_bits, u8 pa_bits);

/**
 * hyp_iommu_release - Undo hyp_iommu_prepare()
 *
 * Return: 0, -EBUSY where an IOMMU is enabled, -ENOENT where nothing is prepared.
 */
int hyp_iommu_release(void);

/**
 * hyp_iommu_prepared - Whether the device stage 2 exists
 *
 * Context: host_mmu.lock is held.
 * Return: true between hyp_iommu_prepare() and hyp_iommu_release().
 */
bool hyp_iommu_prepared(void);

/**
 * hyp_iommu_revoke_locked - Take a range away from all devices
 * @phys: start, aligned to PAGE_SIZE
 * @size: multiple of PAGE_SIZE
 *
 * The last step of a transition that may fail, before the CPU's stage 2 changes.
 * On return no device reaches the range, through any cached translation either.
 *
 * Context: host_mmu.lock is held. The caller has checked that all of the range is
 * the host's to access.
 * Return: 0, or -EIO where an IOMMU did not complete the invalidation: the range is
 * accessible again and the transition must be refused.
 */
int hyp_iommu_revoke_locked(phys_addr_t phys, u64 size);

/**
 * hyp_iommu_grant_locked - Give a range to all devices
 * @phys: start, aligned to PAGE_SIZE
 * @size: multiple of PAGE_SIZE
 *
 * After the host's CPUs have been given access; cannot fail.
 *
 * Context: host_mmu.lock is held.
 */
void hyp_iommu_grant_locked(phys_addr_t phys, u64 size);

#ifdef CONFIG_NVHE_EL2_DEBUG
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
void hyp_iommu_assert_locked(phys_addr_t phys, u64 size, bool granted);

/* Check every leaf of the device stage 2 against ownership, then the transitions. */
void hyp_iommu_selftest(void);
#else
static inline void hyp_iommu_assert_locked(phys_addr_t phys, u64 size, bool granted) { }
static inline void hyp_iommu_selftest(void) { }
#endif

/*
 * The functions below are implemented by the driver of the machine's IOMMUs. The option of
 * that driver selects PKVM_IOMMU.
 */

/* Whether an IOMMU is owned: it loses its state where the system suspends. */
bool hyp_iommu_enabled(void);

/**
 * hyp_iommu_can_split - Whether a block may be replaced by a table under live DMA
 *
 * Context: every IOMMU that can be enabled later has been registered.
 * Return: true where no IOMMU needs break-before-make for that.
 */
bool hyp_iommu_can_split(void);

/**
 * hyp_iommu_flush_all - Drop every cached translation of the device stage 2
 *
 * Issues the invalidation to every enabled IOMMU, then waits for all of them.
 *
 * Context: any EL2 lock but an IOMMU's own may be held.
 * Return: 0, or -EIO where an IOMMU does not answer.
 */
int hyp_iommu_flush_all(void);

/**
 * hyp_iommu_handle_trap - Emulate a host access to an IOMMU that the syndrome tells
 * @host_ctxt: the host's registers
 * @esr:       ESR_EL2 of an abort of the host's, whatever it is
 *
 * Called before an abort is handled in any other way: the syndrome alone tells most
 * accesses to an IOMMU, and every invalidation of the host's is one of them.
 *
 * Return: true if the access was to an IOMMU and was emulated or is to be replayed, false
 * for any other abort, and for an access that takes more than the syndrome: then
 * hyp_iommu_handle_abort() is called, once pKVM has found out which page faulted.
 */
bool hyp_iommu_handle_trap(struct kvm_cpu_context *host_ctxt, u64 esr);

/**
 * hyp_iommu_handle_abort - Emulate a host access to an IOMMU
 * @host_ctxt: the host's registers
 * @esr:       ESR_EL2 of the host's stage-2 translation fault
 * @addr:      the page that faulted
 *
 * Return: true if the access was emulated or is to be replayed, false if the
 * address is no IOMMU's or the access cannot be emulated: the caller injects an
 * abort.
 */
bool hyp_iommu_handle_abort(struct kvm_cpu_context *host_ctxt, u64 esr, u64 addr);

/* Hypercalls of the trusted host; the driver says what IOMMU @idx is. */
int __pkvm_iommu_register(unsigned int idx);
int __pkvm_iommu_enable(unsigned int idx);
int __pkvm_iommu_unregister(unsigned int idx);
#else
static inline int hyp_iommu_prepare(u64 pgd_pfn, u8 ia_bits, u8 pa_bits) { return -ENODEV; }
static inline int hyp_iommu_release(void) { return -ENODEV; }
static inline int __pkvm_iommu_register(unsigned int idx) { return -ENODEV; }
static inline int __pkvm_iommu_enable(unsigned int idx) { return -ENODEV; }
static inline int __pkvm_iommu_unregister(unsigned int idx) { return -ENODEV; }
static inline bool hyp_iommu_prepared(void) { return false; }
static inline int hyp_iommu_revoke_locked(phys_addr_t phys, u64 size) { return 0; }
static inline void hyp_iommu_grant_locked(phys_addr_t phys, u64 size) { }
static inline void hyp_iommu_assert_locked(phys_addr_t phys, u64 size, bool granted) { }
static inline bool hyp_iommu_enabled(void) { return false; }

static inline bool hyp_iommu_handle_trap(struct kvm_cpu_context *host_ctxt, u64 esr)
{
	return false;
}

static inline bool hyp_iommu_handle_abort(struct kvm_cpu_context *host_ctxt,
					  u64 esr, u64 addr)
{
	return false;
}
#endif /* CONFIG_PKVM_IOMMU */

#endif /* __KVM_NVHE_IOMMU_H__ */
