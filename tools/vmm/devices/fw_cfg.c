// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * fw_cfg.c - how a firmware made for virtual machines learns of its machine
 *
 * Ports 0x510 (which item) and 0x511 (its next byte). There is no DMA: what the
 * guest reads comes through exits, so a trace has it all.
 */
#include <endian.h>
#include <string.h>

#include "../vmm.h"

enum {
	KEY_SIGNATURE	= 0x00,
	KEY_FEATURES	= 0x01,
	KEY_NR_CPUS	= 0x05,
	KEY_MAX_CPUS	= 0x0f,
	KEY_DIRECTORY	= 0x19,
	KEY_FILES	= 0x20,
	KEY_IRQ0_TO_2	= 0x8002,
};

#define E820_RAM	1

static void fw_cfg_select(struct fw_cfg *cfg, uint16_t key)
{
	cfg->selected = key;
	cfg->offset = 0;
}

static const struct fw_cfg_item *fw_cfg_selected(const struct fw_cfg *cfg)
{
	unsigned int i;

	for (i = 0; i < cfg->nr_items; i++)
		if (cfg->items[i].key == cfg->selected)
			return &cfg->items[i];
	return NULL;
}

/* Behind the end of an item, and in one that is not there, are zeroes. */
static uint8_t fw_cfg_next(struct fw_cfg *cfg)
{
	const struct fw_cfg_item *item = fw_cfg_selected(cfg);

	if (!item || cfg->offset >= item->size)
		return 0;
	return ((const uint8_t *)item->data)[cfg->offset++];
}

/*
 * Not byte by byte as other platform devices: the selector is a word, whose
 * second byte has the number of the data port.
 */
static void fw_cfg_read(struct vmr_device *dev,
			const struct vmr_access *access, void *data)
{
	struct fw_cfg *cfg = container_of(dev, struct fw_cfg, platform.dev);
	uint8_t *byte = data;
	uint32_t n;

	memset(data, 0, (size_t)access->width * access->count);
	if (access->offset != 1)
		return;
	pthread_mutex_lock(&cfg->platform.lock);
	for (n = 0; n < access->count; n++)
		*byte++ = fw_cfg_next(cfg);
	pthread_mutex_unlock(&cfg->platform.lock);
}

static void fw_cfg_write(struct vmr_device *dev,
			 const struct vmr_access *access, const void *data)
{
	struct fw_cfg *cfg = container_of(dev, struct fw_cfg, platform.dev);
	const uint8_t *last = data;

	if (access->offset != 0 || access->width != 2)
		return;
	last += 2 * (access->count - 1);
	pthread_mutex_lock(&cfg->platform.lock);
	fw_cfg_select(cfg, (uint16_t)(last[0] | last[1] << 8));
	pthread_mutex_unlock(&cfg->platform.lock);
}

static void fw_cfg_item(struct fw_cfg *cfg, uint16_t key, const void *data,
			size_t size)
{
	struct fw_cfg_item *item = &cfg->items[cfg->nr_items++];

	item->key = key;
	item->data = data;
	item->size = (uint32_t)size;
}

static void fw_cfg_file(struct fw_cfg *cfg, const char *name,
			const void *data, size_t size)
{
	uint16_t key = (uint16_t)(KEY_FILES + cfg->nr_files);
	struct fw_cfg_file *file = &cfg->directory.files[cfg->nr_files++];

	file->size = htobe32((uint32_t)size);
	file->select = htobe16(key);
	snprintf(file->name, sizeof(file->name), "%s", name);
	cfg->directory.count = htobe32(cfg->nr_files);
	fw_cfg_item(cfg, key, data, size);
}

/* The memory map that the firmware gets is the one that the library has. */
static size_t fw_cfg_memory(struct vmm *vmm)
{
	struct fw_cfg *cfg = &vmm->fw_cfg;
	struct fw_cfg_e820 *entry = cfg->e820;
	struct vmr_region *region;
	struct vmr_range *range;
	size_t n = 0;

	vmr_for_each_range(range, &vmm->sys.mmio) {
		region = container_of(range, struct vmr_region, range);
		if (region->device != &vmm->ram.dev ||
		    vmm->ram.banks[region->index].kvm.readonly ||
		    n == ARRAY_SIZE(cfg->e820))
			continue;
		entry[n].addr = htole64(range->start);
		entry[n].size = htole64(range->last - range->start + 1);
		entry[n].type = htole32(E820_RAM);
		n++;
	}
	return n * sizeof(*entry);
}

/* The room for the contents of a file */
static uint32_t file_room(const struct fw_cfg *cfg, unsigned int file)
{
	unsigned int i;

	for (i = 0; i < cfg->nr_items; i++)
		if (cfg->items[i].key == KEY_FILES + file)
			return cfg->items[i].data == cfg->e820 ?
				       sizeof(cfg->e820) :
				       cfg->items[i].size;
	return 0;
}

/*
 * The directory is that of the machine, apart from the size of the memory map, which
 * says how many entries are restored.
 */
bool fw_cfg_check(const struct vmr_snapshot_block *block,
		  const uint8_t *saved, const struct vmr_restore_ctx *ctx)
{
	const struct fw_cfg *cfg =
		container_of(block->bytes, struct fw_cfg, selected);
	struct fw_cfg state;
	unsigned int i;

	(void)ctx;
	memcpy(&state.selected, saved, block->size);
	if (state.nr_files != cfg->nr_files ||
	    state.directory.count != cfg->directory.count)
		return false;
	for (i = 0; i < ARRAY_SIZE(cfg->directory.files); i++) {
		const struct fw_cfg_file *file = &state.directory.files[i];
		const struct fw_cfg_file *built = &cfg->directory.files[i];

		if (file->select != built->select ||
		    file->reserved != built->reserved ||
		    memcmp(file->name, built->name, sizeof(file->name)) ||
		    be32toh(file->size) > file_room(cfg, i))
			return false;
	}
	return true;
}

/* Restore the sizes of the files from the restored directory. */
void fw_cfg_restored(struct vmm *vmm)
{
	struct fw_cfg *cfg = &vmm->fw_cfg;
	struct fw_cfg_item *item;
	unsigned int i;

	for (i = 0; i < cfg->nr_items; i++) {
		item = &cfg->items[i];
		if (item->key >= KEY_FILES &&
		    item->key < KEY_FILES + cfg->nr_files)
			item->size = be32toh(cfg->directory.files[item->key -
					     KEY_FILES].size);
	}
}

int fw_cfg_register(struct vmm *vmm)
{
	static const struct vmr_device_ops ops = {
		.read	= fw_cfg_read,
		.write	= fw_cfg_write,
	};
	/* Little-endian numbers, spelt out so that the host's order is none */
	static const uint8_t port_access_only[4] = { 1 };
	static const uint8_t one_cpu[2] = { 1 };
	static const uint8_t yes[1] = { 1 };
	static const uint8_t none[4];
	static const uint8_t never[4] = { 0xff, 0xff, 0xff, 0xff };
	struct fw_cfg *cfg = &vmm->fw_cfg;
	struct platform *p = &cfg->platform;

	cfg->selected = KEY_SIGNATURE;
	fw_cfg_item(cfg, KEY_SIGNATURE, "QEMU", 4);
	fw_cfg_item(cfg, KEY_FEATURES, port_access_only, 4);
	fw_cfg_item(cfg, KEY_NR_CPUS, one_cpu, 2);
	fw_cfg_item(cfg, KEY_MAX_CPUS, one_cpu, 2);
	fw_cfg_item(cfg, KEY_IRQ0_TO_2, yes, 1);
	fw_cfg_item(cfg, KEY_DIRECTORY, &cfg->directory,
		    sizeof(cfg->directory));
	fw_cfg_file(cfg, "etc/e820", cfg->e820, fw_cfg_memory(vmm));
	/* No boot menu, and no second attempt to boot. */
	fw_cfg_file(cfg, "etc/show-boot-menu", none, 4);
	fw_cfg_file(cfg, "etc/boot-menu-wait", none, 4);
	fw_cfg_file(cfg, "etc/boot-fail-wait", never, 4);

	platform_init(p, vmm, "fw_cfg");
	p->dev.ops = &ops;
	if (platform_region(p, VMR_PIO, 0x510, 2, "selector and data"))
		return -1;
	return platform_register(p);
}
