// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Tasks on a Cortex-M3: SysTick counts the time, and PendSV, whose priority is the lowest,
 * switches from one task to another
 */
#include "board.h"
#include "scheduler.h"

#define SCB_ICSR	(*(volatile uint32_t *)0xe000ed04)
#define SCB_SHPR3	(*(volatile uint32_t *)0xe000ed20)
#define PENDSVSET	0x10000000u
#define PENDSV_LOWEST	(0xffu << 16)
#define XPSR_THUMB	0x01000000u
#define CONTROL_PSP	2u

struct task *scheduler_current;
volatile uint32_t scheduler_ticks;

static struct task *tasks;
static unsigned int nr_tasks;
static volatile uint32_t locked;
static volatile uint32_t switch_at_unlock;

static void request_switch(void)
{
	if (locked)
		switch_at_unlock = 1;
	else
		SCB_ICSR = PENDSVSET;
}

void tick_handler(void)
{
	scheduler_ticks++;
	request_switch();
}

/* Called by pendsv_handler() */
__attribute__((__used__)) static void choose_task(void)
{
	struct task *task = tasks;

	while ((int32_t)(scheduler_ticks - task->wake) < 0)
		task++;
	scheduler_current = task;
}

__attribute__((__naked__)) void pendsv_handler(void)
{
	__asm__ volatile("mrs	r0, psp\n\t"
			 "stmdb	r0!, {r4-r11}\n\t"
			 "ldr	r1, =scheduler_current\n\t"
			 "ldr	r2, [r1]\n\t"
			 "str	r0, [r2]\n\t"
			 "push	{r1, lr}\n\t"
			 "bl	choose_task\n\t"
			 "pop	{r1, lr}\n\t"
			 "ldr	r2, [r1]\n\t"
			 "ldr	r0, [r2]\n\t"
			 "ldmia	r0!, {r4-r11}\n\t"
			 "msr	psp, r0\n\t"
			 "bx	lr\n\t"
			 ".ltorg");
}

void scheduler_lock(void)
{
	locked = 1;
	__asm__ volatile("" : : : "memory");
}

void scheduler_unlock(void)
{
	__asm__ volatile("" : : : "memory");
	locked = 0;
	if (switch_at_unlock) {
		switch_at_unlock = 0;
		SCB_ICSR = PENDSVSET;
		__asm__ volatile("isb" : : : "memory");
	}
}

void scheduler_sleep(uint32_t ticks)
{
	scheduler_current->wake = scheduler_ticks + ticks;
	SCB_ICSR = PENDSVSET;
	__asm__ volatile("isb" : : : "memory");
}

/* As an exception leaves it: r4-r11, r0-r3, r12, lr, pc, xpsr */
static void prepare(struct task *task)
{
	uint32_t *sp = &task->stack[TASK_STACK_WORDS];

	*--sp = XPSR_THUMB;
	*--sp = (uint32_t)task->run & ~1u;
	sp -= 14;
	task->sp = sp;
	task->wake = 0;
}

void scheduler_start(struct task *table, unsigned int nr, uint32_t cycles)
{
	struct task *last = &table[nr - 1];
	unsigned int i;

	tasks = table;
	nr_tasks = nr;
	for (i = 0; i < nr_tasks; i++)
		prepare(&table[i]);
	scheduler_current = last;
	SCB_SHPR3 |= PENDSV_LOWEST;
	/* The last task runs here, on its own stack, until the first switch. */
	__asm__ volatile("cpsid	i" : : : "memory");
	board_start_ticks(cycles);
	__asm__ volatile("msr	psp, %0\n\t"
			 "msr	control, %1\n\t"
			 "isb\n\t"
			 "cpsie	i\n\t"
			 "bx	%2"
			 : : "r" (&last->stack[TASK_STACK_WORDS]), "r" (CONTROL_PSP),
			 "r" (last->run) : "memory");
	__builtin_unreachable();
}
