// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * verify.c - a run of a Linux guest with the agent: compare after each step
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"

#define BOOT_SECONDS	900
#define HOT_CYCLES	1
#define MOVE_CYCLES	1

#define PCI		"/sys/bus/pci"
#define RESCAN		"write " PCI "/rescan 1"
#define REMOVE(address)	"write " PCI "/devices/" address "/remove 1"

/* Have the agent do something that must succeed. */
int guest_command(struct vmm *vmm, const char *fmt, ...)
{
	char what[256], *answer;
	va_list args;
	int err;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	answer = agent_ask(vmm, what);
	err = !answer || strncmp(answer, "result 0", 8);
	if (answer && err)
		vmm_err("the guest's '%s': %s", what, answer);
	free(answer);
	return err;
}

static bool has_file(struct vmm *vmm, const char *file)
{
	char text[256], *answer;
	bool has;

	snprintf(text, sizeof(text), "has %s", file);
	answer = agent_ask(vmm, text);
	has = answer && !strncmp(answer, "result 0", 8);
	free(answer);
	return has;
}

/* The same; without the file steps that need it are left out */
static bool guest_has(struct vmm *vmm, const char *file, const char *what)
{
	bool has = has_file(vmm, file);

	if (!has)
		printf("linux: this guest has no %s\n", what);
	return has;
}

/* Enable all functions, take the guest's report and compare it. */
int guest_compare(struct comparison *c, const char *step)
{
	unsigned int compared = c->compared, differ = c->differ;
	unsigned int moves = c->moves;
	char *answer;

	free(agent_ask(c->vmm, "enable"));
	answer = agent_ask(c->vmm, "report");
	if (!answer)
		return -1;
	compare_report(c, answer);
	free(answer);
	if (!c->quiet || c->differ != differ)
		printf("linux: %s: %u resources compared, %u differ, %u moved\n",
		       step, c->compared - compared, c->differ - differ,
		       c->moves - moves);
	fflush(stdout);
	return 0;
}

/* The interrupts that devices of this program have raised */
static void count_interrupts(struct comparison *c)
{
	char *answer = agent_ask(c->vmm, "read /proc/interrupts");
	char *line, *rest = answer, *end;
	unsigned long number;

	while ((line = strsep(&rest, "\n"))) {
		number = strncmp(line, "read ", 5) ? 0 :
			 strtoul(line + 5, &end, 10);
		if (!number || *end != ':')	/* 0 is KVM's timer */
			continue;
		if (strstr(line, "arch_timer"))	/* as is this */
			continue;
		for (line = end + 1;; line = end) {
			number = strtoul(line, &end, 10);
			if (end == line || (*end != ' ' && *end))
				break;
			c->interrupts += number;
		}
	}
	free(answer);
}

static int hot_plug(struct comparison *c, struct vmr_pci_function *fn,
		    uint32_t address)
{
	int err = function_plug(c->vmm, fn, address);

	if (err) {
		vmm_err("%s: plug: %s", fn->dev.name, vmr_strerror(err));
		return -1;
	}
	c->plugs++;
	return guest_command(c->vmm, RESCAN);
}

/* The guest lets go of a function before it leaves. */
static int hot_unplug(struct comparison *c, struct vmr_pci_function *fn,
		      const char *remove)
{
	int err;

	if (guest_command(c->vmm, "%s", remove))
		return -1;
	err = function_unplug(c->vmm, fn);
	if (err)
		vmm_err("%s: unplug: %s", fn->dev.name, vmr_strerror(err));
	return err;
}

static int hot_cycle(struct comparison *c)
{
	struct vmr_pci_function *hot = &c->vmm->hot.fn;

	if (hot_plug(c, hot, HOT_ADDRESS) || guest_compare(c, "a card is plugged") ||
	    hot_unplug(c, hot, REMOVE("0000:00:08.0")))
		return -1;
	return guest_compare(c, "it is unplugged");
}

/*
 * A host bridge of a device tree numbers all buses anew in each rescan, by the flag
 * PCI_REASSIGN_ALL_BUS of Linux. The numbers then stay the same only if no bridge is
 * alone in being new: the bus of a device that Linux has already would get another one.
 */
int remove_bridges(struct vmm *vmm)
{
	const struct vmr_pci_function *fn;
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < vmm->nr_functions; i++) {
		fn = vmm->functions[i];
		if (!fn->bridge || fn->upstream_bridge ||
		    (!board.numbers_anew && fn != &vmm->pci_bridge.fn))
			continue;
		err = guest_command(vmm, REMOVE("0000:00:%02x.0"),
				    vmr_pci_function_address(fn) >> 3);
	}
	return err;
}

/*
 * The card takes the place of the display, which comes back elsewhere. Then Linux
 * finds the display anew, and the bridge with all behind it.
 */
int move_cycle(struct comparison *c)
{
	struct vmr_pci_function *hot = &c->vmm->hot.fn, *display;
	struct vmm *vmm = c->vmm;

	display = vmr_pci_find_function(&vmm->manager, VMR_PCI_BDF(0, 5, 0));
	if (!display || hot_unplug(c, display, REMOVE("0000:00:05.0")) ||
	    hot_plug(c, hot, HOT_ADDRESS) ||
	    hot_plug(c, display, VMR_PCI_BDF(0, 5, 0)) ||
	    guest_compare(c, "a card has the display's place") ||
	    hot_unplug(c, hot, REMOVE("0000:00:08.0")) ||
	    guest_command(vmm, REMOVE("0000:00:05.0")) ||
	    remove_bridges(vmm) || guest_command(vmm, RESCAN))
		return -1;
	return guest_compare(c, "Linux assigns anew");
}

static int load_drivers(struct vmm *vmm)
{
	static const char *const modules[] = {
		"virtio_ring", "virtio", "virtio_pci_legacy_dev",
		"virtio_pci_modern_dev", "virtio_pci", "virtio_blk",
		"virtio-rng", "pci-pf-stub",
	};
	char file[64];
	size_t i;

	/* Some kernels have a part of the drivers built in. */
	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		snprintf(file, sizeof(file), "/modules/%s.ko", modules[i]);
		if (has_file(vmm, file) && guest_command(vmm, "module %s", file))
			return -1;
	}
	return 0;
}

/* 32-bit FNV-1a, as the agent has it */
static uint32_t sum_of(int fd, uint64_t size)
{
	uint32_t hash = 2166136261u;
	uint8_t block[4096];
	uint64_t at;
	ssize_t n, i;

	for (at = 0; at < size; at += (uint64_t)n) {
		n = pread(fd, block, sizeof(block), (off_t)at);
		if (n <= 0)
			break;
		for (i = 0; i < n; i++)
			hash = (hash ^ block[i]) * 16777619u;
	}
	return hash;
}

/* The guest reads its disk: its bytes, through virtio and MSI-X, are the file's. */
int compare_disk(struct comparison *c)
{
	uint64_t size = c->vmm->disk.sectors * 512;
	unsigned long long read_size;
	char *answer;
	uint32_t sum;

	if (!size)
		return 0;
	answer = agent_ask(c->vmm, "sum /dev/vda");
	if (!answer)
		return -1;
	c->compared++;
	if (sscanf(answer, "sum %llu %u", &read_size, &sum) != 2 ||
	    read_size != size || sum != sum_of(c->vmm->disk.fd, size)) {
		c->differ++;
		printf("differs: the disk: %s\n", answer);
	}
	free(answer);
	if (!c->quiet)
		printf("linux: the guest has read its disk of %" PRIu64
		       " bytes\n", size);
	return 0;
}

/*
 * The kernel of the guest has found no fault in itself: no bad page, oops or warning, and
 * no firmware that it had to work around. A quiet console does not show all of them.
 */
static int compare_taint(struct comparison *c)
{
	static const unsigned long faults = 1 << 5 | 1 << 7 | 1 << 9 | 1 << 11;
	char *answer = agent_ask(c->vmm, "read /proc/sys/kernel/tainted");
	unsigned long taint;

	if (!answer)
		return -1;
	c->compared++;
	if (sscanf(answer, "read %lu", &taint) != 1 || taint & faults) {
		c->differ++;
		printf("differs: the kernel of the guest is tainted: %s\n", answer);
	}
	free(answer);
	return 0;
}

/* The guest resets the machine, and boots again with the cards that are there now. */
int guest_reboot(struct comparison *c)
{
	count_interrupts(c);
	if (compare_taint(c) || agent_reboot(c->vmm))
		return -1;
	c->reboots++;
	memset(c->places, 0, sizeof(c->places));
	if (guest_compare(c, "the guest has booted again"))
		return -1;
	compare_assigned(c);
	return load_drivers(c->vmm) || compare_disk(c);
}

bool guest_has_slots(struct comparison *c)
{
	return guest_has(c->vmm, PCI "/slots/2", "driver for slots");
}

bool guest_has_vfs(struct comparison *c)
{
	return guest_has(c->vmm, PCI "/devices/0000:08:00.0/sriov_numvfs",
			 "virtual functions");
}

static int steps(struct comparison *c)
{
	unsigned int i;

	if (guest_compare(c, "after boot"))
		return -1;
	compare_assigned(c);
	if (load_drivers(c->vmm) ||
	    guest_compare(c, "virtio drivers are there") || compare_disk(c))
		return -1;
	for (i = 0; i < HOT_CYCLES; i++)
		if (hot_cycle(c))
			return -1;
	for (i = 0; i < MOVE_CYCLES; i++)
		if (move_cycle(c))
			return -1;
	if (interrupt_steps(c))
		return -1;
	if (guest_has_slots(c) && slot_steps(c))
		return -1;
	if (guest_has_vfs(c) && vf_steps(c))
		return -1;
	if (c->vmm->kernel->snapshot)
		return steps_before_snapshot(c);
	if (machine_has_reset(c->vmm) && guest_reboot(c))
		return -1;
	return long_steps(c);
}

/* The guest is off, or saved in a file. */
static int end(struct vmm *vmm)
{
	const char *path = vmm->kernel->snapshot, *fault;

	if (!path) {
		agent_off(vmm);
		return 0;
	}
	fault = snapshot_save(vmm, path);
	if (fault)
		vmm_err("snapshot %s: %s", path, fault);
	vcpus_stop(vmm, GUEST_STOPPED);
	return fault ? -1 : 0;
}

static void print_machine(const struct vmm *vmm)
{
	const struct kernel *kernel = vmm->kernel;

	printf("linux: a machine with %u processors, %" PRIu64 " MiB of memory",
	       kernel->nr_cpus, kernel->memory >> 20);
	printf(", %u functions of PCI", vmm->nr_functions);
	if (vmm->disk.sectors)
		printf(", a disk of %" PRIu64 " KiB", vmm->disk.sectors / 2);
	printf(", %u bits of an address\n", vmm->config.phys_bits);
	fflush(stdout);
}

/* The first words of /proc/version: "Linux version" and the release */
static void print_release(struct vmm *vmm)
{
	char *answer = agent_ask(vmm, "read /proc/version");
	char release[80];

	if (answer && sscanf(answer, "read Linux version %79s", release) == 1)
		printf("linux: the guest is Linux %s\n", release);
	fflush(stdout);
	free(answer);
}

enum vmm_status verify(struct vmm *vmm)
{
	struct comparison c = { .vmm = vmm };
	bool restored = vmm->kernel->restore;
	int err;

	print_machine(vmm);
	if (!restored && agent_wait(vmm, BOOT_SECONDS)) {
		vmm_err("the agent in the guest does not report");
		return vmm->end == GUEST_REFUSED ? VMM_NO_KVM :
						   VMM_GUEST_FAILED;
	}
	print_release(vmm);
	err = restored ? steps_after_restore(&c) : steps(&c);
	if (!err)
		err = compare_taint(&c);
	if (!err)
		count_interrupts(&c);
	print_map(vmm);
	if (!err)
		err = end(vmm);
	printf("linux: %u resources compared, %u differ; ", c.compared,
	       c.differ);
	printf("%u hot-plugs, %u moves, %" PRIu64 " interrupts\n", c.plugs,
	       c.moves, c.interrupts);
	if (err)
		return VMM_GUEST_FAILED;
	return c.differ || vmm->failed ? VMM_FAILED : VMM_OK;
}
