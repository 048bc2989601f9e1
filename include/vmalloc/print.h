/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * print.h - what is where, as text for people
 *
 * The map of a space has one line for each range, in the manner of /proc/iomem,
 * and names who holds it. What is behind the windows of buses follows them,
 * indented:
 *
 *	0000000000-00bfffffff : ram: memory (memory)
 *	00e0000000-00e7ffffff : bridge: window (window)
 *	  00e0000000-00e0003fff : nvme: bar0
 *	00fee00000-00feefffff : lapic (reserved)
 *	00e0001000-00e0001fff : nic: bar2, claimed, waits for nvme: bar0
 *	used 0xc8100000, free 0xff37f00000, largest gap 0100000000-ffffffffff
 *
 * How far free addresses are in pieces can be told by the last line: by how much
 * the largest gap is smaller than what is free.
 *
 * Text goes to a callback line by line. Nothing is kept and no memory is asked
 * for. What is too long for a line is cut.
 *
 * Locking: as in range.h; all of this is the writer's side. The callbacks must
 * not change what is being mapped.
 */
#ifndef VMALLOC_PRINT_H
#define VMALLOC_PRINT_H

#include <vmalloc/device.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VMR_PRINT_MAX_LINE	128	/* bytes of a line at most, with its 0 */

#define VMR_PRINT_GAPS	0x1u	/* what is free too, by the pools that it is in */
#define VMR_PRINT_CLAIMS	0x2u	/* what is claimed or parked too */
#define VMR_PRINT_FLAT	0x4u	/* not what is behind windows */
#define VMR_PRINT_TOTALS	0x8u	/* a last line of what is used and free in all */
#define VMR_PRINT_ALL	(VMR_PRINT_GAPS | VMR_PRINT_CLAIMS)

/**
 * struct vmr_printer - how to make a map
 * @line: takes a line, without a line feed; @text is gone when it returns
 * @name: names the owner of a range that is in no region, or says NULL if it does
 *	not know; may be NULL
 * @arg: for the callbacks
 * @flags: VMR_PRINT_GAPS, VMR_PRINT_CLAIMS, VMR_PRINT_FLAT, VMR_PRINT_TOTALS
 * @depth: levels to indent by
 * @manager: whose devices own ranges; may be NULL
 * @sys: whose pools and shared lines there are; may be NULL, and is @manager's if
 *	there is one
 */
struct vmr_printer {
	void (*line)(void *arg, const char *text);
	const char *(*name)(void *arg, const struct vmr_range *range);
	void				*arg;
	uint32_t			flags;
	uint32_t			depth;
	const struct vmr_manager	*manager;
	const struct vmr_system		*sys;
};

/**
 * vmr_print_regions - make a map of a routed space
 * @map: how
 * @space: a space all of whose ranges are in a struct vmr_region: a system's pio or
 *	mmio, or a bus's
 *
 * Return: 0; -EINVAL if a pointer is NULL or @map->line is.
 */
int vmr_print_regions(const struct vmr_printer *map, const struct vmr_space *space);

/**
 * vmr_print_space - make a map of any space of addresses
 * @map: how; who owns a range is told by @map->name or known to @map->manager
 * @space: the space
 *
 * Return: as vmr_print_regions().
 */
int vmr_print_space(const struct vmr_printer *map, const struct vmr_space *space);

/**
 * vmr_print_ids - make a map of ids, in decimal
 * @map: how; who owns an id is told by @map->name or known to @map->manager. Who
 *	shares an interrupt line follows it
 * @ids: the ids
 *
 * Return: as vmr_print_regions().
 */
int vmr_print_ids(const struct vmr_printer *map, const struct vmr_id_pool *ids);

/**
 * vmr_print_system - make a map of all that a machine has
 * @map: how, with @map->manager
 *
 * Each domain has a line with its name, and is indented by one level more.
 *
 * Return: as vmr_print_regions(); -EINVAL also if @map->manager is NULL.
 */
int vmr_print_system(const struct vmr_printer *map);

/**
 * vmr_format_range - say where a range is and whose, for messages
 * @manager: whose devices to look at; may be NULL
 * @kind: of what resource, enum vmr_kind; a PIO, MMIO or memory range is in a
 *	struct vmr_region
 * @range: the range, such as the one in the way of a request
 * @buf: where to store the text; may be NULL if @size is 0
 * @size: bytes of @buf; what does not fit is cut
 *
 * So that a registration that failed can say what was in its way::
 *
 *	ret = vmr_device_register(&manager, dev, &failed, &conflict);
 *	if (ret == -EBUSY)
 *		vmr_format_range(&manager, dev->constraints[failed].kind,
 *				   conflict, text, sizeof(text));
 *
 * Return: bytes of the whole text, without its 0; 0 if @range is NULL.
 */
size_t vmr_format_range(const struct vmr_manager *manager, uint32_t kind,
			  const struct vmr_range *range, char *buf,
			  size_t size);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PRINT_H */
