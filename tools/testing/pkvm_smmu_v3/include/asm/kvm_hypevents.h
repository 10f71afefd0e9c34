/* SPDX-License-Identifier: GPL-2.0-only */
/* Trace events of the sources go nowhere. */
#define trace_smmu_v3_cmd(smmu, cmd0, cmd1, legal)	((void)(smmu), (void)(cmd0), (void)(cmd1))
#define trace_smmu_v3_access(...)	do { } while (0)
