// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * commands.c - the commands of a stream, a line for each
 */
#include <errno.h>
#include <string.h>

#include "control.h"

#define LINE_SIZE	1024	/* with the byte of value 0 at its end */

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

/* The number of a slot in decimal digits; 0, which no slot has, for any other text */
static unsigned int slot_number(const char *argument)
{
	unsigned int number = 0;

	while (*argument >= '0' && *argument <= '9' && number <= Q35_NR_PORTS)
		number = 10 * number + (unsigned int)(*argument++ - '0');
	return *argument || number > Q35_NR_PORTS ? 0 : number;
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
	const char	*argument;	/* its name, or NULL if there is none */
	const char	*help;
	const char	*(*run)(struct vmm *vmm, const char *argument, FILE *out);
} commands[] = {
	{ "map", NULL, "all ranges of the machine", map_command },
	{ "slots", NULL, "the slots and their state", slots_command },
	{ "plug", "N", "put a card into slot N", plug_command },
	{ "request", "N", "ask the guest to let the card in slot N go",
	  request_command },
	{ "unplug", "N", "pull the card, whatever the guest does with it",
	  unplug_command },
	{ "pause", NULL, "stop the processors", pause_command },
	{ "resume", NULL, "let them go on", resume_command },
	{ "snapshot", "FILE", "pause, save the machine in FILE, and go on",
	  snapshot_command },
	{ "status", NULL, "the state of the guest", status_command },
	{ "quit", NULL, "end the run", quit_command },
	{ "help", NULL, "this text", help_command },
};

static const char *help_command(struct vmm *vmm, const char *argument, FILE *out)
{
	size_t i;

	(void)vmm;
	(void)argument;
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "%-8s %s%s%s\n", commands[i].name,
			commands[i].argument ? commands[i].argument : "",
			commands[i].argument ? ": " : "", commands[i].help);
	return NULL;
}

/* Run the command of a line. Return what is wrong with it, or NULL. */
static const char *run_line(struct vmm *vmm, char *line, FILE *out)
{
	char *word = strsep(&line, " ");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(word, commands[i].name))
			continue;
		if (line && !commands[i].argument)
			return "the command takes no argument; try help";
		return commands[i].run(vmm, line ? line : "", out);
	}
	return "unknown command; try help";
}

/*
 * Read a line, and remove its end: a line feed, and a carriage return before it. Return
 * false if the stream ends first: a client that ends within a line has not sent the
 * command. *@fault is a reason not to run the line, or NULL.
 */
static bool read_line(FILE *in, char line[LINE_SIZE], const char **fault)
{
	size_t nr = 0;
	int c;

	*fault = NULL;
	while ((c = getc(in)) != EOF && c != '\n') {
		if (!c)
			*fault = "the line has a byte of value 0";
		if (nr < LINE_SIZE - 1)
			line[nr++] = (char)c;
		else
			*fault = "the line is too long";
	}
	if (nr && line[nr - 1] == '\r')
		nr--;
	line[nr] = '\0';
	return c != EOF;
}

bool commands_serve(struct vmm *vmm, FILE *in, FILE *out)
{
	char line[LINE_SIZE];
	const char *fault;

	while (read_line(in, line, &fault)) {
		if (!fault)
			fault = run_line(vmm, line, out);
		if (fault)
			fprintf(out, "error: %s\n", fault);
		else
			fprintf(out, "ok\n");
		/* A client without its answer would wait for it */
		if (fflush(out) || ferror(out))
			return false;
	}
	return true;
}
