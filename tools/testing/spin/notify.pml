/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * notify.pml - devices that send while the guest masks, unmasks and resets
 *
 * A model of lib/pci/vector.c. Two threads of a device post data and send the message of
 * one vector, SENDS times each. The update side blocks, unblocks or clears the vector,
 * OPS times, and unblocks it in the end. A delivery shows the guest all data that is
 * posted. In the end the guest has seen the last data of each thread, or a reset has
 * discarded the message. Each macro removes one rule, and the model must fail:
 *
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
byte lost[2];			/* data whose message a reset discarded */
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

	do
	:: sends == SENDS -> break
	:: else ->
		sends++;
		posted[me] = sends;
		old = state;
		do
		:: !(old & BLOCKED) ->
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
		od
	od;
	done++
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
		:: atomic {
			state = BLOCKED;
			lost[0] = posted[0];
			lost[1] = posted[1]
		   }
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
