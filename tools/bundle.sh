#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Put our sources and the kernel files they stand on into one directory that
# builds with a compiler and nothing else, to be taken into another project:
#
#	KFILES=<the kernel's files> bundle.sh DIRECTORY

set -eu

dest=${1:?usage: $0 DIRECTORY}
cd "$(dirname "$0")/.."

rm -rf "$dest"
mkdir -p "$dest/include" "$dest/lib/port" "$dest/kernel"
cp -r include/vmalloc "$dest/include/"
cp lib/*.c lib/*.h "$dest/lib/"
cp lib/port/*.[ch] "$dest/lib/port/"
cp -r tools/shim/include "$dest/kernel/"
cp "$KFILES"/include/linux/*.h "$dest/kernel/include/linux/"
cp "$KFILES/lib/rbtree.c" "$dest/kernel/"
cp -r COPYING LICENSES "$dest/"

cat >"$dest/README" <<'E2'
vmalloc with the kernel files it needs, under GPL-2.0 as a whole (COPYING); build it with: cc -O2 -ffreestanding -fno-strict-aliasing -Iinclude -Ikernel/include -c lib/*.c lib/port/user.c kernel/rbtree.c
E2
echo "  BUNDLE  $dest"
