/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Windows in which a counting machine counts, QEMU with a plugin for it: each begins
 * and ends with an instruction that does nothing anywhere else.
 */
#ifndef PKVM_SMMU_BENCH_BENCH_H
#define PKVM_SMMU_BENCH_BENCH_H

#include <asm/unistd.h>
#include <linux/compiler.h>

static inline void bench_open(void)
{
	asm volatile("movz xzr, #0xb501" ::: "memory");
}

/* This one is opened, and closed, by how often the kernel does what it is told to. */
static inline void bench_open_stepped(void)
{
	asm volatile("movz xzr, #0xb502" ::: "memory");
}

static inline void bench_close(void)
{
	asm volatile("movz xzr, #0xb503" ::: "memory");
}

/*
 * The same where there is no plugin, which knows one CPU only: a system call by an
 * instruction whose constant is in QEMU's log of exceptions.
 */
#define BENCH_LOG_OPEN	0xb501
#define BENCH_LOG_CLOSE	0xb503
#define bench_log_mark(constant) do {					\
	register long nr asm("x8") = __NR_getpid;			\
	register long ret asm("x0");					\
	asm volatile("svc %1" : "=r"(ret) : "i"(constant), "r"(nr) : "memory"); \
} while (0)

/* Say what the last window held: @count times what @name stands for. */
void __printf(2, 3) bench_window(unsigned long count, const char *name, ...);

/*
 * Windows with @run(@data) @n and 2 * @n times: their difference has no constant part.
 * As often before, so that caches, pools and the host's stage 2 are filled.
 */
void __printf(4, 5) bench_repeat(void (*run)(void *data), void *data, int n,
				 const char *name, ...);

/* Say how long something took. */
void bench_time(unsigned long ns, const char *name);

/* The operations */
void bench_vm(void);
void bench_dma_map(void);
void bench_donate(void);
void bench_attach(void);
void bench_trap(void);
void bench_fault(void);
void bench_walk(void);
void bench_wallclock(void);

/* Unmaps from all CPUs at once, of a machine that has them take turns */
void bench_cpus(void);

/* Unmaps from several CPUs at once, timed */
void time_dma_map(void);

#endif
