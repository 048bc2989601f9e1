// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A resizable BAR: the guest asks for more of a card's memory
 *
 * A graphics card has 4 MiB in a BAR, and supports 16 and 64 MiB too. The program has
 * memory for 16 MiB and refuses more.
 */
#include <inttypes.h>
#include <stdio.h>
#include <vmalloc/vmalloc.h>

#define MIB		((uint64_t)1 << 20)
#define MEMORY		(16 * MIB)

static struct vmr_system sys;
static struct vmr_manager manager;

/* [card] */
struct card {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	registers;
	struct vmr_pci_express			express;
	struct vmr_pci_rebar			rebar;
};

/* The guest asks; an error refuses the size, and the guest reads the old one */
static int resize(struct vmr_pci_function *fn, unsigned int index, uint64_t size)
{
	(void)fn;
	printf("  BAR %u: %" PRIu64 " MiB? %s\n", index, size / MIB,
	       size > MEMORY ? "no" : "yes");
	return size > MEMORY ? -1 : 0;
}

static int plug(struct card *card)
{
	static const struct vmr_device_ops ops;
	static const struct vmr_pci_ids ids = {
		.vendor = 0x1234, .device = 0x1111, .class_code = 0x030000,
	};
	const struct vmr_pci_rebar_desc sizes = {
		.index = 0, .sizes = 4 * MIB + 16 * MIB + 64 * MIB,
	};
	int err;

	vmr_pci_function_init_express(&card->fn, &card->registers, &ids, &ops,
				      "card");
	vmr_pci_add_express(&card->fn, &card->express, VMR_PCI_EXPRESS_ENDPOINT);
	vmr_pci_add_bar(&card->fn, 0, VMR_PCI_BAR_MEM32, true, 4 * MIB, "memory");
	card->rebar.resize = resize;
	err = vmr_pci_add_rebar(&card->fn, &card->rebar, &sizes, 1);
	return err ? err : vmr_pci_plug(&manager, &card->fn, VMR_PCI_BDF(0, 4, 0));
}

/* [end of card] */

/* [guest] */
static void config(struct card *card, uint32_t offset, uint32_t value)
{
	const uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24),
	};

	vmr_pci_config_write(&card->fn, offset, bytes, 4);
}

/* Memory decode off, the size as a power of two from 1 MiB, the address, decode on */
static void set_size(struct card *card, uint32_t log, uint32_t address)
{
	const struct vmr_region *bar = &card->fn.bars[0].region;
	uint64_t start;

	printf("the guest asks for %u MiB:\n", 1u << log);
	config(card, 0x04, 0);
	config(card, card->rebar.reg_block.offset + 8, log << 8);
	config(card, 0x10, address);
	config(card, 0x04, 2);
	if (vmr_pci_bar_addr(&card->fn, 0, &start))
		printf("  the BAR has %" PRIu64 " MiB at %#" PRIx64 "\n",
		       bar->size / MIB, start);
}

/* [end of guest] */

int main(void)
{
	static const struct vmr_system_limits limits = {
		.mmio_last = UINT64_C(0xffffffffff),
		.irq_last = 63, .slot_last = 31, .pci_last = 0xffff,
		.id_last = 255,
	};
	static struct card card;
	int err;

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	err = plug(&card);
	if (err) {
		printf("plug: %s\n", vmr_strerror(err));
		return 1;
	}
	set_size(&card, 4, 0xe0000000);
	set_size(&card, 6, 0xe0000000);
	set_size(&card, 3, 0xe0000000);
	printf("a reset:\n");
	vmr_pci_function_reset(&card.fn, VMR_PCI_RESET_FUNCTION);
	printf("  the BAR has %" PRIu64 " MiB\n",
	       card.fn.bars[0].region.size / MIB);
	return 0;
}
