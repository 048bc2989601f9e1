/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * attach.pml - readers that are attached and detached during a drain
 *
 * Two threads attach their reader, dispatch accesses and detach it. The memory of a
 * detached reader is reused until it is attached again. One thread unregisters a
 * device, drains it without the update-side lock and reuses its memory, ROUNDS times.
 * Each macro removes one rule, and the model must fail:
 *
 *	ATTACH_NO_LOCK	a drain holds the lock of the list while it walks the list
 *	ATTACH_INSIDE	a reader inside a callback cannot be detached
 */

#ifndef ROUNDS
#define ROUNDS	2
#endif
#ifndef ACCESSES
#define ACCESSES	2
#endif

#define NONE	2

byte head = NONE;		/* the manager's list of readers */
byte next[2] = NONE;
bool busy;			/* readers_busy */
bool writers;			/* the caller's lock */

bool freed[2];			/* the memory of a reader is reused */
bool freed_device;
bool linked = true;
byte epoch = 1;			/* the manager's */
byte unlinked;
byte own[2];			/* each reader's epoch, depth */
byte depth[2];
byte done;

inline take(lock)
{
	atomic {
		!lock -> lock = true
	}
}

inline attach()
{
	take(writers);
	take(busy);
	freed[r] = false;
	own[r] = 0;
	depth[r] = 0;
	next[r] = head;
	head = r;
	busy = false;
	writers = false
}

/* Remove from the list; then the memory has any contents. */
inline detach()
{
	take(writers);
	if
#ifndef ATTACH_INSIDE
	:: own[r] != 0 || depth[r] != 0 -> skip		/* -EDEADLK */
#endif
	:: else ->
		take(busy);
		if
		:: head == r -> head = next[r]
		:: else -> next[head] = next[r]
		fi;
		busy = false;
		atomic {
			freed[r] = true;
			own[r] = 9;
			depth[r] = 9
		}
	fi;
	writers = false
}

proctype reader(byte r)
{
	byte accesses = 0;

	do
	:: accesses == ACCESSES -> break
	:: else ->
		attach();
again:
		accesses++;
		own[r] = epoch;
		if
		:: linked ->
			assert(!freed_device);
			depth[r] = depth[r] + 1;
			own[r] = 0;
			assert(!freed_device);	/* the callback */
			if
			:: skip
			:: detach()		/* inside the callback */
			fi;
			assert(!freed_device);
			if
			:: !freed[r] -> depth[r] = depth[r] - 1
			:: else -> goto out
			fi
		:: else -> own[r] = 0
		fi;
		if
		:: accesses < ACCESSES -> goto again
		:: detach()
		:: accesses == ACCESSES -> break	/* and stay attached */
		fi
	od;
out:
	done++
}

proctype drainer()
{
	byte rounds = 0, at;
	bool inside;

	do
	:: rounds == ROUNDS -> break
	:: else ->
		take(writers);
		linked = false;
		unlinked = epoch + 1;
		epoch = unlinked;
		writers = false;
		do
		:: inside = false;
#ifndef ATTACH_NO_LOCK
			take(busy);
#endif
			at = head;
			do
			:: at == NONE -> break
			:: else ->
				assert(!freed[at]);
				if
				:: own[at] != 0 && own[at] < unlinked ->
					inside = true
				:: else
				fi;
				if
				:: depth[at] != 0 -> inside = true
				:: else
				fi;
				assert(!freed[at]);
				at = next[at]
			od;
#ifndef ATTACH_NO_LOCK
			busy = false;
#endif
			if
			:: !inside -> break
			:: else
			fi
		od;
		freed_device = true;
		/* The memory becomes the same device again. */
		freed_device = false;
		rounds++;
		take(writers);
		linked = true;
		writers = false
	od;
	done++
}

/* All threads must end: no drain waits for ever. */
active proctype check()
{
	done == 3
}

init {
	atomic {
		run reader(0);
		run reader(1);
		run drainer()
	}
}
