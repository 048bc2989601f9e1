// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * memory.c - memory that the guest reaches without an exit
 *
 * KVM's slots follow the regions by libvmalloc-kvm, be it RAM or a frame buffer
 * behind a BAR.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../vmm.h"

#define LOW_BANK	1		/* the one that ends at 1 MiB */
#define LOW_WINDOW	(128 * KIB)	/* how much of the flash is there */

static struct vmm_memory *memory_of_slot(struct vmm *vmm, uint32_t number)
{
	struct vmm_memory *mem;
	uint32_t i;

	for (mem = vmm->memories; mem; mem = mem->next)
		for (i = 0; i < mem->kvm.nr_slots; i++)
			if (vmr_id_value(&mem->slots[i].number) == number)
				return mem;
	return NULL;
}

/* A replay, and a machine whose map is printed, have no KVM and update nothing. */
static int set_memory(struct vmr_kvm *kvm,
		      const struct kvm_userspace_memory_region *slot)
{
	struct vmm *vmm = container_of(kvm, struct vmm, kvm);
	struct vmm_memory *mem = memory_of_slot(vmm, slot->slot);

	if (mem)
		mem->moves++;
	return kvm->vm_fd < 0 ? 0 : vmr_kvm_ioctl_ops.set_memory(kvm, slot);
}

static int set_ioeventfd(struct vmr_kvm *kvm,
			 const struct kvm_ioeventfd *ioeventfd)
{
	return vmr_kvm_ioctl_ops.ioeventfd(kvm, ioeventfd);
}

static int set_routing(struct vmr_kvm *kvm,
		       const struct kvm_irq_routing *routing)
{
	return kvm->vm_fd < 0 ? 0 : vmr_kvm_ioctl_ops.set_routing(kvm, routing);
}

static int set_irqfd(struct vmr_kvm *kvm, const struct kvm_irqfd *irqfd)
{
	return kvm->vm_fd < 0 ? 0 : vmr_kvm_ioctl_ops.irqfd(kvm, irqfd);
}

static void update_failed(struct vmr_kvm *kvm, const struct vmr_region *region,
			  int err)
{
	struct vmm *vmm = container_of(kvm, struct vmm, kvm);

	vmm_err("KVM does not follow %s: %s", region->name, vmr_strerror(err));
	vmm->failed = true;
}

/* Let KVM follow the memory and the interrupts of the machine. */
int memory_listen(struct vmm *vmm)
{
	static const struct vmr_kvm_ops ops = {
		.set_memory	= set_memory,
		.ioeventfd	= set_ioeventfd,
		.set_routing	= set_routing,
		.irqfd		= set_irqfd,
		.failed		= update_failed,
	};

	vmm->kvm.ops = &ops;
	vmm->kvm.manager = &vmm->manager;
	vmm->kvm.vm_fd = vmm->vm_fd;
	/* Slots consist of pages of the host, which on arm64 may have 64 KiB. */
	vmm->kvm.page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	vmm->kvm.routing = (struct kvm_irq_routing *)vmm->routing;
	vmm->kvm.max_routes = MAX_ROUTES;
	return vmr_kvm_init(&vmm->kvm);
}

static void add_slots(struct vmm *vmm, struct vmm_memory *mem)
{
	void *host = mem->kvm.host;
	int err;

	/* Without KVM there is no memory, and any address serves for the slots. */
	if (!host)
		mem->kvm.host = (void *)(uintptr_t)vmm->kvm.page_size;
	err = vmr_kvm_add_memory(&vmm->kvm, &mem->kvm);
	mem->kvm.host = host;
	if (!err)
		return;
	vmm_err("no memory slots for %s: %s", mem->kvm.region->name,
		vmr_strerror(err));
	vmm->failed = true;
}

/* The slots have their numbers again; KVM follows the regions from now on. */
void memory_restored(struct vmm *vmm)
{
	struct vmm_memory *mem;

	vmm->kvm.vm_fd = vmm->vm_fd;
	for (mem = vmm->memories; mem; mem = mem->next)
		add_slots(vmm, mem);
}

/* Whether KVM has the first slot of a memory at an address */
bool memory_is_mapped(const struct vmm_memory *mem, uint64_t gpa)
{
	return mem->slots[0].mapped && mem->slots[0].gpa == gpa;
}

/* Get zeroed memory from the host: 0 or -1 */
int memory_allocate(struct vmm_memory *mem)
{
	void *host = mmap(NULL, mem->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (host == MAP_FAILED)
		return -1;
	mem->kvm.host = host;
	return 0;
}

/* Put memory behind a region, except for its trapped parts. */
void memory_add(struct vmm *vmm, struct vmm_memory *mem,
		struct vmr_region *region)
{
	mem->kvm.region = region;
	mem->kvm.slots = mem->slots;
	mem->kvm.max_slots = MEMORY_SLOTS;
	mem->size = region->size;
	mem->next = vmm->memories;
	vmm->memories = mem;
	if (vmm->restoring)	/* the memory is that of another machine */
		return;
	if (vmm->vm_fd >= 0) {	/* it is no replay */
		if (memory_allocate(mem)) {
			vmm_err("no memory for %#" PRIx64 " bytes of %s",
				mem->size, region->name);
			vmm->failed = true;
			return;
		}
	}
	add_slots(vmm, mem);
}

void ram_bank(struct vmm *vmm, uint64_t start, uint64_t size,
	      const char *tag, bool readonly)
{
	struct ram *ram = &vmm->ram;
	struct vmr_region *region = &ram->regions[ram->nr];
	struct vmm_memory *mem = &ram->banks[ram->nr];
	struct vmr_constraint *c = &ram->constraints[ram->nr];

	vmr_region_init(region, VMR_MMIO, VMR_REGION_MEMORY, size, ram->nr,
			tag);
	vmr_device_add_region(&ram->dev, region);
	/* A layout has flash among the devices. */
	vmr_constraint_init_fixed(c, readonly ? VMR_KIND_MMIO : VMR_KIND_MEM,
				  start, size, &region->range);
	mem->kvm.readonly = readonly;
	memory_add(vmm, mem, region);
	ram->dev.nr_constraints++;
	ram->nr++;
}

/* Begin a memory whose banks follow. */
void ram_begin(struct vmm *vmm)
{
	static const struct vmr_device_ops ops;
	struct ram *ram = &vmm->ram;

	ram->dev.name = "memory";
	ram->dev.ops = &ops;
	ram->dev.constraints = ram->constraints;
	vmr_resource_set_init(&ram->dev.resources, ram->resources,
			      ARRAY_SIZE(ram->resources));
}

/* Register a memory that has all of its banks. */
int ram_end(struct vmm *vmm)
{
	if (vmm->failed)
		return -ENOSPC;
	return vmm_register(vmm, &vmm->ram.dev);
}

/* The memory of a PC */
int ram_register(struct vmm *vmm)
{
	const struct vmm_config *config = &vmm->config;
	uint64_t tables = vmm->kernel && config->firmware_size ? TABLES_RAM : 0;

	ram_begin(vmm);
	/* From 640 KiB on there is the window of a graphics card. */
	ram_bank(vmm, 0, 640 * KIB, "RAM", false);
	ram_bank(vmm, 768 * KIB, 256 * KIB, "RAM for firmware", false);
	ram_bank(vmm, MIB, config->ram_low - tables - MIB, "RAM", false);
	if (tables)
		ram_bank(vmm, config->ram_low - tables, tables,
			 "RAM for tables", false);
	if (config->ram_high)
		ram_bank(vmm, 4 * GIB, config->ram_high, "RAM", false);
	if (config->firmware_size)
		ram_bank(vmm, 4 * GIB - config->firmware_size,
			 config->firmware_size, "firmware", true);
	return ram_end(vmm);
}

/*
 * The end of the flash is also below 1 MiB, where the processor goes from its first
 * instruction. The guest changes that copy.
 */
void ram_shadow_firmware(struct vmm *vmm)
{
	struct vmm_memory *flash = &vmm->ram.banks[vmm->ram.nr - 1];
	struct vmm_memory *low = &vmm->ram.banks[LOW_BANK];
	uint64_t window = flash->size < LOW_WINDOW ? flash->size : LOW_WINDOW;

	memcpy((char *)low->kvm.host + low->size - window,
	       (const char *)flash->kvm.host + flash->size - window, window);
}

/* The flash is below 4 GiB. */
void ram_load_firmware(struct vmm *vmm, const void *image)
{
	struct vmm_memory *flash = &vmm->ram.banks[vmm->ram.nr - 1];

	memcpy(flash->kvm.host, image, flash->size);
	ram_shadow_firmware(vmm);
}

/* Put something into RAM. */
int ram_load(struct vmm *vmm, uint64_t gpa, const void *image, size_t size)
{
	void *to = ram_at(vmm, gpa, size);

	if (!to)
		return -ERANGE;
	memcpy(to, image, size);
	return 0;
}

/* The bytes of RAM at an address, NULL unless there are as many */
void *ram_at(struct vmm *vmm, uint64_t gpa, uint64_t size)
{
	const struct ram *ram = &vmm->ram;
	const struct vmm_memory *mem;
	unsigned int i;
	uint64_t start;

	for (i = 0; i < ram->nr; i++) {
		mem = &ram->banks[i];
		start = ram->regions[i].range.start;
		if (mem->slots[0].mapped && !mem->kvm.readonly &&
		    gpa >= start && gpa - start < mem->size &&
		    size <= mem->size - (gpa - start))
			return (char *)mem->kvm.host + (gpa - start);
	}
	return NULL;
}

/* Take over what is in the memory of a machine that was built in the same way. */
void memory_move_from(struct vmm *vmm, struct vmm *from)
{
	struct vmm_memory *mem = vmm->memories, *old = from->memories;

	for (; mem; mem = mem->next, old = old->next) {
		mem->kvm.host = old->kvm.host;
		mem->moves = old->moves;
		old->kvm.host = NULL;
	}
}

void memory_release(struct vmm *vmm)
{
	struct vmm_memory *mem;

	for (mem = vmm->memories; mem; mem = mem->next)
		if (mem->kvm.host)
			munmap(mem->kvm.host, mem->size);
	vmm->memories = NULL;
}
