/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _PROVE_ANY_H
#define _PROVE_ANY_H

#include "prove.h"
#include "emu.h"

/* The identification registers of any SMMU that EL2 can own. */
static struct smmu_emu_ids any_hw(u8 pa_bits)
{
	struct smmu_emu_ids hw = ANY(struct smmu_emu_ids);

	ASSUME(smmu_emu_check(&hw, pa_bits) == SMMU_EMU_OK);

	return hw;
}

/* What the host of such an SMMU is offered; the stage 2 is any. */
static struct smmu_emu_caps any_caps(const struct smmu_emu_ids *hw)
{
	struct smmu_emu_caps caps = ANY(struct smmu_emu_caps);

	smmu_emu_init_caps(&caps, hw);
	smmu_emu_init_cmds(&caps);

	return caps;
}

#endif /* _PROVE_ANY_H */
