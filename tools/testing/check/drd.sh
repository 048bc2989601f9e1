#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Run tests that have threads under valgrind's DRD. The library and the tests are
# annotated by drd.h, and lookups let other threads run in the middle of a walk:
#
#	drd.sh [PROGRAM]...	names of test programs, else test_drain test_stress
#
# VMR_TEST_ROUNDS and VMR_TEST_STRESS_CYCLES, _MOVES and _MET make the form longer.

set -eu
for tool in valgrind gcc; do
	command -v $tool >/dev/null || { echo "$tool is not installed"; exit 4; }
done
include=/usr/include/valgrind
[ -e $include/drd.h ] || { echo "valgrind's drd.h is not installed"; exit 4; }

export VMR_TEST_ROUNDS=${VMR_TEST_ROUNDS-4}
export VMR_TEST_STRESS_CYCLES=${VMR_TEST_STRESS_CYCLES-20}
export VMR_TEST_STRESS_MOVES=${VMR_TEST_STRESS_MOVES-200}
export VMR_TEST_STRESS_MET=${VMR_TEST_STRESS_MET-40}

told="-include $PWD/tools/testing/check/drd.h -isystem $include"
$VMR_MAKE O="$W" CC=gcc CFLAGS='-O1 -g' WERROR=0 \
	EXTRA_CFLAGS="$told -DVMR_TEST_YIELD_IN_LOOKUP=61" "$W/libvmalloc.a"
selftests=$KFILES/tools/testing/selftests
[ $# != 0 ] || set -- test_drain test_stress
for name; do
	# shellcheck disable=SC2086
	gcc -std=gnu11 -O1 -g -w -D_GNU_SOURCE= $told -Iinclude \
		-isystem "$selftests" -isystem "$selftests/kselftest" \
		-o "$W/$name" "tools/testing/selftests/vmalloc/$name.c" \
		"$W/libvmalloc.a" -lpthread
	rm -f "$W/$name".[0-9]*
	valgrind --tool=drd --trace-children=yes --fair-sched=yes -q \
		--log-file="$W/$name.%p" "$W/$name"
	if grep -h -A 8 'Conflicting' "$W/$name".[0-9]*; then
		echo "$name: a race"
		exit 1
	fi
	processes=("$W/$name".[0-9]*)
	echo "# 0 races in ${#processes[@]} processes of $name"
done
