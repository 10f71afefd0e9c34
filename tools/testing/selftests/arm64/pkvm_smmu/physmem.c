// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/bits.h>
#include <linux/kernel.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "env.h"
#include "physmem.h"

#define PAGEMAP_PRESENT	BIT_ULL(63)
#define PAGEMAP_PFN	GENMASK_ULL(54, 0)

void *alloc_pages(size_t nr)
{
	void *va = mmap(NULL, nr * page_size(), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED,
			-1, 0);

	if (va == MAP_FAILED)
		die("cannot allocate %zu locked pages: %s", nr, strerror(errno));
	return va;
}

void free_pages(void *va, size_t nr)
{
	munmap(va, nr * page_size());
}

uint64_t virt_to_phys(const void *va)
{
	uint64_t entry, addr = (uintptr_t)va;
	int fd = open("/proc/self/pagemap", O_RDONLY);
	ssize_t n;

	if (fd < 0)
		die("cannot open /proc/self/pagemap: %s", strerror(errno));
	n = pread(fd, &entry, sizeof(entry), addr / page_size() * sizeof(entry));
	close(fd);

	if (n != sizeof(entry) || !(entry & PAGEMAP_PRESENT) || !(entry & PAGEMAP_PFN))
		die("no physical address for %p: run as root", va);
	return (entry & PAGEMAP_PFN) * page_size() + addr % page_size();
}

void *try_map_phys(uint64_t pa, size_t size)
{
	uint64_t offset = pa % page_size();
	int fd = open("/dev/mem", O_RDWR | O_SYNC);
	void *va;

	if (fd < 0)
		die("cannot open /dev/mem: %s", strerror(errno));
	va = mmap(NULL, size + offset, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  pa - offset);
	close(fd);
	return va == MAP_FAILED ? NULL : va + offset;
}

/* Map @size bytes of physical memory at @pa uncached, or end the test. Does not touch them. */
void *map_phys(uint64_t pa, size_t size)
{
	void *va = try_map_phys(pa, size);

	if (!va)
		die("cannot map %#lx from /dev/mem: %s (CONFIG_STRICT_DEVMEM must be off)",
		    pa, strerror(errno));
	return va;
}

void unmap_phys(void *va, uint64_t pa, size_t size)
{
	uint64_t offset = pa % page_size();

	munmap((char *)(uintptr_t)va - offset, size + offset);
}

/*
 * Find the memory that pKVM reserved for itself at boot: from the log or, in a crash
 * kernel, from $PKVM_SMMU_CARVEOUT ("N_MiB_at_0xADDRESS").
 */
struct phys_range hyp_carveout(void)
{
	const char *given = getenv("PKVM_SMMU_CARVEOUT");
	struct phys_range range;
	char text[256];
	char *reserved;
	uint64_t mib;

	if (given && sscanf(given, "%lu_MiB_at_0x%lx", &mib, &range.base) == 2) {
		range.size = mib << 20;
		return range;
	}
	if (!kmsg_find("MiB at 0x", text, sizeof(text)))
		die("the kernel log has no \"Reserved ... MiB at\" line: is pKVM on?");

	reserved = strstr(text, "Reserved ");
	if (!reserved ||
	    sscanf(reserved, "Reserved %lu MiB at 0x%lx", &mib, &range.base) != 2)
		die("cannot parse \"%s\"", text);

	range.size = mib << 20;
	return range;
}

static uint64_t ksym(const char *name)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	char line[512], symbol[256];
	uint64_t addr, found = 0;

	if (!f)
		return 0;
	while (!found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx %*c %255s", &addr, symbol) == 2 &&
		    !strcmp(symbol, name))
			found = addr;
	fclose(f);
	return found;
}

static uint64_t kernel_code_phys(void)
{
	FILE *f = fopen("/proc/iomem", "r");
	uint64_t start, found = 0;
	char line[256];

	if (!f)
		return 0;
	while (!found && fgets(line, sizeof(line), f))
		if (strstr(line, "Kernel code") && sscanf(line, " %lx", &start) == 1)
			found = start;
	fclose(f);
	return found;
}

uint64_t ksym_phys(const char *name)
{
	uint64_t addr = ksym(name), text = ksym("_text"), code = kernel_code_phys();

	if (!addr || !text || !code)
		return 0;
	return code + (addr - text);
}

/* The parts of the kernel image that EL2 owns. */
static const char * const hyp_sections[][2] = {
	{ "__hyp_text_start", "__hyp_text_end" },
	{ "__hyp_rodata_start", "__hyp_rodata_end" },
	{ "__hyp_data_start", "__hyp_data_end" },
	{ "__hyp_bss_start", "__hyp_bss_end" },
};

/*
 * Find all memory of the hypervisor whose address user space can learn: the memory that
 * pKVM reserved, its part of the kernel image, and what the kernel logged
 * with arm_smmu_v3_kvm.dyndbg=+p. Returns the number of @ranges, @max at most.
 */
int hyp_ranges(struct phys_range *ranges, int max)
{
	int i, nr = 0, log = kmsg_open(false);
	char text[256];

	ranges[nr++] = hyp_carveout();
	/* A crash kernel's symbols and log do not describe the hypervisor of the first kernel. */
	if (getenv("PKVM_SMMU_CARVEOUT"))
		return nr;

	for (i = 0; i < ARRAY_SIZE(hyp_sections) && nr < max; i++) {
		ranges[nr].base = ksym_phys(hyp_sections[i][0]);
		ranges[nr].size = ksym_phys(hyp_sections[i][1]) - ranges[nr].base;
		if (ranges[nr].base && ranges[nr].size)
			nr++;
	}

	while (nr < max && kmsg_next(log, text, sizeof(text))) {
		const char *found = strstr(text, "pkvm: ");

		if (found && sscanf(found, "pkvm: %*s at 0x%lx size 0x%lx",
				    &ranges[nr].base, &ranges[nr].size) == 2)
			nr++;
	}
	close(log);
	return nr;
}

static bool logged_range(const char *name, struct phys_range *range)
{
	char needle[64], text[256];

	snprintf(needle, sizeof(needle), "pkvm: %s at 0x", name);
	if (!kmsg_find(needle, text, sizeof(text)))
		return false;
	return sscanf(strstr(text, needle) + strlen(needle),
		      "%lx size 0x%lx", &range->base, &range->size) == 2;
}

/*
 * Find a structure that EL2 keeps for an SMMU ("cmdq", "strtab", "strtab_pool",
 * "pgd", "pgt_pool"), or its first part, as logged with arm_smmu_v3_kvm.dyndbg=+p.
 */
bool el2_structure(const char *name, struct phys_range *range)
{
	struct phys_range unused;
	char unused_name[64];

	if (!logged_range(name, range))
		return false;

	/* EL2 has given back the unused part at one end of the structure. */
	snprintf(unused_name, sizeof(unused_name), "%s_unused", name);
	if (!logged_range(unused_name, &unused))
		return true;
	if (unused.base == range->base)
		range->base += unused.size;
	else if (unused.base + unused.size != range->base + range->size)
		return true;
	range->size -= unused.size;
	return range->size;
}

static sigjmp_buf fault_jmp;

static void on_fault(int sig)
{
	siglongjmp(fault_jmp, 1);
}

/* Run @op(@va, @value). Returns false if a memory fault ended it. */
static bool survives(void (*op)(void *va, uint64_t *value), void *va, uint64_t *value)
{
	struct sigaction sa = { .sa_handler = on_fault };
	struct sigaction bus, segv;
	bool fault;

	sigaction(SIGBUS, &sa, &bus);
	sigaction(SIGSEGV, &sa, &segv);
	fault = sigsetjmp(fault_jmp, 1);
	if (!fault)
		op(va, value);
	sigaction(SIGBUS, &bus, NULL);
	sigaction(SIGSEGV, &segv, NULL);
	return !fault;
}

/* Loads in assembly: the compiler could merge, split or widen its own. */
static void load_8(void *va, uint64_t *value)
{
	asm volatile("ldrb %w0, [%1]" : "=r"(*value) : "r"(va) : "memory");
}

static void load_16(void *va, uint64_t *value)
{
	asm volatile("ldrh %w0, [%1]" : "=r"(*value) : "r"(va) : "memory");
}

static void load_32(void *va, uint64_t *value)
{
	asm volatile("ldr %w0, [%1]" : "=r"(*value) : "r"(va) : "memory");
}

static void load_64(void *va, uint64_t *value)
{
	asm volatile("ldr %0, [%1]" : "=r"(*value) : "r"(va) : "memory");
}

static void load_postindex(void *va, uint64_t *value)
{
	asm volatile("ldr wzr, [%0], #4" : "+r"(va) : : "memory");
}

static void load_pair(void *va, uint64_t *value)
{
	uint32_t second;

	asm volatile("ldp %w0, %w1, [%2]"
		     : "=&r"(*value), "=&r"(second) : "r"(va) : "memory");
}

/*
 * Run one load of @width bytes (1, 2, 4 or 8) from @va. Returns true and the value, or
 * false if the kernel sent SIGBUS or SIGSEGV.
 */
bool try_load(void *va, int width, uint64_t *value)
{
	switch (width) {
	case 1:
		return survives(load_8, va, value);
	case 2:
		return survives(load_16, va, value);
	case 4:
		return survives(load_32, va, value);
	default:
		return survives(load_64, va, value);
	}
}

bool try_load_postindex(void *va)
{
	return survives(load_postindex, va, NULL);
}

bool try_load_pair(void *va)
{
	uint64_t value;

	return survives(load_pair, va, &value);
}
