// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that firmware wants to stay reachable for a device, described by
 * "iommu-addresses" in a devicetree or by an ACPI RMR.
 *
 * Tried: the device writes there in its DMA domain, where nothing else is mapped.
 *
 * Must happen, natively and protected: the kernel knows the region, and the write
 * arrives. A write to the page behind the region does not.
 */
#include <stdio.h>

#include "attack.h"
#include "edu.h"
#include "env.h"
#include "pci.h"
#include "physmem.h"
#include "kselftest_harness.h"

FIXTURE(reserved_region)
{
	struct port port;
	uint64_t start, end;
};

/* Find the first region of the device's group that must be mapped 1:1. */
static bool find_region(const char *bdf, uint64_t *start, uint64_t *end)
{
	char path[128], line[128], type[32];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group/reserved_regions", bdf);
	f = fopen(path, "r");
	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%lx %lx %31s", start, end, type) == 3 &&
			!strncmp(type, "direct", 6);
	if (f)
		fclose(f);
	return found;
}

FIXTURE_SETUP(reserved_region)
{
	port_open(&self->port, PORT_UNMANAGED, 0);
	if (!find_region(self->port.bdf, &self->start, &self->end)) {
		port_close(&self->port);
		SKIP(return, "not applicable: firmware wants no region mapped");
	}
	ASSERT_EQ(0, pci_set_domain_type(self->port.bdf, "DMA"));
}

FIXTURE_TEARDOWN(reserved_region)
{
	if (self->end)
		port_close(&self->port);
}

/* The device copies 8 bytes through its buffer. */
static void device_writes(struct port *port, uint64_t from, uint64_t to)
{
	edu_fetch(port->bar, from, sizeof(uint64_t));
	edu_store(port->bar, to, sizeof(uint64_t));
}

TEST_F_TIMEOUT(reserved_region, write, 120)
{
	size_t size = self->end + 1 - self->start;
	uint64_t *mem = map_phys(self->start, size + page_size());
	uint64_t *last = mem + size / 8 - 1, *beyond = mem + size / 8;
	const uint64_t old = 0x5eedf00d5eedf00d;
	uint64_t value;

	fill_random(&value, sizeof(value));
	mem[0] = value;
	WRITE_ONCE(*last, old);
	WRITE_ONCE(*beyond, old);

	device_writes(&self->port, self->start, self->end + 1 - 8);
	EXPECT_EQ(value, READ_ONCE(*last));
	device_writes(&self->port, self->start, self->end + 1);
	EXPECT_EQ(old, READ_ONCE(*beyond));
	unmap_phys(mem, self->start, size + page_size());
}

TEST_HARNESS_MAIN
