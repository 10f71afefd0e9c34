// SPDX-License-Identifier: GPL-2.0-only
/*
 * A performance monitor counter group (PMCG) that has MSIs.
 *
 * Tried: the host's CPU uses its registers, which could have it write anywhere.
 *
 * Must happen: natively they are there. Where the hypervisor owns an SMMU, they
 * read as zero and ignore writes, an access of another kind ends in a signal, and
 * the driver of the group is bound all the same.
 */
#include <dirent.h>
#include <linux/bits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "physmem.h"
#include "kselftest_harness.h"

#define DEVICES		"/sys/bus/platform/devices"
#define PMUS		"/sys/bus/event_source/devices"

#define PMCG_CFGR	0xe00
#define  CFGR_MSI	BIT(21)
#define PMCG_IRQ_CFG0	0xe58

/* The address in the name "ADDRESS.pmcg" of the device, or 0. */
static uint64_t pmcg_base(void)
{
	uint64_t base = 0;
	struct dirent *entry;
	char *end;
	DIR *dir = opendir(DEVICES);

	while (dir && !base && (entry = readdir(dir))) {
		base = strtoull(entry->d_name, &end, 16);
		if (strcmp(end, ".pmcg"))
			base = 0;
	}
	if (dir)
		closedir(dir);

	return base;
}

static bool has_pmu(uint64_t base)
{
	char path[128], line[16];

	snprintf(path, sizeof(path), PMUS "/smmuv3_pmcg_%llx/type",
		 (unsigned long long)base >> 12);
	return !read_line(line, sizeof(line), "%s", path);
}

FIXTURE(pmcg)
{
	uint64_t base;
	char *mmio;
};

FIXTURE_SETUP(pmcg)
{
	self->base = pmcg_base();
	if (!self->base)
		SKIP(return, "not applicable: there is no PMCG");
	self->mmio = map_phys(self->base, page_size());
}

FIXTURE_TEARDOWN(pmcg)
{
	if (self->base)
		unmap_phys(self->mmio, self->base, page_size());
}

TEST_F(pmcg, registers)
{
	uint64_t value = 0;

	ASSERT_TRUE(try_load(self->mmio + PMCG_CFGR, 4, &value));
	if (!expect_protected()) {
		EXPECT_NE(0, value & CFGR_MSI);
		return;
	}

	EXPECT_EQ(0, value);
	WRITE_ONCE(*(uint64_t *)(self->mmio + PMCG_IRQ_CFG0), self->base);
	EXPECT_TRUE(try_load(self->mmio + PMCG_IRQ_CFG0, 8, &value));
	EXPECT_EQ(0, value);
	EXPECT_FALSE(try_load(self->mmio + PMCG_CFGR, 1, &value));
	EXPECT_FALSE(try_load_postindex(self->mmio + PMCG_CFGR));
}

TEST_F(pmcg, driver_is_bound)
{
	EXPECT_TRUE(has_pmu(self->base));
}

TEST_HARNESS_MAIN
