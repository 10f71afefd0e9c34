// SPDX-License-Identifier: GPL-2.0-only
#include <linux/io.h>
#include <string.h>
#include <time.h>

#include "env.h"
#include "lsi.h"
#include "physmem.h"
#include "port.h"

#define LSI_VENDOR	0x1000
#define LSI_DEVICE	0x0012
#define LSI_MMIO_BAR	1

#define LSI_DSTAT	0x0c
#define  DSTAT_SIR	0x04		/* the script has ended with an interrupt */
#define  DSTAT_ERRORS	0x71		/* bus fault, abort, illegal instruction, ... */
#define LSI_DSP		0x2c		/* address of the script: a write starts it */

#define INSN_MOVE_MEMORY 0xc0000000
#define INSN_INT	0x98080000
#define TIMEOUT_S	30

void lsi_open(struct lsi *lsi)
{
	char attacker[PCI_BDF_LEN];
	int ret, i = 0;

	port_find(0, attacker);
	do {
		if (!pci_find(LSI_VENDOR, LSI_DEVICE, i++, lsi->bdf))
			die("no LSI 53C895A beside %s: start QEMU with -device lsi53c895a",
			    attacker);
	} while (!pci_same_iommu(lsi->bdf, attacker));

	pci_bind(lsi->bdf, NULL);
	ret = pci_get_domain_type(lsi->bdf, lsi->old_type, sizeof(lsi->old_type));
	if (!ret)
		ret = pci_set_domain_type(lsi->bdf, "identity");
	if (ret)
		die("%s: no identity domain: %s", lsi->bdf, strerror(-ret));

	lsi->bar = pci_map_bar(lsi->bdf, LSI_MMIO_BAR, &lsi->bar_size);
	lsi->script = alloc_pages(1);
	pci_enable(lsi->bdf, true);
}

void lsi_close(struct lsi *lsi)
{
	pci_enable(lsi->bdf, false);
	free_pages(lsi->script, 1);
	pci_unmap_bar(lsi->bar, lsi->bar_size);
	pci_set_domain_type(lsi->bdf, lsi->old_type);
}

static uint32_t lsi_address(uint64_t addr)
{
	if (addr >> 32)
		die("lsi: %#lx is beyond 32 bits: use a machine with less memory", addr);
	return addr;
}

void lsi_run(struct lsi *lsi, const struct lsi_copy *copies, int nr)
{
	uint32_t *insn = lsi->script;
	time_t end = time(NULL) + TIMEOUT_S;
	uint8_t dstat;
	int i;

	if (nr > LSI_MAX_COPIES)
		die("lsi: a script of %d copies is too long", nr);

	for (i = 0; i < nr; i++) {
		*insn++ = INSN_MOVE_MEMORY | sizeof(uint32_t);
		*insn++ = lsi_address(copies[i].src);
		*insn++ = lsi_address(copies[i].dst);
	}
	*insn++ = INSN_INT;
	*insn = 0;

	writel(lsi_address(virt_to_phys(lsi->script)), lsi->bar + LSI_DSP);
	do {
		dstat = readb(lsi->bar + LSI_DSTAT);
		if (dstat & DSTAT_ERRORS || time(NULL) > end)
			die("lsi: the script did not end, DSTAT is %#x", dstat);
	} while (!(dstat & DSTAT_SIR));
}
