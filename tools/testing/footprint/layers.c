// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * layers.c - programs that use devices (LAYERS is 1), conventional PCI (2), PCI Express (3)
 * and snapshots (4) too
 *
 * With --gc-sections a program has what the functions below call.
 */
#include <vmalloc/vmalloc.h>
#include <vmalloc/pci_snapshot.h>
#include <vmalloc/snapshot.h>

#include "program.h"

#define USE(function_)	((void (*)(void))(function_))

static void (*const used[])(void) = {
	USE(vmr_pool_init), USE(vmr_pool_alloc), USE(vmr_pool_free),
	USE(vmr_id_alloc), USE(vmr_id_free), USE(vmr_system_init),
	USE(vmr_manager_init), USE(vmr_region_init), USE(vmr_device_add_region),
	USE(vmr_device_register), USE(vmr_device_unregister),
	USE(vmr_device_drain), USE(vmr_region_move), USE(vmr_reader_attach),
	USE(vmr_reader_set_cache), USE(vmr_read), USE(vmr_write),
#if LAYERS >= 2
	USE(vmr_pci_function_init), USE(vmr_pci_add_bar), USE(vmr_pci_add_msi),
	USE(vmr_pci_bridge_init), USE(vmr_pci_bridge_plug),
	USE(vmr_pci_host_register), USE(vmr_pci_host_plug),
	USE(vmr_pci_conf1_init), USE(vmr_pci_conf1_register), USE(vmr_pci_notify),
#endif
#if LAYERS >= 3
	USE(vmr_pci_ecam_init), USE(vmr_pci_ecam_register), USE(vmr_pci_add_msix),
	USE(vmr_pci_bridge_init_express), USE(vmr_pci_port_init),
	USE(vmr_pci_slot_add), USE(vmr_pci_slot_request_removal),
#endif
#if LAYERS >= 4
	USE(vmr_snapshot_describe_system), USE(vmr_snapshot_describe_device),
	USE(vmr_snapshot_size), USE(vmr_snapshot_save), USE(vmr_snapshot_restore),
#endif
};

static void (*last_used)(void);

int use(void)
{
	size_t i;

	for (i = 0; i < sizeof(used) / sizeof(*used); i++)
		__atomic_store_n(&last_used, used[i], __ATOMIC_RELAXED);
	return 0;
}
