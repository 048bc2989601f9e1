// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * slot.c - the registers of the slots of PCI Express ports
 *
 * The state of a slot is in PCI_EXP_SLTCTL and PCI_EXP_SLTSTA, and in the state of the
 * functions in it: whether their removal is pending. A port without a slot has zeroes
 * in these registers. tools/testing/spin/slot.pml has a model of a driver.
 */
#include "pci.h"

/* The events whose enable bits are at the same places in PCI_EXP_SLTCTL */
#define EVENTS \
	(PCI_EXP_SLTSTA_ABP | PCI_EXP_SLTSTA_PFD | PCI_EXP_SLTSTA_MRLSC | \
	 PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_CC)

/* The states, which are no events */
#define STATES \
	(PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_MRLSS | PCI_EXP_SLTSTA_EIS)

static void set_control(struct vmr_pci_port *port, uint32_t value)
{
	vmr_pci_port_set_reg(port, PCI_EXP_SLTCTL, value);
}

static void set_status(struct vmr_pci_port *port, uint32_t value)
{
	vmr_pci_port_set_reg(port, PCI_EXP_SLTSTA, value);
}

bool vmr_pci_is_occupied(const struct vmr_pci_port *port)
{
	const struct vmr_pci_place place = vmr_pci_behind(&port->bridge);

	return vmr_pci_next_at(&place, NULL);
}

bool vmr_pci_has_slot(const struct vmr_pci_port *port)
{
	return vmr_pci_port_reg(port, PCI_EXP_FLAGS) & PCI_EXP_FLAGS_SLOT;
}

bool vmr_pci_slot_has(const struct vmr_pci_port *port, uint32_t flag)
{
	return get_le32(&port->space.config[port->express.reg_block.offset +
					    PCI_EXP_SLTCAP]) & flag;
}

/* The bit is 0 in a slot without a power controller */
bool vmr_pci_slot_has_power(const struct vmr_pci_port *port)
{
	return !(vmr_pci_port_reg(port, PCI_EXP_SLTCTL) & PCI_EXP_SLTCTL_PCC);
}

/* Whether @control says that the guest has let go of a card */
static bool is_off(const struct vmr_pci_port *port, uint32_t control)
{
	if (vmr_pci_slot_has(port, PCI_EXP_SLTCAP_PCP) &&
	    !(control & PCI_EXP_SLTCTL_PCC))
		return false;
	if (vmr_pci_slot_has(port, PCI_EXP_SLTCAP_PIP))
		return (control & PCI_EXP_SLTCTL_PIC) ==
		       PCI_EXP_SLTCTL_PWR_IND_OFF;
	return vmr_pci_slot_has(port, PCI_EXP_SLTCAP_PCP);
}

bool vmr_pci_slot_is_off(const struct vmr_pci_port *port)
{
	return is_off(port, vmr_pci_port_reg(port, PCI_EXP_SLTCTL));
}

/* Power and power indicator as a reset leaves them */
static void init_power(struct vmr_pci_port *port, bool occupied)
{
	uint32_t control = vmr_pci_port_reg(port, PCI_EXP_SLTCTL);

	if (vmr_pci_slot_has(port, PCI_EXP_SLTCAP_PCP)) {
		control &= ~PCI_EXP_SLTCTL_PCC;
		control |= occupied ? 0 : PCI_EXP_SLTCTL_PWR_OFF;
	}
	if (vmr_pci_slot_has(port, PCI_EXP_SLTCAP_PIP)) {
		control &= ~PCI_EXP_SLTCTL_PIC;
		control |= occupied ? PCI_EXP_SLTCTL_PWR_IND_ON :
				      PCI_EXP_SLTCTL_PWR_IND_OFF;
	}
	set_control(port, control);
}

uint32_t vmr_pci_slot_masks(uint32_t cap, uint32_t *wmask, uint32_t *w1cmask)
{
	uint32_t value = 0;

	*wmask = 0;
	*w1cmask = PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_DLLSC;
	if (cap & PCI_EXP_SLTCAP_ABP)
		*w1cmask |= PCI_EXP_SLTSTA_ABP;
	if (cap & PCI_EXP_SLTCAP_PCP) {
		*wmask |= PCI_EXP_SLTCTL_PCC;
		*w1cmask |= PCI_EXP_SLTSTA_PFD;
		value |= PCI_EXP_SLTCTL_PWR_OFF;
	}
	if (cap & PCI_EXP_SLTCAP_MRLSP) {
		*w1cmask |= PCI_EXP_SLTSTA_MRLSC;
		value |= PCI_EXP_SLTSTA_MRLSS << 16;
	}
	if (cap & PCI_EXP_SLTCAP_AIP) {
		*wmask |= PCI_EXP_SLTCTL_AIC;
		value |= PCI_EXP_SLTCTL_ATTN_IND_OFF;
	}
	if (cap & PCI_EXP_SLTCAP_PIP) {
		*wmask |= PCI_EXP_SLTCTL_PIC;
		value |= PCI_EXP_SLTCTL_PWR_IND_OFF;
	}
	if (!(cap & PCI_EXP_SLTCAP_HPC))
		return value;
	if (!(cap & PCI_EXP_SLTCAP_NCCS))
		*w1cmask |= PCI_EXP_SLTSTA_CC;
	*wmask |= (*w1cmask & EVENTS) | PCI_EXP_SLTCTL_HPIE |
		  PCI_EXP_SLTCTL_DLLSCE;
	return value;
}

void vmr_pci_slot_event(struct vmr_pci_port *port, uint32_t event)
{
	if (vmr_pci_has_slot(port))
		set_status(port, vmr_pci_port_reg(port, PCI_EXP_SLTSTA) | event);
}

static void clear_event(struct vmr_pci_port *port, uint32_t events)
{
	set_status(port, vmr_pci_port_reg(port, PCI_EXP_SLTSTA) & ~events);
}

void vmr_pci_slot_clear_events(struct vmr_pci_port *port)
{
	clear_event(port, EVENTS | PCI_EXP_SLTSTA_DLLSC);
}

bool vmr_pci_slot_wants_service(const struct vmr_pci_port *port,
				const uint8_t *config)
{
	const uint8_t *cap = &config[port->express.reg_block.offset];
	uint32_t control = get_le16(&cap[PCI_EXP_SLTCTL]);
	uint32_t status = get_le16(&cap[PCI_EXP_SLTSTA]);

	if (!(control & PCI_EXP_SLTCTL_HPIE))
		return false;
	return (status & control & EVENTS) ||
	       (status & PCI_EXP_SLTSTA_DLLSC &&
		control & PCI_EXP_SLTCTL_DLLSCE);
}

/* Whether an earlier change of presence will have a driver look at the slot */
static bool is_unnoticed(const struct vmr_pci_port *port)
{
	return vmr_pci_port_reg(port, PCI_EXP_SLTSTA) & PCI_EXP_SLTSTA_PDC &&
	       vmr_pci_slot_wants_service(port, port->space.config);
}

/*
 * The button asks a driver for power. It is not pressed with the power on, since that
 * would ask for a removal. It is not pressed beside an unnoticed change of presence: a
 * button that the driver notices after it has looked at the slot would ask for a
 * removal. Linux enables no event for the presence in a slot with a button, and without
 * a button it would never notice a card that comes after one was pulled.
 */
static uint32_t events_of_presence(const struct vmr_pci_port *port, bool occupied)
{
	uint32_t events = PCI_EXP_SLTSTA_PDC;

	if (vmr_pci_slot_has(port, PCI_EXP_SLTCAP_MRLSP))
		events |= PCI_EXP_SLTSTA_MRLSC;
	if (occupied && vmr_pci_slot_has(port, PCI_EXP_SLTCAP_ABP) &&
	    vmr_pci_slot_is_off(port) && !is_unnoticed(port))
		events |= PCI_EXP_SLTSTA_ABP;
	return events;
}

void vmr_pci_slot_update_presence(struct vmr_pci_port *port)
{
	uint32_t status = vmr_pci_port_reg(port, PCI_EXP_SLTSTA);
	bool occupied = vmr_pci_is_occupied(port);

	if (!vmr_pci_has_slot(port) || occupied == !!(status & PCI_EXP_SLTSTA_PDS))
		return;
	status ^= PCI_EXP_SLTSTA_PDS;
	if (vmr_pci_slot_has(port, PCI_EXP_SLTCAP_MRLSP))
		status ^= PCI_EXP_SLTSTA_MRLSS;
	/* An unnoticed button was meant for the card that is gone */
	if (!occupied)
		status &= ~(PCI_EXP_SLTSTA_EIS | PCI_EXP_SLTSTA_ABP);
	if (!(vmr_pci_port_reg(port, PCI_EXP_SLTCTL) & PCI_EXP_SLTCTL_HPIE))
		init_power(port, occupied);
	set_status(port, status | events_of_presence(port, occupied));
}

static void cancel_removal(const struct vmr_pci_port *port)
{
	const struct vmr_pci_place place = vmr_pci_behind(&port->bridge);

	vmr_pci_cancel_removal(&place);
}

void vmr_pci_slot_reset(struct vmr_pci_port *port)
{
	if (!vmr_pci_has_slot(port))
		return;
	init_power(port, vmr_pci_is_occupied(port));
	cancel_removal(port);
}

/* The control register before a write that includes at least a byte of it */
static uint32_t old_control(const struct vmr_pci_port *port,
			    const struct vmr_pci_write *write)
{
	uint32_t at = port->express.reg_block.offset + PCI_EXP_SLTCTL, i;
	uint32_t control = get_le16(&port->space.config[at]);

	for (i = 0; i < 2; i++)
		if (vmr_pci_writes(write, at + i, 1)) {
			control &= ~(0xffu << 8 * i);
			control |= (write->old_value >>
				    8 * (at + i - write->offset) & 0xff)
				   << 8 * i;
		}
	return control;
}

/* The bit reads 0: it is not stored */
static void toggle_interlock(struct vmr_pci_port *port,
			     const struct vmr_pci_write *write)
{
	uint32_t high = port->express.reg_block.offset + PCI_EXP_SLTCTL + 1;

	if (vmr_pci_slot_has(port, PCI_EXP_SLTCAP_EIP) &&
	    vmr_pci_writes(write, high, 1) &&
	    write->written >> 8 * (high - write->offset) &
		    (PCI_EXP_SLTCTL_EIC >> 8))
		set_status(port, vmr_pci_port_reg(port, PCI_EXP_SLTSTA) ^
					 PCI_EXP_SLTSTA_EIS);
}

/*
 * When the guest lets go of a card, a button that it has not noticed asks for nothing
 * any more: it would ask for power. When it takes the card back, no removal is pending.
 */
bool vmr_pci_slot_written(struct vmr_pci_port *port,
			  const struct vmr_pci_write *write)
{
	uint32_t at = port->express.reg_block.offset + PCI_EXP_SLTCTL;
	bool was_off, released;

	if (!vmr_pci_has_slot(port) || !vmr_pci_writes(write, at, 2))
		return false;
	was_off = is_off(port, old_control(port, write));
	released = !was_off && vmr_pci_slot_is_off(port) &&
		   vmr_pci_is_occupied(port);
	if (released)
		clear_event(port, PCI_EXP_SLTSTA_ABP);
	if (was_off && !vmr_pci_slot_is_off(port))
		cancel_removal(port);
	toggle_interlock(port, write);
	if (vmr_pci_slot_has(port, PCI_EXP_SLTCAP_HPC) &&
	    !vmr_pci_slot_has(port, PCI_EXP_SLTCAP_NCCS))
		vmr_pci_slot_event(port, PCI_EXP_SLTSTA_CC);
	return released;
}

bool vmr_pci_slot_state_valid(const struct vmr_pci_port *port, uint32_t status,
			      bool occupied)
{
	uint32_t expected = 0;

	if (vmr_pci_has_slot(port) && occupied)
		expected = PCI_EXP_SLTSTA_PDS;
	else if (vmr_pci_slot_has(port, PCI_EXP_SLTCAP_MRLSP))
		expected = PCI_EXP_SLTSTA_MRLSS;
	/* The guest may have engaged an interlock or not */
	if (vmr_pci_slot_has(port, PCI_EXP_SLTCAP_EIP))
		status &= ~PCI_EXP_SLTSTA_EIS;
	return (status & STATES) == expected;
}
