// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * conf1.c - configuration mechanism #1
 *
 * Ports 0xcf8 to 0xcfb are the address register, ports 0xcfc to 0xcff the data
 * register. The callbacks run on the read side and acquire the caller's lock.
 */
#include "pci.h"

#define CONF1_PORT		0xcf8
#define CONF1_NR_PORTS		8
#define CONFIG_ADDRESS_ENABLE	0x80000000u

static struct vmr_pci_conf1 *to_conf1(struct vmr_device *dev)
{
	return container_of(dev, struct vmr_pci_conf1, dev);
}

/* The function and the register that an access to the data ports selects */
static struct vmr_pci_function *conf1_target(const struct vmr_pci_conf1 *host,
					     uint64_t offset, uint32_t *reg)
{
	if (offset < 4 || !(host->config_address & CONFIG_ADDRESS_ENABLE))
		return NULL;
	*reg = (host->config_address & 0xfc) + (uint32_t)(offset - 4);
	return vmr_pci_find_function(host->manager,
				     host->config_address >> 8 & 0xffff);
}

static void conf1_read_one(struct vmr_pci_conf1 *host, uint64_t offset,
			   uint8_t *data, uint32_t width)
{
	struct vmr_pci_function *fn;
	uint32_t reg;

	memset(data, 0xff, width);
	if (offset == 0 && width == 4) {
		put_le32(data, host->config_address);
		return;
	}
	fn = conf1_target(host, offset, &reg);
	if (fn)
		vmr_pci_config_read(fn, reg, data, width);
}

static void conf1_write_one(struct vmr_pci_conf1 *host, uint64_t offset,
			    const uint8_t *data, uint32_t width)
{
	struct vmr_pci_function *fn;
	uint32_t reg;

	if (offset == 0 && width == 4) {
		host->config_address = get_le32(data) & ~0x7f000003u;
		return;
	}
	if (offset == 1 && width == 1 && host->reset) {
		host->reset(host, *data);
		return;
	}
	fn = conf1_target(host, offset, &reg);
	if (fn)
		vmr_pci_config_write(fn, reg, data, width);
}

static void conf1_lock(struct vmr_pci_conf1 *host)
{
	if (host->lock)
		host->lock->lock(host->lock);
}

static void conf1_unlock(struct vmr_pci_conf1 *host)
{
	if (host->lock)
		host->lock->unlock(host->lock);
}

static void conf1_read(struct vmr_device *dev, const struct vmr_access *access,
		       void *data)
{
	struct vmr_pci_conf1 *host = to_conf1(dev);
	uint8_t *bytes = data;
	uint32_t i;

	conf1_lock(host);
	for (i = 0; i < access->count; i++, bytes += access->width)
		conf1_read_one(host, access->offset, bytes, access->width);
	conf1_unlock(host);
}

static void conf1_write(struct vmr_device *dev, const struct vmr_access *access,
			const void *data)
{
	struct vmr_pci_conf1 *host = to_conf1(dev);
	const uint8_t *bytes = data;
	uint32_t i;

	conf1_lock(host);
	for (i = 0; i < access->count; i++, bytes += access->width)
		conf1_write_one(host, access->offset, bytes, access->width);
	conf1_unlock(host);
}

static const struct vmr_device_ops conf1_ops = {
	.read = conf1_read,
	.write = conf1_write,
};

int vmr_pci_conf1_init(struct vmr_pci_conf1 *host, struct vmr_manager *manager,
		       struct vmr_lock_ops *lock)
{
	int ret;

	if (!host || !manager)
		return -EINVAL;
	if (host->dev.state != VMR_DEVICE_UNREGISTERED)
		return -EEXIST;
	host->manager = manager;
	host->lock = lock;
	host->dev.ops = &conf1_ops;
	host->dev.name = "pci-host";
	if (!host->ports.device) {
		vmr_region_init(&host->ports, VMR_PIO, VMR_REGION_TRAPPED,
				CONF1_NR_PORTS, 0, "PCI conf1");
		ret = vmr_device_add_region(&host->dev, &host->ports);
		if (ret) /* LCOV_EXCL_BR_LINE: the region is new */
			return ret;	/* LCOV_EXCL_LINE: the same */
	}
	vmr_constraint_init_fixed(&host->port_constraint, VMR_KIND_PIO,
				  CONF1_PORT, CONF1_NR_PORTS,
				  &host->ports.range);
	host->dev.constraints = &host->port_constraint;
	host->dev.nr_constraints = 1;
	vmr_resource_set_init(&host->dev.resources, &host->port_resource, 1);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_conf1_init);

int vmr_pci_conf1_register(struct vmr_pci_conf1 *host,
			   struct vmr_manager *manager,
			   struct vmr_lock_ops *lock)
{
	int ret = vmr_pci_conf1_init(host, manager, lock);

	return ret ? ret : vmr_device_register(manager, &host->dev, NULL, NULL);
}
EXPORT_SYMBOL_GPL(vmr_pci_conf1_register);
