/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_bridge.h - PCI-to-PCI bridges
 */
#ifndef VMALLOC_PCI_BRIDGE_H
#define VMALLOC_PCI_BRIDGE_H

#include <vmalloc/pci_function.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A bridge is a function with a bus behind it. Its windows follow its registers as
 * BARs do (PCI-to-PCI Bridge Architecture Specification 1.2). A bridge forwards by
 * address alone: the types of windows and BARs decide where the library places a BAR,
 * never whether an address is forwarded. A region that is not wholly inside one open
 * window is unmapped. A window that ends above the domain ends with it.
 *
 * The ISA enable bit keeps back the upper 768 ports of each 1024 of the I/O window.
 * The VGA enable bit opens three windows more, for the ports 0x3b0 to 0x3bb and 0x3c0
 * to 0x3df and the memory 0xa0000 to 0xbffff. Aliases of the ports in the upper 6
 * address bits are not forwarded, and the bit for VGA 16-bit decode, which would select
 * them, reads 0. The reset bit resets all functions behind the bridge when the guest
 * sets it.
 *
 * A bridge embeds its function, its bus and its windows. The library allocates
 * nothing. All calls are update-side calls.
 */

#define VMR_PCI_BRIDGE_WINDOWS	6

struct vmr_pci_port;

/**
 * struct vmr_pci_reserve - room behind a bridge for devices that are added later
 * @io: the least number of ports in the I/O window, 0 for none
 * @mem: the least number of bytes in the memory window
 * @pref: the least number of bytes in the prefetchable window
 * @buses: the least number of bus numbers behind the bridge
 *
 * A size has the alignment that its lowest bit says: 32 GiB have room for a BAR of
 * 32 GiB. vmr_pci_assign() reads it.
 */
struct vmr_pci_reserve {
	uint64_t	io;
	uint64_t	mem;
	uint64_t	pref;
	uint32_t	buses;
};

/**
 * struct vmr_pci_bridge - a PCI-to-PCI bridge and the bus behind it
 * @fn: the bridge as a function, with a type 1 header
 * @bus: the spaces behind the bridge
 * @io: window of I/O ports, in units of 4096 ports
 * @mem: window of memory below 4 GiB, in units of 1 MiB
 * @pref: window of 64-bit prefetchable memory, in units of 1 MiB
 * @vga_io: windows of the VGA ports, 0x3b0 to 0x3bb and 0x3c0 to 0x3df
 * @vga_mem: window of the VGA memory
 * @devfns: the functions behind the bridge, by device << 3 | function
 * @reg_block: the registers of the windows and bus numbers
 * @reserve: room for devices that are added later; the owner may set it
 */
struct vmr_pci_bridge {
	struct vmr_pci_function		fn;
	struct vmr_bus			bus;
	struct vmr_region		io;
	struct vmr_region		mem;
	struct vmr_region		pref;
	struct vmr_region		vga_io[2];
	struct vmr_region		vga_mem;
	struct vmr_id_pool		devfns;
	struct vmr_pci_reg_block	reg_block;
	struct vmr_pci_reserve		reserve;
	/* private: the bus numbers of this bridge, parked where lookups search, */
	struct vmr_range		numbers;
	/* and those of the bridges behind it */
	struct vmr_space		bridges;
	/* the port that the bridge belongs to, or NULL */
	struct vmr_pci_port		*port;
	/* called when a function was plugged behind it, or unplugged; or NULL */
	void (*bus_changed)(struct vmr_pci_bridge *bridge);
	/* public: */
};

/**
 * vmr_pci_bridge_init - initialise a bridge with an empty bus
 * @bridge: zeroed memory
 * @manager: the manager that the bridge will be plugged into
 * @ids: the identification of the bridge; the class is usually 0x060400
 * @ops: the callbacks for accesses to its BARs; a bridge has at most two and a ROM
 * @name: name for people
 *
 * The caller plugs &bridge->fn as any function. All windows are closed until the
 * guest programs them.
 *
 * Return: as vmr_pci_function_init().
 */
int vmr_pci_bridge_init(struct vmr_pci_bridge *bridge,
			struct vmr_manager *manager,
			const struct vmr_pci_ids *ids,
			const struct vmr_device_ops *ops, const char *name);

/**
 * vmr_pci_bridge_init_express - initialise a bridge with 4096 bytes of registers
 * @bridge: zeroed memory
 * @space: zeroed memory for the registers
 * @manager: the manager that the bridge will be plugged into
 * @ids: the identification of the bridge
 * @ops: the callbacks for accesses to its BARs
 * @name: name for people
 *
 * Return: as vmr_pci_function_init().
 */
int vmr_pci_bridge_init_express(struct vmr_pci_bridge *bridge,
				struct vmr_pci_express_config_space *space,
				struct vmr_manager *manager,
				const struct vmr_pci_ids *ids,
				const struct vmr_device_ops *ops,
				const char *name);

/**
 * vmr_pci_bridge_plug - register a function behind a bridge
 * @bridge: a bridge that is plugged
 * @fn: the function
 * @devfn: device << 3 | function, or VMR_PCI_ANY_DEVICE; the guest assigns the bus
 *	number
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @fn is a virtual function;
 *  - -EEXIST: @fn is plugged;
 *  - -ENOENT: the bridge is not plugged;
 *  - -ENOSPC: no device number is free;
 *  - -ERANGE: the number is above 255, or above 7 behind a root port or a downstream port
 *    and the function has no ARI capability;
 *  - -EEXIST: the address of @fn is allocated elsewhere;
 *  - -EBUSY and the errors after it, as vmr_pci_plug().
 */
int vmr_pci_bridge_plug(struct vmr_pci_bridge *bridge,
			struct vmr_pci_function *fn, uint32_t devfn);

/**
 * vmr_pci_bridge_plug_card - register the functions of one device in one step
 * @bridge: a bridge that is plugged
 * @fns: the functions by their number, NULL for one that the card does not have
 * @nr: the length of @fns, 1 to 8; to 256 behind a root port or a downstream port, if
 *	function 0 and the functions from 8 on have the ARI capability, see pci_ari.h
 * @device: device number, or VMR_PCI_ANY_DEVICE
 *
 * All functions become visible in one step, or none is registered. The library sets
 * the multi-function bit of the header types if there are several.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, there is no function 0, @nr is invalid, or a function
 *    occurs twice or is a virtual function;
 *  - -EEXIST: a function is plugged;
 *  - -ENOENT: the bridge is not plugged;
 *  - -ENOSPC: no device number is free;
 *  - -ERANGE: the device number is above 31, or above 0 behind a root port or a
 *    downstream port, or a function above 7 has no ARI capability;
 *  - -EEXIST: the address of a function is allocated elsewhere;
 *  - -EBUSY and the errors after it, as vmr_pci_plug().
 */
int vmr_pci_bridge_plug_card(struct vmr_pci_bridge *bridge,
			     struct vmr_pci_function *const *fns,
			     unsigned int nr, uint32_t device);

/**
 * vmr_pci_window_hidden - find out why a window of a bridge forwards nothing
 * @bridge: the bridge, such as vmr_pci_bar_hidden() returned it
 * @window: one of the windows of @bridge, such as &bridge->mem
 * @conflict: receives the range that a claim waits for; NULL for other reasons
 * @above: receives the bridge above that does not forward the addresses; NULL for other
 *	reasons
 *
 * Both pointers to results may be NULL. The reasons have the meanings and the order of
 * vmr_pci_bar_hidden(): for a window of VGA, VMR_PCI_HIDDEN_DECODE also says that VGA is
 * not enabled, and VMR_PCI_HIDDEN_ADDRESS says that the base is above the limit, or
 * outside of the domain.
 *
 * Return: the reason, VMR_PCI_MAPPED if the window is open.
 */
enum vmr_pci_hidden vmr_pci_window_hidden(const struct vmr_pci_bridge *bridge,
					  const struct vmr_region *window,
					  struct vmr_range **conflict,
					  struct vmr_pci_bridge **above);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_BRIDGE_H */
