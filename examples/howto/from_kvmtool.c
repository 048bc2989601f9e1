// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The operations of kvmtool's mmio.c and irq.c, with this library
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmalloc/vmalloc.h>

static struct vmr_system sys;
static struct vmr_manager manager;

/* [machine] */
/* Functions that change the machine take this lock. An exit takes none. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* This is added to struct kvm_cpu of kvmtool: each thread that takes exits has one. */
struct vcpu {
	struct vmr_reader	reader;
	unsigned int		id;
};

/* KVM_IRQ_OFFSET: the first line that irq__alloc_line() returns */
#define FIRST_LINE	5
/* KVM_PCI_MMIO_AREA: where pci_get_mmio_block() allocates */
#define PCI_AREA	0xd2000000
#define PCI_AREA_LAST	0xdfffffff

static int machine_init(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 23, .slot_last = 31,
		.pci_last = 0xff, .id_last = 99,
	};
	const struct vmr_request lines = {
		.size = FIRST_LINE, .align = 1, .max = FIRST_LINE - 1,
	};
	static struct vmr_range platform_lines;
	int err;

	err = vmr_system_init(&sys, &limits);
	if (!err)
		err = vmr_manager_init(&manager, &sys);
	/* Lines 0 to 4 are those of the chipset. */
	if (!err)
		err = vmr_id_alloc_block(&sys.irqs, &platform_lines, &lines,
					 NULL);
	return err;
}

/* [end of machine] */

/* [handler] */
/*
 * A handler is (vcpu, addr, data, len, is_write, ptr) there. To bring handlers over one
 * by one, a device that calls one of that form is enough.
 */
typedef void (*handler_fn)(struct vcpu *vcpu, uint64_t addr, uint8_t *data,
			   uint32_t len, uint8_t is_write, void *ptr);

struct handler {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_constraint	wants;
	struct vmr_resource	has;
	handler_fn		fn;
	void			*ptr;
	struct handler		*next;		/* in the list of retired */
};

/* String I/O repeats an access: kvm__emulate_io() calls the handler count times. */
static void call(struct vmr_device *dev, const struct vmr_access *access,
		 uint8_t *data, uint8_t is_write)
{
	struct handler *h = (struct handler *)dev;	/* its first member */
	struct vcpu *vcpu = (struct vcpu *)access->reader;
	uint32_t i;

	for (i = 0; i < access->count; i++)
		h->fn(vcpu, access->base + access->offset,
		      data + i * access->width, access->width, is_write,
		      h->ptr);
}

static void call_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	call(dev, access, data, 0);
}

static void call_write(struct vmr_device *dev,
		       const struct vmr_access *access, const void *data)
{
	/* Handlers of kvmtool do not write to what the guest wrote. */
	call(dev, access, (uint8_t *)data, 1);
}

static const struct vmr_device_ops handler_ops = {
	.read = call_read, .write = call_write,
};

/* [end of handler] */

/* [retire] */
/*
 * A vCPU can be inside a handler that is deregistered, and the handler itself can be
 * the caller. Its memory is therefore freed later, by the event loop. The lock
 * protects the list, as it does all changes.
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
/* kvm__register_mmio() and kvm__register_pio(): at an address that the caller gives */
static struct handler *register_at(enum vmr_io io, uint64_t addr,
				   uint64_t len, handler_fn fn, void *ptr)
{
	struct handler *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return NULL;
	h->fn = fn;
	h->ptr = ptr;
	h->dev.ops = &handler_ops;
	h->dev.name = "handler";
	vmr_region_init(&h->region, io, VMR_REGION_TRAPPED, len, 0, NULL);
	vmr_device_add_region(&h->dev, &h->region);
	vmr_constraint_init_fixed(&h->wants,
				  io == VMR_PIO ? VMR_KIND_PIO : VMR_KIND_MMIO,
				  addr, len, &h->region.range);
	h->dev.constraints = &h->wants;
	h->dev.nr_constraints = 1;
	vmr_resource_set_init(&h->dev.resources, &h->has, 1);

	pthread_mutex_lock(&lock);
	err = vmr_device_register(&manager, &h->dev, NULL, NULL);
	if (err)
		retire(h);	/* a lookup can have met its region */
	pthread_mutex_unlock(&lock);
	return err ? NULL : h;
}

/*
 * kvm__deregister_mmio(): no reference count and no lock that exits take. It never
 * waits, so a handler may call it, also for itself. vmr_device_drain() would wait,
 * and returns -EDEADLK in a handler.
 */
static int deregister(struct handler *h)
{
	int ret;

	pthread_mutex_lock(&lock);
	ret = vmr_device_unregister(&manager, &h->dev);
	if (ret >= 0)
		retire(h);
	pthread_mutex_unlock(&lock);
	return ret < 0 ? ret : 0;
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

/* [pci] */
/*
 * pci__register_bar_regions() and the writes to BAR and command: a function has its
 * BARs, and the library maps them where the registers say. pci_get_mmio_block() is
 * vmr_pci_assign(), which writes the BARs before the guest starts.
 */
static struct vmr_pci_host host;
static struct vmr_pci_function card;

static void card_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	(void)dev;
	memset(data, 0xca, access->width);
}

static int plug_card(void)
{
	static const struct vmr_pci_ids ids = {
		.vendor = 0x1af4, .device = 0x1041, .class_code = 0x020000,
	};
	static const struct vmr_device_ops ops = { .read = card_read };
	const struct vmr_pci_window window = {
		VMR_MMIO, 0, PCI_AREA, PCI_AREA_LAST, PCI_AREA, "PCI area",
	};
	const struct vmr_pci_host_config config = {
		.windows = &window, .nr_windows = 1, .name = "host",
	};
	int err = vmr_pci_host_register(&manager, &host, &config);

	if (err)
		return err;
	vmr_pci_function_init(&card, &ids, &ops, "card");
	err = vmr_pci_add_bar(&card, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
			      "registers");
	return err ? err : vmr_pci_host_plug(&host, &card, VMR_PCI_ANY_DEVICE);
}

static int assign(void)
{
	struct vmr_pci_item items[8];
	struct vmr_pci_assign_bus buses[2];
	struct vmr_pci_assignment a = {
		.items = items, .max_items = 8, .buses = buses, .max_buses = 2,
	};

	return vmr_pci_assign(&manager, &a);
}

static int try_card(struct vcpu *vcpu)
{
	uint64_t addr;
	uint8_t command[2] = { 2, 0 };	/* memory space */
	uint8_t data[4];
	int err;

	pthread_mutex_lock(&lock);
	err = plug_card();
	if (!err)
		err = assign();
	/* The guest switches the decoding of memory on. */
	if (!err)
		err = vmr_pci_config_write(&card, 4, command, 2);
	pthread_mutex_unlock(&lock);
	if (err || !vmr_pci_bar_addr(&card, 0, &addr))
		return err ? err : -1;
	err = vmr_read(&vcpu->reader, VMR_MMIO, addr, data, 4, 1);
	printf("BAR at %#" PRIx64 " reads %#x\n", addr, data[0]);
	return err;
}

/* [end of pci] */

static void show(struct vcpu *vcpu, uint64_t addr, uint8_t *data, uint32_t len,
		 uint8_t is_write, void *ptr)
{
	printf("%s: vCPU %u: %s of %u bytes at %#" PRIx64 "\n", (char *)ptr,
	       vcpu->id, is_write ? "write" : "read", len, addr);
	if (!is_write)
		memset(data, 0, len);
}

/* The guest writes a slot's number to eject the device in it */
static struct handler *slots[2];

static void eject(struct vcpu *vcpu, uint64_t addr, uint8_t *data, uint32_t len,
		  uint8_t is_write, void *ptr)
{
	struct handler *h = slots[data[0] & 1];

	(void)vcpu;
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
	static struct vcpu vcpu = { .id = 0 };
	struct handler *h;
	uint8_t data[4] = { 0 };
	unsigned int left;

	if (machine_init() || vmr_reader_attach(&manager, &vcpu.reader))
		return 1;
	h = register_at(VMR_MMIO, 0xd0000000, 0x1000, show, "rtc");
	if (!h || register_at(VMR_MMIO, 0xd0000800, 0x1000, show, "overlap") ||
	    !register_at(VMR_PIO, 0x3f8, 8, show, "serial"))
		return 1;

	/* kvm__emulate_mmio() */
	vmr_read(&vcpu.reader, VMR_MMIO, 0xd0000010, data, 4, 1);
	vmr_write(&vcpu.reader, VMR_MMIO, 0xd0000014, data, 4, 1);
	/* kvm__emulate_io() of an "outsb" of 2 bytes */
	vmr_write(&vcpu.reader, VMR_PIO, 0x3f8, data, 1, 2);
	if (deregister(h))
		return 1;
	printf("afterwards: %s\n",
	       vmr_strerror(vmr_read(&vcpu.reader, VMR_MMIO, 0xd0000010, data,
				     4, 1)));

	/* A handler deregisters itself */
	slots[1] = register_at(VMR_MMIO, 0xd1000000, 4, eject, NULL);
	data[0] = 1;
	vmr_write(&vcpu.reader, VMR_MMIO, 0xd1000000, data, 1, 1);
	pthread_mutex_lock(&lock);
	left = reap();	/* in the event loop */
	pthread_mutex_unlock(&lock);
	printf("between two exits: %u left\n", left);
	return left || try_lines() || try_card(&vcpu);
}
