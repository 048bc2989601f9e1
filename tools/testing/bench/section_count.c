// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * section_count.c - the longest write section of each update-side call
 *
 *	section_count [CALLS]	random calls on devices at the root and behind a bus, and
 *				on PCI functions
 *
 * The library is compiled again with the calls of the address sanitizer, which this
 * program defines. It counts visits of nodes inside of write sections: an access to a
 * node that is not among the 2 log2 n nodes of the visits before, as many as the
 * longest path of a tree has. A node is a device with its region, or a PCI function.
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
#define PATH		24	/* 2 log2 NODES */
#define FUNCTIONS	400
#define AT_HOST		200	/* the last ones are behind the bridge */
#define FUNCTION_AT	0x80000000u
#define BRIDGE_AT	0xc0000000u

struct item {
	struct vmr_region	region;
	struct vmr_device	dev;
};

enum call {
	REGISTER, UNREGISTER, PROGRAM, MOVE, PARK, UNMAP, BULK, WINDOW_PROGRAM,
	WINDOW_UNMAP, COMMIT_ADD, COMMIT_REMOVE, COMMIT_REPLACE, ABORT,
	FREE_RESOURCES, UPDATE_RESOURCE, UNRESERVE, PCI_PLUG, PCI_UNPLUG, PCI_BAR,
	PCI_COMMAND, PCI_WINDOW, PCI_RESET, PCI_BUS_RESET, PCI_HOST_RESET, NR_CALLS,
};

static const char *const names[NR_CALLS] = {
	"register", "unregister", "region_program", "region_move", "region_park",
	"region_unmap", "region_move_bulk", "window_program", "window_unmap",
	"commit, additions", "commit, removals", "commit, both", "abort",
	"free_resources", "update_resource", "unreserve", "pci_plug", "pci_unplug",
	"BAR write", "command write", "window write", "function_reset", "bus_reset",
	"host_reset",
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

static struct vmr_pci_host host;
static struct vmr_pci_bridge pci_bridge;
static struct vmr_pci_function *functions;
static struct vmr_range granted[MOST];
static struct vmr_resource resources[MOST];
static struct vmr_resource_set set;
static struct vmr_region reserved;

static bool counting;
static uint64_t visits, most;
static size_t last_nodes[PATH], turn;

/* The port */

unsigned long vmr_port_write_begin(void)
{
	counting = true;
	visits = 0;
	memset(last_nodes, 0xff, sizeof(last_nodes));
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
	fprintf(stderr, "%s\n", what);
	abort();
}

/* Called by compiled code */

static void touched(uintptr_t addr)
{
	size_t i, n;

	if (!counting)
		return;
	if (addr - (uintptr_t)items < NODES * sizeof(*items))
		n = (addr - (uintptr_t)items) / sizeof(*items);
	else if (addr - (uintptr_t)functions < FUNCTIONS * sizeof(*functions))
		n = NODES + (addr - (uintptr_t)functions) / sizeof(*functions);
	else
		return;
	for (i = 0; i < PATH; i++)
		if (last_nodes[i] == n)
			return;
	last_nodes[turn++ % PATH] = n;
	visits++;
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
		.pci_last = 0xffff,
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

static void reg_write(struct vmr_pci_function *fn, uint32_t offset,
		      uint32_t value, uint32_t width)
{
	const uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24),
	};

	vmr_pci_config_write(fn, offset, bytes, width);
}

static void window_write(uint32_t start)
{
	reg_write(&pci_bridge.fn, 0x20, start >> 16 | 0xcff00000, 4);
}

static int plug(size_t i)
{
	return i < AT_HOST ?
		       vmr_pci_host_plug(&host, &functions[i], 8 + (uint32_t)i) :
		       vmr_pci_bridge_plug(&pci_bridge, &functions[i],
					   (uint32_t)i - AT_HOST);
}

/* Few places, so that many functions wait for one */
static uint32_t bar_place(size_t i, size_t which)
{
	return (i < AT_HOST ? FUNCTION_AT : BRIDGE_AT) +
	       0x1000 * (uint32_t)which;
}

static void functions_program(void)
{
	size_t i;

	reg_write(&pci_bridge.fn, 0x18, 1 << 8 | 1 << 16, 4);
	window_write(BRIDGE_AT);
	reg_write(&pci_bridge.fn, 0x04, 2, 2);
	for (i = 0; i < FUNCTIONS; i++) {
		reg_write(&functions[i], 0x10, bar_place(i, i % AT_HOST), 4);
		reg_write(&functions[i], 0x04, 2, 2);
	}
}

static void functions_up(void)
{
	const struct vmr_pci_host_config config = {
		.bus_last = 255, .name = "host",
	};
	const struct vmr_pci_ids ids = { .vendor = 0x1af4, .device = 0x1041 };
	const struct vmr_pci_ids bridge_ids = {
		.vendor = 0x1b36, .device = 1, .class_code = 0x060400,
	};
	size_t i;

	must(vmr_pci_host_register(&manager, &host, &config), "host");
	must(vmr_pci_bridge_init(&pci_bridge, &manager, &bridge_ids, &ops,
				 "bridge"), "PCI bridge");
	must(vmr_pci_host_plug(&host, &pci_bridge.fn, 0), "PCI bridge");
	for (i = 0; i < FUNCTIONS; i++) {
		must(vmr_pci_function_init(&functions[i], &ids, &ops, "function"),
		     "function");
		must(vmr_pci_add_bar(&functions[i], 0, VMR_PCI_BAR_MEM32, false,
				     0x1000, "bar"), "BAR");
		must(plug(i), "plug");
	}
	functions_program();
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

static size_t claims_in(const struct vmr_space *space, uint64_t start,
			uint64_t last)
{
	const struct vmr_range *claim;
	size_t t = 0;

	for (claim = vmr_first_claim(space, start, last); claim;
	     claim = vmr_next_claim(claim, start, last))
		t += vmr_range_state(claim) == VMR_CLAIMED;
	return t;
}

static size_t claims_for(size_t i)
{
	const struct vmr_range *range = &items[i].region.range;

	return vmr_range_state(range) == VMR_LIVE ?
		       claims_in(space_of(i), range->start, range->last) : 0;
}

/* The claims for the places of BARs; a bus reset frees these one after the other */
static size_t claims_for_functions(size_t first, size_t nr)
{
	const struct vmr_region *bar;
	size_t i, t, max = 0;

	for (i = first; i < first + nr; i++) {
		bar = &functions[i].bars[0].region;
		if (vmr_range_state(&bar->range) != VMR_LIVE)
			continue;
		t = claims_in(vmr_region_space(&manager, bar), bar->range.start,
			      bar->range.last);
		max = t > max ? t : max;
	}
	return max;
}

/* Places that no device holds, but for which claims may wait */
static void grant(struct vmr_constraint *want, size_t nr)
{
	size_t i;

	memset(granted, 0, sizeof(granted));
	for (i = 0; i < nr; i++)
		vmr_constraint_init_bounded(&want[i], VMR_KIND_MMIO, STRIDE,
					    STRIDE, BASE,
					    BASE + 4 * NODES * STRIDE,
					    &granted[i]);
	vmr_resource_set_init(&set, resources, MOST);
	must(vmr_system_alloc_resources(&sys, want, nr, &set, NULL, NULL),
	     "grant");
}

/* Devices at the root claim places of the set. */
static size_t claim_granted(size_t nr)
{
	size_t i, j, t = 0;

	for (i = 0; i < MOST; i++) {
		j = below(NODES - ON_BUS);
		if (vmr_range_state(&items[j].region.range) == VMR_CLAIMED)
			continue;
		vmr_region_program(&manager, &items[j].region,
				   granted[below(nr)].start);
	}
	for (i = 0; i < nr; i++)
		t += claims_in(&sys.mmio, granted[i].start, granted[i].last);
	return t;
}

static void resource_call(enum call call, size_t *k, size_t *t)
{
	struct vmr_constraint want[MOST];
	struct vmr_span span = { .name = "reserved" };

	*k = call == FREE_RESOURCES ? 1 + below(MOST) : 1;
	grant(want, *k);
	if (call == UNRESERVE) {
		vmr_system_free_resources(&sys, &set);
		span.start = granted[0].start;
		span.last = granted[0].last;
		memset(&reserved, 0, sizeof(reserved));
		must(vmr_region_reserve(&sys, &reserved, VMR_MMIO, &span, NULL),
		     "reserve");
	}
	*t = claim_granted(*k);
	most = 0;
	if (call == UPDATE_RESOURCE) {
		want[0].request.min = granted[0].last + 1;
		must(vmr_system_update_resource(&sys, &resources[0], &want[0],
						NULL), "update");
		++*k;
	}
	if (call == UNRESERVE)
		must(vmr_region_unreserve(&sys, &reserved), "unreserve");
	else if (call == FREE_RESOURCES)
		vmr_system_free_resources(&sys, &set);
	if (call == UPDATE_RESOURCE) {
		uint64_t longest_update = most;

		vmr_system_free_resources(&sys, &set);
		most = longest_update;
	}
}

static void function_call(enum call call, size_t *k, size_t *t)
{
	bool any_function = call == PCI_BUS_RESET || call == PCI_HOST_RESET;
	size_t i = below(FUNCTIONS);

	*k = call == PCI_WINDOW || call == PCI_HOST_RESET ? 3 : 1;
	*t = any_function ? claims_for_functions(0, FUNCTIONS) :
			    claims_for_functions(i, 1);
	most = 0;
	switch (call) {
	case PCI_PLUG:
		plug(i);
		break;
	case PCI_UNPLUG:
		vmr_pci_unplug(&functions[i]);
		break;
	case PCI_BAR:
		++*t;
		reg_write(&functions[i], 0x10, bar_place(i, below(16)), 4);
		break;
	case PCI_COMMAND:
		++*t;
		reg_write(&functions[i], 0x04, below(4) ? 2 : 0, 2);
		break;
	case PCI_WINDOW:
		window_write(BRIDGE_AT - 0x100000 * (uint32_t)below(3));
		break;
	case PCI_RESET:
		vmr_pci_function_reset(&functions[i], VMR_PCI_RESET_FUNCTION);
		break;
	case PCI_BUS_RESET:
		vmr_pci_bus_reset(&pci_bridge);
		break;
	default:
		vmr_pci_host_reset(&host);
	}
	if (any_function) {
		uint64_t longest_reset = most;

		functions_program();
		most = longest_reset;
	}
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
	case COMMIT_ADD:
	case COMMIT_REMOVE:
	case COMMIT_REPLACE:
	case ABORT:
		*k = 0;
		transaction(call, k, t);
		break;
	case FREE_RESOURCES:
	case UPDATE_RESOURCE:
	case UNRESERVE:
		resource_call(call, k, t);
		break;
	default:
		function_call(call, k, t);
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
		/* These reach all functions, which are then programmed again. */
		if ((call == PCI_BUS_RESET || call == PCI_HOST_RESET) && below(32))
			call = PCI_BAR;
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
	functions = calloc(FUNCTIONS, sizeof(*functions));
	if (!functions)
		return 1;
	machine_up();
	functions_up();
	search(argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000);
	printf("%u devices and %u functions, n = %u\n\nThe longest write sections:\n\n", NODES,
	       FUNCTIONS, NODES);
	for (call = 0; call < NR_CALLS; call++)
		print(names[call], &longest[call]);
	puts("\nThe most visits for each changed range and each claim:\n");
	for (call = 0; call < NR_CALLS; call++)
		print(names[call], &steepest[call]);
	return 0;
}
