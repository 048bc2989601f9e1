// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * ecam.c - memory-mapped configuration space
 *
 * The address of a register is bus << 20 | device << 15 | function << 12 | offset,
 * counted from the first bus of the host bridge. The callbacks run on the read side.
 * They acquire the caller's lock, for a read as a reader.
 */
#include "pci.h"

#define BUS_SIZE	0x100000

static struct vmr_pci_function *ecam_target(const struct vmr_pci_ecam *ecam,
					    uint64_t offset)
{
	const struct vmr_pci_host *host = ecam->host;
	uint32_t function = (uint32_t)(offset >> 12);

	/* The host bridge may have been registered again, with fewer buses */
	if (function >> 8 > host->bus_last - host->bus_start)
		return NULL;
	return vmr_pci_find_function(host->manager,
				     (host->segment << 16 |
				      host->bus_start << 8) + function);
}

/* At most 4 bytes, since registers are 4 bytes wide */
static void ecam_read_one(const struct vmr_pci_ecam *ecam, uint64_t offset,
			  uint8_t *data, uint32_t width)
{
	const struct vmr_pci_function *fn = ecam_target(ecam, offset);

	if (fn)
		vmr_pci_config_read(fn, offset & 0xfff, data, width);
}

static void ecam_write_one(const struct vmr_pci_ecam *ecam, uint64_t offset,
			   const uint8_t *data, uint32_t width)
{
	struct vmr_pci_function *fn = ecam_target(ecam, offset);

	if (fn)
		vmr_pci_config_write(fn, offset & 0xfff, data, width);
}

/* Other widths are possible in memory, but no register has them */
static bool is_valid(const struct vmr_access *access)
{
	return !((access->width | access->offset) & (access->width - 1));
}

/* The bytes that are read or written at a time: a dword, or less if that is the access */
static uint32_t access_step(const struct vmr_access *access)
{
	const uint32_t dword = 4;

	return min(access->width, dword);
}

static void ecam_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	struct vmr_pci_ecam *ecam = container_of(dev, struct vmr_pci_ecam, dev);
	uint32_t size = access->width * access->count, at, step;
	struct vmr_lock_ops *lock = ecam->host->lock;
	uint8_t *bytes = data;

	memset(data, 0xff, size);
	if (!is_valid(access))
		return;
	step = access_step(access);
	vmr_pci_lock_shared(lock);
	for (at = 0; at < size; at += step)
		ecam_read_one(ecam, access->offset + at % access->width,
			      &bytes[at], step);
	vmr_pci_unlock_shared(lock);
}

static void ecam_write(struct vmr_device *dev, const struct vmr_access *access,
		       const void *data)
{
	struct vmr_pci_ecam *ecam = container_of(dev, struct vmr_pci_ecam, dev);
	uint32_t size = access->width * access->count, at, step;
	struct vmr_lock_ops *lock = ecam->host->lock;
	const uint8_t *bytes = data;

	if (!is_valid(access))
		return;
	step = access_step(access);
	vmr_pci_lock(lock);
	for (at = 0; at < size; at += step)
		ecam_write_one(ecam, access->offset + at % access->width,
			       &bytes[at], step);
	vmr_pci_unlock(lock);
}

static const struct vmr_device_ops ecam_ops = {
	.read = ecam_read,
	.write = ecam_write,
};

int vmr_pci_ecam_init(struct vmr_pci_ecam *ecam, struct vmr_pci_host *host,
		      uint64_t addr)
{
	uint64_t size;
	int ret;

	if (!ecam || !host || addr & (BUS_SIZE - 1))
		return -EINVAL;
	if (ecam->dev.state != VMR_DEVICE_UNREGISTERED)
		return -EEXIST;
	if (!host->manager)
		return -ENOENT;
	size = (uint64_t)(host->bus_last - host->bus_start + 1) * BUS_SIZE;
	ecam->host = host;
	ecam->dev.ops = &ecam_ops;
	ecam->dev.name = "pci-ecam";
	if (!ecam->region.device) {
		vmr_region_init(&ecam->region, VMR_MMIO, VMR_REGION_TRAPPED,
				size, 0, "PCI ECAM");
		ret = vmr_device_add_region(&ecam->dev, &ecam->region);
		if (ret) /* LCOV_EXCL_BR_LINE: the region is new */
			return ret;	/* LCOV_EXCL_LINE: the same */
	}
	ecam->region.size = size;
	vmr_constraint_init_fixed(&ecam->constraint, VMR_KIND_MMIO, addr, size,
				  &ecam->region.range);
	ecam->dev.constraints = &ecam->constraint;
	ecam->dev.nr_constraints = 1;
	vmr_resource_set_init(&ecam->dev.resources, &ecam->resource, 1);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_ecam_init);

int vmr_pci_ecam_register(struct vmr_pci_ecam *ecam, struct vmr_pci_host *host,
			  uint64_t addr)
{
	int ret = vmr_pci_ecam_init(ecam, host, addr);

	if (ret)
		return ret;
	return vmr_device_register(host->manager, &ecam->dev, NULL, NULL);
}
EXPORT_SYMBOL_GPL(vmr_pci_ecam_register);
