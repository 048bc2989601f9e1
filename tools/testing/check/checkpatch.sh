#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# checkpatch, in its strict manner, has nothing to say on any C file of ours.

set -eu
[ -e "$KFILES/scripts/checkpatch.pl" ] || {
	echo "no checkpatch.pl in the kernel source"
	exit 4
}
perl -e 'use Term::ANSIColor; use Encode' || {
	echo "perl is not installed, or not all of it"
	exit 4
}

# Tests that do not fit code that also builds outside the kernel, and why:
ignore=(
	PREFER_KERNEL_TYPES	# <stdint.h>: a program may have a u64 of its own
	PREFER_DEFINED_ATTRIBUTE_MACRO	# and no __packed
	CAMELCASE		# PRIx64
	MACRO_ARG_REUSE		# what every iteration macro does
)
# The shims define the very things that it says to use instead.
shim=(
	ARCH_DEFINES
	COMPLEX_MACRO
	DATA_RACE
	EXPORT_SYMBOL
	MACRO_ARG_PRECEDENCE
	MACRO_ARG_UNUSED
	MEMORY_BARRIER
	SINGLE_STATEMENT_DO_WHILE_MACRO
	VOLATILE
)
# The kernel's own trace events are laid out so.
events=(
	OPEN_ENDED_LINE
	PARENTHESIS_ALIGNMENT
)
# Registers of a board, and what its interrupt handlers share.
boards=(
	VOLATILE
)
# Wrappers of EXPECT_*() end in the block that the harness lets those end in.
tests=(
	COMPLEX_MACRO
)
# The harness has macros that define functions, and what a C library has.
harness=(
	MACRO_ARG_UNUSED
	MULTISTATEMENT_MACRO_USE_DO_WHILE
	NEW_TYPEDEFS
	USE_NEGATIVE_ERRNO
)

# Macros that define functions between a program and the C library
inject=(
	AVOID_EXTERNS
	MULTISTATEMENT_MACRO_USE_DO_WHILE
	PARENTHESIS_ALIGNMENT
)

# It leaves a cache in the directory that it is run in.
trap 'rm -f .checkpatch-camelcase.*' EXIT

checkpatch()
{
	local IFS=,

	xargs -0 perl "$KFILES/scripts/checkpatch.pl" --no-tree --terse \
		--strict --show-types --no-summary --ignore "$*" --file
}

status=0
find include lib tools/testing/check tools/vmm tools/vmr -name '*.[ch]' \
	! -name 'trace_*.h' -print0 |
	sort -z | checkpatch "${ignore[@]}" || status=1
find lib -name 'trace_*.h' -print0 |
	sort -z | checkpatch "${ignore[@]}" "${events[@]}" || status=1
find examples -name '*.[ch]' -print0 |
	sort -z | checkpatch "${ignore[@]}" "${boards[@]}" || status=1
find tools/testing/harness tools/testing/kernel/libc -name '*.[ch]' -print0 |
	sort -z | checkpatch "${ignore[@]}" "${tests[@]}" "${harness[@]}" ||
	status=1
find tools/testing/firmware -name '*.[ch]' -print0 |
	sort -z | checkpatch "${ignore[@]}" "${tests[@]}" "${boards[@]}" \
		NEW_TYPEDEFS AVOID_EXTERNS || status=1
# The commands of QEMU are longer than a line.
find tools/testing/qemu -name '*.[ch]' -print0 |
	sort -z | checkpatch "${ignore[@]}" SPLIT_STRING || status=1
find tools/testing/inject -name '*.[ch]' -print0 |
	sort -z | checkpatch "${ignore[@]}" "${inject[@]}" || status=1
find tools/testing -name '*.[ch]' ! -path '*/harness/*' ! -path '*/check/*' \
	! -path '*/inject/*' \
	! -path '*/qemu/*' ! -path '*/firmware/*' ! -path '*/bench/shim/*' \
	! -path '*/kernel/libc/*' -print0 |
	sort -z | checkpatch "${ignore[@]}" "${tests[@]}" || status=1
find tools/include tools/testing/bench/shim -name '*.h' -print0 |
	sort -z | checkpatch "${ignore[@]}" "${shim[@]}" NEW_TYPEDEFS \
		IS_ENABLED_CONFIG || status=1
exit $status
