// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device that the host's SMMUv3 driver binds to where the hypervisor owns
 * the SMMU.
 *
 * It has the platform device's firmware node, but the node leads to the platform
 * device still. That is bound before any driver can be asked to translate
 * anything: what makes the consumers of the SMMU wait is the IOMMU core, which
 * defers them until an IOMMU is registered for the node.
 */
#include <linux/auxiliary_bus.h>
#include <linux/of.h>
#include <linux/property.h>
#include <linux/slab.h>

#include "host.h"

static void smmu_aux_release(struct device *dev)
{
	fwnode_handle_put(dev_fwnode(dev));
	kfree(to_auxiliary_dev(dev));
}

static struct auxiliary_device *smmu_aux_alloc(struct device *parent, u32 id)
{
	struct auxiliary_device *aux = kzalloc_obj(*aux);

	if (!aux)
		return NULL;

	aux->name = ARM_SMMU_EMU_DEVNAME;
	aux->id = id;
	aux->dev.parent = parent;
	aux->dev.release = smmu_aux_release;
	device_set_node(&aux->dev, fwnode_handle_get(dev_fwnode(parent)));
	if (aux->dev.of_node)
		dev_set_of_node_reused(&aux->dev);

	if (auxiliary_device_init(aux)) {
		smmu_aux_release(&aux->dev);
		return NULL;
	}

	return aux;
}

struct auxiliary_device *pkvm_smmu_add_aux(struct device *parent, u32 id,
					   struct irq_domain *msi)
{
	struct auxiliary_device *aux = smmu_aux_alloc(parent, id);
	int ret = -ENOMEM;

	if (!aux)
		goto err;

	dev_set_msi_domain(&aux->dev, msi);
	ret = __auxiliary_device_add(aux, ARM_SMMU_EMU_MODNAME);
	if (!ret)
		return aux;

	auxiliary_device_uninit(aux);
err:
	dev_err(parent, "pKVM: no auxiliary device (%d): all DMA behind it aborts\n", ret);
	return NULL;
}
