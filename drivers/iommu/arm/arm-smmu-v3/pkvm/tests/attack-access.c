// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host as an attacker: all kinds of loads and stores. Of many, the syndrome tells the
 * hypervisor too little about the access: these must abort in a way that the host can handle.
 * None in the table of accesses may change a register.
 */
#include <linux/cpufeature.h>

#include <asm/asm-extable.h>
#include <asm/simd.h>

#include "attack.h"

/* What an instruction must do. */
enum attack_outcome {
	ATTACK_WORKS,
	ATTACK_ABORTS,
	ATTACK_EITHER,		/* the CPU may do without the access */
};

/* The register that is accessed: 64 bits, and writable as long as nothing is enabled. */
#define VICTIM		ARM_SMMU_STRTAB_BASE
#define VICTIM_VAL	(STRTAB_BASE_RA | 0x123456789ac0ULL)

/* Execute @_insn with the address in %x[p]. The result is 0, or -EFAULT if it aborts. */
#define TRY(_addr, _val, _insn)						\
({									\
	int __err = -EFAULT;						\
									\
	asm volatile("1:	" _insn "\n"				\
		     "	mov	%w[e], #0\n"				\
		     "2:\n"						\
		     _ASM_EXTABLE_KACCESS(1b, 2b)			\
		     : [e] "+r" (__err), [p] "+r" (_addr), [v] "+r" (_val) \
		     : : "memory", "cc", "x14", "x15");			\
	__err;								\
})

#define ACCESS(_name, _insn)						\
static int attack_insn_##_name(void __iomem *addr, u64 *val)		\
{									\
	return TRY(addr, *val, _insn);					\
}

ACCESS(ldr_w, "ldr %w[v], [%x[p]]")
ACCESS(ldr_x, "ldr %x[v], [%x[p]]")
ACCESS(ldr_wzr, "ldr wzr, [%x[p]]")
ACCESS(ldrsw, "ldrsw %x[v], [%x[p]]")
ACCESS(ldur_w, "ldur %w[v], [%x[p]]")
ACCESS(ldar_w, "ldar %w[v], [%x[p]]")
ACCESS(ldrb, "ldrb %w[v], [%x[p]]")
ACCESS(ldrsb, "ldrsb %x[v], [%x[p]]")
ACCESS(ldrh, "ldrh %w[v], [%x[p]]")
ACCESS(ldp_w, "ldp %w[v], w15, [%x[p]]")
ACCESS(ldp_x, "ldp %x[v], x15, [%x[p]]")
ACCESS(ldnp, "ldnp %x[v], x15, [%x[p]]")
ACCESS(ldr_post, "ldr %w[v], [%x[p]], #4")
ACCESS(ldr_pre, "ldr %w[v], [%x[p], #4]!")
ACCESS(ldxr, "ldxr %x[v], [%x[p]]\nclrex")
ACCESS(ldaxp, "ldaxp %x[v], x15, [%x[p]]\nclrex")
ACCESS(stxr, "stxr w15, %x[v], [%x[p]]")
ACCESS(str_w, "str %w[v], [%x[p]]")
ACCESS(str_x, "str %x[v], [%x[p]]")
ACCESS(strb, "strb %w[v], [%x[p]]")
ACCESS(strh, "strh %w[v], [%x[p]]")
ACCESS(stp, "stp %x[v], %x[v], [%x[p]]")
ACCESS(stp_w, "stp %w[v], %w[v], [%x[p]]")
ACCESS(str_post, "str %x[v], [%x[p]], #8")
ACCESS(str_pre, "str %x[v], [%x[p], #8]!")
ACCESS(dc_zva, "dc zva, %x[p]")
ACCESS(dc_civac, "dc civac, %x[p]")
ACCESS(dc_ivac, "dc ivac, %x[p]")
ACCESS(ic_ivau, "ic ivau, %x[p]")
ACCESS(prfm, "prfm pldl1keep, [%x[p]]")
ACCESS(at, "at s1e1w, %x[p]\nisb")
ACCESS(ldadd, ".arch_extension lse\nldadd %x[v], x15, [%x[p]]")
ACCESS(swp, ".arch_extension lse\nswp %x[v], x15, [%x[p]]")
ACCESS(cas, ".arch_extension lse\ncas %x[v], x15, [%x[p]]")

static int attack_insn_ldr_q(void __iomem *addr, u64 *val)
{
	int err = 0;

	scoped_ksimd()
		err = TRY(addr, *val, ".arch_extension simd\nldr q0, [%x[p]]");
	return err;
}

static int attack_insn_str_q(void __iomem *addr, u64 *val)
{
	int err = 0;

	scoped_ksimd()
		err = TRY(addr, *val, ".arch_extension simd\nstr q0, [%x[p]]");
	return err;
}

static int attack_insn_st1(void __iomem *addr, u64 *val)
{
	int err = 0;

	scoped_ksimd()
		err = TRY(addr, *val, ".arch_extension simd\nst1 {v0.2d, v1.2d}, [%x[p]]");
	return err;
}

/**
 * struct attack_access - An access to VICTIM
 * @name:    shown in the result
 * @insn:    executes it
 * @outcome: what it must do
 * @normal:  use a Normal memory mapping; the CPU faults it on Device memory before EL2 sees it
 * @lse:     the CPU needs the large system extensions
 * @offset:  added to the address
 */
struct attack_access {
	const char *name;
	int (*insn)(void __iomem *addr, u64 *val);
	enum attack_outcome outcome;
	bool normal;
	bool lse;
	u8 offset;
};

static const struct attack_access attack_accesses[] = {
	{ "32-bit load", attack_insn_ldr_w, ATTACK_WORKS },
	{ "64-bit load", attack_insn_ldr_x, ATTACK_WORKS },
	{ "load to the zero register", attack_insn_ldr_wzr, ATTACK_WORKS },
	{ "sign-extending load", attack_insn_ldrsw, ATTACK_WORKS },
	{ "unscaled load", attack_insn_ldur_w, ATTACK_WORKS },
	{ "load-acquire", attack_insn_ldar_w, ATTACK_WORKS },
	{ "load from Normal memory", attack_insn_ldr_w, ATTACK_WORKS, true },
	{ "8-bit load", attack_insn_ldrb, ATTACK_ABORTS },
	{ "sign-extending 8-bit load", attack_insn_ldrsb, ATTACK_ABORTS },
	{ "16-bit load", attack_insn_ldrh, ATTACK_ABORTS },
	{ "unaligned 32-bit load", attack_insn_ldr_w, ATTACK_ABORTS, true, .offset = 2 },
	{ "unaligned 64-bit load", attack_insn_ldr_x, ATTACK_ABORTS, true, .offset = 4 },
	{ "unaligned load from Device memory", attack_insn_ldr_x, ATTACK_ABORTS, .offset = 1 },
	{ "pair of 32-bit loads", attack_insn_ldp_w, ATTACK_ABORTS },
	{ "pair of 64-bit loads", attack_insn_ldp_x, ATTACK_ABORTS },
	{ "non-temporal pair", attack_insn_ldnp, ATTACK_ABORTS },
	{ "post-indexed load", attack_insn_ldr_post, ATTACK_ABORTS },
	{ "pre-indexed load", attack_insn_ldr_pre, ATTACK_ABORTS },
	{ "128-bit load", attack_insn_ldr_q, ATTACK_ABORTS },
	{ "exclusive load", attack_insn_ldxr, ATTACK_ABORTS, true },
	{ "exclusive pair", attack_insn_ldaxp, ATTACK_ABORTS, true },
	{ "exclusive store", attack_insn_stxr, ATTACK_EITHER, true },
	{ "8-bit store", attack_insn_strb, ATTACK_ABORTS },
	{ "16-bit store", attack_insn_strh, ATTACK_ABORTS },
	{ "unaligned 32-bit store", attack_insn_str_w, ATTACK_ABORTS, true, .offset = 2 },
	{ "unaligned 64-bit store", attack_insn_str_x, ATTACK_ABORTS, true, .offset = 4 },
	{ "pair of 64-bit stores", attack_insn_stp, ATTACK_ABORTS },
	{ "pair of 32-bit stores", attack_insn_stp_w, ATTACK_ABORTS },
	{ "post-indexed store", attack_insn_str_post, ATTACK_ABORTS },
	{ "pre-indexed store", attack_insn_str_pre, ATTACK_ABORTS },
	{ "128-bit store", attack_insn_str_q, ATTACK_ABORTS },
	{ "256-bit vector store", attack_insn_st1, ATTACK_ABORTS },
	{ "atomic add", attack_insn_ldadd, ATTACK_ABORTS, true, true },
	{ "atomic swap", attack_insn_swp, ATTACK_ABORTS, true, true },
	{ "compare and swap", attack_insn_cas, ATTACK_ABORTS, true, true },
	{ "DC ZVA", attack_insn_dc_zva, ATTACK_ABORTS, true },
	{ "DC CIVAC", attack_insn_dc_civac, ATTACK_EITHER, true },
	{ "DC IVAC", attack_insn_dc_ivac, ATTACK_EITHER, true },
	{ "IC IVAU", attack_insn_ic_ivau, ATTACK_EITHER, true },
	{ "prefetch", attack_insn_prfm, ATTACK_EITHER, true },
	{ "address translation", attack_insn_at, ATTACK_EITHER },
};

KUNIT_ARRAY_PARAM_DESC(attack_access, attack_accesses, name);

static void attack_access(struct kunit *test)
{
	const struct attack_access *t = test->param_value;
	struct attack *a = test->priv;
	void __iomem *base = t->normal ? a->normal : a->mmio;
	u64 val = 0x5a5a5a5a5a5a5a5a;
	int err = 0;

	if (t->lse && !cpus_have_final_cap(ARM64_HAS_LSE_ATOMICS))
		kunit_skip(test, "needs the large system extensions");

	attack_write64(a, VICTIM, VICTIM_VAL);
	err = t->insn(base + VICTIM + t->offset, &val);
	if (t->outcome != ATTACK_EITHER)
		KUNIT_EXPECT_EQ(test, t->outcome == ATTACK_ABORTS, err == -EFAULT);

	KUNIT_EXPECT_EQ(test, VICTIM_VAL, attack_read64(a, VICTIM));
	KUNIT_EXPECT_EQ(test, 0, attack_read(a, ARM_SMMU_STRTAB_BASE_CFG) & ~GENMASK(17, 0));
}

/* A load must fill the whole of its register as the architecture says. */
static void attack_access_values(struct kunit *test)
{
	struct attack *a = test->priv;
	void __iomem *addr = a->mmio + VICTIM;
	u64 val = ~0ULL;

	attack_write64(a, VICTIM, 0x12389abcdec0ULL);
	KUNIT_EXPECT_EQ(test, 0, attack_insn_ldr_w(addr, &val));
	KUNIT_EXPECT_EQ(test, 0x9abcdec0, val);
	KUNIT_EXPECT_EQ(test, 0, attack_insn_ldr_x(addr, &val));
	KUNIT_EXPECT_EQ(test, 0x12389abcdec0, val);
	KUNIT_EXPECT_EQ(test, 0, attack_insn_ldrsw(addr, &val));
	KUNIT_EXPECT_EQ(test, 0xffffffff9abcdec0, val);

	/* A store to one half must keep the other. */
	val = 0x321;
	KUNIT_EXPECT_EQ(test, 0, attack_insn_str_w(addr + 4, &val));
	KUNIT_EXPECT_EQ(test, 0x3219abcdec0, attack_read64(a, VICTIM));
}

static struct kunit_case attack_access_cases[] = {
	KUNIT_CASE_PARAM(attack_access, attack_access_gen_params),
	KUNIT_CASE(attack_access_values),
	{}
};

static struct kunit_suite attack_access_suite = {
	.name = "arm-smmu-v3-pkvm-attack-access",
	.attr.speed = KUNIT_SPEED_SLOW,
	.init = attack_init,
	.exit = attack_exit,
	.test_cases = attack_access_cases,
};

kunit_test_suites(&attack_access_suite);
