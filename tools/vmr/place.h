/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * place.h - shared by the files that place a plan
 *
 * assign_plan() is the one step that gives addresses. Whatever implements it leaves
 * the results in the fields of struct plan_device and struct plan_resource.
 */
#ifndef VMR_PLANNER_PLACE_H
#define VMR_PLANNER_PLACE_H

#include <stddef.h>

#include "vmr.h"

/* Reserved by AMD's processors */
#define HT_HOLE_START	0xfd00000000ull
#define HT_HOLE_LAST	0xffffffffffull

/* The resource of an item in a list to be placed */
static inline struct plan_resource *resource_of(struct vmr_pci_item *item)
{
	return (struct plan_resource *)((char *)item -
					offsetof(struct plan_resource, item));
}

/* machine.c */
extern const struct vmr_device_ops no_ops;
int make_machine(struct plan *plan, uint32_t bits,
		 const struct vmr_span **bad);
void fill_memory(struct plan *plan);
void share_lines(struct plan *plan);

/* tree.c */
void link_children(struct plan *plan);
struct plan_device *next_below(struct plan_device *at,
			       const struct plan_device *top);
bool is_in(const struct plan_device *device, bool failed_too);
unsigned int window_of(const struct plan_resource *resource);
struct vmr_pci_item *list_root_items(struct plan *plan, bool failed_too);
struct vmr_pci_item *list_window_items(struct plan_device *bridge,
				       unsigned int window, bool failed_too);

/* window.c */
void size_window(struct plan_device *bridge, unsigned int window,
		 bool failed_too);
void size_windows_below(struct plan_device *top, unsigned int window,
			bool failed_too);
void size_all_windows(struct plan *plan, bool failed_too);

/* slots.c */
void number_devices(struct plan *plan);

/* assign.c */
bool assign_plan(struct plan *plan, uint32_t bits);
bool find_place(struct plan *plan, struct plan_resource *resource);

/* shrink.c */
bool shrink_window(struct plan *plan, struct plan_device *bridge,
		   struct plan_resource *window);

/* failure.c */
void fail(struct plan_device *device, const struct plan_resource *resource,
	  int error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void fail_to_place(struct plan *plan, struct plan_device *device,
		   const struct plan_resource *resource, int err,
		   const struct vmr_range *conflict);

/* requirement.c */
void measure_windows(struct plan *plan);

/* progress.c */
void progress(const struct plan *plan, const char *what, size_t done,
	      size_t all);
void end_progress(void);

#endif /* VMR_PLANNER_PLACE_H */
