// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: counters for the administrator.
 *
 * EL2 counts an event where it happens, under a lock that it holds there anyway. The counters
 * hold no secret of a VM: the host knows its own accesses, the events that the hardware has
 * reported to it, and the pages that have left it. EL2 decides nothing by them.
 */

#include <linux/nospec.h>

#include <asm/kvm_hyp.h>

#include "smmu.h"

/* Records that EL2 looks through for one store to EVTQ_CONS: drivers consume one by one. */
#define STATS_MAX_RECORDS	64

/* Read each dword of the record once, as the host can change it at any time. */
static bool is_s2_fault(const struct hyp_smmu *smmu, const __le64 *record)
{
	u64 dw0, dw1;
	u8 id;

	if (unlikely(!smmu->coherent))
		kvm_flush_dcache_to_poc(record, 2 * sizeof(*record));
	dw0 = le64_to_cpu(READ_ONCE(record[0]));
	dw1 = le64_to_cpu(READ_ONCE(record[1]));
	id = FIELD_GET(EVTQ_0_ID, dw0);

	return id >= EVT_ID_TRANSLATION_FAULT && id <= EVT_ID_PERMISSION_FAULT &&
	       (dw1 & EVTQ_1_S2);
}

/**
 * hyp_smmu_count_faults - Count the stage 2 faults that the host has consumed
 * @smmu: the SMMU
 * @cons: the value that the host is about to write to EVTQ_CONS
 *
 * The hardware may overwrite the records before @cons once it is written.
 *
 * Context: emu_lock is held.
 */
void hyp_smmu_count_faults(struct hyp_smmu *smmu, u32 cons)
{
	const struct pkvm_smmu_queue *q = &smmu->evtq;
	u32 idx = smmu->regs.val[SMMU_REG_EVTQ_CONS];
	u32 slot_mask = BIT(q->shift) - 1;
	const __le64 *records;
	u32 n;

	hyp_assert_lock_held(&smmu->emu_lock);
	if (!smmu->evtq_pinned)
		return;

	records = hyp_phys_to_virt(q->base);
	n = min(pkvm_smmu_queue_used(2 * slot_mask + 1, cons, idx), STATS_MAX_RECORDS);
	for (; n; n--, idx++) {
		if (is_s2_fault(smmu, &records[(idx & slot_mask) * EVTQ_ENT_DWORDS]))
			smmu->stats.s2_faults++;
	}
}

static long read_stat(struct hyp_smmu *smmu, unsigned int stat)
{
	const struct hyp_smmu_stats *stats = &smmu->stats;

	hyp_assert_lock_held(&smmu->emu_lock);
	hyp_assert_lock_held(&host_mmu.lock);
	hyp_assert_lock_held(&smmu->hwq.lock);

	switch (stat) {
	case SMMU_STAT_TRAPS:
		return stats->traps;
	case SMMU_STAT_COMMANDS:
		return smmu->hwq.submitted - smmu->hwq.own;
	case SMMU_STAT_REFUSED_COMMANDS:
		return stats->refused_commands;
	case SMMU_STAT_REFUSED_STES:
		return stats->refused_stes;
	case SMMU_STAT_INVALIDATIONS:
		return stats->invalidations;
	case SMMU_STAT_REVOKED_PAGES:
		return hyp_iommu_revoked_pages;
	case SMMU_STAT_S2_FAULTS:
		return stats->s2_faults;
	default:
		return -EINVAL;
	}
}

/**
 * __pkvm_iommu_stat - Hypercall of the host's: read a counter of an SMMU
 * @idx:  index of the SMMU in pkvm_smmu_v3_infos[]
 * @stat: enum pkvm_smmu_stat
 *
 * Context: no EL2 lock is held.
 * Return: the count, or -EINVAL if EL2 does not own that SMMU or @stat is no counter.
 */
long __pkvm_iommu_stat(unsigned int idx, unsigned int stat)
{
	struct hyp_smmu *smmu;
	long val;

	if (idx >= PKVM_SMMU_V3_MAX)
		return -EINVAL;
	smmu = &hyp_smmus[array_index_nospec(idx, PKVM_SMMU_V3_MAX)];
	if (!smmu->enabled)
		return -EINVAL;

	hyp_spin_lock(&smmu->emu_lock);
	hyp_spin_lock(&host_mmu.lock);
	hyp_spin_lock(&smmu->hwq.lock);
	val = read_stat(smmu, stat);
	hyp_spin_unlock(&smmu->hwq.lock);
	hyp_spin_unlock(&host_mmu.lock);
	hyp_spin_unlock(&smmu->emu_lock);

	return val;
}
