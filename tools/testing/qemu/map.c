// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * map.c - the map of QEMU: which region answers where
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

static char *next_line(char **text)
{
	char *line = *text, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	*text = end ? end + 1 : NULL;
	if (end)
		*end = 0;
	return line;
}

/* The kind, the name and the owner; an offset in the region is left out */
static void copy_key(char *key, size_t size, const char *text, bool memory)
{
	const char *at = strstr(text, " @");
	size_t head = at ? (size_t)(at - text) : strlen(text);

	snprintf(key, size, "%s%.*s%s", memory ? "memory " : "", (int)head, text,
		 at ? at + 18 : "");
}

void map_for_each(char *text,
		  void (*piece)(void *data, enum vmr_io io, uint64_t start,
				uint64_t last, const char *key),
		  void *data)
{
	char *line, *end, *name, key[112];
	bool memory = false, ports = false;
	uint64_t start, last;

	while ((line = next_line(&text))) {
		if (!strncmp(line, "FlatView", 8)) {
			memory = false;
			ports = false;
		}
		if (!strncmp(line, " AS \"memory\"", 12))
			memory = true;
		else if (!strncmp(line, " AS \"I/O\"", 9))
			ports = true;
		if ((!memory && !ports) || line[0] != ' ' || line[1] != ' ')
			continue;
		start = strtoull(line, &end, 16);
		name = strstr(line, "): ");
		if (*end != '-' || !name)
			continue;
		last = strtoull(end + 1, NULL, 16);
		copy_key(key, sizeof(key), name + 3, memory);
		piece(data, memory ? VMR_MMIO : VMR_PIO, start, last, key);
	}
}

static void add_piece(void *data, enum vmr_io io, uint64_t start, uint64_t last,
		      const char *key)
{
	struct map *map = (struct map *)data + io;
	struct piece *piece;
	unsigned int i;

	/* The ports that no device answers */
	if (!strncmp(key, "io ", 3))
		return;
	if (map->nr == MAX_PIECES)
		die("the map has too many regions");
	piece = &map->pieces[map->nr++];
	piece->start = start;
	piece->last = last;
	piece->node = PIECE_FIXED;
	piece->bar = 0;
	for (i = 0; i < machine.nr_keys; i++) {
		if (strcmp(machine.keys[i].text, key))
			continue;
		piece->node = machine.keys[i].node;
		piece->bar = machine.keys[i].bar;
		break;
	}
	/* Two parts of one BAR are one piece if nothing is between them */
	if (map->nr > 1 && piece->node != PIECE_FIXED &&
	    piece[-1].node == piece->node && piece[-1].bar == piece->bar &&
	    piece[-1].last + 1 == start) {
		piece[-1].last = last;
		map->nr--;
	}
}

void map_read(char *text, struct map maps[2])
{
	maps[0].nr = 0;
	maps[1].nr = 0;
	map_for_each(text, add_piece, maps);
}

struct piece map_find(const struct map *map, uint64_t addr)
{
	struct piece none = { .node = PIECE_NONE };
	unsigned int i;

	for (i = 0; i < map->nr; i++)
		if (map->pieces[i].start <= addr && addr <= map->pieces[i].last)
			return map->pieces[i];
	return none;
}
