// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA to the hypervisor's own memory.
 *
 * Tried: a device reads EL2's data and the memory that EL2 reserved at boot, and writes
 * to the reserved memory. It does so in an identity domain and in a VFIO container whose
 * IOVAs translate to the hypervisor's memory through /dev/mem. (iommufd cannot map such
 * memory.) Another device goes through every page of the hypervisor.
 *
 * Must happen: all of it works without DMA isolation, and none of it with. A read worked
 * if it returns a value known to be in EL2's data, or content that is neither zero nor
 * left over in the device; a write, if the device reads its pattern back.
 */

#include "attack.h"
#include "edu.h"
#include "env.h"
#include "lsi.h"
#include "physmem.h"
#include "kselftest_harness.h"

/* Number of pages of the carve-out that are read, in search of anything but zeros. */
#define PROBES	12

FIXTURE(hyp_memory)
{
	struct port port;
	void *page;
};

FIXTURE_VARIANT(hyp_memory)
{
	enum port_domain domain;
};

FIXTURE_VARIANT_ADD(hyp_memory, identity)
{
	.domain = PORT_IDENTITY,
};

FIXTURE_VARIANT_ADD(hyp_memory, type1)
{
	.domain = PORT_TYPE1,
};

FIXTURE_SETUP(hyp_memory)
{
	if (!port_is_possible(variant->domain))
		SKIP(return, PORT_IS_NOT_POSSIBLE);
	port_open(&self->port, variant->domain, 0);
	self->page = alloc_pages(1);
	ASSERT_TRUE(dma_works(&self->port, self->page));
}

FIXTURE_TEARDOWN(hyp_memory)
{
	/* After a refused DMA the device must still work. */
	EXPECT_TRUE(dma_works(&self->port, self->page));
	free_pages(self->page, 1);
	port_close(&self->port);
}

/* The start of RAM is the first word of hyp_memory[], EL2's table of memory regions. */
TEST_F_TIMEOUT(hyp_memory, read_data, 120)
{
	uint64_t pa = ksym_phys("__kvm_nvhe_hyp_memory");
	uint64_t base, addr;
	char line[256];
	bool reached;
	FILE *f;

	if (getenv("PKVM_SMMU_CARVEOUT"))
		SKIP(return, "not applicable: EL2 is of another kernel than its symbols");
	ASSERT_NE(0, pa) {
		TH_LOG("no hyp_memory in kallsyms: CONFIG_KALLSYMS_ALL is needed");
	}

	/* Not from /proc/iomem: that leaves out firmware's part of the first region. */
	f = fopen("/sys/kernel/debug/memblock/memory", "r");
	ASSERT_NE(NULL, f) {
		TH_LOG("no list of memory: is debugfs mounted?");
	}
	ASSERT_NE(NULL, fgets(line, sizeof(line), f));
	fclose(f);
	ASSERT_EQ(0, strncmp(line, "   0: ", 6));
	base = strtoull(line + 6, NULL, 16);
	ASSERT_NE(0, base);

	addr = port_map_phys(&self->port, pa, sizeof(base));
	reached = attack_read(&self->port, "hypervisor data", addr, base);
	EXPECT_EQ(!expect_protected(), reached);
}

/* Write to the end of the carve-out: a spare page, so that the native machine survives. */
TEST_F_TIMEOUT(hyp_memory, write_carveout, 120)
{
	struct phys_range hyp = hyp_carveout();
	uint64_t addr = port_map_phys(&self->port, hyp.base, hyp.size);
	bool reached;

	reached = attack_write_back(&self->port, "hypervisor memory",
				    addr + hyp.size - page_size() / 2);
	EXPECT_EQ(!expect_protected(), reached);
}

/*
 * In a fixture of its own, at the end: refused reads of whole pages cause so many
 * events that the kernel stops logging them for a while.
 */
FIXTURE(hyp_pages)
{
	struct port port;
};

FIXTURE_VARIANT(hyp_pages)
{
	enum port_domain domain;
};

FIXTURE_VARIANT_ADD(hyp_pages, identity)
{
	.domain = PORT_IDENTITY,
};

FIXTURE_VARIANT_ADD(hyp_pages, type1)
{
	.domain = PORT_TYPE1,
};

FIXTURE_SETUP(hyp_pages)
{
	if (!port_is_possible(variant->domain))
		SKIP(return, PORT_IS_NOT_POSSIBLE);
	port_open(&self->port, variant->domain, 0);
}

FIXTURE_TEARDOWN(hyp_pages)
{
	port_close(&self->port);
}

TEST_F_TIMEOUT(hyp_pages, read_carveout, 120)
{
	struct phys_range hyp = hyp_carveout();
	uint64_t addr = port_map_phys(&self->port, hyp.base, hyp.size);
	bool reached = false;
	int i;

	for (i = 0; i < PROBES && !reached; i++) {
		uint64_t offset = hyp.size / PROBES * i / page_size() * page_size();

		reached = attack_probe(&self->port, "hypervisor memory",
				       addr + offset, EDU_BUF_SIZE);
	}
	EXPECT_EQ(!expect_protected(), reached);
}

/*
 * Try each page of the hypervisor's memory, by an engine that is fast enough. Where DMA is
 * confined the engine writes a marker to a page and reads it back: that finds any page that
 * is reachable, with any content, even if other memory is behind its address. Natively the
 * write would be fatal: there the pages are only read, and many are not zero.
 */
#define MAX_RANGES	128
#define BATCH		(LSI_MAX_COPIES / 3 - 1)

struct batch {
	uint32_t before[BATCH];
	uint32_t marker[BATCH];
	uint32_t after[BATCH];
	uint32_t zero;
	uint32_t scratch;
};

struct engine {
	struct lsi lsi;
	struct batch *batch;
	uint64_t batch_pa;
};

FIXTURE(every_page)
{
	struct phys_range ranges[MAX_RANGES];
	int nr_ranges;
	struct engine engine;
};

FIXTURE_SETUP(every_page)
{
	self->nr_ranges = hyp_ranges(self->ranges, MAX_RANGES);
	ASSERT_GT(MAX_RANGES, self->nr_ranges);
	lsi_open(&self->engine.lsi);
	self->engine.batch = alloc_pages(1);
	self->engine.batch_pa = virt_to_phys(self->engine.batch);
}

FIXTURE_TEARDOWN(every_page)
{
	free_pages(self->engine.batch, 1);
	lsi_close(&self->engine.lsi);
}

#define BATCH_PA(engine, member) ((engine)->batch_pa + offsetof(struct batch, member))

/* Add copies from @nr pages, beginning with @page, to an array of the batch. */
static int from_pages(struct lsi_copy *copy, uint64_t page, uint64_t array, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		copy[i].src = page + i * page_size();
		copy[i].dst = array + i * sizeof(uint32_t);
	}
	return nr;
}

static int to_pages(struct lsi_copy *copy, uint64_t page, uint64_t array, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		copy[i].src = array + i * sizeof(uint32_t);
		copy[i].dst = page + i * page_size();
	}
	return nr;
}

static bool engine_works(struct engine *engine)
{
	struct lsi_copy copy = { BATCH_PA(engine, marker), BATCH_PA(engine, after) };

	fill_random(engine->batch, sizeof(*engine->batch));
	lsi_run(&engine->lsi, &copy, 1);
	return engine->batch->marker[0] == engine->batch->after[0];
}

/* Returns how many of @nr pages, beginning with @page, do not read as zero. */
static int pages_read(struct engine *engine, uint64_t page, int nr)
{
	struct lsi_copy copies[BATCH];
	int i, found = 0;

	memset(engine->batch, 0, sizeof(*engine->batch));
	lsi_run(&engine->lsi, copies, from_pages(copies, page, BATCH_PA(engine, after), nr));
	for (i = 0; i < nr; i++)
		found += !!engine->batch->after[i];
	return found;
}

/* Returns how many of @nr pages, beginning with @page, can be written; restores them. */
static int pages_written(struct engine *engine, uint64_t page, int nr)
{
	struct lsi_copy copies[LSI_MAX_COPIES], restore;
	int i, n = 0, found = 0;

	fill_random(engine->batch, sizeof(*engine->batch));
	engine->batch->zero = 0;
	n += from_pages(&copies[n], page, BATCH_PA(engine, before), nr);
	n += to_pages(&copies[n], page, BATCH_PA(engine, marker), nr);
	/* A refused read returns the engine's last data: make that something but a marker. */
	copies[n].src = BATCH_PA(engine, zero);
	copies[n++].dst = BATCH_PA(engine, scratch);
	n += from_pages(&copies[n], page, BATCH_PA(engine, after), nr);
	lsi_run(&engine->lsi, copies, n);

	for (i = 0; i < nr; i++) {
		if (engine->batch->after[i] != engine->batch->marker[i])
			continue;
		if (!found++)
			printf("# reached: %#lx\n", page + i * page_size());
		to_pages(&restore, page + i * page_size(),
			 BATCH_PA(engine, before) + i * sizeof(uint32_t), 1);
		lsi_run(&engine->lsi, &restore, 1);
	}
	return found;
}

TEST_F_TIMEOUT(every_page, out_of_reach, 240)
{
	int i, nr, tried = 0, reached = 0;

	ASSERT_TRUE(engine_works(&self->engine));
	for (i = 0; i < self->nr_ranges; i++) {
		uint64_t page = self->ranges[i].base;
		uint64_t end = page + self->ranges[i].size;

		for (; page < end; page += nr * page_size(), tried += nr) {
			nr = (end - page + page_size() - 1) / page_size();
			nr = nr < BATCH ? nr : BATCH;
			reached += expect_protected() ? pages_written(&self->engine, page, nr) :
							pages_read(&self->engine, page, nr);
		}
	}
	EXPECT_TRUE(engine_works(&self->engine));

	TH_LOG("%d of %d pages in %d ranges were reached", reached, tried, self->nr_ranges);
	EXPECT_EQ(expect_protected(), !reached);
}

TEST_HARNESS_MAIN
