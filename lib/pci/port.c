// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * port.c - ports of PCI Express and their links
 *
 * The state of a link is in PCI_EXP_LNKSTA. It follows the functions behind the port,
 * the power of the slot and PCI_EXP_LNKCTL_LD after each change of one of them.
 */
#include "pci.h"

#define MAX_SPEED		6
#define SLOT_NUMBER_SHIFT	19
#define SLOT_NUMBERS		8192
#define PORT_NUMBER_SHIFT	24
/* The discard timers, which <linux/pci_regs.h> does not name */
#define BRIDGE_CTL_DISCARD_TIMERS	0xb00
#define LINK_STATE		(PCI_EXP_LNKSTA_CLS | PCI_EXP_LNKSTA_NLW)

#define SLOT_FLAGS \
	(PCI_EXP_SLTCAP_ABP | PCI_EXP_SLTCAP_PCP | PCI_EXP_SLTCAP_MRLSP | \
	 PCI_EXP_SLTCAP_AIP | PCI_EXP_SLTCAP_PIP | PCI_EXP_SLTCAP_HPS | \
	 PCI_EXP_SLTCAP_HPC | PCI_EXP_SLTCAP_EIP | PCI_EXP_SLTCAP_NCCS)

/* A port has no BARs, so that nothing calls them */
static const struct vmr_device_ops port_ops;

static struct vmr_pci_port *to_port(const struct vmr_pci_function *fn)
{
	return fn->bridge->port;
}

bool vmr_pci_port_link_active(const struct vmr_pci_port *port)
{
	return port && vmr_pci_port_reg(port, PCI_EXP_LNKSTA) &
			       PCI_EXP_LNKSTA_DLLLA;
}
EXPORT_SYMBOL_GPL(vmr_pci_port_link_active);

/* The speed and the width of a link that two ends can have */
static uint32_t negotiate(uint32_t a, uint32_t b)
{
	return min(a & PCI_EXP_LNKSTA_CLS, b & PCI_EXP_LNKSTA_CLS) |
	       min(a & PCI_EXP_LNKSTA_NLW, b & PCI_EXP_LNKSTA_NLW);
}

/*
 * Both ends show the state of the link. A function without the capability, or
 * without a link in it, has no limits.
 */
static uint32_t train_link(struct vmr_pci_port *port)
{
	uint32_t state = vmr_pci_port_reg(port, PCI_EXP_LNKCAP) & LINK_STATE;
	const struct vmr_pci_place place = vmr_pci_behind(&port->bridge);
	struct vmr_pci_function *fn = NULL;
	uint8_t *cap;
	uint32_t max;

	while ((fn = vmr_pci_next_at(&place, fn))) {
		if (!fn->express)
			continue;
		cap = &fn->config[fn->express->reg_block.offset];
		max = get_le16(&cap[PCI_EXP_LNKCAP]) & LINK_STATE;
		if (!max)
			continue;
		state = negotiate(state, max);
		put_le16(&cap[PCI_EXP_LNKSTA],
			 (get_le16(&cap[PCI_EXP_LNKSTA]) & ~LINK_STATE) |
				 state);
	}
	return state;
}

/* Whether a port has a link, or leads to one, downstream */
static bool has_link(const struct vmr_pci_port *port)
{
	return vmr_pci_has_one_device(&port->bridge);
}

/*
 * Let the link follow. Functions that a lookup does not find any more are reset, as
 * without power. The state changes first, since their callbacks may come here again.
 */
static void update_link(struct vmr_pci_port *port)
{
	uint16_t status = vmr_pci_port_reg(port, PCI_EXP_LNKSTA);
	bool up = has_link(port) && vmr_pci_is_occupied(port) &&
		  vmr_pci_slot_has_power(port) &&
		  !(vmr_pci_port_reg(port, PCI_EXP_LNKCTL) & PCI_EXP_LNKCTL_LD);

	if (up == vmr_pci_port_link_active(port))
		return;
	if (up)
		vmr_pci_port_set_reg(port, PCI_EXP_LNKSTA,
				     PCI_EXP_LNKSTA_DLLLA | train_link(port));
	else
		vmr_pci_port_set_reg(port, PCI_EXP_LNKSTA,
				     status & ~PCI_EXP_LNKSTA_DLLLA);
	vmr_pci_slot_event(port, PCI_EXP_SLTSTA_DLLSC);
	if (!up)
		vmr_pci_reset_behind(&port->bridge);
}

static bool msi_enabled(const struct vmr_pci_port *port, const uint8_t *config)
{
	return vmr_pci_msi_nr_enabled(&config[port->msi.reg_block.offset]);
}

/* PCI Express Base Specification, section 6.7.3.4 */
void vmr_pci_port_update_interrupt(struct vmr_pci_port *port)
{
	struct vmr_pci_function *fn = &port->bridge.fn;
	bool service, msi, was_notified = port->notified;

	/* A callback for an earlier change may have unplugged the port */
	if (!fn->manager || !has_link(port))
		return;
	service = vmr_pci_slot_wants_service(port, fn->config);
	msi = msi_enabled(port, fn->config);
	if (fn->config[PCI_INTERRUPT_PIN])
		vmr_pci_intx_set(fn, service && !msi);
	port->notified = service && msi;
	if (port->notified && !was_notified)
		vmr_pci_notify(fn, 0);
}

/* A function was plugged behind the port, or unplugged */
static void bus_changed(struct vmr_pci_bridge *bridge)
{
	struct vmr_pci_port *port = bridge->port;

	vmr_pci_slot_update_presence(port);
	update_link(port);
	vmr_pci_port_update_interrupt(port);
}

static void port_written(struct vmr_pci_function *fn,
			 struct vmr_pci_reg_block *reg_block,
			 const struct vmr_pci_write *write)
{
	struct vmr_pci_port *port = to_port(fn);
	bool released;

	(void)reg_block;
	released = vmr_pci_slot_written(port, write);
	update_link(port);
	vmr_pci_port_update_interrupt(port);
	/* A callback may have unplugged the card by itself */
	if (released && vmr_pci_is_occupied(port))
		port->released(port);
}

static void msi_written(struct vmr_pci_function *fn,
			struct vmr_pci_reg_block *reg_block,
			const struct vmr_pci_write *write)
{
	struct vmr_pci_port *port = to_port(fn);

	port->msi_written(fn, reg_block, write);
	vmr_pci_port_update_interrupt(port);
}

/* A reset is no event: the status registers have been cleared, and remain so */
static void port_reset(struct vmr_pci_function *fn,
		       struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_port *port = to_port(fn);

	(void)reg_block;
	port->notified = false;
	vmr_pci_slot_reset(port);
	update_link(port);
	vmr_pci_slot_clear_events(port);
}

/* The states that no write of the guest changes have no reset values of their own */
static void port_remove(struct vmr_pci_function *fn,
			struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_port *port = to_port(fn);
	uint8_t *cap = &fn->config[reg_block->offset];

	port->notified = false;
	put_le16(&cap[PCI_EXP_LNKSTA],
		 get_le16(&reg_block->contents[PCI_EXP_LNKSTA]));
	put_le16(&cap[PCI_EXP_SLTSTA],
		 get_le16(&reg_block->contents[PCI_EXP_SLTSTA]));
}

/* The functions behind the port are restored later: the registers are as saved */
static void port_restored(struct vmr_pci_function *fn,
			  struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_port *port = to_port(fn);

	(void)reg_block;
	port->notified = has_link(port) && msi_enabled(port, fn->config) &&
			 vmr_pci_slot_wants_service(port, fn->config);
}

static uint32_t reg32(const struct vmr_pci_port *port, const uint8_t *config,
		      uint32_t reg)
{
	return get_le32(&config[port->express.reg_block.offset + reg]);
}

bool vmr_pci_port_state_valid(const struct vmr_pci_port *port,
			      const uint8_t *config, bool occupied,
			      bool intx_level)
{
	uint32_t link = reg32(port, config, PCI_EXP_LNKCTL);
	uint32_t slot = reg32(port, config, PCI_EXP_SLTCTL);
	bool up = has_link(port) && occupied && !(slot & PCI_EXP_SLTCTL_PCC) &&
		  !(link & PCI_EXP_LNKCTL_LD);
	bool service;

	if (up != !!(link >> 16 & PCI_EXP_LNKSTA_DLLLA))
		return false;
	if (!has_link(port))
		return true;
	service = vmr_pci_slot_wants_service(port, config) &&
		  !msi_enabled(port, config);
	return vmr_pci_slot_state_valid(port, slot >> 16, occupied) &&
	       intx_level == (config[PCI_INTERRUPT_PIN] && service);
}

/* The bits of a 16-bit register that change without a write of the guest */
uint32_t vmr_pci_express_variable_bits(const struct vmr_pci_function *fn,
				       uint32_t reg)
{
	const struct vmr_pci_port *port = vmr_pci_port_of(fn);

	if (reg == PCI_EXP_LNKSTA)
		return LINK_STATE | (port ? PCI_EXP_LNKSTA_DLLLA : 0);
	if (reg == PCI_EXP_SLTSTA && port)
		return PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_MRLSS |
		       PCI_EXP_SLTSTA_EIS;
	return 0;
}

/* A value between 1 and that of @max; both are 0 without a link */
static bool is_within(uint32_t value, uint32_t max, uint32_t mask)
{
	value &= mask;
	max &= mask;
	return value <= max && !value == !max;
}

bool vmr_pci_express_link_valid(const struct vmr_pci_function *fn,
				const uint8_t *config)
{
	uint32_t at = fn->express->reg_block.offset;
	uint32_t status = get_le16(&config[at + PCI_EXP_LNKSTA]);
	uint32_t max = get_le16(&config[at + PCI_EXP_LNKCAP]);

	return is_within(status, max, PCI_EXP_LNKSTA_CLS) &&
	       is_within(status, max, PCI_EXP_LNKSTA_NLW);
}

/* Set a register and its masks, before the port is plugged */
static void init_reg(struct vmr_pci_port *port, uint32_t reg, uint32_t value,
		     uint32_t wmask, uint32_t w1cmask)
{
	uint32_t at = port->express.reg_block.offset + reg;

	put_le32(&port->express.contents[reg], value);
	put_le32(&port->space.config[at], value);
	put_le32(&port->space.wmask[at], wmask);
	put_le32(&port->space.w1cmask[at], w1cmask);
}

/* Also what express.c has set: the payload of the capability is that of this port */
static void init_link(struct vmr_pci_port *port,
		      const struct vmr_pci_port_config *config)
{
	uint32_t at = port->express.reg_block.offset + PCI_EXP_LNKCTL;
	uint32_t speed = config->speed ? config->speed : 1;
	uint32_t width = config->width ? config->width : 1;
	uint32_t state = speed | width << 4;
	uint32_t cap = state | PCI_EXP_LNKCAP_ASPMS |
		       (uint32_t)config->number << PORT_NUMBER_SHIFT;
	uint32_t wmask = get_le32(&port->space.wmask[at]);

	if (has_link(port)) {
		cap |= PCI_EXP_LNKCAP_DLLLARC;
		wmask |= PCI_EXP_LNKCTL_LD;
	}
	init_reg(port, PCI_EXP_LNKCAP, cap, 0, 0);
	init_reg(port, PCI_EXP_LNKCTL,
		 get_le32(&port->express.contents[PCI_EXP_LNKCTL]), wmask, 0);
	/* A bit for each speed, from bit 1 on */
	init_reg(port, PCI_EXP_LNKCAP2, (2u << speed) - 2, 0, 0);
	init_reg(port, PCI_EXP_LNKCTL2, speed, 0, 0);
}

static void init_root(struct vmr_pci_port *port)
{
	init_reg(port, PCI_EXP_RTCTL, 0,
		 PCI_EXP_RTCTL_SECEE | PCI_EXP_RTCTL_SENFEE |
			 PCI_EXP_RTCTL_SEFEE | PCI_EXP_RTCTL_PMEIE, 0);
	init_reg(port, PCI_EXP_RTSTA, 0, 0, PCI_EXP_RTSTA_PME);
}

static void init_slot(struct vmr_pci_port *port,
		      const struct vmr_pci_port_config *config)
{
	uint32_t at = port->express.reg_block.offset + PCI_EXP_FLAGS;
	uint32_t cap = config->slot_flags |
		       config->slot_number << SLOT_NUMBER_SHIFT;
	uint32_t wmask, w1cmask, value;

	port->space.config[at + 1] |= PCI_EXP_FLAGS_SLOT >> 8;
	port->express.contents[PCI_EXP_FLAGS + 1] |= PCI_EXP_FLAGS_SLOT >> 8;
	init_reg(port, PCI_EXP_SLTCAP, cap, 0, 0);
	value = vmr_pci_slot_masks(cap, &wmask, &w1cmask);
	init_reg(port, PCI_EXP_SLTCTL, value, wmask, w1cmask << 16);
}

/* Bits of PCI_BRIDGE_CONTROL that PCI Express wires to 0 (section 7.5.3.6) */
static void init_bridge_control(struct vmr_pci_port *port)
{
	uint8_t *wmask = &port->space.wmask[PCI_BRIDGE_CONTROL];
	uint32_t wired = PCI_BRIDGE_CTL_MASTER_ABORT | PCI_BRIDGE_CTL_FAST_BACK |
			 BRIDGE_CTL_DISCARD_TIMERS;

	put_le16(wmask, get_le16(wmask) & ~wired);
	put_le16(&port->space.w1cmask[PCI_BRIDGE_CONTROL], 0);
}

static bool type_has_link(enum vmr_pci_express_type type)
{
	return type == VMR_PCI_EXPRESS_ROOT_PORT ||
	       type == VMR_PCI_EXPRESS_DOWNSTREAM_PORT;
}

static bool width_valid(uint32_t width)
{
	return !width || width == 12 || (vmr_is_pow2(width) && width <= 32);
}

/* A guest that is asked by the button must be able to say that it is ready */
static bool removal_possible(uint32_t flags)
{
	return !(flags & PCI_EXP_SLTCAP_ABP) ||
	       flags & (PCI_EXP_SLTCAP_PCP | PCI_EXP_SLTCAP_PIP);
}

static bool config_valid(const struct vmr_pci_port_config *config)
{
	if (config->type < VMR_PCI_EXPRESS_ROOT_PORT ||
	    config->type > VMR_PCI_EXPRESS_PCI_BRIDGE ||
	    config->speed > MAX_SPEED || !width_valid(config->width))
		return false;
	if (!config->has_slot)
		return true;
	return type_has_link(config->type) && config->released &&
	       removal_possible(config->slot_flags) &&
	       !(config->slot_flags & ~SLOT_FLAGS) &&
	       config->slot_number < SLOT_NUMBERS;
}

/* Add the capabilities of a port; only their places can be wrong */
static int init_capabilities(struct vmr_pci_port *port,
			     const struct vmr_pci_port_config *config)
{
	struct vmr_pci_function *fn = &port->bridge.fn;
	int ret = vmr_pci_add_express(fn, &port->express, config->type);

	if (!ret && has_link(port))
		ret = vmr_pci_add_msi_maskable(fn, &port->msi,
					       port->msi.reg_block.offset, 1,
					       true);
	if (ret)
		return ret;
	port->express.reg_block.write = port_written;
	port->express.reg_block.reset = port_reset;
	port->express.reg_block.restored = port_restored;
	port->express.reg_block.remove = port_remove;
	port->msi_written = port->msi.reg_block.write;
	port->msi.reg_block.write = msi_written;
	init_link(port, config);
	if (config->type != VMR_PCI_EXPRESS_PCI_BRIDGE)
		init_bridge_control(port);
	if (config->type == VMR_PCI_EXPRESS_ROOT_PORT)
		init_root(port);
	if (config->has_slot)
		init_slot(port, config);
	return 0;
}

int vmr_pci_port_init(struct vmr_pci_port *port, struct vmr_manager *manager,
		      const struct vmr_pci_port_config *config)
{
	int ret;

	if (!port || !config || !config_valid(config))
		return -EINVAL;
	ret = vmr_pci_bridge_init_express(&port->bridge, &port->space, manager,
					  config->ids, &port_ops, config->name);
	if (ret)
		return ret;
	port->bridge.port = port;
	port->bridge.bus_changed = bus_changed;
	port->released = config->released;
	return init_capabilities(port, config);
}
EXPORT_SYMBOL_GPL(vmr_pci_port_init);
