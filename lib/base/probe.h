/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * probe.h - static probes
 *
 * In userspace a probe is one nop and a note in the object. The note has the
 * address of the nop and the locations of the arguments, in the format of
 * SystemTap's <sys/sdt.h>, which gdb, perf and bpftrace read. In the kernel the
 * points of trace.h are tracepoints. In firmware, and without VMR_PROBES, a probe
 * emits no code.
 *
 * An argument is a register, a constant or a memory operand. A probe computes
 * nothing.
 */
#ifndef VMR_LIB_BASE_PROBE_H
#define VMR_LIB_BASE_PROBE_H

#if defined(VMR_PROBES) && defined(__ELF__) && defined(__LP64__) && \
	(defined(__x86_64__) || defined(__aarch64__) || defined(__riscv))

/*
 * The note begins with the addresses of the nop and of a byte in a section of its
 * own. From the second address a debugger computes the relocation of the file. The
 * names and the arguments follow, each argument with its size.
 */
#define VMR_PROBE(name, args, ...) \
({ \
	__asm__ volatile inline( \
		"990:	nop\n" \
		"	.pushsection .note.stapsdt, \"\", \"note\"\n" \
		"	.balign	4\n" \
		"	.4byte	992f - 991f, 994f - 993f, 3\n" \
		"991:	.asciz	\"stapsdt\"\n" \
		"992:	.balign	4\n" \
		"993:	.8byte	990b, vmr_probe_base, 0\n" \
		"	.asciz	\"vmr\"\n" \
		"	.asciz	\"" #name "\"\n" \
		"	.asciz	\"" args "\"\n" \
		"994:	.balign	4\n" \
		"	.popsection\n" \
		"	.ifndef	vmr_probe_base\n" \
		"	.pushsection .stapsdt.base, \"aG\", \"progbits\", " \
				".stapsdt.base, comdat\n" \
		"	.weak	vmr_probe_base\n" \
		"	.hidden	vmr_probe_base\n" \
		"vmr_probe_base: .space 1\n" \
		"	.size	vmr_probe_base, 1\n" \
		"	.popsection\n" \
		"	.endif\n" \
		: : __VA_ARGS__); \
})

/*
 * Operand constraints of a value and of a memory operand. If "o" were permitted for
 * a value, clang would store a register to memory first.
 */
#ifdef __clang__
#define VMR_ARG_VALUE	"nr"
#else
#define VMR_ARG_VALUE	"nor"
#endif
#define VMR_ARG_MEM	"o"

#else

#define VMR_PROBE(...)	do { } while (0)

#endif

#endif /* VMR_LIB_BASE_PROBE_H */
