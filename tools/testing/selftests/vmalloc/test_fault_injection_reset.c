// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_fault_injection_reset.c - functions that vanish at each step of a reset
 *
 * A reset, a write of a register and an unplug call the owner and the listeners many
 * times. Each of these calls in turn unplugs the function. Afterwards the machine is as
 * it was before the function was plugged.
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"
#include "unchanged.h"

#define ENTRIES		2
#define NUMBERS		7	/* all that the victim uses */
#define MSI_CAP		0x40
#define MSIX_CAP	0x60

struct full {
	struct vmr_pci_function		fn;
	struct vmr_pci_msi		msi;
	struct vmr_pci_msix		msix;
	struct vmr_pci_msix_entry	entries[ENTRIES];
	struct vmr_pci_pm		pm;
	struct vmr_pci_af		af;
};

static struct vmr_pci_host host;
static struct vmr_pci_intx_line lines[4];
static struct vmr_pci_intx intx = { .lines = lines, .nr_lines = NR(lines) };
static struct vmr_pci_bridge bridge;
/* The waiter waits for the vectors of the victim */
static struct full victim, waiter;
static struct vmr_listener listener;

static unsigned int calls, unplug_at;

/* Each call of the owner or of the listener comes here */
static void step(void)
{
	if (++calls == unplug_at)
		vmr_pci_unplug(&victim.fn);
}

static void on_config(struct vmr_pci_function *fn, const struct vmr_pci_write *write)
{
	(void)fn;
	(void)write;
	step();
}

static void on_vector(struct vmr_pci_function *fn, uint32_t index,
		      const struct vmr_range *range, int error)
{
	(void)fn;
	(void)index;
	(void)range;
	(void)error;
	step();
}

static void on_index(struct vmr_pci_function *fn, uint32_t index)
{
	(void)fn;
	(void)index;
	step();
}

static void on_reset(struct vmr_pci_function *fn)
{
	(void)fn;
	step();
}

static const struct vmr_pci_events events = {
	.config_written = on_config, .vector_changed = on_vector,
	.message_changed = on_index, .deliver = on_index, .reset = on_reset,
};

static void on_move(struct vmr_listener *self, struct vmr_region *region,
		    const struct vmr_mapping *old, const struct vmr_mapping *new_)
{
	(void)self;
	(void)region;
	(void)old;
	(void)new_;
	step();
}

static int full_init(struct full *f)
{
	const struct vmr_pci_msix_layout layout = { 0, 0, 0, 0x800 };
	int ret;

	memset(f, 0, sizeof(*f));
	ret = card_with_bar(&f->fn);
	f->fn.events = &events;
	if (!ret)
		ret = vmr_pci_add_bar(&f->fn, 1, VMR_PCI_BAR_MEM64, true, 0x1000,
				      "wide");
	if (!ret)
		ret = vmr_pci_add_msi_maskable(&f->fn, &f->msi, MSI_CAP, 4, true);
	if (!ret)
		ret = vmr_pci_add_msix(&f->fn, &f->msix, MSIX_CAP, f->entries,
				       ENTRIES, &layout);
	if (!ret)
		ret = vmr_pci_add_pm(&f->fn, &f->pm, false);
	return ret ? ret : vmr_pci_add_af(&f->fn, &f->af);
}

static int up(void)
{
	const struct vmr_pci_host_config config = {
		.bus_last = 15, .intx = &intx, .name = "host",
	};
	int ret = pci_machine_up(NUMBERS - 1);

	listener.region_changed = on_move;
	if (!ret)
		ret = vmr_listener_register(&m.manager, &listener);
	if (!ret)
		ret = vmr_pci_host_register(&m.manager, &host, &config);
	if (!ret)
		ret = bridge_init(&bridge);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &bridge.fn, 1 << 3);
	if (!ret)
		ret = watch_bridge(&bridge);
	if (!ret)
		ret = full_init(&victim);
	if (!ret)
		ret = full_init(&waiter);
	return ret ? ret : vmr_pci_host_plug(&host, &waiter.fn, 3 << 3);
}

static void set_entry(struct full *f, uint32_t index, bool masked)
{
	const uint8_t bytes[4] = { masked };

	vmr_pci_msix_write(&f->fn, &f->msix, 16 * index + 12, bytes, 4);
}

static void set_msi(struct full *f, uint32_t control)
{
	reg_write(&f->fn, MSI_CAP + PCI_MSI_FLAGS, control, 2);
}

static void set_msix(struct full *f, uint32_t flags)
{
	reg_write(&f->fn, MSIX_CAP + PCI_MSIX_FLAGS, flags, 2);
}

static void set_bridge(void)
{
	number_bridge(&bridge, 1, 1);
	open_mem_window(&bridge, 0xd0000000, 0xdfffffff);
	reg_write(&bridge.fn, COMMAND, DECODE_MEM, 2);
}

/* The victim is plugged and uses all numbers; the waiter waits for three */
static int use(void)
{
	int ret = vmr_pci_bridge_plug(&bridge, &victim.fn, 2 << 3);

	set_bridge();
	bar_write(&victim.fn, 1, 0xd0010000);
	bar_on(&victim.fn, 0xd0000000);
	set_msi(&victim, PCI_MSI_FLAGS_ENABLE | 2 << 4);
	set_msix(&victim, PCI_MSIX_FLAGS_ENABLE);
	set_entry(&victim, 0, false);
	set_entry(&victim, 1, false);
	vmr_pci_intx_set(&victim.fn, true);
	set_msix(&waiter, PCI_MSIX_FLAGS_ENABLE);
	set_entry(&waiter, 0, false);
	set_entry(&waiter, 1, false);
	set_msi(&waiter, PCI_MSI_FLAGS_ENABLE);
	return ret;
}

/* All that is left is in its reset state */
static void put_away(void)
{
	unplug_at = 0;
	if (victim.fn.manager)
		vmr_pci_unplug(&victim.fn);
	vmr_pci_host_reset(&host);
	forget_marks();
}

/*
 * Operations that call back
 */

static void reset_function(void)
{
	vmr_pci_function_reset(&victim.fn, VMR_PCI_RESET_FUNCTION);
}

static void reset_by_register(void)
{
	reg_write(&victim.fn, victim.af.reg_block.offset + PCI_AF_CTRL,
		  PCI_AF_CTRL_FLR, 1);
}

static void reset_by_bridge(void)
{
	reg_write(&bridge.fn, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_BUS_RESET, 2);
}

static void reset_host(void)
{
	vmr_pci_host_reset(&host);
}

static void return_from_d3hot(void)
{
	const uint32_t ctrl = victim.pm.reg_block.offset + PCI_PM_CTRL;

	reg_write(&victim.fn, ctrl, 3, 2);
	reg_write(&victim.fn, ctrl, 0, 2);
}

static void move_bars(void)
{
	reg_write(&victim.fn, COMMAND, 0, 2);
	reg_write(&victim.fn, COMMAND, DECODE_MEM, 2);
	bar_write(&victim.fn, 0, 0xd0100000);
	bar_write(&victim.fn, 1, 0xffffffff);
	bar_write(&victim.fn, 1, 0xd0200000);
}

static void close_window(void)
{
	open_mem_window(&bridge, 0xf0000000, 0x100000);
	set_bridge();
}

static void switch_msix(void)
{
	set_msix(&victim, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	vmr_pci_notify(&victim.fn, 0);
	vmr_pci_notify(&victim.fn, 1);
	set_msix(&victim, PCI_MSIX_FLAGS_ENABLE);
	set_msix(&victim, 0);
	set_msix(&victim, PCI_MSIX_FLAGS_ENABLE);
}

static void switch_entry(void)
{
	set_entry(&victim, 1, true);
	vmr_pci_notify(&victim.fn, 1);
	set_entry(&victim, 1, false);
}

static void switch_msi(void)
{
	const uint32_t mask = MSI_CAP + PCI_MSI_MASK_64;

	set_msix(&victim, 0);
	reg_write(&victim.fn, mask, 0xf, 4);
	vmr_pci_notify(&victim.fn, 0);
	vmr_pci_notify(&victim.fn, 3);
	reg_write(&victim.fn, mask, 0, 4);
	set_msi(&victim, PCI_MSI_FLAGS_ENABLE | 1 << 4);
	set_msi(&victim, 0);
	set_msi(&victim, PCI_MSI_FLAGS_ENABLE | 2 << 4);
}

static void unplug(void)
{
	vmr_pci_unplug(&victim.fn);
}

static void (*const operations[])(void) = {
	reset_function, reset_by_register, reset_by_bridge, reset_host,
	return_from_d3hot, move_bars, close_window, switch_msix, switch_entry,
	switch_msi, unplug,
};

/* Whether the victim is as a function that was never used */
static bool is_unused(void)
{
	unsigned int i;

	for (i = 0; i < ENTRIES; i++)
		if (vmr_range_state(&victim.entries[i].range) != VMR_FREE ||
		    victim.entries[i].error)
			return false;
	return !victim.fn.manager && !victim.fn.host && !victim.fn.nr_vectors &&
	       !victim.fn.sizing && !victim.fn.upstream_bridge &&
	       vmr_range_state(&victim.fn.address) == VMR_FREE &&
	       vmr_range_state(&victim.msi.range) == VMR_FREE &&
	       !victim.msi.error && state_of(bar(&victim.fn, 0)) == VMR_FREE &&
	       state_of(bar(&victim.fn, 1)) == VMR_FREE;
}

/* All ranges and ids are those of state_save(); only tickets of claims count on */
static bool machine_is_as_before(void)
{
	size_t i, size = 0;

	for (i = 0; i < NR(lines); i++)
		if (lines[i].level)
			return false;
	return !snapshot_bytes(bytes_after, sizeof(bytes_after), &size) &&
	       size == size_before &&
	       !memcmp(bytes_before, bytes_after, size_before) &&
	       m.sys.pci_buses.nr_ranges == 1 && !m.sys.pci_buses.nr_claims &&
	       host.nr_functions == 2 && !strcmp(machine_verify(), VERIFY_OK);
}

/* Each call in turn unplugs the function, until an operation ends with it plugged. */
TEST(reset_unplug_at_each_call)
{
	unsigned int op, n, vanished;
	bool hit;

	ASSERT_EQ(0, up());
	ASSERT_EQ(0, use());
	put_away();
	ASSERT_EQ(0, state_save());
	for (op = 0; op < NR(operations); op++) {
		vanished = 0;
		for (n = 1, hit = true; hit; n++) {
			ASSERT_EQ(0, use());
			ASSERT_EQ((uint32_t)NUMBERS - 1, victim.fn.nr_vectors);
			calls = 0;
			unplug_at = n;
			operations[op]();
			hit = calls >= n;
			EXPECT_EQ(hit || operations[op] == unplug,
				  !victim.fn.manager);
			put_away();
			EXPECT_TRUE(is_unused()) {
				TH_LOG("operation %u, call %u", op, n);
			}
			EXPECT_TRUE(machine_is_as_before()) {
				TH_LOG("operation %u, call %u", op, n);
			}
			vanished += hit;
		}
		EXPECT_LT(1U, vanished);
	}
}

/* As the call says, a reset that is refused changes nothing. */
TEST(reset_refused_unchanged)
{
	static struct vmr_pci_host unregistered;
	static struct vmr_pci_bridge absent;

	ASSERT_EQ(0, up());
	ASSERT_EQ(0, use());
	ASSERT_EQ(0, bridge_init(&absent));
	FAILS(-EINVAL, vmr_pci_function_reset(NULL, VMR_PCI_RESET_BUS));
	FAILS(-EINVAL, vmr_pci_bus_reset(NULL));
	FAILS(-EINVAL, vmr_pci_host_reset(NULL));
	FAILS(-ENOENT, vmr_pci_function_reset(&absent.fn, VMR_PCI_RESET_BUS));
	FAILS(-ENOENT, vmr_pci_bus_reset(&absent));
	FAILS(-ENOENT, vmr_pci_host_reset(&unregistered));
}

TEST_HARNESS_MAIN
