// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * sriov_device.c - accesses to the BARs of virtual functions
 *
 * A physical function with SR-IOV has the callbacks of this file. They find the VF by
 * the offset in the region of a VF BAR and call its callbacks; other accesses go to the
 * callbacks that the PF had. They run on the read side.
 */
#include "pci.h"

static struct vmr_pci_sriov *to_sriov(struct vmr_device *dev)
{
	return container_of(dev, struct vmr_pci_function, dev)->sriov;
}

/* The VF BAR that a region is, or VMR_PCI_SRIOV_NR_BARS */
static unsigned int find_bar(const struct vmr_pci_sriov *sriov,
			     const struct vmr_region *region)
{
	unsigned int i;

	for (i = 0; i < VMR_PCI_SRIOV_NR_BARS; i++)
		if (region == &sriov->bars[i].region)
			break;
	return i;
}

/* How often 2 divides @n. The parts of VFs are powers of two: 32-bit CPUs lack / */
static unsigned int order_of(uint64_t n)
{
	return vmr_log2(n & -n);
}

/* The VF whose MSI-X table or pending bits a subregion is, or NULL */
static struct vmr_pci_function *find_subregion(const struct vmr_pci_sriov *sriov,
					       const struct vmr_region *region)
{
	const struct vmr_pci_function *vf;
	uint64_t n;

	if (!region->is_subregion || region->index >= VMR_PCI_SRIOV_NR_BARS ||
	    !sriov->sizes[region->index])
		return NULL;
	/* Memory regions have BARs of at least the largest page size */
	n = region->offset >> order_of(sriov->sizes[region->index]);
	if (n >= sriov->total_vfs)
		return NULL;
	vf = sriov->vfs[n];
	return vf->msix && (region == &vf->msix->table ||
			    region == &vf->msix->pba) ?
		       sriov->vfs[n] : NULL;
}

/*
 * The VF that answers an access, which becomes one to its own region, or NULL. Returns
 * false for an access that is the PF's. The size of a part does not change while the
 * region is mapped.
 */
static bool find_vf(const struct vmr_pci_sriov *sriov, struct vmr_access *access,
		    struct vmr_pci_function **vf)
{
	unsigned int bar = find_bar(sriov, access->region);
	struct vmr_pci_function *found = NULL;
	unsigned int order;
	uint64_t n;

	*vf = NULL;
	if (bar == VMR_PCI_SRIOV_NR_BARS) {
		found = find_subregion(sriov, access->region);
		if (!found)
			return false;
		n = found->vf_index;
	} else {
		order = order_of(READ_ONCE(sriov->bars[bar].region.size)) -
			order_of(sriov->total_vfs);
		n = access->offset >> order;
		access->offset &= ((uint64_t)1 << order) - 1;
		if (access->offset + access->width > sriov->sizes[bar])
			return true;
	}
	if (n >= READ_ONCE(sriov->nr_answering) ||
	    READ_ONCE(sriov->vfs[n]->vf_unpowered))
		return true;
	*vf = sriov->vfs[n];
	if (!found)
		access->region = &(*vf)->bars[bar].region;
	return true;
}

/*
 * The callbacks that serve an access, or NULL. @dev becomes the VF, if it is one's,
 * and @access one to its own region.
 */
static const struct vmr_device_ops *find_ops(struct vmr_device **dev,
					     struct vmr_access *access)
{
	const struct vmr_pci_sriov *sriov = to_sriov(*dev);
	struct vmr_pci_function *vf;

	if (!find_vf(sriov, access, &vf))
		return sriov->ops;
	if (!vf)
		return NULL;
	*dev = &vf->dev;
	return vf->dev.ops;
}

static void sriov_device_read(struct vmr_device *dev,
			      const struct vmr_access *access, void *data)
{
	size_t size = (size_t)access->width * access->count;
	struct vmr_access own = *access;
	const struct vmr_device_ops *ops = find_ops(&dev, &own);

	if (ops && ops->read)
		ops->read(dev, &own, data);
	else
		memset(data, 0xff, size);
}

static void sriov_device_write(struct vmr_device *dev,
			       const struct vmr_access *access,
			       const void *data)
{
	struct vmr_access own = *access;
	const struct vmr_device_ops *ops = find_ops(&dev, &own);

	if (ops && ops->write)
		ops->write(dev, &own, data);
}

static int sriov_device_set_resources(struct vmr_device *dev,
				      const struct vmr_resource_set *set)
{
	const struct vmr_device_ops *ops = to_sriov(dev)->ops;

	return ops->set_resources ? ops->set_resources(dev, set) : 0;
}

const struct vmr_device_ops vmr_pci_sriov_device_ops = {
	.read = sriov_device_read,
	.write = sriov_device_write,
	.set_resources = sriov_device_set_resources,
};
