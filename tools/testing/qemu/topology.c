// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * topology.c - reading a topology, and QEMU with it
 *
 * A file has topologies, each begun by a line "topology NAME". The other lines are
 *
 *	arg ARGUMENT...
 *	device ID PARENT DEVICE.FUNCTION DRIVER[,PROPERTY...] [removable]
 *	extra DRIVER[,PROPERTY...]
 *	vf ID PF
 *
 * PARENT is "root" or the id of a bridge. An upper device comes first. An extra device
 * is none of PCI. The virtual functions of a PF follow it in their order.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

struct machine machine;

struct node *node_by_id(const char *id)
{
	unsigned int i;

	for (i = 0; i < machine.nr_nodes; i++)
		if (!strcmp(machine.nodes[i].id, id))
			return &machine.nodes[i];
	return NULL;
}

static char *copy(const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		die("no memory");
	va_end(args);
	return text;
}

static void add_arg(char *text)
{
	if (machine.nr_args + 1 >= MAX_ARGS)
		die("too many arguments");
	machine.args[machine.nr_args++] = text;
	machine.args[machine.nr_args] = NULL;
}

static struct node *add_node(const char *id, struct node *parent,
			     unsigned int devfn, const char *driver)
{
	struct node *node = &machine.nodes[machine.nr_nodes++];

	if (machine.nr_nodes > MAX_NODES)
		die("too many devices");
	snprintf(node->id, sizeof(node->id), "%s", id);
	snprintf(node->driver, sizeof(node->driver), "%s", driver);
	node->parent = parent;
	node->devfn = devfn;
	return node;
}

static void add_builtin(const char *id, unsigned int devfn)
{
	add_node(id, NULL, devfn, "")->builtin = true;
}

static void begin(const char *name)
{
	static char *const args[] = {
		"qemu-system-x86_64", "-M",
		"q35,smm=off,vmport=off,hpet=off,pit=off,i8042=off,sata=off,"
		"smbus=off",
		"-accel", "tcg", "-S", "-nodefaults", "-no-user-config",
		"-display", "none", "-m", "16", "-vga", "none",
		"-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
		"-qtest", "stdio", "-qtest-log", "/dev/null",
		"-chardev", "socket,id=qmp,fd=3", "-mon",
		"chardev=qmp,mode=control",
	};
	unsigned int i;

	memset(&machine, 0, sizeof(machine));
	snprintf(machine.name, sizeof(machine.name), "%.31s", name);
	for (i = 0; i < ARRAY_SIZE(args); i++)
		add_arg(args[i]);
	add_builtin("mch", 0);
	add_builtin("lpc", 0x1f << 3);
}

/* A device that may be plugged later is given to QEMU all the same, and unplugged */
static void add_device(char *text)
{
	char id[24], parent[24], driver[160], rest[16] = "";
	unsigned int device, function;
	struct node *up, *node;
	const char *bus;

	if (sscanf(text, "%23s %23s %x.%x %159s %15s", id, parent, &device,
		   &function, driver, rest) < 5)
		die("a topology has %s", text);
	up = strcmp(parent, "root") ? node_by_id(parent) : NULL;
	if (strcmp(parent, "root") && !up)
		die("there is no %s", parent);
	node = add_node(id, up, device << 3 | function, driver);
	node->removable = !strcmp(rest, "removable");
	bus = strstr(driver, "bus_nr=");
	if (bus)
		node->bus = strtoul(bus + 7, NULL, 0);
	add_arg("-device");
	add_arg(copy("%s,id=%s,bus=%s,addr=%x.%x", driver, id,
		     up ? up->id : "pcie.0", device, function));
}

/* A virtual function, which QEMU makes; the first offset and the stride are 1 */
static void add_vf(const char *text)
{
	char id[24], pf_id[24];
	struct node *pf, *node;
	unsigned int i, index = 0;

	if (sscanf(text, "%23s %23s", id, pf_id) != 2)
		die("a topology has %s", text);
	pf = node_by_id(pf_id);
	if (!pf)
		die("there is no %s", pf_id);
	for (i = 0; i < machine.nr_nodes; i++)
		index += machine.nodes[i].pf == pf;
	if (index == MAX_VFS)
		die("%s has too many virtual functions", pf_id);
	node = add_node(id, pf->parent, pf->devfn + 1 + index, "");
	node->pf = pf;
}

static void read_line(char *line)
{
	char *word;

	if (!strncmp(line, "device ", 7)) {
		add_device(line + 7);
	} else if (!strncmp(line, "vf ", 3)) {
		add_vf(line + 3);
	} else if (!strncmp(line, "extra ", 6)) {
		add_arg("-device");
		add_arg(copy("%s", line + 6));
	} else if (!strncmp(line, "arg ", 4)) {
		for (word = strtok(line + 4, " "); word; word = strtok(NULL, " "))
			add_arg(copy("%s", word));
	} else if (*line && *line != '#') {
		die("a topology has %s", line);
	}
}

bool topology_read(const char *path, const char *name, unsigned int index)
{
	FILE *file = fopen(path, "r");
	bool inside = false, found = false;
	char line[512];

	if (!file)
		die("%s cannot be read", path);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "topology ", 9)) {
			inside = !found && (name ? !strcmp(line + 9, name) :
						   !index--);
			found = found || inside;
			if (inside)
				begin(line + 9);
		} else if (inside) {
			read_line(line);
		}
	}
	fclose(file);
	return found;
}

/* PCIEXBAR of the host bridge: 256 buses */
void topology_enable_ecam(void)
{
	struct qemu *q = &machine.q;

	qemu_out(q, 0xcf8, 0x80000064, 4);
	qemu_out(q, 0xcfc, 0, 4);
	qemu_out(q, 0xcf8, 0x80000060, 4);
	qemu_out(q, 0xcfc, ECAM_BASE | 1, 4);
	qemu_out(q, 0xcf8, 0, 4);
}

void topology_start(void)
{
	if (machine.running)
		qemu_stop(&machine.q);
	qemu_start(&machine.q, machine.args);
	machine.running = true;
	topology_enable_ecam();
}
