/* SPDX-License-Identifier: GPL-2.0-only */
/* Trace events of the sources go nowhere. */
#include <linux/types.h>

static inline void trace_smmu_v3_cmd(u64 smmu, u64 cmd0, u64 cmd1, u8 legal) { }
#define trace_smmu_v3_dead(...)		do { } while (0)
#define trace_smmu_v3_access(...)	do { } while (0)
