/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's side of DMA isolation with SMMUv3, at EL1: what its files share.
 */
#ifndef __ARM_SMMU_V3_KVM_H
#define __ARM_SMMU_V3_KVM_H

#include <linux/auxiliary_bus.h>
#include <linux/platform_device.h>

#include "arm-smmu-v3-pkvm.h"
#include "emu.h"

/* The hypervisor's variable: pages for the tables of the device stage 2. */
#define hyp_iommu_pool kvm_nvhe_sym(hyp_iommu_pool)
extern struct kvm_hyp_memcache hyp_iommu_pool;

/* Checks, kvm-check.c */

/**
 * smmu_fw_check - Whether the firmware describes an SMMU that can be owned
 * @pdev: the SMMU
 *
 * Return: NULL, or a reason against it without a full stop.
 */
const char *smmu_fw_check(struct platform_device *pdev);

/**
 * smmu_hw_check - Whether the hardware is an SMMU that can be owned
 * @pdev: the SMMU
 * @ids:  its identification registers, valid if nothing is against it
 *
 * Return: NULL, or a reason against it without a full stop.
 */
const char *smmu_hw_check(struct platform_device *pdev, struct smmu_emu_ids *ids);

/* The auxiliary device, kvm-aux.c */

/**
 * smmu_aux_add - Add the auxiliary device that stands for an owned SMMU
 * @parent: the platform device
 * @id:     number in its name
 *
 * A built-in driver is bound on return.
 *
 * Return: the device, or NULL after a message.
 */
struct auxiliary_device *smmu_aux_add(struct device *parent, u32 id);

/* What firmware describes, kvm-fw.c */

enum pkvm_fw_kind {
	PKVM_FW_SMMU_V3,
	PKVM_FW_PMCG,
};

/**
 * struct pkvm_fw_regs - Registers that firmware describes
 * @mmio:      the first range, empty if the node has none that the CPUs reach
 * @available: firmware hands the hardware out
 * @powered:   the host has no power domain, clock or reset of it in its hands
 * @name:      of the node
 */
struct pkvm_fw_regs {
	struct resource mmio;
	bool available;
	bool powered;
	char name[96];
};

typedef void (*pkvm_fw_fn)(const struct pkvm_fw_regs *regs, void *data);

/**
 * pkvm_fw_for_each - Visit all hardware of a kind that firmware describes
 * @kind: of hardware
 * @fn:   called for each node of the devicetree, whatever its status, or of the IORT
 * @data: handed to @fn
 */
void pkvm_fw_for_each(enum pkvm_fw_kind kind, pkvm_fw_fn fn, void *data);

/* Whether a node or a bus that it is on has a power domain, a clock or a reset. */
bool of_host_has_controls(struct device_node *node);

/* Performance monitor counter groups, kvm-pmcg.c */

/**
 * pkvm_smmu_has_mmio - Whether an MMIO range is in pages that an SMMU has lost to EL2
 * @res: the range
 *
 * Return: true if all of it is.
 */
bool pkvm_smmu_has_mmio(const struct resource *res);

/**
 * pkvm_iommu_add_gap - Note and say why DMA is not isolated on this machine
 * @fmt: one line without a full stop
 *
 * One reason is enough to void the isolation of the whole machine; the first is kept.
 *
 * Context: smmus_lock is held.
 */
__printf(1, 2) void pkvm_iommu_add_gap(const char *fmt, ...);

/**
 * pkvm_pmcgs_hide - Take from the host every PMCG that has MSIs, or may have
 * @nr_mmio_blocks: pkvm_iommu_mmio_blocks() of each is added
 *
 * A group without MSIs stays the host's. One that cannot be taken is a gap.
 *
 * Context: smmus_lock is held, the hypervisor trusts the host.
 */
void pkvm_pmcgs_hide(unsigned int *nr_mmio_blocks);

/* Memory for the hypervisor, kvm-mem.c */

/**
 * smmu_mem_alloc - Allocate all that the hypervisor will ever need for an SMMU
 * @info: filled in; what it does not describe yet is zero
 * @ids:  identification registers of the SMMU
 *
 * From the page allocator: the host sees no reservation and no parameter.
 *
 * Return: 0, or -ENOMEM and @info is zero.
 */
int smmu_mem_alloc(struct pkvm_smmu_v3_info *info, const struct smmu_emu_ids *ids);

/* Free it again, all of it being the host's, and clear @info. */
void smmu_mem_free(struct pkvm_smmu_v3_info *info);

/**
 * hyp_pool_alloc - Allocate pages for the hypervisor to take and to give back one by one
 * @pool:     empty
 * @nr_pages: how many
 *
 * Return: 0, or -ENOMEM and @pool is empty.
 */
int hyp_pool_alloc(struct kvm_hyp_memcache *pool, unsigned long nr_pages);

/**
 * hyp_pool_add - Add pages for the hypervisor to take and to give back one by one
 * @pool:     a pool
 * @page:     the first of @nr_pages neighbours, each to be freed on its own
 * @nr_pages: how many
 */
void hyp_pool_add(struct kvm_hyp_memcache *pool, struct page *page, unsigned long nr_pages);

/**
 * hyp_range_debug - Say where memory of the hypervisor is, for tests
 * @dev:  the SMMU, or NULL
 * @what: what the memory is
 * @base: physical address
 * @size: in bytes
 */
void hyp_range_debug(struct device *dev, const char *what, phys_addr_t base, size_t size);

/**
 * hyp_pool_debug - Say where the pages of a pool are, for tests
 * @dev:  the SMMU, or NULL
 * @what: what the pages are
 * @pool: still the host's
 */
void hyp_pool_debug(struct device *dev, const char *what, const struct kvm_hyp_memcache *pool);

/* The device stage 2, kvm-s2.c */

/**
 * pkvm_iommu_ia_bits - Input address size of the device stage 2
 * @max_bits: what every SMMU can put out
 *
 * Return: bits that reach the end of memory and of every I/O window known, where
 * @max_bits allows it.
 */
u8 pkvm_iommu_ia_bits(u8 max_bits);

/**
 * pkvm_iommu_mmio_blocks - A donated MMIO range in terms of hyp_iommu_pgtable_pages()
 * @size: its bytes
 *
 * Return: an upper bound of the parts of the address space that it touches.
 */
unsigned int pkvm_iommu_mmio_blocks(u64 size);

/**
 * pkvm_iommu_s2_prepare - Have the hypervisor build the device stage 2
 * @ia_bits:	    its input address size
 * @pa_bits:	    output address size that every SMMU has at least
 * @nr_mmio_blocks: sum of pkvm_iommu_mmio_blocks() for what was donated
 *
 * Return: 0, or an error with all memory freed.
 */
int pkvm_iommu_s2_prepare(u8 ia_bits, u8 pa_bits, unsigned int nr_mmio_blocks);

/* Undo pkvm_iommu_s2_prepare(); no SMMU is enabled. */
void pkvm_iommu_s2_release(void);

#endif /* __ARM_SMMU_V3_KVM_H */
