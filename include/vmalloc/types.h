/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * types.h - basic types of the public headers
 */
#ifndef VMALLOC_TYPES_H
#define VMALLOC_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/limits.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

/**
 * DOC: Overview
 *
 * Public structs consist of types of <stdint.h>, which <linux/types.h> has too, and
 * of links with names of this library. A program may define u64, struct rb_node or
 * struct list_head before or after these headers.
 *
 * Owners embed the links. The library allocates no memory. The update side
 * serialises all accesses to links, except for lockless lookups, see range.h.
 */

#ifdef __cplusplus
extern "C" {
#endif

#define VMR_ADDR_MAX		((uint64_t)-1)	/* the last address of any domain */

/**
 * struct vmr_node - an intrusive link in one of the library's trees
 *
 * Has the layout of the kernel's struct rb_node, and the library uses it as one.
 * The owner zeroes the node before its first use.
 */
struct vmr_node {
	/* private: parent and colour; 0 while the node is in no tree */
	unsigned long	link;
	struct vmr_node	*right;
	struct vmr_node	*left;
	/* public: */
#ifdef __GNUC__
} __attribute__((__may_alias__, __aligned__(sizeof(long))));
#else
};
#endif

/**
 * struct vmr_list - an intrusive doubly linked list, head or entry
 *
 * Has the layout of the kernel's struct list_head. In an entry that is in no list,
 * both pointers are NULL.
 */
struct vmr_list {
	/* private: */
	struct vmr_list	*next;
	struct vmr_list	*prev;
	/* public: */
#ifdef __GNUC__
} __attribute__((__may_alias__));
#else
};
#endif

/**
 * struct vmr_total - a count of addresses that may be 2^64
 * @low: the count modulo 2^64
 * @high: 1 if the count is 2^64 (@low is 0 then), else 0
 */
struct vmr_total {
	uint64_t	low;
	uint64_t	high;
};

/**
 * struct vmr_span - an interval of addresses or numbers
 * @start: first address or number
 * @last: last address or number, inclusive
 * @name: name in maps and messages; may be NULL
 */
struct vmr_span {
	uint64_t	start;
	uint64_t	last;
	const char	*name;
};

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_TYPES_H */
