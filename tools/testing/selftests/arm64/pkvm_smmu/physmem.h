/* SPDX-License-Identifier: GPL-2.0-only */
/* Physical addresses: of this program's memory, of the hypervisor's, and by name. */
#ifndef PKVM_SMMU_PHYSMEM_H
#define PKVM_SMMU_PHYSMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct phys_range {
	uint64_t base;
	uint64_t size;
};

/* Allocate zeroed and locked pages. */
void *alloc_pages(size_t nr);
void free_pages(void *va, size_t nr);

/* Physical address behind @va, which must be resident. */
uint64_t virt_to_phys(const void *va);

void *map_phys(uint64_t pa, size_t size);
/* map_phys() that returns NULL instead of ending the test. */
void *try_map_phys(uint64_t pa, size_t size);
void unmap_phys(void *va, uint64_t pa, size_t size);

struct phys_range hyp_carveout(void);

int hyp_ranges(struct phys_range *ranges, int max);

/* Physical address of a symbol of the kernel image, 0 if it has none. */
uint64_t ksym_phys(const char *name);

bool el2_structure(const char *name, struct phys_range *range);

bool try_load(void *va, int width, uint64_t *value);

/* try_load() by instructions that give a hypervisor no syndrome. */
bool try_load_postindex(void *va);
bool try_load_pair(void *va);

/* Store without write-back of the address, so that EL2 has a syndrome. */
static inline void store64(void *addr, uint64_t val)
{
	uint64_t *reg = addr;

	asm volatile("str %1, %0" : "=Q" (*reg) : "r" (val));
}

#endif
