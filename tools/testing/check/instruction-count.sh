#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# A fixed script of operations takes as many instructions as when its figures
# were committed, or at most 3 per cent more. Nothing is timed.

set -eu

$VMR_MAKE O="$O" "$O/libvmalloc.a"
$VMR_MAKE -f tools/testing/bench/Makefile O="$O" script
CC=${CC:-gcc} tools/testing/bench/instructions.sh "$O/bench"
