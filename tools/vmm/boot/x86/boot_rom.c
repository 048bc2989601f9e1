// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * boot_rom.c - the option ROM from which firmware boots a kernel
 *
 * By its expansion header it is a device to boot from. Its program has fw_cfg write the
 * parts of the kernel into memory, and begins the kernel in real mode. The descriptors of
 * these transfers are in the ROM.
 */
#include <endian.h>
#include <string.h>

#include "boot_rom.h"

#define BLOCK		512
#define INIT		0x03	/* where the firmware calls the ROM first */
#define EXPANSION	0x20	/* the header, whose offset is at the next one */
#define EXPANSION_AT	0x1a
#define EXPANSION_SIZE	0x20
#define NAME		0x40
#define CODE		0x60
#define DESCRIPTORS	0x100	/* up to one that is zero */
#define DESCRIPTOR_SIZE	16
#define SCRATCH		0x7c00	/* in memory: the descriptor of the transfer */

/* Control word of a descriptor: select the item with the key in the upper half, read */
#define SELECT_AND_READ	0x0a

#define LOW(word)	((word) & 0xff)
#define HIGH(word)	((word) >> 8)

/* 16-bit code; the firmware calls it with CS at the ROM's start */
static const uint8_t code[] = {
	0xfa,						/* cli */
	0xfc,						/* cld */
	0x0e,						/* pushw %cs */
	0x1f,						/* popw %ds */
	0x66, 0x31, 0xc0,				/* xorl %eax, %eax */
	0x8e, 0xc0,					/* movw %ax, %es */
	0xba, 0x14, 0x05,				/* movw $0x514, %dx */
	0x66, 0xef,					/* outl %eax, %dx */
	0xba, 0x18, 0x05,				/* movw $0x518, %dx */
	0xbe, LOW(DESCRIPTORS), HIGH(DESCRIPTORS),	/* movw $.., %si */
	/* 1: a copy of the descriptor, since the ROM may be read-only */
	0xbf, LOW(SCRATCH), HIGH(SCRATCH),		/* movw $.., %di */
	0xb9, DESCRIPTOR_SIZE / 2, 0x00,		/* movw $8, %cx */
	0xf3, 0xa5,					/* rep movsw */
	/* its address, with the bytes in reverse order */
	0x66, 0xb8, 0x00, 0x00, HIGH(SCRATCH), LOW(SCRATCH), /* movl $.., %eax */
	0x66, 0xef,					/* outl %eax, %dx */
	0x26, 0x66, 0x83, 0x3e, LOW(SCRATCH), HIGH(SCRATCH), 0x00,
							/* cmpl $0, %es:.. */
	0x75, 0x1b,					/* jne 2f */
	0x66, 0x83, 0x3c, 0x00,				/* cmpl $0, (%si) */
	0x75, 0xe1,					/* jne 1b */
	0xb8, LOW(BOOT_SEGMENT), HIGH(BOOT_SEGMENT),	/* movw $.., %ax */
	0x8e, 0xd8,					/* movw %ax, %ds */
	0x8e, 0xc0,					/* movw %ax, %es */
	0x8e, 0xe0,					/* movw %ax, %fs */
	0x8e, 0xe8,					/* movw %ax, %gs */
	0x8e, 0xd0,					/* movw %ax, %ss */
	0xbc, LOW(BOOT_STACK), HIGH(BOOT_STACK),	/* movw $.., %sp */
	0xea, 0x00, 0x00, LOW(BOOT_ENTRY), HIGH(BOOT_ENTRY), /* ljmpw $.., $0 */
	/* 2: a transfer has failed; the firmware boots from the next device */
	0xcd, 0x18,					/* int $0x18 */
};

static void put16(uint8_t *to, unsigned int value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
}

/* Make the sum of all bytes zero by the one at @at. */
static void put_sum(uint8_t *bytes, size_t size, size_t at)
{
	uint8_t sum = 0;
	size_t i;

	for (i = 0; i < size; i++)
		sum += bytes[i];
	bytes[at] = (uint8_t)-sum;
}

/* Header of the Plug and Play BIOS Specification 1.0A, section 3.2 */
static void put_expansion(uint8_t *rom)
{
	uint8_t *header = rom + EXPANSION;

	put16(rom + EXPANSION_AT, EXPANSION);
	memcpy(header, "$PnP", 4);
	header[0x04] = 0x01;			/* revision */
	header[0x05] = EXPANSION_SIZE / 16;
	put16(header + 0x10, NAME);
	header[0x12] = 0x02;			/* type: network boot */
	header[0x15] = 0x14;			/* can boot, and is read-cacheable */
	put16(header + 0x1a, CODE);		/* begins here to boot */
	put_sum(header, EXPANSION_SIZE, 0x09);
	memcpy(rom + NAME, "Linux", sizeof("Linux"));
}

static void put_descriptor(uint8_t *to, const struct boot_part *part)
{
	uint32_t control = htobe32((uint32_t)part->key << 16 | SELECT_AND_READ);
	uint32_t length = htobe32((uint32_t)part->size);
	uint64_t address = htobe64(part->address);

	memcpy(to, &control, sizeof(control));
	memcpy(to + 4, &length, sizeof(length));
	memcpy(to + 8, &address, sizeof(address));
}

void boot_rom_make(struct vmm *vmm, const struct boot_part *parts,
		   unsigned int nr)
{
	struct fw_cfg *cfg = &vmm->fw_cfg;
	uint8_t *rom = vmm->firmware_boot.rom;
	unsigned int i;

	memset(rom, 0, OPTION_ROM_SIZE);
	rom[0] = 0x55;
	rom[1] = 0xaa;
	rom[2] = OPTION_ROM_SIZE / BLOCK;
	rom[INIT] = 0xcb;			/* lretw */
	put_expansion(rom);
	memcpy(rom + CODE, code, sizeof(code));
	for (i = 0; i < nr; i++) {
		put_descriptor(rom + DESCRIPTORS + i * DESCRIPTOR_SIZE,
			       &parts[i]);
		fw_cfg_item(cfg, parts[i].key, parts[i].data,
			    parts[i].size)->prepare = parts[i].prepare;
	}
	put_sum(rom, OPTION_ROM_SIZE, OPTION_ROM_SIZE - 1);
	fw_cfg_file(cfg, BOOT_ROM_FILE, rom, OPTION_ROM_SIZE);
	fw_cfg_file(cfg, "bootorder", "/rom@" BOOT_ROM_FILE,
		    sizeof("/rom@" BOOT_ROM_FILE));
}
