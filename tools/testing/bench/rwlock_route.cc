// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * rwlock_route.cc - dispatch with the standard library: an ordered map and a
 * reader-writer lock
 */
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "route.h"

#define IMPL	"rwlock+map"

namespace {

struct card {
	uint64_t last;
	route_device *dev;
};

struct router {
	std::shared_mutex lock;
	std::map<uint64_t, card> cards[2];
	const route_map *map;
	std::vector<uint64_t> restless;
	route_device *devices;
};

bool insert(router *r, bool mmio, uint64_t start, uint64_t size, size_t index)
{
	auto &cards = r->cards[mmio];
	auto next = cards.upper_bound(start);

	if (next != cards.end() && next->first <= start + size - 1)
		return false;
	if (next != cards.begin() && std::prev(next)->second.last >= start)
		return false;
	cards.emplace_hint(next, start, card { start + size - 1,
						  &r->devices[index] });
	return true;
}

void *route_create(const route_map *map)
{
	router *r = new router;

	r->map = map;
	r->devices = route_devices(map->nr + ROUTE_RESTLESS);
	for (size_t i = 0; i < map->nr; i++) {
		size_t k = i * 7919 % map->nr;
		const route_region &region = map->regions[k];

		if (!insert(r, region.mmio, region.start, region.size, k))
			bench_fail("%s: device %zu cannot be placed", IMPL, k);
	}
	for (size_t i = map->nr; !map->accesses &&
	     i < map->nr + ROUTE_RESTLESS; i++) {
		r->restless.push_back(ROUTE_BASE + i * ROUTE_STRIDE +
				      BENCH_PAGE);
		insert(r, true, r->restless.back(), BENCH_PAGE, i);
	}
	return r;
}

void route_destroy(void *state)
{
	router *r = static_cast<router *>(state);

	free(r->devices);
	delete r;
}

inline bool route(router *r, unsigned int, bool mmio, uint64_t addr,
		  void *data, uint32_t width, uint32_t count, bool write)
{
	std::shared_lock<std::shared_mutex> guard(r->lock);
	auto next = r->cards[mmio].upper_bound(addr);

	if (next == r->cards[mmio].begin())
		return false;
	auto found = std::prev(next);

	if (found->second.last < addr || found->second.last - addr < width - 1)
		return false;
	route_device *dev = found->second.dev;

	if (write)
		dev->write(dev, addr - found->first, data, width * count);
	else
		dev->read(dev, addr - found->first, data, width * count);
	return true;
}

void route_disturb(void *state, uint64_t *rng)
{
	router *r = static_cast<router *>(state);
	uint64_t to = route_free_page(r->map, rng);
	uint32_t i = bench_below(rng, ROUTE_RESTLESS);
	std::unique_lock<std::shared_mutex> guard(r->lock);

	if (!insert(r, true, to, BENCH_PAGE, r->map->nr + i))
		return;
	r->cards[true].erase(r->restless[i]);
	r->restless[i] = to;
}

#include "route_loops.h"

} /* namespace */

const route_impl rwlock_route = {
	IMPL, route_create, route_destroy, run_route, route_disturb, nullptr,
	nullptr,
};
