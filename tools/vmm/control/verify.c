// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * verify.c - a run of a Linux guest with the agent
 */
#include <stdlib.h>
#include <string.h>

#include "../vmm.h"

enum vmm_status verify(struct vmm *vmm)
{
	char *text;

	if (agent_wait(vmm, 120))
		return VMM_GUEST_FAILED;
	free(agent_ask(vmm, "enable"));
	text = agent_ask(vmm, "report");
	puts(text ? text : "none");
	text = agent_ask(vmm, "read /proc/interrupts");
	puts(text ? text : "none");
	agent_ask(vmm, "off");
	print_map(vmm);
	return VMM_OK;
}
