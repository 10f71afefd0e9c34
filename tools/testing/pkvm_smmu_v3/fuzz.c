// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs an input: boots a machine of a kind that it chooses, does what it says on
 * up to four CPUs that preempt each other where it says so, and shuts down.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "hyp-smmu-v3.h"

#define FULL_CHECK	64

static const u8 *input, *input_end;
static struct fuzz_job jobs[MODEL_CPUS];
bool fuzz_may_kill;
bool fuzz_verbose;
static u64 nr_steps;

u8 fuzz_byte(void)
{
	return input < input_end ? *input++ : 0;
}

u32 fuzz_u32(void)
{
	u32 val = fuzz_byte();

	val = val << 8 | fuzz_byte();
	val = val << 8 | fuzz_byte();

	return val << 8 | fuzz_byte();
}

u64 fuzz_u64(void)
{
	u64 val = fuzz_u32();

	return val << 32 | fuzz_u32();
}

u32 fuzz_below(u32 n)
{
	return n <= 256 ? fuzz_byte() % n : fuzz_u32() % n;
}

bool fuzz_chance(u32 n)
{
	return fuzz_below(n) == n - 1;
}

static void run_job(void *arg)
{
	const struct fuzz_job *job = arg;

	job->fn(job);
}

static bool any_active(void)
{
	unsigned int i;

	for (i = 1; i < MODEL_CPUS; i++) {
		if (cpu_active(i))
			return true;
	}

	return false;
}

/* A CPU goes on: to the end, most of the time. */
static void resume(unsigned int cpu)
{
	u8 points = fuzz_byte();

	if (!cpu_blocked(cpu))
		cpu_resume(cpu, points < 64 ? points + 1 : 0);
}

static const struct fuzz_op *pick_op(void)
{
	static unsigned int total;
	const struct fuzz_op *op;
	unsigned int n;

	if (!total) {
		for (op = fuzz_ops; op->name; op++)
			total += op->weight;
	}
	n = fuzz_byte() * total / 256;
	for (op = fuzz_ops; n >= op->weight; op++)
		n -= op->weight;

	return op;
}

static void step(void)
{
	const struct fuzz_op *op = pick_op();
	unsigned int cpu;

	if (fuzz_verbose)
		fprintf(stderr, "%llu: %s\n", (unsigned long long)nr_steps, op->name);
	if (op->now) {
		op->now();
		return;
	}

	cpu = 1 + fuzz_byte() % (MODEL_CPUS - 1);
	/* It is still busy: the operation is that it goes on. */
	if (!cpu_active(cpu)) {
		jobs[cpu] = (struct fuzz_job){};
		op->job(&jobs[cpu]);
		cpu_start(cpu, run_job, &jobs[cpu]);
	}
	resume(cpu);
}

/* All CPUs are blocked: nobody will ever go on. */
static void check_deadlock(void)
{
	unsigned int i;

	for (i = 1; i < MODEL_CPUS; i++) {
		if (cpu_active(i) && !cpu_blocked(i))
			return;
	}
	cpu_run_all();
}

/* The host lets go of everything: what is pinned then is what it pinned itself. */
static void shut_down(void)
{
	unsigned int i;
	u32 pins = 0;

	cpu_run_all();
	oracle_full();
	for (i = 0; i < nr_smmus; i++) {
		drv_disable(i);
		drv_disable(i);
	}
	oracle_full();
	for (i = 0; i < nr_smmus; i++) {
		if (smmu_dead(&smmus[i]) || el2_smmu(i)->hwq.dead)
			return;
	}
	for (i = 0; i < RAM_PAGES; i++)
		pins += phys_to_info(page_phys(i))->pins;
	if (pins != model.refs)
		violation("%u pages are still pinned", model.refs - pins);
}

static void run_input(void *unused)
{
	struct machine_cfg cfg = machine_variant(fuzz_byte());
	unsigned int i;
	u8 flags;

	model.random = false;
	model.rng = 0x9e3779b97f4a7c15ULL + fuzz_u32();
	flags = fuzz_byte();
	fuzz_may_kill = !(flags & 0x1f);
	if (machine_boot(&cfg))
		violation("the machine does not boot");
	for (i = 0; i < nr_smmus && flags & 0x60; i++)
		drv_init(i);

	model.random = true;
	while (input < input_end) {
		step();
		nr_steps++;
		oracle_step();
		if (!any_active())
			oracle_quiet();
		else
			check_deadlock();
		if (!(nr_steps % FULL_CHECK) && !any_active())
			oracle_full();
	}
	shut_down();
}

bool fuzz_run(const u8 *data, size_t size, u64 *steps)
{
	bool ok;

	input = data;
	input_end = data + size;
	nr_steps = 0;
	ok = model_catch(run_input, NULL);
	machine_shutdown();
	model.random = false;
	*steps += nr_steps;

	return ok;
}

#ifdef FUZZ_ENTRY
/* For libFuzzer, under the name that it looks for. */
int FUZZ_ENTRY(const u8 *data, size_t size);

int FUZZ_ENTRY(const u8 *data, size_t size)
{
	u64 steps = 0;

	if (!fuzz_run(data, size, &steps)) {
		fprintf(stderr, "finding: %s\n", model.report);
		abort();
	}

	return 0;
}
#endif
