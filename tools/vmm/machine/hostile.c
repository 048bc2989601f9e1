// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * hostile.c - snapshots that a machine never saves, each with a right checksum
 *
 * Each of them has one field of one device's registers outside its bounds, or one
 * record changed, and must be refused.
 */
#include <stdlib.h>
#include <string.h>

#include "../vmm.h"

/* The blocks, by the order in which restore.c adds them */
enum {
	CMOS_BLOCK, PIT_BLOCK, PIC_BLOCK, SERIAL_BLOCK, I8042_BLOCK,
	APIC_BLOCK, IOAPIC_BLOCK, SCRATCH_BLOCK,
	FW_CFG_BLOCK = SCRATCH_BLOCK + NR_SCRATCH_REGS,
};

#define REGS(type, member) \
	(offsetof(struct type, member) - sizeof(struct platform))
#define CHANNEL(i, member) \
	(REGS(pit, channels) + (i) * sizeof(struct pit_channel) + \
	 offsetof(struct pit_channel, member))
#define FW_CFG(member) \
	(offsetof(struct fw_cfg, member) - offsetof(struct fw_cfg, selected))

/* A field in the registers of a device, and a value that it cannot have */
static const struct field {
	uint32_t	block;
	uint32_t	offset;
	uint32_t	value;
	uint8_t		width;
	const char	*name;
} fields[] = {
	{ CMOS_BLOCK, REGS(cmos, index), 128, 1, "cmos.index" },
	{ CMOS_BLOCK, REGS(cmos, index), 255, 1, "cmos.index" },
	{ PIT_BLOCK, CHANNEL(0, reload), 0x10000, 4, "pit.reload" },
	{ PIT_BLOCK, CHANNEL(0, access), 0, 1, "pit.access" },
	{ PIT_BLOCK, CHANNEL(1, access), 4, 1, "pit.access" },
	{ PIT_BLOCK, CHANNEL(2, mode), 6, 1, "pit.mode" },
	{ PIT_BLOCK, CHANNEL(2, second), 2, 1, "pit.second" },
	{ PIT_BLOCK, CHANNEL(2, read_second), 2, 1, "pit.read_second" },
	{ PIT_BLOCK, CHANNEL(2, latched), 0x80, 1, "pit.latched" },
	{ PIT_BLOCK, REGS(pit, gate), 0x10, 1, "pit.gate" },
	{ PIT_BLOCK, REGS(pit, refresh), 0x20, 1, "pit.refresh" },
	{ PIC_BLOCK, REGS(pic, icw), 4, 1, "pic.icw" },
	{ PIC_BLOCK, REGS(pic, icw) + 1, 255, 1, "pic.icw" },
	{ SERIAL_BLOCK, REGS(serial, length), 129, 4, "serial.length" },
	{ SERIAL_BLOCK, REGS(serial, length), 0x40000, 4, "serial.length" },
	{ I8042_BLOCK, REGS(i8042, head), 0x80000000, 4, "i8042.head" },
	{ I8042_BLOCK, REGS(i8042, tail), 0x80000000, 4, "i8042.tail" },
	{ APIC_BLOCK, 0x32, 6, 1, "apic version" },
	{ FW_CFG_BLOCK, FW_CFG(nr_files), 0, 4, "fw_cfg.nr_files" },
	{ FW_CFG_BLOCK, FW_CFG(nr_files), 9, 4, "fw_cfg.nr_files" },
	{ FW_CFG_BLOCK, FW_CFG(directory.count), 0x09000000, 4, "fw_cfg count" },
	{ FW_CFG_BLOCK, FW_CFG(directory.files[0].size), 0xa1000000, 4,
	  "fw_cfg e820 size" },
	{ FW_CFG_BLOCK, FW_CFG(directory.files[3].size), 0x05000000, 4,
	  "fw_cfg file size" },
	{ FW_CFG_BLOCK, FW_CFG(directory.files[7].size), 0x01000000, 4,
	  "fw_cfg unused size" },
	{ FW_CFG_BLOCK, FW_CFG(directory.files[0].select), 0x2100, 2,
	  "fw_cfg select" },
	{ FW_CFG_BLOCK, FW_CFG(directory.files[1].reserved), 1, 2,
	  "fw_cfg reserved" },
	{ FW_CFG_BLOCK, FW_CFG(directory.files[2].name), 'x', 1, "fw_cfg name" },
};

static uint64_t get_le(const uint8_t *bytes, unsigned int size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

static void put_le(uint8_t *bytes, uint64_t value, unsigned int size)
{
	for (; size--; value >>= 8)
		*bytes++ = (uint8_t)value;
}

static void fix_checksum(uint8_t *bytes, size_t size)
{
	uint32_t crc = ~0u;
	unsigned int bit;
	size_t i;

	for (i = 0; i < size - 4; i++) {
		crc ^= bytes[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	put_le(bytes + size - 4, ~crc, 4);
}

/* The end of the space at @at */
static size_t end_of_space(const uint8_t *bytes, size_t at)
{
	return at + 48 + 24 * (size_t)get_le(bytes + at + 32, 8) +
	       32 * (size_t)get_le(bytes + at + 40, 8);
}

/* The registers in the block with a key */
static size_t find_block(const struct vmr_snapshot *snap, const uint8_t *bytes,
			 uint64_t key)
{
	size_t at = 32, i;

	for (i = 0; i < snap->nr_spaces; i++)
		at = end_of_space(bytes, at);
	while (get_le(bytes + at, 8) != key)
		at += 16 + (((size_t)get_le(bytes + at + 8, 8) + 7) & -8ul);
	return at + 16;
}

static bool refused(const struct vmr_snapshot *snap, uint8_t *bytes,
		    size_t size)
{
	int err;

	fix_checksum(bytes, size);
	err = vmr_snapshot_restore(snap, bytes, size);
	return err == -EBADMSG || err == -ENODEV;
}

/* Change a record: its place, which is fixed, or the space that it is in. */
static const char *check_records(const struct vmr_snapshot *snap,
				 const uint8_t *bytes, uint8_t *copy,
				 size_t size)
{
	size_t first = end_of_space(bytes, 32) + 48;
	uint64_t key;

	/* The first addresses of the first range of memory */
	memcpy(copy, bytes, size);
	put_le(copy + first + 8, get_le(bytes + first + 8, 8) + 1, 8);
	if (!refused(snap, copy, size))
		return "a fixed range is shorter than it was";
	/* The key of the first record of the ports and of the memory change places */
	memcpy(copy, bytes, size);
	key = get_le(copy + 32 + 48, 8);
	memcpy(copy + 32 + 48, copy + first, 8);
	put_le(copy + first, key, 8);
	if (!refused(snap, copy, size))
		return "a record is restored in another space";
	return NULL;
}

/*
 * Change a copy of the snapshot in each way. The machine of @snap is as before.
 * Return: NULL, or what was restored although it must not be
 */
const char *hostile_check(const struct vmr_snapshot *snap, const uint8_t *bytes,
			  size_t size)
{
	uint8_t *copy = malloc(size);
	const char *fault = NULL;
	size_t i, at;

	if (!copy) {
		vmm_err("no memory for a copy of the snapshot");
		return "no memory";
	}
	for (i = 0; !fault && i < ARRAY_SIZE(fields); i++) {
		memcpy(copy, bytes, size);
		at = find_block(snap, bytes, fields[i].block);
		put_le(copy + at + fields[i].offset, fields[i].value,
		       fields[i].width);
		if (!refused(snap, copy, size))
			fault = fields[i].name;
	}
	if (!fault)
		fault = check_records(snap, bytes, copy, size);
	free(copy);
	return fault;
}
