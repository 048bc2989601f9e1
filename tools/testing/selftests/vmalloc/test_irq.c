// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_irq.c - shared interrupt lines, and separate numbers for lines and
 * vectors
 *
 * Each test is named for its rule, or has the id of a public bug report.
 */
#include "../kselftest_harness.h"
#include "machine.h"
#include "misuse.h"

#define NR_SHARERS	8

struct lines {
	struct vmr_shared_irq	line[3];
	struct vmr_irq_share	sharer[NR_SHARERS];
	struct vmr_range	own[32];
	struct vmr_resource	res[NR_SHARERS];
	struct vmr_resource_set	set;
};

static struct lines l;
static struct vmr_range *conflict;
static struct vmr_range no_range;

/* Record the sharers of each line, in order. */
static void picture_lines(struct machine_state *p)
{
	const struct vmr_shared_irq *line = NULL;
	const struct vmr_irq_share *sharer;
	size_t i;

	memset(p, 0, sizeof(*p));
	machine_state_ids(p, &m.sys.irqs);
	machine_state_ids(p, &m.sys.msi_vectors);
	while ((line = vmr_next_shared_irq(&m.sys, line))) {
		machine_state_range(p, &line->range);
		machine_state_add(p, line->nr_sharers);
		for (sharer = vmr_next_irq_share(line, NULL); sharer;
		     sharer = vmr_next_irq_share(line, sharer))
			machine_state_add(p, (uintptr_t)sharer);
	}
	for (i = 0; i < NR_SHARERS; i++) {
		machine_state_add(p, (uintptr_t)l.sharer[i].irq);
		machine_state_add(p, (uintptr_t)l.sharer[i].name);
		machine_state_add(p, l.sharer[i].range.node.link);
	}
	machine_state_add(p, l.set.nr);
}

/* @call fails with @err, reports @in_way as conflict and changes nothing. */
#define EXPECT_FAIL(err, in_way, call) \
	do { \
		conflict = &no_range; \
		picture_lines(&machine_states()->before); \
		EXPECT_EQ((err), (call)) { \
			TH_LOG("%s", #call); \
		} \
		picture_lines(&machine_states()->after); \
		EXPECT_TRUE(machine_states_equal(machine_states())) { \
			TH_LOG("%s failed and changed state", #call); \
		} \
		EXPECT_EQ((in_way), conflict) { \
			TH_LOG("%s reported the wrong conflict", #call); \
		} \
	} while (0)

static struct vmr_constraint any_line(struct vmr_irq_share *sharer)
{
	struct vmr_constraint c;

	vmr_constraint_init(&c, VMR_KIND_IRQ, 1, &sharer->range);
	c.flags = VMR_SHARED;
	c.name = "share";
	return c;
}

static struct vmr_constraint line_at(struct vmr_irq_share *sharer, uint64_t irq)
{
	struct vmr_constraint c = any_line(sharer);

	c.request.policy = VMR_EXACT;
	c.request.addr = irq;
	return c;
}

static int grant(struct vmr_constraint c)
{
	return vmr_system_alloc_resources(&m.sys, &c, 1, &l.set, NULL, &conflict);
}

static int add_line(unsigned int i, uint32_t irq)
{
	return vmr_system_add_shared_irq(&m.sys, &l.line[i], irq, "shared",
					 &conflict);
}

/* Lines 5 and 9 are shared. */
static void two_lines(struct __test_metadata *_metadata)
{
	ASSERT_EQ(0, machine_up());
	vmr_resource_set_init(&l.set, l.res, NR_SHARERS);
	ASSERT_EQ(0, add_line(0, 5));
	ASSERT_EQ(0, add_line(1, 9));
}

static size_t count(const struct vmr_shared_irq *line)
{
	struct vmr_irq_share *sharer = NULL;
	size_t nr = 0;

	while ((sharer = vmr_next_irq_share(line, sharer)))
		nr++;
	return nr;
}

/* Shared lines */

/* A shared line stays allocated while it has no sharer. */
TEST(irq_shared_unused_stays_allocated)
{
	two_lines(_metadata);
	EXPECT_EQ(&l.line[0].range, vmr_id_find(&m.sys.irqs, 5));
	EXPECT_EQ((uint32_t)0, l.line[0].nr_sharers);
	EXPECT_EQ(NULL, vmr_next_irq_share(&l.line[0], NULL));
	EXPECT_FAIL(-EBUSY, &l.line[0].range,
		    vmr_id_reserve(&m.sys.irqs, &l.own[0], 5, &conflict));
	EXPECT_SOUND();
}

/* Shared lines are iterated in the order in which they were added. */
TEST(irq_shared_iteration_order)
{
	two_lines(_metadata);
	ASSERT_EQ(0, add_line(2, 2));
	EXPECT_EQ(&l.line[0], vmr_next_shared_irq(&m.sys, NULL));
	EXPECT_EQ(&l.line[1], vmr_next_shared_irq(&m.sys, &l.line[0]));
	EXPECT_EQ(&l.line[2], vmr_next_shared_irq(&m.sys, &l.line[1]));
	EXPECT_EQ(NULL, vmr_next_shared_irq(&m.sys, &l.line[2]));
	EXPECT_EQ(NULL, vmr_next_shared_irq(NULL, NULL));
	EXPECT_EQ(NULL, vmr_next_irq_share(NULL, NULL));
	EXPECT_EQ(NULL, vmr_next_irq_share(&(struct vmr_shared_irq){ 0 }, NULL));
}

/* vmr_system_add_shared_irq() refuses each invalid argument. */
TEST(irq_shared_add_errors)
{
	two_lines(_metadata);
	EXPECT_FAIL(-EINVAL, &no_range,
		    vmr_system_add_shared_irq(NULL, &l.line[2], 3, NULL, &conflict));
	EXPECT_FAIL(-EINVAL, &no_range,
		    vmr_system_add_shared_irq(&m.sys, NULL, 3, NULL, &conflict));
	EXPECT_FAIL(-EEXIST, &no_range, add_line(0, 5));
	EXPECT_FAIL(-EEXIST, &no_range, add_line(0, 3));
	EXPECT_FAIL(-ERANGE, &no_range, add_line(2, 64));
	EXPECT_FAIL(-EBUSY, &l.line[0].range, add_line(2, 5));
	/* The range of the line is allocated as another line. */
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &l.line[2].range, 7, NULL));
	EXPECT_FAIL(-EEXIST, &no_range, add_line(2, 8));
	EXPECT_SOUND();
}

/*
 * A shared line can be added with a range that is already allocated at its
 * number.
 */
TEST(irq_shared_restored_range_kept)
{
	two_lines(_metadata);
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &l.line[2].range, 7, NULL));
	EXPECT_EQ(0, add_line(2, 7));
	EXPECT_EQ(0, grant(line_at(&l.sharer[0], 7)));
	EXPECT_EQ(&l.line[2], l.sharer[0].irq);
	EXPECT_SOUND();
}

/* A shared line cannot be removed while it has a sharer. */
TEST(irq_shared_in_use_remove_busy)
{
	two_lines(_metadata);
	ASSERT_EQ(0, grant(line_at(&l.sharer[0], 5)));
	EXPECT_FAIL(-EBUSY, &no_range,
		    vmr_system_remove_shared_irq(&m.sys, &l.line[0]));
	EXPECT_FAIL(-EINVAL, &no_range, vmr_system_remove_shared_irq(&m.sys, NULL));
	EXPECT_FAIL(-EINVAL, &no_range, vmr_system_remove_shared_irq(NULL, &l.line[0]));
	EXPECT_FAIL(-ENOENT, &no_range,
		    vmr_system_remove_shared_irq(&m.sys, &l.line[2]));
	vmr_system_free_resources(&m.sys, &l.set);
	EXPECT_EQ(0, vmr_system_remove_shared_irq(&m.sys, &l.line[0]));
	EXPECT_EQ(NULL, vmr_id_find(&m.sys.irqs, 5));
	EXPECT_EQ(&l.line[1], vmr_next_shared_irq(&m.sys, NULL));
	EXPECT_EQ(0, add_line(0, 5));
	EXPECT_SOUND();
}

/* Sharers */

/*
 * The range of a sharer reads as live at the number of the line and is in no
 * space.
 */
TEST(irq_sharer_live_in_no_space)
{
	two_lines(_metadata);
	ASSERT_EQ(0, grant(line_at(&l.sharer[0], 9)));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&l.sharer[0].range));
	EXPECT_EQ((uint32_t)9, vmr_id_value(&l.sharer[0].range));
	EXPECT_EQ((uint64_t)9, l.sharer[0].range.last);
	EXPECT_FALSE(vmr_in_space(&m.sys.irqs.space, &l.sharer[0].range));
	EXPECT_EQ(&l.line[1].range, vmr_id_find(&m.sys.irqs, 9));
	EXPECT_EQ(&l.line[1], l.sharer[0].irq);
	EXPECT_STREQ("share", l.sharer[0].name);
	EXPECT_EQ((uint64_t)9, l.res[0].start);
	EXPECT_EQ((uint64_t)9, l.res[0].last);
	EXPECT_EQ(VMR_SHARED, l.res[0].flags);
	EXPECT_EQ(&l.sharer[0].range, l.res[0].range);
	EXPECT_SOUND();
}

/*
 * The bounds of a request include their own numbers. The last number of the domain
 * can be shared, and the number after it is out of range.
 */
TEST(irq_share_at_bounds_and_last_number)
{
	struct vmr_constraint c;

	ASSERT_EQ(0, machine_up());
	vmr_resource_set_init(&l.set, l.res, NR_SHARERS);
	ASSERT_EQ(0, add_line(0, 63));
	ASSERT_EQ(0, add_line(1, 0));
	EXPECT_EQ(0, grant(line_at(&l.sharer[0], 63)));
	EXPECT_EQ(0, grant(line_at(&l.sharer[1], 0)));
	EXPECT_FAIL(-ERANGE, &no_range, grant(line_at(&l.sharer[2], 64)));
	EXPECT_FAIL(-ERANGE, &no_range, grant(line_at(&l.sharer[2], UINT32_MAX)));
	EXPECT_FAIL(-EOVERFLOW, &no_range,
		    grant(line_at(&l.sharer[2], (uint64_t)UINT32_MAX + 1)));
	c = line_at(&l.sharer[2], 63);
	c.request.min = 63;
	c.request.max = 63;
	EXPECT_EQ(0, grant(c));
	c = line_at(&l.sharer[3], 63);
	c.request.max = 62;
	EXPECT_FAIL(-ERANGE, &no_range, grant(c));
	c = line_at(&l.sharer[3], 0);
	c.request.min = 1;
	EXPECT_FAIL(-ERANGE, &no_range, grant(c));
	c = any_line(&l.sharer[3]);
	c.request.min = 63;
	c.request.max = 63;
	EXPECT_EQ(0, grant(c));
	EXPECT_EQ((uint32_t)63, vmr_id_value(&l.sharer[3].range));
	c = any_line(&l.sharer[4]);
	c.request.max = 0;
	EXPECT_EQ(0, grant(c));
	EXPECT_EQ((uint32_t)0, vmr_id_value(&l.sharer[4].range));
}

/* A request for any shared line gets the line with the fewest sharers. */
TEST(irq_share_any_fewest_sharers)
{
	static const uint32_t expected[] = { 5, 9, 5, 9, 5 };
	size_t i;

	two_lines(_metadata);
	for (i = 0; i < NR(expected); i++) {
		EXPECT_EQ(0, grant(any_line(&l.sharer[i])));
		EXPECT_EQ(expected[i], vmr_id_value(&l.sharer[i].range));
	}
	EXPECT_EQ((uint32_t)3, l.line[0].nr_sharers);
	EXPECT_EQ((uint32_t)2, l.line[1].nr_sharers);
	EXPECT_EQ((size_t)3, count(&l.line[0]));
	EXPECT_EQ((size_t)2, count(&l.line[1]));
}

/* Among lines with equally many sharers the lowest is chosen. */
TEST(irq_share_any_tie_lowest_line)
{
	two_lines(_metadata);
	ASSERT_EQ(0, add_line(2, 2));
	EXPECT_EQ(0, grant(any_line(&l.sharer[0])));
	EXPECT_EQ((uint32_t)2, vmr_id_value(&l.sharer[0].range));
}

#define MODEL_LINES	12
#define MODEL_SHARES	40

/* Among the lines that a request permits, the lowest of those with fewest sharers */
static struct vmr_shared_irq *choose_line(struct vmr_shared_irq *lines,
					  const struct vmr_request *req)
{
	uint64_t mask = req->align ? req->align - 1 : 0;
	struct vmr_shared_irq *best = NULL;
	size_t i;

	for (i = 0; i < MODEL_LINES; i++) {
		struct vmr_shared_irq *line = &lines[i];
		uint32_t irq = vmr_id_value(&line->range);

		if (irq < req->min || irq > req->max || irq & mask)
			continue;
		if (!best || line->nr_sharers < best->nr_sharers ||
		    (line->nr_sharers == best->nr_sharers &&
		     irq < vmr_id_value(&best->range)))
			best = line;
	}
	return best;
}

/*
 * The choice of a line is that of a search through all lines, for any bounds, while
 * shares come at fixed and at chosen lines, and go.
 */
TEST(irq_share_choice_as_by_search)
{
	static struct vmr_shared_irq lines[MODEL_LINES], *expected;
	static struct vmr_irq_share shares[MODEL_SHARES];
	static struct vmr_resource_set sets[MODEL_SHARES];
	static struct vmr_resource res[MODEL_SHARES];
	struct vmr_constraint c;
	uint32_t seed = 1;
	size_t i, n;

	ASSERT_EQ(0, machine_up());
	/* Lines 0, 35, 6 and so on */
	for (i = 0; i < MODEL_LINES; i++)
		ASSERT_EQ(0, vmr_system_add_shared_irq(&m.sys, &lines[i],
						       i * 35 % 64, "shared",
						       NULL));
	for (n = 0; n < 20000; n++) {
		seed = seed * 1103515245 + 12345;
		i = (seed >> 8) % MODEL_SHARES;
		if (shares[i].irq) {
			vmr_system_free_resources(&m.sys, &sets[i]);
			continue;
		}
		vmr_resource_set_init(&sets[i], &res[i], 1);
		seed = seed * 1103515245 + 12345;
		if (seed >> 30 == 0) {
			expected = &lines[(seed >> 8) % MODEL_LINES];
			c = line_at(&shares[i], vmr_id_value(&expected->range));
		} else {
			c = any_line(&shares[i]);
			c.request.min = seed >> 8 & 63;
			c.request.max = c.request.min + (seed >> 16 & 31);
			c.request.align = seed >> 24 & 3 ? 0 : 1u << (seed >> 26 & 3);
			expected = choose_line(lines, &c.request);
		}
		EXPECT_EQ(expected ? 0 : -ENOSPC,
			  vmr_system_alloc_resources(&m.sys, &c, 1, &sets[i],
						     NULL, NULL));
		EXPECT_EQ(expected, shares[i].irq);
	}
}

/* The sharers of a line are iterated in the order in which they were added. */
TEST(irq_sharer_iteration_order)
{
	size_t i;

	two_lines(_metadata);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, grant(line_at(&l.sharer[i], 5)));
	EXPECT_EQ(&l.sharer[0], vmr_next_irq_share(&l.line[0], NULL));
	EXPECT_EQ(&l.sharer[1], vmr_next_irq_share(&l.line[0], &l.sharer[0]));
	EXPECT_EQ(&l.sharer[2], vmr_next_irq_share(&l.line[0], &l.sharer[1]));
	EXPECT_EQ(NULL, vmr_next_irq_share(&l.line[0], &l.sharer[2]));
}

/* The bounds and the alignment of a request restrict the choice of a line. */
TEST(irq_share_bounds_and_alignment)
{
	struct vmr_constraint c;

	two_lines(_metadata);
	c = any_line(&l.sharer[0]);
	c.request.min = 6;
	EXPECT_EQ(0, grant(c));
	EXPECT_EQ(&l.line[1], l.sharer[0].irq);
	c = any_line(&l.sharer[1]);
	c.request.max = 4;
	EXPECT_FAIL(-ENOSPC, &no_range, grant(c));
	c = any_line(&l.sharer[1]);
	c.request.align = 4;
	EXPECT_FAIL(-ENOSPC, &no_range, grant(c));
	c.request.align = 0;
	EXPECT_EQ(0, grant(c));
}

/* Freeing the last sharer leaves the line allocated. */
TEST(irq_shared_last_free_keeps_line)
{
	two_lines(_metadata);
	ASSERT_EQ(0, grant(line_at(&l.sharer[0], 5)));
	vmr_system_free_resources(&m.sys, &l.set);
	EXPECT_EQ((size_t)0, l.set.nr);
	EXPECT_EQ(NULL, l.sharer[0].irq);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&l.sharer[0].range));
	EXPECT_EQ((uint32_t)0, l.line[0].nr_sharers);
	EXPECT_EQ(&l.line[0].range, vmr_id_find(&m.sys.irqs, 5));
	/* The range can be allocated again. */
	EXPECT_EQ(0, grant(any_line(&l.sharer[0])));
	EXPECT_SOUND();
}

/* Freeing a sharer twice changes nothing the second time. */
TEST(irq_sharer_double_free_ignored)
{
	struct vmr_resource_set again;
	struct vmr_resource res;

	two_lines(_metadata);
	ASSERT_EQ(0, grant(line_at(&l.sharer[0], 5)));
	res = l.res[0];
	vmr_resource_set_init(&again, &res, 1);
	again.nr = 1;
	vmr_system_free_resources(&m.sys, &l.set);
	vmr_system_free_resources(&m.sys, &again);
	EXPECT_EQ((uint32_t)0, l.line[0].nr_sharers);
	EXPECT_SOUND();
}

/*
 * A request for a share is refused for each invalid field, with the documented
 * error.
 */
TEST(irq_share_errors)
{
	struct vmr_constraint c;

	two_lines(_metadata);
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &l.own[0], 3, NULL));
	c = any_line(&l.sharer[0]);
	c.kind = VMR_KIND_MSI;
	EXPECT_FAIL(-EINVAL, &no_range, grant(c));
	c = any_line(&l.sharer[0]);
	c.request.size = 2;
	EXPECT_FAIL(-EINVAL, &no_range, grant(c));
	c = any_line(&l.sharer[0]);
	c.request.align = 3;
	EXPECT_FAIL(-EINVAL, &no_range, grant(c));
	c = any_line(&l.sharer[0]);
	c.request.min = 6;
	c.request.max = 5;
	EXPECT_FAIL(-EINVAL, &no_range, grant(c));
	c = any_line(&l.sharer[0]);
	c.request.policy = (enum vmr_policy)99;
	EXPECT_FAIL(-EINVAL, &no_range, grant(c));
	c = line_at(&l.sharer[0], 5);
	c.request.align = 2;
	EXPECT_FAIL(-EINVAL, &no_range, grant(c));
	EXPECT_FAIL(-EOVERFLOW, &no_range, grant(line_at(&l.sharer[0], 1ull << 32)));
	EXPECT_FAIL(-ERANGE, &no_range, grant(line_at(&l.sharer[0], 64)));
	c = line_at(&l.sharer[0], 5);
	c.request.min = 6;
	EXPECT_FAIL(-ERANGE, &no_range, grant(c));
	c = line_at(&l.sharer[0], 5);
	c.request.max = 4;
	EXPECT_FAIL(-ERANGE, &no_range, grant(c));
	EXPECT_FAIL(-EBUSY, &l.own[0], grant(line_at(&l.sharer[0], 3)));
	EXPECT_FAIL(-ENOENT, &no_range, grant(line_at(&l.sharer[0], 4)));
}

/* A sharer shares at most one line at a time. */
TEST(irq_sharer_second_line_eexist)
{
	two_lines(_metadata);
	ASSERT_EQ(0, grant(line_at(&l.sharer[0], 5)));
	EXPECT_FAIL(-EEXIST, &no_range, grant(line_at(&l.sharer[0], 9)));
	EXPECT_FAIL(-EEXIST, &no_range, grant(line_at(&l.sharer[0], 5)));
}

/* If the system has no shared line, a request for a share fails. */
TEST(irq_share_without_lines_fails)
{
	ASSERT_EQ(0, machine_up());
	vmr_resource_set_init(&l.set, l.res, NR_SHARERS);
	EXPECT_FAIL(-ENOSPC, &no_range, grant(any_line(&l.sharer[0])));
	EXPECT_FAIL(-ENOENT, &no_range, grant(line_at(&l.sharer[0], 5)));
}

/* A failed allocation removes the sharers that it has added to lines. */
TEST(irq_share_failed_alloc_undone)
{
	struct vmr_constraint c[3];
	size_t failed = 99;

	two_lines(_metadata);
	ASSERT_EQ(0, grant(any_line(&l.sharer[0])));
	c[0] = any_line(&l.sharer[1]);
	c[1] = line_at(&l.sharer[2], 9);
	vmr_constraint_init(&c[2], VMR_KIND_IRQ, 1, &l.own[0]);
	c[2].request.min = 5;
	c[2].request.max = 5;
	EXPECT_FAIL(-ENOSPC, &no_range, vmr_system_alloc_resources(&m.sys, c, 3, &l.set, &failed,
								   &conflict));
	EXPECT_EQ((size_t)2, failed);
	EXPECT_EQ((uint32_t)1, l.line[0].nr_sharers);
	EXPECT_EQ((uint32_t)0, l.line[1].nr_sharers);
	EXPECT_SOUND();
}

/*
 * Shares at a fixed line are allocated before a line is chosen for other
 * shares.
 */
TEST(irq_share_fixed_before_any)
{
	struct vmr_constraint c[2];

	two_lines(_metadata);
	c[0] = any_line(&l.sharer[0]);
	c[1] = line_at(&l.sharer[1], 5);
	ASSERT_EQ(0, vmr_system_alloc_resources(&m.sys, c, 2, &l.set, NULL, NULL));
	EXPECT_EQ((uint64_t)9, l.res[0].start);
	EXPECT_EQ((uint64_t)5, l.res[1].start);
}

/* Devices */

static void sharing_probe(struct probe *p, struct vmr_irq_share *sharer)
{
	probe_init(p, "sharer");
	*probe_want(p) = any_line(sharer);
}

/* A device shares its line from its registration until it is unregistered. */
TEST(irq_share_device_lifetime)
{
	static struct probe a, b;

	two_lines(_metadata);
	sharing_probe(&a, &l.sharer[0]);
	sharing_probe(&b, &l.sharer[1]);
	b.want[0].request = line_at(&l.sharer[1], 5).request;
	ASSERT_EQ(0, vmr_device_register(&m.manager, &a.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &b.dev, NULL, NULL));
	EXPECT_EQ((uint64_t)5, a.got[0].start);
	EXPECT_EQ((uint64_t)5, b.got[0].start);
	EXPECT_EQ((uint32_t)2, l.line[0].nr_sharers);
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &a.dev));
	EXPECT_EQ((uint32_t)1, l.line[0].nr_sharers);
	EXPECT_EQ(&l.sharer[1], vmr_next_irq_share(&l.line[0], NULL));
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &b.dev));
	EXPECT_EQ((uint32_t)0, l.line[0].nr_sharers);
	EXPECT_SOUND();
}

/* If set_resources() fails, the device no longer shares the line. */
TEST(irq_share_refused_device_undone)
{
	static struct probe a;

	two_lines(_metadata);
	sharing_probe(&a, &l.sharer[0]);
	a.refuse = -EAGAIN;
	EXPECT_FAIL(-EAGAIN, &no_range,
		    vmr_device_register(&m.manager, &a.dev, NULL, &conflict));
	EXPECT_EQ(1U, a.granted);
}

/* A restored device is registered with the share that it already has. */
TEST(irq_share_restored_device_kept)
{
	static struct probe a;
	size_t failed = 99;

	two_lines(_metadata);
	sharing_probe(&a, &l.sharer[0]);
	ASSERT_EQ(0, vmr_device_reserve_id(&m.manager, &a.dev, 7, NULL));
	EXPECT_FAIL(-ENOENT, &no_range, vmr_device_register_restored(&m.manager, &a.dev, &failed));
	EXPECT_EQ((size_t)0, failed);
	ASSERT_EQ(0, grant(line_at(&l.sharer[0], 9)));
	EXPECT_EQ(0, vmr_device_register_restored(&m.manager, &a.dev, NULL));
	EXPECT_EQ((uint64_t)9, a.got[0].start);
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &a.dev));
	EXPECT_EQ((uint32_t)0, l.line[1].nr_sharers);
	EXPECT_SOUND();
}

/* Bug reports */

/*
 * microsandbox issue 567: the machine has six interrupt lines and more volumes
 * than free lines.
 */
TEST(msb_567)
{
	static struct probe volume[NR_SHARERS];
	struct vmr_system_pool lines = {
		.pool = { .start = 6, .last = 9, .align = 1, .name = "lines" },
		.kinds = 1u << VMR_KIND_IRQ,
	};
	struct vmr_constraint c;
	size_t i, failed = 99;

	two_lines(_metadata);
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &lines));
	for (i = 0; i < 3; i++) {
		vmr_constraint_init(&c, VMR_KIND_IRQ, 1, &l.own[i]);
		EXPECT_EQ(0, grant(c));
		EXPECT_EQ((uint32_t)(6 + i), vmr_id_value(&l.own[i]));
	}
	/* Line 9 is shared. No line is left for exclusive use: -ENOSPC. */
	probe_init(&volume[0], "volume");
	vmr_constraint_init(probe_want(&volume[0]), VMR_KIND_IRQ, 1,
			    &l.own[3]);
	EXPECT_FAIL(-ENOSPC, &no_range, vmr_device_register(&m.manager, &volume[0].dev,
							    &failed, &conflict));
	EXPECT_EQ((size_t)0, failed);
	/* Devices that can share find a line, whatever their number. */
	for (i = 0; i < NR_SHARERS; i++) {
		sharing_probe(&volume[i], &l.sharer[i]);
		EXPECT_EQ(0, vmr_device_register(&m.manager, &volume[i].dev, NULL,
						 NULL));
	}
	EXPECT_EQ((uint32_t)(NR_SHARERS / 2), l.line[0].nr_sharers);
	EXPECT_EQ((uint32_t)(NR_SHARERS / 2), l.line[1].nr_sharers);
	for (i = 0; i < NR_SHARERS; i++)
		EXPECT_EQ(0, vmr_device_unregister(&m.manager, &volume[i].dev));
	EXPECT_EQ((uint32_t)0, l.line[0].nr_sharers + l.line[1].nr_sharers);
	EXPECT_SOUND();
}

/* Lines and vectors */

static const uint32_t message_kinds[] = {
	VMR_KIND_MSI, VMR_KIND_MSIX, VMR_KIND_MSI_GENERIC,
};

static void one_of(struct __test_metadata *_metadata, struct vmr_system *sys,
		   uint32_t kind, struct vmr_range *range, uint32_t expected)
{
	struct vmr_resource res;
	struct vmr_resource_set set;
	struct vmr_constraint c;

	vmr_resource_set_init(&set, &res, 1);
	vmr_constraint_init(&c, kind, 1, range);
	EXPECT_EQ(0, vmr_system_alloc_resources(sys, &c, 1, &set, NULL, NULL));
	EXPECT_EQ(expected, vmr_id_value(range));
}

/* By default, lines and vectors are numbers of one domain. */
TEST(irq_lines_and_vectors_one_domain)
{
	size_t i;

	ASSERT_EQ(0, machine_up());
	EXPECT_FALSE(m.sys.separate_msi_vectors);
	one_of(_metadata, &m.sys, VMR_KIND_IRQ, &l.own[0], 0);
	for (i = 0; i < NR(message_kinds); i++)
		one_of(_metadata, &m.sys, message_kinds[i], &l.own[i + 1],
		       i + 1);
	EXPECT_EQ(vmr_system_space(&m.sys, VMR_KIND_IRQ),
		  vmr_system_space(&m.sys, VMR_KIND_MSI));
}

/* If the limits give a last vector, vectors have a domain of their own. */
TEST(irq_vectors_separate_domain)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 63, .msi_vector_last = 2,
	};
	size_t i;

	ASSERT_EQ(0, vmr_system_init(&m.sys, &limits));
	EXPECT_TRUE(m.sys.separate_msi_vectors);
	one_of(_metadata, &m.sys, VMR_KIND_IRQ, &l.own[0], 0);
	for (i = 0; i < NR(message_kinds); i++) {
		EXPECT_EQ(&m.sys.msi_vectors.space,
			  vmr_system_space(&m.sys, message_kinds[i]));
		one_of(_metadata, &m.sys, message_kinds[i], &l.own[i + 1], i);
	}
	EXPECT_EQ((size_t)3, m.sys.msi_vectors.space.nr_ranges);
	EXPECT_EQ((size_t)1, m.sys.irqs.space.nr_ranges);
}

/* A deferred change of a vector acts on the domain of vectors. */
TEST(irq_vector_change_uses_msi_domain)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 63, .msi_vector_last = 100,
	};
	struct vmr_change change = {
		.type = VMR_CHANGE_IRQ_TAKEN, .irq = 7,
	};
	int vector;

	ASSERT_EQ(0, vmr_system_init(&m.sys, &limits));
	ASSERT_EQ(0, vmr_manager_init(&m.manager, &m.sys));
	for (vector = 0; vector < 2; vector++) {
		change.vector = vector;
		change.range = &l.own[vector];
		EXPECT_EQ(0, vmr_change_apply(&m.manager, &change, NULL));
		EXPECT_EQ((size_t)1, m.sys.irqs.space.nr_ranges);
		EXPECT_EQ((size_t)vector, m.sys.msi_vectors.space.nr_ranges);
	}
	/* The vector is not in the domain of lines. */
	change.type = VMR_CHANGE_IRQ_RELEASED;
	change.vector = false;
	MISUSE(EXPECT_EQ(-ENOENT,
			 vmr_change_apply(&m.manager, &change, NULL)));
	change.vector = true;
	EXPECT_EQ(0, vmr_change_apply(&m.manager, &change, NULL));
	EXPECT_EQ((size_t)0, m.sys.msi_vectors.space.nr_ranges);
}

/* A failed allocation restores the watermark of the vectors. */
TEST(irq_vector_failed_alloc_watermark)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 63, .msi_vector_last = 100,
	};
	struct vmr_constraint c[2];

	ASSERT_EQ(0, vmr_system_init(&m.sys, &limits));
	vmr_resource_set_init(&l.set, l.res, NR_SHARERS);
	vmr_constraint_init(&c[0], VMR_KIND_MSI, 16, &l.own[0]);
	vmr_constraint_init(&c[1], VMR_KIND_IRQ, 1, &l.own[1]);
	c[1].request.min = 64;
	EXPECT_FAIL(-ERANGE, &no_range, vmr_system_alloc_resources(&m.sys, c, 2, &l.set, NULL,
								   &conflict));
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.msi_vectors, 0, NULL));
}

/* Updates */

static int update(struct vmr_resource *res, struct vmr_constraint c)
{
	return vmr_system_update_resource(&m.sys, res, &c, &conflict);
}

static struct vmr_constraint own_at(struct vmr_range *range, uint64_t irq)
{
	struct vmr_constraint c;

	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, irq, 1, range);
	return c;
}

/* vmr_system_update_resource() moves a line to another number. */
TEST(irq_update_moves_line)
{
	struct vmr_resource res;

	two_lines(_metadata);
	ASSERT_EQ(0, grant(own_at(&l.own[0], 7)));
	res = l.res[0];
	EXPECT_EQ(0, update(&res, own_at(&l.own[0], 8)));
	EXPECT_EQ((uint64_t)8, res.start);
	EXPECT_FALSE(vmr_id_is_allocated(&m.sys.irqs, 7));
	EXPECT_EQ(&l.own[0], vmr_id_find(&m.sys.irqs, 8));
	/* An update to the line's own number succeeds. */
	EXPECT_EQ(0, update(&res, own_at(&l.own[0], 8)));
	EXPECT_FAIL(-EBUSY, &l.line[1].range, update(&res, own_at(&l.own[0], 9)));
	EXPECT_FAIL(-ERANGE, &no_range, update(&res, own_at(&l.own[0], 64)));
	EXPECT_EQ((uint64_t)8, res.start);
	EXPECT_SOUND();
}

/* vmr_system_update_resource() moves and resizes an address range. */
TEST(irq_update_moves_addresses)
{
	struct vmr_resource res;
	struct vmr_constraint c;
	struct vmr_range other = { 0 };

	two_lines(_metadata);
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0x10000, 0x2000, &l.own[0]);
	ASSERT_EQ(0, grant(c));
	res = l.res[0];
	/* The new range overlaps the old one and has another size. */
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0x11000, 0x4000, &l.own[0]);
	EXPECT_EQ(0, update(&res, c));
	EXPECT_EQ((uint64_t)0x11000, res.start);
	EXPECT_EQ((uint64_t)0x14fff, res.last);
	EXPECT_EQ(NULL, vmr_find(&m.sys.mmio, 0x10000));
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &other, 0x20000, 0x20fff, NULL));
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0x1f000, 0x4000, &l.own[0]);
	EXPECT_FAIL(-EBUSY, &other, update(&res, c));
	EXPECT_EQ(&l.own[0], vmr_find(&m.sys.mmio, 0x14fff));
	EXPECT_EQ((uint64_t)0x11000, res.start);
	EXPECT_SOUND();
}

/* An update of a resource without a range allocates it. */
TEST(irq_update_allocates_unallocated)
{
	struct vmr_resource res = { .kind = VMR_KIND_IRQ };

	two_lines(_metadata);
	EXPECT_EQ(0, update(&res, own_at(&l.own[0], 7)));
	EXPECT_EQ(&l.own[0], res.range);
	EXPECT_EQ((uint64_t)7, res.start);
}

/* An update changes a share to another line, to an exclusive line and back. */
TEST(irq_update_shared_to_own_and_back)
{
	struct vmr_resource res;

	two_lines(_metadata);
	ASSERT_EQ(0, grant(line_at(&l.sharer[0], 5)));
	res = l.res[0];
	EXPECT_EQ(0, update(&res, line_at(&l.sharer[0], 9)));
	EXPECT_EQ((uint32_t)0, l.line[0].nr_sharers);
	EXPECT_EQ((uint32_t)1, l.line[1].nr_sharers);
	EXPECT_EQ(0, update(&res, own_at(&l.sharer[0].range, 7)));
	EXPECT_EQ((uint32_t)0, l.line[1].nr_sharers);
	EXPECT_EQ((uint32_t)0, res.flags);
	EXPECT_EQ(&l.sharer[0].range, vmr_id_find(&m.sys.irqs, 7));
	EXPECT_EQ(0, update(&res, any_line(&l.sharer[0])));
	EXPECT_EQ(NULL, vmr_id_find(&m.sys.irqs, 7));
	EXPECT_EQ((uint32_t)1, l.line[0].nr_sharers);
	EXPECT_SOUND();
}

/* A failed update keeps the sharers of the line and their order. */
TEST(irq_update_failed_keeps_order)
{
	struct vmr_resource res;
	size_t i;

	two_lines(_metadata);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, grant(line_at(&l.sharer[i], 5)));
		if (i == 1)
			res = l.res[0];
	}
	l.sharer[1].name = "own tag";
	EXPECT_FAIL(-ENOENT, &no_range, update(&res, line_at(&l.sharer[1], 6)));
	EXPECT_FAIL(-EBUSY, &l.line[1].range,
		    update(&res, own_at(&l.sharer[1].range, 9)));
	EXPECT_EQ((uint64_t)5, res.start);
}

/* vmr_system_update_resource() refuses each invalid argument. */
TEST(irq_update_errors)
{
	struct vmr_resource res;
	struct vmr_constraint c;

	two_lines(_metadata);
	ASSERT_EQ(0, grant(own_at(&l.own[0], 7)));
	res = l.res[0];
	c = own_at(&l.own[0], 8);
	EXPECT_FAIL(-EINVAL, &no_range, vmr_system_update_resource(NULL, &res, &c, &conflict));
	EXPECT_FAIL(-EINVAL, &no_range, vmr_system_update_resource(&m.sys, NULL, &c,
								   &conflict));
	EXPECT_FAIL(-EINVAL, &no_range, vmr_system_update_resource(&m.sys, &res, NULL,
								   &conflict));
	EXPECT_FAIL(-EINVAL, &no_range, update(&res, own_at(&l.own[1], 8)));
	EXPECT_FAIL(-EINVAL, &no_range, update(&res, own_at(NULL, 8)));
	c.kind = VMR_KIND_MSI;
	EXPECT_FAIL(-EINVAL, &no_range, update(&res, c));
	c.kind = VMR_KIND_MAC;
	res.kind = VMR_KIND_MAC;
	EXPECT_FAIL(-EINVAL, &no_range, update(&res, c));
	/* The line is freed and its range is allocated in another domain. */
	res = l.res[0];
	ASSERT_EQ(0, vmr_id_free_range(&m.sys.irqs, &l.own[0]));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.mem_slots, &l.own[0], 1, NULL));
	EXPECT_FAIL(-ENOENT, &no_range, update(&res, own_at(&l.own[0], 8)));
}

/* Platform pools */

/* Automatic placement does not use a platform pool. */
TEST(irq_alloc_avoids_platform_pool)
{
	struct vmr_system_pool pool = {
		.pool = { .start = 0, .last = 3, .align = 1 },
		.kinds = 1u << VMR_KIND_IRQ, .flags = VMR_PLATFORM,
	};
	struct vmr_constraint c;

	ASSERT_EQ(0, machine_up());
	vmr_resource_set_init(&l.set, l.res, NR_SHARERS);
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &pool));
	pool.pool.start = 4;
	pool.pool.last = 4;
	pool.flags = 0;
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &pool));
	one_of(_metadata, &m.sys, VMR_KIND_IRQ, &l.own[0], 4);
	vmr_constraint_init(&c, VMR_KIND_IRQ, 1, &l.own[1]);
	EXPECT_FAIL(-ENOSPC, &no_range, grant(c));
	/* A request with VMR_PLATFORM or a fixed number can use the pool. */
	c.flags = VMR_PLATFORM;
	EXPECT_EQ(0, grant(c));
	EXPECT_EQ((uint32_t)0, vmr_id_value(&l.own[1]));
	EXPECT_EQ(0, grant(own_at(&l.own[2], 3)));
	EXPECT_FAIL(-ERANGE, &no_range, grant(own_at(&l.own[3], 5)));
}

/* Requests that wait for vectors */

static struct vmr_vector_waiter *served[4];
static size_t nr_served;

static void record_served(struct vmr_vector_waiter *waiter)
{
	served[nr_served++ % NR(served)] = waiter;
}

static struct vmr_vector_waiter vector_waiter(struct vmr_range *range,
					      uint32_t nr)
{
	return (struct vmr_vector_waiter){
		.range = range, .kind = VMR_KIND_MSIX, .nr = nr,
		.served = record_served,
	};
}

/* A request to wait is refused if it could not be served. */
TEST(vector_waiter_errors)
{
	static const uint32_t bad_sizes[] = { 0, 3, 6, 33, 64, 1u << 31 };
	struct vmr_range range = { .start = 0 }, other = { .start = 0 };
	struct vmr_vector_waiter w;
	size_t i;

	ASSERT_EQ(0, machine_up());
	w = vector_waiter(&range, 1);
	EXPECT_EQ(-EINVAL, vmr_system_wait_for_vectors(NULL, &w));
	EXPECT_EQ(-EINVAL, vmr_system_wait_for_vectors(&m.sys, NULL));
	w.range = NULL;
	EXPECT_EQ(-EINVAL, vmr_system_wait_for_vectors(&m.sys, &w));
	w = vector_waiter(&range, 1);
	w.served = NULL;
	EXPECT_EQ(-EINVAL, vmr_system_wait_for_vectors(&m.sys, &w));
	w = vector_waiter(&range, 1);
	w.kind = VMR_KIND_IRQ;
	EXPECT_EQ(-EINVAL, vmr_system_wait_for_vectors(&m.sys, &w));
	for (i = 0; i < NR(bad_sizes); i++) {
		w = vector_waiter(&range, bad_sizes[i]);
		EXPECT_EQ(-EINVAL, vmr_system_wait_for_vectors(&m.sys, &w));
	}
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &range, 5, NULL));
	w = vector_waiter(&range, 1);
	EXPECT_EQ(-EEXIST, vmr_system_wait_for_vectors(&m.sys, &w));

	EXPECT_EQ(-EINVAL, vmr_system_free_vectors(NULL, VMR_KIND_MSI, &range));
	EXPECT_EQ(-EINVAL, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, NULL));
	EXPECT_EQ(-EINVAL, vmr_system_free_vectors(&m.sys, VMR_KIND_IRQ, &range));
	EXPECT_EQ(-ENOENT, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, &other));
	EXPECT_EQ(0, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, &range));
	w = vector_waiter(&range, 32);
	EXPECT_EQ(0, vmr_system_wait_for_vectors(&m.sys, &w));
	EXPECT_EQ(-EEXIST, vmr_system_wait_for_vectors(&m.sys, &w));
	vmr_system_stop_waiting(NULL, &w);
	vmr_system_stop_waiting(&m.sys, NULL);
	vmr_system_stop_waiting(&m.sys, &w);
	vmr_system_stop_waiting(&m.sys, &w);
	EXPECT_EQ(0U, nr_served);
}

/* The oldest request is served first. A request that does not fit stops no other. */
TEST(vector_waiters_served_by_age)
{
	static const uint32_t from[] = { 0, 1, 2, 4, 8, 64 };
	struct vmr_vector_waiter block, single[3];
	struct vmr_range held[5], got[4];
	size_t i;

	ASSERT_EQ(0, machine_up());
	memset(held, 0, sizeof(held));
	memset(got, 0, sizeof(got));
	for (i = 0; i < NR(held); i++)
		ASSERT_EQ(0, vmr_reserve(&m.sys.irqs.space, &held[i], from[i],
					 from[i + 1] - 1, NULL));
	block = vector_waiter(&got[3], 4);
	ASSERT_EQ(0, vmr_system_wait_for_vectors(&m.sys, &block));
	for (i = 0; i < NR(single); i++) {
		single[i] = vector_waiter(&got[i], 1);
		ASSERT_EQ(0, vmr_system_wait_for_vectors(&m.sys, &single[i]));
	}
	EXPECT_EQ(0, vmr_system_free_vectors(&m.sys, VMR_KIND_MSIX, &held[0]));
	EXPECT_EQ(1U, nr_served);
	EXPECT_EQ(&single[0], served[0]);
	EXPECT_EQ(0U, vmr_id_value(&got[0]));
	vmr_system_stop_waiting(&m.sys, &single[1]);
	EXPECT_EQ(0, vmr_system_free_vectors(&m.sys, VMR_KIND_MSIX, &held[3]));
	/* The block is older than the last single one. */
	EXPECT_EQ(2U, nr_served);
	EXPECT_EQ(&block, served[1]);
	EXPECT_EQ(4U, vmr_id_value(&got[3]));
	EXPECT_EQ(0, vmr_system_free_vectors(&m.sys, VMR_KIND_MSIX, &held[1]));
	EXPECT_EQ(3U, nr_served);
	EXPECT_EQ(&single[2], served[2]);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&got[1]));
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN
