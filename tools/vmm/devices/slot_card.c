// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * slot_card.c - a card for each slot of a machine that boots a kernel
 *
 * It has registers, which read one byte everywhere, and memory, which the guest reaches
 * without an exit.
 */
#include <string.h>

#include "../vmm.h"

#define REGISTERS	0
#define MEMORY		2
#define REGISTERS_SIZE	(16 * KIB)
#define MEMORY_SIZE	(4 * MIB)

static void card_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	(void)dev;
	memset(data, Q35_CARD_BYTE, (size_t)access->width * access->count);
}

static int card_init(struct vmm *vmm, struct slot_card *card)
{
	static const struct vmr_pci_ids ids = {
		.vendor		= IRQDEV_VENDOR,
		.device		= SLOT_CARD_DEVICE,
		.class_code	= 0xff0000,
	};
	static const struct vmr_device_ops ops = { .read = card_read };
	struct vmr_pci_function *fn = &card->fn;
	int err;

	err = vmr_pci_function_init_express(fn, &card->space, &ids, &ops,
					    "card in a slot");
	if (!err)
		err = vmr_pci_add_express(fn, &card->express,
					  VMR_PCI_EXPRESS_ENDPOINT);
	if (!err)
		err = vmr_pci_add_bar(fn, REGISTERS, VMR_PCI_BAR_MEM32, false,
				      REGISTERS_SIZE, "registers");
	if (!err)
		err = vmr_pci_add_bar(fn, MEMORY, VMR_PCI_BAR_MEM64, true,
				      MEMORY_SIZE, "memory");
	if (err)
		return err;
	fn->bars[MEMORY].region.type = VMR_REGION_MEMORY;
	memory_add(vmm, &card->memory, &fn->bars[MEMORY].region);
	return 0;
}

int slot_cards_init(struct vmm *vmm)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < Q35_NR_PORTS; i++)
		err = card_init(vmm, &vmm->q35.cards[i]);
	if (err)
		vmm_err("card in a slot: %s", vmr_strerror(err));
	return err;
}
