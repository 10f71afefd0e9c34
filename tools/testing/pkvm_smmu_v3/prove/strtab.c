// SPDX-License-Identifier: GPL-2.0-only
/* The host's stream table: all STRTAB_BASE(_CFG), level 1 descriptors and stream IDs. */
#include "any.h"

#define LINEAR(cfg)	(bits(cfg, 17, 16) != 1)

void prove_strtab(void)
{
	struct pkvm_smmu_ids hw = any_hw(ANY(u8));
	struct pkvm_smmu_caps caps = any_caps(&hw);
	u64 base = ANY(u64), l1std = ANY(u64), addr = ANY(u64), l1, start, end, align;
	u32 cfg = ANY(u32), sid = ANY(u32), n;
	u64 log2size = bits(cfg, 5, 0), split = bits(cfg, 10, 6), span = bits(l1std, 4, 0);
	struct pkvm_smmu_strtab st = pkvm_smmu_strtab_decode(&caps, base, cfg);
	bool two = !LINEAR(cfg) && bits(hw.idr[0], 28, 27) == 1;
	u64 streams = 1ULL << st.log2size, l1_bits;

	split = split == 8 || split == 10 ? split : 6;
	PROVE("two levels are what the hardware has and the host asks for", st.two_level == two);
	PROVE("a level 2 table is of 6, 8 or 10 bits", implies(two, st.split == split));
	PROVE("there are no more streams than the hardware has, or LOG2SIZE says",
	      st.log2size == (log2size < caps.sid_bits ? log2size : caps.sid_bits) &&
	      st.log2size <= bits(hw.idr[1], 5, 0) && st.log2size <= 25);

	/* As written, and not as capped. IHI0070G.b 6.3.24 */
	l1_bits = log2size > split ? log2size - split : 0;
	align = two ? l1_bits + 3 : log2size + 6;
	align = align < 6 ? 6 : align;
	PROVE("the table is aligned as the hardware aligns it",
	      st.base == (align > 51 ? 0 : base & GENMASK(51, 6) & ~((1ULL << align) - 1)));

	/* The end of what STRTAB_BASE(_CFG) describe. */
	end = st.base + (two ? 8ULL << (st.log2size > split ? st.log2size - split : 0) :
			       64ULL << st.log2size);
	PROVE("the table lies below 2^52, without a wrap", st.base < end && end <= 1ULL << 52);
	if (two && sid < streams) {
		l1 = pkvm_smmu_l1std_addr(&st, sid);
		PROVE("each level 1 descriptor is inside the level 1 table",
		      l1 >= st.base && l1 + 8 <= end && !(l1 & 7));
	}

	n = pkvm_smmu_ste_addr(&st, l1std, sid, &addr);
	PROVE("no stream beyond the table has an STE", implies(sid >= streams, !n));
	PROVE("the STEs that follow are of streams of the table",
	      implies(n, (u64)sid + n <= streams));
	PROVE("no STE is where the level 1 descriptor has none",
	      implies(two && (!span || span > 11 || span > split + 1), !n));
	PROVE("a linear table has an STE for each stream, to the end of the table",
	      implies(!two && sid < streams, n == streams - sid));
	if (two) {
		start = l1std & GENMASK(51, 6);
		start = n ? start & ~((64ULL << (span - 1)) - 1) : start;
		end = n ? start + (64ULL << (span - 1)) : start;
		PROVE("the STEs that follow are under the same level 1 descriptor",
		      implies(n, sid >> split == (sid + n - 1) >> split));
		PROVE("a stream below Span of its level 1 descriptor has an STE",
		      implies(sid < streams && span && span <= split + 1 &&
			      (sid & ((1U << split) - 1)) < 1ULL << (span - 1), n));
	} else {
		start = st.base;
	}
	PROVE("each STE is inside the table that the host describes",
	      implies(n, addr >= start && addr + 64ULL * n <= end));
	PROVE("an STE is the stream's", implies(n, addr == start + 64ULL *
						(two ? sid & ((1ULL << split) - 1) : sid)));

	REACH("a linear table", !two && n > 1);
	REACH("two levels", two && n > 1);
	REACH("a level 2 table of one STE", two && n == 1 && span == 1);
	REACH("an invalid level 1 descriptor", two && sid < streams && !n);
	REACH("LOG2SIZE beyond what there is", log2size > caps.sid_bits);
	REACH("a level 1 table of one descriptor", two && log2size < split && n);
}
