// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * capability.c - capabilities, register blocks, and their reset values
 *
 * The register blocks of a function are in a list. Conventional configuration space
 * has room for 48 capabilities of 4 bytes, extended space for 960.
 */
#include "pci.h"

#define EXT_CAP_START		VMR_PCI_CONFIG_SIZE
#define CAP_HEADER		2
#define EXT_CAP_HEADER		4

void vmr_pci_add_reg_block(struct vmr_pci_function *fn,
			   struct vmr_pci_reg_block *reg_block, uint32_t offset,
			   uint32_t size)
{
	reg_block->offset = offset;
	reg_block->size = size;
	reg_block->next = fn->reg_blocks;
	fn->reg_blocks = reg_block;
}

/* A block leaves no function, and is zeroed before it is part of one */
static bool is_part_of_function(const struct vmr_pci_reg_block *reg_block)
{
	return reg_block->size;
}

static bool is_free(const struct vmr_pci_function *fn, uint32_t offset,
		    uint32_t size)
{
	const struct vmr_pci_reg_block *other;

	for (other = fn->reg_blocks; other; other = other->next)
		if (vmr_pci_overlaps(offset, size, other->offset, other->size))
			return false;
	return true;
}

/* The first place in [start, end) for @size bytes; 0 if there is none */
static uint32_t find_place(const struct vmr_pci_function *fn, uint32_t start,
			   uint32_t end, uint32_t size)
{
	for (; start + size <= end; start += 4)
		if (is_free(fn, start, size))
			return start;
	return 0;
}

/* Store the contents and the masks of a capability behind its header */
static void init_contents(struct vmr_pci_function *fn,
			  const struct vmr_pci_reg_block *reg_block,
			  const struct vmr_pci_cap_desc *desc, uint32_t header)
{
	uint32_t i, at = reg_block->offset;

	for (i = 0; i < reg_block->size; i++) {
		bool given = i >= header;

		fn->config[at + i] =
			given && desc->contents ? desc->contents[i] : 0;
		fn->wmask[at + i] = given && desc->wmask ? desc->wmask[i] : 0;
		fn->w1cmask[at + i] =
			given && desc->w1cmask ? desc->w1cmask[i] : 0;
	}
}

/* Whether the list of capabilities has this id; it ends, since the library made it */
static bool has_capability(const struct vmr_pci_function *fn, uint16_t id)
{
	uint8_t at = fn->config[PCI_CAPABILITY_LIST];

	for (; at; at = fn->config[at + PCI_CAP_LIST_NEXT])
		if (fn->config[at] == id)
			return true;
	return false;
}

/*
 * Find a place for a capability of either kind in [@start, @end).
 * @exists: the function has the only capability of this id.
 */
static int check_block(const struct vmr_pci_function *fn,
		       const struct vmr_pci_reg_block *reg_block,
		       const struct vmr_pci_cap_desc *desc, bool exists,
		       uint32_t start, uint32_t end, uint32_t *place)
{
	uint32_t size = (desc->size + 3) & ~3u, offset = desc->offset;

	if (offset && (offset < start || offset & 3 || offset >= end ||
		       size > end - offset))
		return -EINVAL;
	if (exists || is_part_of_function(reg_block) ||
	    (offset && !is_free(fn, offset, size)))
		return -EEXIST;
	if (fn->manager)
		return -EBUSY;
	*place = offset ? offset : find_place(fn, start, end, size);
	return *place ? 0 : -ENOSPC;
}

static void add_block(struct vmr_pci_function *fn,
		      struct vmr_pci_reg_block *reg_block,
		      const struct vmr_pci_cap_desc *desc, uint32_t header,
		      uint32_t place)
{
	vmr_pci_add_reg_block(fn, reg_block, place, desc->size);
	reg_block->contents = desc->contents;
	reg_block->sticky = desc->sticky;
	init_contents(fn, reg_block, desc, header);
}

int vmr_pci_check_capability(const struct vmr_pci_function *fn,
			     const struct vmr_pci_reg_block *reg_block,
			     const struct vmr_pci_cap_desc *desc,
			     uint32_t *place)
{
	if (desc->size < CAP_HEADER || desc->size > VMR_PCI_CONFIG_SIZE ||
	    desc->id > 0xff)
		return -EINVAL;
	return check_block(fn, reg_block, desc,
			   desc->single && has_capability(fn, desc->id),
			   PCI_STD_HEADER_SIZEOF, VMR_PCI_CONFIG_SIZE, place);
}

int vmr_pci_add_capability(struct vmr_pci_function *fn,
			   struct vmr_pci_reg_block *reg_block,
			   const struct vmr_pci_cap_desc *desc)
{
	uint8_t *config;
	uint32_t place;
	int ret;

	if (!fn || !reg_block || !desc)
		return -EINVAL;
	ret = vmr_pci_check_capability(fn, reg_block, desc, &place);
	if (ret)
		return ret;
	add_block(fn, reg_block, desc, CAP_HEADER, place);
	config = fn->config;
	config[place] = (uint8_t)desc->id;
	config[place + PCI_CAP_LIST_NEXT] = config[PCI_CAPABILITY_LIST];
	config[PCI_CAPABILITY_LIST] = (uint8_t)place;
	config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_add_capability);

/* The last extended capability of the list, 0 if it is empty; @found if it has @id */
static uint32_t last_ext_capability(const struct vmr_pci_function *fn,
				    uint16_t id, bool *found)
{
	uint32_t at = EXT_CAP_START, header = get_le32(&fn->config[at]);

	*found = false;
	/* A null capability has a header of 0, and what the owner stored is no list */
	if (is_free(fn, at, EXT_CAP_HEADER))
		return 0;
	for (;;) {
		*found = *found || PCI_EXT_CAP_ID(header) == id;
		if (!PCI_EXT_CAP_NEXT(header))
			return at;
		at = PCI_EXT_CAP_NEXT(header);
		header = get_le32(&fn->config[at]);
	}
}

static int check_ext_capability(const struct vmr_pci_function *fn,
				const struct vmr_pci_reg_block *reg_block,
				const struct vmr_pci_cap_desc *desc,
				uint32_t *last, uint32_t *place)
{
	bool found;

	if (desc->size < EXT_CAP_HEADER ||
	    desc->size > VMR_PCI_EXPRESS_CONFIG_SIZE || desc->version > 0xf ||
	    fn->config_size != VMR_PCI_EXPRESS_CONFIG_SIZE)
		return -EINVAL;
	*last = last_ext_capability(fn, desc->id, &found);
	if (!*last && desc->offset && desc->offset != EXT_CAP_START)
		return -EINVAL;
	return check_block(fn, reg_block, desc, desc->single && found,
			   EXT_CAP_START, VMR_PCI_EXPRESS_CONFIG_SIZE, place);
}

int vmr_pci_check_ext_capability(const struct vmr_pci_function *fn,
				 const struct vmr_pci_reg_block *reg_block,
				 const struct vmr_pci_cap_desc *desc)
{
	uint32_t last, place;

	return check_ext_capability(fn, reg_block, desc, &last, &place);
}

int vmr_pci_add_ext_capability(struct vmr_pci_function *fn,
			       struct vmr_pci_reg_block *reg_block,
			       const struct vmr_pci_cap_desc *desc)
{
	uint32_t last, place;
	int ret;

	if (!fn || !reg_block || !desc)
		return -EINVAL;
	ret = check_ext_capability(fn, reg_block, desc, &last, &place);
	if (ret)
		return ret;
	add_block(fn, reg_block, desc, EXT_CAP_HEADER, place);
	put_le32(&fn->config[place],
		 desc->id | (uint32_t)desc->version << 16);
	if (last)
		put_le32(&fn->config[last], get_le32(&fn->config[last]) |
						    place << 20);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_add_ext_capability);

/* Clear what the guest can change in registers that have no other reset value */
static void clear_registers(struct vmr_pci_function *fn, uint32_t offset,
			    uint32_t size)
{
	for (; size--; offset++)
		fn->config[offset] &=
			~(fn->wmask[offset] | fn->w1cmask[offset]);
}

/* Only bits that the guest can change have a reset value: the rest is constant */
static void reset_block(struct vmr_pci_function *fn,
			const struct vmr_pci_reg_block *reg_block,
			enum vmr_pci_reset reset)
{
	uint32_t i;

	for (i = 0; i < reg_block->size; i++) {
		uint32_t at = reg_block->offset + i;
		uint8_t mask = fn->wmask[at] | fn->w1cmask[at];

		if (reset == VMR_PCI_RESET_FUNCTION && reg_block->sticky)
			mask &= ~reg_block->sticky[i];
		fn->config[at] &= ~mask;
		if (reg_block->contents)
			fn->config[at] |= reg_block->contents[i] & mask;
	}
}

void vmr_pci_reset_registers(struct vmr_pci_function *fn,
			     enum vmr_pci_reset reset)
{
	const struct vmr_pci_reg_block *reg_block;

	clear_registers(fn, 0, PCI_STD_HEADER_SIZEOF);
	for (reg_block = fn->reg_blocks; reg_block; reg_block = reg_block->next)
		reset_block(fn, reg_block, reset);
	fn->sizing = 0;
}
