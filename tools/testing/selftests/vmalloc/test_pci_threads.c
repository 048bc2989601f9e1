// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_threads.c - accesses to configuration space by several threads
 *
 * The lock is one with readers. No result depends on time: the writer continues until
 * the readers have seen enough of each answer, and fails if they do not.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "../kselftest_harness.h"
#include "requires.h"

#include "pci_machine.h"

#define NR_READERS	2
#define ROUNDS_MAX	2000000
#define SEEN_MIN	50

#define CARD_IDS	0x10411af4u
#define MSI_CAP		0x40
#define MSIX_CAP	0x60
#define TABLE		0x80000000u

/* The writer keeps the mutex, readers only count themselves. */
struct rw_lock {
	struct vmr_lock_ops	ops;
	pthread_mutex_t		mutex;
	unsigned int		readers;
};

static struct rw_lock *to_rw_lock(struct vmr_lock_ops *ops)
{
	return owner_of(ops, struct rw_lock, ops);
}

static void writer_lock(struct vmr_lock_ops *ops)
{
	struct rw_lock *rw = to_rw_lock(ops);

	pthread_mutex_lock(&rw->mutex);
	while (rw->readers) {
		pthread_mutex_unlock(&rw->mutex);
		sched_yield();
		pthread_mutex_lock(&rw->mutex);
	}
}

static void writer_unlock(struct vmr_lock_ops *ops)
{
	pthread_mutex_unlock(&to_rw_lock(ops)->mutex);
}

static void count_reader(struct vmr_lock_ops *ops, unsigned int change)
{
	struct rw_lock *rw = to_rw_lock(ops);

	pthread_mutex_lock(&rw->mutex);
	rw->readers += change;
	pthread_mutex_unlock(&rw->mutex);
}

static void reader_lock(struct vmr_lock_ops *ops)
{
	count_reader(ops, 1);
}

static void reader_unlock(struct vmr_lock_ops *ops)
{
	count_reader(ops, -1u);
}

static struct rw_lock lock = {
	.ops = {
		.lock = writer_lock, .unlock = writer_unlock,
		.lock_shared = reader_lock, .unlock_shared = reader_unlock,
	},
	.mutex = PTHREAD_MUTEX_INITIALIZER,
};

static void write_begin(void)
{
	lock.ops.lock(&lock.ops);
}

static void write_end(void)
{
	lock.ops.unlock(&lock.ops);
}

/* A card behind a bridge, and one at the root that sends messages all the time */
static struct vmr_pci_host host;
static struct vmr_pci_ecam ecam;
static struct vmr_pci_conf1 conf1;
static struct vmr_pci_bridge bridge;
static struct vmr_pci_function card, sender;
static struct vmr_pci_msi sender_msi;
static struct vmr_pci_msix msix;
static struct vmr_pci_msix_entry entries[4];
static unsigned int stop;

static int card_plug(void)
{
	const struct vmr_pci_msix_layout layout = { 0, 0, 0, 0x800 };
	int ret = card_with_bar(&card);

	memset(&msix, 0, sizeof(msix));
	memset(entries, 0, sizeof(entries));
	if (!ret)
		ret = vmr_pci_add_msix(&card, &msix, MSIX_CAP, entries, 4,
				       &layout);
	return ret ? ret : vmr_pci_bridge_plug(&bridge, &card, 0);
}

static int sender_plug(void)
{
	int ret = card_init(&sender);

	if (!ret)
		ret = vmr_pci_add_msi_maskable(&sender, &sender_msi, MSI_CAP, 4,
					       true);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &sender, 8);
	/* Enabled, and the first vector masked */
	if (!ret)
		ret = reg_write(&sender, MSI_CAP + PCI_MSI_MASK_64, 1, 4);
	return ret ? ret : reg_write(&sender, MSI_CAP + PCI_MSI_FLAGS,
				     PCI_MSI_FLAGS_ENABLE, 2);
}

static int threads_up(void)
{
	const struct vmr_pci_host_config config = {
		.bus_last = 3, .lock = &lock.ops,
	};
	int ret = pci_machine_up(63);

	if (!ret)
		ret = vmr_pci_host_register(&m.manager, &host, &config);
	if (!ret)
		ret = vmr_pci_ecam_register(&ecam, &host, ECAM);
	if (!ret)
		ret = vmr_pci_conf1_register(&conf1, &m.manager, &lock.ops);
	if (!ret)
		ret = bridge_init(&bridge);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &bridge.fn, 0);
	if (!ret)
		ret = sender_plug();
	if (ret)
		return ret;
	number_bridge(&bridge, 1, 1);
	open_mem_window(&bridge, TABLE, TABLE);
	reg_write(&bridge.fn, COMMAND, DECODE_IO | DECODE_MEM, 2);
	return 0;
}

/* The answers that a reader got. The writer reads the counts. */
struct watcher {
	struct vmr_reader	reader;
	unsigned int		nr;
	unsigned int		present, absent;	/* of the card */
	unsigned int		pending, idle;		/* of the sender */
	unsigned int		wrong;
};

static struct watcher watchers[NR_READERS];

static void count(unsigned int *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static unsigned int counted(unsigned int *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static uint32_t watch(struct watcher *w, enum vmr_io io, uint64_t addr)
{
	uint8_t bytes[4] = { 0 };

	vmr_read(&w->reader, io, addr, bytes, 4, 1);
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static void watch_card(struct watcher *w, uint32_t bus)
{
	uint64_t at = ecam_at(0, VMR_PCI_BDF(bus, 0, 0), 0);
	uint32_t ids = watch(w, VMR_MMIO, at);
	uint32_t base = watch(w, VMR_MMIO, at + PCI_BASE_ADDRESS_0);

	count(ids == CARD_IDS ? &w->present : &w->absent);
	if (ids != CARD_IDS && ids != ~0u)
		count(&w->wrong);
	/* The card may have been unplugged or renumbered between the two */
	if (base != 0 && base != TABLE && base != TABLE + 0x10000 && base != ~0u)
		count(&w->wrong);
}

/* The first vector alone may be pending. */
static void watch_sender(struct watcher *w)
{
	const uint32_t reg = MSI_CAP + PCI_MSI_MASK_64 + 4;
	uint32_t pending;

	if (w->nr) {
		pending = watch(w, VMR_MMIO,
				ecam_at(0, VMR_PCI_BDF(0, 1, 0), reg));
	} else {
		const uint8_t address[4] = { reg, 8, 0, 0x80 };

		vmr_write(&w->reader, VMR_PIO, 0xcf8, address, 4, 1);
		pending = watch(w, VMR_PIO, 0xcfc);
	}
	count(pending ? &w->pending : &w->idle);
	if (pending > 1)
		count(&w->wrong);
}

/* Reads and writes of the MSI-X table, while the card comes and goes */
static void use_table(struct watcher *w)
{
	const uint64_t at = TABLE + PCI_MSIX_ENTRY_SIZE * w->nr +
			    PCI_MSIX_ENTRY_VECTOR_CTRL;
	uint8_t ctrl[4] = { 0 };

	vmr_write(&w->reader, VMR_MMIO, at, ctrl, 4, 1);
	ctrl[0] = 1;
	vmr_write(&w->reader, VMR_MMIO, at, ctrl, 4, 1);
	watch(w, VMR_MMIO, at);
}

static void *watch_all(void *watcher)
{
	struct watcher *w = watcher;

	while (!counted(&stop)) {
		watch_card(w, 1);
		watch_card(w, 2);
		watch_sender(w);
		use_table(w);
	}
	return NULL;
}

static void *send_all(void *unused)
{
	while (!counted(&stop)) {
		vmr_pci_notify(&sender, 0);
		sched_yield();
	}
	return unused;
}

static bool seen_enough(void)
{
	unsigned int i;

	for (i = 0; i < NR_READERS; i++)
		if (counted(&watchers[i].present) < SEEN_MIN ||
		    counted(&watchers[i].absent) < SEEN_MIN ||
		    counted(&watchers[i].pending) < SEEN_MIN ||
		    counted(&watchers[i].idle) < SEEN_MIN)
			return false;
	return true;
}

/* Renumber the bridge, move the card and unmask the sender, as a guest does. */
static int write_registers(unsigned int round)
{
	number_bridge(&bridge, 1 + round % 2, 1 + round % 2);
	bar_on(&card, round % 3 ? TABLE : TABLE + 0x10000);
	reg_write(&card, MSIX_CAP + PCI_MSIX_FLAGS,
		  round % 5 ? PCI_MSIX_FLAGS_ENABLE : 0, 2);
	if (round % 4 == 0) {
		reg_write(&sender, MSI_CAP + PCI_MSI_MASK_64, 0, 4);
		reg_write(&sender, MSI_CAP + PCI_MSI_MASK_64, 1, 4);
	}
	return round % 7 ? 0 : vmr_pci_function_reset(&card,
						      VMR_PCI_RESET_FUNCTION);
}

/* Plug, program, unplug, drain, and use the memory for something else. */
static int change_card(unsigned int round)
{
	int ret;

	write_begin();
	ret = card_plug();
	write_end();
	if (ret)
		return ret;
	sched_yield();
	write_begin();
	ret = write_registers(round);
	write_end();
	sched_yield();
	write_begin();
	if (vmr_pci_unplug(&card) < 0)
		ret = -EINVAL;
	write_end();
	if (!ret)
		ret = vmr_device_drain(&m.manager, &card.dev);
	memset(&card, 0xa5, sizeof(card));
	memset(&msix, 0xa5, sizeof(msix));
	return ret;
}

/*
 * Readers of configuration space and of the MSI-X table see a function or ones, never
 * a part, while it is plugged, renumbered, moved, reset and unplugged.
 */
TEST(config_reads_during_changes)
{
	pthread_t readers[NR_READERS], device;
	unsigned int i, round;

	NEEDS(threads);
	ASSERT_EQ(0, threads_up());
	ASSERT_EQ(0, pthread_create(&device, NULL, send_all, NULL));
	for (i = 0; i < NR_READERS; i++) {
		watchers[i].nr = i;
		ASSERT_EQ(0, reader_attach(&watchers[i].reader));
		ASSERT_EQ(0, pthread_create(&readers[i], NULL, watch_all,
					    &watchers[i]));
	}
	for (round = 0; round < ROUNDS_MAX && !seen_enough(); round++)
		ASSERT_EQ(0, change_card(round));
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(device, NULL));
	for (i = 0; i < NR_READERS; i++) {
		ASSERT_EQ(0, pthread_join(readers[i], NULL));
		EXPECT_EQ(0U, watchers[i].wrong);
	}
	EXPECT_TRUE(seen_enough());
	EXPECT_EQ(NULL, vmr_pci_find_function(&m.manager, VMR_PCI_BDF(1, 0, 0)));
	EXPECT_SOUND();
}

static unsigned int inside;

/* Returns only while another reader is in this callback too. */
static void meet(const struct vmr_pci_function *fn,
		 const struct vmr_pci_reg_block *reg_block, uint32_t offset,
		 uint8_t *bytes, uint32_t width)
{
	(void)fn;
	(void)reg_block;
	memset(bytes, 0x11 * (offset & 0xf), width);
	count(&inside);
	while (counted(&inside) < 2)
		sched_yield();
}

static void *read_meeting(void *watcher)
{
	struct watcher *w = watcher;
	uint32_t value = watch(w, VMR_MMIO,
			       ecam_at(0, VMR_PCI_BDF(0, 3, 0), MSI_CAP + 4));

	w->wrong = value != 0x44444444;
	return NULL;
}

/* Two readers are inside at a time: a read waits for no other read. */
TEST(config_reads_in_parallel)
{
	const struct vmr_pci_cap_desc desc = {
		.id = PCI_CAP_ID_VNDR, .size = 8, .offset = MSI_CAP,
	};
	static struct vmr_pci_reg_block block = { .read = meet };
	pthread_t thread;

	NEEDS(threads);
	ASSERT_EQ(0, threads_up());
	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, vmr_pci_add_capability(&card, &block, &desc));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &card, 3 << 3));
	ASSERT_EQ(0, reader_attach(&watchers[0].reader));
	ASSERT_EQ(0, reader_attach(&watchers[1].reader));
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_meeting, &watchers[0]));
	read_meeting(&watchers[1]);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0U, watchers[0].wrong);
	EXPECT_EQ(0U, watchers[1].wrong);
}

TEST_HARNESS_MAIN
