/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * start.S - where a guest program begins
 *
 * The VMM has put the processor into protected mode: flat segments, no paging,
 * interrupts off.
 */
	.section .start, "ax"
	.globl	start
start:
	movl	$stack_top, %esp
	cld
	call	guest_main
1:	hlt
	jmp	1b

	.section .bss
	.balign	16
	.skip	16384
stack_top:

	.section .note.GNU-stack, "", @progbits
