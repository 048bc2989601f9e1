// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bar.c - proofs of the sizes, masks and values of BARs
 *
 * The function has any BAR 0 of any type and of any size that vmr_pci_bar_size_valid()
 * permits, and any value in its registers.
 */
#include "prove.h"

#include "pci/bar_size.c"
#include "pci/bar.c"

static struct vmr_pci_function fn;

/* Outside of a host bridge that translates, the CPU address is the bus address */
bool stub_vmr_pci_to_cpu(const struct vmr_pci_function *function, enum vmr_io io,
			 uint64_t bus_addr, uint64_t size, uint64_t *addr)
{
	*addr = bus_addr;
	return true;
}

static uint64_t any_bar(unsigned int log)
{
	uint64_t size = 1ull << log;

	fn.bars[0].type = any_u32();
	fn.bars[0].region.size = size;
	assume(vmr_pci_bar_size_valid(0, fn.bars[0].type, size));
	return size;
}

void prove_bar_size_valid(void)
{
	uint64_t size = any_u64();
	uint32_t index = any_u32(), type = any_u32();
	bool valid = vmr_pci_bar_size_valid(index, type, size);
	bool rom = type == VMR_PCI_BAR_ROM;
	uint64_t least = 16, most = 1ull << 30;

	if (type == VMR_PCI_BAR_IO) {
		least = 4;
		most = 256;
	} else if (type == VMR_PCI_BAR_MEM64) {
		most = 1ull << 62;
	} else if (rom) {
		least = 2048;
		most = 1ull << 24;
	}
	prove(valid == (type > VMR_PCI_BAR_NONE && type <= VMR_PCI_BAR_ROM &&
			rom == (index == VMR_PCI_ROM) && size >= least &&
			size <= most && !(size & (size - 1))),
	      "the powers of two that the specification permits");
}

void prove_bar_mask(void)
{
	uint64_t size = any_bar(each_of(63)), mask, value = any_u64();
	bool wide = fn.bars[0].type == VMR_PCI_BAR_MEM64;

	mask = vmr_pci_bar_mask(&fn, any_bytes(256), 0);
	prove((value & mask) == (wide ? value : (uint32_t)value) / size * size,
	      "the value rounded down to the size, in 32 or 64 bits");
	prove(wide || mask <= 0xffffffffu, "32 bits");
}

void prove_bar_address(void)
{
	uint64_t size = any_bar(each_of(63)), addr, value;
	bool wide = fn.bars[0].type == VMR_PCI_BAR_MEM64;
	const uint8_t *config = any_bytes(256);

	value = get_le32(&config[PCI_BASE_ADDRESS_0]);
	if (wide)
		value |= (uint64_t)get_le32(&config[PCI_BASE_ADDRESS_1]) << 32;
	value = value / size * size;
	if (!has_address(&fn, config, 0, &addr)) {
		prove(!value || value + size == (wide ? 0 : 1ull << 32),
		      "none: address 0, or the end of the width");
		return;
	}
	prove(addr == value, "the value without the bits that are wired to 0");
	prove(addr, "not 0");
	prove(addr + (size - 1) >= addr, "no wrap");
	prove(wide || addr + (size - 1) <= 0xffffffffu, "32 bits");
}

void prove_rebar_size(void)
{
	const uint8_t *cap = any_bytes(256);
	uint32_t entry = each_of(6);
	uint8_t field = cap[PCI_REBAR_CTRL + 8 * entry + 1] & SIZE_FIELD;
	uint64_t size;

	assume(field <= LARGEST_FIELD);
	size = vmr_pci_rebar_size(cap, entry);
	prove(size >> field == 1 << 20 && !(size & (size - 1)),
	      "1 MiB times two to the power of the field");
}
