// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * transfer_count.c - count the cache lines that CPUs transfer between each other
 *
 *	transfer_count [DEVICES]
 *
 * The library and its peers are compiled with the calls of the thread sanitizer, which
 * this program defines: one call for each load and store. A CPU for each reader and one
 * for the writer have caches of any size, in which a line is valid until another CPU
 * stores to it. A load of a line that is not valid is a transfer, as is a store to a line
 * that is valid elsewhere too. All CPUs run in turn on one thread, so that the counts
 * depend on neither the machine nor its load. Accesses to the stack are not counted.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transfer_count.h"

#define CPUS		(TRANSFER_READERS + 1)
#define NR_LINES	0x200000u
#define STACK		0x100000u

struct line {
	uintptr_t	key;
	uint64_t	valid[(CPUS + 63) / 64];	/* a bit for each CPU */
	uint64_t	moved;
	uint32_t	seen;		/* the last operation that touched it */
};

static struct line *table;
static unsigned int cpu;
static bool counting;
static uintptr_t stack;
static uint32_t operation;
static uint64_t transfers, touches;

static struct line *line_at(uintptr_t key)
{
	uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15ULL >> 40) % NR_LINES;
	uint32_t tries = 0;

	while (table[i].key && table[i].key != key) {
		i = (i + 1) % NR_LINES;
		if (++tries == NR_LINES)
			abort();
	}
	table[i].key = key;
	return &table[i];
}

static void access_line(uintptr_t key, bool store)
{
	struct line *line = line_at(key);
	bool valid = line->valid[cpu / 64] >> cpu % 64 & 1;
	bool elsewhere = false;
	unsigned int i;

	line->valid[cpu / 64] &= ~(1ULL << cpu % 64);
	for (i = 0; i < (CPUS + 63) / 64; i++)
		elsewhere = elsewhere || line->valid[i];
	if (store)
		memset(line->valid, 0, sizeof(line->valid));
	line->valid[cpu / 64] |= 1ULL << cpu % 64;
	if (!counting)
		return;
	if (line->seen != operation) {
		line->seen = operation;
		touches++;
	}
	if (elsewhere && (store || !valid)) {
		line->moved++;
		transfers++;
	}
}

static void access_memory(uintptr_t addr, size_t size, bool store)
{
	uintptr_t key;

	if (!table || stack - addr < STACK)
		return;
	for (key = addr / 64; key <= (addr + size - 1) / 64; key++)
		access_line(key, store);
}

#define ACCESS(bytes) \
	void __tsan_read##bytes(uintptr_t addr) \
	{ \
		access_memory(addr, bytes, false); \
	} \
	void __tsan_write##bytes(uintptr_t addr) \
	{ \
		access_memory(addr, bytes, true); \
	}

#define ATOMIC(bits, type) \
	type __tsan_atomic##bits##_load(const void *at, int order) \
	{ \
		access_memory((uintptr_t)at, sizeof(type), false); \
		return __atomic_load_n((const type *)at, order); \
	} \
	void __tsan_atomic##bits##_store(void *at, type value, int order) \
	{ \
		access_memory((uintptr_t)at, sizeof(type), true); \
		__atomic_store_n((type *)at, value, order); \
	}

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

uint32_t __tsan_atomic32_exchange(uint32_t *at, uint32_t value, int order)
{
	access_memory((uintptr_t)at, 4, true);
	return __atomic_exchange_n(at, value, order);
}

bool __tsan_atomic32_compare_exchange_strong(uint32_t *at, uint32_t *expected,
					     uint32_t value, int order, int failed)
{
	(void)failed;
	access_memory((uintptr_t)at, 4, true);
	return __atomic_compare_exchange_n(at, expected, value, false, order,
					   __ATOMIC_RELAXED);
}

void __tsan_atomic_thread_fence(int order)
{
	__atomic_thread_fence(order);
}

void __tsan_read_range(uintptr_t addr, size_t size)
{
	access_memory(addr, size, false);
}

void __tsan_write_range(uintptr_t addr, size_t size)
{
	access_memory(addr, size, true);
}

void __tsan_init(void)
{
}

static uint32_t below(uint32_t n)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) * n >> 32);
}

static void read_once(const struct transfer_impl *impl, void *machine,
		      unsigned int reader, uint32_t device)
{
	cpu = reader;
	operation++;
	if (impl->read(machine, reader, TRANSFER_ADDR(device)) != device) {
		fprintf(stderr, "%s: the wrong device\n", impl->name);
		exit(1);
	}
}

/* The writer moves one device, to a random free page among those of its own */
static void move_once(const struct transfer_impl *impl, void *machine,
		      uint32_t nr)
{
	static uint32_t at[TRANSFER_RESTLESS];
	uint32_t i = below(TRANSFER_RESTLESS);

	at[i] = (at[i] + 1) % 4;
	cpu = TRANSFER_READERS;
	operation++;
	impl->move(machine, i, TRANSFER_ADDR(nr + i + TRANSFER_RESTLESS * at[i]) +
			       TRANSFER_PAGE);
}

static uint64_t hottest(void)
{
	uint64_t most = 0;
	uint32_t i;

	for (i = 0; i < NR_LINES; i++)
		if (table[i].moved > most)
			most = table[i].moved;
	return most;
}

static void begin(void)
{
	memset(table, 0, NR_LINES * sizeof(*table));
	transfers = 0;
	touches = 0;
	counting = false;
}

/* After all readers have read all devices, each reads a random one, again and again */
static void count(const struct transfer_impl *impl, uint32_t nr,
		  unsigned int readers, bool busy)
{
	void *machine = impl->create(nr, readers);
	uint64_t reads = 0, read_transfers = 0, moves = 0, before;
	uint32_t i;
	unsigned int r;

	begin();
	for (i = 0; i < 2 * nr; i++)
		for (r = 0; r < readers; r++)
			read_once(impl, machine, r, (i + r) % nr);
	counting = true;
	for (i = 0; i < 2000; i++) {
		before = transfers;
		for (r = 0; r < readers; r++, reads++)
			read_once(impl, machine, r, below(nr));
		read_transfers += transfers - before;
		if (busy) {
			move_once(impl, machine, nr);
			moves++;
		}
	}
	printf("%s,%u,%u,%s,%.2f,%.2f,%.1f\n", impl->name, nr, readers,
	       busy ? "busy" : "quiet", (double)read_transfers / reads,
	       (double)hottest() / reads,
	       moves ? (double)(transfers - read_transfers) / moves : 0);
	impl->destroy(machine);
}

/* The lines that one access touches, with one reader and no writer */
static void count_lines(const struct transfer_impl *impl, uint32_t nr)
{
	void *machine = impl->create(nr, 1);
	uint32_t i;

	begin();
	for (i = 0; i < 2 * nr; i++)
		read_once(impl, machine, 0, i % nr);
	counting = true;
	for (i = 0; i < 10000; i++)
		read_once(impl, machine, 0, below(nr));
	printf("%s,%u,%.1f\n", impl->name, nr, touches / 10000.0);
	impl->destroy(machine);
}

int main(int argc, char **argv)
{
	static const struct transfer_impl *const impls[] = {
		&transfer_vmalloc, &transfer_vmalloc_bare, &transfer_mutex,
		&transfer_rwlock, &transfer_rcu,
	};
	static const unsigned int readers[] = { 2, 8, 32, TRANSFER_READERS };
	static const uint32_t sizes[] = { 8, 64, 512, 4096, 100000 };
	uint32_t nr = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 512;
	size_t i, k;

	stack = (uintptr_t)&i + 4096;
	table = calloc(NR_LINES, sizeof(*table));
	if (!table)
		return 1;
	puts("impl,devices,readers,writer,transfers,hottest,writer_transfers");
	for (i = 0; i < sizeof(impls) / sizeof(*impls); i++)
		for (k = 0; k < sizeof(readers) / sizeof(*readers); k++) {
			count(impls[i], nr, readers[k], false);
			count(impls[i], nr, readers[k], true);
		}
	puts("\nimpl,devices,lines");
	for (i = 0; i < sizeof(impls) / sizeof(*impls); i++)
		for (k = 0; k < sizeof(sizes) / sizeof(*sizes); k++)
			count_lines(impls[i], sizes[k]);
	free(table);
	return 0;
}
