// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * fdt.c - the device trees of arm64 machines that the bytes describe
 *
 * A second reader follows the Devicetree Specification, version 0.4, chapter 5. It finds
 * each property once, with the value that the description of the machine has, and no
 * other property. A buffer of the size of the tree is enough. Each smaller one is
 * refused, and the bytes behind it do not change.
 */
#include "../../vmm/boot/arm64/tree.h"
#include "../../vmm/machine/arm64/board.h"
#include "fuzz.h"

#define NO_SPACE	(-3)	/* of libfdt */
#define BUF_SIZE	65536
#define CANARY		0xa5
#define CANARY_SIZE	64

#define MAX_BANKS	4
#define MAX_APPEND	300
#define NR_PLACES	(MAX_BANKS + 7)
#define FIRST_SHARED	32u
#define LAST_IRQ	1019u

struct place {
	uint64_t	start;
	uint64_t	size;
};

/* The machine */
static struct {
	struct place	banks[MAX_BANKS];
	bool		bank_is_reserved[MAX_BANKS];
	unsigned int	nr_banks;
	struct place	dist, its, redist, serial, agent, ecam, ports;
	uint32_t	serial_irq;
	uint32_t	line_irq;
	struct vmr_pci_window windows[VMR_PCI_HOST_MAX_WINDOWS];
	unsigned int	nr_windows;
	uint32_t	bus_start, bus_last, segment;
	char		append[MAX_APPEND + 1];
	uint64_t	initrd;
} m;

static struct vmm *vmm;
static struct kernel kernel;
static struct vmr_device memory;
static struct vmr_region bank_regions[MAX_BANKS];
static struct vmr_constraint bank_constraints[MAX_BANKS];
static struct vmr_resource bank_resources[MAX_BANKS];
static const struct vmr_device_ops no_ops;

/* The description */

/* A part of a square of addresses that belongs to nothing else */
static struct place take_place(unsigned int order, unsigned int shift)
{
	uint64_t half = 1ULL << (shift - 1);
	struct place place;

	place.start = ((uint64_t)order << shift) +
		      (fuzz_take(3) << 12 & (half - 1));
	place.size = fuzz_one_in(2) ? 4 * KIB :
		     ((fuzz_take(3) << 12 & (half - 1)) + 4 * KIB);
	return place;
}

static void take_places(void)
{
	struct place *const places[NR_PLACES] = {
		&m.dist, &m.its, &m.redist, &m.serial, &m.agent, &m.ecam,
		&m.ports, &m.banks[0], &m.banks[1], &m.banks[2], &m.banks[3],
	};
	unsigned int shift = 30 + fuzz_below(16), turn = fuzz_below(NR_PLACES);
	unsigned int i;

	for (i = 0; i < NR_PLACES; i++)
		*places[i] = take_place((i + turn) % NR_PLACES, shift);
	m.ecam.start &= ~(MIB - 1);
	m.ecam.size = (m.bus_last - m.bus_start + 1) * MIB;
}

/* The sums of its addresses and its size do not overflow. */
static bool take_window(struct vmr_pci_window *window)
{
	uint64_t size = (fuzz_u64() >> fuzz_below(64)) | 1;

	*window = (struct vmr_pci_window){
		.io		= fuzz_one_in(4) ? VMR_PIO : VMR_MMIO,
		.flags		= fuzz_one_in(2) ? VMR_PREFETCHABLE : 0,
		.start		= fuzz_u64() >> fuzz_below(64),
		.bus_start	= fuzz_u64() >> fuzz_below(64),
		.name		= "window",
	};
	/* The last bus address below 4 GiB decides how it is written. */
	if (size <= 4 * GIB && !(window->bus_start & 3))
		window->bus_start = 4 * GIB - size;
	window->last = window->start + size - 1;
	return window->last >= window->start &&
	       window->bus_start + size - 1 >= window->bus_start &&
	       window->start + m.ports.start >= window->start;
}

static void take_windows(void)
{
	unsigned int i, nr = fuzz_below(VMR_PCI_HOST_MAX_WINDOWS + 1);

	m.nr_windows = 0;
	for (i = 0; i < nr; i++)
		m.nr_windows += take_window(&m.windows[m.nr_windows]);
}

static void take_append(void)
{
	unsigned int i, nr = fuzz_one_in(4) ? fuzz_u8() : fuzz_below(32);

	memset(m.append, 0, sizeof(m.append));
	for (i = 0; i < nr; i++)
		m.append[i] = (char)(fuzz_below(255) + 1);
}

static void take_machine(void)
{
	unsigned int i;

	m.bus_start = fuzz_one_in(2) ? 0 : fuzz_u8();
	m.bus_last = m.bus_start + fuzz_below(256 - m.bus_start);
	m.segment = fuzz_one_in(2) ? 0 : (uint32_t)fuzz_take(2);
	take_places();
	m.nr_banks = fuzz_below(MAX_BANKS + 1);
	for (i = 0; i < m.nr_banks; i++)
		m.bank_is_reserved[i] = fuzz_one_in(3);
	m.serial_irq = FIRST_SHARED + fuzz_below(100);
	m.line_irq = FIRST_SHARED + 100 + fuzz_u8() * 3;
	take_windows();
	take_append();
	m.initrd = fuzz_one_in(2) ? 0 : fuzz_u64();
	kernel = (struct kernel){
		.append		= m.append,
		.nr_cpus	= fuzz_below(MAX_CPUS + 1),
		.initrd_size	= fuzz_one_in(2) ? 0 : fuzz_u32(),
	};
}

/* The machine in the library */

static void banks_up(void)
{
	unsigned int i;

	memset(&memory, 0, sizeof(memory));
	memory.ops = &no_ops;
	memory.name = "memory";
	for (i = 0; i < m.nr_banks; i++) {
		memset(&bank_regions[i], 0, sizeof(bank_regions[i]));
		vmr_region_init(&bank_regions[i], VMR_MMIO, VMR_REGION_MEMORY,
				m.banks[i].size, i, m.bank_is_reserved[i] ?
				RESERVED_MEMORY : "RAM");
		vmr_device_add_region(&memory, &bank_regions[i]);
		vmr_constraint_init_fixed(&bank_constraints[i], VMR_KIND_MMIO,
					  m.banks[i].start, m.banks[i].size,
					  &bank_regions[i].range);
	}
	memory.constraints = bank_constraints;
	memory.nr_constraints = m.nr_banks;
	vmr_resource_set_init(&memory.resources, bank_resources, MAX_BANKS);
	if (m.nr_banks)
		FUZZ_ASSERT(!vmr_device_register(&vmm->manager, &memory, NULL,
						 NULL));
}

static void reserve(struct vmr_region *region, const struct place *place,
		    const char *name)
{
	memset(region, 0, sizeof(*region));
	vmr_region_init(region, VMR_MMIO, VMR_REGION_RESERVED, place->size, 0,
			name);
	FUZZ_ASSERT(!vmr_reserve(&vmm->sys.mmio, &region->range, place->start,
				 place->start + place->size - 1, NULL));
}

static void platform_up(struct platform *p, const struct place *place,
			uint32_t irq, const char *name)
{
	memset(p, 0, sizeof(*p));
	platform_init(p, vmm, name);
	FUZZ_ASSERT(!platform_region(p, VMR_MMIO, place->start, place->size,
				     name));
	if (irq)
		vmr_constraint_init_fixed(&p->constraints[p->dev.nr_constraints++],
					  VMR_KIND_IRQ, irq, 1, &p->irq);
	FUZZ_ASSERT(!vmr_device_register(&vmm->manager, &p->dev, NULL, NULL));
}

static void pci_up(void)
{
	const struct vmr_pci_host_config config = {
		.segment	= m.segment,
		.bus_start	= m.bus_start,
		.bus_last	= m.bus_last,
		.windows	= m.windows,
		.nr_windows	= m.nr_windows,
		.name		= "PCI Express",
	};
	unsigned int i;

	memset(&vmm->pci_root, 0, sizeof(vmm->pci_root));
	memset(&vmm->ecam, 0, sizeof(vmm->ecam));
	FUZZ_ASSERT(!vmr_pci_host_register(&vmm->manager, &vmm->pci_root,
					   &config));
	FUZZ_ASSERT(!vmr_pci_ecam_register(&vmm->ecam, &vmm->pci_root,
					   m.ecam.start));
	memset(vmm->pci_lines, 0, sizeof(vmm->pci_lines));
	for (i = 0; i < NR_PCI_LINES; i++)
		FUZZ_ASSERT(!vmr_system_add_shared_irq(&vmm->sys,
						       &vmm->pci_lines[i],
						       m.line_irq + i, "PCI",
						       NULL));
}

/* In memory of a machine before, of which nothing is used again */
static void machine_up(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last	= (1ULL << 52) - 1,
		.irq_last	= LAST_IRQ,
		.slot_last	= 31,
		.pci_last	= UINT32_MAX,
		.id_last	= 0xffff,
	};

	memset(&vmm->sys, 0, sizeof(vmm->sys));
	memset(&vmm->manager, 0, sizeof(vmm->manager));
	FUZZ_ASSERT(!vmr_system_init(&vmm->sys, &limits));
	FUZZ_ASSERT(!vmr_manager_init(&vmm->manager, &vmm->sys));
	vmm->keep = fuzz_one_in(2);
	vmm->kernel = &kernel;
	reserve(&vmm->layout.reserved[0], &m.dist, GIC_DISTRIBUTOR);
	reserve(&vmm->layout.reserved[1], &m.its, GIC_ITS);
	reserve(&vmm->layout.reserved[2], &m.redist, GIC_REDISTRIBUTORS);
	vmm->layout.nr_reserved = 3;
	reserve(&vmm->io_window, &m.ports, "I/O ports");
	banks_up();
	platform_up(&vmm->serial.platform, &m.serial, m.serial_irq, "serial");
	platform_up(&vmm->agent.platform, &m.agent, 0, "agent");
	pci_up();
}

/* The second reader: all properties, by the path of their node */

#define MAX_PROPERTIES	256
#define MAX_NODES	64
#define MAX_DEPTH	8
#define PATH_SIZE	128

static struct property {
	char		node[PATH_SIZE];
	const char	*name;
	const uint8_t	*value;
	uint32_t	size;
	bool		seen;
} properties[MAX_PROPERTIES];
static unsigned int nr_properties, next_property;

static char nodes[MAX_NODES][PATH_SIZE];
static unsigned int nr_nodes;

static uint32_t cell(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* The bytes of a string with its end */
static size_t string_size(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *zero = memchr(at, 0, (size_t)(end - at));

	FUZZ_ASSERT(zero);
	return (size_t)(zero - at) + 1;
}

static void add_node(char *path, const char *name)
{
	size_t end = strlen(path);
	unsigned int i;

	/* The root has no name, and the path of a child no second slash. */
	snprintf(path + end, PATH_SIZE - end, "%s%s",
		 end == 1 ? "" : "/", name);
	FUZZ_ASSERT(nr_nodes ? *name : !*name);
	for (i = 0; i < nr_nodes; i++)
		FUZZ_ASSERT(strcmp(nodes[i], path));
	FUZZ_ASSERT(nr_nodes < MAX_NODES);
	memcpy(nodes[nr_nodes++], path, PATH_SIZE);
}

static void end_node(char *path)
{
	char *slash = strrchr(path, '/');

	FUZZ_ASSERT(slash);
	slash[slash == path && slash[1]] = '\0';
}

static void add_property(const char *path, const char *name,
			 const uint8_t *value, uint32_t size)
{
	struct property *property = &properties[nr_properties++];

	FUZZ_ASSERT(nr_properties <= MAX_PROPERTIES);
	memcpy(property->node, path, PATH_SIZE);
	property->name = name;
	property->value = value;
	property->size = size;
	property->seen = false;
}

static void read_structure(const uint8_t *at, const uint8_t *end,
			   const uint8_t *strings, uint32_t strings_size)
{
	char path[PATH_SIZE] = "";
	unsigned int depth = 0;
	uint32_t token, size, name;

	for (;;) {
		FUZZ_ASSERT(end - at >= 4);
		token = cell(at);
		at += 4;
		if (token == 9)
			break;
		switch (token) {
		case 1:
			size = (uint32_t)string_size(at, end);
			FUZZ_ASSERT(strlen(path) + size + 1 < PATH_SIZE);
			FUZZ_ASSERT(depth++ || !nr_nodes);
			add_node(path, (const char *)at);
			break;
		case 2:
			FUZZ_ASSERT(depth--);
			end_node(path);
			size = 0;
			break;
		default:
			FUZZ_ASSERT(token == 3 && depth && end - at >= 8);
			size = cell(at);
			name = cell(at + 4);
			at += 8;
			FUZZ_ASSERT(name < strings_size);
			string_size(strings + name, strings + strings_size);
			add_property(path, (const char *)strings + name, at,
				     size);
		}
		size = (size + 3) & ~3u;
		FUZZ_ASSERT(size <= end - at);
		at += size;
	}
	FUZZ_ASSERT(!depth && nr_nodes && at == end);
}

static void read_tree(const uint8_t *tree, size_t used)
{
	uint32_t structure = cell(tree + 8), strings = cell(tree + 12);
	uint32_t memory_map = cell(tree + 16), strings_size = cell(tree + 32);
	uint32_t structure_size = cell(tree + 36), i;

	FUZZ_ASSERT(cell(tree) == 0xd00dfeed && cell(tree + 4) == used);
	FUZZ_ASSERT(cell(tree + 20) == 17 && cell(tree + 24) <= 17);
	FUZZ_ASSERT(memory_map >= 40 && !(memory_map % 8) &&
		    memory_map + 16 <= structure);
	for (i = 0; i < 16; i++)
		FUZZ_ASSERT(!tree[memory_map + i]);
	FUZZ_ASSERT(!(structure % 4) && structure <= strings &&
		    structure_size <= strings - structure);
	FUZZ_ASSERT(strings <= used && strings_size <= used - strings);
	nr_properties = 0;
	next_property = 0;
	nr_nodes = 0;
	read_structure(tree + structure, tree + structure + structure_size,
		       tree + strings, strings_size);
}

/* Comparisons with the description */

/*
 * Find a property that was not compared yet. The search begins behind the one before,
 * because most comparisons are in the order of the tree.
 */
static const struct property *find(const char *node, const char *name)
{
	struct property *property;
	unsigned int i;

	for (i = 0; i < nr_properties; i++) {
		property = &properties[(next_property + i) % nr_properties];
		if (property->seen || strcmp(property->name, name) ||
		    strcmp(property->node, node))
			continue;
		next_property += i + 1;
		property->seen = true;
		return property;
	}
	fuzz_fail("%s has no %s", node, name);
}

static void want(const char *node, const char *name, const void *value,
		 size_t size)
{
	const struct property *property = find(node, name);

	if (property->size != size || memcmp(property->value, value, size))
		fuzz_fail("%s of %s differs", name, node);
}

static void want_string(const char *node, const char *name, const char *value)
{
	want(node, name, value, strlen(value) + 1);
}

struct cells {
	uint8_t		bytes[1024];
	size_t		nr;
};

static void add(struct cells *cells, uint64_t value, unsigned int nr)
{
	unsigned int bits = 32 * nr;

	FUZZ_ASSERT(cells->nr + 4 * nr <= sizeof(cells->bytes));
	for (; bits; bits -= 8)
		cells->bytes[cells->nr++] = (uint8_t)(value >> (bits - 8));
}

static void want_cells(const char *node, const char *name,
		       const struct cells *cells)
{
	want(node, name, cells->bytes, cells->nr);
}

static void want_number(const char *node, const char *name, uint64_t value,
			unsigned int nr)
{
	struct cells cells = { .nr = 0 };

	add(&cells, value, nr);
	want_cells(node, name, &cells);
}

static void want_reg(const char *node, const struct place *place,
		     const struct place *second)
{
	struct cells cells = { .nr = 0 };

	add(&cells, place->start, 2);
	add(&cells, place->size, 2);
	if (second) {
		add(&cells, second->start, 2);
		add(&cells, second->size, 2);
	}
	want_cells(node, "reg", &cells);
}

static void want_sizes(const char *node, uint32_t address, uint32_t size)
{
	want_number(node, "#address-cells", address, 1);
	want_number(node, "#size-cells", size, 1);
}

static const char *at(const char *name, uint64_t address)
{
	static char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/%s@%" PRIx64, name, address);
	return path;
}

/* Return: the number of nodes that the comparison expects */
static unsigned int compare_processors(void)
{
	unsigned int i;

	want_sizes("/cpus", 1, 0);
	for (i = 0; i < kernel.nr_cpus; i++) {
		const char *node = at("cpus/cpu", i);

		want_string(node, "device_type", "cpu");
		want_string(node, "compatible", "arm,armv8");
		want_string(node, "enable-method", "psci");
		want_number(node, "reg", i, 1);
	}
	want("/psci", "compatible", "arm,psci-1.0\0arm,psci-0.2", 26);
	want_string("/psci", "method", "hvc");
	return 2 + kernel.nr_cpus;
}

static unsigned int compare_memory(void)
{
	const char *node;
	unsigned int i;

	want_sizes("/reserved-memory", 2, 2);
	want("/reserved-memory", "ranges", "", 0);
	for (i = 0; i < m.nr_banks; i++) {
		if (m.bank_is_reserved[i]) {
			node = at("reserved-memory/machine", m.banks[i].start);
			want(node, "no-map", "", 0);
		} else {
			node = at("memory", m.banks[i].start);
			want_string(node, "device_type", "memory");
		}
		want_reg(node, &m.banks[i], NULL);
	}
	return 1 + m.nr_banks;
}

/* Return: the phandle of the interrupt controller */
static uint32_t compare_gic(uint32_t *its_phandle)
{
	const struct property *phandle, *its;
	const char *node = at("interrupt-controller", m.dist.start);
	char below[PATH_SIZE + 32];

	want_string(node, "compatible", "arm,gic-v3");
	want(node, "interrupt-controller", "", 0);
	want_number(node, "#interrupt-cells", 3, 1);
	want_sizes(node, 2, 2);
	want(node, "ranges", "", 0);
	want_reg(node, &m.dist, &m.redist);
	phandle = find(node, "phandle");
	snprintf(below, sizeof(below), "%s/msi-controller@%" PRIx64, node,
		 m.its.start);
	want_string(below, "compatible", "arm,gic-v3-its");
	want(below, "msi-controller", "", 0);
	want_number(below, "#msi-cells", 1, 1);
	want_reg(below, &m.its, NULL);
	its = find(below, "phandle");
	FUZZ_ASSERT(phandle->size == 4 && its->size == 4);
	*its_phandle = cell(its->value);
	FUZZ_ASSERT(*its_phandle != cell(phandle->value));
	return cell(phandle->value);
}

static void compare_devices(void)
{
	static const uint32_t timers[] = { 13, 14, 11, 10 };
	struct cells irq = { .nr = 0 }, timer = { .nr = 0 };
	const char *node = at("serial", m.serial.start);
	unsigned int i;

	add(&irq, 0, 1);
	add(&irq, m.serial_irq - FIRST_SHARED, 1);
	add(&irq, 4, 1);
	want_string(node, "compatible", "ns16550a");
	want_reg(node, &m.serial, NULL);
	want_cells(node, "interrupts", &irq);
	want_number(node, "clock-frequency", 1843200, 1);
	node = at("agent", m.agent.start);
	want_string(node, "compatible", "vmalloc,agent");
	want_reg(node, &m.agent, NULL);
	for (i = 0; i < 4; i++) {
		add(&timer, 1, 1);
		add(&timer, timers[i], 1);
		add(&timer, 4, 1);
	}
	want_string("/timer", "compatible", "arm,armv8-timer");
	want_cells("/timer", "interrupts", &timer);
	want("/timer", "always-on", "", 0);
}

static void compare_windows(const char *node)
{
	struct cells cells = { .nr = 0 };
	unsigned int i;

	for (i = 0; i < m.nr_windows; i++) {
		const struct vmr_pci_window *w = &m.windows[i];
		uint64_t size = w->last - w->start + 1;
		bool ports = w->io == VMR_PIO;

		add(&cells, ports ? 0x01000000 :
		    ((w->bus_start + size - 1) >> 32 ? 0x03000000 : 0x02000000) |
		    (w->flags & VMR_PREFETCHABLE ? 0x40000000 : 0), 1);
		add(&cells, w->bus_start, 2);
		add(&cells, w->start + (ports ? m.ports.start : 0), 2);
		add(&cells, size, 2);
	}
	want_cells(node, "ranges", &cells);
}

static void compare_lines(const char *node, uint32_t gic)
{
	struct cells map = { .nr = 0 }, mask = { .nr = 0 };
	uint32_t slot, pin;

	for (slot = 0; slot < 4; slot++) {
		for (pin = 1; pin <= 4; pin++) {
			add(&map, slot << 11, 1);
			add(&map, 0, 2);
			add(&map, pin, 1);
			add(&map, gic, 1);
			add(&map, 0, 2);
			add(&map, 0, 1);
			add(&map, m.line_irq + (slot + pin - 1) % 4 -
				  FIRST_SHARED, 1);
			add(&map, 4, 1);
		}
	}
	add(&mask, 0x1800, 1);
	add(&mask, 0, 2);
	add(&mask, 7, 1);
	want_cells(node, "interrupt-map", &map);
	want_cells(node, "interrupt-map-mask", &mask);
	want_number(node, "#interrupt-cells", 1, 1);
}

static void compare_pci(uint32_t gic, uint32_t its)
{
	const char *node = at("pcie", m.ecam.start);
	struct cells buses = { .nr = 0 }, messages = { .nr = 0 };

	want_string(node, "compatible", "pci-host-ecam-generic");
	want_string(node, "device_type", "pci");
	want_sizes(node, 3, 2);
	want_reg(node, &m.ecam, NULL);
	add(&buses, m.bus_start, 1);
	add(&buses, m.bus_last, 1);
	want_cells(node, "bus-range", &buses);
	want_number(node, "linux,pci-domain", m.segment, 1);
	compare_windows(node);
	compare_lines(node, gic);
	add(&messages, m.bus_start << 8, 1);
	add(&messages, its, 1);
	add(&messages, m.bus_start << 8, 1);
	add(&messages, (m.bus_last - m.bus_start + 1) << 8, 1);
	want_cells(node, "msi-map", &messages);
	want(node, "dma-coherent", "", 0);
}

static void compare_chosen(void)
{
	const char *node = "/chosen";

	want_string(node, "bootargs", m.append);
	want_string(node, "stdout-path", at("serial", m.serial.start));
	if (vmm->keep)
		want_number(node, "linux,pci-probe-only", 1, 1);
	if (m.initrd && kernel.initrd_size) {
		want_number(node, "linux,initrd-start", m.initrd, 2);
		want_number(node, "linux,initrd-end",
			    m.initrd + kernel.initrd_size, 2);
	}
}

static void compare_tree(void)
{
	unsigned int expected = 8, i;	/* the root and its children but these */
	uint32_t gic, its;

	want_string("/", "compatible", "vmalloc,vmm");
	want_string("/", "model", "vmalloc VMM");
	want_sizes("/", 2, 2);
	compare_chosen();
	expected += compare_processors();
	expected += compare_memory();
	gic = compare_gic(&its);
	want_number("/", "interrupt-parent", gic, 1);
	compare_devices();
	compare_pci(gic, its);
	FUZZ_ASSERT(nr_nodes == expected);
	for (i = 0; i < nr_properties; i++)
		if (!properties[i].seen)
			fuzz_fail("%s has %s", properties[i].node,
				  properties[i].name);
}

/* Buffers of all sizes */

static uint8_t buf[BUF_SIZE + CANARY_SIZE] __attribute__((__aligned__(8)));
static uint8_t small[BUF_SIZE + CANARY_SIZE] __attribute__((__aligned__(8)));

/* The buffer keeps the bytes of earlier trees, which must not mislead the encoder. */
static int encode_in(uint8_t *to, size_t size, size_t *used)
{
	const struct kernel_start start = { .initrd = m.initrd };
	unsigned int i;
	int err;

	memset(to + size, CANARY, CANARY_SIZE);
	err = device_tree_encode(vmm, &start, to, (int)size, used);
	for (i = 0; i < CANARY_SIZE; i++)
		FUZZ_ASSERT(to[size + i] == CANARY);
	return err;
}

/* The address sanitizer observes what is behind memory of this size. */
static void encode_in_heap(size_t size, const uint8_t *tree, size_t needed)
{
	const struct kernel_start start = { .initrd = m.initrd };
	uint8_t *heap = malloc(size);
	size_t used = 0;
	int err;

	FUZZ_ASSERT(heap || !size);
	err = device_tree_encode(vmm, &start, heap, (int)size, &used);
	FUZZ_ASSERT(err == (size < needed ? NO_SPACE : 0));
	FUZZ_ASSERT(used == (size < needed ? 0 : needed));
	FUZZ_ASSERT(err || !memcmp(heap, tree, used));
	free(heap);
}

static void encode_machine(void)
{
	size_t used = 0, unused = 12345, size;
	unsigned int nr;

	take_machine();
	machine_up();
	FUZZ_ASSERT(!encode_in(buf, BUF_SIZE, &used));
	read_tree(buf, used);
	compare_tree();
	size = fuzz_one_in(2) ? fuzz_u8() : fuzz_take(2) % used;
	for (nr = fuzz_below(4); nr && size < used && fuzz_more(); nr--, size++)
		if (size & 1)
			encode_in_heap(size, buf, used);
		else
			FUZZ_ASSERT(encode_in(small, size, &unused) == NO_SPACE);
	FUZZ_ASSERT(encode_in(small, used - 1, &unused) == NO_SPACE);
	FUZZ_ASSERT(unused == 12345);
	encode_in_heap(used, buf, used);
	pthread_mutex_destroy(&vmm->serial.platform.lock);
	pthread_mutex_destroy(&vmm->agent.platform.lock);
}

static void run(void)
{
	if (!vmm)
		vmm = vmm_alloc();
	FUZZ_ASSERT(vmm);
	while (fuzz_more())
		encode_machine();
}

const struct fuzz_target fuzz_fdt = { "fdt", run };
