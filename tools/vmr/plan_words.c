// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * plan_words.c - the words of a statement
 */
#include <string.h>

#include "plan_parse.h"

bool word_is(const struct parser *p, size_t i, const char *word)
{
	return i < p->nr && !strcmp(p->words[i], word);
}

bool number(struct parser *p, size_t i, const char *of, uint64_t *n)
{
	if (i >= p->nr)
		complain(p, i, "%s: the %s is missing", p->words[0], of);
	else if (!parse_number(p->words[i], n))
		complain(p, i, "\"%s\" is no %s", p->words[i], of);
	else
		return true;
	return false;
}

bool number_to(struct parser *p, size_t i, const char *of, uint64_t min,
	       uint64_t max, uint64_t *n)
{
	if (!number(p, i, of, n))
		return false;
	if (*n >= min && *n <= max)
		return true;
	complain(p, i, "the %s is %llu to %llu, not %llu", of,
		 (unsigned long long)min, (unsigned long long)max,
		 (unsigned long long)*n);
	return false;
}

/* A small number without a unit is more likely a slip than a number of bytes. */
bool memory_size(struct parser *p, size_t i, uint64_t *n)
{
	if (!number_to(p, i, "size", 1, VMR_ADDR_MAX, n))
		return false;
	if (has_unit(p->words[i]) || *n >= 1 << 20)
		return true;
	complain(p, i, "%s of what? %sM, or %sG", p->words[i], p->words[i],
		 p->words[i]);
	return false;
}

bool size_pow2(struct parser *p, size_t i, uint64_t min, uint64_t max,
	       uint64_t *size)
{
	if (!number(p, i, "size", size))
		return false;
	if (is_pow2(*size) && *size >= min && *size <= max)
		return true;
	complain(p, i, "%s: a power of two from %s to %s, not %s",
		 p->words[0], size_text(min), size_text(max), p->words[i]);
	return false;
}

bool no_more(struct parser *p, size_t i)
{
	if (i >= p->nr)
		return true;
	complain(p, i, "%s: \"%s\" is not understood", p->words[0],
		 p->words[i]);
	return false;
}
