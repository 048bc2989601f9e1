// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * transaction.c - registrations, transactions and moves of regions against bitmap_model.h
 *
 * Eight devices with two regions and an interrupt, ids for six of them, and two open
 * transactions. The expected result of each call and the expected device at each
 * address are computed in cells. The notifications of a listener must match.
 */
#include <vmalloc/device.h>

#include "../selftests/vmalloc/verify.h"
#include "bitmap_model.h"
#include "fuzz.h"

#define DEVICES		8
#define REGIONS		2
#define WANTS		(REGIONS + 1)
#define IRQS		6
#define IDS		6
#define TRANSACTIONS	2
#define STEPS		3
#define PAGE		0x1000
#define REFUSED		(-77)

struct toy {
	struct vmr_device	dev;
	struct vmr_region	region[REGIONS];
	struct vmr_range	irq;
	struct vmr_constraint	want[WANTS];
	struct vmr_resource	got[WANTS];
	bool			refuses;
	/* Expected state */
	uint32_t		state;
	int			with;		/* transaction, or NONE */
	int			id;		/* or NONE */
	struct vmr_mapping	notified[REGIONS];
};

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_reader reader;
static struct vmr_listener listener;
static struct vmr_transaction transaction[TRANSACTIONS];
static bool is_open[TRANSACTIONS];
static struct toy toys[DEVICES];

static struct cells memory, lines;
static struct model_space places;		/* range 2 * toy + region */
static struct model_space irqs;		/* range toy */
static uint64_t irqs_issued, ids_issued;
static const struct vmr_region *reached;
static bool wrong_report;

static struct toy *toy_of(const struct vmr_device *dev)
{
	return (struct toy *)((char *)dev - offsetof(struct toy, dev));
}

static int piece_of(const struct vmr_range *range)
{
	int i;

	for (i = 0; i < DEVICES * REGIONS; i++)
		if (range == &toys[i / REGIONS].region[i % REGIONS].range)
			return i;
	for (i = 0; i < DEVICES; i++)
		if (range == &toys[i].irq)
			return i;
	return NONE;
}

/* Callbacks of the devices */

static void toy_read(struct vmr_device *dev, const struct vmr_access *access,
		     void *data)
{
	(void)dev;
	reached = access->region;
	memset(data, (int)access->region->index + 1, access->width);
}

static int toy_granted(struct vmr_device *dev,
		       const struct vmr_resource_set *set)
{
	size_t i;

	for (i = 0; i < set->nr; i++)
		FUZZ_ASSERT(vmr_range_state(set->entries[i].range) == VMR_LIVE);
	return toy_of(dev)->refuses ? REFUSED : 0;
}

static const struct vmr_device_ops toy_ops = {
	.read = toy_read,
	.set_resources = toy_granted,
};

static bool same(const struct vmr_mapping *a, const struct vmr_mapping *b)
{
	return a->mapped == b->mapped &&
	       (!a->mapped || (a->start == b->start && a->last == b->last));
}

static void toy_moved(struct vmr_listener *l, struct vmr_region *region,
		      const struct vmr_mapping *old, const struct vmr_mapping *new_)
{
	struct vmr_mapping *notified = &toy_of(region->device)->notified[region->index];

	(void)l;
	if (!same(notified, old) || same(old, new_))
		wrong_report = true;
	*notified = *new_;
}

/* Expected results */

static bool is_present(const struct toy *t)
{
	return t->state >= VMR_DEVICE_REGISTERED;
}

static void settle(void)
{
	while (board_settle(&places, &memory, 0, VMR_ADDR_MAX) != NONE)
		;
}

static void give_up(int d)
{
	int i;

	for (i = 0; i < REGIONS; i++)
		piece_out(&places, d * REGIONS + i);
	piece_out(&irqs, d);
}

static int free_id(void)
{
	int id, d;

	for (id = 0; id < IDS; id++) {
		for (d = 0; d < DEVICES && toys[d].id != id; d++)
			;
		if (d == DEVICES)
			return id;
	}
	return NONE;
}

static int expect_alloc(int d, const struct vmr_constraint *c, int *blocker)
{
	struct vmr_request req = c->request;

	if (!req.align)
		req.align = 1;
	if (req.policy == VMR_DEFAULT)
		req.policy = VMR_FIRST;
	if (c->kind == VMR_KIND_MMIO)
		return board_alloc(&places, piece_of(c->range), &memory, 0,
				   memory.last, &req, blocker);
	return board_alloc(&irqs, d, &lines, 0, lines.last, &req, blocker);
}

static int expect_prepare(int d, size_t *failed, int *blocker)
{
	struct toy *t = &toys[d];
	size_t nr = t->dev.nr_constraints, done, i, next = 0;
	bool has[WANTS] = { false };
	uint64_t was_irqs = irqs_issued;
	int ret = 0;

	if (t->state != VMR_DEVICE_UNREGISTERED)
		return -EEXIST;
	for (done = 0; done < nr && !ret; done++) {
		for (next = nr, i = 0; i < nr; i++)
			if (!has[i] &&
			    (next == nr || allocated_before(&t->want[i].request,
						       &t->want[next].request)))
				next = i;
		ret = expect_alloc(d, &t->want[next], blocker);
		has[next] = true;
		if (!ret && t->want[next].kind == VMR_KIND_IRQ &&
		    irqs.model_range[d].last >= irqs_issued)
			irqs_issued = irqs.model_range[d].last + 1;
	}
	if (!ret) {
		t->id = free_id();
		next = nr;
		if (t->id == NONE)
			ret = -ENOSPC;
	}
	if (ret)
		*failed = next;
	else if (t->refuses)
		ret = REFUSED;
	if (ret) {
		give_up(d);
		irqs_issued = was_irqs;
		t->id = NONE;
	} else if ((uint64_t)t->id >= ids_issued) {
		ids_issued = (uint64_t)t->id + 1;
	}
	return ret;
}

static void expect_removal(int d)
{
	give_up(d);
	toys[d].state = VMR_DEVICE_UNREGISTERED;
	toys[d].id = NONE;
	toys[d].with = NONE;
}

/* Operations */

static uint64_t any_start(void)
{
	return cell_addr(&memory, (int)fuzz_below(CELLS + 4) - 2);
}

static void any_wants(struct toy *t)
{
	unsigned int how = fuzz_u8(), i;
	struct vmr_constraint *c = t->want;

	t->refuses = (how & 0xf0) == 0xf0;
	for (i = 0; i < REGIONS; i++) {
		if (!(how & 1 << i))
			continue;
		if (how & 4 << i) {
			vmr_constraint_init_fixed(c, VMR_KIND_MMIO,
						  fuzz_below(CELLS) * PAGE,
					  t->region[i].size,
					  &t->region[i].range);
		} else {
			vmr_constraint_init(c, VMR_KIND_MMIO, t->region[i].size,
					    &t->region[i].range);
			c->request.policy = (enum vmr_policy)fuzz_below(3);
		}
		c++;
	}
	if (how & 0x10)
		vmr_constraint_init(c++, VMR_KIND_IRQ, 1, &t->irq);
	t->dev.constraints = t->want;
	t->dev.nr_constraints = (size_t)(c - t->want);
}

static void compare(const char *what, int ret, int want,
		    const struct vmr_range *conflict, int blocker, size_t failed,
		    size_t expect_failure)
{
	if (ret != want || (ret == -EBUSY && piece_of(conflict) != blocker) ||
	    failed != expect_failure)
		fuzz_fail("%s: %d, %d in the way, of %zu; not %d, %d, of %zu",
			  what, ret, piece_of(conflict), failed, want, blocker,
			  expect_failure);
}

static void op_register(int d)
{
	struct toy *t = &toys[d];
	struct vmr_range *conflict = NULL;
	size_t failed = 77, expect_failure = 77;
	int ret, want, blocker = NONE;

	if (t->state == VMR_DEVICE_UNREGISTERED)
		any_wants(t);
	ret = vmr_device_register(&manager, &t->dev, &failed, &conflict);
	want = expect_prepare(d, &expect_failure, &blocker);
	compare("register", ret, want, conflict, blocker, failed, expect_failure);
	if (!ret)
		t->state = VMR_DEVICE_REGISTERED;
}

static void op_unlink(int d)
{
	struct toy *t = &toys[d];
	int want = 0, i;

	for (i = 0; i < REGIONS; i++)
		want += places.model_range[d * REGIONS + i].state == VMR_LIVE;
	if (t->with != NONE)
		want = -EBUSY;
	else if (!is_present(t))
		want = -ENOENT;
	FUZZ_ASSERT(vmr_device_unregister(&manager, &t->dev) == want);
	if (want < 0)
		return;
	expect_removal(d);
	settle();
}

static void op_add(int d, int which)
{
	struct toy *t = &toys[d];
	struct vmr_range *conflict = NULL;
	size_t failed = 77, expect_failure = 77;
	int ret, want, blocker = NONE;

	if (t->state == VMR_DEVICE_UNREGISTERED)
		any_wants(t);
	ret = vmr_transaction_add(&transaction[which], &t->dev, &failed,
				  &conflict);
	want = is_open[which] ? expect_prepare(d, &expect_failure, &blocker) :
	       -EINVAL;
	compare("add", ret, want, conflict, blocker, failed, expect_failure);
	if (ret)
		return;
	t->state = VMR_DEVICE_PREPARED;
	t->with = which;
}

static void op_remove(int d, int which)
{
	struct toy *t = &toys[d];
	int want = 0;

	if (!is_open[which])
		want = -EINVAL;
	else if (t->with != NONE)
		want = -EBUSY;
	else if (!is_present(t))
		want = -ENOENT;
	FUZZ_ASSERT(vmr_transaction_remove(&transaction[which], &t->dev) ==
		    want);
	if (!want)
		t->with = which;
}

/* Commit or abort: update the expected state. */
static void op_end(int which, bool commit)
{
	int d, want = is_open[which] ? 0 : -EINVAL;
	struct toy *t;

	FUZZ_ASSERT((commit ? vmr_transaction_commit(&transaction[which]) :
		     vmr_transaction_abort(&transaction[which])) == want);
	if (want)
		return;
	for (d = 0; d < DEVICES; d++) {
		t = &toys[d];
		if (t->with != which)
			continue;
		t->with = NONE;
		if (t->state == VMR_DEVICE_PREPARED && commit)
			t->state = VMR_DEVICE_REGISTERED;
		else if (t->state == VMR_DEVICE_PREPARED || commit)
			expect_removal(d);
	}
	is_open[which] = false;
	settle();
}

static void op_begin(int which)
{
	if (is_open[which])
		return;
	FUZZ_ASSERT(!vmr_transaction_begin(&manager, &transaction[which]));
	is_open[which] = true;
}

static void op_leaving(int d, bool cancel)
{
	struct toy *t = &toys[d];
	int want = 0;

	if (cancel) {
		if (t->state != VMR_DEVICE_REMOVAL_REQUESTED)
			want = -ENOENT;
		FUZZ_ASSERT(vmr_device_cancel_removal(&manager, &t->dev) == want);
	} else {
		if (!is_present(t))
			want = -ENOENT;
		else if (t->state == VMR_DEVICE_REMOVAL_REQUESTED)
			want = -EALREADY;
		FUZZ_ASSERT(vmr_device_request_removal(&manager, &t->dev) == want);
	}
	if (!want)
		t->state = cancel ? VMR_DEVICE_REGISTERED : VMR_DEVICE_REMOVAL_REQUESTED;
}

/* Program a region to an address that may be in use or out of bounds. */
static void expect_placement(int i, uint64_t start, uint64_t size,
			     enum vmr_state state)
{
	const struct model_range *p = &places.model_range[i];
	uint64_t last = start + (size - 1);

	if (state == VMR_CLAIMED && p->start == start &&
	    (p->state == VMR_LIVE || p->state == VMR_CLAIMED))
		return;
	if (state == VMR_FREE || last < start ||
	    board_claim(&places, i, &memory, start, last, state))
		piece_out(&places, i);
	settle();
}

static void op_program(int i)
{
	struct toy *t = &toys[i / REGIONS];
	struct vmr_region *region = &t->region[i % REGIONS];
	uint64_t start = any_start();
	unsigned int how = fuzz_u8();
	int ret, want = is_present(t) ? 0 : -ENOENT;
	enum vmr_state state = VMR_CLAIMED;

	if (how < 160) {
		ret = vmr_region_program(&manager, region, start);
	} else if (how < 224) {
		state = VMR_PARKED;
		ret = vmr_region_park(&manager, region, start);
	} else {
		state = VMR_FREE;
		ret = vmr_region_unmap(&manager, region);
	}
	FUZZ_ASSERT(ret == want);
	if (!ret)
		expect_placement(i, start, region->size, state);
}

static int expect_move(int i, uint64_t start, uint64_t size, int *blocker)
{
	uint64_t last = start + (size - 1);
	int found;

	if (last < start)
		return -EOVERFLOW;
	if (!is_present(&toys[i / REGIONS]))
		return -ENOENT;
	if (last > memory.last)
		return -ERANGE;
	found = overlap(&memory, cells_touched(&memory, start, last),
			places.model_range[i].state == VMR_LIVE ? i : NONE);
	if (found != NONE) {
		*blocker = found;
		return -EBUSY;
	}
	piece_out(&places, i);
	piece_live(&places, i, &memory, start, last);
	settle();
	return 0;
}

static void op_place(int i)
{
	struct vmr_region *region = &toys[i / REGIONS].region[i % REGIONS];
	struct vmr_range *conflict = NULL;
	uint64_t start = any_start();
	int ret, want, found = NONE;

	ret = vmr_region_move(&manager, region, start, &conflict);
	want = expect_move(i, start, region->size, &found);
	compare("place", ret, want, conflict, found, 0, 0);
}

static int expect_move_bulk(struct board_step *step, int nr, size_t *failed,
			    int *blocker)
{
	uint64_t size;
	int i, ret;

	for (i = 0; i < nr; i++) {
		int d = step[i].model_range / REGIONS;

		size = toys[d].region[step[i].model_range % REGIONS].size;
		if (is_present(&toys[d]))
			continue;
		*failed = (size_t)i;
		return step[i].start + (size - 1) < step[i].start ?
		       -EOVERFLOW : -ENOENT;
	}
	ret = board_move_set(&places, step, nr, failed, blocker);
	settle();
	return ret;
}

static void op_move_set(void)
{
	struct vmr_move_op step[STEPS] = { { 0 } };
	struct board_step mine[STEPS] = { { 0 } };
	struct vmr_range *conflict = NULL;
	size_t failed = 77, expect_failure = 77;
	int nr = 1 + (int)fuzz_below(STEPS), i, ret, want, found = NONE;
	bool rotate = fuzz_one_in(2);

	for (i = 0; i < nr; i++) {
		mine[i].model_range = (int)fuzz_below(DEVICES * REGIONS);
		mine[i].from = &memory;
		mine[i].to = &memory;
		mine[i].start = rotate ? 0 : any_start();
	}
	for (i = 0; i < nr; i++) {
		const struct model_range *p = &places.model_range[mine[(i + 1) % nr].model_range];

		if (rotate)
			mine[i].start = p->start;
		step[i].range = &toys[mine[i].model_range / REGIONS]
				 .region[mine[i].model_range % REGIONS].range;
		step[i].start = mine[i].start;
	}
	ret = vmr_region_move_bulk(&manager, step, (size_t)nr, &failed,
				   &conflict);
	want = expect_move_bulk(mine, nr, &expect_failure, &found);
	compare("move_bulk", ret, want, conflict, found, failed, expect_failure);
}

static void one_op(void)
{
	unsigned int what = fuzz_u8() & 31;
	int d = (int)fuzz_below(DEVICES), i = d * REGIONS + (what & 1);

	switch (what) {
	case 0 ... 5:
		op_register(d);
		break;
	case 6 ... 7:
		op_unlink(d);
		break;
	case 8 ... 10:
		op_add(d, d & 1);
		break;
	case 11 ... 13:
		op_remove(d, (int)fuzz_below(TRANSACTIONS));
		break;
	case 14 ... 15:
		op_begin(d & 1);
		break;
	case 16 ... 17:
		op_end(d & 1, what == 16);
		break;
	case 18:
		op_leaving(d, false);
		break;
	case 19:
		op_leaving(d, true);
		break;
	case 20 ... 25:
		op_program(i);
		break;
	case 26 ... 28:
		op_place(i);
		break;
	default:
		op_move_set();
	}
}

/* Checks */

static void check_region(int i)
{
	const struct toy *t = &toys[i / REGIONS];
	const struct vmr_region *region = &t->region[i % REGIONS];
	const struct model_range *p = &places.model_range[i];
	struct vmr_mapping place = vmr_region_mapping(region);

	if (vmr_range_state(&region->range) != p->state ||
	    (p->state != VMR_FREE && (region->range.start != p->start ||
				      region->range.last != p->last)))
		fuzz_fail("region %d is %d at %" PRIx64 ", not %d at %" PRIx64,
			  i, (int)vmr_range_state(&region->range),
			  region->range.start, (int)p->state, p->start);
	FUZZ_ASSERT(place.mapped == (p->state == VMR_LIVE && is_present(t)));
	FUZZ_ASSERT(same(&place, &t->notified[i % REGIONS]));
}

static void check_cell(int cell)
{
	const struct vmr_region *should = NULL;
	int found = memory.owner[cell], ret;
	uint8_t byte = 0;

	if (found != NONE && is_present(&toys[found / REGIONS]))
		should = &toys[found / REGIONS].region[found % REGIONS];
	reached = NULL;
	ret = vmr_read(&reader, VMR_MMIO, cell_addr(&memory, cell) + cell,
		       &byte, 1, 1);
	FUZZ_ASSERT(reached == should && ret == (should ? 0 : -ENXIO));
	FUZZ_ASSERT(byte == (should ? should->index + 1 : 0xff));
}

static void check_toy(int d)
{
	const struct toy *t = &toys[d];

	FUZZ_ASSERT(t->dev.state == t->state);
	FUZZ_ASSERT(!!t->dev.transaction == (t->with != NONE));
	FUZZ_ASSERT(vmr_range_state(&t->irq) == irqs.model_range[d].state);
	if (irqs.model_range[d].state == VMR_LIVE)
		FUZZ_ASSERT(t->irq.start == irqs.model_range[d].start);
	FUZZ_ASSERT(vmr_range_state(&t->dev.id) ==
		    (t->id == NONE ? VMR_FREE : VMR_LIVE));
	if (t->id != NONE)
		FUZZ_ASSERT(vmr_id_value(&t->dev.id) == (uint32_t)t->id);
	if (t->state == VMR_DEVICE_UNREGISTERED)
		FUZZ_ASSERT(!t->dev.resources.nr &&
			    !vmr_device_try_drain(&manager, &t->dev));
}

static void check(uint64_t nr, int cells)
{
	int i;

	for (i = 0; i < DEVICES * REGIONS; i++)
		check_region(i);
	for (i = 0; i < DEVICES; i++)
		check_toy(i);
	for (i = 0; i < cells; i++)
		check_cell((int)((nr * 7 + (uint64_t)i) % CELLS));
	FUZZ_ASSERT(!wrong_report);
	FUZZ_ASSERT(sys.irqs.high_watermark == irqs_issued &&
		    sys.device_ids.high_watermark == ids_issued);
	FUZZ_ASSERT(manager.notify_queue.next == &manager.notify_queue);
	if (nr % 32)
		return;
	FUZZ_ASSERT(!strcmp(verify_space(&sys.mmio), VERIFY_OK));
	FUZZ_ASSERT(!strcmp(verify_space(&sys.irqs.space), VERIFY_OK));
	FUZZ_ASSERT(!strcmp(verify_space(&sys.device_ids.space), VERIFY_OK));
}

static void begin(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = CELLS * PAGE - 1, .irq_last = IRQS - 1,
		.slot_last = 0, .pci_last = 0, .id_last = IDS - 1,
	};
	int d, i;

	memset(&sys, 0, sizeof(sys));
	memset(&reader, 0, sizeof(reader));
	memset(&listener, 0, sizeof(listener));
	memset(transaction, 0, sizeof(transaction));
	memset(is_open, 0, sizeof(is_open));
	memset(toys, 0, sizeof(toys));
	memset(&places, 0, sizeof(places));
	memset(&irqs, 0, sizeof(irqs));
	irqs_issued = 0;
	ids_issued = 0;
	wrong_report = false;
	cells_init(&memory, 0, 12, 0, CELLS - 1, VMR_ADDR_MAX);
	cells_init(&lines, 0, 0, 0, IRQS - 1, UINT32_MAX);
	FUZZ_ASSERT(!vmr_system_init(&sys, &limits));
	FUZZ_ASSERT(!vmr_manager_init(&manager, &sys));
	FUZZ_ASSERT(!vmr_reader_attach(&manager, &reader));
	listener.region_changed = toy_moved;
	FUZZ_ASSERT(!vmr_listener_register(&manager, &listener));
	for (d = 0; d < DEVICES; d++) {
		struct toy *t = &toys[d];

		t->dev.ops = &toy_ops;
		t->id = NONE;
		t->with = NONE;
		vmr_resource_set_init(&t->dev.resources, t->got, WANTS);
		for (i = 0; i < REGIONS; i++) {
			vmr_region_init(&t->region[i], VMR_MMIO,
					VMR_REGION_TRAPPED,
					PAGE << fuzz_below(4), (uint32_t)i,
					NULL);
			FUZZ_ASSERT(!vmr_device_add_region(&t->dev, &t->region[i]));
		}
	}
}

static void run(void)
{
	uint64_t nr;

	begin();
	for (nr = 0; fuzz_more(); nr++) {
		one_op();
		check(nr, fuzz.generates ? 6 : CELLS);
	}
	check(0, CELLS);
}

const struct fuzz_target fuzz_transaction = { "transaction", run };
