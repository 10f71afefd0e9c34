// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
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

/*
 * True if DMA must be confined by the hypervisor. $PKVM_SMMU_EXPECT
 * ("protected" or "native") says so; without it, all SMMUs being "owned" in
 * sysfs does.
 */
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

struct smmu_sum {
	const char *counter;
	int64_t sum;
};

static bool smmu_add_stat(const char *name, void *data)
{
	struct smmu_sum *s = data;
	bool owned = false;
	char value[32];
	int ret;

	smmu_is_owned(name, &owned);
	if (!owned)
		return true;
	ret = read_line(value, sizeof(value), PLATFORM_DEVICES "/%s/pkvm_stats/%s", name,
			s->counter);
	s->sum = ret ?: s->sum + strtoll(value, NULL, 10);
	return !ret;
}

int64_t smmu_stat(const char *name)
{
	struct smmu_sum s = { .counter = name };

	visit_smmus(smmu_add_stat, &s);
	return s.sum;
}

/* The visitor of visit_fw_nodes(), for nftw(), which has no argument for it. */
static struct {
	const char *compatible;
	void (*visit)(const struct fw_node *node, void *data);
	void *data;
	int count;
} fw;

static ssize_t read_file(void *buf, size_t size, const char *dir, const char *name)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	n = read(fd, buf, size);
	close(fd);
	return n;
}

/* @cells big-endian cells at *@pos, which moves behind them. */
static uint64_t read_cells(const uint32_t **pos, unsigned int cells)
{
	uint64_t value = 0;

	while (cells--)
		value = value << 32 | ntohl(*(*pos)++);
	return value;
}

static unsigned int parent_cells(const char *node, const char *property, unsigned int cells)
{
	char parent[PATH_MAX];
	uint32_t value;

	snprintf(parent, sizeof(parent), "%s/..", node);
	if (read_file(&value, sizeof(value), parent, property) == sizeof(value))
		cells = ntohl(value);
	return cells > 2 ? 2 : cells;
}

static bool dt_has_device(const char *node)
{
	char path[PATH_MAX], target[PATH_MAX], want[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	DIR *dir = opendir(PLATFORM_DEVICES);

	if (!realpath(node, want))
		return false;
	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), PLATFORM_DEVICES "/%s/of_node", entry->d_name);
		found = realpath(path, target) && !strcmp(target, want);
	}
	if (dir)
		closedir(dir);
	return found;
}

static int visit_dt_node(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char compatible[256], *s;
	struct fw_node node = {};
	uint32_t reg[4] = {};
	const uint32_t *pos = reg;
	ssize_t n;

	if (type != FTW_D)
		return 0;
	n = read_file(compatible, sizeof(compatible) - 1, path, "compatible");
	if (n <= 0)
		return 0;
	compatible[n] = '\0';
	for (s = compatible; s < compatible + n && strcmp(s, fw.compatible); s += strlen(s) + 1)
		;
	if (s >= compatible + n)
		return 0;

	read_file(reg, sizeof(reg), path, "reg");
	node.base = read_cells(&pos, parent_cells(path, "#address-cells", 2));
	node.size = read_cells(&pos, parent_cells(path, "#size-cells", 1));
	node.has_device = dt_has_device(path);
	fw.count++;
	fw.visit(&node, fw.data);
	return 0;
}

/* Each node of the IORT has a device. */
static void visit_iort(enum fw_kind kind)
{
	static unsigned char table[65536];
	ssize_t size = read_file(table, sizeof(table), "/sys/firmware/acpi/tables", "IORT");
	uint32_t offset, count;
	uint16_t length;

	if (size < 48)
		return;
	memcpy(&count, table + 36, 4);
	memcpy(&offset, table + 40, 4);
	for (; count && offset + 24 <= size; count--, offset += length) {
		struct fw_node node = {
			.size = kind == FW_SMMU_V3 ? SMMU_MMIO_SIZE : 4096,
			.has_device = true,
		};

		memcpy(&length, table + offset + 1, 2);
		memcpy(&node.base, table + offset + 16, 8);
		if (!length)
			return;
		if (table[offset] != (kind == FW_SMMU_V3 ? 4 : 5))
			continue;
		fw.count++;
		fw.visit(&node, fw.data);
	}
}

/*
 * Call @visit for each node of the devicetree, whatever its status, or of the IORT;
 * returns their number.
 */
int visit_fw_nodes(enum fw_kind kind, void (*visit)(const struct fw_node *node, void *data),
		   void *data)
{
	static const char * const compatible[] = {
		[FW_SMMU_V3]	= "arm,smmu-v3",
		[FW_PMCG]	= "arm,smmu-v3-pmcg",
		[FW_CMDQV]	= "nvidia,tegra264-cmdqv",
	};

	fw.compatible = compatible[kind];
	fw.visit = visit;
	fw.data = data;
	fw.count = 0;
	nftw("/sys/firmware/devicetree/base", visit_dt_node, 16, FTW_PHYS);
	if (!fw.count && kind != FW_CMDQV)
		visit_iort(kind);
	return fw.count;
}

bool native_is_asked_for(void)
{
	char cmdline[4096];

	return !read_line(cmdline, sizeof(cmdline), "/proc/cmdline") &&
	       strstr(cmdline, "kvm-arm.iommu=native");
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
