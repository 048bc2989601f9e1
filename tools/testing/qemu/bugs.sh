#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Put each known bug back, and see the comparison with QEMU differ:
#
#	bugs.sh O [NAME...]
#
# A bug is a patch in tools/testing/qemu/bugs, or one of the patches of the field of
# which a guest sees something in registers or the map. SEED and STEPS (of each
# topology) are those of the comparison.

set -u

cd "$(dirname "$0")/../../.." || exit 1
O=$(realpath -m "${1:?usage: $0 O [NAME...]}")
shift
KFILES=${KFILES:-$O/kernel}
bugs=tools/testing/qemu/bugs
field=tools/testing/selftests/vmalloc/regressions
tree=$O/qemu-bugs/tree
build=$O/qemu-bugs/build

command -v qemu-system-x86_64 >/dev/null || {
	echo "qemu-system-x86_64 is not installed (qemu-system-x86)"
	exit 4
}
if [ $# = 0 ]; then
	set -- "$bugs"/*.patch
	set -- "${@##*/}"
	set -- "${@%.patch}" ch_2508 ch_8572 ch_8695 fc_6091
fi

unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
rm -rf "$tree"
mkdir -p "$tree" "$build"
cp -r Makefile Kbuild include lib tools "$tree" || exit

make_program()
{
	make --no-print-directory -s -j2 -C "$tree" O="$build" KFILES="$KFILES" \
		WERROR=0 "$build/libvmalloc.a" >"$O/qemu-bugs/make.log" &&
	make --no-print-directory -s -C "$tree" O="$build" KFILES="$KFILES" \
		WERROR=0 -f tools/testing/qemu/Makefile "$build/qemu/qemu" \
		>>"$O/qemu-bugs/make.log"
}

seen=0
missed=0
for name; do
	patch=$bugs/$name.patch
	[ -e "$patch" ] || patch=$field/$name.patch
	patch -s -p1 -d "$tree" <"$patch" || exit 1
	make_program || exit 1
	log=$O/qemu-bugs/$name.log
	"$build/qemu/qemu" -x -n "${STEPS:-1000}" -s "${SEED:-1}" >"$log" 2>&1
	status=$?
	patch -s -R -p1 -d "$tree" <"$patch" || exit 1
	if [ $status = 1 ]; then
		seen=$((seen + 1))
		echo "seen $name: $(sed -n 's/^  //p' "$log" | head -n 1)"
	else
		missed=$((missed + 1))
		echo "not seen $name"
	fi
done
echo "bugs: $seen seen, $missed not seen"
[ $missed = 0 ]
