#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Run every check and say in the last line how many tests passed, failed and
# were skipped:
#
#	run.sh O [LINUX]
#
# A check is a program of this directory. It gets O (the directory everything is
# built in), W (one of its own below that), KFILES (the kernel's files) and MAKE
# (make with the common variables). It exits with 0 when all is well and with 4
# when it cannot tell, the last line it prints being the reason; anything else
# is a failure. What it prints is kept in a log and shown if it failed. Programs
# that print KTAP count as many tests as they say, everything else as one.

set -u

cd "$(dirname "$0")/../.." || exit 1

export O=${1:?usage: $0 O [LINUX]}
export KFILES=$O/kernel
export LINUX=${2-}
export LC_ALL=C
check=$O/check
jobs=-j$(nproc)

# The make that called us has its own ideas of O, V and the like.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
export MAKE="make --no-print-directory $jobs KFILES=$KFILES LINUX=$LINUX"

passed=0
failed=0
skipped=0
number=0

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
	sed 's/^/# /' "$1" | tail -n "${2:-40}"
	echo "# (all of it: $1)"
}

# check NAME [ARGUMENT]... - run tools/check/NAME.sh
check()
{
	local name=$1 log=$check/$1.log

	[ $# = 1 ] || log=$check/$1-$2.log
	export W=${log%.log}
	rm -rf "$W"
	mkdir -p "$W"
	timeout -k 10 "${CHECK_TIMEOUT:-600}" "tools/check/$name.sh" "${@:2}" \
		>"$log" 2>&1 </dev/null
	verdict "$*" $? "$log"
}

# programs VARIANT - run all test programs that were built for it
programs()
{
	local dir=$check/$1/selftests name log counts

	for name in $(ls "$dir" | grep '^test_[a-z0-9_]*$'); do
		log=$check/$1/$name.log
		counts=$(tools/check/ktap.sh "$dir/$name" "$log")
		set -- "$1" $counts
		passed=$((passed + $2))
		failed=$((failed + $3))
		skipped=$((skipped + $4))
		number=$((number + 1))
		if [ "$3" = 0 ]; then
			echo "ok $number $1 $name # $2 passed, $4 skipped"
		else
			echo "not ok $number $1 $name # $2 passed, $3 failed"
			show "$log"
		fi
	done
}

# variant NAME NEEDS VARIABLE=VALUE... - build library and tests and run them
variant()
{
	local name=$1 needs=$2 log=$check/$1-build.log status=0

	shift 2
	mkdir -p "$check/$name"
	if ! sh -c "$needs" >"$log" 2>&1; then
		echo "cannot do that here: $needs" >>"$log"
		status=4
	elif ! $MAKE O="$check/$name" "$@" tests >"$log" 2>&1; then
		status=1
	fi
	verdict "$name build" $status "$log"
	[ $status = 0 ] && programs "$name"
}

mkdir -p "$check"
rm -f "$check"/*.log

# Nothing works without the library, so that is said once and not forty times.
$MAKE O="$O" lib >"$check/library.log" 2>&1
status=$?
verdict library $status "$check/library.log"
if [ $status != 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
	exit 1
fi
$MAKE O="$O" >"$check/vmm.log" 2>&1
verdict vmm $? "$check/vmm.log"

m32='printf "#include <stdio.h>\nint main(void) { return 0; }\n" |
	gcc -m32 -x c - -o /dev/null'

variant gcc true CC=gcc
variant sanitizers true CC=gcc \
	EXTRA_CFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=all' \
	EXTRA_LDFLAGS='-fsanitize=address,undefined'
variant m32 "$m32" CC=gcc EXTRA_CFLAGS=-m32
variant clang 'command -v clang' LLVM=1

check sparse
check checkpatch
check kernel-doc
check headers
check rbtree
check archive
check shared
check stack
check firmware
check readme
check module
check bundle
check install
check selftests
check kernel-files
check replay
check kvm

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
