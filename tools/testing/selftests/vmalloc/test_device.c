// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_device.c - devices, their regions, and the routing of exits to them
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "../kselftest_harness.h"
#include "requires.h"

#include "machine.h"

/*
 * Routing
 */

TEST(a_device_is_told_base_offset_width_and_count)
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

TEST(every_address_of_a_region_and_no_other_is_routed_to_it)
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
		EXPECT_EQ(region, who(VMR_PIO, addr));
	}
}

TEST(ports_and_memory_are_two_domains)
{
	struct probe port, mem;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&port, "port", VMR_PIO, 0x1000, 0x10));
	ASSERT_EQ(0, probe_up(&mem, "mem", VMR_MMIO, 0x1008, 0x10));
	EXPECT_ANSWERS(&port.region[0], 0x1000);
	EXPECT_ANSWERS(&mem.region[0], 0x1008);
	EXPECT_NULL(who(VMR_MMIO, 0x1000));
	EXPECT_NULL(who(VMR_PIO, 0x1010));
}

TEST(ports_have_widths_1_2_and_4)
{
	struct probe p;
	uint8_t data[16];
	uint32_t width;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_PIO, 0x100, 0x100));
	for (width = 0; width <= 16; width++) {
		int ok = width == 1 || width == 2 || width == 4;

		EXPECT_EQ(ok ? 0 : -EMSGSIZE, vmr_read(&m.reader, VMR_PIO, 0x100,
						       data, width, 1));
		EXPECT_EQ(ok ? 0 : -EMSGSIZE, vmr_write(&m.reader, VMR_PIO,
							0x100, data, width, 1));
	}
	EXPECT_EQ(6U, seen.calls);
}

TEST(memory_has_widths_1_to_8)
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

TEST(a_width_no_bus_has_goes_before_nobody_there)
{
	uint8_t data[16];

	ASSERT_EQ(0, machine_up());
	EXPECT_EQ(-EMSGSIZE, vmr_read(&m.reader, VMR_PIO, 0x80, data, 3, 1));
	EXPECT_EQ(-EMSGSIZE, vmr_read(&m.reader, VMR_PIO, 0x80, data, 8, 1));
	EXPECT_EQ(-EMSGSIZE, vmr_write(&m.reader, VMR_PIO, 0x80, data, 0, 1));
	EXPECT_EQ(-EMSGSIZE, vmr_read(&m.reader, VMR_MMIO, 0x80, data, 9, 1));
	EXPECT_EQ(-EMSGSIZE, vmr_write(&m.reader, VMR_MMIO, 0x80, data, 9, 1));
	EXPECT_EQ(-EMSGSIZE, vmr_read(&m.reader, VMR_MMIO, 0x80, data, 1, 0));
	EXPECT_EQ(-EMSGSIZE, vmr_write(&m.reader, VMR_PIO, 0x80, data, 1, 0));
}

TEST(string_io_goes_to_one_port_count_times)
{
	struct probe p;
	uint8_t data[64];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "ide", VMR_PIO, 0x1f0, 8));

	/* More bytes than the region has: only the width has to fit. */
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

TEST(an_access_lies_inside_one_region)
{
	struct probe p;
	uint8_t data[8];
	uint32_t width;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "two");
	/* Neighbours, of one device even. */
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x100));
	ASSERT_EQ(0, probe_region_at(&p, 1, VMR_MMIO, 0x1100, 0x100));
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));

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

TEST(an_access_does_not_leave_the_domain)
{
	struct probe port, mem;
	uint8_t data[8];

	ASSERT_EQ(0, machine_up_to(VMR_MAX, 255));
	ASSERT_EQ(0, probe_up(&port, "port", VMR_PIO, 0xfff0, 0x10));
	ASSERT_EQ(0, probe_up(&mem, "mem", VMR_MMIO, VMR_MAX - 0xfff, 0x1000));

	EXPECT_EQ(0, vmr_read(&m.reader, VMR_PIO, 0xfffe, data, 2, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_PIO, 0xffff, data, 2, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_PIO, 0x10000, data, 1, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_PIO, VMR_MAX, data, 1, 1));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, VMR_MAX - 7, data, 8, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, VMR_MAX - 6, data, 8,
				   1));
	EXPECT_EQ(-ENXIO, vmr_write(&m.reader, VMR_MMIO, VMR_MAX, data, 2, 1));
	EXPECT_EQ(2U, seen.calls);
}

TEST(the_first_and_the_last_byte_of_the_domain_are_routed)
{
	struct probe low, high;

	ASSERT_EQ(0, machine_up_to(VMR_MAX, 255));
	ASSERT_EQ(0, probe_up(&low, "low", VMR_MMIO, 0, 1));
	ASSERT_EQ(0, probe_up(&high, "high", VMR_MMIO, VMR_MAX, 1));
	EXPECT_ANSWERS(&low.region[0], 0);
	EXPECT_ANSWERS(&high.region[0], VMR_MAX);
	EXPECT_NULL(who(VMR_MMIO, 1));
	EXPECT_NULL(who(VMR_MMIO, VMR_MAX - 1));
}

static void expect_ones(struct __test_metadata *_metadata, int err,
			enum vmr_io io, uint64_t addr, uint32_t width,
			uint32_t count)
{
	uint8_t data[80];
	size_t bytes = (size_t)width * count, i;

	memset(data, 0x5a, sizeof(data));
	EXPECT_EQ(err, vmr_read(&m.reader, io, addr, data, width, count));
	for (i = 0; i < sizeof(data); i++)
		EXPECT_EQ(i < bytes ? 0xff : 0x5a, data[i]);
}

TEST(a_read_that_fails_is_all_ones)
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

TEST(a_call_that_makes_no_sense_touches_no_data)
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
	/* The first row that matches, before the width and the address. */
	EXPECT_EQ(-EINVAL, vmr_read(&loose, VMR_PIO, 0x61, &data, 3, 1));
	EXPECT_EQ(0x5a, data);
	EXPECT_EQ(0U, seen.calls);
}

static const struct vmr_device_ops mute_ops;

TEST(a_device_without_callbacks_reads_as_ones_and_ignores_writes)
{
	struct probe p;
	uint8_t data[5] = { 1, 2, 3, 4, 5 };

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "mute");
	p.dev.ops = &mute_ops;
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_PIO, 0x80, 4));
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_PIO, 0x80, data, 2, 2));
	EXPECT_EQ(0, memcmp(data, "\xff\xff\xff\xff\x05", 5));
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_PIO, 0x80, data, 4, 1));
}

/*
 * Memory, parts, reservations
 */

TEST(memory_takes_addresses_and_traps_nothing)
{
	struct probe p, q;
	struct vmr_range *conflict = NULL;
	uint8_t byte = 0;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "ram");
	ASSERT_EQ(0, probe_region(&p, 0, VMR_MMIO, VMR_REGION_MEMORY, 0x10000));
	vmr_constraint_at(probe_want(&p), VMR_KIND_MEM, 0x10000, 0x10000,
			  &p.region[0].range);
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));

	EXPECT_NULL(who(VMR_MMIO, 0x10000));
	EXPECT_NULL(who(VMR_MMIO, 0x1ffff));
	EXPECT_EQ(-ENXIO, vmr_write(&m.reader, VMR_MMIO, 0x10000, &byte, 1, 1));
	EXPECT_EQ(&p.region[0], vmr_region_at(&m.manager, VMR_MMIO, 0x10000));

	probe_init(&q, "late");
	ASSERT_EQ(0, probe_region_at(&q, 0, VMR_MMIO, 0x1f000, 0x2000));
	REFUSED(-EBUSY, vmr_register(&m.manager, &q.dev, NULL, &conflict));
	EXPECT_EQ(&p.region[0].range, conflict);
}

/* Memory with an MSI-X table at 0x3000 and its pending bits at 0x4000. */
static int msix_up(struct probe *p, struct vmr_region part[2], uint64_t start)
{
	int ret;

	memset(part, 0, 2 * sizeof(*part));
	probe_init(p, "msix");
	ret = probe_region(p, 0, VMR_MMIO, VMR_REGION_MEMORY, 0x8000);
	if (ret)
		return ret;
	vmr_region_init(&part[0], VMR_MMIO, VMR_REGION_TRAPPED, 0x800, 10,
			"table");
	part[0].offset = 0x3000;
	vmr_region_init(&part[1], VMR_MMIO, VMR_REGION_TRAPPED, 8, 11, "bits");
	part[1].offset = 0x4000;
	ret = vmr_add_part(&p->region[0], &part[0]);
	if (!ret)
		ret = vmr_add_part(&p->region[0], &part[1]);
	vmr_constraint_at(probe_want(p), VMR_KIND_MMIO, start, 0x8000,
			  &p->region[0].range);
	return ret ? ret : vmr_register(&m.manager, &p->dev, NULL, NULL);
}

TEST(a_part_of_memory_is_trapped)
{
	struct vmr_region part[2];
	struct probe p;
	uint8_t data[8];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, msix_up(&p, part, 0x100000));
	EXPECT_ANSWERS(&part[0], 0x103000);
	EXPECT_ANSWERS(&part[1], 0x104000);
	EXPECT_NULL(who(VMR_MMIO, 0x100000));
	EXPECT_NULL(who(VMR_MMIO, 0x102fff));
	EXPECT_NULL(who(VMR_MMIO, 0x103800));
	EXPECT_NULL(who(VMR_MMIO, 0x107fff));
	EXPECT_EQ(&p.dev, part[0].device);

	/* The part counts from its own start, and an access stays inside it. */
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1037f8, data, 8, 1));
	EXPECT_EQ(0x103000U, seen.access.base);
	EXPECT_EQ(0x7f8U, seen.access.offset);
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x1037fc, data, 8, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x102ffc, data, 8, 1));
}

TEST(a_part_moves_with_its_memory)
{
	struct vmr_region part[2];
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, msix_up(&p, part, 0x100000));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x200000));
	EXPECT_ANSWERS(&part[0], 0x203000);
	EXPECT_ANSWERS(&part[1], 0x204000);
	EXPECT_NULL(who(VMR_MMIO, 0x103000));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	EXPECT_NULL(who(VMR_MMIO, 0x203000));
	EXPECT_EQ(0, vmr_region_place(&m.manager, &p.region[0], 0x300000,
				      NULL));
	EXPECT_ANSWERS(&part[0], 0x303000);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	EXPECT_NULL(who(VMR_MMIO, 0x303000));
}

TEST(a_part_knows_its_device_in_whichever_order_they_met)
{
	struct vmr_region part = { .offset = 0x10, .size = 0x10 };
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	vmr_region_init(&p.region[0], VMR_MMIO, VMR_REGION_MEMORY, 0x100, 0,
			NULL);
	ASSERT_EQ(0, vmr_add_part(&p.region[0], &part));
	ASSERT_EQ(0, vmr_add_region(&p.dev, &p.region[0]));
	EXPECT_EQ(&p.dev, part.device);
}

TEST(adding_a_part_is_refused)
{
	struct vmr_region other = { .size = 0x10 };
	struct vmr_region part[2];
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, msix_up(&p, part, 0x100000));
	ASSERT_EQ(1, vmr_unlink(&m.manager, &p.dev));

	EXPECT_EQ(-EINVAL, vmr_add_part(NULL, &other));
	EXPECT_EQ(-EINVAL, vmr_add_part(&p.region[0], NULL));
	other.size = 0;
	EXPECT_EQ(-EINVAL, vmr_add_part(&p.region[0], &other));
	other.size = 1;
	p.region[0].type = VMR_REGION_TRAPPED;
	EXPECT_EQ(-EINVAL, vmr_add_part(&p.region[0], &other));
	p.region[0].type = VMR_REGION_MEMORY;
	EXPECT_EQ(-EEXIST, vmr_add_part(&p.region[0], &part[1]));

	other.offset = 0x8000;
	EXPECT_EQ(-ERANGE, vmr_add_part(&p.region[0], &other));
	other.offset = 0x7fff;
	other.size = 2;
	EXPECT_EQ(-ERANGE, vmr_add_part(&p.region[0], &other));
	other.size = VMR_MAX;
	EXPECT_EQ(-ERANGE, vmr_add_part(&p.region[0], &other));
	other.offset = VMR_MAX;
	other.size = 2;
	EXPECT_EQ(-ERANGE, vmr_add_part(&p.region[0], &other));

	other.offset = 0x2fff;
	EXPECT_EQ(-EBUSY, vmr_add_part(&p.region[0], &other));
	other.offset = 0x37ff;
	EXPECT_EQ(-EBUSY, vmr_add_part(&p.region[0], &other));
	other.offset = 0x3800;
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(-EBUSY, vmr_add_part(&p.region[0], &other));
	EXPECT_NULL(other.device);
	EXPECT_NULL(who(VMR_MMIO, 0x103800));
	ASSERT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_add_part(&p.region[0], &other));
	EXPECT_EQ(-EEXIST, vmr_add_part(&p.region[0], &other));
}

TEST(a_part_is_added_once_before_its_memory_has_a_device_too)
{
	struct vmr_region part = { .offset = 0x10, .size = 0x10 };
	struct vmr_region mem = { .size = 0x100, .type = VMR_REGION_MEMORY };

	EXPECT_EQ(0, vmr_add_part(&mem, &part));
	EXPECT_EQ(-EEXIST, vmr_add_part(&mem, &part));
	EXPECT_EQ(&part, mem.parts);
	EXPECT_NULL(part.next);
}

TEST(nothing_answers_or_is_placed_where_addresses_are_reserved)
{
	struct vmr_region lapic = { .tag = "lapic" };
	struct vmr_range *conflict = NULL;
	struct probe hpet, p;

	ASSERT_EQ(0, machine_up());
	/* The machine's own, and one that a device has. */
	vmr_region_init(&lapic, VMR_MMIO, VMR_REGION_RESERVED, 0x1000, 0,
			"lapic");
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &lapic.range, 0xfee00000,
				 0xfee00fff, NULL));
	probe_init(&hpet, "hpet");
	ASSERT_EQ(0, probe_region(&hpet, 0, VMR_MMIO, VMR_REGION_RESERVED,
				  0x400));
	vmr_constraint_at(probe_want(&hpet), VMR_KIND_MMIO, 0xfed00000, 0x400,
			  &hpet.region[0].range);
	ASSERT_EQ(0, vmr_register(&m.manager, &hpet.dev, NULL, NULL));

	EXPECT_NULL(who(VMR_MMIO, 0xfee00000));
	EXPECT_NULL(who(VMR_MMIO, 0xfed00000));
	EXPECT_EQ(&lapic, vmr_region_at(&m.manager, VMR_MMIO, 0xfee00fff));

	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0xfee00800, 0x1000));
	REFUSED(-EBUSY, vmr_register(&m.manager, &p.dev, NULL, &conflict));
	EXPECT_EQ(&lapic.range, conflict);
	vmr_constraint_within(&p.want[0], VMR_KIND_MMIO, 0x1000, 1, 0xfee00000,
			      0xfee01ffe, &p.region[0].range);
	REFUSED(-ENOSPC, vmr_register(&m.manager, &p.dev, NULL, NULL));
	REFUSED(-ENOENT, vmr_unlink_at(&m.manager, VMR_MMIO, 0xfee00000, NULL));
}

/*
 * Registering
 */

TEST(registering_gives_an_id_and_every_range_and_tells_the_device)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_region(&p, 1, VMR_PIO, VMR_REGION_TRAPPED, 8));
	ASSERT_EQ(0, probe_region(&p, 2, VMR_MMIO, VMR_REGION_TRAPPED, 0x10));
	vmr_constraint_init(probe_want(&p), VMR_KIND_PIO, 8,
			    &p.region[1].range);
	vmr_constraint_init(probe_want(&p), VMR_KIND_MSI, 4, &p.node[0]);
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));

	EXPECT_EQ(1U, p.granted);
	EXPECT_EQ(3U, p.dev.resources.nr);
	EXPECT_EQ(VMR_DEVICE_PRESENT, (enum vmr_device_state)p.dev.state);
	EXPECT_EQ(0U, vmr_id(&p.dev.id));
	EXPECT_ANSWERS(&p.region[0], 0x1000);
	EXPECT_ANSWERS(&p.region[1], 0);
	/* Nobody asked for a place for this one. */
	EXPECT_EQ(VMR_FREE, state_of(&p.region[2]));
	EXPECT_EQ(0, vmr_region_place(&m.manager, &p.region[2], 0x8000, NULL));
	EXPECT_ANSWERS(&p.region[2], 0x8000);
	EXPECT_SOUND();
}

TEST(device_ids_are_the_smallest_free_ones)
{
	struct probe p[4];
	unsigned int i;

	ASSERT_EQ(0, machine_up());
	for (i = 0; i < 4; i++) {
		probe_init(&p[i], "p");
		ASSERT_EQ(0, vmr_register(&m.manager, &p[i].dev, NULL, NULL));
		EXPECT_EQ(i, vmr_id(&p[i].dev.id));
	}
	EXPECT_EQ(0, vmr_unlink(&m.manager, &p[1].dev));
	EXPECT_EQ(0, vmr_unlink(&m.manager, &p[2].dev));
	ASSERT_EQ(0, vmr_register(&m.manager, &p[2].dev, NULL, NULL));
	EXPECT_EQ(1U, vmr_id(&p[2].dev.id));
	EXPECT_EQ(&p[2].dev, vmr_device_by_id(&m.manager, 1));
	EXPECT_NULL(vmr_device_by_id(&m.manager, 2));
}

static uint8_t byte_while_granted;

static void read_while_granted(struct probe *p)
{
	p->result = vmr_read(&m.reader, VMR_MMIO, p->want[0].range->start,
			     &byte_while_granted, 1, 1);
}

TEST(nothing_answers_before_the_device_was_told)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	p.on_grant = read_while_granted;
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(1U, p.granted);
	EXPECT_EQ(-ENXIO, p.result);
	EXPECT_EQ(0xff, byte_while_granted);
	EXPECT_EQ(0U, seen.calls);
	EXPECT_ANSWERS(&p.region[0], 0x1000);
}

/* A device that wants something of every domain. */
static int greedy_init(struct probe *p)
{
	int ret;

	probe_init(p, "greedy");
	ret = probe_region_at(p, 0, VMR_MMIO, 0x10000, 0x1000);
	if (!ret)
		ret = probe_region(p, 1, VMR_PIO, VMR_REGION_TRAPPED, 0x20);
	if (!ret)
		ret = probe_region(p, 2, VMR_MMIO, VMR_REGION_TRAPPED, 0x4000);
	if (!ret)
		ret = probe_region(p, 3, VMR_MMIO, VMR_REGION_MEMORY, 0x20000);
	vmr_constraint_init(probe_want(p), VMR_KIND_PIO, 0x20,
			    &p->region[1].range);
	vmr_constraint_init(probe_want(p), VMR_KIND_MMIO, 0x4000,
			    &p->region[2].range);
	vmr_constraint_init(probe_want(p), VMR_KIND_MEM, 0x20000,
			    &p->region[3].range);
	vmr_constraint_init(probe_want(p), VMR_KIND_IRQ, 1, &p->node[0]);
	vmr_constraint_init(probe_want(p), VMR_KIND_MSI, 8, &p->node[1]);
	vmr_constraint_init(probe_want(p), VMR_KIND_MSIX, 5, &p->node[2]);
	vmr_constraint_init(probe_want(p), VMR_KIND_MEM_SLOT, 1, &p->node[3]);
	return ret;
}

/* Where a want can never be met, whatever its kind. */
static void spoil(struct vmr_constraint *c)
{
	c->req.policy = VMR_FIRST;
	c->req.min = VMR_MAX - 1;
	c->req.max = VMR_MAX;
}

TEST(a_device_is_registered_whole_or_not_at_all)
{
	struct vmr_constraint want[PROBE_WANTS];
	struct probe other, p;
	struct diary d;
	size_t i, failed;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&other, "other", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, diary_start(&d));
	ASSERT_EQ(0, greedy_init(&p));
	memcpy(want, p.want, sizeof(want));

	for (i = 0; i < p.dev.nr_constraints; i++) {
		spoil(&p.want[i]);
		failed = 99;
		REFUSED(-ERANGE, vmr_register(&m.manager, &p.dev, &failed,
					      NULL));
		EXPECT_EQ(i, failed);
		EXPECT_EQ(VMR_DEVICE_ABSENT,
			  (enum vmr_device_state)p.dev.state);
		EXPECT_EQ(0UL, p.dev.id.node.link);
		EXPECT_EQ(0U, p.dev.resources.nr);
		EXPECT_EQ(0U, p.granted);
		memcpy(p.want, want, sizeof(want));
	}

	/* The last step of all: the device itself says no. */
	p.refuse = -EBUSY;
	REFUSED(-EBUSY, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(1U, p.granted);
	EXPECT_EQ(0U, p.dev.resources.nr);
	EXPECT_EQ(0U, d.nr);

	/* Marks of ids never handed out are as if nothing had been tried. */
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.irqs, 0, NULL));
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.slots, 0, NULL));
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.ids, 1, NULL));

	p.refuse = 0;
	EXPECT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(1U, vmr_id(&p.dev.id));
	EXPECT_SOUND();
}

static struct vmr_range stray;

static void take_a_stray(struct probe *p)
{
	p->result = vmr_id_alloc_at(&m.sys.irqs, &stray, 40, NULL);
}

/* What set_resources() took before it refused is no part of the registration. */
TEST(a_refused_registration_forgets_no_id_that_others_have)
{
	struct vmr_range *freed = NULL;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	memset(&stray, 0, sizeof(stray));
	p.on_grant = take_a_stray;
	p.refuse = -EBUSY;
	EXPECT_EQ(-EBUSY, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(0, p.result);
	EXPECT_EQ(0, vmr_id_free(&m.sys.irqs, 40, &freed));
	EXPECT_EQ(&stray, freed);
	EXPECT_SOUND();
}

TEST(each_want_may_be_the_one_that_is_taken)
{
	struct vmr_range block[PROBE_WANTS];
	struct vmr_range *conflict;
	struct probe p;
	size_t i, failed;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, greedy_init(&p));
	memset(block, 0, sizeof(block));
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	/* Ask for exactly what it got, while somebody else has one of these. */
	for (i = 0; i < p.dev.nr_constraints; i++) {
		p.want[i].req.policy = VMR_EXACT;
		p.want[i].req.addr = p.got[i].start;
	}
	ASSERT_LT(0, vmr_unlink(&m.manager, &p.dev));
	for (i = 0; i < p.dev.nr_constraints; i++) {
		struct vmr_space *space = vmr_system_space(&m.sys,
							   p.want[i].kind);
		uint64_t at = p.want[i].req.addr + p.want[i].req.size - 1;

		ASSERT_EQ(0, vmr_reserve(space, &block[i], at, at, NULL));
		conflict = NULL;
		REFUSED(-EBUSY, vmr_register(&m.manager, &p.dev, &failed,
					     &conflict));
		EXPECT_EQ(i, failed);
		EXPECT_EQ(&block[i], conflict);
		ASSERT_EQ(0, vmr_free(space, &block[i]));
	}
	EXPECT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_SOUND();
}

TEST(without_a_device_id_nothing_is_registered)
{
	struct probe p[3];
	size_t failed = 99;

	ASSERT_EQ(0, machine_up_to(MACHINE_LAST, 1));
	ASSERT_EQ(0, probe_up(&p[0], "0", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&p[1], "1", VMR_MMIO, 0x2000, 0x1000));
	probe_init(&p[2], "2");
	ASSERT_EQ(0, probe_region_at(&p[2], 0, VMR_MMIO, 0x3000, 0x1000));
	REFUSED(-ENOSPC, vmr_register(&m.manager, &p[2].dev, &failed, NULL));
	EXPECT_EQ(1U, failed);
	EXPECT_EQ(0U, p[2].granted);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p[0].dev));
	EXPECT_EQ(0, vmr_register(&m.manager, &p[2].dev, NULL, NULL));
	EXPECT_EQ(0U, vmr_id(&p[2].dev.id));
}

/*
 * 0x1000 and 0x2800 in [0, 0x37ff] fit in one way only, and the fixed range is
 * in the way unless it goes first.
 */
static int tight_init(struct probe *p, const unsigned int order[3])
{
	static const uint64_t size[3] = { 0x100, 0x1000, 0x2000 };
	int ret = 0;
	size_t i;

	probe_init(p, "tight");
	for (i = 0; i < 3 && !ret; i++)
		ret = probe_region(p, i, VMR_MMIO, VMR_REGION_TRAPPED, size[i]);
	for (i = 0; i < 3; i++) {
		unsigned int k = order[i];
		struct vmr_constraint *c = probe_want(p);

		if (k == 0)
			vmr_constraint_at(c, VMR_KIND_MMIO, 0, 0x100,
					  &p->region[0].range);
		else
			vmr_constraint_within(c, VMR_KIND_MMIO, size[k],
					      size[k], 0, 0x3fff,
					      &p->region[k].range);
	}
	return ret;
}

TEST(the_order_of_the_wants_does_not_matter)
{
	static const unsigned int orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	static const uint64_t at[3] = { 0, 0x1000, 0x2000 };
	struct probe p;
	size_t i, k;

	ASSERT_EQ(0, machine_up());
	for (i = 0; i < NR(orders); i++) {
		ASSERT_EQ(0, tight_init(&p, orders[i]));
		EXPECT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
		for (k = 0; k < 3; k++) {
			const struct vmr_resource *res = &p.got[k];

			/* Granted in an order of its own, stored in ours. */
			EXPECT_ANSWERS(&p.region[k], at[k]);
			EXPECT_EQ(&p.region[orders[i][k]].range, res->range);
			EXPECT_EQ(at[orders[i][k]], res->start);
			EXPECT_EQ(res->range->last, res->last);
		}
		EXPECT_EQ(3, vmr_unlink(&m.manager, &p.dev));
	}
}

TEST(registering_is_refused)
{
	struct vmr_range stray = { .start = 0 };
	struct probe p, q;
	size_t failed;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_region(&p, 1, VMR_PIO, VMR_REGION_TRAPPED, 0x10));

	REFUSED(-EINVAL, vmr_register(NULL, &p.dev, NULL, NULL));
	REFUSED(-EINVAL, vmr_register(&m.manager, NULL, NULL, NULL));
	p.dev.ops = NULL;
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));
	p.dev.ops = &probe_ops;
	p.dev.constraints = NULL;
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));
	p.dev.constraints = p.want;
	p.dev.resources.max = 0;
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));
	p.dev.resources.max = PROBE_WANTS;
	p.dev.resources.entries = NULL;
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));
	p.dev.resources.entries = p.got;

	/* A second want that cannot be asked for. */
	p.dev.nr_constraints = 2;
	vmr_constraint_init(&p.want[1], VMR_KIND_DEVICE, 1, &p.node[0]);
	failed = 99;
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, &failed, NULL));
	EXPECT_EQ(1U, failed);
	p.want[1].kind = VMR_KIND_PCI;
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));
	p.want[1].kind = VMR_KIND_MAC;
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));
	p.want[1].kind = VMR_KIND_USER;
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));
	/* No range, one in no region, one of another size or domain, twice. */
	vmr_constraint_init(&p.want[1], VMR_KIND_IRQ, 1, NULL);
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));
	vmr_constraint_init(&p.want[1], VMR_KIND_MMIO, 0x1000, &p.node[0]);
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));
	vmr_constraint_init(&p.want[1], VMR_KIND_PIO, 8, &p.region[1].range);
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));
	vmr_constraint_init(&p.want[1], VMR_KIND_MMIO, 0x10,
			    &p.region[1].range);
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));
	vmr_constraint_init(&p.want[1], VMR_KIND_IRQ, 1, &p.region[1].range);
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));
	vmr_constraint_at(&p.want[1], VMR_KIND_MMIO, 0x4000, 0x1000,
			  &p.region[0].range);
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));

	/* A range that is in a space already, asked for or not. */
	vmr_constraint_init(&p.want[1], VMR_KIND_IRQ, 1, &p.node[0]);
	ASSERT_EQ(0, vmr_id_alloc(&m.sys.irqs, &p.node[0]));
	REFUSED(-EEXIST, vmr_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_id_release(&m.sys.irqs, &p.node[0]));
	p.dev.nr_constraints = 1;
	ASSERT_EQ(0, vmr_reserve(&m.sys.pio, &p.region[1].range, 0, 0xf, NULL));
	REFUSED(-EEXIST, vmr_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_free(&m.sys.pio, &p.region[1].range));

	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	REFUSED(-EEXIST, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x1000);

	/* What the engine says comes through. */
	probe_init(&q, "q");
	ASSERT_EQ(0, probe_region_at(&q, 0, VMR_MMIO, VMR_MAX - 0xffe, 0x1000));
	REFUSED(-EOVERFLOW, vmr_register(&m.manager, &q.dev, NULL, NULL));
	q.want[0].req.addr = MACHINE_LAST;
	REFUSED(-ERANGE, vmr_register(&m.manager, &q.dev, NULL, NULL));
	q.want[0].req.align = 3;
	REFUSED(-EINVAL, vmr_register(&m.manager, &q.dev, NULL, NULL));
	EXPECT_EQ(0UL, stray.node.link);
}

TEST(the_first_matching_row_of_the_errors_is_returned)
{
	struct probe p, q;

	ASSERT_EQ(0, machine_up_to(MACHINE_LAST, 0));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));

	/* Registered, and a want that makes no sense. */
	p.want[0].req.size = 0x800;
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));

	/* No id is left, but there is more to be said first. */
	probe_init(&q, "q");
	ASSERT_EQ(0, probe_region_at(&q, 0, VMR_MMIO, 0x3000, 0x1000));
	vmr_constraint_init(probe_want(&q), VMR_KIND_IRQ, 1, &q.node[0]);
	vmr_constraint_init(probe_want(&q), VMR_KIND_IRQ, 1, &q.node[0]);
	REFUSED(-EINVAL, vmr_register(&m.manager, &q.dev, NULL, NULL));
	q.dev.nr_constraints = 2;
	q.dev.resources.max = 1;
	REFUSED(-EINVAL, vmr_register(&m.manager, &q.dev, NULL, NULL));
	q.dev.resources.max = PROBE_WANTS;
	ASSERT_EQ(0, vmr_id_alloc(&m.sys.irqs, &q.node[0]));
	REFUSED(-EEXIST, vmr_register(&m.manager, &q.dev, NULL, NULL));
	/* A range in use, and behind it a want that makes no sense. */
	vmr_constraint_init(probe_want(&q), VMR_KIND_IRQ, 1, NULL);
	REFUSED(-EINVAL, vmr_register(&m.manager, &q.dev, NULL, NULL));
}

TEST(adding_a_region_is_refused)
{
	struct vmr_region region = { .size = 0 };
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	probe_init(&q, "q");
	EXPECT_EQ(-EINVAL, vmr_add_region(&q.dev, &region));
	region.size = 1;
	EXPECT_EQ(-EINVAL, vmr_add_region(NULL, &region));
	EXPECT_EQ(-EINVAL, vmr_add_region(&q.dev, NULL));
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &region.range, 0, 0, NULL));
	EXPECT_EQ(-EEXIST, vmr_add_region(&q.dev, &region));
	ASSERT_EQ(0, vmr_free(&m.sys.mmio, &region.range));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(-EEXIST, vmr_add_region(&q.dev, &p.region[0]));
	EXPECT_EQ(-EBUSY, vmr_add_region(&p.dev, &region));
	EXPECT_NULL(region.device);
	EXPECT_EQ(0, vmr_add_region(&q.dev, &region));
	EXPECT_EQ(-EEXIST, vmr_add_region(&q.dev, &region));
}

TEST(initialisation_is_refused)
{
	struct vmr_listener mute = { .moved = NULL };

	EXPECT_EQ(-EINVAL, vmr_manager_init(NULL, &m.sys));
	EXPECT_EQ(-EINVAL, vmr_manager_init(&m.manager, NULL));
	ASSERT_EQ(0, machine_up());
	EXPECT_EQ(-EINVAL, vmr_listen(NULL, &mute));
	EXPECT_EQ(-EINVAL, vmr_listen(&m.manager, NULL));
	EXPECT_EQ(-EINVAL, vmr_listen(&m.manager, &mute));
	EXPECT_EQ(-EINVAL, vmr_unlisten(NULL, &mute));
	EXPECT_EQ(-EINVAL, vmr_unlisten(&m.manager, NULL));
	EXPECT_EQ(-ENOENT, vmr_unlisten(&m.manager, &mute));
}

/*
 * Unlinking and draining
 */

TEST(unlinking_gives_everything_back)
{
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&q, "q", VMR_PIO, 0x60, 1));
	see_before();
	ASSERT_EQ(0, greedy_init(&p));
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	/* Four ranges are I/O regions; vectors and slots do not count. */
	EXPECT_EQ(4, vmr_unlink(&m.manager, &p.dev));
	EXPECT_NULL(who(VMR_MMIO, 0x10000));
	EXPECT_EQ(0, vmr_drain(&m.manager, &p.dev));

	/* All as before but for the marks of what was once handed out. */
	m.sys.irqs.issued = 0;
	m.sys.slots.issued = 0;
	m.sys.ids.issued = 1;
	EXPECT_TRUE(same_as_before());
	EXPECT_EQ(0U, p.dev.resources.nr);
	EXPECT_SOUND();
}

TEST(unlinking_counts_the_regions_that_were_visible)
{
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x1000, 0x1000));
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region(&p, 0, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	ASSERT_EQ(0, probe_region(&p, 1, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	ASSERT_EQ(0, probe_region(&p, 2, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	ASSERT_EQ(0, probe_region(&p, 3, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x4000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[1], 0x1000));
	ASSERT_EQ(0, vmr_region_park(&m.manager, &p.region[2], 0x6000));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	EXPECT_EQ(0U, m.sys.mmio.nr_claims);
	EXPECT_SOUND();
}

TEST(unlinking_is_refused)
{
	struct vmr_device *dev = NULL;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	REFUSED(-EINVAL, vmr_unlink(NULL, &p.dev));
	REFUSED(-EINVAL, vmr_unlink(&m.manager, NULL));
	REFUSED(-ENOENT, vmr_unlink(&m.manager, &p.dev));
	REFUSED(-EINVAL, vmr_unlink_at(NULL, VMR_MMIO, 0, &dev));
	REFUSED(-ENOENT, vmr_unlink_at(&m.manager, VMR_MMIO, 0, &dev));
	REFUSED(-ENOENT, vmr_unlink_at(&m.manager, (enum vmr_io)7, 0, &dev));
	EXPECT_NULL(dev);
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	REFUSED(-ENOENT, vmr_unlink(&m.manager, &p.dev));
}

TEST(a_device_is_unlinked_by_any_of_its_addresses)
{
	struct vmr_device *dev = NULL;
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_region_at(&p, 1, VMR_PIO, 0x60, 4));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));

	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(2, vmr_unlink_at(&m.manager, VMR_MMIO, 0x1fff, &dev));
	EXPECT_EQ(&p.dev, dev);
	EXPECT_NULL(who(VMR_PIO, 0x60));
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(2, vmr_unlink_at(&m.manager, VMR_PIO, 0x63, NULL));
	EXPECT_NULL(who(VMR_MMIO, 0x1000));
	EXPECT_ANSWERS(&q.region[0], 0x2000);
}

TEST(another_managers_device_is_refused)
{
	static struct vmr_system sys;
	const struct vmr_limits limits = { .mmio_last = VMR_MAX };
	struct vmr_manager other;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_system_init(&sys, &limits));
	ASSERT_EQ(0, vmr_manager_init(&other, &sys));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	REFUSED(-ENOENT, vmr_unlink(&other, &p.dev));
	REFUSED(-ENOENT, vmr_region_program(&other, &p.region[0], 0x4000));
	REFUSED(-ENOENT, vmr_region_park(&other, &p.region[0], 0x4000));
	REFUSED(-ENOENT, vmr_region_unmap(&other, &p.region[0]));
	REFUSED(-ENOENT, vmr_region_place(&other, &p.region[0], 0x4000, NULL));
	EXPECT_EQ(0U, sys.mmio.nr_ranges);
	EXPECT_EQ(0U, sys.mmio.nr_claims);
	EXPECT_ANSWERS(&p.region[0], 0x1000);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
}

static void unlink_myself(struct probe *p, const struct vmr_access *access)
{
	(void)access;
	p->result = vmr_unlink(&m.manager, &p->dev);
}

TEST(a_device_may_unlink_itself_in_its_callback)
{
	struct probe p;
	uint8_t data;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	p.inside = unlink_myself;
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &data, 1, 1));
	EXPECT_EQ(0x80, data);
	EXPECT_EQ(1, p.result);
	EXPECT_NULL(who(VMR_MMIO, 0x1000));
	EXPECT_EQ(0, vmr_drain(&m.manager, &p.dev));
	EXPECT_SOUND();
}

static int drained_inside, drain_inside;

static void drain_myself(struct probe *p, const struct vmr_access *access)
{
	(void)access;
	p->result = vmr_unlink(&m.manager, &p->dev);
	drained_inside = vmr_drained(&m.manager, &p->dev);
	drain_inside = vmr_drain(&m.manager, &p->dev);
}

TEST(a_drain_inside_a_callback_is_refused)
{
	struct probe p, gone;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	p.inside = drain_myself;
	EXPECT_EQ(&p.region[0], who(VMR_MMIO, 0x1000));
	EXPECT_EQ(-EAGAIN, drained_inside);
	EXPECT_EQ(-EDEADLK, drain_inside);
	EXPECT_EQ(0, vmr_drained(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_drain(&m.manager, &p.dev));
	probe_init(&gone, "gone");
	EXPECT_EQ(0, vmr_drain(&m.manager, &gone.dev));
}

static struct probe *victim;

static void drain_victim(struct probe *p, const struct vmr_access *access)
{
	(void)access;
	p->result = vmr_unlink(&m.manager, &victim->dev);
	drained_inside = vmr_drained(&m.manager, &victim->dev);
	drain_inside = vmr_drain(&m.manager, &victim->dev);
}

TEST(a_drain_of_another_device_inside_a_callback_is_refused)
{
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));
	victim = &q;
	p.inside = drain_victim;
	EXPECT_EQ(&p.region[0], who(VMR_MMIO, 0x1000));
	EXPECT_EQ(1, p.result);
	/* Nobody is inside it, so asking is answered and waiting is refused. */
	EXPECT_EQ(0, drained_inside);
	EXPECT_EQ(-EDEADLK, drain_inside);
}

TEST(draining_is_refused)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(-EINVAL, vmr_drain(NULL, &p.dev));
	EXPECT_EQ(-EINVAL, vmr_drain(&m.manager, NULL));
	EXPECT_EQ(-EINVAL, vmr_drained(NULL, &p.dev));
	EXPECT_EQ(-EINVAL, vmr_drained(&m.manager, NULL));
	EXPECT_EQ(-EBUSY, vmr_drain(&m.manager, &p.dev));
	EXPECT_EQ(-EBUSY, vmr_drained(&m.manager, &p.dev));
}

static struct vmr_region *nested_hit;
static uint32_t depth_inside;

static void read_victim(struct probe *p, const struct vmr_access *access)
{
	uint8_t byte;

	p->result = vmr_read(access->reader, VMR_MMIO, 0x2004, &byte, 1, 1);
	nested_hit = seen.access.region;
	depth_inside = access->reader->depth;
}

TEST(a_callback_may_route_a_nested_access)
{
	struct probe p, q;
	uint8_t byte;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));
	p.inside = read_victim;
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(2U, seen.calls);
	EXPECT_EQ(0, p.result);
	EXPECT_EQ(&q.region[0], nested_hit);
	EXPECT_EQ(1U, depth_inside);
	EXPECT_EQ(0U, m.reader.depth);

	/* A nested access to nobody ends inside the callback, too. */
	EXPECT_EQ(1, vmr_unlink(&m.manager, &q.dev));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(-ENXIO, p.result);
	EXPECT_EQ(0, vmr_drain(&m.manager, &q.dev));
}

#define DEPTH	(VMR_READER_NESTING + 3)

static struct probe ladder[DEPTH];
static int drained_at_the_end[DEPTH];

/* The last one unlinks all of them and asks for each. */
static void climb(struct probe *p, const struct vmr_access *access)
{
	size_t i = p - ladder;
	uint8_t byte;

	if (i + 1 < DEPTH) {
		p->result = vmr_read(access->reader, VMR_PIO, i + 1, &byte, 1,
				     1);
		return;
	}
	for (i = 0; i < DEPTH; i++) {
		vmr_unlink(&m.manager, &ladder[i].dev);
		drained_at_the_end[i] = vmr_drained(&m.manager, &ladder[i].dev);
	}
	drain_inside = vmr_drain(&m.manager, &ladder[0].dev);
}

TEST(nesting_deeper_than_names_are_kept_still_counts_as_inside)
{
	uint8_t byte;
	size_t i;

	ASSERT_EQ(0, machine_up());
	for (i = 0; i < DEPTH; i++) {
		ASSERT_EQ(0, probe_up(&ladder[i], "rung", VMR_PIO, i, 1));
		ladder[i].inside = climb;
	}
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_PIO, 0, &byte, 1, 1));
	for (i = 0; i < DEPTH; i++) {
		EXPECT_EQ(0, ladder[i].result);
		EXPECT_EQ(-EAGAIN, drained_at_the_end[i]);
		EXPECT_EQ(0, vmr_drain(&m.manager, &ladder[i].dev));
	}
	EXPECT_EQ(-EDEADLK, drain_inside);
	EXPECT_EQ((unsigned int)DEPTH, seen.calls);
}

TEST(an_unlinked_device_may_be_registered_again_at_once)
{
	struct probe p;
	int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
		p.want[0].req.addr += 0x1000;
		EXPECT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
		EXPECT_ANSWERS(&p.region[0], p.want[0].req.addr);
	}
	EXPECT_SOUND();
}

static void come_back(struct probe *p, const struct vmr_access *access)
{
	(void)access;
	p->inside = NULL;
	p->result = vmr_unlink(&m.manager, &p->dev);
	p->want[0].req.addr += 0x1000;
	if (p->result == 1)
		p->result = vmr_register(&m.manager, &p->dev, NULL, NULL);
	drained_inside = vmr_drained(&m.manager, &p->dev);
	/* Once more, to be asked while the first callback still runs. */
	if (!p->result)
		p->result = vmr_unlink(&m.manager, &p->dev);
	drain_inside = vmr_drained(&m.manager, &p->dev);
}

TEST(a_device_may_be_registered_again_in_its_own_callback)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	p.inside = come_back;
	EXPECT_EQ(&p.region[0], who(VMR_MMIO, 0x1000));
	EXPECT_EQ(1, p.result);
	EXPECT_EQ(-EBUSY, drained_inside);
	EXPECT_EQ(-EAGAIN, drain_inside);
	EXPECT_EQ(0, vmr_drained(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x2000);
}

/*
 * Finding devices
 */

TEST(devices_are_found_by_id_name_and_address)
{
	struct probe a, b, c;

	ASSERT_EQ(0, machine_up());
	EXPECT_NULL(vmr_next_device(&m.manager, NULL));
	ASSERT_EQ(0, probe_up(&a, "disk", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&b, "net", VMR_PIO, 0x1000, 0x10));
	ASSERT_EQ(0, probe_up(&c, NULL, VMR_MMIO, 0x3000, 0x1000));

	EXPECT_EQ(&a.dev, vmr_device_by_id(&m.manager, 0));
	EXPECT_EQ(&c.dev, vmr_device_by_id(&m.manager, 2));
	EXPECT_NULL(vmr_device_by_id(&m.manager, 3));
	EXPECT_NULL(vmr_device_by_id(NULL, 0));
	EXPECT_EQ(&b.dev, vmr_device_by_name(&m.manager, "net"));
	EXPECT_NULL(vmr_device_by_name(&m.manager, "ne"));
	EXPECT_NULL(vmr_device_by_name(&m.manager, "nets"));
	EXPECT_NULL(vmr_device_by_name(&m.manager, NULL));
	EXPECT_NULL(vmr_device_by_name(NULL, "net"));
	EXPECT_EQ(&b.region[0], vmr_region_at(&m.manager, VMR_PIO, 0x100f));
	EXPECT_NULL(vmr_region_at(&m.manager, VMR_PIO, 0x1010));
	EXPECT_NULL(vmr_region_at(&m.manager, (enum vmr_io)2, 0x1000));
	EXPECT_NULL(vmr_region_at(NULL, VMR_PIO, 0x1000));

	EXPECT_EQ(&a.dev, vmr_next_device(&m.manager, NULL));
	EXPECT_EQ(&b.dev, vmr_next_device(&m.manager, &a.dev));
	EXPECT_EQ(&c.dev, vmr_next_device(&m.manager, &b.dev));
	EXPECT_NULL(vmr_next_device(&m.manager, &c.dev));
	EXPECT_NULL(vmr_next_device(NULL, NULL));

	/* The first of a name, in the order of registration. */
	b.dev.name = "disk";
	EXPECT_EQ(&a.dev, vmr_device_by_name(&m.manager, "disk"));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &a.dev));
	EXPECT_EQ(&b.dev, vmr_device_by_name(&m.manager, "disk"));
	EXPECT_NULL(vmr_device_by_id(&m.manager, 0));
	EXPECT_EQ(&b.dev, vmr_next_device(&m.manager, NULL));
	EXPECT_NULL(vmr_next_device(&m.manager, &a.dev));
}

/*
 * Moving, claiming, parking
 */

TEST(a_region_is_placed_where_it_is_free)
{
	struct vmr_range *conflict = NULL;
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x8000, 0x1000));

	EXPECT_EQ(0, vmr_region_place(&m.manager, &p.region[0], 0x4000, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x4000);
	EXPECT_NULL(who(VMR_MMIO, 0x1000));
	/* Its own old place does not stand in its way. */
	EXPECT_EQ(0, vmr_region_place(&m.manager, &p.region[0], 0x4800, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x4800);
	EXPECT_EQ(0, vmr_region_place(&m.manager, &p.region[0], 0x4001, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x4001);

	REFUSED(-EBUSY, vmr_region_place(&m.manager, &p.region[0], 0x7001,
					 &conflict));
	EXPECT_EQ(&q.region[0].range, conflict);
	REFUSED(-EBUSY, vmr_region_place(&m.manager, &p.region[0], 0x8fff,
					 NULL));
	REFUSED(-ERANGE, vmr_region_place(&m.manager, &p.region[0],
					  MACHINE_LAST - 0xffe, NULL));
	REFUSED(-EOVERFLOW, vmr_region_place(&m.manager, &p.region[0],
					     VMR_MAX - 0xffe, NULL));
	REFUSED(-EINVAL, vmr_region_place(NULL, &p.region[0], 0, NULL));
	REFUSED(-EINVAL, vmr_region_place(&m.manager, NULL, 0, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x4001);

	EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	REFUSED(-ENOENT, vmr_region_place(&m.manager, &p.region[0], 0x4000,
					  NULL));
	REFUSED(-EOVERFLOW, vmr_region_place(&m.manager, &p.region[0],
					     VMR_MAX - 0xffe, NULL));
	REFUSED(-ENOENT, vmr_region_program(&m.manager, &p.region[0], 0x4000));
	REFUSED(-ENOENT, vmr_region_park(&m.manager, &p.region[0], 0x4000));
	REFUSED(-ENOENT, vmr_region_unmap(&m.manager, &p.region[0]));
	REFUSED(-EINVAL, vmr_region_program(NULL, &p.region[0], 0x4000));
	REFUSED(-EINVAL, vmr_region_park(&m.manager, NULL, 0x4000));
	REFUSED(-EINVAL, vmr_region_unmap(&m.manager, NULL));
	EXPECT_SOUND();
}

TEST(the_last_place_of_the_domain_can_be_had)
{
	struct probe p;

	ASSERT_EQ(0, machine_up_to(VMR_MAX, 255));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0],
					VMR_MAX - 0xfff));
	EXPECT_ANSWERS(&p.region[0], VMR_MAX - 0xfff);
	EXPECT_EQ(0, vmr_region_place(&m.manager, &p.region[0], 0, NULL));
	EXPECT_ANSWERS(&p.region[0], 0);
}

TEST(a_programmed_region_is_where_it_was_programmed)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up_unmapped(&p, "p", VMR_MMIO, 0x1000));
	EXPECT_EQ(VMR_FREE, state_of(&p.region[0]));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x5000));
	EXPECT_ANSWERS(&p.region[0], 0x5000);
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x5800));
	EXPECT_ANSWERS(&p.region[0], 0x5800);
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	EXPECT_EQ(VMR_FREE, state_of(&p.region[0]));
	EXPECT_NULL(who(VMR_MMIO, 0x5800));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	EXPECT_SOUND();
}

TEST(a_place_outside_the_domain_unmaps)
{
	static const uint64_t outside[] = {
		MACHINE_LAST - 0xffe, MACHINE_LAST + 1, VMR_MAX - 0xfff,
		VMR_MAX - 0xffe, VMR_MAX,
	};
	struct probe p;
	size_t i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up_unmapped(&p, "p", VMR_MMIO, 0x1000));
	for (i = 0; i < NR(outside); i++) {
		ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[0],
						0x5000));
		EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0],
						outside[i]));
		EXPECT_EQ(VMR_FREE, state_of(&p.region[0]));
		EXPECT_NULL(who(VMR_MMIO, 0x5000));
		EXPECT_EQ(0U, m.sys.mmio.nr_claims);
		ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[0],
						0x5000));
		EXPECT_EQ(0, vmr_region_park(&m.manager, &p.region[0],
					     outside[i]));
		EXPECT_EQ(VMR_FREE, state_of(&p.region[0]));
	}
	EXPECT_SOUND();
}

/* A holder at 0x1000, and claims on its place, the first being the oldest. */
static int claims_up(struct probe *holder, struct probe *c, size_t nr)
{
	int ret = probe_up(holder, "holder", VMR_MMIO, 0x1000, 0x1000);
	size_t i;

	for (i = 0; i < nr && !ret; i++) {
		ret = probe_up_unmapped(&c[i], "claim", VMR_MMIO, 0x1000);
		if (!ret)
			ret = vmr_region_program(&m.manager, &c[i].region[0],
						 0x1000);
	}
	return ret;
}

TEST(an_occupied_place_makes_a_claim_and_the_holder_keeps_answering)
{
	struct probe holder, c;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, claims_up(&holder, &c, 1));
	EXPECT_EQ(VMR_CLAIMED, state_of(&c.region[0]));
	EXPECT_EQ(0x1000U, c.region[0].range.start);
	EXPECT_EQ(0x1fffU, c.region[0].range.last);
	EXPECT_ANSWERS(&holder.region[0], 0x1000);

	/* A live region leaves its place at once, even for a claim. */
	EXPECT_EQ(0, vmr_region_program(&m.manager, &c.region[0], 0x8000));
	EXPECT_ANSWERS(&c.region[0], 0x8000);
	EXPECT_EQ(0, vmr_region_program(&m.manager, &c.region[0], 0x1800));
	EXPECT_EQ(VMR_CLAIMED, state_of(&c.region[0]));
	EXPECT_NULL(who(VMR_MMIO, 0x8000));
	EXPECT_NULL(who(VMR_MMIO, 0x2000));
	EXPECT_ANSWERS(&holder.region[0], 0x1000);
	EXPECT_SOUND();
}

TEST(a_claim_goes_live_whichever_way_its_place_becomes_free)
{
	struct probe holder, c;
	int way;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, claims_up(&holder, &c, 1));
	for (way = 0; way < 6; way++) {
		EXPECT_EQ(VMR_CLAIMED, state_of(&c.region[0]));
		switch (way) {
		case 0:
			vmr_region_program(&m.manager, &holder.region[0],
					   0x4000);
			break;
		case 1:
			vmr_region_place(&m.manager, &holder.region[0], 0x4000,
					 NULL);
			break;
		case 2:
			vmr_region_park(&m.manager, &holder.region[0], 0x1000);
			break;
		case 3:
			vmr_region_unmap(&m.manager, &holder.region[0]);
			break;
		case 4:
			vmr_region_program(&m.manager, &holder.region[0],
					   VMR_MAX);
			break;
		default:
			vmr_unlink(&m.manager, &holder.dev);
		}
		EXPECT_TRUE(answers_at(&c.region[0], 0x1000)) {
			TH_LOG("way %d", way);
		}
		EXPECT_SOUND();
		if (way == 5)
			break;
		/* And back to where it began. */
		vmr_region_unmap(&m.manager, &c.region[0]);
		vmr_region_program(&m.manager, &holder.region[0], 0x1000);
		vmr_region_program(&m.manager, &c.region[0], 0x1000);
	}
}

TEST(a_claim_waits_until_all_of_its_place_is_free)
{
	struct probe a, b, c;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&a, "a", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&b, "b", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, probe_up_unmapped(&c, "c", VMR_MMIO, 0x2000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &c.region[0], 0x1000));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &a.dev));
	EXPECT_EQ(VMR_CLAIMED, state_of(&c.region[0]));
	EXPECT_NULL(who(VMR_MMIO, 0x1000));
	/* What it waits for can be asked. */
	EXPECT_EQ(&b.region[0].range,
		  vmr_find_overlap(&m.sys.mmio, c.region[0].range.start,
				   c.region[0].range.last));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &b.dev));
	EXPECT_ANSWERS(&c.region[0], 0x1000);
}

TEST(the_oldest_claim_goes_first)
{
	struct probe holder, c[3];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, claims_up(&holder, c, 3));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &holder.dev));
	EXPECT_ANSWERS(&c[0].region[0], 0x1000);
	EXPECT_EQ(VMR_CLAIMED, state_of(&c[1].region[0]));
	EXPECT_EQ(VMR_CLAIMED, state_of(&c[2].region[0]));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &c[0].dev));
	EXPECT_ANSWERS(&c[1].region[0], 0x1000);
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &c[1].region[0]));
	EXPECT_ANSWERS(&c[2].region[0], 0x1000);
	EXPECT_SOUND();
}

TEST(the_same_write_again_is_no_younger_claim_and_another_one_is)
{
	struct probe holder, c[2];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, claims_up(&holder, c, 2));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &c[0].region[0], 0x1000));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &holder.region[0]));
	EXPECT_ANSWERS(&c[0].region[0], 0x1000);

	EXPECT_EQ(0, vmr_region_program(&m.manager, &holder.region[0], 0x1000));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &c[1].region[0], 0x1800));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &c[1].region[0], 0x1000));
	/* Both wait again, the holder's claim now being the older one. */
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &c[0].region[0]));
	EXPECT_ANSWERS(&holder.region[0], 0x1000);
	EXPECT_EQ(VMR_CLAIMED, state_of(&c[1].region[0]));
}

TEST(the_oldest_goes_first_when_several_places_become_free_at_once)
{
	struct probe holder, old, young;

	ASSERT_EQ(0, machine_up());
	probe_init(&holder, "holder");
	ASSERT_EQ(0, probe_region_at(&holder, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_region_at(&holder, 1, VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, vmr_register(&m.manager, &holder.dev, NULL, NULL));
	ASSERT_EQ(0, probe_up_unmapped(&old, "old", VMR_MMIO, 0x1000));
	ASSERT_EQ(0, probe_up_unmapped(&young, "young", VMR_MMIO, 0x2000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &old.region[0], 0x2000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &young.region[0], 0x1000));

	EXPECT_EQ(2, vmr_unlink(&m.manager, &holder.dev));
	EXPECT_ANSWERS(&old.region[0], 0x2000);
	EXPECT_EQ(VMR_CLAIMED, state_of(&young.region[0]));
	EXPECT_NULL(who(VMR_MMIO, 0x1000));
	EXPECT_SOUND();
}

TEST(a_claim_is_withdrawn)
{
	struct probe holder, c;
	int way;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, claims_up(&holder, &c, 1));
	for (way = 0; way < 4; way++) {
		EXPECT_EQ(VMR_CLAIMED, state_of(&c.region[0]));
		switch (way) {
		case 0:
			vmr_region_program(&m.manager, &c.region[0], 0x9000);
			EXPECT_ANSWERS(&c.region[0], 0x9000);
			break;
		case 1:
			vmr_region_park(&m.manager, &c.region[0], 0x1000);
			break;
		case 2:
			vmr_region_unmap(&m.manager, &c.region[0]);
			break;
		default:
			EXPECT_EQ(0, vmr_unlink(&m.manager, &c.dev));
		}
		EXPECT_EQ(0, vmr_region_unmap(&m.manager, &holder.region[0]));
		EXPECT_NULL(who(VMR_MMIO, 0x1000)) {
			TH_LOG("way %d", way);
		}
		EXPECT_EQ(0, vmr_region_program(&m.manager, &holder.region[0],
						0x1000));
		vmr_region_program(&m.manager, &c.region[0], 0x1000);
	}
	EXPECT_SOUND();
}

TEST(two_regions_swap_by_way_of_a_claim)
{
	struct probe a, b;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&a, "a", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&b, "b", VMR_MMIO, 0x2000, 0x1000));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &a.region[0], 0x2000));
	EXPECT_EQ(VMR_CLAIMED, state_of(&a.region[0]));
	EXPECT_ANSWERS(&b.region[0], 0x2000);
	EXPECT_EQ(0, vmr_region_program(&m.manager, &b.region[0], 0x1000));
	EXPECT_ANSWERS(&a.region[0], 0x2000);
	EXPECT_ANSWERS(&b.region[0], 0x1000);
	EXPECT_SOUND();
}

TEST(an_exact_request_may_take_a_claimed_place)
{
	struct probe holder, c, late;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&holder, "holder", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up_unmapped(&c, "c", VMR_MMIO, 0x2000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &c.region[0], 0x1000));
	/* 0x2000 is free, and wanted by the claim. */
	ASSERT_EQ(0, probe_up(&late, "late", VMR_MMIO, 0x2000, 0x1000));
	EXPECT_ANSWERS(&late.region[0], 0x2000);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &holder.dev));
	EXPECT_EQ(VMR_CLAIMED, state_of(&c.region[0]));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &late.dev));
	EXPECT_ANSWERS(&c.region[0], 0x1000);
}

/* Register one of 0x1000 that may be anywhere in [0x1000, 0x4fff]. */
static int anywhere_up(struct probe *p)
{
	int ret;

	probe_init(p, "anywhere");
	ret = probe_region(p, 0, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000);
	vmr_constraint_within(probe_want(p), VMR_KIND_MMIO, 0x1000, 0x1000,
			      0x1000, 0x4fff, &p->region[0].range);
	return ret ? ret : vmr_register(&m.manager, &p->dev, NULL, NULL);
}

TEST(automatic_placement_avoids_claimed_places)
{
	struct probe holder, c, p[3];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&holder, "holder", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up_unmapped(&c, "c", VMR_MMIO, 0x2000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &c.region[0], 0x1000));
	EXPECT_EQ(0, anywhere_up(&p[0]));
	EXPECT_ANSWERS(&p[0].region[0], 0x3000);
	EXPECT_EQ(0, anywhere_up(&p[1]));
	EXPECT_ANSWERS(&p[1].region[0], 0x4000);
	EXPECT_EQ(-ENOSPC, anywhere_up(&p[2]));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &holder.dev));
	EXPECT_ANSWERS(&c.region[0], 0x1000);
}

TEST(automatic_placement_avoids_parked_places_while_it_can)
{
	struct probe parked, p[4];
	int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up_unmapped(&parked, "parked", VMR_MMIO, 0x1000));
	ASSERT_EQ(0, vmr_region_park(&m.manager, &parked.region[0], 0x2000));
	EXPECT_EQ(VMR_PARKED, state_of(&parked.region[0]));
	EXPECT_NULL(who(VMR_MMIO, 0x2000));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, anywhere_up(&p[i]));
	EXPECT_ANSWERS(&p[0].region[0], 0x1000);
	EXPECT_ANSWERS(&p[1].region[0], 0x3000);
	EXPECT_ANSWERS(&p[2].region[0], 0x4000);
	EXPECT_ANSWERS(&p[3].region[0], 0x2000);
	/* Coming back, it finds the place taken and waits. */
	EXPECT_EQ(0, vmr_region_program(&m.manager, &parked.region[0], 0x2000));
	EXPECT_EQ(VMR_CLAIMED, state_of(&parked.region[0]));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p[3].dev));
	EXPECT_ANSWERS(&parked.region[0], 0x2000);
	EXPECT_SOUND();
}

TEST(a_parked_region_blocks_no_exact_request_and_waits_for_nothing)
{
	struct probe parked, p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&parked, "parked", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, vmr_region_park(&m.manager, &parked.region[0], 0x2000));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x2000, 0x1000));
	EXPECT_ANSWERS(&p.region[0], 0x2000);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	EXPECT_EQ(VMR_PARKED, state_of(&parked.region[0]));
	EXPECT_NULL(who(VMR_MMIO, 0x2000));
}

static void move_away(struct probe *p, const struct vmr_access *access)
{
	uint64_t base = access->base;

	p->inside = NULL;
	p->result = vmr_region_program(&m.manager, &p->region[0], 0x7000);
	if (access->base != base || access->offset != 0x10)
		p->result = -1;
}

/* A reader remembers where exits went. What it goes by may change in any way. */
TEST(what_a_reader_remembers_is_true_or_forgotten)
{
	struct probe port, p, q;
	int i;

	ASSERT_EQ(0, machine_up());
	/* Both at one number, which is a port and an address. */
	ASSERT_EQ(0, probe_up(&port, "port", VMR_PIO, 0x1000, 0x10));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(&port.region[0], who(VMR_PIO, 0x1000));
		EXPECT_EQ(&p.region[0], who(VMR_MMIO, 0x1000));
	}
	/* Moved, and another one in its place. */
	EXPECT_EQ(0, vmr_region_place(&m.manager, &p.region[0], 0x4000, NULL));
	EXPECT_NULL(who(VMR_MMIO, 0x1000));
	EXPECT_EQ(&p.region[0], who(VMR_MMIO, 0x4000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(&q.region[0], who(VMR_MMIO, 0x1000));
	/* Moved so that the same address is another byte of it. */
	EXPECT_EQ(0, vmr_region_place(&m.manager, &p.region[0], 0x3800, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x3800);
	EXPECT_NULL(who(VMR_MMIO, 0x4800));
	/* Switched off, and back. */
	EXPECT_EQ(0, vmr_region_park(&m.manager, &p.region[0], 0x3800));
	EXPECT_NULL(who(VMR_MMIO, 0x3800));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x3800));
	EXPECT_ANSWERS(&p.region[0], 0x3800);
	/* Gone, its memory used for something else, and there once more. */
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	ASSERT_EQ(0, vmr_drain(&m.manager, &p.dev));
	memset(&p, 0xff, sizeof(p));
	EXPECT_NULL(who(VMR_MMIO, 0x3800));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x3800, 0x400));
	EXPECT_EQ(&p.region[0], who(VMR_MMIO, 0x3800));
	EXPECT_NULL(who(VMR_MMIO, 0x3c00));
	EXPECT_SOUND();
}

TEST(an_access_ends_with_the_base_it_began_with)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	p.inside = move_away;
	EXPECT_EQ(&p.region[0], who(VMR_MMIO, 0x1010));
	EXPECT_EQ(0x1000U, seen.access.base);
	EXPECT_EQ(0, p.result);
	EXPECT_ANSWERS(&p.region[0], 0x7000);
}

/*
 * Being told
 */

TEST(every_change_of_place_is_told_once)
{
	struct probe p;
	struct diary d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(-EEXIST, vmr_listen(&m.manager, &d.listener));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_SAYS(&d, 0, &p.region[0], NOWHERE, 0x1000);
	EXPECT_EQ(0, vmr_region_place(&m.manager, &p.region[0], 0x2000, NULL));
	EXPECT_SAYS(&d, 1, &p.region[0], 0x1000, 0x2000);
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x2800));
	EXPECT_SAYS(&d, 2, &p.region[0], 0x2000, 0x2800);
	EXPECT_EQ(0, vmr_region_park(&m.manager, &p.region[0], 0x2800));
	EXPECT_SAYS(&d, 3, &p.region[0], 0x2800, NOWHERE);
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x3000));
	EXPECT_SAYS(&d, 4, &p.region[0], NOWHERE, 0x3000);
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	EXPECT_SAYS(&d, 5, &p.region[0], 0x3000, NOWHERE);
	EXPECT_EQ(0, vmr_region_place(&m.manager, &p.region[0], 0x4000, NULL));
	EXPECT_SAYS(&d, 6, &p.region[0], NOWHERE, 0x4000);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	EXPECT_SAYS(&d, 7, &p.region[0], 0x4000, NOWHERE);
	EXPECT_EQ(8U, d.nr);

	EXPECT_EQ(0, vmr_unlisten(&m.manager, &d.listener));
	EXPECT_EQ(-ENOENT, vmr_unlisten(&m.manager, &d.listener));
	EXPECT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(8U, d.nr);
}

TEST(what_changes_no_place_is_not_told)
{
	struct probe p, q;
	struct diary d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, diary_start(&d));
	/* The same place again. */
	EXPECT_EQ(0, vmr_region_place(&m.manager, &p.region[0], 0x1000, NULL));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x1000));
	/* Calls that fail. */
	EXPECT_EQ(-EBUSY, vmr_region_place(&m.manager, &p.region[0], 0x2000,
					   NULL));
	EXPECT_EQ(-ERANGE, vmr_region_place(&m.manager, &p.region[0],
					    MACHINE_LAST, NULL));
	EXPECT_EQ(-EEXIST, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(0U, d.nr);
	/* One invisible place for another. */
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	EXPECT_EQ(1U, d.nr);
	EXPECT_EQ(0, vmr_region_park(&m.manager, &p.region[0], 0x5000));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x2000));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	EXPECT_EQ(0, vmr_unlink(&m.manager, &p.dev));
	EXPECT_EQ(1U, d.nr);
}

TEST(a_claim_that_goes_live_is_told_after_what_let_it)
{
	struct probe holder, c[2];
	struct diary d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, claims_up(&holder, c, 2));
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &holder.region[0], 0x5000));
	EXPECT_SAYS(&d, 0, &holder.region[0], 0x1000, 0x5000);
	EXPECT_SAYS(&d, 1, &c[0].region[0], NOWHERE, 0x1000);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &c[0].dev));
	EXPECT_SAYS(&d, 2, &c[0].region[0], 0x1000, NOWHERE);
	EXPECT_SAYS(&d, 3, &c[1].region[0], NOWHERE, 0x1000);
	EXPECT_EQ(4U, d.nr);
}

TEST(all_regions_of_a_device_are_told)
{
	struct probe p;
	struct diary d;
	int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, diary_start(&d));
	probe_init(&p, "p");
	for (i = 0; i < PROBE_REGIONS; i++)
		ASSERT_EQ(0, probe_region_at(&p, i, i & 1 ? VMR_PIO : VMR_MMIO,
					     0x1000 * (i + 1), 0x10));
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ((unsigned int)PROBE_REGIONS, d.nr);
	for (i = 0; i < PROBE_REGIONS; i++)
		EXPECT_SAYS(&d, i, &p.region[i], NOWHERE, 0x1000U * (i + 1));
	EXPECT_EQ(PROBE_REGIONS, vmr_unlink(&m.manager, &p.dev));
	EXPECT_EQ(2U * PROBE_REGIONS, d.nr);
	for (i = 0; i < PROBE_REGIONS; i++)
		EXPECT_SAYS(&d, PROBE_REGIONS + i, &p.region[i],
			    0x1000U * (i + 1), NOWHERE);
}

static struct probe *other_probe;

/* What a VMM may do: when one region comes, it puts another somewhere else. */
static void move_other(struct diary *d, struct vmr_region *region)
{
	(void)region;
	d->inside = NULL;
	vmr_region_program(&m.manager, &other_probe->region[0], 0x9000);
	/* Told before that call returned. */
	if (d->nr != 2)
		d->nr = DIARY_MAX;
}

TEST(a_listener_may_call_writers)
{
	struct probe p, q;
	struct diary d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x8000, 0x1000));
	ASSERT_EQ(0, diary_start(&d));
	other_probe = &q;
	d.inside = move_other;
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(2U, d.nr);
	EXPECT_SAYS(&d, 0, &p.region[0], NOWHERE, 0x1000);
	EXPECT_SAYS(&d, 1, &q.region[0], 0x8000, 0x9000);
	EXPECT_SOUND();
}

static void move_again(struct diary *d, struct vmr_region *region)
{
	d->inside = NULL;
	vmr_region_program(&m.manager, region, 0x9000);
}

TEST(every_listener_hears_of_changes_in_the_same_order)
{
	struct diary first, second, third;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, diary_start(&first));
	ASSERT_EQ(0, diary_start(&second));
	ASSERT_EQ(0, diary_start(&third));
	first.inside = move_again;
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(2U, first.nr);
	EXPECT_EQ(2U, second.nr);
	EXPECT_EQ(2U, third.nr);
	EXPECT_SAYS(&first, 0, &p.region[0], NOWHERE, 0x1000);
	EXPECT_SAYS(&first, 1, &p.region[0], 0x1000, 0x9000);
	/* By now it has moved on, so who answers is not asked. */
	EXPECT_TRUE(is_place(&p.region[0], &second.entry[0].new_, 0x1000));
	EXPECT_TRUE(is_place(&p.region[0], &second.entry[1].old, 0x1000));
	EXPECT_SAYS(&second, 1, &p.region[0], 0x1000, 0x9000);
	EXPECT_TRUE(is_place(&p.region[0], &third.entry[0].new_, 0x1000));
	EXPECT_SAYS(&third, 1, &p.region[0], 0x1000, 0x9000);
}

static void stop_listening(struct diary *d, struct vmr_region *region)
{
	(void)region;
	vmr_unlisten(&m.manager, &d->listener);
}

TEST(a_listener_may_stop_listening_while_it_is_told)
{
	struct diary first, second, third;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, diary_start(&first));
	ASSERT_EQ(0, diary_start(&second));
	ASSERT_EQ(0, diary_start(&third));
	second.inside = stop_listening;
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	EXPECT_EQ(2U, first.nr);
	EXPECT_EQ(1U, second.nr);
	EXPECT_EQ(2U, third.nr);
}

static void unlink_it(struct diary *d, struct vmr_region *region)
{
	d->inside = NULL;
	vmr_unlink(&m.manager, region->device);
}

TEST(a_listener_may_unlink_what_it_is_told_of)
{
	struct diary first, second;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, diary_start(&first));
	ASSERT_EQ(0, diary_start(&second));
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_region_at(&p, 1, VMR_MMIO, 0x2000, 0x1000));
	first.inside = unlink_it;
	EXPECT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_NULL(who(VMR_MMIO, 0x1000));
	EXPECT_NULL(who(VMR_MMIO, 0x2000));
	/* The second region came and went before anybody could be told. */
	EXPECT_EQ(2U, first.nr);
	EXPECT_EQ(2U, second.nr);
	EXPECT_SAYS(&second, 1, &p.region[0], 0x1000, NOWHERE);
	EXPECT_EQ(0, vmr_drain(&m.manager, &p.dev));
	EXPECT_SOUND();
}

/*
 * Readers
 */

static int detach_inside;

static void detach_my_reader(struct probe *p, const struct vmr_access *access)
{
	(void)p;
	detach_inside = vmr_reader_detach(access->reader);
}

TEST(readers_are_attached_and_detached)
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

	p.inside = detach_my_reader;
	EXPECT_EQ(0, vmr_read(&reader[1], VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(-EDEADLK, detach_inside);
	EXPECT_EQ(0, vmr_reader_detach(&reader[1]));
}

/*
 * Threads. Nothing here is decided by time: threads meet at flags, and what runs
 * freely runs for a number of operations.
 */

static void wait_for(const unsigned int *flag, unsigned int value)
{
	while (__atomic_load_n(flag, __ATOMIC_ACQUIRE) != value)
		sched_yield();
}

static void set_flag(unsigned int *flag, unsigned int value)
{
	__atomic_store_n(flag, value, __ATOMIC_RELEASE);
}

static unsigned int get_flag(const unsigned int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static unsigned int is_inside, may_leave, has_left, is_drained, left_before;

static void stay_inside(struct probe *p, const struct vmr_access *access)
{
	(void)p;
	(void)access;
	set_flag(&is_inside, 1);
	wait_for(&may_leave, 1);
	set_flag(&has_left, 1);
}

struct call {
	struct vmr_reader	reader;
	uint64_t		addr;
	int			ret;
	uint8_t			data;
};

static void *call_thread(void *arg)
{
	struct call *call = arg;

	call->ret = vmr_read(&call->reader, VMR_MMIO, call->addr, &call->data,
			     1, 1);
	return NULL;
}

static void *drain_thread(void *arg)
{
	struct probe *p = arg;

	p->result = vmr_drain(&m.manager, &p->dev);
	set_flag(&left_before, get_flag(&has_left));
	set_flag(&is_drained, 1);
	return NULL;
}

TEST(a_drain_waits_for_a_callback_that_runs)
{
	struct call call = { .addr = 0x1000 };
	pthread_t caller, drainer;
	struct probe p;
	int i;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, vmr_reader_attach(&m.manager, &call.reader));
	p.inside = stay_inside;
	ASSERT_EQ(0, pthread_create(&caller, NULL, call_thread, &call));
	wait_for(&is_inside, 1);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	EXPECT_NULL(who(VMR_MMIO, 0x1000));
	EXPECT_EQ(-EAGAIN, vmr_drained(&m.manager, &p.dev));
	ASSERT_EQ(0, pthread_create(&drainer, NULL, drain_thread, &p));
	for (i = 0; i < 1000; i++)
		sched_yield();
	EXPECT_EQ(0U, get_flag(&is_drained));
	EXPECT_EQ(-EAGAIN, vmr_drained(&m.manager, &p.dev));
	set_flag(&may_leave, 1);
	pthread_join(drainer, NULL);
	pthread_join(caller, NULL);
	EXPECT_EQ(0, p.result);
	EXPECT_EQ(1U, left_before);
	EXPECT_EQ(0, call.ret);
	EXPECT_EQ(0x80, call.data);
	EXPECT_EQ(0, vmr_drained(&m.manager, &p.dev));
}

/* A reader that sleeps until a count has come round finds it as it was. */
TEST(what_is_remembered_is_forgotten_when_its_count_may_have_come_round)
{
	struct vmr_departures *departures = &m.sys.departures;
	uint32_t counts[VMR_DEPARTURES], i;
	struct probe p;
	uint8_t data;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	for (i = 0; i < VMR_DEPARTURES; i++)
		departures->counts[i] = (1U << 26) - 1;
	memcpy(counts, departures->counts, sizeof(counts));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &data, 1, 1));
	EXPECT_EQ(0U, departures->era);
	EXPECT_EQ(0, vmr_region_place(&m.manager, &p.region[0], 0x4000, NULL));
	EXPECT_EQ(1U, departures->era);
	EXPECT_NE(0, memcmp(counts, departures->counts, sizeof(counts)));
	memcpy(departures->counts, counts, sizeof(counts));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x1000, &data, 1, 1));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x4000, &data, 1, 1));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x4000, &data, 1, 1));
	EXPECT_SOUND();
}

TEST(a_drain_does_not_wait_for_a_callback_of_another_device)
{
	struct call call = { .addr = 0x1000 };
	pthread_t caller;
	struct probe p, q;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, vmr_reader_attach(&m.manager, &call.reader));
	p.inside = stay_inside;
	ASSERT_EQ(0, pthread_create(&caller, NULL, call_thread, &call));
	wait_for(&is_inside, 1);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &q.dev));
	EXPECT_EQ(0, vmr_drained(&m.manager, &q.dev));
	EXPECT_EQ(0, vmr_drain(&m.manager, &q.dev));
	EXPECT_EQ(0U, get_flag(&has_left));
	set_flag(&may_leave, 1);
	pthread_join(caller, NULL);
}

/* Until the reader's lookup is under way, which the open section makes wait. */
static void wait_for_lookup(const struct vmr_reader *reader)
{
	while (!__atomic_load_n(&reader->epoch, __ATOMIC_ACQUIRE))
		sched_yield();
}

TEST(a_drain_waits_for_a_lookup_that_is_older_than_the_unlinking)
{
	struct call call = { .addr = 0x1000 };
	pthread_t caller, drainer;
	struct probe p;
	int i;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, vmr_reader_attach(&m.manager, &call.reader));
	vmr_write_begin(&m.sys.seq);
	ASSERT_EQ(0, pthread_create(&caller, NULL, call_thread, &call));
	wait_for_lookup(&call.reader);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	EXPECT_EQ(-EAGAIN, vmr_drained(&m.manager, &p.dev));
	ASSERT_EQ(0, pthread_create(&drainer, NULL, drain_thread, &p));
	for (i = 0; i < 1000; i++)
		sched_yield();
	EXPECT_EQ(0U, get_flag(&is_drained));
	vmr_write_end(&m.sys.seq);
	pthread_join(caller, NULL);
	pthread_join(drainer, NULL);
	EXPECT_EQ(-ENXIO, call.ret);
	EXPECT_EQ(0xff, call.data);
	EXPECT_EQ(0, p.result);
}

TEST(a_drain_does_not_wait_for_a_lookup_that_is_younger)
{
	struct call call = { .addr = 0x2000 };
	pthread_t caller;
	struct probe p, q;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, vmr_reader_attach(&m.manager, &call.reader));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	vmr_write_begin(&m.sys.seq);
	ASSERT_EQ(0, pthread_create(&caller, NULL, call_thread, &call));
	wait_for_lookup(&call.reader);
	EXPECT_EQ(0, vmr_drained(&m.manager, &p.dev));
	if (!TEST_LACKS_restless_drain)
		EXPECT_EQ(0, vmr_drain(&m.manager, &p.dev));
	vmr_write_end(&m.sys.seq);
	pthread_join(caller, NULL);
	EXPECT_EQ(0, call.ret);
}

TEST(a_reader_in_a_lookup_is_not_detached)
{
	struct call call = { .addr = 0x1000 };
	pthread_t caller;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_reader_attach(&m.manager, &call.reader));
	vmr_write_begin(&m.sys.seq);
	ASSERT_EQ(0, pthread_create(&caller, NULL, call_thread, &call));
	wait_for_lookup(&call.reader);
	EXPECT_EQ(-EDEADLK, vmr_reader_detach(&call.reader));
	vmr_write_end(&m.sys.seq);
	pthread_join(caller, NULL);
	EXPECT_EQ(0, vmr_reader_detach(&call.reader));
}

/*
 * Racing readers. Where racer i is after g changes is a function of both, so that
 * a reader can tell whether what it was given was true at some time during its
 * access: not before the last change that was over when it began, and not behind
 * the last one that was begun when it ended.
 */
#define RACERS		6
#define RACE_BASE	0x100000u
#define RACE_SIZE	0x100u
#define POISON_BASE	0x80000u	/* where registrations fail */
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

/* Apart, since a racer's memory is scribbled over while it is unplugged. */
static struct racer racers[RACERS];
static unsigned int begun[RACERS], over[RACERS];
static unsigned int race_ended;

struct reading {
	struct vmr_reader	reader;
	pthread_t		thread;
	uint32_t		random;
	unsigned int		since[RACERS];
	unsigned int		hits;
	unsigned int		misses;
	unsigned int		overlaps;	/* accesses during a change */
	unsigned int		wrong;
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

/* 0 is nowhere. The first three racers move, the others come and go. */
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
	struct reading *r = owner_of(access->reader, struct reading, reader);
	unsigned int i = racer->index, g, now, ok = 0;

	(void)data;
	if (racer->magic != MAGIC || i >= RACERS ||
	    access->region != &racer->region || access->offset >= RACE_SIZE) {
		r->wrong++;
		return;
	}
	now = get_flag(&begun[i]);
	for (g = r->since[i]; g <= now; g++)
		ok |= access->base == race_place(i, g);
	if (!ok)
		r->wrong++;
	r->hit = i + 1;
	/* What is drained has nobody inside. */
	if (racer->magic != MAGIC)
		r->wrong++;
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

/* One access where racer i should be, and whether it had to be there. */
static void race_one(struct reading *r, unsigned int i)
{
	unsigned int k, settled = 1;
	uint32_t base, offset;
	uint8_t byte = 0;
	int ret;

	for (k = 0; k < RACERS; k++)
		r->since[k] = get_flag(&over[k]);
	base = race_place(i, r->since[i]);
	offset = r->random >> 8 & (RACE_SIZE - 1);
	if (!base)
		base = POISON_BASE;
	r->hit = 0;
	ret = vmr_read(&r->reader, VMR_MMIO, base + offset, &byte, 1, 1);
	if (get_flag(&begun[i]) != r->since[i])
		settled = 0;
	set_flag(&r->overlaps, r->overlaps + !settled);
	if (ret == 0)
		r->hits++;
	else
		r->misses++;
	if (base == POISON_BASE ? !ret : settled && (ret || r->hit != i + 1))
		r->wrong++;
	if (ret && (ret != -ENXIO || byte != 0xff || r->hit))
		r->wrong++;
}

static void *race_thread(void *arg)
{
	struct reading *r = arg;

	while (!get_flag(&race_ended)) {
		r->random = r->random * 1664525u + 1013904223u;
		race_one(r, (r->random >> 24) % RACERS);
	}
	return NULL;
}

/* A racer afresh, as if its memory had been anything in between. */
static int racer_init(unsigned int i)
{
	struct racer *racer = &racers[i];

	memset(racer, 0, sizeof(*racer));
	racer->index = i;
	racer->dev.ops = &race_ops;
	vmr_region_init(&racer->region, VMR_MMIO, VMR_REGION_TRAPPED,
			RACE_SIZE, 0, "racer");
	vmr_set_init(&racer->dev.resources, &racer->got, 1);
	racer->dev.constraints = &racer->want;
	racer->magic = MAGIC;
	return vmr_add_region(&racer->dev, &racer->region);
}

static int racer_register(unsigned int i, uint32_t base, int refuse)
{
	struct racer *racer = &racers[i];

	racer->refuse = refuse;
	racer->dev.nr_constraints = base ? 1 : 0;
	vmr_constraint_at(&racer->want, VMR_KIND_MMIO, base, RACE_SIZE,
			  &racer->region.range);
	return vmr_register(&m.manager, &racer->dev, NULL, NULL) != refuse;
}

/* The next change of a racer; 0 if all went well. */
static int race_move(unsigned int i, unsigned int g)
{
	struct vmr_region *region = &racers[i].region;
	uint32_t base = race_place(i, g);

	if (!base)
		return vmr_region_unmap(&m.manager, region);
	if (g % 2)
		return vmr_region_place(&m.manager, region, base, NULL);
	return vmr_region_program(&m.manager, region, base);
}

static int race_plug(unsigned int i, unsigned int g)
{
	uint32_t base = race_place(i, g);
	int ret;

	if (base)
		return racer_register(i, base, 0);
	ret = vmr_unlink(&m.manager, &racers[i].dev) != 1;
	/* Sometimes again at once, sometimes after its memory was lost. */
	if (g % 4) {
		ret |= vmr_drain(&m.manager, &racers[i].dev);
		memset(&racers[i], 0xdd, sizeof(racers[i]));
		ret |= racer_init(i);
	}
	/* A registration that fails late leads nobody here. */
	return ret | racer_register(i, POISON_BASE, -EBUSY);
}

static int race_change(unsigned int i)
{
	unsigned int g = begun[i] + 1;
	int ret;

	set_flag(&begun[i], g);
	ret = i < RACERS / 2 ? race_move(i, g) : race_plug(i, g);
	set_flag(&over[i], g);
	return ret;
}

#define RACE_READERS	2
#define RACE_CHANGES	100000u
#define RACE_OVERLAPS	1000u

/* VMR_TEST_MOVES=1000000 for who has the time. */
static unsigned int race_changes(void)
{
	const char *given = getenv("VMR_TEST_MOVES");

	return given ? (unsigned int)strtoul(given, NULL, 0) : RACE_CHANGES;
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

TEST_F_TIMEOUT(race, no_reader_is_led_astray_by_a_writer, 600)
{
	static struct reading r[RACE_READERS];
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
		ASSERT_EQ(0, vmr_reader_attach(&m.manager, &r[i].reader));
		ASSERT_EQ(0, pthread_create(&r[i].thread, NULL, race_thread,
					    &r[i]));
	}
	/* Until enough happened at the same time, which takes more on one CPU. */
	for (n = 0; n < changes ||
	     (n < 500 * RACE_CHANGES && overlaps < RACE_OVERLAPS); n++) {
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
		EXPECT_EQ(0U, r[i].wrong);
		hits += r[i].hits;
		EXPECT_EQ(0, vmr_reader_detach(&r[i].reader));
	}
	TH_LOG("%u changes, %u hits, %u accesses during a change", n, hits,
	       overlaps);
	EXPECT_EQ(0U, failed);
	EXPECT_LE(RACE_OVERLAPS, overlaps);
	EXPECT_LE(1000U, hits);
	EXPECT_SOUND();
}

static void *always_thread(void *arg)
{
	struct reading *r = arg;
	uint8_t byte;

	while (!get_flag(&race_ended)) {
		set_flag(&r->hits, r->hits + 1);
		if (vmr_read(&r->reader, VMR_MMIO, r->random, &byte, 1, 1))
			r->wrong++;
	}
	return NULL;
}

static void start_always(struct reading *r, uint32_t addr)
{
	r->random = addr;
	vmr_reader_attach(&m.manager, &r->reader);
	pthread_create(&r->thread, NULL, always_thread, r);
	while (!get_flag(&r->hits))
		sched_yield();
}

TEST(what_a_move_covers_before_and_after_is_never_missed)
{
	static struct reading r;
	struct probe p;
	unsigned int i;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x10000, 0x2000));
	/* Its callbacks are told nothing that is shared. */
	p.dev.ops = &mute_ops;
	start_always(&r, 0x11800);
	for (i = 0; i < 20000; i++) {
		EXPECT_EQ(0, i & 2 ?
			  vmr_region_program(&m.manager, &p.region[0],
					     0x10000 + (i & 1 ? 0 : 0x1000)) :
			  vmr_region_place(&m.manager, &p.region[0],
					   0x10000 + (i & 1 ? 0 : 0x1000),
					   NULL));
	}
	set_flag(&race_ended, 1);
	pthread_join(r.thread, NULL);
	EXPECT_EQ(0U, r.wrong);
}

TEST(a_place_that_is_handed_on_is_never_empty)
{
	static struct reading r;
	struct probe p[2];
	unsigned int i;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, probe_up(&p[i], "p", VMR_MMIO, 0x10000 * (i + 1),
				      0x1000));
		p[i].dev.ops = &mute_ops;
	}
	start_always(&r, 0x10800);
	for (i = 0; i < 20000; i++) {
		struct probe *holder = &p[i & 1], *heir = &p[~i & 1];

		/* Claim, then leave: the claim has it in the same step. */
		EXPECT_EQ(0, vmr_region_program(&m.manager, &heir->region[0],
						0x10000));
		EXPECT_EQ(0, vmr_region_program(&m.manager, &holder->region[0],
						0x20000));
		EXPECT_EQ(VMR_LIVE, state_of(&heir->region[0]));
	}
	set_flag(&race_ended, 1);
	pthread_join(r.thread, NULL);
	EXPECT_EQ(0U, r.wrong);
}

TEST_HARNESS_MAIN
