// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the SMMU and its emulation do by themselves: an access that is emulated and
 * has no effect, faults that are reported, and translations that miss.
 */
#include <stddef.h>
#include <unistd.h>

#include "bench.h"
#include "edu.h"
#include "env.h"
#include "physmem.h"
#include "port.h"
#include "pvm.h"

#define RESERVED_REG	0x38
#define NR_LOADS	1000
#define NR_FAULTS	4
#define BEAT		4		/* bytes of a transfer that is translated once */
#define HANDLER_US	20000		/* time enough for the handler of events */
#define IOVA		0x140000000ULL
#define UNMAPPED_IOVA	0x240000000ULL

void bench_trap(void)
{
	char *mmio = map_phys(smmu_base(), SMMU_MMIO_SIZE);
	volatile uint32_t *reg = (void *)(mmio + RESERVED_REG);
	int i, n;

	(void)*reg;
	for (n = NR_LOADS; n <= 2 * NR_LOADS; n += NR_LOADS) {
		bench_open();
		for (i = 0; i < n; i++)
			(void)*reg;
		bench_close();
		bench_window(n, "trap");
	}
	unmap_phys(mmio, smmu_base(), SMMU_MMIO_SIZE);
}

static void fault(struct port *port, size_t size)
{
	edu_fetch(port->bar, UNMAPPED_IOVA, size);
	usleep(HANDLER_US);
}

static void count_faults(struct port *port, int beats)
{
	int i, n;

	fault(port, beats * BEAT);
	for (n = NR_FAULTS; n <= 2 * NR_FAULTS; n += NR_FAULTS) {
		bench_open();
		for (i = 0; i < n; i++)
			fault(port, beats * BEAT);
		bench_close();
		bench_window(n, "fault-%d", beats);
	}
}

void bench_fault(void)
{
	struct port port;

	port_open(&port, PORT_TYPE1, 0);
	count_faults(&port, 1);
	count_faults(&port, 16);
	port_close(&port);
}

static void count_walk(struct port *port, uint64_t iova, const char *name)
{
	bench_open();
	edu_fetch(port->bar, iova, BEAT);
	bench_close();
	bench_window(1, "%s", name);
}

/* Pages at IOVAs that need a table of their own each, except for the last two. */
static void map_pages(struct port *port, char *mem, uint64_t *iovas)
{
	size_t table = page_size() / 8 * page_size();
	int i;

	for (i = 0; i < 3; i++) {
		port->next_iova = IOVA + (i < 2 ? i * table : table + page_size());
		iovas[i] = port_map_user(port, mem + i * page_size(), page_size());
	}
}

/* Page-table fetches of a translation. An ownership change drops what an SMMU has cached. */
void bench_walk(void)
{
	struct port port;
	uint64_t iovas[3];
	struct pvm vm;
	char *mem = alloc_pages(3), *secret = alloc_pages(1);

	port_open(&port, PORT_TYPE1, 0);
	map_pages(&port, mem, iovas);
	pvm_create(&vm, secret, 1, 1);
	pvm_start(&vm);
	pvm_destroy(&vm);

	count_walk(&port, iovas[0], "walk-cold");
	count_walk(&port, iovas[1], "walk-fresh-table");
	count_walk(&port, iovas[2], "walk-fresh-page");
	port_close(&port);
	free_pages(mem, 3);
	free_pages(secret, 1);
}
