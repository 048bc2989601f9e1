/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * snapshot_file.h - the file that a machine is saved in
 *
 * The file is a sequence of words of 64 bits, in the order of the host: the magic
 * number, the version, the sections, and a checksum of all words before it. A section
 * is its type, the number of its bytes, and the bytes with zeros up to a whole word.
 * The sections have the order of enum snapshot_type. There is one of each type, but any
 * number of SNAPSHOT_PAGES.
 */
#ifndef VMM_MACHINE_SNAPSHOT_FILE_H
#define VMM_MACHINE_SNAPSHOT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SNAPSHOT_FILE_VERSION	3

/**
 * enum snapshot_type - the types of sections
 * @SNAPSHOT_MACHINE: the description of the machine, by which another one is made
 * @SNAPSHOT_MAPS: the library's snapshot of the maps and of the registers
 * @SNAPSHOT_ITEMS: the items of fw_cfg; no bytes without firmware
 * @SNAPSHOT_FIRST_REGISTERS: the registers when the machine was switched on
 * @SNAPSHOT_FIRST_STATE: the state of KVM at that time
 * @SNAPSHOT_STATE: the state of KVM; no bytes if the machine has not begun
 * @SNAPSHOT_PAGES: bytes of a memory, behind its number and the offset in it
 * @SNAPSHOT_END: no bytes
 */
enum snapshot_type {
	SNAPSHOT_MACHINE = 1,
	SNAPSHOT_MAPS,
	SNAPSHOT_ITEMS,
	SNAPSHOT_FIRST_REGISTERS,
	SNAPSHOT_FIRST_STATE,
	SNAPSHOT_STATE,
	SNAPSHOT_PAGES,
	SNAPSHOT_END,
};

#define SNAPSHOT_WORD	sizeof(uint64_t)

/* The bytes that so many take in a file, with the zeros up to a whole word */
static inline uint64_t snapshot_padded(uint64_t size)
{
	return (size + SNAPSHOT_WORD - 1) & ~(SNAPSHOT_WORD - 1);
}

/**
 * struct snapshot_writer - a file that is being written
 * @part: the name of the file until it is complete
 * @sum: the checksum of what was written
 * @failed: a write has failed
 */
struct snapshot_writer {
	FILE		*file;
	const char	*path;
	char		*part;
	uint64_t	sum;
	bool		failed;
};

/**
 * struct snapshot_file - a file that is being read
 * @bytes: all of it
 * @end: the offset of the checksum
 * @at: the offset of the next section
 */
struct snapshot_file {
	const uint8_t	*bytes;
	size_t		size;
	size_t		end;
	size_t		at;
};

/* All of these return NULL, or what is wrong. */
const char *snapshot_create(struct snapshot_writer *writer, const char *path);
const char *snapshot_open(struct snapshot_file *file, const char *path);

/* Give the file its name; or remove it after a fault, which is returned. */
const char *snapshot_finish(struct snapshot_writer *writer, const char *fault);

/* A section of so many bytes, which follow in any number of parts */
void snapshot_begin(struct snapshot_writer *writer, enum snapshot_type type,
		    size_t size);
void snapshot_put(struct snapshot_writer *writer, const void *bytes,
		  size_t size);
void snapshot_section(struct snapshot_writer *writer, enum snapshot_type type,
		      const void *bytes, size_t size);

/* Whether the next section is of a type */
bool snapshot_next_is(const struct snapshot_file *file, enum snapshot_type type);

/* The bytes of the next section, NULL if it is of another type */
const uint8_t *snapshot_next(struct snapshot_file *file,
			     enum snapshot_type type, size_t *size);
void snapshot_close(struct snapshot_file *file);

#endif /* VMM_MACHINE_SNAPSHOT_FILE_H */
