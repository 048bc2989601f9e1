/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * uefi_head.S - the headers of a PE image, for an ELF linker, and the start code
 *
 * The headers describe an application for x86-64 with one section of code and data
 * that can be loaded at any address.
 */
	.section .head, "a"

image:	.ascii "MZ"
	.org 0x3c
	.long pe - image		/* offset of the PE header */

pe:	.ascii "PE\0\0"
	.short 0x8664			/* machine */
	.short 1			/* sections */
	.long 0				/* time, symbols */
	.long 0
	.long 0
	.short section - optional
	.short 0x22e			/* executable, large addresses, no symbols */

optional:
	.short 0x20b			/* PE32+ */
	.short 0			/* linker */
	.long file_end - image - 0x1000		/* code */
	.long 0				/* data */
	.long 0				/* data without contents */
	.long entry - image
	.long 0x1000			/* start of the code */
	.quad 0				/* preferred address */
	.long 0x1000			/* alignment of sections in memory */
	.long 0x1000			/* alignment in the file */
	.long 0, 0, 0, 0		/* versions */
	.long image_end - image
	.long 0x1000			/* headers */
	.long 0				/* checksum */
	.short 10			/* an EFI application */
	.short 0
	.quad 0, 0, 0, 0		/* stack and heap, which UEFI ignores */
	.long 0
	.long 6				/* directories: all empty */
	.quad 0, 0, 0, 0, 0, 0

section:
	.ascii ".all\0\0\0\0"
	.long image_end - image - 0x1000
	.long 0x1000
	.long file_end - image - 0x1000
	.long 0x1000
	.long 0, 0, 0
	.long 0xe00000e0		/* code, data, read, write, execute */

	.text
	.globl entry
entry:
	cld
	lea	image(%rip), %rax
	lea	rela(%rip), %rsi
	lea	rela_end(%rip), %rdi
1:	cmp	%rdi, %rsi
	jae	2f
	cmpl	$8, 8(%rsi)		/* R_X86_64_RELATIVE */
	jne	3f
	mov	(%rsi), %r8
	mov	16(%rsi), %r9
	add	%rax, %r9
	mov	%r9, (%rax, %r8)
	add	$24, %rsi
	jmp	1b

	/* The tests need more stack than UEFI guarantees. */
2:	lea	stack_top(%rip), %rsp
	mov	%rdx, %rdi		/* the system table */
	call	start
3:	ud2

	.section .note.GNU-stack, "", @progbits
