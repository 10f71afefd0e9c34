// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host as an attacker: hypercalls with hostile arguments. The hypervisor has to refuse
 * them. If it took one for a bug of its own it would panic: then a test does not fail, but
 * the machine is gone.
 */
#include <linux/ring_buffer.h>
#include <linux/simple_ring_buffer.h>
#include <linux/trace_remote_event.h>

#include <asm/kvm_hyptrace.h>
#include <asm/sections.h>

#include "../pkvm-smmu-v3.h"
#include "hcall.h"

/* Layout of the arena, in pages. A root is aligned to the largest size of a root. */
#define ROOT_PAGES	16
#define ROOT(n)		((n) * ROOT_PAGES)
#define VM(n)		(64 + (n) * ROOT_PAGES)
#define VCPU(n)		(96 + (n) * ROOT_PAGES)
#define CACHE		128
#define PAGES		144

static void hcall_given(struct hcall_arena *h, unsigned int vm, bool protected)
{
	KUNIT_ASSERT_EQ(h->test, 0, hcall_init_vm(&h->vms[vm], protected,
						  hcall_page(h, VM(vm)),
						  hcall_page(h, ROOT(vm))));
}

/* Make a VM with a loaded vCPU. The caller has disabled migration. */
static void hcall_given_loaded(struct hcall_arena *h, unsigned int vm, bool protected)
{
	hcall_given(h, vm, protected);
	KUNIT_ASSERT_EQ(h->test, 0, hcall_init_vcpu(&h->vms[vm], 0, hcall_page(h, VCPU(vm))));
	hcall_fill_memcache(h, &h->vms[vm], 0, CACHE);
	hcall(__pkvm_vcpu_load, h->vms[vm].handle, 0, 0);
}

struct hcall_gfn {
	const char *name;
	u64 gfn;
};

static const struct hcall_gfn hcall_gfns[] = {
	{ "above all IPA spaces", BIT(52 - PAGE_SHIFT) },
	{ "the last of 64 bits", BIT(64 - PAGE_SHIFT) - 1 },
	{ "whose upper bits a shift drops", BIT(64 - PAGE_SHIFT) | HCALL_GFN },
	{ "whose highest bit a shift drops", BIT(63) | HCALL_GFN },
	{ "all ones", U64_MAX },
};

KUNIT_ARRAY_PARAM_DESC(hcall_gfn, hcall_gfns, name);

static void hcall_gfn_of_vm(struct kunit *test)
{
	const struct hcall_gfn *t = test->param_value;
	struct hcall_arena *h = test->priv;
	long handle;

	hcall_given(h, 0, false);
	handle = h->vms[0].handle;
	KUNIT_EXPECT_GT(test, 0, hcall(__pkvm_host_unshare_guest, handle, t->gfn, 1));
	KUNIT_EXPECT_GT(test, 0, hcall(__pkvm_host_wrprotect_guest, handle, t->gfn, 1));
	KUNIT_EXPECT_GT(test, 0, hcall(__pkvm_host_test_clear_young_guest, handle, t->gfn, 1, 0));
	KUNIT_EXPECT_GT(test, 0, hcall(__pkvm_host_test_clear_young_guest, handle, HCALL_GFN,
				       U64_MAX, 1));
	KUNIT_EXPECT_EQ(test, 0, hcall(__pkvm_start_teardown_vm, handle));
	KUNIT_EXPECT_GT(test, 0, hcall(__pkvm_reclaim_dying_guest_page, handle, t->gfn));
	KUNIT_EXPECT_EQ(test, 0, hcall(__pkvm_finalize_teardown_vm, handle));
}

static void hcall_gfn_of_vcpu(struct kunit *test)
{
	const struct hcall_gfn *t = test->param_value;
	struct hcall_arena *h = test->priv;
	u64 pfn = virt_to_pfn(hcall_page(h, PAGES));

	migrate_disable();
	hcall_given_loaded(h, 0, false);
	KUNIT_EXPECT_GT(test, 0, hcall(__pkvm_host_share_guest, pfn, t->gfn, 1,
				       KVM_PGTABLE_PROT_RWX));
	KUNIT_EXPECT_GT(test, 0, hcall(__pkvm_host_relax_perms_guest, t->gfn,
				       KVM_PGTABLE_PROT_RWX));
	KUNIT_EXPECT_GT(test, 0, hcall(__pkvm_host_mkyoung_guest, t->gfn));
	hcall(__pkvm_vcpu_put);

	hcall_fill_memcache(h, &h->vms[0], 0, CACHE + ROOT_PAGES * 2);
	hcall_given_loaded(h, 1, true);
	KUNIT_EXPECT_GT(test, 0, hcall(__pkvm_host_donate_guest, pfn, t->gfn));
	hcall(__pkvm_vcpu_put);
	migrate_enable();
}

/* One page is shared, but the hypercalls name the whole block around it. */
static void hcall_mapping_size(struct kunit *test)
{
	struct hcall_arena *h = test->priv;
	u64 pfn = virt_to_pfn(hcall_page(h, PAGES));
	long handle;

	migrate_disable();
	hcall_given_loaded(h, 0, false);
	handle = h->vms[0].handle;
	KUNIT_EXPECT_EQ(test, 0, hcall(__pkvm_host_share_guest, pfn, HCALL_GFN_BLOCK, 1,
				       KVM_PGTABLE_PROT_RWX));
	KUNIT_EXPECT_LE(test, 0, hcall(__pkvm_host_test_clear_young_guest, handle,
				       HCALL_GFN_BLOCK, HCALL_BLOCK_PAGES, 1));
	hcall(__pkvm_host_wrprotect_guest, handle, HCALL_GFN_BLOCK, HCALL_BLOCK_PAGES);
	KUNIT_EXPECT_GT(test, 0, hcall(__pkvm_host_unshare_guest, handle, HCALL_GFN_BLOCK,
				       HCALL_BLOCK_PAGES));
	KUNIT_EXPECT_EQ(test, 0, hcall(__pkvm_host_unshare_guest, handle, HCALL_GFN_BLOCK, 1));
	hcall(__pkvm_vcpu_put);
	migrate_enable();
}

/* A root of several tables must be aligned to its size. Every page is aligned for one table. */
static void hcall_root_alignment(struct kunit *test)
{
	struct hcall_arena *h = test->priv;
	struct hcall_vm *vm = &h->vms[0];
	unsigned int i;
	long ret;

	for (i = 0; i < ROOT_PAGES; i++) {
		ret = hcall_init_vm(vm, i & 1, hcall_page(h, VM(0)), hcall_page(h, ROOT(1) + i));
		if (ret) {
			KUNIT_EXPECT_NE(test, 0, i);
			KUNIT_EXPECT_EQ(test, -EINVAL, ret);
		} else {
			KUNIT_EXPECT_EQ(test, 0, hcall_destroy_vm(h, vm->handle));
		}
	}
}

/* Executable at only one of EL0 and EL1, which CPUs without FEAT_XNX cannot do. */
static void hcall_execute_only(struct kunit *test)
{
	struct hcall_arena *h = test->priv;
	u64 pfn = virt_to_pfn(hcall_page(h, PAGES));
	u64 prots[] = { KVM_PGTABLE_PROT_PX, KVM_PGTABLE_PROT_UX };
	unsigned int i;
	long ret;

	migrate_disable();
	hcall_given_loaded(h, 0, false);
	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		ret = hcall(__pkvm_host_share_guest, pfn, HCALL_GFN + i, 1,
			    KVM_PGTABLE_PROT_R | prots[i]);
		KUNIT_EXPECT_EQ(test, cpus_have_final_cap(ARM64_HAS_XNX) ? 0 : -EINVAL, ret);
	}
	KUNIT_EXPECT_EQ(test, -EINVAL, hcall(__pkvm_host_share_guest, pfn, HCALL_GFN + i, 1,
					     KVM_PGTABLE_PROT_RWX | KVM_PGTABLE_PROT_SW0));
	hcall(__pkvm_vcpu_put);
	migrate_enable();
}

/* A trace buffer lists one page more often than its pin count can hold. */
static void hcall_pins(struct kunit *test)
{
	struct hcall_arena *h = test->priv;
	struct hyp_trace_desc *desc = hcall_page(h, PAGES);
	void *page = hcall_page(h, 0);
	unsigned int nr = USHRT_MAX + 1;
	struct ring_buffer_desc *rb;
	size_t desc_size, backing_size;
	unsigned int i;

	if (!IS_ENABLED(CONFIG_NVHE_EL2_TRACING))
		kunit_skip(test, "needs the hypervisor's trace buffers");

	rb = __first_ring_buffer_desc(&desc->trace_buffer_desc);
	desc_size = PAGE_ALIGN((void *)rb + struct_size(rb, page_va, nr) - (void *)desc);
	backing_size = PAGE_ALIGN(nr * sizeof(struct simple_buffer_page));
	KUNIT_ASSERT_TRUE(test, (void *)desc + desc_size + backing_size <=
				h->va + HCALL_ARENA_SIZE);

	desc->bpages_backing_start = (unsigned long)desc + desc_size;
	desc->bpages_backing_size = backing_size;
	desc->trace_buffer_desc.nr_cpus = 1;
	rb->cpu = 0;
	rb->nr_page_va = nr;
	rb->meta_va = (unsigned long)page;
	for (i = 0; i < nr; i++)
		rb->page_va[i] = (unsigned long)page;

	KUNIT_EXPECT_EQ(test, 0, hcall(__pkvm_host_share_hyp, virt_to_pfn(page)));
	KUNIT_EXPECT_EQ(test, -EINVAL, hcall(__tracing_load, desc, desc_size));
	KUNIT_EXPECT_EQ(test, 0, hcall(__pkvm_host_unshare_hyp, virt_to_pfn(page)));
	KUNIT_EXPECT_TRUE(test, hcall_cpu_reaches(desc));
}

/* A destroyed VM keeps a page. Another VM gets its handle, and another page at the same gfn. */
static void hcall_reused_handle(struct kunit *test)
{
	struct hcall_arena *h = test->priv;
	struct hcall_vm *vm = &h->vms[0];
	u64 pfn = virt_to_pfn(hcall_page(h, PAGES));
	long handle;

	migrate_disable();
	hcall_given_loaded(h, 0, true);
	handle = vm->handle;
	KUNIT_EXPECT_EQ(test, 0, hcall(__pkvm_host_donate_guest, pfn, HCALL_GFN));
	hcall(__pkvm_vcpu_put);
	KUNIT_EXPECT_EQ(test, 0, hcall(__pkvm_start_teardown_vm, handle));
	KUNIT_EXPECT_EQ(test, 0, hcall(__pkvm_finalize_teardown_vm, handle));
	h->lost = 1;

	hcall_given_loaded(h, 0, true);
	KUNIT_EXPECT_EQ(test, handle, vm->handle);
	KUNIT_EXPECT_GT(test, 0, hcall(__pkvm_force_reclaim_guest_page, PFN_PHYS(pfn)));
	KUNIT_EXPECT_EQ(test, 0, hcall(__pkvm_host_donate_guest, pfn + 1, HCALL_GFN));
	KUNIT_EXPECT_EQ(test, -EPERM, hcall(__pkvm_force_reclaim_guest_page, PFN_PHYS(pfn)));
	KUNIT_EXPECT_FALSE(test, hcall_cpu_reaches(hcall_page(h, PAGES)));
	KUNIT_EXPECT_FALSE(test, hcall_cpu_reaches(hcall_page(h, PAGES + 1)));
	hcall(__pkvm_vcpu_put);
	migrate_enable();
}

/* The host claims an invalid owner of a vCPU's debug registers. */
static void hcall_debug_owner(struct kunit *test)
{
	struct hcall_arena *h = test->priv;
	struct kvm_vcpu *vcpu = h->vms[0].vcpu[0];
	unsigned long flags;

	migrate_disable();
	hcall_given_loaded(h, 0, true);
	vcpu->arch.debug_owner = 0x55;
	local_irq_save(flags);
	/* The guest has no memory, so the vCPU exits at once. */
	KUNIT_EXPECT_LE(test, 0, hcall(__kvm_vcpu_run, vcpu));
	local_irq_restore(flags);
	hcall(__pkvm_vcpu_put);
	migrate_enable();
}

/* Hypercalls that trust a pointer of the host's do not exist once the host is untrusted. */
static void hcall_pointers(struct kunit *test)
{
	void *el2 = phys_to_virt(hyp_mem_base);

	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, hcall(__vgic_v5_save_apr, el2));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, hcall(__vgic_v5_restore_vmcr_apr, el2));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, hcall(__kvm_tlb_flush_vmid, el2));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, hcall(__kvm_tlb_flush_vmid_ipa, el2, 0, 0));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, hcall(__kvm_tlb_flush_vmid_ipa_nsh, el2, 0, 0));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, hcall(__kvm_tlb_flush_vmid_range, el2, 0, 1));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, hcall(__kvm_flush_cpu_context, el2));
}

/* The host may read the hypervisor's text, but does not own it. */
static void hcall_reclaim_text(struct kunit *test)
{
	phys_addr_t text = PAGE_ALIGN(__pa_symbol(__hyp_text_start));

	KUNIT_EXPECT_TRUE(test, hcall_cpu_reaches(phys_to_virt(text)));
	KUNIT_EXPECT_EQ(test, -EPERM, hcall(__pkvm_force_reclaim_guest_page, text));
}

/* SMMUs and counters that there are not. */
static void hcall_stat(struct kunit *test)
{
	static const u64 bad[] = {
		PKVM_SMMU_V3_MAX, PKVM_SMMU_V3_MAX + 1, BIT(31), U32_MAX, U64_MAX,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, -EINVAL, hcall(__pkvm_iommu_stat, bad[i], SMMU_STAT_TRAPS));
		KUNIT_EXPECT_EQ(test, -EINVAL, hcall(__pkvm_iommu_stat, 0, bad[i]));
	}
	KUNIT_EXPECT_EQ(test, -EINVAL, hcall(__pkvm_iommu_stat, 0, SMMU_STAT_S2_FAULTS + 1));
}

static int hcall_init(struct kunit *test)
{
	if (!is_pkvm_initialized())
		kunit_skip(test, "needs pKVM");
	test->priv = hcall_arena_alloc(test);
	return 0;
}

static struct kunit_case hcall_cases[] = {
	KUNIT_CASE_PARAM(hcall_gfn_of_vm, hcall_gfn_gen_params),
	KUNIT_CASE_PARAM(hcall_gfn_of_vcpu, hcall_gfn_gen_params),
	KUNIT_CASE(hcall_mapping_size),
	KUNIT_CASE(hcall_root_alignment),
	KUNIT_CASE(hcall_execute_only),
	KUNIT_CASE(hcall_pins),
	KUNIT_CASE(hcall_reused_handle),
	KUNIT_CASE(hcall_debug_owner),
	KUNIT_CASE(hcall_pointers),
	KUNIT_CASE(hcall_reclaim_text),
	KUNIT_CASE(hcall_stat),
	{}
};

static struct kunit_suite hcall_suite = {
	.name = "arm-smmu-v3-pkvm-attack-hcall",
	.attr.speed = KUNIT_SPEED_SLOW,
	.init = hcall_init,
	.test_cases = hcall_cases,
};

kunit_test_suites(&hcall_suite);
