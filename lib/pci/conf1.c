// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * conf1.c - configuration mechanism #1
 *
 * Ports 0xcf8 to 0xcfb are the address register, ports 0xcfc to 0xcff the data
 * register. The callbacks run on the read side. They acquire the caller's lock for the
 * registers of functions, for a read as a reader. The address register is one load or
 * store: a guest that lets several CPUs use it at a time serialises them itself.
 */
#include "pci.h"

#define CONF1_PORT		0xcf8
#define CONF1_NR_PORTS		8
#define CONFIG_ADDRESS_ENABLE	0x80000000u

static struct vmr_pci_conf1 *to_conf1(struct vmr_device *dev)
{
	return container_of(dev, struct vmr_pci_conf1, dev);
}

static bool is_address_register(const struct vmr_access *access)
{
	return access->offset == 0 && access->width == 4;
}

/* Whether an access is to the data ports, and @address selects a register for it */
static bool selects_register(const struct vmr_access *access, uint32_t address,
			     uint32_t *reg)
{
	*reg = (address & 0xfc) + (uint32_t)(access->offset - 4);
	return access->offset >= 4 && address & CONFIG_ADDRESS_ENABLE;
}

static struct vmr_pci_function *selected(const struct vmr_pci_conf1 *conf1,
					 uint32_t address)
{
	return vmr_pci_find_function(conf1->manager, address >> 8 & 0xffff);
}

static void conf1_read(struct vmr_device *dev, const struct vmr_access *access,
		       void *data)
{
	struct vmr_pci_conf1 *conf1 = to_conf1(dev);
	uint32_t address = READ_ONCE(conf1->config_address), reg, i;
	const struct vmr_pci_function *fn;
	uint8_t *bytes = data;

	memset(data, 0xff, (size_t)access->width * access->count);
	if (is_address_register(access))
		for (i = 0; i < access->count; i++)
			put_le32(&bytes[4ULL * i], address);
	if (!selects_register(access, address, &reg))
		return;
	vmr_pci_lock_shared(conf1->lock);
	fn = selected(conf1, address);
	for (i = 0; fn && i < access->count; i++, bytes += access->width)
		vmr_pci_config_read(fn, reg, bytes, access->width);
	vmr_pci_unlock_shared(conf1->lock);
}

static void write_register(struct vmr_pci_conf1 *conf1,
			   const struct vmr_access *access, uint32_t address,
			   uint32_t reg, const uint8_t *bytes)
{
	struct vmr_pci_function *fn;
	uint32_t i;

	vmr_pci_lock(conf1->lock);
	/* A callback may unplug the function between two writes of a string */
	for (i = 0; i < access->count; i++, bytes += access->width) {
		fn = selected(conf1, address);
		if (fn)
			vmr_pci_config_write(fn, reg, bytes, access->width);
	}
	vmr_pci_unlock(conf1->lock);
}

static void write_reset(struct vmr_pci_conf1 *conf1, uint32_t count,
			const uint8_t *bytes)
{
	uint32_t i;

	vmr_pci_lock(conf1->lock);
	for (i = 0; i < count; i++)
		conf1->reset(conf1, bytes[i]);
	vmr_pci_unlock(conf1->lock);
}

static void conf1_write(struct vmr_device *dev, const struct vmr_access *access,
			const void *data)
{
	struct vmr_pci_conf1 *conf1 = to_conf1(dev);
	uint32_t address = READ_ONCE(conf1->config_address), reg;
	const uint8_t *bytes = data;

	if (is_address_register(access))
		/* The last one of a string remains */
		WRITE_ONCE(conf1->config_address,
			   get_le32(&bytes[4ULL * (access->count - 1)]) &
				   VMR_PCI_CONFIG_ADDRESS_WRITABLE);
	else if (access->offset == 1 && access->width == 1 && conf1->reset)
		write_reset(conf1, access->count, bytes);
	else if (selects_register(access, address, &reg))
		write_register(conf1, access, address, reg, bytes);
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
