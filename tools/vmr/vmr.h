/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * vmr.h - the parts of the planner
 *
 * A plan is a machine and the devices that it must have. input.c turns a file into
 * clean lines; plan_parse.c and the lspci files read them. assign.h declares the
 * placement. The files verdict.c, print_text.c, json.c, svg.c, explain.c and
 * vmm_options.c show the result.
 */
#ifndef VMR_PLANNER_H
#define VMR_PLANNER_H

#include <stdio.h>

#include <vmalloc/vmalloc.h>

#define NR(array)	(sizeof(array) / sizeof((array)[0]))

#define FOUR_GIB	0x100000000ull
#define NR_WINDOWS	3	/* of a bridge: I/O, memory, prefetchable memory */
#define NR_BARS		6
#define MAX_HOSTS	64	/* host bridges of a plan */
#define NAME_SIZE	64	/* bytes of a name, with the 0 */

struct plan_device;

/**
 * struct plan_resource - one resource that a device or bridge asks for
 * @kind: enum vmr_kind
 * @flags: as in a struct vmr_constraint
 * @size: number of addresses or numbers; 0 for a window that is absent
 * @align: a power of two
 * @mirrored: of a window: its contents are in reverse order
 * @device: the device, while it is in a list to be placed
 * @item: the same as the library places it
 * @fixed: whether its address is @addr
 * @addr: the fixed address
 * @window: whether it is a window of a bridge
 * @platform: whether it belongs to a device that is no PCI device
 * @name: what people call it
 * @line: the line of the input
 * @pool: name of the machine's window that it was placed in
 * @region: its addresses, if it is a range of them
 * @numbers: its numbers, if it is not
 * @sharer: its share in an interrupt line
 */
struct plan_resource {
	uint32_t		kind;
	uint32_t		flags;
	uint64_t		size;
	uint64_t		align;
	bool			mirrored;
	bool			fixed;
	bool			window;
	bool			platform;
	uint64_t		addr;
	char			name[24];
	unsigned int		line;
	const char		*pool;
	struct plan_device	*device;
	struct vmr_pci_item	item;
	struct vmr_region	region;
	struct vmr_range	numbers;
	struct vmr_irq_share	sharer;
};

/**
 * struct plan_unknown - something that the input does not show
 * @what: the missing fact
 * @line: the line that asks for it
 * @command: the command that shows it
 */
struct plan_unknown {
	char		*what;
	unsigned int	line;
	char		*command;
};

struct host_info;

/**
 * struct plan_device - a function of a device, or a bridge
 * @next: the next of the plan
 * @hash_next: the next with the same hash of the name
 * @name: unique
 * @what: description, or NULL
 * @file: the file that describes it
 * @line: the line there
 * @behind: the bridge above it, NULL at a root
 * @first_child: the first behind this bridge
 * @last_child: the last
 * @next_child: the next behind the same bridge
 * @lead: the first function of its device; itself if it is that
 * @next_function: the next function of its device
 * @nr_children: number of devices behind this bridge, for the rule of ports
 * @depth: number of bridges above it
 * @host: index of its host bridge
 * @is_bridge: whether it is one
 * @is_port: whether it is a port, which takes one device
 * @is_host_bridge: whether the host needs it itself, or it is the host's bridge
 * @is_chipset: the first of the two, but for the ISA bridge
 * @shows_no_vectors: whether the text cannot show interrupt vectors
 * @excluded: it is not selected
 * @held: it is not counted at the moment, while a window is made smaller
 * @on_host: whether @segment and @address are those on a host
 * @segment: PCI segment on the host
 * @address: PCI address on the host
 * @secondary: bus behind it on the host
 * @info: of a host's device, what its lines say
 * @reserve: of a port, room for devices that come later, by window
 * @reserve_buses: and bus numbers
 * @requested: its resources; the first NR_WINDOWS of a bridge are its windows
 * @nr: number of entries in @requested
 * @max: entries that @requested has room for
 * @unknown: facts that the input lacks
 * @nr_unknown: number of them
 * @vfs: number of virtual functions that are planned
 * @failed: it could not be placed
 * @error: the error code of the library
 * @failed_resource: the resource that has no place, or NULL
 * @why: the reason as text
 * @has_address: whether @pci is its address in the machine
 * @pci: that address: segment << 16 | bus << 8 | device << 3 | function
 * @bus_number: the bus behind it in the machine
 * @last_bus: the last bus behind it
 * @dev: the device of the library
 * @bus: the bus behind it
 */
struct plan_device {
	struct plan_device	*next;
	struct plan_device	*hash_next;
	char			*name;
	char			*what;
	const char		*file;
	unsigned int		line;
	struct plan_device	*behind;
	struct plan_device	*first_child;
	struct plan_device	*last_child;
	struct plan_device	*next_child;
	struct plan_device	*lead;
	struct plan_device	*next_function;
	unsigned int		nr_children;
	unsigned int		depth;
	unsigned int		host;
	bool			is_bridge;
	bool			is_port;
	bool			is_host_bridge;
	bool			is_chipset;
	bool			shows_no_vectors;
	bool			excluded;
	bool			held;
	bool			on_host;
	uint32_t		segment;
	uint32_t		address;
	uint32_t		secondary;
	struct host_info	*info;
	uint64_t		reserve[NR_WINDOWS];
	uint32_t		reserve_buses;
	struct plan_resource	*requested;
	size_t			nr;
	size_t			max;
	struct plan_unknown	*unknown;
	size_t			nr_unknown;
	uint64_t		vfs;
	bool			failed;
	int			error;
	const struct plan_resource	*failed_resource;
	char			*why;
	bool			has_address;
	uint32_t		pci;
	uint32_t		bus_number;
	uint32_t		last_bus;
	struct vmr_device	dev;
	struct vmr_bus		bus;
};

/**
 * struct config_span - a span of the machine as a file gives it
 * @span: its addresses
 * @flags: of a window
 * @policy: of a window
 * @line: the line that gives it
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
 * @nr: number of spans
 */
struct config_spans {
	struct config_span	list[VMR_LAYOUT_MAX_RESERVED];
	size_t			nr;
};

/**
 * struct machine - the machine that the user asks for
 * @name: x86-64, arm64, riscv64 or custom
 * @ram: bytes of memory
 * @ram_max: bytes of memory to leave room for
 * @bits: width of an address, 0 for the usual one
 * @page: page size of the host, 0 if BARs need not be spaced by it
 * @amd: whether the addresses that AMD's processors reserve stay free
 * @file: the file that gives spans
 * @memory: areas of memory, if not the usual ones
 * @windows: windows, if not the usual ones
 * @platform: the platform's addresses, if not the usual ones
 * @holes: further holes
 * @ports: I/O ports for devices, if not the usual ones
 */
struct machine {
	const char		*name;
	uint64_t		ram;
	uint64_t		ram_max;
	uint32_t		bits;
	uint64_t		page;
	bool			amd;
	const char		*file;
	struct config_spans	memory;
	struct config_spans	windows;
	struct config_spans	platform;
	struct config_spans	holes;
	struct config_spans	ports;
};

/**
 * struct plan_host - a host bridge of the machine
 * @name: its name; that of the first is NULL
 * @segment: its PCI segment
 * @first_bus: its first bus number
 * @last_bus: its last bus number
 * @next_bus: the next bus number that is free, while numbering
 * @line: the line that describes it
 */
struct plan_host {
	char		*name;
	uint32_t	segment;
	uint32_t	first_bus;
	uint32_t	last_bus;
	uint32_t	next_bus;
	unsigned int	line;
};

#define NR_REQUIREMENTS	3	/* above 4 GiB, below, I/O ports */
#define NR_INTX		4

/**
 * struct window_requirement - the smallest window that would do at the roots
 * @name: name of the window
 * @any: whether anything needs it
 * @has: whether the machine has it
 * @does: whether the machine's is large enough
 * @start: first address, that of the machine's window
 * @last: last address
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

enum rebar_mode {
	REBAR_CURRENT,
	REBAR_MAX,
	REBAR_SIZE,
};

/**
 * struct plan_settings - what the options say about reading
 * @rebar: which size of a resizable BAR to plan
 * @rebar_size: the size, for REBAR_SIZE
 * @vfs: virtual functions to plan for each function with SR-IOV
 * @split: whether each function becomes a device
 * @max_devices: number of devices in statements that are accepted; 0 for any
 * @progress: whether a line on standard error shows the progress: 0 never, 1 after a
 *	second, 2 at once
 */
struct plan_settings {
	enum rebar_mode	rebar;
	uint64_t	rebar_size;
	uint64_t	vfs;
	bool		split;
	size_t		max_devices;
	int		progress;
};

#define NR_HASH		8192

/**
 * struct plan - a machine, its devices, and their places
 * @settings: what the options say about reading
 * @machine: the machine
 * @hosts: its host bridges
 * @nr_hosts: number of them
 * @devices: functions and bridges in the order of the input
 * @end: where the next one is linked
 * @nr: number of them
 * @by_name: hash table of the names
 * @messages: stream for errors; NULL if they are not shown
 * @errors: number of errors in the input
 * @unknown: facts that the input lacks about no device in particular
 * @nr_unknown: number of them
 * @unknown_file: the file that lacks them
 * @notes: remarks about the input
 * @nr_notes: number of them
 * @skipped: number of input lines that carry nothing
 * @skipped_file: file of the first of them
 * @skipped_line: its line
 * @skipped_text: its text
 * @config: the machine as the library describes it
 * @layout: the layout of the library
 * @sys: its domains
 * @manager: its devices
 * @pools: where the library places BARs and windows
 * @ram: its memory, as a device
 * @ram_regions: the areas of memory
 * @ram_constraints: the same as constraints
 * @ram_resources: the same as resources
 * @nr_ram: number of areas
 * @intx: lines that devices share
 * @bits_needed: least width of an address with which all fits, 0 if no width does
 * @requirements: the smallest windows
 */
struct plan {
	struct plan_settings		settings;
	struct machine			machine;
	struct plan_host		hosts[MAX_HOSTS];
	size_t				nr_hosts;
	struct plan_device		*devices;
	struct plan_device		**end;
	size_t				nr;
	struct plan_device		*by_name[NR_HASH];
	FILE				*messages;
	unsigned int			errors;
	struct plan_unknown		*unknown;
	size_t				nr_unknown;
	const char			*unknown_file;
	char				**notes;
	size_t				nr_notes;
	size_t				skipped;
	const char			*skipped_file;
	unsigned int			skipped_line;
	char				*skipped_text;
	struct vmr_layout_config	config;
	struct vmr_layout		layout;
	struct vmr_system		sys;
	struct vmr_manager		manager;
	struct vmr_pci_pools		pools;
	struct vmr_device		ram;
	struct vmr_region		ram_regions[VMR_LAYOUT_MAX_RAM];
	struct vmr_constraint		ram_constraints[VMR_LAYOUT_MAX_RAM];
	struct vmr_resource		ram_resources[VMR_LAYOUT_MAX_RAM];
	size_t				nr_ram;
	struct vmr_shared_irq		intx[NR_INTX];
	uint32_t			bits_needed;
	struct window_requirement	requirements[NR_REQUIREMENTS];
};

#define for_each_device(device, plan) \
	for ((device) = (plan)->devices; (device); (device) = (device)->next)

#define for_each_child(child, bridge) \
	for ((child) = (bridge)->first_child; (child); \
	     (child) = (child)->next_child)

#define for_each_function(fn, device) \
	for ((fn) = (device)->lead; (fn); (fn) = (fn)->next_function)

/* The first resource from @resource on. Windows that are absent have no size. */
static inline struct plan_resource *
next_resource(const struct plan_device *device,
	      const struct plan_resource *resource)
{
	size_t i = device->nr ? (size_t)(resource - device->requested) : 0;

	for (; i < device->nr; i++)
		if (device->requested[i].size)
			return &device->requested[i];
	return NULL;
}

#define for_each_resource(resource, device) \
	for ((resource) = next_resource(device, (device)->requested); (resource); \
	     (resource) = next_resource(device, (resource) + 1))

/* plan.c */
void plan_init(struct plan *plan);
void plan_free(struct plan *plan);
void *xcheck(void *memory);
char *xprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct plan_device *add_device(struct plan *plan, const char *name,
			       const char *file, unsigned int line);
struct plan_device *find_device(struct plan *plan, const char *name);
void add_function(struct plan_device *lead, struct plan_device *fn);
struct plan_resource *add_resource(struct plan_device *device, uint32_t kind,
				   uint64_t size, unsigned int line);
void make_bridge(struct plan_device *device);
void add_unknown(struct plan_device *device, unsigned int line, char *what,
		 char *command);
void add_file_unknown(struct plan *plan, const char *file, unsigned int line,
		      char *what, char *command);
void add_note(struct plan *plan, char *text);
bool is_pow2(uint64_t n);
bool is_address(uint32_t kind);

/* numbers.c */
bool parse_number(const char *text, uint64_t *n);
bool has_unit(const char *text);
bool parse_span(const char *text, struct vmr_span *span);
const char *size_text(uint64_t size);

/* message.c */
struct place_in_file {
	const char	*file;
	unsigned int	line;
	unsigned int	column;
};

void bad_input(struct plan *plan, const struct place_in_file *where,
	       const char *example, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void bad_plan(struct plan *plan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* input.c */

/**
 * struct input - the lines of a file
 * @file: its name
 * @text: its bytes, in which each line ends with a 0
 * @size: number of bytes
 * @lines: the beginning of each line
 * @nr: number of lines
 */
struct input {
	const char	*file;
	char		*text;
	size_t		size;
	char		**lines;
	size_t		nr;
};

bool load_input(struct input *in, FILE *from, const char *name);
void split_input(struct input *in);
void free_input(struct input *in);
char *clean_line(char *text);
void read_input(struct plan *plan, struct input *in);

/* plan_parse.c, lspci.c */
void read_plan(struct plan *plan, const struct input *in);
void read_lspci(struct plan *plan, const struct input *in);
bool is_lspci(const struct input *in);

/* machine.c, assign.c, requirement.c, select.c */
bool describe_machine(struct plan *plan, uint32_t bits);
bool place_plan(struct plan *plan);
struct vmr_range *range_of_resource(struct plan_resource *resource);
const struct vmr_system_pool *pool_of_requirement(const struct plan *plan,
						  size_t i);
bool is_placed(const struct plan_device *device);
bool is_selected(const struct plan_device *device);

struct selection {
	const char *const	*only;
	size_t			nr_only;
	bool			bridges;
	bool			flat;
};

void select_devices(struct plan *plan, const struct selection *s);

/* verdict.c */
enum verdict {
	VERDICT_FITS = 0,
	VERDICT_DOES_NOT = 1,
	VERDICT_CANNOT_SAY = 3,
};

struct count {
	size_t	devices;
	size_t	placed;
	size_t	unknown;
};

struct count count_devices(const struct plan *plan);
enum verdict verdict_of(const struct plan *plan);
const char *verdict_word(enum verdict verdict);
char *verdict_text(const struct plan *plan);
bool is_unknown(const struct plan_device *device);

/* map.c */

/**
 * struct map_entry - a range of addresses of the finished machine
 * @start: first address
 * @last: last address
 * @depth: number of bridges around it
 * @device: the device, NULL for memory and reservations
 * @resource: its resource, or NULL
 * @name: name of a reservation or of memory
 * @memory: whether it is memory
 */
struct map_entry {
	uint64_t			start;
	uint64_t			last;
	unsigned int			depth;
	struct plan_device		*device;
	struct plan_resource		*resource;
	const char			*name;
	bool				memory;
};

struct map {
	struct map_entry	*list;
	size_t			nr;
};

struct map make_map(struct plan *plan, uint32_t kind);
const char *free_name(const struct plan *plan, uint32_t kind, uint64_t start,
		      uint64_t *last);

/* print_text.c, explain.c, json.c, svg.c, vmm_options.c */
struct text_options {
	bool		gaps;
	bool		explain;
	bool		colour;
	unsigned int	width;
	const char	*vmm;
};

void show_text(struct plan *plan, FILE *out, const struct text_options *o);
void put_wrapped(FILE *out, unsigned int width, unsigned int indent,
		 const char *text);
void show_explanation(struct plan *plan, FILE *out, unsigned int width);
void show_json(struct plan *plan, FILE *out);
void show_svg(struct plan *plan, FILE *out);
bool is_vmm(const char *name);
void show_vmm_options(const struct plan *plan, const char *vmm, FILE *out);
void pci_text(char *text, size_t size, uint32_t pci);

#endif /* VMR_PLANNER_H */
