// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bzimage.c - put a Linux kernel into memory, by its 32-bit boot protocol, or offer it to
 * firmware by the one of real mode
 *
 * The offsets are those of struct boot_params and of the setup header in it, which
 * the kernel's documentation of the boot protocol lists.
 */
#include <endian.h>
#include <string.h>

#include "../../vmm.h"
#include "boot_rom.h"

#define PARAMS_ADDRESS		0x10000
#define COMMAND_LINE		0x20000
#define KERNEL_ADDRESS		MIB
#define COMMAND_LINE_SIZE	2048
#define SETUP_ADDRESS		(BOOT_SEGMENT * 16)
#define FIRMWARE_RAM		MIB	/* at the end of the memory below 4 GiB */

#define SECTOR			512
#define PARAMS_SIZE		4096
#define PARAM_RSDP		0x070
#define PARAM_E820_ENTRIES	0x1e8
#define PARAM_E820_TABLE	0x2d0
#define PARAM_E820_SIZE		(128 * VMR_E820_ENTRY_SIZE)

#define HEADER_START		0x1f1
#define HEADER_LENGTH		0x201	/* of the header from 0x202 on */
#define SETUP_SECTORS		0x1f1
#define PARAGRAPHS		0x1f4	/* the size of what follows the setup */
#define SETUP_MAGIC		0x202	/* four bytes */
#define PROTOCOL_VERSION	0x206
#define LOADER_TYPE		0x210
#define LOAD_FLAGS		0x211
#define INITRD_ADDRESS		0x218
#define INITRD_SIZE		0x21c
#define HEAP_END_POINTER	0x224
#define COMMAND_LINE_POINTER	0x228
#define INITRD_LAST		0x22c
#define INIT_SIZE		0x260
#define HEADER_END		0x290
#define HEAP_END		BOOT_STACK

#define LOADED_HIGH		0x01
#define CAN_USE_HEAP		0x80
#define LOADER_UNKNOWN		0xff
#define VERSION_WANTED		0x020a	/* the first with the size it needs */

static uint32_t get32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

static void set32(uint8_t *bytes, uint64_t value)
{
	uint32_t le = htole32((uint32_t)value);

	memcpy(bytes, &le, sizeof(le));
}

static size_t setup_size(const uint8_t *image)
{
	return (image[SETUP_SECTORS] ? image[SETUP_SECTORS] + 1 : 5) * SECTOR;
}

const char *kernel_fault(const struct kernel *kernel)
{
	const uint8_t *image = kernel->image;
	uint64_t size = kernel->image_size;

	if (size < HEADER_END || memcmp(image + SETUP_MAGIC, "HdrS", 4))
		return "it is no bzImage";
	if ((image[PROTOCOL_VERSION] | image[PROTOCOL_VERSION + 1] << 8) <
	    VERSION_WANTED)
		return "it is older than Linux 2.6.31";
	if (!(image[LOAD_FLAGS] & LOADED_HIGH))
		return "it is a zImage";
	if (setup_size(image) + 16ULL * get32(image + PARAGRAPHS) > size)
		return "it is cut off";
	if (strlen(kernel->append) >= COMMAND_LINE_SIZE)
		return "its command line is too long";
	return NULL;
}

/* As high as the kernel permits, in memory below 4 GiB. Firmware needs some of that. */
static int place_initrd(struct vmm *vmm, uint8_t *head)
{
	const struct kernel *kernel = vmm->kernel;
	uint64_t end = (uint64_t)get32(head + INITRD_LAST) + 1;
	uint64_t ram_end = vmm->config.ram_low, start;

	if (!kernel->initrd)
		return 0;
	if (vmm->config.firmware_size)
		ram_end -= FIRMWARE_RAM;
	if (end > ram_end)
		end = ram_end;
	if (kernel->initrd_size > end - 2 * MIB) {
		vmm_err("initrd: it needs more memory");
		return -1;
	}
	start = (end - kernel->initrd_size) & ~(4 * KIB - 1);
	if (start < KERNEL_ADDRESS + get32(head + INIT_SIZE)) {
		vmm_err("initrd: it needs more memory");
		return -1;
	}
	set32(head + INITRD_ADDRESS, start);
	set32(head + INITRD_SIZE, kernel->initrd_size);
	return 0;
}

/*
 * Fill in the fields of a loader. Parameters and image have the setup header at the same
 * offset.
 */
static int write_header(struct vmm *vmm, uint8_t *head)
{
	head[LOADER_TYPE] = LOADER_UNKNOWN;
	set32(head + COMMAND_LINE_POINTER, COMMAND_LINE);
	return place_initrd(vmm, head);
}

/* The memory map and the address of the tables */
static int set_tables(struct vmm *vmm, uint8_t *params)
{
	size_t size = e820_entries(vmm, params + PARAM_E820_TABLE,
				   PARAM_E820_SIZE);

	if (!size)
		return -1;
	params[PARAM_E820_ENTRIES] = (uint8_t)(size / VMR_E820_ENTRY_SIZE);
	return 0;
}

/* Put the kernel into memory: 0, its entry and the address of its parameters. */
int kernel_load(struct vmm *vmm, struct kernel_start *start)
{
	const struct kernel *kernel = vmm->kernel;
	const uint8_t *image = kernel->image;
	size_t setup = setup_size(image);
	uint8_t params[PARAMS_SIZE] = { 0 };

	memcpy(params + HEADER_START, image + HEADER_START,
	       0x202 + image[HEADER_LENGTH] - HEADER_START);
	if (write_header(vmm, params) || set_tables(vmm, params))
		return -1;
	if ((kernel->initrd &&
	     ram_load(vmm, get32(params + INITRD_ADDRESS), kernel->initrd,
		      kernel->initrd_size)) ||
	    ram_load(vmm, KERNEL_ADDRESS, image + setup,
		     kernel->image_size - setup) ||
	    ram_load(vmm, PARAMS_ADDRESS, params, sizeof(params)) ||
	    ram_load(vmm, COMMAND_LINE, kernel->append,
		     strlen(kernel->append) + 1)) {
		vmm_err("kernel: it needs more memory");
		return -1;
	}
	start->entry = KERNEL_ADDRESS;
	start->params = PARAMS_ADDRESS;
	return 0;
}

/*
 * Offer the kernel to the firmware: it begins in real mode, and asks the firmware for
 * the memory map. @begins is called when the firmware begins to load it.
 */
int kernel_offer(struct vmm *vmm, void (*begins)(struct vmm *vmm))
{
	struct firmware_boot *boot = &vmm->firmware_boot;
	const struct kernel *kernel = vmm->kernel;
	const uint8_t *image = kernel->image;
	size_t setup = setup_size(image);
	struct boot_part parts[] = {
		{ KEY_SETUP, boot->setup, setup, SETUP_ADDRESS, begins },
		{ KEY_COMMAND_LINE, kernel->append, strlen(kernel->append) + 1,
		  COMMAND_LINE, NULL },
		{ KEY_KERNEL, image + setup, kernel->image_size - setup,
		  KERNEL_ADDRESS, NULL },
		{ KEY_INITRD, kernel->initrd, kernel->initrd_size, 0, NULL },
	};

	if (setup > sizeof(boot->setup) || setup > HEAP_END) {
		vmm_err("kernel: its part for real mode is too large");
		return -1;
	}
	memcpy(boot->setup, image, setup);
	if (write_header(vmm, boot->setup))
		return -1;
	boot->setup[LOAD_FLAGS] |= CAN_USE_HEAP;
	boot->setup[HEAP_END_POINTER] = (uint8_t)(HEAP_END - SECTOR);
	boot->setup[HEAP_END_POINTER + 1] = (HEAP_END - SECTOR) >> 8;
	parts[3].address = get32(boot->setup + INITRD_ADDRESS);
	boot_rom_make(vmm, parts, kernel->initrd ? 4 : 3);
	return 0;
}
