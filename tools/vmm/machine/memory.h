/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * memory.h - memory that the guest reaches without an exit
 */
#ifndef VMM_MEMORY_H
#define VMM_MEMORY_H

#include <vmalloc/vmalloc.h>

struct vmm;

/**
 * struct vmm_memory - memory that the guest reaches without an exit
 * @region: the addresses in front of it
 * @size: how many of them, from the first; what is behind them traps
 * @host: the memory; NULL in a replay
 * @readonly: whether the guest's writes leave it alone
 * @slot: KVM's number for it
 * @mapped: whether KVM has it
 * @gpa: where, in that case
 * @moves: number of updates of KVM's memory slot
 *
 * The listener updates KVM's slot whenever the region moves: once for memory of the
 * machine, each time that the guest moves it for a BAR.
 */
struct vmm_memory {
	struct vmr_region	*region;
	uint64_t		size;
	void			*host;
	bool			readonly;
	struct vmr_range	slot;
	bool			mapped;
	uint64_t		gpa;
	unsigned int		moves;
	struct vmm_memory	*next;
};

/* memory.c */
void memory_listen(struct vmm *vmm);
void memory_add(struct vmm *vmm, struct vmm_memory *mem,
		struct vmr_region *region, uint64_t size);
void memory_move_from(struct vmm *vmm, struct vmm *from);
int ram_register(struct vmm *vmm);
void ram_load_firmware(struct vmm *vmm, const void *image);
int ram_load(struct vmm *vmm, uint64_t gpa, const void *image, size_t size);
void memory_release(struct vmm *vmm);

#endif /* VMM_MEMORY_H */
