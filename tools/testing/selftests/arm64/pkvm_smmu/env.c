// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env.h"

#define PLATFORM_DEVICES	"/sys/bus/platform/devices"
#define OF_SMMU			"Carm,smmu-v3"

void die(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

int read_line(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	ssize_t n;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);

	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;

	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return -errno;

	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

int write_file(const char *value, const char *fmt, ...)
{
	char path[PATH_MAX];
	int fd, ret = 0;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);

	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;

	if (write(fd, value, strlen(value)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/*
 * By devicetree, the compatible strings end in or continue after "arm,smmu-v3",
 * each of them behind a "C"; by ACPI, the IORT makes devices of that name.
 */
static bool is_smmu(const char *name)
{
	char alias[256], *match;

	if (read_line(alias, sizeof(alias), PLATFORM_DEVICES "/%s/modalias", name))
		return false;
	if (!strcmp(alias, "platform:arm-smmu-v3"))
		return true;
	match = strstr(alias, OF_SMMU);
	return match && (!match[strlen(OF_SMMU)] || match[strlen(OF_SMMU)] == 'C');
}

/* Call @visit for each SMMUv3, in the order of their names, until it returns false. */
static int visit_smmus(bool (*visit)(const char *name, void *data), void *data)
{
	struct dirent **list;
	int i, n, count = 0;
	bool more = true;

	n = scandir(PLATFORM_DEVICES, &list, NULL, alphasort);
	if (n < 0)
		die("no " PLATFORM_DEVICES ": is sysfs mounted?");

	for (i = 0; i < n; i++) {
		if (more && is_smmu(list[i]->d_name)) {
			count++;
			more = visit(list[i]->d_name, data);
		}
		free(list[i]);
	}
	free(list);
	return count;
}

static bool smmu_is_owned(const char *name, void *data)
{
	bool *owned = data;
	char state[32];

	*owned = !read_line(state, sizeof(state),
			    PLATFORM_DEVICES "/%s/pkvm/state", name) &&
		 !strcmp(state, "owned");
	return *owned;
}

bool expect_protected(void)
{
	const char *expect = getenv("PKVM_SMMU_EXPECT");
	bool owned = false;

	if (!expect)
		return visit_smmus(smmu_is_owned, &owned) && owned;
	if (!strcmp(expect, "protected"))
		return true;
	if (!strcmp(expect, "native"))
		return false;
	die("PKVM_SMMU_EXPECT is \"%s\": use \"protected\" or \"native\"", expect);
}

/* Where the resource @name begins, or 0. */
static uint64_t iomem_start(const char *name)
{
	FILE *f = fopen("/proc/iomem", "r");
	uint64_t start, found = 0;
	char line[256], *owner;

	while (f && !found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		owner = strstr(line, " : ");
		if (owner && !strcmp(owner + 3, name) && sscanf(line, " %lx", &start) == 1)
			found = start;
	}
	if (f)
		fclose(f);
	return found;
}

/* A device of the devicetree has its address in its name, the IORT's are in iomem. */
static bool smmu_find_base(const char *name, void *data)
{
	uint64_t *base = data;
	char *end;

	*base = strtoull(name, &end, 16);
	if (*end != '.')
		*base = iomem_start(name);
	return !*base;
}

uint64_t smmu_base(void)
{
	uint64_t base = 0;

	visit_smmus(smmu_find_base, &base);
	if (!base)
		die("no SMMUv3 with a known address in this machine");
	return base;
}

int kmsg_open(bool tail)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		die("cannot open /dev/kmsg: %s", strerror(errno));
	lseek(fd, 0, tail ? SEEK_END : SEEK_SET);
	return fd;
}

bool kmsg_next(int fd, char *text, size_t size)
{
	char record[4096];
	ssize_t n;
	char *msg;

	do {
		n = read(fd, record, sizeof(record) - 1);
	} while (n < 0 && errno == EPIPE);
	if (n <= 0)
		return false;

	record[n] = '\0';
	msg = strchr(record, ';');
	msg = msg ? msg + 1 : record;
	msg[strcspn(msg, "\n")] = '\0';
	snprintf(text, size, "%s", msg);
	return true;
}

bool kmsg_find(const char *needle, char *text, size_t size)
{
	int fd = kmsg_open(false);
	bool found = false;

	while (!found && kmsg_next(fd, text, size))
		found = strstr(text, needle);
	close(fd);
	return found;
}

bool pkvm_is_up(void)
{
	char text[256];

	return kmsg_find("Protected nVHE mode initialized", text, sizeof(text)) ||
	       kmsg_find("Protected hVHE mode initialized", text, sizeof(text));
}
