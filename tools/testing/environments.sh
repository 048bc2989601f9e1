#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The long form of what `make check` runs for other environments, all test programs in
# each:
#
#	environments.sh O
#
#	powerpc		big-endian with 32 bits, emulated
#	arm64-64k	pages of 64 KiB, emulated
#	O0-gcc, O0-clang, O3-clang
#			other optimisations of the library
#	O3-lto-gcc, O3-lto-clang
#			across its files, the tests included
#	integer-clang	numbers that wrap, lose bits or change their sign in the library,
#			except for the functions of check/integer.ignore
#
# ENVIRONMENT="powerpc O0-gcc" runs these alone. The last line has the number that failed.

set -u

O=$(realpath -m "${1:?usage: $0 O}")
cd "$(dirname "$0")/../.." || exit 1
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
export KFILES=${KFILES:-$O/kernel}
VMR_MAKE="make --no-print-directory -j$(nproc) KFILES=$KFILES"
export VMR_MAKE
# All programs of an emulated environment take longer than the limit of a check.
export KTAP_TIMEOUT=${KTAP_TIMEOUT:-28800}
failed=0

wanted()
{
	[ -z "${ENVIRONMENT-}" ] || [[ " $ENVIRONMENT " = *" $1 "* ]]
}

# emulated NAME - each test program by qemu-user
emulated()
{
	wanted "$1" || return 0
	count "$1" tools/testing/check/ktap.sh "$O/environments/$1.log" \
		tools/testing/check/qemu-user.sh "$1" "$O/environments/$1"
}

# count NAME COMMAND... - which prints how many passed, failed and were skipped
count()
{
	local p f s begin=$SECONDS

	read -r p f s < <("${@:2}")
	echo "$1: ${p:-0} passed, ${f:-1} failed, ${s:-0} skipped," \
		"$((SECONDS - begin)) s"
	[ "${f:-1}" = 0 ] || failed=$((failed + 1))
}

programs()
{
	tools/testing/quick.sh "$1" >"$1/log" 2>&1
	awk 'END { print $1, $3, $5 }' "$1/log"
}

# native NAME CFLAGS VARIABLE=VALUE... - build so and run each test program. CFLAGS go into
# the environment: on the command line they replace those of the tests.
native()
{
	local dir=$O/environments/$1

	wanted "$1" || return 0
	mkdir -p "$dir"
	if ! CFLAGS=$2 $VMR_MAKE -s O="$dir" TEST_OPT=-O0 "${@:3}" lib tests \
			>"$dir/build.log" 2>&1; then
		echo "$1: cannot be built, see $dir/build.log"
		failed=$((failed + 1))
		return
	fi
	count "$1" programs "$dir/selftests"
}

mkdir -p "$O/environments"
emulated powerpc
emulated arm64-64k
native O0-gcc '-O0 -g' CC=gcc
native O0-clang '-O0 -g' LLVM=1
native O3-lto-gcc '-O3 -g' CC=gcc AR=gcc-ar EXTRA_CFLAGS=-flto EXTRA_LDFLAGS=-flto
native O3-clang '-O3 -g' LLVM=1
native O3-lto-clang '-O3 -g' LLVM=1 AR=llvm-ar EXTRA_CFLAGS=-flto \
	EXTRA_LDFLAGS='-flto -fuse-ld=lld'
native integer-clang '-O1 -g' LLVM=1 EXTRA_LDFLAGS=-fsanitize=builtin \
	LIB_EXTRA_CFLAGS=@tools/testing/check/integer.flags
echo "environments: $failed failed"
[ $failed = 0 ]
