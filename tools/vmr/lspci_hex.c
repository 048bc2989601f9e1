// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * lspci_hex.c - hex dumps of configuration space
 *
 * A dump shows which BARs exist and the capabilities. It does not show sizes: a
 * register has an address in it. The text of the same device counts before the dump.
 */
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "lspci.h"

#define MAX_CAPABILITIES	48
#define MAX_EXTENDED		1024

bool read_hex_line(struct host_info *info, const char *text)
{
	uint32_t at, byte;

	text = skip_blanks(text);
	if (!parse_hex(&text, 2, 3, &at) || *text++ != ':')
		return false;
	if (!info->config)
		info->config = xcheck(calloc(1, CONFIG_SIZE));
	while (*text == ' ' && at < CONFIG_SIZE) {
		text++;
		if (!parse_hex(&text, 2, 2, &byte))
			break;
		if (at == info->config_size)
			info->config_size++;
		info->config[at++] = byte;
	}
	return true;
}

static uint32_t get16(const struct host_info *info, size_t at)
{
	return at + 2 <= info->config_size ?
	       info->config[at] | info->config[at + 1] << 8 : 0;
}

static uint32_t get32(const struct host_info *info, size_t at)
{
	return get16(info, at) | get16(info, at + 2) << 16;
}

static struct host_bar bar_of(uint32_t value, unsigned int line)
{
	struct host_bar bar = { .present = value, .line = line };

	bar.io = value & PCI_BASE_ADDRESS_SPACE_IO;
	if (bar.io)
		return bar;
	if ((value & PCI_BASE_ADDRESS_MEM_TYPE_MASK) ==
	    PCI_BASE_ADDRESS_MEM_TYPE_64)
		bar.flags |= VMR_64BIT;
	if (value & PCI_BASE_ADDRESS_MEM_PREFETCH)
		bar.flags |= VMR_PREFETCHABLE;
	return bar;
}

/* Registers with an index: of the function, or of its virtual functions */
static void decode_bars(const struct host_info *info, struct host_bar *bars,
			size_t at, unsigned int nr, unsigned int line)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct host_bar bar = bar_of(get32(info, at + 4 * i), line);

		if (bar.flags & VMR_64BIT && i + 1 == nr)
			bar.wrong = true;
		if (bar.present)
			bars[i] = bar;
		if (bar.flags & VMR_64BIT)
			i++;
	}
}

/* Where the text has no index, the registers have one, in the same order. */
static void correct_guesses(struct host_info *info,
			    const struct host_bar *registers)
{
	struct host_bar text[NR_BARS];
	unsigned int i, j, nr = 0, used = 0;

	for (i = 0; i < NR_BARS; i++) {
		if (info->bars[i].present && info->bars[i].guessed)
			text[nr++] = info->bars[i];
		used += registers[i].present;
	}
	if (nr != used)
		return;
	memset(info->bars, 0, sizeof(info->bars));
	for (i = 0, j = 0; i < NR_BARS; i++)
		if (registers[i].present)
			info->bars[i] = text[j++];
}

static void decode_express(struct plan_device *device, size_t at)
{
	uint32_t type = (get16(device->info, at + PCI_EXP_FLAGS) &
			 PCI_EXP_FLAGS_TYPE) >> 4;

	if (type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_DOWNSTREAM)
		device->is_port = true;
}

static void decode_capabilities(struct plan_device *device)
{
	struct host_info *info = device->info;
	size_t at = get16(info, PCI_CAPABILITY_LIST) & 0xfc;
	const size_t end = info->config_size;
	unsigned int i;

	for (i = 0; i < MAX_CAPABILITIES && at >= 0x40 && at < end; i++) {
		uint32_t head = get16(info, at), flags = get16(info, at + 2);

		switch (head & 0xff) {
		case PCI_CAP_ID_MSI:
			if (!info->msi && (flags & PCI_MSI_FLAGS_QMASK) <= 10)
				info->msi = 1u << ((flags &
						    PCI_MSI_FLAGS_QMASK) >> 1);
			break;
		case PCI_CAP_ID_MSIX:
			if (!info->msix || info->msix_line)
				info->msix = (flags & PCI_MSIX_FLAGS_QSIZE) + 1;
			info->msix_line = 0;
			break;
		case PCI_CAP_ID_EXP:
			decode_express(device, at);
			break;
		}
		at = head >> 8 & 0xfc;
	}
	if (at >= end && !info->details)
		info->broken = device->line;
}

static void decode_rebar(struct host_info *info, size_t at)
{
	unsigned int nr = get32(info, at + PCI_REBAR_CTRL) >> 5 & 7, i;

	for (i = 0; i < nr && i < NR_BARS; i++, at += 8) {
		uint32_t cap = get32(info, at + PCI_REBAR_CAP);
		uint32_t ctrl = get32(info, at + PCI_REBAR_CTRL);
		struct host_rebar *rebar = &info->rebars[(ctrl & 7) % NR_BARS];

		if ((ctrl & 7) >= NR_BARS || rebar->sizes)
			continue;
		rebar->sizes = ((uint64_t)cap >> 4) << 20 |
			       ((uint64_t)ctrl >> 16) << 48;
		if ((ctrl >> 8 & 0x3f) < 43)
			rebar->current = 1ull << (20 + (ctrl >> 8 & 0x3f));
	}
}

static void decode_sriov(struct host_info *info, size_t at, unsigned int line)
{
	if (info->sriov && info->vfs_total)
		return;
	info->sriov = line;
	info->vfs_total = get16(info, at + PCI_SRIOV_TOTAL_VF);
	decode_bars(info, info->vf_bars, at + PCI_SRIOV_BAR, NR_BARS, line);
}

static void decode_extended(struct host_info *info, unsigned int line)
{
	const size_t end = info->config_size;
	size_t at = 0x100;
	unsigned int i;

	for (i = 0; i < MAX_EXTENDED && at >= 0x100 && at + 4 <= end; i++) {
		uint32_t head = get32(info, at);

		if ((head & 0xffff) == PCI_EXT_CAP_ID_REBAR)
			decode_rebar(info, at);
		else if ((head & 0xffff) == PCI_EXT_CAP_ID_SRIOV)
			decode_sriov(info, at, line);
		at = head >> 20 & 0xffc;
	}
}

static void decode_header(struct plan_device *device, unsigned int line)
{
	struct host_info *info = device->info;
	struct host_bar registers[NR_BARS] = { 0 };
	bool bridge = (info->config[PCI_HEADER_TYPE] & 0x7f) ==
		      PCI_HEADER_TYPE_BRIDGE;
	unsigned int i, nr = bridge ? 2 : NR_BARS;
	uint32_t rom = get32(info, bridge ? PCI_ROM_ADDRESS1 :
					    PCI_ROM_ADDRESS);

	decode_bars(info, registers, PCI_BASE_ADDRESS_0, nr, line);
	correct_guesses(info, registers);
	for (i = 0; i < nr; i++)
		if (!info->bars[i].present && !info->details)
			info->bars[i] = registers[i];
	if (!info->rom.present && !info->details && rom >> 11)
		info->rom = (struct host_bar) { .present = true, .line = line };
	if (info->config_size > PCI_INTERRUPT_PIN &&
	    info->config[PCI_INTERRUPT_PIN] >= 1 &&
	    info->config[PCI_INTERRUPT_PIN] <= 4)
		info->pin = line;
	if (bridge && !device->is_bridge) {
		make_bridge(device);
		device->secondary = info->config[PCI_SECONDARY_BUS];
	}
}

/* Without root a dump ends after 64 bytes, and what the list begins with is unseen. */
static bool hides_capabilities(const struct host_info *info)
{
	return get16(info, PCI_STATUS) & PCI_STATUS_CAP_LIST &&
	       info->config_size <= 64 && !info->details;
}

void decode_config(struct plan_device *device, unsigned int line)
{
	struct host_info *info = device->info;
	unsigned int i;
	bool any = info->rom.present;

	/* All ones: the device does not answer. */
	if (info->config_size < 64 || get16(info, PCI_VENDOR_ID) == 0xffff)
		return;
	decode_header(device, line);
	if (hides_capabilities(info))
		info->denied = line;
	else if (get16(info, PCI_STATUS) & PCI_STATUS_CAP_LIST)
		decode_capabilities(device);
	decode_extended(info, line);
	for (i = 0; i < NR_BARS; i++)
		any |= info->bars[i].present;
	info->details |= any || device->is_bridge;
}
