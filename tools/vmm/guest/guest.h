/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * guest.h - what the files of the guest program share
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define DEBUG_PORT	0x402
#define CONFIG_ADDRESS	0xcf8
#define CONFIG_DATA	0xcfc
#define CONFIG_ENABLE	0x80000000

#define PCI_ID		0x00
#define PCI_COMMAND	0x04
#define PCI_CLASS	0x08
#define PCI_HEADER	0x0c
#define PCI_BARS	0x10
#define PCI_BUSES	0x18	/* of a bridge, as the others up to PCI_ROM */
#define PCI_IO_WINDOW	0x1c
#define PCI_MEM_WINDOW	0x20
#define PCI_PREF_WINDOW	0x24
#define PCI_PREF_UPPER	0x28	/* and the upper half of the limit */
#define PCI_ROM		0x30

#define COMMAND_IO	0x1
#define COMMAND_MEMORY	0x2
#define MULTIFUNCTION	0x00800000
#define CLASS_BRIDGE	0x0604
#define BAR_IO		0x1
#define BAR_64BIT	0x4
#define ROM_ENABLE	0x1
#define ROM		6
#define VENDOR_NOBODY	0xfffe
#define IDE		0x7010
#define ONES		0xffffffff

/* Addresses that no device has on any PC that this runs on */
#define FREE		0x90000000
#define FREE_PORTS	0x8000
#define RAM		0x00400000
#define MEGA		0x00100000

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t read32(uint32_t addr)
{
	uint32_t value;

	__asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(addr) : "memory");
	return value;
}

static inline void write32(uint32_t addr, uint32_t value)
{
	__asm__ volatile("movl %0, (%1)" : : "r"(value), "r"(addr) : "memory");
}

static inline uint8_t read8(uint32_t addr)
{
	uint8_t value;

	__asm__ volatile("movb (%1), %0" : "=q"(value) : "r"(addr) : "memory");
	return value;
}

static inline uint16_t read16(uint32_t addr)
{
	uint16_t value;

	__asm__ volatile("movw (%1), %0" : "=r"(value) : "r"(addr) : "memory");
	return value;
}

static inline void write8(uint32_t addr, uint8_t value)
{
	__asm__ volatile("movb %0, (%1)" : : "q"(value), "r"(addr) : "memory");
}

static inline void write16(uint32_t addr, uint16_t value)
{
	__asm__ volatile("movw %0, (%1)" : : "r"(value), "r"(addr) : "memory");
}

static inline uint32_t config_read(uint32_t bdf, uint32_t reg)
{
	out32(CONFIG_ADDRESS, CONFIG_ENABLE | bdf << 8 | reg);
	return in32(CONFIG_DATA);
}

static inline void config_write(uint32_t bdf, uint32_t reg, uint32_t value)
{
	out32(CONFIG_ADDRESS, CONFIG_ENABLE | bdf << 8 | reg);
	out32(CONFIG_DATA, value);
}

static inline bool nobody(uint32_t addr)
{
	return read32(addr) == ONES;
}

static inline bool no_port(uint32_t port)
{
	return in32((uint16_t)port) == ONES;
}

/* guest.c */
extern uint32_t bridge;

void must(bool so, unsigned int line);
void run(unsigned int number, const char *name, void (*check)(void));

#define MUST(what)	must(what, __LINE__)

/* q35.c */
bool q35_look_around(void);
bool q35_all_answer(void);
void q35_put_back(void);
uint32_t find_capability(uint32_t bdf, uint32_t id);
uint32_t ecam_read(uint32_t bdf, uint32_t reg);
void ecam_write(uint32_t bdf, uint32_t reg, uint32_t value);
void save_and_restore(void);
void q35_checks(unsigned int number);

/* ports.c */
unsigned int ports_checks(unsigned int number);

/* vfs.c */
void vfs_checks(unsigned int number);

#endif /* GUEST_H */
