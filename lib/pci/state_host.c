// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * state_host.c - host bridges and CONFIG_ADDRESS in a snapshot
 *
 * A host bridge has no registers. Its block describes what the registers of the
 * functions below it rely on, so that another machine is refused.
 */
#include "pci.h"

#include <vmalloc/pci_snapshot.h>

/* The description of a host bridge, in little-endian order */
#define HOST_SEGMENT		0	/* 32 bits, as all up to the windows */
#define HOST_BUS_START		4
#define HOST_BUS_LAST		8
#define HOST_NR_LINES		12
#define HOST_NR_WINDOWS		16
#define HOST_WINDOWS		20

#define WINDOW_IO		0	/* 32 bits */
#define WINDOW_START		4	/* 64 bits, as the others */
#define WINDOW_LAST		12
#define WINDOW_BUS_START	20
#define WINDOW_SIZE		28

/* Of all windows that a host bridge can have; those that it lacks are zero */
#define HOST_SIZE \
	(HOST_WINDOWS + VMR_PCI_HOST_MAX_WINDOWS * WINDOW_SIZE)

static void describe_host(const struct vmr_pci_host *host, uint8_t *bytes)
{
	const struct vmr_pci_window *w = host->windows;
	uint8_t *at = &bytes[HOST_WINDOWS];

	memset(bytes, 0, HOST_SIZE);
	put_le32(&bytes[HOST_SEGMENT], host->segment);
	put_le32(&bytes[HOST_BUS_START], host->bus_start);
	put_le32(&bytes[HOST_BUS_LAST], host->bus_last);
	put_le32(&bytes[HOST_NR_LINES], host->intx ? host->intx->nr_lines : 0);
	put_le32(&bytes[HOST_NR_WINDOWS], host->nr_windows);
	for (; w < host->windows + host->nr_windows; w++, at += WINDOW_SIZE) {
		put_le32(&at[WINDOW_IO], w->io);
		put_le64(&at[WINDOW_START], w->start);
		put_le64(&at[WINDOW_LAST], w->last);
		put_le64(&at[WINDOW_BUS_START], w->bus_start);
	}
}

static size_t host_block_size(const struct vmr_snapshot_block *block)
{
	(void)block;
	return HOST_SIZE;
}

static bool host_block_consistent(const struct vmr_snapshot_block *block)
{
	const struct vmr_pci_host *host = block->owner;

	return host->manager;
}

static void host_block_save(const struct vmr_snapshot_block *block,
			    uint8_t *bytes)
{
	describe_host(block->owner, bytes);
}

static bool host_block_match(const struct vmr_snapshot_block *block,
			     const uint8_t *saved)
{
	uint8_t bytes[HOST_SIZE];

	describe_host(block->owner, bytes);
	return !memcmp(bytes, saved, HOST_SIZE);
}

static bool host_block_check(const struct vmr_snapshot_block *block,
			     const uint8_t *saved,
			     const struct vmr_restore_ctx *ctx)
{
	(void)saved;
	(void)ctx;
	return host_block_consistent(block);
}

static void host_block_restore(const struct vmr_snapshot_block *block,
			       const uint8_t *saved)
{
	(void)block;
	(void)saved;
}

int vmr_snapshot_describe_host(struct vmr_snapshot_block *block, uint64_t key,
			       struct vmr_pci_host *host)
{
	static const struct vmr_snapshot_block_ops ops = {
		.size = host_block_size,
		.consistent = host_block_consistent,
		.save = host_block_save,
		.match = host_block_match,
		.check = host_block_check,
		.restore = host_block_restore,
	};

	if (!block || !host)
		return -EINVAL;
	*block = (struct vmr_snapshot_block) {
		.key = key, .ops = &ops, .owner = host,
	};
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_describe_host);

static size_t conf1_block_size(const struct vmr_snapshot_block *block)
{
	(void)block;
	return 4;
}

static bool conf1_block_consistent(const struct vmr_snapshot_block *block)
{
	(void)block;
	return true;
}

static void conf1_block_save(const struct vmr_snapshot_block *block,
			     uint8_t *bytes)
{
	const struct vmr_pci_conf1 *conf1 = block->owner;

	put_le32(bytes, READ_ONCE(conf1->config_address));
}

static bool conf1_block_check(const struct vmr_snapshot_block *block,
			      const uint8_t *saved,
			      const struct vmr_restore_ctx *ctx)
{
	(void)block;
	(void)ctx;
	return !(get_le32(saved) & ~VMR_PCI_CONFIG_ADDRESS_WRITABLE);
}

static void conf1_block_restore(const struct vmr_snapshot_block *block,
				const uint8_t *saved)
{
	struct vmr_pci_conf1 *conf1 = block->owner;

	WRITE_ONCE(conf1->config_address, get_le32(saved));
}

int vmr_snapshot_describe_conf1(struct vmr_snapshot_block *block, uint64_t key,
				struct vmr_pci_conf1 *conf1)
{
	static const struct vmr_snapshot_block_ops ops = {
		.size = conf1_block_size,
		.consistent = conf1_block_consistent,
		.save = conf1_block_save,
		.check = conf1_block_check,
		.restore = conf1_block_restore,
	};

	if (!block || !conf1)
		return -EINVAL;
	*block = (struct vmr_snapshot_block) {
		.key = key, .ops = &ops, .owner = conf1,
	};
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_describe_conf1);
