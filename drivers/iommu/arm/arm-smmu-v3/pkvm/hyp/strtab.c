// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: the shadow stream table.
 *
 * The hardware walks a table of EL2's. EL2 makes its entries from the host's when a command or a
 * change of CR0 announces that these changed. In between the host's writes to its own table have
 * no effect.
 *
 * Dwords 2 and 3 of every STE hold EL2's stage 2 and never change. So the hardware may read any
 * mixture of old and new dwords: it translates a stream by stage 2 (IHI0070G.b 3.21.3).
 *
 * The host's table is not pinned, since the hardware does not use it. EL2 copies a part of it
 * under host_mmu.lock if the host has access to the memory. If the SMMU does not snoop, the host
 * maps its table past the caches: see strtab_read_mem().
 *
 * With two levels every level 2 table is one page, allocated from the pages that
 * the host gave at registration when the first stream in it gets a valid STE. When
 * they are used up, the stream's level 1 descriptor stays invalid: the stream
 * aborts, and the hardware reports C_BAD_STREAMID for it.
 */

#include <asm/kvm_hyp.h>

#include "smmu.h"

/*
 * STEs are read in groups that are aligned to their number. A group is at most
 * 4 KiB of the host's table, part of one of its level 2 tables and part of one of
 * ours, as SPLIT is at least 6 in both. IHI0070G.b 6.3.25
 */
#define GROUP_STES		64

/*
 * The number of the host's level 1 descriptors that strtab_skip() reads at once, aligned to
 * their number: a table of that size is aligned to it.
 */
#define L1_BATCH		16

static bool strtab_is_linear(const struct hyp_smmu *smmu)
{
	return smmu->caps.sid_bits <= SMMU_EMU_SPLIT;
}

/* Return the value for the hardware's STRTAB_BASE. */
u64 hyp_smmu_strtab_base(const struct hyp_smmu *smmu)
{
	return (hyp_virt_to_phys(smmu->l1) & STRTAB_BASE_ADDR_MASK) | STRTAB_BASE_RA;
}

/* Return the value for the hardware's STRTAB_BASE_CFG. */
u32 hyp_smmu_strtab_cfg(const struct hyp_smmu *smmu)
{
	u32 cfg = FIELD_PREP(STRTAB_BASE_CFG_LOG2SIZE, smmu->caps.sid_bits);

	if (strtab_is_linear(smmu))
		return cfg | FIELD_PREP(STRTAB_BASE_CFG_FMT, STRTAB_BASE_CFG_FMT_LINEAR);

	return cfg | FIELD_PREP(STRTAB_BASE_CFG_FMT, STRTAB_BASE_CFG_FMT_2LVL) |
	       FIELD_PREP(STRTAB_BASE_CFG_SPLIT, SMMU_EMU_SPLIT);
}

static void strtab_init_stes(struct hyp_smmu *smmu, struct arm_smmu_ste *ste, u32 n)
{
	struct arm_smmu_ste invalid;

	pkvm_smmu_make_ste(&smmu->caps, NULL, &invalid);
	while (n--)
		*ste++ = invalid;
}

/* Make @table, which was donated, a stream table in which every stream aborts. */
int hyp_smmu_strtab_init(struct hyp_smmu *smmu, void *table, u64 size)
{
	if (size < pkvm_smmu_v3_strtab_size(smmu->caps.sid_bits))
		return -EINVAL;

	smmu->l1 = table;
	if (strtab_is_linear(smmu))
		strtab_init_stes(smmu, smmu->linear, BIT(smmu->caps.sid_bits));
	hyp_smmu_clean(smmu, table, size);

	return 0;
}

static struct arm_smmu_ste *strtab_l2(const struct hyp_smmu *smmu, u32 sid)
{
	u64 l1std = le64_to_cpu(smmu->l1[sid >> SMMU_EMU_SPLIT]);

	if (!l1std)
		return NULL;

	return hyp_phys_to_virt(l1std & STRTAB_L1_DESC_L2PTR_MASK);
}

static struct arm_smmu_ste *strtab_ste(const struct hyp_smmu *smmu, u32 sid)
{
	struct arm_smmu_ste *l2;

	if (strtab_is_linear(smmu))
		return smmu->linear + sid;

	l2 = strtab_l2(smmu, sid);
	return l2 ? l2 + (sid & (SMMU_EMU_L2_STES - 1)) : NULL;
}

static struct arm_smmu_ste *strtab_alloc_ste(struct hyp_smmu *smmu, u32 sid)
{
	struct arm_smmu_ste *l2;
	u64 l1std;

	l2 = pop_hyp_memcache(&smmu->pool, hyp_phys_to_virt);
	if (!l2)
		return NULL;

	strtab_init_stes(smmu, l2, SMMU_EMU_L2_STES);
	hyp_smmu_clean(smmu, l2, PAGE_SIZE);
	l1std = hyp_virt_to_phys(l2) | FIELD_PREP(STRTAB_L1_DESC_SPAN, SMMU_EMU_SPLIT + 1);

	/* Orders the table before the descriptor. Pairs with the SMMU's address dependency. */
	dma_wmb();
	WRITE_ONCE(smmu->l1[sid >> SMMU_EMU_SPLIT], cpu_to_le64(l1std));
	hyp_smmu_clean(smmu, &smmu->l1[sid >> SMMU_EMU_SPLIT], sizeof(*smmu->l1));

	return strtab_ste(smmu, sid);
}

/*
 * Only dwords 0 and 1 may change. If the new STE is valid dword 1 is written first, else
 * dword 0. One cache line holds both, so memory gets them in this order or at once.
 */
static void strtab_install(const struct hyp_smmu *smmu, struct arm_smmu_ste *cur,
			   const struct arm_smmu_ste *new)
{
	unsigned int first = le64_to_cpu(new->data[0]) & STRTAB_STE_0_V ? 1 : 0;

	WRITE_ONCE(cur->data[first], new->data[first]);
	/* Pairs with the SMMU's reads, as far as it orders them. */
	dma_wmb();
	WRITE_ONCE(cur->data[!first], new->data[!first]);
	hyp_smmu_clean(smmu, cur, sizeof(*cur));
}

static void strtab_update_one(struct hyp_smmu *smmu, u32 sid, const struct arm_smmu_ste *host)
{
	struct arm_smmu_ste new, *cur = strtab_ste(smmu, sid);

	if (!pkvm_smmu_make_ste(&smmu->caps, host, &new) && host &&
	    (host->data[0] & cpu_to_le64(STRTAB_STE_0_V)))
		smmu->stats.refused_stes++;
	if (!cur) {
		/* A stream without a level 2 table aborts anyway. */
		if (!FIELD_GET(STRTAB_STE_0_CFG, le64_to_cpu(new.data[0])))
			return;
		cur = strtab_alloc_ste(smmu, sid);
		if (!cur) {
			smmu->stats.refused_stes++;
			return;
		}
	}

	if (!pkvm_smmu_step_ste(cur, &new))
		smmu->step_made = true;
	if (cur->data[0] != new.data[0] || cur->data[1] != new.data[1])
		strtab_install(smmu, cur, &new);
}

/*
 * Have the hardware forget STEs from before the first of two steps. Return true if it has: then
 * the second step may be made.
 */
static bool strtab_settle_step(struct hyp_smmu *smmu)
{
	if (smmu->step_made &&
	    !hyp_smmu_hwq_add_el2(smmu, arm_smmu_make_cmd_cfgi_all(), &smmu->step_seq))
		smmu->step_made = false;
	smmu->wait_seq = smmu->step_seq;
	if (smmu->step_made || !hyp_smmu_hwq_done(smmu, smmu->step_seq))
		return false;
	smmu->step_seq = 0;

	return true;
}

/* Read a part of the host's table with the SMMU's memory attributes. Return 0 or an error. */
static int strtab_read_mem(const struct hyp_smmu *smmu, void *dst, phys_addr_t phys, size_t size)
{
	return smmu->coherent ? pkvm_read_host_mem(dst, phys, size) :
				pkvm_read_host_mem_poc(dst, phys, size);
}

/*
 * Copy the host's STEs of @sid and up to @n - 1 that follow into the bounce page. Return the
 * number of STEs that exist; the host has no STE for the rest.
 */
static u32 strtab_read_host(struct hyp_smmu *smmu, u32 sid, u32 n)
{
	struct pkvm_smmu_strtab st = hyp_smmu_host_strtab(smmu);
	u64 l1std = 0, addr;
	__le64 desc;

	if (sid >> st.log2size)
		return 0;

	if (st.two_level) {
		/* Read the descriptor once, so that EL2 uses the value that it checks. */
		if (strtab_read_mem(smmu, &desc, pkvm_smmu_l1std_addr(&st, sid), sizeof(desc)))
			return 0;
		l1std = le64_to_cpu(desc);
	}

	n = min(n, pkvm_smmu_ste_addr(&st, l1std, sid, &addr));
	if (!n || strtab_read_mem(smmu, smmu->bounce, addr, n * sizeof(*smmu->bounce)))
		return 0;

	return n;
}

/* Check whether EL2 has a level 2 table, which may be larger than the host's, for one of @n. */
static bool strtab_has_l2(const struct hyp_smmu *smmu, u32 sid, u64 n)
{
	const __le64 *l1 = smmu->l1 + (sid >> SMMU_EMU_SPLIT);
	const __le64 *last = smmu->l1 + ((sid + n - 1) >> SMMU_EMU_SPLIT);

	while (l1 <= last)
		if (*l1++)
			return true;

	return false;
}

/*
 * In most of a two-level table neither the host nor EL2 has an STE. Skip the host's level 1
 * descriptors from @sid on that are invalid and for which EL2 has no STE. Return the first
 * stream that is not skipped. The descriptors are used for this only, and cost less than a group.
 */
static u64 strtab_skip(const struct hyp_smmu *smmu, u64 sid, u64 end)
{
	struct pkvm_smmu_strtab st = hyp_smmu_host_strtab(smmu);
	__le64 desc[L1_BATCH];
	u64 n, i, span, addr;

	span = BIT_ULL(st.split);
	if (!st.two_level || !IS_ALIGNED(sid, span) || end < sid + span || sid >> st.log2size)
		return sid;

	n = min((end - sid) >> st.split, L1_BATCH - (sid >> st.split) % L1_BATCH);
	if (strtab_read_mem(smmu, desc, pkvm_smmu_l1std_addr(&st, sid), n * sizeof(*desc)))
		return sid;

	for (i = 0; i < n; i++, sid += span) {
		if (pkvm_smmu_ste_addr(&st, le64_to_cpu(desc[i]), sid, &addr) ||
		    strtab_has_l2(smmu, sid, span))
			break;
	}

	return sid;
}

static void strtab_update_group(struct hyp_smmu *smmu, u32 sid, u32 n)
{
	u32 i, valid = strtab_read_host(smmu, sid, n);

	/* In most of a two-level table neither the host nor EL2 has an STE. */
	if (!valid && !strtab_ste(smmu, sid))
		return;

	for (i = 0; i < n; i++)
		strtab_update_one(smmu, sid + i, i < valid ? smmu->bounce + i : NULL);
}

/**
 * hyp_smmu_strtab_update - Read STEs of the host again
 * @smmu:  the SMMU
 * @scan:  where an earlier call stopped, or inactive
 * @first: first stream ID
 * @n:     number of stream IDs
 *
 * The caller issues the CFGI command afterwards.
 *
 * Context: emu_lock is held.
 * Return: true = all STEs were read; false = call again with the same arguments in a later
 * trap, or if hyp_smmu_in_step(), only as long as the hardware answers.
 */
bool hyp_smmu_strtab_update(struct hyp_smmu *smmu, struct hyp_smmu_scan *scan,
			    u64 first, u64 n)
{
	u64 end = min(first + n, BIT_ULL(smmu->caps.sid_bits));

	hyp_assert_lock_held(&smmu->emu_lock);
	if (unlikely(hyp_smmu_in_step(smmu))) {
		if (!strtab_settle_step(smmu))
			return false;
		/* STEs that were read before wait for their second step. */
		scan->next = first;
	}
	/* A call for another range starts the scan anew. */
	if (!scan->active || scan->first != first || scan->end != end)
		*scan = (struct hyp_smmu_scan) {
			.first	= first,
			.end	= end,
			.next	= first,
		};

	while (scan->next < end) {
		u64 next, sid = scan->next;

		scan->active = smmu->groups_read == HYP_SMMU_TRAP_GROUPS;
		if (scan->active)
			return false;
		smmu->groups_read++;
		if (end - sid > GROUP_STES && !strtab_is_linear(smmu)) {
			scan->next = strtab_skip(smmu, sid, end);
			if (scan->next > sid)
				continue;
		}

		next = min(ALIGN_DOWN(sid, GROUP_STES) + GROUP_STES, end);
		strtab_update_group(smmu, sid, next - sid);
		scan->next = next;
	}
	scan->active = smmu->step_made;
	if (likely(!scan->active))
		return true;
	scan->next = first;
	strtab_settle_step(smmu);

	return false;
}

/*
 * Read the STEs that a CFGI command names. This takes host_mmu.lock, so it comes before the lock
 * of the hardware's queue is taken. Returns as hyp_smmu_strtab_update().
 */
bool hyp_smmu_strtab_cfgi(struct hyp_smmu *smmu, enum pkvm_smmu_cmd_action action, u32 sid,
			  u8 range_shift)
{
	u64 first = sid, n = 1;
	struct pkvm_smmu_strtab st;

	switch (action) {
	case SMMU_CMD_CFGI_STE:
		break;
	case SMMU_CMD_CFGI_L1:
		/*
		 * If a level 1 descriptor has become valid, all of its STEs have
		 * (IHI0070G.b 5.1). The hardware may have cached each of them from EL2's
		 * table, where it was invalid.
		 */
		st = hyp_smmu_host_strtab(smmu);
		if (st.two_level) {
			n = BIT_ULL(st.split);
			first = ALIGN_DOWN(first, n);
		}
		break;
	case SMMU_CMD_CFGI_RANGE:
		n = BIT_ULL(range_shift);
		break;
	default:
		first = 0;
		n = BIT_ULL(smmu->caps.sid_bits);
		break;
	}

	/*
	 * While the host's SMMUEN is 0 every stream aborts, whatever its STE says.
	 * If the host is about to set it, all STEs are read once more.
	 */
	if (!(smmu->regs.val[SMMU_REG_CR0] & CR0_SMMUEN)) {
		smmu->cfgi_scan.active = false;
		smmu->enable_scan.next = 0;
		return true;
	}

	return hyp_smmu_strtab_update(smmu, &smmu->cfgi_scan, first, n);
}

static void strtab_clear_stes(struct hyp_smmu *smmu, struct arm_smmu_ste *ste, u32 n)
{
	struct arm_smmu_ste invalid;

	pkvm_smmu_make_ste(&smmu->caps, NULL, &invalid);
	for (; n--; ste++) {
		if (ste->data[0] != invalid.data[0])
			strtab_install(smmu, ste, &invalid);
	}
}

/* Let every stream abort. The caller issues CFGI_ALL. */
void hyp_smmu_strtab_clear(struct hyp_smmu *smmu)
{
	struct arm_smmu_ste *l2;
	u64 i;

	hyp_assert_lock_held(&smmu->emu_lock);
	if (strtab_is_linear(smmu)) {
		strtab_clear_stes(smmu, smmu->linear, BIT(smmu->caps.sid_bits));
		return;
	}

	for (i = 0; i < BIT_ULL(smmu->caps.sid_bits - SMMU_EMU_SPLIT); i++) {
		l2 = strtab_l2(smmu, i << SMMU_EMU_SPLIT);
		if (l2)
			strtab_clear_stes(smmu, l2, SMMU_EMU_L2_STES);
	}
}
