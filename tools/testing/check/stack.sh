#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# No function of the library calls itself, directly or through others, and the
# stack that a call can use is bounded and small. Read from the compiler's call
# graph of what it really compiled, the kernel's rbtree included. Callbacks into
# the caller's code are the caller's.

set -eu

limit=1440	# bytes

graph()
{
	$VMR_MAKE O="$W/$1" EXTRA_CFLAGS="-fcallgraph-info=su $2" CC=gcc \
		"$W/$1/libvmalloc.a"
	find "$W/$1" -name '*.ci' | xargs cat >"$W/$1.ci"
	[ -s "$W/$1.ci" ]
}

# As it is used, for the depth; and with every call left in place, since a
# compiler makes loops of some recursions.
graph optimized ''
graph plain '-fno-optimize-sibling-calls -fno-inline'

awk -v limit=$limit -f tools/testing/check/stack.awk "$W/optimized.ci"
awk -v limit=$((2 * limit)) -f tools/testing/check/stack.awk "$W/plain.ci"
