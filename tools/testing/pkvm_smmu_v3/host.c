// SPDX-License-Identifier: GPL-2.0-only
/* The host's side: accesses to the emulated registers, and a minimal driver. */
#include <asm/esr.h>
#include <asm/sysreg.h>

#include <nvhe/host_mmio.h>

#include "host.h"

#define MAX_REPLAYS	100000

#define ESR_FSC_TRANS_L3	0x07

static struct {
	u32 prod;
} drv[NR_SMMUS];

bool model_late_traps;

void drv_reset(void)
{
	memset(drv, 0, sizeof(drv));
}

enum mmio_result host_trap(unsigned int i, u32 off, u64 esr, u64 *val)
{
	struct kvm_cpu_context *ctxt = cpu_ctxt();
	u64 pc = *model_sysreg(SYS_ELR), addr = SMMU_MMIO(i) + off;
	bool handled;

	*model_sysreg(SYS_FAR) = 0xffff000012340000 | (addr & 0xfff);
	*model_sysreg(SYS_HPFAR) = FIELD_PREP(HPFAR_EL2_FIPA, addr >> 12);
	ctxt->regs.regs[0] = *val;
	handled = hyp_iommu_handle_trap(ctxt, esr) ||
		  host_mmio_handle_abort(ctxt, esr, addr & ~0xfffULL) ||
		  hyp_iommu_handle_abort(ctxt, esr, addr & ~0xfffULL);
	*val = ctxt->regs.regs[0];
	if (!handled)
		return MMIO_ABORT;

	return *model_sysreg(SYS_ELR) == pc ? MMIO_AGAIN : MMIO_DONE;
}

enum mmio_result host_mmio(unsigned int i, u32 off, u8 size, bool write, u64 *val)
{
	u64 esr = (u64)ESR_ELx_EC_DABT_LOW << ESR_ELx_EC_SHIFT | ESR_ELx_IL | ESR_ELx_ISV |
		  ESR_FSC_TRANS_L3;

	esr |= (u64)__builtin_ctz(size) << ESR_ELx_SAS_SHIFT;
	if (size == 8)
		esr |= ESR_ELx_SF;
	if (write)
		esr |= ESR_ELx_WNR;

	return host_trap(i, off, esr, val);
}

/* Between two attempts the host does something else. */
static void host_access(unsigned int i, u32 off, u8 size, bool write, u64 *val)
{
	unsigned int n;
	u64 v = *val;

	for (n = 0; n < MAX_REPLAYS; n++) {
		*val = v;
		if (host_mmio(i, off, size, write, val) != MMIO_AGAIN) {
			model.polls = 0;
			return;
		}
		model_relax();
	}
	violation("access to register %x is replayed for ever", off);
}

u64 host_read(unsigned int i, u32 off, u8 size)
{
	u64 val = 0;

	host_access(i, off, size, false, &val);

	return val;
}

void host_write(unsigned int i, u32 off, u8 size, u64 val)
{
	host_access(i, off, size, true, &val);
}

static bool wait_reg(unsigned int i, u32 off, u32 val)
{
	unsigned int n;

	for (n = 0; n < 10000; n++) {
		if (read32(i, off) == val)
			return true;
		model_relax();
	}

	return false;
}

bool drv_cr0(unsigned int i, u32 cr0)
{
	/* A write is ignored until the last one is acknowledged. IHI0070G.b 6.3.9 */
	if (!wait_reg(i, 0x24, read32(i, 0x20)))
		return false;
	write32(i, 0x20, cr0);

	return wait_reg(i, 0x24, cr0);
}

bool drv_irq_ctrl(unsigned int i, u32 val)
{
	if (!wait_reg(i, 0x54, read32(i, 0x50)))
		return false;
	write32(i, 0x50, val);

	return wait_reg(i, 0x54, val);
}

void drv_msi(unsigned int i, u32 off, u64 addr, u32 data)
{
	write64(i, off, addr);
	write32(i, off + 8, data);
	write32(i, off + 12, 1);
}

void drv_disable(unsigned int i)
{
	drv_cr0(i, 0);
}

void drv_queues(unsigned int i)
{
	write64(i, 0x90, HOST_CMDQ(i) | DRV_CMDQ_SHIFT);
	write32(i, 0x98, 0);
	write32(i, 0x9c, 0);
	drv[i].prod = 0;
	write64(i, 0xa0, HOST_EVTQ(i) | DRV_EVTQ_SHIFT);
	write32(i, 0x100a8, 0);
	write32(i, 0x100ac, 0);
}

static bool two_levels(unsigned int i)
{
	return smmu_sid_bits(&smmus[i]) > 6;
}

static void drv_strtab(unsigned int i)
{
	unsigned int n;
	u32 cfg = smmu_sid_bits(&smmus[i]);

	for (n = 0; n < PAGE_SIZE; n += 8)
		dma_store64(i, HOST_STRTAB(i) + n, 0);
	if (two_levels(i)) {
		cfg |= 1 << 16 | 6 << 6;
		for (n = 0; n < 3; n++)
			dma_store64(i, HOST_STRTAB(i) + n * 8, HOST_L2(i, n) | 7);
	}
	write64(i, 0x80, HOST_STRTAB(i));
	write32(i, 0x88, cfg);
}

void drv_fill_strtab(unsigned int i)
{
	unsigned int n;

	for (n = 3; n < 1U << (smmu_sid_bits(&smmus[i]) - 6); n++)
		dma_store64(i, HOST_STRTAB(i) + n * 8, HOST_L2(i, 2) | 7);
}

void drv_enable(unsigned int i, u32 cr0)
{
	u32 on = 0x8;

	drv_cr0(i, on);
	drv_cmd(i, 0x04, 31);
	drv_cmd(i, 0x30, 0);
	drv_sync(i);
	drv_irq_ctrl(i, cr0 & 0x4 ? 5 : 1);
	drv_cr0(i, on | (cr0 & 0x4));
	drv_cr0(i, on | cr0);
}

void drv_init(unsigned int i)
{
	drv_disable(i);
	drv_queues(i);
	drv_strtab(i);
	drv_enable(i, 0xd);
}

static u64 slot(unsigned int i, u32 pos)
{
	return HOST_CMDQ(i) + (pos & ((1 << DRV_CMDQ_SHIFT) - 1)) * 16;
}

u64 drv_next(unsigned int i)
{
	return slot(i, drv[i].prod);
}

u32 drv_prod(unsigned int i)
{
	return drv[i].prod;
}

void drv_put(unsigned int i, u64 dw0, u64 dw1)
{
	dma_store64(i, slot(i, drv[i].prod), dw0);
	dma_store64(i, slot(i, drv[i].prod) + 8, dw1);
	drv[i].prod = (drv[i].prod + 1) & ((2 << DRV_CMDQ_SHIFT) - 1);
}

void drv_ring(unsigned int i)
{
	write32(i, 0x98, drv[i].prod);
}

u32 drv_cmdq_err(unsigned int i)
{
	if (!((read32(i, 0x60) ^ read32(i, 0x64)) & 1))
		return 0;

	return read32(i, 0x9c) >> 24 & 0x7f;
}

static bool drv_wait(unsigned int i)
{
	unsigned int n;
	u32 cons;

	for (n = 0; n < 10000; n++) {
		cons = read32(i, 0x9c);
		if ((cons & 0xfffff) == drv[i].prod)
			return true;
		if (drv_cmdq_err(i))
			return false;
		model_relax();
	}

	return false;
}

bool drv_cmd(unsigned int i, u64 dw0, u64 dw1)
{
	drv_put(i, dw0, dw1);
	drv_ring(i);

	return drv_wait(i);
}

bool drv_sync(unsigned int i)
{
	return drv_cmd(i, 0x46, 0);
}

void drv_skip_err(unsigned int i)
{
	u32 cons = read32(i, 0x9c) & 0xfffff;

	dma_store64(i, slot(i, cons), 0x46);
	dma_store64(i, slot(i, cons) + 8, 0);
	write32(i, 0x64, read32(i, 0x60));
}

static u64 host_ste(unsigned int i, u32 sid)
{
	if (!two_levels(i))
		return HOST_STRTAB(i) + sid * 64;

	return HOST_L2(i, sid / 64) + sid % 64 * 64;
}

void drv_write_ste(unsigned int i, u32 sid, u64 dw0, u64 dw1)
{
	dma_store64(i, host_ste(i, sid) + 8, dw1);
	dma_store64(i, host_ste(i, sid), dw0);
}

bool drv_ste(unsigned int i, u32 sid, u64 dw0, u64 dw1)
{
	drv_write_ste(i, sid, dw0, dw1);
	if (!drv_cmd(i, 0x03 | (u64)sid << 32, 1))
		return false;

	return drv_sync(i);
}

bool drv_bypass(unsigned int i, u32 sid)
{
	return drv_ste(i, sid, 0x9, 1ULL << 44);
}

bool drv_stage1(unsigned int i, u32 sid)
{
	return drv_ste(i, sid, 0xb | HOST_CD(i), 0xd4);
}

bool drv_detach(unsigned int i, u32 sid)
{
	return drv_ste(i, sid, 0x1, 0);
}

enum dma_result dev_dma(unsigned int i, u32 sid, u64 phys)
{
	struct dma dma = {
		.sid = sid, .write = true, .asid = 1, .va = phys, .ipa = phys,
	};

	return smmu_dma(&smmus[i], &dma, false);
}

int host_wake(u32 lost, bool system)
{
	unsigned int i;
	int ret;

	model.asleep = true;
	for (i = 0; i < nr_smmus; i++) {
		if (lost & BIT(i))
			smmu_lose_power(&smmus[i]);
	}
	ret = hyp_iommu_resume(system);
	model.polls = 0;
	if (ret)
		return ret;
	model.asleep = false;
	oracle_step();

	return 0;
}

void hw_settle(void)
{
	unsigned int i, n;
	bool did;

	for (n = 0; n < 10000; n++) {
		did = false;
		for (i = 0; i < nr_smmus; i++)
			did |= smmu_step(&smmus[i]);
		if (!did)
			break;
	}
}
