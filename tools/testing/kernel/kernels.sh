#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Get the distribution's kernel for virtual machines and its build directory:
#
#	kernels.sh DIR [VERSION]
#
# prints its release, its image and its build directory. VERSION, such as 6.12,
# selects the packages with this version in their names.
#
# The packages are unpacked below DIR. They are not installed, because that would need
# root and change the kernel of the next boot. A kernel that is already installed is
# used. With SETUP=no nothing is fetched.
#
# Without such a kernel the exit status is 4, and the last line has the reason.

set -eu

dir=${1:?usage: $0 DIR [VERSION]}
version=${2-}

lacking()
{
	echo "$*" >&2
	exit 4
}

command -v apt-get >/dev/null || lacking "no apt-get to fetch a kernel with"
command -v dpkg-deb >/dev/null || lacking "dpkg is not installed"

arch=$(dpkg --print-architecture)
image=linux-image-${version:+$version-}cloud-$arch
headers=linux-headers-${version:+$version-}cloud-$arch

# depends PACKAGE - the package, and its dependencies from the same source
depends()
{
	apt-cache depends --recurse --important "$1" 2>/dev/null |
		grep -E '^linux-(image|headers|kbuild)-[0-9.]+' | sort -u
}

release=$(depends "$image" | sed -n 's/^linux-image-\([0-9].*\)/\1/p' |
	grep -v -e -unsigned | sort -V | tail -n 1)
[ -n "$release" ] || lacking "there is no package $image"

if [ -r "/boot/vmlinuz-$release" ] &&
   [ -e "/usr/src/linux-headers-$release/Module.symvers" ]; then
	echo "$release /boot/vmlinuz-$release /usr/src/linux-headers-$release"
	exit 0
fi

# Checks run in parallel, and two of them may need the same kernel.
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9

root=$dir/$release
if [ ! -e "$root/complete" ]; then
	[ "${SETUP-}" != no ] || lacking "$image and $headers are not unpacked"
	rm -rf "$root"
	mkdir -p "$root/debs"
	packages=$( { depends "$headers" | grep -v '^linux-image-'
		echo "linux-image-$release"; } | grep '[0-9]\.[0-9]' | sort -u)
	echo "  FETCH   $packages" | tr '\n' ' ' >&2
	echo >&2
	# shellcheck disable=SC2086
	(cd "$root/debs" && apt-get -qq download $packages >log 2>&1) || {
		cat "$root/debs/log" >&2
		lacking "cannot download $image and $headers"
	}
	for deb in "$root"/debs/*.deb; do
		# Of the kernel's modules none is needed to boot.
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" \
			--exclude='./lib/modules' --exclude='./usr/share'
	done
	rm -rf "$root/debs"
	# The rest of what they link to each other by is relative.
	sed -i "s,/usr/src,$root/usr/src,g" \
		"$root/usr/src/linux-headers-$release/Makefile"
	touch "$root/complete"
fi
echo "$release $root/boot/vmlinuz-$release" \
	"$root/usr/src/linux-headers-$release"
