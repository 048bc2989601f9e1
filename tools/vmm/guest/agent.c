// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * agent.c - the first process of a Linux guest: it reports what Linux has found
 *
 * It takes commands from a port of the machine and writes its answers there, each
 * with a full stop as last line. It uses system calls only, and no library.
 */
#include <linux/reboot.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <asm/unistd.h>

#define AT_FDCWD	-100
#define O_RDONLY	0
#define O_WRONLY	1
#define O_RDWR		2
#define NANOSECONDS	5000000
#define AWAIT_ROUNDS	60000	/* of that length */
#define TRAFFIC_NS	1000000

#define PAGE		4096
#define PROT_RW		3
#define MAP_SHARED	1
#define MAP_ANONYMOUS	0x20
#define SIGCHLD		17
#define SIG_IGN		1
#define SIGSET_SIZE	8

static char text[65536];
static char entries[16384];
static char path[512];
static char line[256];

/* Counts the accesses of the processes with traffic, which share it */
static uint32_t *traffic;

/* call(), say_bytes() and hear() of the architecture */
#include "agent.h"

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static bool starts_with(const char *s, const char *with)
{
	while (*with)
		if (*s++ != *with++)
			return false;
	return true;
}

static void say(const char *s)
{
	say_bytes(s, length(s));
}

static void say_number(long value)
{
	char digits[24];
	unsigned int n = sizeof(digits);
	unsigned long rest = value < 0 ? -(unsigned long)value :
					 (unsigned long)value;

	do {
		digits[--n] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		digits[--n] = '-';
	say_bytes(digits + n, sizeof(digits) - n);
}

static void *copy(void *to, const void *from, size_t size)
{
	char *t = to;
	const char *f = from;

	while (size--)
		*t++ = *f++;
	return to;
}

/* path = dir/name/file */
static const char *join(const char *dir, const char *name, const char *file)
{
	char *to = path;

	copy(to, dir, length(dir));
	to += length(dir);
	*to++ = '/';
	copy(to, name, length(name));
	to += length(name);
	if (*file)
		*to++ = '/';
	copy(to, file, length(file) + 1);
	return path;
}

/* The bytes of a file in text, or a negative errno */
static long load(const char *name)
{
	long fd = call(__NR_openat, AT_FDCWD, (long)name, O_RDONLY, 0, 0);
	long n, all = 0;

	if (fd < 0)
		return fd;
	while ((n = call(__NR_read, fd, (long)text + all,
			 (long)sizeof(text) - 1 - all, 0, 0)) > 0)
		all += n;
	call(__NR_close, fd, 0, 0, 0, 0);
	text[all] = 0;
	return n < 0 ? n : all;
}

static long store(const char *name, const char *value)
{
	long fd = call(__NR_openat, AT_FDCWD, (long)name, O_WRONLY, 0, 0);
	long n;

	if (fd < 0)
		return fd;
	n = call(__NR_write, fd, (long)value, (long)length(value), 0, 0);
	call(__NR_close, fd, 0, 0, 0, 0);
	return n < 0 ? n : 0;
}

/* Each line of text behind a word and a name; without those that are all zero */
static void say_lines(const char *word, const char *name)
{
	const char *s = text, *end;
	long number = 0;

	for (; *s; s = end, number++) {
		for (end = s; *end && *end != '\n'; end++)
			;
		if (*end)
			end++;
		if (starts_with(s, "0x0000000000000000 0x0000000000000000 0x0"))
			continue;
		say(word);
		if (*name) {
			say(" ");
			say(name);
			say(" ");
			say_number(number);
		}
		say(" ");
		say_bytes(s, (size_t)(end - s));
		if (end[-1] != '\n')
			say("\n");
	}
}

struct entry {
	uint64_t	inode;
	int64_t		offset;
	uint16_t	size;
	uint8_t		type;
	char		name[];
};

/* Do something with each entry of a directory. */
static void each(const char *dir, void (*f)(const char *dir, const char *name))
{
	long fd = call(__NR_openat, AT_FDCWD, (long)dir, O_RDONLY, 0, 0);
	const struct entry *entry;
	long n, at;

	if (fd < 0)
		return;
	while ((n = call(__NR_getdents64, fd, (long)entries, sizeof(entries),
			 0, 0)) > 0) {
		for (at = 0; at < n; at += entry->size) {
			entry = (const void *)(entries + at);
			if (entry->name[0] != '.')
				f(dir, entry->name);
		}
	}
	call(__NR_close, fd, 0, 0, 0, 0);
}

#define PCI_DEVICES	"/sys/bus/pci/devices"

static void say_resources(const char *dir, const char *name)
{
	if (load(join(dir, name, "resource")) >= 0)
		say_lines("pci", name);
}

#define NR_BARS		6
#define RESOURCE_LINE	57	/* "0xSTART 0xEND 0xFLAGS\n" with 16 digits each */
#define UNSET_DIGIT	48	/* has IORESOURCE_UNSET as bit 1 */

/* Whether Linux has no place for a BAR of a function */
static int is_incomplete(const char *dir, const char *name)
{
	long size = load(join(dir, name, "resource")), at, i;

	for (i = 0; i < NR_BARS && (i + 1) * RESOURCE_LINE <= size; i++) {
		at = i * RESOURCE_LINE + UNSET_DIGIT;
		if ((text[at] > '9' ? text[at] - 'a' + 10 : text[at]) & 2)
			return 1;
	}
	return 0;
}

/* Linux would refuse a function that is incomplete, with an error in its log each time. */
static void enable(const char *dir, const char *name)
{
	if (!is_incomplete(dir, name))
		store(join(dir, name, "enable"), "1");
}

static void report(void)
{
	if (load("/proc/iomem") >= 0)
		say_lines("iomem", "");
	if (load("/proc/ioports") >= 0)
		say_lines("ioports", "");
	each(PCI_DEVICES, say_resources);
}

/* Load a module of the initrd: 0, or a negative errno */
static long load_module(const char *name)
{
	long fd = call(__NR_openat, AT_FDCWD, (long)name, O_RDONLY, 0, 0);
	long err;

	if (fd < 0)
		return fd;
	err = call(__NR_finit_module, fd, (long)"", 0, 0, 0);
	call(__NR_close, fd, 0, 0, 0, 0);
	return err;
}

static void end(unsigned int how)
{
	call(__NR_sync, 0, 0, 0, 0, 0);
	call(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, how, 0, 0);
}

static void say_result(long err)
{
	say("result ");
	say_number(err);
	say("\n");
}

/* "write FILE VALUE" */
static void write_command(char *argument)
{
	char *value = argument;

	while (*value && *value != ' ')
		value++;
	if (*value)
		*value++ = 0;
	say_result(store(argument, value));
}

/* The sum of the bytes of a file, as 32-bit FNV-1a */
static void say_sum(const char *name)
{
	long fd = call(__NR_openat, AT_FDCWD, (long)name, O_RDONLY, 0, 0);
	uint32_t hash = 2166136261u;
	long n, i, all = 0;

	if (fd < 0) {
		say_result(fd);
		return;
	}
	while ((n = call(__NR_read, fd, (long)text, sizeof(text), 0, 0)) > 0) {
		for (i = 0; i < n; i++)
			hash = (hash ^ (uint8_t)text[i]) * 16777619u;
		all += n;
	}
	call(__NR_close, fd, 0, 0, 0, 0);
	say("sum ");
	say_number(all);
	say(" ");
	say_number(hash);
	say("\n");
}

static void sleep_ns(long ns)
{
	const long pause[2] = { 0, ns };

	call(__NR_nanosleep, (long)pause, 0, 0, 0, 0);
}

/* Wait until there is a file, or none */
static long await(const char *name, bool there)
{
	unsigned int i;

	for (i = 0; i < AWAIT_ROUNDS; i++) {
		if (!call(__NR_faccessat, AT_FDCWD, (long)name, 0, 0, 0) == there)
			return 0;
		sleep_ns(NANOSECONDS);
	}
	return -1;
}

/*
 * A process that reads and writes the first page of a BAR until the kernel takes it
 * away, by a signal that ends the process.
 */
static long begin_traffic(const char *name)
{
	uint32_t *page, value;
	long fd, pid = call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	uint32_t n;

	if (pid)
		return pid < 0 ? pid : 0;
	fd = call(__NR_openat, AT_FDCWD, (long)name, O_RDWR, 0, 0);
	page = (void *)call6(__NR_mmap, 0, PAGE, PROT_RW,
			     MAP_SHARED, fd, 0);
	for (n = 0; (unsigned long)page < -4096ul; n++) {
		value = __atomic_load_n(&page[(n + 1) % 1024], __ATOMIC_RELAXED);
		__atomic_store_n(&page[n % 1024], value + n, __ATOMIC_RELAXED);
		/* Two processes may count one access: it is enough that they do. */
		value = __atomic_load_n(traffic, __ATOMIC_RELAXED);
		__atomic_store_n(traffic, value + 1, __ATOMIC_RELAXED);
		sleep_ns(TRAFFIC_NS);
	}
	call(__NR_exit_group, 1, 0, 0, 0, 0);
	return 0;
}

/* The first bytes of a file that has no end: "take FILE BYTES" */
static long take(char *argument)
{
	char *value = argument;
	long fd, n, wanted = 0, all = 0;

	while (*value && *value != ' ')
		value++;
	if (*value)
		*value++ = 0;
	while (*value >= '0' && *value <= '9')
		wanted = 10 * wanted + (*value++ - '0');
	fd = call(__NR_openat, AT_FDCWD, (long)argument, O_RDONLY, 0, 0);
	if (fd < 0)
		return fd;
	while (all < wanted) {
		n = call(__NR_read, fd, (long)text, 64, 0, 0);
		if (n <= 0)
			break;
		all += n;
	}
	call(__NR_close, fd, 0, 0, 0, 0);
	return all < wanted ? -1 : 0;
}

static void obey(char *command)
{
	if (starts_with(command, "report")) {
		report();
	} else if (starts_with(command, "enable")) {
		each(PCI_DEVICES, enable);
	} else if (starts_with(command, "write ")) {
		write_command(command + 6);
	} else if (starts_with(command, "read ")) {
		if (load(command + 5) >= 0)
			say_lines("read", "");
	} else if (starts_with(command, "module ")) {
		say_result(load_module(command + 7));
	} else if (starts_with(command, "sum ")) {
		say_sum(command + 4);
	} else if (starts_with(command, "has ")) {
		say_result(call(__NR_faccessat, AT_FDCWD, (long)command + 4, 0,
				0, 0));
	} else if (starts_with(command, "await ")) {
		say_result(await(command + 6, true));
	} else if (starts_with(command, "gone ")) {
		say_result(await(command + 5, false));
	} else if (starts_with(command, "traffic ")) {
		say_result(begin_traffic(command + 8));
	} else if (starts_with(command, "count")) {
		say_result((long)__atomic_load_n(traffic, __ATOMIC_RELAXED));
	} else if (starts_with(command, "take ")) {
		say_result(take(command + 5));
	} else if (starts_with(command, "off")) {
		end(LINUX_REBOOT_CMD_POWER_OFF);
	} else if (starts_with(command, "reboot")) {
		end(LINUX_REBOOT_CMD_RESTART);
	} else {
		say("unknown command\n");
	}
	say(".\n");
}

/* The next command, in line */
static void listen(void)
{
	size_t n = 0;
	uint8_t byte;

	for (;;) {
		byte = hear();
		if (byte == '\n')
			break;
		if (!byte)
			sleep_ns(NANOSECONDS);
		else if (n + 1 < sizeof(line))
			line[n++] = (char)byte;
	}
	line[n] = 0;
}

static void mount(const char *type, const char *dir)
{
	call(__NR_mkdirat, AT_FDCWD, (long)dir, 0755, 0, 0);
	call(__NR_mount, (long)type, (long)dir, (long)type, 0, 0);
}

AGENT_ENTRY void _start(void)
{
	static const unsigned long ignore[4] = { SIG_IGN };

	mount("proc", "/proc");
	mount("sysfs", "/sys");
	mount("devtmpfs", "/dev");
	open_port();
	/* The kernel takes the processes that have ended. */
	call(__NR_rt_sigaction, SIGCHLD, (long)ignore, 0, SIGSET_SIZE, 0);
	traffic = (void *)call6(__NR_mmap, 0, PAGE, PROT_RW,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	say("agent\n.\n");
	for (;;) {
		listen();
		obey(line);
	}
}

/* The compiler may call these. */
void *memcpy(void *to, const void *from, size_t size)
{
	return copy(to, from, size);
}

void *memset(void *to, int value, size_t size)
{
	char *t = to;

	while (size--)
		*t++ = (char)value;
	return to;
}
