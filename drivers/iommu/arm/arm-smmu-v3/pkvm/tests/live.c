// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests on the machine's own SMMUv3: the domain of a stream changes under live DMA, and
 * the system suspends between two transactions.
 *
 * An NVMe disk is read while its stream goes from identity to a translated domain and back
 * again and again. Both domains map the addresses that the disk uses to themselves, so every
 * read must succeed. The driver changes stream table entries in steps, each of which is valid;
 * a shadow of the entries must follow in such steps, too.
 *
 * With pKVM in its debug mode, the hypervisor clears the registers of all SMMUs again and
 * again, as firmware may do during a system suspend, and resumes. Only one CPU runs then, and
 * the disk is idle: neither the driver nor the disk must notice.
 */
#include <kunit/test.h>

#include <linux/arm-smccc.h>
#include <linux/bio.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/ioport.h>
#include <linux/iommu.h>
#include <linux/irq.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/stop_machine.h>

#include <asm/kvm_asm.h>

#define LIVE_READERS	2
#define LIVE_BYTES	SZ_64K
#define LIVE_SECONDS	5
#define LIVE_SUSPENDS	100

struct live_reader {
	struct task_struct *task;
	struct block_device *bdev;
	/* The contents of the disk, and the buffer of the reads. */
	const u8 *want;
	u8 *got;
	/* Counted by the reader; read once the reader has stopped. */
	unsigned long good;
	unsigned long bad;
};

struct live {
	struct pci_dev *pdev;
	struct block_device *bdev;
	struct live_reader readers[LIVE_READERS];
};

/* A disk is a namespace, a child of a controller, which is a child of the PCI device. */
static int live_find_disk(struct device *dev, void *devt)
{
	if (dev->class && !strcmp(dev->class->name, "block")) {
		*(dev_t *)devt = dev->devt;
		return 1;
	}

	return device_for_each_child(dev, devt, live_find_disk);
}

static struct pci_dev *live_find_nvme(dev_t *devt)
{
	struct pci_dev *pdev = NULL;

	while ((pdev = pci_get_class(PCI_CLASS_STORAGE_EXPRESS, pdev))) {
		if (device_iommu_mapped(&pdev->dev) &&
		    device_for_each_child(&pdev->dev, devt, live_find_disk))
			return pdev;
	}

	return NULL;
}

static int live_map_ram(unsigned long pfn, unsigned long nr_pages, void *domain)
{
	phys_addr_t phys = PFN_PHYS(pfn);

	return iommu_map(domain, phys, phys, PFN_PHYS(nr_pages),
			 IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE, GFP_KERNEL);
}

/* Map the doorbell that the device writes its interrupts to. */
static int live_map_doorbell(struct pci_dev *pdev, struct iommu_domain *domain)
{
	struct msi_desc *desc = irq_get_msi_desc(pci_irq_vector(pdev, 0));
	phys_addr_t phys;

	if (!desc)
		return -ENOENT;
	phys = ((u64)desc->msg.address_hi << 32) | desc->msg.address_lo;

	return iommu_map(domain, ALIGN_DOWN(phys, PAGE_SIZE), ALIGN_DOWN(phys, PAGE_SIZE),
			 PAGE_SIZE, IOMMU_WRITE | IOMMU_MMIO, GFP_KERNEL);
}

static int live_reader(void *data)
{
	struct live_reader *reader = data;
	int i;

	while (!kthread_should_stop()) {
		/* A read that does not reach memory leaves these wrong bytes. */
		for (i = 0; i < LIVE_BYTES; i++)
			reader->got[i] = ~reader->want[i];

		if (bdev_rw_virt(reader->bdev, 0, reader->got, LIVE_BYTES, REQ_OP_READ) ||
		    memcmp(reader->got, reader->want, LIVE_BYTES))
			reader->bad++;
		else
			reader->good++;
	}

	return 0;
}

static void live_put_pci(void *pdev)
{
	pci_dev_put(pdev);
}

static void live_put_file(void *file)
{
	bdev_fput(file);
}

static void live_free_domain(void *domain)
{
	iommu_domain_free(domain);
}

static void live_open(struct kunit *test, struct live *live)
{
	unsigned long end;
	struct file *file;
	dev_t devt;
	u8 *want;
	int i;

	/* Namespaces are scanned some time after the probe. */
	wait_for_device_probe();
	end = jiffies + 10 * HZ;
	while (!(live->pdev = live_find_nvme(&devt)) && time_before(jiffies, end))
		msleep(50);
	if (!live->pdev)
		kunit_skip(test, "no NVMe disk behind an IOMMU");
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, live_put_pci, live->pdev), 0);

	file = bdev_file_open_by_dev(devt, BLK_OPEN_READ, NULL, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, live_put_file, file), 0);
	live->bdev = file_bdev(file);

	want = kunit_kmalloc(test, LIVE_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, want);
	KUNIT_ASSERT_EQ(test, bdev_rw_virt(live->bdev, 0, want, LIVE_BYTES, REQ_OP_READ), 0);

	for (i = 0; i < LIVE_READERS; i++) {
		struct live_reader *reader = &live->readers[i];

		reader->bdev = live->bdev;
		reader->want = want;
		reader->got = kunit_kmalloc(test, LIVE_BYTES, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, reader->got);
	}
}

static void live_start(struct live *live)
{
	int i;

	for (i = 0; i < LIVE_READERS; i++)
		live->readers[i].task = kthread_run(live_reader, &live->readers[i],
						    "live-reader/%d", i);
}

static void live_stop(struct kunit *test, struct live *live)
{
	int i;

	for (i = 0; i < LIVE_READERS; i++) {
		struct live_reader *reader = &live->readers[i];

		if (IS_ERR(reader->task)) {
			KUNIT_FAIL(test, "no reader %d", i);
			continue;
		}
		kthread_stop(reader->task);
		kunit_info(test, "reader %d: %lu reads, %lu failed", i, reader->good, reader->bad);
		KUNIT_EXPECT_EQ(test, reader->bad, 0UL);
		KUNIT_EXPECT_GT(test, reader->good, 10UL);
	}
}

static void live_identity_and_dma(struct kunit *test)
{
	unsigned long end, switches = 0;
	struct iommu_domain *domain;
	struct live live = {};
	struct device *dev;
	int ret = 0;

	live_open(test, &live);
	dev = &live.pdev->dev;
	if (iommu_get_domain_for_dev(dev)->type != IOMMU_DOMAIN_IDENTITY)
		kunit_skip(test, "the disk is not in an identity domain: iommu.passthrough=1");

	domain = iommu_paging_domain_alloc(dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, domain);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, live_free_domain, domain), 0);
	KUNIT_ASSERT_EQ(test, walk_system_ram_range(0, ULONG_MAX >> PAGE_SHIFT, domain,
						    live_map_ram), 0);
	KUNIT_ASSERT_EQ(test, live_map_doorbell(live.pdev, domain), 0);

	live_start(&live);
	end = jiffies + LIVE_SECONDS * HZ;
	while (!ret && time_before(jiffies, end)) {
		ret = iommu_attach_device(domain, dev);
		if (ret)
			break;
		iommu_detach_device(domain, dev);
		switches += 2;
		cond_resched();
	}
	live_stop(test, &live);

	kunit_info(test, "%lu switches", switches);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_GT(test, switches, 100UL);
}

/* Returns -EOPNOTSUPP if the hypervisor does not offer the hypercall. */
static int live_suspend_call(void *unused)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(KVM_HOST_SMCCC_FUNC(__pkvm_iommu_test_suspend), &res);

	return res.a0 == SMCCC_RET_SUCCESS ? (int)res.a1 : -EOPNOTSUPP;
}

static void live_suspend(struct kunit *test)
{
	unsigned int flags, i;
	struct live live = {};
	int ret;

	if (!is_protected_kvm_enabled())
		kunit_skip(test, "no hypervisor: kvm-arm.mode=protected");
	ret = stop_machine(live_suspend_call, NULL, NULL);
	if (ret == -EOPNOTSUPP || ret == -ENODEV)
		kunit_skip(test, "no SMMU is owned, or no CONFIG_NVHE_EL2_DEBUG");

	live_open(test, &live);
	live_start(&live);
	for (i = 0; i < LIVE_SUSPENDS && !ret; i++) {
		flags = blk_mq_freeze_queue(bdev_get_queue(live.bdev));
		ret = stop_machine(live_suspend_call, NULL, NULL);
		blk_mq_unfreeze_queue(bdev_get_queue(live.bdev), flags);
		fsleep(10000);
	}
	live_stop(test, &live);
	KUNIT_EXPECT_EQ(test, ret, 0);
}

static struct kunit_case live_test_cases[] = {
	KUNIT_CASE_SLOW(live_suspend),
	KUNIT_CASE_SLOW(live_identity_and_dma),
	{}
};

static struct kunit_suite live_test_suite = {
	.name		= "arm-smmu-v3-pkvm-live",
	.test_cases	= live_test_cases,
};

kunit_test_suite(live_test_suite);

MODULE_DESCRIPTION("KUnit tests of an SMMUv3 under live DMA");
MODULE_LICENSE("GPL");
