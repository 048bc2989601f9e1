/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * firmware.h - the tests on bare metal: what machines have in common
 *
 * A machine has a linker script, which says where memory is, and a file with its
 * start, which ends in firmware_main(). Machines with semihosting supply that one
 * call, others the console and the way to end.
 */
#ifndef VMR_FIRMWARE_H
#define VMR_FIRMWARE_H

#include "../harness/kselftest_harness.h"

/* From the linker script: memory for the tests, and for the stack */
extern char heap[], heap_end[], stack_top[];

/* Run everything and end the machine. */
__attribute__((__noreturn__)) void firmware_main(void);

/* What was not to happen */
__attribute__((__noreturn__)) void firmware_fault(const char *what);

/* End the machine, with an exit status for whoever runs it. */
__attribute__((__noreturn__)) void firmware_exit(int status);

/* The machine's instruction */
long firmware_semihost(long op, const void *arg);

#endif /* VMR_FIRMWARE_H */
