// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * trace.c - the VMM's trace parser against a second reader of the format
 *
 * The second reader follows Documentation/vmm-trace.rst. The bytes are the file. The
 * first byte selects whether header and hash are corrected first, to reach the code
 * behind their checks. An accepted file is written again; the result must equal the
 * file if all its numbers have the shortest encoding.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../vmm/vmm.h"
#include "fuzz.h"

#define HEADER		48
#define END		17
#define FILE_MAX	4096

static uint8_t file[FILE_MAX];
static size_t size;
static int fd = -1;
static char path[32];

/* The second reader */

static uint64_t number(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value * 256 + at[bytes];
	return value;
}

static void put_number(uint8_t *at, uint64_t value, unsigned int bytes)
{
	for (; bytes; bytes--, value /= 256)
		*at++ = (uint8_t)value;
}

static uint64_t hash_of(size_t bytes)
{
	uint64_t hash = 14695981039346656037ull;
	size_t i;

	for (i = 0; i < bytes; i++)
		hash = (hash ^ file[i]) * 1099511628211ull;
	return hash;
}

struct config {
	uint64_t	low;
	uint64_t	high;
	uint64_t	firmware;
	uint64_t	bits;
	uint64_t	slots;
};

static bool is_header(struct config *c)
{
	uint64_t pages;

	if (size < HEADER + END || memcmp(file, "VMRTRACE", 8) ||
	    number(file + 8, 4) != 1 || number(file + 12, 4) != HEADER ||
	    file[size - END] != 0x80 ||
	    number(file + size - 8, 8) != hash_of(size - 8))
		return false;
	c->low = number(file + 16, 8);
	c->high = number(file + 24, 8);
	c->firmware = number(file + 32, 8);
	c->bits = number(file + 40, 4);
	c->slots = number(file + 44, 4);
	pages = c->low | c->high | c->firmware;
	return c->bits >= 33 && c->bits <= 52 && c->low > 0x100000 &&
	       c->low <= 0xc0000000 && c->firmware &&
	       c->firmware <= 0x1000000 && !(pages & 0xfff) && c->slots &&
	       c->high <= (1ull << c->bits) - 0x100000000;
}

/* A number with seven bits in each byte. Returns its length, 0 if invalid. */
static size_t varint(size_t at, size_t end, uint64_t *value)
{
	size_t i;

	*value = 0;
	for (i = 0; i < 10 && at + i < end; i++) {
		uint8_t byte = file[at + i];

		/* The tenth byte has one bit left. */
		if (i == 9 && byte > 1)
			return 0;
		*value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80)
			return i + 1;
	}
	return 0;
}

struct record {
	uint64_t	addr;
	uint64_t	count;
	unsigned int	width;
	bool		mmio;
	bool		write;
	size_t		data;		/* offset in the file */
};

/* Read the record at @at. Returns the offset of the next one, 0 if invalid. */
static size_t read_record(size_t at, size_t end, uint64_t nr, uint64_t last,
			  struct record *r, bool *canonical)
{
	uint8_t head = file[at++];
	uint64_t again;
	size_t took;

	if (head & 0x80)
		return 0;
	r->width = (head & 7u) + 1;
	r->write = head >> 3 & 1;
	r->mmio = head >> 4 & 1;
	r->addr = last;
	r->count = 1;
	if (head & 0x20) {
		if (!nr)
			return 0;
	} else {
		took = varint(at, end, &r->addr);
		if (!took)
			return 0;
		at += took;
		/* The encoding is not the shortest. */
		if ((took > 1 && !file[at - 1]) || (nr && r->addr == last))
			*canonical = false;
	}
	if (head & 0x40) {
		took = varint(at, end, &r->count);
		if (!took)
			return 0;
		at += took;
		if ((took > 1 && !file[at - 1]) || r->count == 1)
			*canonical = false;
	}
	again = r->count * r->width;
	if (!r->count || r->count > 65536 || again > 65536 || again > end - at)
		return 0;
	r->data = at;
	return at + (size_t)again;
}

/* Write the records again and compare the files. */
static void write_again(const struct vmm_config *config, size_t end)
{
	static uint8_t again[FILE_MAX];
	struct trace *trace;
	struct record r;
	uint64_t nr = 0, last = 0;
	size_t at = HEADER;
	bool canonical;
	ssize_t got;

	trace = trace_create(path, config);
	FUZZ_ASSERT(trace);
	while (at < end) {
		struct vmm_exit exit = { 0 };

		at = read_record(at, end, nr++, last, &r, &canonical);
		last = r.addr;
		exit.io = r.mmio ? VMR_MMIO : VMR_PIO;
		exit.write = r.write;
		exit.addr = r.addr;
		exit.width = r.width;
		exit.count = (uint32_t)r.count;
		exit.data = file + r.data;
		trace_put(trace, &exit);
	}
	FUZZ_ASSERT(!trace_finish(trace));
	got = pread(fd, again, sizeof(again), 0);
	FUZZ_ASSERT(got == (ssize_t)size && !memcmp(again, file, size));
}

static void check_records(struct trace *trace, const struct vmm_config *config)
{
	size_t end = size - END, at = HEADER, next;
	uint64_t nr = 0, last = 0;
	bool canonical = true;
	struct vmm_exit exit;
	struct record r;
	int ret;

	for (;;) {
		memset(&exit, 0, sizeof(exit));
		ret = trace_get(trace, &exit);
		if (at == end) {
			FUZZ_ASSERT(ret == (number(file + end + 1, 8) == nr ?
					    0 : -1));
			break;
		}
		next = read_record(at, end, nr, last, &r, &canonical);
		FUZZ_ASSERT(ret == (next ? 1 : -1));
		if (!next)
			break;
		FUZZ_ASSERT(exit.addr == r.addr && exit.width == r.width &&
			    exit.count == r.count && exit.write == r.write &&
			    exit.io == (r.mmio ? VMR_MMIO : VMR_PIO));
		FUZZ_ASSERT(!memcmp(exit.data, file + r.data,
				    (size_t)r.count * r.width));
		last = r.addr;
		at = next;
		nr++;
	}
	FUZZ_ASSERT(fuzz_messages == (ret < 0));
	trace_close(trace);
	if (!ret && canonical)
		write_again(config, end);
}

static void check_file(void)
{
	struct vmm_config config = { 0 };
	struct config c = { 0 };
	struct trace *trace;

	FUZZ_ASSERT(!ftruncate(fd, 0));
	FUZZ_ASSERT(pwrite(fd, file, size, 0) == (ssize_t)size);
	fuzz_messages = 0;
	trace = trace_open(path, &config);
	FUZZ_ASSERT(!!trace == is_header(&c));
	FUZZ_ASSERT(fuzz_messages == !trace);
	if (!trace)
		return;
	FUZZ_ASSERT(config.ram_low == c.low && config.ram_high == c.high &&
		    config.firmware_size == c.firmware &&
		    config.phys_bits == c.bits && config.nr_slots == c.slots);
	check_records(trace, &config);
}

/* Correct the header, the hash and the number of records. */
static void fix_header(unsigned int how)
{
	static const uint8_t machine[HEADER] = {
		'V', 'M', 'R', 'T', 'R', 'A', 'C', 'E', 1, 0, 0, 0, HEADER, 0,
		0, 0, 0, 0, 0, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		4, 0, 0, 0, 0, 0, 40, 0, 0, 0, 32, 0, 0, 0,
	};
	bool canonical;
	struct record r;
	uint64_t nr = 0, last = 0;
	size_t at = HEADER;

	if (size < HEADER + END)
		size = HEADER + END;
	if (how & 1)
		memcpy(file, machine, sizeof(machine));
	else
		memcpy(file, machine, 16);
	file[size - END] = 0x80;
	while (at && at < size - END && how & 4) {
		at = read_record(at, size - END, nr++, last, &r, &canonical);
		last = r.addr;
	}
	if (how & 4)
		put_number(file + size - END + 1, nr, 8);
	put_number(file + size - 8, hash_of(size - 8), 8);
}

/* A large count, also one that overflows when it is multiplied */
static void put_much(void)
{
	uint64_t value = 1ull << (16 + fuzz_below(48)) | fuzz_below(4);

	for (; value > 0x7f; value >>= 7)
		file[size++] = (uint8_t)value | 0x80;
	file[size++] = (uint8_t)value;
}

/* Valid records, with one or two random bytes */
static void make_records(void)
{
	unsigned int nr = fuzz_below(24);

	size = HEADER;
	while (nr-- && size < FILE_MAX - 256) {
		unsigned int head = fuzz_u8() & 0x7f, i, n = (head & 7) + 1;

		/* At most 8 * 8 bytes */
		file[size++] = (uint8_t)head;
		if (!(head & 0x20)) {
			for (i = fuzz_below(10); i; i--)
				file[size++] = (uint8_t)fuzz_u8() | 0x80;
			file[size++] = fuzz_u8() & (fuzz_one_in(4) ? 1 : 0x7f);
		}
		if (head & 0x40 && fuzz_one_in(32)) {
			put_much();
		} else if (head & 0x40) {
			n *= file[size++] = (uint8_t)fuzz_below(9);
			if (fuzz_one_in(32))
				file[size - 1] |= 0x80;
		}
		for (i = 0; i < n; i++)
			file[size++] = (uint8_t)i;
	}
	size += END;
	for (nr = fuzz_below(16) / 13; nr; nr--)
		file[fuzz_u32() % size] = (uint8_t)fuzz_u8();
}

static void one_file(void)
{
	unsigned int how = fuzz_u8(), i;

	memset(file, 0, sizeof(file));
	if (how & 8) {
		make_records();
	} else if (fuzz.generates) {
		size = fuzz_u8() + 1;
		for (i = 0; i < size; i++)
			file[i] = (uint8_t)fuzz_u8();
	} else {
		size = (size_t)(fuzz.end - fuzz.at);
		size = size < FILE_MAX ? size : FILE_MAX;
		if (size)
			memcpy(file, fuzz.at, size);
		fuzz.at += size;
	}
	if (how & 3)
		fix_header(how);
	if (how & 0x10)
		size -= size > 4 ? fuzz_below(4) : 0;
	check_file();
}

static void run(void)
{
	if (fd < 0) {
		fd = memfd_create("trace", 0);
		FUZZ_ASSERT(fd >= 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	while (fuzz_more())
		one_file();
}

const struct fuzz_target fuzz_trace = { "trace", run };
