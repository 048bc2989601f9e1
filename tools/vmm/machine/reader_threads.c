// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * reader_threads.c - threads that read registers while the guest runs
 *
 * They take no lock. A listener records the addresses of the BARs. A counter is odd
 * while a writer is active. If no writer was active from before the address was
 * looked up until after the read, the read must have hit that register. Otherwise
 * the BAR may have been at the old address, at the new one or nowhere. The base and
 * the offset of a hit must add up to the requested address in any case.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../vmm.h"

#define BATCH		1024	/* reads before others may have the processor, */
#define PAUSE_US	100	/* for so long */
#define LEAST		20000	/* reads of each thread, however short the run is */
#define DEBUG_PORT	0x402
#define DEBUG_ANSWER	0xe9

static struct testdev *testdev_number(struct vmm *vmm, unsigned int i)
{
	return i < NR_TESTDEVS ? &vmm->testdevs[i] : &vmm->hot;
}

static void places_moved(struct vmr_listener *listener,
			 struct vmr_region *region,
			 const struct vmr_mapping *old,
			 const struct vmr_mapping *new_)
{
	struct vmm *vmm = container_of(listener, struct vmm, places);
	struct testdev *testdev;
	unsigned int i;

	(void)old;
	for (i = 0; i <= NR_TESTDEVS; i++) {
		testdev = testdev_number(vmm, i);
		if (region->device != &testdev->fn.dev)
			continue;
		__atomic_store_n(&testdev->places[region->index],
				 new_->mapped ? new_->start : 0,
				 __ATOMIC_RELAXED);
	}
}

void readers_listen(struct vmm *vmm)
{
	vmm->places.region_changed = places_moved;
	vmr_listener_register(&vmm->manager, &vmm->places);
}

static uint32_t next_random(struct reader_thread *rt)
{
	rt->random =
		rt->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(rt->random >> 33);
}

/* A read, and the register that it must hit if no writer is active */
struct question {
	struct testdev	*testdev;
	unsigned int	bar;
	enum vmr_io	io;
	uint64_t	base;
	uint64_t	offset;
	uint32_t	width;
};

/* A register of a BAR that is somewhere; false if it is not */
static bool ask(struct reader_thread *rt, struct question *q)
{
	struct vmm *vmm = rt->cpu.vmm;
	const struct vmr_pci_bar *bar;
	uint64_t size;

	q->testdev = testdev_number(vmm, next_random(rt) % (NR_TESTDEVS + 1));
	q->bar = next_random(rt) % VMR_PCI_NR_BARS;
	bar = &q->testdev->fn.bars[q->bar];
	if (bar->type == VMR_PCI_BAR_NONE)
		return false;
	q->base =
		__atomic_load_n(&q->testdev->places[q->bar], __ATOMIC_RELAXED);
	if (!q->base)
		return false;
	q->io = (enum vmr_io)bar->region.io;
	q->width = 1u << next_random(rt) % (q->io == VMR_PIO ? 3 : 4);
	size = bar->region.size;
	/* Of a BAR with memory in it, only the trapped part is a register. */
	if (q->testdev->memory.kvm.region == &bar->region) {
		q->base += q->testdev->trapped.offset;
		size = q->testdev->trapped.size;
	}
	q->offset = (uint64_t)next_random(rt) << 31 | next_random(rt);
	q->offset %= size - q->width + 1;
	return true;
}

/* Whether the value is that of the register at the requested address */
static bool consistent(const struct vmm_probe *probe, uint64_t addr,
		       const uint8_t *data, uint32_t width)
{
	uint64_t offset = probe->offset;
	uint32_t i;

	if (probe->hits != 1 || probe->base + probe->offset != addr)
		return false;
	if (probe->region == &probe->testdev->trapped)
		offset += probe->testdev->trapped.offset;
	for (i = 0; i < width; i++)
		if (data[i] !=
		    testdev_byte(probe->testdev, probe->bar, offset + i))
			return false;
	return true;
}

static bool all_ones(const uint8_t *data, uint32_t width)
{
	while (width--)
		if (data[width] != 0xff)
			return false;
	return true;
}

/* The counter again, and not before anything that was read until now */
static uint32_t generation_after(const struct vmm *vmm)
{
#ifndef __SANITIZE_THREAD__
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
#endif
	return __atomic_load_n(&vmm->generation, __ATOMIC_ACQUIRE);
}

static void read_card(struct reader_thread *rt)
{
	struct vmm *vmm = rt->cpu.vmm;
	struct vmm_probe *probe = &rt->probe;
	uint32_t before, after;
	bool settled, good;
	struct question q;
	uint8_t data[8];
	uint64_t addr;
	int err;

	before = __atomic_load_n(&vmm->generation, __ATOMIC_ACQUIRE);
	if (!ask(rt, &q))
		return;
	addr = q.base + q.offset;
	probe->hits = 0;
	err = vmr_read(&rt->cpu.reader, q.io, addr, data, q.width, 1);
	after = generation_after(vmm);
	settled = before == after && !(before & 1);

	if (!err)
		good = consistent(probe, addr, data, q.width);
	else
		good = err == -ENXIO && all_ones(data, q.width);
	if (settled)
		good = good && !err && probe->testdev == q.testdev &&
		       probe->bar == q.bar && probe->base == q.base;
	if (!good)
		rt->errors++;
	else if (err)
		rt->misses++;
	else
		rt->hits++;
	rt->concurrent += !settled;
}

/* Read a register that never moves, and is there from the start */
static void read_port(struct reader_thread *rt)
{
	uint8_t value;

	if (vmr_read(&rt->cpu.reader, VMR_PIO, DEBUG_PORT, &value, 1, 1) ||
	    value != DEBUG_ANSWER)
		rt->errors++;
	else
		rt->hits++;
}

static void *run_reader_thread(void *arg)
{
	struct reader_thread *rt = arg;
	struct vmm *vmm = rt->cpu.vmm;
	uint64_t n;

	for (n = 1; n <= LEAST ||
	     !__atomic_load_n(&vmm->stop, __ATOMIC_RELAXED); n++) {
		read_card(rt);
		if (n % BATCH)
			continue;
		read_port(rt);
		usleep(PAUSE_US);
	}
	return NULL;
}

int readers_start(struct vmm *vmm)
{
	struct reader_thread *rt;
	sigset_t alarm, old;
	unsigned int i;
	int err = 0;

	__atomic_store_n(&vmm->stop, false, __ATOMIC_RELAXED);
	/* The timer's signal is for the thread that runs the CPU. */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, &old);
	for (i = 0; !err && i < NR_READER_THREADS; i++) {
		rt = &vmm->reader_threads[i];
		err = vmm_cpu_init(vmm, &rt->cpu);
		if (err)
			break;
		rt->cpu.probe = &rt->probe;
		rt->random = i + 1;
		err = pthread_create(&rt->thread, NULL, run_reader_thread, rt);
		if (err) {
			vmm_err("reader thread: %s", strerror(err));
			vmr_reader_detach(&rt->cpu.reader);
		} else {
			rt->running = true;
		}
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

void readers_stop(struct vmm *vmm)
{
	struct reader_thread *rt;
	unsigned int i;

	__atomic_store_n(&vmm->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < NR_READER_THREADS; i++) {
		rt = &vmm->reader_threads[i];
		if (!rt->running)
			continue;
		pthread_join(rt->thread, NULL);
		rt->running = false;
		vmr_reader_detach(&rt->cpu.reader);
	}
}

void readers_report(struct vmm *vmm)
{
	uint64_t hits = 0, misses = 0, concurrent = 0, errors = 0;
	unsigned int i;

	for (i = 0; i < NR_READER_THREADS; i++) {
		hits += vmm->reader_threads[i].hits;
		misses += vmm->reader_threads[i].misses;
		concurrent += vmm->reader_threads[i].concurrent;
		errors += vmm->reader_threads[i].errors;
	}
	/* Threads without a hit have checked nothing. */
	if (!hits)
		errors++;
	vmm->misdispatched += errors;
	printf("readers: %u threads, %" PRIu64 " answers checked, %" PRIu64
	       " lookups beside a writer, %" PRIu64 " found no device, %" PRIu64
	       " wrong\n",
	       NR_READER_THREADS, hits, concurrent, misses, errors);
}
