// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * piix4.c - 82371AB power management, with the timer that firmware waits by
 *
 * Its two blocks of ports are placed by registers of its own that are no BARs:
 * an address, and elsewhere a bit that switches decoding on. They move in the
 * tree like BARs nevertheless.
 */
#include <string.h>

#include "../vmm.h"

#define PM_BASE		0x40
#define PM_DEVACTB	0x58
#define DEVACTB_APMC_EN	0x02	/* in its last byte */
#define PM_MISC		0x80
#define SMBUS_BASE	0x90
#define SMBUS_CONFIG	0xd2
#define DECODE		0x01	/* in PM_MISC and SMBUS_CONFIG */

#define ACPI_SIZE	64
#define ACPI_TIMER	8
#define ACPI_TIMER_HZ	3579545
#define SMBUS_SIZE	16

enum {
	ACPI_REGION,
	SMBUS_REGION,
};

static uint16_t config_ports(const uint8_t *config, unsigned int reg,
			     unsigned int size)
{
	return (uint16_t)((config[reg] | config[reg + 1] << 8) & ~(size - 1));
}

static void place(struct vmr_pci_function *fn, struct vmr_region *region,
		  uint16_t base, bool decode)
{
	if (decode && base)
		vmr_region_program(fn->manager, region, base);
	else
		vmr_region_unmap(fn->manager, region);
}

static bool touches(uint32_t offset, uint32_t width, uint32_t first,
		    uint32_t last)
{
	return offset <= last && first < offset + width;
}

/* In configuration space only the address and the bit matter; see above. */
static void pm_config_written(struct vmr_pci_function *fn, uint32_t offset,
			      uint32_t width)
{
	struct piix4_pm *pm = container_of(fn, struct piix4_pm, fn);

	if (touches(offset, width, PM_BASE, PM_BASE + 1) ||
	    touches(offset, width, PM_MISC, PM_MISC))
		place(fn, &pm->acpi, config_ports(fn->config, PM_BASE, ACPI_SIZE),
		      fn->config[PM_MISC] & DECODE);
	if (touches(offset, width, SMBUS_BASE, SMBUS_BASE + 1) ||
	    touches(offset, width, SMBUS_CONFIG, SMBUS_CONFIG))
		place(fn, &pm->smbus, config_ports(fn->config, SMBUS_BASE, SMBUS_SIZE),
		      fn->config[SMBUS_CONFIG] & DECODE);
}

static void pm_read(struct vmr_device *dev, const struct vmr_access *access,
		    void *data)
{
	struct piix4_pm *pm = container_of(dev, struct piix4_pm, fn.dev);
	uint8_t *byte = data;
	uint64_t timer, at;
	uint32_t n, i;

	/* The bus behind the SMBus ports has no devices: nothing happens. */
	memset(data, 0, (size_t)access->width * access->count);
	if (access->region != &pm->acpi)
		return;
	timer = vmm_ticks(pm->vmm, ACPI_TIMER_HZ) & 0xffffff;
	pthread_mutex_lock(&pm->lock);
	for (n = 0; n < access->count; n++) {
		for (i = 0; i < access->width; i++) {
			at = access->offset + i;
			if (at / 4 == ACPI_TIMER / 4)
				*byte++ = (uint8_t)(timer >> at % 4 * 8);
			else
				*byte++ = pm->regs[at];
		}
	}
	pthread_mutex_unlock(&pm->lock);
}

static void pm_write(struct vmr_device *dev, const struct vmr_access *access,
		     const void *data)
{
	struct piix4_pm *pm = container_of(dev, struct piix4_pm, fn.dev);
	const uint8_t *last = data;

	if (access->region != &pm->acpi)
		return;
	last += (size_t)access->width * (access->count - 1);
	pthread_mutex_lock(&pm->lock);
	memcpy(pm->regs + access->offset, last, access->width);
	pthread_mutex_unlock(&pm->lock);
}

/* Whether the saved range of a block of ports is where its registers say */
static bool ports_valid(const struct vmr_region *region, uint16_t base,
			bool decode, const struct vmr_restore_ctx *ctx)
{
	struct vmr_snapshot_range saved;
	enum vmr_state state;

	state = vmr_snapshot_find_range(ctx, &region->range, &saved);
	if (!decode || !base)
		return state == VMR_FREE;
	return (state == VMR_LIVE || state == VMR_CLAIMED) &&
	       saved.start == base && saved.last == base + region->size - 1;
}

/* @saved begins with the configuration space */
bool piix4_pm_check(const struct vmr_snapshot_block *block,
		    const uint8_t *saved, const struct vmr_restore_ctx *ctx)
{
	const struct piix4_pm *pm =
		container_of(block->owner, struct piix4_pm, fn);

	return ports_valid(&pm->acpi, config_ports(saved, PM_BASE, ACPI_SIZE),
			   saved[PM_MISC] & DECODE, ctx) &&
	       ports_valid(&pm->smbus,
			   config_ports(saved, SMBUS_BASE, SMBUS_SIZE),
			   saved[SMBUS_CONFIG] & DECODE, ctx);
}

int piix4_pm_register(struct vmm *vmm)
{
	static const struct vmr_pci_ids ids = {
		.vendor		= 0x8086,
		.device		= 0x7113,
		.subvendor	= 0x1af4,
		.subdevice	= 0x1100,
		.class_code	= 0x068000,
		.revision	= 0x03,
		.irq_pin	= 1,
	};
	static const struct vmr_device_ops dev_ops = {
		.read	= pm_read,
		.write	= pm_write,
	};
	static const struct vmr_pci_ops pci_ops = {
		.config_written	= pm_config_written,
	};
	struct piix4_pm *pm = &vmm->pm;
	struct vmr_pci_function *fn = &pm->fn;

	pm->vmm = vmm;
	pthread_mutex_init(&pm->lock, NULL);
	if (vmr_pci_function_init(fn, &ids, &dev_ops, "power management"))
		return -1;
	fn->ops = &pci_ops;
	fn->config[PM_BASE] = 1;
	fn->config[SMBUS_BASE] = 1;
	fn->wmask[PM_BASE] = 0xc0;
	fn->wmask[PM_BASE + 1] = 0xff;
	fn->wmask[SMBUS_BASE] = 0xf0;
	fn->wmask[SMBUS_BASE + 1] = 0xff;
	fn->wmask[PM_MISC] = DECODE;
	fn->wmask[SMBUS_CONFIG] = 0x0f;
	/* There is no SMM here; a firmware that sees this set will not try. */
	fn->config[PM_DEVACTB + 3] = DEVACTB_APMC_EN;

	vmr_region_init(&pm->acpi, VMR_PIO, VMR_REGION_TRAPPED, ACPI_SIZE,
			ACPI_REGION, "ACPI registers");
	vmr_region_init(&pm->smbus, VMR_PIO, VMR_REGION_TRAPPED, SMBUS_SIZE,
			SMBUS_REGION, "SMBus");
	if (vmr_device_add_region(&fn->dev, &pm->acpi) ||
	    vmr_device_add_region(&fn->dev, &pm->smbus))
		return -1;
	return pci_plug(vmm, fn, NULL, VMR_PCI_BDF(0, 1, 3));
}
