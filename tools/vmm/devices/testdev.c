// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * testdev.c - PCI functions with BARs of every kind and of many sizes
 *
 * They do no work. Each byte of a BAR reads as a value that depends on the device, the
 * BAR and the offset. An access with a probe also records the register that it hit.
 * Both detect an access that ends in the wrong place.
 */
#include <string.h>

#include "../vmm.h"

#define VENDOR_NOBODY	0xfffe
#define MAX_BARS	6

struct bar_desc {
	uint8_t		index;
	uint8_t		type;
	bool		prefetchable;
	uint64_t	size;
	const char	*tag;
};

/**
 * struct testdev_desc - description of a test device
 * @address: its PCI address; bus 1 stands for the bus behind the bridge, whatever
 *	number firmware gives that
 * @vectors: MSI-X vectors, 0 for none
 * @memory_bar: the BAR with memory behind it, all but its last @trapped bytes;
 *	meaningless if @trapped is 0
 * @message: message of its option ROM, NULL for a device without one
 */
struct testdev_desc {
	const char		*name;
	uint32_t		address;
	struct vmr_pci_ids	ids;
	uint32_t		vectors;
	unsigned int		memory_bar;
	uint64_t		trapped;
	const char		*message;
	struct bar_desc		bars[MAX_BARS];
};

#define IO(index, size, tag) \
	{ index, VMR_PCI_BAR_IO, false, size, tag }
#define MEM32(index, size, tag) \
	{ index, VMR_PCI_BAR_MEM32, false, size, tag }
#define PREF32(index, size, tag) \
	{ index, VMR_PCI_BAR_MEM32, true, size, tag }
#define MEM64(index, size, tag) \
	{ index, VMR_PCI_BAR_MEM64, false, size, tag }
#define PREF64(index, size, tag) \
	{ index, VMR_PCI_BAR_MEM64, true, size, tag }
#define ROM(size, tag) \
	{ VMR_PCI_ROM, VMR_PCI_BAR_ROM, false, size, tag }

/* The classes are ones that the firmware brings no driver for. */
static const struct testdev_desc descs[NR_TESTDEVS] = {
	{
		.name		= "ide",
		.address	= VMR_PCI_BDF(0, 1, 1),
		.ids = {
			.vendor		= 0x8086,
			.device		= 0x7010,
			.class_code	= 0x010180,
		},
		.bars = {
			IO(4, 16, "bus master"),
		},
	}, {
		.name		= "network",
		.address	= VMR_PCI_BDF(0, 2, 0),
		.ids = {
			.device		= 0x0001,
			.class_code	= 0x020000,
			.irq_pin	= 1,
		},
		.message	= "option ROM of the network card runs\n",
		.bars = {
			MEM32(0, 128 * KIB, "registers"),
			IO(1, 64, "ports"),
			ROM(64 * KIB, "ROM"),
		},
	}, {
		.name		= "accelerator",
		.address	= VMR_PCI_BDF(0, 3, 0),
		.ids = {
			.device		= 0x0002,
			.class_code	= 0x120000,
			.irq_pin	= 1,
		},
		.vectors	= 33,
		.bars = {
			PREF64(0, 8 * GIB, "memory"),
			MEM64(2, 64 * KIB, "registers"),
			MEM32(4, 4 * KIB, "vectors"),
		},
	}, {
		.name		= "sound",
		.address	= VMR_PCI_BDF(0, 4, 0),
		.ids = {
			.device		= 0x0003,
			.class_code	= 0x048000,
			.header_type	= 0x80,
			.irq_pin	= 1,
		},
		.bars = {
			MEM32(0, 16 * KIB, "registers"),
		},
	}, {
		.name		= "modem",
		.address	= VMR_PCI_BDF(0, 4, 1),
		.ids = {
			.device		= 0x0004,
			.class_code	= 0x078000,
			.irq_pin	= 2,
		},
		.bars = {
			IO(0, 8, "ports"),
			MEM32(1, 256, "registers"),
		},
	}, {
		.name		= "sensor",
		.address	= VMR_PCI_BDF(0, 4, 2),
		.ids = {
			.device		= 0x0005,
			.class_code	= 0x118000,
			.irq_pin	= 3,
		},
		.memory_bar	= 5,
		.trapped	= 64 * KIB,
		.bars = {
			IO(0, 4, "ports"),
			PREF32(5, MIB, "samples"),
		},
	}, {
		.name		= "timer",
		.address	= VMR_PCI_BDF(0, 4, 7),
		.ids = {
			.device		= 0x0006,
			.class_code	= 0x088000,
			.irq_pin	= 4,
		},
		.bars = {
			IO(0, 256, "ports"),
		},
	}, {
		.name		= "display",
		.address	= VMR_PCI_BDF(0, 5, 0),
		.ids = {
			.device		= 0x0007,
			.class_code	= 0x038000,
			.irq_pin	= 1,
		},
		.memory_bar	= 0,
		.trapped	= 64 * KIB,
		.bars = {
			PREF32(0, 16 * MIB, "frame buffer"),
			MEM32(2, 8 * KIB, "registers"),
		},
	}, {
		.name		= "everything",
		.address	= VMR_PCI_BDF(0, 6, 0),
		.ids = {
			.device		= 0x0008,
			.class_code	= 0xff0000,
			.irq_pin	= 1,
		},
		.bars = {
			IO(0, 16, "ports"),
			MEM32(1, 64 * KIB, "registers"),
			PREF64(2, GIB, "memory"),
			PREF32(4, 32 * KIB, "buffers"),
			IO(5, 128, "more ports"),
		},
	}, {
		.name		= "storage",
		.address	= VMR_PCI_BDF(1, 0, 0),
		.ids = {
			.device		= 0x0009,
			.class_code	= 0x018000,
			.irq_pin	= 1,
		},
		.bars = {
			MEM32(0, 16 * KIB, "registers"),
			IO(1, 32, "ports"),
			PREF64(4, 256 * KIB, "cache"),
		},
	}, {
		.name		= "camera",
		.address	= VMR_PCI_BDF(1, 5, 0),
		.ids = {
			.device		= 0x000a,
			.class_code	= 0x048000,
			.irq_pin	= 1,
		},
		.bars = {
			MEM32(0, 4 * KIB, "registers"),
			PREF64(2, 2 * MIB, "picture"),
			IO(5, 16, "ports"),
		},
	},
};

/* Not there when the guest looks; see scenario.c */
static const struct testdev_desc hot_desc = {
	.name		= "hot-plugged card",
	.address	= HOT_ADDRESS,
	.ids = {
		.device		= 0x000b,
		.class_code	= 0x028000,
		.irq_pin	= 1,
	},
	.memory_bar	= 0,
	.trapped	= 64 * KIB,
	.bars = {
		PREF32(0, 4 * MIB, "memory"),
		IO(1, 32, "ports"),
		MEM64(2, 16 * KIB, "registers"),
	},
};

/* The value of the byte at @offset of a BAR, which may be a ROM */
uint8_t testdev_byte(const struct testdev *testdev, uint32_t bar,
		     uint64_t offset)
{
	if (bar != VMR_PCI_ROM)
		return testdev_pattern(testdev->id, bar, offset);
	return offset < testdev->rom_size ? testdev->rom[offset] : 0xff;
}

/* Record the access if its reader has a probe. */
static void testdev_probe(struct testdev *testdev,
			  const struct vmr_access *access)
{
	struct vmm_cpu *cpu = container_of(access->reader, struct vmm_cpu,
					   reader);

	if (!cpu->probe)
		return;
	cpu->probe->hits++;
	cpu->probe->testdev = testdev;
	cpu->probe->bar = access->region->index;
	cpu->probe->region = access->region;
	cpu->probe->base = access->base;
	cpu->probe->offset = access->offset;
}

static void testdev_read(struct vmr_device *dev,
			 const struct vmr_access *access, void *data)
{
	struct testdev *testdev = container_of(dev, struct testdev, fn.dev);
	uint32_t bar = access->region->index;
	uint64_t offset = access->offset;
	uint8_t *byte = data;
	uint32_t n, i;

	testdev_probe(testdev, access);
	/* A part counts from its own start; bytes have the BAR's offsets. */
	if (access->region == &testdev->trapped)
		offset += testdev->trapped.offset;
	for (n = 0; n < access->count; n++)
		for (i = 0; i < access->width; i++)
			*byte++ = testdev_byte(testdev, bar, offset + i);
}

static const struct vmr_device_ops testdev_ops = {
	.read	= testdev_read,
};

static int testdev_init(struct vmm *vmm, struct testdev *testdev,
			const struct testdev_desc *desc)
{
	struct vmr_pci_function *fn = &testdev->fn;
	struct vmr_pci_ids ids = desc->ids;
	const struct bar_desc *bar;
	struct vmr_constraint *c;
	struct vmr_region *region;
	int err;

	testdev->desc = desc;
	testdev->id = ids.device;
	testdev->vmm = vmm;
	if (!ids.vendor)
		ids.vendor = VENDOR_NOBODY;
	ids.subvendor = ids.vendor;
	ids.subdevice = ids.device;
	err = vmr_pci_function_init(fn, &ids, &testdev_ops, desc->name);
	for (bar = desc->bars; !err && bar->type != VMR_PCI_BAR_NONE; bar++)
		err = vmr_pci_add_bar(fn, bar->index, bar->type,
				      bar->prefetchable, bar->size, bar->tag);
	if (err)
		return err;

	fn->dev.constraints = testdev->constraints;
	vmr_resource_set_init(&fn->dev.resources, testdev->resources,
			      ARRAY_SIZE(testdev->resources));
	c = testdev->constraints;
	if (desc->vectors)
		vmr_constraint_init(c++, VMR_KIND_MSIX, desc->vectors,
				    &testdev->vectors);
	if (desc->trapped) {
		region = &fn->bars[desc->memory_bar].region;
		region->type = VMR_REGION_MEMORY;
		vmr_region_init(&testdev->trapped, VMR_MMIO, VMR_REGION_TRAPPED,
				desc->trapped, desc->memory_bar,
				"trapped part");
		testdev->trapped.offset = region->size - desc->trapped;
		err = vmr_region_add_subregion(region, &testdev->trapped);
		if (err)
			return err;
		memory_add(vmm, &testdev->memory, region);
	}
	fn->dev.nr_constraints = c - testdev->constraints;
	if (desc->message) {
		option_rom_make(vmm->option_rom, ids.vendor, ids.device,
				desc->message);
		testdev->rom = vmm->option_rom;
		testdev->rom_size = sizeof(vmm->option_rom);
	}
	return 0;
}

/* Function 1 of the ISA bridge is wherever that is. */
static uint32_t address_of(const struct vmm *vmm, const struct testdev_desc *desc)
{
	if (vmm->config.machine == MACHINE_Q35 &&
	    desc->address == VMR_PCI_BDF(0, 1, 1))
		return VMR_PCI_BDF(0, 31, 1);
	/* Without that bridge it is function 0. */
	if (vmm->kernel && !board.has_ports &&
	    desc->address == VMR_PCI_BDF(0, 1, 1))
		return VMR_PCI_BDF(0, 1, 0);
	return desc->address;
}

int testdevs_register(struct vmm *vmm)
{
	struct testdev *testdev;
	unsigned int i;
	int err;

	for (i = 0; i < NR_TESTDEVS; i++) {
		testdev = &vmm->testdevs[i];
		err = testdev_init(vmm, testdev, &descs[i]);
		if (err) {
			vmm_err("%s: %s", descs[i].name, vmr_strerror(err));
			return err;
		}
		err = pci_plug(vmm, &testdev->fn,
			       descs[i].address >> 8 ? &vmm->pci_bridge : NULL,
			       address_of(vmm, &descs[i]));
		if (err)
			return err;
	}
	err = testdev_init(vmm, &vmm->hot, &hot_desc);
	if (err)
		vmm_err("%s: %s", hot_desc.name, vmr_strerror(err));
	return err;
}
