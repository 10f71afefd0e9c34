/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Types that arm-smmu-v3.h needs for what is the host driver's: the sources here
 * use none of it.
 */
#ifndef _MODEL_LINUX_IOMMU_H
#define _MODEL_LINUX_IOMMU_H

#include <linux/kernel.h>

#define SMP_CACHE_BYTES		64
#define MAX_PAGE_ORDER		10
#define IOMMU_NO_PASID		0

typedef u32 ioasid_t;
#define rwlock_t			struct rcu_head
#define spinlock_t			struct rcu_head
struct rcu_head { int dummy; };
struct ida { int dummy; };
struct mutex { int dummy; };
struct rb_root { int dummy; };
struct rb_node { int dummy; };
struct iommu_device { int dummy; };
struct iommu_domain { int dummy; };
struct mmu_notifier { int dummy; };
struct mm_struct;
struct device;
struct iopf_queue;
struct iommufd_viommu { int dummy; };
struct iommu_user_data;
struct iommu_user_data_array;
struct io_pgtable_ops;
enum iommu_hw_info_type { IOMMU_HW_INFO_TYPE_DUMMY };
enum iommu_viommu_type { IOMMU_VIOMMU_TYPE_DUMMY };

/* Allocations of the host driver: none here. */
#define kzalloc_flex(obj, ...)			((typeof(obj) *)NULL)
#define kfree(p)				((void)(p))
#define rwlock_init(l)				((void)(l))
#define rcu_dereference_protected(p, ...)	(p)

#define IOMMU_FWSPEC_PCI_RC_CANWBS		1
struct iommu_fwspec { u32 flags; };
static inline struct iommu_fwspec *dev_iommu_fwspec_get(struct device *dev)
{
	return NULL;
}

#endif /* _MODEL_LINUX_IOMMU_H */
