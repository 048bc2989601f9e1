#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The binary interface of the shared library is the recorded one: functions, and the
# layout of every struct that they take. A change of it needs a new soname, and
# `make abi-update`.

set -eu
command -v abidiff || { echo "abigail-tools is not installed"; exit 4; }
[ "$(uname -m)" = x86_64 ] || { echo "it is written down for x86_64"; exit 4; }
abi=tools/testing/abi/libvmalloc.abi

$VMR_MAKE O="$W" CC=gcc CFLAGS='-O2 -g' "$W/libvmalloc.so"
tools/testing/abi/dump.sh "$W" >"$W/now.abi"

# Whatever it is, it is to be written down.
abidiff --no-show-locs $abi "$W/now.abi" && exit 0
tools/testing/abi/compatible.sh "$W/now.abi" &&
	echo "the interface has changed: make abi-update"
exit 1
