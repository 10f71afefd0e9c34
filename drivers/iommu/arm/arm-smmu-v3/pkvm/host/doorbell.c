// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doorbells, to which SMMUs may write their own interrupts as MSIs.
 *
 * An SMMU writes these MSIs by physical address, past stage 2. The hypervisor lets the
 * hardware have the address only if it is the doorbell of a GIC ITS that firmware describes.
 * It learns the doorbells from here, while the host is trusted.
 *
 * An ITS that firmware has disabled does not count. It may have no power or clock, and the host
 * has no use for its MSIs, as no interrupt controller is registered for it.
 */
#define pr_fmt(fmt) "arm-smmu-v3-kvm: " fmt

#include <linux/acpi.h>
#include <linux/irqchip/arm-gic-v3.h>
#include <linux/irqdomain.h>
#include <linux/of.h>
#include <linux/sizes.h>

#include "host.h"

static unsigned int nr_doorbells __initdata;

static void __init add_doorbell(u64 its)
{
	if (nr_doorbells == PKVM_SMMU_V3_DOORBELLS) {
		pr_warn_once("too many GIC ITSs: MSIs of an SMMU may not arrive\n");
		return;
	}
	pkvm_smmu_v3_doorbells[nr_doorbells++] = its + GITS_TRANSLATER;
}

static void __init add_its(const struct pkvm_smmu_fw_regs *regs, void *unused)
{
	/* The doorbell is in the second of its two frames of 64 KiB. */
	if (regs->available && resource_size(&regs->mmio) >= SZ_128K)
		add_doorbell(regs->mmio.start);
}

#ifdef CONFIG_ACPI
static int __init add_madt_its(union acpi_subtable_headers *header, const unsigned long end)
{
	const struct acpi_madt_generic_translator *its = (void *)header;

	add_doorbell(its->base_address);
	return 0;
}

static void __init find_madt_its(void)
{
	if (!acpi_disabled)
		acpi_table_parse_madt(ACPI_MADT_TYPE_GENERIC_TRANSLATOR, add_madt_its, 0);
}
#else
static inline void find_madt_its(void) { }
#endif

/**
 * pkvm_smmu_find_doorbells - Tell the hypervisor which doorbells firmware describes
 *
 * Context: the hypervisor trusts the host.
 */
void __init pkvm_smmu_find_doorbells(void)
{
	pkvm_smmu_fw_for_each(PKVM_FW_GIC_ITS, add_its, NULL);
	find_madt_its();
}

/**
 * pkvm_smmu_msi_domain - The MSI domain of the auxiliary device
 * @dev: the platform device
 * @ids: identification registers of the hardware
 *
 * Return: the domain of @dev, or NULL if the SMMU's interrupts have to come by wire: the
 * hardware has no MSIs, or the hypervisor would not let it write them.
 */
struct irq_domain *__init pkvm_smmu_msi_domain(struct device *dev,
					       const struct pkvm_smmu_ids *ids)
{
	struct irq_domain *domain = dev_get_msi_domain(dev);
	struct device_node *np;

	/* IDR0.MSI of the emulated SMMU is for CMD_SYNC, and says nothing of the hardware. */
	if (!domain || !nr_doorbells || !(ids->idr[0] & IDR0_MSI))
		return NULL;
	np = irq_domain_get_of_node(domain);

	return !np || of_device_is_compatible(np, "arm,gic-v3-its") ? domain : NULL;
}
