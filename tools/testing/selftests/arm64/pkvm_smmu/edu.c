// SPDX-License-Identifier: GPL-2.0-only
#include <linux/io.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "edu.h"
#include "env.h"

#define EDU_DMA_SRC	0x80
#define EDU_DMA_DST	0x88
#define EDU_DMA_CNT	0x90
#define EDU_DMA_CMD	0x98
#define EDU_CMD_START	0x1
#define EDU_CMD_TO_RAM	0x2
#define EDU_BUF		0x40000		/* address of its buffer, for the device */
#define EDU_TIMEOUT_S	30

static void edu_write(void *bar, size_t reg, uint64_t value)
{
	/* The device latches 64 bits at once: a 32-bit write clears the rest. */
	if (value >> 32)
		writeq(value, bar + reg);
	else
		writel(value, bar + reg);
}

static bool edu_busy(void *bar)
{
	return readl(bar + EDU_DMA_CMD) & EDU_CMD_START;
}

static void edu_run(void *bar, uint64_t src, uint64_t dst, size_t len,
		    uint32_t direction)
{
	time_t end = time(NULL) + EDU_TIMEOUT_S;

	if (!len || len > EDU_BUF_SIZE)
		die("edu: a transfer of %zu bytes does not fit its buffer", len);

	edu_write(bar, EDU_DMA_SRC, src);
	edu_write(bar, EDU_DMA_DST, dst);
	edu_write(bar, EDU_DMA_CNT, len);
	edu_write(bar, EDU_DMA_CMD, EDU_CMD_START | direction);

	/* A transfer takes 100 ms by design. */
	usleep(100 * 1000);
	while (edu_busy(bar)) {
		if (time(NULL) > end)
			die("edu: a transfer did not end");
		usleep(2000);
	}
}

void edu_fetch(void *bar, uint64_t addr, size_t len)
{
	edu_run(bar, addr, EDU_BUF, len, 0);
}

void edu_store(void *bar, uint64_t addr, size_t len)
{
	edu_run(bar, EDU_BUF, addr, len, EDU_CMD_TO_RAM);
}
