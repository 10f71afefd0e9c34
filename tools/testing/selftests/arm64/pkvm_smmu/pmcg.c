// SPDX-License-Identifier: GPL-2.0-only
/*
 * Performance monitor counter groups (PMCG) that have MSIs, or may have: all that
 * firmware describes, enabled or disabled, with or without a device. Also NVIDIA's
 * CMDQ-V, which has further command queues.
 *
 * Tried: the host's CPU uses their registers, which could let them write anywhere.
 *
 * Must happen: natively the registers are there. Where the hypervisor owns an SMMU, they
 * read as zero and ignore writes, and an access without syndrome ends in a signal. The
 * driver of a PMCG that has a device is bound in any case.
 */
#include <linux/bits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "physmem.h"
#include "kselftest_harness.h"

#define PMUS		"/sys/bus/event_source/devices"

#define PMCG_CFGR	0xe00
#define  CFGR_MSI	BIT(21)
#define PMCG_IRQ_CFG0	0xe58

#define MAX_PMCGS	64

FIXTURE(pmcg)
{
	struct fw_node nodes[MAX_PMCGS];
	int nr;
};

static void add_node(const struct fw_node *node, void *data)
{
	struct _test_data_pmcg *self = data;

	if (self->nr < MAX_PMCGS)
		self->nodes[self->nr++] = *node;
}

static bool has_pmu(uint64_t base)
{
	char path[128], line[16];

	snprintf(path, sizeof(path), PMUS "/smmuv3_pmcg_%llx/type",
		 (unsigned long long)base >> 12);
	return !read_line(line, sizeof(line), "%s", path);
}

FIXTURE_SETUP(pmcg)
{
	if (!visit_fw_nodes(FW_PMCG, add_node, self))
		SKIP(return, "not applicable: there is no PMCG");
}

FIXTURE_TEARDOWN(pmcg)
{
}

TEST_F(pmcg, registers)
{
	int i;

	for (i = 0; i < self->nr; i++) {
		uint64_t base = self->nodes[i].base, value = 0;
		char *mmio = map_phys(base, page_size());

		ASSERT_TRUE(try_load(mmio + PMCG_CFGR, 4, &value));
		TH_LOG("PMCG at %#llx, %s device: CFGR is %#llx", (unsigned long long)base,
		       self->nodes[i].has_device ? "a" : "no", (unsigned long long)value);
		if (!expect_protected()) {
			EXPECT_NE(0, value & CFGR_MSI);
		} else {
			EXPECT_EQ(0, value);
			store64(mmio + PMCG_IRQ_CFG0, base);
			EXPECT_TRUE(try_load(mmio + PMCG_IRQ_CFG0, 8, &value));
			EXPECT_EQ(0, value);
			EXPECT_FALSE(try_load_postindex(mmio + PMCG_CFGR));
		}
		unmap_phys(mmio, base, page_size());
	}
}

TEST_F(pmcg, driver_is_bound)
{
	int i;

	for (i = 0; i < self->nr; i++)
		EXPECT_EQ(self->nodes[i].has_device, has_pmu(self->nodes[i].base));
}

#define CMDQV_CONFIG	0x0
#define CMDQV_PARAM	0x4

static void look_at_cmdqv(const struct fw_node *node, void *data)
{
	struct __test_metadata *_metadata = data;
	char *mmio = map_phys(node->base, page_size());
	uint64_t value = 0;

	EXPECT_TRUE(try_load(mmio + CMDQV_PARAM, 4, &value));
	TH_LOG("CMDQ-V at %#llx: PARAM is %#llx", (unsigned long long)node->base,
	       (unsigned long long)value);
	if (!expect_protected()) {
		EXPECT_NE(0, value);
	} else {
		EXPECT_EQ(0, value);
		store64(mmio + CMDQV_CONFIG, 1);
		EXPECT_TRUE(try_load(mmio + CMDQV_CONFIG, 8, &value));
		EXPECT_EQ(0, value);
	}
	unmap_phys(mmio, node->base, page_size());
}

TEST(cmdqv_registers)
{
	if (!visit_fw_nodes(FW_CMDQV, look_at_cmdqv, _metadata))
		SKIP(return, "not applicable: there is no CMDQ-V");
}

TEST_HARNESS_MAIN
