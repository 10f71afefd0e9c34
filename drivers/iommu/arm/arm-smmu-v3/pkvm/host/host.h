/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's side of DMA isolation with SMMUv3, at EL1: what its files share.
 */
#ifndef __ARM_SMMU_V3_KVM_H
#define __ARM_SMMU_V3_KVM_H

#include <linux/auxiliary_bus.h>
#include <linux/platform_device.h>

#include "../pkvm-smmu-v3.h"
#include "../emu/emu.h"

/* EL2's variable: pages for the tables of the device stage 2. */
#define hyp_iommu_pool kvm_nvhe_sym(hyp_iommu_pool)
extern struct kvm_hyp_memcache hyp_iommu_pool;

enum pkvm_smmu_state {
	SMMU_CLAIMED,		/* bound to this driver, the host's */
	SMMU_REGISTERED,	/* its MMIO and memory are the hypervisor's */
	SMMU_OWNED,		/* and it is enabled, for ever */
	SMMU_NATIVE,		/* not isolated */
	SMMU_WITHHELD,		/* its MMIO is the hypervisor's, it is nobody's to drive */
	SMMU_STUCK,		/* the hypervisor could not undo the registration */
};

#define SMMU_REASON_MAX		80

/* What sysfs shows of an SMMU: a copy of the fields of struct pkvm_smmu. */
struct pkvm_smmu_status {
	enum pkvm_smmu_state state;
	phys_addr_t mmio_base;
	unsigned int idx;
	char reason[SMMU_REASON_MAX];
};

/* @dev is the platform device of an SMMU. */
struct pkvm_smmu_status pkvm_smmu_get_status(struct device *dev);

/* Attributes, sysfs.c */

/* Add the attributes that every SMMU has, whoever owns it. */
void pkvm_smmu_add_attrs(struct device *dev);
/* Add the hypervisor's counters of an owned SMMU. Context: pKVM is finalised. */
void pkvm_smmu_add_stats(struct device *dev);

/* Checks, check.c */

const char *pkvm_smmu_check_fw(struct platform_device *pdev, struct resource *cmdqv);
const char *pkvm_smmu_check_hw(struct platform_device *pdev, struct pkvm_smmu_ids *ids);
bool pkvm_smmu_repeats(struct device_node *np);
u8 pkvm_smmu_cpu_pa_bits(void);

/* The auxiliary device, auxdev.c */

struct auxiliary_device *pkvm_smmu_add_aux(struct device *parent, u32 id,
					   struct irq_domain *msi);

/* MSIs of the SMMU's own interrupts, doorbell.c */

void pkvm_smmu_find_doorbells(void);
struct irq_domain *pkvm_smmu_msi_domain(struct device *dev, const struct pkvm_smmu_ids *ids);

/* What firmware describes, fw.c */

enum pkvm_smmu_fw_kind {
	PKVM_FW_SMMU_V3,
	PKVM_FW_PMCG,
	PKVM_FW_GIC_ITS,
};

/**
 * struct pkvm_smmu_fw_regs - Registers that firmware describes
 * @mmio:      the first range, empty if the CPUs have no address for it
 * @available: firmware lets the host use the hardware
 * @powered:   the host controls no power domain, clock or reset of the hardware
 * @name:      name of the node, for messages
 */
struct pkvm_smmu_fw_regs {
	struct resource mmio;
	bool available;
	bool powered;
	char name[96];
};

typedef void (*pkvm_smmu_fw_fn)(const struct pkvm_smmu_fw_regs *regs, void *data);
void pkvm_smmu_fw_for_each(enum pkvm_smmu_fw_kind kind, pkvm_smmu_fw_fn fn, void *data);
bool pkvm_smmu_host_has_controls(struct device_node *node);

/* Performance monitor counter groups, pmcg.c */

int pkvm_smmu_hide_pmcg(const struct pkvm_smmu_fw_regs *regs);

/* Memory for the hypervisor, mem.c */

int pkvm_smmu_mem_alloc(struct pkvm_smmu_v3_info *info, const struct pkvm_smmu_ids *ids);
void pkvm_smmu_mem_free(struct pkvm_smmu_v3_info *info);
int pkvm_smmu_memcache_alloc(struct kvm_hyp_memcache *pool, unsigned long nr_pages);
void pkvm_smmu_debug_range(struct device *dev, const char *what, phys_addr_t base, size_t size);
void pkvm_smmu_debug_memcache(struct device *dev, const char *what,
			      const struct kvm_hyp_memcache *pool);

/* The device stage 2, s2.c */

u8 pkvm_smmu_ia_bits(u8 max_bits);
unsigned int pkvm_smmu_mmio_blocks(u64 size);
int pkvm_smmu_s2_prepare(u8 ia_bits, u8 pa_bits, unsigned int nr_mmio_blocks);
void pkvm_smmu_s2_release(void);

#endif /* __ARM_SMMU_V3_KVM_H */
