// SPDX-License-Identifier: GPL-2.0-only
/*
 * Emulated CPUs as coroutines.
 *
 * Only one runs at a time. It goes on until it is done, waits for a lock, or has
 * passed the number of points that it was resumed for.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#ifdef MODEL_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

#include "smmu.h"

#define STACK_SIZE	(256 * 1024)
#define MAX_HELD	6

struct cpu {
	ucontext_t ctx;
	char *stack;
	void (*fn)(void *arg);
	void *arg;
	bool active;
	hyp_spinlock_t *waits;
	u32 points;
	hyp_spinlock_t *held[MAX_HELD];
	unsigned int nr_held;
	u64 sysreg[MODEL_NR_SYSREGS];
	struct kvm_cpu_context regs;
	void *fake_stack;
};

static struct cpu cpus[MODEL_CPUS];
unsigned int cur_cpu;

/* Where a violation goes. */
static ucontext_t *catcher;
static const void *main_stack;
static size_t main_stack_size;
static bool leave_cpus;

#ifndef MODEL_ASAN
static void __sanitizer_start_switch_fiber(void **fake, const void *bottom, size_t size)
{
}

static void __sanitizer_finish_switch_fiber(void *fake, const void **bottom, size_t *size)
{
}
#endif

u64 *model_sysreg(enum model_sysreg reg)
{
	return &cpus[cur_cpu].sysreg[reg];
}

struct kvm_cpu_context *cpu_ctxt(void)
{
	return &cpus[cur_cpu].regs;
}

void sched_reset(void)
{
	unsigned int i;

	for (i = 0; i < MODEL_CPUS; i++) {
		cpus[i].active = false;
		cpus[i].waits = NULL;
		cpus[i].nr_held = 0;
		memset(cpus[i].sysreg, 0, sizeof(cpus[i].sysreg));
		memset(&cpus[i].regs, 0, sizeof(cpus[i].regs));
	}
	cur_cpu = 0;
	model.polls = 0;
}

static void switch_to_main(bool for_good)
{
	struct cpu *cpu = &cpus[cur_cpu];

	__sanitizer_start_switch_fiber(for_good ? NULL : &cpu->fake_stack,
				       main_stack, main_stack_size);
	swapcontext(&cpu->ctx, &cpus[0].ctx);
	__sanitizer_finish_switch_fiber(cpu->fake_stack, &main_stack, &main_stack_size);
}

static void cpu_main(void)
{
	struct cpu *cpu = &cpus[cur_cpu];

	__sanitizer_finish_switch_fiber(NULL, &main_stack, &main_stack_size);
	cpu->fn(cpu->arg);
	if (cpu->nr_held)
		violation("CPU %u leaves EL2 with %u locks held", cur_cpu, cpu->nr_held);
	cpu->active = false;
	switch_to_main(true);
}

void cpu_start(unsigned int i, void (*fn)(void *), void *arg)
{
	struct cpu *cpu = &cpus[i];

	if (!cpu->stack) {
		cpu->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (cpu->stack == MAP_FAILED)
			abort();
	}
	getcontext(&cpu->ctx);
	cpu->ctx.uc_stack.ss_sp = cpu->stack;
	cpu->ctx.uc_stack.ss_size = STACK_SIZE;
	cpu->ctx.uc_link = NULL;
	makecontext(&cpu->ctx, cpu_main, 0);
	/* Or the address sanitizer clears its shadow of the stack at every switch. */
	cpu->ctx.uc_stack.ss_size = 0;
	cpu->fn = fn;
	cpu->arg = arg;
	cpu->active = true;
	cpu->waits = NULL;
	cpu->nr_held = 0;
}

bool cpu_active(unsigned int i)
{
	return cpus[i].active;
}

bool cpu_blocked(unsigned int i)
{
	return cpus[i].waits && cpus[i].waits->owner;
}

bool cpu_resume(unsigned int i, u32 points)
{
	struct cpu *cpu = &cpus[i];
	void *fake = NULL;

	if (!cpu->active)
		return true;

	cpu->points = points;
	cur_cpu = i;
	__sanitizer_start_switch_fiber(&fake, cpu->stack, STACK_SIZE);
	swapcontext(&cpus[0].ctx, &cpu->ctx);
	__sanitizer_finish_switch_fiber(fake, NULL, NULL);
	cur_cpu = 0;
	if (leave_cpus) {
		leave_cpus = false;
		setcontext(catcher);
	}

	return !cpu->active;
}

void cpu_preempt(void)
{
	if (cur_cpu)
		switch_to_main(false);
}

/* Returns whether the CPU was preempted. */
bool cpu_point(void)
{
	struct cpu *cpu = &cpus[cur_cpu];

	if (!cur_cpu || !cpu->points || --cpu->points)
		return false;
	switch_to_main(false);

	return true;
}

void cpu_wait_lock(hyp_spinlock_t *lock)
{
	unsigned int holder = lock->owner - 1;

	/* CPU 0 cannot be preempted: it lets the holder go on. */
	if (!cur_cpu) {
		if (!cpus[holder].active || cpu_blocked(holder))
			violation("deadlock: CPU 0 waits for CPU %u", holder);
		cpu_resume(holder, 1);
		return;
	}

	cpus[cur_cpu].waits = lock;
	switch_to_main(false);
	cpus[cur_cpu].waits = NULL;
}

void cpu_lock_taken(hyp_spinlock_t *lock)
{
	struct cpu *cpu = &cpus[cur_cpu];

	if (cpu->nr_held == MAX_HELD)
		violation("too many locks");
	cpu->held[cpu->nr_held++] = lock;
}

void cpu_lock_dropped(hyp_spinlock_t *lock)
{
	struct cpu *cpu = &cpus[cur_cpu];
	unsigned int i;

	for (i = 0; i < cpu->nr_held; i++) {
		if (cpu->held[i] == lock)
			cpu->held[i] = cpu->held[--cpu->nr_held];
	}
}

bool cpu_holds_rank(enum model_rank rank)
{
	struct cpu *cpu = &cpus[cur_cpu];
	unsigned int i;

	for (i = 0; i < cpu->nr_held; i++) {
		if (cpu->held[i]->rank == rank)
			return true;
	}

	return false;
}

bool cpu_holds(hyp_spinlock_t *lock)
{
	return lock->owner == cur_cpu + 1;
}

/* Let every CPU finish. Where none can, they wait for each other. */
void cpu_run_all(void)
{
	unsigned int i, active, blocked;

	do {
		active = 0;
		blocked = 0;
		for (i = 1; i < MODEL_CPUS; i++) {
			if (!cpus[i].active)
				continue;
			active++;
			if (cpu_blocked(i)) {
				blocked++;
				continue;
			}
			cpu_resume(i, 0);
		}
		if (active && active == blocked)
			violation("deadlock of %u CPUs", active);
	} while (active);
}

/*
 * Findings.
 */

void violation(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(model.report, sizeof(model.report), fmt, args);
	va_end(args);
	model.violations++;

	if (!catcher) {
		fprintf(stderr, "finding: %s\n", model.report);
		abort();
	}

	/* A CPU that met one never runs again. */
	if (cur_cpu) {
		leave_cpus = true;
		switch_to_main(true);
	}
	setcontext(catcher);
	abort();
}

void model_bug(const char *what, const char *file, int line)
{
	const char *name = strrchr(file, '/');

	violation("%s at %s:%d", what, name ? name + 1 : file, line);
}

/* Returns whether @fn came to its end without a finding. */
bool model_catch(void (*fn)(void *arg), void *arg)
{
	ucontext_t here, *outer = catcher;
	u64 before = model.violations;

	getcontext(&here);
	/* A second time. */
	if (__atomic_load_n(&model.violations, __ATOMIC_RELAXED) != before) {
		catcher = outer;
		return false;
	}
	catcher = &here;
	fn(arg);
	catcher = outer;

	return true;
}
