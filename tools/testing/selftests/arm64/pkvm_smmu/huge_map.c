// SPDX-License-Identifier: GPL-2.0-only
/*
 * A protected VM's page within memory that a device has mapped in one piece.
 *
 * Tried: VFIO maps 2 MiB of hugetlb and 2 MiB of transparent huge pages, for which the
 * device's stage 1 has blocks. One page in the middle of the transparent huge page is
 * given to a protected VM. The device then reads and writes the VM's page, the pages
 * around it, and the hugetlb page.
 *
 * Must happen: the device reaches the VM's page before the donation and after the VM is
 * gone, and all other pages at any time.
 */
#include <sys/mman.h>

#include "attack.h"
#include "env.h"
#include "physmem.h"
#include "pvm.h"
#include "kselftest_harness.h"

#define HUGE_SIZE	(2UL << 20)

FIXTURE(huge_map)
{
	struct port port;
	char *hugetlb, *thp;
	uint64_t hugetlb_addr, thp_addr;
	struct pvm vm;
	uint64_t secret;
};

FIXTURE_VARIANT(huge_map)
{
	enum port_domain domain;
};

FIXTURE_VARIANT_ADD(huge_map, type1)
{
	.domain = PORT_TYPE1,
};

FIXTURE_VARIANT_ADD(huge_map, iommufd)
{
	.domain = PORT_IOMMUFD,
};

static char *map_anonymous(size_t size, int flags)
{
	char *va = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (va == MAP_FAILED)
		die("cannot map %zu bytes: %s", size, strerror(errno));
	return va;
}

/* The kernel uses a huge page for an aligned range if it finds one. */
static char *alloc_thp(void)
{
	char *va = map_anonymous(2 * HUGE_SIZE, 0);

	va += -(uintptr_t)va % HUGE_SIZE;
	madvise(va, HUGE_SIZE, MADV_HUGEPAGE);
	memset(va, 1, HUGE_SIZE);
	if (mlock(va, HUGE_SIZE))
		die("cannot lock memory: %s", strerror(errno));
	return va;
}

FIXTURE_SETUP(huge_map)
{
	if (page_size() != 4096)
		SKIP(return, "not applicable: huge pages of this kernel are larger");

	if (!port_is_possible(variant->domain))
		SKIP(return, PORT_IS_NOT_POSSIBLE);

	ASSERT_EQ(0, write_file("4", "/proc/sys/vm/nr_hugepages"));
	port_open(&self->port, variant->domain, 0);
	self->hugetlb = map_anonymous(HUGE_SIZE, MAP_HUGETLB | MAP_POPULATE);
	self->thp = alloc_thp();
	self->port.next_iova += -self->port.next_iova % HUGE_SIZE;
	self->hugetlb_addr = port_map_user(&self->port, self->hugetlb, HUGE_SIZE);
	self->thp_addr = port_map_user(&self->port, self->thp, HUGE_SIZE);
	fill_random(&self->secret, sizeof(self->secret));
}

FIXTURE_TEARDOWN(huge_map)
{
	port_close(&self->port);
	munmap(self->hugetlb, HUGE_SIZE);
	munmap(self->thp, HUGE_SIZE);
}

static void neighbours_work(struct __test_metadata *_metadata, struct port *port, char *thp,
			    uint64_t addr, size_t middle)
{
	const size_t offsets[] = { 0, middle - page_size(), middle + page_size(),
				   HUGE_SIZE - page_size() };
	int i;

	for (i = 0; i < 4; i++)
		EXPECT_TRUE(dma_works_at(port, addr + offsets[i], thp + offsets[i]));
}

TEST_F_TIMEOUT(huge_map, page_of_pvm, 240)
{
	size_t middle = HUGE_SIZE / 2 + 3 * page_size();
	uint64_t *page = (void *)(self->thp + middle);
	uint64_t addr = self->thp_addr + middle;
	bool reached;

	EXPECT_TRUE(dma_works_at(&self->port, addr, page));
	neighbours_work(_metadata, &self->port, self->thp, self->thp_addr, middle);

	pvm_create(&self->vm, page, 1, self->secret);
	pvm_start(&self->vm);
	reached = attack_read(&self->port, "protected VM's page", addr, self->secret);
	EXPECT_EQ(!expect_protected(), reached);
	neighbours_work(_metadata, &self->port, self->thp, self->thp_addr, middle);
	EXPECT_TRUE(dma_works_at(&self->port, self->hugetlb_addr, self->hugetlb));
	EXPECT_TRUE(dma_works_at(&self->port, self->hugetlb_addr + HUGE_SIZE - page_size(),
				 self->hugetlb + HUGE_SIZE - page_size()));

	pvm_destroy(&self->vm);
	EXPECT_NE(self->secret, *page);
	EXPECT_TRUE(dma_works_at(&self->port, addr, page));
	neighbours_work(_metadata, &self->port, self->thp, self->thp_addr, middle);
}

TEST_HARNESS_MAIN
