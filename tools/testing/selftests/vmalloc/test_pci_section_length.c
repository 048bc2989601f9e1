// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_section_length.c - upper bounds of the write sections of PCI calls
 *
 * Counted as in test_section_length.c. A node is a function with its BARs. A call that
 * reaches many functions, such as a reset of a bus, changes each in a section of its
 * own.
 *
 * VMR_TEST_SEED is the seed of the search.
 */
#include "../kselftest_harness.h"

#include <stdlib.h>

#include "section.h"
#include "pci_machine.h"

#define MAX_FUNCTIONS	448
#define ROOT_PLACE(i)	(0x80000000u + 0x1000 * (uint32_t)(i))
#define TOP_PLACE(i)	(0xc0000000u + 0x1000 * (uint32_t)(i))

/*
 * k BARs or windows change in one section, and t claims wait for what they leave. The
 * height of a tree may be twice log2 n.
 */
#define LIMIT(k, t)	((3 * ((k) + (t)) + 6) * (size_t)self->log)
/* A bridge forwards I/O, memory and prefetchable memory. */
#define NR_WINDOWS	3

enum call {
	BAR_WRITE, DECODE_OFF, DECODE_ON, PLUG, UNPLUG, FUNCTION_RESET, BUS_RESET,
	HOST_RESET, WINDOW_WRITE, NUMBER_WRITE, NR_CALLS,
};

static struct vmr_pci_host host;
static struct vmr_pci_bridge top;
static uint64_t random_state;
static size_t at_root;		/* the functions behind these are behind the bridge */

static struct vmr_pci_function *card(size_t i)
{
	return (struct vmr_pci_function *)node(i);
}

static int plug(size_t i)
{
	return i < at_root ?
		       vmr_pci_host_plug(&host, card(i), 8 + (uint32_t)i) :
		       vmr_pci_bridge_plug(&top, card(i), (uint32_t)(i - at_root));
}

static uint32_t place(size_t i)
{
	return i < at_root ? ROOT_PLACE(i) : TOP_PLACE(i - at_root);
}

/* The guest programs the bridge, and all functions to their own places. */
static void program_all(size_t nr)
{
	size_t i;

	number_bridge(&top, 1, 1);
	open_mem_window(&top, TOP_PLACE(0), 0xcfffffff);
	reg_write(&top.fn, COMMAND, DECODE_MEM, 2);
	for (i = 0; i < nr; i++)
		bar_on(card(i), place(i));
}

static int cards_up(size_t nr)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 1023, .slot_last = 31,
		.pci_last = 0xffff, .id_last = 2 * MAX_FUNCTIONS,
	};
	int ret = vmr_system_init(&m.sys, &limits);
	size_t i;

	if (!ret)
		ret = vmr_manager_init(&m.manager, &m.sys);
	memset(&host, 0, sizeof(host));
	if (!ret)
		ret = host_up(&host, 0, 0, 255);
	if (!ret)
		ret = bridge_init(&top);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &top.fn, 0);
	at_root = nr / 2;
	for (i = 0; i < nr && !ret; i++) {
		ret = card_with_bar(card(i));
		if (!ret)
			ret = plug(i);
	}
	if (!ret)
		program_all(nr);
	return ret;
}

static size_t random_below(size_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (size_t)(random_state >> 11) % n;
}

/* The claims that wait for the place of a region */
static size_t claims_for(const struct vmr_region *region)
{
	const struct vmr_range *range = &region->range, *claim;
	const struct vmr_space *space = vmr_region_space(&m.manager, region);
	size_t t = 0;

	if (!space || vmr_range_state(range) != VMR_LIVE)
		return 0;
	for (claim = vmr_first_claim(space, range->start, range->last); claim;
	     claim = vmr_next_claim(claim, range->start, range->last))
		t += vmr_range_state(claim) == VMR_CLAIMED;
	return t;
}

static size_t most_claims(size_t nr)
{
	size_t i, t, most = 0;

	for (i = 0; i < nr; i++) {
		t = claims_for(&card(i)->bars[0].region);
		most = t > most ? t : most;
	}
	return most;
}

static void one_call(enum call call, size_t i, size_t nr)
{
	size_t other = (i < at_root ? 0 : at_root) + random_below(4 + nr / 32);

	counting = true;
	switch (call) {
	case BAR_WRITE:
		bar_write(card(i), 0, place(other));
		break;
	case DECODE_OFF:
		reg_write(card(i), COMMAND, 0, 2);
		break;
	case DECODE_ON:
		reg_write(card(i), COMMAND, DECODE_MEM, 2);
		break;
	case PLUG:
		plug(i);
		break;
	case UNPLUG:
		vmr_pci_unplug(card(i));
		break;
	case FUNCTION_RESET:
		vmr_pci_function_reset(card(i), VMR_PCI_RESET_FUNCTION);
		break;
	case BUS_RESET:
		vmr_pci_bus_reset(&top);
		break;
	case HOST_RESET:
		vmr_pci_host_reset(&host);
		break;
	case WINDOW_WRITE:
		open_mem_window(&top, TOP_PLACE(0) - 0x100000 * (uint32_t)(i % 3),
				0xcfffffff);
		break;
	default:
		number_bridge(&top, 1 + (uint32_t)(i % 2), 2);
	}
}

FIXTURE(pci_sections) {
	unsigned int	log;
};

FIXTURE_VARIANT(pci_sections) {
	size_t nr;
};

FIXTURE_VARIANT_ADD(pci_sections, few) { .nr = MAX_FUNCTIONS / 4 };
FIXTURE_VARIANT_ADD(pci_sections, many) { .nr = MAX_FUNCTIONS };

FIXTURE_SETUP(pci_sections)
{
	NEEDS(page_faults);
	ASSERT_EQ(0, pages_init(MAX_FUNCTIONS * pages_one()));
	ASSERT_LE(sizeof(struct vmr_pci_function) + 15 * 64, pages_one());
	counting = false;
	longest = 0;
	ASSERT_EQ(0, cards_up(variant->nr));
	self->log = log_of(variant->nr);
	pages_window = 2 * self->log;
}

FIXTURE_TEARDOWN(pci_sections)
{
	pages_exit();
}

/* Half of the BARs at the root wait for the place of one function, which leaves. */
TEST_F(pci_sections, unplug_with_claims_for_one_place)
{
	size_t i, t = at_root / 2, visits;

	for (i = 1; i <= t; i++)
		bar_write(card(i), 0, place(0));
	counting = true;
	EXPECT_LE(0, vmr_pci_unplug(card(0)));
	visits = take_longest();
	EXPECT_GE(LIMIT(1, t), visits);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&bar(card(1), 0)->range));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&bar(card(2), 0)->range));
	TH_LOG("%zu functions, %zu claims: %zu visits", variant->nr, t, visits);
}

/* No call of many random ones has a section that is too long. */
TEST_F(pci_sections, random_pci_calls_within_the_bound)
{
	static const char *const name[NR_CALLS] = {
		"BAR", "decode off", "decode on", "plug", "unplug", "reset",
		"bus reset", "host reset", "window", "bus number",
	};
	const char *given = getenv("VMR_TEST_SEED");
	size_t calls = 200 + 2000 / test_part(), most[NR_CALLS] = { 0 };
	size_t n, i, k, t, visits;
	enum call call;

	random_state = given ? strtoull(given, NULL, 0) : 88172645463325252ULL;
	for (n = 0; n < calls; n++) {
		call = (enum call)random_below(NR_CALLS);
		/* Most calls put functions in each other's way. */
		if (random_below(4))
			call = random_below(2) ? BAR_WRITE : DECODE_ON;
		i = random_below(variant->nr);
		t = most_claims(variant->nr);
		k = call == WINDOW_WRITE || call == NUMBER_WRITE ||
		    call == HOST_RESET ? NR_WINDOWS : 1;
		one_call(call, i, variant->nr);
		visits = take_longest();
		EXPECT_GE(LIMIT(k, t + 1), visits) {
			TH_LOG("call %zu, %s: t %zu, %zu visits", n, name[call],
			       t, visits);
		}
		most[call] = visits > most[call] ? visits : most[call];
		if (call == BUS_RESET || call == HOST_RESET)
			program_all(variant->nr);
	}
	for (call = BAR_WRITE; call < NR_CALLS; call++)
		TH_LOG("%s: at most %zu visits", name[call], most[call]);
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN
