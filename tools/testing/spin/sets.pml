/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * sets.pml - sets of moves, claims that go live, and what readers remember
 *
 * Two places, each always held by one of three regions; the third has a claim on
 * the first place. One writer swaps the two that hold a place, as a set of moves,
 * or frees the first place, in the same write section in which the claim goes live:
 * the region that held it stays and gets a claim of its own (VACATE), or is unlinked
 * and drained (UNLINK). Readers look places up, by what they remember if they may,
 * and else by a walk; they run a callback in the region that they found. What each
 * macro takes out must be missed:
 *
 *	SET_NOT_ODD	that the count is odd while a set is under way
 *	SET_APART	that the moves of a set are in one section
 *	CLAIM_APART	that the claim goes live in the section that frees its place
 *	HINT_ANY_COUNT	that a region's departures are as many as when the hint was
 *			made
 *	HINT_COUNT_LATE	that a hint's count is one from before the walk is validated
 *	HINT_EARLY	that a hint is judged behind the full barrier
 *	DEPART_LATE	that departures are counted in the section
 *
 * Each region has a count of its own, the least that the code believes a hint by:
 * shared ones only make it doubt more. There is no era, since no count comes round.
 */

#ifndef OPS
#define OPS	3	/* sections of the writer's, of its own choice */
#endif
#ifndef LOOKS
#define LOOKS	3	/* accesses that each reader routes */
#endif
#ifndef READERS
#define READERS	1
#endif
#ifndef KINDS
#define KINDS	7
#endif
#ifndef WINDOW
#define WINDOW	3	/* how many of the writer's stores may be the next */
#endif

#define SWAP	1
#define VACATE	2
#define UNLINK	4

#define NIL	3	/* no region */

/* Memory, as others see it */
#define SEQ		0
#define HOLDER(p)	(1 + (p))	/* what a walk finds there */
#define START(n)	(3 + (n))
#define STATE(n)	(6 + (n))
#define EPOCH		9
#define OWN_EPOCH(r)	(10 + (r))
#define INSIDE(r)	(12 + (r))	/* 1 + the region's name */
#define GONE(n)		(14 + (n))	/* how often it has left its place */

byte mem[17];

/* Who holds which place, since the store that made it so */
#define answer(t, p)	(((t) >> (2 * (p))) & 3)

byte truth;
byte wanted[2];		/* the place a reader looks up */
byte allowed[2];	/* one bit for each answer that was true meanwhile */
bool freed[3];		/* drained: the memory is the caller's */
byte running[2];	/* 1 + whose callback a reader runs */
bool news;		/* a reader went on since the drain looked */

inline load(to, spot)
{
	to = mem[spot]
}

inline load_of(x, to, spot)
{
	atomic {
		assert(!freed[x]);
		to = mem[spot]
	}
}

inline store(spot, value)
{
	atomic {
		mem[spot] = value;
		news = true
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

inline load_departures()
{
	atomic {
		if
		:: hint[addr] != NIL -> left = mem[GONE(hint[addr])]
		:: else
		fi
	}
}

#ifdef HINT_ANY_COUNT
#define SAME_COUNT	true
#else
#define SAME_COUNT	(left == hint_left[addr])
#endif

proctype reader(byte r)
{
	byte hint[2], hint_left[2];
	byte node, at, state, count, left, addr, looks;

	hint[0] = NIL;
	hint[1] = NIL;
	do
	:: atomic {
		looks < LOOKS ->
		looks++;
		if
		:: addr = 0
		:: addr = 1
		fi;
		wanted[r] = addr;
		allowed[r] = 1 << answer(truth, addr)
	   };
#ifdef HINT_EARLY
	   load_departures();
#endif
	   /* lookup_begin(), with its full barrier */
	   load(at, EPOCH);
	   store(OWN_EPOCH(r), at);

	   /* ask_hint() */
#ifndef HINT_EARLY
	   load_departures();
#endif
	   if
	   :: hint[addr] != NIL && SAME_COUNT ->
		node = hint[addr];
		atomic {
			assert(!freed[node]);
			at = addr
		};
		goto found
	   :: else
	   fi;

	   /* follow() */
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
#ifndef HINT_COUNT_LATE
		load(left, GONE(node));
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
			hint[addr] = node;
#ifdef HINT_COUNT_LATE
			left = mem[GONE(node)];
#endif
			hint_left[addr] = left
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
		left = 0;
		state = 0;
		at = 0;
		addr = 0
	   };
	   if
	   :: node == NIL -> store(OWN_EPOCH(r), 0)
	   :: else ->
		store(INSIDE(r), node + 1);
		/* Here the callback begins, and there it ends */
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
	:: atomic { looks == LOOKS -> break }
	od
}

/*
 * The writer's stores are under way for a while, and reach memory in any order but
 * for what a release or a smp_wmb() says, as in route.pml.
 */
#define ROOM	12
#define PLAIN	0
#define RELEASE	1
#define BEHIND	2	/* the first one behind a smp_wmb() */

byte under_way;
byte spots[ROOM];
byte values[ROOM];
byte orders[ROOM];
byte true_at = ROOM;	/* the store under way that makes things true */

#define may_go_2nd	(WINDOW > 1 && under_way > 1 && \
			 orders[1] == PLAIN && spots[0] != spots[1])
#define may_go_3rd	(WINDOW > 2 && under_way > 2 && \
			 orders[1] != BEHIND && orders[2] == PLAIN && \
			 spots[0] != spots[2] && spots[1] != spots[2])

#define is_true		(holder[0] | (holder[1] << 2))

inline put_so(spot, value, order)
{
	spots[under_way] = spot;
	values[under_way] = value;
	orders[under_way] = order;
	under_way++;
	bar = PLAIN
}

#define put(spot, value)	put_so(spot, value, bar)

inline let_go(nth)
{
	d_step {
		mem[spots[nth]] = values[nth];
		if
		:: nth == true_at ->
			true_at = ROOM;
			truth = is_true;
			allowed[0] = (allowed[0] -> allowed[0] |
				(1 << answer(truth, wanted[0])) : 0);
			allowed[1] = (allowed[1] -> allowed[1] |
				(1 << answer(truth, wanted[1])) : 0)
		:: nth < true_at && true_at < ROOM -> true_at--
		:: else
		fi;
		i = nth;
		do
		:: i + 1 < under_way ->
			spots[i] = spots[i + 1];
			values[i] = values[i + 1];
			orders[i] = orders[i + 1];
			i++
		:: else -> break
		od;
		under_way--;
		spots[i] = 0;
		values[i] = 0;
		orders[i] = 0;
		i = 0
	}
}

inline smp_mb()
{
	do
	:: atomic { under_way > 0 -> let_go(0) }
	:: atomic { may_go_2nd -> let_go(1) }
	:: atomic { may_go_3rd -> let_go(2) }
	:: under_way == 0 -> break
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
	put_so(SEQ, seq, RELEASE)
}

/* No place has two holders, and no region two places */
inline write_end_true()
{
	assert(holder[0] != holder[1]);
	true_at = under_way;
	write_end()
}

/* depart() */
inline depart(n)
{
	departed[n]++;
	put(GONE(n), departed[n])
}

/* vmr_move_bulk(): all of them out, then all of them in */
inline swap()
{
#ifdef SET_NOT_ODD
	seq++;
#else
	write_begin();
#endif
#ifndef DEPART_LATE
	depart(holder[0]);
	depart(holder[1]);
#endif
	put(HOLDER(0), NIL);
	put(HOLDER(1), NIL);
	n = holder[0];
	holder[0] = holder[1];
	holder[1] = n;
	put(START(holder[0]), 0);
	put_so(HOLDER(0), holder[0], RELEASE);
#ifdef SET_APART
	write_end();
	write_begin();
#endif
	put(START(n), 1);
	put_so(HOLDER(1), n, RELEASE);
	write_end_true();
#ifdef DEPART_LATE
	depart(holder[0]);
	depart(holder[1])
#endif
}

/* Free the first place, and vmr_settle(); then vmr_device_retire() */
inline hand_over(unlinks)
{
	n = holder[0];
	write_begin();
	if
	:: unlinks -> put(STATE(n), 0)
	:: else
	fi;
#ifndef DEPART_LATE
	depart(n);
#endif
	put(HOLDER(0), NIL);
#ifdef CLAIM_APART
	write_end();
	write_begin();
#endif
	put(START(heir), 0);
	put_so(HOLDER(0), heir, RELEASE);
	holder[0] = heir;
	write_end_true();
#ifdef DEPART_LATE
	depart(n);
#endif
	if
	:: unlinks ->
		heir = NIL;
		gone = n;
		epoch++;
		put_so(EPOCH, epoch, RELEASE)
	:: else -> heir = n
	fi
}

inline look_at(r)
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
		:: mem[INSIDE(r)] == gone + 1 -> busy = true
		:: else
		fi
	}
}

/* Only one is ever unlinked, so that the epoch is the one it remembers */
inline drain()
{
	do
	:: atomic {
		busy = false;
		news = false
	   };
	   look_at(0);
	   look_at(1);
	   if
	   :: busy -> news
	   :: else -> break
	   fi
	od;
	atomic {
		assert(running[0] != gone + 1 && running[1] != gone + 1);
		freed[gone] = true;
		gone = NIL;
		news = false
	}
}

init
{
	byte holder[2], departed[3], heir, gone, seq, epoch, bar, ops, n, i;
	bool busy;

	atomic {
		holder[1] = 1;
		heir = 2;
		gone = NIL;
		epoch = 1;
		mem[HOLDER(1)] = 1;
		mem[START(1)] = 1;
		mem[STATE(0)] = 1;
		mem[STATE(1)] = 1;
		mem[STATE(2)] = 1;
		mem[EPOCH] = 1;
		truth = is_true;
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
		:: (KINDS & VACATE) && heir != NIL -> hand_over(false)
		:: (KINDS & UNLINK) && heir != NIL -> hand_over(true)
		:: else
		fi;
		n = 0
	   };
	   smp_mb()
	:: gone != NIL -> drain()
	:: atomic { ops == OPS && gone == NIL -> break }
	od
}
