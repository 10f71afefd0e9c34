/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of the SMMU, barriers and waits: each is where the hardware comes in. */
#ifndef _MODEL_ASM_KVM_HYP_H
#define _MODEL_ASM_KVM_HYP_H

#include <linux/kernel.h>

#include <asm/sysreg.h>

u64 model_mmio_read(const void *addr, unsigned int size);
void model_mmio_write(u64 val, void *addr, unsigned int size);
void model_barrier(void);
void model_relax(void);

#define readl_relaxed(a)	((u32)model_mmio_read(a, 4))
#define readq_relaxed(a)	model_mmio_read(a, 8)
#define readl(a)		((u32)model_mmio_read(a, 4))
#define writel_relaxed(v, a)	model_mmio_write((u32)(v), a, 4)
#define writeq_relaxed(v, a)	model_mmio_write(v, a, 8)
#define writel(v, a)		(model_barrier(), model_mmio_write((u32)(v), a, 4))

/* One is like the other: what came before is visible to the SMMU. */
#undef wmb
#undef dma_wmb
#undef dma_rmb
#define wmb()		model_barrier()	/* pairs with hw_load64() */
#define dma_wmb()	model_barrier()	/* pairs with hw_load64() */
#define dma_rmb()	do { } while (0)	/* loads of the model are in order */
#define dsb(type)	model_barrier()
/* Pairs with the host's control dependency. */
#define smp_store_release(p, val)					\
do {									\
	model_barrier();						\
	WRITE_ONCE(*(p), val);						\
} while (0)
#define isb()		do { } while (0)
#undef cpu_relax
#define cpu_relax()	model_relax()

#endif /* _MODEL_ASM_KVM_HYP_H */
