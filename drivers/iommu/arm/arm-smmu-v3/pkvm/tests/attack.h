/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host as an attacker: what the suites share.
 *
 * These KUnit suites do, in the kernel of a protected host, what an attacker at
 * EL1 would: they take an emulated SMMU away from its driver, write what they
 * like to its registers, and forge command queues, stream tables and event
 * queues. QEMU's edu device (PCI 1234:11e8) is the stream whose DMA tells what
 * became of it; the suites are skipped where it is not behind an SMMU that the
 * hypervisor owns.
 *
 * After each test case the driver's state is put back, with the emulated SMMU
 * reset in between, and the driver's own queue has to work again. Nothing else
 * may use a device behind that SMMU meanwhile.
 */
#ifndef __ARM_SMMU_V3_PKVM_ATTACK_TEST_H
#define __ARM_SMMU_V3_PKVM_ATTACK_TEST_H

#include <linux/pci.h>
#include <kunit/test.h>

#include "../emu/emu.h"

/* The attacker's queues: one page of 4 KiB is enough. */
#define ATTACK_CMDQ_SHIFT	8
#define ATTACK_EVTQ_SHIFT	7

/* The entry that an index with wrap bit is at. */
static inline u32 attack_slot(u8 shift, u32 idx)
{
	return idx & ((1U << shift) - 1);
}

#define ATTACK_PAGE1(offset)	(SMMU_EMU_PAGE1 + (offset))

/* What the driver had in the registers. */
struct attack_saved {
	u64 strtab_base;
	u64 cmdq_base;
	u64 evtq_base;
	u32 strtab_cfg;
	u32 cr0;
	u32 cr1;
	u32 cr2;
	u32 gbpa;
	u32 irq_ctrl;
	u32 cmdq_idx;
	u32 evtq_prod;
	u32 evtq_cons;
};

/**
 * struct attack - The state of a test case
 * @test:   the test
 * @smmu:   the driver's view of the emulated SMMU
 * @phys:   physical address of the SMMU
 * @mmio:   its registers as Device memory
 * @normal: and as Normal memory, for accesses that Device memory does not allow
 * @edu:    the device that does DMA
 * @bar:    its registers
 * @sid:    its stream
 * @saved:  the driver's registers
 * @cmdq:   a page for commands
 * @prod:   CMDQ_PROD for the next command
 * @evtq:   a page for events
 * @strtab: a linear stream table that has @sid
 * @strtab_bits: log2 of its number of STEs
 * @table:  a page for any other table
 * @page:   a page for DMA
 */
struct attack {
	struct kunit *test;
	struct arm_smmu_device *smmu;
	phys_addr_t phys;
	void __iomem *mmio;
	void __iomem *normal;
	struct pci_dev *edu;
	void __iomem *bar;
	u32 sid;
	struct attack_saved saved;
	struct arm_smmu_cmd *cmdq;
	u32 prod;
	__le64 *evtq;
	struct arm_smmu_ste *strtab;
	u8 strtab_bits;
	__le64 *table;
	u32 *page;
};

/* Places that the host may not let the SMMU use. */
enum attack_place {
	ATTACK_AT_EL2,		/* memory that the hypervisor reserved at boot */
	ATTACK_AT_TEXT,		/* the hypervisor's code, which the host may read */
	ATTACK_AT_SMMU,		/* registers of the SMMU */
	ATTACK_AT_DEVICE,	/* registers of a device of the host's */
	ATTACK_AT_NOTHING,	/* above all memory */
	ATTACK_AT_TOP,		/* the end of the address space */
};

/* A test that tries the same in a place. */
struct attack_at {
	const char *name;
	enum attack_place place;
};

/* What became of a DMA. */
struct attack_dma {
	bool reached;		/* it changed struct attack::page */
	u8 event;		/* first event, 0 for none */
	bool s2;		/* it names stage 2 */
};

/* tests/attack.c */

/* Test case init: find the SMMU; where the second one, leave it to its driver. */
int attack_init(struct kunit *test);
int attack_init_driver(struct kunit *test);
/* Give the SMMU back, and see whether its driver can use it. */
void attack_exit(struct kunit *test);

phys_addr_t attack_place(struct attack *a, enum attack_place place);
/* Zeroed memory aligned to its size rounded up to a power of two. */
void *attack_alloc(struct attack *a, size_t size);

u32 attack_read(struct attack *a, u32 offset);
void attack_write(struct attack *a, u32 offset, u32 val);
u64 attack_read64(struct attack *a, u32 offset);
void attack_write64(struct attack *a, u32 offset, u64 val);
/* Write CR0, and wait for CR0ACK. */
void attack_cr0(struct attack *a, u32 val);
/* Active global errors. */
u32 attack_gerror(struct attack *a);
/* Enable everything, with the tables and queues of struct attack. */
void attack_enable(struct attack *a);
void attack_set_strtab(struct attack *a, phys_addr_t base);
/* Whether EL2 would let the host share a page with it: not while it is pinned. */
bool attack_is_pinned(void *page);

/* Add a command to the page of commands. */
void attack_push(struct attack *a, struct arm_smmu_cmd cmd);
/* Let the SMMU have them: CMDQ_CONS when it stopped or an error is active. */
u32 attack_ring(struct attack *a);
/* Do both with a command that must be accepted. */
void attack_issue(struct attack *a, struct arm_smmu_cmd cmd);
/* After an error: what the driver does, and the rest has to be consumed. */
void attack_recover(struct attack *a);

/* The STE of the device, in the attacker's table: all words, then CFGI_STE. */
void attack_set_ste(struct attack *a, const u64 *words);
void attack_set_bypass(struct attack *a);
/* The device writes 4 bytes to @addr; look for them in struct attack::page. */
struct attack_dma attack_dma(struct attack *a, dma_addr_t addr);
/* The same to the page itself. */
struct attack_dma attack_dma_page(struct attack *a);
/* That DMA gets through shows that what follows is no accident. */
void attack_expect_passes(struct attack *a);
/* Which event an SMMU reports for a broken table is up to where it broke. */
void attack_expect_stopped(struct attack *a);

#define ATTACK_STE_BYPASS						\
	(STRTAB_STE_0_V | FIELD_PREP_CONST(STRTAB_STE_0_CFG, STRTAB_STE_0_CFG_BYPASS))
#define ATTACK_STE_STAGE1						\
	(STRTAB_STE_0_V | FIELD_PREP_CONST(STRTAB_STE_0_CFG, STRTAB_STE_0_CFG_S1_TRANS))
#define ATTACK_STE_ABORT						\
	(STRTAB_STE_0_V | FIELD_PREP_CONST(STRTAB_STE_0_CFG, STRTAB_STE_0_CFG_ABORT))

#endif /* __ARM_SMMU_V3_PKVM_ATTACK_TEST_H */
