/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included before iommu_pgtable.c: pages are objects of their own, so that an access
 * beyond one is seen, and each store to a descriptor is looked at.
 */
#ifndef _PROVE_PGTABLE_SHIM_H
#define _PROVE_PGTABLE_SHIM_H

#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>
#include <nvhe/memory.h>

void *prove_phys_to_virt(u64 phys);
u64 prove_virt_to_phys(void *virt);
void prove_store(u64 *desc, u64 val);
void prove_flush(const void *from, size_t size);
void prove_fill_page(void *page, int c, size_t size);
enum pkvm_page_state prove_state(u64 phys);

#define hyp_phys_to_virt	prove_phys_to_virt
#define hyp_virt_to_phys	prove_virt_to_phys

#define hyp_phys_to_page(phys)	(phys)
#define get_hyp_state(phys)	prove_state(phys)

#undef READ_ONCE
#define READ_ONCE(x)		(x)
#undef WRITE_ONCE
#define WRITE_ONCE(x, val)	prove_store(&(x), val)
#undef dma_wmb
#define dma_wmb()		do { } while (0)
#undef kvm_flush_dcache_to_poc
#define kvm_flush_dcache_to_poc(p, n)	prove_flush(p, n)
#define memset(p, c, n)		prove_fill_page(p, c, n)

#endif /* _PROVE_PGTABLE_SHIM_H */
