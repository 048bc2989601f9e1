// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * control.c - the commands of the VMM's control socket against a model
 *
 * The bytes become the stream of a client, and the sizes in which it arrives. The model
 * cuts the stream into lines, and has the state of each slot and of the processors. The
 * machine is that of a kernel, without KVM: its processors wait to be started. A
 * stand-in for machine_save() records the name of the file and writes none. A client
 * may go away: writes to it fail from some byte on.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/types.h>

#include "../../vmm/control/control.h"
#include "../../vmm/machine/snapshot.h"
#include "fuzz.h"

#define LINE_LIMIT	1023	/* bytes of a line without the line feed */
#define STREAM_SIZE	6000
#define OUT_SIZE	0x100000
#define NR_SLOTS	Q35_NR_PORTS

static const struct kernel kernel = {
	.append		= "",
	.memory		= 64 * MIB,
	.nr_cpus	= 2,
};

static struct vmm *vmm;

/* The bytes from the client and to it, and the names of the files of snapshots */
struct stream {
	char		bytes[OUT_SIZE];
	size_t		nr;
	size_t		at;
};

static struct stream in, out, saved, want_saved;
static size_t writes_fail_at;
static bool write_failed;
static uint32_t pieces;

/* The model */
static enum vmr_pci_slot_state slots[NR_SLOTS + 1];
static bool fixed[NR_SLOTS + 1];	/* it has what no command plugged */
static bool paused, ended;

static void put(struct stream *stream, const void *bytes, size_t nr)
{
	FUZZ_ASSERT(nr <= OUT_SIZE - stream->nr);
	memcpy(stream->bytes + stream->nr, bytes, nr);
	stream->nr += nr;
}

static const char *save_fault(const char *path)
{
	return path[0] == '!' ? "a fault of the file" : NULL;
}

const char *__wrap_machine_save(struct vmm *machine, const char *path);

const char *__wrap_machine_save(struct vmm *machine, const char *path)
{
	FUZZ_ASSERT(machine == vmm && machine->pause);
	put(&saved, path, strlen(path) + 1);
	return save_fault(path);
}

/* One to eight bytes, or all */
static ssize_t client_read(void *cookie, char *buf, size_t size)
{
	size_t nr = in.nr - in.at;

	(void)cookie;
	pieces = pieces * 1103515245u + 12345u;
	if (pieces & 0x80000000u && nr > (pieces >> 16 & 7) + 1)
		nr = (pieces >> 16 & 7) + 1;
	nr = nr < size ? nr : size;
	memcpy(buf, in.bytes + in.at, nr);
	in.at += nr;
	return (ssize_t)nr;
}

static ssize_t client_write(void *cookie, const char *buf, size_t size)
{
	(void)cookie;
	if (write_failed || size > writes_fail_at - out.nr) {
		write_failed = true;
		errno = EPIPE;
		return 0;
	}
	put(&out, buf, size);
	return (ssize_t)size;
}

/* Run the stream. Return whether all answers were written. */
static bool serve(void)
{
	const cookie_io_functions_t reads = { .read = client_read };
	const cookie_io_functions_t writes = { .write = client_write };
	FILE *from = fopencookie(NULL, "r", reads);
	FILE *to = fopencookie(NULL, "w", writes);
	bool answered;

	FUZZ_ASSERT(from && to);
	answered = commands_serve(vmm, from, to);
	fclose(from);
	fclose(to);
	return answered;
}

/* The answer of the model. A map is looked at only for its form. */

struct answer {
	char		text[2048];
	size_t		nr;
	bool		is_map;
};

__attribute__((format(printf, 2, 3)))
static void say(struct answer *answer, const char *fmt, ...)
{
	va_list args;
	int nr;

	va_start(args, fmt);
	nr = vsnprintf(answer->text + answer->nr,
		       sizeof(answer->text) - answer->nr, fmt, args);
	va_end(args);
	answer->nr += (size_t)nr;
	FUZZ_ASSERT(answer->nr < sizeof(answer->text));
}

static bool is_word(const char *text, size_t nr, const char *word)
{
	return nr == strlen(word) && !memcmp(text, word, nr);
}

/* Leading zeroes are allowed. */
static unsigned int slot_of(const char *text, size_t nr)
{
	unsigned int slot = 0;

	for (; nr; text++, nr--) {
		if (*text < '0' || *text > '9')
			return 0;
		slot = 10 * slot + (unsigned int)(*text - '0');
		if (slot > NR_SLOTS)
			return 0;
	}
	return slot;
}

/* The reason why a command for a slot fails, or NULL */
static const char *model_slot(char command, unsigned int slot)
{
	enum vmr_pci_slot_state state = slots[slot];

	if (!slot || state == VMR_PCI_SLOT_NONE)
		return "there is no such slot; try slots";
	switch (command) {
	case 'p':
		if (state != VMR_PCI_SLOT_EMPTY)
			return vmr_strerror(-EBUSY);
		slots[slot] = VMR_PCI_SLOT_ON;
		return NULL;
	case 'r':
		if (state == VMR_PCI_SLOT_REMOVAL_REQUESTED)
			return vmr_strerror(-EALREADY);
		if (state == VMR_PCI_SLOT_EMPTY)
			return vmr_strerror(-ENOENT);
		slots[slot] = VMR_PCI_SLOT_REMOVAL_REQUESTED;
		return NULL;
	default:
		if (state == VMR_PCI_SLOT_EMPTY || fixed[slot])
			return vmr_strerror(-ENOENT);
		slots[slot] = VMR_PCI_SLOT_EMPTY;
		return NULL;
	}
}

static const char *model_snapshot(const char *path, size_t nr)
{
	char name[LINE_LIMIT + 1];

	if (!nr)
		return "it needs the name of a file";
	if (ended)
		return "the guest has ended";
	memcpy(name, path, nr);
	name[nr] = '\0';
	put(&want_saved, name, nr + 1);
	return save_fault(name);
}

static void model_slots(struct answer *answer)
{
	unsigned int slot;

	for (slot = 1; slot <= NR_SLOTS; slot++)
		if (slots[slot] != VMR_PCI_SLOT_NONE)
			say(answer, "slot %u: %s\n", slot,
			    slots[slot] == VMR_PCI_SLOT_EMPTY ? "empty" :
			    slots[slot] == VMR_PCI_SLOT_ON ? "on" :
			    "removal requested");
}

static void model_help(struct answer *answer)
{
	say(answer, "map      all ranges of the machine\n"
	    "slots    the slots and their state\n"
	    "plug     N: put a card into slot N\n"
	    "request  N: ask the guest to let the card in slot N go\n"
	    "unplug   N: pull the card, whatever the guest does with it\n"
	    "pause    stop the processors\n"
	    "resume   let them go on\n"
	    "snapshot FILE: pause, save the machine in FILE, and go on\n"
	    "status   the state of the guest\n"
	    "quit     end the run\n"
	    "help     this text\n");
}

/* Whether a word is a command that takes no argument */
static bool is_plain(const char *line, size_t nr)
{
	static const char *const plain[] = { "map", "slots", "pause", "resume",
					     "status", "quit", "help" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(plain); i++)
		if (is_word(line, nr, plain[i]))
			return true;
	return false;
}

/* A word, and what follows the first space */
static const char *model_command(struct answer *answer, const char *line,
				 size_t nr)
{
	const char *space = memchr(line, ' ', nr);
	size_t word = space ? (size_t)(space - line) : nr;
	const char *rest = space ? space + 1 : line + nr;
	size_t left = (size_t)(line + nr - rest);

	if (is_word(line, word, "plug") || is_word(line, word, "request") ||
	    is_word(line, word, "unplug"))
		return model_slot(line[0], slot_of(rest, left));
	if (is_word(line, word, "snapshot"))
		return model_snapshot(rest, left);
	if (space && is_plain(line, word))
		return "the command takes no argument; try help";
	if (is_word(line, word, "slots"))
		model_slots(answer);
	else if (is_word(line, word, "pause"))
		paused = true;
	else if (is_word(line, word, "resume"))
		paused = false;
	else if (is_word(line, word, "quit"))
		ended = true;
	else if (is_word(line, word, "status"))
		say(answer, "%s, 2 processors, 0 exits\n",
		    ended ? "ended" : paused ? "paused" : "running");
	else if (is_word(line, word, "help"))
		model_help(answer);
	else if (is_word(line, word, "map"))
		answer->is_map = true;
	else
		return "unknown command; try help";
	return NULL;
}

static void model_line(struct answer *answer, const char *line, size_t nr)
{
	const char *fault;

	if (nr > LINE_LIMIT)
		fault = "the line is too long";
	else if (memchr(line, '\0', nr))
		fault = "the line has a byte of value 0";
	else
		fault = model_command(answer, line, nr && line[nr - 1] == '\r' ?
				      nr - 1 : nr);
	if (fault)
		say(answer, "error: %s\n", fault);
	else
		say(answer, "ok\n");
}

/* Read over the lines of a map. Return false if the output ends before the last one. */
static bool read_map(void)
{
	const char *line, *end;
	size_t nr, lines = 0;

	for (;; lines++) {
		line = out.bytes + out.at;
		end = memchr(line, '\n', out.nr - out.at);
		if (!end)
			return false;
		nr = (size_t)(end - line);
		if (is_word(line, nr, "ok"))
			break;
		FUZZ_ASSERT(nr && memcmp(line, "error", 5));
		out.at += nr + 1;
	}
	FUZZ_ASSERT(lines > 10);
	return true;
}

/* Compare an answer. Return false if the output ends within it. */
static bool compare(const struct answer *answer)
{
	size_t nr;

	if (answer->is_map && !read_map()) {
		out.at = out.nr;
		return false;
	}
	nr = out.nr - out.at < answer->nr ? out.nr - out.at : answer->nr;
	FUZZ_ASSERT(!memcmp(out.bytes + out.at, answer->text, nr));
	out.at += nr;
	return nr == answer->nr;
}

/*
 * The command without a complete answer is the last one that was run. Only a failed
 * write may lead to one.
 */
static void compare_answers(bool answered)
{
	const char *line = in.bytes, *end = in.bytes + in.nr, *feed;
	bool complete = true;

	for (; complete; line = feed + 1) {
		struct answer answer = { .nr = 0 };

		feed = memchr(line, '\n', (size_t)(end - line));
		if (!feed)
			break;
		model_line(&answer, line, (size_t)(feed - line));
		complete = compare(&answer);
	}
	FUZZ_ASSERT(out.at == out.nr);
	FUZZ_ASSERT(complete == answered && answered == !write_failed);
}

static void compare_state(void)
{
	unsigned int slot, cards = 0, i, found = 0;

	for (slot = 1; slot <= NR_SLOTS; slot++) {
		if (slots[slot] == VMR_PCI_SLOT_NONE) {
			FUZZ_ASSERT(!slot_port(vmm, slot));
			continue;
		}
		FUZZ_ASSERT(slot_state(vmm, slot) == slots[slot]);
		cards += slots[slot] != VMR_PCI_SLOT_EMPTY && !fixed[slot];
	}
	for (i = 0; i < vmm->nr_functions; i++)
		for (slot = 1; slot <= NR_SLOTS; slot++)
			found += vmm->functions[i] ==
				 &vmm->q35.cards[slot - 1].fn;
	FUZZ_ASSERT(found == cards);
	FUZZ_ASSERT(vmm->pause == paused);
	FUZZ_ASSERT(vmm->end == (ended ? GUEST_STOPPED : GUEST_RUNS));
	FUZZ_ASSERT(saved.nr == want_saved.nr &&
		    !memcmp(saved.bytes, want_saved.bytes, saved.nr));
	FUZZ_ASSERT(!fuzz_messages);
}

/* The stream: words, numbers, ends of lines, and any bytes */

static const char *const words[] = {
	"map", "slots", "plug ", "plug 1\n", "plug 2\r\n", "request ",
	"request 1\n", "unplug ", "unplug 1\n", "unplug 2\n", "pause\n",
	"resume\n", "snapshot", "snapshot !a\n", "snapshot /tmp/a b\n",
	"status\n", "quit", "quit\n", "help\n", "slots\n", "map\n", "\n", "\r",
	"\r\n", " ", "1", "2", "3", "4", "0", "9", "-", "+", "-18446744073709551615",
};

static void add(const char *text)
{
	put(&in, text, strlen(text));
}

/* Names of commands where the limit of a line cuts */
static void add_long(void)
{
	static char fill[LINE_LIMIT + 8];
	size_t nr = LINE_LIMIT - 8 + fuzz_below(16);

	memset(fill, fuzz_one_in(2) ? ' ' : 'x', sizeof(fill));
	put(&in, fill, nr);
}

static void add_piece(void)
{
	unsigned int kind = fuzz_u8(), nr;
	uint8_t byte;

	if (kind < 200) {
		add(words[kind % ARRAY_SIZE(words)]);
	} else if (kind < 204) {
		add_long();
	} else if (kind < 230) {
		for (nr = fuzz_below(32); nr; nr--) {
			byte = (uint8_t)fuzz_u8();
			put(&in, &byte, 1);
		}
	} else {
		byte = (uint8_t)fuzz_u8();
		put(&in, &byte, 1);
	}
}

static void begin_stream(void)
{
	in.nr = 0;
	in.at = 0;
	out.nr = 0;
	out.at = 0;
	saved.nr = 0;
	want_saved.nr = 0;
	write_failed = false;
	writes_fail_at = fuzz_below(8) == 7 ? 4 * fuzz_u8() : OUT_SIZE;
	pieces = fuzz_u8();
	fuzz_messages = 0;
}

/* A machine whose processors wait */
static void machine_up(void)
{
	unsigned int i, slot;

	vmm = vmm_alloc();
	FUZZ_ASSERT(vmm);
	vmm->kernel = &kernel;
	vmm->config.phys_bits = 40;
	vmm->config.nr_slots = 32;
	FUZZ_ASSERT(!vmm_init(vmm));
	for (i = 0; i < kernel.nr_cpus; i++)
		vmm->cpus[i].paused = true;
	for (slot = 1; slot <= NR_SLOTS; slot++) {
		slots[slot] = VMR_PCI_SLOT_NONE;
		if (slot_port(vmm, slot))
			slots[slot] = slot_state(vmm, slot);
		fixed[slot] = slots[slot] == VMR_PCI_SLOT_ON;
	}
}

/* No command takes back a request for what no command has plugged. */
static bool is_used_up(void)
{
	unsigned int slot;

	for (slot = 1; slot <= NR_SLOTS; slot++)
		if (fixed[slot] && slots[slot] != VMR_PCI_SLOT_ON)
			return true;
	return false;
}

/* The state in which each run begins */
static void begin_run(void)
{
	unsigned int slot;

	if (vmm && is_used_up()) {
		vmm_free(vmm);
		vmm = NULL;
	}
	if (!vmm)
		machine_up();
	for (slot = 1; slot <= NR_SLOTS; slot++) {
		if (slots[slot] == VMR_PCI_SLOT_NONE || fixed[slot] ||
		    slots[slot] == VMR_PCI_SLOT_EMPTY)
			continue;
		FUZZ_ASSERT(!slot_unplug(vmm, slot));
		slots[slot] = VMR_PCI_SLOT_EMPTY;
	}
	vmm->end = GUEST_RUNS;
	vmm->pause = false;
	paused = false;
	ended = false;
}

static void run(void)
{
	begin_run();
	while (fuzz_more()) {
		begin_stream();
		do
			add_piece();
		while (in.nr < STREAM_SIZE - 1100 && !fuzz_one_in(64) &&
		       fuzz_more());
		compare_answers(serve());
		compare_state();
	}
}

const struct fuzz_target fuzz_control = { "control", run };
