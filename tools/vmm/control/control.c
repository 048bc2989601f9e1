// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * control.c - commands as lines of text on a socket
 *
 * The answer to each command ends in a line with "ok", or with "error:" and a reason.
 * One program is served at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"

struct control {
	struct vmm	*vmm;
	const char	*path;
	pthread_t	thread;
	int		listener;
	int		client;
	bool		stopping;
};

#define RETRY_US	100000	/* until another attempt to accept a client */

static const char *help_command(struct vmm *vmm, const char *argument, FILE *out);

static void print_line(void *arg, const char *text)
{
	fprintf(arg, "%s\n", text);
}

static const char *map_command(struct vmm *vmm, const char *argument, FILE *out)
{
	const struct vmr_printer printer = {
		.line		= print_line,
		.arg		= out,
		.flags		= VMR_PRINT_CLAIMS,
		.manager	= &vmm->manager,
	};

	(void)argument;
	vmm->pci_lock.lock(&vmm->pci_lock);
	vmr_print_system(&printer);
	vmm->pci_lock.unlock(&vmm->pci_lock);
	return NULL;
}

/* The number of a slot; 0, which no slot has, if it is no number */
static unsigned int slot_number(const char *argument)
{
	char *end;
	unsigned long number = strtoul(argument, &end, 10);

	return *end || number > Q35_NR_PORTS ? 0 : (unsigned int)number;
}

/* The fault of a call for a slot, or NULL */
static const char *slot_fault(int err)
{
	if (err == -EOPNOTSUPP)
		return "there is no such slot; try slots";
	return err ? vmr_strerror(err) : NULL;
}

static const char *plug_command(struct vmm *vmm, const char *argument, FILE *out)
{
	(void)out;
	return slot_fault(slot_plug(vmm, slot_number(argument)));
}

static const char *request_command(struct vmm *vmm, const char *argument,
				   FILE *out)
{
	(void)out;
	return slot_fault(slot_request_removal(vmm, slot_number(argument)));
}

static const char *unplug_command(struct vmm *vmm, const char *argument, FILE *out)
{
	(void)out;
	return slot_fault(slot_unplug(vmm, slot_number(argument)));
}

static const char *slots_command(struct vmm *vmm, const char *argument, FILE *out)
{
	static const char *const states[] = {
		[VMR_PCI_SLOT_EMPTY]		 = "empty",
		[VMR_PCI_SLOT_ON]		 = "on",
		[VMR_PCI_SLOT_REMOVAL_REQUESTED] = "removal requested",
		[VMR_PCI_SLOT_RELEASED]		 = "released",
	};

	unsigned int slot;

	(void)argument;
	for (slot = 1; slot <= Q35_NR_PORTS; slot++)
		if (slot_port(vmm, slot))
			fprintf(out, "slot %u: %s\n", slot,
				states[slot_state(vmm, slot)]);
	return NULL;
}

static const char *pause_command(struct vmm *vmm, const char *argument, FILE *out)
{
	(void)argument;
	(void)out;
	vcpus_pause(vmm);
	return NULL;
}

static const char *resume_command(struct vmm *vmm, const char *argument, FILE *out)
{
	(void)argument;
	(void)out;
	vcpus_resume(vmm);
	return NULL;
}

static const char *snapshot_command(struct vmm *vmm, const char *argument,
				    FILE *out)
{
	(void)out;
	return snapshot_save(vmm, argument);
}

static const char *status_command(struct vmm *vmm, const char *argument, FILE *out)
{
	(void)argument;
	fprintf(out, "%s, %u processors, %" PRIu64 " exits\n",
		vmm->end != GUEST_RUNS ? "ended" :
		vmm->pause ? "paused" : "running",
		vmm->kernel->nr_cpus, vmm->exits);
	return NULL;
}

static const char *quit_command(struct vmm *vmm, const char *argument, FILE *out)
{
	(void)argument;
	(void)out;
	vcpus_end(vmm, GUEST_STOPPED);
	return NULL;
}

static const struct {
	const char	*name;
	const char	*help;
	const char	*(*run)(struct vmm *vmm, const char *argument, FILE *out);
} commands[] = {
	{ "map", "all ranges of the machine", map_command },
	{ "slots", "the slots and their state", slots_command },
	{ "plug", "N: put a card into slot N", plug_command },
	{ "request", "N: ask the guest to let the card in slot N go",
	  request_command },
	{ "unplug", "N: pull the card, whatever the guest does with it",
	  unplug_command },
	{ "pause", "stop the processors", pause_command },
	{ "resume", "let them go on", resume_command },
	{ "snapshot", "FILE: pause, save the machine in FILE, and go on",
	  snapshot_command },
	{ "status", "the state of the guest", status_command },
	{ "quit", "end the run", quit_command },
	{ "help", "this text", help_command },
};

static const char *help_command(struct vmm *vmm, const char *argument, FILE *out)
{
	size_t i;

	(void)vmm;
	(void)argument;
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "%-8s %s\n", commands[i].name, commands[i].help);
	return NULL;
}

/* Return: whether the client has the answer */
static bool obey(struct vmm *vmm, char *line, FILE *out)
{
	const char *fault = "unknown command; try help";
	char *word = strsep(&line, " ");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(word, commands[i].name))
			continue;
		fault = commands[i].run(vmm, line ? line : "", out);
		break;
	}
	if (fault)
		fprintf(out, "error: %s\n", fault);
	else
		fprintf(out, "ok\n");
	return !fflush(out) && !ferror(out);
}

/* A stream of its own for a socket, or NULL */
static FILE *stream(int fd, const char *mode)
{
	int copy = dup(fd);
	FILE *file = copy < 0 ? NULL : fdopen(copy, mode);

	if (!file && copy >= 0)
		close(copy);
	return file;
}

static void serve_client(struct control *control, int fd)
{
	FILE *in = stream(fd, "r"), *out = stream(fd, "w");
	char line[1024];

	if (!in || !out)
		vmm_err("--control: a client was turned away: %s",
			strerror(errno));
	while (in && out && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\r\n")] = '\0';
		/* A client without its answer would wait for it */
		if (!obey(control->vmm, line, out)) {
			vmm_err("--control: an answer is lost");
			break;
		}
	}
	if (in)
		fclose(in);
	if (out && fclose(out))
		vmm_err("--control: an answer is lost");
}

static bool stops(const struct control *control)
{
	return __atomic_load_n(&control->stopping, __ATOMIC_SEQ_CST);
}

/* A lack of descriptors or of memory may end. The guest goes on meanwhile. */
static void *serve(void *arg)
{
	struct control *control = arg;
	int fd;

	while (!stops(control)) {
		fd = accept(control->listener, NULL, NULL);
		if (fd < 0) {
			if (stops(control))
				break;
			vmm_err("--control %s: %s; trying again", control->path,
				strerror(errno));
			usleep(RETRY_US);
			continue;
		}
		__atomic_store_n(&control->client, fd, __ATOMIC_SEQ_CST);
		serve_client(control, fd);
		__atomic_store_n(&control->client, -1, __ATOMIC_SEQ_CST);
		close(fd);
	}
	return NULL;
}

/* Serve commands until control_stop(). Return NULL and a message on failure. */
struct control *control_start(struct vmm *vmm, const char *path)
{
	struct control *control = calloc(1, sizeof(*control));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (!control) {
		vmm_err("--control: no memory");
		return NULL;
	}
	control->vmm = vmm;
	control->path = path;
	control->client = -1;
	control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (strlen(path) >= sizeof(address.sun_path)) {
		vmm_err("--control: the path is too long");
		goto fail;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (control->listener < 0 ||
	    bind(control->listener, (struct sockaddr *)&address,
		 sizeof(address)) ||
	    listen(control->listener, 1)) {
		vmm_err("--control %s: %s", path, strerror(errno));
		goto fail;
	}
	if (!pthread_create(&control->thread, NULL, serve, control))
		return control;
	vmm_err("--control: no thread");
	unlink(path);
fail:
	if (control->listener >= 0)
		close(control->listener);
	free(control);
	return NULL;
}

void control_stop(struct control *control)
{
	int client;

	if (!control)
		return;
	__atomic_store_n(&control->stopping, true, __ATOMIC_SEQ_CST);
	shutdown(control->listener, SHUT_RDWR);
	client = __atomic_load_n(&control->client, __ATOMIC_SEQ_CST);
	if (client >= 0)
		shutdown(client, SHUT_RD);
	pthread_join(control->thread, NULL);
	close(control->listener);
	unlink(control->path);
	free(control);
}
