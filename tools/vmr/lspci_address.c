// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * lspci_address.c - PCI addresses in a text, and the lines that begin a device
 *
 * The resources of a device follow the line with its address. If that line is not
 * recognised, they would be those of the device before it.
 */
#include <ctype.h>
#include <string.h>

#include "lspci.h"

bool parse_hex(const char **text, unsigned int min, unsigned int max,
	       uint32_t *n)
{
	static const char digits[] = "0123456789abcdef";
	unsigned int i;

	*n = 0;
	for (i = 0; i < max && isxdigit((unsigned char)**text); i++, (*text)++)
		*n = *n << 4 | (strchr(digits, tolower((unsigned char)**text)) -
				digits);
	return i >= min;
}

static bool take(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* A segment has four digits or more. Only these are read, since a line may be long. */
static bool has_segment(const char *text)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (!text[i] || text[i] == ':')
			return false;
	return true;
}

/* BUS:DEVICE.FUNCTION with an optional SEGMENT: before it; the end of it, or NULL */
const char *parse_address(const char *text, uint32_t *segment,
			  uint32_t *address)
{
	const char *at = text;
	uint32_t bus, dev, fn;

	*segment = 0;
	if (has_segment(text) &&
	    (!parse_hex(&at, 4, 8, segment) || !take(&at, ':')))
		return NULL;
	if (!parse_hex(&at, 2, 2, &bus) || !take(&at, ':') ||
	    !parse_hex(&at, 2, 2, &dev) || !take(&at, '.') ||
	    !parse_hex(&at, 1, 1, &fn) || dev > 31 || fn > 7 ||
	    isalnum((unsigned char)*at))
		return NULL;
	*address = bus << 8 | dev << 3 | fn;
	return at;
}

static bool is_device(const char *text)
{
	uint32_t segment, address;
	const char *end = parse_address(text, &segment, &address);

	return end && is_blank(*end) && end[1];
}

/* The last address of a path from the root, as `lspci -PP` shows it */
static const char *path_end(const char *text)
{
	size_t len = strcspn(text, " \t");
	const char *at = text + len;

	while (at > text && at[-1] != '/')
		at--;
	return at > text && isxdigit((unsigned char)*text) && is_device(at) ?
	       at : NULL;
}

/* Marks around an address: bullets, brackets, and those of Markdown */
static bool is_mark(char c)
{
	return (unsigned char)c >= 0x80 || (c && strchr("-+*_`'\"#>|([{)]}:,;", c));
}

/* "2. ", "2) " or "2 ", in a list or of a pager */
static size_t list_number(const char *text)
{
	size_t len = strspn(text, "0123456789");

	if (len && (text[len] == '.' || text[len] == ')'))
		len++;
	return len && is_blank(text[len]) ? len : 0;
}

/* "VGA compatible controller: Acme", "0302: 10de:1eb8", or the same in quotes */
static bool is_class(const char *text)
{
	size_t len = strcspn(text, ":");

	if (!isupper((unsigned char)*text) && !isdigit((unsigned char)*text))
		return *text == '"';
	return text[len] && len < 60;
}

/* A class between other words of a sentence: by its last word */
static bool is_known_class(const char *text)
{
	static const char *const words[] = {
		"controller", "bridge", "device", "adapter", "interface",
		"memory", "peripheral", "accelerators", "Instrumentation",
	};
	size_t len = strcspn(text, ":["), i, n;

	while (len && is_blank(text[len - 1]))
		len--;
	for (i = 0; is_class(text) && i < NR(words); i++) {
		n = strlen(words[i]);
		if (len >= n && !strncmp(text + len - n, words[i], n))
			return true;
	}
	return false;
}

/* Behind the marks that follow an address; @end if none do */
static const char *skip_marks(const char *end)
{
	const char *at = end;

	while (is_mark(*at))
		at++;
	return !*at || is_blank(*at) ? at : end;
}

/*
 * An address with marks around it, in front of a class or alone in its line. A colon
 * behind an address with a segment is that of a message of Linux.
 */
static const char *marked_device(const char *text)
{
	uint32_t segment, address;
	const char *at = text, *end;

	while (is_mark(*at) || is_blank(*at) || list_number(at))
		at += list_number(at) ? list_number(at) : 1;
	end = parse_address(at, &segment, &address);
	if (!end || (*end == ':' && end - at > 7))
		return NULL;
	end = skip_blanks(skip_marks(end));
	return !*end || is_class(end) ? at : NULL;
}

/* "IOMMU group 14 01:00.0 VGA compatible controller: Acme" */
static const char *device_in_words(const char *text)
{
	uint32_t segment, address;
	const char *at, *end;

	for (at = text; *at && *at != '#'; at++) {
		if (at == text || !is_blank(at[-1]))
			continue;
		end = parse_address(at, &segment, &address);
		if (end && is_blank(*end) && is_known_class(skip_blanks(end)))
			return at;
	}
	return NULL;
}

/* Where a device's address is: first, in a list, or behind the file name of grep */
const char *device_start(const char *text)
{
	const char *at;

	text = skip_blanks(text);
	if (is_device(text))
		return text;
	at = path_end(text);
	if (!at)
		at = marked_device(text);
	if (!at)
		at = device_in_words(text);
	if (at)
		return at;
	for (at = text; *at && *at != ' ' && *at != '\t'; at++)
		if (at > text && at[-1] == ':' && isalpha((unsigned char)*text) &&
		    is_device(at))
			return at;
	return NULL;
}

/* The text behind the address of a device and the marks that follow it */
const char *device_text(const char *end)
{
	return skip_blanks(skip_marks(end));
}

/*
 * Whether @text, which begins no device, speaks of another one than @segment and
 * @address. In "nvme 0000:01:00.0: ..." the address is that of a message of Linux.
 */
bool names_other_device(const char *text, uint32_t segment, uint32_t address)
{
	const char *at, *end;
	uint32_t seg, addr;

	for (at = text; *at; at++) {
		if (at > text && (isalnum((unsigned char)at[-1]) || at[-1] == '.'))
			continue;
		end = parse_address(at, &seg, &addr);
		if (!end)
			continue;
		if (!begins(end, ": ") && (addr != address || seg != segment))
			return true;
		at = end - 1;
	}
	return false;
}

/* Other than the PCI code, drivers write about BARs when they resize them. */
static bool is_message(const char *word, size_t len, const char *end)
{
	if (!begins(end, ": "))
		return false;
	if (len == 3 && begins(word, "pci"))
		return true;
	return !begins(word, "pcieport ") &&
	       (begins(end + 2, "BAR ") || begins(end + 2, "VF BAR "));
}

/* The address in "pci 0000:01:00.0: " or "amdgpu 0000:01:00.0: BAR ", or NULL */
const char *kernel_address(const char *text)
{
	uint32_t segment, address;
	const char *end;
	size_t len;

	for (text = skip_blanks(text); *text; text += len + !!text[len]) {
		len = strcspn(text, " ");
		if (!len || !text[len])
			continue;
		end = parse_address(text + len + 1, &segment, &address);
		if (end && is_message(text, len, end))
			return text + len + 1;
	}
	return NULL;
}
