/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * memory.h - memory that the guest reaches without an exit
 */
#ifndef VMM_MEMORY_H
#define VMM_MEMORY_H

#include <vmalloc/kvm.h>
#include <vmalloc/vmalloc.h>

struct vmm;

#define MEMORY_SLOTS	2

/**
 * struct vmm_memory - memory that the guest reaches without an exit
 * @kvm: the region and its slots, which follow it
 * @slots: room for the slots
 * @size: bytes of the memory
 * @moves: number of updates of KVM's memory slots
 */
struct vmm_memory {
	struct vmr_kvm_memory	kvm;
	struct vmr_kvm_slot	slots[MEMORY_SLOTS];
	uint64_t		size;
	unsigned int		moves;
	struct vmm_memory	*next;
};

/* memory.c */
int memory_listen(struct vmm *vmm);
void memory_restored(struct vmm *vmm);
bool memory_is_mapped(const struct vmm_memory *mem, uint64_t gpa);
int memory_allocate(struct vmm_memory *mem);
void memory_add(struct vmm *vmm, struct vmm_memory *mem,
		struct vmr_region *region);
void memory_move_from(struct vmm *vmm, struct vmm *from);
void ram_begin(struct vmm *vmm);
void ram_bank(struct vmm *vmm, uint64_t start, uint64_t size, const char *tag,
	      bool readonly);
int ram_end(struct vmm *vmm);
int ram_register(struct vmm *vmm);
void ram_load_firmware(struct vmm *vmm, const void *image);
void ram_shadow_firmware(struct vmm *vmm);
void *ram_at(struct vmm *vmm, uint64_t gpa, uint64_t size);
int ram_load(struct vmm *vmm, uint64_t gpa, const void *image, size_t size);
void memory_release(struct vmm *vmm);

#endif /* VMM_MEMORY_H */
