/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host as an attacker: VMs that exist for the hypervisor only.
 *
 * KVM does not know these VMs. Their struct kvm and struct kvm_vcpu are memory
 * that the host shares with the hypervisor. The pages that they donate and share
 * come from an arena, which nothing else uses.
 */
#ifndef __ARM_SMMU_V3_PKVM_ATTACK_HCALL_H
#define __ARM_SMMU_V3_PKVM_ATTACK_HCALL_H

#include <linux/kvm_host.h>
#include <linux/mutex.h>
#include <kunit/test.h>

#include <asm/kvm_asm.h>
#include <asm/kvm_pgtable.h>

/* More than a block, with 4 KiB pages. */
#define HCALL_ARENA_SIZE	max(SZ_4M, PAGE_SIZE * 256)
#define HCALL_ARENA_PAGES	(HCALL_ARENA_SIZE >> PAGE_SHIFT)

#define HCALL_VMS		2
#define HCALL_VCPUS		2

/* The guest frames in use: some pages, and the first pages of a block. */
#define HCALL_GFN		(SZ_2G >> PAGE_SHIFT)
#define HCALL_GFN_BLOCK		(HCALL_GFN + HCALL_BLOCK_PAGES)
#define HCALL_GFNS		16
#define HCALL_BLOCK_PAGES	(PMD_SIZE >> PAGE_SHIFT)

/* Issue a hypercall; -EOPNOTSUPP = the hypervisor does not offer it. */
#define hcall(_func, ...)						\
({									\
	struct arm_smccc_res __res;					\
									\
	arm_smccc_1_1_hvc(KVM_HOST_SMCCC_FUNC(_func), ##__VA_ARGS__, &__res); \
	__res.a0 == SMCCC_RET_SUCCESS ? (long)__res.a1 : -EOPNOTSUPP;	\
})

struct hcall_vm {
	struct kvm *kvm;
	struct kvm_vcpu *vcpu[HCALL_VCPUS];
	long handle;
};

/**
 * struct hcall_arena - Memory and VMs to pass to the hypervisor
 * @test:  the test
 * @va:    HCALL_ARENA_SIZE bytes, aligned to that
 * @vms:   the VMs
 * @lock:  held while a VM is torn down, so that all its pages are reclaimed
 * @lost:  number of pages that the test expects to lose
 */
struct hcall_arena {
	struct kunit *test;
	void *va;
	struct hcall_vm vms[HCALL_VMS];
	struct mutex lock;	/* see above */
	unsigned int lost;
};

/* Allocate the arena. At the end of the test it is freed, and all but @lost pages must be back. */
struct hcall_arena *hcall_arena_alloc(struct kunit *test);
/* Take all memory back from VMs and from the hypervisor. */
void hcall_take_back(struct hcall_arena *h);

static inline void *hcall_page(struct hcall_arena *h, unsigned int idx)
{
	return h->va + (idx << PAGE_SHIFT);
}

/* Whether the CPU can read the page at @va; survives the hypervisor's abort. */
bool hcall_cpu_reaches(void *va);

/* Give @vm a new handle, and initialise it with memory at @mem and a root at @root. */
long hcall_init_vm(struct hcall_vm *vm, bool protected, void *mem, void *root);
long hcall_init_vcpu(struct hcall_vm *vm, unsigned int idx, void *mem);
/* Fill the memcache of a vCPU with arena pages that start at page @first. */
void hcall_fill_memcache(struct hcall_arena *h, struct hcall_vm *vm, unsigned int vcpu,
			 unsigned int first);
/* Reclaim all pages of a VM and destroy it. Returns an error if a vCPU of it is loaded. */
long hcall_destroy_vm(struct hcall_arena *h, long handle);

#endif /* __ARM_SMMU_V3_PKVM_ATTACK_HCALL_H */
