// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The operations of kvmtool's mmio.c and irq.c, with this library
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmalloc/vmalloc.h>

static struct vmr_system sys;
static struct vmr_manager manager;

/* [handler] */
/*
 * A handler is (addr, data, len, is_write, ptr) there. To bring handlers over one by
 * one, a device that calls one of that form is enough.
 */
typedef void (*handler_fn)(uint64_t addr, uint8_t *data, uint32_t len,
			   uint8_t is_write, void *ptr);

struct handler {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_constraint	wants;
	struct vmr_resource	has;
	handler_fn		fn;
	void			*ptr;
	struct handler		*next;		/* in the list of retired */
};

static void call_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	struct handler *h = (struct handler *)dev;	/* its first member */

	h->fn(access->base + access->offset, data, access->width, 0, h->ptr);
}

static void call_write(struct vmr_device *dev,
		       const struct vmr_access *access, const void *data)
{
	struct handler *h = (struct handler *)dev;
	uint8_t copy[8];

	memcpy(copy, data, access->width);
	h->fn(access->base + access->offset, copy, access->width, 1, h->ptr);
}

static const struct vmr_device_ops handler_ops = {
	.read = call_read, .write = call_write,
};

/* [end of handler] */

/* [retire] */
/*
 * A vCPU can be inside a handler that is deregistered, and the handler itself can be
 * the caller. Its memory is therefore freed later, by the event loop. The caller's
 * lock protects the list, as it does all changes.
 */
static struct handler *retired;

static void retire(struct handler *h)
{
	h->next = retired;
	retired = h;
}

/* Free the handlers that no vCPU is inside of. Return how many are left. */
static unsigned int reap(void)
{
	struct handler **link = &retired, *h;
	unsigned int left = 0;

	while ((h = *link)) {
		if (vmr_device_try_drain(&manager, &h->dev)) {
			link = &h->next;
			left++;
		} else {
			*link = h->next;
			free(h);
		}
	}
	return left;
}

/* [end of retire] */

/* [register] */
/* kvm__register_mmio(): at an address that the caller gives */
static struct handler *register_at(uint64_t addr, uint64_t len, handler_fn fn,
				   void *ptr)
{
	struct handler *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->fn = fn;
	h->ptr = ptr;
	h->dev.ops = &handler_ops;
	h->dev.name = "handler";
	vmr_region_init(&h->region, VMR_MMIO, VMR_REGION_TRAPPED, len, 0,
			NULL);
	vmr_device_add_region(&h->dev, &h->region);
	vmr_constraint_init_fixed(&h->wants, VMR_KIND_MMIO, addr, len,
				  &h->region.range);
	h->dev.constraints = &h->wants;
	h->dev.nr_constraints = 1;
	vmr_resource_set_init(&h->dev.resources, &h->has, 1);
	if (!vmr_device_register(&manager, &h->dev, NULL, NULL))
		return h;
	retire(h);	/* a lookup can have met its region */
	return NULL;
}

/*
 * kvm__deregister_mmio(): no reference count and no lock that exits take. It never
 * waits, so a handler may call it, also for itself. vmr_device_drain() would wait,
 * and returns -EDEADLK in a handler.
 */
static int deregister(struct handler *h)
{
	int ret = vmr_device_unregister(&manager, &h->dev);

	if (ret < 0)
		return ret;
	retire(h);
	return 0;
}

/* [end of register] */

/* [irq] */
/* irq__alloc_line(): a line that can be given back */
static int try_lines(void)
{
	struct vmr_range a = { 0 }, b = { 0 };
	int err;

	err = vmr_id_alloc(&sys.irqs, &a);
	if (!err)
		err = vmr_id_alloc(&sys.irqs, &b);
	if (err)
		return err;
	printf("lines %u and %u\n", vmr_id_value(&a), vmr_id_value(&b));
	vmr_id_free_range(&sys.irqs, &a);
	err = vmr_id_alloc(&sys.irqs, &a);
	printf("line %u again\n", vmr_id_value(&a));
	return err;
}

/* [end of irq] */

static void show(uint64_t addr, uint8_t *data, uint32_t len, uint8_t is_write,
		 void *ptr)
{
	printf("%s: %s of %u bytes at %#" PRIx64 "\n", (char *)ptr,
	       is_write ? "write" : "read", len, addr);
	if (!is_write)
		memset(data, 0, len);
}

/* The guest writes a slot's number to eject the device in it */
static struct handler *slots[2];

static void eject(uint64_t addr, uint8_t *data, uint32_t len, uint8_t is_write,
		  void *ptr)
{
	struct handler *h = slots[data[0] & 1];

	(void)addr;
	(void)len;
	(void)ptr;
	if (!is_write || !h || deregister(h))
		return;
	slots[data[0] & 1] = NULL;
	printf("slot %u: %s\n", data[0] & 1,
	       vmr_strerror(vmr_device_drain(&manager, &h->dev)));
	printf("a vCPU is inside, %u left\n", reap());
}

int main(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 23, .slot_last = 31,
		.pci_last = 0xff, .id_last = 99,
	};
	struct vmr_reader vcpu = { 0 };
	struct handler *h;
	uint8_t data[4] = { 0 };
	unsigned int left;

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	vmr_reader_attach(&manager, &vcpu);
	h = register_at(0xd2000000, 0x1000, show, "rtc");
	if (!h || register_at(0xd2000800, 0x1000, show, "overlap"))
		return 1;

	/* kvm__emulate_mmio() */
	vmr_read(&vcpu, VMR_MMIO, 0xd2000010, data, 4, 1);
	vmr_write(&vcpu, VMR_MMIO, 0xd2000014, data, 4, 1);
	if (deregister(h))
		return 1;
	printf("afterwards: %s\n",
	       vmr_strerror(vmr_read(&vcpu, VMR_MMIO, 0xd2000010, data, 4,
				     1)));

	/* A handler deregisters itself */
	slots[1] = register_at(0xd3000000, 4, eject, NULL);
	data[0] = 1;
	vmr_write(&vcpu, VMR_MMIO, 0xd3000000, data, 1, 1);
	left = reap();	/* in the event loop, under the lock of the writers */
	printf("between two exits: %u left\n", left);
	return left || try_lines();
}
