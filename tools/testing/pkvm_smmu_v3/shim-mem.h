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

/* What MMIO there is to take, in order, and how many bytes the host has lost. */
#define NR_MMIO		(NR_SMMUS + 1)

static inline u64 mmio_base(unsigned int i)
{
	return i < NR_SMMUS ? SMMU_MMIO(i) : PMCG_MMIO;
}

extern u64 mmio_el2[NR_MMIO];

void mem_store(u64 *p, u64 val);
u64 mem_load(const u64 *p);
void mem_clear(u64 phys);

/* A page enters or leaves EL2's linear map. */
void mem_set_el2(u64 phys, bool on);

/* The owner of a page has changed: so does its leaf in the host stage 2. */
void host_s2_update(u64 phys);

#endif /* _PKVM_SMMU_V3_SHIM_MEM_H */
