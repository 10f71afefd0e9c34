// SPDX-License-Identifier: GPL-2.0-only
#include <linux/io.h>
#include <time.h>
#include <unistd.h>

#include "env.h"
#include "physmem.h"
#include "smmu.h"

#define TIMEOUT_S	60
#define CMDQ_SHIFT	7		/* log2 of entries, no more than a page */

uint32_t smmu_read(struct smmu *smmu, uint32_t reg)
{
	return readl(smmu->mmio + reg);
}

void smmu_write(struct smmu *smmu, uint32_t reg, uint32_t value)
{
	writel(value, smmu->mmio + reg);
}

static uint64_t read64(struct smmu *smmu, uint32_t reg)
{
	return readq(smmu->mmio + reg);
}

static void write64(struct smmu *smmu, uint32_t reg, uint64_t value)
{
	writeq(value, smmu->mmio + reg);
}

static void wait_for(struct smmu *smmu, uint32_t reg, uint32_t value)
{
	time_t end = time(NULL) + TIMEOUT_S;

	while (smmu_read(smmu, reg) != value) {
		if (time(NULL) > end)
			die("SMMU register %#x is %#x and does not get %#x", reg,
			    smmu_read(smmu, reg), value);
	}
}

static void set_cr0(struct smmu *smmu, uint32_t value)
{
	smmu_write(smmu, ARM_SMMU_CR0, value);
	wait_for(smmu, ARM_SMMU_CR0ACK, value);
}

void smmu_open(struct smmu *smmu)
{
	smmu->mmio = map_phys(smmu_base(), SMMU_MMIO_SIZE);
	smmu->cmdq = alloc_pages(1);

	smmu->strtab_base = read64(smmu, ARM_SMMU_STRTAB_BASE);
	smmu->strtab_cfg = smmu_read(smmu, ARM_SMMU_STRTAB_BASE_CFG);
	smmu->cmdq_base = read64(smmu, ARM_SMMU_CMDQ_BASE);
	smmu->evtq_base = read64(smmu, ARM_SMMU_EVTQ_BASE);
	smmu->cr0 = smmu_read(smmu, ARM_SMMU_CR0);
	smmu->cr1 = smmu_read(smmu, ARM_SMMU_CR1);
	smmu->cr2 = smmu_read(smmu, ARM_SMMU_CR2);
	smmu->gbpa = smmu_read(smmu, ARM_SMMU_GBPA);
	smmu->irq_ctrl = smmu_read(smmu, ARM_SMMU_IRQ_CTRL);
	smmu->cmdq_idx = smmu_read(smmu, ARM_SMMU_CMDQ_PROD);
	smmu->evtq_prod = smmu_read(smmu, ARM_SMMU_EVTQ_PROD);
	smmu->evtq_cons = smmu_read(smmu, ARM_SMMU_EVTQ_CONS);
	if (smmu_read(smmu, ARM_SMMU_CMDQ_CONS) != smmu->cmdq_idx)
		die("the SMMU's driver is not idle");
}

void smmu_close(struct smmu *smmu)
{
	free_pages(smmu->cmdq, 1);
	unmap_phys(smmu->mmio, smmu_base(), SMMU_MMIO_SIZE);
}

/* Invalidate by a queue of this program, so that the driver need not take part. */
static void invalidate(struct smmu *smmu)
{
	smmu->cmdq[0] = CMDQ_OP_CFGI_ALL;
	smmu->cmdq[1] = CMDQ_CFGI_RANGE_ALL;
	smmu->cmdq[2] = CMDQ_OP_TLBI_NSNH_ALL;
	smmu->cmdq[3] = 0;
	smmu->cmdq[4] = CMDQ_OP_SYNC;
	smmu->cmdq[5] = 0;

	write64(smmu, ARM_SMMU_CMDQ_BASE, virt_to_phys(smmu->cmdq) | CMDQ_SHIFT);
	smmu_write(smmu, ARM_SMMU_CMDQ_PROD, 0);
	smmu_write(smmu, ARM_SMMU_CMDQ_CONS, 0);
	set_cr0(smmu, CR0_CMDQEN);
	smmu_write(smmu, ARM_SMMU_CMDQ_PROD, 3);
	wait_for(smmu, ARM_SMMU_CMDQ_CONS, 3);
	set_cr0(smmu, 0);
}

/* In the order of the driver's probe. */
void smmu_restore(struct smmu *smmu)
{
	smmu_write(smmu, ARM_SMMU_IRQ_CTRL, 0);
	set_cr0(smmu, 0);
	smmu_write(smmu, ARM_SMMU_GERRORN, smmu_read(smmu, ARM_SMMU_GERROR));
	wait_for(smmu, ARM_SMMU_GERRORN, smmu_read(smmu, ARM_SMMU_GERROR));
	smmu_write(smmu, ARM_SMMU_GBPA, smmu->gbpa | GBPA_UPDATE);
	smmu_write(smmu, ARM_SMMU_CR1, smmu->cr1);
	smmu_write(smmu, ARM_SMMU_CR2, smmu->cr2);
	write64(smmu, ARM_SMMU_STRTAB_BASE, smmu->strtab_base);
	smmu_write(smmu, ARM_SMMU_STRTAB_BASE_CFG, smmu->strtab_cfg);
	invalidate(smmu);

	write64(smmu, ARM_SMMU_CMDQ_BASE, smmu->cmdq_base);
	smmu_write(smmu, ARM_SMMU_CMDQ_PROD, smmu->cmdq_idx);
	smmu_write(smmu, ARM_SMMU_CMDQ_CONS, smmu->cmdq_idx);
	write64(smmu, ARM_SMMU_EVTQ_BASE, smmu->evtq_base);
	smmu_write(smmu, ARM_SMMU_EVTQ_PROD, smmu->evtq_prod);
	smmu_write(smmu, ARM_SMMU_EVTQ_CONS, smmu->evtq_cons);
	set_cr0(smmu, CR0_CMDQEN | CR0_EVTQEN);
	smmu_write(smmu, ARM_SMMU_IRQ_CTRL, smmu->irq_ctrl);
	set_cr0(smmu, smmu->cr0);
}
