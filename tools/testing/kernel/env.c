// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * env.c - functions of the C library and of the harness, over the kernel
 *
 * libc/ has the headers with the names that the tests include.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>

#include "vmr_test.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static char *parameters = "";
module_param(parameters, charp, 0444);
MODULE_PARM_DESC(parameters, "what the tests find in their environment");

/*
 * The log. Every line has the module's name before it.
 */

static DEFINE_MUTEX(log_lock);		/* protects the buffer */
static char log_line[512];
static size_t log_used;

static void log_char(char c)
{
	if (c != '\n' && log_used < sizeof(log_line))
		log_line[log_used++] = c;
	if (c != '\n')
		return;
	pr_info("%.*s\n", (int)log_used, log_line);
	log_used = 0;
}

void harness_write(const char *text, size_t length)
{
	mutex_lock(&log_lock);
	while (length--)
		log_char(*text++);
	mutex_unlock(&log_lock);
}

int test_printf(const char *fmt, ...)
{
	char text[256];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	harness_write(text, n);
	return n;
}

/*
 * Memory. Each block is an allocation of the kernel, so KASAN and kmemleak check the
 * accesses of the tests.
 */

struct block {
	struct list_head	link;
	void			*memory;
};

static LIST_HEAD(blocks);
static DEFINE_SPINLOCK(blocks_lock);	/* of the list */

void *test_alloc(size_t align, size_t size)
{
	size_t extra = align > sizeof(long) ? align : 0;
	struct block *b;
	void *memory, *p;

	memory = kvmalloc(sizeof(*b) + extra + size, GFP_KERNEL);
	if (!memory)
		return NULL;
	p = PTR_ALIGN(memory + sizeof(*b), align);
	b = p - sizeof(*b);
	b->memory = memory;
	spin_lock(&blocks_lock);
	list_add(&b->link, &blocks);
	spin_unlock(&blocks_lock);
	return p;
}

void *test_zalloc(size_t nr, size_t size)
{
	size_t bytes;
	void *p;

	if (check_mul_overflow(nr, size, &bytes))
		return NULL;
	p = test_alloc(sizeof(long), bytes);
	return p ? memset(p, 0, bytes) : NULL;
}

int test_memalign(void **p, size_t align, size_t size)
{
	*p = test_alloc(align, size);
	return *p ? 0 : ENOMEM;
}

void test_free(void *p)
{
	struct block *b = p - sizeof(*b);

	if (!p)
		return;
	spin_lock(&blocks_lock);
	list_del(&b->link);
	spin_unlock(&blocks_lock);
	kvfree(b->memory);
}

/* Start of a test: free all memory of the test before. */
void harness_memory(void *memory, size_t size)
{
	struct block *b, *next;

	list_for_each_entry_safe(b, next, &blocks, link)
		test_free(b + 1);
}

/*
 * Threads. After the join a thread does not run code of this module.
 */

struct test_thread {
	struct task_struct	*task;
	struct completion	done;
	void			*(*start)(void *arg);
	void			*arg;
	void			*result;
};

static int thread_main(void *arg)
{
	struct test_thread *t = arg;

	t->result = t->start(t->arg);
	complete(&t->done);
	return 0;
}

static int thread_create(struct test_thread *t, int (*fn)(void *arg))
{
	init_completion(&t->done);
	t->task = kthread_create(fn, t, "vmr_test");
	if (IS_ERR(t->task))
		return PTR_ERR(t->task);
	get_task_struct(t->task);
	return 0;
}

static void thread_end(struct test_thread *t)
{
	kthread_stop(t->task);
	put_task_struct(t->task);
}

static struct test_thread *thread_make(void)
{
	struct test_thread *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (t && thread_create(t, thread_main)) {
		kfree(t);
		return NULL;
	}
	return t;
}

/*
 * A test may start threads inside a write section, where it must not sleep. Threads
 * in reserve serve these calls.
 */
static struct test_thread *spare[2];

static struct test_thread *thread_take(void)
{
	struct test_thread *t = NULL;
	size_t i;

	for (i = 0; !t && i < ARRAY_SIZE(spare); i++)
		t = xchg(&spare[i], NULL);
	return t;
}

int pthread_create(pthread_t *thread, const void *attr,
		   void *(*start)(void *arg), void *arg)
{
	struct test_thread *t = preempt_count() ? thread_take() : thread_make();

	*thread = t;
	if (!t)
		goto out;
	t->start = start;
	t->arg = arg;
	wake_up_process(t->task);
out:
	return t ? 0 : EAGAIN;
}

int pthread_join(pthread_t thread, void **result)
{
	wait_for_completion(&thread->done);
	thread_end(thread);
	if (result)
		*result = thread->result;
	kfree(thread);
	return 0;
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	/* Pairs with the release in the unlock. */
	return xchg_acquire(&mutex->held, 1) ? EBUSY : 0;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	while (pthread_mutex_trylock(mutex))
		schedule();
	return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	/* Pairs with the acquire in the lock. */
	smp_store_release(&mutex->held, 0);
	return 0;
}

int sched_yield(void)
{
	if (preempt_count())
		cpu_relax();
	else
		schedule();
	return 0;
}

/*
 * A test has its own thread, which harness_leave() ends.
 *
 * A test also has its own stack, because machines on the stack exceed the stack of the
 * kernel. Its innermost word points to the stack of the thread. A stack is
 * not reused after harness_leave(), because KASAN has poisoned parts of it. The
 * unwinder compares a stack with those of the current CPU, so the thread stays on one
 * CPU.
 */
#define STACK_SIZE	(512ul << 10)

struct call {
	struct test_thread	thread;
	void			(*fn)(void *arg);
	void			*arg;
	void			*stack;
	bool			returned;
};

static struct call call;

static unsigned long *bottom(void)
{
	return call.stack + STACK_SIZE - 2 * sizeof(long);
}

static __used noinline void on_stack(void)
{
	call.fn(call.arg);
	call.returned = true;
}

static __used __noreturn void off_stack(void)
{
	kthread_complete_and_exit(&call.thread.done, 0);
}

static noinline int call_main(void *arg)
{
	asm volatile("movq	%%rsp, (%[bottom])\n\t"
		     "movq	%[bottom], %%rsp\n\t"
		     "call	on_stack\n\t"
		     "popq	%%rsp"
		     : ASM_CALL_CONSTRAINT
		     : [bottom] "r" (bottom())
		     : "memory", "cc", "rax", "rcx", "rdx", "rsi", "rdi",
		       "r8", "r9", "r10", "r11");
	complete(&call.thread.done);
	return 0;
}

/* Return: whether all resources of a test could be allocated */
static bool prepare(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(spare); i++) {
		if (!spare[i])
			spare[i] = thread_make();
		if (!spare[i])
			return false;
	}
	if (!call.stack)
		call.stack = kmalloc(STACK_SIZE, GFP_KERNEL);
	return call.stack;
}

void env_exit(void)
{
	struct test_thread *t;

	kfree(call.stack);
	call.stack = NULL;
	while ((t = thread_take())) {
		thread_end(t);
		kfree(t);
	}
}

void harness_call(void (*fn)(void *arg), void *arg)
{
	call.fn = fn;
	call.arg = arg;
	call.returned = false;
	if (!prepare() || thread_create(&call.thread, call_main))
		panic("vmr_test: no thread for a test\n");
	kthread_bind(call.thread.task, 0);
	wake_up_process(call.thread.task);
	wait_for_completion(&call.thread.done);
	thread_end(&call.thread);
	if (!call.returned)
		env_exit();
}

/* harness_leave() under a name that objtool does not know */
void env_leave(void)
{
	asm volatile("movq	(%0), %%rsp\n\t"
		     "call	off_stack"
		     : : "r" (bottom()) : "memory");
	unreachable();
}

/*
 * Parameters, time and others
 */

const char *harness_parameters(void)
{
	return parameters;
}

/* "NAME=VALUE NAME=VALUE" */
char *getenv(const char *name)
{
	static char value[64];
	size_t n = strlen(name);
	const char *at;

	for (at = parameters; at; at = strchr(at, ' ')) {
		at = skip_spaces(at);
		if (strncmp(at, name, n) || at[n] != '=')
			continue;
		at += n + 1;
		strscpy(value, at, min(sizeof(value), strcspn(at, " ") + 1));
		return value;
	}
	return NULL;
}

unsigned long long strtoull(const char *text, char **end, int base)
{
	unsigned long long n;

	return kstrtoull(text, base, &n) ? 0 : n;
}

unsigned long strtoul(const char *text, char **end, int base)
{
	return strtoull(text, end, base);
}

long long test_time(long long *now)
{
	return ktime_get_seconds();
}
