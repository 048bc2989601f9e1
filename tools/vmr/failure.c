// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * failure.c - the reason why a device has no place
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

/* A device fails with all of its functions. */
void fail(struct plan_device *device, const struct plan_resource *resource,
	  int error, const char *format, ...)
{
	struct plan_device *fn;
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for_each_function(fn, device) {
		fn->failed = true;
		fn->error = error;
		fn->failed_resource = resource;
		free(fn->why);
		fn->why = xcheck(strdup(text));
	}
}

static bool may_use(const struct vmr_system_pool *pool,
		    const struct plan_resource *resource)
{
	return pool->kinds & 1u << resource->kind &&
	       !(pool->flags & ~resource->flags);
}

static void largest_in(const struct vmr_pool *pool, struct vmr_gap *largest)
{
	struct vmr_gap gap;
	bool any = false;

	memset(largest, 0, sizeof(*largest));
	vmr_for_each_gap(&gap, pool->space) {
		uint64_t start = gap.start > pool->start ? gap.start :
							   pool->start;
		uint64_t last = gap.last < pool->last ? gap.last : pool->last;

		if (start > last || (any && last - start <=
				     largest->last - largest->start))
			continue;
		any = true;
		largest->start = start;
		largest->last = last;
	}
}

/* Why no window will do: what each of them has */
static void fail_for_space(struct plan *plan, struct plan_device *device,
			   const struct plan_resource *resource)
{
	char text[384] = "";
	size_t i, len = 0;

	for (i = 0; i < plan->sys.nr_pools; i++) {
		const struct vmr_system_pool *pool = &plan->sys.pools[i];
		struct vmr_gap gap;
		const char *reason = "too short";

		if (!may_use(pool, resource) || len > sizeof(text) - 100)
			continue;
		largest_in(&pool->pool, &gap);
		if (gap.last - gap.start >= resource->size - 1 && gap.last)
			reason = "not aligned";
		len += snprintf(text + len, sizeof(text) - len,
				"%s%s has %s in one piece, %s",
				len ? "; " : "", pool->pool.name ?
				pool->pool.name : "?",
				gap.last ? size_text(gap.last - gap.start + 1) :
					   "nothing", reason);
	}
	fail(device, resource, -ENOSPC, "%s",
	     len ? text : "no window is for it");
}

void fail_to_place(struct plan *plan, struct plan_device *device,
		   const struct plan_resource *resource, int err,
		   const struct vmr_range *conflict)
{
	char text[VMR_PRINT_MAX_LINE];

	if (err == -ENOSPC || (err == -ERANGE && !resource->fixed)) {
		fail_for_space(plan, device, resource);
	} else if (err == -EBUSY && conflict) {
		vmr_format_range(&plan->manager, resource->kind, conflict, text,
				 sizeof(text));
		fail(device, resource, err, "in the way is %s", text);
	} else if (err == -ERANGE) {
		fail(device, resource, err, "0x%llx is outside of the machine",
		     (unsigned long long)resource->addr);
	} else {
		fail(device, resource, err, "%s", vmr_strerror(err));
	}
}
