// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks that check their order, shared accesses, barriers and time.
 *
 * A store of a CPU to memory is seen late by the SMMU: until a barrier it may
 * read what was there before. Loads and stores of the CPUs among each other are
 * in order.
 */
#include <asm/kvm_hyp.h>

#include "shim-mem.h"
#include "smmu.h"

/* More polls than any bound of EL2's, timeouts included. */
#define MAX_POLLS	100000

#define NR_STORES	1024

/* Words that EL2 has stored to since the last barrier, and what they were: a ring. */
static struct {
	u64 phys;
	u64 old;
} stores[NR_STORES];
static unsigned int first_store, nr_stores;

u32 model_rand(u32 below)
{
	/* xorshift64* */
	model.rng ^= model.rng >> 12;
	model.rng ^= model.rng << 25;
	model.rng ^= model.rng >> 27;

	return below ? (model.rng * 0x2545f4914f6cdd1dULL >> 32) % below : 0;
}

void stores_reset(void)
{
	nr_stores = 0;
}

/* More than EL2 waits for anything. */
#define CLOCK_JUMP	50000

/*
 * The clock jumps: the CPU was stopped, and all of the machine with it, or the hardware
 * has had the time to do all that it was asked for.
 */
static void model_clock_point(void)
{
	unsigned int i;

	model.points++;
	if (model.random && !model_rand(8192))
		model.time += CLOCK_JUMP;
	if (!model.jump_at || --model.jump_at)
		return;
	model.time += CLOCK_JUMP;
	for (i = 0; i < nr_smmus && model.jump_hw; i++) {
		if (model.jump_wakes)
			smmus[i].hang = false;
		while (smmu_step(&smmus[i]))
			;
	}
}

/* Where another CPU or the hardware may come in. */
void model_point(void)
{
	void (*at_point)(void) = model.at_point;

	model_clock_point();
	if (at_point) {
		model.at_point = NULL;
		at_point();
		model.at_point = at_point;
	}
	if (model.exploring) {
		cpu_point();
		return;
	}

	if (model.random && !model_rand(16)) {
		struct smmu *s = &smmus[model_rand(nr_smmus)];

		/* It may get far while a CPU makes one step. */
		do {
			smmu_step(s);
		} while (model_rand(4));
	}
	cpu_point();
}

static u64 ram_phys(const void *addr)
{
	u64 phys = hyp_virt_to_phys((void *)addr);

	return phys_is_ram(phys) ? phys : 0;
}

static void check_mapped(u64 phys)
{
	if (!phys_to_info(phys)->el2)
		violation("EL2 accesses %llx, which it has not mapped",
			  (unsigned long long)phys);
}

void model_shared_read(const void *addr, size_t size)
{
	u64 phys = ram_phys(addr);

	model_point();
	if (phys)
		check_mapped(phys);
}

/*
 * Under exploration the point comes before the store alone; what it was is known
 * to nobody else then.
 */
void model_shared_write(void *addr, size_t size)
{
	u64 phys = ram_phys(addr), word;

	model_point();
	if (!phys)
		return;
	check_mapped(phys);
	oracle_store(phys);
	for (word = ALIGN_DOWN(phys, sizeof(u64)); word < phys + size; word += sizeof(u64)) {
		unsigned int i = (first_store + nr_stores) % NR_STORES;

		if (nr_stores < NR_STORES)
			nr_stores++;
		else
			first_store = (first_store + 1) % NR_STORES;
		stores[i].phys = word;
		stores[i].old = mem_load(phys_ptr(word));
	}
}

void model_barrier(void)
{
	nr_stores = 0;
}

u64 hw_load64_view(const struct smmu *s, u64 phys, enum hw_view view)
{
	unsigned int i, n;

	if (!s->snoops)
		return uncached_load64(phys);
	for (n = 0; n < nr_stores && view != HW_ALL; n++) {
		i = (first_store + n) % NR_STORES;
		if (stores[i].phys != phys)
			continue;
		/* While interleavings are explored, the late view is the one looked for. */
		if (view == HW_NONE || model.exploring || (model.random && model_rand(2)))
			return stores[i].old;
		/* Once the SMMU has seen a store it does not forget it. */
		stores[i].phys = 0;
	}

	return mem_load(phys_ptr(phys));
}

/* Memory as the SMMU sees it. */
u64 hw_load64(const struct smmu *s, u64 phys)
{
	return hw_load64_view(s, phys, HW_ANY);
}

/*
 * Locks.
 */

void model_lock_init(hyp_spinlock_t *lock, const char *name)
{
	lock->owner = 0;
	lock->rank = strstr(name, "hwq") ? RANK_HWQ : RANK_EMU;
}

void hyp_spin_lock(hyp_spinlock_t *lock)
{
	unsigned int rank;

	if (cpu_holds(lock))
		violation("lock of rank %u is taken twice", lock->rank);
	for (rank = lock->rank; rank <= RANK_HWQ; rank++) {
		if (cpu_holds_rank(rank))
			violation("lock of rank %u is taken inside rank %u", lock->rank, rank);
	}

	model_point();
	while (lock->owner)
		cpu_wait_lock(lock);
	lock->owner = cur_cpu + 1;
	cpu_lock_taken(lock);
}

void hyp_spin_unlock(hyp_spinlock_t *lock)
{
	if (!cpu_holds(lock))
		violation("lock of rank %u is released by who does not hold it", lock->rank);
	lock->owner = 0;
	cpu_lock_dropped(lock);
	model_point();
}

void hyp_assert_lock_held(hyp_spinlock_t *lock)
{
	if (!cpu_holds(lock))
		violation("lock of rank %u is not held", lock->rank);
}

/*
 * Time passes where somebody looks or waits. Whoever waits gives the hardware the
 * time to do something, so that only a hardware that has stopped runs into a bound.
 */

u64 model_counter(void)
{
	model_clock_point();
	return model.time;
}

void model_relax(void)
{
	unsigned int i;

	if (cpu_holds_rank(RANK_HWQ))
		violation("EL2 waits with the lock of the hardware's queue held");
	model.time++;
	if (++model.polls > MAX_POLLS)
		violation("EL2 waits for ever");
	if (model.exploring) {
		cpu_preempt();
		return;
	}

	for (i = 0; i < nr_smmus; i++) {
		if (!model.random || model_rand(2))
			smmu_step(&smmus[i]);
	}
	cpu_point();
}
