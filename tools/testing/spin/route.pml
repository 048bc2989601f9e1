/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * route.pml - lookup, move, unlink, re-link and drain, for Spin
 *
 * Two readers route accesses while one writer changes the tree and drains what
 * it took out. README.rst says what is modelled and what is not, and what each
 * macro takes out; run.sh checks the model as it is, and that it fails without
 * any of them.
 */

#ifndef OPS
#define OPS	3	/* what the writer does, of its own choice */
#endif
#ifndef LOOKS0
#define LOOKS0	1	/* accesses that each reader routes */
#endif
#ifndef LOOKS1
#define LOOKS1	1
#endif
#ifndef DEPTHS
#define DEPTHS	1	/* how deep they nest */
#endif
#ifndef NAMES
#define NAMES	2	/* VMR_READER_HAZARDS */
#endif
#ifndef WINDOW
#define WINDOW	1	/* how many of the writer's stores may be the next */
#endif
#ifndef KINDS
#define KINDS	31	/* what the writer may do, and what it may do first */
#endif
#ifndef KINDS1
#define KINDS1	KINDS
#endif
#ifndef KINDS2
#define KINDS2	KINDS
#endif
#ifndef KINDS3
#define KINDS3	KINDS
#endif
#ifndef ROOM
#define ROOM	16	/* stores that the writer's CPU may have under way */
#endif

/*
 * Memory. A device has one region of one address, so node, region and device
 * are one number.
 */
#define NIL		2	/* no node */
#define PLACES		3

#define SEQ		0
#define ROOT		1
#define START(n)	(2 + (n))
#define LEFT(n)		(4 + (n))
#define RIGHT(n)	(6 + (n))
#define STATE(n)	(8 + (n))
#define READY(n)	(10 + (n))	/* what set_resources() prepared */
#define EPOCH		12
#define OWN_EPOCH(r)	(13 + (r))
#define DEPTH(r)	(15 + (r))
#define INSIDE(r, i)	(17 + 2 * (r) + (i))

byte mem[21];

/*
 * What is true, packed into a byte: which device answers at each place. It
 * becomes true with the store that makes it so. A lookup may give any answer that
 * was true at a moment between its begin and its end.
 */
#define answer(t, a)	(((t) >> (2 * (a))) & 3)

byte truth;
byte wanted[2];			/* the address a reader looks up */
byte allowed[2];		/* one bit for each answer */

bool freed[2];			/* drained: the memory is the caller's */
byte running[4];		/* 1 + whose callbacks a reader runs */
byte draining = NIL;
bool news;			/* a reader went on since the drain looked */
byte done;

#define runs(r, n)	(running[2 * (r)] == (n) + 1 || \
			 running[2 * (r) + 1] == (n) + 1)

/*
 * The readers. What they store, they store at once: it can only be late for
 * another CPU if something is loaded after it, and then a smp_mb() is between.
 */

inline load(to, spot)
{
	to = mem[spot]
}

/* The memory of a node must not have been given away */
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

#ifdef NO_LOOKUP_MB
/* The store of the epoch may reach memory at any time up to the next release */
#define LATE(step)	if :: late -> store(OWN_EPOCH(r), late); late = 0 \
			:: skip fi; step
#else
#define LATE(step)	step
#endif

inline set_epoch()
{
#ifdef NO_LOOKUP_MB
	late = at
#else
	store(OWN_EPOCH(r), at)
#endif
	;
	at = 0
}

inline clear_epoch()
{
#ifdef NO_LOOKUP_MB
	late = 0;
#endif
	store(OWN_EPOCH(r), 0)
}

inline walk()
{
	do
	:: node == NIL -> break
	:: else ->
		load_of(node, at, START(node));
		LATE(skip);
		if
		:: addr < at -> load_of(node, node, LEFT(node))
		:: addr > at -> load_of(node, node, RIGHT(node))
		:: else -> break
		fi
	od;
	at = 0
}

#ifdef NO_RETRY
#define CHANGED		false
#else
#define CHANGED		(mem[SEQ] != count)
#endif

inline validate()
{
	atomic {
		if
		:: CHANGED ->
			node = 0;
			at = 0;
			state = 0;
			goto again
		:: else
		fi
	}
}

/* Which device is at the address, NIL if none: find_device() of lib/route.c */
inline lookup()
{
	load(at, EPOCH);
	set_epoch();
again:
#ifdef NO_READ_ACQUIRE
	/* The first load of the walk may be done before that of the count */
	load(node, ROOT);
#endif
	atomic { !(mem[SEQ] & 1) -> count = mem[SEQ] };
#ifndef NO_READ_ACQUIRE
	load(node, ROOT);
#endif
	LATE(skip);
#ifdef NO_READ_BARRIER
	/* The loads of the walk may be done behind that of the count */
	validate();
	walk();
#else
	walk();
	validate();
#endif
	if
	:: node == NIL
	:: else ->
		/* Nothing that was found is looked into before this */
#ifndef STATE_LATE
		load_of(node, state, STATE(node));
		LATE(skip);
#endif
#if defined(BASE_LATE)
		validate();
		load_of(node, at, START(node))
#elif defined(STATE_LATE)
		load_of(node, at, START(node));
		validate();
		load_of(node, state, STATE(node))
#else
		load_of(node, at, START(node));
#ifdef NO_SECOND_LOOK
		skip
#else
		validate()
#endif
#endif
	fi;
	atomic {
		if
		:: node != NIL && !state -> node = NIL
		:: else
		fi;
		/* No wrong route: true at a moment since the call began */
		assert(allowed[r] & (1 << node));
		assert(node == NIL || at == addr);
		count = 0;
		state = 0;
		at = 0;
		addr = 0;
		wanted[r] = 0;
		allowed[r] = 0
	}
}

inline name_it()
{
	if
	:: depth < NAMES -> store(INSIDE(r, depth), node)
	:: else
	fi;
	store(DEPTH(r), depth + 1)
}

inline enter()
{
#ifdef CLEAR_FIRST
	clear_epoch();
	name_it();
#else
	name_it();
#endif
	/* Here the callback begins */
	atomic {
#ifndef CLEAR_FIRST
		clear_epoch();
#endif
		assert(!freed[node]);
		assert(mem[READY(node)]);
		running[2 * r + depth] = node + 1;
		depth++;
		node = 0
	}
}

inline leave()
{
#ifdef HOLD
	/* A callback may last as long as a drain of another device does */
	if
	:: skip
	:: skip -> draining == NIL || runs(r, draining)
	fi;
#endif
#ifdef LEAVE_EARLY
	store(DEPTH(r), depth - 1);
#endif
	atomic {
		/* Its last access to the device, whose memory may have been reused */
		assert(!freed[running[2 * r + depth - 1] - 1]);
		running[2 * r + depth - 1] = 0;
		depth--
#ifndef LEAVE_EARLY
		;
		store(DEPTH(r), depth)
#endif
	}
}

proctype reader(byte r; byte looks; byte first)
{
	byte node, at, count, state, depth, addr;
#ifdef NO_LOOKUP_MB
	byte late;
#endif

	do
	:: atomic {
		looks > 0 && depth < DEPTHS ->
		looks--;
		if
		:: first < PLACES -> addr = first; first = PLACES
		:: first == PLACES -> addr = 0
		:: first == PLACES -> addr = 1
		:: first == PLACES -> addr = 2
		fi;
		wanted[r] = addr;
		allowed[r] = 1 << answer(truth, addr)
	   };
	   lookup();
	   if
	   :: node == NIL ->
		node = 0;
#ifndef EPOCH_KEPT
		clear_epoch()
#endif
	   :: else -> enter()
	   fi
	:: depth > 0 -> leave()
	:: atomic { looks == 0 && depth == 0 -> done++; break }
	od
}

/*
 * The writer. It keeps a view of its own stores, which are under way for a while
 * and reach memory in any order, except that those to one place stay in order, a
 * RELEASE comes after all before it, and what is behind a smp_wmb() comes after
 * all that was before that. Nothing that it loads is stored by others, but in a
 * drain, so it matters in which order its stores go and not how late they do:
 * a call puts all of its stores under way, of which any of the first three may
 * be the next.
 */
#define PLAIN	0
#define RELEASE	1
#define BEHIND	2	/* the first one behind a smp_wmb() */

byte under_way;
byte spots[ROOM];		/* with the order in the upper bits */
byte values[ROOM];
byte soon;			/* what a store under way makes true */

#define so(spot, order)	((spot) | (order) << 5)
#define order(i)	((spots[i] >> 5) & 3)
#define MAKES		128
#define apart(i, j)	((spots[i] & 31) != (spots[j] & 31))
#define may_go_2nd	(WINDOW > 1 && under_way > 1 && \
			 order(1) == PLAIN && apart(0, 1))
#define may_go_3rd	(WINDOW > 2 && under_way > 2 && \
			 order(1) != BEHIND && order(2) == PLAIN && \
			 apart(0, 2) && apart(1, 2))

inline let_go(nth)
{
	d_step {
		mem[spots[nth] & 31] = values[nth];
		if
		:: spots[nth] & MAKES ->
			truth = soon;
			allowed[0] = (allowed[0] -> allowed[0] |
				(1 << answer(truth, wanted[0])) : 0);
			allowed[1] = (allowed[1] -> allowed[1] |
				(1 << answer(truth, wanted[1])) : 0);
			soon = 0
		:: else
		fi;
		i = nth;
		do
		:: i + 1 < under_way ->
			spots[i] = spots[i + 1];
			values[i] = values[i + 1];
			i++
		:: else -> break
		od;
		under_way--;
		spots[i] = 0;
		values[i] = 0;
		i = 0
	}
}

inline put_so(spot, value, order)
{
	assert(under_way < ROOM);
	spots[under_way] = so(spot, order);
	values[under_way] = value;
	under_way++;
	bar = PLAIN
}

#define here(n, p)	(live[n] && there[n] && place[n] == (p))
#define who(p)		(here(0, p) -> 0 : (here(1, p) -> 1 : NIL))
#define is_true		(64 | who(0) | (who(1) << 2) | (who(2) << 4))

/* The store that makes true what the writer has done */
inline put_true(spot, value, order)
{
	assert(!soon);
	soon = is_true;
	put_so(spot, value, order);
	spots[under_way - 1] = spots[under_way - 1] | MAKES
}

#define put(spot, value)	put_so(spot, value, bar)

inline smp_mb()
{
	do
	:: atomic { under_way > 0 -> let_go(0) }
	:: atomic { may_go_2nd -> let_go(1) }
	:: atomic { may_go_3rd -> let_go(2) }
	:: under_way == 0 -> break
	od
}

#ifdef NO_WRITE_BARRIER
#define WMB	PLAIN
#else
#define WMB	BEHIND
#endif

#ifdef NO_END_RELEASE
#define END	PLAIN
#else
#define END	RELEASE
#endif

inline write_begin()
{
	seq++;
#ifndef NOT_ODD
	put(SEQ, seq);
	bar = WMB
#endif
}

inline write_end()
{
	seq++;
	put_so(SEQ, seq, END)
}

inline write_end_true()
{
	seq++;
	put_true(SEQ, seq, END)
}

/* Take a node out, from above its only child if it has one */
inline erase(x)
{
	if
	:: root == x ->
		root = (left[x] != NIL -> left[x] : right[x]);
		put(ROOT, root)
	:: root != x && left[root] == x ->
		left[root] = NIL;
		put(LEFT(root), NIL)
	:: else ->
		right[root] = NIL;
		put(RIGHT(root), NIL)
	fi;
	if
	:: left[x] != NIL -> left[x] = NIL; put(LEFT(x), NIL)
	:: else
	fi;
	if
	:: right[x] != NIL -> right[x] = NIL; put(RIGHT(x), NIL)
	:: else
	fi;
	live[x] = false
}

inline insert(x, to)
{
	place[x] = to;
	put(START(x), to);
	if
	:: root == NIL ->
		root = x;
		put_so(ROOT, x, RELEASE)
	:: root != NIL && place[x] < place[root] ->
		left[root] = x;
		put_so(LEFT(root), x, RELEASE)
	:: else ->
		right[root] = x;
		put_so(RIGHT(root), x, RELEASE)
	fi;
	live[x] = true
}

/* Two nodes need no balance; so a rotation, as rbtree.c does it, at will */
inline rotate()
{
	if
#ifdef ROTATE
	:: root != NIL && left[root] != NIL ->
		left[root] = NIL;
		put(LEFT(root), NIL);
		right[1 - root] = root;
		put(RIGHT(1 - root), root);
		root = 1 - root;
		put(ROOT, root)
	:: root != NIL && right[root] != NIL ->
		right[root] = NIL;
		put(RIGHT(root), NIL);
		left[1 - root] = root;
		put(LEFT(1 - root), root);
		root = 1 - root;
		put(ROOT, root)
#endif
	:: skip
	fi
}

inline move(x, to)
{
	write_begin();
	erase(x);
	insert(x, to);
	rotate();
	write_end_true()
}

inline swap()
{
	write_begin();
	erase(0);
	erase(1);
	q = place[0];
	insert(0, place[1]);
	insert(1, q);
	q = 0;
	write_end_true()
}

inline raise_epoch(x)
{
	epoch++;
	put_so(EPOCH, epoch, RELEASE);
#ifdef UNLINKED_OLD
	unlinked[x] = epoch - 1
#else
	unlinked[x] = epoch
#endif
}

/* The place may go to the other one in the same step, as to a claim */
inline unlink(x)
{
#ifdef EPOCH_FIRST
	raise_epoch(x);
#endif
	write_begin();
	there[x] = false;
	put(STATE(x), 0);
	erase(x);
	if
	:: live[1 - x] ->
		erase(1 - x);
		insert(1 - x, place[x])
	:: skip
	fi;
	write_end_true();
#ifndef EPOCH_FIRST
	raise_epoch(x)
#endif
}

/* Linked, prepared, and then visible */
inline register(x, to)
{
	freed[x] = false;
	write_begin();
	insert(x, to);
	rotate();
	write_end();
#ifndef READY_LATE
	put(READY(x), 1);
#endif
	there[x] = true;
	write_begin();
	put_so(STATE(x), 1, RELEASE);
	write_end_true()
#ifdef READY_LATE
	;
	put(READY(x), 1)
#endif
}

inline look_at_epoch(rd, x)
{
#ifndef IGNORE_EPOCH
	atomic {
		if
		:: mem[OWN_EPOCH(rd)] && mem[OWN_EPOCH(rd)] < unlinked[x] ->
			busy = true
		:: else
		fi
	}
#endif
	skip
}

inline look_inside(rd, x)
{
#ifndef IGNORE_INSIDE
	load(q, DEPTH(rd));
	if
#ifndef DEEP_IGNORED
	:: q > NAMES -> busy = true
#endif
#ifdef WAIT_FOR_ALL
	:: q > 0 -> busy = true
#endif
	:: else
	fi;
	atomic {
		if
		:: q > 0 && mem[INSIDE(rd, 0)] == x -> busy = true
		:: else
		fi
	};
#if DEPTHS > 1 && NAMES > 1 && !defined(FIRST_NAME_ONLY)
	atomic {
		if
		:: q > 1 && mem[INSIDE(rd, 1)] == x -> busy = true
		:: else
		fi
	};
#endif
	q = 0;
#endif
	skip
}

/* may_be_inside() of lib/route.c */
inline look_at(rd, x)
{
#ifdef NO_DRAIN_ACQUIRE
	/* The loads behind that of the epoch may be done before it */
	look_inside(rd, x);
	look_at_epoch(rd, x)
#else
	look_at_epoch(rd, x);
	look_inside(rd, x)
#endif
}

inline drain(x)
{
	draining = x;
	do
	:: atomic {
		busy = false;
		news = false
	   };
#ifndef NO_DRAIN_MB
	   smp_mb();
#endif
	   look_at(0, x);
	   look_at(1, x);
	   if
	   :: busy -> news	/* until then it would see the same again */
	   :: else -> break
	   fi
	od;
	atomic {
		assert(!runs(0, x) && !runs(1, x));
		freed[x] = true;
		mem[READY(x)] = 0;
		draining = NIL;
		news = false
	}
}

#define MOVE		1
#define SWAP		2
#define UNLINK		4
#define REGISTER	8
#define DRAIN		16

#define taken(p)	((live[0] && place[0] == (p)) || \
			 (live[1] && place[1] == (p)))

init
{
	byte root, left[2], right[2], place[2];
	byte seq, epoch, unlinked[2], bar, ops, kinds, q, n, p, i;
	bool live[2], there[2], busy;

	atomic {
		root = 0;
		left[0] = NIL;
		right[0] = 1;
		left[1] = NIL;
		right[1] = NIL;
		place[1] = 1;
		live[0] = true;
		live[1] = true;
		there[0] = true;
		there[1] = true;
		epoch = 1;
		mem[ROOT] = 0;
		mem[START(1)] = 1;
		mem[LEFT(0)] = NIL;
		mem[LEFT(1)] = NIL;
		mem[RIGHT(0)] = 1;
		mem[RIGHT(1)] = NIL;
		mem[STATE(0)] = 1;
		mem[STATE(1)] = 1;
		mem[READY(0)] = 1;
		mem[READY(1)] = 1;
		mem[EPOCH] = 1;
		truth = is_true;
		/* Two readers that do the same are as good as each other */
		if
		:: LOOKS0 != LOOKS1 -> n = PLACES; p = PLACES
		:: LOOKS0 == LOOKS1 -> n = 0; p = 0
		:: LOOKS0 == LOOKS1 -> n = 0; p = 1
		:: LOOKS0 == LOOKS1 -> n = 0; p = 2
		:: LOOKS0 == LOOKS1 -> n = 1; p = 1
		:: LOOKS0 == LOOKS1 -> n = 1; p = 2
		:: LOOKS0 == LOOKS1 -> n = 2; p = 2
		fi;
		run reader(0, LOOKS0, n);
		run reader(1, LOOKS1, p);
		n = 0;
		p = 0
	};
	do
	:: atomic {
		ops < OPS ->
		ops++;
		kinds = (ops == 1 -> KINDS1 : (ops == 2 -> KINDS2 :
			(ops == 3 -> KINDS3 : KINDS)));
		if
		:: n = 0
#ifndef ONE
		:: n = 1
#endif
		fi;
		if
		:: !taken(0) -> p = 0
		:: !taken(1) -> p = 1
		:: !taken(2) -> p = 2
		fi;
		if
		:: (kinds & MOVE) && there[n] -> move(n, p)
		:: (kinds & SWAP) && there[n] && there[1 - n] -> swap()
		:: (kinds & UNLINK) && there[n] -> unlink(n)
		:: (kinds & REGISTER) && !there[n] -> register(n, p)
		:: (kinds & DRAIN) && !there[n] && !freed[n] ->
			goto draining_it
		:: else
		fi;
		n = 0;
		p = 0;
		kinds = 0
	   };
#ifndef NO_DRAIN_MB
	   smp_mb();
#endif
	   goto next;
draining_it:
	   p = 0;
	   kinds = 0;
	   drain(n);
	   n = 0;
next:	   skip
	:: atomic { ops == OPS -> break }
	:: break
	od;
	smp_mb();
	/* With nobody inside, every drain has to come to its end */
	done == 2;
	if
	:: !there[0] && !freed[0] -> drain(0)
	:: else
	fi;
	if
	:: !there[1] && !freed[1] -> drain(1)
	:: else
	fi
}
