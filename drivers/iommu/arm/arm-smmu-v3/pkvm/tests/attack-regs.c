// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host as an attacker: registers.
 */
#include "attack.h"

/*
 * Registers that must not change while something is enabled (IHI0070G.b 6.3.9.4, 6.3.24 to
 * 6.3.28), and registers that never change.
 */
struct attack_reg {
	const char *name;
	u32 offset;
	u8 width;
	bool is_zero;
};

static const struct attack_reg attack_reg_guards[] = {
	{ "CR1 while enabled", ARM_SMMU_CR1, 4 },
	{ "CR2 while SMMUEN", ARM_SMMU_CR2, 4 },
	{ "STRTAB_BASE while SMMUEN", ARM_SMMU_STRTAB_BASE, 8 },
	{ "half of STRTAB_BASE while SMMUEN", ARM_SMMU_STRTAB_BASE, 4 },
	{ "STRTAB_BASE_CFG while SMMUEN", ARM_SMMU_STRTAB_BASE_CFG, 4 },
	{ "CMDQ_BASE while CMDQEN", ARM_SMMU_CMDQ_BASE, 8 },
	{ "upper half of CMDQ_BASE while CMDQEN", ARM_SMMU_CMDQ_BASE + 4, 4 },
	{ "CMDQ_CONS while CMDQEN", ARM_SMMU_CMDQ_CONS, 4 },
	{ "EVENTQ_BASE while EVENTQEN", ARM_SMMU_EVTQ_BASE, 8 },
	{ "EVENTQ_PROD while EVENTQEN", ATTACK_PAGE1(ARM_SMMU_EVTQ_PROD), 4 },
	{ "CR0ACK", ARM_SMMU_CR0ACK, 4 },
	{ "GERROR", ARM_SMMU_GERROR, 4 },
	{ "IRQ_CTRLACK", ARM_SMMU_IRQ_CTRLACK, 4 },
	{ "IDR0", ARM_SMMU_IDR0, 4 },
	{ "IDR1", ARM_SMMU_IDR1, 4 },
	{ "IDR5", ARM_SMMU_IDR5, 4 },
	{ "CR0 and CR0ACK as one", ARM_SMMU_CR0, 8, true },
	{ "CMDQ_PROD and CMDQ_CONS as one", ARM_SMMU_CMDQ_PROD, 8, true },
	{ "PRIQ_IRQ_CFG0", ARM_SMMU_PRIQ_IRQ_CFG0, 8, true },
	{ "PRIQ_BASE", ARM_SMMU_PRIQ_BASE, 8, true },
	{ "PRIQ_PROD", ATTACK_PAGE1(ARM_SMMU_PRIQ_PROD), 4, true },
	{ "EVENTQ_PROD alias in page 0", ARM_SMMU_EVTQ_PROD, 4, true },
	{ "EVENTQ_CONS alias in page 0", ARM_SMMU_EVTQ_CONS, 4, true },
	{ "CR0 alias in page 1", ATTACK_PAGE1(ARM_SMMU_CR0), 4, true },
	{ "CMDQ_BASE alias in page 1", ATTACK_PAGE1(ARM_SMMU_CMDQ_BASE), 8, true },
	{ "GATOS_CTRL", 0x100, 4, true },
	{ "GATOS_ADDR", 0x110, 8, true },
	{ "VATOS_SEL", 0x180, 4, true },
	{ "S2PII", 0x30, 8, true },
	{ "AGBPA", 0x48, 4, true },
	{ "GMPAM", 0x138, 4, true },
	{ "DPT_BASE", 0x200, 8, true },
	{ "IMPLEMENTATION DEFINED registers", 0xe00, 4, true },
	{ "PMCG registers in page 0", 0x2e58, 8, true },
	{ "enhanced command queue pages", 0x4000, 8, true },
	{ "Secure CR0", 0x8020, 4, true },
	{ "Secure INIT", 0x803c, 4, true },
	{ "end of page 1", SMMU_EMU_SIZE - 4, 4, true },
};

KUNIT_ARRAY_PARAM_DESC(attack_reg_guard, attack_reg_guards, name);

static u64 attack_reg_read(struct attack *a, const struct attack_reg *reg)
{
	return reg->width == 8 ? attack_read64(a, reg->offset) : attack_read(a, reg->offset);
}

static void attack_reg_write(struct attack *a, const struct attack_reg *reg, u64 val)
{
	if (reg->width == 8)
		attack_write64(a, reg->offset, val);
	else
		attack_write(a, reg->offset, val);
}

static void attack_reg_unchanged(struct kunit *test)
{
	const struct attack_reg *reg = test->param_value;
	struct attack *a = test->priv;
	u32 cr0 = CR0_CMDQEN | CR0_EVTQEN | CR0_SMMUEN;
	u64 before;

	attack_enable(a);
	before = attack_reg_read(a, reg);
	if (reg->is_zero)
		KUNIT_EXPECT_EQ(test, 0, before);

	attack_reg_write(a, reg, ~before);
	KUNIT_EXPECT_EQ(test, before, attack_reg_read(a, reg));
	attack_reg_write(a, reg, 0);
	KUNIT_EXPECT_EQ(test, before, attack_reg_read(a, reg));

	/* The write has not changed anything else. */
	KUNIT_EXPECT_EQ(test, cr0, attack_read(a, ARM_SMMU_CR0));
	KUNIT_EXPECT_EQ(test, cr0, attack_read(a, ARM_SMMU_CR0ACK));
	attack_issue(a, arm_smmu_make_cmd_cfgi_all());
}

/* Where the SMMU would write an interrupt, past stage 2, if EL2 let it. */
KUNIT_ARRAY_PARAM_DESC(attack_msi_place, attack_places, name);

static void attack_irq_ctrl(struct attack *a, u32 val)
{
	attack_write(a, ARM_SMMU_IRQ_CTRL, val);
	KUNIT_EXPECT_EQ(a->test, val, attack_read(a, ARM_SMMU_IRQ_CTRLACK));
}

/* One interrupt at a time: the errors of both come without an interrupt then. */
static void attack_msi(struct attack *a, u32 cfg0, u32 enable, u32 error, u64 addr)
{
	bool offered = attack_read(a, ARM_SMMU_IDR0) & IDR0_MSI;
	u64 kept = offered ? addr & MSI_CFG0_ADDR_MASK : 0;

	attack_irq_ctrl(a, 0);
	attack_write64(a, cfg0, addr);
	KUNIT_EXPECT_EQ(a->test, kept, attack_read64(a, cfg0));
	attack_irq_ctrl(a, enable);
	KUNIT_EXPECT_EQ(a->test, offered ? error : 0, attack_gerror(a));

	/* It cannot be changed while the interrupt is on. */
	attack_write64(a, cfg0, 0);
	KUNIT_EXPECT_EQ(a->test, kept, attack_read64(a, cfg0));
	attack_write(a, ARM_SMMU_GERRORN, attack_read(a, ARM_SMMU_GERROR));
	KUNIT_EXPECT_EQ(a->test, 0, attack_gerror(a));

	attack_irq_ctrl(a, 0);
	attack_write64(a, cfg0, 0);
}

static void attack_reg_msi(struct kunit *test)
{
	const struct attack_at *t = test->param_value;
	struct attack *a = test->priv;
	u64 addr = attack_place(a, t->place);

	attack_enable(a);
	attack_msi(a, ARM_SMMU_GERROR_IRQ_CFG0, IRQ_CTRL_GERROR_IRQEN,
		   GERROR_MSI_GERROR_ABT_ERR, addr);
	attack_msi(a, ARM_SMMU_EVTQ_IRQ_CFG0, IRQ_CTRL_EVTQ_IRQEN,
		   GERROR_MSI_EVTQ_ABT_ERR, addr);
	attack_issue(a, arm_smmu_make_cmd_cfgi_all());
}

/* Reserved bits, and bits of features that are not offered, stay 0. */
static void attack_reg_reserved_bits(struct kunit *test)
{
	struct attack *a = test->priv;
	u32 cr0 = CR0_ATSCHK | CR0_CMDQEN | CR0_EVTQEN | CR0_SMMUEN;

	attack_write(a, ARM_SMMU_IRQ_CTRL, ~0U);
	KUNIT_EXPECT_EQ(test, IRQ_CTRL_EVTQ_IRQEN | IRQ_CTRL_GERROR_IRQEN,
			attack_read(a, ARM_SMMU_IRQ_CTRL));
	attack_write(a, ARM_SMMU_CR2, ~0U);
	KUNIT_EXPECT_EQ(test, CR2_PTM | CR2_RECINVSID, attack_read(a, ARM_SMMU_CR2));
	attack_write(a, ARM_SMMU_CR1, ~0U);
	KUNIT_EXPECT_EQ(test, 0xfff, attack_read(a, ARM_SMMU_CR1));
	attack_write64(a, ARM_SMMU_STRTAB_BASE, ~0ULL);
	KUNIT_EXPECT_EQ(test, STRTAB_BASE_RA | STRTAB_BASE_ADDR_MASK,
			attack_read64(a, ARM_SMMU_STRTAB_BASE));
	attack_set_strtab(a, virt_to_phys(a->strtab));

	attack_write(a, ARM_SMMU_CR0, ~0U);
	KUNIT_EXPECT_EQ(test, cr0, attack_read(a, ARM_SMMU_CR0));
	attack_cr0(a, cr0);
}

/* The ID registers offer nothing that acts past stage 2. IHI0070G.b 6.3.1 */
static void attack_reg_not_offered(struct kunit *test)
{
	struct attack *a = test->priv;

	KUNIT_EXPECT_EQ(test, 0, attack_read(a, ARM_SMMU_IDR0) &
			(IDR0_S2P | IDR0_HYP | IDR0_NS1ATS | IDR0_SEV | IDR0_PRI |
			 IDR0_VMID16 | IDR0_VATOS));
	KUNIT_EXPECT_EQ(test, 0, attack_read(a, ARM_SMMU_IDR1) &
			(IDR1_ECMDQ | IDR1_TABLES_PRESET | IDR1_QUEUES_PRESET));
	KUNIT_EXPECT_EQ(test, 0, attack_read(a, ARM_SMMU_IDR2));
	KUNIT_EXPECT_EQ(test, 0, attack_read(a, ARM_SMMU_IDR4));
}

/* While SMMUEN is 0 a real SMMU lets DMA pass, unless GBPA.ABORT is set. */
static void attack_reg_gbpa_bypass(struct kunit *test)
{
	struct attack *a = test->priv;
	struct attack_dma dma;

	attack_write(a, ARM_SMMU_GBPA, GBPA_UPDATE);
	KUNIT_EXPECT_EQ(test, 0, attack_read(a, ARM_SMMU_GBPA) & (GBPA_UPDATE | GBPA_ABORT));
	attack_cr0(a, CR0_CMDQEN | CR0_EVTQEN);
	dma = attack_dma_page(a);
	KUNIT_EXPECT_FALSE(test, dma.reached);
}

/* Clear SMMUEN while a translation is in use. */
static void attack_reg_clear_smmuen(struct attack *a)
{
	attack_enable(a);
	attack_set_bypass(a);
	attack_expect_passes(a);
	attack_cr0(a, CR0_CMDQEN | CR0_EVTQEN);
}

static void attack_reg_smmuen_cleared(struct kunit *test)
{
	struct attack *a = test->priv;
	struct attack_dma dma;

	attack_reg_clear_smmuen(a);
	dma = attack_dma_page(a);
	KUNIT_EXPECT_FALSE(test, dma.reached);
}

/* The host changes its table while SMMUEN is 0, and issues no command. */
static void attack_reg_smmuen_set_again(struct kunit *test)
{
	struct attack *a = test->priv;
	struct attack_dma dma;

	attack_reg_clear_smmuen(a);
	a->strtab[a->sid].data[0] = cpu_to_le64(ATTACK_STE_ABORT);
	attack_enable(a);
	dma = attack_dma_page(a);
	KUNIT_EXPECT_FALSE(test, dma.reached);
}

/* Acknowledge errors that are not active. IHI0070G.b 6.3.20 */
static void attack_reg_gerrorn(struct kunit *test)
{
	struct attack *a = test->priv;
	u32 gerror = attack_read(a, ARM_SMMU_GERROR);
	int i;

	attack_enable(a);
	for (i = 0; i < 100; i++) {
		attack_write(a, ARM_SMMU_GERRORN, ~gerror);
		attack_write(a, ARM_SMMU_GERRORN, i);
	}
	KUNIT_EXPECT_EQ(test, gerror, attack_read(a, ARM_SMMU_GERROR));
	KUNIT_EXPECT_EQ(test, 0, attack_gerror(a));
	attack_issue(a, arm_smmu_make_cmd_cfgi_all());
}

/* Write CR0 as fast as possible, without waiting for CR0ACK. */
static void attack_reg_cr0_storm(struct kunit *test)
{
	struct attack *a = test->priv;
	u32 ack;
	int i;

	for (i = 0; i < 64; i++) {
		attack_write(a, ARM_SMMU_CR0, CR0_CMDQEN | CR0_EVTQEN | CR0_SMMUEN);
		attack_write(a, ARM_SMMU_CR0, i);
		attack_write(a, ARM_SMMU_CR0, 0);
	}
	attack_cr0(a, 0);
	ack = attack_read(a, ARM_SMMU_CR0ACK);
	KUNIT_EXPECT_EQ(test, 0, ack);
	KUNIT_EXPECT_FALSE(test, attack_is_pinned(a->cmdq));
	KUNIT_EXPECT_FALSE(test, attack_is_pinned(a->evtq));

	attack_enable(a);
	attack_issue(a, arm_smmu_make_cmd_cfgi_all());
}

static struct kunit_case attack_reg_cases[] = {
	KUNIT_CASE_PARAM(attack_reg_unchanged, attack_reg_guard_gen_params),
	KUNIT_CASE_PARAM(attack_reg_msi, attack_msi_place_gen_params),
	KUNIT_CASE(attack_reg_reserved_bits),
	KUNIT_CASE(attack_reg_not_offered),
	KUNIT_CASE(attack_reg_gbpa_bypass),
	KUNIT_CASE(attack_reg_smmuen_cleared),
	KUNIT_CASE(attack_reg_smmuen_set_again),
	KUNIT_CASE(attack_reg_gerrorn),
	KUNIT_CASE(attack_reg_cr0_storm),
	{}
};

static struct kunit_suite attack_reg_suite = {
	.name = "arm-smmu-v3-pkvm-attack-regs",
	.attr.speed = KUNIT_SPEED_SLOW,
	.init = attack_init,
	.exit = attack_exit,
	.test_cases = attack_reg_cases,
};

kunit_test_suites(&attack_reg_suite);
