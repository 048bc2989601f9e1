// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * agent_port.c - a port through which a program in the guest takes commands and
 * answers
 *
 * The agent reads a command byte by byte, ending in a line feed; it reads 0 while
 * there is none. It writes its answer, a last line with a full stop.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../vmm.h"

#define AGENT_PORT	0x420
#define AGENT_SIZE	8	/* as wide as the longest access */
#define AGENT_SECONDS	180
#define BOOT_SECONDS	900

static uint8_t agent_read(struct platform *p, uint32_t region, uint32_t offset)
{
	struct agent_port *agent = container_of(p, struct agent_port, platform);

	(void)region;
	(void)offset;
	if (!agent->state.command[agent->state.sent])
		return 0;
	return (uint8_t)agent->state.command[agent->state.sent++];
}

static bool ends_answer(const struct agent_port *agent)
{
	const char *end = agent->text + agent->length;

	return agent->length >= 2 && !memcmp(end - 2, ".\n", 2) &&
	       (agent->length == 2 || end[-3] == '\n');
}

static void agent_write(struct platform *p, uint32_t region, uint32_t offset,
			uint8_t value)
{
	struct agent_port *agent = container_of(p, struct agent_port, platform);

	(void)region;
	(void)offset;
	if (agent->length + 1 >= sizeof(agent->text))
		return;
	agent->text[agent->length++] = (char)value;
	agent->text[agent->length] = '\0';
	if (value == '\n' && ends_answer(agent)) {
		agent->done = true;
		pthread_cond_broadcast(&agent->changed);
	}
}

/* Wait until the agent has answered: 0, or -1 if the guest has ended. */
int agent_wait(struct vmm *vmm, unsigned int seconds)
{
	struct agent_port *agent = &vmm->agent;
	struct timespec end;
	bool done;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += (time_t)seconds;
	pthread_mutex_lock(&agent->platform.lock);
	while (!agent->done && vmm->end == GUEST_RUNS &&
	       pthread_cond_timedwait(&agent->changed, &agent->platform.lock,
				      &end) != ETIMEDOUT)
		;
	done = agent->done;
	pthread_mutex_unlock(&agent->platform.lock);
	return done ? 0 : -1;
}

/* Have the agent do something. Return its answer, which the caller frees, or NULL. */
char *agent_ask(struct vmm *vmm, const char *command)
{
	struct agent_port *agent = &vmm->agent;
	char *answer;

	pthread_mutex_lock(&agent->platform.lock);
	agent->length = 0;
	agent->done = false;
	snprintf(agent->state.command, sizeof(agent->state.command), "%s\n", command);
	agent->state.sent = 0;
	pthread_mutex_unlock(&agent->platform.lock);
	if (agent_wait(vmm, AGENT_SECONDS)) {
		vmm_err("the agent in the guest does not answer '%s'", command);
		vcpus_report(vmm);
		return NULL;
	}
	pthread_mutex_lock(&agent->platform.lock);
	agent->text[agent->length - 2] = '\0';
	answer = strdup(agent->text);
	pthread_mutex_unlock(&agent->platform.lock);
	return answer;
}

static void wait_for_end(struct vmm *vmm)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += AGENT_SECONDS;
	pthread_mutex_lock(&vmm->run_lock);
	while (vmm->end == GUEST_RUNS &&
	       pthread_cond_timedwait(&vmm->run_changed, &vmm->run_lock,
				      &end) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&vmm->run_lock);
}

/* Have the agent switch the machine off, and wait for that. */
void agent_off(struct vmm *vmm)
{
	struct agent_port *agent = &vmm->agent;

	pthread_mutex_lock(&agent->platform.lock);
	snprintf(agent->state.command, sizeof(agent->state.command), "off\n");
	agent->state.sent = 0;
	pthread_mutex_unlock(&agent->platform.lock);
	wait_for_end(vmm);
}

/* Have the agent reset the machine, boot again, and wait for the agent. */
int agent_reboot(struct vmm *vmm)
{
	struct agent_port *agent = &vmm->agent;

	pthread_mutex_lock(&agent->platform.lock);
	snprintf(agent->state.command, sizeof(agent->state.command), "reboot\n");
	agent->state.sent = 0;
	pthread_mutex_unlock(&agent->platform.lock);
	wait_for_end(vmm);
	if (vmm->end != GUEST_RESET) {
		vmm_err("the guest does not reset the machine");
		return -1;
	}
	return kernel_restart(vmm) || agent_wait(vmm, BOOT_SECONDS);
}

/* A new agent begins anew. */
void agent_forget(struct vmm *vmm)
{
	struct agent_port *agent = &vmm->agent;

	agent->length = 0;
	agent->state.command[0] = '\0';
	agent->state.sent = 0;
	agent->done = false;
}

/* The command ends, and no more of it is read */
bool agent_check(const struct vmr_snapshot_block *block,
		 const uint8_t *saved, const struct vmr_restore_ctx *ctx)
{
	struct agent_state state;

	(void)block;
	(void)ctx;
	memcpy(&state, saved, sizeof(state));
	return memchr(state.command, '\0', sizeof(state.command)) &&
	       state.sent <= strlen(state.command);
}

int agent_port_register(struct vmm *vmm)
{
	struct platform *p = &vmm->agent.platform;

	platform_init(p, vmm, "agent");
	pthread_cond_init(&vmm->agent.changed, NULL);
	p->read8 = agent_read;
	p->write8 = agent_write;
	if (platform_port(p, AGENT_PORT, AGENT_SIZE, "agent"))
		return -1;
	return platform_register(p);
}
