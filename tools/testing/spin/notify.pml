/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * notify.pml - devices that send while the guest masks and unmasks, and during removal
 *
 * A model of lib/pci/vector.c. Two threads of a device post data and send the message of
 * one vector, SENDS times each. The update side blocks, unblocks or clears the vector, or
 * removes the function and plugs it again, OPS times, and unblocks the vector in the end.
 * A delivery shows the guest all data that is posted. In the end the guest has seen the
 * last data of each thread, or a reset or removal has discarded the message, or the call
 * has said that the function sends none. A call that begins while the function is removed
 * changes nothing. Each macro removes one rule, and the model must fail:
 *
 *	NOTIFY_REMOVED	a call that begins after a removal does nothing
 *	NOTIFY_CLEAR_FIRST	a removal disables the vector before it clears it
 *	PEND_PLAIN	a device makes a vector pending by compare-and-exchange
 *	BLOCK_PLAIN	the update side blocks by compare-and-exchange
 *	UNBLOCK_PLAIN	the update side unblocks by an exchange
 *	PEND_SILENT	the thread that unblocks a pending vector delivers
 */

#ifndef SENDS
#define SENDS	2
#endif
#ifndef OPS
#define OPS	3
#endif

#define BLOCKED	1
#define PENDING	2

byte state = BLOCKED;
byte posted[2];			/* data in memory */
byte seen[2];			/* data that the guest saw at a delivery */
byte lost[2];			/* data whose message a reset or removal discarded */
bool sends_on = true;		/* the enable bit, off while the function is removed */
byte removed;			/* the number of the removal, 0 while it is plugged */
byte calls;			/* calls that run */
bool late;			/* a call ran when the removal cleared the vector */
byte done;

inline deliver()
{
	/* Each load is a step: data of the other thread may come between */
	seen[0] = posted[0];
	seen[1] = posted[1]
}

inline unblock()
{
#ifdef UNBLOCK_PLAIN
	was = state;
	state = 0;
#else
	atomic {
		was = state;
		state = 0
	}
#endif
	if
#ifndef PEND_SILENT
	:: was & PENDING -> deliver()
#endif
	:: else
	fi
}

inline block()
{
	was = state;
#ifdef BLOCK_PLAIN
	state = was | BLOCKED
#else
	do
	:: atomic {
		state == was ->
		state = was | BLOCKED;
		break
	   }
	:: atomic {
		state != was ->
		was = state
	   }
	od
#endif
}

proctype device(byte me)
{
	byte sends = 0, old;
	byte began_removed;

	do
	:: sends == SENDS -> break
	:: else ->
		sends++;
		posted[me] = sends;
		atomic {
			calls++;
			began_removed = removed
		}
#ifndef NOTIFY_REMOVED
		if
		:: atomic {
			!sends_on ->
			lost[me] = posted[me];	/* -ENOENT */
			goto returns
		   }
		:: else
		fi;
#endif
		old = state;
		do
		:: !(old & BLOCKED) ->
			assert(!removed || began_removed != removed);
			deliver();
			break
#ifdef PEND_PLAIN
		:: old & BLOCKED ->
			state = old | PENDING;
			break
#else
		:: atomic {
			old & BLOCKED && state == old ->
			state = old | PENDING;
			break
		   }
		:: atomic {
			old & BLOCKED && state != old ->
			old = state
		   }
#endif
		od;
		assert(!removed || began_removed != removed);
returns:	calls--
	od;
	done++
}

inline clear()
{
	atomic {
		state = BLOCKED;
		lost[0] = posted[0];
		lost[1] = posted[1];
		late = calls > 0
	}
}

/* After a removal a message is pending only by a call that began before it */
inline remove_and_plug()
{
#ifdef NOTIFY_CLEAR_FIRST
	clear();
	sends_on = false;
#else
	sends_on = false;
	clear();
#endif
	removed = ops;
	assert(!(state & PENDING) || late);
	removed = 0;
	sends_on = true
}

proctype update_side()
{
	byte ops = 0, was;

	do
	:: ops == OPS -> break
	:: else ->
		ops++;
		if
		:: block()
		:: unblock()
		:: clear()
		:: remove_and_plug()
		fi
	od;
	unblock();
	done++
}

active proctype check()
{
	done == 3;
	assert(seen[0] == posted[0] || lost[0] == posted[0]);
	assert(seen[1] == posted[1] || lost[1] == posted[1])
}

init {
	atomic {
		run device(0);
		run device(1);
		run update_side()
	}
}
