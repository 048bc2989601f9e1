// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * memory.cc - memory use of each live range and each id
 *
 * For implementations that allocate memory, the result is the size of the blocks from
 * malloc(), with headers.
 */
#include <cstdio>
#include <map>
#include <set>
#include <unordered_map>

#include <malloc.h>

#include <vmalloc/range.h>

#include "impls.h"

#define NR	100000

namespace {

size_t in_use()
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

struct interval {
	uint64_t last;
	bool taken;
};

double map_bytes()
{
	size_t before = in_use();
	std::map<uint64_t, interval> tree;

	for (uint64_t i = 0; i < NR; i++)
		tree.emplace(i * BENCH_PAGE,
			     interval { (i + 1) * BENCH_PAGE - 1, true });
	return (double)(in_use() - before) / NR;
}

double id_bytes()
{
	size_t before = in_use();
	std::unordered_map<uint32_t, void *> by_id;
	std::set<uint32_t> free_ids;

	for (uint32_t i = 0; i < NR; i++) {
		by_id.emplace(2 * i, &by_id);
		free_ids.insert(2 * i + 1);
	}
	return (double)(in_use() - before) / NR;
}

} /* namespace */

void bench_memory_table(const char *path)
{
	FILE *f = path ? fopen(path, "w") : stdout;

	if (!f)
		bench_fail("%s: cannot be written", path);
	fprintf(f, "what,impl,bytes\n");
	fprintf(f, "range,vmalloc,%zu\n", sizeof(struct vmr_range));
	fprintf(f, "range,drm_mm,%zu\n", drm_mm_node_bytes);
	fprintf(f, "range,interval_tree (no gaps),%zu\n",
		interval_tree_node_bytes);
	fprintf(f, "range,first-match (no gaps),%.0f\n", map_bytes());
	fprintf(f, "id,vmalloc,%zu\n", sizeof(struct vmr_range));
	fprintf(f, "id,set+map (as many free),%.0f\n", id_bytes());
	if (path)
		fclose(f);
}
