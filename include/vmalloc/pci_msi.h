/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_msi.h - MSI and MSI-X
 */
#ifndef VMALLOC_PCI_MSI_H
#define VMALLOC_PCI_MSI_H

#include <vmalloc/pci_function.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * The library keeps the registers, the table and the pending bits of MSI and MSI-X
 * (PCI Local Bus Specification 3.0, section 6.8). It allocates an interrupt number for
 * each vector that the guest uses. It sends or holds back the messages of the device.
 *
 * Vectors: MSI allocates a block while it is enabled. MSI-X allocates a number for an
 * entry when it is first used: the capability is enabled, and neither the entry nor
 * the function is masked. The entry keeps the number while it is masked again, until
 * the capability is disabled, the function is reset or unplugged. A vector that
 * cannot be allocated waits, and is served when a number becomes free, the one that
 * waits longest first, also after a restore: snapshots keep the order. @vector_limit
 * of a function bounds how many it holds.
 *
 * Messages: the device calls vmr_pci_notify() from any thread. If the vector is not
 * masked, the owner's deliver() callback sends the message. Else the vector becomes
 * pending, and deliver() is called when the guest unmasks it. No interrupt is lost
 * between the two. A call that began before vmr_pci_unplug() may deliver after it.
 *
 * The table and the pending bits are inside BARs of the function. The library serves
 * accesses to them, so that the owner's callbacks never do. Reads need no lock.
 * Writes acquire the lock of the host bridge; without a host bridge, the owner
 * serialises them.
 *
 * All memory is the owner's: one struct vmr_pci_msix_entry for each entry.
 *
 * A write to an entry costs O(log n) for the allocation of its number. A write to the
 * capability visits all entries of the table if its enable or mask bit changes.
 */

/**
 * struct vmr_pci_vector - the state of a vector between device and guest
 *
 * The device's threads and the update side change the state by atomic operations: it
 * is blocked while the guest masks the vector or the vector has no number, and
 * pending while a message waits for the end of that.
 */
struct vmr_pci_vector {
	/* private: VMR_PCI_VECTOR_BLOCKED, VMR_PCI_VECTOR_PENDING */
	uint32_t	state;
	/* public: */
};

/**
 * struct vmr_pci_message - a message as a vector sends it
 * @address: the address that the message is written to
 * @data: the data
 * @masked: whether the guest masks the vector
 */
struct vmr_pci_message {
	uint64_t	address;
	uint32_t	data;
	bool		masked;
};

#define VMR_PCI_MSI_MAX_VECTORS	32

/**
 * struct vmr_pci_msi - an MSI capability
 * @reg_block: its registers
 * @range: the block of vectors, live while MSI is enabled
 * @error: why the allocation of the vectors failed, or 0
 */
struct vmr_pci_msi {
	struct vmr_pci_reg_block	reg_block;
	struct vmr_range		range;
	int				error;
	/* private: */
	struct vmr_vector_waiter	waiter;
	struct vmr_pci_function		*fn;
	struct vmr_pci_vector		vectors[VMR_PCI_MSI_MAX_VECTORS];
	uint8_t				contents[24];
	bool				maskable;
	/* the registers, as the threads of the device read them */
	uint32_t			nr_enabled;
	uint32_t			address[2];
	uint32_t			data;
	uint32_t			masked;
	/* public: */
};

/**
 * vmr_pci_add_msi - add an MSI capability to a function
 * @fn: a function that is not plugged
 * @msi: zeroed memory
 * @offset: offset in configuration space, from 0x40 in steps of 4; 0 for any place
 * @vectors: the number of vectors that it supports: 1, 2, 4, 8, 16 or 32
 *
 * The capability has 64-bit addresses and no mask bits, in 16 bytes. When the guest
 * enables MSI, the library allocates a block of the requested number of vectors,
 * aligned to its size. It frees the block when the guest disables MSI. The registers
 * read back what the guest wrote even if the allocation fails.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @offset or @vectors is invalid;
 *  - -EEXIST: the registers overlap another capability, or the function has an MSI
 *    capability;
 *  - -EBUSY: @fn is plugged;
 *  - -ENOSPC: no place is free.
 */
int vmr_pci_add_msi(struct vmr_pci_function *fn, struct vmr_pci_msi *msi,
		    uint32_t offset, uint32_t vectors);

/**
 * vmr_pci_add_msi_maskable - add an MSI capability with mask and pending bits
 * @fn: a function that is not plugged
 * @msi: zeroed memory
 * @offset: offset in configuration space, from 0x40 in steps of 4; 0 for any place
 * @vectors: the number of vectors that it supports: 1, 2, 4, 8, 16 or 32
 * @is_64bit: whether the message address has 64 bits
 *
 * The capability has 24 bytes, or 20 with a 32-bit address.
 *
 * Return: as vmr_pci_add_msi().
 */
int vmr_pci_add_msi_maskable(struct vmr_pci_function *fn,
			     struct vmr_pci_msi *msi, uint32_t offset,
			     uint32_t vectors, bool is_64bit);

/**
 * struct vmr_pci_msix_entry - an entry of an MSI-X table
 * @range: the vector, live from the first use of the entry
 * @dwords: the entry: address, upper address, data, control
 * @error: why the allocation of the vector failed, or 0; the entry waits then
 */
struct vmr_pci_msix_entry {
	struct vmr_range		range;
	uint32_t			dwords[4];
	int				error;
	/* private: */
	struct vmr_pci_vector		vector;
	struct vmr_vector_waiter	waiter;
	struct vmr_pci_msix		*msix;
	/* public: */
};

/**
 * struct vmr_pci_msix_layout - the addresses of an MSI-X table and its pending bits
 * @table_bar: index of the BAR with the table
 * @pba_bar: index of the BAR with the pending bits
 * @table_offset: offset of the table in bytes, a multiple of 8
 * @pba_offset: offset of the pending bits in bytes, a multiple of 8
 */
struct vmr_pci_msix_layout {
	uint8_t		table_bar;
	uint8_t		pba_bar;
	uint32_t	table_offset;
	uint32_t	pba_offset;
};

struct vmr_lock_ops;

/**
 * struct vmr_pci_msix - an MSI-X capability
 * @reg_block: its registers
 * @entries: the table
 * @nr: the number of entries
 * @layout: where the table and the pending bits are
 */
struct vmr_pci_msix {
	struct vmr_pci_reg_block	reg_block;
	struct vmr_pci_msix_entry	*entries;
	uint32_t			nr;
	struct vmr_pci_msix_layout	layout;
	/* private: */
	struct vmr_pci_function		*fn;
	/*
	 * The lock of the host bridge of the latest registration. Readers load it while
	 * the function is unplugged.
	 */
	struct vmr_lock_ops		*lock;
	struct vmr_region		table;
	struct vmr_region		pba;
	uint8_t				contents[12];
	/* PCI_MSIX_FLAGS, as the threads of the device read it */
	uint16_t			flags;
	/* whether plugging the function has added @table and @pba */
	bool				new_table;
	bool				new_pba;
	/* public: */
};

/**
 * vmr_pci_add_msix - add an MSI-X capability to a function
 * @fn: a function that is not plugged, with the BARs of @layout
 * @msix: zeroed memory
 * @offset: offset in configuration space, from 0x40 in steps of 4; 0 for any place
 * @entries: zeroed memory for the table
 * @nr: number of entries, 1 to 2048
 * @layout: the addresses of the table and the pending bits
 *
 * The capability has 12 bytes. If a BAR is a memory region, vmr_pci_plug() adds
 * subregions for the table and the pending bits.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or a number is invalid;
 *  - -ERANGE: the table or the pending bits are not inside a memory BAR of @fn, or
 *    they overlap each other;
 *  - -EEXIST: the registers overlap another capability, or the function has an MSI-X
 *    capability;
 *  - -EBUSY: @fn is plugged;
 *  - -ENOSPC: no place is free.
 */
int vmr_pci_add_msix(struct vmr_pci_function *fn, struct vmr_pci_msix *msix,
		     uint32_t offset, struct vmr_pci_msix_entry *entries,
		     uint32_t nr, const struct vmr_pci_msix_layout *layout);

/**
 * vmr_pci_msix_read - read from an MSI-X table
 * @msix: the capability
 * @offset: offset in the table in bytes
 * @data: receives @width bytes in guest memory order
 * @width: 4 or 8
 *
 * Context: any thread, without a lock.
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EMSGSIZE: @width is invalid; @data is not touched;
 *  - -ERANGE: the access is not aligned or leaves the table; @data is all ones.
 */
int vmr_pci_msix_read(const struct vmr_pci_msix *msix, uint64_t offset,
		      void *data, uint32_t width);

/**
 * vmr_pci_msix_write - write to an MSI-X table and update the vector
 * @fn: the function
 * @msix: its capability
 * @offset: offset in the table in bytes
 * @data: @width bytes in guest memory order
 * @width: 4 or 8
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EMSGSIZE: @width is invalid;
 *  - -ERANGE: the access is not aligned or leaves the table;
 *  - -ENOENT: @fn is not plugged.
 */
int vmr_pci_msix_write(struct vmr_pci_function *fn, struct vmr_pci_msix *msix,
		       uint64_t offset, const void *data, uint32_t width);

/**
 * vmr_pci_msix_read_pba - read the pending bits of MSI-X
 * @msix: the capability
 * @offset: offset in the pending bits in bytes
 * @data: receives @width bytes in guest memory order
 * @width: 4 or 8
 *
 * Context: any thread, without a lock.
 * Return: as vmr_pci_msix_read().
 */
int vmr_pci_msix_read_pba(const struct vmr_pci_msix *msix, uint64_t offset,
			  void *data, uint32_t width);

/**
 * vmr_pci_notify - send an interrupt of a function
 * @fn: a plugged function
 * @index: the vector: an entry of the MSI-X table if MSI-X is enabled, else the number
 *	of an MSI vector. MSI vectors above the number that the guest enabled are
 *	sent as the last one
 *
 * Context: any thread, without a lock. The caller ensures that the function exists.
 * Return: 0 if the message was delivered, or
 *  - -EINVAL: @fn is NULL, or the table has no such entry;
 *  - -EAGAIN: the vector is masked or has no number; it is pending now;
 *  - -ENOENT: neither MSI-X nor MSI is enabled, or @fn is not plugged; the device
 *    uses its interrupt pin.
 */
int vmr_pci_notify(struct vmr_pci_function *fn, uint32_t index);

/**
 * vmr_pci_get_message - get the message of a vector
 * @fn: the function
 * @index: the vector, as for vmr_pci_notify()
 * @message: receives the message
 *
 * A guest masks a vector before it changes its message (PCI Local Bus Specification
 * 3.0, section 6.8.3.5). If it does not, the message may be partly the old one.
 *
 * Context: any thread, without a lock, as deliver() is called. The caller ensures that
 * the function exists.
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or there is no such vector;
 *  - -ENOENT: neither MSI-X nor MSI is enabled.
 */
int vmr_pci_get_message(const struct vmr_pci_function *fn, uint32_t index,
			struct vmr_pci_message *message);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_MSI_H */
