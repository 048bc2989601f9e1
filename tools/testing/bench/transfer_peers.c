// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * transfer_peers.c - dispatch as elsewhere, for transfer_count.c
 *
 * A lock is its word: one store takes it and one store frees it. All run on one thread,
 * so that no lock is ever waited for.
 */
#include <linux/rbtree.h>

#include <stdlib.h>
#include <string.h>

#include "transfer_count.h"

#define load(at_)		__atomic_load_n((at_), __ATOMIC_RELAXED)
#define store(at_, value_)	__atomic_store_n((at_), (value_), __ATOMIC_RELAXED)

struct device {
	uint32_t	(*read)(struct device *dev);
	uint32_t	index;
} __attribute__((__aligned__(64)));

struct card {
	struct rb_node	rb;
	uint64_t	start;
	uint64_t	last;
	struct device	*dev;
};

struct word {
	unsigned long	value;
} __attribute__((__aligned__(128)));

struct machine {
	struct word	lock;
	struct word	grace_period;
	struct word	readers[TRANSFER_READERS];
	struct word	gap;
	struct rb_root	root;
	struct card	*cards;
	struct card	*array;		/* sorted, of which the writer makes a copy */
	struct card	*other;		/* the memory of the last one */
	struct device	*devices;
	uint32_t	nr;		/* with the restless ones */
	unsigned int	nr_readers;
};

static uint32_t device_read(struct device *dev)
{
	return dev->index;
}

static void insert(struct machine *m, struct card *card, uint64_t start)
{
	struct rb_node **link = &m->root.rb_node, *parent = NULL;

	card->start = start;
	card->last = start + TRANSFER_PAGE - 1;
	while (*link) {
		parent = *link;
		link = start < rb_entry(parent, struct card, rb)->start ?
			       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&card->rb, parent, link);
	rb_insert_color(&card->rb, &m->root);
}

static int compare_cards(const void *a, const void *b)
{
	const struct card *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void *create(uint32_t nr, unsigned int readers)
{
	struct machine *m = aligned_alloc(128, (sizeof(*m) + 127) / 128 * 128);
	uint32_t i, k;

	if (!m)
		abort();
	memset(m, 0, sizeof(*m));
	m->nr = nr + TRANSFER_RESTLESS;
	m->nr_readers = readers;
	m->cards = calloc(m->nr, sizeof(*m->cards));
	m->array = calloc(m->nr, sizeof(*m->cards));
	m->other = calloc(m->nr, sizeof(*m->cards));
	m->devices = aligned_alloc(64, m->nr * sizeof(*m->devices));
	if (!m->cards || !m->array || !m->other || !m->devices)
		abort();
	for (i = 0; i < m->nr; i++) {
		k = i < nr ? (uint32_t)((uint64_t)i * 7919 % nr) : i;
		m->devices[k].read = device_read;
		m->devices[k].index = k;
		m->cards[k].dev = &m->devices[k];
		insert(m, &m->cards[k],
		       TRANSFER_ADDR(k) + (k < nr ? 0 : TRANSFER_PAGE));
	}
	memcpy(m->array, m->cards, m->nr * sizeof(*m->cards));
	qsort(m->array, m->nr, sizeof(*m->array), compare_cards);
	return m;
}

static void destroy(void *machine)
{
	struct machine *m = machine;

	free(m->cards);
	free(m->array);
	free(m->other);
	free(m->devices);
	free(m);
}

static uint32_t call(const struct card *card)
{
	return card->dev->read(card->dev);
}

static const struct card *find(struct machine *m, uint64_t addr)
{
	struct rb_node *rb = m->root.rb_node;

	while (rb) {
		struct card *card = rb_entry(rb, struct card, rb);

		if (addr < card->start)
			rb = rb->rb_left;
		else if (addr > card->last)
			rb = rb->rb_right;
		else
			return card;
	}
	abort();
}

static uint32_t locked_read(void *machine, unsigned int reader, uint64_t addr)
{
	struct machine *m = machine;
	uint32_t value;

	(void)reader;
	store(&m->lock.value, 1);
	value = call(find(m, addr));
	store(&m->lock.value, 0);
	return value;
}

static void locked_move(void *machine, uint32_t i, uint64_t addr)
{
	struct machine *m = machine;
	struct card *card = &m->cards[m->nr - TRANSFER_RESTLESS + i];

	store(&m->lock.value, 1);
	rb_erase(&card->rb, &m->root);
	insert(m, card, addr);
	store(&m->lock.value, 0);
}

static uint32_t rcu_read(void *machine, unsigned int reader, uint64_t addr)
{
	struct machine *m = machine;
	unsigned long *own = &m->readers[reader].value;
	uint32_t low = 0, high = m->nr, middle;
	const struct card *array;
	uint32_t value;

	store(own, load(&m->grace_period.value));
	array = load(&m->array);
	while (high - low > 1) {
		middle = (low + high) / 2;
		if (addr < array[middle].start)
			high = middle;
		else
			low = middle;
	}
	value = call(&array[low]);
	store(own, 0);
	return value;
}

static void rcu_move(void *machine, uint32_t i, uint64_t addr)
{
	struct machine *m = machine;
	struct device *dev = &m->devices[m->nr - TRANSFER_RESTLESS + i];
	struct card *from = m->array, *to = m->other;
	struct card moved = { .start = addr, .last = addr + TRANSFER_PAGE - 1,
			      .dev = dev };
	uint32_t in, out = 0;
	unsigned int r;

	for (in = 0; in < m->nr; in++) {
		if (from[in].dev == dev)
			continue;
		if (from[in].start > addr && moved.dev) {
			to[out++] = moved;
			moved.dev = NULL;
		}
		to[out++] = from[in];
	}
	if (moved.dev)
		to[out] = moved;
	m->other = from;
	store(&m->array, to);
	store(&m->grace_period.value, m->grace_period.value + 1);
	for (r = 0; r < m->nr_readers; r++)
		if (load(&m->readers[r].value))
			abort();
}

const struct transfer_impl transfer_mutex = {
	"mutex+rbtree", create, destroy, locked_read, locked_move,
};

/* A read lock is a count of readers, which has the same two stores */
const struct transfer_impl transfer_rwlock = {
	"rwlock+rbtree", create, destroy, locked_read, locked_move,
};

const struct transfer_impl transfer_rcu = {
	"rcu+bsearch", create, destroy, rcu_read, rcu_move,
};
