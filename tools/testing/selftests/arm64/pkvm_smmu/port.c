// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <libvfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "edu.h"
#include "env.h"
#include "physmem.h"
#include "port.h"

/* Away from the MSI window and from what small default domains hand out. */
#define FIRST_IOVA	0x100000000ULL

static const char * const domain_names[] = {
	[PORT_IDENTITY]	= "identity",
	[PORT_TYPE1]	= "type1",
	[PORT_IOMMUFD]	= "iommufd",
	[PORT_UNMANAGED] = "unmanaged",
};

const char *port_name(const struct port *port)
{
	return domain_names[port->domain];
}

/* A signal, also that of the freezer, ends a long read early. */
void fill_random(void *buf, size_t len)
{
	ssize_t n;

	for (; len; buf += n, len -= n) {
		n = getrandom(buf, len, 0);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			die("no random bytes: %s", strerror(errno));
	}
}

static bool port_is_physical(const struct port *port)
{
	return port->domain == PORT_IDENTITY || port->domain == PORT_UNMANAGED;
}

static void port_set_identity(struct port *port)
{
	int ret;

	ret = pci_get_domain_type(port->bdf, port->old_type, sizeof(port->old_type));
	if (ret)
		die("%s: not behind an IOMMU: %s", port->bdf, strerror(-ret));
	ret = pci_set_domain_type(port->bdf, "identity");
	if (ret)
		die("%s: no identity domain: %s", port->bdf, strerror(-ret));
}

static void port_open_physical(struct port *port)
{
	pci_bind(port->bdf, NULL);
	if (port->domain == PORT_IDENTITY)
		port_set_identity(port);
	port->bar = pci_map_bar(port->bdf, 0, &port->bar_size);
	pci_enable(port->bdf, true);
}

bool port_is_possible(enum port_domain domain)
{
	const char *vfio = getenv("PKVM_SMMU_VFIO");

	if (domain != PORT_TYPE1 && domain != PORT_IOMMUFD)
		return true;
	return !vfio || strcmp(vfio, "refused");
}

static void port_open_vfio(struct port *port)
{
	pci_bind(port->bdf, "vfio-pci");
	port->iommu = iommu_init(port->domain == PORT_TYPE1 ?
				 MODE_VFIO_TYPE1V2_IOMMU : MODE_IOMMUFD);
	port->vfio = vfio_pci_device_init(port->bdf, port->iommu);
	port->bar = port->vfio->bars[0].vaddr;
	vfio_pci_cmd_set(port->vfio, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
}

/* $PKVM_SMMU_DEVICE: behind which of several SMMUs, say, the attacker sits. */
static int first_device(void)
{
	const char *first = getenv("PKVM_SMMU_DEVICE");

	return first ? atoi(first) : 0;
}

void port_find(int index, char bdf[PCI_BDF_LEN])
{
	index += first_device();
	if (!pci_find(EDU_VENDOR, EDU_DEVICE, index, bdf))
		die("no edu device %d: start QEMU with -device edu,dma_mask=0xffffffffffffffff",
		    index);
}

/*
 * Set up the @index-th edu device, counted as by port_find();
 * ends the test where that fails.
 */
void port_open(struct port *port, enum port_domain domain, int index)
{
	memset(port, 0, sizeof(*port));
	port->domain = domain;
	port->next_iova = FIRST_IOVA;
	port_find(index, port->bdf);

	if (port_is_physical(port))
		port_open_physical(port);
	else
		port_open_vfio(port);

	port->bounce = alloc_pages(1);
	port->bounce_addr = port_map_user(port, port->bounce, page_size());
}

void port_close(struct port *port)
{
	if (port_is_physical(port)) {
		pci_enable(port->bdf, false);
		pci_unmap_bar(port->bar, port->bar_size);
		if (port->domain == PORT_IDENTITY)
			pci_set_domain_type(port->bdf, port->old_type);
	} else {
		vfio_pci_device_cleanup(port->vfio);
		iommu_cleanup(port->iommu);
		pci_bind(port->bdf, NULL);
	}
	free_pages(port->bounce, 1);
}

static uint64_t port_map_iova(struct port *port, void *va, size_t size)
{
	struct dma_region *region = calloc_assert(1, sizeof(*region));
	int ret;

	region->vaddr = va;
	region->iova = port->next_iova;
	region->size = size;
	ret = __iommu_map(port->iommu, region);
	if (ret)
		die("%s: cannot map %zu bytes in a %s domain: %s", port->bdf, size,
		    port_name(port), strerror(-ret));

	port->next_iova += size;
	return region->iova;
}

uint64_t port_map_user(struct port *port, void *va, size_t size)
{
	if (port_is_physical(port))
		return virt_to_phys(va);
	return port_map_iova(port, va, size);
}

uint64_t port_map_phys(struct port *port, uint64_t pa, size_t size)
{
	uint64_t offset = pa % page_size();
	size_t bytes = (offset + size + page_size() - 1) / page_size() * page_size();
	void *va;

	if (port_is_physical(port))
		return pa;

	va = map_phys(pa - offset, bytes);
	return port_map_iova(port, va, bytes) + offset;
}

static void set_device_buffer(struct port *port, const void *in, size_t len)
{
	memcpy(port->bounce, in, len);
	edu_fetch(port->bar, port->bounce_addr, len);
}

/*
 * Read by DMA. The device's buffer and @out are primed with random bytes
 * first, a copy of which goes to @prime unless that is NULL: a refused read
 * leaves those bytes, or zeros, in @out.
 */
void port_read(struct port *port, uint64_t addr, void *out, void *prime, size_t len)
{
	unsigned char noise[EDU_BUF_SIZE];

	fill_random(noise, len);
	set_device_buffer(port, noise, len);
	edu_fetch(port->bar, addr, len);
	edu_store(port->bar, port->bounce_addr, len);

	memcpy(out, port->bounce, len);
	if (prime)
		memcpy(prime, noise, len);
}

void port_write(struct port *port, uint64_t addr, const void *in, size_t len)
{
	set_device_buffer(port, in, len);
	edu_store(port->bar, addr, len);
}
