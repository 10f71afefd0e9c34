/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the KUnit suites of the emulated SMMUv3.
 *
 * The suites have their own tables of the architecture's rules, as numbers. So a test does not
 * repeat a wrong mask of the emulation by using its name.
 */
#ifndef __ARM_SMMU_V3_PKVM_EMU_TEST_H
#define __ARM_SMMU_V3_PKVM_EMU_TEST_H

#include "cmd.h"

/* Recognisable, with no bit that a host STE may set. */
#define EMU_TEST_STE2	0x0e54f598a5a50000ULL
#define EMU_TEST_STE3	0x0000000f12345000ULL

/* QEMU's nested SMMUv3: nothing beyond what EL2 needs. */
static inline struct pkvm_smmu_ids emu_test_hw(void)
{
	return (struct pkvm_smmu_ids){
		.idr = { 0x0d44101b, 0x02730010, 0, 0x1414, 0, 0x74 },
		.aidr = 1,
	};
}

/* 16 stream ID bits, 20 substream ID bits, two-level CD tables, RIL, no DS. */
static inline struct pkvm_smmu_caps emu_test_caps(void)
{
	struct pkvm_smmu_ids hw = emu_test_hw();
	struct pkvm_smmu_caps caps = {};

	hw.idr[0] |= IDR0_CD2L;
	hw.idr[1] |= FIELD_PREP(IDR1_SSIDSIZE, 20);
	pkvm_smmu_init_caps(&caps, &hw);
	pkvm_smmu_init_cmds(&caps);
	caps.ste2 = EMU_TEST_STE2;
	caps.ste3 = EMU_TEST_STE3;
	return caps;
}

#endif /* __ARM_SMMU_V3_PKVM_EMU_TEST_H */
