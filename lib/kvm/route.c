// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * route.c - the table of interrupt routes, and irqfds that follow vectors and lines
 *
 * A vector is attached only while KVM has its route: it is detached before its route
 * changes its number or leaves, and attached after the commit.
 */
#include "kvm.h"

static uint32_t count_routes(const struct vmr_kvm *kvm)
{
	const struct vmr_kvm_route *route;
	uint32_t nr = 0;

	for (route = kvm->routes; route; route = route->next)
		nr++;
	return nr;
}

int vmr_kvm_add_route(struct vmr_kvm *kvm, struct vmr_kvm_route *route)
{
	if (!kvm || !route || !kvm->routing)
		return -EINVAL;
	if (route->added)
		return -EEXIST;
	if (count_routes(kvm) >= kvm->max_routes)
		return -ENOSPC;
	route->added = true;
	route->next = kvm->routes;
	kvm->routes = route;
	kvm->routes_changed = true;
	return 0;
}

int vmr_kvm_remove_route(struct vmr_kvm *kvm, struct vmr_kvm_route *route)
{
	struct vmr_kvm_route **link;

	if (!kvm || !route)
		return -EINVAL;
	if (!route->added)
		return -ENOENT;
	link = &kvm->routes;
	while (*link != route)
		link = &(*link)->next;
	*link = route->next;
	route->added = false;
	kvm->routes_changed = true;
	return 0;
}

static int set_irqfd(struct vmr_kvm *kvm, int fd, uint32_t gsi,
		     int resample_fd, uint32_t flags)
{
	struct kvm_irqfd irqfd = {
		.fd	= (uint32_t)fd,
		.gsi	= gsi,
		.flags	= flags,
	};

	if (resample_fd >= 0) {
		irqfd.flags |= KVM_IRQFD_FLAG_RESAMPLE;
		irqfd.resamplefd = (uint32_t)resample_fd;
	}
	return kvm->ops->irqfd(kvm, &irqfd);
}

static int detach(struct vmr_kvm *kvm, struct vmr_kvm_vector *vector)
{
	int err;

	if (!vector->attached)
		return 0;
	err = set_irqfd(kvm, vector->fd, vector->route.entry.gsi, -1,
			KVM_IRQFD_FLAG_DEASSIGN);
	if (!err)
		vector->attached = false;
	return err;
}

static void set_message(struct kvm_irq_routing_entry *entry, uint32_t gsi,
			const struct vmr_kvm_message *message)
{
	*entry = (struct kvm_irq_routing_entry){
		.gsi	= gsi,
		.type	= KVM_IRQ_ROUTING_MSI,
	};
	entry->u.msi.address_lo = (uint32_t)message->address;
	entry->u.msi.address_hi = (uint32_t)(message->address >> 32);
	entry->u.msi.data = message->data;
	if (message->has_device_id) {
		entry->flags = KVM_MSI_VALID_DEVID;
		entry->u.msi.devid = message->device_id;
	}
}

int vmr_kvm_vector_set(struct vmr_kvm *kvm, struct vmr_kvm_vector *vector,
		       uint32_t gsi, const struct vmr_kvm_message *message)
{
	int err;

	if (!kvm || !vector || !message)
		return -EINVAL;
	if (!vector->route.added) {
		err = vmr_kvm_add_route(kvm, &vector->route);
		if (err)
			return err;
		vector->masked = false;
		vector->next = kvm->vectors;
		kvm->vectors = vector;
	} else if (vector->route.entry.gsi != gsi) {
		err = detach(kvm, vector);
		if (err)
			return err;
	}
	set_message(&vector->route.entry, gsi, message);
	kvm->routes_changed = true;
	return 0;
}

int vmr_kvm_vector_mask(struct vmr_kvm *kvm, struct vmr_kvm_vector *vector,
			bool masked)
{
	int err = 0;

	if (!kvm || !vector)
		return -EINVAL;
	if (!vector->route.added)
		return -ENOENT;
	if (masked)
		err = detach(kvm, vector);
	if (!err)
		vector->masked = masked;
	return err;
}

int vmr_kvm_vector_clear(struct vmr_kvm *kvm, struct vmr_kvm_vector *vector)
{
	struct vmr_kvm_vector **link;
	int err;

	if (!kvm || !vector)
		return -EINVAL;
	if (!vector->route.added)
		return -ENOENT;
	err = detach(kvm, vector);
	if (err)
		return err;
	link = &kvm->vectors;
	while (*link != vector)
		link = &(*link)->next;
	*link = vector->next;
	return vmr_kvm_remove_route(kvm, &vector->route);
}

static int commit_routes(struct vmr_kvm *kvm)
{
	const struct vmr_kvm_route *route;
	int err;

	if (!kvm->routes_changed)
		return 0;
	kvm->routing->nr = 0;
	kvm->routing->flags = 0;
	for (route = kvm->routes; route; route = route->next)
		kvm->routing->entries[kvm->routing->nr++] = route->entry;
	err = kvm->ops->set_routing(kvm, kvm->routing);
	if (!err)
		kvm->routes_changed = false;
	return err;
}

int vmr_kvm_commit(struct vmr_kvm *kvm)
{
	struct vmr_kvm_vector *vector;
	int err, ret;

	if (!kvm)
		return -EINVAL;
	ret = commit_routes(kvm);
	if (ret)
		return ret;
	for (vector = kvm->vectors; vector; vector = vector->next) {
		if (vector->masked || vector->attached)
			continue;
		err = set_irqfd(kvm, vector->fd, vector->route.entry.gsi, -1,
				0);
		if (!err)
			vector->attached = true;
		else if (!ret)
			ret = err;
	}
	return ret;
}

static int set_line(struct vmr_kvm *kvm, const struct vmr_kvm_line *line,
		    uint32_t gsi)
{
	return set_irqfd(kvm, line->fd, gsi, line->resample_fd, 0);
}

static int unset_line(struct vmr_kvm *kvm, const struct vmr_kvm_line *line)
{
	return set_irqfd(kvm, line->fd, line->gsi, -1,
			 KVM_IRQFD_FLAG_DEASSIGN);
}

int vmr_kvm_line_attach(struct vmr_kvm *kvm, struct vmr_kvm_line *line,
			uint32_t gsi)
{
	int err;

	if (!kvm || !line)
		return -EINVAL;
	if (line->attached) {
		if (line->gsi == gsi)
			return 0;
		err = unset_line(kvm, line);
		if (err)
			return err;
	}
	err = set_line(kvm, line, gsi);
	if (!err) {
		line->gsi = gsi;
		line->attached = true;
	} else if (line->attached) {
		line->attached = !set_line(kvm, line, line->gsi);
	}
	return err;
}

int vmr_kvm_line_detach(struct vmr_kvm *kvm, struct vmr_kvm_line *line)
{
	int err;

	if (!kvm || !line)
		return -EINVAL;
	if (!line->attached)
		return -ENOENT;
	err = unset_line(kvm, line);
	if (!err)
		line->attached = false;
	return err;
}
