/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _PKVM_SMMU_V3_EXPLORE_H
#define _PKVM_SMMU_V3_EXPLORE_H

#include "smmu.h"

#define MAX_THREADS	(MODEL_CPUS - 1)

/**
 * struct scenario - Threads that race
 * @name:   for the report
 * @setup:  boots the machine; not explored
 * @check:  what holds in the end, beside the oracles, or NULL
 * @thread: what each CPU does
 */
struct scenario {
	const char *name;
	void (*setup)(void);
	void (*check)(void);
	void (*thread[MAX_THREADS])(void *unused);
};

/**
 * explore - Run a scenario with every interleaving
 * @sc:		the scenario
 * @max_bound:	preemptions, at most
 * @max_runs:	runs for each number of preemptions, at most; more than that are
 *		replaced by as many random ones
 *
 * A finding is reported with the decisions that led to it.
 */
void explore(const struct scenario *sc, unsigned int max_bound, u64 max_runs);

#endif /* _PKVM_SMMU_V3_EXPLORE_H */
