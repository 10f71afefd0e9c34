/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's "edu" device: a DMA engine that copies up to 4 KiB between any
 * address and a buffer of its own. It does not report whether that worked.
 */
#ifndef PKVM_SMMU_EDU_H
#define PKVM_SMMU_EDU_H

#include <stddef.h>
#include <stdint.h>

#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8
#define EDU_ID		0x010000ed	/* BAR0 offset 0 */
#define EDU_BUF_SIZE	4096

/* Copy @len bytes at DMA address @addr into the device's buffer. */
void edu_fetch(void *bar, uint64_t addr, size_t len);

/* Copy the first @len bytes of the device's buffer to DMA address @addr. */
void edu_store(void *bar, uint64_t addr, size_t len);

#endif
