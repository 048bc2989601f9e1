// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * snapshot_items.c - what the firmware of a saved machine has still to read
 *
 * The firmware may be saved before it has read the memory map, the tables or the kernel.
 * After the restore the items come from the snapshot until a reset makes them anew.
 */
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

/* In front of the bytes of an item, which end in zeros up to a whole word */
struct item_head {
	uint32_t	key;
	uint32_t	size;
};

void items_save(struct snapshot_writer *writer, struct vmm *vmm)
{
	const struct fw_cfg *cfg = &vmm->fw_cfg;
	const struct fw_cfg_item *item = cfg->items;
	const struct fw_cfg_item *end = item + cfg->nr_items;
	struct item_head head;
	uint64_t size = 0;

	for (; item < end; item++)
		size += sizeof(head) + snapshot_padded(item->size);
	snapshot_begin(writer, SNAPSHOT_ITEMS, size);
	for (item = cfg->items; item < end; item++) {
		head.key = item->key;
		head.size = item->size;
		snapshot_put(writer, &head, sizeof(head));
		snapshot_put(writer, item->data, item->size);
	}
}

/* Make the items of their bytes. Return false if these are damaged. */
static bool make_items(struct fw_cfg *cfg, const uint8_t *bytes, size_t size)
{
	const uint8_t *end = bytes + size;
	struct item_head head;

	cfg->nr_items = 0;
	while (bytes < end) {
		if ((size_t)(end - bytes) < sizeof(head) ||
		    cfg->nr_items == FW_CFG_ITEMS)
			return false;
		memcpy(&head, bytes, sizeof(head));
		bytes += sizeof(head);
		if (head.key > UINT16_MAX ||
		    snapshot_padded(head.size) > (uint64_t)(end - bytes))
			return false;
		fw_cfg_item(cfg, (uint16_t)head.key, bytes, head.size);
		bytes += snapshot_padded(head.size);
	}
	return true;
}

/* This program finds files by the directory that the guest reads. */
static bool load_directory(struct fw_cfg *cfg)
{
	const struct fw_cfg_item *item = fw_cfg_find(cfg, KEY_DIRECTORY);

	if (!item || item->size != sizeof(cfg->directory))
		return false;
	memcpy(&cfg->directory, item->data, item->size);
	return true;
}

/* A machine that has not begun has no items. */
const char *items_load(struct vmm *vmm, struct snapshot_file *file)
{
	const uint8_t *bytes;
	size_t size;

	bytes = snapshot_next(file, SNAPSHOT_ITEMS, &size);
	if (!bytes)
		return "it has no items for its firmware";
	if (!size)
		return NULL;
	vmm->restored_items = malloc(size);
	if (!vmm->restored_items)
		return "no memory";
	memcpy(vmm->restored_items, bytes, size);
	if (vmm->config.firmware_size &&
	    make_items(&vmm->fw_cfg, vmm->restored_items, size) &&
	    load_directory(&vmm->fw_cfg) && firmware_restored(vmm))
		return NULL;
	return "its items for the firmware are damaged";
}
