// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command queue of a simulated SMMU. IHI0070G.b 3.5, 4
 *
 * A command is read ahead, consumed, and takes effect, at three different times.
 * Each is compared with what EL2 may ask for, a list of its own. The MSI of a
 * CMD_SYNC is written at any time before the next one is consumed.
 */
#include "smmu.h"

#define CR0_CMDQEN	0x8

#define OP_CFGI_STE	0x03
#define OP_CFGI_RANGE	0x04
#define OP_CFGI_CD	0x05
#define OP_CFGI_CD_ALL	0x06
#define OP_NH_ALL	0x10
#define OP_NH_ASID	0x11
#define OP_NH_VA	0x12
#define OP_NH_VAA	0x13
#define OP_EL2_ALL	0x20
#define OP_S12_VMALL	0x28
#define OP_NSNH_ALL	0x30
#define OP_ATC_INV	0x40
#define OP_RESUME	0x44
#define OP_STALL_TERM	0x45
#define OP_SYNC		0x46
#define OP_POISON	0xff

#define SID		GENMASK_ULL(63, 32)
#define SSID		GENMASK_ULL(31, 12)
#define VMID		GENMASK_ULL(47, 32)
#define ASID		GENMASK_ULL(63, 48)
#define NUM_SCALE	(GENMASK_ULL(16, 12) | GENMASK_ULL(25, 20))
#define VA		GENMASK_ULL(63, 12)
#define TTL		GENMASK_ULL(9, 8)
#define TG		GENMASK_ULL(11, 10)
#define RESP		GENMASK_ULL(13, 12)
#define RESP_RETRY	BIT_ULL(12)
#define STAG		GENMASK_ULL(15, 0)
#define SYNC_CS		GENMASK_ULL(13, 12)
#define MSI_FIELDS	(GENMASK_ULL(63, 32) | GENMASK_ULL(27, 22))
#define MSI_ATTR	GENMASK_ULL(27, 22)
#define MSI_ADDR	GENMASK_ULL(51, 2)

#define ATC_SSV		BIT(11)
#define ATC_GLOBAL	BIT(9)
#define ATC_SIZE	GENMASK_ULL(5, 0)

#define IDR0_ATS	BIT(10)
#define IDR0_ASID16	BIT(12)
#define IDR0_MSI	BIT(13)
#define IDR0_STALL_MODEL	GENMASK(25, 24)

#define MSI_CMDQ_ABT	BIT(4)

enum {
	NEEDS_SID = 1, NEEDS_SSID = 2, NEEDS_VMID = 4, BOOT = 8, RIL = 16, MAY_FAIL = 32,
	STALLS = 64,
};

static const struct cmd_rule {
	u8 op;
	u8 flags;
	u64 allowed[2];
} rules[] = {
	{ OP_CFGI_STE,	  NEEDS_SID,			  { SID, 1 } },
	{ OP_CFGI_RANGE,  NEEDS_SID,			  { SID, 0x1f } },
	{ OP_CFGI_CD,	  NEEDS_SID | NEEDS_SSID | MAY_FAIL, { SID | SSID, 1 } },
	{ OP_CFGI_CD_ALL, NEEDS_SID | MAY_FAIL,		  { SID, 0 } },
	{ OP_NH_ALL,	  NEEDS_VMID | MAY_FAIL,	  { VMID, 0 } },
	{ OP_NH_ASID,	  NEEDS_VMID | MAY_FAIL,	  { VMID | ASID, 0 } },
	{ OP_NH_VA,	  NEEDS_VMID | RIL | MAY_FAIL,	  { VMID | ASID, VA | 1 } },
	{ OP_NH_VAA,	  NEEDS_VMID | RIL | MAY_FAIL,	  { VMID, VA | 1 } },
	{ OP_EL2_ALL,	  BOOT,				  { 0, 0 } },
	{ OP_S12_VMALL,	  NEEDS_VMID,			  { VMID, 0 } },
	{ OP_NSNH_ALL,	  BOOT,				  { 0, 0 } },
	{ OP_ATC_INV,	  NEEDS_SID | NEEDS_SSID | MAY_FAIL,
	  { SID | SSID | ATC_SSV | ATC_GLOBAL, VA | ATC_SIZE } },
	{ OP_RESUME,	  NEEDS_SID | STALLS | MAY_FAIL,  { SID | RESP, STAG } },
	{ OP_STALL_TERM,  NEEDS_SID | STALLS | MAY_FAIL,  { SID, 0 } },
	{ OP_SYNC,	  0,				  { SYNC_CS, 0 } },
};

static void bad(const struct smmu_cmd *cmd, const char *what)
{
	violation("command %016llx %016llx: %s", (unsigned long long)cmd->dw[0],
		  (unsigned long long)cmd->dw[1], what);
}

/* What hardware may answer with CERROR_ILL. IHI0070G.b 4.4.1.1 */
static void judge_range(const struct smmu *s, const struct smmu_cmd *cmd)
{
	u64 range = cmd->dw[0] & NUM_SCALE, ttl = cmd->dw[1] & TTL, tg = cmd->dw[1] & TG;
	bool ds = s->idr[5] & (1 << 7);

	if (!(s->idr[3] & (1 << 10)) && (range || ttl || tg))
		bad(cmd, "no range invalidation");
	if (!tg && (range || ttl))
		bad(cmd, "range without granule");
	if (tg == 2ULL << 10 && ttl == 1ULL << 8 && !ds)
		bad(cmd, "TTL");
	if (tg && !range && !ttl)
		bad(cmd, "neither range nor level");
	if (!ds && (cmd->dw[0] >> 25 & 1))
		bad(cmd, "SCALE");
}

/* Write-back, inner shareable, into a queue of the host's: how an MSI has to be. */
static void judge_msi(const struct smmu *s, const struct smmu_cmd *cmd)
{
	if (!(s->idr[0] & IDR0_MSI) || !s->coherent)
		bad(cmd, "no MSIs");
	if ((cmd->dw[0] & SYNC_CS) != 1ULL << 12)
		bad(cmd, "MSI without CS");
	if ((cmd->dw[0] & MSI_ATTR) != (0xfULL << 24 | 3ULL << 22))
		bad(cmd, "attributes of an MSI");
	/* 64 bits from there on may be written. */
	if (cmd->dw[1] & 0xf)
		bad(cmd, "MSI beside the beginning of a slot");
}

static const struct cmd_rule *judge(const struct smmu *s, const struct smmu_cmd *cmd)
{
	u32 sid = cmd->dw[0] >> 32, ssid = cmd->dw[0] >> 12 & 0xfffff;
	const struct cmd_rule *rule;
	u8 op = cmd->dw[0];
	u64 more[2] = {};

	for (rule = rules; rule < rules + ARRAY_SIZE(rules); rule++) {
		if (rule->op == op)
			break;
	}
	if (rule == rules + ARRAY_SIZE(rules))
		bad(cmd, "opcode");
	if (op == OP_SYNC && cmd->dw[1]) {
		more[0] = MSI_FIELDS;
		more[1] = MSI_ADDR;
		judge_msi(s, cmd);
	}
	if (rule->flags & RIL) {
		more[0] = NUM_SCALE;
		more[1] = TTL | TG;
		judge_range(s, cmd);
	}
	if ((cmd->dw[0] & ~(rule->allowed[0] | more[0] | 0xff)) ||
	    (cmd->dw[1] & ~(rule->allowed[1] | more[1])))
		bad(cmd, "reserved bits");
	if ((rule->flags & NEEDS_SID) && sid >> smmu_sid_bits(s))
		bad(cmd, "stream ID");
	if ((rule->flags & NEEDS_SSID) && ssid >> (s->idr[1] >> 6 & 0x1f))
		bad(cmd, "substream ID");
	if ((rule->flags & NEEDS_VMID) && (cmd->dw[0] & VMID))
		bad(cmd, "VMID");
	if (!(s->idr[0] & IDR0_ASID16) && (rule->allowed[0] & ASID) && cmd->dw[0] >> 56)
		bad(cmd, "ASID");
	if ((rule->flags & BOOT) && s->owned && model.enforce && smmu_is_on(s))
		bad(cmd, "not while enabled");
	if ((rule->flags & STALLS) && (s->idr[0] & IDR0_STALL_MODEL))
		bad(cmd, "no stalls");
	if (op == OP_SYNC && (cmd->dw[0] & SYNC_CS) > 1ULL << 12)
		bad(cmd, "CS");
	if (op == OP_ATC_INV && (!(s->idr[0] & IDR0_ATS) || (cmd->dw[1] & ATC_SIZE) > 52))
		bad(cmd, "ATS");

	return rule;
}

static void doom_flights(struct smmu *s, u32 sid, u32 n)
{
	unsigned int i;

	for (i = 0; i < NR_FLIGHTS; i++) {
		if (s->flight[i].sid - sid < n)
			s->flight[i].doomed = true;
	}
}

static void inv_l1(struct smmu *s, u32 sid, u32 n)
{
	u32 split = s->strtab_cfg >> 6 & 0x1f;
	unsigned int i;

	for (i = 0; i < NR_L1_CACHE; i++) {
		if (s->l1[i].idx - (sid >> split) <= (n - 1) >> split)
			s->l1[i].valid = false;
	}
}

/* A command takes effect. */
static void apply(struct smmu *s, const struct smmu_cmd *cmd)
{
	u32 sid = cmd->dw[0] >> 32, n = 1;
	u8 op = cmd->dw[0];

	switch (op) {
	case OP_CFGI_RANGE:
		n = (cmd->dw[1] & 0x1f) == 31 ? 0 : 2U << (cmd->dw[1] & 0x1f);
		if (!n) {
			sid = 0;
			n = U32_MAX;
		}
		fallthrough;
	case OP_CFGI_STE:
		smmu_inv_ste(s, sid, n);
		if (op == OP_CFGI_RANGE || !(cmd->dw[1] & 1))
			inv_l1(s, sid, n);
		doom_flights(s, sid, n);
		break;
	default:
		smmu_inv_tlb(s, cmd);
	}
}

static bool apply_one(struct smmu *s)
{
	unsigned int i = model.random ? model_rand(s->nr_pending) : 0;
	struct smmu_cmd cmd;

	if (!s->nr_pending)
		return false;

	/* In any order: only CMD_SYNC orders them. */
	cmd = s->pending[i];
	s->pending[i] = s->pending[--s->nr_pending];
	apply(s, &cmd);

	return true;
}

/* The write of an MSI, of 32 bits, comes to its end. */
static bool finish_msi(struct smmu *s)
{
	u64 phys = s->msi.addr & ~7ULL, word;
	unsigned int shift = s->msi.addr & 4 ? 32 : 0;

	if (!s->msi.active)
		return false;
	s->msi.active = false;
	if (s->abort_msi) {
		s->abort_msi = false;
		if (!((s->gerror ^ s->gerrorn) & MSI_CMDQ_ABT))
			s->gerror ^= MSI_CMDQ_ABT;
		smmu_raise(s, IRQ_GERROR);
		return true;
	}

	oracle_access(SMMU_IDX(s), s->msi.addr, true, ACC_MSI);
	oracle_access(SMMU_IDX(s), s->msi.addr + 4, true, ACC_MSI);
	if (host_load64(phys, &word)) {
		word &= ~((u64)U32_MAX << shift);
		hw_store64(s, phys, word | (u64)s->msi.data << shift);
	}
	s->msis++;

	return true;
}

void smmu_drop_ahead(struct smmu *s)
{
	s->nr_ahead = 0;
}

static u32 used(const struct smmu *s)
{
	u32 mask = (2U << (s->cmdq_base & 0x1f)) - 1;

	return (s->cmdq_prod - s->cmdq_cons) & mask;
}

static void read_ahead(struct smmu *s)
{
	u32 shift = s->cmdq_base & 0x1f;
	u32 slot = (s->cmdq_cons + s->nr_ahead) & ((1U << shift) - 1);
	u64 phys = (s->cmdq_base & GENMASK_ULL(51, 5)) + slot * 16;
	struct smmu_cmd *cmd = &s->ahead[s->nr_ahead];

	oracle_access(SMMU_IDX(s), phys, false, ACC_CMDQ);
	cmd->dw[0] = hw_load64(s, phys);
	cmd->dw[1] = hw_load64(s, phys + 8);
	s->nr_ahead++;
}

static void consume(struct smmu *s)
{
	u32 mask = (2U << (s->cmdq_base & 0x1f)) - 1;

	s->cmdq_cons = (s->cmdq_cons & ~mask) | ((s->cmdq_cons + 1) & mask);
	s->consumed++;
	s->nr_ahead--;
	memmove(s->ahead, s->ahead + 1, s->nr_ahead * sizeof(s->ahead[0]));
}

/* Stops at the command. IHI0070G.b 7.1 */
static void error(struct smmu *s, u32 reason)
{
	/* It stays there when the error is acknowledged: nothing says that it goes. */
	s->cmdq_cons = (s->cmdq_cons & 0x000fffff) | reason << 24;
	s->nr_ahead = 0;
	s->gerror ^= 1;
	s->cmdq_errors++;
	smmu_raise(s, IRQ_GERROR);
}

/* Whether a command is a repetition, after a CMD_SYNC, and so takes effect. */
static bool is_repeated(struct smmu *s, const struct smmu_cmd *cmd)
{
	unsigned int i;

	if (!s->repeat)
		return true;
	if (s->nr_since < NR_PENDING)
		s->since[s->nr_since++] = *cmd;
	for (i = 0; i < s->nr_before; i++) {
		if (!memcmp(&s->before[i], cmd, sizeof(*cmd)))
			return true;
	}

	return false;
}

static bool finish_doomed(struct smmu *s)
{
	unsigned int i;

	for (i = 0; i < NR_FLIGHTS; i++) {
		if (s->flight[i].active && s->flight[i].doomed) {
			smmu_finish_flights(s);
			return true;
		}
	}

	return false;
}

/* What ATC_INVs before a CMD_SYNC come to. */
enum atc_result { ATC_DONE, ATC_SLOW, ATC_FAILED };

/* Of those that fail some may have had an effect. IHI0070G.b 4.7.3 */
static enum atc_result finish_atc(struct smmu *s)
{
	unsigned int i;

	if (!s->nr_atc_inv)
		return ATC_DONE;
	if (s->atc_slow)
		return ATC_SLOW;
	for (i = 0; i < s->nr_atc_inv; i++) {
		if (!s->atc_silent || (model.random && model_rand(2)))
			smmu_inv_atc(s, &s->atc_inv[i]);
	}
	if (s->atc_reports < s->atc_silent) {
		s->atc_reports++;
		return ATC_FAILED;
	}
	s->atc_reports = 0;
	s->nr_atc_inv = 0;

	return ATC_DONE;
}

static bool execute_sync(struct smmu *s, const struct smmu_cmd *cmd)
{
	switch (finish_atc(s)) {
	case ATC_SLOW:
		return false;
	case ATC_FAILED:
		error(s, 3);
		return false;
	case ATC_DONE:
		break;
	}
	s->msi = (struct smmu_msi){
		.active = cmd->dw[1], .addr = cmd->dw[1], .data = cmd->dw[0] >> 32,
	};
	memcpy(s->before, s->since, sizeof(s->since));
	s->nr_before = s->nr_since;
	s->nr_since = 0;

	return true;
}

static bool execute(struct smmu *s)
{
	const struct cmd_rule *rule;
	struct smmu_cmd *cmd = s->ahead;

	if (s->abort_next) {
		s->abort_next = false;
		error(s, 2);
		return true;
	}
	if ((u8)cmd->dw[0] == OP_POISON) {
		if (cmd->dw[0] != OP_POISON || cmd->dw[1])
			bad(cmd, "reserved bits");
		error(s, 1);
		return true;
	}

	rule = judge(s, cmd);
	if ((s->refuse_op && s->refuse_op == rule->op) ||
	    (s->picky && (rule->flags & MAY_FAIL) && !model_rand(s->picky))) {
		error(s, 1);
		return true;
	}
	if (rule->op == OP_SYNC) {
		if (apply_one(s) || finish_doomed(s) || finish_msi(s))
			return true;
		if (!execute_sync(s, cmd))
			return !s->atc_slow;
	} else if (rule->op == OP_ATC_INV) {
		if (s->nr_atc_inv < NR_ATC_INV)
			s->atc_inv[s->nr_atc_inv++] = *cmd;
	} else if (rule->op == OP_RESUME) {
		smmu_resume(s, cmd->dw[0] >> 32, cmd->dw[1], cmd->dw[0] & RESP_RETRY);
	} else if (rule->op == OP_STALL_TERM) {
		smmu_stall_term(s, cmd->dw[0] >> 32);
	} else if (is_repeated(s, cmd)) {
		if (s->nr_pending == NR_PENDING)
			apply_one(s);
		s->pending[s->nr_pending++] = *cmd;
	}
	s->ops[rule->op]++;
	consume(s);

	return true;
}

bool smmu_step_cmdq(struct smmu *s)
{
	if (smmu_dead(s) || !(s->cr0 & s->cr0ack & CR0_CMDQEN) ||
	    ((s->gerror ^ s->gerrorn) & 1))
		return false;
	if (!s->hold_msi && !model.exploring && (!model.random || !model_rand(8)) &&
	    finish_msi(s))
		return true;
	if (!used(s))
		return apply_one(s);

	if (s->nr_ahead < min_t(u32, used(s), NR_AHEAD) &&
	    (!s->nr_ahead || !model.random || model_rand(2))) {
		read_ahead(s);
		if (model.random && model_rand(4))
			return true;
	}
	if (model.random && !model_rand(4))
		return apply_one(s);

	return execute(s);
}
