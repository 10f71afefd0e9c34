// SPDX-License-Identifier: GPL-2.0-only
/* Runs the KUnit suites of the emulated SMMU in user space, for the mutants. */
#include <kunit/test.h>

#define MAX_SUITES	32

static struct kunit_suite *all[MAX_SUITES];
static unsigned int nr_suites;

void kunit_register(struct kunit_suite **suites, unsigned int n)
{
	while (n-- && nr_suites < MAX_SUITES)
		all[nr_suites++] = *suites++;
}

void kunit_check(struct kunit *test, bool ok, bool fatal, const char *what,
		 const char *file, int line)
{
	const char *name = strrchr(file, '/');

	if (ok)
		return;
	if (!test->failures++)
		printf("# %s:%d: expected %s\n", name ? name + 1 : file, line, what);
	if (fatal)
		longjmp(test->abort, 1);
}

void model_bug(const char *what, const char *file, int line)
{
	printf("# %s at %s:%d\n", what, file, line);
}

/* Of the sources with a point in them none is linked. */
void model_shared_read(const void *addr, size_t size)
{
}

void model_shared_write(void *addr, size_t size)
{
}

static void run_param(struct kunit_case *test_case, struct kunit *test)
{
	if (!setjmp(test->abort))
		test_case->run_case(test);
}

static bool run_case(struct kunit_case *test_case)
{
	struct kunit test = {};
	char desc[128];

	if (!test_case->generate_params) {
		run_param(test_case, &test);
		return !test.failures;
	}

	for (;;) {
		test.param_value = test_case->generate_params(&test, test.param_value, desc);
		if (!test.param_value)
			return !test.failures;
		run_param(test_case, &test);
	}
}

int main(void)
{
	unsigned int i, nr = 0, failed = 0;
	struct kunit_case *test_case;

	for (i = 0; i < nr_suites; i++) {
		for (test_case = all[i]->test_cases; test_case->run_case; test_case++)
			nr++;
	}
	printf("KTAP version 1\n1..%u\n", nr);

	nr = 0;
	for (i = 0; i < nr_suites; i++) {
		for (test_case = all[i]->test_cases; test_case->run_case; test_case++) {
			bool ok = run_case(test_case);

			failed += !ok;
			printf("%sok %u %s.%s\n", ok ? "" : "not ", ++nr, all[i]->name,
			       test_case->name);
		}
	}

	return failed ? 1 : 0;
}
