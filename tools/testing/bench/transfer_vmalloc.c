// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * transfer_vmalloc.c - dispatch with this library, for transfer_count.c
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <vmalloc/device.h>

#include "transfer_count.h"

/* An exit touches the beginning of a card only */
struct card {
	struct vmr_device	dev;
	uint32_t		index;
	struct vmr_region	region;
	struct vmr_constraint	constraint;
	struct vmr_resource	resource;
} __attribute__((__aligned__(64)));

struct thread {
	struct vmr_reader	reader;
	struct vmr_cache_set	*cache;
} __attribute__((__aligned__(128)));

struct machine {
	struct thread		threads[TRANSFER_READERS];
	struct vmr_system	sys;
	struct vmr_manager	manager;
	struct card		*cards;
	uint32_t		nr;
};

static void card_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	(void)access;
	memcpy(data, &((struct card *)dev)->index, 4);
}

static const struct vmr_device_ops card_ops = { .read = card_read };

static bool plug(struct machine *m, uint32_t i, uint64_t addr)
{
	struct card *card = &m->cards[i];

	card->index = i;
	card->dev.ops = &card_ops;
	card->dev.constraints = &card->constraint;
	card->dev.nr_constraints = 1;
	vmr_resource_set_init(&card->dev.resources, &card->resource, 1);
	vmr_region_init(&card->region, VMR_MMIO, VMR_REGION_TRAPPED,
			TRANSFER_PAGE, 0, "card");
	vmr_constraint_init_fixed(&card->constraint, VMR_KIND_MMIO, addr,
				  TRANSFER_PAGE, &card->region.range);
	return !vmr_device_add_region(&card->dev, &card->region) &&
	       !vmr_device_register(&m->manager, &card->dev, NULL, NULL);
}

static bool attach(struct machine *m, struct thread *thread, bool cached)
{
	uint32_t nr = (m->nr + 1) / VMR_CACHE_WAYS;

	if (nr > VMR_CACHE_SETS_MAX)
		nr = VMR_CACHE_SETS_MAX;

	if (vmr_reader_attach(&m->manager, &thread->reader))
		return false;
	if (!cached)
		return true;
	thread->cache = aligned_alloc(64, nr * sizeof(*thread->cache));
	return thread->cache &&
	       !vmr_reader_set_cache(&thread->reader, thread->cache, nr);
}

static void *create(uint32_t nr, unsigned int readers, bool cached)
{
	struct vmr_system_limits limits = {
		.mmio_last = VMR_ADDR_MAX, .irq_last = 15, .slot_last = 15,
		.pci_last = 0xff, .id_last = 1000000,
	};
	struct machine *m = aligned_alloc(128, (sizeof(*m) + 127) / 128 * 128);
	size_t bytes = (nr + TRANSFER_RESTLESS) * sizeof(*m->cards);
	uint32_t i, k;

	if (!m)
		abort();
	memset(m, 0, sizeof(*m));
	m->nr = nr;
	m->cards = aligned_alloc(64, bytes);
	if (!m->cards || vmr_system_init(&m->sys, &limits) ||
	    vmr_manager_init(&m->manager, &m->sys))
		abort();
	memset(m->cards, 0, bytes);
	for (i = 0; i < readers; i++)
		if (!attach(m, &m->threads[i], cached))
			abort();
	for (i = 0; i < nr; i++) {
		k = (uint32_t)((uint64_t)i * 7919 % nr);
		if (!plug(m, k, TRANSFER_ADDR(k)))
			abort();
	}
	for (i = 0; i < TRANSFER_RESTLESS; i++)
		if (!plug(m, nr + i, TRANSFER_ADDR(nr + i) + TRANSFER_PAGE))
			abort();
	return m;
}

static void *create_cached(uint32_t nr, unsigned int readers)
{
	return create(nr, readers, true);
}

static void *create_bare(uint32_t nr, unsigned int readers)
{
	return create(nr, readers, false);
}

static void destroy(void *machine)
{
	struct machine *m = machine;
	uint32_t i;

	for (i = 0; i < TRANSFER_READERS; i++)
		free(m->threads[i].cache);
	free(m->cards);
	free(m);
}

static uint32_t read_index(void *machine, unsigned int reader, uint64_t addr)
{
	struct machine *m = machine;
	uint32_t value;

	if (vmr_read(&m->threads[reader].reader, VMR_MMIO, addr, &value, 4, 1))
		abort();
	return value;
}

static void move(void *machine, uint32_t i, uint64_t addr)
{
	struct machine *m = machine;

	vmr_region_move(&m->manager, &m->cards[m->nr + i].region, addr, NULL);
}

const struct transfer_impl transfer_vmalloc = {
	"vmalloc", create_cached, destroy, read_index, move,
};

const struct transfer_impl transfer_vmalloc_bare = {
	"vmalloc without a cache", create_bare, destroy, read_index, move,
};
