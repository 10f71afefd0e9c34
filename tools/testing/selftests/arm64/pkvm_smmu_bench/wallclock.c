// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can only be timed, and means something as a ratio to the same natively:
 * unmaps on several CPUs at once, and a sequential read from an NVMe disk.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "env.h"
#include "physmem.h"

#define DISK	"/dev/nvme0n1"
#define BLOCK	65536
#define ROUNDS	8

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void read_disk(int fd, void *buf)
{
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf, BLOCK)) > 0)
		;
	if (n)
		die(DISK ": %s", strerror(errno));
}

static void time_disk(void)
{
	size_t pages = (BLOCK + page_size() - 1) / page_size();
	void *buf = alloc_pages(pages);
	uint64_t start, best = UINT64_MAX;
	int fd, i;

	fd = open(DISK, O_RDONLY | O_DIRECT);
	if (fd < 0)
		die(DISK ": %s", strerror(errno));
	for (i = 0; i < ROUNDS; i++) {
		start = now_ns();
		read_disk(fd, buf);
		if (now_ns() - start < best)
			best = now_ns() - start;
	}
	close(fd);
	free_pages(buf, pages);
	bench_time(best, "nvme-read");
}

void bench_wallclock(void)
{
	time_dma_map();
	time_disk();
}
