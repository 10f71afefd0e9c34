// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing without a fuzzer: inputs from a random number generator.
 *
 * fuzz-seeded [--steps N] [--seconds N] [--seed S] [--verbose] [FILE...]
 *
 * With files, runs these instead: reproducers, or a corpus, in hex if they are
 * called *.hex.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fuzz.h"

#define INPUT_MAX	8192

static u64 seed_state;

static u64 next_random(void)
{
	/* splitmix64 */
	u64 z = seed_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;

	return z ^ z >> 31;
}

static size_t make_input(u8 *data)
{
	size_t size = 512 + next_random() % (INPUT_MAX - 512), i;

	for (i = 0; i < size; i += 8) {
		u64 val = next_random();

		memcpy(data + i, &val, 8);
	}

	return size;
}

static int report(const u8 *data, size_t size, u64 seed, u64 nr)
{
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "finding-%llu-%llu", (unsigned long long)seed,
		 (unsigned long long)nr);
	f = fopen(name, "wb");
	if (f) {
		fwrite(data, 1, size, f);
		fclose(f);
	}
	printf("finding: %s, to repeat: fuzz-seeded --verbose %s\n", model.report, name);

	return 1;
}

static size_t from_hex(u8 *data, size_t size)
{
	size_t i, n = 0;
	int digit, high = -1;

	for (i = 0; i < size; i++) {
		if (data[i] >= '0' && data[i] <= '9')
			digit = data[i] - '0';
		else if (data[i] >= 'a' && data[i] <= 'f')
			digit = data[i] - 'a' + 10;
		else
			continue;
		if (high < 0) {
			high = digit;
			continue;
		}
		data[n++] = high << 4 | digit;
		high = -1;
	}

	return n;
}

static int run_file(const char *name)
{
	static u8 data[1 << 20];
	u64 steps = 0;
	size_t size;
	FILE *f = fopen(name, "rb");

	if (!f) {
		perror(name);
		return 2;
	}
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	if (strlen(name) > 4 && !strcmp(name + strlen(name) - 4, ".hex"))
		size = from_hex(data, size);
	if (!fuzz_run(data, size, &steps)) {
		printf("%s: finding: %s\n", name, model.report);
		return 1;
	}
	printf("%s: %llu steps\n", name, (unsigned long long)steps);

	return 0;
}

static void summary(u64 steps, u64 inputs, u64 seconds)
{
	printf("%llu steps, %llu inputs, %llu transitions, %llu DMA accesses, ",
	       (unsigned long long)steps, (unsigned long long)inputs,
	       (unsigned long long)model.transitions,
	       (unsigned long long)model.dma_accesses);
	printf("%llu s, %llu steps/s\n", (unsigned long long)seconds,
	       (unsigned long long)(seconds ? steps / seconds : steps));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static u8 data[INPUT_MAX + 8];
	u64 max_steps = 1000000, seconds = 0, seed = 1, steps = 0, nr = 0, last = 0;
	time_t start = time(NULL);
	int i, err = 0, files = 0;
	size_t size;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--verbose")) {
			fuzz_verbose = true;
		} else if (argv[i][0] == '-' && i + 1 < argc) {
			u64 val = strtoull(argv[i + 1], NULL, 0);

			if (!strcmp(argv[i], "--steps"))
				max_steps = val;
			else if (!strcmp(argv[i], "--seconds"))
				seconds = val;
			else if (!strcmp(argv[i], "--seed"))
				seed = val;
			i++;
		} else {
			files++;
			err |= run_file(argv[i]);
		}
	}
	if (files)
		return err;

	seed_state = seed;
	if (seconds)
		max_steps = ~0ULL;
	while (steps < max_steps && !(seconds && (u64)(time(NULL) - start) >= seconds)) {
		size = make_input(data);
		nr++;
		if (!fuzz_run(data, size, &steps)) {
			summary(steps, nr, time(NULL) - start);
			return report(data, size, seed, nr);
		}
		if (steps - last >= 5000000) {
			last = steps;
			summary(steps, nr, time(NULL) - start);
		}
	}
	summary(steps, nr, time(NULL) - start);

	return 0;
}
