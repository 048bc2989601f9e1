/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * layout.h - where things are in the usual machines
 *
 * A layout says where a machine has its memory, the windows for its devices, its
 * fixed places, interrupt lines and vectors. For each architecture one call fills
 * in a description that guests know, the caller changes in it what it wants
 * otherwise, and another call makes a system of it:
 *
 *	vmr_layout_x86_64(&config, 8 * GIB, 0, 46);
 *	config.nr_segments = 1;
 *	vmr_layout_init(&layout, &system, &config, NULL);
 *
 * Automatic placement in windows goes from the top down: guests that place BARs
 * themselves begin at the bottom, and so find it free.
 *
 * Locking: as in range.h; all of this is the writer's side.
 */
#ifndef VMALLOC_LAYOUT_H
#define VMALLOC_LAYOUT_H

#include <vmalloc/device.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VMR_LAYOUT_MAX_RAM		2
#define VMR_LAYOUT_MAX_WINDOWS	4
#define VMR_LAYOUT_MAX_PLATFORM	4
#define VMR_LAYOUT_MAX_RESERVED	12
#define VMR_LAYOUT_MAX_IRQ_INPUTS	3

#define VMR_WINDOW_ALIGN_32		0x1000ull	/* below 4 GiB */
#define VMR_WINDOW_ALIGN_64		0x100000000ull	/* above */

/**
 * struct vmr_layout_window - guest physical addresses for devices
 * @span: from where to where
 * @flags: what a device must allow to be placed here: VMR_64BIT,
 *	VMR_PREFETCHABLE
 * @policy: which of its places are taken first
 * @align: apertures of segments begin at multiples of this power of two
 */
struct vmr_layout_window {
	struct vmr_span	span;
	uint32_t	flags;
	enum vmr_policy	policy;
	uint64_t	align;
};

/**
 * struct vmr_layout_segment - what one PCI segment has of the windows
 * @windows: its aperture of each window, in the order of the windows; what is
 *	behind the last has no space
 *
 * Segment 0 has the devices at the root: its apertures are pools of the system
 * too. Another segment's are for the windows of its host bridge, or to be
 * requested from by vmr_pool_request().
 */
struct vmr_layout_segment {
	struct vmr_pool	windows[VMR_LAYOUT_MAX_WINDOWS];
};

/**
 * struct vmr_layout_config - the description of a machine
 * @phys_bits: width of a guest physical address, 1 to 64
 * @ram: where memory is or may be plugged, VMR_KIND_MEM. An area of the machine's
 *	that is to be larger than its memory leaves room to plug more
 * @nr_ram: how many areas
 * @windows: for devices, VMR_KIND_MMIO, in the order in which they are tried
 * @nr_windows: how many
 * @platform: fixed places of the machine's devices. Nothing is placed here but
 *	what asks with VMR_EXACT or VMR_PLATFORM
 * @nr_platform: how many
 * @platform_policy: which of the places there are taken first
 * @reserved: where nothing may be placed at all, since something that is no device
 *	of the library's is there, such as an interrupt controller of KVM's
 * @nr_reserved: how many
 * @io_ports: I/O ports for automatic placement; the others are the platform's
 * @nr_segments: PCI segments, up to 65536, among which the windows are cut
 * @weights: how much of a window each segment gets; NULL for equal shares
 * @segments: memory for @nr_segments, owned by the caller; NULL if @nr_segments
 *	is 1 and nobody wants to look
 * @buses: PCI buses in each segment, 1 to 256. The addresses of segment n begin at
 *	n << 16; automatic placement is in segment 0 and leaves device 0, the host
 *	bridge, alone
 * @irq_inputs: the interrupt controllers' inputs, VMR_KIND_IRQ
 * @nr_irq_inputs: how many
 * @irq_lines: the inputs for automatic placement; the others are the platform's
 * @msi_vectors: GSIs for message-signalled interrupts
 * @separate_msi_vectors: whether @msi_vectors are numbered apart from @irq_inputs
 * @slot_last: last KVM memory slot
 * @id_last: last device instance id
 */
struct vmr_layout_config {
	uint32_t		phys_bits;
	struct vmr_span		ram[VMR_LAYOUT_MAX_RAM];
	size_t			nr_ram;
	struct vmr_layout_window	windows[VMR_LAYOUT_MAX_WINDOWS];
	size_t			nr_windows;
	struct vmr_span		platform[VMR_LAYOUT_MAX_PLATFORM];
	size_t			nr_platform;
	enum vmr_policy		platform_policy;
	struct vmr_span		reserved[VMR_LAYOUT_MAX_RESERVED];
	size_t			nr_reserved;
	struct vmr_span		io_ports;
	uint32_t		nr_segments;
	const uint32_t		*weights;
	struct vmr_layout_segment	*segments;
	uint32_t		buses;
	struct vmr_span		irq_inputs[VMR_LAYOUT_MAX_IRQ_INPUTS];
	size_t			nr_irq_inputs;
	struct vmr_span		irq_lines;
	struct vmr_span		msi_vectors;
	bool			separate_msi_vectors;
	uint32_t		slot_last;
	uint32_t		id_last;
};

/**
 * struct vmr_layout - what a machine has of its layout
 * @sys: the system
 * @reserved: the reservations
 * @nr_reserved: how many there are
 *
 * Owned by the caller. Must not be copied or moved in memory once initialised.
 */
struct vmr_layout {
	struct vmr_system	*sys;
	struct vmr_region	reserved[VMR_LAYOUT_MAX_RESERVED];
	size_t			nr_reserved;
};

/**
 * vmr_layout_x86_64 - describe a PC
 * @config: where to store the description
 * @ram: bytes of memory
 * @ram_max: bytes of memory to leave room for; 0 for @ram
 * @phys_bits: width of a guest physical address, 33 to 64; 0 for 39, which all
 *	hosts can do that can do KVM with two-level paging
 *
 * ======================= ====================================================
 * 0 - 0xbfffffff          memory, up to 3 GiB; the rest begins at 4 GiB
 * 0xc0000000 - 0xe7ffffff window
 * 0xe8000000 - 0xf7ffffff configuration space (ECAM), 256 buses
 * 0xf8000000 - 0xffffffff platform, with holes for IOAPIC, HPET, local APICs and
 *                         KVM's own pages
 * behind the memory       64-bit window, up to the end
 * ======================= ====================================================
 *
 * Interrupt lines are GSIs 0 to 23, of which 5 and up are placed automatically;
 * vectors are GSIs 24 to 4095. Ports below 0x1000 are the platform's.
 *
 * Return: 0, or
 *  - -EINVAL: @config is NULL, @ram is 0, @ram_max is below @ram, or @phys_bits
 *    is none of these;
 *  - -ENOSPC: the memory does not fit.
 */
int vmr_layout_x86_64(struct vmr_layout_config *config, uint64_t ram,
		      uint64_t ram_max, uint32_t phys_bits);

/**
 * vmr_layout_arm64 - describe an arm64 machine
 * @config: where to store the description
 * @ram: bytes of memory
 * @ram_max: bytes of memory to leave room for; 0 for @ram
 * @phys_bits: width of a guest physical address, 33 to 64; 0 for 40, which is
 *	KVM's own default
 *
 * ======================= ====================================================
 * 0 - 0x0fffffff          platform, with holes for KVM's GICv3 and ITS
 * 0x10000000 - 0x2ffeffff window
 * 0x2fff0000 - 0x2fffffff platform: I/O ports
 * 0x30000000 - 0x3fffffff configuration space (ECAM), 256 buses
 * 0x40000000 and up       memory
 * behind the memory       64-bit window, up to the end
 * ======================= ====================================================
 *
 * Interrupt lines are the GIC's shared ones, 32 to 255; vectors are GSIs of their
 * own, 0 to 4095.
 *
 * Return: as vmr_layout_x86_64().
 */
int vmr_layout_arm64(struct vmr_layout_config *config, uint64_t ram,
		     uint64_t ram_max, uint32_t phys_bits);

/**
 * vmr_layout_riscv64 - describe a riscv64 machine
 * @config: where to store the description
 * @ram: bytes of memory
 * @ram_max: bytes of memory to leave room for; 0 for @ram
 * @phys_bits: width of a guest physical address, 33 to 64; 0 for 41, that of
 *	Sv39x4
 *
 * ======================= ====================================================
 * 0 - 0x2fffffff          platform, with holes for KVM's APLIC and IMSICs
 * 0x30000000 - 0x3fffffff configuration space (ECAM), 256 buses
 * 0x40000000 - 0x7fffffff window
 * 0x80000000 and up       memory
 * behind the memory       64-bit window, up to the end
 * ======================= ====================================================
 *
 * Interrupt lines are the APLIC's sources, 1 to 95; vectors are GSIs of their own,
 * 0 to 4095.
 *
 * Return: as vmr_layout_x86_64().
 */
int vmr_layout_riscv64(struct vmr_layout_config *config, uint64_t ram,
		       uint64_t ram_max, uint32_t phys_bits);

/**
 * vmr_layout_init - make the system that a description describes
 * @layout: the layout
 * @sys: the system, which this call initialises
 * @config: the description, not needed any more afterwards, but for the names
 * @bad: where to store which part of @config is wrong, if it is one part, or NULL;
 *	of two that overlap the latter
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, a count is 0 or too large, a span is reversed, a
 *    policy or grain makes no sense, or a weight is 0;
 *  - -ERANGE: a part is outside of its domain;
 *  - -EBUSY: two of the memory, the windows, and the platform's places overlap, or
 *    two holes, or a hole and memory, or two interrupt controllers' inputs, or
 *    inputs and vectors that are not numbered apart;
 *  - -ENOSPC: a window has less than its share of grains for each segment.
 */
int vmr_layout_init(struct vmr_layout *layout, struct vmr_system *sys,
		    const struct vmr_layout_config *config,
		    const struct vmr_span **bad);

/**
 * vmr_layout_ram - where so much memory goes
 * @config: the description
 * @size: bytes of memory
 * @pieces: where to store up to VMR_LAYOUT_MAX_RAM spans, lowest first
 *
 * For who makes the memory regions: they are asked for as VMR_KIND_MEM, with
 * VMR_EXACT.
 *
 * Return: the number of pieces, or
 *  - -EINVAL: a pointer is NULL or @size is 0;
 *  - -ENOSPC: @config has no room for so much.
 */
int vmr_layout_ram(const struct vmr_layout_config *config, uint64_t size,
		   struct vmr_span *pieces);

/**
 * vmr_window_split - cut a window into apertures by weight
 * @window: from where to where; the apertures take its name
 * @grain: apertures begin at multiples of this power of two, but the first, which
 *	begins where the window does
 * @weights: the weight of each aperture; NULL for all the same
 * @nr: how many apertures
 * @apertures: where to store them
 *
 * The grains that are wholly in the window are divided by the sum of the weights,
 * and each aperture has its weight's multiple of what comes out, without the
 * remainder. The last has all that is left, to the end of the window.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @nr is 0, a weight is 0, @grain is no power of
 *    two, or @window is reversed;
 *  - -ENOSPC: there are fewer grains than the sum of the weights, and @nr is not
 *    1.
 */
int vmr_window_split(const struct vmr_span *window, uint64_t grain,
		   const uint32_t *weights, size_t nr,
		   struct vmr_span *apertures);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_LAYOUT_H */
