#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Run tests that have threads under clang's ThreadSanitizer. Lookups let other threads
# run in the middle of a walk, so many more changes than usual overlap a lookup. A new
# node at the address of an old one is among them.
#
#	tsan.sh [PROGRAM]...	names of test programs, test_stress if there is none

set -eu
command -v clang || { echo "clang is not installed"; exit 4; }

tsan=-fsanitize=thread
echo 'int main(void) { return 0; }' |
	clang $tsan -x c -o "$W/can" - && "$W/can" || {
	echo "clang's ThreadSanitizer does not work here"
	exit 4
}

$VMR_MAKE O="$W" LLVM=1 EXTRA_CFLAGS="$tsan -DVMR_TEST_YIELD_IN_LOOKUP=61" \
	EXTRA_LDFLAGS=$tsan "$W/libvmalloc.a"
selftests=$KFILES/tools/testing/selftests
[ $# != 0 ] || set -- test_stress
for name; do
	clang -std=gnu11 -O2 -g -Wall -D_GNU_SOURCE= $tsan -Iinclude \
		-isystem "$selftests" -isystem "$selftests/kselftest" \
		-o "$W/$name" "tools/testing/selftests/vmalloc/$name.c" \
		"$W/libvmalloc.a" -lpthread

	TSAN_OPTIONS=halt_on_error=1 "$W/$name"
	echo "# 0 races in $name"
done
