// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * compare.c - compare what Linux reports with the spaces that route its exits
 *
 * Both directions are compared: each resource of Linux is a region of the map, and
 * each BAR that the map has is a resource of Linux.
 */
#include <stdlib.h>
#include <string.h>

#include "control.h"

/* Bits of the third number in a resource file of sysfs, of <linux/ioport.h> */
#define RESOURCE_ROM_ENABLED	0x00000001
#define RESOURCE_FIXED		0x00000010	/* by PCI's standard, not in a BAR */
#define RESOURCE_IO		0x00000100
#define RESOURCE_PREFETCH	0x00002000
#define RESOURCE_UNSET		0x20000000

#define FIRST_PAGE		0x1000		/* Linux never uses it */

static void add_difference(struct comparison *c, const char *line,
			   const char *why)
{
	c->differ++;
	printf("differs: %s: %s\n", line, why);
}

/* The addresses in the registers of a region, live or not */
static bool region_span(const struct vmr_region *region, struct span *span)
{
	enum vmr_state state = vmr_range_state(&region->range);

	if (state != VMR_LIVE && state != VMR_PARKED)
		return false;
	span->start = region->range.start;
	span->last = region->range.last;
	return true;
}

/* The number of a virtual function, or that of all of them */
static unsigned int vf_number(const struct vmm *vmm,
			      const struct vmr_pci_function *fn)
{
	unsigned int i;

	for (i = 0; i < IRQDEV_NR_VFS; i++)
		if (vmm->q35.vfcard.vfs[i] == fn)
			break;
	return i;
}

/* The part of a VF in the BAR that it shares with the others */
static bool vf_span(const struct vmm *vmm, unsigned int vf, unsigned int index,
		    struct span *span)
{
	const struct vmr_region *region;
	uint64_t size;

	if (index >= VMR_PCI_SRIOV_NR_BARS)
		return false;
	region = &vmm->q35.vfcard.sriov.bars[index].region;
	size = region->size / IRQDEV_NR_VFS;
	if (!region_span(region, span))
		return false;
	span->start += vf * size;
	span->last = span->start + size - 1;
	return true;
}

/* The region of a BAR, of a BAR of virtual functions, or of a window */
static const struct vmr_region *region_of(const struct vmr_pci_function *fn,
					  unsigned int index, uint64_t flags)
{
	if (index < VMR_PCI_NR_BARS)
		return &fn->bars[index].region;
	if (fn->sriov && index < VMR_PCI_VF_BAR(VMR_PCI_SRIOV_NR_BARS))
		return &fn->sriov->bars[index - VMR_PCI_VF_BAR(0)].region;
	if (!fn->bridge)
		return NULL;
	if (flags & RESOURCE_IO)
		return &fn->bridge->io;
	return flags & RESOURCE_PREFETCH ? &fn->bridge->pref : &fn->bridge->mem;
}

/* The number of a function in the comparison */
static unsigned int number_of(struct comparison *c,
			      const struct vmr_pci_function *fn)
{
	unsigned int i;

	for (i = 0; i < NR_COMPARED - 1; i++)
		if (!c->functions[i] || c->functions[i] == fn)
			break;
	c->functions[i] = fn;
	return i;
}

static void note_place(struct comparison *c, const struct vmr_pci_function *fn,
		       unsigned int index, uint64_t start)
{
	unsigned int i = number_of(c, fn);

	if (index >= NR_RESOURCES)
		return;
	c->seen[i] |= 1u << index;
	if (c->places[i][index] && c->places[i][index] != start)
		c->moves++;
	c->places[i][index] = start;
}

static bool find_span(struct comparison *c, const struct vmr_pci_function *fn,
		      unsigned int index, uint64_t flags, struct span *span)
{
	unsigned int vf = vf_number(c->vmm, fn);
	const struct vmr_region *region;

	if (vf < IRQDEV_NR_VFS)
		return vf_span(c->vmm, vf, index, span);
	region = region_of(fn, index, flags);
	return region && region_span(region, span);
}

/* Note a span of iomem or ioports, at any level. */
static void note_assigned(struct comparison *c, enum vmr_io io, const char *line)
{
	unsigned long long start, last;

	if (sscanf(line, " %llx-%llx", &start, &last) != 2)
		return;
	if (c->nr_assigned[io] == MAX_ASSIGNED) {
		add_difference(c, line, "there are too many");
		return;
	}
	c->assigned[io][c->nr_assigned[io]++] = (struct span){ start, last };
}

/*
 * Linux keeps the numbers of a window that it could not assign, in a file like any
 * other. It is in iomem or ioports only if it is assigned.
 */
static bool is_assigned(const struct comparison *c, enum vmr_io io,
			const struct span *span)
{
	unsigned int i;

	for (i = 0; i < c->nr_assigned[io]; i++)
		if (c->assigned[io][i].start == span->start &&
		    c->assigned[io][i].last == span->last)
			return true;
	return false;
}

/* "pci 0000:00:02.0 1 0x1000 0x10ff 0x40101" */
static void compare_pci(struct comparison *c, const char *line)
{
	unsigned int segment, bus, device, function, index;
	unsigned long long start, last, flags;
	struct vmr_pci_function *fn;
	struct span span;

	if (sscanf(line, "pci %x:%x:%x.%x %u %llx %llx %llx", &segment, &bus,
		   &device, &function, &index, &start, &last, &flags) != 8) {
		add_difference(c, line, "it cannot be read");
		return;
	}
	if (flags & (RESOURCE_FIXED | RESOURCE_UNSET))
		return;
	span = (struct span){ start, last };
	if (!is_assigned(c, flags & RESOURCE_IO ? VMR_PIO : VMR_MMIO, &span))
		return;
	/* Linux writes the register of a ROM when it enables the ROM. */
	if (index == VMR_PCI_ROM && !(flags & RESOURCE_ROM_ENABLED))
		return;
	c->compared++;
	fn = vmr_pci_find_function(&c->vmm->manager,
				   VMR_PCI_BDF(bus, device, function));
	if (!fn) {
		add_difference(c, line, "the map has no such function");
		return;
	}
	if (!find_span(c, fn, index, flags, &span))
		add_difference(c, line, "the map has it nowhere");
	else if (span.start != start || span.last != last)
		add_difference(c, line, "the map has it elsewhere");
	else
		note_place(c, fn, index, start);
}

/* Virtual functions that answer, and that Linux has not reported */
static void compare_vfs_back(struct comparison *c)
{
	const struct vfcard *card = &c->vmm->q35.vfcard;
	unsigned int i;

	for (i = 0; i < vmr_pci_sriov_nr_enabled(&card->sriov); i++)
		if (!c->seen[number_of(c, card->vfs[i])])
			add_difference(c, card->vfs[i]->dev.name,
				       "a function that Linux does not have");
}

/* BARs that answer, and that Linux has not reported */
static void compare_back(struct comparison *c)
{
	struct vmr_pci_function *fn;
	unsigned int i, bar;
	uint64_t addr;

	for (i = 0; i < c->vmm->nr_functions; i++) {
		fn = c->vmm->functions[i];
		for (bar = 0; bar < VMR_PCI_NR_BARS; bar++)
			if (!(c->seen[number_of(c, fn)] >> bar & 1) &&
			    vmr_pci_bar_addr(fn, bar, &addr))
				add_difference(c, fn->dev.name,
					       "a BAR that Linux does not have");
	}
}

/* Whether a span is one of the windows of the host bridge */
static bool is_window(struct vmm *vmm, enum vmr_io io, const struct span *span)
{
	uint32_t kind = io == VMR_PIO ? VMR_KIND_PIO : VMR_KIND_MMIO;
	const struct vmr_pci_window *window;
	const struct vmr_system_pool *pool;
	struct vmr_span part;
	size_t i;

	for (i = 0; i < vmm->pci_root.nr_windows; i++) {
		window = &vmm->pci_root.windows[i];
		if (window->io == io && window->start == span->start &&
		    window->last == span->last)
			return true;
	}
	for (i = 0; i < vmm->sys.nr_pools; i++) {
		pool = &vmm->sys.pools[i];
		if (!(pool->kinds >> kind & 1) || pool->flags & VMR_PLATFORM)
			continue;
		part = (struct vmr_span){ .start = 1, .last = 0 };
		while (vmr_describe_next_part(&pool->pool, &part))
			if (part.start == span->start &&
			    part.last == span->last)
				return true;
	}
	return false;
}

/* Find the entry of the memory map that has an address. Return its type, or none */
static uint32_t find_memory(struct vmm *vmm, uint64_t addr, struct span *span)
{
	uint8_t entries[64 * VMR_E820_ENTRY_SIZE];
	size_t i, size = e820_entries(vmm, entries, sizeof(entries));
	uint64_t start, bytes;
	uint32_t type;

	for (i = 0; i < size; i += VMR_E820_ENTRY_SIZE) {
		memcpy(&start, entries + i, 8);
		memcpy(&bytes, entries + i + 8, 8);
		memcpy(&type, entries + i + 16, 4);
		*span = (struct span){ start, start + bytes - 1 };
		if (span->start <= addr && span->last >= addr)
			return type;
	}
	return VMR_E820_NONE;
}

/* Whether the span is a part of the configuration space that the firmware has placed */
static bool is_ecam(const struct vmm *vmm, const struct span *span)
{
	const struct vmr_range *ecam = &vmm->ecam.region.range;

	return vmr_range_state(ecam) == VMR_LIVE &&
	       ecam->start <= span->start && ecam->last >= span->last;
}

/*
 * The same if the firmware has changed the memory map: it keeps parts of the RAM for
 * itself, which are reserved then, and makes no RAM.
 */
static bool is_memory_of_firmware(struct comparison *c, const struct span *span,
				  uint32_t type)
{
	uint64_t at = span->start;
	struct span entry;
	uint32_t found;

	if (type == VMR_E820_RESERVED && is_ecam(c->vmm, span))
		return true;
	if (type == VMR_E820_RAM)
		c->ram += span->last - span->start + 1;
	for (;;) {
		found = find_memory(c->vmm, at, &entry);
		if (found == VMR_E820_NONE ||
		    (type == VMR_E820_RAM && found != type))
			return false;
		if (entry.last >= span->last)
			return true;
		at = entry.last + 1;
	}
}

/* Whether one entry of the memory map of this type begins and ends there */
static bool is_memory(struct comparison *c, struct span *span, uint32_t type)
{
	struct span entry;

	if (c->vmm->config.firmware_size)
		return is_memory_of_firmware(c, span, type);
	if (span->start == FIRST_PAGE && type == VMR_E820_RAM)
		span->start = 0;
	return find_memory(c->vmm, span->start, &entry) == type &&
	       entry.start == span->start && entry.last == span->last;
}

/* The firmware keeps less than that of the RAM. */
#define FIRMWARE_RAM	MIB

static void compare_ram(struct comparison *c)
{
	const struct vmm_config *config = &c->vmm->config;

	if (config->firmware_size &&
	    c->ram + FIRMWARE_RAM < config->ram_low + config->ram_high)
		add_difference(c, "System RAM", "the map has more");
}

/* Whether a region at fixed addresses of the map has all of a span */
static bool is_fixed(struct vmm *vmm, enum vmr_io io, const struct span *span)
{
	const struct vmr_region *region = NULL;

	if (io == VMR_MMIO && is_ecam(vmm, span))
		return true;
	while ((region = vmr_describe_next_fixed(&vmm->manager, io, region)))
		if (region->range.start <= span->start &&
		    region->range.last >= span->last)
			return true;
	return false;
}

/* Resources that Linux has on every PC, without a look at it */
static bool is_standard(const char *name)
{
	static const char *const names[] = {
		"dma1", "pic1", "timer0", "timer1", "keyboard", "dma page reg",
		"pic2", "dma2", "fpu", "cga",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* "c0000000-c0ffffff : name", behind two blanks for each level */
/* By this option Linux ignores the windows, and lists functions beside the RAM. */
static bool is_without_window(const struct comparison *c, const char *name)
{
	return strstr(c->vmm->kernel->append, "pci=nocrs") &&
	       (!strncmp(name, "PCI Bus ", 8) || !strncmp(name, "0000:", 5));
}

static void compare_resource(struct comparison *c, enum vmr_io io,
			     const char *line)
{
	unsigned long long start, last;
	struct span span;
	const char *name;
	bool same;

	note_assigned(c, io, line);
	if (line[0] == ' ')	/* a BAR, or a part that Linux makes of RAM */
		return;
	name = strstr(line, " : ");
	if (!name || sscanf(line, "%llx-%llx", &start, &last) != 2) {
		add_difference(c, line, "it cannot be read");
		return;
	}
	span = (struct span){ start, last };
	name += 3;
	if (is_standard(name) || (!start && last == FIRST_PAGE - 1) ||
	    is_without_window(c, name))
		return;
	c->compared++;
	if (!strncmp(name, board.root_bus, strlen(board.root_bus)))
		same = is_window(c->vmm, io, &span);
	else if (!strcmp(name, "System RAM"))
		same = is_memory(c, &span, VMR_E820_RAM);
	else if (!strcasecmp(name, "reserved"))
		same = is_memory(c, &span, VMR_E820_RESERVED);
	else
		same = is_fixed(c->vmm, io, &span);
	if (!same)
		add_difference(c, line, "the map has no such region");
}

void compare_report(struct comparison *c, char *report)
{
	char *line, *rest = report;

	memset(c->seen, 0, sizeof(c->seen));
	memset(c->nr_assigned, 0, sizeof(c->nr_assigned));
	c->ram = 0;
	c->vmm->pci_lock.lock(&c->vmm->pci_lock);
	while ((line = strsep(&rest, "\n"))) {
		if (!strncmp(line, "pci ", 4))
			compare_pci(c, line);
		else if (!strncmp(line, "iomem ", 6))
			compare_resource(c, VMR_MMIO, line + 6);
		else if (!strncmp(line, "ioports ", 8))
			compare_resource(c, VMR_PIO, line + 8);
	}
	compare_ram(c);
	compare_back(c);
	compare_vfs_back(c);
	c->vmm->pci_lock.unlock(&c->vmm->pci_lock);
}
