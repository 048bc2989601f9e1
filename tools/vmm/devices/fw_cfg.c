// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * fw_cfg.c - how a firmware made for virtual machines learns of its machine
 *
 * Ports 0x510 (which item) and 0x511 (its next byte). A machine that boots a kernel has
 * DMA also: at 0x514 is the address of a descriptor in memory, big-endian as all in it.
 * The other machines have none: what their guest reads comes through exits, so a trace
 * has it all.
 */
#include <endian.h>
#include <string.h>

#include "../vmm.h"

#define E820_RAM	1

enum {
	PORTS_REGION,
	DMA_REGION,
};

#define DMA_PORT	0x514
#define DMA_LOW		4	/* a write of this half begins the transfer */
#define DMA_SIGNATURE	"QEMU CFG"

/* In the first word of a descriptor; the key is in its upper half */
#define DMA_ERROR	0x01
#define DMA_READ	0x02
#define DMA_SKIP	0x04
#define DMA_SELECT	0x08
#define DMA_KEY_SHIFT	16

struct dma_descriptor {
	uint32_t	control;
	uint32_t	length;
	uint64_t	address;
};

static void fw_cfg_select(struct fw_cfg *cfg, uint16_t key)
{
	cfg->selected = key;
	cfg->offset = 0;
}

struct fw_cfg_item *fw_cfg_find(struct fw_cfg *cfg, uint16_t key)
{
	unsigned int i;

	for (i = 0; i < cfg->nr_items; i++)
		if (cfg->items[i].key == key)
			return &cfg->items[i];
	return NULL;
}

/* The guest is to select an item. No lock is held: the call may change the machine. */
static void fw_cfg_prepare(struct fw_cfg *cfg, uint16_t key)
{
	const struct fw_cfg_item *item = fw_cfg_find(cfg, key);

	if (item && item->prepare)
		item->prepare(cfg->platform.vmm);
}

/* Go on by so many bytes of the item. Return those that it has of them, and their number */
static const uint8_t *fw_cfg_take(struct fw_cfg *cfg, uint32_t length,
				  uint32_t *nr)
{
	const struct fw_cfg_item *item = fw_cfg_find(cfg, cfg->selected);
	uint32_t offset = cfg->offset;

	*nr = 0;
	if (!item || offset >= item->size)
		return NULL;
	*nr = item->size - offset < length ? item->size - offset : length;
	cfg->offset += *nr;
	return (const uint8_t *)item->data + offset;
}

/* Behind the end of an item, and in one that is not there, are zeroes. */
static void fw_cfg_copy(struct fw_cfg *cfg, uint8_t *to, uint32_t length)
{
	uint32_t nr;
	const uint8_t *from = fw_cfg_take(cfg, length, &nr);

	if (nr)
		memcpy(to, from, nr);
	memset(to + nr, 0, length - nr);
}

/* Do what a descriptor says. Return false if it says what is not possible. */
static bool fw_cfg_transfer(struct fw_cfg *cfg,
			    const struct dma_descriptor *descriptor)
{
	uint32_t control = be32toh(descriptor->control);
	uint32_t length = be32toh(descriptor->length);
	void *to = NULL;

	if (control & DMA_READ && length) {
		to = ram_at(cfg->platform.vmm, be64toh(descriptor->address),
			    length);
		if (!to)
			return false;
	}
	if (control & DMA_SELECT)
		fw_cfg_prepare(cfg, (uint16_t)(control >> DMA_KEY_SHIFT));
	pthread_mutex_lock(&cfg->platform.lock);
	if (control & DMA_SELECT)
		fw_cfg_select(cfg, (uint16_t)(control >> DMA_KEY_SHIFT));
	if (to)
		fw_cfg_copy(cfg, to, length);
	else if (control & DMA_SKIP)
		fw_cfg_take(cfg, length, &length);
	pthread_mutex_unlock(&cfg->platform.lock);
	return true;
}

/*
 * The guest may change the descriptor meanwhile, which is therefore read once. The
 * control word is written last: the guest waits for it.
 */
static void fw_cfg_dma(struct fw_cfg *cfg, uint64_t address)
{
	struct dma_descriptor descriptor;
	struct vmm *vmm = cfg->platform.vmm;
	uint8_t *at = ram_at(vmm, address, sizeof(descriptor));
	uint32_t control;

	if (!at) {
		vmm_err("the guest has a DMA descriptor at %#" PRIx64
			", where no memory is", address);
		return;
	}
	memcpy(&descriptor, at, sizeof(descriptor));
	control = fw_cfg_transfer(cfg, &descriptor) ? 0 : htobe32(DMA_ERROR);
	memcpy(at, &control, sizeof(control));
}

static void dma_read(const struct vmr_access *access, uint8_t *byte)
{
	uint32_t n, i;

	for (n = 0; n < access->count; n++)
		for (i = 0; i < access->width; i++)
			*byte++ = (uint8_t)DMA_SIGNATURE[access->offset + i];
}

static void dma_write(struct fw_cfg *cfg, const struct vmr_access *access,
		      const uint8_t *bytes)
{
	uint64_t address;
	uint32_t half;

	if (access->width != 4 || access->offset % 4)
		return;
	memcpy(&half, bytes + 4 * (size_t)(access->count - 1), sizeof(half));
	half = be32toh(half);
	pthread_mutex_lock(&cfg->platform.lock);
	address = (uint64_t)cfg->dma_high << 32 | half;
	cfg->dma_high = access->offset == DMA_LOW ? 0 : half;
	pthread_mutex_unlock(&cfg->platform.lock);
	if (access->offset == DMA_LOW)
		fw_cfg_dma(cfg, address);
}

/*
 * Not byte by byte as other platform devices: the selector is a word, whose
 * second byte has the number of the data port.
 */
static void fw_cfg_read(struct vmr_device *dev,
			const struct vmr_access *access, void *data)
{
	struct fw_cfg *cfg = container_of(dev, struct fw_cfg, platform.dev);

	if (access->region->index == DMA_REGION) {
		dma_read(access, data);
		return;
	}
	memset(data, 0, (size_t)access->width * access->count);
	if (access->offset != 1)
		return;
	pthread_mutex_lock(&cfg->platform.lock);
	fw_cfg_copy(cfg, data, access->count);
	pthread_mutex_unlock(&cfg->platform.lock);
}

static void fw_cfg_write(struct vmr_device *dev,
			 const struct vmr_access *access, const void *data)
{
	struct fw_cfg *cfg = container_of(dev, struct fw_cfg, platform.dev);
	const uint8_t *last = data;
	uint16_t key;

	if (access->region->index == DMA_REGION) {
		dma_write(cfg, access, data);
		return;
	}
	if (access->offset != 0 || access->width != 2)
		return;
	last += 2 * (access->count - 1);
	key = (uint16_t)(last[0] | last[1] << 8);
	fw_cfg_prepare(cfg, key);
	pthread_mutex_lock(&cfg->platform.lock);
	fw_cfg_select(cfg, key);
	pthread_mutex_unlock(&cfg->platform.lock);
}

struct fw_cfg_item *fw_cfg_item(struct fw_cfg *cfg, uint16_t key,
				const void *data, size_t size)
{
	struct fw_cfg_item *item = &cfg->items[cfg->nr_items++];

	*item = (struct fw_cfg_item) {
		.key = key, .data = data, .size = (uint32_t)size,
	};
	return item;
}

struct fw_cfg_item *fw_cfg_file(struct fw_cfg *cfg, const char *name,
				const void *data, size_t size)
{
	uint16_t key = (uint16_t)(KEY_FILES + cfg->nr_files);
	struct fw_cfg_file *file = &cfg->directory.files[cfg->nr_files++];

	file->size = htobe32((uint32_t)size);
	file->select = htobe16(key);
	snprintf(file->name, sizeof(file->name), "%s", name);
	cfg->directory.count = htobe32(cfg->nr_files);
	return fw_cfg_item(cfg, key, data, size);
}

/* The item with the contents of a file, NULL if the directory does not have it */
struct fw_cfg_item *fw_cfg_find_file(struct fw_cfg *cfg, const char *name)
{
	const struct fw_cfg_file *file = cfg->directory.files;
	const struct fw_cfg_file *end = file + ARRAY_SIZE(cfg->directory.files);

	for (; file < end; file++)
		if (!strncmp(file->name, name, sizeof(file->name)))
			return fw_cfg_find(cfg, be16toh(file->select));
	return NULL;
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

/* Items that each machine has, with its memory map; others may follow. */
void fw_cfg_begin(struct vmm *vmm, const void *memory, size_t size)
{
	/* Little-endian numbers, spelt out so that the host's order is none */
	static const uint8_t port_access[4] = { 1 };
	static const uint8_t port_access_and_dma[4] = { 3 };
	static const uint8_t none[4];
	static const uint8_t never[4] = { 0xff, 0xff, 0xff, 0xff };
	struct fw_cfg *cfg = &vmm->fw_cfg;

	cfg->nr_items = 0;
	cfg->nr_files = 0;
	memset(&cfg->directory, 0, sizeof(cfg->directory));
	cfg->cpus[0] = vmm->kernel ? (uint8_t)vmm->kernel->nr_cpus : 1;
	fw_cfg_item(cfg, KEY_SIGNATURE, "QEMU", 4);
	fw_cfg_item(cfg, KEY_FEATURES,
		    vmm->kernel ? port_access_and_dma : port_access, 4);
	fw_cfg_item(cfg, KEY_NR_CPUS, cfg->cpus, 2);
	fw_cfg_item(cfg, KEY_MAX_CPUS, cfg->cpus, 2);
	fw_cfg_item(cfg, KEY_DIRECTORY, &cfg->directory,
		    sizeof(cfg->directory));
	fw_cfg_file(cfg, "etc/e820", memory, size);
	/* No boot menu, and no second attempt to boot. */
	fw_cfg_file(cfg, "etc/show-boot-menu", none, 4);
	fw_cfg_file(cfg, "etc/boot-menu-wait", none, 4);
	fw_cfg_file(cfg, "etc/boot-fail-wait", never, 4);
}

/* The items of a machine that boots no kernel */
static void fw_cfg_firmware(struct vmm *vmm)
{
	static const uint8_t yes[1] = { 1 };
	static const uint8_t one_more[8] = { 1 };
	struct fw_cfg *cfg = &vmm->fw_cfg;

	fw_cfg_begin(vmm, cfg->e820, fw_cfg_memory(vmm));
	fw_cfg_item(cfg, KEY_IRQ0_TO_2, yes, 1);
	/* Host bridges that the firmware would not look for */
	if (vmm->config.machine == MACHINE_Q35)
		fw_cfg_file(cfg, "etc/extra-pci-roots", one_more, 8);
}

int fw_cfg_register(struct vmm *vmm)
{
	static const struct vmr_device_ops ops = {
		.read	= fw_cfg_read,
		.write	= fw_cfg_write,
	};
	struct platform *p = &vmm->fw_cfg.platform;

	if (!vmm->kernel)
		fw_cfg_firmware(vmm);
	platform_init(p, vmm, "fw_cfg");
	p->dev.ops = &ops;
	if (platform_region(p, VMR_PIO, 0x510, 2, "selector and data") ||
	    (vmm->kernel &&
	     platform_region(p, VMR_PIO, DMA_PORT, 8, "DMA address")))
		return -1;
	return platform_register(p);
}
