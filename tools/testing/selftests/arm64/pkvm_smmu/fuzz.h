/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stream of accesses to the SMMU's registers, made from a seed. The same seed
 * gives the same stream, except for the addresses of this program's memory.
 */
#ifndef PKVM_SMMU_FUZZ_H
#define PKVM_SMMU_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#define FUZZ_PLACES	12

/* Shared by the streams of all threads. */
struct fuzz {
	char *mmio;
	uint64_t *cmdq;			/* a page: commands, good and bad */
	uint64_t *table;		/* a page: STEs and level 1 descriptors */
	uint64_t *evtq;			/* a page that the SMMU may write events to */
	/* Addresses for queues and tables: first these three, then forbidden ones. */
	uint64_t place[FUZZ_PLACES];
	int nr_places;
};

/* The stream of one thread. */
struct fuzz_stream {
	uint64_t rng;
	uint64_t digest;		/* of the choices made so far */
	unsigned long faults;		/* accesses that ended in a signal */
};

/* Allocate the pages, and choose the addresses. */
void fuzz_open(struct fuzz *fuzz, char *mmio);
void fuzz_close(struct fuzz *fuzz);

/* Count faults of this process instead of dying of them. */
void fuzz_catch_faults(void);

void fuzz_seed(struct fuzz_stream *s, uint64_t seed, unsigned int thread);
void fuzz_run(struct fuzz *fuzz, struct fuzz_stream *s, unsigned long accesses);

#endif
