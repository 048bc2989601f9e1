// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The operations of rust-vmm's vm-allocator and vm-device, with this library
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <vmalloc/vmalloc.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* [address] */
/* AddressAllocator: new, allocate with a policy, free */
static int addresses(void)
{
	struct vmr_range first = { 0 }, last = { 0 }, exact = { 0 };
	struct vmr_space space;
	struct vmr_pool pool;
	int err;

	vmr_space_init(&space, 0x1000, 0x10fff);
	vmr_pool_init(&pool, &space, 0x1000, 0x10000, "mmio");

	err = vmr_pool_alloc(&pool, &last, 0x110, 0x100, VMR_LAST);
	if (!err)
		err = vmr_pool_alloc(&pool, &first, 0x400, 0x100, VMR_FIRST);
	if (!err)
		err = vmr_pool_reserve(&pool, &exact, 0x8000, 0x1000, 0x1000,
				       NULL);
	if (err)
		return err;
	printf("last %#" PRIx64 ", first %#" PRIx64 ", exact %#" PRIx64 "\n",
	       last.start, first.start, exact.start);

	/* By its numbers, as there; or by its node, which cannot miss */
	err = vmr_pool_free(&pool, 0x8000, 0x1000, NULL);
	if (!err)
		err = vmr_free(&space, &first);
	return err;
}

/* [end of address] */

/* [id] */
struct thing {
	const char		*name;
	struct vmr_range	id;
};

/* IdAllocator; and the id leads to what has it, without a map beside */
static int ids(void)
{
	struct thing serial = { .name = "serial" };
	struct thing disk = { .name = "disk" };
	struct vmr_id_pool ids;

	vmr_id_pool_init(&ids, 5, 23);
	vmr_id_alloc(&ids, &serial.id);
	vmr_id_alloc(&ids, &disk.id);
	printf("id 6 is the %s's\n",
	       container_of(vmr_id_find(&ids, 6), struct thing, id)->name);

	printf("free 6: %s\n", vmr_strerror(vmr_id_free(&ids, 6, NULL)));
	printf("again: %s\n", vmr_strerror(vmr_id_free(&ids, 6, NULL)));
	printf("free 7: %s\n", vmr_strerror(vmr_id_free(&ids, 7, NULL)));
	return 0;
}

/* [end of id] */

/* [device] */
/* DevicePio and DeviceMmio are one struct of callbacks: the region says which */
static void serial_read(struct vmr_device *dev,
			const struct vmr_access *access, void *data)
{
	(void)dev;
	memset(data, access->offset == 5 ? 0x20 : 0, access->width);
}

static const struct vmr_device_ops serial_ops = { .read = serial_read };

/* IoManager::register_pio(): the range is allocated and routed in one step */
static int devices(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 23, .slot_last = 31,
		.pci_last = 0xff, .id_last = 99,
	};
	struct vmr_device serial = { .ops = &serial_ops, .name = "serial" };
	struct vmr_region ports = { 0 };
	struct vmr_constraint wants;
	struct vmr_resource has;
	struct vmr_system sys;
	struct vmr_manager manager;
	struct vmr_reader vcpu = { 0 };
	uint8_t status;
	int err;

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	vmr_reader_attach(&manager, &vcpu);

	vmr_region_init(&ports, VMR_PIO, VMR_REGION_TRAPPED, 8, 0, "ports");
	vmr_device_add_region(&serial, &ports);
	vmr_constraint_init_fixed(&wants, VMR_KIND_PIO, 0x3f8, 8, &ports.range);
	serial.constraints = &wants;
	serial.nr_constraints = 1;
	vmr_resource_set_init(&serial.resources, &has, 1);
	err = vmr_device_register(&manager, &serial, NULL, NULL);
	if (err)
		return err;

	/* IoManager::pio_read() */
	err = vmr_read(&vcpu, VMR_PIO, 0x3f8 + 5, &status, 1, 1);
	printf("line status %#x: %s\n", status, vmr_strerror(err));

	/* IoManager::deregister_pio(), by any address inside */
	err = vmr_device_unregister_at(&manager, VMR_PIO, 0x3fa, NULL);
	if (err < 0)
		return err;
	printf("%d range gone\n", err);
	return vmr_device_drain(&manager, &serial);
}

/* [end of device] */

int main(void)
{
	return addresses() || ids() || devices();
}
