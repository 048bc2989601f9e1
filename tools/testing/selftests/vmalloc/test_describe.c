// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_describe.c - the memory map, windows and ACPI tables of a machine
 */
#include "../kselftest_harness.h"
#include "machine.h"

#include <vmalloc/acpi.h>
#include <vmalloc/pci.h>

#define MAX_REGIONS	8
#define TABLES		0xe0000

/* A device whose regions are at fixed addresses */
struct board {
	struct vmr_device	dev;
	struct vmr_region	region[MAX_REGIONS];
	struct vmr_constraint	constraint[MAX_REGIONS + 1];
	struct vmr_resource	resource[MAX_REGIONS + 1];
	struct vmr_range	irq;
	unsigned int		nr;
};

static const struct vmr_device_ops ops;
static struct board ram, uart, pm, board;
static struct vmr_region reserved[4];
static struct vmr_device bar_device;
static struct vmr_region bar;
static uint8_t buf[16384], copy[16384];
static size_t used;

static void add(struct board *b, enum vmr_io io, enum vmr_region_type type,
		uint64_t start, uint64_t size)
{
	struct vmr_region *region = &b->region[b->nr];

	vmr_region_init(region, io, type, size, b->nr, "region");
	vmr_device_add_region(&b->dev, region);
	vmr_constraint_init_fixed(&b->constraint[b->dev.nr_constraints++],
				  io == VMR_PIO ? VMR_KIND_PIO : VMR_KIND_MMIO,
				  start, size, &region->range);
	b->nr++;
}

static void add_irq(struct board *b, uint32_t irq)
{
	vmr_constraint_init_fixed(&b->constraint[b->dev.nr_constraints++],
				  VMR_KIND_IRQ, irq, 1, &b->irq);
}

static int board_up(struct board *b)
{
	b->dev.ops = &ops;
	b->dev.name = "board";
	b->dev.constraints = b->constraint;
	vmr_resource_set_init(&b->dev.resources, b->resource, NR(b->resource));
	return vmr_device_register(&m.manager, &b->dev, NULL, NULL);
}

static int reserve_at(unsigned int i, uint64_t start, uint64_t last)
{
	const struct vmr_span span = { start, last, "reserved" };

	return vmr_region_reserve(&m.sys, &reserved[i], VMR_MMIO, &span, NULL);
}

/* A region that the guest places, as a BAR */
static int bar_at(uint64_t start, uint64_t size)
{
	int ret;

	bar_device.ops = &ops;
	bar_device.name = "card";
	vmr_region_init(&bar, VMR_MMIO, VMR_REGION_TRAPPED, size, 0, "bar");
	ret = vmr_device_add_region(&bar_device, &bar);
	if (!ret)
		ret = vmr_device_register(&m.manager, &bar_device, NULL, NULL);
	if (!ret)
		ret = vmr_region_move(&m.manager, &bar, start, NULL);
	return ret;
}

static int pool_at(uint32_t kind, uint32_t flags, uint64_t start, uint64_t last)
{
	const struct vmr_system_pool pool = {
		.pool = { .start = start, .last = last, .align = 1,
			  .policy = VMR_FIRST, .name = "window" },
		.kinds = 1u << kind,
		.flags = flags,
	};

	return vmr_system_add_pool(&m.sys, &pool);
}

static uint32_t get32(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static uint64_t get64(const uint8_t *bytes)
{
	return get32(bytes) | (uint64_t)get32(bytes + 4) << 32;
}

/* Whether @size bytes are somewhere in the buffer */
static int contains(const void *bytes, size_t size)
{
	size_t i;

	for (i = 0; i + size <= used; i++)
		if (!memcmp(buf + i, bytes, size))
			return 1;
	return 0;
}

#define CONTAINS(...) \
	do { \
		static const uint8_t bytes_[] = { __VA_ARGS__ }; \
		EXPECT_TRUE(contains(bytes_, sizeof(bytes_))) { \
			TH_LOG("%s", #__VA_ARGS__); \
		} \
	} while (0)

/* The walk visits reservations and constraints' regions, and no BAR. */
TEST(fixed_regions_in_order)
{
	const struct vmr_region *region;

	ASSERT_EQ(0, machine_up());
	add(&ram, VMR_MMIO, VMR_REGION_MEMORY, 0, 0x1000);
	add(&ram, VMR_MMIO, VMR_REGION_MEMORY, 0x4000, 0x1000);
	add(&ram, VMR_PIO, VMR_REGION_TRAPPED, 0x60, 1);
	ASSERT_EQ(0, board_up(&ram));
	ASSERT_EQ(0, bar_at(0x2000, 0x1000));
	ASSERT_EQ(0, reserve_at(0, MACHINE_LAST, MACHINE_LAST));

	region = vmr_describe_next_fixed(&m.manager, VMR_MMIO, NULL);
	EXPECT_EQ(&ram.region[0], region);
	region = vmr_describe_next_fixed(&m.manager, VMR_MMIO, region);
	EXPECT_EQ(&ram.region[1], region);
	region = vmr_describe_next_fixed(&m.manager, VMR_MMIO, region);
	EXPECT_EQ(&reserved[0], region);
	EXPECT_NULL(vmr_describe_next_fixed(&m.manager, VMR_MMIO, region));

	region = vmr_describe_next_fixed(&m.manager, VMR_PIO, NULL);
	EXPECT_EQ(&ram.region[2], region);
	EXPECT_NULL(vmr_describe_next_fixed(&m.manager, VMR_PIO, region));
	EXPECT_NULL(vmr_describe_next_fixed(NULL, VMR_PIO, NULL));
}

#define EXPECT_PART(pool, part, first, end) \
	do { \
		EXPECT_TRUE(vmr_describe_next_part(pool, part)); \
		EXPECT_EQ((uint64_t)(first), (part)->start); \
		EXPECT_EQ((uint64_t)(end), (part)->last); \
	} while (0)

/* Fixed regions divide a pool; a BAR does not. */
TEST(parts_of_pool)
{
	struct vmr_span part = { .start = 1, .last = 0 };
	struct vmr_pool *pool;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, pool_at(VMR_KIND_MMIO, 0, 0x10000, 0x1ffff));
	pool = &m.sys.pools[0].pool;
	ASSERT_EQ(0, reserve_at(0, 0x12000, 0x12fff));
	ASSERT_EQ(0, reserve_at(1, 0x13000, 0x13fff));
	ASSERT_EQ(0, bar_at(0x18000, 0x1000));
	ASSERT_EQ(0, reserve_at(2, 0x30000, 0x30fff));
	EXPECT_PART(pool, &part, 0x10000, 0x11fff);
	EXPECT_PART(pool, &part, 0x14000, 0x1ffff);
	EXPECT_STREQ("window", part.name);
	EXPECT_FALSE(vmr_describe_next_part(pool, &part));
	EXPECT_EQ((uint64_t)0x14000, part.start);
}

/* A BAR at the end of a pool, and one behind it, do not divide it. */
TEST(part_of_pool_before_bar)
{
	struct vmr_span part = { .start = 1, .last = 0 };
	struct vmr_pool *pool;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, pool_at(VMR_KIND_MMIO, 0, 0x10000, 0x1ffff));
	pool = &m.sys.pools[0].pool;
	ASSERT_EQ(0, bar_at(0x18000, 0x1000));
	ASSERT_EQ(0, reserve_at(0, 0x20000, 0x20fff));
	EXPECT_PART(pool, &part, 0x10000, 0x1ffff);
	EXPECT_FALSE(vmr_describe_next_part(pool, &part));
}

/* Fixed regions at both ends of a pool leave the part between them. */
TEST(parts_of_pool_inside)
{
	struct vmr_span part = { .start = 1, .last = 0 };
	struct vmr_pool *pool;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, pool_at(VMR_KIND_MMIO, 0, 0x10000, 0x1ffff));
	pool = &m.sys.pools[0].pool;
	ASSERT_EQ(0, reserve_at(0, 0xf000, 0x10fff));
	ASSERT_EQ(0, reserve_at(1, 0x1f000, 0x20fff));
	ASSERT_EQ(0, bar_at(0x21000, 0x1000));
	EXPECT_PART(pool, &part, 0x11000, 0x1efff);
	EXPECT_FALSE(vmr_describe_next_part(pool, &part));
}

/* A pool that fixed regions fill has no part. */
TEST(parts_of_full_pool)
{
	struct vmr_span part = { .start = 1, .last = 0 };

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, pool_at(VMR_KIND_MMIO, 0, 0x10000, 0x1ffff));
	ASSERT_EQ(0, reserve_at(0, 0x10000, 0x1ffff));
	EXPECT_FALSE(vmr_describe_next_part(&m.sys.pools[0].pool, &part));
}

static void memory_up(struct __test_metadata *_metadata)
{
	ASSERT_EQ(0, machine_up());
	add(&ram, VMR_MMIO, VMR_REGION_MEMORY, 0, 0xa0000);
	add(&ram, VMR_MMIO, VMR_REGION_MEMORY, 0x100000, 0x100000);
	add(&ram, VMR_MMIO, VMR_REGION_MEMORY, 0x200000, 0x100000);
	add(&ram, VMR_MMIO, VMR_REGION_TRAPPED, 0xd0000000, 0x1000);
	add(&ram, VMR_MMIO, VMR_REGION_MEMORY, 4 * GIB, GIB);
	ASSERT_EQ(0, board_up(&ram));
	ASSERT_EQ(0, reserve_at(0, 0xfee00000, 0xfeefffff));
	ASSERT_EQ(0, reserve_at(1, 0xfef00000, 0xffffffff));
}

#define EXPECT_ENTRY(i, start, size, type) \
	do { \
		EXPECT_EQ((uint64_t)(start), get64(buf + 20 * (i))); \
		EXPECT_EQ((uint64_t)(size), get64(buf + 20 * (i) + 8)); \
		EXPECT_EQ((uint32_t)(type), get32(buf + 20 * (i) + 16)); \
	} while (0)

/* Neighbours of one type are one entry; a device has none. */
TEST(e820_entries)
{
	struct vmr_e820 e820 = { .manager = &m.manager };

	memory_up(_metadata);
	ASSERT_EQ(0, vmr_e820_encode(&e820, NULL, 0, &used));
	EXPECT_EQ((size_t)4 * VMR_E820_ENTRY_SIZE, used);
	used = 0;
	ASSERT_EQ(0, vmr_e820_encode(&e820, buf, 80, &used));
	EXPECT_EQ((size_t)80, used);
	EXPECT_ENTRY(0, 0, 0xa0000, VMR_E820_RAM);
	EXPECT_ENTRY(1, 0x100000, 0x200000, VMR_E820_RAM);
	EXPECT_ENTRY(2, 0xfee00000, 0x1200000, VMR_E820_RESERVED);
	EXPECT_ENTRY(3, 4 * GIB, GIB, VMR_E820_RAM);
}

static uint32_t e820_type(const struct vmr_e820 *e820,
			  const struct vmr_region *region, uint32_t type)
{
	if (region == &ram.region[3])
		return type == VMR_E820_NONE ? VMR_E820_RESERVED : type;
	return region == &ram.region[0] ? VMR_E820_ACPI : type;
}

/* The caller's types replace those of the library. */
TEST(e820_types_of_caller)
{
	struct vmr_e820 e820 = { .manager = &m.manager, .type = e820_type };

	memory_up(_metadata);
	ASSERT_EQ(0, vmr_e820_encode(&e820, buf, sizeof(buf), &used));
	EXPECT_EQ((size_t)100, used);
	EXPECT_ENTRY(0, 0, 0xa0000, VMR_E820_ACPI);
	EXPECT_ENTRY(2, 0xd0000000, 0x1000, VMR_E820_RESERVED);
}

/* A refused encoding changes neither the buffer nor the size. */
TEST(e820_errors)
{
	struct vmr_e820 e820 = { .manager = &m.manager };
	struct vmr_e820 none = { .manager = NULL };

	memory_up(_metadata);
	used = 7;
	EXPECT_EQ(-EINVAL, vmr_e820_encode(NULL, buf, 80, &used));
	EXPECT_EQ(-EINVAL, vmr_e820_encode(&none, buf, 80, &used));
	EXPECT_EQ(-EINVAL, vmr_e820_encode(&e820, buf, 80, NULL));
	EXPECT_EQ(-ENOSPC, vmr_e820_encode(&e820, buf, 79, &used));
	EXPECT_EQ((size_t)7, used);
	EXPECT_EQ(0, memcmp(buf, copy, sizeof(buf)));
}

static struct vmr_acpi_host hosts[2];
static struct vmr_acpi_device devices[3];
static struct vmr_acpi acpi;

/* A PC with a serial port, a board and two host bridges */
static void pc_up(struct __test_metadata *_metadata)
{
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, reserve_at(0, 0xfee00000, 0xfee00fff));
	ASSERT_EQ(0, reserve_at(1, 0xfec00000, 0xfec00fff));
	add(&uart, VMR_PIO, VMR_REGION_TRAPPED, 0x3f8, 8);
	add_irq(&uart, 4);
	ASSERT_EQ(0, board_up(&uart));
	add(&pm, VMR_PIO, VMR_REGION_TRAPPED, 0x600, 4);
	add(&pm, VMR_PIO, VMR_REGION_TRAPPED, 0x604, 2);
	add(&pm, VMR_PIO, VMR_REGION_TRAPPED, 0x608, 4);
	add(&pm, VMR_PIO, VMR_REGION_TRAPPED, 0xcf9, 1);
	ASSERT_EQ(0, board_up(&pm));
	add(&board, VMR_MMIO, VMR_REGION_TRAPPED, 0xe8000000, 0x200000);
	add(&board, VMR_PIO, VMR_REGION_TRAPPED, 0x2000, 0x100);
	add(&board, VMR_MMIO, VMR_REGION_TRAPPED, 64 * GIB, 0x1000);
	vmr_constraint_init(&board.constraint[board.dev.nr_constraints++],
			    VMR_KIND_MEM_SLOT, 1, &board.irq);
	ASSERT_EQ(0, board_up(&board));
	ASSERT_EQ(0, pool_at(VMR_KIND_PIO, 0, 0x1000, 0xffff));
	ASSERT_EQ(0, pool_at(VMR_KIND_MMIO, 0, 0xc0000000, 0xe7ffffff));
	ASSERT_EQ(0, pool_at(VMR_KIND_MMIO, VMR_PREFETCHABLE, 32 * GIB,
			     64 * GIB - 1));
	ASSERT_EQ(0, pool_at(VMR_KIND_MMIO, VMR_PLATFORM, 0xf8000000,
			     0xffffffff));
	ASSERT_EQ(0, pool_at(VMR_KIND_IRQ, 0, 5, 23));

	hosts[0] = (struct vmr_acpi_host){
		.name = "PCI0", .last_bus = 1, .ecam = &board.region[0],
		.config_ports = &pm.region[3], .gsi = { 16, 17, 18, 19 },
		.osc_control = VMR_ACPI_OSC_HOTPLUG | VMR_ACPI_OSC_CAPABILITY,
	};
	devices[0] = (struct vmr_acpi_device){ "COM1", "PNP0501", &uart.dev };
	devices[1] = (struct vmr_acpi_device){ "BRD0", "VMR00001", &board.dev };
	devices[2] = (struct vmr_acpi_device){ "BRD1", "VMR", &board.dev };
	acpi = (struct vmr_acpi){
		.manager = &m.manager, .oem_id = "MAKER ",
		.oem_table_id = "MACHINE ", .nr_cpus = 2,
		.lapic = &reserved[0], .ioapic = &reserved[1], .sci = 9,
		.pm_event = &pm.region[0], .pm_control = &pm.region[1],
		.pm_timer = &pm.region[2], .reset = &pm.region[3],
		.reset_value = 6, .hosts = hosts, .nr_hosts = 1,
		.devices = devices, .nr_devices = 3,
	};
}

static void encode(struct __test_metadata *_metadata)
{
	size_t size;

	ASSERT_EQ(0, vmr_acpi_encode(&acpi, TABLES, NULL, 0, &size));
	ASSERT_GE(sizeof(buf), size);
	ASSERT_EQ(0, vmr_acpi_encode(&acpi, TABLES, buf, size, &used));
	EXPECT_EQ(size, used);
}

static uint8_t sum_of(const uint8_t *bytes, size_t size)
{
	uint8_t sum = 0;

	while (size--)
		sum += *bytes++;
	return sum;
}

/* The table with a signature, found through RSDP and XSDT; NULL without one */
static const uint8_t *table(const char *signature)
{
	const uint8_t *xsdt = buf + (get64(buf + 24) - TABLES), *found;
	size_t i;

	for (i = 36; i < get32(xsdt + 4); i += 8) {
		found = buf + (get64(xsdt + i) - TABLES);
		if (!memcmp(found, signature, 4))
			return found;
	}
	return NULL;
}

static const uint8_t *dsdt(void)
{
	return buf + (get64(table("FACP") + 140) - TABLES);
}

/* All checksums are right, and each table is inside the buffer. */
TEST(acpi_checksums)
{
	static const char *const names[] = { "FACP", "APIC", "MCFG" };
	const uint8_t *t;
	size_t i;

	pc_up(_metadata);
	encode(_metadata);
	EXPECT_EQ(0, memcmp(buf, "RSD PTR ", 8));
	EXPECT_EQ(2, buf[15]);
	EXPECT_EQ(0, sum_of(buf, 20));
	EXPECT_EQ(0, sum_of(buf, 36));
	t = buf + (get64(buf + 24) - TABLES);
	EXPECT_EQ(0, sum_of(t, get32(t + 4)));
	EXPECT_EQ(used, (size_t)(t - buf) + get32(t + 4));
	for (i = 0; i < NR(names); i++) {
		t = table(names[i]);
		ASSERT_NE(NULL, t);
		EXPECT_EQ(0, sum_of(t, get32(t + 4)));
		EXPECT_EQ(0, memcmp(t + 10, "MAKER MACHINE ", 14));
	}
	EXPECT_EQ(0, memcmp(dsdt(), "DSDT", 4));
	EXPECT_EQ(0, sum_of(dsdt(), get32(dsdt() + 4)));
}

/* The FADT has the ports and lengths of the regions. */
TEST(acpi_fadt)
{
	const uint8_t *t;

	pc_up(_metadata);
	encode(_metadata);
	t = table("FACP");
	EXPECT_EQ(268u, get32(t + 4));
	EXPECT_EQ(0, memcmp(buf + (get32(t + 36) - TABLES), "FACS\x40", 5));
	EXPECT_EQ(0u, get32(t + 36) % 64);
	EXPECT_EQ(get32(t + 40), (uint32_t)get64(t + 140));
	EXPECT_EQ(9, t[46]);
	EXPECT_EQ(0x600u, get32(t + 56));
	EXPECT_EQ(0x604u, get32(t + 64));
	EXPECT_EQ(0x608u, get32(t + 76));
	EXPECT_EQ(4, t[88]);
	EXPECT_EQ(2, t[89]);
	EXPECT_EQ(4, t[91]);
	/* There are no second blocks, no PM2 and no general events. */
	EXPECT_EQ(0u, get32(t + 60));
	EXPECT_EQ(0u, get32(t + 68));
	EXPECT_EQ(0u, get32(t + 72));
	EXPECT_EQ(0u, get64(t + 80));
	EXPECT_EQ(0, t[90]);
	EXPECT_EQ(0u, get32(t + 92));
	EXPECT_EQ(0x435u, get32(t + 112));
	EXPECT_EQ(0, memcmp(t + 116, "\x01\x08\0\0\xf9\x0c\0\0\0\0\0\0\x06", 13));
	EXPECT_EQ(0x600u, get64(t + 152));
	EXPECT_EQ(0x604u, get64(t + 176));
	EXPECT_EQ(0x608u, get64(t + 212));
}

/* Registers that the machine lacks are zero in the FADT. */
TEST(acpi_fadt_without_registers)
{
	const uint8_t *t;

	pc_up(_metadata);
	acpi.pm_event = NULL;
	acpi.pm_control = NULL;
	acpi.pm_timer = NULL;
	acpi.reset = NULL;
	encode(_metadata);
	t = table("FACP");
	EXPECT_EQ(0u, get32(t + 56));
	EXPECT_EQ(0u, get32(t + 64));
	EXPECT_EQ(0u, get32(t + 88));
	EXPECT_EQ(0x35u, get32(t + 112));
	EXPECT_EQ(0u, get64(t + 120));
	EXPECT_FALSE(contains("_S5_", 4));
}

/* The MADT has the processors, the I/O APIC and the line of ACPI. */
TEST(acpi_madt)
{
	static const uint8_t entries[] = {
		0, 0, 0xe0, 0xfe, 1, 0, 0, 0,
		0, 8, 0, 0, 1, 0, 0, 0,
		0, 8, 1, 1, 1, 0, 0, 0,
		1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0,
		2, 10, 0, 9, 9, 0, 0, 0, 0x0d, 0,
	};

	pc_up(_metadata);
	encode(_metadata);
	EXPECT_EQ(36u + sizeof(entries), get32(table("APIC") + 4));
	EXPECT_EQ(0, memcmp(table("APIC") + 36, entries, sizeof(entries)));
}

/* The MCFG has an entry for each host bridge with ECAM, as if from bus 0. */
TEST(acpi_mcfg)
{
	static const uint8_t entries[] = {
		0, 0, 0, 0xe8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0,
		0, 0, 0xe0, 0xe7, 0, 0, 0, 0, 3, 0, 2, 3, 0, 0, 0, 0,
	};

	pc_up(_metadata);
	hosts[1] = hosts[0];
	hosts[1].name = "PCI1";
	hosts[1].segment = 3;
	hosts[1].first_bus = 2;
	hosts[1].last_bus = 3;
	acpi.nr_hosts = 2;
	encode(_metadata);
	EXPECT_EQ(44u + sizeof(entries), get32(table("MCFG") + 4));
	EXPECT_EQ(0, memcmp(table("MCFG") + 44, entries, sizeof(entries)));
	/* A device of the board reserves the memory of both */
	CONTAINS('E', 'C', 'A', 'M', 0x08, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0,
		 0x0c, 0x02, 0x08, '_', 'C', 'R', 'S', 0x11, 0x80, 0x02, 0, 0x0b, 26, 0,
		 0x86, 0x09, 0x00, 0x01, 0, 0, 0, 0xe8, 0, 0, 0x20, 0,
		 0x86, 0x09, 0x00, 0x01, 0, 0, 0, 0xe8, 0, 0, 0x20, 0, 0x79, 0x00);
	hosts[0].ecam = NULL;
	hosts[1].ecam = NULL;
	encode(_metadata);
	EXPECT_NULL(table("MCFG"));
}

/* A device is an object with its id, ports and interrupt line. */
TEST(acpi_device)
{
	pc_up(_metadata);
	encode(_metadata);
	CONTAINS('C', 'O', 'M', '1', 0x08, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0,
		 0x05, 0x01, 0x08, '_', 'U', 'I', 'D', 0x00);
	CONTAINS(0x11, 0x89, 0x01, 0x00, 0x0b, 19, 0,
		 0x47, 0x01, 0xf8, 0x03, 0xf8, 0x03, 0x01, 0x08,
		 0x89, 0x06, 0x00, 0x03, 0x01, 0x04, 0, 0, 0, 0x79, 0x00);
	CONTAINS('_', 'H', 'I', 'D', 0x0d, 'V', 'M', 'R', '0', '0', '0', '0',
		 '1', 0x00);
	CONTAINS('_', 'H', 'I', 'D', 0x0d, 'V', 'M', 'R', 0x00);
	/* Memory below 4 GiB, many ports, memory above */
	CONTAINS(0x86, 0x09, 0x00, 0x01, 0, 0, 0, 0xe8, 0, 0, 0x20, 0,
		 0x88, 0x0d, 0x00, 0x01, 0x0d, 0x03, 0, 0, 0, 0x20, 0xff, 0x20,
		 0, 0, 0, 1,
		 0x8a, 0x2b, 0x00, 0x00, 0x0d, 0x01, 0, 0, 0, 0, 0, 0, 0, 0,
		 0, 0, 0, 0, 0x10, 0, 0, 0,
		 0xff, 0x0f, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		 0, 0x10, 0, 0, 0, 0, 0, 0, 0x79, 0x00);
}

/* A device that shares an interrupt line has it level-triggered. */
TEST(acpi_shared_line)
{
	static struct vmr_shared_irq line;
	static struct vmr_irq_share share;
	static struct board sharer;

	pc_up(_metadata);
	ASSERT_EQ(0, vmr_system_add_shared_irq(&m.sys, &line, 11, "line", NULL));
	vmr_constraint_init_fixed(&sharer.constraint[0], VMR_KIND_IRQ, 11, 1,
				  &share.range);
	sharer.constraint[0].flags = VMR_SHARED;
	sharer.dev.nr_constraints = 1;
	ASSERT_EQ(0, board_up(&sharer));
	devices[1].device = &sharer.dev;
	encode(_metadata);
	CONTAINS(0x89, 0x06, 0x00, 0x09, 0x01, 0x0b, 0, 0, 0, 0x79, 0x00);
}

/* A host bridge forwards its buses and the windows of the machine's pools. */
TEST(acpi_host_windows)
{
	pc_up(_metadata);
	encode(_metadata);
	CONTAINS('P', 'C', 'I', '0', 0x08, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0,
		 0x0a, 0x08, 0x08, '_', 'C', 'I', 'D', 0x0c, 0x41, 0xd0, 0x0a,
		 0x03);
	CONTAINS(0x88, 0x0d, 0x00, 0x02, 0x0c, 0x00, 0, 0, 0, 0, 1, 0, 0, 0, 2,
		 0, 0x47, 0x01, 0xf9, 0x0c, 0xf9, 0x0c, 0x01, 0x01,
		 0x88, 0x0d, 0x00, 0x01, 0x0c, 0x03, 0, 0, 0, 0x10, 0xff, 0x1f,
		 0, 0, 0, 0x10,
		 0x88, 0x0d, 0x00, 0x01, 0x0c, 0x03, 0, 0, 0, 0x21, 0xff, 0xff,
		 0, 0, 0, 0xdf,
		 0x87, 0x17, 0x00, 0x00, 0x0c, 0x01, 0, 0, 0, 0,
		 0, 0, 0, 0xc0, 0xff, 0xff, 0xff, 0xe7, 0, 0, 0, 0,
		 0, 0, 0, 0x28,
		 0x8a, 0x2b, 0x00, 0x00, 0x0c, 0x07, 0, 0, 0, 0, 0, 0, 0, 0,
		 0, 0, 0, 0, 0x08, 0, 0, 0,
		 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		 0, 0, 0, 0, 0x08, 0, 0, 0, 0x79, 0x00);
}

/* A host bridge may have some of the pools only, and no ports of its own. */
TEST(acpi_host_pools)
{
	pc_up(_metadata);
	hosts[0].pools = 1u << 1 | 1u << 4;
	hosts[0].config_ports = NULL;
	hosts[0].osc_control = 0;
	encode(_metadata);
	CONTAINS('P', 'C', 'I', '0', 0x08, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0,
		 0x0a, 0x03, 0x08, '_', 'U', 'I', 'D', 0x00);
	CONTAINS(0, 0, 0, 2, 0,
		 0x87, 0x17, 0x00, 0x00, 0x0c, 0x01, 0, 0, 0, 0,
		 0, 0, 0, 0xc0, 0xff, 0xff, 0xff, 0xe7, 0, 0, 0, 0,
		 0, 0, 0, 0x28, 0x79, 0x00);
	EXPECT_FALSE(contains("_OSC", 4));
}

/* _OSC keeps the request in Local0 before it clears what is not granted. */
TEST(acpi_osc_keeps_request)
{
	pc_up(_metadata);
	encode(_metadata);
	EXPECT_TRUE(contains("\160CDW3\140", 6));
	/* Both double words are fields of the argument */
	CONTAINS(0x8a, 0x6b, 0x0a, 0x08, 'C', 'D', 'W', '3');
	CONTAINS(0x8a, 0x6b, 0x00, 'C', 'D', 'W', '1');
}

/* The routes rotate the inputs by the number of the device. */
TEST(acpi_host_routes)
{
	pc_up(_metadata);
	encode(_metadata);
	CONTAINS('_', 'P', 'R', 'T', 0x12);
	/* INTA# of device 0, INTD# of device 1, INTB# of device 31 */
	CONTAINS(0x12, 0x8b, 0x00, 0x00, 4, 0x0b, 0xff, 0xff, 0, 0, 0x0a, 16);
	CONTAINS(4, 0x0c, 0xff, 0xff, 1, 0, 0x0a, 3, 0, 0x0a, 16);
	CONTAINS(4, 0x0c, 0xff, 0xff, 31, 0, 1, 0, 0x0a, 16);
}

/* Without a host bridge and devices there are the processors and state 5. */
TEST(acpi_bare_machine)
{
	pc_up(_metadata);
	acpi.hosts = NULL;
	acpi.nr_hosts = 0;
	acpi.devices = NULL;
	acpi.nr_devices = 0;
	encode(_metadata);
	EXPECT_NULL(table("MCFG"));
	CONTAINS(0x08, '_', 'S', '5', '_', 0x12, 0x8a, 0x00, 0x00, 4, 0x0a, 5,
		 0x0a, 5, 0, 0);
}

#define EINVAL_WITH(member, value) \
	do { \
		__typeof__(member) good_ = member; \
		member = value; \
		EXPECT_EQ(-EINVAL, \
			  vmr_acpi_encode(&acpi, TABLES, buf, sizeof(buf), \
					  &used)) { \
			TH_LOG("%s", #member); \
		} \
		member = good_; \
	} while (0)

/* Missing and invalid arguments are -EINVAL. */
TEST(acpi_invalid_arguments)
{
	pc_up(_metadata);
	used = 7;
	EXPECT_EQ(-EINVAL, vmr_acpi_encode(NULL, TABLES, buf, 1, &used));
	EXPECT_EQ(-EINVAL, vmr_acpi_encode(&acpi, TABLES, buf, 1, NULL));
	EXPECT_EQ(-EINVAL, vmr_acpi_encode(&acpi, TABLES + 32, buf, 1, &used));
	EINVAL_WITH(acpi.manager, NULL);
	EINVAL_WITH(acpi.oem_id, NULL);
	EINVAL_WITH(acpi.oem_table_id, NULL);
	EINVAL_WITH(acpi.lapic, NULL);
	EINVAL_WITH(acpi.ioapic, NULL);
	EINVAL_WITH(acpi.hosts, NULL);
	EINVAL_WITH(acpi.devices, NULL);
	EINVAL_WITH(acpi.nr_cpus, 0);
	EINVAL_WITH(acpi.nr_cpus, 256);
	EINVAL_WITH(hosts[0].name, NULL);
	EINVAL_WITH(devices[1].name, NULL);
	EINVAL_WITH(devices[1].hid, NULL);
	EINVAL_WITH(devices[1].device, NULL);
	EXPECT_EQ((size_t)7, used);
}

#define ENOENT_WITH(member, value) \
	do { \
		__typeof__(member) good_ = member; \
		member = value; \
		EXPECT_EQ(-ENOENT, \
			  vmr_acpi_encode(&acpi, TABLES, buf, sizeof(buf), \
					  &used)) { \
			TH_LOG("%s", #member); \
		} \
		member = good_; \
	} while (0)

/* A region that is not live and a device that is not registered are -ENOENT. */
TEST(acpi_absent_region)
{
	static struct vmr_device absent;

	pc_up(_metadata);
	used = 7;
	ENOENT_WITH(acpi.lapic, &bar);
	ENOENT_WITH(acpi.ioapic, &bar);
	ENOENT_WITH(acpi.pm_event, &bar);
	ENOENT_WITH(acpi.pm_control, &bar);
	ENOENT_WITH(acpi.pm_timer, &bar);
	ENOENT_WITH(acpi.reset, &bar);
	ENOENT_WITH(hosts[0].ecam, &bar);
	ENOENT_WITH(hosts[0].config_ports, &bar);
	ENOENT_WITH(devices[2].device, &absent);
	EXPECT_EQ((size_t)7, used);
}

/* A buffer that is one byte too small is left alone. */
TEST(acpi_small_buffer)
{
	size_t size;

	pc_up(_metadata);
	ASSERT_EQ(0, vmr_acpi_encode(&acpi, TABLES, NULL, 0, &size));
	used = 7;
	EXPECT_EQ(-ENOSPC, vmr_acpi_encode(&acpi, TABLES, buf, size - 1, &used));
	EXPECT_EQ((size_t)7, used);
	EXPECT_EQ(0, memcmp(buf, copy, sizeof(buf)));
}

/* The FADT has 32 bits for an address: the last table may end at 4 GiB, and no later. */
TEST(acpi_tables_below_4g)
{
	const uint64_t end = 0x100000000ull;
	size_t size;

	pc_up(_metadata);
	ASSERT_EQ(0, vmr_acpi_encode(&acpi, TABLES, NULL, 0, &size));
	EXPECT_EQ(0, vmr_acpi_encode(&acpi, end - ((size + 63) & ~63ull), NULL, 0,
				     &used));
	used = 7;
	EXPECT_EQ(-ERANGE, vmr_acpi_encode(&acpi, end - (size & ~63ull), NULL, 0,
					   &used));
	EXPECT_EQ(-ERANGE, vmr_acpi_encode(&acpi, end, buf, 1, &used));
	EXPECT_EQ(-ERANGE, vmr_acpi_encode(&acpi, ~63ull, NULL, 0, &used));
	EXPECT_EQ((size_t)7, used);
	EXPECT_EQ(0, memcmp(buf, copy, sizeof(buf)));
}

TEST_HARNESS_MAIN
