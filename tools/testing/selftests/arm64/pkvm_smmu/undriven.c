// SPDX-License-Identifier: GPL-2.0-only
/*
 * SMMUs that firmware describes but no driver drives: their node is disabled or reserved, or
 * on a bus without a driver. An SMMU is a DMA master by itself: it fetches tables
 * and commands from physical addresses, past every stage 2.
 *
 * Tried: the host's CPU uses their registers. The driver that claims SMMUs is asked to claim
 * another device.
 *
 * Must happen: natively the registers are there. Under pKVM they read as zero and ignore
 * writes, and sysfs says that DMA is not isolated. The driver claims no other device.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "physmem.h"
#include "smmu.h"
#include "kselftest_harness.h"

#define PLATFORM	"/sys/bus/platform"
#define KVM_DRIVER	"arm-smmu-v3-kvm"

#define MAX_SMMUS	16

FIXTURE(undriven)
{
	uint64_t base[MAX_SMMUS];
	int nr;
	bool hidden;
};

static void add_node(const struct fw_node *node, void *data)
{
	struct _test_data_undriven *self = data;

	/* Registers that do not fill pages cannot be taken, which the log says. */
	if (!node->has_device && node->size && !(node->base % page_size()) &&
	    !(node->size % page_size()) && self->nr < MAX_SMMUS && !(node->base >> 40))
		self->base[self->nr++] = node->base;
}

FIXTURE_SETUP(undriven)
{
	visit_fw_nodes(FW_SMMU_V3, add_node, self);
	if (!self->nr)
		SKIP(return, "not applicable: each SMMUv3 has a device");
	self->hidden = pkvm_is_up() && !native_is_asked_for();
}

FIXTURE_TEARDOWN(undriven)
{
}

TEST_F(undriven, registers)
{
	int i;

	for (i = 0; i < self->nr; i++) {
		uint64_t idr0 = 0, base = 0;
		char *mmio = map_phys(self->base[i], page_size());

		ASSERT_TRUE(try_load(mmio + ARM_SMMU_IDR0, 4, &idr0));
		TH_LOG("SMMU at %#llx: IDR0 is %#llx", (unsigned long long)self->base[i],
		       (unsigned long long)idr0);
		if (self->hidden) {
			EXPECT_EQ(0, idr0);
			store64(mmio + ARM_SMMU_CMDQ_BASE, hyp_carveout().base);
			ASSERT_TRUE(try_load(mmio + ARM_SMMU_CMDQ_BASE, 8, &base));
			EXPECT_EQ(0, base);
		} else {
			EXPECT_NE(0, idr0);
		}
		unmap_phys(mmio, self->base[i], page_size());
	}
}

TEST_F(undriven, sysfs_says_so)
{
	char gap[256] = "";

	if (!pkvm_is_up())
		SKIP(return, "not applicable: no pKVM");
	EXPECT_EQ(0, read_line(gap, sizeof(gap), PLATFORM "/drivers/" KVM_DRIVER "/isolation_gap"));
	EXPECT_NE(0, strlen(gap));
}

/* Find a platform device that is no SMMU and has no driver. */
static bool find_other_device(char *name, size_t size)
{
	DIR *dir = opendir(PLATFORM "/devices");
	struct dirent *entry;
	bool found = false;
	char driver[512], pkvm[512];

	while (dir && !found && (entry = readdir(dir))) {
		snprintf(driver, sizeof(driver), PLATFORM "/devices/%s/driver", entry->d_name);
		snprintf(pkvm, sizeof(pkvm), PLATFORM "/devices/%s/pkvm", entry->d_name);
		found = entry->d_name[0] != '.' && access(driver, F_OK) && access(pkvm, F_OK);
		snprintf(name, size, "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

TEST(driver_override)
{
	char name[256], path[512];

	if (access(PLATFORM "/drivers/" KVM_DRIVER, F_OK))
		SKIP(return, "not applicable: no driver claims SMMUs");
	ASSERT_TRUE(find_other_device(name, sizeof(name)));
	TH_LOG("%s", name);
	ASSERT_EQ(0, write_file(KVM_DRIVER, PLATFORM "/devices/%s/driver_override", name));
	write_file(name, PLATFORM "/drivers_probe");
	ASSERT_EQ(0, write_file("\n", PLATFORM "/devices/%s/driver_override", name));
	snprintf(path, sizeof(path), PLATFORM "/devices/%s/pkvm", name);
	EXPECT_NE(0, access(path, F_OK));
	snprintf(path, sizeof(path), PLATFORM "/devices/%s/driver", name);
	EXPECT_NE(0, access(path, F_OK));
}

TEST_HARNESS_MAIN
