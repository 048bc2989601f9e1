#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Follow the tutorials literally, each in a Debian 12 that has nothing but what
# debootstrap puts there:
#
#	run.sh DIRECTORY [PAGE]...
#
# Every command of a page is typed as it stands; what is cloned is this repository, as
# committed. Prints KTAP, with the seconds from the first command of a page to its end.
# Needs root, debootstrap, and a mirror to install from; one page takes some minutes.

set -u

dir=${1:?usage: $0 DIRECTORY [PAGE]...}
shift
cd "$(dirname "$0")/../../.." || exit 1
[ $# -gt 0 ] || set -- Documentation/tutorial-*.rst

lacking()
{
	echo "1..0 # SKIP $*"
	exit 4
}

[ "$(id -u)" = 0 ] || lacking "only root can"
command -v debootstrap >/dev/null || lacking "debootstrap is not installed"

mkdir -p "$dir"
base=$dir/bookworm
[ -e "$base/complete" ] || {
	rm -rf "$base"
	debootstrap --variant=minbase bookworm "$base" >"$dir/debootstrap.log" ||
		lacking "debootstrap does not work here"
	touch "$base/complete"
}

leave()
{
	umount "$1/dev" "$1/proc" 2>/dev/null
	! mountpoint -q "$1/dev" && rm -rf --one-file-system "$1"
}

# follow PAGE - in a copy of that system
follow()
{
	local root=$dir/root

	leave "$root"
	mkdir -p "$root"
	cp -a "$base/." "$root/"
	# How this machine reaches the mirror is no part of the page.
	cp /etc/resolv.conf /etc/hosts "$root/etc/"
	cp /etc/apt/apt.conf.d/99* "$root/etc/apt/apt.conf.d/" 2>/dev/null
	# Nor is how safely a package is written that is thrown away afterwards.
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
	mount -t proc proc "$root/proc"
	mount --bind /dev "$root/dev"
	git clone -q --bare . "$root/vmalloc.git"
	awk -f tools/testing/tutorials/commands.awk "$1" >"$root/root/commands"
	env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root TERM=dumb LC_ALL=C DEBIAN_FRONTEND=noninteractive \
		VMALLOC=file:///vmalloc.git \
		chroot "$root" sh -c 'cd && sh -e -x ./commands'
}

echo "KTAP version 1"
echo "1..$#"
number=0
failed=0
for page; do
	number=$((number + 1))
	name=$(basename "$page" .rst)
	begin=$SECONDS
	if follow "$page" >"$dir/$name.log" 2>&1 </dev/null; then
		echo "ok $number $name # $((SECONDS - begin)) s"
	else
		echo "not ok $number $name"
		tail -n 20 "$dir/$name.log" | sed 's/^/# /'
		failed=1
	fi
	leave "$dir/root"
done
exit $failed
