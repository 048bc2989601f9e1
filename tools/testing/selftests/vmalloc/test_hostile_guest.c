// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_hostile_guest.c - a guest that writes random values to random registers and
 * addresses
 *
 * VMR_TEST_EXITS is the number of exits, VMR_TEST_SEED the seed. The expected state is
 * computed from the registers by the rules of the specification, without the
 * library.
 */
#include <stdlib.h>

#include "../kselftest_harness.h"
#include "requires.h"

#include "bus.h"
#include "card.h"
#include "reference.h"

#define CARDS		9
#define BRIDGES		3
#define FUNCTIONS	(CARDS + BRIDGES)
#define ENTRIES		24
#define VECTORS		24	/* fewer than the entries */
#define MSI_CAP		0x50
#define MSIX_CAP	0x70
#define TABLE_OFFSET	0x800
#define TABLE_SIZE	(ENTRIES * 16)
#define PBA_OFFSET	0x400
#define PBA_SIZE	8
#define BRIDGE_CONTROL	0x3e
#define ISA_ENABLE	0x04
#define VGA_ENABLE	0x08

/* Addresses that the guest prefers, so that regions overlap */
#define CROWD		0xe0000000ull
#define HIGH_CROWD	0x4000000000ull
#define PORT_CROWD	0x2000u

struct fn_state {
	struct vmr_pci_function	*fn;
	struct vmr_pci_bridge	*bridge;	/* itself, or NULL */
	struct vmr_pci_bridge	*behind;
	uint32_t		at;
	struct vmr_pci_msi	*msi;
	uint32_t		can;		/* of MSI */
	struct vmr_pci_msix	*msix;
	bool			used[ENTRIES];	/* since MSI-X was enabled */
	bool			sizing[VMR_PCI_NR_BARS];	/* registers */
	bool			placed[VMR_PCI_NR_BARS];
	uint64_t		place[VMR_PCI_NR_BARS];	/* before sizing */
	uint8_t			config[VMR_PCI_CONFIG_SIZE];
	uint8_t			writable[VMR_PCI_CONFIG_SIZE];
};

static struct vmr_pci_bridge bridges[BRIDGES];
static struct vmr_pci_function cards[CARDS];
static struct vmr_pci_msi msis[CARDS];
static struct vmr_pci_msix msixs[CARDS];
static struct vmr_pci_msix_entry vectors[CARDS][ENTRIES];
static struct fn_state fn_states[FUNCTIONS];

/* Devices that are not on PCI */
static struct probe model_space;

static unsigned long undefined;		/* unexpected results */

/*
 * The devices. A read returns bytes that depend on the region and the offset. The
 * library serves accesses to the MSI-X table and the pending bits.
 */

static uint8_t pattern(const struct vmr_region *region, uint64_t offset)
{
	return (uint8_t)((uintptr_t)region / sizeof(*region) * 31 + offset * 7);
}

static struct fn_state *fn_state_of(const struct vmr_device *dev)
{
	size_t i;

	for (i = 0; i < FUNCTIONS; i++)
		if (&fn_states[i].fn->dev == dev)
			return &fn_states[i];
	return NULL;
}

static bool overlaps(uint64_t offset, uint32_t width, uint64_t start,
		     uint64_t size)
{
	return offset < start + size && start < offset + width;
}

/* Return whether an access touches the MSI-X table or the pending bits. */
static bool is_library(const struct fn_state *v,
		       const struct vmr_access *access)
{
	if (!v || !v->msix)
		return false;
	if (access->region == &v->msix->table || access->region == &v->msix->pba)
		return true;
	return access->region == bar(v->fn, 0) &&
	       (overlaps(access->offset, access->width, TABLE_OFFSET,
			 TABLE_SIZE) ||
		overlaps(access->offset, access->width, PBA_OFFSET, PBA_SIZE));
}

static void hostile_read(struct vmr_device *dev,
			 const struct vmr_access *access, void *data)
{
	uint8_t *bytes = data;
	uint32_t n, i;

	undefined += is_library(fn_state_of(dev), access);
	for (n = 0; n < access->count; n++, bytes += access->width)
		for (i = 0; i < access->width; i++)
			bytes[i] = pattern(access->region, access->offset + i);
}

static void hostile_write(struct vmr_device *dev,
			  const struct vmr_access *access, const void *data)
{
	undefined += is_library(fn_state_of(dev), access);
}

static const struct vmr_device_ops hostile_ops = {
	.read = hostile_read,
	.write = hostile_write,
};

/*
 * Each notification must agree with the one before.
 */

static struct {
	struct vmr_listener	listener;
	struct vmr_mapping	mapping[NR(naive.region)];
	unsigned long		notifications;
	unsigned long		errors;
	unsigned long		calls;		/* of vector_changed() */
	unsigned long		no_vector;
	const struct vmr_range	*msi[CARDS];
	const struct vmr_range	*entry[CARDS][ENTRIES];
} notified;

static bool equal(const struct vmr_mapping *a, const struct vmr_mapping *b)
{
	return a->mapped == b->mapped &&
	       (!a->mapped || (a->start == b->start && a->last == b->last));
}

static void hostile_changed(struct vmr_listener *listener,
			    struct vmr_region *region,
			  const struct vmr_mapping *old,
			  const struct vmr_mapping *new_)
{
	size_t i;

	notified.notifications++;
	for (i = 0; i < naive.nr && naive.region[i] != region; i++)
		;
	notified.errors += i == naive.nr || !equal(&notified.mapping[i], old) ||
		      equal(old, new_);
	if (i < naive.nr)
		notified.mapping[i] = *new_;
}

static void hostile_vector(struct vmr_pci_function *fn, uint32_t index,
			   const struct vmr_range *range, int error)
{
	size_t card = fn - cards;

	notified.calls++;
	notified.no_vector += error == -ENOSPC;
	notified.errors += card >= CARDS || (error && error != -ENOSPC) ||
		      (error && range) || index >= ENTRIES;
	if (card >= CARDS || index >= ENTRIES)
		return;
	/*
	 * The address of @range shows its kind. Without a range, clear the
	 * freed ones.
	 */
	if (range == &msis[card].range)
		notified.msi[card] = range;
	else if (range)
		notified.entry[card][index] = range;
	if (!index && vmr_range_state(&msis[card].range) == VMR_FREE)
		notified.msi[card] = NULL;
	if (vmr_range_state(&vectors[card][index].range) == VMR_FREE)
		notified.entry[card][index] = NULL;
}

/*
 * State that the registers do not show: which BAR registers are being sized
 * and which MSI-X entries were used.
 */

static uint32_t reg(const struct vmr_pci_function *fn, uint32_t offset,
		    uint32_t width)
{
	uint32_t value = 0;

	while (width--)
		value = value << 8 | fn->config[offset + width];
	return value;
}

static uint64_t domain_last(const struct vmr_region *region)
{
	return region->io == VMR_PIO ? 0xffff : m.sys.mmio.last;
}

static uint32_t bar_reg(const struct vmr_pci_function *fn, unsigned int index)
{
	return index == VMR_PCI_ROM && fn->bridge ? 0x38 : bar_offset(index);
}

/* Return whether the registers of a BAR hold an address in the domain. */
static bool bar_address(struct vmr_pci_function *fn, unsigned int index,
			uint64_t *addr)
{
	const struct vmr_region *region = bar(fn, index);
	uint64_t mask = ~(region->size - 1);

	*addr = reg(fn, bar_reg(fn, index), 4);
	if (fn->bars[index].type == VMR_PCI_BAR_MEM64)
		*addr |= (uint64_t)reg(fn, bar_reg(fn, index) + 4, 4) << 32;
	else
		mask &= 0xffffffff;
	*addr &= mask;
	return *addr && *addr != mask && *addr <= domain_last(region) &&
	       region->size - 1 <= domain_last(region) - *addr;
}

static bool is_sizing(const struct fn_state *v, unsigned int index)
{
	return v->sizing[index] ||
	       (v->fn->bars[index].type == VMR_PCI_BAR_MEM64 &&
		v->sizing[index + 1]);
}

/* Whether a write of @written to half @hi of a BAR, which is @value then, sizes it */
static bool begins_sizing(const struct fn_state *v, unsigned int index, int hi,
			  uint32_t written, uint32_t value)
{
	enum vmr_pci_bar_type type = v->fn->bars[index].type;
	uint32_t address = hi ? 0xffffffff :
			   type == VMR_PCI_BAR_IO ? 0xfffffffc :
			   type == VMR_PCI_BAR_ROM ? 0xfffff800 : 0xfffffff0;
	uint32_t ones = (uint32_t)(~(bar(v->fn, index)->size - 1) >>
				   (hi ? 32 : 0)) & address;

	if (written & address & ~ones)
		return true;
	if (type == VMR_PCI_BAR_MEM64 && !hi && address != ones)
		return false;
	return ones && (value & ones) == ones;
}

static void note_bar_write(struct fn_state *v, unsigned int index,
			   const struct vmr_pci_write *write)
{
	uint32_t offset = bar_reg(v->fn, index);
	bool hi = index && index < VMR_PCI_ROM &&
		  v->fn->bars[index - 1].type == VMR_PCI_BAR_MEM64;

	if (write->offset < offset || write->offset > offset + 3 ||
	    v->fn->bars[index - hi].type == VMR_PCI_BAR_NONE)
		return;
	v->sizing[index] = begins_sizing(v, index - hi, hi,
					 write->written <<
					 8 * (write->offset - offset),
					 reg(v->fn, offset, 4));
}

static void note_used(struct fn_state *v)
{
	uint32_t i, control = reg(v->fn, MSIX_CAP + 2, 2);

	for (i = 0; i < ENTRIES; i++)
		v->used[i] = control & 0x8000 &&
			     (v->used[i] || !(control & 0x4000 ||
					      v->msix->entries[i].dwords[3] & 1));
}

static void forget(struct fn_state *v)
{
	memset(v->used, 0, sizeof(v->used));
	memset(v->sizing, 0, sizeof(v->sizing));
	memset(v->placed, 0, sizeof(v->placed));
}

static void hostile_written(struct vmr_pci_function *fn,
			    const struct vmr_pci_write *write)
{
	struct fn_state *v = fn_state_of(&fn->dev);
	unsigned int i, nr = v->bridge ? 2 : 6;

	for (i = 0; i < VMR_PCI_NR_BARS; i++)
		if (i < nr || i == VMR_PCI_ROM)
			note_bar_write(v, i, write);
	for (i = 0; i < VMR_PCI_NR_BARS; i++)
		if (fn->bars[i].type != VMR_PCI_BAR_NONE && !is_sizing(v, i))
			v->placed[i] = bar_address(fn, i, &v->place[i]);
	if (v->msix)
		note_used(v);
}

static void hostile_reset(struct vmr_pci_function *fn)
{
	forget(fn_state_of(&fn->dev));
}

/* The guest writes to the table. A later write of the same access may mask again. */
static void note_table_write(struct fn_state *v, uint64_t offset,
			     const uint8_t *data, uint32_t width)
{
	uint32_t control = reg(v->fn, MSIX_CAP + 2, 2);

	if ((width != 4 && width != 8) || offset % width ||
	    offset >= TABLE_SIZE || !v->fn->manager ||
	    (offset + width) % 16)
		return;
	if ((control & 0xc000) == 0x8000 && !(data[width - 4] & 1))
		v->used[offset / 16] = true;
}

static const struct vmr_pci_events hostile_events = {
	.vector_changed = hostile_vector,
	.config_written = hostile_written,
	.reset = hostile_reset,
};

/*
 * The machine
 */

static int plug(struct fn_state *v)
{
	forget(v);
	if (v->behind)
		return vmr_pci_bridge_plug(v->behind, v->fn, v->at);
	return vmr_pci_plug(&m.manager, v->fn, v->at);
}

static int fn_state_up(struct fn_state *v, struct vmr_pci_function *fn,
		       struct vmr_pci_bridge *behind, uint32_t at)
{
	v->fn = fn;
	v->bridge = fn->bridge;
	v->behind = behind;
	v->at = at;
	naive_add(&fn->dev);
	memcpy(v->config, fn->config, sizeof(v->config));
	memcpy(v->writable, fn->wmask, sizeof(v->writable));
	return plug(v);
}

static int bars_of_card(struct vmr_pci_function *fn, unsigned int i)
{
	int ret;

	switch (i % 3) {
	case 0:
		ret = vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
				      "table");
		if (!ret)
			ret = vmr_pci_add_bar(fn, 1, VMR_PCI_BAR_IO, false, 0x20,
					      "ports");
		if (!ret)
			ret = vmr_pci_add_bar(fn, VMR_PCI_ROM, VMR_PCI_BAR_ROM,
					      false, 0x4000, "rom");
		return ret;
	case 1:
		ret = vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_MEM64, true, 0x8000,
				      "table");
		if (!ret)
			ret = vmr_pci_add_bar(fn, 4, VMR_PCI_BAR_MEM64, false,
					      0x2000, "registers");
		return ret;
	default:
		ret = vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_MEM64, i & 4, 0x10000,
				      "table");
		if (!ret)
			ret = vmr_pci_add_bar(fn, 3, VMR_PCI_BAR_IO, false, 4,
					      "ports");
		if (!ret)
			ret = vmr_pci_add_bar(fn, 5, VMR_PCI_BAR_MEM32, true, 16,
					      "small");
		return ret;
	}
}

/* Every second card has memory in BAR 0, where the library traps the MSI-X table. */
static int card_make(unsigned int i)
{
	const struct vmr_pci_ids ids = { .vendor = 0x1af4, .device = 0x1000 };
	const struct vmr_pci_msix_layout layout = {
		.table_offset = TABLE_OFFSET, .pba_offset = PBA_OFFSET,
	};
	struct vmr_pci_function *fn = &cards[i];
	struct fn_state *v = &fn_states[BRIDGES + i];
	int ret = vmr_pci_function_init(fn, &ids, &hostile_ops, "card");

	fn->events = &hostile_events;
	if (!ret)
		ret = bars_of_card(fn, i);
	if (!ret && i & 1)
		bar(fn, 0)->type = VMR_REGION_MEMORY;
	if (!ret && i % 4 != 3) {
		v->msi = &msis[i];
		v->can = 1u << i % 6;
		ret = vmr_pci_add_msi(fn, &msis[i], MSI_CAP, v->can);
	}
	if (!ret) {
		v->msix = &msixs[i];
		ret = vmr_pci_add_msix(fn, &msixs[i], MSIX_CAP, vectors[i],
				       ENTRIES, &layout);
	}
	return ret;
}

/*
 * Bridges 0 and 1 are at the root, bridge 2 is behind bridge 0. Cards are
 * behind all of them.
 */
static int hostile_up(uint64_t mmio_last)
{
	static const int8_t bus_of_card[CARDS] = { -1, -1, -1, 0, 0, 1, 2, 2, 2 };
	const struct vmr_system_limits limits = {
		.mmio_last = mmio_last, .irq_last = VECTORS - 1,
		.slot_last = 31, .pci_last = 0xff, .id_last = 255,
	};
	const struct vmr_pci_ids ids = { .class_code = 0x060400 };
	unsigned int i;
	int ret;

	ret = vmr_system_init(&m.sys, &limits);
	if (!ret)
		ret = vmr_manager_init(&m.manager, &m.sys);
	if (!ret)
		ret = reader_attach(&m.reader);
	if (!ret)
		ret = vmr_pci_conf1_register(&host, &m.manager, NULL);
	naive_add(&host.dev);

	/* Memory, an interrupt controller and a reserved range */
	probe_init(&model_space, "board");
	model_space.dev.ops = &hostile_ops;
	ret = ret ? ret : probe_region_at(&model_space, 0, VMR_MMIO, 0, 0x80000000);
	model_space.region[0].type = VMR_REGION_MEMORY;
	ret = ret ? ret : probe_region_at(&model_space, 1, VMR_MMIO, 0xfec00000,
					  0x1000);
	ret = ret ? ret : probe_region_at(&model_space, 2, VMR_MMIO, CROWD + 0x580000,
					  0x4000);
	model_space.region[2].type = VMR_REGION_RESERVED;
	ret = ret ? ret : probe_region_at(&model_space, 3, VMR_PIO, PORT_CROWD + 0x40,
					  8);
	naive_add(&model_space.dev);
	ret = ret ? ret : vmr_device_register(&m.manager, &model_space.dev, NULL, NULL);

	for (i = 0; i < BRIDGES && !ret; i++) {
		ret = vmr_pci_bridge_init(&bridges[i], &m.manager, &ids,
					  &hostile_ops, "bridge");
		bridges[i].fn.events = &hostile_events;
		if (!ret && i == 1)
			ret = vmr_pci_add_bar(&bridges[i].fn, 0, VMR_PCI_BAR_MEM64,
					      true, 0x4000, "bridge's");
		if (!ret)
			ret = fn_state_up(&fn_states[i], &bridges[i].fn,
					  i == 2 ? &bridges[0] : NULL,
					 (8 + i) << 3);
	}
	for (i = 0; i < CARDS && !ret; i++) {
		ret = card_make(i);
		if (!ret)
			ret = fn_state_up(&fn_states[BRIDGES + i], &cards[i],
					  bus_of_card[i] < 0 ? NULL :
					 &bridges[bus_of_card[i]],
					 i << 3 | i % 2);
	}
	for (i = 0; i < naive.nr; i++)
		notified.mapping[i] = vmr_region_mapping(naive.region[i]);
	notified.listener.region_changed = hostile_changed;
	return ret ? ret : vmr_listener_register(&m.manager, &notified.listener);
}

/*
 * Actions of the guest
 */

static uint64_t any_bits(void)
{
	return chance() >> dice(64);
}

static uint64_t any_address(enum vmr_io io)
{
	const struct vmr_region *region = naive.region[dice(naive.nr)];

	if (io == VMR_PIO && dice(4))
		return dice(3) ? PORT_CROWD - 8 + dice(0x400) : dice(0x10000);
	switch (dice(6)) {
	case 0:
		return any_bits();
	case 1:
		return CROWD + dice(0x200000);
	case 2:
		return HIGH_CROWD + dice(0x200000);
	case 3:
		return region->range.last - 8 + dice(16);
	default:
		return region->range.start + dice(0x1000) - (dice(4) ? 0 : 8);
	}
}

static bool is_ones(const uint8_t *data, size_t size)
{
	while (size--)
		if (data[size] != 0xff)
			return false;
	return true;
}

/* Return whether the bytes of a read are those of @region. */
static bool data_matches(const struct vmr_region *region, uint64_t base,
			 uint64_t addr, const uint8_t *data, uint32_t width,
			uint32_t count)
{
	struct vmr_access access = {
		.region = (struct vmr_region *)region, .offset = addr - base,
		.width = width,
	};
	uint32_t i;

	/* Configuration space and tables return what the guest has written. */
	if (region->device == &host.dev ||
	    is_library(fn_state_of(region->device), &access))
		return true;
	for (i = 0; i < width * count; i++)
		if (data[i] != pattern(region, access.offset + i % width))
			return false;
	return true;
}

/* Note the writes to an MSI-X table among @count writes to @region. */
static void note_writes(struct vmr_region *region, uint64_t offset,
			const uint8_t *data, uint32_t width, uint32_t count)
{
	struct fn_state *v = fn_state_of(region->device);

	if (!v || !v->msix)
		return;
	if (region == bar(v->fn, 0))
		offset -= TABLE_OFFSET;
	else if (region != &v->msix->table)
		return;
	for (; count--; data += width)
		note_table_write(v, offset, data, width);
}

static void access_anywhere(void)
{
	enum vmr_io io = dice(3) ? VMR_MMIO : VMR_PIO;
	uint64_t addr = any_address(io);
	uint32_t width = dice(8) ? 1u << dice(4) : dice(18);
	uint32_t count = dice(8) ? 1 : dice(5);
	struct vmr_region *region;
	uint8_t data[18 * 5 + 1];
	bool writes = dice(2);
	uint64_t base;
	int want, got;
	size_t i;

	region = naive_access(io, addr, width ? width : 1);
	want = region ? 0 : -ENXIO;
	if (!count || !width || width > 8 ||
	    (io == VMR_PIO && width & (width - 1)))
		want = -EMSGSIZE;
	/* The base of a subregion is inside the region around it. */
	base = 0;
	if (region) {
		base = naive_route(io, addr)->range.start;
		if (naive_route(io, addr) != region)
			base += region->offset;
	}
	for (i = 0; i < sizeof(data); i++)
		data[i] = writes ? (uint8_t)chance() : 0x5a;
	if (writes) {
		got = vmr_write(&m.reader, io, addr, data, width, count);
		undefined += got != want;
		if (!got)
			note_writes(region, addr - base, data, width, count);
		return;
	}
	got = vmr_read(&m.reader, io, addr, data, width, count);
	undefined += got != want || data[width * count] != 0x5a;
	if (width > 8)
		undefined += data[0] != 0x5a;
	else if (got)
		undefined += !is_ones(data, width * count);
	else
		undefined += !data_matches(region, base, addr, data, width,
					  count);
}

/* Access random bytes of configuration space through the ports. */
static void config_anywhere(void)
{
	uint32_t address = (uint32_t)chance();

	if (dice(4))
		address = 0x80000000u | dice(5) << 16 | dice(12) << 11 |
			  dice(2) << 8 | (address & 0xfc);
	port_out(0xcf8, address, 4);
	if (dice(4))
		port_out(0xcfc + dice(4), (uint32_t)any_bits(), 1u << dice(3));
	else
		port_in(0xcfc + dice(4), 1u << dice(3));
}

/*
 * A preferred address, unaligned. Functions at the root and behind a bridge
 * prefer the same addresses half of the time, so that windows are sometimes
 * claims and sometimes open.
 */
static uint64_t preferred_address(const struct fn_state *v)
{
	uint64_t behind = v->behind && dice(4) ? 0x100000 : 0;
	const struct vmr_region *window;

	/* Sometimes choose an address inside an open window. */
	if (behind && dice(2)) {
		window = dice(2) ? &v->behind->mem : &v->behind->pref;
		if (!dice(4))
			window = &v->behind->io;
		if (state_of(window) == VMR_LIVE)
			return window->range.start + 0x1000 * dice(0x100);
	}
	switch (dice(8)) {
	case 0:
		return 0;
	case 1:
		return VMR_ADDR_MAX;
	case 2:
		return any_bits();
	case 3:
		return HIGH_CROWD + behind + 0x1000 * dice(0x104);
	case 4:
		return PORT_CROWD + (behind >> 8) + 4 * dice(0x80);
	default:
		return CROWD + behind + 0x1000 * dice(0x104);
	}
}

static void config_bytes(struct fn_state *v, uint32_t offset, uint32_t value,
			 uint32_t width)
{
	uint8_t data[4];
	uint32_t i;
	int ret;

	for (i = 0; i < 4; i++)
		data[i] = (uint8_t)(value >> 8 * i);
	ret = vmr_pci_config_write(v->fn, offset, data, width);
	undefined += ret != (v->fn->manager ? 0 : -ENOENT);
}

/* Open windows at the addresses that the functions behind the bridge prefer. */
static void open_windows(struct fn_state *v)
{
	uint32_t base = 0xe010 + 0x10 * dice(4);
	uint32_t limit = base + 0x10 * dice(5);
	uint32_t io = dice(4) ? 0x30 : 0x20;

	config_bytes(v, 0x1c, io | (io + 0x10 * dice(2)) << 8, 2);
	config_bytes(v, 0x20, base | limit << 16, 4);
	base = dice(2) ? 0x10 : 0xe010 + 0x10 * dice(4);
	limit = base + 0x10 * dice(8);
	config_bytes(v, 0x24, base | limit << 16, 4);
	config_bytes(v, 0x28, base > 0x10 ? 0 : 0x40, 4);
	config_bytes(v, 0x2c, base > 0x10 && dice(8) ? 0 : 0x40, 4);
	config_bytes(v, COMMAND, 7, 2);
}

/*
 * Program the path to one card correctly. Random values alone seldom map a
 * region behind a bridge. The windows are nested, belong to one bridge each
 * and contain the BARs.
 */
static void program_path(void)
{
	static const uint16_t base[BRIDGES] = { 0xe100, 0xe140, 0xe120 };
	static const uint16_t limit[BRIDGES] = { 0xe130, 0xe170, 0xe130 };
	static const uint8_t io[BRIDGES] = { 0x40, 0x80, 0x60 };
	struct fn_state *v = &fn_states[BRIDGES + 3 + dice(CARDS - 3)];
	struct vmr_pci_bridge *b;
	unsigned int i;

	for (b = v->behind; b; b = b->fn.upstream_bridge) {
		size_t nr = b - bridges;
		struct fn_state *up = &fn_states[nr];
		uint32_t mem = base[nr] | (uint32_t)limit[nr] << 16;

		config_bytes(up, COMMAND, 0, 2);
		config_bytes(up, 0x1c, io[nr] | (io[nr] + 0x10) << 8, 2);
		config_bytes(up, 0x20, mem, 4);
		config_bytes(up, 0x24, mem, 4);
		config_bytes(up, 0x28, 0x40, 4);
		config_bytes(up, 0x2c, 0x40, 4);
		config_bytes(up, COMMAND, 7, 2);
	}
	for (i = 0; i < 6; i++) {
		const struct vmr_pci_bar *mine = &v->fn->bars[i];
		size_t nr = v->behind - bridges;
		uint32_t low = (uint32_t)base[nr] << 16 | dice(32) << 16;

		if (mine->type == VMR_PCI_BAR_IO)
			low = (uint32_t)io[nr] << 8 | dice(64) << 5;
		config_bytes(v, bar_offset(i), low, 4);
		if (mine->type == VMR_PCI_BAR_MEM64)
			config_bytes(v, bar_offset(++i),
				     mine->prefetchable && dice(8) ? 0x40 : 0,
				     4);
	}
	config_bytes(v, COMMAND, 7, 2);
}

/* Write likely values to important registers of existing functions. */
static void config_aimed(void)
{
	static const uint8_t likely[] = {
		0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x30, 0x38,
	};
	struct fn_state *v = &fn_states[dice(FUNCTIONS)];
	uint64_t value = preferred_address(v);
	uint32_t offset, width = 4;

	switch (dice(8)) {
	case 0:
		offset = COMMAND;
		width = 2;
		value = dice(3) ? 7 : any_bits();
		break;
	case 1:
		offset = dice(2) ? MSI_CAP + 2 : MSIX_CAP + 2;
		width = 2;
		value = any_bits();
		if (offset == MSIX_CAP + 2 && dice(2))
			value |= 0x8000;
		break;
	case 2:
		if (v->bridge) {
			open_windows(v);
			return;
		}
		__attribute__((__fallthrough__));
	case 3:
		offset = 0x10 + 4 * dice(6);
		/* A multiple of all sizes, which is no sizing */
		if (value > 0xffff && dice(4))
			value &= ~0xffffull;
		value >>= offset & 4 && dice(2) ? 32 : 0;
		break;
	default:
		offset = likely[dice(NR(likely))];
		if (value > 0xffff && dice(4))
			value &= ~0xffffull;
		if (offset == 0x30 || offset == 0x38)
			value |= dice(2);
	}
	config_bytes(v, offset, (uint32_t)value, width);
}

static void entry_anywhere(void)
{
	struct fn_state *v = &fn_states[BRIDGES + dice(CARDS)];
	uint64_t value = dice(2) ? dice(2) : any_bits(), at;
	uint8_t data[8];
	uint32_t width = dice(8) ? 4 : dice(17);
	uint32_t i;
	int ret, want = 0;

	at = dice(16) ? 16 * dice(ENTRIES + 1) + 4 * dice(5) : any_bits();
	for (i = 0; i < 8; i++)
		data[i] = (uint8_t)(value >> 8 * i);
	if (width != 4 && width != 8)
		want = -EMSGSIZE;
	else if (at % width || at >= TABLE_SIZE)
		want = -ERANGE;
	else if (!v->fn->manager)
		want = -ENOENT;
	ret = vmr_pci_msix_write(v->fn, v->msix, at, data, width);
	undefined += ret != want;
	if (!ret)
		note_table_write(v, at, data, width);
}

/* Unplug a function, or plug it again. */
static void hotplug(void)
{
	struct fn_state *v = &fn_states[dice(FUNCTIONS)];
	int ret, want;

	if (v->fn->manager) {
		want = v->bridge && v->bridge->bus.nr_devices ? -EBUSY : 0;
		ret = vmr_pci_unplug(v->fn);
		undefined += want ? ret != want : ret < 0;
	} else {
		ret = plug(v);
		want = v->behind && !v->behind->fn.manager ? -ENOENT : 0;
		undefined += ret != want;
	}
}

static void exit_once(void)
{
	uint32_t what = dice(256);

	if (what == 0 && !dice(4))
		hotplug();
	else if (what == 1)
		program_path();
	else if (what < 64)
		config_anywhere();
	else if (what < 144)
		config_aimed();
	else if (what < 160)
		entry_anywhere();
	else
		access_anywhere();
}

/*
 * Invariants
 */

static struct {
	unsigned long	live;
	unsigned long	claimed;
	unsigned long	parked;
	unsigned long	sizing;
	unsigned long	unmapped;
	unsigned long	far;		/* mapped behind a bridge */
	unsigned long	hidden;		/* live there, not mapped */
	unsigned long	vectors;
	unsigned long	starved;
	unsigned long	windows;
} met;

/* Check a region whose registers select [start, last]. */
static const char *check_range(const struct vmr_region *region, uint64_t start,
			       uint64_t last)
{
	const struct vmr_space *space;
	enum vmr_state state = state_of(region);

	if (last < start || last > domain_last(region)) {
		met.unmapped++;
		return state == VMR_FREE ? NULL : "outside the domain, but not unmapped";
	}
	if (state != VMR_LIVE && state != VMR_CLAIMED)
		return "decoded, but neither live nor claimed";
	if (region->range.start != start || region->range.last != last)
		return "range differs from the registers";
	met.live += state == VMR_LIVE;
	met.claimed += state == VMR_CLAIMED;
	space = vmr_region_space(&m.manager, region);
	if (state == VMR_CLAIMED && !vmr_find_overlap(space, start, last))
		return "claim without a conflict";
	return NULL;
}

static const char *check_sizing(const struct fn_state *v, unsigned int index)
{
	const struct vmr_region *region = bar(v->fn, index);

	met.sizing++;
	if (!v->placed[index])
		return state_of(region) == VMR_FREE ? NULL :
		       "sized without an address before, but not unmapped";
	if (state_of(region) != VMR_PARKED ||
	    region->range.start != v->place[index])
		return "sized, but not parked at the address before";
	return NULL;
}

static const char *check_bar(const struct fn_state *v, unsigned int index)
{
	struct vmr_pci_function *fn = v->fn;
	const struct vmr_region *region = bar(fn, index);
	uint8_t type = fn->bars[index].type;
	uint32_t enable;
	uint64_t value;

	if (type == VMR_PCI_BAR_NONE)
		return NULL;
	enable = reg(fn, COMMAND, 2) & (type == VMR_PCI_BAR_IO ? DECODE_IO :
					DECODE_MEM);
	if (type == VMR_PCI_BAR_ROM && !(reg(fn, bar_reg(fn, index), 1) & 1))
		enable = 0;
	if (is_sizing(v, index))
		return check_sizing(v, index);
	if (!bar_address(fn, index, &value)) {
		met.unmapped++;
		return state_of(region) == VMR_FREE ? NULL :
		       "no address in the domain, but not unmapped";
	}
	if (enable)
		return check_range(region, value, value + (region->size - 1));
	met.parked++;
	if (state_of(region) != VMR_PARKED || region->range.start != value)
		return "not decoded, but not parked at the address of the register";
	return NULL;
}

static const char *check_window(const struct vmr_pci_function *fn,
				const struct vmr_region *window,
				uint32_t enable, uint64_t base, uint64_t limit)
{
	if (!(reg(fn, COMMAND, 2) & enable) || base > limit)
		return state_of(window) == VMR_FREE ? NULL :
		       "window closed, but not unmapped";
	met.windows++;
	/* A window that ends above the domain ends with it. */
	if (base <= domain_last(window) && limit > domain_last(window))
		limit = domain_last(window);
	return check_range(window, base, limit);
}

static const char *check_vga(const struct vmr_pci_bridge *b)
{
	bool on = reg(&b->fn, BRIDGE_CONTROL, 2) & VGA_ENABLE;
	const char *what;

	what = check_window(&b->fn, &b->vga_io[0], on ? DECODE_IO : 0, 0x3b0,
			    0x3bb);
	if (!what)
		what = check_window(&b->fn, &b->vga_io[1], on ? DECODE_IO : 0,
				    0x3c0, 0x3df);
	if (!what)
		what = check_window(&b->fn, &b->vga_mem, on ? DECODE_MEM : 0,
				    0xa0000, 0xbffff);
	return what;
}

static const char *check_bridge(const struct vmr_pci_bridge *b)
{
	const struct vmr_pci_function *fn = &b->fn;
	const char *what;

	what = check_window(fn, &b->io, DECODE_IO,
			    (reg(fn, 0x1c, 1) & 0xf0) << 8,
			    (reg(fn, 0x1d, 1) & 0xf0) << 8 | 0xfff);
	if (!what && state_of(&b->io) != VMR_FREE &&
	    b->io.isa_enable != !!(reg(fn, BRIDGE_CONTROL, 2) & ISA_ENABLE))
		what = "ISA enable bit without effect";
	if (!what)
		what = check_window(fn, &b->mem, DECODE_MEM,
				    (uint64_t)(reg(fn, 0x20, 2) & 0xfff0) << 16,
				    (uint64_t)(reg(fn, 0x22, 2) & 0xfff0) << 16
				    | 0xfffff);
	if (!what)
		what = check_window(fn, &b->pref, DECODE_MEM,
				    (uint64_t)(reg(fn, 0x24, 2) & 0xfff0) << 16
				    | (uint64_t)reg(fn, 0x28, 4) << 32,
				    (uint64_t)(reg(fn, 0x26, 2) & 0xfff0) << 16
				    | (uint64_t)reg(fn, 0x2c, 4) << 32
				    | 0xfffff);
	if (!what)
		what = check_vga(b);
	if (!what)
		what = verify_space(&b->devfns.space);
	return what && strcmp(what, VERIFY_OK) ? what : NULL;
}

/* Return whether an aligned block of @nr numbers is free. */
static bool block_is_free(uint32_t nr)
{
	uint32_t at, i;

	for (at = 0; at + nr <= VECTORS; at += nr) {
		for (i = 0; i < nr && !vmr_id_is_allocated(&m.sys.irqs, at + i);
		     i++)
			;
		if (i == nr)
			return true;
	}
	return false;
}

/* Check a block of @nr vectors: it is live, or an error says why not. */
static const char *check_vectors(const struct vmr_range *range, int error,
				 uint32_t nr, uint32_t align,
				 const struct vmr_range *last_notified,
				 uint64_t *total)
{
	bool has = vmr_range_state(range) == VMR_LIVE;

	if (has ? last_notified != range : last_notified == range)
		return "vector differs from the last vector_changed()";
	if (!nr)
		return has || error ? "vector or error without a request" : NULL;
	if (!has) {
		met.starved++;
		if (block_is_free(nr))
			return "vectors are free, and a request waits";
		return error == -ENOSPC ? NULL : "no vector and no error";
	}
	if (error)
		return "vector and error";
	if (range->last - range->start != nr - 1 || range->start & (align - 1))
		return "wrong size or alignment of vectors";
	met.vectors++;
	*total += nr;
	return NULL;
}

static const char *check_interrupts(const struct fn_state *v, uint64_t *total)
{
	const struct vmr_pci_function *fn = v->fn;
	size_t card = fn - cards;
	uint32_t control, nr = 0, i;
	const char *what = NULL;
	bool on;

	if (v->msi) {
		control = reg(fn, MSI_CAP + 2, 2);
		nr = 1u << (control >> 4 & 7);
		nr = nr > v->can ? v->can : nr;
		nr = fn->manager && control & 1 ? nr : 0;
		what = check_vectors(&v->msi->range, v->msi->error, nr, nr,
				     notified.msi[card], total);
	}
	on = fn->manager && reg(fn, MSIX_CAP + 2, 2) & 0x8000;
	for (i = 0; i < ENTRIES && !what; i++)
		what = check_vectors(&vectors[card][i].range,
				     vectors[card][i].error,
				     on && v->used[i], 1,
				     notified.entry[card][i], total);
	return what;
}

/* Check that read-only bits are unchanged. */
static const char *check_read_only(const struct fn_state *v)
{
	uint32_t i;

	for (i = 0; i < VMR_PCI_CONFIG_SIZE; i++)
		if ((v->fn->config[i] ^ v->config[i]) & ~v->writable[i])
			return "a read-only register has changed";
	if (memcmp(v->fn->wmask, v->writable, sizeof(v->writable)))
		return "the mask of writable bits has changed";
	return NULL;
}

static const char *check_function(struct fn_state *v, uint64_t *total)
{
	const char *what = check_read_only(v);
	unsigned int i;

	for (i = 0; i < VMR_PCI_NR_BARS && !what; i++) {
		if (v->fn->manager)
			what = check_bar(v, i);
		else if (state_of(bar(v->fn, i)) != VMR_FREE)
			what = "unplugged, but not unmapped";
	}
	if (!what && v->bridge && v->fn->manager)
		what = check_bridge(v->bridge);
	if (!what && !v->bridge)
		what = check_interrupts(v, total);
	return what;
}

/* Check the mapping of a region and the data at its first and last byte. */
static const char *check_region(size_t i)
{
	const struct vmr_region *region = naive.region[i];
	struct vmr_mapping mapping = vmr_region_mapping(region);
	enum vmr_io io = (enum vmr_io)region->io;
	uint8_t byte = 0x5a;
	uint64_t at;

	if (mapping.mapped != naive_visible(region))
		return "mapped state differs from the definition";
	if (!equal(&mapping, &notified.mapping[i]))
		return "mapping differs from the notifications";
	if (region->device->parent_bus && naive_live(region)) {
		met.far += mapping.mapped;
		met.hidden += !mapping.mapped;
	}
	if (!mapping.mapped || region->type != VMR_REGION_TRAPPED)
		return NULL;
	for (at = mapping.start; ; at = mapping.last) {
		if (vmr_read(&m.reader, io, at, &byte, 1, 1) ||
		    !data_matches(region, mapping.start, at, &byte, 1, 1))
			return "mapped, but another region responds";
		if (at == mapping.last)
			return NULL;
	}
}

static const char *check_all(void)
{
	const char *what = machine_verify();
	uint64_t total = 0;
	size_t i;

	if (strcmp(what, VERIFY_OK))
		return what;
	what = NULL;
	for (i = 0; i < FUNCTIONS && !what; i++)
		what = check_function(&fn_states[i], &total);
	for (i = 0; i < naive.nr && !what; i++)
		what = check_region(i);
	if (!what && total != vmr_space_used(&m.sys.irqs.space).low)
		what = "vectors allocated without an owner";
	if (!what && notified.errors)
		what = "wrong notification";
	if (!what && undefined)
		what = "unexpected result of a call";
	return what;
}

static void run(struct __test_metadata *_metadata, uint64_t mmio_last)
{
	unsigned long exits = env_number("VMR_TEST_EXITS", 300000 / test_part());
	unsigned long seed = env_number("VMR_TEST_SEED", 42), i;
	unsigned long chunk = env_number("VMR_TEST_CHUNK", 64);
	const char *what;

	TH_LOG("VMR_TEST_SEED=%lu VMR_TEST_EXITS=%lu", seed, exits);
	chance_state = seed * 2 + 1;
	ASSERT_EQ(0, hostile_up(mmio_last));
	ASSERT_GT(NR(naive.region), naive.nr);
	what = check_all();
	ASSERT_NULL(what) {
		TH_LOG("at the start: %s", what);
	}
	memset(&met, 0, sizeof(met));

	for (i = 1; i <= exits; i++) {
		exit_once();
		if (i % chunk && i != exits)
			continue;
		what = check_all();
		ASSERT_NULL(what) {
			TH_LOG("within %lu exits before %lu: %s", chunk, i,
			       what);
		}
	}
	TH_LOG("regions: %lu live, %lu claimed, %lu parked, %lu sized, %lu unmapped",
	       met.live, met.claimed, met.parked, met.sizing, met.unmapped);
	TH_LOG("behind bridges: %lu mapped, %lu unmapped; %lu windows open",
	       met.far, met.hidden, met.windows);
	TH_LOG("%lu vectors live, %lu failed; %lu notifications", met.vectors,
	       met.starved, notified.notifications);
	/* The run must contain each of the cases. */
	exits /= 100;
	EXPECT_LT(exits, met.live);
	EXPECT_LT(exits, met.claimed);
	EXPECT_LT(exits, met.parked);
	EXPECT_LT(exits, met.sizing);
	EXPECT_LT(exits, met.unmapped);
	EXPECT_LT(exits / 2, met.far);
	EXPECT_LT(exits, met.hidden);
	EXPECT_LT(exits, met.windows);
	EXPECT_LT(exits, met.vectors);
	EXPECT_LT(exits / 8, met.starved);
	EXPECT_LT(exits, notified.notifications);
}

/* All invariants hold whatever the guest writes. */
TEST(hostile_guest_invariants_hold)
{
	run(_metadata, MACHINE_LAST);
}

/*
 * The invariants hold in a domain of all 64-bit addresses, where an address of
 * all ones is inside the domain and means sizing.
 */
TEST(hostile_guest_64_bits_invariants_hold)
{
	run(_metadata, VMR_ADDR_MAX);
}

TEST_HARNESS_MAIN
