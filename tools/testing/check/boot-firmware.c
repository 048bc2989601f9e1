// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * boot-firmware.c - do what firmware does in a machine that boots a kernel by it
 *
 * The machine is that of the VMM, without KVM. This program places the ECAM, reads all
 * items of fw_cfg, obeys the loader of the tables, and makes the transfers of the option
 * ROM. Then the machine is reset, and all of it happens again. At last another machine is
 * restored at each step, and goes on with what the first one offers.
 *
 *	boot-firmware FILE	the file for the snapshots
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "../../vmm/machine/snapshot.h"
#include "vmm_program.h"

#define SECTOR		512
#define SETUP		(2 * SECTOR)
#define ECAM		0xb0000000
#define DESCRIPTOR	0x7c00
#define BUFFER		0x80000
#define HOST_BRIDGE	0x29c08086

#define SELECT		0x08
#define READ		0x02
#define FAILED		0x01

static uint8_t image[SETUP + 70000], initrd[5000], bios[256 * 1024];
static struct kernel kernel = {
	.image		= image,
	.image_size	= sizeof(image),
	.initrd		= initrd,
	.initrd_size	= sizeof(initrd),
	.bios		= bios,
	.bios_size	= sizeof(bios),
	.append		= "console=ttyS0 quiet",
	.memory		= 4 * GIB,
	.nr_cpus	= 3,
};

static uint32_t access_port(struct vmm *vmm, uint64_t port, uint32_t width,
			    bool write, uint32_t value)
{
	uint32_t data = htole32(value);
	const struct vmm_exit exit = {
		.io	= VMR_PIO,
		.write	= write,
		.addr	= port,
		.width	= width,
		.count	= 1,
		.data	= &data,
	};

	vmm_route(&vmm->cpus[0], &exit);
	return le32toh(data);
}

static void out(struct vmm *vmm, uint64_t port, uint32_t width, uint32_t value)
{
	access_port(vmm, port, width, true, value);
}

static uint32_t in(struct vmm *vmm, uint64_t port, uint32_t width)
{
	return access_port(vmm, port, width, false, 0);
}

static void write_host_bridge(struct vmm *vmm, uint32_t reg, uint32_t value)
{
	out(vmm, 0xcf8, 4, 0x80000000 | reg);
	out(vmm, 0xcfc, 4, value);
}

/* The first register in the configuration space in memory, all ones without it */
static uint32_t first_register(struct vmm *vmm)
{
	uint32_t value = 0xffffffff;

	vmr_read(&vmm->cpus[0].reader, VMR_MMIO, ECAM, &value, 4, 1);
	return le32toh(value);
}

/* Return the control word that a transfer leaves */
static uint32_t transfer(struct vmm *vmm, uint32_t control, uint32_t length,
			 uint64_t address)
{
	uint32_t words[2] = { htobe32(control), htobe32(length) };
	uint64_t at = htobe64(address);
	uint8_t *descriptor = ram_at(vmm, DESCRIPTOR, 16);

	memcpy(descriptor, words, 8);
	memcpy(descriptor + 8, &at, 8);
	out(vmm, 0x514, 4, 0);
	out(vmm, 0x518, 4, __builtin_bswap32(DESCRIPTOR));
	memcpy(words, descriptor, 4);
	return be32toh(words[0]);
}

static void *read_item(struct vmm *vmm, uint32_t key, uint32_t length)
{
	CHECK(!transfer(vmm, key << 16 | SELECT | READ, length, BUFFER));
	return ram_at(vmm, BUFFER, length);
}

/* The key of a file and its size, which is 0 if there is none */
static uint32_t find_file(struct vmm *vmm, const char *name, uint32_t *size)
{
	uint8_t *directory = read_item(vmm, KEY_DIRECTORY, 4 + 64 * 12);
	uint32_t count, i;
	uint16_t key;

	memcpy(&count, directory, 4);
	for (i = 0; i < be32toh(count); i++) {
		memcpy(size, directory + 4 + 64 * i, 4);
		memcpy(&key, directory + 8 + 64 * i, 2);
		*size = be32toh(*size);
		if (!strcmp((char *)directory + 12 + 64 * i, name))
			return be16toh(key);
	}
	*size = 0;
	return 0;
}

static void *read_file(struct vmm *vmm, const char *name, uint32_t *size)
{
	uint32_t key = find_file(vmm, name, size);

	CHECK(*size);
	return read_item(vmm, key, *size);
}

static uint64_t number(const uint8_t *bytes, unsigned int size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

static uint8_t sum_of(const uint8_t *bytes, size_t size)
{
	uint8_t sum = 0;

	while (size--)
		sum += *bytes++;
	return sum;
}

/*
 * Memory is as large as below the ECAM, the rest is above 4 GiB, and the tables have a
 * reserved entry. Return the start of that.
 */
static uint64_t check_memory(struct vmm *vmm)
{
	uint64_t ram = 0, tables = 0, start, last, end = 0;
	uint32_t size, i;
	uint8_t *entry = read_file(vmm, "etc/e820", &size);

	CHECK(size % 20 == 0);
	for (i = 0; i < size; i += 20, entry += 20) {
		start = number(entry, 8);
		last = start + number(entry + 8, 8) - 1;
		CHECK(start >= end && last >= start);
		end = last + 1;
		if (number(entry + 16, 4) == VMR_E820_RAM) {
			CHECK(last < ECAM || start >= 4 * GIB);
			ram += last - start + 1;
		} else if (last == ECAM - 1) {
			tables = start;
		}
	}
	CHECK(tables && ram + (ECAM - tables) + 128 * KIB == kernel.memory);
	return tables;
}

static void check_table(struct vmm *vmm, uint64_t address, uint64_t tables)
{
	const uint8_t *table = ram_at(vmm, address, 36);
	uint32_t length;

	CHECK(table && address >= tables);
	length = (uint32_t)number(table + 4, 4);
	CHECK(address + length <= ECAM && !sum_of(table, length));
	if (!memcmp(table, "MCFG", 4))
		CHECK(number(table + 44, 8) == ECAM);
}

static void check_tables(struct vmm *vmm, uint64_t tables)
{
	uint8_t loader[128], rsdp[36];
	const uint8_t *list;
	uint64_t address;
	uint32_t size, i;

	memcpy(loader, read_file(vmm, "etc/table-loader", &size), 128);
	CHECK(size == 128 && number(loader, 4) == 1);
	CHECK(number(loader + 60, 4) == 16 && loader[64] == 2);
	memcpy(rsdp, read_file(vmm, (char *)loader + 4, &size), 36);
	CHECK(size == 36 && !memcmp(rsdp, "RSD PTR ", 8));
	CHECK(!sum_of(rsdp, 20) && !sum_of(rsdp, 36));
	address = number(rsdp + 24, 8);
	check_table(vmm, address, tables);
	list = ram_at(vmm, address, 36);
	CHECK(number(list + 4, 4) > 36);
	for (i = 36; i < number(list + 4, 4); i += 8)
		check_table(vmm, number(list + i, 8), tables);
}

/* Make the transfers of the option ROM as its program does. */
static void check_rom(struct vmm *vmm)
{
	uint8_t rom[OPTION_ROM_SIZE], *descriptor = rom + 0x100, *head;
	char name[64] = "/rom@";
	uint32_t size;

	CHECK(!memcmp(read_file(vmm, "bootorder", &size), name, 5));
	memcpy(name, ram_at(vmm, BUFFER + 5, 32), 32);
	CHECK(memchr(name, 0, 32));
	memcpy(rom, read_file(vmm, name, &size), sizeof(rom));
	CHECK(size == sizeof(rom) && rom[0] == 0x55 && rom[1] == 0xaa);
	CHECK(rom[2] == size / SECTOR && !sum_of(rom, size));
	CHECK(!memcmp(rom + rom[0x1a], "$PnP", 4) && !sum_of(rom + rom[0x1a], 32));
	vmm->nr_assigned = 0;
	for (; number(descriptor, 4); descriptor += 16)
		CHECK(!transfer(vmm, __builtin_bswap32(number(descriptor, 4)),
				__builtin_bswap32(number(descriptor + 4, 4)),
				__builtin_bswap64(number(descriptor + 8, 8))));
	CHECK(vmm->nr_assigned == vmm->nr_functions);
	head = ram_at(vmm, 0x10000, SETUP);
	CHECK(!memcmp(head, image, 0x1f0) && head[0x210] == 0xff);
	CHECK(head[0x211] == 0x81 && number(head + 0x228, 4) == 0x20000);
	CHECK(!strcmp(ram_at(vmm, 0x20000, 64), kernel.append));
	CHECK(!memcmp(ram_at(vmm, MIB, sizeof(image) - SETUP), image + SETUP,
		      sizeof(image) - SETUP));
	CHECK(number(head + 0x21c, 4) == sizeof(initrd));
	CHECK(!memcmp(ram_at(vmm, number(head + 0x218, 4), sizeof(initrd)), initrd,
		      sizeof(initrd)));
}

static void check_transfers(struct vmm *vmm)
{
	uint32_t size, key = find_file(vmm, "etc/boot-cpus", &size), i;
	uint8_t *bytes;

	CHECK(size == 2 && number(read_item(vmm, key, 2), 2) == kernel.nr_cpus);
	/* Behind the end of an item are zeros, and the next bytes follow. */
	bytes = memset(ram_at(vmm, BUFFER, 8), 0xee, 8);
	CHECK(!transfer(vmm, key << 16 | SELECT | READ, 1, BUFFER));
	CHECK(!transfer(vmm, READ, 4, BUFFER + 1));
	CHECK(number(bytes, 5) == kernel.nr_cpus && bytes[5] == 0xee);
	/* A transfer needs memory that the guest can write. */
	CHECK(transfer(vmm, key << 16 | SELECT | READ, 2, ECAM) == FAILED);
	CHECK(transfer(vmm, READ, 2, 4 * GIB - 16) == FAILED);
	CHECK(transfer(vmm, READ, 0x20000, 640 * KIB - 2) == FAILED);
	said[0] = '\0';
	out(vmm, 0x518, 4, __builtin_bswap32(ECAM));
	CHECK(strstr(said, "where no memory is"));
	/* The same by ports, and the signature of both ways */
	out(vmm, 0x510, 2, KEY_SIGNATURE);
	for (i = 0; i < 4; i++)
		CHECK(in(vmm, 0x511, 1) == (uint8_t)"QEMU"[i]);
	CHECK(in(vmm, 0x514, 4) == number((const uint8_t *)"QEMU", 4));
	CHECK(in(vmm, 0x518, 4) == number((const uint8_t *)" CFG", 4));
}

static void place_ecam(struct vmm *vmm)
{
	write_host_bridge(vmm, 0x64, 0);
	write_host_bridge(vmm, 0x60, ECAM | 1);
	write_host_bridge(vmm, 0x90, 0x33333330);
	CHECK(first_register(vmm) == HOST_BRIDGE);
}

/* From the first instruction of the firmware to that of the kernel */
static void boot(struct vmm *vmm)
{
	const struct vmr_range *ecam = &vmm->ecam.region.range;
	uint64_t tables;

	CHECK(!firmware_begin(vmm));
	CHECK(!memcmp(ram_at(vmm, MIB - 128 * KIB, 128 * KIB),
		      bios + 128 * KIB, 128 * KIB));
	CHECK(vmr_range_state(ecam) != VMR_LIVE);
	CHECK(first_register(vmm) == 0xffffffff);
	CHECK(vmm->q35.mch.config[0x90] == 0);
	place_ecam(vmm);
	tables = check_memory(vmm);
	check_tables(vmm, tables);
	check_rom(vmm);
	check_transfers(vmm);
	memset(ram_at(vmm, MIB - 128 * KIB, 128 * KIB), 0xee, 128 * KIB);
}

static struct vmm *machine(void)
{
	struct vmm *vmm = vmm_alloc();
	struct vmm_memory *mem;

	CHECK(vmm);
	vmm->kernel = &kernel;
	vmm->config.firmware_size = sizeof(bios);
	vmm->config.phys_bits = 40;
	vmm->config.nr_slots = 64;
	CHECK(!vmm_init(vmm));
	for (mem = vmm->memories; mem; mem = mem->next)
		CHECK(!memory_allocate(mem));
	ram_load_firmware(vmm, bios);
	return vmm;
}

/*
 * Snapshots
 */

static const char *path;

/* A machine without an image of its own: all that it offers is in the file. */
static const char *load(struct vmm **vmm)
{
	static struct kernel none;
	struct machine_record *record;
	struct snapshot_file file;
	const char *fault;

	none = (struct kernel) { .append = "of another machine" };
	*vmm = vmm_alloc();
	CHECK(*vmm);
	(*vmm)->kernel = &none;
	CHECK(!snapshot_open(&file, path));
	CHECK(!snapshot_get_machine(&file, &record, &none));
	fault = machine_load(*vmm, &file, record);
	snapshot_close(&file);
	free(record);
	return fault;
}

static void end(struct vmm *vmm)
{
	machine_switched_off(vmm);
	vmm_free(vmm);
}

/* Go on with another machine. Without KVM a restore leaves the memory to the caller. */
static struct vmm *restored(struct vmm *vmm)
{
	const char *fault = machine_save(vmm, path);
	struct vmm *other;

	CHECK(!fault);
	fault = load(&other);
	if (fault)
		printf("restore: %s\n", fault);
	CHECK(!fault);
	memory_move_from(other, vmm);
	end(vmm);
	return other;
}

/* Another machine goes on after each step, in the middle of an item and of a line too. */
static void boot_restored(void)
{
	struct vmm *vmm = machine();
	const char *line;
	uint64_t tables;

	CHECK(!firmware_begin(vmm));
	vmm = restored(restored(vmm));
	place_ecam(vmm);
	vmm = restored(vmm);
	tables = check_memory(vmm);
	vmm = restored(vmm);
	check_tables(vmm, tables);
	vmm = restored(vmm);
	check_rom(vmm);
	out(vmm, 0x510, 2, KEY_SIGNATURE);
	CHECK(in(vmm, 0x511, 1) == 'Q');
	vmm = restored(vmm);
	CHECK(in(vmm, 0x511, 1) == 'E');
	check_transfers(vmm);
	for (line = "No bootable device.\n"; *line; line++) {
		vmm = restored(vmm);
		CHECK(vmm->end == GUEST_RUNS);
		out(vmm, 0x402, 1, (uint8_t)*line);
	}
	CHECK(vmm->end == GUEST_CRASHED && strstr(said, "not booted"));
	end(vmm);
}

/* Write the file again, with other items. */
static void write_items(const uint8_t *items, size_t size)
{
	struct snapshot_writer writer;
	struct snapshot_file file;
	enum snapshot_type type;
	const uint8_t *bytes;
	size_t old;

	CHECK(!snapshot_open(&file, path) && !snapshot_create(&writer, path));
	for (type = SNAPSHOT_MACHINE; type < SNAPSHOT_END; type++)
		while ((bytes = snapshot_next(&file, type, &old))) {
			if (type == SNAPSHOT_ITEMS)
				snapshot_section(&writer, type, items, size);
			else
				snapshot_section(&writer, type, bytes, old);
		}
	CHECK(!snapshot_finish(&writer, NULL));
	snapshot_close(&file);
}

static void refused(const uint8_t *items, size_t size)
{
	const char *fault;
	struct vmm *vmm;

	write_items(items, size);
	fault = load(&vmm);
	CHECK(fault && strstr(fault, "items for the firmware are damaged"));
	end(vmm);
}

/* An item with a key and no bytes, behind @at */
static size_t add_item(uint8_t *items, size_t at, uint32_t key)
{
	const uint32_t head[2] = { key };

	memcpy(items + at, head, sizeof(head));
	return at + sizeof(head);
}

/* Items that no machine saves, in a file with a right checksum */
static void check_items(void)
{
	struct vmm *vmm = machine();
	struct snapshot_file file;
	const uint32_t all = 0xffffffff;
	const uint8_t *bytes;
	uint8_t *items;
	size_t size, i;

	CHECK(!firmware_begin(vmm) && !machine_save(vmm, path));
	end(vmm);
	CHECK(!snapshot_open(&file, path));
	for (i = SNAPSHOT_MACHINE; i < SNAPSHOT_ITEMS; i++)
		CHECK(snapshot_next(&file, (enum snapshot_type)i, &size));
	bytes = snapshot_next(&file, SNAPSHOT_ITEMS, &size);
	items = malloc(size + 64 * 8);
	CHECK(bytes && size && items);
	memcpy(items, bytes, size);
	snapshot_close(&file);

	refused(items, size - 8);
	refused(items, 4);
	memcpy(items + 4, &all, 4);		/* more bytes than there are */
	refused(items, size);
	for (i = 0; i < 64; i++)		/* more items than there may be */
		add_item(items, 8 * i, KEY_MAX_CPUS);
	refused(items, 64 * 8);
	refused(items, add_item(items, 0, 0x10000));
	refused(items, add_item(items, 0, KEY_DIRECTORY));
	refused(items, add_item(items, 0, KEY_SETUP));
	free(items);
}

static void make_images(void)
{
	size_t i;

	for (i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)(i * 7 + i / 256);
	for (i = 0; i < sizeof(initrd); i++)
		initrd[i] = (uint8_t)(i * 11);
	for (i = 0; i < sizeof(bios); i++)
		bios[i] = (uint8_t)(i * 13 + i / 4096);
	image[0x1f1] = SETUP / SECTOR - 1;
	image[0x201] = 0x66;
	memcpy(image + 0x202, "HdrS\x0a\x02", 6);
	image[0x211] = 1;
	memcpy(image + 0x22c, "\xff\xff\xff\x7f", 4);
	memcpy(image + 0x260, "\0\0\x20\0", 4);
}

int main(int argc, char **argv)
{
	const char *line;
	struct vmm *vmm;
	uint32_t size;

	CHECK(argc == 2);
	path = argv[1];
	make_images();
	vmm = machine();
	boot(vmm);
	vmm->pci_lock.lock(&vmm->pci_lock);
	CHECK(!vmr_pci_host_reset(&vmm->pci_root));
	vmm->pci_lock.unlock(&vmm->pci_lock);
	boot(vmm);
	vmm_free(vmm);

	/* Firmware that asks for the tables before it has placed the ECAM ends the run. */
	vmm = machine();
	CHECK(!firmware_begin(vmm) && vmm->end == GUEST_RUNS);
	read_file(vmm, "etc/acpi/rsdp", &size);
	CHECK(vmm->end == GUEST_CRASHED && strstr(said, "tables"));
	vmm_free(vmm);

	/* So does firmware that finds nothing to boot, when its line is complete. */
	vmm = machine();
	for (line = "No bootable device.\n"; *line; line++) {
		CHECK(vmm->end == GUEST_RUNS);
		out(vmm, 0x402, 1, (uint8_t)*line);
	}
	CHECK(vmm->end == GUEST_CRASHED && strstr(said, "not booted"));
	vmm_free(vmm);

	boot_restored();
	check_items();
	printf("%u checks passed\n", checks);
	return 0;
}
