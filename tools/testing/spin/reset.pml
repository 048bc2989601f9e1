/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * reset.pml - accesses and messages while a function is reset
 *
 * A model of lib/pci/reset.c with msix_device.c and vector.c. The update side resets a
 * function, drains its device, restores what the device keeps, and gives the function
 * back to the guest, ROUNDS times. Two readers access its BAR: registers of the device,
 * without a lock, or the entry of the MSI-X table, with the update-side lock. A thread of
 * the device sends messages. dispatch.pml has the lookup and the drain in detail; here a
 * lookup with its entry into the callback is one step. Each macro removes one rule, and
 * the model must fail:
 *
 *	RESET_NO_RECHECK	a write of the table needs a BAR that is mapped
 *	RESET_BARS_STAY		a reset unmaps the BARs
 *	RESET_NO_DRAIN		a drain precedes the reuse of what callbacks access
 *	RESET_DRAIN_LOCKED	a drain waits without the update-side lock
 *	RESET_NO_DISABLE	a reset disables the vectors
 *	RESET_FREE_FIRST	a vector is disabled before its number is freed
 *	RESET_KEEP_PENDING	a reset discards the messages that are pending
 */

#ifndef ROUNDS
#define ROUNDS	2
#endif
#ifndef ACCESSES
#define ACCESSES	2
#endif
#ifndef SENDS
#define SENDS	2
#endif

#define BLOCKED	1
#define PENDING	2

#define MASKED	1		/* the reset value of the table's entry */

bool writers;			/* the update-side lock */
bool mapped = true;		/* the BAR */
bool msix_on = true;		/* the enable bit of MSI-X */
byte entry = MASKED;		/* its mask bit in the table */
byte state = BLOCKED;		/* struct vmr_pci_vector */
bool number;			/* the vector has a number */
byte free_since;		/* the reset that freed the number, 0 if it is in use */

bool calling;			/* a call of vmr_pci_notify() runs */
bool late;			/* it began before the reset */

byte running[2];		/* callbacks of the device by reader */
bool restored;			/* the device has its reset state, and no user */

inline take()
{
	atomic {
		!writers -> writers = true
	}
}

inline unblock()
{
	/* A message that was pending is delivered here */
	state = 0
}

/* The guest's write of the entry: unmasks it, which allocates the number */
inline table_write()
{
	take();
	if
#ifndef RESET_NO_RECHECK
	:: !mapped -> skip
#endif
	:: else ->
		assert(mapped);
		entry = 0;
		if
		:: msix_on ->
			number = true;
			free_since = 0;
			unblock()
		:: else
		fi
	fi;
	writers = false
}

proctype reader(byte me)
{
	byte accesses = 0;

	do
	:: accesses == ACCESSES -> break
	:: else ->
		accesses++;
		if
		:: atomic {
			mapped -> running[me] = 1
		   }
		   if
		   :: /* a register of the device */
			assert(!restored || !running[me])
		   :: table_write()
		   fi;
		   running[me] = 0
		:: atomic {
			!mapped -> skip		/* reads ones */
		   }
		fi
	od
}

proctype device()
{
	byte sends = 0, old;
	byte began_free;

	do
	:: sends == SENDS -> break
	:: else ->
		sends++;
		atomic {
			calling = true;
			began_free = free_since
		}
		if
		:: !msix_on -> goto next
		:: else
		fi;
		old = state;
		do
		:: !(old & BLOCKED) ->
			/* A call that begins now delivers to no number that is free */
			assert(!free_since || began_free != free_since);
			break
		:: atomic {
			old & BLOCKED && state == old ->
			state = old | PENDING;
			break
		   }
		:: atomic {
			old & BLOCKED && state != old ->
			old = state
		   }
		od;
next:		calling = false
	od
}

inline free_number()
{
	number = false;
	free_since = rounds
}

inline drain()
{
	running[0] == 0;
	running[1] == 0
}

proctype update_side()
{
	byte rounds = 0;

	do
	:: rounds == ROUNDS -> break
	:: else ->
		rounds++;
		take();
#ifndef RESET_BARS_STAY
		mapped = false;
#endif
#ifdef RESET_FREE_FIRST
		free_number();
#endif
#ifndef RESET_NO_DISABLE
		msix_on = false;
#endif
		entry = MASKED;
		atomic {
#ifdef RESET_KEEP_PENDING
			state = state | BLOCKED;
#else
			state = BLOCKED;
#endif
			late = calling
		}
#ifndef RESET_FREE_FIRST
		free_number();
#endif
#ifdef RESET_DRAIN_LOCKED
		drain();
#endif
		writers = false;
#ifndef RESET_NO_DRAIN
		drain();
#endif
		/* Until the guest maps it again, the table has its reset values */
		assert(entry == MASKED && !number);
		/* A message is pending only by a call that began before the reset */
		assert(!(state & PENDING) || late);
		restored = true;
		assert(!running[0] && !running[1]);
		restored = false;
		take();
		mapped = true;
		msix_on = true;
		writers = false
	od
}

init {
	atomic {
		run reader(0);
		run reader(1);
		run device();
		run update_side()
	}
}
