// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host as an attacker: VMs that exist for the hypervisor only.
 */
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include <asm/kvm_pkvm.h>

#include "hcall.h"

/* Enough to make a VM or a vCPU, and to map a page. */
#define MEMCACHE_PAGES		8

#define FIRST_HANDLE		0x1000

#define TEARDOWN_TRIES		1000

/* An upper bound of the hypervisor's trace events. */
#define TRACE_EVENTS		64

bool hcall_cpu_reaches(void *va)
{
	u64 word;

	return !copy_from_kernel_nofault(&word, va, sizeof(word));
}

static void hcall_share(void *va, size_t size, bool share)
{
	u64 pfn = virt_to_pfn(va);
	u64 end = pfn + (PAGE_ALIGN(size) >> PAGE_SHIFT);

	for (; pfn < end; pfn++) {
		if (share)
			hcall(__pkvm_host_share_hyp, pfn);
		else
			hcall(__pkvm_host_unshare_hyp, pfn);
	}
}

static void hcall_prepare_vm(struct hcall_vm *vm, bool protected)
{
	unsigned int i;

	vm->kvm->created_vcpus = HCALL_VCPUS;
	vm->kvm->arch.flags = BIT(KVM_ARCH_FLAG_ID_REGS_INITIALIZED);
	vm->kvm->arch.pkvm.handle = vm->handle;
	vm->kvm->arch.pkvm.is_protected = protected;
	/* Forget the pages on these lists: they are the arena's. */
	vm->kvm->arch.pkvm.teardown_mc.nr_pages = 0;
	vm->kvm->arch.pkvm.stage2_teardown_mc.nr_pages = 0;

	for (i = 0; i < HCALL_VCPUS; i++) {
		vm->vcpu[i]->kvm = vm->kvm;
		vm->vcpu[i]->vcpu_id = i;
		vm->vcpu[i]->vcpu_idx = i;
	}
}

long hcall_init_vm(struct hcall_vm *vm, bool protected, void *mem, void *root)
{
	long handle = hcall(__pkvm_reserve_vm);
	long ret;

	if (handle < 0)
		return handle;

	WRITE_ONCE(vm->handle, handle);
	hcall_prepare_vm(vm, protected);
	ret = hcall(__pkvm_init_vm, vm->kvm, mem, root);
	if (ret) {
		hcall(__pkvm_unreserve_vm, handle);
		WRITE_ONCE(vm->handle, 0);
	}

	return ret;
}

long hcall_init_vcpu(struct hcall_vm *vm, unsigned int idx, void *mem)
{
	return hcall(__pkvm_init_vcpu, vm->handle, vm->vcpu[idx], mem);
}

void hcall_fill_memcache(struct hcall_arena *h, struct hcall_vm *vm, unsigned int vcpu,
			 unsigned int first)
{
	struct kvm_hyp_memcache *mc = &vm->vcpu[vcpu]->arch.pkvm_memcache;
	unsigned int i;
	phys_addr_t phys;

	mc->nr_pages = 0;
	mc->head = 0;
	for (i = 0; i < MEMCACHE_PAGES; i++) {
		phys = mc->head;
		if (copy_to_kernel_nofault(hcall_page(h, first + i), &phys, sizeof(phys)))
			continue;
		mc->head = virt_to_phys(hcall_page(h, first + i));
		mc->nr_pages++;
	}
}

static void hcall_reclaim(long handle, u64 gfn)
{
	hcall(__pkvm_host_unshare_guest, handle, gfn, 1);
	hcall(__pkvm_host_unshare_guest, handle, gfn, HCALL_BLOCK_PAGES);
	hcall(__pkvm_reclaim_dying_guest_page, handle, gfn);
}

long hcall_destroy_vm(struct hcall_arena *h, long handle)
{
	unsigned int i;
	long ret;

	mutex_lock(&h->lock);
	/* From here on no vCPU can be loaded, and the VM cannot get pages. */
	ret = hcall(__pkvm_start_teardown_vm, handle);
	if (!ret) {
		for (i = 0; i < HCALL_GFNS; i++) {
			hcall_reclaim(handle, HCALL_GFN + i);
			hcall_reclaim(handle, HCALL_GFN_BLOCK + i);
		}

		/* Try again: a hypercall on another CPU may hold a reference for a moment. */
		for (i = 0; i < TEARDOWN_TRIES; i++) {
			ret = hcall(__pkvm_finalize_teardown_vm, handle);
			if (!ret)
				break;
		}
	}
	mutex_unlock(&h->lock);

	return ret;
}

static long hcall_put_vcpu(void *unused)
{
	hcall(__pkvm_vcpu_put);
	return 0;
}

void hcall_take_back(struct hcall_arena *h)
{
	unsigned int cpu, i;

	for_each_online_cpu(cpu)
		work_on_cpu(cpu, hcall_put_vcpu, NULL);
	hcall(__tracing_unload);
	for (i = 0; i < TRACE_EVENTS; i++)
		hcall(__tracing_enable_event, i, 0);

	for (i = 0; i < KVM_MAX_PVMS; i++) {
		hcall(__pkvm_unreserve_vm, FIRST_HANDLE + i);
		hcall_destroy_vm(h, FIRST_HANDLE + i);
	}
	hcall_share(h->va, HCALL_ARENA_SIZE, false);
}

static void *hcall_alloc_shared(struct kunit *test, size_t size)
{
	void *va = alloc_pages_exact(PAGE_ALIGN(size), GFP_KERNEL | __GFP_ZERO);

	KUNIT_ASSERT_NOT_NULL(test, va);
	hcall_share(va, size, true);
	return va;
}

static void hcall_free_shared(void *va, size_t size)
{
	if (!va)
		return;
	hcall_share(va, size, false);
	free_pages_exact(va, PAGE_ALIGN(size));
}

static void hcall_arena_free(void *data)
{
	struct hcall_arena *h = data;
	unsigned int i, j, lost = 0;

	hcall_take_back(h);
	for (i = 0; i < HCALL_VMS; i++) {
		hcall_free_shared(h->vms[i].kvm, sizeof(struct kvm));
		for (j = 0; j < HCALL_VCPUS; j++)
			hcall_free_shared(h->vms[i].vcpu[j], sizeof(struct kvm_vcpu));
	}

	/* Do not free a page that the host has lost: any use of it would abort. */
	for (i = 0; i < HCALL_ARENA_PAGES; i++) {
		if (hcall_cpu_reaches(hcall_page(h, i)))
			free_page((unsigned long)hcall_page(h, i));
		else
			lost++;
	}
	KUNIT_EXPECT_EQ(h->test, h->lost, lost);
}

struct hcall_arena *hcall_arena_alloc(struct kunit *test)
{
	struct hcall_arena *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	unsigned int i, j;

	KUNIT_ASSERT_NOT_NULL(test, h);
	h->test = test;
	mutex_init(&h->lock);
	h->va = alloc_pages_exact(HCALL_ARENA_SIZE, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, h->va);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, hcall_arena_free, h));

	for (i = 0; i < HCALL_VMS; i++) {
		h->vms[i].kvm = hcall_alloc_shared(test, sizeof(struct kvm));
		for (j = 0; j < HCALL_VCPUS; j++)
			h->vms[i].vcpu[j] = hcall_alloc_shared(test, sizeof(struct kvm_vcpu));
	}

	return h;
}
