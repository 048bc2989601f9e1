// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * state.c - the registers of functions in a snapshot
 *
 * A block is the configuration space and a description of the function. MSI adds a byte
 * for each vector and the ticket of a block that waits, each MSI-X entry its 16 bytes, a
 * byte and a ticket.
 */
#include "pci.h"

#include <vmalloc/pci_snapshot.h>

/* The description, in little-endian order */
#define STATE_CONFIG_SIZE	0	/* 32 bits */
#define STATE_NR_ENTRIES	4	/* 32 bits */
#define STATE_SIZING		8	/* a bit for each BAR register */
#define STATE_INTX_LEVEL	9	/* 0 or 1 */
#define STATE_SIZING_HIGH	10	/* the bits of VF BARs from the second on */
#define STATE_BARS		12	/* 32 bits each, see describe_bar() */

/* Whether a message is pending, and the ticket of a request that waits, or 0 */
#define ENTRY_PENDING		PCI_MSIX_ENTRY_SIZE
#define ENTRY_TICKET		(ENTRY_PENDING + 1)
#define ENTRY_SIZE		(ENTRY_TICKET + 8)
#define MSI_TICKET		VMR_PCI_MSI_MAX_VECTORS
#define MSI_SIZE		(MSI_TICKET + 8)

static uint32_t nr_entries(const struct vmr_pci_function *fn)
{
	return fn->msix ? fn->msix->nr : 0;
}

static size_t state_size(const struct vmr_pci_function *fn)
{
	return STATE_BARS + 4 * vmr_pci_nr_bars(fn);
}

static uint16_t saved_sizing(const uint8_t *description)
{
	return (uint16_t)(description[STATE_SIZING] |
			  description[STATE_SIZING_HIGH] << 8);
}

/* The offsets of the parts of a block */
static size_t msi_at(const struct vmr_pci_function *fn)
{
	return fn->config_size + state_size(fn);
}

static size_t entry_at(const struct vmr_pci_function *fn, uint32_t index)
{
	return msi_at(fn) + (fn->msi ? MSI_SIZE : 0) +
	       (size_t)index * ENTRY_SIZE;
}

/* The present size of a resizable BAR is in the registers */
static uint32_t describe_bar(const struct vmr_pci_function *fn,
			     unsigned int index)
{
	const struct vmr_pci_bar *bar = vmr_pci_bar(fn, index);
	uint64_t size = vmr_pci_bar_reset_size(fn, index);

	if (bar->type == VMR_PCI_BAR_NONE)
		return 0;
	return bar->type | (uint32_t)bar->prefetchable << 8 |
	       vmr_log2(size) << 16;
}

/* The registers of BARs that exist; those of a VF are constant */
static uint32_t bar_registers(const struct vmr_pci_function *fn)
{
	uint32_t i, mask = 0;

	for (i = 0; !fn->pf && i < vmr_pci_nr_bars(fn); i++)
		if (vmr_pci_bar(fn, i)->type == VMR_PCI_BAR_MEM64)
			mask |= 3u << i;
		else if (vmr_pci_bar(fn, i)->type != VMR_PCI_BAR_NONE)
			mask |= 1u << i;
	return mask;
}

static void save_description(const struct vmr_pci_function *fn, uint8_t *bytes)
{
	uint32_t i;

	memset(bytes, 0, state_size(fn));
	put_le32(&bytes[STATE_CONFIG_SIZE], fn->config_size);
	put_le32(&bytes[STATE_NR_ENTRIES], nr_entries(fn));
	bytes[STATE_SIZING] = (uint8_t)fn->sizing;
	bytes[STATE_SIZING_HIGH] = (uint8_t)(fn->sizing >> 8);
	bytes[STATE_INTX_LEVEL] = fn->intx_level;
	for (i = 0; i < vmr_pci_nr_bars(fn); i++)
		put_le32(&bytes[STATE_BARS + 4 * i], describe_bar(fn, i));
}

static void state_save(struct vmr_pci_function *fn, uint8_t *bytes)
{
	uint32_t i, j;

	vmr_pci_read_registers(fn, 0, bytes, fn->config_size);
	/* vmr_pci_register_restored() finds the next function */
	if (fn->ari)
		bytes[fn->ari->reg_block.offset + VMR_PCI_ARI_NEXT] = 0;
	save_description(fn, &bytes[fn->config_size]);
	for (i = 0; fn->msi && i < VMR_PCI_MSI_MAX_VECTORS; i++)
		bytes[msi_at(fn) + i] =
			vmr_pci_vector_pending(&fn->msi->vectors[i]);
	if (fn->msi)
		put_le64(&bytes[msi_at(fn) + MSI_TICKET],
			 fn->msi->waiter.ticket);
	for (i = 0; i < nr_entries(fn); i++) {
		const struct vmr_pci_msix_entry *entry = &fn->msix->entries[i];
		uint8_t *saved = &bytes[entry_at(fn, i)];

		for (j = 0; j < PCI_MSIX_ENTRY_SIZE / 4; j++)
			put_le32(&saved[4ULL * j], entry->dwords[j]);
		saved[ENTRY_PENDING] = vmr_pci_vector_pending(&entry->vector);
		put_le64(&saved[ENTRY_TICKET], entry->waiter.ticket);
	}
}

/* The registers determine the size of a window, but not that of a BAR */
static void restore_windows(struct vmr_pci_function *fn, struct vmr_system *sys)
{
	struct vmr_region *window;
	struct vmr_placement placement;
	unsigned int i;

	for (i = 0; i < VMR_PCI_BRIDGE_WINDOWS; i++) {
		window = vmr_pci_window(fn->bridge, i);
		vmr_pci_window_placement(fn, fn->config, i,
					 vmr_pci_space(fn, sys, window->io),
					 &placement);
		window->isa_enable = placement.isa_enable;
		if (placement.state == VMR_LIVE)
			window->size = placement.last - placement.start + 1;
	}
}

/* All vectors are blocked until vmr_pci_register_restored() */
static void restore_vector(struct vmr_pci_vector *vector, uint8_t pending)
{
	vector->state = VMR_PCI_VECTOR_BLOCKED |
			(pending ? VMR_PCI_VECTOR_PENDING : 0);
}

static void get_dwords(const uint8_t *saved, uint32_t *dwords)
{
	int i;

	for (i = 0; i < PCI_MSIX_ENTRY_SIZE / 4; i++)
		dwords[i] = get_le32(&saved[4 * i]);
}

static void state_restore(struct vmr_pci_function *fn, struct vmr_system *sys,
			  const uint8_t *bytes)
{
	uint32_t i;

	fn->sizing = saved_sizing(&bytes[fn->config_size]);
	fn->intx_level = bytes[fn->config_size + STATE_INTX_LEVEL];
	if (bytes[PCI_HEADER_TYPE] & VMR_PCI_MULTIFUNCTION)
		vmr_pci_set_multifunction(fn);
	memcpy(fn->config, bytes, fn->config_size);
	vmr_pci_update_sizes(fn);
	for (i = 0; fn->msi && i < VMR_PCI_MSI_MAX_VECTORS; i++)
		restore_vector(&fn->msi->vectors[i], bytes[msi_at(fn) + i]);
	if (fn->msi)
		fn->msi->waiter.ticket =
			get_le64(&bytes[msi_at(fn) + MSI_TICKET]);
	for (i = 0; i < nr_entries(fn); i++) {
		struct vmr_pci_msix_entry *entry = &fn->msix->entries[i];
		const uint8_t *saved = &bytes[entry_at(fn, i)];

		get_dwords(saved, entry->dwords);
		restore_vector(&entry->vector, saved[ENTRY_PENDING]);
		entry->waiter.ticket = get_le64(&saved[ENTRY_TICKET]);
	}
	if (fn->bridge)
		restore_windows(fn, sys);
}

/* The bits that a memory BAR implements in a byte, by its size in @config */
static uint8_t bar_bits(const struct vmr_pci_function *fn,
			const uint8_t *config, unsigned int index, uint32_t at)
{
	uint32_t reg = vmr_pci_bar_reg(fn, index);

	return (uint8_t)(vmr_pci_bar_mask(fn, config, index) >> 8 * (at - reg));
}

/* The bits that the guest can change, with the sizes in @config */
static uint8_t writable_bits(const struct vmr_pci_function *fn,
			     const uint8_t *config, uint32_t at)
{
	uint32_t i, size;

	/* The registers of a VF are constant */
	for (i = 0; !fn->pf && i < vmr_pci_nr_bars(fn); i++) {
		size = 0;
		if (vmr_pci_bar(fn, i)->type == VMR_PCI_BAR_MEM64)
			size = 8;
		else if (vmr_pci_bar(fn, i)->type == VMR_PCI_BAR_MEM32)
			size = 4;
		if (vmr_pci_overlaps(at, 1, vmr_pci_bar_reg(fn, i), size))
			return bar_bits(fn, config, i, at);
	}
	return fn->wmask[at] | fn->w1cmask[at];
}

/* The bits of a byte of configuration space that are not constant */
static uint8_t variable_bits(const struct vmr_pci_function *fn,
			     const uint8_t *config, uint32_t at)
{
	uint8_t mask = writable_bits(fn, config, at);
	uint32_t pending = fn->msi ? vmr_pci_msi_pending_reg(fn->msi) : 0;

	if (pending && at >= pending && at < pending + 4)
		mask = 0xff;
	if (at == PCI_STATUS)
		mask |= PCI_STATUS_INTERRUPT;
	if (fn->express && at >= fn->express->reg_block.offset)
		mask |= vmr_pci_express_bits(fn, at - fn->express->reg_block.offset);
	/* The functions of a card are restored one by one */
	if (at == PCI_HEADER_TYPE)
		mask |= VMR_PCI_MULTIFUNCTION;
	return mask;
}

static bool constants_match(const struct vmr_pci_function *fn,
			    const uint8_t *config, uint32_t offset,
			    uint32_t size)
{
	for (; size--; offset++)
		if ((config[offset] ^ fn->config[offset]) &
		    ~variable_bits(fn, config, offset))
			return false;
	return true;
}

/* Compare the constants of header and register blocks. The owner checks the rest */
static bool config_matches(const struct vmr_pci_function *fn,
			   const uint8_t *config)
{
	const struct vmr_pci_reg_block *reg_block;

	/* The size of a BAR determines which of its bits are constant */
	if (!vmr_pci_sizes_valid(fn, config) ||
	    !constants_match(fn, config, 0, PCI_STD_HEADER_SIZEOF))
		return false;
	for (reg_block = fn->reg_blocks; reg_block; reg_block = reg_block->next)
		if (!constants_match(fn, config, reg_block->offset,
				     reg_block->size))
			return false;
	return true;
}

/* Whether the function has the same registers, BARs and entries */
static bool description_matches(const struct vmr_pci_function *fn,
				const uint8_t *bytes)
{
	uint32_t i;

	if (get_le32(&bytes[STATE_CONFIG_SIZE]) != fn->config_size ||
	    get_le32(&bytes[STATE_NR_ENTRIES]) != nr_entries(fn))
		return false;
	for (i = 0; i < vmr_pci_nr_bars(fn); i++)
		if (get_le32(&bytes[STATE_BARS + 4 * i]) !=
		    describe_bar(fn, i))
			return false;
	return true;
}

static bool description_valid(const struct vmr_pci_function *fn,
			      const uint8_t *bytes)
{
	return !(saved_sizing(bytes) & ~bar_registers(fn)) &&
	       bytes[STATE_INTX_LEVEL] <= !!fn->config[PCI_INTERRUPT_PIN] &&
	       !bytes[STATE_BARS - 1];
}

static bool vectors_valid(const struct vmr_pci_function *fn,
			  const uint8_t *bytes)
{
	uint32_t dwords[PCI_MSIX_ENTRY_SIZE / 4];
	uint32_t i;

	for (i = 0; fn->msi && i < VMR_PCI_MSI_MAX_VECTORS; i++)
		if (bytes[msi_at(fn) + i] > 1)
			return false;
	for (i = 0; i < nr_entries(fn); i++) {
		const uint8_t *saved = &bytes[entry_at(fn, i)];

		get_dwords(saved, dwords);
		if (!vmr_pci_msix_entry_valid(dwords) ||
		    saved[ENTRY_PENDING] > 1)
			return false;
	}
	return true;
}

/* A request waits while its capability is enabled and it has no vectors */
static bool ticket_valid(const uint8_t *bytes, bool enabled,
			 const struct vmr_range *range,
			 const struct vmr_restore_ctx *ctx)
{
	uint64_t ticket = get_le64(bytes);
	struct vmr_snapshot_range found;

	return !ticket ||
	       (enabled && !(ticket >> 63) &&
		vmr_snapshot_find_range(ctx, range, &found) == VMR_FREE);
}

static bool tickets_valid(const struct vmr_pci_function *fn,
			  const uint8_t *bytes,
			  const struct vmr_restore_ctx *ctx)
{
	const struct vmr_pci_msix *msix = fn->msix;
	const struct vmr_pci_msi *msi = fn->msi;
	uint32_t i, nr;
	bool enabled;

	nr = msi ? vmr_pci_msi_nr_enabled(&bytes[msi->reg_block.offset]) : 0;
	if (msi && !ticket_valid(&bytes[msi_at(fn) + MSI_TICKET], nr,
				 &msi->range, ctx))
		return false;
	if (!msix)
		return true;
	enabled = get_le16(&bytes[msix->reg_block.offset + PCI_MSIX_FLAGS]) &
		  PCI_MSIX_FLAGS_ENABLE;
	for (i = 0; i < msix->nr; i++)
		if (!ticket_valid(&bytes[entry_at(fn, i) + ENTRY_TICKET],
				  enabled, &msix->entries[i].range, ctx))
			return false;
	return true;
}

/* A function is in D0 or D3hot: the guest cannot select another state */
static bool power_state_valid(const struct vmr_pci_function *fn,
			      const uint8_t *bytes)
{
	uint32_t reg;

	if (!fn->pm)
		return true;
	reg = fn->pm->reg_block.offset + PCI_PM_CTRL;
	return vmr_pci_has_power_state(bytes[reg]);
}

static bool state_valid(const struct vmr_pci_function *fn,
			const uint8_t *bytes)
{
	const uint8_t *description = &bytes[fn->config_size];

	return description_valid(fn, description) &&
	       !(bytes[PCI_STATUS] & PCI_STATUS_INTERRUPT) ==
		       !description[STATE_INTX_LEVEL] &&
	       power_state_valid(fn, bytes) && vectors_valid(fn, bytes) &&
	       (!fn->express || vmr_pci_express_link_valid(fn, bytes));
}

/* The function on a root bus that @fn is or is behind */
static const struct vmr_pci_function *at_root(const struct vmr_pci_function *fn)
{
	fn = fn->pf ? fn->pf : fn;
	while (fn->upstream_bridge)
		fn = &fn->upstream_bridge->fn;
	return fn;
}

/* The host bridge above, by the saved address of the function at the root */
static struct vmr_pci_host *saved_host(const struct vmr_pci_function *fn,
				       const struct vmr_system *sys,
				       const struct vmr_restore_ctx *ctx)
{
	struct vmr_snapshot_range saved;

	if (vmr_snapshot_find_range(ctx, &at_root(fn)->address, &saved) !=
	    VMR_LIVE)
		return NULL;
	return vmr_pci_host_of_bus(sys, saved.start >> 8);
}

static size_t pci_block_size(const struct vmr_snapshot_block *block)
{
	const struct vmr_pci_function *fn = block->owner;

	return entry_at(fn, nr_entries(fn));
}

static bool pci_block_consistent(const struct vmr_snapshot_block *block)
{
	const struct vmr_pci_function *fn = block->owner;

	return vmr_pci_matches_ranges(block->owner, block->sys, NULL,
				      fn->config, fn->sizing) &&
	       (!fn->sriov || vmr_pci_sriov_matches(fn->sriov, fn->config, NULL));
}

static bool pci_block_match(const struct vmr_snapshot_block *block,
			    const uint8_t *saved)
{
	const struct vmr_pci_function *fn = block->owner;

	return description_matches(fn, &saved[fn->config_size]) &&
	       config_matches(fn, saved);
}

static void pci_block_save(const struct vmr_snapshot_block *block,
			   uint8_t *bytes)
{
	state_save(block->owner, bytes);
}

static bool pci_state_valid(struct vmr_pci_function *fn,
			    struct vmr_system *sys, const uint8_t *saved,
			    const struct vmr_restore_ctx *ctx)
{
	const uint8_t *description = &saved[fn->config_size];

	return state_valid(fn, saved) && tickets_valid(fn, saved, ctx) &&
	       vmr_pci_address_valid(fn, ctx) &&
	       vmr_pci_port_valid(fn, saved, description[STATE_INTX_LEVEL],
				  ctx) &&
	       vmr_pci_matches_ranges(fn, sys, ctx, saved,
				      saved_sizing(description)) &&
	       (!fn->sriov || vmr_pci_sriov_matches(fn->sriov, saved, ctx));
}

/* The checks find windows by the host bridge. A restore that is refused sets none */
static bool pci_block_check(const struct vmr_snapshot_block *block,
			    const uint8_t *saved,
			    const struct vmr_restore_ctx *ctx)
{
	struct vmr_pci_function *fn = block->owner;
	struct vmr_pci_host *host = fn->host;
	bool valid;

	fn->host = saved_host(fn, block->sys, ctx);
	valid = pci_state_valid(fn, block->sys, saved, ctx);
	fn->host = host;
	return valid;
}

/* The spaces are restored before. The registration sets the host bridge again */
static void pci_block_restore(const struct vmr_snapshot_block *block,
			      const uint8_t *saved)
{
	struct vmr_pci_function *fn = block->owner;
	const struct vmr_range *address = &at_root(fn)->address;

	fn->host = vmr_range_state(address) == VMR_LIVE ?
			   vmr_pci_host_of_bus(block->sys, address->start >> 8) :
			   NULL;
	state_restore(fn, block->sys, saved);
}

static const struct vmr_snapshot_block_ops pci_block_ops = {
	.size = pci_block_size,
	.consistent = pci_block_consistent,
	.save = pci_block_save,
	.match = pci_block_match,
	.check = pci_block_check,
	.restore = pci_block_restore,
};

int vmr_snapshot_describe_bridge(struct vmr_snapshot_space *spaces,
				 struct vmr_pci_bridge *bridge, uint32_t id)
{
	if (!spaces || !bridge || id < VMR_SNAPSHOT_FIRST_USER ||
	    id > U32_MAX - 2)
		return -EINVAL;
	vmr_snapshot_describe_bus(spaces, &bridge->bus, id);
	spaces[2] = (struct vmr_snapshot_space) {
		.space = &bridge->devfns.space,
		.high_watermark = &bridge->devfns.high_watermark,
		.id = id + 2,
	};
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_describe_bridge);

int vmr_snapshot_describe_pci(struct vmr_snapshot_block *block, uint64_t key,
			      struct vmr_pci_function *fn,
			      struct vmr_system *sys)
{
	if (!block || !fn || !sys)
		return -EINVAL;
	*block = (struct vmr_snapshot_block) {
		.key = key, .ops = &pci_block_ops, .owner = fn, .sys = sys,
	};
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_describe_pci);
