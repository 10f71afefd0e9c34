/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests know about the machine they run on: whether the hypervisor
 * owns the SMMUs, where they are, and what the kernel log says.
 */
#ifndef PKVM_SMMU_ENV_H
#define PKVM_SMMU_ENV_H

#include <linux/compiler.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMMU_MMIO_SIZE	0x20000

/* Print @fmt as a KTAP diagnostic and end this process as a failed test. */
void __noreturn __printf(1, 2) die(const char *fmt, ...);

/* Read the first line of @path without its newline: 0, or -errno. */
int __printf(3, 4) read_line(char *buf, size_t size, const char *fmt, ...);

/* Write @value to @path: 0, or -errno. */
int __printf(2, 3) write_file(const char *value, const char *fmt, ...);

bool expect_protected(void);

/* True if the kernel was booted with kvm-arm.mode=protected and pKVM is up. */
bool pkvm_is_up(void);

/* Physical address of the first SMMUv3 in the system. */
uint64_t smmu_base(void);

/*
 * The hypervisor's counter @name, as the sum over all SMMUs that it owns. -errno if one cannot
 * be read.
 */
int64_t smmu_stat(const char *name);

/* Registers that firmware describes, of an SMMUv3 or a PMCG. */
struct fw_node {
	uint64_t base;
	uint64_t size;
	bool has_device;	/* a platform device exists */
};

enum fw_kind {
	FW_SMMU_V3,
	FW_PMCG,
	FW_CMDQV,
};

int visit_fw_nodes(enum fw_kind kind, void (*visit)(const struct fw_node *node, void *data),
		   void *data);

/* True if the kernel was told to leave all SMMUs native. */
bool native_is_asked_for(void);

/* Open the kernel log, at its end if @tail, else at its beginning. */
int kmsg_open(bool tail);

/* Read the text of the next record: false at the end of the log. */
bool kmsg_next(int fd, char *text, size_t size);

/* First record of the log that contains @needle: false if there is none. */
bool kmsg_find(const char *needle, char *text, size_t size);

/* Number of bytes of a page of this kernel. */
size_t page_size(void);

#endif
