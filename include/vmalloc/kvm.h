/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * kvm.h - KVM's memory slots, ioeventfds and interrupt routes follow the machine
 *
 * For userspace on Linux. It is in an archive of its own, libvmalloc-kvm.a, and not
 * included by vmalloc.h.
 */
#ifndef VMALLOC_KVM_H
#define VMALLOC_KVM_H

#include <linux/kvm.h>

#include <vmalloc/device.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vmr_kvm;

/**
 * DOC: Overview
 *
 * KVM has a list of memory slots, of ioeventfds and of interrupt routes. Each entry
 * names an address or a number that the guest may change at any time. A struct
 * vmr_kvm is a listener that updates KVM when a region moves:
 *
 *  - The slots of a memory region cover it but for its trapped subregions, by whole
 *    pages. An access to a page without a slot exits, and the device serves it.
 *  - An ioeventfd is at an offset of a region.
 *  - A vector has a route to its message, and an irqfd while it is not masked. A
 *    signal of the device while the vector is masked is delivered when it is unmasked.
 *  - A line has an irqfd, and one for its end of interrupt.
 *
 * Routes change in batches: vmr_kvm_commit() makes one call to KVM for any number
 * of changes. The table replaces all routes that KVM had, those of its own interrupt
 * controllers included: the caller adds a route for each line of these.
 *
 * All calls to KVM go through &struct vmr_kvm_ops. vmr_kvm_ioctl_ops has the system
 * calls. KVM can refuse a change that the guest has already made. The callbacks of a
 * listener cannot return an error: it is stored in @error, and @ops->failed is
 * called. The region then has no slot or no ioeventfd, and its accesses exit. If KVM
 * refuses to release a slot or an ioeventfd, it stays at the address that the region has
 * left, and the guest reaches it there without an exit. The next change of the region
 * releases it first. A caller that cannot wait for that stops the guest.
 *
 * The caller provides all memory. The library allocates none.
 *
 * All calls are update-side calls, and the caller serialises them.
 *
 * A change of a region visits all memories and ioeventfds. A commit visits all
 * routes.
 */

/**
 * struct vmr_kvm_ops - the calls to KVM
 * @set_memory: KVM_SET_USER_MEMORY_REGION
 * @ioeventfd: KVM_IOEVENTFD
 * @set_routing: KVM_SET_GSI_ROUTING
 * @irqfd: KVM_IRQFD
 * @failed: a call failed with @err in a notification for @region; may be NULL
 *
 * All but @failed return 0 or a negative errno. None of them may call functions of
 * the library.
 */
struct vmr_kvm_ops {
	int (*set_memory)(struct vmr_kvm *kvm,
			  const struct kvm_userspace_memory_region *slot);
	int (*ioeventfd)(struct vmr_kvm *kvm,
			 const struct kvm_ioeventfd *ioeventfd);
	int (*set_routing)(struct vmr_kvm *kvm,
			   const struct kvm_irq_routing *routing);
	int (*irqfd)(struct vmr_kvm *kvm, const struct kvm_irqfd *irqfd);
	void (*failed)(struct vmr_kvm *kvm, const struct vmr_region *region,
		       int err);
};

/* The system calls, on @vm_fd of struct vmr_kvm */
extern const struct vmr_kvm_ops vmr_kvm_ioctl_ops;

/**
 * struct vmr_kvm - a virtual machine of KVM
 * @ops: the calls to KVM
 * @manager: the manager of the machine
 * @vm_fd: the descriptor of KVM_CREATE_VM, for vmr_kvm_ioctl_ops
 * @page_size: bytes of a page of the host, a power of two
 * @routing: memory for the route table, owned by the caller; NULL without routes
 * @max_routes: capacity of @routing->entries
 * @error: the first error of a call to KVM in a notification, or 0. The caller may
 *	set it to 0
 *
 * Each notification passes the lists of memories and ioeventfds, and each commit the
 * list of vectors. A virtual machine has a few hundred of them.
 */
struct vmr_kvm {
	const struct vmr_kvm_ops	*ops;
	struct vmr_manager		*manager;
	int				vm_fd;
	uint32_t			page_size;
	struct kvm_irq_routing		*routing;
	uint32_t			max_routes;
	int				error;
	/* private: */
	struct vmr_listener		listener;
	struct vmr_kvm_memory		*memories;
	struct vmr_kvm_ioeventfd	*ioeventfds;
	struct vmr_kvm_route		*routes;
	struct vmr_kvm_vector		*vectors;
	/* KVM has another table than the routes say */
	bool				routes_changed;
	/* public: */
};

/**
 * vmr_kvm_init - begin to follow the changes of a machine
 * @kvm: zeroed memory, with @ops, @manager, @vm_fd, @page_size, @routing and
 *	@max_routes set
 *
 * Return: 0, or
 *  - -EINVAL: @kvm, its ops or its manager is NULL, or the page size is no power of
 *    two;
 *  - -EEXIST: @kvm follows the changes already.
 */
int vmr_kvm_init(struct vmr_kvm *kvm);

/**
 * vmr_kvm_destroy - end to follow the changes of a machine
 * @kvm: the virtual machine
 *
 * The slots, ioeventfds and routes stay in KVM until its descriptor is closed.
 *
 * Return: 0; -EINVAL if @kvm is NULL; -ENOENT if it is not initialised.
 */
int vmr_kvm_destroy(struct vmr_kvm *kvm);

/**
 * struct vmr_kvm_slot - a memory slot
 * @number: its number in the system's @mem_slots
 * @offset: its first byte, from the start of the region
 * @size: bytes; 0 if the slot is not needed
 * @mapped: whether KVM has it
 * @gpa: its guest physical address in this case
 */
struct vmr_kvm_slot {
	struct vmr_range	number;
	uint64_t		offset;
	uint64_t		size;
	bool			mapped;
	uint64_t		gpa;
};

/**
 * struct vmr_kvm_memory - the memory behind a region
 * @region: a region of type VMR_REGION_MEMORY
 * @host: the memory, as many bytes as the region has, at the start of a page
 * @readonly: whether the guest's writes exit
 * @dirty_log: whether KVM logs the pages that the guest writes
 * @slots: memory for the slots, one more than the region has trapped subregions
 * @max_slots: capacity of @slots
 * @nr_slots: number of slots; 0 after a failure
 */
struct vmr_kvm_memory {
	const struct vmr_region	*region;
	void			*host;
	bool			readonly;
	bool			dirty_log;
	struct vmr_kvm_slot	*slots;
	uint32_t		max_slots;
	uint32_t		nr_slots;
	/* private: */
	struct vmr_kvm_memory	*next;
	/* public: */
};

/**
 * vmr_kvm_add_memory - let slots follow a region
 * @kvm: the virtual machine
 * @memory: the memory, with zeroed slots
 *
 * Allocates the numbers of the slots. A number that is live already, as after
 * vmr_snapshot_restore(), is kept. If the region is mapped, KVM has the slots when the
 * call returns.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, the region is no memory, or @host is not at the
 *    start of a page;
 *  - -EEXIST: @memory has been added, or a number of @slots is in another space;
 *  - -ENOSPC: @slots has no room, or there are no more slots;
 *  - the error of @set_memory. @memory is not added, unless KVM refuses to release a
 *    slot that it has accepted: this is reported as in a notification. The caller then
 *    has to call vmr_kvm_remove_memory(), and may free @memory and @host when that
 *    returns 0 or -ENOENT.
 */
int vmr_kvm_add_memory(struct vmr_kvm *kvm, struct vmr_kvm_memory *memory);

/**
 * vmr_kvm_remove_memory - take the slots of a region away and free their numbers
 * @kvm: the virtual machine
 * @memory: the memory
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: @memory has not been added;
 *  - the error of @set_memory: some of the slots are still mapped, and the memory is
 *    still added.
 */
int vmr_kvm_remove_memory(struct vmr_kvm *kvm, struct vmr_kvm_memory *memory);

/**
 * vmr_kvm_set_dirty_log - switch the log of written pages
 * @kvm: the virtual machine
 * @memory: the memory
 * @on: whether KVM logs them
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: @memory has not been added;
 *  - the error of @set_memory; all slots are as before unless KVM refuses that too. If
 *    @on is false, the log of some of them may be empty.
 */
int vmr_kvm_set_dirty_log(struct vmr_kvm *kvm, struct vmr_kvm_memory *memory,
			  bool on);

/**
 * struct vmr_kvm_ioeventfd - a write of the guest that signals an eventfd
 * @region: the region
 * @offset: offset of the register
 * @width: bytes of the write: 1, 2, 4 or 8; 0 for any
 * @match: whether only a write of @value signals
 * @value: the value
 * @fd: the eventfd
 */
struct vmr_kvm_ioeventfd {
	const struct vmr_region		*region;
	uint64_t			offset;
	uint32_t			width;
	bool				match;
	uint64_t			value;
	int				fd;
	/* private: */
	bool				assigned;
	uint64_t			addr;
	struct vmr_kvm_ioeventfd	*next;
	/* public: */
};

/**
 * vmr_kvm_add_ioeventfd - let an ioeventfd follow a region
 * @kvm: the virtual machine
 * @ioeventfd: the ioeventfd
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ERANGE: part of the register is outside of the region;
 *  - -EEXIST: @ioeventfd has been added;
 *  - the error of @ioeventfd in struct vmr_kvm_ops.
 */
int vmr_kvm_add_ioeventfd(struct vmr_kvm *kvm,
			  struct vmr_kvm_ioeventfd *ioeventfd);

/**
 * vmr_kvm_remove_ioeventfd - take an ioeventfd away
 * @kvm: the virtual machine
 * @ioeventfd: the ioeventfd
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: @ioeventfd has not been added;
 *  - the error of @ioeventfd in struct vmr_kvm_ops; it is still added.
 */
int vmr_kvm_remove_ioeventfd(struct vmr_kvm *kvm,
			     struct vmr_kvm_ioeventfd *ioeventfd);

/**
 * struct vmr_kvm_route - an interrupt number and its destination
 * @entry: what KVM gets
 *
 * The members of @entry that its type uses are set by the caller.
 */
struct vmr_kvm_route {
	struct kvm_irq_routing_entry	entry;
	/* private: */
	struct vmr_kvm_route		*next;
	bool				added;
	/* public: */
};

/**
 * vmr_kvm_add_route - add a route to the table of the next commit
 * @kvm: the virtual machine
 * @route: the route
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @kvm has no memory for routes;
 *  - -EEXIST: @route has been added;
 *  - -ENOSPC: the table is full.
 */
int vmr_kvm_add_route(struct vmr_kvm *kvm, struct vmr_kvm_route *route);

/**
 * vmr_kvm_remove_route - remove a route from the table of the next commit
 * @kvm: the virtual machine
 * @route: the route
 *
 * Return: 0; -EINVAL if a pointer is NULL; -ENOENT if it has not been added.
 */
int vmr_kvm_remove_route(struct vmr_kvm *kvm, struct vmr_kvm_route *route);

/**
 * struct vmr_kvm_message - the message of an interrupt vector
 * @address: address of the write
 * @data: its data
 * @device_id: the id of the device, for controllers that route by it. That of a PCI
 *	function is its address, which changes when the guest writes the bus number of
 *	the bridge above: the caller then sets the vector again
 * @has_device_id: whether the controller does
 */
struct vmr_kvm_message {
	uint64_t	address;
	uint32_t	data;
	uint32_t	device_id;
	bool		has_device_id;
};

/**
 * struct vmr_kvm_vector - a message-signalled interrupt vector
 * @fd: the eventfd that the device signals; it must not block
 *
 * Owned by the caller, zeroed before its first use but for @fd.
 */
struct vmr_kvm_vector {
	int			fd;
	/* private: */
	struct vmr_kvm_route	route;
	bool			masked;
	bool			attached;
	struct vmr_kvm_vector	*next;
	/* public: */
};

/**
 * vmr_kvm_vector_set - set the number and the message of a vector
 * @kvm: the virtual machine
 * @vector: the vector
 * @gsi: its number, such as that in the system's @irqs
 * @message: its message
 *
 * Takes effect with the next vmr_kvm_commit(). A vector with another number is first
 * detached from the old one. A new vector is not masked.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @kvm has no memory for routes;
 *  - -ENOSPC: the table is full;
 *  - the error of @irqfd.
 */
int vmr_kvm_vector_set(struct vmr_kvm *kvm, struct vmr_kvm_vector *vector,
		       uint32_t gsi, const struct vmr_kvm_message *message);

/**
 * vmr_kvm_vector_mask - mask or unmask a vector
 * @kvm: the virtual machine
 * @vector: the vector
 * @masked: whether it is masked
 *
 * Masking takes effect at once, unmasking with the next vmr_kvm_commit(). KVM then
 * delivers what the device has signalled meanwhile.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: @vector has not been set;
 *  - the error of @irqfd.
 */
int vmr_kvm_vector_mask(struct vmr_kvm *kvm, struct vmr_kvm_vector *vector,
			bool masked);

/**
 * vmr_kvm_vector_clear - end the use of a vector
 * @kvm: the virtual machine
 * @vector: the vector
 *
 * The route leaves the table with the next vmr_kvm_commit().
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: @vector has not been set;
 *  - the error of @irqfd.
 */
int vmr_kvm_vector_clear(struct vmr_kvm *kvm, struct vmr_kvm_vector *vector);

/**
 * vmr_kvm_commit - give KVM the changes of routes and vectors
 * @kvm: the virtual machine
 *
 * Makes one call of @set_routing if a route has changed, and then one of @irqfd for
 * each vector that is to be attached.
 *
 * Return: 0, or
 *  - -EINVAL: @kvm is NULL;
 *  - the error of @set_routing, or the first of @irqfd. The next call tries again
 *    what failed.
 */
int vmr_kvm_commit(struct vmr_kvm *kvm);

/**
 * struct vmr_kvm_line - a level-triggered interrupt line
 * @fd: the eventfd that raises the line
 * @resample_fd: the eventfd that KVM signals at the end of an interrupt, when it has
 *	lowered the line; -1 for an edge-triggered line
 */
struct vmr_kvm_line {
	int		fd;
	int		resample_fd;
	/* private: */
	uint32_t	gsi;
	bool		attached;
	/* public: */
};

/**
 * vmr_kvm_line_attach - connect a line to an interrupt number
 * @kvm: the virtual machine
 * @line: the line
 * @gsi: the interrupt number
 *
 * A line that is attached to another number moves. If that fails, it is where it was,
 * or detached if KVM refuses that too.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - the error of @irqfd.
 */
int vmr_kvm_line_attach(struct vmr_kvm *kvm, struct vmr_kvm_line *line,
			uint32_t gsi);

/**
 * vmr_kvm_line_detach - disconnect a line
 * @kvm: the virtual machine
 * @line: the line
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: @line is not attached;
 *  - the error of @irqfd.
 */
int vmr_kvm_line_detach(struct vmr_kvm *kvm, struct vmr_kvm_line *line);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_KVM_H */
