/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * head.S - the setup header of a small kernel, which begins in start.S
 *
 * The header has only what the VMM reads: two sectors of setup, and a kernel that is
 * loaded and entered at 1 MiB in protected mode, without paging. Firmware enters the
 * setup in real mode, with DS at its beginning.
 */
#define CODE	0x10
#define DATA	0x18

	.section .head, "a"
head:
	.org	0x1f1
	.byte	1			/* sectors of setup after the first one */
	.org	0x200
	.byte	0xeb, setup - head - 0x202	/* a jump over the header: its length */
	.ascii	"HdrS"
	.word	0x020a			/* version of the protocol */
	.org	0x211
	.byte	1			/* the kernel is loaded high */
	.org	0x22c
	.long	0x7fffffff
	.org	0x260
	.long	0x100000		/* the memory that it needs */

	.org	0x270
setup:
	.code16
	cli
	xorl	%eax, %eax
	movw	%ds, %ax
	shll	$4, %eax
	addl	%eax, gdt + 2 - head
	addl	%eax, target - head
	lgdtl	gdt - head
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	*(target - head)
	.code32
flat:
	movl	$DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	movl	$0x100000, %eax
	jmpl	*%eax

target:
	.long	flat - head
	.word	CODE

	.balign	8
gdt:
	.word	0x1f			/* itself in the entry that is not used */
	.long	gdt - head
	.word	0
	.quad	0
	.quad	0x00cf9b000000ffff
	.quad	0x00cf93000000ffff
	.org	0x400

	.section .note.GNU-stack, "", @progbits
