// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * lspci_finish.c - the resources that a host's device asks for, and what is unknown
 */
#include <stdlib.h>
#include <string.h>

#include "lspci.h"

/* By the words of lspci, or by the class in digits of `lspci -n` */
static bool has_class(const char *what, const char *const *words, size_t nr,
		      const char *const *codes, size_t nr_codes)
{
	char code[16];
	size_t i;

	if (what && begins(what, "Class "))	/* of an old lspci */
		what += 6;
	for (i = 0; what && i < nr; i++)
		if (begins(what, words[i]))
			return true;
	for (i = 0; what && i < nr_codes; i++) {
		if (begins(what, codes[i]) && what[4] == ':')
			return true;
		snprintf(code, sizeof(code), " [%s]", codes[i]);
		if (strstr(what, code))
			return true;
	}
	return false;
}

bool is_bridge_class(const char *what)
{
	static const char *const words[] = {
		"PCI bridge", "CardBus bridge", "PCI-to-PCI bridge",
	};
	static const char *const codes[] = { "0604", "0607" };

	return has_class(what, words, NR(words), codes, NR(codes));
}

bool is_chipset(const char *what)
{
	static const char *const words[] = {
		"RAM memory", "System peripheral",
		"Non-Essential Instrumentation", "IOMMU", "SMBus",
		"Performance counters", "PIC", "Generic system peripheral",
	};
	static const char *const codes[] = {
		"0500", "0800", "0806", "0880", "1300", "0c05",
	};

	return has_class(what, words, NR(words), codes, NR(codes));
}

bool is_of_host(const char *what)
{
	static const char *const words[] = {
		"Host bridge", "ISA bridge", "LPC bridge",
	};
	static const char *const codes[] = { "0600", "0601" };

	return is_chipset(what) ||
	       has_class(what, words, NR(words), codes, NR(codes));
}

static char *lspci_of(const struct plan_device *device)
{
	return xprintf("sudo lspci -vv -s %.*s",
		       (int)strcspn(device->name, "#"), device->name);
}

static char *sysfs_of(const struct plan_device *device)
{
	return xprintf("cat /sys/bus/pci/devices/%04x:%02x:%02x.%x/resource",
		       device->segment, device->address >> 8,
		       device->address >> 3 & 31, device->address & 7);
}

/*
 * Without indexes, the BARs that a capability can resize are among those that have a
 * guessed index below theirs and no size.
 */
static void match_rebars(struct host_info *info)
{
	unsigned int i, j;

	for (i = NR_BARS; i--;) {
		if (!info->rebars[i].current || info->bars[i].present)
			continue;
		for (j = i; j--;) {
			if (!info->bars[j].present)
				continue;
			if (info->bars[j].guessed && !info->rebars[j].current) {
				info->bars[i] = info->bars[j];
				info->bars[j].present = false;
			}
			break;
		}
	}
}

/*
 * Channels of IDE in compatibility mode are at fixed ports. An lspci shows those without
 * a size, or as memory. The registers are BARs of 8 and 4 ports in native mode (PCI IDE
 * Controller Specification 1.0, 2.4), which a guest may choose.
 */
static void set_ide_ports(struct plan_device *device)
{
	static const char *const words[] = { "IDE interface" };
	static const char *const codes[] = { "0101" };
	struct host_bar *bars = device->info->bars;
	unsigned int i;

	if (!has_class(device->what, words, NR(words), codes, NR(codes)))
		return;
	for (i = 0; i < 4; i++) {
		if (!bars[i].present || (bars[i].io && bars[i].size) ||
		    bars[i].size > 8)
			continue;
		bars[i].io = true;
		bars[i].wrong = false;
		bars[i].flags = 0;
		bars[i].size = i & 1 ? 4 : 8;
	}
}

static uint64_t highest(uint64_t sizes)
{
	while (sizes & (sizes - 1))
		sizes &= sizes - 1;
	return sizes;
}

static uint64_t resized(struct plan *plan, struct plan_device *device,
			unsigned int i)
{
	const struct host_rebar *rebar = &device->info->rebars[i];
	uint64_t size = device->info->bars[i].size;

	if (!size)
		size = rebar->current;
	if (!rebar->sizes || plan->settings.rebar == REBAR_CURRENT)
		return size;
	if (plan->settings.rebar == REBAR_MAX)
		return highest(rebar->sizes);
	if (rebar->sizes & plan->settings.rebar_size)
		return plan->settings.rebar_size;
	add_note(plan, xprintf("%s: BAR %u cannot have %s; %s is planned",
			       device->name, i,
			       size_text(plan->settings.rebar_size),
			       size ? size_text(size) : "an unknown size"));
	return size;
}

/* A 64-bit BAR has two registers, and the second of them is no BAR. */
static bool registers_fit(const struct host_info *info, unsigned int i)
{
	if (i && info->bars[i - 1].present &&
	    info->bars[i - 1].flags & VMR_64BIT)
		return false;
	return !(info->bars[i].flags & VMR_64BIT && i == NR_BARS - 1);
}

/* The size of the line counts only if the capability has the same. */
static bool shows_two_sizes(const struct plan *plan,
			    const struct host_info *info, unsigned int i)
{
	return plan->settings.rebar == REBAR_CURRENT && info->bars[i].size &&
	       info->rebars[i].current &&
	       info->bars[i].size != info->rebars[i].current;
}

static void finish_bar(struct plan *plan, struct plan_device *device,
		       unsigned int i)
{
	const struct host_bar *bar = &device->info->bars[i];
	uint64_t size = resized(plan, device, i);
	struct plan_resource *resource;

	if (bar->twice || shows_two_sizes(plan, device->info, i)) {
		add_unknown(device, bar->line,
			    xprintf("BAR %u: the text shows two different ones", i),
			    lspci_of(device));
		return;
	}
	if (!registers_fit(device->info, i)) {
		add_unknown(device, bar->line,
			    xprintf("BAR %u: a 64-bit BAR takes two of the six registers", i),
			    lspci_of(device));
		return;
	}
	if (!size || !bar_size_is_valid(bar, size)) {
		add_unknown(device, bar->line,
			    xprintf(bar->wrong || size ?
				    "the size of BAR %u: the text has none that a BAR can have" :
				    "the size of BAR %u", i),
			    lspci_of(device));
		return;
	}
	resource = add_resource(device, bar->io ? VMR_KIND_PIO : VMR_KIND_MMIO,
				size, bar->line);
	resource->align = size;
	resource->flags = bar->flags;
	snprintf(resource->name, sizeof(resource->name), "bar%u", i);
}

static void finish_rom(struct plan_device *device)
{
	const struct host_bar *rom = &device->info->rom;
	struct plan_resource *resource;

	if (!rom->present)
		return;
	if (!rom->size) {
		add_unknown(device, rom->line,
			    xprintf("the size of the expansion ROM"),
			    lspci_of(device));
		return;
	}
	resource = add_resource(device, VMR_KIND_MMIO, rom->size, rom->line);
	resource->align = rom->size;
	snprintf(resource->name, sizeof(resource->name), "rom");
}

static void finish_vf_bar(struct plan_device *device, unsigned int i,
			  uint64_t vfs)
{
	const struct host_bar *bar = &device->info->vf_bars[i];
	struct plan_resource *resource;

	if (!bar->present)
		return;
	if (!bar->size || bar->io || bar->size > VMR_ADDR_MAX / vfs) {
		add_unknown(device, bar->line,
			    xprintf("the size of BAR %u of the virtual functions", i),
			    sysfs_of(device));
		return;
	}
	resource = add_resource(device, VMR_KIND_MMIO, bar->size * vfs,
				bar->line);
	resource->align = bar->size;
	resource->flags = bar->flags;
	snprintf(resource->name, sizeof(resource->name), "vf bar%u", i);
}

/* A driver uses MSI-X where a function has both. */
static void finish_interrupts(struct plan_device *device)
{
	const struct host_info *info = device->info;
	struct plan_resource *resource;

	if (info->msix || info->msi) {
		resource = add_resource(device, info->msix ? VMR_KIND_MSIX :
					VMR_KIND_MSI, info->msix ? info->msix :
					info->msi, device->line);
		resource->align = info->msix ? 1 : info->msi;
		snprintf(resource->name, sizeof(resource->name),
			 info->msix ? "msix" : "msi");
	}
	if (info->msix_line)
		add_unknown(device, info->msix_line,
			    xprintf(info->msix ?
				    "the number of MSI-X vectors: an old lspci has shown TabSize" :
				    "the number of interrupt vectors"),
			    lspci_of(device));
	if (info->pin) {
		resource = add_resource(device, VMR_KIND_IRQ, 1, info->pin);
		resource->flags = VMR_SHARED;
		snprintf(resource->name, sizeof(resource->name), "pin");
	}
}

static void finish_vfs(struct plan *plan, struct plan_device *device)
{
	struct host_info *info = device->info;
	uint64_t vfs = plan->settings.vfs;
	unsigned int i;
	bool any = false;

	if (!info->sriov || !vfs)
		return;
	for (i = 0; i < NR_BARS; i++)
		any |= info->vf_bars[i].present;
	if (!info->vfs_total || !any) {
		add_unknown(device, info->sriov,
			    xprintf("the BARs of the virtual functions"),
			    lspci_of(device));
		return;
	}
	if (vfs > info->vfs_total) {
		vfs = info->vfs_total;
		add_note(plan, xprintf("%s: has no more than %llu virtual functions",
				       device->name, (unsigned long long)vfs));
	}
	device->vfs = vfs;
	for (i = 0; i < NR_BARS; i++)
		finish_vf_bar(device, i, vfs);
}

/* Linux writes no capabilities into its log. */
static bool shows_kernel_only(const struct plan_device *device)
{
	const struct host_info *info = device->info;

	return info->kernel && info->details && !info->text &&
	       !info->config_size && !device->is_bridge;
}

/* A BAR may be in a capability alone: its line is lost. */
static void finish_absent(struct plan *plan, struct plan_device *device)
{
	const struct host_info *info = device->info;
	uint64_t sizes = 0;
	unsigned int i;

	for (i = 0; i < NR_BARS; i++) {
		sizes |= info->rebars[i].sizes;
		if (info->bars[i].present)
			continue;
		if (info->rebars[i].current || info->rebars[i].sizes ||
		    (info->table && info->table_bar == i))
			add_unknown(device, info->rebars[i].current ?
				    info->rebar : info->table,
				    xprintf("BAR %u, which only a capability names", i),
				    lspci_of(device));
	}
	if (plan->settings.rebar != REBAR_CURRENT && !sizes &&
	    (info->rebar || shows_kernel_only(device)))
		add_unknown(device, info->rebar ? info->rebar : device->line,
			    xprintf("the sizes of its resizable BARs"),
			    lspci_of(device));
}

static void finish_unknown(struct plan_device *device)
{
	const struct host_info *info = device->info;

	if (!info->details)
		add_unknown(device, device->line,
			    xprintf("its BARs and interrupts"),
			    lspci_of(device));
	else if (shows_kernel_only(device) && !device->what)
		add_unknown(device, device->line,
			    xprintf("the message of Linux that begins with its class"),
			    lspci_of(device));
	if (info->denied)
		add_unknown(device, info->denied,
			    xprintf("its capabilities, which only root can read"),
			    lspci_of(device));
	if (info->broken)
		add_unknown(device, info->broken,
			    xprintf("its capabilities, which lspci could not read"),
			    lspci_of(device));
	if (info->unreadable)
		add_unknown(device, info->unreadable,
			    xprintf("the resource of a line that cannot be read"),
			    lspci_of(device));
}

void finish_host_device(struct plan *plan, struct plan_device *device)
{
	struct host_info *info = device->info;
	unsigned int i;

	decode_config(device, device->line);
	if (!device->is_bridge && is_bridge_class(device->what))
		make_bridge(device);
	device->is_host_bridge = is_of_host(device->what);
	device->is_chipset = is_chipset(device->what);
	device->shows_no_vectors = shows_kernel_only(device);
	if (!device->is_host_bridge) {
		match_rebars(info);
		set_ide_ports(device);
		for (i = 0; i < NR_BARS; i++)
			if (info->bars[i].present)
				finish_bar(plan, device, i);
		finish_rom(device);
		finish_absent(plan, device);
		finish_interrupts(device);
		finish_vfs(plan, device);
		finish_unknown(device);
	}
	free(info->config);
	free(info);
	device->info = NULL;
}
