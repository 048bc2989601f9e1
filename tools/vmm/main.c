// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * main.c - reference VMM: boot real firmware on devices that the library routes
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm.h"

#define DEFAULT_BIOS	"/usr/share/seabios/bios-256k.bin"
#define DEFAULT_TIMEOUT	120
#define DEFAULT_APPEND	"console=ttyS0 panic=-1 reboot=k nokaslr loglevel=5"
#define DEFAULT_MEMORY	(256 * MIB)
#define DEFAULT_CPUS	2
#define KERNEL_LIMIT	(64 * MIB)
#define INITRD_LIMIT	(1024 * MIB)
#define RAM_LOW		(128 * MIB)
#define RAM_HIGH	(64 * MIB)
#define PAGE		(4 * KIB)
#define OPTIONS		128	/* more than the value of each option */

struct options {
	const char	*bios;
	const char	*guest;
	const char	*record;
	const char	*replay;
	const char	*fallback;
	unsigned int	timeout;
	uint32_t	model;
	const char	*kernel;
	const char	*initrd;
	struct kernel	machine;
};

#define KERNEL_USAGE \
	"       vmm --kernel FILE [--initrd FILE] [--append STRING] [--disk FILE]\n" \
	"           [--bios FILE] [--cpus N] [--memory SIZE] [--control PATH] [--verify]\n" \
	"           [--hot-plugs N] [--moves N] [--reboots N] [--snapshot FILE]\n" \
	"           [--quiet] [--console] [--dump-tables FILE] [--dump-snapshot FILE]\n"

#define RESTORE_USAGE \
	"       vmm --restore FILE [--disk FILE] [--kernel FILE [--initrd FILE]\n" \
	"           [--append STRING]] [--cpus N] [--memory SIZE] [--control PATH]\n" \
	"           [--verify] [--hot-plugs N] [--moves N] [--reboots N]\n" \
	"           [--snapshot FILE] [--quiet] [--console] [--dump-map]\n" \
	"           [--dump-snapshot FILE]\n" \
	"       vmm --help\n\n"

static const char help[] =
	"usage: vmm [--machine pc|q35] [--bios FILE] [--guest FILE] [--record FILE]\n"
	"           [--fallback-replay FILE] [--timeout SECONDS]\n"
	"       vmm --replay FILE\n"
	KERNEL_USAGE
	RESTORE_USAGE
	"Boots PC firmware on KVM, on devices whose every access is routed by the\n"
	"vmalloc library, until the firmware finds nothing to boot. On the way a card is\n"
	"plugged, moved and unplugged, and the whole machine is saved and restored in\n"
	"other memory, while threads read the registers of all cards. Then prints the\n"
	"address map and compares where the firmware says it placed the PCI BARs with\n"
	"where the library finds them. At last runs a guest program that moves, swaps\n"
	"and overlaps BARs, and says what it found.\n"
	"\n"
	"  --machine pc|q35        a PC with an 82440FX, which is the default, or one with\n"
	"                          a Q35: PCI Express and two host bridges\n"
	"  --bios FILE             firmware; default " DEFAULT_BIOS "\n"
	"  --guest FILE            32-bit program to run after the firmware: loaded and\n"
	"                          entered at 1 MiB\n"
	"  --record FILE           write every exit to FILE\n"
	"  --replay FILE           take the exits from FILE instead of from KVM; the\n"
	"                          first read that gets another answer is an error\n"
	"  --fallback-replay FILE  the same, but only if KVM cannot be used\n"
	"  --timeout SECONDS       give firmware and program so long each, 1 to 86400;\n"
	"                          default 120\n"
	"  --help                  this text\n"
	"\n"
	"With --kernel it boots a Linux kernel, without firmware or by it:\n"
	"\n"
	"  --kernel FILE           bzImage, or an Image for arm64\n"
	"  --bios FILE             firmware that boots it and assigns the PCI functions; for\n"
	"                          x86-64\n"
	"  --initrd FILE           first root file system of the guest\n"
	"  --append STRING         its command line; default " DEFAULT_APPEND "\n"
	"  --disk FILE             its disk\n"
	"  --cpus N                its processors, 1 to 16; default 2\n"
	"  --memory SIZE           bytes, or with K, M or G, 64M to 1024G; default 256M\n"
	"  --console               the terminal is its serial port; Ctrl-A x ends the run,\n"
	"                          Ctrl-A a sends Ctrl-A\n"
	"  --control PATH          take commands on a socket at PATH\n"
	"  --dump-tables FILE      write its ACPI tables or its device tree to FILE, and end\n"
	"                          (not with --bios)\n"
	"  --verify                the initrd has the agent: compare what Linux reports\n"
	"                          with the map, after boot and after each change\n"
	"  --hot-plugs N           with --verify: go on with N hot-plugs,\n"
	"  --moves N               N moves of BARs and windows,\n"
	"  --reboots N             and N reboots; default 0 of each\n"
	"  --snapshot FILE         with --verify: after the steps plug cards, save the\n"
	"                          machine in FILE, and end\n"
	"  --dump-snapshot FILE    save the machine before its first instruction, and end;\n"
	"                          with --restore the maps of that machine\n"
	"  --quiet                 do not show the serial port\n"
	"\n"
	"  --restore FILE          go on with the machine that is saved in FILE, with the same\n"
	"                          --disk. --kernel, --initrd and --append are for a reboot;\n"
	"                          without them a reboot ends the run. --cpus and --memory\n"
	"                          must be those of the file\n"
	"  --dump-map              print the map of that machine, and end\n"
	"\n"
	"An option is given once, and only where it is used.\n"
	"\n"
	"Exit status: 0 all is where it should be; 1 it is not, or a replay differed;\n"
	"2 wrong usage; 3 KVM cannot be used; 4 a file or the socket cannot be used; 5 the guest\n"
	"crashed, halted or took too long.\n";

void vmm_err(const char *fmt, ...)
{
	va_list args;

	/* In order also where both go into one file */
	fflush(stdout);
	fputs("vmm: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

/* Why a file of so many bytes cannot be read, or NULL */
static const char *size_fault(FILE *file, uint64_t limit, uint64_t *size)
{
	struct stat st;

	if (fstat(fileno(file), &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is no regular file";
	*size = (uint64_t)st.st_size;
	return !*size || *size > limit ? "empty or too large" : NULL;
}

/* A file in memory that the caller frees; NULL and a message */
static void *load_file(const char *what, const char *path, uint64_t limit,
		       uint64_t *size)
{
	/* A pipe without a writer would block. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "rb");
	void *image = NULL;
	const char *fault;

	if (!file) {
		vmm_err("%s %s: %s", what, path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	fault = size_fault(file, limit, size);
	if (!fault) {
		image = malloc(*size);
		if (!image)
			fault = "no memory";
		else if (fread(image, 1, *size, file) != *size)
			fault = "cannot be read";
	}
	fclose(file);
	if (fault) {
		vmm_err("%s %s: %s", what, path, fault);
		free(image);
		return NULL;
	}
	return image;
}

/* The programs of the guest */
struct images {
	void		*firmware;
	uint64_t	firmware_size;
	void		*program;
	uint64_t	program_size;
};

/* Firmware in memory that the caller frees; NULL and a message */
static void *load_firmware(const char *path, uint64_t *size)
{
	const uint8_t *start;
	const char *fault = NULL;
	void *image = load_file("firmware", path, FIRMWARE_LIMIT, size);

	if (!image) {
		vmm_err("SeaBIOS is in the package seabios");
		return NULL;
	}
	/* The processor begins 16 bytes before the end. */
	start = (const uint8_t *)image + *size - (*size < 16 ? *size : 16);
	if (*size % PAGE)
		fault = "not of a size that firmware has";
	else if (*start == 0x00 || *start == 0xff)
		fault = "it has no instruction where the processor begins";
	if (!fault)
		return image;
	vmm_err("firmware %s: %s", path, fault);
	free(image);
	return NULL;
}

static int load_images(const struct options *opt, struct images *images)
{
	images->firmware = load_firmware(opt->bios ? opt->bios : DEFAULT_BIOS,
					 &images->firmware_size);
	if (!images->firmware)
		return -1;
	if (!opt->guest)
		return 0;
	images->program = load_file("guest program", opt->guest, PROGRAM_LIMIT,
				    &images->program_size);
	return images->program ? 0 : -1;
}

/* The firmware is done: compare what it says with what there is. */
static void firmware_done(struct vmm *vmm)
{
	scenario_end(vmm);
	print_map(vmm);
	selfcheck(vmm);
	if (vmm->config.machine == MACHINE_Q35)
		q35_selfcheck(vmm);
}

/* All is done: the last lines */
static enum vmm_status finish(struct vmm *vmm, bool replayed)
{
	if (vmm->program.started) {
		program_end(vmm);
		selfcheck_again(vmm);
	} else {
		printf("guest: skipped: no program to run after the firmware\n");
	}
	readers_stop(vmm);
	readers_report(vmm);
	return report(vmm, replayed);
}

static enum vmm_status run_images(struct vmm **machine,
				  const struct options *opt,
				  const struct images *images,
				  struct trace *trace)
{
	enum vmm_status status;
	struct vmm *vmm;

	status = kvm_run(machine, opt->timeout, trace);
	if (status != VMM_OK)
		return status;
	vmm = *machine;
	firmware_done(vmm);
	if (!images->program)
		return VMM_OK;
	if (ram_load(vmm, PROGRAM_ADDRESS, images->program,
		     images->program_size)) {
		vmm_err("guest program: there is no RAM for it");
		return VMM_FAILED;
	}
	if (kvm_start_at(&vmm->cpu, PROGRAM_ADDRESS))
		return VMM_GUEST_FAILED;
	program_begin(vmm);
	return kvm_run(machine, opt->timeout, trace);
}

static enum vmm_status boot_images(struct vmm **machine,
				   const struct options *opt,
				   const struct images *images)
{
	struct vmm *vmm = *machine;
	struct trace *trace = NULL;
	enum vmm_status status;

	vmm->config.machine = opt->model;
	vmm->config.ram_low = RAM_LOW;
	vmm->config.ram_high = RAM_HIGH;
	vmm->config.firmware_size = images->firmware_size;
	if (vmm_init(vmm))
		return VMM_FAILED;
	if (kvm_add_cpu(vmm, &vmm->cpu))
		return VMM_NO_KVM;
	ram_load_firmware(vmm, images->firmware);
	if (opt->record) {
		trace = trace_create(opt->record, &vmm->config);
		if (!trace)
			return VMM_BAD_FILE;
	}
	status = readers_start(vmm) ? VMM_FAILED :
				      run_images(machine, opt, images, trace);
	if (trace && trace_finish(trace) && status == VMM_OK)
		status = VMM_BAD_FILE;
	return status;
}

static enum vmm_status boot(const struct options *opt)
{
	enum vmm_status status = VMM_NO_KVM;
	struct images images = { .firmware = NULL };
	struct vmm *vmm = vmm_alloc();

	if (!vmm)
		return VMM_FAILED;
	if (!kvm_open(vmm)) {
		status = load_images(opt, &images) ? VMM_BAD_FILE :
			 boot_images(&vmm, opt, &images);
		free(images.firmware);
		free(images.program);
	}
	if (status == VMM_OK)
		status = finish(vmm, false);
	vmm_free(vmm);
	return status;
}

static void print_bytes(const char *what, const uint8_t *bytes, size_t size)
{
	size_t i;

	fprintf(stderr, "vmm:   %s", what);
	for (i = 0; i < size && i < 64; i++)
		fprintf(stderr, " %02x", bytes[i]);
	fprintf(stderr, "%s\n", i < size ? " ..." : "");
}

/* Feed one exit of a trace to the devices, and compare what they answer. */
static int replay_exit(struct vmm **machine, struct vmm_exit *exit)
{
	struct vmm *vmm = *machine;
	size_t size = (size_t)exit->width * exit->count;
	const void *recorded = exit->data;
	uint8_t answer[65536];

	if (exit->write) {
		vmm_route(&vmm->cpu, exit);
		scenario_step(machine);
		return 0;
	}
	exit->data = answer;
	vmm_route(&vmm->cpu, exit);
	if (!memcmp(answer, recorded, size)) {
		scenario_step(machine);
		return 0;
	}
	vmm_err("exit %" PRIu64 ": %u times %u bytes read at %s %#" PRIx64
		" differ from the trace",
		vmm->exits, exit->count, exit->width,
		exit->io == VMR_PIO ? "port" : "address", exit->addr);
	print_bytes("recorded", recorded, size);
	print_bytes("now     ", answer, size);
	return -1;
}

static enum vmm_status replay_trace(struct vmm **machine, struct trace *trace)
{
	struct vmm *vmm = *machine;
	struct vmm_exit exit;
	int more;

	if (vmm_init(vmm) || readers_start(vmm))
		return VMM_FAILED;
	while ((more = trace_get(trace, &exit)) > 0) {
		/* The guest program follows the firmware. */
		if (vmm->debugcon.finished && !vmm->program.started) {
			firmware_done(vmm);
			program_begin(vmm);
		}
		if (replay_exit(machine, &exit))
			return VMM_FAILED;
		vmm = *machine;
	}
	if (more < 0)
		return VMM_BAD_FILE;
	if (!vmm->program.started)
		firmware_done(vmm);
	return finish(vmm, true);
}

static enum vmm_status replay(const char *path)
{
	enum vmm_status status = VMM_BAD_FILE;
	struct vmm *vmm = vmm_alloc();
	struct trace *trace;

	if (!vmm)
		return VMM_FAILED;
	trace = trace_open(path, &vmm->config);
	if (trace) {
		status = replay_trace(&vmm, trace);
		trace_close(trace);
	}
	vmm_free(vmm);
	return status;
}

/* Boot a kernel instead of firmware, or go on with one. */
static enum vmm_status boot_kernel(struct options *opt)
{
	struct kernel *kernel = &opt->machine;
	enum vmm_status status = VMM_BAD_FILE;

	if (opt->kernel)
		kernel->image = load_file("kernel", opt->kernel, KERNEL_LIMIT,
					  &kernel->image_size);
	if (opt->initrd)
		kernel->initrd = load_file("initrd", opt->initrd, INITRD_LIMIT,
					   &kernel->initrd_size);
	if (opt->bios)
		kernel->bios = load_firmware(opt->bios, &kernel->bios_size);
	if ((kernel->image || !opt->kernel) &&
	    (kernel->initrd || !opt->initrd) && (kernel->bios || !opt->bios))
		status = kernel_run(kernel);
	free(kernel->image);
	free(kernel->initrd);
	free(kernel->bios);
	return status;
}

static int parse_cpus(const char *text, unsigned int *cpus)
{
	unsigned long value;
	char *end;

	value = strtoul(text, &end, 10);
	if (*end || text[0] < '0' || text[0] > '9' || !value ||
	    value > MAX_CPUS) {
		vmm_err("--cpus takes 1 to %u, not '%s'", MAX_CPUS, text);
		return -1;
	}
	*cpus = (unsigned int)value;
	return 0;
}

/* Whole pages, from 64 MiB to 1 TiB */
static int parse_memory(const char *text, uint64_t *memory)
{
	static const char units[] = "KMG";
	unsigned int shift;
	const char *unit;
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (errno || text[0] < '0' || text[0] > '9' || value > 1ULL << 40)
		goto fail;
	if (unit) {
		end++;
		shift = 10 * (unsigned int)(unit - units + 1);
		if (value > (1ULL << 40) >> shift)
			goto fail;
		value <<= shift;
	}
	if (!*end && value >= 64 * MIB && value <= 1024 * GIB &&
	    !(value % PAGE)) {
		*memory = value;
		return 0;
	}
fail:
	vmm_err("--memory takes 64M to 1024G, not '%s'", text);
	return -1;
}

static int parse_seconds(const char *text, unsigned int *seconds)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || !value ||
	    value > 86400) {
		vmm_err("--timeout takes 1 to 86400 seconds, not '%s'", text);
		return -1;
	}
	*seconds = (unsigned int)value;
	return 0;
}

static int parse_count(const char *text, unsigned int *count)
{
	unsigned long value;
	char *end;

	value = strtoul(text, &end, 10);
	if (*end || text[0] < '0' || text[0] > '9' || value > 1000000) {
		vmm_err("a count is 0 to 1000000, not '%s'", text);
		return -1;
	}
	*count = (unsigned int)value;
	return 0;
}

static int parse_model(const char *text, uint32_t *model)
{
	if (!strcmp(text, "pc")) {
		*model = MACHINE_PC;
	} else if (!strcmp(text, "q35")) {
		*model = MACHINE_Q35;
	} else {
		vmm_err("--machine takes pc or q35, not '%s'", text);
		return -1;
	}
	return 0;
}

/* The kinds of a run, as bits */
enum mode {
	FIRMWARE	= 1,
	REPLAY		= 2,
	KERNEL		= 4,
	RESTORE		= 8,
};

static const struct option known[] = {
	{ "machine", required_argument, NULL, 'M' },
	{ "bios", required_argument, NULL, 'b' },
	{ "guest", required_argument, NULL, 'g' },
	{ "record", required_argument, NULL, 'r' },
	{ "replay", required_argument, NULL, 'p' },
	{ "fallback-replay", required_argument, NULL, 'f' },
	{ "timeout", required_argument, NULL, 't' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "initrd", required_argument, NULL, 'i' },
	{ "append", required_argument, NULL, 'a' },
	{ "disk", required_argument, NULL, 'd' },
	{ "cpus", required_argument, NULL, 'c' },
	{ "memory", required_argument, NULL, 'm' },
	{ "control", required_argument, NULL, 'o' },
	{ "console", no_argument, NULL, 'C' },
	{ "dump-tables", required_argument, NULL, 'T' },
	{ "snapshot", required_argument, NULL, 's' },
	{ "restore", required_argument, NULL, 'e' },
	{ "dump-snapshot", required_argument, NULL, 'S' },
	{ "dump-map", no_argument, NULL, 'D' },
	{ "verify", no_argument, NULL, 'v' },
	{ "hot-plugs", required_argument, NULL, 'P' },
	{ "moves", required_argument, NULL, 'V' },
	{ "reboots", required_argument, NULL, 'R' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* The modes that an option is for */
static unsigned int modes_of(int option)
{
	switch (option) {
	case 'b':
		return FIRMWARE | KERNEL;
	case 'M':
	case 'g':
	case 'r':
	case 'f':
	case 't':
		return FIRMWARE;
	case 'p':
		return REPLAY;
	case 'T':
		return KERNEL;
	case 'e':
	case 'D':
		return RESTORE;
	default:
		return KERNEL | RESTORE;
	}
}

static const char *name_of(int option)
{
	const struct option *entry = known;

	while (entry->val != option)
		entry++;
	return entry->name;
}

static enum mode mode_of(const struct options *opt)
{
	if (opt->machine.restore)
		return RESTORE;
	if (opt->kernel)
		return KERNEL;
	return opt->replay ? REPLAY : FIRMWARE;
}

/* Whether each option is for what the program does */
static bool fits_mode(const struct options *opt, const bool given[OPTIONS])
{
	static const char *const with[] = {
		[FIRMWARE]	= "it needs --kernel or --restore",
		[REPLAY]	= "not with --replay",
		[KERNEL]	= "not with --kernel",
		[RESTORE]	= "not with --restore",
	};
	enum mode mode = mode_of(opt);
	int option;

	for (option = 0; option < OPTIONS; option++) {
		if (!given[option] || modes_of(option) & mode)
			continue;
		vmm_err("--%s: %s", name_of(option),
			option == 'D' ? "it needs --restore" : with[mode]);
		return false;
	}
	return true;
}

/* A name that is given, of options that each need another one, or NULL */
static const char *first_of(const bool given[OPTIONS], const char *options)
{
	for (; *options; options++)
		if (given[(int)*options])
			return name_of(*options);
	return NULL;
}

/* Whether the options fit each other */
static bool fit(const struct options *opt, const bool given[OPTIONS])
{
	const char *dump = first_of(given, "TSD"), *name;

	if (opt->bios && opt->machine.restore) {
		vmm_err("--bios: a snapshot has its firmware");
		return false;
	}
	if (!fits_mode(opt, given))
		return false;
	name = first_of(given, "sPVR");
	if (name && !opt->machine.verify) {
		vmm_err("--%s: it needs --verify", name);
		return false;
	}
	name = first_of(given, "ia");
	if (name && !opt->kernel) {
		vmm_err("--%s: it is for a reboot, which needs --kernel", name);
		return false;
	}
	name = first_of(given, given['T'] ? "SvoC" : "voC");
	if (dump && name) {
		vmm_err("--%s: not with --%s, which ends before that", name, dump);
		return false;
	}
	if (opt->bios && opt->machine.dump_tables) {
		vmm_err("--dump-tables: firmware decides what is in the tables");
		return false;
	}
	if (opt->bios && opt->kernel && !board.has_firmware) {
		vmm_err("--bios: a kernel boots without firmware on this architecture");
		return false;
	}
	return true;
}

/* VMM_OK and *done if there is nothing left to do */
static enum vmm_status parse(int argc, char **argv, struct options *opt,
			     bool *done)
{
	bool given[OPTIONS] = { false };
	int c;

	while ((c = getopt_long(argc, argv, "h", known, NULL)) != -1) {
		if (c != '?' && given[c]) {
			vmm_err("--%s is given twice", name_of(c));
			return VMM_USAGE;
		}
		given[c] = true;
		switch (c) {
		case 'M':
			if (parse_model(optarg, &opt->model))
				return VMM_USAGE;
			break;
		case 'b':
			opt->bios = optarg;
			break;
		case 'g':
			opt->guest = optarg;
			break;
		case 'r':
			opt->record = optarg;
			break;
		case 'p':
			opt->replay = optarg;
			break;
		case 'f':
			opt->fallback = optarg;
			break;
		case 't':
			if (parse_seconds(optarg, &opt->timeout))
				return VMM_USAGE;
			break;
		case 'k':
			opt->kernel = optarg;
			break;
		case 'i':
			opt->initrd = optarg;
			break;
		case 'a':
			opt->machine.append = optarg;
			break;
		case 'd':
			opt->machine.disk = optarg;
			break;
		case 'c':
			if (parse_cpus(optarg, &opt->machine.nr_cpus))
				return VMM_USAGE;
			break;
		case 'm':
			if (parse_memory(optarg, &opt->machine.memory))
				return VMM_USAGE;
			break;
		case 'o':
			opt->machine.control = optarg;
			break;
		case 'C':
			opt->machine.console = true;
			break;
		case 'T':
			opt->machine.dump_tables = optarg;
			break;
		case 's':
			opt->machine.snapshot = optarg;
			break;
		case 'e':
			opt->machine.restore = optarg;
			break;
		case 'S':
			opt->machine.dump_snapshot = optarg;
			break;
		case 'D':
			opt->machine.dump_map = true;
			break;
		case 'v':
			opt->machine.verify = true;
			break;
		case 'P':
			if (parse_count(optarg, &opt->machine.plugs))
				return VMM_USAGE;
			break;
		case 'V':
			if (parse_count(optarg, &opt->machine.moves))
				return VMM_USAGE;
			break;
		case 'R':
			if (parse_count(optarg, &opt->machine.reboots))
				return VMM_USAGE;
			break;
		case 'q':
			opt->machine.verbose = false;
			break;
		case 'h':
			fputs(help, stdout);
			*done = true;
			return VMM_OK;
		default:
			vmm_err("try --help");
			return VMM_USAGE;
		}
	}
	if (optind < argc) {
		vmm_err("what is '%s'? Try --help", argv[optind]);
		return VMM_USAGE;
	}
	return fit(opt, given) ? VMM_OK : VMM_USAGE;
}

int main(int argc, char **argv)
{
	struct options opt = {
		.timeout = DEFAULT_TIMEOUT,
		.machine = {
			.append		= DEFAULT_APPEND,
			.verbose	= true,
		},
	};
	enum vmm_status status;
	bool done = false;

	status = parse(argc, argv, &opt, &done);
	if (!opt.machine.restore && !opt.machine.memory)
		opt.machine.memory = DEFAULT_MEMORY;
	if (!opt.machine.restore && !opt.machine.nr_cpus)
		opt.machine.nr_cpus = DEFAULT_CPUS;
	if (status == VMM_OK && !done) {
		if (opt.kernel || opt.machine.restore) {
			status = boot_kernel(&opt);
		} else if (opt.replay) {
			status = replay(opt.replay);
		} else {
			status = boot(&opt);
			if (status == VMM_NO_KVM && opt.fallback) {
				vmm_err("KVM cannot be used; replaying %s",
					opt.fallback);
				status = replay(opt.fallback);
			}
		}
	}
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "vmm: standard output: %s\n", strerror(errno));
		return VMM_FAILED;
	}
	return status;
}
