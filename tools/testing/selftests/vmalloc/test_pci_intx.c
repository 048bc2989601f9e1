// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_intx.c - interrupt pins and lines
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"

#define NR_LINES	8

static struct vmr_pci_host host;
static struct vmr_pci_intx_line lines[NR_LINES];
static struct vmr_pci_bridge bridge, inner;
static struct vmr_pci_function cards[4];

/* The level of each line as set_line() reports it, and the number of reports */
static bool level[NR_LINES];
static unsigned int reports, wrong_reports;

static void set_line(struct vmr_pci_host *h, uint32_t index, bool high)
{
	if (h != &host || index >= NR_LINES || level[index] == high)
		wrong_reports++;
	else
		level[index] = high;
	reports++;
}

/* Like the PIRQs of a PC: pins 0 to 3 of devices lead to lines 4 to 7 */
static uint32_t map_base = 4;

static uint32_t map_pirq(struct vmr_pci_host *h, uint32_t device, uint32_t pin)
{
	(void)h;
	return map_base + ((device + pin) & 3);
}

static uint32_t map_nowhere(struct vmr_pci_host *h, uint32_t device, uint32_t pin)
{
	(void)h;
	(void)device;
	(void)pin;
	return NR_LINES;
}

static struct vmr_pci_intx intx = {
	.lines = lines, .nr_lines = NR_LINES, .set_line = set_line,
};

/* @high are the bits of the lines that are high, by report and by count. */
#define EXPECT_LINES(high) \
	do { \
		uint32_t i_, bits_ = 0, counted_ = 0; \
		for (i_ = 0; i_ < NR_LINES; i_++) { \
			bits_ |= (uint32_t)level[i_] << i_; \
			counted_ |= (uint32_t)!!lines[i_].level << i_; \
		} \
		EXPECT_EQ((uint32_t)(high), bits_); \
		EXPECT_EQ((uint32_t)(high), counted_); \
		EXPECT_EQ(0U, wrong_reports); \
	} while (0)

static int pin_init(struct vmr_pci_function *fn, uint8_t pin)
{
	struct vmr_pci_ids ids = card_ids;

	ids.irq_pin = pin;
	memset(fn, 0, sizeof(*fn));
	return vmr_pci_function_init(fn, &ids, &card_ops, "pin");
}

static int lines_up(struct vmr_pci_intx *of)
{
	const struct vmr_pci_host_config config = {
		.bus_last = 15, .intx = of, .name = "host",
	};
	int ret = pci_machine_up(63), i;

	if (!ret)
		ret = vmr_pci_host_register(&m.manager, &host, &config);
	for (i = 0; i < 4 && !ret; i++)
		ret = pin_init(&cards[i], i + 1);
	return ret;
}

static uint32_t line(const struct vmr_pci_function *fn)
{
	uint32_t index = ~0u;

	return vmr_pci_intx_get_line(fn, &index) ? ~0u : index;
}

/* The errors of the calls. */
TEST(intx_errors)
{
	struct vmr_pci_function none;
	uint32_t index = 77;

	ASSERT_EQ(0, lines_up(NULL));
	ASSERT_EQ(0, pin_init(&none, 0));
	EXPECT_EQ(-EINVAL, vmr_pci_intx_set(NULL, true));
	EXPECT_EQ(-EINVAL, vmr_pci_intx_set(&none, true));
	EXPECT_EQ(-ENOENT, vmr_pci_intx_set(&cards[0], true));
	EXPECT_FALSE(cards[0].intx_level);
	EXPECT_EQ(-EINVAL, vmr_pci_intx_get_line(NULL, &index));
	EXPECT_EQ(-EINVAL, vmr_pci_intx_get_line(&cards[0], NULL));
	EXPECT_EQ(-EINVAL, vmr_pci_intx_get_line(&none, &index));
	EXPECT_EQ(-ENOENT, vmr_pci_intx_get_line(&cards[0], &index));
	EXPECT_EQ(-EINVAL, vmr_pci_intx_rerouted(NULL));
	EXPECT_EQ(-EINVAL, vmr_pci_intx_rerouted(&host));
	/* Plugged, without lines */
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 8));
	EXPECT_EQ(-ENOENT, vmr_pci_intx_get_line(&cards[0], &index));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], true));
	/* A host bridge with an empty description, and none at all */
	intx.nr_lines = 0;
	host.intx = &intx;
	EXPECT_EQ(-EINVAL, vmr_pci_intx_rerouted(&host));
	EXPECT_EQ(-ENOENT, vmr_pci_intx_get_line(&cards[0], &index));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &cards[1], VMR_PCI_BDF(16, 0, 0)));
	EXPECT_EQ(-ENOENT, vmr_pci_intx_get_line(&cards[1], &index));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[1], true));
	EXPECT_EQ(77U, index);
	EXPECT_EQ(0U, reports);
}

/* Pins lead to lines by the default, by the map of the host, or nowhere. */
TEST(intx_map_of_host)
{
	unsigned int i;

	ASSERT_EQ(0, lines_up(&intx));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[i], (6 << 3) + i));
	EXPECT_EQ(6U, line(&cards[0]));
	EXPECT_EQ(7U, line(&cards[1]));
	EXPECT_EQ(0U, line(&cards[2]));
	EXPECT_EQ(1U, line(&cards[3]));
	intx.map = map_pirq;
	EXPECT_EQ(6U, line(&cards[0]));
	EXPECT_EQ(7U, line(&cards[1]));
	EXPECT_EQ(4U, line(&cards[2]));
	EXPECT_EQ(5U, line(&cards[3]));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[2], true));
	EXPECT_LINES(1 << 4);
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[2], false));
	intx.map = map_nowhere;
	EXPECT_EQ(~0u, line(&cards[2]));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[2], true));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[2], false));
	EXPECT_LINES(0);
	EXPECT_EQ(2U, reports);
}

/* Each bridge rotates the pin by the device behind it. */
TEST(intx_swizzle)
{
	uint32_t dev, pin;

	ASSERT_EQ(0, lines_up(&intx));
	intx.map = map_pirq;
	ASSERT_EQ(0, bridge_init(&bridge));
	ASSERT_EQ(0, bridge_init(&inner));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridge.fn, 3 << 3));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &inner.fn, 5 << 3 | 2));
	for (dev = 0; dev < 32; dev++)
		for (pin = 0; pin < 4; pin++) {
			struct vmr_pci_function *fn = &cards[pin];

			ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, fn,
							 (dev << 3) + 7));
			EXPECT_EQ(4 + (pin + dev + 3) % 4, line(fn));
			EXPECT_EQ(0, vmr_pci_unplug(fn));
			ASSERT_EQ(0, vmr_pci_bridge_plug(&inner, fn, dev << 3));
			EXPECT_EQ(4 + (pin + dev + 5 + 3) % 4, line(fn));
			EXPECT_EQ(0, vmr_pci_intx_set(fn, true));
			EXPECT_LINES(1 << (4 + (pin + dev + 5 + 3) % 4));
			EXPECT_EQ(0, vmr_pci_unplug(fn));
			EXPECT_LINES(0);
		}
}

/* A line is high while one of its sharers asserts it, and reported at its edges. */
TEST(intx_shared_line)
{
	ASSERT_EQ(0, lines_up(&intx));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 3 << 3));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[1], 2 << 3));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[2], 1 << 3));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], true));
	EXPECT_LINES(8);
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], true));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[1], true));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[2], true));
	EXPECT_EQ(3U, lines[3].level);
	EXPECT_EQ(1U, reports);
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], false));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], false));
	EXPECT_EQ(0, vmr_pci_unplug(&cards[1]));
	EXPECT_LINES(8);
	EXPECT_EQ(1U, reports);
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[2], false));
	EXPECT_LINES(0);
	EXPECT_EQ(2U, reports);
	/* Counting needs no callback */
	intx.set_line = NULL;
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[2], true));
	EXPECT_EQ(1U, lines[3].level);
	EXPECT_EQ(0, vmr_pci_intx_rerouted(&host));
	EXPECT_EQ(1U, lines[3].level);
	EXPECT_EQ(2U, reports);
}

/* The disable bit keeps the level from the line, and not from the status register. */
TEST(intx_disable_bit)
{
	const uint32_t disable = PCI_COMMAND_INTX_DISABLE;

	ASSERT_EQ(0, lines_up(&intx));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 3 << 3));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], true));
	EXPECT_LINES(8);
	EXPECT_EQ((uint32_t)PCI_STATUS_INTERRUPT, reg_read(&cards[0], PCI_STATUS, 2));
	EXPECT_EQ(0, reg_write(&cards[0], COMMAND, disable, 2));
	EXPECT_LINES(0);
	EXPECT_EQ((uint32_t)PCI_STATUS_INTERRUPT, reg_read(&cards[0], PCI_STATUS, 2));
	EXPECT_EQ(0, reg_write(&cards[0], COMMAND, DECODE_MEM, 2));
	EXPECT_LINES(8);
	EXPECT_EQ(0, reg_write(&cards[0], COMMAND + 1, disable >> 8, 1));
	EXPECT_LINES(0);
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], false));
	EXPECT_EQ(0U, reg_read(&cards[0], PCI_STATUS, 2));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], true));
	EXPECT_EQ(0, reg_write(&cards[0], PCI_STATUS, 0xffff, 2));
	EXPECT_EQ((uint32_t)PCI_STATUS_INTERRUPT, reg_read(&cards[0], PCI_STATUS, 2));
	EXPECT_LINES(0);
	/* A reset clears the bit and the level */
	EXPECT_EQ(0, vmr_pci_function_reset(&cards[0], VMR_PCI_RESET_FUNCTION));
	EXPECT_LINES(0);
	EXPECT_EQ(0U, reg_read(&cards[0], PCI_STATUS, 2));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], true));
	EXPECT_LINES(8);
	EXPECT_EQ(0, vmr_pci_function_reset(&cards[0], VMR_PCI_RESET_FUNCTION));
	EXPECT_LINES(0);
}

/* Unplugging deasserts the line, and the function comes back deasserted. */
TEST(intx_unplug_deasserts)
{
	ASSERT_EQ(0, lines_up(&intx));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 3 << 3));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], true));
	EXPECT_EQ(0, vmr_pci_unplug(&cards[0]));
	EXPECT_LINES(0);
	EXPECT_EQ(-ENOENT, vmr_pci_intx_set(&cards[0], true));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 4 << 3));
	EXPECT_LINES(0);
	EXPECT_EQ(0U, reg_read(&cards[0], PCI_STATUS, 2));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], true));
	EXPECT_LINES(0x10);
}

/* A new routing moves the levels; a line that stays high is not reported. */
TEST(intx_rerouted)
{
	ASSERT_EQ(0, lines_up(&intx));
	intx.map = map_pirq;
	map_base = 0;
	ASSERT_EQ(0, bridge_init(&bridge));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridge.fn, 0));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 1 << 3));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &cards[1], 1 << 3));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[2], 1 << 3 | 1));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], true));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[1], true));
	EXPECT_LINES(6);
	EXPECT_EQ(2U, reports);
	EXPECT_EQ(0, vmr_pci_intx_rerouted(&host));
	EXPECT_EQ(2U, reports);
	map_base = 1;
	EXPECT_EQ(0, vmr_pci_intx_rerouted(&host));
	EXPECT_LINES(0xc);
	EXPECT_EQ(4U, reports);
	intx.map = map_nowhere;
	EXPECT_EQ(0, vmr_pci_intx_rerouted(&host));
	EXPECT_LINES(0);
	/* A pin that changed meanwhile counts on the line that it leads to then */
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], false));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[2], true));
	intx.map = map_pirq;
	EXPECT_EQ(0, vmr_pci_intx_rerouted(&host));
	EXPECT_LINES(0x18);
	EXPECT_EQ(0, vmr_pci_unplug(&cards[1]));
	EXPECT_EQ(0, vmr_pci_unplug(&cards[2]));
	EXPECT_LINES(0);
}

/* Without the callback the levels are counted all the same. */
TEST(intx_rerouted_without_callback)
{
	static struct vmr_pci_intx quiet = {
		.lines = lines, .nr_lines = NR_LINES, .map = map_pirq,
	};

	ASSERT_EQ(0, lines_up(&quiet));
	ASSERT_EQ(0, pin_init(&cards[0], 1));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 0));
	EXPECT_EQ(0, vmr_pci_intx_set(&cards[0], true));
	EXPECT_EQ(1U, lines[4].level);
	map_base = 0;
	EXPECT_EQ(0, vmr_pci_intx_rerouted(&host));
	EXPECT_EQ(0U, lines[4].level);
	EXPECT_EQ(1U, lines[0].level);
	EXPECT_EQ(0U, reports);
	map_base = 4;
}

TEST_HARNESS_MAIN
