/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * lockdep.h - who waits for whom, told to the kernel's lock validator
 *
 * What readers wait for and what drains wait for are no locks, but they can
 * deadlock as locks do: a reader in an interrupt handler that spins on a write
 * section that it has interrupted, a drain under a lock that the callback it waits
 * for is about to take. Lockdep finds such an order when it is possible, not only
 * when it happens. There is one class for each of the two and no state in any
 * public struct, so these have one layout with lockdep and without.
 */
#ifndef VMR_LOCKDEP_H
#define VMR_LOCKDEP_H

#if defined(__KERNEL__) && defined(CONFIG_LOCKDEP)

#include <linux/lockdep.h>

extern struct lockdep_map vmr_write_section_map;
extern struct lockdep_map vmr_callback_map;

/* A writer waits for nobody, so that it is as one who tries a lock */
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
