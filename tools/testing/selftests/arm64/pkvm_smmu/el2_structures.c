// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA to EL2's structures for an SMMU: its command queue, its stream table, the
 * root of the device stage 2, and the pools of pages for more tables.
 *
 * Tried: a device in an identity domain reads and writes each of them. Booted with
 * arm_smmu_v3_kvm.dyndbg=+p, the kernel logs where they are.
 *
 * Must happen: all of it is stopped. A native SMMU has no such structures, so there is
 * nothing to compare with; hyp_memory.c attacks other hypervisor memory, natively as well.
 */
#include "attack.h"
#include "edu.h"
#include "env.h"
#include "physmem.h"
#include "kselftest_harness.h"

/* Number of places that are read in each structure. */
#define PROBES	4

FIXTURE(el2_structures)
{
	struct port port;
	struct phys_range range;
	void *page;
};

FIXTURE_VARIANT(el2_structures)
{
	const char *name;
};

FIXTURE_VARIANT_ADD(el2_structures, cmdq)
{
	.name = "cmdq",
};

FIXTURE_VARIANT_ADD(el2_structures, strtab)
{
	.name = "strtab",
};

FIXTURE_VARIANT_ADD(el2_structures, strtab_pool)
{
	.name = "strtab_pool",
};

FIXTURE_VARIANT_ADD(el2_structures, pgd)
{
	.name = "pgd",
};

FIXTURE_VARIANT_ADD(el2_structures, pgt_pool)
{
	.name = "pgt_pool",
};

FIXTURE_SETUP(el2_structures)
{
	if (!expect_protected())
		SKIP(return, "not applicable: EL2 has no %s for a native SMMU", variant->name);

	ASSERT_TRUE(el2_structure(variant->name, &self->range)) {
		TH_LOG("no address of %s in the log: boot with arm_smmu_v3_kvm.dyndbg=+p",
		       variant->name);
	}
	port_open(&self->port, PORT_IDENTITY, 0);
	self->page = alloc_pages(1);
	ASSERT_TRUE(dma_works(&self->port, self->page));
}

FIXTURE_TEARDOWN(el2_structures)
{
	if (!expect_protected())
		return;
	EXPECT_TRUE(dma_works(&self->port, self->page));
	free_pages(self->page, 1);
	port_close(&self->port);
}

TEST_F_TIMEOUT(el2_structures, read, 120)
{
	size_t len = self->range.size < EDU_BUF_SIZE ? self->range.size : EDU_BUF_SIZE;
	uint64_t step = self->range.size / PROBES / EDU_BUF_SIZE * EDU_BUF_SIZE;
	int i;

	for (i = 0; i < PROBES && (!i || step); i++)
		EXPECT_FALSE(attack_probe(&self->port, variant->name,
					  self->range.base + i * step, len));
}

TEST_F_TIMEOUT(el2_structures, write, 120)
{
	EXPECT_FALSE(attack_write_back(&self->port, variant->name, self->range.base));
	EXPECT_FALSE(attack_write_back(&self->port, variant->name,
				       self->range.base + self->range.size -
				       sizeof(uint32_t)));
}

TEST_HARNESS_MAIN
