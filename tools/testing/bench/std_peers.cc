// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * std_peers.cc - allocators as in VMMs, built on the standard library
 *
 * Ids: a balanced tree of free ids, and a hash map from id to owner. Addresses: a tree
 * of free and allocated intervals, of which the first match is used.
 */
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "impls.h"

namespace {

const uint64_t mmio_start = 0xd0000000;

/* The smallest freed id, else the next unused one */
class id_allocator {
public:
	explicit id_allocator(uint32_t last) : next(0), last(last) { }

	uint32_t allocate()
	{
		if (freed.empty()) {
			if (next > last)
				bench_fail("std: no free id");
			return next++;
		}
		uint32_t id = *freed.begin();

		freed.erase(freed.begin());
		return id;
	}

	void release(uint32_t id)
	{
		freed.insert(id);
	}

private:
	std::set<uint32_t> freed;
	uint32_t next;
	uint32_t last;
};

struct owner {
	uint32_t id;
};

struct ids {
	explicit ids(size_t n) : n(n), free_ids(n - 1), owners(n) { }

	size_t n;
	id_allocator free_ids;
	std::unordered_map<uint32_t, owner *> by_id;
	std::vector<owner> owners;
	std::vector<uint32_t> id_of;
};

void *id_create(size_t n)
{
	return new ids(n);
}

void id_destroy(void *state)
{
	delete static_cast<ids *>(state);
}

void id_setup(void *state, const bench_place *)
{
	ids *s = static_cast<ids *>(state);
	uint64_t rng = BENCH_SEED;
	size_t left;

	s->by_id.reserve(s->n);
	for (size_t i = 0; i < s->n; i++)
		s->by_id.emplace(s->free_ids.allocate(), &s->owners[i]);
	for (left = s->n; left > s->n / 2; ) {
		uint32_t k = bench_below(&rng, s->n);

		if (!s->by_id.erase(k))
			continue;
		s->free_ids.release(k);
		left--;
	}
	for (size_t i = 0; i < s->n; i++)
		if (s->by_id.count(i))
			s->id_of.push_back(i);
}

void id_run(void *state, bench_run *run)
{
	ids *s = static_cast<ids *>(state);
	uint64_t rng = run->rng, sum = run->sum;
	uint64_t begin = bench_now();

	for (uint64_t k = 0; k < run->ops; k++) {
		uint32_t &id = s->id_of[bench_below(&rng, s->n / 2)];
		auto found = s->by_id.find(id);

		if (found == s->by_id.end())
			bench_fail("std: id %u", id);
		owner *match = found->second;

		s->by_id.erase(found);
		s->free_ids.release(id);
		id = s->free_ids.allocate();
		match->id = id;
		s->by_id.emplace(id, match);
		sum = bench_fold(sum, id);
	}
	run->ns = bench_now() - begin;
	run->rng = rng;
	run->sum = sum;
}

size_t id_places(void *state, bench_place *places)
{
	ids *s = static_cast<ids *>(state);

	for (size_t i = 0; i < s->n / 2; i++)
		places[i] = bench_place { s->id_of[i], 1 };
	return s->n / 2;
}

/* The intervals cover all addresses. */
class first_match {
public:
	first_match(uint64_t start, uint64_t last)
	{
		tree.emplace(start, interval { last, false });
	}

	uint64_t allocate(uint64_t size, uint64_t align)
	{
		for (auto i = tree.begin(); i != tree.end(); ++i) {
			uint64_t at = (i->first + align - 1) & ~(align - 1);

			if (i->second.taken || at < i->first ||
			    at > i->second.last ||
			    i->second.last - at < size - 1)
				continue;
			take(i, at, at + size - 1);
			return at;
		}
		bench_fail("std: no interval matches");
	}

	void release(uint64_t start)
	{
		auto i = tree.find(start);

		if (i == tree.end() || !i->second.taken)
			bench_fail("std: no interval at the address");
		i->second.taken = false;
		auto next = std::next(i);

		if (next != tree.end() && !next->second.taken) {
			i->second.last = next->second.last;
			tree.erase(next);
		}
		if (i == tree.begin())
			return;
		auto prev = std::prev(i);

		if (!prev->second.taken) {
			prev->second.last = i->second.last;
			tree.erase(i);
		}
	}

private:
	struct interval {
		uint64_t last;
		bool taken;
	};

	void take(std::map<uint64_t, interval>::iterator i, uint64_t start,
		  uint64_t last)
	{
		uint64_t end = i->second.last;

		if (start > i->first) {
			i->second.last = start - 1;
			i = tree.emplace_hint(std::next(i), start,
					      interval { last, true });
		} else {
			i->second = interval { last, true };
		}
		if (end > last)
			tree.emplace_hint(std::next(i), last + 1,
					  interval { end, false });
	}

	std::map<uint64_t, interval> tree;
};

struct slot {
	uint32_t id;
	uint64_t start;
};

struct slots {
	explicit slots(size_t n) : n(n), ids(2 * n - 1),
		mmio(mmio_start, mmio_start + 2 * n * BENCH_PAGE - 1) { }

	slot reserve()
	{
		slot made;

		made.start = mmio.allocate(BENCH_PAGE, BENCH_PAGE);
		made.id = ids.allocate();
		by_id.emplace(made.id, made);
		return made;
	}

	void release(uint32_t id)
	{
		auto found = by_id.find(id);

		if (found == by_id.end())
			bench_fail("std: id %u", id);
		ids.release(id);
		mmio.release(found->second.start);
		by_id.erase(found);
	}

	size_t n;
	id_allocator ids;
	first_match mmio;
	std::unordered_map<uint32_t, slot> by_id;
	std::vector<uint32_t> id_of;
};

void *slot_create(size_t n)
{
	return new slots(n);
}

void slot_destroy(void *state)
{
	delete static_cast<slots *>(state);
}

void slot_setup(void *state, const bench_place *)
{
	slots *s = static_cast<slots *>(state);

	s->by_id.reserve(s->n);
	for (size_t i = 0; i < s->n; i++)
		s->id_of.push_back(s->reserve().id);
}

void slot_run(void *state, bench_run *run)
{
	slots *s = static_cast<slots *>(state);
	uint64_t rng = run->rng, sum = run->sum;
	uint64_t begin = bench_now();

	for (uint64_t k = 0; k < run->ops; k++) {
		uint32_t &id = s->id_of[bench_below(&rng, s->n)];

		s->release(id);
		slot made = s->reserve();

		id = made.id;
		sum = bench_fold(sum, id ^ made.start);
	}
	run->ns = bench_now() - begin;
	run->rng = rng;
	run->sum = sum;
}

} /* namespace */

const bench_impl set_map_id_churn = {
	"set+map", id_create, id_destroy, id_setup, id_run, id_places, nullptr,
};

const bench_impl first_match_slot = {
	"first-match", slot_create, slot_destroy, slot_setup, slot_run,
	nullptr, nullptr,
};
