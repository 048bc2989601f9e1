// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * semihosting.c - semihosting services of QEMU as a console
 *
 * The calls and their numbers are the same on Arm and RISC-V.
 */
#include "firmware.h"

#define SYS_WRITE0		0x04
#define SYS_EXIT_EXTENDED	0x20
#define STOPPED			0x20026	/* the application ended by itself */

/* The call takes strings, and a call for each character is slow. */
void harness_write(const char *text, size_t length)
{
	char piece[128];
	size_t n;

	while (length) {
		n = length < sizeof(piece) - 1 ? length : sizeof(piece) - 1;
		memcpy(piece, text, n);
		piece[n] = '\0';
		firmware_semihost(SYS_WRITE0, piece);
		text += n;
		length -= n;
	}
}

void firmware_exit(int status)
{
	const long block[2] = { STOPPED, status };

	for (;;)
		firmware_semihost(SYS_EXIT_EXTENDED, block);
}
