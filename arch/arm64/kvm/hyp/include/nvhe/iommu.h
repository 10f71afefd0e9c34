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
extern struct kvm_hyp_memcache hyp_iommu_spare;

/* Pages that have been taken from devices. Guarded by host_mmu.lock. */
extern u64 hyp_iommu_revoked_pages;

int hyp_iommu_take_pool(struct kvm_hyp_memcache *mc, struct kvm_hyp_memcache *host_mc);
int hyp_iommu_prepare(u64 pgd_pfn, u8 ia_bits, u8 pa_bits);
int hyp_iommu_release(void);
bool hyp_iommu_prepared(void);
int hyp_iommu_revoke_locked(phys_addr_t phys, u64 size);
void hyp_iommu_grant_locked(phys_addr_t phys, u64 size);

#ifdef CONFIG_NVHE_EL2_DEBUG
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

/* Whether an IOMMU is owned. */
bool hyp_iommu_enabled(void);

/**
 * hyp_iommu_suspend - Get ready for a system suspend
 *
 * Saves what IOMMUs know that EL2 does not. All that the host does works on afterwards: the
 * suspend may fail.
 *
 * Context: no EL2 lock is held.
 */
void hyp_iommu_suspend(void);

/**
 * hyp_iommu_resume - Have all IOMMUs isolate DMA when a CPU comes back from a suspend
 * @system: it was the system's
 *
 * After a system suspend each IOMMU gets its registers back, whether it has lost them or
 * not, and its caches are emptied. When a CPU comes back alone that happens to one that is
 * found disabled. One that does not come back isolates all the same, and is dead.
 *
 * Context: this CPU's host has not run since the suspend. No EL2 lock is held.
 * Return: 0, or -ETIMEDOUT if an IOMMU cannot be kept from letting DMA bypass it: then the
 * host must not run.
 */
int hyp_iommu_resume(bool system);

#ifdef CONFIG_NVHE_EL2_DEBUG
/**
 * __pkvm_iommu_test_suspend - Take the registers away from all IOMMUs and resume
 *
 * Context: no other CPU uses an IOMMU, nor does a device, if all is to go on as before.
 * Return: 0, -ENODEV if no IOMMU is owned, -EIO if one was dead before, or another error if
 * one does not answer.
 */
int __pkvm_iommu_test_suspend(void);
#endif

/**
 * hyp_iommu_can_split - Whether a block may be replaced by a table under live DMA
 *
 * Context: every IOMMU that can be enabled later has been registered.
 * Return: true where no IOMMU needs break-before-make for that.
 */
bool hyp_iommu_can_split(void);

/**
 * hyp_iommu_coherent - Whether every IOMMU snoops the caches of the CPUs
 *
 * Context: every IOMMU that can be enabled later has been registered.
 * Return: false where what EL2 writes for one of them has to be cleaned to the PoC.
 */
bool hyp_iommu_coherent(void);

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
 * hyp_iommu_handle_trap - Emulate a host access to an IOMMU by its syndrome alone
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

/**
 * __pkvm_iommu_stat - Hypercall of the host's: read a counter of an IOMMU
 * @idx:  the IOMMU; the driver says which that is
 * @stat: the counter; the driver says what that counts
 *
 * Context: no EL2 lock is held.
 * Return: the count, or -EINVAL if there is no such IOMMU that is owned, or no such counter.
 */
long __pkvm_iommu_stat(unsigned int idx, unsigned int stat);

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
static inline long __pkvm_iommu_stat(unsigned int idx, unsigned int stat) { return -EINVAL; }
static inline int hyp_iommu_revoke_locked(phys_addr_t phys, u64 size) { return 0; }
static inline void hyp_iommu_grant_locked(phys_addr_t phys, u64 size) { }
static inline void hyp_iommu_assert_locked(phys_addr_t phys, u64 size, bool granted) { }
static inline void hyp_iommu_suspend(void) { }
static inline int hyp_iommu_resume(bool system) { return 0; }
static inline int __pkvm_iommu_test_suspend(void) { return -ENODEV; }

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
