// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer-to-peer DMA: a device that reaches the registers of others.
 *
 * Tried: in an identity domain and in a VFIO container, a device reads an ID register
 * of the SMMU and writes to its GERROR_IRQ_CFG1, which does nothing while the interrupts
 * are wired. As a control, it reads the ID register of another PCI device.
 *
 * Must happen: the device always reaches the other PCI device, but the SMMU only if no
 * hypervisor owns it.
 */
#include "attack.h"
#include "edu.h"
#include "env.h"
#include "physmem.h"
#include "kselftest_harness.h"

/* QEMU's ivshmem, which is nothing but memory, and the start of the 64-bit window */
#define IVSHMEM_VENDOR			0x1af4
#define IVSHMEM_DEVICE			0x1110
#define IVSHMEM_BAR			2
#define HIGH_WINDOW			0x8000000000ULL

#define ARM_SMMU_IDR0			0x0
#define ARM_SMMU_GERROR_IRQ_CFG1	0x70

FIXTURE(peer_to_peer)
{
	struct port port;
	uint64_t smmu;
};

FIXTURE_VARIANT(peer_to_peer)
{
	enum port_domain domain;
};

FIXTURE_VARIANT_ADD(peer_to_peer, identity)
{
	.domain = PORT_IDENTITY,
};

FIXTURE_VARIANT_ADD(peer_to_peer, type1)
{
	.domain = PORT_TYPE1,
};

FIXTURE_SETUP(peer_to_peer)
{
	if (!port_is_possible(variant->domain))
		SKIP(return, PORT_IS_NOT_POSSIBLE);
	port_open(&self->port, variant->domain, 0);
	self->smmu = port_map_phys(&self->port, smmu_base(), SMMU_MMIO_SIZE);
}

FIXTURE_TEARDOWN(peer_to_peer)
{
	port_close(&self->port);
}

TEST_F_TIMEOUT(peer_to_peer, read_smmu, 120)
{
	bool reached = attack_probe(&self->port, "SMMU registers",
				    self->smmu + ARM_SMMU_IDR0, sizeof(uint32_t));

	EXPECT_EQ(!expect_protected(), reached);
}

TEST_F_TIMEOUT(peer_to_peer, write_smmu, 120)
{
	bool reached = attack_write_back(&self->port, "SMMU registers",
					 self->smmu + ARM_SMMU_GERROR_IRQ_CFG1);

	EXPECT_EQ(!expect_protected(), reached);
}

TEST_F_TIMEOUT(peer_to_peer, read_peer, 120)
{
	char peer[PCI_BDF_LEN];
	uint32_t id = 0;
	uint64_t addr;

	if (!pci_find(EDU_VENDOR, EDU_DEVICE, 1, peer))
		SKIP(return, "needs a second edu device");

	pci_enable(peer, true);
	addr = port_map_phys(&self->port, pci_bar_phys(peer, 0), page_size());
	port_read(&self->port, addr, &id, NULL, sizeof(id));
	pci_enable(peer, false);
	EXPECT_EQ(EDU_ID, id);
}

TEST_F_TIMEOUT(peer_to_peer, high_bar, 120)
{
	char peer[PCI_BDF_LEN];
	uint64_t addr;
	size_t size;
	void *bar;

	if (!pci_find(IVSHMEM_VENDOR, IVSHMEM_DEVICE, 0, peer))
		SKIP(return, "needs an ivshmem-plain device");

	pci_enable(peer, true);
	bar = pci_map_bar(peer, IVSHMEM_BAR, &size);
	addr = pci_bar_phys(peer, IVSHMEM_BAR);
	ASSERT_LE(HIGH_WINDOW, addr);

	addr = port_map_phys(&self->port, addr, page_size());
	EXPECT_TRUE(dma_works_at(&self->port, addr, bar));
	pci_unmap_bar(bar, size);
	pci_enable(peer, false);
}

TEST_HARNESS_MAIN
