#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Run a Linux guest in the reference VMM:
#
#	run-linux.sh O VMM [ARGUMENT...]
#
# O is the build directory; VMM is a static vmm, which gets the arguments. ARCH is the
# architecture of the guest and of the VMM: x86_64, the default, or arm64; CC makes code
# for it. The kernel and the tools come from the distribution and are unpacked into
# O/linux. Nothing is installed.
#
# The agent is the guest's first program. With ROOT_DISK it is /sbin/init of that disk, and
# the terminal is the guest's serial port.
#
# The guest runs on /dev/kvm if the processor has virtualization. Else QEMU emulates a
# processor with it, runs the same kernel, and that runs the VMM.
#
# With BIOS=yes SeaBIOS boots the kernel, with BIOS=FILE other firmware.
#
# With SNAPSHOT=yes the VMM saves the guest after its steps, and a second VMM goes on with it;
# both get the arguments.
#
# The last line of the output is the VMM's; the status is the VMM's. FETCH=only ends when
# the packages are there.

set -eu

arch=${ARCH:-x86_64}
start=$PWD
tools=$(realpath "$1")/linux
vmm=$(realpath "$2")
shift 2
cd "$(dirname "$0")"

case $arch in
x86_64)
	o=$tools debian=amd64 machine=x86_64 folder=x86 console=ttyS0
	# A guest's kernel warns of the sizes that KVM computes for XSAVE in there.
	qemu='qemu-system-x86_64 -cpu EPYC,+svm,-xsave -smp 1'
	kvm_modules='virt/lib/irqbypass arch/x86/kvm/kvm arch/x86/kvm/kvm-amd'
	;;
arm64)
	o=$tools/arm64 debian=arm64 machine=aarch64 folder=arm64 console=ttyAMA0
	qemu='qemu-system-aarch64 -cpu cortex-a57 -smp 2
		-machine virt,virtualization=on,gic-version=3'
	kvm_modules=
	;;
*)
	echo "run-linux: no guest for ARCH=$arch; there is x86_64 and arm64" >&2
	exit 2
	;;
esac
mkdir -p "$tools" "$o"

# Packages of another architecture have lists of their own: to add it to those of the
# system would change the system, and not each mirror has it.
apt=()
if [ "$debian" != "$(dpkg --print-architecture)" ]; then
	mkdir -p "$o/apt/lists/partial" "$o/apt/cache/archives/partial"
	apt=(-o "APT::Architecture=$debian" -o "APT::Architectures=$debian"
		-o "Dir::State::Lists=$o/apt/lists" -o "Dir::Cache=$o/apt/cache")
fi

# get ROOT PACKAGE [OPTION...] - unpack a package of the distribution
get() {
	local root=$1 package=$2

	shift 2
	[ ! -e "$root/root/.$package" ] || return 0
	mkdir -p "$root/packages" "$root/root"
	echo "  GET     $package"
	(cd "$root/packages" && apt-get -q "$@" download "$package" \
		>"$root/apt.log" 2>&1) || {
		cat "$root/apt.log" >&2
		echo "run-linux: cannot download $package" >&2
		exit 4
	}
	dpkg -x "$root/packages/${package}_"*.deb "$root/root"
	touch "$root/root/.$package"
}

# The kernel that the distribution has at present. It is that of the emulated machine;
# KERNEL_PACKAGE is another one for the guest.
find_kernel() {
	apt-cache ${apt[@]+"${apt[@]}"} depends "linux-image-cloud-$debian" \
		2>/dev/null |
		sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1
}

# Two runs may be after the same packages.
exec 9>"$tools/lock"
flock 9
kernel_package=$(find_kernel)
if [ -z "$kernel_package" ] && [ ${#apt[@]} != 0 ]; then
	echo "  APT     lists of packages for $debian"
	apt-get -q "${apt[@]}" update >"$o/apt.log" 2>&1 || cat "$o/apt.log" >&2
	kernel_package=$(find_kernel)
fi
[ -n "$kernel_package" ] || {
	echo "run-linux: apt-cache knows no linux-image-cloud-$debian" >&2
	exit 4
}
get "$tools" busybox-static
get "$o" "$kernel_package" ${apt[@]+"${apt[@]}"}
get "$o" busybox-static ${apt[@]+"${apt[@]}"}
outer_release=${kernel_package#linux-image-}
kernel_package=${KERNEL_PACKAGE:-$kernel_package}
get "$o" "$kernel_package" ${apt[@]+"${apt[@]}"}
bios=${BIOS:-}
if [ "$bios" = yes ]; then
	get "$o" seabios
	bios=$o/root/usr/share/seabios/bios-256k.bin
elif [ -n "$bios" ]; then
	bios=$(cd "$start" && realpath "$bios")
fi
exec 9>&-
[ "${FETCH:-}" != only ] || exit 0
release=${kernel_package#linux-image-}
image=$o/root/boot/vmlinuz-$release
modules=$o/root/lib/modules/$release/kernel
busybox=$tools/root/bin/busybox

# archive DIRECTORY FILE
archive() {
	(cd "$1" && find . | "$busybox" cpio -o -H newc 2>/dev/null) |
		gzip -1 >"$2"
}

# In the order in which they are loaded; the kernel has ext4
disk_modules='drivers/virtio/virtio_ring drivers/virtio/virtio
	drivers/virtio/virtio_pci_legacy_dev drivers/virtio/virtio_pci_modern_dev
	drivers/virtio/virtio_pci drivers/block/virtio_blk'

# copy_modules DIRECTORY MODULE... - some kernels compress them, or have them built in
copy_modules() {
	local directory=$1 module

	shift
	for module; do
		if grep -qx "kernel/$module.ko" "${modules%/*}/modules.builtin"; then
			continue
		elif [ -e "$modules/$module.ko.xz" ]; then
			xz -dc "$modules/$module.ko.xz" \
				>"$directory/${module##*/}.ko"
		else
			cp "$modules/$module.ko" "$directory/"
		fi
	done
}

# begin_script MODULE... - the first lines of a shell as init
begin_script() {
	local module

	echo '#!/bin/busybox sh'
	echo 'b=/bin/busybox'
	echo '$b mount -t proc proc /proc'
	echo '$b mount -t sysfs sysfs /sys'
	echo '$b mount -t devtmpfs devtmpfs /dev'
	for module; do
		module=/${module##*/}.ko
		echo "[ ! -e $module ] || \$b insmod $module"
	done
}

# The guest's first root file system: the agent, and drivers
agent_initrd() {
	mkdir -p "$inner/modules"
	${CC:-gcc} -O2 -Wall -Wextra -Werror -static -nostdlib -ffreestanding \
		-fno-stack-protector -fno-tree-loop-distribute-patterns \
		-fno-pie -no-pie -o "$inner/init" "-Iguest/$folder" guest/agent.c
	# shellcheck disable=SC2086
	copy_modules "$inner/modules" $disk_modules \
		drivers/char/hw_random/virtio-rng drivers/pci/pci-pf-stub
}

# The same, only to reach the root file system of a disk
disk_initrd() {
	mkdir -p "$inner/bin" "$inner/proc" "$inner/sys" "$inner/dev" "$inner/disk"
	cp "$o/root/bin/busybox" "$inner/bin/"
	# shellcheck disable=SC2086
	copy_modules "$inner" $disk_modules
	{
		# shellcheck disable=SC2086
		begin_script $disk_modules
		echo '$b mount -t ext4 /dev/vda /disk || exec $b sh'
		echo '$b umount /proc /sys'
		echo '$b mount --move /dev /disk/dev'
		echo 'exec $b switch_root /disk /sbin/init'
	} >"$inner/init"
	chmod +x "$inner/init"
}

inner=$o/inner
rm -rf "$inner"
if [ -n "${ROOT_DISK:-}" ]; then
	disk_initrd
	DISK=$(realpath "$ROOT_DISK")
	case " $* " in
	*' --append '*) ;;
	*) set -- --append "console=$console panic=-1 reboot=k quiet" "$@" ;;
	esac
	set -- --console "$@"
else
	agent_initrd
fi
archive "$inner" "$o/initrd"

# A disk with a content that no other has, unless the caller has one
if [ -z "${DISK:-}" ]; then
	DISK=$o/disk
	head -c 1048576 /dev/urandom >"$DISK"
fi

# Some virtual machines have a /dev/kvm without virtualization, where an ordinary
# kernel does not get far.
if [ -w /dev/kvm ] && [ "$(uname -m)" = $machine ] &&
	{ [ "$arch" != x86_64 ] ||
		grep -qE '^flags.*\<(vmx|svm)\>' /proc/cpuinfo; } &&
	[ "${EMULATE:-no}" = no ]; then
	echo 'run-linux: on /dev/kvm'
	set -- --kernel "$image" --initrd "$o/initrd" --disk "$DISK" "$@"
	firmware=()
	[ -z "$bios" ] || firmware=(--bios "$bios")
	if [ -n "${SNAPSHOT:-}" ]; then
		"$vmm" "${firmware[@]}" "$@" --snapshot "$o/snapshot"
		firmware=(--restore "$o/snapshot")
	fi
	exec "$vmm" "${firmware[@]}" "$@"
fi
command -v "${qemu%% *}" >/dev/null || {
	echo 'run-linux: no /dev/kvm with virtualization, and no' \
		"${qemu%% *}" >&2
	exit 3
}
echo "run-linux: inside an emulated processor, since there is no /dev/kvm for $arch" \
	'with virtualization'

outer=$o/outer
rm -rf "$outer"
mkdir -p "$outer/bin" "$outer/proc" "$outer/sys" "$outer/dev"
cp "$o/root/bin/busybox" "$outer/bin/busybox"
outer_modules=$kvm_modules
outer_disk=/disk
if [ -n "${ROOT_DISK:-}" ]; then
	# Too large for memory: it is a disk of the emulated machine.
	outer_modules="$disk_modules $kvm_modules"
	outer_disk=/dev/vda
	qemu="$qemu -drive file=$DISK,format=raw,if=virtio"
else
	cp "$DISK" "$outer/disk"
fi
modules=$o/root/lib/modules/$outer_release/kernel
# shellcheck disable=SC2086
copy_modules "$outer" $outer_modules
cp "$vmm" "$o/initrd" "$outer/"
cp "$image" "$outer/kernel"
[ -z "$bios" ] || cp "$bios" "$outer/bios"
{
	# shellcheck disable=SC2086
	begin_script $outer_modules
	printf -v command '/%s --kernel /kernel --initrd /initrd --disk %s' \
		"$(basename "$vmm")" "$outer_disk"
	[ $# -eq 0 ] || printf -v command '%s' "$command$(printf ' %q' "$@")"
	firmware=${bios:+ --bios /bios}
	[ -z "${SNAPSHOT:-}" ] ||
		printf '%s --snapshot /snapshot && ' "$command$firmware"
	[ -z "${SNAPSHOT:-}" ] || firmware=' --restore /snapshot'
	echo "$command$firmware"
	echo 'echo "run-linux: status $?"'
	echo '$b poweroff -f'
} >"$outer/init"
chmod +x "$outer/init"
archive "$outer" "$o/outer.cpio"

# The keys of the terminal go to the guest, Ctrl-C also. On a busy machine the timer may be
# late for the kernel's check of it.
# shellcheck disable=SC2086
emulate() {
	timeout --foreground "${TIMEOUT:-600}" $qemu -nodefaults -no-user-config \
		-display none -chardev stdio,id=terminal,signal=off \
		-serial chardev:terminal -no-reboot -m "${OUTER_MEMORY:-1024}" \
		-accel tcg -kernel "$o/root/boot/vmlinuz-$outer_release" \
		-initrd "$o/outer.cpio" \
		-append "console=$console panic=-1 quiet loglevel=1 no_timer_check" \
		2>"$o/qemu.log"
}

if [ -n "${ROOT_DISK:-}" ]; then
	TIMEOUT=${TIMEOUT:-86400} emulate | tee "$o/output" || true
else
	emulate </dev/null | sed -u 's/\r//g' | tee "$o/output" |
		grep --line-buffered -v -e '^run-linux: status ' \
			-e '^\[ *[0-9.]*\] reboot: ' || true
fi
status=$(tr -d '\r' <"$o/output" | sed -n 's/^run-linux: status //p')
if [ -z "$status" ]; then
	tail -n 5 "$o/qemu.log" >&2
	echo 'run-linux: the emulated machine ended early' >&2
fi
exit "${status:-5}"
