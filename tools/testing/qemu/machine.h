/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * machine.h - the machine that both sides have: a topology, in QEMU and in the library
 *
 * A topology is a list of nodes, which are PCI functions. It is read from a file. The
 * identification, the BARs and the capabilities of a function are learned from QEMU, and
 * the library's own calls make its function from that.
 */
#ifndef VMR_QEMU_MACHINE_H
#define VMR_QEMU_MACHINE_H

#include <linux/pci_regs.h>

#include <vmalloc/pci.h>
#include <vmalloc/pci_ari.h>
#include <vmalloc/pci_port.h>
#include <vmalloc/pci_sriov.h>
#include <vmalloc/system.h>

#include "qemu.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define MAX_NODES	40
#define MAX_BLOCKS	40
#define MAX_ENTRIES	64
#define MAX_FIXED	128
#define MAX_HOSTS	4
#define MAX_ARGS	96
#define MAX_KEYS	512
#define MAX_VFS		8
#define NR_BARS		VMR_PCI_NR_BARS

#define ECAM_BASE	0xb0000000ull
#define LEARN_MEM	0x40000000u	/* BARs while they are learned */
#define LEARN_IO	0x8000u

/* A contiguous part of a BAR that a region of QEMU answers */
struct layout {
	uint32_t	start, last;
};

/**
 * struct learned_bar - what a BAR of QEMU is
 * @type: enum vmr_pci_bar_type
 * @layout: the parts that are not holes, in order
 * @probed: whether @probe is known
 * @probe: what a read of the first 4 bytes gives
 */
struct learned_bar {
	uint8_t		type;
	bool		prefetchable;
	uint64_t	size;
	struct layout	layout[16];
	unsigned int	nr_layout;
	bool		probed;
	uint32_t	probe;
};

/**
 * struct node - a function on both sides
 * @id: its name in the topology and in QEMU
 * @driver: the name of QEMU's device and its properties
 * @parent: the bridge or host bridge above, NULL at the root
 * @devfn: device << 3 | function
 * @builtin: whether the machine has it without being asked
 * @bus: of a host bridge: its first bus number; else 0
 * @removable: whether the traffic unplugs it
 * @pf: of a virtual function: its physical one
 * @bdf: its number while it is learned
 * @config: the registers after a reset of QEMU
 * @wmask: the bits of capabilities that the library does not know that can be written
 * @end: the end of the last extended capability
 */
struct node {
	char			id[24];
	char			driver[160];
	struct node		*parent;
	unsigned int		devfn;
	bool			builtin;
	bool			removable;
	struct node		*pf;
	unsigned int		bus;
	/* learned */
	unsigned int		bdf;
	unsigned int		learn_secondary;
	uint8_t			config[VMR_PCI_EXPRESS_CONFIG_SIZE];
	uint8_t			wmask[VMR_PCI_EXPRESS_CONFIG_SIZE];
	struct learned_bar	bars[NR_BARS];
	struct learned_bar	vf_bars[VMR_PCI_SRIOV_NR_BARS];
	bool			is_bridge, express;
	uint32_t		end;
	/* the library's side */
	struct vmr_pci_bridge	own_bridge;
	struct vmr_pci_port	port;
	struct vmr_pci_function	function;
	struct vmr_pci_function	*fn;
	bool			removal_requested;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_msi	msi;
	struct vmr_pci_msix	msix;
	struct vmr_pci_msix_entry	entries[MAX_ENTRIES];
	struct vmr_pci_pm	pm;
	struct vmr_pci_express	exp;
	struct vmr_pci_af	af;
	struct vmr_pci_ari	ari;
	struct vmr_pci_sriov	sriov;
	struct vmr_pci_function	*vfs[MAX_VFS];
	struct vmr_pci_reg_block	blocks[MAX_BLOCKS];
	unsigned int		nr_blocks;
	/* the bytes that the guest has written since the last reset */
	uint8_t			written[VMR_PCI_EXPRESS_CONFIG_SIZE];
};

/* A region of QEMU's map by name and owner, and what it belongs to */
struct key {
	char		text[112];
	int		node;
	int		bar;
};

/* Addresses that QEMU's board has, from its map before any BAR is programmed */
struct fixed {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_constraint	constraint;
	struct vmr_resource	resource;
	uint8_t			io;
	uint64_t		start, last;
};

/**
 * struct machine - the machine on both sides
 */
struct machine {
	char			name[32];
	char			*args[MAX_ARGS];
	unsigned int		nr_args;
	struct node		nodes[MAX_NODES];
	unsigned int		nr_nodes;
	struct key		keys[MAX_KEYS];
	unsigned int		nr_keys;
	struct fixed		fixed[MAX_FIXED];
	unsigned int		nr_fixed;
	struct qemu		q;
	bool			running;
	/* the library's side */
	struct vmr_system	sys;
	struct vmr_manager	manager;
	struct vmr_reader	reader;
	struct vmr_pci_host	hosts[MAX_HOSTS];
	struct vmr_pci_ecam	ecam[MAX_HOSTS];
	unsigned int		nr_hosts;
	struct vmr_pci_conf1	conf1;
};

extern struct machine machine;

/* topology.c: read the topology @name of a file, or the one with @index */
bool topology_read(const char *path, const char *name, unsigned int index);
struct node *node_by_id(const char *id);

/* topology.c: start QEMU with it, and with ECAM switched on */
void topology_start(void);
void topology_enable_ecam(void);

/* learn.c: learn what QEMU's functions are; resets QEMU */
void learn(void);

/* model.c: make the library's machine; plug a card; ask the guest to let one go */
void model_up(void);
bool model_plug(struct node *node);
bool model_unplug(struct node *node);
void model_reset(void);

/* model.c: accesses of the guest on the library's side; -1 for ones */
uint64_t model_read(enum vmr_io io, uint64_t addr, unsigned int width);
void model_write(enum vmr_io io, uint64_t addr, uint64_t value,
		 unsigned int width);

static inline uint32_t get16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static inline uint32_t get32(const uint8_t *p)
{
	return get16(p) | get16(p + 2) << 16;
}

static inline void put32(uint8_t *p, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		p[i] = value >> 8 * i;
}

/* The port type of a function with a PCI Express capability, -1 without one */
int node_port_type(const struct node *node);

static inline struct vmr_pci_bridge *node_bridge(const struct node *node)
{
	return node->fn->bridge;
}

static inline bool node_present(const struct node *node)
{
	return node->fn && node->fn->manager;
}

#endif /* VMR_QEMU_MACHINE_H */
