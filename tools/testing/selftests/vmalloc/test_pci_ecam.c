// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_ecam.c - accesses to configuration space: ECAM, and mechanism #1
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"

static struct vmr_pci_ecam ecam;
static struct vmr_pci_conf1 conf1;
static struct vmr_pci_host host, other;
static struct vmr_pci_function card, express;
static struct vmr_pci_express_config_space space;
static struct vmr_pci_bridge bridge;
static struct counting_lock lock = COUNTING_LOCK;

#define CARD		VMR_PCI_BDF(4, 1, 0)
#define EXPRESS		VMR_PCI_BDF(4, 2, 3)
#define FIRST_BUS	4u

static int register_host(struct vmr_pci_host *h, uint32_t segment,
			 uint32_t bus_start, uint32_t bus_last)
{
	const struct vmr_pci_host_config config = {
		.segment = segment, .bus_start = bus_start,
		.bus_last = bus_last, .lock = &lock.ops,
	};

	return vmr_pci_host_register(&m.manager, h, &config);
}

/* Buses 4 to 7 of segment 1 with ECAM, and a function of each size. */
static int setup(void)
{
	int ret = pci_machine_up(63);

	if (!ret)
		ret = register_host(&host, 1, FIRST_BUS, 7);
	if (!ret)
		ret = vmr_pci_ecam_register(&ecam, &host, ECAM);
	if (!ret)
		ret = card_with_bar(&card);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &card, CARD & 0xff);
	if (!ret)
		ret = vmr_pci_function_init_express(&express, &space, &card_ids,
						    &card_ops, "express");
	return ret ? ret : vmr_pci_host_plug(&host, &express, EXPRESS & 0xff);
}

static uint64_t ecam_in(uint32_t bdf, uint32_t offset, uint32_t width)
{
	return guest_read(VMR_MMIO, ecam_at(FIRST_BUS, bdf, offset), width);
}

static void ecam_out(uint32_t bdf, uint32_t offset, uint64_t value,
		     uint32_t width)
{
	guest_write(VMR_MMIO, ecam_at(FIRST_BUS, bdf, offset), value, width);
}

/*
 * ECAM
 */

/* The errors of the initialisation and the registration. */
TEST(ecam_register_errors)
{
	struct vmr_pci_host none = { 0 };
	struct probe p;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, register_host(&host, 1, FIRST_BUS, 7));
	PCI_REFUSED(-EINVAL, vmr_pci_ecam_init(NULL, &host, ECAM));
	PCI_REFUSED(-EINVAL, vmr_pci_ecam_init(&ecam, NULL, ECAM));
	PCI_REFUSED(-EINVAL, vmr_pci_ecam_init(&ecam, &host, ECAM + 0x80000));
	PCI_REFUSED(-EINVAL, vmr_pci_ecam_register(NULL, &host, ECAM));
	PCI_REFUSED(-EINVAL, vmr_pci_ecam_register(&ecam, NULL, ECAM));
	PCI_REFUSED(-ENOENT, vmr_pci_ecam_init(&ecam, &none, ECAM));
	PCI_REFUSED(-ENOENT, vmr_pci_ecam_register(&ecam, &none, ECAM));
	EXPECT_EQ(NULL, ecam.host);
	ASSERT_EQ(0, probe_up(&p, "holder", VMR_MMIO, ECAM + 0x3fffff, 1));
	PCI_REFUSED(-EBUSY, vmr_pci_ecam_register(&ecam, &host, ECAM));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_pci_ecam_register(&ecam, &host, ECAM));
	EXPECT_EQ(0x400000U, ecam.region.size);
	EXPECT_EQ(ECAM, ecam.region.range.start);
	PCI_REFUSED(-EEXIST, vmr_pci_ecam_init(&ecam, &host, ECAM));
	PCI_REFUSED(-EEXIST, vmr_pci_ecam_register(&ecam, &host, ECAM));
	EXPECT_SOUND();
}

/* A second registration follows the size of the host bridge. */
TEST(ecam_registered_again)
{
	ASSERT_EQ(0, setup());
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &ecam.dev));
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	EXPECT_EQ(0, vmr_pci_unplug(&express));
	EXPECT_EQ(0, vmr_pci_host_unregister(&host));
	ASSERT_EQ(0, register_host(&host, 0, 0, 255));
	EXPECT_EQ(0, vmr_pci_ecam_register(&ecam, &host, ECAM));
	EXPECT_EQ(0x10000000U, ecam.region.size);
}

/* Each aligned access of 1, 2, 4 and 8 bytes reads the registers. */
TEST(ecam_read_widths)
{
	uint32_t offset, width, i;

	ASSERT_EQ(0, setup());
	EXPECT_EQ(0x10411af4U, ecam_in(CARD, 0, 4));
	EXPECT_EQ(0x10411af4U, ecam_in(EXPRESS, 0, 4));
	for (width = 1; width <= 8; width *= 2)
		for (offset = 0; offset < 0x40; offset += width) {
			uint64_t expected = 0;

			for (i = 0; i < width; i++)
				expected |= (uint64_t)card.config[offset + i]
					    << 8 * i;
			EXPECT_EQ(expected, ecam_in(CARD, offset, width));
		}
}

/* Writes change the bytes that they name; 8 bytes are two writes of 4. */
TEST(ecam_write_widths)
{
	ASSERT_EQ(0, setup());
	ecam_out(CARD, PCI_CACHE_LINE_SIZE, 0x5a, 1);
	EXPECT_EQ(0x5aU, ecam_in(CARD, PCI_CACHE_LINE_SIZE, 1));
	ecam_out(CARD, PCI_INTERRUPT_LINE, 0xffff, 2);
	EXPECT_EQ(0x01ffU, ecam_in(CARD, PCI_INTERRUPT_LINE, 2));
	ecam_out(CARD, PCI_BASE_ADDRESS_0, 0x12345678, 4);
	EXPECT_EQ(0x12345000U, ecam_in(CARD, PCI_BASE_ADDRESS_0, 4));
	ecam_out(CARD, PCI_BASE_ADDRESS_0, 0xffffffff80000000, 8);
	EXPECT_EQ(0x80000000U, ecam_in(CARD, PCI_BASE_ADDRESS_0, 8));
	/* The command register is in the lower half, the cache line in the next */
	ecam_out(CARD, 8, 0x1100000000ull, 8);
	EXPECT_EQ(0x11U, ecam_in(CARD, PCI_CACHE_LINE_SIZE, 1));
	ecam_out(CARD, 0, (uint64_t)DECODE_MEM << 32, 8);
	EXPECT_ANSWERS(bar(&card, 0), 0x80000000);
}

/* An access that is not aligned reads ones and writes nothing. */
TEST(ecam_not_aligned)
{
	const struct { uint32_t offset, width; } accesses[] = {
		{ 1, 2 }, { 3, 2 }, { 1, 4 }, { 2, 4 }, { 3, 4 },
		{ 4, 8 }, { 1, 8 }, { 7, 8 },
	};
	uint8_t before[VMR_PCI_CONFIG_SIZE];
	uint64_t ones;
	size_t i;

	ASSERT_EQ(0, setup());
	memcpy(before, card.config, sizeof(before));
	for (i = 0; i < NR(accesses); i++) {
		uint32_t offset = accesses[i].offset;
		uint32_t width = accesses[i].width;

		ones = width == 8 ? ~0ull : (1ull << 8 * width) - 1;
		EXPECT_EQ(ones, ecam_in(CARD, PCI_REVISION_ID + offset, width));
		ecam_out(CARD, PCI_REVISION_ID + offset, ~0ull, width);
	}
	EXPECT_EQ(0, memcmp(before, card.config, sizeof(before)));
	/* Also across the end of a function and of the region */
	EXPECT_EQ(~0ull, ecam_in(CARD, 0xffc, 8));
	EXPECT_EQ(0xffffU, ecam_in(VMR_PCI_BDF(7, 31, 7), 0xfff, 2));
	EXPECT_EQ(0U, lock.wrong);
}

/* Functions that do not exist read ones and take no writes. */
TEST(ecam_absent_function)
{
	ASSERT_EQ(0, setup());
	EXPECT_EQ(0xffffffffU, ecam_in(VMR_PCI_BDF(4, 0, 0), 0, 4));
	EXPECT_EQ(~0ull, ecam_in(VMR_PCI_BDF(4, 1, 1), 0, 8));
	EXPECT_EQ(0xffU, ecam_in(VMR_PCI_BDF(4, 31, 7), 0xfff, 1));
	EXPECT_EQ(0xffffU, ecam_in(VMR_PCI_BDF(7, 31, 7), 0xffe, 2));
	ecam_out(VMR_PCI_BDF(4, 1, 1), COMMAND, 7, 2);
	EXPECT_EQ(0U, ecam_in(CARD, COMMAND, 2));
}

/* A conventional function has nothing above 0xff, an Express one an empty list. */
TEST(ecam_above_conventional_space)
{
	ASSERT_EQ(0, setup());
	EXPECT_EQ(0U, ecam_in(CARD, 0xfc, 4));
	EXPECT_EQ(0xffffffffU, ecam_in(CARD, 0x100, 4));
	EXPECT_EQ(0xffU, ecam_in(CARD, 0xfff, 1));
	EXPECT_EQ(0xffffffff00000000ull | 0xffffffff, ecam_in(CARD, 0x100, 8));
	ecam_out(CARD, 0x100, ~0ull, 8);
	EXPECT_EQ(0U, ecam_in(EXPRESS, 0x100, 4));
	EXPECT_EQ(0U, ecam_in(EXPRESS, 0xff8, 8));
	ecam_out(EXPRESS, 0x100, ~0ull, 8);
	EXPECT_EQ(0U, ecam_in(EXPRESS, 0x100, 8));
}

/* The first address is that of the first bus, and other buses follow. */
TEST(ecam_buses)
{
	ASSERT_EQ(0, setup());
	ASSERT_EQ(0, bridge_init(&bridge));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridge.fn, 0));
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &card, 0xff));
	EXPECT_EQ(0xffffffffU, ecam_in(VMR_PCI_BDF(7, 31, 7), 0, 4));
	ecam_out(VMR_PCI_BDF(4, 0, 0), PCI_PRIMARY_BUS, 0x00070704, 4);
	EXPECT_EQ(0x10411af4U, ecam_in(VMR_PCI_BDF(7, 31, 7), 0, 4));
	/* Segment 0 has another host bridge with the same bus numbers */
	ASSERT_EQ(0, register_host(&other, 0, 0, 255));
	EXPECT_EQ(NULL, vmr_pci_find_function(&m.manager, VMR_PCI_BDF(7, 31, 7)));
	EXPECT_EQ(0x10411af4U, ecam_in(VMR_PCI_BDF(7, 31, 7), 0, 4));
}

/* ECAM stays in its host bridge, also if that has fewer buses now, or is gone. */
TEST(ecam_stays_in_host)
{
	const uint32_t at = VMR_PCI_BDF(6, 0, 0);

	ASSERT_EQ(0, setup());
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	EXPECT_EQ(0, vmr_pci_unplug(&express));
	EXPECT_EQ(0, vmr_pci_host_unregister(&host));
	EXPECT_EQ(0xffffffffU, ecam_in(CARD, 0, 4));
	ecam_out(CARD, COMMAND, 7, 2);
	ASSERT_EQ(0, register_host(&host, 1, 4, 5));
	ASSERT_EQ(0, register_host(&other, 1, 6, 7));
	ASSERT_EQ(0, vmr_pci_host_plug(&other, &card, 0));
	EXPECT_EQ(0xffffffffU, ecam_in(at, 0, 4));
	ecam_out(at, COMMAND, 7, 2);
	EXPECT_EQ(0U, reg_read(&card, COMMAND, 2));
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &card, 0));
	EXPECT_EQ(0x10411af4U, ecam_in(VMR_PCI_BDF(4, 0, 0), 0, 4));
}

/* Each access of the guest acquires the lock once, one that is not aligned never. */
TEST(ecam_locks_once)
{
	ASSERT_EQ(0, setup());
	ecam_in(CARD, 0, 8);
	EXPECT_EQ(1U, lock.acquired);
	ecam_out(CARD, 0, 0, 8);
	EXPECT_EQ(2U, lock.acquired);
	ecam_in(CARD, 1, 4);
	ecam_out(CARD, 1, 0, 4);
	EXPECT_EQ(2U, lock.acquired);
	ecam_in(VMR_PCI_BDF(4, 0, 0), 0, 1);
	EXPECT_EQ(3U, lock.acquired);
	EXPECT_EQ(0U, lock.wrong);
	EXPECT_FALSE(lock.held);
	host.lock = NULL;
	EXPECT_EQ(0x10411af4U, ecam_in(CARD, 0, 4));
	ecam_out(CARD, COMMAND, 0, 2);
	EXPECT_EQ(3U, lock.acquired);
}

/* Repetitions read the same register again. */
TEST(ecam_repeated_access)
{
	uint8_t data[12];

	ASSERT_EQ(0, setup());
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, ecam_at(FIRST_BUS, CARD, 0),
			      data, 4, 3));
	EXPECT_EQ(0, memcmp(data, "\xf4\x1a\x41\x10\xf4\x1a\x41\x10\xf4\x1a\x41\x10",
			    12));
	memset(data, 0, sizeof(data));
	data[1] = 9;
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_MMIO,
			       ecam_at(FIRST_BUS, CARD, PCI_CACHE_LINE_SIZE),
			       data, 1, 2));
	EXPECT_EQ(9U, ecam_in(CARD, PCI_CACHE_LINE_SIZE, 1));
}

/* Host bridges with ECAM apart reach functions of the same bus numbers. */
TEST(ecam_two_segments)
{
	static struct vmr_pci_ecam second;
	static struct vmr_pci_function twin;

	ASSERT_EQ(0, setup());
	ASSERT_EQ(0, register_host(&other, 0, FIRST_BUS, 7));
	ASSERT_EQ(0, vmr_pci_ecam_register(&second, &other, 2 * ECAM));
	ASSERT_EQ(0, card_init(&twin));
	ASSERT_EQ(0, vmr_pci_host_plug(&other, &twin, CARD & 0xff));
	ecam_out(CARD, PCI_CACHE_LINE_SIZE, 1, 1);
	guest_write(VMR_MMIO, ecam_at(FIRST_BUS, CARD, PCI_CACHE_LINE_SIZE) + ECAM,
		    2, 1);
	EXPECT_EQ(1U, reg_read(&card, PCI_CACHE_LINE_SIZE, 1));
	EXPECT_EQ(2U, reg_read(&twin, PCI_CACHE_LINE_SIZE, 1));
}

/*
 * Mechanism #1
 */

static int ports_up(void)
{
	int ret = pci_machine_up(63);

	if (!ret)
		ret = register_host(&host, 0, 0, 7);
	if (!ret)
		ret = register_host(&other, 0, 8, 15);
	if (!ret)
		ret = vmr_pci_conf1_register(&conf1, &m.manager, &lock.ops);
	if (!ret)
		ret = card_with_bar(&card);
	return ret ? ret : vmr_pci_host_plug(&other, &card, 8);
}

static void select_register(uint32_t bdf, uint32_t offset)
{
	guest_write(VMR_PIO, 0xcf8, 0x80000000 | bdf << 8 | offset, 4);
}

/* The errors of the initialisation and the registration. */
TEST(conf1_register_errors)
{
	struct vmr_pci_conf1 second = { 0 };

	ASSERT_EQ(0, pci_machine_up(63));
	PCI_REFUSED(-EINVAL, vmr_pci_conf1_init(NULL, &m.manager, NULL));
	PCI_REFUSED(-EINVAL, vmr_pci_conf1_init(&conf1, NULL, NULL));
	PCI_REFUSED(-EINVAL, vmr_pci_conf1_register(NULL, &m.manager, NULL));
	PCI_REFUSED(-EINVAL, vmr_pci_conf1_register(&conf1, NULL, NULL));
	EXPECT_EQ(0, vmr_pci_conf1_register(&conf1, &m.manager, NULL));
	PCI_REFUSED(-EEXIST, vmr_pci_conf1_register(&conf1, &m.manager, NULL));
	PCI_REFUSED(-EBUSY, vmr_pci_conf1_register(&second, &m.manager, NULL));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &conf1.dev));
	EXPECT_EQ(0, vmr_pci_conf1_register(&conf1, &m.manager, NULL));
}

/* Ports reach every host bridge of segment 0, by bytes, words and dwords. */
TEST(conf1_widths)
{
	const uint32_t at = VMR_PCI_BDF(8, 1, 0);

	ASSERT_EQ(0, ports_up());
	select_register(at, 0);
	EXPECT_EQ(0x10411af4U, guest_read(VMR_PIO, 0xcfc, 4));
	EXPECT_EQ(0x1041U, guest_read(VMR_PIO, 0xcfe, 2));
	EXPECT_EQ(0x411aU, guest_read(VMR_PIO, 0xcfd, 2));
	EXPECT_EQ(0x10U, guest_read(VMR_PIO, 0xcff, 1));
	/* Across the dword */
	EXPECT_EQ(0xffffU, guest_read(VMR_PIO, 0xcff, 2));
	EXPECT_EQ(0xffffffffU, guest_read(VMR_PIO, 0xcfd, 4));
	select_register(at, PCI_CACHE_LINE_SIZE);
	guest_write(VMR_PIO, 0xcfc, 0x77, 1);
	EXPECT_EQ(0x77U, guest_read(VMR_PIO, 0xcfc, 2));
	guest_write(VMR_PIO, 0xcfd, 0, 4);
	EXPECT_EQ(0x77U, guest_read(VMR_PIO, 0xcfc, 1));
	EXPECT_EQ(0x80000000U | at << 8 | PCI_CACHE_LINE_SIZE,
		  guest_read(VMR_PIO, 0xcf8, 4));
}

/* The address register is a dword, without the bits that do not exist. */
TEST(conf1_address_register)
{
	ASSERT_EQ(0, ports_up());
	guest_write(VMR_PIO, 0xcf8, 0xffffffff, 4);
	EXPECT_EQ(0x80fffffcU, guest_read(VMR_PIO, 0xcf8, 4));
	guest_write(VMR_PIO, 0xcf8, 0, 1);
	guest_write(VMR_PIO, 0xcf9, 0, 1);
	guest_write(VMR_PIO, 0xcfa, 0, 2);
	EXPECT_EQ(0x80fffffcU, guest_read(VMR_PIO, 0xcf8, 4));
	EXPECT_EQ(0xffU, guest_read(VMR_PIO, 0xcf8, 1));
	EXPECT_EQ(0xffffU, guest_read(VMR_PIO, 0xcfa, 2));
	EXPECT_EQ(0xffffffffU, guest_read(VMR_PIO, 0xcfa, 4));
	guest_write(VMR_PIO, 0xcf9, 0, 4);
	EXPECT_EQ(0x80fffffcU, guest_read(VMR_PIO, 0xcf8, 4));
}

/* Without the enable bit, and for absent functions, the data port reads ones. */
TEST(conf1_disabled_and_absent)
{
	const uint32_t at = VMR_PCI_BDF(8, 1, 0);

	ASSERT_EQ(0, ports_up());
	guest_write(VMR_PIO, 0xcf8, at << 8, 4);
	EXPECT_EQ(0xffffffffU, guest_read(VMR_PIO, 0xcfc, 4));
	guest_write(VMR_PIO, 0xcfc, 0xffffffff, 4);
	select_register(VMR_PCI_BDF(0, 1, 0), 0);
	EXPECT_EQ(0xffffffffU, guest_read(VMR_PIO, 0xcfc, 4));
	select_register(VMR_PCI_BDF(8, 1, 0), COMMAND);
	EXPECT_EQ(0U, guest_read(VMR_PIO, 0xcfc, 2));
	/* Host bridges of other segments are out of reach */
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	EXPECT_EQ(0, vmr_pci_host_unregister(&other));
	ASSERT_EQ(0, register_host(&other, 1, 8, 15));
	ASSERT_EQ(0, vmr_pci_host_plug(&other, &card, 8));
	select_register(VMR_PCI_BDF(8, 1, 0), 0);
	EXPECT_EQ(0xffffffffU, guest_read(VMR_PIO, 0xcfc, 4));
}

static unsigned int nr_resets;
static uint8_t reset_value;

static void note_reset(struct vmr_pci_conf1 *c, uint8_t value)
{
	(void)c;
	nr_resets++;
	reset_value = value;
}

/* A byte at 0xcf9 is the reset control register, a word is not. */
TEST(conf1_reset_port)
{
	ASSERT_EQ(0, ports_up());
	conf1.reset = note_reset;
	guest_write(VMR_PIO, 0xcf9, 6, 1);
	EXPECT_EQ(1U, nr_resets);
	EXPECT_EQ(6U, reset_value);
	guest_write(VMR_PIO, 0xcf9, 6, 2);
	guest_write(VMR_PIO, 0xcf8, 6, 1);
	guest_write(VMR_PIO, 0xcf8, 0x600, 4);
	EXPECT_EQ(1U, nr_resets);
	/* Only the reset is an update-side call */
	EXPECT_EQ(1U, lock.acquired);
	EXPECT_EQ(0U, lock.wrong);
	guest_write(VMR_PIO, 0xcf9, 0x0e, 1);
	EXPECT_EQ(2U, nr_resets);
	EXPECT_EQ(2U, lock.acquired);
}

/* String instructions repeat the access, with the lock acquired once. */
TEST(conf1_repeated_access)
{
	uint8_t data[8] = { 3, 4 };

	ASSERT_EQ(0, ports_up());
	select_register(VMR_PCI_BDF(8, 1, 0), 0);
	lock.acquired = 0;
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_PIO, 0xcfe, data, 2, 3));
	EXPECT_EQ(0, memcmp(data, "\x41\x10\x41\x10\x41\x10", 6));
	select_register(VMR_PCI_BDF(8, 1, 0), PCI_CACHE_LINE_SIZE);
	data[0] = 3;
	data[1] = 4;
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_PIO, 0xcfc, data, 1, 2));
	EXPECT_EQ(4U, guest_read(VMR_PIO, 0xcfc, 1));
	EXPECT_EQ(3U, lock.acquired);
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_PIO, 0xcf8, data, 4, 2));
	EXPECT_EQ(0x1040U, guest_read(VMR_PIO, 0xcf8, 4));
	EXPECT_EQ(3U, lock.acquired);
}

/* The address register, and the data ports while it selects nothing, need no lock. */
TEST(conf1_address_without_lock)
{
	uint8_t data[8] = { 0, 0, 0, 0x80, 4, 8, 0, 0x80 };

	ASSERT_EQ(0, ports_up());
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_PIO, 0xcf8, data, 4, 2));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_PIO, 0xcf8, data, 4, 2));
	EXPECT_EQ(0, memcmp(data, "\x04\x08\0\x80\x04\x08\0\x80", 8));
	guest_write(VMR_PIO, 0xcf8, 0x00000804, 4);
	EXPECT_EQ(0xffffffffU, guest_read(VMR_PIO, 0xcfc, 4));
	guest_write(VMR_PIO, 0xcfc, 7, 4);
	EXPECT_EQ(0xffU, guest_read(VMR_PIO, 0xcf8, 1));
	guest_write(VMR_PIO, 0xcf9, 6, 1);
	EXPECT_EQ(0U, lock.acquired);
}

/* A lock with readers, of which there is one at a time */
static unsigned int acquired_shared;

static void counting_lock_shared(struct vmr_lock_ops *ops)
{
	struct counting_lock *l = owner_of(ops, struct counting_lock, ops);

	l->wrong += l->held;
	l->held = true;
	acquired_shared++;
}

/* A read of a register acquires the lock as a reader, a write as the writer. */
TEST(config_read_lock_shared)
{
	static struct counting_lock rw = {
		.ops = {
			.lock = counting_lock, .unlock = counting_unlock,
			.lock_shared = counting_lock_shared,
			.unlock_shared = counting_unlock,
		},
	};

	ASSERT_EQ(0, ports_up());
	conf1.lock = &rw.ops;
	other.lock = &rw.ops;
	ASSERT_EQ(0, vmr_pci_ecam_register(&ecam, &other, ECAM));
	select_register(VMR_PCI_BDF(8, 1, 0), 0);
	EXPECT_EQ(0x10411af4U, guest_read(VMR_PIO, 0xcfc, 4));
	EXPECT_EQ(0x10411af4U,
		  (uint32_t)guest_read(VMR_MMIO, ecam_at(8, VMR_PCI_BDF(8, 1, 0), 0), 8));
	EXPECT_EQ(0xffffffffU,
		  guest_read(VMR_MMIO, ecam_at(8, VMR_PCI_BDF(9, 1, 0), 0), 4));
	EXPECT_EQ(3U, acquired_shared);
	EXPECT_EQ(0U, rw.acquired);
	guest_write(VMR_PIO, 0xcfc, 0, 4);
	guest_write(VMR_MMIO, ecam_at(8, VMR_PCI_BDF(8, 1, 0), 0), 0, 8);
	EXPECT_EQ(3U, acquired_shared);
	EXPECT_EQ(2U, rw.acquired);
	EXPECT_EQ(0U, rw.wrong);
	EXPECT_FALSE(rw.held);
	EXPECT_EQ(0U, lock.acquired);
}

/*
 * Windows with an offset between bus and CPU addresses
 */

/* Bus addresses 0x1000000 are at 0x91000000, ports 0x1000 at 0x5000. */
static int translating_up(void)
{
	static const struct vmr_pci_window windows[] = {
		{ VMR_MMIO, 0, 0x91000000, 0x91ffffff, 0x01000000, "mem" },
		{ VMR_MMIO, 0, 0xa0000000, 0xa0ffffff, 0xa0000000, "same" },
		{ VMR_PIO, 0, 0x5000, 0x5fff, 0x1000, "io" },
		{ VMR_MMIO, 0, 0x92000000, 0x92ffffff, 0x02000000, "next" },
	};
	const struct vmr_pci_host_config config = {
		.bus_last = 15, .windows = windows, .nr_windows = 4,
	};
	int ret = pci_machine_up(63);

	if (!ret)
		ret = vmr_pci_host_register(&m.manager, &host, &config);
	if (!ret)
		ret = card_with_bar(&card);
	if (!ret)
		ret = vmr_pci_add_bar(&card, 1, VMR_PCI_BAR_IO, false, 0x100,
				      "ports");
	if (!ret)
		ret = vmr_pci_add_bar(&card, 2, VMR_PCI_BAR_MEM64, true, 0x1000,
				      "wide");
	return ret ? ret : vmr_pci_host_plug(&host, &card, 8);
}

/* BARs are at the CPU addresses of their window, and nowhere outside of all. */
TEST(window_offset_places_bars)
{
	uint64_t addr;

	ASSERT_EQ(0, translating_up());
	bar_write(&card, 1, 0x1f00);
	bar_on(&card, 0x01000000);
	EXPECT_ANSWERS(bar(&card, 0), 0x91000000);
	EXPECT_ANSWERS(bar(&card, 1), 0x5f00);
	EXPECT_EQ(0x01000000U, reg_read(&card, PCI_BASE_ADDRESS_0, 4));
	EXPECT_TRUE(vmr_pci_bar_addr(&card, 0, &addr));
	EXPECT_EQ(0x91000000U, addr);
	bar_write(&card, 0, 0x01fff000);
	EXPECT_ANSWERS(bar(&card, 0), 0x91fff000);
	bar_write(&card, 0, 0xa0000000);
	EXPECT_ANSWERS(bar(&card, 0), 0xa0000000);
	/* The windows are also right of each other on the bus */
	bar_write(&card, 0, 0x02000000);
	EXPECT_ANSWERS(bar(&card, 0), 0x92000000);
	/* Outside: below, above, and at the CPU address */
	bar_write(&card, 0, 0x00fff000);
	EXPECT_EQ(VMR_FREE, state_of(bar(&card, 0)));
	EXPECT_EQ(VMR_PCI_HIDDEN_ADDRESS, vmr_pci_bar_hidden(&card, 0, NULL, NULL));
	bar_write(&card, 0, 0x91000000);
	EXPECT_EQ(VMR_FREE, state_of(bar(&card, 0)));
	bar_write(&card, 1, 0x5000);
	EXPECT_EQ(VMR_FREE, state_of(bar(&card, 1)));
	/* A 64-bit BAR above the windows, and in one */
	bar_write(&card, 3, 1);
	bar_write(&card, 2, 0x01000000);
	EXPECT_EQ(VMR_FREE, state_of(bar(&card, 2)));
	bar_write(&card, 3, 0);
	EXPECT_ANSWERS(bar(&card, 2), 0x91000000);
	/* The ports of a window are no memory */
	bar_write(&card, 0, 0x00001000);
	EXPECT_EQ(VMR_FREE, state_of(bar(&card, 0)));
	EXPECT_SOUND();
}

/* A BAR that leaves the end of its window is unmapped, though another one follows. */
TEST(window_offset_bar_across_the_end)
{
	static struct vmr_pci_function big;

	ASSERT_EQ(0, translating_up());
	ASSERT_EQ(0, card_init(&big));
	ASSERT_EQ(0, vmr_pci_add_bar(&big, 0, VMR_PCI_BAR_MEM32, false, 0x2000000,
				     "big"));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &big, 16));
	bar_on(&big, 0x02000000);
	EXPECT_EQ(VMR_FREE, state_of(bar(&big, 0)));
	bar_on(&big, 0);
	EXPECT_EQ(VMR_FREE, state_of(bar(&big, 0)));
}

/* Windows of bridges are translated too, and clipped to that of the host bridge. */
TEST(window_offset_bridge_window)
{
	static struct vmr_pci_function behind;

	ASSERT_EQ(0, translating_up());
	ASSERT_EQ(0, bridge_init(&bridge));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridge.fn, 16));
	ASSERT_EQ(0, card_with_bar(&behind));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &behind, 0));
	open_mem_window(&bridge, 0x01100000, 0x011fffff);
	reg_write(&bridge.fn, COMMAND, DECODE_MEM | DECODE_IO, 2);
	bar_on(&behind, 0x01180000);
	EXPECT_ANSWERS(bar(&behind, 0), 0x91180000);
	EXPECT_EQ(0x91100000U, bridge.mem.range.start);
	EXPECT_EQ(0x911fffffU, bridge.mem.range.last);
	open_mem_window(&bridge, 0x01100000, 0x0fffffff);
	EXPECT_EQ(0x91ffffffU, bridge.mem.range.last);
	EXPECT_ANSWERS(bar(&behind, 0), 0x91180000);
	/* It begins outside: closed */
	open_mem_window(&bridge, 0x00f00000, 0x0fffffff);
	EXPECT_EQ(VMR_FREE, state_of(&bridge.mem));
	EXPECT_EQ(VMR_PCI_HIDDEN_WINDOW, vmr_pci_bar_hidden(&behind, 0, NULL, NULL));
	EXPECT_SOUND();
}

/* Windows without an offset restrict nothing. */
TEST(window_without_offset)
{
	const struct vmr_pci_window window = {
		VMR_MMIO, 0, 0x91000000, 0x91ffffff, 0x91000000, "mem",
	};
	const struct vmr_pci_host_config config = {
		.bus_last = 15, .windows = &window, .nr_windows = 1,
	};

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, vmr_pci_host_register(&m.manager, &host, &config));
	ASSERT_EQ(0, card_with_bar(&card));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &card, 8));
	bar_on(&card, 0x81000000);
	EXPECT_ANSWERS(bar(&card, 0), 0x81000000);
}

TEST_HARNESS_MAIN
