// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hypervisor counts of the SMMUs that it owns, as sysfs shows it.
 *
 * Tried: loads of an SMMU's registers, a change of a device's domain, DMA at the hypervisor's
 * memory, a protected VM that takes pages; all counters are read by another user than root.
 *
 * Must happen: each counter follows what it counts, by that much at least, as other devices
 * use the SMMUs, too. Nobody but root reads them.
 */
#include <errno.h>
#include <unistd.h>

#include "attack.h"
#include "env.h"
#include "physmem.h"
#include "port.h"
#include "pvm.h"
#include "smmu.h"
#include "kselftest_harness.h"

#define NR_LOADS	100
#define NR_PAGES	5

static const char * const counters[] = {
	"traps", "commands", "commands_refused", "stes_refused", "invalidations",
	"pages_revoked", "s2_faults",
};

FIXTURE(statistics)
{
	int64_t refused;
};

static int64_t refused(void)
{
	return smmu_stat("commands_refused") + smmu_stat("stes_refused");
}

FIXTURE_SETUP(statistics)
{
	if (!expect_protected())
		SKIP(return, "not applicable: no SMMU is owned");
	self->refused = refused();
}

/* Nothing that the driver does is refused. */
FIXTURE_TEARDOWN(statistics)
{
	EXPECT_EQ(self->refused, refused());
}

TEST_F(statistics, traps)
{
	void *mmio = map_phys(smmu_base(), SMMU_MMIO_SIZE);
	int64_t before = smmu_stat("traps");
	uint64_t value;
	int i;

	ASSERT_GE(before, 0);
	for (i = 0; i < NR_LOADS; i++)
		EXPECT_TRUE(try_load(mmio + ARM_SMMU_IDR0, 4, &value));
	EXPECT_GE(smmu_stat("traps"), before + NR_LOADS);
	unmap_phys(mmio, smmu_base(), SMMU_MMIO_SIZE);
}

TEST_F_TIMEOUT(statistics, commands, 120)
{
	int64_t before = smmu_stat("commands");
	struct port port;

	ASSERT_GE(before, 0);
	port_open(&port, PORT_IDENTITY, 0);
	EXPECT_GT(smmu_stat("commands"), before);
	port_close(&port);
}

TEST_F_TIMEOUT(statistics, s2_faults, 120)
{
	struct phys_range hyp = hyp_carveout();
	struct port port;
	int64_t before;

	port_open(&port, PORT_IDENTITY, 0);
	before = smmu_stat("s2_faults");
	ASSERT_GE(before, 0);
	/* It waits for the event. */
	EXPECT_FALSE(attack_write_back(&port, "hypervisor memory",
				       port_map_phys(&port, hyp.base, hyp.size) +
				       hyp.size - page_size() / 2));
	EXPECT_GT(smmu_stat("s2_faults"), before);
	port_close(&port);
}

TEST_F_TIMEOUT(statistics, pages_of_a_vm, 120)
{
	int64_t invalidations = smmu_stat("invalidations");
	int64_t pages = smmu_stat("pages_revoked");
	void *mem = alloc_pages(NR_PAGES);
	struct pvm vm;

	ASSERT_GE(invalidations, 0);
	ASSERT_GE(pages, 0);
	pvm_create(&vm, mem, NR_PAGES, 1);
	pvm_start(&vm);
	EXPECT_GE(smmu_stat("invalidations"), invalidations + NR_PAGES);
	EXPECT_GE(smmu_stat("pages_revoked"), pages + NR_PAGES);
	pvm_destroy(&vm);
	free_pages(mem, NR_PAGES);
}

TEST_F(statistics, root_only)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		EXPECT_GE(smmu_stat(counters[i]), 0);
	ASSERT_EQ(0, seteuid(65534));
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		EXPECT_EQ(-EACCES, smmu_stat(counters[i]));
	ASSERT_EQ(0, seteuid(0));
}

TEST_HARNESS_MAIN
