/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA isolation: the device stage 2, and the functions by which ownership transitions and the
 * IOMMU driver of the machine call each other.
 */
#ifndef __KVM_NVHE_IOMMU_H__
#define __KVM_NVHE_IOMMU_H__

#include <linux/kvm_host.h>
#include <linux/types.h>

#include <nvhe/iommu_pgtable.h>

#ifdef CONFIG_PKVM_IOMMU
extern struct hyp_iommu_s2 hyp_iommu_s2;

/*
 * Pages of the host's for tables below the root. The trusted host fills the pool,
 * hyp_iommu_prepare() takes every page, and hyp_iommu_release() puts every page back.
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

/* The driver of the machine's IOMMUs implements the functions below, and selects PKVM_IOMMU. */
bool hyp_iommu_enabled(void);
int hyp_iommu_suspend(void);
int hyp_iommu_resume(bool system);

#ifdef CONFIG_NVHE_EL2_DEBUG
int __pkvm_iommu_test_suspend(void);
#endif

bool hyp_iommu_can_split(void);
bool hyp_iommu_coherent(void);
int hyp_iommu_flush_all(void);
bool hyp_iommu_handle_trap(struct kvm_cpu_context *host_ctxt, u64 esr);
bool hyp_iommu_handle_abort(struct kvm_cpu_context *host_ctxt, u64 esr, u64 addr);
long __pkvm_iommu_stat(unsigned int idx, unsigned int stat);

/* Hypercalls of the trusted host */
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
static inline int hyp_iommu_suspend(void) { return 0; }
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
