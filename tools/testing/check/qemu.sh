#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# A short form of `make check-qemu`: the library's registers and map are those of QEMU,
# after each step of a guest, but for the differences on the list. The known bugs of
# `make check-qemu-bugs` can still be put back.

set -eu
for patch in tools/testing/qemu/bugs/*.patch; do
	patch -s -p1 --dry-run <"$patch" || { echo "$patch does not apply"; exit 1; }
done
$VMR_MAKE -s -f tools/testing/qemu/Makefile O="$O" WERROR=1 "$O/qemu/qemu"
tools/testing/qemu/run.sh "$O/qemu/qemu" "${QEMU_STEPS:-12000}"
