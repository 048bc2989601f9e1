/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* pthread.h - declarations, so tests with threads compile without threads */
#ifndef VMR_HARNESS_PTHREAD_H
#define VMR_HARNESS_PTHREAD_H

#include <errno.h>
#include <stddef.h>

typedef int pthread_t;
typedef int pthread_mutex_t;

#define PTHREAD_MUTEX_INITIALIZER	0

static inline int pthread_create(pthread_t *thread, const void *attr,
				 void *(*start)(void *), void *arg)
{
	(void)thread;
	(void)attr;
	(void)start;
	(void)arg;
	return EAGAIN;
}

static inline int pthread_join(pthread_t thread, void **result)
{
	(void)thread;
	(void)result;
	return EINVAL;
}

static inline int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	(void)mutex;
	return 0;
}

static inline int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	(void)mutex;
	return 0;
}

static inline int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	(void)mutex;
	return 0;
}

#endif /* VMR_HARNESS_PTHREAD_H */
