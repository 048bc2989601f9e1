/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * fixture.h - all objects of a test in one struct, to see that nothing changed
 *
 * The harness runs each test in a process of its own, so that the world is new
 * for each.
 */
#ifndef VMR_TEST_FIXTURE_H
#define VMR_TEST_FIXTURE_H

#include <stdint.h>
#include <string.h>

#include <vmalloc/address.h>
#include <vmalloc/id.h>
#include <vmalloc/range.h>
#include <vmalloc/resource.h>

#include "verify.h"

#define WORLD_NODES	40

struct world {
	struct vmr_space	a;
	struct vmr_space	b;
	struct vmr_ids		ids;
	struct vmr_pool		pool;
	struct vmr_range	r[WORLD_NODES];
	/* Outputs, which a failed call leaves alone. */
	struct vmr_range	*freed;
	struct vmr_gap		gap;
	struct vmr_resource	res[8];
	struct vmr_resource_set	set;
	uint64_t		addr;
};

static struct world w;
static struct world world_before;

/* Where failing calls name what is in the way, and that they named nothing. */
static struct vmr_range *conflict;
static struct vmr_range nobody;

static inline void world_save(void)
{
	memcpy(&world_before, &w, sizeof(w));
	conflict = &nobody;
}

/*
 * The count that readers validate against may move on: that costs a reader
 * another walk, and nothing else can be seen of it.
 */
static inline int world_changed(void)
{
	world_before.a.own_seq.count = w.a.own_seq.count;
	world_before.b.own_seq.count = w.b.own_seq.count;
	world_before.ids.space.own_seq.count = w.ids.space.own_seq.count;
	return memcmp(&world_before, &w, sizeof(w));
}

/* @call fails with @err, and all is as if it had not been made. */
#define REFUSE(err, call) \
	do { \
		int refuse_err_ = (err); \
		world_save(); \
		EXPECT_EQ(refuse_err_, (call)) { \
			TH_LOG("%s", #call); \
		} \
		EXPECT_EQ(0, world_changed()) { \
			TH_LOG("%s failed and changed something", #call); \
		} \
		EXPECT_EQ(refuse_err_ == -EBUSY, conflict != &nobody) { \
			TH_LOG("%s: the range in the way", #call); \
		} \
	} while (0)

/* As REFUSE() with -EBUSY, and @who is named as what is in the way. */
#define REFUSE_BUSY(who, call) \
	do { \
		REFUSE(-EBUSY, call); \
		EXPECT_EQ((who), conflict) { \
			TH_LOG("%s: the range in the way", #call); \
		} \
	} while (0)

#define GRANT(call) \
	EXPECT_EQ(0, (call))

/* Live at [start_, last_]. */
#define EXPECT_AT(start_, last_, range) \
	do { \
		EXPECT_EQ(VMR_LIVE, vmr_range_state(range)); \
		EXPECT_EQ((uint64_t)(start_), (range)->start); \
		EXPECT_EQ((uint64_t)(last_), (range)->last); \
	} while (0)

#define EXPECT_VALID(space) \
	EXPECT_STREQ(VERIFY_OK, verify_space(space))

/* Requests, as expressions. */
#define REQ_IN(policy_, size_, align_, min_, max_) \
	(&(struct vmr_request){ \
		.size = (size_), .align = (align_), \
		.min = (min_), .max = (max_), .policy = (policy_) })
#define REQ(policy_, size_, align_) \
	REQ_IN(policy_, size_, align_, 0, VMR_MAX)
#define REQ_AT(addr_, size_, align_) \
	(&(struct vmr_request){ \
		.size = (size_), .align = (align_), .max = VMR_MAX, \
		.addr = (addr_), .policy = VMR_EXACT })
#define REQ_PREFER(policy_, size_, align_, prefer_) \
	(&(struct vmr_request){ \
		.size = (size_), .align = (align_), .prefer_align = (prefer_), \
		.max = VMR_MAX, .policy = (policy_) })

#endif /* VMR_TEST_FIXTURE_H */
