/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * plan_parse.h - shared by the files that read the planner's own statements
 */
#ifndef VMR_PLANNER_PARSE_H
#define VMR_PLANNER_PARSE_H

#include "vmr.h"

#define MAX_WORDS	32
#define MAX_COUNT	65536
#define MAX_STATEMENTS	32

/* The position in a file, and the devices that the next statements are about */
struct parser {
	struct plan		*plan;
	const char		*file;
	unsigned int		line;
	const char		*example;
	size_t			nr;
	char			*words[MAX_WORDS + 1];
	unsigned int		columns[MAX_WORDS + 2];
	struct plan_device	**group;
	size_t			count;
	size_t			max;
	bool			ignores;	/* the device was refused */
	bool			has[MAX_STATEMENTS];	/* the words so far */
};

/* @i: the word that is wrong; the number of words for the end of the line */
#define complain(p, i, ...) \
	bad_input((p)->plan, &(struct place_in_file) { (p)->file, (p)->line, \
		  (p)->columns[(i) < (p)->nr ? (i) : (p)->nr] }, \
		  (p)->example, __VA_ARGS__)

/* plan_words.c */
bool word_is(const struct parser *p, size_t i, const char *word);
bool number(struct parser *p, size_t i, const char *of, uint64_t *n);
bool number_to(struct parser *p, size_t i, const char *of, uint64_t min,
	       uint64_t max, uint64_t *n);
bool memory_size(struct parser *p, size_t i, uint64_t *n);
bool size_pow2(struct parser *p, size_t i, uint64_t min, uint64_t max,
	       uint64_t *size);
bool no_more(struct parser *p, size_t i);

/* plan_machine.c */
void parse_machine(struct parser *p);
void parse_memory(struct parser *p);
void parse_bits(struct parser *p);
void parse_page(struct parser *p);
void parse_window(struct parser *p);
void parse_ram(struct parser *p);
void parse_platform(struct parser *p);
void parse_hole(struct parser *p);
void parse_ports(struct parser *p);
void parse_host(struct parser *p);

/* plan_device.c */
void parse_device(struct parser *p);
void parse_bridge(struct parser *p);
void parse_function(struct parser *p);

/* plan_resource.c */
void parse_bar(struct parser *p);
void parse_io(struct parser *p);
void parse_rom(struct parser *p);
void parse_mmio(struct parser *p);
void parse_pio(struct parser *p);
void parse_vectors(struct parser *p);
void parse_pin(struct parser *p);
void parse_irq(struct parser *p);
void parse_vfs(struct parser *p);
void parse_vf_bar(struct parser *p);

#endif /* VMR_PLANNER_PARSE_H */
