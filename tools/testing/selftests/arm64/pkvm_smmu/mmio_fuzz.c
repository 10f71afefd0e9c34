// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random accesses to the registers of the emulated SMMU, from all CPUs.
 *
 * Tried: in phases, threads on all CPUs load from and store to both register
 * pages, with all sizes, aligned and not. Queues and tables are in forbidden places or
 * in this program's memory, and change meanwhile. Protected VMs come and go.
 * After each phase a device does DMA to a protected VM's page and to the
 * hypervisor's memory, with the SMMU as it was left, and again after a reset.
 *
 * Must happen: no DMA reaches them. After the reset the SMMU's driver, which does not know of
 * the accesses, goes on, and DMA of its devices works.
 *
 *   PKVM_SMMU_SEED=N	repeats the accesses of seed N
 *   PKVM_SMMU_FUZZ=N	number of accesses, of all threads
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>

#include "attack.h"
#include "edu.h"
#include "env.h"
#include "fuzz.h"
#include "physmem.h"
#include "port.h"
#include "pvm.h"
#include "smmu.h"
#include "kselftest_harness.h"

#define ACCESSES	20000
#define PHASES		4
#define MAX_CPUS	64
#define PVM_PAGES	16
#define NVME_BLOCK	65536

struct worker {
	pthread_t thread;
	struct fuzz *fuzz;
	struct fuzz_stream stream;
	unsigned long accesses;
	int cpu;
};

FIXTURE(mmio_fuzz)
{
	struct fuzz fuzz;
	struct worker worker[MAX_CPUS];
	int cpus;
	struct pvm_load load;
	struct smmu smmu;
	struct port port;
	struct pvm pvm;
	uint32_t secret;
	void *page;
	uint64_t el2;		/* a word of EL2's that is not zero */
};

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

FIXTURE_SETUP(mmio_fuzz)
{
	if (!expect_protected())
		SKIP(return, "not applicable: these are the hardware's registers");

	self->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (self->cpus > MAX_CPUS)
		self->cpus = MAX_CPUS;
	self->el2 = ksym_phys("__kvm_nvhe_hyp_memory");
	ASSERT_NE(0, self->el2) {
		TH_LOG("no hyp_memory in kallsyms: CONFIG_KALLSYMS_ALL is needed");
	}

	fill_random(&self->secret, sizeof(self->secret));
	pvm_create(&self->pvm, alloc_pages(1), 1, self->secret);
	pvm_start(&self->pvm);
	self->page = alloc_pages(1);
	port_open(&self->port, PORT_IDENTITY, 0);
	ASSERT_TRUE(dma_works(&self->port, self->page));

	/* From here on the SMMU is not its driver's. */
	smmu_open(&self->smmu);
	fuzz_open(&self->fuzz, self->smmu.mmio);
	fuzz_catch_faults();
}

/* The disk's DMA must work after the attack as well. */
static void nvme_io(struct __test_metadata *_metadata)
{
	size_t pages = (NVME_BLOCK + page_size() - 1) / page_size();
	void *out = alloc_pages(pages), *in = alloc_pages(pages);
	int fd = open("/dev/nvme0n1", O_RDWR | O_DIRECT);

	if (fd < 0) {
		TH_LOG("no NVMe disk to try");
	} else {
		fill_random(out, NVME_BLOCK);
		EXPECT_EQ(NVME_BLOCK, pwrite(fd, out, NVME_BLOCK, 0));
		EXPECT_EQ(NVME_BLOCK, pread(fd, in, NVME_BLOCK, 0));
		EXPECT_EQ(0, memcmp(in, out, NVME_BLOCK));
		close(fd);
	}
	free_pages(out, pages);
	free_pages(in, pages);
}

FIXTURE_TEARDOWN(mmio_fuzz)
{
	if (!expect_protected())
		return;
	smmu_restore(&self->smmu);
	fuzz_close(&self->fuzz);
	smmu_close(&self->smmu);
	/* The SMMU's driver has not issued a command since smmu_open(); now it does. */
	nvme_io(_metadata);
	EXPECT_TRUE(dma_works(&self->port, self->page));
	port_close(&self->port);
	pvm_destroy(&self->pvm);
}

static void *run_worker(void *data)
{
	struct worker *w = data;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(w->cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	fuzz_run(w->fuzz, &w->stream, w->accesses);
	return NULL;
}

static void run_phase(struct fuzz *fuzz, struct worker *worker, int cpus,
		      struct pvm_load *load)
{
	int i;

	pvm_load_start(load, PVM_PAGES);
	for (i = 0; i < cpus; i++)
		pthread_create(&worker[i].thread, NULL, run_worker, &worker[i]);
	for (i = 0; i < cpus; i++)
		pthread_join(worker[i].thread, NULL);
	pvm_load_stop(load);
}

/* The device writes its buffer to the bounce page. Returns whether that is new data. */
static bool device_has(struct port *port, const void *prime)
{
	static const unsigned char zeros[sizeof(uint64_t)];

	edu_store(port->bar, port->bounce_addr, sizeof(zeros));
	return memcmp(port->bounce, prime, sizeof(zeros)) &&
	       memcmp(port->bounce, zeros, sizeof(zeros));
}

/*
 * The device reads at @addr and writes there, with the SMMU as it is now. The
 * bounce page may be out of its reach then. Returns whether it read anything.
 */
static bool smuggle(struct smmu *smmu, struct port *port, uint64_t addr)
{
	uint64_t prime;

	/* The device's buffer still holds what it last exchanged with the bounce page. */
	memcpy(&prime, port->bounce, sizeof(prime));
	edu_fetch(port->bar, addr, sizeof(prime));
	edu_store(port->bar, addr, sizeof(uint32_t));
	smmu_restore(smmu);
	return device_has(port, &prime);
}

TEST_F_TIMEOUT(mmio_fuzz, registers, 3500)
{
	uint64_t seed, total = number("PKVM_SMMU_FUZZ", ACCESSES), digest = 0;
	unsigned long faults = 0;
	int i, phase;
	bool reached;

	fill_random(&seed, sizeof(seed));
	seed = number("PKVM_SMMU_SEED", seed);
	TH_LOG("PKVM_SMMU_SEED=%#lx PKVM_SMMU_FUZZ=%lu, %d CPUs", seed, total, self->cpus);

	for (i = 0; i < self->cpus; i++) {
		struct worker *w = &self->worker[i];

		w->fuzz = &self->fuzz;
		w->cpu = i;
		w->accesses = (total / PHASES + self->cpus - 1) / self->cpus;
		fuzz_seed(&w->stream, seed, i);
	}

	for (phase = 0; phase < PHASES; phase++) {
		ASSERT_TRUE(dma_works(&self->port, self->page));
		smmu_write(&self->smmu, ARM_SMMU_IRQ_CTRL, 0);
		run_phase(&self->fuzz, self->worker, self->cpus, &self->load);

		/* First with the SMMU as the phase has left it, then after a reset. */
		reached = smuggle(&self->smmu, &self->port,
				  phase % 2 ? self->el2 : virt_to_phys(self->pvm.mem));
		EXPECT_FALSE(reached);
		EXPECT_TRUE(dma_works(&self->port, self->page));
		EXPECT_FALSE(attack_read(&self->port, "protected VM's page",
					 virt_to_phys(self->pvm.mem), self->secret));
		EXPECT_FALSE(attack_probe(&self->port, "hypervisor data", self->el2,
					  sizeof(uint64_t)));
		EXPECT_EQ(self->secret, pvm_report(&self->pvm));
		TH_LOG("phase %d of %d done", phase + 1, PHASES);
	}

	for (i = 0; i < self->cpus; i++) {
		digest ^= self->worker[i].stream.digest;
		faults += self->worker[i].stream.faults;
	}
	TH_LOG("digest %#lx, %lu accesses ended in a signal, %d protected VMs", digest,
	       faults, self->load.pvms);
	EXPECT_NE(0, faults);
}

TEST_HARNESS_MAIN
