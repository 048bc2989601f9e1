#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# The test directory dropped into a kernel tree's selftests builds there against
# VMALLOC=<tree> and runs under the kernel's own runner. The tree is a small one,
# of what such a tree would have of the files that are used.

set -eu
tests=$W/tree/tools/testing/selftests/vmalloc

cp -r "$KFILES" "$W/tree"
cp -r tools/testing/selftests/vmalloc "$tests"

# Run make there as a user would. Of our variables only the one that saves time is
# set.
unset O KFILES LINUX
here=$PWD
cd "$tests"
make -j"$(nproc)" VMALLOC="$here" TEST_OPT=-O0
make VMALLOC="$here" run_tests | tee "$W/ktap"
[ "${PIPESTATUS[0]}" = 0 ]

# The runner prints a line for each program and exits with 0 whatever they say.
programs=$(ls test_*.c | wc -l)
[ "$programs" -gt 0 ]
[ "$(grep -c '^ok [0-9]' "$W/ktap")" = "$programs" ]
if grep '^not ok' "$W/ktap"; then
	exit 1
fi

make VMALLOC="$here" clean
