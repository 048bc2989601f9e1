/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * node_watch.h - notice each node that the library looks at
 *
 * Each node has a page of its own. While pages_watch() is on, no page may be
 * accessed before a fault has said which; then that one may. So a call can be
 * followed node by node from outside, exactly and on every machine.
 */
#ifndef VMR_TEST_NODE_WATCH_H
#define VMR_TEST_NODE_WATCH_H

#include <stddef.h>

#include <vmalloc/range.h>

#include "requires.h"

#if !TEST_LACKS_page_faults
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

static unsigned char *pages;
static size_t pages_bytes;
static size_t page_size;
static size_t pages_seen;	/* atomic: a signal handler counts */

/* Called once, when this many nodes have been looked at and the next is due. */
static void (*pages_hook)(void);
static size_t pages_hook_at;

static inline struct vmr_range *node(size_t i)
{
	/* Not all on the same line of a cache. */
	return (struct vmr_range *)(pages + i * page_size + i % 16 * 64);
}

#if TEST_LACKS_page_faults

/* So that the tests compile: they skip themselves before they come to this. */
static inline void pages_watch(void)
{
	pages_hook = NULL;
	pages_hook_at = 0;
}

static inline size_t pages_unwatch(void)
{
	return pages_seen;
}

static inline size_t pages_one(void)
{
	return page_size;
}

static inline int pages_init(size_t bytes)
{
	pages_bytes = bytes;
	return -1;
}

static inline void pages_exit(void)
{
}

#else

static inline void pages_watch(void)
{
	__atomic_store_n(&pages_seen, 0, __ATOMIC_SEQ_CST);
	mprotect(pages, pages_bytes, PROT_NONE);
}

/* Return: how many nodes were looked at. */
static inline size_t pages_unwatch(void)
{
	mprotect(pages, pages_bytes, PROT_READ | PROT_WRITE);
	return __atomic_load_n(&pages_seen, __ATOMIC_SEQ_CST);
}

static inline void pages_fault(int sig, siginfo_t *info, void *context)
{
	unsigned char *addr = info->si_addr;
	void (*hook)(void) = pages_hook;

	if (addr < pages || addr >= pages + pages_bytes) {
		/* No node: let it be the crash that it is. */
		signal(sig, SIG_DFL);
		return;
	}
	if (hook && pages_seen == pages_hook_at) {
		pages_hook = NULL;
		pages_unwatch();
		hook();
		return;
	}
	addr -= (size_t)(addr - pages) % page_size;
	mprotect(addr, page_size, PROT_READ | PROT_WRITE);
	__atomic_fetch_add(&pages_seen, 1, __ATOMIC_SEQ_CST);
}

/* Return: how large one is. */
static inline size_t pages_one(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* Return: 0, or -1 if the system does not let us. */
static inline int pages_init(size_t bytes)
{
	struct sigaction action = { .sa_sigaction = pages_fault,
				    .sa_flags = SA_SIGINFO };

	page_size = pages_one();
	pages_bytes = bytes;
	pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		return -1;
	/* Linux says SIGSEGV, others SIGBUS. */
	if (sigaction(SIGSEGV, &action, NULL))
		return -1;
	return sigaction(SIGBUS, &action, NULL);
}

static inline void pages_exit(void)
{
	munmap(pages, pages_bytes);
}

#endif /* TEST_LACKS_page_faults */

#endif /* VMR_TEST_NODE_WATCH_H */
