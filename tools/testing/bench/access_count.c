// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * access_count.c - count the nodes and cache lines that an operation accesses
 *
 *	touch growth [LARGEST]	each workload and n, this library and drm_mm
 *	touch worst [OPS]	the most expensive single operations of many
 *
 * The library and drm_mm are compiled again with the calls of the address sanitizer,
 * which this program defines: one call for each load and store. The counts are the
 * nodes, and the 64-byte lines of nodes, that one operation accesses at least once.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vmalloc/range.h>

#include "impls.h"
#include "access_count.h"

#define LINE	64

struct counts {
	uint64_t	ops;
	uint64_t	nodes;
	uint64_t	lines;
	uint32_t	most_nodes;
	uint32_t	most_lines;
};

static uintptr_t memory, memory_bytes;
static size_t node_bytes;
static uint32_t *node_seen, *line_seen;
static uint32_t now = 1;	/* number of the operation */
static uint32_t nodes, lines;	/* accessed by the operation */
static struct counts counts;

uint64_t bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void bench_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void bench_memory(const void *start, size_t bytes, size_t node)
{
	memory = (uintptr_t)start;
	memory_bytes = bytes;
	node_bytes = node;
	free(node_seen);
	free(line_seen);
	node_seen = calloc(bytes / node + 1, sizeof(*node_seen));
	line_seen = calloc(bytes / LINE + 1, sizeof(*line_seen));
	if (!node_seen || !line_seen)
		bench_fail("no memory");
}

/* Start of an operation */
void bench_op(void)
{
	counts.ops++;
	counts.nodes += nodes;
	counts.lines += lines;
	if (nodes > counts.most_nodes)
		counts.most_nodes = nodes;
	if (lines > counts.most_lines)
		counts.most_lines = lines;
	nodes = 0;
	lines = 0;
	now++;
}

static void begin_counting(void)
{
	bench_op();
	counts = (struct counts) { 0 };
}

/* All operations are counted, including the last one. */
static void end_counting(void)
{
	bench_op();
	counts.ops--;
}

static void touched(uintptr_t addr, size_t size)
{
	size_t first, last, i;

	if (addr - memory >= memory_bytes)
		return;
	addr -= memory;
	i = addr / node_bytes;
	if (node_seen[i] != now) {
		node_seen[i] = now;
		nodes++;
	}
	first = addr / LINE;
	last = (addr + size - 1) / LINE;
	for (i = first; i <= last; i++)
		if (line_seen[i] != now) {
			line_seen[i] = now;
			lines++;
		}
}

/* Called by compiled code */
#define TOUCH(size) \
	void __asan_load##size##_noabort(uintptr_t addr) \
	{ \
		touched(addr, size); \
	} \
	void __asan_store##size##_noabort(uintptr_t addr) \
	{ \
		touched(addr, size); \
	}

TOUCH(1)
TOUCH(2)
TOUCH(4)
TOUCH(8)
TOUCH(16)

void __asan_loadN_noabort(uintptr_t addr, size_t size)
{
	touched(addr, size);
}

void __asan_storeN_noabort(uintptr_t addr, size_t size)
{
	touched(addr, size);
}

void __asan_handle_no_return(void)
{
}

/* Growth */

static const struct {
	const char		*name;
	const struct bench_impl	*impls[2];
} workloads[] = {
	{ "fill", { &vmalloc_fill, &drm_mm_fill } },
	{ "churn", { &vmalloc_churn, &drm_mm_churn } },
	{ "mixed", { &vmalloc_mixed, &drm_mm_mixed } },
	{ "last", { &vmalloc_last, &drm_mm_last } },
	{ "best", { &vmalloc_best, &drm_mm_best } },
	{ "exact", { &vmalloc_exact, &drm_mm_exact } },
	{ "move", { &vmalloc_move, &drm_mm_move } },
	{ "adversarial", { &vmalloc_adversarial, &drm_mm_adversarial } },
	{ "bounded", { &vmalloc_bounded, &drm_mm_bounded } },
	{ "lookup", { &vmalloc_lookup, &drm_mm_lookup } },
};

static void grow(const char *name, const struct bench_impl *impl, size_t n)
{
	struct bench_place *places = calloc(n, sizeof(*places));
	struct bench_run run = { .rng = BENCH_SEED };
	void *state = impl->create(n);
	uint64_t begin;
	size_t i;

	if (!places)
		bench_fail("no memory");
	for (i = 0; i < n; i++)
		places[i] = (struct bench_place) {
			i * 16 * BENCH_PAGE, BENCH_PAGE << i % 5,
		};
	impl->setup(state, places);
	/* For linear searches with n = 100,000 a few operations suffice. */
	run.ops = 10;
	impl->run(state, &run);
	begin_counting();
	begin = bench_now();
	do {
		run.ops = 10;
		impl->run(state, &run);
	} while (counts.ops < 5000 && bench_now() - begin < 200000000);
	end_counting();
	printf("%s,%zu,%s,%.2f,%u,%.2f,%u\n", name, n, impl->name,
	       (double)counts.nodes / counts.ops, counts.most_nodes,
	       (double)counts.lines / counts.ops, counts.most_lines);
	fflush(stdout);
	impl->destroy(state);
	free(places);
}

static void growth(size_t largest)
{
	static const size_t sizes[] = { 100, 1000, 10000, 100000, 1000000 };
	size_t w, i, k;

	puts("workload,n,impl,nodes,most_nodes,lines,most_lines");
	for (w = 0; w < sizeof(workloads) / sizeof(*workloads); w++)
		for (i = 0; i < sizeof(sizes) / sizeof(*sizes) &&
		     sizes[i] <= largest; i++)
			for (k = 0; k < 2; k++) {
				if (!k)
					fprintf(stderr, "%s %zu\n",
						workloads[w].name, sizes[i]);
				grow(workloads[w].name, workloads[w].impls[k],
				     sizes[i]);
			}
}

/* The worst of all operations */

#define WORST_NODES	10000
#define WORST_DOMAIN	(WORST_NODES * 64 * BENCH_PAGE)

enum worst_op {
	OP_FIRST, OP_LAST, OP_BEST, OP_EXACT, OP_BOUNDED, OP_MOVE, OP_FREE,
	OP_FIND, NR_OPS,
};

static const char *const op_names[NR_OPS] = {
	"first fit", "last fit", "best fit", "exact", "bounded first fit",
	"move", "free", "lookup",
};

struct worst {
	uint64_t	times;
	uint64_t	sum;
	uint64_t	number;	/* number of the operation */
	uint32_t	nodes;
	uint32_t	lines;
	size_t		live;
	uint64_t	size;
	int		result;
	size_t		gaps;
	unsigned int	height;
};

static struct vmr_space space;
static struct vmr_range *ranges;
static struct worst worst[NR_OPS];

/* Return: what the operation returned */
static int one_op(enum worst_op op, struct vmr_range *range, uint64_t size,
		  uint64_t *rng)
{
	struct vmr_request req = VMR_REQUEST(size, size);
	uint64_t at = bench_rng(rng) % WORST_DOMAIN & ~(size - 1);

	switch (op) {
	case OP_BOUNDED:
		req.min = at;
		req.max = at + WORST_DOMAIN / 16;
		break;
	case OP_LAST:
		req.policy = VMR_LAST;
		break;
	case OP_BEST:
		req.policy = VMR_BEST;
		break;
	case OP_EXACT:
		req.policy = VMR_EXACT;
		req.addr = at;
		break;
	case OP_MOVE:
		return vmr_move(&space, range, at, NULL);
	case OP_FREE:
		return vmr_free(&space, range);
	case OP_FIND:
		return !vmr_find(&space, at);
	default:
		break;
	}
	return vmr_alloc(&space, range, &req, NULL);
}

/* The number of nodes on the longest path from the root */
static unsigned int height(void)
{
	unsigned int most = 0, deep;
	const struct vmr_range *range;
	const struct vmr_node *at;

	vmr_for_each_range(range, &space) {
		deep = 0;
		for (at = &range->node; at;
		     at = (const struct vmr_node *)(at->link & ~3UL))
			deep++;
		if (deep > most)
			most = deep;
	}
	return most;
}

static size_t count_gaps(void)
{
	struct vmr_gap gap;
	size_t nr = 0;
	bool more;

	for (more = vmr_first_gap(&space, &gap); more;
	     more = vmr_next_gap(&space, &gap))
		nr++;
	return nr;
}

static void note(enum worst_op op, uint64_t number, size_t live, uint64_t size,
		 int result)
{
	struct worst *w = &worst[op];

	w->times++;
	w->sum += nodes;
	if (nodes <= w->nodes)
		return;
	*w = (struct worst) {
		.times = w->times, .sum = w->sum, .number = number,
		.nodes = nodes, .lines = lines, .live = live, .size = size,
		.result = result,
	};
	/* A new maximum is rare: this code may be slow. */
	w->gaps = count_gaps();
	w->height = height();
}

/*
 * Grow until the space is nearly full, shrink until it is nearly empty, and repeat.
 * Sizes are 1 to 16 pages.
 */
static void search_worst(uint64_t ops)
{
	uint64_t rng = BENCH_SEED, size, k;
	enum worst_op op;
	struct worst *w;
	uint32_t i;
	int ret;
	bool more;

	ranges = aligned_alloc(LINE, WORST_NODES * sizeof(*ranges));
	if (!ranges)
		bench_fail("no memory");
	memset(ranges, 0, WORST_NODES * sizeof(*ranges));
	bench_memory(ranges, WORST_NODES * sizeof(*ranges), sizeof(*ranges));
	vmr_space_init(&space, 0, WORST_DOMAIN - 1);
	for (k = 0; k < ops; k++) {
		if (!(k % (ops / 10 + 1)))
			fprintf(stderr, "%u%% ", (unsigned int)(k * 100 / ops));
		i = bench_below(&rng, WORST_NODES);
		size = BENCH_PAGE << bench_below(&rng, 5);
		op = (enum worst_op)bench_below(&rng, OP_MOVE);
		more = k % (4 * WORST_NODES) < 3 * WORST_NODES;
		if (vmr_range_state(&ranges[i]) == VMR_LIVE)
			op = !more || bench_rng(&rng) & 1 ? OP_FREE : OP_MOVE;
		else if (!more)
			op = OP_FIND;
		if (op == OP_MOVE)
			size = ranges[i].last - ranges[i].start + 1;
		bench_op();
		ret = one_op(op, &ranges[i], size, &rng);
		note(op, k, space.nr_ranges, size, ret);
	}
	fputs("done\n", stderr);
	printf("of %llu operations on up to %u ranges, sizes from 1 to 16 pages:\n\n"
	       "%-18s %9s %6s %6s %6s  %s\n", (unsigned long long)ops,
	       WORST_NODES, "operation", "times", "mean", "most", "lines",
	       "operation and state after it");
	for (op = 0; op < NR_OPS; op++) {
		w = &worst[op];
		printf("%-18s %9llu %6.1f %6u %6u  number %llu, %llu pages, ",
		       op_names[op], (unsigned long long)w->times,
		       (double)w->sum / w->times, w->nodes, w->lines,
		       (unsigned long long)w->number,
		       (unsigned long long)(w->size / BENCH_PAGE));
		printf("returned %d; %zu ranges, %zu gaps, height %u\n",
		       w->result, w->live, w->gaps, w->height);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "growth")) {
		growth(argc > 2 ? strtoull(argv[2], NULL, 0) : 1000000);
	} else if (argc > 1 && !strcmp(argv[1], "worst")) {
		search_worst(argc > 2 ? strtoull(argv[2], NULL, 0) : 10000000);
	} else {
		fprintf(stderr, "usage: %s growth [LARGEST] | worst [OPS]\n", argv[0]);
		return 2;
	}
	return 0;
}
