// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * ids.c - operations of id.h against a set of 64 bits
 *
 * The ids are 64 consecutive numbers at the bottom, at the top or in between. Blocks
 * and single ids therefore conflict often.
 */
#include <vmalloc/id.h>

#include "../selftests/vmalloc/verify.h"
#include "bitmap_model.h"
#include "fuzz.h"

static struct vmr_id_pool ids, ids_before;
static struct vmr_range range[PIECES], range_before[PIECES];
static struct cells cells;
static struct model_space model_space;
static uint64_t watermark;

static int index_of(const struct vmr_range *r)
{
	return r ? (int)(r - range) : NONE;
}

/* An id near the bounds; it wraps as a 32-bit number does. */
static uint32_t any_id(void)
{
	return (uint32_t)cells.base + fuzz_below(CELLS + 4) - 2;
}

static uint32_t any_count(void)
{
	unsigned int n = fuzz_u8();

	if (n < 160)
		return 1u << (n & 3);
	return n < 250 ? n % 8 + 1 : n % 70;
}

static struct vmr_request any_request(void)
{
	struct vmr_request req = VMR_REQUEST(any_count(), 1);
	unsigned int how = fuzz_u8();

	req.policy = (enum vmr_policy)(how & 3);
	if (how & 0x10)
		req.align = req.size;
	if ((how & 0x60) == 0x60)
		req.align = 1u << fuzz_below(8);
	if (!(how & 0xe0))
		req.prefer_align = 1u << fuzz_below(8);
	if (how & 4)
		req.min = any_id();
	if (how & 8)
		req.max = any_id();
	if (req.policy == VMR_EXACT) {
		req.addr = any_id();
		if (how & 0x80 && is_power(req.align))
			req.addr &= ~(req.align - 1);
	}
	return req;
}

/* The watermark */
static int allocated(int i, int ret)
{
	if (!ret && model_space.model_range[i].last >= watermark)
		watermark = model_space.model_range[i].last + 1;
	return ret;
}

static int free_by_number(uint64_t id, uint64_t count, int *freed)
{
	if (!count)
		return -EINVAL;
	if (id + count - 1 > UINT32_MAX)
		return -EOVERFLOW;
	if (id < cells.start || id + count - 1 > cells.last)
		return -ERANGE;
	if (id >= watermark)
		return -ENOENT;
	if (!(cells_touched(&cells, id, id + count - 1) & cells.live))
		return -EALREADY;
	return board_free_at(&model_space, &cells, cells.start, cells.last, id, count,
			     freed);
}

static void one_op(void)
{
	int ret, want, conflict = NONE, freed = NONE;
	struct vmr_range *blocker = NULL, *gone = NULL;
	int i = (int)fuzz_below(PIECES);
	const struct vmr_request one = VMR_REQUEST(1, 1);
	struct vmr_request req;
	unsigned int what = fuzz_below(10);
	uint32_t id, count;

	switch (what) {
	case 0:
	case 1:
		ret = vmr_id_alloc(&ids, &range[i]);
		want = allocated(i, board_alloc(&model_space, i, &cells, cells.start,
						cells.last, &one, &conflict));
		break;
	case 2:
		id = any_id();
		ret = vmr_id_reserve(&ids, &range[i], id, &blocker);
		want = allocated(i, board_reserve(&model_space, i, &cells, id, id,
						  &conflict));
		break;
	case 3:
	case 4:
	case 5:
		req = any_request();
		ret = vmr_id_alloc_block(&ids, &range[i], &req, &blocker);
		want = allocated(i, board_alloc(&model_space, i, &cells, cells.start,
						cells.last, &req, &conflict));
		break;
	case 6:
		id = any_id();
		ret = vmr_id_free(&ids, id, &gone);
		want = free_by_number(id, 1, &freed);
		break;
	case 7:
	case 8:
		id = (uint32_t)model_space.model_range[i].start;
		count = (uint32_t)(model_space.model_range[i].last - id + 1);
		if (fuzz_one_in(4)) {
			id = any_id();
			count = any_count();
		}
		ret = vmr_id_free_block(&ids, id, count, &gone);
		want = free_by_number(id, count, &freed);
		break;
	default:
		ret = vmr_id_free_range(&ids, &range[i]);
		want = board_free(&model_space, i, &cells);
	}
	if (ret != want || index_of(blocker) != conflict ||
	    index_of(gone) != freed)
		fuzz_fail("case %u: %d, %d in the way, %d freed; not %d, %d, %d",
			  what, ret, index_of(blocker), index_of(gone), want,
			  conflict, freed);
	if (ret && (memcmp(range, range_before, sizeof(range)) ||
		    memcmp(&ids, &ids_before, sizeof(ids))))
		fuzz_fail("case %u: failed and changed something", what);
}

static void check(uint64_t nr)
{
	int i = (int)(nr % PIECES);
	const struct model_range *p = &model_space.model_range[i];
	unsigned int cell = nr * 29 % CELLS;
	uint32_t id = (uint32_t)cell_addr(&cells, (int)cell);

	FUZZ_ASSERT(ids.high_watermark == watermark);
	FUZZ_ASSERT(index_of(vmr_id_find(&ids, id)) == cells.owner[cell]);
	FUZZ_ASSERT(vmr_id_is_allocated(&ids, id) == (cells.live >> cell & 1));
	FUZZ_ASSERT(vmr_range_state(&range[i]) == p->state &&
		    range[i].start == p->start && range[i].last == p->last &&
		    vmr_id_value(&range[i]) == (uint32_t)p->start);
	if (nr % 64 == 63)
		FUZZ_ASSERT(!strcmp(verify_space(&ids.space), VERIFY_OK));
}

static void run(void)
{
	static const uint32_t bases[] = { 0, 64, 0x7fffffc0, UINT32_MAX - 63 };
	unsigned int how = fuzz_u8();
	unsigned int first = how & 4 ? fuzz_below(24) : 0;
	unsigned int last = how & 8 ? 40 + fuzz_below(24) : CELLS - 1;
	uint64_t nr;

	memset(&model_space, 0, sizeof(model_space));
	memset(range, 0, sizeof(range));
	watermark = 0;
	cells_init(&cells, bases[how & 3], 0, first, last, UINT32_MAX);
	FUZZ_ASSERT(!vmr_id_pool_init(&ids, (uint32_t)cells.start,
				      (uint32_t)cells.last));
	for (nr = 0; fuzz_more(); nr++) {
		memcpy(range_before, range, sizeof(range));
		ids_before = ids;
		one_op();
		check(nr);
	}
	for (nr = 0; nr < CELLS; nr++)
		check(nr);
}

const struct fuzz_target fuzz_ids = { "ids", run };
