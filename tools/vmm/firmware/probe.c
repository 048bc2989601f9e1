// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * probe.c - test accesses, as a guest would make them
 *
 * They are real lookups by the machine's reader for checks. The test device that an
 * access hits records it in the probe of the reader.
 */
#include <string.h>

#include "../vmm.h"

#define CONFIG_ADDRESS	0xcf8
#define CONFIG_DATA	0xcfc
#define CONFIG_ENABLE	0x80000000

static struct vmr_region *region_at(struct vmm *vmm, enum vmr_io io,
				    uint64_t addr)
{
	struct vmr_region *region;

	pthread_rwlock_rdlock(&vmm->writers);
	region = vmr_find_region(&vmm->manager, io, addr);
	pthread_rwlock_unlock(&vmm->writers);
	return region;
}

/* Configuration space by the way that guests go */
uint32_t config_read(struct vmm_cpu *cpu, uint32_t address, uint32_t reg)
{
	uint32_t latch = CONFIG_ENABLE | address << 8 | reg;
	uint8_t bytes[4] = { (uint8_t)latch, (uint8_t)(latch >> 8),
			     (uint8_t)(latch >> 16), (uint8_t)(latch >> 24) };

	vmr_write(&cpu->reader, VMR_PIO, CONFIG_ADDRESS, bytes, 4, 1);
	vmr_read(&cpu->reader, VMR_PIO, CONFIG_DATA, bytes, 4, 1);
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* The register is the one of the config_read() before. */
void config_write(struct vmm_cpu *cpu, uint32_t value)
{
	uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8),
			     (uint8_t)(value >> 16), (uint8_t)(value >> 24) };

	vmr_write(&cpu->reader, VMR_PIO, CONFIG_DATA, bytes, 4, 1);
}

static struct vmm_memory *memory_of(struct vmm *vmm,
				    const struct vmr_region *region)
{
	struct vmm_memory *mem;

	for (mem = vmm->memories; mem; mem = mem->next)
		if (mem->kvm.region == region)
			return mem;
	return NULL;
}

/*
 * Whether the byte at @offset of a BAR is where it should be. Memory does not
 * exit, so there the tree is asked, and whether KVM's slot is in that place.
 */
static const char *check_byte(struct vmm_cpu *cpu, struct testdev *testdev,
			      struct vmr_region *region, uint64_t start,
			      uint64_t offset)
{
	struct vmm *vmm = cpu->vmm;
	struct vmr_region *expected = region;
	struct vmm_probe *probe = cpu->probe;
	struct vmm_memory *mem;
	uint64_t base = start;
	uint8_t byte;
	int err;

	if (region_at(vmm, (enum vmr_io)region->io, start + offset) != region)
		return "the tree has another region there";
	mem = memory_of(vmm, region);
	if (mem && offset < testdev->trapped.offset) {
		if (!memory_is_mapped(mem, start))
			return "the memory slot is not there";
		return NULL;
	}
	if (mem) {
		expected = &testdev->trapped;
		base += expected->offset;
	}

	memset(probe, 0, sizeof(*probe));
	err = vmr_read(&cpu->reader, (enum vmr_io)region->io, start + offset,
		       &byte, 1, 1);
	if (err)
		return vmr_strerror(err);
	if (probe->hits != 1)
		return "no test device was reached";
	if (probe->region != expected)
		return "another region was reached";
	if (probe->base != base || probe->offset != start + offset - base)
		return "another offset was reached";
	if (byte != testdev_byte(testdev, region->index, offset))
		return "another register was read";
	return NULL;
}

/* Whether a BAR is where it should be: NULL, or what is wrong */
const char *probe_expect_mapped(struct vmm_cpu *cpu, struct testdev *testdev,
				unsigned int bar, uint64_t start)
{
	struct vmr_region *region = &testdev->fn.bars[bar].region;
	enum vmr_io io = (enum vmr_io)region->io;
	uint64_t last = start + region->size - 1;
	const char *fault;
	uint64_t addr;

	if (!vmr_pci_bar_addr(&testdev->fn, bar, &addr))
		return "its registers hold no address";
	if (addr != start)
		return "its registers hold another address";
	fault = check_byte(cpu, testdev, region, start, 0);
	if (!fault)
		fault = check_byte(cpu, testdev, region, start,
				   region->size - 1);
	if (fault)
		return fault;
	if (start && region_at(cpu->vmm, io, start - 1) == region)
		return "it begins too early";
	if (last != VMR_ADDR_MAX && region_at(cpu->vmm, io, last + 1) == region)
		return "it ends too late";
	return NULL;
}

/* Expect no device at an address. Return: NULL, or a description of the fault */
const char *probe_expect_unmapped(struct vmm_cpu *cpu, enum vmr_io io,
				  uint64_t addr)
{
	uint8_t byte;
	int err;

	cpu->probe->hits = 0;
	err = vmr_read(&cpu->reader, io, addr, &byte, 1, 1);
	if (!err || cpu->probe->hits)
		return "a device responds";
	if (err != -ENXIO)
		return vmr_strerror(err);
	return byte == 0xff ? NULL : "an unmapped address does not read as all ones";
}
