#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Install what was built in directory O, below DESTDIR if that is given:
#
#	PREFIX=... LIBDIR=... VERSION=... install.sh O [DESTDIR]

set -eu

o=${1:?usage: $0 O [DESTDIR]}
dest=${2-}
cd "$(dirname "$0")/.."

inc=$dest$PREFIX/include/vmalloc
lib=$dest$LIBDIR

install -d "$inc" "$lib/pkgconfig"
install -m 644 include/vmalloc/*.h "$inc"
install -m 644 "$o/libvmalloc.a" "$lib"
install -m 755 "$o/libvmalloc.so.0" "$lib"
ln -sf libvmalloc.so.0 "$lib/libvmalloc.so"

install -D -m 755 "$o/vmr" "$dest$PREFIX/bin/vmr"
install -D -m 644 tools/vmr/vmr.1 "$dest$PREFIX/share/man/man1/vmr.1"

cat >"$lib/pkgconfig/vmalloc.pc" <<E2
prefix=$PREFIX
includedir=\${prefix}/include
libdir=$LIBDIR

Name: vmalloc
Description: Allocation and routing of virtual machine resources
Version: $VERSION
Cflags: -I\${includedir}
Libs: -L\${libdir} -lvmalloc
E2
echo "  INSTALL $inc"
echo "  INSTALL $lib"
