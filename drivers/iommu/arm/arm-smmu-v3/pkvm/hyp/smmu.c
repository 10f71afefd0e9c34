// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: takeover, system suspend and invalidation.
 *
 * While the host is trusted, EL2 takes each SMMU that the host registers. Its MMIO and memory
 * become EL2's, EL2 stops what firmware left running, drops its caches, and enables the SMMU
 * with a stream table in which every stream aborts. From then on the SMMU translates no stream
 * without EL2's stage 2. It is disabled only after a system suspend, while EL2 writes its
 * registers again. GBPA.ABORT, which is set first, makes every stream abort then.
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

/* Wait until the bits @mask of a register are @val. Return 0 or -ETIMEDOUT. */
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

/* Give all pages of the pool back, in the list where the host finds them. */
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
 * If firmware or the hardware says that the SMMU does not snoop, EL2 cleans. For all else
 * firmware overrides the ID register, as in the host's arm_smmu_device_hw_probe().
 */
static void note_coherency(struct hyp_smmu *smmu, bool firmware)
{
	smmu->coherent = firmware && (smmu->hw.idr[0] & IDR0_COHACC);
	smmu->hw.idr[0] &= ~IDR0_COHACC;
	if (firmware)
		smmu->hw.idr[0] |= IDR0_COHACC;
}

/**
 * __pkvm_iommu_register - Hypercall of the trusted host's: take memory and MMIO of an SMMU
 * @idx: index of the SMMU in pkvm_smmu_v3_infos[]
 *
 * Return: 0, an error, or a positive enum pkvm_smmu_refusal if EL2 cannot withhold registers.
 */
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

/* Make every stream abort while SMMUEN is 0. */
static int abort_bypass(struct hyp_smmu *smmu)
{
	u32 gbpa = readl_relaxed(smmu->mmio + ARM_SMMU_GBPA);

	/* If the hardware aborts already, it need not answer: it may hang. */
	if ((gbpa & (GBPA_UPDATE | GBPA_ABORT)) == GBPA_ABORT)
		return 0;

	return update_gbpa(smmu, smmu->gbpa_reset | GBPA_ABORT);
}

/* With ATSCHK the SMMU checks translated transactions, too. IHI0070G.b 3.9.1 */
static u32 cr0_always(const struct hyp_smmu *smmu)
{
	return smmu->hw.idr[0] & IDR0_ATS ? CR0_ATSCHK : 0;
}

/* Wait for an update that is on its way before the next one. IHI0070G.b 6.3.9 */
static int change_reg_sync(struct hyp_smmu *smmu, u32 val, u32 offset, u32 ack_offset)
{
	int ret = poll_reg(smmu, ack_offset, ~0, readl_relaxed(smmu->mmio + offset));

	return ret ?: write_reg_sync(smmu, val, offset, ack_offset);
}

/* abort_bypass() has succeeded. ATSCHK stays set, as bits of CR0 change one by one. */
static int stop_hw(struct hyp_smmu *smmu)
{
	return change_reg_sync(smmu, cr0_always(smmu), ARM_SMMU_CR0, ARM_SMMU_CR0ACK) ?:
	       change_reg_sync(smmu, 0, ARM_SMMU_IRQ_CTRL, ARM_SMMU_IRQ_CTRLACK);
}

/*
 * The memory attributes of the stream table and the queues. An SMMU that is not coherent goes
 * past the caches, as EL2 and the host do for it: CR1 is 0 then.
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
	/* E2H is 0, as every stream that is translated is NS-EL1. */
	writel_relaxed(CR2_PTM | CR2_RECINVSID, mmio + ARM_SMMU_CR2);

	writeq_relaxed(hyp_smmu_strtab_base(smmu), mmio + ARM_SMMU_STRTAB_BASE);
	writel_relaxed(hyp_smmu_strtab_cfg(smmu), mmio + ARM_SMMU_STRTAB_BASE_CFG);

	hyp_smmu_hwq_program(smmu);
	if (smmu->evtq_pinned)
		hyp_smmu_evtq_program(smmu);

	/* The SMMU writes its own MSIs past stage 2: overwrite every address. */
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

	/* Interrupts are as the host has them: 0 at takeover. */
	ret = write_reg_sync(smmu, smmu->regs.val[SMMU_REG_IRQ_CTRL],
			     ARM_SMMU_IRQ_CTRL, ARM_SMMU_IRQ_CTRLACK);
	if (ret)
		return ret;
	ret = write_reg_sync(smmu, cr0, ARM_SMMU_CR0, ARM_SMMU_CR0ACK);
	if (ret)
		return ret;
	/* This rings the doorbell, which orders the stream table before SMMUEN. */
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

/**
 * __pkvm_iommu_enable - Hypercall of the trusted host's: reset an SMMU and enable it
 * @idx: index of a registered SMMU in pkvm_smmu_v3_infos[]
 *
 * Return: 0, or an error: then __pkvm_iommu_unregister() undoes what was done.
 */
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

/* Leave the SMMU to the native driver, stopped, with the GBPA that it had. */
static int restore_hw(struct hyp_smmu *smmu)
{
	int ret = change_reg_sync(smmu, 0, ARM_SMMU_CR0, ARM_SMMU_CR0ACK);

	return ret ?: update_gbpa(smmu, smmu->gbpa_reset);
}

/**
 * __pkvm_iommu_unregister - Hypercall of the trusted host's: give an SMMU back
 * @idx: index of a registered SMMU in pkvm_smmu_v3_infos[]
 *
 * Return: 0, or an error: then EL2 keeps memory that the SMMU may still use.
 */
int __pkvm_iommu_unregister(unsigned int idx)
{
	struct pkvm_smmu_v3_info *info;
	struct hyp_smmu *smmu;
	int ret;

	if (idx >= PKVM_SMMU_V3_MAX || !hyp_smmus[idx].registered)
		return -EINVAL;

	info = &pkvm_smmu_v3_infos[idx];
	smmu = &hyp_smmus[idx];
	/* The hardware was programmed only if enable has set up the stream table. */
	if (smmu->l1) {
		ret = restore_hw(smmu);
		/* EL2 keeps memory that the hardware may still use. */
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
 * System suspend. The hardware may lose every register, and its caches may hold anything
 * afterwards. EL2 still has its tables, and the state that the host sees.
 */

/**
 * hyp_iommu_suspend - Prepare all SMMUs for a system suspend
 *
 * Complete what only the hardware knows of: the host's commands, their MSIs and error
 * interrupts. A device that does not answer an ATC_INV can keep the hardware from that. Then
 * the reset after the suspend would wait for the device in vain, and the SMMU be dead: so the
 * suspend does not take place. Everything that the host does keeps working afterwards.
 *
 * Context: no EL2 lock is held.
 * Return: 0, or -EBUSY if an SMMU that is not dead has commands left.
 */
int hyp_iommu_suspend(void)
{
	struct hyp_smmu *smmu;
	int ret = 0;
	u64 seq;

	for (smmu = hyp_smmus; smmu < hyp_smmus_end; smmu++) {
		if (!smmu->enabled)
			continue;
		hyp_spin_lock(&smmu->emu_lock);
		if ((hyp_smmu_hwq_add_sync(smmu, &seq) || hyp_smmu_hwq_wait(smmu, seq)) &&
		    !READ_ONCE(smmu->hwq.dead))
			ret = -EBUSY;
		hyp_smmu_evtq_save(smmu);
		hyp_spin_unlock(&smmu->emu_lock);
	}

	return ret;
}

/*
 * The locks keep traps and transitions from adding commands meanwhile. Commands added before
 * count as complete: hyp_smmu_hwq_program() sets CMDQ_CONS, and the invalidation does more than
 * any of them but an ATC_INV.
 */
static void resume_hw(struct hyp_smmu *smmu)
{
	hyp_spin_lock(&smmu->emu_lock);
	hyp_spin_lock(&host_mmu.lock);
	/* The reset drops no translation of a device's: the host's next CMD_SYNC fails. */
	if (hyp_smmu_hwq_consumed(smmu) < smmu->cmdq.atc_seq)
		smmu->cmdq.atc_failed = true;
	/* A dead SMMU stays as it is: stopped, or as EL2 once left it. */
	if (!smmu->hwq.dead && reset_hw(smmu))
		hyp_smmu_hwq_fail(smmu);
	hyp_spin_unlock(&host_mmu.lock);
	hyp_spin_unlock(&smmu->emu_lock);
}

/* SMMUEN is 0 only if the SMMU has lost its registers, or another CPU resets it. */
static bool may_be_lost(const struct hyp_smmu *smmu, bool system)
{
	return smmu->enabled &&
	       (system || !(readl_relaxed(smmu->mmio + ARM_SMMU_CR0) & CR0_SMMUEN));
}

/**
 * hyp_iommu_resume - Have all SMMUs isolate DMA when a CPU comes back from a suspend
 * @system: the whole system was suspended
 *
 * After a system suspend each SMMU gets its registers back, even if it has not lost them, and
 * its caches are emptied. When a single CPU comes back, this is done to an SMMU that is found
 * disabled. An SMMU that does not come back stays isolated, and counts as dead.
 *
 * Context: this CPU's host has not run since the suspend. No EL2 lock is held.
 * Return: 0, or -ETIMEDOUT if an SMMU may let DMA bypass it: then the host must not run.
 */
int hyp_iommu_resume(bool system)
{
	struct hyp_smmu *smmu;
	bool lost = false;
	int ret = 0;

	/* All SMMUs first: a device behind one can start DMA of a device behind another. */
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
/* Clear registers as firmware does that switches an SMMU off, but let streams abort. */
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

/**
 * __pkvm_iommu_test_suspend - Take the registers away from all SMMUs and resume
 *
 * Context: no other CPU and no device uses an SMMU meanwhile, or its accesses are lost.
 * Return: 0, -ENODEV if no SMMU is owned, -EIO if one was dead before, or another error if an
 * SMMU does not answer.
 */
int __pkvm_iommu_test_suspend(void)
{
	struct hyp_smmu *smmu;
	int ret;

	if (!hyp_iommu_enabled())
		return -ENODEV;

	ret = hyp_iommu_suspend();
	if (ret)
		return ret;
	for (smmu = hyp_smmus; smmu < hyp_smmus_end && !ret; smmu++) {
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

/* Check whether EL2 owns an SMMU. */
bool hyp_iommu_enabled(void)
{
	struct hyp_smmu *smmu;

	for (smmu = hyp_smmus; smmu < hyp_smmus_end; smmu++) {
		if (smmu->enabled)
			return true;
	}

	return false;
}

/**
 * hyp_iommu_can_split - Check whether a table may replace a block under live DMA
 *
 * That takes IDR3.BBML 2 in every SMMU. Level 1 requires the nT bit, which the split does not
 * use, and 3 is reserved.
 *
 * Context: every SMMU that can be enabled later has been registered.
 * Return: true if no SMMU needs break-before-make.
 */
bool hyp_iommu_can_split(void)
{
	struct hyp_smmu *smmu;

	for (smmu = hyp_smmus; smmu < hyp_smmus_end; smmu++) {
		if (smmu->registered && FIELD_GET(IDR3_BBM, smmu->hw.idr[3]) != 2)
			return false;
	}

	return true;
}

/**
 * hyp_iommu_coherent - Check whether every SMMU snoops the caches of the CPUs
 *
 * Context: every SMMU that can be enabled later has been registered.
 * Return: false if EL2 has to clean to the PoC what it writes for one of them.
 */
bool hyp_iommu_coherent(void)
{
	struct hyp_smmu *smmu;

	for (smmu = hyp_smmus; smmu < hyp_smmus_end; smmu++) {
		if (smmu->registered && !smmu->coherent)
			return false;
	}

	return true;
}

/**
 * hyp_iommu_flush_all - Drop every cached translation of the device stage 2
 *
 * Issue the invalidation to every enabled SMMU, then wait for all of them. S12_VMALL reaches
 * entries that combine both stages, which S2_IPA does not. The host's SMMUEN does not matter:
 * caches survive it. IHI0070G.b 4.4.3, 16.2.1
 *
 * If the hardware is late, the transition fails and access is restored while the invalidation
 * may still be in the queue. When it takes effect it drops a translation that is valid again,
 * and the hardware looks that up once more. A later transition adds its own invalidation,
 * after its change of the tables, and waits for that one by its number.
 *
 * Context: host_mmu.lock is held, no hyp_smmu_hwq::lock is.
 * Return: 0, or -EIO if an SMMU does not answer.
 */
int hyp_iommu_flush_all(void)
{
	struct arm_smmu_cmd cmd = arm_smmu_make_cmd_tlbi(CMDQ_OP_TLBI_S12_VMALL, 0,
							 SMMU_EMU_VMID);
	struct hyp_smmu *smmu;
	int ret = 0;

	hyp_assert_lock_held(&host_mmu.lock);
	for (smmu = hyp_smmus; smmu < hyp_smmus_end; smmu++) {
		/* 0 without a command, so that the wait below returns at once. */
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
