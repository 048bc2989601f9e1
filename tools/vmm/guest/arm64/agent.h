/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * agent.h - system calls of arm64, and a register in memory to talk through
 *
 * The device tree of the machine has the address of the register.
 */
#ifndef VMM_AGENT_ARM64_H
#define VMM_AGENT_ARM64_H

#define AGENT_ENTRY

#define TREE		"/sys/firmware/devicetree/base"
#define O_SYNC		04010000

static long port;

static void each(const char *dir, void (*f)(const char *dir, const char *name));
static const char *join(const char *dir, const char *name, const char *file);
static long load(const char *name);
static bool starts_with(const char *s, const char *with);
static void *copy(void *to, const void *from, size_t size);

static long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

static long call(long nr, long a, long b, long c, long d, long e)
{
	return call6(nr, a, b, c, d, e, 0);
}

/* The node of the register has its address, 64 bits in big-endian order. */
static void open_node(const char *dir, const char *name)
{
	uint64_t address;
	long fd, at;

	if (!starts_with(name, "agent@") || load(join(dir, name, "reg")) < 8)
		return;
	copy(&address, text, sizeof(address));
	address = __builtin_bswap64(address);
	fd = call(__NR_openat, AT_FDCWD, (long)"/dev/mem", O_RDWR | O_SYNC, 0,
		  0);
	at = call6(__NR_mmap, 0, PAGE, PROT_RW, MAP_SHARED, fd,
		   (long)(address & ~(PAGE - 1ull)));
	if (fd >= 0 && at > 0)
		port = at + (long)(address % PAGE);
}

static void open_port(void)
{
	each(TREE, open_node);
}

/* Eight bytes at a time are one exit. */
static void say_bytes(const char *bytes, size_t size)
{
	uint64_t word;

	for (; size >= sizeof(word); size -= sizeof(word)) {
		copy(&word, bytes, sizeof(word));
		__asm__ volatile("str %0, [%1]" :: "r"(word), "r"(port)
				 : "memory");
		bytes += sizeof(word);
	}
	for (; size; size--)
		__asm__ volatile("strb %w0, [%1]" :: "r"(*bytes++), "r"(port)
				 : "memory");
}

static uint8_t hear(void)
{
	uint32_t byte;

	__asm__ volatile("ldrb %w0, [%1]" : "=r"(byte) : "r"(port) : "memory");
	return (uint8_t)byte;
}

#endif /* VMM_AGENT_ARM64_H */
