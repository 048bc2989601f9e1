// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_port_snapshot.c - snapshots of ports and slots in any state
 */
#include "../kselftest_harness.h"

#include "checksum.h"
#include "port_machine.h"

#include <vmalloc/pci_snapshot.h>

#define NR_SPACES	(VMR_SNAPSHOT_NR_SPACES + 3)
#define NR_BLOCKS	3	/* port, card, and whether its removal is pending */

#define DRIVER \
	(INTERRUPTS | PCI_EXP_SLTCTL_ABPE | PCI_EXP_SLTCTL_PDCE | \
	 PCI_EXP_SLTCTL_DLLSCE | ATTENTION_OFF)

/* A port on the root bus and a card behind it, which may not be plugged */
struct box {
	struct machine			m;
	struct vmr_pci_host		host;
	struct vmr_pci_port		port;
	struct vmr_pci_function		card;
	struct vmr_pci_express_config_space card_space;
	struct vmr_pci_express		express;
	struct vmr_pci_intx		intx;
	struct vmr_pci_intx_line	lines[4];
	struct vmr_snapshot		snap;
	struct vmr_snapshot_space	spaces[NR_SPACES];
	struct vmr_snapshot_block	blocks[NR_BLOCKS];
};

static struct box old, new;
static uint8_t saved[1 << 16], again[1 << 16];
static size_t saved_size;
static bool without_bus;	/* the spaces behind the port are not described */

/* Keys: 100 for the card; 0 is BAR 0, 7 the address, 8 the id, 9 MSI, windows at 32 */
static struct vmr_range *node_at(struct box *b, uint64_t key)
{
	struct vmr_pci_bridge *bridge = &b->port.bridge;
	struct vmr_region *windows[] = {
		&bridge->io, &bridge->mem, &bridge->pref, &bridge->vga_io[0],
		&bridge->vga_io[1], &bridge->vga_mem,
	};
	struct vmr_pci_function *fn = key < 100 ? &bridge->fn : &b->card;
	unsigned int node = key % 100;

	if (key >= 200)
		return NULL;
	if (node == 7)
		return &fn->address;
	if (node == 8)
		return &fn->dev.id;
	if (key == 9)
		return &b->port.msi.range;
	if (key == 100)
		return &b->card.bars[0].region.range;
	return key >= 32 && key < 38 ? &windows[key - 32]->range : NULL;
}

static struct box *box_of(const struct vmr_snapshot *snap)
{
	return owner_of(snap, struct box, snap);
}

static uint64_t to_key(const struct vmr_snapshot *snap, uint32_t space,
		       const struct vmr_range *range)
{
	uint64_t key;

	(void)space;
	for (key = 0; key < 200; key++)
		if (node_at(box_of(snap), key) == range)
			return key;
	return ~0ull;
}

static struct vmr_range *to_range(const struct vmr_snapshot *snap, uint64_t key,
				  uint32_t *space)
{
	struct vmr_range *range = node_at(box_of(snap), key);

	if (!range)
		return NULL;
	*space = VMR_SNAPSHOT_MMIO;
	if (key == 32 || key == 35 || key == 36)
		*space = VMR_SNAPSHOT_PIO;
	if (key % 100 == 7)
		*space = key < 100 ? VMR_SNAPSHOT_PCI : VMR_SNAPSHOT_FIRST_USER + 2;
	if (key % 100 == 8)
		*space = VMR_SNAPSHOT_IDS;
	if (key == 9)
		*space = VMR_SNAPSHOT_IRQS;
	if (key == 100)
		*space = VMR_SNAPSHOT_FIRST_USER + 1;
	return range;
}

static const struct vmr_snapshot_ops snapshot_ops = {
	.range_to_key = to_key, .key_to_range = to_range,
};

static int describe(struct box *b)
{
	int ret = vmr_snapshot_describe_system(b->spaces, &b->m.sys);

	if (!ret)
		ret = vmr_snapshot_describe_bridge(b->spaces +
						   VMR_SNAPSHOT_NR_SPACES,
						   &b->port.bridge,
						   VMR_SNAPSHOT_FIRST_USER);
	if (!ret)
		ret = vmr_snapshot_describe_pci(&b->blocks[0], 0,
						&b->port.bridge.fn, &b->m.sys);
	if (!ret)
		ret = vmr_snapshot_describe_pci(&b->blocks[1], 1, &b->card,
						&b->m.sys);
	if (!ret)
		ret = vmr_snapshot_describe_device(&b->blocks[2], 2, &b->card.dev);
	b->snap = (struct vmr_snapshot){
		.ops = &snapshot_ops, .spaces = b->spaces,
		.nr_spaces = without_bus ? VMR_SNAPSHOT_NR_SPACES : NR_SPACES,
		.blocks = b->blocks, .nr_blocks = NR_BLOCKS,
	};
	return ret;
}

static int box_init(struct box *b, const struct vmr_pci_port_config *config)
{
	int ret;

	memset(b, 0, sizeof(*b));
	ret = host_machine_init(&b->m, &b->host, &b->intx, b->lines);
	if (!ret)
		ret = vmr_pci_port_init(&b->port, &b->m.manager, config);
	b->port.bridge.fn.events = &port_events;
	if (!ret)
		ret = vmr_pci_function_init_express(&b->card, &b->card_space,
						    &card_ids, &card_ops, "card");
	if (!ret)
		ret = vmr_pci_add_bar(&b->card, 0, VMR_PCI_BAR_MEM32, false,
				      0x1000, "bar");
	if (!ret)
		ret = vmr_pci_add_express(&b->card, &b->express,
					  VMR_PCI_EXPRESS_ENDPOINT);
	return ret ? ret : describe(b);
}

static int save(struct box *b, uint8_t *bytes, size_t *size)
{
	memset(bytes, 0, sizeof(saved));
	return vmr_snapshot_save(&b->snap, bytes, sizeof(saved), size);
}

static struct vmr_pci_port_config new_config;
static bool card_saved = true;

static int restore_and_register(void)
{
	int ret = box_init(&new, &new_config);

	new.card.upstream_bridge = card_saved ? &new.port.bridge : NULL;
	if (!ret)
		ret = vmr_snapshot_restore(&new.snap, saved, saved_size);
	if (!ret)
		ret = vmr_pci_register_restored(&new.m.manager,
						&new.port.bridge.fn, NULL);
	if (!ret && card_saved)
		ret = vmr_pci_register_restored(&new.m.manager, &new.card, NULL);
	return ret;
}

static bool saves_equal(void)
{
	size_t size;

	return !save(&new, again, &size) && size == saved_size &&
	       !memcmp(saved, again, saved_size);
}

/*
 * The states of a slot, in the order that a guest may come to them
 */
enum state {
	BUILT, DRIVEN, LINK_LOST, WITH_MSI, REQUESTED, BLINKING, POWERLESS, RELEASED, ON_AGAIN,
	DISABLED, MASKED, LOCKED, NR_STATES,
};

static void go_on(struct box *b, enum state state)
{
	struct vmr_pci_port *p = &b->port;

	switch (state) {
	case DRIVEN:
		number_bridge(&p->bridge, 1, 1);
		open_mem_window(&p->bridge, 0x80000000, 0x800fffff);
		reg_write(&p->bridge.fn, COMMAND, DECODE_MEM, 2);
		bar_on(&b->card, 0x80000000);
		clear_events(p);
		command(p, DRIVER | LED_ON);
		break;
	case LINK_LOST:
		port_write(p, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_LD);
		port_write(p, PCI_EXP_LNKCTL, 0);
		break;
	case WITH_MSI:
		clear_events(p);
		enable_msi(p);
		break;
	case REQUESTED:
		vmr_pci_slot_request_removal(p);
		break;
	case BLINKING:
		clear_events(p);
		command(p, DRIVER | LED_BLINK);
		break;
	case POWERLESS:
		command(p, DRIVER | LED_BLINK | POWER_OFF);
		break;
	case RELEASED:
		command(p, DRIVER | LED_OFF | POWER_OFF);
		break;
	case ON_AGAIN:
		command(p, DRIVER | LED_ON);
		break;
	case DISABLED:
		port_write(p, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_LD);
		break;
	case MASKED:
		clear_events(p);
		reg_write(&p->bridge.fn, p->msi.reg_block.offset +
			  PCI_MSI_MASK_64, 1, 4);
		port_write(p, PCI_EXP_LNKCTL, 0);
		break;
	case LOCKED:
		command(p, DRIVER | LED_ON | PCI_EXP_SLTCTL_EIC);
		break;
	default:
		break;
	}
}

static int old_up_with(uint32_t flags)
{
	struct vmr_pci_function *const fns[] = { &old.card };
	int ret;

	new_config = port_config(VMR_PCI_EXPRESS_ROOT_PORT);
	new_config.slot_flags |= flags;
	ret = box_init(&old, &new_config);
	if (!ret)
		ret = vmr_pci_host_plug(&old.host, &old.port.bridge.fn, 8);
	return ret ? ret : vmr_pci_slot_add(&old.port, fns, 1);
}

static int old_up(void)
{
	return old_up_with(0);
}

/* The restored machine goes on as the old one does, from each state to each later one. */
TEST(port_snapshot_in_any_state)
{
	unsigned int i, j, was_delivered, was_released;

	for (i = 0; i < NR_STATES; i++) {
		ASSERT_EQ(0, old_up());
		for (j = 0; j <= i; j++)
			go_on(&old, (enum state)j);
		ASSERT_EQ(0, save(&old, saved, &saved_size));
		was_delivered = delivered;
		ASSERT_EQ(0, restore_and_register()) {
			TH_LOG("state %u", i);
		}
		EXPECT_EQ(was_delivered, delivered);
		EXPECT_TRUE(saves_equal());
		EXPECT_EQ(0, memcmp(old.lines, new.lines, sizeof(old.lines)));
		EXPECT_EQ(vmr_pci_slot_get_state(&old.port),
			  vmr_pci_slot_get_state(&new.port));
		for (j = i + 1; j < NR_STATES; j++) {
			delivered = 0;
			released = 0;
			go_on(&old, (enum state)j);
			was_delivered = delivered;
			was_released = released;
			go_on(&new, (enum state)j);
			EXPECT_EQ(2 * was_delivered, delivered);
			EXPECT_EQ(2 * was_released, released);
			ASSERT_EQ(0, save(&old, saved, &saved_size));
			EXPECT_TRUE(saves_equal()) {
				TH_LOG("from %u to %u", i, j);
			}
		}
	}
}

/* A slot without a card, and one whose address the owner holds without a card. */
TEST(port_snapshot_empty)
{
	ASSERT_EQ(0, old_up_with(VMR_PCI_SLOT_LATCH));
	ASSERT_EQ(0, vmr_pci_slot_pull(&old.port));
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	card_saved = false;
	ASSERT_EQ(0, restore_and_register());
	EXPECT_TRUE(saves_equal());
	EXPECT_EQ(VMR_PCI_SLOT_EMPTY, vmr_pci_slot_get_state(&new.port));
	ASSERT_EQ(0, vmr_id_reserve(&old.port.bridge.devfns, &old.card.address,
				    0, NULL));
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, restore_and_register());
	EXPECT_TRUE(saves_equal());
	EXPECT_EQ(VMR_PCI_SLOT_EMPTY, vmr_pci_slot_get_state(&new.port));
	/* The registers show an empty slot */
	card_saved = true;
	EXPECT_EQ(-EBADMSG, restore_and_register());
}

/* A machine whose slot has other equipment is another machine. */
TEST(port_snapshot_other_machine)
{
	struct vmr_pci_port_config same;

	ASSERT_EQ(0, old_up());
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	same = new_config;
	new_config.slot_flags &= ~(uint32_t)VMR_PCI_SLOT_BUTTON;
	EXPECT_EQ(-ENODEV, restore_and_register());
	new_config = same;
	new_config.slot_number++;
	EXPECT_EQ(-ENODEV, restore_and_register());
	new_config = same;
	new_config.speed = 1;
	EXPECT_EQ(-ENODEV, restore_and_register());
	new_config = same;
	new_config.type = VMR_PCI_EXPRESS_DOWNSTREAM_PORT;
	EXPECT_EQ(-ENODEV, restore_and_register());
	new_config = same;
	EXPECT_EQ(0, restore_and_register());
}

static uint8_t *block_bytes(const struct vmr_pci_function *fn)
{
	static uint8_t registers[VMR_PCI_EXPRESS_CONFIG_SIZE];
	uint32_t at;
	size_t i;

	/* As the guest reads them: pending bits are computed */
	for (at = 0; at < fn->config_size; at += 4)
		vmr_pci_config_read(fn, at, &registers[at], 4);
	for (i = 0; i + fn->config_size < saved_size; i += 8)
		if (!memcmp(&saved[i], registers, fn->config_size))
			return &saved[i];
	return NULL;
}

/* @exact counts those that are restored exactly, and the others are refused. */
static void change_each_bit(struct __test_metadata *_metadata,
			    const struct vmr_pci_function *fn, uint32_t start,
			    uint32_t size, unsigned int *exact)
{
	uint8_t *block = block_bytes(fn);
	uint32_t i;
	int ret;

	ASSERT_NE(NULL, block);
	for (i = 8 * start; i < 8 * (start + size); i++) {
		block[i / 8] ^= 1u << i % 8;
		fix_checksum(saved, saved_size);
		ret = restore_and_register();
		EXPECT_TRUE(ret ? ret == -EBADMSG || ret == -ENODEV :
				  saves_equal()) {
			TH_LOG("register %u bit %u: %d", i / 8 - start, i % 8, ret);
		}
		*exact += !ret;
		block[i / 8] ^= 1u << i % 8;
	}
	fix_checksum(saved, saved_size);
}

/*
 * Each bit of the capability that is changed gives a snapshot that is refused, or one
 * that is restored exactly.
 */
TEST(port_snapshot_each_bit)
{
	static const enum state states[] = {
		BUILT, LINK_LOST, REQUESTED, RELEASED, DISABLED, LOCKED,
	};
	unsigned int i, exact = 0;
	enum state s = BUILT;

	for (i = 0; i < NR(states); i++) {
		uint32_t at;

		ASSERT_EQ(0, old_up_with(i & 1 ? VMR_PCI_SLOT_LATCH : 0));
		for (s = BUILT; s <= states[i]; s++)
			go_on(&old, s);
		ASSERT_EQ(0, save(&old, saved, &saved_size));
		at = old.port.express.reg_block.offset;
		change_each_bit(_metadata, &old.port.bridge.fn, at,
				VMR_PCI_EXPRESS_CAP_SIZE, &exact);
		/* Whether the pin is asserted */
		change_each_bit(_metadata, &old.port.bridge.fn,
				VMR_PCI_EXPRESS_CONFIG_SIZE + 8, 4, &exact);
		at = old.express.reg_block.offset;
		change_each_bit(_metadata, &old.card, at,
				VMR_PCI_EXPRESS_CAP_SIZE, &exact);
	}
	EXPECT_LT(0U, exact);
}

/* A link has a speed that the port has. */
TEST(port_snapshot_link_speed)
{
	uint8_t *status, was;
	uint32_t speed;

	ASSERT_EQ(0, old_up());
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	status = block_bytes(&old.port.bridge.fn);
	ASSERT_NE(NULL, status);
	status += old.port.express.reg_block.offset + PCI_EXP_LNKSTA;
	was = *status & 0xf0;
	for (speed = 0; speed < 16; speed++) {
		*status = (uint8_t)(was | speed);
		fix_checksum(saved, saved_size);
		EXPECT_EQ(speed >= 1 && speed <= 3 ? 0 : -EBADMSG,
			  restore_and_register());
	}
}

/* The same for a port without a pin, whose level nothing shows. */
TEST(port_snapshot_without_pin)
{
	struct vmr_pci_ids ids = port_ids;
	unsigned int exact = 0;

	ids.irq_pin = 0;
	new_config = port_config(VMR_PCI_EXPRESS_ROOT_PORT);
	new_config.ids = &ids;
	ASSERT_EQ(0, box_init(&old, &new_config));
	ASSERT_EQ(0, vmr_pci_host_plug(&old.host, &old.port.bridge.fn, 8));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&old.port.bridge, &old.card, 0));
	go_on(&old, DRIVEN);
	go_on(&old, LINK_LOST);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, restore_and_register());
	EXPECT_TRUE(saves_equal());
	change_each_bit(_metadata, &old.port.bridge.fn,
			VMR_PCI_EXPRESS_CONFIG_SIZE + 8, 4, &exact);
	EXPECT_EQ(0U, exact);
}

/* The same for a port without a slot, and without its bus in the snapshot. */
TEST(port_snapshot_without_slot)
{
	unsigned int exact = 0;

	new_config = port_config(VMR_PCI_EXPRESS_ROOT_PORT);
	new_config.has_slot = false;
	ASSERT_EQ(0, box_init(&old, &new_config));
	ASSERT_EQ(0, vmr_pci_host_plug(&old.host, &old.port.bridge.fn, 8));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&old.port.bridge, &old.card, 1));
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, restore_and_register());
	EXPECT_TRUE(saves_equal());
	change_each_bit(_metadata, &old.port.bridge.fn,
			old.port.express.reg_block.offset,
			VMR_PCI_EXPRESS_CAP_SIZE, &exact);
	new_config.type = VMR_PCI_EXPRESS_UPSTREAM_PORT;
	ASSERT_EQ(0, box_init(&old, &new_config));
	ASSERT_EQ(0, vmr_pci_host_plug(&old.host, &old.port.bridge.fn, 8));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&old.port.bridge, &old.card, 8 * 3));
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	change_each_bit(_metadata, &old.port.bridge.fn,
			old.port.express.reg_block.offset,
			VMR_PCI_EXPRESS_CAP_SIZE, &exact);
	ASSERT_EQ(0, restore_and_register());
	EXPECT_TRUE(saves_equal());
	ASSERT_LE(0, vmr_pci_unplug(&old.card));
	without_bus = true;
	ASSERT_EQ(0, describe(&old));
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	card_saved = false;
	EXPECT_EQ(0, restore_and_register());
}

/* A device that a port cannot lead to is refused, in a snapshot and after it. */
TEST(port_snapshot_other_device)
{
	size_t i, nr = 0;

	ASSERT_EQ(0, old_up());
	ASSERT_LE(0, vmr_pci_unplug(&old.card));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&old.port.bridge, &old.card, 7));
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	/* The record of the address: key, first, last */
	for (i = 0; i + 24 <= saved_size; i += 4)
		if (saved[i] == 107 && saved[i + 8] == 7 && saved[i + 16] == 7) {
			saved[i + 8] = 8;
			saved[i + 16] = 8;
			nr++;
		}
	ASSERT_EQ(1U, nr);
	/* The watermark of the numbers: one more than the highest */
	for (i = 0; i + 48 <= saved_size; i += 8)
		if (saved[i] == VMR_SNAPSHOT_FIRST_USER + 2 && saved[i + 4] == 1)
			saved[i + 24] = 9;
	fix_checksum(saved, saved_size);
	EXPECT_EQ(-EBADMSG, restore_and_register());
	ASSERT_EQ(0, box_init(&new, &new_config));
	ASSERT_EQ(0, vmr_pci_host_plug(&new.host, &new.port.bridge.fn, 8));
	ASSERT_EQ(0, vmr_id_reserve(&new.port.bridge.devfns, &new.card.address, 8,
				    NULL));
	new.card.upstream_bridge = &new.port.bridge;
	EXPECT_EQ(-ERANGE, vmr_pci_register_restored(&new.m.manager, &new.card,
						     NULL));
}

TEST_HARNESS_MAIN
