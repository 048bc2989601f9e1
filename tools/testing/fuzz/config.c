// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * config.c - accesses to configuration space through ECAM and ports
 *
 * Four host bridges in three segments, two of them in segment 0, have functions of all
 * kinds, also behind bridges. The guest reads and writes registers with any width at
 * any offset, and the owner plugs, unplugs and resets. The model keeps the registers of
 * each function and finds functions by walking all of them. It is compared with each
 * answer, and then with a second reading of the same registers by the other mechanism.
 * A snapshot is restored in a new machine, which then has the registers of the model, or
 * is refused if a bit of it was changed.
 */
#include "fuzz.h"

#define chance		chance_of_a_seed
#define dice		dice_of_a_seed
#include "../selftests/vmalloc/checksum.h"
#include "../selftests/vmalloc/pci_machine.h"
#undef chance
#undef dice

#include <vmalloc/pci_snapshot.h>

#define NR_HOSTS	4
#define NR_LINES	5
#define MSI_VECTORS	32
#define NR_VECTORS	48	/* fewer than the functions can enable */
#define ENTRIES		4
#define MODELLED	0x180	/* no register of a function is above */
#define ROOT		(-1)

/* Every host bridge has these functions. */
enum {
	BRIDGE, EXPRESS_BRIDGE, FAR_BRIDGE,
	CARD_MSI, CARD_MSIX, CARD_EXPRESS, CARD_PLAIN, CARD_FAR,
	MULTI_0, MULTI_3,
	PER_HOST,
};

#define NR_BRIDGES_PER_HOST	3
#define NR_FUNCTIONS		(NR_HOSTS * PER_HOST)

/* The bridge that each is behind, and its number there */
static const struct {
	int		parent;
	uint32_t	devfn;
} places[PER_HOST] = {
	[BRIDGE] = { ROOT, 1 << 3 },
	[EXPRESS_BRIDGE] = { ROOT, 2 << 3 },
	[FAR_BRIDGE] = { BRIDGE, 3 << 3 },
	[CARD_MSI] = { ROOT, 4 << 3 },
	[CARD_MSIX] = { BRIDGE, 0 },
	[CARD_EXPRESS] = { EXPRESS_BRIDGE, 0 },
	[CARD_PLAIN] = { FAR_BRIDGE, 0x1f << 3 | 7 },
	[CARD_FAR] = { FAR_BRIDGE, 0 },
	[MULTI_0] = { ROOT, 6 << 3 },
	[MULTI_3] = { ROOT, 6 << 3 | 3 },
};

static const struct host_place {
	uint32_t	segment, first, last;
	uint64_t	ecam;
} host_places[NR_HOSTS] = {
	{ 0, 0, 15, 0x20000000 },
	{ 0, 16, 31, 0x30000000 },
	{ 1, 0, 7, 0x40000000 },
	{ 2, 0x80, 0x87, 0x50000000 },
};

/* A function and the model of its registers */
struct model {
	struct vmr_pci_function	*fn;
	struct vmr_pci_bridge	*bridge;	/* itself, or NULL */
	struct model		*parent;	/* the bridge above, or NULL */
	unsigned int		host;
	uint32_t		devfn;
	bool			plugged;
	bool			level;		/* of the pin */
	uint32_t		pending;	/* of MSI */
	uint32_t		msi, msix, pm, af, express;	/* offsets, or 0 */
	uint8_t			config[MODELLED];
	uint8_t			initial[MODELLED];
	uint8_t			wmask[MODELLED];
	uint8_t			w1cmask[MODELLED];
	uint8_t			sticky[MODELLED];
};

static struct {
	struct vmr_pci_host			host[NR_HOSTS];
	struct vmr_pci_ecam			ecam[NR_HOSTS];
	struct vmr_pci_intx			intx[NR_HOSTS];
	struct vmr_pci_intx_line		lines[NR_HOSTS][NR_LINES];
	struct vmr_pci_conf1			conf1;
	struct vmr_pci_bridge			bridges[NR_HOSTS][NR_BRIDGES_PER_HOST];
	struct vmr_pci_function			cards[NR_HOSTS][PER_HOST];
	struct vmr_pci_express_config_space	spaces[NR_HOSTS][2];
	struct vmr_pci_msi			msi[NR_HOSTS];
	struct vmr_pci_msix			msix[NR_HOSTS];
	struct vmr_pci_msix_entry		entries[NR_HOSTS][ENTRIES];
	struct vmr_pci_express			express[NR_HOSTS][2];
	struct vmr_pci_pm			pm[NR_HOSTS];
	struct vmr_pci_af			af[NR_HOSTS];
	struct vmr_pci_reg_block		vendor[NR_HOSTS][2];
	struct model				model[NR_HOSTS][PER_HOST];
	uint32_t				address;	/* CONFIG_ADDRESS */
} c;

static struct model *model_of(const struct vmr_pci_function *fn)
{
	unsigned int i;

	for (i = 0; i < NR_FUNCTIONS; i++)
		if (c.model[i / PER_HOST][i % PER_HOST].fn == fn)
			return &c.model[i / PER_HOST][i % PER_HOST];
	fuzz_fail("an unknown function");
}

static struct model *any_model(void)
{
	return &c.model[fuzz_below(NR_HOSTS)][fuzz_below(PER_HOST)];
}

static uint32_t get16(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8;
}

/*
 * The machine
 */

/* The vendor capability has bits of each kind, some of them sticky. */
static const uint8_t vendor_contents[12] = { 0, 0, 0x5a, 0xff, 0x81, 0x7e, 0x33,
					     0xff, 0, 1, 2, 3 };
static const uint8_t vendor_wmask[12] = { 0, 0, 0xff, 0, 0x0f, 0xf0, 0, 0xff,
					  0xff, 0xff, 0, 0 };
static const uint8_t vendor_w1cmask[12] = { 0, 0, 0, 0xff, 0x80, 0, 0, 0, 0, 0,
					    0, 3 };
static const uint8_t vendor_sticky[12] = { 0, 0, 0, 0xf0, 0xff, 0, 0, 0x0f, 0,
					   0, 0, 0 };

static int add_vendor(struct model *v, struct vmr_pci_reg_block *block,
		      bool extended)
{
	const struct vmr_pci_cap_desc desc = {
		.id = extended ? 0xb : 9, .version = 1, .size = 12,
		.contents = vendor_contents, .wmask = vendor_wmask,
		.w1cmask = vendor_w1cmask, .sticky = vendor_sticky,
	};
	int ret = extended ? vmr_pci_add_ext_capability(v->fn, block, &desc) :
			     vmr_pci_add_capability(v->fn, block, &desc);
	unsigned int i;

	for (i = extended ? 4 : 2; i < 12; i++)
		v->sticky[block->offset + i] = vendor_sticky[i];
	return ret;
}

static int add_express(struct model *v, struct vmr_pci_express *express,
		       enum vmr_pci_express_type type)
{
	int ret = vmr_pci_add_express(v->fn, express, type);

	v->express = express->reg_block.offset;
	v->sticky[v->express + PCI_EXP_DEVCTL] = PCI_EXP_DEVCTL_PAYLOAD;
	v->sticky[v->express + PCI_EXP_LNKCTL] = 0xff;
	v->sticky[v->express + PCI_EXP_LNKCTL + 1] = 0xff;
	return ret;
}

static void message_delivered(struct vmr_pci_function *fn, uint32_t index)
{
	struct model *v = model_of(fn);

	if (v->msi)
		v->pending &= ~(1u << index);
}

static const struct vmr_pci_events config_events = {
	.deliver = message_delivered,
};

static int init_bridge(struct model *v, unsigned int h, unsigned int i)
{
	struct vmr_pci_bridge *bridge = &c.bridges[h][i];
	int ret;

	v->fn = &bridge->fn;
	v->bridge = bridge;
	if (i != EXPRESS_BRIDGE)
		return vmr_pci_bridge_init(bridge, &m.manager, &bridge_ids,
					   &card_ops, "bridge");
	ret = vmr_pci_bridge_init_express(bridge, &c.spaces[h][0], &m.manager,
					  &bridge_ids, &card_ops, "bridge");
	return ret ? ret : add_express(v, &c.express[h][0],
				       VMR_PCI_EXPRESS_PCI_BRIDGE);
}

static int add_bars(struct vmr_pci_function *fn)
{
	int ret = vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000, NULL);

	if (!ret)
		ret = vmr_pci_add_bar(fn, 1, VMR_PCI_BAR_IO, false, 0x20, NULL);
	if (!ret)
		ret = vmr_pci_add_bar(fn, 2, VMR_PCI_BAR_MEM64, true, 0x100000,
				      NULL);
	return ret ? ret : vmr_pci_add_bar(fn, VMR_PCI_ROM, VMR_PCI_BAR_ROM,
					   false, 0x800, NULL);
}

static int init_card(struct model *v, unsigned int h, unsigned int i)
{
	static const struct vmr_pci_msix_layout layout = { 0, 0, 0, 0x800 };
	struct vmr_pci_function *fn = &c.cards[h][i];
	struct vmr_pci_ids ids = card_ids;
	int ret;

	v->fn = fn;
	ids.irq_pin = (uint8_t)(1 + i % 4);
	ret = i == CARD_EXPRESS ?
		      vmr_pci_function_init_express(fn, &c.spaces[h][1], &ids,
						    &card_ops, "express") :
		      vmr_pci_function_init(fn, &ids, &card_ops, "card");
	if (!ret)
		ret = add_bars(fn);
	if (!ret && i == CARD_MSI)
		ret = vmr_pci_add_msi_maskable(fn, &c.msi[h], 0,
					       MSI_VECTORS, h & 1);
	if (!ret && i == CARD_MSI)
		v->msi = c.msi[h].reg_block.offset;
	if (!ret && i == CARD_MSIX)
		ret = vmr_pci_add_msix(fn, &c.msix[h], 0, c.entries[h], ENTRIES,
				       &layout);
	if (!ret && i == CARD_MSIX)
		v->msix = c.msix[h].reg_block.offset;
	if (!ret && (i == CARD_MSIX || i == CARD_EXPRESS))
		ret = add_vendor(v, &c.vendor[h][i == CARD_EXPRESS],
				 i == CARD_EXPRESS);
	if (!ret && i == CARD_EXPRESS)
		ret = add_express(v, &c.express[h][1], VMR_PCI_EXPRESS_ENDPOINT);
	if (!ret && i == CARD_FAR)
		ret = vmr_pci_add_pm(fn, &c.pm[h], h & 1);
	if (!ret && i == CARD_FAR)
		v->pm = c.pm[h].reg_block.offset;
	if (!ret && i == MULTI_0)
		ret = vmr_pci_add_af(fn, &c.af[h]);
	if (!ret && i == MULTI_0)
		v->af = c.af[h].reg_block.offset;
	return ret;
}

static void init_model(struct model *v, unsigned int h, unsigned int i)
{
	int ret = i < NR_BRIDGES_PER_HOST ? init_bridge(v, h, i) :
					    init_card(v, h, i);
	uint32_t size = v->fn->config_size;

	FUZZ_ASSERT(!ret);
	size = size < MODELLED ? size : MODELLED;
	v->fn->events = &config_events;
	v->host = h;
	v->parent = places[i].parent == ROOT ? NULL :
					       &c.model[h][places[i].parent];
	memcpy(v->config, v->fn->config, size);
	memcpy(v->initial, v->fn->config, size);
	memcpy(v->wmask, v->fn->wmask, size);
	memcpy(v->w1cmask, v->fn->w1cmask, size);
}

/* A machine that is to be restored has nothing in its spaces. */
static void init_host(unsigned int h, bool restores)
{
	/* The second host bridge translates. */
	static const struct vmr_pci_window windows[] = {
		{ VMR_MMIO, 0, 0x90000000, 0x9fffffff, 0x10000000, "mem" },
		{ VMR_PIO, 0, 0x8000, 0x8fff, 0, "io" },
	};
	struct vmr_pci_host_config config = {
		.segment = host_places[h].segment,
		.bus_start = host_places[h].first,
		.bus_last = host_places[h].last,
		.windows = h == 1 ? windows : NULL,
		.nr_windows = h == 1 ? 2 : 0,
		.intx = &c.intx[h],
	};
	unsigned int i;

	c.intx[h].lines = c.lines[h];
	c.intx[h].nr_lines = NR_LINES;
	FUZZ_ASSERT(!vmr_pci_host_register(&m.manager, &c.host[h], &config));
	if (restores)
		FUZZ_ASSERT(!vmr_pci_ecam_init(&c.ecam[h], &c.host[h],
					       host_places[h].ecam));
	else
		FUZZ_ASSERT(!vmr_pci_ecam_register(&c.ecam[h], &c.host[h],
						   host_places[h].ecam));
	for (i = 0; i < PER_HOST; i++)
		init_model(&c.model[h][i], h, i);
}

/*
 * The model
 */

/* Also finds a function at a number on the bus behind @parent, or at the root. */
static struct model *on_bus(unsigned int h, const struct model *parent,
			    uint32_t devfn)
{
	struct model *v;

	for (v = c.model[h]; v < c.model[h] + PER_HOST; v++)
		if (v->plugged && v->parent == parent && v->devfn == devfn)
			return v;
	return NULL;
}

/* The bridge on a bus that leads to @bus. */
static struct model *leads_to(unsigned int h, const struct model *parent,
			      uint32_t number, uint32_t bus)
{
	struct model *v, *found = NULL;
	uint32_t first, last;

	for (v = c.model[h]; v < c.model[h] + PER_HOST; v++) {
		first = v->config[PCI_SECONDARY_BUS];
		last = v->config[PCI_SUBORDINATE_BUS];
		if (!v->bridge || !v->plugged || v->parent != parent ||
		    first <= number || first > bus || last < bus)
			continue;
		if (!found || first < found->config[PCI_SECONDARY_BUS] ||
		    (first == found->config[PCI_SECONDARY_BUS] &&
		     v->devfn < found->devfn))
			found = v;
	}
	return found;
}

static struct model *find(uint32_t segment, uint32_t bus, uint32_t devfn)
{
	struct model *parent = NULL;
	uint32_t number;
	unsigned int h;

	for (h = 0; h < NR_HOSTS; h++)
		if (host_places[h].segment == segment &&
		    host_places[h].first <= bus && bus <= host_places[h].last)
			break;
	if (h == NR_HOSTS)
		return NULL;
	for (number = host_places[h].first; number != bus;
	     number = parent->config[PCI_SECONDARY_BUS]) {
		parent = leads_to(h, parent, number, bus);
		if (!parent)
			return NULL;
	}
	return on_bus(h, parent, devfn);
}

static void reset_model(struct model *v, bool keeps_sticky)
{
	uint32_t i, mask;

	for (i = 0; i < MODELLED; i++) {
		mask = v->wmask[i] | v->w1cmask[i];
		if (keeps_sticky)
			mask &= ~v->sticky[i];
		v->config[i] = (uint8_t)((v->config[i] & ~mask) |
					 (v->initial[i] & mask));
	}
	v->level = false;
	v->pending = 0;
}

static void reset_behind(const struct model *bridge)
{
	struct model *v, *above;

	for (v = c.model[bridge->host]; v < c.model[bridge->host] + PER_HOST; v++)
		for (above = v->parent; v->plugged && above; above = above->parent)
			if (above == bridge)
				reset_model(v, false);
}

/* The register byte that a guest reads. */
static uint8_t model_byte(const struct model *v, uint32_t offset)
{
	uint32_t pending = v->msi + (v->fn->config[v->msi + 2] & 0x80 ? 20 : 16);

	if (offset >= v->fn->config_size)
		return 0xff;
	if (offset >= MODELLED)
		return 0;
	if (v->msi && offset >= pending && offset < pending + 4)
		return (uint8_t)(v->pending >> 8 * (offset - pending));
	return v->config[offset] |
	       (offset == PCI_STATUS && v->level ? PCI_STATUS_INTERRUPT : 0);
}

/* Whether a write to @offset has byte @at, and which. */
static const uint8_t *written_byte(uint32_t offset, const uint8_t *bytes,
				   uint32_t width, uint32_t at)
{
	return at >= offset && at < offset + width ? &bytes[at - offset] : NULL;
}

/* The guest writes inside a dword of a function. */
static void model_write(struct model *v, uint32_t offset, const uint8_t *bytes,
			uint32_t width)
{
	uint8_t state = v->pm ? v->config[v->pm + PCI_PM_CTRL] & 3 : 0;
	uint8_t control = v->config[PCI_BRIDGE_CONTROL];
	const uint8_t *byte;
	uint32_t i;

	if (offset >= MODELLED || offset >= v->fn->config_size)
		return;
	for (i = 0; i < width; i++) {
		uint8_t *reg = &v->config[offset + i];

		*reg = (*reg & ~v->wmask[offset + i]) |
		       (bytes[i] & v->wmask[offset + i]);
		*reg &= ~(bytes[i] & v->w1cmask[offset + i]);
	}
	/* There are D0 and D3hot. */
	if (v->pm && (v->config[v->pm + PCI_PM_CTRL] & 3) % 3)
		v->config[v->pm + PCI_PM_CTRL] =
			(uint8_t)((v->config[v->pm + PCI_PM_CTRL] & ~3) | state);
	byte = written_byte(offset, bytes, width,
			    v->express + PCI_EXP_DEVCTL + 1);
	if (v->express && !v->bridge && byte && *byte & 0x80)
		reset_model(v, true);
	byte = written_byte(offset, bytes, width, v->af + PCI_AF_CTRL);
	if (v->af && byte && *byte & PCI_AF_CTRL_FLR)
		reset_model(v, true);
	if (v->pm && state == 3 && !(v->config[v->pm + PCI_PM_CTRL] & 3) &&
	    !(v->config[v->pm + PCI_PM_CTRL] & PCI_PM_CTRL_NO_SOFT_RESET))
		reset_model(v, true);
	if (v->bridge && ~control & v->config[PCI_BRIDGE_CONTROL] &
				 PCI_BRIDGE_CTL_BUS_RESET)
		reset_behind(v);
}

/*
 * The accesses of the guest
 */

/* Where an access goes: an address in a segment, whether there is a function or not. */
struct target {
	unsigned int	host;
	uint32_t	bus, devfn, offset;
};

static struct model *target_model(const struct target *t)
{
	return find(host_places[t->host].segment, t->bus, t->devfn);
}

static void expect_bytes(const struct target *t, uint32_t width,
			 const uint8_t *bytes, const char *how)
{
	const struct model *v = target_model(t);
	uint32_t i, offset;

	for (i = 0; i < width; i++) {
		uint8_t expected;

		offset = t->offset + i;
		expected = v ? model_byte(v, offset) : 0xff;
		if (bytes[i] != expected)
			fuzz_fail("%s, %u bytes at %x of %x:%02x:%02x: byte %u is %02x, not %02x",
				  how, width, t->offset,
				  host_places[t->host].segment, t->bus,
				  t->devfn, i, bytes[i], expected);
	}
}

static uint64_t ecam_address(const struct target *t)
{
	return host_places[t->host].ecam +
	       ((uint64_t)(t->bus - host_places[t->host].first) << 20 |
		t->devfn << 12 | t->offset);
}

/* Aligned accesses of 1, 2, 4 and 8 bytes answer, others read ones. */
static void read_ecam(const struct target *t, uint32_t width)
{
	uint8_t bytes[8];
	uint32_t i;
	int ret;

	memset(bytes, 0x55, sizeof(bytes));
	ret = vmr_read(&m.reader, VMR_MMIO, ecam_address(t), bytes, width, 1);
	if (!(width & (width - 1)) && !(t->offset & (width - 1))) {
		FUZZ_ASSERT(!ret);
		expect_bytes(t, width, bytes, "ECAM");
		return;
	}
	for (i = 0; i < width; i++)
		FUZZ_ASSERT(bytes[i] == 0xff);
}

static bool has_ports(const struct target *t)
{
	return !host_places[t->host].segment && t->offset < 0x100;
}

static void select_port(const struct target *t)
{
	uint32_t address = 0x80000000 | t->bus << 16 | t->devfn << 8 |
			   (t->offset & 0xfc);

	guest_write(VMR_PIO, 0xcf8, address | fuzz.ops % 4, 4);
	c.address = address;
}

/* Accesses inside the data port answer, others are no accesses to it. */
static void read_ports(const struct target *t, uint32_t width, uint32_t count)
{
	uint16_t port = (uint16_t)(0xcfc + (t->offset & 3));
	uint8_t bytes[16];
	uint32_t i;
	int ret;

	select_port(t);
	memset(bytes, 0x55, sizeof(bytes));
	ret = vmr_read(&m.reader, VMR_PIO, port, bytes, width, count);
	FUZZ_ASSERT(ret == ((t->offset & 3) + width > 4 ? -ENXIO : 0));
	for (i = 0; ret && i < width * count; i++)
		FUZZ_ASSERT(bytes[i] == 0xff);
	for (i = 0; !ret && i < count; i++)
		expect_bytes(t, width, &bytes[width * i], "ports");
	FUZZ_ASSERT(guest_read(VMR_PIO, 0xcf8, 4) == c.address);
}

/* The function itself, found by the library */
static void read_directly(const struct target *t)
{
	const struct model *v = target_model(t);
	struct vmr_pci_function *fn =
		vmr_pci_find_function(&m.manager,
				      host_places[t->host].segment << 16 |
					      t->bus << 8 | t->devfn);
	struct target at = *t;
	uint8_t bytes[4];

	FUZZ_ASSERT(fn == (v ? v->fn : NULL));
	if (!fn)
		return;
	vmr_pci_config_read(fn, t->offset & ~3u, bytes, 4);
	at.offset &= ~3u;
	expect_bytes(&at, 4, bytes, "function");
}

/* All registers, by ECAM in dwords, and by the ports in bytes */
static void read_all(const struct target *t, bool by_ports)
{
	struct target at = *t;

	for (at.offset = 0; at.offset < MODELLED; at.offset += 4)
		read_ecam(&at, 4);
	for (at.offset = 0; by_ports && at.offset < 0x100; at.offset++)
		if (has_ports(&at))
			read_ports(&at, 1, 1);
}

static uint32_t any_width(void)
{
	static const uint8_t widths[] = { 4, 4, 2, 1, 8, 3, 4, 2 };

	return widths[fuzz_below(sizeof(widths))];
}

/* The registers that the library acts on */
static uint32_t any_offset(const struct model *v)
{
	static const uint8_t offsets[] = {
		PCI_COMMAND, PCI_STATUS, PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_1,
		PCI_BASE_ADDRESS_2, PCI_BASE_ADDRESS_3, PCI_PRIMARY_BUS,
		PCI_PRIMARY_BUS, PCI_IO_BASE, PCI_MEMORY_BASE,
		PCI_PREF_MEMORY_BASE, PCI_BRIDGE_CONTROL, PCI_ROM_ADDRESS,
		PCI_ROM_ADDRESS1, PCI_INTERRUPT_LINE, PCI_VENDOR_ID,
	};
	const uint32_t caps[] = { v->msi, v->msix, v->pm, v->af, v->express };
	uint32_t i, nr = fuzz_below(5);

	switch (fuzz_below(8)) {
	case 0:
		return fuzz_u32() % 0x1000;
	case 1:
	case 2:
		for (i = 0; i < 5; i++)
			if (caps[(nr + i) % 5])
				return caps[(nr + i) % 5] + fuzz_below(24);
		return PCI_STD_HEADER_SIZEOF + fuzz_below(64);
	case 3:
		return 0x100 + fuzz_below(16);
	default:
		return offsets[fuzz_below(sizeof(offsets))] + fuzz_below(4) / 3;
	}
}

/* Mostly the number that the guest gave a function, else any. */
static struct target any_target(void)
{
	const struct model *v = any_model();
	const struct host_place *at = &host_places[v->host];
	struct target t = {
		.host = v->host, .devfn = v->devfn, .offset = any_offset(v),
	};

	t.bus = v->parent ? v->parent->config[PCI_SECONDARY_BUS] : at->first;
	if (fuzz_one_in(16) || t.bus < at->first || t.bus > at->last)
		t.bus = at->first + fuzz_below(at->last - at->first + 1);
	if (fuzz_one_in(16))
		t.devfn = fuzz_u8();
	return t;
}

static void guest_reads(void)
{
	struct target t = any_target();
	uint32_t width = any_width();

	/* ECAM ends with the last register of a bus range. */
	if (t.offset + width > 0x1000)
		t.offset = 0x1000 - width;
	read_ecam(&t, width);
	if (has_ports(&t) && width != 3)
		read_ports(&t, width, width < 8 ? 1 + fuzz_below(2) : 1);
	read_directly(&t);
}

/* A value that does something in the register; bus numbers are close together. */
static void any_bytes(const struct target *t, uint8_t *bytes)
{
	uint32_t i, bus = host_places[t->host].first + fuzz_below(6);

	if (t->offset == PCI_PRIMARY_BUS && fuzz_below(8)) {
		bytes[0] = (uint8_t)fuzz_u8();
		bytes[1] = (uint8_t)(fuzz_one_in(8) ? fuzz_u8() : bus);
		bytes[2] = (uint8_t)(fuzz_one_in(8) ? fuzz_u8() :
						      bus + fuzz_below(4));
		memset(&bytes[3], 0, 5);
		return;
	}
	switch (fuzz_below(6)) {
	case 0:
		memset(bytes, 0xff, 8);
		return;
	case 1:
		memset(bytes, 0, 8);
		return;
	case 2:
		for (i = 0; i < 8; i++)
			bytes[i] = (uint8_t)(1u << fuzz_below(8));
		return;
	default:
		for (i = 0; i < 8; i++)
			bytes[i] = (uint8_t)fuzz_u8();
	}
	if (t->offset == PCI_COMMAND)
		bytes[0] |= 7;
}

/* Functions that the address leads to before each dword is written */
static void write_model(const struct target *t, const uint8_t *bytes,
			uint32_t width)
{
	struct target at = *t;
	uint32_t done, step = width > 4 ? 4 : width;
	struct model *v;

	for (done = 0; done < width; done += step) {
		v = target_model(&at);
		if (v)
			model_write(v, at.offset, &bytes[done], step);
		at.offset += step;
	}
}

static void write_ports(const struct target *t, const uint8_t *bytes,
			uint32_t width, uint32_t count)
{
	uint16_t port = (uint16_t)(0xcfc + (t->offset & 3));
	uint32_t i;
	int ret;

	select_port(t);
	ret = vmr_write(&m.reader, VMR_PIO, port, bytes, width, count);
	FUZZ_ASSERT(ret == ((t->offset & 3) + width > 4 ? -ENXIO : 0));
	for (i = 0; !ret && i < count; i++)
		write_model(t, &bytes[width * i], width);
}

static void check_function(const struct model *v);

static void guest_writes(void)
{
	struct target t = any_target();
	struct model *v = target_model(&t);
	uint32_t width = any_width(), aligned;
	uint8_t bytes[8];

	if (t.offset + width > 0x1000)
		t.offset = 0x1000 - width;
	aligned = !(width & (width - 1)) && !(t.offset & (width - 1));
	any_bytes(&t, bytes);
	if (has_ports(&t) && width != 3 && fuzz_one_in(2)) {
		write_ports(&t, bytes, width, width < 4 ? 1 + fuzz_below(2) : 1);
	} else {
		vmr_write(&m.reader, VMR_MMIO, ecam_address(&t), bytes, width, 1);
		if (aligned)
			write_model(&t, bytes, width);
	}
	/* The function may be elsewhere now. */
	t.offset &= ~3u;
	read_ecam(&t, 4);
	if (has_ports(&t))
		read_ports(&t, 1, 1);
	read_directly(&t);
	if (fuzz_one_in(16))
		read_all(&t, fuzz_one_in(4));
	if (v)
		check_function(v);
}

/*
 * The owner's calls
 */

static void plugged(struct model *v, uint32_t devfn)
{
	v->plugged = true;
	v->devfn = devfn;
}

/* The lowest device of which no function is there. */
static uint32_t free_devfn(const struct model *v)
{
	uint32_t device, i;

	for (device = 0; device < 32; device++) {
		for (i = 0; i < 8; i++)
			if (on_bus(v->host, v->parent, device << 3 | i))
				break;
		if (i == 8)
			return device << 3;
	}
	return 0;
}

static void plug(struct model *v, bool anywhere)
{
	uint32_t place = places[v - c.model[v->host]].devfn;
	uint32_t devfn = anywhere ? VMR_PCI_ANY_DEVICE : place;
	uint32_t expected = anywhere ? free_devfn(v) : place;
	int ret, should = 0;

	if (v->plugged)
		should = -EEXIST;
	else if (v->parent && !v->parent->plugged)
		should = -ENOENT;
	else if (on_bus(v->host, v->parent, expected))
		should = -EBUSY;
	ret = v->parent ? vmr_pci_bridge_plug(v->parent->bridge, v->fn, devfn) :
			  vmr_pci_host_plug(&c.host[v->host], v->fn, devfn);
	FUZZ_ASSERT(ret == should);
	if (!ret)
		plugged(v, expected);
}

/* Both functions of a card, or only the first. */
static void plug_card(unsigned int h)
{
	struct model *zero = &c.model[h][MULTI_0], *three = zero + 1;
	struct vmr_pci_function *fns[4] = { zero->fn, NULL, NULL, three->fn };
	bool both = fuzz_below(4);
	int ret = vmr_pci_host_plug_card(&c.host[h], fns, both ? 4 : 1, 6);

	if (zero->plugged || (both && three->plugged)) {
		FUZZ_ASSERT(ret == -EEXIST);
		return;
	}
	if (on_bus(h, NULL, 6 << 3) || (both && on_bus(h, NULL, 6 << 3 | 3))) {
		FUZZ_ASSERT(ret == -EBUSY);
		return;
	}
	FUZZ_ASSERT(!ret);
	plugged(zero, 6 << 3);
	if (!both)
		return;
	plugged(three, 6 << 3 | 3);
	zero->config[PCI_HEADER_TYPE] |= 0x80;
	three->config[PCI_HEADER_TYPE] |= 0x80;
}

static bool has_functions(const struct model *bridge)
{
	struct model *v;

	for (v = c.model[bridge->host]; v < c.model[bridge->host] + PER_HOST; v++)
		if (v->plugged && v->parent == bridge)
			return true;
	return false;
}

static void unplug(struct model *v)
{
	int ret = vmr_pci_unplug(v->fn);

	if (!v->plugged || (v->bridge && has_functions(v))) {
		FUZZ_ASSERT(ret == (v->plugged ? -EBUSY : -ENOENT));
		return;
	}
	FUZZ_ASSERT(ret >= 0 && !vmr_device_drain(&m.manager, &v->fn->dev));
	v->plugged = false;
	reset_model(v, false);
	v->config[PCI_HEADER_TYPE] = v->initial[PCI_HEADER_TYPE];
}

static void reset(void)
{
	struct model *v = any_model();
	unsigned int kind = fuzz_below(8), i;
	int should = v->plugged ? 0 : -ENOENT;

	if (kind == 0) {
		FUZZ_ASSERT(!vmr_pci_host_reset(&c.host[v->host]));
		for (i = 0; i < PER_HOST; i++)
			if (c.model[v->host][i].plugged)
				reset_model(&c.model[v->host][i], false);
	} else if (kind < 4 && v->bridge) {
		FUZZ_ASSERT(vmr_pci_bus_reset(v->bridge) == should);
		if (!should)
			reset_behind(v);
	} else {
		FUZZ_ASSERT(vmr_pci_function_reset(v->fn, kind & 1 ?
							   VMR_PCI_RESET_BUS :
							   VMR_PCI_RESET_FUNCTION) ==
			    should);
		if (!should)
			reset_model(v, !(kind & 1));
	}
}

/* The number of MSI vectors that the registers enable */
static uint32_t nr_enabled(const struct model *v)
{
	uint32_t control = get16(&v->config[v->msi + PCI_MSI_FLAGS]);
	uint32_t wanted = 1u << (control >> 4 & 7);

	if (!(control & PCI_MSI_FLAGS_ENABLE))
		return 0;
	return wanted > MSI_VECTORS ? MSI_VECTORS : wanted;
}

static void notify(struct model *v)
{
	uint32_t index = fuzz_below(v->msi ? MSI_VECTORS : ENTRIES);
	uint32_t nr = v->msi ? nr_enabled(v) : 0;
	int ret = vmr_pci_notify(v->fn, index);

	if (!v->msi && !v->msix) {
		FUZZ_ASSERT(ret == -ENOENT);
		return;
	}
	if (v->msi && (!v->plugged || !nr)) {
		FUZZ_ASSERT(ret == -ENOENT);
		return;
	}
	if (v->msi && ret == -EAGAIN)
		v->pending |= 1u << (index < nr ? index : nr - 1);
}

static void write_entry(struct model *v)
{
	struct vmr_pci_msix *msix = &c.msix[v->host];
	const uint32_t offset = fuzz_below(4 * ENTRIES) * 4;
	uint8_t bytes[4], again[4];
	int ret;

	v = &c.model[v->host][CARD_MSIX];
	memset(bytes, (int)fuzz_u8(), sizeof(bytes));
	ret = vmr_pci_msix_write(v->fn, msix, offset, bytes, 4);
	FUZZ_ASSERT(ret == (v->plugged ? 0 : -ENOENT));
	FUZZ_ASSERT(!vmr_pci_msix_read(msix, offset, again, 4));
	bytes[0] &= offset % 16 == 0 ? 0xfc : offset % 16 == 12 ? 1 : 0xff;
	if (offset % 16 == 12)
		memset(bytes + 1, 0, 3);
	FUZZ_ASSERT(ret || !memcmp(bytes, again, 4));
}

static void interrupt(void)
{
	struct model *v = any_model();
	bool high = fuzz_one_in(2);
	int ret;

	if (fuzz_one_in(3)) {
		ret = vmr_pci_intx_set(v->fn, high);
		FUZZ_ASSERT(ret == (!v->config[PCI_INTERRUPT_PIN] ? -EINVAL :
				    v->plugged ? 0 : -ENOENT));
		if (!ret)
			v->level = high;
	} else if (fuzz_one_in(2)) {
		notify(v);
	} else {
		write_entry(v);
	}
}

/*
 * The checks
 */

/* A BAR is mapped, or the library names the reason. */
static void check_bars(const struct model *v)
{
	unsigned int i;

	for (i = 0; i < VMR_PCI_NR_BARS; i++) {
		struct vmr_range *conflict = NULL;
		struct vmr_pci_bridge *bridge = NULL;
		enum vmr_pci_hidden hidden =
			vmr_pci_bar_hidden(v->fn, i, &conflict, &bridge);
		const struct vmr_region *region = &v->fn->bars[i].region;

		FUZZ_ASSERT((hidden == VMR_PCI_MAPPED) ==
			    vmr_region_mapping(region).mapped);
		FUZZ_ASSERT((hidden == VMR_PCI_HIDDEN_CLAIM) == !!conflict);
		FUZZ_ASSERT((hidden == VMR_PCI_HIDDEN_WINDOW) == !!bridge);
	}
}

static void check_function(const struct model *v)
{
	uint32_t bus = host_places[v->host].first;

	check_bars(v);
	if (!v->plugged)
		return;
	if (v->parent)
		bus = v->parent->config[PCI_SECONDARY_BUS];
	FUZZ_ASSERT(vmr_pci_function_address(v->fn) ==
		    (host_places[v->host].segment << 16 | bus << 8 | v->devfn));
}

/* The line of the pin of a function, by the swizzle of each bridge above. */
static uint32_t line_of_model(const struct model *v)
{
	uint32_t pin = v->config[PCI_INTERRUPT_PIN] - 1u;

	for (; v->parent; v = v->parent)
		pin = (pin + (v->devfn >> 3)) % 4;
	return ((v->devfn >> 3) + pin) % NR_LINES;
}

static void check_lines(unsigned int h)
{
	uint32_t level[NR_LINES] = { 0 }, i;
	const struct model *v;

	for (v = c.model[h]; v < c.model[h] + PER_HOST; v++)
		if (v->plugged && v->level &&
		    !(get16(&v->config[PCI_COMMAND]) & PCI_COMMAND_INTX_DISABLE))
			level[line_of_model(v)]++;
	for (i = 0; i < NR_LINES; i++)
		FUZZ_ASSERT(c.lines[h][i].level == level[i]);
}

static void expect_valid(const char *what)
{
	if (strcmp(what, VERIFY_OK))
		fuzz_fail("%s", what);
}

/* The slow checks of all that there is. */
static void check_all(void)
{
	unsigned int h, i;

	expect_valid(machine_verify());
	expect_valid(verify_space(&m.sys.pci_buses));
	for (h = 0; h < NR_HOSTS; h++) {
		check_lines(h);
		for (i = 0; i < NR_BRIDGES_PER_HOST; i++) {
			expect_valid(verify_space(&c.bridges[h][i].devfns.space));
			expect_valid(verify_space(&c.bridges[h][i].bridges));
		}
		for (i = 0; i < PER_HOST; i++)
			check_function(&c.model[h][i]);
	}
}

/* Nothing remains of functions that are unplugged. */
static void end(void)
{
	unsigned int h, i;

	for (h = 0; h < NR_HOSTS; h++)
		for (i = PER_HOST; i--; )
			if (i > FAR_BRIDGE)
				unplug(&c.model[h][i]);
	for (h = 0; h < NR_HOSTS; h++) {
		unplug(&c.model[h][FAR_BRIDGE]);
		unplug(&c.model[h][BRIDGE]);
		unplug(&c.model[h][EXPRESS_BRIDGE]);
		check_lines(h);
	}
	FUZZ_ASSERT(!m.sys.irqs.space.nr_ranges && !m.sys.pci_bdfs.space.nr_ranges);
	FUZZ_ASSERT(m.sys.pci_buses.nr_ranges == NR_HOSTS &&
		    !m.sys.pci_buses.nr_claims);
	FUZZ_ASSERT(m.sys.mmio.nr_ranges == NR_HOSTS && !m.sys.mmio.nr_claims);
	FUZZ_ASSERT(m.sys.pio.nr_ranges == 1 && !m.sys.pio.nr_claims);
	for (h = 0; h < NR_HOSTS; h++)
		FUZZ_ASSERT(!vmr_pci_host_unregister(&c.host[h]));
}

static void number_bridges(unsigned int h)
{
	uint32_t first = host_places[h].first;
	static const uint8_t numbers[NR_BRIDGES_PER_HOST][2] = {
		[BRIDGE] = { 1, 2 }, [EXPRESS_BRIDGE] = { 4, 5 },
		[FAR_BRIDGE] = { 2, 2 },
	};
	unsigned int i;

	for (i = 0; i < NR_BRIDGES_PER_HOST; i++) {
		const uint8_t bytes[4] = { 0, (uint8_t)(first + numbers[i][0]),
					   (uint8_t)(first + numbers[i][1]), 0 };

		FUZZ_ASSERT(!vmr_pci_config_write(c.model[h][i].fn,
						  PCI_PRIMARY_BUS, bytes, 4));
		model_write(&c.model[h][i], PCI_PRIMARY_BUS, bytes, 4);
	}
}

/*
 * Snapshots
 */

#define NR_SPACES	(VMR_SNAPSHOT_NR_SPACES + 3 * NR_HOSTS * NR_BRIDGES_PER_HOST)
#define NR_BLOCKS	(NR_FUNCTIONS + NR_HOSTS + 1)

static struct {
	struct vmr_snapshot		snap;
	struct vmr_snapshot_space	spaces[NR_SPACES];
	struct vmr_snapshot_block	blocks[NR_BLOCKS];
	struct model			model[NR_HOSTS][PER_HOST];
	uint32_t			address;
	size_t				size;
	uint8_t				bytes[1 << 17];
} saved;

static uint32_t spaces_of_bridge(unsigned int h, unsigned int i)
{
	return VMR_SNAPSHOT_FIRST_USER + 3 * (h * NR_BRIDGES_PER_HOST + i);
}

static struct vmr_region *window_of(struct vmr_pci_bridge *b, unsigned int i)
{
	struct vmr_region *windows[VMR_PCI_BRIDGE_WINDOWS] = {
		&b->io, &b->mem, &b->pref, &b->vga_io[0], &b->vga_io[1],
		&b->vga_mem,
	};

	return windows[i];
}

/* The @node-th range of a function, NULL if it has less, and its space. */
static struct vmr_range *range_of(unsigned int h, unsigned int i,
				  unsigned int node, uint32_t *space)
{
	struct vmr_pci_function *fn = c.model[h][i].fn;
	uint32_t first = places[i].parent == ROOT ?
				 VMR_SNAPSHOT_PIO :
				 spaces_of_bridge(h, (unsigned int)places[i].parent);
	struct vmr_pci_bridge *b = c.model[h][i].bridge;
	struct vmr_region *region = NULL;

	if (node < VMR_PCI_NR_BARS)
		region = &fn->bars[node].region;
	else if (b && node < VMR_PCI_NR_BARS + VMR_PCI_BRIDGE_WINDOWS)
		region = window_of(b, node - VMR_PCI_NR_BARS);
	if (region) {
		*space = first + (region->io == VMR_MMIO);
		return &region->range;
	}
	*space = VMR_SNAPSHOT_IDS;
	if (node == 16)
		return &fn->dev.id;
	*space = first == VMR_SNAPSHOT_PIO ? VMR_SNAPSHOT_PCI : first + 2;
	if (node == 17)
		return &fn->address;
	*space = VMR_SNAPSHOT_IRQS;
	if (node == 18)
		return fn->msi ? &fn->msi->range : NULL;
	return node > 18 && fn->msix && node - 19 < fn->msix->nr ?
		       &fn->msix->entries[node - 19].range : NULL;
}

/* The ranges of ECAM and the ports */
static struct vmr_range *other_range(uint64_t key, uint32_t *space)
{
	unsigned int h = (unsigned int)(key / 2);

	*space = key & 1 ? VMR_SNAPSHOT_IDS : VMR_SNAPSHOT_MMIO;
	if (h < NR_HOSTS)
		return key & 1 ? &c.ecam[h].dev.id : &c.ecam[h].region.range;
	if (h > NR_HOSTS)
		return NULL;
	*space = key & 1 ? VMR_SNAPSHOT_IDS : VMR_SNAPSHOT_PIO;
	return key & 1 ? &c.conf1.dev.id : &c.conf1.ports.range;
}

#define FUNCTION_KEYS	32
#define OTHER_KEYS	((uint64_t)FUNCTION_KEYS * NR_FUNCTIONS)

static struct vmr_range *key_to_range(const struct vmr_snapshot *snap,
				      uint64_t key, uint32_t *space)
{
	unsigned int i = (unsigned int)(key / FUNCTION_KEYS);

	if (key >= OTHER_KEYS)
		return other_range(key - OTHER_KEYS, space);
	return range_of(i / PER_HOST, i % PER_HOST,
			(unsigned int)(key % FUNCTION_KEYS), space);
}

static uint64_t range_to_key(const struct vmr_snapshot *snap, uint32_t space,
			     const struct vmr_range *range)
{
	uint32_t ignored;
	uint64_t key;

	for (key = 0; key < OTHER_KEYS + 2 * (NR_HOSTS + 1); key++)
		if (key_to_range(snap, key, &ignored) == range)
			return key;
	fuzz_fail("an unknown range in space %u", space);
}

static void describe(void)
{
	static const struct vmr_snapshot_ops ops = {
		.range_to_key = range_to_key, .key_to_range = key_to_range,
	};
	struct vmr_snapshot_block *block = saved.blocks;
	unsigned int h, i;
	uint64_t key = 0;
	int ret = vmr_snapshot_describe_system(saved.spaces, &m.sys);

	for (h = 0; h < NR_HOSTS && !ret; h++)
		for (i = 0; i < NR_BRIDGES_PER_HOST && !ret; i++) {
			uint32_t first = spaces_of_bridge(h, i);
			struct vmr_snapshot_space *spaces =
				&saved.spaces[VMR_SNAPSHOT_NR_SPACES + first -
					      VMR_SNAPSHOT_FIRST_USER];

			ret = vmr_snapshot_describe_bridge(spaces,
							   &c.bridges[h][i],
							   first);
		}
	for (i = 0; i < NR_FUNCTIONS && !ret; i++)
		ret = vmr_snapshot_describe_pci(block++, key++,
						c.model[i / PER_HOST][i % PER_HOST].fn,
						&m.sys);
	for (h = 0; h < NR_HOSTS && !ret; h++)
		ret = vmr_snapshot_describe_host(block++, key++, &c.host[h]);
	if (!ret)
		ret = vmr_snapshot_describe_conf1(block, key, &c.conf1);
	FUZZ_ASSERT(!ret);
	saved.snap = (struct vmr_snapshot) {
		.ops = &ops, .spaces = saved.spaces, .nr_spaces = NR_SPACES,
		.blocks = saved.blocks, .nr_blocks = NR_BLOCKS,
	};
}

static void save(void)
{
	describe();
	FUZZ_ASSERT(!vmr_snapshot_save(&saved.snap, saved.bytes,
				       sizeof(saved.bytes), &saved.size));
	memcpy(saved.model, c.model, sizeof(saved.model));
	saved.address = c.address;
}

/* A machine whose functions are initialised, and the model as it was. */
static void build_again(void)
{
	unsigned int h, i;

	memset(&m, 0, sizeof(m));
	memset(&c, 0, sizeof(c));
	FUZZ_ASSERT(!pci_machine_up(NR_VECTORS - 1));
	FUZZ_ASSERT(!vmr_pci_conf1_init(&c.conf1, &m.manager, NULL));
	for (h = 0; h < NR_HOSTS; h++)
		init_host(h, true);
	memcpy(c.model, saved.model, sizeof(c.model));
	c.address = saved.address;
	for (i = 0; i < NR_FUNCTIONS; i++) {
		struct model *v = &c.model[i / PER_HOST][i % PER_HOST];

		if (v->plugged && v->parent)
			v->fn->upstream_bridge = v->parent->bridge;
	}
	describe();
}

/* Register all that was restored; bridges are before the functions behind them. */
static int register_all(void)
{
	unsigned int h, i;
	int ret = vmr_device_register_restored(&m.manager, &c.conf1.dev, NULL);

	for (h = 0; h < NR_HOSTS && !ret; h++)
		ret = vmr_device_register_restored(&m.manager, &c.ecam[h].dev,
						   NULL);
	for (i = 0; i < NR_FUNCTIONS && !ret; i++) {
		struct model *v = &c.model[i / PER_HOST][i % PER_HOST];

		if (v->plugged)
			ret = vmr_pci_register_restored(&m.manager, v->fn, NULL);
	}
	return ret;
}

static void check_all(void);
static void expect_valid(const char *what);

/* A changed snapshot is refused as a whole, or the machine is sound. */
static void restore_changed(void)
{
	size_t at = fuzz_u32() % (saved.size - 4);
	uint8_t bit = (uint8_t)(1u << fuzz_below(8));

	saved.bytes[at] ^= bit;
	fix_checksum(saved.bytes, saved.size);
	build_again();
	if (vmr_snapshot_restore(&saved.snap, saved.bytes, saved.size)) {
		FUZZ_ASSERT(!m.sys.mmio.nr_ranges && !m.sys.pio.nr_ranges &&
			    !m.sys.irqs.space.nr_ranges &&
			    !m.sys.pci_bdfs.space.nr_ranges &&
			    !m.sys.device_ids.space.nr_ranges);
	} else {
		register_all();
		expect_valid(machine_verify());
	}
	saved.bytes[at] ^= bit;
	fix_checksum(saved.bytes, saved.size);
}

static void migrate(void)
{
	unsigned int i;

	save();
	if (fuzz_one_in(2))
		restore_changed();
	build_again();
	FUZZ_ASSERT(!vmr_snapshot_restore(&saved.snap, saved.bytes, saved.size));
	FUZZ_ASSERT(!register_all());
	check_all();
	for (i = 0; i < NR_FUNCTIONS; i++) {
		const struct model *v = &c.model[i / PER_HOST][i % PER_HOST];
		struct target t = { .host = v->host, .devfn = v->devfn };

		t.bus = v->parent ? v->parent->config[PCI_SECONDARY_BUS] :
				    host_places[v->host].first;
		if (v->plugged && target_model(&t) == v)
			read_all(&t, false);
	}
	FUZZ_ASSERT(guest_read(VMR_PIO, 0xcf8, 4) == c.address);
}

static void begin(void)
{
	unsigned int h, i;

	memset(&m, 0, sizeof(m));
	memset(&c, 0, sizeof(c));
	FUZZ_ASSERT(!pci_machine_up(NR_VECTORS - 1));
	FUZZ_ASSERT(!vmr_pci_conf1_register(&c.conf1, &m.manager, NULL));
	for (h = 0; h < NR_HOSTS; h++) {
		init_host(h, false);
		for (i = 0; i < MULTI_0; i++)
			plug(&c.model[h][i], false);
		number_bridges(h);
	}
}

static void step(void)
{
	unsigned int what = fuzz_below(64);

	if (what < 20)
		guest_reads();
	else if (what < 48)
		guest_writes();
	else if (what < 52)
		plug(any_model(), fuzz_one_in(4));
	else if (what < 54)
		plug_card(fuzz_below(NR_HOSTS));
	else if (what < 56)
		unplug(any_model());
	else if (what < 58)
		reset();
	else if (what < 63)
		interrupt();
	else if (fuzz_one_in(8))
		migrate();
}

/* The check of all is slow, so a generated run does it seldom. */
static void run(void)
{
	unsigned int every = fuzz.generates ? 256 : 32, nr;

	begin();
	for (nr = 1; fuzz_more(); nr++) {
		step();
		if (nr % every == 0)
			check_all();
	}
	check_all();
	end();
}

const struct fuzz_target fuzz_config = { "config", run };
