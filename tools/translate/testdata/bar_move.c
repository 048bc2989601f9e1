// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * KVM's memory slots and ioeventfds follow the BARs that a guest moves
 *
 * A display has a frame buffer that is memory, with a doorbell register in it. What
 * would be ioctls is printed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <vmalloc/vmalloc.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define FRAME_BUFFER	0x100000	/* bytes */
#define DOORBELL	0xff000		/* offset of the trapped page in it */

static struct vmr_system sys;
static struct vmr_manager manager;

/* [display] */
struct display {
	struct vmr_pci_function	fn;
	struct vmr_region	doorbell;
	struct vmr_range	slot;
};

static const struct vmr_device_ops display_ops = { 0 };

static int make_display(struct display *display, const char *name,
			uint32_t address)
{
	static const struct vmr_pci_ids ids = {
		.vendor = 0x1234, .device = 0x1111, .class_code = 0x030000,
	};
	struct vmr_region *bar = &display->fn.bars[0].region;

	vmr_pci_function_init(&display->fn, &ids, &display_ops, name);
	vmr_pci_add_bar(&display->fn, 0, VMR_BAR_MEM32, true, FRAME_BUFFER,
			"frame buffer");

	/* Memory, but for one page in it that traps and moves with it */
	bar->type = VMR_REGION_MEMORY;
	vmr_region_init(&display->doorbell, VMR_MMIO, VMR_REGION_TRAPPED,
			0x1000, 0, "doorbell");
	display->doorbell.offset = DOORBELL;
	vmr_add_part(bar, &display->doorbell);

	vmr_id_alloc(&sys.slots, &display->slot);
	return vmr_pci_plug(&manager, &display->fn, address);
}

/* [end of display] */

/* [listener] */
static struct display *display_of(struct vmr_region *region)
{
	/* The one kind of memory here; yours may look at region->device */
	if (region->type != VMR_REGION_MEMORY)
		return NULL;
	return container_of(region, struct display, fn.bars[0].region);
}

/* KVM takes no two slots at one place: all that go, go first */
static void leaving(struct vmr_listener *listener, struct vmr_region *region,
		    const struct vmr_place *old)
{
	struct display *display = display_of(region);

	(void)listener;
	if (!display)
		return;
	printf("  slot %u: away from %#" PRIx64 "\n", vmr_id(&display->slot),
	       old->start);
	printf("  ioeventfd: away from %#" PRIx64 "\n", old->start + DOORBELL);
}

static void moved(struct vmr_listener *listener, struct vmr_region *region,
		  const struct vmr_place *old, const struct vmr_place *new_)
{
	struct display *display = display_of(region);

	(void)listener;
	(void)old;
	if (!display || !new_->visible)
		return;
	printf("  slot %u: to %#" PRIx64 "\n", vmr_id(&display->slot),
	       new_->start);
	printf("  ioeventfd: to %#" PRIx64 "\n", new_->start + DOORBELL);
}

static struct vmr_listener listener = { .moved = moved, .leaving = leaving };

/* [end of listener] */

/* [guest] */
#define COMMAND		0x04
#define BAR0		0x10

/* What the guest's writes to configuration space come to */
static void guest_writes(struct display *display, uint32_t offset,
			 uint32_t value)
{
	uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24),
	};

	vmr_pci_config_write(&display->fn, offset, bytes,
			     offset == COMMAND ? 2 : 4);
}

int main(void)
{
	const struct vmr_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 23, .slot_last = 31,
		.pci_last = 0xff, .id_last = 99,
	};
	static struct display one, two;

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	vmr_listen(&manager, &listener);
	if (make_display(&one, "one", VMR_PCI_ADDR(0, 2, 0)) ||
	    make_display(&two, "two", VMR_PCI_ADDR(0, 3, 0)))
		return 1;

	puts("firmware places both and switches decoding on:");
	guest_writes(&one, BAR0, 0xe0000000);
	guest_writes(&two, BAR0, 0xe0100000);
	guest_writes(&one, COMMAND, 2);
	guest_writes(&two, COMMAND, 2);

	puts("the guest sizes one of them, with decoding on:");
	guest_writes(&one, BAR0, 0xffffffff);
	guest_writes(&one, BAR0, 0xe0000000);

	puts("it moves one onto two, which stays, then two elsewhere:");
	guest_writes(&one, BAR0, 0xe0100000);
	puts("  (one waits)");
	guest_writes(&two, BAR0, 0xe0200000);

	puts("it swaps them:");
	guest_writes(&one, BAR0, 0xe0200000);
	puts("  (one waits)");
	guest_writes(&two, BAR0, 0xe0100000);
	return 0;
}

/* [end of guest] */
