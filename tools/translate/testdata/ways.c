// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A kind of resource that the library does not know: the ways of a shared cache
 *
 * Processors can give each group of vCPUs some ways of the last-level cache of its
 * own. A group's ways have to be consecutive, there are few of them, and each group
 * takes one of a few classes as well. Both are ranges, so the engine keeps the books;
 * what is written here is the interface that makes it a kind as every other: grant,
 * give back, change.
 */
#include <stdio.h>
#include <stdlib.h>
#include <vmalloc/vmalloc.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* [kind] */
#define KIND_CACHE_WAYS		(VMR_KIND_USER + 0)

/* Who holds ways: their range, and the class that goes with them */
struct group {
	const char		*name;
	struct vmr_range	ways;
	struct vmr_range	class;
};

struct cache {
	struct vmr_allocator	allocator;
	struct vmr_space	ways;
	struct vmr_ids		classes;
};

/* [end of kind] */

/* [allocator] */
static struct vmr_request request(const struct vmr_constraint *c)
{
	struct vmr_request req = c->req;

	if (!req.align)
		req.align = 1;
	if (req.policy == VMR_DEFAULT)
		req.policy = VMR_BEST;
	return req;
}

static void fill_in(struct vmr_resource *res, const struct vmr_constraint *c)
{
	res->kind = c->kind;
	res->flags = c->flags;
	res->start = c->range->start;
	res->last = c->range->last;
	res->range = c->range;
	res->tag = c->tag;
}

/* Ways and class, or nothing */
static int cache_allocate(struct vmr_allocator *a,
			  const struct vmr_constraint *c,
			  struct vmr_resource *res,
			  struct vmr_range **conflict)
{
	struct cache *cache = container_of(a, struct cache, allocator);
	struct group *group = container_of(c->range, struct group, ways);
	struct vmr_request req = request(c);
	int err;

	err = vmr_alloc(&cache->ways, &group->ways, &req, conflict);
	if (err)
		return err;
	err = vmr_id_alloc(&cache->classes, &group->class);
	if (err) {
		vmr_free(&cache->ways, &group->ways);
		return err;
	}
	fill_in(res, c);
	return 0;
}

static int cache_free(struct vmr_allocator *a, struct vmr_resource *res)
{
	struct cache *cache = container_of(a, struct cache, allocator);
	struct group *group = container_of(res->range, struct group, ways);
	int err;

	err = vmr_free(&cache->ways, &group->ways);
	if (!err)
		vmr_id_release(&cache->classes, &group->class);
	return err;
}

/* More ways or fewer, or others. The class stays */
static int cache_update(struct vmr_allocator *a, struct vmr_resource *res,
			const struct vmr_constraint *c,
			struct vmr_range **conflict)
{
	struct cache *cache = container_of(a, struct cache, allocator);
	struct vmr_request req = request(c);
	struct vmr_range *range = res->range;
	uint64_t start = range->start, last = range->last;
	int err;

	if (vmr_range_state(range) == VMR_FREE)
		return cache_allocate(a, c, res, conflict);
	if (!vmr_in_space(&cache->ways, range))
		return -ENOENT;

	/* The old ways count as free for the new ones */
	vmr_free(&cache->ways, range);
	err = vmr_alloc(&cache->ways, range, &req, conflict);
	if (err)
		vmr_reserve(&cache->ways, range, start, last, NULL);
	else
		fill_in(res, c);
	return err;
}

static const struct vmr_allocator_ops cache_ops = {
	.allocate = cache_allocate,
	.free = cache_free,
	.update = cache_update,
};

static void cache_init(struct cache *cache, unsigned int ways,
		       unsigned int classes)
{
	cache->allocator.ops = &cache_ops;
	vmr_space_init(&cache->ways, 0, ways - 1);
	/* Class 0 is the host's */
	vmr_ids_init(&cache->classes, 1, classes - 1);
}

/* [end of allocator] */

/* [use] */
static struct cache cache;

static int want(struct group *group, struct vmr_resource *res,
		unsigned int nr_ways)
{
	struct vmr_constraint c;
	int err;

	vmr_constraint_init(&c, KIND_CACHE_WAYS, nr_ways, &group->ways);
	c.req.policy = VMR_DEFAULT;
	c.tag = group->name;
	if (vmr_range_state(&group->ways) == VMR_FREE)
		err = vmr_allocate(&cache.allocator, &c, res, NULL);
	else
		err = vmr_update(&cache.allocator, res, &c, NULL);
	if (err)
		printf("%s: %u ways: %s\n", group->name, nr_ways,
		       vmr_strerror(err));
	return err;
}

static const char *who(void *arg, const struct vmr_range *range)
{
	(void)arg;
	return container_of(range, struct group, ways)->name;
}

static void print_line(void *arg, const char *line)
{
	(void)arg;
	puts(line);
}

int main(void)
{
	struct vmr_map map = {
		.line = print_line, .name = who, .flags = VMR_MAP_GAPS,
	};
	struct group realtime = { .name = "realtime" };
	struct group batch = { .name = "batch" };
	struct group web = { .name = "web" };
	struct vmr_resource got[3];

	cache_init(&cache, 20, 8);
	if (want(&realtime, &got[0], 6) || want(&batch, &got[1], 4) ||
	    want(&web, &got[2], 8))
		return 1;
	/* Two ways are left: the first does not fit, and nothing has changed */
	if (!want(&batch, &got[1], 7))
		return 1;
	vmr_release(&cache.allocator, &got[0]);
	if (want(&batch, &got[1], 7))
		return 1;
	printf("%s has class %u\n", batch.name, vmr_id(&batch.class));
	vmr_map_space(&map, &cache.ways);
	return 0;
}

/* [end of use] */
