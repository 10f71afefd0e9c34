/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __KVM_NVHE_HOST_MMIO_H
#define __KVM_NVHE_HOST_MMIO_H

#include <linux/types.h>

struct kvm_cpu_context;

#ifdef CONFIG_PKVM_IOMMU
/**
 * __pkvm_host_donate_hyp_mmio - Take MMIO from the host and map it at EL2
 * @phys:  start, aligned to PAGE_SIZE
 * @size:  bytes, multiple of PAGE_SIZE
 * @haddr: set to the EL2 virtual address of the range, mapped as device memory
 *
 * Once the host is deprivileged its accesses abort. DMA aborts as well: the device
 * stage 2 is built without the range, so this is refused once host_mmio_is_taken() was
 * called.
 *
 * Context: the host is trusted.
 * Return: 0, -EINVAL for a range that is unaligned, empty, or beyond the physical
 * address space, -EPERM if part of it is memory or has been taken already, -EBUSY if
 * it is too late, -ENOSPC if too many ranges have been taken, -ENOMEM if EL2 lacks
 * tables or addresses.
 */
int __pkvm_host_donate_hyp_mmio(phys_addr_t phys, u64 size, unsigned long *haddr);

/**
 * __pkvm_host_hide_mmio - Take MMIO from the host that nobody is to use
 * @phys: start, aligned to PAGE_SIZE
 * @size: bytes, multiple of PAGE_SIZE
 *
 * As __pkvm_host_donate_hyp_mmio(), but EL2 does not map the range, and the host's
 * accesses do not abort: reads return zero and writes are ignored.
 *
 * Context: the host is trusted.
 * Return: as __pkvm_host_donate_hyp_mmio().
 */
int __pkvm_host_hide_mmio(phys_addr_t phys, u64 size);

/**
 * __pkvm_hyp_donate_host_mmio - Give donated or hidden MMIO back
 * @phys: start of a range as it was taken
 *
 * A device stage 2 that exists stays without it.
 *
 * Context: the host is trusted.
 * Return: 0, or -EPERM if no range that was taken starts there.
 */
int __pkvm_hyp_donate_host_mmio(phys_addr_t phys);

/**
 * host_mmio_is_taken - Find out who has an address outside memory
 * @addr:  physical address
 * @start: lower bound of what is asked about, raised to the start of @addr's owner
 * @end:   upper bound, lowered to where @addr's owner ends
 *
 * Context: host_mmu.lock is held.
 * Return: true if EL2 has taken [@start, @end), false if all of it is the host's.
 */
bool host_mmio_is_taken(phys_addr_t addr, u64 *start, u64 *end);

/* What was built on host_mmio_is_taken() is gone: with host_mmu.lock held. */
void host_mmio_reopen(void);

/**
 * host_mmio_handle_abort - Emulate a host access to hidden MMIO
 * @host_ctxt: the host's registers
 * @esr:       ESR_EL2 of the host's stage-2 fault
 * @addr:      the page that faulted
 *
 * Return: true if it was emulated, false if the page is not hidden or the syndrome
 * does not describe the access: the caller injects an abort.
 */
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
