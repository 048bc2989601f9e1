/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * slot.pml - cards that come and go while a driver of the guest controls the slot
 *
 * A model of lib/pci/slot.c, lib/pci/port.c and lib/pci/hotplug.c. The VMM adds CARDS
 * cards. It asks for each and waits, or pulls it by surprise. Each call of the library
 * is one step, since all of them hold one lock. The port interrupts by a message, which
 * arrives later, while MSI is on, and otherwise by the level of its line. The driver
 * begins with either, and changes from one to the other once. The interrupt handler of
 * the guest reads the status register, clears what it has read, and repeats that until
 * it reads 0. The driver handles the events that the handler has collected: a button,
 * and a change of presence.
 *
 * In the end no event is left, and a card is on unless the driver has let it go. The VMM
 * gets an answer to each request. After the driver has let a card go, no button asks it
 * to switch that card on again. Each macro removes one rule, and the model must
 * fail:
 *
 *	SLOT_NOTIFIED_KEPT	the end of the condition is noted when the guest clears events
 *	SLOT_SEND_EARLY	the event is set before the message is sent
 *	SLOT_CLEAR_ALL	the guest clears only the events that it writes ones to
 *	SLOT_ENABLE_SILENT	an event that comes before the enable bit is reported then
 *	SLOT_MSI_SILENT	an event that the line has reported is reported when MSI comes on
 *	SLOT_LINE_OFF	an event that a message has reported raises the line without MSI
 *	SLOT_LINE_KEPT	the line falls when the guest clears the last event
 *	SLOT_LINE_MSI	the line is low while MSI is on
 *	SLOT_PRESS_LATE	the button is pressed together with a new change of presence
 *	SLOT_PRESS_OFF	the button is not pressed while the slot is off
 *	SLOT_PRESS_KEPT	letting a card go withdraws the button
 *	SLOT_PRESS_STALE	pulling a card withdraws the button
 *	SLOT_ANSWER_NOT	a request for a card that was let go already is answered
 */

#ifndef CARDS
#define CARDS	2
#endif

#define BUTTON		1
#define PRESENCE	2

#define LED_OFF		0
#define LED_ON		1
#define LED_BLINK	2

#define IS_OFF		(!power && led == LED_OFF)

byte status;		/* the events */
bool hpie;		/* the bit that enables the interrupt */
bool msi;		/* the bit that selects messages */
bool line;		/* the level of the interrupt pin */
bool notified;		/* the condition holds, and its message was sent */
bool message;		/* on its way to the guest */
bool present;
bool power;
byte led;
bool pending;		/* a removal */
bool fresh;		/* the driver has not let the card go */
bool answered;		/* to the last request */
bool done;		/* the VMM */

byte events;		/* collected by the handler of the guest */
bool on;		/* the state that the driver has the slot in */

inline update_line()
{
#ifdef SLOT_LINE_OFF
	line = hpie && status && !msi && !notified;
#else
#ifdef SLOT_LINE_KEPT
	line = (line || (hpie && status)) && !msi;
#else
#ifdef SLOT_LINE_MSI
	line = hpie && status;
#else
	line = hpie && status && !msi;
#endif
#endif
#endif
	assert(!line || (status && !msi))
}

inline update()
{
	update_line();
	if
#ifdef SLOT_MSI_SILENT
	:: hpie && status ->
#else
	:: hpie && status && msi ->
#endif
		if
		:: !notified && msi -> message = true
		:: else
		fi;
		notified = true
	:: else ->
#ifndef SLOT_NOTIFIED_KEPT
		notified = false
#else
		skip
#endif
	fi
}

/* An event of the library */
inline event(bits)
{
	status = status | (bits);
	update()
}

/* A write of the control register */
inline command(new_power, new_led)
{
	atomic {
		was_off = IS_OFF;
		power = new_power;
		led = new_led;
		if
		:: was_off && !IS_OFF ->
			pending = false;
			fresh = true
		:: !was_off && IS_OFF && present ->
#ifndef SLOT_PRESS_KEPT
			status = status & ~BUTTON;
#endif
			fresh = false;
			answered = answered || pending
		:: else
		fi;
		update()
	}
}

inline add()
{
	atomic {
		present = true;
		fresh = true;
		pending = false;
		answered = false;
		if
		:: !hpie ->
			power = true;
			led = LED_ON;
			event(PRESENCE)
#ifdef SLOT_PRESS_LATE
		:: hpie && IS_OFF -> event(PRESENCE | BUTTON)
#else
		:: hpie && IS_OFF && !(status & PRESENCE) ->
			event(PRESENCE | BUTTON)
#endif
		:: else -> event(PRESENCE)
		fi
	}
}

inline pull()
{
#ifdef SLOT_SEND_EARLY
	atomic {
		present = false;
		pending = false;
		if
		:: hpie && msi && !notified -> message = true
		:: else
		fi
	};
	atomic {
		status = status | PRESENCE;
		update_line();
		notified = hpie && msi
	}
#else
	atomic {
		present = false;
		pending = false;
		if
		:: !hpie ->
			power = false;
			led = LED_OFF
		:: else
		fi;
#ifndef SLOT_PRESS_STALE
		status = status & ~BUTTON;
#endif
		event(PRESENCE)
	}
#endif
}

inline request()
{
	atomic {
		if
		:: pending -> skip
		:: else ->
			pending = true;
			if
#ifndef SLOT_PRESS_OFF
			:: IS_OFF ->
#ifndef SLOT_ANSWER_NOT
				answered = true
#else
				skip
#endif
#endif
			:: else -> event(BUTTON)
			fi
		fi
	}
}

/* Only while the VMM has no answer: the removal is pending then */
inline repeat_request()
{
	atomic {
		if
		:: !answered -> assert(pending)
		:: else
		fi
	}
}

active proctype vmm()
{
	byte cards = 0;

	do
	:: cards == CARDS -> break
	:: else ->
		cards++;
		add();
		if
		:: true -> pull()
		:: true ->
			request();
			if
			:: true -> answered
			:: true -> repeat_request();
				answered
			:: true
			fi;
			pull()
		fi
	od;
	if
	:: add()
	:: skip
	fi;
	done = true
}

active proctype handler()
{
	byte seen;

end:
	do
	:: message || line ->
		message = false;
		do
		:: atomic {
				seen = status;
				assert(!(seen & BUTTON) || fresh || !present ||
				       seen & PRESENCE)
			};
			if
			:: !seen -> break
			:: else
			fi;
			atomic {
#ifdef SLOT_CLEAR_ALL
				status = 0;
#else
				status = status & ~seen;
#endif
				update();
				events = events | seen
			}
		od
	od
}

inline switch_off()
{
	command(power, LED_BLINK);
	command(false, LED_BLINK);
	command(false, LED_OFF);
	on = false
}

inline switch_on()
{
	command(true, LED_BLINK);
	command(true, LED_ON);
	on = true
}

active proctype driver()
{
	byte todo;
	bool was_off, own, changed;

	/* The guest has either kind of interrupt */
	if
	:: msi = true
	:: skip
	fi;

	/* It clears what was before it, and looks at the slot */
	atomic {
		status = 0;
		update()
	};
#ifdef SLOT_ENABLE_SILENT
	atomic {
		hpie = true;
		update_line();
		notified = notified || (status && msi)
	};
#else
	atomic {
		hpie = true;
		update()
	};
#endif
	todo = PRESENCE;
	on = power;
	do
	:: todo & BUTTON && on ->
		switch_off();
		todo = todo & ~BUTTON
	:: todo & BUTTON && !on ->
		atomic {
			assert(fresh || !present || todo & PRESENCE || own);
			todo = PRESENCE
		}
	:: !(todo & BUTTON) && todo & PRESENCE ->
		if
		:: on -> switch_off()
		:: else
		fi;
		todo = 0;
		if
		:: present -> switch_on()
		:: else
		fi
	:: !todo && on && !own ->
		/* The user of the guest takes the card out of use, once */
		own = true;
		switch_off()
	:: !todo && !changed ->
		/* To the other kind of interrupt; messages of MSI are lost then */
		changed = true;
		atomic {
			msi = !msi;
			message = false;
			update()
		}
	:: !todo ->
end:		atomic {
			events != 0 ->
			todo = events;
			events = 0
		}
	od
}

/* Nothing can go on any more */
active proctype check()
{
	timeout;
	assert(done);
	assert(!status);
	assert(on == (present && fresh))
}
