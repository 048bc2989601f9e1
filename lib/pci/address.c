// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * address.c - addresses of functions as text
 */
#include "pci.h"

static char *write_hex(char *text, uint32_t value, unsigned int digits)
{
	while (digits--)
		*text++ = "0123456789abcdef"[value >> (4 * digits) & 15];
	return text;
}

void vmr_pci_format_address(uint32_t address, char text[VMR_PCI_ADDRESS_TEXT])
{
	text = write_hex(text, address >> 16, 4);
	*text++ = ':';
	text = write_hex(text, address >> 8 & 0xff, 2);
	*text++ = ':';
	text = write_hex(text, address >> 3 & 0x1f, 2);
	*text++ = '.';
	*text++ = (char)('0' + (address & 7));
	*text = 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_format_address);

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Read a number and the character behind it; returns NULL if there is no digit */
static const char *read_hex(const char *text, uint32_t *value, char *end)
{
	const char *begin = text;

	for (*value = 0; hex_digit(*text) >= 0; text++)
		if (*value <= 0xfffff)	/* enough to be out of every range */
			*value = *value << 4 | (uint32_t)hex_digit(*text);
	*end = *text;
	return text > begin ? text + 1 : NULL;
}

int vmr_pci_parse_address(const char *text, uint32_t *address)
{
	uint32_t field[4] = { 0 };
	unsigned int i;
	char end = ':';

	if (!text || !address)
		return -EINVAL;
	for (i = 0; i < 4 && end == ':'; i++) {
		text = read_hex(text, &field[i], &end);
		if (!text)
			return -EINVAL;
	}
	/* Two or three fields that end with a colon or a dot, and the function */
	if (end != '.' || i < 2 || i > 3)
		return -EINVAL;
	text = read_hex(text, &field[3], &end);
	if (!text || end)
		return -EINVAL;
	if (i == 2) {
		field[2] = field[1];
		field[1] = field[0];
		field[0] = 0;
	}
	if (field[0] > 0xffff || field[1] > 0xff || field[2] > 0x1f ||
	    field[3] > 7)
		return -ERANGE;
	*address = VMR_PCI_ADDRESS(field[0], field[1], field[2], field[3]);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_parse_address);
