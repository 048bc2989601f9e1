// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * generate.c - random steps of a guest
 *
 * After a reset the guest mostly sets the machine up as firmware does, since most
 * registers of a machine without numbers and addresses do nothing. Then it writes
 * registers, mostly with values that mean something.
 */
#include <string.h>

#include "capability.h"
#include "traffic.h"

#define SLOT_MEM(slot)	(0xc0000000u + (slot) * 0x01000000u)
#define SLOT_IO(slot)	(0x1000u * (1 + (slot) % 14))
#define MAX_QUEUE	1024
#define CLOSED		0x0000fff0	/* a window */
#define HIGH		5		/* bits 32 to 63 of addresses */

/* Steps that come before any other */
static struct step queue[MAX_QUEUE];
static unsigned int queued, taken;

/* The place of each node in depth-first order, and of the last one below it */
static unsigned int slots[MAX_NODES], last_slots[MAX_NODES];
static bool high[MAX_NODES];	/* of nodes at the root */
static unsigned int firsts[MAX_NODES], lasts[MAX_NODES];	/* buses */

static void push(unsigned int node, uint32_t offset, uint32_t width,
		 uint64_t value)
{
	struct step *step = &queue[queued++];

	if (queued > MAX_QUEUE)
		die("too many steps");
	step->kind = STEP_ECAM;
	step->node = node;
	step->offset = offset;
	step->width = width;
	step->value = value;
}

/* Number what is on the bus behind @parent; the last bus number in use */
static unsigned int arrange(const struct node *parent, unsigned int bus,
			    unsigned int *slot)
{
	unsigned int i, last = bus;

	for (i = 0; i < machine.nr_nodes; i++) {
		const struct node *node = &machine.nodes[i];

		if (node->parent != parent)
			continue;
		slots[i] = (*slot)++;
		if (node->bus) {
			arrange(node, node->bus, slot);
		} else if (node->is_bridge) {
			firsts[i] = last + 1;
			last = arrange(node, last + 1, slot);
			lasts[i] = last;
		}
		last_slots[i] = *slot - 1;
	}
	return last;
}

static uint32_t bar_address(struct random *r, const struct node *node,
			    unsigned int bar, unsigned int slot)
{
	const struct learned_bar *b = &node->bars[bar];
	uint32_t size = b->size, space;

	if (b->type == VMR_PCI_BAR_IO) {
		space = 0x1000 / size;
		return SLOT_IO(slot) + size * random_below(r, space);
	}
	space = size < 0x01000000 ? 0x01000000 / size : 1;
	/* Few places, so that BARs meet */
	if (space > 64 && random_percent(r, 50))
		space = 8;
	return SLOT_MEM(slot) + size * random_below(r, space);
}

static unsigned int bar_register(const struct node *node, unsigned int bar)
{
	return capability_bar_register(node, bar);
}

/* Above 4 GiB the prefetchable window alone reaches */
static bool is_high(const struct node *node)
{
	while (node->parent)
		node = node->parent;
	return high[node - machine.nodes];
}

static void set_up_windows(struct random *r, unsigned int node)
{
	unsigned int first = slots[node], last = last_slots[node];
	uint32_t base = SLOT_MEM(first), limit = SLOT_MEM(last + 1) - 1;
	uint32_t both = (base >> 16 & 0xfff0) | (limit & 0xfff00000);
	bool prefetch = is_high(&machine.nodes[node]) || random_percent(r, 20);

	push(node, PCI_PRIMARY_BUS, 4,
	     (machine.nodes[node].parent ? firsts[node] - 1 : 0) |
		     firsts[node] << 8 | lasts[node] << 16);
	push(node, PCI_IO_BASE, 2,
	     (SLOT_IO(first) >> 8 & 0xf0) | (SLOT_IO(last) & 0xf000));
	/* The other one is closed; the types of BARs do not matter */
	push(node, PCI_MEMORY_BASE, 4, prefetch ? CLOSED : both);
	push(node, PCI_PREF_MEMORY_BASE, 4, prefetch ? both : CLOSED);
	if (is_high(&machine.nodes[node])) {
		push(node, PCI_PREF_BASE_UPPER32, 4, HIGH);
		push(node, PCI_PREF_LIMIT_UPPER32, 4, HIGH);
	}
}

static void set_up_node(struct random *r, unsigned int i)
{
	const struct node *node = &machine.nodes[i];
	unsigned int bar;

	if (node->is_bridge)
		set_up_windows(r, i);
	for (bar = 0; bar < NR_BARS; bar++) {
		uint32_t enable = bar == VMR_PCI_ROM && random_percent(r, 50);

		if (node->bars[bar].type == VMR_PCI_BAR_NONE)
			continue;
		push(i, bar_register(node, bar), 4,
		     bar_address(r, node, bar, slots[i]) | enable);
		if (node->bars[bar].type == VMR_PCI_BAR_MEM64 && is_high(node))
			push(i, bar_register(node, bar) + 4, 4, HIGH);
	}
	push(i, PCI_COMMAND, 2, random_percent(r, 90) ? 7 : random_next(r) & 7);
}

void generate_begin(struct random *r)
{
	unsigned int i, slot = 0;

	memset(firsts, 0, sizeof(firsts));
	arrange(NULL, 0, &slot);
	queued = 0;
	taken = 0;
	for (i = 0; i < machine.nr_nodes; i++)
		high[i] = random_percent(r, 25);
	if (random_percent(r, 10))
		return;
	for (i = 0; i < machine.nr_nodes; i++)
		if (!machine.nodes[i].builtin)
			set_up_node(r, i);
}

static void set(struct step *step, uint32_t offset, uint32_t width,
		uint64_t value)
{
	step->offset = offset;
	step->width = width;
	step->value = value;
}

static void generate_bar(struct random *r, struct step *step,
			 const struct node *node, unsigned int bar)
{
	static const uint32_t special[] = {
		0, 0xffffffff, 0xfffffff0, 0x000a0000, 0x00100000, 0xfee00000,
		0xf0000000, 0xfffff000, 0x80000000, 0xb0000000, 0xfff00000,
	};
	unsigned int slot = slots[step->node];
	uint32_t rom = bar == VMR_PCI_ROM, value;

	if (random_percent(r, 25))
		slot = random_below(r, machine.nr_nodes);
	value = bar_address(r, node, bar, slot);
	if (random_percent(r, 15))
		value = 0xffffffff;
	else if (random_percent(r, 10))
		value = special[random_below(r, sizeof(special) / 4)];
	if (rom && value != 0xffffffff)
		value = (value & ~1u) | random_percent(r, 70);
	set(step, bar_register(node, bar), 4, value);
	if (node->bars[bar].type == VMR_PCI_BAR_MEM64 && random_percent(r, 30))
		set(step, step->offset + 4, 4,
		    random_percent(r, 70) ? 0 :
		    random_percent(r, 50) ? 0xffffffff :
		    random_percent(r, 50) ? random_below(r, 4) :
					    random_next(r));
}

static bool generate_any_bar(struct random *r, struct step *step)
{
	const struct node *node = &machine.nodes[step->node];
	unsigned int bar = random_below(r, NR_BARS), i;

	for (i = 0; i < NR_BARS; i++, bar = (bar + 1) % NR_BARS) {
		if (node->bars[bar].type == VMR_PCI_BAR_NONE)
			continue;
		generate_bar(r, step, node, bar);
		return true;
	}
	return false;
}

static void generate_numbers(struct random *r, struct step *step)
{
	unsigned int i = step->node;

	if (random_percent(r, 70))
		set(step, PCI_PRIMARY_BUS, 4,
		    firsts[i] << 8 | lasts[i] << 16 | random_below(r, 256));
	else
		set(step, PCI_PRIMARY_BUS + random_below(r, 3), 1,
		    random_percent(r, 80) ? random_below(r, 10) :
					    random_below(r, 256));
}

static void generate_window(struct random *r, struct step *step)
{
	unsigned int first = slots[step->node], last = last_slots[step->node];
	uint32_t base, limit;

	if (random_percent(r, 30)) {
		first = random_below(r, machine.nr_nodes);
		last = first + random_below(r, 3);
	}
	base = SLOT_MEM(first);
	limit = SLOT_MEM(last + 1) - 1;
	if (random_percent(r, 20))
		base += 0x100000 * random_below(r, 16);
	if (random_percent(r, 20))
		limit = base + 0x100000 * random_below(r, 16);
	switch (random_below(r, 6)) {
	case 0:
		set(step, PCI_IO_BASE, 2,
		    (SLOT_IO(first) >> 8 & 0xf0) | (SLOT_IO(last) & 0xf000));
		break;
	case 1:
		set(step, PCI_MEMORY_BASE, 4,
		    (base >> 16 & 0xfff0) | (limit & 0xfff00000));
		break;
	case 2:
		set(step, PCI_PREF_MEMORY_BASE, 4,
		    (base >> 16 & 0xfff0) | (limit & 0xfff00000));
		break;
	case 3:
		set(step, PCI_PREF_BASE_UPPER32 + 4 * random_below(r, 2), 4,
		    random_percent(r, 70) ? 0 : random_below(r, 3));
		break;
	case 4:
		/* Close one */
		set(step, random_percent(r, 50) ? PCI_MEMORY_BASE :
						  PCI_PREF_MEMORY_BASE, 4,
		    0x0000fff0);
		break;
	default:
		set(step, PCI_MEMORY_BASE + 2 * random_below(r, 4), 2,
		    random_percent(r, 50) ? base >> 16 : limit >> 16);
	}
}

static bool is_below(const struct node *node, const struct node *bridge)
{
	for (node = node->parent; node; node = node->parent)
		if (node == bridge)
			return true;
	return false;
}

/* A reset of the bus, and the set-up of what is behind it */
static void push_bus_reset(struct random *r, unsigned int bridge)
{
	unsigned int i;

	queued = 0;
	taken = 0;
	push(bridge, PCI_BRIDGE_CONTROL, 2, PCI_BRIDGE_CTL_BUS_RESET);
	push(bridge, PCI_BRIDGE_CONTROL, 2, 0);
	for (i = 0; i < machine.nr_nodes; i++)
		if (is_below(&machine.nodes[i], &machine.nodes[bridge]) &&
		    random_percent(r, 70))
			set_up_node(r, i);
}

static void generate_bridge(struct random *r, struct step *step)
{
	uint32_t kind = random_below(r, 10);

	if (kind < 3)
		generate_numbers(r, step);
	else if (kind < 8)
		generate_window(r, step);
	else if (kind < 9 && random_percent(r, 25))
		push_bus_reset(r, step->node);
	else if (kind < 9)
		set(step, PCI_BRIDGE_CONTROL, 2,
		    random_percent(r, 60) ? 0 :
		    random_percent(r, 60) ? PCI_BRIDGE_CTL_BUS_RESET :
					    random_next(r) & 0xfff);
	else
		set(step, PCI_SEC_STATUS, 2, random_next(r) & 0xffff);
}

static void generate_header(struct random *r, struct step *step)
{
	static const struct {
		uint8_t	offset, width;
	} registers[] = {
		{ PCI_STATUS, 2 }, { PCI_CACHE_LINE_SIZE, 1 },
		{ PCI_LATENCY_TIMER, 1 }, { PCI_INTERRUPT_LINE, 1 },
		{ PCI_INTERRUPT_PIN, 1 }, { PCI_VENDOR_ID, 4 },
		{ PCI_CLASS_REVISION, 4 }, { PCI_HEADER_TYPE, 1 },
		{ PCI_CAPABILITY_LIST, 1 }, { PCI_COMMAND, 4 },
	};
	unsigned int i = random_below(r, sizeof(registers) /
						 sizeof(registers[0]));

	set(step, registers[i].offset, registers[i].width, random_next(r));
}

static void generate_msi(struct random *r, struct step *step,
			 const struct cap *cap)
{
	uint32_t flags = random_percent(r, 60) | random_below(r, 8) << 4;

	if (random_percent(r, 50))
		set(step, cap->offset + PCI_MSI_FLAGS, 2, flags);
	else
		set(step, cap->offset + 4 * random_below(r, cap->size / 4), 4,
		    random_next(r));
}

static void generate_msix(struct random *r, struct step *step,
			  const struct cap *cap)
{
	const struct node *node = &machine.nodes[step->node];
	uint32_t nr = (get16(&node->config[cap->offset + PCI_MSIX_FLAGS]) &
		       PCI_MSIX_FLAGS_QSIZE) + 1;
	uint32_t dword = random_below(r, 4), width = 4;
	uint64_t value = random_next(r);

	if (random_percent(r, 40)) {
		uint32_t flags = random_below(r, 4) << 14 | random_below(r, 2048);

		/* The library's ports do not signal by MSI-X */
		if (node->is_bridge && node->express)
			flags &= ~PCI_MSIX_FLAGS_ENABLE;
		set(step, cap->offset + PCI_MSIX_FLAGS, 2, flags);
		return;
	}
	if (random_percent(r, 20)) {
		width = 8;
		dword &= 2;
		value |= (uint64_t)random_next(r) << 32;
	}
	/* Reserved bits are a difference of their own */
	if (dword == 0)
		value &= ~3ull;
	else if (dword == 3)
		value &= 1;
	if (dword == 2 && width == 8)
		value &= 0x1ffffffffull;
	step->kind = STEP_TABLE;
	set(step, 16 * random_below(r, nr) + 4 * dword, width, value);
}

static void generate_pm(struct random *r, struct step *step,
			const struct cap *cap)
{
	const struct node *node = &machine.nodes[step->node];
	bool keeps = node->config[cap->offset + PCI_PM_CTRL] &
		     PCI_PM_CTRL_NO_SOFT_RESET;
	uint32_t state = random_percent(r, 60) ? 0 :
						 keeps ? 3 : 0;

	set(step, cap->offset + PCI_PM_CTRL, 2,
	    state | (random_next(r) & 0x8100));
}

/* Mostly what a driver writes, so that cards are not let go all the time */
static uint32_t slot_control(struct random *r, uint32_t value)
{
	/* QEMU has no events of the link and of a power fault */
	uint32_t enabled = value & 0x003d;

	if (random_percent(r, 20))
		return value & 0x0ffd & ~PCI_EXP_SLTCTL_EIC;
	if (random_percent(r, 70))
		return enabled | PCI_EXP_SLTCTL_PWR_IND_ON |
		       PCI_EXP_SLTCTL_ATTN_IND_OFF;
	if (random_percent(r, 50))
		return enabled | PCI_EXP_SLTCTL_PWR_IND_BLINK |
		       PCI_EXP_SLTCTL_ATTN_IND_OFF;
	return enabled | PCI_EXP_SLTCTL_PWR_IND_OFF | PCI_EXP_SLTCTL_PWR_OFF |
	       PCI_EXP_SLTCTL_ATTN_IND_OFF;
}

static void generate_express(struct random *r, struct step *step,
			     const struct cap *cap)
{
	/* The last ones are those of slots */
	static const uint8_t offsets[] = {
		PCI_EXP_DEVCTL, PCI_EXP_DEVSTA, PCI_EXP_LNKCTL, PCI_EXP_LNKSTA,
		PCI_EXP_SLTCTL, PCI_EXP_SLTCTL, PCI_EXP_SLTCTL, PCI_EXP_SLTSTA,
		PCI_EXP_DEVCTL2,
	};
	const struct node *node = &machine.nodes[step->node];
	bool slot = get16(&node->config[cap->offset + PCI_EXP_FLAGS]) &
		    PCI_EXP_FLAGS_SLOT;
	unsigned int i = random_below(r, slot ? 9 : 4);
	uint32_t value = random_next(r) & 0xffff;

	if (offsets[i] == PCI_EXP_DEVCTL2)
		value &= PCI_EXP_DEVCTL2_ARI;
	if (offsets[i] == PCI_EXP_SLTSTA && node_present(node) &&
	    random_percent(r, 70))
		value &= get16(&node->fn->config[cap->offset + PCI_EXP_SLTSTA]);
	if (offsets[i] == PCI_EXP_SLTCTL) {
		set(step, cap->offset + PCI_EXP_SLTCTL, 2,
		    slot_control(r, value));
		return;
	}

	/* Only some devices of QEMU can be reset by it */
	if (offsets[i] == PCI_EXP_DEVCTL &&
	    (random_percent(r, 80) ||
	     node->is_bridge ||
	     !(get32(&node->config[cap->offset + PCI_EXP_DEVCAP]) &
	       PCI_EXP_DEVCAP_FLR)))
		value &= 0x7fff;
	/* A link of QEMU cannot be disabled */
	if (offsets[i] == PCI_EXP_LNKCTL)
		value &= ~PCI_EXP_LNKCTL_LD;
	set(step, cap->offset + offsets[i], 2, value);
}

static void generate_plain(struct random *r, struct step *step,
			   const struct cap *cap)
{
	uint32_t offset = cap->offset + 4 * random_below(r, (cap->size + 3) / 4);
	const struct node *node = &machine.nodes[step->node];

	/*
	 * Registers of a vendor may do anything, the chassis number and the errors
	 * survive resets, and the first version of the PCI Express capability can reset
	 */
	if (cap->extended ? cap->id == PCI_EXT_CAP_ID_ERR :
			    cap->id == PCI_CAP_ID_VNDR ||
				    cap->id == PCI_CAP_ID_SLOTID ||
				    cap->id == PCI_CAP_ID_SHPC ||
				    cap->id == PCI_CAP_ID_MSI ||
				    cap->id == PCI_CAP_ID_EXP)
		step->kind = STEP_READ;
	if (!get32(&node->wmask[offset]))
		offset = cap->offset;
	set(step, offset, 4, random_next(r));
}

/* The virtual functions decode nothing: their BARs are not in the maps */
static void generate_sriov(struct random *r, struct step *step,
			   const struct cap *cap)
{
	static const uint32_t pages[] = { 1, 2 };

	switch (random_below(r, 5)) {
	case 0:
	case 1:
		set(step, cap->offset + PCI_SRIOV_CTRL, 2,
		    random_percent(r, 70) * PCI_SRIOV_CTRL_VFE);
		break;
	case 2:
		set(step, cap->offset + PCI_SRIOV_NUM_VF, 2, random_below(r, 4));
		break;
	case 3:
		set(step, cap->offset + PCI_SRIOV_SYS_PGSIZE, 4,
		    pages[random_below(r, 2)]);
		break;
	default:
		set(step, cap->offset + PCI_SRIOV_BAR + 4 * random_below(r, 2), 4,
		    random_percent(r, 50) ? random_next(r) : 0xffffffff);
	}
}

static bool generate_capability(struct random *r, struct step *step)
{
	const struct node *node = &machine.nodes[step->node];
	struct cap cap = { 0 }, chosen = { 0 };
	unsigned int nr = 0;

	while (capability_next(node, &cap))
		if (!random_below(r, ++nr))
			chosen = cap;
	if (!nr)
		return false;
	if (chosen.extended && chosen.id == PCI_EXT_CAP_ID_SRIOV) {
		generate_sriov(r, step, &chosen);
		return true;
	}
	/* The library's ports have MSI of their own */
	if (!capability_known(node, &chosen) || chosen.extended ||
	    (chosen.id == PCI_CAP_ID_MSI && node->is_bridge && node->express))
		generate_plain(r, step, &chosen);
	else if (chosen.id == PCI_CAP_ID_MSI)
		generate_msi(r, step, &chosen);
	else if (chosen.id == PCI_CAP_ID_MSIX)
		generate_msix(r, step, &chosen);
	else if (chosen.id == PCI_CAP_ID_PM)
		generate_pm(r, step, &chosen);
	else if (chosen.id == PCI_CAP_ID_EXP)
		generate_express(r, step, &chosen);
	else
		generate_plain(r, step, &chosen);
	return true;
}

/* Sometimes a part of the register only */
static void narrow(struct random *r, struct step *step)
{
	uint32_t width = random_percent(r, 50) ? 1 : 2, shift;

	if (step->kind > STEP_PORT || step->width <= width)
		return;
	shift = width * random_below(r, step->width / width);
	step->offset += shift;
	step->value = step->value >> 8 * shift &
		      (width == 1 ? 0xffu : 0xffffu);
	step->width = width;
}

/* The steps of a driver for a card that comes or goes, mostly */
static void push_card(struct random *r, unsigned int i)
{
	const struct node *node = &machine.nodes[i];
	unsigned int port = node->parent - machine.nodes;
	uint32_t at = capability_find(node->parent->config, PCI_CAP_ID_EXP);
	uint32_t control = at + PCI_EXP_SLTCTL, enabled = random_next(r) & 0x3d;

	queued = 0;
	taken = 0;
	if (node_present(node)) {
		push(i, 0, 0, 0);
		queue[0].kind = STEP_UNPLUG;
		push(port, at + PCI_EXP_SLTSTA, 2, PCI_EXP_SLTSTA_ABP);
		if (random_percent(r, 70))
			push(port, control, 2, enabled | 0x2c0);
		if (random_percent(r, 80))
			push(port, control, 2, enabled | 0x7c0);
		return;
	}
	push(port, control, 2, enabled | PCI_EXP_SLTCTL_HPIE | 0x7c0);
	push(i, 0, 0, 0);
	queue[1].kind = STEP_PLUG;
	push(port, at + PCI_EXP_SLTSTA, 2, PCI_EXP_SLTSTA_PDC);
	if (random_percent(r, 70))
		push(port, control, 2, enabled | 0x2c0);
	if (random_percent(r, 80))
		push(port, control, 2, enabled | 0x1c0);
	set_up_node(r, i);
}

static void generate_card(struct random *r)
{
	unsigned int i = random_below(r, machine.nr_nodes);

	if (machine.nodes[i].removable)
		push_card(r, i);
}

void generate_step(struct random *r, struct step *step)
{
	const struct node *node;
	uint32_t kind = random_below(r, 100);

	if (taken == queued && random_percent(r, 6))
		generate_card(r);
	if (taken < queued) {
		*step = queue[taken++];
		return;
	}
	memset(step, 0, sizeof(*step));
	do {
		step->node = random_below(r, machine.nr_nodes);
	} while (machine.nodes[step->node].builtin);
	node = &machine.nodes[step->node];
	step->kind = random_percent(r, 25) ? STEP_PORT : STEP_ECAM;
	if (kind < 15)
		set(step, PCI_COMMAND, 2,
		    random_percent(r, 80) ? random_next(r) & 7 :
					    random_next(r) & 0xffff);
	else if (kind < 20)
		generate_header(r, step);
	else if (kind < 40 && node->is_bridge)
		generate_bridge(r, step);
	else if (kind < 65 || !generate_capability(r, step))
		if (!generate_any_bar(r, step))
			generate_header(r, step);
	if (taken < queued) {
		*step = queue[taken++];
		return;
	}
	if (random_percent(r, 12))
		narrow(r, step);
	if (random_percent(r, 3) && step->offset < VMR_PCI_CONFIG_SIZE &&
	    step->kind <= STEP_PORT)
		step->kind = STEP_READ;
	if (step->kind == STEP_PORT && step->offset >= VMR_PCI_CONFIG_SIZE)
		step->kind = STEP_ECAM;
	if (step->width == 1)
		step->value &= 0xff;
	else if (step->width == 2)
		step->value &= 0xffff;
	else if (step->width == 4)
		step->value &= 0xffffffff;
}
