/* SPDX-License-Identifier: GPL-2.0-only */
/* Named tests. Each has a machine of its own. */
#ifndef _PKVM_SMMU_V3_REGRESS_H
#define _PKVM_SMMU_V3_REGRESS_H

#include <asm/esr.h>

#include "host.h"

struct test {
	const char *name;
	void (*fn)(void);
};

#define TEST(fn)	{ #fn, fn }

extern const struct test tests_ats[], tests_boot[], tests_cache[], tests_cmd[], tests_dma[];
extern const struct test tests_evtq[], tests_exhaust[], tests_hw_msi[], tests_irq[], tests_msi[];
extern const struct test tests_order[], tests_race[], tests_reg[], tests_stall[], tests_stats[];
extern const struct test tests_ste[], tests_suspend[], tests_wait[];
extern const struct test tests_walk[];

/* How much of it: 1 is what the mutants run, higher is more thorough. */
extern unsigned int effort;

#define EXPECT(cond)							\
do {									\
	if (!(cond))							\
		violation("%s:%d: expected %s", __func__, __LINE__, #cond);	\
} while (0)

#define EXPECT_EQ(a, b)							\
do {									\
	u64 __x = (a), __y = (b);					\
									\
	if (__x != __y)							\
		violation("%s:%d: %s is %llx, expected %llx", __func__, __LINE__, #a,	\
			  (unsigned long long)__x, (unsigned long long)__y);	\
} while (0)

/* Boot a variant, and set SMMUs up. */
void boot(u8 variant);
void boot_and_init(u8 variant);
int donate(u64 phys);
int give_back(u64 phys);

/* CMDQ_CONS.ERR */
#define ILL	1
#define ABT	2

/* A command alone in the queue: its error, or 0. */
u32 try_cmd(u64 dw0, u64 dw1);

/* The syndrome of a load that faults in stage 2, of 2^@n bytes. */
#define ESR_READ	((u64)ESR_ELx_EC_DABT_LOW << ESR_ELx_EC_SHIFT | ESR_ELx_ISV | 0x07)
#define ESR_SIZE(n)	((u64)(n) << ESR_ELx_SAS_SHIFT)

/* EL2 aborts accesses at @off from the first SMMU whose syndrome it cannot emulate. */
void expect_not_emulated(u32 off);

#endif /* _PKVM_SMMU_V3_REGRESS_H */
