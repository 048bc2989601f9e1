// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * route_map.c - machines for dispatch: regular ones, and one from a recorded trace
 *
 * Documentation/vmm-trace.rst describes the file. The machine consists of the addresses
 * that the guest accesses. Ports less than 4 apart are one device, and so are memory
 * addresses on one page or on adjacent pages. A BAR that the guest moves becomes
 * several devices. Addresses without a device in the recorded machine become devices.
 */
#include <stdio.h>
#include <stdlib.h>

#include "route.h"

#define TRACE_HEADER	48
#define TRACE_WIDTH	0x07
#define TRACE_WRITE	0x08
#define TRACE_MMIO	0x10
#define TRACE_SAME	0x20
#define TRACE_COUNT	0x40
#define TRACE_END	0x80

void route_map_make(struct route_map *map, size_t nr)
{
	size_t i;

	*map = (struct route_map) { .nr = nr };
	map->regions = calloc(nr, sizeof(*map->regions));
	if (!map->regions)
		bench_fail("no memory");
	for (i = 0; i < nr; i++)
		map->regions[i] = (struct route_region) {
			.start = ROUTE_BASE + i * ROUTE_STRIDE,
			.size = BENCH_PAGE, .mmio = true,
		};
}

static void device_read(struct route_device *dev, uint64_t offset, void *data,
			uint32_t size)
{
	route_answer(dev->index, offset, data, size);
}

static void device_write(struct route_device *dev, uint64_t offset,
			 const void *data, uint32_t size)
{
	(void)dev;
	(void)offset;
	(void)data;
	(void)size;
}

struct route_device *route_devices(size_t nr)
{
	struct route_device *devices = calloc(nr, sizeof(*devices));
	size_t i;

	if (!devices)
		bench_fail("no memory");
	for (i = 0; i < nr; i++) {
		devices[i].read = device_read;
		devices[i].write = device_write;
		devices[i].index = (uint32_t)i;
	}
	return devices;
}

void route_map_free(struct route_map *map)
{
	free(map->regions);
	free(map->accesses);
}

static uint8_t *load(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes;
	long end = 0;

	if (f && !fseek(f, 0, SEEK_END))
		end = ftell(f);
	if (end < TRACE_HEADER || fseek(f, 0, SEEK_SET))
		bench_fail("%s: cannot be read", path);
	*size = (size_t)end;
	bytes = malloc(*size);
	if (!bytes || fread(bytes, 1, *size, f) != *size)
		bench_fail("%s: cannot be read", path);
	fclose(f);
	if (memcmp(bytes, "VMRTRACE", 8))
		bench_fail("%s: no trace", path);
	return bytes;
}

static uint64_t get_varint(const uint8_t **at, const uint8_t *end)
{
	unsigned int shift = 0;
	uint64_t value = 0;

	while (*at < end && shift < 64) {
		value |= (uint64_t)(**at & 0x7f) << shift;
		shift += 7;
		if (!(*(*at)++ & 0x80))
			return value;
	}
	bench_fail("the trace is damaged");
}

static size_t get_accesses(const uint8_t *at, const uint8_t *end,
			   struct route_access *out)
{
	uint64_t last = 0;
	size_t nr = 0;
	uint8_t head;

	while (at < end && *at != TRACE_END) {
		head = *at++;
		if (!(head & TRACE_SAME))
			last = get_varint(&at, end);
		out[nr] = (struct route_access) {
			.addr = last, .width = (head & TRACE_WIDTH) + 1,
			.mmio = head & TRACE_MMIO, .write = head & TRACE_WRITE,
			.count = 1,
		};
		if (head & TRACE_COUNT)
			out[nr].count = (uint32_t)get_varint(&at, end);
		if ((uint64_t)out[nr].width * out[nr].count > ROUTE_DATA)
			bench_fail("the trace is damaged");
		at += out[nr].width * out[nr].count;
		nr++;
	}
	return nr;
}

static int by_address(const void *a, const void *b)
{
	const struct route_region *x = a, *y = b;

	if (x->mmio != y->mmio)
		return x->mmio - y->mmio;
	return (x->start > y->start) - (x->start < y->start);
}

/* Whether two consecutive regions belong to one device */
static bool adjoin(const struct route_region *a, const struct route_region *b)
{
	return a->mmio == b->mmio &&
	       b->start - a->start < a->size + (a->mmio ? 1 : 4);
}

/* Sort the regions of single accesses and merge adjacent ones. */
static void make_regions(struct route_map *map)
{
	struct route_region *r;
	size_t i, nr = 0;
	uint64_t end;

	r = calloc(map->nr_accesses, sizeof(*r));
	if (!r)
		bench_fail("no memory");
	for (i = 0; i < map->nr_accesses; i++) {
		const struct route_access *a = &map->accesses[i];

		r[i] = (struct route_region) { a->addr, a->width, a->mmio };
		if (a->mmio) {
			end = a->addr + a->width - 1;
			r[i].start &= ~(BENCH_PAGE - 1);
			r[i].size = (end | (BENCH_PAGE - 1)) - r[i].start + 1;
		}
	}
	qsort(r, map->nr_accesses, sizeof(*r), by_address);
	for (i = 1; i < map->nr_accesses; i++) {
		if (!adjoin(&r[nr], &r[i])) {
			r[++nr] = r[i];
			continue;
		}
		end = r[i].start + r[i].size;
		if (end > r[nr].start + r[nr].size)
			r[nr].size = end - r[nr].start;
	}
	map->regions = r;
	map->nr = nr + 1;
}

void route_map_load(struct route_map *map, const char *path)
{
	const struct route_region *r;
	struct route_access *a;
	uint8_t *bytes;
	size_t size;

	*map = (struct route_map) { 0 };
	bytes = load(path, &size);
	map->accesses = calloc(size, sizeof(*map->accesses));
	if (!map->accesses)
		bench_fail("no memory");
	map->nr_accesses = get_accesses(bytes + TRACE_HEADER, bytes + size,
					map->accesses);
	free(bytes);
	if (!map->nr_accesses)
		bench_fail("%s: no accesses", path);
	make_regions(map);
	for (a = map->accesses; a < map->accesses + map->nr_accesses; a++)
		for (r = map->regions; r < map->regions + map->nr; r++)
			if (r->mmio == a->mmio && a->addr >= r->start &&
			    a->addr - r->start < r->size)
				a->region = (uint32_t)(r - map->regions);
}
