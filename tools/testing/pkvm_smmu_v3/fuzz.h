/* SPDX-License-Identifier: GPL-2.0-only */
/* A stream of bytes as operations on the machine. */
#ifndef _PKVM_SMMU_V3_FUZZ_H
#define _PKVM_SMMU_V3_FUZZ_H

#include "host.h"

/* The next byte of the input; 0 once there is none. */
u8 fuzz_byte(void);
u32 fuzz_u32(void);
u64 fuzz_u64(void);
/* A number below @n. */
u32 fuzz_below(u32 n);
/* True once in @n times. */
bool fuzz_chance(u32 n);

/* What a CPU is to do in EL2, decided before it starts. */
struct fuzz_job {
	void (*fn)(const struct fuzz_job *job);
	u8 smmu;
	u8 size;
	bool write;
	u8 kind;
	u32 off;
	u64 val;
	u64 phys;
	u64 esr;
};

/**
 * struct fuzz_op - An operation
 * @name:   for whoever reads a reproducer
 * @weight: how often
 * @now:    takes its arguments from the input, and does it
 * @job:    or: takes its arguments, and leaves it to a CPU that may be preempted
 */
struct fuzz_op {
	const char *name;
	u8 weight;
	void (*now)(void);
	void (*job)(struct fuzz_job *job);
};

extern const struct fuzz_op fuzz_ops[];

/* The other CPUs go off: false if one of them is the last that is on. */
bool fuzz_others_off(void);
void fuzz_others_on(void);

/* Whether the hardware may fail for good in this run. */
extern bool fuzz_may_kill;
extern bool fuzz_verbose;

/* Returns whether there was no finding, with model.report saying which otherwise. */
bool fuzz_run(const u8 *data, size_t size, u64 *steps);

#endif /* _PKVM_SMMU_V3_FUZZ_H */
