#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The shared library has its soname, needs no other, and exports exactly the
# functions that the public headers declare, with a version.

set -eu
so=$O/libvmalloc.so.1

objdump -p "$so" | grep -E 'SONAME|NEEDED' | tee "$W/dynamic"
[ "$(tr -s ' ' <"$W/dynamic")" = " SONAME libvmalloc.so.1" ]

for h in include/vmalloc/*.h; do
	# It declares the functions of another archive.
	[ "$h" != include/vmalloc/kvm.h ] || continue
	echo "#include <vmalloc/${h##*/}>"
done >"$W/all.c"
gcc -Iinclude -fsyntax-only -aux-info "$W/prototypes" "$W/all.c"
sed -n '/include\/vmalloc\/.*extern/s/.*[ *]\(vmr_[a-z0-9_]*\) (.*/\1/p' \
	"$W/prototypes" | sort -u >"$W/declared"
nm -D --defined-only "$so" |
	awk '$3 ~ /^vmr_/ { sub(/@.*/, "", $3); print $3 }' |
	sort -u >"$W/exported"
diff "$W/declared" "$W/exported" || {
	echo "< is declared and not exported, > exported and not declared"
	exit 1
}

# Each with the version of the interface, and nothing without one
! objdump -T "$so" | grep -v -e UND -e VMALLOC_0.2 | grep ' \.text'
