// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * init_events.c - tests of the library's tracepoints in tracefs
 *
 * events.c in the test module triggers each tracepoint. They are enabled only during
 * this test.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "init.h"

#define GROUP	TRACEFS "/events/vmr"

#define NR_FIELDS	6	/* at most, of an event */

#define POINTER(name)	"const void * " name "/8"
#define NUMBER(name)	"u64 " name "/8"
#define ERROR		"int error/4"
#define PLACE		POINTER("space"), POINTER("range"), \
			NUMBER("start"), NUMBER("last")
#define DEVICE		POINTER("manager"), POINTER("dev")
#define NAME		"char name[32]/32"

#define EVENT(is, ...)	{ .name = is, .fields = { __VA_ARGS__ } }

/* All events, with the type, the name and the size of each field */
static struct event {
	const char	*name;
	const char	*fields[NR_FIELDS + 1];
	bool		seen;
} events[] = {
	EVENT("vmr_alloc", PLACE),
	EVENT("vmr_free", PLACE),
	EVENT("vmr_claim", PLACE),
	EVENT("vmr_settle", PLACE),
	EVENT("vmr_move", POINTER("space"), POINTER("range"), NUMBER("from"),
	      NUMBER("to")),
	EVENT("vmr_move_bulk", POINTER("steps"), "size_t nr/8"),
	EVENT("vmr_register", DEVICE, NAME),
	EVENT("vmr_unregister", DEVICE, NAME),
	EVENT("vmr_drain", DEVICE, ERROR),
	EVENT("vmr_dispatch", POINTER("reader"), POINTER("dev"),
	      POINTER("region"), NUMBER("base"), NUMBER("offset"),
	      "u32 width/4"),
	EVENT("vmr_dispatch_miss", POINTER("reader"), NUMBER("addr"), ERROR),
	{ }
};

/* Return: the event with the first @length characters of @name, or NULL */
static struct event *event_by_name(const char *name, size_t length)
{
	struct event *e;

	for (e = events; e->name; e++)
		if (strlen(e->name) == length && !strncmp(e->name, name, length))
			return e;
	return NULL;
}

/*
 * The operations of events.c, line by line. $x is a pointer. Equal letters are equal
 * pointers, and different letters are different pointers.
 */
static const char *const happens[] = {
	/* A range is allocated, moved, and moved in a bulk move. */
	"vmr_alloc: space=$s range=$a start=0x1000 last=0x1fff",
	"vmr_move: space=$s range=$a from=0x1000 to=0x3000",
	"vmr_move_bulk: steps=$t nr=1",
	/* Another range claims its addresses, goes live, is freed, and is parked. */
	"vmr_claim: space=$s range=$b start=0x9000 last=0x9fff",
	"vmr_free: space=$s range=$a start=0x9000 last=0x9fff",
	"vmr_settle: space=$s range=$b start=0x9000 last=0x9fff",
	"vmr_free: space=$s range=$b start=0x9000 last=0x9fff",
	"vmr_claim: space=$s range=$b start=0x5000 last=0x5fff",
	"vmr_free: space=$s range=$b start=0x5000 last=0x5fff",
	/* A device without a name: its registers and its id */
	"vmr_alloc: space=$m range=$r start=0xe0000000 last=0xe0000fff",
	"vmr_alloc: space=$i range=$x start=0x0 last=0x0",
	"vmr_register: manager=$g dev=$d name=device",
	/* A device with a name that is truncated */
	"vmr_alloc: space=$m range=$q start=0xe0001000 last=0xe0001fff",
	"vmr_alloc: space=$i range=$y start=0x1 last=0x1",
	"vmr_register: manager=$g dev=$e name=a name of more than thirty-one ",
	/* The callback unregisters the first device and drains it. */
	"vmr_dispatch: reader=$v dev=$d region=$r addr=0xe0000000+0x10 width=4",
	"vmr_free: space=$m range=$r start=0xe0000000 last=0xe0000fff",
	"vmr_free: space=$i range=$x start=0x0 last=0x0",
	"vmr_unregister: manager=$g dev=$d name=device",
	"vmr_drain: manager=$g dev=$d error=-11",
	"vmr_drain: manager=$g dev=$d error=-35",
	/* No device responds. The second device is unregistered. */
	"vmr_dispatch_miss: reader=$v addr=0xd0000010 error=-6",
	"vmr_drain: manager=$g dev=$d error=0",
	"vmr_free: space=$m range=$q start=0xe0001000 last=0xe0001fff",
	"vmr_free: space=$i range=$y start=0x1 last=0x1",
	"vmr_unregister: manager=$g dev=$e name=a name of more than thirty-one ",
	"vmr_drain: manager=$g dev=$e error=0",
	NULL
};

static bool put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	bool ok = fd >= 0 && write(fd, value, strlen(value)) > 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/*
 * Formats
 */

/* Return: whether the format prints the field "TYPE NAME" */
static bool shown(const char *field)
{
	const char *name = strrchr(field, ' ');
	const char *print = strstr(text, "\nprint fmt: \"");
	char use[80];

	if (!name || !print)
		return false;
	snprintf(use, sizeof(use), "REC->%.*s", (int)strcspn(name + 1, "["),
		 name + 1);
	return strstr(print, use);
}

/* Compare the fields in @text with those of the event; they must not overlap. */
static bool fields_are_right(const struct event *e)
{
	const char *const *next = e->fields;
	unsigned int offset, bytes, end = 0;
	char field[64], seen[80];
	const char *line = text;

	for (; (line = strstr(line, "\tfield:")); line++) {
		if (sscanf(line, " field:%63[^;]; offset:%u; size:%u; signed:",
			   field, &offset, &bytes) != 3 || offset < end)
			return false;
		end = offset + bytes;
		if (strstr(field, " common_"))
			continue;
		snprintf(seen, sizeof(seen), "%s/%u", field, bytes);
		if (!*next || strcmp(*next++, seen) || !shown(field))
			return false;
	}
	return !*next;
}

static bool format_is_right(const struct event *e)
{
	char path[128], name[64] = "";
	unsigned int id;

	snprintf(path, sizeof(path), GROUP "/%s/format", e->name);
	if (slurp(path) &&
	    sscanf(text, "name: %63s\nID: %u\nformat:", name, &id) == 2 &&
	    !strcmp(name, e->name) && fields_are_right(e))
		return true;
	say("# %s is not as expected", path);
	show("format");
	return false;
}

static bool formats_are_right(void)
{
	const struct event *e;
	bool ok = true;

	for (e = events; e->name; e++)
		ok = format_is_right(e) && ok;
	return ok;
}

/*
 * Traces
 */

/* The pointer of each letter */
static unsigned long pointers['z' + 1];

/* Return: whether the pointer can be that of @letter */
static bool same(char letter, unsigned long pointer)
{
	char c;

	if (!pointer)
		return false;
	for (c = 'a'; c <= 'z'; c++)
		if (c != letter && pointers[(int)c] == pointer)
			return false;
	if (!pointers[(int)letter])
		pointers[(int)letter] = pointer;
	return pointers[(int)letter] == pointer;
}

static bool matches(const char *pattern, const char *seen)
{
	char *end;

	while (*pattern && *pattern == *seen) {
		if (pattern[1] != '$') {
			pattern++;
			seen++;
			continue;
		}
		if (!same(pattern[2], strtoul(seen + 1, &end, 16)))
			return false;
		pattern += 3;
		seen = end;
	}
	return !*pattern && !*seen;
}

/* The text after the time in "init-1 [000] ..... 17: vmr_free: ..." */
static const char *event_of(const char *line)
{
	const char *at = strstr(line, ": ");

	return *line == '#' || !at ? NULL : at + 2;
}

/* Compare @text with the expected trace, and record the events in it. */
static bool trace_is_right(void)
{
	const char *const *next = happens;
	const char *line, *seen;
	struct event *e;
	bool ok = true;

	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		seen = event_of(line);
		if (!seen)
			continue;
		e = event_by_name(seen, strcspn(seen, ":"));
		if (e)
			e->seen = true;
		if (ok && !(*next && matches(*next, seen))) {
			say("# seen: %s", seen);
			say("# expected: %s", *next ? *next : "no more");
			ok = false;
		}
		next += ok;
	}
	if (ok && *next)
		say("# expected, and not there: %s", *next);
	return ok && !*next;
}

/*
 * The global clock orders the events of all CPUs. Recording of task names is disabled:
 * it patches the scheduler while other CPUs run it, and an emulated CPU may continue
 * to see the breakpoint.
 */
static bool trace_events(void)
{
	bool ok = put(TRACEFS "/trace_clock", "counter") &&
		  put(TRACEFS "/buffer_size_kb", "64") &&
		  put(TRACEFS "/options/record-cmd", "0") &&
		  put(TRACEFS "/trace", " ") &&
		  put(GROUP "/enable", "1");

	if (!ok)
		say("# tracefs does not accept the settings");
	if (!put(DEBUGFS "/vmr_test/events", "1")) {
		say("# the module could not do what is to be traced");
		ok = false;
	}
	ok = put(GROUP "/enable", "0") && ok;
	return slurp(TRACEFS "/trace") && ok;
}

/* All events of the library are in the table and in the trace. */
static bool all_were_seen(void)
{
	DIR *dir = opendir(GROUP);
	const struct dirent *entry;
	const struct event *e;
	bool ok = dir;

	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "vmr_", 4))
			continue;
		e = event_by_name(entry->d_name, strlen(entry->d_name));
		if (e && e->seen)
			continue;
		say("# %s was not seen", entry->d_name);
		ok = false;
	}
	if (dir)
		closedir(dir);
	return ok;
}

void tracepoints(void)
{
	static const char *const names[TRACEPOINTS_TESTS] = {
		"tracepoints_have_their_fields",
		"tracepoints_tell_what_happened",
		"tracepoints_have_all_been_seen",
	};
	bool recorded;
	size_t i;

	mount("none", TRACEFS, "tracefs", 0, NULL);
	if (!exists(TRACEFS "/events")) {
		for (i = 0; i < TRACEPOINTS_TESTS; i++)
			skip(names[i], "the kernel is without CONFIG_EVENT_TRACING");
		return;
	}
	result(formats_are_right(), names[0]);
	recorded = trace_events();
	result(trace_is_right() && recorded, names[1]);
	result(all_were_seen(), names[2]);
}
