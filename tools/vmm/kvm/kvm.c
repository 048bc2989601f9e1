// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * kvm.c - the interface to KVM: a virtual machine and its processors
 *
 * The folders beside this file have the parts that depend on the architecture.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../vmm.h"
#include "arch.h"

/*
 * Open KVM and make a virtual machine. On failure it says why, and that is a
 * reason to do without KVM rather than an error of the guest's.
 */
int kvm_open(struct vmm *vmm)
{
	const char *fault = kvm_arch_refuses(vmm);
	const struct kvm_capability *cap;
	int version, slots;

	if (fault) {
		vmm_err("%s", fault);
		return -1;
	}
	vmm->kvm_fd = open(KVM_DEVICE, O_RDWR | O_CLOEXEC);
	if (vmm->kvm_fd < 0) {
		vmm_err(KVM_DEVICE ": %s", strerror(errno));
		return -1;
	}
	version = ioctl(vmm->kvm_fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION) {
		vmm_err(KVM_DEVICE ": version %d of the interface, not %d",
			version, KVM_API_VERSION);
		return -1;
	}
	for (cap = kvm_arch_capabilities; cap->name; cap++) {
		if (ioctl(vmm->kvm_fd, KVM_CHECK_EXTENSION, cap->number) > 0)
			continue;
		vmm_err(KVM_DEVICE ": no support for %s", cap->name);
		return -1;
	}
	vmm->vm_fd = ioctl(vmm->kvm_fd, KVM_CREATE_VM,
			   kvm_arch_vm_type(vmm));
	if (vmm->vm_fd < 0) {
		vmm_err(KVM_DEVICE ": no virtual machine: %s",
			strerror(errno));
		return -1;
	}
	slots = ioctl(vmm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS);
	if (slots < 0) {
		vmm_err(KVM_DEVICE ": no number of memory slots: %s",
			strerror(errno));
		return -1;
	}
	vmm->config.nr_slots = slots ? (uint32_t)slots : 32;
	return kvm_arch_open(vmm);
}

/* Give a thread a CPU of the guest's, in its state after reset. */
int kvm_add_cpu(struct vmm *vmm, struct vmm_cpu *cpu)
{
	int size;

	cpu->fd = ioctl(vmm->vm_fd, KVM_CREATE_VCPU, cpu->index);
	if (cpu->fd < 0) {
		vmm_err(KVM_DEVICE ": no CPU: %s", strerror(errno));
		return -1;
	}
	size = ioctl(vmm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(*cpu->run)) {
		vmm_err(KVM_DEVICE ": no window into the CPU");
		return -1;
	}
	cpu->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED,
			cpu->fd, 0);
	if (cpu->run == MAP_FAILED) {
		cpu->run = NULL;
		vmm_err(KVM_DEVICE ": no window into the CPU: %s",
			strerror(errno));
		return -1;
	}
	cpu->run_size = (size_t)size;
	return kvm_arch_add_cpu(vmm, cpu);
}

/* An address in the window for I/O ports becomes a port. */
static void to_port(const struct vmm *vmm, struct vmm_exit *exit)
{
	const struct vmr_range *window = &vmm->io_window.range;

	if (vmr_range_state(window) != VMR_LIVE ||
	    exit->addr < window->start || exit->addr > window->last)
		return;
	exit->io = VMR_PIO;
	exit->addr -= window->start;
}

bool kvm_is_access(struct vmm_cpu *cpu, struct vmm_exit *exit)
{
	struct kvm_run *run = cpu->run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		exit->io = VMR_PIO;
		exit->write = run->io.direction == KVM_EXIT_IO_OUT;
		exit->addr = run->io.port;
		exit->width = run->io.size;
		exit->count = run->io.count;
		exit->data = (char *)run + run->io.data_offset;
		return true;
	case KVM_EXIT_MMIO:
		exit->io = VMR_MMIO;
		exit->write = run->mmio.is_write;
		exit->addr = run->mmio.phys_addr;
		exit->width = run->mmio.len;
		exit->count = 1;
		exit->data = run->mmio.data;
		to_port(cpu->vmm, exit);
		return true;
	default:
		return false;
	}
}

/* Go on with the virtual machine of another one, in which nothing is left. */
void kvm_move_from(struct vmm *vmm, struct vmm *from)
{
	vmm->kvm_fd = from->kvm_fd;
	vmm->vm_fd = from->vm_fd;
	vmm->cpu.fd = from->cpu.fd;
	vmm->cpu.run = from->cpu.run;
	vmm->cpu.run_size = from->cpu.run_size;
	from->kvm_fd = -1;
	from->vm_fd = -1;
	from->cpu.fd = -1;
	from->cpu.run = NULL;
}

static void close_cpu(struct vmm_cpu *cpu)
{
	if (cpu->run)
		munmap(cpu->run, cpu->run_size);
	if (cpu->fd >= 0)
		close(cpu->fd);
}

void kvm_close(struct vmm *vmm)
{
	unsigned int i;

	close_cpu(&vmm->cpu);
	for (i = 0; vmm->kernel && i < vmm->kernel->nr_cpus; i++)
		close_cpu(&vmm->cpus[i]);
	if (vmm->vm_fd >= 0)
		close(vmm->vm_fd);
	if (vmm->kvm_fd >= 0)
		close(vmm->kvm_fd);
}
