/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EL2's SMMUv3 driver in user space, over a simulated machine.
 *
 * The sources of drivers/iommu/arm/arm-smmu-v3/pkvm and of the device stage 2 are
 * compiled as they are. Around them:
 *
 *   include/       what they include, reduced to what they use
 *   shim-mem.c     physical memory, and who owns which page of it
 *   cache.c        caches of the CPUs, where an SMMU does not snoop
 *   shim-lock.c    locks that check their order, barriers, time
 *   plain.c        loads and stores of EL2's that it does not mark as shared
 *   sched.c        emulated CPUs, which may switch at every shared access
 *   smmu-*.c       SMMUs: registers, interrupts, commands, configuration, translation, events
 *   oracle.c       what must hold after every step
 *   machine.c      boots the machine, and gives all back in the end
 *   host.c         the host's side: register accesses, a minimal driver
 *   explore.c      all interleavings of a scenario up to a number of preemptions
 *   regress-*.c    named tests, KTAP
 *   fuzz.c         a stream of bytes as operations
 *
 * Modelled, because it is where an SMMU differs from a list of registers:
 *
 * - Commands are read ahead, consumed later, take effect later still, and only a
 *   CMD_SYNC waits for them. What the queue holds between CMDQ_CONS and CMDQ_PROD
 *   may have been read at any time.
 * - Configuration and translations stay cached, whatever happens to tables and
 *   enables, until a command drops them. Stage 1 and stage 2 may be cached as one.
 *   A block of stage 2 is cached as a whole; with a page of it cached, too, an SMMU
 *   of BBML less than 2 may do anything.
 * - STEs are fetched at any time, their dwords one by one in any order.
 * - Transactions are in flight between their translation and their access.
 * - A fault of stage 1 may stall; what stalls is retried by command, or at any time.
 * - Devices cache translations (ATS) and use them at any time, or make some up. They answer
 *   an ATC_INV, later, or not at all.
 * - Stores of the CPUs, plain ones as well, become visible to the SMMU in any order up
 *   to a barrier.
 * - An SMMU may not snoop the caches: it reads what has been cleaned or evicted, and EL2
 *   reads what the host wrote past the caches once it has invalidated the line.
 * - Events and MSIs are written, and CR0ACK follows CR0, at some later time.
 * - Registers that are guarded take any value when they are written regardless.
 * - Any command may meet an error; the hardware may stop answering.
 * - While the system is suspended, registers may take their reset values, or any where
 *   the architecture has none, and so may caches.
 *
 * Not modelled: the host's stage 1 tables (what stage 1 makes of an address is the
 * host's choice, so it is a parameter of the access), ATOS, the Secure state,
 * memory attributes, walk caches of stage 2 (its tables stay where they are), big
 * endian. Named tests run with pages of 4K, 16K and 64K, the fuzzer with 4K.
 *
 * A finding is a call of model_bug(): an oracle's, or an assertion of EL2's.
 *
 * To add an operation to the fuzzer: a function in fuzz-ops.c that takes its
 * arguments from fuzz_byte() and friends, and a line in the table there. What it
 * must not be able to break goes into oracle.c, where the tests find it, too.
 */
#ifndef _PKVM_SMMU_V3_MODEL_H
#define _PKVM_SMMU_V3_MODEL_H

#include <linux/kernel.h>
#include <linux/kvm_host.h>
#include <linux/memblock.h>

#include <nvhe/iommu.h>
#include <nvhe/mem_protect.h>
#include <nvhe/spinlock.h>

/*
 * Where there can be memory: the first window is a part of a block, the second one
 * begins in the same block or the one before BLOCK_BASE, contains all of that, and ends
 * in the one after. The third is a GiB at the top of what devices reach, and has memory
 * only where a test says so. What of a window no region is in is MMIO.
 */
#define RAM0_BASE	0x40000000UL
#define RAM0_PAGES	116
#define RAM1_BASE	(BLOCK_BASE - 32 * PAGE_SIZE)
#define RAM1_PAGES	(32 + PTRS_PER_PTE + 32)
#define RAM_END		(RAM1_BASE + RAM1_PAGES * PAGE_SIZE)
#define RAM2_BASE	0xc0000000UL
#define RAM2_SIZE	0x40000000UL
#define RAM2_PAGES	(RAM2_SIZE >> PAGE_SHIFT)
#define RAM2_END	(RAM2_BASE + RAM2_SIZE)
/* Pages with a number, see page_phys(): of the third window the last ones only. */
#define TOP_PAGES	16
#define RAM_PAGES	(RAM0_PAGES + RAM1_PAGES + TOP_PAGES)
/* With 64K pages there are blocks from 34 bits on. */
#define IA_BITS		(PAGE_SHIFT == 16 ? 36 : 32)

#define BLOCK_SIZE	BIT(2 * PAGE_SHIFT - 3)
#define BLOCK_BASE	ALIGN(RAM0_BASE + 1, BLOCK_SIZE)

/* The registers of SMMU i, and an address that is nobody's memory. */
#define SMMU_MMIO(i)	(0x09000000UL + (i) * 0x40000UL)
#define P2P_MMIO	0xb0000000UL
/* CMDQ-V of SMMU i. */
#define CMDQV_MMIO(i)	(0x0a000000UL + (i) * 0x100000UL)
#define CMDQV_SIZE	0x20000
/* Doorbells of ITSs, GITS_TRANSLATER. An SMMU of 40 bits truncates the address of the last. */
#define ITS_DOORBELL(n)	(0x08090040UL + (n) * 0x20000UL)
#define FAR_DOORBELL	(0x20000010040UL)
/* A group of performance counters of SMMU 0. */
#define PMCG_MMIO	0x09100000UL
#define PMCG_SIZE	PAGE_SIZE

#define NR_SMMUS	2
/* CPU 0 runs on the stack of main() and is never preempted. */
#define MODEL_CPUS		5

/* Order of locks. */
enum model_rank {
	RANK_EMU = 1,
	RANK_HOST,
	RANK_HYP,
	RANK_GUEST,
	RANK_HWQ,
};

/* A page, beside what struct hyp_page says of it. */
struct page_info {
	bool host;	/* the host's CPUs have access */
	bool el2;	/* mapped in EL2's linear map */
	bool text;	/* hypervisor text */
	bool ram;	/* at least a part of it is memory */
	bool dirty;	/* perhaps not full of zeroes */
	u8 pins;	/* of hyp_pin_shared_mem() */
	u8 guest;	/* owning VM, 0 for none */
};

/* Who does the access that is checked. */
enum access_kind {
	ACC_CLIENT,	/* a device, translated */
	ACC_CD,		/* the SMMU, translated: context descriptors, stage 1 tables */
	ACC_STRTAB,	/* the SMMU, by physical address, from here on */
	ACC_S2WALK,
	ACC_CMDQ,
	ACC_EVTQ,
	ACC_MSI,
	ACC_IRQ,
};

struct model {
	/* The host is not trusted any more: oracles are on. */
	bool enforce;
	/* From a system suspend until EL2 enters the host: SMMUs may be disabled. */
	bool asleep;
	/* The SMMU reads stores late, and makes a step whenever it may. */
	bool random;
	/* An SMMU does not snoop the caches. How often EL2 has flushed them. */
	bool caches;
	u32 flushes;
	/* explore.c has the say about switches. */
	bool exploring;
	/* Called at every point where another CPU or the hardware may come in. */
	void (*at_point)(void);
	u64 time;
	/* Points passed. At which of them the clock jumps, 0 for none, and what goes on then. */
	u64 points;
	u64 jump_at;
	bool jump_hw;
	bool jump_wakes;
	u64 rng;
	/* Polls in a row without an end; endless waiting is a finding. */
	u32 polls;
	/* Pages pinned by EL2 as the sum of all references. */
	u32 refs;
	u64 transitions;
	u64 dma_accesses;
	u64 violations;
	char report[256];
};

extern struct model model;

struct machine_cfg;

/* Random numbers of the model. */
u32 model_rand(u32 below);

/* Something that must not happen did. Does not return. */
void violation(const char *fmt, ...) __printf(1, 2) __noreturn;

/* Set where violation() returns to; see model_catch(). */
bool model_catch(void (*fn)(void *arg), void *arg);

/* shim-mem.c */
void mem_init(const struct machine_cfg *cfg);
/* Lose the annotation of a page in the host stage 2. */
void host_s2_forget(u64 phys);
bool phys_is_ram(u64 phys);
struct page_info *phys_to_info(u64 phys);
u64 page_phys(unsigned int i);
void *phys_ptr(u64 phys);
bool host_has(u64 phys);
/* Through the caches. */
bool host_store64(u64 phys, u64 val);
bool host_load64(u64 phys, u64 *val);
bool mmio_is_el2(u64 phys);

int host_share_hyp(u64 phys);
int host_unshare_hyp(u64 phys);
int guest_share_host(u64 phys, u8 vm);
int guest_unshare_host(u64 phys, u8 vm);
int host_donate_guest(u64 phys, u8 vm);
int host_reclaim_guest(u64 phys);

/* cache.c */
void cache_init(bool on);
void cache_settle(u64 page);
void cache_flush(u64 phys, size_t size);
void cache_store64(u64 phys, u64 val);
void uncached_store64(u64 phys, u64 val);
u64 uncached_load64(u64 phys);
bool cache_is_clean(u64 phys);

/* shim-lock.c */

/* Which stores since the last barrier a load of the hardware sees. */
enum hw_view {
	HW_ANY,		/* as model.random and model.exploring say */
	HW_NONE,
	HW_ALL,
};

struct smmu;

u64 hw_load64(const struct smmu *s, u64 phys);
u64 hw_load64_view(const struct smmu *s, u64 phys, enum hw_view view);
void model_point(void);
void stores_reset(void);

/* sched.c */
extern unsigned int cur_cpu;

void sched_reset(void);
void cpu_start(unsigned int cpu, void (*fn)(void *), void *arg);
bool cpu_active(unsigned int cpu);
bool cpu_blocked(unsigned int cpu);
/* Run a CPU for a number of points, 0 for no end. Returns whether it is done. */
bool cpu_resume(unsigned int cpu, u32 points);
void cpu_preempt(void);
void cpu_wait_lock(hyp_spinlock_t *lock);
void cpu_lock_taken(hyp_spinlock_t *lock);
void cpu_lock_dropped(hyp_spinlock_t *lock);
bool cpu_holds_rank(enum model_rank rank);
bool cpu_holds(hyp_spinlock_t *lock);
bool cpu_point(void);
void cpu_run_all(void);
struct kvm_cpu_context *cpu_ctxt(void);

/* el2.c */
struct hyp_smmu *el2_smmu(unsigned int i);
/* How many ranges of MMIO EL2 has taken. */
unsigned int el2_mmio_ranges(void);
void el2_reset(void);

/* machine.c */
#define MAX_REGIONS	8

struct machine_cfg {
	u32 idr[6];
	u32 aidr;
	u8 hwq_shift;
	u8 pool_pages;
	u8 pool_short;		/* pages that the pool for tables lacks */
	bool page1_alias;
	bool two_pages;		/* an SMMU has no registers behind the first 128 KiB */
	bool incoherent;	/* firmware says that an SMMU does not snoop */
	bool stale_boot;	/* firmware left caches and registers full */
	bool cmdqv;		/* CMDQ-V, and it runs */
	bool scattered;		/* control pages of enhanced queues are not adjacent */
	bool repeat;		/* an invalidation has no effect unless it is repeated */
	/*
	 * Bits: an enhanced queue, or CMDQ-V, never stops; control pages are not enabled, or
	 * do not say so; an enhanced queue is about to start for ever.
	 */
	u8 stuck;
	u32 idr6;
	u64 ecmdq;		/* where the control pages are, from page 0 */
	u8 hang;		/* SMMUs that consume no command, a bit for each */
	u8 deaf;		/* first update of a register that is not acknowledged, 0: none */
	u8 picky;		/* 1 in so many skippable commands is refused, 0: none */
	u8 nr_smmus;
	u8 ia_bits;
	/* What all SMMUs but the first are like, NULL for the same. */
	const struct machine_cfg *others;
	/* What firmware says of memory, sorted; none: all of the first two windows. */
	struct memblock_region regions[MAX_REGIONS];
	u8 nr_regions;
};

struct machine_cfg machine_default(void);
struct machine_cfg machine_variant(u8 n);
/* Returns 0 or the error of the call that failed; all is given back then. */
int machine_boot(const struct machine_cfg *cfg);
void machine_shutdown(void);
int machine_release(void);

/* Pages of the host's that the tests and the fuzzer use. */
unsigned int host_nr_pages(void);
u64 host_page(unsigned int i);

/* oracle.c */
void oracle_access(unsigned int smmu, u64 phys, bool write, enum access_kind kind);
void oracle_page_lost(u64 phys);
void oracle_page_unpinned(u64 phys);
void oracle_step(void);
void oracle_full(void);
void oracle_store(u64 phys);
void oracle_quiet(void);

#endif /* _PKVM_SMMU_V3_MODEL_H */
