// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci.c - what a guest writes to configuration space becomes moves
 */
#include <stdlib.h>

#include "../kselftest_harness.h"
#include "requires.h"

#include "card.h"

/*
 * Configuration mechanism #1
 */

TEST(configuration_space_is_read_in_bytes_words_and_dwords)
{
	struct vmr_pci_function fn;
	uint32_t at = VMR_PCI_ADDR(0, 3, 0);

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, at));
	EXPECT_EQ(0x10411af4U, conf_in_at(at, 0, 4));
	EXPECT_EQ(0x1af4U, conf_in_at(at, 0, 2));
	EXPECT_EQ(0x1041U, conf_in_at(at, 2, 2));
	EXPECT_EQ(0xf4U, conf_in_at(at, 0, 1));
	EXPECT_EQ(0x1aU, conf_in_at(at, 1, 1));
	EXPECT_EQ(0x41U, conf_in_at(at, 2, 1));
	EXPECT_EQ(0x10U, conf_in_at(at, 3, 1));
	/* A word across two ports, not aligned. */
	EXPECT_EQ(0x411aU, conf_in_at(at, 1, 2));
	EXPECT_EQ(0x02000107U, conf_in_at(at, 0x08, 4));
	EXPECT_EQ(0x80U, conf_in_at(at, 0x0e, 1));
	EXPECT_EQ(0x1234abcdU, conf_in_at(at, 0x2c, 4));
	EXPECT_EQ(2U, conf_in_at(at, 0x3d, 1));
	EXPECT_EQ(&fn, vmr_pci_function_at(&m.manager, at));
}

TEST(a_function_that_is_absent_reads_as_ones)
{
	struct vmr_pci_function fn;
	uint32_t at = VMR_PCI_ADDR(0, 3, 0);

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, at));
	EXPECT_EQ(0xffffffffU, conf_in_at(at + 1, 0, 4));
	EXPECT_EQ(0xffffU, conf_in_at(at + 1, 0, 2));
	EXPECT_EQ(0xffU, conf_in_at(at - 1, 3, 1));
	/* A bus that the machine does not have. */
	EXPECT_EQ(0xffffffffU, conf_in_at(at | 0x100, 0, 4));
	EXPECT_EQ(0xffffffffU, conf_in_at(0xffff, 0, 4));
	/* Nobody minds what is written there. */
	conf_out_at(at + 1, 4, 7, 4);
	EXPECT_NULL(vmr_pci_function_at(&m.manager, at + 1));
	EXPECT_NULL(vmr_pci_function_at(NULL, at));
	/* The enable bit of the address register is clear. */
	port_out(0xcf8, at << 8, 4);
	EXPECT_EQ(0xffffffffU, port_in(0xcfc, 4));
	port_out(0xcfc, 0x55, 1);
	EXPECT_EQ(0x10411af4U, conf_in_at(at, 0, 4));

	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0xffffffffU, conf_in_at(at, 0, 4));
}

TEST(the_address_register_is_a_dword)
{
	struct vmr_pci_function fn;
	uint8_t data[4];

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 8));
	select_register(8, 0);
	EXPECT_EQ(0x80000800U, port_in(0xcf8, 4));
	/* Anything narrower is another device's on a real machine. */
	port_out(0xcf8, 0, 1);
	port_out(0xcf8, 0, 2);
	port_out(0xcfa, 0, 2);
	EXPECT_EQ(0x80000800U, port_in(0xcf8, 4));
	EXPECT_EQ(0xffffU, port_in(0xcf8, 2));
	EXPECT_EQ(0xffU, port_in(0xcfb, 1));
	/* Bits that are not there. */
	port_out(0xcf8, 0xffffffff, 4);
	EXPECT_EQ(0x80fffffcU, port_in(0xcf8, 4));
	/* Half address, half data is neither. */
	select_register(8, 0);
	EXPECT_EQ(0xffffffffU, port_in(0xcfa, 4));
	port_out(0xcfa, 0, 4);
	EXPECT_EQ(0x80000800U, port_in(0xcf8, 4));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_PIO, 0xcfe, data, 4, 1));
}

TEST(string_io_reads_a_register_again_and_again)
{
	struct vmr_pci_function fn;
	uint8_t data[8];

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 8));
	select_register(8, 0);
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_PIO, 0xcfc, data, 4, 2));
	EXPECT_EQ(0, memcmp(data, "\xf4\x1a\x41\x10\xf4\x1a\x41\x10", 8));
	select_register(8, 0x3c);
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_PIO, 0xcfc, "\1\2\3", 1, 3));
	EXPECT_EQ(3U, conf_in(&fn, 0x3c) & 0xff);
}

static struct {
	struct vmr_pci_lock	lock;
	int			held;
	unsigned int		taken;
} caller;

static void take_lock(struct vmr_pci_lock *lock)
{
	caller.taken += lock == &caller.lock && !caller.held++;
}

static void drop_lock(struct vmr_pci_lock *lock)
{
	caller.held -= lock == &caller.lock;
}

static int held_when_told;

static void note_lock(struct vmr_listener *listener, struct vmr_region *region,
		      const struct vmr_place *old,
		      const struct vmr_place *new_)
{
	(void)listener;
	(void)region;
	(void)old;
	(void)new_;
	held_when_told += caller.held == 1;
}

TEST(the_callers_lock_is_held_around_an_access)
{
	struct vmr_listener listener = { .moved = note_lock };
	struct vmr_pci_function fn;

	caller.lock.lock = take_lock;
	caller.lock.unlock = drop_lock;
	ASSERT_EQ(0, pci_up_with(&caller.lock));
	ASSERT_EQ(0, card_up(&fn, 1, VMR_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, vmr_listen(&m.manager, &listener));
	set_bar(&fn, 0, 0xe0000000);
	decode(&fn, DECODE_MEM);
	EXPECT_EQ(4U, caller.taken);
	EXPECT_EQ(0, caller.held);
	EXPECT_EQ(1, held_when_told);
}

static uint8_t reset_value;

static void note_reset(struct vmr_pci_host *h, uint8_t value)
{
	reset_value = h == &host ? value : 0;
}

TEST(the_reset_register_lies_inside_the_address_register)
{
	ASSERT_EQ(0, pci_up());
	port_out(0xcf9, 6, 1);
	host.reset = note_reset;
	select_register(8, 0);
	port_out(0xcf9, 6, 1);
	EXPECT_EQ(6, reset_value);
	EXPECT_EQ(0x80000800U, port_in(0xcf8, 4));
}

TEST(a_host_is_registered_once)
{
	struct vmr_pci_host other;
	struct vmr_pci_lock lock;

	ASSERT_EQ(0, pci_up());
	REFUSED(-EINVAL, vmr_pci_host_register(NULL, &m.manager, NULL));
	REFUSED(-EINVAL, vmr_pci_host_register(&other, NULL, NULL));
	REFUSED(-EEXIST, vmr_pci_host_register(&host, &m.manager, &lock));
	EXPECT_NULL(host.lock);
	memset(&other, 0, sizeof(other));
	REFUSED(-EBUSY, vmr_pci_host_register(&other, &m.manager, NULL));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &host.dev));
	EXPECT_EQ(0, vmr_pci_host_register(&other, &m.manager, NULL));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &other.dev));
	EXPECT_EQ(0, vmr_pci_host_register(&host, &m.manager, NULL));
	EXPECT_SOUND();
}

TEST(a_host_that_is_initialised_is_the_callers_to_register)
{
	struct vmr_pci_host other = { .latch = 0 };
	struct vmr_pci_lock lock;

	ASSERT_EQ(0, machine_up());
	REFUSED(-EINVAL, vmr_pci_host_init(NULL, &m.manager, NULL));
	REFUSED(-EINVAL, vmr_pci_host_init(&other, NULL, NULL));
	EXPECT_EQ(0, vmr_pci_host_init(&host, &m.manager, &lock));
	EXPECT_EQ(&lock, host.lock);
	/* Nothing is taken, and nothing answers, before it is registered. */
	EXPECT_EQ(0U, m.sys.pio.nr_ranges);
	EXPECT_NULL(vmr_next_device(&m.manager, NULL));
	/* As often as one likes: it describes. */
	EXPECT_EQ(0, vmr_pci_host_init(&host, &m.manager, NULL));
	EXPECT_NULL(host.lock);
	EXPECT_EQ(0, vmr_register(&m.manager, &host.dev, NULL, NULL));
	EXPECT_EQ(0xcf8U, host.ports.range.start);
	EXPECT_EQ(0xcffU, host.ports.range.last);
	EXPECT_EQ(0xffffffffU, conf_in_at(0, 0, 4));
	REFUSED(-EEXIST, vmr_pci_host_init(&host, &m.manager, &lock));
	EXPECT_NULL(host.lock);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &host.dev));
	/* And again, with the region that it has already. */
	EXPECT_EQ(0, vmr_pci_host_init(&host, &m.manager, NULL));
	EXPECT_EQ(0, vmr_register(&m.manager, &host.dev, NULL, NULL));
	EXPECT_EQ(0xcf8U, host.ports.range.start);
	EXPECT_SOUND();
}

/*
 * Registers
 */

TEST(what_is_read_only_stays)
{
	struct vmr_pci_function fn;
	uint32_t offset;
	uint8_t config[VMR_PCI_CONFIG_SIZE];

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 8));
	memcpy(config, fn.config, sizeof(config));
	for (offset = 0; offset < VMR_PCI_CONFIG_SIZE; offset += 4)
		conf_out(&fn, offset, 0xffffffff);
	/* Command, cache line size, latency, interrupt line; no more. */
	config[0x04] = 0x47;
	config[0x05] = 0x05;
	config[0x0c] = 0xff;
	config[0x0d] = 0xff;
	config[0x3c] = 0xff;
	EXPECT_EQ(0, memcmp(config, fn.config, sizeof(config)));
	/* There is no BAR, so none of it is to be sized. */
	for (offset = 0x10; offset < 0x28; offset += 4)
		EXPECT_EQ(0U, conf_in(&fn, offset));
	EXPECT_EQ(0U, conf_in(&fn, ROM_REG));
}

TEST(a_bar_tells_its_size_and_type)
{
	static const struct {
		unsigned int		index;
		enum vmr_pci_bar_type	type;
		bool			prefetchable;
		uint64_t		size;
		uint64_t		fresh;
		uint64_t		sized;
	} row[] = {
		{ 0, VMR_BAR_IO, false, 4, 0x1, 0xfffffffd },
		{ 1, VMR_BAR_IO, false, 0x20, 0x1, 0xffffffe1 },
		{ 5, VMR_BAR_IO, false, 0x100, 0x1, 0xffffff01 },
		{ 0, VMR_BAR_MEM32, false, 0x10, 0, 0xfffffff0 },
		{ 2, VMR_BAR_MEM32, false, 0x1000, 0, 0xfffff000 },
		{ 5, VMR_BAR_MEM32, true, 0x100000, 8, 0xfff00008 },
		{ 3, VMR_BAR_MEM32, false, GIB, 0, 0xc0000000 },
		{ 0, VMR_BAR_MEM64, false, 0x10, 4, 0xfffffffffffffff4 },
		{ 4, VMR_BAR_MEM64, true, 0x4000, 0xc, 0xffffffffffffc00c },
		{ 2, VMR_BAR_MEM64, true, 8 * GIB, 0xc, 0xfffffffe0000000c },
		{ 0, VMR_BAR_MEM64, true, (uint64_t)1 << 62, 0xc,
		  0xc00000000000000c },
		{ 6, VMR_BAR_ROM, false, 0x800, 0, 0xfffff801 },
		{ 6, VMR_BAR_ROM, false, 0x10000, 0, 0xffff0001 },
		{ 6, VMR_BAR_ROM, false, 0x1000000, 0, 0xff000001 },
	};
	struct vmr_pci_function fn;
	size_t i, b;

	ASSERT_EQ(0, pci_up());
	for (i = 0; i < NR(row); i++) {
		unsigned int index = row[i].index;
		int wide = row[i].type == VMR_BAR_MEM64;

		ASSERT_EQ(0, card_init(&fn, "fn"));
		ASSERT_EQ(0, vmr_pci_add_bar(&fn, index, row[i].type,
					     row[i].prefetchable, row[i].size,
					     "bar"));
		ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 0x10));
		EXPECT_EQ(row[i].fresh, wide ? get_bar64(&fn, index) :
					       get_bar(&fn, index));
		set_bar(&fn, index, 0xffffffff);
		if (wide)
			set_bar(&fn, index + 1, 0xffffffff);
		EXPECT_EQ(row[i].sized, wide ? get_bar64(&fn, index) :
					       get_bar(&fn, index));
		EXPECT_NO_BAR(&fn, index);
		/* Byte by byte it is the same. */
		set_bar(&fn, index, 0);
		for (b = 0; b < 4; b++)
			conf_out_at(0x10, bar_offset(index) + b, 0xff, 1);
		EXPECT_EQ((uint32_t)row[i].sized, get_bar(&fn, index));
		/* Zero is what is left of nothing but the type. */
		set_bar(&fn, index, 0);
		EXPECT_EQ((uint32_t)row[i].fresh, get_bar(&fn, index));
		EXPECT_EQ(0, vmr_pci_unplug(&fn));
	}
}

TEST(adding_a_bar_is_refused)
{
	static const struct {
		int			err;
		unsigned int		index;
		enum vmr_pci_bar_type	type;
		uint64_t		size;
	} row[] = {
		{ -EINVAL, 0, VMR_BAR_NONE, 0x1000 },
		{ -EINVAL, 0, VMR_BAR_MEM32, 0 },
		{ -EINVAL, 0, VMR_BAR_MEM32, 0x1001 },
		{ -EINVAL, 0, VMR_BAR_MEM32, 8 },
		{ -EINVAL, 0, VMR_BAR_MEM32, 2 * GIB },
		{ -EINVAL, 0, VMR_BAR_MEM64, 8 },
		{ -EINVAL, 0, VMR_BAR_MEM64, (uint64_t)1 << 63 },
		{ -EINVAL, 5, VMR_BAR_MEM64, 0x1000 },
		{ -EINVAL, 6, VMR_BAR_MEM64, 0x1000 },
		{ -EINVAL, 6, VMR_BAR_MEM32, 0x1000 },
		{ -EINVAL, 7, VMR_BAR_MEM32, 0x1000 },
		{ -EINVAL, 0, VMR_BAR_IO, 2 },
		{ -EINVAL, 0, VMR_BAR_IO, 512 },
		{ -EINVAL, 0, VMR_BAR_ROM, 0x1000 },
		{ -EINVAL, 6, VMR_BAR_ROM, 0x400 },
		{ -EINVAL, 6, VMR_BAR_ROM, 0x2000000 },
		{ -EINVAL, 0, (enum vmr_pci_bar_type)9, 0x1000 },
		/* There is a 64-bit BAR 2, so 3 is gone and 1 cannot have 2. */
		{ -EEXIST, 2, VMR_BAR_MEM32, 0x1000 },
		{ -EEXIST, 3, VMR_BAR_IO, 4 },
		{ -EEXIST, 1, VMR_BAR_MEM64, 0x1000 },
		{ -EEXIST, 3, VMR_BAR_MEM64, 0x1000 },
	};
	struct vmr_pci_function fn;
	size_t i;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	EXPECT_EQ(-EINVAL, vmr_pci_add_bar(NULL, 0, VMR_BAR_IO, false, 4, ""));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 2, VMR_BAR_MEM64, true, 0x1000, ""));
	for (i = 0; i < NR(row); i++) {
		EXPECT_EQ(row[i].err, vmr_pci_add_bar(&fn, row[i].index,
						      row[i].type, false,
						      row[i].size, "")) {
			TH_LOG("row %zu", i);
		}
	}
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 4, VMR_BAR_MEM64, true, 0x1000, ""));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 1, VMR_BAR_MEM32, true, 0x1000, ""));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 0));
	EXPECT_EQ(-EBUSY, vmr_pci_add_bar(&fn, 0, VMR_BAR_IO, false, 4, ""));
	EXPECT_EQ(-EBUSY, vmr_pci_add_bar(&fn, 6, VMR_BAR_ROM, false, 0x800,
					  ""));
	EXPECT_EQ(0U, get_bar(&fn, 0));
}

TEST(a_function_is_initialised)
{
	const struct vmr_pci_ids ids = { .irq_pin = 5 };
	struct vmr_pci_function fn;

	memset(&fn, 0, sizeof(fn));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(&fn, &ids, &card_ops, ""));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(NULL, &ids, &card_ops, ""));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(&fn, NULL, &card_ops, ""));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(&fn, &ids, NULL, ""));
}

TEST(configuration_accesses_are_refused)
{
	struct vmr_pci_function fn;
	uint8_t data[8], config[VMR_PCI_CONFIG_SIZE];
	uint32_t width;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 1, VMR_BAR_MEM32, 0x1000));
	memcpy(config, fn.config, sizeof(config));
	for (width = 0; width <= 8; width++) {
		int ok = width == 1 || width == 2 || width == 4;
		int err = ok ? 0 : -EMSGSIZE;

		memset(data, 0x5a, sizeof(data));
		EXPECT_EQ(err, vmr_pci_config_read(&fn, 0, data, width));
		if (!ok && width)
			EXPECT_EQ(0xff, data[width - 1]);
		EXPECT_EQ(err, vmr_pci_config_write(&fn, 0, data, width));
		memset(data, 0x5a, sizeof(data));
		err = ok ? -ERANGE : -EMSGSIZE;
		EXPECT_EQ(err, vmr_pci_config_read(&fn, 257 - width, data,
						   width));
		if (ok)
			EXPECT_EQ(0xff, data[0]);
		EXPECT_EQ(err, vmr_pci_config_write(&fn, 257 - width, data,
						    width));
	}
	EXPECT_EQ(-ERANGE, vmr_pci_config_read(&fn, 0xffffffff, data, 4));
	EXPECT_EQ(-ERANGE, vmr_pci_config_write(&fn, 0xfffffffe, data, 4));
	EXPECT_EQ(-EINVAL, vmr_pci_config_read(NULL, 0, data, 4));
	EXPECT_EQ(-EINVAL, vmr_pci_config_read(&fn, 0, NULL, 4));
	EXPECT_EQ(-EINVAL, vmr_pci_config_write(NULL, 0, data, 4));
	EXPECT_EQ(-EINVAL, vmr_pci_config_write(&fn, 0, NULL, 4));
	EXPECT_EQ(0, vmr_pci_config_read(&fn, 255, data, 1));
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(-ENOENT, vmr_pci_config_write(&fn, 0, data, 4));
	EXPECT_EQ(-ERANGE, vmr_pci_config_write(&fn, 254, data, 4));
	EXPECT_EQ(0, vmr_pci_config_read(&fn, 0, data, 4));
	EXPECT_EQ(0xf4, data[0]);
	EXPECT_EQ(0, memcmp(config, fn.config, sizeof(config)));
}

static struct {
	unsigned int		calls;
	uint32_t		offset;
	uint32_t		width;
	enum vmr_state		state;
} written;

static void note_written(struct vmr_pci_function *fn, uint32_t offset,
			 uint32_t width)
{
	written.calls++;
	written.offset = offset;
	written.width = width;
	written.state = state_of(bar(fn, 0));
}

TEST(a_function_hears_of_writes_after_the_model_has_acted)
{
	static const struct vmr_pci_ops ops = {
		.config_written = note_written,
	};
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 1, VMR_BAR_MEM32, 0x1000));
	fn.ops = &ops;
	decode(&fn, DECODE_MEM);
	EXPECT_EQ(1U, written.calls);
	EXPECT_EQ(4U, written.offset);
	EXPECT_EQ(2U, written.width);
	EXPECT_EQ(VMR_FREE, written.state);
	set_bar(&fn, 0, 0xe0000000);
	EXPECT_EQ(2U, written.calls);
	EXPECT_EQ(0x10U, written.offset);
	EXPECT_EQ(VMR_LIVE, written.state);
	conf_out_at(8, 0x40, 0, 1);
	EXPECT_EQ(0x40U, written.offset);
	EXPECT_EQ(1U, written.width);
}

/*
 * Decode
 */

/* Ports at 0xc000, memory at 0xe0000000 and 0x800000000, a ROM at 0xf0000000. */
static int all_kinds(struct vmr_pci_function *fn, uint32_t slot)
{
	int ret = card_init(fn, "all");

	if (!ret)
		ret = vmr_pci_add_bar(fn, 0, VMR_BAR_IO, false, 0x20, "io");
	if (!ret)
		ret = vmr_pci_add_bar(fn, 1, VMR_BAR_MEM32, false, 0x1000,
				      "mem32");
	if (!ret)
		ret = vmr_pci_add_bar(fn, 2, VMR_BAR_MEM64, true, 8 * GIB,
				      "mem64");
	if (!ret)
		ret = vmr_pci_add_bar(fn, VMR_PCI_ROM, VMR_BAR_ROM, false,
				      0x10000, "rom");
	if (!ret)
		ret = vmr_pci_plug(&m.manager, fn, VMR_PCI_ADDR(0, slot, 0));
	if (!ret) {
		set_bar(fn, 0, 0xc000);
		set_bar(fn, 1, 0xe0000000);
		set_bar64(fn, 2, 0x800000000);
		set_bar(fn, VMR_PCI_ROM, 0xf0000000);
	}
	return ret;
}

TEST(bars_answer_while_their_decode_bits_are_set)
{
	struct vmr_pci_function fn;
	uint32_t bits, rom;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, all_kinds(&fn, 2));
	for (rom = 0; rom < 2; rom++) {
		set_bar(&fn, VMR_PCI_ROM, 0xf0000000 | rom);
		for (bits = 0; bits < 8; bits++) {
			int mem = bits & DECODE_MEM;

			decode(&fn, bits);
			EXPECT_EQ(bits & DECODE_IO ? bar(&fn, 0) : NULL,
				  who(VMR_PIO, 0xc01f));
			EXPECT_EQ(mem ? bar(&fn, 1) : NULL,
				  who(VMR_MMIO, 0xe0000fff));
			EXPECT_EQ(mem ? bar(&fn, 2) : NULL,
				  who(VMR_MMIO, 0x800000000 + 8 * GIB - 1));
			EXPECT_EQ(mem && rom ? bar(&fn, VMR_PCI_ROM) : NULL,
				  who(VMR_MMIO, 0xf0000000));
			EXPECT_EQ(mem && rom ? 0xf0000000 : NOWHERE,
				  model_says(&fn, VMR_PCI_ROM));
		}
	}
	EXPECT_SOUND();
}

TEST(the_command_register_acts_however_it_is_written)
{
	const uint32_t at = VMR_PCI_ADDR(0, 2, 0);
	struct vmr_pci_function fn;
	uint32_t width;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, all_kinds(&fn, 2));
	for (width = 1; width <= 4; width *= 2) {
		conf_out_at(at, COMMAND, DECODE_MEM, width);
		EXPECT_BAR(&fn, 1, 0xe0000000);
		/* Its upper byte has nothing to do with decode. */
		conf_out_at(at, COMMAND + 1, 0, 1);
		EXPECT_BAR(&fn, 1, 0xe0000000);
		conf_out_at(at, COMMAND, 0, width);
		EXPECT_NO_BAR(&fn, 1);
	}
	/* Across the register's start, which a VMM may do and no guest can. */
	EXPECT_EQ(0, vmr_pci_config_write(&fn, COMMAND - 1, "\0\2", 2));
	EXPECT_BAR(&fn, 1, 0xe0000000);
}

TEST(switching_decode_on_is_one_move_for_each_bar)
{
	struct vmr_pci_function fn;
	struct diary d;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, diary_start(&d));
	ASSERT_EQ(0, all_kinds(&fn, 2));
	/* Sizing and moving about with decode off is nobody's business. */
	set_bar(&fn, 1, 0xffffffff);
	set_bar(&fn, 1, 0xd0000000);
	set_bar64(&fn, 2, VMR_MAX);
	set_bar64(&fn, 2, 0x900000000 - GIB);
	set_bar64(&fn, 2, 0xa00000000);
	EXPECT_EQ(0U, d.nr);
	decode(&fn, DECODE_IO | DECODE_MEM);
	EXPECT_EQ(3U, d.nr);
	EXPECT_SAYS(&d, 0, bar(&fn, 0), NOWHERE, 0xc000);
	EXPECT_SAYS(&d, 1, bar(&fn, 1), NOWHERE, 0xd0000000);
	EXPECT_SAYS(&d, 2, bar(&fn, 2), NOWHERE, 0xa00000000);
	/* The same bits again are no news. */
	decode(&fn, DECODE_IO | DECODE_MEM);
	EXPECT_EQ(3U, d.nr);
	decode(&fn, 0);
	EXPECT_EQ(6U, d.nr);
}

TEST(with_decode_off_a_bar_occupies_nothing)
{
	struct vmr_pci_function a, b;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&a, 1, VMR_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, card_up(&b, 2, VMR_BAR_MEM32, 0x1000));
	set_bar(&a, 0, 0xe0000000);
	EXPECT_EQ(VMR_PARKED, state_of(bar(&a, 0)));
	set_bar(&b, 0, 0xe0000000);
	decode(&b, DECODE_MEM);
	EXPECT_BAR(&b, 0, 0xe0000000);
	EXPECT_NO_BAR(&a, 0);
}

TEST(with_decode_off_automatic_placement_avoids_the_address)
{
	struct vmr_pci_function a;
	struct probe p;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&a, 1, VMR_BAR_MEM32, 0x1000));
	set_bar(&a, 0, 0xe0000000);
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region(&p, 0, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	vmr_constraint_within(probe_want(&p), VMR_KIND_MMIO, 0x1000, 0x1000,
			      0xe0000000, 0xe0001fff, &p.region[0].range);
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_ANSWERS(&p.region[0], 0xe0001000);
	ASSERT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	/* A BAR that is being sized has no address to be avoided. */
	set_bar(&a, 0, 0xffffffff);
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_ANSWERS(&p.region[0], 0xe0000000);
}

/*
 * Moves
 */

TEST(a_write_with_decode_on_is_a_move)
{
	struct vmr_pci_function fn;
	struct diary d;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, all_kinds(&fn, 2));
	decode(&fn, DECODE_IO | DECODE_MEM);
	ASSERT_EQ(0, diary_start(&d));
	set_bar(&fn, 0, 0xd000);
	EXPECT_BAR(&fn, 0, 0xd000);
	set_bar(&fn, 1, 0xe1000000);
	EXPECT_BAR(&fn, 1, 0xe1000000);
	EXPECT_NULL(who(VMR_MMIO, 0xe0000000));
	/* In halves and quarters: each acts when it is written. */
	conf_out_at(VMR_PCI_ADDR(0, 2, 0), 0x16, 0xe200, 2);
	EXPECT_BAR(&fn, 1, 0xe2000000);
	conf_out_at(VMR_PCI_ADDR(0, 2, 0), 0x17, 0xe3, 1);
	EXPECT_BAR(&fn, 1, 0xe3000000);
	EXPECT_EQ(4U, d.nr);
	EXPECT_SAYS(&d, 3, bar(&fn, 1), 0xe2000000, 0xe3000000);
	/* Bits that are no address bits do not matter, nor does the same value. */
	set_bar(&fn, 1, 0xe3000fff);
	set_bar(&fn, 1, 0xe3000000);
	EXPECT_EQ(4U, d.nr);
	EXPECT_EQ(0xe3000000U, get_bar(&fn, 1));
	EXPECT_SOUND();
}

TEST(the_upper_half_alone_moves_a_64_bit_bar)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 1, VMR_BAR_MEM64, 0x4000));
	set_bar64(&fn, 0, 0x1e0000000);
	decode(&fn, DECODE_MEM);
	EXPECT_BAR(&fn, 0, 0x1e0000000);
	set_bar(&fn, 1, 2);
	EXPECT_BAR(&fn, 0, 0x2e0000000);
	EXPECT_NULL(who(VMR_MMIO, 0x1e0000000));
	set_bar(&fn, 0, 0xd0000000);
	EXPECT_BAR(&fn, 0, 0x2d0000000);
	set_bar(&fn, 1, 0);
	EXPECT_BAR(&fn, 0, 0xd0000000);
	/* Its second register has no type bits. */
	set_bar(&fn, 1, 0x3fff);
	EXPECT_EQ(0x3fffU, get_bar(&fn, 1));
	EXPECT_BAR(&fn, 0, 0x3fffd0000000);
}

TEST(the_halves_of_a_64_bit_bar_may_be_written_in_either_order)
{
	struct vmr_pci_function fn, other;
	int order;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&other, 2, VMR_BAR_MEM64, 0x4000));
	ASSERT_EQ(0, card_up(&fn, 1, VMR_BAR_MEM64, 0x4000));
	for (order = 0; order < 2; order++) {
		decode(&fn, 0);
		set_bar64(&fn, 0, 0x1e0000000);
		decode(&fn, DECODE_MEM);
		EXPECT_BAR(&fn, 0, 0x1e0000000);
		/* Somebody lives at the place on the way. */
		set_bar64(&other, 0, order ? 0x2e0000000 : 0x1d0000000);
		decode(&other, DECODE_MEM);
		set_bar(&fn, order, order ? 2 : 0xd0000000);
		EXPECT_CLAIM(&fn, 0, order ? 0x2e0000000 : 0x1d0000000);
		EXPECT_BAR(&other, 0, order ? 0x2e0000000 : 0x1d0000000);
		set_bar(&fn, !order, order ? 0xd0000000 : 2);
		EXPECT_BAR(&fn, 0, 0x2d0000000);
		EXPECT_BAR(&other, 0, order ? 0x2e0000000 : 0x1d0000000);
	}
	EXPECT_SOUND();
}

/* What Linux, and what OpenBSD writes to size a BAR. */
static const uint32_t sizing[] = { 0xffffffff, 0xfffffff0 };

TEST(sizing_with_decode_on_unmaps_and_disturbs_nobody)
{
	struct vmr_pci_function fn, top;
	struct diary d;
	size_t i;

	ASSERT_EQ(0, pci_up());
	/* Just below 4 GiB, where a BAR that is sized seems to be. */
	ASSERT_EQ(0, card_up(&top, 1, VMR_BAR_MEM32, 0x800));
	set_bar(&top, 0, 0xfffff000);
	decode(&top, DECODE_MEM);
	ASSERT_EQ(0, card_up(&fn, 2, VMR_BAR_MEM32, 0x1000));
	set_bar(&fn, 0, 0xe0000000);
	decode(&fn, DECODE_MEM);
	ASSERT_EQ(0, diary_start(&d));
	for (i = 0; i < NR(sizing); i++) {
		set_bar(&fn, 0, sizing[i]);
		EXPECT_EQ(0xfffff000U, get_bar(&fn, 0));
		EXPECT_NO_BAR(&fn, 0);
		EXPECT_EQ(VMR_FREE, state_of(bar(&fn, 0)));
		EXPECT_BAR(&top, 0, 0xfffff000);
		set_bar(&fn, 0, 0xe0000000);
		EXPECT_BAR(&fn, 0, 0xe0000000);
		EXPECT_EQ(2U * (i + 1), d.nr);
		/* The step by way of zero. */
		set_bar(&fn, 0, 0);
		EXPECT_NO_BAR(&fn, 0);
		set_bar(&fn, 0, 0xe0000000);
		d.nr -= 2;
	}
	EXPECT_SOUND();
}

TEST(sizing_a_64_bit_bar_with_decode_on_is_nowhere_all_the_way)
{
	struct vmr_pci_function fn;
	size_t i;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 2, VMR_BAR_MEM64, 0x4000));
	for (i = 0; i < NR(sizing); i++) {
		set_bar64(&fn, 0, 0xe0000000);
		decode(&fn, DECODE_MEM);
		EXPECT_BAR(&fn, 0, 0xe0000000);
		set_bar(&fn, 0, sizing[i]);
		EXPECT_NO_BAR(&fn, 0);
		set_bar(&fn, 1, 0xffffffff);
		EXPECT_NO_BAR(&fn, 0);
		EXPECT_EQ(0xffffffffffffc004, get_bar64(&fn, 0));
		/* Back, the lower half first: far outside the domain. */
		set_bar(&fn, 0, 0xe0000000);
		EXPECT_NO_BAR(&fn, 0);
		set_bar(&fn, 1, 0);
		EXPECT_BAR(&fn, 0, 0xe0000000);
	}
}

TEST(a_64_bit_bar_that_is_sized_is_nowhere_in_the_largest_domain_too)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, machine_up_to(VMR_MAX, 255));
	ASSERT_EQ(0, vmr_pci_host_register(&host, &m.manager, NULL));
	ASSERT_EQ(0, card_up(&fn, 2, VMR_BAR_MEM64, 0x4000));
	decode(&fn, DECODE_MEM);
	set_bar64(&fn, 0, VMR_MAX);
	EXPECT_NO_BAR(&fn, 0);
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
	/* One below is a place. */
	set_bar64(&fn, 0, VMR_MAX - 0x7fff);
	EXPECT_BAR(&fn, 0, VMR_MAX - 0x7fff);
}

TEST(ports_and_the_rom_are_sized_too)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, all_kinds(&fn, 2));
	decode(&fn, DECODE_IO | DECODE_MEM);
	set_bar(&fn, 0, 0xffffffff);
	EXPECT_NO_BAR(&fn, 0);
	set_bar(&fn, 0, 0xfffffffc);
	EXPECT_EQ(0xffffffe1U, get_bar(&fn, 0));
	EXPECT_NO_BAR(&fn, 0);
	/* With the enable bit on and off. */
	set_bar(&fn, VMR_PCI_ROM, 0xf0000001);
	EXPECT_BAR(&fn, VMR_PCI_ROM, 0xf0000000);
	set_bar(&fn, VMR_PCI_ROM, 0xffffffff);
	EXPECT_EQ(0xffff0001U, get_bar(&fn, VMR_PCI_ROM));
	EXPECT_NO_BAR(&fn, VMR_PCI_ROM);
	set_bar(&fn, VMR_PCI_ROM, 0xfffff800);
	EXPECT_EQ(0xffff0000U, get_bar(&fn, VMR_PCI_ROM));
	EXPECT_NO_BAR(&fn, VMR_PCI_ROM);
}

TEST(an_address_outside_the_domain_unmaps_and_the_model_says_so)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, all_kinds(&fn, 2));
	decode(&fn, DECODE_IO | DECODE_MEM);
	EXPECT_BAR(&fn, 2, 0x800000000);
	set_bar(&fn, 3, 0x4000);
	EXPECT_NO_BAR(&fn, 2);
	EXPECT_EQ(VMR_FREE, state_of(bar(&fn, 2)));
	EXPECT_EQ(0x40000000000cU, get_bar64(&fn, 2));
	set_bar(&fn, 3, 0x8);
	EXPECT_BAR(&fn, 2, 0x800000000);
	/* Ports have 16 bits, the register 32. */
	set_bar(&fn, 0, 0x1c000);
	EXPECT_NO_BAR(&fn, 0);
	EXPECT_EQ(0x1c001U, get_bar(&fn, 0));
	set_bar(&fn, 0, 0xffe0);
	EXPECT_BAR(&fn, 0, 0xffe0);
	EXPECT_SOUND();
}

TEST(the_model_says_what_is_asked_for_properly)
{
	struct vmr_pci_function fn;
	uint64_t addr = 7;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, all_kinds(&fn, 2));
	decode(&fn, DECODE_MEM);
	EXPECT_FALSE(vmr_pci_bar_address(NULL, 1, &addr));
	EXPECT_FALSE(vmr_pci_bar_address(&fn, 1, NULL));
	EXPECT_FALSE(vmr_pci_bar_address(&fn, VMR_PCI_NR_BARS, &addr));
	EXPECT_FALSE(vmr_pci_bar_address(&fn, 3, &addr));
	EXPECT_FALSE(vmr_pci_bar_address(&fn, 5, &addr));
	EXPECT_FALSE(vmr_pci_bar_address(&fn, 0, &addr));
	EXPECT_EQ(7U, addr);
	EXPECT_TRUE(vmr_pci_bar_address(&fn, 1, &addr));
	EXPECT_EQ(2, vmr_pci_unplug(&fn));
	EXPECT_FALSE(vmr_pci_bar_address(&fn, 1, &addr));
}

TEST(two_bars_at_one_base_are_told_apart)
{
	struct vmr_pci_function a, b;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&a, 1, VMR_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, card_up(&b, 2, VMR_BAR_MEM32, 0x1000));
	set_bar(&a, 0, 0xe0000000);
	set_bar(&b, 0, 0xe0000000);
	decode(&a, DECODE_MEM);
	decode(&b, DECODE_MEM);
	EXPECT_BAR(&a, 0, 0xe0000000);
	EXPECT_CLAIM(&b, 0, 0xe0000000);
	/* The one that moves is the one whose register is written. */
	set_bar(&b, 0, 0xe1000000);
	EXPECT_BAR(&a, 0, 0xe0000000);
	EXPECT_BAR(&b, 0, 0xe1000000);
	set_bar(&b, 0, 0xe0000000);
	set_bar(&a, 0, 0xe2000000);
	EXPECT_BAR(&a, 0, 0xe2000000);
	EXPECT_BAR(&b, 0, 0xe0000000);
	EXPECT_SOUND();
}

TEST(two_bars_of_one_function_at_one_base)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_BAR_MEM32, false, 0x1000, ""));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 1, VMR_BAR_MEM32, false, 0x4000, ""));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 8));
	set_bar(&fn, 0, 0xe0000000);
	set_bar(&fn, 1, 0xe0000000);
	decode(&fn, DECODE_MEM);
	EXPECT_BAR(&fn, 0, 0xe0000000);
	EXPECT_CLAIM(&fn, 1, 0xe0000000);
	set_bar(&fn, 0, 0);
	EXPECT_BAR(&fn, 1, 0xe0000000);
	decode(&fn, 0);
	EXPECT_NO_BAR(&fn, 0);
	EXPECT_NO_BAR(&fn, 1);
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0U, m.sys.mmio.nr_claims);
}

TEST(a_bar_that_leaves_does_not_inherit_from_one_that_leaves_with_it)
{
	struct vmr_pci_function fn, other;
	struct diary d;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_BAR_MEM32, false, 0x1000, ""));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 1, VMR_BAR_MEM32, false, 0x4000, ""));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 8));
	ASSERT_EQ(0, card_up(&other, 2, VMR_BAR_MEM32, 0x1000));
	set_bar(&fn, 0, 0xe0000000);
	set_bar(&fn, 1, 0xe0000000);
	decode(&fn, DECODE_MEM);
	EXPECT_CLAIM(&fn, 1, 0xe0000000);
	set_bar(&other, 0, 0xe0000000);
	decode(&other, DECODE_MEM);
	EXPECT_CLAIM(&other, 0, 0xe0000000);

	/* Though the claim of BAR 1 is the older one. */
	ASSERT_EQ(0, diary_start(&d));
	decode(&fn, 0);
	EXPECT_EQ(2U, d.nr);
	EXPECT_SAYS(&d, 0, bar(&fn, 0), 0xe0000000, NOWHERE);
	EXPECT_SAYS(&d, 1, bar(&other, 0), NOWHERE, 0xe0000000);
	EXPECT_BAR(&other, 0, 0xe0000000);
	EXPECT_NO_BAR(&fn, 0);
	EXPECT_NO_BAR(&fn, 1);
	EXPECT_SOUND();
}

static struct vmr_pci_function both;
static unsigned int seen_apart;

static void look_at_both(struct diary *d, struct vmr_region *region)
{
	(void)d;
	(void)region;
	seen_apart += who(VMR_MMIO, 0xe0000000) != bar(&both, 0);
	seen_apart += who(VMR_MMIO, 0xe1000000) != bar(&both, 1);
}

TEST(decode_switches_all_bars_of_a_function_in_one_step)
{
	struct diary d;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&both, "both"));
	ASSERT_EQ(0, vmr_pci_add_bar(&both, 0, VMR_BAR_MEM32, false, 0x1000,
				     ""));
	ASSERT_EQ(0, vmr_pci_add_bar(&both, 1, VMR_BAR_MEM32, false, 0x1000,
				     ""));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &both, 8));
	set_bar(&both, 0, 0xe0000000);
	set_bar(&both, 1, 0xe1000000);
	ASSERT_EQ(0, diary_start(&d));
	d.inside = look_at_both;
	decode(&both, DECODE_MEM);
	EXPECT_EQ(2U, d.nr);
	EXPECT_EQ(0U, seen_apart);
	/* And off: the other is gone when the first is told of. */
	decode(&both, 0);
	EXPECT_EQ(4U, d.nr);
	EXPECT_EQ(4U, seen_apart);
	EXPECT_SOUND();
}

TEST(bars_are_swapped_and_rotated_with_decode_on)
{
	static const uint32_t at[3] = { 0xe0000000, 0xe1000000, 0xe2000000 };
	struct vmr_pci_function fn[3];
	int i, step, first;

	ASSERT_EQ(0, pci_up());
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, card_up(&fn[i], i + 1, VMR_BAR_MEM32, 0x1000));
		set_bar(&fn[i], 0, at[i]);
		decode(&fn[i], DECODE_MEM);
	}
	for (first = 0; first < 3; first++) {
		for (step = 1; step < 3; step++) {
			/* Round and back, whoever is the first to be written. */
			for (i = 0; i < 3; i++)
				set_bar(&fn[(first + i) % 3], 0,
					at[(first + i + step) % 3]);
			for (i = 0; i < 3; i++)
				EXPECT_BAR(&fn[i], 0, at[(i + step) % 3]);
			for (i = 0; i < 3; i++)
				set_bar(&fn[(first + 2 * i) % 3], 0,
					at[(first + 2 * i) % 3]);
			for (i = 0; i < 3; i++)
				EXPECT_BAR(&fn[i], 0, at[i]);
		}
	}
	EXPECT_EQ(0U, m.sys.mmio.nr_claims);
	EXPECT_SOUND();
}

TEST(a_bar_may_be_memory_with_trapped_parts)
{
	struct vmr_pci_function fn;
	struct vmr_region table = { .size = 0x1000, .offset = 0x2000 };

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_BAR_MEM64, true, 0x4000, ""));
	bar(&fn, 0)->type = VMR_REGION_MEMORY;
	vmr_region_init(&table, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 7,
			"table");
	ASSERT_EQ(0, vmr_add_part(bar(&fn, 0), &table));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 8));
	set_bar64(&fn, 0, 0x100000000);
	decode(&fn, DECODE_MEM);
	EXPECT_ANSWERS(&table, 0x100002000);
	EXPECT_NULL(who(VMR_MMIO, 0x100000000));
	set_bar(&fn, 1, 2);
	EXPECT_ANSWERS(&table, 0x200002000);
	EXPECT_NULL(who(VMR_MMIO, 0x100002000));
}

/*
 * Plugging
 */

TEST(a_function_is_plugged_whole_or_not_at_all)
{
	struct vmr_pci_function a, b, rest[4];
	uint8_t config[VMR_PCI_CONFIG_SIZE];
	struct diary d;
	int i;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&a, 1, VMR_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, card_init(&b, "b"));
	ASSERT_EQ(0, vmr_pci_add_bar(&b, 0, VMR_BAR_MEM32, false, 0x1000, ""));
	REFUSED(-EINVAL, vmr_pci_plug(NULL, &b, 0x10));
	REFUSED(-EINVAL, vmr_pci_plug(&m.manager, NULL, 0x10));
	REFUSED(-EEXIST, vmr_pci_plug(&m.manager, &a, 0x10));
	REFUSED(-ERANGE, vmr_pci_plug(&m.manager, &b, 0x100));
	REFUSED(-EBUSY, vmr_pci_plug(&m.manager, &b, 8));
	EXPECT_EQ(&a, vmr_pci_function_at(&m.manager, 8));

	/* Registers that an earlier life has left stay, until it succeeds. */
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &b, 0x18));
	set_bar(&b, 0, 0xe0000000);
	decode(&b, DECODE_MEM);
	EXPECT_EQ(1, vmr_pci_unplug(&b));
	memcpy(config, b.config, sizeof(config));
	ASSERT_EQ(0, diary_start(&d));
	card_refuses = -EBUSY;
	REFUSED(-EBUSY, vmr_pci_plug(&m.manager, &b, 0x20));
	EXPECT_NULL(vmr_pci_function_at(&m.manager, 0x20));
	EXPECT_NULL(b.manager);
	EXPECT_EQ(0, memcmp(config, b.config, sizeof(config)));
	EXPECT_EQ(0U, d.nr);
	/* The address was never handed out, as far as anybody can tell. */
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.pci, 0x20, NULL));
	card_refuses = 0;

	/* The address is free and the machine has no id left. */
	m.sys.ids.space.last = 3;
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, card_init(&rest[i], "rest"));
		if (i < 2)
			ASSERT_EQ(0, vmr_pci_plug(&m.manager, &rest[i],
						  0x40 + i));
	}
	REFUSED(-ENOSPC, vmr_pci_plug(&m.manager, &b, 0x20));
	EXPECT_EQ(0xffffffffU, conf_in_at(0x20, 0, 4));
	EXPECT_EQ(0, vmr_pci_unplug(&rest[0]));
	EXPECT_EQ(0, vmr_pci_plug(&m.manager, &b, 0x20));
	EXPECT_SOUND();
}

TEST(a_plugged_function_is_as_after_a_reset)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, all_kinds(&fn, 2));
	decode(&fn, DECODE_IO | DECODE_MEM);
	set_bar(&fn, VMR_PCI_ROM, 0xf0000001);
	EXPECT_EQ(4, vmr_pci_unplug(&fn));
	EXPECT_NULL(who(VMR_MMIO, 0xe0000000));
	EXPECT_NULL(who(VMR_PIO, 0xc000));
	EXPECT_EQ(0, vmr_drain(&m.manager, &fn.dev));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 0x18));
	EXPECT_EQ(0U, conf_in(&fn, COMMAND) & 0xffff);
	EXPECT_EQ(1U, get_bar(&fn, 0));
	EXPECT_EQ(0U, get_bar(&fn, 1));
	EXPECT_EQ(0xcU, get_bar64(&fn, 2));
	EXPECT_EQ(0U, get_bar(&fn, VMR_PCI_ROM));
	EXPECT_EQ(0U, m.sys.mmio.nr_claims);
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
	EXPECT_SOUND();
}

TEST(unplugging_gives_everything_back)
{
	struct vmr_pci_function a, b;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&a, 1, VMR_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, card_up(&b, 2, VMR_BAR_MEM32, 0x1000));
	set_bar(&a, 0, 0xe0000000);
	decode(&a, DECODE_MEM);
	set_bar(&b, 0, 0xe0000000);
	decode(&b, DECODE_MEM);
	EXPECT_CLAIM(&b, 0, 0xe0000000);
	EXPECT_EQ(1, vmr_pci_unplug(&a));
	EXPECT_BAR(&b, 0, 0xe0000000);
	REFUSED(-ENOENT, vmr_pci_unplug(&a));
	REFUSED(-EINVAL, vmr_pci_unplug(NULL));
	EXPECT_NULL(vmr_pci_function_at(&m.manager, 8));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &a, 8));
	set_bar(&a, 0, 0xe0000000);
	decode(&a, DECODE_MEM);
	/* A claim is given back like anything else. */
	EXPECT_EQ(0, vmr_pci_unplug(&a));
	EXPECT_EQ(0U, m.sys.mmio.nr_claims);
	EXPECT_SOUND();
}

TEST(a_function_whose_device_was_unlinked_can_be_unplugged)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 1, VMR_BAR_MEM32, 0x1000));
	set_bar(&fn, 0, 0xe0000000);
	decode(&fn, DECODE_MEM);
	EXPECT_EQ(1, vmr_unlink_at(&m.manager, VMR_MMIO, 0xe0000000, NULL));
	/* What the guest still writes there moves nothing. */
	set_bar(&fn, 0, 0xe1000000);
	EXPECT_NULL(who(VMR_MMIO, 0xe1000000));
	EXPECT_EQ(NOWHERE, model_says(&fn, 0));
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_NULL(vmr_pci_function_at(&m.manager, 8));
	EXPECT_EQ(0, vmr_pci_plug(&m.manager, &fn, 8));
	EXPECT_SOUND();
}

/*
 * The final state depends only on the registers and on the age of claims: random
 * writes against a model that knows nothing but these.
 */
#define CARDS		5
#define MODEL_BARS	(CARDS * VMR_PCI_NR_BARS)

struct model_bar {
	enum vmr_pci_bar_type	type;
	uint64_t		size;
	uint32_t		lo;
	uint32_t		hi;
	bool			live;
	bool			waits;
	uint64_t		at;
	unsigned int		age;
};

static struct vmr_pci_function cards[CARDS];
static struct model_bar model[MODEL_BARS];
static uint32_t model_command[CARDS];
static bool plugged[CARDS];
static unsigned int model_clock;

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

/* The address in the registers; 0 if that is none, or is not decoded. */
static uint64_t model_wants(unsigned int i)
{
	const struct model_bar *b = &model[i];
	uint32_t command = model_command[i / VMR_PCI_NR_BARS];
	uint64_t lo = b->lo & ~(b->size - 1) & 0xffffffff;
	uint64_t lo_ones = ~(b->size - 1) & 0xffffffff;
	uint64_t hi = b->hi & (~(b->size - 1) >> 32);
	uint64_t hi_ones = 0xffffffff & (~(b->size - 1) >> 32);

	if (b->type == VMR_BAR_NONE)
		return 0;
	if (b->type == VMR_BAR_IO ? !(command & 1) : !(command & 2))
		return 0;
	if (b->type == VMR_BAR_ROM && !(b->lo & 1))
		return 0;
	if (b->type != VMR_BAR_MEM64)
		return lo == lo_ones ? 0 : lo;
	if (lo == lo_ones && (hi == 0 || hi == hi_ones))
		return 0;
	return hi << 32 | lo;
}

static bool model_clash(const struct model_bar *a, const struct model_bar *b)
{
	return (a->type == VMR_BAR_IO) == (b->type == VMR_BAR_IO) &&
	       a->at <= b->at + (b->size - 1) && b->at <= a->at + (a->size - 1);
}

static bool model_is_free(unsigned int i)
{
	unsigned int k;

	for (k = 0; k < MODEL_BARS; k++)
		if (model[k].live && model_clash(&model[i], &model[k]))
			return false;
	return true;
}

static void model_settle(void)
{
	unsigned int i, oldest;

	do {
		oldest = MODEL_BARS;
		for (i = 0; i < MODEL_BARS; i++)
			if (model[i].waits && model_is_free(i) &&
			    (oldest == MODEL_BARS ||
			     model[i].age < model[oldest].age))
				oldest = i;
		if (oldest < MODEL_BARS) {
			model[oldest].waits = false;
			model[oldest].live = true;
		}
	} while (oldest < MODEL_BARS);
}

/* All that are to move leave, others have their places, and then they come. */
static void model_apply(unsigned int first, unsigned int nr)
{
	bool moves[VMR_PCI_NR_BARS];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct model_bar *b = &model[first + i];
		uint64_t at = model_wants(first + i);

		moves[i] = !at || !(b->live || b->waits) || b->at != at;
		if (moves[i]) {
			b->live = false;
			b->waits = false;
		}
	}
	model_settle();
	for (i = 0; i < nr; i++) {
		struct model_bar *b = &model[first + i];
		uint64_t end = b->type == VMR_BAR_IO ? 0xffff : MACHINE_LAST;

		if (!moves[i])
			continue;
		b->at = model_wants(first + i);
		b->waits = b->at && b->at <= end && end - b->at >= b->size - 1;
		b->age = ++model_clock;
		model_settle();
	}
}

/* Few addresses, so that they are fought for; some strange ones among them. */
static uint32_t random_lo(void)
{
	static const uint32_t strange[] = {
		0, 0xffffffff, 0xfffffff0, 0xfffff000, 0x80000000, 0xffff,
	};

	if (!draw(4))
		return strange[draw(NR(strange))] | draw(2);
	if (!draw(3))
		return 0xc000 + draw(8) * 0x10;
	return 0xe0000000 + draw(8) * 0x1000 + draw(2);
}

static uint32_t random_hi(void)
{
	static const uint32_t some[] = {
		0, 0, 0, 1, 1, 2, 0x3fff, 0x4000, 0xffffffff,
	};

	return some[draw(NR(some))];
}

/* What a write of some bytes leaves of a register in the model. */
static uint32_t merge(uint32_t old, uint32_t value, uint32_t byte,
		      uint32_t width)
{
	uint32_t mask = width == 4 ? 0xffffffff :
			((1u << 8 * width) - 1) << 8 * byte;

	return (old & ~mask) | (value & mask);
}

static void write_bar(unsigned int card, unsigned int index)
{
	unsigned int i = card * VMR_PCI_NR_BARS + index;
	uint32_t at = vmr_id(&cards[card].address);
	bool hi = model[i].type == VMR_BAR_MEM64 && draw(2);
	uint32_t value = hi ? random_hi() : random_lo();
	uint32_t width = draw(4) ? 4 : 1u << draw(2);
	uint32_t byte = draw(4 / width) * width;
	uint32_t *half = hi ? &model[i].hi : &model[i].lo;

	conf_out_at(at, bar_offset(index + hi) + byte, value >> 8 * byte,
		    width);
	*half = merge(*half, value, byte, width);
	model_apply(i, 1);
}

static void replug(unsigned int card)
{
	unsigned int i = card * VMR_PCI_NR_BARS, k, live = 0;

	for (k = 0; k < VMR_PCI_NR_BARS; k++)
		live += model[i + k].live;
	if (plugged[card]) {
		if (vmr_pci_unplug(&cards[card]) != (int)live ||
		    vmr_drain(&m.manager, &cards[card].dev))
			abort();
		for (k = 0; k < VMR_PCI_NR_BARS; k++) {
			model[i + k].live = false;
			model[i + k].waits = false;
		}
		plugged[card] = false;
		model_settle();
		return;
	}
	if (vmr_pci_plug(&m.manager, &cards[card], 8 * (card + 1)))
		abort();
	model_command[card] = 0;
	for (k = 0; k < VMR_PCI_NR_BARS; k++) {
		model[i + k].lo = 0;
		model[i + k].hi = 0;
	}
	plugged[card] = true;
}

static unsigned int some_bar(unsigned int card)
{
	unsigned int index;

	do {
		index = draw(VMR_PCI_NR_BARS);
	} while (model[card * VMR_PCI_NR_BARS + index].type == VMR_BAR_NONE);
	return index;
}

static void random_step(void)
{
	unsigned int card = draw(CARDS);

	if (!draw(100) || (!plugged[card] && !draw(4))) {
		replug(card);
	} else if (plugged[card] && draw(3)) {
		write_bar(card, some_bar(card));
	} else if (plugged[card]) {
		model_command[card] = draw(8) ? draw(4) : 3;
		decode(&cards[card], model_command[card]);
		model_apply(card * VMR_PCI_NR_BARS, VMR_PCI_NR_BARS);
	}
}

/* What is wrong with a BAR, NULL if it is as the model says. */
static const char *compare(unsigned int i)
{
	struct vmr_pci_function *fn = &cards[i / VMR_PCI_NR_BARS];
	unsigned int index = i % VMR_PCI_NR_BARS;
	const struct model_bar *b = &model[i];
	struct vmr_region *region = bar(fn, index);
	bool live = state_of(region) == VMR_LIVE;
	bool waits = state_of(region) == VMR_CLAIMED;

	if (b->type == VMR_BAR_NONE)
		return NULL;
	if (live != b->live)
		return "live";
	if (waits != b->waits)
		return "claimed";
	if ((b->live || b->waits) && region->range.start != b->at)
		return "start";
	if (model_says(fn, index) != (b->live || b->waits ? b->at : NOWHERE))
		return "address";
	if (b->live && (who((enum vmr_io)region->io, b->at) != region ||
			who((enum vmr_io)region->io, b->at + b->size - 1) !=
			region))
		return "route";
	if (plugged[i / VMR_PCI_NR_BARS] &&
	    (get_bar(fn, index) ^ b->lo) & ~(b->size - 1) & 0xfffffff0)
		return "register";
	return NULL;
}

static void model_bar_add(unsigned int card, unsigned int index,
			  enum vmr_pci_bar_type type, uint64_t size)
{
	struct model_bar *b = &model[card * VMR_PCI_NR_BARS + index];

	if (vmr_pci_add_bar(&cards[card], index, type, false, size, "bar"))
		abort();
	b->type = type;
	b->size = size;
}

static int random_machine(void)
{
	unsigned int card;
	int ret = pci_up();

	for (card = 0; card < CARDS && !ret; card++) {
		ret = card_init(&cards[card], "card");
		if (ret)
			break;
		model_bar_add(card, 0, VMR_BAR_IO, 0x10u << card % 3);
		model_bar_add(card, 1, VMR_BAR_MEM32, 0x1000u << card % 3);
		model_bar_add(card, 2, VMR_BAR_MEM64, 0x800u << card);
		if (card % 2)
			model_bar_add(card, 4, VMR_BAR_MEM64, 8 * GIB);
		model_bar_add(card, 6, VMR_BAR_ROM, 0x800u << card);
		replug(card);
	}
	return ret;
}

static uint64_t seed_of_run(void)
{
	const char *given = getenv("VMR_TEST_SEED");

	return given ? strtoull(given, NULL, 0) : 20240229;
}

TEST(random_writes_leave_what_the_registers_say)
{
	unsigned int steps = 60000 / test_part(), n, i, waits = 0;
	const char *what = NULL;

	seed = seed_of_run();
	TH_LOG("VMR_TEST_SEED=%llu", (unsigned long long)seed);
	ASSERT_EQ(0, random_machine());
	for (n = 0; n < steps && !what; n++) {
		random_step();
		for (i = 0; i < MODEL_BARS && !what; i++) {
			what = compare(i);
			waits += model[i].waits;
		}
		if (!(n % 64))
			ASSERT_STREQ(VERIFY_OK, machine_verify());
		ASSERT_NULL(what) {
			TH_LOG("step %u: card %u bar %u: %s", n,
			       (i - 1) / VMR_PCI_NR_BARS,
			       (i - 1) % VMR_PCI_NR_BARS, what);
		}
	}
	/* Else it has not been about what it is about. */
	EXPECT_LT(steps / 10, waits);
	EXPECT_SOUND();
}

TEST(whatever_came_before_the_final_registers_decide)
{
	unsigned int round, n, card, i;

	seed = seed_of_run();
	TH_LOG("VMR_TEST_SEED=%llu", (unsigned long long)seed);
	ASSERT_EQ(0, random_machine());
	for (round = 0; round < 200; round++) {
		for (n = 0; n < 50; n++)
			random_step();
		/* Places that do not overlap, given in an order of any kind. */
		for (card = 0; card < CARDS; card++)
			if (!plugged[card])
				replug(card);
		for (n = 0, i = draw(MODEL_BARS); n < MODEL_BARS;
		     n++, i = (i + 11) % MODEL_BARS) {
			unsigned int index = i % VMR_PCI_NR_BARS;
			struct vmr_pci_function *fn = &cards[i / 7];
			int first = draw(2);

			if (!draw(5))
				decode(fn, draw(4));
			if (model[i].type == VMR_BAR_NONE)
				continue;
			if (model[i].type == VMR_BAR_IO)
				set_bar(fn, index, 0x1000 + i * 0x100);
			else if (model[i].size > GIB)
				set_bar64(fn, index, (i + 1) * 8 * GIB);
			else if (model[i].type != VMR_BAR_MEM64)
				set_bar(fn, index, 0x80000001 + i * 0x100000);
			if (model[i].type != VMR_BAR_MEM64 ||
			    model[i].size > GIB)
				continue;
			if (first)
				set_bar(fn, index + 1, 1);
			set_bar(fn, index, 0x80000000 + i * 0x100000);
			if (!first)
				set_bar(fn, index + 1, 1);
		}
		for (card = 0; card < CARDS; card++) {
			model_command[card] = 3;
			decode(&cards[card], 3);
		}
		for (i = 0; i < MODEL_BARS; i++) {
			struct vmr_pci_function *fn = &cards[i / 7];
			struct model_bar *b = &model[i];

			if (b->type == VMR_BAR_NONE)
				continue;
			b->at = b->type == VMR_BAR_IO ? 0x1000 + i * 0x100 :
				b->size > GIB ? (i + 1) * 8 * GIB :
				0x80000000 + i * 0x100000u +
				(b->type == VMR_BAR_MEM64 ? 4 * GIB : 0);
			b->lo = get_bar(fn, i % 7);
			b->hi = (uint32_t)(b->at >> 32);
			b->live = true;
			b->waits = false;
			ASSERT_NULL(compare(i)) {
				TH_LOG("round %u: card %u bar %u: %s", round,
				       i / 7, i % 7, compare(i));
			}
		}
		ASSERT_EQ(0U, m.sys.mmio.nr_claims);
		ASSERT_EQ(0U, m.sys.pio.nr_claims);
	}
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN
