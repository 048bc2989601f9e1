/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * dispatch.pml - lookup, move, unregister, register and drain, for Spin
 *
 * Two readers dispatch accesses while one writer changes the tree and drains the
 * devices that it unregistered. README.rst describes the model and the macros. run.sh
 * checks that the model holds, and that it fails with each macro.
 */

#ifndef OPS
#define OPS	3	/* operations of the writer, chosen freely */
#endif
#ifndef ACCESSES0
#define ACCESSES0	1	/* accesses of each reader */
#endif
#ifndef ACCESSES1
#define ACCESSES1	1
#endif
#ifndef DEPTHS
#define DEPTHS	1	/* nesting depth */
#endif
#ifndef HAZARDS
#define HAZARDS	2	/* VMR_READER_HAZARDS */
#endif
#ifndef WINDOW
#define WINDOW	1	/* number of pending stores that can complete next */
#endif
#ifndef KINDS
#define KINDS	31	/* operations that the writer may choose */
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
#define ROOM	16	/* capacity of the writer's store buffer */
#endif

/*
 * Memory. A device has one region of one address. Node, region and device have the
 * same number.
 */
#define NIL		2	/* no node */
#define PLACES		3

#define SEQ		0
#define ROOT		1
#define START(n)	(2 + (n))
#define LEFT(n)		(4 + (n))
#define RIGHT(n)	(6 + (n))
#define STATE(n)	(8 + (n))
#define READY(n)	(10 + (n))	/* set by set_resources() */
#define EPOCH		12
#define OWN_EPOCH(r)	(13 + (r))
#define DEPTH(r)	(15 + (r))
#define INSIDE(r, i)	(17 + 2 * (r) + (i))

byte mem[21];

/*
 * The device mapped at each address, packed into a byte. It changes with the store
 * that makes a change visible. A lookup may return any value that was current at a
 * moment between its start and its end.
 */
#define answer(t, a)	(((t) >> (2 * (a))) & 3)

byte mapping;
byte wanted[2];			/* the address a reader accesses up */
byte allowed[2];		/* one bit for each result */

bool freed[2];			/* drained: the caller may reuse the memory */
byte running[4];		/* 1 + device of the callbacks that a reader runs */
byte draining = NIL;
bool stored;			/* a reader stored something since the last test of the drain */
byte done;

#define runs(r, n)	(running[2 * (r)] == (n) + 1 || \
			 running[2 * (r) + 1] == (n) + 1)

/*
 * The readers. Their stores complete at once. A store can be delayed only past a
 * later load, and smp_mb() separates the two. With asymmetric barriers a reader has
 * none, and the drain executes it for all readers: membarrier().
 */

inline load(to, location)
{
	to = mem[location]
}

/* The memory of the node must not be freed. */
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

#if defined(NO_LOOKUP_MB) || defined(ASYMMETRIC) || defined(NO_MEMBARRIER)
#define DELAYED
#endif

#ifdef DELAYED
/* The store of the epoch of each reader, 0 if it is complete */
byte late[2];

inline complete_late(rd)
{
	atomic {
		if
		:: late[rd] ->
			mem[OWN_EPOCH(rd)] = late[rd];
			late[rd] = 0;
			stored = true
		:: else
		fi
	}
}

/* The store may complete at any time up to the next release. */
#define LATE(step)	if :: complete_late(r) :: skip fi; step
#else
#define LATE(step)	step
#endif

inline set_epoch()
{
#ifdef DELAYED
	late[r] = at
#else
	store(OWN_EPOCH(r), at)
#endif
	;
	at = 0
}

inline clear_epoch()
{
#ifdef DELAYED
	late[r] = 0;
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

/* The device at the address, or NIL: lookup_device() in lib/device/dispatch.c */
inline lookup()
{
	load(at, EPOCH);
	set_epoch();
again:
#ifdef NO_READ_ACQUIRE
	/* The first load of the walk may precede that of the count. */
	load(node, ROOT);
#endif
	atomic { !(mem[SEQ] & 1) -> count = mem[SEQ] };
#ifndef NO_READ_ACQUIRE
	load(node, ROOT);
#endif
	LATE(skip);
#ifdef NO_READ_BARRIER
	/* The loads of the walk may follow that of the count. */
	validate();
	walk();
#else
	walk();
	validate();
#endif
	if
	:: node == NIL
	:: else ->
		/* Validated: the device may be accessed. */
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
#ifdef NO_SECOND_VALIDATE
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
		/* The result was current at a moment since the start of the lookup. */
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

inline publish_hazard()
{
	if
	:: depth < HAZARDS -> store(INSIDE(r, depth), node)
	:: else
	fi;
	store(DEPTH(r), depth + 1)
}

inline enter()
{
#ifdef CLEAR_FIRST
	clear_epoch();
	publish_hazard();
#else
	publish_hazard();
#endif
	/* The callback starts. */
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
	/* A callback may last as long as a drain of another device. */
	if
	:: skip
	:: skip -> draining == NIL || runs(r, draining)
	fi;
#endif
#ifdef LEAVE_EARLY
	store(DEPTH(r), depth - 1);
#endif
	atomic {
		/* The last access to the device, whose memory must not be freed */
		assert(!freed[running[2 * r + depth - 1] - 1]);
		running[2 * r + depth - 1] = 0;
		depth--
#ifndef LEAVE_EARLY
		;
		store(DEPTH(r), depth)
#endif
	}
}

proctype reader(byte r; byte accesses; byte first)
{
	byte node, at, count, state, depth, addr;

	do
	:: atomic {
		accesses > 0 && depth < DEPTHS ->
		accesses--;
		if
		:: first < PLACES -> addr = first; first = PLACES
		:: first == PLACES -> addr = 0
		:: first == PLACES -> addr = 1
		:: first == PLACES -> addr = 2
		fi;
		wanted[r] = addr;
		allowed[r] = 1 << answer(mapping, addr)
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
	:: atomic { accesses == 0 && depth == 0 -> done++; break }
	od
}

/*
 * The writer, with a store buffer. Stores complete in any order, with these limits:
 * 1. Stores to one location stay in order.
 * 2. A RELEASE completes after all stores before it.
 * 3. Stores after a smp_wmb() complete after all stores before it.
 * Outside of a drain the writer loads nothing that others store. Therefore only the
 * order of the stores matters: a call fills the buffer, and then any of the first
 * three stores may complete next.
 */
#define PLAIN	0
#define RELEASE	1
#define BEHIND	2	/* the first store after a smp_wmb() */

byte buffered;
byte locations[ROOM];		/* location, with the order in the upper bits */
byte values[ROOM];
byte next_mapping;			/* value of mapping after a buffered store */

#define so(location, order)	((location) | (order) << 5)
#define order(i)	((locations[i] >> 5) & 3)
#define VISIBLE		128
#define apart(i, j)	((locations[i] & 31) != (locations[j] & 31))
#define may_go_2nd	(WINDOW > 1 && buffered > 1 && \
			 order(1) == PLAIN && apart(0, 1))
#define may_go_3rd	(WINDOW > 2 && buffered > 2 && \
			 order(1) != BEHIND && order(2) == PLAIN && \
			 apart(0, 2) && apart(1, 2))

inline complete(nth)
{
	d_step {
		mem[locations[nth] & 31] = values[nth];
		if
		:: locations[nth] & VISIBLE ->
			mapping = next_mapping;
			allowed[0] = (allowed[0] -> allowed[0] |
				(1 << answer(mapping, wanted[0])) : 0);
			allowed[1] = (allowed[1] -> allowed[1] |
				(1 << answer(mapping, wanted[1])) : 0);
			next_mapping = 0
		:: else
		fi;
		i = nth;
		do
		:: i + 1 < buffered ->
			locations[i] = locations[i + 1];
			values[i] = values[i + 1];
			i++
		:: else -> break
		od;
		buffered--;
		locations[i] = 0;
		values[i] = 0;
		i = 0
	}
}

inline put_ordered(location, value, order)
{
	assert(buffered < ROOM);
	locations[buffered] = so(location, order);
	values[buffered] = value;
	buffered++;
	bar = PLAIN
}

#define here(n, p)	(live[n] && there[n] && place[n] == (p))
#define device_at(p)		(here(0, p) -> 0 : (here(1, p) -> 1 : NIL))
#define current		(64 | device_at(0) | (device_at(1) << 2) | (device_at(2) << 4))

/* The store that makes the change visible */
inline put_visible(location, value, order)
{
	assert(!next_mapping);
	next_mapping = current;
	put_ordered(location, value, order);
	locations[buffered - 1] = locations[buffered - 1] | VISIBLE
}

#define put(location, value)	put_ordered(location, value, bar)

inline smp_mb()
{
	do
	:: atomic { buffered > 0 -> complete(0) }
	:: atomic { may_go_2nd -> complete(1) }
	:: atomic { may_go_3rd -> complete(2) }
	:: buffered == 0 -> break
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
	put_ordered(SEQ, seq, END)
}

inline write_end_visible()
{
	seq++;
	put_visible(SEQ, seq, END)
}

/* Unlink a node with at most one child. */
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
		put_ordered(ROOT, x, RELEASE)
	:: root != NIL && place[x] < place[root] ->
		left[root] = x;
		put_ordered(LEFT(root), x, RELEASE)
	:: else ->
		right[root] = x;
		put_ordered(RIGHT(root), x, RELEASE)
	fi;
	live[x] = true
}

/* Two nodes need no balancing. Rotate at random, as rbtree.c does. */
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
	write_end_visible()
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
	write_end_visible()
}

inline raise_epoch(x)
{
	epoch++;
	put_ordered(EPOCH, epoch, RELEASE);
#ifdef UNLINKED_OLD
	unlinked[x] = epoch - 1
#else
	unlinked[x] = epoch
#endif
}

/* In the same section the other region may get the address, as a claim does. */
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
	write_end_visible();
#ifndef EPOCH_FIRST
	raise_epoch(x)
#endif
}

/* Link, set the resources, then make visible. */
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
	put_ordered(STATE(x), 1, RELEASE);
	write_end_visible()
#ifdef READY_LATE
	;
	put(READY(x), 1)
#endif
}

inline test_epoch(rd, x)
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

inline test_hazards(rd, x)
{
#ifndef IGNORE_INSIDE
	load(q, DEPTH(rd));
	if
#ifndef DEEP_IGNORED
	:: q > HAZARDS -> busy = true
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
#if DEPTHS > 1 && HAZARDS > 1 && !defined(FIRST_HAZARD_ONLY)
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

/* reader_may_access() in lib/device/reader.c */
inline test_reader(rd, x)
{
#ifdef NO_DRAIN_ACQUIRE
	/* The other loads may precede that of the epoch. */
	test_hazards(rd, x);
	test_epoch(rd, x)
#else
	test_epoch(rd, x);
	test_hazards(rd, x)
#endif
}

/* A full barrier at some point between two steps of each reader */
inline membarrier()
{
#ifdef ASYMMETRIC
	complete_late(0);
	complete_late(1)
#else
	skip
#endif
}

inline drain(x)
{
	draining = x;
#ifndef NO_DRAIN_MB
	smp_mb();
#endif
	membarrier();
	do
	:: atomic {
		busy = false;
		stored = false
	   };
	   test_reader(0, x);
	   test_reader(1, x);
	   if
	   :: busy -> stored	/* wait for a store of a reader */
	   :: else -> break
	   fi
	od;
	atomic {
		assert(!runs(0, x) && !runs(1, x));
		freed[x] = true;
		mem[READY(x)] = 0;
		draining = NIL;
		stored = false
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
		mapping = current;
		/* Two equal readers are symmetric: order their first addresses. */
		if
		:: ACCESSES0 != ACCESSES1 -> n = PLACES; p = PLACES
		:: ACCESSES0 == ACCESSES1 -> n = 0; p = 0
		:: ACCESSES0 == ACCESSES1 -> n = 0; p = 1
		:: ACCESSES0 == ACCESSES1 -> n = 0; p = 2
		:: ACCESSES0 == ACCESSES1 -> n = 1; p = 1
		:: ACCESSES0 == ACCESSES1 -> n = 1; p = 2
		:: ACCESSES0 == ACCESSES1 -> n = 2; p = 2
		fi;
		run reader(0, ACCESSES0, n);
		run reader(1, ACCESSES1, p);
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
	/* After all readers have ended, every drain must end. */
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
