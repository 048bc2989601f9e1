// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * memory.c - memory that the guest reaches without an exit
 *
 * Where a region of memory is, is the library's to say. A listener passes each
 * change on to KVM, so that a slot is never anywhere else than its region, be
 * it RAM or a frame buffer behind a BAR. KVM refuses a slot that overlaps another
 * one, so of several that change places all leave before the first one comes.
 */
#include <string.h>
#include <sys/mman.h>

#include "../vmm.h"

#define LOW_BANK	1		/* the one that ends at 1 MiB */
#define LOW_WINDOW	(128 * KIB)	/* how much of the flash is there */

static void memory_leaving(struct vmr_listener *listener,
			   struct vmr_region *region,
			   const struct vmr_mapping *old)
{
	struct vmm *vmm = container_of(listener, struct vmm, listener);
	struct vmm_memory *mem;

	for (mem = vmm->memories; mem; mem = mem->next) {
		if (mem->region != region)
			continue;
		if (!mem->mapped || mem->gpa != old->start ||
		    kvm_set_memory(vmm, mem, mem->gpa, 0))
			vmm->failed = true;
		mem->mapped = false;
		mem->moves++;
	}
}

static void memory_moved(struct vmr_listener *listener,
			 struct vmr_region *region,
			 const struct vmr_mapping *old,
			 const struct vmr_mapping *new_)
{
	struct vmm *vmm = container_of(listener, struct vmm, listener);
	struct vmm_memory *mem;

	(void)old;
	for (mem = vmm->memories; mem; mem = mem->next) {
		if (mem->region != region || !new_->mapped)
			continue;
		mem->mapped = true;
		mem->gpa = new_->start;
		mem->moves++;
		if (kvm_set_memory(vmm, mem, mem->gpa, mem->size))
			vmm->failed = true;
	}
}

void memory_listen(struct vmm *vmm)
{
	vmm->listener.region_del = memory_leaving;
	vmm->listener.region_changed = memory_moved;
	vmr_listener_register(&vmm->manager, &vmm->listener);
}

/*
 * Put memory behind the first @size addresses of a region. Its slot's number
 * must be granted before the region becomes visible, so it goes into the
 * constraints of the device.
 */
void memory_add(struct vmm *vmm, struct vmm_memory *mem,
		struct vmr_region *region, uint64_t size)
{
	mem->region = region;
	mem->size = size;
	mem->next = vmm->memories;
	vmm->memories = mem;
	if (vmm->vm_fd < 0)	/* a replay, or a machine that takes it over */
		return;
	mem->host = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem->host == MAP_FAILED) {
		mem->host = NULL;
		vmm_err("no memory for %#" PRIx64 " bytes of %s", size,
			region->name);
		vmm->failed = true;
	}
}

static void ram_bank(struct vmm *vmm, uint64_t start, uint64_t size,
		     const char *tag, bool readonly)
{
	struct ram *ram = &vmm->ram;
	struct vmr_region *region = &ram->regions[ram->nr];
	struct vmm_memory *mem = &ram->banks[ram->nr];
	struct vmr_constraint *c = &ram->constraints[ram->dev.nr_constraints];

	vmr_region_init(region, VMR_MMIO, VMR_REGION_MEMORY, size, ram->nr,
			tag);
	vmr_device_add_region(&ram->dev, region);
	vmr_constraint_init_fixed(&c[0], VMR_KIND_MEM, start, size,
				  &region->range);
	vmr_constraint_init(&c[1], VMR_KIND_MEM_SLOT, 1, &mem->slot);
	mem->readonly = readonly;
	memory_add(vmm, mem, region, size);
	ram->dev.nr_constraints += 2;
	ram->nr++;
}

int ram_register(struct vmm *vmm)
{
	static const struct vmr_device_ops ops;
	const struct vmm_config *config = &vmm->config;
	struct ram *ram = &vmm->ram;

	ram->dev.name = "memory";
	ram->dev.ops = &ops;
	ram->dev.constraints = ram->constraints;
	vmr_resource_set_init(&ram->dev.resources, ram->resources,
			      ARRAY_SIZE(ram->resources));

	/* From 640 KiB on there is the window of a graphics card. */
	ram_bank(vmm, 0, 640 * KIB, "RAM", false);
	ram_bank(vmm, 768 * KIB, 256 * KIB, "RAM for firmware", false);
	ram_bank(vmm, MIB, config->ram_low - MIB, "RAM", false);
	if (config->ram_high)
		ram_bank(vmm, 4 * GIB, config->ram_high, "RAM", false);
	if (config->firmware_size)
		ram_bank(vmm, 4 * GIB - config->firmware_size,
			 config->firmware_size, "firmware", true);
	if (vmm->failed)
		return -ENOSPC;
	return vmm_register(vmm, &ram->dev);
}

/*
 * The flash is below 4 GiB. Its end is also below 1 MiB, where the processor
 * goes from its first instruction.
 */
void ram_load_firmware(struct vmm *vmm, const void *image)
{
	struct vmm_memory *flash = &vmm->ram.banks[vmm->ram.nr - 1];
	struct vmm_memory *low = &vmm->ram.banks[LOW_BANK];
	uint64_t window = flash->size < LOW_WINDOW ? flash->size : LOW_WINDOW;

	memcpy(flash->host, image, flash->size);
	memcpy((char *)low->host + low->size - window,
	       (const char *)image + flash->size - window, window);
}

/* Put something into RAM. */
int ram_load(struct vmm *vmm, uint64_t gpa, const void *image, size_t size)
{
	struct vmm_memory *mem;

	for (mem = vmm->memories; mem; mem = mem->next) {
		if (!mem->mapped || mem->readonly || gpa < mem->gpa ||
		    gpa - mem->gpa >= mem->size ||
		    size > mem->size - (gpa - mem->gpa))
			continue;
		memcpy((char *)mem->host + (gpa - mem->gpa), image, size);
		return 0;
	}
	return -ERANGE;
}

/* Take over what is in the memory of a machine that was built in the same way. */
void memory_move_from(struct vmm *vmm, struct vmm *from)
{
	struct vmm_memory *mem = vmm->memories, *old = from->memories;

	for (; mem; mem = mem->next, old = old->next) {
		mem->host = old->host;
		mem->moves = old->moves;
		old->host = NULL;
	}
}

void memory_release(struct vmm *vmm)
{
	struct vmm_memory *mem;

	for (mem = vmm->memories; mem; mem = mem->next)
		if (mem->host)
			munmap(mem->host, mem->size);
	vmm->memories = NULL;
}
