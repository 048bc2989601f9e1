/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * vmr.h - the parts of the planner
 *
 * A plan is a machine and the devices that it is to have. The files plan_parse.c and
 * lspci.c read it. Placing it through the library has a header of its own, place.h.
 * The files print_text.c, json.c and svg.c show it as text, JSON or a drawing.
 */
#ifndef VMR_PLANNER_H
#define VMR_PLANNER_H

#include <stdio.h>

#include <vmalloc/vmalloc.h>

#define NR(array)	(sizeof(array) / sizeof((array)[0]))

#define MAX_DEVICES	4096	/* devices and bridges of a plan */
#define MAX_RESOURCES	64	/* resources of one of them */
#define MAX_LINE	4096	/* bytes of an input line */
#define NR_WINDOWS	3	/* of a bridge: I/O, memory, prefetchable memory */

/**
 * struct plan_resource - one resource that a device or bridge is to have
 * @kind: enum vmr_kind
 * @flags: as in a struct vmr_constraint
 * @size: number of addresses or numbers
 * @align: a power of two
 * @fixed: whether @addr is its only valid address
 * @addr: the fixed address
 * @window: whether it is a window of a bridge
 * @platform: whether it belongs to the platform, not to a PCI device
 * @name: its name
 * @line: its line in the input
 * @region: its addresses, if it is a range of them
 * @numbers: its numbers, if it is not
 * @sharer: its share in an interrupt line
 */
struct plan_resource {
	uint32_t		kind;
	uint32_t		flags;
	uint64_t		size;
	uint64_t		align;
	bool			fixed;
	uint64_t		addr;
	bool			window;
	bool			platform;
	char			name[24];
	unsigned int		line;
	struct vmr_region	region;
	struct vmr_range	numbers;
	struct vmr_irq_share	sharer;
};

/**
 * struct plan_device - a device or a bridge
 * @next: the next of the plan
 * @name: unique name
 * @what: a description, or NULL
 * @file: the file that describes it
 * @line: the line in @file
 * @behind: the bridge that it is behind, NULL at the root
 * @depth: number of bridges above it
 * @is_bridge: whether it is one
 * @excluded: it is not selected
 * @segment: on a host, its PCI segment
 * @address: on a host, its PCI address there
 * @secondary: on a host, the bus behind it
 * @on_host: whether the three above are known
 * @requested: the resources that it requests
 * @nr: how many
 * @failed: it could not be placed
 * @error: the error of the library
 * @failed_resource: the resource that failed, or NULL
 * @why: the reason as text
 * @pci: its PCI address in the machine
 * @bus_number: of the bus behind it, in the machine
 * @dev: the device
 * @bus: the bus behind it
 * @constraints: its allocated resources, as constraints
 * @resources: the same as resources
 */
struct plan_device {
	struct plan_device		*next;
	char			*name;
	char			*what;
	const char		*file;
	unsigned int		line;
	struct plan_device		*behind;
	unsigned int		depth;
	bool			is_bridge;
	bool			excluded;
	bool			on_host;
	uint32_t		segment;
	uint32_t		address;
	uint32_t		secondary;
	struct plan_resource		*requested;
	size_t			nr;
	bool			failed;
	int			error;
	const struct plan_resource	*failed_resource;
	char			*why;
	struct vmr_range	pci;
	uint32_t		bus_number;
	struct vmr_device	dev;
	struct vmr_bus		bus;
	struct vmr_constraint	*constraints;
	struct vmr_resource	*resources;
};

/**
 * struct config_span - a span of the machine as a file gives it
 * @span: from where to where
 * @flags: of a window
 * @policy: of a window
 * @line: where it is given
 */
struct config_span {
	struct vmr_span	span;
	uint32_t	flags;
	enum vmr_policy	policy;
	unsigned int	line;
};

/**
 * struct config_spans - spans of one sort
 * @list: the spans
 * @nr: how many there are
 */
struct config_spans {
	struct config_span	list[VMR_LAYOUT_MAX_RESERVED];
	size_t		nr;
};

/**
 * struct machine - what the machine is to be
 * @name: x86-64, arm64, riscv64 or custom
 * @ram: bytes of memory
 * @ram_max: bytes to leave room for
 * @bits: width of an address, 0 for what is usual there
 * @file: where spans are given
 * @memory: where memory is, if not as usual
 * @windows: windows, if not as usual
 * @platform: the platform's places, if not as usual
 * @holes: more holes
 * @ports: I/O ports for devices, if not as usual
 */
struct machine {
	const char	*name;
	uint64_t	ram;
	uint64_t	ram_max;
	uint32_t	bits;
	const char	*file;
	struct config_spans	memory;
	struct config_spans	windows;
	struct config_spans	platform;
	struct config_spans	holes;
	struct config_spans	ports;
};

#define NR_REQUIREMENTS	3	/* above 4 GiB, below, I/O ports */
#define NR_INTX		4

/**
 * struct window_requirement - the smallest window that would do for what is at the root
 * @name: of the window
 * @any: whether anything needs one
 * @has: whether the machine has one
 * @does: whether that is large enough
 * @start: its first address, that of the machine's
 * @last: its last address
 * @bits: width of an address that it takes
 */
struct window_requirement {
	const char	*name;
	bool		any;
	bool		has;
	bool		does;
	uint64_t	start;
	uint64_t	last;
	uint32_t	bits;
};

/**
 * struct plan - all of it
 * @machine: the machine
 * @devices: what is to be in it
 * @end: where the next device is linked
 * @nr: how many there are
 * @errors: how many the input has
 * @config: the machine as the library describes it
 * @layout: and has it
 * @sys: its domains
 * @manager: its devices
 * @ram: its memory, as a device
 * @ram_regions: where that is
 * @ram_constraints: the same as constraints
 * @ram_resources: and as resources
 * @intx: lines that devices share
 * @bits_needed: least width of an address with which all fits, 0 if none does
 * @requirements: the smallest windows
 */
struct plan {
	struct machine			machine;
	struct plan_device			*devices;
	struct plan_device			**end;
	size_t				nr;
	unsigned int			errors;
	struct vmr_layout_config	config;
	struct vmr_layout		layout;
	struct vmr_system		sys;
	struct vmr_manager		manager;
	struct vmr_device		ram;
	struct vmr_region		ram_regions[VMR_LAYOUT_MAX_RAM];
	struct vmr_constraint		ram_constraints[VMR_LAYOUT_MAX_RAM];
	struct vmr_resource		ram_resources[VMR_LAYOUT_MAX_RAM];
	struct vmr_shared_irq		intx[NR_INTX];
	uint32_t			bits_needed;
	struct window_requirement			requirements[NR_REQUIREMENTS];
};

#define for_each_device(device, plan) \
	for ((device) = (plan)->devices; (device); (device) = (device)->next)

/* plan.c */
void plan_init(struct plan *plan);
void plan_free(struct plan *plan);
void bad_input(struct plan *plan, const char *file, unsigned int line,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));
void note_input(const char *file, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void *xcheck(void *memory);
struct plan_device *add_device(struct plan *plan, const char *name,
			       const char *file, unsigned int line);
struct plan_resource *push_resource(struct plan_device *device, uint32_t kind,
				    uint64_t size, unsigned int line);
struct plan_resource *add_resource(struct plan *plan,
				   struct plan_device *device, uint32_t kind,
				   uint64_t size, unsigned int line);
struct plan_device *find_device(struct plan *plan, const char *name);
bool parse_number(const char *text, uint64_t *n);
bool parse_span(const char *text, struct vmr_span *span);
const char *size_text(uint64_t size);
bool is_pow2(uint64_t n);
bool is_address(uint32_t kind);

/* plan_parse.c, lspci.c */
void read_plan(struct plan *plan, FILE *in, const char *name);
void read_lspci(struct plan *plan, FILE *in, const char *name);
bool is_lspci_device(const char *line);
bool read_line(struct plan *plan, FILE *in, const char *name,
	       unsigned int line, char *text);

/* machine.c, place.c, requirement.c */
bool describe_machine(struct plan *plan, uint32_t bits);
bool place_plan(struct plan *plan);
struct vmr_range *range_of_resource(struct plan_resource *resource);
const struct vmr_system_pool *pool_of_requirement(const struct plan *plan,
						  size_t i);

/* print_text.c, json.c, svg.c */
struct count {
	size_t	devices;
	size_t	placed;
};

struct count count_devices(const struct plan *plan);
void show_text(struct plan *plan, FILE *out, bool gaps);
void show_json(struct plan *plan, FILE *out);
void show_svg(struct plan *plan, FILE *out);

#endif /* VMR_PLANNER_H */
