// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random are: the register, mostly one that does something, else any offset of both
 * pages; the size and kind of the access; the value, mostly one that makes sense.
 *
 * Not random is where the SMMU may write. The host may hurt itself, so every event
 * queue that EL2 can accept, even from mixed halves of registers, must be a page of this
 * program. Forbidden addresses are combined with any size. Interrupts stay off, as the
 * driver would handle them.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "edu.h"
#include "env.h"
#include "fuzz.h"
#include "pci.h"
#include "physmem.h"
#include "smmu.h"

#define OWN_PLACES	3
#define STE_V		BIT_ULL(0)
#define STE_CFG_SHIFT	1
#define STE_WORDS	8

static const uint32_t registers[] = {
	ARM_SMMU_CR0, ARM_SMMU_CR0, ARM_SMMU_CR0ACK, ARM_SMMU_CR1, ARM_SMMU_CR2,
	ARM_SMMU_GBPA, ARM_SMMU_IRQ_CTRL, ARM_SMMU_GERROR, ARM_SMMU_GERRORN,
	ARM_SMMU_GERRORN, ARM_SMMU_STRTAB_BASE, ARM_SMMU_STRTAB_BASE + 4,
	ARM_SMMU_STRTAB_BASE_CFG, ARM_SMMU_CMDQ_BASE, ARM_SMMU_CMDQ_BASE + 4,
	ARM_SMMU_CMDQ_PROD, ARM_SMMU_CMDQ_PROD, ARM_SMMU_CMDQ_PROD,
	ARM_SMMU_CMDQ_CONS, ARM_SMMU_EVTQ_BASE, ARM_SMMU_EVTQ_BASE + 4,
	ARM_SMMU_EVTQ_PROD, ARM_SMMU_EVTQ_CONS, ARM_SMMU_IDR0,
};

static uint64_t next(struct fuzz_stream *s)
{
	/* xorshift64* */
	s->rng ^= s->rng >> 12;
	s->rng ^= s->rng << 25;
	s->rng ^= s->rng >> 27;
	return s->rng * 0x2545f4914f6cdd1dULL;
}

/* The upper bits of the generator are the better ones. */
static uint32_t below(struct fuzz_stream *s, uint32_t n)
{
	return (next(s) >> 32) % n;
}

static bool one_in(struct fuzz_stream *s, uint32_t n)
{
	return !below(s, n);
}

static void choose(struct fuzz_stream *s, uint64_t choice)
{
	s->digest = (s->digest ^ choice) * 0x100000001b3ULL;
}

void fuzz_seed(struct fuzz_stream *s, uint64_t seed, unsigned int thread)
{
	/* Not 0, which the generator never leaves. */
	*s = (struct fuzz_stream){ .rng = (seed + thread) * 0x9e3779b97f4a7c15ULL | 1 };
}

/*
 * Halves of addresses get mixed. So the lower half of each forbidden address is forbidden
 * by itself, and each upper half is zero or above all memory.
 */
static void choose_places(struct fuzz *fuzz)
{
	uint64_t el2 = hyp_carveout().base, text = ksym_phys("__hyp_text_start");
	uint64_t smmu = smmu_base();
	char bdf[PCI_BDF_LEN];
	int i, n = 0;

	fuzz->place[n++] = virt_to_phys(fuzz->cmdq);
	fuzz->place[n++] = virt_to_phys(fuzz->table);
	fuzz->place[n++] = virt_to_phys(fuzz->evtq);
	fuzz->place[n++] = el2;
	fuzz->place[n++] = smmu;
	fuzz->place[n++] = text ?: el2;
	if (pci_find(EDU_VENDOR, EDU_DEVICE, 0, bdf))
		fuzz->place[n++] = pci_bar_phys(bdf, 0);
	for (i = 0; i < n; i++)
		if (fuzz->place[i] >> 32)
			die("the fuzzer needs its pages, the hypervisor and devices below 4 GiB");
	fuzz->place[n++] = BIT_ULL(47) | el2;
	fuzz->place[n++] = GENMASK_ULL(51, 32) | smmu;
	fuzz->nr_places = n;
}

void fuzz_open(struct fuzz *fuzz, char *mmio)
{
	fuzz->mmio = mmio;
	fuzz->cmdq = alloc_pages(1);
	fuzz->table = alloc_pages(1);
	fuzz->evtq = alloc_pages(1);
	choose_places(fuzz);
}

void fuzz_close(struct fuzz *fuzz)
{
	free_pages(fuzz->cmdq, 1);
	free_pages(fuzz->table, 1);
	free_pages(fuzz->evtq, 1);
}

/* A queue in a page of this program must not be larger than the page. */
static uint64_t queue_base(struct fuzz *fuzz, struct fuzz_stream *s)
{
	int place = below(s, fuzz->nr_places);
	int max = place < OWN_PLACES ? __builtin_ctz(page_size()) - 5 : 31;

	choose(s, place);
	return fuzz->place[place] | below(s, max + 1);
}

static uint64_t table_base(struct fuzz *fuzz, struct fuzz_stream *s)
{
	int place = below(s, fuzz->nr_places);

	choose(s, place);
	return fuzz->place[place];
}

/* Prefer small numbers: indexes, sizes and bits of control registers. */
static uint64_t any_value(struct fuzz_stream *s)
{
	switch (below(s, 4)) {
	case 0:
		return next(s);
	case 1:
		return below(s, 2) ? 0 : ~0ULL;
	default:
		return below(s, 64);
	}
}

static uint32_t cr0_value(struct fuzz_stream *s)
{
	static const uint32_t values[] = {
		0, CR0_CMDQEN, CR0_CMDQEN | CR0_EVTQEN, CR0_CMDQEN, CR0_EVTQEN,
		CR0_CMDQEN | CR0_EVTQEN | CR0_SMMUEN, CR0_CMDQEN | CR0_EVTQEN,
	};

	return one_in(s, 8) ? any_value(s) : values[below(s, ARRAY_SIZE(values))];
}

static uint64_t value_for(struct fuzz *fuzz, struct fuzz_stream *s, uint32_t offset)
{
	unsigned int half = offset & 4 ? 32 : 0;

	switch (offset & ~7) {
	case ARM_SMMU_STRTAB_BASE:
		return table_base(fuzz, s) >> half;
	case ARM_SMMU_CMDQ_BASE:
	case ARM_SMMU_EVTQ_BASE:
		return queue_base(fuzz, s) >> half;
	}

	switch (offset) {
	case ARM_SMMU_CR0:
		return cr0_value(s);
	case ARM_SMMU_IRQ_CTRL:
		return any_value(s) & ~GENMASK(2, 0);
	default:
		return any_value(s);
	}
}

static uint64_t any_command(struct fuzz *fuzz, struct fuzz_stream *s)
{
	switch (below(s, 8)) {
	case 0:
		return CMDQ_OP_CFGI_ALL;
	case 1:
		return CMDQ_OP_CFGI_STE | next(s) >> 48 << 32;
	case 2:
		return CMDQ_OP_TLBI_NH_ALL | (uint64_t)below(s, 0x10000) << 32;
	case 3:
		return next(s);
	default:
		return CMDQ_OP_SYNC;
	}
}

/* Never a stage 1 from this program's memory: it could lead the device's writes anywhere. */
static uint64_t any_ste(struct fuzz *fuzz, struct fuzz_stream *s)
{
	uint64_t cfg = below(s, 8);

	return STE_V | cfg << STE_CFG_SHIFT |
	       fuzz->place[OWN_PLACES + below(s, fuzz->nr_places - OWN_PLACES)];
}

static uint64_t any_table_word(struct fuzz *fuzz, struct fuzz_stream *s, uint32_t word)
{
	if (one_in(s, 4))
		return 0;
	/* Words that serve as level 1 descriptors if the page is a level 1 table. */
	if (word % STE_WORDS)
		return one_in(s, 8) ? table_base(fuzz, s) | below(s, 32) : 0;
	return any_ste(fuzz, s);
}

/* Change a word of the memory that the SMMU reads. */
static void scribble(struct fuzz *fuzz, struct fuzz_stream *s)
{
	uint32_t word = below(s, page_size() / sizeof(uint64_t));
	bool table = below(s, 2);
	uint64_t value;

	if (table)
		value = any_table_word(fuzz, s, word);
	else if (word % 2)
		value = one_in(s, 8) ? next(s) : 0;
	else
		value = any_command(fuzz, s);

	choose(s, word << 1 | table);
	__atomic_store_n((table ? fuzz->table : fuzz->cmdq) + word, value, __ATOMIC_RELAXED);
}

/* Loads and stores in assembly: the compiler could merge, split or widen its own. */
#define LOAD(name, insn)						\
static void name(void *va, uint64_t value)				\
{									\
	asm volatile(insn : "+r"(value), "+r"(va) : : "memory", "x14", "cc"); \
}

LOAD(load_8, "ldrb %w0, [%1]")
LOAD(load_16, "ldrh %w0, [%1]")
LOAD(load_32, "ldr %w0, [%1]")
LOAD(load_64, "ldr %0, [%1]")
LOAD(load_signed, "ldrsw %0, [%1]")
LOAD(load_zero, "ldr wzr, [%1]")
LOAD(load_pair, "ldp %0, x14, [%1]")
LOAD(load_post, "ldr %w0, [%1], #4")
LOAD(load_exclusive, "ldxr %w0, [%1]")
LOAD(store_8, "strb %w0, [%1]")
LOAD(store_16, "strh %w0, [%1]")
LOAD(store_32, "str %w0, [%1]")
LOAD(store_64, "str %0, [%1]")
LOAD(store_zero, "str wzr, [%1]")
LOAD(store_pair, "stp %0, %0, [%1]")
LOAD(store_pre, "str %w0, [%1, #0]!")

/* Most entries are accesses that EL2 emulates. */
static const struct {
	void (*run)(void *va, uint64_t value);
	uint8_t size;
} accesses[] = {
	{ load_32, 4 }, { load_32, 4 }, { load_64, 8 }, { store_32, 4 }, { store_32, 4 },
	{ store_32, 4 }, { store_32, 4 }, { store_32, 4 }, { store_64, 8 }, { store_64, 8 },
	{ store_64, 8 }, { load_signed, 4 }, { load_zero, 4 }, { store_zero, 4 },
	{ load_8, 1 }, { load_16, 2 }, { store_8, 1 }, { store_16, 2 }, { load_pair, 8 },
	{ store_pair, 8 }, { load_post, 4 }, { store_pre, 4 }, { load_exclusive, 4 },
};

static __thread sigjmp_buf fault_jmp;

static void on_fault(int sig)
{
	siglongjmp(fault_jmp, 1);
}

void fuzz_catch_faults(void)
{
	/* SA_NODEFER: nothing has to be restored after the jump. */
	struct sigaction sa = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
}

static bool survives(void (*run)(void *va, uint64_t value), void *va, uint64_t value)
{
	if (sigsetjmp(fault_jmp, 0))
		return false;
	run(va, value);
	return true;
}

static uint32_t any_offset(struct fuzz_stream *s, uint8_t size)
{
	uint32_t offset;

	if (!one_in(s, 4))
		offset = registers[below(s, ARRAY_SIZE(registers))];
	else
		offset = below(s, SMMU_MMIO_SIZE - 16) & ~(size - 1);
	if (one_in(s, 16))
		offset += below(s, 8);

	return offset;
}

static void access_once(struct fuzz *fuzz, struct fuzz_stream *s)
{
	int i = below(s, ARRAY_SIZE(accesses));
	uint32_t offset = any_offset(s, accesses[i].size);
	uint64_t value = value_for(fuzz, s, offset);

	choose(s, (uint64_t)offset << 32 | i);
	s->faults += !survives(accesses[i].run, fuzz->mmio + offset, value);
}

void fuzz_run(struct fuzz *fuzz, struct fuzz_stream *s, unsigned long accesses)
{
	while (accesses--) {
		if (one_in(s, 4))
			scribble(fuzz, s);
		access_once(fuzz, s);
	}
}
