// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's side of DMA isolation with SMMUv3, at EL1.
 *
 * If a protected boot was asked for, this platform driver comes before arm-smmu-v3 and claims
 * every SMMU that the hypervisor can own. While the host is still trusted, it hands over memory
 * and a description of each. Once the host is not trusted, it adds an auxiliary device for each
 * owned SMMU, to which arm-smmu-v3 binds as it would to the platform device. The platform device
 * stays bound to this driver, which shows that the hardware is not the host's.
 *
 * An SMMU that cannot be owned goes to arm-smmu-v3 as if this driver did not exist, with a
 * message that DMA is not isolated. Once the host is not trusted, the hypervisor gives no SMMU
 * back.
 *
 * An SMMU is a DMA master by itself, at physical addresses. So the firmware tables, not
 * platform devices, say which SMMUs there are. One that has no platform device at the
 * takeover is *withheld*: the hypervisor takes its registers, so nobody can program it,
 * and leaves them alone, as the SMMU may be without power or clock. The SMMU may also be running,
 * with firmware's tables in memory that is the host's now, and devices behind it may bypass it:
 * like a native SMMU it is a gap in the isolation.
 */
#define pr_fmt(fmt) "arm-smmu-v3-kvm: " fmt

#include <linux/acpi.h>
#include <linux/auxiliary_bus.h>
#include <linux/cleanup.h>
#include <linux/dma-map-ops.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/mod_devicetable.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>

#include <asm/kvm_iommu_pgtable.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pkvm.h>

#include <clocksource/arm_arch_timer.h>

#include "host.h"

/* When the driver core lets consumers go on without an IOMMU, deferred_probe_timeout=. */
#define DRIVER_TIMEOUT		(10 * HZ)

/* kvm-arm.iommu= */
static enum {
	PKVM_IOMMU_OWN,
	PKVM_IOMMU_NATIVE,
	PKVM_IOMMU_REQUIRE,
} pkvm_iommu_mode = PKVM_IOMMU_OWN;

/*
 * An SMMUv3 of the machine, owned or not. Never freed: sysfs shows it.
 *
 * @node:    in smmus
 * @name:    of the platform device, or of the firmware node if it has none
 * @regs:    its registers, empty if unknown
 * @dev:     the platform device; a reference is held. NULL if there is none yet
 * @aux:     the auxiliary device of an owned SMMU, or NULL
 * @info:    what the hypervisor is told
 * @idx:     of pkvm_smmu_v3_infos[], and number of the auxiliary device
 * @ids:     its identification registers, once it is claimed
 * @state:   see there
 * @settled: the driver that it will have is decided
 * @reason:  why it is not owned
 */
struct pkvm_smmu {
	struct list_head node;
	const char *name;
	struct resource regs;
	struct device *dev;
	struct auxiliary_device *aux;
	struct pkvm_smmu_v3_info info;
	struct pkvm_smmu_ids ids;
	unsigned int idx;
	enum pkvm_smmu_state state;
	bool settled;
	char reason[SMMU_REASON_MAX];
};

/* Guards smmus and its entries, nr_claimed, takeover_closed and isolation_gap. */
static DEFINE_MUTEX(smmus_lock);
static LIST_HEAD(smmus);
static unsigned int nr_claimed;
/* Set when the hypervisor takes no more SMMUs */
static bool takeover_closed;
/* Why DMA is not isolated on this machine, empty if it is. */
static char isolation_gap[160];

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
		pr_err("kvm-arm.iommu=%s is none of own, native, require: own is used\n",
		       arg ?: "");
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

struct pkvm_smmu_status pkvm_smmu_get_status(struct device *dev)
{
	struct pkvm_smmu_status status;
	struct pkvm_smmu *smmu;

	guard(mutex)(&smmus_lock);
	smmu = smmu_find(dev);
	status.state = smmu->state;
	status.mmio_base = smmu->info.mmio_base;
	status.idx = smmu->idx;
	strscpy(status.reason, smmu->reason);

	return status;
}

static struct pkvm_smmu *smmu_find_regs(const struct resource *regs)
{
	struct pkvm_smmu *smmu;

	lockdep_assert_held(&smmus_lock);
	for_each_smmu(smmu)
		if (resource_size(&smmu->regs) && resource_overlaps(&smmu->regs, regs))
			return smmu;

	return NULL;
}

/*
 * Note and print why DMA is not isolated. One reason voids the isolation of the whole machine,
 * so only the first is kept.
 */
static __printf(1, 2) void smmu_add_gap(const char *fmt, ...)
{
	char gap[sizeof(isolation_gap)];
	va_list args;

	lockdep_assert_held(&smmus_lock);
	va_start(args, fmt);
	vscnprintf(gap, sizeof(gap), fmt, args);
	va_end(args);

	pr_warn("DMA is NOT isolated: %s\n", gap);
	if (!isolation_gap[0])
		strscpy(isolation_gap, gap);
}

/* The sysfs attributes belong to the device. They stay with any driver that it gets later. */
static void smmu_set_dev(struct pkvm_smmu *smmu, struct device *dev)
{
	lockdep_assert_held(&smmus_lock);
	put_device(smmu->dev);
	smmu->dev = get_device(dev);
	pkvm_smmu_add_attrs(dev);
}

static struct pkvm_smmu *smmu_add(const char *name, const struct resource *regs)
{
	struct pkvm_smmu *smmu;

	lockdep_assert_held(&smmus_lock);
	smmu = kzalloc_obj(*smmu);
	if (!smmu)
		return NULL;

	smmu->name = kstrdup(name, GFP_KERNEL) ?: "an SMMUv3";
	smmu->state = SMMU_CLAIMED;
	smmu->regs = regs ? *regs : DEFINE_RES_MEM(0, 0);
	list_add_tail(&smmu->node, &smmus);

	return smmu;
}

static struct pkvm_smmu *smmu_add_dev(struct device *dev)
{
	struct resource *regs = platform_get_resource(to_platform_device(dev), IORESOURCE_MEM, 0);
	struct pkvm_smmu *smmu = smmu_add(dev_name(dev), regs);

	if (smmu)
		smmu_set_dev(smmu, dev);

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
	smmu_add_gap("%s: %s", smmu->name, smmu->reason);
}

static int smmu_claim(struct pkvm_smmu *smmu)
{
	struct platform_device *pdev = to_platform_device(smmu->dev);
	struct pkvm_smmu_v3_info *info = &smmu->info;
	struct resource *res, cmdqv;
	const char *reason;

	reason = pkvm_smmu_check_fw(pdev, &cmdqv);
	if (!reason)
		reason = pkvm_smmu_check_hw(pdev, &smmu->ids);
	if (reason) {
		smmu_refuse(smmu, reason, 0);
		return -ENODEV;
	}

	if (pkvm_smmu_mem_alloc(info, &smmu->ids)) {
		smmu_refuse(smmu, "out of memory", 0);
		return -ENOMEM;
	}

	res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	info->mmio_base = res->start;
	info->mmio_size = ALIGN_DOWN(resource_size(res), PAGE_SIZE);
	info->cmdqv_base = cmdqv.start;
	info->cmdqv_size = resource_size(&cmdqv);
	info->timer_freq = arch_timer_get_rate();
	/* By dma-coherent of the node or its bus, or by COHACC of the IORT's node. */
	info->coherent = dev_is_dma_coherent(smmu->dev);
	info->repeat = pkvm_smmu_repeats(pdev->dev.of_node);
	smmu->idx = nr_claimed++;

	return 0;
}

/* Return the reason why no SMMU can be claimed at all, or NULL. */
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

static const struct of_device_id smmu_kvm_of_match[] = {
	{ .compatible = "arm,smmu-v3" },
	{ }
};

/* The name of platform devices that come from the IORT */
static const struct platform_device_id smmu_kvm_id_table[] = {
	{ .name = "arm-smmu-v3" },
	{ }
};

static bool is_smmu_v3(struct device *dev)
{
	if (dev->of_node)
		return of_match_node(smmu_kvm_of_match, dev->of_node);

	return is_acpi_static_node(dev_fwnode(dev)) &&
	       !strcmp(to_platform_device(dev)->name, smmu_kvm_id_table[0].name);
}

/*
 * Bind an SMMU that gets its platform device after the takeover, because its bus is populated
 * late or an overlay enables it. Otherwise another driver would take zeroes for an SMMU.
 */
static int smmu_probe_late(struct pkvm_smmu *smmu, struct device *dev)
{
	smmu_set_dev(smmu, dev);
	if (smmu->state != SMMU_WITHHELD)
		return -ENODEV;

	dev_warn(dev, "pKVM: has no driver, as the hypervisor withholds its registers: %s\n",
		 smmu->reason);
	return 0;
}

static int smmu_kvm_probe(struct platform_device *pdev)
{
	struct resource *regs = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	struct pkvm_smmu *smmu;
	const char *obstacle;
	int ret = -ENODEV;

	/* With driver_override any device can get here. */
	if (!is_smmu_v3(&pdev->dev))
		return -ENODEV;

	guard(mutex)(&smmus_lock);
	/* This SMMU was handed back: leave it to the native driver. */
	if (smmu_find(&pdev->dev))
		return -ENODEV;

	smmu = takeover_closed && regs ? smmu_find_regs(regs) : NULL;
	if (smmu)
		return smmu_probe_late(smmu, &pdev->dev);

	smmu = smmu_add_dev(&pdev->dev);
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

static ssize_t isolation_gap_show(struct device_driver *drv, char *buf)
{
	guard(mutex)(&smmus_lock);

	return sysfs_emit(buf, "%s\n", isolation_gap);
}
static DRIVER_ATTR_RO(isolation_gap);

static struct attribute *smmu_kvm_driver_attrs[] = {
	&driver_attr_isolation_gap.attr,
	NULL
};
ATTRIBUTE_GROUPS(smmu_kvm_driver);

static struct platform_driver smmu_kvm_driver = {
	.driver	= {
		.name			= "arm-smmu-v3-kvm",
		.of_match_table		= smmu_kvm_of_match,
		/* All SMMUs are claimed when registration returns. */
		.probe_type		= PROBE_FORCE_SYNCHRONOUS,
		.suppress_bind_attrs	= true,
		.groups			= smmu_kvm_driver_groups,
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
	int ret = kvm_call_hyp_nvhe(__pkvm_iommu_unregister, smmu->idx);

	smmu_refuse(smmu, reason, err);
	if (ret) {
		smmu->state = SMMU_STUCK;
		dev_err(smmu->dev, "pKVM: the hypervisor cannot let go of it (%d)\n", ret);
		return;
	}

	smmu->info.pool = pkvm_smmu_v3_infos[smmu->idx].pool;
	pkvm_smmu_mem_free(&smmu->info);
}

static void __init smmu_register(struct pkvm_smmu *smmu)
{
	struct pkvm_smmu_v3_info *info = &pkvm_smmu_v3_infos[smmu->idx];
	int ret;

	pkvm_smmu_debug_range(smmu->dev, "cmdq", smmu->info.cmdq_base,
			      BIT(smmu->info.cmdq_shift + CMDQ_ENT_SZ_SHIFT));
	pkvm_smmu_debug_range(smmu->dev, "strtab", smmu->info.strtab_base, smmu->info.strtab_size);
	pkvm_smmu_debug_memcache(smmu->dev, "strtab_pool", &smmu->info.pool);

	*info = smmu->info;
	ret = kvm_call_hyp_nvhe(__pkvm_iommu_register, smmu->idx);
	if (!ret) {
		smmu->state = SMMU_REGISTERED;
		return;
	}

	smmu->info.pool = info->pool;
	if (ret > 0)
		smmu_refuse(smmu, pkvm_smmu_refusal_str(ret), 0);
	else
		smmu_refuse(smmu, "the hypervisor refused to register it", ret);
	pkvm_smmu_mem_free(&smmu->info);
}

static void __init smmu_enable(struct pkvm_smmu *smmu)
{
	int ret = kvm_call_hyp_nvhe(__pkvm_iommu_enable, smmu->idx);

	if (ret) {
		smmu_release(smmu, "the hypervisor failed to enable it", ret);
		return;
	}

	smmu->state = SMMU_OWNED;
	dev_info(smmu->dev, "pKVM: owned by the hypervisor, DMA behind it is isolated\n");
}

/* Count the MMIO blocks that the hypervisor takes with an SMMU. */
static unsigned int __init smmu_mmio_blocks(const struct pkvm_smmu *smmu)
{
	return pkvm_smmu_mmio_blocks(smmu->info.mmio_size) +
	       pkvm_smmu_mmio_blocks(pkvm_smmu_ecmdq_size(&smmu->ids)) +
	       pkvm_smmu_mmio_blocks(pkvm_smmu_vatos_offset(&smmu->ids) ? SZ_64K : 0) +
	       pkvm_smmu_mmio_blocks(smmu->info.cmdqv_size);
}

static unsigned int __init count_smmus(enum pkvm_smmu_state state)
{
	struct pkvm_smmu *smmu;
	unsigned int nr = 0;

	for_each_smmu(smmu)
		nr += smmu->state == state;

	return nr;
}

/* Check whether @res lies in registers of an SMMU that the hypervisor has taken. */
static bool __init smmu_has_mmio(const struct resource *res)
{
	struct pkvm_smmu *smmu;

	lockdep_assert_held(&smmus_lock);
	for_each_smmu(smmu)
		if ((smmu->state == SMMU_REGISTERED || smmu->state == SMMU_WITHHELD) &&
		    resource_size(res) && resource_contains(&smmu->regs, res))
			return true;

	return false;
}

static void __init smmu_hide_pmcg(const struct pkvm_smmu_fw_regs *regs, void *nr_mmio_blocks)
{
	int ret;

	if (smmu_has_mmio(&regs->mmio))
		return;

	ret = pkvm_smmu_hide_pmcg(regs);
	if (ret < 0) {
		smmu_add_gap("%s: MSIs of performance counters cannot be taken (%d)",
			     regs->name, ret);
	} else if (ret) {
		pr_info("%s: registers of performance counters are hidden, as MSIs would be written past the hypervisor\n",
			regs->name);
		*(unsigned int *)nr_mmio_blocks +=
			pkvm_smmu_mmio_blocks(resource_size(&regs->mmio));
	}
}

/* Withhold an SMMU without platform device: disabled, or on a bus not populated yet. */
static void __init smmu_withhold(const struct pkvm_smmu_fw_regs *regs, void *nr_mmio_blocks)
{
	u64 size = resource_size(&regs->mmio);
	struct pkvm_smmu *smmu;
	int ret;

	if (size && smmu_find_regs(&regs->mmio))
		return;

	smmu = smmu_add(regs->name, &regs->mmio);
	if (!smmu) {
		smmu_add_gap("%s: out of memory", regs->name);
		return;
	}

	smmu->settled = true;
	if (!size) {
		smmu_refuse(smmu, "its registers cannot be found", 0);
		return;
	}

	ret = kvm_call_hyp_nvhe(__pkvm_host_hide_mmio, regs->mmio.start, size);
	if (ret) {
		smmu_refuse(smmu, "has no device, and its registers cannot be taken", ret);
		return;
	}

	smmu_refuse(smmu, regs->available ? "has no device at the takeover, registers withheld" :
					    "disabled by firmware, registers withheld", 0);
	smmu->state = SMMU_WITHHELD;
	*(unsigned int *)nr_mmio_blocks += pkvm_smmu_mmio_blocks(size);
}

/* Note an SMMU that was not claimed, because its suppliers were not there in time. */
static int __init smmu_note_unclaimed(struct device *dev, void *unused)
{
	struct pkvm_smmu *smmu;

	if (!is_smmu_v3(dev))
		return 0;

	guard(mutex)(&smmus_lock);
	if (smmu_find(dev))
		return 0;

	smmu = smmu_add_dev(dev);
	if (!smmu)
		return -ENOMEM;
	smmu_refuse(smmu, "could not be probed before the takeover", 0);
	smmu->settled = true;

	return 0;
}

static void __init smmus_note_unclaimed(void)
{
	int ret = bus_for_each_dev(&platform_bus_type, NULL, NULL, smmu_note_unclaimed);

	guard(mutex)(&smmus_lock);
	takeover_closed = true;
	if (ret)
		smmu_add_gap("out of memory for an SMMUv3");
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
 * An SMMU whose takeover fails is left to the native driver; see pkvm_iommu_finalised().
 *
 * Context: the hypervisor is initialised and trusts the host.
 */
void __init pkvm_iommu_take_over(void)
{
	u8 ia_bits, pa_bits = HYP_IOMMU_MAX_IA_BITS;
	unsigned int nr_mmio_blocks = 0;
	struct pkvm_smmu *smmu;
	int ret;

	smmus_note_unclaimed();
	guard(mutex)(&smmus_lock);
	if (pkvm_iommu_mode == PKVM_IOMMU_NATIVE)
		return;

	for_each_smmu(smmu) {
		if (smmu->state != SMMU_CLAIMED)
			continue;
		pa_bits = min(pa_bits, pkvm_smmu_oas_bits(smmu->ids.idr[5]));
		nr_mmio_blocks += smmu_mmio_blocks(smmu);
	}

	ia_bits = pkvm_smmu_ia_bits(pa_bits);
	for_each_smmu(smmu)
		if (smmu->state == SMMU_CLAIMED)
			smmu_register(smmu);

	pkvm_smmu_fw_for_each(PKVM_FW_SMMU_V3, smmu_withhold, &nr_mmio_blocks);
	if (!count_smmus(SMMU_REGISTERED))
		return;

	pkvm_smmu_fw_for_each(PKVM_FW_PMCG, smmu_hide_pmcg, &nr_mmio_blocks);
	pkvm_smmu_find_doorbells();
	ret = pkvm_smmu_s2_prepare(ia_bits, pa_bits, nr_mmio_blocks);
	if (ret) {
		smmu_release_all("no stage 2 for devices", ret);
		return;
	}

	for_each_smmu(smmu)
		if (smmu->state == SMMU_REGISTERED)
			smmu_enable(smmu);
	if (!count_smmus(SMMU_OWNED) && !count_smmus(SMMU_STUCK))
		pkvm_smmu_s2_release();
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
	struct auxiliary_device *aux;
	int ret;

	switch (smmu->state) {
	case SMMU_OWNED:
		pkvm_smmu_add_stats(smmu->dev);
		/* Probes the driver. */
		aux = pkvm_smmu_add_aux(smmu->dev, smmu->idx,
					pkvm_smmu_msi_domain(smmu->dev, &smmu->ids));
		scoped_guard(mutex, &smmus_lock)
			smmu->aux = aux;
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

	smmus_note_unclaimed();
	scoped_guard(mutex, &smmus_lock) {
		for_each_smmu(smmu) {
			if (smmu->state != SMMU_CLAIMED)
				continue;
			pkvm_smmu_mem_free(&smmu->info);
			smmu_refuse(smmu, "pKVM failed to initialise", 0);
		}
		if (list_empty(&smmus))
			smmu_add_gap("%s", pkvm_iommu_mode == PKVM_IOMMU_NATIVE ?
					   "kvm-arm.iommu=native" : "no SMMUv3 found");
		if (isolation_gap[0])
			pr_warn("one gap voids the isolation of the whole machine: a malicious host can reach the memory of the hypervisor and of protected VMs\n");
	}

	while ((smmu = next_unsettled_smmu()))
		smmu_settle(smmu);

	if (IS_MODULE(CONFIG_ARM_SMMU_V3))
		schedule_delayed_work(&warn_driverless_work, DRIVER_TIMEOUT);
}

/**
 * pkvm_iommu_allows_protected_vm - Check whether a protected VM may be created
 *
 * Return: false with kvm-arm.iommu=require unless all SMMUv3s that firmware describes
 * are owned, and at least one is.
 */
bool pkvm_iommu_allows_protected_vm(void)
{
	if (pkvm_iommu_mode != PKVM_IOMMU_REQUIRE)
		return true;

	guard(mutex)(&smmus_lock);
	if (!isolation_gap[0])
		return true;

	pr_warn_once("kvm-arm.iommu=require: no protected VM, as DMA is not isolated: %s\n",
		     isolation_gap);
	return false;
}
