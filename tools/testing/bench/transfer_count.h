/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * transfer_count.h - machines whose accesses transfer_count.c counts
 */
#ifndef BENCH_TRANSFER_COUNT_H
#define BENCH_TRANSFER_COUNT_H

#include <stddef.h>
#include <stdint.h>

#define TRANSFER_READERS	128	/* at most; the writer is one more CPU */
#define TRANSFER_RESTLESS	16	/* devices that the writer moves */
#define TRANSFER_PAGE		4096ULL
#define TRANSFER_BASE		0xd0000000ULL

/* Device i is at every second page; a restless one is in a page between two of these */
#define TRANSFER_ADDR(i_)	(TRANSFER_BASE + 2 * TRANSFER_PAGE * (i_))

/**
 * struct transfer_impl - an implementation of dispatch
 * @name: name in the results
 * @create: a machine with @nr devices and TRANSFER_RESTLESS more, and @readers readers
 * @destroy: destroy it
 * @read: @reader reads the index of the device at @addr
 * @move: the writer moves restless device @i to the free page at @addr
 */
struct transfer_impl {
	const char	*name;
	void		*(*create)(uint32_t nr, unsigned int readers);
	void		(*destroy)(void *machine);
	uint32_t	(*read)(void *machine, unsigned int reader, uint64_t addr);
	void		(*move)(void *machine, uint32_t i, uint64_t addr);
};

extern const struct transfer_impl transfer_vmalloc, transfer_vmalloc_bare,
	transfer_mutex, transfer_rwlock, transfer_rcu;

#endif /* BENCH_TRANSFER_COUNT_H */
