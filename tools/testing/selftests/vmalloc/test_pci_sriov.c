// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_sriov.c - virtual functions
 */
#include "../kselftest_harness.h"

#include "sriov_machine.h"

#define REFUSED_BY_OWNER	(-1234)
#define OFFSET			8
#define BARS			0x80000000u

static struct sriov_box b;

static int box_up_with(uint16_t offset, uint16_t stride, enum vmr_region_type type)
{
	int ret = pci_machine_up(63);

	if (!ret)
		ret = sriov_box_init(&b, &m.manager, offset, stride, type);
	return ret ? ret : sriov_box_plug(&b);
}

static int box_up(void)
{
	return box_up_with(OFFSET, 1, VMR_REGION_TRAPPED);
}

static struct vmr_pci_function *found(uint32_t bus, uint32_t devfn)
{
	return vmr_pci_find_function(&m.manager, VMR_PCI_BDF(bus, 0, 0) + devfn);
}

static unsigned int nr_found(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < NR_VFS; i++)
		nr += found(1, OFFSET + i) == &b.pf.vf[i].fn;
	return nr;
}

static void place_vf_bar(uint32_t addr)
{
	sriov_write(&b.pf, PCI_SRIOV_BAR, addr, 4);
}

/* The capability describes the VFs; a VF has ids of ones and BARs of 0. */
TEST(pci_sriov_registers)
{
	struct vmr_pci_function *vf = &b.pf.vf[0].fn;
	unsigned int i;

	ASSERT_EQ(0, box_up());
	EXPECT_EQ(0x00010010U, sriov_read(&b.pf, 0, 4) & 0xfffff);
	EXPECT_EQ(0U, sriov_read(&b.pf, PCI_SRIOV_CAP, 4));
	EXPECT_EQ((uint32_t)NR_VFS | NR_VFS << 16,
		  sriov_read(&b.pf, PCI_SRIOV_INITIAL_VF, 4));
	EXPECT_EQ((uint32_t)OFFSET | 1 << 16,
		  sriov_read(&b.pf, PCI_SRIOV_VF_OFFSET, 4));
	EXPECT_EQ(0x1042U, sriov_read(&b.pf, PCI_SRIOV_VF_DID, 2));
	EXPECT_EQ(VMR_PCI_SRIOV_PAGE_SIZES, sriov_read(&b.pf, PCI_SRIOV_SUP_PGSIZE, 4));
	EXPECT_EQ(1U, sriov_read(&b.pf, PCI_SRIOV_SYS_PGSIZE, 4));
	EXPECT_EQ(0xcU, sriov_read(&b.pf, PCI_SRIOV_BAR + 8, 4));
	/* The ARI hierarchy bit reads back, and unimplemented bits do not */
	sriov_write(&b.pf, PCI_SRIOV_CTRL, 0xfff6, 2);
	EXPECT_EQ((uint32_t)PCI_SRIOV_CTRL_ARI, sriov_read(&b.pf, PCI_SRIOV_CTRL, 2));
	ASSERT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, 1, 0));
	EXPECT_EQ(0xffffffffU, reg_read(vf, PCI_VENDOR_ID, 4));
	EXPECT_EQ(0, reg_write(vf, COMMAND, 0xffff, 2));
	EXPECT_EQ((uint32_t)PCI_COMMAND_MASTER, reg_read(vf, COMMAND, 2));
	for (i = 0; i < 6; i++) {
		bar_write(vf, i, 0xffffffff);
		EXPECT_EQ(0U, reg_read(vf, PCI_BASE_ADDRESS_0 + 4 * i, 4));
	}
	EXPECT_EQ(0, reg_write(vf, PCI_CACHE_LINE_SIZE, 0xff, 1));
	EXPECT_EQ(0, reg_write(vf, PCI_INTERRUPT_LINE, 0xff, 1));
	EXPECT_EQ(0U, reg_read(vf, PCI_CACHE_LINE_SIZE, 1));
	EXPECT_EQ(0U, reg_read(vf, PCI_INTERRUPT_LINE, 1));
	EXPECT_EQ(VMR_PCI_HIDDEN_DECODE, vmr_pci_bar_hidden(vf, 0, NULL, NULL));
	EXPECT_EQ(VMR_PCI_HIDDEN_NONE, vmr_pci_bar_hidden(vf, 7, NULL, NULL));
}

/* NUM_VF VFs appear when VFE is set, and all leave when it is cleared. */
TEST(pci_sriov_enable_disable)
{
	unsigned int round;

	ASSERT_EQ(0, box_up());
	EXPECT_EQ(0U, vmr_pci_sriov_nr_enabled(&b.pf.sriov));
	for (round = 1; round <= 3; round++) {
		ASSERT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, 5, 0));
		EXPECT_EQ(5U, nr_found());
		EXPECT_EQ(NULL, found(1, OFFSET + 5));
		EXPECT_EQ(5U, vmr_pci_sriov_nr_enabled(&b.pf.sriov));
		EXPECT_EQ(VMR_PCI_BDF(1, 1, 4),
			  vmr_pci_function_address(&b.pf.vf[4].fn));
		EXPECT_EQ(round, b.pf.asked);
		EXPECT_EQ(2 * round - 1, b.pf.changes);
		EXPECT_EQ(5U, b.pf.nr);
		/* Their number is fixed now */
		sriov_write(&b.pf, PCI_SRIOV_NUM_VF, 7, 2);
		sriov_write(&b.pf, PCI_SRIOV_NUM_VF + 1, 7, 1);
		EXPECT_EQ(5U, sriov_read(&b.pf, PCI_SRIOV_NUM_VF, 2));
		/* A write of the same value, also of one byte, changes nothing */
		sriov_write(&b.pf, PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE, 1);
		sriov_write(&b.pf, PCI_SRIOV_CTRL + 1, 0, 1);
		EXPECT_EQ(5U, nr_found());
		sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 1);
		EXPECT_EQ(0U, nr_found());
		EXPECT_EQ(2 * round, b.pf.changes);
		EXPECT_EQ(0U, b.pf.nr);
		EXPECT_EQ(1U, b.port.devfns.space.nr_ranges);
	}
	EXPECT_SOUND();
	/* With no VFs the bit reads back too */
	ASSERT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, 0, 0));
	EXPECT_EQ(4U, b.pf.asked);
	sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
	/* Without callbacks */
	b.pf.sriov.enable = NULL;
	b.pf.sriov.changed = NULL;
	ASSERT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, NR_VFS, 0));
	EXPECT_EQ((unsigned int)NR_VFS, nr_found());
	EXPECT_EQ(0U, vmr_pci_sriov_nr_enabled(NULL));
}

/*
 * A VF stays when its command register is written, which a guest's driver does with
 * memory decode: the memory of VFs is decoded by the PF.
 */
TEST(openvmm_3608)
{
	struct vmr_pci_function *vf = &b.pf.vf[3].fn;

	ASSERT_EQ(0, box_up());
	place_vf_bar(BARS);
	enable_vfs(&b.pf, NR_VFS, PCI_SRIOV_CTRL_MSE);
	EXPECT_EQ(vf, found(1, OFFSET + 3));
	EXPECT_EQ(0, reg_write(vf, COMMAND, DECODE_MEM | PCI_COMMAND_MASTER, 2));
	EXPECT_EQ(0, reg_write(vf, COMMAND, 0, 2));
	EXPECT_EQ(vf, found(1, OFFSET + 3));
	EXPECT_EQ(0x13131313U, guest_read(VMR_MMIO, BARS + 3 * VF_BAR_SIZE, 4));
	EXPECT_EQ(1U, b.pf.vf[3].reads);
}

/* The BAR of all VFs is one region, whose parts are the VFs', and moves as one. */
TEST(pci_sriov_bar_parts)
{
	struct virtual *v = &b.pf.vf[2];
	uint64_t addr = 0;

	ASSERT_EQ(0, box_up());
	place_vf_bar(BARS);
	EXPECT_EQ(BARS, sriov_read(&b.pf, PCI_SRIOV_BAR, 4));
	enable_vfs(&b.pf, 4, 0);
	EXPECT_EQ(VMR_PARKED, state_of(&b.pf.sriov.bars[0].region));
	EXPECT_EQ(VMR_PCI_HIDDEN_DECODE,
		  vmr_pci_bar_hidden(&b.pf.fn, VMR_PCI_VF_BAR(0), NULL, NULL));
	EXPECT_EQ(0xffffffffU, guest_read(VMR_MMIO, BARS, 4));
	sriov_write(&b.pf, PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE, 2);
	EXPECT_EQ(VMR_PCI_MAPPED,
		  vmr_pci_bar_hidden(&b.pf.fn, VMR_PCI_VF_BAR(0), NULL, NULL));
	EXPECT_TRUE(vmr_pci_bar_addr(&b.pf.fn, VMR_PCI_VF_BAR(0), &addr));
	EXPECT_EQ((uint64_t)BARS, addr);
	EXPECT_FALSE(vmr_pci_bar_addr(&b.pf.fn, VMR_PCI_VF_BAR(6), &addr));
	EXPECT_EQ((uint64_t)NR_VFS * VF_BAR_SIZE, b.pf.sriov.bars[0].region.size);
	EXPECT_EQ(0x12U, guest_read(VMR_MMIO, BARS + 2 * VF_BAR_SIZE + 0x123, 1));
	EXPECT_EQ(0x123U, v->offset);
	EXPECT_EQ(&v->fn.bars[0].region, v->region);
	guest_write(VMR_MMIO, BARS + 2 * VF_BAR_SIZE + 8, 1, 4);
	EXPECT_EQ(1U, v->writes);
	/* An access that crosses a part, and VFs that are not enabled */
	EXPECT_EQ(0xffffffffU, guest_read(VMR_MMIO, BARS + 3 * VF_BAR_SIZE - 2, 4));
	guest_write(VMR_MMIO, BARS + 3 * VF_BAR_SIZE - 2, 1, 4);
	EXPECT_EQ(0xffffffffU, guest_read(VMR_MMIO, BARS + 4 * VF_BAR_SIZE, 4));
	guest_write(VMR_MMIO, BARS + 4 * VF_BAR_SIZE, 1, 4);
	EXPECT_EQ(1U, v->reads);
	EXPECT_EQ(1U, v->writes);
	/* The PF's own BAR is the PF's */
	bar_on(&b.pf.fn, 0x81000000);
	EXPECT_ANSWERS(bar(&b.pf.fn, 0), 0x81000000);
	guest_write(VMR_MMIO, 0x81000000, 1, 4);
	EXPECT_EQ(1, seen.wrote);
	/* The BAR moves, and is sized, as one */
	place_vf_bar(BARS + 0x100000);
	EXPECT_EQ(0x13U, guest_read(VMR_MMIO, BARS + 0x100000 + 3 * VF_BAR_SIZE, 1));
	EXPECT_EQ(0xffU, guest_read(VMR_MMIO, BARS + 3 * VF_BAR_SIZE, 1));
	place_vf_bar(0xffffffff);
	EXPECT_EQ(~(VF_BAR_SIZE - 1), sriov_read(&b.pf, PCI_SRIOV_BAR, 4));
	EXPECT_EQ(VMR_PARKED, state_of(&b.pf.sriov.bars[0].region));
	EXPECT_EQ(VMR_PCI_HIDDEN_SIZING,
		  vmr_pci_bar_hidden(&b.pf.fn, VMR_PCI_VF_BAR(0), NULL, NULL));
	/* The parts must not extend beyond the width of the register */
	place_vf_bar(0xffff4000);
	EXPECT_EQ(VMR_FREE, state_of(&b.pf.sriov.bars[0].region));
	sriov_write(&b.pf, PCI_SRIOV_BAR + 12, 0xfffffffe, 4);
	sriov_write(&b.pf, PCI_SRIOV_BAR + 8, 0, 4);
	EXPECT_EQ(VMR_FREE, state_of(&b.pf.sriov.bars[2].region));
}

/* A BAR that exists already is refused, and the VFs that are enabled keep theirs. */
TEST(pci_sriov_bar_added_again)
{
	ASSERT_EQ(0, box_up());
	place_vf_bar(BARS);
	enable_vfs(&b.pf, 4, PCI_SRIOV_CTRL_MSE);
	b.pf.vf[2].fn.bars[0].region.name = "named by its owner";
	EXPECT_EQ(-EEXIST, vmr_pci_sriov_add_bar(&b.pf.sriov, 0, VMR_PCI_BAR_MEM32,
						 false, VF_BAR_SIZE, "again"));
	EXPECT_EQ(0x12U, guest_read(VMR_MMIO, BARS + 2 * VF_BAR_SIZE, 1));
	EXPECT_STREQ("named by its owner", b.pf.vf[2].fn.bars[0].region.name);
	EXPECT_SOUND();
}

/* A VF in D3hot does not answer, and its function level reset resets only that VF. */
TEST(pci_sriov_vf_power_and_reset)
{
	struct virtual *v = &b.pf.vf[1];
	uint32_t pm, express;

	ASSERT_EQ(0, box_up());
	place_vf_bar(BARS);
	enable_vfs(&b.pf, NR_VFS, PCI_SRIOV_CTRL_MSE);
	pm = v->pm.reg_block.offset + PCI_PM_CTRL;
	reg_write(&v->fn, pm, 3, 2);
	EXPECT_EQ(0xffU, guest_read(VMR_MMIO, BARS + VF_BAR_SIZE, 1));
	guest_write(VMR_MMIO, BARS + VF_BAR_SIZE, 1, 1);
	EXPECT_EQ(0U, v->writes);
	reg_write(&v->fn, pm, 0, 2);
	EXPECT_EQ(0x11U, guest_read(VMR_MMIO, BARS + VF_BAR_SIZE, 1));
	reg_write(&v->fn, pm, 3, 2);
	reg_write(&v->fn, COMMAND, PCI_COMMAND_MASTER, 2);
	express = v->express.reg_block.offset + PCI_EXP_DEVCTL;
	reg_write(&v->fn, express, PCI_EXP_DEVCTL_BCR_FLR, 2);
	EXPECT_EQ(1U, v->resets);
	EXPECT_EQ(0U, reg_read(&v->fn, COMMAND, 2));
	EXPECT_EQ(0x11U, guest_read(VMR_MMIO, BARS + VF_BAR_SIZE, 1));
	EXPECT_EQ((unsigned int)NR_VFS, nr_found());
	EXPECT_EQ(0U, b.pf.vf[0].resets);
	/* After the VFs were disabled in D3hot they are in D0 again */
	reg_write(&v->fn, pm, 3, 2);
	sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
	enable_vfs(&b.pf, NR_VFS, PCI_SRIOV_CTRL_MSE);
	EXPECT_EQ(0x11U, guest_read(VMR_MMIO, BARS + VF_BAR_SIZE, 1));
}

/* Parts have the system page size if that is larger; it is fixed while VFs decode. */
TEST(pci_sriov_page_size)
{
	struct vmr_region *region = &b.pf.sriov.bars[0].region;

	ASSERT_EQ(0, box_up());
	place_vf_bar(BARS + 0x10000);
	EXPECT_EQ(VMR_PARKED, state_of(region));
	sriov_write(&b.pf, PCI_SRIOV_SYS_PGSIZE, 0x10, 4);
	EXPECT_EQ((uint64_t)NR_VFS * 0x10000, region->size);
	EXPECT_EQ(BARS + 0x10000, region->range.start);
	EXPECT_EQ(BARS + 0x8ffff, region->range.last);
	place_vf_bar(0xffffffff);
	EXPECT_EQ(0xffff0000U, sriov_read(&b.pf, PCI_SRIOV_BAR, 4));
	place_vf_bar(BARS);
	/* Several bits, none, and a size that is not supported, are refused */
	sriov_write(&b.pf, PCI_SRIOV_SYS_PGSIZE, 0x3, 4);
	sriov_write(&b.pf, PCI_SRIOV_SYS_PGSIZE, 0, 4);
	sriov_write(&b.pf, PCI_SRIOV_SYS_PGSIZE, 0x4, 4);
	EXPECT_EQ(0x10U, sriov_read(&b.pf, PCI_SRIOV_SYS_PGSIZE, 4));
	enable_vfs(&b.pf, NR_VFS, PCI_SRIOV_CTRL_MSE);
	sriov_write(&b.pf, PCI_SRIOV_SYS_PGSIZE, 1, 4);
	EXPECT_EQ(0x10U, sriov_read(&b.pf, PCI_SRIOV_SYS_PGSIZE, 4));
	EXPECT_EQ(0x11U, guest_read(VMR_MMIO, BARS + 0x10000, 1));
	/* The part is larger than the BAR */
	EXPECT_EQ(0x11U, guest_read(VMR_MMIO, BARS + 0x10000 + VF_BAR_SIZE - 1, 1));
	EXPECT_EQ(0xffU, guest_read(VMR_MMIO, BARS + 0x10000 + VF_BAR_SIZE, 1));
	sriov_write(&b.pf, PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_MSE, 2);
	sriov_write(&b.pf, PCI_SRIOV_SYS_PGSIZE, 1, 4);
	EXPECT_EQ(0x10U, sriov_read(&b.pf, PCI_SRIOV_SYS_PGSIZE, 4));
	EXPECT_EQ(0, vmr_pci_function_reset(&b.pf.fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_EQ((uint64_t)NR_VFS * VF_BAR_SIZE, region->size);
}

/* VFs on later bus numbers are found there, whatever the forwarding bit. */
TEST(pci_sriov_later_buses)
{
	struct vmr_pci_bridge *port = &b.port;

	ASSERT_EQ(0, box_up_with(0x80, 0x20, VMR_REGION_TRAPPED));
	/* VFs 0 to 3 are on bus 1, the others on bus 2 */
	ASSERT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, NR_VFS, 0));
	EXPECT_EQ(&b.pf.vf[3].fn, found(1, 0xe0));
	EXPECT_EQ(&b.pf.vf[4].fn, found(2, 0x00));
	EXPECT_EQ(&b.pf.vf[7].fn, found(2, 0x60));
	EXPECT_EQ(NULL, found(2, 0x20 - 1));
	EXPECT_EQ(VMR_PCI_BDF(2, 0x60 >> 3, 0),
		  vmr_pci_function_address(&b.pf.vf[7].fn));
	reg_write(&port->fn, b.port_express.reg_block.offset + PCI_EXP_DEVCTL2, 0, 2);
	EXPECT_EQ(NULL, found(1, 0xe0));
	EXPECT_EQ(&b.pf.vf[4].fn, found(2, 0x00));
	/* They follow the numbers of the bridge */
	number_bridge(port, 3, 4);
	EXPECT_EQ(NULL, found(2, 0x00));
	EXPECT_EQ(&b.pf.vf[4].fn, found(4, 0x00));
	number_bridge(port, 3, 3);
	EXPECT_EQ(NULL, found(4, 0x00));
	/* Without the second bus they are not enabled, and those on the first are */
	sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
	EXPECT_EQ(0U, enable_vfs(&b.pf, NR_VFS, 0));
	EXPECT_EQ(-ERANGE, b.pf.error);
	EXPECT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, 4, 0));
	sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
	/* The bus range of the host bridge ends at 15 */
	number_bridge(port, 15, 16);
	EXPECT_EQ(0U, enable_vfs(&b.pf, NR_VFS, 0));
	EXPECT_EQ(-ERANGE, b.pf.error);
}

/* VFs with the ARI capability are not in the list of functions. */
TEST(pci_sriov_not_next_function)
{
	static struct physical other;
	struct vmr_pci_function *fn = &other.vf[0].fn;

	ASSERT_EQ(0, box_up());
	memset(&other, 0, sizeof(other));
	ASSERT_EQ(0, vf_init(&other.vf[0]));
	ASSERT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, NR_VFS, 0));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&b.port, fn, 0x40));
	EXPECT_EQ(0x40U, reg_read(&b.pf.fn, b.pf.ari.reg_block.offset + 5, 1));
	EXPECT_EQ(0U, reg_read(&b.pf.vf[0].fn,
			       b.pf.vf[0].ari.reg_block.offset + 5, 1));
}

/* At the root VFs are on the bus of their PF. */
TEST(pci_sriov_at_root)
{
	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, sriov_box_init(&b, &m.manager, 0x80, 0x20, VMR_REGION_TRAPPED));
	ASSERT_EQ(0, vmr_pci_host_plug(&b.host, &b.pf.fn, 0x10));
	EXPECT_EQ(0U, enable_vfs(&b.pf, NR_VFS, 0));
	EXPECT_EQ(-ERANGE, b.pf.error);
	EXPECT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, 3, 0));
	EXPECT_EQ(&b.pf.vf[2].fn, found(0, 0xd0));
	EXPECT_EQ(0, vmr_pci_host_reset(&b.host));
	EXPECT_EQ(NULL, found(0, 0xd0));
	EXPECT_EQ(-EBUSY, vmr_pci_host_unregister(&b.host));
	EXPECT_LE(0, vmr_pci_unplug(&b.pf.fn));
	EXPECT_EQ(0, vmr_pci_host_unregister(&b.host));
	/* Without a host bridge too */
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &b.pf.fn, 0x10));
	EXPECT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, 3, 0));
	EXPECT_EQ(&b.pf.vf[2].fn, found(0, 0xd0));
}

/* A bridge without a host bridge above leads to later buses too. */
TEST(pci_sriov_without_host)
{
	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, sriov_box_init(&b, &m.manager, 0x80, 0x20, VMR_REGION_TRAPPED));
	ASSERT_EQ(0, vmr_pci_host_unregister(&b.host));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &b.port.fn, 8));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&b.port, &b.pf.fn, 0));
	number_bridge(&b.port, 20, 21);
	EXPECT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, NR_VFS, 0));
	EXPECT_EQ(&b.pf.vf[7].fn, found(21, 0x60));
}

static void use_msix(struct __test_metadata *_metadata)
{
	struct virtual *v = &b.pf.vf[5];
	uint64_t table = BARS + 5 * VF_BAR_SIZE + VF_TABLE;

	place_vf_bar(BARS);
	ASSERT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE,
		  enable_vfs(&b.pf, NR_VFS, PCI_SRIOV_CTRL_MSE));
	reg_write(&v->fn, v->msix.reg_block.offset + PCI_MSIX_FLAGS,
		  PCI_MSIX_FLAGS_ENABLE, 2);
	guest_write(VMR_MMIO, table, 0xfee01000, 4);
	EXPECT_EQ(0xfee01000U, guest_read(VMR_MMIO, table, 4));
	EXPECT_EQ(1U, guest_read(VMR_MMIO, table + 12, 4));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&v->fn, 0));
	EXPECT_EQ(1U, guest_read(VMR_MMIO, BARS + 5 * VF_BAR_SIZE + VF_PBA, 8));
	EXPECT_EQ(0U, guest_read(VMR_MMIO, BARS + 4 * VF_BAR_SIZE + VF_PBA, 8));
	guest_write(VMR_MMIO, table + 12, 0, 4);
	EXPECT_EQ(1U, v->delivered);
	EXPECT_EQ(0, vmr_pci_notify(&v->fn, 0));
	EXPECT_EQ(2U, v->delivered);
	EXPECT_EQ(0U, v->writes);
	EXPECT_EQ(1U, m.sys.irqs.space.nr_ranges);
	/* The vectors leave with the VFs */
	sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
	EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	EXPECT_EQ(-ENOENT, vmr_pci_notify(&v->fn, 0));
}

/* MSI-X of a VF: table and pending bits are in its part. */
TEST(pci_sriov_msix)
{
	ASSERT_EQ(0, box_up());
	use_msix(_metadata);
}

/* The same in a memory region, whose other addresses are the memory of the owner. */
TEST(pci_sriov_msix_in_memory)
{
	static uint8_t memory[NR_VFS * VF_BAR_SIZE];

	ASSERT_EQ(0, box_up_with(OFFSET, 1, VMR_REGION_MEMORY));
	use_msix(_metadata);
	enable_vfs(&b.pf, NR_VFS, PCI_SRIOV_CTRL_MSE);
	/* Without memory the callbacks of the VF serve it */
	EXPECT_EQ(0x12U, guest_read(VMR_MMIO, BARS + 2 * VF_BAR_SIZE, 1));
	b.pf.sriov.bars[0].region.host = memory;
	guest_write(VMR_MMIO, BARS + 2 * VF_BAR_SIZE + 5, 0x77, 1);
	EXPECT_EQ(0x77U, memory[2 * VF_BAR_SIZE + 5]);
	EXPECT_EQ(0U, b.pf.vf[2].writes);
	/* A VF that is not enabled has no table */
	sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
	enable_vfs(&b.pf, 1, PCI_SRIOV_CTRL_MSE);
	EXPECT_EQ(0xffffffffU,
		  guest_read(VMR_MMIO, BARS + 5 * VF_BAR_SIZE + VF_TABLE, 4));
	/* Once more, with the subregions that it has */
	EXPECT_LE(0, vmr_pci_unplug(&b.pf.fn));
	EXPECT_EQ(0, vmr_pci_bridge_plug(&b.port, &b.pf.fn, 0));
}

/* Subregions of the owner are the PF's; a small BAR cannot be memory. */
TEST(pci_sriov_memory_subregions)
{
	static struct vmr_region subs[5];
	struct vmr_region *region = &b.pf.sriov.bars[0].region;
	const uint64_t offsets[] = { 0, 0x100, 0x8100, 0, 0x200 };
	const uint32_t indexes[] = { 0, 9, 2, 0, 1 };
	unsigned int i;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, sriov_box_init(&b, &m.manager, OFFSET, 1, VMR_REGION_MEMORY));
	b.pf.sriov.bars[2].region.type = VMR_REGION_MEMORY;
	ASSERT_EQ(0, vmr_pci_host_plug(&b.host, &b.port.fn, 1 << 3));
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug(&b.port, &b.pf.fn, 0));
	b.pf.sriov.bars[2].region.type = VMR_REGION_TRAPPED;
	bar(&b.pf.fn, 0)->type = VMR_REGION_MEMORY;
	for (i = 0; i < NR(subs); i++) {
		memset(&subs[i], 0, sizeof(subs[i]));
		vmr_region_init(&subs[i], VMR_MMIO, VMR_REGION_TRAPPED, 0x100,
				indexes[i], "part");
		subs[i].offset = offsets[i];
		ASSERT_EQ(0, vmr_region_add_subregion(i == 3 ? bar(&b.pf.fn, 0) :
						      region, &subs[i]));
	}
	memset(&nonsense, 0, sizeof(nonsense));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&b.port, &b.pf.fn, 0));
	port_on(&b);
	place_vf_bar(BARS);
	bar_on(&b.pf.fn, BARS + 0x100000);
	enable_vfs(&b.pf, 1, PCI_SRIOV_CTRL_MSE);
	EXPECT_EQ(&subs[0], responder(VMR_MMIO, BARS));
	EXPECT_EQ(&subs[1], responder(VMR_MMIO, BARS + 0x100));
	EXPECT_EQ(&subs[2], responder(VMR_MMIO, BARS + 0x8100));
	EXPECT_EQ(&subs[3], responder(VMR_MMIO, BARS + 0x100000));
	EXPECT_EQ(&subs[4], responder(VMR_MMIO, BARS + 0x200));
}

/* A table that overlaps a subregion: the PF is not plugged, and has no table. */
TEST(pci_sriov_subregion_overlaps_table)
{
	static struct vmr_region sub;
	struct vmr_region *region = &b.pf.sriov.bars[0].region;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, sriov_box_init(&b, &m.manager, OFFSET, 1, VMR_REGION_MEMORY));
	ASSERT_EQ(0, vmr_pci_host_plug(&b.host, &b.port.fn, 1 << 3));
	vmr_region_init(&sub, VMR_MMIO, VMR_REGION_TRAPPED, 0x10, 0, "part");
	sub.offset = 3 * VF_BAR_SIZE + VF_TABLE;
	ASSERT_EQ(0, vmr_region_add_subregion(region, &sub));
	PCI_REFUSED(-EBUSY, vmr_pci_bridge_plug(&b.port, &b.pf.fn, 0));
	EXPECT_EQ(&sub, region->subregions);
	EXPECT_EQ(NULL, sub.next);
	/* The device is refused after the tables were added */
	b.pf.vf[3].fn.msix = NULL;
	card_refuses = REFUSED_BY_OWNER;
	PCI_REFUSED(REFUSED_BY_OWNER, vmr_pci_bridge_plug(&b.port, &b.pf.fn, 0));
	card_refuses = 0;
	EXPECT_EQ(&sub, region->subregions);
	/* A VF without MSI-X has no table */
	ASSERT_EQ(0, vmr_pci_bridge_plug(&b.port, &b.pf.fn, 0));
	port_on(&b);
	place_vf_bar(BARS);
	enable_vfs(&b.pf, 1, PCI_SRIOV_CTRL_MSE);
	EXPECT_EQ(&sub, responder(VMR_MMIO, BARS + sub.offset));
}

/* A card with VFs in a slot: it is pulled with them, but not while they come. */
static struct vmr_pci_port slot;

static void slot_released(struct vmr_pci_port *port)
{
	(void)port;
}

static int enable_pulls(struct vmr_pci_function *fn, uint32_t nr)
{
	(void)fn;
	(void)nr;
	return vmr_pci_slot_pull(&slot);
}

TEST(pci_sriov_in_slot)
{
	struct vmr_pci_function *const card[] = { &b.pf.fn };
	const struct vmr_pci_port_config config = {
		.type = VMR_PCI_EXPRESS_ROOT_PORT, .ids = &bridge_ids,
		.speed = 1, .width = 1, .has_slot = true, .slot_number = 1,
		.slot_flags = VMR_PCI_SLOT_HOTPLUG | VMR_PCI_SLOT_SURPRISE,
		.released = slot_released, .name = "slot",
	};

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, sriov_box_init(&b, &m.manager, 0x80, 0x20, VMR_REGION_TRAPPED));
	memset(&slot, 0, sizeof(slot));
	ASSERT_EQ(0, vmr_pci_port_init(&slot, &m.manager, &config));
	ASSERT_EQ(0, vmr_pci_host_plug(&b.host, &slot.bridge.fn, 1 << 3));
	number_bridge(&slot.bridge, 1, 2);
	ASSERT_EQ(0, vmr_pci_slot_add(&slot, card, 1));
	b.pf.sriov.enable = enable_pulls;
	EXPECT_EQ(0U, enable_vfs(&b.pf, NR_VFS, 0));
	EXPECT_EQ(-EBUSY, b.pf.error);
	b.pf.sriov.enable = NULL;
	ASSERT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, NR_VFS, 0));
	EXPECT_EQ(&b.pf.vf[7].fn, found(2, 0x60));
	EXPECT_EQ(0, vmr_pci_slot_pull(&slot));
	EXPECT_EQ(NULL, found(2, 0x60));
	EXPECT_EQ(0U, slot.bridge.devfns.space.nr_ranges);
	EXPECT_EQ(VMR_PCI_SLOT_EMPTY, vmr_pci_slot_get_state(&slot));
	EXPECT_SOUND();
}

/* The steps of enabling fail in turn: the bit reads 0, and nothing else changes. */
enum { BUSES, OWNER, TOO_MANY, ADDRESS, IDS, DEVICE, NR_STEPS };

static struct vmr_pci_function blocker;
static struct vmr_device others[249];

/* All device ids but seven, of which two are in use */
static int take_ids(bool on)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < NR(others) && !ret; i++)
		ret = on ? vmr_device_reserve_id(&m.manager, &others[i], 7 + i, NULL) :
			   vmr_id_free_range(&m.sys.device_ids, &others[i].id);
	return ret;
}

static int block(int step, bool on)
{
	struct vmr_id_pool *pool = &b.port.devfns;

	switch (step) {
	case BUSES:
		number_bridge(&b.port, 1, on ? 1 : 2);
		return 0;
	case OWNER:
		b.pf.answer = on ? REFUSED_BY_OWNER : 0;
		return 0;
	case TOO_MANY:
		return 0;
	case ADDRESS:
		return on ? card_init(&blocker) ||
			    vmr_id_reserve(pool, &blocker.address, 0x120, NULL) :
			    vmr_id_free_range(pool, &blocker.address);
	case IDS:
		return take_ids(on);
	default:
		b.pf.vf[6].refuses = on ? REFUSED_BY_OWNER : 0;
		return 0;
	}
}

TEST(pci_sriov_failed_enable)
{
	static const int reasons[NR_STEPS] = {
		-ERANGE, REFUSED_BY_OWNER, -EINVAL, -EBUSY, -ENOSPC,
		REFUSED_BY_OWNER,
	};
	unsigned int i, nr_functions;
	uint64_t mark;
	int step;

	ASSERT_EQ(0, box_up_with(0x80, 0x20, VMR_REGION_TRAPPED));
	place_vf_bar(BARS);
	nr_functions = (unsigned int)b.host.nr_functions;
	for (step = 0; step < NR_STEPS; step++) {
		ASSERT_EQ(0, block(step, true));
		mark = b.port.devfns.high_watermark;
		machine_state_before();
		EXPECT_EQ((uint32_t)PCI_SRIOV_CTRL_MSE,
			  enable_vfs(&b.pf, step == TOO_MANY ? NR_VFS + 1 : NR_VFS,
				     PCI_SRIOV_CTRL_MSE)) {
			TH_LOG("step %d", step);
		}
		EXPECT_TRUE(same_as_before()) {
			TH_LOG("step %d", step);
		}
		EXPECT_EQ(reasons[step], b.pf.error);
		EXPECT_EQ(0U, b.pf.nr);
		EXPECT_EQ(0U, b.pf.sriov.nr_enabled);
		EXPECT_EQ(mark, b.port.devfns.high_watermark);
		EXPECT_EQ(nr_functions, b.host.nr_functions);
		EXPECT_EQ(1U + (step == ADDRESS), b.port.devfns.space.nr_ranges);
		for (i = 0; i < NR_VFS; i++)
			EXPECT_EQ(NULL, b.pf.vf[i].fn.manager);
		ASSERT_EQ(0, block(step, false));
		sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
	}
	EXPECT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, NR_VFS, 0));
	EXPECT_EQ(0, b.pf.error);
	EXPECT_SOUND();
}

static void expect_disabled(struct __test_metadata *_metadata)
{
	EXPECT_EQ(0U, nr_found());
	EXPECT_EQ(0U, b.pf.sriov.nr_enabled);
	EXPECT_EQ(0U, b.pf.nr);
	EXPECT_EQ(VMR_FREE, state_of(&b.pf.sriov.bars[0].region));
	EXPECT_EQ(0U, sriov_read(&b.pf, PCI_SRIOV_CTRL, 2));
	EXPECT_EQ(0U, sriov_read(&b.pf, PCI_SRIOV_NUM_VF, 2));
	EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	EXPECT_SOUND();
}

static int disable_by(int how)
{
	uint32_t devctl = b.pf.express.reg_block.offset + PCI_EXP_DEVCTL;

	switch (how) {
	case 0:
		return reg_write(&b.pf.fn, devctl, PCI_EXP_DEVCTL_BCR_FLR, 2);
	case 1:
		return vmr_pci_bus_reset(&b.port);
	case 2:
		return vmr_pci_host_reset(&b.host);
	case 3:
		return vmr_pci_unplug(&b.pf.fn);
	default:
		return reg_write(&b.port.fn, PCI_BRIDGE_CONTROL,
				 PCI_BRIDGE_CTL_BUS_RESET, 2);
	}
}

/* Resets of the PF and its bus, and unplugging it, disable the VFs. */
TEST(pci_sriov_reset_disables)
{
	const uint8_t unmask[4] = { 0 };
	struct virtual *v = &b.pf.vf[2];
	int how;

	ASSERT_EQ(0, box_up());
	for (how = 0; how < 5; how++) {
		port_on(&b);
		place_vf_bar(BARS);
		enable_vfs(&b.pf, NR_VFS, PCI_SRIOV_CTRL_MSE);
		reg_write(&v->fn, v->msix.reg_block.offset + PCI_MSIX_FLAGS,
			  PCI_MSIX_FLAGS_ENABLE, 2);
		vmr_pci_msix_write(&v->fn, &v->msix, 12, unmask, 4);
		EXPECT_EQ(1U, m.sys.irqs.space.nr_ranges);
		EXPECT_EQ(0, disable_by(how));
		expect_disabled(_metadata);
		EXPECT_EQ(0U, v->resets);
		if (!b.pf.fn.manager)
			ASSERT_EQ(0, vmr_pci_bridge_plug(&b.port, &b.pf.fn, 0));
	}
}

/* Only the library plugs and unplugs VFs. */
TEST(pci_sriov_vf_is_the_librarys)
{
	struct vmr_pci_function *vf = &b.pf.vf[0].fn;

	ASSERT_EQ(0, box_up());
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug(&b.port, vf, 3));
	PCI_REFUSED(-EINVAL, vmr_pci_host_plug(&b.host, vf, 3 << 3));
	PCI_REFUSED(-ENOENT, vmr_pci_register_restored(&m.manager, vf, NULL));
	enable_vfs(&b.pf, NR_VFS, 0);
	PCI_REFUSED(-EBUSY, vmr_pci_unplug(vf));
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug(&b.port, vf, 3));
	/* An owner may unregister the device of a VF; the function stays */
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &vf->dev));
	EXPECT_EQ((unsigned int)NR_VFS, nr_found());
	sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
	EXPECT_EQ(0U, nr_found());
	EXPECT_SOUND();
	EXPECT_LE(0, vmr_pci_unplug(&b.pf.fn));
	PCI_REFUSED(-ENOENT, vmr_pci_register_restored(&m.manager, vf, NULL));
}

static unsigned int tried;

/* A callback may neither unplug the PF nor write the capability. */
static int enable_tries(struct vmr_pci_function *fn, uint32_t nr)
{
	struct physical *p = owner_of(fn, struct physical, fn);

	(void)nr;
	tried += vmr_pci_unplug(fn) == -EBUSY;
	sriov_write(p, PCI_SRIOV_CTRL, 0, 4);
	sriov_write(p, PCI_SRIOV_NUM_VF, 1, 2);
	sriov_write(p, PCI_SRIOV_SYS_PGSIZE, 0x10, 4);
	return 0;
}

static void changed_resets(struct vmr_pci_function *fn, uint32_t nr, int error)
{
	struct physical *p = owner_of(fn, struct physical, fn);

	p->nr = nr;
	tried += error == 0;
	if (nr)
		vmr_pci_function_reset(fn, VMR_PCI_RESET_FUNCTION);
}

TEST(pci_sriov_callbacks)
{
	ASSERT_EQ(0, box_up());
	b.pf.sriov.enable = enable_tries;
	EXPECT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, 3, 0));
	EXPECT_EQ(1U, tried);
	EXPECT_EQ(3U, nr_found());
	EXPECT_EQ(3U, sriov_read(&b.pf, PCI_SRIOV_NUM_VF, 2));
	EXPECT_EQ(1U, sriov_read(&b.pf, PCI_SRIOV_SYS_PGSIZE, 4));
	sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
	b.pf.sriov.changed = changed_resets;
	EXPECT_EQ(0U, enable_vfs(&b.pf, 3, 0));
	EXPECT_EQ(4U, tried);
	expect_disabled(_metadata);
}

/* Functions without callbacks for accesses, for writes, or for resources. */
TEST(pci_sriov_device_without_callbacks)
{
	static const struct vmr_device_ops none;

	ASSERT_EQ(0, box_up());
	b.pf.sriov.ops = &none;
	b.pf.vf[1].fn.device_ops = &none;
	EXPECT_LE(0, vmr_pci_unplug(&b.pf.fn));
	EXPECT_EQ(0, vmr_pci_bridge_plug(&b.port, &b.pf.fn, 0));
	place_vf_bar(BARS);
	bar_on(&b.pf.fn, BARS + 0x100000);
	enable_vfs(&b.pf, NR_VFS, PCI_SRIOV_CTRL_MSE);
	EXPECT_EQ(0xffU, guest_read(VMR_MMIO, BARS + 0x100000, 1));
	guest_write(VMR_MMIO, BARS + 0x100000, 0, 1);
	EXPECT_EQ(0xffU, guest_read(VMR_MMIO, BARS + VF_BAR_SIZE, 1));
	guest_write(VMR_MMIO, BARS + VF_BAR_SIZE, 0, 1);
	EXPECT_EQ(0U, b.pf.vf[1].writes);
}

/* 10,000 times: no id, address or watermark is lost. */
TEST(pci_sriov_many_times)
{
	unsigned int i;

	ASSERT_EQ(0, box_up());
	enable_vfs(&b.pf, NR_VFS, 0);
	sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
	machine_state_before();
	for (i = 0; i < 10000; i++) {
		sriov_write(&b.pf, PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE, 2);
		sriov_write(&b.pf, PCI_SRIOV_CTRL, 0, 2);
	}
	EXPECT_TRUE(same_as_before());
	EXPECT_EQ(20002U, b.pf.changes);
}

/* The owner says where the capability is. A wrong place is refused. */
TEST(pci_sriov_placed)
{
	static struct physical p;
	struct vmr_pci_sriov odd = { 0 }, sriov = { 0 };
	struct vmr_pci_function *vfs[2] = { &p.vf[0].fn, &p.vf[1].fn };
	const struct vmr_pci_sriov_config config = {
		.vfs = vfs, .total_vfs = 2, .first_offset = 1, .stride = 1,
	};

	ASSERT_EQ(0, box_up());
	memset(&p, 0, sizeof(p));
	ASSERT_EQ(0, vmr_pci_function_init_express(&p.fn, &p.space, &card_ids,
						   &card_ops, "pf"));
	ASSERT_EQ(0, vmr_pci_add_ari(&p.fn, &p.ari));
	ASSERT_EQ(0, vf_init(&p.vf[0]));
	ASSERT_EQ(0, vf_init(&p.vf[1]));
	odd.reg_block.offset = 0xfe0;
	EXPECT_EQ(-EINVAL, vmr_pci_add_sriov(&p.fn, &odd, &config));
	sriov.reg_block.offset = 0x160;
	EXPECT_EQ(0, vmr_pci_add_sriov(&p.fn, &sriov, &config));
	EXPECT_EQ(PCI_EXT_CAP_ID_ARI | 0x16010000u, reg_read(&p.fn, 0x100, 4));
	EXPECT_EQ(PCI_EXT_CAP_ID_SRIOV | 0x10000u, reg_read(&p.fn, 0x160, 4));
}

/* Each argument that is invalid, in the order of the header. */
TEST(pci_sriov_invalid_arguments)
{
	static struct physical p;
	struct vmr_pci_sriov other = { 0 }, sriov = { 0 };
	struct vmr_pci_function *vfs[2] = { &p.vf[0].fn, &p.vf[1].fn };
	struct vmr_pci_sriov_config config = {
		.vfs = vfs, .total_vfs = 2, .first_offset = 1, .stride = 1,
	};
	struct vmr_pci_sriov_config bad;
	static struct vmr_pci_function plain;
	static struct vmr_pci_bridge bridge;

	ASSERT_EQ(0, box_up());
	ASSERT_EQ(0, pf_init_with(&p, OFFSET, 1, VMR_REGION_TRAPPED));
	EXPECT_EQ(-EEXIST, vmr_pci_add_sriov(&p.fn, &other, &config));
	EXPECT_EQ(-EINVAL, vmr_pci_add_sriov(NULL, &sriov, &config));
	EXPECT_EQ(-EINVAL, vmr_pci_add_sriov(&p.fn, NULL, &config));
	EXPECT_EQ(-EINVAL, vmr_pci_add_sriov(&p.fn, &sriov, NULL));
	/* VFs of another PF */
	p.fn.sriov = NULL;
	EXPECT_EQ(-EINVAL, vmr_pci_add_sriov(&p.fn, &sriov, &config));
	ASSERT_EQ(0, vf_init(&p.vf[0]));
	ASSERT_EQ(0, vf_init(&p.vf[1]));
#define BAD(member, value) \
	do { \
		bad = config; \
		bad.member = (value); \
		EXPECT_EQ(-EINVAL, vmr_pci_add_sriov(&p.fn, &sriov, &bad)) { \
			TH_LOG(#member); \
		} \
	} while (0)
	BAD(vfs, NULL);
	BAD(total_vfs, 0);
	BAD(first_offset, 0);
	BAD(stride, 0);
	BAD(page_sizes, 2);
#undef BAD
#define BAD_VF(bad_vf) \
	do { \
		vfs[1] = (bad_vf); \
		EXPECT_EQ(-EINVAL, vmr_pci_add_sriov(&p.fn, &sriov, &config)) { \
			TH_LOG(#bad_vf); \
		} \
		EXPECT_EQ(NULL, p.vf[0].fn.pf); \
	} while (0)
	BAD_VF(NULL);
	BAD_VF(vfs[0]);
	BAD_VF(&p.fn);
	BAD_VF(&b.pf.fn);
	BAD_VF(&b.port.fn);
	/* The PF itself, with nothing that a VF has not */
	ASSERT_EQ(0, vf_init(&p.vf[2]));
	vfs[1] = &p.vf[2].fn;
	EXPECT_EQ(-EINVAL, vmr_pci_add_sriov(&p.vf[2].fn, &sriov, &config));
	EXPECT_EQ(NULL, p.vf[0].fn.pf);
	ASSERT_EQ(0, card_init(&plain));
	BAD_VF(&plain);
	p.vf[1].fn.config[PCI_INTERRUPT_PIN] = 1;
	BAD_VF(&p.vf[1].fn);
	p.vf[1].fn.config[PCI_INTERRUPT_PIN] = 0;
	ASSERT_EQ(0, vmr_pci_add_bar(&p.vf[1].fn, 3, VMR_PCI_BAR_IO, false, 4, "b"));
	BAD_VF(&p.vf[1].fn);
	ASSERT_EQ(0, vf_init(&p.vf[1]));
	ASSERT_EQ(0, vmr_pci_host_plug(&b.host, &p.vf[1].fn, 5 << 3));
	BAD_VF(&p.vf[1].fn);
	vmr_pci_unplug(&p.vf[1].fn);
	p.vf[1].fn.sriov = &other;
	BAD_VF(&p.vf[1].fn);
	p.vf[1].fn.sriov = NULL;
#undef BAD_VF
	vfs[1] = &p.vf[1].fn;
	ASSERT_EQ(0, bridge_init(&bridge));
	EXPECT_EQ(-EINVAL, vmr_pci_add_sriov(&bridge.fn, &sriov, &config));
	EXPECT_EQ(-EINVAL, vmr_pci_add_sriov(&b.pf.vf[1].fn, &sriov, &config));
	/* The capability does not fit: the VFs are as before */
	EXPECT_EQ(-EEXIST, vmr_pci_add_sriov(&p.fn, &p.sriov, &config));
	EXPECT_EQ(NULL, p.vf[0].fn.pf);
	EXPECT_EQ(0U, reg_read(&p.vf[0].fn, PCI_VENDOR_ID, 4));
	/* One VF needs no stride */
	config.total_vfs = 1;
	config.stride = 0;
	EXPECT_EQ(0, vmr_pci_add_sriov(&p.vf[2].fn, &sriov, &config));
}

/* The BARs of VFs: types, sizes, registers in use, and a PF that is plugged. */
TEST(pci_sriov_invalid_bars)
{
	static struct physical p;
	struct vmr_pci_sriov other = { 0 };
	struct vmr_pci_sriov *s = &p.sriov;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, pf_init_with(&p, OFFSET, 1, VMR_REGION_TRAPPED));
#define ADD(sriov, index, type, size) \
	vmr_pci_sriov_add_bar(sriov, index, VMR_PCI_BAR_ ## type, false, size, "bar")
	EXPECT_EQ(-EINVAL, ADD(NULL, 4, MEM32, 0x1000));
	EXPECT_EQ(-EINVAL, ADD(&other, 4, MEM32, 0x1000));
	EXPECT_EQ(-EINVAL, ADD(s, 4, IO, 0x10));
	EXPECT_EQ(-EINVAL, ADD(s, 4, ROM, 0x1000));
	EXPECT_EQ(-EINVAL, ADD(s, 6, MEM32, 0x1000));
	EXPECT_EQ(-EINVAL, ADD(s, 5, MEM64, 0x1000));
	EXPECT_EQ(-EINVAL, ADD(s, 4, MEM32, 0x1001));
	EXPECT_EQ(-EINVAL, ADD(s, 4, MEM32, 0x10000000));
	EXPECT_EQ(-EINVAL, ADD(s, 4, MEM64, 1ull << 60));
	EXPECT_EQ(-EEXIST, ADD(s, 3, MEM32, 0x1000));
	EXPECT_EQ(-EEXIST, ADD(s, 1, MEM64, 0x1000));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &p.fn, 0));
	EXPECT_EQ(-EBUSY, ADD(s, 4, MEM32, 0x1000));
	EXPECT_LE(0, vmr_pci_unplug(&p.fn));
	EXPECT_EQ(0, ADD(s, 4, MEM64, 1ull << 59));
#undef ADD
}

TEST_HARNESS_MAIN
