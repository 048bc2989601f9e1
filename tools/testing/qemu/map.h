/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * map.h - the map of QEMU: which region answers where
 */
#ifndef VMR_QEMU_MAP_H
#define VMR_QEMU_MAP_H

#include "machine.h"

#define MAX_PIECES	256

#define PIECE_NONE	-2	/* no region */
#define PIECE_FIXED	-1	/* a region of the board */

/* Addresses that one region answers */
struct piece {
	uint64_t	start, last;
	int		node;	/* its index, or a PIECE_ */
	int		bar;
};

/* The pieces in the order of their addresses, and the gaps between them */
struct map {
	struct piece	pieces[MAX_PIECES];
	unsigned int	nr;
};

/*
 * Call @piece for each line of the maps of memory and ports in the text of "info mtree
 * -f -o". @key is the name and the owner of the region.
 */
void map_for_each(char *text,
		  void (*piece)(void *data, enum vmr_io io, uint64_t start,
				uint64_t last, const char *key),
		  void *data);

/* Read both maps, by enum vmr_io */
void map_read(char *text, struct map maps[2]);

/* The piece at an address */
struct piece map_find(const struct map *map, uint64_t addr);

#define MAP_COMMAND	"info mtree -f -o"

#endif /* VMR_QEMU_MAP_H */
