/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * types.h - the few types that every public header needs
 *
 * Public structs are made of <stdint.h> types (which <linux/types.h> also has)
 * and of links with names of their own. A program may define u64, struct
 * rb_node or struct list_head as it likes, before or after these headers.
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

#ifdef __cplusplus
extern "C" {
#endif

#define VMR_ADDR_MAX		((uint64_t)-1)	/* the last address of any domain */

/**
 * struct vmr_node - an intrusive link in one of the library's trees
 * @link: parent and colour; 0 while the node is in no tree
 * @right: right child
 * @left: left child
 *
 * It has the layout of the kernel's struct rb_node, and inside the library it
 * is one. All of it is private; zeroing it before the first use is the owner's
 * part.
 */
struct vmr_node {
	unsigned long	link;
	struct vmr_node	*right;
	struct vmr_node	*left;
#ifdef __GNUC__
} __attribute__((__may_alias__, __aligned__(sizeof(long))));
#else
};
#endif

/**
 * struct vmr_list - an intrusive doubly linked list, head or entry
 * @next: private
 * @prev: private
 *
 * It has the layout of the kernel's struct list_head. As an entry, both zero
 * mean that it is in no list.
 */
struct vmr_list {
	struct vmr_list	*next;
	struct vmr_list	*prev;
#ifdef __GNUC__
} __attribute__((__may_alias__));
#else
};
#endif

/**
 * struct vmr_total - a count of addresses that may be 2^64
 * @low: the count modulo 2^64
 * @high: 1 when the count is 2^64 (and @low is 0), else 0
 */
struct vmr_total {
	uint64_t	low;
	uint64_t	high;
};

/**
 * struct vmr_span - addresses or numbers from one to another
 * @start: the first
 * @last: the last, included
 * @name: what they are for, in maps and messages; may be NULL
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
