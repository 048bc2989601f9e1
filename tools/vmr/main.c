// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * main.c - vmr: will these devices fit in this virtual machine, and where?
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmr.h"

#define MAX_ONLY	64

static const char usage[] =
	"vmr [OPTION]... [FILE]...\n"
	"\n"
	"Place devices in a virtual machine and say where each is, or why it is not.\n"
	"A FILE is the text of lspci, in any form, or statements of vmr's own (vmr(1));\n"
	"- is the standard input. Without a file, show the machine.\n"
	"\n"
	"  -m, --machine NAME   x86-64 (default), arm64 or riscv64\n"
	"  -M, --memory SIZE    memory, such as 64G (default 4G)\n"
	"      --memory-max SIZE  leave room for so much\n"
	"  -b, --bits N         width of a guest physical address\n"
	"  -a, --amd            the host's processor is AMD's, which reserves addresses\n"
	"                       below 1 TiB\n"
	"  -p, --page SIZE      page size of the host: no two BARs share a page\n"
	"  -o, --only WORD      of a host's devices, only those whose address begins with\n"
	"                       WORD or whose description contains it; may be repeated\n"
	"  -S, --split          make each function a device of its own\n"
	"  -B, --bridges        keep the host's bridges too\n"
	"  -f, --flat           no bridges at all\n"
	"  -r, --rebar WHICH    resizable BARs: max, current (default) or a SIZE\n"
	"      --vfs N          plan N virtual functions of each SR-IOV capability\n"
	"  -g, --gaps           show what is free, and interrupts\n"
	"  -e, --explain        say for each placement why it is there\n"
	"  -F, --for VMM        options for qemu, cloud-hypervisor or libvirt\n"
	"  -j, --json           JSON instead of text\n"
	"  -s, --svg FILE       draw the address map\n"
	"      --color WHEN     always, never or auto (default)\n"
	"      --progress WHEN  always, never or auto (default): after a second\n"
	"  -h, --help           this\n"
	"  -V, --version        which vmr this is\n"
	"\n"
	"The exit status is 0 if all fits, 1 if not, 2 if the input makes no sense, and 3 if\n"
	"the input does not say enough.\n";

enum {
	OPT_MEMORY_MAX = 256,
	OPT_VFS,
	OPT_COLOR,
	OPT_PROGRESS,
};

static const struct option long_options[] = {
	{ "machine", required_argument, NULL, 'm' },
	{ "memory", required_argument, NULL, 'M' },
	{ "memory-max", required_argument, NULL, OPT_MEMORY_MAX },
	{ "bits", required_argument, NULL, 'b' },
	{ "amd", no_argument, NULL, 'a' },
	{ "page", required_argument, NULL, 'p' },
	{ "only", required_argument, NULL, 'o' },
	{ "split", no_argument, NULL, 'S' },
	{ "bridges", no_argument, NULL, 'B' },
	{ "flat", no_argument, NULL, 'f' },
	{ "rebar", required_argument, NULL, 'r' },
	{ "vfs", required_argument, NULL, OPT_VFS },
	{ "gaps", no_argument, NULL, 'g' },
	{ "explain", no_argument, NULL, 'e' },
	{ "for", required_argument, NULL, 'F' },
	{ "json", no_argument, NULL, 'j' },
	{ "svg", required_argument, NULL, 's' },
	{ "color", required_argument, NULL, OPT_COLOR },
	{ "colour", required_argument, NULL, OPT_COLOR },
	{ "progress", required_argument, NULL, OPT_PROGRESS },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

enum when {
	AUTO,
	ALWAYS,
	NEVER,
};

struct options {
	const char		*machine;
	uint64_t		ram;
	uint64_t		ram_max;
	uint64_t		bits;
	uint64_t		page;
	bool			amd;
	const char		*only[MAX_ONLY];
	struct selection	selection;
	struct plan_settings	settings;
	struct text_options	text;
	enum when		colour;
	enum when		progress;
	bool			json;
	const char		*svg;
};

static void __attribute__((noreturn)) bad_usage(const char *what,
						const char *why)
{
	if (what)
		fprintf(stderr, "vmr: \"%s\" %s\n", what, why);
	fputs("vmr: --help says what there is\n", stderr);
	exit(2);
}

static uint64_t number_option(const char *text, uint64_t min, uint64_t max)
{
	uint64_t n;

	if (!parse_number(text, &n) || n < min || n > max)
		bad_usage(text, "is no number for this option");
	return n;
}

/* A small number without a unit is a question, not a number of bytes. */
static uint64_t size_option(const char *text)
{
	uint64_t n = number_option(text, 1, VMR_ADDR_MAX);

	if (!has_unit(text) && n < 1 << 20) {
		fprintf(stderr, "vmr: %s of what? %sM, or %sG\n", text, text,
			text);
		bad_usage(NULL, NULL);
	}
	return n;
}

static enum when when_option(const char *text)
{
	static const char *const words[] = { "auto", "always", "never" };
	size_t i;

	for (i = 0; i < NR(words); i++)
		if (!strcmp(text, words[i]))
			return i;
	bad_usage(text, "is none of always, never and auto");
}

static void rebar_option(struct plan_settings *s, const char *text)
{
	if (!strcmp(text, "max")) {
		s->rebar = REBAR_MAX;
	} else if (!strcmp(text, "current")) {
		s->rebar = REBAR_CURRENT;
	} else {
		s->rebar = REBAR_SIZE;
		s->rebar_size = size_option(text);
		if (!is_pow2(s->rebar_size))
			bad_usage(text, "is no size of a BAR: a power of two, max or current");
	}
}

static uint64_t page_option(const char *text)
{
	uint64_t n = number_option(text, 4096, 1 << 20);

	if (!is_pow2(n))
		bad_usage(text, "is no page size, such as 4K or 64K");
	return n;
}

static const char *machine_option(const char *name)
{
	static const char *const known[] = { "x86-64", "arm64", "riscv64" };
	size_t i;

	for (i = 0; i < NR(known); i++)
		if (!strcmp(name, known[i]))
			return known[i];
	bad_usage(name, "is no machine: x86-64, arm64 or riscv64");
}

static void only_option(struct options *o, const char *word)
{
	if (o->selection.nr_only == MAX_ONLY)
		bad_usage(word, "is one word too many: --only takes 64");
	o->only[o->selection.nr_only++] = word;
}

static bool take_output_option(struct options *o, int opt, const char *arg)
{
	switch (opt) {
	case 'g':
		o->text.gaps = true;
		break;
	case 'e':
		o->text.explain = true;
		break;
	case 'F':
		if (!is_vmm(arg))
			bad_usage(arg, "is none of qemu, cloud-hypervisor and libvirt");
		o->text.vmm = arg;
		break;
	case 'j':
		o->json = true;
		break;
	case 's':
		o->svg = arg;
		break;
	case OPT_COLOR:
		o->colour = when_option(arg);
		break;
	case OPT_PROGRESS:
		o->progress = when_option(arg);
		break;
	default:
		return false;
	}
	return true;
}

static bool take_device_option(struct options *o, int opt, const char *arg)
{
	switch (opt) {
	case 'o':
		only_option(o, arg);
		break;
	case 'S':
		o->settings.split = true;
		break;
	case 'B':
		o->selection.bridges = true;
		break;
	case 'f':
		o->selection.flat = true;
		break;
	case 'r':
		rebar_option(&o->settings, arg);
		break;
	case OPT_VFS:
		o->settings.vfs = number_option(arg, 0, 65535);
		break;
	default:
		return false;
	}
	return true;
}

static void take_option(struct options *o, int opt, const char *arg)
{
	if (take_output_option(o, opt, arg) || take_device_option(o, opt, arg))
		return;
	switch (opt) {
	case 'm':
		o->machine = machine_option(arg);
		break;
	case 'M':
		o->ram = size_option(arg);
		break;
	case OPT_MEMORY_MAX:
		o->ram_max = size_option(arg);
		break;
	case 'b':
		o->bits = number_option(arg, 33, 64);
		break;
	case 'a':
		o->amd = true;
		break;
	case 'p':
		o->page = page_option(arg);
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	case 'V':
		puts("vmr " VERSION);
		exit(0);
	default:
		bad_usage(NULL, NULL);
	}
}

static void read_options(struct options *o, int argc, char **argv)
{
	int opt;

	memset(o, 0, sizeof(*o));
	o->selection.only = o->only;
	while ((opt = getopt_long(argc, argv, "m:M:b:ap:o:SBfr:geF:js:hV",
				  long_options, NULL)) != -1)
		take_option(o, opt, optarg);
}

/* The columns of the terminal, or 80 */
static unsigned int text_width(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) &&
	    size.ws_col > 80)
		return size.ws_col;
	return 80;
}

static void settle_options(struct options *o)
{
	const char *no_color = getenv("NO_COLOR");

	o->text.width = text_width();
	o->text.colour = o->colour == ALWAYS ||
			 (o->colour == AUTO && isatty(STDOUT_FILENO) &&
			  !(no_color && *no_color));
	o->settings.progress = o->progress == ALWAYS ? 2 :
			       o->progress == AUTO && isatty(STDERR_FILENO);
}

/* Devices point to the name of their file, an argument of the program. */
static void read_file(struct plan *plan, const char *name)
{
	bool is_stdin = !strcmp(name, "-");
	FILE *from = is_stdin ? stdin : fopen(name, "r");
	struct input in = { .file = name };

	if (!from || !load_input(&in, from, name))
		bad_plan(plan, "%s: %s", name, strerror(errno));
	else
		read_input(plan, &in);
	free_input(&in);
	if (from && !is_stdin)
		fclose(from);
}

static void override(struct machine *m, const struct options *o)
{
	if (o->machine)
		m->name = o->machine;
	if (!m->name)
		m->name = "x86-64";
	if (o->ram) {
		m->ram = o->ram;
		m->ram_max = 0;
	}
	if (!m->ram)
		m->ram = 4ull << 30;
	if (o->ram_max)
		m->ram_max = o->ram_max;
	if (o->bits)
		m->bits = o->bits;
	if (o->page)
		m->page = o->page;
	m->amd = o->amd;
}

static int draw(struct plan *plan, const char *name)
{
	FILE *out = strcmp(name, "-") ? fopen(name, "w") : stdout;
	int err = 0;

	if (out)
		show_svg(plan, out);
	if (!out || (out == stdout ? fflush(out) : fclose(out))) {
		fprintf(stderr, "vmr: %s: %s\n", name, strerror(errno));
		err = 2;
	}
	return err;
}

static int show(struct plan *plan, const struct options *o)
{
	bool to_stdout = o->svg && !strcmp(o->svg, "-");
	int err = o->svg ? draw(plan, o->svg) : 0;

	if (o->json)
		show_json(plan, stdout);
	else if (!to_stdout)
		show_text(plan, stdout, &o->text);
	if (fflush(stdout) || ferror(stdout)) {
		fputs("vmr: could not write all of it\n", stderr);
		err = 2;
	}
	return err;
}

int main(int argc, char **argv)
{
	struct options options;
	static struct plan plan;
	int status = 2;

	read_options(&options, argc, argv);
	settle_options(&options);
	plan_init(&plan);
	plan.settings = options.settings;
	for (; optind < argc; optind++)
		read_file(&plan, argv[optind]);
	override(&plan.machine, &options);
	select_devices(&plan, &options.selection);
	if (!plan.errors && describe_machine(&plan, plan.machine.bits)) {
		place_plan(&plan);
		status = verdict_of(&plan);
		if (show(&plan, &options))
			status = 2;
	}
	plan_free(&plan);
	return status;
}
