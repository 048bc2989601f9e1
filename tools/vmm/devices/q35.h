/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * q35.h - what a machine with a Q35 has that one with an 82440FX has not
 */
#ifndef VMM_Q35_H
#define VMM_Q35_H

#include <pthread.h>
#include <stdint.h>

#include <vmalloc/vmalloc.h>

#include "../machine/memory.h"
#include "irqdev_regs.h"
#include "messages.h"

struct vmm;

/* The second host bridge has these buses. */
#define Q35_FAR_BUS		0x80
#define Q35_FAR_LAST		0x8f

/* Four root ports, then the ports of a switch, and the one whose slot gets a card */
#define Q35_UPSTREAM		4
#define Q35_NR_PORTS		7
#define Q35_SLOT_PORT		1
#define Q35_PORT_DEVICE		0x0010
#define Q35_CARD_DEVICE		0x0011
#define Q35_CARD_BYTE		0x5a
#define Q35_VFCARD_DEVICE	0x0012
#define Q35_VF_DEVICE		0x0013
#define SLOT_CARD_DEVICE	0x0014
#define EXPRESS_HOST_DEVICE	0x0015

/* A machine that boots a kernel: its last bus, and the port of the card with VFs */
#define EXPRESS_LAST_BUS	0xff
#define EXPRESS_VFCARD_PORT	3

#define Q35_NR_LINES		16
#define Q35_PM_SIZE		128

#define IRQDEV_MAX_ENTRIES	4

/**
 * struct irqdev_state - the registers of an irqdev
 * @result: the result of raising the last vector
 * @level: of the interrupt pin
 * @count: messages that were sent
 * @vector: the last one's vector
 * @address: the address it was sent to
 * @data: its data
 * @resets: how often the function was reset
 */
struct irqdev_state {
	uint32_t	result;
	uint32_t	level;
	uint32_t	count;
	uint32_t	vector;
	uint32_t	address;
	uint32_t	data;
	uint32_t	resets;
};

/**
 * struct irqdev - a PCI function that raises interrupts
 * @device: its device id
 * @nr_entries: entries of its MSI-X table
 * @mutex: protects @state
 * @state: what a snapshot has of it
 */
struct irqdev {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_express			express;
	struct vmr_pci_reg_block		vendor;
	struct vmr_pci_af			af;
	struct vmr_pci_pm			pm;
	struct vmr_pci_msi			msi;
	struct vmr_pci_msix			msix;
	struct vmr_pci_msix_entry		entries[IRQDEV_MAX_ENTRIES];
	struct vmm				*vmm;
	uint32_t				device;
	uint32_t				nr_entries;
	pthread_mutex_t				mutex;
	struct irqdev_state			state;
};

/**
 * struct q35_lines - the interrupt lines of a host bridge
 * @high: a bit for each line that is high
 */
struct q35_lines {
	struct vmr_pci_intx		intx;
	struct vmr_pci_intx_line	lines[Q35_NR_LINES];
	uint32_t			high;
};

/**
 * struct vfcard_vf - a virtual function
 * @number: its number, from 0
 */
struct vfcard_vf {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_express			express;
	unsigned int				number;
};

/**
 * struct vfcard - a card with a resizable BAR and virtual functions
 * @vfs: the functions in @vf
 */
struct vfcard {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_express			express;
	struct vmr_pci_ari			ari;
	struct vmr_pci_rebar			rebar;
	struct vmr_pci_sriov			sriov;
	struct vfcard_vf			vf[IRQDEV_NR_VFS];
	struct vmr_pci_function			*vfs[IRQDEV_NR_VFS];
};

/**
 * struct slot_card - a card for a slot of a machine that boots a kernel
 * @memory: the memory behind its second BAR
 */
struct slot_card {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_express			express;
	struct vmm_memory			memory;
};

/**
 * struct q35 - host bridges, ISA bridge, and functions that raise interrupts
 * @mch: the host bridge as a function: the guest places the ECAM by it
 * @lpc: the ISA bridge: it routes pins to lines, and has the power management ports
 * @pm: these ports
 * @pm_regs: their contents
 * @mutex: protects @pm_regs
 * @far: the second host bridge
 * @bridge: a PCI bridge below the second host bridge
 * @ecam: configuration space of the first and of the second host bridge
 * @lines: their interrupt lines
 * @ports: four root ports, an upstream port, and two downstream ports
 * @messages: the vector of each port, if KVM delivers it
 * @slot_card: a card for the slot of a root port
 * @cards: a card for each slot, of a machine that boots a kernel
 * @vfcard: a card with virtual functions
 */
struct q35 {
	struct vmr_pci_function	mch;
	struct vmr_pci_function	lpc;
	struct vmr_region	pm;
	uint8_t			pm_regs[Q35_PM_SIZE];
	pthread_mutex_t		mutex;
	struct vmr_pci_host	far;
	struct vmr_pci_bridge	bridge;
	struct vmr_pci_ecam	ecam[2];
	struct q35_lines	lines[2];
	struct irqdev		irqdevs[NR_IRQDEVS];
	struct vmr_pci_port	ports[Q35_NR_PORTS];
	struct messages		messages[Q35_NR_PORTS];
	struct vmr_pci_function	slot_card;
	struct slot_card	cards[Q35_NR_PORTS];
	struct vfcard		vfcard;
};

/* q35.c */
int q35_register(struct vmm *vmm);
int q35_mch_register(struct vmm *vmm);
uint32_t q35_lines(const struct vmm *vmm);

/* express.c */
int express_register(struct vmm *vmm);

/* slot_card.c */
int slot_cards_init(struct vmm *vmm);

/* ports.c */
int q35_ports_register(struct vmm *vmm);
struct vmr_pci_port *q35_slot(struct vmm *vmm);

/* vfcard.c */
int vfcard_register(struct vmm *vmm);

/* irqdev.c */
int irqdevs_register(struct vmm *vmm);

#endif /* VMM_Q35_H */
