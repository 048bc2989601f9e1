/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * fake_kvm.h - what KVM does with the calls of libvmalloc-kvm, without KVM
 *
 * It refuses what KVM refuses: slots that overlap, another place of a slot without
 * its removal, a second ioeventfd of a kind, an irqfd that is not there, and an irqfd
 * for a number without a route.
 */
#ifndef VMR_TEST_FAKE_KVM_H
#define VMR_TEST_FAKE_KVM_H

#include "machine.h"

#include <vmalloc/kvm.h>

#define FAKE_SLOTS	32
#define FAKE_EVENTS	8
#define FAKE_ROUTES	8
#define PAGE		0x1000

struct fake_kvm {
	struct kvm_userspace_memory_region	slot[FAKE_SLOTS];
	struct kvm_ioeventfd			event[FAKE_EVENTS];
	struct kvm_irqfd			irqfd[FAKE_EVENTS];
	struct kvm_irq_routing_entry		route[FAKE_ROUTES];
	uint32_t				nr_routes;
	unsigned int				nr_events, nr_irqfds;
	unsigned int				calls, routings, failures;
	unsigned int				fail_at, fail_from;
	/* bit n: the call n + 1 behind fail_base fails */
	uint64_t				fail_set;
	unsigned int				fail_base;
	/* the calls that were made to fail, and their error; 0 is EIO */
	unsigned int				injected;
	int					fail_error;
};

static struct fake_kvm fake;
static struct vmr_kvm kvm;
static union {
	struct kvm_irq_routing	head;
	uint8_t			room[sizeof(struct kvm_irq_routing) +
				     FAKE_ROUTES *
				     sizeof(struct kvm_irq_routing_entry)];
} routing;

/*
 * The error of this call: it fails if it is the one numbered fail_at, is in fail_set, or
 * comes at or behind fail_from.
 */
static int fake_fails(void)
{
	unsigned int n = fake.calls++ - fake.fail_base;

	if (fake.calls != fake.fail_at &&
	    !(fake.fail_from && fake.calls >= fake.fail_from) &&
	    !(n < 64 && (fake.fail_set >> n & 1)))
		return 0;
	fake.injected++;
	return fake.fail_error ? -fake.fail_error : -EIO;
}

static inline void fake_fail_in(unsigned int calls)
{
	fake.fail_at = fake.calls + calls;
}

static int fake_set_memory(struct vmr_kvm *k,
			   const struct kvm_userspace_memory_region *slot)
{
	struct kvm_userspace_memory_region *old = &fake.slot[slot->slot];
	unsigned int i;
	int err = fake_fails();

	if (err)
		return err;
	if (slot->slot >= FAKE_SLOTS || slot->guest_phys_addr % PAGE ||
	    slot->memory_size % PAGE || slot->userspace_addr % PAGE)
		return -EINVAL;
	if (!slot->memory_size && !old->memory_size)
		return -EINVAL;
	if (slot->memory_size && old->memory_size &&
	    (slot->guest_phys_addr != old->guest_phys_addr ||
	     slot->memory_size != old->memory_size ||
	     slot->userspace_addr != old->userspace_addr))
		return -EINVAL;
	for (i = 0; slot->memory_size && i < FAKE_SLOTS; i++)
		if (i != slot->slot && fake.slot[i].memory_size &&
		    slot->guest_phys_addr < fake.slot[i].guest_phys_addr +
						    fake.slot[i].memory_size &&
		    fake.slot[i].guest_phys_addr <
			    slot->guest_phys_addr + slot->memory_size)
			return -EEXIST;
	*old = *slot;
	return 0;
}

static int fake_ioeventfd(struct vmr_kvm *k, const struct kvm_ioeventfd *event)
{
	unsigned int i;
	int err = fake_fails();

	if (err)
		return err;
	for (i = 0; i < fake.nr_events; i++)
		if (fake.event[i].addr == event->addr &&
		    fake.event[i].fd == event->fd)
			break;
	if (event->flags & KVM_IOEVENTFD_FLAG_DEASSIGN) {
		if (i == fake.nr_events)
			return -ENOENT;
		fake.event[i] = fake.event[--fake.nr_events];
		return 0;
	}
	if (i < fake.nr_events || i == FAKE_EVENTS)
		return -EEXIST;
	fake.event[fake.nr_events++] = *event;
	return 0;
}

static int fake_set_routing(struct vmr_kvm *k, const struct kvm_irq_routing *table)
{
	int err = fake_fails();

	fake.routings++;
	if (err)
		return err;
	if (table->nr > FAKE_ROUTES)
		return -EINVAL;
	fake.nr_routes = table->nr;
	memcpy(fake.route, table->entries, table->nr * sizeof(fake.route[0]));
	return 0;
}

static inline const struct kvm_irq_routing_entry *fake_route(uint32_t gsi)
{
	unsigned int i;

	for (i = 0; i < fake.nr_routes; i++)
		if (fake.route[i].gsi == gsi)
			return &fake.route[i];
	return NULL;
}

static const struct kvm_irqfd *fake_irqfd_of(int fd)
{
	unsigned int i;

	for (i = 0; i < fake.nr_irqfds; i++)
		if (fake.irqfd[i].fd == (uint32_t)fd)
			return &fake.irqfd[i];
	return NULL;
}

static int fake_irqfd(struct vmr_kvm *k, const struct kvm_irqfd *irqfd)
{
	const struct kvm_irqfd *old = fake_irqfd_of(irqfd->fd);
	int err = fake_fails();

	if (err)
		return err;
	if (irqfd->flags & KVM_IRQFD_FLAG_DEASSIGN) {
		if (!old || old->gsi != irqfd->gsi)
			return -EINVAL;
		fake.irqfd[old - fake.irqfd] = fake.irqfd[--fake.nr_irqfds];
		return 0;
	}
	if (old || fake.nr_irqfds == FAKE_EVENTS)
		return -EBUSY;
	fake.irqfd[fake.nr_irqfds++] = *irqfd;
	return 0;
}

static void fake_failed(struct vmr_kvm *k, const struct vmr_region *region,
			int err)
{
	fake.failures++;
}

static const struct vmr_kvm_ops fake_ops = {
	.set_memory	= fake_set_memory,
	.ioeventfd	= fake_ioeventfd,
	.set_routing	= fake_set_routing,
	.irqfd		= fake_irqfd,
	.failed		= fake_failed,
};

static int kvm_up(void)
{
	int ret = machine_up();

	kvm.ops = &fake_ops;
	kvm.manager = &m.manager;
	kvm.page_size = PAGE;
	kvm.routing = &routing.head;
	kvm.max_routes = FAKE_ROUTES;
	return ret ? ret : vmr_kvm_init(&kvm);
}

#endif /* VMR_TEST_FAKE_KVM_H */
