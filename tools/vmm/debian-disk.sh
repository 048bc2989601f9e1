#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Make a disk with Debian's root file system:
#
#	debian-disk.sh FILE
#
# It has systemd, and a root without a password. SUITE is the release, MIRROR the archive.
# debootstrap runs as root. No file system is mounted, and a disk that is there stays.

set -eu

file=$1
[ ! -e "$file" ] || exit 0
PATH=$PATH:/usr/sbin:/sbin
for tool in debootstrap mkfs.ext4; do
	command -v $tool >/dev/null || {
		echo "debian-disk: there is no $tool; the packages are debootstrap" \
			'and e2fsprogs' >&2
		exit 3
	}
done
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo 'debian-disk: debootstrap needs root, and there is no sudo' >&2
		exit 3
	}
	exec sudo env "PATH=$PATH" "SUITE=${SUITE:-}" "MIRROR=${MIRROR:-}" "$0" "$file"
fi

root=$file.root
# A run that was stopped may leave a file system mounted in the directory.
rm -rf --one-file-system "$root"
echo "  DEBIAN  ${file##*/}"
debootstrap --variant=minbase --include=systemd-sysv,udev "${SUITE:-bookworm}" \
	"$root" "${MIRROR:-http://deb.debian.org/debian}" >"$file.log" 2>&1 || {
	tail -n 5 "$file.log" >&2
	echo "debian-disk: debootstrap failed; see $file.log" >&2
	exit 4
}
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
echo guest >"$root/etc/hostname"
sed -i 's/^root:[^:]*:/root::/' "$root/etc/shadow"
echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
mkfs.ext4 -q -F -d "$root" "$file.new" "${DISK_SIZE:-768M}" >>"$file.log" 2>&1 || {
	tail -n 5 "$file.log" >&2
	echo 'debian-disk: no file system could be made' >&2
	exit 4
}
rm -rf --one-file-system "$root"
chown --reference="$(dirname "$file")" "$file.new" "$file.log"
mv "$file.new" "$file"
