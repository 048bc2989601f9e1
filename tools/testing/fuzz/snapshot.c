// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * snapshot.c - bytes that may be a snapshot
 *
 * The states, keys and nodes are those of test_snapshot.c: a box of three spaces and
 * some registers, and a machine with PCI functions. A restored state must be valid
 * and must be saved as the same bytes, since a state has exactly one snapshot. A
 * failed restore must not change any byte. A second reader of the format must accept
 * the same inputs as the library.
 */
#include "fuzz.h"

#define rnd		rnd_of_a_seed
#define seed		seed_of_a_test
#include "../selftests/vmalloc/test_snapshot.c"
#undef rnd
#undef seed

#define BYTES_MAX	4096

static struct __test_metadata metadata;
static uint8_t sound[BYTES_MAX];
static size_t sound_size;

static uint64_t random_value(uint64_t below)
{
	if (below && below <= 256)
		return fuzz_below((unsigned int)below);
	return below ? fuzz_u32() % below : fuzz_u64();
}

static void fix_bytes(uint8_t *bytes, size_t n, unsigned int how)
{
	if (how & 1)
		fix_size(bytes, n);
	else if (how & 2)
		fix_checksum(bytes, n);
}

/*
 * The second reader: whether the bytes are a snapshot of a box, by the format in
 * snapshot.h.
 */

struct record {
	uint64_t	key;
	uint64_t	start;
	uint64_t	last;
	uint64_t	age;
};

/* The largest number of records in a space that fits the buffer */
#define RECORDS		128

static struct record record_list[2][RECORDS];
static uint64_t keys_met[SPACES * 2 * RECORDS];
static size_t nr_keys;

static bool is_key(uint64_t key, uint32_t space)
{
	size_t i;

	for (i = 0; i < NODES && KEY(i) != key; i++)
		;
	if (i == NODES || home_of(i) != space)
		return false;
	for (i = 0; i < nr_keys; i++)
		if (keys_met[i] == key)
			return false;
	keys_met[nr_keys++] = key;
	return true;
}

static bool are_live(const struct record *r, uint64_t nr)
{
	uint64_t i;

	for (i = 1; i < nr; i++)
		if (r[i].start <= r[i - 1].last)
			return false;
	return true;
}

static bool are_claims(const struct record *r, uint64_t nr,
		       const struct record *live, uint64_t nr_live)
{
	uint64_t i, j, claimed = 0, waits;

	for (i = 0; i < nr; i++)
		claimed += r[i].age != 0;
	for (i = 0; i < nr; i++) {
		if (i && r[i].start < r[i - 1].start)
			return false;
		for (waits = 0, j = 0; j < nr_live; j++)
			waits += live[j].start <= r[i].last &&
				 live[j].last >= r[i].start;
		if (r[i].age && (!waits || r[i].age > claimed))
			return false;
		/*
		 * Tickets are unique. At one address the older claim comes
		 * first, and the parked ranges last.
		 */
		for (j = 0; j < i; j++)
			if (r[i].age && (r[j].age == r[i].age ||
					 (r[j].start == r[i].start &&
					  (!r[j].age || r[j].age > r[i].age))))
				return false;
	}
	return true;
}

static size_t read_records(const uint8_t *bytes, size_t at, size_t end,
			   const struct vmr_snapshot_space *s, uint64_t nr,
			   size_t size, struct record *r)
{
	const struct vmr_space *space = s->space;
	uint64_t i;

	if (nr > RECORDS)
		return 0;
	for (i = 0; i < nr; i++, at += size) {
		if (end - at < size)
			return 0;
		r[i].key = get_le(bytes + at, 8);
		r[i].start = get_le(bytes + at + 8, 8);
		r[i].last = get_le(bytes + at + 16, 8);
		r[i].age = size == 32 ? get_le(bytes + at + 24, 8) : 0;
		if (!is_key(r[i].key, s->id) || r[i].start > r[i].last ||
		    r[i].start < space->start || r[i].last > space->last)
			return 0;
	}
	return at;
}

/* Returns the end of the space, or 0 if it is invalid. */
static size_t read_one_space(const uint8_t *bytes, size_t at, size_t end,
			     const struct vmr_snapshot_space *s)
{
	struct record *live = record_list[0], *claims = record_list[1];
	uint64_t mark, nr_live, nr_claims;

	if (end - at < 48)
		return 0;
	mark = get_le(bytes + at + 24, 8);
	nr_live = get_le(bytes + at + 32, 8);
	nr_claims = get_le(bytes + at + 40, 8);
	if (get_le(bytes + at, 4) != s->id ||
	    get_le(bytes + at + 4, 4) != (s->high_watermark ? 1 : 0) ||
	    get_le(bytes + at + 8, 8) != s->space->start ||
	    get_le(bytes + at + 16, 8) != s->space->last)
		return 0;
	if (mark && (!s->high_watermark || mark - 1 < s->space->start ||
		     mark - 1 > s->space->last))
		return 0;
	at = read_records(bytes, at + 48, end, s, nr_live, 24, live);
	if (at)
		at = read_records(bytes, at, end, s, nr_claims, 32,
				  claims);
	if (!at || !are_live(live, nr_live) ||
	    !are_claims(claims, nr_claims, live, nr_live))
		return 0;
	if (s->high_watermark && nr_live && mark <= live[nr_live - 1].last)
		return 0;
	return at;
}

static bool is_box(const uint8_t *bytes, size_t n)
{
	size_t at = 32, end = n - 4, i, j, padded;

	if (n < 36 || memcmp(bytes, "VMRSNAP", 8) ||
	    get_le(bytes + 8, 4) != 2 || get_le(bytes + 12, 4) ||
	    get_le(bytes + 16, 8) != n || get_le(bytes + 24, 4) != SPACES ||
	    get_le(bytes + 28, 4) != 2 ||
	    get_le(bytes + end, 4) != crc32c(bytes, end))
		return false;
	nr_keys = 0;
	for (i = 0; i < SPACES; i++) {
		at = read_one_space(bytes, at, end, &dst.spaces[i]);
		if (!at)
			return false;
	}
	for (i = 0; i < 2; i++) {
		const struct vmr_snapshot_block *b = &dst.blocks[i];

		padded = (b->size + 7) / 8 * 8;
		if (end - at < 16 + padded || get_le(bytes + at, 8) != b->key ||
		    get_le(bytes + at + 8, 8) != b->size)
			return false;
		for (j = b->size; j < padded; j++)
			if (bytes[at + 16 + j])
				return false;
		at += 16 + padded;
	}
	return at == end;
}

/* The box */

static void box_place(const struct vmr_space *space, uint64_t *start,
		      uint64_t *last)
{
	uint64_t a = random_value(72), size = random_value(8);

	if (space->last == VMR_ADDR_MAX)
		a = a & 1 ? VMR_ADDR_MAX - a / 2 : a / 2;
	else
		a = space->start + a % 9 * 3 % (space->last - space->start + 1);
	*start = a;
	*last = size > space->last - a ? space->last : a + size;
}

static void box_step(void)
{
	struct vmr_snapshot_space *s = &src.spaces[random_value(SPACES)];
	struct vmr_range *range = &src.r[random_value(NODES)];
	uint64_t start, last;
	size_t i;

	for (i = 0; i < SPACES; i++)
		if (vmr_in_space(src.spaces[i].space, range))
			vmr_free(src.spaces[i].space, range);
	box_place(s->space, &start, &last);
	switch (random_value(8)) {
	case 0:
		break;
	case 1:
	case 2:
		vmr_claim(s->space, range, start, last);
		break;
	case 3:
		vmr_park(s->space, range, start, last);
		break;
	default:
		vmr_reserve(s->space, range, start, last, NULL);
	}
	src.regs[random_value(sizeof(src.regs))] = (uint8_t)random_value(256);
}

static bool restored_exactly(const uint8_t *bytes, size_t n)
{
	size_t s;
	int ret;

	memcpy(&dst_before, &dst, sizeof(dst));
	ret = vmr_snapshot_restore(&dst.snap, bytes, n);
	if (ret) {
		FUZZ_ASSERT(ret == -EBADMSG || ret == -ENODEV);
		FUZZ_ASSERT(!memcmp(&dst_before, &dst, sizeof(dst)));
		FUZZ_ASSERT(!is_box(bytes, n));
		return false;
	}
	for (s = 0; s < SPACES; s++)
		FUZZ_ASSERT(!strcmp(verify_space(dst.spaces[s].space),
				    VERIFY_OK));
	FUZZ_ASSERT(save(&dst, again) == n && !memcmp(bytes, again, n));
	box_clear(&dst);
	FUZZ_ASSERT(is_box(bytes, n));
	return true;
}

/* Replace a number by one near another, or by a random one. */
static void damage_number(uint8_t *bytes, size_t n)
{
	size_t at = random_value(n / 4) * 4, from = random_value(n / 4) * 4;
	int width = at + 8 <= n && random_value(4) ? 8 : 4;

	switch (random_value(6)) {
	case 0:
		put_le(bytes + at, get_le(bytes + at, width) + random_value(9) - 4,
		       width);
		break;
	case 1:
		put_le(bytes + at, random_value(64), width);
		break;
	case 2:
		put_le(bytes + at, random_value(0), width);
		break;
	case 3:
		put_le(bytes + at, ~random_value(4), width);
		break;
	case 4:
		if (from + width <= n)
			memmove(bytes + at, bytes + from, width);
		break;
	default:
		bytes[random_value(n)] ^= 1 << random_value(8);
	}
}

/* Swap two records. */
static void damage_order(uint8_t *bytes, size_t n)
{
	size_t size = random_value(2) ? 24 : 32, at = random_value(n / 8) * 8;
	uint8_t record[32];

	if (at + 2 * size > n)
		return;
	memcpy(record, bytes + at, size);
	memmove(bytes + at, bytes + at + size, size);
	memcpy(bytes + at + size, record, size);
}

/* The offset of space @index of a valid snapshot */
static size_t space_at(const uint8_t *bytes, unsigned int index)
{
	size_t at = 32;

	while (index--)
		at += 48 + 24 * get_le(bytes + at + 32, 8) +
		      32 * get_le(bytes + at + 40, 8);
	return at;
}

/*
 * Move a live record to another space of a valid snapshot, behind the records with
 * lower addresses. Its node then has a record in a space that it does not belong to.
 */
static void move_record(uint8_t *bytes, size_t n)
{
	unsigned int nr = (unsigned int)get_le(bytes + 24, 4);
	size_t from = space_at(bytes, (unsigned int)random_value(nr));
	size_t to = space_at(bytes, (unsigned int)random_value(nr));
	uint64_t nr_from = get_le(bytes + from + 32, 8);
	uint64_t nr_to = get_le(bytes + to + 32, 8);
	uint8_t record[24];

	if (from == to || !nr_from)
		return;
	put_le(bytes + from + 32, nr_from - 1, 8);
	put_le(bytes + to + 32, nr_to + 1, 8);
	from += 48 + 24 * random_value(nr_from);
	to += 48;
	memcpy(record, bytes + from, 24);
	while (nr_to-- && get_le(bytes + to + 8, 8) < get_le(record + 8, 8))
		to += 24;
	if (from < to) {
		memmove(bytes + from, bytes + from + 24, to - from - 24);
		memcpy(bytes + to - 24, record, 24);
	} else {
		memmove(bytes + to + 24, bytes + to, from - to);
		memcpy(bytes + to, record, 24);
	}
	fix_size(bytes, n);
}

/* Remove bytes or duplicate them. */
static size_t damage_length(uint8_t *bytes, size_t n, size_t max)
{
	size_t at = random_value(n / 8 + 1) * 8, by = 8 + random_value(5) * 8;

	if (at + by > n)
		return random_value(n + 1);
	if (random_value(2)) {
		memmove(bytes + at, bytes + at + by, n - at - by);
		return n - by;
	}
	if (n + by > max)
		return n;
	memmove(bytes + at + by, bytes + at, n - at);
	return n + by;
}

static size_t damage(uint8_t *bytes, size_t n, size_t max)
{
	size_t times = 1 + random_value(3);

	while (times-- && n >= 8) {
		if (random_value(4))
			damage_number(bytes, n);
		else if (random_value(2))
			damage_order(bytes, n);
		else
			n = damage_length(bytes, n, max);
	}
	fix_bytes(bytes, n, random_value(16) ? 1 : (unsigned int)random_value(4));
	return n;
}

/* Save another state, and restore it. */
static void new_box_state(void)
{
	int nr = (int)random_value(12);

	if (!random_value(8))
		box_clear(&src);
	while (nr--)
		box_step();
	settle_all(&src);
	find_homes(&src);
	sound_size = save(&src, sound);
	FUZZ_ASSERT(sound_size && sound_size <= sizeof(sound));
	FUZZ_ASSERT(restored_exactly(sound, sound_size));
}

static void box_damaged(void)
{
	size_t n = sound_size;

	memcpy(bad, sound, n);
	if (random_value(8))
		n = damage(bad, n, sizeof(bad));
	else
		move_record(bad, n);
	dst.fault = random_value(16) ? NO_FAULT : (int)random_value(5);
	/* With a fault the state differs from the saved one, but is valid. */
	if (dst.fault == NO_FAULT) {
		restored_exactly(bad, n);
	} else if (!vmr_snapshot_restore(&dst.snap, bad, n)) {
		FUZZ_ASSERT(!strcmp(verify_space(&dst.small), VERIFY_OK));
		FUZZ_ASSERT(!strcmp(verify_space(&dst.all), VERIFY_OK));
		FUZZ_ASSERT(!strcmp(verify_space(&dst.ids.space), VERIFY_OK));
		box_clear(&dst);
	}
	dst.fault = NO_FAULT;
}

/* The machine */

static void machine_damaged(void)
{
	size_t n = image_size;
	int ret;

	memcpy(image2, image, n);
	if (random_value(4))
		n = damage(image2, n, sizeof(image2));
	else
		move_record(image2, n);
	memcpy(&new_before, &new, sizeof(new));
	ret = vmr_snapshot_restore(&new.snap, image2, n);
	if (ret) {
		FUZZ_ASSERT(ret == -EBADMSG || ret == -ENODEV);
		FUZZ_ASSERT(!memcmp(&new_before, &new, sizeof(new)));
		return;
	}
	FUZZ_ASSERT(machine_save(&new, bad) == n && !memcmp(image2, bad, n));
	machine_init(&metadata, &new);
}

/* The remaining bytes, unchanged or with a correct checksum */
static void raw_bytes(unsigned int how)
{
	size_t n = (size_t)(fuzz.end - fuzz.at);

	n = n < sizeof(bad) ? n : sizeof(bad);
	if (n)
		memcpy(bad, fuzz.at, n);
	fuzz.at += n;
	fix_bytes(bad, n, how);
	restored_exactly(bad, n);
	if (n >= 36)
		memcpy(bad, "VMRSNAP\0\1\0\0\0\0\0\0\0", 16);
	fix_bytes(bad, n, 1);
	restored_exactly(bad, n);
}

static void one_op(void)
{
	unsigned int what = fuzz_u8();

	if (what < 200)
		box_damaged();
	else if (what < 240)
		machine_damaged();
	else if (what < 248 || fuzz.generates)
		new_box_state();
	else
		raw_bytes(what);
}

static void run(void)
{
	boxes_init();
	if (!image_size) {
		machine_run(&metadata);
		image_size = machine_save(&old, image);
		FUZZ_ASSERT(image_size);
	}
	machine_init(&metadata, &new);
	new_box_state();
	while (fuzz_more())
		one_op();
}

const struct fuzz_target fuzz_snapshot = { "snapshot", run };
