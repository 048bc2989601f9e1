// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * plan_parse.c - the planner's own files: a machine and devices, a statement to a line
 */
#include <stdlib.h>
#include <string.h>

#include "plan_parse.h"

static const struct statement {
	const char	*word;
	void		(*parse)(struct parser *p);
	enum { ONCE, REPEATED, OF_DEVICE } kind;
	const char	*example;
} statements[] = {
	{ "machine", parse_machine, ONCE, "machine x86-64" },
	{ "memory", parse_memory, ONCE, "memory 64G max 128G" },
	{ "bits", parse_bits, ONCE, "bits 46" },
	{ "page", parse_page, ONCE, "page 64K" },
	{ "ram", parse_ram, REPEATED, "ram low 0-0xbfffffff" },
	{ "window", parse_window, REPEATED, "window mmio64 32G+96G 64bit" },
	{ "platform", parse_platform, REPEATED, "platform boards 0xf0000000+1M" },
	{ "hole", parse_hole, REPEATED, "hole flash 0xffc00000-0xffffffff" },
	{ "ports", parse_ports, REPEATED, "ports 0x1000-0xffff" },
	{ "host", parse_host, REPEATED, "host second segment 1 buses 0-255" },
	{ "device", parse_device, REPEATED, "device gpu count 8 on port" },
	{ "bridge", parse_bridge, REPEATED, "bridge old on port0" },
	{ "port", parse_bridge, REPEATED,
	  "port hot count 4 reserve 2M io 4K prefetchable 32G" },
	{ "function", parse_function, OF_DEVICE, "function audio" },
	{ "bar", parse_bar, OF_DEVICE, "bar 0 16M 64bit prefetchable" },
	{ "io", parse_io, OF_DEVICE, "io 4 128" },
	{ "rom", parse_rom, OF_DEVICE, "rom 512K" },
	{ "mmio", parse_mmio, OF_DEVICE, "mmio 4K at 0xf0000000" },
	{ "pio", parse_pio, OF_DEVICE, "pio 2 at 0x70" },
	{ "msi", parse_vectors, OF_DEVICE, "msi 4" },
	{ "msix", parse_vectors, OF_DEVICE, "msix 33" },
	{ "pin", parse_pin, OF_DEVICE, "pin" },
	{ "irq", parse_irq, OF_DEVICE, "irq 8" },
	{ "vfs", parse_vfs, OF_DEVICE, "vfs 16" },
	{ "vf-bar", parse_vf_bar, OF_DEVICE, "vf-bar 0 16K 64bit prefetchable" },
};

static void parse_statement(struct parser *p)
{
	const struct statement *s = statements;

	while (s < statements + NR(statements) &&
	       strcmp(s->word, p->words[0]))
		s++;
	if (s == statements + NR(statements)) {
		p->example = "device gpu";
		complain(p, 0, "\"%s\" is no statement", p->words[0]);
		return;
	}
	p->example = s->example;
	if (s->kind == ONCE && p->has[s - statements]) {
		complain(p, 0, "a second %s", p->words[0]);
		return;
	}
	p->has[s - statements] = true;
	if (s->kind != OF_DEVICE) {
		s->parse(p);
		return;
	}
	if (p->count)
		s->parse(p);
	else if (!p->ignores)
		complain(p, 0, "%s: of which device?", p->words[0]);
}

static void split(struct parser *p, char *text)
{
	char *at = text;

	p->nr = 0;
	p->example = NULL;
	text[strcspn(text, "#")] = 0;
	for (;;) {
		at += strspn(at, " \t");
		if (!*at)
			break;
		if (p->nr == MAX_WORDS) {
			complain(p, 0, "more than %d words", MAX_WORDS);
			p->nr = 0;
			return;
		}
		p->columns[p->nr] = at - text + 1;
		p->words[p->nr++] = at;
		at += strcspn(at, " \t");
		p->columns[p->nr] = at - text + 1;
		if (*at)
			*at++ = 0;
	}
}

_Static_assert(NR(statements) <= MAX_STATEMENTS, "each has a place in struct parser");

void read_plan(struct plan *plan, const struct input *in)
{
	struct parser p = { .plan = plan, .file = in->file };

	for (p.line = 1; p.line <= in->nr; p.line++) {
		split(&p, in->lines[p.line - 1]);
		if (p.nr)
			parse_statement(&p);
	}
	free(p.group);
}
