// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host as an attacker: issue forged commands and STEs, and observe DMA.
 */
#include <linux/delay.h>
#include <linux/iopoll.h>
#include <linux/random.h>

#include "attack.h"

/* QEMU's edu device. A transfer takes 100 ms by design. */
#define EDU_DMA_SRC		0x80
#define EDU_DMA_DST		0x88
#define EDU_DMA_CNT		0x90
#define EDU_DMA_CMD		0x98
#define EDU_CMD_START		BIT(0)
#define EDU_CMD_TO_RAM		BIT(1)
#define EDU_BUF			0x40000
#define EDU_DMA_MS		100

#define CONS_TIMEOUT_US		(10 * USEC_PER_SEC)

void attack_push(struct attack *a, struct arm_smmu_cmd cmd)
{
	struct arm_smmu_cmd *slot = &a->cmdq[attack_slot(ATTACK_CMDQ_SHIFT, a->prod)];

	slot->data[0] = (__force u64)cpu_to_le64(cmd.data[0]);
	slot->data[1] = (__force u64)cpu_to_le64(cmd.data[1]);
	a->prod = (a->prod + 1) & ((2 << ATTACK_CMDQ_SHIFT) - 1);
}

u32 attack_ring(struct attack *a)
{
	u32 cons;

	/* writel() orders the commands before it. */
	attack_write(a, ARM_SMMU_CMDQ_PROD, a->prod);
	KUNIT_EXPECT_EQ(a->test, 0,
			readl_poll_timeout(a->mmio + ARM_SMMU_CMDQ_CONS, cons,
					   cons == a->prod ||
					   (attack_gerror(a) & GERROR_CMDQ_ERR),
					   0, CONS_TIMEOUT_US));

	return attack_read(a, ARM_SMMU_CMDQ_CONS);
}

void attack_issue(struct attack *a, struct arm_smmu_cmd cmd)
{
	attack_push(a, cmd);
	attack_push(a, arm_smmu_make_cmd_op(CMDQ_OP_CMD_SYNC));
	KUNIT_EXPECT_EQ_MSG(a->test, a->prod, attack_ring(a), "0x%llx 0x%llx",
			    cmd.data[0], cmd.data[1]);
	KUNIT_EXPECT_EQ(a->test, 0, attack_gerror(a));
}

void attack_recover(struct attack *a)
{
	u32 cons = attack_read(a, ARM_SMMU_CMDQ_CONS) & GENMASK(19, 0);
	struct arm_smmu_cmd sync = arm_smmu_make_cmd_op(CMDQ_OP_CMD_SYNC);
	struct arm_smmu_cmd *slot = &a->cmdq[attack_slot(ATTACK_CMDQ_SHIFT, cons)];

	slot->data[0] = (__force u64)cpu_to_le64(sync.data[0]);
	slot->data[1] = (__force u64)cpu_to_le64(sync.data[1]);
	/* writel() orders the command before it. */
	attack_write(a, ARM_SMMU_GERRORN, attack_read(a, ARM_SMMU_GERROR));
	KUNIT_EXPECT_EQ(a->test, a->prod, attack_ring(a));
	KUNIT_EXPECT_EQ(a->test, 0, attack_gerror(a));
}

void attack_set_ste(struct attack *a, const u64 *words)
{
	struct arm_smmu_ste *ste = &a->strtab[a->sid];
	unsigned int i;

	for (i = 0; i < STRTAB_STE_DWORDS; i++)
		WRITE_ONCE(ste->data[i], cpu_to_le64(words[i]));
	attack_issue(a, arm_smmu_make_cmd_cfgi_ste(a->sid, true));
}

/* Report the first event, if any, and consume all. */
static void attack_get_event(struct attack *a, u32 first, struct attack_dma *dma)
{
	u32 prod = attack_read(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_PROD));
	u32 slot = attack_slot(ATTACK_EVTQ_SHIFT, first);
	__le64 *evt = a->evtq + slot * EVTQ_ENT_DWORDS;
	u32 sid;

	/* Leave the driver's own event queue alone. */
	if (!a->evtq || prod == first)
		return;
	dma->event = FIELD_GET(EVTQ_0_ID, le64_to_cpu(evt[0]));
	dma->s2 = le64_to_cpu(evt[1]) & EVTQ_1_S2;
	sid = FIELD_GET(EVTQ_0_SID, le64_to_cpu(evt[0]));
	KUNIT_EXPECT_EQ(a->test, a->sid, sid);
	attack_write(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_CONS), prod);
}

struct attack_dma attack_dma(struct attack *a, dma_addr_t addr)
{
	u32 first = attack_read(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_PROD));
	u32 pattern = get_random_u32() | 1;
	struct attack_dma dma = {};
	u32 cmd;

	/* The device's buffer holds another value. */
	WRITE_ONCE(*a->page, pattern);
	writeq(EDU_BUF, a->bar + EDU_DMA_SRC);
	writeq(addr, a->bar + EDU_DMA_DST);
	writeq(sizeof(pattern), a->bar + EDU_DMA_CNT);
	writeq(EDU_CMD_START | EDU_CMD_TO_RAM, a->bar + EDU_DMA_CMD);
	msleep(EDU_DMA_MS);
	KUNIT_EXPECT_EQ(a->test, 0,
			readl_poll_timeout(a->bar + EDU_DMA_CMD, cmd,
					   !(cmd & EDU_CMD_START), 1000,
					   10 * USEC_PER_SEC));

	dma.reached = READ_ONCE(*a->page) != pattern;
	attack_get_event(a, first, &dma);

	return dma;
}

struct attack_dma attack_dma_page(struct attack *a)
{
	return attack_dma(a, virt_to_phys(a->page));
}

void attack_set_bypass(struct attack *a)
{
	static const u64 bypass[STRTAB_STE_DWORDS] = { ATTACK_STE_BYPASS };

	attack_set_ste(a, bypass);
}

void attack_expect_passes(struct attack *a)
{
	struct attack_dma dma = attack_dma_page(a);

	KUNIT_EXPECT_TRUE(a->test, dma.reached);
	KUNIT_EXPECT_EQ(a->test, 0, dma.event);
}

void attack_expect_stopped(struct attack *a)
{
	struct attack_dma dma = attack_dma_page(a);

	KUNIT_EXPECT_FALSE(a->test, dma.reached);
	KUNIT_EXPECT_NE(a->test, 0, dma.event);
}
