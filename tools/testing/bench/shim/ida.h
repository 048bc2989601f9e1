/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Definitions for the kernel's xarray and IDA, in addition to peer.h. There is only one
 * thread: locks do nothing, and memory is freed at once. Memory comes from the C
 * library.
 */
#ifndef BENCH_IDA_H
#define BENCH_IDA_H

#include "peer.h"

void *calloc(size_t n, size_t size);
void free(void *p);

typedef unsigned int gfp_t;
typedef struct { int unused; } spinlock_t;
struct rcu_head { void *next; void (*func)(struct rcu_head *head); };
struct kmem_cache;
struct lock_class_key { int unused; };
struct list_lru;

#define GFP_KERNEL	1u
#define GFP_NOWAIT	0u
#define GFP_ATOMIC	0u
#define __GFP_ACCOUNT	0u
#define ___GFP_LAST_BIT	4
#define __GFP_BITS_SHIFT 26
#define gfpflags_allow_blocking(gfp)	((gfp) & GFP_KERNEL)

#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define __bitwise
#define __force
#define __GFP_NOWARN	0u
#define DECLARE_PER_CPU(type, name)	extern type name
#define this_cpu_ptr(p)	(p)
typedef struct { int unused; } local_lock_t;
#define local_unlock(lock)	((void)(lock))
#define CONFIG_BASE_SMALL	0
#define IS_ENABLED(option)	0
#define __must_hold(lock)
#define __acquires(lock)
#define __releases(lock)
#define might_alloc(gfp)	((void)(gfp))
#define lockdep_is_held(lock)	1
#define lockdep_set_class(lock, key)	((void)0)
#define __SPIN_LOCK_UNLOCKED(name)	{ 0 }
#define spin_lock_init(lock)	((void)(lock))
#define spin_lock(lock)		((void)(lock))
#define spin_unlock(lock)	((void)(lock))
#define spin_lock_bh(lock)	((void)(lock))
#define spin_unlock_bh(lock)	((void)(lock))
#define spin_lock_irq(lock)	((void)(lock))
#define spin_unlock_irq(lock)	((void)(lock))
#define spin_trylock(lock)	1
#define spin_lock_irqsave(lock, flags)	((flags) = 0)
#define spin_unlock_irqrestore(lock, flags)	((void)(flags))
#define spin_lock_nested(lock, n)	((void)(lock))
#define spin_lock_irqsave_nested(lock, flags, n)	((flags) = 0)
#define spin_lock_bh_nested(lock, n)	((void)(lock))
#define spin_lock_irq_nested(lock, n)	((void)(lock))
#define rcu_read_lock()		((void)0)
#define rcu_read_unlock()	((void)0)
#define rcu_dereference(p)		READ_ONCE(p)
#define rcu_dereference_check(p, c)	READ_ONCE(p)
#define rcu_dereference_protected(p, c)	READ_ONCE(p)
#define call_rcu(head, func)	(func)(head)

/* Bitmaps, a word at a time as in the kernel */
static inline bool __test_and_set_bit(unsigned long nr, unsigned long *addr)
{
	bool was = test_bit(nr, addr);

	__set_bit(nr, addr);
	return was;
}

static inline bool __test_and_clear_bit(unsigned long nr, unsigned long *addr)
{
	bool was = test_bit(nr, addr);

	__clear_bit(nr, addr);
	return was;
}

static inline unsigned long next_bit(const unsigned long *addr,
				     unsigned long size, unsigned long from,
				     unsigned long flip)
{
	unsigned long i, word;

	for (i = from / BITS_PER_LONG; from < size; from = ++i * BITS_PER_LONG) {
		word = (addr[i] ^ flip) & ~0ul << from % BITS_PER_LONG;
		if (word)
			return min_t(unsigned long, size,
				     i * BITS_PER_LONG + __ffs(word));
	}
	return size;
}

#define find_next_bit(addr, size, from)	next_bit(addr, size, from, 0)
#define find_next_zero_bit(addr, size, from)	next_bit(addr, size, from, ~0ul)
#define bitmap_empty(addr, size)	(next_bit(addr, size, 0, 0) == (size))
#define bitmap_full(addr, size)	(next_bit(addr, size, 0, ~0ul) == (size))
#define bitmap_fill(addr, size)	memset(addr, 0xff, BITS_TO_LONGS(size) * 8)

static inline void bitmap_clear(unsigned long *addr, unsigned int start,
				unsigned int nr)
{
	while (nr--)
		__clear_bit(start++, addr);
}

#define kzalloc(size, gfp)	calloc(1, size)
#define kmalloc(size, gfp)	calloc(1, size)
#define kfree(p)		free((void *)(p))

/* The only cache is that of the nodes. A freed node is all zero. */
extern struct kmem_cache *radix_tree_node_cachep;
void radix_tree_node_rcu_free(struct rcu_head *head);
void *kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru,
			   gfp_t gfp);
#define kmem_cache_alloc(cache, gfp)	kmem_cache_alloc_lru(cache, NULL, gfp)

#endif /* BENCH_IDA_H */
