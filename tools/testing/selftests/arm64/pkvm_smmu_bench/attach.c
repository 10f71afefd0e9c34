// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device changes its domain: VFIO attaches and detaches it, with and without
 * iommufd, or its default domain gets another type.
 */
#include <libvfio.h>

#include "bench.h"
#include "edu.h"
#include "env.h"
#include "pci.h"

#define CYCLES	32

static char bdf[PCI_BDF_LEN];

static void vfio_cycle(void *mode)
{
	struct iommu *iommu = iommu_init(mode);
	struct vfio_pci_device *device = vfio_pci_device_init(bdf, iommu);

	vfio_pci_device_cleanup(device);
	iommu_cleanup(iommu);
}

static void domain_cycle(void *data)
{
	if (pci_set_domain_type(bdf, "identity") || pci_set_domain_type(bdf, "DMA"))
		die("%s: cannot change the domain", bdf);
}

void bench_attach(void)
{
	if (!pci_find(EDU_VENDOR, EDU_DEVICE, 0, bdf))
		die("no edu device");
	pci_bind(bdf, "vfio-pci");
	bench_repeat(vfio_cycle, MODE_VFIO_TYPE1V2_IOMMU, CYCLES, "attach-type1");
	bench_repeat(vfio_cycle, MODE_IOMMUFD, CYCLES, "attach-iommufd");
	pci_bind(bdf, NULL);
	bench_repeat(domain_cycle, NULL, CYCLES, "domain-change");
}
