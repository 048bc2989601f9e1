// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * lspci_field.c - the fields of lspci's lines, and of the kernel's messages
 */
#include <ctype.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "lspci.h"

/* A number that ends with one of @stops, which is not part of it */
static bool number_at(const char *text, const char *stops, uint64_t *n)
{
	char number[32];
	size_t len;

	text = skip_blanks(text);
	len = strcspn(text, stops);
	while (len && text[len - 1] == ' ')
		len--;
	if (!len || len >= sizeof(number))
		return false;
	memcpy(number, text, len);
	number[len] = 0;
	return parse_number(number, n);
}

/* As the library checks a BAR */
bool bar_size_is_valid(const struct host_bar *bar, uint64_t size)
{
	if (!is_pow2(size))
		return false;
	if (bar->io)
		return size >= 4 && size <= 256;
	return size >= 16 &&
	       size <= (bar->flags & VMR_64BIT ? 1ull << 62 : 1ull << 30);
}

/* Lines are wrapped inside of words too, so that blanks mean nothing. */
static uint32_t flags_of(const char *text, bool *known)
{
	char *plain = xcheck(strdup(text)), *to = plain;
	uint32_t flags = 0;

	for (; *text; text++)
		if (*text != ' ' && *text != '\t')
			*to++ = tolower((unsigned char)*text);
	*to = 0;
	if (strstr(plain, "64-bit") || strstr(plain, "64bit"))
		flags |= VMR_64BIT;
	if (strstr(plain, "pref") && !strstr(plain, "non-pref"))
		flags |= VMR_PREFETCHABLE;
	*known = flags & VMR_64BIT || strstr(plain, "32-bit") ||
		 strstr(plain, "32bit") || strstr(plain, "low-1m") ||
		 strstr(plain, "type3") || !strchr(plain, '(');
	free(plain);
	return flags;
}

/* The number in front of the bracket that ends @text */
static bool size_at(const char *text, uint64_t *size)
{
	char number[32];
	size_t len = 0;

	for (; *text && *text != ']' && len + 1 < sizeof(number); text++)
		if (*text != ' ' && *text != '\t')
			number[len++] = *text;
	number[len] = 0;
	return *text == ']' && parse_number(number, size);
}

static bool read_rom(struct host_info *info, const char *text,
		     unsigned int line)
{
	const char *size = shown_size(text);

	if (info->rom.present && info->rom.size && !size)
		return true;
	info->rom = (struct host_bar) { .present = true, .line = line };
	if (size && (!size_at(size, &info->rom.size) ||
		     !is_pow2(info->rom.size) || info->rom.size < 2048 ||
		     info->rom.size > 1 << 24)) {
		info->rom.size = 0;
		info->rom.wrong = true;
	}
	return true;
}

static void store_bar(struct host_bar *to, struct host_bar bar,
		      const char *size, unsigned int began)
{
	if (size && (!size_at(size, &bar.size) ||
		     !bar_size_is_valid(&bar, bar.size))) {
		bar.size = 0;
		bar.wrong = true;
	}
	/* A device may be shown twice, but not with another BAR. */
	bar.twice = to->present && !to->kernel &&
		    (to->twice || to->io != bar.io || to->flags != bar.flags ||
		     (to->size && bar.size && (to->size != bar.size ||
					       to->line > began)));
	if (to->present && to->size && !bar.size)
		bar.size = to->size;
	*to = bar;
}

/* "Region N:", with any spacing; false if there is no such number */
static bool region_index(const char *region, unsigned int *index)
{
	region = skip_blanks(region + 6);
	if (!isdigit((unsigned char)region[0]) || region[1] != ':')
		return false;
	*index = region[0] - '0';
	return *index < NR_BARS;
}

static void drop_guesses(struct host_bar *bars)
{
	unsigned int i;

	for (i = 0; i < NR_BARS; i++)
		if (bars[i].guessed)
			bars[i] = (struct host_bar) { 0 };
}

static bool has_indexes(const struct host_bar *bars)
{
	unsigned int i;

	for (i = 0; i < NR_BARS; i++)
		if (bars[i].present && !bars[i].guessed)
			return true;
	return false;
}

/* False if the line cannot be read */
bool read_bar_line(struct host_info *info, const char *text, unsigned int line,
		   bool of_vf)
{
	struct host_bar bar = { .present = true, .line = line };
	const char *region = find_words(text, "region ");
	struct host_bar *bars = of_vf ? info->vf_bars : info->bars;
	unsigned int *next = of_vf ? &info->next_vf_bar : &info->next_bar;
	unsigned int index = *next;
	bool known = true;

	if (find_words(text, "expansion rom at"))
		return read_rom(info, text, line);
	bar.io = find_words(text, "i/o ports at");
	if (!bar.io && !find_words(text, "memory at"))
		return false;
	bar.guessed = !region;
	if (region && !region_index(region, &index))
		return false;
	/* One text of a device has indexes and another one has not. */
	if (info->again && region)
		drop_guesses(bars);
	else if (info->again && has_indexes(bars))
		return true;
	bar.flags = bar.io ? 0 : flags_of(text, &known);
	if (!known || index >= NR_BARS || (bar.flags & VMR_64BIT && index == NR_BARS - 1))
		return false;
	*next = index + (bar.flags & VMR_64BIT ? 2 : 1);
	store_bar(&bars[index], bar, shown_size(text), info->began);
	return true;
}

/* "BAR 1: current size: 128GB, supported: 64MB 128MB" */
void read_rebar_line(struct host_info *info, const char *text)
{
	const char *bar = strstr(text, "BAR ");
	const char *current = strstr(text, "current size:");
	const char *supported = strstr(text, "supported:");
	struct host_rebar *rebar;
	uint64_t n;

	if (!bar || bar[4] < '0' || bar[4] >= '0' + NR_BARS)
		return;
	rebar = &info->rebars[bar[4] - '0'];
	if (current && number_at(current + 13, ",", &n) && is_pow2(n))
		rebar->current = n;
	if (!supported)
		return;
	for (supported += 10; *supported; supported += strcspn(supported, " ")) {
		supported = skip_blanks(supported);
		if (!*supported)
			break;
		/* At least 1 MiB: less has lost its unit. */
		if (number_at(supported, " ", &n) && is_pow2(n) && n >= 1 << 20)
			rebar->sizes |= n;
		else
			info->unreadable = info->rebar;
	}
}

static bool vectors_are_valid(uint64_t nr, bool msix)
{
	return nr && (msix ? nr <= 2048 : nr <= 32 && is_pow2(nr));
}

/* "MSI: Enable- Count=1/16", "MSI-X: Enable+ Count=9", and their older forms */
void read_vectors(struct host_info *info, const char *text, unsigned int line)
{
	bool msix = find_words(text, "msi-x:");
	const char *count = strstr(text, "Count=");
	const char *old = strstr(text, "TabSize=");
	const char *queue = strstr(text, "Queue=");
	const char *of;
	uint64_t nr = 0;

	if (!msix && !find_words(text, "msi:") &&
	    !strstr(text, "Message Signalled Interrupts:")) {
		if (count)
			info->msix_line = line;
		return;
	}
	if (count) {
		/* Words follow in each version; else the number may be cut. */
		count += 6;
		if (!count[strcspn(count, " ")])
			info->msix_line = line;
		of = memchr(count, '/', strcspn(count, " "));
		number_at(of ? of + 1 : count, " ", &nr);
	} else if (old) {
		number_at(old + 8, " ", &nr);
	} else if (queue) {
		of = strchr(queue, '/');
		if (of && of[1] >= '0' && of[1] <= '5')
			nr = 1ull << (of[1] - '0');
	}
	if (!vectors_are_valid(nr, msix)) {
		info->msix_line = line;
		return;
	}
	if (msix)
		info->msix = nr;
	else
		info->msi = nr;
	if (old && !count)
		info->msix_line = line;
}

/* An old lspci has numbers for capabilities whose names it does not know. */
void read_numbered_capability(struct host_info *info, const char *text,
			      unsigned int line)
{
	const char *at = strchr(text, '['), *id = capability_text(text) + 1;
	uint32_t offset = 0, number;

	if (at)
		at++;
	if (!parse_hex(&id, 2, 4, &number) || !at ||
	    !parse_hex(&at, 2, 3, &offset))
		info->broken = line;
	else if (offset >= 0x100 && number == PCI_EXT_CAP_ID_SRIOV)
		info->sriov = line;
	else if (offset >= 0x100 && number == PCI_EXT_CAP_ID_REBAR)
		info->rebar = line;
	else if (offset < 0x100 && (number == PCI_CAP_ID_MSI ||
				    number == PCI_CAP_ID_MSIX))
		info->msix_line = line;
}

/* "Vector table: BAR=0 offset=00002000" */
void read_table_line(struct host_info *info, const char *text,
		     unsigned int line)
{
	const char *bar = strstr(text, "BAR=");

	if (!bar || bar[4] < '0' || bar[4] >= '0' + NR_BARS)
		return;
	info->table = line;
	info->table_bar = bar[4] - '0';
}

/* "[mem 0xf0000000-0xf0ffffff 64bit pref]", or "[mem size 0x00010000 64bit]" */
static bool read_range(const char *text, struct host_bar *bar)
{
	const char *at = strchr(text, '[');
	char *end;
	unsigned long long first, last;
	bool known;

	if (!at || !strchr(at, ']') ||
	    (!begins(at, "[mem ") && !begins(at, "[io ")))
		return false;
	bar->io = at[1] == 'i';
	bar->flags = bar->io ? 0 : flags_of(at, &known);
	at = skip_blanks(strchr(at, ' '));
	if (begins(at, "size ")) {
		bar->size = strtoull(at + 5, NULL, 16);
		return true;
	}
	first = strtoull(at, &end, 16);
	if (*end != '-')
		return false;
	last = strtoull(end + 1, NULL, 16);
	bar->size = last - first + 1;
	return true;
}

static bool register_index(const char *text, unsigned int *index)
{
	unsigned long n;
	char *end;

	if (begins(text, "reg ")) {
		n = strtoul(text + 4, &end, 16);
		*index = n == 0x30 ? NR_BARS : (n - 0x10) / 4;
		return *end == ':' && n % 4 == 0 && *index <= NR_BARS;
	}
	if (begins(text, "ROM [") || begins(text, "ROM: ")) {
		*index = NR_BARS;
		return true;
	}
	if (!begins(text, "BAR ") || !isdigit((unsigned char)text[4]) ||
	    (text[5] != ' ' && text[5] != ':'))
		return false;
	*index = text[4] - '0';		/* and 6 is the ROM */
	return *index <= NR_BARS;
}

/* "VF BAR 0 [mem ...]: contains BAR 0 for 16 VFs", or "VF(n) BAR0 space: [...]" */
static bool read_vf_range(struct host_info *info, const char *text,
			  unsigned int line)
{
	struct host_bar bar = { .present = true, .line = line };
	const char *at = strstr(text, "BAR"), *count;
	unsigned long vfs;

	if (!begins(text, "VF") || !at)
		return false;
	info->sriov = line;
	at = skip_blanks(at + 3);
	count = strstr(at, " for ");
	vfs = count ? strtoul(count + 5, NULL, 10) : 0;
	if (*at < '0' || *at >= '0' + NR_BARS || !vfs || vfs > 65535 ||
	    !read_range(at, &bar) || bar.size % vfs)
		return true;
	bar.size /= vfs;
	info->vfs_total = vfs;
	if (bar_size_is_valid(&bar, bar.size))
		info->vf_bars[*at - '0'] = bar;
	return true;
}

/* A register whose size the line does not show, unless an earlier line does */
static void note_unread(struct host_info *info, unsigned int index,
			unsigned int line)
{
	const struct host_bar *bar = index == NR_BARS ? &info->rom :
							&info->bars[index];

	if (!bar->present)
		info->unreadable = line;
}

/* A message of Linux about a device, behind its address and the colon */
bool read_kernel_line(struct plan_device *device, const char *text,
		      unsigned int line)
{
	struct host_info *info = device->info;
	struct host_bar bar = { .present = true, .kernel = true, .line = line };
	unsigned int index;

	if (read_vf_range(info, text, line))
		return true;
	if (!register_index(text, &index))
		return false;
	if (!read_range(text, &bar)) {
		note_unread(info, index, line);
		return false;
	}
	info->details = true;
	if (index == NR_BARS) {
		bar.wrong = !is_pow2(bar.size) || bar.size < 2048 ||
			    bar.size > 1 << 24;
		bar.size = bar.wrong ? 0 : bar.size;
		info->rom = bar;
		return true;
	}
	if (!bar_size_is_valid(&bar, bar.size)) {
		bar.wrong = true;
		bar.size = 0;
	}
	info->bars[index] = bar;
	return true;
}
