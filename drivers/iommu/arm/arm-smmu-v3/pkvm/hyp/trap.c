// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: the host's accesses to the MMIO.
 *
 * An access faults in the host's stage 2. EL2 recognises most accesses by the syndrome, before
 * it does anything else about a fault. The store to CMDQ_PROD has a path of its own, as it is
 * the one trap of an invalidation.
 */

#include <asm/kvm_emulate.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_hypevents.h>

#include <hyp/adjust_pc.h>

#include <nvhe/trap_handler.h>

#include "smmu.h"

/* Return the SMMU that has @addr in its emulated MMIO, with the offset there, or NULL. */
static __always_inline struct hyp_smmu *find_smmu(u64 addr, u64 *offset)
{
	struct hyp_smmu *smmu;

	for (smmu = hyp_smmus; smmu < hyp_smmus_end; smmu++) {
		*offset = addr - smmu->mmio_phys;
		if (*offset < smmu->emu_size)
			return smmu;
	}

	return NULL;
}

/* The emulated instruction is done: step over it. */
static __always_inline void skip_host_access(u64 spsr)
{
	write_sysreg_el2(spsr & ~(PSR_BTYPE_MASK | DBG_SPSR_SS), SYS_SPSR);
	kvm_skip_host_instr();
}

/* Register 31 is the zero register. */
static __always_inline u64 stored_value(struct kvm_cpu_context *host_ctxt, u64 esr)
{
	unsigned int rt = FIELD_GET(ESR_ELx_SRT_MASK, esr);

	return rt == 31 ? 0 : cpu_reg(host_ctxt, rt);
}

static u64 loaded_value(u64 esr, u64 val)
{
	if (FIELD_GET(ESR_ELx_SAS, esr) != 2)
		return val;
	if (!(esr & ESR_ELx_SSE))
		return lower_32_bits(val);
	val = sign_extend64(val, 31);

	return esr & ESR_ELx_SF ? val : lower_32_bits(val);
}

/*
 * Wait a while for the hardware, if the store has to, and try it once more. If it is not done,
 * the host executes it again, after its pending interrupts.
 */
static noinline bool retry_store(struct hyp_smmu *smmu, u32 offset, u8 size, u64 val, u64 seq)
{
	bool done;

	if (!seq || !hyp_smmu_hwq_poll(smmu, seq))
		return false;

	hyp_spin_lock(&smmu->emu_lock);
	done = hyp_smmu_write(smmu, offset, size, val);
	hyp_spin_unlock(&smmu->emu_lock);

	return done;
}

/* A trap counts its access once, even if it attempts it twice. */
static __always_inline void begin_access(struct hyp_smmu *smmu)
{
	hyp_spin_lock(&smmu->emu_lock);
	smmu->stats.traps++;
}

static bool emulate_store(struct hyp_smmu *smmu, u32 offset, u8 size, u64 val)
{
	bool done;
	u64 seq;

	begin_access(smmu);
	done = hyp_smmu_write(smmu, offset, size, val);
	seq = smmu->wait_seq;
	hyp_spin_unlock(&smmu->emu_lock);

	return done || retry_store(smmu, offset, size, val, seq);
}

/* Emulate a store to CMDQ_PROD. Only a store that has to wait takes a second attempt. */
static __always_inline bool emulate_prod(struct hyp_smmu *smmu, u32 val)
{
	u64 seq;

	begin_access(smmu);
	if (likely(hyp_smmu_cmdq_write_prod(smmu, val))) {
		hyp_spin_unlock(&smmu->emu_lock);
		return true;
	}
	seq = smmu->wait_seq;
	hyp_spin_unlock(&smmu->emu_lock);

	return retry_store(smmu, ARM_SMMU_CMDQ_PROD, sizeof(val), val, seq);
}

/*
 * Emulated accesses are aligned, of 32 or 64 bits, by AArch64 code, to or from a general
 * register.
 */

static noinline bool handle_store(struct kvm_cpu_context *host_ctxt, u64 esr,
				  struct hyp_smmu *smmu, u64 offset)
{
	u64 val = stored_value(host_ctxt, esr);
	u8 size = BIT(FIELD_GET(ESR_ELx_SAS, esr));
	bool done;

	if (!IS_ALIGNED(offset, size))
		return false;
	if (size == 4)
		val = lower_32_bits(val);
	done = emulate_store(smmu, offset, size, val);
	trace_smmu_v3_access(smmu->mmio_phys + offset, val, size, true, done);
	if (done)
		skip_host_access(read_sysreg_el2(SYS_SPSR));

	return true;
}

static noinline bool handle_load(struct kvm_cpu_context *host_ctxt, u64 esr,
				 struct hyp_smmu *smmu, u64 offset)
{
	unsigned int rt = FIELD_GET(ESR_ELx_SRT_MASK, esr);
	u8 size = BIT(FIELD_GET(ESR_ELx_SAS, esr));
	u64 val;

	if (!IS_ALIGNED(offset, size))
		return false;
	begin_access(smmu);
	val = hyp_smmu_read(smmu, offset, size);
	hyp_spin_unlock(&smmu->emu_lock);
	trace_smmu_v3_access(smmu->mmio_phys + offset, val, size, false, true);
	if (rt != 31)
		cpu_reg(host_ctxt, rt) = loaded_value(esr, val);
	skip_host_access(read_sysreg_el2(SYS_SPSR));

	return true;
}

/*
 * The syndrome of an access that EL2 can emulate: a load or store to or from a general register,
 * of 32 or 64 bits, for which the upper bit of SAS is set.
 */
#define ACCESS_ESR_MASK	(ESR_ELx_EC_MASK | ESR_ELx_ISV | BIT(ESR_ELx_SAS_SHIFT + 1) |	\
			 ESR_ELx_CM | ESR_ELx_S1PTW)
#define ACCESS_ESR	(FIELD_PREP(ESR_ELx_EC_MASK, ESR_ELx_EC_DABT_LOW) |		\
			 ESR_ELx_ISV | BIT(ESR_ELx_SAS_SHIFT + 1))

/**
 * hyp_iommu_handle_trap - Emulate a host access to an SMMU by its syndrome alone
 * @host_ctxt: the host's registers
 * @esr:       ESR_EL2 of any abort of the host's
 *
 * This is called before an abort is handled in any other way: the syndrome alone tells most
 * accesses to an SMMU, and every invalidation by the host is such an access.
 *
 * Return: true = the access was to an SMMU, and was emulated or is to be replayed; false = the
 * abort is another one, or needs more than the syndrome: hyp_iommu_handle_abort() is called
 * once pKVM has found the page that faulted.
 */
bool hyp_iommu_handle_trap(struct kvm_cpu_context *host_ctxt, u64 esr)
{
	struct hyp_smmu *smmu;
	u64 addr, offset, spsr, val;
	bool done;

	/* Only translation faults at level 0 to 3: other faults need not set HPFAR_EL2. */
	if ((esr & (ACCESS_ESR_MASK | ESR_ELx_FSC_TYPE)) != (ACCESS_ESR | ESR_ELx_FSC_FAULT) ||
	    cpus_have_final_cap(ARM64_WORKAROUND_834220))
		return false;
	addr = FIELD_GET(HPFAR_EL2_FIPA, read_sysreg(hpfar_el2)) << 12;
	addr |= FAR_TO_FIPA_OFFSET(read_sysreg_el2(SYS_FAR));
	smmu = find_smmu(addr, &offset);
	spsr = read_sysreg_el2(SYS_SPSR);
	if (!smmu || (spsr & PSR_MODE32_BIT))
		return false;

	if (!(esr & ESR_ELx_WNR))
		return handle_load(host_ctxt, esr, smmu, offset);
	if (offset != ARM_SMMU_CMDQ_PROD || FIELD_GET(ESR_ELx_SAS, esr) != 2)
		return handle_store(host_ctxt, esr, smmu, offset);

	val = lower_32_bits(stored_value(host_ctxt, esr));
	done = emulate_prod(smmu, val);
	trace_smmu_v3_access(addr, val, sizeof(u32), true, done);
	if (done)
		skip_host_access(spsr);

	return true;
}

/**
 * hyp_iommu_handle_abort - Emulate a host access to an SMMU
 * @host_ctxt: the host's registers
 * @esr:       ESR_EL2 of the host's stage-2 translation fault
 * @addr:      the page that faulted
 *
 * Return: true = the access was emulated or is to be replayed; false = @addr is no SMMU's or
 * the access cannot be emulated, and the caller injects an abort.
 */
bool hyp_iommu_handle_abort(struct kvm_cpu_context *host_ctxt, u64 esr, u64 addr)
{
	struct hyp_smmu *smmu;
	u64 offset;

	addr |= FAR_TO_FIPA_OFFSET(read_sysreg_el2(SYS_FAR));
	smmu = find_smmu(addr, &offset);
	if (!smmu || (esr & ACCESS_ESR_MASK) != ACCESS_ESR || !esr_fsc_is_translation_fault(esr) ||
	    (read_sysreg_el2(SYS_SPSR) & PSR_MODE32_BIT))
		return false;

	return esr & ESR_ELx_WNR ? handle_store(host_ctxt, esr, smmu, offset) :
				   handle_load(host_ctxt, esr, smmu, offset);
}
