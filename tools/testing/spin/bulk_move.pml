/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * bulk_move.pml - bulk moves, claims that go live, and lookup caches
 *
 * Each of two addresses is always mapped to one of three regions. The third region
 * claims the first address. One writer swaps the two live regions in a bulk move, or
 * frees the first address in the write section in which the claim goes live. The old
 * region then gets a claim (VACATE), or is unregistered and drained (UNLINK). The region
 * with the claim may be unregistered too (CANCEL). Readers
 * look up addresses by their cache if it is valid, otherwise by a walk, and run a
 * callback of the region. Each macro removes one rule, and the model must fail:
 *
 *	BULK_NOT_ODD		the count is odd during a bulk move
 *	BULK_APART		the moves of a bulk move are in one section
 *	SETTLE_APART		a claim goes live in the section that frees its address
 *	CACHE_ANY_GENERATION	a cache entry is valid only for the region's generation
 *	CACHE_GENERATION_LATE	the generations are loaded before the walk is validated
 *	CACHE_EARLY		a cache entry is tested after the full barrier
 *	CACHE_REGION_FIRST	the slot is compared before the region is accessed
 *	GENERATION_LATE		the region's generation is incremented in the section
 *	GENERATION_SLOT_KEPT	an unregistration increments the slot
 *	GENERATION_SLOT_LATE	it does so before the epoch is raised
 *	GENERATION_SLOT_LIVE	it does so for a region that is not live too
 *
 * A cache entry has the generation of its region, in the region's memory, and that of
 * the slot of its device, which is always valid memory. Each region has a slot of its
 * own: shared slots only cause more misses.
 *
 * With WRAP a generation has one bit. The slot repeats in each unregistration, which
 * stands for those of other devices that share it. Then these rules are modelled too:
 *
 *	CACHE_ROLLOVER_LATE	the rollover is compared before the region is accessed
 *	CACHE_ROLLOVER_ONCE	it is compared again after the region's generation
 *	GENERATION_WRAP_FIRST	the rollover is stored before a generation that repeats
 */

#ifndef OPS
#define OPS	3	/* sections of the writer, chosen freely */
#endif
#ifndef ACCESSES
#define ACCESSES	3	/* accesses of each reader */
#endif
#ifndef READERS
#define READERS	1
#endif
#ifndef KINDS
#define KINDS	15
#endif
#ifndef WINDOW
#define WINDOW	3	/* number of pending stores that can complete next */
#endif

#define SWAP	1
#define VACATE	2
#define UNLINK	4
#define CANCEL	8	/* unregister the region that has a claim */

#define NIL	3	/* no region */

/* Memory */
#define SEQ		0
#define HOLDER(p)	(1 + (p))	/* region at the address */
#define START(n)	(3 + (n))
#define STATE(n)	(6 + (n))
#define EPOCH		9
#define OWN_EPOCH(r)	(10 + (r))
#define INSIDE(r)	(12 + (r))	/* 1 + region: the hazard */
#define SLOT(n)		(14 + (n))	/* generation of the device's slot */
#define GENERATION(n)	(17 + (n))	/* in the memory of the region */
#define ROLLOVER	20

byte mem[21];

/* The region at each address. It changes with the store that makes it visible. */
#define answer(t, p)	(((t) >> (2 * (p))) & 3)

byte mapping;
byte wanted[2];		/* the address that a reader accesses up */
byte allowed[2];	/* one bit for each result that was current meanwhile */
bool freed[3];		/* drained: the caller may reuse the memory */
byte running[2];	/* 1 + region of the callback that a reader runs */
bool stored;		/* a reader stored something since the last test of the drain */

inline load(to, location)
{
	to = mem[location]
}

inline load_of(x, to, location)
{
	atomic {
		assert(!freed[x]);
		to = mem[location]
	}
}

inline store(location, value)
{
	atomic {
		mem[location] = value;
		stored = true
	}
}

inline read_begin()
{
	atomic { !(mem[SEQ] & 1) -> count = mem[SEQ] }
}

inline validate()
{
	atomic {
		if
		:: mem[SEQ] != count -> goto again
		:: else
		fi
	}
}

inline load_slot()
{
	atomic {
		if
		:: cached[addr] != NIL -> slot = mem[SLOT(cached[addr])]
		:: else
		fi
	}
}

/* Flush the cache if the rollover has changed. */
inline test_rollover()
{
	atomic {
		if
		:: mem[ROLLOVER] != rollover ->
			rollover = mem[ROLLOVER];
			cached[0] = NIL;
			cached[1] = NIL;
			slot = 0;
			generation = 0;
			node = 0;
			goto again
		:: else
		fi
	}
}

#ifdef WRAP
#ifndef CACHE_ROLLOVER_LATE
#define ROLLOVER_FIRST
#endif
#ifndef CACHE_ROLLOVER_ONCE
#define ROLLOVER_AGAIN
#endif
#endif

#ifdef CACHE_ANY_GENERATION
#define SAME_GENERATION	true
#else
#define SAME_GENERATION	(generation == cached_generation[addr])
#endif

proctype reader(byte r)
{
	byte cached[2], cached_slot[2], cached_generation[2];
	byte node, at, state, count, slot, generation, addr, accesses, rollover;

	cached[0] = NIL;
	cached[1] = NIL;
	do
	:: atomic {
		accesses < ACCESSES ->
		accesses++;
		if
		:: addr = 0
		:: addr = 1
		fi;
		wanted[r] = addr;
		allowed[r] = 1 << answer(mapping, addr)
	   };
#ifdef CACHE_EARLY
	   load_slot();
#endif
	   /* Start of the lookup, with its full barrier */
	   load(at, EPOCH);
	   store(OWN_EPOCH(r), at);

	   /* Test the lookup cache. */
#ifndef CACHE_EARLY
	   load_slot();
#endif
	   if
	   :: atomic {
#ifdef CACHE_REGION_FIRST
		cached[addr] != NIL ->
#else
		cached[addr] != NIL && slot == cached_slot[addr] ->
#endif
		node = cached[addr]
	      };
#ifdef ROLLOVER_FIRST
		test_rollover();
#endif
		load_of(node, generation, GENERATION(node));
#ifdef ROLLOVER_AGAIN
		test_rollover();
#endif
		atomic {
			if
			:: !SAME_GENERATION || slot != cached_slot[addr] ->
				goto again
			:: else ->
				assert(!freed[node]);
				at = addr;
				goto found
			fi
		}
	   :: else
	   fi;

	   /* Walk. */
again:
	   atomic {
		node = 0;
		at = 0;
		state = 0;
		read_begin()
	   };
	   load(node, HOLDER(addr));
	   if
	   :: node != NIL -> load_of(node, at, START(node))
	   :: else
	   fi;
	   validate();
	   if
	   :: node != NIL && at != addr -> node = NIL
	   :: node != NIL && at == addr ->
		load_of(node, at, START(node));
		load_of(node, state, STATE(node));
#ifndef CACHE_GENERATION_LATE
		load(slot, SLOT(node));
		load_of(node, generation, GENERATION(node));
#endif
		validate();
		if
		:: !state -> node = NIL
		:: else
		fi
	   :: else
	   fi;
	   atomic {
		if
		:: node != NIL ->
			cached[addr] = node;
#ifdef CACHE_GENERATION_LATE
			slot = mem[SLOT(node)];
			generation = mem[GENERATION(node)];
#endif
			cached_slot[addr] = slot;
			cached_generation[addr] = generation
		:: else
		fi
	   };
found:
	   atomic {
		assert(allowed[r] & (1 << node));
		assert(node == NIL || at == addr);
		allowed[r] = 0;
		wanted[r] = 0;
		count = 0;
		slot = 0;
		generation = 0;
		state = 0;
		at = 0;
		addr = 0
	   };
	   if
	   :: node == NIL -> store(OWN_EPOCH(r), 0)
	   :: else ->
		store(INSIDE(r), node + 1);
		/* The callback starts and ends. */
		atomic {
			store(OWN_EPOCH(r), 0);
			assert(!freed[node]);
			running[r] = node + 1
		};
		atomic {
			assert(!freed[node]);
			running[r] = 0;
			store(INSIDE(r), 0)
		}
	   fi;
	   node = 0
	:: atomic { accesses == ACCESSES -> break }
	od
}

/*
 * The writer, with a store buffer as in dispatch.pml
 */
#define ROOM	14
#define PLAIN	0
#define RELEASE	1
#define BEHIND	2	/* the first store after a smp_wmb() */

byte buffered;
byte locations[ROOM];
byte values[ROOM];
byte orders[ROOM];
byte visible_at = ROOM;	/* the buffered store that makes the change visible */

#define may_go_2nd	(WINDOW > 1 && buffered > 1 && \
			 orders[1] == PLAIN && locations[0] != locations[1])
#define may_go_3rd	(WINDOW > 2 && buffered > 2 && \
			 orders[1] != BEHIND && orders[2] == PLAIN && \
			 locations[0] != locations[2] && locations[1] != locations[2])

#define current		(holder[0] | (holder[1] << 2))

inline put_ordered(location, value, order)
{
	locations[buffered] = location;
	values[buffered] = value;
	orders[buffered] = order;
	buffered++;
	bar = PLAIN
}

#define put(location, value)	put_ordered(location, value, bar)

inline complete(nth)
{
	d_step {
		mem[locations[nth]] = values[nth];
		if
		:: nth == visible_at ->
			visible_at = ROOM;
			mapping = current;
			allowed[0] = (allowed[0] -> allowed[0] |
				(1 << answer(mapping, wanted[0])) : 0);
			allowed[1] = (allowed[1] -> allowed[1] |
				(1 << answer(mapping, wanted[1])) : 0)
		:: nth < visible_at && visible_at < ROOM -> visible_at--
		:: else
		fi;
		i = nth;
		do
		:: i + 1 < buffered ->
			locations[i] = locations[i + 1];
			values[i] = values[i + 1];
			orders[i] = orders[i + 1];
			i++
		:: else -> break
		od;
		buffered--;
		locations[i] = 0;
		values[i] = 0;
		orders[i] = 0;
		i = 0
	}
}

inline smp_mb()
{
	do
	:: atomic { buffered > 0 -> complete(0) }
	:: atomic { may_go_2nd -> complete(1) }
	:: atomic { may_go_3rd -> complete(2) }
	:: buffered == 0 -> break
	od
}

inline write_begin()
{
	seq++;
	put(SEQ, seq);
	bar = BEHIND
}

inline write_end()
{
	seq++;
	put_ordered(SEQ, seq, RELEASE)
}

/* No address has two regions, and no region has two addresses. */
inline write_end_visible()
{
	assert(holder[0] != holder[1]);
	visible_at = buffered;
	write_end()
}

/* vmr_generation_bump(): with WRAP the rollover precedes a value that repeats. */
inline put_generation(location, value, repeats)
{
#ifdef WRAP
	if
	:: repeats ->
		rollover++;
#ifdef GENERATION_WRAP_FIRST
		put(location, value);
		bar = BEHIND;
		put(ROLLOVER, rollover)
#else
		put(ROLLOVER, rollover);
		bar = BEHIND;
		put(location, value)
#endif
	:: else -> put(location, value)
	fi
#else
	put(location, value)
#endif
}

inline next_generation(n)
{
#ifdef WRAP
	generations[n] = 1 - generations[n];
#else
	generations[n]++;
#endif
	put_generation(GENERATION(n), generations[n], generations[n] == 0)
}

inline next_slot(n)
{
#if !defined(GENERATION_SLOT_KEPT)
#ifndef WRAP
	slots[n] = 1;
#endif
	put_generation(SLOT(n), slots[n], true)
#else
	skip
#endif
}

inline retire(n)
{
	claimant = NIL;
	removed = n;
	epoch++;
	put_ordered(EPOCH, epoch, RELEASE);
#ifdef GENERATION_SLOT_LATE
	next_slot(n)
#endif
}

/* vmr_move_bulk(): unlink all ranges, then link all. */
inline swap()
{
#ifdef BULK_NOT_ODD
	seq++;
#else
	write_begin();
#endif
#ifndef GENERATION_LATE
	next_generation(holder[0]);
	next_generation(holder[1]);
#endif
	put(HOLDER(0), NIL);
	put(HOLDER(1), NIL);
	n = holder[0];
	holder[0] = holder[1];
	holder[1] = n;
	put(START(holder[0]), 0);
	put_ordered(HOLDER(0), holder[0], RELEASE);
#ifdef BULK_APART
	write_end();
	write_begin();
#endif
	put(START(n), 1);
	put_ordered(HOLDER(1), n, RELEASE);
	write_end_visible();
#ifdef GENERATION_LATE
	next_generation(holder[0]);
	next_generation(holder[1])
#endif
}

/* Free the first address and call vmr_settle(); retire if unregistered. */
inline free_and_settle(unlinks)
{
	n = holder[0];
	write_begin();
	if
	:: unlinks ->
		put(STATE(n), 0);
#ifndef GENERATION_SLOT_LATE
		next_slot(n)
#endif
	:: else
	fi;
#ifndef GENERATION_LATE
	next_generation(n);
#endif
	put(HOLDER(0), NIL);
#ifdef SETTLE_APART
	write_end();
	write_begin();
#endif
	put(START(claimant), 0);
	put_ordered(HOLDER(0), claimant, RELEASE);
	holder[0] = claimant;
	write_end_visible();
#ifdef GENERATION_LATE
	next_generation(n);
#endif
	if
	:: unlinks -> retire(n)
	:: else -> claimant = n
	fi
}

/* Unregister the region that is not live. It may have been when it was cached. */
inline cancel()
{
	n = claimant;
	write_begin();
	put(STATE(n), 0);
#if !defined(GENERATION_SLOT_LATE) && !defined(GENERATION_SLOT_LIVE)
	next_slot(n);
#endif
	write_end();
	retire(n)
}

inline test_reader(r)
{
	atomic {
		if
		:: mem[OWN_EPOCH(r)] && mem[OWN_EPOCH(r)] < epoch ->
			busy = true
		:: else
		fi
	};
	atomic {
		if
		:: mem[INSIDE(r)] == removed + 1 -> busy = true
		:: else
		fi
	}
}

/* Only one region is unregistered: the epoch is that of its removal. */
inline drain()
{
	do
	:: atomic {
		busy = false;
		stored = false
	   };
	   test_reader(0);
	   test_reader(1);
	   if
	   :: busy -> stored
	   :: else -> break
	   fi
	od;
	atomic {
		assert(running[0] != removed + 1 && running[1] != removed + 1);
		freed[removed] = true;
		removed = NIL;
		stored = false
	}
}

init
{
	byte holder[2], generations[3], slots[3], claimant, removed, seq, epoch;
	byte bar, ops, n, i;
#ifdef WRAP
	byte rollover;
#endif
	bool busy;

	atomic {
		holder[1] = 1;
		claimant = 2;
		removed = NIL;
		epoch = 1;
		mem[HOLDER(1)] = 1;
		mem[START(1)] = 1;
		mem[STATE(0)] = 1;
		mem[STATE(1)] = 1;
		mem[STATE(2)] = 1;
		mem[EPOCH] = 1;
		mapping = current;
		run reader(0);
		if
		:: READERS > 1 -> run reader(1)
		:: else
		fi
	};
	do
	:: atomic {
		ops < OPS ->
		ops++;
		if
		:: KINDS & SWAP -> swap()
		:: (KINDS & VACATE) && claimant != NIL -> free_and_settle(false)
		:: (KINDS & UNLINK) && claimant != NIL -> free_and_settle(true)
		:: (KINDS & CANCEL) && claimant != NIL -> cancel()
		:: else
		fi;
		n = 0
	   };
	   smp_mb()
	:: removed != NIL -> drain()
	:: atomic { ops == OPS && removed == NIL -> break }
	od
}
