#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# An installed library is found by pkg-config and works, shared and static, also
# when it was staged below DESTDIR. Its manual pages come with it.

set -eu
# Each file that names the version of the library names the same one.
version=$(sed -n 's/^VERSION	*:= //p' Makefile)
grep -q "^PACKAGE_VERSION=\"$version\"$" dkms.conf
head -n 1 debian/changelog | grep -q "($version)"
grep -q "\"vmalloc $version\"" tools/vmr/vmr.1
grep -qx "$version" CHANGELOG.rst
grep -q "vmalloc/$version$" Documentation/kernel.rst

command -v pkg-config || { echo "pkg-config is not installed"; exit 4; }

try()
{
	flags=$(pkg-config --cflags --libs vmalloc)
	echo "$flags"
	cc tools/testing/check/consumer.c -o "$W/shared" $flags
	LD_LIBRARY_PATH=$1/lib "$W/shared"
	objdump -p "$W/shared" | grep 'NEEDED *libvmalloc.so.1$'
	cc tools/testing/check/consumer.c -o "$W/static" -Wl,-Bstatic $flags \
		-Wl,-Bdynamic
	"$W/static"
	! objdump -p "$W/static" | grep 'NEEDED *libvmalloc'
}

$VMR_MAKE O="$O" install PREFIX="$W/prefix"
PKG_CONFIG_PATH=$W/prefix/lib/pkgconfig try "$W/prefix"
"$W/prefix/bin/vmr" --help >/dev/null
if head -n 1 "$KFILES/scripts/kernel-doc" 2>/dev/null | grep -q perl; then
	grep -q '^.SH EXAMPLE' "$W/prefix/share/man/man3/vmr_alloc.3"
fi

$VMR_MAKE O="$O" install PREFIX=/opt/vmr DESTDIR="$W/stage"
export PKG_CONFIG_SYSROOT_DIR=$W/stage
PKG_CONFIG_PATH=$W/stage/opt/vmr/lib/pkgconfig try "$W/stage/opt/vmr"
