// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * system.c - allocations, frees and updates of a system against bitmap_model.h
 *
 * Five devices request ports, memory, interrupts, shared lines and slots in a small
 * machine, with other pools in each run. The expected result is computed constraint
 * by constraint from the order, the pools and the errors in system.h.
 */
#include <vmalloc/system.h>

#include "../selftests/vmalloc/verify.h"
#include "bitmap_model.h"
#include "fuzz.h"

#define DEVICES		5
#define WANTS		4
#define LINES		4
#define FIRST_LINE	(DEVICES * WANTS)	/* ranges of the lines */
#define DOMAINS		5
#define POOLS		4

enum { PIO, MMIO, IRQS, VECTORS, SLOTS };

static struct vmr_system sys;
static struct vmr_irq_share node[FIRST_LINE];
static struct vmr_shared_irq line[LINES];

static struct device {
	struct vmr_resource_set	set;
	struct vmr_resource	res[WANTS];
	struct vmr_constraint	want[WANTS];
} device[DEVICES];

static struct cells cells[DOMAINS];
static struct model_space model_space;
static uint64_t watermark[DOMAINS];
static int shares[FIRST_LINE];	/* index of the line, or NONE */
static bool is_shared[LINES];

/* The domains */

static struct vmr_space *space_of(int domain)
{
	switch (domain) {
	case PIO:
		return &sys.pio;
	case MMIO:
		return &sys.mmio;
	case IRQS:
		return &sys.irqs.space;
	case VECTORS:
		return &sys.msi_vectors.space;
	default:
		return &sys.mem_slots.space;
	}
}

static uint64_t issued_of(int domain)
{
	switch (domain) {
	case IRQS:
		return sys.irqs.high_watermark;
	case VECTORS:
		return sys.msi_vectors.high_watermark;
	case SLOTS:
		return sys.mem_slots.high_watermark;
	default:
		return 0;
	}
}

/* NONE if the kind has no domain */
static int domain_of(uint32_t kind)
{
	switch (kind) {
	case VMR_KIND_PIO:
		return PIO;
	case VMR_KIND_MMIO:
	case VMR_KIND_MEM:
		return MMIO;
	case VMR_KIND_IRQ:
		return IRQS;
	case VMR_KIND_MSI:
	case VMR_KIND_MSIX:
	case VMR_KIND_MSI_GENERIC:
		return sys.separate_msi_vectors ? VECTORS : IRQS;
	case VMR_KIND_MEM_SLOT:
		return SLOTS;
	default:
		return NONE;
	}
}

static int index_of(const struct vmr_range *range)
{
	int i;

	for (i = 0; i < FIRST_LINE; i++)
		if (range == &node[i].range)
			return i;
	for (i = 0; i < LINES; i++)
		if (range == &line[i].range)
			return FIRST_LINE + i;
	return NONE;
}

/* Expected allocations */

static bool is_share(const struct vmr_constraint *c)
{
	return c->kind == VMR_KIND_IRQ && c->flags & VMR_SHARED;
}

static bool is_invalid(const struct vmr_constraint *c)
{
	const struct vmr_request *r = &c->request;

	if (!c->range || domain_of(c->kind) == NONE ||
	    (c->kind == VMR_KIND_MSI && !is_power(r->size)))
		return true;
	if (!(c->flags & VMR_SHARED))
		return false;
	return c->kind != VMR_KIND_IRQ || r->size != 1 || r->min > r->max ||
	       (unsigned int)r->policy > VMR_DEFAULT ||
	       (r->align && !is_power(r->align)) ||
	       (r->policy == VMR_EXACT && r->align && r->addr % r->align);
}

static int line_at(uint64_t irq)
{
	int i;

	for (i = 0; i < LINES; i++)
		if (is_shared[i] && model_space.model_range[FIRST_LINE + i].start == irq)
			return i;
	return NONE;
}

static int sharers_of(int which)
{
	int i, nr = 0;

	for (i = 0; i < FIRST_LINE; i++)
		nr += shares[i] == which;
	return nr;
}

static int join_exactly(int i, const struct vmr_request *r, int *conflict)
{
	if (r->addr > UINT32_MAX)
		return -EOVERFLOW;
	if (r->addr > cells[IRQS].last || r->addr < r->min || r->addr > r->max)
		return -ERANGE;
	shares[i] = line_at(r->addr);
	if (shares[i] != NONE)
		return 0;
	if (cells[IRQS].owner[r->addr] == NONE)
		return -ENOENT;
	*conflict = cells[IRQS].owner[r->addr];
	return -EBUSY;
}

static int join(int i, const struct vmr_request *r, int *conflict)
{
	uint64_t irq;
	int best = NONE, at;

	if (r->policy == VMR_EXACT)
		return join_exactly(i, r, conflict);
	for (irq = 0; irq <= cells[IRQS].last; irq++) {
		at = line_at(irq);
		if (at == NONE || irq < r->min || irq > r->max ||
		    (r->align && irq % r->align))
			continue;
		if (best == NONE || sharers_of(at) < sharers_of(best))
			best = at;
	}
	shares[i] = best;
	return best == NONE ? -ENOSPC : 0;
}

static bool is_served_by(const struct vmr_system_pool *pool,
			 const struct vmr_constraint *c)
{
	uint32_t needs = pool->flags;

	if (c->request.policy == VMR_EXACT)
		needs &= ~VMR_PLATFORM;
	return pool->kinds & 1u << c->kind && !(needs & ~c->flags);
}

static int weight(int err)
{
	return err == -ERANGE ? 1 : err == -ENOSPC ? 2 : err == -EBUSY ? 3 : 4;
}

static int from_pool(int i, const struct vmr_constraint *c, uint64_t start,
		     uint64_t last, uint64_t align, enum vmr_policy policy,
		     int *conflict)
{
	struct cells *in = &cells[domain_of(c->kind)];
	struct vmr_request req = c->request;

	if (!req.align)
		req.align = align;
	if (req.policy == VMR_DEFAULT)
		req.policy = policy;
	return board_alloc(&model_space, i, in, start, last, &req, conflict);
}

static int expect_alloc(const struct vmr_constraint *c, int *conflict)
{
	int i = index_of(c->range), domain = domain_of(c->kind);
	bool any = false;
	int ret = 0, err;
	size_t p;

	if (is_share(c))
		return join(i, &c->request, conflict);
	for (p = 0; p < sys.nr_pools; p++) {
		const struct vmr_system_pool *pool = &sys.pools[p];

		any = any || pool->kinds & 1u << c->kind;
		if (!is_served_by(pool, c))
			continue;
		err = from_pool(i, c, pool->pool.start, pool->pool.last,
				pool->pool.align, pool->pool.policy, conflict);
		if (!err)
			goto granted;
		if (!ret || weight(err) > weight(ret))
			ret = err;
	}
	if (any)
		return ret ? ret : -ENOSPC;
	ret = from_pool(i, c, cells[domain].start, cells[domain].last, 1,
			VMR_FIRST, conflict);
	if (ret)
		return ret;
granted:
	if (domain >= IRQS && model_space.model_range[i].last >= watermark[domain])
		watermark[domain] = model_space.model_range[i].last + 1;
	return 0;
}

static void expect_free(int i)
{
	shares[i] = NONE;
	piece_out(&model_space, i);
}

static bool in_use(int i)
{
	return shares[i] != NONE || model_space.model_range[i].state != VMR_FREE;
}

static int expect_alloc_all(const struct vmr_constraint *c, size_t nr,
			    size_t *failed, int *conflict)
{
	uint64_t was_issued[DOMAINS];
	bool done[WANTS] = { false };
	size_t i, j, next;
	int ret;

	for (i = 0; i < nr; i++) {
		*failed = i;
		if (is_invalid(&c[i]))
			return -EINVAL;
		for (j = 0; j < i; j++)
			if (c[j].range == c[i].range &&
			    !in_use(index_of(c[i].range)))
				return -EINVAL;
	}
	for (i = 0; i < nr; i++) {
		*failed = i;
		if (in_use(index_of(c[i].range)))
			return -EEXIST;
	}
	*failed = 77;
	memcpy(was_issued, watermark, sizeof(watermark));
	for (i = 0; i < nr; i++) {
		for (next = nr, j = 0; j < nr; j++)
			if (!done[j] && (next == nr || allocated_before(&c[j].request,
									&c[next].request)))
				next = j;
		ret = expect_alloc(&c[next], conflict);
		if (ret)
			break;
		done[next] = true;
	}
	if (i == nr)
		return 0;
	*failed = next;
	for (j = 0; j < nr; j++)
		if (done[j])
			expect_free(index_of(c[j].range));
	memcpy(watermark, was_issued, sizeof(watermark));
	return ret;
}

/* Random constraints */

static uint64_t any_start(const struct cells *c)
{
	return cell_addr(c, (int)fuzz_below(CELLS + 4) - 2);
}

static void any_constraint(struct vmr_constraint *c, int i)
{
	static const uint8_t kinds[] = {
		VMR_KIND_PIO, VMR_KIND_MMIO, VMR_KIND_MEM, VMR_KIND_IRQ,
		VMR_KIND_MSI, VMR_KIND_MSIX, VMR_KIND_MSI_GENERIC,
		VMR_KIND_MEM_SLOT, VMR_KIND_MMIO, VMR_KIND_PIO, VMR_KIND_IRQ,
		VMR_KIND_IRQ, VMR_KIND_MMIO, VMR_KIND_MSI, VMR_KIND_MEM_SLOT,
		VMR_KIND_PIO,
	};
	unsigned int how = fuzz_u8(), more = fuzz_u8(), n;
	const struct cells *in;

	memset(c, 0, sizeof(*c));
	c->kind = kinds[how & 15];
	if (more == 255)
		c->kind = VMR_KIND_MAC + fuzz_u8() % 80;
	/* PCI BDFs and device ids behave as ids, which ids.c tests. */
	if (c->kind == VMR_KIND_PCI_BDF || c->kind == VMR_KIND_DEVICE_ID)
		c->kind = VMR_KIND_MAC;
	in = &cells[domain_of(c->kind) == NONE ? MMIO : domain_of(c->kind)];
	c->range = more == 254 ? NULL : &node[i].range;
	c->flags = how >> 4 & 6;
	if (c->kind == VMR_KIND_IRQ ? how & 0x10 : more == 253)
		c->flags |= VMR_SHARED;
	n = fuzz_u8();
	n = n < 200 ? 1u << (n & 3) : n < 250 ? 1 + n % 24 : n % 70;
	c->request.size = c->flags & VMR_SHARED && n < 64 ? 1 :
		      (uint64_t)n << in->shift;
	c->request.max = VMR_ADDR_MAX;
	c->request.policy = VMR_DEFAULT;
	if (more & 1)
		c->request.policy = (enum vmr_policy)(more >> 1 & 3);
	if (more == 252)
		c->request.policy = (enum vmr_policy)(VMR_DEFAULT + 1);
	if (more & 8)
		c->request.align = 1ull << (in->shift + fuzz_below(5));
	if (more == 251)
		c->request.align = 3;
	if (c->request.policy == VMR_EXACT) {
		c->request.addr = any_start(in);
		if (is_power(c->request.align))
			c->request.addr &= ~(c->request.align - 1);
	}
	if ((more & 0x30) == 0x30)
		c->request.min = any_start(in);
	if ((more & 0xc0) == 0xc0)
		c->request.max = any_start(in) + ((1ull << in->shift) - 1);
}

static void compare(const char *what, int ret, int want,
		    const struct vmr_range *conflict, int blocker, size_t failed,
		    size_t want_failed)
{
	if (ret != want || (ret == -EBUSY && index_of(conflict) != blocker) ||
	    (ret != -EBUSY && conflict) || failed != want_failed)
		fuzz_fail("%s: %d, %d in the way, of %zu; not %d, %d, of %zu",
			  what, ret, index_of(conflict), failed, want, blocker,
			  want_failed);
}

static void op_grant(unsigned int d)
{
	struct device *dev = &device[d];
	size_t nr = 1 + fuzz_below(WANTS), failed = 77, expect_failure = 77, i;
	struct vmr_range *conflict = NULL;
	int ret, want, blocker = NONE;

	for (i = 0; i < nr; i++)
		any_constraint(&dev->want[i], (int)(d * WANTS + i));
	if (nr > 1 && fuzz_one_in(128))
		dev->want[1].range = dev->want[0].range;
	ret = vmr_system_alloc_resources(&sys, dev->want, nr, &dev->set, &failed,
					 &conflict);
	want = expect_alloc_all(dev->want, nr, &expect_failure, &blocker);
	compare("grant", ret, want, conflict, blocker, failed, expect_failure);
	if (!ret)
		FUZZ_ASSERT(dev->set.nr == nr);
}

static void op_release(unsigned int d)
{
	size_t i;

	vmr_system_free_resources(&sys, &device[d].set);
	FUZZ_ASSERT(!device[d].set.nr);
	for (i = 0; i < WANTS; i++)
		expect_free((int)(d * WANTS + i));
}

static int expect_update(const struct vmr_resource *res,
			 const struct vmr_constraint *c, int *blocker)
{
	int i = index_of(res->range), ret, line_was = shares[i];
	struct model_range was = model_space.model_range[i];
	bool has;

	if (is_invalid(c) || c->kind != res->kind || c->range != res->range)
		return -EINVAL;
	/* Whether the resource is allocated, by its kind */
	has = res->kind == VMR_KIND_IRQ && res->flags & VMR_SHARED ?
		line_was != NONE : was.state == VMR_LIVE;
	if (!has)
		return in_use(i) ? -ENOENT : expect_alloc(c, blocker);
	expect_free(i);
	ret = expect_alloc(c, blocker);
	if (ret && line_was != NONE)
		shares[i] = line_was;
	else if (ret)
		piece_live(&model_space, i, was.in, was.start, was.last);
	return ret;
}

static void op_update(unsigned int d)
{
	struct device *dev = &device[d];
	struct vmr_range *conflict = NULL;
	int ret, want, blocker = NONE, i;
	struct vmr_resource *res, was;
	struct vmr_constraint c;

	if (!dev->set.nr)
		return;
	res = &dev->set.entries[fuzz_u8() % dev->set.nr];
	i = index_of(res->range);
	any_constraint(&c, i);
	if (!fuzz_one_in(8) && c.kind != res->kind) {
		/* The kind of the resource, in units of its domain */
		unsigned int from = domain_of(c.kind) == NONE ?
				    cells[MMIO].shift :
				    cells[domain_of(c.kind)].shift;
		unsigned int to = cells[domain_of(res->kind)].shift;

		c.kind = res->kind;
		c.request.size = c.request.size >> from << to;
		c.request.align = c.request.align >> from << to;
		c.request.addr = c.request.addr >> from << to;
		c.request.min = c.request.min >> from << to;
		c.request.max = VMR_ADDR_MAX;
	}
	was = *res;
	ret = vmr_system_update_resource(&sys, res, &c, &conflict);
	want = expect_update(&was, &c, &blocker);
	compare("update", ret, want, conflict, blocker, 0, 0);
	if (ret)
		FUZZ_ASSERT(!memcmp(res, &was, sizeof(was)));
	else
		FUZZ_ASSERT(res->start == c.range->start &&
			    res->last == c.range->last &&
			    res->flags == c.flags);
}

static void op_line(int i)
{
	struct model_range *p = &model_space.model_range[FIRST_LINE + i];
	uint32_t irq = (uint32_t)fuzz_below(CELLS + 2);
	struct vmr_range *conflict = NULL;
	int ret, want = 0, blocker = NONE;

	if (fuzz_one_in(3)) {
		ret = vmr_system_remove_shared_irq(&sys, &line[i]);
		if (!is_shared[i])
			want = -ENOENT;
		else if (sharers_of(i))
			want = -EBUSY;
		FUZZ_ASSERT(ret == want);
		if (ret)
			return;
		piece_out(&model_space, FIRST_LINE + i);
		is_shared[i] = false;
		return;
	}
	ret = vmr_system_add_shared_irq(&sys, &line[i], irq, "line", &conflict);
	want = is_shared[i] ? -EEXIST :
	       board_reserve(&model_space, FIRST_LINE + i, &cells[IRQS], irq, irq,
			     &blocker);
	compare("line", ret, want, conflict, blocker, 0, 0);
	if (ret)
		return;
	is_shared[i] = true;
	if (p->last >= watermark[IRQS])
		watermark[IRQS] = p->last + 1;
}

/* Checks */

static void check_node(int i)
{
	const struct vmr_range *r = i < FIRST_LINE ? &node[i].range :
				    &line[i - FIRST_LINE].range;
	const struct model_range *p = &model_space.model_range[i];

	if (i < FIRST_LINE && shares[i] != NONE) {
		p = &model_space.model_range[FIRST_LINE + shares[i]];
		FUZZ_ASSERT(node[i].irq == &line[shares[i]]);
	} else if (i < FIRST_LINE) {
		FUZZ_ASSERT(!node[i].irq);
	}
	FUZZ_ASSERT(vmr_range_state(r) == p->state);
	if (p->state != VMR_FREE)
		FUZZ_ASSERT(r->start == p->start && r->last == p->last);
}

static void check_sets(void)
{
	size_t d, i;

	for (d = 0; d < DEVICES; d++)
		for (i = 0; i < device[d].set.nr; i++) {
			const struct vmr_resource *r =
				&device[d].set.entries[i];

			FUZZ_ASSERT(in_use(index_of(r->range)));
			FUZZ_ASSERT(r->start == r->range->start &&
				    r->last == r->range->last);
		}
	for (i = 0; i < LINES; i++)
		FUZZ_ASSERT(line[i].nr_sharers ==
			    (uint32_t)(is_shared[i] ? sharers_of((int)i) : 0));
}

static void check(uint64_t nr)
{
	int domain = (int)(nr % DOMAINS), i;
	uint64_t at = cell_addr(&cells[domain], (int)(nr * 29 % CELLS));

	FUZZ_ASSERT(index_of(vmr_find(space_of(domain), at)) ==
		    cells[domain].owner[nr * 29 % CELLS]);
	FUZZ_ASSERT(issued_of(domain) == watermark[domain]);
	for (i = 0; i < PIECES; i++)
		check_node(i);
	if (nr % 32)
		return;
	check_sets();
	for (i = 0; i < DOMAINS; i++)
		FUZZ_ASSERT(!strcmp(verify_space(space_of(i)), VERIFY_OK));
}

/* Pools of cells, some of them overlapping */
static void add_pool(void)
{
	static const uint32_t kinds[] = {
		1u << VMR_KIND_PIO, 1u << VMR_KIND_MMIO, 1u << VMR_KIND_MEM,
		1u << VMR_KIND_MMIO | 1u << VMR_KIND_MEM, 1u << VMR_KIND_IRQ,
		1u << VMR_KIND_MSI | 1u << VMR_KIND_MSIX,
		1u << VMR_KIND_MEM_SLOT,
		1u << VMR_KIND_MMIO | 1u << VMR_KIND_PIO,
	};
	unsigned int how = fuzz_u8(), a = fuzz_below(CELLS), n;
	struct vmr_system_pool pool = { .kinds = kinds[how & 7] };
	const struct cells *c = &cells[domain_of(lowest(pool.kinds))];

	n = fuzz_below(CELLS - a);
	pool.pool.start = cell_addr(c, (int)a);
	pool.pool.last = cell_addr(c, (int)(a + n)) + ((1ull << c->shift) - 1);
	pool.pool.align = 1ull << (c->shift + (how >> 3 & 1));
	pool.pool.policy = (enum vmr_policy)((how >> 4) % 3);
	pool.flags = fuzz_u8() & 0xe;
	FUZZ_ASSERT(vmr_system_add_pool(&sys, &pool) ==
		    ((how & 7) == 7 ? -EINVAL : 0));
}

static void begin(void)
{
	static const uint8_t shifts[DOMAINS] = { 10, 12, 0, 0, 0 };
	unsigned int how = fuzz_u8(), i;
	const struct vmr_system_limits limits = {
		.mmio_last = CELLS * 0x1000 - 1, .irq_last = CELLS - 1,
		.slot_last = CELLS - 1, .pci_last = 0xff, .id_last = 99,
		.msi_vector_last = how & 1 ? CELLS - 1 : 0,
	};

	memset(&model_space, 0, sizeof(model_space));
	memset(node, 0, sizeof(node));
	memset(line, 0, sizeof(line));
	memset(watermark, 0, sizeof(watermark));
	memset(is_shared, 0, sizeof(is_shared));
	for (i = 0; i < FIRST_LINE; i++)
		shares[i] = NONE;
	for (i = 0; i < DEVICES; i++)
		vmr_resource_set_init(&device[i].set, device[i].res, WANTS);
	FUZZ_ASSERT(!vmr_system_init(&sys, &limits));
	for (i = 0; i < DOMAINS; i++)
		cells_init(&cells[i], 0, shifts[i], 0,
			   i == VECTORS && !(how & 1) ? 0 : CELLS - 1,
			   i >= IRQS ? UINT32_MAX : VMR_ADDR_MAX);
	for (i = how >> 1 & 7; i; i--)
		add_pool();
}

static void run(void)
{
	unsigned int what, d;
	uint64_t nr;

	begin();
	for (nr = 0; fuzz_more(); nr++) {
		what = fuzz_u8();
		d = fuzz_below(DEVICES);
		if (what < 120)
			op_grant(d);
		else if (what < 190)
			op_release(d);
		else if (what < 240)
			op_update(d);
		else
			op_line((int)fuzz_below(LINES));
		check(nr);
	}
	for (nr = 0; nr < CELLS; nr++)
		check(nr);
}

const struct fuzz_target fuzz_system = { "system", run };
