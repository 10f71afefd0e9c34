/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _PKVM_SMMU_V3_EXPLORE_H
#define _PKVM_SMMU_V3_EXPLORE_H

#include "smmu.h"

#define MAX_THREADS	(MODEL_CPUS - 1)

/* Threads that race: one per CPU, after @setup has booted the machine. */
struct scenario {
	const char *name;	/* for the report */
	void (*setup)(void);
	void (*check)(void);	/* what holds in the end, beside the oracles, or NULL */
	void (*thread[MAX_THREADS])(void *unused);
};

void explore(const struct scenario *sc, unsigned int max_bound, u64 max_runs);

#endif /* _PKVM_SMMU_V3_EXPLORE_H */
