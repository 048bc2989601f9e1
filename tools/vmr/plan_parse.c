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
	bool		of_device;
	const char	*example;
} statements[] = {
	{ "machine", parse_machine, false, "machine x86-64" },
	{ "memory", parse_memory, false, "memory 64G max 128G" },
	{ "bits", parse_bits, false, "bits 46" },
	{ "page", parse_page, false, "page 64K" },
	{ "ram", parse_ram, false, "ram low 0-0xbfffffff" },
	{ "window", parse_window, false, "window mmio64 32G+96G 64bit" },
	{ "platform", parse_platform, false, "platform boards 0xf0000000+1M" },
	{ "hole", parse_hole, false, "hole flash 0xffc00000-0xffffffff" },
	{ "ports", parse_ports, false, "ports 0x1000-0xffff" },
	{ "host", parse_host, false, "host second segment 1 buses 0-255" },
	{ "device", parse_device, false, "device gpu count 8 on port" },
	{ "bridge", parse_bridge, false, "bridge old on port0" },
	{ "port", parse_bridge, false,
	  "port hot count 4 reserve 2M io 4K prefetchable 32G" },
	{ "function", parse_function, true, "function audio" },
	{ "bar", parse_bar, true, "bar 0 16M 64bit prefetchable" },
	{ "io", parse_io, true, "io 4 128" },
	{ "rom", parse_rom, true, "rom 512K" },
	{ "mmio", parse_mmio, true, "mmio 4K at 0xf0000000" },
	{ "pio", parse_pio, true, "pio 2 at 0x70" },
	{ "msi", parse_vectors, true, "msi 4" },
	{ "msix", parse_vectors, true, "msix 33" },
	{ "pin", parse_pin, true, "pin" },
	{ "irq", parse_irq, true, "irq 8" },
	{ "vfs", parse_vfs, true, "vfs 16" },
	{ "vf-bar", parse_vf_bar, true, "vf-bar 0 16K 64bit prefetchable" },
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
	if (!s->of_device) {
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
