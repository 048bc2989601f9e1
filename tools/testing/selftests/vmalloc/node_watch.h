/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * node_watch.h - count the nodes that the library visits
 *
 * Each node is on a page of its own. pages_watch() protects all pages. The first access
 * to a page faults; the handler counts the page and makes it accessible. The count is
 * exact and equal on every machine.
 */
#ifndef VMR_TEST_NODE_WATCH_H
#define VMR_TEST_NODE_WATCH_H

#include <stddef.h>
#include <string.h>

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
static size_t pages_seen;	/* atomic: written by a signal handler */

/*
 * If not 0, only this many pages are accessible at a time, those of the latest faults.
 * The count is then one of visits: a node that is visited again after others counts
 * again. An instruction accesses up to two pages.
 */
static size_t pages_window;
static unsigned char *pages_open[32];
static size_t pages_turn;

/* Called once, before the visit that follows pages_hook_at visits. */
static void (*pages_hook)(void);
static size_t pages_hook_at;

static inline struct vmr_range *node(size_t i)
{
	/* Distribute the nodes over the lines of the cache. */
	return (struct vmr_range *)(pages + i * page_size + i % 16 * 64);
}

#if TEST_LACKS_page_faults

/* Stubs for the compiler: the tests are skipped before they call them. */
static inline void pages_watch(void)
{
	pages_open[pages_turn] = NULL;
	pages_window = 0;
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
	memset(pages_open, 0, sizeof(pages_open));
	mprotect(pages, pages_bytes, PROT_NONE);
}

/* Return: the number of visited nodes. */
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
		/* No node: let the program crash. */
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
	if (!pages_window)
		return;
	if (pages_open[pages_turn])
		mprotect(pages_open[pages_turn], page_size, PROT_NONE);
	pages_open[pages_turn] = addr;
	pages_turn = (pages_turn + 1) % pages_window;
}

/* Return: the size of a page. */
static inline size_t pages_one(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* Return: 0, or -1 if the system refuses. */
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
	/* Linux sends SIGSEGV, other systems SIGBUS. */
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
