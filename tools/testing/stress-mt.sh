#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The long forms of what has threads, one after the other, and in the end a line of
# figures for each:
#
#	stress-mt.sh O [LINUX]
#
# stress	test_stress as it is, with as many readers as there are CPUs
# crowd		the same with 16 readers
# drain		test_drain as it is
# tsan		both under clang's ThreadSanitizer, lookups interrupted
# drd		both under valgrind's DRD
# sched-worst-case
#		both on one CPU, and a real-time reader above a normal writer there
#
# CHECK="tsan drd" runs these alone, VMR_TEST_DIVISOR=60 all with a sixtieth of the
# numbers.
# A part that cannot be done here is skipped by name; with CI=true that is a failure.

set -u

cd "$(dirname "$0")/../.." || exit 1

export O=${1:?usage: $0 O [LINUX]}
export KFILES=${KFILES:-$O/kernel}
export LINUX=${2-}
export LC_ALL=C
dir=$O/stress-mt
export SELFTESTS=$O/selftests
results=()
failures=0

# The make that called us has its own ideas of O, V and the like.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
VMR_MAKE="make --no-print-directory -s KFILES=$KFILES LINUX=$LINUX"
export VMR_MAKE

# figures LOG - what the tests and the checks say of themselves, in one line. A
# program says it as "# FILE:LINE:TEST:figures", a check as "# figures".
figures()
{
	sed -nE 's/^(# )+[^ ]*\.c:[0-9]+:[a-z_0-9]+://p; s/^# ([0-9]+ )/\1/p' "$1" |
		awk '{ printf "%s%s", sep, $0; sep = "; " } END { print "" }'
}

# part NAME VARIABLE=NUMBER... COMMAND [ARGUMENT]... - numbers for two CPUs
part()
{
	local name=$1 log=$dir/$1.log begin=$SECONDS numbers=() status=0 said n

	[ -z "${CHECK-}" ] || [[ " $CHECK " = *" $name "* ]] || return 0
	shift
	while [[ $1 = *=* ]]; do
		n=$((${1#*=} / ${VMR_TEST_DIVISOR:-1}))
		numbers+=("${1%%=*}=$((n ? n : 1))")
		shift
	done
	export W=$dir/$name
	rm -rf "$W"
	mkdir -p "$W"
	echo "  LONG    $name: ${numbers[*]} $*"
	env "${numbers[@]}" "$@" >"$log" 2>&1 </dev/null &
	wait $! || status=$?
	case $status in
	0)
		said="0 races, leaks and wrong answers: $(figures "$log")"
		;;
	4)
		said="SKIP $(tail -n 1 "$log")"
		[ "${CI-}" != true ] || failures=$((failures + 1))
		;;
	*)
		failures=$((failures + 1))
		tail -n 60 "$log" | sed 's/^/# /'
		said="FAILED, see $log"
		;;
	esac
	results+=("$name: $((SECONDS - begin)) s, $said")
}

# A test is in a process group of its own, and does not hear of a ^C.
. tools/testing/check/kill-jobs.sh
trap 'end_jobs; exit 1' INT TERM

# shellcheck disable=SC2086
tools/build/kernel-files.sh "$KFILES" $LINUX || exit
$VMR_MAKE O="$O" tests TESTS='test_drain test_stress' || exit

part stress VMR_TEST_STRESS_CYCLES=8000000 VMR_TEST_STRESS_MOVES=80000000 \
	"$SELFTESTS/test_stress"
part crowd VMR_TEST_STRESS_CYCLES=3000000 VMR_TEST_STRESS_MOVES=30000000 \
	env VMR_TEST_STRESS_READERS=16 "$SELFTESTS/test_stress"
part drain VMR_TEST_ROUNDS=50000 "$SELFTESTS/test_drain"
part tsan VMR_TEST_STRESS_CYCLES=1000000 VMR_TEST_STRESS_MOVES=10000000 \
	VMR_TEST_ROUNDS=5000 tools/testing/check/tsan.sh test_stress test_drain
part drd VMR_TEST_STRESS_CYCLES=600 VMR_TEST_STRESS_MOVES=6000 \
	VMR_TEST_STRESS_MET=600 VMR_TEST_ROUNDS=200 tools/testing/check/drd.sh
part sched-worst-case VMR_TEST_STRESS_CYCLES=4000000 \
	VMR_TEST_STRESS_MOVES=40000000 VMR_TEST_ROUNDS=5000 VMR_TEST_WAKEUPS=500000 \
	tools/testing/check/sched-worst-case.sh

printf '\n'
printf '%s\n' "${results[@]-}"
[ $failures = 0 ]
