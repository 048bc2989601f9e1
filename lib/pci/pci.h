/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci.h - what the files of the PCI layer share
 *
 * Registers and their bits have the names of <linux/pci_regs.h>.
 *
 * The order of the files, each of which calls only those before it:
 *
 *	address, lookup, bar_size, bar, window, capability, rebar, vector, msix, msi,
 *	msix_device, intx, access, reset, pm, express, ari, function, card, bridge,
 *	place, slot, port, hotplug, host, slots, ecam, conf1, sriov_device, sriov,
 *	assign_place, assign_window, assign_pools, assign_collect, assign_numbers,
 *	assign_keep, assign_write, assign, state_ranges, state_port, state, state_host
 */
#ifndef VMR_LIB_PCI_PCI_H
#define VMR_LIB_PCI_PCI_H

#include <linux/pci_regs.h>

#include "base/unaligned.h"
#include "pci/bar.h"
#include "pci/place.h"

#include <vmalloc/pci.h>

struct vmr_restore_ctx;

/* The bits of PCI_COMMAND that a guest can write, as on most hardware */
#define VMR_PCI_COMMAND_WRITABLE \
	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | \
	 PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)

/* The error bits of PCI_STATUS, which the guest clears */
#define VMR_PCI_STATUS_W1C \
	(PCI_STATUS_PARITY | PCI_STATUS_SIG_TARGET_ABORT | \
	 PCI_STATUS_REC_TARGET_ABORT | PCI_STATUS_REC_MASTER_ABORT | \
	 PCI_STATUS_SIG_SYSTEM_ERROR | PCI_STATUS_DETECTED_PARITY)

/* The bit of PCI_HEADER_TYPE for several functions, which older kernels do not name */
#define VMR_PCI_MULTIFUNCTION	0x80

/* The bits of CONFIG_ADDRESS that a guest can write */
#define VMR_PCI_CONFIG_ADDRESS_WRITABLE	0x80fffffcu

/* The bits of a struct vmr_pci_vector */
#define VMR_PCI_VECTOR_BLOCKED	1u
#define VMR_PCI_VECTOR_PENDING	2u

static inline bool vmr_pci_overlaps(uint32_t a, uint32_t a_size, uint32_t b,
				    uint32_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static inline bool vmr_pci_writes(const struct vmr_pci_write *write,
				  uint32_t offset, uint32_t size)
{
	return vmr_pci_overlaps(write->offset, write->width, offset, size);
}

static inline struct vmr_pci_function *vmr_pci_to_function(struct vmr_range *range)
{
	return range ? container_of(range, struct vmr_pci_function, address) :
		       NULL;
}

/* The lock of a host bridge, or NULL */
static inline void vmr_pci_lock(struct vmr_lock_ops *lock)
{
	if (lock)
		lock->lock(lock);
}

static inline void vmr_pci_unlock(struct vmr_lock_ops *lock)
{
	if (lock)
		lock->unlock(lock);
}

/* The same for a read, which changes nothing */
static inline void vmr_pci_lock_shared(struct vmr_lock_ops *lock)
{
	if (lock && lock->lock_shared)
		lock->lock_shared(lock);
	else
		vmr_pci_lock(lock);
}

static inline void vmr_pci_unlock_shared(struct vmr_lock_ops *lock)
{
	if (lock && lock->lock_shared)
		lock->unlock_shared(lock);
	else
		vmr_pci_unlock(lock);
}

/* The power states that functions have, in PCI_PM_CTRL_STATE_MASK */
#define VMR_PCI_D0	0
#define VMR_PCI_D3HOT	3

static inline bool vmr_pci_has_power_state(uint32_t control)
{
	uint32_t state = control & PCI_PM_CTRL_STATE_MASK;

	return state == VMR_PCI_D0 || state == VMR_PCI_D3HOT;
}

/* The command register, and below, whether the function is in D0 */
static inline uint32_t vmr_pci_command(const uint8_t *config)
{
	return get_le16(&config[PCI_COMMAND]);
}

static inline bool vmr_pci_powered(const struct vmr_pci_function *fn,
				   const uint8_t *config)
{
	uint32_t offset;

	if (!fn->pm)
		return true;
	offset = fn->pm->reg_block.offset + PCI_PM_CTRL;
	return (get_le16(&config[offset]) & PCI_PM_CTRL_STATE_MASK) ==
	       VMR_PCI_D0;
}

/* Say that the device has several functions, until the function is unplugged */
static inline void vmr_pci_set_multifunction(struct vmr_pci_function *fn)
{
	fn->multifunction =
		!(fn->config[PCI_HEADER_TYPE] & VMR_PCI_MULTIFUNCTION);
	fn->config[PCI_HEADER_TYPE] |= VMR_PCI_MULTIFUNCTION;
}

/* The functions of a device without ARI */
#define VMR_PCI_FUNCTIONS	8

/* The device and function number of a function on its bus */
static inline uint32_t vmr_pci_devfn(const struct vmr_pci_function *fn)
{
	return (uint32_t)fn->address.start & 0xff;
}

/* The port that a function belongs to, or NULL */
static inline struct vmr_pci_port *
vmr_pci_port_of(const struct vmr_pci_function *fn)
{
	return fn->bridge ? fn->bridge->port : NULL;
}

/* Whether a bridge leads to a single device, by a link */
static inline bool vmr_pci_has_one_device(const struct vmr_pci_bridge *bridge)
{
	const struct vmr_pci_express *express = bridge->fn.express;

	return express && (express->type == VMR_PCI_EXPRESS_ROOT_PORT ||
			   express->type == VMR_PCI_EXPRESS_DOWNSTREAM_PORT);
}

/* Whether such a bridge forwards to more than eight functions */
static inline bool vmr_pci_ari_forwards(const struct vmr_pci_bridge *bridge)
{
	uint32_t offset = bridge->fn.express->reg_block.offset;

	return get_le16(&bridge->fn.config[offset + PCI_EXP_DEVCTL2]) &
	       PCI_EXP_DEVCTL2_ARI;
}

/* The byte of the ARI capability that names the next function */
#define VMR_PCI_ARI_NEXT	(PCI_ARI_CAP + 1)

/* ari.c: follow a function with ARI that was plugged or unplugged */
void vmr_pci_ari_update(struct vmr_pci_function *fn);

/* function.c: initialise a function, with 256 bytes of registers if @space is NULL */
int vmr_pci_init_function(struct vmr_pci_function *fn,
			  struct vmr_pci_express_config_space *space,
			  const struct vmr_pci_ids *ids,
			  const struct vmr_device_ops *ops, const char *name);

/* function.c: whether a function may have this number behind a bridge, or NULL */
bool vmr_pci_devfn_allowed(const struct vmr_pci_function *fn,
			   const struct vmr_pci_bridge *upstream,
			   uint32_t devfn);

/* function.c: whether a function can have an address below a host bridge, or NULL */
bool vmr_pci_address_fits(const struct vmr_pci_function *fn,
			  const struct vmr_pci_host *host, uint64_t address);

/* A register of the PCI Express capability of a port */
static inline uint32_t vmr_pci_port_reg(const struct vmr_pci_port *port,
					uint32_t reg)
{
	return get_le16(&port->space.config[port->express.reg_block.offset +
					    reg]);
}

static inline void vmr_pci_port_set_reg(struct vmr_pci_port *port, uint32_t reg,
					uint32_t value)
{
	put_le16(&port->space.config[port->express.reg_block.offset + reg],
		 value);
}

/* Whether a bridge does not forward anything, since its link is down */
static inline bool vmr_pci_link_down(const struct vmr_pci_bridge *bridge)
{
	return bridge->port && vmr_pci_has_one_device(bridge) &&
	       !(vmr_pci_port_reg(bridge->port, PCI_EXP_LNKSTA) &
		 PCI_EXP_LNKSTA_DLLLA);
}

/* Let the port that a function was plugged behind, or unplugged, follow */
static inline void vmr_pci_bus_changed(struct vmr_pci_bridge *upstream)
{
	if (upstream && upstream->bus_changed)
		upstream->bus_changed(upstream);
}

/* capability.c: add a register block, which does not overlap another */
void vmr_pci_add_reg_block(struct vmr_pci_function *fn,
			   struct vmr_pci_reg_block *reg_block, uint32_t offset,
			   uint32_t size);

/*
 * capability.c: whether vmr_pci_add_capability() would fail, and where it would put
 * the capability
 */
int vmr_pci_check_capability(const struct vmr_pci_function *fn,
			     const struct vmr_pci_reg_block *reg_block,
			     const struct vmr_pci_cap_desc *desc,
			     uint32_t *place);

/* capability.c: the same for vmr_pci_add_ext_capability() */
int vmr_pci_check_ext_capability(const struct vmr_pci_function *fn,
				 const struct vmr_pci_reg_block *reg_block,
				 const struct vmr_pci_cap_desc *desc);

/*
 * capability.c: give the registers their reset values. A function level reset leaves
 * sticky bits alone.
 */
void vmr_pci_reset_registers(struct vmr_pci_function *fn,
			     enum vmr_pci_reset reset);

/* window.c: the region of a window, and all of them added to a bridge */
struct vmr_region *vmr_pci_window(struct vmr_pci_bridge *bridge,
				  unsigned int index);
void vmr_pci_add_windows(struct vmr_pci_bridge *bridge);

/* window.c: move the windows to where their registers say */
void vmr_pci_update_windows(struct vmr_pci_bridge *bridge);

/* lookup.c: record the bus numbers of a bridge where lookups search, or remove them */
void vmr_pci_update_numbers(struct vmr_pci_bridge *bridge);
void vmr_pci_remove_numbers(struct vmr_pci_bridge *bridge);

/* lookup.c: the CPU address of [bus_addr, + size - 1]; false outside all windows */
bool vmr_pci_to_cpu(const struct vmr_pci_function *fn, enum vmr_io io,
		    uint64_t bus_addr, uint64_t size, uint64_t *addr);

/* lookup.c: the same for [start, last], which is clipped to the window with @start */
bool vmr_pci_clip_to_cpu(const struct vmr_pci_function *fn, enum vmr_io io,
			 uint64_t start, uint64_t *last, uint64_t *addr);

/* lookup.c: the space that the regions of a function are in, by its bridge or @sys */
const struct vmr_space *vmr_pci_space(const struct vmr_pci_function *fn,
				      const struct vmr_system *sys,
				      enum vmr_io io);

/* lookup.c: the host bridge that has a number of the @pci_buses, or NULL */
struct vmr_pci_host *vmr_pci_host_of_bus(const struct vmr_system *sys,
					 uint64_t number);

/* lookup.c: the bus that functions are on, behind @bridge or at the root */
struct vmr_id_pool *vmr_pci_devfns(const struct vmr_manager *manager,
				   const struct vmr_pci_bridge *bridge);

/* vector.c: the vectors of MSI and MSI-X */
void vmr_pci_vector_block(struct vmr_pci_vector *vector);
bool vmr_pci_vector_unblock(struct vmr_pci_vector *vector);
bool vmr_pci_vector_send(struct vmr_pci_vector *vector);
bool vmr_pci_vector_pending(const struct vmr_pci_vector *vector);
void vmr_pci_vector_clear(struct vmr_pci_vector *vector);
int vmr_pci_alloc_vectors(struct vmr_pci_function *fn,
			  struct vmr_vector_waiter *waiter);
void vmr_pci_stop_waiting(struct vmr_pci_function *fn,
			  struct vmr_vector_waiter *waiter);
void vmr_pci_free_vectors(struct vmr_pci_function *fn,
			  struct vmr_vector_waiter *waiter);
void vmr_pci_report_vector(struct vmr_pci_function *fn, uint32_t index,
			   const struct vmr_range *range, int error);
void vmr_pci_report_message(struct vmr_pci_function *fn, uint32_t index);
void vmr_pci_deliver(struct vmr_pci_function *fn, uint32_t index);

/* msi.c: the offset of the pending bits, 0 if there are none */
uint32_t vmr_pci_msi_pending_reg(const struct vmr_pci_msi *msi);

/* msi.c, msix.c: the number of vectors that the registers at @cap enable */
uint32_t vmr_pci_msi_nr_enabled(const uint8_t *cap);
bool vmr_pci_msix_enabled(const struct vmr_pci_msix *msix);

/* msix.c: whether an entry is possible, and whether the guest masks it */
bool vmr_pci_msix_entry_valid(const uint32_t *dwords);
bool vmr_pci_msix_entry_masked(const struct vmr_pci_msix *msix, uint32_t index);

static inline uint64_t vmr_pci_msix_table_size(uint32_t nr)
{
	return (uint64_t)nr * PCI_MSIX_ENTRY_SIZE;
}

static inline uint64_t vmr_pci_msix_pba_size(uint32_t nr)
{
	return (uint64_t)(nr + 63) / 64 * 8;
}

/* msix.c: initialise a capability that was added to @fn */
void vmr_pci_msix_init(struct vmr_pci_function *fn, struct vmr_pci_msix *msix);

/*
 * msix_device.c: add the table and the pending bits to memory BARs, and undo what the
 * last call added
 */
int vmr_pci_msix_add_subregions(struct vmr_pci_function *fn);
void vmr_pci_msix_undo_subregions(struct vmr_pci_function *fn);

/* intx.c: act on the level, the disable bit, and the presence of a function */
void vmr_pci_intx_update(struct vmr_pci_function *fn);

/* access.c: the registers as the guest reads them, computed ones included */
void vmr_pci_read_registers(const struct vmr_pci_function *fn, uint32_t offset,
			    uint8_t *bytes, uint32_t size);

/* reset.c: the reset of one function, and of all behind a bridge */
void vmr_pci_reset(struct vmr_pci_function *fn, enum vmr_pci_reset reset);
void vmr_pci_reset_behind(struct vmr_pci_bridge *bridge);

/*
 * state_ranges.c: compare registers and current ranges, or, with @ctx, saved ones.
 * @sizing are the BAR registers that are being sized.
 */
bool vmr_pci_matches_ranges(struct vmr_pci_function *fn, struct vmr_system *sys,
			    const struct vmr_restore_ctx *ctx,
			    const uint8_t *config, uint32_t sizing);

/*
 * state_ranges.c: whether the VFs have the addresses that the registers name, now, or
 * saved in @ctx
 */
bool vmr_pci_sriov_matches(const struct vmr_pci_sriov *sriov,
			   const uint8_t *config,
			   const struct vmr_restore_ctx *ctx);

/* The address that VF @n has on the bus of its PF at @start */
static inline uint64_t vmr_pci_vf_address(const struct vmr_pci_sriov *sriov,
					  uint64_t start, uint32_t n)
{
	const uint8_t *c = sriov->contents;

	return start + get_le16(&c[PCI_SRIOV_VF_OFFSET]) +
	       (uint64_t)n * get_le16(&c[PCI_SRIOV_VF_STRIDE]);
}

/* sriov_device.c: the callbacks of a PF, which pass accesses on to those of the VFs */
extern const struct vmr_device_ops vmr_pci_sriov_device_ops;

/*
 * function.c: the steps of vmr_pci_unplug() before and after the device is
 * unregistered. The first returns false if a callback has unplugged the function
 */
bool vmr_pci_unplug_begin(struct vmr_pci_function *fn);
void vmr_pci_unplug_end(struct vmr_pci_function *fn);

/* function.c: the steps of plugging and unplugging */
int vmr_pci_attach(struct vmr_manager *manager, struct vmr_pci_function *fn,
		   struct vmr_pci_host *host, struct vmr_pci_bridge *upstream,
		   uint32_t address);
void vmr_pci_detach(struct vmr_pci_function *fn);
void vmr_pci_attached(struct vmr_pci_function *fn);
int vmr_pci_plug_at(struct vmr_manager *manager, struct vmr_pci_function *fn,
		    struct vmr_pci_host *host, struct vmr_pci_bridge *upstream,
		    uint32_t address);

/*
 * function.c: whether vmr_pci_unplug() can unplug a function after it has unplugged
 * those behind it
 */
bool vmr_pci_can_unplug(const struct vmr_pci_function *fn);

/* slot.c: whether a function is plugged behind a port */
bool vmr_pci_is_occupied(const struct vmr_pci_port *port);

/* slot.c: whether a port has a slot, and whether that has one of the equipment */
bool vmr_pci_has_slot(const struct vmr_pci_port *port);
bool vmr_pci_slot_has(const struct vmr_pci_port *port, uint32_t flags);

/* slot.c: whether a slot has power, and whether the guest has let go of its card */
bool vmr_pci_slot_has_power(const struct vmr_pci_port *port);
bool vmr_pci_slot_is_off(const struct vmr_pci_port *port);

/*
 * slot.c: the reset values of the control and the status register, by the
 * capabilities; the masks of the control and of the status register
 */
uint32_t vmr_pci_slot_masks(uint32_t cap, uint32_t *wmask, uint32_t *w1cmask);

/* slot.c: the status bits, and the interrupt by the registers @config */
void vmr_pci_slot_event(struct vmr_pci_port *port, uint32_t event);
void vmr_pci_slot_clear_events(struct vmr_pci_port *port);
bool vmr_pci_slot_wants_service(const struct vmr_pci_port *port,
				const uint8_t *config);

/* slot.c: follow the functions behind the port, a reset, and a write of the guest */
void vmr_pci_slot_update_presence(struct vmr_pci_port *port);
void vmr_pci_slot_reset(struct vmr_pci_port *port);
/* Returns whether the guest has let go of the card by the write */
bool vmr_pci_slot_written(struct vmr_pci_port *port,
			  const struct vmr_pci_write *write);

/*
 * slot.c, port.c: whether saved registers are possible for a port that is @occupied by
 * the saved functions
 */
bool vmr_pci_slot_state_valid(const struct vmr_pci_port *port, uint32_t status,
			      bool occupied);
bool vmr_pci_port_state_valid(const struct vmr_pci_port *port,
			      const uint8_t *config, bool occupied,
			      bool intx_level);
bool vmr_pci_express_link_valid(const struct vmr_pci_function *fn,
				const uint8_t *config);

/*
 * state_port.c: the bits of a byte of the PCI Express capability that the library
 * changes, and the checks of saved registers and of a saved address
 */
uint8_t vmr_pci_express_bits(const struct vmr_pci_function *fn, uint32_t at);
bool vmr_pci_port_valid(const struct vmr_pci_function *fn, const uint8_t *config,
			bool intx_level, const struct vmr_restore_ctx *ctx);
bool vmr_pci_address_valid(const struct vmr_pci_function *fn,
			   const struct vmr_restore_ctx *ctx);

/* port.c: the bits of a 16-bit register that change without a write of the guest */
uint32_t vmr_pci_express_variable_bits(const struct vmr_pci_function *fn,
				       uint32_t reg);

/* port.c: request service from the guest, or no longer */
void vmr_pci_port_update_interrupt(struct vmr_pci_port *port);

/*
 * Functions that are plugged together: function n has the number @address + n * @stride
 * in the space of the bus. NULL stands for a function that does not exist
 */
struct vmr_pci_batch {
	struct vmr_pci_host		*host;
	struct vmr_pci_bridge		*upstream;
	struct vmr_pci_function *const	*fns;
	uint32_t			nr;
	uint32_t			address;
	uint32_t			stride;
};

/*
 * card.c: begin a transaction that adds all functions. A failure undoes all, and there
 * is no transaction
 */
int vmr_pci_attach_batch(struct vmr_manager *manager,
			 const struct vmr_pci_batch *batch,
			 struct vmr_transaction *transaction);

/* card.c: plug a function, or a card, at a device number or at one that is free */
int vmr_pci_plug_devfn(struct vmr_manager *manager, struct vmr_pci_host *host,
		       struct vmr_pci_bridge *upstream,
		       struct vmr_pci_function *fn, uint32_t devfn);
int vmr_pci_plug_card_at(struct vmr_manager *manager,
			 struct vmr_pci_host *host,
			 struct vmr_pci_bridge *upstream,
			 struct vmr_pci_function *const *fns, unsigned int nr,
			 uint32_t device);

#endif /* VMR_LIB_PCI_PCI_H */
