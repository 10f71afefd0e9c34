/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host as an attacker: what the suites share.
 *
 * These KUnit suites do, in the kernel of a protected host, what an attacker at
 * EL1 would: they take an emulated SMMU away from its driver, write what they
 * like to its registers, and forge command queues, stream tables and event
 * queues. DMA of QEMU's edu device (PCI 1234:11e8) shows the effect. The suites
 * skip if it is not behind an SMMU that the hypervisor owns.
 *
 * After each test case the emulated SMMU is reset and the driver's state put
 * back; the driver's own queue has to work again. No other device behind that
 * SMMU may be in use meanwhile.
 */
#ifndef __ARM_SMMU_V3_PKVM_ATTACK_TEST_H
#define __ARM_SMMU_V3_PKVM_ATTACK_TEST_H

#include <linux/pci.h>
#include <kunit/test.h>

#include "../emu/emu.h"

/* The attacker's queues: one page of 4 KiB is enough. */
#define ATTACK_CMDQ_SHIFT	8
#define ATTACK_EVTQ_SHIFT	7

/* The queue entry of an index that includes the wrap bit. */
static inline u32 attack_slot(u8 shift, u32 idx)
{
	return idx & ((1U << shift) - 1);
}

#define ATTACK_PAGE1(offset)	(SMMU_EMU_PAGE1 + (offset))

/* Register values of the driver. */
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
 * @mmio:   its registers, mapped as Device memory
 * @normal: its registers, mapped as Normal memory, for accesses that fault on Device memory
 * @edu:    the device that does DMA
 * @bar:    registers of @edu
 * @sid:    stream ID of @edu
 * @saved:  the driver's register values
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

/* A test that is run for several places. */
struct attack_at {
	const char *name;
	enum attack_place place;
};

#define ATTACK_NR_PLACES	6

/* Result of a DMA. */
struct attack_dma {
	bool reached;		/* it changed struct attack::page */
	u8 event;		/* first event, 0 for none */
	bool s2;		/* the event is a stage 2 fault */
};

/* tests/attack.c */

/* Init of a test case: find the SMMU. attack_init_driver() leaves it to its driver. */
int attack_init(struct kunit *test);
int attack_init_driver(struct kunit *test);
/* Give the SMMU back, and check that its driver can use it. */
void attack_exit(struct kunit *test);

extern const struct attack_at attack_places[ATTACK_NR_PLACES];
phys_addr_t attack_place(struct attack *a, enum attack_place place);
/* Zeroed memory aligned to its size rounded up to a power of two. */
void *attack_alloc(struct attack *a, size_t size);

u32 attack_read(struct attack *a, u32 offset);
void attack_write(struct attack *a, u32 offset, u32 val);
u64 attack_read64(struct attack *a, u32 offset);
void attack_write64(struct attack *a, u32 offset, u64 val);
/* Write CR0, and wait for CR0ACK. */
void attack_cr0(struct attack *a, u32 val);
/* The global errors that are active. */
u32 attack_gerror(struct attack *a);
/* Enable everything, with the tables and queues of struct attack. */
void attack_enable(struct attack *a);
void attack_set_strtab(struct attack *a, phys_addr_t base);
/* Whether EL2 has pinned a page: then it refuses that the host shares it. */
bool attack_is_pinned(void *page);

/* Add a command to the page of commands. */
void attack_push(struct attack *a, struct arm_smmu_cmd cmd);
/* Write PROD. Returns CMDQ_CONS once all commands are consumed or an error is active. */
u32 attack_ring(struct attack *a);
/* Push and ring a command that must be accepted, and a CMD_SYNC. */
void attack_issue(struct attack *a, struct arm_smmu_cmd cmd);
/* Recover from an error as the driver does; all other commands must be consumed. */
void attack_recover(struct attack *a);

/* Write all words of the device's STE in the attacker's table, then issue CFGI_STE. */
void attack_set_ste(struct attack *a, const u64 *words);
void attack_set_bypass(struct attack *a);
/* The device writes 4 bytes to @addr; check whether they are in struct attack::page. */
struct attack_dma attack_dma(struct attack *a, dma_addr_t addr);
/* attack_dma() to struct attack::page itself. */
struct attack_dma attack_dma_page(struct attack *a);
/* DMA must get through, so that an attack that fails afterwards does so for its own reason. */
void attack_expect_passes(struct attack *a);
/* DMA must not get through, and cause an event. Which one depends on where a table is broken. */
void attack_expect_stopped(struct attack *a);

#define ATTACK_STE_BYPASS						\
	(STRTAB_STE_0_V | FIELD_PREP_CONST(STRTAB_STE_0_CFG, STRTAB_STE_0_CFG_BYPASS))
#define ATTACK_STE_STAGE1						\
	(STRTAB_STE_0_V | FIELD_PREP_CONST(STRTAB_STE_0_CFG, STRTAB_STE_0_CFG_S1_TRANS))
#define ATTACK_STE_ABORT						\
	(STRTAB_STE_0_V | FIELD_PREP_CONST(STRTAB_STE_0_CFG, STRTAB_STE_0_CFG_ABORT))

#endif /* __ARM_SMMU_V3_PKVM_ATTACK_TEST_H */
