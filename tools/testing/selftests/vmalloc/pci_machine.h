/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_machine.h - a machine with host bridges, and registers as a guest accesses them
 */
#ifndef VMR_TEST_PCI_MACHINE_H
#define VMR_TEST_PCI_MACHINE_H

#include <linux/pci_regs.h>

#include "bus.h"
#include "card_ops.h"

#define COMMAND		PCI_COMMAND

#define ECAM		0x40000000u

static const struct vmr_pci_ids card_ids = {
	.vendor = 0x1af4, .device = 0x1041, .subvendor = 0xabcd,
	.subdevice = 0x1234, .class_code = 0x020001, .revision = 7,
	.irq_pin = 1,
};

static const struct vmr_pci_ids bridge_ids = {
	.vendor = 0x1b36, .device = 0x0001, .class_code = 0x060400,
};

/* A machine with segments 0 to 2, and interrupt numbers 0 to @irq_last. */
static inline int pci_machine_up(uint32_t irq_last)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = irq_last,
		.slot_last = 31, .pci_last = 0x2ffff, .id_last = 255,
	};
	int ret = vmr_system_init(&m.sys, &limits);

	if (!ret)
		ret = vmr_manager_init(&m.manager, &m.sys);
	return ret ? ret : reader_attach(&m.reader);
}

static inline int host_up(struct vmr_pci_host *host, uint32_t segment,
			  uint32_t bus_start, uint32_t bus_last)
{
	const struct vmr_pci_host_config config = {
		.segment = segment, .bus_start = bus_start,
		.bus_last = bus_last, .name = "host",
	};

	return vmr_pci_host_register(&m.manager, host, &config);
}

static inline int card_init(struct vmr_pci_function *fn)
{
	memset(fn, 0, sizeof(*fn));
	return vmr_pci_function_init(fn, &card_ids, &card_ops, "card");
}

/* A card with a 32-bit memory BAR of one page. */
static inline int card_with_bar(struct vmr_pci_function *fn)
{
	int ret = card_init(fn);

	return ret ? ret : vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_MEM32, false,
					   0x1000, "bar");
}

static inline int bridge_init(struct vmr_pci_bridge *bridge)
{
	memset(bridge, 0, sizeof(*bridge));
	return vmr_pci_bridge_init(bridge, &m.manager, &bridge_ids, &card_ops,
				   "bridge");
}

/* Registers as the guest accesses them, by the function. */
static inline uint32_t reg_read(const struct vmr_pci_function *fn,
				uint32_t offset, uint32_t width)
{
	uint8_t bytes[4] = { 0 };

	vmr_pci_config_read(fn, offset, bytes, width);
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static inline int reg_write(struct vmr_pci_function *fn, uint32_t offset,
			    uint32_t value, uint32_t width)
{
	const uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24),
	};

	return vmr_pci_config_write(fn, offset, bytes, width);
}

/* Secondary and subordinate bus number of a bridge. */
static inline void number_bridge(struct vmr_pci_bridge *bridge,
				 uint32_t secondary, uint32_t subordinate)
{
	reg_write(&bridge->fn, PCI_PRIMARY_BUS,
		  secondary << 8 | subordinate << 16, 4);
}

static inline void open_mem_window(struct vmr_pci_bridge *bridge, uint32_t base,
				   uint32_t limit)
{
	reg_write(&bridge->fn, PCI_MEMORY_BASE,
		  (base >> 16 & 0xfff0) | (limit & 0xfff00000), 4);
}

static inline void open_io_window(struct vmr_pci_bridge *bridge, uint32_t base,
				  uint32_t limit)
{
	reg_write(&bridge->fn, PCI_IO_BASE,
		  (base >> 8 & 0xf0) | (limit & 0xf000), 2);
}

static inline void bar_write(struct vmr_pci_function *fn, unsigned int index,
			     uint32_t value)
{
	reg_write(fn, PCI_BASE_ADDRESS_0 + 4 * index, value, 4);
}

/* Put BAR 0 of a card at @addr and switch its decoding on. */
static inline void bar_on(struct vmr_pci_function *fn, uint32_t addr)
{
	bar_write(fn, 0, addr);
	reg_write(fn, COMMAND, DECODE_IO | DECODE_MEM, 2);
}

static inline struct vmr_region *bar(struct vmr_pci_function *fn,
				     unsigned int index)
{
	return &fn->bars[index].region;
}

/* Accesses of the guest through the buses of the machine. */
static inline uint64_t guest_read(enum vmr_io io, uint64_t addr, uint32_t width)
{
	uint8_t bytes[8] = { 0 };
	uint64_t value = 0;
	uint32_t i;

	vmr_read(&m.reader, io, addr, bytes, width, 1);
	for (i = 0; i < width; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

static inline void guest_write(enum vmr_io io, uint64_t addr, uint64_t value,
			       uint32_t width)
{
	uint8_t bytes[8];
	uint32_t i;

	for (i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	vmr_write(&m.reader, io, addr, bytes, width, 1);
}

/* The ECAM address of a register, for a host bridge whose first bus is @first. */
static inline uint64_t ecam_at(uint32_t first, uint32_t bdf, uint32_t offset)
{
	return ECAM + ((uint64_t)(bdf - (first << 8)) << 12) + offset;
}

/* A lock that counts how often it is acquired and detects a wrong nesting. */
struct counting_lock {
	struct vmr_lock_ops	ops;
	unsigned int		acquired;
	unsigned int		wrong;
	bool			held;
};

static inline void counting_lock(struct vmr_lock_ops *ops)
{
	struct counting_lock *lock = owner_of(ops, struct counting_lock, ops);

	lock->wrong += lock->held;
	lock->held = true;
	lock->acquired++;
}

static inline void counting_unlock(struct vmr_lock_ops *ops)
{
	struct counting_lock *lock = owner_of(ops, struct counting_lock, ops);

	lock->wrong += !lock->held;
	lock->held = false;
}

#define COUNTING_LOCK \
	{ .ops = { .lock = counting_lock, .unlock = counting_unlock } }

/* A machine in zeroed memory, with a host bridge of 16 buses and four lines */
static inline int host_machine_init(struct machine *machine,
				    struct vmr_pci_host *host,
				    struct vmr_pci_intx *intx,
				    struct vmr_pci_intx_line *lines)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 63,
		.slot_last = 31, .pci_last = 0xffff, .id_last = 255,
	};
	const struct vmr_pci_host_config config = {
		.bus_last = 15, .intx = intx, .name = "host",
	};
	int ret = vmr_system_init(&machine->sys, &limits);

	intx->lines = lines;
	intx->nr_lines = 4;
	if (!ret)
		ret = vmr_manager_init(&machine->manager, &machine->sys);
	return ret ? ret : vmr_pci_host_register(&machine->manager, host,
						 &config);
}

/* Host bridges, and what lookup.c records of bridges, belong to the visible state. */
static struct machine_states *bus_states;

static inline int same_buses(int keep)
{
	struct machine_state *state;

	if (!bus_states)
		bus_states = calloc(1, sizeof(*bus_states));
	state = keep ? &bus_states->before : &bus_states->after;
	memset(state, 0, sizeof(*state));
	machine_state_space(state, &m.sys.pci_buses);
	return machine_states_equal(bus_states);
}

/* As REFUSED(), for calls that may change the bus numbers too. */
#define PCI_REFUSED(err, call) \
	do { \
		same_buses(1); \
		REFUSED(err, call); \
		EXPECT_TRUE(same_buses(0)) { \
			TH_LOG("%s failed and changed the buses", #call); \
		} \
	} while (0)

#endif /* VMR_TEST_PCI_MACHINE_H */
