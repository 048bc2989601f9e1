// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * msix_device.c - the MSI-X table and pending bits in a BAR
 *
 * A function with MSI-X has the callbacks of this file, which pass accesses outside of
 * both on to the callbacks of the owner. A memory BAR traps the two as subregions. The
 * callbacks run on the read side. Reads take no lock: each dword is loaded at once.
 * Writes acquire the update-side lock of the host bridge, also while the function is
 * being unplugged. tools/testing/spin/reset.pml has a model of writes during a reset.
 */
#include "pci.h"

#define MSIX_MAX_ENTRIES	(PCI_MSIX_FLAGS_QSIZE + 1)

static struct vmr_pci_function *to_function(struct vmr_device *dev)
{
	return container_of(dev, struct vmr_pci_function, dev);
}

/* Where an access is, relative to the table or the pending bits */
enum target {
	TARGET_OWNER,		/* outside both */
	TARGET_TABLE,
	TARGET_PBA,
	TARGET_PARTLY,		/* partly inside one of them */
};

static bool is_within(uint32_t bar, uint32_t msix_bar, uint64_t start,
		      uint64_t size, const struct vmr_access *access,
		      bool *partly)
{
	uint64_t last = access->offset + (access->width - 1);

	if (bar != msix_bar || last < start || access->offset >= start + size)
		return false;
	*partly = access->offset < start || last >= start + size;
	return true;
}

/* Subregions have an offset of their own, trapped BARs one from their start */
static enum target find_target(const struct vmr_pci_msix *msix,
			       const struct vmr_access *access,
			       uint64_t *offset)
{
	const struct vmr_pci_msix_layout *l = &msix->layout;
	bool partly = false;

	*offset = access->offset;
	if (access->region == &msix->table)
		return TARGET_TABLE;
	if (access->region == &msix->pba)
		return TARGET_PBA;
	if (access->region != &msix->fn->bars[l->table_bar].region &&
	    access->region != &msix->fn->bars[l->pba_bar].region)
		return TARGET_OWNER;
	if (is_within(access->region->index, l->table_bar, l->table_offset,
		      vmr_pci_msix_table_size(msix->nr), access, &partly)) {
		*offset -= l->table_offset;
		return partly ? TARGET_PARTLY : TARGET_TABLE;
	}
	if (is_within(access->region->index, l->pba_bar, l->pba_offset,
		      vmr_pci_msix_pba_size(msix->nr), access, &partly)) {
		*offset -= l->pba_offset;
		return partly ? TARGET_PARTLY : TARGET_PBA;
	}
	return TARGET_OWNER;
}

static void msix_device_read(struct vmr_device *dev,
			     const struct vmr_access *access, void *data)
{
	struct vmr_pci_function *fn = to_function(dev);
	uint8_t *bytes = data;
	uint64_t offset;
	uint32_t i;
	enum target target = find_target(fn->msix, access, &offset);

	if (target == TARGET_OWNER && fn->device_ops->read) {
		fn->device_ops->read(dev, access, data);
		return;
	}
	memset(data, 0xff, (size_t)access->width * access->count);
	for (i = 0; i < access->count; i++, bytes += access->width)
		if (target == TARGET_TABLE)
			vmr_pci_msix_read(fn->msix, offset, bytes,
					  access->width);
		else if (target == TARGET_PBA)
			vmr_pci_msix_read_pba(fn->msix, offset, bytes,
					      access->width);
}

/* The region of a VF's BAR is part of one of its PF */
static struct vmr_region *bar_region(struct vmr_pci_function *fn, uint32_t bar)
{
	return fn->pf ? &fn->pf->sriov->bars[bar].region : &fn->bars[bar].region;
}

/*
 * A write that waits for the lock while the function is reset must not change the table
 * afterwards: the guest's next driver relies on the reset values.
 */
static bool is_table_mapped(struct vmr_pci_function *fn)
{
	const struct vmr_region *region =
		bar_region(fn, fn->msix->layout.table_bar);

	return vmr_range_state(&region->range) == VMR_LIVE;
}

static void msix_device_write(struct vmr_device *dev,
			      const struct vmr_access *access,
			      const void *data)
{
	struct vmr_pci_function *fn = to_function(dev);
	const uint8_t *bytes = data;
	uint64_t offset;
	uint32_t i;
	enum target target = find_target(fn->msix, access, &offset);
	struct vmr_lock_ops *lock = READ_ONCE(fn->msix->lock);

	if (target == TARGET_OWNER && fn->device_ops->write)
		fn->device_ops->write(dev, access, data);
	if (target != TARGET_TABLE)
		return;
	vmr_pci_lock(lock);
	for (i = 0; is_table_mapped(fn) && i < access->count;
	     i++, bytes += access->width)
		vmr_pci_msix_write(fn, fn->msix, offset, bytes, access->width);
	vmr_pci_unlock(lock);
}

static int msix_device_set_resources(struct vmr_device *dev,
				     const struct vmr_resource_set *set)
{
	struct vmr_pci_function *fn = to_function(dev);

	if (!fn->device_ops->set_resources)
		return 0;
	return fn->device_ops->set_resources(dev, set);
}

static const struct vmr_device_ops msix_device_ops = {
	.read = msix_device_read,
	.write = msix_device_write,
	.set_resources = msix_device_set_resources,
};

static int add_subregion(struct vmr_pci_function *fn, struct vmr_region *sub,
			 uint32_t bar, uint64_t offset, uint64_t size,
			 const char *name, bool *added)
{
	struct vmr_region *region = bar_region(fn, bar);
	int ret;

	*added = false;
	if (region->type != VMR_REGION_MEMORY || sub->device)
		return 0;
	vmr_region_init(sub, VMR_MMIO, VMR_REGION_TRAPPED, size, bar, name);
	sub->offset = offset;
	if (fn->pf)
		sub->offset += fn->vf_index * fn->pf->sriov->sizes[bar];
	ret = vmr_region_add_subregion(region, sub);
	*added = !ret;
	return ret;
}

static void remove_last_subregion(struct vmr_pci_function *fn, uint32_t bar)
{
	vmr_region_remove_last_subregion(bar_region(fn, bar));
}

/* The function was not registered: no reader has seen its subregions */
void vmr_pci_msix_undo_subregions(struct vmr_pci_function *fn)
{
	const struct vmr_pci_msix *msix = fn->msix;

	if (msix->new_pba)
		remove_last_subregion(fn, msix->layout.pba_bar);
	if (msix->new_table)
		remove_last_subregion(fn, msix->layout.table_bar);
}

int vmr_pci_msix_add_subregions(struct vmr_pci_function *fn)
{
	struct vmr_pci_msix *msix = fn->msix;
	const struct vmr_pci_msix_layout *l = &msix->layout;
	int ret;

	msix->new_pba = false;
	ret = add_subregion(fn, &msix->table, l->table_bar, l->table_offset,
			    vmr_pci_msix_table_size(msix->nr), "MSI-X table",
			    &msix->new_table);
	if (ret)
		return ret;
	ret = add_subregion(fn, &msix->pba, l->pba_bar, l->pba_offset,
			    vmr_pci_msix_pba_size(msix->nr),
			    "MSI-X pending bits", &msix->new_pba);
	if (ret)
		vmr_pci_msix_undo_subregions(fn);
	return ret;
}

static void msix_undo_plug(struct vmr_pci_function *fn,
			   struct vmr_pci_reg_block *reg_block)
{
	(void)reg_block;
	vmr_pci_msix_undo_subregions(fn);
}

static int msix_plug(struct vmr_pci_function *fn,
		     struct vmr_pci_reg_block *reg_block)
{
	(void)reg_block;
	return vmr_pci_msix_add_subregions(fn);
}

static bool is_inside_bar(const struct vmr_pci_function *fn, uint32_t bar,
			  uint64_t offset, uint64_t size)
{
	const struct vmr_region *region = &fn->bars[bar].region;

	return (fn->bars[bar].type == VMR_PCI_BAR_MEM32 ||
		fn->bars[bar].type == VMR_PCI_BAR_MEM64) &&
	       size <= region->size && offset <= region->size - size;
}

static int check_layout(const struct vmr_pci_function *fn, uint32_t nr,
			const struct vmr_pci_msix_layout *l)
{
	if (l->table_bar >= VMR_PCI_ROM || l->pba_bar >= VMR_PCI_ROM ||
	    l->table_offset & 7 || l->pba_offset & 7)
		return -EINVAL;
	if (!is_inside_bar(fn, l->table_bar, l->table_offset, vmr_pci_msix_table_size(nr)) ||
	    !is_inside_bar(fn, l->pba_bar, l->pba_offset, vmr_pci_msix_pba_size(nr)))
		return -ERANGE;
	if (l->table_bar == l->pba_bar &&
	    l->table_offset < l->pba_offset + vmr_pci_msix_pba_size(nr) &&
	    l->pba_offset < l->table_offset + vmr_pci_msix_table_size(nr))
		return -ERANGE;
	return 0;
}

static void init_contents(struct vmr_pci_msix *msix)
{
	put_le16(&msix->contents[PCI_MSIX_FLAGS], msix->nr - 1);
	put_le32(&msix->contents[PCI_MSIX_TABLE],
		 msix->layout.table_offset | msix->layout.table_bar);
	put_le32(&msix->contents[PCI_MSIX_PBA],
		 msix->layout.pba_offset | msix->layout.pba_bar);
}

int vmr_pci_add_msix(struct vmr_pci_function *fn, struct vmr_pci_msix *msix,
		     uint32_t offset, struct vmr_pci_msix_entry *entries,
		     uint32_t nr, const struct vmr_pci_msix_layout *layout)
{
	static const uint8_t wmask[PCI_CAP_MSIX_SIZEOF] = {
		[PCI_MSIX_FLAGS + 1] =
			(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL) >> 8,
	};
	struct vmr_pci_cap_desc desc = {
		.id = PCI_CAP_ID_MSIX, .single = true, .offset = offset,
		.size = PCI_CAP_MSIX_SIZEOF, .wmask = wmask,
	};
	uint32_t place;
	int ret, layout_error;

	if (!fn || !msix || !entries || !layout || !nr || nr > MSIX_MAX_ENTRIES)
		return -EINVAL;
	ret = vmr_pci_check_capability(fn, &msix->reg_block, &desc, &place);
	layout_error = ret == -EINVAL ? 0 : check_layout(fn, nr, layout);
	if (ret || layout_error)
		return layout_error ? layout_error : ret;
	msix->entries = entries;
	msix->nr = nr;
	msix->layout = *layout;
	init_contents(msix);
	desc.contents = msix->contents;
	vmr_pci_msix_init(fn, msix);
	msix->reg_block.plug = msix_plug;
	msix->reg_block.undo_plug = msix_undo_plug;
	fn->device_ops = fn->dev.ops;
	fn->dev.ops = &msix_device_ops;
	return vmr_pci_add_capability(fn, &msix->reg_block, &desc);
}
EXPORT_SYMBOL_GPL(vmr_pci_add_msix);
