/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * head.S - the setup header of a small kernel, which begins in start.S
 *
 * The header has only what the VMM reads: two sectors of setup, and a kernel that is
 * loaded and entered at 1 MiB in protected mode, without paging.
 */
	.section .head, "a"
head:
	.org	0x1f1
	.byte	1			/* sectors of setup after the first one */
	.org	0x200
	.byte	0xeb, 0x290 - 0x202	/* a jump over the header: its length */
	.ascii	"HdrS"
	.word	0x020a			/* version of the protocol */
	.org	0x211
	.byte	1			/* the kernel is loaded high */
	.org	0x22c
	.long	0x7fffffff
	.org	0x260
	.long	0x100000		/* the memory that it needs */
	.org	0x400

	.section .note.GNU-stack, "", @progbits
