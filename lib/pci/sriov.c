// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * sriov.c - virtual functions
 *
 * The VFs are registered and unregistered in one transaction, in whose section their
 * BARs are mapped and unmapped. The registers of the PF say how many there are, and its
 * VF BARs are among its own BARs in bar.c.
 */
#include "pci.h"

#define LARGEST_VF_SPAN32	0x40000000ull
#define LARGEST_VF_SPAN64	((uint64_t)1 << 62)

static struct vmr_pci_sriov *to_sriov(struct vmr_pci_reg_block *reg_block)
{
	return container_of(reg_block, struct vmr_pci_sriov, reg_block);
}

static uint8_t *capability(const struct vmr_pci_sriov *sriov)
{
	return &sriov->pf->config[sriov->reg_block.offset];
}

uint32_t vmr_pci_sriov_nr_enabled(const struct vmr_pci_sriov *sriov)
{
	return sriov ? sriov->nr_enabled : 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_sriov_nr_enabled);

static uint32_t vf_bars(const struct vmr_pci_function *pf)
{
	return vmr_pci_all_bars(pf) & ~((1u << VMR_PCI_NR_BARS) - 1);
}

/* The bus numbers on which the VFs of a PF may be, relative to its own */
static int check_addresses(const struct vmr_pci_sriov *sriov, uint32_t nr)
{
	const struct vmr_pci_function *pf = sriov->pf;
	uint64_t start = pf->address.start;
	uint64_t last = vmr_pci_vf_address(sriov, start, nr - 1);
	const uint8_t *config;

	if (last >> 8 == start >> 8)
		return 0;
	if (!pf->upstream_bridge)
		return -ERANGE;
	config = pf->upstream_bridge->fn.config;
	return config[PCI_SECONDARY_BUS] + (last >> 8) <=
			       config[PCI_SUBORDINATE_BUS] &&
			       (!pf->host ||
				config[PCI_SECONDARY_BUS] + (last >> 8) <=
					pf->host->bus_last) ?
		       0 : -ERANGE;
}

/*
 * Readers find the VFs while a VF BAR is mapped. The section that registers the VFs maps
 * the BAR, after the stores to all members that readers load. The other BARs move in a
 * reset.
 */
static void commit(struct vmr_pci_function *pf, struct vmr_transaction *t)
{
	const struct vmr_placements bars =
		vmr_pci_bar_placements(pf, vmr_pci_all_bars(pf));

	vmr_transaction_commit_and_place(t, &bars);
}

static int plug_vfs(struct vmr_pci_sriov *sriov, uint32_t nr)
{
	const struct vmr_pci_function *pf = sriov->pf;
	const struct vmr_pci_batch batch = {
		.host = pf->host, .upstream = pf->upstream_bridge,
		.fns = sriov->vfs, .nr = nr,
		.address = (uint32_t)vmr_pci_vf_address(sriov,
							pf->address.start, 0),
		.stride = get_le16(&sriov->contents[PCI_SRIOV_VF_STRIDE]),
	};
	struct vmr_transaction t;
	uint32_t i;
	int ret = vmr_pci_attach_batch(pf->manager, &batch, &t);

	if (ret)
		return ret;
	for (i = 0; i < nr; i++)
		WRITE_ONCE(sriov->vfs[i]->vf_unpowered, false);
	sriov->nr_enabled = nr;
	WRITE_ONCE(sriov->nr_answering, nr);
	commit(sriov->pf, &t);
	return 0;
}

/*
 * The vectors of the VFs are freed when no reader finds the VFs any more. An access
 * that has found them before is one that precedes the change.
 */
static void unplug_vfs(struct vmr_pci_sriov *sriov)
{
	uint32_t i, nr = sriov->nr_enabled;
	struct vmr_transaction t;

	sriov->nr_enabled = 0;
	vmr_transaction_begin(sriov->pf->manager, &t);
	/* The owner may have unregistered a device */
	for (i = 0; i < nr; i++)
		vmr_transaction_remove(&t, &sriov->vfs[i]->dev);
	commit(sriov->pf, &t);
	/* In a reset, before a callback finds the reset registers */
	vmr_pci_update_sizes(sriov->pf);
	for (i = 0; i < nr; i++) {
		if (sriov->vfs[i]->manager)
			vmr_pci_unplug_begin(sriov->vfs[i]);
		vmr_pci_unplug_end(sriov->vfs[i]);
	}
}

static void report(struct vmr_pci_sriov *sriov, int error)
{
	if (sriov->changed)
		sriov->changed(sriov->pf, sriov->nr_enabled, error);
}

static int try_enable(struct vmr_pci_sriov *sriov)
{
	uint32_t nr = get_le16(&capability(sriov)[PCI_SRIOV_NUM_VF]);
	int ret;

	if (nr > sriov->total_vfs)
		return -EINVAL;
	ret = nr ? check_addresses(sriov, nr) : 0;
	if (!ret && sriov->enable)
		ret = sriov->enable(sriov->pf, nr);
	return ret ? ret : plug_vfs(sriov, nr);
}

/* A callback may have reset the PF */
static bool is_enabled(const struct vmr_pci_sriov *sriov)
{
	return capability(sriov)[PCI_SRIOV_CTRL] & PCI_SRIOV_CTRL_VFE;
}

static void disable(struct vmr_pci_sriov *sriov)
{
	sriov->busy = true;
	capability(sriov)[PCI_SRIOV_CTRL] &= (uint8_t)~PCI_SRIOV_CTRL_VFE;
	unplug_vfs(sriov);
	report(sriov, 0);
	sriov->busy = false;
}

static void enable(struct vmr_pci_sriov *sriov)
{
	int ret;

	sriov->busy = true;
	ret = try_enable(sriov);
	if (ret)
		capability(sriov)[PCI_SRIOV_CTRL] &=
			(uint8_t)~PCI_SRIOV_CTRL_VFE;
	report(sriov, ret);
	sriov->busy = false;
	if (!ret && !is_enabled(sriov))
		disable(sriov);
}

/* Give the bytes of [@reg, + size) in the capability the values before the write */
static void take_back(struct vmr_pci_sriov *sriov,
		      const struct vmr_pci_write *write, uint32_t reg,
		      uint32_t size)
{
	uint32_t i, at;

	for (i = 0; i < write->width; i++) {
		at = write->offset + i - sriov->reg_block.offset;
		if (at >= reg && at < reg + size)
			capability(sriov)[at] =
				(uint8_t)(write->old_value >> 8 * i);
	}
}

/* The first byte of PCI_SRIOV_CTRL before the write */
static uint8_t old_control(const struct vmr_pci_sriov *sriov,
			   const struct vmr_pci_write *write)
{
	uint32_t ctrl = sriov->reg_block.offset + PCI_SRIOV_CTRL;

	if (!vmr_pci_writes(write, ctrl, 1))
		return capability(sriov)[PCI_SRIOV_CTRL];
	return (uint8_t)(write->old_value >> 8 * (ctrl - write->offset));
}

static void sriov_written(struct vmr_pci_function *pf,
			  struct vmr_pci_reg_block *reg_block,
			  const struct vmr_pci_write *write)
{
	struct vmr_pci_sriov *sriov = to_sriov(reg_block);
	uint8_t old, new;

	/* bar.c has acted on a write of a VF BAR */
	if (!vmr_pci_writes(write, reg_block->offset, PCI_SRIOV_BAR))
		return;
	old = old_control(sriov, write);
	if (sriov->busy) {
		take_back(sriov, write, 0, PCI_SRIOV_BAR);
		return;
	}
	if (old & PCI_SRIOV_CTRL_VFE)
		take_back(sriov, write, PCI_SRIOV_NUM_VF, 2);
	if (old & (PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE) ||
	    !vmr_pci_sriov_page_valid(capability(sriov)))
		take_back(sriov, write, PCI_SRIOV_SYS_PGSIZE, 4);
	vmr_pci_update_sizes(pf);
	new = capability(sriov)[PCI_SRIOV_CTRL];
	if (new & ~old & PCI_SRIOV_CTRL_VFE)
		enable(sriov);
	if (old & ~new & PCI_SRIOV_CTRL_VFE)
		disable(sriov);
	else
		vmr_pci_update_bars(pf, vf_bars(pf));
}

/*
 * Also when the PF is unplugged. In a reset the registers have their reset values, and
 * the VFs leave in the section that unmaps the BARs of @pf.
 */
static void sriov_reset(struct vmr_pci_function *pf,
			struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_sriov *sriov = to_sriov(reg_block);

	(void)pf;
	if (!sriov->busy && sriov->nr_enabled)
		disable(sriov);
}

static void sriov_restored(struct vmr_pci_function *pf,
			   struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_sriov *sriov = to_sriov(reg_block);

	(void)pf;
	sriov->nr_enabled =
		is_enabled(sriov) ?
			get_le16(&capability(sriov)[PCI_SRIOV_NUM_VF]) : 0;
	WRITE_ONCE(sriov->nr_answering, sriov->nr_enabled);
}

static uint64_t largest_page(const struct vmr_pci_sriov *sriov)
{
	return (uint64_t)1 << (vmr_log2(sriov->page_sizes) +
			      VMR_PCI_SRIOV_PAGE_SHIFT);
}

/* Undo vmr_pci_msix_add_subregions() of the first @nr VFs, the last one first */
static void undo_subregions(struct vmr_pci_sriov *sriov, uint32_t nr)
{
	while (nr--)
		if (sriov->vfs[nr]->msix)
			vmr_pci_msix_undo_subregions(sriov->vfs[nr]);
}

static void sriov_undo_plug(struct vmr_pci_function *pf,
			    struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_sriov *sriov = to_sriov(reg_block);

	(void)pf;
	undo_subregions(sriov, sriov->total_vfs);
}

/* Add the MSI-X tables of the VFs to memory regions */
static int sriov_plug(struct vmr_pci_function *pf,
		      struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_sriov *sriov = to_sriov(reg_block);
	uint32_t i;
	int ret = 0;

	(void)pf;
	for (i = 0; i < VMR_PCI_SRIOV_NR_BARS; i++)
		if (sriov->bars[i].region.type == VMR_REGION_MEMORY &&
		    sriov->sizes[i] < largest_page(sriov))
			return -EINVAL;
	for (i = 0; i < sriov->total_vfs && !ret; i++)
		if (sriov->vfs[i]->msix)
			ret = vmr_pci_msix_add_subregions(sriov->vfs[i]);
	if (ret)
		undo_subregions(sriov, i - 1);
	return ret;
}

static bool vf_valid(const struct vmr_pci_function *vf)
{
	unsigned int i;

	if (!vf || vf->config_size != VMR_PCI_EXPRESS_CONFIG_SIZE ||
	    vf->bridge || vf->manager || vf->pf || vf->sriov ||
	    vf->config[PCI_INTERRUPT_PIN])
		return false;
	for (i = 0; i < VMR_PCI_NR_BARS; i++)
		if (vf->bars[i].type != VMR_PCI_BAR_NONE)
			return false;
	return true;
}

static void release_vfs(const struct vmr_pci_sriov_config *config, uint32_t nr)
{
	while (nr--)
		config->vfs[nr]->pf = NULL;
}

/* A VF that is named twice is one already */
static int claim_vfs(struct vmr_pci_function *pf,
		     const struct vmr_pci_sriov_config *config)
{
	uint32_t i;

	for (i = 0; i < config->total_vfs; i++) {
		if (!vf_valid(config->vfs[i]) || config->vfs[i] == pf) {
			release_vfs(config, i);
			return -EINVAL;
		}
		config->vfs[i]->pf = pf;
	}
	return 0;
}

/* PCI Express Base Specification 5.0, section 9.3.4.1: ids, command, and lines */
static void init_vf(struct vmr_pci_function *vf)
{
	put_le32(&vf->config[PCI_VENDOR_ID], 0xffffffff);
	put_le16(&vf->wmask[PCI_COMMAND], PCI_COMMAND_MASTER);
	vf->wmask[PCI_CACHE_LINE_SIZE] = 0;
	vf->wmask[PCI_INTERRUPT_LINE] = 0;
}

static int check_config(const struct vmr_pci_function *pf,
			const struct vmr_pci_sriov *sriov,
			const struct vmr_pci_sriov_config *config)
{
	if (!pf || !sriov || !config || !config->vfs || pf->bridge || pf->pf ||
	    !config->total_vfs || !config->first_offset ||
	    (config->total_vfs > 1 && !config->stride) ||
	    (config->page_sizes && !(config->page_sizes & 1)))
		return -EINVAL;
	return pf->sriov ? -EEXIST : 0;
}

static void init_contents(struct vmr_pci_sriov *sriov,
			  const struct vmr_pci_sriov_config *config)
{
	uint8_t *c = sriov->contents;

	put_le16(&c[PCI_SRIOV_INITIAL_VF], config->total_vfs);
	put_le16(&c[PCI_SRIOV_TOTAL_VF], config->total_vfs);
	put_le16(&c[PCI_SRIOV_VF_OFFSET], config->first_offset);
	put_le16(&c[PCI_SRIOV_VF_STRIDE], config->stride);
	put_le16(&c[PCI_SRIOV_VF_DID], config->vf_device);
	put_le32(&c[PCI_SRIOV_SUP_PGSIZE], sriov->page_sizes);
	put_le32(&c[PCI_SRIOV_SYS_PGSIZE], 1);
}

static void init_wmask(uint8_t *wmask, uint32_t page_sizes)
{
	put_le16(&wmask[PCI_SRIOV_CTRL], PCI_SRIOV_CTRL_VFE |
					 PCI_SRIOV_CTRL_MSE |
					 PCI_SRIOV_CTRL_ARI);
	put_le16(&wmask[PCI_SRIOV_NUM_VF], 0xffff);
	put_le32(&wmask[PCI_SRIOV_SYS_PGSIZE], page_sizes);
}

static void init_sriov(struct vmr_pci_function *pf, struct vmr_pci_sriov *sriov)
{
	uint32_t i;

	sriov->reg_block.write = sriov_written;
	sriov->reg_block.reset = sriov_reset;
	sriov->reg_block.remove = sriov_reset;
	sriov->reg_block.restored = sriov_restored;
	sriov->reg_block.plug = sriov_plug;
	sriov->reg_block.undo_plug = sriov_undo_plug;
	sriov->pf = pf;
	sriov->ops = pf->dev.ops;
	pf->dev.ops = &vmr_pci_sriov_device_ops;
	pf->sriov = sriov;
	for (i = 0; i < sriov->total_vfs; i++) {
		sriov->vfs[i]->vf_index = i;
		init_vf(sriov->vfs[i]);
	}
}

int vmr_pci_add_sriov(struct vmr_pci_function *pf, struct vmr_pci_sriov *sriov,
		      const struct vmr_pci_sriov_config *config)
{
	uint8_t wmask[VMR_PCI_SRIOV_SIZE] = { 0 };
	struct vmr_pci_cap_desc desc = {
		.id = PCI_EXT_CAP_ID_SRIOV, .version = 1, .single = true,
		.size = VMR_PCI_SRIOV_SIZE, .wmask = wmask,
	};
	int ret = check_config(pf, sriov, config);

	if (!ret)
		ret = claim_vfs(pf, config);
	if (ret)
		return ret;
	desc.offset = sriov->reg_block.offset;
	ret = vmr_pci_check_ext_capability(pf, &sriov->reg_block, &desc);
	if (ret) {
		release_vfs(config, config->total_vfs);
		return ret;
	}
	sriov->vfs = config->vfs;
	sriov->total_vfs = config->total_vfs;
	sriov->page_sizes = config->page_sizes ? config->page_sizes :
						 VMR_PCI_SRIOV_PAGE_SIZES;
	init_contents(sriov, config);
	init_wmask(wmask, sriov->page_sizes);
	desc.contents = sriov->contents;
	init_sriov(pf, sriov);
	return vmr_pci_add_ext_capability(pf, &sriov->reg_block, &desc);
}
EXPORT_SYMBOL_GPL(vmr_pci_add_sriov);

/* Each VF has the BAR, of which the PF has the registers and the region */
static void add_vf_bars(struct vmr_pci_sriov *sriov, unsigned int index)
{
	const struct vmr_pci_bar *bar = &sriov->bars[index];
	uint32_t i;

	for (i = 0; i < sriov->total_vfs; i++) {
		struct vmr_pci_bar *own = &sriov->vfs[i]->bars[index];

		vmr_region_init(&own->region, VMR_MMIO, VMR_REGION_TRAPPED,
				sriov->sizes[index], index, bar->region.name);
		own->type = bar->type;
		own->prefetchable = bar->prefetchable;
	}
}

int vmr_pci_sriov_add_bar(struct vmr_pci_sriov *sriov, unsigned int index,
			  enum vmr_pci_bar_type type, bool prefetchable,
			  uint64_t size, const char *name)
{
	bool wide = type == VMR_PCI_BAR_MEM64;
	uint64_t part, span = wide ? LARGEST_VF_SPAN64 : LARGEST_VF_SPAN32;
	int ret;

	if (!sriov || !sriov->pf || (!wide && type != VMR_PCI_BAR_MEM32) ||
	    index + wide >= VMR_PCI_SRIOV_NR_BARS ||
	    !vmr_pci_bar_size_valid(index, type, size))
		return -EINVAL;
	part = max(size, largest_page(sriov));
	if (sriov->total_vfs > span >> vmr_log2(part))
		return -EINVAL;
	part = max(size, (uint64_t)1 << VMR_PCI_SRIOV_PAGE_SHIFT);
	ret = vmr_pci_add_bar_at(sriov->pf, VMR_PCI_VF_BAR(index), type,
				 prefetchable, size, part * sriov->total_vfs,
				 name);
	if (!ret)
		add_vf_bars(sriov, index);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_sriov_add_bar);
