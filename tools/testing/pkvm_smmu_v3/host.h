/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's side: accesses to the emulated registers, and a minimal driver. */
#ifndef _PKVM_SMMU_V3_HOST_H
#define _PKVM_SMMU_V3_HOST_H

#include "smmu.h"

enum mmio_result { MMIO_DONE, MMIO_AGAIN, MMIO_ABORT };

/* One access, with the ESR that goes with it: SAS, SSE, SF, rt 0. */
enum mmio_result host_trap(unsigned int i, u32 off, u64 esr, u64 *val);
/* One access of 4 or 8 bytes. */
enum mmio_result host_mmio(unsigned int i, u32 off, u8 size, bool write, u64 *val);

/* Until it is done. */
u64 host_read(unsigned int i, u32 off, u8 size);
void host_write(unsigned int i, u32 off, u8 size, u64 val);

static inline u32 read32(unsigned int i, u32 off)
{
	return host_read(i, off, 4);
}

#define write32(i, off, val)	host_write(i, off, 4, val)
#define write64(i, off, val)	host_write(i, off, 8, val)

/* Pages of SMMU i's structures: command queue, event queue, stream table, CDs. */
#define HOST_CMDQ(i)	host_page((i) * 10)
#define HOST_EVTQ(i)	host_page((i) * 10 + 2)
#define HOST_STRTAB(i)	host_page((i) * 10 + 4)
#define HOST_L2(i, n)	host_page((i) * 10 + 5 + (n))
#define HOST_CD(i)	host_page((i) * 10 + 8)
/* Data, in both regions of memory. */
#define HOST_DATA(n)	host_page(20 + (n))
#define NR_HOST_DATA	(host_nr_pages() - 20)

#define DRV_CMDQ_SHIFT	8
#define DRV_EVTQ_SHIFT	7

/* Reset the emulated SMMU and set it up, with every stream aborting. */
void drv_init(unsigned int i);
void drv_queues(unsigned int i);
/* Level 2 tables everywhere: a scan cannot skip any. */
void drv_fill_strtab(unsigned int i);
void drv_enable(unsigned int i, u32 cr0);
/* A machine that boots: the driver has done nothing yet. */
void drv_reset(void);
void drv_disable(unsigned int i);
/* Write CR0 and wait for CR0ACK; false if that never follows. */
bool drv_cr0(unsigned int i, u32 cr0);

/* Write IRQ_CTRL, as above. */
bool drv_irq_ctrl(unsigned int i, u32 val);
/* Give an interrupt an MSI: IRQ_CFG0 at @off. It has to be off. */
void drv_msi(unsigned int i, u32 off, u64 addr, u32 data);

/* Put a command into the queue and, with ring, write PROD. */
void drv_put(unsigned int i, u64 dw0, u64 dw1);
void drv_ring(unsigned int i);
/* Where the next command goes. */
u64 drv_next(unsigned int i);
u32 drv_prod(unsigned int i);
/* CMD_SYNC, and wait for it. False if the queue stopped. */
bool drv_sync(unsigned int i);
bool drv_cmd(unsigned int i, u64 dw0, u64 dw1);
u32 drv_cmdq_err(unsigned int i);
/* As arm_smmu_cmdq_skip_err(): replace the command, acknowledge. */
void drv_skip_err(unsigned int i);

void drv_write_ste(unsigned int i, u32 sid, u64 dw0, u64 dw1);
bool drv_ste(unsigned int i, u32 sid, u64 dw0, u64 dw1);
bool drv_bypass(unsigned int i, u32 sid);
bool drv_stage1(unsigned int i, u32 sid);
bool drv_detach(unsigned int i, u32 sid);

/* A device's access, of a bypassing or translated stream; done at once. */
enum dma_result dev_dma(unsigned int i, u32 sid, u64 phys);

/*
 * Firmware wakes the system up, after hyp_iommu_suspend(), or one CPU; bit i of @lost: SMMU i
 * has lost power. Returns 0 if EL2 enters the host.
 */
int host_wake(u32 lost, bool system);

/* Steps of the hardware until it has nothing to do. */
void hw_settle(void);

#endif /* _PKVM_SMMU_V3_HOST_H */
