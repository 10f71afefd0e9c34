// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA to a page of a protected VM, before, while and after the VM owns it.
 *
 * Tried: the host maps a page for a device (or knows its physical address, in
 * an identity domain) and gives it to a protected VM as memory. The device reads the
 * guest's secret from it and writes to it.
 *
 * Must happen: the device reaches the page before the donation and after the
 * VM is gone. In between the device can read the secret and change what the guest finds
 * only if there is no DMA isolation. The secret never survives the VM.
 */
#include "attack.h"
#include "env.h"
#include "physmem.h"
#include "pvm.h"
#include "kselftest_harness.h"

FIXTURE(pvm_memory)
{
	struct port port;
	struct pvm vm;
	uint64_t *page;
	uint64_t secret;
	uint64_t addr;
};

FIXTURE_VARIANT(pvm_memory)
{
	enum port_domain domain;
};

FIXTURE_VARIANT_ADD(pvm_memory, identity)
{
	.domain = PORT_IDENTITY,
};

FIXTURE_VARIANT_ADD(pvm_memory, type1)
{
	.domain = PORT_TYPE1,
};

FIXTURE_VARIANT_ADD(pvm_memory, iommufd)
{
	.domain = PORT_IOMMUFD,
};

FIXTURE_SETUP(pvm_memory)
{
	if (!port_is_possible(variant->domain))
		SKIP(return, PORT_IS_NOT_POSSIBLE);
	port_open(&self->port, variant->domain, 0);
	self->page = alloc_pages(1);
	self->addr = port_map_user(&self->port, self->page, page_size());
	fill_random(&self->secret, sizeof(self->secret));
	pvm_create(&self->vm, self->page, 1, self->secret);
}

FIXTURE_TEARDOWN(pvm_memory)
{
	free_pages(self->page, 1);
	port_close(&self->port);
}

static uint32_t guest_finds(void *vm)
{
	return pvm_report(vm);
}

TEST_F_TIMEOUT(pvm_memory, read, 120)
{
	bool reached;

	/* The VM exists, but the page is still the host's. */
	EXPECT_TRUE(dma_works_at(&self->port, self->addr, self->page));

	pvm_start(&self->vm);
	reached = attack_read(&self->port, "protected VM's page", self->addr,
			      self->secret);
	EXPECT_EQ(!expect_protected(), reached);

	pvm_destroy(&self->vm);
	EXPECT_NE(self->secret, self->page[0]);
	EXPECT_TRUE(dma_works_at(&self->port, self->addr, self->page));
}

TEST_F_TIMEOUT(pvm_memory, write, 120)
{
	bool reached;

	EXPECT_TRUE(dma_works_at(&self->port, self->addr, self->page));

	pvm_start(&self->vm);
	reached = attack_write(&self->port, "protected VM's page", self->addr,
			       guest_finds, &self->vm);
	EXPECT_EQ(!expect_protected(), reached);

	pvm_destroy(&self->vm);
	EXPECT_TRUE(dma_works_at(&self->port, self->addr, self->page));
}

/*
 * When a guest unshares a page, the hypervisor invalidates the translations of all
 * devices, and other VMs wait. So the guest must exit to the host each time.
 */
TEST(unshare_exits)
{
	const uint64_t shares = 1000;
	struct pvm vm = {};
	uint64_t *page;
	uint64_t exits;

	if (!expect_protected())
		SKIP(return, "not applicable: no SMMU is owned");

	page = alloc_pages(1);
	pvm_create_sharing(&vm, page, 1, 1, shares);
	pvm_start(&vm);
	exits = pvm_exits(&vm);
	EXPECT_EQ(1, pvm_report(&vm));
	exits = pvm_exits(&vm) - exits;
	EXPECT_LE(shares, exits);
	pvm_destroy(&vm);
	free_pages(page, 1);
}

TEST_HARNESS_MAIN
