// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vfs.c - a card with virtual functions and a resizable BAR, behind a root port
 *
 * The guest enables and disables VFs, changes their number, the page size, the BARs and
 * the bus numbers, and programs and resets the VFs. The VMM resets, unplugs and plugs,
 * refuses, and holds addresses. The model has the registers as the guest wrote them, and
 * computes from them which VFs exist, where they are found, how large each BAR is,
 * whether it is mapped, which VF answers, and how many vectors are held.
 */
#include "fuzz.h"

#include "harness.h"
#include "../selftests/vmalloc/sriov_machine.h"

#define MIB		0x100000u
#define NR_SIZES	4	/* of the resizable BAR: 1 to 8 MiB */
#define REFUSED_BY_OWNER	(-1234)
#define HOST_LAST	15
#define WINDOW_LAST	0x8fffffffu

enum { OWN, RESIZABLE, VF_SMALL, VF_WIDE, NR_OF_BARS };

static const struct {
	unsigned int	index;
	uint64_t	size;
	bool		wide;
} bars[NR_OF_BARS] = {
	[OWN] = { 0, 0x1000, false },
	[RESIZABLE] = { 2, MIB, true },
	[VF_SMALL] = { VMR_PCI_VF_BAR(0), VF_BAR_SIZE, false },
	[VF_WIDE] = { VMR_PCI_VF_BAR(2), VF_BAR_SIZE / 2, true },
};

/* Multiples of the largest size, inside and outside the window, and at the end */
static const uint32_t places[] = {
	0, 0x80000000, 0x80800000, 0x81000000, 0x82000000, 0x84000000, 0x90000000,
	0xff800000,
};

struct vf_model {
	bool	unpowered;
	bool	master;
	bool	enabled;		/* MSI-X */
	bool	unmasked[VF_ENTRIES];
	bool	held[VF_ENTRIES];
};

/* The registers as the guest wrote them, and the model of the VFs */
static struct {
	bool		plugged;
	bool		decode;
	uint32_t	addr[NR_OF_BARS];
	uint32_t	size_log;	/* of the resizable BAR, from 1 MiB */
	uint32_t	control;
	uint32_t	nr_vfs;		/* the register */
	uint32_t	nr;		/* the VFs */
	uint32_t	page;		/* in units of 4 KiB */
	uint32_t	secondary, subordinate;
	bool		ari;
	uint32_t	offset, stride;
	uint32_t	blocked;	/* an address, or 0 */
	uint32_t	refuses;	/* a VF, or NR_VFS */
	bool		owner_refuses, resize_refused;
	struct vf_model	vf[NR_VFS];
} v;

static struct sriov_box b;
static struct vmr_pci_rebar rebar;
static struct vmr_pci_function blocker;
static unsigned int failures;	/* to enable, that the model expects */

static uint32_t address_of(uint32_t i)
{
	return v.offset + i * v.stride;
}

static int answer_resize(struct vmr_pci_function *fn, unsigned int index,
			 uint64_t size)
{
	FUZZ_ASSERT(fn == &b.pf.fn && index == bars[RESIZABLE].index &&
		    size >= MIB && size <= MIB << (NR_SIZES - 1));
	return v.resize_refused ? REFUSED_BY_OWNER : 0;
}

/* Also in a reset the regions have the sizes in the registers by now. */
static void check_changed(struct vmr_pci_function *fn, uint32_t nr, int error)
{
	uint64_t page = (uint64_t)sriov_read(&b.pf, PCI_SRIOV_SYS_PGSIZE, 4) << 12;

	FUZZ_ASSERT(b.pf.sriov.bars[0].region.size ==
		    NR_VFS * (page > VF_BAR_SIZE ? page : VF_BAR_SIZE));
	pf_changed(fn, nr, error);
}

static void port_is_on(void)
{
	port_on(&b);
	v.secondary = 1;
	v.subordinate = 2;
	v.ari = true;
}

static void begin(void)
{
	static const uint16_t offsets[] = { 1, 8, 0x80, 0xf8 };
	static const uint16_t strides[] = { 1, 2, 0x20, 0x60 };
	static const struct vmr_pci_rebar_desc desc = {
		2, (MIB << NR_SIZES) - MIB,
	};

	memset(&m, 0, sizeof(m));
	memset(&v, 0, sizeof(v));
	memset(&rebar, 0, sizeof(rebar));
	v.offset = offsets[fuzz_below(NR(offsets))];
	v.stride = strides[fuzz_below(NR(strides))];
	v.refuses = NR_VFS;
	v.page = 1;
	FUZZ_ASSERT(!pci_machine_up(63));
	FUZZ_ASSERT(!sriov_box_init(&b, &m.manager, (uint16_t)v.offset,
				    (uint16_t)v.stride, VMR_REGION_TRAPPED));
	FUZZ_ASSERT(!vmr_pci_add_bar(&b.pf.fn, 2, VMR_PCI_BAR_MEM64, true, MIB,
				     "resizable"));
	b.pf.sriov.changed = check_changed;
	rebar.resize = answer_resize;
	FUZZ_ASSERT(!vmr_pci_add_rebar(&b.pf.fn, &rebar, &desc, 1));
	FUZZ_ASSERT(!card_init(&blocker));
	FUZZ_ASSERT(!sriov_box_plug(&b));
	port_is_on();
	v.plugged = true;
}

static void model_disable(void)
{
	v.nr = 0;
	memset(v.vf, 0, sizeof(v.vf));
}

static void model_reset(void)
{
	model_disable();
	v.decode = false;
	memset(v.addr, 0, sizeof(v.addr));
	v.size_log = 0;
	v.control = 0;
	v.nr_vfs = 0;
	v.page = 1;
}

static int model_enable(void)
{
	uint32_t i, last = address_of(v.nr_vfs - 1) >> 8;

	if (v.nr_vfs > NR_VFS)
		return -EINVAL;
	if (v.nr_vfs && last && (v.secondary + last > v.subordinate ||
				 v.secondary + last > HOST_LAST))
		return -ERANGE;
	if (v.owner_refuses)
		return REFUSED_BY_OWNER;
	for (i = 0; i < v.nr_vfs; i++) {
		if (address_of(i) == v.blocked)
			return -EBUSY;
		if (i == v.refuses)
			return REFUSED_BY_OWNER;
	}
	v.nr = v.nr_vfs;
	return 0;
}

static void write_control(uint32_t value)
{
	uint32_t old = v.control;
	unsigned int changes = b.pf.changes;
	int ret = 0;

	v.control = value;
	sriov_write(&b.pf, PCI_SRIOV_CTRL, value, 1 + fuzz_below(2));
	if (!((old ^ value) & PCI_SRIOV_CTRL_VFE)) {
		FUZZ_ASSERT(b.pf.changes == changes);
		return;
	}
	if (value & PCI_SRIOV_CTRL_VFE)
		ret = model_enable();
	else
		model_disable();
	if (ret) {
		v.control &= ~(uint32_t)PCI_SRIOV_CTRL_VFE;
		failures++;
	}
	FUZZ_ASSERT(b.pf.changes == changes + 1);
	FUZZ_ASSERT(b.pf.error == ret && b.pf.nr == v.nr);
}

static void write_page(void)
{
	uint32_t value = fuzz_one_in(4) ? fuzz_u32() : 1u << fuzz_below(12);

	sriov_write(&b.pf, PCI_SRIOV_SYS_PGSIZE, value, 4);
	value &= VMR_PCI_SRIOV_PAGE_SIZES;
	if (!(v.control & (PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE)) && value &&
	    !(value & (value - 1)))
		v.page = value;
}

static void write_bar(void)
{
	unsigned int which = fuzz_below(NR_OF_BARS);
	uint32_t reg = PCI_BASE_ADDRESS_0 + 4 * bars[which].index;

	v.addr[which] = places[fuzz_below(NR(places))];
	if (which >= VF_SMALL)
		reg = b.pf.sriov.reg_block.offset + PCI_SRIOV_BAR +
		      4 * (bars[which].index - VMR_PCI_NR_BARS);
	reg_write(&b.pf.fn, reg, v.addr[which], 4);
}

static void write_size(void)
{
	uint32_t log = fuzz_below(NR_SIZES + 1);

	v.resize_refused = fuzz_one_in(4);
	reg_write(&b.pf.fn, rebar.reg_block.offset + PCI_REBAR_CTRL + 1, log, 1);
	if (log < NR_SIZES && !v.decode && !v.resize_refused)
		v.size_log = log;
	v.addr[RESIZABLE] &= ~((MIB << v.size_log) - 1);
}

static void write_of_pf(void)
{
	switch (fuzz_below(8)) {
	case 0:
	case 1:
		write_control(fuzz_u8() & (PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE |
					   PCI_SRIOV_CTRL_ARI));
		return;
	case 2:
	case 3: {
		uint32_t nr = fuzz_one_in(16) ? 0xffff : fuzz_below(NR_VFS + 2);

		sriov_write(&b.pf, PCI_SRIOV_NUM_VF, nr, 2);
		if (!(v.control & PCI_SRIOV_CTRL_VFE))
			v.nr_vfs = nr;
		return;
	}
	case 4:
		write_page();
		return;
	case 5:
		v.decode = fuzz_one_in(2);
		reg_write(&b.pf.fn, COMMAND, v.decode ? DECODE_MEM : 0, 2);
		return;
	case 6:
		write_size();
		return;
	default:
		write_bar();
	}
}

static void write_of_vf(uint32_t i)
{
	struct virtual *vf = &b.pf.vf[i];
	struct vf_model *model = &v.vf[i];
	static const uint8_t zero[4];
	unsigned int entry = fuzz_below(VF_ENTRIES), how = fuzz_below(6);
	uint32_t devctl = vf->express.reg_block.offset + PCI_EXP_DEVCTL;

	switch (how) {
	case 0:
		model->unpowered = fuzz_one_in(2);
		reg_write(&vf->fn, vf->pm.reg_block.offset + PCI_PM_CTRL,
			  model->unpowered ? 3 : 0, 2);
		break;
	case 1:
		model->master = fuzz_one_in(2);
		reg_write(&vf->fn, COMMAND, model->master ? 0xffff : 0, 2);
		break;
	case 2:
		memset(model, 0, sizeof(*model));
		reg_write(&vf->fn, devctl, PCI_EXP_DEVCTL_BCR_FLR, 2);
		break;
	case 3:
		model->enabled = fuzz_one_in(2);
		reg_write(&vf->fn, vf->msix.reg_block.offset + PCI_MSIX_FLAGS + 1,
			  model->enabled ? PCI_MSIX_FLAGS_ENABLE >> 8 : 0, 1);
		if (!model->enabled)
			memset(model->held, 0, sizeof(model->held));
		break;
	case 4:
		model->unmasked[entry] = true;
		FUZZ_ASSERT(!vmr_pci_msix_write(&vf->fn, &vf->msix,
						entry * 16 + 12, zero, 4));
		break;
	default:
		/* Only the library unplugs it */
		FUZZ_ASSERT(vmr_pci_unplug(&vf->fn) == -EBUSY);
	}
	for (entry = 0; entry < VF_ENTRIES; entry++)
		model->held[entry] |= model->enabled && model->unmasked[entry];
}

static void reset_or_replug(void)
{
	uint32_t devctl = b.pf.express.reg_block.offset + PCI_EXP_DEVCTL;
	int ret = 0;

	switch (fuzz_below(6)) {
	case 0:
		ret = reg_write(&b.pf.fn, devctl, PCI_EXP_DEVCTL_BCR_FLR, 2);
		break;
	case 1:
		ret = vmr_pci_function_reset(&b.pf.fn, VMR_PCI_RESET_BUS);
		break;
	case 2:
		ret = vmr_pci_bus_reset(&b.port);
		break;
	case 3:
		reg_write(&b.port.fn, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_BUS_RESET, 2);
		reg_write(&b.port.fn, PCI_BRIDGE_CONTROL, 0, 2);
		break;
	case 4:
		ret = vmr_pci_host_reset(&b.host);
		port_is_on();
		break;
	default:
		FUZZ_ASSERT(vmr_pci_unplug(&b.pf.fn) >= 0);
		v.plugged = false;
	}
	FUZZ_ASSERT(!ret);
	model_reset();
}

/* Causes of failures to come, and bus numbers */
static void change_of_others(void)
{
	switch (fuzz_below(5)) {
	case 0:
		v.owner_refuses = fuzz_one_in(4);
		b.pf.answer = v.owner_refuses ? REFUSED_BY_OWNER : 0;
		return;
	case 1:
		if (v.refuses < NR_VFS)
			b.pf.vf[v.refuses].refuses = 0;
		v.refuses = fuzz_below(2 * NR_VFS);
		if (v.refuses < NR_VFS)
			b.pf.vf[v.refuses].refuses = REFUSED_BY_OWNER;
		return;
	case 2:
		if (v.blocked)
			FUZZ_ASSERT(!vmr_id_free_range(&b.port.devfns,
						       &blocker.address));
		v.blocked = fuzz_one_in(2) ? address_of(fuzz_below(NR_VFS)) : 0;
		/* A VF may have the address already */
		if (v.blocked && vmr_id_reserve(&b.port.devfns, &blocker.address,
						v.blocked, NULL))
			v.blocked = 0;
		return;
	case 3:
		v.secondary = 1 + fuzz_below(3);
		v.subordinate = v.secondary + fuzz_below(4);
		number_bridge(&b.port, v.secondary, v.subordinate);
		return;
	default:
		v.ari = fuzz_one_in(2);
		reg_write(&b.port.fn,
			  b.port_express.reg_block.offset + PCI_EXP_DEVCTL2,
			  v.ari ? PCI_EXP_DEVCTL2_ARI : 0, 2);
	}
}

static uint64_t part_of(unsigned int which)
{
	uint64_t page = (uint64_t)v.page << 12;

	if (which == RESIZABLE)
		return (uint64_t)MIB << v.size_log;
	if (which == OWN)
		return bars[which].size;
	return page > bars[which].size ? page : bars[which].size;
}

static uint64_t span_of(unsigned int which)
{
	return part_of(which) * (which >= VF_SMALL ? NR_VFS : 1);
}

static struct vmr_region *region_of(unsigned int which)
{
	return which >= VF_SMALL ?
		       &b.pf.sriov.bars[bars[which].index - VMR_PCI_NR_BARS].region :
		       &b.pf.fn.bars[bars[which].index].region;
}

static bool decodes(unsigned int which)
{
	const uint32_t both = PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE;

	return which >= VF_SMALL ? (v.control & both) == both : v.decode;
}

/* Whether the region is live. Another live region is in the way of a claimed region. */
static bool check_bar(unsigned int which)
{
	const struct vmr_region *region = region_of(which), *other;
	uint64_t start = v.addr[which], last = start + span_of(which) - 1;
	enum vmr_state state = state_of(region);
	bool in_the_way = false;
	unsigned int i;

	FUZZ_ASSERT(region->size == span_of(which));
	if (!v.plugged || !start || (!bars[which].wide && last > UINT32_MAX)) {
		FUZZ_ASSERT(state == VMR_FREE);
		return false;
	}
	FUZZ_ASSERT(region->range.start == start && region->range.last == last);
	if (!decodes(which)) {
		FUZZ_ASSERT(state == VMR_PARKED);
		return false;
	}
	for (i = 0; i < NR_OF_BARS; i++) {
		other = region_of(i);
		if (i != which && state_of(other) == VMR_LIVE &&
		    other->range.start <= last && other->range.last >= start)
			in_the_way = true;
	}
	FUZZ_ASSERT(state == (in_the_way ? VMR_CLAIMED : VMR_LIVE));
	return state == VMR_LIVE;
}

/* A read from the part of each VF, also of those that do not exist */
static void check_parts(unsigned int which)
{
	uint64_t part = part_of(which), offset;
	uint32_t i, expected;

	if (v.addr[which] + span_of(which) - 1 > WINDOW_LAST)
		return;
	for (i = 0; i < NR_VFS; i++) {
		offset = fuzz.ops % 2 ? 0x10 : part - 1;
		expected = 0xff;
		if (i < v.nr && !v.vf[i].unpowered && offset < bars[which].size)
			expected = 0x10 + i;
		FUZZ_ASSERT(guest_read(VMR_MMIO, v.addr[which] + i * part + offset,
				       1) == expected);
	}
}

static void check_vf(uint32_t i)
{
	struct vmr_pci_function *vf = &b.pf.vf[i].fn;
	uint32_t address = address_of(i), bus = v.secondary + (address >> 8);
	bool there = i < v.nr, seen = there && bus <= v.subordinate;

	/* The link leads to eight functions while ARI is off; other buses have VFs only */
	if (bus == v.secondary && (address & 0xff) >= 8 && !v.ari)
		seen = false;
	FUZZ_ASSERT(!!vf->manager == there);
	FUZZ_ASSERT((vf->dev.state >= VMR_DEVICE_REGISTERED) == there);
	FUZZ_ASSERT((vmr_pci_find_function(&m.manager, bus << 8 | (address & 0xff)) ==
		     vf) == seen);
	if (!there)
		return;
	FUZZ_ASSERT(reg_read(vf, PCI_VENDOR_ID, 4) == 0xffffffff);
	FUZZ_ASSERT(reg_read(vf, COMMAND, 2) ==
		    (v.vf[i].master ? PCI_COMMAND_MASTER : 0u));
	FUZZ_ASSERT(reg_read(vf, PCI_BASE_ADDRESS_0, 4) == 0);
}

static void check_registers(void)
{
	FUZZ_ASSERT(sriov_read(&b.pf, PCI_SRIOV_CTRL, 2) == v.control);
	FUZZ_ASSERT(sriov_read(&b.pf, PCI_SRIOV_NUM_VF, 2) == v.nr_vfs);
	FUZZ_ASSERT(sriov_read(&b.pf, PCI_SRIOV_SYS_PGSIZE, 4) == v.page);
	FUZZ_ASSERT(sriov_read(&b.pf, PCI_SRIOV_BAR, 4) == v.addr[VF_SMALL]);
	FUZZ_ASSERT((sriov_read(&b.pf, PCI_SRIOV_BAR + 8, 4) & ~0xfu) ==
		    v.addr[VF_WIDE]);
	FUZZ_ASSERT((reg_read(&b.pf.fn, PCI_BASE_ADDRESS_0 + 8, 4) & ~0xfu) ==
		    v.addr[RESIZABLE]);
	FUZZ_ASSERT(reg_read(&b.pf.fn, rebar.reg_block.offset + PCI_REBAR_CTRL + 1,
			     1) == v.size_log);
}

static void check(void)
{
	const char *what = machine_verify();
	uint32_t i, entry, nr_held = 0;
	unsigned int which;
	bool live;

	if (strcmp(what, VERIFY_OK))
		fuzz_fail("%s", what);
	check_registers();
	FUZZ_ASSERT(vmr_pci_sriov_nr_enabled(&b.pf.sriov) == v.nr);
	FUZZ_ASSERT(b.host.nr_functions == 1 + v.plugged + v.nr);
	FUZZ_ASSERT(b.port.devfns.space.nr_ranges == v.plugged + v.nr + !!v.blocked);
	for (i = 0; i < NR_VFS; i++) {
		check_vf(i);
		for (entry = 0; entry < VF_ENTRIES; entry++)
			nr_held += v.vf[i].held[entry];
	}
	FUZZ_ASSERT(m.sys.irqs.space.nr_ranges == nr_held);
	for (which = 0; which < NR_OF_BARS; which++) {
		live = check_bar(which);
		if (live && which >= VF_SMALL)
			check_parts(which);
	}
}

static void run(void)
{
	unsigned int every = fuzz.generates ? 4 : 1, nr;

	begin();
	for (nr = 1; fuzz_more(); nr++) {
		if (!v.plugged) {
			FUZZ_ASSERT(!vmr_pci_bridge_plug(&b.port, &b.pf.fn, 0));
			v.plugged = true;
		} else if (fuzz_one_in(24)) {
			reset_or_replug();
		} else if (fuzz_one_in(6)) {
			change_of_others();
		} else if (v.nr && fuzz_one_in(3)) {
			write_of_vf(fuzz_below(v.nr));
		} else {
			write_of_pf();
		}
		if (nr % every == 0)
			check();
	}
	check();
}

const struct fuzz_target fuzz_vfs = { "vfs", run };
