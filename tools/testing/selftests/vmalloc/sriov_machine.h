/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * sriov_machine.h - a card with virtual functions behind a root port
 */
#ifndef VMR_TEST_SRIOV_MACHINE_H
#define VMR_TEST_SRIOV_MACHINE_H

#include "pci_machine.h"

#define NR_VFS		8
#define VF_ENTRIES	2
#define VF_BAR_SIZE	0x2000u
#define VF_PAGE		0x1000u
#define VF_TABLE	0x1000u
#define VF_PBA		0x1800u

struct virtual {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_express			express;
	struct vmr_pci_pm			pm;
	struct vmr_pci_ari			ari;
	struct vmr_pci_msix			msix;
	struct vmr_pci_msix_entry		entries[VF_ENTRIES];
	int					refuses;
	unsigned int				reads, writes, resets, delivered;
	uint64_t				offset;
	struct vmr_region			*region;
};

/* A PF with a BAR of its own, and VFs with two BARs, one with a MSI-X table */
struct physical {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_express			express;
	struct vmr_pci_ari			ari;
	struct vmr_pci_sriov			sriov;
	struct virtual				vf[NR_VFS];
	struct vmr_pci_function			*vfs[NR_VFS];
	unsigned int				asked, changes;
	uint32_t				nr;
	int					answer, error;
};

struct sriov_box {
	struct vmr_pci_host			host;
	struct vmr_pci_bridge			port;
	struct vmr_pci_express_config_space	port_space;
	struct vmr_pci_express			port_express;
	struct physical				pf;
};

static struct virtual *virtual_of(struct vmr_device *dev)
{
	return owner_of(dev, struct virtual, fn.dev);
}

static void vf_read(struct vmr_device *dev, const struct vmr_access *access,
		    void *data)
{
	struct virtual *v = virtual_of(dev);

	v->reads++;
	v->offset = access->offset;
	v->region = access->region;
	memset(data, (int)(0x10 + v->fn.vf_index),
	       (size_t)access->width * access->count);
}

static void vf_write(struct vmr_device *dev, const struct vmr_access *access,
		     const void *data)
{
	struct virtual *v = virtual_of(dev);

	(void)data;
	v->writes++;
	v->offset = access->offset;
	v->region = access->region;
}

static int vf_set_resources(struct vmr_device *dev,
			    const struct vmr_resource_set *set)
{
	(void)set;
	return virtual_of(dev)->refuses;
}

static const struct vmr_device_ops vf_ops = {
	.read = vf_read, .write = vf_write, .set_resources = vf_set_resources,
};

static void vf_reset(struct vmr_pci_function *fn)
{
	owner_of(fn, struct virtual, fn)->resets++;
}

static void vf_deliver(struct vmr_pci_function *fn, uint32_t index)
{
	(void)index;
	owner_of(fn, struct virtual, fn)->delivered++;
}

static const struct vmr_pci_events vf_events = {
	.reset = vf_reset, .deliver = vf_deliver,
};

static int pf_enable(struct vmr_pci_function *fn, uint32_t nr)
{
	struct physical *p = owner_of(fn, struct physical, fn);

	(void)nr;
	p->asked++;
	return p->answer;
}

static void pf_changed(struct vmr_pci_function *fn, uint32_t nr, int error)
{
	struct physical *p = owner_of(fn, struct physical, fn);

	p->changes++;
	p->nr = nr;
	p->error = error;
}

static int vf_init(struct virtual *v)
{
	const struct vmr_pci_ids ids = { .class_code = 0x020000, .revision = 1 };
	int ret;

	memset(v, 0, sizeof(*v));
	ret = vmr_pci_function_init_express(&v->fn, &v->space, &ids, &vf_ops, "vf");
	v->fn.events = &vf_events;
	if (!ret)
		ret = vmr_pci_add_express(&v->fn, &v->express,
					  VMR_PCI_EXPRESS_ENDPOINT);
	if (!ret)
		ret = vmr_pci_add_pm(&v->fn, &v->pm, true);
	return ret ? ret : vmr_pci_add_ari(&v->fn, &v->ari);
}

static int vf_add_msix(struct virtual *v)
{
	const struct vmr_pci_msix_layout layout = { 0, 0, VF_TABLE, VF_PBA };

	return vmr_pci_add_msix(&v->fn, &v->msix, 0, v->entries, VF_ENTRIES,
				&layout);
}

static int pf_init_with(struct physical *p, uint16_t offset, uint16_t stride,
			enum vmr_region_type type)
{
	const struct vmr_pci_sriov_config config = {
		.vfs = p->vfs, .total_vfs = NR_VFS, .first_offset = offset,
		.stride = stride, .vf_device = 0x1042,
		.page_sizes = type == VMR_REGION_MEMORY ? 3 : 0,
	};
	unsigned int i;
	int ret;

	memset(p, 0, sizeof(*p));
	ret = vmr_pci_function_init_express(&p->fn, &p->space, &card_ids, &card_ops,
					    "pf");
	if (!ret)
		ret = vmr_pci_add_express(&p->fn, &p->express,
					  VMR_PCI_EXPRESS_ENDPOINT);
	if (!ret)
		ret = vmr_pci_add_ari(&p->fn, &p->ari);
	if (!ret)
		ret = vmr_pci_add_bar(&p->fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
				      "pf bar");
	for (i = 0; i < NR_VFS && !ret; i++) {
		p->vfs[i] = &p->vf[i].fn;
		ret = vf_init(&p->vf[i]);
	}
	p->sriov.enable = pf_enable;
	p->sriov.changed = pf_changed;
	if (!ret)
		ret = vmr_pci_add_sriov(&p->fn, &p->sriov, &config);
	if (!ret)
		ret = vmr_pci_sriov_add_bar(&p->sriov, 0, VMR_PCI_BAR_MEM32, false,
					    VF_BAR_SIZE, "vf bar");
	if (!ret)
		ret = vmr_pci_sriov_add_bar(&p->sriov, 2, VMR_PCI_BAR_MEM64, true,
					    VF_BAR_SIZE / 2, "vf wide");
	p->sriov.bars[0].region.type = type;
	for (i = 0; i < NR_VFS && !ret; i++)
		ret = vf_add_msix(&p->vf[i]);
	return ret;
}

/* The parts of a machine that are not plugged */
static int sriov_box_init(struct sriov_box *b, struct vmr_manager *manager,
			  uint16_t offset, uint16_t stride,
			  enum vmr_region_type type)
{
	const struct vmr_pci_host_config config = {
		.bus_last = 15, .name = "host",
	};
	int ret;

	memset(b, 0, sizeof(*b));
	ret = vmr_pci_host_register(manager, &b->host, &config);
	if (!ret)
		ret = vmr_pci_bridge_init_express(&b->port, &b->port_space, manager,
						  &bridge_ids, &card_ops, "port");
	if (!ret)
		ret = vmr_pci_add_express(&b->port.fn, &b->port_express,
					  VMR_PCI_EXPRESS_ROOT_PORT);
	return ret ? ret : pf_init_with(&b->pf, offset, stride, type);
}

/* Bus 1 and 2 behind the port, which forwards to all functions and all memory used */
static void port_on(struct sriov_box *b)
{
	number_bridge(&b->port, 1, 2);
	open_mem_window(&b->port, 0x80000000, 0x8fffffff);
	reg_write(&b->port.fn, COMMAND, DECODE_MEM, 2);
	reg_write(&b->port.fn, b->port_express.reg_block.offset + PCI_EXP_DEVCTL2,
		  PCI_EXP_DEVCTL2_ARI, 2);
}

static int sriov_box_plug(struct sriov_box *b)
{
	int ret = vmr_pci_host_plug(&b->host, &b->port.fn, 1 << 3);

	if (!ret)
		ret = vmr_pci_bridge_plug(&b->port, &b->pf.fn, 0);
	port_on(b);
	return ret;
}

/* Registers of the capability */
static uint32_t sriov_read(struct physical *p, uint32_t reg, uint32_t width)
{
	return reg_read(&p->fn, p->sriov.reg_block.offset + reg, width);
}

static int sriov_write(struct physical *p, uint32_t reg, uint32_t value,
		       uint32_t width)
{
	return reg_write(&p->fn, p->sriov.reg_block.offset + reg, value, width);
}

/* Enable @nr VFs, without or with their memory. */
static uint32_t enable_vfs(struct physical *p, uint32_t nr, uint32_t bits)
{
	sriov_write(p, PCI_SRIOV_NUM_VF, nr, 2);
	sriov_write(p, PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE | bits, 2);
	return sriov_read(p, PCI_SRIOV_CTRL, 2);
}

#endif /* VMR_TEST_SRIOV_MACHINE_H */
