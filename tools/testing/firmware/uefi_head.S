/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * uefi_head.S - the headers of a PE image, so that an ELF linker can make one, and its
 * start
 *
 * Besides what makes it an application for x86-64 the headers say one thing: there
 * is one section, which is code and data, and it may be loaded anywhere.
 */
	.section .head, "a"

image:	.ascii "MZ"
	.org 0x3c
	.long pe - image		/* where the PE header is */

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
	.long 0x1000			/* where the code begins */
	.quad 0				/* where it would like to be loaded */
	.long 0x1000			/* sections are aligned so in memory */
	.long 0x1000			/* and in the file */
	.long 0, 0, 0, 0		/* versions */
	.long image_end - image
	.long 0x1000			/* headers */
	.long 0				/* checksum */
	.short 10			/* an EFI application */
	.short 0
	.quad 0, 0, 0, 0		/* stack and heap, which UEFI does not ask */
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
	cmpl	$8, 8(%rsi)		/* relative: the address is all it takes */
	jne	3f
	mov	(%rsi), %r8
	mov	16(%rsi), %r9
	add	%rax, %r9
	mov	%r9, (%rax, %r8)
	add	$24, %rsi
	jmp	1b

	/* Tests take more stack than an application is promised. */
2:	lea	stack_top(%rip), %rsp
	mov	%rdx, %rdi		/* the system table */
	call	start
3:	ud2

	.section .note.GNU-stack, "", @progbits
