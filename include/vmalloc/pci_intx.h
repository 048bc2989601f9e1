/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_intx.h - the interrupt pins of functions
 */
#ifndef VMALLOC_PCI_INTX_H
#define VMALLOC_PCI_INTX_H

#include <vmalloc/pci_function.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A function asserts its interrupt pin. Each bridge on the way to the root rotates the
 * pin by the device number of what is behind it (PCI-to-PCI Bridge Architecture
 * Specification 1.2, section 9.1). The host bridge connects the pins of each device to
 * interrupt lines. Functions share lines: a line is high
 * while at least one of them asserts it. The library counts them.
 *
 * PCI_STATUS_INTERRUPT shows the level that the owner set. PCI_COMMAND_INTX_DISABLE
 * keeps it from the line.
 *
 * A change costs one step for each bridge on the way to the root.
 */

/**
 * struct vmr_pci_intx_line - an interrupt line of a host bridge
 * @level: how many functions assert the line
 */
struct vmr_pci_intx_line {
	uint32_t	level;
};

/**
 * struct vmr_pci_intx - the interrupt lines of a host bridge, memory of the owner
 * @lines: the lines
 * @nr_lines: their number
 * @map: the index of the line that pin @pin (0 for INTA# to 3) of device @device on
 *	the root bus leads to; an index that is not below @nr_lines leads nowhere.
 *	NULL: line (@device + @pin) % @nr_lines
 * @set_line: line @index has become high or low
 *
 * Both callbacks run on the update side. They must not plug or unplug functions.
 */
struct vmr_pci_intx {
	struct vmr_pci_intx_line	*lines;
	uint32_t			nr_lines;
	uint32_t (*map)(struct vmr_pci_host *host, uint32_t device,
			uint32_t pin);
	void (*set_line)(struct vmr_pci_host *host, uint32_t index, bool high);
};

/**
 * vmr_pci_intx_set - assert or deassert the interrupt pin of a function
 * @fn: a plugged function with an interrupt pin
 * @high: whether the function requests service
 *
 * Return: 0, or
 *  - -EINVAL: @fn is NULL or has no interrupt pin;
 *  - -ENOENT: @fn is not plugged.
 */
int vmr_pci_intx_set(struct vmr_pci_function *fn, bool high);

/**
 * vmr_pci_intx_get_line - the line that the interrupt pin of a function leads to
 * @fn: a plugged function
 * @index: receives the index
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL or @fn has no interrupt pin;
 *  - -ENOENT: @fn is not plugged, its host bridge has no lines, or the pin leads
 *    nowhere.
 */
int vmr_pci_intx_get_line(const struct vmr_pci_function *fn, uint32_t *index);

/**
 * vmr_pci_intx_rerouted - report that the pins lead to other lines
 * @host: the host bridge whose @map answers differently
 *
 * The levels of all lines are counted again. Visits all functions below @host.
 *
 * Return: 0, or -EINVAL if @host is NULL or has no lines.
 */
int vmr_pci_intx_rerouted(struct vmr_pci_host *host);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_INTX_H */
