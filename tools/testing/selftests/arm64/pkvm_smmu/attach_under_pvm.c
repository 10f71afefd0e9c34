// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO attaches, maps and detaches on one CPU, or the kernel maps and unmaps on all,
 * while protected VMs fault pages in and are torn down on another.
 *
 * Tried: 100 rounds of each, or some seconds, at the same time. This is ordinary load.
 *
 * Must happen: the loads end, and the device works afterwards. At EL2 they take the locks of
 * the SMMU's stream table and command queue and of the host's stage 2. One wrong lock order
 * would hang both CPUs.
 */
#include <fcntl.h>
#include <libvfio.h>
#include <linux/map_benchmark.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "attack.h"
#include "edu.h"
#include "env.h"
#include "pci.h"
#include "physmem.h"
#include "pvm.h"
#include "kselftest_harness.h"

#define ROUNDS		100
#define MAP_PAGES	16
#define PVM_PAGES	64
#define IOVA		0x100000000ULL

struct load {
	pthread_t thread;
	void (*round)(int round);
	int cpu;
	int rounds;		/* done; continues until both sides have ROUNDS */
	struct load *other;
};

static char edu_bdf[PCI_BDF_LEN];

static void vfio_round(int round)
{
	const char *mode = round % 2 ? MODE_IOMMUFD : MODE_VFIO_TYPE1V2_IOMMU;
	struct iommu *iommu = iommu_init(mode);
	struct vfio_pci_device *device = vfio_pci_device_init(edu_bdf, iommu);
	struct dma_region region = {
		.vaddr = alloc_pages(MAP_PAGES),
		.iova = IOVA,
		.size = MAP_PAGES * page_size(),
	};

	iommu_map(iommu, &region);
	iommu_unmap(iommu, &region);
	vfio_pci_device_cleanup(device);
	iommu_cleanup(iommu);
	free_pages(region.vaddr, MAP_PAGES);
}

static void pvm_round(int round)
{
	void *mem = alloc_pages(PVM_PAGES);
	struct pvm vm;

	pvm_create(&vm, mem, PVM_PAGES, round + 1);
	pvm_start(&vm);
	pvm_destroy(&vm);
	free_pages(mem, PVM_PAGES);
}

static void *run_load(void *data)
{
	struct load *load = data;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(load->cpu % sysconf(_SC_NPROCESSORS_ONLN), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);

	while (__atomic_load_n(&load->rounds, __ATOMIC_RELAXED) < ROUNDS ||
	       __atomic_load_n(&load->other->rounds, __ATOMIC_RELAXED) < ROUNDS) {
		load->round(load->rounds);
		__atomic_add_fetch(&load->rounds, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

FIXTURE(attach_under_pvm)
{
	struct load vfio;
	struct load pvm;
};

FIXTURE_SETUP(attach_under_pvm)
{
	self->vfio = (struct load){ .round = vfio_round, .cpu = 0, .other = &self->pvm };
	self->pvm = (struct load){ .round = pvm_round, .cpu = 1, .other = &self->vfio };

	ASSERT_TRUE(pci_find(EDU_VENDOR, EDU_DEVICE, 0, edu_bdf));
	pci_bind(edu_bdf, "vfio-pci");
}

FIXTURE_TEARDOWN(attach_under_pvm)
{
	pci_bind(edu_bdf, NULL);
}

TEST_F_TIMEOUT(attach_under_pvm, rounds, 600)
{
	ASSERT_EQ(0, pthread_create(&self->vfio.thread, NULL, run_load, &self->vfio));
	ASSERT_EQ(0, pthread_create(&self->pvm.thread, NULL, run_load, &self->pvm));
	pthread_join(self->vfio.thread, NULL);
	pthread_join(self->pvm.thread, NULL);

	EXPECT_GE(self->vfio.rounds, ROUNDS);
	EXPECT_GE(self->pvm.rounds, ROUNDS);
	TH_LOG("%d VFIO rounds, %d protected VMs", self->vfio.rounds, self->pvm.rounds);
}

static int map_and_unmap(const char *type)
{
	struct map_benchmark map = {
		.threads = sysconf(_SC_NPROCESSORS_ONLN),
		.seconds = 2,
		.node = -1,
		.dma_bits = 32,
		.dma_dir = DMA_MAP_BIDIRECTIONAL,
		.granule = 1,
	};
	int fd, ret;

	pci_bind(edu_bdf, NULL);
	ret = pci_set_domain_type(edu_bdf, type);
	if (ret)
		die("%s: no domain of type %s: %s", edu_bdf, type, strerror(-ret));
	pci_bind(edu_bdf, "dma_map_benchmark");
	fd = open("/sys/kernel/debug/dma_map_benchmark", O_RDWR);
	ret = ioctl(fd, DMA_MAP_BENCHMARK, &map);
	close(fd);
	return ret;
}

TEST_F_TIMEOUT(attach_under_pvm, all_cpus_map, 600)
{
	struct pvm_load load = {};
	struct port port;
	void *page;

	pvm_load_start(&load, PVM_PAGES);
	EXPECT_EQ(0, map_and_unmap("DMA"));
	EXPECT_EQ(0, map_and_unmap("DMA-FQ"));
	pvm_load_stop(&load);
	EXPECT_GE(load.pvms, 1);

	pci_bind(edu_bdf, NULL);
	pci_set_domain_type(edu_bdf, "DMA");
	port_open(&port, PORT_IOMMUFD, 0);
	page = alloc_pages(1);
	EXPECT_TRUE(dma_works_at(&port, port_map_user(&port, page, page_size()), page));
	port_close(&port);
	free_pages(page, 1);
}

TEST_HARNESS_MAIN
