/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the KVM-side SMMUv3 driver (EL1) and the hypervisor (EL2).
 * The host is trusted until __pkvm_prot_finalize. Until then it can write the variables below
 * and call __pkvm_iommu_register(), __pkvm_host_hide_mmio(), __pkvm_iommu_prepare() and
 * __pkvm_iommu_enable(), or to undo, __pkvm_iommu_unregister() and __pkvm_iommu_release().
 * Afterwards it can call only __pkvm_iommu_stat().
 */
#ifndef __ARM_SMMU_V3_PKVM_H
#define __ARM_SMMU_V3_PKVM_H

#include <linux/io.h>
#include <linux/kvm_host.h>
#include <linux/types.h>

#include "emu/emu.h"

#define PKVM_SMMU_V3_MAX	64

/* Doorbells of ITSs, to which SMMUs may write the MSIs of their own interrupts */
#define PKVM_SMMU_V3_DOORBELLS	64

/**
 * struct pkvm_smmu_v3_info - An SMMU, described by the host while it is trusted
 * @mmio_base:   physical address of page 0, aligned to 64 KiB
 * @mmio_size:   bytes that become EL2's, at least 128 KiB, a multiple of PAGE_SIZE
 * @cmdq_base:   physical address of EL2's command queue, aligned to its size
 * @cmdq_shift:  log2 of its number of entries; the pages it lies in become EL2's
 * @strtab_base: physical address of EL2's stream table or its level 1, aligned to its size
 * @strtab_size: its bytes, a multiple of PAGE_SIZE
 * @pool:        pages for level 2 stream tables, and one to copy the host's STEs to
 * @cmdqv_base:  physical address of its CMDQ-V's registers
 * @cmdqv_size:  their bytes, 0 if it has none
 * @timer_freq:  of the generic timer, in Hz
 * @coherent:    firmware says that it snoops the caches of the CPUs
 * @repeat:      an invalidation takes effect only if it is repeated after its CMD_SYNC
 */
struct pkvm_smmu_v3_info {
	u64 mmio_base;
	u64 mmio_size;
	u64 cmdq_base;
	u64 strtab_base;
	u64 strtab_size;
	struct kvm_hyp_memcache pool;
	u64 cmdqv_base;
	u64 cmdqv_size;
	u32 timer_freq;
	u8 cmdq_shift;
	bool coherent;
	bool repeat;
};

/**
 * enum pkvm_smmu_stat - EL2's counters of an SMMU since its takeover
 * @SMMU_STAT_TRAPS:		emulated accesses of the host; a replay counts again
 * @SMMU_STAT_COMMANDS:		host commands that the hardware was given
 * @SMMU_STAT_REFUSED_COMMANDS:	errors that stopped the host's command queue
 * @SMMU_STAT_REFUSED_STES:	valid host STEs read that are illegal or found no table left
 * @SMMU_STAT_INVALIDATIONS:	invalidations for pages that left the host
 * @SMMU_STAT_REVOKED_PAGES:	pages that left the host; one counter for all SMMUs
 * @SMMU_STAT_S2_FAULTS:	records of stage 2 faults that the host has consumed
 */
enum pkvm_smmu_stat {
	SMMU_STAT_TRAPS,
	SMMU_STAT_COMMANDS,
	SMMU_STAT_REFUSED_COMMANDS,
	SMMU_STAT_REFUSED_STES,
	SMMU_STAT_INVALIDATIONS,
	SMMU_STAT_REVOKED_PAGES,
	SMMU_STAT_S2_FAULTS,
};

static inline u64 pkvm_smmu_v3_cmdq_size(const struct pkvm_smmu_v3_info *info)
{
	return PAGE_ALIGN(BIT_ULL(info->cmdq_shift + CMDQ_ENT_SZ_SHIFT));
}

/* Bytes of the stream table or its level 1. Up to SMMU_EMU_SPLIT bits it is linear. */
static inline u64 pkvm_smmu_v3_strtab_size(u8 sid_bits)
{
	return sid_bits > SMMU_EMU_SPLIT ? sizeof(u64) << (sid_bits - SMMU_EMU_SPLIT) :
					   sizeof(struct arm_smmu_ste) << sid_bits;
}

/* IDR0 to IDR5 are adjacent. IHI0070G.b 6.2 */
static inline void pkvm_smmu_v3_read_ids(void __iomem *mmio, struct pkvm_smmu_ids *ids)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids->idr); i++)
		ids->idr[i] = readl_relaxed(mmio + ARM_SMMU_IDR0 + i * sizeof(u32));
	ids->iidr = readl_relaxed(mmio + ARM_SMMU_IIDR);
	ids->aidr = readl_relaxed(mmio + ARM_SMMU_AIDR);
	ids->idr6 = ids->idr[1] & IDR1_ECMDQ ? readl_relaxed(mmio + ARM_SMMU_IDR6) : 0;
}

#ifndef __KVM_NVHE_HYPERVISOR__
#define pkvm_smmu_v3_infos kvm_nvhe_sym(pkvm_smmu_v3_infos)
#define pkvm_smmu_v3_doorbells kvm_nvhe_sym(pkvm_smmu_v3_doorbells)
#endif
extern struct pkvm_smmu_v3_info pkvm_smmu_v3_infos[PKVM_SMMU_V3_MAX];
/* Physical addresses, 0 for none. Enabling drops memory and MMIO that the host has lost. */
extern u64 pkvm_smmu_v3_doorbells[PKVM_SMMU_V3_DOORBELLS];

#endif /* __ARM_SMMU_V3_PKVM_H */
