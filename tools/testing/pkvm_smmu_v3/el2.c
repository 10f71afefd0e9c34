// SPDX-License-Identifier: GPL-2.0-only
/* The files of EL2's that have static state, with a way to start anew. */
#include "hyp/smmu.c"
#include "host_mmio.c"

#include "model.h"

struct hyp_smmu *el2_smmu(unsigned int i)
{
	return &hyp_smmus[i];
}

unsigned int el2_mmio_ranges(void)
{
	return nr_host_mmio_ranges;
}

void el2_reset(void)
{
	memset(hyp_smmus, 0, NR_SMMUS * sizeof(hyp_smmus[0]));
	memset(pkvm_smmu_v3_infos, 0, NR_SMMUS * sizeof(pkvm_smmu_v3_infos[0]));
	hyp_smmus_end = NULL;
	nr_host_mmio_ranges = 0;
	host_mmio_frozen = false;
	hyp_iommu_s2 = (struct hyp_iommu_s2) {};
	hyp_iommu_pool = (struct kvm_hyp_memcache) {};
	hyp_iommu_spare = (struct kvm_hyp_memcache) {};
	hyp_iommu_revoked_pages = 0;
}
