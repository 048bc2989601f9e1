// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * acpi.c - the ACPI tables of machines that the bytes describe
 *
 * A second reader goes from the RSDP to all tables, with the offsets of the ACPI
 * specification: each table is inside of the buffer, overlaps no other one and has the sum
 * 0. The size of the first pass is that of the second, and the bytes behind it and a
 * buffer that is one byte too small stay as they are.
 */
#include <errno.h>

#include "../check/acpi_board.h"
#include "fuzz.h"

#define MAX_HOSTS	3
#define MAX_TABLES	8
#define BUF_SIZE	65536
#define CANARY		0xa5

static uint8_t buf[BUF_SIZE];

static uint8_t sum(size_t at, size_t size)
{
	uint8_t total = 0;

	while (size--)
		total = (uint8_t)(total + buf[at++]);
	return total;
}

struct tables {
	uint64_t	base;
	size_t		used;
	unsigned int	nr;
	size_t		start[MAX_TABLES], size[MAX_TABLES];
};

/* Return: the offset of the table at an address */
static size_t read_table(struct tables *t, uint64_t addr, const char *signature,
			 bool has_sum)
{
	size_t at = (size_t)(addr - t->base), size;
	unsigned int i;

	FUZZ_ASSERT(addr >= t->base && at + 8 <= t->used);
	size = (size_t)number(buf + at + 4, 4);
	FUZZ_ASSERT(size >= 36 && size <= t->used - at);
	FUZZ_ASSERT(!signature || !memcmp(buf + at, signature, 4));
	FUZZ_ASSERT(!has_sum || !sum(at, size));
	for (i = 0; i < t->nr; i++)
		FUZZ_ASSERT(at >= t->start[i] + t->size[i] ||
			    at + size <= t->start[i]);
	FUZZ_ASSERT(t->nr < MAX_TABLES);
	t->start[t->nr] = at;
	t->size[t->nr++] = size;
	return at;
}

static void read_tables(uint64_t base, size_t used)
{
	struct tables t = { .base = base, .used = used };
	size_t xsdt, end, i, fadt = 0;

	FUZZ_ASSERT(used >= 36 && !memcmp(buf, "RSD PTR ", 8));
	FUZZ_ASSERT(!sum(0, 20) && !sum(0, 36));
	t.size[t.nr++] = 36;
	xsdt = read_table(&t, number(buf + 24, 8), "XSDT", true);
	end = xsdt + (size_t)number(buf + xsdt + 4, 4);
	FUZZ_ASSERT((end - xsdt - 36) % 8 == 0);
	for (i = xsdt + 36; i < end; i += 8) {
		size_t at = read_table(&t, number(buf + i, 8), NULL, true);

		if (!memcmp(buf + at, "FACP", 4))
			fadt = at;
	}
	FUZZ_ASSERT(fadt);
	read_table(&t, number(buf + fadt + 36, 4), "FACS", false);
	read_table(&t, number(buf + fadt + 140, 8), "DSDT", true);
}

static void make_host(struct vmr_acpi_host *host, char name[5])
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		name[i] = (char)('A' + fuzz_below(26));
	name[4] = '\0';
	*host = (struct vmr_acpi_host){
		.name = name,
		.segment = (uint16_t)fuzz_take(2),
		.pools = fuzz_one_in(2) ? 0 : fuzz_u32(),
		.osc_control = fuzz_u8(),
		.ecam = fuzz_one_in(3) ? NULL : &ecam,
		.config_ports = fuzz_one_in(3) ? NULL : &conf1.ports,
	};
	host->first_bus = (uint8_t)fuzz_u8();
	host->last_bus = (uint8_t)(host->first_bus +
				   fuzz_below(256U - host->first_bus));
	for (i = 0; i < 4; i++)
		host->gsi[i] = fuzz_one_in(2) ? fuzz_u8() : fuzz_u32();
}

static void encode_machine(void)
{
	struct vmr_acpi_host host[MAX_HOSTS];
	char names[MAX_HOSTS][5];
	const struct vmr_acpi_device devices[] = {
		{ "BRD0", "PNP0C02", &board }, { "BRD1", "VMR00001", &board },
	};
	struct vmr_acpi acpi = {
		.manager = &manager, .oem_id = "VMR   ",
		.oem_table_id = "FUZZ    ", .nr_cpus = fuzz_u8(),
		.lapic = &layout.reserved[2], .ioapic = &layout.reserved[0],
		.sci = fuzz_u8(), .pm_event = fuzz_one_in(2) ? NULL : &event,
		.pm_control = fuzz_one_in(2) ? NULL : &control,
		.hosts = host, .nr_hosts = fuzz_below(MAX_HOSTS + 1),
		.devices = devices, .nr_devices = fuzz_below(3),
	};
	uint64_t base = (uint64_t)fuzz_take(2) << 6;
	size_t size, used = 0, i;
	int err;

	for (i = 0; i < acpi.nr_hosts; i++)
		make_host(&host[i], names[i]);
	err = vmr_acpi_encode(&acpi, base, NULL, 0, &size);
	FUZZ_ASSERT(err == (acpi.nr_cpus ? 0 : -EINVAL));
	if (err)
		return;
	FUZZ_ASSERT(size < BUF_SIZE);
	memset(buf, CANARY, size + 64);
	FUZZ_ASSERT(vmr_acpi_encode(&acpi, base, buf, size - 1, &used) == -ENOSPC);
	FUZZ_ASSERT(buf[size - 1] == CANARY);
	FUZZ_ASSERT(!vmr_acpi_encode(&acpi, base, buf, size, &used));
	FUZZ_ASSERT(used == size);
	for (i = size; i < size + 64; i++)
		FUZZ_ASSERT(buf[i] == CANARY);
	read_tables(base, used);
}

static void run(void)
{
	if (!manager.sys)
		FUZZ_ASSERT(!machine_up());
	while (fuzz_more())
		encode_machine();
}

const struct fuzz_target fuzz_acpi = { "acpi", run };
