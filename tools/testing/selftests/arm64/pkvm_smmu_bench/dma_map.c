// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma_map_single() and dma_unmap_single() by the kernel's benchmark for these, with
 * buffers of several sizes, from one and several threads, in domains with strict and
 * with deferred invalidation.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/map_benchmark.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "edu.h"
#include "env.h"
#include "pci.h"

#define BENCHMARK	"/sys/kernel/debug/dma_map_benchmark"
#define RUN_MS		25

/* The benchmark cannot end a run after a number of pairs, but a signal ends it. */
static void run_benchmark(unsigned int threads, unsigned int pages)
{
	struct map_benchmark map = {
		.threads = threads,
		.seconds = 60,
		.node = -1,
		.dma_bits = 32,
		.dma_dir = DMA_MAP_FROM_DEVICE,
		.granule = pages,
	};
	int fd = open(BENCHMARK, O_RDWR);

	if (fd < 0)
		die("cannot open " BENCHMARK ": %s", strerror(errno));
	ioctl(fd, DMA_MAP_BENCHMARK, &map);
	_exit(0);
}

static void count_pairs(const char *type, unsigned int threads, unsigned int size)
{
	pid_t child;

	bench_open_stepped();
	child = fork();
	if (!child)
		run_benchmark(threads, size / page_size());
	usleep(RUN_MS * 1000);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	bench_close();
	bench_window(0, "pair %u %s %u", size, type, threads);
}

static void count_in_domain(const char *bdf, const char *type, const char *name)
{
	static const unsigned int sizes[] = { 4 << 10, 64 << 10, 2 << 20 };
	int i;

	pci_bind(bdf, NULL);
	if (pci_set_domain_type(bdf, type))
		die("%s: no domain of type %s", bdf, type);
	pci_bind(bdf, "dma_map_benchmark");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (sizes[i] < page_size())
			continue;
		count_pairs(name, 1, sizes[i]);
		count_pairs(name, 4, sizes[i]);
	}
	pci_bind(bdf, NULL);
}

void bench_dma_map(void)
{
	char bdf[PCI_BDF_LEN];

	if (!pci_find(EDU_VENDOR, EDU_DEVICE, 0, bdf))
		die("no edu device");
	count_in_domain(bdf, "DMA", "strict");
	count_in_domain(bdf, "DMA-FQ", "lazy");
}
