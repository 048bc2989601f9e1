// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * section_count.c - the longest write section of each update-side call
 *
 *	section_count [CALLS]	random calls on devices at the root and behind a bus
 *
 * The library is compiled again with the calls of the address sanitizer, which this
 * program defines. It counts visits of nodes inside of write sections: an access to
 * another node than the access before is a visit. A node is a device with its region.
 * For each call the program prints the longest section and the state that caused it:
 * k ranges changed, t claims waited for what became free.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vmalloc/vmalloc.h>

#include "access_count.h"

#define NODES		4000
#define ON_BUS		500	/* the last ones are behind the bus */
#define BASE		0x100000000ULL
#define WINDOW		0x4000000000ULL
#define STRIDE		0x10000ULL
#define MOST		64	/* devices or moves in one call */

struct item {
	struct vmr_region	region;
	struct vmr_device	dev;
};

enum call {
	REGISTER, UNREGISTER, PROGRAM, MOVE, PARK, UNMAP, BULK, WINDOW_PROGRAM,
	WINDOW_UNMAP, COMMIT_ADD, COMMIT_REMOVE, COMMIT_REPLACE, ABORT, NR_CALLS,
};

static const char *const names[NR_CALLS] = {
	"register", "unregister", "region_program", "region_move", "region_park",
	"region_unmap", "region_move_bulk", "window_program", "window_unmap",
	"commit, additions", "commit, removals", "commit, both", "abort",
};

struct worst {
	uint64_t	times;
	uint64_t	number;
	uint64_t	visits;
	double		ratio;		/* visits / ((k + t) log2 n) */
	size_t		k;
	size_t		t;
	size_t		live;
	size_t		claims;
};

static struct vmr_system sys;
static struct vmr_manager manager;
static struct item *items;
static struct vmr_bus bus;
static struct vmr_device bridge;
static struct vmr_region window;
static struct worst longest[NR_CALLS], steepest[NR_CALLS];

static bool counting;
static uint64_t visits, most;
static size_t at = -1;

/* The port */

unsigned long vmr_port_write_begin(void)
{
	counting = true;
	visits = 0;
	at = -1;
	return 0;
}

void vmr_port_write_end(unsigned long state)
{
	(void)state;
	counting = false;
	if (visits > most)
		most = visits;
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

void vmr_port_assert_failed(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

/* Called by compiled code */

static void touched(uintptr_t addr)
{
	size_t i;

	if (!counting || addr - (uintptr_t)items >= NODES * sizeof(*items))
		return;
	i = (addr - (uintptr_t)items) / sizeof(*items);
	visits += i != at;
	at = i;
}

#define TOUCH(size) \
	void __asan_load##size##_noabort(uintptr_t addr) \
	{ \
		touched(addr); \
	} \
	void __asan_store##size##_noabort(uintptr_t addr) \
	{ \
		touched(addr); \
	}

TOUCH(1)
TOUCH(2)
TOUCH(4)
TOUCH(8)
TOUCH(16)

void __asan_loadN_noabort(uintptr_t addr, size_t size)
{
	(void)size;
	touched(addr);
}

void __asan_storeN_noabort(uintptr_t addr, size_t size)
{
	(void)size;
	touched(addr);
}

void __asan_handle_no_return(void)
{
}

/* The machine */

static uint64_t rng = 88172645463325252ULL;

static size_t below(size_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (size_t)(rng >> 11) % n;
}

static void item_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	(void)dev;
	memset(data, 0, access->width);
}

static const struct vmr_device_ops ops = { .read = item_read };

static void must(int ret, const char *what)
{
	if (ret) {
		fprintf(stderr, "%s: %d\n", what, ret);
		exit(1);
	}
}

static void machine_up(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = (1ULL << 46) - 1, .id_last = 2 * NODES,
	};
	size_t i;

	must(vmr_system_init(&sys, &limits), "system");
	must(vmr_manager_init(&manager, &sys), "manager");
	bridge.ops = &ops;
	must(vmr_bus_init(&bus, &manager, &bridge), "bus");
	vmr_region_init(&window, VMR_MMIO, VMR_REGION_WINDOW, 0x1000, 0,
			"window");
	must(vmr_device_add_region(&bridge, &window), "window");
	must(vmr_device_register(&manager, &bridge, NULL, NULL), "bridge");
	for (i = 0; i < NODES; i++) {
		items[i].dev.ops = &ops;
		items[i].dev.parent_bus = i < NODES - ON_BUS ? NULL : &bus;
		vmr_region_init(&items[i].region, VMR_MMIO, VMR_REGION_TRAPPED,
				0x1000 << below(5), 0, "item");
		must(vmr_device_add_region(&items[i].dev, &items[i].region),
		     "region");
	}
}

static struct vmr_space *space_of(size_t i)
{
	return i < NODES - ON_BUS ? &sys.mmio : &bus.mmio;
}

/* Few places are wanted by many. */
static uint64_t place(size_t i)
{
	uint64_t base = i < NODES - ON_BUS ? BASE : WINDOW;

	return base + STRIDE * below(below(4) ? NODES : 1 + below(20));
}

static bool growing;

/* One in two is one of few, unless the machine grows. */
static size_t any(void)
{
	return growing || below(2) ? below(NODES) : below(64);
}

static size_t claims_for(size_t i)
{
	const struct vmr_range *range = &items[i].region.range, *claim;
	size_t t = 0;

	if (vmr_range_state(range) != VMR_LIVE)
		return 0;
	for (claim = vmr_first_claim(space_of(i), range->start, range->last);
	     claim; claim = vmr_next_claim(claim, range->start, range->last))
		t += vmr_range_state(claim) == VMR_CLAIMED;
	return t;
}

static void bulk(size_t *k, size_t *t)
{
	struct vmr_move_op steps[MOST];
	size_t i, n;

	memset(steps, 0, sizeof(steps));
	*k = 1 + below(MOST);
	for (n = 0; n < *k; n++) {
		i = any();
		*t += claims_for(i);
		steps[n].range = &items[i].region.range;
		steps[n].start = (i < NODES - ON_BUS ? BASE : WINDOW) +
				 STRIDE * (2 * NODES + below(8 * NODES));
	}
	vmr_region_move_bulk(&manager, steps, *k, NULL, NULL);
}

static void transaction(enum call call, size_t *k, size_t *t)
{
	struct vmr_transaction change;
	size_t nr = 1 + below(MOST), i;

	must(vmr_transaction_begin(&manager, &change), "begin");
	while (nr--) {
		i = any();
		if (call == COMMIT_REMOVE || (call == COMMIT_REPLACE && nr & 1)) {
			if (vmr_transaction_remove(&change, &items[i].dev))
				continue;
			*t += claims_for(i);
		} else if (vmr_transaction_add(&change, &items[i].dev, NULL,
					       NULL)) {
			continue;
		}
		++*k;
	}
	most = 0;
	must(call == ABORT ? vmr_transaction_abort(&change) :
			     vmr_transaction_commit(&change), "end");
}

static void one_call(enum call call, size_t *k, size_t *t)
{
	size_t i = any();

	*k = 1;
	*t = call < BULK ? claims_for(i) : 0;
	switch (call) {
	case REGISTER:
		vmr_device_register(&manager, &items[i].dev, NULL, NULL);
		break;
	case UNREGISTER:
		vmr_device_unregister(&manager, &items[i].dev);
		break;
	case PROGRAM:
		++*t;		/* its own claim */
		vmr_region_program(&manager, &items[i].region, place(i));
		break;
	case MOVE:
		vmr_region_move(&manager, &items[i].region, place(i), NULL);
		break;
	case PARK:
		vmr_region_park(&manager, &items[i].region, place(i));
		break;
	case UNMAP:
		vmr_region_unmap(&manager, &items[i].region);
		break;
	case BULK:
		bulk(k, t);
		break;
	case WINDOW_PROGRAM:
		++*t;
		vmr_window_program(&manager, &window,
				   WINDOW + STRIDE * below(NODES),
				   WINDOW + STRIDE * 2 * NODES - 1);
		break;
	case WINDOW_UNMAP:
		vmr_region_unmap(&manager, &window);
		break;
	default:
		*k = 0;
		transaction(call, k, t);
	}
}

static void note(struct worst *w, uint64_t number, size_t k, size_t t,
		 double ratio)
{
	w->number = number;
	w->visits = most;
	w->ratio = ratio;
	w->k = k;
	w->t = t;
	w->live = sys.mmio.nr_ranges + bus.mmio.nr_ranges;
	w->claims = sys.mmio.nr_claims + bus.mmio.nr_claims;
}

static void search(uint64_t calls)
{
	double ratio, log_n = log2(NODES);
	uint64_t number;
	enum call call;
	size_t k, t;

	for (number = 0; number < calls; number++) {
		if (!(number % (calls / 10 + 1)))
			fprintf(stderr, "%u%% ",
				(unsigned int)(number * 100 / calls));
		/* The machine grows in turn, until almost all devices are live. */
		call = (enum call)below(NR_CALLS);
		growing = number % 60000 < 40000 && below(50);
		if (growing)
			call = below(2) ? REGISTER : MOVE;
		most = 0;
		one_call(call, &k, &t);
		ratio = (double)most / ((double)(k + t ? k + t : 1) * log_n);
		longest[call].times++;
		if (most > longest[call].visits)
			note(&longest[call], number, k, t, ratio);
		if (ratio > steepest[call].ratio)
			note(&steepest[call], number, k, t, ratio);
	}
	fputs("done\n", stderr);
}

static void print(const char *name, const struct worst *w)
{
	printf("%-18s %7llu visits, %5.2f (k + t) log n; k %zu, t %zu; ", name,
	       (unsigned long long)w->visits, w->ratio, w->k, w->t);
	printf("call %llu, %zu live, %zu claims\n",
	       (unsigned long long)w->number, w->live, w->claims);
}

int main(int argc, char **argv)
{
	enum call call;

	items = aligned_alloc(64, NODES * sizeof(*items));
	if (!items)
		return 1;
	memset(items, 0, NODES * sizeof(*items));
	machine_up();
	search(argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000);
	printf("%u devices, n = %u\n\nThe longest write sections:\n\n", NODES,
	       NODES);
	for (call = 0; call < NR_CALLS; call++)
		print(names[call], &longest[call]);
	puts("\nThe most visits for each changed range and each claim:\n");
	for (call = 0; call < NR_CALLS; call++)
		print(names[call], &steepest[call]);
	return 0;
}
