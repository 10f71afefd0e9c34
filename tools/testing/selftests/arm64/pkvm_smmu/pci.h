/* SPDX-License-Identifier: GPL-2.0-only */
/* A PCI device in sysfs: configuration space, BARs, driver, IOMMU group. */
#ifndef PKVM_SMMU_PCI_H
#define PKVM_SMMU_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_BDF_LEN	16

/* Find the @index-th device of @vendor and @device. Returns false if there are fewer. */
bool pci_find(uint16_t vendor, uint16_t device, int index, char bdf[PCI_BDF_LEN]);

/* Whether @a and @b are behind the same IOMMU. */
bool pci_same_iommu(const char *a, const char *b);

/* Set or clear memory decoding and bus mastering. */
void pci_enable(const char *bdf, bool on);

/* Map BAR @bar; its size goes to @size. */
void *pci_map_bar(const char *bdf, int bar, size_t *size);
void pci_unmap_bar(void *va, size_t size);

/* Physical address of BAR @bar. */
uint64_t pci_bar_phys(const char *bdf, int bar);

void pci_bind(const char *bdf, const char *driver);

/* Get the type of the default domain of the device's IOMMU group. Returns 0 or -errno. */
int pci_get_domain_type(const char *bdf, char *type, size_t size);
int pci_set_domain_type(const char *bdf, const char *type);

#endif
