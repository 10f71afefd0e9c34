/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The build of the device stage 2 in a small universe: its geometry and the physical address
 * of a page of EL2's are the harness's.
 */
#ifndef _PROVE_BUILD_SHIM_H
#define _PROVE_BUILD_SHIM_H

#include "pgtable-shim.h"

#include <asm/kvm_iommu_pgtable.h>

s8 prove_start_level(u8 ia_bits, u8 pa_bits);
size_t prove_pgd_size(u8 ia_bits, u8 pa_bits);
unsigned long prove_pgtable_pages(u8 ia_bits, u8 pa_bits, unsigned int nr_mmio);

#undef HYP_IOMMU_MIN_IA_BITS
#define HYP_IOMMU_MIN_IA_BITS	1
#define hyp_iommu_start_level	prove_start_level
#define hyp_iommu_pgd_size	prove_pgd_size
#define hyp_iommu_pgtable_pages	prove_pgtable_pages

#undef hyp_virt_to_pfn
#define hyp_virt_to_pfn(virt)	(prove_virt_to_phys(virt) >> PAGE_SHIFT)

#endif /* _PROVE_BUILD_SHIM_H */
