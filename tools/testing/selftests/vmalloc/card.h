/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * card.h - PCI functions in the machine of machine.h
 *
 * Configuration space is accessed as a guest does, through ports 0xcf8 to 0xcff.
 */
#ifndef VMR_TEST_CARD_H
#define VMR_TEST_CARD_H

#include "card_ops.h"

#define COMMAND		0x04
#define ROM_REG		0x30

static struct vmr_pci_conf1 host;

static inline int pci_up_with(struct vmr_lock_ops *lock)
{
	int ret = machine_up();

	return ret ? ret : vmr_pci_conf1_register(&host, &m.manager, lock);
}

static inline int pci_up(void)
{
	return pci_up_with(NULL);
}

static inline int card_init(struct vmr_pci_function *fn, const char *name)
{
	const struct vmr_pci_ids ids = {
		.vendor = 0x1af4,
		.device = 0x1041,
		.subvendor = 0xabcd,
		.subdevice = 0x1234,
		.class_code = 0x020001,
		.revision = 7,
		.header_type = 0x80,
		.irq_pin = 2,
	};

	memset(fn, 0, sizeof(*fn));
	return vmr_pci_function_init(fn, &ids, &card_ops, name);
}

/* A function with one BAR, plugged as function 0 of @slot. */
static inline int card_up(struct vmr_pci_function *fn, uint32_t slot,
			  enum vmr_pci_bar_type type, uint64_t size)
{
	int ret = card_init(fn, "card");

	if (!ret)
		ret = vmr_pci_add_bar(fn, type == VMR_PCI_BAR_ROM ? VMR_PCI_ROM : 0,
				      type, false, size, "bar");
	return ret ? ret : vmr_pci_plug(&m.manager, fn,
					VMR_PCI_BDF(0, slot, 0));
}

/* Port instructions of a guest, little endian. */
static inline int port_out(uint16_t port, uint32_t value, uint32_t width)
{
	uint8_t data[4];
	uint32_t i;

	for (i = 0; i < 4; i++)
		data[i] = (uint8_t)(value >> 8 * i);
	return vmr_write(&m.reader, VMR_PIO, port, data, width, 1);
}

static inline uint32_t port_in(uint16_t port, uint32_t width)
{
	uint8_t data[4] = { 0 };
	uint32_t value = 0, i;

	vmr_read(&m.reader, VMR_PIO, port, data, width, 1);
	for (i = 0; i < width; i++)
		value |= (uint32_t)data[i] << 8 * i;
	return value;
}

static inline void select_register(uint32_t address, uint32_t offset)
{
	port_out(0xcf8, 0x80000000u | address << 8 | (offset & 0xfc), 4);
}

static inline void conf_out_at(uint32_t address, uint32_t offset,
			       uint32_t value, uint32_t width)
{
	select_register(address, offset);
	port_out(0xcfc + (offset & 3), value, width);
}

static inline uint32_t conf_in_at(uint32_t address, uint32_t offset,
				  uint32_t width)
{
	select_register(address, offset);
	return port_in(0xcfc + (offset & 3), width);
}

static inline void conf_out(const struct vmr_pci_function *fn, uint32_t offset,
			    uint32_t value)
{
	conf_out_at(vmr_id_value(&fn->address), offset, value, 4);
}

static inline uint32_t conf_in(const struct vmr_pci_function *fn,
			       uint32_t offset)
{
	return conf_in_at(vmr_id_value(&fn->address), offset, 4);
}

static inline uint32_t bar_offset(unsigned int index)
{
	return index == VMR_PCI_ROM ? ROM_REG : 0x10 + 4 * index;
}

static inline void decode(const struct vmr_pci_function *fn, uint32_t bits)
{
	conf_out_at(vmr_id_value(&fn->address), COMMAND, bits, 2);
}

static inline void set_bar(const struct vmr_pci_function *fn,
			   unsigned int index, uint32_t value)
{
	conf_out(fn, bar_offset(index), value);
}

static inline uint32_t get_bar(const struct vmr_pci_function *fn,
			       unsigned int index)
{
	return conf_in(fn, bar_offset(index));
}

/* Both halves of a 64-bit BAR, the lower one first. */
static inline void set_bar64(const struct vmr_pci_function *fn,
			     unsigned int index, uint64_t value)
{
	set_bar(fn, index, (uint32_t)value);
	set_bar(fn, index + 1, (uint32_t)(value >> 32));
}

static inline uint64_t get_bar64(const struct vmr_pci_function *fn,
				 unsigned int index)
{
	return get_bar(fn, index) | (uint64_t)get_bar(fn, index + 1) << 32;
}

static inline struct vmr_region *bar(struct vmr_pci_function *fn,
				     unsigned int index)
{
	return &fn->bars[index].region;
}

/* The address of the BAR in the register model, or NOWHERE. */
static inline uint64_t model_says(const struct vmr_pci_function *fn,
				  unsigned int index)
{
	uint64_t addr = NOWHERE;

	return vmr_pci_bar_addr(fn, index, &addr) ? addr : NOWHERE;
}

/* The BAR is live at @start, by dispatch and in the register model. */
#define EXPECT_BAR(fn, index, start) \
	do { \
		EXPECT_ANSWERS(bar(fn, index), start); \
		EXPECT_EQ((uint64_t)(start), model_says(fn, index)); \
	} while (0)

/* The BAR is neither live nor claimed. */
#define EXPECT_NO_BAR(fn, index) \
	do { \
		EXPECT_NE(VMR_LIVE, state_of(bar(fn, index))); \
		EXPECT_NE(VMR_CLAIMED, state_of(bar(fn, index))); \
		EXPECT_EQ(NOWHERE, model_says(fn, index)); \
	} while (0)

/* The BAR is a claim of @start_. */
#define EXPECT_CLAIM(fn, index, start_) \
	do { \
		EXPECT_EQ(VMR_CLAIMED, state_of(bar(fn, index))); \
		EXPECT_EQ((uint64_t)(start_), bar(fn, index)->range.start); \
		EXPECT_EQ((uint64_t)(start_), model_says(fn, index)); \
	} while (0)

#endif /* VMR_TEST_CARD_H */
