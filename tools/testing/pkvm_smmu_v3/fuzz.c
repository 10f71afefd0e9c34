// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs an input: boots a machine of a kind that it chooses, does what it says on
 * up to four CPUs that preempt each other where it says so, and shuts down.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "hyp/smmu.h"

#define FULL_CHECK	64

static const u8 *input, *input_end;
static struct fuzz_job jobs[MODEL_CPUS];
/* The only CPU that is on, 0: all are. */
static unsigned int last_cpu;
bool fuzz_may_kill;
bool fuzz_verbose;
static u64 nr_steps;

u8 fuzz_byte(void)
{
	return input < input_end ? *input++ : 0;
}

u32 fuzz_u32(void)
{
	u32 val = fuzz_byte();

	val = val << 8 | fuzz_byte();
	val = val << 8 | fuzz_byte();

	return val << 8 | fuzz_byte();
}

u64 fuzz_u64(void)
{
	u64 val = fuzz_u32();

	return val << 32 | fuzz_u32();
}

u32 fuzz_below(u32 n)
{
	return n <= 256 ? fuzz_byte() % n : fuzz_u32() % n;
}

bool fuzz_chance(u32 n)
{
	return fuzz_below(n) == n - 1;
}

static void run_job(void *arg)
{
	const struct fuzz_job *job = arg;

	job->fn(job);
}

static bool any_active(void)
{
	unsigned int i;

	for (i = 1; i < MODEL_CPUS; i++) {
		if (cpu_active(i))
			return true;
	}

	return false;
}

bool fuzz_others_off(void)
{
	unsigned int i;

	if (last_cpu)
		return false;
	last_cpu = cur_cpu;
	for (i = 1; i < MODEL_CPUS; i++) {
		while (i != cur_cpu && cpu_active(i))
			cpu_preempt();
	}

	return true;
}

void fuzz_others_on(void)
{
	last_cpu = 0;
}

/* A CPU goes on: to the end, most of the time. */
static void resume(unsigned int cpu)
{
	u8 points = fuzz_byte();

	if (!cpu_blocked(cpu))
		cpu_resume(cpu, points < 64 ? points + 1 : 0);
}

static const struct fuzz_op *pick_op(void)
{
	static unsigned int total;
	const struct fuzz_op *op;
	unsigned int n;

	if (!total) {
		for (op = fuzz_ops; op->name; op++)
			total += op->weight;
	}
	n = fuzz_byte() * total / 256;
	for (op = fuzz_ops; n >= op->weight; op++)
		n -= op->weight;

	return op;
}

static void step(void)
{
	const struct fuzz_op *op = pick_op();
	unsigned int cpu;

	if (fuzz_verbose)
		fprintf(stderr, "%llu: %s\n", (unsigned long long)nr_steps, op->name);
	if (op->now) {
		op->now();
		return;
	}

	cpu = 1 + fuzz_byte() % (MODEL_CPUS - 1);
	/* It is still busy: the operation is that it goes on. */
	if (last_cpu && !cpu_active(cpu))
		cpu = last_cpu;
	if (!cpu_active(cpu)) {
		jobs[cpu] = (struct fuzz_job){};
		op->job(&jobs[cpu]);
		cpu_start(cpu, run_job, &jobs[cpu]);
	}
	resume(cpu);
}

/* All CPUs are blocked: nobody will ever go on. */
static void check_deadlock(void)
{
	unsigned int i;

	for (i = 1; i < MODEL_CPUS; i++) {
		if (cpu_active(i) && !cpu_blocked(i))
			return;
	}
	cpu_run_all();
}

/* A page of the host's, whatever was done to it. */
static void take_back(u64 phys)
{
	void *va = hyp_phys_to_virt(phys);

	while (phys_to_info(phys)->pins)
		hyp_unpin_shared_mem(va, va + PAGE_SIZE);
	host_unshare_hyp(phys);
	host_reclaim_guest(phys);
}

static bool is_word(u64 phys, u32 val)
{
	u64 word = 0;

	host_load64(phys, &word);

	return (u32)word == val;
}

/* Bounded, as everything that a driver waits for. */
static bool comes_true(bool (*fn)(u64 a, u32 b), u64 a, u32 b)
{
	unsigned int n;

	for (n = 0; n < 10000 && !fn(a, b); n++)
		model_relax();
	model.polls = 0;

	return fn(a, b);
}

static bool has_interrupted(u64 i, u32 before)
{
	return smmus[i].gerror_irqs != before;
}

/*
 * Hardware that is of no use any more, whether EL2 has looked at it since or not: it hangs,
 * failed, or could not fetch a command (CERROR_ABT), which EL2 does not forgive.
 */
static bool has_failed(unsigned int i)
{
	const struct smmu *s = &smmus[i];
	bool stopped = (s->gerror ^ s->gerrorn) & 1;

	return smmu_dead(s) || el2_smmu(i)->hwq.dead ||
	       (stopped && FIELD_GET(0x7f000000, s->cmdq_cons) != 1);
}

static bool any_failed(void)
{
	unsigned int i;

	for (i = 0; i < nr_smmus; i++) {
		if (has_failed(i))
			return true;
	}

	return false;
}

/*
 * Whatever the host has done: a driver that starts anew loses no CMD_SYNC, no MSI and no
 * error interrupt of an SMMU that works.
 */
static void check_alive(unsigned int i)
{
	struct smmu *s = &smmus[i];
	unsigned int n, irqs;
	u64 at;

	if (has_failed(i))
		return;
	/* An SMMU that has failed may hold pages of this one's for ever. */
	for (n = 0; n < 10 && any_failed(); n++) {
		if (hyp_phys_to_page(host_page(i * 10 + n))->refcount)
			return;
	}
	s->abort_msi = false;
	s->abort_irq = false;
	s->abort_next = false;
	s->picky = 0;
	s->atc_slow = false;
	/* Off, which a slow device may have kept it from: or the command fails once more. */
	drv_disable(i);
	write32(i, 0x64, read32(i, 0x60));
	drv_init(i);
	if (!drv_sync(i))
		violation("SMMU %u: a CMD_SYNC is lost", i);

	at = drv_next(i);
	if (s->coherent) {
		drv_put(i, 0x46 | 1 << 12 | 0xfcULL << 20 | 0x5a5a5a5aULL << 32, at);
		drv_ring(i);
		if (!comes_true(is_word, at, 0x5a5a5a5a))
			violation("SMMU %u: an MSI is lost", i);
	}

	irqs = s->gerror_irqs;
	drv_put(i, 0xfe, 0);
	drv_ring(i);
	if (!comes_true(has_interrupted, i, irqs))
		violation("SMMU %u: an error interrupt is lost", i);
	if (drv_cmdq_err(i) != 1)
		violation("SMMU %u: an error is lost", i);
	drv_skip_err(i);
	if (!drv_sync(i))
		violation("SMMU %u: a CMD_SYNC after an error is lost", i);
}

/* The host lets go of everything: what is pinned then is what it pinned itself. */
static void shut_down(void)
{
	unsigned int i;
	u32 pins = 0;

	cpu_run_all();
	oracle_full();
	for (i = 0; i < nr_smmus; i++)
		drv_disable(i);
	for (i = 0; i < nr_smmus * 10; i++)
		take_back(host_page(i));
	for (i = 0; i < nr_smmus; i++)
		check_alive(i);
	for (i = 0; i < nr_smmus; i++) {
		drv_disable(i);
		drv_disable(i);
	}
	oracle_full();
	if (any_failed())
		return;
	for (i = 0; i < RAM_PAGES; i++)
		pins += phys_to_info(page_phys(i))->pins;
	if (pins != model.refs)
		violation("%u pages are still pinned", model.refs - pins);
}

static void add_region(struct machine_cfg *cfg, u64 base, u64 pages)
{
	cfg->regions[cfg->nr_regions++] = (struct memblock_region){
		.base = base, .size = pages * PAGE_SIZE,
	};
}

/*
 * What firmware may say of memory: regions that are adjacent, tiny, with holes between
 * them, at the top. The pages that the host and EL2 use are always there.
 */
static void pick_regions(struct machine_cfg *cfg)
{
	u32 cut = fuzz_below(RAM0_PAGES), n = 64 + fuzz_below(64);
	u64 at = RAM1_BASE + n * PAGE_SIZE;

	if (cut)
		add_region(cfg, RAM0_BASE, cut);
	add_region(cfg, RAM0_BASE + cut * PAGE_SIZE, RAM0_PAGES - cut);
	add_region(cfg, RAM1_BASE, n);
	while (cfg->nr_regions < MAX_REGIONS - 1) {
		at += fuzz_below(128) * PAGE_SIZE;
		n = 1 + fuzz_below(fuzz_chance(2) ? 512 : 4);
		if (at + n * PAGE_SIZE > RAM_END)
			break;
		add_region(cfg, at, n);
		at += n * PAGE_SIZE;
	}
	n = fuzz_below(TOP_PAGES + 1);
	if (n)
		add_region(cfg, RAM2_END - n * PAGE_SIZE, n);
}

/* SMMUs of different kinds, memory as firmware has it, more or fewer levels. */
static void pick_environment(struct machine_cfg *cfg, u8 flags)
{
	static const u8 ia_bits[] = { IA_BITS, 36, 40 };
	static struct machine_cfg others;

	others = machine_variant(fuzz_byte());
	others.incoherent = flags & 2;
	cfg->others = &others;
	cfg->ia_bits = ia_bits[fuzz_below(ARRAY_SIZE(ia_bits))];
	others.ia_bits = cfg->ia_bits;
	cfg->nr_smmus = fuzz_chance(8) ? 1 : NR_SMMUS;
	pick_regions(cfg);
}

static void run_input(void *unused)
{
	struct machine_cfg cfg = machine_variant(fuzz_byte());
	unsigned int i;
	u8 flags;

	last_cpu = 0;
	model.random = false;
	model.rng = 0x9e3779b97f4a7c15ULL + fuzz_u32();
	flags = fuzz_byte();
	fuzz_may_kill = !(flags & 0x1f);
	if ((flags & 0x11) == 0x01)
		pick_environment(&cfg, flags);
	cfg.incoherent = flags & 0x80;
	if (machine_boot(&cfg))
		violation("the machine does not boot");
	for (i = 0; i < nr_smmus && flags & 0x60; i++)
		drv_init(i);

	model.random = true;
	while (input < input_end) {
		step();
		nr_steps++;
		oracle_step();
		if (!any_active())
			oracle_quiet();
		else
			check_deadlock();
		if (!(nr_steps % FULL_CHECK) && !any_active())
			oracle_full();
	}
	shut_down();
}

bool fuzz_run(const u8 *data, size_t size, u64 *steps)
{
	bool ok;

	input = data;
	input_end = data + size;
	nr_steps = 0;
	ok = model_catch(run_input, NULL);
	machine_shutdown();
	model.random = false;
	*steps += nr_steps;

	return ok;
}

#ifdef FUZZ_ENTRY
/* For libFuzzer, under the name that it looks for. */
int FUZZ_ENTRY(const u8 *data, size_t size);

int FUZZ_ENTRY(const u8 *data, size_t size)
{
	u64 steps = 0;

	if (!fuzz_run(data, size, &steps)) {
		fprintf(stderr, "finding: %s\n", model.report);
		abort();
	}

	return 0;
}
#endif
