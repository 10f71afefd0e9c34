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

/* The hypervisor's variable: pages for the tables of the device stage 2. */
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

/**
 * pkvm_smmu_check_fw - Whether the firmware describes an SMMU that can be owned
 * @pdev:  the SMMU
 * @cmdqv: registers of its CMDQ-V, empty if it has none; valid if nothing is against it
 *
 * Return: NULL, or a reason against it without a full stop.
 */
const char *pkvm_smmu_check_fw(struct platform_device *pdev, struct resource *cmdqv);

/**
 * pkvm_smmu_check_hw - Whether the hardware is an SMMU that can be owned
 * @pdev: the SMMU
 * @ids:  its identification registers, valid if nothing is against it
 *
 * Return: NULL, or a reason against it without a full stop.
 */
const char *pkvm_smmu_check_hw(struct platform_device *pdev, struct pkvm_smmu_ids *ids);

/* Whether an SMMU has the erratum that takes a repetition of each invalidation. */
bool pkvm_smmu_repeats(struct device_node *np);

/* Bits of the physical addresses that the host's stage 2 covers: devices reach no more. */
u8 pkvm_smmu_cpu_pa_bits(void);

/* The auxiliary device, auxdev.c */

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
					   struct irq_domain *msi);

/* MSIs of the SMMU's own interrupts, doorbell.c */

/* Tell the hypervisor which doorbells there are. Context: it trusts the host. */
void pkvm_smmu_find_doorbells(void);

/**
 * pkvm_smmu_msi_domain - The MSI domain of the auxiliary device
 * @dev: the platform device
 * @ids: identification registers of the hardware
 *
 * Return: the domain of @dev, or NULL if the SMMU's interrupts are to come by wire: the
 * hardware has no MSIs, or the hypervisor would not let it write them.
 */
struct irq_domain *pkvm_smmu_msi_domain(struct device *dev, const struct pkvm_smmu_ids *ids);

/* What firmware describes, fw.c */

enum pkvm_smmu_fw_kind {
	PKVM_FW_SMMU_V3,
	PKVM_FW_PMCG,
	PKVM_FW_GIC_ITS,
};

/**
 * struct pkvm_smmu_fw_regs - Registers that firmware describes
 * @mmio:      the first range, empty if the node has none that the CPUs reach
 * @available: firmware hands the hardware out
 * @powered:   the host has no power domain, clock or reset of it in its hands
 * @name:      of the node
 */
struct pkvm_smmu_fw_regs {
	struct resource mmio;
	bool available;
	bool powered;
	char name[96];
};

typedef void (*pkvm_smmu_fw_fn)(const struct pkvm_smmu_fw_regs *regs, void *data);

/**
 * pkvm_smmu_fw_for_each - Visit all hardware of a kind that firmware describes
 * @kind: of hardware
 * @fn:   called for each node of the devicetree, whatever its status, or of the IORT, where
 *        there are no GIC ITSs
 * @data: handed to @fn
 */
void pkvm_smmu_fw_for_each(enum pkvm_smmu_fw_kind kind, pkvm_smmu_fw_fn fn, void *data);

/* Whether a node or a bus that it is on has a power domain, a clock or a reset. */
bool pkvm_smmu_host_has_controls(struct device_node *node);

/* Performance monitor counter groups, pmcg.c */

/**
 * pkvm_smmu_hide_pmcg - Take a PMCG from the host if it has MSIs, or may have
 * @regs: its registers
 *
 * Context: the hypervisor trusts the host.
 * Return: 1 if it was taken, 0 if it has no MSIs and stays the host's, or an error.
 */
int pkvm_smmu_hide_pmcg(const struct pkvm_smmu_fw_regs *regs);

/* Memory for the hypervisor, mem.c */

/**
 * pkvm_smmu_mem_alloc - Allocate all that the hypervisor will ever need for an SMMU
 * @info: filled in; fields that are not about memory are zero
 * @ids:  identification registers of the SMMU
 *
 * From the page allocator: the host sees no reservation and no parameter.
 *
 * Return: 0, or -ENOMEM and @info is zero.
 */
int pkvm_smmu_mem_alloc(struct pkvm_smmu_v3_info *info, const struct pkvm_smmu_ids *ids);

/* Free it again, all of it being the host's, and clear @info. */
void pkvm_smmu_mem_free(struct pkvm_smmu_v3_info *info);

/**
 * pkvm_smmu_memcache_alloc - Allocate pages for the hypervisor to take and to give back one by one
 * @pool:     empty
 * @nr_pages: how many
 *
 * Return: 0, or -ENOMEM and @pool is empty.
 */
int pkvm_smmu_memcache_alloc(struct kvm_hyp_memcache *pool, unsigned long nr_pages);

/**
 * pkvm_smmu_debug_range - Say where memory of the hypervisor is, for tests
 * @dev:  the SMMU, or NULL
 * @what: what the memory is
 * @base: physical address
 * @size: in bytes
 */
void pkvm_smmu_debug_range(struct device *dev, const char *what, phys_addr_t base, size_t size);

/**
 * pkvm_smmu_debug_memcache - Say where the pages of a pool are, for tests
 * @dev:  the SMMU, or NULL
 * @what: what the pages are
 * @pool: still the host's
 */
void pkvm_smmu_debug_memcache(struct device *dev, const char *what,
			      const struct kvm_hyp_memcache *pool);

/* The device stage 2, s2.c */

/**
 * pkvm_smmu_ia_bits - Input address size of the device stage 2
 * @max_bits: what every SMMU can put out
 *
 * Return: bits that reach the end of memory and of every I/O window known, where
 * @max_bits allows it.
 */
u8 pkvm_smmu_ia_bits(u8 max_bits);

/**
 * pkvm_smmu_mmio_blocks - A donated MMIO range in terms of hyp_iommu_pgtable_pages()
 * @size: its bytes, may be 0
 *
 * Return: an upper bound of the parts of the address space that it touches.
 */
unsigned int pkvm_smmu_mmio_blocks(u64 size);

/**
 * pkvm_smmu_s2_prepare - Have the hypervisor build the device stage 2
 * @ia_bits:	    its input address size
 * @pa_bits:	    output address size that every SMMU has at least
 * @nr_mmio_blocks: sum of pkvm_smmu_mmio_blocks() over the MMIO ranges that EL2 has taken
 *
 * Return: 0, or an error with all memory freed.
 */
int pkvm_smmu_s2_prepare(u8 ia_bits, u8 pa_bits, unsigned int nr_mmio_blocks);

/* Undo pkvm_smmu_s2_prepare(); no SMMU is enabled. */
void pkvm_smmu_s2_release(void);

#endif /* __ARM_SMMU_V3_KVM_H */
