/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * attach.pml - readers that are attached and detached while a drain looks at them
 *
 * Two threads attach their reader, route an access or several, and detach it, after
 * which its memory is given away until it is attached again. One thread unlinks a
 * device, drains it without the writers' lock, and gives its memory away; ROUNDS
 * says how often it comes back. What each macro takes out must be missed:
 *
 *	ATTACH_NO_LOCK	the lock around the list while a drain walks along it
 *	ATTACH_INSIDE	that a reader inside of a callback cannot be detached
 */

#ifndef ROUNDS
#define ROUNDS	2
#endif
#ifndef LOOKS
#define LOOKS	2
#endif

#define NONE	2

byte head = NONE;		/* the manager's list of readers */
byte next[2] = NONE;
bool busy;			/* readers_busy */
bool writers;			/* the caller's lock */

bool freed[2];			/* a reader's memory is another's */
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

/* Out of the list, and then the memory is anything. */
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
	byte looks = 0;

	do
	:: looks == LOOKS -> break
	:: else ->
		attach();
again:
		looks++;
		own[r] = epoch;
		if
		:: linked ->
			assert(!freed_device);
			depth[r] = depth[r] + 1;
			own[r] = 0;
			assert(!freed_device);	/* the callback */
			if
			:: skip
			:: detach()		/* from inside of it */
			fi;
			assert(!freed_device);
			if
			:: !freed[r] -> depth[r] = depth[r] - 1
			:: else -> goto out
			fi
		:: else -> own[r] = 0
		fi;
		if
		:: looks < LOOKS -> goto again
		:: detach()
		:: looks == LOOKS -> break	/* and stay attached */
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
		/* The memory comes back as the same device. */
		freed_device = false;
		rounds++;
		take(writers);
		linked = true;
		writers = false
	od;
	done++
}

/* Who is never out of a callback holds the drain up for ever. */
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
