// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * numbers.c - numbers, sizes and spans as people write them
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "vmr.h"

#define MAX_EXACT	1000000	/* longer numbers are rounded */

/* Skip one of K to E, and iB or B behind it; the power of two, or -1 for an overflow */
static bool take_unit(const char **text, uint64_t *value)
{
	static const char units[] = "KMGTPE";
	const char *unit = **text ? strchr(units, toupper((unsigned char)**text)) :
				    NULL;
	unsigned int shift;

	if (!unit)
		return true;
	shift = 10 * (unit - units + 1);
	if (*value > VMR_ADDR_MAX >> shift)
		return false;
	*value <<= shift;
	(*text)++;
	if ((*text)[0] == 'i')
		*text += (*text)[1] == 'B' ? 2 : 0;
	else if (**text == 'B')
		(*text)++;
	return true;
}

/* Digits, decimal or with 0x, and behind them K to E, iB or B or nothing */
bool parse_number(const char *text, uint64_t *n)
{
	unsigned int base = 10, digit;
	uint64_t value = 0;
	bool any = false;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	for (; base == 16 ? isxdigit((unsigned char)*text) :
			    isdigit((unsigned char)*text); text++) {
		digit = isdigit((unsigned char)*text) ? *text - '0' :
			tolower((unsigned char)*text) - 'a' + 10;
		if (value > (VMR_ADDR_MAX - digit) / base)
			return false;
		value = value * base + digit;
		any = true;
	}
	if (!any)
		return false;
	while (*text == ' ')
		text++;
	if (!take_unit(&text, &value) || *text)
		return false;
	*n = value;
	return true;
}

/* Whether a number says its unit, or is hexadecimal as addresses are */
bool has_unit(const char *text)
{
	return strpbrk(text, "xXKMGTPEkmgtpeB");
}

/* FIRST-LAST or FIRST+SIZE */
bool parse_span(const char *text, struct vmr_span *span)
{
	size_t at = strcspn(text, "-+");
	char first[64];
	uint64_t n;

	if (!text[at] || at >= sizeof(first))
		return false;
	memcpy(first, text, at);
	first[at] = 0;
	if (!parse_number(first, &span->start) ||
	    !parse_number(text + at + 1, &n))
		return false;
	if (text[at] == '-') {
		span->last = n;
		return n >= span->start;
	}
	span->last = span->start + (n - 1);
	return n && span->last >= span->start;
}

/* One of a few buffers: a call may name several sizes. */
const char *size_text(uint64_t size)
{
	static const char *const units[] = {
		"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB",
	};
	static char texts[4][48];
	static unsigned int next;
	char *text = texts[next++ % NR(texts)];
	unsigned int unit = 0, exact = 0;
	uint64_t tenths;

	if (!size)	/* all of the domain, which no number of 64 bits says */
		return "16 EiB";
	while (unit + 1 < NR(units) && size >> 10 * (unit + 1))
		unit++;
	while (exact < unit && !(size >> 10 * exact & 1023))
		exact++;
	if (size >> 10 * exact < MAX_EXACT || !unit) {
		snprintf(text, sizeof(texts[0]), "%llu %s",
			 (unsigned long long)(size >> 10 * exact),
			 units[exact]);
		return text;
	}
	tenths = (size >> (10 * unit - 10)) * 10 / 1024;
	snprintf(text, sizeof(texts[0]), "%llu.%llu %s",
		 (unsigned long long)tenths / 10,
		 (unsigned long long)tenths % 10, units[unit]);
	return text;
}
