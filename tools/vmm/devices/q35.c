// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * q35.c - the PCI buses of a PC with a Q35: two host bridges, ECAM, an ICH9
 *
 * The guest places the ECAM by a register of the first host bridge, and the power
 * management ports by registers of the ISA bridge. They are no BARs, and move in the
 * trees like BARs nevertheless. There is one place for the ECAM of the whole
 * segment; each host bridge has the part with its buses.
 */
#include <string.h>

#include "../vmm.h"

/* Registers of the host bridge */
#define PCIEXBAR	0x60
#define PCIEXBAR_ENABLE	0x01
#define PAM_FIRST	0x90
#define PAM_LAST	0x96
#define SMRAM		0x9d
#define SMRAM_RESET	0x02

/* Registers of the ISA bridge */
#define PM_BASE		0x40
#define ACPI_CNTL	0x44
#define ACPI_ENABLE	0x80
#define PIRQ_A		0x60
#define PIRQ_E		0x68
#define PIRQ_OFF	0x80
#define RCBA		0xf0

/* Power management ports */
#define PM_TIMER	0x08
#define PM_TIMER_HZ	3579545
#define SMI_EN		0x30
#define SMI_EN_APMC	0x20

/* Devices above this one have the pins A to D, the others E to H. */
#define LAST_ROTATED	24

static bool touches(const struct vmr_pci_write *write, uint32_t first,
		    uint32_t last)
{
	return write->offset <= last && first < write->offset + write->width;
}

/*
 * Host bridge
 */

/* The length is always that of 256 buses. */
static uint64_t ecam_base(const uint8_t *config, uint32_t bus)
{
	return ((uint64_t)config[PCIEXBAR + 4] << 32 |
		(uint64_t)(config[PCIEXBAR + 3] & 0xf0) << 24) +
	       ((uint64_t)bus << 20);
}

/* A part of the ECAM, NULL behind the last. A machine with a kernel has one. */
static struct vmr_pci_ecam *ecam_part(struct vmm *vmm, unsigned int i)
{
	if (vmm->kernel)
		return i ? NULL : &vmm->ecam;
	return i < ARRAY_SIZE(vmm->q35.ecam) ? &vmm->q35.ecam[i] : NULL;
}

static void place_ecam(struct vmm *vmm)
{
	const uint8_t *config = vmm->q35.mch.config;
	struct vmr_pci_ecam *ecam;
	unsigned int i;

	for (i = 0; (ecam = ecam_part(vmm, i)); i++) {
		if (config[PCIEXBAR] & PCIEXBAR_ENABLE)
			vmr_region_program(&vmm->manager, &ecam->region,
					   ecam_base(config,
						     ecam->host->bus_start));
		else
			vmr_region_unmap(&vmm->manager, &ecam->region);
	}
}

static void mch_config_written(struct vmr_pci_function *fn,
			       const struct vmr_pci_write *write)
{
	if (touches(write, PCIEXBAR, PCIEXBAR + 7))
		place_ecam(container_of(fn, struct vmm, q35.mch));
}

/* The library resets the registers that each function has. */
static void mch_reset(struct vmr_pci_function *fn)
{
	memset(fn->config + PCIEXBAR, 0, 8);
	memset(fn->config + PAM_FIRST, 0, PAM_LAST - PAM_FIRST + 1);
	fn->config[SMRAM] = SMRAM_RESET;
	place_ecam(container_of(fn, struct vmm, q35.mch));
}

/*
 * The firmware detects by the subsystem id a virtual machine of QEMU's kind. The PAM
 * registers have no effect.
 */
int q35_mch_register(struct vmm *vmm)
{
	static const struct vmr_pci_ids ids = {
		.vendor		= 0x8086,
		.device		= 0x29c0,
		.subvendor	= 0x1af4,
		.subdevice	= 0x1100,
		.class_code	= 0x060000,
	};
	static const struct vmr_device_ops no_ops;
	static const struct vmr_pci_events events = {
		.config_written	= mch_config_written,
		.reset		= mch_reset,
	};
	struct vmr_pci_function *fn = &vmm->q35.mch;
	unsigned int i;

	if (vmr_pci_function_init(fn, &ids, &no_ops, "host bridge"))
		return -1;
	fn->events = &events;
	fn->wmask[PCIEXBAR] = PCIEXBAR_ENABLE;
	fn->wmask[PCIEXBAR + 3] = 0xf0;
	fn->wmask[PCIEXBAR + 4] = 0x0f;
	for (i = PAM_FIRST; i <= PAM_LAST; i++)
		fn->wmask[i] = 0x33;
	fn->wmask[SMRAM] = 0x7f;
	fn->config[SMRAM] = SMRAM_RESET;
	return pci_plug(vmm, fn, NULL, VMR_PCI_BDF(0, 0, 0));
}

/*
 * ISA bridge
 */

static uint16_t pm_base(const uint8_t *config)
{
	return (uint16_t)((config[PM_BASE] & 0x80) | config[PM_BASE + 1] << 8);
}

static bool pm_decoded(const uint8_t *config)
{
	return config[ACPI_CNTL] & ACPI_ENABLE && pm_base(config);
}

static void lpc_config_written(struct vmr_pci_function *fn,
			       const struct vmr_pci_write *write)
{
	struct vmm *vmm = container_of(fn, struct vmm, q35.lpc);

	if (touches(write, PM_BASE, ACPI_CNTL)) {
		if (pm_decoded(fn->config))
			vmr_region_program(&vmm->manager, &vmm->q35.pm,
					   pm_base(fn->config));
		else
			vmr_region_unmap(&vmm->manager, &vmm->q35.pm);
	}
	if (touches(write, PIRQ_A, PIRQ_A + 3) ||
	    touches(write, PIRQ_E, PIRQ_E + 3)) {
		vmr_pci_intx_rerouted(&vmm->pci_root);
		vmr_pci_intx_rerouted(&vmm->q35.far);
	}
}

static void lpc_read(struct vmr_device *dev, const struct vmr_access *access,
		     void *data)
{
	struct vmm *vmm = container_of(dev, struct vmm, q35.lpc.dev);
	uint64_t timer = vmm_ticks(vmm, PM_TIMER_HZ) & 0xffffff;
	uint8_t *byte = data;
	uint64_t at;
	uint32_t n, i;

	pthread_mutex_lock(&vmm->q35.mutex);
	for (n = 0; n < access->count; n++) {
		for (i = 0; i < access->width; i++) {
			at = access->offset + i;
			if (at / 4 == PM_TIMER / 4)
				*byte++ = (uint8_t)(timer >> at % 4 * 8);
			else
				*byte++ = vmm->q35.pm_regs[at];
		}
	}
	pthread_mutex_unlock(&vmm->q35.mutex);
}

static void lpc_write(struct vmr_device *dev, const struct vmr_access *access,
		      const void *data)
{
	struct vmm *vmm = container_of(dev, struct vmm, q35.lpc.dev);
	const uint8_t *last = data;

	last += (size_t)access->width * (access->count - 1);
	pthread_mutex_lock(&vmm->q35.mutex);
	memcpy(vmm->q35.pm_regs + access->offset, last, access->width);
	pthread_mutex_unlock(&vmm->q35.mutex);
}

static void lpc_registers(struct vmr_pci_function *fn)
{
	unsigned int i;

	fn->config[PM_BASE] = 1;
	fn->wmask[PM_BASE] = 0x80;
	fn->wmask[PM_BASE + 1] = 0xff;
	fn->wmask[ACPI_CNTL] = 0x87;
	for (i = 0; i < 4; i++) {
		fn->config[PIRQ_A + i] = PIRQ_OFF;
		fn->config[PIRQ_E + i] = PIRQ_OFF;
		fn->wmask[PIRQ_A + i] = 0x8f;
		fn->wmask[PIRQ_E + i] = 0x8f;
	}
	fn->wmask[RCBA] = 0x01;
	fn->wmask[RCBA + 1] = 0xc0;
	fn->wmask[RCBA + 2] = 0xff;
	fn->wmask[RCBA + 3] = 0xff;
}

static int lpc_register(struct vmm *vmm)
{
	static const struct vmr_pci_ids ids = {
		.vendor		= 0x8086,
		.device		= 0x2918,
		.subvendor	= 0x1af4,
		.subdevice	= 0x1100,
		.class_code	= 0x060100,
		.revision	= 0x02,
		.header_type	= 0x80,
	};
	static const struct vmr_device_ops ops = {
		.read	= lpc_read,
		.write	= lpc_write,
	};
	static const struct vmr_pci_events events = {
		.config_written	= lpc_config_written,
	};
	struct vmr_pci_function *fn = &vmm->q35.lpc;

	pthread_mutex_init(&vmm->q35.mutex, NULL);
	/* There is no SMM here; a firmware that sees this set will not try. */
	vmm->q35.pm_regs[SMI_EN] = SMI_EN_APMC;
	if (vmr_pci_function_init(fn, &ids, &ops, "ISA bridge"))
		return -1;
	fn->events = &events;
	lpc_registers(fn);
	vmr_region_init(&vmm->q35.pm, VMR_PIO, VMR_REGION_TRAPPED, Q35_PM_SIZE,
			0, "power management");
	if (vmr_device_add_region(&fn->dev, &vmm->q35.pm))
		return -1;
	return pci_plug(vmm, fn, NULL, VMR_PCI_BDF(0, 31, 0));
}

/*
 * Interrupt lines
 */

static struct vmm *vmm_of(struct vmr_pci_host *host)
{
	return host->bus_start ? container_of(host, struct vmm, q35.far) :
				 container_of(host, struct vmm, pci_root);
}

static uint32_t q35_map(struct vmr_pci_host *host, uint32_t device, uint32_t pin)
{
	const uint8_t *config = vmm_of(host)->q35.lpc.config;
	uint8_t route;

	if (device > LAST_ROTATED)
		route = config[PIRQ_A + pin];
	else
		route = config[PIRQ_E + ((device + pin) & 3)];
	return route & PIRQ_OFF ? Q35_NR_LINES : route & 0x0f;
}

static void q35_set_line(struct vmr_pci_host *host, uint32_t index, bool high)
{
	struct q35_lines *lines = container_of(host->intx, struct q35_lines,
					       intx);

	if (high)
		__atomic_fetch_or(&lines->high, 1u << index, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&lines->high, ~(1u << index),
				   __ATOMIC_RELAXED);
}

/* The lines of both host bridges lead to the same inputs. */
uint32_t q35_lines(const struct vmm *vmm)
{
	return __atomic_load_n(&vmm->q35.lines[0].high, __ATOMIC_RELAXED) |
	       __atomic_load_n(&vmm->q35.lines[1].high, __ATOMIC_RELAXED);
}

/*
 * The machine
 */

static int host_register(struct vmm *vmm, struct vmr_pci_host *host,
			 unsigned int number, uint32_t bus_start,
			 uint32_t bus_last, const char *name)
{
	struct q35_lines *lines = &vmm->q35.lines[number];
	struct vmr_pci_ecam *ecam = &vmm->q35.ecam[number];
	const struct vmr_pci_host_config config = {
		.bus_start	= bus_start,
		.bus_last	= bus_last,
		.intx		= &lines->intx,
		.lock		= &vmm->pci_lock,
		.name		= name,
	};
	int err;

	lines->intx.lines = lines->lines;
	lines->intx.nr_lines = Q35_NR_LINES;
	lines->intx.map = q35_map;
	lines->intx.set_line = q35_set_line;
	err = vmr_pci_host_register(&vmm->manager, host, &config);
	if (!err)
		err = vmr_pci_ecam_init(ecam, host, 0);
	if (err) {
		vmm_err("%s: %s", name, vmr_strerror(err));
		return err;
	}
	/* It has no place until the guest gives it one. */
	ecam->dev.nr_constraints = 0;
	return vmm_register(vmm, &ecam->dev);
}

static int far_bridge_register(struct vmm *vmm)
{
	static const struct vmr_pci_ids ids = {
		.vendor		= IRQDEV_VENDOR,
		.device		= 0x0100,
		.class_code	= 0x060400,
	};
	static const struct vmr_device_ops no_ops;
	struct vmr_pci_bridge *bridge = &vmm->q35.bridge;

	if (vmr_pci_bridge_init(bridge, &vmm->manager, &ids, &no_ops,
				"second PCI bridge"))
		return -1;
	return pci_plug(vmm, &bridge->fn, NULL, VMR_PCI_BDF(Q35_FAR_BUS, 2, 0));
}

int q35_register(struct vmm *vmm)
{
	int err;

	err = host_register(vmm, &vmm->pci_root, 0, 0, Q35_FAR_BUS - 1,
			    "PCI Express");
	if (!err)
		err = host_register(vmm, &vmm->q35.far, 1, Q35_FAR_BUS,
				    Q35_FAR_LAST, "second PCI Express");
	if (!err)
		err = q35_mch_register(vmm);
	if (!err)
		err = lpc_register(vmm);
	if (!err)
		err = far_bridge_register(vmm);
	return err;
}

/*
 * Snapshots
 */

static bool region_valid(const struct vmr_region *region, bool decoded,
			 uint64_t base, const struct vmr_restore_ctx *ctx)
{
	struct vmr_snapshot_range saved;
	enum vmr_state state;

	state = vmr_snapshot_find_range(ctx, &region->range, &saved);
	if (!decoded)
		return state == VMR_FREE;
	return (state == VMR_LIVE || state == VMR_CLAIMED) &&
	       saved.start == base && saved.last == base + region->size - 1;
}

/* @saved begins with the configuration space, as in q35_lpc_check() */
bool q35_mch_check(const struct vmr_snapshot_block *block,
		   const uint8_t *saved, const struct vmr_restore_ctx *ctx)
{
	struct vmm *vmm = container_of(block->owner, struct vmm, q35.mch);
	const struct vmr_pci_ecam *ecam;
	unsigned int i;

	for (i = 0; (ecam = ecam_part(vmm, i)); i++) {
		if (!region_valid(&ecam->region,
				  saved[PCIEXBAR] & PCIEXBAR_ENABLE,
				  ecam_base(saved, ecam->host->bus_start), ctx))
			return false;
	}
	return true;
}

bool q35_lpc_check(const struct vmr_snapshot_block *block,
		   const uint8_t *saved, const struct vmr_restore_ctx *ctx)
{
	const struct vmm *vmm = container_of(block->owner, struct vmm, q35.lpc);

	return region_valid(&vmm->q35.pm, pm_decoded(saved), pm_base(saved),
			    ctx);
}
