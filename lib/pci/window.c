// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * window.c - the windows of bridges
 *
 * A window is open if its base is not above its limit, the command register enables
 * decoding for its kind, and the bridge is in D0. An open window takes the addresses
 * in its registers, in the space that the bridge is in. If they are in use, the
 * window claims them, as a BAR does.
 */
#include "pci.h"

/* Windows begin and end at multiples of these */
#define IO_WINDOW_ALIGN		0x1000
#define MEM_WINDOW_ALIGN	0x100000

/* The order of the windows among the regions of a bridge */
enum window {
	WINDOW_IO,
	WINDOW_MEM,
	WINDOW_PREF,
	WINDOW_VGA_IO_LOW,
	WINDOW_VGA_IO_HIGH,
	WINDOW_VGA_MEM,
};

/* The addresses of VGA (PCI-to-PCI Bridge Architecture Specification 1.2, 3.2.5.18) */
static const struct {
	uint64_t start, last;
} vga_windows[] = {
	[WINDOW_VGA_IO_LOW] = { 0x3b0, 0x3bb },
	[WINDOW_VGA_IO_HIGH] = { 0x3c0, 0x3df },
	[WINDOW_VGA_MEM] = { 0xa0000, 0xbffff },
};

struct vmr_region *vmr_pci_window(struct vmr_pci_bridge *bridge,
				  unsigned int index)
{
	struct vmr_region *windows[VMR_PCI_BRIDGE_WINDOWS] = {
		[WINDOW_IO] = &bridge->io,
		[WINDOW_MEM] = &bridge->mem,
		[WINDOW_PREF] = &bridge->pref,
		[WINDOW_VGA_IO_LOW] = &bridge->vga_io[0],
		[WINDOW_VGA_IO_HIGH] = &bridge->vga_io[1],
		[WINDOW_VGA_MEM] = &bridge->vga_mem,
	};

	return windows[index];
}

/* Also for the lower half of the prefetchable window, which has the same mask */
static uint64_t mem_base(const uint8_t *config, uint32_t reg)
{
	return (uint64_t)(get_le16(&config[reg]) &
			  (uint16_t)PCI_MEMORY_RANGE_MASK)
	       << 16;
}

static uint64_t io_base(const uint8_t *config, uint32_t reg)
{
	return (uint64_t)(config[reg] & (uint8_t)PCI_IO_RANGE_MASK) << 8;
}

/* The bus addresses that the registers name */
void vmr_pci_read_window(const uint8_t *config, unsigned int index,
			 uint64_t *start, uint64_t *last)
{
	switch (index) {
	case WINDOW_IO:
		*start = io_base(config, PCI_IO_BASE);
		*last = io_base(config, PCI_IO_LIMIT) | (IO_WINDOW_ALIGN - 1);
		break;
	case WINDOW_MEM:
		*start = mem_base(config, PCI_MEMORY_BASE);
		*last = mem_base(config, PCI_MEMORY_LIMIT) |
			(MEM_WINDOW_ALIGN - 1);
		break;
	case WINDOW_PREF:
		*start = mem_base(config, PCI_PREF_MEMORY_BASE) |
			 (uint64_t)get_le32(&config[PCI_PREF_BASE_UPPER32])
				 << 32;
		*last = mem_base(config, PCI_PREF_MEMORY_LIMIT) |
			(MEM_WINDOW_ALIGN - 1) |
			(uint64_t)get_le32(&config[PCI_PREF_LIMIT_UPPER32])
				<< 32;
		break;
	default:
		*start = vga_windows[index].start;
		*last = vga_windows[index].last;
	}
}

static bool is_enabled(const uint8_t *config, unsigned int index, enum vmr_io io)
{
	uint32_t decode = io == VMR_PIO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;

	if (!(vmr_pci_command(config) & decode))
		return false;
	return index < WINDOW_VGA_IO_LOW ||
	       config[PCI_BRIDGE_CONTROL] & PCI_BRIDGE_CTL_VGA;
}

struct vmr_region *vmr_pci_window_placement(struct vmr_pci_function *fn,
					    const uint8_t *config,
					    unsigned int index,
					    const struct vmr_space *space,
					    struct vmr_placement *placement)
{
	struct vmr_region *window = vmr_pci_window(fn->bridge, index);
	uint64_t start, last, addr;

	memset(placement, 0, sizeof(*placement));
	placement->state = VMR_FREE;
	vmr_pci_read_window(config, index, &start, &last);
	if (start > last || !is_enabled(config, index, window->io) ||
	    !vmr_pci_powered(fn, config) ||
	    !vmr_pci_clip_to_cpu(fn, window->io, start, &last, &addr) ||
	    addr > space->last)
		return window;
	placement->state = VMR_LIVE;
	placement->start = addr;
	placement->last = min(addr + (last - start), space->last);
	placement->isa_enable = index == WINDOW_IO &&
				config[PCI_BRIDGE_CONTROL] & PCI_BRIDGE_CTL_ISA;
	return window;
}

static struct vmr_region *get_window_placement(struct vmr_device *dev,
					       unsigned int index,
					       struct vmr_placement *placement)
{
	struct vmr_pci_function *fn =
		container_of(dev, struct vmr_pci_function, dev);
	const struct vmr_space *space =
		vmr_device_space(fn->manager, dev,
				 vmr_pci_window(fn->bridge, index)->io);

	return vmr_pci_window_placement(fn, fn->config, index, space,
					placement);
}

void vmr_pci_update_windows(struct vmr_pci_bridge *bridge)
{
	struct vmr_pci_function *fn = &bridge->fn;
	const struct vmr_placements windows = {
		.dev = &fn->dev, .mask = (1u << VMR_PCI_BRIDGE_WINDOWS) - 1,
		.get = get_window_placement,
	};

	/* A listener may have unplugged the bridge during an earlier change */
	if (fn->manager)
		vmr_device_update_placements(fn->manager, &windows);
}

void vmr_pci_add_windows(struct vmr_pci_bridge *bridge)
{
	static const struct {
		enum vmr_io	io;
		uint32_t	size;
		const char	*name;
	} kinds[VMR_PCI_BRIDGE_WINDOWS] = {
		[WINDOW_IO] = { VMR_PIO, IO_WINDOW_ALIGN, "I/O window" },
		[WINDOW_MEM] = { VMR_MMIO, MEM_WINDOW_ALIGN, "memory window" },
		[WINDOW_PREF] = { VMR_MMIO, MEM_WINDOW_ALIGN,
				  "prefetchable window" },
		[WINDOW_VGA_IO_LOW] = { VMR_PIO, 12, "VGA I/O window" },
		[WINDOW_VGA_IO_HIGH] = { VMR_PIO, 32, "VGA I/O window" },
		[WINDOW_VGA_MEM] = { VMR_MMIO, 0x20000, "VGA memory window" },
	};
	struct vmr_region *window;
	unsigned int i;

	for (i = 0; i < VMR_PCI_BRIDGE_WINDOWS; i++) {
		window = vmr_pci_window(bridge, i);
		vmr_region_init(window, kinds[i].io, VMR_REGION_WINDOW,
				kinds[i].size, VMR_PCI_NR_BARS + i,
				kinds[i].name);
		window->by_registers = true;
		window->no_placement = i >= WINDOW_VGA_IO_LOW;
		vmr_device_add_region(&bridge->fn.dev, window);
	}
	bridge->pref.prefetchable = true;
}

enum vmr_pci_hidden vmr_pci_window_hidden(const struct vmr_pci_bridge *bridge,
					  const struct vmr_region *window,
					  struct vmr_range **conflict,
					  struct vmr_pci_bridge **above)
{
	const struct vmr_pci_function *fn;
	unsigned int i;

	vmr_pci_clear_reason(conflict, above);
	if (!bridge || !window || !bridge->fn.manager ||
	    window->device != &bridge->fn.dev ||
	    window->type != VMR_REGION_WINDOW)
		return VMR_PCI_HIDDEN_NONE;
	fn = &bridge->fn;
	i = window->index - VMR_PCI_NR_BARS;
	if (!is_enabled(fn->config, i, (enum vmr_io)window->io))
		return VMR_PCI_HIDDEN_DECODE;
	if (!vmr_pci_powered(fn, fn->config))
		return VMR_PCI_HIDDEN_POWER;
	return vmr_pci_region_hidden(fn, window, conflict, above);
}
EXPORT_SYMBOL_GPL(vmr_pci_window_hidden);
