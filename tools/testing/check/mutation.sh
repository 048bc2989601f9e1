#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The selftests see each of a few changes of lib/, always the same ones: the short form
# of `make mutation`. With nearly all tests left out a change survives, and that is a
# failure.

set -eu
command -v clang >/dev/null || { echo 'clang is not installed'; exit 4; }

export SEED=1 CC=gcc
rm -rf "$O/mutation"
N=18 tools/testing/mutation/mutation.py "$O" "$KFILES" || {
	echo
	echo 'A survivor needs a test, or a reason in tools/testing/mutation/explained.'
	exit 1
}

without=$(cd tools/testing/selftests/vmalloc && ls test_*.c)
without=${without//test_user_port.c/}
if N=1 WITHOUT="${without//.c/}" tools/testing/mutation/mutation.py "$O" "$KFILES" \
		>"$W/without"; then
	echo 'nothing survived without the tests:'
	cat "$W/without"
	exit 1
fi
grep -q ' 1 survived$' "$W/without"
