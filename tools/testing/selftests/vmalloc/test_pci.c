// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci.c - PCI functions: configuration space, plugging and unplugging
 */
#include "../kselftest_harness.h"

#include "card.h"

/*
 * Configuration mechanism #1
 */

/* Configuration space can be read in bytes, words and dwords. */
TEST(conf1_read_bytes_words_dwords)
{
	struct vmr_pci_function fn;
	uint32_t at = VMR_PCI_BDF(0, 3, 0);

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
	/* The word crosses a port boundary and is not aligned. */
	EXPECT_EQ(0x411aU, conf_in_at(at, 1, 2));
	EXPECT_EQ(0x02000107U, conf_in_at(at, 0x08, 4));
	EXPECT_EQ(0x80U, conf_in_at(at, 0x0e, 1));
	EXPECT_EQ(0x1234abcdU, conf_in_at(at, 0x2c, 4));
	EXPECT_EQ(2U, conf_in_at(at, 0x3d, 1));
	EXPECT_EQ(&fn, vmr_pci_find_function(&m.manager, at));
}

/* An absent function reads as ones, and writes to it are ignored. */
TEST(conf1_absent_function_reads_ones)
{
	struct vmr_pci_function fn;
	uint32_t at = VMR_PCI_BDF(0, 3, 0);

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, at));
	EXPECT_EQ(0xffffffffU, conf_in_at(at + 1, 0, 4));
	EXPECT_EQ(0xffffU, conf_in_at(at + 1, 0, 2));
	EXPECT_EQ(0xffU, conf_in_at(at - 1, 3, 1));
	/* The machine does not have this bus. */
	EXPECT_EQ(0xffffffffU, conf_in_at(at | 0x100, 0, 4));
	EXPECT_EQ(0xffffffffU, conf_in_at(0xffff, 0, 4));
	/* A write to an absent function is ignored. */
	conf_out_at(at + 1, 4, 7, 4);
	EXPECT_NULL(vmr_pci_find_function(&m.manager, at + 1));
	EXPECT_NULL(vmr_pci_find_function(NULL, at));
	/* The enable bit of the address register is clear. */
	port_out(0xcf8, at << 8, 4);
	EXPECT_EQ(0xffffffffU, port_in(0xcfc, 4));
	port_out(0xcfc, 0x55, 1);
	EXPECT_EQ(0x10411af4U, conf_in_at(at, 0, 4));

	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0xffffffffU, conf_in_at(at, 0, 4));
}

/* The address register accepts only aligned dwords. */
TEST(conf1_address_register_dword_only)
{
	struct vmr_pci_function fn;
	uint8_t data[4];

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 8));
	select_register(8, 0);
	EXPECT_EQ(0x80000800U, port_in(0xcf8, 4));
	/* Narrower accesses are not for this register. */
	port_out(0xcf8, 0, 1);
	port_out(0xcf8, 0, 2);
	port_out(0xcfa, 0, 2);
	EXPECT_EQ(0x80000800U, port_in(0xcf8, 4));
	EXPECT_EQ(0xffffU, port_in(0xcf8, 2));
	EXPECT_EQ(0xffU, port_in(0xcfb, 1));
	/* Reserved bits read as zero. */
	port_out(0xcf8, 0xffffffff, 4);
	EXPECT_EQ(0x80fffffcU, port_in(0xcf8, 4));
	/*
	 * An access that crosses from the address to the data register reaches
	 * neither.
	 */
	select_register(8, 0);
	EXPECT_EQ(0xffffffffU, port_in(0xcfa, 4));
	port_out(0xcfa, 0, 4);
	EXPECT_EQ(0x80000800U, port_in(0xcf8, 4));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_PIO, 0xcfe, data, 4, 1));
}

/* String I/O accesses the same register repeatedly. */
TEST(conf1_string_io_same_register)
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
	struct vmr_lock_ops	lock;
	int			held;
	unsigned int		taken;
} caller;

static void count_lock(struct vmr_lock_ops *lock)
{
	caller.taken += lock == &caller.lock && !caller.held++;
}

static void count_unlock(struct vmr_lock_ops *lock)
{
	caller.held -= lock == &caller.lock;
}

static int held_at_notification;

static void record_lock_held(struct vmr_listener *listener,
			     struct vmr_region *region,
			     const struct vmr_mapping *old,
			     const struct vmr_mapping *new_)
{
	(void)listener;
	(void)region;
	(void)old;
	(void)new_;
	held_at_notification += caller.held == 1;
}

/*
 * The caller's lock is held during each access to a register and its notifications. It
 * is not needed for the address register.
 */
TEST(conf1_access_holds_callers_lock)
{
	struct vmr_listener listener = { .region_changed = record_lock_held };
	struct vmr_pci_function fn;

	caller.lock.lock = count_lock;
	caller.lock.unlock = count_unlock;
	ASSERT_EQ(0, pci_up_with(&caller.lock));
	ASSERT_EQ(0, card_up(&fn, 1, VMR_PCI_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, vmr_listener_register(&m.manager, &listener));
	set_bar(&fn, 0, 0xe0000000);
	decode(&fn, DECODE_MEM);
	EXPECT_EQ(2U, caller.taken);
	EXPECT_EQ(0, caller.held);
	EXPECT_EQ(1, held_at_notification);
}

static uint8_t reset_value;

static void record_reset(struct vmr_pci_conf1 *h, uint8_t value)
{
	reset_value = h == &host ? value : 0;
}

/*
 * A byte write to port 0xcf9 reaches the reset register, not the address
 * register.
 */
TEST(conf1_reset_register_at_cf9)
{
	ASSERT_EQ(0, pci_up());
	port_out(0xcf9, 6, 1);
	host.reset = record_reset;
	select_register(8, 0);
	port_out(0xcf9, 6, 1);
	EXPECT_EQ(6, reset_value);
	EXPECT_EQ(0x80000800U, port_in(0xcf8, 4));
}

/* A host bridge is registered once, and its ports must be free. */
TEST(conf1_register_errors)
{
	struct vmr_pci_conf1 other;
	struct vmr_lock_ops lock;

	ASSERT_EQ(0, pci_up());
	REFUSED(-EINVAL, vmr_pci_conf1_register(NULL, &m.manager, NULL));
	REFUSED(-EINVAL, vmr_pci_conf1_register(&other, NULL, NULL));
	REFUSED(-EEXIST, vmr_pci_conf1_register(&host, &m.manager, &lock));
	EXPECT_NULL(host.lock);
	memset(&other, 0, sizeof(other));
	REFUSED(-EBUSY, vmr_pci_conf1_register(&other, &m.manager, NULL));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &host.dev));
	EXPECT_EQ(0, vmr_pci_conf1_register(&other, &m.manager, NULL));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &other.dev));
	EXPECT_EQ(0, vmr_pci_conf1_register(&host, &m.manager, NULL));
	EXPECT_SOUND();
}

/*
 * After vmr_pci_conf1_init() the caller registers the host bridge like any
 * device.
 */
TEST(conf1_init_then_register)
{
	struct vmr_pci_conf1 other = { .config_address = 0 };
	struct vmr_lock_ops lock;

	ASSERT_EQ(0, machine_up());
	REFUSED(-EINVAL, vmr_pci_conf1_init(NULL, &m.manager, NULL));
	REFUSED(-EINVAL, vmr_pci_conf1_init(&other, NULL, NULL));
	EXPECT_EQ(0, vmr_pci_conf1_init(&host, &m.manager, &lock));
	EXPECT_EQ(&lock, host.lock);
	/*
	 * Before the registration no ports are allocated and no device is
	 * mapped.
	 */
	EXPECT_EQ(0U, m.sys.pio.nr_ranges);
	EXPECT_NULL(vmr_next_device(&m.manager, NULL));
	/* The call can be repeated before the registration. */
	EXPECT_EQ(0, vmr_pci_conf1_init(&host, &m.manager, NULL));
	EXPECT_NULL(host.lock);
	EXPECT_EQ(0, vmr_device_register(&m.manager, &host.dev, NULL, NULL));
	EXPECT_EQ(0xcf8U, host.ports.range.start);
	EXPECT_EQ(0xcffU, host.ports.range.last);
	EXPECT_EQ(0xffffffffU, conf_in_at(0, 0, 4));
	REFUSED(-EEXIST, vmr_pci_conf1_init(&host, &m.manager, &lock));
	EXPECT_NULL(host.lock);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &host.dev));
	/* After unregistration the call reuses the existing region. */
	EXPECT_EQ(0, vmr_pci_conf1_init(&host, &m.manager, NULL));
	EXPECT_EQ(0, vmr_device_register(&m.manager, &host.dev, NULL, NULL));
	EXPECT_EQ(0xcf8U, host.ports.range.start);
	EXPECT_SOUND();
}

/*
 * Registers
 */

/* Writes change only the writable bits of configuration space. */
TEST(pci_config_read_only_bits_kept)
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
	/* Command, cache line size and interrupt line are writable. */
	config[0x04] = 0x07;
	config[0x05] = 0x05;
	config[0x0c] = 0xff;
	config[0x3c] = 0xff;
	EXPECT_EQ(0, memcmp(config, fn.config, sizeof(config)));
	/* Registers of absent BARs read as zero. */
	for (offset = 0x10; offset < 0x28; offset += 4)
		EXPECT_EQ(0U, conf_in(&fn, offset));
	EXPECT_EQ(0U, conf_in(&fn, ROM_REG));
}

/* vmr_pci_function_init() refuses invalid arguments. */
TEST(pci_function_init_errors)
{
	const struct vmr_pci_ids ids = { .irq_pin = 5 };
	const struct vmr_pci_ids bridge = { .header_type = 1 };
	struct vmr_pci_function fn;

	memset(&fn, 0, sizeof(fn));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(&fn, &ids, &card_ops, ""));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(NULL, &ids, &card_ops, ""));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(&fn, NULL, &card_ops, ""));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(&fn, &ids, NULL, ""));
	/* The library sets the bits of the header type but for 0x80. */
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(&fn, &bridge, &card_ops, ""));
}

/*
 * Configuration accesses of invalid width, outside the space, across a dword or to
 * an unplugged function are refused.
 */
TEST(pci_config_access_errors)
{
	struct vmr_pci_function fn;
	uint8_t data[8], ones[8], untouched[8], config[VMR_PCI_CONFIG_SIZE];
	uint32_t offset, width;

	memset(ones, 0xff, sizeof(ones));
	memset(untouched, 0x5a, sizeof(untouched));
	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 1, VMR_PCI_BAR_MEM32, 0x1000));
	memcpy(config, fn.config, sizeof(config));
	for (width = 0; width <= 8; width++) {
		int ok = width == 1 || width == 2 || width == 4;
		int err = ok ? 0 : -EMSGSIZE;

		memset(data, 0x5a, sizeof(data));
		EXPECT_EQ(err, vmr_pci_config_read(&fn, 0, data, width));
		/* There is no width of which the data could be ones. */
		if (!ok)
			EXPECT_EQ(0, memcmp(data, untouched, sizeof(data)));
		EXPECT_EQ(err, vmr_pci_config_write(&fn, 0, data, width));
		memset(data, 0x5a, sizeof(data));
		err = ok ? -ERANGE : -EMSGSIZE;
		EXPECT_EQ(err, vmr_pci_config_read(&fn, 257 - width, data,
						   width));
		EXPECT_EQ(0, memcmp(data, ok ? ones : untouched,
				    ok ? width : sizeof(data)));
		EXPECT_EQ(err, vmr_pci_config_write(&fn, 257 - width, data,
						    width));
	}
	EXPECT_EQ(-ERANGE, vmr_pci_config_read(&fn, 0xffffffff, data, 4));
	EXPECT_EQ(-ERANGE, vmr_pci_config_write(&fn, 0xfffffffe, data, 4));
	for (offset = 0; offset < 8; offset++)
		for (width = 2; width <= 4; width += 2) {
			int err = offset % 4 + width > 4 ? -ERANGE : 0;

			memset(data, 0x5a, sizeof(data));
			EXPECT_EQ(err, vmr_pci_config_read(&fn, offset, data,
							   width));
			if (err)
				EXPECT_EQ(0, memcmp(data, ones, width));
			memset(data, 0, sizeof(data));
			EXPECT_EQ(err, vmr_pci_config_write(&fn, offset, data,
							    width));
		}
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
	struct vmr_pci_write	write;
	enum vmr_state		state;
} written;

static void record_written(struct vmr_pci_function *fn,
			   const struct vmr_pci_write *write)
{
	written.calls++;
	written.write = *write;
	written.state = state_of(bar(fn, 0));
}

#define EXPECT_WRITTEN(offset_, width_, old, new_, value) \
	do { \
		EXPECT_EQ((uint32_t)(offset_), written.write.offset); \
		EXPECT_EQ((uint32_t)(width_), written.write.width); \
		EXPECT_EQ((uint32_t)(old), written.write.old_value); \
		EXPECT_EQ((uint32_t)(new_), written.write.new_value); \
		EXPECT_EQ((uint32_t)(value), written.write.written); \
	} while (0)

/* config_written() is called after the write has taken effect, and describes it. */
TEST(pci_config_written_after_effect)
{
	static const struct vmr_pci_events events = {
		.config_written = record_written,
	};
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 1, VMR_PCI_BAR_MEM32, 0x1000));
	fn.events = &events;
	decode(&fn, DECODE_MEM);
	EXPECT_EQ(1U, written.calls);
	EXPECT_WRITTEN(4, 2, 0, 2, 2);
	EXPECT_EQ(VMR_FREE, written.state);
	set_bar(&fn, 0, 0xe000000f);
	EXPECT_EQ(2U, written.calls);
	EXPECT_WRITTEN(0x10, 4, 0, 0xe0000000, 0xe000000f);
	EXPECT_EQ(VMR_LIVE, written.state);
	/* One byte in the middle of a register */
	conf_out_at(8, 0x13, 0xd1, 1);
	EXPECT_WRITTEN(0x13, 1, 0xe0, 0xd1, 0xd1);
	/* Nothing in it is writable. */
	conf_out_at(8, 0x40, 0x77, 1);
	EXPECT_WRITTEN(0x40, 1, 0, 0, 0x77);
	EXPECT_EQ(4U, written.calls);
	/* A write that is refused is none. */
	EXPECT_EQ(-ERANGE, vmr_pci_config_write(&fn, 6, "\0\0\0", 4));
	EXPECT_EQ(4U, written.calls);
}

/* The guest clears the error bits of the status register by writing ones. */
TEST(pci_status_errors_write_one_to_clear)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 1, VMR_PCI_BAR_MEM32, 0x1000));
	/* The function has detected an error, and signalled it. */
	fn.config[0x07] |= 0xf9;
	EXPECT_EQ(0xf900U, conf_in_at(8, 6, 2));
	conf_out_at(8, 6, 0, 2);
	EXPECT_EQ(0xf900U, conf_in_at(8, 6, 2));
	conf_out_at(8, 6, 0x8000, 2);
	EXPECT_EQ(0x7900U, conf_in_at(8, 6, 2));
	conf_out_at(8, 7, 0x21, 1);
	EXPECT_EQ(0x5800U, conf_in_at(8, 6, 2));
	/* A dword write reaches command and status. */
	conf_out_at(8, 4, 0xffff0002, 4);
	EXPECT_EQ(0x00000002U, conf_in_at(8, 4, 4));
}

/*
 * Plugging
 */

/* A failed vmr_pci_plug() changes nothing. */
TEST(pci_plug_all_or_nothing)
{
	struct vmr_pci_function a, b, rest[4];
	uint8_t config[VMR_PCI_CONFIG_SIZE];
	struct event_log d;
	int i;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&a, 1, VMR_PCI_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, card_init(&b, "b"));
	ASSERT_EQ(0, vmr_pci_add_bar(&b, 0, VMR_PCI_BAR_MEM32, false, 0x1000, ""));
	REFUSED(-EINVAL, vmr_pci_plug(NULL, &b, 0x10));
	REFUSED(-EINVAL, vmr_pci_plug(&m.manager, NULL, 0x10));
	REFUSED(-EEXIST, vmr_pci_plug(&m.manager, &a, 0x10));
	REFUSED(-ERANGE, vmr_pci_plug(&m.manager, &b, 0x100));
	REFUSED(-EBUSY, vmr_pci_plug(&m.manager, &b, 8));
	EXPECT_EQ(&a, vmr_pci_find_function(&m.manager, 8));

	/* A failed call keeps the registers of an earlier plugging. */
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &b, 0x18));
	set_bar(&b, 0, 0xe0000000);
	decode(&b, DECODE_MEM);
	EXPECT_EQ(1, vmr_pci_unplug(&b));
	memcpy(config, b.config, sizeof(config));
	ASSERT_EQ(0, diary_start(&d));
	card_refuses = -EBUSY;
	REFUSED(-EBUSY, vmr_pci_plug(&m.manager, &b, 0x20));
	EXPECT_NULL(vmr_pci_find_function(&m.manager, 0x20));
	EXPECT_NULL(b.manager);
	EXPECT_EQ(0, memcmp(config, b.config, sizeof(config)));
	EXPECT_EQ(0U, d.nr);
	/* The watermark of the addresses is unchanged. */
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.pci_bdfs, 0x20, NULL));
	card_refuses = 0;

	/* The address is free, but no device id is. */
	m.sys.device_ids.space.last = 3;
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

/* Unplugging a function frees its ranges and claims. */
TEST(pci_unplug_frees_everything)
{
	struct vmr_pci_function a, b;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&a, 1, VMR_PCI_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, card_up(&b, 2, VMR_PCI_BAR_MEM32, 0x1000));
	set_bar(&a, 0, 0xe0000000);
	decode(&a, DECODE_MEM);
	set_bar(&b, 0, 0xe0000000);
	decode(&b, DECODE_MEM);
	EXPECT_CLAIM(&b, 0, 0xe0000000);
	EXPECT_EQ(1, vmr_pci_unplug(&a));
	EXPECT_BAR(&b, 0, 0xe0000000);
	REFUSED(-ENOENT, vmr_pci_unplug(&a));
	REFUSED(-EINVAL, vmr_pci_unplug(NULL));
	EXPECT_NULL(vmr_pci_find_function(&m.manager, 8));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &a, 8));
	set_bar(&a, 0, 0xe0000000);
	decode(&a, DECODE_MEM);
	/* The claim of the function is freed as well. */
	EXPECT_EQ(0, vmr_pci_unplug(&a));
	EXPECT_EQ(0U, m.sys.mmio.nr_claims);
	EXPECT_SOUND();
}

/* A function can be unplugged after its device has been unregistered. */
TEST(pci_unplug_after_unregister)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 1, VMR_PCI_BAR_MEM32, 0x1000));
	set_bar(&fn, 0, 0xe0000000);
	decode(&fn, DECODE_MEM);
	EXPECT_EQ(1, vmr_device_unregister_at(&m.manager, VMR_MMIO, 0xe0000000, NULL));
	/* Register writes of the guest map nothing. */
	set_bar(&fn, 0, 0xe1000000);
	EXPECT_NULL(responder(VMR_MMIO, 0xe1000000));
	EXPECT_EQ(NOWHERE, model_says(&fn, 0));
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_NULL(vmr_pci_find_function(&m.manager, 8));
	EXPECT_EQ(0, vmr_pci_plug(&m.manager, &fn, 8));
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN
