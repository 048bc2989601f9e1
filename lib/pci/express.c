// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * express.c - the PCI Express capability
 *
 * Version 2 of the capability (PCI Express Base Specification, section 7.5.3), with
 * the values of an emulated device: one lane of 2.5 GT/s, payloads of 128 bytes.
 */
#include "pci.h"

#define EXP_VERSION		2
#define LINK_SPEED_WIDTH	(PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4)

static bool is_endpoint(enum vmr_pci_express_type type)
{
	return type == VMR_PCI_EXPRESS_ENDPOINT ||
	       type == VMR_PCI_EXPRESS_LEGACY_ENDPOINT ||
	       type == VMR_PCI_EXPRESS_INTEGRATED;
}

static bool type_valid(enum vmr_pci_express_type type)
{
	return is_endpoint(type) || (type >= VMR_PCI_EXPRESS_ROOT_PORT &&
				     type <= VMR_PCI_EXPRESS_PCI_BRIDGE);
}

static void express_written(struct vmr_pci_function *fn,
			    struct vmr_pci_reg_block *reg_block,
			    const struct vmr_pci_write *write)
{
	uint32_t high = reg_block->offset + PCI_EXP_DEVCTL + 1;
	uint32_t flr = PCI_EXP_DEVCTL_BCR_FLR >> 8;

	/* The bit reads 0: it is not stored */
	if (is_endpoint(fn->express->type) && vmr_pci_writes(write, high, 1) &&
	    write->written >> 8 * (high - write->offset) & flr)
		vmr_pci_reset(fn, VMR_PCI_RESET_FUNCTION);
}

/* An integrated end point has no link */
static bool has_link(enum vmr_pci_express_type type)
{
	return type != VMR_PCI_EXPRESS_INTEGRATED;
}

/* The ports that forward to more than eight functions if the guest wants it */
static bool leads_to_device(enum vmr_pci_express_type type)
{
	return type == VMR_PCI_EXPRESS_ROOT_PORT ||
	       type == VMR_PCI_EXPRESS_DOWNSTREAM_PORT;
}

static void init_contents(struct vmr_pci_express *express,
			  enum vmr_pci_express_type type)
{
	uint8_t *c = express->contents;

	put_le16(&c[PCI_EXP_FLAGS], EXP_VERSION | type << 4);
	put_le32(&c[PCI_EXP_DEVCAP],
		 PCI_EXP_DEVCAP_RBER |
			 (is_endpoint(type) ? PCI_EXP_DEVCAP_FLR : 0));
	if (leads_to_device(type))
		put_le32(&c[PCI_EXP_DEVCAP2], PCI_EXP_DEVCAP2_ARI);
	if (!has_link(type))
		return;
	put_le32(&c[PCI_EXP_LNKCAP], LINK_SPEED_WIDTH | PCI_EXP_LNKCAP_ASPMS);
	put_le16(&c[PCI_EXP_LNKSTA], LINK_SPEED_WIDTH);
	put_le32(&c[PCI_EXP_LNKCAP2], PCI_EXP_LNKCAP2_SLS_2_5GB);
	put_le16(&c[PCI_EXP_LNKCTL2], PCI_EXP_LNKCTL2_TLS_2_5GT);
}

static void init_masks(uint8_t *wmask, uint8_t *w1cmask,
		       enum vmr_pci_express_type type)
{
	put_le16(&wmask[PCI_EXP_DEVCTL],
		 PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE |
			 PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE |
			 PCI_EXP_DEVCTL_PAYLOAD | PCI_EXP_DEVCTL_READRQ);
	put_le16(&w1cmask[PCI_EXP_DEVSTA],
		 PCI_EXP_DEVSTA_CED | PCI_EXP_DEVSTA_NFED |
			 PCI_EXP_DEVSTA_FED | PCI_EXP_DEVSTA_URD);
	if (leads_to_device(type))
		put_le16(&wmask[PCI_EXP_DEVCTL2], PCI_EXP_DEVCTL2_ARI);
	if (has_link(type))
		put_le16(&wmask[PCI_EXP_LNKCTL],
			 PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB |
				 PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES);
}

/* A function level reset keeps the payload size and the control of the link */
static void init_sticky(struct vmr_pci_express *express)
{
	put_le16(&express->sticky[PCI_EXP_DEVCTL], PCI_EXP_DEVCTL_PAYLOAD);
	put_le16(&express->sticky[PCI_EXP_LNKCTL], 0xffff);
}

int vmr_pci_add_express(struct vmr_pci_function *fn,
			struct vmr_pci_express *express,
			enum vmr_pci_express_type type)
{
	uint8_t wmask[VMR_PCI_EXPRESS_CAP_SIZE] = { 0 };
	uint8_t w1cmask[VMR_PCI_EXPRESS_CAP_SIZE] = { 0 };
	struct vmr_pci_cap_desc desc = {
		.id = PCI_CAP_ID_EXP, .single = true,
		.size = VMR_PCI_EXPRESS_CAP_SIZE,
		.wmask = wmask, .w1cmask = w1cmask,
	};
	uint32_t place;
	int ret;

	if (!fn || !express || !type_valid(type))
		return -EINVAL;
	ret = vmr_pci_check_capability(fn, &express->reg_block, &desc, &place);
	if (ret)
		return ret;
	init_contents(express, type);
	init_masks(wmask, w1cmask, type);
	init_sticky(express);
	desc.offset = express->reg_block.offset;
	desc.contents = express->contents;
	desc.sticky = express->sticky;
	express->type = (uint8_t)type;
	express->reg_block.write = express_written;
	fn->express = express;
	return vmr_pci_add_capability(fn, &express->reg_block, &desc);
}
EXPORT_SYMBOL_GPL(vmr_pci_add_express);
