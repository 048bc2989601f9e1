// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * interrupt_steps.c - a Linux guest moves a vector from processor to processor
 *
 * The vector is that of the queue of the source of entropy: Linux lets nothing but
 * itself move the vectors of a disk.
 */
#include <stdlib.h>
#include <string.h>

#include "control.h"

#define VECTOR		"-input"
#define DRAW		"take /dev/hwrng 512"
#define ROUNDS		20
#define CYCLES		3

struct counts {
	unsigned int	irq;
	unsigned long	of[MAX_CPUS];
};

/* "read  45:   10   0  ITS-MSI 1 Edge   virtio1-input": false without such a line */
static bool parse(char *answer, unsigned int nr_cpus, struct counts *counts)
{
	char *line, *end;
	unsigned int i;

	while ((line = strsep(&answer, "\n"))) {
		if (strncmp(line, "read ", 5) || !strstr(line, "virtio") ||
		    !strstr(line, VECTOR))
			continue;
		counts->irq = (unsigned int)strtoul(line + 5, &end, 10);
		if (*end != ':')
			continue;
		for (i = 0, line = end + 1; i < nr_cpus; i++, line = end)
			counts->of[i] = strtoul(line, &end, 10);
		return true;
	}
	return false;
}

static int count(struct vmm *vmm, struct counts *counts)
{
	char *answer = agent_ask(vmm, "read /proc/interrupts");
	bool found = answer && parse(answer, vmm->kernel->nr_cpus, counts);

	free(answer);
	if (found)
		return 0;
	vmm_err("the guest has no interrupt of virtio" VECTOR);
	return -1;
}

/* Whether all interrupts between two counts were on one processor, and there were some */
static bool are_on(const struct vmm *vmm, const struct counts *before,
		   const struct counts *after, unsigned int cpu)
{
	bool changed, wanted;
	unsigned int i;

	for (i = 0; i < vmm->kernel->nr_cpus; i++) {
		changed = before->of[i] != after->of[i];
		wanted = i == cpu;
		if (changed != wanted)
			return false;
	}
	return true;
}

/*
 * Linux may move the vector only when the next interrupt is there, and that one may
 * arrive during the count.
 */
static int move_to(struct vmm *vmm, unsigned int cpu)
{
	struct counts before, after;
	unsigned int i;

	if (count(vmm, &before) ||
	    guest_command(vmm, "write /proc/irq/%u/smp_affinity_list %u",
			  before.irq, cpu))
		return -1;
	for (i = 0; i < ROUNDS; i++) {
		if (guest_command(vmm, DRAW) || count(vmm, &before) ||
		    guest_command(vmm, DRAW) || count(vmm, &after))
			return -1;
		if (are_on(vmm, &before, &after, cpu))
			return 0;
	}
	vmm_err("interrupt %u does not arrive on processor %u", before.irq, cpu);
	return -1;
}

int interrupt_steps(struct comparison *c)
{
	struct vmm *vmm = c->vmm;
	unsigned int i, cpu;

	for (i = 0; i < CYCLES; i++)
		for (cpu = 0; cpu < vmm->kernel->nr_cpus; cpu++)
			if (move_to(vmm, cpu))
				return -1;
	printf("linux: a vector was moved %u times to each of %u processors\n",
	       CYCLES, vmm->kernel->nr_cpus);
	return guest_compare(c, "its interrupts have arrived there");
}
