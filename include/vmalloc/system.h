/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * system.h - every space and id pool of one virtual machine
 *
 * One struct holds the address domains and the id domains of a machine. The two
 * address domains share one change counter, so that a lookup in either sees a
 * change that touches both as one step.
 *
 * Locking: as in range.h; all of this is the writer's side.
 */
#ifndef VMALLOC_SYSTEM_H
#define VMALLOC_SYSTEM_H

#include <vmalloc/resource.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct vmr_system - the domains of one virtual machine
 * @seq: what lookups in @pio and @mmio validate against; private
 * @pio: I/O ports, 0 to 0xffff
 * @mmio: guest physical addresses, devices and memory alike
 * @irqs: interrupt lines and GSIs, message-signalled ones included
 * @slots: KVM memory slots
 * @pci: PCI addresses, bus << 8 | device << 3 | function
 * @ids: device instance ids
 *
 * Must not be copied or moved in memory once initialised.
 */
struct vmr_system {
	struct vmr_seq		seq;
	struct vmr_space	pio;
	struct vmr_space	mmio;
	struct vmr_ids		irqs;
	struct vmr_ids		slots;
	struct vmr_ids		pci;
	struct vmr_ids		ids;
};

/**
 * struct vmr_limits - how large the domains of a machine are
 * @mmio_last: last guest physical address
 * @irq_last: last interrupt number
 * @slot_last: last KVM memory slot
 * @pci_last: last PCI address; 0xff for one bus
 * @id_last: last device instance id
 */
struct vmr_limits {
	uint64_t	mmio_last;
	uint32_t	irq_last;
	uint32_t	slot_last;
	uint32_t	pci_last;
	uint32_t	id_last;
};

/**
 * vmr_system_init - make the domains of a machine, all of them free
 * @sys: the system
 * @limits: their sizes
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_system_init(struct vmr_system *sys, const struct vmr_limits *limits);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_SYSTEM_H */
