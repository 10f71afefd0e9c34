// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma_map_single() and dma_unmap_single() by the kernel's benchmark for these, with
 * buffers of several sizes, from one and several threads, in domains with strict and
 * with deferred invalidation.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
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
#define CPUS_WARM_MS	200
#define CPUS_RUN_MS	1000
#define MAX_SECONDS	60

/* Returns the average time of an unmap in ns. */
static unsigned long run_benchmark(unsigned int threads, unsigned int pages, unsigned int seconds)
{
	struct map_benchmark map = {
		.threads = threads,
		.seconds = seconds,
		.node = -1,
		.dma_bits = 32,
		.dma_dir = DMA_MAP_FROM_DEVICE,
		.granule = pages,
	};
	int fd = open(BENCHMARK, O_RDWR);

	if (fd < 0 || ioctl(fd, DMA_MAP_BENCHMARK, &map))
		die(BENCHMARK ": %s", strerror(errno));
	close(fd);
	return map.avg_unmap_100ns * 100;
}

/* The benchmark cannot end a run after a number of pairs, but a signal ends it. */
static pid_t start_benchmark(unsigned int threads, unsigned int pages)
{
	pid_t child = fork();

	if (!child) {
		run_benchmark(threads, pages, MAX_SECONDS);
		_exit(0);
	}
	return child;
}

static void stop_benchmark(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void count_pairs(const char *type, unsigned int threads, unsigned int size)
{
	pid_t child;

	bench_open_stepped();
	child = start_benchmark(threads, size / page_size());
	usleep(RUN_MS * 1000);
	stop_benchmark(child);
	bench_close();
	bench_window(0, "pair-%uK-%s-%u", size >> 10, type, threads);
}

static void bind_benchmark(char bdf[PCI_BDF_LEN], const char *type)
{
	if (!pci_find(EDU_VENDOR, EDU_DEVICE, 0, bdf))
		die("no edu device");
	pci_bind(bdf, NULL);
	if (pci_set_domain_type(bdf, type))
		die("%s: no domain of type %s", bdf, type);
	pci_bind(bdf, "dma_map_benchmark");
}

static void count_in_domain(const char *type, const char *name)
{
	static const unsigned int sizes[] = { 4 << 10, 64 << 10, 2 << 20 };
	char bdf[PCI_BDF_LEN];
	int i;

	bind_benchmark(bdf, type);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i] < page_size())
			continue;
		count_pairs(name, 1, sizes[i]);
		count_pairs(name, 4, sizes[i]);
	}
	pci_bind(bdf, NULL);
	pci_set_domain_type(bdf, "DMA");
}

void bench_dma_map(void)
{
	count_in_domain("DMA", "strict");
	count_in_domain("DMA-FQ", "lazy");
}

void bench_cpus(void)
{
	char bdf[PCI_BDF_LEN];
	pid_t child;

	bind_benchmark(bdf, "DMA");
	child = start_benchmark(sysconf(_SC_NPROCESSORS_ONLN), 1);
	usleep(CPUS_WARM_MS * 1000);
	bench_log_mark(BENCH_LOG_OPEN);
	usleep(CPUS_RUN_MS * 1000);
	bench_log_mark(BENCH_LOG_CLOSE);
	stop_benchmark(child);
	pci_bind(bdf, NULL);
}

void time_dma_map(void)
{
	char bdf[PCI_BDF_LEN];

	bind_benchmark(bdf, "DMA");
	bench_time(run_benchmark(1, 1, 2), "unmap-1");
	bench_time(run_benchmark(2, 1, 2), "unmap-2");
	bench_time(run_benchmark(4, 1, 2), "unmap-4");
	pci_bind(bdf, NULL);
}
