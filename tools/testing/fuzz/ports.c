// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * ports.c - a VMM and a guest that change a topology of ports, switches and slots
 *
 * Two root ports, a switch with two downstream ports, a bridge to conventional PCI and
 * cards. The VMM adds, asks, pulls, plugs, unplugs and resets. The guest writes to the
 * registers of ports. The check computes presence, link and interrupt of each port from
 * the functions behind it and from its control registers.
 */
#include "fuzz.h"

#include "harness.h"
#include "../selftests/vmalloc/port_machine.h"

#define CLEAR(object)	memset(&(object), 0, sizeof(object))

enum { ROOT_A, ROOT_B, UPSTREAM, DOWN_A, DOWN_B, PCI_BRIDGE, NR_PORTS };

#define NR_CARDS	4
#define NR_BUSES	8

static struct vmr_pci_port ports[NR_PORTS];
static unsigned int nr_let_go;

static bool is_plugged(const struct vmr_pci_function *fn)
{
	return fn->manager;
}

/* A guest that lets go of an empty slot, or of one that was let go, is an error. */
static void let_go(struct vmr_pci_port *p)
{
	FUZZ_ASSERT(vmr_pci_slot_get_state(p) == VMR_PCI_SLOT_RELEASED);
	nr_let_go++;
	if (fuzz_one_in(2))
		FUZZ_ASSERT(!vmr_pci_slot_pull(p));
}

static void port_setup(unsigned int i)
{
	static const enum vmr_pci_express_type types[NR_PORTS] = {
		[ROOT_A] = VMR_PCI_EXPRESS_ROOT_PORT,
		[ROOT_B] = VMR_PCI_EXPRESS_ROOT_PORT,
		[UPSTREAM] = VMR_PCI_EXPRESS_UPSTREAM_PORT,
		[DOWN_A] = VMR_PCI_EXPRESS_DOWNSTREAM_PORT,
		[DOWN_B] = VMR_PCI_EXPRESS_DOWNSTREAM_PORT,
		[PCI_BRIDGE] = VMR_PCI_EXPRESS_PCI_BRIDGE,
	};
	static const uint32_t flags[] = {
		VMR_PCI_SLOT_DEFAULT,
		VMR_PCI_SLOT_DEFAULT | VMR_PCI_SLOT_LATCH,
		VMR_PCI_SLOT_HOTPLUG | VMR_PCI_SLOT_BUTTON |
			VMR_PCI_SLOT_POWER_INDICATOR,
		VMR_PCI_SLOT_HOTPLUG | VMR_PCI_SLOT_POWER |
			VMR_PCI_SLOT_NO_COMMAND_COMPLETED,
		0,
	};
	struct vmr_pci_port_config config = port_config(types[i]);

	config.slot_flags = flags[fuzz_below(NR(flags))];
	config.has_slot = config.has_slot && !fuzz_one_in(8);
	config.released = let_go;
	FUZZ_ASSERT(!port_init(&ports[i], &config));
}

static void begin(void)
{
	unsigned int i;

	CLEAR(m);
	CLEAR(host);
	CLEAR(port_lines);
	nr_let_go = 0;
	FUZZ_ASSERT(!port_host_up());
	for (i = 0; i < NR_PORTS; i++)
		port_setup(i);
	for (i = 0; i < NR_CARDS; i++)
		FUZZ_ASSERT(!card_with_bar(&cards[i]));
	for (i = ROOT_A; i <= ROOT_B; i++)
		FUZZ_ASSERT(!vmr_pci_host_plug(&host, &ports[i].bridge.fn,
					       (i + 1) << 3));
}

/* Any function but the root ports */
static struct vmr_pci_function *any_function(void)
{
	unsigned int i = fuzz_below(NR_CARDS + NR_PORTS - UPSTREAM);

	return i < NR_CARDS ? &cards[i] :
			      &ports[UPSTREAM + i - NR_CARDS].bridge.fn;
}

static struct vmr_pci_port *any_port(void)
{
	return &ports[fuzz_below(NR_PORTS)];
}

/* A function must not be behind itself, at any depth. */
static bool is_behind(const struct vmr_pci_function *fn,
		      const struct vmr_pci_port *p)
{
	const struct vmr_pci_function *up = &p->bridge.fn;

	for (; up; up = up->upstream_bridge ? &up->upstream_bridge->fn : NULL)
		if (up == fn)
			return true;
	return false;
}

static void change_of_vmm(void)
{
	struct vmr_pci_port *p = any_port();
	struct vmr_pci_function *fns[2] = { any_function(), NULL };

	fns[1] = fuzz_one_in(4) ? any_function() : NULL;
	if (is_behind(fns[0], p) || (fns[1] && is_behind(fns[1], p)))
		return;
	switch (fuzz_below(10)) {
	case 0:
	case 1:
		vmr_pci_slot_add(p, fns, 2);
		break;
	case 2:
		vmr_pci_slot_request_removal(p);
		break;
	case 3:
		vmr_pci_slot_pull(p);
		break;
	case 4:
		vmr_pci_bridge_plug(&p->bridge, fns[0], fuzz_below(16));
		break;
	case 5:
		vmr_pci_unplug(fns[0]);
		break;
	case 6:
		vmr_pci_bus_reset(&p->bridge);
		break;
	case 7:
		vmr_pci_function_reset(fns[0], fuzz_one_in(2) ?
				       VMR_PCI_RESET_FUNCTION : VMR_PCI_RESET_BUS);
		break;
	case 8:
		vmr_pci_slot_power_fault(p);
		break;
	default:
		if (fuzz_one_in(4))
			vmr_pci_host_reset(&host);
		else
			vmr_device_cancel_removal(&m.manager, &fns[0]->dev);
	}
}

static void write_of_guest(void)
{
	struct vmr_pci_port *p = any_port();
	struct vmr_pci_function *fn = &p->bridge.fn;

	switch (fuzz_below(8)) {
	case 0:
	case 1:
		command(p, (uint32_t)fuzz_take(2));
		break;
	case 2:
		port_write(p, PCI_EXP_SLTSTA, (uint32_t)fuzz_take(2));
		break;
	case 3:
		port_write(p, PCI_EXP_LNKCTL, fuzz_one_in(2) ? PCI_EXP_LNKCTL_LD : 0);
		break;
	case 4:
		number_bridge(&p->bridge, fuzz_below(NR_BUSES), fuzz_below(NR_BUSES));
		break;
	case 5:
		if (fn->msi)
			reg_write(fn, p->msi.reg_block.offset + PCI_MSI_FLAGS,
				  fuzz_below(2), 2);
		break;
	case 6:
		reg_write(fn, COMMAND, (uint32_t)fuzz_take(2), 2);
		break;
	default:
		reg_write(fn, fuzz_below(64) * 4, fuzz_u32(), 4);
	}
}

static bool wants_service(const struct vmr_pci_port *p)
{
	uint32_t control = port_read(p, PCI_EXP_SLTCTL), events = status(p);
	uint32_t enabled = control & 0x1f;

	if (control & PCI_EXP_SLTCTL_DLLSCE)
		enabled |= PCI_EXP_SLTSTA_DLLSC;
	return control & INTERRUPTS && events & enabled;
}

static void check_port(const struct vmr_pci_port *p)
{
	const struct vmr_pci_function *fn = &p->bridge.fn;
	bool link = p->express.type == VMR_PCI_EXPRESS_ROOT_PORT ||
		    p->express.type == VMR_PCI_EXPRESS_DOWNSTREAM_PORT;
	bool slot = port_read(p, PCI_EXP_FLAGS) & PCI_EXP_FLAGS_SLOT;
	bool occupied = vmr_pci_next_function(NULL, &p->bridge, NULL);
	bool msi = fn->msi && reg_read(fn, p->msi.reg_block.offset +
					       PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_ENABLE;

	FUZZ_ASSERT(!!(status(p) & PCI_EXP_SLTSTA_PDS) == (slot && occupied));
	FUZZ_ASSERT(link_up(p) ==
		    (link && occupied &&
		     !(port_read(p, PCI_EXP_SLTCTL) & POWER_OFF) &&
		     !(port_read(p, PCI_EXP_LNKCTL) & PCI_EXP_LNKCTL_LD)));
	FUZZ_ASSERT(fn->intx_level == (wants_service(p) && !msi));
	FUZZ_ASSERT(p->notified == (wants_service(p) && msi));
	if (vmr_pci_slot_get_state(p) == VMR_PCI_SLOT_REMOVAL_REQUESTED)
		FUZZ_ASSERT(occupied);
}

/* A lookup ends, and finds nothing behind a link that is down. */
static void check_lookups(void)
{
	const struct vmr_pci_function *fn;
	uint32_t address;

	for (address = 0; address < NR_BUSES << 8; address += 8) {
		fn = vmr_pci_find_function(&m.manager, address);
		for (; fn && fn->upstream_bridge; fn = &fn->upstream_bridge->fn) {
			const struct vmr_pci_port *p = fn->upstream_bridge->port;

			FUZZ_ASSERT(link_up(p) || p == &ports[UPSTREAM] ||
				    p == &ports[PCI_BRIDGE]);
		}
	}
}

static void check(void)
{
	const char *what = machine_verify();
	uint32_t level = 0, lines = 0;
	unsigned int i;

	if (strcmp(what, VERIFY_OK))
		fuzz_fail("%s", what);
	for (i = 0; i < NR_PORTS; i++) {
		if (!is_plugged(&ports[i].bridge.fn))
			continue;
		check_port(&ports[i]);
		level += ports[i].bridge.fn.intx_line;
	}
	for (i = 0; i < PORT_LINES; i++)
		lines += port_lines[i].level;
	FUZZ_ASSERT(level == lines);
	check_lookups();
}

static void run(void)
{
	unsigned int every = fuzz.generates ? 16 : 2, nr;

	begin();
	for (nr = 1; fuzz_more(); nr++) {
		if (fuzz_one_in(2))
			change_of_vmm();
		else
			write_of_guest();
		if (nr % every == 0)
			check();
	}
	check();
}

const struct fuzz_target fuzz_ports = { "ports", run };
