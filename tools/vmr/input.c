// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * input.c - the lines of a file, without what mails, journals and terminals add
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "vmr.h"

#define CHUNK	65536
#define LETTERS	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* UTF-16, as a shell of Windows writes it: other than ASCII is no part of a plan. */
static void from_utf16(struct input *in)
{
	const unsigned char *text = (unsigned char *)in->text;
	bool little = in->size > 1 && text[0] == 0xff && text[1] == 0xfe;
	size_t i, to = 0;

	if (!little && (in->size < 2 || text[0] != 0xfe || text[1] != 0xff))
		return;
	for (i = 2; i + 1 < in->size; i += 2)
		in->text[to++] = text[i + little] ? '?' : text[i + !little];
	in->size = to;
}

bool load_input(struct input *in, FILE *from, const char *name)
{
	size_t max = 0, got;

	*in = (struct input) { .file = name };
	do {
		if (in->size + CHUNK + 2 > max) {
			max = 2 * max + CHUNK + 2;
			in->text = xcheck(realloc(in->text, max));
		}
		got = fread(in->text + in->size, 1, CHUNK, from);
		in->size += got;
	} while (got);
	if (ferror(from))
		return false;
	from_utf16(in);
	split_input(in);
	return true;
}

/* Lines end with LF, CRLF or CR. A 0 byte counts as a blank. */
void split_input(struct input *in)
{
	size_t i, start = 0, max = 0;

	in->text[in->size] = 0;
	for (i = 0; i <= in->size; i++) {
		if (i < in->size && in->text[i] != '\n' && in->text[i] != '\r') {
			if (!in->text[i])
				in->text[i] = ' ';
			continue;
		}
		if (i == in->size && i == start)
			break;
		if (in->nr == max) {
			max = max ? 2 * max : 256;
			in->lines = xcheck(realloc(in->lines,
						   max * sizeof(*in->lines)));
		}
		in->lines[in->nr++] = in->text + start;
		if (i + 1 < in->size && in->text[i] == '\r' &&
		    in->text[i + 1] == '\n')
			in->text[i++] = 0;
		in->text[i] = 0;
		start = i + 1;
	}
	if (in->nr && !strncmp(in->lines[0], "\xef\xbb\xbf", 3))
		in->lines[0] += 3;
}

void free_input(struct input *in)
{
	free(in->text);
	free(in->lines);
}

/* Sequences of HTML and of quoted-printable mails, and their characters */
static const struct {
	const char	*from;
	const char	*to;
} replaced[] = {
	{ "&lt;", "<" }, { "&gt;", ">" }, { "&amp;", "&" }, { "&quot;", "\"" },
	{ "&nbsp;", " " }, { "&#39;", "'" }, { "\xc2\xa0", " " },
	{ "=3D", "=" }, { "=09", "\t" }, { "=20", " " },
	{ "<pre>", "" }, { "</pre>", "" }, { "<code>", "" }, { "</code>", "" },
	{ "<br>", "" }, { "<br/>", "" }, { "\xe2\x80\x8b", "" },
	/* hyphens, dashes and the minus of Unicode; blanks that are narrow */
	{ "\xe2\x80\x90", "-" }, { "\xe2\x80\x91", "-" },
	{ "\xe2\x80\x92", "-" }, { "\xe2\x80\x93", "-" },
	{ "\xe2\x80\x94", "-" }, { "\xe2\x88\x92", "-" },
	{ "\xc2\xad", "" }, { "\xe2\x80\xaf", " " }, { "\xe2\x80\x89", " " },
	{ "&#8209;", "-" }, { "&#160;", " " }, { "=E2=80=91", "-" },
	{ "=C2=A0", " " },
};

/* Colours, titles and links (ECMA-48), and sets of characters (ECMA-35) */
static size_t skip_escape(const char *text)
{
	size_t len = 2;

	if (text[0] != '\33')
		return 0;
	switch (text[1]) {
	case '[':
		len += strcspn(text + 2, LETTERS "@~");
		return text[len] ? len + 1 : len;
	case ']':
		len += strcspn(text + 2, "\7\33");
		return text[len] == '\33' && text[len + 1] == '\\' ? len + 2 :
		       text[len] ? len + 1 : len;
	case '(':
	case ')':
		return text[2] ? 3 : 2;
	default:
		return 0;
	}
}

/* In place: the result is never longer. */
static void replace_characters(char *text)
{
	const char *special;
	char *to = text;
	size_t i, len;

	while (*text) {
		len = skip_escape(text);
		special = strchr("&=<\xc2\xe2", *text);
		for (i = 0; !len && special && i < NR(replaced); i++) {
			if (strncmp(text, replaced[i].from,
				    strlen(replaced[i].from)))
				continue;
			len = strlen(replaced[i].from);
			memcpy(to, replaced[i].to, strlen(replaced[i].to));
			to += strlen(replaced[i].to);
		}
		text += len;
		if (len)
			continue;
		*to = (unsigned char)*text < ' ' && *text != '\t' ? ' ' : *text;
		to++;
		text++;
	}
	*to = 0;
}

/* @pattern: 9 a digit, A a letter, any other character itself */
static size_t matches(const char *text, const char *pattern)
{
	size_t i;

	for (i = 0; pattern[i]; i++) {
		if (pattern[i] == '9' ? !isdigit((unsigned char)text[i]) :
		    pattern[i] == 'A' ? !isalpha((unsigned char)text[i]) :
					text[i] != pattern[i])
			return 0;
	}
	return i;
}

static size_t word(const char *text)
{
	size_t len = strcspn(text, " \t");

	return text[len] ? len + 1 : 0;
}

/* Behind a time: "host kernel: ", "host prog[12]: ", or one of the two words */
static size_t skip_sender(const char *text)
{
	size_t first = word(text), second;

	if (first > 1 && text[first - 2] == ':' && text[first - 1] == ' ' &&
	    isalpha((unsigned char)text[0]))
		return first;
	second = first && isalnum((unsigned char)text[0]) ? word(text + first) : 0;
	if (second > 1 && text[first + second - 2] == ':' &&
	    isalpha((unsigned char)text[first]))
		return first + second;
	return 0;
}

/* "[   12.345678] ", as the kernel's ring buffer has it, "[12:34:56] " or "<6>" */
static size_t skip_bracket(const char *text)
{
	char end = *text == '[' ? ']' : '>';
	size_t len = 1;

	if (*text != '[' && *text != '<')
		return 0;
	len += strspn(text + 1, *text == '[' ? " 0123456789.:T-" : "0123456789");
	if (text[len] != end || len < 2)
		return 0;
	/* "[17:00.0]" is the address of a device. */
	if (text[len - 2] == '.' && memchr(text, ':', len))
		return 0;
	len++;
	return text[len] == ' ' ? len + 1 : len;
}

static size_t skip_time(const char *text)
{
	static const char *const times[] = {
		"AAA 99 99:99:99", "AAA  9 99:99:99", "AAA AAA 99 99:99:99",
		"AAA AAA  9 99:99:99", "9999-99-99T99:99:99",
		"9999-99-99 99:99:99", "99:99:99",
	};
	size_t i, len = 0, sender;

	for (i = 0; i < NR(times) && !len; i++)
		len = matches(text, times[i]);
	if (!len)
		return 0;
	len += strcspn(text + len, " \t");
	if (!text[len])
		return 0;
	len++;
	len += matches(text + len, "9999 ");
	sender = skip_sender(text + len);
	return len + sender;
}

/* A number and a tab, as `cat -n` writes before each line */
static size_t skip_line_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && text[digits] == '\t' ? digits + 1 : 0;
}

static size_t skip_quote(const char *text)
{
	if (*text != '>' && (*text != '|' || (text[1] != ' ' && text[1] != '\t')))
		return 0;
	return text[1] == ' ' ? 2 : 1;
}

/*
 * Remove quoting, times of logs and line numbers, however many there are. The rest
 * keeps its indentation.
 */
char *clean_line(char *text)
{
	size_t len, blanks;

	replace_characters(text);
	for (len = strlen(text); len && strchr(" \t", text[len - 1]); len--)
		text[len - 1] = 0;
	for (;;) {
		blanks = strspn(text, " \t");
		len = skip_quote(text + blanks);
		if (!len)
			len = skip_bracket(text + blanks);
		if (!len)
			len = skip_time(text + blanks);
		if (!len)
			len = skip_line_number(text + blanks);
		if (!len && matches(text + blanks, "kernel: "))
			len = 8;
		if (!len)
			return text;
		text += blanks + len;
	}
}

void read_input(struct plan *plan, struct input *in)
{
	if (is_lspci(in))
		read_lspci(plan, in);
	else
		read_plan(plan, in);
}
