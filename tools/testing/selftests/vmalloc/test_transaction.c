// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_transaction.c - transactions, bulk moves, pending removal, restored devices,
 * and changes that a write callback requests
 */
#include <pthread.h>

#include "../kselftest_harness.h"
#include "requires.h"

#include "bus.h"

static struct vmr_transaction t;
static struct vmr_move_op steps[4];

/* Prepare a device with one fixed region. It is not registered. */
static int probe_at(struct probe *p, const char *name, struct vmr_bus *parent,
		    uint64_t start, uint64_t size)
{
	probe_init(p, name);
	p->dev.parent_bus = parent;
	return probe_region_at(p, 0, VMR_MMIO, start, size);
}

static int add_probe(struct probe *p)
{
	return vmr_transaction_add(&t, &p->dev, NULL, NULL);
}

static int remove_probe(struct probe *p)
{
	return vmr_transaction_remove(&t, &p->dev);
}

/* REFUSED() that also compares the transaction. */
#define TX_REFUSED(err, call) \
	do { \
		struct vmr_transaction before_ = t; \
		REFUSED(err, call); \
		EXPECT_EQ(0, memcmp(&before_, &t, sizeof(t))) { \
			TH_LOG("%s changed the transaction", #call); \
		} \
	} while (0)

/*
 * Commit and abort
 */

/*
 * A commit applies all additions and removals of the transaction. Before it, the old
 * state is in effect.
 */
TEST(commit_applies_all_changes)
{
	struct probe old, stays, a, b;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&old, "old", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&stays, "stays", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, probe_at(&a, "a", NULL, 0x3000, 0x1000));
	ASSERT_EQ(0, probe_at(&b, "b", NULL, 0x4000, 0x1000));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	EXPECT_EQ(0, add_probe(&a));
	EXPECT_EQ(0, remove_probe(&old));
	EXPECT_EQ(0, add_probe(&b));

	/* Before the commit the devices have resources but are not mapped. */
	EXPECT_EQ(1U, a.granted);
	EXPECT_EQ(VMR_DEVICE_PREPARED, a.dev.state);
	EXPECT_EQ(0x3000U, a.got[0].start);
	EXPECT_ANSWERS(&old.region[0], 0x1000);
	EXPECT_NULL(responder(VMR_MMIO, 0x3000));
	EXPECT_FALSE(vmr_region_mapping(&a.region[0]).mapped);
	EXPECT_NULL(vmr_find_device_by_name(&m.manager, "a"));
	EXPECT_EQ(&a.dev, vmr_find_device_by_id(&m.manager, vmr_id_value(&a.dev.id)));

	EXPECT_EQ(0, vmr_transaction_commit(&t));
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
	EXPECT_ANSWERS(&stays.region[0], 0x2000);
	EXPECT_ANSWERS(&a.region[0], 0x3000);
	EXPECT_ANSWERS(&b.region[0], 0x4000);
	EXPECT_EQ(VMR_DEVICE_UNREGISTERED, old.dev.state);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&old.dev.id));
	EXPECT_NULL(a.dev.transaction);
	EXPECT_EQ(0, vmr_device_try_drain(&m.manager, &old.dev));
	/* In the order of the additions */
	EXPECT_EQ(&a.dev, vmr_next_device(&m.manager, &stays.dev));
	EXPECT_EQ(&b.dev, vmr_next_device(&m.manager, &a.dev));
	EXPECT_SOUND();
}

/* An abort leaves the machine as it was before the transaction. */
TEST(abort_restores_old_state)
{
	struct probe old, a, b;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&old, "old", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_at(&a, "a", NULL, 0x3000, 0x1000));
	ASSERT_EQ(0, probe_at(&b, "b", NULL, 0x4000, 0x1000));
	vmr_constraint_init(probe_want(&b), VMR_KIND_MSIX, 4, &b.node[1]);
	/* Raise the watermarks first, so that the addition does not change them. */
	ASSERT_EQ(0, vmr_device_register(&m.manager, &a.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &b.dev, NULL, NULL));
	ASSERT_EQ(1, vmr_device_unregister(&m.manager, &a.dev));
	ASSERT_EQ(1, vmr_device_unregister(&m.manager, &b.dev));

	machine_state_before();
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	EXPECT_EQ(0, add_probe(&a));
	EXPECT_EQ(0, remove_probe(&old));
	EXPECT_EQ(0, add_probe(&b));
	EXPECT_EQ(0, vmr_transaction_abort(&t));
	EXPECT_TRUE(same_as_before());
	EXPECT_ANSWERS(&old.region[0], 0x1000);
	EXPECT_NULL(old.dev.transaction);
	EXPECT_EQ(VMR_DEVICE_UNREGISTERED, a.dev.state);
	EXPECT_EQ(0U, a.dev.resources.nr);
	/* All resources are free again. */
	EXPECT_EQ(0, vmr_device_register(&m.manager, &a.dev, NULL, NULL));
	EXPECT_EQ(0, vmr_device_register(&m.manager, &b.dev, NULL, NULL));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &old.dev));
	EXPECT_SOUND();
}

/* An addition that fails changes neither the transaction nor the machine. */
TEST(failed_add_leaves_transaction_unchanged)
{
	struct vmr_range *conflict = NULL;
	struct probe a, taken, refusing;
	size_t failed = 99;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_at(&a, "a", NULL, 0x3000, 0x1000));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, add_probe(&a));

	TX_REFUSED(-EINVAL, vmr_transaction_add(NULL, &a.dev, NULL, NULL));
	TX_REFUSED(-EINVAL, vmr_transaction_add(&t, NULL, NULL, NULL));
	TX_REFUSED(-EEXIST, add_probe(&a));
	TX_REFUSED(-EEXIST, vmr_device_register(&m.manager, &a.dev, NULL, NULL));
	/* The ranges of an earlier addition are in use. */
	ASSERT_EQ(0, probe_at(&taken, "taken", NULL, 0x2800, 0x1000));
	TX_REFUSED(-EBUSY, vmr_transaction_add(&t, &taken.dev, &failed,
					       &conflict));
	EXPECT_EQ(0U, failed);
	EXPECT_EQ(&a.region[0].range, conflict);
	ASSERT_EQ(0, probe_at(&refusing, "refusing", NULL, 0x5000, 0x1000));
	refusing.refuse = -EIO;
	TX_REFUSED(-EIO, add_probe(&refusing));
	EXPECT_EQ(1U, refusing.granted);

	EXPECT_EQ(0, vmr_transaction_commit(&t));
	EXPECT_ANSWERS(&a.region[0], 0x3000);
	EXPECT_EQ(1U, m.sys.mmio.nr_ranges);
	EXPECT_SOUND();
}

/*
 * A removal fails for a device that is not registered or that a transaction already
 * adds or removes.
 */
TEST(transaction_remove_errors)
{
	struct vmr_transaction other;
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_at(&q, "q", NULL, 0x3000, 0x1000));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &other));
	TX_REFUSED(-EINVAL, vmr_transaction_remove(NULL, &p.dev));
	TX_REFUSED(-EINVAL, vmr_transaction_remove(&t, NULL));
	TX_REFUSED(-ENOENT, remove_probe(&q));
	EXPECT_EQ(0, remove_probe(&p));
	TX_REFUSED(-EBUSY, remove_probe(&p));
	TX_REFUSED(-EBUSY, vmr_transaction_remove(&other, &p.dev));
	/* Other calls cannot remove the device meanwhile. */
	TX_REFUSED(-EBUSY, vmr_device_unregister(&m.manager, &p.dev));
	TX_REFUSED(-EBUSY, vmr_device_unregister_at(&m.manager, VMR_MMIO, 0x1000, NULL));
	TX_REFUSED(-EEXIST, add_probe(&p));
	/* A device that is being added is not registered yet. */
	EXPECT_EQ(0, add_probe(&q));
	TX_REFUSED(-EBUSY, remove_probe(&q));
	TX_REFUSED(-EBUSY, vmr_device_unregister(&m.manager, &q.dev));
	TX_REFUSED(-ENOENT, vmr_region_program(&m.manager, &q.region[0],
					       0x8000));
	TX_REFUSED(-ENOENT, vmr_device_request_removal(&m.manager, &q.dev));
	EXPECT_EQ(0, vmr_transaction_abort(&other));
	EXPECT_EQ(0, vmr_transaction_commit(&t));
	EXPECT_SOUND();
}

/*
 * After a commit or an abort all further calls on the transaction fail with -EINVAL.
 */
TEST(transaction_ends_once)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_at(&p, "p", NULL, 0x3000, 0x1000));
	EXPECT_EQ(-EINVAL, vmr_transaction_begin(NULL, &t));
	EXPECT_EQ(-EINVAL, vmr_transaction_begin(&m.manager, NULL));
	EXPECT_EQ(-EINVAL, vmr_transaction_commit(NULL));
	EXPECT_EQ(-EINVAL, vmr_transaction_abort(NULL));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	EXPECT_EQ(0, vmr_transaction_commit(&t));
	TX_REFUSED(-EINVAL, vmr_transaction_commit(&t));
	TX_REFUSED(-EINVAL, vmr_transaction_abort(&t));
	TX_REFUSED(-EINVAL, add_probe(&p));
	TX_REFUSED(-EINVAL, remove_probe(&p));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	EXPECT_EQ(0, vmr_transaction_abort(&t));
	TX_REFUSED(-EINVAL, vmr_transaction_commit(&t));
}

/* The range of a removed device stays in use until the commit. */
TEST(removed_range_busy_until_commit)
{
	struct probe old, next;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&old, "old", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_at(&next, "next", NULL, 0x1000, 0x1000));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, remove_probe(&old));
	TX_REFUSED(-EBUSY, add_probe(&next));
	ASSERT_EQ(0, vmr_transaction_commit(&t));
	EXPECT_EQ(0, vmr_device_register(&m.manager, &next.dev, NULL, NULL));
}

/*
 * Claims
 */

/* Claims go live in ranges that a commit frees, the oldest first. */
TEST(commit_settles_claims)
{
	struct probe a, b, old, waits;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&a, "a", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&b, "b", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, leaf_at(&old, "old", NULL, VMR_MMIO, 0x1000, 0x2000,
			     false));
	ASSERT_EQ(0, leaf_at(&waits, "waits", NULL, VMR_MMIO, 0x2000, 0x1000,
			     false));
	ASSERT_EQ(0, diary_start(&d));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, remove_probe(&a));
	ASSERT_EQ(0, remove_probe(&b));
	EXPECT_EQ(0U, d.nr);
	ASSERT_EQ(0, vmr_transaction_commit(&t));
	/* The older claim needs both ranges and gets them. */
	EXPECT_ANSWERS(&old.region[0], 0x1000);
	EXPECT_EQ(VMR_CLAIMED, state_of(&waits.region[0]));
	EXPECT_EQ(3U, d.nr);
	EXPECT_SAYS(&d, 0, &a.region[0], 0x1000, NOWHERE);
	EXPECT_SAYS(&d, 1, &b.region[0], 0x2000, NOWHERE);
	EXPECT_SAYS(&d, 2, &old.region[0], NOWHERE, 0x1000);
	EXPECT_SOUND();
}

/* Claims go live in ranges that an abort frees. */
TEST(abort_settles_claims)
{
	struct probe p, waits;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_at(&p, "p", NULL, 0x1000, 0x1000));
	ASSERT_EQ(0, diary_start(&d));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, add_probe(&p));
	/* The guest programs a BAR to a range that is live but not mapped yet. */
	ASSERT_EQ(0, leaf_at(&waits, "waits", NULL, VMR_MMIO, 0x1000, 0x1000,
			     false));
	EXPECT_EQ(VMR_CLAIMED, state_of(&waits.region[0]));
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
	ASSERT_EQ(0, vmr_transaction_abort(&t));
	EXPECT_ANSWERS(&waits.region[0], 0x1000);
	EXPECT_EQ(1U, d.nr);
	EXPECT_SAYS(&d, 0, &waits.region[0], NOWHERE, 0x1000);
	EXPECT_SOUND();
}

static struct vmr_region *claiming_region;

static void claim_range(struct probe *p)
{
	p->result = program(claiming_region, p->region[0].range.start);
}

/* Claims go live in ranges that a failed registration frees. */
TEST(failed_register_settles_claims)
{
	struct probe p, waits;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, leaf_up(&waits, "waits", NULL, VMR_MMIO, 0x1000, false));
	ASSERT_EQ(0, probe_at(&p, "p", NULL, 0x1000, 0x1000));
	claiming_region = &waits.region[0];
	p.on_grant = claim_range;
	p.refuse = -EIO;
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(-EIO, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(0, p.result);
	EXPECT_ANSWERS(&waits.region[0], 0x1000);
	EXPECT_EQ(1U, d.nr);
	EXPECT_SOUND();
}

/*
 * Buses in transactions
 */

/* Add a bus with an open window in the transaction. */
static int hub_added(struct bridge_dev *h, struct vmr_bus *parent, uint64_t start,
		     uint64_t size)
{
	int ret = hub_init(h, "hub", parent);

	if (!ret)
		ret = probe_region(&h->p, 0, VMR_MMIO, VMR_REGION_WINDOW, size);
	if (!ret)
		vmr_constraint_init_fixed(probe_want(&h->p), VMR_KIND_MMIO, start, size,
					  &h->p.region[0].range);
	return ret ? ret : vmr_transaction_add(&t, &h->p.dev, NULL, NULL);
}

/*
 * One transaction can add buses with the devices on them, and one can remove them.
 */
TEST(transaction_adds_bus_with_devices)
{
	struct bridge_dev outer, inner;
	struct probe p;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, diary_start(&d));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, hub_added(&outer, NULL, 0x100000, 0x10000));
	ASSERT_EQ(0, hub_added(&inner, &outer.bus, 0x104000, 0x1000));
	/* Automatic placement chooses an address inside the window. */
	probe_init(&p, "p");
	p.dev.parent_bus = &inner.bus;
	ASSERT_EQ(0, probe_region(&p, 0, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	vmr_constraint_init(probe_want(&p), VMR_KIND_MMIO, 0x1000,
			    &p.region[0].range);
	ASSERT_EQ(0, add_probe(&p));
	EXPECT_EQ(0x104000U, p.got[0].start);
	EXPECT_NULL(responder(VMR_MMIO, 0x104000));
	EXPECT_EQ(0U, d.nr);
	ASSERT_EQ(0, vmr_transaction_commit(&t));
	EXPECT_SEEN(&p.region[0], 0x104000);
	EXPECT_EQ(3U, d.nr);
	EXPECT_SAYS(&d, 2, &p.region[0], NOWHERE, 0x104000);
	EXPECT_EQ(&outer.p.dev, vmr_next_device(&m.manager, NULL));
	EXPECT_EQ(&p.dev, vmr_next_device(&m.manager, &inner.p.dev));

	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	TX_REFUSED(-EBUSY, remove_probe(&inner.p));
	TX_REFUSED(-EBUSY, remove_probe(&outer.p));
	EXPECT_EQ(0, remove_probe(&p));
	EXPECT_EQ(0, remove_probe(&inner.p));
	EXPECT_EQ(0, remove_probe(&outer.p));
	EXPECT_SEEN(&p.region[0], 0x104000);
	ASSERT_EQ(0, vmr_transaction_commit(&t));
	EXPECT_NULL(responder(VMR_MMIO, 0x104000));
	EXPECT_EQ(6U, d.nr);
	EXPECT_SAYS(&d, 3, &p.region[0], 0x104000, NOWHERE);
	EXPECT_EQ(0U, outer.bus.nr_devices);
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
	EXPECT_NULL(vmr_next_device(&m.manager, NULL));
	EXPECT_SOUND();
}

/* An abort takes back a bus together with the devices on it. */
TEST(abort_of_bus_with_devices)
{
	struct bridge_dev outer;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, hub_added(&outer, NULL, 0x100000, 0x10000));
	ASSERT_EQ(0, probe_at(&p, "p", &outer.bus, 0x100000, 0x1000));
	ASSERT_EQ(0, add_probe(&p));
	ASSERT_EQ(0, vmr_transaction_abort(&t));
	EXPECT_EQ(0U, outer.bus.nr_devices);
	EXPECT_EQ(0U, outer.bus.mmio.nr_ranges);
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
	EXPECT_EQ(VMR_DEVICE_UNREGISTERED, outer.p.dev.state);
	EXPECT_SOUND();
}

/*
 * A bus cannot be removed while a transaction adds a device to it: the device refers
 * to the bus.
 */
TEST(bus_busy_while_transaction_adds_to_it)
{
	struct bridge_dev h;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&h, "h", NULL));
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0x100000, 0x10ffff));
	ASSERT_EQ(0, probe_at(&p, "p", &h.bus, 0x100000, 0x1000));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, add_probe(&p));
	TX_REFUSED(-EBUSY, vmr_device_unregister(&m.manager, &h.p.dev));
	TX_REFUSED(-EBUSY, remove_probe(&h.p));
	ASSERT_EQ(0, vmr_transaction_abort(&t));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &h.p.dev));
}

/* No device can be added to a bus that a transaction removes. */
TEST(add_to_bus_being_removed_is_enoent)
{
	struct bridge_dev h;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&h, "h", NULL));
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0x100000, 0x10ffff));
	ASSERT_EQ(0, probe_at(&p, "p", &h.bus, 0x100000, 0x1000));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, remove_probe(&h.p));
	TX_REFUSED(-ENOENT, add_probe(&p));
	TX_REFUSED(-ENOENT, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_transaction_abort(&t));
	EXPECT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_SEEN(&p.region[0], 0x100000);
}

/*
 * A bus that a transaction adds is a parent only for additions of the same
 * transaction.
 */
TEST(add_to_bus_of_other_transaction_fails)
{
	struct vmr_transaction other;
	struct probe p;
	struct bridge_dev h;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &other));
	ASSERT_EQ(0, hub_added(&h, NULL, 0x100000, 0x10000));
	ASSERT_EQ(0, probe_at(&p, "p", &h.bus, 0x100000, 0x1000));
	TX_REFUSED(-ENOENT, vmr_transaction_add(&other, &p.dev, NULL, NULL));
	TX_REFUSED(-ENOENT, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(0, add_probe(&p));
	EXPECT_EQ(0, vmr_transaction_commit(&t));
	EXPECT_EQ(0, vmr_transaction_abort(&other));
	EXPECT_SEEN(&p.region[0], 0x100000);
}

/*
 * Notifications
 */

static struct {
	struct vmr_listener	listener;
	unsigned int		nr;
	struct {
		bool			leaving;
		struct vmr_region	*region;
	} said[32];
} log_;

static void log_del(struct vmr_listener *listener,
		    struct vmr_region *region, const struct vmr_mapping *old)
{
	if (log_.nr < NR(log_.said)) {
		log_.said[log_.nr].leaving = true;
		log_.said[log_.nr].region = region;
	}
	log_.nr++;
}

static void log_changed(struct vmr_listener *listener, struct vmr_region *region,
			const struct vmr_mapping *old,
		      const struct vmr_mapping *new_)
{
	if (log_.nr < NR(log_.said)) {
		log_.said[log_.nr].leaving = false;
		log_.said[log_.nr].region = region;
	}
	log_.nr++;
}

static int log_start(void)
{
	memset(&log_, 0, sizeof(log_));
	log_.listener.region_del = log_del;
	log_.listener.region_changed = log_changed;
	return vmr_listener_register(&m.manager, &log_.listener);
}

static bool logged(unsigned int i, bool leaving, const struct probe *p)
{
	return i < log_.nr && log_.said[i].leaving == leaving &&
	       log_.said[i].region == &p->region[0];
}

/*
 * A commit calls region_del for all removed regions before any region_changed, both
 * in the order of the calls.
 */
TEST(commit_notifies_del_before_change)
{
	struct probe out[2], in[2];
	unsigned int i;

	ASSERT_EQ(0, machine_up());
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, probe_up(&out[i], "out", VMR_MMIO, 0x1000 * i,
				      0x1000));
		ASSERT_EQ(0, probe_at(&in[i], "in", NULL, 0x10000 + 0x1000 * i,
				      0x1000));
	}
	ASSERT_EQ(0, log_start());
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, add_probe(&in[0]));
	ASSERT_EQ(0, remove_probe(&out[0]));
	ASSERT_EQ(0, add_probe(&in[1]));
	ASSERT_EQ(0, remove_probe(&out[1]));
	EXPECT_EQ(0U, log_.nr);
	ASSERT_EQ(0, vmr_transaction_commit(&t));
	EXPECT_EQ(6U, log_.nr);
	EXPECT_TRUE(logged(0, true, &out[0]));
	EXPECT_TRUE(logged(1, true, &out[1]));
	EXPECT_TRUE(logged(2, false, &out[0]));
	EXPECT_TRUE(logged(3, false, &out[1]));
	EXPECT_TRUE(logged(4, false, &in[0]));
	EXPECT_TRUE(logged(5, false, &in[1]));
}

/* An abort causes no notification. */
TEST(abort_sends_no_notification)
{
	struct probe out, in;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&out, "out", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_at(&in, "in", NULL, 0x10000, 0x1000));
	ASSERT_EQ(0, log_start());
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, add_probe(&in));
	ASSERT_EQ(0, remove_probe(&out));
	ASSERT_EQ(0, vmr_transaction_abort(&t));
	EXPECT_EQ(0U, log_.nr);
}

/*
 * Atomic for readers
 */

#define PAIR_A		0x100000ull
#define PAIR_B		0x200000ull	/* far from PAIR_A in the tree, and behind a bus */
#define ROUNDS		2000

static unsigned long readers_stop, torn, seen_both, seen_none, seen_step;
/*
 * Numbers of commits that have begun and that have ended. If @begun after the lookups
 * of a reader exceeds @ended before them by at most 1, at most one commit overlaps
 * the lookups.
 */
static unsigned long begun, ended;

static unsigned long load(const unsigned long *counter)
{
	return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

static void add_one(unsigned long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
}

static int commit_counted(void)
{
	uint32_t idle = dice(3000);
	int ret;

	/* Pause, or several commits would overlap nearly every group of lookups. */
	while (idle--)
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	add_one(&begun);
	ret = vmr_transaction_commit(&t);
	add_one(&ended);
	return ret;
}

static bool too_many_since(unsigned long g)
{
	return load(&begun) - g > 1;
}

struct bystander {
	struct vmr_reader	reader;
	pthread_t		thread;
};

static void quiet_read(struct vmr_device *dev, const struct vmr_access *access,
		       void *data)
{
	memset(data, 0x42, access_bytes(access));
}

static const struct vmr_device_ops quiet_ops = { .read = quiet_read };

static bool responds(struct vmr_reader *reader, uint64_t addr)
{
	uint8_t byte;

	return vmr_read(reader, VMR_MMIO, addr, &byte, 1, 1) == 0;
}

/* A and B are registered and unregistered together. */
static void *watch(void *arg)
{
	struct bystander *by = arg;

	while (!load(&readers_stop)) {
		unsigned long g = load(&ended);
		bool a = responds(&by->reader, PAIR_A);
		bool b = responds(&by->reader, PAIR_B);
		bool a2 = responds(&by->reader, PAIR_A);

		if (too_many_since(g))
			continue;
		/* At most one commit: a, b, a2 change value at most once. */
		if (a == a2 && a != b)
			add_one(&torn);
		if (a && b)
			add_one(&seen_both);
		if (!a && !b)
			add_one(&seen_none);
	}
	return NULL;
}

/* A reader that observes the change of one observes the change of the other later. */
static void *watch_rise(void *arg)
{
	struct bystander *by = arg;

	while (!load(&readers_stop)) {
		unsigned long g = load(&ended);
		bool rising = !(g & 1);
		bool first, second;

		/* Look up first the device that the commit changes first, then last. */
		first = responds(&by->reader, g & 2 ? PAIR_A : PAIR_B);
		second = responds(&by->reader, g & 2 ? PAIR_B : PAIR_A);
		if (too_many_since(g))
			continue;
		if (rising ? first && !second : !first && second)
			add_one(&torn);
		if (first != second)
			add_one(&seen_step);
	}
	return NULL;
}

/*
 * Threads seldom overlap a commit. Therefore also count write sections: one section
 * means that readers observe one store, its end.
 */
#define IN_ONE_SECTION(call) \
	do { \
		uint32_t count_ = m.sys.seq.sequence; \
		EXPECT_EQ(0, call); \
		EXPECT_EQ(2U, m.sys.seq.sequence - count_) { \
			TH_LOG("%s is not one write section", #call); \
		} \
	} while (0)

/*
 * Commits, moves, bulk moves, window changes and removals use one write section
 * each.
 */
TEST(each_change_is_one_write_section)
{
	struct probe a, b, c, waits;
	struct bridge_dev h;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&h, "h", NULL));
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0x100000, 0x10ffff));
	ASSERT_EQ(0, probe_at(&a, "a", &h.bus, 0x100000, 0x1000));
	ASSERT_EQ(0, probe_at(&b, "b", NULL, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_at(&c, "c", NULL, 0x3000, 0x1000));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, add_probe(&a));
	ASSERT_EQ(0, add_probe(&b));
	ASSERT_EQ(0, add_probe(&c));
	IN_ONE_SECTION(vmr_transaction_commit(&t));
	/* A claim goes live during the commit. */
	ASSERT_EQ(0, leaf_at(&waits, "waits", NULL, VMR_MMIO, 0x1000, 0x1000,
			     false));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, remove_probe(&a));
	ASSERT_EQ(0, remove_probe(&b));
	IN_ONE_SECTION(vmr_transaction_commit(&t));
	EXPECT_ANSWERS(&waits.region[0], 0x1000);
	ASSERT_EQ(0, program(&waits.region[0], 0x3000));
	EXPECT_EQ(VMR_CLAIMED, state_of(&waits.region[0]));
	IN_ONE_SECTION(program(&c.region[0], 0x1000));
	EXPECT_ANSWERS(&waits.region[0], 0x3000);
	IN_ONE_SECTION(vmr_region_move(&m.manager, &c.region[0], 0x8000,
				       NULL));
	ASSERT_EQ(0, program(&c.region[0], 0x1000));
	memset(steps, 0, sizeof(steps));
	steps[0].range = &waits.region[0].range;
	steps[0].start = 0x1000;
	steps[1].range = &c.region[0].range;
	steps[1].start = 0x3000;
	IN_ONE_SECTION(vmr_region_move_bulk(&m.manager, steps, 2, NULL, NULL));
	IN_ONE_SECTION(hub_open(&h, MEMORY, 0x200000, 0x20ffff));
	IN_ONE_SECTION(vmr_device_unregister(&m.manager, &c.dev) - 1);
}

/* A reader observes all changes of a commit or none. */
TEST(commit_atomic_for_readers)
{
	static struct bystander by[2];
	struct probe a, b;
	struct bridge_dev h;
	unsigned int i;

	NEEDS(threads);
	chance_state = 1;
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&h, "h", NULL));
	ASSERT_EQ(0, hub_open(&h, MEMORY, PAIR_B, PAIR_B + 0xffff));
	ASSERT_EQ(0, probe_at(&a, "a", NULL, PAIR_A, 0x1000));
	ASSERT_EQ(0, probe_at(&b, "b", &h.bus, PAIR_B, 0x1000));
	a.dev.ops = &quiet_ops;
	b.dev.ops = &quiet_ops;
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, reader_attach(&by[i].reader));
		ASSERT_EQ(0, pthread_create(&by[i].thread, NULL,
					    i ? watch_rise : watch, &by[i]));
	}
	for (i = 0; i < ROUNDS || !load(&seen_both) ||
	     !load(&seen_none); i++) {
		struct probe *first = i & 1 ? &a : &b;
		struct probe *second = i & 1 ? &b : &a;

		ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
		ASSERT_EQ(0, add_probe(first));
		ASSERT_EQ(0, add_probe(second));
		ASSERT_EQ(0, commit_counted());
		ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
		ASSERT_EQ(0, remove_probe(first));
		ASSERT_EQ(0, remove_probe(second));
		ASSERT_EQ(0, commit_counted());
		ASSERT_EQ(0, vmr_device_drain(&m.manager, &a.dev));
		ASSERT_EQ(0, vmr_device_drain(&m.manager, &b.dev));
	}
	add_one(&readers_stop);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_join(by[i].thread, NULL));
	EXPECT_EQ(0UL, load(&torn));
	TH_LOG("%lu times both, %lu times none, %lu commits between two lookups",
	       load(&seen_both), load(&seen_none),
	       load(&seen_step));
	EXPECT_SOUND();
}

/*
 * A replacement: the new device has another address. A reader that does not find the
 * old device finds the new one afterwards. A reader that finds the new device does
 * not find the old one afterwards.
 */
static void *watch_change(void *arg)
{
	struct bystander *by = arg;

	while (!load(&readers_stop)) {
		unsigned long g = load(&ended);
		uint64_t from = g & 1 ? PAIR_B : PAIR_A;
		uint64_t to = g & 1 ? PAIR_A : PAIR_B;
		bool old = responds(&by->reader, from);
		bool new_ = responds(&by->reader, to);
		bool old2 = responds(&by->reader, from);

		if (too_many_since(g))
			continue;
		if ((!old && !new_) || (new_ && old2) || (!old && old2))
			add_one(&torn);
		if (old && new_)
			add_one(&seen_step);
	}
	return NULL;
}

/*
 * A reader observes the old device or the new one of a replacement, never both and
 * never neither.
 */
TEST(replacement_atomic_for_readers)
{
	static struct bystander by;
	struct probe p[2];
	unsigned int i;

	NEEDS(threads);
	chance_state = 1;
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_at(&p[0], "0", NULL, PAIR_A, 0x1000));
	ASSERT_EQ(0, probe_at(&p[1], "1", NULL, PAIR_B, 0x1000));
	p[0].dev.ops = &quiet_ops;
	p[1].dev.ops = &quiet_ops;
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p[0].dev, NULL, NULL));
	ASSERT_EQ(0, reader_attach(&by.reader));
	ASSERT_EQ(0, pthread_create(&by.thread, NULL, watch_change, &by));
	for (i = 0; i < 4 * ROUNDS; i++) {
		ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
		ASSERT_EQ(0, add_probe(&p[!(i & 1)]));
		ASSERT_EQ(0, remove_probe(&p[i & 1]));
		ASSERT_EQ(0, commit_counted());
		ASSERT_EQ(0, vmr_device_drain(&m.manager, &p[i & 1].dev));
	}
	add_one(&readers_stop);
	ASSERT_EQ(0, pthread_join(by.thread, NULL));
	EXPECT_EQ(0UL, load(&torn));
	TH_LOG("%lu commits between two lookups", load(&seen_step));
}

/*
 * Pending removal
 */

/*
 * A requested removal changes nothing until the device is unregistered, and can be
 * cancelled.
 */
TEST(removal_request_pending_until_unregister)
{
	struct probe p, other;
	uint32_t id;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_at(&p, "p", NULL, 0x1000, 0x1000));
	vmr_constraint_init(probe_want(&p), VMR_KIND_IRQ, 1, &p.node[0]);
	REFUSED(-EINVAL, vmr_device_request_removal(NULL, &p.dev));
	REFUSED(-EINVAL, vmr_device_request_removal(&m.manager, NULL));
	REFUSED(-ENOENT, vmr_device_request_removal(&m.manager, &p.dev));
	REFUSED(-ENOENT, vmr_device_cancel_removal(&m.manager, &p.dev));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	REFUSED(-EINVAL, vmr_device_cancel_removal(NULL, &p.dev));
	REFUSED(-EINVAL, vmr_device_cancel_removal(&m.manager, NULL));
	REFUSED(-ENOENT, vmr_device_cancel_removal(&m.manager, &p.dev));
	id = vmr_id_value(&p.dev.id);

	EXPECT_EQ(0, vmr_device_request_removal(&m.manager, &p.dev));
	EXPECT_EQ(VMR_DEVICE_REMOVAL_REQUESTED, p.dev.state);
	/* Repeated requests fail until the guest ejects the device. */
	REFUSED(-EALREADY, vmr_device_request_removal(&m.manager, &p.dev));
	REFUSED(-EALREADY, vmr_device_request_removal(&m.manager, &p.dev));
	/* Meanwhile the device is mapped, can move, and keeps its resources. */
	EXPECT_SEEN(&p.region[0], 0x1000);
	EXPECT_EQ(0, program(&p.region[0], 0x2000));
	EXPECT_SEEN(&p.region[0], 0x2000);
	EXPECT_EQ(&p.dev, vmr_find_device_by_id(&m.manager, id));
	EXPECT_EQ(&p.dev, vmr_find_device_by_name(&m.manager, "p"));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&p.node[0]));
	EXPECT_EQ(-EBUSY, vmr_device_try_drain(&m.manager, &p.dev));
	ASSERT_EQ(0, probe_at(&other, "other", NULL, 0x2000, 0x1000));
	REFUSED(-EBUSY, vmr_device_register(&m.manager, &other.dev, NULL, NULL));
	REFUSED(-EEXIST, vmr_device_register(&m.manager, &p.dev, NULL, NULL));

	EXPECT_EQ(0, vmr_device_cancel_removal(&m.manager, &p.dev));
	REFUSED(-ENOENT, vmr_device_cancel_removal(&m.manager, &p.dev));
	EXPECT_EQ(VMR_DEVICE_REGISTERED, p.dev.state);
	EXPECT_EQ(0, vmr_device_request_removal(&m.manager, &p.dev));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	/* Unregistering ends the request. */
	REFUSED(-ENOENT, vmr_device_request_removal(&m.manager, &p.dev));
	REFUSED(-ENOENT, vmr_device_cancel_removal(&m.manager, &p.dev));
	REFUSED(-ENOENT, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(VMR_DEVICE_REGISTERED, p.dev.state);
	EXPECT_EQ(id, vmr_id_value(&p.dev.id));
	EXPECT_SOUND();
}

/*
 * A transaction can remove a device with a requested removal. An abort keeps the
 * request.
 */
TEST(transaction_removes_after_request)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, vmr_device_request_removal(&m.manager, &p.dev));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	EXPECT_EQ(0, remove_probe(&p));
	EXPECT_EQ(0, vmr_transaction_abort(&t));
	EXPECT_EQ(VMR_DEVICE_REMOVAL_REQUESTED, p.dev.state);
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	EXPECT_EQ(0, remove_probe(&p));
	EXPECT_EQ(0, vmr_transaction_commit(&t));
	EXPECT_EQ(VMR_DEVICE_UNREGISTERED, p.dev.state);
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
}

/*
 * Restored devices
 */

/* The state after a restore: the id and the ranges are live, no device is registered. */
static int restored(struct probe *p, uint32_t id)
{
	int ret = probe_at(p, "p", NULL, 0x1000, 0x1000);

	vmr_constraint_init(probe_want(p), VMR_KIND_MSIX, 3, &p->node[0]);
	if (!ret)
		ret = vmr_device_reserve_id(&m.manager, &p->dev, id, NULL);
	if (!ret)
		ret = vmr_reserve(&m.sys.mmio, &p->region[0].range, 0x1000,
				  0x1fff, NULL);
	if (!ret)
		ret = vmr_reserve(&m.sys.irqs.space, &p->node[0], 5, 7, NULL);
	return ret;
}

/*
 * Registering a restored device keeps its id and its ranges and passes them to the
 * device.
 */
TEST(restored_device_keeps_its_resources)
{
	struct probe p;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, restored(&p, 9));
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	EXPECT_EQ(1U, p.granted);
	EXPECT_EQ(2U, p.dev.resources.nr);
	EXPECT_EQ(0x1000U, p.got[0].start);
	EXPECT_EQ(0x1fffU, p.got[0].last);
	EXPECT_EQ(5U, p.got[1].start);
	EXPECT_EQ(7U, p.got[1].last);
	EXPECT_EQ(9U, vmr_id_value(&p.dev.id));
	EXPECT_ANSWERS(&p.region[0], 0x1000);
	EXPECT_EQ(1U, d.nr);
	EXPECT_SAYS(&d, 0, &p.region[0], NOWHERE, 0x1000);
	EXPECT_EQ(&p.dev, vmr_next_device(&m.manager, NULL));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
	EXPECT_EQ(0U, m.sys.device_ids.space.nr_ranges);
}

/*
 * Registering a restored device fails if its id, a range or its parent is not
 * restored, and changes nothing.
 */
TEST(register_restored_errors)
{
	size_t failed = 99;
	struct probe p;
	struct bridge_dev h;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, restored(&p, 9));
	REFUSED(-EINVAL, vmr_device_register_restored(NULL, &p.dev, &failed));
	REFUSED(-EINVAL, vmr_device_register_restored(&m.manager, NULL, &failed));
	EXPECT_EQ(99U, failed);
	/* Too few entries in the resource set */
	p.dev.resources.max = 1;
	REFUSED(-EINVAL, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	p.dev.resources.max = PROBE_WANTS;
	/* The constraint and the region differ in size. */
	p.want[0].request.size = 0x800;
	REFUSED(-EINVAL, vmr_device_register_restored(&m.manager, &p.dev, &failed));
	EXPECT_EQ(0U, failed);
	p.want[0].request.size = 0x1000;
	/* The parent is not registered. */
	ASSERT_EQ(0, hub_init(&h, "h", NULL));
	p.dev.parent_bus = &h.bus;
	REFUSED(-ENOENT, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	p.dev.parent_bus = NULL;
	/* The number of vectors differs from the constraint. */
	p.want[1].request.size = 4;
	REFUSED(-ENOENT, vmr_device_register_restored(&m.manager, &p.dev, &failed));
	EXPECT_EQ(1U, failed);
	p.want[1].request.size = 3;
	/* A range is not live, or live in another space. */
	ASSERT_EQ(0, vmr_free(&m.sys.irqs.space, &p.node[0]));
	REFUSED(-ENOENT, vmr_device_register_restored(&m.manager, &p.dev, &failed));
	EXPECT_EQ(1U, failed);
	ASSERT_EQ(0, vmr_reserve(&m.sys.mem_slots.space, &p.node[0], 5, 7, NULL));
	REFUSED(-ENOENT, vmr_device_register_restored(&m.manager, &p.dev, &failed));
	ASSERT_EQ(0, vmr_free(&m.sys.mem_slots.space, &p.node[0]));
	ASSERT_EQ(0, vmr_reserve(&m.sys.irqs.space, &p.node[0], 5, 7, NULL));
	ASSERT_EQ(0, vmr_id_free_range(&m.sys.device_ids, &p.dev.id));
	REFUSED(-ENOENT, vmr_device_register_restored(&m.manager, &p.dev, &failed));
	EXPECT_EQ(2U, failed);
	/* A device has one id. */
	ASSERT_EQ(0, vmr_reserve(&m.sys.device_ids.space, &p.dev.id, 9, 10, NULL));
	failed = 99;
	REFUSED(-ENOENT, vmr_device_register_restored(&m.manager, &p.dev, &failed));
	EXPECT_EQ(2U, failed);
	ASSERT_EQ(0, vmr_id_free_range(&m.sys.device_ids, &p.dev.id));
	ASSERT_EQ(0, vmr_device_reserve_id(&m.manager, &p.dev, 9, NULL));
	ASSERT_EQ(0, vmr_free(&m.sys.mmio, &p.region[0].range));
	ASSERT_EQ(0, vmr_park(&m.sys.mmio, &p.region[0].range, 0x1000, 0x1fff));
	REFUSED(-ENOENT, vmr_device_register_restored(&m.manager, &p.dev, &failed));
	EXPECT_EQ(0U, failed);
	ASSERT_EQ(0, vmr_free(&m.sys.mmio, &p.region[0].range));
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &p.region[0].range, 0x1000,
				 0x1fff, NULL));
	/* The callback of the device fails. */
	p.refuse = -EIO;
	REFUSED(-EIO, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	EXPECT_EQ(0U, p.dev.resources.nr);
	EXPECT_EQ(VMR_DEVICE_UNREGISTERED, p.dev.state);
	p.refuse = 0;
	/* The resource set has just enough entries. */
	p.dev.resources.max = 2;
	EXPECT_EQ(0, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	REFUSED(-EEXIST, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	/* -EINVAL precedes -EEXIST. */
	p.want[0].request.size = 0x800;
	REFUSED(-EINVAL, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	p.want[0].request.size = 0x1000;
	EXPECT_SOUND();
}

/* Restore the range of a region to [@start, @last] in a state, and try its device. */
static int register_region_at(struct probe *p, struct vmr_space *space,
			      enum vmr_state state, uint64_t start,
			      uint64_t last)
{
	struct vmr_range *range = &p->region[1].range;
	int ret;

	if (state == VMR_LIVE)
		ret = vmr_reserve(space, range, start, last, NULL);
	else if (state == VMR_PARKED)
		ret = vmr_park(space, range, start, last);
	else
		ret = vmr_claim(space, range, start, last);
	if (ret)
		return ret;
	ret = vmr_device_register_restored(&m.manager, &p->dev, NULL);
	if (ret)
		vmr_free(space, range);
	return ret;
}

/*
 * A snapshot of another machine may have a longer range for a region that no constraint
 * names. The device would be accessed behind its end.
 */
TEST(restored_region_has_its_size)
{
	static const enum vmr_state states[] = {
		VMR_LIVE, VMR_CLAIMED, VMR_PARKED,
	};
	struct probe p;
	size_t i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, restored(&p, 9));
	ASSERT_EQ(0, probe_region(&p, 1, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	for (i = 0; i < NR(states); i++) {
		EXPECT_EQ(-ENOENT, register_region_at(&p, &m.sys.mmio, states[i],
						      0x4000, 0x5fff));
		EXPECT_EQ(-ENOENT, register_region_at(&p, &m.sys.mmio, states[i],
						      0x4000, 0x47ff));
		EXPECT_EQ(-ENOENT, register_region_at(&p, &m.sys.pio, states[i],
						      0x4000, 0x4fff));
	}
	EXPECT_EQ(0U, p.granted);
	EXPECT_EQ(0, register_region_at(&p, &m.sys.mmio, VMR_LIVE, 0x4000,
					0x4fff));
	EXPECT_ANSWERS(&p.region[1], 0x4000);
	EXPECT_SOUND();
}

/* A restored device is registered on its bus, after the device of the bus. */
TEST(restored_device_on_its_bus)
{
	struct probe p;
	struct bridge_dev h;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_init(&h, "h", NULL));
	ASSERT_EQ(0, hub_window(&h, 0, VMR_MMIO, false));
	ASSERT_EQ(0, probe_at(&p, "p", &h.bus, 0x1000, 0x1000));
	ASSERT_EQ(0, vmr_device_reserve_id(&m.manager, &p.dev, 9, NULL));
	ASSERT_EQ(0, vmr_reserve(&h.bus.mmio, &p.region[0].range, 0x1000,
				 0x1fff, NULL));
	/* All is live, but the bus is not registered. */
	REFUSED(-ENOENT, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &h.p.dev, NULL, NULL));
	ASSERT_EQ(0, hub_open(&h, 0, 0x1000, 0x1fff));
	EXPECT_EQ(0, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	EXPECT_SEEN(&p.region[0], 0x1000);
	EXPECT_EQ(1U, h.bus.nr_devices);
	REFUSED(-EBUSY, vmr_device_unregister(&m.manager, &h.p.dev));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(0U, h.bus.nr_devices);
}

/*
 * Changes that a write requests
 */

static struct vmr_change next_change;

static void changing_write(struct vmr_device *dev,
			   const struct vmr_access *access, const void *data)
{
	*access->change = next_change;
}

static const struct vmr_device_ops changing_ops = { .write = changing_write };

static int write_at(uint64_t addr, struct vmr_change *change)
{
	return vmr_write_change(&m.reader, VMR_MMIO, addr, "x", 1, 1, change);
}

static int changing_up(struct probe *p)
{
	int ret = machine_up();

	if (!ret)
		ret = probe_at(p, "p", NULL, 0x1000, 0x1000);
	p->dev.ops = &changing_ops;
	return ret ? ret : vmr_device_register(&m.manager, &p->dev, NULL, NULL);
}

/* A write that requests no change returns VMR_CHANGE_NONE. */
TEST(write_change_none)
{
	struct vmr_change change;
	struct probe p;

	ASSERT_EQ(0, changing_up(&p));
	memset(&change, 0x55, sizeof(change));
	EXPECT_EQ(0, write_at(0x1000, &change));
	EXPECT_EQ(VMR_CHANGE_NONE, change.type);
	REFUSED(0, vmr_change_apply(&m.manager, &change, NULL));
	EXPECT_EQ(-EINVAL, write_at(0x1000, NULL));
}

/* A write can request that an interrupt is allocated or freed. */
TEST(write_change_takes_and_frees_irq)
{
	struct vmr_range irq = { 0 }, other = { 0 }, *conflict = NULL;
	struct vmr_change change;
	struct probe p;

	ASSERT_EQ(0, changing_up(&p));
	next_change = (struct vmr_change) {
		.type = VMR_CHANGE_IRQ_TAKEN, .irq = 11, .range = &irq,
	};
	ASSERT_EQ(0, write_at(0x1000, &change));
	EXPECT_EQ(VMR_FREE, vmr_range_state(&irq));
	EXPECT_EQ(0, vmr_change_apply(&m.manager, &change, NULL));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&irq));
	EXPECT_EQ(11U, vmr_id_value(&irq));
	EXPECT_TRUE(vmr_id_is_allocated(&m.sys.irqs, 11));
	/* The same range again, another range, beyond the end, no range */
	REFUSED(-EEXIST, vmr_change_apply(&m.manager, &change, NULL));
	change.range = &other;
	REFUSED(-EBUSY, vmr_change_apply(&m.manager, &change, &conflict));
	EXPECT_EQ(&irq, conflict);
	change.irq = 64;
	REFUSED(-ERANGE, vmr_change_apply(&m.manager, &change, NULL));
	change.range = NULL;
	REFUSED(-EINVAL, vmr_change_apply(&m.manager, &change, NULL));

	next_change = (struct vmr_change) {
		.type = VMR_CHANGE_IRQ_RELEASED, .range = &irq,
	};
	ASSERT_EQ(0, write_at(0x1000, &change));
	EXPECT_EQ(0, vmr_change_apply(&m.manager, &change, NULL));
	EXPECT_FALSE(vmr_id_is_allocated(&m.sys.irqs, 11));
	REFUSED(-ENOENT, vmr_change_apply(&m.manager, &change, NULL));
	change.range = NULL;
	REFUSED(-EINVAL, vmr_change_apply(&m.manager, &change, NULL));
}

/*
 * If MSI vectors have a domain of their own, a line and a vector may have the same
 * number.
 */
TEST(write_change_takes_msi_vector)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 7, .slot_last = 7,
		.pci_last = 0xff, .id_last = 7, .msi_vector_last = 63,
	};
	struct vmr_range line = { 0 }, vector = { 0 };
	struct vmr_change change = { .type = VMR_CHANGE_IRQ_TAKEN, .irq = 5 };

	ASSERT_EQ(0, vmr_system_init(&m.sys, &limits));
	ASSERT_EQ(0, vmr_manager_init(&m.manager, &m.sys));
	change.range = &line;
	EXPECT_EQ(0, vmr_change_apply(&m.manager, &change, NULL));
	change.range = &vector;
	change.vector = true;
	EXPECT_EQ(0, vmr_change_apply(&m.manager, &change, NULL));
	EXPECT_EQ(&line, vmr_id_find(&m.sys.irqs, 5));
	EXPECT_EQ(&vector, vmr_id_find(&m.sys.msi_vectors, 5));
	change.type = VMR_CHANGE_IRQ_RELEASED;
	EXPECT_EQ(0, vmr_change_apply(&m.manager, &change, NULL));
	EXPECT_EQ(VMR_FREE, vmr_range_state(&vector));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&line));
	/* With one domain for both, the vector is allocated from this domain. */
	ASSERT_EQ(0, machine_up());
	change.type = VMR_CHANGE_IRQ_TAKEN;
	EXPECT_EQ(0, vmr_change_apply(&m.manager, &change, NULL));
	EXPECT_EQ(&vector, vmr_id_find(&m.sys.irqs, 5));
}

/* A write can request that a region is moved or unmapped. */
TEST(write_change_moves_and_unmaps)
{
	struct vmr_change change;
	struct probe p, holder;
	struct event_log d;

	ASSERT_EQ(0, changing_up(&p));
	ASSERT_EQ(0, probe_up(&holder, "holder", VMR_MMIO, 0x3000, 0x1000));
	ASSERT_EQ(0, diary_start(&d));
	next_change = (struct vmr_change) {
		.type = VMR_CHANGE_MOVED, .region = &p.region[0],
		.start = 0x2000,
	};
	ASSERT_EQ(0, write_at(0x1000, &change));
	EXPECT_EQ(0x1000U, p.region[0].range.start);
	EXPECT_EQ(0, vmr_change_apply(&m.manager, &change, NULL));
	EXPECT_EQ(0x2000U, vmr_region_mapping(&p.region[0]).start);
	EXPECT_EQ(1U, d.nr);
	/* Applying it twice changes nothing more. */
	EXPECT_EQ(0, vmr_change_apply(&m.manager, &change, NULL));
	EXPECT_EQ(1U, d.nr);
	/* If the new address is in use, the region becomes claimed. */
	next_change.start = 0x3800;
	ASSERT_EQ(0, write_at(0x2000, &change));
	EXPECT_EQ(0, vmr_change_apply(&m.manager, &change, NULL));
	EXPECT_EQ(VMR_CLAIMED, state_of(&p.region[0]));
	EXPECT_EQ(2U, d.nr);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &holder.dev));
	EXPECT_EQ(0x3800U, vmr_region_mapping(&p.region[0]).start);

	next_change = (struct vmr_change) {
		.type = VMR_CHANGE_UNMAPPED, .region = &p.region[0],
	};
	ASSERT_EQ(0, write_at(0x3800, &change));
	EXPECT_EQ(0, vmr_change_apply(&m.manager, &change, NULL));
	EXPECT_EQ(VMR_FREE, state_of(&p.region[0]));
	EXPECT_EQ(-ENXIO, write_at(0x3800, &change));
	EXPECT_SOUND();
}

/* vmr_change_apply() fails for changes without their object and changes nothing. */
TEST(change_apply_errors)
{
	struct vmr_change change = { .type = VMR_CHANGE_MOVED };
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_at(&p, "p", NULL, 0x1000, 0x1000));
	REFUSED(-EINVAL, vmr_change_apply(NULL, &change, NULL));
	REFUSED(-EINVAL, vmr_change_apply(&m.manager, NULL, NULL));
	REFUSED(-EINVAL, vmr_change_apply(&m.manager, &change, NULL));
	change.region = &p.region[0];
	REFUSED(-ENOENT, vmr_change_apply(&m.manager, &change, NULL));
	change.type = VMR_CHANGE_UNMAPPED;
	REFUSED(-ENOENT, vmr_change_apply(&m.manager, &change, NULL));
	change.region = NULL;
	REFUSED(-EINVAL, vmr_change_apply(&m.manager, &change, NULL));
	change.type = (enum vmr_change_type)99;
	REFUSED(-EINVAL, vmr_change_apply(&m.manager, &change, NULL));
}

/*
 * Bulk moves
 */

static void set_step(unsigned int i, struct probe *p, uint64_t start)
{
	memset(&steps[i], 0, sizeof(steps[i]));
	steps[i].range = &p->region[0].range;
	steps[i].start = start;
}

/* A bulk move can swap two regions, with one notification for each. */
TEST(region_swap_notifies_each_once)
{
	struct probe a, b;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&a, "a", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&b, "b", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, diary_start(&d));
	ASSERT_EQ(0, log_start());
	set_step(0, &a, 0x2000);
	set_step(1, &b, 0x1000);
	EXPECT_EQ(0, vmr_region_move_bulk(&m.manager, steps, 2, NULL, NULL));
	EXPECT_ANSWERS(&a.region[0], 0x2000);
	EXPECT_ANSWERS(&b.region[0], 0x1000);
	EXPECT_EQ(2U, d.nr);
	EXPECT_SAYS(&d, 0, &a.region[0], 0x1000, 0x2000);
	EXPECT_SAYS(&d, 1, &b.region[0], 0x2000, 0x1000);
	/* region_del precedes region_changed for both regions. */
	EXPECT_EQ(4U, log_.nr);
	EXPECT_TRUE(logged(0, true, &a));
	EXPECT_TRUE(logged(1, true, &b));
	EXPECT_TRUE(logged(2, false, &a));
	EXPECT_TRUE(logged(3, false, &b));
	EXPECT_SOUND();
}

/* A region that a bulk move leaves at its address causes no notification. */
TEST(move_bulk_unmoved_region_not_notified)
{
	struct probe a, b;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&a, "a", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&b, "b", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, diary_start(&d));
	ASSERT_EQ(0, log_start());
	set_step(0, &a, 0x1000);
	set_step(1, &b, 0x5000);
	EXPECT_EQ(0, vmr_region_move_bulk(&m.manager, steps, 2, NULL, NULL));
	EXPECT_EQ(1U, d.nr);
	EXPECT_SAYS(&d, 0, &b.region[0], 0x2000, 0x5000);
	EXPECT_EQ(2U, log_.nr);
}

/* A bulk move that fails moves no region and causes no notification. */
TEST(move_bulk_failure_moves_nothing)
{
	struct vmr_range *conflict = NULL;
	struct probe a, b, c, off;
	size_t failed = 99;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&a, "a", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&b, "b", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, probe_up(&c, "c", VMR_MMIO, 0x3000, 0x1000));
	ASSERT_EQ(0, probe_at(&off, "off", NULL, 0x9000, 0x1000));
	ASSERT_EQ(0, diary_start(&d));
	ASSERT_EQ(0, log_start());
	set_step(0, &a, 0x2000);
	set_step(1, &b, 0x3000);
	REFUSED(-EINVAL, vmr_region_move_bulk(NULL, steps, 2, NULL, NULL));
	REFUSED(-EINVAL, vmr_region_move_bulk(&m.manager, NULL, 2, NULL, NULL));
	REFUSED(-EINVAL, vmr_region_move_bulk(&m.manager, steps, 0, NULL, NULL));
	/* c overlaps the new address of b. */
	REFUSED(-EBUSY, vmr_region_move_bulk(&m.manager, steps, 2, &failed,
					     &conflict));
	EXPECT_EQ(1U, failed);
	EXPECT_EQ(&c.region[0].range, conflict);
	/* One region twice */
	set_step(1, &a, 0x5000);
	REFUSED(-EINVAL, vmr_region_move_bulk(&m.manager, steps, 2, &failed,
					      NULL));
	set_step(1, &b, MACHINE_LAST);
	REFUSED(-ERANGE, vmr_region_move_bulk(&m.manager, steps, 2, &failed,
					      NULL));
	EXPECT_EQ(1U, failed);
	set_step(1, &b, VMR_ADDR_MAX);
	REFUSED(-EOVERFLOW, vmr_region_move_bulk(&m.manager, steps, 2, NULL,
						 NULL));
	set_step(1, &off, 0x5000);
	failed = 99;
	REFUSED(-ENOENT, vmr_region_move_bulk(&m.manager, steps, 2, &failed,
					      NULL));
	EXPECT_EQ(1U, failed);
	set_step(1, &off, VMR_ADDR_MAX - 3);
	REFUSED(-EOVERFLOW, vmr_region_move_bulk(&m.manager, steps, 2, NULL,
						 NULL));
	steps[1].range = NULL;
	REFUSED(-EINVAL, vmr_region_move_bulk(&m.manager, steps, 2, &failed,
					      NULL));
	/* A region that is not live cannot move. */
	ASSERT_EQ(0, vmr_region_park(&m.manager, &c.region[0], 0x3000));
	EXPECT_EQ(1U, d.nr);
	set_step(1, &c, 0x7000);
	REFUSED(-ENOENT, vmr_region_move_bulk(&m.manager, steps, 2, &failed,
					      NULL));
	/* The failed calls caused no notification. */
	EXPECT_EQ(1U, d.nr);
	EXPECT_EQ(2U, log_.nr);
	EXPECT_ANSWERS(&a.region[0], 0x1000);
	EXPECT_SOUND();
}

/* One bulk move can move regions on several buses. */
TEST(move_bulk_across_buses)
{
	struct bridge_dev left, right;
	struct probe a, b, c;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&left, "left", NULL));
	ASSERT_EQ(0, hub_up(&right, "right", NULL));
	ASSERT_EQ(0, hub_open(&left, MEMORY, 0x100000, 0x1fffff));
	ASSERT_EQ(0, hub_open(&right, MEMORY, 0x200000, 0x2fffff));
	ASSERT_EQ(0, leaf_at(&a, "a", &left.bus, VMR_MMIO, 0x100000, 0x1000,
			     false));
	ASSERT_EQ(0, leaf_at(&b, "b", &right.bus, VMR_MMIO, 0x200000, 0x1000,
			     false));
	ASSERT_EQ(0, leaf_at(&c, "c", &right.bus, VMR_MMIO, 0x201000, 0x1000,
			     false));
	ASSERT_EQ(0, diary_start(&d));
	set_step(0, &a, 0x101000);
	set_step(1, &b, 0x201000);
	set_step(2, &c, 0x200000);
	EXPECT_EQ(0, vmr_region_move_bulk(&m.manager, steps, 3, NULL, NULL));
	EXPECT_SEEN(&a.region[0], 0x101000);
	EXPECT_SEEN(&b.region[0], 0x201000);
	EXPECT_SEEN(&c.region[0], 0x200000);
	EXPECT_EQ(3U, d.nr);
	/* b leaves the window: only b is notified. */
	set_step(0, &a, 0x101000);
	set_step(1, &b, 0x400000);
	EXPECT_EQ(0, vmr_region_move_bulk(&m.manager, steps, 2, NULL, NULL));
	EXPECT_EQ(4U, d.nr);
	EXPECT_SAYS(&d, 3, &b.region[0], 0x201000, NOWHERE);
	EXPECT_HIDDEN(&b.region[0]);
	EXPECT_SOUND();
}

/* A bulk move can swap windows. The regions behind them are notified. */
TEST(move_bulk_swaps_windows)
{
	struct bridge_dev left, right;
	struct probe a, b;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&left, "left", NULL));
	ASSERT_EQ(0, hub_up(&right, "right", NULL));
	ASSERT_EQ(0, hub_open(&left, MEMORY, 0x100000, 0x10ffff));
	ASSERT_EQ(0, hub_open(&right, MEMORY, 0x200000, 0x20ffff));
	ASSERT_EQ(0, leaf_at(&a, "a", &left.bus, VMR_MMIO, 0x100000, 0x1000,
			     false));
	ASSERT_EQ(0, leaf_at(&b, "b", &right.bus, VMR_MMIO, 0x100000, 0x1000,
			     false));
	ASSERT_EQ(0, diary_start(&d));
	memset(steps, 0, sizeof(steps));
	steps[0].range = &left.p.region[MEMORY].range;
	steps[0].start = 0x200000;
	steps[1].range = &right.p.region[MEMORY].range;
	steps[1].start = 0x100000;
	EXPECT_EQ(0, vmr_region_move_bulk(&m.manager, steps, 2, NULL, NULL));
	EXPECT_HIDDEN(&a.region[0]);
	EXPECT_SEEN(&b.region[0], 0x100000);
	EXPECT_EQ(4U, d.nr);
}

/* After a bulk move claims go live in the ranges that are free, the oldest first. */
TEST(move_bulk_settles_claims)
{
	struct probe a, b, first, second;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&a, "a", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&b, "b", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, leaf_at(&first, "first", NULL, VMR_MMIO, 0x2000, 0x1000,
			     false));
	ASSERT_EQ(0, leaf_at(&second, "second", NULL, VMR_MMIO, 0x1000, 0x2000,
			     false));
	ASSERT_EQ(0, diary_start(&d));
	/* a takes the address of b. Neither claim fits. */
	set_step(0, &a, 0x2000);
	set_step(1, &b, 0x8000);
	EXPECT_EQ(0, vmr_region_move_bulk(&m.manager, steps, 2, NULL, NULL));
	EXPECT_EQ(VMR_CLAIMED, state_of(&first.region[0]));
	EXPECT_EQ(2U, d.nr);
	/* Both ranges are free: the older claim goes live. */
	set_step(0, &a, 0x9000);
	set_step(1, &b, 0xa000);
	EXPECT_EQ(0, vmr_region_move_bulk(&m.manager, steps, 2, NULL, NULL));
	EXPECT_ANSWERS(&first.region[0], 0x2000);
	EXPECT_EQ(VMR_CLAIMED, state_of(&second.region[0]));
	EXPECT_EQ(5U, d.nr);
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN
