// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * capability.c - the capabilities of a function as it was learned
 */
#include "capability.h"

#define EXT_START	VMR_PCI_CONFIG_SIZE

uint32_t capability_find(const uint8_t *config, uint32_t id)
{
	uint32_t at = config[PCI_CAPABILITY_LIST];
	unsigned int n;

	if (!(config[PCI_STATUS] & PCI_STATUS_CAP_LIST))
		return 0;
	for (n = 0; at && n < 48; n++, at = config[at + 1])
		if (config[at] == id)
			return at;
	return 0;
}

/* A list does not say the size: it ends at the next one at the latest */
static uint32_t distance(const struct node *node, uint32_t offset,
			 uint32_t limit)
{
	const uint8_t *config = node->config;
	uint32_t at, size = limit - offset;

	if (offset < EXT_START) {
		for (at = config[PCI_CAPABILITY_LIST]; at; at = config[at + 1])
			if (at > offset && at - offset < size)
				size = at - offset;
		return size;
	}
	for (at = EXT_START; at; at = get32(&config[at]) >> 20)
		if (at > offset && at - offset < size)
			size = at - offset;
	return size;
}

static uint32_t exp_version(const struct node *node, uint32_t offset)
{
	return node->config[offset + PCI_EXP_FLAGS] & PCI_EXP_FLAGS_VERS;
}

static uint32_t conventional_size(const struct node *node, uint32_t id,
				  uint32_t offset)
{
	uint32_t flags;

	switch (id) {
	case PCI_CAP_ID_VNDR:
		return node->config[offset + 2];
	case PCI_CAP_ID_MSI:
		flags = get16(&node->config[offset + PCI_MSI_FLAGS]);
		if (flags & PCI_MSI_FLAGS_MASKBIT)
			return flags & PCI_MSI_FLAGS_64BIT ? 24 : 20;
		return flags & PCI_MSI_FLAGS_64BIT ? 14 : 10;
	case PCI_CAP_ID_MSIX:
		return 12;
	case PCI_CAP_ID_EXP:
		return exp_version(node, offset) > 1 ? VMR_PCI_EXPRESS_CAP_SIZE :
						       0x14;
	case PCI_CAP_ID_SLOTID:
		return 4;
	case PCI_CAP_ID_PM:
	case PCI_CAP_ID_AF:
	case PCI_CAP_ID_SSVID:
	case PCI_CAP_ID_SATA:
		return 8;
	default:
		return distance(node, offset, EXT_START);
	}
}

static uint32_t extended_size(const struct node *node, uint32_t id,
			      uint32_t offset)
{
	switch (id) {
	case PCI_EXT_CAP_ID_ERR:
		return 0x48;
	case PCI_EXT_CAP_ID_DSN:
		return 12;
	case PCI_EXT_CAP_ID_ACS:
	case PCI_EXT_CAP_ID_ARI:
	case PCI_EXT_CAP_ID_ATS:
		return 8;
	case PCI_EXT_CAP_ID_SRIOV:
		return 0x40;
	default:
		return distance(node, offset, VMR_PCI_EXPRESS_CONFIG_SIZE);
	}
}

static bool set_extended(const struct node *node, struct cap *cap,
			 uint32_t offset)
{
	uint32_t header = get32(&node->config[offset]), limit;

	if (!header)
		return false;
	cap->extended = true;
	cap->offset = offset;
	cap->id = PCI_EXT_CAP_ID(header);
	cap->version = PCI_EXT_CAP_VER(header);
	cap->size = extended_size(node, cap->id, offset);
	/* Two of QEMU's e1000e overlap */
	limit = distance(node, offset, VMR_PCI_EXPRESS_CONFIG_SIZE);
	if (cap->size > limit)
		cap->size = limit;
	return true;
}

uint32_t capability_find_extended(const struct node *node, uint32_t id)
{
	struct cap cap = { 0 };

	while (capability_next(node, &cap))
		if (cap.extended && cap.id == id)
			return cap.offset;
	return 0;
}

bool capability_next(const struct node *node, struct cap *cap)
{
	const uint8_t *config = node->config;
	uint32_t at;

	if (!cap->extended) {
		at = config[cap->offset ? cap->offset + 1 : PCI_CAPABILITY_LIST];
		if (!(config[PCI_STATUS] & PCI_STATUS_CAP_LIST))
			at = 0;
		if (at) {
			cap->offset = at;
			cap->id = config[at];
			cap->size = conventional_size(node, cap->id, at);
			return true;
		}
		return node->express && set_extended(node, cap, EXT_START);
	}
	at = PCI_EXT_CAP_NEXT(get32(&config[cap->offset]));
	return at && set_extended(node, cap, at);
}

bool capability_known(const struct node *node, const struct cap *cap)
{
	if (cap->extended)
		return cap->id == PCI_EXT_CAP_ID_ARI ||
		       cap->id == PCI_EXT_CAP_ID_SRIOV;
	switch (cap->id) {
	case PCI_CAP_ID_PM:
	case PCI_CAP_ID_MSI:
	case PCI_CAP_ID_MSIX:
	case PCI_CAP_ID_AF:
		return true;
	case PCI_CAP_ID_EXP:
		/* The library has version 2, which is longer */
		return exp_version(node, cap->offset) > 1;
	default:
		return false;
	}
}

unsigned int capability_bar_register(const struct node *node,
				     unsigned int index)
{
	if (index == VMR_PCI_ROM)
		return node->is_bridge ? PCI_ROM_ADDRESS1 : PCI_ROM_ADDRESS;
	return PCI_BASE_ADDRESS_0 + 4 * index;
}

bool capability_is_table(const struct node *node, unsigned int index)
{
	uint32_t at = capability_find(node->config, PCI_CAP_ID_MSIX);

	return at && ((node->config[at + PCI_MSIX_TABLE] & 7) == index ||
		      (node->config[at + PCI_MSIX_PBA] & 7) == index);
}

int node_port_type(const struct node *node)
{
	uint32_t at = capability_find(node->config, PCI_CAP_ID_EXP);

	return at ? (node->config[at + PCI_EXP_FLAGS] & PCI_EXP_FLAGS_TYPE) >> 4 :
		    -1;
}
