// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vmm_options.c - the options of VMMs with which the plan becomes true
 */
#include <string.h>

#include "vmr.h"

struct writer {
	const struct plan	*plan;
	FILE			*out;
	unsigned int		chassis;
};

static void host_address(const struct plan_device *device, FILE *out)
{
	fprintf(out, "%04x:%02x:%02x.%x", device->segment,
		device->address >> 8, device->address >> 3 & 31,
		device->address & 7);
}

/* QEMU's ids begin with a letter and have neither : nor # */
static const char *id_of(const struct plan_device *device)
{
	static char id[2 * NAME_SIZE];
	size_t i = 0;
	const char *c;

	if (device->name[0] >= '0' && device->name[0] <= '9')
		id[i++] = 'd';
	for (c = device->name; *c && i + 1 < sizeof(id); c++)
		id[i++] = strchr(":#", *c) ? '-' : *c;
	id[i] = 0;
	return id;
}

static uint64_t hole64(const struct plan *plan)
{
	const struct window_requirement *r = &plan->requirements[0];
	uint64_t size = r->any ? r->last - r->start + 1 : 0, gib = 1ull << 30;

	return size > VMR_ADDR_MAX - gib ? size >> 30 :
					   (size + gib - 1) >> 30;
}

static uint32_t bits_of(const struct plan *plan)
{
	return plan->bits_needed ? plan->bits_needed : plan->config.phys_bits;
}

static const char *qemu_machine(const struct plan *plan)
{
	return !strcmp(plan->machine.name, "arm64") ? "virt,gic-version=3" :
	       !strcmp(plan->machine.name, "riscv64") ? "virt" : "q35";
}

static void qemu_bus(const struct plan_device *device, FILE *out)
{
	if (device->behind)
		fprintf(out, ",bus=%s", id_of(device->behind));
	else
		fputs(",bus=pcie.0", out);
	fprintf(out, ",addr=%x.%x", device->pci >> 3 & 31, device->pci & 7);
	if (device->lead->next_function && device->lead == device)
		fputs(",multifunction=on", out);
}

/* The bridge between a port and others is the upstream port of a switch. */
static bool is_upstream(const struct plan_device *device)
{
	return device->is_bridge && !device->is_port && device->behind &&
	       device->behind->is_port && device->first_child &&
	       device->first_child->is_port;
}

/* A root port is at the root only: VMMs refuse it behind a switch. */
static bool is_downstream(const struct plan_device *device)
{
	return device->is_port && device->behind && is_upstream(device->behind);
}

static void qemu_device(struct writer *w, const struct plan_device *device)
{
	if (device->is_bridge && device->is_port)
		fprintf(w->out, " \\\n  -device %s,id=%s,chassis=%u,slot=%u",
			is_downstream(device) ? "xio3130-downstream" :
			"pcie-root-port", id_of(device), w->chassis, w->chassis);
	else if (is_upstream(device))
		fprintf(w->out, " \\\n  -device x3130-upstream,id=%s",
			id_of(device));
	else if (device->is_bridge)
		fprintf(w->out, " \\\n  -device pci-bridge,id=%s,chassis_nr=%u",
			id_of(device), w->chassis);
	else if (device->on_host)
		fputs(" \\\n  -device vfio-pci,host=", w->out);
	else
		fprintf(w->out, " \\\n  -device MODEL-OF-%s,id=%s",
			id_of(device), id_of(device));
	if (!device->is_bridge && device->on_host)
		host_address(device, w->out);
	w->chassis += device->is_bridge;
	qemu_bus(device, w->out);
	if (is_upstream(device) || is_downstream(device))
		return;		/* no such properties: the root port has the room */
	if (device->is_bridge && device->requested[0].size)
		fprintf(w->out, ",io-reserve=%lluK", (unsigned long long)
			device->requested[0].size >> 10);
	if (device->is_bridge && device->requested[1].size)
		fprintf(w->out, ",mem-reserve=%lluM", (unsigned long long)
			device->requested[1].size >> 20);
	if (device->is_bridge && device->requested[2].size)
		fprintf(w->out, ",pref64-reserve=%lluM", (unsigned long long)
			device->requested[2].size >> 20);
}

static void show_qemu(struct writer *w)
{
	const struct plan *plan = w->plan;
	const struct plan_device *device;

	fprintf(w->out, "  qemu-system-%s -machine %s -accel kvm \\\n",
		!strcmp(plan->machine.name, "arm64") ? "aarch64" :
		!strcmp(plan->machine.name, "riscv64") ? "riscv64" : "x86_64",
		qemu_machine(plan));
	if (!strcmp(qemu_machine(plan), "q35"))
		fprintf(w->out,
			"  -cpu host,host-phys-bits=off,phys-bits=%u -m %lluM \\\n"
			"  -global q35-pcihost.pci-hole64-size=%lluG",
			bits_of(plan),
			(unsigned long long)plan->machine.ram >> 20,
			(unsigned long long)hole64(plan));
	else
		fprintf(w->out, "  -cpu host -m %lluM",
			(unsigned long long)plan->machine.ram >> 20);
	for_each_device(device, plan)
		if (is_placed(device) && device->has_address)
			qemu_device(w, device);
	fputc('\n', w->out);
}

static void show_cloud_hypervisor(struct writer *w)
{
	const struct plan *plan = w->plan;
	const struct plan_device *device;
	bool any = false;

	fprintf(w->out, "  cloud-hypervisor --memory size=%lluM \\\n"
		"  --cpus boot=1,max_phys_bits=%u",
		(unsigned long long)plan->machine.ram >> 20, bits_of(plan));
	if (plan->nr_hosts > 1)
		fprintf(w->out, " \\\n  --platform num_pci_segments=%zu",
			plan->nr_hosts);
	for_each_device(device, plan) {
		if (!is_placed(device) || !device->has_address ||
		    device->is_bridge)
			continue;
		fprintf(w->out, " \\\n  %s ", any ? "        " : "--device");
		any = true;
		if (!device->on_host) {
			fprintf(w->out, "path=PATH-OF-%s", device->name);
		} else {
			fputs("path=/sys/bus/pci/devices/", w->out);
			host_address(device, w->out);
		}
		if (device->pci >> 16)
			fprintf(w->out, ",pci_segment=%u", device->pci >> 16);
	}
	fputc('\n', w->out);
}

static void libvirt_address(const struct plan_device *device, FILE *out)
{
	fprintf(out, "    <address type='pci' domain='0x%04x' bus='0x%02x'",
		device->pci >> 16, device->pci >> 8 & 255);
	fprintf(out, " slot='0x%02x' function='0x%x'%s/>\n",
		device->pci >> 3 & 31, device->pci & 7,
		device->lead == device && device->next_function ?
		" multifunction='on'" : "");
}

static void libvirt_device(struct writer *w, const struct plan_device *device)
{
	FILE *out = w->out;

	if (device->is_bridge) {
		fprintf(out, "  <controller type='pci' index='%u' model='%s'>\n",
			device->bus_number,
			is_downstream(device) ? "pcie-switch-downstream-port" :
			is_upstream(device) ? "pcie-switch-upstream-port" :
			device->is_port ? "pcie-root-port" :
			"pcie-to-pci-bridge");
		libvirt_address(device, out);
		fputs("  </controller>\n", out);
		return;
	}
	if (!device->on_host) {
		fprintf(out, "  <!-- %s: give it this address -->\n",
			device->name);
		libvirt_address(device, out);
		return;
	}
	fputs("  <hostdev mode='subsystem' type='pci' managed='yes'>\n", out);
	fprintf(out, "    <source><address domain='0x%04x' bus='0x%02x'",
		device->segment, device->address >> 8);
	fprintf(out, " slot='0x%02x' function='0x%x'/></source>\n",
		device->address >> 3 & 31, device->address & 7);
	libvirt_address(device, out);
	fputs("  </hostdev>\n", out);
}

static void show_libvirt(struct writer *w)
{
	const struct plan *plan = w->plan;
	const struct plan_device *device;

	fprintf(w->out, "  <memory unit='KiB'>%llu</memory>\n",
		(unsigned long long)plan->machine.ram >> 10);
	fprintf(w->out, "  <cpu mode='host-passthrough'>\n"
		"    <maxphysaddr mode='emulate' bits='%u'/>\n  </cpu>\n",
		bits_of(plan));
	fprintf(w->out, "  <controller type='pci' index='0' model='pcie-root'>\n"
		"    <pcihole64 unit='GiB'>%llu</pcihole64>\n"
		"  </controller>\n", (unsigned long long)hole64(plan));
	for_each_device(device, plan)
		if (is_placed(device) && device->has_address)
			libvirt_device(w, device);
}

static const struct {
	const char	*name;
	void		(*show)(struct writer *w);
} vmms[] = {
	{ "qemu", show_qemu },
	{ "cloud-hypervisor", show_cloud_hypervisor },
	{ "libvirt", show_libvirt },
};

bool is_vmm(const char *name)
{
	size_t i;

	for (i = 0; i < NR(vmms); i++)
		if (!strcmp(vmms[i].name, name))
			return true;
	return false;
}

void show_vmm_options(const struct plan *plan, const char *vmm, FILE *out)
{
	struct writer w = { plan, out, 1 };
	size_t i;

	for (i = 0; i < NR(vmms); i++)
		if (!strcmp(vmms[i].name, vmm))
			vmms[i].show(&w);
}
