// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SMMUs, PMCGs and ITSs that firmware describes, with or without a platform device.
 *
 * A devicetree node that is disabled, reserved, or on a bus that nobody has populated has no
 * platform device, but its hardware and registers exist.
 */
#include <linux/acpi.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/sizes.h>

#include "host.h"

struct fw_kind {
	const char *compatible;
	int iort_type;	/* -1: not in the IORT, or without registers there */
};

static const struct fw_kind fw_kinds[] __initconst = {
	[PKVM_FW_SMMU_V3]	= { "arm,smmu-v3", ACPI_IORT_NODE_SMMU_V3 },
	[PKVM_FW_PMCG]		= { "arm,smmu-v3-pmcg", ACPI_IORT_NODE_PMCG },
	[PKVM_FW_GIC_ITS]	= { "arm,gic-v3-its", -1 },
};

/* Whether a node or a bus that it is on has a power domain, a clock or a reset. */
bool pkvm_smmu_host_has_controls(struct device_node *node)
{
	static const char * const controls[] = { "power-domains", "clocks", "resets" };
	struct device_node *np;
	unsigned int i;

	for (np = of_node_get(node); np; np = of_get_next_parent(np)) {
		for (i = 0; i < ARRAY_SIZE(controls); i++) {
			if (of_property_present(np, controls[i])) {
				of_node_put(np);
				return true;
			}
		}
	}

	return false;
}

static bool __init of_is_available(struct device_node *node)
{
	struct device_node *np;

	for (np = of_node_get(node); np; np = of_get_next_parent(np)) {
		if (!of_device_is_available(np)) {
			of_node_put(np);
			return false;
		}
	}

	return true;
}

static void __init of_for_each(const char *compatible, pkvm_smmu_fw_fn fn, void *data)
{
	struct device_node *np;

	for_each_compatible_node(np, NULL, compatible) {
		struct pkvm_smmu_fw_regs regs = {
			.available	= of_is_available(np),
			.powered	= !pkvm_smmu_host_has_controls(np),
		};

		/* Empty if the CPUs have no address for it. */
		if (of_address_to_resource(np, 0, &regs.mmio))
			regs.mmio = DEFINE_RES_MEM(0, 0);
		snprintf(regs.name, sizeof(regs.name), "%pOF", np);
		fn(&regs, data);
	}
}

#ifdef CONFIG_ACPI_IORT
static void __init iort_read_regs(struct acpi_iort_node *node, struct pkvm_smmu_fw_regs *regs)
{
	struct acpi_iort_smmu_v3 *smmu = (struct acpi_iort_smmu_v3 *)node->node_data;
	struct acpi_iort_pmcg *pmcg = (struct acpi_iort_pmcg *)node->node_data;

	if (node->type == ACPI_IORT_NODE_SMMU_V3)
		regs->mmio = DEFINE_RES_MEM(smmu->base_address, SZ_128K);
	else
		regs->mmio = DEFINE_RES_MEM(pmcg->page0_base_address, SZ_4K);
	snprintf(regs->name, sizeof(regs->name), "IORT node %#llx", regs->mmio.start);
}

static void __init iort_for_each(int type, pkvm_smmu_fw_fn fn, void *data)
{
	struct acpi_table_header *table;
	struct acpi_table_iort *iort;
	struct acpi_iort_node *node;
	unsigned int i;

	if (acpi_disabled || ACPI_FAILURE(acpi_get_table(ACPI_SIG_IORT, 0, &table)))
		return;

	iort = (struct acpi_table_iort *)table;
	node = ACPI_ADD_PTR(struct acpi_iort_node, iort, iort->node_offset);
	for (i = 0; i < iort->node_count; i++) {
		struct pkvm_smmu_fw_regs regs = { .available = true, .powered = true };

		if ((void *)(node + 1) > (void *)iort + table->length)
			break;
		if (node->type == type) {
			iort_read_regs(node, &regs);
			fn(&regs, data);
		}
		node = ACPI_ADD_PTR(struct acpi_iort_node, node, node->length);
	}
	acpi_put_table(table);
}
#else
static inline void iort_for_each(int type, pkvm_smmu_fw_fn fn, void *data) { }
#endif

/**
 * pkvm_smmu_fw_for_each - Visit all hardware of a kind that firmware describes
 * @kind: of hardware
 * @fn:   called for each node of the devicetree, with any status, or of the IORT, where
 *        there are no GIC ITSs
 * @data: passed to @fn
 */
void __init pkvm_smmu_fw_for_each(enum pkvm_smmu_fw_kind kind, pkvm_smmu_fw_fn fn, void *data)
{
	of_for_each(fw_kinds[kind].compatible, fn, data);
	iort_for_each(fw_kinds[kind].iort_type, fn, data);
}
