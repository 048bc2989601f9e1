// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Devices that come and go while vCPUs are inside them
 *
 * Threads stand for vCPUs: each routes reads to wherever a network card may be,
 * without a lock. The main thread plugs a card, moves it, asks the guest to let go
 * of it, unplugs it, and frees its memory, again and again. A vCPU answers the
 * request as a guest's driver does, through a register.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmalloc/vmalloc.h>

#define CYCLES		500
#define VCPUS		2
#define WINDOW		0xe0000000u
#define PAGES		16
#define EJECT_PORT	0xae00

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* [card] */
struct card {
	struct vmr_device	dev;
	struct vmr_region	regs;
	struct vmr_range	irq;
	struct vmr_constraint	wants[2];
	struct vmr_resource	has[2];
	uint32_t		magic;
};

/* Runs on any vCPU, on several at once, and beside vmr_device_unregister() */
static void card_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	struct card *card = container_of(dev, struct card, dev);
	uint32_t value = card->magic;

	memset(data, 0, access->width);
	memcpy(data, &value, access->width < 4 ? access->width : 4);
}

static const struct vmr_device_ops card_ops = { .read = card_read };

static struct card *new_card(void)
{
	struct card *card = calloc(1, sizeof(*card));

	if (!card)
		abort();
	card->magic = 0x600dca5d;
	card->dev.ops = &card_ops;
	card->dev.name = "card";
	vmr_region_init(&card->regs, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0,
			"registers");
	vmr_device_add_region(&card->dev, &card->regs);
	vmr_constraint_init_bounded(&card->wants[0], VMR_KIND_MMIO, 0x1000,
				    0x1000, WINDOW, WINDOW + PAGES * 0x1000 - 1,
				    &card->regs.range);
	vmr_constraint_init(&card->wants[1], VMR_KIND_IRQ, 1, &card->irq);
	card->dev.constraints = card->wants;
	card->dev.nr_constraints = 2;
	vmr_resource_set_init(&card->dev.resources, card->has, 2);
	return card;
}

/* [end of card] */

/* [eject] */
static atomic_uint wanted;	/* the card the guest shall let go of, plus 1 */
static atomic_uint ejected;	/* how often it did */

static void eject_read(struct vmr_device *dev, const struct vmr_access *access,
		       void *data)
{
	uint32_t value = atomic_load(&wanted);

	(void)dev;
	memcpy(data, &value, access->width);
}

static void eject_write(struct vmr_device *dev,
			const struct vmr_access *access, const void *data)
{
	uint32_t value = 0;

	(void)dev;
	memcpy(&value, data, access->width);
	if (value && atomic_compare_exchange_strong(&wanted, &value, 0))
		atomic_fetch_add(&ejected, 1);
}

static const struct vmr_device_ops eject_ops = {
	.read = eject_read, .write = eject_write,
};

static struct vmr_device eject = { .ops = &eject_ops, .name = "eject" };
static struct vmr_region eject_region;
static struct vmr_constraint eject_wants;
static struct vmr_resource eject_has;

/* [end of eject] */

static struct vmr_system sys;
static struct vmr_manager manager;

/* [vcpu] */
struct vcpu {
	/* On cache lines of its own: no vCPU writes what another reads */
	_Alignas(64) struct vmr_reader	reader;
	_Alignas(64) struct vmr_cache_set cache[16];
	pthread_t			thread;
	uint32_t			seed;
	unsigned long			hits;
	unsigned long			wrong;
};

static struct vcpu vcpus[VCPUS];
static atomic_bool stop;

static void *vcpu_run(void *arg)
{
	struct vcpu *vcpu = arg;
	uint32_t value, slot;
	uint64_t addr;

	while (!atomic_load(&stop)) {
		vcpu->seed = vcpu->seed * 1664525 + 1013904223;
		addr = WINDOW + (vcpu->seed >> 28) % PAGES * 0x1000;
		if (!vmr_read(&vcpu->reader, VMR_MMIO, addr, &value, 4, 1)) {
			vcpu->hits++;
			vcpu->wrong += value != 0x600dca5d;
		} else {
			/* Without a device a read returns all ones */
			vcpu->wrong += value != 0xffffffff;
		}

		/* The guest's hot-plug driver ejects the device */
		vmr_read(&vcpu->reader, VMR_PIO, EJECT_PORT, &slot, 4, 1);
		if (slot)
			vmr_write(&vcpu->reader, VMR_PIO, EJECT_PORT, &slot, 4,
				  1);
	}
	return NULL;
}

/* [end of vcpu] */

static void must(int err, const char *what)
{
	if (err >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, vmr_strerror(err));
	exit(1);
}

/* [cycle] */
static void cycle(void)
{
	unsigned int before = atomic_load(&ejected);
	struct card *card = new_card();

	/* Register: everything granted, then visible in one step */
	must(vmr_device_register(&manager, &card->dev, NULL, NULL), "register");

	/* Move it, as a guest does that programs a BAR */
	must(vmr_region_program(&manager, &card->regs,
				WINDOW + (PAGES - 1) * 0x1000), "move");

	/* Ask the guest. Asking again has a defined answer */
	must(vmr_device_request_removal(&manager, &card->dev), "request");
	if (vmr_device_request_removal(&manager, &card->dev) != -EALREADY)
		must(-EINVAL, "second request");
	atomic_store(&wanted, vmr_id_value(&card->dev.id) + 1);
	while (atomic_load(&ejected) == before)
		sched_yield();

	/* Hide it and give all back, then wait until no vCPU is inside */
	must(vmr_device_unregister(&manager, &card->dev), "unlink");
	must(vmr_device_drain(&manager, &card->dev), "drain");
	memset(card, 0x55, sizeof(*card));
	free(card);
}

/* [end of cycle] */

static void make_machine(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 23, .slot_last = 31,
		.pci_last = 0xff, .id_last = 99,
	};

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	vmr_region_init(&eject_region, VMR_PIO, VMR_REGION_TRAPPED, 4, 0,
			"eject");
	vmr_device_add_region(&eject, &eject_region);
	vmr_constraint_init_fixed(&eject_wants, VMR_KIND_PIO, EJECT_PORT, 4,
				  &eject_region.range);
	eject.constraints = &eject_wants;
	eject.nr_constraints = 1;
	vmr_resource_set_init(&eject.resources, &eject_has, 1);
	must(vmr_device_register(&manager, &eject, NULL, NULL), "eject");
}

int main(void)
{
	unsigned long hits = 0, wrong = 0;
	int i;

	make_machine();
	for (i = 0; i < VCPUS; i++) {
		vcpus[i].seed = (uint32_t)i;
		must(vmr_reader_attach(&manager, &vcpus[i].reader), "attach");
		must(vmr_reader_set_cache(&vcpus[i].reader, vcpus[i].cache, 16),
		     "cache");
		if (pthread_create(&vcpus[i].thread, NULL, vcpu_run, &vcpus[i]))
			abort();
	}
	for (i = 0; i < CYCLES; i++)
		cycle();
	atomic_store(&stop, true);
	for (i = 0; i < VCPUS; i++) {
		pthread_join(vcpus[i].thread, NULL);
		must(vmr_reader_detach(&vcpus[i].reader), "detach");
		hits += vcpus[i].hits;
		wrong += vcpus[i].wrong;
	}
	printf("%d cards came, moved and went; %lu accesses met one; %lu were wrong\n",
	       CYCLES, hits, wrong);
	return wrong || !hits;
}
