// SPDX-License-Identifier: GPL-2.0-only
/* Tests: the registers, and the instructions that access them. */
#include <asm/sysreg.h>

#include "regress.h"

static enum mmio_result trap(u32 off, u64 esr, u64 *val)
{
	return host_trap(0, off, esr, val);
}

/* 8, 16 and 64 bits of 32-bit registers; halves of 64-bit ones. */
static void access_sizes_once(void)
{
	u64 val = 0x55;
	u32 prod;

	boot_and_init(0);
	prod = read32(0, 0x98);
	EXPECT_EQ(trap(0, ESR_READ | ESR_SIZE(0), &val), MMIO_ABORT);
	EXPECT_EQ(trap(0, ESR_READ | ESR_SIZE(1), &val), MMIO_ABORT);
	EXPECT_EQ(val, 0x55);
	EXPECT_EQ(host_read(0, 0, 8), 0);
	EXPECT_EQ(host_read(0, 0x98, 8), 0);
	host_write(0, 0x98, 8, ~0ULL);
	EXPECT_EQ(read32(0, 0x98), prod);
	EXPECT_EQ(read32(0, 0x80), (u32)HOST_STRTAB(0));
	EXPECT_EQ(read32(0, 0x84), HOST_STRTAB(0) >> 32);
	EXPECT_EQ(host_read(0, 0x80, 8), HOST_STRTAB(0));
	drv_disable(0);
	write64(0, 0x80, 0);
	write32(0, 0x84, 0x400fffff);
	EXPECT_EQ(host_read(0, 0x80, 8), 0x400fffff00000000);
	write32(0, 0x80, 0xffffffff);
	EXPECT_EQ(host_read(0, 0x80, 8), 0x400fffffffffffc0);
	/* Across the end of the pages, and beyond them. */
	val = 0x55;
	EXPECT_EQ(trap(0x1fffc, ESR_READ | ESR_SIZE(2), &val), MMIO_DONE);
	EXPECT_EQ(val, 0);
	EXPECT_EQ(trap(0x20000 + PAGE_SIZE, ESR_READ | ESR_SIZE(2), &val), MMIO_ABORT);
}

/* By the syndrome, and by what a fault of the host's is found to be afterwards. */
static void early_and_late(void (*fn)(void))
{
	model_late_traps = false;
	fn();
	model_late_traps = true;
	fn();
	model_late_traps = false;
}

static void access_sizes(void)
{
	early_and_late(access_sizes_once);
}

static void access_behind_once(void)
{
	struct machine_cfg cfg = machine_default();
	u64 val = 0x55;

	cfg.two_pages = true;
	EXPECT_EQ(machine_boot(&cfg), 0);
	EXPECT_EQ(trap(0x1fffc, ESR_READ | ESR_SIZE(2), &val), MMIO_DONE);
	EXPECT_EQ(trap(0x20000, ESR_READ | ESR_SIZE(2), &val), MMIO_ABORT);
}

/* What lies behind an SMMU's registers is something else. */
static void access_behind(void)
{
	early_and_late(access_behind_once);
}

/* The syndrome does not describe the access, or it is no access that EL2 emulates. */
void expect_not_emulated(u32 off)
{
	static const u64 syndromes[] = {
		ESR_READ & ~ESR_ELx_ISV, ESR_READ | ESR_ELx_S1PTW, ESR_READ | ESR_ELx_CM,
		/* Permission fault, instruction abort. */
		ESR_READ | 0x8, ESR_READ ^ 0x4ULL << ESR_ELx_EC_SHIFT,
	};
	u64 spsr = *model_sysreg(SYS_SPSR), val = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(syndromes); i++)
		EXPECT_EQ(trap(off, syndromes[i] | ESR_SIZE(2), &val), MMIO_ABORT);
	*model_sysreg(SYS_SPSR) = PSR_MODE32_BIT;
	EXPECT_EQ(trap(off, ESR_READ | ESR_SIZE(2), &val), MMIO_ABORT);
	*model_sysreg(SYS_SPSR) = spsr;
}

static void instructions_once(void)
{
	u64 val = 0;

	boot_and_init(0);
	expect_not_emulated(0);
	EXPECT_EQ(trap(2, ESR_READ | ESR_SIZE(2), &val), MMIO_ABORT);
	EXPECT_EQ(trap(4, ESR_READ | ESR_SIZE(3), &val), MMIO_ABORT);
	EXPECT_EQ(trap(0x8a, ESR_READ | ESR_SIZE(2) | ESR_ELx_WNR, &val), MMIO_ABORT);
	EXPECT_EQ(trap(0x94, ESR_READ | ESR_SIZE(3) | ESR_ELx_WNR, &val), MMIO_ABORT);
	*model_sysreg(SYS_SPSR) = 0xc00 | 1 << 21;

	/* The zero register is read as zero, and written without effect. */
	drv_disable(0);
	cpu_ctxt()->regs.sp = 0x5151;
	write32(0, 0x88, 5);
	val = 0x99;
	EXPECT_EQ(trap(0x88, ESR_READ | ESR_SIZE(2) | ESR_ELx_WNR |
		       31ULL << ESR_ELx_SRT_SHIFT, &val), MMIO_DONE);
	EXPECT_EQ(val, 0x99);
	EXPECT_EQ(read32(0, 0x88), 0);
	EXPECT_EQ(trap(0x0, ESR_READ | ESR_SIZE(2) | 31ULL << ESR_ELx_SRT_SHIFT, &val),
		  MMIO_DONE);
	EXPECT_EQ(val, 0x99);
	EXPECT_EQ(cpu_ctxt()->regs.sp, 0x5151);
	EXPECT_EQ(*model_sysreg(SYS_SPSR), 0);

	/* Sign extension, to 64 and to 32 bits. */
	write32(0, 0x100ac, 0x80000001);
	EXPECT_EQ(trap(0x100ac, ESR_READ | ESR_SIZE(2) | ESR_ELx_SSE | ESR_ELx_SF, &val),
		  MMIO_DONE);
	EXPECT_EQ(val, 0xffffffff80000001);
	EXPECT_EQ(trap(0x100ac, ESR_READ | ESR_SIZE(2) | ESR_ELx_SSE, &val), MMIO_DONE);
	EXPECT_EQ(val, 0x80000001);
	EXPECT_EQ(trap(0x100ac, ESR_READ | ESR_SIZE(2) | ESR_ELx_SF, &val), MMIO_DONE);
	EXPECT_EQ(val, 0x80000001);
	/* The upper half of the register is not written. */
	val = 0xffffffff00000002;
	EXPECT_EQ(trap(0x100ac, ESR_READ | ESR_SIZE(2) | ESR_ELx_WNR, &val), MMIO_DONE);
	EXPECT_EQ(read32(0, 0x100ac), 2);
	/* So it is with a fault at level -1. */
	EXPECT_EQ(trap(0x100ac, (ESR_READ | ESR_SIZE(2)) ^ 0x07 ^ 0x2b, &val), MMIO_DONE);
	EXPECT_EQ(val, 2);
}

static void instructions(void)
{
	early_and_late(instructions_once);
}

/* iommufd's hardware information, and what the driver decides by. */
static void identification(void)
{
	boot_and_init(0);
	/* S1P, AArch64, COHACC, ATS, ASID16, MSI, CD2L, stalls, LE, two levels. */
	EXPECT_EQ(read32(0, 0x00), 0x0848341a);
	EXPECT_EQ(read32(0, 0x04), 9 << 21 | 8 << 16 | 4 << 6 | 8);
	EXPECT_EQ(read32(0, 0x08), 0);
	EXPECT_EQ(read32(0, 0x0c), 0x1400);
	EXPECT_EQ(read32(0, 0x10), 0);
	EXPECT_EQ(read32(0, 0x14), 0x12);
	EXPECT_EQ(read32(0, 0x18), 0x1234);
	EXPECT_EQ(read32(0, 0x1c), 1);
	write32(0, 0x00, 0xffffffff);
	EXPECT_EQ(read32(0, 0x00), 0x0848341a);
}

/* Every offset in both pages, all sizes, all ones and all zeroes. */
static void every_offset(void)
{
	unsigned int variant;
	u64 val;
	u32 off;

	for (variant = 0; variant < 16; variant += 8) {
		boot_and_init(variant);
		for (off = 0; off < 0x20000; off += 4) {
			if (effort < 2 && off > 0x400 && off % 0x100 && off < 0xf000)
				continue;
			val = ~0ULL;
			host_mmio(0, off, 4, true, &val);
			val = 0;
			host_mmio(0, off, 4, true, &val);
			host_mmio(0, off, 4, false, &val);
			if (off % 8)
				continue;
			val = ~0ULL;
			host_mmio(0, off, 8, true, &val);
			val = 0;
			host_mmio(0, off, 8, true, &val);
			host_mmio(0, off, 8, false, &val);
		}
		hw_settle();
		oracle_full();
		drv_init(0);
		EXPECT(drv_bypass(0, 3));
		EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_DONE);
	}
}

static void control_registers(void)
{
	boot_and_init(0);
	/* Guarded by SMMUEN and the queues. */
	write32(0, 0x28, 0x555);
	write32(0, 0x2c, 0x7);
	EXPECT_EQ(read32(0, 0x28), 0);
	EXPECT_EQ(read32(0, 0x2c), 0);
	drv_disable(0);
	write32(0, 0x28, 0xffffffff);
	write32(0, 0x2c, 0xffffffff);
	EXPECT_EQ(read32(0, 0x28), 0xfff);
	EXPECT_EQ(read32(0, 0x2c), 0x6);
	/* Neither PRIQEN nor VMW. */
	write32(0, 0x20, 0xffffffff);
	EXPECT_EQ(read32(0, 0x20), 0x1d);
	drv_disable(0);
	/* GBPA: the handshake, and what it says has no effect. */
	write32(0, 0x44, 0x8000f000);
	EXPECT_EQ(read32(0, 0x44), 0x3000);
	write32(0, 0x44, 0x1000);
	EXPECT_EQ(read32(0, 0x44), 0x3000);
	EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_ABORTED);
}

/* A write before the last one is acknowledged is ignored. IHI0070G.b 6.3.9 */
static void cr0_handshake(void)
{
	boot_and_init(0);
	EXPECT(drv_cr0(0, 0xc));
	smmus[0].hang = true;
	write32(0, 0x20, 0xd);
	EXPECT_EQ(read32(0, 0x24), 0xc);
	write32(0, 0x20, 0x0);
	EXPECT_EQ(read32(0, 0x20), 0xd);
	/* Guards look at both. */
	write64(0, 0x80, HOST_DATA(0));
	EXPECT_EQ(host_read(0, 0x80, 8), HOST_STRTAB(0));
	smmus[0].hang = false;
	hw_settle();
	EXPECT_EQ(read32(0, 0x24), 0xd);
}

static void gerrorn_toggles(void)
{
	boot_and_init(0);
	write32(0, 0x64, 0x1ff);
	EXPECT_EQ(read32(0, 0x64), 0);
	smmus[0].gerror ^= 0x4;
	EXPECT_EQ(read32(0, 0x60), 0x4);
	write32(0, 0x64, 0x1fd);
	EXPECT_EQ(read32(0, 0x64), 0x4);
	EXPECT_EQ(smmus[0].gerrorn & 0x1ff, 0x4);
	write32(0, 0x64, 0);
	EXPECT_EQ(read32(0, 0x64), 0x4);
}

/* A register of one SMMU is none of the other. */
static void smmus_are_separate(void)
{
	boot_and_init(0);
	EXPECT(drv_bypass(0, 3));
	EXPECT_EQ(dev_dma(1, 3, HOST_DATA(0)), DMA_ABORTED);
	EXPECT(drv_cr0(0, 0));
	EXPECT_EQ(read32(1, 0x24), 0xd);
	EXPECT(drv_bypass(1, 3));
	EXPECT_EQ(dev_dma(1, 3, HOST_DATA(0)), DMA_DONE);
	EXPECT_EQ(dev_dma(0, 3, HOST_DATA(0)), DMA_ABORTED);
}

const struct test tests_reg[] = {
	TEST(access_sizes),
	TEST(access_behind),
	TEST(instructions),
	TEST(identification),
	TEST(every_offset),
	TEST(control_registers),
	TEST(cr0_handshake),
	TEST(gerrorn_toggles),
	TEST(smmus_are_separate),
	{}
};
