// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pci.c - PCI functions: what a guest writes to BARs becomes moves
 *
 * The registers are kept as bytes in guest memory order and are the only state:
 * after each write that touches a BAR or the command register, the regions are
 * put where the registers say.
 */
#include "internal.h"

#include <vmalloc/pci.h>

#define REG_VENDOR	0x00
#define REG_DEVICE	0x02
#define REG_COMMAND	0x04
#define REG_STATUS	0x06
#define REG_REVISION	0x08
#define REG_CLASS	0x09
#define REG_CACHE_LINE	0x0c
#define REG_LATENCY	0x0d
#define REG_HEADER	0x0e
#define REG_BARS	0x10
#define REG_SUBVENDOR	0x2c
#define REG_SUBDEVICE	0x2e
#define REG_ROM		0x30
#define REG_IRQ_LINE	0x3c
#define REG_IRQ_PIN	0x3d
#define HEADER_SIZE	0x40

#define COMMAND_IO	0x0001
#define COMMAND_MEMORY	0x0002
#define COMMAND_WRITABLE 0x0547	/* decode, master, parity, SERR#, INTx */

#define BAR_IO		0x01
#define BAR_64BIT	0x04
#define BAR_PREFETCH	0x08
#define ROM_ENABLE	0x01

#define PORT_ADDRESS	0xcf8
#define PORTS		8
#define LATCH_ENABLE	0x80000000u

static uint32_t get(const uint8_t *bytes, uint32_t width)
{
	uint32_t value = 0;

	while (width--)
		value = value << 8 | bytes[width];
	return value;
}

static void put(uint8_t *bytes, uint32_t value, uint32_t width)
{
	for (; width; width--, value >>= 8)
		*bytes++ = (uint8_t)value;
}

static uint32_t bar_reg(unsigned int index)
{
	return index == VMR_PCI_ROM ? REG_ROM : REG_BARS + 4 * index;
}

/* All the address bits that the BAR's registers have */
static uint64_t bar_mask(const struct vmr_pci_bar *bar)
{
	uint64_t mask = ~(bar->region.size - 1);

	return bar->type == VMR_BAR_MEM64 ? mask : mask & 0xffffffffu;
}

static uint64_t bar_value(const struct vmr_pci_function *fn,
			  const uint8_t *config, unsigned int index)
{
	const struct vmr_pci_bar *bar = &fn->bars[index];
	uint32_t reg = bar_reg(index);
	uint64_t value = get(&config[reg], 4);

	if (bar->type == VMR_BAR_MEM64)
		value |= (uint64_t)get(&config[reg + 4], 4) << 32;
	return value & bar_mask(bar);
}

/*
 * Whether the registers hold an address and not a step of sizing. A 64-bit BAR
 * that is being sized has for a moment ones in the lower half below a zero upper
 * half: that is the end of the 32-bit space, where no BAR lives either.
 */
static bool bar_has_address(const struct vmr_pci_function *fn,
			    const uint8_t *config, unsigned int index,
			    uint64_t *addr)
{
	uint64_t mask = bar_mask(&fn->bars[index]);

	*addr = bar_value(fn, config, index);
	return *addr && *addr != mask && *addr != (mask & 0xffffffffu);
}

static bool bar_decodes(const struct vmr_pci_function *fn,
			const uint8_t *config, unsigned int index)
{
	uint32_t command = get(&config[REG_COMMAND], 2);

	switch (fn->bars[index].type) {
	case VMR_BAR_NONE:
		return false;
	case VMR_BAR_IO:
		return command & COMMAND_IO;
	case VMR_BAR_ROM:
		return command & COMMAND_MEMORY &&
		       config[REG_ROM] & ROM_ENABLE;
	default:
		return command & COMMAND_MEMORY;
	}
}

enum vmr_state vmr_pci_bar_wants(const struct vmr_pci_function *fn,
				 const uint8_t *config, unsigned int index,
				 uint64_t *addr)
{
	if (fn->bars[index].type == VMR_BAR_NONE ||
	    !bar_has_address(fn, config, index, addr))
		return VMR_FREE;
	return bar_decodes(fn, config, index) ? VMR_LIVE : VMR_PARKED;
}

/*
 * The status register tells what happened, which is the device's own business;
 * what is read-only in the rest of the header says what the function is.
 */
bool vmr_pci_config_fits(const struct vmr_pci_function *fn,
			 const uint8_t *config)
{
	uint32_t i;

	for (i = 0; i < HEADER_SIZE; i++)
		if (i != REG_STATUS && i != REG_STATUS + 1 &&
		    (config[i] ^ fn->config[i]) & ~fn->writable[i])
			return false;
	return true;
}

bool vmr_pci_bar_address(const struct vmr_pci_function *fn, unsigned int index,
			 uint64_t *addr)
{
	uint64_t at;

	if (!fn || index >= VMR_PCI_NR_BARS || !addr ||
	    vmr_pci_bar_wants(fn, fn->config, index, &at) != VMR_LIVE)
		return false;
	*addr = at;
	return true;
}
EXPORT_SYMBOL_GPL(vmr_pci_bar_address);

/* Put a BAR's region where its registers say */
static void apply_bar(struct vmr_pci_function *fn, unsigned int index)
{
	struct vmr_region *region = &fn->bars[index].region;
	uint64_t addr;

	if (fn->bars[index].type == VMR_BAR_NONE)
		return;
	switch (vmr_pci_bar_wants(fn, fn->config, index, &addr)) {
	case VMR_LIVE:
		vmr_region_program(fn->manager, region, addr);
		break;
	case VMR_PARKED:
		vmr_region_park(fn->manager, region, addr);
		break;
	default:
		vmr_region_unmap(fn->manager, region);
	}
}

int vmr_pci_function_init(struct vmr_pci_function *fn,
			  const struct vmr_pci_ids *ids,
			  const struct vmr_device_ops *ops, const char *name)
{
	if (!fn || !ids || !ops || ids->irq_pin > 4)
		return -EINVAL;
	fn->dev.ops = ops;
	fn->dev.name = name;
	put(&fn->config[REG_VENDOR], ids->vendor, 2);
	put(&fn->config[REG_DEVICE], ids->device, 2);
	put(&fn->config[REG_REVISION], ids->revision, 1);
	put(&fn->config[REG_CLASS], ids->class_code, 3);
	put(&fn->config[REG_HEADER], ids->header_type, 1);
	put(&fn->config[REG_SUBVENDOR], ids->subvendor, 2);
	put(&fn->config[REG_SUBDEVICE], ids->subdevice, 2);
	put(&fn->config[REG_IRQ_PIN], ids->irq_pin, 1);
	put(&fn->writable[REG_COMMAND], COMMAND_WRITABLE, 2);
	put(&fn->writable[REG_CACHE_LINE], 0xff, 1);
	put(&fn->writable[REG_LATENCY], 0xff, 1);
	put(&fn->writable[REG_IRQ_LINE], 0xff, 1);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_function_init);

static bool bar_size_ok(unsigned int index, enum vmr_pci_bar_type type,
			uint64_t size)
{
	if (!is_pow2(size) || (index == VMR_PCI_ROM) != (type == VMR_BAR_ROM))
		return false;
	switch (type) {
	case VMR_BAR_IO:
		return size >= 4 && size <= 256;
	case VMR_BAR_MEM32:
		return size >= 16 && size <= 1ull << 31;
	case VMR_BAR_MEM64:
		return index < 5 && size >= 16;
	case VMR_BAR_ROM:
		return size >= 1 << 11 && size <= 1 << 24;
	default:
		return false;
	}
}

/* A register that is free has nothing writable and is not a BAR's */
static bool bar_in_use(const struct vmr_pci_function *fn, unsigned int index)
{
	return fn->bars[index].type != VMR_BAR_NONE ||
	       (index && index < VMR_PCI_ROM &&
		fn->bars[index - 1].type == VMR_BAR_MEM64);
}

int vmr_pci_add_bar(struct vmr_pci_function *fn, unsigned int index,
		    enum vmr_pci_bar_type type, bool prefetchable,
		    uint64_t size, const char *tag)
{
	struct vmr_pci_bar *bar;
	uint64_t mask;
	uint32_t reg;
	int ret;

	if (!fn || index >= VMR_PCI_NR_BARS || !bar_size_ok(index, type, size))
		return -EINVAL;
	if (bar_in_use(fn, index) ||
	    (type == VMR_BAR_MEM64 && bar_in_use(fn, index + 1)))
		return -EEXIST;
	if (fn->manager)
		return -EBUSY;
	bar = &fn->bars[index];
	vmr_region_init(&bar->region, type == VMR_BAR_IO ? VMR_PIO : VMR_MMIO,
			VMR_REGION_TRAPPED, size, index, tag);
	ret = vmr_add_region(&fn->dev, &bar->region);
	if (ret)
		return ret;
	bar->type = type;
	bar->prefetchable = prefetchable;

	reg = bar_reg(index);
	mask = bar_mask(bar);
	put(&fn->writable[reg], (uint32_t)mask, 4);
	if (type == VMR_BAR_IO)
		fn->config[reg] = BAR_IO;
	else if (type == VMR_BAR_ROM)
		fn->writable[reg] |= ROM_ENABLE;
	else
		fn->config[reg] = (type == VMR_BAR_MEM64 ? BAR_64BIT : 0) |
				  (prefetchable ? BAR_PREFETCH : 0);
	if (type == VMR_BAR_MEM64)
		put(&fn->writable[reg + 4], (uint32_t)(mask >> 32), 4);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_add_bar);

/* What a reset leaves of the registers that decide where BARs are */
static void reset_decode(struct vmr_pci_function *fn)
{
	uint32_t reg;

	put(&fn->config[REG_COMMAND], 0, 2);
	for (reg = REG_BARS; reg < REG_BARS + 24; reg++)
		fn->config[reg] &= ~fn->writable[reg];
	for (reg = REG_ROM; reg < REG_ROM + 4; reg++)
		fn->config[reg] &= ~fn->writable[reg];
}

int vmr_pci_plug(struct vmr_manager *manager, struct vmr_pci_function *fn,
		 uint32_t address)
{
	struct vmr_ids *pci;
	uint64_t issued;
	int ret;

	if (!manager || !fn)
		return -EINVAL;
	if (fn->manager)
		return -EEXIST;
	pci = &manager->sys->pci;
	issued = pci->issued;
	ret = vmr_id_alloc_at(pci, &fn->address, address, NULL);
	if (ret)
		return ret;
	reset_decode(fn);
	fn->manager = manager;
	ret = vmr_register(manager, &fn->dev, NULL, NULL);
	if (ret) {
		fn->manager = NULL;
		vmr_id_release(pci, &fn->address);
		pci->issued = issued;
	}
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_plug);

int vmr_pci_unplug(struct vmr_pci_function *fn)
{
	struct vmr_manager *manager;

	if (!fn)
		return -EINVAL;
	manager = fn->manager;
	if (!manager)
		return -ENOENT;
	fn->manager = NULL;
	vmr_id_release(&manager->sys->pci, &fn->address);
	return vmr_unlink(manager, &fn->dev);
}
EXPORT_SYMBOL_GPL(vmr_pci_unplug);

struct vmr_pci_function *vmr_pci_function_at(const struct vmr_manager *manager,
					     uint32_t address)
{
	struct vmr_range *range;

	range = manager ? vmr_id_find(&manager->sys->pci, address) : NULL;
	return range ? container_of(range, struct vmr_pci_function, address) :
		       NULL;
}
EXPORT_SYMBOL_GPL(vmr_pci_function_at);

static int check_access(uint32_t offset, uint32_t width)
{
	if (width != 1 && width != 2 && width != 4)
		return -EMSGSIZE;
	if (offset > VMR_PCI_CONFIG_SIZE - width)
		return -ERANGE;
	return 0;
}

int vmr_pci_config_read(const struct vmr_pci_function *fn, uint32_t offset,
			void *data, uint32_t width)
{
	int ret;

	if (!fn || !data)
		return -EINVAL;
	ret = check_access(offset, width);
	if (ret)
		memset(data, 0xff, width);
	else
		memcpy(data, &fn->config[offset], width);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_config_read);

static bool touches(uint32_t offset, uint32_t width, uint32_t reg, uint32_t size)
{
	return offset < reg + size && reg < offset + width;
}

int vmr_pci_config_write(struct vmr_pci_function *fn, uint32_t offset,
			 const void *data, uint32_t width)
{
	const uint8_t *bytes = data;
	bool command;
	uint32_t i;
	int ret;

	if (!fn || !data)
		return -EINVAL;
	ret = check_access(offset, width);
	if (ret)
		return ret;
	if (!fn->manager)
		return -ENOENT;
	for (i = 0; i < width; i++) {
		uint8_t *byte = &fn->config[offset + i];
		uint8_t writable = fn->writable[offset + i];

		*byte = (*byte & ~writable) | (bytes[i] & writable);
	}

	command = touches(offset, width, REG_COMMAND, 2);
	for (i = 0; i < VMR_PCI_NR_BARS; i++)
		if (command ||
		    touches(offset, width, bar_reg(i),
			    fn->bars[i].type == VMR_BAR_MEM64 ? 8 : 4))
			apply_bar(fn, i);
	if (fn->ops && fn->ops->config_written)
		fn->ops->config_written(fn, offset, width);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_config_write);

/*
 * Configuration mechanism #1
 */

static struct vmr_pci_host *host_of(struct vmr_device *dev)
{
	return container_of(dev, struct vmr_pci_host, dev);
}

/* The function and register that the data ports lead to */
static struct vmr_pci_function *latched(const struct vmr_pci_host *host,
					uint64_t offset, uint32_t *reg)
{
	if (offset < 4 || !(host->latch & LATCH_ENABLE))
		return NULL;
	*reg = (host->latch & 0xfc) + (uint32_t)(offset - 4);
	return vmr_pci_function_at(host->manager,
				   host->latch >> 8 & 0xffff);
}

static void host_read_one(struct vmr_pci_host *host, uint64_t offset,
			  uint8_t *data, uint32_t width)
{
	struct vmr_pci_function *fn;
	uint32_t reg;

	memset(data, 0xff, width);
	if (offset == 0 && width == 4) {
		put(data, host->latch, 4);
		return;
	}
	fn = latched(host, offset, &reg);
	if (fn)
		vmr_pci_config_read(fn, reg, data, width);
}

static void host_write_one(struct vmr_pci_host *host, uint64_t offset,
			   const uint8_t *data, uint32_t width)
{
	struct vmr_pci_function *fn;
	uint32_t reg;

	if (offset == 0 && width == 4) {
		host->latch = get(data, 4) & ~0x7f000003u;
		return;
	}
	fn = latched(host, offset, &reg);
	if (fn)
		vmr_pci_config_write(fn, reg, data, width);
}

static void host_lock(struct vmr_pci_host *host)
{
	if (host->lock)
		host->lock->lock(host->lock);
}

static void host_unlock(struct vmr_pci_host *host)
{
	if (host->lock)
		host->lock->unlock(host->lock);
}

static void host_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	struct vmr_pci_host *host = host_of(dev);
	uint8_t *bytes = data;
	uint32_t i;

	host_lock(host);
	for (i = 0; i < access->count; i++, bytes += access->width)
		host_read_one(host, access->offset, bytes, access->width);
	host_unlock(host);
}

static void host_write(struct vmr_device *dev, const struct vmr_access *access,
		       const void *data)
{
	struct vmr_pci_host *host = host_of(dev);
	const uint8_t *bytes = data;
	uint32_t i;

	host_lock(host);
	for (i = 0; i < access->count; i++, bytes += access->width)
		host_write_one(host, access->offset, bytes, access->width);
	host_unlock(host);
}

static const struct vmr_device_ops host_ops = {
	.read = host_read,
	.write = host_write,
};

int vmr_pci_host_register(struct vmr_pci_host *host,
			  struct vmr_manager *manager,
			  struct vmr_pci_lock *lock)
{
	int ret;

	if (!host || !manager)
		return -EINVAL;
	host->manager = manager;
	host->lock = lock;
	host->dev.ops = &host_ops;
	host->dev.name = "pci-host";
	if (!host->ports.device) {
		vmr_region_init(&host->ports, VMR_PIO, VMR_REGION_TRAPPED,
				PORTS, 0, "PCI conf1");
		ret = vmr_add_region(&host->dev, &host->ports);
		if (ret)
			return ret;
	}
	vmr_constraint_at(&host->port_constraint, VMR_KIND_PIO, PORT_ADDRESS,
			  PORTS, &host->ports.range);
	host->dev.constraints = &host->port_constraint;
	host->dev.nr_constraints = 1;
	vmr_set_init(&host->dev.resources, &host->port_resource, 1);
	return vmr_register(manager, &host->dev, NULL, NULL);
}
EXPORT_SYMBOL_GPL(vmr_pci_host_register);
