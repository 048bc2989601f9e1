/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_assign.h - bus numbers and addresses for a guest without firmware
 */
#ifndef VMALLOC_PCI_ASSIGN_H
#define VMALLOC_PCI_ASSIGN_H

#include <vmalloc/pci_host.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * vmr_pci_assign() does what firmware does before a guest starts: it numbers the
 * buses, gives each BAR and each window of a bridge its addresses, and enables
 * decoding. It writes the registers as a guest does.
 *
 * Numbers: the buses are numbered depth first from the root bus of each host bridge.
 * The subordinate number of a bridge includes the buses of VFs behind it, and the
 * buses that its @reserve names.
 *
 * Windows: the window of a bridge is as large as the BARs and windows behind it
 * need, or as its @reserve says. 64-bit prefetchable memory is in the prefetchable
 * window, all other memory in the window below 4 GiB. Sizes are multiples of 1 MiB,
 * or 4096 ports (PCI-to-PCI Bridge Architecture Specification 1.2, section 3.2.5). A
 * window of 128 GiB and a little more would waste most of a second 128 GiB. Its
 * contents may therefore be in either order, and two neighbours in opposite order
 * share the 128 GiB between them.
 *
 * Places: the windows of the host bridge, or the pools of the system for a kind that
 * the host bridge has no window for. The largest alignment is placed first. Ports below
 * 0x1000, where devices of ISA are, are used if no others are free. The
 * offset between bus and CPU addresses must be a multiple of the alignment, or the
 * window is not used.
 *
 * Bus numbers, BARs and windows whose registers name a possible place are kept, if all
 * the rest has a place beside them. Else all is assigned anew.
 *
 * The call does all or nothing. It first computes the result in the caller's memory,
 * and writes registers only if everything has a place.
 *
 * The steps that find a place are public too. vmr_pci_sort_items(),
 * vmr_pci_size_window(), vmr_pci_place_item() and vmr_pci_place_contents() work on
 * items without functions, for a program that plans a machine.
 *
 * All calls are update-side calls. For n BARs, windows and obstacles, each call costs
 * O(n log n).
 */

/**
 * struct vmr_pci_item - addresses that a BAR or the window of a bridge needs
 * @next: the next one of a list
 * @size: number of addresses; 0 for a window that is closed
 * @align: alignment of the bus address, a power of two
 * @flags: VMR_64BIT and VMR_PREFETCHABLE, as in a struct vmr_constraint
 * @io: enum vmr_io
 * @window: whether it is a window: its contents may be in reverse order
 * @mirrored: of a window with a place: the contents are in reverse order
 * @contents: of a window: the list of the items in it
 * @start: the CPU address of the first, if the item has a place
 * @range: the addresses in the space of the pools; zeroed before its first use
 */
struct vmr_pci_item {
	struct vmr_pci_item	*next;
	uint64_t		size;
	uint64_t		align;
	uint32_t		flags;
	uint8_t			io;
	bool			window;
	bool			mirrored;
	struct vmr_pci_item	*contents;
	uint64_t		start;
	struct vmr_range	range;
	/* private: of a window: the remainder of its start by @align */
	uint64_t		phase;
	/* in a window: the distance from its start, and the order there */
	uint64_t		offset;
	bool			mirrored_below;
	/* @start minus the bus address, if it has a place */
	uint64_t		bus_offset;
	/* of vmr_pci_assign(): the registers have this place already */
	bool			kept;
	/* the BAR, or VMR_PCI_ASSIGN_WINDOW() */
	uint8_t			index;
	struct vmr_pci_function	*fn;
	struct vmr_pci_assign_bus *bus;
	/* public: */
};

/* Windows of a host bridge and pools of a system, each on both sides of a boundary */
#define VMR_PCI_MAX_POOLS	(2 * (VMR_SYSTEM_MAX_POOLS + \
				      VMR_PCI_HOST_MAX_WINDOWS))

/**
 * struct vmr_pci_pools - where the items below a host bridge are placed
 * @list: the pools in the order in which they are tried, in CPU addresses
 * @nr: their number
 * @last: the window that was placed last, whose neighbour the next one may be; NULL
 *	before the first
 */
struct vmr_pci_pools {
	struct vmr_system_pool	list[VMR_PCI_MAX_POOLS];
	size_t			nr;
	const struct vmr_pci_item	*last;
	/* private: CPU address minus bus address, of each */
	uint64_t		offsets[VMR_PCI_MAX_POOLS];
	/* public: */
};

/**
 * vmr_pci_pools_init - find the pools for the items below a host bridge
 * @pools: memory for the result
 * @sys: the system
 * @host: the host bridge, or NULL for the pools of the system
 * @mmio: the space in which memory is placed
 * @pio: the space in which ports are placed
 *
 * The spaces may be those of the system, or others in which the caller has reserved
 * what is in use.
 *
 * Return: 0, or -EINVAL if a pointer other than @host is NULL.
 */
int vmr_pci_pools_init(struct vmr_pci_pools *pools,
		       const struct vmr_system *sys,
		       const struct vmr_pci_host *host, struct vmr_space *mmio,
		       struct vmr_space *pio);

/**
 * vmr_pci_sort_items - sort items in the order in which they are placed
 * @list: the first item, or NULL
 *
 * The largest alignment is first, then the largest size. Equal items keep their order.
 *
 * Return: the first item of the sorted list.
 */
struct vmr_pci_item *vmr_pci_sort_items(struct vmr_pci_item *list);

/**
 * vmr_pci_size_window - find the size of a window, and the order of its contents
 * @window: the window. Its @contents are in no space, and none has size 0; they are
 *	sorted
 * @reserve: the least size, 0 for none
 *
 * The windows among the contents have their sizes already. The sizes of the other
 * items become multiples of their alignments, so that they are aligned in either order.
 * A window without contents and reserve has size 0. A window that is too large for any
 * space gets the largest multiple of its unit.
 */
void vmr_pci_size_window(struct vmr_pci_item *window, uint64_t reserve);

/**
 * vmr_pci_place_item - give an item at the root a place
 * @pools: the pools
 * @item: the item, in no space; its size is not 0
 *
 * Links @item->range in the space of the pool that has it. A window becomes the @last
 * of @pools, which must exist until the next call.
 *
 * Return: 0, or -ENOSPC if no pool has a place.
 */
int vmr_pci_place_item(struct vmr_pci_pools *pools, struct vmr_pci_item *item);

/**
 * vmr_pci_place_in_pool - give an item a place in one pool
 * @pool: the pool, of bus addresses or with an offset that the alignment divides
 * @item: the item, in no space; its size is not 0
 * @beside: a window that has a place, whose neighbour the item may be; or NULL
 *
 * Return: 0, or -ENOSPC if the pool has no place.
 */
int vmr_pci_place_in_pool(const struct vmr_pool *pool, struct vmr_pci_item *item,
			  const struct vmr_pci_item *beside);

/**
 * vmr_pci_place_contents - give the contents of a window their places
 * @window: a window with a size and a place
 *
 * Sets @start and @mirrored of each item in it.
 */
void vmr_pci_place_contents(const struct vmr_pci_item *window);

/* The windows of a bridge as the library assigns them */
#define VMR_PCI_ASSIGN_IO	0
#define VMR_PCI_ASSIGN_MEM	1
#define VMR_PCI_ASSIGN_PREF	2
#define VMR_PCI_ASSIGN_WINDOWS	3

/**
 * vmr_pci_window_of - which window of a bridge an item belongs in
 * @item: the item
 *
 * Return: VMR_PCI_ASSIGN_IO, VMR_PCI_ASSIGN_MEM or VMR_PCI_ASSIGN_PREF.
 */
unsigned int vmr_pci_window_of(const struct vmr_pci_item *item);

/**
 * VMR_PCI_ASSIGN_WINDOW() - the index of a window among the answers of a failure
 * @w: VMR_PCI_ASSIGN_IO, VMR_PCI_ASSIGN_MEM or VMR_PCI_ASSIGN_PREF
 */
#define VMR_PCI_ASSIGN_WINDOW(w)	(32 + (w))

/* The same for the bus numbers of a bridge */
#define VMR_PCI_ASSIGN_BUSES		40

/**
 * struct vmr_pci_assign_bus - a bus while addresses are assigned
 *
 * Memory of the caller, which only the library uses.
 */
struct vmr_pci_assign_bus {
	/* private: the host bridge; the bridge, NULL for a root bus */
	struct vmr_pci_host		*host;
	struct vmr_pci_bridge		*bridge;
	/* the bus above, and the one below the root bus on the way to this one */
	struct vmr_pci_assign_bus	*parent;
	struct vmr_pci_assign_bus	*top;
	struct vmr_pci_item		windows[VMR_PCI_ASSIGN_WINDOWS];
	/* of a root bus: its items; of others: those that are in no list */
	struct vmr_pci_item		*items;
	/* the contents of these windows are placed anew */
	bool				fresh[VMR_PCI_ASSIGN_WINDOWS];
	/* bus numbers that VFs take behind the secondary one */
	uint32_t			vf_buses;
	uint32_t			secondary;
	uint32_t			subordinate;
	/* public: */
};

/* A resizable BAR gets its largest size instead of the present one */
#define VMR_PCI_ASSIGN_LARGEST	1u

/**
 * struct vmr_pci_assignment - an assignment, and the reason if it fails
 * @flags: VMR_PCI_ASSIGN_LARGEST, or 0
 * @page_size: each BAR of memory is alone in pages of this size, a power of two; 0 or
 *	1 if that does not matter
 * @items: memory for BARs and obstacles; NULL if @max_items is 0
 * @max_items: number of entries in @items
 * @buses: memory for buses; NULL if @max_buses is 0
 * @max_buses: number of entries in @buses
 * @nr_items: number of entries that are needed
 * @nr_buses: number of entries that are needed
 * @fn: after a failure: the function or bridge that has no place
 * @index: its BAR, VMR_PCI_ASSIGN_WINDOW() or VMR_PCI_ASSIGN_BUSES
 * @size: the number of addresses or buses that it needs
 * @missing: the addresses of all items of its kind that have no place, or the number
 *	of bus numbers that the host bridge lacks
 * @largest_gap: the largest gap for it, in addresses; 0 if there is none
 * @last_needed: the last CPU address, if the pool of its kind went on as far as all
 *	items of the kind need
 *
 * The caller sets the members up to @max_buses.
 */
struct vmr_pci_assignment {
	uint32_t			flags;
	uint64_t			page_size;
	struct vmr_pci_item		*items;
	size_t				max_items;
	struct vmr_pci_assign_bus	*buses;
	size_t				max_buses;
	size_t				nr_items;
	size_t				nr_buses;
	struct vmr_pci_function		*fn;
	unsigned int			index;
	uint64_t			size;
	uint64_t			missing;
	uint64_t			largest_gap;
	uint64_t			last_needed;
	/* private: the obstacles are behind the BARs among the items */
	size_t				nr_bars;
	const struct vmr_system		*sys;
	/* a copy of what is in use, in which items are placed */
	struct vmr_space		mmio;
	struct vmr_space		pio;
	struct vmr_space		window;		/* one that is filled */
	struct vmr_pci_pools		pools;
	/* public: */
};

/**
 * vmr_pci_assign_count - count the memory that an assignment needs
 * @manager: the manager
 * @assign: receives @nr_items and @nr_buses
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_pci_assign_count(const struct vmr_manager *manager,
			 struct vmr_pci_assignment *assign);

/**
 * vmr_pci_assign - give all functions below host bridges numbers and addresses
 * @manager: the manager
 * @assign: the memory, and the answer of a failure
 *
 * Afterwards each BAR is mapped, and each bridge forwards to it. Functions decode
 * memory and ports, bridges are bus masters. An expansion ROM has an address, and its
 * enable bit is as before. Virtual functions have room, enabled or not. Functions at
 * the root that are below no host bridge are left alone.
 *
 * If the owner of a resizable BAR refuses the largest size, the BAR keeps its size
 * and gets a place for the largest.
 *
 * The listeners hear of each change as after a write of the guest. They must not
 * change the topology.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, a flag is unknown, or @assign->page_size is no power
 *    of two;
 *  - -ERANGE: @assign->max_items or @assign->max_buses is below what
 *    vmr_pci_assign_count() says; @nr_items and @nr_buses are set;
 *  - -ENOSPC: a host bridge has too few bus numbers, or a pool too few addresses;
 *    @nr_items, @nr_buses, @fn and the members after it are set.
 */
int vmr_pci_assign(struct vmr_manager *manager, struct vmr_pci_assignment *assign);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_ASSIGN_H */
