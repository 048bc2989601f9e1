// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * snapshot_file.c - write and read the file that a machine is saved in
 *
 * A file gets its name when it is complete. A reader checks the whole file before it
 * returns the first section.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot_file.h"

#define WORD		SNAPSHOT_WORD
#define MAGIC		0x70616e732d6d6d76ull	/* "vmm-snap" on little-endian */
#define HEAD		(2 * WORD)		/* magic number and version */
#define SECTION_HEAD	(2 * WORD)		/* type and size */
#define SUM_FACTOR	0x9e3779b97f4a7c15ull

/* For a change of one word there is always another sum: each step is reversible. */
static uint64_t add_to_sum(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * SUM_FACTOR;
	return sum ^ sum >> 32;
}

static uint64_t word_at(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, WORD);
	return word;
}

static uint64_t sum_of(uint64_t sum, const uint8_t *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += WORD)
		sum = add_to_sum(sum, word_at(bytes + i));
	return sum;
}

/* Whole words */
static void put(struct snapshot_writer *writer, const void *bytes, size_t size)
{
	writer->sum = sum_of(writer->sum, bytes, size);
	if (fwrite(bytes, 1, size, writer->file) != size)
		writer->failed = true;
}

static void put_word(struct snapshot_writer *writer, uint64_t word)
{
	put(writer, &word, WORD);
}

const char *snapshot_create(struct snapshot_writer *writer, const char *path)
{
	size_t size = strlen(path) + sizeof(".part");
	const char *fault;
	struct stat st;
	int fd;

	memset(writer, 0, sizeof(*writer));
	/* The name would be taken from a device, such as /dev/null. */
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return "it is there and is no regular file";
	writer->path = path;
	writer->part = malloc(size);
	if (!writer->part)
		return "no memory";
	snprintf(writer->part, size, "%s.part", path);
	/* The file has the memory of the guest: it is for its owner. */
	fd = open(writer->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	writer->file = fd < 0 ? NULL : fdopen(fd, "wb");
	if (!writer->file) {
		fault = strerror(errno);
		if (fd >= 0)
			close(fd);
		free(writer->part);
		return fault;
	}
	put_word(writer, MAGIC);
	put_word(writer, SNAPSHOT_FILE_VERSION);
	return NULL;
}

void snapshot_begin(struct snapshot_writer *writer, enum snapshot_type type,
		    size_t size)
{
	put_word(writer, type);
	put_word(writer, size);
}

/* All parts of a section but the last one are whole words. */
void snapshot_put(struct snapshot_writer *writer, const void *bytes, size_t size)
{
	size_t whole = size & ~(WORD - 1);
	uint64_t word = 0;

	put(writer, bytes, whole);
	if (whole == size)
		return;
	memcpy(&word, (const uint8_t *)bytes + whole, size - whole);
	put_word(writer, word);
}

void snapshot_section(struct snapshot_writer *writer, enum snapshot_type type,
		      const void *bytes, size_t size)
{
	snapshot_begin(writer, type, size);
	if (size)
		snapshot_put(writer, bytes, size);
}

const char *snapshot_finish(struct snapshot_writer *writer, const char *fault)
{
	snapshot_section(writer, SNAPSHOT_END, NULL, 0);
	put_word(writer, writer->sum);
	if (fclose(writer->file) || writer->failed)
		fault = fault ? fault : "the file cannot be written";
	else if (!fault && rename(writer->part, writer->path))
		fault = strerror(errno);
	if (fault)
		unlink(writer->part);
	free(writer->part);
	return fault;
}

bool snapshot_next_is(const struct snapshot_file *file, enum snapshot_type type)
{
	return file->at < file->end && word_at(file->bytes + file->at) == type;
}

const uint8_t *snapshot_next(struct snapshot_file *file,
			     enum snapshot_type type, size_t *size)
{
	const uint8_t *section = file->bytes + file->at;

	if (!snapshot_next_is(file, type))
		return NULL;
	*size = word_at(section + WORD);
	file->at += SECTION_HEAD + snapshot_padded(*size);
	return section + SECTION_HEAD;
}

/* Whether each section ends inside the file, and only the last one is its end */
static bool sections_valid(const struct snapshot_file *file)
{
	uint64_t type = 0, size, left;
	size_t at = HEAD;

	while (at < file->end) {
		left = file->end - at;
		if (type == SNAPSHOT_END || left < SECTION_HEAD)
			return false;
		type = word_at(file->bytes + at);
		size = word_at(file->bytes + at + WORD);
		left -= SECTION_HEAD;
		if (size > left || snapshot_padded(size) > left)
			return false;
		at += SECTION_HEAD + snapshot_padded(size);
	}
	return type == SNAPSHOT_END;
}

static const char *check(struct snapshot_file *file)
{
	if (file->size < HEAD || word_at(file->bytes) != MAGIC)
		return "it is no snapshot of a machine";
	if (word_at(file->bytes + WORD) != SNAPSHOT_FILE_VERSION)
		return "it is a snapshot of another version";
	if (file->size % WORD || file->size < HEAD + WORD)
		return "it is cut off";
	file->end = file->size - WORD;
	if (sum_of(0, file->bytes, file->end) !=
	    word_at(file->bytes + file->end))
		return "it is cut off or damaged";
	if (!sections_valid(file))
		return "its sections are damaged";
	file->at = HEAD;
	return NULL;
}

const char *snapshot_open(struct snapshot_file *file, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *fault = NULL;
	struct stat st;
	void *bytes;

	memset(file, 0, sizeof(*file));
	if (fd < 0)
		return strerror(errno);
	if (fstat(fd, &st))
		fault = strerror(errno);
	else if (!S_ISREG(st.st_mode) || !st.st_size)
		fault = "it is no snapshot of a machine";
	if (!fault) {
		file->size = (size_t)st.st_size;
		bytes = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes == MAP_FAILED)
			fault = strerror(errno);
		else
			file->bytes = bytes;
	}
	close(fd);
	if (!fault)
		fault = check(file);
	if (fault)
		snapshot_close(file);
	return fault;
}

void snapshot_close(struct snapshot_file *file)
{
	if (file->bytes)
		munmap((void *)(uintptr_t)file->bytes, file->size);
	file->bytes = NULL;
}
