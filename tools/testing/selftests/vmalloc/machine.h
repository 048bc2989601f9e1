/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * machine.h - a small machine, and devices that record the accesses to them
 *
 * The harness runs each test in a process of its own, with a new machine.
 */
#ifndef VMR_TEST_MACHINE_H
#define VMR_TEST_MACHINE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <vmalloc/vmalloc.h>

#include "verify.h"

#define NR(array)	(sizeof(array) / sizeof((array)[0]))
#define owner_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define GIB		((uint64_t)0x40000000)
#define MACHINE_LAST	(((uint64_t)1 << 46) - 1)

struct machine {
	struct vmr_system	sys;
	struct vmr_manager	manager;
	struct vmr_reader	reader;
};

static struct machine m;

/* Attach a reader with a lookup cache of its own, if few readers are in use. */
static inline int reader_attach(struct vmr_reader *reader)
{
	static struct vmr_cache_set caches[8][8];
	static unsigned int turn;
	int ret = vmr_reader_attach(&m.manager, reader);

	turn = (turn + 1) % NR(caches);
	return ret ? ret : vmr_reader_set_cache(reader, caches[turn],
						NR(caches[turn]));
}

static inline int machine_up_to(uint64_t mmio_last, uint32_t id_last)
{
	const struct vmr_system_limits limits = {
		.mmio_last = mmio_last,
		.irq_last = 63,
		.slot_last = 31,
		.pci_last = 0xff,
		.id_last = id_last,
	};
	int ret = vmr_system_init(&m.sys, &limits);

	if (!ret)
		ret = vmr_manager_init(&m.manager, &m.sys);
	if (!ret)
		ret = reader_attach(&m.reader);
	return ret;
}

/* Give an unregistered device the lowest free id, as a restore does. */
static inline int device_id_alloc(struct vmr_device *dev)
{
	uint32_t id = 0;

	while (vmr_id_is_allocated(&m.sys.device_ids, id))
		id++;
	return vmr_device_reserve_id(&m.manager, dev, id, NULL);
}

static inline int machine_up(void)
{
	return machine_up_to(MACHINE_LAST, 255);
}

/* The range of a function's address; no other may be in that domain. */
static inline struct vmr_range *function_address(struct vmr_pci_function *fn)
{
	static const struct vmr_device_ops none;
	const struct vmr_pci_ids ids = { .vendor = 0x1af4, .device = 0x1041 };

	if (!vmr_range_state(&fn->address))
		vmr_pci_function_init(fn, &ids, &none, "blocker");
	return &fn->address;
}

/* Check a space, and that a live range blocks each of its claims. */
static inline const char *verify_waiting(const struct vmr_space *space)
{
	const struct vmr_range *range;
	const char *what = verify_space(space);

	if (strcmp(what, VERIFY_OK))
		return what;
	vmr_for_each_claim(range, space)
		if (vmr_range_state(range) == VMR_CLAIMED &&
		    !vmr_find_overlap(space, range->start, range->last))
			return "claim waits although its addresses are free";
	return VERIFY_OK;
}

/* Return: VERIFY_OK, or the first error of the machine's spaces. */
static inline const char *machine_verify(void)
{
	const struct vmr_space *spaces[] = {
		&m.sys.pio, &m.sys.mmio, &m.sys.irqs.space, &m.sys.mem_slots.space,
		&m.sys.pci_bdfs.space, &m.sys.device_ids.space, &m.sys.msi_vectors.space,
	};
	const struct vmr_device *dev = NULL;
	const char *what = VERIFY_OK;
	size_t i;

	for (i = 0; i < NR(spaces) && !strcmp(what, VERIFY_OK); i++)
		what = verify_waiting(spaces[i]);
	while ((dev = vmr_next_device(&m.manager, dev))) {
		if (dev->subordinate && !strcmp(what, VERIFY_OK))
			what = verify_waiting(&dev->subordinate->pio);
		if (dev->subordinate && !strcmp(what, VERIFY_OK))
			what = verify_waiting(&dev->subordinate->mmio);
	}
	if (m.manager.notify_queue.next != &m.manager.notify_queue)
		return "notification was not delivered";
	return what;
}

#define EXPECT_SOUND() \
	EXPECT_STREQ(VERIFY_OK, machine_verify())

/*
 * The visible state as numbers: ranges with their state and age, watermarks of ids,
 * devices and readers. The shape of the trees, the sequence count and the epoch are not
 * visible to a caller and are left out.
 */
struct machine_state {
	size_t		nr;
	uint64_t	word[1 << 14];
};

static inline void machine_state_add(struct machine_state *p, uint64_t word)
{
	if (p->nr < NR(p->word))
		p->word[p->nr++] = word;
}

static inline void machine_state_range(struct machine_state *p, const struct vmr_range *r)
{
	machine_state_add(p, (uintptr_t)r);
	machine_state_add(p, r->start);
	machine_state_add(p, r->last);
	machine_state_add(p, vmr_range_state(r));
}

static inline void machine_state_space(struct machine_state *p,
				       const struct vmr_space *space)
{
	const struct vmr_range *range;

	machine_state_add(p, space->nr_ranges);
	machine_state_add(p, space->nr_claims);
	machine_state_add(p, space->last_ticket);
	machine_state_add(p, vmr_space_used(space).low);
	vmr_for_each_range(range, space)
		machine_state_range(p, range);
	vmr_for_each_claim(range, space) {
		machine_state_range(p, range);
		machine_state_add(p, range->ticket);
	}
}

static inline void machine_state_ids(struct machine_state *p, const struct vmr_id_pool *ids)
{
	machine_state_space(p, &ids->space);
	machine_state_add(p, ids->high_watermark);
}

/* Adds ranges that are in no space, and the spaces of the bus behind @dev. */
static inline void machine_state_device(struct machine_state *p,
					const struct vmr_device *dev)
{
	const struct vmr_region *region;

	machine_state_add(p, (uintptr_t)dev);
	machine_state_add(p, dev->state);
	machine_state_add(p, dev->resources.nr);
	machine_state_add(p, (uintptr_t)dev->transaction);
	for (region = dev->regions; region; region = region->next) {
		machine_state_range(p, &region->range);
		machine_state_add(p, region->size);
	}
	if (dev->subordinate) {
		machine_state_space(p, &dev->subordinate->pio);
		machine_state_space(p, &dev->subordinate->mmio);
		machine_state_add(p, dev->subordinate->nr_devices);
	}
}

static inline void machine_state_take(struct machine_state *p)
{
	const struct vmr_device *dev = NULL;
	const struct vmr_reader *reader;

	memset(p, 0, sizeof(*p));
	machine_state_space(p, &m.sys.pio);
	machine_state_space(p, &m.sys.mmio);
	machine_state_ids(p, &m.sys.irqs);
	machine_state_ids(p, &m.sys.mem_slots);
	machine_state_ids(p, &m.sys.pci_bdfs);
	machine_state_ids(p, &m.sys.device_ids);
	machine_state_ids(p, &m.sys.msi_vectors);
	machine_state_add(p, m.sys.nr_pools);
	while ((dev = vmr_next_device(&m.manager, dev)))
		machine_state_device(p, dev);
	for (reader = m.manager.readers; reader; reader = reader->next)
		machine_state_add(p, (uintptr_t)reader);
}

/* Two states to compare. All tests in one image would fill the RAM of small machines. */
struct machine_states {
	struct machine_state	before, after;
};

static inline int machine_states_equal(const struct machine_states *states)
{
	return states->after.nr < NR(states->after.word) &&
	       !memcmp(&states->before, &states->after, sizeof(states->after));
}

static struct machine_states *states_seen;	/* on the heap: the stack is too small */

static inline struct machine_states *machine_states(void)
{
	if (!states_seen)
		states_seen = calloc(1, sizeof(*states_seen));
	return states_seen;
}

static inline void machine_state_before(void)
{
	machine_state_take(&machine_states()->before);
}

static inline int same_as_before(void)
{
	machine_state_take(&machine_states()->after);
	return machine_states_equal(machine_states());
}

/* @call fails with @err and does not change the machine. */
#define REFUSED(err, call) \
	do { \
		machine_state_before(); \
		EXPECT_EQ((err), (call)) { \
			TH_LOG("%s", #call); \
		} \
		EXPECT_TRUE(same_as_before()) { \
			TH_LOG("%s failed and changed the machine", #call); \
		} \
	} while (0)

/* The last access that any device received. */
struct seen {
	unsigned int		calls;
	struct vmr_device	*dev;
	struct vmr_access	access;
	int			wrote;
	uint8_t			data[64];
};

static struct seen seen;

static inline size_t access_bytes(const struct vmr_access *access)
{
	return (size_t)access->width * access->count;
}

static inline void access_record(struct vmr_device *dev, const struct vmr_access *access,
				 int wrote)
{
	seen.calls++;
	seen.dev = dev;
	seen.access = *access;
	seen.wrote = wrote;
}

/* Reads return 0x80, 0x81, 0x82 and so on; a failed read returns all ones. */
static inline void answer(const struct vmr_access *access, void *data)
{
	uint8_t *bytes = data;
	size_t i;

	for (i = 0; i < access_bytes(access); i++)
		bytes[i] = (uint8_t)(0x80 + (i & 0x3f));
}

/*
 * Read one byte at @addr. Return: the region that received the access, NULL if the read
 * failed with -ENXIO and all ones, and &nonsense if the result is inconsistent.
 */
static struct vmr_region nonsense;

static inline struct vmr_region *responder(enum vmr_io io, uint64_t addr)
{
	uint8_t byte = 0x55;
	int ret;

	memset(&seen, 0, sizeof(seen));
	ret = vmr_read(&m.reader, io, addr, &byte, 1, 1);
	if (ret == -ENXIO && byte == 0xff && !seen.calls)
		return NULL;
	if (ret || byte != 0x80 || seen.calls != 1 ||
	    seen.access.base + seen.access.offset != addr)
		return &nonsense;
	return seen.access.region;
}

/* Accesses reach @region at both ends of [start, last] and not next to them. */
static inline int device_responds_at(const struct vmr_region *region, uint64_t start)
{
	enum vmr_io io = (enum vmr_io)region->io;
	uint64_t last = start + (region->size - 1);

	if (responder(io, start) != region || seen.access.base != start)
		return 0;
	if (responder(io, last) != region || seen.access.base != start)
		return 0;
	if (start && responder(io, start - 1) == region)
		return 0;
	return last == VMR_ADDR_MAX || responder(io, last + 1) != region;
}

#define EXPECT_ANSWERS(region, start) \
	EXPECT_TRUE(device_responds_at(region, start)) { \
		TH_LOG("%s is not mapped at %s", #region, #start); \
	}

/* A device that a test composes. */
#define PROBE_REGIONS	4
#define PROBE_WANTS	8

struct probe {
	struct vmr_device	dev;
	struct vmr_region	region[PROBE_REGIONS];
	struct vmr_range	node[PROBE_WANTS];
	struct vmr_constraint	want[PROBE_WANTS];
	struct vmr_resource	got[PROBE_WANTS];
	unsigned int		granted;	/* calls of set_resources */
	int			refuse;		/* return value of set_resources */
	void			(*on_grant)(struct probe *p);
	/* Called inside each callback. */
	void			(*inside)(struct probe *p,
					  const struct vmr_access *access);
	int			result;		/* of inside() or on_grant() */
};

static inline struct probe *probe_of(struct vmr_device *dev)
{
	return owner_of(dev, struct probe, dev);
}

static inline void probe_read(struct vmr_device *dev,
			      const struct vmr_access *access, void *data)
{
	access_record(dev, access, 0);
	if (probe_of(dev)->inside)
		probe_of(dev)->inside(probe_of(dev), access);
	answer(access, data);
}

static inline void probe_write(struct vmr_device *dev,
			       const struct vmr_access *access,
			       const void *data)
{
	access_record(dev, access, 1);
	if (access_bytes(access) <= sizeof(seen.data))
		memcpy(seen.data, data, access_bytes(access));
	if (probe_of(dev)->inside)
		probe_of(dev)->inside(probe_of(dev), access);
}

static inline int probe_set_resources(struct vmr_device *dev,
				      const struct vmr_resource_set *set)
{
	struct probe *p = probe_of(dev);

	(void)set;
	p->granted++;
	if (p->on_grant)
		p->on_grant(p);
	return p->refuse;
}

static const struct vmr_device_ops probe_ops = {
	.read = probe_read,
	.write = probe_write,
	.set_resources = probe_set_resources,
};

static inline void probe_init(struct probe *p, const char *name)
{
	memset(p, 0, sizeof(*p));
	p->dev.ops = &probe_ops;
	p->dev.name = name;
	p->dev.constraints = p->want;
	vmr_resource_set_init(&p->dev.resources, p->got, PROBE_WANTS);
}

/* Return: the next constraint of the probe, not yet initialised. */
static inline struct vmr_constraint *probe_want(struct probe *p)
{
	return &p->want[p->dev.nr_constraints++];
}

static inline int probe_region(struct probe *p, unsigned int index,
			       enum vmr_io io, enum vmr_region_type type,
			       uint64_t size)
{
	vmr_region_init(&p->region[index], io, type, size, index, "region");
	return vmr_device_add_region(&p->dev, &p->region[index]);
}

static inline uint32_t kind_of(const struct vmr_region *region)
{
	return region->io == VMR_PIO ? VMR_KIND_PIO : VMR_KIND_MMIO;
}

/* A trapped region with a fixed constraint. */
static inline int probe_region_at(struct probe *p, unsigned int index,
				  enum vmr_io io, uint64_t start, uint64_t size)
{
	int ret = probe_region(p, index, io, VMR_REGION_TRAPPED, size);

	if (!ret)
		vmr_constraint_init_fixed(probe_want(p), kind_of(&p->region[index]),
					  start, size, &p->region[index].range);
	return ret;
}

/* A device with one region, registered and live at @start. */
static inline int probe_up(struct probe *p, const char *name, enum vmr_io io,
			   uint64_t start, uint64_t size)
{
	int ret;

	probe_init(p, name);
	ret = probe_region_at(p, 0, io, start, size);
	return ret ? ret : vmr_device_register(&m.manager, &p->dev, NULL, NULL);
}

/* A registered device with one unmapped region. */
static inline int probe_up_unmapped(struct probe *p, const char *name,
				    enum vmr_io io, uint64_t size)
{
	int ret;

	probe_init(p, name);
	ret = probe_region(p, 0, io, VMR_REGION_TRAPPED, size);
	return ret ? ret : vmr_device_register(&m.manager, &p->dev, NULL, NULL);
}

/* A memory region with an MSI-X table at 0x3000 and its pending bits at 0x4000. */
static inline int memory_with_subregions_up(struct probe *p, struct vmr_region part[2],
					    uint64_t start)
{
	int ret;

	memset(part, 0, 2 * sizeof(*part));
	probe_init(p, "msix");
	ret = probe_region(p, 0, VMR_MMIO, VMR_REGION_MEMORY, 0x8000);
	if (ret)
		return ret;
	vmr_region_init(&part[0], VMR_MMIO, VMR_REGION_TRAPPED, 0x800, 10,
			"table");
	part[0].offset = 0x3000;
	vmr_region_init(&part[1], VMR_MMIO, VMR_REGION_TRAPPED, 8, 11, "bits");
	part[1].offset = 0x4000;
	ret = vmr_region_add_subregion(&p->region[0], &part[0]);
	if (!ret)
		ret = vmr_region_add_subregion(&p->region[0], &part[1]);
	vmr_constraint_init_fixed(probe_want(p), VMR_KIND_MMIO, start, 0x8000,
				  &p->region[0].range);
	return ret ? ret : vmr_device_register(&m.manager, &p->dev, NULL, NULL);
}

/* A holder at 0x1000 and claims of its addresses, the first being the oldest. */
static inline int claims_up(struct probe *holder, struct probe *c, size_t nr)
{
	int ret = probe_up(holder, "holder", VMR_MMIO, 0x1000, 0x1000);
	size_t i;

	for (i = 0; i < nr && !ret; i++) {
		ret = probe_up_unmapped(&c[i], "claim", VMR_MMIO, 0x1000);
		if (!ret)
			ret = vmr_region_program(&m.manager, &c[i].region[0],
						 0x1000);
	}
	return ret;
}

static inline enum vmr_state state_of(const struct vmr_region *region)
{
	return vmr_range_state(&region->range);
}

/* The notifications of a listener, in order. */
#define DIARY_MAX	64

struct entry {
	struct vmr_region	*region;
	struct vmr_mapping	old;
	struct vmr_mapping	new_;
	struct vmr_region	*old_answer;	/* responder at the old mapping during the call */
	struct vmr_region	*new_answer;	/* responder at the new mapping */
};

struct event_log {
	struct vmr_listener	listener;
	unsigned int		nr;
	struct entry		entry[DIARY_MAX];
	/* Called inside each notification, after it is recorded. */
	void			(*inside)(struct event_log *d,
					  struct vmr_region *region);
};

static inline void log_event(struct vmr_listener *listener,
			     struct vmr_region *region,
			      const struct vmr_mapping *old,
			      const struct vmr_mapping *new_)
{
	struct event_log *d = owner_of(listener, struct event_log, listener);
	enum vmr_io io = (enum vmr_io)region->io;
	struct seen keep = seen;

	if (d->nr < DIARY_MAX) {
		struct entry *e = &d->entry[d->nr];

		e->region = region;
		e->old = *old;
		e->new_ = *new_;
		e->old_answer = old->mapped ? responder(io, old->start) : NULL;
		e->new_answer = new_->mapped ? responder(io, new_->start) : NULL;
	}
	d->nr++;
	seen = keep;
	if (d->inside)
		d->inside(d, region);
}

static inline int diary_start(struct event_log *d)
{
	memset(d, 0, sizeof(*d));
	d->listener.region_changed = log_event;
	return vmr_listener_register(&m.manager, &d->listener);
}

/* Stands for an unmapped region. */
#define NOWHERE		VMR_ADDR_MAX

static inline int mapping_equals(const struct vmr_region *region,
				 const struct vmr_mapping *mapping, uint64_t start)
{
	if (start == NOWHERE)
		return !mapping->mapped;
	return mapping->mapped && mapping->start == start &&
	       mapping->last == start + (region->size - 1);
}

/* The entry reports that @region moved from @from to @to, and dispatch agreed. */
static inline int event_equals(const struct event_log *d, unsigned int index,
			       const struct vmr_region *region, uint64_t from,
		       uint64_t to)
{
	const struct entry *e = &d->entry[index];

	return index < d->nr && index < DIARY_MAX && e->region == region &&
	       mapping_equals(region, &e->old, from) &&
	       mapping_equals(region, &e->new_, to) &&
	       (to == NOWHERE || e->new_answer == region) &&
	       (from == NOWHERE || from == to || e->old_answer != region);
}

#define EXPECT_SAYS(event_log, index, region, from, to) \
	EXPECT_TRUE(event_equals(event_log, index, region, from, to)) { \
		TH_LOG("notification %u of %u is not %s from %s to %s", index, \
		       (event_log)->nr, #region, #from, #to); \
	}

/* For a listener that only has to be there */
static inline void ignore_change(struct vmr_listener *listener,
				 struct vmr_region *region,
				 const struct vmr_mapping *old,
				 const struct vmr_mapping *new)
{
	(void)listener;
	(void)region;
	(void)old;
	(void)new;
}

#endif /* VMR_TEST_MACHINE_H */
