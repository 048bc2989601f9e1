// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * control.c - clients of the VMM's socket, and a machine without KVM
 *
 * The processors of the machine count as paused, so that each command is possible. The
 * current folder gets the socket and the snapshots.
 */
#include <dirent.h>
#include <malloc.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../vmm/control/control.h"
#include "vmm_program.h"

#define SOCKET	"socket"
#define CYCLES	1000
#define SLOT	2

static const struct kernel kernel = {
	.append		= "",
	.memory		= 64 * MIB,
	.nr_cpus	= 2,
};

static FILE *client(void)
{
	const struct sockaddr_un address = { AF_UNIX, SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	FILE *stream;

	CHECK(fd >= 0);
	CHECK(!connect(fd, (const struct sockaddr *)&address, sizeof(address)));
	stream = fdopen(fd, "r+");
	CHECK(stream);
	setvbuf(stream, NULL, _IONBF, 0);
	return stream;
}

/* The last line of the answer to a command, without its end */
static const char *ask(FILE *stream, const char *command)
{
	static char line[1024];

	CHECK(fprintf(stream, "%s\n", command) > 0);
	do {
		CHECK(fgets(line, sizeof(line), stream));
		line[strcspn(line, "\n")] = '\0';
	} while (strcmp(line, "ok") && strncmp(line, "error: ", 7));
	return line;
}

static const char *ask_slot(FILE *stream, const char *command)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %u", command, SLOT);
	return ask(stream, line);
}

static unsigned int open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned int nr = 0;

	CHECK(folder);
	while (readdir(folder))
		nr++;
	closedir(folder);
	return nr;
}

/* Paths that no socket can be bound to; a file that is there stays. */
static void check_paths(struct vmm *vmm)
{
	char long_path[200];
	struct stat st;
	FILE *file;

	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	CHECK(!control_start(vmm, long_path) && strstr(said, "too long"));
	CHECK(!control_start(vmm, "") && strstr(said, "empty"));
	CHECK(!control_start(vmm, "none/socket") && strstr(said, "No such file"));
	file = fopen(SOCKET, "w");
	CHECK(file && !fclose(file));
	CHECK(!control_start(vmm, SOCKET) && strstr(said, "in use"));
	CHECK(!stat(SOCKET, &st) && S_ISREG(st.st_mode) && !unlink(SOCKET));
}

/* Commands in a wrong order change nothing. */
static void check_slots(struct vmm *vmm, FILE *stream)
{
	unsigned int nr = vmm->nr_functions;

	CHECK(!strcmp(ask_slot(stream, "unplug"), "error: not allocated"));
	CHECK(!strncmp(ask_slot(stream, "request"), "error: ", 7));
	CHECK(vmm->nr_functions == nr);
	CHECK(!strcmp(ask_slot(stream, "plug"), "ok"));
	CHECK(!strncmp(ask_slot(stream, "plug"), "error: ", 7));
	CHECK(vmm->nr_functions == nr + 1);
	CHECK(slot_state(vmm, SLOT) == VMR_PCI_SLOT_ON);
	CHECK(!strcmp(ask_slot(stream, "unplug"), "ok"));
	CHECK(!strcmp(ask_slot(stream, "unplug"), "error: not allocated"));
	CHECK(vmm->nr_functions == nr);
}

static void check_words(struct vmm *vmm, FILE *stream)
{
	static const char *const plain[] = { "map", "slots", "pause", "resume",
					     "status", "quit", "help" };
	static const char *const slots[] = { "", " ", " 0", " 99", " -1", " 2 3",
					     "  2", " 4294967298", " x" };
	char line[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(plain); i++) {
		snprintf(line, sizeof(line), "%s 1", plain[i]);
		CHECK(!strcmp(ask(stream, line),
			      "error: the command takes no argument; try help"));
	}
	CHECK(vmm->end == GUEST_RUNS && !vmm->pause);
	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		snprintf(line, sizeof(line), "plug%s", slots[i]);
		CHECK(!strcmp(ask(stream, line),
			      "error: there is no such slot; try slots"));
	}
	CHECK(!strcmp(ask(stream, ""), "error: unknown command; try help"));
	CHECK(!strcmp(ask(stream, "Map"), "error: unknown command; try help"));
	for (i = 0; i < ARRAY_SIZE(plain); i++)
		if (strcmp(plain[i], "quit"))
			CHECK(!strcmp(ask(stream, plain[i]), "ok"));
	CHECK(!vmm->pause);
	CHECK(!strcmp(ask(stream, "resume"), "ok") && !vmm->pause);
	CHECK(!strcmp(ask(stream, "pause"), "ok") && vmm->pause);
	CHECK(!strcmp(ask(stream, "pause"), "ok") && vmm->pause);
}

/* A snapshot leaves the machine paused or running, as it was, also if it fails. */
static void check_snapshots(struct vmm *vmm, FILE *stream)
{
	struct stat st;

	CHECK(!strcmp(ask(stream, "snapshot"),
		      "error: it needs the name of a file"));
	CHECK(!strcmp(ask(stream, "snapshot saved"), "ok") && vmm->pause);
	CHECK(!strcmp(ask(stream, "resume"), "ok"));
	CHECK(!strcmp(ask(stream, "snapshot saved"), "ok") && !vmm->pause);
	CHECK(!stat("saved", &st) && S_ISREG(st.st_mode));
	CHECK(!strcmp(ask(stream, "snapshot none/saved"),
		      "error: No such file or directory") && !vmm->pause);
	CHECK(!mkfifo("pipe", 0600));
	CHECK(!strcmp(ask(stream, "snapshot pipe"),
		      "error: it is there and is no regular file"));
	CHECK(!stat("pipe", &st) && S_ISFIFO(st.st_mode));
	CHECK(stat("pipe.part", &st));
}

/* Neither the memory nor the open files grow. */
static void check_cycles(struct vmm *vmm, FILE *stream)
{
	unsigned int nr = vmm->nr_functions, files = 0, i;
	size_t used = 0;

	for (i = 0; i < CYCLES; i++) {
		CHECK(!strcmp(ask_slot(stream, "plug"), "ok"));
		CHECK(!strcmp(ask_slot(stream, "unplug"), "ok"));
		if (i != CYCLES / 100)
			continue;
		files = open_files();
		used = mallinfo2().uordblks;
	}
	CHECK(vmm->nr_functions == nr && open_files() == files);
	CHECK(mallinfo2().uordblks == used);
}

/* One client is served at a time; a client that leaves makes place for the next one. */
static void check_clients(void)
{
	FILE *first = client(), *second = client();
	unsigned int i;

	CHECK(fprintf(second, "slots\n") > 0);
	CHECK(!strcmp(ask(first, "status"), "ok"));
	fclose(first);
	CHECK(!strcmp(ask(second, "map"), "ok"));
	fclose(second);

	/* It does not wait for its answers, of which there are more than the socket holds. */
	first = client();
	for (i = 0; i < 50; i++)
		CHECK(fprintf(first, "map\n") > 0);
	fclose(first);
	second = client();
	CHECK(!strcmp(ask(second, "status"), "ok"));
	fclose(second);
}

/* A client that does not read its answers does not keep the VMM from its end. */
static void check_end(struct vmm *vmm, struct control *control)
{
	FILE *idle = client(), *waiting = client();
	struct stat st;
	unsigned int i;

	for (i = 0; i < 500; i++)
		CHECK(fprintf(idle, "map\n") > 0);
	vcpus_end(vmm, GUEST_STOPPED);
	control_stop(control);
	CHECK(stat(SOCKET, &st));
	CHECK(fgetc(waiting) == EOF);
	fclose(waiting);
	fclose(idle);
}

int main(void)
{
	struct vmm *vmm = vmm_alloc();
	struct control *control;
	unsigned int i, files;
	FILE *stream;

	CHECK(vmm);
	vmm->kernel = &kernel;
	vmm->config.phys_bits = 40;
	vmm->config.nr_slots = 32;
	CHECK(!vmm_init(vmm));
	for (i = 0; i < kernel.nr_cpus; i++)
		vmm->cpus[i].paused = true;

	files = open_files();
	check_paths(vmm);
	CHECK(open_files() == files);
	control = control_start(vmm, SOCKET);
	CHECK(control);
	stream = client();
	check_slots(vmm, stream);
	check_words(vmm, stream);
	check_snapshots(vmm, stream);
	check_cycles(vmm, stream);
	fclose(stream);
	check_clients();
	check_end(vmm, control);
	CHECK(open_files() == files);
	vmm_free(vmm);
	printf("%u checks passed\n", checks);
	return 0;
}
