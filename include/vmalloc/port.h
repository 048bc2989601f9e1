/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * port.h - what an environment supplies to the library
 *
 * Six functions, in one small file for each environment: lib/port/user.c,
 * lib/port/kernel.c, lib/port/firmware.c. An environment that is none of these
 * brings a file of its own instead. Besides them the library uses the kernel's
 * names for atomics and barriers (READ_ONCE(), smp_load_acquire(), smp_mb() and
 * so on), which come from the kernel, or from the shim headers over the
 * compiler's __atomic builtins.
 */
#ifndef VMALLOC_PORT_H
#define VMALLOC_PORT_H

#include <vmalloc/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * vmr_port_write_begin - a write section is about to open
 *
 * Readers wait while a section is open. So that one who interrupts or preempts
 * the writer does not wait for it in vain, the kernel switches preemption off and
 * firmware switches interrupts off. Userspace can do neither: there a reader
 * spins for as long as the scheduler keeps a writer from running inside its
 * section, and a reader of higher real-time priority on the same CPU must not
 * exist.
 *
 * Return: what vmr_port_write_end() needs to go back.
 */
unsigned long vmr_port_write_begin(void);

/**
 * vmr_port_write_end - the write section is closed
 * @state: what vmr_port_write_begin() returned
 */
void vmr_port_write_end(unsigned long state);

/**
 * vmr_port_spin_relax - called again and again while a write section is waited for
 *
 * It is short. The caller may be where nothing may sleep.
 */
void vmr_port_spin_relax(void);

/**
 * vmr_port_drain_wait - called again and again while vmr_device_drain() waits for callbacks
 *
 * A callback takes as long as it likes. Where callbacks may sleep, or where the
 * scheduler runs nobody else while somebody waits, this has to sleep too: in the
 * kernel it does.
 */
void vmr_port_drain_wait(void);

/**
 * vmr_port_thread_id - who is running
 *
 * A drain must find out that it is called from inside a callback. Where a wait
 * in one context can never be ended by another (firmware with one CPU), all
 * contexts are one.
 *
 * Return: a number that no other thread alive has; never 0.
 */
uintptr_t vmr_port_thread_id(void);

/**
 * vmr_port_assert_failed - a debug build found a programmer's error
 * @what: the condition that does not hold
 *
 * May return; the call is refused then, as it is in release builds.
 */
void vmr_port_assert_failed(const char *what);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PORT_H */
