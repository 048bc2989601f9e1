/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * boot_rom.h - the option ROM from which firmware boots a kernel
 */
#ifndef VMM_BOOT_ROM_H
#define VMM_BOOT_ROM_H

#include "../../vmm.h"

/* The kernel begins here, behind its header, and its stack is below the last number. */
#define BOOT_SEGMENT		0x1000
#define BOOT_ENTRY		0x1020
#define BOOT_STACK		0xe000

#define BOOT_ROM_FILE		"genroms/linux.rom"

/**
 * struct boot_part - what is loaded of a kernel
 * @key: the item that it is, of fw_cfg
 * @address: where the kernel has it
 * @prepare: as in struct fw_cfg_item
 */
struct boot_part {
	uint16_t	key;
	const void	*data;
	uint64_t	size;
	uint64_t	address;
	void		(*prepare)(struct vmm *vmm);
};

/* Make the ROM that loads these parts, and the items with them. */
void boot_rom_make(struct vmm *vmm, const struct boot_part *parts,
		   unsigned int nr);

#endif /* VMM_BOOT_ROM_H */
