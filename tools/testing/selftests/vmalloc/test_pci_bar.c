// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_bar.c - BARs of PCI functions: sizing, decode, moves
 */
#include <stdlib.h>

#include "../kselftest_harness.h"
#include "requires.h"

#include "card.h"

/*
 * Size and type
 */

/*
 * A BAR reads back its type after plugging, and its size after all ones are
 * written.
 */
TEST(pci_bar_sizing_reads_size_and_type)
{
	static const struct {
		unsigned int		index;
		enum vmr_pci_bar_type	type;
		bool			prefetchable;
		uint64_t		size;
		uint64_t		fresh;
		uint64_t		sized;
	} row[] = {
		{ 0, VMR_PCI_BAR_IO, false, 4, 0x1, 0xfffffffd },
		{ 1, VMR_PCI_BAR_IO, false, 0x20, 0x1, 0xffffffe1 },
		{ 5, VMR_PCI_BAR_IO, false, 0x100, 0x1, 0xffffff01 },
		{ 0, VMR_PCI_BAR_MEM32, false, 0x10, 0, 0xfffffff0 },
		{ 2, VMR_PCI_BAR_MEM32, false, 0x1000, 0, 0xfffff000 },
		{ 5, VMR_PCI_BAR_MEM32, true, 0x100000, 8, 0xfff00008 },
		{ 3, VMR_PCI_BAR_MEM32, false, GIB, 0, 0xc0000000 },
		{ 0, VMR_PCI_BAR_MEM64, false, 0x10, 4, 0xfffffffffffffff4 },
		{ 4, VMR_PCI_BAR_MEM64, true, 0x4000, 0xc, 0xffffffffffffc00c },
		{ 2, VMR_PCI_BAR_MEM64, true, 8 * GIB, 0xc, 0xfffffffe0000000c },
		{ 0, VMR_PCI_BAR_MEM64, true, (uint64_t)1 << 62, 0xc,
		  0xc00000000000000c },
		{ 6, VMR_PCI_BAR_ROM, false, 0x800, 0, 0xfffff801 },
		{ 6, VMR_PCI_BAR_ROM, false, 0x10000, 0, 0xffff0001 },
		{ 6, VMR_PCI_BAR_ROM, false, 0x1000000, 0, 0xff000001 },
	};
	struct vmr_pci_function fn;
	size_t i, b;

	ASSERT_EQ(0, pci_up());
	for (i = 0; i < NR(row); i++) {
		unsigned int index = row[i].index;
		int wide = row[i].type == VMR_PCI_BAR_MEM64;

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
		/* Byte writes have the same result. */
		set_bar(&fn, index, 0);
		for (b = 0; b < 4; b++)
			conf_out_at(0x10, bar_offset(index) + b, 0xff, 1);
		EXPECT_EQ((uint32_t)row[i].sized, get_bar(&fn, index));
		/* After a write of zero only the type bits are set. */
		set_bar(&fn, index, 0);
		EXPECT_EQ((uint32_t)row[i].fresh, get_bar(&fn, index));
		EXPECT_EQ(0, vmr_pci_unplug(&fn));
	}
}

/* vmr_pci_add_bar() refuses invalid, overlapping and late BARs. */
TEST(pci_bar_add_errors)
{
	static const struct {
		int			err;
		unsigned int		index;
		enum vmr_pci_bar_type	type;
		uint64_t		size;
	} row[] = {
		{ -EINVAL, 0, VMR_PCI_BAR_NONE, 0x1000 },
		{ -EINVAL, 0, VMR_PCI_BAR_MEM32, 0 },
		{ -EINVAL, 0, VMR_PCI_BAR_MEM32, 0x1001 },
		{ -EINVAL, 0, VMR_PCI_BAR_MEM32, 8 },
		{ -EINVAL, 0, VMR_PCI_BAR_MEM32, 2 * GIB },
		{ -EINVAL, 0, VMR_PCI_BAR_MEM64, 8 },
		{ -EINVAL, 0, VMR_PCI_BAR_MEM64, (uint64_t)1 << 63 },
		{ -EINVAL, 5, VMR_PCI_BAR_MEM64, 0x1000 },
		{ -EINVAL, 6, VMR_PCI_BAR_MEM64, 0x1000 },
		{ -EINVAL, 6, VMR_PCI_BAR_MEM32, 0x1000 },
		{ -EINVAL, 7, VMR_PCI_BAR_MEM32, 0x1000 },
		{ -EINVAL, 0, VMR_PCI_BAR_IO, 2 },
		{ -EINVAL, 0, VMR_PCI_BAR_IO, 512 },
		{ -EINVAL, 0, VMR_PCI_BAR_ROM, 0x1000 },
		{ -EINVAL, 6, VMR_PCI_BAR_ROM, 0x400 },
		{ -EINVAL, 6, VMR_PCI_BAR_ROM, 0x2000000 },
		{ -EINVAL, 0, (enum vmr_pci_bar_type)9, 0x1000 },
		/*
		 * BAR 2 is 64 bits wide and occupies register 3, so that BAR 1
		 * cannot be 64 bits wide.
		 */
		{ -EEXIST, 2, VMR_PCI_BAR_MEM32, 0x1000 },
		{ -EEXIST, 3, VMR_PCI_BAR_IO, 4 },
		{ -EEXIST, 1, VMR_PCI_BAR_MEM64, 0x1000 },
		{ -EEXIST, 3, VMR_PCI_BAR_MEM64, 0x1000 },
	};
	struct vmr_pci_function fn;
	size_t i;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	EXPECT_EQ(-EINVAL, vmr_pci_add_bar(NULL, 0, VMR_PCI_BAR_IO, false, 4, ""));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 2, VMR_PCI_BAR_MEM64, true, 0x1000, ""));
	for (i = 0; i < NR(row); i++) {
		EXPECT_EQ(row[i].err, vmr_pci_add_bar(&fn, row[i].index,
						      row[i].type, false,
						      row[i].size, "")) {
			TH_LOG("row %zu", i);
		}
	}
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 4, VMR_PCI_BAR_MEM64, true, 0x1000, ""));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 1, VMR_PCI_BAR_MEM32, true, 0x1000, ""));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 0));
	EXPECT_EQ(-EBUSY, vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_IO, false, 4, ""));
	EXPECT_EQ(-EBUSY, vmr_pci_add_bar(&fn, 6, VMR_PCI_BAR_ROM, false, 0x800,
					  ""));
	EXPECT_EQ(0U, get_bar(&fn, 0));
}

/*
 * Decode
 */

/* Ports at 0xc000, memory at 0xe0000000 and 0x800000000, a ROM at 0xf0000000 */
static int all_kinds(struct vmr_pci_function *fn, uint32_t slot)
{
	int ret = card_init(fn, "all");

	if (!ret)
		ret = vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_IO, false, 0x20, "io");
	if (!ret)
		ret = vmr_pci_add_bar(fn, 1, VMR_PCI_BAR_MEM32, false, 0x1000,
				      "mem32");
	if (!ret)
		ret = vmr_pci_add_bar(fn, 2, VMR_PCI_BAR_MEM64, true, 8 * GIB,
				      "mem64");
	if (!ret)
		ret = vmr_pci_add_bar(fn, VMR_PCI_ROM, VMR_PCI_BAR_ROM, false,
				      0x10000, "rom");
	if (!ret)
		ret = vmr_pci_plug(&m.manager, fn, VMR_PCI_BDF(0, slot, 0));
	if (!ret) {
		set_bar(fn, 0, 0xc000);
		set_bar(fn, 1, 0xe0000000);
		set_bar64(fn, 2, 0x800000000);
		set_bar(fn, VMR_PCI_ROM, 0xf0000000);
	}
	return ret;
}

/* A BAR is mapped while its decode bits are set. */
TEST(pci_bar_mapped_while_decoded)
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
				  responder(VMR_PIO, 0xc01f));
			EXPECT_EQ(mem ? bar(&fn, 1) : NULL,
				  responder(VMR_MMIO, 0xe0000fff));
			EXPECT_EQ(mem ? bar(&fn, 2) : NULL,
				  responder(VMR_MMIO, 0x800000000 + 8 * GIB - 1));
			EXPECT_EQ(mem && rom ? bar(&fn, VMR_PCI_ROM) : NULL,
				  responder(VMR_MMIO, 0xf0000000));
			EXPECT_EQ(mem && rom ? 0xf0000000 : NOWHERE,
				  model_says(&fn, VMR_PCI_ROM));
		}
	}
	EXPECT_SOUND();
}

/* A write to the command register takes effect whatever its width. */
TEST(pci_command_any_width_takes_effect)
{
	const uint32_t at = VMR_PCI_BDF(0, 2, 0);
	struct vmr_pci_function fn;
	uint32_t width;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, all_kinds(&fn, 2));
	for (width = 1; width <= 4; width *= 2) {
		conf_out_at(at, COMMAND, DECODE_MEM, width);
		EXPECT_BAR(&fn, 1, 0xe0000000);
		/* The upper byte has no decode bits. */
		conf_out_at(at, COMMAND + 1, 0, 1);
		EXPECT_BAR(&fn, 1, 0xe0000000);
		conf_out_at(at, COMMAND, 0, width);
		EXPECT_NO_BAR(&fn, 1);
	}
	/* No access crosses the start of the register. */
	EXPECT_EQ(-ERANGE, vmr_pci_config_write(&fn, COMMAND - 1, "\0\2", 2));
	EXPECT_NO_BAR(&fn, 1);
}

/* Switching decode on causes one notification for each BAR. */
TEST(pci_bar_decode_on_one_notification)
{
	struct vmr_pci_function fn;
	struct event_log d;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, diary_start(&d));
	ASSERT_EQ(0, all_kinds(&fn, 2));
	/* Sizing and moving with decode off cause no notification. */
	set_bar(&fn, 1, 0xffffffff);
	set_bar(&fn, 1, 0xd0000000);
	set_bar64(&fn, 2, VMR_ADDR_MAX);
	set_bar64(&fn, 2, 0x900000000 - GIB);
	set_bar64(&fn, 2, 0xa00000000);
	EXPECT_EQ(0U, d.nr);
	decode(&fn, DECODE_IO | DECODE_MEM);
	EXPECT_EQ(3U, d.nr);
	EXPECT_SAYS(&d, 0, bar(&fn, 0), NOWHERE, 0xc000);
	EXPECT_SAYS(&d, 1, bar(&fn, 1), NOWHERE, 0xd0000000);
	EXPECT_SAYS(&d, 2, bar(&fn, 2), NOWHERE, 0xa00000000);
	/* Writing the same bits again causes no notification. */
	decode(&fn, DECODE_IO | DECODE_MEM);
	EXPECT_EQ(3U, d.nr);
	decode(&fn, 0);
	EXPECT_EQ(6U, d.nr);
}

/* With decode off, a BAR is parked and holds no addresses. */
TEST(pci_bar_undecoded_holds_no_addresses)
{
	struct vmr_pci_function a, b;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&a, 1, VMR_PCI_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, card_up(&b, 2, VMR_PCI_BAR_MEM32, 0x1000));
	set_bar(&a, 0, 0xe0000000);
	EXPECT_EQ(VMR_PARKED, state_of(bar(&a, 0)));
	set_bar(&b, 0, 0xe0000000);
	decode(&b, DECODE_MEM);
	EXPECT_BAR(&b, 0, 0xe0000000);
	EXPECT_NO_BAR(&a, 0);
}

/*
 * Automatic placement avoids the address of a BAR with decode off, also while the
 * guest sizes it.
 */
TEST(pci_bar_undecoded_avoided_by_alloc)
{
	struct vmr_pci_function a;
	struct probe p;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&a, 1, VMR_PCI_BAR_MEM32, 0x1000));
	set_bar(&a, 0, 0xe0000000);
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region(&p, 0, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	vmr_constraint_init_bounded(probe_want(&p), VMR_KIND_MMIO, 0x1000, 0x1000,
				    0xe0000000, 0xe0001fff, &p.region[0].range);
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_ANSWERS(&p.region[0], 0xe0001000);
	ASSERT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	/* During sizing the BAR is parked where it was. */
	set_bar(&a, 0, 0xffffffff);
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_ANSWERS(&p.region[0], 0xe0001000);
	ASSERT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	/* Address 0 is none. */
	set_bar(&a, 0, 0);
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_ANSWERS(&p.region[0], 0xe0000000);
}

/*
 * Moves and sizing
 */

/* A write to a BAR with decode on moves the BAR. */
TEST(pci_bar_write_decoded_moves)
{
	struct vmr_pci_function fn;
	struct event_log d;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, all_kinds(&fn, 2));
	decode(&fn, DECODE_IO | DECODE_MEM);
	ASSERT_EQ(0, diary_start(&d));
	set_bar(&fn, 0, 0xd000);
	EXPECT_BAR(&fn, 0, 0xd000);
	set_bar(&fn, 1, 0xe1000000);
	EXPECT_BAR(&fn, 1, 0xe1000000);
	EXPECT_NULL(responder(VMR_MMIO, 0xe0000000));
	/* Words and bytes take effect one by one. */
	conf_out_at(VMR_PCI_BDF(0, 2, 0), 0x16, 0xe200, 2);
	EXPECT_BAR(&fn, 1, 0xe2000000);
	conf_out_at(VMR_PCI_BDF(0, 2, 0), 0x17, 0xe3, 1);
	EXPECT_BAR(&fn, 1, 0xe3000000);
	EXPECT_EQ(4U, d.nr);
	EXPECT_SAYS(&d, 3, bar(&fn, 1), 0xe2000000, 0xe3000000);
	/* Writes of type bits or of the same address cause no notification. */
	set_bar(&fn, 1, 0xe300000f);
	set_bar(&fn, 1, 0xe3000000);
	EXPECT_EQ(4U, d.nr);
	EXPECT_EQ(0xe3000000U, get_bar(&fn, 1));
	/* An address bit that the BAR does not have means sizing. */
	set_bar(&fn, 1, 0xe3000010);
	EXPECT_EQ(0xe3000000U, get_bar(&fn, 1));
	EXPECT_NO_BAR(&fn, 1);
	EXPECT_EQ(5U, d.nr);
	set_bar(&fn, 1, 0xe3000000);
	EXPECT_BAR(&fn, 1, 0xe3000000);
	EXPECT_SOUND();
}

/* A write of the upper half alone moves a 64-bit BAR. */
TEST(pci_bar64_upper_half_moves)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 1, VMR_PCI_BAR_MEM64, 0x4000));
	set_bar64(&fn, 0, 0x1e0000000);
	decode(&fn, DECODE_MEM);
	EXPECT_BAR(&fn, 0, 0x1e0000000);
	set_bar(&fn, 1, 2);
	EXPECT_BAR(&fn, 0, 0x2e0000000);
	EXPECT_NULL(responder(VMR_MMIO, 0x1e0000000));
	set_bar(&fn, 0, 0xd0000000);
	EXPECT_BAR(&fn, 0, 0x2d0000000);
	set_bar(&fn, 1, 0);
	EXPECT_BAR(&fn, 0, 0xd0000000);
	/* The upper register has no type bits. */
	set_bar(&fn, 1, 0x3fff);
	EXPECT_EQ(0x3fffU, get_bar(&fn, 1));
	EXPECT_BAR(&fn, 0, 0x3fffd0000000);
}

/* The guest can write the halves of a 64-bit BAR in either order. */
TEST(pci_bar64_halves_in_either_order)
{
	struct vmr_pci_function fn, other;
	int order;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&other, 2, VMR_PCI_BAR_MEM64, 0x4000));
	ASSERT_EQ(0, card_up(&fn, 1, VMR_PCI_BAR_MEM64, 0x4000));
	for (order = 0; order < 2; order++) {
		decode(&fn, 0);
		set_bar64(&fn, 0, 0x1e0000000);
		decode(&fn, DECODE_MEM);
		EXPECT_BAR(&fn, 0, 0x1e0000000);
		/* Another BAR is at the intermediate address. */
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

/* The sizing values of Linux and of OpenBSD */
static const uint32_t sizing[] = { 0xffffffff, 0xfffffff0 };

/* Sizing with decode on unmaps the BAR and affects no other region. */
TEST(pci_bar_sizing_decoded_unmaps)
{
	struct vmr_pci_function fn, top;
	struct event_log d;
	size_t i;

	ASSERT_EQ(0, pci_up());
	/*
	 * This BAR is just below 4 GiB, the address that a sized register
	 * contains.
	 */
	ASSERT_EQ(0, card_up(&top, 1, VMR_PCI_BAR_MEM32, 0x800));
	set_bar(&top, 0, 0xfffff000);
	decode(&top, DECODE_MEM);
	ASSERT_EQ(0, card_up(&fn, 2, VMR_PCI_BAR_MEM32, 0x1000));
	set_bar(&fn, 0, 0xe0000000);
	decode(&fn, DECODE_MEM);
	ASSERT_EQ(0, diary_start(&d));
	for (i = 0; i < NR(sizing); i++) {
		set_bar(&fn, 0, sizing[i]);
		EXPECT_EQ(0xfffff000U, get_bar(&fn, 0));
		EXPECT_NO_BAR(&fn, 0);
		/* It is parked where it was. */
		EXPECT_EQ(VMR_PARKED, state_of(bar(&fn, 0)));
		EXPECT_EQ(0xe0000000U, bar(&fn, 0)->range.start);
		EXPECT_BAR(&top, 0, 0xfffff000);
		set_bar(&fn, 0, 0xe0000000);
		EXPECT_BAR(&fn, 0, 0xe0000000);
		EXPECT_EQ(2U * (i + 1), d.nr);
		/* Some guests write zero before the address. */
		set_bar(&fn, 0, 0);
		EXPECT_NO_BAR(&fn, 0);
		set_bar(&fn, 0, 0xe0000000);
		d.nr -= 2;
	}
	EXPECT_SOUND();
}

/* During all steps of sizing with decode on, a 64-bit BAR is unmapped. */
TEST(pci_bar64_sizing_decoded_unmaps)
{
	struct vmr_pci_function fn;
	size_t i;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 2, VMR_PCI_BAR_MEM64, 0x4000));
	for (i = 0; i < NR(sizing); i++) {
		set_bar64(&fn, 0, 0xe0000000);
		decode(&fn, DECODE_MEM);
		EXPECT_BAR(&fn, 0, 0xe0000000);
		set_bar(&fn, 0, sizing[i]);
		EXPECT_NO_BAR(&fn, 0);
		set_bar(&fn, 1, 0xffffffff);
		EXPECT_NO_BAR(&fn, 0);
		EXPECT_EQ(0xffffffffffffc004, get_bar64(&fn, 0));
		/*
		 * The lower half is restored first. The intermediate address
		 * is outside the domain.
		 */
		set_bar(&fn, 0, 0xe0000000);
		EXPECT_NO_BAR(&fn, 0);
		set_bar(&fn, 1, 0);
		EXPECT_BAR(&fn, 0, 0xe0000000);
	}
}

/*
 * A 64-bit BAR that is sized is unmapped even in a domain of all 64-bit
 * addresses.
 */
TEST(pci_bar64_sizing_full_domain_unmaps)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, machine_up_to(VMR_ADDR_MAX, 255));
	ASSERT_EQ(0, vmr_pci_conf1_register(&host, &m.manager, NULL));
	ASSERT_EQ(0, card_up(&fn, 2, VMR_PCI_BAR_MEM64, 0x4000));
	decode(&fn, DECODE_MEM);
	set_bar64(&fn, 0, VMR_ADDR_MAX);
	EXPECT_NO_BAR(&fn, 0);
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
	/* All ones in the upper half mean sizing, whatever the lower half is. */
	set_bar64(&fn, 0, VMR_ADDR_MAX - 0x7fff);
	EXPECT_NO_BAR(&fn, 0);
	EXPECT_EQ(0xffffffffffff8004, get_bar64(&fn, 0));
	/* The next lower address is valid. */
	set_bar64(&fn, 0, 0xfffffffeffffc000);
	EXPECT_BAR(&fn, 0, 0xfffffffeffffc000);
}

/*
 * The lower half of a 64-bit BAR may be all ones in an address: just below a multiple
 * of 4 GiB. Sizing writes a bit that the half does not have.
 */
TEST(pci_bar64_just_below_4_gib)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 2, VMR_PCI_BAR_MEM64, 0x4000));
	decode(&fn, DECODE_MEM);
	set_bar64(&fn, 0, 0xffffc000);
	EXPECT_BAR(&fn, 0, 0xffffc000);
	set_bar(&fn, 1, 2);
	EXPECT_BAR(&fn, 0, 0x2ffffc000);
	/* The same registers while the guest sizes the lower half */
	set_bar(&fn, 0, 0xfffffff0);
	EXPECT_EQ(0x2ffffc004U, get_bar64(&fn, 0));
	EXPECT_NO_BAR(&fn, 0);
	EXPECT_EQ(VMR_PARKED, state_of(bar(&fn, 0)));
	EXPECT_EQ(0x2ffffc000U, bar(&fn, 0)->range.start);
	/* The other half does not end the sizing of this one. */
	set_bar(&fn, 1, 1);
	EXPECT_NO_BAR(&fn, 0);
	EXPECT_EQ(0x2ffffc000U, bar(&fn, 0)->range.start);
	set_bar(&fn, 0, 0xffffc000);
	EXPECT_BAR(&fn, 0, 0x1ffffc000);
	/* A BAR of 16 bytes has no such bit: all ones mean sizing. */
	EXPECT_EQ(1, vmr_pci_unplug(&fn));
	ASSERT_EQ(0, card_up(&fn, 2, VMR_PCI_BAR_MEM64, 0x10));
	decode(&fn, DECODE_MEM);
	set_bar64(&fn, 0, 0xfffffff0);
	EXPECT_NO_BAR(&fn, 0);
	set_bar(&fn, 0, 0xffffffe0);
	EXPECT_BAR(&fn, 0, 0xffffffe0);
	EXPECT_SOUND();
}

/* Sizing with decode on unmaps port BARs and the ROM as well. */
TEST(pci_bar_port_and_rom_sizing_unmaps)
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
	/* The ROM is sized with its enable bit set and clear. */
	set_bar(&fn, VMR_PCI_ROM, 0xf0000001);
	EXPECT_BAR(&fn, VMR_PCI_ROM, 0xf0000000);
	set_bar(&fn, VMR_PCI_ROM, 0xffffffff);
	EXPECT_EQ(0xffff0001U, get_bar(&fn, VMR_PCI_ROM));
	EXPECT_NO_BAR(&fn, VMR_PCI_ROM);
	set_bar(&fn, VMR_PCI_ROM, 0xfffff800);
	EXPECT_EQ(0xffff0000U, get_bar(&fn, VMR_PCI_ROM));
	EXPECT_NO_BAR(&fn, VMR_PCI_ROM);
}

/*
 * A BAR at an address outside the domain is unmapped, and its register reads
 * back.
 */
TEST(pci_bar_outside_domain_unmapped)
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
	/* The port domain has 16 bits, the register has 32. */
	set_bar(&fn, 0, 0x1c000);
	EXPECT_NO_BAR(&fn, 0);
	EXPECT_EQ(0x1c001U, get_bar(&fn, 0));
	set_bar(&fn, 0, 0xffe0);
	EXPECT_BAR(&fn, 0, 0xffe0);
	EXPECT_SOUND();
}

/*
 * vmr_pci_bar_addr() returns false for invalid arguments and for unmapped
 * BARs.
 */
TEST(pci_bar_addr_errors)
{
	struct vmr_pci_function fn;
	uint64_t addr = 7;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, all_kinds(&fn, 2));
	decode(&fn, DECODE_MEM);
	EXPECT_FALSE(vmr_pci_bar_addr(NULL, 1, &addr));
	EXPECT_FALSE(vmr_pci_bar_addr(&fn, 1, NULL));
	EXPECT_FALSE(vmr_pci_bar_addr(&fn, VMR_PCI_NR_BARS, &addr));
	EXPECT_FALSE(vmr_pci_bar_addr(&fn, 3, &addr));
	EXPECT_FALSE(vmr_pci_bar_addr(&fn, 5, &addr));
	EXPECT_FALSE(vmr_pci_bar_addr(&fn, 0, &addr));
	EXPECT_EQ(7U, addr);
	EXPECT_TRUE(vmr_pci_bar_addr(&fn, 1, &addr));
	EXPECT_EQ(2, vmr_pci_unplug(&fn));
	EXPECT_FALSE(vmr_pci_bar_addr(&fn, 1, &addr));
}

/* If two BARs have one address, a register write moves only its own BAR. */
TEST(pci_bar_same_base_moves_own_region)
{
	struct vmr_pci_function a, b;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&a, 1, VMR_PCI_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, card_up(&b, 2, VMR_PCI_BAR_MEM32, 0x1000));
	set_bar(&a, 0, 0xe0000000);
	set_bar(&b, 0, 0xe0000000);
	decode(&a, DECODE_MEM);
	decode(&b, DECODE_MEM);
	EXPECT_BAR(&a, 0, 0xe0000000);
	EXPECT_CLAIM(&b, 0, 0xe0000000);
	/* The write moves the claim only. */
	set_bar(&b, 0, 0xe1000000);
	EXPECT_BAR(&a, 0, 0xe0000000);
	EXPECT_BAR(&b, 0, 0xe1000000);
	set_bar(&b, 0, 0xe0000000);
	set_bar(&a, 0, 0xe2000000);
	EXPECT_BAR(&a, 0, 0xe2000000);
	EXPECT_BAR(&b, 0, 0xe0000000);
	EXPECT_SOUND();
}

/*
 * If two BARs of one function have one address, the later one becomes a claim.
 */
TEST(pci_bar_same_base_in_one_function)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000, ""));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 1, VMR_PCI_BAR_MEM32, false, 0x4000, ""));
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

/* BARs that are unmapped together do not take each other's addresses. */
TEST(pci_bars_moved_together_take_no_own_gap)
{
	struct vmr_pci_function fn, other;
	struct event_log d;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000, ""));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 1, VMR_PCI_BAR_MEM32, false, 0x4000, ""));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 8));
	ASSERT_EQ(0, card_up(&other, 2, VMR_PCI_BAR_MEM32, 0x1000));
	set_bar(&fn, 0, 0xe0000000);
	set_bar(&fn, 1, 0xe0000000);
	decode(&fn, DECODE_MEM);
	EXPECT_CLAIM(&fn, 1, 0xe0000000);
	set_bar(&other, 0, 0xe0000000);
	decode(&other, DECODE_MEM);
	EXPECT_CLAIM(&other, 0, 0xe0000000);

	/* The claim of BAR 1 is older than that of the other function. */
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
static unsigned int partial;

static void check_both(struct event_log *d, struct vmr_region *region)
{
	(void)d;
	(void)region;
	partial += responder(VMR_MMIO, 0xe0000000) != bar(&both, 0);
	partial += responder(VMR_MMIO, 0xe1000000) != bar(&both, 1);
}

/* Switching decode maps all BARs of a function atomically for lookups. */
TEST(pci_bar_decode_atomic_for_lookups)
{
	struct event_log d;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&both, "both"));
	ASSERT_EQ(0, vmr_pci_add_bar(&both, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
				     ""));
	ASSERT_EQ(0, vmr_pci_add_bar(&both, 1, VMR_PCI_BAR_MEM32, false, 0x1000,
				     ""));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &both, 8));
	set_bar(&both, 0, 0xe0000000);
	set_bar(&both, 1, 0xe1000000);
	ASSERT_EQ(0, diary_start(&d));
	d.inside = check_both;
	decode(&both, DECODE_MEM);
	EXPECT_EQ(2U, d.nr);
	EXPECT_EQ(0U, partial);
	/*
	 * At the first notification of switching off, both BARs are unmapped.
	 */
	decode(&both, 0);
	EXPECT_EQ(4U, d.nr);
	EXPECT_EQ(4U, partial);
	EXPECT_SOUND();
}

/* The addresses of BARs can be swapped and rotated with decode on. */
TEST(pci_bar_swap_and_rotate_decoded)
{
	static const uint32_t at[3] = { 0xe0000000, 0xe1000000, 0xe2000000 };
	struct vmr_pci_function fn[3];
	int i, step, first;

	ASSERT_EQ(0, pci_up());
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, card_up(&fn[i], i + 1, VMR_PCI_BAR_MEM32, 0x1000));
		set_bar(&fn[i], 0, at[i]);
		decode(&fn[i], DECODE_MEM);
	}
	for (first = 0; first < 3; first++) {
		for (step = 1; step < 3; step++) {
			/* Rotate and rotate back, beginning with each BAR. */
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

/* A BAR can be memory with a trapped subregion. */
TEST(pci_bar_memory_with_subregion)
{
	struct vmr_pci_function fn;
	struct vmr_region table = { .size = 0x1000, .offset = 0x2000 };

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_MEM64, true, 0x4000, ""));
	bar(&fn, 0)->type = VMR_REGION_MEMORY;
	vmr_region_init(&table, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 7,
			"table");
	ASSERT_EQ(0, vmr_region_add_subregion(bar(&fn, 0), &table));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 8));
	set_bar64(&fn, 0, 0x100000000);
	decode(&fn, DECODE_MEM);
	EXPECT_ANSWERS(&table, 0x100002000);
	EXPECT_EQ(bar(&fn, 0), responder(VMR_MMIO, 0x100000000));
	set_bar(&fn, 1, 2);
	EXPECT_ANSWERS(&table, 0x200002000);
	EXPECT_NULL(responder(VMR_MMIO, 0x100002000));
}

/* Plugging a function resets its command register and its BARs. */
TEST(pci_bar_plug_resets_registers)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, all_kinds(&fn, 2));
	decode(&fn, DECODE_IO | DECODE_MEM);
	set_bar(&fn, VMR_PCI_ROM, 0xf0000001);
	EXPECT_EQ(4, vmr_pci_unplug(&fn));
	EXPECT_NULL(responder(VMR_MMIO, 0xe0000000));
	EXPECT_NULL(responder(VMR_PIO, 0xc000));
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &fn.dev));
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

/*
 * Random writes against a model. The state depends only on the registers and
 * on the age of claims.
 */
#define CARDS		5
#define MODEL_BARS	(CARDS * VMR_PCI_NR_BARS)

struct model_bar {
	enum vmr_pci_bar_type	type;
	uint64_t		size;
	uint32_t		half[2];
	bool			sizing[2];	/* of each half */
	bool			live;
	bool			waits;
	bool			parked;
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

/* The address bits of a half: those that are writable, and the others */
static uint32_t model_ones(const struct model_bar *b, int hi)
{
	return (uint32_t)(~(b->size - 1) >> (hi ? 32 : 0));
}

static uint32_t model_wired(const struct model_bar *b, int hi)
{
	uint32_t bits = hi ? 0xffffffff :
			b->type == VMR_PCI_BAR_IO ? 0xfffffffc :
			b->type == VMR_PCI_BAR_ROM ? 0xfffff800 : 0xfffffff0;

	return bits & ~model_ones(b, hi);
}

static bool model_sizes(const struct model_bar *b)
{
	return b->sizing[0] || b->sizing[1];
}

/* The address in the registers, or 0 if there is none in the domain */
static uint64_t model_addr(const struct model_bar *b)
{
	uint64_t end = b->type == VMR_PCI_BAR_IO ? 0xffff : MACHINE_LAST;
	uint64_t addr = b->half[0] & model_ones(b, 0), top = model_ones(b, 0);

	if (b->type == VMR_PCI_BAR_MEM64) {
		addr |= (uint64_t)(b->half[1] & model_ones(b, 1)) << 32;
		top |= (uint64_t)model_ones(b, 1) << 32;
	}
	if (b->type == VMR_PCI_BAR_NONE || addr == top || addr > end ||
	    end - addr < b->size - 1)
		return 0;
	return addr;
}

static bool model_decodes(unsigned int i)
{
	const struct model_bar *b = &model[i];
	uint32_t command = model_command[i / VMR_PCI_NR_BARS];

	if (b->type == VMR_PCI_BAR_IO)
		return command & 1;
	return command & 2 && (b->type != VMR_PCI_BAR_ROM || b->half[0] & 1);
}

static bool model_clash(const struct model_bar *a, const struct model_bar *b)
{
	return (a->type == VMR_PCI_BAR_IO) == (b->type == VMR_PCI_BAR_IO) &&
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

/*
 * Unmap all BARs that move, settle the claims of others, then map at the new
 * addresses. A BAR that is sized is parked where it was, if it was anywhere.
 */
static void model_apply(unsigned int first, unsigned int nr)
{
	bool moves[VMR_PCI_NR_BARS];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct model_bar *b = &model[first + i];
		uint64_t at = model_addr(b);
		bool on = at && !model_sizes(b) && model_decodes(first + i);

		moves[i] = on && !((b->live || b->waits) && b->at == at);
		if (!on || moves[i]) {
			bool was = b->live || b->waits || b->parked;

			b->live = false;
			b->waits = false;
			b->parked = model_sizes(b) ? was : at && !on;
			if (!model_sizes(b))
				b->at = at;
		}
	}
	model_settle();
	for (i = 0; i < nr; i++) {
		struct model_bar *b = &model[first + i];

		if (!moves[i])
			continue;
		b->waits = true;
		b->age = ++model_clock;
		model_settle();
	}
}

/* Few addresses, for many conflicts; some of them are special. */
static uint32_t random_lo(void)
{
	static const uint32_t special[] = {
		0, 0xffffffff, 0xfffffff0, 0xfffff000, 0x80000000, 0xffff,
	};

	if (!draw(4))
		return special[draw(NR(special))] | draw(2);
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

/* The value of a register after a write of some bytes */
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
	uint32_t at = vmr_id_value(&cards[card].address);
	bool hi = model[i].type == VMR_PCI_BAR_MEM64 && draw(2);
	uint32_t value = hi ? random_hi() : random_lo();
	uint32_t width = draw(4) ? 4 : 1u << draw(2);
	uint32_t byte = draw(4 / width) * width;
	uint32_t *half = &model[i].half[hi];
	uint32_t ones = model_ones(&model[i], hi) & 0xfffffffc;
	uint32_t wired = model_wired(&model[i], hi);
	/* Just below a multiple of 4 GiB is an address of a 64-bit BAR. */
	bool top = model[i].type == VMR_PCI_BAR_MEM64 && !hi && wired;

	conf_out_at(at, bar_offset(index + hi) + byte, value >> 8 * byte,
		    width);
	*half = merge(*half, value, byte, width);
	model[i].sizing[hi] = merge(0, value, byte, width) & wired ||
			      (!top && ones && (*half & ones) == ones);
	model_apply(i, 1);
}

static void replug(unsigned int card)
{
	unsigned int i = card * VMR_PCI_NR_BARS, k, live = 0;

	for (k = 0; k < VMR_PCI_NR_BARS; k++)
		live += model[i + k].live;
	if (plugged[card]) {
		if (vmr_pci_unplug(&cards[card]) != (int)live ||
		    vmr_device_drain(&m.manager, &cards[card].dev))
			abort();
		for (k = 0; k < VMR_PCI_NR_BARS; k++) {
			model[i + k].live = false;
			model[i + k].waits = false;
			model[i + k].parked = false;
		}
		plugged[card] = false;
		model_settle();
		return;
	}
	if (vmr_pci_plug(&m.manager, &cards[card], 8 * (card + 1)))
		abort();
	model_command[card] = 0;
	for (k = 0; k < VMR_PCI_NR_BARS; k++) {
		memset(model[i + k].half, 0, sizeof(model[i + k].half));
		memset(model[i + k].sizing, 0, sizeof(model[i + k].sizing));
	}
	plugged[card] = true;
}

static unsigned int some_bar(unsigned int card)
{
	unsigned int index;

	do {
		index = draw(VMR_PCI_NR_BARS);
	} while (model[card * VMR_PCI_NR_BARS + index].type == VMR_PCI_BAR_NONE);
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

/* Compare a BAR with the model. Return the difference or NULL. */
static const char *compare(unsigned int i)
{
	struct vmr_pci_function *fn = &cards[i / VMR_PCI_NR_BARS];
	unsigned int index = i % VMR_PCI_NR_BARS;
	const struct model_bar *b = &model[i];
	struct vmr_region *region = bar(fn, index);
	bool live = state_of(region) == VMR_LIVE;
	bool waits = state_of(region) == VMR_CLAIMED;

	if (b->type == VMR_PCI_BAR_NONE)
		return NULL;
	if (live != b->live)
		return "live";
	if (waits != b->waits)
		return "claimed";
	if ((state_of(region) == VMR_PARKED) != b->parked)
		return "parked";
	if ((b->live || b->waits || b->parked) && region->range.start != b->at)
		return "start";
	if (model_says(fn, index) != (b->live || b->waits ? b->at : NOWHERE))
		return "address";
	if (b->live && (responder((enum vmr_io)region->io, b->at) != region ||
			responder((enum vmr_io)region->io, b->at + b->size - 1) !=
			region))
		return "route";
	if (plugged[i / VMR_PCI_NR_BARS] &&
	    (get_bar(fn, index) ^ b->half[0]) & ~(b->size - 1) & 0xfffffff0)
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
		model_bar_add(card, 0, VMR_PCI_BAR_IO, 0x10u << card % 3);
		model_bar_add(card, 1, VMR_PCI_BAR_MEM32, 0x1000u << card % 3);
		model_bar_add(card, 2, VMR_PCI_BAR_MEM64, 0x800u << card);
		if (card % 2)
			model_bar_add(card, 4, VMR_PCI_BAR_MEM64, 8 * GIB);
		model_bar_add(card, 6, VMR_PCI_BAR_ROM, 0x800u << card);
		replug(card);
	}
	return ret;
}

static uint64_t seed_of_run(void)
{
	const char *given = getenv("VMR_TEST_SEED");

	return given ? strtoull(given, NULL, 0) : 20240229;
}

/* After each random write every BAR has the state of the model. */
TEST(pci_bar_random_writes_match_model)
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
	/* The run must contain many claims. */
	EXPECT_LT(steps / 10, waits);
	EXPECT_SOUND();
}

/* The final registers decide the state, whatever was written before. */
TEST(pci_bar_final_registers_decide_state)
{
	unsigned int round, n, card, i;

	seed = seed_of_run();
	TH_LOG("VMR_TEST_SEED=%llu", (unsigned long long)seed);
	ASSERT_EQ(0, random_machine());
	for (round = 0; round < 200; round++) {
		for (n = 0; n < 50; n++)
			random_step();
		/* Addresses that do not overlap, written in a random order */
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
			if (model[i].type == VMR_PCI_BAR_NONE)
				continue;
			if (model[i].type == VMR_PCI_BAR_IO)
				set_bar(fn, index, 0x1000 + i * 0x100);
			else if (model[i].size > GIB)
				set_bar64(fn, index, (i + 1) * 8 * GIB);
			else if (model[i].type != VMR_PCI_BAR_MEM64)
				set_bar(fn, index, 0x80000001 + i * 0x100000);
			if (model[i].type != VMR_PCI_BAR_MEM64 ||
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

			if (b->type == VMR_PCI_BAR_NONE)
				continue;
			b->at = b->type == VMR_PCI_BAR_IO ? 0x1000 + i * 0x100 :
				b->size > GIB ? (i + 1) * 8 * GIB :
				0x80000000 + i * 0x100000u +
				(b->type == VMR_PCI_BAR_MEM64 ? 4 * GIB : 0);
			b->half[0] = get_bar(fn, i % 7);
			b->half[1] = (uint32_t)(b->at >> 32);
			memset(b->sizing, 0, sizeof(b->sizing));
			b->live = true;
			b->waits = false;
			b->parked = false;
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
