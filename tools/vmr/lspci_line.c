// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * lspci_line.c - what a line of lspci is, and whether the next one continues it
 *
 * Indentation is no evidence: mails and journals change it.
 */
#include <ctype.h>
#include <string.h>

#include "lspci.h"

const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Where @words are, in small or capital letters and with any number of blanks */
const char *find_words(const char *text, const char *words)
{
	const char *at, *word;

	for (; *text; text++) {
		for (at = text, word = words; *word && *at; word++) {
			if (*word == ' ' && is_blank(*at))
				at = skip_blanks(at);
			else if (tolower((unsigned char)*at) == *word)
				at++;
			else
				break;
		}
		if (!*word)
			return text;
	}
	return NULL;
}

/* Behind "Capabilities: [160 v1]" */
const char *capability_text(const char *text)
{
	text = skip_blanks(find_words(text, "capabilities:") + 13);
	if (*text == '[')
		text += strcspn(text, "]");
	return skip_blanks(text + (*text == ']'));
}

/* The text behind "Interrupt: pin ", or NULL */
const char *pin_text(const char *text)
{
	const char *at = find_words(text, "interrupt:");

	at = at ? skip_blanks(at + 10) : NULL;
	return at && begins(at, "pin") ? skip_blanks(at + 3) : NULL;
}

/* The number of resources in a line: two have lost the end of a line between them */
unsigned int count_resources(const char *text)
{
	static const char *const words[] = {
		"memory at ", "i/o ports at ", "expansion rom at ",
	};
	unsigned int nr = 0;
	const char *at;
	size_t i;

	for (i = 0; i < NR(words); i++)
		for (at = text; (at = find_words(at, words[i])); at++)
			nr++;
	return nr;
}

/* The text behind "[size=", or NULL */
const char *shown_size(const char *text)
{
	const char *at = text;

	while ((at = strchr(at, '['))) {
		at = skip_blanks(at + 1);
		if (find_words(at, "size") != at)
			continue;
		at = skip_blanks(at + 4);
		if (*at == '=')
			return skip_blanks(at + 1);
	}
	return NULL;
}

/* An address that has lost characters, in front of a class */
static bool is_cut_device(const char *text)
{
	size_t len = strspn(text, "0123456789abcdefABCDEF:./");

	return len > 3 && is_blank(text[len]) && text[len - 2] == '.' &&
	       isdigit((unsigned char)text[len - 1]) &&
	       (memchr(text, ':', len) || memchr(text, '/', len)) &&
	       strpbrk(text + len, ":\"");
}

static bool is_hex_line(const char *text)
{
	uint32_t n;
	const char *at = text;

	if (!parse_hex(&at, 2, 3, &n) || *at++ != ':' || n & 15 ||
	    *at != ' ')
		return false;
	at++;
	return parse_hex(&at, 2, 2, &n) && (!*at || *at == ' ');
}

static bool is_tree(const char *text)
{
	const char *at;
	uint32_t n;

	if (begins(text, "-["))
		return true;
	for (at = text; *at && strchr(" |+-\\[]0123456789abcdef:", *at); at++) {
		if ((*at == '+' || *at == '\\') && at[1] == '-') {
			const char *number = at + 2;

			if (parse_hex(&number, 2, 2, &n) && *number == '.')
				return true;
		}
	}
	return false;
}

static bool is_noise(const char *text)
{
	static const char *const starts[] = {
		"pcilib:", "lspci:", "sudo:", "[sudo]", "```", "$ ", "# ", "% ",
		"WARNING", "Warning:", "Script ", "~~~", "-- ", "---", "===",
	};
	const char *lspci = strstr(text, "lspci");
	size_t i;

	for (i = 0; i < NR(starts); i++)
		if (begins(text, starts[i]))
			return true;
	return lspci && (!lspci[5] || begins(lspci + 5, " -") ||
			 begins(lspci + 5, " |") || begins(lspci + 5, " >"));
}

static const char name_characters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 #/().,_-";

/* "Key: value" with a key of words, or flags that are on or off */
static bool is_detail(const char *text)
{
	size_t len = strcspn(text, ":=");
	size_t word;

	if (begins(text, "Kernel ") || begins(text, "!!!") ||
	    begins(text, "Flags:"))
		return true;
	if (text[len] && len && len <= 32 && isalpha((unsigned char)*text) &&
	    strspn(text, name_characters) == len)
		return true;
	word = strcspn(text, " ");
	return word > 1 && strchr("+-", text[word - 1]) &&
	       isalnum((unsigned char)*text);
}

/* Sentences of a mail have such words too: a place follows them, and a bracket it. */
static bool has_place(const char *text, const char *words)
{
	const char *at = find_words(text, words);
	size_t len;

	if (at)
		at = find_words(at, " at");
	if (!at)
		return false;
	at = skip_blanks(skip_blanks(at) + 2);
	len = strspn(at, "0123456789abcdefxABCDEFX");
	if (*at == '<')
		return true;
	at = skip_blanks(at + len);
	return !*at || *at == '[' || *at == '(';
}

static bool is_resource(const char *text)
{
	if (find_words(text, "behind bridge"))
		return false;
	return strstr(text, "Memory at") || strstr(text, "I/O ports at") ||
	       strstr(text, "Expansion ROM at") ||
	       has_place(text, "memory at") ||
	       has_place(text, "i/o ports at") ||
	       has_place(text, "expansion rom at") ||
	       (find_words(text, "region ") == text &&
		isdigit((unsigned char)skip_blanks(text + 6)[0]) &&
		skip_blanks(text + 6)[1] == ':');
}

static bool begins_any(const char *text, const char *const *words, size_t nr)
{
	size_t len = strlen(text), i;

	for (i = 0; i < nr; i++)
		if (len < strlen(words[i]) && begins(words[i], text))
			return true;
	return false;
}

/* The first letters of a line that is cut */
static bool is_cut_property(const char *text)
{
	static const char *const words[] = {
		"Region ", "Memory at ", "I/O ports at ", "Expansion ROM at ",
		"Capabilities: ", "Interrupt: pin ",
	};

	return begins_any(text, words, NR(words)) ||
	       (begins(text, "Region ") && isdigit((unsigned char)text[7]) &&
		!text[8]);
}

/* The same of a capability that a plan needs */
bool is_cut_capability(const char *text)
{
	static const char *const words[] = {
		"MSI-X: ", "MSI: ", "Single Root I/O Virtualization",
		"Physical Resizable BAR",
	};

	text = capability_text(text);
	return begins_any(text, words, NR(words)) ||
	       (*text == '[' && !strchr(text, ']'));
}

static enum line_kind property_kind(const char *text)
{
	const char *bar;

	if (is_resource(text))
		return LINE_RESOURCE;
	if (find_words(text, "capabilities:"))
		return LINE_CAPABILITY;
	bar = strstr(text, "BAR ");
	if (bar && isdigit((unsigned char)bar[4]) && bar[5] == ':' &&
	    (strstr(bar, "size") || strstr(bar, "current")))
		return LINE_REBAR;
	if (strstr(text, "Initial VFs") || strstr(text, "Total VFs"))
		return LINE_VFS;
	if (pin_text(text))
		return LINE_PIN;
	if (strstr(text, "Bus: primary="))
		return LINE_BUS;
	if (is_cut_property(text))
		return LINE_CUT_PROPERTY;
	return is_detail(text) ? LINE_DETAIL : LINE_UNKNOWN;
}

enum line_kind line_kind(const char *text)
{
	uint32_t segment, address;

	text = skip_blanks(text);
	if (!*text)
		return LINE_BLANK;
	if (device_start(text))
		return LINE_DEVICE;
	if (is_cut_device(text))
		return LINE_CUT_DEVICE;
	if (begins(text, "Slot:") || begins(text, "Device:"))
		return parse_address(skip_blanks(strchr(text, ':') + 1),
				     &segment, &address) ? LINE_SLOT :
							   LINE_DETAIL;
	if (begins(text, "Class:"))
		return LINE_CLASS;
	if (is_tree(text))
		return LINE_TREE;
	if (is_hex_line(text))
		return LINE_HEX;
	if (kernel_address(text))
		return LINE_KERNEL;
	if (is_noise(text))
		return LINE_NOISE;
	return property_kind(text);
}

static bool is_open(const char *line)
{
	int round = 0, square = 0, angle = 0;

	for (; *line; line++) {
		round += (*line == '(') - (*line == ')');
		square += (*line == '[') - (*line == ']');
		angle += (*line == '<') - (*line == '>');
	}
	return round > 0 || square > 0 || angle > 0;
}

static bool ends_with(const char *line, const char *end)
{
	size_t len = strlen(line), n = strlen(end);

	return len >= n && !strcmp(line + len - n, end);
}

static bool resource_goes_on(const char *line, const char *next)
{
	if (find_words(line, "expansion rom at") && ends_with(line, "at"))
		return true;
	return !shown_size(line) &&
	       (*next == '[' || *next == '(' || ends_with(line, " at") ||
		ends_with(line, ":") || ends_with(line, "Memory") ||
		ends_with(line, "I/O") || ends_with(line, "ports"));
}

/* The class of a device whose address is alone in @line */
static bool is_class_of(const char *line, const char *next)
{
	static const char *const details[] = {
		"Subsystem", "Control", "Flags", "Status", "Latency", "Kernel",
		"Physical Slot", "DeviceName", "NUMA", "IOMMU",
	};
	uint32_t segment, address;
	size_t i;

	if (*device_text(parse_address(device_start(line), &segment, &address)))
		return false;
	for (i = 0; i < NR(details); i++)
		if (begins(next, details[i]))
			return false;
	return true;
}

/* Whether @next, without its blanks, is the rest of a line that was wrapped */
bool continues(const char *line, const char *next, const char *raw_next)
{
	enum line_kind kind = line_kind(line), next_kind = line_kind(next);

	if (next_kind != LINE_UNKNOWN && next_kind != LINE_DETAIL &&
	    next_kind != LINE_CUT_PROPERTY &&
	    !(kind == LINE_RESOURCE && begins(skip_blanks(line), "Region ") &&
	      ends_with(line, ":")))
		return false;
	switch (kind) {
	case LINE_DEVICE:
		return is_open(line) || is_class_of(line, next) || begins(next, "(rev") ||
		       begins(next, "(prog-if") ||
		       (next_kind == LINE_UNKNOWN && raw_next == next &&
			strlen(line) >= 55);
	case LINE_RESOURCE:
		return is_open(line) || resource_goes_on(line, next);
	case LINE_CAPABILITY:
		return is_open(line) || begins(next, "Count=") ||
		       begins(next, "Mask") || begins(next, "64bit") ||
		       begins(next, "TabSize=") || ends_with(line, "MSI-X:") ||
		       ends_with(line, "MSI:") ||
		       (next_kind == LINE_UNKNOWN && strstr(line, "MSI") &&
			!strstr(line, "="));
	case LINE_REBAR:
		return isdigit((unsigned char)*next) || ends_with(line, ":") ||
		       begins(next, "supported") || ends_with(line, "current");
	case LINE_VFS:
		return ends_with(line, "Total") || ends_with(line, ":") ||
		       begins(next, "VFs");
	default:
		return false;
	}
}
