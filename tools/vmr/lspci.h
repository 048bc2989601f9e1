/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * lspci.h - shared by the files that read the text of lspci
 */
#ifndef VMR_PLANNER_LSPCI_H
#define VMR_PLANNER_LSPCI_H

#include "vmr.h"

#define CONFIG_SIZE	4096

/**
 * struct host_bar - a BAR as a host shows it
 * @present: whether there is one
 * @io: whether it is of I/O ports
 * @guessed: whether its index is a guess, as the text has none
 * @flags: VMR_64BIT, VMR_PREFETCHABLE
 * @size: in bytes; 0 if the text does not show it
 * @wrong: the size that the text shows is none that a BAR can have
 * @twice: the text shows two different BARs of this index
 * @kernel: a message of Linux shows it, and a later one may show it resized
 * @line: the line that shows it
 */
struct host_bar {
	bool		present;
	bool		io;
	bool		guessed;
	bool		wrong;
	bool		twice;
	bool		kernel;
	uint32_t	flags;
	uint64_t	size;
	unsigned int	line;
};

/**
 * struct host_rebar - the capability of a resizable BAR
 * @current: present size; 0 if unknown
 * @sizes: supported sizes, bit n for 2^n bytes
 */
struct host_rebar {
	uint64_t	current;
	uint64_t	sizes;
};

/**
 * struct host_info - the lines of a host about one function
 * @bars: its BARs
 * @rom: its expansion ROM
 * @rebars: sizes of the resizable ones
 * @vf_bars: BARs of its virtual functions
 * @sriov: line of that capability, 0 without one
 * @vfs_total: number of virtual functions that it supports
 * @msi: vectors of MSI, 0 without
 * @msix: vectors of MSI-X, 0 without
 * @msix_line: line of a capability whose number is no evidence
 * @denied: line of capabilities that only root can read
 * @broken: line of capabilities that lspci itself could not read
 * @unreadable: line that speaks of a resource and cannot be read
 * @pin: line of an interrupt pin
 * @rebar: line of the capability of resizable BARs
 * @table: line that says which BAR has the table of MSI-X
 * @table_bar: index of that BAR
 * @details: whether the text shows more than the device's own line
 * @again: whether a device line shows it for the second time
 * @kernel: whether a message of Linux shows it
 * @text: whether lspci shows it
 * @began: the last line that begins the device
 * @next_bar: index of the next BAR, where the text has none
 * @next_vf_bar: the same for virtual functions
 * @config: bytes of configuration space, or NULL
 * @config_size: number of leading bytes that are known
 */
struct host_info {
	struct host_bar		bars[NR_BARS];
	struct host_bar		rom;
	struct host_rebar	rebars[NR_BARS];
	struct host_bar		vf_bars[NR_BARS];
	unsigned int		sriov;
	uint64_t		vfs_total;
	uint64_t		msi;
	uint64_t		msix;
	unsigned int		msix_line;
	unsigned int		denied;
	unsigned int		broken;
	unsigned int		unreadable;
	unsigned int		pin;
	unsigned int		rebar;
	unsigned int		table;
	unsigned int		table_bar;
	bool			details;
	bool			again;
	bool			kernel;
	bool			text;
	unsigned int		began;
	unsigned int		next_bar;
	unsigned int		next_vf_bar;
	uint8_t			*config;
	size_t			config_size;
};

enum line_kind {
	LINE_BLANK,
	LINE_DEVICE,
	LINE_CUT_DEVICE,	/* the same without a whole address */
	LINE_SLOT,		/* of lspci -vmm */
	LINE_CLASS,		/* the same */
	LINE_TREE,
	LINE_HEX,
	LINE_KERNEL,		/* a message of Linux about a device */
	LINE_RESOURCE,
	LINE_CAPABILITY,
	LINE_REBAR,
	LINE_VFS,
	LINE_PIN,
	LINE_BUS,
	LINE_CUT_PROPERTY,	/* the first letters of one of these */
	LINE_DETAIL,		/* known to ask for nothing */
	LINE_NOISE,
	LINE_UNKNOWN,
};

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* lspci_address.c */
bool parse_hex(const char **text, unsigned int min, unsigned int max,
	       uint32_t *n);
const char *parse_address(const char *text, uint32_t *segment,
			  uint32_t *address);
const char *device_start(const char *text);
const char *device_text(const char *end);
bool names_other_device(const char *text, uint32_t segment, uint32_t address);
const char *kernel_address(const char *text);

/* lspci_line.c */
const char *skip_blanks(const char *text);
bool begins(const char *text, const char *with);
const char *find_words(const char *text, const char *words);
const char *shown_size(const char *text);
const char *capability_text(const char *text);
const char *pin_text(const char *text);
unsigned int count_resources(const char *text);
enum line_kind line_kind(const char *text);
bool is_cut_capability(const char *text);
bool continues(const char *line, const char *next, const char *raw_next);

/* lspci_field.c */
bool read_bar_line(struct host_info *info, const char *text, unsigned int line,
		   bool of_vf);
void read_rebar_line(struct host_info *info, const char *text);
void read_vectors(struct host_info *info, const char *text, unsigned int line);
void read_numbered_capability(struct host_info *info, const char *text,
			      unsigned int line);
void read_table_line(struct host_info *info, const char *text,
		     unsigned int line);
bool read_kernel_line(struct plan_device *device, const char *text,
		      unsigned int line);
bool bar_size_is_valid(const struct host_bar *bar, uint64_t size);

/* lspci_hex.c */
bool read_hex_line(struct host_info *info, const char *text);
void decode_config(struct plan_device *device, unsigned int line);

/* lspci_finish.c */
void finish_host_device(struct plan *plan, struct plan_device *device);
bool is_bridge_class(const char *what);
bool is_of_host(const char *what);
bool is_chipset(const char *what);

#endif /* VMR_PLANNER_LSPCI_H */
