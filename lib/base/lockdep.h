/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * lockdep.h - annotations of waits for the kernel's lock validator
 *
 * Readers wait for write sections, and drains wait for callbacks. Neither is a
 * lock, but both can deadlock. A reader in an interrupt handler can spin on the
 * section that it interrupted. A drain can hold a lock that the callback is about
 * to take. Lockdep reports such an order before it deadlocks.
 *
 * Each kind of wait has one class. Public structs have no lockdep state, and have
 * the same layout with lockdep and without.
 */
#ifndef VMR_LOCKDEP_H
#define VMR_LOCKDEP_H

#if defined(__KERNEL__) && defined(CONFIG_LOCKDEP)

#include <linux/lockdep.h>

extern struct lockdep_map vmr_write_section_map;
extern struct lockdep_map vmr_callback_map;

/* A writer never waits for readers; annotate it as a trylock */
static inline void vmr_lockdep_write_begin(void)
{
	lock_acquire(&vmr_write_section_map, 0, 1, 0, 1, NULL, _THIS_IP_);
}

static inline void vmr_lockdep_write_end(void)
{
	lock_release(&vmr_write_section_map, _THIS_IP_);
}

/* A lookup may wait for a write section to end */
static inline void vmr_lockdep_lookup(void)
{
	lock_map_acquire_read(&vmr_write_section_map);
	lock_map_release(&vmr_write_section_map);
}

static inline void vmr_lockdep_callback_begin(void)
{
	lock_map_acquire_read(&vmr_callback_map);
}

static inline void vmr_lockdep_callback_end(void)
{
	lock_map_release(&vmr_callback_map);
}

/* A drain may wait for callbacks to end */
static inline void vmr_lockdep_drain(void)
{
	lock_map_acquire(&vmr_callback_map);
	lock_map_release(&vmr_callback_map);
}

#else

static inline void vmr_lockdep_write_begin(void)
{
}

static inline void vmr_lockdep_write_end(void)
{
}

static inline void vmr_lockdep_lookup(void)
{
}

static inline void vmr_lockdep_callback_begin(void)
{
}

static inline void vmr_lockdep_callback_end(void)
{
}

static inline void vmr_lockdep_drain(void)
{
}

#endif

#endif /* VMR_LOCKDEP_H */
