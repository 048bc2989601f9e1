// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * trace.c - files with every exit of a run
 *
 * Documentation/vmm-trace.rst describes the format for the authors of other tools.
 * All numbers of fixed size are little-endian. A varint has seven bits in each byte,
 * the lowest first, and bit 7 set in all but its last byte.
 *
 *	header	8 bytes	"VMRTRACE"
 *		u32	version, 1
 *		u32	size of the header, 48 or 52
 *		u64	ram_low, ram_high, firmware_size
 *		u32	phys_bits, nr_slots
 *		u32	machine, if the header has 52 bytes; else it is 0
 *	record	u8	bits 0-2 width - 1; bit 3 write; bit 4 MMIO; bit 5 same
 *			address as the record before; bit 6 a count follows;
 *			bit 7 zero
 *		varint	address, unless bit 5 is set
 *		varint	count, if bit 6 is set; else it is 1
 *		bytes	width * count: what was written, or what the read got
 *	end	u8	0x80
 *		u64	number of records
 *		u64	FNV-1a hash of all bytes before this one
 *
 * A file is read whole and its hash compared before anything in it is used;
 * still each field is checked, for a hash is no signature.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm.h"

#define TRACE_MAGIC	"VMRTRACE"
#define TRACE_VERSION	1
#define HEADER_SIZE	48	/* without the machine, */
#define HEADER_LIMIT	52	/* and with it */
#define END_SIZE	17
#define SIZE_LIMIT	(256 * MIB)
#define BYTES_LIMIT	65536	/* of one record; KVM stays at a page */

#define REC_WIDTH	0x07
#define REC_WRITE	0x08
#define REC_MMIO	0x10
#define REC_SAME	0x20
#define REC_COUNT	0x40
#define REC_END		0x80

#define FNV_START	0xcbf29ce484222325ULL
#define FNV_PRIME	0x100000001b3ULL

struct trace {
	FILE		*file;		/* when recording */
	uint8_t		*bytes;		/* when replaying */
	size_t		size;
	size_t		pos;
	uint64_t	hash;
	uint64_t	records;
	uint64_t	last;		/* address of the record before */
	bool		failed;
	char		path[];
};

static uint64_t fnv(uint64_t hash, const uint8_t *bytes, size_t size)
{
	while (size--)
		hash = (hash ^ *bytes++) * FNV_PRIME;
	return hash;
}

static uint8_t *put_le(uint8_t *to, uint64_t value, unsigned int size)
{
	while (size--) {
		*to++ = (uint8_t)value;
		value >>= 8;
	}
	return to;
}

static uint64_t get_le(const uint8_t *from, unsigned int size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | from[size];
	return value;
}

static uint8_t *put_varint(uint8_t *to, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		*to++ = (uint8_t)value | 0x80;
	*to++ = (uint8_t)value;
	return to;
}

static struct trace *trace_alloc(const char *path)
{
	size_t size = strlen(path) + 1;
	struct trace *trace = calloc(1, sizeof(*trace) + size);

	if (!trace) {
		vmm_err("%s: no memory", path);
		return NULL;
	}
	memcpy(trace->path, path, size);
	trace->hash = FNV_START;
	return trace;
}

static void emit(struct trace *trace, const uint8_t *bytes, size_t size)
{
	trace->hash = fnv(trace->hash, bytes, size);
	if (fwrite(bytes, 1, size, trace->file) != size)
		trace->failed = true;
}

/* Begin a file. NULL and a message if that cannot be done. */
struct trace *trace_create(const char *path, const struct vmm_config *config)
{
	struct trace *trace = trace_alloc(path);
	uint32_t size = config->machine ? HEADER_LIMIT : HEADER_SIZE;
	uint8_t header[HEADER_LIMIT];
	uint8_t *p = header;

	if (!trace)
		return NULL;
	trace->file = fopen(path, "wb");
	if (!trace->file) {
		vmm_err("%s: %s", path, strerror(errno));
		free(trace);
		return NULL;
	}
	memcpy(p, TRACE_MAGIC, 8);
	p = put_le(p + 8, TRACE_VERSION, 4);
	p = put_le(p, size, 4);
	p = put_le(p, config->ram_low, 8);
	p = put_le(p, config->ram_high, 8);
	p = put_le(p, config->firmware_size, 8);
	p = put_le(p, config->phys_bits, 4);
	p = put_le(p, config->nr_slots, 4);
	put_le(p, config->machine, 4);
	emit(trace, header, size);
	return trace;
}

/* Add an exit, after it has been routed. */
void trace_put(struct trace *trace, const struct vmm_exit *exit)
{
	uint8_t head[1 + 10 + 5];
	uint8_t *p = head + 1;

	head[0] = (uint8_t)(exit->width - 1);
	if (exit->write)
		head[0] |= REC_WRITE;
	if (exit->io == VMR_MMIO)
		head[0] |= REC_MMIO;
	if (trace->records && exit->addr == trace->last)
		head[0] |= REC_SAME;
	else
		p = put_varint(p, exit->addr);
	if (exit->count != 1) {
		head[0] |= REC_COUNT;
		p = put_varint(p, exit->count);
	}
	emit(trace, head, (size_t)(p - head));
	emit(trace, exit->data, (size_t)exit->width * exit->count);
	trace->last = exit->addr;
	trace->records++;
}

/* Write the end mark and close. The file is whole if this returns 0. */
int trace_finish(struct trace *trace)
{
	uint8_t end[9] = { REC_END };
	uint8_t hash[8];
	int err = 0;

	put_le(end + 1, trace->records, 8);
	emit(trace, end, sizeof(end));
	put_le(hash, trace->hash, 8);
	emit(trace, hash, sizeof(hash));
	if (fclose(trace->file))
		trace->failed = true;
	if (trace->failed) {
		vmm_err("%s: could not be written: %s", trace->path,
			strerror(errno));
		err = -1;
	}
	free(trace);
	return err;
}

static int trace_load(struct trace *trace)
{
	struct stat st;
	ssize_t got;
	int fd;

	fd = open(trace->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		vmm_err("%s: %s", trace->path, strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > SIZE_LIMIT) {
		vmm_err("%s: not a trace", trace->path);
		goto fail;
	}
	trace->size = (size_t)st.st_size;
	trace->bytes = malloc(trace->size + 1);
	if (!trace->bytes) {
		vmm_err("%s: no memory", trace->path);
		goto fail;
	}
	while (trace->pos < trace->size) {
		got = read(fd, trace->bytes + trace->pos,
			   trace->size - trace->pos);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			vmm_err("%s: %s", trace->path,
				got ? strerror(errno) : "it shrinks");
			goto fail;
		}
		trace->pos += (size_t)got;
	}
	close(fd);
	return 0;
fail:
	if (fd >= 0)
		close(fd);
	return -1;
}

static const char *header_fault(const struct trace *trace,
				struct vmm_config *config)
{
	const uint8_t *p = trace->bytes;
	uint64_t top, size;

	if (trace->size < 8 || memcmp(p, TRACE_MAGIC, 8))
		return "not a trace";
	if (trace->size < HEADER_SIZE)
		return "truncated";
	size = get_le(p + 12, 4);
	if (get_le(p + 8, 4) != TRACE_VERSION ||
	    (size != HEADER_SIZE && size != HEADER_LIMIT))
		return "a trace of another version";
	if (trace->size < size + END_SIZE ||
	    p[trace->size - END_SIZE] != REC_END)
		return "truncated";
	if (get_le(p + trace->size - 8, 8) !=
	    fnv(FNV_START, p, trace->size - 8))
		return "truncated or damaged";

	config->ram_low = get_le(p + 16, 8);
	config->ram_high = get_le(p + 24, 8);
	config->firmware_size = get_le(p + 32, 8);
	config->phys_bits = (uint32_t)get_le(p + 40, 4);
	config->nr_slots = (uint32_t)get_le(p + 44, 4);
	if (size == HEADER_LIMIT)
		config->machine = (uint32_t)get_le(p + 48, 4);
	if (config->machine > MACHINE_Q35)
		return "of another machine";
	if (config->phys_bits < 33 || config->phys_bits > 52)
		return "of an impossible machine";
	top = 1ULL << config->phys_bits;
	if (config->ram_low <= MIB || config->ram_low > 3 * GIB ||
	    config->ram_high > top - 4 * GIB ||
	    !config->firmware_size || config->firmware_size > 16 * MIB ||
	    (config->ram_low | config->ram_high | config->firmware_size) %
	    (4 * KIB) || !config->nr_slots)
		return "of an impossible machine";
	return NULL;
}

/* Read a file. NULL and a message if it is not there, or not such a file. */
struct trace *trace_open(const char *path, struct vmm_config *config)
{
	struct trace *trace = trace_alloc(path);
	const char *fault;

	if (!trace)
		return NULL;
	if (trace_load(trace)) {
		trace_close(trace);
		return NULL;
	}
	fault = header_fault(trace, config);
	if (fault) {
		vmm_err("%s: %s", path, fault);
		trace_close(trace);
		return NULL;
	}
	trace->pos = (size_t)get_le(trace->bytes + 12, 4);
	trace->size -= END_SIZE;
	return trace;
}

static bool get_varint(struct trace *trace, uint64_t *value)
{
	unsigned int shift;
	uint8_t byte;

	*value = 0;
	for (shift = 0; shift < 64; shift += 7) {
		if (trace->pos == trace->size)
			return false;
		byte = trace->bytes[trace->pos++];
		if (shift == 63 && byte > 1)
			return false;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/*
 * The next exit; its data stay in the trace and must not be written. Return: 1, or 0
 * at the end, or -1 and a message if the file is invalid.
 */
int trace_get(struct trace *trace, struct vmm_exit *exit)
{
	uint64_t count = 1;
	uint8_t head;

	if (trace->pos == trace->size) {
		if (get_le(trace->bytes + trace->size + 1, 8) ==
		    trace->records)
			return 0;
		goto malformed;
	}
	head = trace->bytes[trace->pos++];
	if (head & REC_END)
		goto malformed;
	exit->width = (head & REC_WIDTH) + 1;
	exit->write = head & REC_WRITE;
	exit->io = head & REC_MMIO ? VMR_MMIO : VMR_PIO;
	if (head & REC_SAME && !trace->records)
		goto malformed;
	if (!(head & REC_SAME) && !get_varint(trace, &trace->last))
		goto malformed;
	if (head & REC_COUNT && !get_varint(trace, &count))
		goto malformed;
	if (!count || count > BYTES_LIMIT / exit->width ||
	    count * exit->width > trace->size - trace->pos)
		goto malformed;
	exit->addr = trace->last;
	exit->count = (uint32_t)count;
	exit->data = trace->bytes + trace->pos;
	trace->pos += (size_t)(count * exit->width);
	trace->records++;
	return 1;

malformed:
	vmm_err("%s: record %" PRIu64 " makes no sense", trace->path,
		trace->records + 1);
	return -1;
}

void trace_close(struct trace *trace)
{
	free(trace->bytes);
	free(trace);
}
