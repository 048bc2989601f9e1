// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * messages.c - the message-signalled interrupts of a function, by KVM
 *
 * KVM delivers a vector when its eventfd is signalled. Its route follows the vector by
 * libvmalloc-kvm.
 */
#include <sys/eventfd.h>
#include <unistd.h>

#include "../vmm.h"

int messages_init(struct messages *messages, struct vmm *vmm,
		  struct vmr_pci_function *fn)
{
	unsigned int i;

	messages->vmm = vmm;
	messages->fn = fn;
	for (i = 0; i < MAX_MESSAGES; i++)
		messages->vectors[i].fd = -1;
	for (i = 0; i < MAX_MESSAGES; i++) {
		messages->vectors[i].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (messages->vectors[i].fd < 0) {
			vmm_err("no eventfd");
			return -ENOSPC;
		}
	}
	return 0;
}

void messages_close(struct messages *messages)
{
	unsigned int i;

	for (i = 0; messages->vmm && i < MAX_MESSAGES; i++)
		if (messages->vectors[i].fd >= 0)
			close(messages->vectors[i].fd);
	messages->vmm = NULL;
}

/* The route of a vector that has a number, by the message in the registers */
static int set_route(struct messages *messages, uint32_t index)
{
	struct vmr_pci_message message;
	struct vmr_kvm_message route;
	int err;

	if (!messages->ranges[index])
		return -ENOENT;
	err = vmr_pci_get_message(messages->fn, index, &message);
	if (err)
		return err;
	route = (struct vmr_kvm_message) {
		.address	= message.address,
		.data		= message.data,
		.device_id	= vmr_pci_function_address(messages->fn),
		.has_device_id	= board.has_msi_ids,
	};
	return vmr_kvm_vector_set(&messages->vmm->kvm, &messages->vectors[index],
				  vmr_id_value(messages->ranges[index]), &route);
}

static void commit_route(struct messages *messages, uint32_t index, int err)
{
	if (!err)
		err = vmr_kvm_commit(&messages->vmm->kvm);
	if (err && err != -ENOENT)
		vmm_err("%s: vector %u: %s", messages->fn->dev.name, index,
			vmr_strerror(err));
}

void messages_vector_changed(struct messages *messages, uint32_t index,
			     const struct vmr_range *range, int error)
{
	if (error)
		vmm_err("%s: no vector %u: %s", messages->fn->dev.name, index,
			vmr_strerror(error));
	messages->ranges[index] = range;
	commit_route(messages, index,
		     range ? set_route(messages, index) :
			     vmr_kvm_vector_clear(&messages->vmm->kvm,
						  &messages->vectors[index]));
}

void messages_message_changed(struct messages *messages, uint32_t index)
{
	commit_route(messages, index, set_route(messages, index));
}

/* The library holds back the messages of a vector that the guest masks */
void messages_deliver(struct messages *messages, uint32_t index)
{
	uint64_t one = 1;

	if (write(messages->vectors[index].fd, &one, sizeof(one)) < 0)
		vmm_err("%s: no interrupt", messages->fn->dev.name);
}
