/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_LINUX_KVM_HOST_H
#define _MODEL_LINUX_KVM_HOST_H

#include <linux/kernel.h>

#include <asm/page.h>

#define kvm_nvhe_sym(sym)	sym

struct kvm_cpu_context {
	struct {
		u64 regs[31];
		u64 sp;
	} regs;
};

struct rb_root_cached { int dummy; };
struct kvm_mmu_memory_cache;
struct kvm_s2_mmu { int dummy; };
struct kvm_arch { struct kvm_s2_mmu mmu; };

/* As in arch/arm64/include/asm/kvm_host.h. */
struct kvm_hyp_memcache {
	phys_addr_t head;
	unsigned long nr_pages;
};

void model_cache_store(phys_addr_t *page, phys_addr_t val);
phys_addr_t model_cache_load(phys_addr_t *page);

static inline void push_hyp_memcache(struct kvm_hyp_memcache *mc, phys_addr_t *p,
				     phys_addr_t (*to_pa)(void *virt))
{
	model_cache_store(p, mc->head);
	mc->head = to_pa(p);
	mc->nr_pages++;
}

static inline void *pop_hyp_memcache(struct kvm_hyp_memcache *mc,
				     void *(*to_va)(phys_addr_t phys))
{
	phys_addr_t *p;

	if (!mc->nr_pages)
		return NULL;

	p = to_va(mc->head & PAGE_MASK);
	mc->head = model_cache_load(p);
	mc->nr_pages--;

	return p;
}

#endif /* _MODEL_LINUX_KVM_HOST_H */
