// SPDX-License-Identifier: GPL-2.0-only
/*
 * The named tests, in KTAP.
 *
 * regress [--effort N] [--stop] [--skip NAME] [--list] [NAME...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "regress.h"

/* A mutant may never come to an end: nothing here takes that long. */
#define TEST_SECONDS	300

static const struct test * const suites[] = {
	tests_boot, tests_reg, tests_cmd, tests_msi, tests_hw_msi, tests_ste, tests_ats, tests_evtq,
	tests_irq, tests_dma, tests_stall, tests_exhaust, tests_stats, tests_suspend, tests_order,
	tests_wait, tests_walk, tests_cache, tests_race,
};

unsigned int effort = 1;
static bool stop;

void boot(u8 variant)
{
	struct machine_cfg cfg = machine_variant(variant);

	EXPECT_EQ(machine_boot(&cfg), 0);
}

void boot_and_init(u8 variant)
{
	unsigned int i;

	boot(variant);
	for (i = 0; i < nr_smmus; i++)
		drv_init(i);
}

int donate(u64 phys)
{
	return __pkvm_host_donate_hyp(hyp_phys_to_pfn(phys), 1);
}

int give_back(u64 phys)
{
	return __pkvm_hyp_donate_host(hyp_phys_to_pfn(phys), 1);
}

u32 try_cmd(u64 dw0, u64 dw1)
{
	u32 err;

	if (drv_cmd(0, dw0, dw1))
		return 0;
	err = drv_cmdq_err(0);
	drv_skip_err(0);
	EXPECT(drv_sync(0));

	return err;
}

static void run(void *arg)
{
	const struct test *test = arg;

	model.rng = 0x9e3779b97f4a7c15ULL;
	model.random = false;
	model.exploring = false;
	model.at_point = NULL;
	test->fn();
	cpu_run_all();
	oracle_full();
}

/* These count in bytes where a page of 4K ends, or in the tables that fit into one. */
static const char * const only_4k[] = {
	"unfit_hardware_is_refused", "unfit_sizes_are_refused", "roots_that_cannot_be_used",
	"identification", "queue_effective_range", "host_table_is_larger",
	"events_are_delivered", "evtq_effective_range", "no_page_for_shadow_table",
	"pin_is_refused", "tables_short", "stats_of_stes_without_table",
};

static bool wanted(const char *name, int argc, char **argv)
{
	bool named = false;
	int i;

	for (i = 0; PAGE_SHIFT != 12 && i < (int)ARRAY_SIZE(only_4k); i++) {
		if (!strcmp(name, only_4k[i]))
			return false;
	}
	/* A block has 8192 pages then: too many points to explore. */
	if (PAGE_SHIFT == 16 && !strncmp(name, "race_", 5))
		return false;
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--effort")) {
			i++;
			continue;
		}
		if (!strcmp(argv[i], "--skip") && i + 1 < argc) {
			if (!strcmp(argv[++i], name))
				return false;
			continue;
		}
		if (argv[i][0] == '-')
			continue;
		named = true;
		if (!strcmp(argv[i], name))
			return true;
	}

	return !named;
}

static unsigned int count_wanted(int argc, char **argv)
{
	const struct test *test;
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(suites); i++) {
		for (test = suites[i]; test->name; test++)
			nr += wanted(test->name, argc, argv);
	}

	return nr;
}

static unsigned int run_all(int argc, char **argv, bool list)
{
	unsigned int i, nr = 0, failed = 0;
	const struct test *test;

	for (i = 0; i < ARRAY_SIZE(suites); i++) {
		for (test = suites[i]; test->name; test++) {
			if (!wanted(test->name, argc, argv))
				continue;
			nr++;
			if (list) {
				printf("%s\n", test->name);
				continue;
			}
			/* For whoever has to say which one crashed. */
			printf("# %s\n", test->name);
			fflush(stdout);
			alarm(TEST_SECONDS);
			if (model_catch(run, (void *)test)) {
				printf("ok %u %s\n", nr, test->name);
			} else {
				failed++;
				printf("not ok %u %s # %s\n", nr, test->name, model.report);
			}
			machine_shutdown();
			if (failed && stop)
				return failed;
		}
	}
	if (!list)
		printf("# %u passed, %u failed\n", nr - failed, failed);

	return failed;
}

int main(int argc, char **argv)
{
	bool list = false;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--list"))
			list = true;
		if (!strcmp(argv[i], "--stop"))
			stop = true;
		if (!strcmp(argv[i], "--effort") && i + 1 < argc)
			effort = atoi(argv[i + 1]);
	}
	if (!list)
		printf("KTAP version 1\n1..%u\n", count_wanted(argc, argv));

	return run_all(argc, argv, list) ? 1 : 0;
}
