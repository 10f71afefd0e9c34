// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's SMMUv3 driver: the shadow stream table.
 *
 * The hardware walks a table of EL2's. Its entries are made from the host's when a
 * command or a change of CR0 announces that those changed, never looked up again:
 * what the host does to its own table in between has no effect.
 *
 * Dwords 2 and 3 of every STE hold EL2's stage 2 for as long as the STE exists and
 * never change, so whichever mixture of old and new dwords the hardware reads, a
 * stream that is translated is translated by stage 2 (IHI0070G.b 3.21.3).
 *
 * The host's table is not pinned, since the hardware does not use it: each part is
 * copied out under host_mmu.lock, if the host has access to it then. Where the SMMU does
 * not snoop, the host maps its table past the caches: see strtab_read_mem().
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
 * Level 1 descriptors of the host's that are read at once where most are invalid, in
 * batches that are aligned to their number. A table of that size is aligned to it.
 */
#define L1_BATCH		16

static bool strtab_is_linear(const struct hyp_smmu *smmu)
{
	return smmu->caps.sid_bits <= SMMU_EMU_SPLIT;
}

u64 hyp_smmu_strtab_base(const struct hyp_smmu *smmu)
{
	return (hyp_virt_to_phys(smmu->l1) & STRTAB_BASE_ADDR_MASK) | STRTAB_BASE_RA;
}

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

	/* The table before the descriptor, pairs with the SMMU's address dependency. */
	dma_wmb();
	WRITE_ONCE(smmu->l1[sid >> SMMU_EMU_SPLIT], cpu_to_le64(l1std));
	hyp_smmu_clean(smmu, &smmu->l1[sid >> SMMU_EMU_SPLIT], sizeof(*smmu->l1));

	return strtab_ste(smmu, sid);
}

/*
 * Dwords 0 and 1 are all that may change. An STE that becomes valid gets its
 * dword 1 first; one that becomes invalid loses its dword 0 first. Both are in one line of
 * a cache, so that memory, too, gets them in this order or at once.
 */
static void strtab_install(const struct hyp_smmu *smmu, struct arm_smmu_ste *cur,
			   const struct arm_smmu_ste *new)
{
	unsigned int first = le64_to_cpu(new->data[0]) & STRTAB_STE_0_V ? 1 : 0;

	WRITE_ONCE(cur->data[first], new->data[first]);
	/* Pairs with the SMMU's reads only as far as those are ordered at all. */
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
		/* An invalid level 1 descriptor aborts just as well. */
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
 * Let the hardware forget what it had before the first of two steps, the second of which is
 * not made before that is done. Returns false if it is not.
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

/* Read a part of the host's table, mapped as the SMMU accesses it. Returns 0 or an error. */
static int strtab_read_mem(const struct hyp_smmu *smmu, void *dst, phys_addr_t phys, size_t size)
{
	return smmu->coherent ? pkvm_read_host_mem(dst, phys, size) :
				pkvm_read_host_mem_poc(dst, phys, size);
}

/*
 * Copy the host's STEs of @sid and up to @n - 1 that follow into the bounce page.
 * Returns how many there are; the host has none for the rest.
 */
static u32 strtab_read_host(struct hyp_smmu *smmu, u32 sid, u32 n)
{
	struct pkvm_smmu_strtab st = hyp_smmu_host_strtab(smmu);
	u64 l1std = 0, addr;
	__le64 desc;

	if (sid >> st.log2size)
		return 0;

	if (st.two_level) {
		/* Read once: what is checked is what is used. */
		if (strtab_read_mem(smmu, &desc, pkvm_smmu_l1std_addr(&st, sid), sizeof(desc)))
			return 0;
		l1std = le64_to_cpu(desc);
	}

	n = min(n, pkvm_smmu_ste_addr(&st, l1std, sid, &addr));
	if (!n || strtab_read_mem(smmu, smmu->bounce, addr, n * sizeof(*smmu->bounce)))
		return 0;

	return n;
}

/* Whether EL2 has a level 2 table, which may be larger than the host's, for any of @n. */
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
 * Most of a two-level table is neither the host's nor EL2's: skip level 1 descriptors
 * of the host's that begin at @sid, are invalid, and have no STE of EL2's. Returns the
 * first stream that is not skipped. What is read is for this only, and costs less than
 * a group.
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

	/* Most of a two-level table: neither the host nor EL2 has that part. */
	if (!valid && !strtab_ste(smmu, sid))
		return;

	for (i = 0; i < n; i++)
		strtab_update_one(smmu, sid + i, i < valid ? smmu->bounce + i : NULL);
}

bool hyp_smmu_strtab_update(struct hyp_smmu *smmu, struct hyp_smmu_scan *scan,
			    u64 first, u64 n)
{
	u64 end = min(first + n, BIT_ULL(smmu->caps.sid_bits));

	hyp_assert_lock_held(&smmu->emu_lock);
	if (unlikely(hyp_smmu_in_step(smmu)) && !strtab_settle_step(smmu))
		return false;
	/* A scan that was left behind for another range starts anew. */
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
	scan->active = false;
	if (likely(!smmu->step_made))
		return true;
	strtab_settle_step(smmu);

	return false;
}

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
		 * A level 1 descriptor that has become valid brings all of its STEs
		 * with it (IHI0070G.b 5.1), and the hardware may have cached each of
		 * them from EL2's table, where it was invalid.
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
