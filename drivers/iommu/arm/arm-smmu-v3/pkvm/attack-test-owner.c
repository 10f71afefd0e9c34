// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host as an attacker: random hypercalls on two CPUs at once, and who reaches
 * the memory then.
 *
 * Pages of an arena go to the hypervisor and to VMs and come back. Many arguments
 * are hostile: memory of the hypervisor's, registers, addresses that are not
 * aligned, or that no memory is at. After each round, with the CPUs at rest, a page
 * that the CPU cannot reach must be out of reach of devices, and one that the CPU
 * can reach must be within it. The CPU tries a load, and a device a store: the
 * hypervisor is not asked.
 *
 * The hypercalls depend on the seed alone, how those of two CPUs interleave on
 * time as well.
 */
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/ring_buffer.h>
#include <linux/trace_remote_event.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include <asm/kvm_hyptrace.h>
#include <asm/kvm_pkvm.h>
#include <asm/sections.h>

#include "attack-hcall.h"
#include "attack-test.h"

/* Few pages, so that hypercalls meet; a VM or a root may reach into those after them. */
#define HOT_PAGES		48
#define HOT_END			(HOT_PAGES + 16)
/* Where a whole block can be shared, if the arena has one. */
#define BLOCK_PAGE		HCALL_BLOCK_PAGES

#define OWNER_CPUS		2
#define OPS_PER_ROUND		128
/* Transfers of the edu device per round, each of 100 ms. */
#define DMAS_PER_ROUND		2

/* In a page, and not where lists of pages have their links. */
#define DMA_OFFSET		128

static unsigned int rounds = 12;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "Rounds of random hypercalls for each seed");

static unsigned int first_seed = 1;
module_param_named(seed, first_seed, uint, 0444);
MODULE_PARM_DESC(seed, "First seed of random hypercalls");

/* QEMU's iommu-testdev, a device that does its DMA at once. */
#define TESTDEV_VENDOR		0x1b36
#define TESTDEV_DEVICE		0x0005
#define TESTDEV_RUN		0x00
#define TESTDEV_IOVA		0x04
#define TESTDEV_LEN		0x0c
#define TESTDEV_RESULT		0x10
#define TESTDEV_DOORBELL	0x14
#define TESTDEV_PA		0x1c
#define TESTDEV_REFUSED		0xdead0002

struct owner;

struct owner_cpu {
	struct work_struct work;
	struct owner *o;
	struct rnd_state rnd;
};

/**
 * struct owner - The state of a run
 * @a:       the SMMU and the edu device
 * @h:       the arena
 * @testdev: registers of an iommu-testdev, or NULL
 * @reached: pages of the arena that the CPU reaches
 * @cpus:    what issues hypercalls
 * @done:    how often each of owner_ops has succeeded
 */
struct owner {
	struct attack *a;
	struct hcall_arena *h;
	void __iomem *testdev;
	bool reached[HOT_END];
	struct owner_cpu cpus[OWNER_CPUS];
	atomic_t *done;
};

static u32 owner_below(struct rnd_state *rnd, u32 end)
{
	return prandom_u32_state(rnd) % end;
}

static bool owner_one_in(struct rnd_state *rnd, u32 n)
{
	return !owner_below(rnd, n);
}

/* What is never the host's memory: a hypercall that took it would be wrong. */
static phys_addr_t owner_hostile_phys(struct owner *o, struct rnd_state *rnd)
{
	switch (owner_below(rnd, 6)) {
	case 0:
		return hyp_mem_base + PAGE_SIZE * owner_below(rnd, hyp_mem_size >> PAGE_SHIFT);
	case 1:
		return attack_place(o->a, ATTACK_AT_TEXT);
	case 2:
		return attack_place(o->a, ATTACK_AT_SMMU);
	case 3:
		return attack_place(o->a, ATTACK_AT_DEVICE);
	case 4:
		return attack_place(o->a, ATTACK_AT_NOTHING);
	default:
		return attack_place(o->a, ATTACK_AT_TOP);
	}
}

static u64 owner_pfn(struct owner *o, struct rnd_state *rnd)
{
	if (owner_one_in(rnd, 8))
		return PHYS_PFN(owner_hostile_phys(o, rnd));
	return virt_to_pfn(hcall_page(o->h, owner_below(rnd, HOT_PAGES)));
}

static void *owner_va(struct owner *o, struct rnd_state *rnd)
{
	void *va = hcall_page(o->h, owner_below(rnd, HOT_PAGES));

	if (owner_one_in(rnd, 16))
		return phys_to_virt(owner_hostile_phys(o, rnd));
	if (owner_one_in(rnd, 16))
		return va + 8;
	return va;
}

/* Memory for a root, which is aligned more often than not. */
static void *owner_root(struct owner *o, struct rnd_state *rnd)
{
	if (owner_one_in(rnd, 4))
		return owner_va(o, rnd);
	return hcall_page(o->h, 16 * owner_below(rnd, HOT_PAGES / 16));
}

static u64 owner_gfn(struct rnd_state *rnd)
{
	u64 gfn = owner_one_in(rnd, 2) ? HCALL_GFN : HCALL_GFN_BLOCK;

	switch (owner_below(rnd, 16)) {
	case 0:
		return prandom_u32_state(rnd) | (u64)prandom_u32_state(rnd) << 32 | BIT(63);
	case 1:
		return BIT(64 - PAGE_SHIFT) | gfn;
	case 2:
		return BIT(52 - PAGE_SHIFT);
	case 3:
	case 4:
		return gfn;
	default:
		return gfn + owner_below(rnd, HCALL_GFNS);
	}
}

static u64 owner_nr(struct rnd_state *rnd)
{
	switch (owner_below(rnd, 16)) {
	case 0:
		return U64_MAX;
	case 1:
		return BIT(64 - PAGE_SHIFT) + 1;
	case 2:
		return owner_below(rnd, 3);
	case 3:
	case 4:
		return HCALL_BLOCK_PAGES;
	default:
		return 1;
	}
}

static struct hcall_vm *owner_vm(struct owner *o, struct rnd_state *rnd)
{
	return &o->h->vms[owner_below(rnd, HCALL_VMS)];
}

static long owner_handle(struct owner *o, struct rnd_state *rnd)
{
	if (owner_one_in(rnd, 16))
		return prandom_u32_state(rnd);
	return READ_ONCE(owner_vm(o, rnd)->handle);
}

static long op_share_hyp(struct owner *o, struct rnd_state *rnd)
{
	return hcall(__pkvm_host_share_hyp, owner_pfn(o, rnd));
}

static long op_unshare_hyp(struct owner *o, struct rnd_state *rnd)
{
	return hcall(__pkvm_host_unshare_hyp, owner_pfn(o, rnd));
}

static long op_init_vm(struct owner *o, struct rnd_state *rnd)
{
	struct hcall_vm *vm = owner_vm(o, rnd);
	bool protected = owner_one_in(rnd, 2);
	void *mem = owner_va(o, rnd);

	/* The handle would be forgotten. */
	if (vm->handle > 0 && !owner_one_in(rnd, 8))
		return -EBUSY;
	return hcall_init_vm(vm, protected, mem, owner_root(o, rnd));
}

static long op_init_bad_vm(struct owner *o, struct rnd_state *rnd)
{
	struct kvm *kvm = phys_to_virt(owner_hostile_phys(o, rnd));

	return hcall(__pkvm_init_vm, kvm, owner_va(o, rnd), owner_root(o, rnd));
}

static long op_init_vcpu(struct owner *o, struct rnd_state *rnd)
{
	unsigned int idx = owner_below(rnd, HCALL_VCPUS);

	return hcall_init_vcpu(owner_vm(o, rnd), idx, owner_va(o, rnd));
}

static long op_init_bad_vcpu(struct owner *o, struct rnd_state *rnd)
{
	struct kvm_vcpu *vcpu = phys_to_virt(owner_hostile_phys(o, rnd));

	return hcall(__pkvm_init_vcpu, owner_handle(o, rnd), vcpu, owner_va(o, rnd));
}

static long op_destroy_vm(struct owner *o, struct rnd_state *rnd)
{
	struct hcall_vm *vm = owner_vm(o, rnd);
	long ret;

	if (!owner_one_in(rnd, 4))
		return -EAGAIN;
	ret = hcall_destroy_vm(o->h, vm->handle);
	if (!ret)
		WRITE_ONCE(vm->handle, 0);
	return ret;
}

static long op_forget_handle(struct owner *o, struct rnd_state *rnd)
{
	/* A VM that was made is not forgotten by this. */
	hcall(__pkvm_unreserve_vm, owner_handle(o, rnd));
	return 0;
}

static long op_load(struct owner *o, struct rnd_state *rnd)
{
	struct hcall_vm *vm = owner_vm(o, rnd);
	u32 vcpu = owner_below(rnd, HCALL_VCPUS);

	hcall(__pkvm_vcpu_put);
	hcall_fill_memcache(o->h, vm, vcpu, owner_below(rnd, HOT_PAGES));
	hcall(__pkvm_vcpu_load, READ_ONCE(vm->handle),
	      owner_one_in(rnd, 16) ? prandom_u32_state(rnd) : vcpu, prandom_u32_state(rnd));
	return 0;
}

static long op_put(struct owner *o, struct rnd_state *rnd)
{
	if (owner_one_in(rnd, 2))
		hcall(__pkvm_vcpu_sync_state);
	return hcall(__pkvm_vcpu_put);
}

static long op_donate_guest(struct owner *o, struct rnd_state *rnd)
{
	u64 pfn = owner_pfn(o, rnd);

	return hcall(__pkvm_host_donate_guest, pfn, owner_gfn(rnd));
}

static long op_share_guest(struct owner *o, struct rnd_state *rnd)
{
	u64 nr = owner_nr(rnd), gfn = owner_gfn(rnd), pfn = owner_pfn(o, rnd);
	u64 prot = KVM_PGTABLE_PROT_RWX;

	if (nr == HCALL_BLOCK_PAGES) {
		if (BLOCK_PAGE + HCALL_BLOCK_PAGES > HCALL_ARENA_PAGES)
			nr = 1;
		else
			pfn = virt_to_pfn(hcall_page(o->h, BLOCK_PAGE));
	}
	if (owner_one_in(rnd, 4))
		prot = (u64)prandom_u32_state(rnd) << 32 | prandom_u32_state(rnd);
	if (owner_one_in(rnd, 2))
		prot &= KVM_PGTABLE_PROT_RWX;
	return hcall(__pkvm_host_share_guest, pfn, gfn, nr, prot);
}

static long op_unshare_guest(struct owner *o, struct rnd_state *rnd)
{
	u64 gfn = owner_gfn(rnd), nr = owner_nr(rnd);

	return hcall(__pkvm_host_unshare_guest, owner_handle(o, rnd), gfn, nr);
}

static long op_change_guest(struct owner *o, struct rnd_state *rnd)
{
	u64 gfn = owner_gfn(rnd), nr = owner_nr(rnd);

	switch (owner_below(rnd, 6)) {
	case 0:
		return hcall(__pkvm_host_relax_perms_guest, gfn, prandom_u32_state(rnd));
	case 1:
		return hcall(__pkvm_host_wrprotect_guest, owner_handle(o, rnd), gfn, nr);
	case 2:
		return hcall(__pkvm_host_test_clear_young_guest, owner_handle(o, rnd), gfn, nr,
			     owner_below(rnd, 2));
	case 3:
		return hcall(__pkvm_host_mkyoung_guest, gfn);
	case 4:
		return hcall(__pkvm_vcpu_in_poison_fault);
	default:
		hcall(__pkvm_tlb_flush_vmid, owner_handle(o, rnd));
		return 0;
	}
}

/* Only of a VM that is being destroyed, which hcall_destroy_vm() does. */
static long op_reclaim_guest(struct owner *o, struct rnd_state *rnd)
{
	return hcall(__pkvm_reclaim_dying_guest_page, owner_handle(o, rnd), owner_gfn(rnd));
}

static long op_force_reclaim(struct owner *o, struct rnd_state *rnd)
{
	return hcall(__pkvm_force_reclaim_guest_page, PFN_PHYS(owner_pfn(o, rnd)) +
		     owner_below(rnd, PAGE_SIZE));
}

/* Few pages are for trace buffers, so that the others are not all shared. */
static void *owner_trace_page(struct owner *o, struct rnd_state *rnd)
{
	if (owner_one_in(rnd, 32))
		return owner_va(o, rnd);
	return hcall_page(o->h, HOT_PAGES - 1 - owner_below(rnd, 4));
}

/* A trace buffer of pages that are shared more often than not. */
static long op_tracing_load(struct owner *o, struct rnd_state *rnd)
{
	struct {
		struct hyp_trace_desc desc;
		struct {
			struct ring_buffer_desc rb;
			unsigned long page_va[3];
		} cpu[OWNER_CPUS];
	} t = {};
	void *va = hcall_page(o->h, owner_below(rnd, HOT_PAGES));
	unsigned int i, j;

	t.desc.bpages_backing_start = (unsigned long)owner_va(o, rnd);
	t.desc.bpages_backing_size = owner_one_in(rnd, 8) ? -PAGE_SIZE : PAGE_SIZE;
	t.desc.trace_buffer_desc.nr_cpus = owner_one_in(rnd, 8) ? INT_MAX : OWNER_CPUS;
	for (i = 0; i < OWNER_CPUS; i++) {
		t.cpu[i].rb.cpu = i;
		t.cpu[i].rb.nr_page_va = owner_one_in(rnd, 16) ? U32_MAX : 3;
		t.cpu[i].rb.meta_va = (unsigned long)owner_trace_page(o, rnd);
		hcall(__pkvm_host_share_hyp, PHYS_PFN(__pa(t.cpu[i].rb.meta_va)));
		for (j = 0; j < ARRAY_SIZE(t.cpu[i].page_va); j++) {
			t.cpu[i].page_va[j] = (unsigned long)owner_trace_page(o, rnd);
			if (!owner_one_in(rnd, 16))
				hcall(__pkvm_host_share_hyp, PHYS_PFN(__pa(t.cpu[i].page_va[j])));
		}
	}
	if (copy_to_kernel_nofault(va, &t, sizeof(t)))
		return -EFAULT;
	return hcall(__tracing_load, va, owner_one_in(rnd, 8) ? prandom_u32_state(rnd) : PAGE_SIZE);
}

static long op_tracing(struct owner *o, struct rnd_state *rnd)
{
	switch (owner_below(rnd, 7)) {
	case 0:
		hcall(__tracing_unload);
		return 0;
	case 1:
		return hcall(__tracing_enable, owner_below(rnd, 2));
	case 2:
		return hcall(__tracing_swap_reader, owner_below(rnd, 4) - 1);
	case 3:
		return hcall(__tracing_reset, owner_below(rnd, 4) - 1);
	case 4:
		return hcall(__tracing_enable_event,
			     owner_one_in(rnd, 2) ? owner_below(rnd, 16) : prandom_u32_state(rnd),
			     owner_below(rnd, 2));
	case 5:
		hcall(__tracing_update_clock, prandom_u32_state(rnd), owner_below(rnd, 80),
		      prandom_u32_state(rnd), prandom_u32_state(rnd));
		return 0;
	default:
		hcall(__tracing_write_event, prandom_u32_state(rnd));
		return 0;
	}
}

static long op_bad_vcpu(struct owner *o, struct rnd_state *rnd)
{
	struct kvm_vcpu *vcpu = phys_to_virt(owner_hostile_phys(o, rnd));

	switch (owner_below(rnd, 3)) {
	case 0:
		hcall(__kvm_adjust_pc, vcpu);
		return 0;
	case 1:
		return hcall(__kvm_vcpu_run, vcpu);
	default:
		hcall(__vgic_v3_save_aprs, &vcpu->arch.vgic_cpu.vgic_v3);
		return 0;
	}
}

/* A hypercall that is not offered, or not any more. */
static long op_none(struct owner *o, struct rnd_state *rnd)
{
	u32 id = owner_below(rnd, __KVM_HOST_SMCCC_FUNC_MIN_PKVM);
	struct arm_smccc_res res;

	if (owner_one_in(rnd, 4))
		id = __KVM_HOST_SMCCC_FUNC_MAX + owner_below(rnd, 0x1000);
	arm_smccc_1_1_hvc(KVM_HOST_SMCCC_ID(id), prandom_u32_state(rnd), prandom_u32_state(rnd),
			  prandom_u32_state(rnd), &res);
	return res.a0 == SMCCC_RET_SUCCESS ? -EINVAL : 0;
}

/* @must: a run in which this never succeeded has tested little. */
static const struct owner_op {
	const char *name;
	long (*op)(struct owner *o, struct rnd_state *rnd);
	bool must;
} owner_ops[] = {
	{ "share_hyp", op_share_hyp, true },
	{ "unshare_hyp", op_unshare_hyp, true },
	{ "unshare_hyp", op_unshare_hyp, true },
	{ "unshare_hyp", op_unshare_hyp, true },
	{ "unshare_hyp", op_unshare_hyp, true },
	{ "init_vm", op_init_vm, true },
	{ "init_vm", op_init_vm, true },
	{ "init_bad_vm", op_init_bad_vm },
	{ "init_vcpu", op_init_vcpu, true },
	{ "init_vcpu", op_init_vcpu, true },
	{ "init_vcpu", op_init_vcpu, true },
	{ "init_bad_vcpu", op_init_bad_vcpu },
	{ "destroy_vm", op_destroy_vm, true },
	{ "forget_handle", op_forget_handle },
	{ "load", op_load },
	{ "load", op_load },
	{ "load", op_load },
	{ "put", op_put },
	{ "donate_guest", op_donate_guest, true },
	{ "donate_guest", op_donate_guest, true },
	{ "donate_guest", op_donate_guest, true },
	{ "share_guest", op_share_guest, true },
	{ "share_guest", op_share_guest, true },
	{ "unshare_guest", op_unshare_guest },
	{ "change_guest", op_change_guest },
	{ "reclaim_guest", op_reclaim_guest },
	{ "force_reclaim", op_force_reclaim, true },
	{ "tracing_load", op_tracing_load },
	{ "tracing", op_tracing },
	{ "tracing", op_tracing },
	{ "bad_vcpu", op_bad_vcpu },
	{ "none", op_none, true },
};

static void owner_work(struct work_struct *work)
{
	struct owner_cpu *cpu = container_of(work, struct owner_cpu, work);
	unsigned int i, op;

	for (i = 0; i < OPS_PER_ROUND; i++) {
		op = owner_below(&cpu->rnd, ARRAY_SIZE(owner_ops));
		if (owner_ops[op].op(cpu->o, &cpu->rnd) >= 0)
			atomic_inc(&cpu->o->done[op]);
	}
}

static void owner_run(struct owner *o)
{
	unsigned int i, cpu;

	for (i = 0; i < OWNER_CPUS; i++) {
		cpu = cpumask_nth(i % num_online_cpus(), cpu_online_mask);
		INIT_WORK(&o->cpus[i].work, owner_work);
		queue_work_on(cpu, system_percpu_wq, &o->cpus[i].work);
	}
	for (i = 0; i < OWNER_CPUS; i++)
		flush_work(&o->cpus[i].work);
}

/* The edu device writes to @phys; if the CPU reaches that, the word must have changed. */
static bool owner_edu_reaches(struct owner *o, phys_addr_t phys, bool cpu)
{
	u32 *page = o->a->page;
	struct attack_dma dma;

	if (cpu)
		o->a->page = phys_to_virt(phys);
	dma = attack_dma(o->a, phys);
	o->a->page = page;

	return cpu ? dma.reached : !dma.event;
}

static bool owner_testdev_reaches(struct owner *o, phys_addr_t phys)
{
	u32 prod;

	writel(lower_32_bits(phys), o->testdev + TESTDEV_IOVA);
	writel(upper_32_bits(phys), o->testdev + TESTDEV_IOVA + 4);
	writel(lower_32_bits(phys), o->testdev + TESTDEV_PA);
	writel(upper_32_bits(phys), o->testdev + TESTDEV_PA + 4);
	writel(sizeof(u32), o->testdev + TESTDEV_LEN);
	writel(1, o->testdev + TESTDEV_DOORBELL);
	readl(o->testdev + TESTDEV_RUN);

	/* The events are of no interest, but the queue must not overflow. */
	prod = attack_read(o->a, ATTACK_PAGE1(ARM_SMMU_EVTQ_PROD));
	attack_write(o->a, ATTACK_PAGE1(ARM_SMMU_EVTQ_CONS), prod);

	return readl(o->testdev + TESTDEV_RESULT) != TESTDEV_REFUSED;
}

static void owner_expect(struct owner *o, phys_addr_t phys, bool cpu, bool edu)
{
	phys += DMA_OFFSET;
	if (o->testdev)
		KUNIT_EXPECT_EQ_MSG(o->a->test, cpu, owner_testdev_reaches(o, phys),
				    "%pa, iommu-testdev", &phys);
	if (edu)
		KUNIT_EXPECT_EQ_MSG(o->a->test, cpu, owner_edu_reaches(o, phys, cpu),
				    "%pa, edu", &phys);
}

/* Compare some page of the arena that the CPU reaches, or does not reach. */
static void owner_compare_one(struct owner *o, struct rnd_state *rnd, bool reached)
{
	unsigned int i, first = owner_below(rnd, HOT_END);

	for (i = first; i < first + HOT_END; i++) {
		if (o->reached[i % HOT_END] != reached)
			continue;
		owner_expect(o, virt_to_phys(hcall_page(o->h, i % HOT_END)), reached, true);
		return;
	}
}

static void owner_compare(struct owner *o, struct rnd_state *rnd)
{
	unsigned int i;

	for (i = 0; i < HOT_END; i++) {
		o->reached[i] = hcall_cpu_reaches(hcall_page(o->h, i));
		owner_expect(o, virt_to_phys(hcall_page(o->h, i)), o->reached[i], false);
	}
	/* Most faults would be in what is out of the CPU's reach. */
	for (i = 0; i < DMAS_PER_ROUND; i++)
		owner_compare_one(o, rnd, owner_one_in(rnd, 4));
}

static void owner_put_testdev(void *pdev)
{
	pci_clear_master(pdev);
	pci_disable_device(pdev);
	pci_dev_put(pdev);
}

static void owner_unmap(void *mmio)
{
	iounmap((__force void __iomem *)mmio);
}

/* Find an iommu-testdev, and let it bypass stage 1 as the edu device does. */
static void owner_find_testdev(struct owner *o)
{
	struct pci_dev *pdev = pci_get_device(TESTDEV_VENDOR, TESTDEV_DEVICE, NULL);
	struct attack *a = o->a;
	u32 sid = a->sid;

	if (!pdev)
		return;
	KUNIT_ASSERT_EQ(a->test, 0, kunit_add_action_or_reset(a->test, owner_put_testdev, pdev));
	KUNIT_ASSERT_EQ(a->test, 0, pci_enable_device(pdev));
	pci_set_master(pdev);
	o->testdev = pci_ioremap_bar(pdev, 0);
	KUNIT_ASSERT_TRUE(a->test, !!o->testdev);
	KUNIT_ASSERT_EQ(a->test, 0, kunit_add_action_or_reset(a->test, owner_unmap,
							      (__force void *)o->testdev));

	a->sid = dev_iommu_fwspec_get(&pdev->dev)->ids[0];
	KUNIT_ASSERT_LT(a->test, a->sid, 1U << a->strtab_bits);
	attack_set_bypass(a);
	a->sid = sid;
}

struct owner_seed {
	const char *name;
	unsigned int offset;
};

static const struct owner_seed owner_seeds[] = {
	{ "first seed", 0 },
	{ "second seed", 1 },
};

KUNIT_ARRAY_PARAM_DESC(owner_seed, owner_seeds, name);

static void owner_test(struct kunit *test)
{
	const struct owner_seed *t = test->param_value;
	u64 seed = first_seed + t->offset;
	struct attack *a = test->priv;
	struct rnd_state rnd;
	struct owner *o;
	unsigned int i;

	o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, o);
	o->done = kunit_kcalloc(test, ARRAY_SIZE(owner_ops), sizeof(*o->done), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, o->done);
	o->a = a;
	attack_enable(a);
	attack_set_bypass(a);
	KUNIT_ASSERT_TRUE(test, attack_dma_page(a).reached);
	owner_find_testdev(o);
	o->h = hcall_arena_alloc(test);

	prandom_seed_state(&rnd, seed);
	for (i = 0; i < OWNER_CPUS; i++) {
		o->cpus[i].o = o;
		prandom_seed_state(&o->cpus[i].rnd, seed << 8 | i);
	}
	for (i = 0; i < rounds; i++) {
		owner_run(o);
		owner_compare(o, &rnd);
	}

	hcall_take_back(o->h);
	for (i = 0; i < HOT_END; i++)
		KUNIT_EXPECT_TRUE_MSG(test, hcall_cpu_reaches(hcall_page(o->h, i)), "page %u", i);
	owner_compare(o, &rnd);
	owner_expect(o, hyp_mem_base, false, true);

	for (i = 0; i < ARRAY_SIZE(owner_ops); i++)
		if (owner_ops[i].must)
			KUNIT_EXPECT_NE_MSG(test, 0, atomic_read(&o->done[i]), "%s",
					    owner_ops[i].name);
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE_PARAM(owner_test, owner_seed_gen_params),
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
