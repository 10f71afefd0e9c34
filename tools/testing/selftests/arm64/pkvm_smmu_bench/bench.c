// SPDX-License-Identifier: GPL-2.0-only
/*
 * What DMA isolation costs: runs each operation in a window that a counting machine
 * can see. It prints what the windows held, in their order, and no figures.
 *
 * $PKVM_SMMU_BENCH is a comma-separated list of operations. Unless it says otherwise,
 * these are all that can be counted.
 */
#include <linux/kernel.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "bench.h"
#include "kselftest.h"

static const char all[] = "dma_map,attach,trap,fault,vm,walk,donate";

static const struct {
	const char *name;
	void (*run)(void);
} benches[] = {
	{ "dma_map", bench_dma_map },
	{ "attach", bench_attach },
	{ "trap", bench_trap },
	{ "fault", bench_fault },
	{ "vm", bench_vm },
	{ "walk", bench_walk },
	{ "donate", bench_donate },
	{ "cpus", bench_cpus },
	{ "wallclock", bench_wallclock },
};

void bench_window(unsigned long count, const char *name, ...)
{
	va_list ap;

	printf("# bench: %lu ", count);
	va_start(ap, name);
	vprintf(name, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

static void count_runs(void (*run)(void *data), void *data, int n, const char *name)
{
	int i;

	bench_open();
	for (i = 0; i < n; i++)
		run(data);
	bench_close();
	bench_window(n, "%s", name);
}

void bench_repeat(void (*run)(void *data), void *data, int n, const char *fmt, ...)
{
	char name[32];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);

	count_runs(run, data, 2 * n, "warm-up");
	count_runs(run, data, n, name);
	count_runs(run, data, 2 * n, name);
}

void bench_time(unsigned long ns, const char *name)
{
	printf("# bench-time: %lu %s\n", ns, name);
	fflush(stdout);
}

static bool asked_for(const char *name)
{
	const char *list = getenv("PKVM_SMMU_BENCH") ?: all;
	size_t len = strlen(name);

	while (*list) {
		if (!strncmp(list, name, len) && (!list[len] || list[len] == ','))
			return true;
		list = strchr(list, ',');
		list = list ? list + 1 : "";
	}
	return false;
}

int main(void)
{
	int i;

	/* How much the boot took is what was counted before the first window. */
	bench_open();
	bench_close();
	bench_window(1, "boot");

	for (i = 0; i < ARRAY_SIZE(benches); i++) {
		if (asked_for(benches[i].name))
			benches[i].run();
	}
	ksft_print_header();
	ksft_set_plan(1);
	ksft_test_result_pass("all operations ran\n");
	ksft_finished();
}
