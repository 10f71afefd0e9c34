// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host's CPU reads from the SMMU's registers.
 *
 * Tried: loads of every kind from both register pages through /dev/mem, and
 * iommufd's query of the hardware's ID registers.
 *
 * Must happen: if the hypervisor owns the SMMU, the values are those of an SMMU with stage 1
 * only. Loads that the architecture does not allow or that have no syndrome end in a signal.
 * Nothing ends in anything worse.
 */
#include <fcntl.h>
#include <libvfio.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>

#include "edu.h"
#include "env.h"
#include "pci.h"
#include "physmem.h"
#include "smmu.h"
#include "kselftest_harness.h"

#define NOT_OFFERED	(IDR0_S2P | IDR0_HYP | IDR0_ATS | IDR0_ATOS | IDR0_PRI | \
			 IDR0_VMW | IDR0_VATOS)

/* Undefined in the architecture, and no alias of page 1. */
static const uint32_t reserved[] = { 0x38, 0x3c, 0x58, 0x7c, 0x300, 0xafc, 0x7ff0 };

FIXTURE(smmu_registers)
{
	char *mmio;
};

FIXTURE_SETUP(smmu_registers)
{
	self->mmio = map_phys(smmu_base(), SMMU_MMIO_SIZE);
}

/* After each test a plain load must still find a sane SMMU. */
FIXTURE_TEARDOWN(smmu_registers)
{
	uint64_t idr0 = 0;

	EXPECT_TRUE(try_load(self->mmio + ARM_SMMU_IDR0, 4, &idr0));
	EXPECT_NE(0, idr0 & IDR0_S1P);
	unmap_phys(self->mmio, smmu_base(), SMMU_MMIO_SIZE);
}

static uint32_t load32(char *mmio, uint32_t reg)
{
	uint64_t value;

	if (!try_load(mmio + reg, 4, &value))
		die("a 32-bit load from offset %#x ended in a signal", reg);
	return value;
}

TEST_F(smmu_registers, id_registers)
{
	uint32_t idr0 = load32(self->mmio, ARM_SMMU_IDR0);
	uint32_t idr1 = load32(self->mmio, ARM_SMMU_IDR1);
	uint32_t reg;

	EXPECT_NE(0, idr0 & IDR0_S1P);
	EXPECT_EQ(expect_protected() ? 0 : IDR0_S2P, idr0 & IDR0_S2P);
	for (reg = ARM_SMMU_IDR0; reg <= ARM_SMMU_AIDR; reg += 4)
		load32(self->mmio, reg);

	if (!expect_protected())
		return;
	EXPECT_EQ(0, idr0 & NOT_OFFERED);
	EXPECT_EQ(0, idr1 & (IDR1_ECMDQ | IDR1_TABLES_PRESET | IDR1_QUEUES_PRESET));
}

/* The host's driver has enabled its SMMU, and the registers confirm it. */
TEST_F(smmu_registers, enabled)
{
	const uint32_t enabled = CR0_SMMUEN | CR0_EVTQEN | CR0_CMDQEN;
	uint32_t cr0 = load32(self->mmio, ARM_SMMU_CR0);

	EXPECT_EQ(enabled, cr0 & enabled);
	EXPECT_EQ(cr0, load32(self->mmio, ARM_SMMU_CR0ACK));
}

TEST_F_TIMEOUT(smmu_registers, sweep_32bit, 120)
{
	uint32_t reg;

	for (reg = 0; reg < SMMU_MMIO_SIZE; reg += 4)
		load32(self->mmio, reg);
}

/* Only some registers are 64 bits wide; a load from the others may do anything harmless. */
TEST_F_TIMEOUT(smmu_registers, sweep_64bit, 120)
{
	uint64_t value;
	uint32_t reg;

	for (reg = 0; reg < SMMU_MMIO_SIZE; reg += 8)
		try_load(self->mmio + reg, 8, &value);
}

TEST_F(smmu_registers, wide_registers)
{
	static const uint32_t wide[] = { ARM_SMMU_STRTAB_BASE, ARM_SMMU_CMDQ_BASE };
	uint64_t value, halves;
	int i;

	for (i = 0; i < ARRAY_SIZE(wide); i++) {
		halves = load32(self->mmio, wide[i]);
		halves |= (uint64_t)load32(self->mmio, wide[i] + 4) << 32;
		ASSERT_TRUE(try_load(self->mmio + wide[i], 8, &value));
		EXPECT_NE(0, value);
		EXPECT_EQ(halves, value);
	}
}

TEST_F(smmu_registers, reserved_read_as_zero)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(reserved); i++) {
		EXPECT_EQ(0, load32(self->mmio, reserved[i])) {
			TH_LOG("offset %#x", reserved[i]);
		}
	}
}

TEST_F(smmu_registers, narrow_and_unaligned)
{
	uint64_t value;

	if (!expect_protected())
		SKIP(return, "not applicable: what the hardware makes of these is its own");
	EXPECT_FALSE(try_load(self->mmio + ARM_SMMU_IDR0, 1, &value));
	EXPECT_FALSE(try_load(self->mmio + ARM_SMMU_IDR0, 2, &value));
	EXPECT_FALSE(try_load(self->mmio + ARM_SMMU_IDR0 + 2, 4, &value));
	EXPECT_FALSE(try_load(self->mmio + ARM_SMMU_STRTAB_BASE + 4, 8, &value));
}

TEST_F(smmu_registers, no_syndrome)
{
	EXPECT_EQ(!expect_protected(), try_load_postindex(self->mmio + ARM_SMMU_IDR0));
	EXPECT_EQ(!expect_protected(), try_load_pair(self->mmio + ARM_SMMU_IDR0));
}

static void get_hw_info(const char *bdf, struct iommu_hw_info_arm_smmuv3 *info)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct iommu_hw_info cmd = {
		.size = sizeof(cmd),
		.data_len = sizeof(*info),
		.data_uptr = (uintptr_t)info,
	};
	int iommufd = open("/dev/iommu", O_RDWR);
	const char *path = vfio_pci_get_cdev_path(bdf);
	int device = open(path, O_RDWR);

	if (iommufd < 0 || device < 0)
		die("cannot open /dev/iommu or %s: %s", path, strerror(errno));

	bind.iommufd = iommufd;
	if (ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		die("VFIO_DEVICE_BIND_IOMMUFD: %s", strerror(errno));

	cmd.dev_id = bind.out_devid;
	if (ioctl(iommufd, IOMMU_GET_HW_INFO, &cmd))
		die("IOMMU_GET_HW_INFO: %s", strerror(errno));
	if (cmd.out_data_type != IOMMU_HW_INFO_TYPE_ARM_SMMUV3)
		die("IOMMU_GET_HW_INFO: type %u is not SMMUv3's", cmd.out_data_type);

	close(device);
	close(iommufd);
}

TEST_F(smmu_registers, iommufd_hw_info)
{
	struct iommu_hw_info_arm_smmuv3 info;
	char bdf[PCI_BDF_LEN];
	int i;

	ASSERT_TRUE(pci_find(EDU_VENDOR, EDU_DEVICE, 0, bdf));
	pci_bind(bdf, "vfio-pci");
	get_hw_info(bdf, &info);
	pci_bind(bdf, NULL);

	for (i = 0; i < ARRAY_SIZE(info.idr); i++)
		EXPECT_EQ(load32(self->mmio, 4 * i), info.idr[i]);
	EXPECT_EQ(load32(self->mmio, ARM_SMMU_AIDR), info.aidr);
}

TEST_HARNESS_MAIN
