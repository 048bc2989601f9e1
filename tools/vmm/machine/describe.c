// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * describe.c - the ranges and registers of a machine, for the library's snapshots
 *
 * Ranges are known by their number: that in which both machines, built in the
 * same way, name them.
 */
#include <stdlib.h>
#include <string.h>

#include "describe.h"

#define FAR_BRIDGE_SPACES	(VMR_SNAPSHOT_FIRST_USER + 3)
#define PORT_SPACES		(VMR_SNAPSHOT_FIRST_USER + 6)
#define FUNCTION_KEY	0x10000	/* of the first function; others have less */
#define VF_KEY		0x20000	/* of the first virtual function */
#define CARD_KEY	0x30000	/* of the first card in a slot */

/* Root ports, a switch, and the card with virtual functions */
static bool has_ports(const struct vmm *vmm)
{
	return vmm->kernel || vmm->config.machine == MACHINE_Q35;
}

static uint64_t key_of(const struct vmr_snapshot *snap, uint32_t space,
		       const struct vmr_range *range)
{
	const struct snapshot *s = container_of(snap, struct snapshot, snap);
	unsigned int i;

	(void)space;
	for (i = 0; i < s->nr_ranges; i++)
		if (s->ranges[i] == range)
			return i;
	return VMR_ADDR_MAX; /* an unknown key: the restore fails */
}

static struct vmr_range *node_of(const struct vmr_snapshot *snap, uint64_t key,
				 uint32_t *space)
{
	const struct snapshot *s = container_of(snap, struct snapshot, snap);

	if (key >= s->nr_ranges)
		return NULL;
	*space = s->space_of[key];
	return s->ranges[key];
}

static const struct vmr_snapshot_ops ops = {
	.range_to_key		= key_of,
	.key_to_range	= node_of,
};

static void add_range(struct snapshot *s, struct vmr_range *range,
		      uint32_t space)
{
	if (s->nr_ranges == MAX_RANGES) {
		s->full = true;
		return;
	}
	s->space_of[s->nr_ranges] = space;
	s->ranges[s->nr_ranges++] = range;
}

static bool is_region(const struct vmr_device *dev,
		      const struct vmr_range *range)
{
	const struct vmr_region *region;

	for (region = dev->regions; region; region = region->next)
		if (&region->range == range)
			return true;
	return false;
}

/* The space of a range that is no region */
static uint32_t space_of_kind(uint32_t kind)
{
	switch (kind) {
	case VMR_KIND_IRQ:
	case VMR_KIND_MSI:
	case VMR_KIND_MSIX:
	case VMR_KIND_MSI_GENERIC:
		return VMR_SNAPSHOT_IRQS;
	default:
		return VMR_SNAPSHOT_SLOTS;
	}
}

/* The requests for fixed places are those that a snapshot must have fulfilled. */
static void add_fixed(struct snapshot *s, const struct vmr_constraint *c)
{
	struct vmr_snapshot_fixed *fixed = &s->fixed[s->snap.nr_fixed];
	unsigned int i;

	if (c->request.policy != VMR_EXACT)
		return;
	for (i = 0; i < s->nr_ranges; i++) {
		if (s->ranges[i] != c->range)
			continue;
		fixed->key = i;
		fixed->start = c->request.addr;
		fixed->last = c->request.addr + (c->request.size - 1);
		fixed->space = s->space_of[i];
		s->snap.nr_fixed++;
		return;
	}
}

/* @bus: the id of the first space of the bus that the device is on */
static void add_device(struct snapshot *s, struct vmr_device *dev, uint32_t bus)
{
	const struct vmr_constraint *c;
	struct vmr_region *region;
	size_t i;

	add_range(s, &dev->id, VMR_SNAPSHOT_IDS);
	for (region = dev->regions; region; region = region->next)
		add_range(s, &region->range,
			  bus + (region->io == VMR_PIO ? VMR_SNAPSHOT_PIO :
							 VMR_SNAPSHOT_MMIO));
	for (i = 0; i < dev->nr_constraints; i++) {
		c = &dev->constraints[i];
		if (!is_region(dev, c->range))
			add_range(s, c->range, space_of_kind(c->kind));
		add_fixed(s, c);
	}
}

static void add_block(struct snapshot *s, void *bytes, size_t size,
		      block_check_fn *check)
{
	struct vmr_snapshot_block *block = &s->blocks[s->snap.nr_blocks];

	if (s->snap.nr_blocks == MAX_BLOCKS) {
		s->full = true;
		return;
	}
	block->key = s->snap.nr_blocks++;
	block->bytes = bytes;
	block->size = size;
	block->check = check;
}

/* The registers of a platform device are what follows in its struct. */
#define ADD_REGISTERS(s, device, check) \
	add_block(s, &(device)->platform + 1, \
		  sizeof(*(device)) - sizeof((device)->platform), check)

/* Memory for a description, which counts; NULL if there is no more */
static struct vmr_snapshot_block *next_block(struct snapshot *s)
{
	if (s->snap.nr_blocks < MAX_BLOCKS)
		return &s->blocks[s->snap.nr_blocks++];
	s->full = true;
	return NULL;
}

/* Any value of these is one that they can have. */
static void add_q35_blocks(struct snapshot *s, struct q35 *q35)
{
	unsigned int i;

	add_block(s, q35->pm_regs, sizeof(q35->pm_regs), NULL);
	for (i = 0; i < NR_IRQDEVS; i++)
		add_block(s, &q35->irqdevs[i].state,
			  sizeof(q35->irqdevs[i].state), NULL);
}

/* The vectors that the guest enables */
static void add_q35_vectors(struct snapshot *s, struct q35 *q35)
{
	struct irqdev *irqdev;
	unsigned int i, n;

	for (i = 0; i < NR_IRQDEVS; i++) {
		irqdev = &q35->irqdevs[i];
		add_range(s, &irqdev->msi.range, VMR_SNAPSHOT_IRQS);
		for (n = 0; n < irqdev->nr_entries; n++)
			add_range(s, &irqdev->entries[n].range,
				  VMR_SNAPSHOT_IRQS);
	}
}

static void add_port_vectors(struct snapshot *s, struct q35 *q35)
{
	unsigned int i;

	for (i = 0; i < Q35_NR_PORTS; i++)
		add_range(s, &q35->ports[i].msi.range, VMR_SNAPSHOT_IRQS);
}

static void add_virtio(struct snapshot *s, struct virtio *virtio)
{
	unsigned int i;

	for (i = 0; i < VIRTIO_VECTORS; i++)
		add_range(s, &virtio->entries[i].range, VMR_SNAPSHOT_IRQS);
	add_block(s, &virtio->state, sizeof(virtio->state), virtio_check);
}

/* Whether the removal of the card in the slot is pending */
static void add_slot_card(struct snapshot *s, struct vmm *vmm)
{
	struct vmr_snapshot_block *block = next_block(s);

	if (block)
		vmr_snapshot_describe_device(block,
					     FUNCTION_KEY + vmm->nr_functions,
					     &vmm->q35.slot_card.dev);
}

/* The same of the cards of a machine that boots a kernel, plugged or not */
static void add_cards(struct snapshot *s, struct vmm *vmm)
{
	struct vmr_snapshot_block *block;
	unsigned int i;

	for (i = 0; i < Q35_NR_PORTS; i++) {
		block = next_block(s);
		if (block)
			vmr_snapshot_describe_device(block, CARD_KEY + i,
						     &vmm->q35.cards[i].fn.dev);
	}
}

static void add_blocks(struct snapshot *s, struct vmm *vmm)
{
	struct fw_cfg *cfg = &vmm->fw_cfg;
	unsigned int i;

	ADD_REGISTERS(s, &vmm->cmos, cmos_check);
	ADD_REGISTERS(s, &vmm->pit, pit_check);
	ADD_REGISTERS(s, &vmm->pic, pic_check);
	ADD_REGISTERS(s, &vmm->serial, serial_check);
	ADD_REGISTERS(s, &vmm->i8042, i8042_check);
	ADD_REGISTERS(s, &vmm->apic, apic_check);
	ADD_REGISTERS(s, &vmm->ioapic, NULL);
	for (i = 0; i < NR_SCRATCH_REGS; i++)
		ADD_REGISTERS(s, &vmm->scratch_regs[i], NULL);
	add_block(s, &cfg->selected,
		  sizeof(*cfg) - offsetof(struct fw_cfg, selected),
		  fw_cfg_check);
	add_block(s, vmm->pm.regs, sizeof(vmm->pm.regs), NULL);
	add_block(s, &vmm->pci_host.config_address,
		  sizeof(vmm->pci_host.config_address), NULL);

	if (vmm->config.machine == MACHINE_Q35)
		add_q35_blocks(s, &vmm->q35);
}

/* The same of a machine that boots a kernel */
static void add_kernel_blocks(struct snapshot *s, struct vmm *vmm)
{
	struct device_registers regs[MAX_REGISTERS];
	unsigned int i, n = machine_registers(vmm, regs);

	for (i = 0; i < n; i++)
		add_block(s, regs[i].bytes, regs[i].size, regs[i].check);
	add_block(s, &vmm->agent.state, sizeof(vmm->agent.state), agent_check);
	if (vmm->config.firmware_size)
		add_block(s, &vmm->debugcon.nr_shown, DEBUGCON_REGISTERS,
			  debugcon_check);
	if (vmm->kernel->disk)
		add_virtio(s, &vmm->disk);
	add_virtio(s, &vmm->entropy);
}

static void add_functions(struct snapshot *s, struct vmm *vmm)
{
	struct vmr_snapshot_block *block;
	unsigned int i;

	for (i = 0; i < vmm->nr_functions; i++) {
		block = next_block(s);
		if (!block)
			return;
		vmr_snapshot_describe_pci(block, FUNCTION_KEY + i,
					  vmm->functions[i], &vmm->sys);
		if (vmm->functions[i] == &vmm->pm.fn)
			block->check = piix4_pm_check;
		if (vmm->functions[i] == &vmm->q35.mch)
			block->check = q35_mch_check;
		if (vmm->functions[i] == &vmm->q35.lpc)
			block->check = q35_lpc_check;
	}
}

/* The id of the first space of the bus that a function is on */
static uint32_t bus_of(const struct vmm *vmm, const struct vmr_pci_function *fn)
{
	const struct vmr_pci_bridge *bridge = fn->upstream_bridge;

	if (!bridge)
		return 0;
	if (bridge->port)
		return PORT_SPACES +
		       3 * (uint32_t)(bridge->port - vmm->q35.ports);
	return bridge == &vmm->pci_bridge ? VMR_SNAPSHOT_FIRST_USER :
					    FAR_BRIDGE_SPACES;
}

/* Virtual functions, enabled or not, on the bus of the card */
static void add_vfs(struct snapshot *s, struct vmm *vmm)
{
	uint32_t bus = bus_of(vmm, &vmm->q35.vfcard.fn);
	struct vmr_snapshot_block *block;
	struct vmr_pci_function *vf;
	unsigned int i;

	for (i = 0; i < IRQDEV_NR_VFS; i++) {
		vf = vmm->q35.vfcard.vfs[i];
		add_range(s, &vf->address, bus ? bus + 2 : VMR_SNAPSHOT_PCI);
		add_device(s, &vf->dev, bus);
		block = next_block(s);
		if (block)
			vmr_snapshot_describe_pci(block, VF_KEY + i, vf,
						  &vmm->sys);
	}
}

static void add_fixed_spans(struct snapshot *s, uint32_t space, uint64_t key,
			    const struct vmr_span *spans, size_t nr)
{
	vmr_snapshot_describe_fixed(s->fixed + s->snap.nr_fixed, space, key,
				    spans, nr);
	s->snap.nr_fixed += nr;
}

/* The ranges that belong to no device */
static void add_reserved(struct snapshot *s, struct vmm *vmm)
{
	struct vmr_layout *layout = &vmm->layout;
	struct vmr_span line = { .name = "PCI" };
	unsigned int i;

	for (i = 0; i < NR_RESERVED; i++)
		add_range(s, &vmm->reserved[i].range, VMR_SNAPSHOT_MMIO);
	if (!vmm->kernel) {
		add_fixed_spans(s, VMR_SNAPSHOT_MMIO, 0, reserved_spans,
				NR_RESERVED);
		return;
	}
	add_fixed_spans(s, VMR_SNAPSHOT_MMIO, s->nr_ranges,
			vmm->layout_reserved, layout->nr_reserved);
	for (i = 0; i < layout->nr_reserved; i++)
		add_range(s, &layout->reserved[i].range, VMR_SNAPSHOT_MMIO);
	for (i = 0; i < NR_PCI_LINES; i++) {
		line.start = board.first_pci_line + i;
		line.last = line.start;
		add_fixed_spans(s, VMR_SNAPSHOT_IRQS, s->nr_ranges, &line, 1);
		add_range(s, &vmm->pci_lines[i].range, VMR_SNAPSHOT_IRQS);
	}
}

static void add_bus(struct snapshot *s, struct vmr_pci_bridge *bridge,
		    uint32_t id)
{
	vmr_snapshot_describe_bridge(s->spaces + s->snap.nr_spaces, bridge, id);
	s->snap.nr_spaces += 3;
}

static void add_spaces(struct snapshot *s, struct vmm *vmm)
{
	unsigned int i;

	vmr_snapshot_describe_system(s->spaces, &vmm->sys);
	s->snap.nr_spaces = VMR_SNAPSHOT_NR_SPACES;
	add_bus(s, &vmm->pci_bridge, VMR_SNAPSHOT_FIRST_USER);
	if (vmm->config.machine == MACHINE_Q35)
		add_bus(s, &vmm->q35.bridge, FAR_BRIDGE_SPACES);
	for (i = 0; has_ports(vmm) && i < Q35_NR_PORTS; i++)
		add_bus(s, &vmm->q35.ports[i].bridge, PORT_SPACES + 3 * i);
}

static void add_devices(struct snapshot *s, struct vmm *vmm)
{
	struct vmr_pci_function *fn;
	struct vmm_memory *mem;
	unsigned int i;
	uint32_t bus;

	for (mem = vmm->memories; mem; mem = mem->next)
		for (i = 0; i < MEMORY_SLOTS; i++)
			add_range(s, &mem->slots[i].number, VMR_SNAPSHOT_SLOTS);
	for (i = 0; i < vmm->nr_devices; i++)
		add_device(s, vmm->devices[i], 0);
	for (i = 0; i < vmm->nr_functions; i++) {
		fn = vmm->functions[i];
		bus = bus_of(vmm, fn);
		add_range(s, &fn->address, bus ? bus + 2 : VMR_SNAPSHOT_PCI);
		add_device(s, &fn->dev, bus);
	}
}

struct snapshot *machine_describe(struct vmm *vmm)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (!s) {
		vmm_err("no memory for the description of the machine");
		return NULL;
	}
	s->snap.ops = &ops;
	s->snap.spaces = s->spaces;
	s->snap.blocks = s->blocks;
	s->snap.fixed = s->fixed;
	add_spaces(s, vmm);
	add_reserved(s, vmm);
	add_devices(s, vmm);
	if (vmm->config.machine == MACHINE_Q35)
		add_q35_vectors(s, &vmm->q35);
	if (has_ports(vmm))
		add_port_vectors(s, &vmm->q35);
	if (vmm->kernel)
		add_kernel_blocks(s, vmm);
	else
		add_blocks(s, vmm);
	add_functions(s, vmm);
	if (vmm->config.machine == MACHINE_Q35)
		add_slot_card(s, vmm);
	if (has_ports(vmm))
		add_vfs(s, vmm);
	if (vmm->kernel)
		add_cards(s, vmm);
	if (!s->full)
		return s;
	free(s);
	return NULL;
}

uint8_t *maps_save(struct vmm *vmm, size_t *size, const char **fault)
{
	struct snapshot *s = machine_describe(vmm);
	uint8_t *bytes = NULL;
	int err = -ENOSPC;

	if (s)
		err = vmr_snapshot_size(&s->snap, size);
	if (!err) {
		bytes = malloc(*size);
		if (!bytes)
			vmm_err("no memory for the maps");
		err = bytes ? vmr_snapshot_save(&s->snap, bytes, *size, size) :
			      -ENOSPC;
	}
	free(s);
	if (!err)
		return bytes;
	*fault = vmr_strerror(err);
	free(bytes);
	return NULL;
}

const char *machine_adopt(struct vmm *vmm)
{
	unsigned int i;
	int err = 0;

	vmm->restoring = false;
	memory_restored(vmm);
	if (vmm->kernel)
		err = pci_lines_register(vmm);
	for (i = 0; !err && i < vmm->nr_devices; i++)
		err = vmr_device_register_restored(&vmm->manager,
						   vmm->devices[i], NULL);
	/* A bridge was plugged before what is behind it. */
	for (i = 0; !err && i < vmm->nr_functions; i++)
		err = vmr_pci_register_restored(&vmm->manager,
						vmm->functions[i], NULL);
	for (i = 0; !err && i < vmr_pci_sriov_nr_enabled(&vmm->q35.vfcard.sriov);
	     i++)
		err = vmr_pci_register_restored(&vmm->manager,
						vmm->q35.vfcard.vfs[i], NULL);
	if (!vmm->kernel)
		fw_cfg_restored(vmm);
	return err ? vmr_strerror(err) : NULL;
}
