// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * compare_map.c - comparing the maps of both sides
 *
 * The addresses at which one of the maps changes cut both into intervals. In each of
 * them one region of each side answers, or none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "capability.h"
#include "compare_map.h"
#include "differences.h"

#define MAX_CUTS	(2 * MAX_PIECES + 4 * MAX_NODES * NR_BARS)

static struct map maps[2];
static bool unclear[256];

/* The intervals that differ by intent, at the last comparison */
static struct piece tolerated[2][MAX_CUTS];
static unsigned int nr_tolerated[2];

void compare_map_init(void)
{
	memset(maps, 0, sizeof(maps));
	memset(nr_tolerated, 0, sizeof(nr_tolerated));
}

bool compare_bus_is_clear(uint32_t bus)
{
	return !unclear[bus & 0xff];
}

struct numbers {
	unsigned int	first, last, parent, parent_last;
	bool		reached;
};

static struct numbers numbers_of(const struct node *node)
{
	const struct node *up = node->parent;
	struct numbers n = {
		.first = node->fn->config[PCI_SECONDARY_BUS],
		.last = node->fn->config[PCI_SUBORDINATE_BUS],
		.parent_last = 255, .reached = true,
	};
	unsigned int i;

	if (up && up->is_bridge) {
		n.parent = up->fn->config[PCI_SECONDARY_BUS];
		n.parent_last = up->fn->config[PCI_SUBORDINATE_BUS];
		n.reached = n.parent || n.parent_last;
		return n;
	}
	n.parent = up ? up->bus : 0;
	for (i = 0; i < machine.nr_hosts; i++)
		if (machine.hosts[i].bus_start == n.parent)
			n.parent_last = machine.hosts[i].bus_last;
	return n;
}

static void mark(unsigned int first, unsigned int last)
{
	unsigned int bus;

	for (bus = first; bus <= last; bus++)
		unclear[bus] = true;
}

/* Whether a sibling leads to one of the buses as well */
static bool shares(const struct node *node, const struct numbers *n)
{
	unsigned int i;

	for (i = 0; i < machine.nr_nodes; i++) {
		const struct node *other = &machine.nodes[i];
		struct numbers o;

		if (other == node || !other->is_bridge ||
		    !node_present(other))
			continue;
		o = numbers_of(other);
		if (!o.first && !o.last)
			continue;
		/* Above or below each other */
		if (n->parent != o.parent)
			continue;
		if (o.first == n->first ||
		    (o.first <= n->last && n->first <= o.last))
			return true;
	}
	return false;
}

/* Even the secondary bus is not found there while it is reset */
static bool on_expander(const struct node *node)
{
	return node->parent && node->parent->bus;
}

void compare_numbers(void)
{
	bool accepted = difference_accepted("bus-numbers");
	bool held = difference_accepted("held-in-reset");
	unsigned int i;

	memset(unclear, 0, sizeof(unclear));
	for (i = 0; i < machine.nr_nodes; i++) {
		const struct node *node = &machine.nodes[i];
		struct numbers n;

		if (!node->is_bridge || !node_present(node))
			continue;
		n = numbers_of(node);
		/* A bridge that is not reached itself leads nowhere */
		if ((!n.first && !n.last) || !n.reached)
			continue;
		if (held && node->fn->config[PCI_BRIDGE_CONTROL] &
				    PCI_BRIDGE_CTL_BUS_RESET)
			mark(n.first + !on_expander(node), n.last);
		if (!accepted)
			continue;
		if (n.first <= n.parent || n.last < n.first ||
		    n.last > n.parent_last || shares(node, &n))
			mark(n.first, n.first > n.last ? n.first : n.last);
		if (node->parent && node->parent->is_bridge &&
		    unclear[n.parent])
			mark(n.first, n.first > n.last ? n.first : n.last);
	}
	/* The root of a host bridge is always found, since no bridge leads to it */
	unclear[0] = false;
}

/* The node and BAR that answer on the library's side */
static struct piece our_answer(enum vmr_io io, uint64_t addr)
{
	struct vmr_region *region = vmr_find_region(&machine.manager, io, addr);
	struct piece piece = { .node = PIECE_NONE };
	unsigned int i, j;

	if (!region || region->type == VMR_REGION_WINDOW ||
	    !vmr_region_mapping(region).mapped)
		return piece;
	piece.node = PIECE_FIXED;
	for (i = 0; i < machine.nr_nodes; i++) {
		struct node *node = &machine.nodes[i];

		if (region->device != &node->fn->dev)
			continue;
		for (j = 0; j < NR_BARS; j++)
			if (region == &node->fn->bars[j].region) {
				piece.node = i;
				piece.bar = j;
			}
	}
	return piece;
}

/* Whether QEMU has nothing at this offset of a BAR */
static bool is_hole(const struct piece *piece, uint64_t addr)
{
	const struct node *node = &machine.nodes[piece->node];
	const struct learned_bar *bar = &node->bars[piece->bar];
	uint64_t start = node->fn->bars[piece->bar].region.range.start;
	unsigned int i;

	for (i = 0; i < bar->nr_layout; i++)
		if (bar->layout[i].start <= addr - start &&
		    addr - start <= bar->layout[i].last)
			return false;
	return true;
}

/* Whether an address is inside the addresses that a region has or claims */
static bool covers(const struct vmr_region *region, uint64_t addr)
{
	enum vmr_state state = vmr_range_state(&region->range);

	return (state == VMR_LIVE || state == VMR_CLAIMED) &&
	       region->range.start <= addr && addr <= region->range.last;
}

static bool window_is_claimed(struct vmr_pci_bridge *bridge, enum vmr_io io)
{
	if (io == VMR_PIO)
		return vmr_range_state(&bridge->io.range) == VMR_CLAIMED;
	return vmr_range_state(&bridge->mem.range) == VMR_CLAIMED ||
	       vmr_range_state(&bridge->pref.range) == VMR_CLAIMED;
}

static bool in_window(struct vmr_pci_bridge *bridge, enum vmr_io io,
		      uint64_t addr)
{
	if (io == VMR_PIO)
		return covers(&bridge->io, addr);
	return covers(&bridge->mem, addr) || covers(&bridge->pref, addr);
}

static bool in_d0(const struct vmr_pci_function *fn)
{
	uint32_t at = capability_find(fn->config, PCI_CAP_ID_PM);

	return !at || !(fn->config[at + PCI_PM_CTRL] & PCI_PM_CTRL_STATE_MASK);
}

static bool all_zero(const uint8_t *bytes, size_t size)
{
	while (size--)
		if (bytes[size])
			return false;
	return true;
}

static const struct node *node_of_bridge(const struct vmr_pci_bridge *bridge)
{
	unsigned int i;

	for (i = 0; i < machine.nr_nodes; i++)
		if (machine.nodes[i].fn && node_bridge(&machine.nodes[i]) == bridge)
			return &machine.nodes[i];
	die("a bridge is in no node");
}

/* Whether the guest has written nothing that has to do with windows since a reset */
static bool windows_unwritten(const struct vmr_pci_bridge *bridge)
{
	const uint8_t *written = node_of_bridge(bridge)->written;

	return !written[PCI_COMMAND] && !written[PCI_BRIDGE_CONTROL] &&
	       all_zero(&written[PCI_IO_BASE], 2) &&
	       all_zero(&written[PCI_MEMORY_BASE], 20);
}

static unsigned int nr_unwritten(const uint8_t *written, unsigned int size)
{
	unsigned int i, nr = 0;

	for (i = 0; i < size; i++)
		nr += !written[i];
	return nr;
}

/*
 * Whether an address is in a window with its reset value, or a part of a window has
 * that and another part has not
 */
static bool window_is_reset(const struct vmr_pci_bridge *bridge, enum vmr_io io,
			    uint64_t addr)
{
	const uint8_t *written = node_of_bridge(bridge)->written;
	unsigned int mem = nr_unwritten(&written[PCI_MEMORY_BASE], 4);
	unsigned int pref = nr_unwritten(&written[PCI_PREF_MEMORY_BASE], 4);
	unsigned int ports = nr_unwritten(&written[PCI_IO_BASE], 2);

	if (io == VMR_PIO)
		return ports % 2 || (addr < 0x1000 && ports);
	return mem % 4 || pref % 4 || (addr < 0x100000 && (mem || pref));
}

/* Why a BAR that QEMU maps is hidden behind a bridge */
static const char *explain_window(struct vmr_pci_bridge *bridge, enum vmr_io io,
				  uint64_t addr)
{
	if (windows_unwritten(bridge))
		return "stale-window";
	if (window_is_reset(bridge, io, addr))
		return "window-reset";
	if (!in_d0(&bridge->fn))
		return "power-state";
	if (window_is_claimed(bridge, io))
		return "overlap";
	if (io == VMR_PIO && covers(&bridge->io, addr) &&
	    bridge->fn.config[PCI_BRIDGE_CONTROL] & PCI_BRIDGE_CTL_ISA)
		return "isa-enable";
	if (in_window(bridge, io, addr))
		return "partial-window";
	return NULL;
}

/* The difference that lets QEMU have @theirs and the library something else */
static const char *explain(const struct piece *theirs, enum vmr_io io,
			   uint64_t addr)
{
	const struct node *node = &machine.nodes[theirs->node];
	struct vmr_pci_bridge *bridge = NULL;

	switch (vmr_pci_bar_hidden(node->fn, theirs->bar, NULL, &bridge)) {
	case VMR_PCI_HIDDEN_POWER:
		return "power-state";
	case VMR_PCI_HIDDEN_SIZING:
		return "sizing";
	case VMR_PCI_HIDDEN_CLAIM:
		return "overlap";
	case VMR_PCI_HIDDEN_WINDOW:
		return explain_window(bridge, io, addr);
	default:
		return NULL;
	}
}

static void describe(char *text, size_t size, const struct piece *piece)
{
	if (piece->node == PIECE_NONE)
		snprintf(text, size, "nothing");
	else if (piece->node == PIECE_FIXED)
		snprintf(text, size, "the board");
	else
		snprintf(text, size, "%s BAR %d",
			 machine.nodes[piece->node].id, piece->bar);
}

static void compare_interval(enum vmr_io io, uint64_t start, uint64_t last)
{
	struct piece theirs = map_find(&maps[io], start);
	struct piece ours = our_answer(io, start);
	char a[48], b[48];
	const char *rule;

	if (theirs.node == ours.node &&
	    (theirs.node < 0 || theirs.bar == ours.bar))
		return;
	if (ours.node >= 0 && theirs.node == PIECE_NONE && is_hole(&ours, start))
		return;
	rule = theirs.node >= 0 ? explain(&theirs, io, start) : NULL;
	if (rule && difference_accepted(rule)) {
		struct piece *t = &tolerated[io][nr_tolerated[io]++];

		t->start = start;
		t->last = last;
		return;
	}
	describe(a, sizeof(a), &theirs);
	describe(b, sizeof(b), &ours);
	compare_report("%s 0x%llx-0x%llx: QEMU %s, library %s (%s)",
		       io == VMR_PIO ? "ports" : "memory",
		       (unsigned long long)start, (unsigned long long)last, a,
		       b, rule ? rule : "no rule");
}

static int compare_cuts(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static unsigned int add_cut(uint64_t *cuts, unsigned int nr, uint64_t start,
			    uint64_t last)
{
	cuts[nr++] = start;
	if (last != UINT64_MAX)
		cuts[nr++] = last + 1;
	return nr;
}

static unsigned int collect_cuts(enum vmr_io io, uint64_t *cuts)
{
	unsigned int i, j, nr = 0;

	for (i = 0; i < maps[io].nr; i++)
		nr = add_cut(cuts, nr, maps[io].pieces[i].start,
			     maps[io].pieces[i].last);
	for (i = 0; i < machine.nr_nodes; i++) {
		const struct node *node = &machine.nodes[i];

		for (j = 0; node_present(node) && j < NR_BARS; j++) {
			const struct vmr_region *region =
				&node->fn->bars[j].region;
			struct vmr_mapping m = vmr_region_mapping(region);

			if (m.mapped && region->io == io)
				nr = add_cut(cuts, nr, m.start, m.last);
		}
	}
	qsort(cuts, nr, sizeof(*cuts), compare_cuts);
	return nr;
}

static void compare_map(enum vmr_io io)
{
	static uint64_t cuts[MAX_CUTS];
	unsigned int i, nr = collect_cuts(io, cuts);

	nr_tolerated[io] = 0;
	for (i = 0; i < nr; i++)
		if (i + 1 == nr || cuts[i] != cuts[i + 1])
			compare_interval(io, cuts[i],
					 i + 1 == nr ? cuts[i] :
						       cuts[i + 1] - 1);
}

void compare_maps(char *text)
{
	map_read(text, maps);
	compare_map(VMR_PIO);
	compare_map(VMR_MMIO);
}

bool compare_agrees(enum vmr_io io, uint64_t addr, const struct node *node,
		    unsigned int bar)
{
	struct piece theirs = map_find(&maps[io], addr);

	return theirs.node == node - machine.nodes && theirs.bar == (int)bar;
}
