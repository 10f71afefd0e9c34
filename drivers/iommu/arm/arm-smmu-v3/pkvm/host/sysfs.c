// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's side of DMA isolation with SMMUv3, at EL1: the attributes of an SMMU in sysfs.
 */
#include <linux/device.h>
#include <linux/io.h>
#include <linux/sysfs.h>

#include "host.h"

/*
 * The emulated SMMU toggles GERROR.SFM_ERR once, when the hypervisor gives the hardware up. The
 * driver of the auxiliary device may acknowledge that in GERRORN, so GERROR alone counts.
 */
static bool smmu_is_dead(const struct pkvm_smmu_status *status)
{
	void __iomem *base = ioremap(status->mmio_base, ARM_SMMU_REG_SZ);
	bool dead;

	if (!base)
		return false;
	dead = readl_relaxed(base + ARM_SMMU_GERROR) & GERROR_SFM_ERR;
	iounmap(base);

	return dead;
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pkvm_smmu_status status = pkvm_smmu_get_status(dev);

	switch (status.state) {
	case SMMU_OWNED:
		return sysfs_emit(buf, smmu_is_dead(&status) ? "dead\n" : "owned\n");
	case SMMU_WITHHELD:
		return sysfs_emit(buf, "withheld\n");
	case SMMU_STUCK:
		return sysfs_emit(buf, "stuck\n");
	default:
		return sysfs_emit(buf, "native\n");
	}
}
static DEVICE_ATTR_RO(state);

static ssize_t reason_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pkvm_smmu_status status = pkvm_smmu_get_status(dev);

	return sysfs_emit(buf, "%s\n", status.reason);
}
static DEVICE_ATTR_RO(reason);

static struct attribute *pkvm_attrs[] = {
	&dev_attr_state.attr,
	&dev_attr_reason.attr,
	NULL
};

static const struct attribute_group pkvm_attr_group = {
	.name	= "pkvm",
	.attrs	= pkvm_attrs,
};

/* One value a call: the hypervisor reads it while nobody else changes it. */
static ssize_t stat_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	unsigned long stat = (unsigned long)container_of(attr, struct dev_ext_attribute, attr)->var;
	struct pkvm_smmu_status status = pkvm_smmu_get_status(dev);
	long val = kvm_call_hyp_nvhe(__pkvm_iommu_stat, status.idx, stat);

	return val < 0 ? val : sysfs_emit(buf, "%ld\n", val);
}

#define SMMU_STAT_ATTR(_name, _stat)					\
	static struct dev_ext_attribute stat_attr_##_name = {		\
		.attr	= __ATTR(_name, 0400, stat_show, NULL),		\
		.var	= (void *)(unsigned long)_stat,			\
	}

SMMU_STAT_ATTR(traps, SMMU_STAT_TRAPS);
SMMU_STAT_ATTR(commands, SMMU_STAT_COMMANDS);
SMMU_STAT_ATTR(commands_refused, SMMU_STAT_REFUSED_COMMANDS);
SMMU_STAT_ATTR(stes_refused, SMMU_STAT_REFUSED_STES);
SMMU_STAT_ATTR(invalidations, SMMU_STAT_INVALIDATIONS);
SMMU_STAT_ATTR(pages_revoked, SMMU_STAT_REVOKED_PAGES);
SMMU_STAT_ATTR(s2_faults, SMMU_STAT_S2_FAULTS);

static struct attribute *pkvm_stat_attrs[] = {
	&stat_attr_traps.attr.attr,
	&stat_attr_commands.attr.attr,
	&stat_attr_commands_refused.attr.attr,
	&stat_attr_stes_refused.attr.attr,
	&stat_attr_invalidations.attr.attr,
	&stat_attr_pages_revoked.attr.attr,
	&stat_attr_s2_faults.attr.attr,
	NULL
};

static const struct attribute_group pkvm_stat_group = {
	.name	= "pkvm_stats",
	.attrs	= pkvm_stat_attrs,
};

static void add_group(struct device *dev, const struct attribute_group *group)
{
	if (device_add_group(dev, group))
		dev_warn(dev, "no %s attributes in sysfs\n", group->name);
}

void pkvm_smmu_add_attrs(struct device *dev)
{
	add_group(dev, &pkvm_attr_group);
}

void pkvm_smmu_add_stats(struct device *dev)
{
	add_group(dev, &pkvm_stat_group);
}
