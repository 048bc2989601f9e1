#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Run the image of a machine in QEMU, with full emulation. The console prints KTAP:
#
#	run.sh MACHINE DIRECTORY

set -u

machine=$1
dir=$2

common='-display none -monitor none -serial none -parallel none -no-reboot -nodefaults'
semihosting='-semihosting-config enable=on,target=native'

# qemu NAME [OPTION]...
qemu()
{
	# shellcheck disable=SC2086
	"qemu-system-$1" $common "${@:2}" </dev/null
}

case $machine in
cortex-m3)
	qemu arm -M mps2-an385 -nic user $semihosting -kernel "$dir/image"
	;;
cortex-m3-systick)
	# One instruction is one nanosecond: the timer's interrupts come in the
	# same places each time, whatever the host does.
	qemu arm -M mps2-an385 -nic user $semihosting -icount shift=0 \
		-kernel "$dir/image"
	;;
riscv64)
	qemu riscv64 -M virt -m 128 -bios none $semihosting \
		-kernel "$dir/image"
	;;
aarch64)
	qemu aarch64 -M virt -cpu cortex-a53 -m 128 $semihosting \
		-kernel "$dir/image"
	;;
uefi)
	ovmf=/usr/share/ovmf/OVMF.fd
	if [ ! -e "$ovmf" ]; then
		echo "1..0 # SKIP there is no $ovmf: install ovmf"
		exit 4
	fi
	mkdir -p "$dir/disk/EFI/BOOT"
	cp "$dir/image.efi" "$dir/disk/EFI/BOOT/BOOTX64.EFI"
	qemu x86_64 -M pc -m 256 -accel tcg -bios "$ovmf" \
		-drive "format=raw,file=fat:rw:$dir/disk" \
		-chardev stdio,id=console \
		-device isa-debugcon,iobase=0xe9,chardev=console \
		-device isa-debug-exit,iobase=0xf4
	status=$?
	# The status of the application if all tests passed
	[ $status != 33 ] || exit 0
	exit $((status ? status : 1))
	;;
*)
	echo "unknown machine $machine" >&2
	exit 1
	;;
esac
