/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * section.h - count the nodes that a write section visits
 *
 * Each device is on a page of its own (node_watch.h). A program with this file has a
 * port of its own, which counts from the beginning of each write section to its end.
 */
#ifndef VMR_TEST_SECTION_H
#define VMR_TEST_SECTION_H

#include "machine.h"
#include "node_watch.h"

#define MAX_ITEMS		2048

struct item {
	struct vmr_region	region;
	struct vmr_device	dev;
	struct vmr_constraint	want;
	struct vmr_resource	got;
};

static struct vmr_bus bus;
static struct vmr_region window;
static struct vmr_device bridge;
static bool counting;
/* Called at the end of each write section, or NULL; not every program has one */
static void (*after_section)(void) __attribute__((__unused__));
static size_t longest;
/* Write sections since counting began; not every program reads it */
static size_t sections __attribute__((__unused__));

#if !TEST_LACKS_page_faults

/* The port */

unsigned long vmr_port_write_begin(void)
{
	if (counting)
		pages_watch();
	return 0;
}

void vmr_port_write_end(unsigned long state)
{
	size_t seen;

	(void)state;
	if (after_section)
		after_section();
	if (!counting)
		return;
	seen = pages_unwatch();
	sections++;
	longest = seen > longest ? seen : longest;
}

void vmr_port_reader_wait(unsigned int spins)
{
	(void)spins;
}

void vmr_port_drain_wait(void)
{
}

uintptr_t vmr_port_thread_id(void)
{
	return 1;
}

bool vmr_port_barrier_init(void)
{
	return false;
}

bool vmr_port_barrier_all(void)
{
	return false;
}

void vmr_port_assert_failed(const char *what)
{
	fprintf(stderr, "# %s\n", what);
	abort();
}

#endif

static inline struct item *item(size_t i)
{
	return (struct item *)node(i);
}

static inline void item_read(struct vmr_device *dev,
			     const struct vmr_access *access, void *data)
{
	(void)dev;
	memset(data, 0x5a, access->width);
}

static const struct vmr_device_ops item_ops = { .read = item_read };

static inline int item_init(size_t i, struct vmr_bus *parent, uint64_t size)
{
	struct item *it = item(i);

	memset(it, 0, sizeof(*it));
	it->dev.ops = &item_ops;
	it->dev.parent_bus = parent;
	vmr_region_init(&it->region, VMR_MMIO, VMR_REGION_TRAPPED, size, 0,
			"item");
	return vmr_device_add_region(&it->dev, &it->region);
}

/* Registered, and live at @start. */
static inline int item_up(size_t i, struct vmr_bus *parent, uint64_t start,
			  uint64_t size)
{
	int ret = item_init(i, parent, size);

	if (!ret)
		ret = vmr_device_register(&m.manager, &item(i)->dev, NULL, NULL);
	return ret ? ret : vmr_region_move(&m.manager, &item(i)->region,
					    start, NULL);
}

#define BASE		0x100000000ull
#define ITEM_ADDR(i)	(BASE + 0x10000 * (uint64_t)(i))

/* In a scattered order; 1021 is a prime. */
static inline int items_up(size_t nr, struct vmr_bus *parent)
{
	size_t i, at;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		at = i * 1021 % nr;
		ret = item_up(at, parent, ITEM_ADDR(at), 0x1000);
	}
	return ret;
}

static inline unsigned int log_of(size_t n)
{
	unsigned int log = 0;

	while (n >> (log + 1))
		log++;
	return log;
}

static inline int up(void)
{
	int ret = machine_up_to(MACHINE_LAST, 2 * MAX_ITEMS);

	counting = false;
	longest = 0;
	memset(&window, 0, sizeof(window));
	memset(&bridge, 0, sizeof(bridge));
	return ret;
}

/* A bus with one window [start, last], which may be closed. */
static inline int bus_up(uint64_t start, uint64_t last)
{
	int ret;

	bridge.ops = &item_ops;
	ret = vmr_bus_init(&bus, &m.manager, &bridge);
	vmr_region_init(&window, VMR_MMIO, VMR_REGION_WINDOW, 0x1000, 0,
			"window");
	if (!ret)
		ret = vmr_device_add_region(&bridge, &window);
	if (!ret)
		ret = vmr_device_register(&m.manager, &bridge, NULL, NULL);
	return ret ? ret : vmr_window_program(&m.manager, &window, start, last);
}

/* Return: the nodes in the longest section since the last call. */
static inline size_t take_longest(void)
{
	size_t nodes = longest;

	counting = false;
	longest = 0;
	return nodes;
}

#endif /* VMR_TEST_SECTION_H */
