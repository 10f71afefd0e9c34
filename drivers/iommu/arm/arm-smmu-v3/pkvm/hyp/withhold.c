// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: the registers that the host loses with an SMMU.
 *
 * EL2 uses register pages 0 and 1, and emulates them for the host. All other pages read as
 * zero and ignore writes from then on: the rest of the range that firmware describes, the
 * control pages of enhanced command queues, the VATOS page, and NVIDIA's CMDQ-V.
 *
 * A queue in the other pages would run commands that EL2 has not checked, with MSIs that go
 * past stage 2. EL2 stops such queues before it hides their registers. An address translation
 * that firmware has requested ends when EL2 clears CR0.SMMUEN (IHI0070G.b 6.3.9).
 */

#include <asm/kvm_hyp.h>

#include <nvhe/host_mmio.h>

#include "smmu.h"

/* From tegra241-cmdqv.c. No queue of the CMDQ-V runs while EN is 0. */
#define CMDQV_CONFIG		0x0
#define  CMDQV_EN		BIT(0)
#define CMDQV_STATUS		0x8
#define  CMDQV_ENABLED		BIT(0)

static int hide(struct hyp_smmu *smmu, u64 start, u64 end)
{
	int ret;

	if (start >= end)
		return 0;
	ret = __pkvm_host_hide_mmio(start, end - start);
	if (!ret)
		smmu->taken[smmu->nr_taken++] = start;

	return ret;
}

/* Map queue registers at EL2, stop the queues by @stop, and unmap the registers. */
static int stop_queues(struct hyp_smmu *smmu, u64 base, u64 size,
		       int (*stop)(struct hyp_smmu *smmu, void __iomem *regs))
{
	unsigned long haddr;
	int ret;

	ret = __pkvm_host_donate_hyp_mmio(base, size, &haddr);
	if (ret)
		return ret;
	ret = stop(smmu, (void __iomem *)haddr);

	return __pkvm_hyp_donate_host_mmio(base) ?: ret;
}

static int stop_ecmdq(void __iomem *regs, struct hyp_smmu_deadline *deadline)
{
	u32 prod = readl_relaxed(regs + ARM_SMMU_ECMDQ_PROD);
	int ret;

	/* PROD is read-only until ENACK equals EN: complete a change that firmware began. */
	ret = hyp_smmu_poll(regs + ARM_SMMU_ECMDQ_CONS, ECMDQ_CONS_ENACK,
			    prod & ECMDQ_PROD_EN ? ECMDQ_CONS_ENACK : 0, deadline);
	if (ret)
		return ret;
	writel_relaxed(prod & ~ECMDQ_PROD_EN, regs + ARM_SMMU_ECMDQ_PROD);

	return hyp_smmu_poll(regs + ARM_SMMU_ECMDQ_CONS, ECMDQ_CONS_ENACK, 0, deadline);
}

/* The queues are evenly spaced over all pages. One deadline covers all of them. */
static int stop_ecmdqs(struct hyp_smmu *smmu, void __iomem *regs)
{
	u64 stride = SZ_64K >> FIELD_GET(IDR6_LOG2NUMQ, smmu->hw.idr6);
	struct hyp_smmu_deadline deadline = hyp_smmu_deadline(smmu);
	u64 offset, size = pkvm_smmu_ecmdq_size(&smmu->hw);
	int ret = 0;

	for (offset = 0; offset < size && !ret; offset += stride)
		ret = stop_ecmdq(regs + offset, &deadline);

	return ret;
}

/*
 * Control pages are adjacent and always enabled (IHI0070G.b 3.5.6, 6.2). Returns the offset of
 * the first one from register page 0, or 0 if the hardware reports anything else.
 */
static u64 ecmdq_offset(struct hyp_smmu *smmu, u64 size)
{
	u64 offset, first = 0;
	void __iomem *page;
	unsigned int i;

	for (i = 0; i < size / SZ_64K; i++) {
		page = smmu->mmio + ARM_SMMU_CMDQ_CONTROL_PAGE(i);
		offset = readq_relaxed(page + CMDQ_CONTROL_PAGE_BASE) & CMDQ_CONTROL_PAGE_ADDR;
		if (!i)
			first = offset;
		if (offset != first + i * SZ_64K ||
		    !(readl_relaxed(page + CMDQ_CONTROL_PAGE_CFG) & CMDQ_CONTROL_PAGE_EN) ||
		    !(readl_relaxed(page + CMDQ_CONTROL_PAGE_STATUS) & CMDQ_CONTROL_PAGE_ENACK))
			return 0;
	}

	return first;
}

/* @end: end of the range that firmware describes; take_all() hides the registers below it. */
static int take_ecmdqs(struct hyp_smmu *smmu, u64 end)
{
	u64 base, size = pkvm_smmu_ecmdq_size(&smmu->hw);
	int ret;

	if (!(smmu->hw.idr[1] & IDR1_ECMDQ))
		return 0;
	base = ecmdq_offset(smmu, size);
	if (!base)
		return -ENXIO;
	base += smmu->mmio_phys;
	ret = stop_queues(smmu, base, size, stop_ecmdqs);

	return ret ?: hide(smmu, max(base, end), base + size);
}

static int take_vatos(struct hyp_smmu *smmu, u64 end)
{
	u64 offset = pkvm_smmu_vatos_offset(&smmu->hw), base = smmu->mmio_phys + offset;

	return offset ? hide(smmu, max(base, end), base + SZ_64K) : 0;
}

static int stop_cmdqv(struct hyp_smmu *smmu, void __iomem *regs)
{
	struct hyp_smmu_deadline deadline = hyp_smmu_deadline(smmu);
	u32 config = readl_relaxed(regs + CMDQV_CONFIG);

	writel_relaxed(config & ~CMDQV_EN, regs + CMDQV_CONFIG);

	return hyp_smmu_poll(regs + CMDQV_STATUS, CMDQV_ENABLED, 0, &deadline);
}

static int take_cmdqv(struct hyp_smmu *smmu, u64 base, u64 size)
{
	int ret;

	if (!size)
		return 0;
	ret = stop_queues(smmu, base, size, stop_cmdqv);

	return ret ?: hide(smmu, base, base + size);
}

static int take_all(struct hyp_smmu *smmu, const struct pkvm_smmu_v3_info *info)
{
	u64 end = info->mmio_base + info->mmio_size;
	unsigned long haddr;
	int ret;

	ret = __pkvm_host_donate_hyp_mmio(info->mmio_base, SMMU_EMU_SIZE, &haddr);
	if (ret)
		return ret;
	smmu->taken[smmu->nr_taken++] = info->mmio_base;
	smmu->mmio = (void __iomem *)haddr;
	pkvm_smmu_v3_read_ids(smmu->mmio, &smmu->hw);

	if (take_ecmdqs(smmu, end))
		return SMMU_REFUSE_ECMDQ;
	if (take_vatos(smmu, end))
		return SMMU_REFUSE_VATOS;
	if (take_cmdqv(smmu, info->cmdqv_base, info->cmdqv_size))
		return SMMU_REFUSE_CMDQV;

	return hide(smmu, info->mmio_base + SMMU_EMU_SIZE, end);
}

/**
 * hyp_smmu_take_mmio - Take all registers of an SMMU from the host, and read its IDs
 * @smmu: the SMMU
 * @info: the host's description of it
 *
 * Context: the host is trusted.
 * Return: 0; a negative error; or a positive enum pkvm_smmu_refusal = registers that cannot be
 * withheld. Unless it is 0, all registers are the host's again.
 */
int hyp_smmu_take_mmio(struct hyp_smmu *smmu, const struct pkvm_smmu_v3_info *info)
{
	int ret = take_all(smmu, info);

	if (ret)
		hyp_smmu_give_mmio_back(smmu);

	return ret;
}

int hyp_smmu_give_mmio_back(struct hyp_smmu *smmu)
{
	int ret = 0;

	while (smmu->nr_taken && !ret)
		ret = __pkvm_hyp_donate_host_mmio(smmu->taken[--smmu->nr_taken]);

	return ret;
}
