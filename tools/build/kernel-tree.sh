#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Carry the library in a kernel tree, as lib/vmr, with its headers where other
# code of the tree finds them, as include/vmalloc:
#
#	kernel-tree.sh TREE
#
# Run again it brings what has changed here. After it, `make menuconfig` has the
# library among the library routines (CONFIG_VMR), and its tests.

set -eu

tree=${1:?usage: $0 TREE}
[ -e "$tree/lib/Kconfig" ] && [ -e "$tree/include/linux/rbtree.h" ] || {
	echo "$0: $tree is not a kernel source tree" >&2
	exit 1
}
cd "$(dirname "$0")/../.."

rm -rf "$tree/lib/vmr" "$tree/include/vmalloc"
mkdir -p "$tree/lib/vmr/tools/testing/selftests" "$tree/include"
cp -R include/vmalloc "$tree/include/"
cp -R Kbuild Kconfig COPYING lib "$tree/lib/vmr/"
cp -R tools/testing/kernel tools/testing/harness \
	"$tree/lib/vmr/tools/testing/"
cp -R tools/testing/selftests/vmalloc "$tree/lib/vmr/tools/testing/selftests/"
# Remove the output of builds in this tree, and the other ports
find "$tree/lib/vmr" \( -name '*.o' -o -name '*.ko' -o -name '*.mod' \
	-o -name '*.mod.c' -o -name '*.cmd' -o -name '.*.d' \
	-o -name modules.order \) -delete
rm -f "$tree/lib/vmr/lib/port/user.c" "$tree/lib/vmr/lib/port/firmware.c"

# At the end of both: their order means nothing.
grep -q '^source "lib/vmr/Kconfig"' "$tree/lib/Kconfig" ||
	echo 'source "lib/vmr/Kconfig"' >>"$tree/lib/Kconfig"
grep -q '^obj-\$(CONFIG_VMR) += vmr/' "$tree/lib/Makefile" ||
	echo 'obj-$(CONFIG_VMR) += vmr/' >>"$tree/lib/Makefile"
