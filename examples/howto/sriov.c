// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Virtual functions: a network card that a guest divides
 *
 * The card has four VFs, each with 16 KiB in a BAR. The guest enables three of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <vmalloc/vmalloc.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_reader vcpu;

/* [vf] */
#define NR_VFS	4

struct vf {
	struct vmr_pci_endpoint	endpoint;
	unsigned int		number;
};

/* The callbacks of a VF see its own BAR, from offset 0 */
static void vf_read(struct vmr_device *dev, const struct vmr_access *access,
		    void *data)
{
	struct vf *vf = container_of(dev, struct vf, endpoint.fn.dev);

	printf("  VF %u: read at %#" PRIx64 " of BAR %u\n", vf->number,
	       access->offset, access->region->index);
	memset(data, (int)vf->number, access->width);
}

static const struct vmr_device_ops vf_ops = { .read = vf_read };

static void init_vf(struct vf *vf, unsigned int number)
{
	static const struct vmr_pci_ids ids = { .class_code = 0x020000 };

	vf->number = number;
	vmr_pci_endpoint_init(&vf->endpoint, &ids, &vf_ops, "vf");
}

/* [end of vf] */

/* [card] */
struct card {
	struct vmr_pci_endpoint		pf;
	struct vmr_pci_sriov		sriov;
	struct vf			vf[NR_VFS];
	struct vmr_pci_function		*vfs[NR_VFS];
};

static int enable(struct vmr_pci_function *pf, uint32_t nr)
{
	(void)pf;
	printf("  the guest enables %u VFs\n", nr);
	return 0;	/* an error refuses it */
}

static void changed(struct vmr_pci_function *pf, uint32_t nr, int error)
{
	(void)pf;
	if (error)
		printf("  that failed: %s\n", vmr_strerror(error));
	printf("  the card has %u VFs\n", nr);
}

static int plug(struct card *card)
{
	static const struct vmr_device_ops ops;
	static const struct vmr_pci_ids ids = {
		.vendor = 0x1234, .device = 0x2000, .class_code = 0x020000,
	};
	const struct vmr_pci_sriov_config config = {
		.vfs = card->vfs, .total_vfs = NR_VFS,
		.first_offset = 1, .stride = 1, .vf_device = 0x2001,
	};
	unsigned int i;
	int err;

	vmr_pci_endpoint_init(&card->pf, &ids, &ops, "card");
	for (i = 0; i < NR_VFS; i++) {
		init_vf(&card->vf[i], i);
		card->vfs[i] = &card->vf[i].endpoint.fn;
	}
	card->sriov.enable = enable;
	card->sriov.changed = changed;
	err = vmr_pci_add_sriov(&card->pf.fn, &card->sriov, &config);
	if (err)
		return err;
	vmr_pci_sriov_add_bar(&card->sriov, 0, VMR_PCI_BAR_MEM32, false, 0x4000,
			      "VF registers");
	return vmr_pci_plug(&manager, &card->pf.fn, VMR_PCI_BDF(0, 4, 0));
}

/* [end of card] */

/* [guest] */
/* A register of the SR-IOV capability */
static void config(struct card *card, uint32_t reg, uint32_t value, uint32_t width)
{
	const uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24),
	};

	vmr_pci_config_write(&card->pf.fn, card->sriov.reg_block.offset + reg, bytes,
			     width);
}

static void find_vfs(void)
{
	unsigned int fn;

	for (fn = 1; fn < 8; fn++)
		if (vmr_pci_find_function(&manager, VMR_PCI_BDF(0, 4, fn)))
			printf("  00:04.%u is there\n", fn);
}

static void read_memory(uint64_t addr)
{
	uint8_t byte = 0;

	vmr_read(&vcpu, VMR_MMIO, addr, &byte, 1, 1);
	printf("  the guest reads %#x\n", byte);
}

static void use(struct card *card)
{
	printf("three VFs, and their memory at 0xe0000000:\n");
	config(card, 0x10, 3, 2);		/* NumVFs */
	config(card, 0x24, 0xe0000000, 4);	/* VF BAR 0 */
	config(card, 0x08, 0x9, 2);		/* VF enable, memory enable */
	find_vfs();
	read_memory(0xe0008010);
	printf("the fourth VF does not answer:\n");
	read_memory(0xe000c010);
	printf("the card is reset:\n");
	vmr_pci_function_reset(&card->pf.fn, VMR_PCI_RESET_FUNCTION);
	find_vfs();
	printf("five VFs are too many:\n");
	config(card, 0x10, 5, 2);
	config(card, 0x08, 0x1, 2);
	find_vfs();
}

/* [end of guest] */

int main(void)
{
	static const struct vmr_system_limits limits = {
		.mmio_last = UINT64_C(0xffffffffff),
		.irq_last = 63, .slot_last = 31, .pci_last = 0xffff,
		.id_last = 255,
	};
	static struct card card;
	int err;

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	vmr_reader_attach(&manager, &vcpu);
	err = plug(&card);
	if (err) {
		printf("plug: %s\n", vmr_strerror(err));
		return 1;
	}
	use(&card);
	return 0;
}
