// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * main.c - the programs that run the fuzz targets
 *
 * Built with FUZZ_TARGET=fuzz_NAME this is a target of libFuzzer or AFL++. Otherwise
 * it is a program:
 *
 *	fuzz replay CORPUS [OPERATIONS]	each target: all files of CORPUS/NAME, then
 *					some generated operations; KTAP
 *	fuzz file NAME FILE...		the files
 *	fuzz run NAME OPERATIONS [SEED]	operations generated from SEED
 *	fuzz record NAME OPERATIONS SEED FILE
 *					the same, recorded in a file
 */
#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define FILE_LIMIT	0x100000
#define EPISODE		4096	/* operations before the target starts again */

struct fuzz fuzz;
unsigned int fuzz_messages;

static char where[512] = "input";
static const char *target_name = "";

void fuzz_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "# %s: %s, operation %" PRIu64 ": ", target_name, where,
		fuzz.ops);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	if (fuzz.record)
		fclose(fuzz.record);
	abort();
}

void vmm_err(const char *fmt, ...)
{
	(void)fmt;
	fuzz_messages++;
}

void fuzz_record(uint64_t value, unsigned int size)
{
	for (; size; size--, value >>= 8)
		fputc((int)(value & 0xff), fuzz.record);
}

static void run_bytes(const struct fuzz_target *target, const uint8_t *bytes,
		      size_t size)
{
	fuzz.generates = false;
	fuzz.at = bytes;
	fuzz.end = bytes + size;
	target_name = target->name;
	target->run();
}

#ifdef FUZZ_TARGET

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	run_bytes(&FUZZ_TARGET, data, size);
	return 0;
}

#else

#define NR_TARGETS	15

static const struct fuzz_target *const targets[NR_TARGETS] = {
	&fuzz_engine, &fuzz_ids, &fuzz_system, &fuzz_pci, &fuzz_config,
	&fuzz_ports, &fuzz_vfs, &fuzz_transaction, &fuzz_snapshot, &fuzz_trace,
	&fuzz_planner_lspci, &fuzz_planner_plan, &fuzz_acpi,
	&fuzz_control, &fuzz_fdt,
};

static uint8_t bytes[FILE_LIMIT];

static const struct fuzz_target *target_of(const char *name)
{
	size_t i;

	for (i = 0; i < NR_TARGETS; i++)
		if (!strcmp(targets[i]->name, name))
			return targets[i];
	fprintf(stderr, "fuzz: unknown target %s; targets:", name);
	for (i = 0; i < NR_TARGETS; i++)
		fprintf(stderr, " %s", targets[i]->name);
	fputc('\n', stderr);
	exit(2);
}

static int run_file(const struct fuzz_target *target, const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		perror(path);
		return -1;
	}
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	snprintf(where, sizeof(where), "%s", path);
	run_bytes(target, bytes, size);
	return 0;
}

/* Start the target again and again, each time with a seed that is printed. */
static void generate(const struct fuzz_target *target, uint64_t nr,
		     uint64_t seed)
{
	target_name = target->name;
	fuzz.generates = true;
	for (; nr; seed++) {
		fuzz.left = nr < EPISODE ? nr : EPISODE;
		nr -= fuzz.left;
		fuzz.state = (seed + 1) * 0x9e3779b97f4a7c15ull;
		fuzz.state = fuzz.state ? fuzz.state : 1;
		fuzz.ready = 0;
		fuzz_next();
		snprintf(where, sizeof(where), "run %s %d %" PRIu64,
			 target->name, EPISODE, seed);
		target->run();
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Prints a line and returns 0. A difference ends the process. */
static int replay_one(const struct fuzz_target *target, const char *corpus,
		      uint64_t ops)
{
	unsigned int files = 0;
	struct dirent *entry;
	char path[512];
	uint64_t of_files;
	double start = now();
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", corpus, target->name);
	dir = opendir(path);
	if (!dir) {
		perror(path);
		return 1;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", corpus, target->name,
			 entry->d_name);
		if (run_file(target, path))
			return 1;
		files++;
	}
	closedir(dir);
	of_files = fuzz.ops;
	if (!files || !of_files) {
		fprintf(stderr, "# %s: an empty corpus\n", target->name);
		return 1;
	}
	generate(target, ops, 1);
	printf("# %s: %u files, %" PRIu64 " operations; %" PRIu64
	       " generated; %.1f s\n", target->name, files, of_files,
	       fuzz.ops - of_files, now() - start);
	return 0;
}

static int replay(const char *corpus, uint64_t ops)
{
	int failed = 0, status;
	size_t i;
	pid_t pid;

	printf("KTAP version 1\n1..%d\n", NR_TARGETS);
	for (i = 0; i < NR_TARGETS; i++) {
		fflush(stdout);
		pid = fork();
		if (!pid) {
			alarm(1800);
			status = replay_one(targets[i], corpus, ops);
			fflush(stdout);
			_exit(status);
		}
		status = 1;
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			failed = 1;
		printf("%s %zu fuzz_%s\n", status ? "not ok" : "ok", i + 1,
		       targets[i]->name);
	}
	return failed;
}

static int run_ops(const char *name, uint64_t ops, uint64_t seed)
{
	double start = now(), took;

	generate(target_of(name), ops, seed);
	took = now() - start;
	printf("%s: %" PRIu64 " operations, seed %" PRIu64 ", %.1f s, %.0f ns each, all equal\n",
	       name, fuzz.ops, seed, took, took * 1e9 / (double)fuzz.ops);
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "fuzz replay CORPUS [OPERATIONS]\n"
			"fuzz file NAME FILE...\n"
			"fuzz run NAME OPERATIONS [SEED]\n"
			"fuzz record NAME OPERATIONS SEED FILE\n");
	return 2;
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 0);
}

int main(int argc, char **argv)
{
	int i, ret = 0;

	if (argc >= 3 && !strcmp(argv[1], "replay"))
		return replay(argv[2], argc > 3 ? number(argv[3]) : 20000);
	if (argc >= 4 && !strcmp(argv[1], "file")) {
		for (i = 3; i < argc && !ret; i++)
			ret = run_file(target_of(argv[2]), argv[i]);
		return ret ? 1 : 0;
	}
	if (argc >= 4 && !strcmp(argv[1], "run"))
		return run_ops(argv[2], number(argv[3]),
			       argc > 4 ? number(argv[4]) : 1);
	if (argc == 6 && !strcmp(argv[1], "record")) {
		fuzz.record = fopen(argv[5], "wb");
		if (!fuzz.record) {
			perror(argv[5]);
			return 1;
		}
		ret = run_ops(argv[2], number(argv[3]), number(argv[4]));
		return fclose(fuzz.record) ? 1 : ret;
	}
	return usage();
}

#endif
