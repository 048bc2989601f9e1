// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_sriov_step.c - virtual functions appear and leave in one step
 *
 * After each write section the test looks at what readers find then. They find all VFs,
 * registered and with their memory mapped, or none of either. A failure leaves none.
 */
#include "../kselftest_harness.h"

#include "section.h"
#include "sriov_machine.h"

#define BARS	0x80000000u
#define SOME_VFS	5

static struct sriov_box b;
static unsigned int changes;	/* of what readers find */
static bool there;		/* readers find the VFs */
static unsigned int halves;	/* sections after which they find a part */

static unsigned int nr_registered(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < NR_VFS; i++)
		nr += b.pf.vf[i].fn.dev.state >= VMR_DEVICE_REGISTERED;
	return nr;
}

/* A reset of all closes the window of the port in a section of its own. */
static unsigned int nr_mapped(void)
{
	return (state_of(&b.pf.sriov.bars[0].region) == VMR_LIVE) +
	       (state_of(&b.pf.sriov.bars[2].region) == VMR_LIVE);
}

static void look(void)
{
	bool now = nr_registered();

	halves += nr_registered() != (now ? SOME_VFS : 0) || nr_mapped() != (now ? 2 : 0);
	changes += now != there;
	there = now;
}

static int step_box_up(void)
{
	int ret = pci_machine_up(63);

	if (!ret)
		ret = sriov_box_init(&b, &m.manager, 8, 1, VMR_REGION_TRAPPED);
	if (!ret)
		ret = sriov_box_plug(&b);
	changes = 0;
	halves = 0;
	there = false;
	return ret;
}

static void enable_with_memory(void)
{
	sriov_write(&b.pf, PCI_SRIOV_BAR, BARS, 4);
	sriov_write(&b.pf, PCI_SRIOV_BAR + 8, BARS + 0x100000, 4);
	enable_vfs(&b.pf, SOME_VFS, PCI_SRIOV_CTRL_MSE);
}

static int disable_by(unsigned int how)
{
	uint32_t devctl = b.pf.express.reg_block.offset + PCI_EXP_DEVCTL;

	switch (how) {
	case 0:
		return sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
	case 1:
		return sriov_write(&b.pf, PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_MSE, 2);
	case 2:
		return reg_write(&b.pf.fn, devctl, PCI_EXP_DEVCTL_BCR_FLR, 2);
	case 3:
		return vmr_pci_bus_reset(&b.port);
	case 4:
		return vmr_pci_host_reset(&b.host);
	default:
		return vmr_pci_unplug(&b.pf.fn);
	}
}

/* No section ends with a part of the VFs there, or with VFs without their memory. */
TEST(pci_sriov_in_one_step)
{
	unsigned int how;

	NEEDS(page_faults);
	ASSERT_EQ(0, step_box_up());
	for (how = 0; how < 6; how++) {
		port_on(&b);
		after_section = look;
		enable_with_memory();
		EXPECT_TRUE(there);
		EXPECT_LE(0, disable_by(how));
		after_section = NULL;
		EXPECT_FALSE(there);
		EXPECT_EQ(0U, halves) {
			TH_LOG("way %u", how);
		}
		EXPECT_EQ(2 * (how + 1), changes);
		sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
	}
	EXPECT_SOUND();
}

static struct vmr_pci_function blocker;

/* A VF whose address is taken, or whose owner refuses it */
static int spoil(unsigned int how, unsigned int i, bool on)
{
	struct vmr_id_pool *devfns = &b.port.devfns;

	if (how) {
		b.pf.vf[i].refuses = on ? -1234 : 0;
		return 0;
	}
	return on ? card_init(&blocker) ||
		    vmr_id_reserve(devfns, &blocker.address, 8 + i, NULL) :
		    vmr_id_free_range(devfns, &blocker.address);
}

/* Each VF fails in turn, in two ways. None is there then, and nothing has changed. */
TEST(pci_sriov_each_vf_fails)
{
	unsigned int how, i;

	ASSERT_EQ(0, step_box_up());
	for (how = 0; how < 2; how++) {
		for (i = 0; i < SOME_VFS; i++) {
			ASSERT_EQ(0, spoil(how, i, true));
			sriov_write(&b.pf, PCI_SRIOV_BAR, BARS, 4);
			machine_state_before();
			EXPECT_EQ((uint32_t)PCI_SRIOV_CTRL_MSE,
				  enable_vfs(&b.pf, SOME_VFS, PCI_SRIOV_CTRL_MSE));
			EXPECT_EQ(how ? -1234 : -EBUSY, b.pf.error);
			EXPECT_TRUE(same_as_before()) {
				TH_LOG("way %u, VF %u", how, i);
			}
			EXPECT_EQ(0U, nr_registered());
			EXPECT_EQ(0U, nr_mapped());
			EXPECT_EQ(2U, b.host.nr_functions);
			ASSERT_EQ(0, spoil(how, i, false));
			EXPECT_EQ(1U, b.port.devfns.space.nr_ranges);
			sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
		}
	}
	enable_with_memory();
	EXPECT_EQ((unsigned int)SOME_VFS, nr_registered());
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN
