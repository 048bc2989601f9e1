// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * acpi.c - the ACPI tables of a machine
 *
 * The RSDP is first, the XSDT with the addresses of the other tables is last.
 */
#include "describe/encoder.h"

#include "base/unaligned.h"

#define TABLE_ALIGN	64	/* the FACS needs it */
#define HEADER_SIZE	36
#define HEADER_LENGTH	4	/* offsets of members in the header */
#define HEADER_CHECKSUM	9

#define RSDP_SIZE	36
#define RSDP_V1_SIZE	20
#define RSDP_V1_CHECKSUM 8
#define RSDP_CHECKSUM	32
#define FACS_SIZE	64
#define FADT_REVISION	5
/* The FADT has 32 bits for the address of the FACS */
#define FADT_ADDRESS_LAST 0xffffffffull
#define MAX_TABLES	3	/* FADT, MADT, MCFG */

#define BOOT_LEGACY	0x01	/* there are devices of the ISA bus */
#define BOOT_8042	0x02
#define BOOT_NO_VGA	0x04

#define FADT_WBINVD	0x0001
#define FADT_C1		0x0004
#define FADT_NO_POWER_BUTTON 0x0010
#define FADT_NO_SLEEP_BUTTON 0x0020
#define FADT_RESET	0x0400

#define SPACE_PORTS	1	/* the address space of a register */
#define MADT_PC_AT	1	/* there are two 8259 */
#define CPU_ENABLED	1
#define LEVEL_HIGH	0x0d	/* flags of an interrupt input */

/**
 * struct acpi_encoder - the state of one pass
 * @out: the buffer
 * @acpi: the machine
 * @base: guest physical address of the buffer
 * @xsdt: address of the XSDT
 * @facs: address of the FACS
 * @dsdt: address of the DSDT
 * @tables: the addresses in the XSDT
 * @nr_tables: their number
 */
struct acpi_encoder {
	struct vmr_encoder	out;
	const struct vmr_acpi	*acpi;
	uint64_t		base;
	uint64_t		xsdt;
	uint64_t		facs;
	uint64_t		dsdt;
	uint64_t		tables[MAX_TABLES];
	size_t			nr_tables;
};

static uint64_t align_table(struct acpi_encoder *e)
{
	vmr_put_zeroes(&e->out, -e->out.len % TABLE_ALIGN);
	return e->base + e->out.len;
}

/* Begin a table. Return the address of its header. */
static uint64_t begin_table(struct acpi_encoder *e, const char *signature,
			    uint8_t revision)
{
	uint64_t address = align_table(e);
	struct vmr_encoder *out = &e->out;

	vmr_put_bytes(out, signature, 4);
	vmr_put32(out, 0);		/* length */
	vmr_put8(out, revision);
	vmr_put8(out, 0);		/* checksum */
	vmr_put_bytes(out, e->acpi->oem_id, 6);
	vmr_put_bytes(out, e->acpi->oem_table_id, 8);
	vmr_put32(out, 1);		/* revision of the maker */
	vmr_put_bytes(out, "VMR ", 4);	/* the compiler and its revision */
	vmr_put32(out, 1);
	return address;
}

static void end_table(struct acpi_encoder *e, uint64_t address)
{
	size_t start = address - e->base;

	if (!e->out.buf)
		return;
	put_le32(e->out.buf + start + HEADER_LENGTH, e->out.len - start);
	vmr_put_checksum(&e->out, start, e->out.len - start,
			 start + HEADER_CHECKSUM);
}

static void put_rsdp(struct acpi_encoder *e, uint64_t xsdt)
{
	struct vmr_encoder *out = &e->out;

	vmr_put_bytes(out, "RSD PTR ", 8);
	vmr_put8(out, 0);
	vmr_put_bytes(out, e->acpi->oem_id, 6);
	vmr_put8(out, 2);		/* revision */
	vmr_put32(out, 0);		/* there is no RSDT */
	vmr_put32(out, RSDP_SIZE);
	vmr_put64(out, xsdt);
	vmr_put_zeroes(out, 4);
	vmr_put_checksum(out, 0, RSDP_V1_SIZE, RSDP_V1_CHECKSUM);
	vmr_put_checksum(out, 0, RSDP_SIZE, RSDP_CHECKSUM);
}

static void put_facs(struct acpi_encoder *e)
{
	struct vmr_encoder *out = &e->out;

	e->facs = align_table(e);
	vmr_put_bytes(out, "FACS", 4);
	vmr_put32(out, FACS_SIZE);
	vmr_put_zeroes(out, 24);
	vmr_put8(out, 2);		/* version */
	vmr_put_zeroes(out, FACS_SIZE - 33);
}

static void put_dsdt(struct acpi_encoder *e)
{
	e->dsdt = begin_table(e, "DSDT", 2);
	vmr_put_dsdt(&e->out, e->acpi);
	end_table(e, e->dsdt);
}

static uint32_t port_of(const struct vmr_region *region)
{
	return region ? region->range.start : 0;
}

static uint8_t ports_of(const struct vmr_region *region)
{
	return region ? region->size : 0;
}

/* A generic address structure; zero without a region */
static void put_register(struct vmr_encoder *out,
			 const struct vmr_region *region, uint8_t size)
{
	if (!region) {
		vmr_put_zeroes(out, 12);
		return;
	}
	vmr_put8(out, SPACE_PORTS);
	vmr_put8(out, 8 * size);
	vmr_put8(out, 0);
	vmr_put8(out, 0);
	vmr_put64(out, region->range.start);
}

/* The registers as ports, from offset 56 of the FADT */
static void put_fadt_ports(struct vmr_encoder *out, const struct vmr_acpi *acpi)
{
	vmr_put32(out, port_of(acpi->pm_event));
	vmr_put32(out, 0);
	vmr_put32(out, port_of(acpi->pm_control));
	vmr_put_zeroes(out, 8);
	vmr_put32(out, port_of(acpi->pm_timer));
	vmr_put_zeroes(out, 8);
	vmr_put8(out, ports_of(acpi->pm_event));
	vmr_put8(out, ports_of(acpi->pm_control));
	vmr_put8(out, 0);
	vmr_put8(out, ports_of(acpi->pm_timer));
	vmr_put_zeroes(out, 4);
}

static void put_fadt_flags(struct vmr_encoder *out, const struct vmr_acpi *acpi)
{
	uint32_t flags = FADT_WBINVD | FADT_C1 | FADT_NO_POWER_BUTTON |
			 FADT_NO_SLEEP_BUTTON;

	if (acpi->reset)
		flags |= FADT_RESET;
	vmr_put16(out, 0xffff);		/* C2 and C3 take too long to use */
	vmr_put16(out, 0xffff);
	vmr_put_zeroes(out, 9);
	vmr_put16(out, BOOT_LEGACY | BOOT_8042 | BOOT_NO_VGA);
	vmr_put8(out, 0);
	vmr_put32(out, flags);
	put_register(out, acpi->reset, 1);
	vmr_put8(out, acpi->reset_value);
	vmr_put_zeroes(out, 3);
}

static void put_fadt(struct acpi_encoder *e)
{
	const struct vmr_acpi *acpi = e->acpi;
	struct vmr_encoder *out = &e->out;
	uint64_t fadt = begin_table(e, "FACP", FADT_REVISION);

	/* The first pass may have addresses that vmr_acpi_encode() then refuses */
	vmr_put32(out, (uint32_t)e->facs);
	vmr_put32(out, (uint32_t)e->dsdt);
	vmr_put16(out, 0);		/* the kind of machine is not known */
	vmr_put16(out, acpi->sci);
	vmr_put_zeroes(out, 8);		/* there is no SMI */
	put_fadt_ports(out, acpi);
	put_fadt_flags(out, acpi);
	vmr_put64(out, 0);		/* the FACS has its address above */
	vmr_put64(out, e->dsdt);
	put_register(out, acpi->pm_event, 4);
	put_register(out, NULL, 0);
	put_register(out, acpi->pm_control, 2);
	put_register(out, NULL, 0);
	put_register(out, NULL, 0);
	put_register(out, acpi->pm_timer, 4);
	vmr_put_zeroes(out, 48);	/* general events, sleep registers */
	end_table(e, fadt);
	e->tables[e->nr_tables++] = fadt;
}

static void put_madt(struct acpi_encoder *e)
{
	const struct vmr_acpi *acpi = e->acpi;
	struct vmr_encoder *out = &e->out;
	uint64_t madt = begin_table(e, "APIC", 3);
	uint32_t i;

	vmr_put32(out, acpi->lapic->range.start);
	vmr_put32(out, MADT_PC_AT);
	for (i = 0; i < acpi->nr_cpus; i++) {
		vmr_put16(out, 8 << 8);	/* type 0, length 8 */
		vmr_put8(out, i);
		vmr_put8(out, i);
		vmr_put32(out, CPU_ENABLED);
	}
	vmr_put16(out, 1 | 12 << 8);
	vmr_put16(out, 0);
	vmr_put32(out, acpi->ioapic->range.start);
	vmr_put32(out, 0);			/* its first input */
	vmr_put16(out, 2 | 10 << 8);
	vmr_put8(out, 0);
	vmr_put8(out, acpi->sci);
	vmr_put32(out, acpi->sci);
	vmr_put16(out, LEVEL_HIGH);
	end_table(e, madt);
	e->tables[e->nr_tables++] = madt;
}

/* The address in the table is that of bus 0, whatever the first bus is. */
static void put_mcfg(struct acpi_encoder *e)
{
	const struct vmr_acpi_host *host;
	struct vmr_encoder *out = &e->out;
	uint64_t mcfg = 0;
	size_t i;

	for (i = 0; i < e->acpi->nr_hosts; i++) {
		host = &e->acpi->hosts[i];
		if (!host->ecam)
			continue;
		if (!mcfg) {
			mcfg = begin_table(e, "MCFG", 1);
			vmr_put64(out, 0);
			e->tables[e->nr_tables++] = mcfg;
		}
		vmr_put64(out, host->ecam->range.start -
			       ((uint64_t)host->first_bus << 20));
		vmr_put16(out, host->segment);
		vmr_put8(out, host->first_bus);
		vmr_put8(out, host->last_bus);
		vmr_put32(out, 0);
	}
	if (mcfg)
		end_table(e, mcfg);
}

static void put_xsdt(struct acpi_encoder *e)
{
	size_t i;

	e->xsdt = begin_table(e, "XSDT", 1);
	for (i = 0; i < e->nr_tables; i++)
		vmr_put64(&e->out, e->tables[i]);
	end_table(e, e->xsdt);
}

/* The RSDP needs the address of the XSDT, which the pass before has found. */
static void put_tables(struct acpi_encoder *e, void *buf)
{
	uint64_t xsdt = e->xsdt;

	e->out = (struct vmr_encoder){ .buf = buf };
	e->nr_tables = 0;
	put_rsdp(e, xsdt);
	put_facs(e);
	put_dsdt(e);
	put_fadt(e);
	put_madt(e);
	put_mcfg(e);
	put_xsdt(e);
}

static bool has_null(const struct vmr_acpi *acpi)
{
	size_t i;

	if (!acpi->manager || !acpi->oem_id || !acpi->oem_table_id ||
	    !acpi->lapic || !acpi->ioapic ||
	    (acpi->nr_hosts && !acpi->hosts) ||
	    (acpi->nr_devices && !acpi->devices))
		return true;
	for (i = 0; i < acpi->nr_hosts; i++)
		if (!acpi->hosts[i].name)
			return true;
	for (i = 0; i < acpi->nr_devices; i++)
		if (!acpi->devices[i].name || !acpi->devices[i].hid ||
		    !acpi->devices[i].device)
			return true;
	return false;
}

static bool is_absent(const struct vmr_region *region)
{
	return region && vmr_range_state(&region->range) != VMR_LIVE;
}

static bool has_absent(const struct vmr_acpi *acpi)
{
	size_t i;

	if (is_absent(acpi->lapic) || is_absent(acpi->ioapic) ||
	    is_absent(acpi->pm_event) || is_absent(acpi->pm_control) ||
	    is_absent(acpi->pm_timer) || is_absent(acpi->reset))
		return true;
	for (i = 0; i < acpi->nr_hosts; i++)
		if (is_absent(acpi->hosts[i].ecam) ||
		    is_absent(acpi->hosts[i].config_ports))
			return true;
	for (i = 0; i < acpi->nr_devices; i++)
		if (acpi->devices[i].device->state < VMR_DEVICE_REGISTERED)
			return true;
	return false;
}

int vmr_acpi_encode(const struct vmr_acpi *acpi, uint64_t base, void *buf,
		    size_t size, size_t *used)
{
	struct acpi_encoder e = { .acpi = acpi, .base = base };

	if (!acpi || !used || has_null(acpi) || base % TABLE_ALIGN ||
	    !acpi->nr_cpus || acpi->nr_cpus > 255)
		return -EINVAL;
	if (has_absent(acpi))
		return -ENOENT;
	if (base > FADT_ADDRESS_LAST)
		return -ERANGE;
	put_tables(&e, NULL);
	if (e.out.len - 1 > FADT_ADDRESS_LAST - base)
		return -ERANGE;
	if (buf) {
		if (e.out.len > size)
			return -ENOSPC;
		put_tables(&e, buf);
	}
	*used = e.out.len;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_acpi_encode);
