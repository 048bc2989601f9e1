// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_fault_injection_pci.c - failed calls for PCI functions change nothing
 *
 * Plugging and registering restored functions, at the root and behind bridges. Each
 * step fails in turn: the BDF, the constraints, the id, the callback of the device.
 * Then unplugging, configuration mechanism #1, capabilities and BARs.
 */
#include "../kselftest_harness.h"

#include "card.h"
#include "unchanged.h"

#define REFUSED_BY_DEV	(-1234)
#define IDS		8
#define ENTRIES		4
#define MSI		0x50
#define MSIX		0x70
#define AT		VMR_PCI_BDF(0, 2, 0)
#define ELSEWHERE	VMR_PCI_BDF(0, 3, 0)

/* A function with a BAR, MSI and MSI-X, and its other constraints */
static struct vmr_pci_function fn;
static struct vmr_pci_msi msi;
static struct vmr_pci_msix msix;
static struct vmr_pci_msix_entry entries[ENTRIES];
static struct vmr_region area;
static struct vmr_range line, slot;
static struct vmr_constraint want[3];
static struct vmr_resource got[3];

static struct vmr_pci_bridge bridge, inner;
static struct probe holder, waiter, others[IDS];

static void bridge_up(struct __test_metadata *_metadata)
{
	const struct vmr_pci_ids ids = { .class_code = 0x060400 };

	ASSERT_EQ(0, vmr_pci_bridge_init(&bridge, &m.manager, &ids, &card_ops,
					 "bridge"));
	ASSERT_EQ(0, vmr_pci_bridge_init(&inner, &m.manager, &ids, &card_ops,
					 "inner bridge"));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &bridge.fn, 8));
	ASSERT_EQ(0, watch_bridge(&bridge));
	ASSERT_EQ(0, watch_bridge(&inner));
	conf_out(&bridge.fn, 0x20, 0xdff0d000);		/* d0000000-dfffffff */
	decode(&bridge.fn, DECODE_MEM);
}

/* A machine with a claim, a bridge with an open window, and a bridge not plugged */
static void up(struct __test_metadata *_metadata)
{
	ASSERT_EQ(0, machine_up_to(MACHINE_LAST, IDS - 1));
	ASSERT_EQ(0, vmr_pci_conf1_register(&host, &m.manager, NULL));
	ASSERT_EQ(0, diary_start(&event_log));
	ASSERT_EQ(0, probe_up(&holder, "holder", VMR_MMIO, 0xc0000000, 0x2000));
	ASSERT_EQ(0, probe_up_unmapped(&waiter, "waiter", VMR_MMIO, 0x1000));
	ASSERT_EQ(0, program(&waiter.region[0], 0xc0001000));
	ASSERT_EQ(VMR_CLAIMED, state_of(&waiter.region[0]));
	bridge_up(_metadata);
}

/* The address of the area: in the window of the bridge, or outside */
static uint64_t area_at(const struct vmr_pci_bridge *behind)
{
	return behind ? 0xd0004000 : 0xe0004000;
}

static void function_up(struct __test_metadata *_metadata,
			const struct vmr_pci_bridge *behind)
{
	const struct vmr_pci_msix_layout place = { .pba_offset = 0x800 };

	ASSERT_EQ(0, card_init(&fn, "card"));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_MEM64, true, 0x4000,
				     "bar"));
	ASSERT_EQ(0, vmr_pci_add_msi(&fn, &msi, MSI, 4));
	ASSERT_EQ(0, vmr_pci_add_msix(&fn, &msix, MSIX, entries, ENTRIES,
				      &place));
	vmr_region_init(&area, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 9, "area");
	ASSERT_EQ(0, vmr_device_add_region(&fn.dev, &area));
	vmr_constraint_init_fixed(&want[0], VMR_KIND_MMIO, area_at(behind), 0x1000,
				  &area.range);
	vmr_constraint_init_fixed(&want[1], VMR_KIND_IRQ, 5, 1, &line);
	vmr_constraint_init_bounded(&want[2], VMR_KIND_MEM_SLOT, 1, 1, 7, 7, &slot);
	fn.dev.constraints = want;
	fn.dev.nr_constraints = NR(want);
	vmr_resource_set_init(&fn.dev.resources, got, NR(got));
}

/*
 * The steps of a plug, in their order, and obstacles for each
 */

enum { ADDRESS, AREA, LINE, SLOT, ID, DEVICE, NR_STEPS };

static const int reasons[NR_STEPS] = {
	-EBUSY, -EBUSY, -EBUSY, -ENOSPC, -ENOSPC, REFUSED_BY_DEV,
};

static struct vmr_pci_function address_blocker;
static struct vmr_region area_blocker;
static struct vmr_range blocker[NR_STEPS];

static int take_ids(bool take)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < NR(others) && !ret; i++) {
		if (!take) {
			vmr_device_unregister(&m.manager, &others[i].dev);
			continue;
		}
		probe_init(&others[i], "other");
		ret = vmr_device_register(&m.manager, &others[i].dev, NULL, NULL);
	}
	return ret == -ENOSPC ? 0 : ret;
}

static int block(int step, struct vmr_pci_bridge *behind)
{
	const uint64_t last = area_at(behind) + 0xfff;

	switch (step) {
	case ADDRESS:
		/* Only functions have addresses. */
		return card_init(&address_blocker, "blocker") ||
		       vmr_id_reserve(behind ? &behind->devfns : &m.sys.pci_bdfs,
				      &address_blocker.address, AT & 0xff, NULL);
	case AREA:
		return vmr_reserve(behind ? &behind->bus.mmio : &m.sys.mmio,
				   &area_blocker.range, last, last, NULL);
	case LINE:
		return vmr_id_reserve(&m.sys.irqs, &blocker[step], 5, NULL);
	case SLOT:
		return vmr_id_reserve(&m.sys.mem_slots, &blocker[step], 7, NULL);
	case ID:
		return take_ids(true);
	default:
		card_refuses = REFUSED_BY_DEV;
		return 0;
	}
}

static void unblock(int step, struct vmr_pci_bridge *behind)
{
	switch (step) {
	case ADDRESS:
		vmr_id_free_range(behind ? &behind->devfns : &m.sys.pci_bdfs,
				  &address_blocker.address);
		break;
	case AREA:
		vmr_free(behind ? &behind->bus.mmio : &m.sys.mmio,
			 &area_blocker.range);
		break;
	case LINE:
		vmr_id_free_range(&m.sys.irqs, &blocker[step]);
		break;
	case SLOT:
		vmr_id_free_range(&m.sys.mem_slots, &blocker[step]);
		break;
	case ID:
		take_ids(false);
		break;
	default:
		card_refuses = 0;
	}
}

/* The state of the function, for comparison */
struct function_state {
	struct vmr_manager	*manager;
	struct vmr_pci_bridge	*behind;
	struct vmr_pci_host	*host;
	struct vmr_bus		*parent;
	uint32_t		state;
	size_t			nr_resources;
	uintptr_t		links[8];
	uint8_t			config[VMR_PCI_CONFIG_SIZE];
	uint8_t			writable[VMR_PCI_CONFIG_SIZE];
	uint32_t		words[ENTRIES][4];
	int			errors[ENTRIES + 1];
};

static struct function_state fn_before, fn_after;

static void function_state_take(struct function_state *r, const struct vmr_pci_function *f)
{
	size_t i;

	memset(r, 0, sizeof(*r));
	r->manager = f->manager;
	r->behind = f->upstream_bridge;
	r->host = f->host;
	r->parent = f->dev.parent_bus;
	r->state = f->dev.state;
	r->nr_resources = f->dev.resources.nr;
	r->links[0] = vmr_range_state(&f->address);
	r->links[1] = vmr_range_state(&f->dev.id);
	r->links[2] = vmr_range_state(&area.range);
	r->links[3] = vmr_range_state(&line);
	r->links[4] = vmr_range_state(&slot);
	r->links[5] = vmr_range_state(&f->bars[0].region.range);
	r->links[6] = vmr_range_state(&msi.range);
	r->links[7] = (uintptr_t)f->dev.transaction;
	memcpy(r->config, f->config, sizeof(r->config));
	memcpy(r->writable, f->wmask, sizeof(r->writable));
	for (i = 0; i < ENTRIES; i++) {
		memcpy(r->words[i], entries[i].dwords, sizeof(r->words[i]));
		r->errors[i] = entries[i].error;
	}
	r->errors[ENTRIES] = msi.error;
}

#define FN_FAILS(f, err, call) \
	do { \
		function_state_take(&fn_before, f); \
		FAILS(err, call); \
		function_state_take(&fn_after, f); \
		EXPECT_EQ(0, memcmp(&fn_before, &fn_after, \
				    sizeof(fn_after))) { \
			TH_LOG("%s failed and changed the function", #call); \
		} \
	} while (0)

static int plug(struct vmr_pci_function *f, struct vmr_pci_bridge *behind,
		uint32_t at)
{
	return behind ? vmr_pci_bridge_plug(behind, f, at) :
			vmr_pci_plug(&m.manager, f, at);
}

static unsigned int ways;	/* number of failures tried */

/* Block every subset of @steps: the call reports the first blocked step. */
static void every_set(struct __test_metadata *_metadata,
		      struct vmr_pci_function *f, struct vmr_pci_bridge *behind,
		      unsigned int steps)
{
	unsigned int set;
	int step;

	forget_marks();
	for (set = 1; set < 1u << NR_STEPS; set++) {
		if (set & ~steps)
			continue;
		keep_marks();
		for (step = 0; step < NR_STEPS; step++)
			if (set & 1u << step)
				ASSERT_EQ(0, block(step, behind));
		put_marks_back();
		for (step = 0; !(set & 1u << step); step++)
			;
		FN_FAILS(f, reasons[step], plug(f, behind, AT & 0xff));
		ways++;
		for (step = 0; step < NR_STEPS; step++)
			if (set & 1u << step)
				unblock(step, behind);
	}
	/* Without obstacles the plug succeeds. */
	EXPECT_EQ(0, plug(f, behind, AT & 0xff));
	FN_FAILS(f, -EEXIST, plug(f, behind, ELSEWHERE));
	FN_FAILS(f, -EEXIST, vmr_pci_register_restored(&m.manager, f, NULL));
	EXPECT_LE(0, vmr_pci_unplug(f));
}

#define ALL_STEPS	((1u << NR_STEPS) - 1)

/* Plug, use and unplug the function: its old registers must not come back. */
static void use_and_unplug(struct __test_metadata *_metadata,
			   struct vmr_pci_bridge *behind)
{
	uint8_t on[4] = { 0x21, 0, 0, 0x80 }, base[4] = { 0, 0, 0, 0xd1 };
	uint8_t unmasked[4] = { 0 };

	ASSERT_EQ(0, plug(&fn, behind, AT & 0xff));
	ASSERT_EQ(0, vmr_pci_config_write(&fn, 0x10, base, 4));
	ASSERT_EQ(0, vmr_pci_config_write(&fn, MSI + 2, on, 2));
	ASSERT_EQ(0, vmr_pci_config_write(&fn, MSIX + 2, on + 2, 2));
	ASSERT_EQ(0, vmr_pci_msix_write(&fn, &msix, 12, unmasked, 4));
	ASSERT_EQ(VMR_LIVE, vmr_range_state(&msi.range));
	ASSERT_EQ(VMR_LIVE, vmr_range_state(&entries[0].range));
	ASSERT_LE(0, vmr_pci_unplug(&fn));
}

/* A plug at the root fails at its first failing step and changes nothing. */
TEST(pci_plug_at_root_failure_unchanged)
{
	up(_metadata);
	function_up(_metadata, NULL);
	/* Never plugged before: the registers have their reset values. */
	every_set(_metadata, &fn, NULL, ALL_STEPS);
	FN_FAILS(&fn, -ERANGE, vmr_pci_plug(&m.manager, &fn, 0x100));
	FN_FAILS(&fn, -EINVAL, vmr_pci_plug(NULL, &fn, AT));
	FAILS(-EINVAL, vmr_pci_plug(&m.manager, NULL, AT));
	EXPECT_EQ(63U, ways);
}

/* A plug behind a bridge fails at its first failing step and changes nothing. */
TEST(pci_plug_behind_bridge_unchanged)
{
	up(_metadata);
	function_up(_metadata, &bridge);
	use_and_unplug(_metadata, &bridge);
	every_set(_metadata, &fn, &bridge, ALL_STEPS);
	FN_FAILS(&fn, -ERANGE, vmr_pci_bridge_plug(&bridge, &fn, 0x100));
	FN_FAILS(&fn, -ENOENT, vmr_pci_bridge_plug(&inner, &fn, AT));
	FN_FAILS(&fn, -EINVAL, vmr_pci_bridge_plug(NULL, &fn, AT));
	FAILS(-EINVAL, vmr_pci_bridge_plug(&bridge, NULL, AT));
	EXPECT_EQ(63U, ways);
}

/* A failed plug of a bridge leaves the bus behind it unchanged. */
TEST(pci_plug_of_bridge_failure_unchanged)
{
	unsigned int steps = 1u << ADDRESS | 1u << ID | 1u << DEVICE;
	struct vmr_pci_bridge *behind[] = { NULL, &bridge };
	size_t i;

	up(_metadata);
	for (i = 0; i < NR(behind); i++)
		every_set(_metadata, &inner.fn, behind[i], steps);
	EXPECT_EQ(2 * 7U, ways);
	FN_FAILS(&inner.fn, -ENOENT,
		 vmr_pci_bridge_plug(&inner, &inner.fn, AT));
}

/* If the device ids are exhausted, a plug fails and changes nothing. */
TEST(pci_plug_without_ids_unchanged)
{
	static struct vmr_pci_function cards[IDS];
	size_t i, nr = 0;

	up(_metadata);
	for (i = 0; i < IDS; i++)
		ASSERT_EQ(0, card_init(&cards[i], "card"));
	for (i = 0; i < IDS; i++) {
		struct vmr_pci_bridge *behind = i % 2 ? &bridge : NULL;
		uint32_t at = 0x40 + (uint32_t)i;

		if (m.sys.device_ids.space.nr_ranges < IDS) {
			EXPECT_EQ(0, plug(&cards[i], behind, at));
			nr++;
			continue;
		}
		FN_FAILS(&cards[i], -ENOSPC, plug(&cards[i], behind, at));
		ways++;
	}
	EXPECT_EQ((size_t)4, nr);
	EXPECT_EQ(4U, ways);
}

/*
 * Restored functions
 */

/* One range is free, then live in another space. All others are live. */
static void restored_without(struct __test_metadata *_metadata,
			     struct vmr_range *range, struct vmr_space *space,
			  size_t index)
{
	uint64_t start = range->start, last = range->last;
	struct vmr_space *foreign = &m.sys.msi_vectors.space;
	size_t failed = 77;
	uint64_t type;

	ASSERT_EQ(0, vmr_free(space, range));
	type = range->type;
	FN_FAILS(&fn, -ENOENT, vmr_pci_register_restored(&m.manager, &fn, &failed));
	EXPECT_EQ(index, failed);
	failed = 77;
	type = range->type;
	ASSERT_EQ(0, vmr_reserve(foreign, range, 0, 0, NULL));
	FN_FAILS(&fn, -ENOENT, vmr_pci_register_restored(&m.manager, &fn, &failed));
	EXPECT_EQ(index, failed);
	ASSERT_EQ(0, vmr_free(foreign, range));
	range->type = type;	/* the type of the space that it was in */
	ASSERT_EQ(0, vmr_reserve(space, range, start, last, NULL));
	ways += 2;
}

/* One range is parked in its own space. */
static void restored_parked(struct __test_metadata *_metadata,
			    struct vmr_range *range, struct vmr_space *space,
			 size_t index)
{
	uint64_t start = range->start, last = range->last;
	size_t failed = 77;

	ASSERT_EQ(0, vmr_park(space, range, start, last));
	FN_FAILS(&fn, -ENOENT, vmr_pci_register_restored(&m.manager, &fn, &failed));
	EXPECT_EQ(index, failed);
	ASSERT_EQ(0, vmr_free(space, range));
	ASSERT_EQ(0, vmr_reserve(space, range, start, last, NULL));
	ways++;
}

static void restored_at(struct __test_metadata *_metadata,
			struct vmr_pci_bridge *behind)
{
	struct vmr_space *mmio = behind ? &behind->bus.mmio : &m.sys.mmio;
	struct vmr_id_pool *addresses = behind ? &behind->devfns : &m.sys.pci_bdfs;
	const uint64_t start = area_at(behind), last = start + 0xfff;
	size_t failed = 77;

	fn.upstream_bridge = behind;
	ASSERT_EQ(0, vmr_id_reserve(addresses, &fn.address, AT & 0xff, NULL));
	ASSERT_EQ(0, vmr_reserve(mmio, &area.range, start, last, NULL));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &line, 5, NULL));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.mem_slots, &slot, 7, NULL));
	ASSERT_EQ(0, device_id_alloc(&fn.dev));
	restored_without(_metadata, &fn.address, &addresses->space, 77);
	restored_without(_metadata, &area.range, mmio, 0);
	restored_without(_metadata, &line, &m.sys.irqs.space, 1);
	restored_without(_metadata, &slot, &m.sys.mem_slots.space, 2);
	restored_without(_metadata, &fn.dev.id, &m.sys.device_ids.space, 3);
	restored_parked(_metadata, &fn.address, &addresses->space, 77);
	restored_parked(_metadata, &area.range, mmio, 0);
	restored_parked(_metadata, &line, &m.sys.irqs.space, 1);
	restored_parked(_metadata, &slot, &m.sys.mem_slots.space, 2);
	restored_parked(_metadata, &fn.dev.id, &m.sys.device_ids.space, 3);
	card_refuses = REFUSED_BY_DEV;
	FN_FAILS(&fn, REFUSED_BY_DEV, vmr_pci_register_restored(&m.manager, &fn, &failed));
	card_refuses = 0;
	fn.dev.resources.max--;
	FN_FAILS(&fn, -EINVAL, vmr_pci_register_restored(&m.manager, &fn, &failed));
	fn.dev.resources.max++;
	FN_FAILS(&fn, -EINVAL, vmr_pci_register_restored(NULL, &fn, &failed));
	FAILS(-EINVAL, vmr_pci_register_restored(&m.manager, NULL, &failed));
	EXPECT_EQ((size_t)77, failed);
	/* With all ranges live the call succeeds. */
	EXPECT_EQ(0, vmr_pci_register_restored(&m.manager, &fn, &failed));
	EXPECT_EQ(1, vmr_pci_unplug(&fn));
}

/*
 * Registering a restored function at the root fails if one range is not live, and
 * changes nothing.
 */
TEST(pci_restored_at_root_unchanged)
{
	up(_metadata);
	function_up(_metadata, NULL);
	restored_at(_metadata, NULL);
	EXPECT_EQ(15U, ways);
}

/*
 * Registering a restored function behind a bridge fails if one range is not live,
 * and changes nothing.
 */
TEST(pci_restored_behind_bridge_unchanged)
{
	up(_metadata);
	function_up(_metadata, &bridge);
	restored_at(_metadata, &bridge);
	EXPECT_EQ(15U, ways);
}

/* Registering a restored function fails if its bridge is not registered. */
TEST(pci_restored_without_bridge_unchanged)
{
	up(_metadata);
	ASSERT_EQ(0, card_init(&fn, "card"));
	fn.upstream_bridge = &inner;
	ASSERT_EQ(0, vmr_id_reserve(&inner.devfns, &fn.address, 3, NULL));
	ASSERT_EQ(0, device_id_alloc(&fn.dev));
	FN_FAILS(&fn, -ENOENT, vmr_pci_register_restored(&m.manager, &fn, NULL));
}

/*
 * Unplugging
 */

/* A failed unplug changes nothing. */
TEST(pci_unplug_failure_unchanged)
{
	struct vmr_transaction t;

	up(_metadata);
	function_up(_metadata, &bridge);
	use_and_unplug(_metadata, &bridge);
	FN_FAILS(&fn, -ENOENT, vmr_pci_unplug(&fn));
	FAILS(-EINVAL, vmr_pci_unplug(NULL));
	/* Enable MSI and the BAR, so that the unplug has ranges to free. */
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &fn, AT));
	ASSERT_EQ(0, vmr_pci_config_write(&fn, MSI + 2, "\x21\0", 2));
	ASSERT_EQ(0, vmr_pci_config_write(&fn, 0x10, "\0\0\0\xd1", 4));
	ASSERT_EQ(0, vmr_pci_config_write(&fn, COMMAND, "\2\0", 2));
	ASSERT_EQ(VMR_LIVE, vmr_range_state(&msi.range));
	ASSERT_EQ(VMR_LIVE, state_of(bar(&fn, 0)));
	FN_FAILS(&bridge.fn, -EBUSY, vmr_pci_unplug(&bridge.fn));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, vmr_transaction_remove(&t, &fn.dev));
	FN_FAILS(&fn, -EBUSY, vmr_pci_unplug(&fn));
	FN_FAILS(&fn, -EBUSY, vmr_device_unregister(&m.manager, &fn.dev));
	FN_FAILS(&bridge.fn, -EBUSY, vmr_pci_unplug(&bridge.fn));
	/* The address behind the bridge is held until the function is unplugged. */
	FN_FAILS(&bridge.fn, -EBUSY, vmr_transaction_remove(&t, &bridge.fn.dev));
	ASSERT_EQ(0, vmr_transaction_abort(&t));
	EXPECT_EQ(2, vmr_pci_unplug(&fn));
	EXPECT_EQ(1, vmr_pci_unplug(&bridge.fn));
}

/*
 * Configuration mechanism #1
 */

static struct vmr_pci_conf1 second, host_before;

/* The call may initialise the host, but the host owns no resource. */
static bool host_has_nothing(void)
{
	return second.dev.state == VMR_DEVICE_UNREGISTERED &&
	       !second.dev.resources.nr &&
	       vmr_range_state(&second.ports.range) == VMR_FREE &&
	       vmr_range_state(&second.dev.id) == VMR_FREE;
}

/*
 * Configuration mechanism #1 fails if one of its ports is in use or no id is free.
 */
TEST(pci_conf1_register_failure_unchanged)
{
	static struct vmr_region taken;
	uint64_t port;

	ASSERT_EQ(0, machine_up_to(MACHINE_LAST, IDS - 1));
	for (port = 0xcf8; port <= 0xcff; port++) {
		ASSERT_EQ(0, vmr_reserve(&m.sys.pio, &taken.range, port, port,
					 NULL));
		FAILS(-EBUSY, vmr_pci_conf1_register(&second, &m.manager, NULL));
		EXPECT_TRUE(host_has_nothing());
		ASSERT_EQ(0, vmr_free(&m.sys.pio, &taken.range));
	}
	ASSERT_EQ(0, take_ids(true));
	FAILS(-ENOSPC, vmr_pci_conf1_register(&second, &m.manager, NULL));
	EXPECT_TRUE(host_has_nothing());
	take_ids(false);
	/* The same host can be registered then, but only once. */
	EXPECT_EQ(0, vmr_pci_conf1_register(&second, &m.manager, NULL));
	memcpy(&host_before, &second, sizeof(second));
	FAILS(-EEXIST, vmr_pci_conf1_register(&second, &m.manager, NULL));
	FAILS(-EEXIST, vmr_pci_conf1_init(&second, &m.manager, NULL));
	FAILS(-EINVAL, vmr_pci_conf1_register(&second, NULL, NULL));
	FAILS(-EINVAL, vmr_pci_conf1_register(NULL, &m.manager, NULL));
	EXPECT_EQ(0, memcmp(&host_before, &second, sizeof(second)));
	FAILS(-EBUSY, vmr_pci_conf1_register(&host, &m.manager, NULL));
}

/*
 * Capabilities and BARs
 */

static uint8_t bytes_of_fn[sizeof(fn)];

#define NOT_ADDED(err, call) \
	do { \
		memcpy(bytes_of_fn, &fn, sizeof(fn)); \
		FAILS(err, call); \
		EXPECT_EQ(0, memcmp(bytes_of_fn, &fn, sizeof(fn))) { \
			TH_LOG("%s failed and changed the function", #call); \
		} \
	} while (0)

/*
 * Adding a capability fails at each offset that overlaps another one or is invalid.
 */
TEST(pci_add_capability_failure_unchanged)
{
	const struct vmr_pci_msix_layout place = { .pba_offset = 0x800 };
	static struct vmr_pci_msix_entry vectors[2], zero_vectors[2];
	static struct vmr_pci_msi other, zero_msi;
	static struct vmr_pci_msix x, zero_x;
	static struct vmr_pci_pm pm;
	uint32_t at;

	up(_metadata);
	ASSERT_EQ(0, card_init(&fn, "card"));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_MEM64, true, 0x4000,
				     "bar"));
	ASSERT_EQ(0, vmr_pci_add_pm(&fn, &pm, true));
	ASSERT_EQ(0x40U, pm.reg_block.offset);
	for (at = 1; at <= 0x100; at++) {
		bool ok = at >= 0x40 && !(at & 3);

		if (!ok || at > 0xf0)
			NOT_ADDED(-EINVAL, vmr_pci_add_msi(&fn, &other, at, 1));
		else if (at < 0x48)
			NOT_ADDED(-EEXIST, vmr_pci_add_msi(&fn, &other, at, 1));
		if (!ok || at > 0xf4)
			NOT_ADDED(-EINVAL, vmr_pci_add_msix(&fn, &x, at,
							    vectors, 2,
							    &place));
		else if (at < 0x48)
			NOT_ADDED(-EEXIST, vmr_pci_add_msix(&fn, &x, at,
							    vectors, 2,
							    &place));
	}
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	NOT_ADDED(-EBUSY, vmr_pci_add_msi(&fn, &other, 0x80, 1));
	NOT_ADDED(-EBUSY, vmr_pci_add_msix(&fn, &x, 0x80, vectors, 2, &place));
	NOT_ADDED(-EBUSY, vmr_pci_add_bar(&fn, 2, VMR_PCI_BAR_IO, false, 16, ""));
	ASSERT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0, memcmp(&zero_msi, &other, sizeof(other)));
	EXPECT_EQ(0, memcmp(&zero_x, &x, sizeof(x)));
	EXPECT_EQ(0, memcmp(zero_vectors, vectors, sizeof(vectors)));
	/* With MSI and MSI-X at 0x50 and 0x70 there is no place for others. */
	ASSERT_EQ(0, vmr_pci_add_msi(&fn, &msi, MSI, 4));
	ASSERT_EQ(0, vmr_pci_add_msix(&fn, &msix, MSIX, entries, ENTRIES,
				      &place));
	for (at = 1; at <= 0x100; at++) {
		bool ok = at >= 0x40 && !(at & 3);

		NOT_ADDED(ok && at <= 0xf0 ? -EEXIST : -EINVAL,
			  vmr_pci_add_msi(&fn, &other, at, 1));
		NOT_ADDED(ok && at <= 0xf4 ? -EEXIST : -EINVAL,
			  vmr_pci_add_msix(&fn, &x, at, vectors, 2, &place));
	}
	EXPECT_EQ(0, memcmp(&zero_msi, &other, sizeof(other)));
	EXPECT_EQ(0, memcmp(&zero_x, &x, sizeof(x)));
}

/*
 * Adding a BAR fails for each register that is part of another BAR or does not fit
 * the type.
 */
TEST(pci_add_bar_failure_unchanged)
{
	enum vmr_pci_bar_type type;
	unsigned int i;

	up(_metadata);
	ASSERT_EQ(0, card_init(&fn, "card"));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 1, VMR_PCI_BAR_MEM64, true, 0x4000, "1"));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 4, VMR_PCI_BAR_IO, false, 0x10, "4"));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, VMR_PCI_ROM, VMR_PCI_BAR_ROM, false,
				     0x1000, "rom"));
	for (i = 0; i <= VMR_PCI_NR_BARS; i++)
		for (type = VMR_PCI_BAR_NONE; type <= VMR_PCI_BAR_ROM + 1; type++) {
			bool is_rom = i == VMR_PCI_ROM;
			bool rom_type = type == VMR_PCI_BAR_ROM;
			bool wide = type == VMR_PCI_BAR_MEM64;
			uint64_t size = is_rom ? 0x1000 : 0x10;
			int err = 0;

			if (i > VMR_PCI_ROM || type == VMR_PCI_BAR_NONE ||
			    type > VMR_PCI_BAR_ROM || is_rom != rom_type ||
			    (wide && i == 5))
				err = -EINVAL;
			else if (i == 1 || i == 2 || i == 4 || is_rom ||
				 (wide && (i == 0 || i == 3)))
				err = -EEXIST;
			if (err)
				NOT_ADDED(err, vmr_pci_add_bar(&fn, i, type,
							       false, size,
							       "x"));
			ways += !!err;
		}
	EXPECT_LT(30U, ways);
}

/*
 * A configuration write with an invalid width or offset fails and changes nothing.
 */
TEST(pci_config_write_failure_unchanged)
{
	uint8_t ones[16];
	uint32_t offset, width;

	up(_metadata);
	function_up(_metadata, NULL);
	memset(ones, 0xff, sizeof(ones));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	for (offset = 0; offset < 0x108; offset += offset < 0xf0 ? 0x10 : 1)
		for (width = 0; width <= 8; width++) {
			int err = -EMSGSIZE;

			if (width == 1 || width == 2 || width == 4)
				err = offset + width > 256 ||
				      offset % 4 + width > 4 ? -ERANGE : 0;
			if (err)
				NOT_ADDED(err, vmr_pci_config_write(&fn, offset,
								    ones,
								    width));
		}
	NOT_ADDED(-ERANGE, vmr_pci_config_write(&fn, 0xffffffff, ones, 4));
	NOT_ADDED(-EINVAL, vmr_pci_config_write(&fn, 0, NULL, 4));
	FAILS(-EINVAL, vmr_pci_config_write(NULL, 0, ones, 4));
	ASSERT_EQ(1, vmr_pci_unplug(&fn));
	NOT_ADDED(-ENOENT, vmr_pci_config_write(&fn, COMMAND, ones, 2));
}

TEST_HARNESS_MAIN
