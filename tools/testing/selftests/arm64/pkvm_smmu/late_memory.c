// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the hypervisor does not know from its start: beyond the "mem=" limit of
 * the kernel, or hot-added. $PKVM_SMMU_LATE is where it starts. The hypervisor
 * keeps no state for it, so it cannot be a protected VM's, and the host's stage 2
 * does not let the host execute it.
 *
 * Tried: a device reads and writes such memory by its address, with and without a
 * stage 1 of the host's. The test brings hot-added memory online.
 *
 * Must happen: DMA works as natively. Under pKVM the memory stays offline, and the
 * kernel says why and what to do.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "attack.h"
#include "env.h"
#include "physmem.h"
#include "kselftest_harness.h"

#define MEMORY	"/sys/devices/system/memory"

static uint64_t late_start(void)
{
	const char *late = getenv("PKVM_SMMU_LATE");

	return late ? strtoull(late, NULL, 0) : 0;
}

static uint64_t read_hex(const char *path)
{
	char text[32];

	return read_line(text, sizeof(text), "%s", path) ? 0 : strtoull(text, NULL, 16);
}

/*
 * If @type is not NULL, bring each memory block of late memory online as @type. Set @nr to
 * the number of blocks, and return how many of them are online.
 */
static int blocks_online(const char *type, int *nr)
{
	uint64_t size = read_hex(MEMORY "/block_size_bytes");
	struct dirent *entry;
	char state[16];
	int online = 0;
	DIR *dir = opendir(MEMORY);

	*nr = 0;
	while (dir && (entry = readdir(dir))) {
		unsigned int block;

		if (sscanf(entry->d_name, "memory%u", &block) != 1 || block * size < late_start())
			continue;
		++*nr;
		if (type)
			write_file(type, MEMORY "/%s/state", entry->d_name);
		online += read_line(state, sizeof(state), MEMORY "/%s/state", entry->d_name) ||
			  strcmp(state, "offline");
	}
	if (dir)
		closedir(dir);
	return online;
}

FIXTURE(late_memory)
{
	struct port port;
};

FIXTURE_VARIANT(late_memory)
{
	enum port_domain domain;
};

FIXTURE_VARIANT_ADD(late_memory, identity)
{
	.domain = PORT_IDENTITY,
};

FIXTURE_VARIANT_ADD(late_memory, type1)
{
	.domain = PORT_TYPE1,
};

FIXTURE_SETUP(late_memory)
{
	if (!late_start())
		SKIP(return, "not applicable: all memory was there at boot");
	if (!port_is_possible(variant->domain))
		SKIP(return, PORT_IS_NOT_POSSIBLE);
	port_open(&self->port, variant->domain, 0);
}

FIXTURE_TEARDOWN(late_memory)
{
	if (late_start())
		port_close(&self->port);
}

/* Use the memory by its address, as a driver outside memory management does. */
TEST_F_TIMEOUT(late_memory, by_address, 120)
{
	uint64_t addr;
	void *va;
	int nr;

	blocks_online(NULL, &nr);
	if (nr && variant->domain != PORT_IDENTITY)
		SKIP(return, "not applicable: VFIO does not map pages that are offline");

	va = map_phys(late_start(), page_size());
	addr = port_map_phys(&self->port, late_start(), page_size());
	EXPECT_TRUE(dma_works_at(&self->port, addr, va));
	unmap_phys(va, late_start(), page_size());
}

TEST(online)
{
	static const char * const types[] = { "online_kernel", "online_movable" };
	char text[256];
	int i, nr;

	if (!pkvm_is_up())
		SKIP(return, "not applicable: no hypervisor is in the way");
	if (!late_start())
		SKIP(return, "not applicable: all memory was there at boot");
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, blocks_online(types[i], &nr));
		if (!nr)
			SKIP(return, "not applicable: no memory was added");
	}
	EXPECT_TRUE(kmsg_find("stays offline: have it in the memory map at boot",
			      text, sizeof(text)));
}

TEST_HARNESS_MAIN
