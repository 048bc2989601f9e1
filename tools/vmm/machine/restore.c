// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * restore.c - save a machine while its guest runs, and go on with another one
 * that is made of what was saved
 *
 * The new machine is in memory of its own and gets from the old one the bytes
 * of the snapshot, the guest's memory, KVM's file descriptors, and this program's
 * counters. Everything that the guest can see of devices comes from the snapshot:
 * their addresses and their registers.
 *
 * Ranges are known by their number: that in which both machines, built in the
 * same way, name them.
 */
#include <stdlib.h>
#include <string.h>

#include "../vmm.h"

#define MAX_RANGES	1024
#define MAX_BLOCKS	128
#define FAR_BRIDGE_SPACES	(VMR_SNAPSHOT_FIRST_USER + 3)
#define PORT_SPACES		(VMR_SNAPSHOT_FIRST_USER + 6)
#define FUNCTION_KEY	0x10000	/* of the first function; others have less */
#define VF_KEY		0x20000	/* of the first virtual function */

/**
 * struct snapshot - what there is of a machine to save
 * @fixed: the ranges that no guest moves
 * @ranges: all its ranges; the number in here is the key
 * @space_of: the space of each range, whatever a snapshot says
 */
struct snapshot {
	struct vmr_snapshot		snap;
	struct vmr_snapshot_space	spaces[VMR_SNAPSHOT_NR_SPACES + 6 +
						       3 * Q35_NR_PORTS];
	struct vmr_snapshot_block	blocks[MAX_BLOCKS];
	struct vmr_snapshot_fixed	fixed[MAX_RANGES];
	struct vmr_range		*ranges[MAX_RANGES];
	uint32_t			space_of[MAX_RANGES];
	unsigned int			nr_ranges;
	bool				full;
};

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
	for (i = 0; i < Q35_NR_PORTS; i++)
		add_range(s, &q35->ports[i].msi.range, VMR_SNAPSHOT_IRQS);
}

/* Whether the removal of the card in the slot is pending */
static void add_slot_card(struct snapshot *s, struct vmm *vmm)
{
	if (s->snap.nr_blocks == MAX_BLOCKS) {
		s->full = true;
		return;
	}
	vmr_snapshot_describe_device(&s->blocks[s->snap.nr_blocks++],
				     FUNCTION_KEY + vmm->nr_functions,
				     &vmm->q35.slot_card.dev);
}

/* Virtual functions, enabled or not */
static void add_vfs(struct snapshot *s, struct vmm *vmm)
{
	struct vmr_pci_function *vf;
	unsigned int i;

	if (s->snap.nr_blocks + IRQDEV_NR_VFS > MAX_BLOCKS) {
		s->full = true;
		return;
	}
	for (i = 0; i < IRQDEV_NR_VFS; i++) {
		vf = vmm->q35.vfcard.vfs[i];
		add_range(s, &vf->address, VMR_SNAPSHOT_PCI);
		add_device(s, &vf->dev, 0);
		vmr_snapshot_describe_pci(&s->blocks[s->snap.nr_blocks++],
					  VF_KEY + i, vf, &vmm->sys);
	}
}

static void add_blocks(struct snapshot *s, struct vmm *vmm)
{
	struct fw_cfg *cfg = &vmm->fw_cfg;
	struct vmr_snapshot_block *block;
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
	for (i = 0; i < vmm->nr_functions; i++) {
		if (s->snap.nr_blocks == MAX_BLOCKS) {
			s->full = true;
			return;
		}
		block = &s->blocks[s->snap.nr_blocks++];
		vmr_snapshot_describe_pci(block, FUNCTION_KEY + i,
					  vmm->functions[i], &vmm->sys);
		if (vmm->functions[i] == &vmm->pm.fn)
			block->check = piix4_pm_check;
		if (vmm->functions[i] == &vmm->q35.mch)
			block->check = q35_mch_check;
		if (vmm->functions[i] == &vmm->q35.lpc)
			block->check = q35_lpc_check;
	}
	if (vmm->config.machine == MACHINE_Q35)
		add_slot_card(s, vmm);
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

/* All that there is of a machine; in memory that the caller frees */
static struct snapshot *describe(struct vmm *vmm)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	struct vmm_memory *mem;
	struct vmr_pci_function *fn;
	unsigned int i;
	uint32_t bus;

	if (!s)
		return NULL;
	vmr_snapshot_describe_system(s->spaces, &vmm->sys);
	vmr_snapshot_describe_bridge(s->spaces + VMR_SNAPSHOT_NR_SPACES,
				     &vmm->pci_bridge, VMR_SNAPSHOT_FIRST_USER);
	for (i = 0; i < NR_RESERVED; i++)
		add_range(s, &vmm->reserved[i].range, VMR_SNAPSHOT_MMIO);
	for (mem = vmm->memories; mem; mem = mem->next)
		for (i = 0; i < MEMORY_SLOTS; i++)
			add_range(s, &mem->slots[i].number, VMR_SNAPSHOT_SLOTS);
	vmr_snapshot_describe_fixed(s->fixed, VMR_SNAPSHOT_MMIO, 0,
				    reserved_spans, NR_RESERVED);
	s->snap.fixed = s->fixed;
	s->snap.nr_fixed = NR_RESERVED;
	for (i = 0; i < vmm->nr_devices; i++)
		add_device(s, vmm->devices[i], 0);
	for (i = 0; i < vmm->nr_functions; i++) {
		fn = vmm->functions[i];
		bus = bus_of(vmm, fn);
		add_range(s, &fn->address, bus ? bus + 2 : VMR_SNAPSHOT_PCI);
		add_device(s, &fn->dev, bus);
	}
	if (vmm->config.machine == MACHINE_Q35)
		add_q35_vectors(s, &vmm->q35);
	add_blocks(s, vmm);
	if (vmm->config.machine == MACHINE_Q35)
		add_vfs(s, vmm);
	s->snap.ops = &ops;
	s->snap.spaces = s->spaces;
	s->snap.nr_spaces = VMR_SNAPSHOT_NR_SPACES + 3;
	if (vmm->config.machine == MACHINE_Q35) {
		vmr_snapshot_describe_bridge(s->spaces + s->snap.nr_spaces,
					     &vmm->q35.bridge,
					     FAR_BRIDGE_SPACES);
		s->snap.nr_spaces += 3;
	}
	for (i = 0; vmm->config.machine == MACHINE_Q35 && i < Q35_NR_PORTS; i++) {
		vmr_snapshot_describe_bridge(s->spaces + s->snap.nr_spaces,
					     &vmm->q35.ports[i].bridge,
					     PORT_SPACES + 3 * i);
		s->snap.nr_spaces += 3;
	}
	s->snap.blocks = s->blocks;
	if (!s->full)
		return s;
	free(s);
	return NULL;
}

/* The bytes of a machine, which the caller frees; NULL and what is wrong */
static uint8_t *save(struct vmm *vmm, size_t *size, const char **fault)
{
	struct snapshot *s = describe(vmm);
	uint8_t *bytes = NULL;
	int err = -ENOSPC;

	if (s)
		err = vmr_snapshot_size(&s->snap, size);
	if (!err) {
		bytes = malloc(*size);
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

/* Whether a machine is what these bytes say: NULL, or what is wrong */
static const char *compare(struct vmm *vmm, const uint8_t *bytes, size_t size)
{
	const char *fault = NULL;
	size_t again;
	uint8_t *copy = save(vmm, &again, &fault);

	if (copy && (again != size || memcmp(copy, bytes, size)))
		fault = "saved again it has other bytes";
	free(copy);
	return fault;
}

/* A restore of damaged bytes fails and changes nothing. */
static const char *restore(struct vmm *vmm, uint8_t *bytes, size_t size)
{
	struct snapshot *s = describe(vmm);
	const char *fault = NULL;
	int err;

	if (!s)
		return "no memory";
	bytes[size / 2] ^= 1;
	if (vmr_snapshot_restore(&s->snap, bytes, size) != -EBADMSG)
		fault = "damaged bytes are restored";
	bytes[size / 2] ^= 1;
	if (!fault)
		fault = hostile_check(&s->snap, bytes, size);
	if (!fault) {
		err = vmr_snapshot_restore(&s->snap, bytes, size);
		if (err)
			fault = vmr_strerror(err);
	}
	free(s);
	return fault;
}

/* A machine like this one, with nothing registered in it */
static struct vmm *build(const struct vmm *from)
{
	struct vmm *vmm = vmm_alloc();

	if (!vmm)
		return NULL;
	vmm->config = from->config;
	vmm->restoring = true;
	if (vmm_init(vmm) ||
	    (from->hot.fn.manager &&
	     pci_plug(vmm, &vmm->hot.fn, NULL, HOT_ADDRESS)) ||
	    (from->q35.slot_card.manager &&
	     pci_plug(vmm, &vmm->q35.slot_card, &q35_slot(vmm)->bridge, 0))) {
		vmm_free(vmm);
		return NULL;
	}
	return vmm;
}

/* Move the state of the run that is not visible to the guest */
static void take_over(struct vmm *vmm, struct vmm *from)
{
	struct debugcon *log = &vmm->debugcon, *old = &from->debugcon;
	unsigned int i;

	vmm->exits = from->exits;
	vmm->unhandled_exits = from->unhandled_exits;
	vmm->errors = from->errors;
	vmm->implemented = from->implemented;
	vmm->programmed = from->programmed;
	vmm->misdispatched = from->misdispatched;
	vmm->failed = from->failed;
	vmm->scenario = from->scenario;
	vmm->program = from->program;
	log->text = old->text;
	log->length = old->length;
	log->size = old->size;
	log->line = old->line;
	log->placed = old->placed;
	log->end = old->end;
	log->finished = old->finished;
	old->text = NULL;
	for (i = 0; i < NR_READER_THREADS; i++) {
		vmm->reader_threads[i].hits = from->reader_threads[i].hits;
		vmm->reader_threads[i].misses = from->reader_threads[i].misses;
		vmm->reader_threads[i].concurrent =
			from->reader_threads[i].concurrent;
		vmm->reader_threads[i].errors = from->reader_threads[i].errors;
	}
	memory_move_from(vmm, from);
}

/* Register everything with the places that the restore has put it at. */
static const char *adopt(struct vmm *vmm)
{
	unsigned int i;
	int err = 0;

	vmm->restoring = false;
	memory_restored(vmm);
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
	fw_cfg_restored(vmm);
	return err ? vmr_strerror(err) : NULL;
}

/*
 * Restore another machine and continue with it. Return: that machine, or this one
 * after a failure. No exit is being handled, so only reader threads use this one.
 */
struct vmm *restore_machine(struct vmm *vmm)
{
	const char *fault = NULL;
	struct vmm *new = NULL;
	uint8_t *bytes;
	size_t size;

	readers_stop(vmm);
	bytes = save(vmm, &size, &fault);
	if (bytes) {
		new = build(vmm);
		fault = new ? restore(new, bytes, size) : "no memory";
	}
	if (!fault)
		fault = compare(new, bytes, size);
	if (fault) {
		if (new)
			vmm_free(new);
	} else {
		take_over(new, vmm);
		/* Its memory slots must go before those of the new one come. */
		vmm_destroy(vmm);
		kvm_move_from(new, vmm);
		vmm_free(vmm);
		vmm = new;
		fault = adopt(vmm);
		if (fault)
			vmm->failed = true;
		else
			fault = compare(vmm, bytes, size);
	}
	free(bytes);

	if (fault)
		vmm->misdispatched++;
	printf("restore: exit %" PRIu64 ": ", vmm->exits);
	if (fault)
		printf("%s\n", fault);
	else
		printf("%u devices go on in other memory, %zu bytes saved twice the same\n",
		       vmm->nr_devices + vmm->nr_functions, size);
	fflush(stdout);
	if (readers_start(vmm))
		vmm->failed = true;
	return vmm;
}
