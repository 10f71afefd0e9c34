/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __KVM_NVHE_HOST_MMIO_H
#define __KVM_NVHE_HOST_MMIO_H

#include <linux/types.h>

struct kvm_cpu_context;

int __pkvm_host_donate_hyp_mmio(phys_addr_t phys, u64 size, unsigned long *haddr);
int __pkvm_hyp_donate_host_mmio(phys_addr_t phys);

#ifdef CONFIG_PKVM_IOMMU
int __pkvm_host_hide_mmio(phys_addr_t phys, u64 size);
bool host_mmio_is_taken(phys_addr_t addr, u64 *start, u64 *end);

/* Whether something is built on the list, which is constant then: with host_mmu.lock held. */
void host_mmio_freeze(bool frozen);

bool host_mmio_handle_abort(struct kvm_cpu_context *host_ctxt, u64 esr, phys_addr_t addr);
#else
static inline int __pkvm_host_hide_mmio(phys_addr_t phys, u64 size) { return -ENODEV; }

static inline bool host_mmio_is_taken(phys_addr_t addr, u64 *start, u64 *end)
{
	return false;
}

static inline bool host_mmio_handle_abort(struct kvm_cpu_context *host_ctxt, u64 esr,
					  phys_addr_t addr)
{
	return false;
}
#endif /* CONFIG_PKVM_IOMMU */

#endif /* __KVM_NVHE_HOST_MMIO_H */
