// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * differences.c - the list of what differs by intent
 *
 * The file says in its head what its lines mean.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capability.h"
#include "differences.h"

struct difference differences[MAX_DIFFERENCES];
unsigned int nr_differences;

static void read_bits(struct bits *d, char *text)
{
	static const char *const filters[] = {
		[FILTER_CONVENTIONAL] = "conventional",
		[FILTER_INTEGRATED] = "integrated", [FILTER_PORT] = "port",
		[FILTER_VIRTUAL] = "virtual",
	};
	char place[24], rest[2][24] = { "", "" };
	unsigned int id = 0, i, filter;
	int at = 0;

	if (sscanf(text, "%23s %n", place, &at) < 1)
		die("a difference has no place: %s", text);
	text += at;
	if (!strcmp(place, "header"))
		d->place = PLACE_HEADER;
	else if (!strcmp(place, "bridge"))
		d->place = PLACE_BRIDGE;
	else if (!strcmp(place, "capability"))
		d->place = PLACE_CAPABILITY;
	else if (!strcmp(place, "extended"))
		d->place = PLACE_EXTENDED;
	else if (!strcmp(place, "other"))
		d->place = PLACE_OTHER;
	else
		die("a difference is in no place: %s", place);
	if (d->place == PLACE_OTHER)
		return;
	if (d->place == PLACE_CAPABILITY || d->place == PLACE_EXTENDED)
		id = strtoul(text, &text, 16);
	d->id = id;
	if (sscanf(text, "%x %x %23s %23s", &d->offset, &d->mask, rest[0],
		   rest[1]) < 2)
		die("a difference has no register: %s", text);
	for (i = 0; i < 2; i++) {
		d->unwritten = d->unwritten || !strcmp(rest[i], "unwritten");
		for (filter = FILTER_CONVENTIONAL; filter < NR_FILTERS; filter++)
			if (!strcmp(rest[i], filters[filter]))
				d->filter = (enum filter)filter;
	}
}

static char *after(char *line, const char *word)
{
	size_t length = strlen(word);

	return strncmp(line, word, length) ? NULL : line + length;
}

static void read_line(char *line)
{
	struct difference *d = &differences[nr_differences - 1];
	char *text;

	text = after(line, "difference ");
	if (text) {
		if (nr_differences == MAX_DIFFERENCES)
			die("too many differences");
		d = &differences[nr_differences++];
		snprintf(d->name, sizeof(d->name), "%.31s", text);
		return;
	}
	if (!nr_differences)
		return;
	text = after(line, "register: ");
	if (text) {
		if (d->nr_bits == MAX_BITS)
			die("a difference has too many registers");
		read_bits(&d->bits[d->nr_bits++], text);
		return;
	}
	text = after(line, "proof: ");
	if (text)
		snprintf(d->proof, sizeof(d->proof), "%.31s", text);
	text = after(line, "step: ");
	if (text) {
		if (d->nr_steps == MAX_PROOF)
			die("a proof has too many steps");
		d->steps[d->nr_steps++] = strdup(text);
	}
}

void differences_read(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[512];

	if (!file)
		die("%s cannot be read", path);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (*line != '#')
			read_line(line);
	}
	fclose(file);
}

struct difference *difference_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_differences; i++)
		if (!strcmp(differences[i].name, name))
			return &differences[i];
	return NULL;
}

bool difference_accepted(const char *rule)
{
	const struct difference *d = difference_find(rule);

	return d && !d->off;
}

static void add_mask(uint8_t *bytes, uint32_t mask)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		bytes[i] |= mask >> 8 * i;
}

static void add_capabilities(const struct node *node,
			     const struct bits *d, uint8_t *bytes)
{
	bool extended = d->place == PLACE_EXTENDED;
	struct cap cap = { 0 };

	while (capability_next(node, &cap))
		if (cap.id == d->id && cap.extended == extended)
			add_mask(&bytes[cap.offset + d->offset], d->mask);
}

static void add_other(const struct node *node, uint8_t *bytes)
{
	uint8_t used[VMR_PCI_EXPRESS_CONFIG_SIZE] = { 0 };
	struct cap cap = { 0 };
	unsigned int i;

	memset(used, 1, PCI_STD_HEADER_SIZEOF);
	while (capability_next(node, &cap))
		memset(&used[cap.offset], 1, cap.size);
	for (i = 0; i < sizeof(used); i++)
		if (!used[i])
			bytes[i] = 0xff;
}

static bool passes(const struct node *node, enum filter filter)
{
	int type = node_port_type(node);

	switch (filter) {
	case FILTER_CONVENTIONAL:
		return type < 0 || type == PCI_EXP_TYPE_PCI_BRIDGE;
	case FILTER_INTEGRATED:
		return type == PCI_EXP_TYPE_RC_END;
	case FILTER_PORT:
		return type >= 0 && node->is_bridge;
	case FILTER_VIRTUAL:
		return node->pf;
	default:
		return true;
	}
}

static void add_bits(const struct node *node, const struct bits *d,
		     uint8_t *bytes)
{
	if (!passes(node, d->filter))
		return;
	switch (d->place) {
	case PLACE_BRIDGE:
		if (node->is_bridge)
			add_mask(&bytes[d->offset], d->mask);
		break;
	case PLACE_HEADER:
		add_mask(&bytes[d->offset], d->mask);
		break;
	case PLACE_OTHER:
		add_other(node, bytes);
		break;
	default:
		add_capabilities(node, d, bytes);
	}
}

void differences_of(const struct node *node, uint8_t *always,
		    uint8_t *unwritten)
{
	const struct difference *d;
	unsigned int i;

	memset(always, 0, VMR_PCI_EXPRESS_CONFIG_SIZE);
	memset(unwritten, 0, VMR_PCI_EXPRESS_CONFIG_SIZE);
	for (d = differences; d < differences + nr_differences; d++)
		for (i = 0; !d->off && i < d->nr_bits; i++)
			add_bits(node, &d->bits[i],
				 d->bits[i].unwritten ? unwritten : always);
}
