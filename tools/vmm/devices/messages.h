/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * messages.h - the message-signalled interrupts of a function, by KVM
 */
#ifndef VMM_MESSAGES_H
#define VMM_MESSAGES_H

#include <vmalloc/kvm.h>
#include <vmalloc/vmalloc.h>

struct vmm;

#define MAX_MESSAGES	2

/**
 * struct messages - the vectors of a function as KVM has them
 * @vmm: the machine
 * @fn: the function
 * @vectors: the vectors
 * @ranges: the number of each vector, NULL while the guest does not use it
 *
 * The owner of the function calls each of the last three functions from the callback of
 * the same name in struct vmr_pci_events.
 */
struct messages {
	struct vmm			*vmm;
	struct vmr_pci_function		*fn;
	struct vmr_kvm_vector		vectors[MAX_MESSAGES];
	const struct vmr_range		*ranges[MAX_MESSAGES];
};

int messages_init(struct messages *messages, struct vmm *vmm,
		  struct vmr_pci_function *fn);
/* Close what messages_init() has opened, if it was called. */
void messages_close(struct messages *messages);
void messages_vector_changed(struct messages *messages, uint32_t index,
			     const struct vmr_range *range, int error);
void messages_message_changed(struct messages *messages, uint32_t index);
void messages_deliver(struct messages *messages, uint32_t index);

#endif /* VMM_MESSAGES_H */
