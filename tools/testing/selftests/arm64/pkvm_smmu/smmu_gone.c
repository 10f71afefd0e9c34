// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA while the SMMU's driver is unloaded; run by module_reload.sh.
 *
 * Tried: a device reads and writes the hypervisor's memory by its physical
 * address.
 *
 * Must happen: a native SMMU was disabled by its driver and lets all DMA pass. An SMMU that
 * the hypervisor owns only looks disabled: without a stream table of the host's it stops all
 * DMA, even to the host's own memory.
 */
#include "attack.h"
#include "env.h"
#include "physmem.h"
#include "kselftest_harness.h"

FIXTURE(smmu_gone)
{
	struct port port;
	void *page;
};

FIXTURE_SETUP(smmu_gone)
{
	port_open(&self->port, PORT_UNMANAGED, 0);
	self->page = alloc_pages(1);
}

FIXTURE_TEARDOWN(smmu_gone)
{
	free_pages(self->page, 1);
	port_close(&self->port);
}

TEST_F_TIMEOUT(smmu_gone, host_memory, 120)
{
	EXPECT_EQ(!expect_protected(), dma_works(&self->port, self->page));
}

TEST_F_TIMEOUT(smmu_gone, write_carveout, 120)
{
	struct phys_range hyp = hyp_carveout();
	bool reached;

	reached = attack_write_back(&self->port, "hypervisor memory",
				    hyp.base + hyp.size - page_size() / 2);
	EXPECT_EQ(!expect_protected(), reached);
}

TEST_HARNESS_MAIN
