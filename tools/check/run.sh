#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Run every check and say in the last line how many tests passed, failed and
# were skipped:
#
#	run.sh O [LINUX]
#
# A check is a program of this directory. It gets O (the directory everything is
# built in), W (one of its own below that), KFILES (the kernel's files) and
# VMR_MAKE (make with the common variables). It exits with 0 when all is well and
# with 4 when it cannot tell, the last line it prints being the reason; anything
# else is a failure. What it prints is kept in a log and shown if it failed.
# Programs that print KTAP count as many tests as they say, everything else as
# one.

set -u

cd "$(dirname "$0")/../.." || exit 1

export O=${1:?usage: $0 O [LINUX]}
export KFILES=$O/kernel
export LINUX=${2-}
export LC_ALL=C
check=$O/check

# The make that called us has its own ideas of O, V and the like.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
VMR_MAKE="make --no-print-directory -j$(nproc) KFILES=$KFILES LINUX=$LINUX"
export VMR_MAKE

passed=0
failed=0
skipped=0
number=0
lacking=		# why nothing at all can be done

# verdict NAME STATUS LOG - count one check and say how it went
verdict()
{
	number=$((number + 1))
	case $2 in
	0)
		passed=$((passed + 1))
		echo "ok $number $1"
		;;
	4)
		skipped=$((skipped + 1))
		echo "ok $number $1 # SKIP $(tail -n 1 "$3")"
		;;
	*)
		failed=$((failed + 1))
		echo "not ok $number $1"
		show "$3"
		;;
	esac
}

show()
{
	tail -n 40 "$1" | sed 's/^/# /'
	echo "# (all of it: $1)"
}

# What a program said before each failed test, or before it ended.
show_ktap()
{
	{ grep -B 12 -E '^not ok|^ktap.sh: ' "$1" || cat "$1"; } |
		tail -n 60 | sed 's/^/# /'
	echo "# (all of it: $1)"
}

# check NAME [ARGUMENT]... - run tools/check/NAME.sh
check()
{
	local name=$1 what="$1${2+ ${2#"$O"/}}"
	local log

	export W=$check/${what//[ \/]/-}
	log=$W.log
	rm -rf "$W"
	mkdir -p "$W"
	if [ -n "$lacking" ]; then
		echo "$lacking" >"$log"
		verdict "$what" 4 "$log"
		return
	fi
	timeout -k 10 "${CHECK_TIMEOUT:-600}" "tools/check/$name.sh" "${@:2}" \
		>"$log" 2>&1 </dev/null
	verdict "$what" $? "$log"
}

# results NAME LOG - count what ktap.sh said of a program
results()
{
	local p f s

	read -r p f s <"${2%.log}.counts" || { p=0 f=1 s=0; }
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	number=$((number + 1))
	if [ "$f" = 0 ]; then
		echo "ok $number $1 # $p passed, $s skipped"
	else
		echo "not ok $number $1 # $p passed, $f failed"
		show_ktap "$2"
	fi
}

# programs VARIANT - run all test programs that were built for it
programs()
{
	local dir=$check/$1 names name

	names=$(cd tools/testing/selftests/vmalloc && ls test_*.c)
	# What has one thread has no races, and is slow to be told so.
	[ "$1" != threads ] ||
		names=$(cd tools/testing/selftests/vmalloc &&
			grep -l 'pthread\.h' test_*.c)
	names=${names//.c/}
	xargs -P "$(nproc)" -I '{}' sh -c \
		'tools/check/ktap.sh "$1/$2.log" "$1/selftests/$2" \
			>"$1/$2.counts"' - "$dir" '{}' <<<"$names"
	for name in $names; do
		results "$1 $name" "$dir/$name.log"
	done
}

# variant NAME TARGETS VARIABLE=VALUE... - build so and run the test programs
variant()
{
	local name=$1 targets=$2 log=$check/$1-build.log status=0

	shift 2
	mkdir -p "$check/$name"
	# shellcheck disable=SC2086
	if [ -n "$lacking" ]; then
		echo "$lacking" >"$log"
		status=4
	elif ! "can_$name" >"$log" 2>&1; then
		echo "the compiler for it is not installed" >>"$log"
		status=4
	elif ! $VMR_MAKE O="$check/$name" "$@" $targets >"$log" 2>&1; then
		status=1
	fi
	verdict "$name build" $status "$log"
	[ $status = 0 ] && programs "$name"
}

can_gcc() { command -v gcc; }
can_sanitizers() { can_gcc; }
can_threads() { can_gcc; }
can_clang() { command -v clang; }
can_m32()
{
	printf '#include <stdio.h>\nint main(void) { return 0; }\n' |
		gcc -m32 -x c - -o "$check/m32/can"
}

mkdir -p "$check"
rm -f "$check"/*.log "$check"/*/*.counts

# Nothing works without the library, so that is said once and not forty times.
# If all that is wrong is that nothing may be installed, it is no failure.
# shellcheck disable=SC2086
tools/kernel-files.sh "$KFILES" $LINUX >"$check/library.log" 2>&1
if [ $? = 4 ] && [ "${SETUP-}" = no ]; then
	lacking='no kernel source is installed'
	echo "$lacking" >>"$check/library.log"
	verdict library 4 "$check/library.log"
elif ! $VMR_MAKE O="$O" lib >"$check/library.log" 2>&1; then
	verdict library 1 "$check/library.log"
	echo "$passed passed, $failed failed, $skipped skipped"
	exit 1
else
	verdict library 0 "$check/library.log"
	$VMR_MAKE O="$O" >"$check/vmm.log" 2>&1
	verdict vmm $? "$check/vmm.log"
fi

variant gcc tests CC=gcc
variant sanitizers 'tests vmm' CC=gcc \
	EXTRA_CFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=all' \
	EXTRA_LDFLAGS='-fsanitize=address,undefined'
# The first race that ThreadSanitizer sees ends the test that it is in.
TSAN_OPTIONS=halt_on_error=1 variant threads tests CC=gcc \
	EXTRA_CFLAGS=-fsanitize=thread EXTRA_LDFLAGS=-fsanitize=thread
variant m32 tests CC=gcc EXTRA_CFLAGS=-m32
variant clang 'tests vmm' LLVM=1

check sparse
check checkpatch
check kernel-doc
check headers
check rbtree
check archive
check shared
check stack
check readme
check docs
check module
check bundle
check install
check selftests
check kernel-files
check race
check replay "$O/vmm"
check replay "$check/sanitizers/vmm"
check kvm

if [ -z "$lacking" ] && [ -e tools/testing/spin/run.sh ]; then
	KTAP_TIMEOUT=900 JOBS=$(nproc) tools/check/ktap.sh "$check/spin.log" \
		tools/testing/spin/run.sh >"$check/spin.counts"
	results spin "$check/spin.log"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
