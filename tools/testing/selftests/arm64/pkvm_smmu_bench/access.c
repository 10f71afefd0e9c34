// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the SMMU and its emulation do by themselves: an access that is emulated and
 * has no effect, faults that are reported, and translations that miss.
 */
#include <linux/io.h>
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
#define NR_FAULTS	32
#define NR_WALKS	4
#define BEAT		4		/* bytes of a transfer that is translated once */
#define HANDLER_US	20000		/* time enough for the handler of events */
#define IOVA		0x140000000ULL
#define UNMAPPED_IOVA	0x240000000ULL

static void load(void *reg)
{
	readl(reg);
}

void bench_trap(void)
{
	char *mmio = map_phys(smmu_base(), SMMU_MMIO_SIZE);

	bench_repeat(load, mmio + RESERVED_REG, NR_LOADS, "trap");
	unmap_phys(mmio, smmu_base(), SMMU_MMIO_SIZE);
}

struct fault {
	struct port port;
	int beats;
};

static void do_fault(void *data)
{
	struct fault *fault = data;

	edu_fetch(fault->port.bar, UNMAPPED_IOVA, fault->beats * BEAT);
	usleep(HANDLER_US);
}

void bench_fault(void)
{
	struct fault fault;

	port_open(&fault.port, PORT_TYPE1, 0);
	fault.beats = 1;
	bench_repeat(do_fault, &fault, NR_FAULTS, "fault-1");
	fault.beats = 16;
	bench_repeat(do_fault, &fault, NR_FAULTS, "fault-16");
	port_close(&fault.port);
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

	for (i = 0; i < NR_WALKS; i++) {
		port->next_iova = IOVA + i * table;
		if (i == NR_WALKS - 1)
			port->next_iova = iovas[i - 1] + page_size();
		iovas[i] = port_map_user(port, mem + i * page_size(), page_size());
	}
}

/* An ownership change drops the translations that an SMMU has cached. */
static void drop_translations(char *secret)
{
	struct pvm vm;

	pvm_create(&vm, secret, 1, 1);
	pvm_start(&vm);
	pvm_destroy(&vm);
}

/* Page-table fetches of a translation. */
void bench_walk(void)
{
	struct port port;
	uint64_t iovas[NR_WALKS];
	char *mem = alloc_pages(NR_WALKS), *secret = alloc_pages(1);

	port_open(&port, PORT_TYPE1, 0);
	map_pages(&port, mem, iovas);
	drop_translations(secret);
	count_walk(&port, iovas[0], "walk-cold-config");

	drop_translations(secret);
	count_walk(&port, iovas[1], "walk-cold");
	count_walk(&port, iovas[2], "walk-fresh-table");
	count_walk(&port, iovas[3], "walk-fresh-page");
	port_close(&port);
	free_pages(mem, NR_WALKS);
	free_pages(secret, 1);
}
