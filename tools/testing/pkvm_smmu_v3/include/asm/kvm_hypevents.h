/* SPDX-License-Identifier: GPL-2.0-only */
/* Trace events of the sources go nowhere. */
#define trace_smmu_v3_cmd(...)		do { } while (0)
#define trace_smmu_v3_access(...)	do { } while (0)
