// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * learn.c - learning what QEMU's functions are
 *
 * Identification, capabilities, types and sizes of BARs, and the masks of those
 * capabilities that the library has no code for. Nothing else is learned: the
 * library's own code makes the rest of the registers.
 */
#include <stdio.h>
#include <string.h>

#include "capability.h"
#include "map.h"

static uint64_t ecam(const struct node *node, unsigned int offset)
{
	return ECAM_BASE + ((uint64_t)node->bdf << 12) + offset;
}

static uint32_t get(const struct node *node, unsigned int offset,
		    unsigned int width)
{
	return qemu_read(&machine.q, ecam(node, offset), width);
}

static void put(const struct node *node, unsigned int offset, uint32_t value,
		unsigned int width)
{
	qemu_write(&machine.q, ecam(node, offset), value, width);
}

/* Give the functions on the bus behind @parent their numbers; the last bus used */
static unsigned int number(struct node *parent, unsigned int bus)
{
	unsigned int i, last = bus;
	struct node *node;

	for (i = 0; i < machine.nr_nodes; i++) {
		node = &machine.nodes[i];
		if (node->parent != parent)
			continue;
		node->bdf = bus << 8 | node->devfn;
		node->is_bridge = (get(node, PCI_HEADER_TYPE, 1) & 0x7f) == 1;
		if (node->bus) {
			number(node, node->bus);
		} else if (node->is_bridge) {
			node->learn_secondary = last + 1;
			put(node, PCI_PRIMARY_BUS,
			    bus | (last + 1) << 8 | 0xff << 16, 4);
			last = number(node, last + 1);
			put(node, PCI_SUBORDINATE_BUS, last, 1);
		}
	}
	return last;
}

static void read_config(struct node *node)
{
	qemu_put_read(&machine.q, ecam(node, 0), sizeof(node->config));
	qemu_get_read(&machine.q, node->config, sizeof(node->config));
	if (get32(node->config) == 0xffffffff && !node->pf)
		die("QEMU has no %s", node->id);
	node->express = capability_find(node->config, PCI_CAP_ID_EXP);
}

/* The bits that a guest can write, and nothing remains changed */
static uint32_t writable(const struct node *node, unsigned int offset)
{
	uint32_t old = get(node, offset, 4), ones, zeros;

	put(node, offset, 0xffffffff, 4);
	ones = get(node, offset, 4);
	put(node, offset, 0, 4);
	zeros = get(node, offset, 4);
	put(node, offset, old, 4);
	return ones & ~zeros;
}

/* A register has the bits of the size of one virtual function, or of all of them */
static void learn_vf_bars(struct node *pf, uint32_t at, unsigned int nr)
{
	unsigned int i;

	(void)nr;
	for (i = 0; i < VMR_PCI_SRIOV_NR_BARS; i++) {
		struct learned_bar *bar = &pf->vf_bars[i];
		uint32_t offset = at + PCI_SRIOV_BAR + 4 * i;
		uint32_t value = get(pf, offset, 4);
		uint64_t size = writable(pf, offset) & ~0xfull;

		if (!size)
			continue;
		bar->type = value & PCI_BASE_ADDRESS_MEM_TYPE_64 ?
				    VMR_PCI_BAR_MEM64 : VMR_PCI_BAR_MEM32;
		bar->prefetchable = value & PCI_BASE_ADDRESS_MEM_PREFETCH;
		bar->size = size & -size;
		/* The next register is the upper half */
		i += bar->type == VMR_PCI_BAR_MEM64;
	}
}

/* All virtual functions appear */
static void enable_vfs(struct node *pf)
{
	uint32_t at = capability_find_extended(pf, PCI_EXT_CAP_ID_SRIOV);
	unsigned int i, nr = 0;

	for (i = 0; i < machine.nr_nodes; i++)
		nr += machine.nodes[i].pf == pf;
	if (!nr)
		return;
	if (!at)
		die("%s has no virtual functions", pf->id);
	learn_vf_bars(pf, at, nr);
	put(pf, at + PCI_SRIOV_NUM_VF, nr, 2);
	put(pf, at + PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE, 2);
}

static void learn_bar(struct node *node, unsigned int index)
{
	struct learned_bar *bar = &node->bars[index];
	unsigned int offset = capability_bar_register(node, index);
	uint32_t value = get(node, offset, 4), mask = writable(node, offset);
	uint64_t size = mask & ~0xfull;

	if (!mask)
		return;
	if (index == VMR_PCI_ROM) {
		bar->type = VMR_PCI_BAR_ROM;
		size = mask & 0xfffff800;
	} else if (value & PCI_BASE_ADDRESS_SPACE_IO) {
		bar->type = VMR_PCI_BAR_IO;
		size = mask & 0xfffffffc;
	} else if (value & PCI_BASE_ADDRESS_MEM_TYPE_64) {
		bar->type = VMR_PCI_BAR_MEM64;
		size |= (uint64_t)writable(node, offset + 4) << 32;
	} else {
		bar->type = VMR_PCI_BAR_MEM32;
	}
	bar->prefetchable = index != VMR_PCI_ROM &&
			    bar->type != VMR_PCI_BAR_IO &&
			    value & PCI_BASE_ADDRESS_MEM_PREFETCH;
	bar->size = size & -size;
}

struct learning {
	int		node, bar;
	uint64_t	start;
};

static void add_key(const char *text, int node, int bar)
{
	struct key *key;
	unsigned int i;

	for (i = 0; i < machine.nr_keys; i++) {
		key = &machine.keys[i];
		if (strcmp(key->text, text))
			continue;
		if (key->node != node || key->bar != bar)
			die("two BARs have a region %s", text);
		return;
	}
	if (machine.nr_keys == MAX_KEYS)
		die("too many regions");
	key = &machine.keys[machine.nr_keys++];
	snprintf(key->text, sizeof(key->text), "%s", text);
	key->node = node;
	key->bar = bar;
}

static void learn_piece(void *data, enum vmr_io io, uint64_t start,
			uint64_t last, const char *key)
{
	const struct learning *now = data;
	struct learned_bar *bar = &machine.nodes[now->node].bars[now->bar];
	struct layout *part = &bar->layout[bar->nr_layout];

	if (io != (bar->type == VMR_PCI_BAR_IO ? VMR_PIO : VMR_MMIO) ||
	    start < now->start || last >= now->start + bar->size ||
	    !strncmp(key, "io ", 3))
		return;
	add_key(key, now->node, now->bar);
	if (bar->nr_layout && part[-1].last + 1 == start - now->start) {
		part[-1].last = last - now->start;
		return;
	}
	if (bar->nr_layout == ARRAY_SIZE(bar->layout))
		die("a BAR has too many regions");
	part->start = start - now->start;
	part->last = last - now->start;
	bar->nr_layout++;
}

/* The bridges above forward the addresses, or nothing */
static void set_path(const struct node *node, bool open)
{
	const struct node *up;

	for (up = node->parent; up; up = up->parent) {
		if (!up->is_bridge)
			continue;
		put(up, PCI_MEMORY_BASE, 0x7ff00000 | LEARN_MEM >> 16, 4);
		put(up, PCI_IO_BASE, 0x80 | 0x80 << 8, 2);
		put(up, PCI_COMMAND, open ? 3 : 0, 2);
	}
}

/* Where a BAR is in the map */
static void learn_layout(struct node *node, unsigned int index)
{
	struct learned_bar *bar = &node->bars[index];
	bool io = bar->type == VMR_PCI_BAR_IO;
	struct learning now = {
		.node = node - machine.nodes, .bar = index,
		.start = io ? LEARN_IO : LEARN_MEM,
	};
	unsigned int offset = capability_bar_register(node, index);

	set_path(node, true);
	put(node, offset, now.start | (index == VMR_PCI_ROM), 4);
	put(node, PCI_COMMAND, 3, 2);
	qemu_monitor_send(&machine.q, MAP_COMMAND);
	map_for_each(qemu_monitor_answer(&machine.q), learn_piece, &now);
	/* A BAR without a region is a hole */
	bar->probed = bar->nr_layout && !bar->layout[0].start && !io &&
		      !capability_is_table(node, index);
	if (bar->probed)
		bar->probe = qemu_read(&machine.q, now.start, 4);
	put(node, PCI_COMMAND, 0, 2);
	put(node, offset, 0, 4);
	set_path(node, false);
}

static void learn_bars(struct node *node)
{
	unsigned int i;

	if (node->builtin || node->pf)
		return;
	for (i = 0; i < NR_BARS; i++) {
		if (node->is_bridge && i > 1 && i != VMR_PCI_ROM)
			continue;
		if (i && i < VMR_PCI_ROM &&
		    node->bars[i - 1].type == VMR_PCI_BAR_MEM64)
			continue;
		learn_bar(node, i);
	}
	for (i = 0; i < NR_BARS; i++)
		if (node->bars[i].type != VMR_PCI_BAR_NONE)
			learn_layout(node, i);
}

/* The bits of capabilities that the library does not know */
static void learn_masks(struct node *node)
{
	struct cap cap = { 0 };
	unsigned int i;

	node->end = VMR_PCI_CONFIG_SIZE;
	while (capability_next(node, &cap)) {
		if (cap.extended && cap.offset + cap.size > node->end)
			node->end = cap.offset + cap.size;
		/* A write to one of a vendor may do anything */
		if (capability_known(node, &cap) ||
		    (!cap.extended && cap.id == PCI_CAP_ID_VNDR))
			continue;
		for (i = 0; i < cap.size; i += 4)
			put32(&node->wmask[cap.offset + i],
			      writable(node, cap.offset + i));
	}
}

static void add_fixed(void *data, enum vmr_io io, uint64_t start, uint64_t last,
		      const char *key)
{
	struct fixed *fixed = &machine.fixed[machine.nr_fixed];

	(void)data;
	/* The library has the accesses to configuration space itself */
	if (!strncmp(key, "io ", 3) || strstr(key, "pcie-mmcfg") ||
	    (io == VMR_PIO && start >= 0xcf8 && last <= 0xcff))
		return;
	if (++machine.nr_fixed > MAX_FIXED)
		die("the board has too many regions");
	fixed->io = io;
	fixed->start = start;
	fixed->last = last;
}

static void reset(void)
{
	qemu_qmp_send(&machine.q, "{\"execute\":\"system_reset\"}");
	qemu_qmp_event(&machine.q, "RESET");
	topology_enable_ecam();
}

void learn(void)
{
	unsigned int i;

	qemu_monitor_send(&machine.q, MAP_COMMAND);
	map_for_each(qemu_monitor_answer(&machine.q), add_fixed, NULL);
	number(NULL, 0);
	for (i = 0; i < machine.nr_nodes; i++) {
		read_config(&machine.nodes[i]);
		enable_vfs(&machine.nodes[i]);
	}
	for (i = 0; i < machine.nr_nodes; i++) {
		learn_bars(&machine.nodes[i]);
		learn_masks(&machine.nodes[i]);
	}
	reset();
}
