// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * memory.c - memory slots that follow memory regions
 */
#include "kvm.h"

static bool is_added(const struct vmr_kvm *kvm,
		     const struct vmr_kvm_memory *memory)
{
	const struct vmr_kvm_memory *m;

	for (m = kvm->memories; m; m = m->next)
		if (m == memory)
			return true;
	return false;
}

/* The first subregion at or behind @offset */
static const struct vmr_region *next_trapped(const struct vmr_region *region,
					     uint64_t offset)
{
	const struct vmr_node *node = region->subregion_root;
	const struct vmr_region *sub, *first = NULL;

	while (node) {
		sub = (const struct vmr_region *)
			((const char *)node -
			 offsetof(struct vmr_region, subregion_node));
		if (sub->offset >= offset) {
			first = sub;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return first;
}

/*
 * Whole pages of [@start, @end), a part of the region without a trapped subregion.
 * Return -ENOSPC if there is no room for their slot.
 */
static int add_part(const struct vmr_kvm *kvm, struct vmr_kvm_memory *memory,
		    uint64_t start, uint64_t end)
{
	const uint64_t mask = kvm->page_size - 1;
	struct vmr_kvm_slot *slot;

	start = (start + mask) & ~mask;
	end &= ~mask;
	if (start >= end)
		return 0;
	if (memory->nr_slots == memory->max_slots)
		return -ENOSPC;
	slot = &memory->slots[memory->nr_slots++];
	slot->offset = start;
	slot->size = end - start;
	return 0;
}

static int cut(const struct vmr_kvm *kvm, struct vmr_kvm_memory *memory)
{
	const struct vmr_region *region = memory->region, *sub;
	uint64_t offset = 0;
	int err;

	/* A subregion behind the end of a resizable region is unreachable */
	while ((sub = next_trapped(region, offset)) &&
	       sub->offset < region->size) {
		err = add_part(kvm, memory, offset, sub->offset);
		if (err)
			return err;
		offset = sub->offset + sub->size;
	}
	return add_part(kvm, memory, offset, region->size);
}

/* Free the numbers of the slots from @first up to @end, which is excluded. */
static void free_numbers(struct vmr_kvm *kvm, struct vmr_kvm_memory *memory,
			 uint32_t first, uint32_t end)
{
	while (end-- > first)
		vmr_id_free_range(&kvm->manager->sys->mem_slots,
				  &memory->slots[end].number);
}

/* The number of slots that a restore has given numbers */
static uint32_t count_restored(const struct vmr_kvm_memory *memory)
{
	uint32_t i;

	for (i = 0; i < memory->nr_slots; i++)
		if (vmr_range_state(&memory->slots[i].number) != VMR_LIVE)
			break;
	return i;
}

static int alloc_numbers(struct vmr_kvm *kvm, struct vmr_kvm_memory *memory,
			 uint32_t first)
{
	uint32_t i;
	int err;

	for (i = first; i < memory->nr_slots; i++) {
		err = vmr_id_alloc(&kvm->manager->sys->mem_slots,
				   &memory->slots[i].number);
		if (err) {
			free_numbers(kvm, memory, first, i);
			return err;
		}
	}
	return 0;
}

static int set_slot(struct vmr_kvm *kvm, const struct vmr_kvm_memory *memory,
		    const struct vmr_kvm_slot *slot, uint64_t gpa,
		    uint64_t size)
{
	const struct kvm_userspace_memory_region region = {
		.slot			= vmr_id_value(&slot->number),
		.flags			= (memory->readonly ? KVM_MEM_READONLY : 0) |
					  (memory->dirty_log ?
						   KVM_MEM_LOG_DIRTY_PAGES : 0),
		.guest_phys_addr	= gpa,
		.memory_size		= size,
		.userspace_addr		= (uintptr_t)memory->host + slot->offset,
	};

	return kvm->ops->set_memory(kvm, &region);
}

/* Unmap the slots. A slot that KVM does not release stays mapped. */
int vmr_kvm_unmap_memory(struct vmr_kvm *kvm, struct vmr_kvm_memory *memory)
{
	struct vmr_kvm_slot *slot;
	uint32_t i;
	int err, ret = 0;

	for (i = 0; i < memory->nr_slots; i++) {
		slot = &memory->slots[i];
		if (!slot->mapped)
			continue;
		err = set_slot(kvm, memory, slot, slot->gpa, 0);
		if (err)
			ret = err;
		else
			slot->mapped = false;
	}
	return ret;
}

/* The bytes of a slot that are inside its region, which may have become smaller */
static uint64_t size_in_region(const struct vmr_kvm_memory *memory,
			       const struct vmr_kvm_slot *slot)
{
	uint64_t size = memory->region->size;

	if (slot->offset >= size)
		return 0;
	size -= slot->offset;
	return size < slot->size ? size : slot->size;
}

/*
 * Map the slots of a region at @start, all or none. A region that shares a page with
 * another one has none: each access to it exits.
 */
int vmr_kvm_map_memory(struct vmr_kvm *kvm, struct vmr_kvm_memory *memory,
		       uint64_t start)
{
	struct vmr_kvm_slot *slot;
	uint32_t i;
	int err;

	if (start & (kvm->page_size - 1))
		return 0;
	/* KVM has refused to release a slot, and is asked again. */
	err = vmr_kvm_unmap_memory(kvm, memory);
	for (i = 0; !err && i < memory->nr_slots; i++) {
		slot = &memory->slots[i];
		if (!size_in_region(memory, slot))
			continue;
		err = set_slot(kvm, memory, slot, start + slot->offset,
			       size_in_region(memory, slot));
		if (err) {
			vmr_kvm_unmap_memory(kvm, memory);
			break;
		}
		slot->mapped = true;
		slot->gpa = start + slot->offset;
	}
	return err;
}

static bool is_mapped(const struct vmr_kvm_memory *memory)
{
	uint32_t i;

	for (i = 0; i < memory->nr_slots; i++)
		if (memory->slots[i].mapped)
			return true;
	return false;
}

/* Find the slots, allocate their numbers, and map them if the region is mapped */
static int begin_slots(struct vmr_kvm *kvm, struct vmr_kvm_memory *memory)
{
	struct vmr_mapping mapping;
	uint32_t restored;
	int err;

	memory->nr_slots = 0;
	err = cut(kvm, memory);
	if (err)
		return err;
	restored = count_restored(memory);
	err = alloc_numbers(kvm, memory, restored);
	if (err)
		return err;
	mapping = vmr_region_mapping(memory->region);
	if (mapping.mapped)
		err = vmr_kvm_map_memory(kvm, memory, mapping.start);
	if (err && !is_mapped(memory))
		free_numbers(kvm, memory, restored, memory->nr_slots);
	return err;
}

int vmr_kvm_add_memory(struct vmr_kvm *kvm, struct vmr_kvm_memory *memory)
{
	struct vmr_id_pool *numbers;
	uint64_t watermark;
	int err;

	if (!kvm || !memory || !memory->region || !memory->slots ||
	    memory->region->type != VMR_REGION_MEMORY || !memory->host ||
	    (uintptr_t)memory->host & (kvm->page_size - 1))
		return -EINVAL;
	if (is_added(kvm, memory))
		return -EEXIST;
	numbers = &kvm->manager->sys->mem_slots;
	watermark = numbers->high_watermark;
	err = begin_slots(kvm, memory);
	if (err && !is_mapped(memory)) {
		numbers->high_watermark = watermark;
		memory->nr_slots = 0;
		return err;
	}
	memory->next = kvm->memories;
	kvm->memories = memory;
	/* KVM does not release a slot: the memory must not be freed yet */
	vmr_kvm_report(kvm, memory->region, err);
	return err;
}

int vmr_kvm_remove_memory(struct vmr_kvm *kvm, struct vmr_kvm_memory *memory)
{
	struct vmr_kvm_memory **link;
	int err;

	if (!kvm || !memory)
		return -EINVAL;
	if (!is_added(kvm, memory))
		return -ENOENT;
	err = vmr_kvm_unmap_memory(kvm, memory);
	if (err)
		return err;
	free_numbers(kvm, memory, 0, memory->nr_slots);
	link = &kvm->memories;
	while (*link != memory)
		link = &(*link)->next;
	*link = memory->next;
	return 0;
}

/* Give KVM the flags of the first @nr slots. Return the number that it accepts. */
static uint32_t update_flags(struct vmr_kvm *kvm,
			     const struct vmr_kvm_memory *memory, uint32_t nr,
			     int *err)
{
	const struct vmr_kvm_slot *slot;
	uint32_t i;

	*err = 0;
	for (i = 0; i < nr; i++) {
		slot = &memory->slots[i];
		if (slot->mapped)
			*err = set_slot(kvm, memory, slot, slot->gpa,
					size_in_region(memory, slot));
		if (*err)
			break;
	}
	return i;
}

int vmr_kvm_set_dirty_log(struct vmr_kvm *kvm, struct vmr_kvm_memory *memory,
			  bool on)
{
	bool before;
	uint32_t done;
	int err, ignored;

	if (!kvm || !memory)
		return -EINVAL;
	if (!is_added(kvm, memory))
		return -ENOENT;
	before = memory->dirty_log;
	memory->dirty_log = on;
	done = update_flags(kvm, memory, memory->nr_slots, &err);
	if (err) {
		memory->dirty_log = before;
		update_flags(kvm, memory, done, &ignored);
	}
	return err;
}
