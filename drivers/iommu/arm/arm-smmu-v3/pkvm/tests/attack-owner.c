// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host as an attacker: random hypercalls on two CPUs at once, then a comparison of what
 * the CPU reaches with what DMA reaches.
 *
 * Pages of an arena go to the hypervisor and to VMs and come back. Some arguments are
 * hostile: memory of the hypervisor, registers, addresses without memory, and unaligned
 * addresses. After each round, while no CPU issues hypercalls, DMA must reach those of the
 * sampled pages that the CPU reaches, and no others. The CPU tries a load and the device a
 * store, so the answer does not depend on the hypervisor's.
 *
 * The seed alone decides which hypercalls a CPU issues, in which order, and which pages
 * they name. How the hypercalls of the two CPUs interleave is up to time.
 */
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/workqueue.h>

#include "hcall.h"
#include "attack.h"

/*
 * Few pages, so that hypercalls meet. The spare pages behind them are for the root of a VM: it
 * takes OWNER_ROOT_PAGES with 52 bits of address, and finds so many unused pages only there. A
 * VM, a root or a memcache that begins in the other pages may end in them.
 */
#define OWNER_PAGES		64
#define OWNER_ROOT_PAGES	16
#define OWNER_ALL_PAGES		(OWNER_PAGES + OWNER_ROOT_PAGES)

#define OWNER_CPUS		2
#define OWNER_HCALLS		256	/* of each CPU in a round */
#define OWNER_DMAS		2	/* after a round, of 100 ms each */

/* Offset in a page, behind the link by which a memcache lists its pages. */
#define OWNER_DMA_OFFSET	128

static unsigned int seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "Seed of the random hypercalls");

static unsigned int rounds = 50;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "Rounds of random hypercalls");

struct owner_cpu {
	struct work_struct work;
	struct owner *o;
	struct rnd_state rnd;
};

struct owner {
	struct attack *a;
	struct hcall_arena *h;
	struct owner_cpu cpus[OWNER_CPUS];
	atomic_t *done;			/* how many of each of owner_ops have succeeded */
	bool dma[OWNER_ALL_PAGES];	/* whether DMA reached the page when last tried */
	unsigned int samples[2];	/* pages out of reach of the CPU, and within */
};

/* Arguments for any hypercall: each uses some of them. */
struct owner_args {
	struct hcall_vm *vm;
	long handle;
	unsigned int vcpu;
	u64 pfn, gfn, nr, prot;
	void *va, *root, *hostile;
	u32 any;
};

static phys_addr_t owner_hostile_phys(struct owner *o, u32 r)
{
	unsigned int place = r % (ATTACK_AT_TOP + 1);

	if (place == ATTACK_AT_EL2)
		return hyp_mem_base + PAGE_SIZE * ((r >> 8) % (hyp_mem_size >> PAGE_SHIFT));
	return attack_place(o->a, place);
}

static u64 owner_gfn(u32 r)
{
	static const u64 hostile[] = { BIT(52 - PAGE_SHIFT), BIT(63) | HCALL_GFN, U64_MAX };

	if (r % 16 == 0)
		return hostile[(r >> 8) % ARRAY_SIZE(hostile)];
	return (r & 1 ? HCALL_GFN : HCALL_GFN_BLOCK) + (r >> 8) % HCALL_GFNS;
}

static u64 owner_nr(u32 r)
{
	static const u64 nrs[] = { 0, 2, HCALL_BLOCK_PAGES, BIT(64 - PAGE_SHIFT) + 1, U64_MAX };

	return r % 4 ? 1 : nrs[(r >> 8) % ARRAY_SIZE(nrs)];
}

/* Draw every argument for every hypercall, so that the sequence depends on the seed alone. */
static void owner_draw(struct owner *o, struct rnd_state *rnd, struct owner_args *p)
{
	phys_addr_t hostile = owner_hostile_phys(o, prandom_u32_state(rnd));
	u32 r = prandom_u32_state(rnd);
	void *page = hcall_page(o->h, (r >> 8) % OWNER_PAGES);

	p->hostile = phys_to_virt(hostile);
	p->pfn = r & 7 ? virt_to_pfn(page) : PHYS_PFN(hostile);
	p->va = r & 0x78 ? page : p->hostile + (r & 0x80 ? 8 : 0);
	p->root = r & 0x80 ? hcall_page(o->h, OWNER_PAGES) : page;
	p->gfn = owner_gfn(prandom_u32_state(rnd));
	p->nr = owner_nr(prandom_u32_state(rnd));
	p->any = prandom_u32_state(rnd);
	r = prandom_u32_state(rnd);
	p->prot = KVM_PGTABLE_PROT_RWX & (p->any % 4 ? U64_MAX : r);
	p->vm = &o->h->vms[(r >> 8) % HCALL_VMS];
	p->vcpu = (r >> 16) % HCALL_VCPUS;
	p->handle = READ_ONCE(p->vm->handle);
}

static long owner_share_hyp(struct owner *o, const struct owner_args *p)
{
	return hcall(__pkvm_host_share_hyp, p->pfn);
}

static long owner_unshare_hyp(struct owner *o, const struct owner_args *p)
{
	return hcall(__pkvm_host_unshare_hyp, p->pfn);
}

/* Both CPUs may make a VM of one struct kvm. hcall_take_back() finds both VMs. */
static long owner_init_vm(struct owner *o, const struct owner_args *p)
{
	return p->handle ? -EBUSY : hcall_init_vm(p->vm, p->any & 1, p->va, p->root);
}

static long owner_init_vcpu(struct owner *o, const struct owner_args *p)
{
	return hcall_init_vcpu(p->vm, p->vcpu, p->va);
}

static long owner_destroy_vm(struct owner *o, const struct owner_args *p)
{
	long ret;

	hcall(__pkvm_vcpu_put);
	ret = hcall_destroy_vm(o->h, p->handle);
	if (!ret)
		WRITE_ONCE(p->vm->handle, 0);
	return ret;
}

static long owner_load(struct owner *o, const struct owner_args *p)
{
	hcall_fill_memcache(o->h, p->vm, p->vcpu, p->any % OWNER_PAGES);
	hcall(__pkvm_vcpu_load, p->handle, p->any % 16 ? p->vcpu : p->any, p->any);
	return 0;
}

static long owner_put(struct owner *o, const struct owner_args *p)
{
	if (p->any & 1)
		hcall(__pkvm_vcpu_sync_state);
	hcall(__pkvm_vcpu_put);
	return 0;
}

static long owner_donate_guest(struct owner *o, const struct owner_args *p)
{
	return hcall(__pkvm_host_donate_guest, p->pfn, p->gfn);
}

static long owner_share_guest(struct owner *o, const struct owner_args *p)
{
	return hcall(__pkvm_host_share_guest, p->pfn, p->gfn, p->nr, p->prot);
}

static long owner_change_guest(struct owner *o, const struct owner_args *p)
{
	switch (p->any % 5) {
	case 0:
		return hcall(__pkvm_host_relax_perms_guest, p->gfn, p->prot);
	case 1:
		return hcall(__pkvm_host_wrprotect_guest, p->handle, p->gfn, p->nr);
	case 2:
		return hcall(__pkvm_host_test_clear_young_guest, p->handle, p->gfn, p->nr, 1);
	case 3:
		return hcall(__pkvm_host_mkyoung_guest, p->gfn);
	default:
		return hcall(__pkvm_host_unshare_guest, p->handle, p->gfn, p->nr);
	}
}

static long owner_force_reclaim(struct owner *o, const struct owner_args *p)
{
	return hcall(__pkvm_force_reclaim_guest_page, PFN_PHYS(p->pfn) + p->any % PAGE_SIZE);
}

static long owner_hostile(struct owner *o, const struct owner_args *p)
{
	switch (p->any % 5) {
	case 0:
		return hcall(__pkvm_init_vm, p->hostile, p->va, p->root);
	case 1:
		return hcall(__pkvm_init_vcpu, p->handle, p->hostile, p->va);
	case 2:
		return hcall(__pkvm_unreserve_vm, p->handle);
	case 3:
		return hcall(__pkvm_reclaim_dying_guest_page, p->handle, p->gfn);
	default:
		return hcall(__tracing_load, p->va, p->nr << PAGE_SHIFT);
	}
}

/* @must: it has to succeed at least once, or the test has shown little. */
static const struct owner_op {
	const char *name;
	long (*op)(struct owner *o, const struct owner_args *p);
	unsigned int weight;
	bool must;
} owner_ops[] = {
	{ "share_hyp", owner_share_hyp, 1, true },
	{ "unshare_hyp", owner_unshare_hyp, 4, true },
	{ "init_vm", owner_init_vm, 3, true },
	{ "init_vcpu", owner_init_vcpu, 6, true },
	{ "destroy_vm", owner_destroy_vm, 1, true },
	{ "load", owner_load, 4 },
	{ "put", owner_put, 1 },
	{ "donate_guest", owner_donate_guest, 6, true },
	{ "share_guest", owner_share_guest, 4, true },
	{ "change_guest", owner_change_guest, 2 },
	{ "force_reclaim", owner_force_reclaim, 4 },
	{ "hostile", owner_hostile, 2 },
};

static unsigned int owner_pick_op(u32 r)
{
	unsigned int i = 0;

	for (r %= 1024; r >= owner_ops[i].weight; i = (i + 1) % ARRAY_SIZE(owner_ops))
		r -= owner_ops[i].weight;
	return i;
}

static void owner_work(struct work_struct *work)
{
	struct owner_cpu *cpu = container_of(work, struct owner_cpu, work);
	struct owner_args args;
	unsigned int i, op;

	for (i = 0; i < OWNER_HCALLS; i++) {
		op = owner_pick_op(prandom_u32_state(&cpu->rnd));
		owner_draw(cpu->o, &cpu->rnd, &args);
		if (owner_ops[op].op(cpu->o, &args) >= 0)
			atomic_inc(&cpu->o->done[op]);
	}
}

static void owner_round(struct owner *o)
{
	unsigned int i, cpu;

	for (i = 0; i < OWNER_CPUS; i++) {
		cpu = cpumask_nth(i % num_online_cpus(), cpu_online_mask);
		queue_work_on(cpu, system_percpu_wq, &o->cpus[i].work);
	}
	for (i = 0; i < OWNER_CPUS; i++)
		flush_work(&o->cpus[i].work);
}

/* Compare DMA to @page with the CPU: the store tells if the CPU can see it, else the event. */
static bool owner_compare(struct owner *o, void *page)
{
	bool cpu = hcall_cpu_reaches(page), reached;
	u32 *own = o->a->page;
	struct attack_dma dma;

	o->a->page = cpu ? page + OWNER_DMA_OFFSET : own;
	dma = attack_dma(o->a, virt_to_phys(page + OWNER_DMA_OFFSET));
	o->a->page = own;
	reached = cpu ? dma.reached : !dma.event;
	KUNIT_EXPECT_EQ_MSG(o->a->test, cpu, reached, "seed %u, page %ld", seed,
			    (page - o->h->va) / (long)PAGE_SIZE);
	o->samples[cpu]++;
	return reached;
}

/* Prefer a page that the host lost after DMA reached it: a cached translation may be left. */
static void owner_sample(struct owner *o, unsigned int first)
{
	unsigned int i, idx = first;

	for (i = 0; i < OWNER_ALL_PAGES; i++) {
		idx = (first + i) % OWNER_ALL_PAGES;
		if (o->dma[idx] && !hcall_cpu_reaches(hcall_page(o->h, idx)))
			break;
	}
	if (i == OWNER_ALL_PAGES)
		idx = first % OWNER_ALL_PAGES;
	o->dma[idx] = owner_compare(o, hcall_page(o->h, idx));
}

static void owner_test(struct kunit *test)
{
	struct owner *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct attack *a = test->priv;
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, o);
	o->done = kunit_kcalloc(test, ARRAY_SIZE(owner_ops), sizeof(*o->done), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, o->done);
	o->a = a;
	attack_enable(a);
	attack_set_bypass(a);
	attack_expect_passes(a);
	o->h = hcall_arena_alloc(test);

	prandom_seed_state(&rnd, seed);
	for (i = 0; i < OWNER_CPUS; i++) {
		o->cpus[i].o = o;
		INIT_WORK(&o->cpus[i].work, owner_work);
		prandom_seed_state(&o->cpus[i].rnd, prandom_u32_state(&rnd));
	}
	kunit_info(test, "seed %u, %u rounds", seed, rounds);
	for (i = 0; i < rounds * OWNER_DMAS; i++) {
		if (i % OWNER_DMAS == 0)
			owner_round(o);
		owner_sample(o, prandom_u32_state(&rnd));
	}
	kunit_info(test, "%u samples out of reach, %u within", o->samples[0], o->samples[1]);
	KUNIT_EXPECT_TRUE(test, o->samples[0] && o->samples[1]);
	for (i = 0; i < ARRAY_SIZE(owner_ops); i++)
		if (owner_ops[i].must)
			KUNIT_EXPECT_NE_MSG(test, 0, atomic_read(&o->done[i]), "%s",
					    owner_ops[i].name);

	hcall_take_back(o->h);
	for (i = 0; i < OWNER_ALL_PAGES; i++)
		KUNIT_EXPECT_TRUE_MSG(test, hcall_cpu_reaches(hcall_page(o->h, i)), "page %u", i);
	owner_sample(o, prandom_u32_state(&rnd));
	KUNIT_EXPECT_FALSE(test, owner_compare(o, phys_to_virt(hyp_mem_base)));
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE(owner_test),
	{}
};

static struct kunit_suite owner_suite = {
	.name = "arm-smmu-v3-pkvm-attack-owner",
	.attr.speed = KUNIT_SPEED_SLOW,
	.init = attack_init,
	.exit = attack_exit,
	.test_cases = owner_cases,
};

kunit_test_suites(&owner_suite);
