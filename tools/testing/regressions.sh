#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Put each known bug of the field back and see its test, and no other, fail:
#
#	regressions.sh O [ID...]
#
# A bug is a patch ID.patch in tools/testing/selftests/vmalloc/regressions; its test
# is the one of that name. A patch that does not apply, a test that does not
# notice, and a test that fails for another's bug are failures. Other tests of
# the same programs may fail as they like: they state rules, not reports.

set -u

cd "$(dirname "$0")/../.." || exit 1
top=$PWD
O=$(realpath -m "${1:?usage: $0 O [ID...]}")
shift
selftests=tools/testing/selftests/vmalloc
tree=$O/regressions/tree
build=$O/regressions/build
passed=0
failed=0

if [ $# = 0 ]; then
	set -- "$selftests"/regressions/*.patch
	set -- "${@##*/}"
	set -- "${@%.patch}"
fi
ids=" $(cd "$selftests/regressions" && ls | sed -n 's/\.patch$//p' | tr '\n' ' ') "

unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
make=(make --no-print-directory -s -C "$tree" O="$build" KFILES="$O/kernel"
      WERROR=0)

make --no-print-directory -s O="$O" "$O/libvmalloc.a" || exit
rm -rf "$O/regressions"
mkdir -p "$tree" "$build"
cp -r Makefile Kbuild include lib tools "$tree" || exit
# The KVM library comes first, since it needs the other one
libraries=("$build/libvmalloc-kvm.a" "$build/libvmalloc.a")
"${make[@]}" "${libraries[@]}" || exit

# The programs that the tests of the field are in, compiled once
programs=
for source in "$selftests"/test_*.c; do
	for name in $(sed -n 's/^TEST\(_F\)\?(\([a-z0-9_, ]*\)).*/\2/p' "$source" |
		      sed 's/.*, *//'); do
		case $ids in
		*" $name "*)
			programs="$programs $(basename "$source" .c)"
			break
			;;
		esac
	done
done
for program in $programs; do
	kselftest=$O/kernel/tools/testing/selftests
	gcc -std=gnu11 -O1 -g -w -D_GNU_SOURCE= -Iinclude -isystem "$kselftest" \
		-isystem "$kselftest/kselftest" \
		-c "$selftests/$program.c" -o "$build/$program.o" || exit
done

# Which tests of the field fail now, sorted, on one line
failing()
{
	local program

	for program in $programs; do
		gcc "$build/$program.o" "${libraries[@]}" -lpthread \
			-o "$build/$program" || { echo "LINK"; return; }
		# A test that a bug lets wait for ever ends at a limit of CPU
		# time, which other work on the machine does not use up
		(ulimit -t 30; exec timeout 1800 "$build/$program" 2>/dev/null)
	done | sed -n 's/^\(# *\)\?not ok [0-9]* *-\? *\([a-z_0-9]*\.\)*\([a-z_0-9]*\).*/\3/p' |
	while read -r name; do
		case $ids in *" $name "*) echo "$name" ;; esac
	done | sort -u | tr '\n' ' '
}

verdict()	# ID, what failed
{
	if [ "$2" = "$1 " ]; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) mutant $1"
	else
		failed=$((failed + 1))
		echo "not ok $((passed + failed)) mutant $1: failed: ${2:-nothing}"
	fi
}

before=$(failing)
if [ -n "$before" ]; then
	echo "these fail without any bug put back: $before"
	exit 1
fi

echo "1..$#"
for id; do
	patch=$top/$selftests/regressions/$id.patch
	if ! patch -d "$tree" -p1 -s -F0 --dry-run <"$patch" >/dev/null; then
		verdict "$id" "(the patch does not apply)"
		continue
	fi
	patch -d "$tree" -p1 -s -F0 <"$patch"
	if "${make[@]}" "${libraries[@]}"; then
		verdict "$id" "$(failing)"
	else
		verdict "$id" "(it does not compile)"
	fi
	patch -d "$tree" -p1 -s -R <"$patch"
done

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
