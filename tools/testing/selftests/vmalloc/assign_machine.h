/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * assign_machine.h - a machine whose addresses vmr_pci_assign() gives out
 */
#ifndef VMR_TEST_ASSIGN_MACHINE_H
#define VMR_TEST_ASSIGN_MACHINE_H

#include "pci_machine.h"

#define KIB		0x400ull
#define MIB		0x100000ull

#define NR_CARDS	64
#define NR_BRIDGES	24

static struct vmr_pci_host host;
static struct vmr_pci_bridge bridges[NR_BRIDGES];
static struct vmr_pci_function cards[NR_CARDS];

static struct vmr_pci_item items[512];
static struct vmr_pci_assign_bus buses[64];
static struct vmr_pci_assignment assign;

/* A host bridge with ports, memory below 4 GiB and memory up to @last. */
static inline int assign_host_up(uint64_t last)
{
	const struct vmr_pci_window windows[] = {
		{ VMR_PIO, 0, 0x1000, 0xffff, 0x1000, "ports" },
		{ VMR_MMIO, 0, 0xc0000000, 0xdfffffff, 0xc0000000, "low" },
		{ VMR_MMIO, VMR_PREFETCHABLE, 0x100000000, last, 0x100000000,
		  "high" },
	};
	const struct vmr_pci_host_config config = {
		.bus_last = 255, .windows = windows, .nr_windows = 3,
		.name = "host",
	};
	int ret = pci_machine_up(63);

	return ret ? ret : vmr_pci_host_register(&m.manager, &host, &config);
}

static inline void assign_memory(void)
{
	memset(&assign, 0, sizeof(assign));
	assign.items = items;
	assign.max_items = NR(items);
	assign.buses = buses;
	assign.max_buses = NR(buses);
}

static inline int assign_all(void)
{
	assign_memory();
	return vmr_pci_assign(&m.manager, &assign);
}

static inline int add_bar(struct vmr_pci_function *fn, unsigned int index,
			  enum vmr_pci_bar_type type, uint64_t size)
{
	return vmr_pci_add_bar(fn, index, type, type == VMR_PCI_BAR_MEM64, size,
			       "bar");
}

/* A card with a 64-bit prefetchable BAR, and with a second one unless that is 0. */
static inline int gpu_init(struct vmr_pci_function *fn, uint64_t size,
			   uint64_t second)
{
	int ret = card_init(fn);

	if (!ret)
		ret = add_bar(fn, 0, VMR_PCI_BAR_MEM64, size);
	return ret || !second ? ret :
	       add_bar(fn, 2, VMR_PCI_BAR_MEM64, second);
}

static inline int gpu_behind(struct vmr_pci_bridge *bridge,
			     struct vmr_pci_function *fn, uint64_t size,
			     uint64_t second)
{
	int ret = gpu_init(fn, size, second);

	return ret ? ret : vmr_pci_bridge_plug(bridge, fn,
					       VMR_PCI_ANY_DEVICE);
}

static inline int root_bridge(struct vmr_pci_bridge *bridge)
{
	int ret = bridge_init(bridge);

	return ret ? ret : vmr_pci_host_plug(&host, &bridge->fn,
					     VMR_PCI_ANY_DEVICE);
}

static inline int bridge_behind(struct vmr_pci_bridge *above,
				struct vmr_pci_bridge *bridge)
{
	int ret = bridge_init(bridge);

	return ret ? ret : vmr_pci_bridge_plug(above, &bridge->fn,
					       VMR_PCI_ANY_DEVICE);
}

static inline int is_mapped(struct vmr_pci_function *fn, unsigned int index)
{
	return vmr_pci_bar_hidden(fn, index, NULL, NULL) == VMR_PCI_MAPPED;
}

static inline uint64_t bar_at(struct vmr_pci_function *fn, unsigned int index)
{
	uint64_t addr = 0;

	return vmr_pci_bar_addr(fn, index, &addr) ? addr : 0;
}

/* How many BARs of all functions are mapped, and how many are not. */
static inline unsigned int count_mapped(unsigned int *others)
{
	struct vmr_pci_function *fn = NULL;
	unsigned int mapped = 0, i;

	*others = 0;
	while ((fn = vmr_pci_next_function(&host, NULL, fn)))
		for (i = 0; i < VMR_PCI_ROM; i++) {
			if (fn->bars[i].type == VMR_PCI_BAR_NONE)
				continue;
			if (is_mapped(fn, i))
				mapped++;
			else
				++*others;
		}
	return mapped;
}

/* The registers of all functions, as a number. */
static inline uint64_t registers_sum(void)
{
	struct vmr_pci_function *fn = NULL;
	uint64_t sum = 0;
	unsigned int i;

	while ((fn = vmr_pci_next_function(&host, NULL, fn)))
		for (i = 0; i < VMR_PCI_CONFIG_SIZE; i++)
			sum = sum * 31 + fn->config[i];
	return sum;
}

static inline uint32_t secondary(const struct vmr_pci_bridge *bridge)
{
	return bridge->fn.config[PCI_SECONDARY_BUS];
}

static inline uint32_t subordinate(const struct vmr_pci_bridge *bridge)
{
	return bridge->fn.config[PCI_SUBORDINATE_BUS];
}

#endif /* VMR_TEST_ASSIGN_MACHINE_H */
