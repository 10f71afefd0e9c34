/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The smallest protected VM: one vCPU, one page of code, and pages of data. First the guest
 * fills the data pages with a secret, which donates them. From then on, each time it is
 * run, it reports the first word of the first data page. It may share and unshare that page
 * before each report.
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
	uint64_t shares;	/* how often the guest shares before each further report */
};

/*
 * Create a protected VM whose memory is the @nr_pages at @mem, or end the test. The VM does
 * not run yet, so the pages are not donated.
 */
void pvm_create(struct pvm *vm, void *mem, size_t nr_pages, uint64_t secret);

/* pvm_create() of a guest that shares and unshares the first page @shares times per report. */
void pvm_create_sharing(struct pvm *vm, void *mem, size_t nr_pages, uint64_t secret,
			uint64_t shares);

/* Let the guest fill all of its pages with the secret. */
void pvm_start(struct pvm *vm);

/* Run the guest. Returns what it finds at the start of @mem. */
uint64_t pvm_report(struct pvm *vm);

/* How often the vCPU has left the guest so far. */
uint64_t pvm_exits(struct pvm *vm);

/* Tear the VM down: the pages are the host's again. */
void pvm_destroy(struct pvm *vm);

/* A thread that creates, runs and destroys protected VMs. */
struct pvm_load {
	pthread_t thread;
	bool stop;
	size_t nr_pages;
	int pvms;		/* VMs destroyed, over all starts */
};

/* Start the thread, with @nr_pages per VM. pvm_load_stop() waits for the current VM. */
void pvm_load_start(struct pvm_load *load, size_t nr_pages);
void pvm_load_stop(struct pvm_load *load);

/* 0 if a protected VM can be created, else -errno. */
int pvm_try_create(void);

#endif
