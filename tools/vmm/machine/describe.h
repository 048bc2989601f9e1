/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * describe.h - the ranges and registers of a machine, for the library's snapshots
 */
#ifndef VMM_MACHINE_DESCRIBE_H
#define VMM_MACHINE_DESCRIBE_H

#include "../vmm.h"

#define MAX_RANGES		1024
#define MAX_BLOCKS		128

/**
 * struct snapshot - what there is of a machine to save
 * @fixed: the ranges that no guest moves
 * @ranges: all its ranges; the number in here is the key
 * @space_of: the space of each range, whatever a snapshot says
 */
struct snapshot {
	struct vmr_snapshot		snap;
	struct vmr_snapshot_space	spaces[VMR_SNAPSHOT_NR_SPACES + 6 +
						       3 * Q35_NR_PORTS];
	struct vmr_snapshot_block	blocks[MAX_BLOCKS];
	struct vmr_snapshot_fixed	fixed[MAX_RANGES];
	struct vmr_range		*ranges[MAX_RANGES];
	uint32_t			space_of[MAX_RANGES];
	unsigned int			nr_ranges;
	bool				full;
};

/* All that there is of a machine; in memory that the caller frees */
struct snapshot *machine_describe(struct vmm *vmm);

/* The bytes of the maps, which the caller frees; NULL and what is wrong */
uint8_t *maps_save(struct vmm *vmm, size_t *size, const char **fault);

/*
 * Register everything with the places that a restore has put it at. Return what is
 * wrong, or NULL.
 */
const char *machine_adopt(struct vmm *vmm);

#endif /* VMM_MACHINE_DESCRIBE_H */
