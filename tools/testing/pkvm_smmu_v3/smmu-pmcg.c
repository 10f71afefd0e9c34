// SPDX-License-Identifier: GPL-2.0-only
/*
 * A group of performance counters that overflows all the time, and says so by an
 * MSI. IHI0070G.b 10
 */
#include "smmu.h"

struct pmcg pmcg;

void pmcg_reset(const struct machine_cfg *cfg)
{
	/* Somebody has left it running. */
	pmcg = (struct pmcg){
		.cr = 1, .irq_ctrl = 1, .irq_ctrlack = 1,
		.irq_cfg0 = page_phys(5), .dead = cfg->pmcg_dead,
	};
}

u64 pmcg_read(u32 off)
{
	switch (off) {
	case 0xe04:
		return pmcg.cr;
	case 0xe50:
		return pmcg.irq_ctrl;
	case 0xe54:
		return pmcg.irq_ctrlack;
	}
	violation("EL2 reads PMCG register %x", off);
}

void pmcg_write(u32 off, u64 val)
{
	switch (off) {
	case 0xe04:
		pmcg.cr = val;
		return;
	case 0xe50:
		pmcg.irq_ctrl = val;
		return;
	}
	violation("EL2 writes PMCG register %x", off);
}

/* MSIs are written until IRQ_CTRLACK says that they are not. */
void pmcg_step(void)
{
	if (pmcg.irq_ctrlack & 1)
		oracle_access(0, pmcg.irq_cfg0, true, ACC_MSI);
	if (!pmcg.dead)
		pmcg.irq_ctrlack = pmcg.irq_ctrl & 1;
}
