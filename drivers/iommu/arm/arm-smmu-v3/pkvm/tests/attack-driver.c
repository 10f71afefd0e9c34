// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host as an attacker: cause errors in the queue of the host's own driver, which
 * has to recover as it would with a real SMMU. IHI0070G.b 7.1
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/kernel_stat.h>

#include "attack.h"

#define IRQ_TIMEOUT_MS		2000

static const struct arm_smmu_cmd illegal = { { 0xff } };

static int attack_driver_issue(struct attack *a, const struct arm_smmu_cmd *cmds, int n,
			       bool sync)
{
	struct arm_smmu_cmd copy[16];

	/* Catches a caller with more commands than @copy holds. */
	if (WARN_ON(n > ARRAY_SIZE(copy)))
		return -EINVAL;
	memcpy(copy, cmds, n * sizeof(*cmds));

	return arm_smmu_cmdq_issue_cmdlist(a->smmu, &a->smmu->cmdq, copy, n, sync);
}

/* Check that the driver's queue works and is consumed to its end. */
static void attack_driver_works(struct attack *a)
{
	struct arm_smmu_cmd cmd = arm_smmu_make_cmd_cfgi_all();

	KUNIT_EXPECT_EQ(a->test, 0, attack_driver_issue(a, &cmd, 1, true));
	KUNIT_EXPECT_EQ(a->test, attack_read(a, ARM_SMMU_CMDQ_PROD),
			attack_read(a, ARM_SMMU_CMDQ_CONS));
	KUNIT_EXPECT_EQ(a->test, 0, attack_gerror(a));
}

static unsigned int attack_driver_irqs(struct attack *a)
{
	return kstat_irqs_usr(a->smmu->combined_irq ?: a->smmu->gerr_irq);
}

/* Wait until the interrupt handler has dealt with all errors. */
static void attack_driver_wait(struct attack *a, unsigned int irqs)
{
	unsigned int ms;

	for (ms = 0; ms < IRQ_TIMEOUT_MS; ms++) {
		if (attack_driver_irqs(a) != irqs && !attack_gerror(a) &&
		    attack_read(a, ARM_SMMU_CMDQ_CONS) == attack_read(a, ARM_SMMU_CMDQ_PROD))
			return;
		fsleep(USEC_PER_MSEC);
	}
	KUNIT_FAIL(a->test, "interrupts %u, then %u; active errors 0x%x", irqs,
		   attack_driver_irqs(a), attack_gerror(a));
}

static void attack_driver_illegal(struct kunit *test)
{
	struct attack *a = test->priv;
	unsigned int irqs = attack_driver_irqs(a);

	/* No CMD_SYNC: the CPU that waits for it would hold off the error's interrupt. */
	KUNIT_EXPECT_EQ(test, 0, attack_driver_issue(a, &illegal, 1, false));
	attack_driver_wait(a, irqs);
	attack_driver_works(a);
}

/* Illegal commands between legal ones of the driver. */
static void attack_driver_illegal_amid_others(struct kunit *test)
{
	const struct arm_smmu_cmd all = arm_smmu_make_cmd_cfgi_all();
	const struct arm_smmu_cmd cmds[] = { all, illegal, all, illegal, illegal, all };
	struct attack *a = test->priv;
	int i;

	for (i = 0; i < 5; i++) {
		unsigned int irqs = attack_driver_irqs(a);

		KUNIT_EXPECT_EQ(test, 0, attack_driver_issue(a, cmds, ARRAY_SIZE(cmds), false));
		attack_driver_wait(a, irqs);
	}
	attack_driver_works(a);
}

/* With its interrupt disabled an error stays active until somebody acknowledges it. */
static void attack_driver_irq_disabled(struct kunit *test)
{
	struct attack *a = test->priv;
	struct arm_smmu_cmdq *cmdq = &a->smmu->cmdq;
	u32 irq_ctrl = attack_read(a, ARM_SMMU_IRQ_CTRL);
	unsigned int irqs = attack_driver_irqs(a);
	struct arm_smmu_cmd *slot;

	slot = (struct arm_smmu_cmd *)Q_ENT(&cmdq->q, attack_read(a, ARM_SMMU_CMDQ_PROD));
	attack_write(a, ARM_SMMU_IRQ_CTRL, 0);
	KUNIT_EXPECT_EQ(test, 0, attack_read(a, ARM_SMMU_IRQ_CTRLACK));
	KUNIT_EXPECT_EQ(test, 0, attack_driver_issue(a, &illegal, 1, false));
	msleep(20);
	KUNIT_EXPECT_EQ(test, irqs, attack_driver_irqs(a));
	KUNIT_EXPECT_EQ(test, GERROR_CMDQ_ERR, attack_gerror(a));

	/* Do what the interrupt handler would have done. */
	slot->data[0] = (__force u64)cpu_to_le64(CMDQ_OP_CMD_SYNC);
	attack_write(a, ARM_SMMU_GERRORN, attack_read(a, ARM_SMMU_GERROR));
	attack_write(a, ARM_SMMU_IRQ_CTRL, irq_ctrl);
	attack_driver_works(a);
}

/* The queue is switched off and on again behind the driver's back. */
static void attack_driver_cmdqen_toggled(struct kunit *test)
{
	struct attack *a = test->priv;
	u32 i, cr0 = attack_read(a, ARM_SMMU_CR0);

	for (i = 0; i < 20; i++) {
		attack_cr0(a, cr0 & ~CR0_CMDQEN);
		attack_cr0(a, cr0);
		attack_driver_works(a);
	}
}

/* SMMUEN is cleared and set behind the driver's back: its domains must be in force again. */
static void attack_driver_smmuen_toggled(struct kunit *test)
{
	struct attack *a = test->priv;
	u32 cr0 = attack_read(a, ARM_SMMU_CR0);
	dma_addr_t addr;

	KUNIT_ASSERT_EQ(test, 0, dma_set_mask_and_coherent(&a->edu->dev, DMA_BIT_MASK(32)));
	addr = dma_map_page(&a->edu->dev, virt_to_page(a->page), 0, PAGE_SIZE,
			    DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(&a->edu->dev, addr));

	KUNIT_EXPECT_TRUE(test, attack_dma(a, addr).reached);
	attack_cr0(a, cr0 & ~CR0_SMMUEN);
	KUNIT_EXPECT_FALSE(test, attack_dma(a, addr).reached);
	attack_cr0(a, cr0);
	KUNIT_EXPECT_TRUE(test, attack_dma(a, addr).reached);

	dma_unmap_page(&a->edu->dev, addr, PAGE_SIZE, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_FALSE(test, attack_dma(a, addr).reached);
	attack_driver_works(a);
}

static struct kunit_case attack_driver_cases[] = {
	KUNIT_CASE(attack_driver_illegal),
	KUNIT_CASE(attack_driver_illegal_amid_others),
	KUNIT_CASE(attack_driver_irq_disabled),
	KUNIT_CASE(attack_driver_cmdqen_toggled),
	KUNIT_CASE(attack_driver_smmuen_toggled),
	{}
};

static struct kunit_suite attack_driver_suite = {
	.name = "arm-smmu-v3-pkvm-attack-driver",
	.attr.speed = KUNIT_SPEED_SLOW,
	.init = attack_init_driver,
	.test_cases = attack_driver_cases,
};

kunit_test_suites(&attack_driver_suite);
