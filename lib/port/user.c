// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * user.c - port to userspace, without a libc
 */
#include <vmalloc/port.h>

#include "base/base.h"

unsigned long vmr_port_write_begin(void)
{
	return 0;
}

void vmr_port_write_end(unsigned long state)
{
	(void)state;
}

void vmr_port_spin_relax(void)
{
	cpu_relax();
}

void vmr_port_drain_wait(void)
{
	cpu_relax();
}

uintptr_t vmr_port_thread_id(void)
{
	return (uintptr_t)__builtin_thread_pointer();
}

/* A program may define its own beside the other functions of this file. */
__attribute__((__weak__)) void
vmr_port_assert_failed(const char *what) /* LCOV_EXCL_LINE: as below */
{
	(void)what;		/* LCOV_EXCL_LINE: it ends the program */
	__builtin_trap();	/* LCOV_EXCL_LINE: the same */
}
