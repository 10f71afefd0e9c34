// SPDX-License-Identifier: GPL-2.0-only
/*
 * The caches of the CPUs, and memory behind them, where an SMMU does not snoop.
 *
 * EL2 and whoever snoops see the array of shim-mem.c. Memory is a second array, which an
 * SMMU that does not snoop and the host's uncached mappings see:
 *
 * - What EL2 stores is in the first only, until EL2 cleans the line, or the line is
 *   evicted: at any time by chance, and never without randomness.
 * - What is stored past the caches is in the second only, as if the line were in a
 *   cache all the time; by chance it is not. EL2 sees it once it has invalidated the line.
 *
 * A word of a line is what the last store to it was: the write-back of a line does not
 * undo stores past the caches to other words. That harms the host only, which made it dirty.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>

#include "shim-mem.h"
#include "smmu.h"

#define LINE		64UL
#define NR_WORDS	((RAM_END - RAM0_BASE) / sizeof(u64))

/* By word: what memory has, and whether that is newer than what the caches have. */
static u64 *memory;
static bool *newer;

static size_t word(u64 phys)
{
	return (phys - RAM0_BASE) / sizeof(u64);
}

/* Without an SMMU that does not snoop there is nothing to tell apart. */
static bool is_cached(u64 phys)
{
	return model.caches && phys < RAM_END && phys_is_ram(phys);
}

/* The caches have what is in memory. */
static void cache_fill(u64 phys)
{
	mem_store(phys_ptr(phys), memory[word(phys)]);
	newer[word(phys)] = false;
}

static void cache_write_back(u64 phys)
{
	if (!newer[word(phys)])
		memory[word(phys)] = mem_load(phys_ptr(phys));
}

/* The machine boots: memory has what has been written so far. */
void cache_init(bool on)
{
	unsigned int i;
	u64 phys;

	model.caches = on;
	model.flushes = 0;
	if (!on)
		return;
	if (!memory) {
		memory = mmap(NULL, NR_WORDS * (sizeof(*memory) + sizeof(*newer)),
			      PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (memory == MAP_FAILED)
			abort();
		newer = (bool *)(memory + NR_WORDS);
	}
	for (i = 0; i < RAM0_PAGES + RAM1_PAGES; i++) {
		for (phys = page_phys(i); phys < page_phys(i) + PAGE_SIZE; phys += sizeof(u64)) {
			newer[word(phys)] = false;
			memory[word(phys)] = mem_load(phys_ptr(phys));
		}
	}
}

/* The owner of a page changes: nothing of the former's is on its way past the caches. */
void cache_settle(u64 page)
{
	u64 phys;

	for (phys = page; phys < page + PAGE_SIZE; phys += sizeof(u64)) {
		if (is_cached(phys) && newer[word(phys)])
			cache_fill(phys);
	}
}

/* Through the caches: the host's stores are dirty as EL2's are. */
void cache_store64(u64 phys, u64 val)
{
	mem_store(phys_ptr(phys), val);
	if (!is_cached(phys))
		return;
	newer[word(phys)] = false;
	/* What the trusted host has stored has been evicted since. */
	if (!model.enforce)
		cache_write_back(phys);
}

/* Past the caches. */
void uncached_store64(u64 phys, u64 val)
{
	if (!is_cached(phys)) {
		mem_store(phys_ptr(phys), val);
		return;
	}
	memory[word(phys)] = val;
	newer[word(phys)] = true;
	if (model.random && model_rand(2))
		cache_fill(phys);
}

u64 uncached_load64(u64 phys)
{
	if (!is_cached(phys))
		return mem_load(phys_ptr(phys));
	/* Evicted in time. */
	if (model.random && model_rand(2))
		cache_write_back(phys);

	return memory[word(phys)];
}

/* What EL2 has stored is in memory. */
bool cache_is_clean(u64 phys)
{
	return !is_cached(phys) || newer[word(phys)] ||
	       memory[word(phys)] == mem_load(phys_ptr(phys));
}

/* DC CIVAC for every line, and DSB. */
void cache_flush(u64 phys, size_t size)
{
	u64 end = ALIGN(phys + size, LINE);

	for (phys = ALIGN_DOWN(phys, LINE); phys < end; phys += sizeof(u64)) {
		if (!is_cached(phys))
			continue;
		cache_write_back(phys);
		cache_fill(phys);
	}
	model_barrier();
}

/* EL2 flushes what it has mapped. */
void model_flush(const void *from, size_t size)
{
	u64 phys = hyp_virt_to_phys((void *)from);

	if (!phys_is_ram(phys) || !size)
		violation("EL2 flushes %llx", (unsigned long long)phys);
	model.flushes++;
	model_shared_read(from, size);
	cache_flush(phys, size);
}

static bool host_may_store(u64 phys)
{
	if (!phys_is_ram(phys) || !host_has(phys))
		return false;
	phys_to_info(phys)->dirty = true;

	return true;
}

void hw_store64(const struct smmu *s, u64 phys, u64 val)
{
	if (!host_may_store(phys))
		return;
	if (s->snoops)
		cache_store64(phys, val);
	else
		uncached_store64(phys, val);
}

bool dma_store64(unsigned int i, u64 phys, u64 val)
{
	if (smmus[i].coherent)
		return host_store64(phys, val);
	if (!host_may_store(phys))
		return false;
	uncached_store64(phys, val);

	return true;
}

bool dma_load64(unsigned int i, u64 phys, u64 *val)
{
	if (!host_load64(phys, val))
		return false;
	if (!smmus[i].coherent)
		*val = uncached_load64(phys);

	return true;
}
