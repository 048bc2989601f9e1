/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * vmalloc.h - all layers at once
 */
#ifndef VMALLOC_VMALLOC_H
#define VMALLOC_VMALLOC_H

#include <vmalloc/types.h>
#include <vmalloc/error.h>
#include <vmalloc/range.h>
#include <vmalloc/pool.h>
#include <vmalloc/id.h>
#include <vmalloc/resource.h>
#include <vmalloc/system.h>
#include <vmalloc/region.h>
#include <vmalloc/bus.h>
#include <vmalloc/listener.h>
#include <vmalloc/transaction.h>
#include <vmalloc/dispatch.h>
#include <vmalloc/device.h>
#include <vmalloc/layout.h>
#include <vmalloc/print.h>
#include <vmalloc/pci.h>
#include <vmalloc/snapshot.h>
#include <vmalloc/pci_snapshot.h>
#include <vmalloc/describe.h>
#include <vmalloc/acpi.h>

#endif /* VMALLOC_VMALLOC_H */
