// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * guest_program.c - the guest program that runs after the firmware
 *
 * It writes its results to the debug port; see guest/guest.c. A replay has only its
 * accesses, which include these writes.
 */
#include <string.h>

#include "../vmm.h"

#define LAST_LINE	" checks passed, "

/* From here on what the guest does is the program's doing. */
void program_begin(struct vmm *vmm)
{
	struct debugcon *log = &vmm->debugcon;

	vmm->program.started = true;
	vmm->program.text = log->length;
	log->end = LAST_LINE;
	log->finished = false;
}

/* Read its last line: the number of checks that passed. */
void program_end(struct vmm *vmm)
{
	struct guest_program *program = &vmm->program;
	const char *line;

	line = strstr(vmm->debugcon.text + program->text, LAST_LINE);
	while (line && line > vmm->debugcon.text && line[-1] != '\n')
		line--;
	if (!line || sscanf(line, "guest: %u checks passed, %u failed",
			    &program->passed, &program->failed) != 2 ||
	    !program->passed) {
		vmm_err("the guest program does not say what it found");
		program->failed++;
	}
}
