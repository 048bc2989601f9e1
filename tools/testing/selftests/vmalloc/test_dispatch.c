// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_dispatch.c - dispatch of accesses, readers and the lookup cache
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "../kselftest_harness.h"
#include "call.h"
#include "machine.h"
#include "requires.h"

/*
 * A callback receives the base of the region, the offset, the width and the count.
 */
TEST(callback_gets_base_offset_width_count)
{
	struct probe p;
	uint8_t data[4];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "nic", VMR_MMIO, 0xfeb00000, 0x2000));

	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0xfeb01234, data, 4, 1));
	EXPECT_EQ(1U, seen.calls);
	EXPECT_EQ(0, seen.wrote);
	EXPECT_EQ(&p.dev, seen.dev);
	EXPECT_EQ(&p.region[0], seen.access.region);
	EXPECT_EQ(&m.reader, seen.access.reader);
	EXPECT_EQ(0xfeb00000U, seen.access.base);
	EXPECT_EQ(0x1234U, seen.access.offset);
	EXPECT_EQ(4U, seen.access.width);
	EXPECT_EQ(1U, seen.access.count);
	EXPECT_EQ(0, memcmp(data, "\x80\x81\x82\x83", 4));

	EXPECT_EQ(0, vmr_write(&m.reader, VMR_MMIO, 0xfeb00010, "abc", 3, 1));
	EXPECT_EQ(2U, seen.calls);
	EXPECT_EQ(1, seen.wrote);
	EXPECT_EQ(0x10U, seen.access.offset);
	EXPECT_EQ(3U, seen.access.width);
	EXPECT_EQ(0, memcmp(seen.data, "abc", 3));
}

/*
 * A number is dispatched with its lowest byte first. A read that fails returns ones: as
 * many bytes as were asked for, or eight if no bus has the width.
 */
TEST(number_access_little_endian)
{
	struct probe p;
	uint32_t width;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "nic", VMR_MMIO, 0xfeb00000, 0x2000));
	EXPECT_EQ(0x80U, vmr_read_le(&m.reader, VMR_MMIO, 0xfeb00000, 1));
	EXPECT_EQ(0x83828180U, vmr_read_le(&m.reader, VMR_MMIO, 0xfeb00000, 4));
	EXPECT_EQ(0x8786858483828180ULL,
		  vmr_read_le(&m.reader, VMR_MMIO, 0xfeb00000, 8));
	for (width = 1; width < 8; width++)
		EXPECT_EQ((1ULL << 8 * width) - 1,
			  vmr_read_le(&m.reader, VMR_MMIO, 0xfec00000, width));
	EXPECT_EQ(~0ULL, vmr_read_le(&m.reader, VMR_MMIO, 0xfec00000, 8));
	EXPECT_EQ(~0ULL, vmr_read_le(&m.reader, VMR_MMIO, 0xfeb00000, 9));
	EXPECT_EQ(~0ULL, vmr_read_le(&m.reader, VMR_MMIO, 0xfeb00000, 0));
	EXPECT_EQ(0xffU, vmr_read_le(NULL, VMR_MMIO, 0xfeb00000, 1));

	EXPECT_EQ(0, vmr_write_le(&m.reader, VMR_MMIO, 0xfeb00010, 0x12345678, 3));
	EXPECT_EQ(0x10U, seen.access.offset);
	EXPECT_EQ(3U, seen.access.width);
	EXPECT_EQ(0, memcmp(seen.data, "\x78\x56\x34", 3));
	EXPECT_EQ(0, vmr_write_le(&m.reader, VMR_MMIO, 0xfeb00000,
				  0x8786858483828180ULL, 8));
	EXPECT_EQ(0, memcmp(seen.data, "\x80\x81\x82\x83\x84\x85\x86\x87", 8));
	EXPECT_EQ(-ENXIO, vmr_write_le(&m.reader, VMR_MMIO, 0xfec00000, 1, 4));
	EXPECT_EQ(-EMSGSIZE, vmr_write_le(&m.reader, VMR_MMIO, 0xfeb00000, 1, 9));
	EXPECT_EQ(-EINVAL, vmr_write_le(NULL, VMR_MMIO, 0xfeb00000, 1, 4));
}

/*
 * Dispatch selects a region for every address of it and for no other address.
 */
TEST(region_dispatch_exact_addresses)
{
	struct probe a, b;
	uint64_t addr;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&a, "a", VMR_PIO, 0x3f8, 8));
	ASSERT_EQ(0, probe_up(&b, "b", VMR_PIO, 0x400, 1));
	for (addr = 0x3f0; addr < 0x410; addr++) {
		struct vmr_region *region = NULL;

		if (addr >= 0x3f8 && addr < 0x400)
			region = &a.region[0];
		if (addr == 0x400)
			region = &b.region[0];
		EXPECT_EQ(region, responder(VMR_PIO, addr));
	}
}

/* A port and a memory address of the same number are different addresses. */
TEST(port_and_memory_domains_separate)
{
	struct probe port, mem;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&port, "port", VMR_PIO, 0x1000, 0x10));
	ASSERT_EQ(0, probe_up(&mem, "mem", VMR_MMIO, 0x1008, 0x10));
	EXPECT_ANSWERS(&port.region[0], 0x1000);
	EXPECT_ANSWERS(&mem.region[0], 0x1008);
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
	EXPECT_NULL(responder(VMR_PIO, 0x1010));
}

/*
 * Port accesses have a width of 1, 2, 4 or 8 bytes; all others fail with -EMSGSIZE.
 * Ports that are mapped into memory, as on arm64, take 8 bytes.
 */
TEST(port_access_widths_1_2_4_8)
{
	struct probe p;
	uint8_t data[16];
	uint32_t width;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_PIO, 0x100, 0x100));
	for (width = 0; width <= 16; width++) {
		int ok = width == 1 || width == 2 || width == 4 || width == 8;

		EXPECT_EQ(ok ? 0 : -EMSGSIZE, vmr_read(&m.reader, VMR_PIO, 0x100,
						       data, width, 1));
		EXPECT_EQ(ok ? 0 : -EMSGSIZE, vmr_write(&m.reader, VMR_PIO,
							0x100, data, width, 1));
	}
	EXPECT_EQ(8U, seen.calls);
}

/*
 * Memory accesses have a width of 1 to 8 bytes; all others fail with -EMSGSIZE.
 */
TEST(memory_access_widths_1_to_8)
{
	struct probe p;
	uint8_t data[16];
	uint32_t width;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x100));
	for (width = 0; width <= 16; width++) {
		int ok = width >= 1 && width <= 8;

		EXPECT_EQ(ok ? 0 : -EMSGSIZE, vmr_read(&m.reader, VMR_MMIO,
						       0x1000, data, width, 1));
		EXPECT_EQ(ok ? 0 : -EMSGSIZE, vmr_write(&m.reader, VMR_MMIO,
							0x1000, data, width, 1));
	}
	EXPECT_EQ(16U, seen.calls);
}

/* An invalid width or count is reported before an address without a device. */
TEST(access_bad_width_precedes_no_device)
{
	uint8_t data[16];

	ASSERT_EQ(0, machine_up());
	EXPECT_EQ(-EMSGSIZE, vmr_read(&m.reader, VMR_PIO, 0x80, data, 3, 1));
	EXPECT_EQ(-EMSGSIZE, vmr_read(&m.reader, VMR_PIO, 0x80, data, 7, 1));
	EXPECT_EQ(-EMSGSIZE, vmr_write(&m.reader, VMR_PIO, 0x80, data, 0, 1));
	EXPECT_EQ(-EMSGSIZE, vmr_read(&m.reader, VMR_MMIO, 0x80, data, 9, 1));
	EXPECT_EQ(-EMSGSIZE, vmr_write(&m.reader, VMR_MMIO, 0x80, data, 9, 1));
	EXPECT_EQ(-EMSGSIZE, vmr_read(&m.reader, VMR_MMIO, 0x80, data, 1, 0));
	EXPECT_EQ(-EMSGSIZE, vmr_write(&m.reader, VMR_PIO, 0x80, data, 1, 0));
}

/* A string access calls the device once, with the count, for a single port. */
TEST(string_io_one_port_count_times)
{
	struct probe p;
	uint8_t data[64];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "ide", VMR_PIO, 0x1f0, 8));

	/* The transfer is longer than the region: only the width must fit. */
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_PIO, 0x1f4, data, 4, 16));
	EXPECT_EQ(1U, seen.calls);
	EXPECT_EQ(4U, seen.access.width);
	EXPECT_EQ(16U, seen.access.count);
	EXPECT_EQ(4U, seen.access.offset);
	EXPECT_EQ(0x80, data[0]);
	EXPECT_EQ(0xbf, data[63]);

	memset(data, 0x17, sizeof(data));
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_PIO, 0x1f0, data, 2, 32));
	EXPECT_EQ(0, memcmp(data, seen.data, 64));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_PIO, 0x1f5, data, 4, 16));
	EXPECT_EQ(2U, seen.calls);
}

/* An access that crosses the end of a region fails with -ENXIO. */
TEST(access_across_regions_enxio)
{
	struct probe p;
	uint8_t data[8];
	uint32_t width;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "two");
	/* Adjacent regions of one device. */
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x100));
	ASSERT_EQ(0, probe_region_at(&p, 1, VMR_MMIO, 0x1100, 0x100));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));

	for (width = 2; width <= 8; width++) {
		EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1100 - width, data,
				      width, 1));
		EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO,
					   0x1101 - width, data, width, 1));
		EXPECT_EQ(-ENXIO, vmr_write(&m.reader, VMR_MMIO,
					    0x1201 - width, data, width, 1));
		EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0xfff, data,
					   width, 1));
	}
	EXPECT_EQ(7U, seen.calls);
}

/* An access that crosses the end of the domain fails with -ENXIO. */
TEST(access_across_domain_end_enxio)
{
	struct probe port, mem;
	uint8_t data[8];

	ASSERT_EQ(0, machine_up_to(VMR_ADDR_MAX, 255));
	ASSERT_EQ(0, probe_up(&port, "port", VMR_PIO, 0xfff0, 0x10));
	ASSERT_EQ(0, probe_up(&mem, "mem", VMR_MMIO, VMR_ADDR_MAX - 0xfff, 0x1000));

	EXPECT_EQ(0, vmr_read(&m.reader, VMR_PIO, 0xfffe, data, 2, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_PIO, 0xffff, data, 2, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_PIO, 0x10000, data, 1, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_PIO, VMR_ADDR_MAX, data, 1, 1));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, VMR_ADDR_MAX - 7, data, 8, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, VMR_ADDR_MAX - 6, data, 8,
				   1));
	EXPECT_EQ(-ENXIO, vmr_write(&m.reader, VMR_MMIO, VMR_ADDR_MAX, data, 2, 1));
	EXPECT_EQ(2U, seen.calls);
}

/* Dispatch reaches regions at the first and at the last byte of the domain. */
TEST(domain_end_bytes_dispatched)
{
	struct probe low, high;

	ASSERT_EQ(0, machine_up_to(VMR_ADDR_MAX, 255));
	ASSERT_EQ(0, probe_up(&low, "low", VMR_MMIO, 0, 1));
	ASSERT_EQ(0, probe_up(&high, "high", VMR_MMIO, VMR_ADDR_MAX, 1));
	EXPECT_ANSWERS(&low.region[0], 0);
	EXPECT_ANSWERS(&high.region[0], VMR_ADDR_MAX);
	EXPECT_NULL(responder(VMR_MMIO, 1));
	EXPECT_NULL(responder(VMR_MMIO, VMR_ADDR_MAX - 1));
}

static void expect_ones(struct __test_metadata *_metadata, int err,
			enum vmr_io io, uint64_t addr, uint32_t width,
			uint32_t count)
{
	uint8_t data[80];
	size_t bytes = width > 8 ? 0 : (size_t)width * count, i;

	memset(data, 0x5a, sizeof(data));
	EXPECT_EQ(err, vmr_read(&m.reader, io, addr, data, width, count));
	for (i = 0; i < sizeof(data); i++)
		EXPECT_EQ(i < bytes ? 0xff : 0x5a, data[i]);
}

/*
 * A failed read fills exactly the bytes of the access with ones. A width that no bus
 * has, such as 9, says nothing about the memory, which is unchanged.
 */
TEST(failed_read_returns_all_ones)
{
	struct probe p;
	uint32_t width;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));

	for (width = 1; width <= 8; width++) {
		expect_ones(_metadata, -ENXIO, VMR_MMIO, 0x800, width, 1);
		expect_ones(_metadata, -ENXIO, VMR_MMIO, 0x1fff, width + 1 > 8 ?
			    8 : width + 1, 1);
	}
	expect_ones(_metadata, -ENXIO, VMR_PIO, 0x60, 4, 16);
	expect_ones(_metadata, -EMSGSIZE, VMR_PIO, 0x60, 3, 5);
	expect_ones(_metadata, -EMSGSIZE, VMR_MMIO, 0x1000, 9, 1);
	expect_ones(_metadata, -EMSGSIZE, VMR_MMIO, 0x1000, 16, 4);
	EXPECT_EQ(0U, seen.calls);
}

/*
 * An access with invalid arguments fails with -EINVAL and leaves the data
 * unchanged.
 */
TEST(access_invalid_argument_keeps_data)
{
	struct vmr_reader loose = { .manager = NULL };
	struct probe p;
	uint8_t data = 0x5a;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_PIO, 0x60, 1));
	EXPECT_EQ(-EINVAL, vmr_read(NULL, VMR_PIO, 0x60, &data, 1, 1));
	EXPECT_EQ(-EINVAL, vmr_read(&loose, VMR_PIO, 0x60, &data, 1, 1));
	EXPECT_EQ(-EINVAL, vmr_read(&m.reader, VMR_PIO, 0x60, NULL, 1, 1));
	EXPECT_EQ(-EINVAL, vmr_read(&m.reader, (enum vmr_io)2, 0x60, &data, 1,
				    1));
	EXPECT_EQ(-EINVAL, vmr_write(NULL, VMR_PIO, 0x60, &data, 1, 1));
	EXPECT_EQ(-EINVAL, vmr_write(&loose, VMR_PIO, 0x60, &data, 1, 1));
	EXPECT_EQ(-EINVAL, vmr_write(&m.reader, VMR_PIO, 0x60, NULL, 1, 1));
	EXPECT_EQ(-EINVAL, vmr_write(&m.reader, (enum vmr_io)2, 0x60, &data, 1,
				     1));
	/* An invalid argument is reported before the width and the address. */
	EXPECT_EQ(-EINVAL, vmr_read(&loose, VMR_PIO, 0x61, &data, 3, 1));
	EXPECT_EQ(0x5a, data);
	EXPECT_EQ(0U, seen.calls);
}

static const struct vmr_device_ops mute_ops;

/* A device without callbacks reads as all ones and ignores writes. */
TEST(device_without_callbacks_reads_ones)
{
	struct probe p;
	uint8_t data[5] = { 1, 2, 3, 4, 5 };

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "mute");
	p.dev.ops = &mute_ops;
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_PIO, 0x80, 4));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_PIO, 0x80, data, 2, 2));
	EXPECT_EQ(0, memcmp(data, "\xff\xff\xff\xff\x05", 5));
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_PIO, 0x80, data, 4, 1));
}

static const struct vmr_device_ops no_callbacks;

/*
 * A memory region occupies its addresses. If its device has no callbacks and it names
 * no memory, an access to it fails with -ENXIO.
 */
TEST(memory_region_not_dispatched)
{
	struct probe p, q;
	struct vmr_range *conflict = NULL;
	uint8_t byte = 0;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "ram");
	p.dev.ops = &no_callbacks;
	ASSERT_EQ(0, probe_region(&p, 0, VMR_MMIO, VMR_REGION_MEMORY, 0x10000));
	vmr_constraint_init_fixed(probe_want(&p), VMR_KIND_MEM, 0x10000, 0x10000,
				  &p.region[0].range);
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));

	EXPECT_NULL(responder(VMR_MMIO, 0x10000));
	EXPECT_NULL(responder(VMR_MMIO, 0x1ffff));
	EXPECT_EQ(-ENXIO, vmr_write(&m.reader, VMR_MMIO, 0x10000, &byte, 1, 1));
	EXPECT_EQ(&p.region[0], vmr_find_region(&m.manager, VMR_MMIO, 0x10000));

	probe_init(&q, "late");
	ASSERT_EQ(0, probe_region_at(&q, 0, VMR_MMIO, 0x1f000, 0x2000));
	REFUSED(-EBUSY, vmr_device_register(&m.manager, &q.dev, NULL, &conflict));
	EXPECT_EQ(&p.region[0].range, conflict);
}

/*
 * Dispatch reaches a subregion of a memory region, with offsets from its own
 * start.
 */
TEST(subregion_dispatched_in_memory)
{
	struct vmr_region part[2];
	struct probe p;
	uint8_t data[8];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, memory_with_subregions_up(&p, part, 0x100000));
	EXPECT_ANSWERS(&part[0], 0x103000);
	EXPECT_ANSWERS(&part[1], 0x104000);
	EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x100000));
	EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x102fff));
	EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x103800));
	EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x107fff));
	EXPECT_EQ(&p.dev, part[0].device);

	/* Offsets begin at the subregion, and an access must not leave it. */
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1037f8, data, 8, 1));
	EXPECT_EQ(0x103000U, seen.access.base);
	EXPECT_EQ(0x7f8U, seen.access.offset);
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x1037fc, data, 8, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x102ffc, data, 8, 1));
}

/* A subregion moves, and is unmapped, together with its memory region. */
TEST(subregion_moves_with_memory)
{
	struct vmr_region part[2];
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, memory_with_subregions_up(&p, part, 0x100000));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x200000));
	EXPECT_ANSWERS(&part[0], 0x203000);
	EXPECT_ANSWERS(&part[1], 0x204000);
	EXPECT_NULL(responder(VMR_MMIO, 0x103000));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	EXPECT_NULL(responder(VMR_MMIO, 0x203000));
	EXPECT_EQ(0, vmr_region_move(&m.manager, &p.region[0], 0x300000,
				     NULL));
	EXPECT_ANSWERS(&part[0], 0x303000);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_NULL(responder(VMR_MMIO, 0x303000));
}

/* No device answers at reserved addresses, and no request is placed there. */
TEST(reserved_region_unmapped_and_unusable)
{
	struct vmr_region lapic = { .name = "lapic" };
	struct vmr_range *conflict = NULL;
	struct probe hpet, p;

	ASSERT_EQ(0, machine_up());
	/* One reserved region of the machine, one of a device. */
	vmr_region_init(&lapic, VMR_MMIO, VMR_REGION_RESERVED, 0x1000, 0,
			"lapic");
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &lapic.range, 0xfee00000,
				 0xfee00fff, NULL));
	probe_init(&hpet, "hpet");
	ASSERT_EQ(0, probe_region(&hpet, 0, VMR_MMIO, VMR_REGION_RESERVED,
				  0x400));
	vmr_constraint_init_fixed(probe_want(&hpet), VMR_KIND_MMIO, 0xfed00000, 0x400,
				  &hpet.region[0].range);
	ASSERT_EQ(0, vmr_device_register(&m.manager, &hpet.dev, NULL, NULL));

	EXPECT_NULL(responder(VMR_MMIO, 0xfee00000));
	EXPECT_NULL(responder(VMR_MMIO, 0xfed00000));
	EXPECT_EQ(&lapic, vmr_find_region(&m.manager, VMR_MMIO, 0xfee00fff));

	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0xfee00800, 0x1000));
	REFUSED(-EBUSY, vmr_device_register(&m.manager, &p.dev, NULL, &conflict));
	EXPECT_EQ(&lapic.range, conflict);
	vmr_constraint_init_bounded(&p.want[0], VMR_KIND_MMIO, 0x1000, 1, 0xfee00000,
				    0xfee01ffe, &p.region[0].range);
	REFUSED(-ENOSPC, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	REFUSED(-ENOENT, vmr_device_unregister_at(&m.manager, VMR_MMIO, 0xfee00000, NULL));
}

static struct vmr_region *nested_hit;
static uint32_t depth_inside;

static void read_nested(struct probe *p, const struct vmr_access *access)
{
	uint8_t byte;

	p->result = vmr_read(access->reader, VMR_MMIO, 0x2004, &byte, 1, 1);
	nested_hit = seen.access.region;
	depth_inside = access->reader->depth;
}

/* A callback may make a nested access with its reader. */
TEST(callback_nested_access_dispatched)
{
	struct probe p, q;
	uint8_t byte;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));
	p.inside = read_nested;
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(2U, seen.calls);
	EXPECT_EQ(0, p.result);
	EXPECT_EQ(&q.region[0], nested_hit);
	EXPECT_EQ(1U, depth_inside);
	EXPECT_EQ(0U, m.reader.depth);

	/* A nested access without a device ends inside the callback. */
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &q.dev));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(-ENXIO, p.result);
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &q.dev));
}

static void move_self(struct probe *p, const struct vmr_access *access)
{
	uint64_t base = access->base;

	p->inside = NULL;
	p->result = vmr_region_program(&m.manager, &p->region[0], 0x7000);
	if (access->base != base || access->offset != 0x10)
		p->result = -1;
}

/*
 * The lookup cache of a reader returns no result that a change has invalidated.
 */
TEST(lookup_cache_valid_or_flushed)
{
	struct probe port, p, q;
	int i;

	ASSERT_EQ(0, machine_up());
	/* A port and a memory address of the same number. */
	ASSERT_EQ(0, probe_up(&port, "port", VMR_PIO, 0x1000, 0x10));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(&port.region[0], responder(VMR_PIO, 0x1000));
		EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x1000));
	}
	/* Moved, and replaced by another region. */
	EXPECT_EQ(0, vmr_region_move(&m.manager, &p.region[0], 0x4000, NULL));
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
	EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x4000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(&q.region[0], responder(VMR_MMIO, 0x1000));
	/* Moved: the same address has another offset. */
	EXPECT_EQ(0, vmr_region_move(&m.manager, &p.region[0], 0x3800, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x3800);
	EXPECT_NULL(responder(VMR_MMIO, 0x4800));
	/* Parked and programmed again. */
	EXPECT_EQ(0, vmr_region_park(&m.manager, &p.region[0], 0x3800));
	EXPECT_NULL(responder(VMR_MMIO, 0x3800));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x3800));
	EXPECT_ANSWERS(&p.region[0], 0x3800);
	/* Unregistered, its memory overwritten, and registered again. */
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	ASSERT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	memset(&p, 0xff, sizeof(p));
	EXPECT_NULL(responder(VMR_MMIO, 0x3800));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x3800, 0x400));
	EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x3800));
	EXPECT_NULL(responder(VMR_MMIO, 0x3c00));
	EXPECT_SOUND();
}

/* The base of an access does not change while its callback moves the region. */
TEST(access_base_stable_during_move)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	p.inside = move_self;
	EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x1010));
	EXPECT_EQ(0x1000U, seen.access.base);
	EXPECT_EQ(0, p.result);
	EXPECT_ANSWERS(&p.region[0], 0x7000);
}

static int detach_result;

static void detach_own_reader(struct probe *p, const struct vmr_access *access)
{
	(void)p;
	detach_result = vmr_reader_detach(access->reader);
}

/* Attachment and detachment of readers, and their errors. */
TEST(reader_attach_detach_error_list)
{
	struct vmr_reader reader[3] = { { .manager = NULL } };
	struct probe p;
	uint8_t byte;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(-EINVAL, vmr_reader_attach(NULL, &reader[0]));
	EXPECT_EQ(-EINVAL, vmr_reader_attach(&m.manager, NULL));
	EXPECT_EQ(-EINVAL, vmr_reader_detach(NULL));
	EXPECT_EQ(-ENOENT, vmr_reader_detach(&reader[0]));
	EXPECT_EQ(0, vmr_reader_attach(&m.manager, &reader[0]));
	EXPECT_EQ(-EEXIST, vmr_reader_attach(&m.manager, &reader[0]));
	EXPECT_EQ(0, vmr_reader_attach(&m.manager, &reader[1]));
	EXPECT_EQ(0, vmr_reader_attach(&m.manager, &reader[2]));
	/* From the middle of the list. */
	EXPECT_EQ(0, vmr_reader_detach(&reader[1]));
	EXPECT_EQ(-ENOENT, vmr_reader_detach(&reader[1]));
	EXPECT_EQ(-EINVAL, vmr_read(&reader[1], VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(0, vmr_read(&reader[0], VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(0, vmr_read(&reader[2], VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(0, vmr_reader_attach(&m.manager, &reader[1]));
	EXPECT_EQ(0, vmr_read(&reader[1], VMR_MMIO, 0x1000, &byte, 1, 1));

	p.inside = detach_own_reader;
	EXPECT_EQ(0, vmr_read(&reader[1], VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(-EDEADLK, detach_result);
	EXPECT_EQ(0, vmr_reader_detach(&reader[1]));
}

/*
 * After a rollover, the generation of a slot may repeat; the rollover count flushes the
 * lookup cache.
 */
TEST(slot_rollover_flushes_lookup_cache)
{
	struct vmr_generations *generations = &m.sys.generations;
	uint32_t counts[VMR_NR_GENERATIONS], i;
	struct probe p;
	uint8_t data;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	for (i = 0; i < VMR_NR_GENERATIONS; i++)
		generations->gen[i] = (1U << 14) - 1;
	memcpy(counts, generations->gen, sizeof(counts));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &data, 1, 1));
	EXPECT_EQ(0U, generations->rollover);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_LE(1U, generations->rollover);
	EXPECT_NE(0, memcmp(counts, generations->gen, sizeof(counts)));
	/* The slot of the region repeats, and so does its own generation */
	memcpy(generations->gen, counts, sizeof(counts));
	p.region[0].generation = 0;
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x1000, &data, 1, 1));
	EXPECT_SOUND();
}

/* The same for the generation of a region. */
TEST(region_rollover_flushes_lookup_cache)
{
	struct vmr_generations *generations = &m.sys.generations;
	struct probe p;
	uint8_t data;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	p.region[0].generation = 0xffff;
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &data, 1, 1));
	EXPECT_EQ(0U, generations->rollover);
	EXPECT_EQ(0, vmr_region_move(&m.manager, &p.region[0], 0x4000, NULL));
	EXPECT_EQ(0U, p.region[0].generation);
	EXPECT_EQ(1U, generations->rollover);
	p.region[0].generation = 0xffff;
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x1000, &data, 1, 1));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x4000, &data, 1, 1));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x4000, &data, 1, 1));
	EXPECT_SOUND();
}

/* A reader cannot be detached during its lookup. */
TEST(reader_detach_in_lookup_edeadlk)
{
	struct call call = { .addr = 0x1000 };
	pthread_t caller;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, reader_attach(&call.reader));
	vmr_seqcount_write_begin(&m.sys.seq);
	ASSERT_EQ(0, pthread_create(&caller, NULL, call_thread, &call));
	wait_for_lookup(&call.reader);
	EXPECT_EQ(-EDEADLK, vmr_reader_detach(&call.reader));
	vmr_seqcount_write_end(&m.sys.seq);
	pthread_join(caller, NULL);
	EXPECT_EQ(0, vmr_reader_detach(&call.reader));
}

/*
 * Readers that race with changes. The address of racer i after g changes is a function
 * of both. A reader accepts a result that was correct at some moment of its access:
 * not before the last change that was complete when the access began, and not after
 * the last change that had begun when the access ended.
 */
#define RACERS		6
#define RACE_BASE	0x100000u
#define RACE_SIZE	0x100u
#define POISON_BASE	0x80000u	/* registrations here fail */
#define MAGIC		0x600dcafeu

struct racer {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_constraint	want;
	struct vmr_resource	got;
	unsigned int		index;
	int			refuse;
	unsigned int		magic;
};

/* Outside of struct racer, which is overwritten while it is unregistered. */
static struct racer racers[RACERS];
static unsigned int begun[RACERS], completed[RACERS];
static unsigned int race_ended;

struct race_reader {
	struct vmr_reader	reader;
	pthread_t		thread;
	uint32_t		random;
	unsigned int		since[RACERS];
	unsigned int		hits;
	unsigned int		misses;
	unsigned int		overlaps;	/* accesses during a change */
	unsigned int		errors;
	unsigned int		hit;
	char			pad[64];
};

static uint32_t mix(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7feb352d;
	x ^= x >> 15;
	x *= 0x846ca68b;
	return x ^ x >> 16;
}

/* 0 is unmapped. The first three racers move, the others are plugged and unplugged. */
static uint32_t race_place(unsigned int i, unsigned int g)
{
	uint32_t slot = mix(i * 0x9e3779b9u + g) % 16;

	if (i < RACERS / 2 ? g % 8 == 0 : g % 2 == 0)
		return 0;
	return RACE_BASE + (slot * RACERS + i) * RACE_SIZE;
}

static void race_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	struct racer *racer = owner_of(dev, struct racer, dev);
	struct race_reader *r = owner_of(access->reader, struct race_reader, reader);
	unsigned int i = racer->index, g, last, ok = 0;

	(void)data;
	if (racer->magic != MAGIC || i >= RACERS ||
	    access->region != &racer->region || access->offset >= RACE_SIZE) {
		r->errors++;
		return;
	}
	last = get_flag(&begun[i]);
	for (g = r->since[i]; g <= last; g++)
		ok |= access->base == race_place(i, g);
	if (!ok)
		r->errors++;
	r->hit = i + 1;
	/* No callback runs in a drained device. */
	if (racer->magic != MAGIC)
		r->errors++;
}

static int race_set_resources(struct vmr_device *dev,
			      const struct vmr_resource_set *set)
{
	(void)set;
	return owner_of(dev, struct racer, dev)->refuse;
}

static const struct vmr_device_ops race_ops = {
	.read = race_read,
	.set_resources = race_set_resources,
};

/* Access the expected address of racer i and check the result. */
static void race_one(struct race_reader *r, unsigned int i)
{
	unsigned int k, unchanged = 1;
	uint32_t base, offset;
	uint8_t byte = 0;
	int ret;

	for (k = 0; k < RACERS; k++)
		r->since[k] = get_flag(&completed[k]);
	base = race_place(i, r->since[i]);
	offset = r->random >> 8 & (RACE_SIZE - 1);
	if (!base)
		base = POISON_BASE;
	r->hit = 0;
	ret = vmr_read(&r->reader, VMR_MMIO, base + offset, &byte, 1, 1);
	if (get_flag(&begun[i]) != r->since[i])
		unchanged = 0;
	set_flag(&r->overlaps, r->overlaps + !unchanged);
	if (ret == 0)
		r->hits++;
	else
		r->misses++;
	if (base == POISON_BASE ? !ret : unchanged && (ret || r->hit != i + 1))
		r->errors++;
	if (ret && (ret != -ENXIO || byte != 0xff || r->hit))
		r->errors++;
}

static void *race_thread(void *arg)
{
	struct race_reader *r = arg;

	while (!get_flag(&race_ended)) {
		r->random = r->random * 1664525u + 1013904223u;
		race_one(r, (r->random >> 24) % RACERS);
	}
	return NULL;
}

/* Initialise racer i, whatever its memory contains. */
static int racer_init(unsigned int i)
{
	struct racer *racer = &racers[i];

	memset(racer, 0, sizeof(*racer));
	racer->index = i;
	racer->dev.ops = &race_ops;
	vmr_region_init(&racer->region, VMR_MMIO, VMR_REGION_TRAPPED,
			RACE_SIZE, 0, "racer");
	vmr_resource_set_init(&racer->dev.resources, &racer->got, 1);
	racer->dev.constraints = &racer->want;
	racer->magic = MAGIC;
	return vmr_device_add_region(&racer->dev, &racer->region);
}

static int racer_register(unsigned int i, uint32_t base, int refuse)
{
	struct racer *racer = &racers[i];

	racer->refuse = refuse;
	racer->dev.nr_constraints = base ? 1 : 0;
	vmr_constraint_init_fixed(&racer->want, VMR_KIND_MMIO, base, RACE_SIZE,
				  &racer->region.range);
	return vmr_device_register(&m.manager, &racer->dev, NULL, NULL) != refuse;
}

/* Return: 0 if the change of racer @i succeeded. */
static int race_move(unsigned int i, unsigned int g)
{
	struct vmr_region *region = &racers[i].region;
	uint32_t base = race_place(i, g);

	if (!base)
		return vmr_region_unmap(&m.manager, region);
	if (g % 2)
		return vmr_region_move(&m.manager, region, base, NULL);
	return vmr_region_program(&m.manager, region, base);
}

static int race_plug(unsigned int i, unsigned int g)
{
	uint32_t base = race_place(i, g);
	int ret;

	if (base)
		return racer_register(i, base, 0);
	ret = vmr_device_unregister(&m.manager, &racers[i].dev) != 1;
	/* Register again at once, or after a drain with overwritten memory. */
	if (g % 4) {
		ret |= vmr_device_drain(&m.manager, &racers[i].dev);
		memset(&racers[i], 0xdd, sizeof(racers[i]));
		ret |= racer_init(i);
	}
	/* A registration that fails late never maps its region. */
	return ret | racer_register(i, POISON_BASE, -EBUSY);
}

static int race_change(unsigned int i)
{
	unsigned int g = begun[i] + 1;
	int ret;

	set_flag(&begun[i], g);
	ret = i < RACERS / 2 ? race_move(i, g) : race_plug(i, g);
	set_flag(&completed[i], g);
	return ret;
}

#define RACE_READERS	2
#define RACE_CHANGES	50000u
#define RACE_OVERLAPS	1000u

/* VMR_TEST_MOVES=1000000 makes the long form. */
static unsigned int race_changes(void)
{
	const char *given = getenv("VMR_TEST_MOVES");

	return given ? (unsigned int)strtoul(given, NULL, 0) :
		       RACE_CHANGES / test_part();
}

FIXTURE(race)
{
};

FIXTURE_SETUP(race)
{
	NEEDS(threads);
}

FIXTURE_TEARDOWN(race)
{
}

/*
 * Every access during changes has a result that was correct at some moment of the
 * access.
 */
TEST_F_TIMEOUT(race, dispatch_correct_during_changes, 600)
{
	static struct race_reader r[RACE_READERS];
	unsigned int changes = race_changes();
	unsigned int i, n, failed = 0, overlaps = 0, hits = 0;

	ASSERT_EQ(0, machine_up());
	for (i = 0; i < RACERS; i++) {
		ASSERT_EQ(0, racer_init(i));
		if (i < RACERS / 2)
			ASSERT_EQ(0, racer_register(i, 0, 0));
	}
	for (i = 0; i < RACE_READERS; i++) {
		r[i].random = i + 1;
		ASSERT_EQ(0, reader_attach(&r[i].reader));
		ASSERT_EQ(0, pthread_create(&r[i].thread, NULL, race_thread,
					    &r[i]));
	}
	/* Until enough accesses overlap a change; one CPU needs more changes. */
	for (n = 0; n < changes ||
	     (n < 500 * RACE_CHANGES && overlaps < RACE_OVERLAPS / test_part()); n++) {
		failed += race_change(mix(n) % RACERS) != 0;
		if (n % 1024)
			continue;
		sched_yield();
		for (i = 0, overlaps = 0; i < RACE_READERS; i++)
			overlaps += get_flag(&r[i].overlaps);
	}
	set_flag(&race_ended, 1);
	for (i = 0; i < RACE_READERS; i++) {
		pthread_join(r[i].thread, NULL);
		EXPECT_EQ(0U, r[i].errors);
		hits += r[i].hits;
		EXPECT_EQ(0, vmr_reader_detach(&r[i].reader));
	}
	TH_LOG("%u changes, %u hits, %u accesses during a change", n, hits,
	       overlaps);
	EXPECT_EQ(0U, failed);
	EXPECT_LE(RACE_OVERLAPS / test_part(), overlaps);
	EXPECT_LE(1000 / test_part(), hits);
	EXPECT_SOUND();
}

static void *steady_read_thread(void *arg)
{
	struct race_reader *r = arg;
	uint8_t byte;

	while (!get_flag(&race_ended)) {
		set_flag(&r->hits, r->hits + 1);
		if (vmr_read(&r->reader, VMR_MMIO, r->random, &byte, 1, 1))
			r->errors++;
	}
	return NULL;
}

static void start_steady_reads(struct race_reader *r, uint32_t addr)
{
	r->random = addr;
	reader_attach(&r->reader);
	pthread_create(&r->thread, NULL, steady_read_thread, r);
	while (!get_flag(&r->hits))
		sched_yield();
}

/* An address that a move covers before and after is mapped all the time. */
TEST(move_overlap_always_mapped)
{
	static struct race_reader r;
	struct probe p;
	unsigned int i;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x10000, 0x2000));
	/* The callbacks write no shared data. */
	p.dev.ops = &mute_ops;
	start_steady_reads(&r, 0x11800);
	for (i = 0; i < 20000 / test_part(); i++) {
		EXPECT_EQ(0, i & 2 ?
			  vmr_region_program(&m.manager, &p.region[0],
					     0x10000 + (i & 1 ? 0 : 0x1000)) :
			  vmr_region_move(&m.manager, &p.region[0],
					  0x10000 + (i & 1 ? 0 : 0x1000),
					   NULL));
	}
	set_flag(&race_ended, 1);
	pthread_join(r.thread, NULL);
	EXPECT_EQ(0U, r.errors);
}

/*
 * If a claim waits, addresses pass to it from their owner without an unmapped
 * moment.
 */
TEST(handover_has_no_unmapped_moment)
{
	static struct race_reader r;
	struct probe p[2];
	unsigned int i;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, probe_up(&p[i], "p", VMR_MMIO, 0x10000 * (i + 1),
				      0x1000));
		p[i].dev.ops = &mute_ops;
	}
	start_steady_reads(&r, 0x10800);
	for (i = 0; i < 20000 / test_part(); i++) {
		struct probe *holder = &p[i & 1], *next_owner = &p[~i & 1];

		/* The claim becomes live in the write section of the move. */
		EXPECT_EQ(0, vmr_region_program(&m.manager, &next_owner->region[0],
						0x10000));
		EXPECT_EQ(0, vmr_region_program(&m.manager, &holder->region[0],
						0x20000));
		EXPECT_EQ(VMR_LIVE, state_of(&next_owner->region[0]));
	}
	set_flag(&race_ended, 1);
	pthread_join(r.thread, NULL);
	EXPECT_EQ(0U, r.errors);
}

TEST_HARNESS_MAIN
