// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * KVM's memory slots and ioeventfds follow a card that the guest moves
 *
 * The calls to KVM are printed instead of made, so that the example runs without
 * /dev/kvm. A VMM uses vmr_kvm_ioctl_ops and its descriptor.
 */
#include <stdio.h>
#include <vmalloc/kvm.h>
#include <vmalloc/vmalloc.h>

#define PAGE	0x1000
#define SIZE	0x10000

static int print_slot(struct vmr_kvm *kvm,
		      const struct kvm_userspace_memory_region *slot)
{
	(void)kvm;
	if (slot->memory_size)
		printf("  slot %u: 0x%llx bytes at 0x%llx\n", slot->slot,
		       slot->memory_size, slot->guest_phys_addr);
	else
		printf("  slot %u: nowhere\n", slot->slot);
	return 0;
}

static int print_ioeventfd(struct vmr_kvm *kvm,
			   const struct kvm_ioeventfd *ioeventfd)
{
	(void)kvm;
	printf("  doorbell at 0x%llx: %s\n", ioeventfd->addr,
	       ioeventfd->flags & KVM_IOEVENTFD_FLAG_DEASSIGN ? "off" : "on");
	return 0;
}

static const struct vmr_kvm_ops print_ops = {
	.set_memory	= print_slot,
	.ioeventfd	= print_ioeventfd,
};

static struct vmr_system sys;
static struct vmr_manager manager;
static const struct vmr_device_ops card_ops;
static struct vmr_device card = { .ops = &card_ops, .name = "card" };
static struct vmr_region bar, registers;
static unsigned char memory[SIZE] __attribute__((__aligned__(PAGE)));
static struct vmr_kvm_slot slots[2];

/* Memory with a page of registers in it */
static void make_card(void)
{
	vmr_region_init(&bar, VMR_MMIO, VMR_REGION_MEMORY, SIZE, 0, "BAR 0");
	vmr_region_init(&registers, VMR_MMIO, VMR_REGION_TRAPPED, PAGE, 0,
			"registers");
	registers.offset = 4 * PAGE;
	vmr_region_add_subregion(&bar, &registers);
	vmr_device_add_region(&card, &bar);
	vmr_device_register(&manager, &card, NULL, NULL);
}

int main(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 23, .slot_last = 31,
		.pci_last = 0xff, .id_last = 99,
	};
	static struct vmr_kvm kvm = {
		.ops = &print_ops, .manager = &manager, .vm_fd = -1,
		.page_size = PAGE,
	};
	static struct vmr_kvm_memory behind = {
		.region = &bar, .host = memory, .slots = slots, .max_slots = 2,
	};
	static struct vmr_kvm_ioeventfd doorbell = {
		.region = &bar, .offset = 4 * PAGE + 0x10, .width = 4, .fd = 3,
	};

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	make_card();
	if (vmr_kvm_init(&kvm) || vmr_kvm_add_memory(&kvm, &behind) ||
	    vmr_kvm_add_ioeventfd(&kvm, &doorbell))
		return 1;
	printf("the guest programs the BAR:\n");
	vmr_region_program(&manager, &bar, 0xe0000000);
	printf("it moves the BAR:\n");
	vmr_region_program(&manager, &bar, 0xe0100000);
	printf("it switches decoding off:\n");
	vmr_region_unmap(&manager, &bar);
	return kvm.error ? 1 : 0;
}
