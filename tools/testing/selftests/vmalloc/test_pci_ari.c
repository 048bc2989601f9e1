// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_ari.c - devices with up to 256 functions
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"

#define NR_FNS		VMR_PCI_ARI_MAX_FUNCTIONS
#define DEVCTL2		(port_express.reg_block.offset + PCI_EXP_DEVCTL2)

struct ari_fn {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_ari			ari;
};

static struct vmr_pci_host host;
static struct vmr_pci_bridge port;
static struct vmr_pci_express_config_space port_space;
static struct vmr_pci_express port_express;
static struct ari_fn ari_fns[NR_FNS];

static int port_up(enum vmr_pci_express_type type)
{
	int ret = pci_machine_up(63);

	memset(&host, 0, sizeof(host));
	if (!ret)
		ret = host_up(&host, 0, 0, 15);
	memset(&port, 0, sizeof(port));
	memset(&port_space, 0, sizeof(port_space));
	memset(&port_express, 0, sizeof(port_express));
	if (!ret)
		ret = vmr_pci_bridge_init_express(&port, &port_space, &m.manager,
						  &bridge_ids, &card_ops, "port");
	if (!ret)
		ret = vmr_pci_add_express(&port.fn, &port_express, type);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &port.fn, 1 << 3);
	if (!ret)
		number_bridge(&port, 1, 1);
	return ret;
}

static int fn_init(struct ari_fn *f, bool ari)
{
	int ret;

	memset(f, 0, sizeof(*f));
	ret = vmr_pci_function_init_express(&f->fn, &f->space, &card_ids, &card_ops,
					    "function");
	return ret || !ari ? ret : vmr_pci_add_ari(&f->fn, &f->ari);
}

static int plug(unsigned int number)
{
	int ret = fn_init(&ari_fns[number], true);

	return ret ? ret : vmr_pci_bridge_plug(&port, &ari_fns[number].fn, number);
}

static struct vmr_pci_function *found(uint32_t number)
{
	return vmr_pci_find_function(&m.manager, VMR_PCI_BDF(1, 0, 0) + number);
}

static uint32_t next_of(unsigned int number)
{
	return reg_read(&ari_fns[number].fn, 0x100 + PCI_ARI_CAP, 2) >> 8;
}

/* The forwarding bit is in ports that have a link below, and the capability reads back. */
TEST(pci_ari_registers)
{
	ASSERT_EQ(0, port_up(VMR_PCI_EXPRESS_ROOT_PORT));
	EXPECT_EQ((uint32_t)PCI_EXP_DEVCAP2_ARI,
		  reg_read(&port.fn, DEVCTL2 - 4, 4));
	EXPECT_EQ(0, reg_write(&port.fn, DEVCTL2, 0xffff, 2));
	EXPECT_EQ((uint32_t)PCI_EXP_DEVCTL2_ARI, reg_read(&port.fn, DEVCTL2, 2));
	ASSERT_EQ(0, plug(0));
	EXPECT_EQ(0x0001000eU, reg_read(&ari_fns[0].fn, 0x100, 4));
	EXPECT_EQ(0, reg_write(&ari_fns[0].fn, 0x104, 0xffffffff, 4));
	EXPECT_EQ(0U, reg_read(&ari_fns[0].fn, 0x104, 4));
}

/* An upstream port has no forwarding bit, and needs none. */
TEST(pci_ari_upstream_port)
{
	ASSERT_EQ(0, port_up(VMR_PCI_EXPRESS_UPSTREAM_PORT));
	EXPECT_EQ(0, reg_write(&port.fn, DEVCTL2, 0xffff, 2));
	EXPECT_EQ(0U, reg_read(&port.fn, DEVCTL2, 2));
	ASSERT_EQ(0, plug(9));
	EXPECT_EQ(&ari_fns[9].fn, found(9));
}

/* Function 8 answers only while the port forwards to more than eight functions. */
TEST(openvmm_3967)
{
	ASSERT_EQ(0, port_up(VMR_PCI_EXPRESS_DOWNSTREAM_PORT));
	ASSERT_EQ(0, plug(0));
	ASSERT_EQ(0, plug(7));
	ASSERT_EQ(0, plug(8));
	ASSERT_EQ(0, plug(255));
	EXPECT_EQ(&ari_fns[0].fn, found(0));
	EXPECT_EQ(&ari_fns[7].fn, found(7));
	EXPECT_EQ(NULL, found(8));
	EXPECT_EQ(NULL, found(255));
	reg_write(&port.fn, DEVCTL2, PCI_EXP_DEVCTL2_ARI, 2);
	EXPECT_EQ(&ari_fns[0].fn, found(0));
	EXPECT_EQ(&ari_fns[8].fn, found(8));
	EXPECT_EQ(&ari_fns[255].fn, found(255));
	EXPECT_EQ(VMR_PCI_BDF(1, 31, 7), vmr_pci_function_address(&ari_fns[255].fn));
	EXPECT_EQ(0, vmr_pci_function_reset(&port.fn, VMR_PCI_RESET_BUS));
	number_bridge(&port, 1, 1);
	EXPECT_EQ(&ari_fns[7].fn, found(7));
	EXPECT_EQ(NULL, found(8));
}

/* The list of functions follows plugging and unplugging; others are not in it. */
TEST(pci_ari_next_function)
{
	ASSERT_EQ(0, port_up(VMR_PCI_EXPRESS_ROOT_PORT));
	ASSERT_EQ(0, plug(0));
	EXPECT_EQ(0U, next_of(0));
	ASSERT_EQ(0, plug(200));
	ASSERT_EQ(0, plug(9));
	ASSERT_EQ(0, fn_init(&ari_fns[3], false));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&port, &ari_fns[3].fn, 3));
	EXPECT_EQ(9U, next_of(0));
	EXPECT_EQ(200U, next_of(9));
	EXPECT_EQ(0U, next_of(200));
	EXPECT_LE(0, vmr_pci_unplug(&ari_fns[9].fn));
	EXPECT_EQ(200U, next_of(0));
	EXPECT_EQ(0U, next_of(9));
	EXPECT_LE(0, vmr_pci_unplug(&ari_fns[200].fn));
	EXPECT_EQ(0U, next_of(0));
	/* An address that is only held, and a reset, do not count */
	ASSERT_EQ(0, vmr_id_reserve(&port.devfns, &ari_fns[9].fn.address, 9, NULL));
	ASSERT_EQ(0, plug(100));
	EXPECT_EQ(100U, next_of(0));
	EXPECT_EQ(0, vmr_pci_function_reset(&ari_fns[0].fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_EQ(100U, next_of(0));
}

/* Elsewhere the capability names no function: at the root and behind other bridges. */
TEST(pci_ari_without_link)
{
	ASSERT_EQ(0, port_up(VMR_PCI_EXPRESS_PCI_BRIDGE));
	ASSERT_EQ(0, plug(0));
	ASSERT_EQ(0, plug(9));
	EXPECT_EQ(0U, next_of(0));
	EXPECT_EQ(&ari_fns[9].fn, found(9));
	ASSERT_EQ(0, fn_init(&ari_fns[16], true));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &ari_fns[16].fn, 16));
	ASSERT_EQ(0, fn_init(&ari_fns[17], true));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &ari_fns[17].fn, 17));
	EXPECT_EQ(0U, next_of(16));
}

/* A link leads to device 0: other numbers need ARI, and are no device of their own. */
TEST(pci_ari_numbers_behind_link)
{
	struct vmr_pci_function *const one[] = { &ari_fns[1].fn };

	ASSERT_EQ(0, port_up(VMR_PCI_EXPRESS_ROOT_PORT));
	ASSERT_EQ(0, fn_init(&ari_fns[0], false));
	ASSERT_EQ(0, fn_init(&ari_fns[1], false));
	PCI_REFUSED(-ERANGE, vmr_pci_bridge_plug(&port, &ari_fns[0].fn, 8));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&port, &ari_fns[0].fn, VMR_PCI_ANY_DEVICE));
	EXPECT_EQ(0U, vmr_id_value(&ari_fns[0].fn.address));
	PCI_REFUSED(-ENOSPC, vmr_pci_bridge_plug(&port, &ari_fns[1].fn,
						 VMR_PCI_ANY_DEVICE));
	PCI_REFUSED(-ERANGE, vmr_pci_bridge_plug_card(&port, one, 1, 1));
}

/* A card of 256 functions appears in one step, with its list; all need ARI from 8 on. */
TEST(pci_ari_card)
{
	struct vmr_pci_function *all[NR_FNS + 1] = { 0 };
	unsigned int i;

	ASSERT_EQ(0, port_up(VMR_PCI_EXPRESS_ROOT_PORT));
	for (i = 0; i < NR_FNS; i++) {
		ASSERT_EQ(0, fn_init(&ari_fns[i], i != 77));
		all[i] = &ari_fns[i].fn;
	}
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug_card(&port, all, NR_FNS + 1, 0));
	PCI_REFUSED(-EINVAL, vmr_pci_host_plug_card(&host, all, 9, 4));
	PCI_REFUSED(-ERANGE, vmr_pci_bridge_plug_card(&port, all, NR_FNS, 0));
	ASSERT_EQ(0, fn_init(&ari_fns[77], true));
	ASSERT_EQ(-ENOSPC, vmr_pci_bridge_plug_card(&port, all, NR_FNS, 0));
	/* One device id is the port's */
	all[255] = NULL;
	ASSERT_EQ(0, vmr_pci_bridge_plug_card(&port, all, NR_FNS,
					      VMR_PCI_ANY_DEVICE));
	for (i = 0; i < NR_FNS - 1; i++)
		EXPECT_EQ(i == NR_FNS - 2 ? 0 : i + 1, next_of(i));
	reg_write(&port.fn, DEVCTL2, PCI_EXP_DEVCTL2_ARI, 2);
	for (i = 0; i < NR_FNS; i++)
		EXPECT_EQ(all[i], found(i));
}

/* The pin of function 9 is that of device 0. */
TEST(pci_ari_interrupt_pin)
{
	static struct vmr_pci_intx_line lines[4];
	static struct vmr_pci_intx intx = { .lines = lines, .nr_lines = 4 };
	uint32_t line = 9;

	ASSERT_EQ(0, port_up(VMR_PCI_EXPRESS_ROOT_PORT));
	host.intx = &intx;
	ASSERT_EQ(0, plug(9));
	EXPECT_EQ(0, vmr_pci_intx_get_line(&ari_fns[9].fn, &line));
	/* Pin 0 of device 0 at the port's pin 0, and the port is device 1 */
	EXPECT_EQ(1U, line);
}

/* Each argument that is invalid. */
TEST(pci_ari_invalid_arguments)
{
	struct vmr_pci_ari other = { 0 };
	struct vmr_pci_function plain;

	ASSERT_EQ(0, port_up(VMR_PCI_EXPRESS_ROOT_PORT));
	ASSERT_EQ(0, fn_init(&ari_fns[0], false));
	EXPECT_EQ(-EINVAL, vmr_pci_add_ari(NULL, &other));
	EXPECT_EQ(-EINVAL, vmr_pci_add_ari(&ari_fns[0].fn, NULL));
	ASSERT_EQ(0, card_init(&plain));
	EXPECT_EQ(-EINVAL, vmr_pci_add_ari(&plain, &other));
	EXPECT_EQ(NULL, plain.ari);
	ASSERT_EQ(0, vmr_pci_bridge_plug(&port, &ari_fns[0].fn, 0));
	EXPECT_EQ(-EBUSY, vmr_pci_add_ari(&ari_fns[0].fn, &other));
	EXPECT_LE(0, vmr_pci_unplug(&ari_fns[0].fn));
	EXPECT_EQ(0, vmr_pci_add_ari(&ari_fns[0].fn, &ari_fns[0].ari));
	EXPECT_EQ(-EEXIST, vmr_pci_add_ari(&ari_fns[0].fn, &other));
}

/* The owner says where the capability is. A wrong place is refused. */
TEST(pci_ari_placed)
{
	const struct vmr_pci_cap_desc desc = {
		.id = PCI_EXT_CAP_ID_DSN, .version = 1, .size = 12,
	};
	struct vmr_pci_reg_block serial = { 0 };
	struct vmr_pci_ari odd = { 0 }, ari = { 0 };
	static struct vmr_pci_express_config_space space;
	struct vmr_pci_function fn = { 0 };

	memset(&space, 0, sizeof(space));
	ASSERT_EQ(0, port_up(VMR_PCI_EXPRESS_ROOT_PORT));
	ASSERT_EQ(0, vmr_pci_function_init_express(&fn, &space, &card_ids,
						   &card_ops, "card"));
	ASSERT_EQ(0, vmr_pci_add_ext_capability(&fn, &serial, &desc));
	odd.reg_block.offset = 0x182;
	EXPECT_EQ(-EINVAL, vmr_pci_add_ari(&fn, &odd));
	ari.reg_block.offset = 0x180;
	EXPECT_EQ(0, vmr_pci_add_ari(&fn, &ari));
	EXPECT_EQ(PCI_EXT_CAP_ID_DSN | 0x18010000u, reg_read(&fn, 0x100, 4));
	EXPECT_EQ(PCI_EXT_CAP_ID_ARI | 0x10000u, reg_read(&fn, 0x180, 4));
}

TEST_HARNESS_MAIN
