// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: takeover, system suspend and invalidation.
 *
 * While the host is trusted, EL2 takes each SMMU that the host registers: its MMIO
 * and the memory that it uses become EL2's, whatever firmware left running is
 * stopped and forgotten, and the SMMU is enabled with a stream table in which every
 * stream aborts. From then on it translates no stream without EL2's stage 2, and it is
 * disabled only after a system suspend, for the time that its registers are written
 * again. GBPA.ABORT, which is set first, makes every stream abort then.
 */

#include <asm/kvm_hyp.h>

#include <nvhe/mem_protect.h>
#include <nvhe/mm.h>

#include "../emu/cmd.h"
#include "irq.h"
#include "smmu.h"

struct pkvm_smmu_v3_info pkvm_smmu_v3_infos[PKVM_SMMU_V3_MAX];

struct hyp_smmu hyp_smmus[PKVM_SMMU_V3_MAX];
struct hyp_smmu *hyp_smmus_end;

int hyp_smmu_poll(const void __iomem *reg, u32 mask, u32 val,
		  struct hyp_smmu_deadline *deadline)
{
	while ((readl_relaxed(reg) & mask) != val) {
		if (hyp_smmu_deadline_passed(deadline))
			return -ETIMEDOUT;
		cpu_relax();
	}

	return 0;
}

static int poll_reg(struct hyp_smmu *smmu, u32 offset, u32 mask, u32 val)
{
	struct hyp_smmu_deadline deadline = hyp_smmu_deadline(smmu);

	return hyp_smmu_poll(smmu->mmio + offset, mask, val, &deadline);
}

static int write_reg_sync(struct hyp_smmu *smmu, u32 val, u32 offset, u32 ack_offset)
{
	writel_relaxed(val, smmu->mmio + offset);
	return poll_reg(smmu, ack_offset, ~0, val);
}

/*
 * Registration: memory and MMIO.
 */

/* Make host memory EL2's, filled with zeroes. */
static void *take_memory(phys_addr_t phys, u64 size)
{
	void *va = hyp_phys_to_virt(phys);

	if (!PAGE_ALIGNED(phys) || !PAGE_ALIGNED(size) || !size)
		return NULL;
	if (__pkvm_host_donate_hyp(hyp_phys_to_pfn(phys), size >> PAGE_SHIFT))
		return NULL;
	memset(va, 0, size);

	return va;
}

static int give_memory_back(phys_addr_t phys, u64 size)
{
	memset(hyp_phys_to_virt(phys), 0, size);
	return __pkvm_hyp_donate_host(hyp_phys_to_pfn(phys), size >> PAGE_SHIFT);
}

static bool info_is_sane(const struct pkvm_smmu_v3_info *info)
{
	return IS_ALIGNED(info->mmio_base, SZ_64K) && info->mmio_size >= SMMU_EMU_SIZE &&
	       info->cmdq_shift >= SMMU_EMU_MIN_CMDQ_SHIFT &&
	       info->cmdq_shift <= SMMU_EMU_MAX_CMDQ_SHIFT &&
	       IS_ALIGNED(info->cmdq_base, pkvm_smmu_v3_cmdq_size(info)) &&
	       IS_ALIGNED(info->strtab_base, roundup_pow_of_two(info->strtab_size)) &&
	       info->pool.nr_pages;
}

/* Push what the pool has back to where the host finds it. */
static int give_pool_back(struct hyp_smmu *smmu, struct pkvm_smmu_v3_info *info)
{
	void *page;
	int ret;

	if (smmu->bounce)
		push_hyp_memcache(&smmu->pool, (phys_addr_t *)smmu->bounce, hyp_virt_to_phys);
	smmu->bounce = NULL;

	while ((page = pop_hyp_memcache(&smmu->pool, hyp_phys_to_virt))) {
		push_hyp_memcache(&info->pool, page, hyp_virt_to_phys);
		ret = __pkvm_hyp_donate_host(hyp_virt_to_pfn(page), 1);
		if (ret)
			return ret;
	}

	return 0;
}

/*
 * EL2 cleans if one of the two says that the SMMU does not snoop. All else goes by firmware,
 * which overrides the ID register, as for the host's driver in arm_smmu_device_hw_probe().
 */
static void note_coherency(struct hyp_smmu *smmu, bool firmware)
{
	smmu->coherent = firmware && (smmu->hw.idr[0] & IDR0_COHACC);
	smmu->hw.idr[0] &= ~IDR0_COHACC;
	if (firmware)
		smmu->hw.idr[0] |= IDR0_COHACC;
}

int __pkvm_iommu_register(unsigned int idx)
{
	struct pkvm_smmu_v3_info *info;
	struct hyp_smmu *smmu;
	int ret;

	if (idx >= PKVM_SMMU_V3_MAX || hyp_smmus[idx].registered)
		return -EINVAL;

	info = &pkvm_smmu_v3_infos[idx];
	smmu = &hyp_smmus[idx];
	if (!info_is_sane(info))
		return -EINVAL;

	*smmu = (struct hyp_smmu) {
		.mmio_phys	= info->mmio_base,
		.timer_freq	= info->timer_freq,
		.repeat		= info->repeat,
	};
	hyp_spin_lock_init(&smmu->emu_lock);
	hyp_spin_lock_init(&smmu->hwq.lock);

	ret = hyp_iommu_take_pool(&smmu->pool, &info->pool);
	if (ret)
		goto give_pool;
	smmu->bounce = pop_hyp_memcache(&smmu->pool, hyp_phys_to_virt);

	ret = -ENOMEM;
	smmu->hwq.base = take_memory(info->cmdq_base, pkvm_smmu_v3_cmdq_size(info));
	if (!smmu->hwq.base)
		goto give_pool;
	smmu->hwq.shift = info->cmdq_shift;
	smmu->hwq.slot_mask = BIT(info->cmdq_shift) - 1;
	smmu->hwq.idx_mask = 2 * smmu->hwq.slot_mask + 1;
	smmu->hwq.limit = min(BIT(info->cmdq_shift) - hyp_smmu_hwq_reserve(smmu),
			      HYP_SMMU_HWQ_BACKLOG);

	if (!take_memory(info->strtab_base, info->strtab_size))
		goto give_cmdq;

	ret = hyp_smmu_take_mmio(smmu, info);
	if (ret)
		goto give_strtab;

	note_coherency(smmu, info->coherent);
	smmu->registered = true;
	hyp_smmus_end = max(hyp_smmus_end, smmu + 1);

	return 0;

give_strtab:
	give_memory_back(info->strtab_base, info->strtab_size);
give_cmdq:
	give_memory_back(info->cmdq_base, pkvm_smmu_v3_cmdq_size(info));
give_pool:
	give_pool_back(smmu, info);
	return ret;
}

/*
 * Reset, by the takeover and after a system suspend. Nothing that firmware or a boot
 * loader left in the registers is trusted. IHI0070G.b 6.3.9, 6.3.14
 */

static int update_gbpa(struct hyp_smmu *smmu, u32 val)
{
	int ret;

	ret = poll_reg(smmu, ARM_SMMU_GBPA, GBPA_UPDATE, 0);
	if (ret)
		return ret;
	writel_relaxed(val | GBPA_UPDATE, smmu->mmio + ARM_SMMU_GBPA);

	return poll_reg(smmu, ARM_SMMU_GBPA, GBPA_UPDATE, 0);
}

/* From here on no device gets anywhere as long as SMMUEN is 0. */
static int abort_bypass(struct hyp_smmu *smmu)
{
	u32 gbpa = readl_relaxed(smmu->mmio + ARM_SMMU_GBPA);

	/* Hardware that hangs need not answer if it aborts already. */
	if ((gbpa & (GBPA_UPDATE | GBPA_ABORT)) == GBPA_ABORT)
		return 0;

	return update_gbpa(smmu, smmu->gbpa_reset | GBPA_ABORT);
}

/* Translated transactions are looked up, too, and refused. IHI0070G.b 3.9.1 */
static u32 cr0_always(const struct hyp_smmu *smmu)
{
	return smmu->hw.idr[0] & IDR0_ATS ? CR0_ATSCHK : 0;
}

/* No second update while one is on its way. IHI0070G.b 6.3.9 */
static int change_reg_sync(struct hyp_smmu *smmu, u32 val, u32 offset, u32 ack_offset)
{
	int ret = poll_reg(smmu, ack_offset, ~0, readl_relaxed(smmu->mmio + offset));

	return ret ?: write_reg_sync(smmu, val, offset, ack_offset);
}

/* abort_bypass() has succeeded. Bits of CR0 change one by one: ATSCHK stays set. */
static int stop_hw(struct hyp_smmu *smmu)
{
	return change_reg_sync(smmu, cr0_always(smmu), ARM_SMMU_CR0, ARM_SMMU_CR0ACK) ?:
	       change_reg_sync(smmu, 0, ARM_SMMU_IRQ_CTRL, ARM_SMMU_IRQ_CTRLACK);
}

/*
 * How the SMMU accesses the stream table and the queues. One that is not coherent is told to
 * go past the caches, as those who write and read them do: all of CR1 is 0 then.
 */
static u32 hw_cr1(const struct hyp_smmu *smmu)
{
	if (!(smmu->hw.idr[0] & IDR0_COHACC))
		return 0;

	return FIELD_PREP(CR1_TABLE_SH, ARM_SMMU_SH_ISH) |
	       FIELD_PREP(CR1_TABLE_OC, CR1_CACHE_WB) |
	       FIELD_PREP(CR1_TABLE_IC, CR1_CACHE_WB) |
	       FIELD_PREP(CR1_QUEUE_SH, ARM_SMMU_SH_ISH) |
	       FIELD_PREP(CR1_QUEUE_OC, CR1_CACHE_WB) |
	       FIELD_PREP(CR1_QUEUE_IC, CR1_CACHE_WB);
}

static void program_hw(struct hyp_smmu *smmu)
{
	void __iomem *mmio = smmu->mmio;

	writel_relaxed(hw_cr1(smmu), mmio + ARM_SMMU_CR1);
	/* E2H=0: every stream that is translated is NS-EL1. */
	writel_relaxed(CR2_PTM | CR2_RECINVSID, mmio + ARM_SMMU_CR2);

	writeq_relaxed(hyp_smmu_strtab_base(smmu), mmio + ARM_SMMU_STRTAB_BASE);
	writel_relaxed(hyp_smmu_strtab_cfg(smmu), mmio + ARM_SMMU_STRTAB_BASE_CFG);

	hyp_smmu_hwq_program(smmu);
	if (smmu->evtq_pinned)
		hyp_smmu_evtq_program(smmu);

	/* The SMMU's own MSIs are written past stage 2: none stays, whatever was set. */
	hyp_smmu_irq_program(smmu, 0);
	if ((smmu->hw.idr[0] & IDR0_MSI) && (smmu->hw.idr[0] & IDR0_PRI))
		writeq_relaxed(0, mmio + ARM_SMMU_PRIQ_IRQ_CFG0);
}

/* Caches survive SMMUEN, and reset leaves them undefined. IHI0070G.b 3.11, 6.3.9.6 */
static int invalidate_hw(struct hyp_smmu *smmu)
{
	u64 seq;
	int ret;

	/* Configuration first, or a stale one refills the TLBs. IHI0070G.b 4.3.6 */
	ret = hyp_smmu_hwq_add_el2(smmu, arm_smmu_make_cmd_cfgi_all(), &seq);
	if (!ret && (smmu->hw.idr[0] & IDR0_HYP))
		ret = hyp_smmu_hwq_add_el2(smmu, arm_smmu_make_cmd_op(CMDQ_OP_TLBI_EL2_ALL),
					   &seq);
	if (!ret)
		ret = hyp_smmu_hwq_add_el2(smmu, arm_smmu_make_cmd_op(CMDQ_OP_TLBI_NSNH_ALL),
					   &seq);

	return ret ?: hyp_smmu_hwq_wait(smmu, seq);
}

static int start_hw(struct hyp_smmu *smmu)
{
	u32 cr0 = cr0_always(smmu) | CR0_CMDQEN;
	int ret;

	/* As the host has it: 0 at takeover. */
	ret = write_reg_sync(smmu, smmu->regs.val[SMMU_REG_IRQ_CTRL],
			     ARM_SMMU_IRQ_CTRL, ARM_SMMU_IRQ_CTRLACK);
	if (ret)
		return ret;
	ret = write_reg_sync(smmu, cr0, ARM_SMMU_CR0, ARM_SMMU_CR0ACK);
	if (ret)
		return ret;
	/* Rings, by which the stream table, too, is written before SMMUEN is. */
	ret = invalidate_hw(smmu);
	if (ret)
		return ret;

	return write_reg_sync(smmu, cr0 | CR0_SMMUEN | hyp_smmu_evtqen(smmu),
			      ARM_SMMU_CR0, ARM_SMMU_CR0ACK);
}

/* abort_bypass() has succeeded. */
static int reset_hw(struct hyp_smmu *smmu)
{
	int ret = stop_hw(smmu);

	if (ret)
		return ret;
	program_hw(smmu);

	return start_hw(smmu);
}

static void set_enabled(struct hyp_smmu *smmu, bool enabled)
{
	smmu->enabled = enabled;
	smmu->emu_size = enabled ? SMMU_EMU_SIZE : 0;
}

int __pkvm_iommu_enable(unsigned int idx)
{
	struct pkvm_smmu_v3_info *info;
	struct hyp_smmu *smmu;
	int ret;

	if (idx >= PKVM_SMMU_V3_MAX || !hyp_smmus[idx].registered ||
	    hyp_smmus[idx].enabled || !hyp_iommu_s2.pgd)
		return -EINVAL;

	info = &pkvm_smmu_v3_infos[idx];
	smmu = &hyp_smmus[idx];
	if (pkvm_smmu_check_ids(&smmu->hw, hyp_iommu_s2.pa_bits) ||
	    smmu->hwq.shift > FIELD_GET(IDR1_CMDQS, smmu->hw.idr[1]))
		return -ENODEV;

	hyp_smmu_check_doorbells();
	pkvm_smmu_init_caps(&smmu->caps, &smmu->hw);
	pkvm_smmu_init_cmds(&smmu->caps);
	pkvm_smmu_index_regs(&smmu->caps);
	pkvm_smmu_s2_ste(&smmu->caps, hyp_iommu_s2.pgd, hyp_iommu_s2.ia_bits,
			 hyp_iommu_s2.start_level, &smmu->hw);
	ret = hyp_smmu_strtab_init(smmu, hyp_phys_to_virt(info->strtab_base),
				   info->strtab_size);
	if (ret)
		return ret;

	ret = poll_reg(smmu, ARM_SMMU_GBPA, GBPA_UPDATE, 0);
	if (ret)
		return ret;
	smmu->gbpa_reset = readl_relaxed(smmu->mmio + ARM_SMMU_GBPA);

	ret = abort_bypass(smmu);
	if (!ret)
		ret = reset_hw(smmu);
	set_enabled(smmu, !ret);

	return ret;
}

/* Leave it to the native driver as it was found, but stopped. */
static int restore_hw(struct hyp_smmu *smmu)
{
	int ret = change_reg_sync(smmu, 0, ARM_SMMU_CR0, ARM_SMMU_CR0ACK);

	return ret ?: update_gbpa(smmu, smmu->gbpa_reset);
}

int __pkvm_iommu_unregister(unsigned int idx)
{
	struct pkvm_smmu_v3_info *info;
	struct hyp_smmu *smmu;
	int ret;

	if (idx >= PKVM_SMMU_V3_MAX || !hyp_smmus[idx].registered)
		return -EINVAL;

	info = &pkvm_smmu_v3_infos[idx];
	smmu = &hyp_smmus[idx];
	/* The stream table is only programmed by enable. */
	if (smmu->l1) {
		ret = restore_hw(smmu);
		/* Memory that the hardware may still use is not given back. */
		if (ret)
			return ret;
	}

	set_enabled(smmu, false);
	smmu->registered = false;
	ret = hyp_smmu_give_mmio_back(smmu);
	if (!ret)
		ret = give_memory_back(info->strtab_base, info->strtab_size);
	if (!ret)
		ret = give_memory_back(info->cmdq_base, pkvm_smmu_v3_cmdq_size(info));
	if (!ret)
		ret = give_pool_back(smmu, info);

	return ret;
}

/*
 * System suspend. The hardware may lose every register, and has what it likes in its caches
 * afterwards. Nothing else is lost: EL2 has its tables, and the state that the host sees.
 */

/*
 * Complete what only the hardware knows of: commands of the host's, their MSIs and error
 * interrupts. If it is late, they are lost, and the suspend goes on.
 */
void hyp_iommu_suspend(void)
{
	struct hyp_smmu *smmu;
	u64 seq;

	for (smmu = hyp_smmus; smmu < hyp_smmus_end; smmu++) {
		if (!smmu->enabled)
			continue;
		hyp_spin_lock(&smmu->emu_lock);
		if (!hyp_smmu_hwq_add_sync(smmu, &seq))
			hyp_smmu_hwq_wait(smmu, seq);
		hyp_smmu_evtq_save(smmu);
		hyp_spin_unlock(&smmu->emu_lock);
	}
}

/*
 * No command is added meanwhile, by a trap nor by a transition. Those that were added before
 * count as complete: hyp_smmu_hwq_program() lets CMDQ_CONS say so, and the invalidation
 * does more than any of them.
 */
static void resume_hw(struct hyp_smmu *smmu)
{
	hyp_spin_lock(&smmu->emu_lock);
	hyp_spin_lock(&host_mmu.lock);
	/* What is dead stays as it is: stopped, or as EL2 once left it. */
	if (!smmu->hwq.dead && reset_hw(smmu))
		hyp_smmu_hwq_fail(smmu);
	hyp_spin_unlock(&host_mmu.lock);
	hyp_spin_unlock(&smmu->emu_lock);
}

/* SMMUEN is 0 only in an SMMU that has lost its registers, or that another CPU resets. */
static bool may_be_lost(const struct hyp_smmu *smmu, bool system)
{
	return smmu->enabled &&
	       (system || !(readl_relaxed(smmu->mmio + ARM_SMMU_CR0) & CR0_SMMUEN));
}

int hyp_iommu_resume(bool system)
{
	struct hyp_smmu *smmu;
	bool lost = false;
	int ret = 0;

	/* All of them first: a device behind one can start the DMA of one behind another. */
	for (smmu = hyp_smmus; smmu < hyp_smmus_end && !ret; smmu++) {
		if (!may_be_lost(smmu, system))
			continue;
		lost = true;
		ret = abort_bypass(smmu);
	}
	if (ret || !lost)
		return ret;

	for (smmu = hyp_smmus; smmu < hyp_smmus_end; smmu++) {
		if (may_be_lost(smmu, system))
			resume_hw(smmu);
	}

	return 0;
}

#ifdef CONFIG_NVHE_EL2_DEBUG
/* What firmware that switches it off does to an SMMU, but that streams abort. */
static int forget_hw(struct hyp_smmu *smmu)
{
	void __iomem *mmio = smmu->mmio;
	int ret = abort_bypass(smmu) ?: stop_hw(smmu);

	if (ret)
		return ret;
	writeq_relaxed(0, mmio + ARM_SMMU_STRTAB_BASE);
	writel_relaxed(0, mmio + ARM_SMMU_STRTAB_BASE_CFG);
	writeq_relaxed(0, mmio + ARM_SMMU_CMDQ_BASE);
	writel_relaxed(0, mmio + ARM_SMMU_CMDQ_PROD);
	writel_relaxed(0, mmio + ARM_SMMU_CMDQ_CONS);
	writeq_relaxed(0, mmio + ARM_SMMU_EVTQ_BASE);
	writel_relaxed(0, mmio + SMMU_EMU_PAGE1 + ARM_SMMU_EVTQ_PROD);
	writel_relaxed(0, mmio + SMMU_EMU_PAGE1 + ARM_SMMU_EVTQ_CONS);

	return 0;
}

int __pkvm_iommu_test_suspend(void)
{
	struct hyp_smmu *smmu;
	int ret;

	if (!hyp_iommu_enabled())
		return -ENODEV;

	hyp_iommu_suspend();
	for (smmu = hyp_smmus, ret = 0; smmu < hyp_smmus_end && !ret; smmu++) {
		if (!smmu->enabled)
			continue;
		hyp_spin_lock(&smmu->emu_lock);
		hyp_spin_lock(&host_mmu.lock);
		ret = smmu->hwq.dead ? -EIO : forget_hw(smmu);
		hyp_spin_unlock(&host_mmu.lock);
		hyp_spin_unlock(&smmu->emu_lock);
	}

	return hyp_iommu_resume(true) ?: ret;
}
#endif

bool hyp_iommu_enabled(void)
{
	struct hyp_smmu *smmu;

	for (smmu = hyp_smmus; smmu < hyp_smmus_end; smmu++) {
		if (smmu->enabled)
			return true;
	}

	return false;
}

/* Level 1 would take a use of the nT bit that this does not make; 3 is reserved. */
bool hyp_iommu_can_split(void)
{
	struct hyp_smmu *smmu;

	for (smmu = hyp_smmus; smmu < hyp_smmus_end; smmu++) {
		if (smmu->registered && FIELD_GET(IDR3_BBM, smmu->hw.idr[3]) != 2)
			return false;
	}

	return true;
}

bool hyp_iommu_coherent(void)
{
	struct hyp_smmu *smmu;

	for (smmu = hyp_smmus; smmu < hyp_smmus_end; smmu++) {
		if (smmu->registered && !smmu->coherent)
			return false;
	}

	return true;
}

/*
 * If the hardware is late, the transition fails and access is restored while the
 * invalidation may still be in the queue. What it invalidates then is a translation that
 * is valid again: the hardware looks it up once more. A later transition has an
 * invalidation of its own, behind the old one and behind its own change of the tables,
 * and waits for that one by its number.
 *
 * S12_VMALL reaches what S2_IPA does not: entries that combine both stages. The
 * state that the host sees does not matter: caches survive its SMMUEN.
 * IHI0070G.b 4.4.3, 16.2.1
 */
int hyp_iommu_flush_all(void)
{
	struct arm_smmu_cmd cmd = arm_smmu_make_cmd_tlbi(CMDQ_OP_TLBI_S12_VMALL, 0,
							 SMMU_EMU_VMID);
	struct hyp_smmu *smmu;
	int ret = 0;

	hyp_assert_lock_held(&host_mmu.lock);
	for (smmu = hyp_smmus; smmu < hyp_smmus_end; smmu++) {
		/* Always done: what is not issued is not waited for. */
		smmu->flush_seq = 0;
		if (smmu->enabled && !ret)
			ret = hyp_smmu_hwq_add_el2(smmu, cmd, &smmu->flush_seq);
		if (smmu->flush_seq)
			smmu->stats.invalidations++;
	}

	for (smmu = hyp_smmus; smmu < hyp_smmus_end; smmu++) {
		if (smmu->enabled)
			ret = hyp_smmu_hwq_wait(smmu, smmu->flush_seq) ?: ret;
	}

	return ret;
}
