/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * fixture.h - all objects of a test in one struct, which a failed call must not change
 *
 * The harness runs each test in a process of its own, with a new world.
 */
#ifndef VMR_TEST_FIXTURE_H
#define VMR_TEST_FIXTURE_H

#include <stdint.h>
#include <string.h>

#include <vmalloc/pool.h>
#include <vmalloc/id.h>
#include <vmalloc/range.h>
#include <vmalloc/resource.h>

#include "verify.h"

#define WORLD_NODES	40

struct world {
	struct vmr_space	a;
	struct vmr_space	b;
	struct vmr_id_pool		ids;
	struct vmr_pool		pool;
	struct vmr_range	r[WORLD_NODES];
	/* Outputs, unchanged by a failed call. */
	struct vmr_range	*freed;
	struct vmr_gap		gap;
	struct vmr_resource	res[8];
	struct vmr_resource_set	set;
	uint64_t		addr;
};

static struct world w;
static struct world world_before;

/* The conflict that a failed call reports; &no_range if it reports none. */
static struct vmr_range *conflict;
static struct vmr_range no_range;

static inline void world_save(void)
{
	memcpy(&world_before, &w, sizeof(w));
	conflict = &no_range;
}

/*
 * A failed call may advance the sequence count: readers repeat their lookup and observe
 * no other effect.
 */
static inline int world_changed(void)
{
	world_before.a.own_seq.sequence = w.a.own_seq.sequence;
	world_before.b.own_seq.sequence = w.b.own_seq.sequence;
	world_before.ids.space.own_seq.sequence = w.ids.space.own_seq.sequence;
	return memcmp(&world_before, &w, sizeof(w));
}

/* @call fails with @err and changes nothing. */
#define EXPECT_FAIL(err, call) \
	do { \
		int refuse_err_ = (err); \
		world_save(); \
		EXPECT_EQ(refuse_err_, (call)) { \
			TH_LOG("%s", #call); \
		} \
		EXPECT_EQ(0, world_changed()) { \
			TH_LOG("%s failed and changed the world", #call); \
		} \
		EXPECT_EQ(refuse_err_ == -EBUSY, conflict != &no_range) { \
			TH_LOG("%s: wrong conflict", #call); \
		} \
	} while (0)

/* As EXPECT_FAIL() with -EBUSY, and @range is the reported conflict. */
#define EXPECT_BUSY(range, call) \
	do { \
		EXPECT_FAIL(-EBUSY, call); \
		EXPECT_EQ((range), conflict) { \
			TH_LOG("%s: wrong conflict", #call); \
		} \
	} while (0)

#define EXPECT_OK(call) \
	EXPECT_EQ(0, (call))

/* @range is live at [start_, last_]. */
#define EXPECT_AT(start_, last_, range) \
	do { \
		EXPECT_EQ(VMR_LIVE, vmr_range_state(range)); \
		EXPECT_EQ((uint64_t)(start_), (range)->start); \
		EXPECT_EQ((uint64_t)(last_), (range)->last); \
	} while (0)

#define EXPECT_VALID(space) \
	EXPECT_STREQ(VERIFY_OK, verify_space(space))

/* Requests as expressions. */
#define REQ_IN(policy_, size_, align_, min_, max_) \
	(&(struct vmr_request){ \
		.size = (size_), .align = (align_), \
		.min = (min_), .max = (max_), .policy = (policy_) })
#define REQ(policy_, size_, align_) \
	REQ_IN(policy_, size_, align_, 0, VMR_ADDR_MAX)
#define REQ_AT(addr_, size_, align_) \
	(&(struct vmr_request){ \
		.size = (size_), .align = (align_), .max = VMR_ADDR_MAX, \
		.addr = (addr_), .policy = VMR_EXACT })
#define REQ_PREFER(policy_, size_, align_, prefer_) \
	(&(struct vmr_request){ \
		.size = (size_), .align = (align_), .prefer_align = (prefer_), \
		.max = VMR_ADDR_MAX, .policy = (policy_) })

#endif /* VMR_TEST_FIXTURE_H */
