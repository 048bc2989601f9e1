// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_slot.c - slots of ports: adding, orderly and surprise removal, events
 */
#include "../kselftest_harness.h"

#include "port_machine.h"

#define ABP	PCI_EXP_SLTSTA_ABP
#define PDC	PCI_EXP_SLTSTA_PDC
#define PDS	PCI_EXP_SLTSTA_PDS
#define CC	PCI_EXP_SLTSTA_CC
#define DLLSC	PCI_EXP_SLTSTA_DLLSC
#define MRLSC	PCI_EXP_SLTSTA_MRLSC
#define MRLSS	PCI_EXP_SLTSTA_MRLSS
#define EIS	PCI_EXP_SLTSTA_EIS
#define PFD	PCI_EXP_SLTSTA_PFD

/* The control register of a driver, without power and power indicator */
#define DRIVER \
	(INTERRUPTS | PCI_EXP_SLTCTL_ABPE | PCI_EXP_SLTCTL_PDCE | \
	 PCI_EXP_SLTCTL_DLLSCE | ATTENTION_OFF)

static struct vmr_pci_bridge inner;

static int slot_up(uint32_t flags)
{
	struct vmr_pci_port_config config =
		port_config(VMR_PCI_EXPRESS_ROOT_PORT);

	config.slot_flags = flags;
	return root_port_up_with(&config);
}

static int slot_replace(uint32_t flags)
{
	struct vmr_pci_port_config config =
		port_config(VMR_PCI_EXPRESS_ROOT_PORT);

	config.slot_flags = flags;
	return port_replace(&config);
}

/* A slot with a card in it and a driver that controls it. */
static int occupied_up(void)
{
	int ret = root_port_up();

	if (!ret)
		ret = vmr_pci_slot_add(&port, card_list, 2);
	driver_up(&port);
	return ret;
}

/* The same with an empty slot. */
static int empty_up(void)
{
	int ret = root_port_up();

	driver_up(&port);
	return ret;
}

/* The steps by which a driver lets a card go. */
static void let_go(void)
{
	command(&port, DRIVER | LED_BLINK);
	command(&port, DRIVER | LED_BLINK | POWER_OFF);
	command(&port, DRIVER | LED_OFF | POWER_OFF);
}

static enum vmr_pci_slot_state state(void)
{
	return vmr_pci_slot_get_state(&port);
}

static bool is_pending(const struct vmr_pci_function *fn)
{
	return fn->dev.state == VMR_DEVICE_REMOVAL_REQUESTED;
}

/* The guest can write what the slot is equipped with, and nothing else. */
TEST(slot_writable_bits)
{
	static const struct {
		uint32_t flags, initial, written, initial_status;
	} slots[] = {
		{ 0, 0, 0, 0 },
		{ VMR_PCI_SLOT_DEFAULT, 0x7c0, 0x17fb, 0 },
		{ VMR_PCI_SLOT_HOTPLUG, 0, 0x1038, 0 },
		{ VMR_PCI_SLOT_HOTPLUG | VMR_PCI_SLOT_NO_COMMAND_COMPLETED, 0,
		  0x1028, 0 },
		{ VMR_PCI_SLOT_HOTPLUG | VMR_PCI_SLOT_LATCH, 0, 0x103c, MRLSS },
		{ VMR_PCI_SLOT_POWER | VMR_PCI_SLOT_ATTENTION_INDICATOR, 0x4c0,
		  0x4c0, 0 },
		{ VMR_PCI_SLOT_POWER_INDICATOR | VMR_PCI_SLOT_INTERLOCK |
		  VMR_PCI_SLOT_SURPRISE, 0x300, 0x300, 0 },
	};
	unsigned int i;

	ASSERT_EQ(0, port_host_up());
	for (i = 0; i < NR(slots); i++) {
		struct vmr_pci_port_config config =
			port_config(VMR_PCI_EXPRESS_DOWNSTREAM_PORT);

		config.slot_flags = slots[i].flags;
		ASSERT_EQ(0, port_init(&port, &config));
		ASSERT_EQ(0, vmr_pci_host_plug(&host, &port.bridge.fn, 8));
		EXPECT_EQ(slots[i].initial, port_read(&port, PCI_EXP_SLTCTL));
		EXPECT_EQ(slots[i].initial_status, status(&port));
		command(&port, 0x17ff);
		EXPECT_EQ(slots[i].written, port_read(&port, PCI_EXP_SLTCTL));
		ASSERT_LE(0, vmr_pci_unplug(&port.bridge.fn));
	}
}

/* A card that has functions 0 and 255 alone is pulled with both. */
TEST(slot_pull_last_function)
{
	static struct vmr_pci_express_config_space spaces[2];
	static struct vmr_pci_ari ari[2];
	struct vmr_pci_function *wide[256] = { &cards[2] };
	unsigned int i;

	wide[255] = &cards[3];
	ASSERT_EQ(0, root_port_up());
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, vmr_pci_function_init_express(&cards[2 + i], &spaces[i],
							   &card_ids, &card_ops,
							   "function"));
		ASSERT_EQ(0, vmr_pci_add_ari(&cards[2 + i], &ari[i]));
	}
	ASSERT_EQ(0, vmr_pci_slot_add(&port, wide, 256));
	EXPECT_EQ(&m.manager, cards[3].manager);
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	EXPECT_EQ(NULL, cards[2].manager);
	EXPECT_EQ(NULL, cards[3].manager);
	EXPECT_SOUND();
}

/* A card that is added before a driver comes has power, as after a reset. */
TEST(slot_add_without_driver)
{
	ASSERT_EQ(0, root_port_up());
	EXPECT_EQ(VMR_PCI_SLOT_EMPTY, state());
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 2));
	EXPECT_EQ(LED_ON | ATTENTION_OFF, port_read(&port, PCI_EXP_SLTCTL));
	EXPECT_EQ(PDS | PDC | DLLSC, status(&port));
	EXPECT_TRUE(link_up(&port));
	EXPECT_EQ(&cards[0], found(1, 0));
	EXPECT_EQ(&cards[1], found(1, 1));
	EXPECT_EQ(VMR_PCI_SLOT_ON, state());
	ASSERT_EQ(0, vmr_pci_host_reset(&host));
	EXPECT_EQ(LED_ON | ATTENTION_OFF, port_read(&port, PCI_EXP_SLTCTL));
	EXPECT_EQ(PDS, status(&port));
	number_bridge(&port.bridge, 1, 1);
	EXPECT_EQ(&cards[0], found(1, 0));
	/* And the slot is off after the card has gone */
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	EXPECT_EQ(LED_OFF | ATTENTION_OFF | POWER_OFF,
		  port_read(&port, PCI_EXP_SLTCTL));
	EXPECT_EQ(PDC | DLLSC, status(&port));
	EXPECT_SOUND();
}

/* A driver hears of a card, and finds its functions when it has given it power. */
TEST(slot_orderly_add)
{
	ASSERT_EQ(0, empty_up());
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 2));
	EXPECT_EQ(PDS | PDC | ABP, status(&port));
	EXPECT_FALSE(link_up(&port));
	EXPECT_EQ(NULL, found(1, 0));
	EXPECT_EQ(VMR_PCI_SLOT_RELEASED, state());
	clear_events(&port);
	command(&port, DRIVER | LED_BLINK);
	EXPECT_EQ(PDS | CC | DLLSC, status(&port));
	EXPECT_TRUE(link_up(&port));
	EXPECT_EQ(&cards[1], found(1, 1));
	command(&port, DRIVER | LED_ON);
	EXPECT_EQ(VMR_PCI_SLOT_ON, state());
	EXPECT_EQ(0U, released);
	EXPECT_SOUND();
}

/* The guest is asked by the button, and lets go when power and indicator are off. */
TEST(slot_orderly_remove)
{
	ASSERT_EQ(0, occupied_up());
	bar_on(&cards[0], 0x10000000);
	ASSERT_EQ(0, vmr_pci_slot_request_removal(&port));
	EXPECT_EQ(PDS | ABP, status(&port));
	EXPECT_EQ(VMR_PCI_SLOT_REMOVAL_REQUESTED, state());
	EXPECT_TRUE(is_pending(&cards[0]) && is_pending(&cards[1]));
	clear_events(&port);
	command(&port, DRIVER | LED_BLINK);
	EXPECT_EQ(PDS | CC, status(&port));
	EXPECT_EQ(&cards[0], found(1, 0));
	command(&port, DRIVER | LED_BLINK | POWER_OFF);
	EXPECT_EQ(PDS | CC | DLLSC, status(&port));
	EXPECT_EQ(NULL, found(1, 0));
	EXPECT_EQ(0U, reg_read(&cards[0], COMMAND, 2));
	EXPECT_EQ(0U, released);
	command(&port, DRIVER | LED_OFF | POWER_OFF);
	EXPECT_EQ(1U, released);
	EXPECT_EQ(VMR_PCI_SLOT_RELEASED, state());
	clear_events(&port);
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	EXPECT_EQ(PDC, status(&port));
	EXPECT_EQ(VMR_PCI_SLOT_EMPTY, state());
	EXPECT_EQ(1U, released);
	/* The card can be added again */
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 2));
	EXPECT_FALSE(is_pending(&cards[0]));
	EXPECT_SOUND();
}

/* The callback may pull the card. */
TEST(slot_pull_in_callback)
{
	ASSERT_EQ(0, occupied_up());
	pull_when_released = true;
	ASSERT_EQ(0, vmr_pci_slot_request_removal(&port));
	clear_events(&port);
	let_go();
	EXPECT_EQ(1U, released);
	EXPECT_EQ(0, pull_result);
	EXPECT_EQ(VMR_PCI_SLOT_EMPTY, state());
	EXPECT_EQ(CC | PDC | DLLSC, status(&port));
	EXPECT_SOUND();
}

/* A card that is pulled without a request is gone at once, and the driver hears. */
TEST(slot_surprise_remove)
{
	ASSERT_EQ(0, occupied_up());
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	EXPECT_EQ(PDC | DLLSC, status(&port));
	EXPECT_EQ(NULL, found(1, 0));
	EXPECT_FALSE(link_up(&port));
	/* The driver switches the slot off, and nothing is let go */
	command(&port, DRIVER | LED_OFF | POWER_OFF);
	EXPECT_EQ(0U, released);
	/* In the middle of an orderly removal */
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 1));
	command(&port, DRIVER | LED_ON);
	ASSERT_EQ(0, vmr_pci_slot_request_removal(&port));
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	let_go();
	EXPECT_EQ(0U, released);
	EXPECT_SOUND();
}

/* Functions that the owner plugs and unplugs by other calls are noticed too. */
TEST(slot_follows_functions)
{
	ASSERT_EQ(0, root_port_up());
	ASSERT_EQ(0, vmr_pci_bridge_plug(&port.bridge, &cards[0], 0));
	EXPECT_EQ(PDS | PDC | DLLSC, status(&port));
	clear_events(&port);
	/* Another function of the same card is no event */
	ASSERT_EQ(0, vmr_pci_bridge_plug(&port.bridge, &cards[1], 1));
	ASSERT_LE(0, vmr_pci_unplug(&cards[0]));
	EXPECT_EQ(PDS, status(&port));
	ASSERT_LE(0, vmr_pci_unplug(&cards[1]));
	EXPECT_EQ(PDC | DLLSC, status(&port));
}

/* A removal is requested once, until the caller withdraws it. */
TEST(slot_request_repeated)
{
	ASSERT_EQ(0, occupied_up());
	ASSERT_EQ(0, vmr_pci_slot_request_removal(&port));
	clear_events(&port);
	PCI_REFUSED(-EALREADY, vmr_pci_slot_request_removal(&port));
	command(&port, DRIVER | LED_BLINK);
	PCI_REFUSED(-EALREADY, vmr_pci_slot_request_removal(&port));
	/* The driver keeps the card, or only waits: the registers are the same */
	command(&port, DRIVER | LED_ON);
	PCI_REFUSED(-EALREADY, vmr_pci_slot_request_removal(&port));
	EXPECT_EQ(0, vmr_device_cancel_removal(&m.manager, &cards[0].dev));
	clear_events(&port);
	ASSERT_EQ(0, vmr_pci_slot_request_removal(&port));
	EXPECT_EQ(PDS | ABP, status(&port));
	EXPECT_TRUE(is_pending(&cards[0]) && is_pending(&cards[1]));
	EXPECT_EQ(0U, released);
}

/* A button that the driver has not noticed when it lets the card go is withdrawn. */
TEST(slot_button_withdrawn)
{
	ASSERT_EQ(0, occupied_up());
	command(&port, DRIVER | LED_BLINK | POWER_OFF);
	clear_events(&port);
	ASSERT_EQ(0, vmr_pci_slot_request_removal(&port));
	EXPECT_EQ(PDS | ABP, status(&port));
	command(&port, DRIVER | LED_OFF | POWER_OFF);
	EXPECT_EQ(PDS | CC, status(&port));
	EXPECT_EQ(1U, released);
	EXPECT_EQ(0U, port_lines[1].level);
}

/* So is one that was meant for a card which is gone. */
TEST(slot_button_of_pulled_card)
{
	ASSERT_EQ(0, occupied_up());
	ASSERT_EQ(0, vmr_pci_slot_request_removal(&port));
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	EXPECT_EQ(PDC | DLLSC, status(&port));
}

/* A card that comes before the driver has noticed that one went has no button. */
TEST(slot_add_after_unnoticed_pull)
{
	ASSERT_EQ(0, occupied_up());
	let_go();
	clear_events(&port);
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 1));
	EXPECT_EQ(PDS | PDC, status(&port));
}

/* A driver without an event for the presence notices such a card by the button. */
TEST(slot_add_after_silent_pull)
{
	ASSERT_EQ(0, occupied_up());
	let_go();
	command(&port, (DRIVER & ~PCI_EXP_SLTCTL_PDCE) | LED_OFF | POWER_OFF);
	clear_events(&port);
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	EXPECT_EQ(PDC, status(&port));
	EXPECT_EQ(0U, port_lines[1].level);
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 1));
	EXPECT_EQ(PDS | PDC | ABP, status(&port));
	EXPECT_EQ(1U, port_lines[1].level);
}

/* A slot that is off already is not asked: the button would ask for power. */
TEST(slot_request_when_off)
{
	ASSERT_EQ(0, occupied_up());
	let_go();
	EXPECT_EQ(1U, released);
	clear_events(&port);
	ASSERT_EQ(0, vmr_pci_slot_request_removal(&port));
	EXPECT_EQ(2U, released);
	EXPECT_EQ(PDS, status(&port));
	PCI_REFUSED(-EALREADY, vmr_pci_slot_request_removal(&port));
	/* The guest wants the card back: it is there, and no removal is pending */
	command(&port, DRIVER | LED_ON);
	EXPECT_EQ(VMR_PCI_SLOT_ON, state());
	EXPECT_EQ(&cards[0], found(1, 0));
	EXPECT_EQ(0, vmr_pci_slot_request_removal(&port));
	EXPECT_EQ(2U, released);
}

/* A reset ends a request, and the slot has power if there is a card in it. */
TEST(slot_reset)
{
	ASSERT_EQ(0, occupied_up());
	ASSERT_EQ(0, vmr_pci_slot_request_removal(&port));
	command(&port, DRIVER | LED_BLINK | POWER_OFF);
	ASSERT_EQ(0, vmr_pci_host_reset(&host));
	EXPECT_EQ(VMR_PCI_SLOT_ON, state());
	EXPECT_EQ(LED_ON | ATTENTION_OFF, port_read(&port, PCI_EXP_SLTCTL));
	EXPECT_EQ(PDS, status(&port));
	EXPECT_EQ(0U, released);
	EXPECT_TRUE(link_up(&port));
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	driver_up(&port);
	ASSERT_EQ(0, vmr_pci_host_reset(&host));
	EXPECT_EQ(LED_OFF | ATTENTION_OFF | POWER_OFF,
		  port_read(&port, PCI_EXP_SLTCTL));
	EXPECT_EQ(0U, status(&port));
	EXPECT_SOUND();
}

/* Each write of the control register is a command, and completes at once. */
TEST(slot_command_completed)
{
	struct vmr_pci_function *fn = &port.bridge.fn;

	ASSERT_EQ(0, root_port_up());
	command(&port, ATTENTION_OFF | LED_OFF | POWER_OFF);
	EXPECT_EQ(CC, status(&port));
	clear_events(&port);
	EXPECT_EQ(0U, status(&port));
	/* A byte of it, and a dword with the status register, which is cleared first */
	reg_write(fn, port_reg(&port, PCI_EXP_SLTCTL), 0xc0, 1);
	EXPECT_EQ(CC, status(&port));
	reg_write(fn, port_reg(&port, PCI_EXP_SLTCTL), 0xffff07c0, 4);
	EXPECT_EQ(CC, status(&port));
	clear_events(&port);
	/* Others are none */
	port_write(&port, PCI_EXP_LNKCTL, 0);
	reg_write(fn, COMMAND, 7, 2);
	EXPECT_EQ(0U, status(&port));
}

/* A slot may have no command completed event, and one for no driver has none. */
TEST(slot_no_command_completed)
{
	ASSERT_EQ(0, slot_up(VMR_PCI_SLOT_DEFAULT |
			     VMR_PCI_SLOT_NO_COMMAND_COMPLETED));
	command(&port, LED_OFF | POWER_OFF);
	EXPECT_EQ(0U, status(&port));
	ASSERT_EQ(0, slot_replace(VMR_PCI_SLOT_POWER));
	command(&port, POWER_OFF);
	EXPECT_EQ(0U, status(&port));
}

/* Two writes of bytes let a card go as one write does. */
TEST(slot_let_go_by_bytes)
{
	struct vmr_pci_function *fn = &port.bridge.fn;
	uint32_t at;

	ASSERT_EQ(0, occupied_up());
	at = port_reg(&port, PCI_EXP_SLTCTL);
	reg_write(fn, at + 1, (LED_OFF | POWER_OFF) >> 8, 1);
	EXPECT_EQ(1U, released);
	/* Neither the low byte nor the same again */
	reg_write(fn, at, 0, 1);
	reg_write(fn, at + 1, (LED_OFF | POWER_OFF) >> 8, 1);
	EXPECT_EQ(1U, released);
	reg_write(fn, at, LED_ON, 4);
	reg_write(fn, at, LED_OFF | POWER_OFF, 4);
	EXPECT_EQ(2U, released);
}

/* Without a power controller the indicator counts, and without that the power. */
TEST(slot_let_go_by_equipment)
{
	ASSERT_EQ(0, slot_up(VMR_PCI_SLOT_HOTPLUG | VMR_PCI_SLOT_BUTTON |
			     VMR_PCI_SLOT_POWER_INDICATOR));
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 1));
	EXPECT_EQ(LED_ON, port_read(&port, PCI_EXP_SLTCTL));
	command(&port, LED_OFF | POWER_OFF);
	EXPECT_EQ(1U, released);
	/* Nothing switches the power off */
	EXPECT_TRUE(link_up(&port));
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	ASSERT_EQ(0, slot_replace(VMR_PCI_SLOT_HOTPLUG | VMR_PCI_SLOT_POWER));
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 1));
	command(&port, POWER_OFF);
	EXPECT_EQ(2U, released);
	EXPECT_FALSE(link_up(&port));
	/* There is no button to ask by */
	PCI_REFUSED(-EOPNOTSUPP, vmr_pci_slot_request_removal(&port));
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	/* With neither, a card is never let go */
	ASSERT_EQ(0, slot_replace(VMR_PCI_SLOT_HOTPLUG | VMR_PCI_SLOT_SURPRISE));
	command(&port, INTERRUPTS);
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 1));
	EXPECT_TRUE(link_up(&port));
	EXPECT_EQ(VMR_PCI_SLOT_ON, state());
	command(&port, LED_OFF | POWER_OFF);
	EXPECT_EQ(2U, released);
}

/* The guest toggles the interlock, which holds off a card until it is released. */
TEST(slot_interlock)
{
	struct vmr_pci_function *fn = &port.bridge.fn;

	ASSERT_EQ(0, empty_up());
	command(&port, DRIVER | LED_OFF | POWER_OFF | PCI_EXP_SLTCTL_EIC);
	EXPECT_EQ(CC | EIS, status(&port));
	EXPECT_EQ(DRIVER | LED_OFF | POWER_OFF, port_read(&port, PCI_EXP_SLTCTL));
	PCI_REFUSED(-EBUSY, vmr_pci_slot_add(&port, card_list, 1));
	/* The low byte does not contain the bit */
	reg_write(fn, port_reg(&port, PCI_EXP_SLTCTL), DRIVER & 0xff, 1);
	EXPECT_EQ(CC | EIS, status(&port));
	reg_write(fn, port_reg(&port, PCI_EXP_SLTCTL) + 1,
		  (DRIVER | LED_OFF | POWER_OFF | PCI_EXP_SLTCTL_EIC) >> 8, 1);
	EXPECT_EQ(CC, status(&port));
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 1));
	command(&port, DRIVER | LED_ON | PCI_EXP_SLTCTL_EIC);
	EXPECT_EQ(EIS, status(&port) & EIS);
	/* A pull breaks it */
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	EXPECT_EQ(0U, status(&port) & EIS);
	/* A slot without one has no such bit */
	ASSERT_EQ(0, slot_replace(VMR_PCI_SLOT_HOTPLUG));
	command(&port, PCI_EXP_SLTCTL_EIC);
	EXPECT_EQ(CC, status(&port));
}

/* The latch opens and closes with a card. */
TEST(slot_latch)
{
	ASSERT_EQ(0, slot_up(VMR_PCI_SLOT_DEFAULT | VMR_PCI_SLOT_LATCH));
	EXPECT_EQ(MRLSS, status(&port));
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 1));
	EXPECT_EQ(PDS | PDC | DLLSC | MRLSC, status(&port));
	clear_events(&port);
	ASSERT_EQ(0, vmr_pci_host_reset(&host));
	EXPECT_EQ(PDS, status(&port));
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	EXPECT_EQ(PDC | DLLSC | MRLSC | MRLSS, status(&port));
}

/* A power fault is an event of slots with a power controller. */
TEST(slot_power_fault)
{
	EXPECT_EQ(-EINVAL, vmr_pci_slot_power_fault(NULL));
	ASSERT_EQ(0, occupied_up());
	command(&port, DRIVER | PCI_EXP_SLTCTL_PFDE | LED_ON);
	clear_events(&port);
	ASSERT_EQ(0, vmr_pci_slot_power_fault(&port));
	EXPECT_EQ(PDS | PFD, status(&port));
	EXPECT_TRUE(link_up(&port));
	EXPECT_EQ(1U, port_lines[1].level);
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	ASSERT_LE(0, vmr_pci_unplug(&port.bridge.fn));
	PCI_REFUSED(-ENOENT, vmr_pci_slot_power_fault(&port));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &port.bridge.fn, 8));
	ASSERT_EQ(0, slot_replace(VMR_PCI_SLOT_HOTPLUG));
	PCI_REFUSED(-EOPNOTSUPP, vmr_pci_slot_power_fault(&port));
}

/* Calls for slots that do not exist, are occupied, or are empty. */
TEST(slot_invalid_calls)
{
	struct vmr_pci_port_config config =
		port_config(VMR_PCI_EXPRESS_ROOT_PORT);

	EXPECT_EQ(-EINVAL, vmr_pci_slot_add(NULL, card_list, 1));
	EXPECT_EQ(-EINVAL, vmr_pci_slot_request_removal(NULL));
	EXPECT_EQ(-EINVAL, vmr_pci_slot_pull(NULL));
	EXPECT_EQ(VMR_PCI_SLOT_NONE, vmr_pci_slot_get_state(NULL));
	ASSERT_EQ(0, root_port_up());
	PCI_REFUSED(-ENOENT, vmr_pci_slot_request_removal(&port));
	PCI_REFUSED(-ENOENT, vmr_pci_slot_pull(&port));
	PCI_REFUSED(-EINVAL, vmr_pci_slot_add(&port, NULL, 1));
	PCI_REFUSED(-EINVAL, vmr_pci_slot_add(&port, card_list, 9));
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 1));
	PCI_REFUSED(-EBUSY, vmr_pci_slot_add(&port, card_list + 1, 1));
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	ASSERT_LE(0, vmr_pci_unplug(&port.bridge.fn));
	PCI_REFUSED(-ENOENT, vmr_pci_slot_add(&port, card_list, 1));
	PCI_REFUSED(-ENOENT, vmr_pci_slot_request_removal(&port));
	PCI_REFUSED(-ENOENT, vmr_pci_slot_pull(&port));
	EXPECT_EQ(VMR_PCI_SLOT_NONE, state());
	config.has_slot = false;
	ASSERT_EQ(0, port_up(&config));
	PCI_REFUSED(-EOPNOTSUPP, vmr_pci_slot_add(&port, card_list, 1));
	PCI_REFUSED(-EOPNOTSUPP, vmr_pci_slot_request_removal(&port));
	PCI_REFUSED(-EOPNOTSUPP, vmr_pci_slot_pull(&port));
	EXPECT_EQ(VMR_PCI_SLOT_NONE, state());
}

/* A pull is refused as a whole if one function behind the port must remain. */
TEST(slot_pull_refused)
{
	struct vmr_pci_function *fns[] = { &inner.fn };
	struct vmr_transaction t;
	struct vmr_range *held;
	struct probe other;

	ASSERT_EQ(0, root_port_up());
	ASSERT_EQ(0, bridge_init(&inner));
	ASSERT_EQ(0, vmr_pci_slot_add(&port, fns, 1));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&inner, &cards[0], 0));
	/* Part of a transaction */
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, vmr_transaction_remove(&t, &cards[0].dev));
	PCI_REFUSED(-EBUSY, vmr_pci_slot_pull(&port));
	ASSERT_EQ(0, vmr_transaction_abort(&t));
	/* An address that the owner holds for a function that is not plugged */
	held = function_address(&cards[1]);
	ASSERT_EQ(0, vmr_id_reserve(&inner.devfns, held, 9, NULL));
	PCI_REFUSED(-EBUSY, vmr_pci_slot_pull(&port));
	ASSERT_EQ(0, vmr_id_free_range(&inner.devfns, held));
	/* A device that is no function */
	probe_init(&other, "other");
	other.dev.parent_bus = &inner.bus;
	ASSERT_EQ(0, vmr_device_register(&m.manager, &other.dev, NULL, NULL));
	PCI_REFUSED(-EBUSY, vmr_pci_slot_pull(&port));
	ASSERT_LE(0, vmr_device_unregister(&m.manager, &other.dev));
	EXPECT_EQ(&cards[0], (struct vmr_pci_function *)
		  vmr_pci_next_function(NULL, &inner, NULL));
	/* A function whose device alone is unregistered hinders nothing */
	ASSERT_LE(0, vmr_device_unregister(&m.manager, &cards[0].dev));
	EXPECT_EQ(0, vmr_pci_slot_pull(&port));
	EXPECT_EQ(VMR_PCI_SLOT_EMPTY, state());
	EXPECT_SOUND();
}

/*
 * Failures
 */

static int refuse(struct vmr_device *dev, const struct vmr_resource_set *set)
{
	(void)dev;
	(void)set;
	return -ENOSPC;
}

static const struct vmr_device_ops refusing_ops = { .set_resources = refuse };

static struct probe others[256];

/* A refused card leaves the slot empty, without an event and without an interrupt. */
static void add_refused(struct __test_metadata *_metadata, int err)
{
	unsigned int was_delivered = delivered;
	uint32_t was_status = status(&port);

	PCI_REFUSED(err, vmr_pci_slot_add(&port, card_list, 2));
	EXPECT_EQ(was_status, status(&port));
	EXPECT_EQ(was_delivered, delivered);
	EXPECT_EQ(VMR_PCI_SLOT_EMPTY, state());
	EXPECT_EQ(NULL, cards[0].manager);
	EXPECT_EQ(NULL, cards[1].manager);
	EXPECT_FALSE(link_up(&port));
}

/* Each step of adding a card may fail: the first function, the second, an address. */
TEST(slot_add_failure_unchanged)
{
	const struct vmr_device_ops *ops;
	struct vmr_range *held;
	uint32_t i, nr = 0;

	ASSERT_EQ(0, empty_up());
	enable_msi(&port);
	for (i = 0; i < 2; i++) {
		ops = cards[i].dev.ops;
		cards[i].dev.ops = &refusing_ops;
		add_refused(_metadata, -ENOSPC);
		cards[i].dev.ops = ops;
	}
	for (i = 0; i < 2; i++) {
		held = function_address(&cards[2]);
		ASSERT_EQ(0, vmr_id_reserve(&port.bridge.devfns, held, i, NULL));
		add_refused(_metadata, -EBUSY);
		ASSERT_EQ(0, vmr_id_free_range(&port.bridge.devfns, held));
	}
	/* No device id is free, and then one for two functions */
	for (; nr < NR(others); nr++) {
		probe_init(&others[nr], "other");
		if (vmr_device_register(&m.manager, &others[nr].dev, NULL, NULL))
			break;
	}
	add_refused(_metadata, -ENOSPC);
	ASSERT_EQ(0, vmr_device_unregister(&m.manager, &others[--nr].dev));
	add_refused(_metadata, -ENOSPC);
	while (nr)
		ASSERT_EQ(0, vmr_device_unregister(&m.manager, &others[--nr].dev));
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 2));
	EXPECT_EQ(1U, delivered);
	EXPECT_SOUND();
}

/*
 * Interrupts
 */

/* The pin has the level of the enabled events, and only without MSI. */
TEST(slot_interrupt_by_pin)
{
	ASSERT_EQ(0, occupied_up());
	EXPECT_EQ(0U, port_lines[1].level);
	ASSERT_EQ(0, vmr_pci_slot_request_removal(&port));
	EXPECT_EQ(1U, port_lines[1].level);
	/* An event that is not enabled does not matter */
	command(&port, DRIVER | LED_ON);
	port_write(&port, PCI_EXP_SLTSTA, ABP);
	EXPECT_EQ(PDS | CC, status(&port));
	EXPECT_EQ(0U, port_lines[1].level);
	command(&port, DRIVER | PCI_EXP_SLTCTL_CCIE | LED_ON);
	EXPECT_EQ(1U, port_lines[1].level);
	reg_write(&port.bridge.fn, COMMAND, PCI_COMMAND_INTX_DISABLE, 2);
	EXPECT_EQ(0U, port_lines[1].level);
	reg_write(&port.bridge.fn, COMMAND, 0, 2);
	EXPECT_EQ(1U, port_lines[1].level);
	command(&port, (DRIVER & ~INTERRUPTS) | PCI_EXP_SLTCTL_CCIE | LED_ON);
	EXPECT_EQ(0U, port_lines[1].level);
	command(&port, DRIVER | PCI_EXP_SLTCTL_CCIE | LED_ON);
	/* The link has an enable bit of its own */
	clear_events(&port);
	port_write(&port, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_LD);
	EXPECT_EQ(1U, port_lines[1].level);
	command(&port, (DRIVER & ~PCI_EXP_SLTCTL_DLLSCE) | LED_ON);
	EXPECT_EQ(0U, port_lines[1].level);
	/* MSI instead, which has a message for what waits */
	command(&port, DRIVER | LED_ON);
	EXPECT_EQ(1U, port_lines[1].level);
	enable_msi(&port);
	EXPECT_EQ(0U, port_lines[1].level);
	EXPECT_EQ(1U, delivered);
	EXPECT_SOUND();
}

/* A message is sent when an enabled event comes while there is none. */
TEST(slot_interrupt_by_msi)
{
	ASSERT_EQ(0, occupied_up());
	enable_msi(&port);
	EXPECT_EQ(0U, delivered);
	ASSERT_EQ(0, vmr_pci_slot_request_removal(&port));
	EXPECT_EQ(1U, delivered);
	/* Another event while the first one is not cleared */
	port_write(&port, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_LD);
	EXPECT_EQ(1U, delivered);
	/* The first one is cleared, the other one remains: no beginning */
	port_write(&port, PCI_EXP_SLTSTA, ABP);
	EXPECT_EQ(1U, delivered);
	port_write(&port, PCI_EXP_SLTSTA, DLLSC);
	port_write(&port, PCI_EXP_LNKCTL, 0);
	EXPECT_EQ(2U, delivered);
	/* Masked and switched on again */
	command(&port, (DRIVER & ~INTERRUPTS) | LED_ON);
	command(&port, DRIVER | LED_ON);
	EXPECT_EQ(3U, delivered);
	EXPECT_EQ(0U, port_lines[1].level);
	/* A reset sends nothing, and the next event does after it */
	ASSERT_EQ(0, vmr_pci_host_reset(&host));
	EXPECT_EQ(3U, delivered);
	driver_up(&port);
	enable_msi(&port);
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	EXPECT_EQ(4U, delivered);
}

/* The owner adds MSI-X to a port. The message of the slot is that of the first entry. */
TEST(slot_interrupt_by_msix)
{
	static const uint8_t unmask[4];
	static const struct vmr_pci_msix_layout layout = { 0, 0, 0, 0x800 };
	static struct vmr_pci_msix msix;
	static struct vmr_pci_msix_entry entry;
	const struct vmr_pci_port_config config =
		port_config(VMR_PCI_EXPRESS_ROOT_PORT);
	struct vmr_pci_function *fn = &port.bridge.fn;

	ASSERT_EQ(0, port_host_up());
	ASSERT_EQ(0, card_with_bar(&cards[0]));
	ASSERT_EQ(0, port_init(&port, &config));
	ASSERT_EQ(0, vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
				     "table"));
	ASSERT_EQ(0, vmr_pci_add_msix(fn, &msix, 0, &entry, 1, &layout));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, fn, 1 << 3));
	driver_up(&port);
	enable_msi(&port);
	reg_write(fn, msix.reg_block.offset + PCI_MSIX_FLAGS,
		  PCI_MSIX_FLAGS_ENABLE, 2);
	ASSERT_EQ(0, vmr_pci_msix_write(fn, &msix, 12, unmask, 4));
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 1));
	EXPECT_EQ(1U, delivered);
	EXPECT_SOUND();
}

/* A message for a masked vector waits. */
TEST(slot_interrupt_masked)
{
	uint32_t mask;

	ASSERT_EQ(0, occupied_up());
	enable_msi(&port);
	mask = port.msi.reg_block.offset + PCI_MSI_MASK_64;
	reg_write(&port.bridge.fn, mask, 1, 4);
	ASSERT_EQ(0, vmr_pci_slot_request_removal(&port));
	EXPECT_EQ(0U, delivered);
	EXPECT_EQ(1U, reg_read(&port.bridge.fn, mask + 4, 4));
	reg_write(&port.bridge.fn, mask, 0, 4);
	EXPECT_EQ(1U, delivered);
}

/* A port that is plugged again is in its reset state, and sends its first message. */
TEST(slot_port_plugged_again)
{
	ASSERT_EQ(0, occupied_up());
	enable_msi(&port);
	command(&port, DRIVER | LED_ON | PCI_EXP_SLTCTL_EIC);
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	command(&port, DRIVER | LED_ON | PCI_EXP_SLTCTL_EIC);
	EXPECT_EQ(1U, delivered);
	EXPECT_EQ(EIS, status(&port) & EIS);
	ASSERT_LE(0, vmr_pci_unplug(&port.bridge.fn));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &port.bridge.fn, 1 << 3));
	EXPECT_EQ(0U, status(&port));
	EXPECT_EQ(X1, port_read(&port, PCI_EXP_LNKSTA));
	driver_up(&port);
	enable_msi(&port);
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 1));
	EXPECT_EQ(2U, delivered);
}

/* A port without a pin and without MSI keeps its events. */
TEST(slot_interrupt_without_pin)
{
	struct vmr_pci_port_config config =
		port_config(VMR_PCI_EXPRESS_ROOT_PORT);
	struct vmr_pci_ids ids = port_ids;

	ids.irq_pin = 0;
	config.ids = &ids;
	ASSERT_EQ(0, root_port_up_with(&config));
	driver_up(&port);
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 1));
	EXPECT_EQ(PDS | PDC | ABP, status(&port));
	EXPECT_EQ(0U, delivered);
	enable_msi(&port);
	EXPECT_EQ(1U, delivered);
}

/*
 * Callbacks that change the machine
 */

static unsigned int unplugged;

static void unplug_port(struct vmr_pci_function *fn, uint32_t index)
{
	(void)index;
	vmr_pci_slot_pull(&port);
	unplugged += vmr_pci_unplug(fn) >= 0;
}

static const struct vmr_pci_events unplugs_itself = { .deliver = unplug_port };

/* The interrupt of a port may unplug the card and the port. */
TEST(slot_unplug_port_in_callback)
{
	ASSERT_EQ(0, occupied_up());
	enable_msi(&port);
	port.bridge.fn.events = &unplugs_itself;
	command(&port, DRIVER | PCI_EXP_SLTCTL_CCIE | LED_OFF | POWER_OFF);
	EXPECT_EQ(1U, unplugged);
	EXPECT_EQ(0U, released);
	EXPECT_EQ(NULL, port.bridge.fn.manager);
	EXPECT_EQ(NULL, cards[0].manager);
	EXPECT_SOUND();
}

static void message_unplugs(struct vmr_pci_function *fn, uint32_t index)
{
	unplug_port(fn, index);
}

static const struct vmr_pci_events message_events = {
	.message_changed = message_unplugs,
};

/* So may the callback of its message, before the port acts on the write. */
TEST(slot_unplug_port_in_message)
{
	struct vmr_pci_function *fn = &port.bridge.fn;

	ASSERT_EQ(0, occupied_up());
	enable_msi(&port);
	fn->events = &message_events;
	reg_write(fn, port.msi.reg_block.offset + PCI_MSI_ADDRESS_LO,
		  0xfee00000, 4);
	EXPECT_EQ(1U, unplugged);
	EXPECT_SOUND();
}

static void reset_unplugs(struct vmr_pci_function *fn)
{
	unplugged += vmr_pci_unplug(fn) >= 0;
}

static const struct vmr_pci_events reset_events = { .reset = reset_unplugs };

/* A card that loses its power may unplug itself. */
TEST(slot_unplug_card_in_reset)
{
	ASSERT_EQ(0, occupied_up());
	cards[0].events = &reset_events;
	cards[1].events = &reset_events;
	command(&port, DRIVER | LED_OFF | POWER_OFF);
	EXPECT_EQ(2U, unplugged);
	EXPECT_EQ(0U, released);
	EXPECT_EQ(VMR_PCI_SLOT_EMPTY, state());
	EXPECT_EQ(CC | PDC | DLLSC, status(&port));
	EXPECT_FALSE(link_up(&port));
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN
