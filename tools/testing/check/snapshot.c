// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * snapshot.c - damage a file with a machine in each way, for snapshot.sh
 *
 *	snapshot cut FILE		each shorter file is refused
 *	snapshot flips FILE		so is each file with a changed bit
 *	snapshot size FILE		bytes of the first section, without its head
 *	snapshot change FILE COPY N	a copy with another byte N of that section, and
 *					with a right checksum
 */
#include <stdlib.h>

#include "../../vmm/machine/snapshot_file.c"

static uint8_t *bytes;
static size_t size;

static void fail(const char *what, size_t at)
{
	fprintf(stderr, "%s %zu\n", what, at);
	exit(1);
}

static void load(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file || fseek(file, 0, SEEK_END))
		fail("no file", 0);
	size = (size_t)ftell(file);
	bytes = malloc(size);
	rewind(file);
	if (!bytes || fread(bytes, 1, size, file) != size)
		fail("the file cannot be read", size);
	fclose(file);
}

/* As snapshot_open() checks the bytes of a file */
static const char *check_bytes(const uint8_t *from, size_t length)
{
	struct snapshot_file file = { .bytes = from, .size = length };

	return check(&file);
}

static void cut(void)
{
	uint8_t *part;
	size_t n;

	for (n = 0; n < size; n++) {
		/* A sanitizer sees a read behind the end. */
		part = malloc(n ? n : 1);
		if (!part)
			fail("no memory", n);
		memcpy(part, bytes, n);
		if (!check_bytes(part, n))
			fail("accepted: a file of so many bytes:", n);
		free(part);
	}
	printf("%zu shorter files refused\n", size);
}

static void change_bits(void)
{
	size_t i;

	for (i = 0; i < size; i++) {
		bytes[i] ^= (uint8_t)(1u << i % 8);
		if (!check_bytes(bytes, size))
			fail("accepted: a change at", i);
		bytes[i] ^= (uint8_t)(1u << i % 8);
	}
	printf("%zu changes refused\n", size);
}

static void change(const char *path, size_t at)
{
	FILE *file = fopen(path, "wb");
	uint64_t sum;

	bytes[HEAD + SECTION_HEAD + at] ^= 0xff;
	sum = sum_of(0, bytes, size - WORD);
	memcpy(bytes + size - WORD, &sum, WORD);
	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file))
		fail("the copy cannot be written", at);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	load(argv[2]);
	if (check_bytes(bytes, size))
		fail("the file is refused as it is", size);
	if (!strcmp(argv[1], "cut"))
		cut();
	else if (!strcmp(argv[1], "flips"))
		change_bits();
	else if (!strcmp(argv[1], "size"))
		printf("%zu\n", (size_t)word_at(bytes + HEAD + WORD));
	else if (!strcmp(argv[1], "change") && argc == 5)
		change(argv[3], (size_t)atoi(argv[4]));
	else
		return 2;
	return 0;
}
