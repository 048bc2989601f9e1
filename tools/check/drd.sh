#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The drain's test under valgrind's DRD, with the library and the test told to it as
# drd.h says:
#
#	drd.sh [PROGRAM]...	names of test programs, test_drain if there is none

set -eu
for tool in valgrind gcc; do
	command -v $tool >/dev/null || { echo "$tool is not installed"; exit 4; }
done
include=/usr/include/valgrind
[ -e $include/drd.h ] || { echo "valgrind's drd.h is not installed"; exit 4; }

told="-include $PWD/tools/check/drd.h -isystem $include"
$VMR_MAKE O="$W" CC=gcc CFLAGS='-O1 -g' EXTRA_CFLAGS="$told" WERROR=0 \
	"$W/libvmalloc.a"
selftests=$KFILES/tools/testing/selftests
[ $# != 0 ] || set -- test_drain
# Spins with all its threads, which valgrind runs one at a time.
endless=readers_that_never_stop_coming_do_not_hold_up_a_drain
for name; do
	# shellcheck disable=SC2086
	gcc -std=gnu11 -O1 -g -w -D_GNU_SOURCE= $told -Iinclude \
		-isystem "$selftests" -isystem "$selftests/kselftest" \
		-o "$W/$name" "tools/testing/selftests/vmalloc/$name.c" \
		"$W/libvmalloc.a" -lpthread
	VMR_ROUNDS=${VMR_ROUNDS-4} valgrind --tool=drd --trace-children=yes --fair-sched=yes -q \
		--log-file="$W/$name.%p" "$W/$name" -T "$endless"
	if grep -h -A 8 'Conflicting' "$W/$name".[0-9]*; then
		echo "$name: a race"
		exit 1
	fi
done
