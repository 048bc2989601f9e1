/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* pthread.h - threads, over the kernel's */
#ifndef VMR_TEST_PTHREAD_H
#define VMR_TEST_PTHREAD_H

#include <linux/types.h>

struct test_thread;

typedef struct test_thread *pthread_t;
typedef struct { int held; } pthread_mutex_t;

#define PTHREAD_MUTEX_INITIALIZER	{ 0 }

int pthread_create(pthread_t *thread, const void *attr,
		   void *(*start)(void *arg), void *arg);
int pthread_join(pthread_t thread, void **result);

int pthread_mutex_lock(pthread_mutex_t *mutex);
int pthread_mutex_trylock(pthread_mutex_t *mutex);
int pthread_mutex_unlock(pthread_mutex_t *mutex);

#endif /* VMR_TEST_PTHREAD_H */
