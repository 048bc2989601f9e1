// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_systick.c - a reader in an interrupt handler that interrupts the writer
 *
 * The writer swaps two devices repeatedly in bulk moves, and registers and unregisters
 * a third one. A timer interrupts at its highest rate. The handler accesses all three
 * addresses. It must find each of the two devices once, and the third one prepared or
 * not at all. Interrupts must not occur inside a write section, or a lookup in the
 * handler would never end.
 */
#include "../kselftest_harness.h"
#include "machine.h"

#define SYST_CSR	(*(volatile uint32_t *)0xe000e010)
#define SYST_RVR	(*(volatile uint32_t *)0xe000e014)
#define SYST_CVR	(*(volatile uint32_t *)0xe000e018)

#define PLACE_A		0x10000u
#define PLACE_B		0x20000u
#define COMER		0x30000u
#define SIZE		0x1000u
#define ROUNDS		4000u

enum { NOBODY = 0xff };

struct thing {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_constraint	want;
	struct vmr_resource	got;
	uint8_t			byte;
};

static struct thing things[3];

static struct vmr_reader in_handler;

/* Counters of the handler; volatile suffices on one CPU. */
static volatile struct {
	unsigned int	all;
	unsigned int	in_call;	/* while the writer was in the library */
	unsigned int	open;		/* while a write section was open */
	unsigned int	one_way;
	unsigned int	other_way;
	unsigned int	neither;
	unsigned int	there;
	unsigned int	gone;
	unsigned int	half;
} found;

static volatile bool writing;

static void thing_read(struct vmr_device *dev, const struct vmr_access *access,
		       void *data)
{
	memset(data, owner_of(dev, struct thing, dev)->byte, access->width);
}

static const struct vmr_device_ops thing_ops = { .read = thing_read };

static int in_isr(uint64_t addr, uint8_t *byte)
{
	return vmr_read(&in_handler, VMR_MMIO, addr, byte, 1, 1);
}

static void look(void)
{
	uint8_t a = 0, b = 0, c = 0;
	int ret;

	ret = in_isr(PLACE_A + SIZE - 1, &a) | in_isr(PLACE_B, &b);
	if (!ret && a == 1 && b == 2)
		found.one_way++;
	else if (!ret && a == 2 && b == 1)
		found.other_way++;
	else
		found.neither++;

	ret = in_isr(COMER + 8, &c);
	if (!ret && c == 3)
		found.there++;
	else if (ret == -ENXIO && c == NOBODY)
		found.gone++;
	else
		found.half++;
}

void systick(void);

void systick(void)
{
	/* Vary the interval to interrupt at all instructions. */
	SYST_RVR = 20 + found.all * 7 % 61;
	SYST_CVR = 0;
	found.all++;
	found.in_call += writing;
	if (m.sys.seq.sequence & 1)
		found.open++;
	else
		look();
}

static int thing_up(unsigned int i, uint64_t addr)
{
	struct thing *t = &things[i];
	int ret;

	memset(t, 0, sizeof(*t));
	t->byte = i + 1;
	t->dev.ops = &thing_ops;
	t->dev.name = "thing";
	vmr_region_init(&t->region, VMR_MMIO, VMR_REGION_TRAPPED, SIZE, 0,
			"registers");
	ret = vmr_device_add_region(&t->dev, &t->region);
	vmr_constraint_init_fixed(&t->want, VMR_KIND_MMIO, addr, SIZE,
				  &t->region.range);
	t->dev.constraints = &t->want;
	t->dev.nr_constraints = 1;
	vmr_resource_set_init(&t->dev.resources, &t->got, 1);
	return ret ? ret : vmr_device_register(&m.manager, &t->dev, NULL, NULL);
}

static int swap(unsigned int round)
{
	struct vmr_move_op steps[2] = {
		{ .range = &things[0].region.range,
		  .start = round & 1 ? PLACE_A : PLACE_B },
		{ .range = &things[1].region.range,
		  .start = round & 1 ? PLACE_B : PLACE_A },
	};

	return vmr_region_move_bulk(&m.manager, steps, 2, NULL, NULL);
}

/* A reader in an interrupt handler observes each change of the writer or none. */
TEST(interrupt_reader_sees_whole_changes)
{
	unsigned int round;
	int failed = 0;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_reader_attach(&m.manager, &in_handler));
	ASSERT_EQ(0, thing_up(0, PLACE_A));
	ASSERT_EQ(0, thing_up(1, PLACE_B));

	SYST_RVR = 100;
	SYST_CVR = 0;
	SYST_CSR = 7;		/* core clock, interrupt, enable */
	for (round = 0; round < ROUNDS && !failed; round++) {
		writing = true;
		failed |= swap(round);
		failed |= thing_up(2, COMER);
		failed |= vmr_device_unregister(&m.manager, &things[2].dev) < 0;
		failed |= vmr_device_try_drain(&m.manager, &things[2].dev);
		writing = false;
	}
	SYST_CSR = 0;

	TH_LOG("%u interrupts, %u of them in the middle of a call",
	       found.all, found.in_call);
	TH_LOG("places: %u one way, %u the other; a device: %u there, %u gone",
	       found.one_way, found.other_way, found.there, found.gone);
	EXPECT_EQ(0, failed);
	EXPECT_STREQ(VERIFY_OK, machine_verify());
	EXPECT_EQ(0U, found.open);
	EXPECT_EQ(0U, found.neither);
	EXPECT_EQ(0U, found.half);
	/* All cases must have occurred often. */
	EXPECT_GT(found.in_call, ROUNDS);
	EXPECT_GT(found.one_way, ROUNDS / 4);
	EXPECT_GT(found.other_way, ROUNDS / 4);
	EXPECT_GT(found.there, ROUNDS / 10);
	EXPECT_GT(found.gone, ROUNDS / 10);
}

TEST_HARNESS_MAIN
