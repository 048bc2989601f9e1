/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * unchanged.h - check that a failed call changes nothing
 *
 * The state before and after is compared: as numbers (machine.h), as the bytes of a
 * snapshot, and in pools, shared interrupts and the number of notifications.
 */
#ifndef VMR_TEST_UNCHANGED_H
#define VMR_TEST_UNCHANGED_H

#include "bus.h"

#define WATCHED		9	/* spaces outside of the system */
#define LINES		64

static struct event_log event_log;

/* Spaces of buses and bridges that the snapshots include. */
static struct vmr_snapshot_space watched[WATCHED];
static size_t nr_watched;

static uint8_t bytes_before[1 << 14], bytes_after[1 << 14];
static size_t size_before;

/* The state that is not in a space. */
struct extra_state {
	unsigned int		notifications;
	size_t			nr_words;
	uintptr_t		words[LINES];
	struct vmr_system_pool	pools[VMR_SYSTEM_MAX_POOLS];
};

static struct extra_state extra_before, extra_after;

static inline int watch_bus(struct vmr_bus *bus)
{
	size_t at = nr_watched;

	nr_watched += 2;
	return vmr_snapshot_describe_bus(&watched[at], bus, VMR_SNAPSHOT_FIRST_USER + at);
}

static inline int watch_bridge(struct vmr_pci_bridge *bridge)
{
	size_t at = nr_watched;

	nr_watched += 3;
	return vmr_snapshot_describe_bridge(&watched[at], bridge,
				   VMR_SNAPSHOT_FIRST_USER + at);
}

/* All spaces: those of the system and the watched ones. */
static struct vmr_snapshot_space spaces[VMR_SNAPSHOT_NR_SPACES + WATCHED];

static inline size_t list_spaces(void)
{
	vmr_snapshot_describe_system(spaces, &m.sys);
	memcpy(&spaces[VMR_SNAPSHOT_NR_SPACES], watched, sizeof(watched));
	return VMR_SNAPSHOT_NR_SPACES + nr_watched;
}

/*
 * The watermarks of ids. The obstacles of a test allocate ids, too, so the watermarks are
 * restored between two attempts. A failed call that changes a watermark is then detected.
 */
static uint64_t marks[VMR_SNAPSHOT_NR_SPACES + WATCHED];

static inline void keep_marks(void)
{
	size_t i = list_spaces();

	while (i--)
		if (spaces[i].high_watermark)
			marks[i] = *spaces[i].high_watermark;
}

static inline void put_marks_back(void)
{
	size_t i = list_spaces();

	while (i--)
		if (spaces[i].high_watermark)
			*spaces[i].high_watermark = marks[i];
}

/* Set each watermark to one more than the highest allocated id. */
static inline void forget_marks(void)
{
	const struct vmr_range *top;
	size_t i = list_spaces();

	while (i--) {
		top = vmr_last_range(spaces[i].space);
		if (spaces[i].high_watermark)
			*spaces[i].high_watermark = top ? top->last + 1 : 0;
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
	static const struct vmr_snapshot_ops ops = { .range_to_key = address_as_key };
	const struct vmr_snapshot snap = {
		.ops = &ops, .spaces = spaces, .nr_spaces = list_spaces(),
	};

	return vmr_snapshot_save(&snap, to, max, size);
}

static inline void add_word(struct extra_state *b, uintptr_t word)
{
	if (b->nr_words < LINES)
		b->words[b->nr_words++] = word;
}

static inline void extra_state_take(struct extra_state *b)
{
	const struct vmr_shared_irq *line = NULL;
	const struct vmr_irq_share *sharer;

	memset(b, 0, sizeof(*b));
	b->notifications = event_log.nr;
	memcpy(b->pools, m.sys.pools, sizeof(b->pools));
	while ((line = vmr_next_shared_irq(&m.sys, line))) {
		add_word(b, (uintptr_t)line);
		add_word(b, line->nr_sharers);
		for (sharer = vmr_next_irq_share(line, NULL); sharer;
		     sharer = vmr_next_irq_share(line, sharer)) {
			add_word(b, (uintptr_t)sharer);
			add_word(b, (uintptr_t)sharer->name);
		}
	}
}

static inline int state_save(void)
{
	machine_state_before();
	extra_state_take(&extra_before);
	return snapshot_bytes(bytes_before, sizeof(bytes_before), &size_before);
}

static inline int state_is_unchanged(void)
{
	size_t size = 0;

	extra_state_take(&extra_after);
	return same_as_before() &&
	       !memcmp(&extra_before, &extra_after, sizeof(extra_after)) &&
	       extra_after.nr_words < LINES &&
	       !snapshot_bytes(bytes_after, sizeof(bytes_after), &size) &&
	       size == size_before &&
	       !memcmp(bytes_before, bytes_after, size_before) &&
	       !strcmp(machine_verify(), VERIFY_OK);
}

/* @call fails with @err and changes nothing. */
#define FAILS(err, call) \
	do { \
		ASSERT_EQ(0, state_save()); \
		EXPECT_EQ((err), (call)) { \
			TH_LOG("%s", #call); \
		} \
		EXPECT_TRUE(state_is_unchanged()) { \
			TH_LOG("%s failed and changed the state", #call); \
		} \
	} while (0)

#endif /* VMR_TEST_UNCHANGED_H */
