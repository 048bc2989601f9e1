// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bar.c - base address registers
 *
 * The placement of a BAR depends on its registers, the command register, the power
 * state and one bit for each 32-bit register, which is set while the guest sizes it.
 */
#include "pci.h"

uint32_t vmr_pci_bar_reg(const struct vmr_pci_function *fn, unsigned int index)
{
	if (index == VMR_PCI_ROM)
		return fn->bridge ? PCI_ROM_ADDRESS1 : PCI_ROM_ADDRESS;
	if (index >= VMR_PCI_NR_BARS)
		return fn->sriov->reg_block.offset + PCI_SRIOV_BAR +
		       4 * (index - VMR_PCI_NR_BARS);
	return PCI_BASE_ADDRESS_0 + 4 * index;
}

static unsigned int nr_bar_regs(const struct vmr_pci_function *fn)
{
	return fn->bridge ? 2 : 6;
}

static uint64_t bar_value(const struct vmr_pci_function *fn,
			  const uint8_t *config, unsigned int index)
{
	const struct vmr_pci_bar *bar = vmr_pci_bar(fn, index);
	uint32_t reg = vmr_pci_bar_reg(fn, index);
	uint64_t value = get_le32(&config[reg]);

	if (bar->type == VMR_PCI_BAR_MEM64)
		value |= (uint64_t)get_le32(&config[reg + 4]) << 32;
	return value & vmr_pci_bar_mask(fn, config, index);
}

/* The address bits of a 32-bit register, implemented or wired to zero */
static uint32_t address_bits(enum vmr_pci_bar_type type, bool upper)
{
	if (upper)
		return ~0u;
	switch (type) {
	case VMR_PCI_BAR_IO:
		return (uint32_t)PCI_BASE_ADDRESS_IO_MASK;
	case VMR_PCI_BAR_ROM:
		return (uint32_t)PCI_ROM_ADDRESS_MASK;
	default:
		return (uint32_t)PCI_BASE_ADDRESS_MEM_MASK;
	}
}

/*
 * Whether a write makes a register of a BAR being sized. All writable bits of the
 * lower half of a 64-bit BAR are ones in an address just below 4 GiB; a guest that
 * sizes it writes a bit that is wired to zero too, if there is one.
 */
static bool begins_sizing(enum vmr_pci_bar_type type, bool upper,
			  uint64_t mask, uint32_t written, uint32_t value)
{
	uint32_t address = address_bits(type, upper);
	uint32_t writable = (uint32_t)(upper ? mask >> 32 : mask) & address;
	uint32_t wired = address & ~writable;

	if (written & wired)
		return true;
	if (type == VMR_PCI_BAR_MEM64 && !upper && wired)
		return false;
	return (value & writable) == writable;
}

/* Whether a register is the upper half of the BAR before it; a ROM has 32 bits */
static bool is_upper_half(const struct vmr_pci_function *fn, unsigned int index)
{
	return index && index != VMR_PCI_ROM &&
	       vmr_pci_bar(fn, index - 1)->type == VMR_PCI_BAR_MEM64;
}

/* The BAR that a register belongs to, and whether it is the upper half */
static unsigned int bar_of_register(const struct vmr_pci_function *fn,
				    unsigned int index, bool *upper)
{
	*upper = is_upper_half(fn, index);
	return *upper ? index - 1 : index;
}

static void record_register(struct vmr_pci_function *fn, unsigned int index,
			    const struct vmr_pci_write *write)
{
	uint32_t reg = vmr_pci_bar_reg(fn, index);
	unsigned int shift = 8 * (write->offset - reg);
	bool upper, sizing, was_sizing;
	unsigned int owner = bar_of_register(fn, index, &upper);
	struct vmr_pci_bar *bar = vmr_pci_bar(fn, owner);
	const struct vmr_range *range = &bar->region.range;

	if (bar->type == VMR_PCI_BAR_NONE)
		return;
	was_sizing = vmr_pci_bar_sizing(fn, fn->sizing, owner);
	sizing = begins_sizing(bar->type, upper,
			       vmr_pci_bar_mask(fn, fn->config, owner),
			       write->written << shift,
			       get_le32(&fn->config[reg]));
	fn->sizing &= (uint16_t)~(1u << index);
	fn->sizing |= (uint16_t)((uint32_t)sizing << index);
	if (sizing && !was_sizing) {
		bar->has_old_start = vmr_range_state(range) != VMR_FREE;
		bar->old_start = range->start;
	}
}

void vmr_pci_record_sizing(struct vmr_pci_function *fn,
			   const struct vmr_pci_write *write)
{
	unsigned int i, nr = vmr_pci_nr_bars(fn);

	/* The BAR registers of a VF are constant */
	if (fn->pf)
		return;
	/* An access does not cross a dword: it writes to at most one register */
	for (i = 0; i < nr; i = i + 1 == nr_bar_regs(fn) ? VMR_PCI_ROM : i + 1)
		if (vmr_pci_writes(write, vmr_pci_bar_reg(fn, i), 4))
			record_register(fn, i, write);
}

bool vmr_pci_bar_sizing(const struct vmr_pci_function *fn, uint32_t sizing,
			unsigned int index)
{
	uint32_t bits = 1u << index;

	if (vmr_pci_bar(fn, index)->type == VMR_PCI_BAR_MEM64)
		bits |= bits << 1;
	return sizing & bits;
}

/* The last address that registers of this type can name */
static uint64_t width_of(enum vmr_pci_bar_type type)
{
	return type == VMR_PCI_BAR_MEM64 ? U64_MAX : U32_MAX;
}

/*
 * Address 0 is none, and neither is one whose last byte is the end of the width of
 * the register. The parts of VFs may not extend beyond it. Outside the windows of a
 * host bridge that translates there are no CPU addresses.
 */
static bool has_address(const struct vmr_pci_function *fn,
			const uint8_t *config, unsigned int index,
			uint64_t *addr)
{
	const struct vmr_pci_bar *bar = vmr_pci_bar(fn, index);
	uint64_t value = bar_value(fn, config, index);
	uint64_t span = vmr_pci_bar_span(fn, config, index);

	if (value > width_of(bar->type) - (span - 1))
		return false;
	return value && value != vmr_pci_bar_mask(fn, config, index) &&
	       vmr_pci_to_cpu(fn, bar->region.io, value, span, addr);
}

static bool vf_bars_decode(const struct vmr_pci_function *pf,
			   const uint8_t *config)
{
	const uint32_t bits = PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE;
	uint32_t reg = pf->sriov->reg_block.offset + PCI_SRIOV_CTRL;

	return (get_le16(&config[reg]) & bits) == bits;
}

static bool decodes(const struct vmr_pci_function *fn, const uint8_t *config,
		    unsigned int index)
{
	uint32_t command = vmr_pci_command(config);

	if (index >= VMR_PCI_NR_BARS)
		return vf_bars_decode(fn, config);
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
	const struct vmr_pci_bar *bar = vmr_pci_bar(fn, index);
	struct vmr_region *region = &vmr_pci_bar(fn, index)->region;
	uint64_t size = vmr_pci_bar_span(fn, config, index);

	memset(placement, 0, sizeof(*placement));
	placement->state = VMR_FREE;
	if (bar->type != VMR_PCI_BAR_NONE &&
	    has_address(fn, config, index, &placement->start))
		placement->state = decodes(fn, config, index) &&
						   vmr_pci_powered(fn, config) ?
					   VMR_LIVE :
					   VMR_PARKED;
	placement->last = placement->start + (size - 1);
	return region;
}

/* Use the range and not the registers, whose address may be outside the domain */
bool vmr_pci_bar_addr(const struct vmr_pci_function *fn, unsigned int index,
		      uint64_t *addr)
{
	const struct vmr_range *range;

	if (!fn || index >= vmr_pci_nr_bars(fn) || !addr)
		return false;
	range = &vmr_pci_bar(fn, index)->region.range;
	if (vmr_range_state(range) != VMR_LIVE &&
	    vmr_range_state(range) != VMR_CLAIMED)
		return false;
	*addr = range->start;
	return true;
}
EXPORT_SYMBOL_GPL(vmr_pci_bar_addr);

/* Binary logarithms of the least and the largest size */
static const uint8_t sizes[][2] = {
	[VMR_PCI_BAR_IO] = { 2, 8 },
	[VMR_PCI_BAR_MEM32] = { 4, 30 },
	[VMR_PCI_BAR_MEM64] = { 4, 62 },
	[VMR_PCI_BAR_ROM] = { 11, 24 },
};

uint64_t vmr_pci_bar_largest_size(enum vmr_pci_bar_type type)
{
	return 1ull << sizes[type][1];
}

bool vmr_pci_bar_size_valid(unsigned int index, enum vmr_pci_bar_type type,
			    uint64_t size)
{
	unsigned int log = fls64(size) - 1;

	return type > VMR_PCI_BAR_NONE && type <= VMR_PCI_BAR_ROM &&
	       vmr_is_pow2(size) &&
	       (index == VMR_PCI_ROM) == (type == VMR_PCI_BAR_ROM) &&
	       log >= sizes[type][0] && log <= sizes[type][1];
}

/* Whether the register is used by its BAR or by the 64-bit BAR before it */
static bool bar_in_use(const struct vmr_pci_function *fn, unsigned int index)
{
	return vmr_pci_bar(fn, index)->type != VMR_PCI_BAR_NONE ||
	       is_upper_half(fn, index);
}

static void init_wmask(struct vmr_pci_function *fn, unsigned int index)
{
	uint32_t reg = vmr_pci_bar_reg(fn, index);
	uint64_t mask = vmr_pci_bar_mask(fn, fn->config, index);

	put_le32(&fn->wmask[reg], (uint32_t)mask);
	if (vmr_pci_bar(fn, index)->type == VMR_PCI_BAR_MEM64)
		put_le32(&fn->wmask[reg + 4], (uint32_t)(mask >> 32));
}

static void init_registers(struct vmr_pci_function *fn, unsigned int index)
{
	const struct vmr_pci_bar *bar = vmr_pci_bar(fn, index);
	uint32_t reg = vmr_pci_bar_reg(fn, index);

	init_wmask(fn, index);
	if (bar->type == VMR_PCI_BAR_IO)
		fn->config[reg] = PCI_BASE_ADDRESS_SPACE_IO;
	else if (bar->type == VMR_PCI_BAR_ROM)
		fn->wmask[reg] |= PCI_ROM_ADDRESS_ENABLE;
	else if (bar->prefetchable)
		fn->config[reg] = PCI_BASE_ADDRESS_MEM_PREFETCH;
	if (bar->type == VMR_PCI_BAR_MEM64)
		fn->config[reg] |= PCI_BASE_ADDRESS_MEM_TYPE_64;
}

/* Address bits that the size wires to zero; the flags below them stay */
static void clear_wired_bits(struct vmr_pci_function *fn, unsigned int index)
{
	const struct vmr_pci_bar *bar = vmr_pci_bar(fn, index);
	uint32_t reg = vmr_pci_bar_reg(fn, index);
	uint64_t mask = vmr_pci_bar_mask(fn, fn->config, index);

	put_le32(&fn->config[reg],
		 get_le32(&fn->config[reg]) &
			 ((uint32_t)mask | ~address_bits(bar->type, false)));
	if (bar->type == VMR_PCI_BAR_MEM64)
		put_le32(&fn->config[reg + 4], get_le32(&fn->config[reg + 4]) &
						       (uint32_t)(mask >> 32));
}

void vmr_pci_update_sizes(struct vmr_pci_function *fn)
{
	struct vmr_pci_bar *bar;
	unsigned int i;
	uint64_t span;

	for (i = 0; i < vmr_pci_nr_bars(fn); i++) {
		bar = vmr_pci_bar(fn, i);
		if (bar->type == VMR_PCI_BAR_NONE)
			continue;
		span = vmr_pci_bar_span(fn, fn->config, i);
		if (span == bar->region.size)
			continue;
		/* Readers of a VF BAR may still load the old size */
		WRITE_ONCE(bar->region.size, span);
		/* The address before sizing was one of the old size */
		bar->has_old_start = false;
		init_wmask(fn, i);
		clear_wired_bits(fn, i);
	}
}

int vmr_pci_add_bar_at(struct vmr_pci_function *fn, unsigned int index,
		       enum vmr_pci_bar_type type, bool prefetchable,
		       uint64_t size, uint64_t span, const char *name)
{
	struct vmr_pci_bar *bar;
	int ret;

	if (bar_in_use(fn, index) ||
	    (type == VMR_PCI_BAR_MEM64 && bar_in_use(fn, index + 1)))
		return -EEXIST;
	if (fn->manager)
		return -EBUSY;
	bar = vmr_pci_bar(fn, index);
	vmr_region_init(&bar->region,
			type == VMR_PCI_BAR_IO ? VMR_PIO : VMR_MMIO,
			VMR_REGION_TRAPPED, span, index, name);
	ret = vmr_device_add_region(&fn->dev, &bar->region);
	if (ret)		/* LCOV_EXCL_BR_LINE: the region is new */
		return ret;	/* LCOV_EXCL_LINE: the same */
	bar->type = type;
	bar->prefetchable = prefetchable;
	bar->region.by_registers = true;
	bar->region.prefetchable = prefetchable;
	if (index >= VMR_PCI_NR_BARS)
		fn->sriov->sizes[index - VMR_PCI_NR_BARS] = size;
	init_registers(fn, index);
	return 0;
}

int vmr_pci_add_bar(struct vmr_pci_function *fn, unsigned int index,
		    enum vmr_pci_bar_type type, bool prefetchable,
		    uint64_t size, const char *name)
{
	unsigned int last_reg;

	if (!fn || !vmr_pci_bar_size_valid(index, type, size))
		return -EINVAL;
	last_reg = type == VMR_PCI_BAR_MEM64 ? index + 1 : index;
	if (index != VMR_PCI_ROM && last_reg >= nr_bar_regs(fn))
		return -EINVAL;
	return vmr_pci_add_bar_at(fn, index, type, prefetchable, size, size,
				  name);
}
EXPORT_SYMBOL_GPL(vmr_pci_add_bar);

/* While a BAR is being sized, the address that it had is avoided */
static struct vmr_region *get_bar_placement(struct vmr_device *dev,
					    unsigned int index,
					    struct vmr_placement *placement)
{
	struct vmr_pci_function *fn =
		container_of(dev, struct vmr_pci_function, dev);
	struct vmr_pci_bar *bar = vmr_pci_bar(fn, index);

	if (!vmr_pci_bar_sizing(fn, fn->sizing, index))
		return vmr_pci_bar_placement(fn, fn->config, index, placement);
	*placement = (struct vmr_placement) {
		.state = bar->has_old_start ? VMR_PARKED : VMR_FREE,
		.start = bar->old_start,
		.last = bar->old_start + (bar->region.size - 1),
	};
	return &bar->region;
}

struct vmr_placements vmr_pci_bar_placements(struct vmr_pci_function *fn,
					     uint32_t mask)
{
	return (struct vmr_placements) {
		.dev = &fn->dev, .mask = mask, .get = get_bar_placement,
	};
}

void vmr_pci_update_bars(struct vmr_pci_function *fn, uint32_t mask)
{
	const struct vmr_placements bars = vmr_pci_bar_placements(fn, mask);

	/* The region of a VF's BAR is part of one of the PF */
	WRITE_ONCE(fn->vf_unpowered, !vmr_pci_powered(fn, fn->config));
	vmr_device_update_placements(fn->manager, &bars);
}

/* The nearest bridge above that does not forward all of a region, or NULL */
static struct vmr_pci_bridge *blocking_bridge(const struct vmr_pci_function *fn,
					      const struct vmr_region *region)
{
	struct vmr_pci_bridge *bridge = fn->upstream_bridge;

	for (; bridge; bridge = bridge->fn.upstream_bridge)
		if (!vmr_bus_find_window(&bridge->bus, region))
			return bridge;
	return NULL;
}

void vmr_pci_clear_reason(struct vmr_range **conflict,
			  struct vmr_pci_bridge **bridge)
{
	if (conflict)
		*conflict = NULL;
	if (bridge)
		*bridge = NULL;
}

enum vmr_pci_hidden vmr_pci_region_hidden(const struct vmr_pci_function *fn,
					  const struct vmr_region *region,
					  struct vmr_range **conflict,
					  struct vmr_pci_bridge **bridge)
{
	const struct vmr_range *range = &region->range;
	struct vmr_pci_bridge *blocking;

	if (vmr_range_state(range) == VMR_CLAIMED) {
		if (conflict)
			*conflict = vmr_find_overlap(vmr_region_space(fn->manager,
								      region),
						     range->start, range->last);
		return VMR_PCI_HIDDEN_CLAIM;
	}
	if (vmr_range_state(range) != VMR_LIVE)
		return VMR_PCI_HIDDEN_ADDRESS;
	blocking = blocking_bridge(fn, region);
	if (!blocking)
		return VMR_PCI_MAPPED;
	if (bridge)
		*bridge = blocking;
	return VMR_PCI_HIDDEN_WINDOW;
}

enum vmr_pci_hidden vmr_pci_bar_hidden(const struct vmr_pci_function *fn,
				       unsigned int index,
				       struct vmr_range **conflict,
				       struct vmr_pci_bridge **bridge)
{
	vmr_pci_clear_reason(conflict, bridge);
	if (!fn || index >= vmr_pci_nr_bars(fn) || !fn->manager ||
	    vmr_pci_bar(fn, index)->type == VMR_PCI_BAR_NONE)
		return VMR_PCI_HIDDEN_NONE;
	if (!decodes(fn, fn->config, index))
		return VMR_PCI_HIDDEN_DECODE;
	if (!vmr_pci_powered(fn, fn->config))
		return VMR_PCI_HIDDEN_POWER;
	if (vmr_pci_bar_sizing(fn, fn->sizing, index))
		return VMR_PCI_HIDDEN_SIZING;
	return vmr_pci_region_hidden(fn, &vmr_pci_bar(fn, index)->region,
				     conflict, bridge);
}
EXPORT_SYMBOL_GPL(vmr_pci_bar_hidden);
