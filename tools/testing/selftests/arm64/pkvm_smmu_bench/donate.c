// SPDX-License-Identifier: GPL-2.0-only
/*
 * Protected VMs: the first one that the host creates, and pages: donated one by one as
 * the guest touches them, given back one by one when it is torn down. The memory is
 * physically contiguous.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"
#include "env.h"
#include "physmem.h"
#include "pvm.h"

#define NR_PAGES	512		/* as many as a 2 MiB block has of 4 KiB */

static void count_pages(void *mem, size_t nr, bool print)
{
	struct pvm vm;

	pvm_create(&vm, mem, nr, nr);
	bench_open();
	pvm_start(&vm);
	bench_close();
	bench_window(nr, "%s", print ? "donate" : "warm-up");

	bench_open();
	pvm_destroy(&vm);
	bench_close();
	bench_window(nr, "%s", print ? "reclaim" : "warm-up");
}

void bench_vm(void)
{
	char *mem = alloc_pages(1);
	struct pvm vm;

	bench_open();
	pvm_create(&vm, mem, 1, 1);
	pvm_start(&vm);
	bench_close();
	bench_window(1, "vm-first");
	pvm_destroy(&vm);
	free_pages(mem, 1);
}

void bench_donate(void)
{
	size_t size = 2 * NR_PAGES * page_size();
	char *map, *mem;

	map = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		die("no memory: %s", strerror(errno));
	mem = map + size - (uintptr_t)map % size;
	madvise(mem, size, MADV_HUGEPAGE);
	memset(mem, 1, size);
	if (mlock(mem, size))
		die("cannot lock memory: %s", strerror(errno));

	count_pages(mem, 2 * NR_PAGES, false);
	count_pages(mem, NR_PAGES, true);
	count_pages(mem, 2 * NR_PAGES, true);
	munmap(map, 2 * size);
}
