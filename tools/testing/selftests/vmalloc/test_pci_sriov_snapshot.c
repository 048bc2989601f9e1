// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_sriov_snapshot.c - snapshots of virtual functions in any state
 */
#include "../kselftest_harness.h"

#include "checksum.h"
#include "sriov_machine.h"

#include <vmalloc/pci_snapshot.h>

#define NR_FNS		(2 + NR_VFS)
#define NR_SPACES	(VMR_SNAPSHOT_NR_SPACES + 3)
#define BARS		0x80000000u

/* The nodes of a function: BARs, address, id, MSI-X entries, windows */
#define ADDRESS		20
#define ID		21
#define ENTRIES		30
#define WINDOWS		40
#define NODES		50

struct box {
	struct vmr_system		sys;
	struct vmr_manager		manager;
	struct sriov_box		b;
	struct vmr_snapshot		snap;
	struct vmr_snapshot_space	spaces[NR_SPACES];
	struct vmr_snapshot_block	blocks[NR_FNS];
};

static struct box old, new;
static uint8_t saved[1 << 17], again[1 << 17];
static size_t saved_size;

static struct vmr_pci_function *function_of(struct box *box, unsigned int i)
{
	if (i == 0)
		return &box->b.port.fn;
	return i == 1 ? &box->b.pf.fn : &box->b.pf.vf[i - 2].fn;
}

static struct vmr_range *window_of(struct vmr_pci_bridge *bridge, unsigned int i)
{
	struct vmr_region *windows[] = {
		&bridge->io, &bridge->mem, &bridge->pref, &bridge->vga_io[0],
		&bridge->vga_io[1], &bridge->vga_mem,
	};

	return &windows[i]->range;
}

static struct vmr_range *node_at(struct box *box, uint64_t key)
{
	unsigned int node = key % NODES;
	struct vmr_pci_function *fn;

	if (key / NODES >= NR_FNS)
		return NULL;
	fn = function_of(box, (unsigned int)(key / NODES));
	if (node < VMR_PCI_NR_BARS)
		return &fn->bars[node].region.range;
	if (node < ADDRESS)
		return fn->sriov && node < VMR_PCI_VF_BAR(6) ?
		       &fn->sriov->bars[node - VMR_PCI_NR_BARS].region.range : NULL;
	if (node == ADDRESS)
		return &fn->address;
	if (node == ID)
		return &fn->dev.id;
	if (node >= ENTRIES && node < ENTRIES + VF_ENTRIES && fn->msix)
		return &fn->msix->entries[node - ENTRIES].range;
	if (node >= WINDOWS && node < WINDOWS + VMR_PCI_BRIDGE_WINDOWS && fn->bridge)
		return window_of(fn->bridge, node - WINDOWS);
	return NULL;
}

static struct box *box_of(const struct vmr_snapshot *snap)
{
	return (struct box *)((char *)snap - offsetof(struct box, snap));
}

static uint64_t to_key(const struct vmr_snapshot *snap, uint32_t space,
		       const struct vmr_range *range)
{
	uint64_t key;

	(void)space;
	for (key = 0; key < NODES * NR_FNS; key++)
		if (node_at(box_of(snap), key) == range)
			return key;
	return ~0ull;
}

static struct vmr_range *to_range(const struct vmr_snapshot *snap, uint64_t key,
				  uint32_t *space)
{
	struct vmr_range *range = node_at(box_of(snap), key);
	bool behind = key >= NODES;

	if (!range)
		return NULL;
	switch (key % NODES) {
	case ADDRESS:
		*space = behind ? VMR_SNAPSHOT_FIRST_USER + 2 : VMR_SNAPSHOT_PCI;
		break;
	case ID:
		*space = VMR_SNAPSHOT_IDS;
		break;
	case ENTRIES:
	case ENTRIES + 1:
		*space = VMR_SNAPSHOT_IRQS;
		break;
	default:
		*space = behind ? VMR_SNAPSHOT_FIRST_USER : VMR_SNAPSHOT_PIO;
		*space += owner_of(range, struct vmr_region, range)->io == VMR_MMIO;
	}
	return range;
}

static const struct vmr_snapshot_ops snapshot_ops = {
	.range_to_key = to_key, .key_to_range = to_range,
};

static int describe(struct box *box)
{
	unsigned int i;
	int ret = vmr_snapshot_describe_system(box->spaces, &box->sys);

	if (!ret)
		ret = vmr_snapshot_describe_bridge(box->spaces +
						   VMR_SNAPSHOT_NR_SPACES,
						   &box->b.port,
						   VMR_SNAPSHOT_FIRST_USER);
	for (i = 0; i < NR_FNS && !ret; i++)
		ret = vmr_snapshot_describe_pci(&box->blocks[i], i,
						function_of(box, i), &box->sys);
	box->snap = (struct vmr_snapshot){
		.ops = &snapshot_ops, .spaces = box->spaces,
		.nr_spaces = NR_SPACES, .blocks = box->blocks,
		.nr_blocks = NR_FNS,
	};
	return ret;
}

static int box_init(struct box *box, uint16_t stride)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 63,
		.slot_last = 31, .pci_last = 0xffff, .id_last = 255,
	};
	int ret;

	memset(box, 0, sizeof(*box));
	ret = vmr_system_init(&box->sys, &limits);
	if (!ret)
		ret = vmr_manager_init(&box->manager, &box->sys);
	if (!ret)
		ret = sriov_box_init(&box->b, &box->manager, 0x80, stride,
				     VMR_REGION_TRAPPED);
	return ret ? ret : describe(box);
}

static int old_up(void)
{
	int ret = box_init(&old, 0x20);

	return ret ? ret : sriov_box_plug(&old.b);
}

static int save(struct box *box, uint8_t *bytes, size_t *size)
{
	memset(bytes, 0, sizeof(saved));
	return vmr_snapshot_save(&box->snap, bytes, sizeof(saved), size);
}

static int restore(uint16_t stride)
{
	int ret = box_init(&new, stride);

	new.b.pf.fn.upstream_bridge = &new.b.port;
	return ret ? ret : vmr_snapshot_restore(&new.snap, saved, saved_size);
}

static int restore_and_register(void)
{
	unsigned int i, nr = 2;
	int ret = restore(0x20);

	for (i = 0; i < nr && !ret; i++) {
		ret = vmr_pci_register_restored(&new.manager,
						function_of(&new, i), NULL);
		if (i == 1)
			nr += vmr_pci_sriov_nr_enabled(&new.b.pf.sriov);
	}
	return ret;
}

static bool saves_equal(void)
{
	size_t size;

	return !save(&new, again, &size) && size == saved_size &&
	       !memcmp(saved, again, saved_size);
}

static struct vmr_pci_function *found(uint32_t bus, uint32_t devfn)
{
	return vmr_pci_find_function(&new.manager, VMR_PCI_BDF(bus, 0, 0) + devfn);
}

/* Enabled VFs on two buses, with memory, a vector, and one that is in D3hot. */
static void use_old(void)
{
	struct virtual *v = &old.b.pf.vf[5];
	const uint8_t unmask[4] = { 0 };

	sriov_write(&old.b.pf, PCI_SRIOV_SYS_PGSIZE, 0x10, 4);
	sriov_write(&old.b.pf, PCI_SRIOV_BAR, BARS, 4);
	enable_vfs(&old.b.pf, 6, PCI_SRIOV_CTRL_MSE);
	reg_write(&v->fn, v->msix.reg_block.offset + PCI_MSIX_FLAGS,
		  PCI_MSIX_FLAGS_ENABLE, 2);
	vmr_pci_msix_write(&v->fn, &v->msix, 12, unmask, 4);
	v = &old.b.pf.vf[1];
	reg_write(&v->fn, v->pm.reg_block.offset + PCI_PM_CTRL, 3, 2);
}

/* A restored machine has the same VFs, and they leave in the same way. */
TEST(sriov_snapshot_enabled)
{
	struct physical *p = &new.b.pf;

	ASSERT_EQ(0, old_up());
	use_old();
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, restore_and_register());
	EXPECT_TRUE(saves_equal());
	EXPECT_EQ(6U, vmr_pci_sriov_nr_enabled(&p->sriov));
	EXPECT_EQ(&p->vf[3].fn, found(1, 0xe0));
	EXPECT_EQ(&p->vf[5].fn, found(2, 0x20));
	EXPECT_EQ(NULL, found(2, 0x40));
	EXPECT_TRUE(p->vf[1].fn.vf_unpowered);
	EXPECT_FALSE(p->vf[2].fn.vf_unpowered);
	EXPECT_EQ(0, vmr_pci_notify(&p->vf[5].fn, 0));
	EXPECT_EQ(BARS, p->sriov.bars[0].region.range.start);
	EXPECT_EQ(8 * 0x10000u, p->sriov.bars[0].region.size);
	EXPECT_EQ(VMR_LIVE, state_of(&p->sriov.bars[0].region));
	sriov_write(p, PCI_SRIOV_CTRL, 0, 2);
	sriov_write(&old.b.pf, PCI_SRIOV_CTRL, 0, 2);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	EXPECT_TRUE(saves_equal());
	EXPECT_EQ(0U, new.sys.irqs.space.nr_ranges);
}

/* VFs that are disabled, and a VF BAR that is being sized. */
TEST(sriov_snapshot_disabled_and_sized)
{
	static const uint32_t bars[] = { 0, 2, 3 };
	unsigned int i;

	ASSERT_EQ(0, old_up());
	sriov_write(&old.b.pf, PCI_SRIOV_BAR, BARS, 4);
	for (i = 0; i < NR(bars); i++) {
		sriov_write(&old.b.pf, PCI_SRIOV_BAR + 4 * bars[i], 0xffffffff, 4);
		ASSERT_EQ(0, save(&old, saved, &saved_size));
		ASSERT_EQ(0, restore_and_register());
		EXPECT_TRUE(saves_equal());
		EXPECT_EQ(old.b.pf.fn.sizing, new.b.pf.fn.sizing);
	}
	EXPECT_EQ(0xdU << 7, new.b.pf.fn.sizing);
	EXPECT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&new.b.pf, NR_VFS, 0));
	EXPECT_EQ(&new.b.pf.vf[7].fn, found(2, 0x60));
}

/* The PF alone is registered: the VFs that were not can still be disabled. */
TEST(sriov_snapshot_vfs_not_registered)
{
	ASSERT_EQ(0, old_up());
	use_old();
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, restore(0x20));
	EXPECT_TRUE(saves_equal());
	EXPECT_EQ(-ENOENT, vmr_pci_register_restored(&new.manager,
						     &new.b.pf.vf[0].fn, NULL));
	ASSERT_EQ(0, vmr_pci_register_restored(&new.manager, &new.b.port.fn, NULL));
	ASSERT_EQ(0, vmr_pci_register_restored(&new.manager, &new.b.pf.fn, NULL));
	EXPECT_EQ(-ENOENT, vmr_pci_register_restored(&new.manager,
						     &new.b.pf.vf[6].fn, NULL));
	ASSERT_EQ(0, vmr_pci_register_restored(&new.manager, &new.b.pf.vf[0].fn,
					       NULL));
	sriov_write(&new.b.pf, PCI_SRIOV_CTRL, 0, 2);
	EXPECT_EQ(NULL, new.b.pf.vf[0].fn.manager);
}

/* Only VFs are on later buses: no other function can be restored there. */
TEST(sriov_snapshot_function_on_later_bus)
{
	static struct vmr_pci_function plain;

	ASSERT_EQ(0, old_up());
	ASSERT_EQ(0, card_init(&plain));
	plain.upstream_bridge = &old.b.port;
	ASSERT_EQ(0, vmr_id_reserve(&old.b.port.devfns, &plain.address, 0x105, NULL));
	EXPECT_EQ(-ERANGE, vmr_pci_register_restored(&old.manager, &plain, NULL));
}

/* Another stride is another machine, also with the VFs disabled. */
TEST(sriov_snapshot_other_machine)
{
	ASSERT_EQ(0, old_up());
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	EXPECT_EQ(-ENODEV, restore(0x10));
	EXPECT_EQ(0, restore(0x20));
}

/* A BAR of the VFs that has another size is another machine too. */
TEST(sriov_snapshot_other_size_of_bar)
{
	ASSERT_EQ(0, old_up());
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, box_init(&new, 0x20));
	new.b.pf.fn.upstream_bridge = &new.b.port;
	new.b.pf.sriov.sizes[0] *= 2;
	EXPECT_EQ(-ENODEV, vmr_snapshot_restore(&new.snap, saved, saved_size));
}

/* The capability in the snapshot, found by the registers before it */
static uint8_t *saved_capability(const struct physical *p)
{
	size_t i;

	for (i = 0; i + VMR_PCI_EXPRESS_CONFIG_SIZE < saved_size; i++)
		if (!memcmp(&saved[i], p->fn.config, 0x100))
			return &saved[i + p->sriov.reg_block.offset];
	return NULL;
}

/* Each bit of the capability: refused with nothing changed, or restored exactly. */
TEST(sriov_snapshot_each_bit)
{
	unsigned int refused = 0, exact = 0, bit;
	uint8_t *cap;

	ASSERT_EQ(0, old_up());
	use_old();
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	cap = saved_capability(&old.b.pf);
	ASSERT_NE(NULL, cap);
	for (bit = 0; bit < 8 * VMR_PCI_SRIOV_SIZE; bit++) {
		cap[bit / 8] ^= 1u << bit % 8;
		fix_checksum(saved, saved_size);
		if (restore_and_register()) {
			refused++;
			EXPECT_EQ(0U, new.sys.device_ids.space.nr_ranges);
		} else if (saves_equal()) {
			exact++;
		} else {
			EXPECT_EQ(0U, bit);
		}
		cap[bit / 8] ^= 1u << bit % 8;
	}
	EXPECT_LT(450U, refused);
	EXPECT_LT(0U, exact);
}

/* More VFs than there are, of which all those that there are have addresses. */
TEST(sriov_snapshot_too_many_vfs)
{
	uint8_t *cap;

	ASSERT_EQ(0, old_up());
	enable_vfs(&old.b.pf, NR_VFS, 0);
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	cap = saved_capability(&old.b.pf);
	ASSERT_NE(NULL, cap);
	EXPECT_EQ(0, restore_and_register());
	cap[PCI_SRIOV_NUM_VF] = NR_VFS + 1;
	fix_checksum(saved, saved_size);
	EXPECT_EQ(-EBADMSG, restore_and_register());
}

/* The addresses of VFs in a snapshot must be those that the registers name. */
TEST(sriov_snapshot_wrong_addresses)
{
	struct vmr_pci_function *vf = &old.b.pf.vf[7].fn;
	struct vmr_id_pool *devfns = &old.b.port.devfns;

	ASSERT_EQ(0, old_up());
	ASSERT_EQ(0, vmr_id_reserve(devfns, &vf->address, 0x160, NULL));
	EXPECT_NE(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, vmr_id_free_range(devfns, &vf->address));
	use_old();
	vf = &old.b.pf.vf[2].fn;
	ASSERT_EQ(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, vmr_id_free_range(devfns, &vf->address));
	EXPECT_NE(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, vmr_id_reserve(devfns, &vf->address, 0xc1, NULL));
	EXPECT_NE(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, vmr_id_free_range(devfns, &vf->address));
	ASSERT_EQ(0, vmr_id_reserve(devfns, &vf->address, 0xc0, NULL));
	EXPECT_EQ(0, save(&old, saved, &saved_size));
	/* Without an address of the PF */
	ASSERT_EQ(0, vmr_id_free_range(devfns, &old.b.pf.fn.address));
	EXPECT_NE(0, save(&old, saved, &saved_size));
	ASSERT_EQ(0, vmr_id_reserve(devfns, &old.b.pf.fn.address, 0, NULL));
	EXPECT_EQ(0, save(&old, saved, &saved_size));
	/* In another space */
	ASSERT_EQ(0, vmr_id_free_range(devfns, &vf->address));
	ASSERT_EQ(0, vmr_id_reserve(&old.sys.pci_bdfs, &vf->address, 0xc0, NULL));
	EXPECT_NE(0, save(&old, saved, &saved_size));
}

TEST_HARNESS_MAIN
