// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * access.c - accesses to configuration space
 *
 * The registers are kept as bytes in guest memory order. After each write, the
 * regions and vectors whose registers are written are updated from them.
 */
#include "pci.h"

static int check_access(const struct vmr_pci_function *fn, uint32_t offset,
			uint32_t width)
{
	if (width != 1 && width != 2 && width != 4)
		return -EMSGSIZE;
	if (offset >= fn->config_size || (offset & 3) + width > 4)
		return -ERANGE;
	return 0;
}

static uint32_t get_bytes(const uint8_t *bytes, uint32_t width)
{
	uint32_t value = 0;

	while (width--)
		value = value << 8 | bytes[width];
	return value;
}

void vmr_pci_read_registers(const struct vmr_pci_function *fn, uint32_t offset,
			    uint8_t *bytes, uint32_t size)
{
	const struct vmr_pci_reg_block *reg_block;
	uint32_t start, end;

	memcpy(bytes, &fn->config[offset], size);
	for (reg_block = fn->reg_blocks; reg_block;
	     reg_block = reg_block->next) {
		start = max(offset, reg_block->offset);
		end = min(offset + size, reg_block->offset + reg_block->size);
		if (reg_block->read && start < end)
			reg_block->read(fn, reg_block, start,
					&bytes[start - offset], end - start);
	}
}

int vmr_pci_config_read(const struct vmr_pci_function *fn, uint32_t offset,
			void *data, uint32_t width)
{
	int ret;

	if (!fn || !data)
		return -EINVAL;
	ret = check_access(fn, offset, width);
	if (ret == -ERANGE)
		memset(data, 0xff, width);
	if (!ret)
		vmr_pci_read_registers(fn, offset, data, width);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_config_read);

/*
 * The bits of a byte that the guest can write. A write of a power state that the function
 * does not have is discarded (PCI Bus Power Management Interface Specification 1.2,
 * section 3.2.4).
 */
static uint8_t writable_bits(const struct vmr_pci_function *fn, uint32_t at,
			     uint8_t written)
{
	if (fn->pm && at == fn->pm->reg_block.offset + PCI_PM_CTRL &&
	    !vmr_pci_has_power_state(written))
		return fn->wmask[at] & ~PCI_PM_CTRL_STATE_MASK;
	return fn->wmask[at];
}

/* Change the registers, and describe the write */
static void write_registers(struct vmr_pci_function *fn,
			    struct vmr_pci_write *write, const uint8_t *bytes)
{
	uint8_t *config = &fn->config[write->offset];
	const uint8_t *w1cmask = &fn->w1cmask[write->offset];
	uint8_t wmask;
	uint32_t i;

	write->old_value = get_bytes(config, write->width);
	write->written = get_bytes(bytes, write->width);
	for (i = 0; i < write->width; i++) {
		wmask = writable_bits(fn, write->offset + i, bytes[i]);
		config[i] = (config[i] & ~wmask) | (bytes[i] & wmask);
		config[i] &= ~(bytes[i] & w1cmask[i]);
	}
	write->new_value = get_bytes(config, write->width);
}

/* The BARs that depend on the written registers */
static uint32_t written_bars(const struct vmr_pci_function *fn,
			     const struct vmr_pci_write *write)
{
	uint32_t i, mask = 0;

	if (vmr_pci_writes(write, PCI_COMMAND, 2))
		return vmr_pci_all_bars(fn);
	for (i = 0; i < vmr_pci_nr_bars(fn); i++)
		if (vmr_pci_writes(write, vmr_pci_bar_reg(fn, i),
				   vmr_pci_bar(fn, i)->type == VMR_PCI_BAR_MEM64 ?
					   8 : 4))
			mask |= 1u << i;
	return mask;
}

static void call_blocks(struct vmr_pci_function *fn,
			const struct vmr_pci_write *write)
{
	bool command = vmr_pci_writes(write, PCI_COMMAND, 2);
	struct vmr_pci_reg_block *reg_block;

	for (reg_block = fn->reg_blocks; reg_block; reg_block = reg_block->next)
		if (reg_block->write &&
		    (command || vmr_pci_writes(write, reg_block->offset,
					       reg_block->size)))
			reg_block->write(fn, reg_block, write);
}

int vmr_pci_config_write(struct vmr_pci_function *fn, uint32_t offset,
			 const void *data, uint32_t width)
{
	struct vmr_pci_write write = { .offset = offset, .width = width };
	int ret;

	if (!fn || !data)
		return -EINVAL;
	ret = check_access(fn, offset, width);
	if (ret)
		return ret;
	if (!fn->manager)
		return -ENOENT;
	write_registers(fn, &write, data);
	vmr_pci_record_sizing(fn, &write);
	vmr_pci_update_bars(fn, written_bars(fn, &write));
	if (vmr_pci_writes(&write, PCI_COMMAND, 2))
		vmr_pci_intx_update(fn);
	call_blocks(fn, &write);
	/* A block may have refused what was written */
	write.new_value = get_bytes(&fn->config[offset], width);
	/* A listener may have unplugged the function during the updates */
	if (fn->manager && fn->events && fn->events->config_written)
		fn->events->config_written(fn, &write);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_config_write);
