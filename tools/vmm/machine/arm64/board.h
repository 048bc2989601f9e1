/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * board.h - the names of parts of the arm64 machine
 */
#ifndef VMM_ARM64_BOARD_H
#define VMM_ARM64_BOARD_H

/* Reserved addresses of the layout, which KVM serves */
#define GIC_DISTRIBUTOR		"gic distributor"
#define GIC_ITS			"gic its"
#define GIC_REDISTRIBUTORS	"gic redistributors"

/* The memory that Linux must not use */
#define RESERVED_MEMORY		"reserved memory"

#endif /* VMM_ARM64_BOARD_H */
