// SPDX-License-Identifier: GPL-2.0-only
/*
 * MMIO stays taken when pKVM recycles the tables of the host's stage 2. There are pages
 * for the tables of all memory and of a bounded amount of MMIO. When these run out, pKVM
 * unmaps all MMIO to get them back, since it can map MMIO again on demand. That must not
 * give the SMMU's registers, which are EL2's, back to the host.
 *
 * Tried: the host touches one page of each part of the physical address space
 * that needs a page-table page of its own, again and again. With 16K and 64K
 * pages, or 52 bits of address, this uses up the pages for MMIO; with 4K pages
 * and 48 bits it comes close, and the test then shows that plain remapping is
 * harmless.
 *
 * Must happen: the registers answer as before, to the CPU and to a device.
 */
#include <linux/bits.h>
#include <stdlib.h>
#include <string.h>

#include "attack.h"
#include "env.h"
#include "physmem.h"
#include "kselftest_harness.h"

#define ROUNDS		3
#define MAX_TABLES	2048	/* about twice what pKVM has at 1 GiB of memory */
#define ARM_SMMU_IDR0	0x0
#define IDR0_S2P	BIT(0)
#define IDR0_S1P	BIT(1)

/* Address bits that one table of the level above the largest block covers. */
static int table_bits(void)
{
	switch (page_size()) {
	case 4096:
		return 39;	/* 512 blocks of 1 GiB */
	case 16384:
		return 36;	/* 2048 blocks of 32 MiB */
	default:
		return 42;	/* 8192 blocks of 512 MiB */
	}
}

/* Address bits that both the CPU (a load beyond is fatal) and the kernel support. */
static int pa_bits(void)
{
	static const char needle[] = "IPA Size Limit: ";
	char text[256];
	void *va;
	int bits;

	if (!kmsg_find(needle, text, sizeof(text)))
		die("the kernel log has no \"%s\" line: is KVM on?", needle);
	bits = strtoul(strstr(text, needle) + strlen(needle), NULL, 10);

	while (!(va = try_map_phys((1ULL << bits) - 2 * page_size(), page_size())))
		bits--;
	unmap_phys(va, 0, page_size());
	return bits;
}

static int touch_everything(void)
{
	uint64_t step = 1ULL << table_bits();
	uint64_t end = 1ULL << pa_bits();
	uint64_t pa, value;
	int touched = 0;

	if (end > MAX_TABLES * step)
		end = MAX_TABLES * step;

	for (pa = step; pa < end; pa += step) {
		void *va = map_phys(pa, page_size());

		/* The load aborts, but only after pKVM has mapped the page at stage 2. */
		try_load(va, 4, &value);
		unmap_phys(va, pa, page_size());
		touched++;
	}
	return touched;
}

static uint64_t read_idr0(void)
{
	char *mmio = map_phys(smmu_base(), SMMU_MMIO_SIZE);
	uint64_t idr0 = 0;

	if (!try_load(mmio + ARM_SMMU_IDR0, 4, &idr0))
		die("the SMMU's IDR0 cannot be read any more");
	unmap_phys(mmio, smmu_base(), SMMU_MMIO_SIZE);
	return idr0;
}

FIXTURE(mmio_recycle)
{
	uint64_t idr0;
};

FIXTURE_SETUP(mmio_recycle)
{
	self->idr0 = read_idr0();
	ASSERT_NE(0, self->idr0 & IDR0_S1P);
	ASSERT_EQ(expect_protected() ? 0 : IDR0_S2P, self->idr0 & IDR0_S2P);
}

FIXTURE_TEARDOWN(mmio_recycle)
{
}

TEST_F_TIMEOUT(mmio_recycle, registers_stay_donated, 240)
{
	int i, touched = 0;

	for (i = 0; i < ROUNDS; i++) {
		touched += touch_everything();
		EXPECT_EQ(self->idr0, read_idr0());
	}
	TH_LOG("%d pages touched", touched);
}

TEST_F_TIMEOUT(mmio_recycle, device_stays_away, 240)
{
	struct port port;
	bool reached;
	void *page;

	touch_everything();
	port_open(&port, PORT_IDENTITY, 0);
	page = alloc_pages(1);

	reached = attack_probe(&port, "SMMU registers after recycling",
			       smmu_base() + ARM_SMMU_IDR0, sizeof(uint32_t));
	EXPECT_EQ(!expect_protected(), reached);
	EXPECT_TRUE(dma_works(&port, page));

	free_pages(page, 1);
	port_close(&port);
}

TEST_HARNESS_MAIN
