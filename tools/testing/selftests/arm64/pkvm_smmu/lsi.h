/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An LSI 53C895A SCSI controller as a DMA engine: its SCRIPTS processor has an
 * instruction that copies memory. QEMU runs a script at once, so thousands of
 * copies take no time. The addresses have 32 bits.
 */
#ifndef PKVM_SMMU_LSI_H
#define PKVM_SMMU_LSI_H

#include <stdint.h>

#include "pci.h"

/* QEMU stops a script after 100 instructions. */
#define LSI_MAX_COPIES	98

struct lsi_copy {
	uint64_t src;			/* physical addresses */
	uint64_t dst;
};

struct lsi {
	char bdf[PCI_BDF_LEN];
	void *bar;
	size_t bar_size;
	uint32_t *script;		/* a page */
	char old_type[16];		/* of the default domain, to restore it */
};

/*
 * Give a controller an identity domain. Takes the first one behind the same IOMMU as the
 * first device of port_find(), and ends the test on failure.
 */
void lsi_open(struct lsi *lsi);
void lsi_close(struct lsi *lsi);

/* Copy 32 bits for each of @nr elements of @copies, in their order. */
void lsi_run(struct lsi *lsi, const struct lsi_copy *copies, int nr);

#endif
