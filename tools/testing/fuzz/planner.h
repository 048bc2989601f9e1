/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * planner.h - the planner from a text to all of its outputs, for its two targets
 *
 * The bytes of the fuzzer are the text. A generated text has lines of a dictionary,
 * some of them damaged. The checks know the rules of a plan, not the planner: a placed
 * resource has its alignment and touches no other, and a failure has a reason.
 */
#ifndef VMR_FUZZ_PLANNER_H
#define VMR_FUZZ_PLANNER_H

#include "../../vmr/vmr.h"
#include "fuzz.h"

#define TEXT_MAX	4096
#define MAX_DEVICES	200

static struct plan plan;
static char text[TEXT_MAX];
static FILE *nowhere;

static size_t damage(char *line, size_t len)
{
	size_t at = len ? fuzz_u32() % len : 0;

	switch (fuzz_below(8)) {
	case 0:
		line[at] = (char)fuzz_u8();
		return len;
	case 1:
		return at;
	default:
		return len;
	}
}

static size_t generate(const char *const *lines, unsigned int nr)
{
	size_t len = 0, add;

	while (fuzz_more()) {
		const char *line = lines[fuzz_below(nr)];

		add = strlen(line);
		if (len + add + 1 > TEXT_MAX)
			break;
		memcpy(text + len, line, add);
		len += damage(text + len, add);
		text[len++] = '\n';
	}
	while (fuzz_more())
		fuzz_u8();
	return len;
}

static size_t take_text(const char *const *lines, unsigned int nr)
{
	size_t len;

	if (fuzz.generates)
		return generate(lines, nr);
	for (len = 0; len < TEXT_MAX && fuzz_more(); len++)
		text[len] = (char)fuzz_u8();
	while (fuzz_more())
		fuzz_u8();
	return len;
}

static void check_map(uint32_t kind)
{
	struct map map = make_map(&plan, kind);
	size_t i;

	for (i = 1; i < map.nr; i++) {
		const struct map_entry *a = &map.list[i - 1];
		const struct map_entry *b = &map.list[i];

		if (b->depth > a->depth)
			FUZZ_ASSERT(b->last <= a->last);
		else
			FUZZ_ASSERT(b->start > a->last);
	}
	for (i = 0; i < map.nr; i++) {
		const struct plan_resource *r = map.list[i].resource;

		if (!r)
			continue;
		FUZZ_ASSERT(map.list[i].last - map.list[i].start == r->size - 1);
		if (!r->window)
			FUZZ_ASSERT(!(map.list[i].start & (r->align - 1)));
		if (kind == VMR_KIND_MMIO && !(r->flags & VMR_64BIT) &&
		    !r->platform)
			FUZZ_ASSERT(map.list[i].last < FOUR_GIB);
	}
	free(map.list);
}

static void check_devices(void)
{
	const struct plan_device *device;

	for_each_device(device, &plan) {
		FUZZ_ASSERT(!device->failed || device->why);
		FUZZ_ASSERT(!device->held);
		FUZZ_ASSERT(device->lead == device || device->excluded ||
			    device->failed == device->lead->failed);
	}
}

static void show_all(unsigned int choice)
{
	struct text_options o = {
		.gaps = !(choice & 1), .explain = !(choice & 2),
		.colour = !(choice & 4), .width = choice & 8 ? 30 : 80,
		.vmm = choice & 16 ? NULL : "qemu",
	};

	show_text(&plan, nowhere, &o);
	show_json(&plan, nowhere);
	show_svg(&plan, nowhere);
	show_vmm_options(&plan, "libvirt", nowhere);
	show_vmm_options(&plan, "cloud-hypervisor", nowhere);
}

static void place_and_check(unsigned int choice)
{
	static const char *const only[] = { "01:", "Acme" };
	struct selection selection = {
		.bridges = choice & 1, .flat = (choice & 6) == 6,
		.only = only, .nr_only = choice & 0x2000 ? NR(only) : 0,
	};

	if (!plan.machine.name)
		plan.machine.name = choice & 8 ? "arm64" : "x86-64";
	if (!plan.machine.ram)
		plan.machine.ram = FOUR_GIB;
	plan.machine.amd = choice & 128;
	select_devices(&plan, &selection);
	if (plan.errors || !describe_machine(&plan, plan.machine.bits))
		return;
	place_plan(&plan);
	check_map(VMR_KIND_MMIO);
	check_map(VMR_KIND_PIO);
	check_devices();
	show_all(choice >> 8);
}

static void set_options(unsigned int choice)
{
	plan.messages = nowhere;
	plan.settings.max_devices = MAX_DEVICES;
	plan.settings.split = choice & 16;
	plan.settings.vfs = choice & 32 ? 3 : 0;
	plan.settings.rebar = choice & 64 ? REBAR_MAX : REBAR_CURRENT;
	if (choice & 0x4000) {
		plan.settings.rebar = REBAR_SIZE;
		plan.settings.rebar_size = 1ull << 28;
	}
}

static void load_text(struct input *in, size_t len)
{
	FILE *from = fmemopen(text, len, "r");

	FUZZ_ASSERT(from && load_input(in, from, "text"));
	fclose(from);
}

/*
 * The options: the last byte of the text, and the seven bits of the byte before it if that
 * is not ASCII, so that most texts have the usual output.
 */
static unsigned int options_of(size_t len)
{
	unsigned int choice = len ? (unsigned char)text[len - 1] : 0;

	if (len > 1 && text[len - 2] & 0x80)
		choice |= (unsigned int)(text[len - 2] & 0x7f) << 8;
	return choice;
}

static void run_text(size_t len, bool as_lspci)
{
	unsigned int choice = options_of(len);
	struct input in;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	FUZZ_ASSERT(nowhere);
	plan_init(&plan);
	set_options(choice);
	load_text(&in, len);
	if (as_lspci) {
		is_lspci(&in);
		read_lspci(&plan, &in);
		FUZZ_ASSERT(!plan.errors);
	} else {
		read_plan(&plan, &in);
	}
	place_and_check(choice);
	free_input(&in);
	plan_free(&plan);
}

#endif /* VMR_FUZZ_PLANNER_H */
