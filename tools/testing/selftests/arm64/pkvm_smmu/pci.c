// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env.h"
#include "pci.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

static uint16_t pci_id(const char *bdf, const char *file)
{
	char text[16];

	if (read_line(text, sizeof(text), PCI_DEVICES "/%s/%s", bdf, file))
		return 0;
	return strtoul(text, NULL, 0);
}

bool pci_find(uint16_t vendor, uint16_t device, int index, char bdf[PCI_BDF_LEN])
{
	struct dirent **list;
	bool found = false;
	int i, n;

	n = scandir(PCI_DEVICES, &list, NULL, alphasort);
	for (i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		if (!found && name[0] != '.' && pci_id(name, "vendor") == vendor &&
		    pci_id(name, "device") == device && !index--) {
			snprintf(bdf, PCI_BDF_LEN, "%.15s", name);
			found = true;
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return found;
}

bool pci_same_iommu(const char *a, const char *b)
{
	char path[PATH_MAX], iommu_a[PATH_MAX], iommu_b[PATH_MAX];

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/iommu", a);
	if (!realpath(path, iommu_a))
		return false;
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/iommu", b);
	return realpath(path, iommu_b) && !strcmp(iommu_a, iommu_b);
}

void pci_enable(const char *bdf, bool on)
{
	const uint16_t bits = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	char path[PATH_MAX];
	uint16_t command;
	int fd;

	/* Let the kernel enable the bridges above it; a reset device needs the bits as well. */
	write_file(on ? "1" : "0", PCI_DEVICES "/%s/enable", bdf);
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/config", bdf);
	fd = open(path, O_RDWR);
	if (fd < 0 || pread(fd, &command, 2, PCI_COMMAND) != 2)
		die("%s: cannot read the configuration space: %s", bdf, strerror(errno));

	command = on ? command | bits : command & ~bits;
	if (pwrite(fd, &command, 2, PCI_COMMAND) != 2)
		die("%s: cannot write the configuration space: %s", bdf, strerror(errno));
	close(fd);
}

void *pci_map_bar(const char *bdf, int bar, size_t *size)
{
	char path[PATH_MAX];
	struct stat st;
	size_t offset;
	void *va;
	int fd;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/resource%d", bdf, bar);
	fd = open(path, O_RDWR | O_SYNC);
	if (fd < 0 || fstat(fd, &st))
		die("cannot open %s: %s", path, strerror(errno));

	/* The file begins with the page that the BAR begins in. */
	offset = pci_bar_phys(bdf, bar) % page_size();
	*size = st.st_size;
	va = mmap(NULL, offset + *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (va == MAP_FAILED)
		die("cannot map %s: %s", path, strerror(errno));
	return va + offset;
}

void pci_unmap_bar(void *va, size_t size)
{
	size_t offset = (uintptr_t)va % page_size();

	munmap(va - offset, offset + size);
}

uint64_t pci_bar_phys(const char *bdf, int bar)
{
	char path[PATH_MAX], line[128];
	uint64_t start = 0;
	FILE *f;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/resource", bdf);
	f = fopen(path, "r");
	while (f && bar-- >= 0 && fgets(line, sizeof(line), f))
		start = strtoull(line, NULL, 16);
	if (f)
		fclose(f);
	if (!start)
		die("%s: no such BAR", bdf);
	return start;
}

/* Bind the device to @driver, with any IDs, or unbind it from its driver if @driver is NULL. */
void pci_bind(const char *bdf, const char *driver)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t n;
	int ret;

	write_file(bdf, PCI_DEVICES "/%s/driver/unbind", bdf);
	ret = write_file(driver ?: "\n", PCI_DEVICES "/%s/driver_override", bdf);
	if (ret)
		die("%s: cannot set driver_override: %s", bdf, strerror(-ret));
	if (!driver)
		return;

	ret = write_file(bdf, "/sys/bus/pci/drivers_probe");
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver", bdf);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	if (ret || !strstr(target, driver))
		die("%s: driver %s did not bind (%s)", bdf, driver, strerror(-ret));
}

int pci_get_domain_type(const char *bdf, char *type, size_t size)
{
	return read_line(type, size, PCI_DEVICES "/%s/iommu_group/type", bdf);
}

int pci_set_domain_type(const char *bdf, const char *type)
{
	return write_file(type, PCI_DEVICES "/%s/iommu_group/type", bdf);
}
