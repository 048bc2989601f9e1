// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * model.c - the library's machine, with the functions that were learned
 */
#include <stddef.h>
#include <string.h>

#include "capability.h"

#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

static struct node *node_of(const struct vmr_pci_function *fn)
{
	unsigned int i;

	for (i = 0; i < machine.nr_nodes; i++)
		if (machine.nodes[i].fn == fn)
			return &machine.nodes[i];
	die("a function is in no node");
}

static void device_read(struct vmr_device *dev, const struct vmr_access *access,
			void *data)
{
	struct vmr_pci_function *fn =
		container_of(dev, struct vmr_pci_function, dev);
	struct node *node = node_of(fn);
	uint8_t *bytes = data;
	unsigned int i;

	memset(data, 0, access->width);
	for (i = 0; i < NR_BARS; i++)
		if (access->region == &fn->bars[i].region && !access->offset &&
		    access->width == 4)
			put32(bytes, node->bars[i].probe);
}

static void device_write(struct vmr_device *dev,
			 const struct vmr_access *access, const void *data)
{
	(void)dev;
	(void)access;
	(void)data;
}

static const struct vmr_device_ops ops = {
	.read = device_read,
	.write = device_write,
};

static void config_written(struct vmr_pci_function *fn,
			   const struct vmr_pci_write *write)
{
	memset(&node_of(fn)->written[write->offset], 0xff, write->width);
}

static void function_was_reset(struct vmr_pci_function *fn)
{
	memset(node_of(fn)->written, 0, VMR_PCI_EXPRESS_CONFIG_SIZE);
}

static const struct vmr_pci_events events = {
	.config_written = config_written,
	.reset = function_was_reset,
};

static void add_capabilities(struct node *node, bool late);

static void check(int ret, const struct node *node, const char *what)
{
	if (ret < 0)
		die("the library refuses %s of %s: %d", what, node->id, ret);
}

static void get_ids(const struct node *node, struct vmr_pci_ids *ids)
{
	const uint8_t *c = node->config;

	memset(ids, 0, sizeof(*ids));
	ids->vendor = get16(c + PCI_VENDOR_ID);
	ids->device = get16(c + PCI_DEVICE_ID);
	ids->class_code = get32(c + PCI_REVISION_ID) >> 8;
	ids->revision = c[PCI_REVISION_ID];
	ids->header_type = c[PCI_HEADER_TYPE] & 0x80;
	ids->irq_pin = node->pf ? 0 : c[PCI_INTERRUPT_PIN];
	if (!node->is_bridge) {
		ids->subvendor = get16(c + PCI_SUBSYSTEM_VENDOR_ID);
		ids->subdevice = get16(c + PCI_SUBSYSTEM_ID);
	}
}

/* Where the library's MSI of a port is, whose QEMU has nothing there */
#define PORT_MSI_OFFSET	0xe0

static void released(struct vmr_pci_port *port)
{
	if (vmr_pci_slot_pull(port))
		die("a card cannot be pulled");
}

static int init_port(struct node *node, const struct vmr_pci_ids *ids)
{
	uint32_t at = capability_find(node->config, PCI_CAP_ID_EXP);
	const uint8_t *c = &node->config[at];
	uint32_t link = get32(c + PCI_EXP_LNKCAP);
	uint32_t slot = get32(c + PCI_EXP_SLTCAP);
	const struct vmr_pci_port_config config = {
		.type = (enum vmr_pci_express_type)node_port_type(node),
		.ids = ids, .number = link >> 24, .speed = link & 0xf ? link & 0xf : 1,
		.width = link >> 4 & 0x3f ? link >> 4 & 0x3f : 1,
		.has_slot = get16(c + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_SLOT,
		.slot_flags = slot & 0x6007f, .slot_number = slot >> 19,
		.released = released, .name = node->id,
	};
	int ret;

	memset(&node->port, 0, sizeof(node->port));
	node->port.express.reg_block.offset = at;
	node->port.msi.reg_block.offset = PORT_MSI_OFFSET;
	ret = vmr_pci_port_init(&node->port, &machine.manager, &config);
	node->fn = &node->port.bridge.fn;
	node->fn->dev.ops = &ops;
	return ret;
}

static int init_bridge(struct node *node, const struct vmr_pci_ids *ids)
{
	memset(&node->own_bridge, 0, sizeof(node->own_bridge));
	node->fn = &node->own_bridge.fn;
	return vmr_pci_bridge_init(&node->own_bridge, &machine.manager, ids,
				   &ops, node->id);
}

static int init_end_point(struct node *node, const struct vmr_pci_ids *ids)
{
	memset(&node->function, 0, sizeof(node->function));
	memset(&node->space, 0, sizeof(node->space));
	node->fn = &node->function;
	return node->express ?
		       vmr_pci_function_init_express(node->fn, &node->space,
						     ids, &ops, node->id) :
		       vmr_pci_function_init(node->fn, ids, &ops, node->id);
}

static void init_function(struct node *node)
{
	struct vmr_pci_ids ids;
	int ret;

	get_ids(node, &ids);
	ret = !node->is_bridge ? init_end_point(node, &ids) :
	      node->express    ? init_port(node, &ids) :
				 init_bridge(node, &ids);
	check(ret, node, "the function");
	node->fn->events = &events;
}

static void add_bars(struct node *node)
{
	unsigned int i;

	for (i = 0; i < NR_BARS; i++) {
		const struct learned_bar *bar = &node->bars[i];

		if (bar->type == VMR_PCI_BAR_NONE)
			continue;
		check(vmr_pci_add_bar(node->fn, i,
				      (enum vmr_pci_bar_type)bar->type,
				      bar->prefetchable, bar->size, NULL),
		      node, "a BAR");
	}
}

static int add_msi(struct node *node, uint32_t offset)
{
	uint32_t flags = get16(&node->config[offset + PCI_MSI_FLAGS]);
	uint32_t nr = 1u << ((flags & PCI_MSI_FLAGS_QMASK) >> 1);

	memset(&node->msi, 0, sizeof(node->msi));
	if (!(flags & PCI_MSI_FLAGS_MASKBIT))
		return vmr_pci_add_msi(node->fn, &node->msi, offset, nr);
	return vmr_pci_add_msi_maskable(node->fn, &node->msi, offset, nr,
					flags & PCI_MSI_FLAGS_64BIT);
}

static int add_msix(struct node *node, uint32_t offset)
{
	const uint8_t *c = &node->config[offset];
	uint32_t nr = (get16(c + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1;
	uint32_t table = get32(c + PCI_MSIX_TABLE);
	uint32_t pba = get32(c + PCI_MSIX_PBA);
	const struct vmr_pci_msix_layout layout = {
		.table_bar = table & 7, .table_offset = table & ~7u,
		.pba_bar = pba & 7, .pba_offset = pba & ~7u,
	};

	if (nr > MAX_ENTRIES)
		die("%s has too many vectors", node->id);
	memset(&node->msix, 0, sizeof(node->msix));
	memset(node->entries, 0, sizeof(node->entries));
	return vmr_pci_add_msix(node->fn, &node->msix, offset, node->entries,
				nr, &layout);
}

/* The caller of these may say where the capability is */
static int add_pm(struct node *node, uint32_t offset)
{
	memset(&node->pm, 0, sizeof(node->pm));
	node->pm.reg_block.offset = offset;
	return vmr_pci_add_pm(node->fn, &node->pm,
			      get16(&node->config[offset + PCI_PM_CTRL]) &
				      PCI_PM_CTRL_NO_SOFT_RESET);
}

static int add_af(struct node *node, uint32_t offset)
{
	memset(&node->af, 0, sizeof(node->af));
	node->af.reg_block.offset = offset;
	return vmr_pci_add_af(node->fn, &node->af);
}

static int add_express(struct node *node, uint32_t offset)
{
	uint32_t flags = get16(&node->config[offset + PCI_EXP_FLAGS]);
	uint32_t type = (flags & PCI_EXP_FLAGS_TYPE) >> 4;

	memset(&node->exp, 0, sizeof(node->exp));
	node->exp.reg_block.offset = offset;
	return vmr_pci_add_express(node->fn, &node->exp,
				   (enum vmr_pci_express_type)type);
}

/* A capability that the library has no code for: registers with masks */
static int add_plain(struct node *node, const struct cap *cap)
{
	struct vmr_pci_reg_block *block = &node->blocks[node->nr_blocks++];
	const struct vmr_pci_cap_desc desc = {
		.id = cap->id, .version = cap->version, .size = cap->size,
		.offset = cap->offset,
		.contents = &node->config[cap->offset],
		.wmask = &node->wmask[cap->offset],
	};

	if (node->nr_blocks > MAX_BLOCKS)
		die("%s has too many capabilities", node->id);
	memset(block, 0, sizeof(*block));
	return cap->extended ?
		       vmr_pci_add_ext_capability(node->fn, block, &desc) :
		       vmr_pci_add_capability(node->fn, block, &desc);
}

static int add_ari(struct node *node, uint32_t offset)
{
	memset(&node->ari, 0, sizeof(node->ari));
	node->ari.reg_block.offset = offset;
	return vmr_pci_add_ari(node->fn, &node->ari);
}

/* The virtual functions, but for what depends on their BARs */
static unsigned int init_vfs(struct node *pf, uint32_t offset)
{
	unsigned int i, nr = 0;

	for (i = 0; i < machine.nr_nodes; i++) {
		struct node *vf = &machine.nodes[i];

		if (vf->pf != pf)
			continue;
		put32(vf->config, get32(pf->config));
		vf->config[PCI_DEVICE_ID] = pf->config[offset + PCI_SRIOV_VF_DID];
		vf->config[PCI_DEVICE_ID + 1] =
			pf->config[offset + PCI_SRIOV_VF_DID + 1];
		init_function(vf);
		add_capabilities(vf, false);
		pf->vfs[nr++] = vf->fn;
	}
	return nr;
}

/* The BARs, whose sizes QEMU has set with those of the page */
static int add_vf_bars(struct node *pf)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < VMR_PCI_SRIOV_NR_BARS; i++) {
		enum vmr_pci_bar_type type =
			(enum vmr_pci_bar_type)pf->vf_bars[i].type;

		if (pf->vf_bars[i].size)
			ret = vmr_pci_sriov_add_bar(&pf->sriov, i, type,
						    pf->vf_bars[i].prefetchable,
						    pf->vf_bars[i].size, NULL);
	}
	for (i = 0; !ret && i < machine.nr_nodes; i++)
		if (machine.nodes[i].pf == pf)
			add_capabilities(&machine.nodes[i], true);
	return ret;
}

static int add_sriov(struct node *node, uint32_t offset)
{
	const uint8_t *c = &node->config[offset];
	struct vmr_pci_sriov_config config = {
		.vfs = node->vfs, .total_vfs = get16(c + PCI_SRIOV_TOTAL_VF),
		.first_offset = get16(c + PCI_SRIOV_VF_OFFSET),
		.stride = get16(c + PCI_SRIOV_VF_STRIDE),
		.vf_device = get16(c + PCI_SRIOV_VF_DID),
		.page_sizes = get32(c + PCI_SRIOV_SUP_PGSIZE),
	};
	int ret;

	if (init_vfs(node, offset) != config.total_vfs)
		die("%s has other virtual functions", node->id);
	memset(&node->sriov, 0, sizeof(node->sriov));
	node->sriov.reg_block.offset = offset;
	ret = vmr_pci_add_sriov(node->fn, &node->sriov, &config);
	return ret ? ret : add_vf_bars(node);
}

static void add_capability(struct node *node, const struct cap *cap)
{
	int ret;

	/* A port has these of its own */
	if (node->is_bridge && node->express && !cap->extended &&
	    (cap->id == PCI_CAP_ID_EXP || cap->id == PCI_CAP_ID_MSI))
		return;
	if (!capability_known(node, cap))
		ret = add_plain(node, cap);
	else if (cap->extended && cap->id == PCI_EXT_CAP_ID_ARI)
		ret = add_ari(node, cap->offset);
	else if (cap->extended)
		ret = add_sriov(node, cap->offset);
	else if (cap->id == PCI_CAP_ID_MSI)
		ret = add_msi(node, cap->offset);
	else if (cap->id == PCI_CAP_ID_MSIX)
		ret = add_msix(node, cap->offset);
	else if (cap->id == PCI_CAP_ID_PM)
		ret = add_pm(node, cap->offset);
	else if (cap->id == PCI_CAP_ID_AF)
		ret = add_af(node, cap->offset);
	else
		ret = add_express(node, cap->offset);
	if (ret)
		die("the library refuses capability 0x%x of %s at 0x%x: %d",
		    cap->id, node->id, cap->offset, ret);
}

/* Whether a capability of a virtual function needs its BARs, which come late */
static bool is_late(const struct cap *cap)
{
	return !cap->extended && cap->id == PCI_CAP_ID_MSIX;
}

/*
 * Each becomes the first of the list, but extended ones the last. Of a virtual function
 * those that are @late or not.
 */
static void add_capabilities(struct node *node, bool late)
{
	struct cap caps[48], cap = { 0 };
	unsigned int nr = 0, i;

	if (!late)
		node->nr_blocks = 0;
	while (capability_next(node, &cap) && !cap.extended)
		caps[nr++] = cap;
	for (i = nr; i--;)
		if (!node->pf || is_late(&caps[i]) == late)
			add_capability(node, &caps[i]);
	if (!cap.extended || late)
		return;
	do {
		add_capability(node, &cap);
	} while (capability_next(node, &cap));
}

static struct vmr_pci_host *host_of(const struct node *node)
{
	unsigned int i;

	for (i = 0; i < machine.nr_hosts; i++)
		if (machine.hosts[i].bus_start == (node ? node->bus : 0))
			return &machine.hosts[i];
	die("a node has no host bridge");
}

/* A card goes into the slot of its port */
static int plug(struct node *node)
{
	struct node *up = node->parent;

	if (!up || !up->is_bridge)
		return vmr_pci_host_plug(host_of(up), node->fn, node->devfn);
	if (up->express && node->removable)
		return vmr_pci_slot_add(&up->port, &node->fn, 1);
	return vmr_pci_bridge_plug(node_bridge(up), node->fn, node->devfn);
}

bool model_plug(struct node *node)
{
	init_function(node);
	add_bars(node);
	add_capabilities(node, false);
	if (node->builtin)
		memcpy(&node->fn->config[0x40], &node->config[0x40], 0xc0);
	memset(node->written, 0, sizeof(node->written));
	node->removal_requested = false;
	return !plug(node);
}

bool model_unplug(struct node *node)
{
	return !vmr_pci_slot_request_removal(&node->parent->port);
}

void model_reset(void)
{
	unsigned int i;

	for (i = 0; i < machine.nr_hosts; i++)
		vmr_pci_host_reset(&machine.hosts[i]);
}

static void add_fixed(struct fixed *fixed)
{
	int ret;

	memset(&fixed->dev, 0, offsetof(struct fixed, io));
	fixed->dev.ops = &ops;
	fixed->dev.name = "board";
	vmr_region_init(&fixed->region, (enum vmr_io)fixed->io,
			VMR_REGION_RESERVED, fixed->last - fixed->start + 1, 0,
			NULL);
	ret = vmr_device_add_region(&fixed->dev, &fixed->region);
	vmr_constraint_init_fixed(&fixed->constraint,
				  fixed->io == VMR_PIO ? VMR_KIND_PIO :
							 VMR_KIND_MMIO,
				  fixed->start, fixed->last - fixed->start + 1,
				  &fixed->region.range);
	fixed->dev.constraints = &fixed->constraint;
	fixed->dev.nr_constraints = 1;
	vmr_resource_set_init(&fixed->dev.resources, &fixed->resource, 1);
	if (!ret)
		ret = vmr_device_register(&machine.manager, &fixed->dev, NULL,
					  NULL);
	if (ret)
		die("the library refuses a region of the board: %d", ret);
}

/* A host bridge for bus 0, and one for each node with a bus number of its own */
static void add_host(unsigned int first, unsigned int last)
{
	const struct vmr_pci_host_config config = {
		.bus_start = first, .bus_last = last, .name = "host",
	};
	unsigned int i = machine.nr_hosts++;
	int ret;

	if (i == MAX_HOSTS)
		die("too many host bridges");
	ret = vmr_pci_host_register(&machine.manager, &machine.hosts[i],
				    &config);
	if (!ret)
		ret = vmr_pci_ecam_register(&machine.ecam[i], &machine.hosts[i],
					    ECAM_BASE + ((uint64_t)first << 20));
	if (ret)
		die("the library refuses a host bridge: %d", ret);
}

static void add_hosts(void)
{
	unsigned int first = 0, next, i;

	do {
		next = 256;
		for (i = 0; i < machine.nr_nodes; i++)
			if (machine.nodes[i].bus > first &&
			    machine.nodes[i].bus < next)
				next = machine.nodes[i].bus;
		add_host(first, next - 1);
		first = next;
	} while (first < 256);
}

void model_up(void)
{
	static const struct vmr_system_limits limits = {
		.mmio_last = UINT64_MAX, .irq_last = 65535, .slot_last = 31,
		.pci_last = 0xffff, .id_last = 65535,
	};
	unsigned int i;

	memset(&machine.sys, 0,
	       sizeof(machine) - offsetof(struct machine, sys));
	if (vmr_system_init(&machine.sys, &limits) ||
	    vmr_manager_init(&machine.manager, &machine.sys) ||
	    vmr_reader_attach(&machine.manager, &machine.reader))
		die("the library refuses the machine");
	add_hosts();
	if (vmr_pci_conf1_register(&machine.conf1, &machine.manager, NULL))
		die("the library refuses the ports");
	for (i = 0; i < machine.nr_fixed; i++)
		add_fixed(&machine.fixed[i]);
	for (i = 0; i < machine.nr_nodes; i++)
		if (!machine.nodes[i].pf && !model_plug(&machine.nodes[i]))
			die("the library refuses %s", machine.nodes[i].id);
	/* Plugging is an event of a slot, but the machine begins with its cards */
	model_reset();
}

uint64_t model_read(enum vmr_io io, uint64_t addr, unsigned int width)
{
	uint8_t bytes[8];
	uint64_t value = 0;

	memset(bytes, 0xff, sizeof(bytes));
	vmr_read(&machine.reader, io, addr, bytes, width, 1);
	while (width--)
		value = value << 8 | bytes[width];
	return value;
}

void model_write(enum vmr_io io, uint64_t addr, uint64_t value,
		 unsigned int width)
{
	uint8_t bytes[8];
	unsigned int i;

	for (i = 0; i < 8; i++)
		bytes[i] = value >> 8 * i;
	vmr_write(&machine.reader, io, addr, bytes, width, 1);
}
