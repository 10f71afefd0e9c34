// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA at the hypervisor's own memory.
 *
 * Tried: a device reads EL2's data and the memory that EL2 reserved at boot,
 * and writes to the latter, in an identity domain and in a VFIO container
 * whose IOVAs translate to the hypervisor's memory through /dev/mem. iommufd
 * maps no such memory: nothing to try there.
 *
 * Must happen: all of it works without DMA isolation, none of it with. The
 * oracles are a value known to be in EL2's data, content that is neither zero
 * nor left over in the device, and a pattern read back by the device.
 */

#include "attack.h"
#include "edu.h"
#include "env.h"
#include "physmem.h"
#include "kselftest_harness.h"

/* Pages of the carve-out that are looked at for something that is not zero. */
#define PROBES	12

FIXTURE(hyp_memory)
{
	struct port port;
	void *page;
};

FIXTURE_VARIANT(hyp_memory)
{
	enum port_domain domain;
};

FIXTURE_VARIANT_ADD(hyp_memory, identity)
{
	.domain = PORT_IDENTITY,
};

FIXTURE_VARIANT_ADD(hyp_memory, type1)
{
	.domain = PORT_TYPE1,
};

FIXTURE_SETUP(hyp_memory)
{
	port_open(&self->port, variant->domain, 0);
	self->page = alloc_pages(1);
	ASSERT_TRUE(dma_works(&self->port, self->page));
}

FIXTURE_TEARDOWN(hyp_memory)
{
	/* Whatever was refused, the device must still work. */
	EXPECT_TRUE(dma_works(&self->port, self->page));
	free_pages(self->page, 1);
	port_close(&self->port);
}

/* EL2's table of memory regions begins with the base address of the RAM. */
TEST_F_TIMEOUT(hyp_memory, read_data, 120)
{
	uint64_t pa = ksym_phys("__kvm_nvhe_hyp_memory");
	uint64_t base, addr;
	char line[256];
	bool reached;
	FILE *f;

	if (getenv("PKVM_SMMU_CARVEOUT"))
		SKIP(return, "not applicable: EL2 is of another kernel than its symbols");
	ASSERT_NE(0, pa) {
		TH_LOG("no hyp_memory in kallsyms: CONFIG_KALLSYMS_ALL is needed");
	}

	f = fopen("/proc/iomem", "r");
	ASSERT_NE(NULL, f);
	do {
		ASSERT_NE(NULL, fgets(line, sizeof(line), f));
	} while (!strstr(line, "System RAM"));
	fclose(f);
	base = strtoull(line, NULL, 16);
	ASSERT_NE(0, base);

	addr = port_map_phys(&self->port, pa, sizeof(base));
	reached = attack_read(&self->port, "hypervisor data", addr, base);
	EXPECT_EQ(!expect_protected(), reached);
}

/* The end of the carve-out is a spare page, which natively survives this. */
TEST_F_TIMEOUT(hyp_memory, write_carveout, 120)
{
	struct phys_range hyp = hyp_carveout();
	uint64_t addr = port_map_phys(&self->port, hyp.base, hyp.size);
	bool reached;

	reached = attack_write_back(&self->port, "hypervisor memory",
				    addr + hyp.size - page_size() / 2);
	EXPECT_EQ(!expect_protected(), reached);
}

/*
 * Apart from the others, after them: refused reads of whole pages cause so many
 * events that the kernel stops logging them for a while.
 */
FIXTURE(hyp_pages)
{
	struct port port;
};

FIXTURE_VARIANT(hyp_pages)
{
	enum port_domain domain;
};

FIXTURE_VARIANT_ADD(hyp_pages, identity)
{
	.domain = PORT_IDENTITY,
};

FIXTURE_VARIANT_ADD(hyp_pages, type1)
{
	.domain = PORT_TYPE1,
};

FIXTURE_SETUP(hyp_pages)
{
	port_open(&self->port, variant->domain, 0);
}

FIXTURE_TEARDOWN(hyp_pages)
{
	port_close(&self->port);
}

TEST_F_TIMEOUT(hyp_pages, read_carveout, 120)
{
	struct phys_range hyp = hyp_carveout();
	uint64_t addr = port_map_phys(&self->port, hyp.base, hyp.size);
	bool reached = false;
	int i;

	for (i = 0; i < PROBES && !reached; i++) {
		uint64_t offset = hyp.size / PROBES * i / page_size() * page_size();

		reached = attack_probe(&self->port, "hypervisor memory",
				       addr + offset, EDU_BUF_SIZE);
	}
	EXPECT_EQ(!expect_protected(), reached);
}

TEST_HARNESS_MAIN
