/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A DMA port: an edu device in one kind of IOMMU domain. The kind decides how the device
 * addresses the memory that a test wants to reach:
 *
 *   identity   the address is the physical address
 *   type1      VFIO container; I/O virtual addresses, also of physical memory
 *              that the process has mapped through /dev/mem
 *   iommufd    VFIO character device; I/O virtual addresses of user memory
 *   unmanaged  no driver is bound to the SMMU; physical addresses, if any work
 */
#ifndef PKVM_SMMU_PORT_H
#define PKVM_SMMU_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pci.h"

enum port_domain {
	PORT_IDENTITY,
	PORT_TYPE1,
	PORT_IOMMUFD,
	PORT_UNMANAGED,
};

struct port {
	enum port_domain domain;
	char bdf[PCI_BDF_LEN];
	void *bar;
	size_t bar_size;
	char old_type[16];		/* of the default domain, to restore it */
	struct iommu *iommu;
	struct vfio_pci_device *vfio;
	uint64_t next_iova;
	void *bounce;			/* one page that the device may always use */
	uint64_t bounce_addr;
};

/* Find the @index-th edu device, counted from $PKVM_SMMU_DEVICE if that is set. */
void port_find(int index, char bdf[PCI_BDF_LEN]);

/*
 * Whether the machine has ports of a domain. $PKVM_SMMU_VFIO=refused says that VFIO takes no
 * device, as none is behind an SMMU that is coherent.
 */
bool port_is_possible(enum port_domain domain);
#define PORT_IS_NOT_POSSIBLE	"not applicable: VFIO takes no device of this machine"

void port_open(struct port *port, enum port_domain domain, int index);
void port_close(struct port *port);

const char *port_name(const struct port *port);

/* Get a DMA address for user memory, which stays pinned if the domain pins memory. */
uint64_t port_map_user(struct port *port, void *va, size_t size);

/* Get a DMA address for physical memory. An iommufd domain has none. */
uint64_t port_map_phys(struct port *port, uint64_t pa, size_t size);

void port_read(struct port *port, uint64_t addr, void *out, void *prime, size_t len);

/* Write by DMA. */
void port_write(struct port *port, uint64_t addr, const void *in, size_t len);

/* Fill @buf with random bytes. */
void fill_random(void *buf, size_t len);

#endif
