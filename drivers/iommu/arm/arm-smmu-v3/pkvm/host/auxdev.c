// SPDX-License-Identifier: GPL-2.0-only
/*
 * The auxiliary device, which the host's SMMUv3 driver binds to if the hypervisor owns the
 * SMMU.
 *
 * It shares the firmware node with the platform device, but fw_devlink finds only the platform
 * device by the node. KVM's driver binds that early, before anything translates for the
 * SMMU's consumers. The IOMMU core makes the consumers wait: it defers their probe until an
 * IOMMU is registered for the node.
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

/**
 * pkvm_smmu_add_aux - Add the auxiliary device that stands for an owned SMMU
 * @parent: the platform device
 * @id:     number in its name
 * @msi:    from pkvm_smmu_msi_domain()
 *
 * A built-in driver is bound on return.
 *
 * Return: the device, or NULL after a message.
 */
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
