// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * guest.c - a guest that moves, swaps and overlaps BARs from inside
 *
 * It runs after the firmware, on the machine that the firmware has set up. It
 * computes the value of each register of each device. Plain loads and port reads
 * therefore show which device responds at an address. The expected behaviour is that
 * of a PC:
 *
 *  - the first BAR at an address keeps it;
 *  - a BAR on top of it is not mapped until the address is free; the oldest claim is
 *    served first;
 *  - registers read back the written values.
 *
 * Every check restores the machine. Results go to the debug port.
 */
#include <stddef.h>

#include "../devices/testdev_pattern.h"
#include "guest.h"

/* Device ids of the cards that are played with, and their BARs */
#define NETWORK		0x0001	/* 0: 128 KiB; 1: 64 ports; 6: ROM */
#define ACCELERATOR	0x0002	/* 2: 64 KiB, 64-bit */
#define SOUND		0x0003	/* 0: 16 KiB */
#define MODEM		0x0004	/* 0: 8 ports; 1: 256 bytes */
#define SENSOR		0x0005	/* 0: 4 ports; 5: 1 MiB, memory in it */
#define TIMER		0x0006	/* 0: 256 ports */
#define DISPLAY		0x0007	/* 0: 16 MiB, memory in it */
#define EVERYTHING	0x0008	/* 1: 64 KiB; 4: 32 KiB */
#define STORAGE		0x0009	/* behind the bridge; 0: 16 KiB; 1: 32 ports */
#define CAMERA		0x000a	/* behind the bridge; 0: 4 KiB */

struct bar {
	uint32_t	bdf;
	uint32_t	id;
	uint32_t	index;
	bool		io;
	bool		wide;
	uint64_t	addr;
	uint64_t	size;
};

struct function {
	uint32_t	bdf;
	uint32_t	id;
	uint32_t	command;
};

static struct bar bars[64];
static unsigned int nr_bars;
static struct function functions[32];
static unsigned int nr_functions;
uint32_t bridge;
static uint32_t bridge_buses;
static uint32_t bridge_io;
static uint32_t bridge_mem;
static uint32_t bridge_pref[3];
static unsigned int passed, failed;

static void print(const char *text)
{
	while (*text)
		out8(DEBUG_PORT, (uint8_t)*text++);
}

static void print_number(unsigned int value)
{
	char digits[12];
	char *p = &digits[sizeof(digits) - 1];

	*p = '\0';
	do {
		*--p = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	print(p);
}

/*
 * Devices by address
 */

static uint32_t expected(const struct bar *bar, uint64_t offset)
{
	uint32_t value = 0;
	unsigned int i;

	for (i = 4; i--;)
		value = value << 8 |
			testdev_pattern(bar->id, bar->index, offset + i);
	return value;
}

static uint32_t read_at(const struct bar *bar, uint32_t addr)
{
	return bar->io ? in32((uint16_t)addr) : read32(addr);
}

/* Whether the first and the last word of a BAR respond at an address */
static bool answers(const struct bar *bar, uint32_t addr)
{
	uint32_t last = (uint32_t)bar->size - 4;

	/* Memory does not answer with a card's bytes; its trapped end does. */
	if (bar->size > MEGA / 2)
		return read32(addr + last) == expected(bar, last);
	return read_at(bar, addr) == expected(bar, 0) &&
	       read_at(bar, addr + last) == expected(bar, last);
}

static bool in_reach(const struct bar *bar)
{
	return !(bar->addr >> 32) && bar->index != ROM;
}

static bool all_answer(void)
{
	unsigned int i;

	for (i = 0; i < nr_bars; i++)
		if (in_reach(&bars[i]) &&
		    !answers(&bars[i], (uint32_t)bars[i].addr))
			return false;
	return true;
}

/*
 * Programming BARs
 */

static uint32_t bar_reg(const struct bar *bar)
{
	return bar->index == ROM ? PCI_ROM : PCI_BARS + 4 * bar->index;
}

static uint32_t get(const struct bar *bar)
{
	return config_read(bar->bdf, bar_reg(bar)) & (bar->io ? ~0x3u : ~0xfu);
}

static void put(const struct bar *bar, uint64_t addr)
{
	config_write(bar->bdf, bar_reg(bar), (uint32_t)addr);
	if (bar->wide)
		config_write(bar->bdf, bar_reg(bar) + 4,
			     (uint32_t)(addr >> 32));
}

static struct bar *find(uint32_t id, uint32_t index)
{
	unsigned int i;

	for (i = 0; i < nr_bars; i++)
		if (bars[i].id == id && bars[i].index == index)
			return &bars[i];
	return NULL;
}

static uint32_t command_of(const struct bar *bar)
{
	unsigned int i;

	for (i = 0; i < nr_functions; i++)
		if (functions[i].bdf == bar->bdf)
			return functions[i].command;
	return 0;
}

static void decode(const struct bar *bar, bool on)
{
	uint32_t bits = bar->io ? COMMAND_IO : COMMAND_MEMORY;
	uint32_t command = command_of(bar);

	config_write(bar->bdf, PCI_COMMAND, on ? command : command & ~bits);
}

/* As the firmware left it, whatever a check has done or left undone */
static void put_all_back(void)
{
	unsigned int i;

	config_write(bridge, PCI_BUSES, bridge_buses);
	config_write(bridge, PCI_IO_WINDOW, bridge_io);
	config_write(bridge, PCI_MEM_WINDOW, bridge_mem);
	for (i = 0; i < ARRAY_SIZE(bridge_pref); i++)
		config_write(bridge, PCI_PREF_WINDOW + 4 * i, bridge_pref[i]);
	for (i = 0; i < nr_bars; i++)
		put(&bars[i], bars[i].addr);
	for (i = 0; i < nr_functions; i++)
		config_write(functions[i].bdf, PCI_COMMAND,
			     functions[i].command);
	q35_put_back();
}

/*
 * Looking around, with decoding on all the time
 */

static bool size_bar(struct bar *bar)
{
	uint32_t reg = bar_reg(bar), low, high = ONES;
	uint32_t old = config_read(bar->bdf, reg), old_high = 0;

	bar->io = bar->index != ROM && old & BAR_IO;
	bar->wide = bar->index != ROM && (old & 0x7) == BAR_64BIT;
	config_write(bar->bdf, reg, bar->index == ROM ? ~(uint32_t)ROM_ENABLE :
		     ONES);
	low = config_read(bar->bdf, reg);
	config_write(bar->bdf, reg, old);
	if (bar->wide) {
		old_high = config_read(bar->bdf, reg + 4);
		config_write(bar->bdf, reg + 4, ONES);
		high = config_read(bar->bdf, reg + 4);
		config_write(bar->bdf, reg + 4, old_high);
	}
	if (!low)
		return false;
	low &= bar->io ? ~0x3u : bar->index == ROM ? ~0x7ffu : ~0xfu;
	bar->size = ~((uint64_t)high << 32 | low) + 1;
	bar->addr = (uint64_t)old_high << 32 |
		    (old & (bar->io ? ~0x3u : ~0xfu));
	return true;
}

static void look_at_function(uint32_t bdf, uint32_t id)
{
	struct function *fn = &functions[nr_functions++];
	struct bar *bar;
	unsigned int i;

	fn->bdf = bdf;
	fn->id = id >> 16;
	fn->command = config_read(bdf, PCI_COMMAND) & 0xffff;
	if (config_read(bdf, PCI_CLASS) >> 16 == CLASS_BRIDGE) {
		bridge = bdf;
		bridge_buses = config_read(bdf, PCI_BUSES);
		/* The upper half is status, whose ones clear bits. */
		bridge_io = config_read(bdf, PCI_IO_WINDOW) & 0xffff;
		bridge_mem = config_read(bdf, PCI_MEM_WINDOW);
		for (i = 0; i < ARRAY_SIZE(bridge_pref); i++)
			bridge_pref[i] = config_read(bdf, PCI_PREF_WINDOW +
						     4 * i);
		return;
	}
	for (i = 0; i <= ROM; i++) {
		bar = &bars[nr_bars];
		bar->bdf = bdf;
		bar->id = fn->id;
		bar->index = i;
		if (!size_bar(bar))
			continue;
		nr_bars++;
		i += bar->wide;
	}
}

static void look_around(void)
{
	uint32_t bdf, id;

	for (bdf = 0; bdf < 0x200; bdf++) {
		if (bdf & 7 && !(config_read(bdf & ~7u, PCI_HEADER) &
				 MULTIFUNCTION)) {
			bdf |= 7;
			continue;
		}
		id = config_read(bdf, PCI_ID);
		if ((id & 0xffff) == VENDOR_NOBODY || id >> 16 == IDE)
			look_at_function(bdf, id);
	}
}

/*
 * Checks
 */

static unsigned int fault;	/* line of the first thing that is not so */

void must(bool so, unsigned int line)
{
	if (!so && !fault)
		fault = line;
}

static void everything_is_there(void)
{
	static const uint32_t sizes[][3] = {
		{ NETWORK, 0, 0x20000 }, { NETWORK, 1, 64 },
		{ NETWORK, ROM, 0x10000 }, { ACCELERATOR, 2, 0x10000 },
		{ MODEM, 1, 256 }, { SENSOR, 0, 4 }, { SENSOR, 5, MEGA },
		{ DISPLAY, 0, 16 * MEGA }, { STORAGE, 0, 0x4000 },
		{ CAMERA, 5, 16 }, { IDE, 4, 16 },
	};
	const struct bar *bar;
	unsigned int i;

	MUST(bridge);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bar = find(sizes[i][0], sizes[i][1]);
		MUST(bar && bar->size == sizes[i][2]);
	}
	bar = find(ACCELERATOR, 0);
	MUST(bar && bar->size == 0x200000000);
}

static void sizing_with_decode_on(void)
{
	struct bar *bar = find(NETWORK, 0);
	uint32_t at = (uint32_t)bar->addr;

	config_write(bar->bdf, bar_reg(bar), ONES);
	MUST(nobody(at));
	MUST(get(bar) == (uint32_t)-bar->size);
	put(bar, at);
	MUST(answers(bar, at));
}

static void move_memory(void)
{
	struct bar *bar = find(NETWORK, 0);
	uint32_t at = (uint32_t)bar->addr;

	put(bar, FREE);
	MUST(get(bar) == FREE);
	MUST(answers(bar, FREE));
	MUST(nobody(at));
	/* Half of it stays in its own old place. */
	put(bar, FREE + (uint32_t)bar->size);
	MUST(answers(bar, FREE + (uint32_t)bar->size));
	MUST(nobody(FREE));
	put(bar, at);
	MUST(answers(bar, at));
}

static void move_ports(void)
{
	struct bar *bar = find(TIMER, 0);
	uint32_t at = (uint32_t)bar->addr;

	put(bar, FREE_PORTS);
	MUST(answers(bar, FREE_PORTS));
	MUST(no_port(at));
	put(bar, at);
	MUST(answers(bar, at));
	MUST(no_port(FREE_PORTS));
}

static void swap(struct bar *a, struct bar *b)
{
	uint32_t at_a = (uint32_t)a->addr, at_b = (uint32_t)b->addr;

	put(a, at_b);
	MUST(get(a) == at_b);
	MUST(answers(b, at_b));
	put(b, at_a);
	MUST(answers(b, at_a));
	MUST(answers(a, at_b));
	put(b, at_b);
	MUST(answers(a, at_b));
	put(a, at_a);
	MUST(answers(a, at_a));
	MUST(answers(b, at_b));
}

static void swap_memory(void)
{
	/* Of different sizes, each at an address that the other can have */
	swap(find(ACCELERATOR, 4), find(MODEM, 1));
}

static void swap_ports(void)
{
	swap(find(MODEM, 0), find(SENSOR, 0));
}

static void overlap(void)
{
	struct bar *first = find(NETWORK, 0), *late = find(EVERYTHING, 1);
	uint32_t half = FREE + (uint32_t)first->size / 2;

	put(first, FREE);
	put(late, half);
	MUST(get(late) == half);
	MUST(answers(first, FREE));
	MUST(read32(half) == expected(first, first->size / 2));
	MUST(nobody((uint32_t)late->addr));
	put(first, FREE + MEGA);
	MUST(answers(first, FREE + MEGA));
	MUST(answers(late, half));
	MUST(nobody(FREE));
}

static void the_oldest_claim_first(void)
{
	struct bar *holder = find(NETWORK, 0);
	struct bar *older = find(EVERYTHING, 1), *newer = find(SOUND, 0);

	put(holder, FREE);
	put(older, FREE);
	put(newer, FREE);
	MUST(answers(holder, FREE));
	put(holder, FREE + MEGA);
	MUST(answers(older, FREE));
	put(older, FREE + 2 * MEGA);
	MUST(answers(newer, FREE));
	MUST(answers(older, FREE + 2 * MEGA));
	MUST(answers(holder, FREE + MEGA));
}

static void a_claim_withdrawn(void)
{
	struct bar *holder = find(NETWORK, 0), *late = find(EVERYTHING, 1);

	put(holder, FREE);
	put(late, FREE);
	decode(late, false);
	put(holder, FREE + MEGA);
	MUST(nobody(FREE));
	MUST(get(late) == FREE);
	decode(late, true);
	MUST(answers(late, FREE));
}

static void decode_off_and_on(void)
{
	struct bar *bar = find(SOUND, 0);
	uint32_t at = (uint32_t)bar->addr;

	decode(bar, false);
	MUST(nobody(at));
	put(bar, FREE);
	MUST(nobody(FREE));
	decode(bar, true);
	MUST(answers(bar, FREE));
	MUST(nobody(at));
}

static void halves_of_64_bits(void)
{
	struct bar *bar = find(ACCELERATOR, 2);
	uint32_t reg = bar_reg(bar), low = (uint32_t)bar->addr;

	MUST(bar->addr >> 32 && low);
	/* The upper half first: for a moment it is where the lower one says. */
	config_write(bar->bdf, reg + 4, 0);
	MUST(answers(bar, low));
	config_write(bar->bdf, reg, FREE);
	MUST(answers(bar, FREE));
	MUST(nobody(low));
	/* And back, the lower half first */
	config_write(bar->bdf, reg, low);
	MUST(answers(bar, low));
	config_write(bar->bdf, reg + 4, (uint32_t)(bar->addr >> 32));
	MUST(nobody(low));
}

static void a_rom(void)
{
	struct bar *bar = find(NETWORK, ROM);
	uint32_t at = (uint32_t)bar->addr;

	MUST(nobody(at));
	put(bar, at | ROM_ENABLE);
	MUST((read32(at) & 0xffff) == 0xaa55);
	put(bar, FREE | ROM_ENABLE);
	MUST((read32(FREE) & 0xffff) == 0xaa55);
	MUST(nobody(at));
	put(bar, at);
	MUST(nobody(at));
	MUST(nobody(FREE));
}

/* With what is written to it, and with the part that is registers */
static void move_a_frame_buffer(void)
{
	struct bar *bar = find(DISPLAY, 0);
	uint32_t at = (uint32_t)bar->addr;

	write32(at, 0x01234567);
	write32(at + 15 * MEGA, 0x89abcdef);
	put(bar, FREE);
	MUST(read32(FREE) == 0x01234567);
	MUST(read32(FREE + 15 * MEGA) == 0x89abcdef);
	MUST(answers(bar, FREE));
	MUST(nobody(at));
	write32(FREE, 0x76543210);
	put(bar, at);
	MUST(read32(at) == 0x76543210);
	MUST(answers(bar, at));
	MUST(nobody(FREE));
}

static void swap_frame_buffers(void)
{
	struct bar *large = find(DISPLAY, 0), *small = find(SENSOR, 5);
	uint32_t at = (uint32_t)large->addr;

	write32(at, 0x11111111);
	write32((uint32_t)small->addr, 0x22222222);
	put(small, at);
	MUST(read32(at) == 0x11111111);
	MUST(nobody((uint32_t)small->addr));
	put(large, FREE);
	MUST(read32(at) == 0x22222222);
	MUST(read32(FREE) == 0x11111111);
	MUST(answers(small, at));
	MUST(answers(large, FREE));
	put(large, at);
	MUST(read32(at) == 0x22222222);
	put(small, small->addr);
	MUST(read32(at) == 0x11111111);
	MUST(read32((uint32_t)small->addr) == 0x22222222);
}

static void on_top_of_ram(void)
{
	struct bar *bar = find(NETWORK, 0);

	write32(RAM, 0x5a5a5a5a);
	put(bar, RAM);
	MUST(get(bar) == RAM);
	MUST(read32(RAM) == 0x5a5a5a5a);
	write32(RAM, 0xa5a5a5a5);
	MUST(read32(RAM) == 0xa5a5a5a5);
	MUST(nobody((uint32_t)bar->addr));
}

/* Ports 0xcc0 to 0xcff: over the very ports that it is programmed through */
static void on_top_of_config_space(void)
{
	struct bar *bar = find(NETWORK, 1);

	put(bar, CONFIG_ADDRESS & ~0x3fu);
	MUST(get(bar) == (CONFIG_ADDRESS & ~0x3fu));
	MUST(no_port(CONFIG_ADDRESS & ~0x3fu));
	MUST(no_port((uint32_t)bar->addr));
	put(bar, bar->addr);
	MUST(answers(bar, (uint32_t)bar->addr));
}

/* Inside one page, for the processor takes what crosses pages apart */
static void across_the_end(void)
{
	struct bar *bar = find(MODEM, 1);
	uint32_t end;

	put(bar, FREE);
	end = FREE + (uint32_t)bar->size;
	MUST(read32(end - 4) == expected(bar, bar->size - 4));
	MUST(read32(end - 2) == ONES);
	MUST(read32(end) == ONES);
}

static void in_a_bridge_window(void)
{
	struct bar *bar = find(STORAGE, 0);
	uint32_t at = (uint32_t)bar->addr;

	put(bar, at + MEGA);
	MUST(answers(bar, at + MEGA));
	MUST(nobody(at));
	put(bar, FREE);
	MUST(nobody(FREE));
	MUST(nobody(at + MEGA));
	put(bar, at);
	MUST(answers(bar, at));
}

static void a_bridge_window_moved(void)
{
	struct bar *storage = find(STORAGE, 0), *camera = find(CAMERA, 0);

	put(storage, FREE + 0x4000);
	MUST(nobody(FREE + 0x4000));
	config_write(bridge, PCI_MEM_WINDOW,
		     (FREE & 0xfff00000) | (FREE >> 16 & 0xfff0));
	MUST(answers(storage, FREE + 0x4000));
	MUST(nobody((uint32_t)camera->addr));
	config_write(bridge, PCI_MEM_WINDOW, bridge_mem);
	MUST(nobody(FREE + 0x4000));
	MUST(answers(camera, (uint32_t)camera->addr));
}

/* The BAR is larger than the window is at first. */
static void half_in_a_bridge_window(void)
{
	struct bar *bar = find(CAMERA, 2);
	uint32_t end = FREE + (uint32_t)bar->size - MEGA;

	put(bar, FREE);
	config_write(bridge, PCI_PREF_UPPER, 0);
	config_write(bridge, PCI_PREF_UPPER + 4, 0);
	config_write(bridge, PCI_PREF_WINDOW, FREE | FREE >> 16);
	MUST(nobody(FREE));
	config_write(bridge, PCI_PREF_WINDOW, end | FREE >> 16);
	MUST(read32(FREE) == expected(bar, 0));
	MUST(answers(bar, FREE));
	config_write(bridge, PCI_PREF_WINDOW, end | end >> 16);
	MUST(nobody(end));
}

static void a_bridge_closed(void)
{
	struct bar *memory = find(STORAGE, 0), *ports = find(STORAGE, 1);
	struct bar *as_bridge = &(struct bar) { .bdf = bridge };

	decode(as_bridge, false);
	MUST(nobody((uint32_t)memory->addr));
	MUST(answers(ports, (uint32_t)ports->addr));
	as_bridge->io = true;
	decode(as_bridge, false);
	MUST(no_port((uint32_t)ports->addr));
	MUST(answers(memory, (uint32_t)memory->addr));
	decode(as_bridge, true);
	MUST(answers(ports, (uint32_t)ports->addr));
}

static void another_bus_number(void)
{
	uint32_t bdf = find(STORAGE, 0)->bdf;
	uint32_t id = config_read(bdf, PCI_ID);

	config_write(bridge, PCI_BUSES, (bridge_buses & 0xff0000ff) | 0x202000);
	MUST(config_read(bdf, PCI_ID) == ONES);
	MUST(config_read(0x2000 | (bdf & 0xff), PCI_ID) == id);
	config_write(bridge, PCI_BUSES, bridge_buses);
	MUST(config_read(bdf, PCI_ID) == id);
}

static const struct {
	const char	*name;
	void		(*run)(void);
} checks[] = {
	{ "every BAR has its size and answers", everything_is_there },
	{ "sizing with decoding on", sizing_with_decode_on },
	{ "a memory BAR moves", move_memory },
	{ "an I/O BAR moves", move_ports },
	{ "two memory BARs change places", swap_memory },
	{ "two I/O BARs change places", swap_ports },
	{ "a BAR over another one waits for it", overlap },
	{ "the oldest claim is served first", the_oldest_claim_first },
	{ "decoding off withdraws a claim", a_claim_withdrawn },
	{ "a BAR moves while decoding is off", decode_off_and_on },
	{ "halves of a 64-bit BAR in either order", halves_of_64_bits },
	{ "a ROM is switched on, moved, switched off", a_rom },
	{ "memory in a BAR moves with it", move_a_frame_buffer },
	{ "two BARs with memory change places", swap_frame_buffers },
	{ "a BAR over RAM", on_top_of_ram },
	{ "a BAR over the ports of PCI itself", on_top_of_config_space },
	{ "a read across the end of a BAR", across_the_end },
	{ "a BAR moves in and out of a bridge's window", in_a_bridge_window },
	{ "the window of a bridge moves", a_bridge_window_moved },
	{ "a BAR is only half in a bridge's window", half_in_a_bridge_window },
	{ "a bridge stops decoding", a_bridge_closed },
	{ "a bus gets another number", another_bus_number },
};

void run(unsigned int number, const char *name, void (*check)(void))
{
	fault = 0;
	check();
	put_all_back();
	MUST(all_answer());
	MUST(q35_all_answer());
	print(fault ? "guest: not ok " : "guest: ok ");
	print_number(number);
	print(" ");
	print(name);
	if (fault) {
		print(", line ");
		print_number(fault);
		failed++;
	} else {
		passed++;
	}
	print("\n");
}

void guest_main(void);

void guest_main(void)
{
	unsigned int i;

	look_around();
	/* Without the cards of the first check there is nothing to play with. */
	for (i = 0; i < ARRAY_SIZE(checks) && (passed || !i); i++)
		run(i + 1, checks[i].name, checks[i].run);
	if (passed && q35_look_around())
		q35_checks(i);
	print("guest: ");
	print_number(passed);
	print(" checks passed, ");
	print_number(failed);
	print(" failed\n");
}
