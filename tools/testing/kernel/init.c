// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * init.c - the only program in a kernel that is booted for the tests
 *
 * It loads the modules, tests their files in debugfs and tracefs, unloads them and
 * restarts the machine, which ends QEMU. The results go to the kernel's log as KTAP
 * with "init: " before each line. VMR_TEST="NAME=VALUE NAME=VALUE" on the kernel's
 * command line is the environment of the tests.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

#define MAP	DEBUGFS "/vmr_test/machine"

static int kmsg = -1;
static unsigned int number;
char text[1 << 16];

void say(const char *format, ...)
{
	char line[512] = "<5>init: ";
	va_list args;

	va_start(args, format);
	vsnprintf(line + 9, sizeof(line) - 10, format, args);
	va_end(args);
	strcat(line, "\n");
	if (write(kmsg, line, strlen(line)) < 0)
		write(1, line, strlen(line));
}

bool result(bool ok, const char *name)
{
	say("%s %u %s", ok ? "ok" : "not ok", ++number, name);
	return ok;
}

void skip(const char *name, const char *why)
{
	say("ok %u %s # SKIP %s", ++number, name, why);
}

bool slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t n = 0;
	ssize_t got = -1;

	if (fd >= 0) {
		while (n < sizeof(text) - 1 &&
		       (got = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
			n += (size_t)got;
		close(fd);
	}
	text[n] = 0;
	return got >= 0;
}

void show(const char *what)
{
	char *line = strtok(text, "\n");

	for (; line; line = strtok(NULL, "\n"))
		say("# %s: %s", what, line);
}

bool exists(const char *path)
{
	return !access(path, F_OK);
}

static int load(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = fd < 0 ? -1 : (int)syscall(SYS_finit_module, fd, parameters, 0);
	int error = errno;

	if (fd >= 0)
		close(fd);
	if (ret)
		say("# %s: %s", path, strerror(error));
	return ret ? error : 0;
}

static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

/* The machine of vmr_test, as its source describes it */
static bool map_is_right(void)
{
	static const char *const has[] = {
		" : disk: registers\n",
		" : disk: ring, claimed, waits for disk: registers\n",
		" : disk: port\n",
		NULL
	};
	size_t i;

	if (!slurp(MAP)) {
		say("# %s cannot be read", MAP);
		return false;
	}
	for (i = 0; has[i]; i++)
		if (!strstr(text, has[i])) {
			say("# the map has no line with%s", has[i]);
			show("map");
			return false;
		}
	return true;
}

/* While the map is open, neither module can be unloaded. */
static bool open_map_holds(void)
{
	int fd = open(MAP, O_RDONLY);
	bool held;

	if (fd < 0)
		return false;
	held = unload("vmr") == EWOULDBLOCK;
	close(fd);
	return held;
}

static bool nothing_left(void)
{
	bool ok = true;

	if (exists("/sys/module/vmr") || exists("/sys/module/vmr_test")) {
		say("# the module's directory is still there");
		ok = false;
	}
	if (exists(DEBUGFS "/vmr_test")) {
		say("# the directory in debugfs is still there");
		ok = false;
	}
	if (exists(TRACEFS "/events/vmr")) {
		say("# the trace events are still there");
		ok = false;
	}
	if (!slurp("/proc/modules") || strstr(text, "vmr")) {
		say("# /proc/modules still names it");
		ok = false;
	}
	return ok;
}

static void leaks(void)
{
	static const char name[] = "nothing_leaks";
	int fd = open(DEBUGFS "/kmemleak", O_WRONLY);
	int i;

	if (fd < 0) {
		skip(name, "the kernel is without CONFIG_DEBUG_KMEMLEAK");
		return;
	}
	/* Scan twice: kmemleak does not report young blocks. */
	for (i = 0; i < 2; i++) {
		sleep(6);
		if (write(fd, "scan", 4) != 4)
			say("# kmemleak does not scan");
	}
	close(fd);
	if (!result(slurp(DEBUGFS "/kmemleak") && !text[0], name))
		show("kmemleak");
}

/* Bits of /proc/sys/kernel/tainted: an oops, a warning, a soft lockup */
static bool untainted(void)
{
	unsigned long bad = 1ul << 7 | 1ul << 9 | 1ul << 14;

	return slurp("/proc/sys/kernel/tainted") &&
	       !(strtoul(text, NULL, 10) & bad);
}

/* Lockdep disables itself after its first report. */
static void lockdep(void)
{
	static const char name[] = "lockdep_has_looked_on";
	static const char key[] = " debug_locks:";
	const char *at;

	if (!slurp("/proc/lockdep_stats")) {
		skip(name, "the kernel is without CONFIG_LOCKDEP");
		return;
	}
	at = strstr(text, key);
	result(at && atoi(at + strlen(key)) == 1, name);
}

static void tests(void)
{
	const char *given = getenv("VMR_TEST");
	char parameters[512];

	snprintf(parameters, sizeof(parameters), "parameters=\"%s\"",
		 given ? given : "");
	say("KTAP version 1");
	say("1..%u", 12 + TRACEPOINTS_TESTS);
	result(!load("/vmr.ko", ""), "vmr_loads");
	result(!load("/vmr_test.ko", parameters), "vmr_test_loads");
	result(exists("/sys/module/vmr/holders/vmr_test"),
	       "vmr_is_held_by_its_user");
	result(unload("vmr") == EWOULDBLOCK && exists("/sys/module/vmr"),
	       "vmr_does_not_unload_below_its_user");
	result(map_is_right(), "debugfs_shows_the_map");
	result(open_map_holds(), "an_open_map_keeps_the_modules");
	tracepoints();
	result(!unload("vmr_test"), "vmr_test_unloads");
	result(!unload("vmr"), "vmr_unloads");
	result(nothing_left(), "unloading_leaves_nothing");
	leaks();
	lockdep();
	result(untainted(), "the_kernel_has_not_complained");
}

int main(void)
{
	mount("none", "/proc", "proc", 0, NULL);
	mount("none", "/sys", "sysfs", 0, NULL);
	mount("none", DEBUGFS, "debugfs", 0, NULL);
	kmsg = open("/dev/kmsg", O_WRONLY);
	tests();
	say("done");
	/* Wait until the serial port has sent the lines above. */
	sleep(1);
	reboot(RB_AUTOBOOT);
	return 1;
}
