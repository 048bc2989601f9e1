// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A machine without firmware: the VMM assigns bus numbers and addresses
 *
 * Two graphics cards are behind ports, and a third port has room for a card to come.
 * The addresses have 39 bits at first, which is too little.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <vmalloc/vmalloc.h>

#define MIB		((uint64_t)1 << 20)
#define GIB		((uint64_t)1 << 30)
#define NR_PORTS	3
#define NR_CARDS	2

static struct vmr_manager manager;
static struct vmr_pci_host host;
static struct vmr_pci_bridge ports[NR_PORTS];
static struct vmr_pci_function cards[NR_CARDS];

/* [machine] */
static int plug_ports(void)
{
	static const struct vmr_pci_ids ids = { .class_code = 0x060400 };
	static const struct vmr_device_ops ops;
	unsigned int i;
	int err = 0;

	for (i = 0; i < NR_PORTS && !err; i++) {
		err = vmr_pci_bridge_init(&ports[i], &manager, &ids, &ops,
					  "port");
		if (!err)
			err = vmr_pci_host_plug(&host, &ports[i].fn,
						VMR_PCI_ANY_DEVICE);
	}
	ports[2].reserve = (struct vmr_pci_reserve){
		.mem = 2 * MIB, .pref = 32 * GIB, .buses = 2,
	};
	return err;
}

static int plug_cards(void)
{
	static const struct vmr_pci_ids ids = { .class_code = 0x030200 };
	static const struct vmr_device_ops ops;
	unsigned int i;
	int err = 0;

	for (i = 0; i < NR_CARDS && !err; i++) {
		struct vmr_pci_function *fn = &cards[i];

		vmr_pci_function_init(fn, &ids, &ops, "card");
		vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_MEM32, false, 16 * MIB,
				"registers");
		vmr_pci_add_bar(fn, 1, VMR_PCI_BAR_MEM64, true, 128 * GIB,
				"memory");
		vmr_pci_add_bar(fn, 3, VMR_PCI_BAR_MEM64, true, 32 * MIB,
				"mailbox");
		err = vmr_pci_bridge_plug(&ports[i], fn, 0);
	}
	return err;
}

/* [end of machine] */

/* [assign] */
static int assign(void)
{
	struct vmr_pci_assignment a = { 0 };
	int err = vmr_pci_assign_count(&manager, &a);

	if (err)
		return err;
	a.max_items = a.nr_items;
	a.max_buses = a.nr_buses;
	a.items = calloc(a.max_items, sizeof(*a.items));
	a.buses = calloc(a.max_buses, sizeof(*a.buses));
	err = a.items && a.buses ? vmr_pci_assign(&manager, &a) : -ENOSPC;
	if (err == -ENOSPC && a.fn) {
		char text[VMR_PCI_ADDRESS_TEXT];

		vmr_pci_format_address(vmr_pci_function_address(a.fn), text);
		printf("no place for %s: %" PRIu64 " MiB are missing\n", text,
		       a.missing / MIB);
		printf("addresses up to %#" PRIx64 " would do\n",
		       a.last_needed);
	}
	free(a.items);
	free(a.buses);
	return err;
}

/* [end of assign] */

static void show(void)
{
	struct vmr_pci_function *fn = NULL;
	char text[VMR_PCI_ADDRESS_TEXT];
	uint64_t start;
	unsigned int i;

	while ((fn = vmr_pci_next_function(&host, NULL, fn))) {
		vmr_pci_format_address(vmr_pci_function_address(fn), text);
		printf("%s %s\n", text, fn->dev.name);
		for (i = 0; i < VMR_PCI_NR_BARS; i++)
			if (vmr_pci_bar_addr(fn, i, &start))
				printf("  %-10s %#14" PRIx64 "\n",
				       fn->bars[i].region.name, start);
		if (fn->bridge && vmr_range_state(&fn->bridge->pref.range) ==
					  VMR_LIVE)
			printf("  %-10s %#14" PRIx64 "-%#" PRIx64 "\n", "window",
			       fn->bridge->pref.range.start,
			       fn->bridge->pref.range.last);
	}
}

static int register_host(uint64_t last)
{
	const struct vmr_pci_window windows[] = {
		{ VMR_PIO, 0, 0x1000, 0xffff, 0x1000, "ports" },
		{ VMR_MMIO, 0, 0xc0000000, 0xdfffffff, 0xc0000000, "low" },
		{ VMR_MMIO, 0, 256 * GIB, last, 256 * GIB, "high" },
	};
	const struct vmr_pci_host_config config = {
		.bus_last = 255, .windows = windows, .nr_windows = 3,
		.name = "host",
	};

	return vmr_pci_host_register(&manager, &host, &config);
}

/* The same machine with a window that ends at @last */
static int run(uint64_t last)
{
	static struct vmr_system sys;
	const struct vmr_system_limits limits = {
		.mmio_last = last, .irq_last = 63, .slot_last = 31,
		.pci_last = 0xffff, .id_last = 255,
	};
	int err;

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	err = register_host(last);
	if (!err)
		err = plug_ports();
	if (!err)
		err = plug_cards();
	return err ? err : assign();
}

static void unplug_all(void)
{
	unsigned int i;

	for (i = 0; i < NR_CARDS; i++)
		vmr_pci_unplug(&cards[i]);
	for (i = 0; i < NR_PORTS; i++)
		vmr_pci_unplug(&ports[i].fn);
	vmr_pci_host_unregister(&host);
}

int main(void)
{
	static const struct vmr_pci_bridge no_port;
	static const struct vmr_pci_function no_card;
	unsigned int i;

	printf("39 bits: %s\n", vmr_strerror(run(512 * GIB - 1)));
	unplug_all();
	for (i = 0; i < NR_PORTS; i++)
		ports[i] = no_port;
	for (i = 0; i < NR_CARDS; i++)
		cards[i] = no_card;
	printf("40 bits: %s\n", vmr_strerror(run(1024 * GIB - 1)));
	show();
	return 0;
}
