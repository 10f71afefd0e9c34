/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _PROVE_ANY_H
#define _PROVE_ANY_H

#include "prove.h"
#include "emu/cmd.h"

/* The identification registers of any SMMU that EL2 can own. */
static struct pkvm_smmu_ids any_hw(u8 pa_bits)
{
	struct pkvm_smmu_ids hw = ANY(struct pkvm_smmu_ids);

	ASSUME(pkvm_smmu_check_ids(&hw, pa_bits) == SMMU_REFUSE_NONE);

	return hw;
}

/* What the host of such an SMMU is offered; the stage 2 is any. */
static struct pkvm_smmu_caps any_caps(const struct pkvm_smmu_ids *hw)
{
	struct pkvm_smmu_caps caps = ANY(struct pkvm_smmu_caps);

	pkvm_smmu_init_caps(&caps, hw);
	pkvm_smmu_init_cmds(&caps);

	return caps;
}

/* ATS, and NS1ATS, which says that it cannot be in split stages. IHI0070G.b 6.3.1 */
static bool split_ats(const struct pkvm_smmu_ids *hw)
{
	return bits(hw->idr[0], 11, 10) == 1;
}

#endif /* _PROVE_ANY_H */
