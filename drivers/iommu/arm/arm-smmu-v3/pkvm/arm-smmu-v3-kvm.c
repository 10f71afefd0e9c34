// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's side of DMA isolation with SMMUv3, at EL1.
 *
 * Where a protected boot was asked for, this platform driver comes before
 * arm-smmu-v3 and claims every SMMU that the hypervisor can own. While the host
 * is still trusted it hands over what the hypervisor needs of each; once the
 * host is not, it adds an auxiliary device per owned SMMU, to which arm-smmu-v3
 * binds as it would to the platform device. The platform device stays bound to
 * this driver: whoever looks sees that the hardware is not the host's.
 *
 * An SMMU that cannot be owned goes to arm-smmu-v3 as if this driver were not
 * there, with a message that DMA behind it is not isolated. From the moment the
 * hypervisor has the last word nothing is given back.
 */
#define pr_fmt(fmt) "arm-smmu-v3-kvm: " fmt

#include <linux/auxiliary_bus.h>
#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/list.h>
#include <linux/mod_devicetable.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>

#include <asm/kvm_iommu_pgtable.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pkvm.h>

#include <clocksource/arm_arch_timer.h>

#include "arm-smmu-v3-kvm.h"

/* When the driver core lets consumers go on without an IOMMU, deferred_probe_timeout=. */
#define DRIVER_TIMEOUT		(10 * HZ)

/* kvm-arm.iommu= */
static enum {
	PKVM_IOMMU_OWN,
	PKVM_IOMMU_NATIVE,
	PKVM_IOMMU_REQUIRE,
} pkvm_iommu_mode = PKVM_IOMMU_OWN;

enum pkvm_smmu_state {
	SMMU_CLAIMED,		/* bound to this driver, the host's */
	SMMU_REGISTERED,	/* its MMIO and memory are the hypervisor's */
	SMMU_OWNED,		/* and it is enabled, for ever */
	SMMU_NATIVE,		/* not isolated */
	SMMU_STUCK,		/* the hypervisor could not undo the registration */
};

/*
 * An SMMUv3 of the machine, owned or not. Never freed: sysfs shows it.
 *
 * @node:    in smmus
 * @dev:     the platform device; a reference is held
 * @aux:     the auxiliary device of an owned SMMU, or NULL
 * @info:    what the hypervisor is told
 * @idx:     of pkvm_smmu_v3_infos[], and number of the auxiliary device
 * @oas:     bits of the addresses that it can put out
 * @state:   see there
 * @settled: the driver that it will have is decided
 * @reason:  why it is not owned
 */
struct pkvm_smmu {
	struct list_head node;
	struct device *dev;
	struct auxiliary_device *aux;
	struct pkvm_smmu_v3_info info;
	unsigned int idx;
	u8 oas;
	enum pkvm_smmu_state state;
	bool settled;
	char reason[80];
};

/* Guards smmus and what is in it, nr_claimed and takeover_closed. */
static DEFINE_MUTEX(smmus_lock);
static LIST_HEAD(smmus);
static unsigned int nr_claimed;
/* The hypervisor takes no more SMMUs. */
static bool takeover_closed;

#define for_each_smmu(smmu) list_for_each_entry(smmu, &smmus, node)

static int __init early_pkvm_iommu_cfg(char *arg)
{
	static const char * const modes[] = {
		[PKVM_IOMMU_OWN]	= "own",
		[PKVM_IOMMU_NATIVE]	= "native",
		[PKVM_IOMMU_REQUIRE]	= "require",
	};
	int mode = arg ? match_string(modes, ARRAY_SIZE(modes), arg) : -EINVAL;

	if (mode < 0)
		pr_err("kvm-arm.iommu=%s is none of own, native, require: own is used\n", arg);
	else
		pkvm_iommu_mode = mode;

	return 0;
}
early_param("kvm-arm.iommu", early_pkvm_iommu_cfg);

static struct pkvm_smmu *smmu_find(struct device *dev)
{
	struct pkvm_smmu *smmu;

	lockdep_assert_held(&smmus_lock);
	for_each_smmu(smmu)
		if (smmu->dev == dev)
			return smmu;

	return NULL;
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pkvm_smmu *smmu;

	guard(mutex)(&smmus_lock);
	smmu = smmu_find(dev);

	switch (smmu->state) {
	case SMMU_OWNED:
		return sysfs_emit(buf, "owned\n");
	case SMMU_STUCK:
		return sysfs_emit(buf, "stuck\n");
	default:
		return sysfs_emit(buf, "native\n");
	}
}
static DEVICE_ATTR_RO(state);

static ssize_t reason_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pkvm_smmu *smmu;

	guard(mutex)(&smmus_lock);
	smmu = smmu_find(dev);

	return sysfs_emit(buf, "%s\n", smmu->state == SMMU_OWNED ? "-" : smmu->reason);
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

/* The attributes are the device's, whatever driver it has in the end. */
static struct pkvm_smmu *smmu_add(struct device *dev)
{
	struct pkvm_smmu *smmu;

	lockdep_assert_held(&smmus_lock);
	smmu = kzalloc_obj(*smmu);
	if (!smmu)
		return NULL;

	smmu->dev = get_device(dev);
	smmu->state = SMMU_CLAIMED;
	list_add_tail(&smmu->node, &smmus);
	if (device_add_group(dev, &pkvm_attr_group))
		dev_warn(dev, "no pkvm attributes in sysfs\n");

	return smmu;
}

/* @reason has no full stop; an @err other than 0 is appended. */
static void smmu_refuse(struct pkvm_smmu *smmu, const char *reason, int err)
{
	lockdep_assert_held(&smmus_lock);
	if (err)
		scnprintf(smmu->reason, sizeof(smmu->reason), "%s (%d)", reason, err);
	else
		strscpy(smmu->reason, reason);

	smmu->state = SMMU_NATIVE;
	dev_warn(smmu->dev, "pKVM: DMA behind it is NOT isolated: %s\n", smmu->reason);
}

static int smmu_claim(struct pkvm_smmu *smmu)
{
	struct platform_device *pdev = to_platform_device(smmu->dev);
	struct pkvm_smmu_v3_info *info = &smmu->info;
	struct resource *res;
	struct smmu_emu_ids ids;
	const char *reason;

	reason = smmu_fw_check(pdev);
	if (!reason)
		reason = smmu_hw_check(pdev, &ids);
	if (reason) {
		smmu_refuse(smmu, reason, 0);
		return -ENODEV;
	}

	if (smmu_mem_alloc(info, &ids)) {
		smmu_refuse(smmu, "out of memory", 0);
		return -ENOMEM;
	}

	res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	info->mmio_base = res->start;
	info->mmio_size = ALIGN_DOWN(resource_size(res), PAGE_SIZE);
	info->timer_freq = arch_timer_get_rate();
	smmu->oas = smmu_oas_bits(&ids);
	smmu->idx = nr_claimed++;

	return 0;
}

/* Why no SMMU at all can be claimed, or NULL. */
static const char *claim_obstacle(void)
{
	if (pkvm_iommu_mode == PKVM_IOMMU_NATIVE)
		return "kvm-arm.iommu=native";
	if (!hyp_mem_base)
		return "pKVM failed to initialise";
	if (takeover_closed)
		return "found after the hypervisor took the others over";
	if (nr_claimed == PKVM_SMMU_V3_MAX)
		return "more SMMUs than the hypervisor has room for";

	return NULL;
}

static int smmu_kvm_probe(struct platform_device *pdev)
{
	struct pkvm_smmu *smmu;
	const char *obstacle;
	int ret = -ENODEV;

	guard(mutex)(&smmus_lock);
	/* Handed back: it is the native driver's turn. */
	if (smmu_find(&pdev->dev))
		return -ENODEV;

	smmu = smmu_add(&pdev->dev);
	if (!smmu)
		return -ENOMEM;

	obstacle = claim_obstacle();
	if (obstacle)
		smmu_refuse(smmu, obstacle, 0);
	else
		ret = smmu_claim(smmu);

	smmu->settled = ret < 0;
	return ret;
}

static const struct of_device_id smmu_kvm_of_match[] = {
	{ .compatible = "arm,smmu-v3" },
	{ }
};

/* The name that IORT's devices have. */
static const struct platform_device_id smmu_kvm_id_table[] = {
	{ .name = "arm-smmu-v3" },
	{ }
};

static struct platform_driver smmu_kvm_driver = {
	.driver	= {
		.name			= "arm-smmu-v3-kvm",
		.of_match_table		= smmu_kvm_of_match,
		/* All are claimed when registration returns. */
		.probe_type		= PROBE_FORCE_SYNCHRONOUS,
		.suppress_bind_attrs	= true,
	},
	.id_table = smmu_kvm_id_table,
	.probe	= smmu_kvm_probe,
};

/* Before device_initcall, where arm-smmu-v3 may register. */
static int __init smmu_kvm_init(void)
{
	if (!is_protected_kvm_enabled())
		return 0;

	return platform_driver_register(&smmu_kvm_driver);
}
subsys_initcall(smmu_kvm_init);

/*
 * Takeover.
 */

static void __init smmu_release(struct pkvm_smmu *smmu, const char *reason, int err)
{
	int ret = kvm_call_hyp_nvhe(__pkvm_smmu_v3_release, smmu->idx);

	smmu_refuse(smmu, reason, err);
	if (ret) {
		smmu->state = SMMU_STUCK;
		dev_err(smmu->dev, "pKVM: the hypervisor cannot let go of it (%d)\n", ret);
		return;
	}

	smmu->info.pool = pkvm_smmu_v3_infos[smmu->idx].pool;
	smmu_mem_free(&smmu->info);
}

static void __init smmu_register(struct pkvm_smmu *smmu, u8 ia_bits)
{
	struct pkvm_smmu_v3_info *info = &pkvm_smmu_v3_infos[smmu->idx];
	int ret;

	hyp_range_debug(smmu->dev, "cmdq", smmu->info.cmdq_base,
			BIT(smmu->info.cmdq_shift + CMDQ_ENT_SZ_SHIFT));
	hyp_range_debug(smmu->dev, "strtab", smmu->info.strtab_base, smmu->info.strtab_size);
	hyp_pool_debug(smmu->dev, "strtab_pool", &smmu->info.pool);

	smmu->info.pa_bits = ia_bits;
	*info = smmu->info;
	ret = kvm_call_hyp_nvhe(__pkvm_smmu_v3_register, smmu->idx);
	if (!ret) {
		smmu->state = SMMU_REGISTERED;
		return;
	}

	smmu->info.pool = info->pool;
	smmu_refuse(smmu, "the hypervisor refused to register it", ret);
	smmu_mem_free(&smmu->info);
}

static void __init smmu_enable(struct pkvm_smmu *smmu)
{
	int ret = kvm_call_hyp_nvhe(__pkvm_smmu_v3_enable, smmu->idx);

	if (ret) {
		smmu_release(smmu, "the hypervisor failed to enable it", ret);
		return;
	}

	smmu->state = SMMU_OWNED;
	dev_info(smmu->dev, "pKVM: owned by the hypervisor, DMA behind it is isolated\n");
}

static unsigned int __init count_smmus(enum pkvm_smmu_state state)
{
	struct pkvm_smmu *smmu;
	unsigned int nr = 0;

	for_each_smmu(smmu)
		nr += smmu->state == state;

	return nr;
}

bool smmu_has_mmio(struct resource *res)
{
	struct pkvm_smmu *smmu;

	lockdep_assert_held(&smmus_lock);
	for_each_smmu(smmu)
		if (smmu->state == SMMU_REGISTERED && res->start >= smmu->info.mmio_base &&
		    res->end < smmu->info.mmio_base + smmu->info.mmio_size)
			return true;

	return false;
}

static void __init smmu_release_all(const char *reason, int err)
{
	struct pkvm_smmu *smmu;

	for_each_smmu(smmu)
		if (smmu->state == SMMU_REGISTERED)
			smmu_release(smmu, reason, err);
}

/**
 * pkvm_iommu_take_over - Give the hypervisor every SMMU that was claimed
 *
 * Whatever fails leaves an SMMU to the native driver; see pkvm_iommu_finalised().
 *
 * Context: the hypervisor is initialised and trusts the host.
 */
void __init pkvm_iommu_take_over(void)
{
	u8 ia_bits, pa_bits = HYP_IOMMU_MAX_IA_BITS;
	unsigned int nr_mmio_blocks = 0;
	struct pkvm_smmu *smmu;
	int ret;

	guard(mutex)(&smmus_lock);
	takeover_closed = true;

	for_each_smmu(smmu) {
		if (smmu->state != SMMU_CLAIMED)
			continue;
		pa_bits = min(pa_bits, smmu->oas);
		nr_mmio_blocks += pkvm_iommu_mmio_blocks(smmu->info.mmio_size);
	}

	ia_bits = pkvm_iommu_ia_bits(pa_bits);
	for_each_smmu(smmu)
		if (smmu->state == SMMU_CLAIMED)
			smmu_register(smmu, ia_bits);

	if (!count_smmus(SMMU_REGISTERED))
		return;

	ret = pkvm_pmcgs_hide(&nr_mmio_blocks);
	if (ret) {
		smmu_release_all("performance monitors could write past the hypervisor", ret);
		goto unhide;
	}

	ret = pkvm_iommu_s2_prepare(ia_bits, pa_bits, nr_mmio_blocks);
	if (ret) {
		smmu_release_all("no stage 2 for devices", ret);
		goto unhide;
	}

	for_each_smmu(smmu)
		if (smmu->state == SMMU_REGISTERED)
			smmu_enable(smmu);
	if (count_smmus(SMMU_OWNED) || count_smmus(SMMU_STUCK))
		return;

	pkvm_iommu_s2_release();
unhide:
	pkvm_pmcgs_unhide();
}

/*
 * Drivers.
 */

static void smmu_warn_driverless(struct work_struct *work)
{
	struct pkvm_smmu *smmu;

	guard(mutex)(&smmus_lock);
	for_each_smmu(smmu) {
		if (smmu->aux && !device_is_bound(&smmu->aux->dev))
			dev_warn(&smmu->aux->dev,
				 "no driver: all DMA behind it aborts, and devices may soon be set up without an IOMMU; load arm_smmu_v3 from the initramfs\n");
	}
}

static DECLARE_DELAYED_WORK(warn_driverless_work, smmu_warn_driverless);

static void __init smmu_settle(struct pkvm_smmu *smmu)
{
	int ret;

	switch (smmu->state) {
	case SMMU_OWNED:
		smmu->aux = smmu_aux_add(smmu->dev, smmu->idx);
		break;
	case SMMU_NATIVE:
		ret = device_reprobe(smmu->dev);
		if (ret < 0)
			dev_err(smmu->dev, "cannot be handed back to its driver (%d)\n", ret);
		break;
	default:
		break;
	}
}

static struct pkvm_smmu *__init next_unsettled_smmu(void)
{
	struct pkvm_smmu *smmu;

	guard(mutex)(&smmus_lock);
	for_each_smmu(smmu) {
		if (!smmu->settled) {
			smmu->settled = true;
			return smmu;
		}
	}

	return NULL;
}

/* An SMMU whose suppliers were not there in time has not been claimed. */
static int __init smmu_note_unclaimed(struct device *dev, void *unused)
{
	struct pkvm_smmu *smmu;

	if (!platform_bus_type.match(dev, &smmu_kvm_driver.driver))
		return 0;

	guard(mutex)(&smmus_lock);
	if (smmu_find(dev))
		return 0;

	smmu = smmu_add(dev);
	if (!smmu)
		return -ENOMEM;
	smmu_refuse(smmu, "could not be probed before the takeover", 0);
	smmu->settled = true;

	return 0;
}

/**
 * pkvm_iommu_finalised - Let drivers have the SMMUs
 *
 * An owned SMMU gets its auxiliary device, any other its native driver. Without
 * a preceding pkvm_iommu_take_over() nothing is owned.
 *
 * Context: the hypervisor does not trust the host any more, or is not there.
 */
void __init pkvm_iommu_finalised(void)
{
	struct pkvm_smmu *smmu;

	if (!is_protected_kvm_enabled())
		return;

	scoped_guard(mutex, &smmus_lock) {
		takeover_closed = true;
		for_each_smmu(smmu) {
			if (smmu->state != SMMU_CLAIMED)
				continue;
			smmu_mem_free(&smmu->info);
			smmu_refuse(smmu, "pKVM failed to initialise", 0);
		}
	}

	bus_for_each_dev(&platform_bus_type, NULL, NULL, smmu_note_unclaimed);
	while ((smmu = next_unsettled_smmu()))
		smmu_settle(smmu);

	if (IS_MODULE(CONFIG_ARM_SMMU_V3))
		schedule_delayed_work(&warn_driverless_work, DRIVER_TIMEOUT);
}

/**
 * pkvm_iommu_allows_protected_vm - Whether a protected VM may be created
 *
 * Return: false with kvm-arm.iommu=require and an SMMUv3 that is not owned.
 */
bool pkvm_iommu_allows_protected_vm(void)
{
	struct pkvm_smmu *smmu;

	if (pkvm_iommu_mode != PKVM_IOMMU_REQUIRE)
		return true;

	guard(mutex)(&smmus_lock);
	for_each_smmu(smmu) {
		if (smmu->state == SMMU_OWNED)
			continue;
		pr_warn_once("kvm-arm.iommu=require: no protected VM, as DMA behind %s is not isolated: %s\n",
			     dev_name(smmu->dev), smmu->reason);
		return false;
	}

	return true;
}
