// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_kvm_fault_injection.c - each system call of libvmalloc-kvm fails
 *
 * Each operation is repeated on a new machine: each of its calls fails alone, all calls
 * from each one on fail, and each set of the first calls fails. The fake KVM is a model of
 * what KVM has. After each run it is compared with what the library has recorded, and
 * page by page with the map of the machine. Where /dev/kvm can be used, the calls go
 * there too, and KVM has to agree with the model.
 */
#include "../kselftest_harness.h"
#include "fake_kvm.h"
#include "requires.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_VECTORS	3
#define MAX_PARTS	4
#define BIG		((uint64_t)0x20000)
#define SMALL		((uint64_t)0x4000)
#define SET_BITS	10

/* A descriptor that the kernel never gives out */
#define MODEL_FD	0x7fffffff

struct card {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_region	part[MAX_PARTS];
	struct vmr_kvm_memory	memory;
	struct vmr_kvm_slot	slot[MAX_PARTS];
};

static struct world {
	struct card			card[2];
	struct vmr_kvm_ioeventfd	event[2];
	struct vmr_kvm_vector		vector[NR_VECTORS];
	struct vmr_kvm_line		line;
} w;

static uint8_t host[2][0x20000] __attribute__((__aligned__(0x10000)));

/* The descriptor of a virtual machine of KVM beside the model, or -1 */
static int real = -1;
static unsigned int differs;

static int model(unsigned long request, const void *argument)
{
	switch (request) {
	case KVM_SET_USER_MEMORY_REGION:
		return fake_set_memory(&kvm, argument);
	case KVM_IOEVENTFD:
		return fake_ioeventfd(&kvm, argument);
	case KVM_SET_GSI_ROUTING:
		return fake_set_routing(&kvm, argument);
	case KVM_IRQFD:
		return fake_irqfd(&kvm, argument);
	default:
		return -ENOTTY;
	}
}

/* Instead of the C library's function: the model decides, and KVM has to agree. */
int ioctl(int fd, unsigned long request, ...)
{
	unsigned int injected = fake.injected;
	void *argument;
	va_list args;
	bool refused;
	int ret;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (fd != MODEL_FD)
		return (int)syscall(SYS_ioctl, fd, request, argument);
	ret = model(request, argument);
	if (real >= 0 && injected == fake.injected) {
		refused = syscall(SYS_ioctl, real, request, argument) < 0;
		if (refused != !!ret)
			differs++;
	}
	if (!ret)
		return 0;
	errno = -ret;
	return -1;
}

static int card_up(struct card *c, uint64_t start, uint64_t size, void *memory)
{
	static const struct vmr_device_ops none;
	int ret;

	c->dev.ops = &none;
	c->dev.name = "card";
	if (!c->region.size)
		vmr_region_init(&c->region, VMR_MMIO, VMR_REGION_MEMORY, size, 0,
				"bar");
	c->memory = (struct vmr_kvm_memory){
		.region = &c->region, .host = memory, .slots = c->slot,
		.max_slots = MAX_PARTS,
	};
	ret = vmr_device_add_region(&c->dev, &c->region);
	if (!ret)
		ret = vmr_device_register(&m.manager, &c->dev, NULL, NULL);
	return ret ? ret : vmr_region_move(&m.manager, &c->region, start, NULL);
}

/* A card of three slots, with two trapped pages between them */
static int big_card_up(struct card *c)
{
	unsigned int i;
	int ret = 0;

	vmr_region_init(&c->region, VMR_MMIO, VMR_REGION_MEMORY, BIG, 0, "bar");
	for (i = 0; i < 2 && !ret; i++) {
		vmr_region_init(&c->part[i], VMR_MMIO, VMR_REGION_TRAPPED,
				PAGE, i, "registers");
		c->part[i].offset = 0x4000 + 0x8000 * (uint64_t)i;
		ret = vmr_region_add_subregion(&c->region, &c->part[i]);
	}
	return ret ? ret : card_up(c, 0x100000, BIG, host[0]);
}

static struct vmr_kvm_ops ops;

/* Two cards; KVM has nothing of them yet. */
static int world_up(void)
{
	unsigned int i;
	int ret;

	memset(&m, 0, sizeof(m));
	memset(&kvm, 0, sizeof(kvm));
	memset(&w, 0, sizeof(w));
	ops = vmr_kvm_ioctl_ops;
	ops.failed = fake_failed;
	ret = kvm_up();
	kvm.ops = &ops;
	kvm.vm_fd = MODEL_FD;
	if (!ret)
		ret = big_card_up(&w.card[0]);
	if (!ret)
		ret = card_up(&w.card[1], 0x200000, SMALL, host[1]);
	for (i = 0; i < 2; i++)
		w.event[i] = (struct vmr_kvm_ioeventfd){
			.region = &w.card[0].region, .offset = 0x4000 + 8 * i,
			.width = 4, .fd = 90 + (int)i,
		};
	for (i = 0; i < NR_VECTORS; i++)
		w.vector[i].fd = 100 + (int)i;
	w.line.fd = 110;
	w.line.resample_fd = 111;
	return ret;
}

/* Each step of bringing something up or taking it away may run again behind a failure. */
static int again(int ret, int done)
{
	return ret == done ? 0 : ret;
}

static int add_memories(void)
{
	int ret = again(vmr_kvm_add_memory(&kvm, &w.card[0].memory), -EEXIST);

	return ret ? ret : again(vmr_kvm_add_memory(&kvm, &w.card[1].memory),
				 -EEXIST);
}

static int add_events(void)
{
	int ret = again(vmr_kvm_add_ioeventfd(&kvm, &w.event[0]), -EEXIST);

	return ret ? ret : again(vmr_kvm_add_ioeventfd(&kvm, &w.event[1]),
				 -EEXIST);
}

static int set_vectors(void)
{
	struct vmr_kvm_message message = { .address = 0xfee00000 };
	int ret = 0;

	for (message.data = 0; !ret && message.data < NR_VECTORS; message.data++)
		ret = vmr_kvm_vector_set(&kvm, &w.vector[message.data],
					 24 + message.data, &message);
	return ret;
}

static int followed_up(void)
{
	int ret = add_memories();

	return ret ? ret : add_events();
}

static int unmapped_up(void)
{
	int ret = followed_up();

	return ret ? ret : vmr_region_unmap(&m.manager, &w.card[0].region);
}

static int logged_up(void)
{
	int ret = add_memories();

	return ret ? ret : vmr_kvm_set_dirty_log(&kvm, &w.card[0].memory, true);
}

static int vectors_up(void)
{
	int ret = set_vectors();

	return ret ? ret : vmr_kvm_commit(&kvm);
}

static int masked_up(void)
{
	int ret = vectors_up();

	return ret ? ret : vmr_kvm_vector_mask(&kvm, &w.vector[1], true);
}

static int line_up(void)
{
	return vmr_kvm_line_attach(&kvm, &w.line, 16);
}

static int all_up(void)
{
	int ret = followed_up();

	if (!ret)
		ret = vectors_up();
	return ret ? ret : line_up();
}

static int nothing_up(void)
{
	return 0;
}

static int add_memory(void)
{
	return vmr_kvm_add_memory(&kvm, &w.card[0].memory);
}

static int remove_memory(void)
{
	return vmr_kvm_remove_memory(&kvm, &w.card[0].memory);
}

static int log_on(void)
{
	return vmr_kvm_set_dirty_log(&kvm, &w.card[0].memory, true);
}

static int log_off(void)
{
	return vmr_kvm_set_dirty_log(&kvm, &w.card[0].memory, false);
}

static int add_event(void)
{
	return vmr_kvm_add_ioeventfd(&kvm, &w.event[0]);
}

static int remove_event(void)
{
	return vmr_kvm_remove_ioeventfd(&kvm, &w.event[0]);
}

static int move_region(void)
{
	return vmr_region_move(&m.manager, &w.card[0].region, 0x300000, NULL);
}

/* The large card moves to where the small one was, and that one into its middle. */
static int swap_regions(void)
{
	struct vmr_move_op moves[2] = {
		{ .range = &w.card[0].region.range, .start = 0x200000 },
		{ .range = &w.card[1].region.range, .start = 0x108000 },
	};

	return vmr_region_move_bulk(&m.manager, moves, 2, NULL, NULL);
}

static int unmap_region(void)
{
	return vmr_region_unmap(&m.manager, &w.card[0].region);
}

static int map_region(void)
{
	return vmr_region_program(&m.manager, &w.card[0].region, 0x300000);
}

static int unplug_card(void)
{
	int ret = vmr_device_unregister(&m.manager, &w.card[0].dev);

	/* The number of its regions that were mapped */
	return ret == 1 ? 0 : -1;
}

static int commit(void)
{
	return vmr_kvm_commit(&kvm);
}

static int renumber_vector(void)
{
	const struct vmr_kvm_message message = { .address = 0xfee01000 };

	return vmr_kvm_vector_set(&kvm, &w.vector[1], 30, &message);
}

static int renumbered_up(void)
{
	int ret = vectors_up();

	return ret ? ret : renumber_vector();
}

static int mask_vector(void)
{
	return vmr_kvm_vector_mask(&kvm, &w.vector[1], true);
}

static int unmask_vector(void)
{
	int ret = vmr_kvm_vector_mask(&kvm, &w.vector[1], false);

	return ret ? ret : vmr_kvm_commit(&kvm);
}

static int clear_vector(void)
{
	return vmr_kvm_vector_clear(&kvm, &w.vector[1]);
}

static int move_line(void)
{
	return vmr_kvm_line_attach(&kvm, &w.line, 17);
}

static int detach_line(void)
{
	return vmr_kvm_line_detach(&kvm, &w.line);
}

/* Take everything away. An object that is gone already is no error. */
static int close_all(void)
{
	unsigned int i;
	int err, ret = 0;

	for (i = 0; i < 2; i++) {
		err = vmr_kvm_remove_memory(&kvm, &w.card[i].memory);
		ret = ret ? ret : again(err, -ENOENT);
		err = vmr_kvm_remove_ioeventfd(&kvm, &w.event[i]);
		ret = ret ? ret : again(err, -ENOENT);
	}
	for (i = 0; i < NR_VECTORS; i++) {
		err = vmr_kvm_vector_clear(&kvm, &w.vector[i]);
		ret = ret ? ret : again(err, -ENOENT);
	}
	err = vmr_kvm_line_detach(&kvm, &w.line);
	ret = ret ? ret : again(err, -ENOENT);
	err = vmr_kvm_commit(&kvm);
	return ret ? ret : err;
}

/* The guest cannot be refused: its change stays, and a failure is reported. */
#define GUEST	1
/* Several calls of the library, of which some may have been done */
#define STEPS	2

static const struct operation {
	const char	*name;
	int		(*prepare)(void);
	int		(*run)(void);
	unsigned int	kind;
} operations[] = {
	{ "add memory", nothing_up, add_memory, 0 },
	{ "remove memory", followed_up, remove_memory, STEPS },
	{ "dirty log on", followed_up, log_on, 0 },
	{ "dirty log off", logged_up, log_off, 0 },
	{ "add ioeventfd", nothing_up, add_event, 0 },
	{ "remove ioeventfd", followed_up, remove_event, 0 },
	{ "move a region", followed_up, move_region, GUEST },
	{ "swap regions", followed_up, swap_regions, GUEST },
	{ "unmap a region", followed_up, unmap_region, GUEST },
	{ "map a region", unmapped_up, map_region, GUEST },
	{ "unplug a card", followed_up, unplug_card, GUEST },
	{ "first commit", set_vectors, commit, STEPS },
	{ "commit of a new number", renumbered_up, commit, STEPS },
	{ "number of a vector", vectors_up, renumber_vector, 0 },
	{ "mask a vector", vectors_up, mask_vector, 0 },
	{ "unmask a vector", masked_up, unmask_vector, STEPS },
	{ "clear a vector", vectors_up, clear_vector, 0 },
	{ "attach a line", nothing_up, line_up, 0 },
	{ "move a line", line_up, move_line, 0 },
	{ "detach a line", line_up, detach_line, 0 },
	{ "close all", all_up, close_all, STEPS },
};

/* The slot of the model that has a page, or NULL */
static const struct kvm_userspace_memory_region *model_slot(uint64_t gpa)
{
	const struct kvm_userspace_memory_region *slot;
	unsigned int i;

	for (i = 0; i < FAKE_SLOTS; i++) {
		slot = &fake.slot[i];
		if (gpa >= slot->guest_phys_addr &&
		    gpa - slot->guest_phys_addr < slot->memory_size)
			return slot;
	}
	return NULL;
}

static bool is_listed(const struct card *c)
{
	const struct vmr_kvm_memory *memory;

	for (memory = kvm.memories; memory; memory = memory->next)
		if (memory == &c->memory)
			return true;
	return false;
}

/* Each slot of the model is one that the library has recorded, and the reverse. */
static const char *slots_agree(bool flags_too)
{
	unsigned int in_model = 0, mapped = 0, numbers = 0, i, j;
	const struct kvm_userspace_memory_region *there;
	const struct vmr_kvm_slot *slot;
	uint32_t flags, nr_slots;

	for (i = 0; i < FAKE_SLOTS; i++)
		in_model += fake.slot[i].memory_size != 0;
	for (i = 0; i < 2; i++) {
		flags = w.card[i].memory.dirty_log ? KVM_MEM_LOG_DIRTY_PAGES : 0;
		nr_slots = is_listed(&w.card[i]) ? w.card[i].memory.nr_slots : 0;
		for (j = 0; j < nr_slots; j++) {
			slot = &w.card[i].slot[j];
			numbers++;
			if (!slot->mapped)
				continue;
			mapped++;
			there = &fake.slot[vmr_id_value(&slot->number)];
			if (!there->memory_size ||
			    there->guest_phys_addr != slot->gpa ||
			    there->userspace_addr !=
				    (uintptr_t)host[i] + slot->offset)
				return "a slot is not where it is recorded";
			if (flags_too && there->flags != flags)
				return "a slot has other flags";
		}
	}
	if (in_model != mapped)
		return "KVM has slots that are not recorded";
	if (m.sys.mem_slots.space.nr_ranges != numbers)
		return "numbers of slots are not those of the memories";
	return "";
}

static const char *events_agree(void)
{
	unsigned int i, j, assigned = 0;

	for (i = 0; i < 2; i++) {
		if (!w.event[i].assigned)
			continue;
		assigned++;
		for (j = 0; j < fake.nr_events; j++)
			if (fake.event[j].fd == w.event[i].fd &&
			    fake.event[j].addr == w.event[i].addr)
				break;
		if (j == fake.nr_events)
			return "an ioeventfd is not where it is recorded";
	}
	return assigned == fake.nr_events ? "" : "KVM has other ioeventfds";
}

static const char *irqs_agree(void)
{
	const struct kvm_irqfd *irqfd;
	unsigned int i, attached = w.line.attached;

	if (w.line.attached) {
		irqfd = fake_irqfd_of(w.line.fd);
		if (!irqfd || irqfd->gsi != w.line.gsi ||
		    irqfd->resamplefd != (uint32_t)w.line.resample_fd)
			return "a line is not where it is recorded";
	}
	for (i = 0; i < NR_VECTORS; i++) {
		if (!w.vector[i].attached)
			continue;
		attached++;
		irqfd = fake_irqfd_of(w.vector[i].fd);
		if (!irqfd || irqfd->gsi != w.vector[i].route.entry.gsi)
			return "a vector is not where it is recorded";
		if (!fake_route(irqfd->gsi))
			return "an irqfd has no route";
	}
	return attached == fake.nr_irqfds ? "" : "KVM has other irqfds";
}

/* The card whose region answers for the whole page, or NULL */
static const struct card *card_of_page(uint64_t gpa)
{
	const struct vmr_range *range = vmr_find(&m.sys.mmio, gpa);
	const struct card *c;
	unsigned int i;

	c = range && range == &w.card[0].region.range ? &w.card[0] :
	    range && range == &w.card[1].region.range ? &w.card[1] : NULL;
	for (i = 0; c == &w.card[0] && i < 2; i++)
		if (gpa - range->start == c->part[i].offset)
			return NULL;
	return c;
}

/*
 * A page that KVM maps is the one that the map has there. With @complete, KVM maps all
 * pages of the map and all ioeventfds.
 */
static const char *view_agrees(bool complete)
{
	static const uint64_t area[] = { 0x100000, 0x200000, 0x300000 };
	const struct kvm_userspace_memory_region *slot;
	const struct card *c;
	uint64_t gpa;
	unsigned int i;

	for (i = 0; i < NR(area); i++) {
		for (gpa = area[i]; gpa < area[i] + BIG; gpa += PAGE) {
			slot = model_slot(gpa);
			c = card_of_page(gpa);
			if (!slot) {
				if (complete && c && is_listed(c))
					return "a page of the map has no slot";
				continue;
			}
			if (!c)
				return "KVM maps a page that the map has not";
			if (slot->userspace_addr +
			    (gpa - slot->guest_phys_addr) !=
			    (uintptr_t)c->memory.host +
			    (gpa - c->region.range.start))
				return "KVM maps another page than the map";
		}
	}
	for (i = 0; i < fake.nr_events; i++)
		if (fake.event[i].addr != w.card[0].region.range.start + 0x4000 +
						  8 * (fake.event[i].fd - 90U))
			return "an ioeventfd is elsewhere than its register";
	return "";
}

static uint64_t hash_of(const void *data, size_t size)
{
	const uint8_t *byte = data;
	uint64_t hash = 0xcbf29ce484222325;

	while (size--)
		hash = (hash ^ *byte++) * 0x100000001b3;
	return hash;
}

/* A number for the state of KVM and of the library */
static uint64_t digest(void)
{
	uint64_t sum = hash_of(fake.route,
			       fake.nr_routes * sizeof(fake.route[0]));
	const struct vmr_kvm_slot *slot;
	unsigned int i, j;

	for (i = 0; i < FAKE_SLOTS; i++)
		if (fake.slot[i].memory_size)
			sum += hash_of(&fake.slot[i], sizeof(fake.slot[i]));
	for (i = 0; i < fake.nr_events; i++)
		sum += hash_of(&fake.event[i], sizeof(fake.event[i]));
	for (i = 0; i < fake.nr_irqfds; i++)
		sum += hash_of(&fake.irqfd[i], sizeof(fake.irqfd[i]));
	for (i = 0; i < 2; i++) {
		sum = sum * 31 + is_listed(&w.card[i]);
		sum = sum * 31 + w.card[i].memory.dirty_log;
		sum = sum * 31 + w.event[i].assigned;
		for (j = 0; j < MAX_PARTS; j++) {
			slot = &w.card[i].slot[j];
			sum = sum * 31 + slot->mapped;
			sum = sum * 31 + vmr_range_state(&slot->number);
		}
	}
	for (i = 0; i < NR_VECTORS; i++) {
		sum = sum * 31 + w.vector[i].route.added;
		sum = sum * 31 + w.vector[i].route.entry.gsi;
		sum = sum * 31 + w.vector[i].attached;
		sum = sum * 31 + w.vector[i].masked;
	}
	sum = sum * 31 + w.line.attached;
	sum = sum * 31 + w.line.gsi;
	return sum * 31 + m.sys.mem_slots.space.nr_ranges;
}

static void no_more_failures(void)
{
	fake.fail_set = 0;
	fake.fail_from = 0;
	kvm.error = 0;
}

/* The guest changes its mind and makes its change once more. */
static int repeat_of_guest(const struct operation *op)
{
	uint64_t start[2];
	bool live[2];
	unsigned int i;
	int ret = 0;

	if (op->run == unplug_card)
		return remove_memory();
	for (i = 0; i < 2; i++) {
		live[i] = vmr_range_state(&w.card[i].region.range) == VMR_LIVE;
		start[i] = live[i] ? w.card[i].region.range.start :
				     0x310000 + BIG * i;
		if (!live[i])
			ret = vmr_region_program(&m.manager, &w.card[i].region,
						 start[i]);
		if (!ret)
			ret = vmr_region_unmap(&m.manager, &w.card[i].region);
	}
	for (i = 0; i < 2 && !ret; i++)
		if (live[i])
			ret = vmr_region_program(&m.manager, &w.card[i].region,
						 start[i]);
	return ret;
}

static const char *all_agree(bool flags_too)
{
	const char *fault = slots_agree(flags_too);

	if (!*fault)
		fault = events_agree();
	return *fault ? fault : irqs_agree();
}

/* Behind the failures: the operation succeeds, and then all can be taken away. */
static const char *recovers(const struct operation *op, bool failed)
{
	const char *fault;
	int ret = 0;

	no_more_failures();
	if (failed && op->kind == GUEST)
		ret = repeat_of_guest(op);
	else if (failed && op->run == add_memory &&
		 is_listed(&w.card[0]))
		ret = remove_memory();
	if (!ret && failed && op->kind != GUEST)
		ret = op->run();
	if (ret || kvm.error)
		return "what failed cannot be repeated";
	fault = all_agree(true);
	if (!*fault)
		fault = view_agrees(true);
	if (*fault)
		return fault;
	if (close_all() || kvm.error)
		return "not all can be taken away";
	if (fake.nr_events || fake.nr_irqfds || fake.nr_routes ||
	    m.sys.mem_slots.space.nr_ranges || model_slot(0x100000))
		return "something is left";
	return all_agree(true);
}

/*
 * Run an operation with failures: those of @set, or all from the call @from on. @calls
 * receives the number of calls without a failure.
 */
static const char *inject(const struct operation *op, uint64_t set,
			  unsigned int from, unsigned int *calls)
{
	const char *fault;
	uint64_t before;
	bool failed;
	int ret;

	if (world_up() || op->prepare())
		return "the machine is not up";
	before = digest();
	fake.injected = 0;
	fake.failures = 0;
	fake.fail_base = fake.calls;
	fake.fail_set = set;
	fake.fail_from = from ? fake.calls + from : 0;
	fake.fail_error = ENOMEM;
	ret = op->run();
	*calls = fake.calls - fake.fail_base;
	failed = ret || kvm.error;
	if (ret && ret != -ENOMEM)
		return "the error is not that of the call";
	if (failed != !!fake.injected)
		return failed ? "a failure without a failed call" :
				"a failed call is not reported";
	if (!kvm.error != !fake.failures)
		return "a failure has no callback";
	fault = all_agree(fake.injected < 2);
	if (*fault)
		return fault;
	if (ret && !op->kind && fake.injected == 1 && digest() != before)
		return "a call that failed has changed something";
	/* KVM may keep a page only if it has refused to let it go. */
	if (!failed) {
		fault = view_agrees(true);
		if (*fault)
			return fault;
	}
	return recovers(op, failed);
}

/* All failures of one operation. Return: the number of runs, or 0 behind a fault */
static unsigned int inject_all(const struct operation *op, unsigned int part,
			       const char **fault, uint64_t *set)
{
	unsigned int calls, now, i, n = 1;

	*set = 0;
	*fault = inject(op, 0, 0, &calls);
	for (i = 0; !**fault && i < calls; i++, n += 2) {
		*set = (uint64_t)1 << i;
		*fault = inject(op, *set, 0, &now);
		if (!**fault)
			*fault = inject(op, 0, i + 1, &now);
	}
	calls += 2;
	for (i = 1; !**fault && i >> SET_BITS == 0 && i >> calls == 0;
	     i += part, n++) {
		*set = i;
		*fault = inject(op, *set, 0, &now);
	}
	return **fault ? 0 : n;
}

/* A descriptor that is not closed moves it. */
static int lowest_descriptor(void)
{
	int fd = dup(2);

	close(fd);
	return fd;
}

/* A call that fails, and each set of calls, leave KVM and the map in agreement. */
TEST(kvm_each_call_fails)
{
	int descriptor = lowest_descriptor();
	const char *fault;
	unsigned int i, n;
	uint64_t set;

	for (i = 0; i < NR(operations); i++) {
		n = inject_all(&operations[i], test_part(), &fault, &set);
		ASSERT_STREQ("", fault) {
			TH_LOG("%s, calls %#llx fail: %s", operations[i].name,
			       (unsigned long long)set, fault);
		}
		if (getenv("VMR_TEST_VERBOSE"))
			TH_LOG("%s: %u runs", operations[i].name, n);
	}
	EXPECT_EQ(descriptor, lowest_descriptor());
}

/* Eventfds at the numbers that the machine uses */
static int eventfds_up(void)
{
	static const int at[] = { 90, 91, 100, 101, 102, 110, 111 };
	unsigned int i;
	int fd;

	for (i = 0; i < NR(at); i++) {
		fd = eventfd(0, EFD_NONBLOCK);
		if (fd < 0 || dup2(fd, at[i]) < 0)
			return -1;
		close(fd);
	}
	return 0;
}

/* The same with KVM itself, which agrees with the model on each call */
TEST(kvm_each_call_fails_on_kvm)
{
	int dev = open("/dev/kvm", O_RDWR);
	const char *fault;
	unsigned int i;
	uint64_t set;

	if (dev >= 0)
		real = (int)syscall(SYS_ioctl, dev, KVM_CREATE_VM, 0);
	if (real < 0 || syscall(SYS_ioctl, real, KVM_CREATE_IRQCHIP, 0) < 0)
		SKIP(return, "/dev/kvm cannot be used");
	ASSERT_EQ(0, eventfds_up());
	for (i = 0; i < NR(operations); i++) {
		inject_all(&operations[i], 1U << SET_BITS, &fault, &set);
		ASSERT_STREQ("", fault) {
			TH_LOG("%s, calls %#llx fail: %s", operations[i].name,
			       (unsigned long long)set, fault);
		}
		ASSERT_EQ(0u, differs) {
			TH_LOG("%s: KVM and the model differ", operations[i].name);
		}
	}
	close(real);
	close(dev);
}

TEST_HARNESS_MAIN
