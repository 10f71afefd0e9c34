// SPDX-License-Identifier: GPL-2.0-only
/*
 * All interleavings of a scenario, up to a number of preemptions.
 *
 * Every shared access of a thread is a decision: it goes on, another one that can
 * run takes over, or the hardware makes a step, or all of its steps. What costs a
 * preemption is limited; what a thread that waits gives away is free. A run is
 * the list of its decisions, and the next one differs in the last decision that
 * has an alternative left: depth first.
 *
 * Where that would be too many, runs with decisions at random places follow.
 */
#include <stdio.h>

#include "explore.h"

#define MAX_DECISIONS	4096
#define MAX_POINTS	20000

struct run {
	u8 choice[MAX_DECISIONS];
	u8 options[MAX_DECISIONS];
	unsigned int len;	/* decisions that are given */
	unsigned int nr;	/* decisions that were made */
	unsigned int preemptions;
	bool random;
};

static struct run run;
static const struct scenario *scenario;
static unsigned int bound;

/* Decide among @n options, of which the first costs nothing. */
static unsigned int decide(unsigned int n, bool free)
{
	unsigned int i = run.nr, choice = 0;

	if (!free && run.preemptions >= bound)
		return 0;
	if (i == MAX_DECISIONS)
		return 0;
	if (i < run.len && run.choice[i] < n)
		choice = run.choice[i];
	else if (run.random && !model_rand(24))
		choice = model_rand(n);
	run.choice[i] = choice;
	run.options[i] = n;
	run.nr++;
	if (choice && !free)
		run.preemptions++;

	return choice;
}

static bool hw_step(bool all)
{
	bool did = false, more;
	unsigned int i;

	do {
		more = false;
		for (i = 0; i < nr_smmus; i++)
			more |= smmu_step(&smmus[i]);
		did |= more;
	} while (all && more);

	return did;
}

static bool can_run(unsigned int cpu)
{
	return cpu_active(cpu) && !cpu_blocked(cpu);
}

/* The @n-th other CPU that can run, or 0. */
static unsigned int other_cpu(unsigned int cpu, unsigned int n)
{
	unsigned int i;

	for (i = 1; i < MODEL_CPUS; i++) {
		if (i != cpu && can_run(i) && !n--)
			return i;
	}

	return 0;
}

static unsigned int nr_others(unsigned int cpu)
{
	unsigned int n = 0;

	while (other_cpu(cpu, n))
		n++;

	return n;
}

/* Who runs next, after @cpu made a step. Returns 0 where all are done. */
static unsigned int next_cpu(unsigned int cpu, bool relaxed)
{
	unsigned int n = nr_others(cpu), choice;
	bool going = can_run(cpu) && !relaxed;

	if (going) {
		choice = decide(n + 3, false);
		if (choice && choice <= n)
			return other_cpu(cpu, choice - 1);
		if (choice)
			hw_step(choice == n + 2);
		return cpu;
	}

	/* It waits: the hardware, then the others get their turn. */
	hw_step(true);
	n = nr_others(cpu);
	if (can_run(cpu)) {
		choice = decide(n + 1, true);
		/* In turn, so that nobody starves. */
		if (n && !choice)
			return other_cpu(cpu, model.time % n);
		return choice ? other_cpu(cpu, choice - 1) : cpu;
	}
	if (!n)
		return 0;

	return other_cpu(cpu, n > 1 ? decide(n, true) : 0);
}

static void run_threads(void)
{
	unsigned int cpu = 1, points = 0;
	u64 time;

	while (cpu) {
		if (++points > MAX_POINTS)
			violation("no end after %u steps", points);
		time = model.time;
		cpu_resume(cpu, 1);
		cpu = next_cpu(cpu, model.time != time);
	}
	cpu_run_all();
}

static void one_run(void *arg)
{
	unsigned int i;

	model.rng = 0x1234567;
	model.random = false;
	model.exploring = false;
	scenario->setup();
	model.exploring = true;
	model.polls = 0;
	for (i = 0; i < ARRAY_SIZE(scenario->thread) && scenario->thread[i]; i++)
		cpu_start(i + 1, scenario->thread[i], NULL);
	if (run.random)
		model.rng = 0x9e3779b97f4a7c15ULL * *(u64 *)arg;
	run_threads();
	model.exploring = false;
	hw_step(true);
	oracle_full();
	if (scenario->check)
		scenario->check();
}

/* The last decision that has an alternative left. */
static bool next_run(void)
{
	unsigned int i = run.nr;

	while (i--) {
		if (run.choice[i] + 1 < run.options[i]) {
			run.choice[i]++;
			run.len = i + 1;
			return true;
		}
	}

	return false;
}

static void report(u64 runs)
{
	size_t len = strlen(model.report);
	unsigned int i;

	len += snprintf(model.report + len, sizeof(model.report) - len,
			" (run %llu, decisions", (unsigned long long)runs);
	for (i = 0; i < run.nr && len + 16 < sizeof(model.report); i++) {
		if (run.choice[i])
			len += snprintf(model.report + len, sizeof(model.report) - len,
					" %u:%u", i, run.choice[i]);
	}
	snprintf(model.report + len, sizeof(model.report) - len, ")");
}

static bool go(u64 nr)
{
	char text[sizeof(model.report)];

	run.nr = 0;
	run.preemptions = 0;
	if (model_catch(one_run, &nr))
		return true;

	report(nr);
	sched_reset();
	strcpy(text, model.report);
	model.exploring = false;
	violation("%s", text);
}

/**
 * explore - Run a scenario with every interleaving
 * @sc:		the scenario
 * @max_bound:	preemptions, at most
 * @max_runs:	runs for each number of preemptions, at most; more than that are
 *		replaced by as many random ones
 *
 * A finding is reported with the decisions that led to it.
 */
void explore(const struct scenario *sc, unsigned int max_bound, u64 max_runs)
{
	u64 runs = 0, first;
	bool more;

	scenario = sc;
	for (bound = 1; bound <= max_bound; bound++) {
		memset(&run, 0, sizeof(run));
		first = runs;
		do {
			go(++runs);
			more = next_run();
		} while (more && runs - first < max_runs);
		if (more)
			break;
	}
	if (bound > max_bound) {
		printf("# %s: all %llu runs with up to %u preemptions\n", sc->name,
		       (unsigned long long)runs, max_bound);
		return;
	}

	run.random = true;
	run.len = 0;
	bound = 6;
	for (first = runs; runs - first < max_runs; )
		go(++runs);
	printf("# %s: %llu runs\n", sc->name, (unsigned long long)runs);
}
