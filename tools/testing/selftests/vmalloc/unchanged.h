/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * unchanged.h - whether a call that failed has left anything behind
 *
 * The machine is looked at before and after: as numbers (machine.h), as the bytes of
 * a snapshot, and in what neither of these has: pools, who shares which line, how
 * often somebody was told of something.
 */
#ifndef VMR_TEST_UNCHANGED_H
#define VMR_TEST_UNCHANGED_H

#include "bus.h"

#define WATCHED		9	/* spaces that are not the system's own */
#define LINES		64

static struct diary diary;

/* Spaces of buses and bridges, to be in the snapshots too. */
static struct vmr_snapshot_space watched[WATCHED];
static size_t nr_watched;

static uint8_t bytes_before[1 << 14], bytes_after[1 << 14];
static size_t size_before;

/* What is no range of a space. */
struct beside {
	unsigned int		told;
	size_t			nr_words;
	uintptr_t		words[LINES];
	struct vmr_system_pool	pools[VMR_SYSTEM_POOLS];
};

static struct beside beside_before, beside_after;

static inline int watch_bus(struct vmr_bus *bus)
{
	size_t at = nr_watched;

	nr_watched += 2;
	return vmr_snapshot_bus(&watched[at], bus, VMR_SNAPSHOT_USER + at);
}

static inline int watch_bridge(struct vmr_pci_bridge *bridge)
{
	size_t at = nr_watched;

	nr_watched += 3;
	return vmr_snapshot_bridge(&watched[at], bridge,
				   VMR_SNAPSHOT_USER + at);
}

/* The system's spaces and those that are watched; how many they are. */
static struct vmr_snapshot_space spaces[VMR_SNAPSHOT_NR + WATCHED];

static inline size_t list_spaces(void)
{
	vmr_snapshot_system(spaces, &m.sys);
	memcpy(&spaces[VMR_SNAPSHOT_NR], watched, sizeof(watched));
	return VMR_SNAPSHOT_NR + nr_watched;
}

/*
 * How far ids were ever handed out. What gets in the way hands some out too, so
 * this is put back between two tries: else nobody would see that a call that failed
 * has moved it.
 */
static uint64_t marks[VMR_SNAPSHOT_NR + WATCHED];

static inline void keep_marks(void)
{
	size_t i = list_spaces();

	while (i--)
		if (spaces[i].issued)
			marks[i] = *spaces[i].issued;
}

static inline void put_marks_back(void)
{
	size_t i = list_spaces();

	while (i--)
		if (spaces[i].issued)
			*spaces[i].issued = marks[i];
}

/* As if nothing had been handed out but what is still there. */
static inline void forget_marks(void)
{
	const struct vmr_range *top;
	size_t i = list_spaces();

	while (i--) {
		top = vmr_last_range(spaces[i].space);
		if (spaces[i].issued)
			*spaces[i].issued = top ? top->last + 1 : 0;
	}
}

static inline uint64_t address_as_key(const struct vmr_snapshot *snap,
				      uint32_t space,
				      const struct vmr_range *range)
{
	(void)snap;
	(void)space;
	return (uintptr_t)range;
}

static inline int snapshot_bytes(uint8_t *to, size_t max, size_t *size)
{
	static const struct vmr_snapshot_ops ops = { .key_of = address_as_key };
	const struct vmr_snapshot snap = {
		.ops = &ops, .spaces = spaces, .nr_spaces = list_spaces(),
	};

	return vmr_save(&snap, to, max, size);
}

static inline void add_word(struct beside *b, uintptr_t word)
{
	if (b->nr_words < LINES)
		b->words[b->nr_words++] = word;
}

static inline void look_beside(struct beside *b)
{
	const struct vmr_shared_irq *line = NULL;
	const struct vmr_sharer *sharer;

	memset(b, 0, sizeof(*b));
	b->told = diary.nr;
	memcpy(b->pools, m.sys.pools, sizeof(b->pools));
	while ((line = vmr_next_shared_irq(&m.sys, line))) {
		add_word(b, (uintptr_t)line);
		add_word(b, line->nr_sharers);
		for (sharer = vmr_next_sharer(line, NULL); sharer;
		     sharer = vmr_next_sharer(line, sharer)) {
			add_word(b, (uintptr_t)sharer);
			add_word(b, (uintptr_t)sharer->tag);
		}
	}
}

static inline int look_before(void)
{
	see_before();
	look_beside(&beside_before);
	return snapshot_bytes(bytes_before, sizeof(bytes_before), &size_before);
}

static inline int nothing_happened(void)
{
	size_t size = 0;

	look_beside(&beside_after);
	return same_as_before() &&
	       !memcmp(&beside_before, &beside_after, sizeof(beside_after)) &&
	       beside_after.nr_words < LINES &&
	       !snapshot_bytes(bytes_after, sizeof(bytes_after), &size) &&
	       size == size_before &&
	       !memcmp(bytes_before, bytes_after, size_before) &&
	       !strcmp(machine_verify(), VERIFY_OK);
}

/* @call fails with @err, and it is as if it had not been made. */
#define FAILS(err, call) \
	do { \
		ASSERT_EQ(0, look_before()); \
		EXPECT_EQ((err), (call)) { \
			TH_LOG("%s", #call); \
		} \
		EXPECT_TRUE(nothing_happened()) { \
			TH_LOG("%s failed and changed something", #call); \
		} \
	} while (0)

#endif /* VMR_TEST_UNCHANGED_H */
