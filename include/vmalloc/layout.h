/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * layout.h - the address maps of common machines
 */
#ifndef VMALLOC_LAYOUT_H
#define VMALLOC_LAYOUT_H

#include <vmalloc/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A layout describes the address domains of a machine: memory, windows for devices,
 * the platform's fixed addresses, interrupt lines and interrupt vectors. For each
 * architecture one call fills in a configuration that guests support. The caller
 * may change the configuration. Another call initialises a system from it::
 *
 *	vmr_layout_x86_64(&config, 8 * GIB, 0, 46);
 *	config.nr_segments = 1;
 *	vmr_layout_init(&layout, &system, &config, NULL);
 *
 * Automatic placement in windows goes from the top down. A guest that places BARs
 * itself begins at the bottom, which is therefore free.
 *
 * The caller provides all memory. The system links struct vmr_layout, which must
 * therefore not move. The library allocates no memory.
 *
 * All calls are update-side calls, and the caller serialises them.
 *
 * vmr_layout_init() takes O(n) for n segments; the numbers of areas, windows and
 * reservations are bounded by constants.
 */

#define VMR_LAYOUT_MAX_RAM		2
#define VMR_LAYOUT_MAX_WINDOWS		4
#define VMR_LAYOUT_MAX_PLATFORM		4
#define VMR_LAYOUT_MAX_RESERVED		12
#define VMR_LAYOUT_MAX_IRQ_INPUTS	3

/* Or'ed to a width: the 64-bit window may extend above 46 bits */
#define VMR_LAYOUT_WIDE			0x100u

#define VMR_WINDOW_ALIGN_32	0x1000ull	/* below 4 GiB */
#define VMR_WINDOW_ALIGN_64		0x100000000ull	/* above */

/**
 * struct vmr_layout_window - guest physical addresses for devices
 * @span: the addresses
 * @flags: what a request must allow to be placed here: VMR_64BIT,
 *	VMR_PREFETCHABLE
 * @policy: the policy of automatic placement
 * @align: alignment of the apertures of segments, in bytes, a power of two
 */
struct vmr_layout_window {
	struct vmr_span	span;
	uint32_t	flags;
	enum vmr_policy	policy;
	uint64_t	align;
};

/**
 * struct vmr_layout_segment - the apertures of a PCI segment
 * @windows: its aperture of each window, in the order of the windows; further
 *	entries have no space
 *
 * Segment 0 contains the devices at the root: its apertures are also pools of the
 * system. The apertures of another segment are for the windows of its host bridge,
 * or for vmr_pool_request().
 */
struct vmr_layout_segment {
	struct vmr_pool	windows[VMR_LAYOUT_MAX_WINDOWS];
};

/**
 * struct vmr_layout_config - the configuration of a machine
 * @phys_bits: width of a guest physical address, 1 to 64
 * @ram: the areas of memory, VMR_KIND_MEM; may be larger than the memory of the
 *	machine, to plug more later
 * @nr_ram: number of areas
 * @windows: windows for devices, VMR_KIND_MMIO, in the order of placement
 * @nr_windows: number of windows
 * @platform: fixed addresses of the machine's devices; only requests with
 *	VMR_EXACT or VMR_PLATFORM are placed here
 * @nr_platform: number of these spans
 * @platform_policy: the policy of automatic placement in them
 * @reserved: addresses in which nothing may be placed, since they belong to a
 *	device outside the library, such as an interrupt controller in KVM
 * @nr_reserved: number of reserved spans
 * @io_ports: I/O ports for automatic placement; other ports are the platform's
 * @nr_segments: number of PCI segments that share the windows, 1 to 65536
 * @weights: the share of each segment in the windows; NULL for equal shares
 * @segments: array of @nr_segments entries, filled in by vmr_layout_init(), owned
 *	by the caller; may be NULL if @nr_segments is 1
 * @buses: number of PCI buses in each segment, 1 to 256. The BDFs of segment n
 *	begin at n << 16. Automatic placement is in segment 0 and excludes device
 *	0, the host bridge
 * @irq_inputs: the inputs of the interrupt controllers, VMR_KIND_IRQ
 * @nr_irq_inputs: number of these spans
 * @irq_lines: inputs for automatic placement; other inputs are the platform's
 * @msi_vectors: GSIs for message-signalled interrupts
 * @separate_msi_vectors: whether @msi_vectors are numbered separately from
 *	@irq_inputs
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
 * struct vmr_layout - the reservations of a machine
 * @sys: the system
 * @reserved: the reservations
 * @nr_reserved: number of reservations
 *
 * Owned by the caller. Must not be copied or moved in memory once initialised.
 */
struct vmr_layout {
	struct vmr_system	*sys;
	struct vmr_region	reserved[VMR_LAYOUT_MAX_RESERVED];
	size_t			nr_reserved;
};

/**
 * vmr_layout_x86_64 - fill in the configuration of a PC
 * @config: receives the configuration
 * @ram: bytes of memory
 * @ram_max: bytes of memory that can be plugged in all; 0 for @ram. All of them can
 *	be plugged in blocks of a power of two up to 1 GiB, aligned to their size
 * @phys_bits: width of a guest physical address, 33 to 64; 0 for 39, which every
 *	host with KVM and two-level paging supports. The 64-bit window ends at 46
 *	bits, unless %VMR_LAYOUT_WIDE is or'ed to the width
 *
 * ======================= ====================================================
 * 0 - 0xbfffffff          memory, up to 3 GiB; the rest begins at 4 GiB
 * 0xc0000000 - 0xcfffffff configuration space (ECAM), 256 buses
 * 0xd0000000 - 0xf7ffffff window
 * 0xf8000000 - 0xffffffff platform; IOAPIC, HPET, local APICs and KVM's own pages
 *                         are reserved
 * after the memory        64-bit window, up to the end or to 46 bits
 * ======================= ====================================================
 *
 * AMD's processors reserve 0xfd00000000 to 0xffffffffff for HyperTransport. No memory
 * and no window are there: memory above 4 GiB that would reach it begins at 1 TiB, and
 * so does the 64-bit window of a machine with more than 40 bits.
 *
 * Interrupt lines are GSIs 0 to 23, of which 5 and up are for automatic placement.
 * Vectors are GSIs 24 to 4095. Ports below 0x1000 are the platform's.
 *
 * Return: 0, or
 *  - -EINVAL: @config is NULL, @ram is 0, @ram_max is below @ram, or @phys_bits is
 *    invalid;
 *  - -ENOSPC: the memory does not fit, or the room for aligned blocks does not.
 */
int vmr_layout_x86_64(struct vmr_layout_config *config, uint64_t ram,
		      uint64_t ram_max, uint32_t phys_bits);

/**
 * vmr_layout_arm64 - fill in the configuration of an arm64 machine
 * @config: receives the configuration
 * @ram: bytes of memory
 * @ram_max: as for vmr_layout_x86_64()
 * @phys_bits: as for vmr_layout_x86_64(); 0 for 40, the
 *	default of KVM
 *
 * ======================= ====================================================
 * 0 - 0x0fffffff          platform; KVM's GICv3 and ITS are reserved
 * 0x10000000 - 0x2ffeffff window
 * 0x2fff0000 - 0x2fffffff platform: I/O ports
 * 0x30000000 - 0x3fffffff configuration space (ECAM), 256 buses
 * 0x40000000 and up       memory
 * after the memory        64-bit window, up to the end or to 46 bits
 * ======================= ====================================================
 *
 * Interrupt lines are the shared interrupts of the GIC, 32 to 255. Vectors are
 * GSIs with separate numbers, 0 to 4095.
 *
 * Return: as vmr_layout_x86_64().
 */
int vmr_layout_arm64(struct vmr_layout_config *config, uint64_t ram,
		     uint64_t ram_max, uint32_t phys_bits);

/**
 * vmr_layout_riscv64 - fill in the configuration of a riscv64 machine
 * @config: receives the configuration
 * @ram: bytes of memory
 * @ram_max: as for vmr_layout_x86_64()
 * @phys_bits: as for vmr_layout_x86_64(); 0 for 41, the
 *	width of Sv39x4
 *
 * ======================= ====================================================
 * 0 - 0x2fffffff          platform; KVM's APLIC and IMSICs are reserved
 * 0x30000000 - 0x3fffffff configuration space (ECAM), 256 buses
 * 0x40000000 - 0x7fffffff window
 * 0x80000000 and up       memory
 * after the memory        64-bit window, up to the end or to 46 bits
 * ======================= ====================================================
 *
 * Interrupt lines are the sources of the APLIC, 1 to 95. Vectors are GSIs with
 * separate numbers, 0 to 4095.
 *
 * Return: as vmr_layout_x86_64().
 */
int vmr_layout_riscv64(struct vmr_layout_config *config, uint64_t ram,
		       uint64_t ram_max, uint32_t phys_bits);

/**
 * vmr_layout_init - initialise a system from a configuration
 * @layout: the layout
 * @sys: the system, which this call initialises
 * @config: the configuration; the caller may reuse it afterwards, but the names in
 *	it must remain valid
 * @invalid: receives the span of @config that is invalid, if a single span is; of
 *	two that overlap, the second one; may be NULL
 *
 * Checks the whole configuration before it changes @layout or @sys.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, the width of an address or a count is invalid, a span
 *    is reversed, a policy or an alignment is invalid, or a weight is 0;
 *  - -ERANGE: a span is outside of its domain;
 *  - -EBUSY: two of the memory, the windows, and the platform's spans overlap, or
 *    two reserved spans, or a reserved span and memory, or two interrupt
 *    controllers' inputs, or inputs and vectors that are not numbered separately;
 *  - -ENOSPC: a window has fewer multiples of its alignment than the segments need.
 */
int vmr_layout_init(struct vmr_layout *layout, struct vmr_system *sys,
		    const struct vmr_layout_config *config,
		    const struct vmr_span **invalid);

/**
 * vmr_layout_ram - split memory among the areas of a configuration
 * @config: the configuration
 * @size: bytes of memory
 * @spans: receives up to VMR_LAYOUT_MAX_RAM spans, lowest first
 *
 * The caller requests the memory regions at these spans, with VMR_KIND_MEM and
 * VMR_EXACT.
 *
 * Return: the number of spans, or
 *  - -EINVAL: a pointer is NULL, @size is 0, or @config has too many areas;
 *  - -ENOSPC: the areas of @config are too small.
 */
int vmr_layout_ram(const struct vmr_layout_config *config, uint64_t size,
		   struct vmr_span *spans);

/**
 * vmr_window_split - split a window into apertures by weight
 * @window: the addresses; the apertures take its name
 * @align: alignment in bytes, a power of two, of all apertures except the first,
 *	which begins at the start of the window
 * @weights: the weight of each aperture; NULL for equal weights
 * @nr: number of apertures
 * @apertures: receives the apertures
 *
 * The share is the number of aligned blocks of @align bytes inside the window,
 * divided by the sum of the weights and rounded down. Each aperture has its weight
 * times the share in blocks. The last one extends to the end of the window.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @nr is 0, a weight is 0, @align is no power of
 *    two, or @window is reversed;
 *  - -ENOSPC: there are fewer blocks than the sum of the weights, and @nr is not 1.
 */
int vmr_window_split(const struct vmr_span *window, uint64_t align,
		     const uint32_t *weights, size_t nr,
		     struct vmr_span *apertures);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_LAYOUT_H */
