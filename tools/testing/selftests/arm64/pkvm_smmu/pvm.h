/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The smallest protected VM: one vCPU, one page of code, and pages that the
 * guest fills with a secret, which donates them. Then, each time it is run,
 * it reports what it finds at the start of the first of them. It may share and
 * unshare that page before.
 */
#ifndef PKVM_SMMU_PVM_H
#define PKVM_SMMU_PVM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The guest's code, in pvm_guest.S */
extern const char pvm_guest_start[], pvm_guest_end[];

struct pvm {
	int kvm_fd;
	int vm_fd;
	int vcpu_fd;
	struct kvm_run *run;
	size_t run_size;
	void *code;
	void *mem;		/* the caller's */
	size_t nr_pages;
	uint64_t secret;
	uint64_t shares;	/* how often before each further report, 0 for never */
};

/*
 * Create a protected VM whose memory is the @nr_pages at @mem. It does not run
 * yet: nothing is donated. Ends the test where that fails.
 */
void pvm_create(struct pvm *vm, void *mem, size_t nr_pages, uint64_t secret);

/* The same, and the guest shares and unshares the first page @shares times for each report. */
void pvm_create_sharing(struct pvm *vm, void *mem, size_t nr_pages, uint64_t secret,
			uint64_t shares);

/* Let the guest take all of its pages; returns when each holds the secret. */
void pvm_start(struct pvm *vm);

/* What the guest finds at the start of @mem. */
uint64_t pvm_report(struct pvm *vm);

/* How often the vCPU has left the guest so far, for whatever reason. */
uint64_t pvm_exits(struct pvm *vm);

/* Tear down: the pages are the host's again. */
void pvm_destroy(struct pvm *vm);

/* Protected VMs that come and go, in a thread of their own. */
struct pvm_load {
	pthread_t thread;
	bool stop;
	size_t nr_pages;
	int pvms;		/* that came and went, over all starts */
};

/* Start that, with @nr_pages each, and stop it after the one that is there. */
void pvm_load_start(struct pvm_load *load, size_t nr_pages);
void pvm_load_stop(struct pvm_load *load);

/* 0 if a protected VM can be created, else -errno. */
int pvm_try_create(void);

#endif
