// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that was not there when the hypervisor took over: beyond what "mem=" left
 * to the kernel, or hot-added. $PKVM_SMMU_LATE is where it starts. The hypervisor
 * keeps no state for it, so it cannot be a protected VM's.
 *
 * Tried: a device reads and writes such memory, with and without a stage 1 of the
 * host's; a disk does; a protected VM is given a page of it.
 *
 * Must happen: DMA works as natively. The VM either runs, because the kernel has
 * moved the page to memory that was there ($PKVM_SMMU_LATE_PVM is "moved", what
 * ZONE_MOVABLE does), and then DMA does not reach it; or it is refused ("refused"),
 * the kernel has said that this would happen, and the page stays the host's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "attack.h"
#include "env.h"
#include "physmem.h"
#include "pvm.h"
#include "kselftest_harness.h"

/* Pages that are allocated before there is said to be none of late memory. */
#define MAX_PAGES	16384
#define BLOCK		65536

static uint64_t late_start(void)
{
	const char *late = getenv("PKVM_SMMU_LATE");

	return late ? strtoull(late, NULL, 0) : 0;
}

static bool expect_pvm(const char *what)
{
	const char *expect = getenv("PKVM_SMMU_LATE_PVM");

	return expect && !strcmp(expect, what);
}

/* User pages of late memory; the pages that were not are never freed. */
static void *late_pages(size_t nr)
{
	int i;

	for (i = 0; i < MAX_PAGES; i++) {
		void *va = alloc_pages(nr);

		if (virt_to_phys(va) >= late_start())
			return va;
	}
	return NULL;
}

FIXTURE(late_memory)
{
	struct port port;
};

FIXTURE_VARIANT(late_memory)
{
	enum port_domain domain;
};

FIXTURE_VARIANT_ADD(late_memory, identity)
{
	.domain = PORT_IDENTITY,
};

FIXTURE_VARIANT_ADD(late_memory, type1)
{
	.domain = PORT_TYPE1,
};

FIXTURE_SETUP(late_memory)
{
	if (!late_start())
		SKIP(return, "not applicable: all memory was there at boot");
	port_open(&self->port, variant->domain, 0);
}

FIXTURE_TEARDOWN(late_memory)
{
	if (late_start())
		port_close(&self->port);
}

/* A driver outside the kernel's memory management has it, by its address. */
TEST_F_TIMEOUT(late_memory, by_address, 120)
{
	uint64_t addr;
	void *va;

	if (getenv("PKVM_SMMU_LATE_PVM"))
		SKIP(return, "not applicable: the kernel uses this memory");

	va = map_phys(late_start(), page_size());
	addr = port_map_phys(&self->port, late_start(), page_size());
	EXPECT_TRUE(dma_works_at(&self->port, addr, va));
	unmap_phys(va, late_start(), page_size());
}

TEST_F_TIMEOUT(late_memory, user_page, 120)
{
	void *page;

	if (!getenv("PKVM_SMMU_LATE_PVM"))
		SKIP(return, "not applicable: the kernel does not use this memory");
	page = late_pages(1);
	ASSERT_NE(NULL, page);
	EXPECT_TRUE(dma_works(&self->port, page));
	free_pages(page, 1);
}

static uint32_t guest_finds(void *vm)
{
	return pvm_report(vm);
}

TEST_F_TIMEOUT(late_memory, pvm_moved, 120)
{
	uint64_t *page, secret;
	struct pvm vm;

	if (!expect_pvm("moved"))
		SKIP(return, "not applicable: the VM is refused this memory");
	page = late_pages(1);
	ASSERT_NE(NULL, page);
	fill_random(&secret, sizeof(secret));
	pvm_create(&vm, page, 1, secret);
	pvm_start(&vm);

	if (variant->domain == PORT_IDENTITY) {
		uint64_t addr = virt_to_phys(page);

		EXPECT_GT(late_start(), addr);
		EXPECT_EQ(!expect_protected(),
			  attack_read(&self->port, "protected VM's page", addr, secret));
		EXPECT_EQ(!expect_protected(),
			  attack_write(&self->port, "protected VM's page", addr,
				       guest_finds, &vm));
	}
	pvm_destroy(&vm);
	free_pages(page, 1);
}

TEST_F_TIMEOUT(late_memory, pvm_refused, 120)
{
	uint64_t *page, secret;
	char text[256];
	int status;
	pid_t pid;

	if (!expect_pvm("refused"))
		SKIP(return, "not applicable: the VM's memory is moved");
	page = late_pages(1);
	ASSERT_NE(NULL, page);
	fill_random(&secret, sizeof(secret));

	/* Creation is refused as well where what the kernel allocates is late memory. */
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct pvm vm;

		pvm_create(&vm, page, 1, secret);
		pvm_start(&vm);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status));
	EXPECT_TRUE(kmsg_find("was added after boot", text, sizeof(text)));

	EXPECT_TRUE(dma_works(&self->port, page));
	free_pages(page, 1);
}

/* An ordinary driver. */
TEST(disk)
{
	size_t pages = BLOCK / page_size();
	unsigned char *out, *in;
	int fd;

	if (!getenv("PKVM_SMMU_LATE_PVM"))
		SKIP(return, "not applicable: the kernel does not use late memory");
	fd = open("/dev/nvme0n1", O_RDWR | O_DIRECT);
	if (fd < 0)
		SKIP(return, "needs an NVMe disk whose contents do not matter");

	out = late_pages(pages);
	in = late_pages(pages);
	ASSERT_TRUE(out && in);
	fill_random(out, 256);
	memcpy(out + BLOCK - 256, out, 256);
	EXPECT_EQ(BLOCK, pwrite(fd, out, BLOCK, 0));
	EXPECT_EQ(BLOCK, pread(fd, in, BLOCK, 0));
	EXPECT_EQ(0, memcmp(in, out, BLOCK));
	close(fd);
}

TEST_HARNESS_MAIN
