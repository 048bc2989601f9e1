#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Boot a kernel in QEMU with nothing but a shell and two modules, and try them:
#
#	boot.sh KERNEL VMR.KO EXAMPLE.KO
#
# Needs qemu-system-x86 and busybox-static. KVM is not needed.

set -eu

kernel=${1:?usage: $0 KERNEL VMR.KO EXAMPLE.KO}
vmr=$2
example=$3
busybox=$(command -v busybox)

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

root=$tmp/root
mkdir -p "$root/bin" "$root/proc" "$root/sys"
cp "$busybox" "$root/bin/busybox"
cp "$vmr" "$root/vmr.ko"
cp "$example" "$root/vmr_example.ko"
cp try.sh "$root/try.sh"
cat >"$root/init" <<'EOF'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
echo 7 >/proc/sys/kernel/printk
{
	insmod /vmr.ko && insmod /vmr_example.ko && sh /try.sh &&
	rmmod vmr_example && rmmod vmr && echo "it worked"
} 2>&1
poweroff -f
EOF
chmod +x "$root/init"
(cd "$root" && find . | "$busybox" cpio -o -H newc 2>/dev/null) |
	gzip -1 >"$tmp/initrd"

timeout 300 qemu-system-x86_64 -m 256 -smp 2 -no-reboot -nic none \
	-display none -monitor none -serial stdio \
	-kernel "$kernel" -initrd "$tmp/initrd" \
	-append 'console=ttyS0 quiet panic=-1' </dev/null |
	tr -d '\r' | tee "$tmp/console"
grep -q '^it worked' "$tmp/console"
! grep -E 'WARNING:|BUG:|Oops|Call Trace' "$tmp/console"
