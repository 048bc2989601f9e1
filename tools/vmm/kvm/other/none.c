// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * none.c - an architecture without a machine: only traces are replayed
 */
#include "../arch.h"

const struct kvm_capability kvm_arch_capabilities[] = { { 0, NULL } };

const char *kvm_arch_refuses(const struct vmm *vmm)
{
	return vmm->kernel ? "there is no machine of this architecture" :
			     "the firmware is for a PC, and this host is none";
}

unsigned long kvm_arch_vm_type(struct vmm *vmm)
{
	(void)vmm;
	return 0;
}

int kvm_arch_open(struct vmm *vmm)
{
	(void)vmm;
	return -1;
}

int kvm_arch_add_cpu(struct vmm *vmm, struct vmm_cpu *cpu)
{
	(void)vmm;
	(void)cpu;
	return -1;
}

void kvm_irq(struct vmm *vmm, uint32_t gsi, bool level)
{
	(void)vmm;
	(void)gsi;
	(void)level;
}

int kvm_init_chips(struct vmm *vmm)
{
	(void)vmm;
	return -1;
}

size_t kvm_state_size(const struct vmm *vmm)
{
	(void)vmm;
	return 0;
}

int kvm_get_state(struct vmm *vmm, void *bytes)
{
	(void)vmm;
	(void)bytes;
	return -1;
}

int kvm_set_state(struct vmm *vmm, const void *bytes, bool with_clock)
{
	(void)vmm;
	(void)bytes;
	(void)with_clock;
	return -1;
}

int kvm_start_kernel(struct vmm_cpu *cpu, const struct kernel_start *start)
{
	(void)cpu;
	(void)start;
	return -1;
}

int kvm_start_at(struct vmm_cpu *cpu, uint32_t address)
{
	(void)cpu;
	(void)address;
	return -1;
}

const struct board board;
device_register *const board_devices[] = { NULL };

int board_layout(struct vmm *vmm)
{
	(void)vmm;
	return -EOPNOTSUPP;
}

void *tables_make(struct vmm *vmm, struct kernel_start *start, size_t *size)
{
	(void)vmm;
	(void)start;
	(void)size;
	return NULL;
}

const char *kernel_fault(const struct kernel *kernel)
{
	(void)kernel;
	return NULL;
}

int kernel_load(struct vmm *vmm, struct kernel_start *start)
{
	(void)vmm;
	(void)start;
	return -1;
}

int firmware_begin(struct vmm *vmm)
{
	(void)vmm;
	return -1;
}

bool firmware_restored(struct vmm *vmm)
{
	(void)vmm;
	return false;
}

uint32_t e820_type(const struct vmr_e820 *e820,
		   const struct vmr_region *region, uint32_t type)
{
	(void)e820;
	(void)region;
	return type;
}
