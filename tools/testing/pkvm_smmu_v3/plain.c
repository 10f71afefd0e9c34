// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads and stores that EL2's sources do not mark as shared.
 *
 * The compiler calls these functions before each, as it does for a data race detector.
 * A store to memory is seen late by the SMMU, as a marked one is, and another CPU or
 * the hardware may come in before it; or before a load from a page that the host may
 * write to. Between stores to EL2's own variables CPUs are preempted by the fuzzer only:
 * there are too many to explore.
 */
#include "model.h"

#include "shim-mem.h"

/* Where the linker puts variables. */
extern char __data_start[], _end[];

static bool is_ram(const void *addr)
{
	return phys_is_ram(hyp_virt_to_phys((void *)addr));
}

static void plain_read(const void *addr, size_t size)
{
	if (is_ram(addr) && host_has(hyp_virt_to_phys((void *)addr)))
		model_shared_read(addr, size);
}

static void plain_write(void *addr, size_t size)
{
	if (is_ram(addr))
		model_shared_write(addr, size);
	else if (!model.exploring && (char *)addr >= __data_start && (char *)addr < _end)
		cpu_point();
}

/*
 * What the compiler calls before an access. READ_ONCE() and WRITE_ONCE(), which are
 * volatile, have their points already.
 */
#define PLAIN(access, size)						\
	void __tsan_##access##size(void *addr)				\
	{								\
		plain_##access(addr, size);				\
	}								\
	void __tsan_unaligned_##access##size(void *addr)		\
	{								\
		__tsan_##access##size(addr);				\
	}								\
	void __tsan_volatile_##access##size(void *addr)			\
	{								\
	}

PLAIN(read, 1)
PLAIN(read, 2)
PLAIN(read, 4)
PLAIN(read, 8)
PLAIN(read, 16)
PLAIN(write, 1)
PLAIN(write, 2)
PLAIN(write, 4)
PLAIN(write, 8)
PLAIN(write, 16)

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_read_range(void *addr, size_t size);
void __tsan_read_range(void *addr, size_t size)
{
	plain_read(addr, size);
}

void __tsan_write_range(void *addr, size_t size);
void __tsan_write_range(void *addr, size_t size)
{
	plain_write(addr, size);
}

/* Word by word, but with one point only while interleavings are explored. */
void *model_memset(void *to, int c, size_t size)
{
	size_t i;

	if (!is_ram(to) || model.exploring) {
		plain_write(to, size);
		return memset(to, c, size);
	}
	for (i = 0; i < size; i += sizeof(u64)) {
		plain_write(to + i, min(sizeof(u64), size - i));
		memset(to + i, c, min(sizeof(u64), size - i));
	}

	return to;
}

void *model_memcpy(void *to, const void *from, size_t size)
{
	plain_read(from, size);
	plain_write(to, size);

	return memcpy(to, from, size);
}
