// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * state_port.c - ports, slots and links in a snapshot
 *
 * The link and the presence of a card follow the functions behind a port. A snapshot
 * in which they do not is refused.
 */
#include "pci.h"

#include "snapshot/snapshot.h"

/* Both kinds of bits, those of a port and those of a function with a link */
uint8_t vmr_pci_express_bits(const struct vmr_pci_function *fn, uint32_t at)
{
	return (uint8_t)(vmr_pci_express_variable_bits(fn, at & ~1u) >>
			 8 * (at & 1));
}

/* Whether a saved address is that of a function behind the bridge, not only held */
static bool is_occupied(const struct vmr_pci_bridge *bridge,
			const struct vmr_restore_ctx *ctx,
			const struct vmr_records *r)
{
	const struct vmr_pci_function *fn;
	size_t i;

	for (i = 0; i < r->nr_live; i++) {
		fn = vmr_pci_to_function(vmr_restore_live_node(ctx, r, i));
		if (fn->upstream_bridge == bridge)
			return true;
	}
	return false;
}

bool vmr_pci_port_valid(const struct vmr_pci_function *fn, const uint8_t *config,
			bool intx_level, const struct vmr_restore_ctx *ctx)
{
	const struct vmr_pci_port *port = vmr_pci_port_of(fn);
	struct vmr_records r;

	/* Nothing can be said without the space behind the port */
	if (!port ||
	    !vmr_restore_find_space(ctx, &port->bridge.devfns.space, &r))
		return true;
	return vmr_pci_port_state_valid(port, config,
					is_occupied(&port->bridge, ctx, &r),
					intx_level);
}

/* A saved address must be one that the function can be plugged at */
bool vmr_pci_address_valid(const struct vmr_pci_function *fn,
			   const struct vmr_restore_ctx *ctx)
{
	struct vmr_snapshot_range saved;

	if (vmr_snapshot_find_range(ctx, &fn->address, &saved) == VMR_FREE)
		return true;
	return saved.start == saved.last &&
	       vmr_pci_address_fits(fn, fn->host, saved.start);
}
