// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bar.c - base address registers
 *
 * The placement of a BAR depends on its registers and the command register alone.
 */
#include "pci.h"

uint32_t vmr_pci_bar_reg(const struct vmr_pci_function *fn, unsigned int index)
{
	if (index == VMR_PCI_ROM)
		return fn->bridge ? PCI_ROM_ADDRESS1 : PCI_ROM_ADDRESS;
	return PCI_BASE_ADDRESS_0 + 4 * index;
}

/* The address bits that the BAR's registers implement */
static uint64_t bar_mask(const struct vmr_pci_bar *bar)
{
	uint64_t mask = ~(bar->region.size - 1);

	VMR_ASSERT(vmr_is_pow2(bar->region.size));
	return bar->type == VMR_PCI_BAR_MEM64 ? mask : mask & 0xffffffffu;
}

static uint64_t bar_value(const struct vmr_pci_function *fn,
			  const uint8_t *config, unsigned int index)
{
	const struct vmr_pci_bar *bar = &fn->bars[index];
	uint32_t reg = vmr_pci_bar_reg(fn, index);
	uint64_t value = get_le32(&config[reg]);

	if (bar->type == VMR_PCI_BAR_MEM64)
		value |= (uint64_t)get_le32(&config[reg + 4]) << 32;
	return value & bar_mask(bar);
}

/*
 * Whether the registers hold an address, that is, they are not being sized. While
 * the guest sizes a 64-bit BAR, the lower half can be all ones and the upper half
 * zero. This value is the end of the 32-bit space, where no BAR can be.
 */
static bool bar_has_address(const struct vmr_pci_function *fn,
			    const uint8_t *config, unsigned int index,
			    uint64_t *addr)
{
	uint64_t mask = bar_mask(&fn->bars[index]);

	*addr = bar_value(fn, config, index);
	return *addr && *addr != mask && *addr != (mask & 0xffffffffu);
}

static bool bar_decodes(const struct vmr_pci_function *fn,
			const uint8_t *config, unsigned int index)
{
	uint32_t command = get_le16(&config[PCI_COMMAND]);

	switch (fn->bars[index].type) {
	case VMR_PCI_BAR_IO:
		return command & PCI_COMMAND_IO;
	case VMR_PCI_BAR_ROM:
		return command & PCI_COMMAND_MEMORY &&
		       config[vmr_pci_bar_reg(fn, index)] &
			       PCI_ROM_ADDRESS_ENABLE;
	default:
		return command & PCI_COMMAND_MEMORY;
	}
}

struct vmr_region *vmr_pci_bar_placement(struct vmr_pci_function *fn,
					 const uint8_t *config,
					 unsigned int index,
					 struct vmr_placement *placement)
{
	struct vmr_region *region = &fn->bars[index].region;

	placement->state = VMR_FREE;
	placement->start = 0;
	if (fn->bars[index].type != VMR_PCI_BAR_NONE &&
	    bar_has_address(fn, config, index, &placement->start))
		placement->state = bar_decodes(fn, config, index) ? VMR_LIVE :
								    VMR_PARKED;
	placement->last = placement->start + (region->size - 1);
	return region;
}

/* Use the range and not the registers, whose address may be outside the domain */
bool vmr_pci_bar_addr(const struct vmr_pci_function *fn, unsigned int index,
		      uint64_t *addr)
{
	const struct vmr_range *range;

	if (!fn || index >= VMR_PCI_NR_BARS || !addr)
		return false;
	range = &fn->bars[index].region.range;
	if (vmr_range_state(range) != VMR_LIVE &&
	    vmr_range_state(range) != VMR_CLAIMED)
		return false;
	*addr = range->start;
	return true;
}
EXPORT_SYMBOL_GPL(vmr_pci_bar_addr);

static bool bar_size_valid(unsigned int index, enum vmr_pci_bar_type type,
			   uint64_t size)
{
	/* Binary logarithms of the least and the largest size */
	static const uint8_t sizes[][2] = {
		[VMR_PCI_BAR_IO] = { 2, 8 },
		[VMR_PCI_BAR_MEM32] = { 4, 30 },
		[VMR_PCI_BAR_MEM64] = { 4, 62 },
		[VMR_PCI_BAR_ROM] = { 11, 24 },
	};
	unsigned int log = fls64(size) - 1;

	return type > VMR_PCI_BAR_NONE && type <= VMR_PCI_BAR_ROM &&
	       vmr_is_pow2(size) &&
	       (index == VMR_PCI_ROM) == (type == VMR_PCI_BAR_ROM) &&
	       log >= sizes[type][0] && log <= sizes[type][1];
}

unsigned int vmr_pci_nr_bar_regs(const struct vmr_pci_function *fn)
{
	return fn->bridge ? 2 : 6;
}

/* Whether the register is used by its BAR or by the 64-bit BAR before it */
static bool bar_in_use(const struct vmr_pci_function *fn, unsigned int index)
{
	return fn->bars[index].type != VMR_PCI_BAR_NONE ||
	       (index && index < VMR_PCI_ROM &&
		fn->bars[index - 1].type == VMR_PCI_BAR_MEM64);
}

int vmr_pci_add_bar(struct vmr_pci_function *fn, unsigned int index,
		    enum vmr_pci_bar_type type, bool prefetchable,
		    uint64_t size, const char *name)
{
	struct vmr_pci_bar *bar;
	unsigned int last_reg;
	uint64_t mask;
	uint32_t reg;
	int ret;

	if (!fn || !bar_size_valid(index, type, size))
		return -EINVAL;
	last_reg = type == VMR_PCI_BAR_MEM64 ? index + 1 : index;
	if (index != VMR_PCI_ROM && last_reg >= vmr_pci_nr_bar_regs(fn))
		return -EINVAL;
	if (bar_in_use(fn, index) ||
	    (type == VMR_PCI_BAR_MEM64 && bar_in_use(fn, index + 1)))
		return -EEXIST;
	if (fn->manager)
		return -EBUSY;
	bar = &fn->bars[index];
	vmr_region_init(&bar->region,
			type == VMR_PCI_BAR_IO ? VMR_PIO : VMR_MMIO,
			VMR_REGION_TRAPPED, size, index, name);
	ret = vmr_device_add_region(&fn->dev, &bar->region);
	if (ret)		/* LCOV_EXCL_BR_LINE: the region is new */
		return ret;	/* LCOV_EXCL_LINE: the same */
	bar->type = type;
	bar->prefetchable = prefetchable;
	bar->region.by_registers = true;
	bar->region.prefetchable = prefetchable;

	reg = vmr_pci_bar_reg(fn, index);
	mask = bar_mask(bar);
	put_le32(&fn->wmask[reg], (uint32_t)mask);
	if (type == VMR_PCI_BAR_IO)
		fn->config[reg] = PCI_BASE_ADDRESS_SPACE_IO;
	else if (type == VMR_PCI_BAR_ROM)
		fn->wmask[reg] |= PCI_ROM_ADDRESS_ENABLE;
	else
		fn->config[reg] =
			(type == VMR_PCI_BAR_MEM64 ?
				 PCI_BASE_ADDRESS_MEM_TYPE_64 :
				 0) |
			(prefetchable ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0);
	if (type == VMR_PCI_BAR_MEM64)
		put_le32(&fn->wmask[reg + 4], (uint32_t)(mask >> 32));
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_add_bar);

static struct vmr_region *get_bar_placement(struct vmr_device *dev,
					    unsigned int index,
					    struct vmr_placement *placement)
{
	struct vmr_pci_function *fn =
		container_of(dev, struct vmr_pci_function, dev);

	return vmr_pci_bar_placement(fn, fn->config, index, placement);
}

void vmr_pci_update_bars(struct vmr_pci_function *fn, uint32_t mask)
{
	vmr_device_update_placements(fn->manager, &fn->dev, mask,
				     get_bar_placement);
}
