#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The library, its tests, the VMM and the planner with the compilers of other suites of
# Debian, each in a chroot:
#
#	suites.sh O [SUITE]...		default: stable sid
#
# For each suite and gcc and clang there: build without a warning, run the test programs
# in their short form. With the kernel headers of the suite the module is built too. The
# last line has the number that failed. Needs root, debootstrap and a mirror.

set -u

O=$(realpath -m "${1:?usage: $0 O [SUITE]...}")
shift
cd "$(dirname "$0")/../.." || exit 1
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
KFILES=${KFILES:-$O/kernel}
[ $# -gt 0 ] || set -- stable sid
dir=$O/suites
packages=make,gcc,libc6-dev,clang,lld,llvm,bc,kmod,perl,python3,linux-headers-amd64
jobs=$(nproc)
failed=0

stop()
{
	echo "suites: $*" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || stop 'only root can use chroot'
PATH=$PATH:/usr/sbin
command -v debootstrap >/dev/null || stop 'debootstrap is not installed'
tools/build/kernel-files.sh "$KFILES" || stop 'no kernel files'

# install_suite SUITE - a system with the compilers
install_suite()
{
	local root=$dir/$1

	[ -e "$root/complete" ] && return
	rm -rf --one-file-system "$root"
	mkdir -p "$root"
	# All suites of Debian are installed in one way, also those that this debootstrap
	# does not name.
	debootstrap --variant=minbase --include=$packages "$1" "$root" \
		"${MIRROR:-http://deb.debian.org/debian}" /usr/share/debootstrap/scripts/sid \
		>"$dir/$1.log" 2>&1 || return
	touch "$root/complete"
}

# inside SUITE COMMAND - in that system. The mounts end with the command.
inside()
{
	# shellcheck disable=SC2016
	unshare --mount sh -e -c 'mount -t proc proc "$1/proc"
		mount --bind /dev "$1/dev"
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
			chroot "$1" sh -e -c "cd /vmalloc && $2"' - "$dir/$1" "$2"
}

copy_sources()
{
	local root=$dir/$1

	rm -rf "$root/vmalloc" "$root/kernel"
	mkdir -p "$root/vmalloc"
	git ls-files -z | tar --null -T - -c | tar -x -C "$root/vmalloc" || return
	cp -r "$KFILES" "$root/kernel"
}

# build SUITE COMPILER MAKE-ARGUMENT - then the tests
build()
{
	local begin=$SECONDS p f s version
	local make="make -j$jobs O=/build-$2 LINUX=/kernel $3"

	version=$(inside "$1" "$2 -dumpfullversion 2>/dev/null || $2 -dumpversion")
	echo "== $1: $2 $version"
	rm -rf "$dir/$1/build-$2"
	if ! inside "$1" "$make TEST_OPT=-O0 lib vmm vmr tests"; then
		echo "$1, $2 $version: cannot be built" >&3
		return 1
	fi
	inside "$1" "tools/testing/quick.sh /build-$2/selftests" | tee "$dir/counts"
	read -r p f s < <(awk 'END { print $1, $3, $5 }' "$dir/counts")
	echo "$1, $2 $version: $p passed, $f failed, $s skipped," \
		"$((SECONDS - begin)) s" >&3
	[ "$f" = 0 ]
}

module()
{
	local version

	version=$(cd "$dir/$1/usr/src" && ls -d linux-headers-*-amd64) || return
	version=${version#linux-headers-}
	echo "== $1: module for $version"
	if ! inside "$1" "make O=/build-module LINUX=/kernel \
			KDIR=/usr/src/linux-headers-$version modules"; then
		echo "$1, module: cannot be built for $version" >&3
		return 1
	fi
	echo "$1, module: built for $version" >&3
}

suite()
{
	install_suite "$1" || { echo "$1: cannot be installed, see $dir/$1.log" >&3; return 1; }
	copy_sources "$1" || return
	build "$1" gcc CC=gcc || failed=$((failed + 1))
	build "$1" clang LLVM=1 || failed=$((failed + 1))
	module "$1" || failed=$((failed + 1))
}

mkdir -p "$dir"
for name; do
	suite "$name" 3>&1 >"$dir/$name-build.log" 2>&1 </dev/null ||
		failed=$((failed + 1))
done
echo "suites: $failed failed, see $dir/*-build.log"
[ $failed = 0 ]
