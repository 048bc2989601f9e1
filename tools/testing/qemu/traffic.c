// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * traffic.c - the steps of a guest, on both sides
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capability.h"
#include "compare.h"
#include "differences.h"
#include "traffic.h"

static const char *const names[NR_STEP_KINDS] = {
	[STEP_ECAM] = "ecam", [STEP_PORT] = "port", [STEP_READ] = "read",
	[STEP_TABLE] = "table", [STEP_RESET] = "reset", [STEP_PLUG] = "plug",
	[STEP_UNPLUG] = "unplug",
};

uint32_t random_next(struct random *r)
{
	/* xorshift64* */
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return r->state * 0x2545f4914f6cdd1dull >> 32;
}

void step_print(const struct step *step, char *text, size_t size)
{
	const char *id = machine.nodes[step->node].id;

	switch (step->kind) {
	case STEP_RESET:
		snprintf(text, size, "%s", names[step->kind]);
		break;
	case STEP_PLUG:
	case STEP_UNPLUG:
		snprintf(text, size, "%s %s", names[step->kind], id);
		break;
	default:
		snprintf(text, size, "%s %s 0x%02x %u 0x%llx",
			 names[step->kind], id, step->offset, step->width,
			 (unsigned long long)step->value);
	}
}

void step_parse(const char *text, struct step *step)
{
	char name[16], id[24] = "";
	unsigned long long value = 0;
	const struct node *node;
	int nr;

	memset(step, 0, sizeof(*step));
	nr = sscanf(text, "%15s %23s %x %u %llx", name, id, &step->offset,
		    &step->width, &value);
	for (; step->kind < NR_STEP_KINDS; step->kind++)
		if (!strcmp(name, names[step->kind]))
			break;
	step->value = value;
	if (nr < 1 || step->kind == NR_STEP_KINDS)
		die("no step: %s", text);
	if (step->kind == STEP_RESET)
		return;
	node = node_by_id(id);
	if (!node)
		die("no function: %s", text);
	step->node = node - machine.nodes;
	if (step->kind <= STEP_TABLE && nr < 4)
		die("no register: %s", text);
}

/* Whether the guest reaches the function, the same on both sides */
static bool reach(const struct node *node, uint32_t *address)
{
	if (!node_present(node))
		return false;
	*address = vmr_pci_function_address(node->fn);
	return vmr_pci_find_function(&machine.manager, *address) == node->fn &&
	       compare_bus_is_clear(*address >> 8);
}

static void write_both(enum vmr_io io, uint64_t addr, uint64_t value,
		       uint32_t width)
{
	if (io == VMR_MMIO)
		qemu_write(&machine.q, addr, value, width);
	else
		qemu_out(&machine.q, addr, value, width);
	model_write(io, addr, value, width);
}

/* Whether a write clears an event of a slot that is not set */
static bool clears_unset_event(const struct node *node, const struct step *step)
{
	uint32_t at = capability_find(node->config, PCI_CAP_ID_EXP) +
		      PCI_EXP_SLTSTA, shift;

	if (!node->is_bridge || !node->express || step->offset > at ||
	    step->offset + step->width <= at)
		return false;
	shift = 8 * (at - step->offset);
	return step->value >> shift & ~node->fn->config[at] & 0x1f;
}

/* Whether a write reaches the upper byte of the control of a slot alone */
static bool writes_half_control(const struct node *node,
				const struct step *step)
{
	uint32_t at = capability_find(node->config, PCI_CAP_ID_EXP) +
		      PCI_EXP_SLTCTL;

	return node->is_bridge && node->express && step->offset == at + 1;
}

static bool button_pressed(const struct node *port)
{
	uint32_t at = capability_find(port->config, PCI_CAP_ID_EXP);

	return port->fn->config[at + PCI_EXP_SLTSTA] & PCI_EXP_SLTSTA_ABP;
}

/* The same state on both sides: the guest takes notice of the button of QEMU alone */
static void notice_button(const struct node *port, uint32_t address)
{
	uint64_t addr = ECAM_BASE + ((uint64_t)address << 12) +
			capability_find(port->config, PCI_CAP_ID_EXP) +
			PCI_EXP_SLTSTA;

	if (!button_pressed(port) &&
	    qemu_read(&machine.q, addr, 2) & PCI_EXP_SLTSTA_ABP)
		qemu_write(&machine.q, addr, PCI_EXP_SLTSTA_ABP, 2);
}

static bool is_port_with_card(const struct node *node)
{
	unsigned int i;

	for (i = 0; node->is_bridge && node->express && i < machine.nr_nodes; i++)
		if (machine.nodes[i].parent == node &&
		    node_present(&machine.nodes[i]))
			return true;
	return false;
}

static void write_register(const struct step *step, uint32_t address)
{
	if (step->kind == STEP_ECAM) {
		write_both(VMR_MMIO,
			   ECAM_BASE + ((uint64_t)address << 12) + step->offset,
			   step->value, step->width);
	} else if (step->offset < VMR_PCI_CONFIG_SIZE) {
		write_both(VMR_PIO, 0xcf8,
			   0x80000000u | address << 8 | (step->offset & 0xfc),
			   4);
		write_both(VMR_PIO, 0xcfc + (step->offset & 3), step->value,
			   step->width);
	}
}

/* Whether a write selects D1 or D2 */
static bool selects_d1(const struct node *node, const struct step *step)
{
	uint32_t at = capability_find(node->config, PCI_CAP_ID_PM) + PCI_PM_CTRL;
	uint32_t state;

	if (at == PCI_PM_CTRL || step->offset > at ||
	    step->offset + step->width <= at)
		return false;
	state = step->value >> 8 * (at - step->offset) & PCI_PM_CTRL_STATE_MASK;
	return state == 1 || state == 2;
}

/* Whether a write enables virtual functions, of which there are none */
static bool enables_nothing(const struct node *node, const struct step *step)
{
	uint32_t at = capability_find_extended(node, PCI_EXT_CAP_ID_SRIOV);

	return at && !node->pf && step->offset == at + PCI_SRIOV_CTRL &&
	       step->value & PCI_SRIOV_CTRL_VFE &&
	       !get16(&node->fn->config[at + PCI_SRIOV_NUM_VF]);
}

static void run_register(const struct step *step)
{
	const struct node *node = &machine.nodes[step->node];
	uint32_t address;
	bool had_card;

	if (!reach(node, &address) ||
	    (clears_unset_event(node, step) &&
	     difference_accepted("slot-status")) ||
	    (writes_half_control(node, step) &&
	     difference_accepted("slot-control-byte")) ||
	    (selects_d1(node, step) && difference_accepted("power-d1")) ||
	    (enables_nothing(node, step) && difference_accepted("vf-none")))
		return;
	had_card = is_port_with_card(node);
	write_register(step, address);
	if (had_card && !is_port_with_card(node) &&
	    difference_accepted("button-of-removed"))
		notice_button(node, address);
}

static unsigned int run_read(const struct step *step, bool verbose)
{
	const struct node *node = &machine.nodes[step->node];
	uint32_t address, theirs, ours;

	if (!reach(node, &address) || step->offset >= VMR_PCI_CONFIG_SIZE)
		return 0;
	write_both(VMR_PIO, 0xcf8,
		   0x80000000u | address << 8 | (step->offset & 0xfc), 4);
	theirs = qemu_in(&machine.q, 0xcfc + (step->offset & 3), step->width);
	ours = model_read(VMR_PIO, 0xcfc + (step->offset & 3), step->width);
	registers_read++;
	/* The comparison of all registers accepts bits that may differ */
	if (theirs == ours ||
	    theirs == qemu_read(&machine.q,
				ECAM_BASE + ((uint64_t)address << 12) +
					step->offset, step->width))
		return 0;
	if (verbose)
		printf("  %s register 0x%03x by ports: QEMU %08x, library %08x\n",
		       node->id, step->offset, theirs, ours);
	return 1;
}

/* Only where both sides have the table */
static void run_table(const struct step *step)
{
	const struct node *node = &machine.nodes[step->node];
	const struct vmr_pci_msix *msix = &node->msix;
	const struct vmr_pci_bar *table_bar;
	struct vmr_mapping mapping;
	uint64_t addr;

	if (!node_present(node) || step->offset + step->width > 16 * msix->nr)
		return;
	table_bar = &node->fn->bars[msix->layout.table_bar];
	mapping = vmr_region_mapping(&table_bar->region);
	addr = mapping.start + msix->layout.table_offset + step->offset;
	if (mapping.mapped && compare_agrees(VMR_MMIO, addr, node,
					     msix->layout.table_bar))
		write_both(VMR_MMIO, addr, step->value, step->width);
}

static void run_reset(void)
{
	qemu_qmp_send(&machine.q, "{\"execute\":\"system_reset\"}");
	qemu_qmp_event(&machine.q, "RESET");
	topology_enable_ecam();
	model_reset();
	machine.conf1.config_address = 0;
}

static unsigned int compare_results(const struct node *node, const char *what,
				    bool theirs, bool ours, bool verbose)
{
	if (theirs == ours)
		return 0;
	if (verbose)
		printf("  %s %s: QEMU %s, library %s\n", what, node->id,
		       theirs ? "does" : "refuses", ours ? "does" : "refuses");
	return 1;
}

static uint32_t slot_control(const struct node *port)
{
	uint32_t at = capability_find(port->config, PCI_CAP_ID_EXP);

	return get16(&port->fn->config[at + PCI_EXP_SLTCTL]);
}

/* Whether a driver controls the slot, and the slot is off */
static bool slot_waits(const struct node *port)
{
	uint32_t control = slot_control(port);

	return control & PCI_EXP_SLTCTL_HPIE && control & PCI_EXP_SLTCTL_PCC &&
	       (control & PCI_EXP_SLTCTL_PIC) == PCI_EXP_SLTCTL_PWR_IND_OFF;
}

static bool slot_blinks(const struct node *port)
{
	return (slot_control(port) & PCI_EXP_SLTCTL_PIC) ==
	       PCI_EXP_SLTCTL_PWR_IND_BLINK;
}

/* Only where the machine has room: the parent is there, and the node is not */
static unsigned int run_plug(struct node *node, bool verbose)
{
	const struct node *up = node->parent;
	char driver[160], *properties;
	bool theirs, ours, accepted = difference_accepted("plug-button");
	uint32_t address = 0;

	if (node_present(node) || !up || !node_present(up) ||
	    (!slot_waits(up) && difference_accepted("plug-without-driver")) ||
	    (accepted && !reach(up, &address)))
		return 0;
	snprintf(driver, sizeof(driver), "%s", node->driver);
	properties = strchr(driver, ',');
	if (properties)
		die("%s has properties, and cannot be plugged", node->id);
	qemu_qmp_send(&machine.q,
		      "{\"execute\":\"device_add\",\"arguments\":{"
		      "\"driver\":\"%s\",\"id\":\"%s\",\"bus\":\"%s\","
		      "\"addr\":\"%x.%x\"}}",
		      driver, node->id, up->id, node->devfn >> 3,
		      node->devfn & 7);
	theirs = qemu_qmp_succeeds(&machine.q);
	ours = model_plug(node);
	if (theirs && accepted)
		notice_button(up, address);
	return compare_results(node, "plug", theirs, ours, verbose);
}

static unsigned int run_unplug(struct node *node, bool verbose)
{
	bool theirs, ours;

	if (!node_present(node) ||
	    ((slot_blinks(node->parent) || node->removal_requested) &&
	     difference_accepted("unplug-again")))
		return 0;
	node->removal_requested = true;
	qemu_qmp_send(&machine.q,
		      "{\"execute\":\"device_del\",\"arguments\":{"
		      "\"id\":\"%s\"}}", node->id);
	theirs = qemu_qmp_succeeds(&machine.q);
	ours = model_unplug(node);
	return compare_results(node, "unplug", theirs, ours, verbose);
}

unsigned int step_run(const struct step *step, bool verbose)
{
	struct node *node = &machine.nodes[step->node];

	switch (step->kind) {
	case STEP_ECAM:
	case STEP_PORT:
		run_register(step);
		return 0;
	case STEP_READ:
		return run_read(step, verbose);
	case STEP_TABLE:
		run_table(step);
		return 0;
	case STEP_RESET:
		run_reset();
		return 0;
	case STEP_PLUG:
		return run_plug(node, verbose);
	default:
		return run_unplug(node, verbose);
	}
}
