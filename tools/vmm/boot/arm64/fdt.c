// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * fdt.c - what the guest reads about its machine: a flattened device tree
 *
 * All addresses and numbers come from the spaces that route the guest's exits. The
 * bindings are those of the kernel's Documentation/devicetree/bindings and of the
 * Devicetree Specification, version 0.4.
 */
#include <endian.h>
#include <string.h>

#include <libfdt.h>
#include <vmalloc/describe.h>

#include "../../machine/arm64/board.h"
#include "../../vmm.h"
#include "tree.h"

#define MAX_CELLS	192

enum {
	PHANDLE_GIC = 1,
	PHANDLE_ITS,
};

/* An interrupt of the GIC: its kind, its number in that kind, and its trigger */
#define SHARED		0
#define PRIVATE		1
#define FIRST_SHARED	32
#define LEVEL_HIGH	4

/* The first cell of a PCI address, of the Open Firmware PCI bus binding */
#define PCI_PORTS	0x01000000u
#define PCI_MEM32	0x02000000u
#define PCI_MEM64	0x03000000u
#define PCI_PREFETCH	0x40000000u

#define NR_PINS		4
#define SLOT_MASK	0x1800	/* the lines rotate with the last bits of the slot */

/* Private interrupts of the timers, which KVM's virtual GIC has */
#define TIMER_SECURE	13
#define TIMER_PHYSICAL	14
#define TIMER_VIRTUAL	11
#define TIMER_HYP	10

/**
 * struct tree - a device tree that is being written
 * @buf: its bytes
 * @err: the first error of libfdt, or 0
 */
struct tree {
	const struct vmm *vmm;
	void		*buf;
	int		err;
};

/* The cells of a property */
struct cells {
	uint32_t	be[MAX_CELLS];
	unsigned int	nr;
};

static void check(struct tree *tree, int err)
{
	if (err < 0 && !tree->err)
		tree->err = err;
}

static void begin(struct tree *tree, const char *name)
{
	check(tree, fdt_begin_node(tree->buf, name));
}

static void begin_at(struct tree *tree, const char *name, uint64_t address)
{
	char text[64];

	snprintf(text, sizeof(text), "%s@%" PRIx64, name, address);
	begin(tree, text);
}

static void end(struct tree *tree)
{
	check(tree, fdt_end_node(tree->buf));
}

static void put_flag(struct tree *tree, const char *name)
{
	/* libfdt copies no bytes from here, but must not do so from NULL. */
	check(tree, fdt_property(tree->buf, name, "", 0));
}

static void put_string(struct tree *tree, const char *name, const char *value)
{
	check(tree, fdt_property_string(tree->buf, name, value));
}

static void put_u32(struct tree *tree, const char *name, uint32_t value)
{
	check(tree, fdt_property_u32(tree->buf, name, value));
}

static void put_u64(struct tree *tree, const char *name, uint64_t value)
{
	check(tree, fdt_property_u64(tree->buf, name, value));
}

static void add(struct cells *cells, uint64_t value)
{
	if (cells->nr < MAX_CELLS)
		cells->be[cells->nr] = htobe32((uint32_t)value);
	cells->nr++;
}

static void add64(struct cells *cells, uint64_t value)
{
	add(cells, value >> 32);
	add(cells, value);
}

static void put_cells(struct tree *tree, const char *name,
		      const struct cells *cells)
{
	if (cells->nr > MAX_CELLS)
		check(tree, -FDT_ERR_NOSPACE);
	else
		check(tree, fdt_property(tree->buf, name, cells->be,
					 (int)(cells->nr * sizeof(*cells->be))));
}

static void add_range(struct cells *cells, const struct vmr_range *range)
{
	add64(cells, range->start);
	add64(cells, range->last - range->start + 1);
}

static void put_reg(struct tree *tree, const struct vmr_range *range)
{
	struct cells cells = { .nr = 0 };

	add_range(&cells, range);
	put_cells(tree, "reg", &cells);
}

static void put_sizes(struct tree *tree, uint32_t address, uint32_t size)
{
	put_u32(tree, "#address-cells", address);
	put_u32(tree, "#size-cells", size);
}

static void add_interrupt(struct cells *cells, uint32_t kind, uint32_t number)
{
	add(cells, kind);
	add(cells, number);
	add(cells, LEVEL_HIGH);
}

static void put_chosen(struct tree *tree, const struct kernel_start *start,
		       const struct vmr_region *console)
{
	const struct kernel *kernel = tree->vmm->kernel;
	char path[64];

	begin(tree, "chosen");
	put_string(tree, "bootargs", kernel->append);
	snprintf(path, sizeof(path), "/serial@%" PRIx64, console->range.start);
	put_string(tree, "stdout-path", path);
	if (tree->vmm->keep)
		put_u32(tree, "linux,pci-probe-only", 1);
	if (start->initrd && kernel->initrd_size) {
		put_u64(tree, "linux,initrd-start", start->initrd);
		put_u64(tree, "linux,initrd-end",
			start->initrd + kernel->initrd_size);
	}
	end(tree);
}

static void put_cpus(struct tree *tree)
{
	unsigned int i;

	begin(tree, "cpus");
	put_sizes(tree, 1, 0);
	for (i = 0; i < tree->vmm->kernel->nr_cpus; i++) {
		begin_at(tree, "cpu", i);
		put_string(tree, "device_type", "cpu");
		put_string(tree, "compatible", "arm,armv8");
		put_string(tree, "enable-method", "psci");
		put_u32(tree, "reg", i);
		end(tree);
	}
	end(tree);
}

const struct vmr_region *next_memory(const struct vmm *vmm, bool reserved,
				     const struct vmr_region *prev)
{
	while ((prev = vmr_describe_next_fixed(&vmm->manager, VMR_MMIO, prev)))
		if (prev->type == VMR_REGION_MEMORY &&
		    !strcmp(prev->name, RESERVED_MEMORY) == reserved)
			return prev;
	return NULL;
}

static void put_memory(struct tree *tree)
{
	const struct vmr_region *region = NULL;

	while ((region = next_memory(tree->vmm, false, region))) {
		begin_at(tree, "memory", region->range.start);
		put_string(tree, "device_type", "memory");
		put_reg(tree, &region->range);
		end(tree);
	}
	begin(tree, "reserved-memory");
	put_sizes(tree, 2, 2);
	put_flag(tree, "ranges");
	while ((region = next_memory(tree->vmm, true, region))) {
		begin_at(tree, "machine", region->range.start);
		put_reg(tree, &region->range);
		put_flag(tree, "no-map");
		end(tree);
	}
	end(tree);
}

static void put_psci(struct tree *tree)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";

	begin(tree, "psci");
	check(tree, fdt_property(tree->buf, "compatible", compatible,
				 sizeof(compatible)));
	put_string(tree, "method", "hvc");
	end(tree);
}

static void put_timer(struct tree *tree)
{
	struct cells cells = { .nr = 0 };

	add_interrupt(&cells, PRIVATE, TIMER_SECURE);
	add_interrupt(&cells, PRIVATE, TIMER_PHYSICAL);
	add_interrupt(&cells, PRIVATE, TIMER_VIRTUAL);
	add_interrupt(&cells, PRIVATE, TIMER_HYP);
	begin(tree, "timer");
	put_string(tree, "compatible", "arm,armv8-timer");
	put_cells(tree, "interrupts", &cells);
	put_flag(tree, "always-on");
	end(tree);
}

static const struct vmr_range *reserved(const struct vmm *vmm, const char *name)
{
	return &vmm_reserved(vmm, name)->range;
}

static void put_its(struct tree *tree)
{
	const struct vmr_range *range = reserved(tree->vmm, GIC_ITS);

	begin_at(tree, "msi-controller", range->start);
	put_string(tree, "compatible", "arm,gic-v3-its");
	put_flag(tree, "msi-controller");
	put_u32(tree, "#msi-cells", 1);
	put_reg(tree, range);
	put_u32(tree, "phandle", PHANDLE_ITS);
	end(tree);
}

static void put_gic(struct tree *tree)
{
	const struct vmr_range *dist = reserved(tree->vmm, GIC_DISTRIBUTOR);
	struct cells cells = { .nr = 0 };

	add_range(&cells, dist);
	add_range(&cells, reserved(tree->vmm, GIC_REDISTRIBUTORS));
	begin_at(tree, "interrupt-controller", dist->start);
	put_string(tree, "compatible", "arm,gic-v3");
	put_flag(tree, "interrupt-controller");
	put_u32(tree, "#interrupt-cells", 3);
	put_sizes(tree, 2, 2);
	put_flag(tree, "ranges");
	put_cells(tree, "reg", &cells);
	put_u32(tree, "phandle", PHANDLE_GIC);
	put_its(tree);
	end(tree);
}

/* The fixed region of a device */
static const struct vmr_region *region_of(const struct vmm *vmm,
					  const struct vmr_device *dev)
{
	const struct vmr_region *region = NULL;

	do
		region = vmr_describe_next_fixed(&vmm->manager, VMR_MMIO,
						 region);
	while (region && region->device != dev);
	return region;
}

static void put_serial(struct tree *tree, const struct vmr_region *region)
{
	const struct vmr_range *irq = &tree->vmm->serial.platform.irq;
	struct cells cells = { .nr = 0 };

	add_interrupt(&cells, SHARED, vmr_id_value(irq) - FIRST_SHARED);
	begin_at(tree, "serial", region->range.start);
	put_string(tree, "compatible", "ns16550a");
	put_reg(tree, &region->range);
	put_cells(tree, "interrupts", &cells);
	put_u32(tree, "clock-frequency", 1843200);
	end(tree);
}

static void put_agent(struct tree *tree)
{
	const struct vmr_region *region =
		region_of(tree->vmm, &tree->vmm->agent.platform.dev);

	begin_at(tree, "agent", region->range.start);
	put_string(tree, "compatible", "vmalloc,agent");
	put_reg(tree, &region->range);
	end(tree);
}

/* A window: its bus address, its CPU address and its size */
static void add_window(struct cells *cells, const struct vmm *vmm,
		       const struct vmr_pci_window *window)
{
	uint64_t size = window->last - window->start + 1;
	uint64_t bus_last = window->bus_start + size - 1;
	uint32_t space = bus_last >> 32 ? PCI_MEM64 : PCI_MEM32;
	uint64_t cpu = window->start;

	if (window->io == VMR_PIO) {
		space = PCI_PORTS;
		cpu += vmm->io_window.range.start;
	} else if (window->flags & VMR_PREFETCHABLE) {
		space |= PCI_PREFETCH;
	}
	add(cells, space);
	add64(cells, window->bus_start);
	add64(cells, cpu);
	add64(cells, size);
}

static void put_windows(struct tree *tree)
{
	const struct vmr_pci_host *host = &tree->vmm->pci_root;
	struct cells cells = { .nr = 0 };
	unsigned int i;

	for (i = 0; i < host->nr_windows; i++)
		add_window(&cells, tree->vmm, &host->windows[i]);
	put_cells(tree, "ranges", &cells);
}

/* A pin of a slot leads to one of four lines, which rotate from slot to slot. */
static void put_interrupt_map(struct tree *tree)
{
	struct cells map = { .nr = 0 }, mask = { .nr = 0 };
	const struct vmr_range *line;
	uint32_t slot, pin;

	for (slot = 0; slot < NR_PINS; slot++) {
		for (pin = 0; pin < NR_PINS; pin++) {
			line = &tree->vmm->pci_lines[(slot + pin) % NR_PINS]
					.range;
			add(&map, slot << 11);
			add64(&map, 0);
			add(&map, pin + 1);
			add(&map, PHANDLE_GIC);
			add64(&map, 0);	/* no unit address */
			add_interrupt(&map, SHARED,
				      vmr_id_value(line) - FIRST_SHARED);
		}
	}
	put_cells(tree, "interrupt-map", &map);
	add(&mask, SLOT_MASK);
	add64(&mask, 0);
	add(&mask, 7);
	put_cells(tree, "interrupt-map-mask", &mask);
	put_u32(tree, "#interrupt-cells", 1);
}

/* The device id of a message is the address of its function. */
static void put_msi_map(struct tree *tree)
{
	const struct vmr_pci_host *host = &tree->vmm->pci_root;
	struct cells cells = { .nr = 0 };

	add(&cells, host->bus_start << 8);
	add(&cells, PHANDLE_ITS);
	add(&cells, host->bus_start << 8);
	add(&cells, (host->bus_last - host->bus_start + 1) << 8);
	put_cells(tree, "msi-map", &cells);
}

static void put_pci(struct tree *tree)
{
	const struct vmm *vmm = tree->vmm;
	const struct vmr_region *ecam = region_of(vmm, &vmm->ecam.dev);
	struct cells buses = { .nr = 0 };

	add(&buses, vmm->pci_root.bus_start);
	add(&buses, vmm->pci_root.bus_last);
	begin_at(tree, "pcie", ecam->range.start);
	put_string(tree, "compatible", "pci-host-ecam-generic");
	put_string(tree, "device_type", "pci");
	put_sizes(tree, 3, 2);
	put_reg(tree, &ecam->range);
	put_cells(tree, "bus-range", &buses);
	put_u32(tree, "linux,pci-domain", vmm->pci_root.segment);
	put_windows(tree);
	put_interrupt_map(tree);
	put_msi_map(tree);
	put_flag(tree, "dma-coherent");
	end(tree);
}

static void put_root(struct tree *tree, const struct kernel_start *start)
{
	const struct vmr_region *serial =
		region_of(tree->vmm, &tree->vmm->serial.platform.dev);

	begin(tree, "");
	put_string(tree, "compatible", "vmalloc,vmm");
	put_string(tree, "model", "vmalloc VMM");
	put_sizes(tree, 2, 2);
	put_u32(tree, "interrupt-parent", PHANDLE_GIC);
	put_chosen(tree, start, serial);
	put_cpus(tree);
	put_memory(tree);
	put_psci(tree);
	put_timer(tree);
	put_gic(tree);
	put_serial(tree, serial);
	put_agent(tree);
	put_pci(tree);
	end(tree);
}

/* After a failure libfdt has no state in @buf, and no other call may follow. */
int device_tree_encode(const struct vmm *vmm, const struct kernel_start *start,
		       void *buf, int size, size_t *used)
{
	struct tree tree = { .vmm = vmm, .buf = buf };

	tree.err = fdt_create(buf, size);
	if (tree.err)
		return tree.err;
	check(&tree, fdt_finish_reservemap(buf));
	put_root(&tree, start);
	check(&tree, fdt_finish(buf));
	if (!tree.err)
		*used = fdt_totalsize(buf);
	return tree.err;
}

const char *device_tree_strerror(int err)
{
	return fdt_strerror(err);
}
