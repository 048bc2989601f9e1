/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * compare_map.h - comparing the maps of both sides
 */
#ifndef VMR_QEMU_COMPARE_MAP_H
#define VMR_QEMU_COMPARE_MAP_H

#include "map.h"

void compare_map_init(void);

/* See which buses the bridges lead to in one way only */
void compare_numbers(void);

/* Compare with the answer to MAP_COMMAND, and report what no difference explains */
void compare_maps(char *text);

#endif /* VMR_QEMU_COMPARE_MAP_H */
