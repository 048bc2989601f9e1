/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * place.h - shared by the files that place a plan
 */
#ifndef VMR_PLANNER_PLACE_H
#define VMR_PLANNER_PLACE_H

#include "vmr.h"

#define FOUR_GIB	0x100000000ull

/* A resource of a device, in a list to be placed */
struct item {
	struct plan_device	*device;
	struct plan_resource	*resource;
	size_t			order;
};

struct items {
	struct item	*list;
	size_t		nr;
};

/* machine.c */
extern const struct vmr_device_ops no_ops;
int make_machine(struct plan *plan, uint32_t bits,
		 const struct vmr_span **bad);
void fill_memory(struct plan *plan);
void share_lines(struct plan *plan);

/* window_size.c */
bool is_in(const struct plan_device *device, bool failed_too);
unsigned int window_of(const struct plan_resource *resource);
struct items list_items(struct plan *plan, const struct plan_device *bridge,
			bool failed_too);
unsigned int max_depth(const struct plan *plan);
void size_all_windows(struct plan *plan, bool failed_too);

/* failure.c */
void fail(struct plan_device *device, const struct plan_resource *resource,
	  int error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void fail_to_place(struct plan *plan, struct plan_device *device,
		   const struct plan_resource *resource, int err,
		   const struct vmr_range *conflict);

/* requirement.c */
void measure_windows(struct plan *plan);

#endif /* VMR_PLANNER_PLACE_H */
