#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Run a Linux guest in the reference VMM:
#
#	run-linux.sh O VMM [ARGUMENT...]
#
# O is the build directory; VMM is a static vmm, which gets the arguments. The kernel
# and the tools come from the distribution and are unpacked into O/linux. Nothing is
# installed.
#
# The guest runs on /dev/kvm if the processor has virtualization. Else QEMU emulates a
# processor with it, runs the same kernel, and that runs the VMM.
#
# The last line of the output is the VMM's; the status is the VMM's.

set -eu

o=$(realpath "$1")/linux
vmm=$(realpath "$2")
shift 2
cd "$(dirname "$0")"
mkdir -p "$o"

# Unpack a package of the distribution.
get() {
	[ ! -e "$o/root/.$1" ] || return 0
	mkdir -p "$o/packages" "$o/root"
	echo "  GET     $1"
	(cd "$o/packages" && apt-get -q download "$1" >"$o/apt.log" 2>&1) || {
		cat "$o/apt.log" >&2
		echo "run-linux: cannot download $1" >&2
		exit 4
	}
	dpkg -x "$o/packages/${1}_"*.deb "$o/root"
	touch "$o/root/.$1"
}

kernel_package=${KERNEL_PACKAGE:-$(apt-cache depends linux-image-cloud-amd64 |
	sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1)}
[ -n "$kernel_package" ] || {
	echo 'run-linux: apt-cache knows no linux-image-cloud-amd64' >&2
	exit 4
}
get "$kernel_package"
get busybox-static
release=${kernel_package#linux-image-}
bzimage=$o/root/boot/vmlinuz-$release
modules=$o/root/lib/modules/$release/kernel
busybox=$o/root/bin/busybox

# archive DIRECTORY FILE
archive() {
	(cd "$1" && find . | "$busybox" cpio -o -H newc 2>/dev/null) |
		gzip -1 >"$2"
}

# The guest's first root file system: the agent, and drivers
inner=$o/inner
rm -rf "$inner"
mkdir -p "$inner/modules"
${CC:-gcc} -O2 -Wall -Wextra -Werror -static -nostdlib -ffreestanding \
	-fno-stack-protector -fno-tree-loop-distribute-patterns \
	-fno-pie -no-pie -o "$inner/init" -Iguest/x86 guest/agent.c
for module in drivers/virtio/virtio drivers/virtio/virtio_ring \
	drivers/virtio/virtio_pci_modern_dev \
	drivers/virtio/virtio_pci_legacy_dev drivers/virtio/virtio_pci \
	drivers/block/virtio_blk drivers/char/hw_random/virtio-rng \
	drivers/pci/pci-pf-stub; do
	cp "$modules/$module.ko" "$inner/modules/"
done
archive "$inner" "$o/initrd"

# A disk with a content that no other has, unless the caller has one
if [ -z "${DISK:-}" ]; then
	DISK=$o/disk
	head -c 1048576 /dev/urandom >"$DISK"
fi

# Some virtual machines have a /dev/kvm without virtualization, where an ordinary
# kernel does not get far.
if [ -w /dev/kvm ] && grep -qE '^flags.*\<(vmx|svm)\>' /proc/cpuinfo &&
	[ "${EMULATE:-no}" = no ]; then
	echo 'run-linux: on /dev/kvm'
	exec "$vmm" --kernel "$bzimage" --initrd "$o/initrd" \
		--disk "$DISK" "$@"
fi
command -v qemu-system-x86_64 >/dev/null || {
	echo 'run-linux: no /dev/kvm with virtualization, and no' \
		'qemu-system-x86_64' >&2
	exit 3
}
echo 'run-linux: inside an emulated processor, since there is no /dev/kvm' \
	'with virtualization'

outer=$o/outer
rm -rf "$outer"
mkdir -p "$outer/bin" "$outer/proc" "$outer/sys" "$outer/dev"
cp "$busybox" "$outer/bin/busybox"
cp "$modules/virt/lib/irqbypass.ko" "$modules/arch/x86/kvm/kvm.ko" \
	"$modules/arch/x86/kvm/kvm-amd.ko" "$vmm" "$o/initrd" "$outer/"
cp "$bzimage" "$outer/bzImage"
cp "$DISK" "$outer/disk"
{
	echo '#!/bin/busybox sh'
	echo 'b=/bin/busybox'
	echo '$b mount -t proc proc /proc'
	echo '$b mount -t sysfs sysfs /sys'
	echo '$b mount -t devtmpfs devtmpfs /dev'
	echo 'for m in irqbypass kvm kvm-amd; do $b insmod /$m.ko; done'
	printf '/%s --kernel /bzImage --initrd /initrd --disk /disk' "$(basename "$vmm")"
	[ $# -eq 0 ] || printf ' %q' "$@"
	echo
	echo 'echo "run-linux: status $?"'
	echo '$b poweroff -f'
} >"$outer/init"
chmod +x "$outer/init"
archive "$outer" "$o/outer.cpio"

timeout "${TIMEOUT:-600}" qemu-system-x86_64 -nodefaults -no-user-config \
	-display none -serial stdio -no-reboot -m "${OUTER_MEMORY:-1024}" \
	-smp 1 -accel tcg -cpu EPYC,+svm -kernel "$bzimage" \
	-initrd "$o/outer.cpio" \
	-append 'console=ttyS0 panic=-1 quiet loglevel=1' </dev/null \
	2>"$o/qemu.log" |
	sed -u 's/\r//g' | tee "$o/output" |
	grep --line-buffered -v -e '^run-linux: status ' -e '^\[ *[0-9.]*\] reboot: ' || true
status=$(sed -n 's/^run-linux: status //p' "$o/output")
if [ -z "$status" ]; then
	tail -n 5 "$o/qemu.log" >&2
	echo 'run-linux: the emulated machine ended early' >&2
fi
exit "${status:-5}"
