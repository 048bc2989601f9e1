// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * scenario.c - what happens to the machine while the guest runs
 *
 * When the firmware has placed all BARs, a device is plugged, its BARs get free
 * addresses, and one of them moves. The machine is then saved, and another one is
 * restored from the snapshot. The removal of the device is requested, and it is
 * unplugged. Last a card is added to a slot and leaves it, see slot_scenario.c. A
 * number of exits separates the steps. The listener in memory.c updates KVM's memory
 * slots.
 *
 * A step comes after an exit, on the thread of the CPU, and depends on the exits
 * before it and on nothing else. So a replay takes the same steps at the same
 * places. The guest has scanned the bus before and does not scan it again, so none of
 * this changes what it reads.
 */
#include <stdarg.h>
#include <string.h>

#include "../vmm.h"

#define STEP_EXITS	300
#define NR_STEPS_WITHOUT_SLOTS	5

#define PCI_COMMAND	0x04
#define PCI_BARS	0x10
#define PCI_DECODE	0x3

#define PORTS_FIRST	0x1000
#define WINDOW_FIRST	(2 * GIB)
#define WINDOW_LAST	0xfebfffffULL

static void say(struct vmm *vmm, const char *what, const char *fault,
		const char *fmt, ...)
	__attribute__((__format__(__printf__, 4, 5)));

/* One line for each thing done; a fault is something in a wrong place */
static void say(struct vmm *vmm, const char *what, const char *fault,
		const char *fmt, ...)
{
	va_list args;

	printf("%s: exit %" PRIu64 ": ", what, vmm->exits);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	if (fault) {
		vmm->misdispatched++;
		printf(": %s", fault);
	}
	putchar('\n');
	fflush(stdout);
}

/* Count what is in use, from what it was when this was called before */
static void count_usage(const struct vmm *vmm, uint64_t used[SCENARIO_SPACES])
{
	const struct vmr_space *spaces[SCENARIO_SPACES] = {
		&vmm->sys.pio, &vmm->sys.mmio, &vmm->sys.mem_slots.space,
		&vmm->sys.pci_bdfs.space, &vmm->sys.device_ids.space,
	};
	unsigned int i;

	for (i = 0; i < SCENARIO_SPACES; i++)
		used[i] = vmr_space_used(spaces[i]).low - used[i];
}

static void config_set(struct vmr_pci_function *fn, uint32_t reg,
		       uint32_t value)
{
	const uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8),
				   (uint8_t)(value >> 16),
				   (uint8_t)(value >> 24) };

	vmr_pci_config_write(fn, reg, bytes, 4);
}

/*
 * Choose a free place for a BAR, and program it. The place is held by a
 * reservation while it is chosen: the allocator has no other way to answer, and
 * no other change can come in between, since the caller has the writers' lock.
 */
static int place_bar(struct vmm *vmm, struct vmr_pci_function *fn,
		     unsigned int bar)
{
	struct vmr_region *room = &vmm->scenario.room;
	struct vmr_region *region = &fn->bars[bar].region;
	struct vmr_space *space = vmr_region_space(&vmm->manager, region);
	uint64_t first = WINDOW_FIRST, last = WINDOW_LAST;
	struct vmr_pool pool;
	uint64_t start;
	int err;

	if (region->io == VMR_PIO) {
		first = PORTS_FIRST;
		last = space->last;
	} else if (fn->bars[bar].type == VMR_PCI_BAR_MEM64) {
		first = 4 * GIB;
		last = space->last;
	}
	room->type = VMR_REGION_RESERVED;
	err = vmr_pool_init_span(&pool, space, first, last, region->name);
	if (!err)
		err = vmr_pool_alloc(&pool, &room->range, region->size,
				     region->size, VMR_FIRST);
	if (err)
		return err;
	start = room->range.start;
	vmr_free(space, &room->range);

	config_set(fn, PCI_BARS + 4 * bar, (uint32_t)start);
	if (fn->bars[bar].type == VMR_PCI_BAR_MEM64)
		config_set(fn, PCI_BARS + 4 * bar + 4, (uint32_t)(start >> 32));
	vmm->scenario.places[bar] = start;
	return 0;
}

static const char *check_all(struct vmm *vmm)
{
	struct testdev *testdev = &vmm->hot;
	const char *fault = NULL;
	unsigned int i;

	for (i = 0; !fault && i < VMR_PCI_NR_BARS; i++)
		if (testdev->fn.bars[i].type != VMR_PCI_BAR_NONE)
			fault = probe_expect_mapped(&vmm->checker, testdev, i,
						    vmm->scenario.places[i]);
	return fault;
}

static void add(struct vmm *vmm)
{
	struct vmr_pci_function *fn = &vmm->hot.fn;
	const char *fault = NULL;
	unsigned int i;
	int err;

	vmm->pci_lock.lock(&vmm->pci_lock);
	count_usage(vmm, vmm->scenario.used);
	err = pci_plug(vmm, fn, NULL, HOT_ADDRESS);
	for (i = 0; !err && i < VMR_PCI_NR_BARS; i++)
		if (fn->bars[i].type != VMR_PCI_BAR_NONE)
			err = place_bar(vmm, fn, i);
	if (!err)
		config_set(fn, PCI_COMMAND, PCI_DECODE);
	count_usage(vmm, vmm->scenario.used);
	vmm->pci_lock.unlock(&vmm->pci_lock);

	fault = err ? vmr_strerror(err) : check_all(vmm);
	say(vmm, "hot-plug", fault,
	    "00:08.0 is plugged, memory at %#" PRIx64 ", ports at %#" PRIx64
	    ", registers at %#" PRIx64,
	    vmm->scenario.places[0], vmm->scenario.places[1],
	    vmm->scenario.places[2]);
}

static void move(struct vmm *vmm)
{
	const struct vmm_memory *mem = &vmm->hot.memory;
	uint64_t from = vmm->scenario.places[0];
	unsigned int moves = mem->moves;
	const char *fault;
	int err;

	vmm->pci_lock.lock(&vmm->pci_lock);
	err = place_bar(vmm, &vmm->hot.fn, 0);
	vmm->pci_lock.unlock(&vmm->pci_lock);

	fault = err ? vmr_strerror(err) : check_all(vmm);
	if (!fault && vmm->scenario.places[0] == from)
		fault = "it is where it was";
	if (!fault && mem->moves != moves + 2)
		fault = "the memory slot was not moved once";
	if (!fault)
		fault = probe_expect_unmapped(&vmm->checker, VMR_MMIO,
					      from + vmm->hot.trapped.offset);
	say(vmm, "relocation", fault,
	    "BAR 0 of 00:08.0 from %#" PRIx64 " to %#" PRIx64
	    ", memory slot %u with it",
	    from, vmm->scenario.places[0], vmr_id_value(&mem->slots[0].number));
}

static void ask(struct vmm *vmm)
{
	struct vmr_device *dev = &vmm->hot.fn.dev;
	const char *fault = NULL;
	int first, again;

	vmm->pci_lock.lock(&vmm->pci_lock);
	first = vmr_device_request_removal(&vmm->manager, dev);
	again = vmr_device_request_removal(&vmm->manager, dev);
	vmm->pci_lock.unlock(&vmm->pci_lock);

	if (first)
		fault = vmr_strerror(first);
	else if (again != -EALREADY)
		fault = "it can be asked twice";
	else
		fault = check_all(vmm);
	say(vmm, "hot-plug", fault,
	    "00:08.0 is asked to leave, and answers still");
}

static void leave(struct vmm *vmm)
{
	struct vmr_pci_function *fn = &vmm->hot.fn;
	uint64_t freed[SCENARIO_SPACES] = { 0 };
	const char *fault = NULL;
	int visible, err;
	unsigned int i;

	vmm->pci_lock.lock(&vmm->pci_lock);
	count_usage(vmm, freed);
	visible = vmr_pci_unplug(fn);
	vmm->nr_functions--;
	count_usage(vmm, freed);
	vmm->pci_lock.unlock(&vmm->pci_lock);
	/* Outside the lock: a reader inside the device might wait for it. */
	err = vmr_device_drain(&vmm->manager, &fn->dev);

	if (visible < 0 || err)
		fault = vmr_strerror(visible < 0 ? visible : err);
	else if (visible != 3)
		fault = "not all BARs were visible";
	for (i = 0; !fault && i < VMR_PCI_NR_BARS; i++)
		if (fn->bars[i].type != VMR_PCI_BAR_NONE)
			fault = probe_expect_unmapped(&vmm->checker,
						      (enum vmr_io)fn->bars[i].region.io,
						      vmm->scenario.places[i]);
	for (i = 0; !fault && i < SCENARIO_SPACES; i++)
		if (vmm->scenario.used[i] + freed[i])
			fault = "it left something behind";
	say(vmm, "hot-plug", fault,
	    "00:08.0 is unplugged and drained, all it had is free");
}

static void add_to_slot(struct vmm *vmm)
{
	say(vmm, "slot", slot_scenario_add(vmm),
	    "a card is added to slot 2, and the guest can find it");
}

static void ask_in_slot(struct vmm *vmm)
{
	say(vmm, "slot", slot_scenario_ask(vmm),
	    "the button of slot 2 is pressed, and the card answers still");
}

static void let_go_of_slot(struct vmm *vmm)
{
	say(vmm, "slot", slot_scenario_let_go(vmm),
	    "power and indicator of slot 2 are off, and the card is pulled");
}

/* Plugged devices are part of the snapshots, and a removal half way too. */
static void (*const steps[])(struct vmm *vmm) = {
	add, move, NULL /* restore */, ask, leave,
	add_to_slot, ask_in_slot, NULL /* restore */, let_go_of_slot,
};

/* Only the machine with a Q35 has slots */
static unsigned int nr_steps(const struct vmm *vmm)
{
	return vmm->config.machine == MACHINE_Q35 ? ARRAY_SIZE(steps) :
						    NR_STEPS_WITHOUT_SLOTS;
}

/*
 * After each exit, on the thread that routed it. Steps wait for the end of a
 * line, so that theirs do not cut the guest's.
 */
void scenario_step(struct vmm **machine)
{
	struct vmm *vmm = *machine;
	struct scenario *scenario = &vmm->scenario;
	unsigned int step;

	if (scenario->restore) {
		scenario->restore = false;
		*machine = restore_machine(vmm);
		return;
	}
	if (!scenario->running) {
		if (!vmm->debugcon.placed)
			return;
		scenario->running = true;
		scenario->due = vmm->exits + STEP_EXITS;
	}
	if (scenario->step == nr_steps(vmm) || vmm->exits < scenario->due ||
	    vmm->debugcon.line != vmm->debugcon.length)
		return;
	step = scenario->step++;
	scenario->due = vmm->exits + STEP_EXITS;
	if (steps[step])
		steps[step](vmm);
	else
		*machine = restore_machine(vmm);
}

/* The guest is done. Steps that it left no time for are an error. */
void scenario_end(struct vmm *vmm)
{
	if (vmm->scenario.step != nr_steps(vmm))
		say(vmm, "hot-plug", "the guest was done before", "step %u",
		    vmm->scenario.step + 1);
}
