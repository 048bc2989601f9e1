// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * priority-inversion.c - a real-time reader above a normal writer on one CPU
 *
 * In userspace a reader can preempt the writer inside of a write section. A reader of
 * higher real-time priority on the same CPU then sleeps in the userspace port until
 * the writer has got on. A program whose readers must not sleep brings a port that
 * raises the writer to the readers' priority while a section is open. This is such a
 * port, and the proof that it is sufficient.
 *
 * The reader is woken by a timer again and again while the writer does nothing but
 * move a region, for 3000 times or as many as VMR_TEST_WAKEUPS says. Exit status 0, or 4
 * if real-time priorities are not permitted. With an argument the port raises nothing,
 * to see that this matters: then it does not get to its end.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vmalloc/port.h>
#include <vmalloc/vmalloc.h>

#define READER_PRIORITY	20
#define PLACE(i)	(0x10000 + 0x10000 * ((uint64_t)(i) & 1))

static bool raises = true;
static unsigned int failures, wakeups = 3000;

static int priority(int policy, int level)
{
	const struct sched_param param = { .sched_priority = level };

	return pthread_setschedparam(pthread_self(), policy, &param);
}

/* The port */

unsigned long vmr_port_write_begin(void)
{
	if (raises && priority(SCHED_FIFO, READER_PRIORITY))
		failures++;
	return 0;
}

void vmr_port_write_end(unsigned long state)
{
	(void)state;
	if (raises && priority(SCHED_OTHER, 0))
		failures++;
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
	return (uintptr_t)pthread_self();
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
}

/* The machine */

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_reader reader;
static struct vmr_device dev;
static struct vmr_region region;
static unsigned int hits, misses, stop;

static void dev_read(struct vmr_device *d, const struct vmr_access *access,
		     void *data)
{
	(void)d;
	memset(data, 0x42, access->width);
}

static const struct vmr_device_ops ops = { .read = dev_read };

static int up(void)
{
	const struct vmr_system_limits limits = { .mmio_last = 0xffffffff };
	int ret = vmr_system_init(&sys, &limits);

	if (!ret)
		ret = vmr_manager_init(&manager, &sys);
	dev.ops = &ops;
	vmr_region_init(&region, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0,
			"region");
	if (!ret)
		ret = vmr_device_add_region(&dev, &region);
	if (!ret)
		ret = vmr_device_register(&manager, &dev, NULL, NULL);
	return ret ? ret : vmr_region_move(&manager, &region, PLACE(0), NULL);
}

/* It preempts the writer whenever its timer says so, wherever that is. */
static void *read_again_and_again(void *arg)
{
	struct timespec pause = { .tv_nsec = 20000 };
	uint8_t byte;
	unsigned int i;
	int ret;

	if (priority(SCHED_FIFO, READER_PRIORITY)) {
		*(int *)arg = 4;
		return NULL;
	}
	for (i = 0; i < wakeups; i++) {
		ret = vmr_read(&reader, VMR_MMIO, PLACE(i), &byte, 1, 1);
		hits += !ret && byte == 0x42;
		misses += ret == -ENXIO && byte == 0xff;
		pause.tv_nsec = 20000 + i % 97 * 331;
		nanosleep(&pause, NULL);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long moves = 0;
	int status = 0, ret;
	pthread_t thread;
	cpu_set_t one;

	(void)argv;
	CPU_ZERO(&one);
	sched_getaffinity(0, sizeof(one), &one);
	for (ret = 0; !CPU_ISSET(ret, &one); ret++)
		;
	CPU_ZERO(&one);
	CPU_SET(ret, &one);
	/* Before there is a section: may this process raise its priority? */
	if (sched_setaffinity(0, sizeof(one), &one) ||
	    priority(SCHED_FIFO, READER_PRIORITY) || priority(SCHED_OTHER, 0)) {
		puts("SCHED_FIFO is not permitted here");
		return 4;
	}
	raises = argc < 2;
	if (getenv("VMR_TEST_WAKEUPS"))
		wakeups = (unsigned int)strtoul(getenv("VMR_TEST_WAKEUPS"), NULL, 0);
	if (up() || vmr_reader_attach(&manager, &reader))
		return 1;
	if (pthread_create(&thread, NULL, read_again_and_again, &status))
		return 1;
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE) && !status)
		failures += vmr_region_move(&manager, &region, PLACE(++moves),
					    NULL) != 0;
	pthread_join(thread, NULL);
	printf("%lu moves, %u accesses: %u answered, %u not; %u failures\n",
	       moves, wakeups, hits, misses, failures);
	if (!status && (failures || hits + misses != wakeups || !hits))
		return 1;
	return status;
}
