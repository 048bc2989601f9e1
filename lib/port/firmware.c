// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * firmware.c - port to bare metal with one CPU
 *
 * Interrupts are disabled in a write section. A reader in an interrupt handler
 * never observes an open section.
 */
#include <vmalloc/port.h>

#include "base/base.h"

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'

static unsigned long irq_save(void)
{
	unsigned long primask;

	__asm__ volatile("mrs %0, primask\n\tcpsid i"
			 : "=r" (primask) : : "memory");
	return primask;
}

static void irq_restore(unsigned long primask)
{
	__asm__ volatile("msr primask, %0" : : "r" (primask) : "memory");
}

#elif defined(__aarch64__)

static unsigned long irq_save(void)
{
	unsigned long daif;

	__asm__ volatile("mrs %0, daif\n\tmsr daifset, #2"
			 : "=r" (daif) : : "memory");
	return daif;
}

static void irq_restore(unsigned long daif)
{
	__asm__ volatile("msr daif, %0" : : "r" (daif) : "memory");
}

#elif defined(__riscv)

#define MSTATUS_MIE	8ul

static unsigned long irq_save(void)
{
	unsigned long mstatus;

	__asm__ volatile("csrrc %0, mstatus, %1"
			 : "=r" (mstatus) : "r" (MSTATUS_MIE) : "memory");
	return mstatus & MSTATUS_MIE;
}

static void irq_restore(unsigned long mie)
{
	__asm__ volatile("csrs mstatus, %0" : : "r" (mie) : "memory");
}

#elif defined(__x86_64__) || defined(__i386__)

static unsigned long irq_save(void)
{
	unsigned long flags;

	__asm__ volatile("pushf\n\tpop %0\n\tcli"
			 : "=r" (flags) : : "memory");
	return flags;
}

static void irq_restore(unsigned long flags)
{
	__asm__ volatile("push %0\n\tpopf" : : "r" (flags) : "memory", "cc");
}

#else
#error "write a port for this machine: see include/vmalloc/port.h"
#endif

unsigned long vmr_port_write_begin(void)
{
	return irq_save();
}

void vmr_port_write_end(unsigned long state)
{
	irq_restore(state);
}

/* No writer is preempted or interrupted in a section, so its end is near */
void vmr_port_reader_wait(unsigned int spins)
{
	(void)spins;
	cpu_relax();
}

void vmr_port_drain_wait(void)
{
	cpu_relax();
}

uintptr_t vmr_port_thread_id(void)
{
	return 1;
}

bool vmr_port_barrier_init(void)
{
	return true;
}

/* Readers run on this CPU, which observes its own stores in order */
bool vmr_port_barrier_all(void)
{
	barrier();
	return true;
}

void vmr_port_assert_failed(const char *what)
{
	(void)what;
	__builtin_trap();
}
