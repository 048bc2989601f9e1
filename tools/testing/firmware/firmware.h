/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * firmware.h - the tests on bare metal: declarations for all machines
 *
 * A machine has a linker script with its memory, and a file with its start code, which
 * calls firmware_main(). Machines with semihosting supply the semihosting call, others
 * supply the console and the exit.
 */
#ifndef VMR_FIRMWARE_H
#define VMR_FIRMWARE_H

#include "../harness/kselftest_harness.h"

/* From the linker script: memory for the tests and for the stack */
extern char heap[], heap_end[], stack_top[];

/* Run everything and end the machine. */
__attribute__((__noreturn__)) void firmware_main(void);

/* Unexpected exceptions */
__attribute__((__noreturn__)) void firmware_fault(const char *what);

/* End the machine with an exit status. */
__attribute__((__noreturn__)) void firmware_exit(int status);

/* The semihosting instruction of the machine */
long firmware_semihost(long op, const void *arg);

#endif /* VMR_FIRMWARE_H */
