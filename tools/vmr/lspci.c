// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * lspci.c - the devices of a host, from the text of lspci or of the kernel's log
 *
 * No line ends the plan. A line is read, known to ask for nothing, or counted as
 * skipped. The regions of virtual functions are recognised by the capability around
 * them.
 */
#include <stdlib.h>
#include <string.h>

#include "lspci.h"

enum context {
	IN_NOTHING,
	IN_REBAR,
	IN_SRIOV,
	IN_OTHER,	/* another capability */
};

struct reader {
	struct plan		*plan;
	const char		*file;
	unsigned int		line;
	bool			nameless;	/* the device is unknown, and said so */
	bool			lost;		/* a line speaks of another device */
	struct plan_device	*device;
	enum context		context;
};

static void skip(struct reader *r, const char *text)
{
	struct plan *plan = r->plan;

	if (!plan->skipped++) {
		plan->skipped_file = r->file;
		plan->skipped_line = r->line;
		plan->skipped_text = xcheck(strndup(skip_blanks(text), 60));
	}
}

static bool same_description(const struct plan_device *device,
			     const char *what)
{
	size_t len;

	if (!device->what || !*what || !device->info->text)
		return true;
	len = strlen(device->what) < strlen(what) ? strlen(device->what) :
						    strlen(what);
	return !strncmp(device->what, what, len) ||
	       begins(what, "0x") || !strchr(what, ':') ||
	       !strchr(device->what, ':');
}

/* Segment 0 has two names: Linux always says it, and lspci does not. */
static void use_known_name(const struct reader *r, char *name, size_t size)
{
	char other[NAME_SIZE + 8];
	const struct plan_device *device;

	if (begins(name, "0000:"))
		snprintf(other, sizeof(other), "%s", name + 5);
	else
		snprintf(other, sizeof(other), "0000:%s", name);
	device = find_device(r->plan, other);
	if (device && device->file == r->file && device->info)
		snprintf(name, size, "%s", device->name);
}

/* The device that has been shown before, or a new one with a name of its own */
static struct plan_device *host_device(struct reader *r, const char *address,
				       size_t len, const char *what)
{
	char name[NAME_SIZE], other[NAME_SIZE + 16];
	struct plan_device *device;
	unsigned int nr = 2;
	size_t i;

	for (i = 0; i < len && i + 1 < sizeof(name); i++)
		name[i] = address[i] >= 'A' && address[i] <= 'F' ?
			  address[i] + 32 : address[i];
	name[i] = 0;
	use_known_name(r, name, sizeof(name));
	snprintf(other, sizeof(other), "%s", name);
	while ((device = find_device(r->plan, other))) {
		if (device->file == r->file && device->info &&
		    same_description(device, what))
			return device;
		snprintf(other, sizeof(other), "%s#%u", name, nr++);
	}
	device = add_device(r->plan, other, r->file, r->line);
	device->on_host = true;
	device->info = xcheck(calloc(1, sizeof(*device->info)));
	return device;
}

static char *without_quotes(const char *text)
{
	char *copy = xcheck(strdup(text)), *to = copy, *from;

	for (from = copy; *from; from++)
		if (*from != '"')
			*to++ = *from;
	*to = 0;
	return copy;
}

static void begin_device(struct reader *r, const char *text)
{
	uint32_t segment, address;
	const char *end = parse_address(text, &segment, &address);
	char *what = without_quotes(device_text(end));

	r->device = host_device(r, text, end - text, what);
	r->context = IN_NOTHING;
	r->device->info->text = true;
	if (count_resources(text))
		r->device->info->unreadable = r->line;
	r->device->info->again = r->device->info->details;
	r->device->info->began = r->line;
	r->device->segment = segment;
	r->device->address = address;
	r->device->info->next_bar = 0;
	r->device->info->next_vf_bar = 0;
	if (*what && (!r->device->what ||
		      strlen(what) > strlen(r->device->what))) {
		free(r->device->what);
		r->device->what = what;
	} else {
		free(what);
	}
}

static void take_class(struct reader *r, const char *text)
{
	if (!r->device || r->device->what) {
		skip(r, text);
		return;
	}
	text = skip_blanks(strchr(text, ':') + 1);
	r->device->what = xcheck(strdup(text));
}

/*
 * The resources of a device without an address belong to no other device, and its
 * number of resources is unknown.
 */
static void take_nameless(struct reader *r)
{
	r->device = NULL;
	if (!r->nameless)
		add_file_unknown(r->plan, r->file, r->line,
				 xprintf("a device whose address the text does not show"),
				 xprintf("sudo lspci -vv"));
	r->nameless = true;
}

/* A tree shows neither resources nor classes. */
static void take_tree(struct reader *r)
{
	if (!r->plan->nr_unknown)
		add_file_unknown(r->plan, r->file, r->line,
				 xprintf("the resources of the devices: a tree shows none"),
				 xprintf("sudo lspci -vv"));
}

/* "pci 0000:01:00.0: [10de:1b80] type 00 class 0x030000", and what follows it */
static void take_kernel(struct reader *r, const char *text)
{
	const char *at = kernel_address(text);
	uint32_t segment, address, class;
	const char *end = parse_address(at, &segment, &address);
	char what[32] = "";
	const char *rest = strstr(end, " class ");

	if (rest) {
		rest += 7;
		if (begins(rest, "0x"))
			rest += 2;
		if (parse_hex(&rest, 4, 4, &class))
			snprintf(what, sizeof(what), "%04x:", class);
	}
	r->device = host_device(r, at, end - at, "");
	r->device->info->kernel = true;
	r->device->segment = segment;
	r->device->address = address;
	r->context = IN_NOTHING;
	if (strstr(end, " PCIe Root Port") || strstr(end, " PCIe Switch Downstream Port"))
		r->device->is_port = true;
	if (!r->device->what && *what)
		r->device->what = xcheck(strdup(what));
	rest = strstr(end, "PCI bridge to [bus ");
	if (rest) {
		rest += 19;
		if (!r->device->is_bridge)
			make_bridge(r->device);
		parse_hex(&rest, 2, 2, &r->device->secondary);
		r->device->info->details = true;
	} else if (!*what && !read_kernel_line(r->device, end + 2, r->line)) {
		skip(r, text);
	}
}

/* "Bus: primary=00, secondary=01, subordinate=04, sec-latency=0" */
static void take_bus(struct reader *r, const char *text)
{
	const char *at = strstr(text, "secondary=");

	if (!r->device->is_bridge)
		make_bridge(r->device);
	if (at)
		at += strlen("secondary=");
	if (!at || !parse_hex(&at, 2, 2, &r->device->secondary))
		skip(r, text);
}

static void take_capability(struct reader *r, const char *text)
{
	struct host_info *info = r->device->info;

	r->context = IN_OTHER;
	if (strstr(text, "<access denied>") ||
	    strstr(text, "<available only to root>")) {
		info->denied = r->line;
	} else if (*capability_text(text) == '<') {
		info->broken = r->line;
	} else if (*capability_text(text) == '#') {
		read_numbered_capability(info, text, r->line);
	} else if (strstr(text, "SR-IOV")) {
		r->context = IN_SRIOV;
		info->sriov = r->line;
		info->next_vf_bar = 0;
	} else if (strstr(text, "Physical Resizable BAR")) {
		r->context = IN_REBAR;
		info->rebar = r->line;
	} else if (strstr(text, "Root Port") || strstr(text, "Downstream Port")) {
		r->device->is_port = true;
	} else {
		read_vectors(info, text, r->line);
	}
	if (is_cut_capability(text))
		info->unreadable = r->line;
	if (count_resources(text) || find_words(capability_text(text), "capabilities:"))
		info->broken = r->line;
}

static void take_vfs(struct reader *r, const char *text)
{
	const char *total = strstr(text, "Total VFs:");
	struct host_info *info = r->device->info;

	r->context = IN_SRIOV;
	if (!info->sriov)
		info->sriov = r->line;
	if (total)
		info->vfs_total = strtoul(total + 10, NULL, 10);
}

static void take_pin(struct reader *r, const char *text)
{
	const char pin = *pin_text(text);

	if (pin >= 'A' && pin <= 'D')
		r->device->info->pin = r->line;
	else if (pin != '?')
		r->device->info->unreadable = r->line;
}

static void take_resource(struct reader *r, const char *text)
{
	if (count_resources(text) > 1 ||
	    !read_bar_line(r->device->info, text, r->line,
			   r->context == IN_SRIOV)) {
		r->device->info->unreadable = r->line;
		skip(r, text);
	}
}

/* In words that are unknown here, but with the size or the number of something */
static void note_size(struct reader *r, const char *text)
{
	if (r->device && strstr(text, "Count="))
		read_vectors(r->device->info, text, r->line);
	if (r->device && strstr(text, "routed to IRQ"))
		r->device->info->unreadable = r->line;
	if (!shown_size(text) || find_words(text, "behind bridge") ||
	    find_words(text, "window"))
		return;
	if (r->device)
		r->device->info->unreadable = r->line;
	else
		take_nameless(r);
}

static void take_detail(struct reader *r, const char *text)
{
	static const char *const outside[] = {
		"Kernel ", "Subsystem", "Flags:", "Control:", "Region",
		"DeviceName", "NUMA", "IOMMU", "Physical Slot",
	};
	size_t i;

	text = skip_blanks(text);
	for (i = 0; i < NR(outside); i++)
		if (begins(text, outside[i]))
			r->context = IN_NOTHING;
	if (begins(text, "Vector table:"))
		read_table_line(r->device->info, text, r->line);
	if (begins(text, "Flags:") || begins(text, "Control:") ||
	    begins(text, "Latency"))
		r->device->info->details = true;
	note_size(r, text);
}

static void take_property(struct reader *r, enum line_kind kind,
			  const char *text)
{
	if (kind != LINE_HEX && kind != LINE_DETAIL)
		r->device->info->details = true;
	switch (kind) {
	case LINE_HEX:
		r->context = IN_NOTHING;
		read_hex_line(r->device->info, text);
		break;
	case LINE_RESOURCE:
		take_resource(r, text);
		break;
	case LINE_CAPABILITY:
		take_capability(r, text);
		break;
	case LINE_REBAR:
		if (r->context == IN_REBAR)
			read_rebar_line(r->device->info, text);
		break;
	case LINE_VFS:
		take_vfs(r, text);
		break;
	case LINE_PIN:
		take_pin(r, text);
		break;
	case LINE_BUS:
		take_bus(r, text);
		break;
	case LINE_CUT_PROPERTY:
		r->device->info->unreadable = r->line;
		skip(r, text);
		break;
	default:
		take_detail(r, text);
		break;
	}
}

/* Behind a sentence about another device, lines may be of that device. */
static void take_other(struct reader *r, enum line_kind kind, const char *text)
{
	if (r->device && (kind == LINE_DETAIL || kind == LINE_UNKNOWN) &&
	    names_other_device(text, r->device->segment, r->device->address)) {
		r->device = NULL;
		r->lost = true;
	}
}

static void take_line(struct reader *r, const char *text)
{
	enum line_kind kind = line_kind(text);
	uint32_t segment, address;

	take_other(r, kind, text);

	switch (kind) {
	case LINE_BLANK:
		break;
	case LINE_DEVICE:
		begin_device(r, device_start(text));
		r->nameless = false;
		r->lost = false;
		break;
	case LINE_CUT_DEVICE:
		r->nameless = false;
		take_nameless(r);
		break;
	case LINE_SLOT:
		text = skip_blanks(strchr(text, ':') + 1);
		if (parse_address(text, &segment, &address))
			begin_device(r, text);
		break;
	case LINE_CLASS:
		take_class(r, text);
		break;
	case LINE_TREE:
		take_tree(r);
		break;
	case LINE_KERNEL:
		take_kernel(r, text);
		break;
	case LINE_NOISE:
		skip(r, text);
		break;
	case LINE_UNKNOWN:
		note_size(r, text);
		skip(r, text);
		break;
	default:
		if (r->device) {
			take_property(r, kind, text);
			break;
		}
		if (kind == LINE_RESOURCE || kind == LINE_HEX ||
		    (r->lost && kind != LINE_DETAIL))
			take_nameless(r);
		skip(r, text);
	}
}

/* Join @next to @line; an equals sign at the end is the mail's, not the text's. */
static char *join(char *line, const char *next)
{
	size_t len = strlen(line);
	bool soft = len > 60 && line[len - 1] == '=';
	char *all = xprintf("%.*s%s%s", (int)(len - soft), line,
			    soft || (len && line[len - 1] == '=') ? "" : " ",
			    next);

	free(line);
	return all;
}

/* Lines of the tools that write into the middle of another's do not end it. */
static void read_lines(struct reader *r, const struct input *in)
{
	char *line = NULL;
	size_t i;

	for (i = 0; i < in->nr; i++) {
		char *raw = clean_line(in->lines[i]);
		const char *text = skip_blanks(raw);

		if (line && line_kind(text) == LINE_NOISE) {
			unsigned int at = r->line;

			r->line = i + 1;
			skip(r, text);
			r->line = at;
			continue;
		}
		if (line && *text && continues(line, text, raw)) {
			line = join(line, text);
			continue;
		}
		if (line)
			take_line(r, line);
		free(line);
		line = xcheck(strdup(raw));
		r->line = i + 1;
	}
	if (line)
		take_line(r, line);
	free(line);
}

void read_lspci(struct plan *plan, const struct input *in)
{
	struct reader r = { .plan = plan, .file = in->file };
	struct plan_device *device;

	read_lines(&r, in);
	for_each_device(device, plan)
		if (device->info)
			finish_host_device(plan, device);
}

/* Whether any line is one that only lspci or the kernel's log has */
bool is_lspci(const struct input *in)
{
	bool found = false;
	size_t i;

	for (i = 0; i < in->nr && !found; i++) {
		char *copy = xcheck(strdup(in->lines[i]));
		const char *text = skip_blanks(clean_line(copy));

		switch (*text == '#' ? LINE_NOISE : line_kind(text)) {
		case LINE_DEVICE:
		case LINE_SLOT:
		case LINE_KERNEL:
		case LINE_TREE:
			found = true;
			break;
		case LINE_RESOURCE:
			found = begins(text, "Region ") ||
				begins(text, "Memory at");
			break;
		default:
			break;
		}
		free(copy);
	}
	return found;
}
