#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Build the Debian packages, see that lintian has nothing to say and, as root,
# install them, use them and remove them again:
#
#	packages.sh DIRECTORY
#
# INSTALL=no leaves the system alone. It prints one line for each step; a step
# that fails shows what it said.

set -u

dir=${1:?usage: $0 DIRECTORY}
cd "$(dirname "$0")/../.." || exit 1
top=$PWD

tools/build/setup.sh packages
for tool in dpkg-buildpackage lintian dh dh_dkms sphinx-build; do
	command -v $tool >/dev/null && continue
	echo "$tool is not installed"
	exit 4
done

# A package is built with what debian/rules says, whatever we were called with.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL O KFILES
rm -rf "$dir"
mkdir -p "$dir/vmalloc"
dir=$(cd "$dir" && pwd)

step()
{
	local what=$1

	shift
	if "$@" >"$dir/log" 2>&1; then
		echo "ok $what"
	else
		echo "not ok $what"
		tail -n 40 "$dir/log" | sed 's/^/# /'
		exit 1
	fi
}

# Copy the files that are committed or would be.
copy()
{
	git ls-files -z -c -o --exclude-standard | while IFS= read -rd '' f; do
		[ -e "$f" ] && printf '%s\0' "$f"
	done | tar -c --null -T - | tar -x -C "$dir/vmalloc"
}

build()
{
	cd "$dir/vmalloc" && dpkg-buildpackage -us -uc
}

look()
{
	lintian -i --fail-on error,warning "$dir"/*.changes
}

installed='libvmalloc-kvm-dev libvmalloc-dev vmalloc-tools vmalloc-doc libvmalloc1'

install_all()
{
	# shellcheck disable=SC2064
	trap "dpkg --purge $installed >/dev/null 2>&1" EXIT
	dpkg -i "$dir"/libvmalloc1_*.deb "$dir"/libvmalloc-dev_*.deb \
		"$dir"/libvmalloc-kvm-dev_*.deb "$dir"/vmalloc-tools_*.deb \
		"$dir"/vmalloc-doc_*.deb || return
	# shellcheck disable=SC2086
	dpkg -L $installed | while IFS= read -r file; do
		# Others have files in the other directories.
		case $file in
		*vmalloc*)	echo "$file" ;;
		*)		[ -d "$file" ] || echo "$file" ;;
		esac
	done >"$dir/files"
	[ -s "$dir/files" ]
}

use()
{
	local flags

	flags=$(pkg-config --cflags --libs vmalloc) || return
	# shellcheck disable=SC2086
	cc "$top/tools/testing/check/consumer.c" -o "$dir/consumer" $flags &&
	"$dir/consumer" &&
	objdump -p "$dir/consumer" | grep 'NEEDED *libvmalloc.so.1$' &&
	vmr --help &&
	[ -e /usr/share/man/man1/vmr.1.gz ] &&
	[ -e /usr/share/man/man3/vmr_alloc.3.gz ] &&
	[ -e /usr/share/doc/vmalloc-doc/html/index.html ]
}

# The tests of the packages, as autopkgtest runs them
package_tests()
{
	local test

	for test in debian/tests/*; do
		[ "${test##*/}" = control ] && continue
		AUTOPKGTEST_TMP=$(mktemp -d -p "$dir") "$test" || return
	done
}

# The module builds from what its package has, for each kernel whose headers are
# here.
dkms_build()
{
	local tree=$dir/dkms kernel n=0

	rm -rf "$tree"
	mkdir -p "$tree" "$dir/src"
	dpkg-deb -x "$dir"/vmalloc-dkms_*.deb "$dir/src" || return
	# The keys that it makes to sign with go with the rest.
	export mok_signing_key=$tree/mok.key mok_certificate=$tree/mok.pub
	for kernel in /lib/modules/*/build; do
		[ -e "$kernel/Makefile" ] || continue
		kernel=${kernel%/build}
		dkms build --dkmstree "$tree" --sourcetree "$dir/src/usr/src" \
			-m vmalloc -v "$version" -k "${kernel##*/}" || return
		n=$((n + 1))
	done
	[ "$n" -gt 0 ]
}

remove_all()
{
	local file left=0

	# shellcheck disable=SC2086
	dpkg --purge $installed || return
	trap - EXIT
	while IFS= read -r file; do
		[ -e "$file" ] || [ -L "$file" ] || continue
		echo "$file is still there"
		left=1
	done <"$dir/files"
	return $left
}

version=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)

step 'a copy of the sources' copy
step 'dpkg-buildpackage' build
step 'lintian' look
if command -v dkms >/dev/null; then
	step 'dkms build' dkms_build
else
	echo 'ok dkms build # SKIP dkms is not installed'
fi
if [ "${INSTALL-}" = no ] || [ "$(id -u)" != 0 ]; then
	echo 'ok dpkg -i, dpkg --purge # SKIP only as root, and without INSTALL=no'
elif dpkg -s libvmalloc1 >/dev/null 2>&1; then
	echo 'ok dpkg -i, dpkg --purge # SKIP libvmalloc1 is already installed here'
else
	step 'dpkg -i' install_all
	step 'a program built with what is installed' use
	step 'the tests of the packages' package_tests
	step 'dpkg --purge' remove_all
fi
