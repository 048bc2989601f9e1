/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_sriov.h - virtual functions
 */
#ifndef VMALLOC_PCI_SRIOV_H
#define VMALLOC_PCI_SRIOV_H

#include <vmalloc/pci_function.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A physical function (PF) with the SR-IOV extended capability has virtual functions
 * (VFs), which the guest enables and disables (PCI Express Base Specification 5.0,
 * chapter 9). The VFs are functions in memory of the owner. The library plugs and
 * unplugs them; the owner does neither.
 *
 * Numbers: VF n has the number of the PF plus the first offset plus n times the stride.
 * A PF at the root has VFs on its own bus only. Behind a bridge the VFs may be on later
 * bus numbers, from the secondary to the subordinate bus number of the bridge. Behind a
 * root port or a downstream port the guest finds VFs with a number above 7 on the
 * secondary bus only while PCI_EXP_DEVCTL2_ARI is on.
 *
 * Enabling: when the guest sets PCI_SRIOV_CTRL_VFE, PCI_SRIOV_NUM_VF VFs appear in one
 * step, together with their memory if PCI_SRIOV_CTRL_MSE is set. The owner is asked
 * before. If that fails, nothing changes and the bit reads 0. When the guest clears the
 * bit, all VFs leave in one step. A reset of the PF, of its bus, and an unplug clear the
 * bit. No reader finds a part of the VFs, or VFs without their memory. While the bit is
 * set, PCI_SRIOV_NUM_VF and PCI_SRIOV_SYS_PGSIZE keep their values.
 *
 * VF BARs: each is one region of the PF's device. It has a part for each of the
 * PCI_SRIOV_TOTAL_VF VFs, of the size of the BAR or of the system page size, whichever
 * is larger. Its registers are in the capability, and it is moved as one BAR. It is
 * mapped while PCI_SRIOV_CTRL_VFE and PCI_SRIOV_CTRL_MSE are set and the PF is in D0.
 * VMR_PCI_VF_BAR() is its index for the calls of pci_function.h.
 *
 * An access to a part calls the callbacks of the VF: @region is the VF's own
 * @bars[] entry, and @offset counts from its start. Accesses behind the end of the BAR,
 * to a VF that is not enabled, and to one that is not in D0 read ones and write
 * nothing. The library serves the MSI-X table and the pending bits of a VF.
 *
 * The owner may make the region a memory region before the PF is plugged. Its @host
 * memory has the parts of all VFs, one after the other, and the guest accesses them
 * without an exit also while a VF is disabled or not in D0. Subregions of the owner
 * call the callbacks of the PF.
 *
 * A VF's vendor and device ids read ones, its BARs 0. Of PCI_COMMAND only
 * PCI_COMMAND_MASTER can be written. A function level reset of a VF resets that VF.
 *
 * The memory of the VFs must exist until the PF is unplugged and its device is drained.
 * A drain of a VF's device does not wait for callbacks of the VF, since readers call
 * them by way of the PF.
 *
 * Snapshots: the registers of the PF say how many VFs there are. The PF and all its
 * VFs, enabled or not, are described; vmr_pci_register_restored() registers the PF, then
 * each VF below vmr_pci_sriov_nr_enabled().
 *
 * All calls are update-side calls. Enabling and disabling n VFs costs O(n log m) for m
 * devices.
 */

#define VMR_PCI_SRIOV_NR_BARS	6

/**
 * VMR_PCI_VF_BAR() - the index of a VF BAR among the BARs of a PF
 * @n: 0 to 5
 */
#define VMR_PCI_VF_BAR(n)	(VMR_PCI_NR_BARS + (n))

/* The page sizes that each PF supports: 4, 8, 64, 256 KiB, 1 and 4 MiB */
#define VMR_PCI_SRIOV_PAGE_SIZES	0x553u

/* The bytes of the capability */
#define VMR_PCI_SRIOV_SIZE	64

/**
 * struct vmr_pci_sriov_config - the description of the VFs of a PF
 * @vfs: the VFs, @total_vfs pointers; the array must remain valid
 * @total_vfs: their number
 * @first_offset: from the number of the PF to that of VF 0
 * @stride: from the number of a VF to that of the next one
 * @vf_device: the device id of the VFs
 * @page_sizes: the supported page sizes, bit n for 2^(n + 12) bytes; 0 for
 *	VMR_PCI_SRIOV_PAGE_SIZES. 4 KiB must be among them
 */
struct vmr_pci_sriov_config {
	struct vmr_pci_function *const	*vfs;
	uint16_t			total_vfs;
	uint16_t			first_offset;
	uint16_t			stride;
	uint16_t			vf_device;
	uint32_t			page_sizes;
};

/**
 * struct vmr_pci_sriov - an SR-IOV capability
 * @reg_block: its registers
 * @enable: the guest enables @nr VFs. An error refuses it. May be NULL. Called on the
 *	update side, before anything changes
 * @changed: @nr VFs are enabled now. @error is the reason if the guest wanted to enable
 *	VFs and that failed, else 0. May be NULL
 * @bars: the VF BARs, with the regions of all VFs
 *
 * Neither callback may unplug the PF: vmr_pci_unplug() fails with -EBUSY. Writes to the
 * capability from inside of them do nothing. The same is true of a listener that is
 * notified of the VF BARs when the VFs appear or leave.
 */
struct vmr_pci_sriov {
	struct vmr_pci_reg_block	reg_block;
	int (*enable)(struct vmr_pci_function *pf, uint32_t nr);
	void (*changed)(struct vmr_pci_function *pf, uint32_t nr, int error);
	struct vmr_pci_bar		bars[VMR_PCI_SRIOV_NR_BARS];
	/* private: the size of each BAR of one VF */
	uint64_t			sizes[VMR_PCI_SRIOV_NR_BARS];
	struct vmr_pci_function		*pf;
	struct vmr_pci_function *const	*vfs;
	uint32_t			total_vfs;
	uint32_t			page_sizes;
	uint32_t			nr_enabled;
	/* readers load it: the VFs that answer while a VF BAR is mapped */
	uint32_t			nr_answering;
	/* VFs are being enabled or disabled */
	bool				busy;
	/* the callbacks of the PF for other accesses */
	const struct vmr_device_ops	*ops;
	/* the reset values */
	uint8_t				contents[VMR_PCI_SRIOV_SIZE];
	/* public: */
};

/**
 * vmr_pci_add_sriov - add an SR-IOV capability to a PCI Express function
 * @pf: a function that is not plugged, and no bridge
 * @sriov: zeroed memory but for the callbacks; @sriov->reg_block.offset may be the
 *	offset in configuration space, 0 for any place
 * @config: the description, copied but for the array
 *
 * The VFs were initialised by vmr_pci_function_init_express(), with pin 0 and without
 * BARs. The owner adds their capabilities, those that do not depend on BARs also
 * before this call.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @pf is a bridge or a VF. There are no VFs, the first
 *    offset is 0, or the stride is 0 with several VFs. The page sizes lack 4 KiB;
 *  - -EEXIST: @pf has an SR-IOV capability;
 *  - -EINVAL: a VF is NULL, is @pf or a bridge, is plugged, is one already, or has BARs,
 *    a pin, an SR-IOV capability of its own, or 256 bytes of registers;
 *  - what vmr_pci_add_ext_capability() returns.
 */
int vmr_pci_add_sriov(struct vmr_pci_function *pf, struct vmr_pci_sriov *sriov,
		      const struct vmr_pci_sriov_config *config);

/**
 * vmr_pci_sriov_add_bar - add a BAR to all VFs of a PF
 * @sriov: a capability of a PF that is not plugged
 * @index: 0 to 5
 * @type: VMR_PCI_BAR_MEM32 or VMR_PCI_BAR_MEM64
 * @prefetchable: whether reads have no side effects
 * @size: bytes of the BAR of one VF, as for vmr_pci_add_bar()
 * @name: name for people, or NULL
 *
 * A memory region needs a BAR of at least the largest supported page size; otherwise
 * plugging the PF fails with -EINVAL.
 *
 * Return: 0, or
 *  - -EINVAL: @sriov is NULL or part of no function, the type is another one, or
 *    index or size do not fit it. The parts of all VFs are larger than 1 GiB, or 2^62
 *    bytes for a 64-bit BAR, with the largest page size;
 *  - -EEXIST: the register, or the second one of a 64-bit pair, is in use;
 *  - -EBUSY: the PF is plugged.
 */
int vmr_pci_sriov_add_bar(struct vmr_pci_sriov *sriov, unsigned int index,
			  enum vmr_pci_bar_type type, bool prefetchable,
			  uint64_t size, const char *name);

/**
 * vmr_pci_sriov_nr_enabled - the number of VFs that are enabled
 * @sriov: the capability
 *
 * Return: the number; 0 if @sriov is NULL.
 */
uint32_t vmr_pci_sriov_nr_enabled(const struct vmr_pci_sriov *sriov);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_SRIOV_H */
