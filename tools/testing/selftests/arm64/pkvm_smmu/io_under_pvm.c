// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ordinary I/O of ordinary drivers, alone and while protected VMs start, take
 * memory and stop.
 *
 * Tried: random blocks are written to and read back from an NVMe and a
 * virtio-blk disk past the page cache, and frames go from one igb port to another.
 * Meanwhile protected VMs come and go, and the NVMe's group changes from a
 * strict to a flush-queue DMA domain under load. A virtual function of the NVMe,
 * which has its own stream, appears, is used as a disk, and disappears.
 *
 * Must happen, natively and protected: every byte arrives unchanged.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/limits.h>
#include <linux/nvme_ioctl.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "env.h"
#include "pci.h"
#include "physmem.h"
#include "port.h"
#include "pvm.h"
#include "kselftest_harness.h"

#define ROUNDS		60	/* at least so many blocks or frames */
#define PVMS		8	/* at least so many protected VMs meanwhile */
#define BLOCK		65536
#define DISK_BLOCKS	256	/* blocks of a disk that are used */
#define FRAME		1400
#define TEST_ETHERTYPE	0x88b5	/* for local experiments */
#define PVM_PAGES	64

FIXTURE(io)
{
	struct pvm_load load;
};

FIXTURE_VARIANT(io)
{
	bool under_pvm;
};

FIXTURE_VARIANT_ADD(io, alone)
{
	.under_pvm = false,
};

FIXTURE_VARIANT_ADD(io, under_pvm)
{
	.under_pvm = true,
};

FIXTURE_SETUP(io)
{
	if (!variant->under_pvm)
		return;
	if (!pkvm_is_up())
		SKIP(return, "not applicable: no protected VMs without kvm-arm.mode=protected");
	pvm_load_start(&self->load, PVM_PAGES);
}

FIXTURE_TEARDOWN(io)
{
	if (!variant->under_pvm || !self->load.thread)
		return;
	pvm_load_stop(&self->load);
	EXPECT_GE(self->load.pvms, PVMS);
	TH_LOG("%d protected VMs meanwhile", self->load.pvms);
}

/* Whether round number @round of the I/O is still to be done. */
static bool more(struct pvm_load *load, int round)
{
	if (round < ROUNDS)
		return true;
	return load->thread && __atomic_load_n(&load->pvms, __ATOMIC_RELAXED) < PVMS;
}

/* Count the blocks of the disk that differ from what was written. */
static int disk_errors(struct pvm_load *load, int fd, unsigned char *out,
		       unsigned char *in)
{
	int i, errors = 0;

	for (i = 0; more(load, i); i++) {
		off_t offset = (off_t)(random() % DISK_BLOCKS) * BLOCK;

		fill_random(out, BLOCK);
		memset(in, 0, BLOCK);
		if (pwrite(fd, out, BLOCK, offset) != BLOCK ||
		    pread(fd, in, BLOCK, offset) != BLOCK || memcmp(in, out, BLOCK))
			errors++;
	}
	return errors;
}

static int disk_io(struct pvm_load *load, const char *path)
{
	size_t pages = (BLOCK + page_size() - 1) / page_size();
	void *out = alloc_pages(pages), *in = alloc_pages(pages);
	int fd, errors;

	fd = open(path, O_RDWR | O_DIRECT);
	if (fd < 0)
		die("cannot open %s: %s", path, strerror(errno));
	errors = disk_errors(load, fd, out, in);
	close(fd);
	free_pages(out, pages);
	free_pages(in, pages);
	return errors;
}

TEST_F_TIMEOUT(io, nvme, 400)
{
	if (access("/dev/nvme0n1", F_OK))
		SKIP(return, "needs an NVMe disk whose contents do not matter");
	EXPECT_EQ(0, disk_io(&self->load, "/dev/nvme0n1"));
}

TEST_F_TIMEOUT(io, virtio_blk, 400)
{
	if (access("/dev/vda", F_OK))
		SKIP(return, "needs a virtio disk whose contents do not matter");
	EXPECT_EQ(0, disk_io(&self->load, "/dev/vda"));
}

/* Get the name of the target of link @name of the NVMe controller @ctrl. */
static void nvme_link(const char *ctrl, const char *name, char target[PCI_BDF_LEN])
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/nvme/%s/%s", ctrl, name);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		die("no %s: %s", path, strerror(errno));
	link[n] = '\0';
	snprintf(target, PCI_BDF_LEN, "%.15s", strrchr(link, '/') + 1);
}

/* Find the disk, and bind it again after its group got a strict DMA domain. */
static void nvme_make_strict(char bdf[PCI_BDF_LEN])
{
	int ret, i;

	nvme_link("nvme0", "device", bdf);
	pci_bind(bdf, NULL);
	ret = pci_set_domain_type(bdf, "DMA");
	if (ret)
		die("%s: no strict DMA domain: %s", bdf, strerror(-ret));
	pci_bind(bdf, "nvme");
	for (i = 0; i < 100 && access("/dev/nvme0n1", F_OK); i++)
		usleep(100 * 1000);
}

static void *switch_to_flush_queue(void *bdf)
{
	usleep(100 * 1000);
	return pci_set_domain_type(bdf, "DMA-FQ") ? bdf : NULL;
}

/* No other change of a domain is allowed while a driver is bound. */
TEST_F_TIMEOUT(io, nvme_strict_to_flush_queue, 400)
{
	char bdf[PCI_BDF_LEN], type[16];
	pthread_t thread;
	void *failed;

	if (access("/dev/nvme0n1", F_OK))
		SKIP(return, "needs an NVMe disk whose contents do not matter");

	nvme_make_strict(bdf);
	ASSERT_EQ(0, pthread_create(&thread, NULL, switch_to_flush_queue, bdf));
	EXPECT_EQ(0, disk_io(&self->load, "/dev/nvme0n1"));
	pthread_join(thread, &failed);

	EXPECT_EQ(NULL, failed);
	ASSERT_EQ(0, pci_get_domain_type(bdf, type, sizeof(type)));
	EXPECT_STREQ("DMA-FQ", type);
	EXPECT_EQ(0, disk_io(&self->load, "/dev/nvme0n1"));
}

/* NVMe's Virtualization Management command, its actions and resources */
#define NVME_VIRT_MGMT		0x1c
#define NVME_PRIMARY_KEEP	1
#define NVME_SECONDARY_GIVE	8
#define NVME_SECONDARY_ONLINE	9
#define NVME_QUEUES		0
#define NVME_INTERRUPTS		1

static void virt_mgmt(const char *ctrl, int action, int whom, int resource, int nr)
{
	struct nvme_admin_cmd cmd = {
		.opcode = NVME_VIRT_MGMT,
		.cdw10 = whom << 16 | resource << 8 | action,
		.cdw11 = nr,
	};
	char path[PATH_MAX];
	int fd, ret;

	snprintf(path, sizeof(path), "/dev/%s", ctrl);
	fd = open(path, O_RDWR);
	ret = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd);
	if (ret)
		die("%s: action %d, resource %d: status %#x, %s", ctrl, action, resource, ret,
		    strerror(errno));
	close(fd);
}

static void nvme_write(const char *ctrl, const char *file, const char *value)
{
	int ret = write_file(value, "/sys/class/nvme/%s/device/%s", ctrl, file);

	if (ret)
		die("%s: cannot write %s to %s: %s", ctrl, value, file, strerror(-ret));
}

/*
 * At first the physical function has all flexible queues and interrupts. Told to keep none,
 * it gives them up at its next reset. A VF needs some of them before it can go online.
 */
static void vf_appears(const char *ctrl, char vf[PCI_BDF_LEN])
{
	nvme_write(ctrl, "sriov_numvfs", "0");
	virt_mgmt(ctrl, NVME_PRIMARY_KEEP, 0, NVME_QUEUES, 0);
	virt_mgmt(ctrl, NVME_PRIMARY_KEEP, 0, NVME_INTERRUPTS, 0);
	nvme_write(ctrl, "reset", "1");

	nvme_write(ctrl, "sriov_drivers_autoprobe", "0");
	nvme_write(ctrl, "sriov_numvfs", "1");
	virt_mgmt(ctrl, NVME_SECONDARY_GIVE, 1, NVME_QUEUES, 2);
	virt_mgmt(ctrl, NVME_SECONDARY_GIVE, 1, NVME_INTERRUPTS, 1);
	virt_mgmt(ctrl, NVME_SECONDARY_ONLINE, 1, 0, 0);
	nvme_link(ctrl, "device/virtfn0", vf);
	pci_bind(vf, "nvme");
}

/* Wait up to 10 s for a path that matches @pattern. */
static bool path_appears(const char *pattern, char path[PATH_MAX])
{
	glob_t g;
	int i;

	for (i = 0; i < 100 && glob(pattern, 0, NULL, &g); i++)
		usleep(100 * 1000);
	if (i == 100)
		return false;
	snprintf(path, PATH_MAX, "%s", g.gl_pathv[0]);
	globfree(&g);
	return true;
}

TEST_F_TIMEOUT(io, nvme_vf, 400)
{
	char pf[PCI_BDF_LEN], vf[PCI_BDF_LEN], pf_group[PCI_BDF_LEN], vf_group[PCI_BDF_LEN];
	char pattern[PATH_MAX], disk[PATH_MAX], dev[PATH_MAX];

	if (access("/sys/class/nvme/nvme0/device/sriov_numvfs", F_OK))
		SKIP(return, "needs an NVMe controller with virtual functions");

	vf_appears("nvme0", vf);
	nvme_link("nvme0", "device", pf);
	nvme_link("nvme0", "device/iommu_group", pf_group);
	nvme_link("nvme0", "device/virtfn0/iommu_group", vf_group);
	EXPECT_TRUE(pci_same_iommu(pf, vf));
	EXPECT_STRNE(pf_group, vf_group);

	snprintf(pattern, sizeof(pattern), "/sys/bus/pci/devices/%s/nvme/nvme*/nvme*n*", vf);
	ASSERT_TRUE(path_appears(pattern, disk));
	snprintf(dev, sizeof(dev), "/dev/%s", strrchr(disk, '/') + 1);
	EXPECT_EQ(0, disk_io(&self->load, dev));
	nvme_write("nvme0", "sriov_numvfs", "0");
	EXPECT_NE(0, access(dev, F_OK));
}

/* Bring up the @index-th network interface of @driver. Returns its index, 0 if none. */
static int interface_of(const char *driver, int index)
{
	char pattern[PATH_MAX];
	struct ifreq ifr = {};
	int fd, found = 0;
	glob_t g;

	snprintf(pattern, sizeof(pattern), "/sys/bus/pci/drivers/%s/*/net/*", driver);
	if (glob(pattern, 0, NULL, &g))
		return 0;
	if (index < g.gl_pathc) {
		snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s",
			 strrchr(g.gl_pathv[index], '/') + 1);
		found = if_nametoindex(ifr.ifr_name);
	}
	globfree(&g);
	if (!found)
		return 0;

	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr))
		die("%s: %s", ifr.ifr_name, strerror(errno));
	ifr.ifr_flags |= IFF_UP | IFF_PROMISC;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		die("%s: cannot bring it up: %s", ifr.ifr_name, strerror(errno));
	close(fd);
	return found;
}

static int packet_socket(int ifindex)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(TEST_ETHERTYPE),
		.sll_ifindex = ifindex,
	};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(TEST_ETHERTYPE));

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("packet socket: %s", strerror(errno));
	return fd;
}

/* Wait up to @ms for exactly @frame. */
static bool frame_arrives(int fd, const unsigned char *frame, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	unsigned char got[FRAME];

	while (poll(&pfd, 1, ms) == 1)
		if (recv(fd, got, sizeof(got), 0) == FRAME && !memcmp(got, frame, FRAME))
			return true;
	return false;
}

static bool send_and_check(int from, int to, int ms)
{
	unsigned char frame[FRAME];

	fill_random(frame, sizeof(frame));
	memset(frame, 0xff, ETH_ALEN);
	frame[ETH_ALEN] &= ~1;		/* a source address is never multicast */
	frame[2 * ETH_ALEN] = TEST_ETHERTYPE >> 8;
	frame[2 * ETH_ALEN + 1] = TEST_ETHERTYPE & 0xff;
	return send(from, frame, sizeof(frame), 0) == FRAME && frame_arrives(to, frame, ms);
}

static int frames_lost(struct pvm_load *load, int a, int b)
{
	int from = packet_socket(a), to = packet_socket(b);
	int i, lost = 0;

	/* Retry: the links need some time to come up. */
	for (i = 0; i < 100 && !send_and_check(from, to, 200); i++)
		usleep(100 * 1000);

	for (i = 0; more(load, i); i++)
		if (!send_and_check(from, to, 2000))
			lost++;
	close(from);
	close(to);
	return lost;
}

TEST_F_TIMEOUT(io, igb, 400)
{
	int a = interface_of("igb", 0), b = interface_of("igb", 1);

	if (!a || !b)
		SKIP(return, "needs two connected igb ports");
	EXPECT_EQ(0, frames_lost(&self->load, a, b));
}

TEST_HARNESS_MAIN
