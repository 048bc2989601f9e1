/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * fuzz.h - definitions for all fuzz targets
 *
 * A target converts bytes to operations on the library and on a simple model. The
 * bytes come from libFuzzer, AFL++, a file of the corpus, or a generator. After the
 * last byte the target reads zeroes.
 */
#ifndef VMR_FUZZ_H
#define VMR_FUZZ_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fuzz_target {
	const char	*name;
	void		(*run)(void);
};

extern const struct fuzz_target fuzz_engine;
extern const struct fuzz_target fuzz_ids;
extern const struct fuzz_target fuzz_system;
extern const struct fuzz_target fuzz_pci;
extern const struct fuzz_target fuzz_config;
extern const struct fuzz_target fuzz_ports;
extern const struct fuzz_target fuzz_vfs;
extern const struct fuzz_target fuzz_transaction;
extern const struct fuzz_target fuzz_snapshot;
extern const struct fuzz_target fuzz_trace;
extern const struct fuzz_target fuzz_planner_lspci;
extern const struct fuzz_target fuzz_planner_plan;
extern const struct fuzz_target fuzz_acpi;
extern const struct fuzz_target fuzz_control;
extern const struct fuzz_target fuzz_fdt;

struct fuzz {
	const uint8_t	*at;		/* the remaining bytes */
	const uint8_t	*end;
	bool		generates;	/* the bytes come from the generator */
	uint64_t	state;		/* of the generator; never 0 */
	uint64_t	pool;		/* generated bits that are not used yet */
	unsigned int	ready;		/* number of bits in @pool */
	uint64_t	left;		/* operations to be generated */
	FILE		*record;	/* receives the bytes, or NULL */
	uint64_t	ops;		/* operations done in total */
};

extern struct fuzz fuzz;

/* The number of calls of vmm_err(), by which the VMM prints what is wrong */
extern unsigned int fuzz_messages;
__attribute__((format(printf, 1, 2)))
void vmm_err(const char *fmt, ...);

/* Print the difference and its location, and end the process. */
__attribute__((format(printf, 1, 2), noreturn))
void fuzz_fail(const char *fmt, ...);

#define FUZZ_ASSERT(cond) \
	do { \
		if (!(cond)) \
			fuzz_fail("%s:%d: %s", __FILE__, __LINE__, #cond); \
	} while (0)

/* xorshift64 of Marsaglia, 2003 */
static inline uint64_t fuzz_next(void)
{
	fuzz.state ^= fuzz.state << 13;
	fuzz.state ^= fuzz.state >> 7;
	fuzz.state ^= fuzz.state << 17;
	return fuzz.state;
}

void fuzz_record(uint64_t value, unsigned int size);

/* The next @size bytes as a number, the lowest first. */
static inline uint64_t fuzz_take(unsigned int size)
{
	uint64_t value = 0;
	unsigned int i;

	if (!fuzz.generates) {
		for (i = 0; i < size && fuzz.at < fuzz.end; i++)
			value |= (uint64_t)*fuzz.at++ << 8 * i;
		return value;
	}
	if (size == 8) {
		value = fuzz_next() * 0x2545f4914f6cdd1dull;
	} else {
		if (fuzz.ready < 8 * size) {
			fuzz.pool = fuzz_next() * 0x2545f4914f6cdd1dull;
			fuzz.ready = 64;
		}
		value = fuzz.pool & ((1ull << 8 * size) - 1);
		fuzz.pool >>= 8 * size;
		fuzz.ready -= 8 * size;
	}
	if (fuzz.record)
		fuzz_record(value, size);
	return value;
}

static inline unsigned int fuzz_u8(void)
{
	return (unsigned int)fuzz_take(1);
}

static inline uint32_t fuzz_u32(void)
{
	return (uint32_t)fuzz_take(4);
}

static inline uint64_t fuzz_u64(void)
{
	return fuzz_take(8);
}

/* A number from 0 to @n - 1; @n is at most 256. */
static inline unsigned int fuzz_below(unsigned int n)
{
	return fuzz_u8() * n >> 8;
}

static inline bool fuzz_one_in(unsigned int n)
{
	return !fuzz_below(n);
}

/* Returns whether another operation follows, and counts it. */
static inline bool fuzz_more(void)
{
	if (fuzz.generates ? !fuzz.left : fuzz.at == fuzz.end)
		return false;
	fuzz.left--;
	fuzz.ops++;
	return true;
}

#endif /* VMR_FUZZ_H */
