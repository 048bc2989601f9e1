// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pci.c - a guest that writes to twelve functions behind three bridges
 *
 * The machine, the accesses of the guest and the checks are those of test_hostile_guest.c,
 * with the bytes of the fuzzer in place of random numbers. The checks compute the
 * expected state from the registers, as the specification defines them, and from all
 * regions one by one.
 */
#include "fuzz.h"

/* The random numbers of that test are not used. */
#define chance		chance_of_a_seed
#define dice		dice_of_a_seed
#include "../selftests/vmalloc/bus.h"
#undef chance
#undef dice

static uint64_t chance(void)
{
	return fuzz_u64();
}

/* Use as few bytes as possible: a change of one then has more effect. */
static uint32_t dice(uint32_t n)
{
	if (n <= 256)
		return fuzz_below(n);
	return (uint32_t)((uint64_t)fuzz_u32() * n >> 32);
}

#define run		run_as_a_test
#include "../selftests/vmalloc/test_hostile_guest.c"
#undef run

#define CLEAR(object)	memset(&(object), 0, sizeof(object))

/* Reset all variables: the process has run a target before. */
static void begin(void)
{
	CLEAR(m);
	CLEAR(host);
	CLEAR(bridges);
	CLEAR(cards);
	CLEAR(msis);
	CLEAR(msixs);
	CLEAR(vectors);
	CLEAR(fn_states);
	CLEAR(model_space);
	CLEAR(naive);
	CLEAR(notified);
	undefined = 0;
	FUZZ_ASSERT(!hostile_up(fuzz_one_in(2) ? MACHINE_LAST : VMR_ADDR_MAX));
}

static void check(void)
{
	const char *what = check_all();

	if (what)
		fuzz_fail("%s", what);
}

/* The check is slow, so a generated run does it seldom. */
static void run(void)
{
	unsigned int every = fuzz.generates ? 256 : 4, nr;

	begin();
	for (nr = 1; fuzz_more(); nr++) {
		exit_once();
		if (nr % every == 0)
			check();
	}
	check();
}

const struct fuzz_target fuzz_pci = { "pci", run };
