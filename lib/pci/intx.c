// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * intx.c - interrupt pins and lines
 *
 * The owner's level is in PCI_STATUS_INTERRUPT. A function is counted on its line
 * while the level is high and PCI_COMMAND_INTX_DISABLE is off. The level is low in a
 * function that is not plugged.
 */
#include "pci.h"

static uint32_t interrupt_pin(const struct vmr_pci_function *fn)
{
	return fn->config[PCI_INTERRUPT_PIN];
}

/* Behind a link all functions are those of device 0, also with ARI */
static uint32_t device_of(const struct vmr_pci_function *fn)
{
	return fn->upstream_bridge &&
			       vmr_pci_has_one_device(fn->upstream_bridge) ?
		       0 : vmr_pci_devfn(fn) / VMR_PCI_FUNCTIONS;
}

/*
 * A bridge connects pin p of device d to its own pin (p + d) modulo 4. The loop ends
 * at the root, which the function was plugged below.
 */
static uint32_t line_of(const struct vmr_pci_function *fn)
{
	struct vmr_pci_host *host = fn->host;
	uint32_t pin = interrupt_pin(fn) - 1;

	for (; fn->upstream_bridge; fn = &fn->upstream_bridge->fn)
		pin = (pin + device_of(fn)) & 3;
	if (host->intx->map)
		return host->intx->map(host, device_of(fn), pin);
	return (device_of(fn) + pin) % host->intx->nr_lines;
}

static bool has_lines(const struct vmr_pci_function *fn)
{
	return fn->host && fn->host->intx && fn->host->intx->nr_lines &&
	       interrupt_pin(fn);
}

static void count_line(struct vmr_pci_host *host, uint32_t index, bool high)
{
	struct vmr_pci_intx *intx = host->intx;
	uint32_t *level;

	if (index >= intx->nr_lines)
		return;
	level = &intx->lines[index].level;
	*level = high ? *level + 1 : *level - 1;
	/* It rose to the first, or fell from it */
	if (*level == high && intx->set_line)
		intx->set_line(host, index, high);
}

static void set_line(struct vmr_pci_function *fn, bool high)
{
	if (fn->intx_line == high)
		return;
	fn->intx_line = high;
	count_line(fn->host, line_of(fn), high);
}

void vmr_pci_intx_update(struct vmr_pci_function *fn)
{
	uint16_t status = get_le16(&fn->config[PCI_STATUS]);
	bool disabled = vmr_pci_command(fn->config) & PCI_COMMAND_INTX_DISABLE;

	status &= ~PCI_STATUS_INTERRUPT;
	put_le16(&fn->config[PCI_STATUS],
		 status | (fn->intx_level ? PCI_STATUS_INTERRUPT : 0));
	if (has_lines(fn))
		set_line(fn, fn->intx_level && !disabled);
}

int vmr_pci_intx_set(struct vmr_pci_function *fn, bool high)
{
	if (!fn || !interrupt_pin(fn))
		return -EINVAL;
	if (!fn->manager)
		return -ENOENT;
	fn->intx_level = high;
	vmr_pci_intx_update(fn);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_intx_set);

int vmr_pci_intx_get_line(const struct vmr_pci_function *fn, uint32_t *index)
{
	uint32_t line;

	if (!fn || !index || !interrupt_pin(fn))
		return -EINVAL;
	if (!fn->manager || !has_lines(fn))
		return -ENOENT;
	line = line_of(fn);
	if (line >= fn->host->intx->nr_lines)
		return -ENOENT;
	*index = line;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_intx_get_line);

/*
 * The lines are counted anew with the levels of before at hand: a line whose level
 * does not change in the end is not reported.
 */
int vmr_pci_intx_rerouted(struct vmr_pci_host *host)
{
	struct vmr_pci_function *fn = NULL;
	struct vmr_pci_intx *intx;
	uint32_t i, line;
	bool was_high;

	if (!host || !host->intx || !host->intx->nr_lines)
		return -EINVAL;
	intx = host->intx;
	/* The upper bit keeps the level of before while the rest is counted */
	for (i = 0; i < intx->nr_lines; i++)
		intx->lines[i].level = intx->lines[i].level ? 1u << 31 : 0;
	while ((fn = vmr_pci_next_function(host, NULL, fn))) {
		line = fn->intx_line ? line_of(fn) : intx->nr_lines;
		if (line < intx->nr_lines)
			intx->lines[line].level++;
	}
	for (i = 0; i < intx->nr_lines; i++) {
		was_high = intx->lines[i].level >> 31;
		intx->lines[i].level &= ~(1u << 31);
		if (was_high != !!intx->lines[i].level && intx->set_line)
			intx->set_line(host, i, !was_high);
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_intx_rerouted);
