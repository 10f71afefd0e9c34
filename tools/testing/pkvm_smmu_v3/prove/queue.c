// SPDX-License-Identifier: GPL-2.0-only
/* Queues: all BASE registers, all sizes, all indexes. */
#include "prove.h"
#include "emu/emu.h"

/* The largest queue that the architecture has. IHI0070G.b 6.3.2 */
#define MAX_SHIFT	19

/* The entry that an index is at. */
#define SLOT(shift, idx)	((idx) & ((1U << (shift)) - 1))
/* An index @n entries on, of a queue with @wrap's bits in an index. */
#define ADVANCE(idx, n)		(((idx) + (n)) & wrap)

void prove_queue_decode(void)
{
	u64 base_reg = ANY(u64), addr = ANY(u64);
	u8 max_shift = ANY(u8), ent_shift = ANY(u8);
	u64 log2size = bits(base_reg, 4, 0), align;
	struct pkvm_smmu_queue q;
	u32 idx = ANY(u32);

	ASSUME(max_shift <= MAX_SHIFT && (ent_shift == 4 || ent_shift == 5));
	q = pkvm_smmu_queue_decode(base_reg, max_shift, ent_shift);
	align = q.bytes > 32 ? q.bytes : 32;

	PROVE("a queue is no larger than offered",
	      q.shift == (log2size < max_shift ? log2size : max_shift));
	PROVE("the bytes are those of the entries", q.bytes == 1ULL << q.shift << ent_shift);
	PROVE("a queue is aligned to its size, as the hardware aligns it",
	      q.base == (base_reg & GENMASK(51, 5)) / align * align);
	PROVE("a queue lies below 2^52, without a wrap",
	      q.base < q.base + q.bytes && q.base + q.bytes <= 1ULL << 52);
	PROVE("each entry is inside",
	      ((u64)SLOT(q.shift, idx) << ent_shift) + (1ULL << ent_shift) <= q.bytes);
	PROVE("an aligned word of an MSI that counts as the queue's is inside, and only such",
	      implies(!(addr & 3), pkvm_smmu_queue_has(&q, addr) ==
		      (addr >= q.base && addr <= q.base + q.bytes - 4)));

	REACH("a queue of one entry", q.shift == 0);
	REACH("a capped queue", q.shift < log2size);
	REACH("the last word", pkvm_smmu_queue_has(&q, addr) && addr == q.base + q.bytes - 4);
}

void prove_queue_indexes(void)
{
	u8 shift = ANY(u8);
	u32 prod = ANY(u32), cons = ANY(u32), n = ANY(u32), i = ANY(u32), j = ANY(u32);
	u32 size, wrap, used;

	ASSUME(shift <= MAX_SHIFT);
	size = 1U << shift;
	wrap = size * 2 - 1;
	used = pkvm_smmu_queue_used(wrap, prod, cons);

	PROVE("from 0 to all entries are in use", used <= size);
	PROVE("PROD is CONS advanced by the entries in use",
	      implies(used, ADVANCE(cons, used) == (prod & wrap)));
	PROVE("where none is in use the indexes are equal or no number of entries leads to PROD",
	      implies(!used && n && n <= size, ADVANCE(cons, n) != (prod & wrap)));
	PROVE("what is added is in use, at every wrap",
	      implies(n <= size,
		      pkvm_smmu_queue_used(wrap, ADVANCE(cons, n), cons) == n));
	PROVE("no two entries in use share a slot",
	      implies(i < j && j < used,
		      SLOT(shift, ADVANCE(cons, i)) != SLOT(shift, ADVANCE(cons, j))));

	REACH("a full queue", used == size);
	REACH("an empty queue", (prod & wrap) == (cons & wrap));
	REACH("inconsistent indexes", !used && (prod & wrap) != (cons & wrap));
	REACH("entries on both sides of the wrap", used > 1 && (prod & wrap) < (cons & wrap));
	REACH("a queue of one entry that is full", shift == 0 && used == 1);
}
