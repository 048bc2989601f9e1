/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * print.h - the ranges of a machine as text
 */
#ifndef VMALLOC_PRINT_H
#define VMALLOC_PRINT_H

#include <vmalloc/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A printer writes one line for each range of a space, in the manner of
 * /proc/iomem, with the name of its owner. The ranges behind the window of a bus
 * follow the window, indented::
 *
 *	0000000000-00bfffffff : ram: memory (memory)
 *	00e0000000-00e7ffffff : bridge: window (window)
 *	  00e0000000-00e0003fff : nvme: bar0
 *	00fee00000-00feefffff : lapic (reserved)
 *	00e0001000-00e0001fff : nic: bar2, claimed, waits for nvme: bar0
 *	used 0xc8100000, free 0xff37f00000, largest gap 0100000000-ffffffffff
 *
 * The last line shows the fragmentation: the largest gap, compared with the number
 * of free addresses.
 *
 * The caller provides a struct vmr_printer with a callback, which receives each
 * line. The library allocates no memory and keeps no text. A line that is too long
 * is cut.
 *
 * All calls are update-side calls, and the caller serialises them. The callbacks
 * must not change the spaces that are printed.
 *
 * The code is small rather than fast, since firmware contains it: each range takes
 * O(log n), and the search for the owner of an id visits all devices.
 */

#define VMR_PRINT_MAX_LINE	128	/* bytes of a line, including its 0 */

#define VMR_PRINT_GAPS		0x1u	/* also gaps, divided by pools */
#define VMR_PRINT_CLAIMS	0x2u	/* also claimed and parked ranges */
#define VMR_PRINT_FLAT		0x4u	/* no ranges behind windows */
#define VMR_PRINT_TOTALS	0x8u	/* a last line with used and free addresses */
#define VMR_PRINT_ALL	(VMR_PRINT_GAPS | VMR_PRINT_CLAIMS)

/**
 * struct vmr_printer - the output and the options of printing
 * @line: receives a line without a line feed; @text is valid only during the call
 * @name: returns the name of the owner of a range that is in no region, or NULL if
 *	unknown; may be NULL
 * @arg: argument of the callbacks
 * @flags: VMR_PRINT_GAPS, VMR_PRINT_CLAIMS, VMR_PRINT_FLAT, VMR_PRINT_TOTALS
 * @depth: indentation in levels
 * @manager: manager of the devices that own ranges; may be NULL
 * @sys: system with the pools and shared lines; may be NULL; ignored if @manager is
 *	set, whose system is used then
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
 * vmr_print_regions - print a space of regions
 * @printer: the output
 * @space: a space in which each range is in a struct vmr_region: the pio or mmio
 *	space of a system or a bus
 *
 * Return: 0; -EINVAL if a pointer is NULL or @printer->line is.
 */
int vmr_print_regions(const struct vmr_printer *printer,
		      const struct vmr_space *space);

/**
 * vmr_print_space - print any space of addresses
 * @printer: the output; owners are named by @printer->name, or are devices of
 *	@printer->manager
 * @space: the space
 *
 * Passes the devices for each range, to find its owner.
 *
 * Return: as vmr_print_regions().
 */
int vmr_print_space(const struct vmr_printer *printer,
		    const struct vmr_space *space);

/**
 * vmr_print_ids - print ids in decimal
 * @printer: the output; owners are named by @printer->name, or are devices of
 *	@printer->manager. The shares of an interrupt line follow the line
 * @ids: the ids
 *
 * Return: as vmr_print_regions().
 */
int vmr_print_ids(const struct vmr_printer *printer,
		  const struct vmr_id_pool *ids);

/**
 * vmr_print_system - print all spaces of a system
 * @printer: the output, with @printer->manager
 *
 * Each address domain has a title line. Its ranges are indented by one more level.
 *
 * Return: as vmr_print_regions(); -EINVAL also if @printer->manager is NULL.
 */
int vmr_print_system(const struct vmr_printer *printer);

/**
 * vmr_format_range - format the addresses and the owner of a range
 * @manager: manager of the devices that may own the range; may be NULL
 * @kind: kind of the resource, enum vmr_kind; a PIO, MMIO or memory range must be in
 *	a struct vmr_region
 * @range: the range, for example the conflict of a request
 * @buf: receives the text; may be NULL if @size is 0
 * @size: size of @buf in bytes; the text is cut to it
 *
 * For the message about a registration that failed::
 *
 *	ret = vmr_device_register(&manager, dev, &failed, &conflict);
 *	if (ret == -EBUSY)
 *		vmr_format_range(&manager, dev->constraints[failed].kind,
 *				 conflict, text, sizeof(text));
 *
 * Return: bytes of the whole text, without its 0; 0 if @range is NULL.
 */
size_t vmr_format_range(const struct vmr_manager *manager, uint32_t kind,
			const struct vmr_range *range, char *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PRINT_H */
