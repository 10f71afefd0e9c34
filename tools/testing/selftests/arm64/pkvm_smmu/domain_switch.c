// SPDX-License-Identifier: GPL-2.0-only
/*
 * An IOMMU group that changes between identity and DMA domain again and again.
 *
 * Tried: the device uses physical addresses in both domains.
 *
 * Must happen, natively and protected: DMA works in the identity domain, and
 * faults in the DMA domain, where nothing is mapped. This finds a stream table
 * entry that the hypervisor does not follow, and an invalidation that gets lost.
 */
#include <stdio.h>

#include "attack.h"
#include "env.h"
#include "physmem.h"
#include "kselftest_harness.h"

#define ROUNDS	8

FIXTURE(domain_switch)
{
	struct port port;
	uint64_t *page;
	uint64_t addr;
};

FIXTURE_SETUP(domain_switch)
{
	port_open(&self->port, PORT_IDENTITY, 0);
	self->page = alloc_pages(1);
	self->addr = virt_to_phys(self->page);
}

FIXTURE_TEARDOWN(domain_switch)
{
	free_pages(self->page, 1);
	port_close(&self->port);
}

TEST_F_TIMEOUT(domain_switch, identity_and_dma, 240)
{
	const uint64_t untouched = 0x5eedf00d5eedf00d;
	uint64_t pattern;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_TRUE(dma_works_at(&self->port, self->addr, self->page));

		ASSERT_EQ(0, pci_set_domain_type(self->port.bdf, "DMA"));
		*self->page = untouched;
		fill_random(&pattern, sizeof(pattern));
		port_write(&self->port, self->addr, &pattern, sizeof(pattern));
		EXPECT_EQ(untouched, *self->page);

		ASSERT_EQ(0, pci_set_domain_type(self->port.bdf, "identity"));
	}
	EXPECT_TRUE(dma_works_at(&self->port, self->addr, self->page));
}

TEST_HARNESS_MAIN
