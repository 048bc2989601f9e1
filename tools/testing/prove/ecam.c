// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * ecam.c - proof of the decoding of addresses of configuration space
 */
#include "prove.h"

#include "pci/ecam.c"

static struct vmr_pci_function fn;
static uint32_t asked;

struct vmr_pci_function *stub_vmr_pci_find_function(const struct vmr_manager *manager,
						    uint32_t address)
{
	asked = address;
	return &fn;
}

/* PCI Express Base Specification, 7.2.2: bus, device, function and register */
void prove_ecam_target(void)
{
	static struct vmr_pci_host host;
	static struct vmr_pci_ecam ecam;
	uint32_t bus = any_u8(), device = any_u8(), function = any_u8();
	uint32_t reg = any_u16(), first = any_u8(), last = any_u8();
	uint64_t offset;
	const struct vmr_pci_function *found;

	host.segment = any_u16();
	host.bus_start = first;
	host.bus_last = last;
	ecam.host = &host;
	assume(first <= last && device < 32 && function < 8 && reg < 4096);
	offset = (uint64_t)bus << 20 | device << 15 | function << 12 | reg;
	found = ecam_target(&ecam, offset);
	prove(!!found == (first + bus <= last), "the buses of the host bridge alone");
	if (found)
		prove(asked == ((uint32_t)host.segment << 16 |
				(first + bus) << 8 | device << 3 | function),
		      "segment, bus, device and function");
	prove((offset & 0xfff) == reg, "the register");
}
