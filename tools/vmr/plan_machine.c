// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * plan_machine.c - the statements about the machine
 */
#include <string.h>

#include "plan_parse.h"

void parse_machine(struct parser *p)
{
	static const char *const known[] = {
		"x86-64", "arm64", "riscv64", "custom",
	};
	size_t i;

	if (p->nr < 2) {
		complain(p, 1, "machine: its name is missing");
		return;
	}
	for (i = 0; i < NR(known); i++) {
		if (word_is(p, 1, known[i])) {
			p->plan->machine.name = known[i];
			no_more(p, 2);
			return;
		}
	}
	complain(p, 1, "\"%s\" is no machine: x86-64, arm64, riscv64 or custom",
		 p->words[1]);
}

void parse_memory(struct parser *p)
{
	struct machine *m = &p->plan->machine;
	uint64_t max = 0;

	if (!memory_size(p, 1, &m->ram) || p->nr < 3)
		return;
	if (!word_is(p, 2, "max")) {
		no_more(p, 2);
	} else if (memory_size(p, 3, &max) && no_more(p, 4)) {
		if (max < m->ram)
			complain(p, 3, "memory: the most is less than the memory");
		else
			m->ram_max = max;
	}
}

void parse_bits(struct parser *p)
{
	uint64_t bits;

	if (number_to(p, 1, "number of bits", 33, 64, &bits) && no_more(p, 2))
		p->plan->machine.bits = bits;
}

void parse_page(struct parser *p)
{
	uint64_t page;

	if (size_pow2(p, 1, 4096, 1 << 20, &page) && no_more(p, 2))
		p->plan->machine.page = page;
}

static struct config_span *new_span(struct parser *p,
				    struct config_spans *spans, size_t max,
				    bool named)
{
	size_t at = named ? 2 : 1;
	struct config_span *given;

	if (p->nr <= at) {
		complain(p, at, named ? "%s: it takes a name and FIRST-LAST" :
			 "%s: FIRST-LAST is missing", p->words[0]);
		return NULL;
	}
	if (spans->nr == max) {
		complain(p, 0, "there is no room for more than %zu of %s", max,
			 p->words[0]);
		return NULL;
	}
	given = &spans->list[spans->nr];
	memset(given, 0, sizeof(*given));
	if (!parse_span(p->words[at], &given->span)) {
		complain(p, at, "\"%s\" is no FIRST-LAST or FIRST+SIZE",
			 p->words[at]);
		return NULL;
	}
	given->span.name = xcheck(strdup(p->words[named ? 1 : 0]));
	given->line = p->line;
	spans->nr++;
	p->plan->machine.file = p->file;
	return given;
}

void parse_window(struct parser *p)
{
	struct config_span *given = new_span(p, &p->plan->machine.windows,
					     VMR_LAYOUT_MAX_WINDOWS, true);
	size_t i;

	if (!given)
		return;
	given->policy = VMR_LAST;
	for (i = 3; i < p->nr; i++) {
		if (word_is(p, i, "64bit"))
			given->flags |= VMR_64BIT;
		else if (word_is(p, i, "prefetchable"))
			given->flags |= VMR_PREFETCHABLE;
		else if (word_is(p, i, "bottom-up"))
			given->policy = VMR_FIRST;
		else
			no_more(p, i);
	}
}

void parse_ram(struct parser *p)
{
	if (new_span(p, &p->plan->machine.memory, VMR_LAYOUT_MAX_RAM, true))
		no_more(p, 3);
}

void parse_platform(struct parser *p)
{
	if (new_span(p, &p->plan->machine.platform, VMR_LAYOUT_MAX_PLATFORM,
		     true))
		no_more(p, 3);
}

/* A ready-made machine has some holes already. */
void parse_hole(struct parser *p)
{
	if (new_span(p, &p->plan->machine.holes, VMR_LAYOUT_MAX_RESERVED - 4,
		     true))
		no_more(p, 3);
}

void parse_ports(struct parser *p)
{
	if (new_span(p, &p->plan->machine.ports, 1, false))
		no_more(p, 2);
}

/* Two bridges of a segment share no bus. */
static bool buses_are_free(struct parser *p, const struct plan_host *host)
{
	size_t i;

	for (i = 0; i < p->plan->nr_hosts; i++) {
		const struct plan_host *h = &p->plan->hosts[i];

		if (h->segment != host->segment ||
		    h->first_bus > host->last_bus ||
		    h->last_bus < host->first_bus)
			continue;
		if (!i && host->first_bus) {
			p->plan->hosts[0].last_bus = host->first_bus - 1;
			continue;
		}
		complain(p, 1, "buses %u to %u of segment %u belong to %s",
			 h->first_bus, h->last_bus, h->segment,
			 h->name ? h->name : "the first host bridge");
		return false;
	}
	return true;
}

static bool host_buses(struct parser *p, size_t i, struct plan_host *host)
{
	struct vmr_span span;

	if (i >= p->nr || !parse_span(p->words[i], &span) || span.last > 255) {
		complain(p, i, "host: buses FIRST-LAST, of 0 to 255");
		return false;
	}
	host->first_bus = span.start;
	host->last_bus = span.last;
	return true;
}

void parse_host(struct parser *p)
{
	struct plan *plan = p->plan;
	struct plan_host host = { .last_bus = 255, .line = p->line };
	uint64_t segment = 0;
	size_t i;

	p->count = 0;
	p->ignores = false;
	if (p->nr < 2) {
		complain(p, 1, "host: its name is missing");
		return;
	}
	for (i = 2; i < p->nr; i += 2) {
		if (word_is(p, i, "segment")) {
			if (!number_to(p, i + 1, "segment", 0, 65535, &segment))
				return;
		} else if (word_is(p, i, "buses")) {
			if (!host_buses(p, i + 1, &host))
				return;
		} else {
			no_more(p, i);
			return;
		}
	}
	host.segment = segment;
	for (i = 1; i < plan->nr_hosts; i++) {
		if (!strcmp(plan->hosts[i].name, p->words[1])) {
			complain(p, 1, "there is a host bridge %s already",
				 p->words[1]);
			return;
		}
	}
	if (plan->nr_hosts == MAX_HOSTS) {
		complain(p, 0, "no more than %d host bridges", MAX_HOSTS);
	} else if (buses_are_free(p, &host)) {
		host.name = xcheck(strdup(p->words[1]));
		plan->hosts[plan->nr_hosts++] = host;
	}
}
