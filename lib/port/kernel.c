// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * kernel.c - the port to the Linux kernel, and the module's frame
 *
 * The exports are EXPORT_SYMBOL_GPL because the library is built on the kernel's
 * rbtree, which is exported in that way.
 */
#include <linux/bug.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/processor.h>

#include <vmalloc/port.h>

#define CREATE_TRACE_POINTS
#include "trace_events.h"

unsigned long vmr_port_write_begin(void)
{
	preempt_disable();
	return 0;
}

void vmr_port_write_end(unsigned long state)
{
	preempt_enable();
}

void vmr_port_relax(void)
{
	cpu_relax();
}

uintptr_t vmr_port_self(void)
{
	return (uintptr_t)current;
}

void vmr_port_assert_failed(const char *what)
{
	WARN(1, "vmr: %s does not hold\n", what);
}

MODULE_DESCRIPTION("Allocation and routing of virtual machine resources");
MODULE_LICENSE("Dual BSD/GPL");
