// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * compare.c - comparing the registers of both sides
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "capability.h"
#include "compare.h"
#include "compare_map.h"
#include "differences.h"

#define MAX_READS	512

uint64_t registers_read;

/* The bits that may differ, by node */
static uint8_t always[MAX_NODES][VMR_PCI_EXPRESS_CONFIG_SIZE];
static uint8_t unwritten[MAX_NODES][VMR_PCI_EXPRESS_CONFIG_SIZE];

/* Reads that QEMU was asked for */
static struct read {
	enum {
		READ_CONFIG,	/* of a function */
		READ_ABSENT,	/* of one that does not exist */
		READ_MEMORY,	/* in a BAR */
	}		kind;
	struct node	*node;
	unsigned int	bar;
	uint64_t	addr;
	uint32_t	offset, size;
} reads[MAX_READS];
static unsigned int nr_reads;

static bool maps_compared;
static bool show;
static unsigned int found;

void compare_report(const char *format, ...)
{
	va_list args;

	found++;
	if (!show)
		return;
	va_start(args, format);
	printf("  ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

void compare_init(void)
{
	unsigned int i;

	for (i = 0; i < machine.nr_nodes; i++)
		differences_of(&machine.nodes[i], always[i], unwritten[i]);
	compare_map_init();
}

static struct read *ask(uint64_t addr, uint32_t size)
{
	struct read *read = &reads[nr_reads++];

	if (nr_reads > MAX_READS)
		die("too many reads");
	memset(read, 0, sizeof(*read));
	read->addr = addr;
	read->size = size;
	qemu_put_read(&machine.q, addr, size);
	return read;
}

static uint64_t ecam(uint32_t address)
{
	return ECAM_BASE + ((uint64_t)address << 12);
}

static void ask_function(struct node *node, bool all)
{
	uint32_t address = vmr_pci_function_address(node->fn), size;
	struct read *read;

	if (vmr_pci_find_function(&machine.manager, address) != node->fn ||
	    !compare_bus_is_clear(address >> 8))
		return;
	size = all ? VMR_PCI_EXPRESS_CONFIG_SIZE :
		     node->express ? (node->end + 15) & ~15u :
				     VMR_PCI_CONFIG_SIZE;
	read = ask(ecam(address), size);
	read->kind = READ_CONFIG;
	read->node = node;
}

/* The table, the pending bits, and a register of a BAR that is mapped */
static void ask_bars(struct node *node, unsigned int turn)
{
	unsigned int i;

	for (i = 0; i < NR_BARS; i++) {
		struct vmr_mapping mapping =
			vmr_region_mapping(&node->fn->bars[i].region);
		const struct vmr_pci_msix *msix = &node->msix;
		struct read *read;

		if (!mapping.mapped ||
		    node->fn->bars[i].region.io != VMR_MMIO)
			continue;
		if (node->bars[i].probed && !((turn + i) & 3)) {
			read = ask(mapping.start, 4);
			read->kind = READ_MEMORY;
			read->node = node;
			read->bar = i;
		}
		if (!msix->nr || msix->layout.table_bar != i)
			continue;
		read = ask(mapping.start + msix->layout.table_offset,
			   16 * msix->nr);
		read->kind = READ_MEMORY;
		read->node = node;
		read->bar = i;
	}
}

/* The speed and the width of a link that is down, and the link without power */
static uint8_t link_mask(const struct node *node, uint32_t offset)
{
	uint32_t cap = capability_find(node->config, PCI_CAP_ID_EXP);
	uint32_t at = cap + PCI_EXP_LNKSTA;
	const uint8_t *config = node->fn->config;
	uint8_t mask = 0;

	if (!node->is_bridge || !node->express ||
	    (offset != at && offset != at + 1) ||
	    config[at + 1] & (PCI_EXP_LNKSTA_DLLLA >> 8))
		return 0;
	if (difference_accepted("link-down"))
		mask |= offset == at ? 0xff : 0x03;
	if (offset != at && difference_accepted("link-power") &&
	    get16(&config[cap + PCI_EXP_SLTCTL]) & PCI_EXP_SLTCTL_PCC)
		mask |= PCI_EXP_LNKSTA_DLLLA >> 8;
	return mask;
}

static void compare_bytes(const struct read *read, const uint8_t *theirs)
{
	const struct node *node = read->node;
	unsigned int index = node - machine.nodes, i, j;
	uint8_t ours[4], mask;

	for (i = 0; i < read->size; i += 4) {
		uint32_t value = model_read(VMR_MMIO, read->addr + i, 4);
		bool differs = false;

		put32(ours, value);
		if (get32(theirs + i) == value)
			continue;
		for (j = 0; j < 4; j++) {
			mask = always[index][i + j] |
			       (unwritten[index][i + j] &
				~node->written[i + j]) |
			       link_mask(node, i + j);
			differs = differs || (ours[j] ^ theirs[i + j]) & ~mask;
		}
		if (differs)
			compare_report("%s register 0x%03x: QEMU %08x, library %08x",
				       node->id, i, get32(theirs + i), value);
	}
}

static void compare_memory(const struct read *read, const uint8_t *theirs)
{
	unsigned int i;

	for (i = 0; i < read->size; i += 4) {
		uint32_t ours = model_read(VMR_MMIO, read->addr + i, 4);

		if (get32(theirs + i) == ours ||
		    !compare_agrees(VMR_MMIO, read->addr + i, read->node,
				    read->bar))
			continue;
		compare_report("%s BAR %u, memory at 0x%llx: QEMU %08x, library %08x",
			       read->node->id, read->bar,
			       (unsigned long long)read->addr + i,
			       get32(theirs + i), ours);
	}
}

static void compare_read(const struct read *read, const uint8_t *bytes)
{
	registers_read += read->size / 4;
	switch (read->kind) {
	case READ_CONFIG:
		compare_bytes(read, bytes);
		break;
	case READ_ABSENT:
		if (get32(bytes) != 0xffffffff ||
		    model_read(VMR_MMIO, read->addr, 4) != 0xffffffff)
			compare_report("no function at 0x%llx: QEMU %08x, library %08x",
				       (unsigned long long)read->addr,
				       get32(bytes),
				       (uint32_t)model_read(VMR_MMIO,
							    read->addr, 4));
		break;
	case READ_MEMORY:
		compare_memory(read, bytes);
	}
}

/* Get what was asked for, and compare */
static void finish_reads(void)
{
	static uint8_t bytes[MAX_READS][VMR_PCI_EXPRESS_CONFIG_SIZE];
	unsigned int i;

	qemu_flush(&machine.q);
	for (i = 0; i < nr_reads; i++)
		qemu_get_read(&machine.q, bytes[i], reads[i].size);
	if (!maps_compared)
		compare_maps(qemu_monitor_answer(&machine.q));
	maps_compared = true;
	for (i = 0; i < nr_reads; i++)
		compare_read(&reads[i], bytes[i]);
	nr_reads = 0;
}

/* A function that the library finds by a number that it does not have is nowhere */
static void ask_stale(void)
{
	uint8_t seen[32] = { 0 };
	unsigned int i, bus;

	for (i = 0; i < machine.nr_nodes; i++) {
		unsigned int devfn = machine.nodes[i].devfn;

		if (seen[devfn >> 3] & 1 << (devfn & 7))
			continue;
		seen[devfn >> 3] |= 1 << (devfn & 7);
		for (bus = 1; bus < 256; bus++) {
			uint32_t address = bus << 8 | devfn;
			const struct vmr_pci_function *fn =
				vmr_pci_find_function(&machine.manager, address);

			if (fn && compare_bus_is_clear(bus) &&
			    vmr_pci_function_address(fn) != address)
				ask(ecam(address), 4)->kind = READ_ABSENT;
		}
	}
}

/* Functions that are nowhere: some of them, or all if @turn is 0 */
static void ask_absent(unsigned int turn)
{
	unsigned int i, nr = turn ? 6 : 256 * machine.nr_nodes;

	for (i = 0; i < nr; i++) {
		uint32_t random = turn ? (turn * 8 + i) * 2654435761u : i << 1;
		uint32_t bus = random & 1 ? random >> 4 & 7 : random >> 1 & 0xff;
		uint32_t address;

		address = bus << 8 |
			  machine.nodes[(random >> 9) % machine.nr_nodes].devfn;
		if (!compare_bus_is_clear(bus) ||
		    vmr_pci_find_function(&machine.manager, address))
			continue;
		ask(ecam(address), 4)->kind = READ_ABSENT;
		if (nr_reads == MAX_READS / 2)
			finish_reads();
	}
}

unsigned int compare_all(unsigned int turn, bool verbose)
{
	unsigned int i;

	show = verbose;
	found = 0;
	nr_reads = 0;
	maps_compared = false;
	compare_numbers();
	qemu_monitor_send(&machine.q, MAP_COMMAND);
	for (i = 0; i < machine.nr_nodes; i++) {
		if (!node_present(&machine.nodes[i]))
			continue;
		ask_function(&machine.nodes[i], !(turn & 63));
		ask_bars(&machine.nodes[i], turn);
	}
	ask_absent(turn);
	ask_stale();
	finish_reads();
	return found;
}
