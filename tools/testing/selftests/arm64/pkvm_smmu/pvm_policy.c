// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether protected VMs may exist: kvm-arm.iommu=require forbids them while the hypervisor
 * does not own all SMMUs.
 *
 * Tried: a protected VM is created. That must fail if $PKVM_SMMU_PVM is "refused", and
 * must work otherwise.
 */
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "pvm.h"
#include "kselftest_harness.h"

TEST(create)
{
	const char *policy = getenv("PKVM_SMMU_PVM") ?: "allowed";

	if (!pkvm_is_up())
		SKIP(return, "not applicable: no protected VMs without kvm-arm.mode=protected");

	EXPECT_EQ(!strcmp(policy, "refused"), pvm_try_create() != 0);
}

TEST_HARNESS_MAIN
