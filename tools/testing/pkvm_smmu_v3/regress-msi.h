/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests: CMD_SYNC with an MSI, as the host's driver puts it. */
#ifndef _PKVM_SMMU_V3_REGRESS_MSI_H
#define _PKVM_SMMU_V3_REGRESS_MSI_H

#include "hyp/smmu.h"
#include "regress.h"

#define SYNC_MSI(data)	(0x46 | 1 << 12 | (u64)(data) << 32 | 3 << 22 | 0xf << 24)
#define MSI_ABT		BIT(4)

/* A machine whose hardware has no MSIs: EL2 writes them. */
#define NO_MSI		2

static inline u32 active_errors(void)
{
	return (read32(0, 0x60) ^ read32(0, 0x64)) & 0x1ff;
}

/* A CMD_SYNC that writes to its own slot, as the host's driver has it. */
static inline u64 put_sync_msi(u32 data)
{
	u64 at = drv_next(0);

	drv_put(0, SYNC_MSI(data), at);

	return at;
}

static inline bool msi_is(u64 at, u32 data)
{
	u64 val = 0;

	host_load64(at, &val);

	return (u32)val == data;
}

static inline u32 host_word(u64 at)
{
	u64 val = 0;

	host_load64(at & ~7ULL, &val);

	return at & 4 ? val >> 32 : val;
}

/* An unmap, as the host's driver has it. */
static inline u64 put_unmap(u32 data)
{
	drv_put(0, 0x12 | (u64)(data & 0xff) << 48, 0x1000);

	return put_sync_msi(data);
}

/* One attempt to write CMDQ_PROD. */
static inline enum mmio_result ring_at(u64 prod)
{
	return host_mmio(0, 0x98, 4, true, &prod);
}

static inline enum mmio_result ring_once(void)
{
	return ring_at(drv_prod(0));
}

/* How many commands CMDQ_CONS is behind a position. */
static inline u32 behind(u32 pos)
{
	return (pos - read32(0, 0x9c)) & ((2 << DRV_CMDQ_SHIFT) - 1);
}

#endif /* _PKVM_SMMU_V3_REGRESS_MSI_H */
