// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_section_length.c - upper bounds of the write sections of update-side calls
 *
 * Let a call change k ranges of n, and let t claims wait for addresses that it frees.
 * One section of the call then visits at most 3 (k + t) log2 n nodes, and 6 log2 n more:
 * some paths of a tree are twice as long as most.
 *
 * A visit is an access to a node that is not among the 2 log2 n nodes of the visits
 * before. The longest path of a tree has as many: a step up a path that was just
 * descended is no visit. A node that is accessed again later counts again, so that a loop
 * in a loop is noticed.
 *
 * VMR_TEST_SEED is the seed of the search.
 */
#include "../kselftest_harness.h"

#include <stdlib.h>

#include "section.h"

#define LIMIT(k, t)	((3 * ((k) + (t)) + 6) * (size_t)self->log)
#define HOLDER		(MAX_ITEMS - 1)
#define MAX_CHANGED	256

FIXTURE(sections) {
	unsigned int	log;
	size_t		most;		/* visits of the longest section */
};

FIXTURE_VARIANT(sections) {
	size_t nr;
};

FIXTURE_VARIANT_ADD(sections, few) { .nr = MAX_ITEMS / 8 };
FIXTURE_VARIANT_ADD(sections, many) { .nr = MAX_ITEMS / 2 };

FIXTURE_SETUP(sections)
{
	NEEDS(page_faults);
	ASSERT_EQ(0, pages_init(MAX_ITEMS * pages_one()));
	ASSERT_EQ(0, up());
	self->log = log_of(variant->nr);
	pages_window = 2 * self->log;
	self->most = 0;
}

FIXTURE_TEARDOWN(sections)
{
	pages_exit();
}

/*
 * @call has @nr_sections sections, one of them the change. Each visits at most
 * LIMIT(@k, @t) nodes.
 */
#define BOUNDED_IN(nr_sections, k, t, call) \
	do { \
		size_t visits_; \
		sections = 0; \
		counting = true; \
		EXPECT_LE(0, (int)(call)); \
		visits_ = take_longest(); \
		EXPECT_EQ((size_t)(nr_sections), sections) { \
			TH_LOG("%s", #call); \
		} \
		EXPECT_GE(LIMIT(k, t), visits_) { \
			TH_LOG("k %zu, t %zu: %s", (size_t)(k), (size_t)(t), \
			       #call); \
		} \
		if (visits_ > self->most) \
			self->most = visits_; \
	} while (0)

#define BOUNDED(k, t, call)	BOUNDED_IN(1, k, t, call)

static struct vmr_region *region_of(size_t i)
{
	return &item(i)->region;
}

/* Items 0 to @nr - 1 wait for the places of @places items behind them in turn. */
static int wait_for_places(size_t nr, size_t places)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++)
		ret = vmr_region_program(&m.manager, region_of(i),
					 ITEM_ADDR(nr + i % places));
	return ret;
}

/* All claims for one place are tested once when its holder leaves. */
TEST_F(sections, unregister_with_claims_for_one_place)
{
	size_t nr = variant->nr, t = nr / 2;

	ASSERT_EQ(0, items_up(nr, NULL));
	ASSERT_EQ(0, wait_for_places(t, 1));
	/* The id is freed in a section of its own. */
	BOUNDED_IN(2, 1, t, vmr_device_unregister(&m.manager, &item(t)->dev));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&region_of(0)->range));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&region_of(1)->range));
	TH_LOG("%zu items, %zu claims: %zu visits", nr, t, self->most);
}

/* A region that leaves its place settles the claims for it in the same section. */
TEST_F(sections, program_with_claims_for_one_place)
{
	size_t nr = variant->nr, t = nr / 2;

	ASSERT_EQ(0, items_up(nr, NULL));
	ASSERT_EQ(0, wait_for_places(t, 1));
	BOUNDED(1, t, vmr_region_program(&m.manager, region_of(t),
					 ITEM_ADDR(MAX_ITEMS)));
	/* Now item 0 is there. */
	BOUNDED(1, t, vmr_region_park(&m.manager, region_of(0),
				      ITEM_ADDR(MAX_ITEMS + 1)));
	BOUNDED(1, t, vmr_region_move(&m.manager, region_of(1),
				      ITEM_ADDR(MAX_ITEMS + 2), NULL));
	BOUNDED(1, t, vmr_region_unmap(&m.manager, region_of(2)));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&region_of(3)->range));
	TH_LOG("%zu items, %zu claims: %zu visits", nr, t, self->most);
}

/* A permutation of the numbers below @n, a power of two */
static size_t shuffled(size_t i, size_t n)
{
	return i * 2654435761u % n;
}

/* Claims for parts of the place that one region leaves, their ages in no order */
TEST_F(sections, unmap_of_place_of_many_claims)
{
	size_t nr = variant->nr, t = nr / 2, i;

	ASSERT_EQ(0, items_up(nr, NULL));
	ASSERT_EQ(0, item_init(HOLDER, NULL, 0x10000 * nr));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &item(HOLDER)->dev, NULL,
					 NULL));
	ASSERT_EQ(0, vmr_region_move(&m.manager, region_of(HOLDER),
				     ITEM_ADDR(MAX_ITEMS), NULL));
	for (i = 0; i < t; i++)
		ASSERT_EQ(0, vmr_region_program(&m.manager, region_of(i),
						ITEM_ADDR(MAX_ITEMS +
							  shuffled(i, nr))));
	BOUNDED(1, t, vmr_region_unmap(&m.manager, region_of(HOLDER)));
	for (i = 0; i < t; i++)
		EXPECT_EQ(VMR_LIVE, vmr_range_state(&region_of(i)->range));
	TH_LOG("%zu items, %zu claims: %zu visits", nr, t, self->most);
}

/* A claim that waits for many places is tested once when all of them are left. */
TEST_F(sections, unregister_under_one_large_claim)
{
	size_t nr = variant->nr, i, k = nr / 2;

	ASSERT_EQ(0, items_up(nr, NULL));
	ASSERT_EQ(0, item_init(HOLDER, NULL, 0x10000 * k));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &item(HOLDER)->dev, NULL,
					 NULL));
	ASSERT_EQ(0, vmr_region_program(&m.manager, region_of(HOLDER), BASE));
	for (i = 0; i < k; i++)
		BOUNDED_IN(2, 1, 1,
			   vmr_device_unregister(&m.manager, &item(i)->dev));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&region_of(HOLDER)->range));
	TH_LOG("%zu items: %zu visits", nr, self->most);
}

/* A transaction removes k devices, each of which a claim waits for. */
TEST_F(sections, commit_of_removals_with_claims)
{
	size_t nr = variant->nr, k = nr / 2, i;
	struct vmr_transaction t;

	ASSERT_EQ(0, items_up(nr, NULL));
	ASSERT_EQ(0, wait_for_places(k, k));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	for (i = 0; i < k; i++)
		ASSERT_EQ(0, vmr_transaction_remove(&t, &item(k + i)->dev));
	/* The ids are freed in sections of their own. */
	BOUNDED_IN(1 + k, k, k, vmr_transaction_commit(&t));
	for (i = 0; i < k; i++)
		EXPECT_EQ(VMR_LIVE, vmr_range_state(&region_of(i)->range));
	TH_LOG("%zu devices removed: %zu visits", k, self->most);
}

/* A transaction of k removals, all of which one claim waits for */
TEST_F(sections, commit_of_removals_under_one_claim)
{
	size_t nr = variant->nr, k = nr / 2, i;
	struct vmr_transaction t;

	ASSERT_EQ(0, items_up(nr, NULL));
	ASSERT_EQ(0, item_init(HOLDER, NULL, 0x10000 * k));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &item(HOLDER)->dev, NULL,
					 NULL));
	ASSERT_EQ(0, vmr_region_program(&m.manager, region_of(HOLDER), BASE));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	for (i = 0; i < k; i++)
		ASSERT_EQ(0, vmr_transaction_remove(&t, &item(i)->dev));
	BOUNDED_IN(1 + k, k, 1, vmr_transaction_commit(&t));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&region_of(HOLDER)->range));
	TH_LOG("%zu devices removed: %zu visits", k, self->most);
}

/* Claims each of which waits for all places that a transaction leaves */
TEST_F(sections, commit_of_removals_under_all_claims)
{
	size_t nr = variant->nr, k = nr / 2, t = 32, i;
	struct vmr_transaction change;

	ASSERT_EQ(0, items_up(nr, NULL));
	for (i = HOLDER; i > HOLDER - t; i--) {
		ASSERT_EQ(0, item_init(i, NULL, 0x10000 * k));
		ASSERT_EQ(0, vmr_device_register(&m.manager, &item(i)->dev, NULL,
						 NULL));
		ASSERT_EQ(0, vmr_region_program(&m.manager, region_of(i), BASE));
	}
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &change));
	for (i = 0; i < k; i++)
		ASSERT_EQ(0, vmr_transaction_remove(&change, &item(i)->dev));
	BOUNDED_IN(1 + k, k, t, vmr_transaction_commit(&change));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&region_of(HOLDER)->range));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&region_of(HOLDER - 1)->range));
	EXPECT_SOUND();
	TH_LOG("%zu devices removed: %zu visits", k, self->most);
}

/* A transaction adds k devices: their places were granted before. */
TEST_F(sections, commit_of_additions)
{
	size_t nr = variant->nr, k = nr / 2, i;
	struct vmr_transaction t;

	ASSERT_EQ(0, items_up(nr - k, NULL));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	for (i = nr - k; i < nr; i++) {
		ASSERT_EQ(0, item_init(i, NULL, 0x1000));
		ASSERT_EQ(0, vmr_transaction_add(&t, &item(i)->dev, NULL, NULL));
	}
	BOUNDED(k, 0, vmr_transaction_commit(&t));
}

/* A bulk move of k regions away from places that t claims wait for */
TEST_F(sections, bulk_move_with_claims)
{
	static struct vmr_move_op steps[MAX_CHANGED];
	size_t nr = variant->nr, i, k = nr / 4;

	if (k > MAX_CHANGED)
		k = MAX_CHANGED;
	ASSERT_EQ(0, items_up(nr, NULL));
	ASSERT_EQ(0, wait_for_places(2 * k, k));
	memset(steps, 0, sizeof(steps));
	for (i = 0; i < k; i++) {
		steps[i].range = &region_of(2 * k + i)->range;
		steps[i].start = ITEM_ADDR(MAX_ITEMS + i);
	}
	BOUNDED(k, 2 * k, vmr_region_move_bulk(&m.manager, steps, k, NULL, NULL));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&region_of(0)->range));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&region_of(k)->range));
	TH_LOG("%zu regions moved, %zu claims: %zu visits", k, 2 * k, self->most);
}

#define NR_RESOURCES	32

static struct vmr_range granted[NR_RESOURCES];
static struct vmr_resource resources[NR_RESOURCES];
static struct vmr_resource_set granted_set;
static struct vmr_constraint want[NR_RESOURCES];

/* Items wait for @nr granted places, two for each, and one for all. */
static int resources_up(size_t nr)
{
	size_t i;
	int ret;

	memset(granted, 0, sizeof(granted));
	for (i = 0; i < nr; i++)
		vmr_constraint_init_fixed(&want[i], VMR_KIND_MMIO,
					  ITEM_ADDR(MAX_ITEMS + i), 0x10000,
					  &granted[i]);
	vmr_resource_set_init(&granted_set, resources, nr);
	ret = vmr_system_alloc_resources(&m.sys, want, nr, &granted_set, NULL,
					 NULL);
	for (i = 0; i < 2 * nr && !ret; i++)
		ret = vmr_region_program(&m.manager, region_of(i),
					 ITEM_ADDR(MAX_ITEMS + i % nr));
	if (!ret)
		ret = item_init(HOLDER, NULL, 0x10000 * nr);
	if (!ret)
		ret = vmr_device_register(&m.manager, &item(HOLDER)->dev, NULL,
					  NULL);
	return ret ? ret : vmr_region_program(&m.manager, region_of(HOLDER),
					      ITEM_ADDR(MAX_ITEMS));
}

static int free_all_resources(void)
{
	vmr_system_free_resources(&m.sys, &granted_set);
	return 0;
}

/* All addresses of a set are freed, and claims for them settled, in one section. */
TEST_F(sections, free_resources_with_claims)
{
	size_t i;

	ASSERT_EQ(0, items_up(variant->nr, NULL));
	ASSERT_EQ(0, resources_up(NR_RESOURCES));
	BOUNDED(NR_RESOURCES, 2 * NR_RESOURCES + 1, free_all_resources());
	for (i = 0; i < NR_RESOURCES; i++) {
		EXPECT_EQ(VMR_LIVE, vmr_range_state(&region_of(i)->range));
		EXPECT_EQ(VMR_CLAIMED,
			  vmr_range_state(&region_of(NR_RESOURCES + i)->range));
	}
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&region_of(HOLDER)->range));
	EXPECT_SOUND();
	TH_LOG("%u ranges: %zu visits", NR_RESOURCES, self->most);
}

/* A replaced resource settles the claims for its old addresses in the same section. */
TEST_F(sections, update_resource_with_claims)
{
	struct vmr_constraint c;

	ASSERT_EQ(0, items_up(variant->nr, NULL));
	ASSERT_EQ(0, resources_up(2));
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO,
				  ITEM_ADDR(MAX_ITEMS + 2), 0x10000,
				  &granted[1]);
	BOUNDED(1, 3, vmr_system_update_resource(&m.sys, &resources[1], &c,
						 NULL));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&region_of(1)->range));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&region_of(3)->range));
	EXPECT_SOUND();
}

/* The search */

static uint64_t random_state;

static size_t random_below(size_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (size_t)(random_state >> 11) % n;
}

/* The claims that wait for the present place of an item */
static size_t claims_for(size_t i)
{
	const struct vmr_range *range = &region_of(i)->range, *claim;
	size_t t = 0;

	if (vmr_range_state(range) != VMR_LIVE)
		return 0;
	for (claim = vmr_first_claim(&m.sys.mmio, range->start, range->last);
	     claim; claim = vmr_next_claim(claim, range->start, range->last))
		t += vmr_range_state(claim) == VMR_CLAIMED;
	return t;
}

/* Few places, so that many claims wait for one; some addresses are between two */
static uint64_t random_place(size_t nr)
{
	return ITEM_ADDR(random_below(4 + nr / 64)) +
	       0x800 * random_below(4);
}

/* One random call; a refused one has no section or one that changed nothing */
static int random_call(size_t nr, size_t *k, size_t *t)
{
	size_t i = random_below(random_below(2) ? nr : 32);

	*k = 1;
	*t = claims_for(i);
	counting = true;
	switch (random_below(8)) {
	case 0:
		return vmr_region_park(&m.manager, region_of(i),
				       random_place(nr));
	case 1:
		return vmr_region_unmap(&m.manager, region_of(i));
	case 2:
		return vmr_region_move(&m.manager, region_of(i),
				       random_place(nr), NULL);
	case 3:
		return vmr_device_unregister(&m.manager, &item(i)->dev);
	case 4:
	case 5:
		return vmr_device_register(&m.manager, &item(i)->dev, NULL, NULL);
	default:
		/* The region claims its place before it gets it. */
		++*t;
		return vmr_region_program(&m.manager, region_of(i),
					  random_place(nr));
	}
}

/* No call of many random ones has a section that is too long. */
TEST_F(sections, random_calls_within_the_bound)
{
	const char *given = getenv("VMR_TEST_SEED");
	size_t nr = variant->nr, calls = 200 + 1500 / test_part(), n, k, t, visits;
	size_t with_claims = 0;

	random_state = given ? strtoull(given, NULL, 0) : 88172645463325252ULL;
	ASSERT_EQ(0, items_up(nr, NULL));
	for (n = 0; n < calls; n++) {
		random_call(nr, &k, &t);
		visits = take_longest();
		EXPECT_GE(LIMIT(k, t), visits) {
			TH_LOG("call %zu of %zu items: k %zu, t %zu, %zu visits",
			       n, nr, k, t, visits);
		}
		if (visits > self->most)
			self->most = visits;
		with_claims += t > 1;
	}
	EXPECT_LT((size_t)0, with_claims);
	EXPECT_SOUND();
	TH_LOG("%zu items: at most %zu visits", nr, self->most);
}

TEST_HARNESS_MAIN
