// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host as an attacker: take the SMMU from its driver, and give it back.
 */
#include <linux/auxiliary_bus.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/iommu.h>
#include <linux/iopoll.h>
#include <linux/kvm_host.h>
#include <linux/memblock.h>
#include <linux/platform_device.h>

#include <asm/kvm_pkvm.h>
#include <asm/sections.h>

#include "attack.h"

#define EDU_VENDOR		0x1234
#define EDU_DEVICE		0x11e8

/* EL2 reads a whole stream table before it acknowledges SMMUEN. */
#define ACK_TIMEOUT_US		(10 * USEC_PER_SEC)

/* Devices count as idle when the driver's queue has been unused for so long. */
#define SETTLE_MS		1000

/* Devices have been idle. Checked once, as KUnit runs before user space does. */
static bool settled;

u32 attack_read(struct attack *a, u32 offset)
{
	return readl(a->mmio + offset);
}

void attack_write(struct attack *a, u32 offset, u32 val)
{
	writel(val, a->mmio + offset);
}

u64 attack_read64(struct attack *a, u32 offset)
{
	return readq(a->mmio + offset);
}

void attack_write64(struct attack *a, u32 offset, u64 val)
{
	writeq(val, a->mmio + offset);
}

void attack_cr0(struct attack *a, u32 val)
{
	u32 ack;

	attack_write(a, ARM_SMMU_CR0, val);
	KUNIT_EXPECT_EQ_MSG(a->test, 0,
			    readl_poll_timeout(a->mmio + ARM_SMMU_CR0ACK, ack, ack == val,
					       0, ACK_TIMEOUT_US),
			    "CR0 0x%x, CR0ACK 0x%x", val, ack);
}

u32 attack_gerror(struct attack *a)
{
	return attack_read(a, ARM_SMMU_GERROR) ^ attack_read(a, ARM_SMMU_GERRORN);
}

struct attack_pages {
	void *va;
	size_t size;
};

static void attack_free_pages(void *data)
{
	struct attack_pages *pages = data;

	free_pages_exact(pages->va, pages->size);
}

void *attack_alloc(struct attack *a, size_t size)
{
	struct attack_pages *pages = kunit_kzalloc(a->test, sizeof(*pages), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(a->test, pages);
	pages->size = size;
	pages->va = alloc_pages_exact(size, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(a->test, pages->va);
	KUNIT_ASSERT_EQ(a->test, 0,
			kunit_add_action_or_reset(a->test, attack_free_pages, pages));

	return pages->va;
}

/* All places, for what the SMMU would access past stage 2. */
const struct attack_at attack_places[] = {
	{ "EL2's memory", ATTACK_AT_EL2 },
	{ "EL2's code", ATTACK_AT_TEXT },
	{ "the SMMU's registers", ATTACK_AT_SMMU },
	{ "a device's registers", ATTACK_AT_DEVICE },
	{ "no memory", ATTACK_AT_NOTHING },
	{ "the end of the address space", ATTACK_AT_TOP },
};

phys_addr_t attack_place(struct attack *a, enum attack_place place)
{
	switch (place) {
	case ATTACK_AT_EL2:
		return hyp_mem_base;
	case ATTACK_AT_TEXT:
		return PAGE_ALIGN(__pa_symbol(__hyp_text_start));
	case ATTACK_AT_SMMU:
		return a->phys;
	case ATTACK_AT_DEVICE:
		return pci_resource_start(a->edu, 0);
	case ATTACK_AT_NOTHING:
		return roundup_pow_of_two(memblock_end_of_DRAM()) << 1;
	case ATTACK_AT_TOP:
	default:
		return Q_BASE_ADDR_MASK & PAGE_MASK;
	}
}

bool attack_is_pinned(void *page)
{
	u64 pfn = virt_to_pfn(page);

	if (kvm_call_hyp_nvhe(__pkvm_host_share_hyp, pfn))
		return true;

	return kvm_call_hyp_nvhe(__pkvm_host_unshare_hyp, pfn);
}

void attack_set_strtab(struct attack *a, phys_addr_t base)
{
	attack_write64(a, ARM_SMMU_STRTAB_BASE, base | STRTAB_BASE_RA);
	attack_write(a, ARM_SMMU_STRTAB_BASE_CFG,
		     FIELD_PREP(STRTAB_BASE_CFG_LOG2SIZE, a->strtab_bits));
}

void attack_enable(struct attack *a)
{
	attack_cr0(a, CR0_CMDQEN | CR0_EVTQEN | CR0_SMMUEN);
}

/* Point the registers to the attacker's memory, while nothing is enabled. */
static void attack_program(struct attack *a)
{
	attack_set_strtab(a, virt_to_phys(a->strtab));
	attack_write64(a, ARM_SMMU_CMDQ_BASE,
		       Q_BASE_RWA | virt_to_phys(a->cmdq) | ATTACK_CMDQ_SHIFT);
	attack_write(a, ARM_SMMU_CMDQ_PROD, 0);
	attack_write(a, ARM_SMMU_CMDQ_CONS, 0);
	attack_write64(a, ARM_SMMU_EVTQ_BASE,
		       Q_BASE_RWA | virt_to_phys(a->evtq) | ATTACK_EVTQ_SHIFT);
	attack_write(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_PROD), 0);
	attack_write(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_CONS), 0);
}

static void attack_save(struct attack *a)
{
	struct attack_saved *s = &a->saved;

	s->strtab_base = attack_read64(a, ARM_SMMU_STRTAB_BASE);
	s->strtab_cfg = attack_read(a, ARM_SMMU_STRTAB_BASE_CFG);
	s->cmdq_base = attack_read64(a, ARM_SMMU_CMDQ_BASE);
	s->evtq_base = attack_read64(a, ARM_SMMU_EVTQ_BASE);
	s->cr0 = attack_read(a, ARM_SMMU_CR0);
	s->cr1 = attack_read(a, ARM_SMMU_CR1);
	s->cr2 = attack_read(a, ARM_SMMU_CR2);
	s->gbpa = attack_read(a, ARM_SMMU_GBPA);
	s->irq_ctrl = attack_read(a, ARM_SMMU_IRQ_CTRL);
	s->cmdq_idx = attack_read(a, ARM_SMMU_CMDQ_PROD);
	s->evtq_prod = attack_read(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_PROD));
	s->evtq_cons = attack_read(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_CONS));
	KUNIT_ASSERT_EQ_MSG(a->test, s->cmdq_idx, attack_read(a, ARM_SMMU_CMDQ_CONS),
			    "the driver is at work");
}

static void attack_stop(struct attack *a)
{
	attack_write(a, ARM_SMMU_IRQ_CTRL, 0);
	attack_cr0(a, 0);
	attack_write(a, ARM_SMMU_GERRORN, attack_read(a, ARM_SMMU_GERROR));
	KUNIT_EXPECT_EQ(a->test, 0, attack_gerror(a));
}

/* Drop cached configuration and translations of the attacker's. */
static void attack_invalidate(struct attack *a)
{
	struct arm_smmu_cmd cmds[] = {
		arm_smmu_make_cmd_cfgi_all(),
		arm_smmu_make_cmd_op(CMDQ_OP_TLBI_NSNH_ALL),
	};

	KUNIT_EXPECT_EQ_MSG(a->test, 0,
			    arm_smmu_cmdq_issue_cmdlist(a->smmu, &a->smmu->cmdq, cmds,
							ARRAY_SIZE(cmds), true),
			    "the driver's command queue does not work any more");
}

/* Give the registers their old values, in the order of arm_smmu_device_reset(). */
static void attack_restore(struct attack *a)
{
	struct attack_saved *s = &a->saved;

	attack_stop(a);
	attack_write(a, ARM_SMMU_GBPA, s->gbpa | GBPA_UPDATE);
	attack_write(a, ARM_SMMU_CR1, s->cr1);
	attack_write(a, ARM_SMMU_CR2, s->cr2);
	attack_write64(a, ARM_SMMU_STRTAB_BASE, s->strtab_base);
	attack_write(a, ARM_SMMU_STRTAB_BASE_CFG, s->strtab_cfg);
	attack_write64(a, ARM_SMMU_CMDQ_BASE, s->cmdq_base);
	attack_write(a, ARM_SMMU_CMDQ_PROD, s->cmdq_idx);
	attack_write(a, ARM_SMMU_CMDQ_CONS, s->cmdq_idx);
	attack_cr0(a, CR0_CMDQEN);
	attack_invalidate(a);

	attack_write64(a, ARM_SMMU_EVTQ_BASE, s->evtq_base);
	attack_write(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_PROD), s->evtq_prod);
	attack_write(a, ATTACK_PAGE1(ARM_SMMU_EVTQ_CONS), s->evtq_cons);
	attack_cr0(a, CR0_CMDQEN | CR0_EVTQEN);
	attack_write(a, ARM_SMMU_IRQ_CTRL, s->irq_ctrl);
	attack_cr0(a, s->cr0);
	attack_invalidate(a);
}

/* Keep the attacker's errors and events from the driver's interrupt handlers. */
static void attack_mask_irqs(struct attack *a, void (*mask)(unsigned int irq))
{
	int irqs[] = { a->smmu->combined_irq, a->smmu->gerr_irq, a->smmu->evtq.q.irq };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(irqs); i++)
		if (irqs[i] > 0)
			mask(irqs[i]);
}

static void attack_put_edu(void *edu)
{
	pci_dev_put(edu);
}

static void attack_disable_edu(void *edu)
{
	pci_clear_master(edu);
	pci_disable_device(edu);
}

static void attack_unmap(void *mmio)
{
	iounmap((__force void __iomem *)mmio);
}

static void attack_map(struct attack *a, void __iomem *mmio)
{
	KUNIT_ASSERT_TRUE(a->test, !!mmio);
	KUNIT_ASSERT_EQ(a->test, 0,
			kunit_add_action_or_reset(a->test, attack_unmap,
						  (__force void *)mmio));
}

/* Find the edu device, behind an emulated SMMU. */
static struct pci_dev *attack_find_edu(struct kunit *test, struct arm_smmu_device **smmu)
{
	struct arm_smmu_master *master;
	struct pci_dev *edu;

	edu = pci_get_device(EDU_VENDOR, EDU_DEVICE, NULL);
	if (!edu)
		kunit_skip(test, "needs QEMU's edu device");
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, attack_put_edu, edu));

	master = edu->dev.iommu ? dev_iommu_priv_get(&edu->dev) : NULL;
	if (!master || !master->smmu || !dev_is_auxiliary(master->smmu->dev))
		kunit_skip(test, "needs an SMMU that the hypervisor owns");
	*smmu = master->smmu;

	return edu;
}

/* Wait until the drivers of other devices have probed and no longer use the SMMU. */
static void attack_wait_for_others(struct attack *a)
{
	unsigned int quiet_ms = 0;
	u32 prod, last = 0;

	wait_for_device_probe();
	while (quiet_ms < SETTLE_MS) {
		fsleep(10 * USEC_PER_MSEC);
		prod = attack_read(a, ARM_SMMU_CMDQ_PROD);
		quiet_ms = prod == last ? quiet_ms + 10 : 0;
		last = prod;
	}
}

int attack_init_driver(struct kunit *test)
{
	struct attack *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	struct resource *res;

	KUNIT_ASSERT_NOT_NULL(test, a);
	a->test = test;
	a->edu = attack_find_edu(test, &a->smmu);
	a->sid = dev_iommu_fwspec_get(&a->edu->dev)->ids[0];
	KUNIT_ASSERT_EQ(test, 0, pci_enable_device(a->edu));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, attack_disable_edu, a->edu));
	pci_set_master(a->edu);
	a->bar = pci_ioremap_bar(a->edu, 0);
	attack_map(a, a->bar);

	res = platform_get_resource(to_platform_device(a->smmu->dev->parent),
				    IORESOURCE_MEM, 0);
	a->phys = res->start;
	a->mmio = ioremap(a->phys, SMMU_EMU_SIZE);
	attack_map(a, a->mmio);
	a->normal = ioremap_wc(a->phys, SMMU_EMU_SIZE);
	attack_map(a, a->normal);

	a->page = attack_alloc(a, PAGE_SIZE);
	test->priv = a;

	if (!settled)
		attack_wait_for_others(a);
	settled = true;

	return 0;
}

int attack_init(struct kunit *test)
{
	struct attack *a;

	attack_init_driver(test);
	a = test->priv;
	a->cmdq = attack_alloc(a, PAGE_SIZE);
	a->evtq = attack_alloc(a, PAGE_SIZE);
	a->table = attack_alloc(a, PAGE_SIZE);
	a->strtab_bits = max(fls(a->sid), 6);
	a->strtab = attack_alloc(a, sizeof(*a->strtab) << a->strtab_bits);

	attack_mask_irqs(a, disable_irq);
	attack_save(a);
	attack_stop(a);
	attack_program(a);

	return 0;
}

void attack_exit(struct kunit *test)
{
	struct attack *a = test->priv;

	/* The test was skipped, or failed before attack_save(). */
	if (!a || !a->saved.cr0)
		return;

	attack_restore(a);
	attack_mask_irqs(a, enable_irq);
	KUNIT_EXPECT_NE(test, 0, attack_read(a, ARM_SMMU_IDR0) & IDR0_S1P);
	KUNIT_EXPECT_FALSE(test, attack_is_pinned(a->cmdq));
	KUNIT_EXPECT_FALSE(test, attack_is_pinned(a->evtq));
}
