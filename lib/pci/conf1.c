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
static struct vmr_pci_function *conf1_target(const struct vmr_pci_conf1 *conf1,
					     uint64_t offset, uint32_t *reg)
{
	if (offset < 4 || !(conf1->config_address & CONFIG_ADDRESS_ENABLE))
		return NULL;
	*reg = (conf1->config_address & 0xfc) + (uint32_t)(offset - 4);
	return vmr_pci_find_function(conf1->manager,
				     conf1->config_address >> 8 & 0xffff);
}

static void conf1_read_one(struct vmr_pci_conf1 *conf1, uint64_t offset,
			   uint8_t *data, uint32_t width)
{
	struct vmr_pci_function *fn;
	uint32_t reg;

	memset(data, 0xff, width);
	if (offset == 0 && width == 4) {
		put_le32(data, conf1->config_address);
		return;
	}
	fn = conf1_target(conf1, offset, &reg);
	if (fn)
		vmr_pci_config_read(fn, reg, data, width);
}

static void conf1_write_one(struct vmr_pci_conf1 *conf1, uint64_t offset,
			    const uint8_t *data, uint32_t width)
{
	struct vmr_pci_function *fn;
	uint32_t reg;

	if (offset == 0 && width == 4) {
		conf1->config_address = get_le32(data) & ~0x7f000003u;
		return;
	}
	if (offset == 1 && width == 1 && conf1->reset) {
		conf1->reset(conf1, *data);
		return;
	}
	fn = conf1_target(conf1, offset, &reg);
	if (fn)
		vmr_pci_config_write(fn, reg, data, width);
}

static void conf1_read(struct vmr_device *dev, const struct vmr_access *access,
		       void *data)
{
	struct vmr_pci_conf1 *conf1 = to_conf1(dev);
	uint8_t *bytes = data;
	uint32_t i;

	vmr_pci_lock(conf1->lock);
	for (i = 0; i < access->count; i++, bytes += access->width)
		conf1_read_one(conf1, access->offset, bytes, access->width);
	vmr_pci_unlock(conf1->lock);
}

static void conf1_write(struct vmr_device *dev, const struct vmr_access *access,
			const void *data)
{
	struct vmr_pci_conf1 *conf1 = to_conf1(dev);
	const uint8_t *bytes = data;
	uint32_t i;

	vmr_pci_lock(conf1->lock);
	for (i = 0; i < access->count; i++, bytes += access->width)
		conf1_write_one(conf1, access->offset, bytes, access->width);
	vmr_pci_unlock(conf1->lock);
}

static const struct vmr_device_ops conf1_ops = {
	.read = conf1_read,
	.write = conf1_write,
};

int vmr_pci_conf1_init(struct vmr_pci_conf1 *conf1, struct vmr_manager *manager,
		       struct vmr_lock_ops *lock)
{
	int ret;

	if (!conf1 || !manager)
		return -EINVAL;
	if (conf1->dev.state != VMR_DEVICE_UNREGISTERED)
		return -EEXIST;
	conf1->manager = manager;
	conf1->lock = lock;
	conf1->dev.ops = &conf1_ops;
	conf1->dev.name = "pci-conf1";
	if (!conf1->ports.device) {
		vmr_region_init(&conf1->ports, VMR_PIO, VMR_REGION_TRAPPED,
				CONF1_NR_PORTS, 0, "PCI conf1");
		ret = vmr_device_add_region(&conf1->dev, &conf1->ports);
		if (ret) /* LCOV_EXCL_BR_LINE: the region is new */
			return ret;	/* LCOV_EXCL_LINE: the same */
	}
	vmr_constraint_init_fixed(&conf1->port_constraint, VMR_KIND_PIO,
				  CONF1_PORT, CONF1_NR_PORTS,
				  &conf1->ports.range);
	conf1->dev.constraints = &conf1->port_constraint;
	conf1->dev.nr_constraints = 1;
	vmr_resource_set_init(&conf1->dev.resources, &conf1->port_resource, 1);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_conf1_init);

int vmr_pci_conf1_register(struct vmr_pci_conf1 *conf1,
			   struct vmr_manager *manager,
			   struct vmr_lock_ops *lock)
{
	int ret = vmr_pci_conf1_init(conf1, manager, lock);

	return ret ? ret : vmr_device_register(manager, &conf1->dev, NULL, NULL);
}
EXPORT_SYMBOL_GPL(vmr_pci_conf1_register);
