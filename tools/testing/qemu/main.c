// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * main.c - the library judged by QEMU
 *
 * Both sides have the same topology, the same guest traffic goes to both, and after
 * each step all registers and both maps are compared. A difference is cut down to few
 * steps, which are printed and can be run again.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "differences.h"
#include "traffic.h"

#define RESET_PERIOD	160
#define MAX_STEPS	16384

static struct {
	const char	*topologies, *differences, *topology, *replay, *proof;
	unsigned long	steps, seed;
	unsigned int	part, parts;
	bool		verbose, first;
} options = {
	.topologies = "tools/testing/qemu/topologies",
	.differences = "tools/testing/qemu/differences",
	.steps = 100, .seed = 1, .parts = 1,
};

/* The steps since the machine was made */
static struct step steps[MAX_STEPS];
static unsigned int nr_steps, last_reset;
static unsigned long total_steps, total_differ;

/* Make both sides anew, as they were learned */
static void start(void)
{
	topology_start();
	model_up();
	compare_init();
}

/* Run steps on new machines; the number of those up to a difference, or 0 */
static unsigned int try_steps(const struct step *list, unsigned int nr,
			      bool verbose)
{
	unsigned int i;
	char text[96];

	start();
	if (compare_all(0, verbose))
		return 1;
	for (i = 0; i < nr; i++) {
		if (verbose) {
			step_print(&list[i], text, sizeof(text));
			printf("step: %s\n", text);
		}
		if (step_run(&list[i], verbose) + compare_all(0, verbose))
			return i + 1;
	}
	return 0;
}

/* Leave out as many steps as possible */
static void minimise(void)
{
	static struct step trial[MAX_STEPS];
	unsigned int size, at, left, end;

	for (size = nr_steps / 2; size; size /= 2) {
		for (at = 0; at < nr_steps;) {
			left = nr_steps - at < size ? nr_steps - at : size;
			memcpy(trial, steps, at * sizeof(*trial));
			memcpy(trial + at, steps + at + left,
			       (nr_steps - at - left) * sizeof(*trial));
			end = try_steps(trial, nr_steps - left, false);
			if (!end) {
				at += left;
				continue;
			}
			memcpy(steps, trial, end * sizeof(*trial));
			nr_steps = end;
		}
	}
}

static void report(void)
{
	unsigned int again = try_steps(steps, nr_steps, false);

	total_differ++;
	if (!again) {
		printf("not seen again on new machines\n");
		return;
	}
	nr_steps = again;
	minimise();
	printf("topology: %s\n", machine.name);
	try_steps(steps, nr_steps, true);
	fflush(stdout);
}

/* The history goes back to the last but one reset of the machine */
static bool run_one(struct random *r, unsigned long turn)
{
	struct step *step;

	if (turn % RESET_PERIOD == 0) {
		memmove(steps, steps + last_reset,
			(nr_steps - last_reset) * sizeof(*step));
		nr_steps -= last_reset;
		last_reset = nr_steps;
	}
	step = &steps[nr_steps++];
	if (turn % RESET_PERIOD == 0) {
		memset(step, 0, sizeof(*step));
		step->kind = STEP_RESET;
		generate_begin(r);
	} else {
		generate_step(r, step);
	}
	total_steps++;
	return step_run(step, true) + compare_all(turn, true);
}

static void run_topology(unsigned int index)
{
	struct random r = { options.seed * 0x9e3779b97f4a7c15ull + index + 1 };
	unsigned long turn;
	unsigned int i;

	for (i = 0; i < 8; i++)
		random_next(&r);
	learn();
	start();
	nr_steps = 0;
	last_reset = 0;
	for (turn = 0; turn < options.steps; turn++) {
		if (!run_one(&r, turn))
			continue;
		printf("topology %s, seed %lu, step %lu: differs\n",
		       machine.name, options.seed, turn);
		if (options.first)
			total_differ++;
		else
			report();
		return;
	}
}

static void run_all(void)
{
	unsigned int index;

	for (index = 0;
	     topology_read(options.topologies, options.topology, index);
	     index++) {
		unsigned long before = total_steps;
		uint64_t registers = registers_read;

		if (index % options.parts != options.part)
			continue;
		topology_start();
		run_topology(index);
		printf("%s: %lu steps, %llu registers\n", machine.name,
		       total_steps - before,
		       (unsigned long long)(registers_read - registers));
		fflush(stdout);
		qemu_stop(&machine.q);
		machine.running = false;
		if (options.topology || (options.first && total_differ))
			break;
	}
}

static void load(const char *topology)
{
	if (!topology_read(options.topologies, topology, 0))
		die("there is no topology %s", topology);
	topology_start();
	learn();
}

/* Steps from a file, "topology: NAME" and "step: STEP" as they are printed */
static void replay(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[256];

	if (!file)
		die("%s cannot be read", path);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "topology: ", 10))
			load(line + 10);
		else if (!strncmp(line, "step: ", 6))
			step_parse(line + 6, &steps[nr_steps++]);
	}
	fclose(file);
	if (!machine.running)
		die("%s names no topology", path);
	total_steps = nr_steps;
	total_differ = try_steps(steps, nr_steps, true) != 0;
}

/* A difference is still needed if its proof differs without it, and not with it */
static void prove(struct difference *d)
{
	unsigned int i, with, without;

	if (!d->proof[0])
		die("%s has no proof", d->name);
	load(d->proof);
	for (i = 0; i < d->nr_steps; i++)
		step_parse(d->steps[i], &steps[i]);
	nr_steps = d->nr_steps;
	with = try_steps(steps, nr_steps, false);
	d->off = true;
	without = try_steps(steps, nr_steps, options.verbose);
	d->off = false;
	total_steps += 2 * nr_steps;
	if (!with && without) {
		printf("ok %s\n", d->name);
		return;
	}
	printf("not ok %s: %s\n", d->name,
	       with ? "its proof differs in something else" :
		      "nothing differs without it");
	try_steps(steps, nr_steps, true);
	total_differ++;
}

static void prove_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_differences; i++)
		if (!strcmp(options.proof, "all") ||
		    !strcmp(options.proof, differences[i].name))
			prove(&differences[i]);
}

static void __attribute__((noreturn)) usage(const char *name)
{
	die("usage: %s [-d DIFFERENCES] [-T TOPOLOGIES] [-t TOPOLOGY] "
	    "[-n STEPS] [-s SEED] [-P PART/PARTS] [-vx] [-r FILE] [-p NAME] "
	    "[-w NAME]", name);
}

static void accept_not(const char *name)
{
	struct difference *d;

	if (!nr_differences)
		differences_read(options.differences);
	d = difference_find(name);
	if (!d)
		die("there is no difference %s", name);
	d->off = true;
}

static void read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "d:t:n:s:T:r:p:w:P:vx")) != -1) {
		switch (c) {
		case 'd':
			options.differences = optarg;
			break;
		case 'T':
			options.topologies = optarg;
			break;
		case 't':
			options.topology = optarg;
			break;
		case 'n':
			options.steps = strtoul(optarg, NULL, 0);
			break;
		case 's':
			options.seed = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			options.replay = optarg;
			break;
		case 'p':
			options.proof = optarg;
			break;
		case 'P':
			if (sscanf(optarg, "%u/%u", &options.part,
				   &options.parts) != 2 || !options.parts)
				die("-P has a part and a number of parts");
			break;
		case 'v':
			options.verbose = true;
			break;
		case 'x':
			options.first = true;
			break;
		case 'w':
			accept_not(optarg);
			break;
		default:
			usage(argv[0]);
		}
	}
	if (!nr_differences)
		differences_read(options.differences);
}

int main(int argc, char **argv)
{
	read_options(argc, argv);
	if (options.replay)
		replay(options.replay);
	else if (options.proof)
		prove_all();
	else
		run_all();
	if (machine.running)
		qemu_stop(&machine.q);
	printf("qemu: %lu steps, %llu registers read, %lu differ\n",
	       total_steps, (unsigned long long)registers_read, total_differ);
	return total_differ ? 1 : 0;
}
