// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * kernel.c - port to the Linux kernel, and the module
 *
 * All exports are EXPORT_SYMBOL_GPL, because the library uses the kernel's rbtree,
 * which is exported in this way.
 */
#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/processor.h>

#include <vmalloc/port.h>

#include "base/lockdep.h"

#define CREATE_TRACE_POINTS
#include "trace_range.h"
#include "trace_device.h"

#ifdef CONFIG_LOCKDEP
struct lockdep_map vmr_write_section_map =
	STATIC_LOCKDEP_MAP_INIT("vmr_section", &vmr_write_section_map);
struct lockdep_map vmr_callback_map =
	STATIC_LOCKDEP_MAP_INIT("vmr_callback", &vmr_callback_map);
#endif

unsigned long vmr_port_write_begin(void)
{
	preempt_disable();
	vmr_lockdep_write_begin();
	return 0;
}

void vmr_port_write_end(unsigned long state)
{
	vmr_lockdep_write_end();
	preempt_enable();
}

/* No writer is preempted or interrupted in a section, so its end is near */
void vmr_port_reader_wait(unsigned int spins)
{
	(void)spins;
	cpu_relax();
}

/* A callback may sleep on this CPU, so the drain must sleep too */
void vmr_port_drain_wait(void)
{
	usleep_range(20, 200);
}

uintptr_t vmr_port_thread_id(void)
{
	return (uintptr_t)current;
}

/* No barrier for all CPUs is exported to modules that may be used without sleeping */
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
	WARN(1, "vmr: %s does not hold\n", what);
}

MODULE_DESCRIPTION("Allocation and routing of virtual machine resources");
MODULE_LICENSE("Dual BSD/GPL");
