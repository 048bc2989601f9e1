// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * main.c - vmr: will these devices fit in this virtual machine, and where?
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "vmr.h"

#define MAX_ONLY	64

static const char usage[] =
	"vmr [OPTION]... [FILE]...\n"
	"\n"
	"Place devices in a virtual machine and say where each is, or why it is not.\n"
	"A FILE is what `lspci -v` or `lspci -vv` prints, or statements of vmr's own\n"
	"(vmr(1)); - is the standard input. Without one, show the machine.\n"
	"\n"
	"  -m, --machine NAME   x86-64 (default), arm64 or riscv64\n"
	"  -M, --memory SIZE    memory, such as 64G (default 4G)\n"
	"      --memory-max SIZE  leave room for so much\n"
	"  -b, --bits N         width of a guest physical address\n"
	"  -o, --only WORD      of a host's devices, only those whose address begins with\n"
	"                       WORD or whose description contains it; may be repeated\n"
	"  -B, --bridges        keep the host's bridges too\n"
	"  -f, --flat           no bridges at all\n"
	"  -g, --gaps           show what is free, and interrupts\n"
	"  -j, --json           JSON instead of text\n"
	"  -s, --svg FILE       draw the address map\n"
	"  -h, --help           this\n"
	"  -V, --version        which vmr this is\n"
	"\n"
	"The exit status is 0 if all fits, 1 if not, 2 if the input makes no sense.\n";

enum {
	OPT_MEMORY_MAX = 256,
};

static const struct option long_options[] = {
	{ "machine", required_argument, NULL, 'm' },
	{ "memory", required_argument, NULL, 'M' },
	{ "memory-max", required_argument, NULL, OPT_MEMORY_MAX },
	{ "bits", required_argument, NULL, 'b' },
	{ "only", required_argument, NULL, 'o' },
	{ "bridges", no_argument, NULL, 'B' },
	{ "flat", no_argument, NULL, 'f' },
	{ "gaps", no_argument, NULL, 'g' },
	{ "json", no_argument, NULL, 'j' },
	{ "svg", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

struct options {
	const char	*machine;
	uint64_t	ram;
	uint64_t	ram_max;
	uint64_t	bits;
	const char	*only[MAX_ONLY];
	size_t		nr_only;
	bool		bridges;
	bool		flat;
	bool		gaps;
	bool		json;
	const char	*svg;
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

static const char *machine_option(const char *name)
{
	static const char *const known[] = { "x86-64", "arm64", "riscv64" };
	size_t i;

	for (i = 0; i < NR(known); i++)
		if (!strcmp(name, known[i]))
			return known[i];
	bad_usage(name, "is no machine: x86-64, arm64 or riscv64");
}

static void take_option(struct options *o, int opt, const char *arg)
{
	switch (opt) {
	case 'm':
		o->machine = machine_option(arg);
		break;
	case 'M':
		o->ram = number_option(arg, 1, VMR_ADDR_MAX);
		break;
	case OPT_MEMORY_MAX:
		o->ram_max = number_option(arg, 1, VMR_ADDR_MAX);
		break;
	case 'b':
		o->bits = number_option(arg, 33, 64);
		break;
	case 'o':
		if (o->nr_only == MAX_ONLY)
			bad_usage(arg, "is one word too many");
		o->only[o->nr_only++] = arg;
		break;
	case 'B':
		o->bridges = true;
		break;
	case 'f':
		o->flat = true;
		break;
	case 'g':
		o->gaps = true;
		break;
	case 'j':
		o->json = true;
		break;
	case 's':
		o->svg = arg;
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
	while ((opt = getopt_long(argc, argv, "m:M:b:o:Bfgjs:hV", long_options,
				  NULL)) != -1)
		take_option(o, opt, optarg);
}

/* A copy, since what is read to see which of the two a file is may be a pipe */
static FILE *copy(FILE *in)
{
	FILE *all = xcheck(tmpfile());
	char some[4096];
	size_t len;

	while ((len = fread(some, 1, sizeof(some), in)))
		fwrite(some, 1, len, all);
	rewind(all);
	return all;
}

/* By its first line that says anything; what is too long for one is neither */
static bool is_lspci(FILE *in)
{
	char line[MAX_LINE] = "";

	while (fgets(line, sizeof(line), in) &&
	       !line[strspn(line, " \t\r\n")])
		;
	rewind(in);
	return is_lspci_device(line);
}

static void read_input(struct plan *plan, const char *name)
{
	bool is_stdin = !strcmp(name, "-");
	FILE *in = is_stdin ? stdin : fopen(name, "r");
	FILE *all = in ? copy(in) : NULL;

	if (!in || ferror(in)) {
		fprintf(stderr, "vmr: %s: %s\n", name, strerror(errno));
		plan->errors++;
	} else if (is_lspci(all)) {
		read_lspci(plan, all, name);
	} else {
		read_plan(plan, all, name);
	}
	if (all)
		fclose(all);
	if (in && !is_stdin)
		fclose(in);
}

static bool asked_for(const struct options *o, const struct plan_device *device)
{
	size_t i;

	for (i = 0; i < o->nr_only; i++)
		if (!strncmp(device->name, o->only[i], strlen(o->only[i])) ||
		    (device->what && strstr(device->what, o->only[i])))
			return true;
	return !o->nr_only;
}

static void unlink_bridge(struct plan *plan, struct plan_device *bridge)
{
	struct plan_device *device;

	bridge->excluded = true;
	for_each_device(device, plan)
		if (device->behind == bridge)
			device->behind = bridge->behind;
}

/* Drop bridges without a selected device behind them */
static void drop_bridges(struct plan *plan, const struct options *o)
{
	struct plan_device *device, *up;

	for_each_device(device, plan)
		if (device->is_bridge &&
		    (o->flat || (device->on_host && !o->bridges)))
			unlink_bridge(plan, device);
	for_each_device(device, plan)
		if (device->is_bridge && device->on_host)
			device->excluded = true;
	for_each_device(device, plan) {
		if (device->excluded)
			continue;
		for (up = device->behind; up; up = up->behind)
			up->excluded = false;
	}
	for_each_device(device, plan) {
		device->depth = 0;
		for (up = device->behind; up; up = up->behind)
			device->depth++;
	}
}

static void choose(struct plan *plan, const struct options *o)
{
	struct plan_device *device;

	for_each_device(device, plan)
		if (!device->is_bridge && !asked_for(o, device))
			device->excluded = true;
	drop_bridges(plan, o);
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
		show_text(plan, stdout, o->gaps);
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
	plan_init(&plan);
	for (; optind < argc; optind++)
		read_input(&plan, argv[optind]);
	override(&plan.machine, &options);
	choose(&plan, &options);
	if (!plan.errors && describe_machine(&plan, plan.machine.bits)) {
		status = place_plan(&plan) ? 0 : 1;
		if (show(&plan, &options))
			status = 2;
	}
	plan_free(&plan);
	return status;
}
