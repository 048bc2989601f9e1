/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * A scheduler with fixed priorities: the first task in the table that is ready runs, and
 * a tick can preempt any task
 */
#ifndef SCHEDULER_H
#define SCHEDULER_H

#include <stdint.h>

#define TASK_STACK_WORDS	512

struct task {
	uint32_t	*sp;		/* the saved registers are above it */
	void		(*run)(void);	/* does not return */
	uint32_t	wake;		/* the tick at which it is ready */
	uint32_t	stack[TASK_STACK_WORDS] __attribute__((__aligned__(8)));
};

/* The task that runs. The last task of the table never sleeps. */
extern struct task *scheduler_current;
extern volatile uint32_t scheduler_ticks;

/* Run the tasks of a table, highest priority first. Does not return */
void scheduler_start(struct task *tasks, unsigned int nr_tasks, uint32_t cycles);

/* Let other tasks run for some ticks, at least one */
void scheduler_sleep(uint32_t ticks);

/* No task preempts the caller from lock to unlock. Does not nest */
void scheduler_lock(void);
void scheduler_unlock(void);

#endif
