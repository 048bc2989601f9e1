// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A machine is saved, and restored in another place
 *
 * Two structs of one type stand for the two hosts of a migration. Between them are
 * bytes and nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmalloc/vmalloc.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* [machine] */
#define NR_NICS		2

struct machine {
	struct vmr_system		sys;
	struct vmr_manager		manager;
	struct vmr_reader		vcpu;
	struct vmr_pci_function		nics[NR_NICS];
	struct vmr_snapshot		snapshot;
	struct vmr_snapshot_space	spaces[VMR_SNAPSHOT_NR_SPACES];
	struct vmr_snapshot_block	blocks[NR_NICS];
};

static void nic_read(struct vmr_device *dev, const struct vmr_access *access,
		     void *data)
{
	memset(data, dev->name[3], access->width);
}

static const struct vmr_device_ops nic_ops = { .read = nic_read };

/* The machine with its devices, none of them plugged */
static void make(struct machine *m)
{
	static const struct vmr_pci_ids ids = {
		.vendor = 0x1234, .device = 0x0002, .class_code = 0x020000,
	};
	static const char * const names[NR_NICS] = { "nic0", "nic1" };
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 23, .slot_last = 31,
		.pci_last = 0xff, .id_last = 99,
	};
	int i;

	vmr_system_init(&m->sys, &limits);
	vmr_manager_init(&m->manager, &m->sys);
	vmr_reader_attach(&m->manager, &m->vcpu);
	for (i = 0; i < NR_NICS; i++) {
		vmr_pci_function_init(&m->nics[i], &ids, &nic_ops, names[i]);
		vmr_pci_add_bar(&m->nics[i], 0, VMR_PCI_BAR_MEM32, false, 0x1000,
				"registers");
	}
}

/* [end of machine] */

/* [keys] */
/*
 * A key means the same on both sides: the number of the nic in the upper half, that
 * of the range within it in the lower.
 */
enum { KEY_BAR0, KEY_ID, KEY_ADDRESS };

static struct vmr_range *node(struct machine *m, uint64_t key)
{
	struct vmr_pci_function *nic;

	if (key >> 32 >= NR_NICS)
		return NULL;
	nic = &m->nics[key >> 32];
	switch ((uint32_t)key) {
	case KEY_BAR0:
		return &nic->bars[0].region.range;
	case KEY_ID:
		return &nic->dev.id;
	case KEY_ADDRESS:
		return &nic->address;
	}
	return NULL;
}

/* Each node has one space, whatever a snapshot says about it. */
static struct vmr_range *node_of(const struct vmr_snapshot *snap, uint64_t key,
				 uint32_t *space)
{
	static const uint32_t spaces[] = {
		[KEY_BAR0] = VMR_SNAPSHOT_MMIO,
		[KEY_ID] = VMR_SNAPSHOT_IDS,
		[KEY_ADDRESS] = VMR_SNAPSHOT_PCI,
	};
	struct vmr_range *range;

	range = node(container_of(snap, struct machine, snapshot), key);
	if (range)
		*space = spaces[(uint32_t)key];
	return range;
}

static uint64_t key_of(const struct vmr_snapshot *snap, uint32_t space,
		       const struct vmr_range *range)
{
	struct machine *m = container_of(snap, struct machine, snapshot);
	uint64_t nic, key;

	(void)space;
	for (nic = 0; nic < NR_NICS; nic++)
		for (key = nic << 32; key <= (nic << 32 | KEY_ADDRESS); key++)
			if (node(m, key) == range)
				return key;
	abort();	/* a range without a key */
}

static const struct vmr_snapshot_ops ops = {
	.range_to_key = key_of, .key_to_range = node_of,
};

/* [end of keys] */

/* [describe] */
static uint32_t pci_address(int nic)
{
	return VMR_PCI_BDF(0, 3 + nic, 0);
}

static void describe(struct machine *m)
{
	int i;

	vmr_snapshot_describe_system(m->spaces, &m->sys);
	for (i = 0; i < NR_NICS; i++)	/* by ascending key */
		vmr_snapshot_describe_pci(&m->blocks[i], pci_address(i),
					  &m->nics[i], &m->sys);
	m->snapshot = (struct vmr_snapshot) {
		.ops = &ops,
		.spaces = m->spaces,
		.nr_spaces = VMR_SNAPSHOT_NR_SPACES,
		.blocks = m->blocks,
		.nr_blocks = NR_NICS,
	};
}

/* [end of describe] */

static void must(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "%s: %s\n", what, vmr_strerror(err));
	exit(1);
}

/* [save] */
static void *save(struct machine *m, size_t *size)
{
	void *bytes;

	describe(m);
	must(vmr_snapshot_size(&m->snapshot, size), "size");
	bytes = malloc(*size);
	if (!bytes)
		abort();
	must(vmr_snapshot_save(&m->snapshot, bytes, *size, size), "save");
	return bytes;
}

/* [end of save] */

/* [restore] */
static int restore(struct machine *m, const void *bytes, size_t size)
{
	int err, i;

	make(m);
	describe(m);
	err = vmr_snapshot_restore(&m->snapshot, bytes, size);
	if (err)
		return err;
	for (i = 0; i < NR_NICS; i++)
		must(vmr_pci_register_restored(&m->manager, &m->nics[i], NULL),
		     "adopt");
	return 0;
}

/* [end of restore] */

/* [main] */
static void config(struct vmr_pci_function *fn, uint32_t offset,
		   uint32_t value, uint32_t width)
{
	uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24),
	};

	vmr_pci_config_write(fn, offset, bytes, width);
}

static void print_line(void *arg, const char *line)
{
	(void)arg;
	printf("  %s\n", line);
}

static void show(struct machine *m, const char *name)
{
	struct vmr_printer map = {
		.line = print_line, .flags = VMR_PRINT_CLAIMS,
		.manager = &m->manager,
	};

	printf("%s:\n", name);
	vmr_print_regions(&map, &m->sys.mmio);
}

int main(void)
{
	static struct machine here, there, nowhere;
	size_t size, again;
	uint8_t *bytes, *same;
	int i;

	make(&here);
	for (i = 0; i < NR_NICS; i++) {
		must(vmr_pci_plug(&here.manager, &here.nics[i],
				  pci_address(i)), "plug");
		/* Both at one place: nic1 waits, and that is saved too */
		config(&here.nics[i], 0x10, 0xe0000000, 4);
		config(&here.nics[i], 0x04, 2, 2);
	}
	bytes = save(&here, &size);
	show(&here, "here");

	must(restore(&there, bytes, size), "restore");
	show(&there, "there");
	same = save(&there, &again);
	printf("%zu bytes, the same when saved again: %s\n", size,
	       again == size && !memcmp(bytes, same, size) ? "yes" : "no");

	puts("nic0 goes, there:");
	must(vmr_pci_unplug(&there.nics[0]) < 0, "unplug");
	must(vmr_device_drain(&there.manager, &there.nics[0].dev), "drain");
	show(&there, "there");

	/* One bit: refused, and nothing has changed */
	bytes[size / 2] ^= 1;
	printf("a damaged one: %s\n",
	       vmr_strerror(restore(&nowhere, bytes, size)));
	free(bytes);
	free(same);
	return 0;
}

/* [end of main] */
