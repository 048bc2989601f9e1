// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * slot_steps.c - a Linux guest whose own driver controls the slots
 *
 * A card has to be on the guest's side what it is on ours: plugged and used, asked for,
 * switched off by the guest, or gone without a request while the guest uses it.
 */
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"

#define ROOT_SLOT	2	/* of a root port */
#define OTHER_SLOT	3
#define SWITCH_SLOT	6	/* of a downstream port */
#define LAST_SLOT	7

#define CARD		"/sys/bus/pci/devices/0000:%02x:00.0"
#define REGISTERS	CARD "/resource0"
#define MEMORY		CARD "/resource2"
#define POLL_US		10000
#define POLLS		3000

/* The bus number that the guest gave to the port of a slot */
static unsigned int bus_of(struct vmm *vmm, unsigned int slot)
{
	return slot_port(vmm, slot)->bridge.fn.config[PCI_SECONDARY_BUS];
}

static int fault(const char *what, unsigned int slot, int err)
{
	vmm_err("slot %u: %s: %s", slot, what, vmr_strerror(err));
	return -1;
}

static int plug(struct comparison *c, unsigned int slot)
{
	int err = slot_plug(c->vmm, slot);

	if (err)
		return fault("plug", slot, err);
	c->plugs++;
	return 0;
}

/*
 * The guest has found the card, and has placed its BARs. The memory is too large for
 * the windows of the ports: Linux moves the window of a root port, and has no place for
 * the memory behind a switch.
 */
static int await_card(struct comparison *c, unsigned int slot)
{
	return guest_command(c->vmm, "await " REGISTERS, bus_of(c->vmm, slot));
}

static int await_gone(struct comparison *c, unsigned int slot)
{
	return guest_command(c->vmm, "gone " CARD, bus_of(c->vmm, slot));
}

static bool is_empty(struct vmm *vmm, unsigned int slot)
{
	return slot_state(vmm, slot) == VMR_PCI_SLOT_EMPTY;
}

static int await(struct comparison *c, unsigned int slot,
		 bool (*reached)(struct vmm *vmm, unsigned int slot),
		 const char *fault)
{
	unsigned int i;

	for (i = 0; i < POLLS; i++) {
		if (reached(c->vmm, slot))
			return 0;
		usleep(POLL_US);
	}
	vmm_err("slot %u: %s", slot, fault);
	return -1;
}

/* The card is out of the slot, since the guest has let it go. */
static int await_empty(struct comparison *c, unsigned int slot)
{
	return await(c, slot, is_empty, "the guest does not let the card go");
}

/*
 * The guest has finished with a card that was pulled. Before that it would switch off,
 * and so let go, a card that is added.
 */
static int await_off(struct comparison *c, unsigned int slot)
{
	return await(c, slot, slot_is_off, "the guest does not switch it off");
}

/* Plug a card, and have the guest ask for it to be taken. */
static int requested_removal(struct comparison *c)
{
	int err;

	if (plug(c, ROOT_SLOT) || await_card(c, ROOT_SLOT) ||
	    guest_compare(c, "a card is in the slot of a root port"))
		return -1;
	err = slot_request_removal(c->vmm, ROOT_SLOT);
	if (err)
		return fault("request", ROOT_SLOT, err);
	if (await_empty(c, ROOT_SLOT) || await_gone(c, ROOT_SLOT))
		return -1;
	return guest_compare(c, "the guest has let it go");
}

/* The guest switches a slot off, and on again with the card still in it. */
static int guest_power(struct comparison *c)
{
	int err;

	if (guest_command(c->vmm, "write /sys/bus/pci/slots/%u/power 0",
			  ROOT_SLOT) ||
	    await_gone(c, ROOT_SLOT) ||
	    guest_compare(c, "the guest has switched a slot off") ||
	    guest_command(c->vmm, "write /sys/bus/pci/slots/%u/power 1",
			  ROOT_SLOT) ||
	    await_card(c, ROOT_SLOT) ||
	    guest_compare(c, "and on again") ||
	    guest_command(c->vmm, "write /sys/bus/pci/slots/%u/power 0",
			  ROOT_SLOT))
		return -1;
	err = slot_unplug(c->vmm, ROOT_SLOT);
	return err ? fault("unplug", ROOT_SLOT, err) : 0;
}

static long traffic(struct vmm *vmm)
{
	char *answer = agent_ask(vmm, "count");
	long count = 0;

	if (!answer || sscanf(answer, "result %ld", &count) != 1)
		count = 0;
	free(answer);
	return count;
}

/* The guest goes on to use a card. */
static int await_use(struct vmm *vmm)
{
	long before = traffic(vmm);
	unsigned int i;

	for (i = 0; i < POLLS; i++) {
		if (traffic(vmm) >= before + 20)
			return 0;
		usleep(POLL_US);
	}
	vmm_err("the guest does not use the card");
	return -1;
}

static int use(struct comparison *c, unsigned int slot)
{
	if (guest_command(c->vmm, "traffic " REGISTERS, bus_of(c->vmm, slot)))
		return -1;
	if (slot != SWITCH_SLOT &&
	    guest_command(c->vmm, "traffic " MEMORY, bus_of(c->vmm, slot)))
		return -1;
	return await_use(c->vmm);
}

/* A card is pulled while the guest uses it. */
static int surprise(struct comparison *c, unsigned int slot)
{
	int err;

	if (use(c, slot))
		return -1;
	err = slot_unplug(c->vmm, slot);
	return err ? fault("unplug", slot, err) : 0;
}

/* Cards in three slots: one is switched off by the guest, the others leave in use. */
static int three_cards(struct comparison *c)
{
	static const unsigned int slots[] = { ROOT_SLOT, OTHER_SLOT,
					      SWITCH_SLOT };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(slots); i++)
		if (plug(c, slots[i]))
			return -1;
	for (i = 0; i < ARRAY_SIZE(slots); i++)
		if (await_card(c, slots[i]))
			return -1;
	if (guest_compare(c, "cards are in three slots") ||
	    surprise(c, OTHER_SLOT) || surprise(c, SWITCH_SLOT) ||
	    guest_power(c) || await_gone(c, OTHER_SLOT) ||
	    await_gone(c, SWITCH_SLOT))
		return -1;
	return guest_compare(c, "two cards were pulled in use");
}

/* Cards in all slots; how they leave depends on the number of the round. */
int slot_round(struct comparison *c, unsigned int round)
{
	static const unsigned int slots[] = { ROOT_SLOT, OTHER_SLOT,
					      SWITCH_SLOT, LAST_SLOT };
	bool power = round % 4 == 0, request = round % 16 == 0;
	size_t i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(slots); i++)
		err = plug(c, slots[i]);
	for (i = 0; !err && i < ARRAY_SIZE(slots); i++)
		err = await_card(c, slots[i]);
	c->quiet = true;
	if (err || guest_compare(c, "cards are in all slots"))
		return -1;
	if (request)
		err = slot_request_removal(c->vmm, LAST_SLOT);
	if (!err && power)
		err = guest_command(c->vmm, "write /sys/bus/pci/slots/%u/power 0",
				    ROOT_SLOT);
	for (i = 0; !err && i < ARRAY_SIZE(slots); i++) {
		if (!request || slots[i] != LAST_SLOT)
			err = slot_unplug(c->vmm, slots[i]);
		else
			err = await_empty(c, LAST_SLOT);
	}
	for (i = 0; !err && i < ARRAY_SIZE(slots); i++)
		err = await_gone(c, slots[i]);
	for (i = 0; !err && i < ARRAY_SIZE(slots); i++)
		err = await_off(c, slots[i]);
	return err;
}

/* Two cards, one of them in use and the other one asked for */
int slots_before_snapshot(struct comparison *c)
{
	int err;

	if (plug(c, ROOT_SLOT) || plug(c, SWITCH_SLOT) ||
	    await_card(c, ROOT_SLOT) || await_card(c, SWITCH_SLOT) ||
	    use(c, ROOT_SLOT) ||
	    guest_compare(c, "cards are in two slots, one in use"))
		return -1;
	err = slot_request_removal(c->vmm, SWITCH_SLOT);
	return err ? fault("request", SWITCH_SLOT, err) : 0;
}

/* The guest lets the card go that it was asked for before. */
int slot_after_restore(struct comparison *c)
{
	return await_empty(c, SWITCH_SLOT) || await_gone(c, SWITCH_SLOT);
}

/* The other card is still in use, and is pulled. */
int slots_after_restore(struct comparison *c)
{
	int err;

	if (await_use(c->vmm))
		return -1;
	err = slot_unplug(c->vmm, ROOT_SLOT);
	if (err)
		return fault("unplug", ROOT_SLOT, err);
	if (await_gone(c, ROOT_SLOT) || plug(c, OTHER_SLOT) ||
	    await_card(c, OTHER_SLOT) ||
	    guest_compare(c, "cards left and came after the restore"))
		return -1;
	err = slot_unplug(c->vmm, OTHER_SLOT);
	return err ? fault("unplug", OTHER_SLOT, err) :
		     await_gone(c, OTHER_SLOT);
}

int slot_steps(struct comparison *c)
{
	return requested_removal(c) || three_cards(c);
}
