// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "env.h"
#include "physmem.h"
#include "pvm.h"

#define GPA_CODE	0x80000000ULL
#define GPA_DATA	0x90000000ULL
#define GPA_DOORBELL	0x10000000ULL

#define CORE_REG(field) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | \
			 (offsetof(struct kvm_regs, field) / sizeof(uint32_t)))

static int pvm_ioctl(int fd, unsigned long request, void *arg, const char *name)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		die("pvm: %s: %s", name, strerror(errno));
	return ret;
}

#define PVM_IOCTL(fd, request, arg) \
	pvm_ioctl(fd, request, (void *)(uintptr_t)(arg), #request)

static void pvm_set_memory(struct pvm *vm, int slot, uint64_t gpa, void *va, size_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)va,
	};

	PVM_IOCTL(vm->vm_fd, KVM_SET_USER_MEMORY_REGION, &region);
}

static void pvm_set_reg(struct pvm *vm, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = {
		.id = id,
		.addr = (uintptr_t)&value,
	};

	PVM_IOCTL(vm->vcpu_fd, KVM_SET_ONE_REG, &reg);
}

static void pvm_create_vcpu(struct pvm *vm)
{
	struct kvm_vcpu_init init;

	vm->vcpu_fd = PVM_IOCTL(vm->vm_fd, KVM_CREATE_VCPU, 0);
	PVM_IOCTL(vm->vm_fd, KVM_ARM_PREFERRED_TARGET, &init);
	PVM_IOCTL(vm->vcpu_fd, KVM_ARM_VCPU_INIT, &init);

	vm->run_size = PVM_IOCTL(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	vm->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		       vm->vcpu_fd, 0);
	if (vm->run == MAP_FAILED)
		die("pvm: cannot map the vCPU: %s", strerror(errno));

	pvm_set_reg(vm, CORE_REG(regs.pc), GPA_CODE);
	pvm_set_reg(vm, CORE_REG(regs.regs[0]), GPA_DATA);
	pvm_set_reg(vm, CORE_REG(regs.regs[1]), GPA_DOORBELL);
	pvm_set_reg(vm, CORE_REG(regs.regs[2]), vm->secret);
	pvm_set_reg(vm, CORE_REG(regs.regs[3]), vm->nr_pages);
	pvm_set_reg(vm, CORE_REG(regs.regs[4]), page_size());
	pvm_set_reg(vm, CORE_REG(regs.regs[5]), vm->shares);
}

void pvm_create_sharing(struct pvm *vm, void *mem, size_t nr_pages, uint64_t secret,
			uint64_t shares)
{
	vm->mem = mem;
	vm->nr_pages = nr_pages;
	vm->secret = secret;
	vm->shares = shares;

	vm->kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm_fd < 0)
		die("cannot open /dev/kvm: %s", strerror(errno));
	vm->vm_fd = PVM_IOCTL(vm->kvm_fd, KVM_CREATE_VM, KVM_VM_TYPE_ARM_PROTECTED);

	vm->code = alloc_pages(1);
	memcpy(vm->code, pvm_guest_start, pvm_guest_end - pvm_guest_start);
	__builtin___clear_cache(vm->code, (char *)vm->code + page_size());

	pvm_set_memory(vm, 0, GPA_CODE, vm->code, page_size());
	pvm_set_memory(vm, 1, GPA_DATA, mem, nr_pages * page_size());
	pvm_create_vcpu(vm);
}

void pvm_create(struct pvm *vm, void *mem, size_t nr_pages, uint64_t secret)
{
	pvm_create_sharing(vm, mem, nr_pages, secret, 0);
}

/* Run the guest up to its next store to the doorbell. Returns the stored value. */
static uint64_t pvm_run(struct pvm *vm)
{
	struct kvm_run *run = vm->run;
	uint64_t value;

	while (ioctl(vm->vcpu_fd, KVM_RUN, NULL)) {
		if (errno != EINTR && errno != EAGAIN)
			die("pvm: KVM_RUN: %s", strerror(errno));
	}

	if (run->exit_reason != KVM_EXIT_MMIO || !run->mmio.is_write ||
	    run->mmio.len != sizeof(value) || run->mmio.phys_addr != GPA_DOORBELL)
		die("pvm: unexpected exit %u", run->exit_reason);
	memcpy(&value, run->mmio.data, sizeof(value));
	return value;
}

void pvm_start(struct pvm *vm)
{
	uint64_t value = pvm_run(vm);

	if (value != vm->secret)
		die("pvm: the guest wrote %#lx and read %#lx",
		    vm->secret, value);
}

uint64_t pvm_report(struct pvm *vm)
{
	return pvm_run(vm);
}

/* If the name of the @i-th statistic is @name, get its value. Returns whether it is. */
static bool pvm_stat(int fd, const struct kvm_stats_header *header, size_t i, const char *name,
		     uint64_t *value)
{
	size_t size = sizeof(struct kvm_stats_desc) + header->name_size;
	struct kvm_stats_desc *desc = calloc(1, size);
	bool found;

	if (pread(fd, desc, size, header->desc_offset + i * size) != size)
		die("pvm: cannot read the statistics");
	found = !strcmp(desc->name, name) &&
		pread(fd, value, sizeof(*value), header->data_offset + desc->offset) ==
		sizeof(*value);
	free(desc);
	return found;
}

uint64_t pvm_exits(struct pvm *vm)
{
	int fd = PVM_IOCTL(vm->vcpu_fd, KVM_GET_STATS_FD, 0);
	struct kvm_stats_header header;
	uint64_t value = 0;
	size_t i;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		die("pvm: cannot read the statistics");
	for (i = 0; i < header.num_desc; i++)
		if (pvm_stat(fd, &header, i, "exits", &value))
			break;
	if (i == header.num_desc)
		die("pvm: exits are not counted");
	close(fd);
	return value;
}

void pvm_destroy(struct pvm *vm)
{
	munmap(vm->run, vm->run_size);
	close(vm->vcpu_fd);
	close(vm->vm_fd);
	close(vm->kvm_fd);
	free_pages(vm->code, 1);
}

int pvm_try_create(void)
{
	int kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm_fd, ret = 0;

	if (kvm_fd < 0)
		return -errno;
	vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, KVM_VM_TYPE_ARM_PROTECTED);
	if (vm_fd < 0)
		ret = -errno;
	else
		close(vm_fd);
	close(kvm_fd);
	return ret;
}

static void *run_pvms(void *data)
{
	struct pvm_load *load = data;
	void *mem = alloc_pages(load->nr_pages);
	struct pvm vm;

	while (!__atomic_load_n(&load->stop, __ATOMIC_RELAXED)) {
		pvm_create(&vm, mem, load->nr_pages, load->pvms + 1);
		pvm_start(&vm);
		pvm_destroy(&vm);
		__atomic_add_fetch(&load->pvms, 1, __ATOMIC_RELAXED);
	}
	free_pages(mem, load->nr_pages);
	return NULL;
}

void pvm_load_start(struct pvm_load *load, size_t nr_pages)
{
	load->stop = false;
	load->nr_pages = nr_pages;
	if (pthread_create(&load->thread, NULL, run_pvms, load))
		die("no thread for protected VMs");
}

void pvm_load_stop(struct pvm_load *load)
{
	__atomic_store_n(&load->stop, true, __ATOMIC_RELAXED);
	pthread_join(load->thread, NULL);
}
