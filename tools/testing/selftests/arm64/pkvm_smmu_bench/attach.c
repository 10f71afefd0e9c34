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

#define CYCLES	4

static char bdf[PCI_BDF_LEN];

static void vfio_cycle(const char *mode)
{
	struct iommu *iommu = iommu_init(mode);
	struct vfio_pci_device *device = vfio_pci_device_init(bdf, iommu);

	vfio_pci_device_cleanup(device);
	iommu_cleanup(iommu);
}

static void domain_cycle(const char *mode)
{
	if (pci_set_domain_type(bdf, "identity") || pci_set_domain_type(bdf, "DMA"))
		die("%s: cannot change the domain", bdf);
}

static void count_cycles(void (*cycle)(const char *mode), const char *mode, const char *name)
{
	int i, n;

	cycle(mode);
	for (n = CYCLES; n <= 2 * CYCLES; n += CYCLES) {
		bench_open();
		for (i = 0; i < n; i++)
			cycle(mode);
		bench_close();
		bench_window(n, "%s", name);
	}
}

void bench_attach(void)
{
	if (!pci_find(EDU_VENDOR, EDU_DEVICE, 0, bdf))
		die("no edu device");
	pci_bind(bdf, "vfio-pci");
	count_cycles(vfio_cycle, MODE_VFIO_TYPE1V2_IOMMU, "attach-type1");
	count_cycles(vfio_cycle, MODE_IOMMUFD, "attach-iommufd");
	pci_bind(bdf, NULL);
	count_cycles(domain_cycle, NULL, "domain-change");
}
