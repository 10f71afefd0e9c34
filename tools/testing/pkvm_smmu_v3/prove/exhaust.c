// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run the function named by the argument for all its inputs, and print what became of
 * each property as CBMC does: a goal "fails" where an input reaches it.
 */
#include "prove.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>

struct exhaust_choice exhaust_choices[64];
unsigned int exhaust_choice, exhaust_steps;
jmp_buf exhaust_next;

/* A finding of a sanitizer does not end the run: prove.py reads it from stderr. */
const char *__asan_default_options(void)
{
	return "halt_on_error=0:detect_leaks=0:allow_user_segv_handler=1";
}

static bool next_input(void)
{
	unsigned int i = exhaust_choice;

	while (i--) {
		if (++exhaust_choices[i].value < exhaust_choices[i].of)
			return true;
		exhaust_choices[i] = (struct exhaust_choice) { 0 };
	}

	return false;
}

static void bad_access(int sig)
{
	PROVE("every access is to memory that exists", false);
	longjmp(exhaust_next, 1);
}

/* The compiler puts the last point first. */
static void print_points(const char *function)
{
	const struct exhaust_point *p;
	const char *separator = "";

	printf("[{\"result\": [");
	for (p = __stop_exhaust_points; p-- > __start_exhaust_points;) {
		if (!p->seen && strcmp(p->function, function))
			continue;
		printf("%s\n{\"property\": \"%s.assertion.%d\", \"description\": \"%s\",",
		       separator, p->function, p->line, p->words);
		printf("\"status\": \"%s\",", p->failed ? "FAILURE" : "SUCCESS");
		printf("\"sourceLocation\": {\"file\": \"%s\", \"line\": %d}}", p->file, p->line);
		separator = ",";
	}
	printf("]}]\n");
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = bad_access, .sa_flags = SA_NODEFER };
	void (*function)(void) = argc == 2 ? dlsym(NULL, argv[1]) : NULL;

	if (!function)
		return 2;

	sigaction(SIGSEGV, &action, NULL);
	do {
		exhaust_choice = 0;
		exhaust_steps = 0;
		if (!setjmp(exhaust_next))
			function();
	} while (next_input());

	print_points(argv[1]);

	return 0;
}
