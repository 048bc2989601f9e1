// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_fault_injection_card.c - failed calls for cards and hosts change nothing
 *
 * A card is plugged in one transaction. Each step of each of its functions fails in turn:
 * the address, a register block, each constraint, the id, the callback of the device.
 * Then the steps of host bridges and of their ECAM.
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"
#include "unchanged.h"

#define REFUSED_BY_DEV	(-1234)
#define NR_FNS		3
#define IDS		8
#define ENTRIES		4
#define DEVICE_NR	2

/* A function with a BAR, MSI-X and constraints of three kinds */
struct part {
	struct vmr_pci_function		fn;
	struct vmr_pci_msix		msix;
	struct vmr_pci_msix_entry	entries[ENTRIES];
	struct vmr_region		area;
	struct vmr_region		overlap;
	struct vmr_range		line, slot;
	struct vmr_constraint		want[3];
	struct vmr_resource		got[3];
};

static struct vmr_pci_host host;
static struct vmr_pci_bridge bridge;
static struct part parts[NR_FNS];
static struct vmr_pci_function *fns[NR_FNS];
static struct probe others[IDS];
static struct vmr_device *refusing;
static unsigned int granted;

static int count_set_resources(struct vmr_device *dev,
			       const struct vmr_resource_set *set)
{
	(void)set;
	granted++;
	return dev == refusing ? REFUSED_BY_DEV : 0;
}

static const struct vmr_device_ops part_ops = {
	.read = card_read, .write = card_write,
	.set_resources = count_set_resources,
};

/* The area of part @i: in the window of the bridge, or outside */
static uint64_t area_at(unsigned int i, const struct vmr_pci_bridge *behind)
{
	return (behind ? 0xd0000000 : 0xe0000000) + 0x4000ull * i;
}

static int part_up(unsigned int i, const struct vmr_pci_bridge *behind)
{
	const struct vmr_pci_msix_layout layout = { 0, 0, 0, 0x800 };
	struct part *p = &parts[i];
	int ret;

	memset(p, 0, sizeof(*p));
	fns[i] = &p->fn;
	ret = vmr_pci_function_init(&p->fn, &card_ids, &part_ops, "part");
	if (!ret)
		ret = vmr_pci_add_bar(&p->fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
				      "bar");
	bar(&p->fn, 0)->type = VMR_REGION_MEMORY;
	if (!ret)
		ret = vmr_pci_add_msix(&p->fn, &p->msix, 0, p->entries, ENTRIES,
				       &layout);
	vmr_region_init(&p->area, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 9, "area");
	if (!ret)
		ret = vmr_device_add_region(&p->fn.dev, &p->area);
	vmr_constraint_init_fixed(&p->want[0], VMR_KIND_MMIO, area_at(i, behind),
				  0x1000, &p->area.range);
	vmr_constraint_init_fixed(&p->want[1], VMR_KIND_IRQ, 5 + i, 1, &p->line);
	vmr_constraint_init_bounded(&p->want[2], VMR_KIND_MEM_SLOT, 1, 1, 7 + i,
				    7 + i, &p->slot);
	p->fn.dev.constraints = p->want;
	p->fn.dev.nr_constraints = NR(p->want);
	vmr_resource_set_init(&p->fn.dev.resources, p->got, NR(p->got));
	return ret;
}

static int up(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 63, .slot_last = 31,
		.pci_last = 0xffff, .id_last = IDS - 1,
	};
	int ret = vmr_system_init(&m.sys, &limits);

	if (!ret)
		ret = vmr_manager_init(&m.manager, &m.sys);
	if (!ret)
		ret = reader_attach(&m.reader);
	if (!ret)
		ret = diary_start(&event_log);
	if (!ret)
		ret = host_up(&host, 0, 0, 15);
	if (!ret)
		ret = bridge_init(&bridge);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &bridge.fn, 1 << 3);
	if (!ret)
		ret = watch_bridge(&bridge);
	number_bridge(&bridge, 1, 1);
	open_mem_window(&bridge, 0xd0000000, 0xdfffffff);
	reg_write(&bridge.fn, COMMAND, DECODE_MEM, 2);
	return ret;
}

/*
 * Obstacles
 */

enum { ADDRESS, AREA, LINE, SLOT, ID, DEVICE, NR_STEPS };

static const int reasons[NR_STEPS] = {
	-EBUSY, -EBUSY, -EBUSY, -ENOSPC, -ENOSPC, REFUSED_BY_DEV,
};

static struct vmr_pci_function address_blocker;
static struct vmr_region area_blocker;
static struct vmr_range blocker;

/* Leave @left ids */
static int take_ids(unsigned int left)
{
	unsigned int i, free = IDS - 1;		/* the bridge has one */
	int ret = 0;

	for (i = 0; i + left < free && !ret; i++) {
		probe_init(&others[i], "other");
		ret = vmr_device_register(&m.manager, &others[i].dev, NULL, NULL);
	}
	return ret;
}

static void free_ids(void)
{
	size_t i;

	for (i = 0; i < NR(others); i++)
		vmr_device_unregister(&m.manager, &others[i].dev);
}

static int block(int step, unsigned int i, struct vmr_pci_bridge *behind)
{
	const uint64_t area = area_at(i, behind);

	switch (step) {
	case ADDRESS:
		return card_init(&address_blocker) ||
		       vmr_id_reserve(behind ? &behind->devfns : &m.sys.pci_bdfs,
				      &address_blocker.address, DEVICE_NR << 3 | i,
				      NULL);
	case AREA:
		return vmr_reserve(behind ? &behind->bus.mmio : &m.sys.mmio,
				   &area_blocker.range, area, area, NULL);
	case LINE:
		return vmr_id_reserve(&m.sys.irqs, &blocker, 5 + i, NULL);
	case SLOT:
		return vmr_id_reserve(&m.sys.mem_slots, &blocker, 7 + i, NULL);
	case ID:
		return take_ids(i);
	default:
		refusing = &parts[i].fn.dev;
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
		vmr_id_free_range(&m.sys.irqs, &blocker);
		break;
	case SLOT:
		vmr_id_free_range(&m.sys.mem_slots, &blocker);
		break;
	case ID:
		free_ids();
		break;
	default:
		refusing = NULL;
	}
}

static int plug(struct vmr_pci_bridge *behind, uint32_t device)
{
	return behind ? vmr_pci_bridge_plug_card(behind, fns, NR_FNS, device) :
			vmr_pci_host_plug_card(&host, fns, NR_FNS, device);
}

/* The state of a function and of what it holds, for comparison */
struct part_state {
	struct vmr_manager	*manager;
	struct vmr_pci_host	*host;
	struct vmr_pci_bridge	*behind;
	struct vmr_bus		*parent;
	void			*transaction;
	uint32_t		state;
	size_t			nr_resources;
	size_t			nr_subregions;
	enum vmr_state		ranges[6];
	uint32_t		nr_vectors;
	uint8_t			config[VMR_PCI_CONFIG_SIZE];
	uint32_t		words[ENTRIES][4];
};

static struct part_state states_before[NR_FNS], states_after[NR_FNS];

static void part_state_take(struct part_state *s, const struct part *p)
{
	const struct vmr_region *sub;
	size_t i;

	memset(s, 0, sizeof(*s));
	s->manager = p->fn.manager;
	s->host = p->fn.host;
	s->behind = p->fn.upstream_bridge;
	s->parent = p->fn.dev.parent_bus;
	s->transaction = p->fn.dev.transaction;
	s->state = p->fn.dev.state;
	s->nr_resources = p->fn.dev.resources.nr;
	for (sub = p->fn.bars[0].region.subregions; sub; sub = sub->next)
		s->nr_subregions++;
	s->ranges[0] = vmr_range_state(&p->fn.address);
	s->ranges[1] = vmr_range_state(&p->fn.dev.id);
	s->ranges[2] = vmr_range_state(&p->area.range);
	s->ranges[3] = vmr_range_state(&p->line);
	s->ranges[4] = vmr_range_state(&p->slot);
	s->ranges[5] = vmr_range_state(&p->fn.bars[0].region.range);
	s->nr_vectors = p->fn.nr_vectors;
	memcpy(s->config, p->fn.config, sizeof(s->config));
	for (i = 0; i < ENTRIES; i++)
		memcpy(s->words[i], p->entries[i].dwords, sizeof(s->words[i]));
}

static void take_states(struct part_state *states)
{
	unsigned int i;

	for (i = 0; i < NR_FNS; i++)
		part_state_take(&states[i], &parts[i]);
}

/* As FAILS(); the functions, the host bridge and the bus numbers are unchanged, too. */
#define CARD_FAILS(err, call) \
	do { \
		size_t functions_ = host.nr_functions; \
		take_states(states_before); \
		same_buses(1); \
		FAILS(err, call); \
		take_states(states_after); \
		EXPECT_EQ(0, memcmp(states_before, states_after, \
				    sizeof(states_after))) { \
			TH_LOG("%s failed and changed the functions", #call); \
		} \
		EXPECT_TRUE(same_buses(0)); \
		EXPECT_EQ(functions_, host.nr_functions); \
	} while (0)

static unsigned int ways;	/* number of failures tried */

static void each_step(struct __test_metadata *_metadata,
		      struct vmr_pci_bridge *behind)
{
	unsigned int i, step;

	for (i = 0; i < NR_FNS; i++)
		ASSERT_EQ(0, part_up(i, behind));
	forget_marks();
	for (i = 0; i < NR_FNS; i++) {
		for (step = 0; step < NR_STEPS; step++) {
			keep_marks();
			ASSERT_EQ(0, block(step, i, behind));
			put_marks_back();
			granted = 0;
			CARD_FAILS(reasons[step], plug(behind, DEVICE_NR));
			/* The devices before this one were granted, and no other */
			EXPECT_EQ(i + (step == DEVICE), granted) {
				TH_LOG("function %u, step %u", i, step);
			}
			ways++;
			unblock(step, behind);
		}
	}
	/* Without obstacles the card is plugged */
	EXPECT_EQ(0, plug(behind, DEVICE_NR));
	CARD_FAILS(-EEXIST, plug(behind, DEVICE_NR + 1));
	for (i = 0; i < NR_FNS; i++)
		EXPECT_LE(0, vmr_pci_unplug(fns[i]));
}

/* Each step of each function fails in turn, and leaves nothing of the card. */
TEST(card_plug_at_root_failure_unchanged)
{
	ASSERT_EQ(0, up());
	each_step(_metadata, NULL);
	EXPECT_EQ(18U, ways);
}

/* The same behind a bridge. */
TEST(card_plug_behind_bridge_unchanged)
{
	ASSERT_EQ(0, up());
	each_step(_metadata, &bridge);
	EXPECT_EQ(18U, ways);
	CARD_FAILS(-ERANGE, plug(&bridge, 32));
	fns[0] = NULL;
	CARD_FAILS(-EINVAL, plug(&bridge, DEVICE_NR));
}

/* A register block refuses a function: a subregion overlaps its MSI-X table. */
TEST(card_plug_block_failure_unchanged)
{
	struct vmr_pci_bridge *behind[] = { NULL, &bridge };
	unsigned int i, j, k;

	ASSERT_EQ(0, up());
	for (i = 0; i < NR_FNS; i++) {
		for (k = 0; k < 2; k++) {
			struct vmr_region *overlap = &parts[i].overlap;
			struct vmr_region *around;

			for (j = 0; j < NR_FNS; j++)
				ASSERT_EQ(0, part_up(j, behind[k]));
			vmr_region_init(overlap, VMR_MMIO, VMR_REGION_TRAPPED,
					0x10, 0, "overlap");
			overlap->offset = 0x30;
			around = bar(&parts[i].fn, 0);
			ASSERT_EQ(0, vmr_region_add_subregion(around, overlap));
			CARD_FAILS(-EBUSY, plug(behind[k], DEVICE_NR));
			CARD_FAILS(-EBUSY,
				   plug(behind[k], VMR_PCI_ANY_DEVICE));
		}
	}
}

/* No device number is free, at the root and behind a bridge. */
TEST(card_plug_no_device_unchanged)
{
	static struct vmr_pci_function holders[32];
	unsigned int i;

	ASSERT_EQ(0, up());
	for (i = 0; i < NR_FNS; i++)
		ASSERT_EQ(0, part_up(i, &bridge));
	for (i = 0; i < 32; i++) {
		ASSERT_EQ(0, card_init(&holders[i]));
		ASSERT_EQ(0, vmr_id_reserve(&bridge.devfns, &holders[i].address,
					    i << 3 | (i & 7), NULL));
	}
	CARD_FAILS(-ENOSPC, plug(&bridge, VMR_PCI_ANY_DEVICE));
	ASSERT_EQ(0, vmr_id_free_range(&bridge.devfns, &holders[9].address));
	EXPECT_EQ(0, plug(&bridge, VMR_PCI_ANY_DEVICE));
	EXPECT_EQ(9U << 3 | 2, vmr_id_value(&fns[2]->address));
}

/*
 * Host bridges
 */

static struct vmr_pci_host second;
static struct vmr_pci_ecam ecam;

/* A host bridge or an ECAM that is refused is as it was, and so is the machine. */
#define HOST_FAILS(err, object, call) \
	do { \
		uint8_t before_[sizeof(*(object))]; \
		memcpy(before_, (object), sizeof(before_)); \
		CARD_FAILS(err, call); \
		EXPECT_EQ(0, memcmp(before_, (object), sizeof(before_))) { \
			TH_LOG("%s failed and changed its object", #call); \
		} \
	} while (0)

/* Each reason to refuse a host bridge or its removal leaves both as they were. */
TEST(host_failure_unchanged)
{
	struct vmr_pci_host_config config = {
		.segment = 0, .bus_start = 16, .bus_last = 31,
	};
	static struct vmr_pci_function plain;
	unsigned int i;

	ASSERT_EQ(0, up());
	for (i = 0; i < NR_FNS; i++)
		ASSERT_EQ(0, part_up(i, NULL));
	HOST_FAILS(-ENOENT, &second, vmr_pci_host_unregister(&second));
	HOST_FAILS(-ENOENT, &second,
		   vmr_pci_host_plug_card(&second, fns, NR_FNS, DEVICE_NR));
	config.bus_start = 15;
	HOST_FAILS(-EBUSY, &second,
		   vmr_pci_host_register(&m.manager, &second, &config));
	config.bus_start = 16;
	ASSERT_EQ(0, card_init(&plain));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &plain, VMR_PCI_BDF(20, 0, 0)));
	HOST_FAILS(-EBUSY, &second,
		   vmr_pci_host_register(&m.manager, &second, &config));
	EXPECT_EQ(0, vmr_pci_unplug(&plain));
	EXPECT_EQ(0, vmr_pci_host_register(&m.manager, &second, &config));
	HOST_FAILS(-EEXIST, &second,
		   vmr_pci_host_register(&m.manager, &second, &config));
	HOST_FAILS(-EBUSY, &host, vmr_pci_host_unregister(&host));
	EXPECT_EQ(0, vmr_pci_host_unregister(&second));
}

/* The addresses and the id of an ECAM fail in turn. */
TEST(ecam_failure_unchanged)
{
	unsigned int i;

	ASSERT_EQ(0, up());
	for (i = 0; i < NR_FNS; i++)
		ASSERT_EQ(0, part_up(i, NULL));
	forget_marks();
	HOST_FAILS(-EINVAL, &ecam, vmr_pci_ecam_register(&ecam, &host, ECAM + 1));
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &area_blocker.range, ECAM + 0xffffff,
				 ECAM + 0xffffff, NULL));
	CARD_FAILS(-EBUSY, vmr_pci_ecam_register(&ecam, &host, ECAM));
	ASSERT_EQ(0, vmr_free(&m.sys.mmio, &area_blocker.range));
	keep_marks();
	ASSERT_EQ(0, take_ids(0));
	put_marks_back();
	CARD_FAILS(-ENOSPC, vmr_pci_ecam_register(&ecam, &host, ECAM));
	free_ids();
	EXPECT_EQ(0, vmr_pci_ecam_register(&ecam, &host, ECAM));
	HOST_FAILS(-EEXIST, &ecam, vmr_pci_ecam_register(&ecam, &host, ECAM));
}

TEST_HARNESS_MAIN
