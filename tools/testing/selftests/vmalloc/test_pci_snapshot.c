// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_snapshot.c - snapshots of functions in any state, and of other machines
 */
#include "../kselftest_harness.h"

#include "checksum.h"
#include "pci_machine.h"

#include <vmalloc/pci_snapshot.h>

#define ENTRIES		3
#define NR_FNS		4
#define NR_SPACES	(VMR_SNAPSHOT_NR_SPACES + 3)

/* How the restoring machine differs from the saving one */
enum difference {
	SAME, NO_PIN, OTHER_VENDOR, OTHER_CLASS, OTHER_SUBSYSTEM, BAR_SIZE, BAR_TYPE,
	BAR_PREFETCHABLE, BAR_MISSING, ROM_SIZE, MSI_VECTORS, MSI_NOT_MASKABLE,
	MSI_PLACE, MSIX_ENTRIES, MSIX_TABLE, NO_PM, PM_KEEPS, OTHER_VENDOR_CAP,
	CONVENTIONAL, OTHER_EXT_CAP, EXPRESS_TYPE, NO_REBAR, REBAR_SIZES,
	REBAR_FIRST_SIZE, NR_DIFFERENCES,
};

struct rich {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_msi			msi;
	struct vmr_pci_msix			msix;
	struct vmr_pci_msix_entry		entries[ENTRIES];
	struct vmr_pci_pm			pm;
	struct vmr_pci_express			express;
	struct vmr_pci_rebar			rebar;
	struct vmr_pci_ari			ari;
	struct vmr_pci_reg_block		vendor;
	struct vmr_pci_reg_block		ext;
};

/* A machine: functions 0 and 1 are a card, 2 is behind the bridge, 3 conventional */
struct box {
	struct machine			m;
	struct vmr_pci_host		host;
	struct vmr_pci_bridge		bridge;
	struct rich			rich;
	struct vmr_pci_function		card, behind, plain;
	struct vmr_pci_intx		intx;
	struct vmr_pci_intx_line	lines[4];
	struct vmr_range		hog;	/* interrupt numbers of nothing */
	struct vmr_snapshot		snap;
	struct vmr_snapshot_space	spaces[NR_SPACES];
	struct vmr_snapshot_block	blocks[NR_FNS + 1];
};

static struct box old, new;
static uint8_t saved[1 << 16], again[1 << 16];
static size_t saved_size;
static unsigned int delivered, reported, messages;
static uint32_t vector_limit;		/* of the rich function */

/* The report of a vector, counted from 1, whose callback unplugs the function; 0: none */
static unsigned int unplugs_at;

static void count_delivered(struct vmr_pci_function *fn, uint32_t index)
{
	(void)fn;
	(void)index;
	delivered++;
}

static void count_vector(struct vmr_pci_function *fn, uint32_t index,
			 const struct vmr_range *range, int error)
{
	(void)index;
	(void)error;
	reported += !!range;
	if (range && reported == unplugs_at)
		vmr_pci_unplug(fn);
}

static void count_message(struct vmr_pci_function *fn, uint32_t index)
{
	(void)fn;
	(void)index;
	messages++;
}

static const struct vmr_pci_events events = {
	.deliver = count_delivered, .vector_changed = count_vector,
	.message_changed = count_message,
};

/*
 * Keys: the function in the upper digits, the node in the lower ones. Nodes 0 to 6 are
 * BARs, 7 the address, 8 the id, 9 MSI, 10 @hog, 16 and more MSI-X, 32 and more windows.
 */
static struct vmr_pci_function *function_of(struct box *b, unsigned int i)
{
	struct vmr_pci_function *fns[] = {
		&b->bridge.fn, &b->rich.fn, &b->card, &b->behind, &b->plain,
	};

	return fns[i];
}

static struct vmr_region *window_of(struct vmr_pci_bridge *bridge, unsigned int i)
{
	struct vmr_region *windows[] = {
		&bridge->io, &bridge->mem, &bridge->pref, &bridge->vga_io[0],
		&bridge->vga_io[1], &bridge->vga_mem,
	};

	return windows[i];
}

static struct vmr_range *node_at(struct box *b, uint64_t key)
{
	struct vmr_pci_function *fn;
	unsigned int node = key % 100;

	if (key / 100 > NR_FNS)
		return NULL;
	fn = function_of(b, key / 100);
	if (node < VMR_PCI_NR_BARS)
		return &fn->bars[node].region.range;
	if (node == 7)
		return &fn->address;
	if (node == 8)
		return &fn->dev.id;
	if (node == 9)
		return fn->msi ? &fn->msi->range : NULL;
	if (node == 10)
		return fn == &b->plain ? &b->hog : NULL;
	if (node >= 16 && fn->msix && node - 16 < fn->msix->nr)
		return &fn->msix->entries[node - 16].range;
	if (node >= 32 && node < 32 + VMR_PCI_BRIDGE_WINDOWS && fn->bridge)
		return &window_of(fn->bridge, node - 32)->range;
	return NULL;
}

static struct box *box_of(const struct vmr_snapshot *snap)
{
	return (struct box *)((char *)snap - offsetof(struct box, snap));
}

static uint64_t to_key(const struct vmr_snapshot *snap, uint32_t space,
		       const struct vmr_range *range)
{
	uint64_t key;

	(void)space;
	for (key = 0; key < 100 * (NR_FNS + 1); key++)
		if (node_at(box_of(snap), key) == range)
			return key;
	return ~0ull;
}

static struct vmr_range *to_range(const struct vmr_snapshot *snap, uint64_t key,
				  uint32_t *space)
{
	struct vmr_range *range = node_at(box_of(snap), key);
	unsigned int fn = key / 100, node = key % 100;
	uint32_t first = fn == 3 ? VMR_SNAPSHOT_FIRST_USER : VMR_SNAPSHOT_PIO;

	if (!range)
		return NULL;
	if (node == 7)
		*space = fn == 3 ? VMR_SNAPSHOT_FIRST_USER + 2 : VMR_SNAPSHOT_PCI;
	else if (node == 8)
		*space = VMR_SNAPSHOT_IDS;
	else if (node == 9 || node == 10 || (node >= 16 && node < 32))
		*space = VMR_SNAPSHOT_IRQS;
	else
		*space = first + (owner_of(range, struct vmr_region, range)->io ==
				  VMR_MMIO);
	return range;
}

static const struct vmr_snapshot_ops snapshot_ops = {
	.range_to_key = to_key, .key_to_range = to_range,
};

#define MIB	0x100000ull

/* BAR 4 of 1 MiB can also have 4 MiB or 8 GiB, BAR 1 also 2 MiB */
static int add_resizable(struct rich *r, enum difference d)
{
	const struct vmr_pci_rebar_desc descs[] = {
		{ 1, 3 * MIB },
		{ 4, d == REBAR_SIZES ? 5 * MIB : 5 * MIB + (8192 * MIB) },
	};
	int ret = vmr_pci_add_bar(&r->fn, 4, VMR_PCI_BAR_MEM64, true,
				  d == REBAR_FIRST_SIZE ? 4 * MIB : MIB,
				  "resizable");

	if (!ret)
		ret = vmr_pci_add_bar(&r->fn, 1, VMR_PCI_BAR_MEM32, false, MIB,
				      "small");
	if (!ret && d != CONVENTIONAL)
		ret = vmr_pci_add_ari(&r->fn, &r->ari);
	if (ret || d == NO_REBAR || d == CONVENTIONAL)
		return ret;
	return vmr_pci_add_rebar(&r->fn, &r->rebar, descs, 2);
}

static int rich_init(struct rich *r, enum difference d)
{
	static const uint8_t bytes[8] = { 0, 0, 8, 1, 2, 3, 4, 5 };
	static const uint8_t other_bytes[8] = { 0, 0, 8, 1, 2, 3, 4, 6 };
	struct vmr_pci_msix_layout layout = { 0, 0, 0x400, 0x800 };
	struct vmr_pci_cap_desc vendor = {
		.id = 9, .size = 8,
		.contents = d == OTHER_VENDOR_CAP ? other_bytes : bytes,
	};
	const struct vmr_pci_cap_desc ext = {
		.id = 3, .version = d == OTHER_EXT_CAP ? 2 : 1, .size = 12,
	};
	struct vmr_pci_ids ids = card_ids;
	int ret;

	if (d == NO_PIN)
		ids.irq_pin = 0;
	if (d == OTHER_VENDOR)
		ids.vendor++;
	if (d == OTHER_CLASS)
		ids.class_code++;
	if (d == OTHER_SUBSYSTEM)
		ids.subdevice++;
	memset(r, 0, sizeof(*r));
	if (d == CONVENTIONAL)
		ret = vmr_pci_function_init(&r->fn, &ids, &card_ops, "rich");
	else
		ret = vmr_pci_function_init_express(&r->fn, &r->space, &ids,
						    &card_ops, "rich");
	r->fn.events = &events;
	r->fn.vector_limit = vector_limit;
	if (!ret)
		ret = vmr_pci_add_bar(&r->fn, 0, VMR_PCI_BAR_MEM32,
				      d == BAR_PREFETCHABLE,
				      d == BAR_SIZE ? 0x2000 : 0x1000, "table");
	if (!ret && d != BAR_MISSING)
		ret = vmr_pci_add_bar(&r->fn, 2, d == BAR_TYPE ?
				      VMR_PCI_BAR_MEM32 : VMR_PCI_BAR_MEM64,
				      true, 0x10000, "wide");
	if (!ret)
		ret = vmr_pci_add_bar(&r->fn, VMR_PCI_ROM, VMR_PCI_BAR_ROM, false,
				      d == ROM_SIZE ? 0x1000 : 0x800, "rom");
	if (d == MSI_NOT_MASKABLE)
		ret = ret ? ret : vmr_pci_add_msi(&r->fn, &r->msi, 0x40, 2);
	else if (!ret)
		ret = vmr_pci_add_msi_maskable(&r->fn, &r->msi,
					       d == MSI_PLACE ? 0x44 : 0x40,
					       d == MSI_VECTORS ? 4 : 2, true);
	if (d == MSIX_TABLE)
		layout.table_offset = 0x408;
	if (!ret)
		ret = vmr_pci_add_msix(&r->fn, &r->msix, 0x60, r->entries,
				       d == MSIX_ENTRIES ? ENTRIES - 1 : ENTRIES,
				       &layout);
	if (!ret && d != NO_PM)
		ret = vmr_pci_add_pm(&r->fn, &r->pm, d == PM_KEEPS);
	vendor.offset = 0xd0;
	if (!ret)
		ret = vmr_pci_add_capability(&r->fn, &r->vendor, &vendor);
	if (!ret)
		ret = vmr_pci_add_express(&r->fn, &r->express,
					  d == EXPRESS_TYPE ?
					  VMR_PCI_EXPRESS_LEGACY_ENDPOINT :
					  VMR_PCI_EXPRESS_ENDPOINT);
	if (!ret && d != CONVENTIONAL)
		ret = vmr_pci_add_ext_capability(&r->fn, &r->ext, &ext);
	return ret ? ret : add_resizable(r, d);
}

static int describe(struct box *b)
{
	unsigned int i;
	int ret = vmr_snapshot_describe_system(b->spaces, &b->m.sys);

	if (!ret)
		ret = vmr_snapshot_describe_bridge(b->spaces +
						   VMR_SNAPSHOT_NR_SPACES,
						   &b->bridge,
						   VMR_SNAPSHOT_FIRST_USER);
	for (i = 0; i <= NR_FNS && !ret; i++)
		ret = vmr_snapshot_describe_pci(&b->blocks[i], i,
						function_of(b, i), &b->m.sys);
	b->snap = (struct vmr_snapshot){
		.ops = &snapshot_ops, .spaces = b->spaces, .nr_spaces = NR_SPACES,
		.blocks = b->blocks, .nr_blocks = NR_FNS + 1,
	};
	return ret;
}

/* The spaces of @b are initialised in place, as the ranges point to them */
static int box_init(struct box *b, enum difference d)
{
	int ret;

	memset(b, 0, sizeof(*b));
	ret = host_machine_init(&b->m, &b->host, &b->intx, b->lines);
	if (!ret)
		ret = vmr_pci_bridge_init(&b->bridge, &b->m.manager, &bridge_ids,
					  &card_ops, "bridge");
	if (!ret)
		ret = rich_init(&b->rich, d);
	if (!ret)
		ret = card_with_bar(&b->card);
	if (!ret)
		ret = card_with_bar(&b->behind);
	if (!ret)
		ret = card_with_bar(&b->plain);
	return ret ? ret : describe(b);
}

static int old_up(void)
{
	struct vmr_pci_function *fns[] = { &old.rich.fn, &old.card };
	int ret = box_init(&old, SAME);

	if (!ret)
		ret = vmr_pci_host_plug(&old.host, &old.bridge.fn, 1 << 3);
	if (!ret)
		ret = vmr_pci_host_plug_card(&old.host, fns, 2, 2);
	if (!ret)
		ret = vmr_pci_bridge_plug(&old.bridge, &old.behind, 3 << 3);
	return ret ? ret : vmr_pci_host_plug(&old.host, &old.plain, 4 << 3);
}

/* Registers and ranges of many kinds */
static void use_old(void)
{
	struct rich *r = &old.rich;
	const uint8_t unmask[4] = { 0 }, mask[4] = { 1 };

	number_bridge(&old.bridge, 1, 1);
	open_mem_window(&old.bridge, 0x80000000, 0x801fffff);
	reg_write(&old.bridge.fn, PCI_BRIDGE_CONTROL,
		  PCI_BRIDGE_CTL_VGA | PCI_BRIDGE_CTL_ISA, 2);
	open_io_window(&old.bridge, 0x4000, 0x7fff);
	reg_write(&old.bridge.fn, COMMAND, DECODE_MEM | DECODE_IO, 2);
	bar_on(&old.behind, 0x80100000);
	bar_on(&old.plain, 0x90000000);
	bar_on(&old.card, 0x90000000);
	bar_write(&r->fn, 3, 1);
	reg_write(&r->fn, r->rebar.reg_block.offset + 17, 2, 1);
	bar_write(&r->fn, 4, 0x92400000);
	bar_on(&r->fn, 0x91000000);
	/* MSI-X: one entry with a number, one pending, one masked again and pending */
	reg_write(&r->fn, 0x62, PCI_MSIX_FLAGS_ENABLE, 2);
	vmr_pci_msix_write(&r->fn, &r->msix, 12, unmask, 4);
	vmr_pci_msix_write(&r->fn, &r->msix, 44, unmask, 4);
	vmr_pci_msix_write(&r->fn, &r->msix, 44, mask, 4);
	vmr_pci_notify(&r->fn, 1);
	vmr_pci_notify(&r->fn, 2);
	vmr_pci_intx_set(&r->fn, true);
	vmr_pci_intx_set(&old.plain, true);
	reg_write(&old.plain, COMMAND, DECODE_MEM | PCI_COMMAND_INTX_DISABLE, 2);
}

static int save(struct box *b, uint8_t *bytes, size_t *size)
{
	memset(bytes, 0, sizeof(saved));
	return vmr_snapshot_save(&b->snap, bytes, sizeof(saved), size);
}

static int restore_and_register(enum difference d)
{
	unsigned int i;
	int ret = box_init(&new, d);

	if (!ret)
		new.behind.upstream_bridge = &new.bridge;
	if (!ret)
		ret = vmr_snapshot_restore(&new.snap, saved, saved_size);
	for (i = 0; i <= NR_FNS && !ret; i++)
		ret = vmr_pci_register_restored(&new.m.manager,
						function_of(&new, i), NULL);
	return ret;
}

static bool saves_equal(void)
{
	size_t size;

	return !save(&new, again, &size) && size == saved_size &&
	       !memcmp(saved, again, saved_size);
}

/* The bytes of a block in the snapshot, found by the registers of its function */
static uint8_t *block_bytes(const struct vmr_pci_function *fn)
{
	size_t i;

	for (i = 0; i + fn->config_size < saved_size; i += 8)
		if (!memcmp(&saved[i], fn->config, fn->config_size))
			return &saved[i];
	return NULL;
}

/* The snapshot is refused if @byte has another value. */
#define EXPECT_HOSTILE(byte, value) \
	do { \
		uint8_t *byte_ = (byte), was_ = *byte_; \
		*byte_ = (uint8_t)(value); \
		fix_checksum(saved, saved_size); \
		EXPECT_EQ(-EBADMSG, restore_and_register(SAME)); \
		EXPECT_EQ(0U, new.m.sys.irqs.space.nr_ranges); \
		EXPECT_EQ(NULL, new.rich.fn.host); \
		*byte_ = was_; \
		fix_checksum(saved, saved_size); \
	} while (0)

/* A restored machine has an equal snapshot, equal lines, and is as alive. */
TEST(pci_snapshot_equal_after_restore)
{
	struct rich *r = &new.rich;
	const uint8_t unmask[4] = { 0 };
	uint32_t pending;

	ASSERT_EQ(0, old_up());
	use_old();
	EXPECT_EQ(VMR_CLAIMED, state_of(bar(&old.card, 0)));
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	delivered = 0;
	reported = 0;
	ASSERT_EQ(0, restore_and_register(SAME));
	EXPECT_TRUE(saves_equal());
	EXPECT_EQ(0, memcmp(old.lines, new.lines, sizeof(old.lines)));
	EXPECT_EQ(2U, reported);
	EXPECT_EQ(0U, delivered);
	EXPECT_EQ(&new.host, new.behind.host);
	EXPECT_EQ(5U, new.host.nr_functions);
	EXPECT_EQ(&new.behind, vmr_pci_find_function(&new.m.manager,
						     VMR_PCI_BDF(1, 3, 0)));
	EXPECT_EQ(0x80U, reg_read(&r->fn, PCI_HEADER_TYPE, 1));
	EXPECT_EQ(0x80U, reg_read(&new.card, PCI_HEADER_TYPE, 1));
	EXPECT_EQ(0, vmr_pci_msix_read_pba(&r->msix, 0, &pending, 4));
	EXPECT_EQ(6U, *(const uint8_t *)&pending);
	EXPECT_EQ(0, vmr_pci_msix_write(&r->fn, &r->msix, 28, unmask, 4));
	EXPECT_EQ(1U, delivered);
	EXPECT_EQ(0, vmr_pci_msix_write(&r->fn, &r->msix, 44, unmask, 4));
	EXPECT_EQ(2U, delivered);
	EXPECT_EQ(0, vmr_pci_intx_set(&r->fn, false));
	EXPECT_EQ(0U, new.lines[2].level);
	/* The card is one again when its functions are plugged alone */
	EXPECT_LE(0, vmr_pci_unplug(&r->fn));
	EXPECT_EQ(0U, reg_read(&r->fn, PCI_HEADER_TYPE, 1));
}

/* A BAR that is being sized stays so, and the place that it had comes back. */
TEST(pci_snapshot_being_sized)
{
	static const uint32_t regs[] = { 0, 2, 3, VMR_PCI_ROM };
	size_t i;

	ASSERT_EQ(0, old_up());
	use_old();
	for (i = 0; i < NR(regs); i++) {
		uint32_t reg = regs[i] == VMR_PCI_ROM ? PCI_ROM_ADDRESS :
			       PCI_BASE_ADDRESS_0 + 4 * regs[i];
		uint32_t value = reg_read(&old.rich.fn, reg, 4);

		reg_write(&old.rich.fn, reg, 0xffffffff, 4);
		EXPECT_EQ(1U << regs[i], old.rich.fn.sizing);
		ASSERT_EQ(0, save(&old, saved, &saved_size));
		ASSERT_EQ(0, restore_and_register(SAME));
		EXPECT_TRUE(saves_equal());
		EXPECT_EQ(1U << regs[i], new.rich.fn.sizing);
		reg_write(&old.rich.fn, reg, value, 4);
		reg_write(&new.rich.fn, reg, value, 4);
		ASSERT_EQ(0, save(&old, saved, &saved_size));
		EXPECT_TRUE(saves_equal());
	}
}

/* MSI with masked and pending vectors, and one that waits for a number. */
TEST(pci_snapshot_msi_pending)
{
	struct rich *r = &old.rich;
	static struct vmr_range hog;

	ASSERT_EQ(0, old_up());
	reg_write(&r->fn, 0x40 + PCI_MSI_MASK_64, 2, 4);
	reg_write(&r->fn, 0x42, PCI_MSI_FLAGS_ENABLE | 1 << 4, 2);
	EXPECT_EQ(0, vmr_pci_notify(&r->fn, 0));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&r->fn, 1));
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	delivered = 0;
	ASSERT_EQ(0, restore_and_register(SAME));
	EXPECT_TRUE(saves_equal());
	EXPECT_EQ(0U, delivered);
	EXPECT_EQ(2U, reg_read(&new.rich.fn, 0x40 + PCI_MSI_MASK_64 + 4, 4));
	reg_write(&new.rich.fn, 0x40 + PCI_MSI_MASK_64, 0, 4);
	EXPECT_EQ(1U, delivered);
	/* No numbers: it is enabled and waits; the new machine has one */
	reg_write(&r->fn, 0x42, 0, 2);
	ASSERT_EQ(0, vmr_reserve(&old.m.sys.irqs.space, &hog, 0, 63, NULL));
	reg_write(&r->fn, 0x40 + PCI_MSI_MASK_64, 0, 4);
	reg_write(&r->fn, 0x42, PCI_MSI_FLAGS_ENABLE | 1 << 4, 2);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&r->fn, 0));
	EXPECT_EQ(0, vmr_free(&old.m.sys.irqs.space, &hog));
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	delivered = 0;
	ASSERT_EQ(0, restore_and_register(SAME));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&new.rich.msi.range));
	/* Vector 1 was pending when MSI was switched off */
	EXPECT_EQ(2U, delivered);
}

/*
 * A callback may unplug the function while it learns of a restored vector, of MSI and
 * of MSI-X.
 */
TEST(pci_snapshot_unplug_by_vector)
{
	struct rich *r = &old.rich;
	unsigned int i;

	ASSERT_EQ(0, old_up());
	use_old();
	reg_write(&r->fn, 0x42, PCI_MSI_FLAGS_ENABLE | 1 << 4, 2);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	/* Two entries of MSI-X and the block of MSI */
	for (i = 1; i <= 3; i++) {
		reported = 0;
		unplugs_at = i;
		ASSERT_EQ(0, restore_and_register(SAME));
		EXPECT_EQ(i, reported);
		EXPECT_EQ(NULL, new.rich.fn.manager);
		EXPECT_EQ(4U, new.host.nr_functions);
		EXPECT_EQ(0U, new.lines[2].level);
	}
	unplugs_at = 0;
	EXPECT_EQ(0, restore_and_register(SAME));
}

/* A function that was not plugged has no address, and cannot be registered. */
TEST(pci_snapshot_unplugged_function)
{
	ASSERT_EQ(0, old_up());
	EXPECT_EQ(0, vmr_pci_unplug(&old.plain));
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	EXPECT_EQ(-ENOENT, restore_and_register(SAME));
	EXPECT_EQ(NULL, new.plain.host);
	EXPECT_EQ(4U, new.host.nr_functions);
	EXPECT_EQ(0, vmr_pci_host_plug(&new.host, &new.plain, VMR_PCI_ANY_DEVICE));
}

/* A BAR that is being sized is parked with its own size, or the state is refused. */
TEST(pci_snapshot_sized_with_other_size)
{
	struct vmr_range *range;

	ASSERT_EQ(0, old_up());
	use_old();
	range = &bar(&old.plain, 0)->range;
	bar_write(&old.plain, 0, 0xffffffff);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, vmr_park(&old.m.sys.mmio, range, 0x90000000, 0x90001fff));
	EXPECT_EQ(-EBADMSG, save(&old, saved, &saved_size));
	ASSERT_EQ(0, vmr_park(&old.m.sys.mmio, range, 0x90000000, 0x90000fff));
	EXPECT_EQ(0, save(&old, saved, &saved_size));
}

static void unmask_entry(struct rich *r, uint32_t index)
{
	const uint8_t unmask[4] = { 0 };

	vmr_pci_msix_write(&r->fn, &r->msix, 16 * index + 12, unmask, 4);
}

static void mask_entry(struct rich *r, uint32_t index)
{
	const uint8_t mask[4] = { 1 };

	vmr_pci_msix_write(&r->fn, &r->msix, 16 * index + 12, mask, 4);
}

static void enable_msi(struct rich *r, uint32_t log)
{
	reg_write(&r->fn, 0x42, PCI_MSI_FLAGS_ENABLE | log << 4, 2);
}

/* The limit counts all vectors that the function holds before it grants another one. */
TEST(pci_snapshot_vector_limit)
{
	struct rich *r = &old.rich;

	vector_limit = 2;
	ASSERT_EQ(0, old_up());
	enable_msi(r, 1);
	reg_write(&r->fn, 0x62, PCI_MSIX_FLAGS_ENABLE, 2);
	unmask_entry(r, 0);
	EXPECT_EQ(-ENOSPC, r->entries[0].error);
	EXPECT_EQ(2U, r->fn.nr_vectors);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, restore_and_register(SAME));
	EXPECT_EQ(-ENOSPC, new.rich.entries[0].error);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&new.rich.entries[0].range));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&new.rich.msi.range));
	EXPECT_EQ(2U, new.rich.fn.nr_vectors);
	EXPECT_TRUE(saves_equal());
	/* The first vector that becomes free is the function's own */
	reg_write(&new.rich.fn, 0x42, 0, 2);
	reg_write(&new.rich.fn, 0x62, 0, 2);
	EXPECT_EQ(0U, new.rich.fn.nr_vectors);
	/* A function with a lower limit refuses what it could not have allocated */
	vector_limit = 1;
	EXPECT_EQ(-EBADMSG, restore_and_register(SAME));
	EXPECT_EQ(0U, new.m.sys.irqs.space.nr_ranges);
	/* The owner may lower the limit of a function that holds more, and save it */
	old.rich.fn.vector_limit = 1;
	EXPECT_EQ(0, save(&old, again, &saved_size));
}

/* A number that an entry holds counts for the limit, and another entry gets none. */
TEST(pci_snapshot_vector_limit_of_entries)
{
	struct rich *r = &old.rich;

	vector_limit = 1;
	ASSERT_EQ(0, old_up());
	reg_write(&r->fn, 0x62, PCI_MSIX_FLAGS_ENABLE, 2);
	unmask_entry(r, 0);
	unmask_entry(r, 1);
	EXPECT_EQ(-ENOSPC, r->entries[1].error);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, restore_and_register(SAME));
	EXPECT_EQ(-ENOSPC, new.rich.entries[1].error);
	EXPECT_EQ(1U, new.rich.fn.nr_vectors);
	EXPECT_TRUE(saves_equal());
}

/*
 * The number that an entry waited for is free when the entry is restored. It has the
 * number and waits no longer: the next snapshot has no ticket.
 */
TEST(pci_snapshot_waits_no_longer)
{
	ASSERT_EQ(0, old_up());
	ASSERT_EQ(0, vmr_reserve(&old.m.sys.irqs.space, &old.hog, 0, 63, NULL));
	reg_write(&old.rich.fn, 0x62, PCI_MSIX_FLAGS_ENABLE, 2);
	unmask_entry(&old.rich, 0);
	EXPECT_EQ(-ENOSPC, old.rich.entries[0].error);
	ASSERT_EQ(0, vmr_free(&old.m.sys.irqs.space, &old.hog));
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, restore_and_register(SAME));
	EXPECT_EQ(0, new.rich.entries[0].error);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&new.rich.entries[0].range));
	ASSERT_EQ(0, save(&new, saved, &saved_size));
	EXPECT_EQ(0, restore_and_register(SAME));
}

/* Requests that wait are served in the order in which they began to wait. */
TEST(pci_snapshot_waiting_order)
{
	struct rich *r = &old.rich;
	static struct vmr_range hog;
	struct vmr_range *taken = &new.hog;
	unsigned int i;

	ASSERT_EQ(0, old_up());
	ASSERT_EQ(0, vmr_reserve(&old.m.sys.irqs.space, &old.hog, 0, 63, NULL));
	reg_write(&r->fn, 0x62, PCI_MSIX_FLAGS_ENABLE, 2);
	unmask_entry(r, 2);
	enable_msi(r, 0);
	unmask_entry(r, 1);
	unmask_entry(r, 0);
	/* It waits although it is masked again */
	mask_entry(r, 1);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	messages = 0;
	ASSERT_EQ(0, restore_and_register(SAME));
	EXPECT_TRUE(saves_equal());
	EXPECT_EQ(0U, messages);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(taken));
	EXPECT_EQ(4U, new.rich.fn.nr_vectors);

	/* One number at a time: entry 2, MSI, entry 1, and entry 0 */
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(i > 0, !new.rich.entries[2].error);
		EXPECT_EQ(i > 1, !new.rich.msi.error);
		EXPECT_EQ(i > 2, !new.rich.entries[1].error);
		EXPECT_EQ(-ENOSPC, new.rich.entries[0].error);
		ASSERT_EQ(0, vmr_free(&new.m.sys.irqs.space, taken));
		ASSERT_EQ(0, vmr_reserve(&new.m.sys.irqs.space, taken, i + 1, 63,
					 NULL));
		memset(&hog, 0, sizeof(hog));
		ASSERT_EQ(0, vmr_reserve(&new.m.sys.irqs.space, &hog, i, i,
					 NULL));
		EXPECT_EQ(0, vmr_system_free_vectors(&new.m.sys, VMR_KIND_MSIX, &hog));
	}
	EXPECT_EQ(0, new.rich.entries[0].error);
	EXPECT_EQ(4U, messages);
	/* A request that begins to wait now is younger than those of the snapshot */
	EXPECT_EQ(old.m.sys.vector_tickets, new.m.sys.vector_tickets);
}

/* The last addresses of the machine are addresses as others. */
TEST(pci_snapshot_last_addresses)
{
	const uint64_t addr = MACHINE_LAST - 0xffff;

	ASSERT_EQ(0, old_up());
	bar_write(&old.rich.fn, 2, (uint32_t)addr);
	bar_write(&old.rich.fn, 3, (uint32_t)(addr >> 32));
	reg_write(&old.rich.fn, COMMAND, DECODE_MEM, 2);
	EXPECT_EQ(MACHINE_LAST, bar(&old.rich.fn, 2)->range.last);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, restore_and_register(SAME));
	EXPECT_EQ(addr, bar(&new.rich.fn, 2)->range.start);
	EXPECT_TRUE(saves_equal());
}

/* A host bridge of later buses, whose window is at another address on the bus */
static int translate(struct box *b)
{
	static const struct vmr_pci_window window = {
		.io = VMR_MMIO, .start = 0x90000000, .last = 0x9fffffff,
		.bus_start = 0x10000000, .name = "window",
	};
	const struct vmr_pci_host_config config = {
		.bus_start = 5, .bus_last = 15, .windows = &window,
		.nr_windows = 1, .intx = &b->intx, .name = "host",
	};
	int ret = vmr_pci_host_unregister(&b->host);

	return ret ? ret : vmr_pci_host_register(&b->m.manager, &b->host, &config);
}

/*
 * A restored machine can be saved before its functions are registered. Afterwards they
 * are below their host bridge.
 */
TEST(pci_snapshot_saved_before_registration)
{
	ASSERT_EQ(0, box_init(&old, SAME));
	ASSERT_EQ(0, translate(&old));
	ASSERT_EQ(0, vmr_pci_host_plug(&old.host, &old.plain, 4 << 3));
	bar_on(&old.plain, 0x10100000);
	EXPECT_EQ(0x90100000ull, bar(&old.plain, 0)->range.start);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, box_init(&new, SAME));
	ASSERT_EQ(0, translate(&new));
	ASSERT_EQ(0, vmr_snapshot_restore(&new.snap, saved, saved_size));
	EXPECT_TRUE(saves_equal());
	ASSERT_EQ(0, vmr_pci_register_restored(&new.m.manager, &new.plain, NULL));
	bar_on(&new.plain, 0x10200000);
	EXPECT_EQ(0x90200000ull, bar(&new.plain, 0)->range.start);
}

/* The tickets of requests and the power state are checked. */
TEST(pci_snapshot_hostile_tickets)
{
	const size_t msi = VMR_PCI_EXPRESS_CONFIG_SIZE + 40;
	const size_t entry = msi + 40;
	uint8_t *block;
	uint8_t *ctrl;

	ASSERT_EQ(0, old_up());
	unmask_entry(&old.rich, 1);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	block = block_bytes(&old.rich.fn);
	ASSERT_NE(NULL, block);
	/* Neither is enabled */
	EXPECT_HOSTILE(&block[msi + 32], 1);
	EXPECT_HOSTILE(&block[entry + 17], 1);
	/* Enabled, with vectors */
	reg_write(&old.rich.fn, 0x62, PCI_MSIX_FLAGS_ENABLE, 2);
	enable_msi(&old.rich, 0);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	block = block_bytes(&old.rich.fn);
	ASSERT_NE(NULL, block);
	EXPECT_HOSTILE(&block[msi + 32], 1);
	EXPECT_HOSTILE(&block[entry + 25 + 17], 1);
	/* Enabled, without: the highest ticket would be the last one */
	EXPECT_HOSTILE(&block[entry + 17 + 7], 0x80);
	/* D1 and D2 */
	ctrl = &block[old.rich.pm.reg_block.offset + PCI_PM_CTRL];
	EXPECT_HOSTILE(ctrl, *ctrl | 1);
	EXPECT_HOSTILE(ctrl, *ctrl | 2);
	EXPECT_EQ(0, restore_and_register(SAME));
}

/* In D3hot BARs are parked, and after the restore the function returns. */
TEST(pci_snapshot_in_d3hot)
{
	struct rich *r = &old.rich;
	uint32_t ctrl;

	ASSERT_EQ(0, old_up());
	use_old();
	ctrl = r->pm.reg_block.offset + PCI_PM_CTRL;
	reg_write(&r->fn, ctrl, 3, 2);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, restore_and_register(SAME));
	EXPECT_TRUE(saves_equal());
	EXPECT_EQ(VMR_PARKED, state_of(bar(&new.rich.fn, 0)));
	reg_write(&r->fn, ctrl, 0, 2);
	reg_write(&new.rich.fn, ctrl, 0, 2);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	EXPECT_TRUE(saves_equal());
}

/* A machine whose function differs in anything refuses the snapshot. */
TEST(pci_snapshot_other_machine)
{
	int d;

	ASSERT_EQ(0, old_up());
	/* Also where nothing is programmed */
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	for (d = SAME + 1; d < NR_DIFFERENCES; d++) {
		EXPECT_EQ(-ENODEV, restore_and_register((enum difference)d)) {
			TH_LOG("difference %d", d);
		}
		EXPECT_EQ(0U, new.m.sys.mmio.nr_ranges);
	}
	use_old();
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	for (d = SAME + 1; d < NR_DIFFERENCES; d++) {
		EXPECT_EQ(-ENODEV, restore_and_register((enum difference)d)) {
			TH_LOG("difference %d", d);
		}
		EXPECT_EQ(0U, new.m.sys.mmio.nr_ranges);
	}
	EXPECT_EQ(0, restore_and_register(SAME));
}

/* A changed size comes back with its region, its address bits and its reset value. */
TEST(pci_snapshot_size_changed)
{
	struct rich *r = &new.rich;
	uint32_t field;

	ASSERT_EQ(0, old_up());
	field = old.rich.rebar.reg_block.offset + 8 + PCI_REBAR_CTRL + 1;
	EXPECT_EQ(0, reg_write(&old.rich.fn, field, 13, 1));
	bar_write(&old.rich.fn, 5, 6);
	EXPECT_EQ(0, reg_write(&old.rich.fn, field - 8, 1, 1));
	bar_write(&old.rich.fn, 1, 0x93200000);
	reg_write(&old.rich.fn, COMMAND, DECODE_MEM, 2);
	EXPECT_EQ(0x600000000u, bar(&old.rich.fn, 4)->range.start);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, restore_and_register(SAME));
	EXPECT_TRUE(saves_equal());
	EXPECT_EQ(8192 * MIB, bar(&r->fn, 4)->size);
	EXPECT_EQ(0x600000000u, bar(&r->fn, 4)->range.start);
	EXPECT_EQ(2 * MIB, bar(&r->fn, 1)->size);
	EXPECT_EQ(0x93200000u, bar(&r->fn, 1)->range.start);
	bar_write(&r->fn, 4, 0xffffffff);
	bar_write(&r->fn, 5, 0xffffffff);
	EXPECT_EQ(0xcU, reg_read(&r->fn, PCI_BASE_ADDRESS_4, 4));
	EXPECT_EQ(0xfffffffeU, reg_read(&r->fn, PCI_BASE_ADDRESS_5, 4));
	EXPECT_EQ(0, vmr_pci_function_reset(&r->fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_EQ(MIB, bar(&r->fn, 4)->size);
}

/* The record of a node in the snapshot, found by its key and first number */
static uint8_t *record_bytes(uint64_t key, uint64_t start)
{
	uint8_t wanted[16];
	size_t i;

	for (i = 0; i < 8; i++) {
		wanted[i] = (uint8_t)(key >> 8 * i);
		wanted[8 + i] = (uint8_t)(start >> 8 * i);
	}
	for (i = 0; i + 24 < saved_size; i += 4)
		if (!memcmp(&saved[i], wanted, sizeof(wanted)))
			return &saved[i];
	return NULL;
}

/* Restore with the record of a key moved to [@start, @last]. */
static int restore_moved(uint64_t key, uint64_t from, uint64_t start,
			 uint64_t last)
{
	uint8_t *record = record_bytes(key, from);
	uint8_t before[24];
	size_t i;
	int ret;

	if (!record)
		return -ENOENT;
	memcpy(before, record, sizeof(before));
	for (i = 0; i < 8; i++) {
		record[8 + i] = (uint8_t)(start >> 8 * i);
		record[16 + i] = (uint8_t)(last >> 8 * i);
	}
	fix_checksum(saved, saved_size);
	ret = restore_and_register(SAME);
	memcpy(record, before, sizeof(before));
	fix_checksum(saved, saved_size);
	return ret;
}

/*
 * A function has one address. A function at the root is on the first bus of its host
 * bridge.
 */
TEST(pci_snapshot_address_is_one_number)
{
	const uint64_t plain = 407, behind = 307;
	static struct vmr_pci_function highest;
	uint64_t at;

	ASSERT_EQ(0, old_up());
	use_old();
	/* The watermark permits the numbers of bus 1 */
	ASSERT_EQ(0, vmr_id_reserve(&old.m.sys.pci_bdfs,
				    function_address(&highest), 0x1ff, NULL));
	ASSERT_EQ(0, vmr_id_free_range(&old.m.sys.pci_bdfs, &highest.address));
	at = old.plain.address.start;
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	EXPECT_EQ(0, restore_moved(plain, at, at, at));
	EXPECT_EQ(-EBADMSG, restore_moved(plain, at, at, at + 1));
	EXPECT_EQ(-EBADMSG, restore_moved(plain, at, at, at + 0x100));
	EXPECT_EQ(-EBADMSG, restore_moved(plain, at, at + 0x100, at + 0x100));
	EXPECT_EQ(-EBADMSG, restore_moved(behind, old.behind.address.start,
					  old.behind.address.start - 1,
					  old.behind.address.start));
	/* Another function number is one that it could have */
	EXPECT_EQ(0, restore_moved(plain, at, at - 1, at - 1));
}

/* A function that is not plugged has registers in a snapshot, and no address. */
TEST(pci_snapshot_of_unplugged_function)
{
	ASSERT_EQ(0, old_up());
	EXPECT_LE(0, vmr_pci_unplug(&old.plain));
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	EXPECT_EQ(-ENOENT, restore_and_register(SAME));
	EXPECT_EQ(&new.card, vmr_pci_find_function(&new.m.manager,
						   vmr_id_value(&new.card.address)));
	EXPECT_EQ(NULL, new.plain.host);
	EXPECT_TRUE(saves_equal());
	EXPECT_EQ(0, vmr_pci_host_plug(&new.host, &new.plain, 4 << 3));
}

/*
 * Each bit of a function's block that is changed gives a snapshot that is refused, or
 * one that is restored exactly.
 */
TEST(pci_snapshot_each_bit)
{
	unsigned int refused = 0, exact = 0, bit;
	uint8_t *block;
	size_t at, size, rebar;
	int ret;

	ASSERT_EQ(0, old_up());
	use_old();
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	size = VMR_PCI_CONFIG_SIZE;
	block = block_bytes(&old.rich.fn);
	ASSERT_NE(NULL, block);
	rebar = old.rich.rebar.reg_block.offset;
	for (at = 0; at < size + 132; at++)
		for (bit = 0; bit < 8; bit += at < 0x30 || at >= size ? 1 : 3) {
			uint8_t *byte = &block[at < size ? at : at < size + 12 ?
				rebar + at - size :
				VMR_PCI_EXPRESS_CONFIG_SIZE + at - size - 12];

			*byte ^= 1u << bit;
			fix_checksum(saved, saved_size);
			ret = restore_and_register(SAME);
			if (ret)
				refused++;
			else if (saves_equal())
				exact++;
			else
				EXPECT_EQ(0, ret) {
					TH_LOG("byte %zu bit %u", at, bit);
				}
			*byte ^= 1u << bit;
		}
	EXPECT_LT(0U, refused);
	EXPECT_LT(0U, exact);
}

/* NULL for each pointer, and ids of the system. */
TEST(pci_snapshot_null_arguments)
{
	ASSERT_EQ(0, old_up());
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_pci(NULL, 0, &old.plain, &m.sys));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_pci(old.blocks, 0, NULL, &m.sys));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_pci(old.blocks, 0, &old.plain, NULL));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_bridge(NULL, &old.bridge, 16));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_bridge(old.spaces, NULL, 16));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_bridge(old.spaces, &old.bridge, 15));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_bridge(old.spaces, &old.bridge,
							UINT32_MAX - 1));
	EXPECT_EQ(0, vmr_snapshot_describe_bridge(old.spaces, &old.bridge,
						  UINT32_MAX - 2));
}

TEST_HARNESS_MAIN
