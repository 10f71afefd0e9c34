/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of simulated memory share. */
#ifndef _PKVM_SMMU_V3_SHIM_MEM_H
#define _PKVM_SMMU_V3_SHIM_MEM_H

#include <nvhe/mm.h>

#include "model.h"

/* Where EL2 has its device mappings. */
#define MMIO_VA		BIT(45)

/* The host's and the SMMUs' accesses are not EL2's. */
#define __no_asan	__attribute__((no_sanitize("address")))

extern hyp_spinlock_t guest_lock;

/*
 * MMIO that the host is to lose, or has lost as EL2 maps it. That of an SMMU, whose base
 * @owner is, it gets back at once.
 */
void mmio_lose(u64 owner, u64 base, u64 size, bool mapped);
void mmio_return(u64 owner);
/* Whether EL2 can access it. */
bool mmio_is_mapped(u64 phys);

void mem_store(u64 *p, u64 val);
u64 mem_load(const u64 *p);
void mem_clear(u64 phys);

/* A page enters or leaves EL2's linear map. */
void mem_set_el2(u64 phys, bool on);

/* The owner of a page has changed: so does its leaf in the host stage 2. */
void host_s2_update(u64 phys);

#endif /* _PKVM_SMMU_V3_SHIM_MEM_H */
