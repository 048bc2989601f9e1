// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * option_rom.c - a PCI expansion ROM whose program writes a line to the debug
 * port
 *
 * The firmware maps the ROM where it likes, reads it exit by exit, checks sum
 * and ids, and calls it. So the line in the log proves that each byte came from
 * the right place.
 */
#include <string.h>

#include "../vmm.h"

#define BLOCK		512
#define ENTRY		0x03	/* where the firmware calls it */
#define DATA_POINTER	0x18	/* where the offset of the next is */
#define PCI_DATA	0x1c
#define PCI_DATA_SIZE	0x18
#define CODE		0x40
#define MESSAGE		0x60

static void put16(uint8_t *to, unsigned int value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
}

void option_rom_make(uint8_t rom[OPTION_ROM_SIZE], uint16_t vendor,
		     uint16_t device, const char *message)
{
	/* 16-bit code; the firmware calls it far with CS at the ROM's start */
	static const uint8_t code[] = {
		0x9c,			/* pushfw */
		0x60,			/* pushaw */
		0xfc,			/* cld */
		0xba, 0x02, 0x04,	/* movw $0x402, %dx */
		0xbe, MESSAGE, 0x00,	/* movw $message, %si */
		0x2e, 0xac,		/* 1: lodsb %cs:(%si), %al */
		0x84, 0xc0,		/* testb %al, %al */
		0x74, 0x03,		/* jz 2f */
		0xee,			/* outb %al, %dx */
		0xeb, 0xf7,		/* jmp 1b */
		0x61,			/* 2: popaw */
		0x9d,			/* popfw */
		0x31, 0xc0,		/* xorw %ax, %ax */
		0xcb,			/* lretw */
	};
	uint8_t *pci = rom + PCI_DATA;
	unsigned int i;
	uint8_t sum = 0;

	memset(rom, 0, OPTION_ROM_SIZE);
	rom[0] = 0x55;
	rom[1] = 0xaa;
	rom[2] = OPTION_ROM_SIZE / BLOCK;
	rom[ENTRY] = 0xe9;		/* jmpw code */
	put16(rom + ENTRY + 1, CODE - (ENTRY + 3));
	put16(rom + DATA_POINTER, PCI_DATA);

	memcpy(pci, "PCIR", 4);
	put16(pci + 0x04, vendor);
	put16(pci + 0x06, device);
	put16(pci + 0x0a, PCI_DATA_SIZE);
	pci[0x0f] = 0x02;		/* class: network */
	put16(pci + 0x10, OPTION_ROM_SIZE / BLOCK);
	pci[0x15] = 0x80;		/* the last image; type 0, for a PC */

	memcpy(rom + CODE, code, sizeof(code));
	snprintf((char *)rom + MESSAGE, OPTION_ROM_SIZE - MESSAGE - 1, "%s",
		 message);
	for (i = 0; i < OPTION_ROM_SIZE; i++)
		sum += rom[i];
	rom[OPTION_ROM_SIZE - 1] = (uint8_t)-sum;
}
