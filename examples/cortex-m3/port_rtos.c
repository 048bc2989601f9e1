// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * port_rtos.c - port to a scheduler whose tasks preempt each other on one CPU
 *
 * Accesses are dispatched by tasks, not by interrupt handlers. A task in a write section is
 * not preempted, so that no reader observes an open section.
 */
#include <vmalloc/port.h>

#include "base/base.h"
#include "board.h"
#include "scheduler.h"

unsigned long vmr_port_write_begin(void)
{
	scheduler_lock();
	return 0;
}

void vmr_port_write_end(unsigned long state)
{
	(void)state;
	scheduler_unlock();
}

/* A section is never open while another task runs. */
void vmr_port_reader_wait(unsigned int spins)
{
	(void)spins;
	scheduler_sleep(1);
}

/* The callback is in a task that this one may have preempted: let it run. */
void vmr_port_drain_wait(void)
{
	scheduler_sleep(1);
}

uintptr_t vmr_port_thread_id(void)
{
	return (uintptr_t)scheduler_current;
}

bool vmr_port_barrier_init(void)
{
	return true;
}

/* One CPU observes its own stores in order. */
bool vmr_port_barrier_all(void)
{
	barrier();
	return true;
}

void vmr_port_assert_failed(const char *what)
{
	board_print(what);
	__builtin_trap();
}
