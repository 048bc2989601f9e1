#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The tests on bare metal, in an emulated machine, as KTAP:
#
#	firmware.sh MACHINE DIRECTORY
#
# for the machines of tools/testing/firmware.

set -u

machine=$1
dir=$2

# needs COMMAND PACKAGE - without the command there is nothing to see here
needs()
{
	command -v "$1" >/dev/null && return
	echo "1..0 # SKIP there is no $1: install $2"
	exit 4
}

case $machine in
cortex-m3*)
	needs arm-none-eabi-gcc gcc-arm-none-eabi
	needs qemu-system-arm qemu-system-arm
	;;
riscv64)
	needs riscv64-unknown-elf-gcc gcc-riscv64-unknown-elf
	needs qemu-system-riscv64 qemu-system-misc
	;;
aarch64)
	needs aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
	needs qemu-system-aarch64 qemu-system-arm
	;;
uefi)
	needs x86_64-linux-gnu-gcc gcc-x86-64-linux-gnu
	needs qemu-system-x86_64 qemu-system-x86
	;;
esac

mkdir -p "$dir"
if ! make -s -f tools/testing/firmware/Makefile MACHINE="$machine" O="$dir" \
		KFILES="$KFILES" >"$dir/build.log" 2>&1; then
	tail -n 20 "$dir/build.log" | sed 's/^/# /'
	echo "Bail out! it cannot be built"
	exit 1
fi
exec tools/testing/firmware/run.sh "$machine" "$dir"
