/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * vf.pml - VFs that are enabled and disabled while readers access their BARs
 *
 * The update side enables and disables the VFs of a PF ROUNDS times, then unplugs the
 * PF, drains it and reuses the memory of all. The registers of a VF are prepared before
 * the region of its BAR is mapped. Two readers look the region up and call the callback
 * of the VF by way of that of the PF, which finds the number of VFs. An access is a read,
 * or a write of the MSI-X table, which takes a vector under the update-side lock. Each
 * macro removes one rule, and the model must fail:
 *
 *	VF_MAP_FIRST	the region is mapped after the VFs are registered
 *	VF_MAPPED_LONG	the region is unmapped when the VFs are disabled
 *	VF_DRAIN_VF	a drain of the PF waits for the callbacks of its VFs
 *	VF_TABLE_LATE	a write of the table finds out, with the lock held, whether the VF
 *			is there
 */

#ifndef ROUNDS
#define ROUNDS	2
#endif
#ifndef ACCESSES
#define ACCESSES	2
#endif

bool lock;		/* the caller's lock */
bool mapped;		/* the region of the VF BAR */
bool running;		/* the VF is registered, its registers are prepared */
bool plugged;		/* the VF has a manager; with the lock held */
bool counted;		/* nr_answering includes the VF; also after it has left */
bool vector;		/* the VF has one */
bool freed;		/* the memory of PF and VFs is reused */
bool off = true;	/* the VFs are disabled, also for the guest */
byte epoch = 1;		/* the manager's */
byte own[2];		/* each reader's epoch during a lookup */
bool pf_hazard[2];	/* each reader is in a callback of the PF */
byte turns;		/* how often the VFs were enabled */

inline take()
{
	atomic {
		!lock -> lock = true
	}
}

inline enable()
{
	take();
#ifdef VF_MAP_FIRST
	counted = true;
	mapped = true;
#endif
	plugged = true;
	running = true;
	counted = true;
	atomic {		/* a write section */
		off = false;
		turns++;
		mapped = true
	};
	lock = false
}

inline disable()
{
	take();
	atomic {		/* a write section */
#ifndef VF_MAPPED_LONG
		mapped = false;
#endif
		off = true
	};
	vector = false;
	plugged = false;
	lock = false
}

/* The callback of the VF. A late one is harmless while the memory is there. */
inline callback()
{
	assert(!freed);
	/* no access that began after the VFs were disabled */
	assert(running && !(began_off && off && began == turns));
	if
	:: skip			/* a read */
	:: atomic {
#ifdef VF_TABLE_LATE
		present = plugged
#else
		skip
#endif
	   };
		take();
#ifndef VF_TABLE_LATE
		present = plugged;
#endif
		assert(!freed);
		if
		:: present -> vector = true
		:: else
		fi;
		lock = false
	fi
}

proctype reader(byte r)
{
	byte accesses = 0;
	byte began;
	bool began_off, present;

	do
	:: accesses == ACCESSES -> break
	:: else ->
		accesses++;
		/* VFs that are enabled meanwhile may answer */
		atomic {
			began_off = off;
			began = turns
		}
		own[r] = epoch;
		if
		:: mapped ->
			assert(!freed);
#ifndef VF_DRAIN_VF
			pf_hazard[r] = true;
#endif
			own[r] = 0;
			if
			:: counted -> callback()
			:: else
			fi;
			pf_hazard[r] = false
		:: else -> own[r] = 0
		fi
	od;
	skip
}

proctype update_side()
{
	byte rounds = 0;

	do
	:: rounds == ROUNDS -> break
	:: else ->
		rounds++;
		enable();
		disable();
		/* A vector of a VF that is not there would never be freed */
		take();
		assert(!vector || freed);
		lock = false
	od;
	/* The PF is unplugged */
	mapped = false;
	epoch++;
	(own[0] == 0 || own[0] == epoch) && !pf_hazard[0];
	(own[1] == 0 || own[1] == epoch) && !pf_hazard[1];
	freed = true;
	skip
}

init {
	atomic {
		run reader(0);
		run reader(1);
		run update_side()
	}
}
