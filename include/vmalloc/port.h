/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * port.h - functions that an environment supplies to the library
 */
#ifndef VMALLOC_PORT_H
#define VMALLOC_PORT_H

#include <vmalloc/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A port is one small file with eight functions for one environment:
 * lib/port/user.c, lib/port/kernel.c or lib/port/firmware.c. Another environment
 * supplies a file of its own. The library also uses the kernel's names of atomics
 * and barriers, such as READ_ONCE(), smp_load_acquire() and smp_mb(). The kernel
 * defines them, or the shim headers do with the compiler's __atomic builtins.
 *
 * A port function must not allocate memory and must not call the library. Only
 * vmr_port_drain_wait() may sleep, and vmr_port_reader_wait() where readers may.
 */

/**
 * vmr_port_write_begin - prepare the opening of a write section
 *
 * Readers wait while a section is open. A reader that interrupts or preempts the
 * writer would spin for ever. The kernel port therefore disables preemption, and
 * the firmware port disables interrupts. Userspace can do neither: there, a reader
 * that waits sleeps in vmr_port_reader_wait(), and the writer gets on. A signal
 * handler can interrupt the writer inside a section, and the section then never
 * ends while the handler runs. No reader may run in such a handler.
 *
 * Context: update side.
 * Return: state for vmr_port_write_end().
 */
unsigned long vmr_port_write_begin(void);

/**
 * vmr_port_write_end - undo vmr_port_write_begin() after the section is closed
 * @state: return value of vmr_port_write_begin()
 *
 * Context: update side.
 */
void vmr_port_write_end(unsigned long state);

/**
 * vmr_port_reader_wait - wait between two polls of an open write section
 * @spins: number of earlier calls in this wait, at first 0; it stops at 2^32-1
 *
 * The wait ends when the writer closes the section. A drain also waits with this
 * function while another thread walks the list of readers. If the scheduler can
 * keep the writer from running, this function must let it run: after some hundred
 * spins the userspace port sleeps for 50 microseconds, whatever the priorities. The
 * kernel and firmware ports relax the CPU, because their writers cannot be
 * preempted.
 *
 * Context: read side; in the kernel and in firmware it must not sleep.
 */
void vmr_port_reader_wait(unsigned int spins);

/**
 * vmr_port_drain_wait - wait between two polls of vmr_device_drain()
 *
 * A callback may take any time. If callbacks may sleep, or if the scheduler runs no
 * other thread while one waits, this function must sleep. The kernel port sleeps.
 *
 * Context: any thread that may wait.
 */
void vmr_port_drain_wait(void);

/**
 * vmr_port_thread_id - identify the running thread
 *
 * A drain compares the number to detect a call from inside a callback. If no other
 * context can end a wait, as in firmware with one CPU, all contexts have the same
 * number.
 *
 * Return: a number that no other existing thread has; never 0.
 */
uintptr_t vmr_port_thread_id(void);

/**
 * vmr_port_barrier_init - prepare vmr_port_barrier_all()
 *
 * A reader publishes that it begins a lookup, and then loads the tree. A drain stores
 * what an unregistration changed, and then loads what readers published. A full memory
 * barrier is needed between the two steps on both sides. If the drain can execute a
 * barrier on the CPUs of all readers, the readers need only a compiler barrier: the
 * barriers are asymmetric. vmr_manager_init() calls this function once, and the manager
 * keeps the result, see vmr_manager_set_asymmetric().
 *
 * The userspace port uses membarrier(2) on Linux: it asks for the commands that exist,
 * registers the process for MEMBARRIER_CMD_PRIVATE_EXPEDITED and tries that command, all
 * in the thread that calls vmr_manager_init(). The registration belongs to the address
 * space, and a child of fork() has it too. The kernel port returns false, because a
 * module has no such barrier for all CPUs that does not sleep. The firmware port returns
 * true: on its one CPU a compiler barrier is enough.
 *
 * Context: any thread.
 * Return: whether vmr_port_barrier_all() works from now on.
 */
bool vmr_port_barrier_init(void);

/**
 * vmr_port_barrier_all - execute a full memory barrier on the CPUs of all readers
 *
 * Called only after vmr_port_barrier_init() has returned true. The userspace port calls
 * membarrier(2) once for each vmr_device_drain() and vmr_device_try_drain(), in their
 * thread. A filter of system calls that is installed after vmr_manager_init() must permit
 * it.
 *
 * Context: any thread; must not wait for readers.
 * Return: whether the barrier was executed. If not, no device can be drained.
 */
bool vmr_port_barrier_all(void);

/**
 * vmr_port_assert_failed - report a failed assertion of a debug build
 * @what: text of the condition that is false
 *
 * May return. The library then refuses the call, as in release builds. A
 * userspace program may define this function alone: that of lib/port/user.c is
 * weak.
 */
void vmr_port_assert_failed(const char *what);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PORT_H */
